//! Accounts whose members listen and write.

use anyhow::Result;
use server::account::{self, NewAccount};
use server::contact::service::NewContact;
use server::conversation::service::Opening;
use server::events::Actor;
use server::user::{self, NewUser};
use server::{agent, contact, conversation, inbox};
use store::{Store, Tx, sql};
use types::{AccountId, Json, Role, UserId};

use crate::client;

/// Conversations of an account.
const CONVERSATIONS: usize = 4;
/// Accounts that are made in one transaction.
const AT_ONCE: usize = 20;

/// An account with its inbox, which all its members see.
#[derive(Debug, Clone)]
pub struct Desk {
    account: AccountId,
    /// The administrator's, who writes.
    token: String,
    /// The administrator first.
    pub members: Vec<Member>,
    /// Numbers of conversations.
    conversations: Vec<i64>,
}

/// Somebody who listens.
#[derive(Debug, Clone)]
pub struct Member {
    account: AccountId,
    user: UserId,
    key: String,
}

/// Makes `count` accounts of so many members each.
pub async fn make(store: &Store, count: usize, members: usize) -> Result<Vec<Desk>> {
    let mut desks = Vec::with_capacity(count);
    while desks.len() < count {
        let numbers = desks.len()..count.min(desks.len() + AT_ONCE);
        let made = store
            .write(move |tx| {
                numbers.clone().map(|number| Desk::make(tx, number, members)).collect::<server::Result<_>>()
            })
            .await;
        let made: Vec<Desk> = made.map_err(|error| anyhow::anyhow!("{error}"))?;
        desks.extend(made);
    }
    Ok(desks)
}

impl Desk {
    fn make(tx: &mut Tx<'_>, number: usize, members: usize) -> server::Result<Self> {
        let actor = Actor::Operator;
        let new = NewAccount { name: format!("Desk {number}"), ..NewAccount::default() };
        let account = account::service::create(tx, &new, &actor)?.id;
        let (administrator, token) = Member::make(tx, account, &format!("{number}.0"), Role::Administrator)?;
        let mut members = (1..members)
            .map(|member| Ok(Member::make(tx, account, &format!("{number}.{member}"), Role::Agent)?.0))
            .collect::<server::Result<Vec<Member>>>()?;
        let body = serde_json::json!({ "name": "Desk", "channel": { "type": "api" } });
        let body = serde_json::from_value(body).map_err(server::Error::internal)?;
        let inbox = inbox::service::create(tx, account, &inbox::draft::read(&body, "localhost")?, &actor)?;
        let agents: Vec<UserId> = members.iter().map(|member| member.user).collect();
        inbox::service::add_members(tx, account, inbox.id, &agents, &actor)?;
        let mut conversations = Vec::new();
        for contact in 0..CONVERSATIONS {
            let new = NewContact { name: Some(format!("Contact {contact}")), ..NewContact::default() };
            let contact = contact::service::create(tx, account, &new, &actor)?;
            let session = contact::session::find_or_create(tx, &inbox, &contact, None)?;
            conversations.push(conversation::service::open(tx, account, &Opening::of(session), &actor)?.display_id);
        }
        members.insert(0, administrator);
        Ok(Self { account, token, members, conversations })
    }

    /// A message by the administrator in one of the conversations.
    pub fn message(&self, number: usize, content: &str) -> Vec<u8> {
        let conversation = self.conversations[number % self.conversations.len()];
        let path = format!("/api/v1/accounts/{}/conversations/{conversation}/messages", self.account);
        client::post(&path, Some(&self.token), &serde_json::json!({ "content": content }).to_string())
    }

    /// A webhook that is told of messages.
    pub fn webhook(&self, url: &str) -> Vec<u8> {
        let path = format!("/api/v1/accounts/{}/webhooks", self.account);
        let body = serde_json::json!({ "url": url, "subscriptions": ["message_created"] });
        client::post(&path, Some(&self.token), &body.to_string())
    }

    /// How many conversations there are.
    pub fn conversations(&self) -> usize {
        self.conversations.len()
    }
}

impl Member {
    fn make(tx: &mut Tx<'_>, account: AccountId, name: &str, role: Role) -> server::Result<(Self, String)> {
        let new = NewUser {
            name: format!("Agent {name}"),
            email: format!("agent.{name}@bench.example"),
            display_name: None,
            password_hash: "nobody signs in with it".into(),
            custom_attributes: Json::object(),
            confirmed: true,
        };
        let (user, token) = user::service::create(tx, &new)?;
        agent::service::add_member(tx, account, user, role, &Actor::Operator)?;
        let (key,): (String,) = tx.query_one(sql!("SELECT pubsub_token FROM users WHERE id = $1"), (user,))?;
        Ok((Self { account, user, key }, token))
    }

    /// What the dashboard subscribes to (realtime.md §1.4).
    pub fn identifier(&self) -> String {
        let Self { account, user, key } = self;
        format!(r#"{{"channel":"RoomChannel","pubsub_token":"{key}","account_id":{account},"user_id":{user}}}"#)
    }
}
