//! What routes do with input that no careful client sends: every operation × every field × every kind of bad value.
//!
//! Fields and parameters come from the document. Whatever is sent is answered 200 or refused in the contract's form,
//! and what is refused stores nothing.

use std::collections::BTreeSet;

use super::field::{Field, Kind, fields, with_raw};
use super::form::{to_form, to_multipart};
use super::site::Site;
use super::trial::Trial;
use super::value::{Expected, values, whole_bodies};
use super::{Operation, Sent, document, operations, sample};
use crate::Settings;
use crate::testing::TestApp;
use http::Method;
use serde_json::{Map, Value, json};
use store::testing::{Engine, db_test};

/// Letters of all kinds: accents in one and in two characters, right to left with its marks, emoji that are joined.
const UNICODE: &str = "Zoë e\u{301} שלום עולם \u{202e}rtl\u{202c} 👩\u{200d}👩\u{200d}👧 🦊 ﷺ 漢字 \u{feff}x";
/// Fields that take more than their kind says.
fn is_free(operation: &Operation, field: &Field) -> bool {
    // What another system says of the time, whatever its form.
    field.name() == "external_created_at" && operation.path.contains("/conversations")
}

/// Parts of [`take_every_bad_value`], so that each ends in time and several run at once.
const PARTS: usize = 6;

#[db_test]
async fn every_field_of_every_body_takes_every_bad_value_1(app: TestApp) {
    take_every_bad_value(app, 0).await;
}

#[db_test]
async fn every_field_of_every_body_takes_every_bad_value_2(app: TestApp) {
    take_every_bad_value(app, 1).await;
}

#[db_test]
async fn every_field_of_every_body_takes_every_bad_value_3(app: TestApp) {
    take_every_bad_value(app, 2).await;
}

#[db_test]
async fn every_field_of_every_body_takes_every_bad_value_4(app: TestApp) {
    take_every_bad_value(app, 3).await;
}

#[db_test]
async fn every_field_of_every_body_takes_every_bad_value_5(app: TestApp) {
    take_every_bad_value(app, 4).await;
}

#[db_test]
async fn every_field_of_every_body_takes_every_bad_value_6(app: TestApp) {
    take_every_bad_value(app, 5).await;
}

async fn take_every_bad_value(app: TestApp, part: usize) {
    let document = document();
    let mut trial = Trial::new(&app).await;
    for operation in operations().iter().filter(|operation| operation.has_body()).skip(part).step_by(PARTS) {
        let schema = &operation.json["requestBody"]["content"]["application/json"]["schema"];
        let path = trial.site.path(operation);
        for field in fields(&document, schema, &[]) {
            for (raw, expected) in values(&field) {
                let has_nul = raw.contains("\\u0000") && !raw.contains("\\\\u0000");
                let is_free = is_free(operation, &field) && expected == Expected::Named && !has_nul;
                let expected = if is_free { Expected::FineOrNamed } else { expected };
                trial.number += 1;
                let body = sample::body_with(operation, &trial.site, trial.number, field.name()).unwrap();
                let sent = trial.request(operation, &path).json(with_raw(&body, &field.keys, &raw));
                trial.send(sent, expected, Some(&field)).await;
            }
        }
        trial.expect_nothing_stored().await;
    }
    trial.finish(1_300).await;
}

#[db_test]
async fn texts_come_back_as_they_were_sent(app: TestApp) {
    let document = document();
    let mut trial = Trial::new(&app).await;
    let mut shown = BTreeSet::new();
    for operation in operations().iter().filter(|operation| operation.has_body()) {
        let schema = &operation.json["requestBody"]["content"]["application/json"]["schema"];
        let path = trial.site.path(operation);
        for field in fields(&document, schema, &[]) {
            trial.number += 1;
            let text = format!("{UNICODE} {}", trial.number);
            let value = match field.kind {
                Kind::Text => json!(text),
                Kind::Object => json!({ text.clone(): text, "list": [text, { "text": text }] }),
                Kind::List => json!([text]),
                _ => continue,
            };
            let body = sample::body_with(operation, &trial.site, trial.number, field.name()).unwrap();
            let sent = trial.request(operation, &path).json(with_raw(&body, &field.keys, &value.to_string()));
            let answer = trial.send(sent.clone(), Expected::FineOrNamed, Some(&field)).await;
            if answer.status != 200 || answer.body.is_empty() {
                continue;
            }
            let body = answer.json();
            let found: Vec<&Value> = all_of(&body, field.name());
            let is_other = match operation.id.as_str() {
                // One shows what is left, the other a name that was cleaned.
                "contactDestroyCustomAttributes" | "createDirectUploadInConversation" => true,
                // It is only compared.
                "updateAContact" => field.name() == "identifier",
                _ => false,
            };
            if is_other {
                continue;
            }
            if found.iter().any(|found| *found == &value || is_part(&value, found)) {
                shown.insert(format!("{}.{}", operation.id, field.keys.join(".")));
            } else if found.iter().any(|found| found.to_string().contains("Zo")) {
                trial.problems.push(format!("{}: {found:?} instead of {value}", field.keys.join(".")));
            }
        }
    }
    for expected in [
        "createAnAccount.name",
        "createAnAccount.custom_attributes",
        "createAUser.name",
        "createAUser.display_name",
        "createAUser.custom_attributes",
        "inboxCreation.name",
        "inboxCreation.greeting_message",
        "updateInbox.out_of_office_message",
        "updateInbox.channel.additional_attributes",
        "inboxCreation.business_name",
        "inboxCreation.channel.welcome_title",
        "inboxCreation.channel.additional_attributes",
        "contactCreate.name",
        "contactCreate.identifier",
        "contactCreate.source_id",
        "contactCreate.custom_attributes",
        "contactCreate.additional_attributes",
        "contactUpdate.name",
        "contactUpdate.custom_attributes",
        "contactInboxCreation.source_id",
        "newConversation.custom_attributes",
        "newConversation.message.content",
        "createANewMessageInAConversation.content",
        "createANewMessageInAConversation.content_attributes",
        "createANewMessageInAConversation.echo_id",
        "createANewMessageInAConversation.source_id",
        "createAContact.name",
        "createAContact.source_id",
        "addNewCannedResponseToAccount.short_code",
        "updateCannedResponseInAccount.content",
        "addNewCustomAttributeToAccount.attribute_description",
        "updateCustomAttributeInAccount.attribute_display_name",
        "createLabel.description",
        "createACustomFilter.name",
        "updateACustomFilter.query",
        "addNewAutomationRuleToAccount.description",
        "createAWebhook.name",
        "createATeam.description",
        "createAnAgentBot.name",
        "addNewAgentToAccount.name",
        "updateAgentInAccount.name",
        "createAnAccountAgentBot.bot_config",
        "updateATeam.description",
        "createAMessage.content",
        "updateAccount.auto_resolve_message",
        "updateProfile.name",
        "updateProfile.display_name",
        "updateProfile.message_signature",
        "updateProfile.ui_settings",
        "updateAContact.name",
        "updateAContact.custom_attributes",
        "setCustomAttributesOfConversation.custom_attributes",
    ] {
        if !shown.contains(expected) {
            trial.problems.push(format!("{expected} is not shown as it was sent"));
        }
    }
    let labels = format!("/api/v1/accounts/{}/conversations/{}/labels", trial.site.account, trial.site.conversation);
    let body = json!({ "labels": [UNICODE] });
    let answer = app.call(Method::POST, &labels, Some(&trial.site.administrator.token), Some(&body)).await;
    assert_eq!(answer.expect(200).json(), json!({ "payload": [UNICODE] }));
    trial.finish(90).await;
}

/// Whether an object was merged into another one.
fn is_part(value: &Value, found: &Value) -> bool {
    let (Some(value), Some(found)) = (value.as_object(), found.as_object()) else { return false };
    value.iter().all(|(key, value)| found.get(key) == Some(value))
}

/// Every value with this key, at any depth.
fn all_of<'a>(value: &'a Value, key: &str) -> Vec<&'a Value> {
    match value {
        Value::Object(map) => {
            let own = map.get(key).into_iter();
            own.chain(map.values().flat_map(|value| all_of(value, key))).collect()
        }
        Value::Array(items) => items.iter().flat_map(|value| all_of(value, key)).collect(),
        _ => Vec::new(),
    }
}

#[db_test]
async fn bodies_that_are_no_objects_are_refused(app: TestApp) {
    let mut trial = Trial::new(&app).await;
    for operation in operations().iter().filter(|operation| operation.has_body()) {
        let path = trial.site.path(operation);
        for (body, expected) in whole_bodies() {
            let sent = trial.request(operation, &path).json(body);
            trial.send(sent, expected, None).await;
        }
        let good = trial.good(operation, &path);
        let text = String::from_utf8(good.body.clone()).unwrap();
        for media in ["text/plain", "application/octet-stream", "text/html", "application/xml", "nonsense", ""] {
            trial.send(good.clone().with(media, text.clone()), Expected::Status(415), None).await;
        }
        for media in ["application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=x"] {
            trial.send(good.clone().with(media, text.clone()), Expected::Anything, None).await;
        }
        let padded = format!("{{\"padding\":\"{}\",{}", "x".repeat(1_100_000), &text[1..]);
        trial.send(good.clone().json(padded), Expected::Status(413), None).await;
        trial.expect_nothing_stored().await;

        // Good in spite of it: unknown keys are ignored, of a key that stands twice the last one counts.
        let unknown = format!("{{\"nobody knows\":{{\"a\":[1,null]}},{}", &text[1..]);
        let sent = trial.good(operation, &path);
        trial.send(sent.json(unknown), Expected::Status(200), None).await;
        let again = trial.good(operation, &path);
        let text = String::from_utf8(again.body.clone()).unwrap();
        let first = serde_json::from_str::<Map<String, Value>>(&text).unwrap().keys().next().unwrap().clone();
        let twice = format!("{{\"{first}\":[[7]],{}", &text[1..]);
        trial.send(again.json(twice), Expected::Status(200), None).await;
        for media in ["application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.api+json"] {
            let sent = trial.good(operation, &path);
            let body = sent.body.clone();
            trial.send(sent.with(media, body), Expected::Status(200), None).await;
        }
        // Each key left out.
        for key in serde_json::from_str::<Map<String, Value>>(&text).unwrap().keys() {
            let sent = trial.good(operation, &path);
            let mut body: Map<String, Value> = serde_json::from_slice(&sent.body).unwrap();
            body.remove(key);
            if body.is_empty() {
                // Nothing at all is another case, above.
                continue;
            }
            let field = Field { keys: vec![key.clone()], kind: Kind::Text };
            trial.send(sent.json(json!(body).to_string()), Expected::FineOrNamed, Some(&field)).await;
        }
    }
    trial.finish(300).await;
}

#[db_test]
async fn bad_paths_lead_nowhere(app: TestApp) {
    let mut trial = Trial::new(&app).await;
    let long = "9".repeat(3_000);
    let numbers = [
        "0",
        "-1",
        "999999999",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "1e400",
        "1.5",
        "abc",
        "1%2F2",
        "%20",
        "1%00",
        "%00",
        "%ff",
        "%F0%9F%A6%8A",
        "%D9%A7",
        "null",
        "1;drop",
        "..",
        long.as_str(),
    ];
    let texts = ["0", "nobody", "%00", "a%00b", "%ff", "%F0%9F%A6%8A", "a%2Fb", "%25", "'", "null", long.as_str()];
    for operation in &operations() {
        for name in operation.parameters("path") {
            let values = if name.ends_with("_identifier") { &texts[..] } else { &numbers[..] };
            for value in values {
                let path = trial.site.path_with(operation, |other| (other == name).then(|| (*value).to_owned()));
                let sent = trial.good(operation, &path);
                trial.send(sent, Expected::Status(404), None).await;
            }
        }
    }
    trial.finish(500).await;
}

/// Parameters of lists that the document leaves to clients that know them.
const UNDOCUMENTED: [&str; 10] = [
    "conversation_type",
    "reply_status",
    "sort_by",
    "source_id",
    "updated_within",
    "labels",
    "include_contact_inboxes",
    "identifier",
    "identifier_hash",
    "after",
];

#[db_test]
async fn bad_queries_are_answered(app: TestApp) {
    use Expected::{Anything, Status};
    let mut trial = Trial::new(&app).await;
    let long = format!("={}", "9".repeat(3_000));
    let cases = [
        (long.as_str(), Anything),
        ("", Anything),
        ("=", Anything),
        ("=abc", Anything),
        ("=-1", Anything),
        ("=0", Anything),
        ("=1.5", Anything),
        ("=1e400", Anything),
        ("=9223372036854775807", Anything),
        ("=-9223372036854775808", Anything),
        ("=9223372036854775808", Anything),
        ("=%25_%5C%27%22", Anything),
        ("=%F0%9F%A6%8A+e%CC%81+%E2%80%AE", Anything),
        ("[]=1&x", Anything),
        ("[a]=1", Anything),
        ("[][a]=1", Anything),
        ("=1&x=2", Anything),
        ("=a%00b", Status(422)),
        ("[]=%00", Status(422)),
        ("[a%00]=1", Status(422)),
        ("=%ff", Status(400)),
        ("=%ED%A0%80", Status(400)),
        ("=%zz", Status(400)),
        ("=%", Status(400)),
    ];
    for operation in &operations() {
        let path = trial.site.path(operation);
        let joiner = if path.contains('?') { '&' } else { '?' };
        // It takes no parameters, and each session ends once; without its file an upload is refused anyhow.
        if operation.id == "signOut" || operation.wants_file() {
            continue;
        }
        if operation.method != Method::GET {
            // One map of parameters: what no body may have no query may have either. Without a body nothing reads it.
            for (case, expected) in
                [("x=%00", Status(422)), ("x=%ff", Status(400)), ("x=%zz", Status(400)), ("x", Status(200))]
            {
                let expected = if operation.has_body() { expected } else { Status(200) };
                let path = trial.site.disposable_path(&app, operation).await;
                let sent = trial.good(operation, &format!("{path}{joiner}{case}"));
                trial.send(sent, expected, None).await;
            }
            continue;
        }
        // Every request says itself whether a stream is followed.
        let documented: Vec<String> =
            operation.parameters("query").into_iter().filter(|name| name != "follow").collect();
        let others = UNDOCUMENTED.iter().filter(|_| !documented.is_empty()).map(|name| (*name).to_owned());
        for name in documented.iter().cloned().chain(others) {
            let field = Field { keys: vec![name.clone()], kind: Kind::Text };
            let (path, joiner) = path.split_once('?').map_or((path.as_str(), joiner), |(path, _)| (path, '?'));
            for (case, expected) in cases {
                let sent = trial.request(operation, &format!("{path}{joiner}{name}{case}"));
                trial.send(sent, expected, Some(&field)).await;
            }
        }
        if documented.iter().any(|name| name == "page") {
            for page in ["9223372036854775807", "0", "-1", "abc", "9223372036854775808", ""] {
                let sent = trial.request(operation, &format!("{path}{joiner}page={page}"));
                trial.send(sent, Status(200), None).await;
            }
        }
    }
    trial.finish(1_500).await;
}

#[db_test]
async fn forms_are_read_and_broken_ones_refused(app: TestApp) {
    use Expected::{Anything, Status};
    let document = document();
    let mut trial = Trial::new(&app).await;
    let urlencoded = "application/x-www-form-urlencoded";
    let multipart = "multipart/form-data; boundary=edge";
    for operation in operations().iter().filter(|operation| operation.has_body()) {
        let path = trial.site.path(operation);
        for (media, write) in [(urlencoded, to_form as fn(&Value) -> String), (multipart, to_multipart)] {
            let good = trial.good(operation, &path);
            let body = sample::wrapped(operation, serde_json::from_slice(&good.body).unwrap());
            trial.send(good.with(media, write(&body)), Status(200), None).await;
        }
        let part = |name: &str, value: &str| {
            format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n--edge--\r\n")
                .into_bytes()
        };
        let schema = &operation.json["requestBody"]["content"]["application/json"]["schema"];
        for field in fields(&document, schema, &[]).iter().filter(|field| field.keys.len() == 1) {
            let name = field.name();
            for (body, expected) in [
                (format!("{name}=a%00b"), Status(422)),
                (format!("{name}[k%00]=a"), Status(422)),
                (format!("{name}=%ff"), Status(400)),
                (format!("{name}[]=1&{name}[a]=2"), Status(400)),
                (format!("{name}{}=1", "[a]".repeat(5_000)), Status(400)),
                (format!("{name}=9223372036854775808"), Anything),
                (format!("{name}[][a]=1&{name}[][a]=2"), Anything),
                (name.to_owned(), Anything),
            ] {
                let sent = trial.request(operation, &path).with(urlencoded, body);
                trial.send(sent, expected, Some(field)).await;
            }
            let invalid = [&part(name, "")[..part(name, "").len() - 12], b"\xff\r\n--edge--\r\n"].concat();
            for (body, expected) in [
                (part(name, "a\0b"), Status(422)),
                (part(&format!("{name}[a]"), "\u{1F98A}"), Anything),
                (invalid, Status(400)),
            ] {
                let sent = trial.request(operation, &path).with(multipart, body);
                trial.send(sent, expected, Some(field)).await;
            }
        }
        for (media, body, expected) in [
            ("multipart/form-data", part("name", "a"), Status(400)),
            (multipart, b"--edge\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\na".to_vec(), Status(400)),
            (multipart, b"--edge\r\n\r\na\r\n--edge--\r\n".to_vec(), Status(400)),
            (multipart, part("", "a"), Status(400)),
            (multipart, b"nothing of the kind".to_vec(), Status(400)),
            (multipart, part("name", &"x".repeat(1_100_000)), Status(413)),
            (urlencoded, format!("name={}", "x".repeat(1_100_000)).into_bytes(), Status(413)),
            (urlencoded, "a=1&".repeat(10_001).into_bytes(), Status(422)),
        ] {
            let sent = trial.request(operation, &path).with(media, body);
            trial.send(sent, expected, None).await;
        }
        trial.expect_nothing_stored().await;
    }
    trial.finish(800).await;
}

#[db_test]
async fn names_of_blanks_are_no_names(app: TestApp) {
    let mut trial = Trial::new(&app).await;
    let field = Field { keys: vec!["name".into()], kind: Kind::Text };
    for id in ["createAnAccount", "createAUser", "inboxCreation"] {
        let operation = operations().into_iter().find(|operation| operation.id == id).unwrap();
        let path = trial.site.path(&operation);
        for blank in ["\"\"", "\" \"", "\"\\t\\n\"", "\"\u{a0}\u{2003}\"", "null", "[]", "{}"] {
            let good = trial.good(&operation, &path);
            let body = serde_json::from_slice(&good.body).unwrap();
            let sent = good.json(with_raw(&body, &field.keys, blank));
            trial.send(sent, Expected::Named, Some(&field)).await;
        }
    }
    trial.finish(21).await;
}

#[db_test]
async fn the_limit_of_bodies_is_a_setting(engine: Engine) {
    let settings = Settings { body_limit: 2_000, ..Settings::default() };
    let app = TestApp::with_settings(engine, settings).await;
    let site = Site::new(&app).await;
    let path = format!("/api/v1/accounts/{}/contacts", site.account);
    let send = |letters: usize| {
        let body = json!({ "name": "Ada", "padding": "x".repeat(letters) }).to_string();
        Sent::new(&Method::POST, &path, Some(&site.administrator.token)).json(body)
    };
    assert_eq!(send(1_900).to(&app).await.status, 200);
    assert_eq!(send(2_000).to(&app).await.status, 413);
}
