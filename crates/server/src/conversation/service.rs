//! The rules of conversations.

use ::store::{Conn, Tx};
use edge::{Error, Result};
use serde_json::{Map, Value};
use types::{AccountId, Json, Status, TeamId, Timestamp, UserId};

use super::change::{self, Change};
use super::jobs::WakeConversation;
use super::store::{self, NewConversation};
use super::{Conversation, activity};
use crate::access::{Member, MemberOrBot};
use crate::events::{Actor, Changes, Event, record};
use crate::filter::values;
use crate::{agent, contact, inbox, label, message, team};

/// Longest text in a conversation's attributes, in characters (rest.md §5.10).
const MAX_ATTRIBUTE_TEXT: usize = 1_500;
/// Largest number in a conversation's attributes.
const MAX_ATTRIBUTE_NUMBER: i64 = 9_999_999_999;

/// The conversation with this number, if the member sees its inbox: 404 before 403.
pub fn find_visible(conn: &mut Conn<'_>, member: &Member, display_id: i64) -> Result<Conversation> {
    let found = store::find(conn, member.account_id, display_id)?.ok_or(Error::NotFound("conversation"))?;
    member.must_see_inbox(conn, found.inbox_id)?;
    Ok(found)
}

/// The same for members and bots.
pub fn find_visible_to(conn: &mut Conn<'_>, caller: &MemberOrBot, display_id: i64) -> Result<Conversation> {
    let found = store::find(conn, caller.account_id(), display_id)?.ok_or(Error::NotFound("conversation"))?;
    caller.must_see_inbox(conn, found.inbox_id)?;
    Ok(found)
}

/// The same, locked until the end of the transaction.
pub fn lock_visible(tx: &mut Tx<'_>, caller: &MemberOrBot, display_id: i64) -> Result<Conversation> {
    let found = find_visible_to(tx, caller, display_id)?;
    store::lock(tx, found.account_id, found.id)?.ok_or(Error::NotFound("conversation"))
}

/// What is known of a conversation before it is made.
#[derive(Debug, Clone)]
pub struct Opening {
    /// The contact's session.
    pub session: contact::ContactInbox,
    /// The status asked for.
    pub status: Status,
    /// Until when it is snoozed.
    pub snoozed_until: Option<Timestamp>,
    /// Who answers.
    pub assignee_id: Option<UserId>,
    /// The team that answers.
    pub team_id: Option<TeamId>,
    /// Free attributes set by channels.
    pub additional_attributes: Json,
    /// Free attributes set by the team.
    pub custom_attributes: Json,
}

impl Opening {
    /// An open conversation without anything else.
    pub fn of(session: contact::ContactInbox) -> Self {
        Self {
            session,
            status: Status::Open,
            snoozed_until: None,
            assignee_id: None,
            team_id: None,
            additional_attributes: Json::object(),
            custom_attributes: Json::object(),
        }
    }
}

/// Makes a conversation, or gives the session's last one when the inbox keeps to a single one.
///
/// Whatever it comes with causes nothing but "conversation created" (recorded).
pub fn open(tx: &mut Tx<'_>, account: AccountId, opening: &Opening, actor: &Actor) -> Result<Conversation> {
    let session = &opening.session;
    if !contact::store::hold(tx, account, session.contact_id, session.inbox_id)? {
        return Err(Error::NotFound("contact"));
    }
    if inbox::store::keeps_single_conversation(tx, account, session.inbox_id)? {
        // Of two that open at once, the second one finds what the first one made.
        contact::store::lock_session(tx, account, session.id)?;
        if let Some(latest) = store::find_latest_of_session(tx, account, session.id)?
            && let Some(latest) = store::lock(tx, account, latest.id)?
        {
            return Ok(latest);
        }
    }
    let status = first_status(tx, account, opening)?;
    let assignee_id = known_member(tx, account, opening.assignee_id)?;
    let team_id = known_team(tx, account, opening.team_id)?;
    let mut draft = store::insert(
        tx,
        account,
        &NewConversation {
            inbox_id: session.inbox_id,
            contact_id: session.contact_id,
            contact_inbox_id: session.id,
            status,
            assignee_id,
            team_id,
            additional_attributes: opening.additional_attributes.clone(),
            custom_attributes: opening.custom_attributes.clone(),
            snoozed_until: opening.snoozed_until.filter(|_| status == Status::Snoozed),
        },
    )?;
    values::insert_conversation(tx, account, draft.id, &draft.custom_attributes, &draft.additional_attributes)?;
    let asked = (draft.assignee_id, draft.waiting_since);
    if draft.team_id.is_some() {
        change::follow_team(tx, &mut draft)?;
    }
    if draft.status == Status::Open {
        change::assign_automatically(tx, &mut draft)?;
    }
    draft.assignee_id = change::hold_member(tx, account, draft.assignee_id)?;
    if draft.status == Status::Resolved {
        draft.waiting_since = None;
    }
    if (draft.assignee_id, draft.waiting_since) != asked {
        store::update(tx, &draft)?;
    }
    change::count_new(tx, &draft)?;
    if let Some(until) = draft.snoozed_until {
        ::jobs::push_at(tx, &WakeConversation { account_id: account, id: draft.id }, until)?;
    }
    record(tx, account, actor, &Event::ConversationCreated(draft.id));
    Ok(draft)
}

/// Whoever is no member of the account counts as nobody.
fn known_member(tx: &mut Tx<'_>, account: AccountId, user: Option<UserId>) -> Result<Option<UserId>> {
    let Some(user) = user else { return Ok(None) };
    Ok(agent::store::hold(tx, account, user)?.map(|agent| agent.id))
}

/// A team that the account does not have counts as none.
fn known_team(tx: &mut Tx<'_>, account: AccountId, team: Option<TeamId>) -> Result<Option<TeamId>> {
    let Some(team) = team else { return Ok(None) };
    Ok(team::store::hold(tx, account, team)?.map(|team| team.id))
}

/// The first rule that applies (semantics §2.1): blocked contact, active bot, what was asked for.
fn first_status(tx: &mut Tx<'_>, account: AccountId, opening: &Opening) -> Result<Status> {
    if contact::store::is_blocked(tx, account, opening.session.contact_id)? {
        return Ok(Status::Resolved);
    }
    if inbox::store::has_active_bot(tx, account, opening.session.inbox_id)? {
        return Ok(Status::Pending);
    }
    Ok(opening.status)
}

/// Sets the status, or without one swaps open and resolved. An agent who opens a conversation takes it over.
pub fn set_status(
    tx: &mut Tx<'_>,
    conversation: &Conversation,
    caller: &MemberOrBot,
    status: Option<Status>,
    snoozed_until: Option<Timestamp>,
) -> Result<Conversation> {
    let status = status.unwrap_or(match conversation.status {
        Status::Open => Status::Resolved,
        Status::Resolved | Status::Pending | Status::Snoozed => Status::Open,
    });
    let taken_over = caller.member().filter(|member| status == Status::Open && !member.is_administrator());
    if let Some(member) = taken_over {
        // Who was removed since the request came in takes nothing over.
        agent::store::hold(tx, member.account_id, member.user_id)?.ok_or(Error::Forbidden)?;
    }
    let change = Change {
        status: Some((status, snoozed_until)),
        assignee_id: taken_over.map(|member| Some(member.user_id)),
        team_id: None,
    };
    change::apply(tx, conversation, change, &Actor::from(caller))
}

/// Assigns a member; whoever is no member of the account counts as nobody.
pub fn assign(
    tx: &mut Tx<'_>,
    conversation: &Conversation,
    assignee: Option<UserId>,
    actor: &Actor,
) -> Result<Option<agent::Agent>> {
    let account = conversation.account_id;
    let agent = match assignee {
        Some(user) => agent::store::hold(tx, account, user)?,
        None => None,
    };
    let change = Change { assignee_id: Some(agent.as_ref().map(|agent| agent.id)), ..Change::default() };
    change::apply(tx, conversation, change, actor)?;
    Ok(agent)
}

/// Sets the team; an unknown one counts as none.
pub fn assign_team(
    tx: &mut Tx<'_>,
    conversation: &Conversation,
    team: Option<TeamId>,
    actor: &Actor,
) -> Result<Option<team::Team>> {
    let team = match team {
        Some(team) => team::store::hold(tx, conversation.account_id, team)?,
        None => None,
    };
    let change = Change { team_id: Some(team.as_ref().map(|team| team.id)), ..Change::default() };
    change::apply(tx, conversation, change, actor)?;
    Ok(team)
}

/// Replaces the labels; gives the new ones. One activity message for each direction.
pub fn set_labels(
    tx: &mut Tx<'_>,
    conversation: &mut Conversation,
    names: &[String],
    actor: &Actor,
) -> Result<Vec<String>> {
    let account = conversation.account_id;
    let before = label::store::list_of_conversation(tx, account, conversation.id)?;
    let after = label::service::replace_of_conversation(tx, account, conversation.id, names)?;
    let missing_in = |those: &[String], these: &[String]| -> Vec<String> {
        these.iter().filter(|name| !those.contains(name)).cloned().collect()
    };
    let (added, removed) = (missing_in(&before, &after), missing_in(&after, &before));
    if added.is_empty() && removed.is_empty() {
        return Ok(after);
    }
    if let Some(user) = actor.user_name() {
        if !added.is_empty() {
            message::service::add_activity(tx, conversation, actor, &activity::labels_added(user, &added))?;
        }
        if !removed.is_empty() {
            message::service::add_activity(tx, conversation, actor, &activity::labels_removed(user, &removed))?;
        }
    }
    let changes = Changes::default().with("label_list", &before, &after);
    record(tx, account, actor, &Event::ConversationUpdated(conversation.id, changes));
    Ok(after)
}

/// A status as requests name it: a word, its position, or `bot` for pending (decisions §2).
pub fn read_status(word: &str) -> Result<Status> {
    match word {
        "0" => Ok(Status::Open),
        "1" => Ok(Status::Resolved),
        "2" | "bot" => Ok(Status::Pending),
        "3" => Ok(Status::Snoozed),
        word => word.parse().map_err(|_| Error::invalid("status", "is not included in the list")),
    }
}

/// Free attributes of a conversation, within their limits; a referer that is no web address becomes null.
pub fn check_attributes(field: &str, mut attributes: Map<String, Value>) -> Result<Json> {
    for value in attributes.values() {
        let too_long = value.as_str().is_some_and(|text| text.chars().count() > MAX_ATTRIBUTE_TEXT);
        let too_large = value.is_number() && value.as_i64().is_none_or(|number| number > MAX_ATTRIBUTE_NUMBER);
        if too_long || (too_large && !value.is_f64()) {
            return Err(Error::invalid(field, "has a value that is too long or too large"));
        }
    }
    if field == "additional_attributes"
        && let Some(referer) = attributes.get_mut("referer")
        && !referer.as_str().is_some_and(crate::text::is_web_address)
    {
        *referer = Value::Null;
    }
    Ok(Json::of(&attributes))
}
