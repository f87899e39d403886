//! Every route of the product, in reading order, and the service around them.

use axum::{Extension, Router};
use edge::Documented;
use edge::rewrite::Rewrite;
use utoipa::openapi::OpenApi;

use crate::openapi::routes::{Routes, routes};
use crate::{
    App, account, agent, agent_bot, auth, automation_rule, cable, canned_response, contact, conversation,
    custom_attribute, custom_filter, delivery, file, health, inbox, integration, label, message, openapi, page,
    platform, profile, public_api, report, setup, survey, team, webhook,
};

/// Resources whose documented update verb is PUT (rest.md §1.1), and where bytes are put.
const UPDATED_BY_PUT: &[&str] = &[
    "/api/v1/accounts/{}/contacts/{}",
    "/api/v1/profile",
    "/auth/password",
    "/api/v1/profile/set_active_account",
    "/rails/active_storage/disk/{}",
];

/// The product as a service: every route inside of the manners of the wire.
pub fn router(app: App) -> Rewrite {
    let documented = Documented::when_asked(|| routes().into_document());
    let settings =
        edge::Settings { timeout: app.settings.request_timeout, upload_timeout: app.settings.upload_timeout };
    let (multipart, uploads) = (app.settings.multipart_limit, app.settings.uploads.clone());
    let limit = edge::BodyLimit(app.settings.body_limit);
    let documents = openapi::routes(app.settings.base_url.to_string());
    let router: Router = routes()
        .into_router()
        .merge(file::routes::routes())
        .merge(documents)
        .merge(pages())
        .route("/cable", axum::routing::get(cable::routes::cable))
        .layer((Extension(limit), Extension(multipart), Extension(uploads)))
        .with_state(app);
    edge::rewrite::around(edge::layers::wrap(router, documented, settings), UPDATED_BY_PUT)
}

/// The document of the routes, as `/openapi.json` shows it.
pub fn document() -> OpenApi {
    openapi::complete(routes().into_document())
}

/// Pages for people; the document does not list them.
fn pages() -> Router<App> {
    Router::new()
        .merge(auth::page::routes())
        .route("/installation/onboarding", setup::routes::page())
        .route("/survey/responses/{uuid}", survey::routes::page())
        // Of these routes only: what is not found is the wire's to answer.
        .route_layer(axum::middleware::from_fn(page::only_for_people))
}

fn routes() -> Routes {
    Routes::new()
        .merge(platform())
        .merge(sessions())
        .merge(team())
        .merge(settings())
        .merge(conversations())
        .merge(public())
        .merge(health::routes())
}

fn platform() -> Routes {
    Routes::new()
        .routes(routes!(platform::routes::create_account))
        .routes(routes!(
            platform::routes::show_account,
            platform::routes::update_account,
            platform::routes::delete_account
        ))
        .routes(routes!(platform::routes::create_user))
        .routes(routes!(platform::routes::show_user, platform::routes::update_user, platform::routes::delete_user))
        .routes(routes!(platform::routes::sign_in_link))
        .routes(routes!(
            platform::routes::create_account_user,
            platform::routes::list_account_users,
            platform::routes::delete_account_user
        ))
        .routes(routes!(agent_bot::platform::list, agent_bot::platform::create))
        .routes(routes!(agent_bot::platform::show, agent_bot::platform::update, agent_bot::platform::delete))
        .routes(routes!(agent_bot::platform::delete_avatar))
}

fn sessions() -> Routes {
    Routes::new()
        .routes(routes!(auth::routes::sign_in))
        .routes(routes!(auth::routes::validate))
        .routes(routes!(auth::routes::sign_out))
        .routes(routes!(auth::routes::ask_for_password, auth::routes::set_password))
        .routes(routes!(auth::routes::confirm))
        .routes(routes!(auth::routes::resend_confirmation))
        .routes(routes!(auth::sign_up::sign_up))
}

fn team() -> Routes {
    Routes::new()
        .routes(routes!(account::routes::show, account::routes::update))
        .routes(routes!(account::routes::update_active_at))
        .routes(routes!(account::routes::cache_keys))
        .routes(routes!(profile::routes::show, profile::routes::update))
        .routes(routes!(profile::routes::delete_avatar))
        .routes(routes!(profile::routes::resend_confirmation))
        .routes(routes!(profile::routes::set_availability))
        .routes(routes!(profile::routes::set_auto_offline))
        .routes(routes!(profile::routes::set_active_account))
        .routes(routes!(profile::routes::reset_access_token))
        .routes(routes!(agent::routes::list, agent::routes::create))
        .routes(routes!(agent::routes::bulk_create))
        .routes(routes!(agent::routes::update, agent::routes::delete))
        .routes(routes!(agent_bot::routes::list, agent_bot::routes::create))
        .routes(routes!(agent_bot::routes::show, agent_bot::routes::update, agent_bot::routes::delete))
        .routes(routes!(agent_bot::routes::reset_access_token))
        .routes(routes!(agent_bot::routes::reset_secret))
        .routes(routes!(agent_bot::routes::delete_avatar))
        .routes(routes!(inbox::routes::list, inbox::routes::create))
        .routes(routes!(inbox::routes::show, inbox::routes::update, inbox::routes::delete))
        .routes(routes!(inbox::routes::delete_avatar))
        .routes(routes!(inbox::routes::reset_secret))
        .routes(routes!(inbox::bot::show))
        .routes(routes!(inbox::bot::set))
        .routes(routes!(inbox::members::list_assignable_in_inbox))
        .routes(routes!(inbox::members::list_assignable))
        .routes(routes!(inbox::members::add, inbox::members::set, inbox::members::remove))
        .routes(routes!(inbox::members::list, inbox::members::remove_from))
        .routes(routes!(canned_response::routes::list, canned_response::routes::create))
        .routes(routes!(canned_response::routes::update, canned_response::routes::delete))
        .routes(routes!(custom_attribute::routes::list, custom_attribute::routes::create))
        .routes(routes!(
            custom_attribute::routes::show,
            custom_attribute::routes::update,
            custom_attribute::routes::delete
        ))
        .routes(routes!(report::routes::series))
        .routes(routes!(report::routes::summary))
        .routes(routes!(report::routes::account_live))
        .routes(routes!(report::routes::agent_live))
        .routes(routes!(label::routes::list, label::routes::create))
        .routes(routes!(label::routes::show, label::routes::update, label::routes::delete))
        .routes(routes!(team::routes::list, team::routes::create))
        .routes(routes!(team::routes::show, team::routes::update, team::routes::delete))
        .routes(routes!(team::members::list, team::members::add, team::members::set, team::members::remove))
        .routes(routes!(contact::routes::list, contact::routes::create))
        .routes(routes!(contact::routes::search))
        .routes(routes!(contact::filter::filter))
        .routes(routes!(contact::routes::show, contact::change::update, contact::routes::delete))
        .routes(routes!(contact::labels::list, contact::labels::set))
        .routes(routes!(contact::change::destroy_custom_attributes))
        .routes(routes!(contact::change::delete_avatar))
        .routes(routes!(contact::reach::create_session))
        .routes(routes!(contact::reach::list_contactable_inboxes))
        .routes(routes!(contact::reach::list_conversations))
}

fn settings() -> Routes {
    Routes::new()
        .routes(routes!(custom_filter::routes::list, custom_filter::routes::create))
        .routes(routes!(custom_filter::routes::show, custom_filter::routes::update, custom_filter::routes::delete))
        .routes(routes!(integration::routes::list))
        .routes(routes!(integration::routes::show))
        .routes(routes!(integration::routes::create))
        .routes(routes!(integration::routes::update, integration::routes::delete))
        .routes(routes!(automation_rule::routes::list, automation_rule::routes::create))
        .routes(routes!(automation_rule::routes::attach_file))
        .routes(routes!(
            automation_rule::routes::show,
            automation_rule::routes::update,
            automation_rule::routes::delete
        ))
        .routes(routes!(automation_rule::routes::copy))
        .routes(routes!(webhook::routes::list, webhook::routes::create))
        .routes(routes!(webhook::routes::update, webhook::routes::delete))
        .routes(routes!(webhook::routes::reset_secret))
        .routes(routes!(delivery::routes::list_endpoints))
        .routes(routes!(delivery::routes::update_endpoint))
        .routes(routes!(delivery::routes::test_endpoint))
        .routes(routes!(delivery::routes::pause_endpoint))
        .routes(routes!(delivery::routes::resume_endpoint))
        .routes(routes!(delivery::routes::replay_endpoint))
        .routes(routes!(delivery::routes::list_deliveries))
        .routes(routes!(delivery::routes::get_delivery))
        .routes(routes!(delivery::routes::replay_delivery))
        .routes(routes!(delivery::stream::events))
}

fn conversations() -> Routes {
    Routes::new()
        .routes(routes!(conversation::routes::list, conversation::routes::create))
        .routes(routes!(conversation::routes::meta))
        .routes(routes!(conversation::filter::filter))
        .routes(routes!(conversation::routes::show, conversation::priority::update))
        .routes(routes!(conversation::routes::toggle_status))
        .routes(routes!(conversation::priority::toggle))
        .routes(routes!(conversation::attributes::set))
        .routes(routes!(conversation::mute::mute))
        .routes(routes!(conversation::mute::unmute))
        .routes(routes!(conversation::typing::toggle))
        .routes(routes!(conversation::seen::mark_read))
        .routes(routes!(conversation::seen::mark_unread))
        .routes(routes!(conversation::routes::assign))
        .routes(routes!(conversation::routes::list_labels, conversation::routes::set_labels))
        .routes(routes!(message::routes::list, message::routes::create))
        .routes(routes!(message::deletion::delete))
        .routes(routes!(file::deposit::create))
        .routes(routes!(file::direct::announce))
}

fn public() -> Routes {
    Routes::new()
        .routes(routes!(public_api::inbox::show))
        .routes(routes!(public_api::routes::create_contact))
        .routes(routes!(public_api::routes::show_contact, public_api::change::update_contact))
        .routes(routes!(public_api::routes::list_conversations, public_api::routes::create_conversation))
        .routes(routes!(public_api::conversation::show))
        .routes(routes!(public_api::conversation::resolve))
        .routes(routes!(public_api::conversation::toggle_typing))
        .routes(routes!(public_api::conversation::update_last_seen))
        .routes(routes!(public_api::routes::list_messages, public_api::routes::create_message))
        .routes(routes!(public_api::answer::answer))
        .routes(routes!(survey::routes::show, survey::routes::answer))
}
