//! Lenient fields, read from a request.

use axum::Router;
use axum::routing::post as on_post;
use edge::field::{Flag, Int, Ints, Maybe, Object, Text, Texts, Word};
use edge::rewrite::Rewrite;
use edge::{Body, Json, Shape};
use serde::Deserialize;
use serde_json::{Value, json};
use types::{Status, UserId};

use crate::support::{Answer, app, post};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Fields {
    int: Option<Int>,
    text: Option<Text>,
    flag: Option<Flag>,
    object: Option<Object>,
    ints: Option<Ints>,
    texts: Option<Texts>,
    word: Option<Word<Status>>,
    maybe: Maybe<Int>,
    maybe_text: Maybe<Text>,
    rows: Vec<Row>,
}
impl Shape for Fields {}

#[derive(Debug, Deserialize)]
struct Row {
    day: Int,
    #[serde(default)]
    closed: Option<Flag>,
}

fn fields() -> Rewrite {
    let handler = async |Body(fields): Body<Fields>| {
        Json(json!({
            "int": fields.int.map(Int::get),
            "text": fields.text.map(|text| text.0),
            "flag": fields.flag.map(Flag::get),
            "object": fields.object.map(Object::into_json),
            "ints": fields.ints.map(|ints| ints.0),
            "texts": fields.texts.map(|texts| texts.0),
            "word": fields.word.map(|word| word.0),
            "maybe": format!("{:?}", fields.maybe.map(Int::get)),
            "maybe_text": format!("{:?}", fields.maybe_text.map(|text| text.0)),
            "rows": fields.rows.iter().map(|row| json!([row.day.get(), row.closed.map(Flag::get)])).collect::<Vec<_>>(),
        }))
    };
    app(Router::new().route("/api/fields", on_post(handler)))
}

async fn json_body(body: &Value) -> Answer {
    post(&fields(), "/api/fields", "application/json", body.to_string()).await
}

/// What `field` becomes when `value` is sent for it.
async fn read(field: &str, value: Value) -> Value {
    let answer = json_body(&json!({ field: value })).await;
    assert_eq!(answer.status, 200, "{field} {value}: {answer:?}");
    answer.json()[field].take()
}

/// Asserts that `value` is refused for `field`, naming it; gives the message.
async fn refused(field: &str, value: Value) -> String {
    let answer = json_body(&json!({ field: value })).await;
    assert_eq!(answer.attributes(), [field], "{value}");
    answer.json()["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn ints() {
    for (sent, number) in [
        (json!(7), 7),
        (json!(-7), -7),
        (json!(7.0), 7),
        (json!("7"), 7),
        (json!(" -7 "), -7),
        (json!("7.00"), 7),
        (json!(i64::MAX), i64::MAX),
        (json!(i64::MIN.to_string()), i64::MIN),
    ] {
        assert_eq!(read("int", sent.clone()).await, json!(number), "{sent}");
    }
    for none in [json!(null), json!(""), json!(" ")] {
        assert_eq!(read("int", none).await, json!(null));
    }
    let huge = serde_json::from_str("123456789012345678901234567890").unwrap();
    for sent in [
        json!(7.5),
        json!("7.5"),
        json!("7."),
        json!("seven"),
        json!("0x7"),
        json!("1e3"),
        json!(u64::MAX),
        json!(9_223_372_036_854_775_808_u64),
        json!("9223372036854775808"),
        json!(1e19),
        huge,
        json!(true),
        json!([7]),
        json!({}),
    ] {
        assert_eq!(refused("int", sent).await, "Int must be a whole number");
    }
    assert_eq!(Int(7).id(), UserId::new(7));
}

#[tokio::test]
async fn texts() {
    for (sent, text) in [
        (json!("a "), "a "),
        (json!(""), ""),
        (json!(7), "7"),
        (json!(-1.5), "-1.5"),
        (json!(u64::MAX), "18446744073709551615"),
        (json!(true), "true"),
    ] {
        assert_eq!(read("text", sent.clone()).await, json!(text), "{sent}");
    }
    for sent in [json!({}), json!(["a"])] {
        assert_eq!(refused("text", sent).await, "Text must be a text");
    }
}

#[tokio::test]
async fn flags() {
    for sent in
        [json!(false), json!(0), json!("0"), json!("f"), json!("false"), json!("FALSE"), json!("off"), json!(0.0)]
    {
        assert_eq!(read("flag", sent.clone()).await, json!(false), "{sent}");
    }
    for sent in [json!(true), json!(1), json!("1"), json!("t"), json!("yes"), json!("no"), json!(2)] {
        assert_eq!(read("flag", sent.clone()).await, json!(true), "{sent}");
    }
    for sent in [json!(null), json!("")] {
        assert_eq!(read("flag", sent).await, json!(null));
    }
    assert_eq!(refused("flag", json!([])).await, "Flag must be true or false");
}

#[tokio::test]
async fn objects() {
    assert_eq!(read("object", json!({"a": {"b": [1, null]}, "c": null})).await, json!({"a": {"b": [1]}, "c": null}));
    assert_eq!(read("object", json!("{\"a\":[1,null]}")).await, json!({"a": [1]}));
    assert_eq!(read("object", json!("")).await, json!(null));
    let nul = r#"{"a":"\u0000"}"#;
    for sent in [json!(1), json!([]), json!("[1]"), json!("{"), json!(nul), json!("[".repeat(1_000))] {
        refused("object", sent).await;
    }
}

#[tokio::test]
async fn lists() {
    for sent in [json!([1, "2", 3.0]), json!("1, 2,,3"), json!(["1", "", "2", null, 3])] {
        assert_eq!(read("ints", sent.clone()).await, json!([1, 2, 3]), "{sent}");
    }
    for (sent, list) in
        [(json!(7), json!([7])), (json!(7.0), json!([7])), (json!(""), json!([])), (json!([]), json!([]))]
    {
        assert_eq!(read("ints", sent).await, list);
    }
    for sent in [json!(["a"]), json!("a"), json!([[1]]), json!([1.5]), json!({}), json!(true), json!("1,2.5")] {
        refused("ints", sent).await;
    }
    for (sent, list) in [
        (json!([" a ", 7, true, ""]), json!(["a", "7", "true"])),
        (json!("a, b,,c "), json!(["a", "b", "c"])),
        (json!(""), json!([])),
    ] {
        assert_eq!(read("texts", sent).await, list);
    }
    for sent in [json!([["a"]]), json!({"a": 1}), json!([{}])] {
        refused("texts", sent).await;
    }
}

#[tokio::test]
async fn words() {
    assert_eq!(read("word", json!("open")).await, json!("open"));
    assert_eq!(read("word", json!("")).await, json!(null));
    for sent in [json!("Open"), json!("asleep"), json!(1)] {
        assert_eq!(refused("word", sent).await, "Word is not included in the list");
    }
    refused("word", json!({})).await;
}

#[tokio::test]
async fn absent_and_null_are_told_apart() {
    let maybe = async |body: Value| json_body(&body).await.json();
    assert_eq!(maybe(json!({})).await["maybe"], "Absent");
    assert_eq!(maybe(json!({"maybe": null})).await["maybe"], "Null");
    assert_eq!(maybe(json!({"maybe": ""})).await["maybe"], "Null");
    assert_eq!(maybe(json!({"maybe": "7"})).await["maybe"], "Value(7)");
    assert_eq!(maybe(json!({"maybe_text": ""})).await["maybe_text"], "Value(\"\")");
    assert_eq!(refused("maybe", json!("x")).await, "Maybe must be a whole number");

    assert_eq!(Maybe::Absent.or_keep(Some(1)), Some(1));
    assert_eq!(Maybe::Null.or_keep(Some(1)), None);
    assert_eq!(Maybe::Value(2).or_keep(Some(1)), Some(2));
    assert_eq!(Maybe::Value(2).as_ref().value(), Some(&2));
    assert!(Maybe::<Int>::default().is_absent() && Maybe::<Int>::Null.is_null());
}

#[tokio::test]
async fn rows_of_a_form_become_objects() {
    let form = "rows[][day]=1&rows[][closed]=&rows[][day]=2&rows[][closed]=off&ints[]=1&ints[]=&object[plan]=gold";
    let answer = post(&fields(), "/api/fields", "application/x-www-form-urlencoded", form).await.json();
    assert_eq!(answer["rows"], json!([[1, null], [2, false]]));
    assert_eq!(answer["ints"], json!([1]));
    assert_eq!(answer["object"], json!({"plan": "gold"}));
}

#[tokio::test]
async fn the_innermost_named_key_is_to_blame() {
    let cases = [
        (json!({"rows": [{"day": 1}, {"day": "x"}]}), "day", "Day must be a whole number"),
        (json!({"rows": [{"day": 1, "closed": {}}]}), "closed", "Closed must be true or false"),
        (json!({"rows": [{}]}), "day", "Day can't be blank"),
        (json!({"rows": [{"day": ""}]}), "day", "Day must be a whole number"),
        (json!({"rows": 7}), "rows", "Rows must be a sequence"),
        (json!({"rows": [7]}), "rows", "Rows is not valid"),
        (json!({"ints": [1, "x"]}), "ints", "Ints must be a list of whole numbers"),
    ];
    for (body, field, message) in cases {
        let answer = json_body(&body).await;
        assert_eq!(
            (answer.attributes(), answer.json()["message"].as_str()),
            (vec![field.to_owned()], Some(message)),
            "{body}"
        );
    }
}

#[tokio::test]
async fn blank_texts_in_great_number_are_refused_and_not_read_again_and_again() {
    let rows = |count: usize| json!({ "rows": vec![json!({"day": 1, "closed": ""}); count] });
    assert_eq!(json_body(&rows(100)).await.status, 200);
    assert_eq!(json_body(&rows(20_000)).await.attributes(), ["closed"]);
}
