//! Who sent a message, as answers show it (rest.md §4.6).

use std::collections::HashMap;

use edge::Result;
use serde::Serialize;
use store::{Conn, sql};
use types::{AccountId, AgentBotId, Availability, ContactId, Json, UserId};
use utoipa::ToSchema;

use super::{Message, Sender};
use crate::agent;

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
    }
}

store::row! {
    struct ContactRow {
        id: ContactId,
        name: Option<String>,
        email: Option<String>,
        phone_number: Option<String>,
        identifier: Option<String>,
        additional_attributes: Json,
        custom_attributes: Json,
        blocked: bool,
    }
}

impl Senders {
    /// Looks up the senders of `messages`: at most one statement for each kind of sender.
    pub fn load(conn: &mut Conn<'_>, account: AccountId, messages: &[Message], presence: Presence) -> Result<Self> {
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
        senders.load_users(conn, account, &unique(users), presence)?;
        senders.load_contacts(conn, account, &unique(contacts))?;
        senders.load_bots(conn, &unique(bots))?;
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
    ) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let rows: Vec<UserRow> = conn.query(
            sql!(
                "SELECT u.id, u.name, COALESCE(NULLIF(u.display_name, ''), u.name) AS available_name,
                        au.availability, au.auto_offline
                 FROM users u LEFT JOIN account_users au ON au.account_id = $1 AND au.user_id = u.id
                 WHERE u.id = ANY($2) AND u.deleting_at IS NULL"
            ),
            (account, ids),
        )?;
        self.users.extend(rows.into_iter().map(|row| {
            let shown = agent::shown_availability(row.availability, row.auto_offline);
            let sender = UserSender {
                id: row.id,
                name: row.name,
                available_name: row.available_name,
                avatar_url: String::new(),
                r#type: "user",
                availability_status: shown.filter(|_| presence == Presence::Shown),
                thumbnail: String::new(),
            };
            (row.id, sender)
        }));
        Ok(())
    }

    fn load_contacts(&mut self, conn: &mut Conn<'_>, account: AccountId, ids: &[ContactId]) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let rows: Vec<ContactRow> = conn.query(
            sql!(
                "SELECT id, name, email, phone_number, identifier, additional_attributes, custom_attributes, blocked
                 FROM contacts WHERE account_id = $1 AND id = ANY($2) AND deleting_at IS NULL"
            ),
            (account, ids),
        )?;
        self.contacts.extend(rows.into_iter().map(|row| (row.id, row.into())));
        Ok(())
    }

    fn load_bots(&mut self, conn: &mut Conn<'_>, ids: &[AgentBotId]) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let rows: Vec<(AgentBotId, Option<String>)> =
            conn.query(sql!("SELECT id, name FROM agent_bots WHERE id = ANY($1)"), (ids,))?;
        self.bots.extend(
            rows.into_iter()
                .map(|(id, name)| (id, BotSender { id, name, avatar_url: String::new(), r#type: "agent_bot" })),
        );
        Ok(())
    }
}

impl From<ContactRow> for ContactSender {
    fn from(row: ContactRow) -> Self {
        Self {
            additional_attributes: row.additional_attributes,
            custom_attributes: row.custom_attributes,
            email: row.email,
            id: row.id,
            identifier: row.identifier,
            name: row.name,
            phone_number: row.phone_number,
            thumbnail: String::new(),
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
pub fn find_contact(conn: &mut Conn<'_>, account: AccountId, id: ContactId) -> Result<Option<ContactSender>> {
    let mut senders = Senders::default();
    senders.load_contacts(conn, account, &[id])?;
    Ok(senders.contacts.remove(&id))
}

/// The user in the form of a sender, for the head of the message list.
pub fn find_user(conn: &mut Conn<'_>, account: AccountId, id: UserId) -> Result<Option<UserSender>> {
    let mut senders = Senders::default();
    senders.load_users(conn, account, &[id], Presence::Shown)?;
    Ok(senders.users.remove(&id))
}
