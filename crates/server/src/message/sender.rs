//! Who sent a message, as answers show it (rest.md §4.6).

use std::collections::HashMap;

use edge::Result;
use serde::Serialize;
use store::{Conn, sql};
use types::{AccountId, AgentBotId, Availability, ContactId, Json, UserId};
use utoipa::ToSchema;

use super::{Message, Sender};
use crate::BaseUrl;
use crate::agent;
use crate::file::{Picture, avatar};
use crate::presence::{is_user_present, users_since};

/// A sender: its keys follow its `type`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
pub enum SenderJson {
    /// A user.
    User(UserSender),
    /// A contact.
    Contact(ContactSender),
    /// A bot.
    Bot(BotSender),
}

/// A user as sender.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UserSender {
    /// User id.
    pub id: UserId,
    /// Full name.
    pub name: String,
    /// Name shown to others.
    pub available_name: String,
    /// Picture, or empty.
    pub avatar_url: String,
    /// `user`.
    #[schema(pattern = "^user$")]
    pub r#type: &'static str,
    /// Null where there is no account of a caller: in the public API.
    pub availability_status: Option<Availability>,
    /// Picture, or empty.
    pub thumbnail: String,
}

/// A contact as sender.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ContactSender {
    /// Free attributes set by channels.
    pub additional_attributes: Json,
    /// Free attributes set by the team.
    pub custom_attributes: Json,
    /// E-mail address, lower case.
    pub email: Option<String>,
    /// Contact id.
    pub id: ContactId,
    /// The customer's own id.
    pub identifier: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// E.164 with `+`.
    pub phone_number: Option<String>,
    /// Picture, or empty.
    pub thumbnail: String,
    /// `contact`.
    #[schema(pattern = "^contact$")]
    pub r#type: &'static str,
    /// Its messages reach nobody.
    pub blocked: bool,
}

/// A bot as sender.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BotSender {
    /// Bot id.
    pub id: AgentBotId,
    /// Name.
    pub name: Option<String>,
    /// Picture, or empty.
    pub avatar_url: String,
    /// `agent_bot`.
    #[schema(pattern = "^agent_bot$")]
    pub r#type: &'static str,
}

/// Whether answers tell the presence of users: not in the public API, which has no account of a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Shown.
    Shown,
    /// Null.
    Hidden,
}

/// The senders of some messages.
#[derive(Debug, Default)]
pub struct Senders {
    users: HashMap<UserId, UserSender>,
    contacts: HashMap<ContactId, ContactSender>,
    bots: HashMap<AgentBotId, BotSender>,
}

store::row! {
    struct UserRow {
        id: UserId,
        name: String,
        available_name: String,
        availability: Option<Availability>,
        auto_offline: Option<bool>,
        is_present: bool,
        avatar: Option<Picture>,
    }
}

store::row! {
    /// A contact, or the one that it was merged into.
    struct ContactRow {
        sent_by: ContactId,
        id: ContactId,
        name: Option<String>,
        email: Option<String>,
        phone_number: Option<String>,
        identifier: Option<String>,
        additional_attributes: Json,
        custom_attributes: Json,
        blocked: bool,
        avatar: Option<Picture>,
    }
}

impl Senders {
    /// Looks up the senders of `messages`: at most one statement for each kind of sender.
    pub fn load(
        conn: &mut Conn<'_>,
        account: AccountId,
        messages: &[Message],
        presence: Presence,
        base_url: &BaseUrl,
    ) -> Result<Self> {
        let (mut users, mut contacts, mut bots) = (Vec::new(), Vec::new(), Vec::new());
        for message in messages {
            match message.sender() {
                Sender::None => {}
                Sender::User(id) => users.push(id),
                Sender::Contact(id) => contacts.push(id),
                Sender::Bot(id) => bots.push(id),
            }
        }
        let mut senders = Self::default();
        senders.load_users(conn, account, &unique(users), presence, base_url)?;
        senders.load_contacts(conn, account, &unique(contacts), base_url)?;
        senders.load_bots(conn, &unique(bots), base_url)?;
        Ok(senders)
    }

    /// The sender of `message`, if it has one that still exists.
    pub fn of(&self, message: &Message) -> Option<SenderJson> {
        match message.sender() {
            Sender::None => None,
            Sender::User(id) => self.users.get(&id).cloned().map(SenderJson::User),
            Sender::Contact(id) => self.contacts.get(&id).cloned().map(SenderJson::Contact),
            Sender::Bot(id) => self.bots.get(&id).cloned().map(SenderJson::Bot),
        }
    }

    fn load_users(
        &mut self,
        conn: &mut Conn<'_>,
        account: AccountId,
        ids: &[UserId],
        presence: Presence,
        base_url: &BaseUrl,
    ) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let since = users_since(conn.now());
        let rows: Vec<UserRow> = conn.query(
            sql!(
                "SELECT u.id, u.name, COALESCE(NULLIF(u.display_name, ''), u.name) AS available_name,
                        au.availability, au.auto_offline, ",
                is_user_present!("$1", "u.id", "$3"),
                " AS is_present, ",
                avatar!("u"),
                " FROM users u LEFT JOIN account_users au ON au.account_id = $1 AND au.user_id = u.id
                 WHERE u.id = ANY($2) AND u.deleting_at IS NULL"
            ),
            (account, ids, since),
        )?;
        self.users.extend(rows.into_iter().map(|row| {
            let picture = base_url.of_picture(row.avatar.as_ref());
            let shown = agent::shown_availability(row.availability, row.auto_offline, row.is_present);
            let sender = UserSender {
                id: row.id,
                name: row.name,
                available_name: row.available_name,
                avatar_url: picture.clone(),
                r#type: "user",
                availability_status: shown.filter(|_| presence == Presence::Shown),
                thumbnail: picture,
            };
            (row.id, sender)
        }));
        Ok(())
    }

    fn load_contacts(
        &mut self,
        conn: &mut Conn<'_>,
        account: AccountId,
        ids: &[ContactId],
        base_url: &BaseUrl,
    ) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let rows: Vec<ContactRow> = conn.query(
            sql!(
                "SELECT g.id AS sent_by, k.id, k.name, k.email, k.phone_number, k.identifier, k.additional_attributes,
                        k.custom_attributes, k.blocked, ",
                avatar!("k"),
                " FROM contacts g JOIN contacts k ON k.account_id = $1 AND k.id = COALESCE(g.merged_into_id, g.id)
                  WHERE g.account_id = $1 AND g.id = ANY($2) AND k.deleting_at IS NULL"
            ),
            (account, ids),
        )?;
        self.contacts.extend(rows.into_iter().map(|row| (row.sent_by, row.into_sender(base_url))));
        Ok(())
    }

    fn load_bots(&mut self, conn: &mut Conn<'_>, ids: &[AgentBotId], base_url: &BaseUrl) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let rows: Vec<(AgentBotId, Option<String>, Option<Picture>)> = conn.query(
            sql!(
                "SELECT b.id, b.name, ",
                avatar!("b"),
                " FROM agent_bots b WHERE b.id = ANY($1) AND b.deleting_at IS NULL"
            ),
            (ids,),
        )?;
        self.bots.extend(rows.into_iter().map(|(id, name, avatar)| {
            let avatar_url = base_url.of_picture(avatar.as_ref());
            (id, BotSender { id, name, avatar_url, r#type: "agent_bot" })
        }));
        Ok(())
    }
}

impl ContactRow {
    fn into_sender(self, base_url: &BaseUrl) -> ContactSender {
        let row = self;
        ContactSender {
            additional_attributes: row.additional_attributes,
            custom_attributes: row.custom_attributes,
            email: row.email,
            id: row.id,
            identifier: row.identifier,
            name: row.name,
            phone_number: row.phone_number,
            thumbnail: base_url.of_picture(row.avatar.as_ref()),
            r#type: "contact",
            blocked: row.blocked,
        }
    }
}

fn unique<T: Ord>(mut ids: Vec<T>) -> Vec<T> {
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// The contact in the form of a sender, for the head of the message list.
pub fn find_contact(
    conn: &mut Conn<'_>,
    account: AccountId,
    id: ContactId,
    base_url: &BaseUrl,
) -> Result<Option<ContactSender>> {
    let mut senders = Senders::default();
    senders.load_contacts(conn, account, &[id], base_url)?;
    Ok(senders.contacts.remove(&id))
}

/// The bot in the form of a sender.
pub fn find_bot(conn: &mut Conn<'_>, id: AgentBotId, base_url: &BaseUrl) -> Result<Option<BotSender>> {
    let mut senders = Senders::default();
    senders.load_bots(conn, &[id], base_url)?;
    Ok(senders.bots.remove(&id))
}

/// The user in the form of a sender, for the head of the message list.
pub fn find_user(
    conn: &mut Conn<'_>,
    account: AccountId,
    id: UserId,
    base_url: &BaseUrl,
) -> Result<Option<UserSender>> {
    let mut senders = Senders::default();
    senders.load_users(conn, account, &[id], Presence::Shown, base_url)?;
    Ok(senders.users.remove(&id))
}
