//! Mails to users: what is owed stands in the queue, and is written when it is sent.
//!
//! A secret for a link is made for the sending and handed to the mail alone; its digest is what is stored. Nothing that
//! lets somebody in lies in the queue, and a link lasts from when it was sent.

pub mod jobs;
#[cfg(test)]
mod tests;
mod view;

use ::store::{Conn, Tx, sql};
use edge::Result;
use mailer::Mail;
use serde::{Deserialize, Serialize};
use types::{AccountId, EndpointId, Role, UserId};

use self::jobs::SendMail;
use crate::auth::link::{self, Purpose};
use crate::user::{self, User};
use crate::{BaseUrl, account, agent, auth, delivery};

/// Nobody: a mail to nobody is owed where somebody must not learn that there is no such user.
const NOBODY: UserId = UserId::new(0);

/// What a mail to a user is about. Stored in rows: never reuse a name, keep old forms readable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Occasion {
    /// An administrator has added the user to an account.
    Invitation {
        /// The account.
        account_id: AccountId,
        /// The administrator.
        inviter_id: UserId,
    },
    /// Somebody wants to set another password for the user.
    ForgottenPassword,
    /// The user's address is to be confirmed.
    Confirmation,
    /// The address that the user wants is to be confirmed.
    NewAddress,
    /// The user wants another address: the one before hears of it.
    AddressChange {
        /// The one before. It is kept here, since it may be the user's no more when the mail leaves.
        from: String,
    },
    /// An endpoint of an account of which the user is an administrator was paused.
    EndpointPaused {
        /// The account.
        account_id: AccountId,
        /// The endpoint.
        endpoint_id: EndpointId,
    },
}

impl Occasion {
    /// The name of its kind, and whom it is about beside the user.
    fn key(&self) -> String {
        match self {
            Self::Invitation { account_id, .. } => format!("invitation into {account_id}"),
            Self::ForgottenPassword => "forgotten password".into(),
            Self::Confirmation => "confirmation".into(),
            Self::NewAddress => "new address".into(),
            Self::AddressChange { .. } => "address change".into(),
            Self::EndpointPaused { endpoint_id, .. } => format!("pause of endpoint {endpoint_id}"),
        }
    }
}

/// Owes a mail to the user. The same one that waits already is sent once.
pub fn owe(tx: &mut Tx<'_>, user_id: UserId, occasion: Occasion) -> Result<()> {
    Ok(::jobs::push(tx, &SendMail { user_id, occasion })?)
}

/// Owes a mail with which whoever has this address sets another password. An address that nobody has costs the same
/// work.
pub fn owe_password(tx: &mut Tx<'_>, email: &str) -> Result<()> {
    let user = user::store::find_id_by_email(tx, email)?;
    owe(tx, user.unwrap_or(NOBODY), Occasion::ForgottenPassword)
}

/// Owes another mail with which whoever has this address confirms it. An address that nobody has, or that is confirmed,
/// costs the same work.
pub fn owe_confirmation(tx: &mut Tx<'_>, email: &str) -> Result<()> {
    let user = auth::service::find_unconfirmed(tx, email)?;
    owe(tx, user.unwrap_or(NOBODY), Occasion::Confirmation)
}

/// Takes back mails that wait and would let the user set a password.
pub fn take_password_back(tx: &mut Tx<'_>, user_id: UserId) -> Result<()> {
    let waiting = SendMail { user_id, occasion: Occasion::ForgottenPassword };
    Ok(::jobs::cancel::<SendMail>(tx, &::jobs::Job::key(&waiting))?)
}

/// Whom a mail is for, and what it needs to know.
struct Letter {
    user: User,
    /// The address that it goes to: the user's, or another one that it has to do with.
    to: String,
    content: Content,
}

/// What a mail says.
enum Content {
    /// The user is in an account, and what there is to do first.
    Invitation { account: String, inviter: Option<String>, next: Next },
    /// Here another password is set.
    Password { link: String },
    /// Here the address is confirmed.
    Confirmation { link: String },
    /// Here another address is confirmed.
    NewAddress { link: String },
    /// Another address is wanted; here it can be stopped.
    AddressChange { wanted: String, link: String },
    /// Nothing more is sent to what has this name, until somebody resumes it here.
    EndpointPaused { account: String, endpoint: String, link: String },
}

/// What an invited user has to do.
enum Next {
    /// Set a password, which confirms the address.
    SetPassword { link: String },
    /// Sign in as ever.
    SignIn { link: String },
}

/// The mail as it is now; `None` when it has lost its reason. Makes the secrets that it carries.
fn write(tx: &mut Tx<'_>, base_url: &BaseUrl, user: UserId, occasion: &Occasion) -> Result<Option<Mail>> {
    let Some(user) = user::store::find(tx, user)? else { return Ok(None) };
    let letter = match occasion {
        Occasion::NewAddress => new_address(tx, base_url, user)?,
        Occasion::AddressChange { from } => address_change(tx, base_url, user, from)?,
        Occasion::Invitation { account_id, inviter_id } => {
            let content = invitation(tx, base_url, &user, *account_id, *inviter_id)?;
            content.map(|content| own(user, content))
        }
        Occasion::EndpointPaused { account_id, endpoint_id } => {
            endpoint_paused(tx, base_url, user, *account_id, *endpoint_id)?
        }
        Occasion::ForgottenPassword => {
            let link = password_link(tx, base_url, &user, Purpose::Password)?;
            Some(own(user, Content::Password { link }))
        }
        Occasion::Confirmation => confirmation(tx, base_url, &user)?.map(|content| own(user, content)),
    };
    Ok(letter.map(|letter| view::mail(&letter, base_url)))
}

/// A letter to the user's own address.
fn own(user: User, content: Content) -> Letter {
    Letter { to: user.email.clone(), user, content }
}

fn confirmation(tx: &mut Tx<'_>, base_url: &BaseUrl, user: &User) -> Result<Option<Content>> {
    if user.confirmed {
        return Ok(None);
    }
    if auth::service::has_password(tx, user.id)? {
        return Ok(Some(Content::Confirmation { link: confirmation_link(tx, base_url, user, &user.email)? }));
    }
    // Somebody who was invited and has lost the mail: a password confirms the address too.
    match find_inviter(tx, user.id)? {
        Some((account, inviter)) => invitation(tx, base_url, user, account, inviter),
        None => Ok(Some(Content::Password { link: password_link(tx, base_url, user, Purpose::Password)? })),
    }
}

fn new_address(tx: &mut Tx<'_>, base_url: &BaseUrl, user: User) -> Result<Option<Letter>> {
    let Some(to) = auth::service::find_unconfirmed_email(tx, user.id)? else { return Ok(None) };
    let link = confirmation_link(tx, base_url, &user, &to)?;
    Ok(Some(Letter { to, user, content: Content::NewAddress { link } }))
}

/// Also when the other address is the user's by now; not when it is wanted no more.
fn address_change(tx: &mut Tx<'_>, base_url: &BaseUrl, user: User, from: &str) -> Result<Option<Letter>> {
    let wanted = auth::service::find_unconfirmed_email(tx, user.id)?;
    let wanted = wanted.or_else(|| (user.email != from).then(|| user.email.clone()));
    let link = format!("{base_url}/app/auth/reset/password");
    let content = wanted.map(|wanted| Content::AddressChange { wanted, link });
    Ok(content.map(|content| Letter { to: from.to_owned(), user, content }))
}

fn invitation(
    tx: &mut Tx<'_>,
    base_url: &BaseUrl,
    user: &User,
    account: AccountId,
    inviter: UserId,
) -> Result<Option<Content>> {
    let Some(account) = account::store::find(tx, account)? else { return Ok(None) };
    if agent::store::find(tx, account.id, user.id)?.is_none() {
        return Ok(None);
    }
    let inviter = user::store::find_name(tx, inviter)?;
    let next = if user.confirmed && auth::service::has_password(tx, user.id)? {
        Next::SignIn { link: format!("{base_url}/app/login") }
    } else {
        // Also where there is a password: whoever signed up with an address that nobody confirmed may be somebody else.
        Next::SetPassword { link: password_link(tx, base_url, user, Purpose::Invitation)? }
    };
    Ok(Some(Content::Invitation { account: account.name, inviter, next }))
}

/// Not when it was resumed meanwhile, nor to who is no administrator any more.
fn endpoint_paused(
    tx: &mut Tx<'_>,
    base_url: &BaseUrl,
    user: User,
    account: AccountId,
    endpoint: EndpointId,
) -> Result<Option<Letter>> {
    let Some(account) = account::store::find(tx, account)? else { return Ok(None) };
    let is_administrator =
        agent::store::find(tx, account.id, user.id)?.is_some_and(|agent| agent.role == Some(Role::Administrator));
    let Some(endpoint) = delivery::find_paused_name(tx, account.id, endpoint)?.filter(|_| is_administrator) else {
        return Ok(None);
    };
    let link = format!("{base_url}/app/accounts/{}/settings/integrations/webhook", account.id);
    Ok(Some(own(user, Content::EndpointPaused { account: account.name, endpoint, link })))
}

fn password_link(tx: &mut Tx<'_>, base_url: &BaseUrl, user: &User, purpose: Purpose) -> Result<String> {
    let secret = link::issue(tx, user.id, purpose, None)?;
    Ok(format!("{base_url}/app/auth/password/edit?reset_password_token={secret}"))
}

fn confirmation_link(tx: &mut Tx<'_>, base_url: &BaseUrl, user: &User, email: &str) -> Result<String> {
    let secret = link::issue(tx, user.id, Purpose::Confirmation, Some(email))?;
    Ok(format!("{base_url}/app/auth/confirmation?confirmation_token={secret}"))
}

/// The account that the user was last invited into, and by whom.
fn find_inviter(conn: &mut Conn<'_>, user: UserId) -> Result<Option<(AccountId, UserId)>> {
    Ok(conn.query_opt(
        sql!(
            "SELECT au.account_id, au.inviter_id FROM account_users au JOIN accounts a ON a.id = au.account_id
             WHERE au.user_id = $1 AND au.inviter_id IS NOT NULL AND a.deleting_at IS NULL ORDER BY au.id DESC LIMIT 1"
        ),
        (user,),
    )?)
}
