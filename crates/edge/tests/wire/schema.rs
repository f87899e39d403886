//! Field types in the published document.

use edge::field::{Flag, Int, Ints, Maybe, Object, Text, Texts, Word};
use serde_json::{Value, json};
use types::{Priority, Status};
use utoipa::{OpenApi, ToSchema};

#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is looked at")]
struct Update {
    inbox_id: Int,
    name: Text,
    open: Option<Flag>,
    #[schema(inline)]
    snoozed_until: Maybe<Int>,
    status: Word<Status>,
    #[schema(inline)]
    priority: Maybe<Word<Priority>>,
    ids: Ints,
    labels: Option<Texts>,
    custom_attributes: Object,
    note: Maybe<String>,
}

#[derive(OpenApi)]
#[openapi(components(schemas(Update)))]
struct Document;

#[test]
fn lenient_fields_are_documented_as_plain_json() {
    let document: Value = serde_json::to_value(Document::openapi()).unwrap();
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["Int"], json!({"type": "integer", "format": "int64"}));
    assert_eq!(schemas["Text"], json!({"type": "string"}));
    assert_eq!(schemas["Flag"], json!({"type": "boolean"}));
    assert_eq!(schemas["Ints"]["type"], "array");
    assert_eq!(schemas["Texts"]["items"]["type"], "string");
    assert_eq!(schemas["Name_Status"]["enum"], json!(["open", "resolved", "pending", "snoozed"]));
    assert_eq!(schemas["Nullable_String"]["oneOf"], json!([{"type": "null"}, {"type": "string"}]));
    let update = &schemas["Update"]["properties"];
    assert_eq!(update["custom_attributes"], json!({"type": "object"}));
    assert_eq!(update["snoozed_until"]["oneOf"][1]["format"], "int64");
    assert_eq!(update["priority"]["oneOf"][1]["enum"][3], "urgent");
    assert_eq!(update["status"]["$ref"], "#/components/schemas/Name_Status");
}
