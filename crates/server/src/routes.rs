//! Every route of the product, in reading order, and the service around them.

use axum::routing::get;
use axum::{Extension, Router};
use edge::Documented;
use edge::rewrite::Rewrite;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::{
    App, agent, canned_response, contact, conversation, file, health, inbox, message, openapi, platform, profile,
    public_api, team,
};

/// Resources whose documented update verb is PUT (rest.md §1.1).
const UPDATED_BY_PUT: &[&str] = &["/api/v1/accounts/{}/contacts/{}"];

/// The product as a service: every route inside of the manners of the wire.
pub fn router(app: App) -> Rewrite {
    let (router, document) = routes().split_for_parts();
    let documented = Documented::from_openapi(&document);
    let settings =
        edge::Settings { timeout: app.settings.request_timeout, upload_timeout: app.settings.upload_timeout };
    let (multipart, uploads) = (app.settings.multipart_limit, app.settings.uploads.clone());
    let limit = edge::BodyLimit(app.settings.body_limit);
    let text = openapi::to_text(&openapi::complete(document));
    let router: Router = router
        .merge(file::routes::routes())
        .route("/openapi.json", get(async move || ([("content-type", "application/json; charset=utf-8")], text)))
        .layer((Extension(limit), Extension(multipart), Extension(uploads)))
        .with_state(app);
    edge::rewrite::around(edge::layers::wrap(router, documented, settings), UPDATED_BY_PUT)
}

/// The document of the routes, as `/openapi.json` shows it.
pub fn document() -> OpenApi {
    openapi::complete(routes().split_for_parts().1)
}

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().merge(platform()).merge(team()).merge(conversations()).merge(public()).merge(health::routes())
}

fn platform() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(platform::routes::create_account))
        .routes(routes!(platform::routes::show_account, platform::routes::update_account))
        .routes(routes!(platform::routes::create_user))
        .routes(routes!(platform::routes::show_user, platform::routes::update_user))
        .routes(routes!(platform::routes::create_account_user, platform::routes::list_account_users))
}

fn team() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(profile::show))
        .routes(routes!(agent::routes::list))
        .routes(routes!(inbox::routes::list, inbox::routes::create))
        .routes(routes!(inbox::routes::show))
        .routes(routes!(inbox::routes::add_members))
        .routes(routes!(inbox::routes::list_members))
        .routes(routes!(canned_response::routes::list, canned_response::routes::create))
        .routes(routes!(canned_response::routes::update, canned_response::routes::delete))
        .routes(routes!(team::routes::list, team::routes::create))
        .routes(routes!(team::routes::show, team::routes::update, team::routes::delete))
        .routes(routes!(team::members::list, team::members::add, team::members::set, team::members::remove))
        .routes(routes!(contact::routes::list, contact::routes::create))
        .routes(routes!(contact::routes::search))
        .routes(routes!(contact::routes::show))
}

fn conversations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(conversation::routes::list, conversation::routes::create))
        .routes(routes!(conversation::routes::meta))
        .routes(routes!(conversation::routes::show))
        .routes(routes!(conversation::routes::toggle_status))
        .routes(routes!(conversation::routes::assign))
        .routes(routes!(conversation::routes::list_labels, conversation::routes::set_labels))
        .routes(routes!(message::routes::list, message::routes::create))
}

fn public() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(public_api::routes::create_contact))
        .routes(routes!(public_api::routes::show_contact))
        .routes(routes!(public_api::routes::list_conversations, public_api::routes::create_conversation))
        .routes(routes!(public_api::routes::list_messages, public_api::routes::create_message))
}
