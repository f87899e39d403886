//! Who calls: a handler's signature says who may.
//!
//! The order of checks is the contract's (rest.md §2.2): credential, family of the credential, account,
//! account status, membership, role, then the record.

mod address;
mod page_user;
mod store;

use std::collections::HashMap;

use ::store::Conn;
use axum::extract::FromRequestParts;
use edge::{Credential, Echo, Error, Path, Query, Result, Who};
use http::HeaderMap;
use http::request::Parts;
use types::{AccountId, AgentBotId, InboxId, PlatformAppId, Role, UserId, UserSessionId};

use crate::App;
use crate::auth::session;
use crate::auth::wire::SessionQuery;

pub use self::address::ClientAddress;
pub use self::page_user::PageUser;
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
    /// The sign-in that proves it; none with an access token.
    pub session: Option<UserSessionId>,
}

/// A signed-in user, or nobody; a credential that is sent has to be good.
#[derive(Debug, Clone)]
pub struct MaybeUser(pub Option<CurrentUser>);

/// Somebody with a session; an access token does not count, and the query may hold the session (superset §1).
#[derive(Debug, Clone)]
pub struct SessionUser {
    /// The user.
    pub id: UserId,
    /// The session.
    pub session: UserSessionId,
    /// The headers that name it.
    pub headers: HeaderMap,
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

/// A member, for the routes of the account itself: who is none does not find it (superset, before §1).
#[derive(Debug, Clone)]
pub struct Insider(pub Member);

/// A member that may configure the account.
#[derive(Debug, Clone)]
pub struct Administrator(pub Member);

/// A bot that is connected to an inbox of the account in the path.
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
        let given = credential(parts)?;
        let (asked, now) = (given.clone(), app.clock.now());
        let owner = app.store.read(move |conn| self::store::find_owner(conn, &asked, now)).await?;
        note_session(parts, &given, owner.as_ref());
        let session = owner.as_ref().and_then(|owner| owner.session_id);
        let user = owner.and_then(|owner| owner.user_id.zip(owner.user_name));
        let (id, name) = user.ok_or_else(|| refused(&given))?;
        Who(format!("user {id}")).note(&parts.extensions);
        Ok(Self { id, name, session })
    }
}

impl FromRequestParts<App> for MaybeUser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        match edge::credential(&parts.headers) {
            Some(_) => Ok(Self(Some(CurrentUser::from_request_parts(parts, app).await?))),
            None => Ok(Self(None)),
        }
    }
}

impl FromRequestParts<App> for SessionUser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let Query(query) = Query::<SessionQuery>::from_request_parts(parts, app).await?;
        let sent = match edge::credential(&parts.headers) {
            Some(Credential::Session(session)) => session,
            _ => query.into_session(),
        };
        let (asked, now) = (Credential::Session(sent.clone()), app.clock.now());
        let owner = app.store.read(move |conn| self::store::find_owner(conn, &asked, now)).await?;
        let owner = owner.ok_or(Error::SignedOut)?;
        let headers = session_headers(&sent, &owner).ok_or(Error::SignedOut)?;
        let (id, session) = owner.user_id.zip(owner.session_id).ok_or(Error::SignedOut)?;
        Who(format!("user {id}")).note(&parts.extensions);
        Ok(Self { id, session, headers: headers.0 })
    }
}

impl FromRequestParts<App> for Member {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        member(parts, app, Door::Members).await
    }
}

impl FromRequestParts<App> for Insider {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        member(parts, app, Door::Hidden).await.map(Self)
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
        caller(parts, app, Door::MembersAndBots).await
    }
}

impl FromRequestParts<App> for PlatformApp {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        // A session is of another family (rest.md §2.1).
        let Credential::Token(token) = credential(parts)? else { return Err(Error::BadCredential) };
        let found = app.store.read(move |conn| self::store::find_platform_app(conn, &token)).await?;
        let id = found.ok_or(Error::BadCredential)?;
        Who(format!("platform app {id}")).note(&parts.extensions);
        Ok(Self { id })
    }
}

/// The member whose credential this is; fails unless it is an administrator of the account at this moment.
pub fn find_administrator(conn: &mut Conn<'_>, credential: &Credential, account: AccountId) -> Result<Member> {
    let now = conn.now();
    let owner = self::store::find_owner(conn, credential, now)?.ok_or_else(|| refused(credential))?;
    match self::store::find_caller(conn, &owner, Some(account), Door::Members)? {
        MemberOrBot::Member(member) => member.must_administer().map(|()| member),
        MemberOrBot::Bot(_) => Err(Error::Forbidden),
    }
}

/// Whom a route of an account lets in, and what others are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    /// Members; others are refused.
    Members,
    /// Members and the account's bots (rest.md §2.3).
    MembersAndBots,
    /// Members; other users do not find the account.
    Hidden,
}

async fn member(parts: &mut Parts, app: &App, door: Door) -> Result<Member> {
    match caller(parts, app, door).await? {
        MemberOrBot::Member(member) => Ok(member),
        MemberOrBot::Bot(_) => Err(Error::Forbidden),
    }
}

/// The caller of a route of the account in the path.
async fn caller(parts: &mut Parts, app: &App, door: Door) -> Result<MemberOrBot> {
    let given = credential(parts)?;
    // A path that cannot be read names no account; the credential is looked at first all the same.
    let params = Path::<HashMap<String, String>>::from_request_parts(parts, app).await.ok();
    let account = params.and_then(|Path(params)| params.get("account_id")?.parse().ok()).map(AccountId::new);
    let (asked, now) = (given.clone(), app.clock.now());
    let (owner, caller) = app
        .store
        .read(move |conn| {
            let owner = self::store::find_owner(conn, &asked, now)?;
            // A refusal is answered with the session's headers too.
            let caller = owner.as_ref().map(|owner| self::store::find_caller(conn, owner, account, door));
            Ok::<_, Error>((owner, caller))
        })
        .await?;
    note_session(parts, &given, owner.as_ref());
    let caller = caller.ok_or_else(|| refused(&given))??;
    let who = match &caller {
        MemberOrBot::Member(member) => format!("user {}", member.user_id),
        MemberOrBot::Bot(bot) => format!("bot {}", bot.id),
    };
    Who(who).note(&parts.extensions);
    Ok(caller)
}

fn credential(parts: &Parts) -> Result<Credential> {
    edge::credential(&parts.headers).ok_or(Error::SignedOut)
}

/// What a credential is answered that nobody has (rest.md §1.8).
fn refused(credential: &Credential) -> Error {
    match credential {
        Credential::Token(_) => Error::BadCredential,
        Credential::Session(_) => Error::SignedOut,
    }
}

/// Has the answer repeat the headers of a session that is valid (rest.md §1.10).
fn note_session(parts: &Parts, credential: &Credential, owner: Option<&self::store::Owner>) {
    if let (Credential::Session(session), Some(owner)) = (credential, owner)
        && let Some(headers) = session_headers(session, owner)
    {
        headers.note(&parts.extensions);
    }
}

fn session_headers(sent: &edge::Session, owner: &self::store::Owner) -> Option<Echo> {
    let (uid, expires_at) = owner.uid.as_deref().zip(owner.session_expires_at)?;
    Some(session::headers(&sent.token, &sent.client, uid, expires_at))
}
