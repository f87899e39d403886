//! The account over HTTP, for its members (superset §2, rest.md §8.1).

use axum::extract::State;
use edge::{Body, Empty, Error, ErrorJson, Json, Result};
use http::HeaderName;
use http::header::CACHE_CONTROL;
use store::{Conn, Stamps};
use types::AccountId;

use super::wire::{AccountCacheKeysJson, OwnAccountBody, OwnAccountJson};
use super::{own, service, store as accounts};
use crate::access::{Administrator, Insider, Member};
use crate::events::Actor;
use crate::{App, agent};

/// How long clients need not ask for cache keys again.
const TEN_SECONDS: [(HeaderName, &str); 1] = [(CACHE_CONTROL, "max-age=10, private")];

/// The account, with what changes when the lists change that clients keep.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}",
    operation_id = "getAccount",
    tag = "Account",
    params(("account_id" = i64, Path, description = "The account")),
    responses(
        (status = 200, description = "The account", body = OwnAccountJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such account, or none of the caller's", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn show(State(app): State<App>, Insider(member): Insider) -> Result<Json<OwnAccountJson>> {
    let sender = app.settings.mail_sender.clone();
    Ok(Json(app.store.read(move |conn| load(conn, member.account_id, sender.as_deref())).await?))
}

/// Change the account; administrators only. What is absent stays, settings and attributes are merged.
#[utoipa::path(
    patch,
    path = "/api/v1/accounts/{account_id}",
    operation_id = "updateAccount",
    tag = "Account",
    params(("account_id" = i64, Path, description = "The account")),
    request_body = OwnAccountBody,
    responses(
        (status = 200, description = "The account", body = OwnAccountJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such account, or none of the caller's", body = ErrorJson),
        (status = 422, description = "A field cannot be so", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn update(
    State(app): State<App>,
    _: Insider,
    Administrator(member): Administrator,
    Body(body): Body<OwnAccountBody>,
) -> Result<Json<OwnAccountJson>> {
    let change = own::read_change(body)?;
    let sender = app.settings.mail_sender.clone();
    let answer = app
        .store
        .write(move |tx| {
            service::update(tx, member.account_id, &change, &Actor::from(&member))?;
            load(tx, member.account_id, sender.as_deref())
        })
        .await?;
    Ok(Json(answer))
}

/// Note that the caller has gone to the account: it is the active one from now on.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/update_active_at",
    operation_id = "updateActiveAt",
    tag = "Account",
    params(("account_id" = i64, Path, description = "The account")),
    responses(
        (status = 200, description = "Noted"),
        (status = 403, description = "Not allowed", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn update_active_at(State(app): State<App>, member: Member) -> Result<Empty> {
    app.store.write(move |tx| agent::service::go_to_account(tx, member.account_id, member.user_id)).await?;
    Ok(Empty)
}

/// What changes when the lists change that clients keep.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/cache_keys",
    operation_id = "getCacheKeys",
    tag = "Account",
    params(("account_id" = i64, Path, description = "The account")),
    responses(
        (status = 200, description = "The keys", body = AccountCacheKeysJson),
        (status = 403, description = "Not allowed", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn cache_keys(
    State(app): State<App>,
    member: Member,
) -> Result<([(HeaderName, &'static str); 1], Json<AccountCacheKeysJson>)> {
    let stamps = app.store.read(move |conn| Ok::<_, Error>(Stamps::load(conn, member.account_id)?)).await?;
    Ok((TEN_SECONDS, Json(AccountCacheKeysJson { cache_keys: (&stamps).into() })))
}

fn load(conn: &mut Conn<'_>, id: AccountId, mail_sender: Option<&str>) -> Result<OwnAccountJson> {
    let account = accounts::find(conn, id)?.ok_or(Error::NotFound("account"))?;
    Ok(account.into_own_json(&Stamps::load(conn, id)?, mail_sender))
}
