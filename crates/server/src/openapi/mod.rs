//! The published documents: `/openapi.json`, made of the handlers' attributes and the types that they return, and
//! `/swagger.json`, made of that.

pub mod routes;
mod shared;

use std::sync::{Arc, OnceLock};

use axum::routing::get;
use axum::{Router, body::Bytes};
use serde_json::Value;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::openapi::{Components, InfoBuilder, License, OpenApi};

use crate::{App, swagger};

/// Adds what no handler says: title, licence, security schemes, shared answers.
pub fn complete(mut document: OpenApi) -> OpenApi {
    document.info = InfoBuilder::new()
        .title("Ooctopus")
        .description(Some("The whole customer-support desk: contacts, conversations, messages, and who may see them."))
        .version(env!("CARGO_PKG_VERSION"))
        .license(Some(License::new("MIT")))
        .build();
    shared::add(&mut document);
    let components = document.components.get_or_insert_with(Components::new);
    for name in ["userApiKey", "agentBotApiKey", "platformAppApiKey"] {
        let key = ApiKey::Header(ApiKeyValue::new("api_access_token"));
        components.add_security_scheme(name, SecurityScheme::ApiKey(key));
    }
    document
}

/// The routes of the documents on a server at `base_url`. Each document is written when it is asked for the first time, and
/// kept as text.
pub fn routes(base_url: String) -> Router<App> {
    Router::new()
        .merge(route("/openapi.json", || to_text(&crate::routes::document())))
        .merge(route("/swagger.json", move || {
            to_text(&swagger::served_at(swagger::document(&to_value(&crate::routes::document())), &base_url))
        }))
}

/// A route that answers with what `write` has written, once.
fn route(path: &str, write: impl Fn() -> String + Send + Sync + 'static) -> Router<App> {
    let document = Arc::new((write, OnceLock::<Bytes>::new()));
    let show = async move || {
        let (write, text) = document.as_ref();
        let text = text.get_or_init(|| Bytes::from(write())).clone();
        ([("content-type", "application/json; charset=utf-8")], text)
    };
    Router::new().route(path, get(show))
}

/// The document as JSON.
pub fn to_value(document: &OpenApi) -> Value {
    serde_json::to_value(document).expect("an OpenAPI document always serialises")
}

/// A document as a file, with a final newline.
pub fn to_text(document: &impl serde::Serialize) -> String {
    let mut text = serde_json::to_string_pretty(document).expect("a document always serialises");
    text.push('\n');
    text
}
