//! The OpenAPI document: made of the handlers' attributes and the types that they return.

use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::openapi::{Components, InfoBuilder, License, OpenApi};

/// Adds what no handler says: title, licence, security schemes.
pub fn complete(mut document: OpenApi) -> OpenApi {
    document.info = InfoBuilder::new()
        .title("Ooctopus")
        .description(Some("The whole customer-support desk: contacts, conversations, messages, and who may see them."))
        .version(env!("CARGO_PKG_VERSION"))
        .license(Some(License::new("MIT")))
        .build();
    let components = document.components.get_or_insert_with(Components::new);
    for name in ["userApiKey", "agentBotApiKey", "platformAppApiKey"] {
        let key = ApiKey::Header(ApiKeyValue::new("api_access_token"));
        components.add_security_scheme(name, SecurityScheme::ApiKey(key));
    }
    document
}

/// The document as a file, with a final newline.
pub fn to_text(document: &OpenApi) -> String {
    let mut text = serde_json::to_string_pretty(document).expect("an OpenAPI document always serialises");
    text.push('\n');
    text
}
