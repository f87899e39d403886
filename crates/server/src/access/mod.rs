//! Who calls: a handler's signature says who may.
//!
//! The order of checks is the contract's (rest.md §2.2): credential, family of the credential, account,
//! account status, membership, role, then the record.

mod store;

use std::collections::HashMap;

use ::store::Conn;
use axum::extract::FromRequestParts;
use edge::{Error, Path, Result, Who};
use http::request::Parts;
use types::{AccountId, AgentBotId, InboxId, PlatformAppId, Role, UserId};

use crate::App;

pub use self::store::grant_account;
pub use self::store::{grant_agent_bot, grant_user};
pub use self::store::{is_granted_account, is_granted_agent_bot, is_granted_user};

/// A signed-in user, not tied to an account.
#[derive(Debug, Clone)]
pub struct CurrentUser {
    /// The user.
    pub id: UserId,
    /// Name shown to others.
    pub name: String,
}

/// A member of the account in the path, of either role.
#[derive(Debug, Clone)]
pub struct Member {
    /// The account in the path.
    pub account_id: AccountId,
    /// The user.
    pub user_id: UserId,
    /// Name shown to others.
    pub name: String,
    /// What it may do in the account.
    pub role: Role,
}

/// A member that may configure the account.
#[derive(Debug, Clone)]
pub struct Administrator(pub Member);

/// A bot that is connected to an inbox of the account in the path, or owned by the account.
#[derive(Debug, Clone)]
pub struct Bot {
    /// The account in the path.
    pub account_id: AccountId,
    /// The bot.
    pub id: AgentBotId,
    /// Its name.
    pub name: String,
}

/// A member or a bot: for the routes that bots may use (rest.md §2.3).
#[derive(Debug, Clone)]
pub enum MemberOrBot {
    /// A member.
    Member(Member),
    /// A bot.
    Bot(Bot),
}

/// A platform app.
#[derive(Debug, Clone, Copy)]
pub struct PlatformApp {
    /// The app.
    pub id: PlatformAppId,
}

impl Member {
    /// Fails unless the member is an administrator.
    pub fn must_administer(&self) -> Result<()> {
        if self.is_administrator() { Ok(()) } else { Err(Error::Forbidden) }
    }

    /// Whether the member may configure the account; administrators see every inbox.
    pub fn is_administrator(&self) -> bool {
        self.role == Role::Administrator
    }

    /// Whether the member sees what is in `inbox`.
    pub fn sees_inbox(&self, conn: &mut Conn<'_>, inbox: InboxId) -> Result<bool> {
        Ok(self.is_administrator() || self::store::is_inbox_member(conn, self.account_id, inbox, self.user_id)?)
    }

    /// Fails unless the member sees what is in `inbox`.
    pub fn must_see_inbox(&self, conn: &mut Conn<'_>, inbox: InboxId) -> Result<()> {
        if self.sees_inbox(conn, inbox)? { Ok(()) } else { Err(Error::Forbidden) }
    }
}

impl MemberOrBot {
    /// The account in the path.
    pub fn account_id(&self) -> AccountId {
        match self {
            Self::Member(member) => member.account_id,
            Self::Bot(bot) => bot.account_id,
        }
    }

    /// Fails unless the caller may act in `inbox`; a bot may in every inbox of the account (rest.md §2.3).
    pub fn must_see_inbox(&self, conn: &mut Conn<'_>, inbox: InboxId) -> Result<()> {
        match self {
            Self::Member(member) => member.must_see_inbox(conn, inbox),
            Self::Bot(_) => Ok(()),
        }
    }

    /// The member, if the caller is one.
    pub fn member(&self) -> Option<&Member> {
        match self {
            Self::Member(member) => Some(member),
            Self::Bot(_) => None,
        }
    }
}

impl FromRequestParts<App> for CurrentUser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let token = credential(parts)?;
        let user = app.store.read(move |conn| self::store::find_user(conn, &token)).await?;
        let (id, name) = user.ok_or(Error::BadCredential)?;
        Who(format!("user {id}")).note(&parts.extensions);
        Ok(Self { id, name })
    }
}

impl FromRequestParts<App> for Member {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        match caller(parts, app, Bots::Refused).await? {
            MemberOrBot::Member(member) => Ok(member),
            MemberOrBot::Bot(_) => Err(Error::Forbidden),
        }
    }
}

impl FromRequestParts<App> for Administrator {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let member = Member::from_request_parts(parts, app).await?;
        member.must_administer()?;
        Ok(Self(member))
    }
}

impl FromRequestParts<App> for MemberOrBot {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        caller(parts, app, Bots::Welcome).await
    }
}

impl FromRequestParts<App> for PlatformApp {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let token = credential(parts)?;
        let found = app.store.read(move |conn| self::store::find_platform_app(conn, &token)).await?;
        let id = found.ok_or(Error::BadCredential)?;
        Who(format!("platform app {id}")).note(&parts.extensions);
        Ok(Self { id })
    }
}

/// Whether bots may use a route (rest.md §2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bots {
    Welcome,
    Refused,
}

/// The caller of a route of the account in the path.
async fn caller(parts: &mut Parts, app: &App, bots: Bots) -> Result<MemberOrBot> {
    let token = credential(parts)?;
    // A path that cannot be read names no account; the credential is looked at first all the same.
    let params = Path::<HashMap<String, String>>::from_request_parts(parts, app).await.ok();
    let account = params.and_then(|Path(params)| params.get("account_id")?.parse().ok()).map(AccountId::new);
    let caller = app.store.read(move |conn| self::store::find_caller(conn, &token, account, bots)).await?;
    let who = match &caller {
        MemberOrBot::Member(member) => format!("user {}", member.user_id),
        MemberOrBot::Bot(bot) => format!("bot {}", bot.id),
    };
    Who(who).note(&parts.extensions);
    Ok(caller)
}

fn credential(parts: &Parts) -> Result<String> {
    edge::token(&parts.headers).map(str::to_owned).ok_or(Error::SignedOut)
}
