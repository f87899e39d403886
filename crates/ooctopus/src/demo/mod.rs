//! A demo account that a stranger can work with at once.

mod content;
mod fill;
mod text;

use anyhow::Result;
use server::user::{self, User, password};
use server::{Error, inbox};
use store::{Conn, Store};
use types::{AccountId, ChannelKind, UserId};

use crate::config::Config;
use crate::{admin, database, output, serve};

/// What its account carries among the operator's free attributes.
const MARK: &str = "demo";

/// The demo account, and the keys to it.
#[derive(Clone)]
pub struct Demo {
    account: AccountId,
    account_name: String,
    administrator: Login,
    agent: Login,
    platform_token: String,
    inbox_identifier: String,
}

/// A member of the demo account.
#[derive(Clone)]
struct Login {
    id: UserId,
    name: String,
    token: String,
}

/// `ooctopus demo`: fills the demo and prints how to use it.
pub async fn run(config: &Config) -> Result<()> {
    let store = database::open_for_command(config).await?;
    let demo = Demo::ensure(&store, config).await?;
    let base_url = config.base_url.as_ref().map(|base| base.0.clone());
    Ok(output::print(&demo.text(&base_url.unwrap_or_else(|| serve::local_url(config.listen))))?)
}

impl Demo {
    /// The demo, filled when it is not there yet.
    pub async fn ensure(store: &Store, config: &Config) -> Result<Self> {
        if let Some(demo) = store.read(find).await? {
            return Ok(demo);
        }
        // Nobody knows this password: whoever uses the demo has the tokens.
        let password_hash = password::hash(server::token::random()).await?;
        let mail_domain = config.inbound_mail_domain.0.clone();
        let demo = store
            .write(move |tx| {
                // Another process that fills the demo at the same time makes us wait here.
                let administrator = fill::create_administrator(tx, &password_hash)?;
                if let Some(demo) = find(tx)? {
                    return Ok(demo);
                }
                fill::fill(tx, administrator, &password_hash, &mail_domain)?;
                find(tx)?.ok_or(Error::NotFound("demo account"))
            })
            .await?;
        Ok(demo)
    }

    /// How to use the demo at this address: a text that is a shell script too.
    pub fn text(&self, url: &str) -> String {
        text::write(self, url)
    }
}

/// The demo, if there is one.
fn find(conn: &mut Conn<'_>) -> server::Result<Option<Demo>> {
    let Some(administrator) = find_user(conn, content::ADMINISTRATOR.email)? else { return Ok(None) };
    let memberships = user::store::list_memberships(conn, administrator.id)?;
    let is_marked =
        |attributes: &types::Json| attributes.read::<serde_json::Map<String, serde_json::Value>>().contains_key(MARK);
    let marked = memberships.into_iter().find(|membership| is_marked(&membership.account_attributes));
    let Some(membership) = marked else { return Ok(None) };
    let account = membership.account_id;
    let agent = find_user(conn, content::AGENTS[0].email)?.ok_or(incomplete("agent"))?;
    let inboxes = inbox::store::list(conn, account)?;
    let inbox = inboxes.into_iter().find(|inbox| inbox.channel_kind == ChannelKind::Api);
    Ok(Some(Demo {
        account,
        account_name: membership.account_name,
        administrator: administrator.into(),
        agent: agent.into(),
        platform_token: admin::find_platform_token(conn, content::PLATFORM_APP)?.ok_or(incomplete("platform app"))?,
        inbox_identifier: inbox.and_then(|inbox| inbox.identifier).ok_or(incomplete("API inbox"))?,
    }))
}

fn find_user(conn: &mut Conn<'_>, email: &str) -> server::Result<Option<User>> {
    match user::store::find_id_by_email(conn, email)? {
        Some(id) => user::store::find(conn, id),
        None => Ok(None),
    }
}

fn incomplete(what: &str) -> Error {
    Error::Refused(format!("the demo's {what} has been removed; take a new --data-dir for a new demo"))
}

impl From<User> for Login {
    fn from(user: User) -> Self {
        Self { id: user.id, name: user.available_name().to_owned(), token: user.access_token }
    }
}
