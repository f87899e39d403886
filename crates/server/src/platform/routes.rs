//! The platform API over HTTP.

use axum::extract::State;
use edge::{Body, Empty, Error, ErrorJson, Json, Path, Result};
use serde::Serialize;
use types::{AccountId, UserId};
use utoipa::ToSchema;

use super::service;
use crate::App;
use crate::access::PlatformApp;
use crate::account::draft;
use crate::account::wire::{AccountJson, AccountUpdateBody, NewAccountBody};
use crate::agent::wire::{AccountUserBody, AccountUserJson, AccountUserRemovalBody};
use crate::auth;
use crate::events::Actor;
use crate::idempotency::{Answer, Once};
use crate::user::wire::{NewUserBody, PlatformUserJson, UserUpdateBody};
use crate::{account, agent, user};

/// Make an account; the calling app is granted it.
#[utoipa::path(
    post,
    path = "/platform/api/v1/accounts",
    operation_id = "createAnAccount",
    tag = "Accounts",
    request_body = NewAccountBody,
    responses(
        (status = 200, description = "The account", body = AccountJson),
        (status = 401, description = "Not allowed", body = ErrorJson)
    ),
    security(("platformAppApiKey" = []))
)]
pub async fn create_account(
    State(app): State<App>,
    PlatformApp { id: caller }: PlatformApp,
    once: Once,
    Body(body): Body<NewAccountBody>,
) -> Result<Json<Answer<AccountJson>>> {
    let once = once.about(&body);
    let new = draft::read(body)?;
    let mail_sender = app.settings.mail_sender.clone();
    once.write(&app, move |tx| Ok(service::create_account(tx, caller, &new)?.into_json(mail_sender.as_deref()))).await
}

/// One of the accounts that the calling app was granted.
#[utoipa::path(
    get,
    path = "/platform/api/v1/accounts/{account_id}",
    operation_id = "getDetailsOfAnAccount",
    tag = "Accounts",
    params(("account_id" = i64, Path, description = "The account")),
    responses(
        (status = 200, description = "The account", body = AccountJson),
        (status = 401, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such account", body = ErrorJson)
    ),
    security(("platformAppApiKey" = []))
)]
pub async fn show_account(
    State(app): State<App>,
    PlatformApp { id: caller }: PlatformApp,
    Path(id): Path<AccountId>,
) -> Result<Json<AccountJson>> {
    let account = app.store.read(move |conn| service::find_granted_account(conn, caller, id)).await?;
    Ok(Json(account.into_json(app.settings.mail_sender.as_deref())))
}

/// Change an account; what is absent stays.
#[utoipa::path(
    patch,
    path = "/platform/api/v1/accounts/{account_id}",
    operation_id = "updateAnAccount",
    tag = "Accounts",
    params(("account_id" = i64, Path, description = "The account")),
    request_body = AccountUpdateBody,
    responses(
        (status = 200, description = "The account", body = AccountJson),
        (status = 401, description = "Not allowed", body = ErrorJson)
    ),
    security(("platformAppApiKey" = []))
)]
pub async fn update_account(
    State(app): State<App>,
    PlatformApp { id: caller }: PlatformApp,
    Path(id): Path<AccountId>,
    Body(body): Body<AccountUpdateBody>,
) -> Result<Json<AccountJson>> {
    app.store.read(move |conn| service::find_granted_account(conn, caller, id)).await?;
    let change = draft::read_change(body)?;
    let account = app
        .store
        .write(move |tx| {
            service::find_granted_account(tx, caller, id)?;
            account::service::update(tx, id, &change, &Actor::Operator)
        })
        .await?;
    Ok(Json(account.into_json(app.settings.mail_sender.as_deref())))
}

/// Delete an account with everything in it.
#[utoipa::path(
    delete,
    path = "/platform/api/v1/accounts/{account_id}",
    operation_id = "deleteAnAccount",
    tag = "Accounts",
    params(("account_id" = i64, Path, description = "The account")),
    responses(
        (status = 200, description = "Gone; its rows follow in the background"),
        (status = 401, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such account", body = ErrorJson)
    ),
    security(("platformAppApiKey" = []))
)]
pub async fn delete_account(
    State(app): State<App>,
    PlatformApp { id: caller }: PlatformApp,
    Path(id): Path<AccountId>,
) -> Result<Empty> {
    app.store
        .write(move |tx| {
            service::find_granted_account(tx, caller, id)?;
            account::service::delete(tx, id)
        })
        .await?;
    Ok(Empty)
}

/// Make a user, or be granted the one who has the e-mail address already.
#[utoipa::path(
    post,
    path = "/platform/api/v1/users",
    operation_id = "createAUser",
    tag = "Users",
    request_body = NewUserBody,
    responses(
        (status = 200, description = "The user", body = PlatformUserJson),
        (status = 401, description = "Not allowed", body = ErrorJson)
    ),
    security(("platformAppApiKey" = []))
)]
pub async fn create_user(
    State(app): State<App>,
    PlatformApp { id: caller }: PlatformApp,
    Body(body): Body<NewUserBody>,
) -> Result<Json<PlatformUserJson>> {
    Ok(Json(service::create_user(&app, caller, body).await?))
}

/// One of the users that the calling app was granted.
#[utoipa::path(
    get,
    path = "/platform/api/v1/users/{id}",
    operation_id = "getDetailsOfAUser",
    tag = "Users",
    params(("id" = i64, Path, description = "The user")),
    responses(
        (status = 200, description = "The user", body = PlatformUserJson),
        (status = 401, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such user", body = ErrorJson)
    ),
    security(("platformAppApiKey" = []))
)]
pub async fn show_user(
    State(app): State<App>,
    PlatformApp { id: caller }: PlatformApp,
    Path(id): Path<UserId>,
) -> Result<Json<PlatformUserJson>> {
    let base_url = app.settings.base_url.clone();
    let answer = app
        .store
        .read(move |conn| {
            let user = service::find_granted_user(conn, caller, id)?;
            Ok::<_, Error>(PlatformUserJson::new(user, user::store::list_memberships(conn, id)?, &base_url))
        })
        .await?;
    Ok(Json(answer))
}

/// Change a user; what is absent stays. An e-mail address counts at once.
#[utoipa::path(
    patch,
    path = "/platform/api/v1/users/{id}",
    operation_id = "updateAUser",
    tag = "Users",
    params(("id" = i64, Path, description = "The user")),
    request_body = UserUpdateBody,
    responses(
        (status = 200, description = "The user", body = PlatformUserJson),
        (status = 401, description = "Not allowed", body = ErrorJson)
    ),
    security(("platformAppApiKey" = []))
)]
pub async fn update_user(
    State(app): State<App>,
    PlatformApp { id: caller }: PlatformApp,
    Path(id): Path<UserId>,
    Body(body): Body<UserUpdateBody>,
) -> Result<Json<PlatformUserJson>> {
    // Before a password is hashed, which takes a processor for a while.
    app.store.read(move |conn| service::find_granted_user(conn, caller, id)).await?;
    let change = user::draft::read_change(body).await?;
    let base_url = app.settings.base_url.clone();
    let answer = app
        .store
        .write(move |tx| {
            service::find_granted_user(tx, caller, id)?;
            let user = user::service::update(tx, id, &change, &Actor::Operator)?;
            Ok::<_, Error>(PlatformUserJson::new(user, user::store::list_memberships(tx, id)?, &base_url))
        })
        .await?;
    Ok(Json(answer))
}

/// Delete a user. What it wrote stays, without sender.
#[utoipa::path(
    delete,
    path = "/platform/api/v1/users/{id}",
    operation_id = "deleteAUser",
    tag = "Users",
    params(("id" = i64, Path, description = "The user")),
    responses(
        (status = 200, description = "Gone; its rows follow in the background"),
        (status = 401, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such user", body = ErrorJson)
    ),
    security(("platformAppApiKey" = []))
)]
pub async fn delete_user(
    State(app): State<App>,
    PlatformApp { id: caller }: PlatformApp,
    Path(id): Path<UserId>,
) -> Result<Empty> {
    app.store
        .write(move |tx| {
            service::find_granted_user(tx, caller, id)?;
            user::service::delete(tx, id, &Actor::Operator)
        })
        .await?;
    Ok(Empty)
}

/// Where a user can be signed in, once and within five minutes.
#[utoipa::path(
    get,
    path = "/platform/api/v1/users/{id}/login",
    operation_id = "getSsoUrlOfAUser",
    tag = "Users",
    params(("id" = i64, Path, description = "The user")),
    responses(
        (status = 200, description = "The address", body = SignInLinkJson),
        (status = 401, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such user", body = ErrorJson)
    ),
    security(("platformAppApiKey" = []))
)]
pub async fn sign_in_link(
    State(app): State<App>,
    PlatformApp { id: caller }: PlatformApp,
    Path(id): Path<UserId>,
) -> Result<Json<SignInLinkJson>> {
    let base_url = app.settings.base_url.clone();
    let url = app
        .store
        .write(move |tx| {
            let user = service::find_granted_user(tx, caller, id)?;
            auth::service::sign_in_link(tx, &base_url, id, &user.email)
        })
        .await?;
    Ok(Json(SignInLinkJson { url }))
}

/// Where a user can be signed in.
#[derive(Serialize, ToSchema)]
#[schema(as = sign_in_link)]
pub struct SignInLinkJson {
    /// The address of a page.
    pub url: String,
}

/// Make a user a member of an account, or give a member another role.
#[utoipa::path(
    post,
    path = "/platform/api/v1/accounts/{account_id}/account_users",
    operation_id = "createAnAccountUser",
    tag = "AccountUsers",
    params(("account_id" = i64, Path, description = "The account")),
    request_body = AccountUserBody,
    responses(
        (status = 200, description = "The membership", body = AccountUserJson),
        (status = 401, description = "Not allowed", body = ErrorJson)
    ),
    security(("platformAppApiKey" = []))
)]
pub async fn create_account_user(
    State(app): State<App>,
    PlatformApp { id: caller }: PlatformApp,
    Path(account): Path<AccountId>,
    Body(body): Body<AccountUserBody>,
) -> Result<Json<AccountUserJson>> {
    let membership = app
        .store
        .write(move |tx| {
            service::find_granted_account(tx, caller, account)?;
            let user = body.user_id.ok_or_else(|| Error::invalid("user", "must exist"))?;
            let role = body.role.map(|word| word.0);
            agent::service::upsert(tx, account, user.id(), role, &Actor::Operator)
        })
        .await?;
    Ok(Json(membership.into()))
}

/// Take a user out of an account; whoever is no member is ignored.
#[utoipa::path(
    delete,
    path = "/platform/api/v1/accounts/{account_id}/account_users",
    operation_id = "deleteAnAccountUser",
    tag = "AccountUsers",
    params(("account_id" = i64, Path, description = "The account")),
    request_body = AccountUserRemovalBody,
    responses(
        (status = 200, description = "Removed"),
        (status = 401, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such account", body = ErrorJson)
    ),
    security(("platformAppApiKey" = []))
)]
pub async fn delete_account_user(
    State(app): State<App>,
    PlatformApp { id: caller }: PlatformApp,
    Path(account): Path<AccountId>,
    Body(body): Body<AccountUserRemovalBody>,
) -> Result<Empty> {
    app.store
        .write(move |tx| {
            service::find_granted_account(tx, caller, account)?;
            let user = body.user_id.ok_or_else(|| Error::invalid("user", "must exist"))?;
            agent::removal::remove(tx, account, user.id(), &Actor::Operator)
        })
        .await?;
    Ok(Empty)
}

/// The memberships of an account, the oldest first.
#[utoipa::path(
    get,
    path = "/platform/api/v1/accounts/{account_id}/account_users",
    operation_id = "listAllAccountUsers",
    tag = "AccountUsers",
    params(("account_id" = i64, Path, description = "The account")),
    responses(
        (status = 200, description = "The memberships", body = Vec<AccountUserJson>),
        (status = 401, description = "Not allowed", body = ErrorJson)
    ),
    security(("platformAppApiKey" = []))
)]
pub async fn list_account_users(
    State(app): State<App>,
    PlatformApp { id: caller }: PlatformApp,
    Path(account): Path<AccountId>,
) -> Result<Json<Vec<AccountUserJson>>> {
    let memberships = app
        .store
        .read(move |conn| {
            service::find_granted_account(conn, caller, account)?;
            agent::store::list_memberships(conn, account)
        })
        .await?;
    Ok(Json(memberships.into_iter().map(AccountUserJson::from).collect()))
}
