//! Agent bots over HTTP, for platform apps (rest.md §5.3).

use ::store::Tx;
use axum::extract::State;
use edge::{BodyWithFiles, Empty, ErrorJson, Json, Path, Result};
use types::AgentBotId;

use super::wire::{PlatformAgentBotBody, PlatformAgentBotJson};
use super::{Draft, service, store};
use crate::App;
use crate::access::PlatformApp;
use crate::file::fetch;
use crate::file::picture::{NewPicture, Owner};
use crate::file::upload::{self, Upload};
use crate::idempotency::{Answer, Once};

/// The bots that the calling app was granted.
#[utoipa::path(
    get,
    path = "/platform/api/v1/agent_bots",
    operation_id = "listAllAgentBots",
    tag = "AgentBots",
    responses(
        (status = 200, description = "By id", body = Vec<PlatformAgentBotJson>),
        (status = 401, description = "Not allowed", body = ErrorJson)
    ),
    security(("platformAppApiKey" = []))
)]
pub async fn list(
    State(app): State<App>,
    PlatformApp { id: caller }: PlatformApp,
) -> Result<Json<Vec<PlatformAgentBotJson>>> {
    let bots = app.store.read(move |conn| store::list_granted(conn, caller)).await?;
    Ok(Json(bots.into_iter().map(PlatformAgentBotJson::from).collect()))
}

/// One of the bots that the calling app was granted.
#[utoipa::path(
    get,
    path = "/platform/api/v1/agent_bots/{id}",
    operation_id = "getDetailsOfASingleAgentBot",
    tag = "AgentBots",
    params(("id" = i64, Path, description = "The bot")),
    responses(
        (status = 200, description = "The bot", body = PlatformAgentBotJson),
        (status = 401, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such bot", body = ErrorJson)
    ),
    security(("platformAppApiKey" = []))
)]
pub async fn show(
    State(app): State<App>,
    PlatformApp { id: caller }: PlatformApp,
    Path(id): Path<AgentBotId>,
) -> Result<Json<PlatformAgentBotJson>> {
    let bot = app.store.read(move |conn| service::find_granted(conn, caller, id)).await?;
    Ok(Json(bot.into()))
}

/// Make a bot; the calling app is granted it.
#[utoipa::path(
    post,
    path = "/platform/api/v1/agent_bots",
    operation_id = "createAnAgentBot",
    tag = "AgentBots",
    request_body = PlatformAgentBotBody,
    responses(
        (status = 200, description = "The bot", body = PlatformAgentBotJson),
        (status = 401, description = "Not allowed", body = ErrorJson)
    ),
    security(("platformAppApiKey" = []))
)]
pub async fn create(
    State(app): State<App>,
    PlatformApp { id: caller }: PlatformApp,
    once: Once,
    BodyWithFiles { value: body, files }: BodyWithFiles<PlatformAgentBotBody>,
) -> Result<Json<Answer<PlatformAgentBotJson>>> {
    let once = once.about(&(&body, &files));
    let (avatar, address) = (Upload::avatar(files).await?, fetch::address(body.avatar_url.as_ref())?);
    let draft = body.onto(Draft::of(None));
    let write = async |file| {
        let picture = NewPicture { file, address };
        once.write(&app, move |tx| {
            let bot = service::create_for_app(tx, caller, &draft)?;
            picture.apply(tx, Owner::of_bot(&bot), None)?;
            Ok(bot.into())
        })
        .await
    };
    upload::stored_avatar_once(&app, avatar, write).await
}

/// Change a bot that the calling app was granted.
#[utoipa::path(
    patch,
    path = "/platform/api/v1/agent_bots/{id}",
    operation_id = "updateAnAgentBot",
    tag = "AgentBots",
    params(("id" = i64, Path, description = "The bot")),
    request_body = PlatformAgentBotBody,
    responses(
        (status = 200, description = "The bot", body = PlatformAgentBotJson),
        (status = 401, description = "Not allowed", body = ErrorJson)
    ),
    security(("platformAppApiKey" = []))
)]
pub async fn update(
    State(app): State<App>,
    PlatformApp { id: caller }: PlatformApp,
    Path(id): Path<AgentBotId>,
    BodyWithFiles { value: body, files }: BodyWithFiles<PlatformAgentBotBody>,
) -> Result<Json<PlatformAgentBotJson>> {
    let (avatar, address) = (Upload::avatar(files).await?, fetch::address(body.avatar_url.as_ref())?);
    let write = async |file| {
        let picture = NewPicture { file, address };
        let change = move |tx: &mut Tx<'_>| {
            let bot = service::update_for_app(tx, caller, id, |before| body.onto(before))?;
            picture.apply(tx, Owner::of_bot(&bot), None)?;
            Ok(bot)
        };
        app.store.write(change).await
    };
    Ok(Json(upload::stored_avatar(&app, avatar, write).await?.into()))
}

/// Remove a bot that the calling app was granted; what it wrote stays, without sender.
#[utoipa::path(
    delete,
    path = "/platform/api/v1/agent_bots/{id}",
    operation_id = "deleteAnAgentBot",
    tag = "AgentBots",
    params(("id" = i64, Path, description = "The bot")),
    responses(
        (status = 200, description = "Removed"),
        (status = 401, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such bot", body = ErrorJson)
    ),
    security(("platformAppApiKey" = []))
)]
pub async fn delete(
    State(app): State<App>,
    PlatformApp { id: caller }: PlatformApp,
    Path(id): Path<AgentBotId>,
) -> Result<Empty> {
    app.store.write(move |tx| service::delete_for_app(tx, caller, id)).await?;
    Ok(Empty)
}

/// Take the picture of a bot that the calling app was granted.
#[utoipa::path(
    delete,
    path = "/platform/api/v1/agent_bots/{id}/avatar",
    operation_id = "deleteAvatarOfAnAgentBot",
    tag = "AgentBots",
    params(("id" = i64, Path, description = "The bot")),
    responses(
        (status = 200, description = "The bot, also when it had none", body = PlatformAgentBotJson),
        (status = 401, description = "The app is unknown", body = ErrorJson),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such bot", body = ErrorJson)
    ),
    security(("platformAppApiKey" = []))
)]
pub async fn delete_avatar(
    State(app): State<App>,
    PlatformApp { id: caller }: PlatformApp,
    Path(id): Path<AgentBotId>,
) -> Result<Json<PlatformAgentBotJson>> {
    let bot = app.store.write(move |tx| service::remove_picture_for_app(tx, caller, id)).await?;
    Ok(Json(bot.into()))
}
