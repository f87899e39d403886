//! Filling the demo through the product's own rules, in one transaction: all of it, or nothing.

use std::time::Duration;

use serde_json::json;
use server::access::{Member, MemberOrBot};
use server::account::{self, NewAccount};
use server::contact::{self, Contact, service::NewContact};
use server::conversation::{self, Conversation, service::Opening};
use server::events::Actor;
use server::inbox::{self, Inbox, channel::Channel, draft::Draft as InboxDraft};
use server::message::draft::{Author, Draft};
use server::message::store::NewMessage;
use server::user::{self, NewUser};
use server::{Error, Result, agent, message, platform};
use store::Tx;
use types::{AccountId, Json, MessageType, Role, Status, UserId};

use super::MARK;
use super::content::{
    ACCOUNT, ADMINISTRATOR, AGENTS, APP_INBOX, Line, MAIL_ADDRESS, MAIL_INBOX, PLATFORM_APP, Person, Place, THREADS,
    Thread, WEBSITE, WEBSITE_INBOX, WRITERS, Writer,
};

/// How long the snoozed conversation of the demo sleeps.
const SNOOZE: Duration = Duration::from_hours(24);

/// Makes the administrator, who belongs to no account yet; gives the one who is there already.
pub fn create_administrator(tx: &mut Tx<'_>, password_hash: &str) -> Result<UserId> {
    create_user(tx, &ADMINISTRATOR, password_hash)
}

/// Fills an account for `administrator`.
pub fn fill(tx: &mut Tx<'_>, administrator: UserId, password_hash: &str, mail_domain: &str) -> Result<()> {
    let marked = Json::of(&json!({ MARK: true }));
    let new = NewAccount { name: ACCOUNT.into(), custom_attributes: marked, ..NewAccount::default() };
    let account = account::service::create(tx, &new, &Actor::Operator)?.id;
    let administrator = join(tx, account, administrator, ADMINISTRATOR.name, Role::Administrator)?;
    let mut agents = Vec::with_capacity(AGENTS.len());
    for person in &AGENTS {
        let id = create_user(tx, person, password_hash)?;
        agents.push(join(tx, account, id, person.name, Role::Agent)?);
    }
    let desk = Desk { account, inboxes: create_inboxes(tx, account, mail_domain, &agents)?, administrator, agents };
    let mut contacts = Vec::with_capacity(WRITERS.len());
    for writer in &WRITERS {
        contacts.push(create_contact(tx, account, writer)?);
    }
    for thread in THREADS {
        desk.hold(tx, thread, &contacts[thread.writer])?;
    }
    platform::service::create_app(tx, PLATFORM_APP)?;
    Ok(())
}

fn create_user(tx: &mut Tx<'_>, person: &Person, password_hash: &str) -> Result<UserId> {
    let new = NewUser {
        name: person.name.into(),
        email: person.email.into(),
        display_name: None,
        password_hash: password_hash.into(),
        custom_attributes: Json::object(),
        confirmed: true,
    };
    Ok(user::service::create(tx, &new)?.0)
}

fn join(tx: &mut Tx<'_>, account: AccountId, id: UserId, name: &str, role: Role) -> Result<Member> {
    agent::service::add_member(tx, account, id, role, &Actor::Operator)?;
    Ok(Member { account_id: account, user_id: id, name: name.into(), role })
}

fn create_inboxes(tx: &mut Tx<'_>, account: AccountId, mail_domain: &str, agents: &[Member]) -> Result<Vec<Inbox>> {
    let drafts = [
        InboxDraft::new(WEBSITE_INBOX, Channel::website(WEBSITE)),
        // Whoever tries the demo assigns conversations by hand.
        InboxDraft { enable_auto_assignment: false, ..InboxDraft::new(APP_INBOX, Channel::api()) },
        InboxDraft::new(MAIL_INBOX, Channel::email(MAIL_ADDRESS, mail_domain)),
    ];
    let members: Vec<UserId> = agents.iter().map(|agent| agent.user_id).collect();
    let mut inboxes = Vec::with_capacity(drafts.len());
    for draft in &drafts {
        let inbox = inbox::service::create(tx, account, draft, &Actor::Operator)?;
        inbox::service::add_members(tx, account, inbox.id, &members, &Actor::Operator)?;
        inboxes.push(inbox);
    }
    Ok(inboxes)
}

fn create_contact(tx: &mut Tx<'_>, account: AccountId, writer: &Writer) -> Result<Contact> {
    let new = NewContact {
        name: Some(writer.name.into()),
        email: Some(writer.email.into()),
        phone_number: writer.phone_number.map(Into::into),
        ..NewContact::default()
    };
    contact::service::create(tx, account, &new.check()?, &Actor::Operator)
}

/// The team and its inboxes.
struct Desk {
    account: AccountId,
    /// In the order of [`Place`].
    inboxes: Vec<Inbox>,
    administrator: Member,
    agents: Vec<Member>,
}

impl Desk {
    /// Holds a conversation: it is opened, talked, labelled, and brought to its status.
    fn hold(&self, tx: &mut Tx<'_>, thread: &Thread, contact: &Contact) -> Result<()> {
        let session = contact::session::find_or_create(tx, self.inbox(thread.place), contact, None)?;
        let opened =
            conversation::service::open(tx, self.account, &Opening::of(session), &Actor::Contact { id: contact.id })?;
        let member = thread.assignee.map_or(&self.administrator, |position| &self.agents[position]);
        for (position, line) in thread.lines.iter().enumerate() {
            let mut conversation = lock(tx, &opened)?;
            say(tx, &mut conversation, line, member)?;
            if position == 0 && thread.assignee.is_some() {
                conversation::service::assign(tx, &conversation, Some(member.user_id), &Actor::from(member))?;
            }
        }
        let labels: Vec<String> = thread.labels.iter().map(|&label| label.to_owned()).collect();
        let mut conversation = lock(tx, &opened)?;
        conversation::service::set_labels(tx, &mut conversation, &labels, &Actor::from(member))?;
        if thread.status != Status::Open {
            let until = (thread.status == Status::Snoozed).then(|| tx.now().plus(SNOOZE));
            let caller = MemberOrBot::Member(member.clone());
            conversation::service::set_status(tx, &conversation, &caller, Some(thread.status), until)?;
        }
        Ok(())
    }

    fn inbox(&self, place: Place) -> &Inbox {
        &self.inboxes[place as usize]
    }
}

/// The conversation as it is now.
fn lock(tx: &mut Tx<'_>, opened: &Conversation) -> Result<Conversation> {
    conversation::store::lock(tx, opened.account_id, opened.id)?.ok_or(Error::NotFound("conversation"))
}

fn say(tx: &mut Tx<'_>, conversation: &mut Conversation, line: &Line, member: &Member) -> Result<()> {
    let (new, actor) = match line {
        Line::Asks(text) => {
            let id = conversation.contact_id;
            (draft(MessageType::Incoming, text)?.from_contact(id), Actor::Contact { id })
        }
        Line::Answers(text) => (outgoing(tx, conversation, text, member)?, Actor::from(member)),
        Line::Notes(text) => {
            let note = outgoing(tx, conversation, text, member)?;
            (NewMessage { private: true, ..note }, Actor::from(member))
        }
    };
    message::service::create(tx, conversation, &new, &actor, None)?;
    Ok(())
}

fn outgoing(tx: &mut Tx<'_>, conversation: &Conversation, text: &str, member: &Member) -> Result<NewMessage> {
    // The server's own address only stands in surveys, which the demo does not send.
    draft(MessageType::Outgoing, text)?.to_new(tx, conversation, Author::User(member.user_id))
}

fn draft(message_type: MessageType, text: &str) -> Result<Draft> {
    Draft::text(message_type, Some(text.to_owned()), None)
}
