//! Agent bots over HTTP, for members of an account (rest.md §5.5).

use ::store::Tx;
use axum::extract::State;
use edge::{BodyWithFiles, Empty, Error, ErrorJson, Json, Path, Result};
use types::{AccountId, AgentBotId};

use super::wire::{AgentBotBody, AgentBotJson};
use super::{Draft, service, store};
use crate::App;
use crate::access::{Administrator, Member};
use crate::events::Actor;
use crate::file::fetch;
use crate::file::picture::{NewPicture, Owner};
use crate::file::upload::{self, Upload};
use crate::idempotency::{Answer, Once};

/// The bots that the account may use: its own, and those of the whole installation.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/agent_bots",
    operation_id = "listAllAccountAgentBots",
    tag = "AccountAgentBots",
    params(("account_id" = i64, Path, description = "The account")),
    responses(
        (status = 200, description = "By id", body = Vec<AgentBotJson>),
        (status = 401, description = "Not allowed", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn list(State(app): State<App>, member: Member) -> Result<Json<Vec<AgentBotJson>>> {
    let account = member.account_id;
    let bots = app.store.read(move |conn| store::list_usable(conn, account)).await?;
    let base_url = &app.settings.base_url;
    Ok(Json(bots.into_iter().map(|bot| AgentBotJson::new(bot, &member, base_url)).collect()))
}

/// One of the bots that the account may use.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/agent_bots/{id}",
    operation_id = "getDetailsOfASingleAccountAgentBot",
    tag = "AccountAgentBots",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The bot")
    ),
    responses(
        (status = 200, description = "The bot", body = AgentBotJson),
        (status = 401, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such bot", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn show(
    State(app): State<App>,
    member: Member,
    Path((account, id)): Path<(AccountId, AgentBotId)>,
) -> Result<Json<AgentBotJson>> {
    let found = app.store.read(move |conn| store::find_usable(conn, account, id)).await?;
    let bot = found.ok_or(Error::NotFound("agent bot"))?;
    Ok(Json(AgentBotJson::new(bot, &member, &app.settings.base_url)))
}

/// Make a bot of the account.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/agent_bots",
    operation_id = "createAnAccountAgentBot",
    tag = "AccountAgentBots",
    params(("account_id" = i64, Path, description = "The account")),
    request_body = AgentBotBody,
    responses(
        (status = 200, description = "The bot", body = AgentBotJson),
        (status = 401, description = "Not allowed", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn create(
    State(app): State<App>,
    Administrator(member): Administrator,
    once: Once,
    BodyWithFiles { value: body, files }: BodyWithFiles<AgentBotBody>,
) -> Result<Json<Answer<AgentBotJson>>> {
    let once = once.about(&(&body, &files));
    body.check_type()?;
    let (avatar, address) = (Upload::avatar(files).await?, fetch::address(body.avatar_url.as_ref())?);
    let draft = body.onto(Draft::of(Some(member.account_id)));
    let base_url = app.settings.base_url.clone();
    let write = async |file| {
        let picture = NewPicture { file, address };
        once.write(&app, move |tx| {
            let mut bot = service::create(tx, &draft, &Actor::from(&member))?;
            bot.avatar = picture.apply(tx, Owner::of_bot(&bot), bot.avatar)?;
            Ok(AgentBotJson::new(bot, &member, &base_url))
        })
        .await
    };
    upload::stored_avatar_once(&app, avatar, write).await
}

/// Change a bot of the account.
#[utoipa::path(
    patch,
    path = "/api/v1/accounts/{account_id}/agent_bots/{id}",
    operation_id = "updateAnAccountAgentBot",
    tag = "AccountAgentBots",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The bot")
    ),
    request_body = AgentBotBody,
    responses(
        (status = 200, description = "The bot", body = AgentBotJson),
        (status = 401, description = "Not allowed", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn update(
    State(app): State<App>,
    Administrator(member): Administrator,
    Path((account, id)): Path<(AccountId, AgentBotId)>,
    BodyWithFiles { value: body, files }: BodyWithFiles<AgentBotBody>,
) -> Result<Json<AgentBotJson>> {
    body.check_type()?;
    let (avatar, address) = (Upload::avatar(files).await?, fetch::address(body.avatar_url.as_ref())?);
    let actor = Actor::from(&member);
    let write = async |file| {
        let picture = NewPicture { file, address };
        let change = move |tx: &mut Tx<'_>| {
            let mut bot = service::update(tx, account, id, |before| body.onto(before), &actor)?;
            bot.avatar = picture.apply(tx, Owner::of_bot(&bot), bot.avatar)?;
            Ok(bot)
        };
        app.store.write(change).await
    };
    let bot = upload::stored_avatar(&app, avatar, write).await?;
    Ok(Json(AgentBotJson::new(bot, &member, &app.settings.base_url)))
}

/// Remove a bot of the account; what it wrote stays, without sender.
#[utoipa::path(
    delete,
    path = "/api/v1/accounts/{account_id}/agent_bots/{id}",
    operation_id = "deleteAnAccountAgentBot",
    tag = "AccountAgentBots",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The bot")
    ),
    responses(
        (status = 200, description = "Removed"),
        (status = 401, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such bot", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn delete(
    State(app): State<App>,
    Administrator(member): Administrator,
    Path((account, id)): Path<(AccountId, AgentBotId)>,
) -> Result<Empty> {
    app.store.write(move |tx| service::delete(tx, account, id, &Actor::from(&member))).await?;
    Ok(Empty)
}

/// Give a bot of the account another API key; the one before is worth nothing from now on.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/agent_bots/{id}/reset_access_token",
    operation_id = "resetAccessTokenOfAnAccountAgentBot",
    tag = "AccountAgentBots",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The bot")
    ),
    responses(
        (status = 200, description = "The bot", body = AgentBotJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such bot", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn reset_access_token(
    State(app): State<App>,
    Administrator(member): Administrator,
    Path((account, id)): Path<(AccountId, AgentBotId)>,
) -> Result<Json<AgentBotJson>> {
    let actor = Actor::from(&member);
    let bot = app.store.write(move |tx| service::reset_token(tx, account, id, &actor)).await?;
    Ok(Json(AgentBotJson::new(bot, &member, &app.settings.base_url)))
}

/// Give a bot of the account another secret; the one before stays good for a day.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/agent_bots/{id}/reset_secret",
    operation_id = "resetSecretOfAnAccountAgentBot",
    tag = "AccountAgentBots",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The bot")
    ),
    responses(
        (status = 200, description = "The bot", body = AgentBotJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such bot", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn reset_secret(
    State(app): State<App>,
    Administrator(member): Administrator,
    Path((account, id)): Path<(AccountId, AgentBotId)>,
) -> Result<Json<AgentBotJson>> {
    let actor = Actor::from(&member);
    let bot = app.store.write(move |tx| service::reset_secret(tx, account, id, &actor)).await?;
    Ok(Json(AgentBotJson::new(bot, &member, &app.settings.base_url)))
}

/// Take the picture of a bot of the account.
#[utoipa::path(
    delete,
    path = "/api/v1/accounts/{account_id}/agent_bots/{id}/avatar",
    operation_id = "deleteAvatarOfAnAccountAgentBot",
    tag = "AccountAgentBots",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The bot")
    ),
    responses(
        (status = 200, description = "The bot, also when it had none", body = AgentBotJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such bot", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn delete_avatar(
    State(app): State<App>,
    Administrator(member): Administrator,
    Path((account, id)): Path<(AccountId, AgentBotId)>,
) -> Result<Json<AgentBotJson>> {
    let bot = app.store.write(move |tx| service::remove_picture(tx, account, id)).await?;
    Ok(Json(AgentBotJson::new(bot, &member, &app.settings.base_url)))
}
