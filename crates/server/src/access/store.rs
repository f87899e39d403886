//! Who holds a token, and what it was granted.

use edge::{Credential, Error, Result, Session};
use store::{Conn, Tx, sql};
use types::{AccountId, AgentBotId, InboxId, PlatformAppId, Role, Timestamp, UserId, UserSessionId};

use super::{Bot, Door, Member, MemberOrBot};
use crate::token::digest;

store::row! {
    /// Whose credential it is: a user's or a bot's.
    #[derive(Debug, Clone)]
    pub struct Owner {
        pub user_id: Option<UserId>,
        pub user_name: Option<String>,
        pub agent_bot_id: Option<AgentBotId>,
        pub bot_name: Option<String>,
        pub session_id: Option<UserSessionId>,
        pub session_expires_at: Option<Timestamp>,
        pub uid: Option<String>,
    }
}

/// The owner of the credential; `None` when it is nobody's, or over.
pub fn find_owner(conn: &mut Conn<'_>, credential: &Credential, now: Timestamp) -> Result<Option<Owner>> {
    match credential {
        Credential::Token(token) => find_token_owner(conn, token),
        Credential::Session(session) => find_session_owner(conn, session, now),
    }
}

fn find_token_owner(conn: &mut Conn<'_>, token: &str) -> Result<Option<Owner>> {
    let owner: Option<Owner> = conn.query_opt(
        sql!(
            "SELECT u.id AS user_id, COALESCE(NULLIF(u.display_name, ''), u.name) AS user_name,
                    b.id AS agent_bot_id, b.name AS bot_name,
                    CAST(NULL AS BIGINT) AS session_id, CAST(NULL AS BIGINT) AS session_expires_at,
                    CAST(NULL AS TEXT) AS uid
             FROM access_tokens t
             LEFT JOIN users u ON u.id = t.user_id AND u.deleting_at IS NULL
             LEFT JOIN agent_bots b ON b.id = t.agent_bot_id AND (b.account_id IS NULL OR b.account_id NOT IN (
                 SELECT gone.id FROM accounts gone WHERE gone.deleting_at IS NOT NULL))
             WHERE t.token = $1 AND t.platform_app_id IS NULL"
        ),
        (token,),
    )?;
    Ok(owner.filter(|owner| owner.user_id.is_some() || owner.agent_bot_id.is_some()))
}

/// A session is named by the user's address of today or of the time when it began.
fn find_session_owner(conn: &mut Conn<'_>, session: &Session, now: Timestamp) -> Result<Option<Owner>> {
    Ok(conn.query_opt(
        sql!(
            "SELECT u.id AS user_id, COALESCE(NULLIF(u.display_name, ''), u.name) AS user_name,
                    CAST(NULL AS BIGINT) AS agent_bot_id, CAST(NULL AS TEXT) AS bot_name,
                    s.id AS session_id, s.expires_at AS session_expires_at, u.email AS uid
             FROM user_sessions s JOIN users u ON u.id = s.user_id AND u.deleting_at IS NULL
             WHERE s.client = $1 AND s.token_digest = $2 AND s.expires_at > $4 AND (u.email = $3 OR s.uid = $3)"
        ),
        (session.client.as_str(), digest(&session.token), session.uid.as_str(), now),
    )?)
}

pub fn find_platform_app(conn: &mut Conn<'_>, token: &str) -> Result<Option<PlatformAppId>> {
    let row: Option<(PlatformAppId,)> = conn.query_opt(
        sql!("SELECT platform_app_id FROM access_tokens WHERE token = $1 AND platform_app_id IS NOT NULL"),
        (token,),
    )?;
    Ok(row.map(|(id,)| id))
}

/// Whether `owner` may call a route of `account`, and as whom: steps 2 to 5 of rest.md §2.2.
pub fn find_caller(conn: &mut Conn<'_>, owner: &Owner, account: Option<AccountId>, door: Door) -> Result<MemberOrBot> {
    let account = account.ok_or(Error::NotFound("account"));
    if let (Some(user_id), Some(name)) = (owner.user_id, owner.user_name.clone()) {
        let account = account?;
        let role = find_role(conn, account, user_id, door)?;
        return Ok(MemberOrBot::Member(Member { account_id: account, user_id, name, role }));
    }
    let id = owner.agent_bot_id.ok_or(Error::BadCredential)?;
    if door != Door::MembersAndBots {
        return Err(Error::Forbidden);
    }
    let account = account?;
    must_be_active(conn, account)?;
    // Owning the bot is not enough (recorded).
    if !is_connected(conn, account, id)? {
        return Err(Error::Forbidden);
    }
    Ok(MemberOrBot::Bot(Bot { account_id: account, id, name: owner.bot_name.clone().unwrap_or_default() }))
}

fn find_role(conn: &mut Conn<'_>, account: AccountId, user: UserId, door: Door) -> Result<Role> {
    let row: Option<(String, Option<Role>)> = conn.query_opt(
        sql!(
            "SELECT a.status, au.role FROM accounts a
             LEFT JOIN account_users au ON au.account_id = a.id AND au.user_id = $2
             WHERE a.id = $1 AND a.deleting_at IS NULL"
        ),
        (account, user),
    )?;
    match row {
        None => Err(Error::NotFound("account")),
        Some((_, None)) if door == Door::Hidden => Err(Error::NotFound("account")),
        Some((status, Some(role))) if status == "active" => Ok(role),
        Some(_) => Err(Error::Forbidden),
    }
}

fn must_be_active(conn: &mut Conn<'_>, account: AccountId) -> Result<()> {
    let row: Option<(String,)> =
        conn.query_opt(sql!("SELECT status FROM accounts WHERE id = $1 AND deleting_at IS NULL"), (account,))?;
    match row {
        None => Err(Error::NotFound("account")),
        Some((status,)) if status == "active" => Ok(()),
        Some(_) => Err(Error::Forbidden),
    }
}

fn is_connected(conn: &mut Conn<'_>, account: AccountId, bot: AgentBotId) -> Result<bool> {
    let row: Option<(i64,)> = conn.query_opt(
        sql!("SELECT inbox_id FROM agent_bot_inboxes WHERE account_id = $1 AND agent_bot_id = $2 LIMIT 1"),
        (account, bot),
    )?;
    Ok(row.is_some())
}

pub fn is_inbox_member(conn: &mut Conn<'_>, account: AccountId, inbox: InboxId, user: UserId) -> Result<bool> {
    let row: Option<(UserId,)> = conn.query_opt(
        sql!("SELECT user_id FROM inbox_members WHERE account_id = $1 AND inbox_id = $2 AND user_id = $3"),
        (account, inbox, user),
    )?;
    Ok(row.is_some())
}

/// Whether `app` may touch the account.
pub fn is_granted_account(conn: &mut Conn<'_>, app: PlatformAppId, account: AccountId) -> Result<bool> {
    let row: Option<(i64,)> = conn.query_opt(
        sql!("SELECT id FROM platform_app_grants WHERE account_id = $1 AND platform_app_id = $2"),
        (account, app),
    )?;
    Ok(row.is_some())
}

/// Whether `app` may touch the user.
pub fn is_granted_user(conn: &mut Conn<'_>, app: PlatformAppId, user: UserId) -> Result<bool> {
    let row: Option<(i64,)> = conn.query_opt(
        sql!("SELECT id FROM platform_app_grants WHERE user_id = $1 AND platform_app_id = $2"),
        (user, app),
    )?;
    Ok(row.is_some())
}

/// Whether `app` may touch the bot.
pub fn is_granted_agent_bot(conn: &mut Conn<'_>, app: PlatformAppId, bot: AgentBotId) -> Result<bool> {
    let row: Option<(i64,)> = conn.query_opt(
        sql!("SELECT id FROM platform_app_grants WHERE agent_bot_id = $1 AND platform_app_id = $2"),
        (bot, app),
    )?;
    Ok(row.is_some())
}

/// Lets `app` touch the bot; again does nothing.
pub fn grant_agent_bot(tx: &mut Tx<'_>, app: PlatformAppId, bot: AgentBotId) -> Result<()> {
    let now = tx.now();
    tx.execute(
        sql!(
            "INSERT INTO platform_app_grants (platform_app_id, agent_bot_id, created_at) VALUES ($1, $2, $3)
             ON CONFLICT DO NOTHING"
        ),
        (app, bot, now),
    )?;
    Ok(())
}

/// Lets `app` touch the account; again does nothing.
pub fn grant_account(tx: &mut Tx<'_>, app: PlatformAppId, account: AccountId) -> Result<()> {
    let now = tx.now();
    tx.execute(
        sql!(
            "INSERT INTO platform_app_grants (platform_app_id, account_id, created_at) VALUES ($1, $2, $3)
             ON CONFLICT DO NOTHING"
        ),
        (app, account, now),
    )?;
    Ok(())
}

/// Lets `app` touch the user; again does nothing.
pub fn grant_user(tx: &mut Tx<'_>, app: PlatformAppId, user: UserId) -> Result<()> {
    let now = tx.now();
    tx.execute(
        sql!(
            "INSERT INTO platform_app_grants (platform_app_id, user_id, created_at) VALUES ($1, $2, $3)
             ON CONFLICT DO NOTHING"
        ),
        (app, user, now),
    )?;
    Ok(())
}
