//! People who make an account for themselves, where the operator lets them (superset §2, semantics §9.4).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use edge::field::Text;
use edge::{Body, Error, ErrorJson, Json, Problem, Result};
use serde::{Deserialize, Serialize};
use store::Tx;
use types::{AccountId, Role, Timestamp, UserId};
use utoipa::ToSchema;

use super::routes::limit;
use super::session::Opened;
use super::{limits, service, store as logins};
use crate::access::{ClientAddress, CurrentUser, MaybeUser};
use crate::account::{self, NewAccount, locale};
use crate::events::Actor;
use crate::mail::{self, Occasion};
use crate::user::{self, Membership, NewUser, User, draft, normal_email, password};
use crate::{App, BaseUrl, agent};

// Holds a password: not to be printed.
/// A sign-up. With a credential the caller gets another account, and what is about a user is not looked at.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[schema(as = sign_up)]
pub struct SignUpBody {
    /// Required; 1 to 255 characters.
    pub account_name: Option<Text>,
    /// At most 255 characters; the part of the address before the `@` is taken when it is missing.
    pub user_full_name: Option<Text>,
    /// Required; nobody has it yet.
    pub email: Option<Text>,
    /// Required; 6 to 128 characters, with upper-case and lower-case letters, digits and special characters.
    pub password: Option<Text>,
    /// Code of the account's language.
    pub locale: Option<Text>,
}

impl edge::Shape for SignUpBody {}

/// What a sign-up has made: for strangers the address, which a mail wants confirmed; for callers the account.
#[derive(Serialize, ToSchema)]
#[schema(as = signed_up)]
pub struct SignedUpJson {
    /// The address that is to be confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub email: Option<String>,
    /// The caller in its new account.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub data: Option<NewAccountJson>,
}

/// A user in the account that it has just made.
#[derive(Serialize, ToSchema)]
#[schema(as = new_account)]
pub struct NewAccountJson {
    /// The user's API key.
    pub access_token: String,
    /// The account.
    pub account_id: AccountId,
    /// Picture, or empty.
    pub avatar_url: String,
    /// Whether the address has been confirmed.
    pub confirmed: bool,
    /// ISO text.
    pub created_at: Timestamp,
    /// Name shown to others, if it is another one.
    pub display_name: Option<String>,
    /// E-mail address, lower case.
    pub email: String,
    /// User id.
    pub id: UserId,
    /// Nobody has invited who makes an account.
    pub inviter_id: Option<UserId>,
    /// Full name.
    pub name: String,
    /// `email`.
    pub provider: &'static str,
    /// Key of the user's sockets.
    pub pubsub_token: String,
    /// In the account.
    pub role: Role,
    /// The e-mail address.
    pub uid: String,
    /// The user's accounts, the oldest membership first.
    pub accounts: Vec<OwnAccountJson>,
}

/// One of the user's accounts.
#[derive(Serialize, ToSchema)]
#[schema(as = own_account)]
pub struct OwnAccountJson {
    /// Account id.
    pub id: AccountId,
    /// Its name.
    pub name: String,
    /// When the user last went to it; ISO text.
    pub active_at: Option<Timestamp>,
    /// What the user may do in it.
    pub role: Role,
    /// Code of its language.
    pub locale: String,
}

/// Make an account for oneself, where the operator lets strangers do so.
#[utoipa::path(
    post,
    path = "/api/v1/accounts",
    operation_id = "signUp",
    tag = "Sessions",
    request_body = SignUpBody,
    responses(
        (status = 200, description = "Made. A stranger has to confirm the address by the mail that is on its way; a \
                                      caller without a session has one in the headers", body = SignedUpJson),
        (status = 401, description = "The credential is not good", body = ErrorJson),
        (status = 403, description = "The address is none, or somebody's; or both names are missing", body = ErrorJson),
        (status = 404, description = "Strangers may not sign up here", body = ErrorJson),
        (status = 422, description = "A field cannot be so", body = ErrorJson),
        (status = 429, description = "Too many tries", body = String, content_type = "text/plain")
    ),
    security((), ("userApiKey" = []))
)]
pub async fn sign_up(
    State(app): State<App>,
    address: ClientAddress,
    caller: MaybeUser,
    Body(body): Body<SignUpBody>,
) -> Result<Response> {
    if !app.settings.enable_signup {
        return Err(Error::NotFound("sign-up"));
    }
    limit(&app, address, limits::SIGN_UP_BY_ADDRESS, None)?;
    match caller.0 {
        Some(caller) => make_another(&app, caller, body).await,
        None => make_first(&app, body).await,
    }
}

async fn make_first(app: &App, body: SignUpBody) -> Result<Response> {
    let wanted = Wanted::read(body)?;
    let draft = wanted.user()?;
    let email = draft.email.clone();
    let new = NewUser { password_hash: password::hash(wanted.password).await?, ..draft };
    let account = wanted.account;
    app.store
        .write(move |tx| {
            let (user, _) = user::service::create_unknown(tx, &new)?.ok_or_else(taken)?;
            open(tx, user, &new.name, &account)?;
            mail::owe(tx, user, Occasion::Confirmation)
        })
        .await?;
    Ok(Json(SignedUpJson { email: Some(email), data: None }).into_response())
}

async fn make_another(app: &App, caller: CurrentUser, body: SignUpBody) -> Result<Response> {
    let account = Wanted::read(body)?.account;
    let base_url = app.settings.base_url.clone();
    let (session, data) = app
        .store
        .write(move |tx| {
            let id = open(tx, caller.id, &caller.name, &account)?;
            // The headers of a session are repeated as those of any answer are.
            let session: Option<Opened> = match caller.session {
                Some(_) => None,
                None => Some(service::open_session(tx, caller.id)?.session),
            };
            let person = service::person(tx, caller.id)?;
            let accounts = logins::list_locales(tx, caller.id)?;
            Ok::<_, Error>((session, json(person.user, id, person.memberships, &accounts, &base_url)))
        })
        .await?;
    let json = Json(SignedUpJson { email: None, data: Some(data) });
    Ok(match session {
        Some(session) => (session.headers(), json).into_response(),
        None => json.into_response(),
    })
}

/// Makes the account, with the user as its administrator.
fn open(tx: &mut Tx<'_>, user: UserId, name: &str, account: &NewAccount) -> Result<AccountId> {
    let actor = Actor::User { id: user, name: name.to_owned() };
    let account = account::service::create(tx, account, &actor)?.id;
    agent::service::add_member(tx, account, user, Role::Administrator, &actor)?;
    Ok(account)
}

// Holds a password: not to be printed.
/// What a sign-up asks for.
struct Wanted {
    account: NewAccount,
    name: String,
    email: String,
    password: String,
}

impl Wanted {
    /// What is about the account is checked here.
    fn read(body: SignUpBody) -> Result<Self> {
        let text = |field: Option<Text>| field.map(String::from).unwrap_or_default();
        let (account_name, name) = (text(body.account_name), text(body.user_full_name));
        let code = text(body.locale);
        if account_name.trim().is_empty() && name.trim().is_empty() {
            return Err(Error::Unwelcome("account_name is missing".into()));
        }
        let locale = if code.is_empty() { Some(locale::DEFAULT) } else { locale::find(&code) };
        let problems = [
            account::draft::name_problem(&account_name).map(|problem| Problem::new("account_name", problem)),
            draft::length_problem("user_full_name", &name),
            locale.is_none().then(|| Problem::new("locale", "is no language that accounts can have")),
        ];
        let problems: Vec<Problem> = problems.into_iter().flatten().collect();
        let Some(locale) = locale.filter(|_| problems.is_empty()) else { return Err(Error::Invalid(problems)) };
        Ok(Self {
            account: NewAccount { name: account_name, locale, ..NewAccount::default() },
            name,
            email: normal_email(&text(body.email)),
            password: text(body.password),
        })
    }

    /// The user, whose password is still to be hashed.
    fn user(&self) -> Result<NewUser> {
        if let Some(problem) = draft::email_problem(&self.email) {
            return Err(Error::Unwelcome(problem.message));
        }
        password::check_rules(&self.password)?;
        let name =
            if self.name.trim().is_empty() { self.email.split('@').next().unwrap_or_default() } else { &self.name };
        Ok(NewUser {
            name: name.to_owned(),
            email: self.email.clone(),
            display_name: None,
            password_hash: password::NONE.into(),
            custom_attributes: types::Json::object(),
            confirmed: false,
        })
    }
}

fn taken() -> Error {
    Error::Unwelcome("Email has already been taken".into())
}

fn json(
    user: User,
    account_id: AccountId,
    memberships: Vec<Membership>,
    locales: &[(AccountId, String)],
    base_url: &BaseUrl,
) -> NewAccountJson {
    let locale_of = |account: AccountId| {
        let found = locales.iter().find(|(id, _)| *id == account);
        found.map_or_else(|| locale::DEFAULT.to_owned(), |(_, locale)| locale.clone())
    };
    let accounts = memberships.into_iter().map(|membership| OwnAccountJson {
        locale: locale_of(membership.account_id),
        id: membership.account_id,
        name: membership.account_name,
        active_at: membership.active_at,
        role: membership.role,
    });
    NewAccountJson {
        account_id,
        avatar_url: base_url.of_picture(user.avatar.as_ref()),
        confirmed: user.confirmed,
        created_at: user.created_at,
        display_name: user.display_name,
        uid: user.email.clone(),
        email: user.email,
        id: user.id,
        inviter_id: None,
        name: user.name,
        provider: "email",
        pubsub_token: user.pubsub_token,
        role: Role::Administrator,
        access_token: user.access_token,
        accounts: accounts.collect(),
    }
}
