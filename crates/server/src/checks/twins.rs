//! One operation under several addresses, verbs, headers and media types (rest.md §1.1, §1.2, §1.10, §2.1).

use axum::body::Body;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    ORIGIN,
};
use http::{HeaderMap, Method, Request};
use serde_json::{Value, json};
use store::testing::db_test;

use super::form::{to_form, to_multipart};
use super::site::Site;
use super::{Operation, Sent, check_refusal, operations};
use crate::testing::{Answer, TestApp};

/// Somebody who may call every GET route of a site.
struct Reader {
    site: Site,
    platform_token: String,
}

impl Reader {
    async fn new(app: &TestApp) -> Self {
        let site = Site::new(app).await;
        let platform_token = site.granted_app(app).await;
        Self { site, platform_token }
    }

    fn token(&self, operation: &Operation) -> Option<&str> {
        match operation.path.split('/').nth(1) {
            Some("platform") => Some(&self.platform_token),
            Some("api") => Some(&self.site.administrator.token),
            _ => None,
        }
    }

    async fn get(&self, app: &TestApp, operation: &Operation, path: &str) -> Answer {
        Sent::new(&Method::GET, path, self.token(operation)).to(app).await
    }
}

/// The operations that read, but for those that make something up each time.
fn reads() -> impl Iterator<Item = Operation> {
    let reads = operations().into_iter().filter(|operation| operation.method == Method::GET);
    reads.filter(|operation| !["getSsoUrlOfAUser", "contactableInboxesGet"].contains(&operation.id.as_str()))
}

/// `path` with `end` before its query.
fn with_path_end(path: &str, end: &str) -> String {
    match path.split_once('?') {
        Some((path, query)) => format!("{}{end}?{query}", path.trim_end_matches('/')),
        None => format!("{}{end}", path.trim_end_matches('/')),
    }
}

#[db_test]
async fn every_read_has_its_twins(app: TestApp) {
    let reader = Reader::new(&app).await;
    let mut count = 0;
    for operation in reads() {
        let path = reader.site.path(&operation);
        let plain = reader.get(&app, &operation, &path).await.expect(200);
        let mut twins = vec![with_path_end(&path, "/")];
        let is_api = ["/api", "/platform/", "/public/"].iter().any(|start| path.starts_with(start));
        if is_api {
            twins.extend([with_path_end(&path, ".json"), with_path_end(&path, ".json/")]);
        }
        if let Some(short) = path.strip_prefix("/api/v1").filter(|short| !short.is_empty()) {
            twins.extend([short.to_owned(), with_path_end(short, "/"), with_path_end(short, ".json")]);
        }
        for twin in twins {
            let answer = reader.get(&app, &operation, &twin).await;
            assert_eq!((answer.status, &answer.body), (plain.status, &plain.body), "{twin}");
            assert_eq!(answer.headers.get(CONTENT_TYPE), plain.headers.get(CONTENT_TYPE), "{twin}");
            count += 1;
        }
        // Refused as their route is, not as an unknown one.
        if operation.path.contains("{account_id}") && is_api {
            let refused = Sent::new(&Method::GET, &with_path_end(&path, ".json"), Some("unknown")).to(&app).await;
            assert_eq!(refused.status, 401, "{path}");
        }
    }
    assert!(count > 80, "{count}");
}

#[db_test]
async fn writes_have_their_twins_too(app: TestApp) {
    let reader = Reader::new(&app).await;
    let site = &reader.site;
    let token = Some(site.administrator.token.as_str());
    for (at, end) in ["", "/", ".json", ".json/"].iter().enumerate() {
        for start in ["/api/v1", ""] {
            let path = format!("{start}/accounts/{}/contacts{end}", site.account);
            let name = format!("Ada {at}");
            let answer = app.call(Method::POST, &path, token, Some(&json!({ "name": name }))).await.expect(200).json();
            assert_eq!(answer["payload"]["contact"]["name"], name.as_str(), "{path}");
        }
    }
}

#[db_test]
async fn head_is_get_without_a_body(app: TestApp) {
    let reader = Reader::new(&app).await;
    for operation in reads() {
        let path = reader.site.path(&operation);
        let get = reader.get(&app, &operation, &path).await.expect(200);
        let head = Sent::new(&Method::HEAD, &path, reader.token(&operation)).to(&app).await;
        assert_eq!((head.status, head.body.len()), (get.status, 0), "{path}");
        for name in [CONTENT_TYPE, CACHE_CONTROL] {
            assert_eq!(head.headers.get(&name), get.headers.get(&name), "{path} {name}");
        }
    }
    let account = reader.site.account;
    let refused = Sent::new(&Method::HEAD, &format!("/api/v1/accounts/{account}/agents"), None).to(&app).await;
    assert_eq!(refused.status, 401);
}

#[db_test]
async fn what_a_client_has_already_is_not_sent_again(app: TestApp) {
    let reader = Reader::new(&app).await;
    let ask = async |path: &str, token: Option<&str>, known: &str| {
        let mut request = Request::builder().uri(path).header(IF_NONE_MATCH, known);
        if let Some(token) = token {
            request = request.header("api_access_token", token);
        }
        app.send(request.body(Body::empty()).unwrap()).await
    };
    // Probes have none, and what a stream will say nobody knows.
    for operation in reads().filter(|operation| !operation.path.ends_with('z') && operation.id != "followEvents") {
        let path = reader.site.path(&operation);
        let token = reader.token(&operation);
        let first = reader.get(&app, &operation, &path).await.expect(200);
        let tag = first.headers.get(ETAG).unwrap_or_else(|| panic!("{path}")).to_str().unwrap().to_owned();
        assert!(tag.starts_with("W/\"") && tag.ends_with('"'), "{path}: {tag}");
        let kept =
            if operation.id == "getCacheKeys" { "max-age=10, private" } else { "max-age=0, private, must-revalidate" };
        assert_eq!(first.headers[CACHE_CONTROL], kept, "{path}");
        let same = ask(&path, token, &tag).await;
        assert_eq!((same.status.as_u16(), same.body.len()), (304, 0), "{path}");
        assert_eq!(same.headers[ETAG], tag.as_str(), "{path}");
        assert_eq!(ask(&path, token, "W/\"other\"").await.status, 200, "{path}");
        if operation.path.contains("/accounts/") {
            assert_eq!(ask(&path, Some("unknown"), &tag).await.status, 401, "{path}");
        }
    }
    // Another content has another tag.
    let path = format!("/api/v1/accounts/{}/conversations/{}/labels", reader.site.account, reader.site.conversation);
    let token = Some(reader.site.administrator.token.as_str());
    let tag = app.call(Method::GET, &path, token, None).await.headers[ETAG].to_str().unwrap().to_owned();
    app.call(Method::POST, &path, token, Some(&json!({ "labels": ["refund"] }))).await.expect(200);
    assert_eq!(ask(&path, token, &tag).await.status, 200);
}

#[db_test]
async fn browsers_may_call_the_public_api_from_anywhere(app: TestApp) {
    let reader = Reader::new(&app).await;
    let preflight = async |path: &str| {
        let request = Request::builder()
            .method(Method::OPTIONS)
            .uri(path)
            .header(ORIGIN, "https://shop.sample.test")
            .header(ACCESS_CONTROL_REQUEST_METHOD, "POST")
            .header(ACCESS_CONTROL_REQUEST_HEADERS, "content-type, x-custom");
        app.send(request.body(Body::empty()).unwrap()).await.expect(200).headers
    };
    let value = |headers: &HeaderMap, name| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    for operation in operations() {
        let path = reader.site.path(&operation);
        let headers = preflight(&path).await;
        if !path.starts_with("/public/") {
            assert_eq!(value(&headers, ACCESS_CONTROL_ALLOW_ORIGIN), None, "{path}");
            continue;
        }
        assert_eq!(value(&headers, ACCESS_CONTROL_ALLOW_ORIGIN).as_deref(), Some("*"), "{path}");
        assert_eq!(value(&headers, ACCESS_CONTROL_ALLOW_HEADERS).as_deref(), Some("content-type, x-custom"), "{path}");
        assert_eq!(value(&headers, ACCESS_CONTROL_MAX_AGE).as_deref(), Some("7200"), "{path}");
        let methods = value(&headers, ACCESS_CONTROL_ALLOW_METHODS).unwrap();
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            assert!(methods.split(", ").any(|allowed| allowed == method), "{path}: {method}");
        }
    }
    let public = format!("/public/api/v1/inboxes/{}/contacts/{}", reader.site.identifier, reader.site.source_id);
    let answer = app.call(Method::GET, &public, None, None).await.expect(200);
    assert_eq!(value(&answer.headers, ACCESS_CONTROL_ALLOW_ORIGIN).as_deref(), Some("*"));
    let nobody = app.call(Method::GET, "/public/api/v1/inboxes/nobody/contacts/x", None, None).await.expect(404);
    assert_eq!(value(&nobody.headers, ACCESS_CONTROL_ALLOW_ORIGIN).as_deref(), Some("*"));
    let profile = app.call(Method::GET, "/api/v1/profile", Some(&reader.site.agent.token), None).await.expect(200);
    assert_eq!(value(&profile.headers, ACCESS_CONTROL_ALLOW_ORIGIN), None);
}

#[db_test]
async fn a_verb_that_a_path_does_not_have_is_refused(app: TestApp) {
    let reader = Reader::new(&app).await;
    let all = operations();
    let before = app.row_counts().await;
    for operation in &all {
        let path = reader.site.path(operation);
        // PUT and PATCH are one verb (rest.md §1.1).
        let same = |one: &Method, other: &Method| {
            one == other || [one, other].iter().all(|method| [Method::PUT, Method::PATCH].contains(method))
        };
        let has = |method: &Method| all.iter().any(|other| other.path == operation.path && same(&other.method, method));
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            // PUT and PATCH are one (rest.md §1.1); the members of teams and inboxes have PATCH alone.
            let is_update = matches!(method, Method::PUT | Method::PATCH) && !path.ends_with("_members");
            if has(&method) || (is_update && (has(&Method::PUT) || has(&Method::PATCH))) {
                continue;
            }
            let sent = Sent::new(&method, &path, reader.token(operation)).json("{}");
            let answer = sent.to(&app).await;
            // A mail leads here too, to a page: programs have no other use for it.
            if path == "/auth/confirmation" {
                assert_eq!(answer.status, 406, "{sent}");
                continue;
            }
            // Some paths of another route fit too: `contacts/search` is a contact with a strange id.
            assert!(matches!(answer.status.as_u16(), 404 | 405), "{sent}: {}", answer.status);
            assert_eq!(check_refusal(&sent.path, &answer), Ok(()), "{sent}");
        }
    }
    assert_eq!(app.row_counts().await, before);
    let account = format!("/api/v1/accounts/{}", reader.site.account);
    let token = Some(reader.site.administrator.token.as_str());
    app.call(Method::DELETE, &format!("{account}/agents"), token, None).await.expect(405);
    app.call(Method::DELETE, "/platform/api/v1/accounts", None, None).await.expect(405);
}

#[db_test]
async fn an_unknown_path_is_not_found_in_json(app: TestApp) {
    let site = Site::new(&app).await;
    let account = format!("/api/v1/accounts/{}", site.account);
    let paths = [
        "/api/v1/nothing".to_owned(),
        "/api/v9/accounts".to_owned(),
        "/api/v1//profile".to_owned(),
        "/nothing".to_owned(),
        "/profiles".to_owned(),
        "/platform/api/v1/nothing".to_owned(),
        "/platform/".to_owned(),
        "/public/api/v1/nothing".to_owned(),
        format!("{account}/nothing"),
        format!("{account}/agents/7/nothing"),
        format!("{account}/agents.xml"),
        format!("{account}//agents"),
        "/api/v1/../profile/..".to_owned(),
        "/%F0%9F%A6%8A".to_owned(),
    ];
    for path in paths {
        for accept in ["application/json", "text/html", "*/*"] {
            let request = Request::builder().uri(&path).header("accept", accept);
            let request = request.header("api_access_token", &site.administrator.token);
            let answer = app.send(request.body(Body::empty()).unwrap()).await.expect(404);
            assert_eq!(answer.json(), json!({ "status": 404, "error": "Not Found" }), "{path} for {accept}");
            assert_eq!(answer.headers[CONTENT_TYPE], "application/json; charset=UTF-8", "{path} for {accept}");
        }
    }
}

#[db_test]
async fn a_token_comes_in_three_headers(app: TestApp) {
    let site = Site::new(&app).await;
    let token = site.agent.token.as_str();
    let bearer = format!("Bearer {token}");
    let cases: [(&[(&str, &str)], u16); 13] = [
        (&[("api_access_token", token)], 200),
        (&[("API_ACCESS_TOKEN", token)], 200),
        (&[("api-access-token", token)], 200),
        (&[("Api-Access-Token", token)], 200),
        (&[("authorization", &bearer)], 200),
        (&[("api_access_token", token), ("authorization", "Bearer wrong")], 200),
        (&[("api_access_token", "wrong"), ("authorization", &bearer)], 401),
        (&[("api_access_token", ""), ("authorization", &bearer)], 200),
        (&[("authorization", token)], 401),
        (&[("authorization", "Basic dXNlcjpwYXNz")], 401),
        (&[("authorization", "Bearer wrong")], 401),
        (&[("x-token", token)], 401),
        (&[], 401),
    ];
    let inboxes = format!("/api/v1/accounts/{}/inboxes", site.account);
    for path in ["/api/v1/profile", "/profile", inboxes.as_str()] {
        for (headers, expected) in &cases {
            let mut request = Request::builder().uri(path);
            for (name, value) in *headers {
                request = request.header(*name, *value);
            }
            let answer = app.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status, *expected, "{path} {headers:?}");
        }
    }
    // A token is no parameter.
    let answer = app.call(Method::GET, &format!("/api/v1/profile?api_access_token={token}"), None, None).await;
    assert_eq!(answer.status, 401);
}

#[db_test]
async fn query_and_body_are_one_map(app: TestApp) {
    let site = Site::new(&app).await;
    let other = app.agent(site.account).await;
    let team = app.team(site.account, false, &[]).await;
    let path = format!("/api/v1/accounts/{}/conversations/{}/assignments", site.account, site.conversation);
    let token = Some(site.administrator.token.as_str());
    let (first, second) = (site.agent.id.get(), other.id.get());
    let sent = |query: String| Sent::new(&Method::POST, &format!("{path}{query}"), token);
    let json_of = async |sent: Sent| {
        let answer = sent.to(&app).await;
        assert_eq!(answer.status, 200, "{sent}: {}", String::from_utf8_lossy(&answer.body));
        answer.json()["id"].clone()
    };
    // As the dashboard and the mobile app send them.
    assert_eq!(json_of(sent(format!("?assignee_id={first}")).json("{}")).await, first);
    assert_eq!(json_of(sent(format!("?assignee_id={second}"))).await, second);
    assert_eq!(json_of(sent(format!("?team_id={team}"))).await, team.get());
    assert_eq!(json_of(sent(format!("?assignee_id={first}")).json("")).await, first);
    assert_eq!(json_of(sent(String::new()).json(format!("{{\"assignee_id\":\"{second}\"}}"))).await, second);
    // The query wins over the body; an assignee over a team.
    let body = format!("{{\"assignee_id\":{second}}}");
    assert_eq!(json_of(sent(format!("?assignee_id={first}")).json(body.clone())).await, first);
    assert_eq!(json_of(sent(format!("?team_id={team}")).json(body)).await, second);
    let form = "application/x-www-form-urlencoded";
    assert_eq!(json_of(sent(String::new()).with(form, format!("assignee_id={first}"))).await, first);
    assert_eq!(json_of(sent("?locale=de".into()).with(form, format!("team_id={team}"))).await, team.get());
    // The path wins over both.
    let elsewhere = format!("?assignee_id={first}&conversation_id=999999&account_id=999999");
    assert_eq!(json_of(sent(elsewhere).json("{\"account_id\":999999}")).await, first);
    // Nobody.
    for query in ["?assignee_id=0", "?assignee_id=", "?assignee_id", "?assignee_id=999999", ""] {
        let answer = sent(query.into()).to(&app).await.expect(200);
        assert_eq!(answer.body, b"null", "{query}");
    }
}

/// A path, a body for every number, and what the answer shows of it.
type Form = (String, fn(usize) -> Value, &'static [&'static str]);

#[db_test]
async fn forms_do_what_json_does(app: TestApp) {
    let site = Site::new(&app).await;
    let token = Some(site.administrator.token.as_str());
    let here = |path: &str| format!("/api/v1/accounts/{}/{path}", site.account);
    let (inbox, conversation) = (site.inbox, site.conversation);
    let cases: [Form; 3] = [
        (
            here("contacts"),
            |at| {
                json!({ "name": "Zoë 🦊", "email": format!("form{at}@sample.test"),
                    "custom_attributes": { "plan": "gold & more" }, "blocked": true })
            },
            &["/payload/contact/name", "/payload/contact/custom_attributes", "/payload/contact/blocked"],
        ),
        (
            here(&format!("conversations/{conversation}/messages")),
            |_| json!({ "content": "Grüße = 100 % 🦊", "private": true, "echo_id": "7" }),
            &["/content", "/private", "/echo_id", "/message_type", "/sender/id"],
        ),
        (
            here("inboxes"),
            |_| {
                json!({ "name": "Büro", "greeting_enabled": true, "greeting_message": "Hallo",
                    "channel": { "type": "web_widget", "website_url": "https://shop.sample.test",
                        "selected_feature_flags": ["attachments", "emoji_picker"] } })
            },
            &[
                "/name",
                "/greeting_enabled",
                "/greeting_message",
                "/channel_type",
                "/website_url",
                "/selected_feature_flags",
            ],
        ),
    ];
    for (path, make, shown) in cases {
        let send = async |at: usize, media: &str, write: fn(&Value) -> String| {
            let sent = Sent::new(&Method::POST, &path, token).with(media, write(&make(at)));
            let answer = sent.to(&app).await;
            assert_eq!(answer.status, 200, "{sent}: {}", String::from_utf8_lossy(&answer.body));
            answer.json()
        };
        let plain = send(0, "application/json", Value::to_string).await;
        let form = send(1, "application/x-www-form-urlencoded", to_form).await;
        let multipart = send(2, "multipart/form-data; boundary=edge", to_multipart).await;
        for pointer in shown {
            let expected = plain.pointer(pointer);
            assert!(expected.is_some(), "{path} {pointer}");
            assert_eq!((form.pointer(pointer), multipart.pointer(pointer)), (expected, expected), "{path} {pointer}");
        }
    }
    // Numbers are texts in forms, and may be in JSON and queries.
    let member = site.agent.id;
    let lists = [
        ("application/x-www-form-urlencoded", format!("inbox_id={inbox}&user_ids[]={member}")),
        ("application/x-www-form-urlencoded", format!("inbox_id={inbox}&user_ids={member}")),
        ("application/json", format!("{{\"inbox_id\":\"{inbox}\",\"user_ids\":[\"{member}\"]}}")),
        ("application/json", format!("{{\"inbox_id\":{inbox},\"user_ids\":\"{member},{member}\"}}")),
        ("application/json", format!("{{\"inbox_id\":{inbox},\"user_ids\":[{member}.0,null]}}")),
    ];
    for (media, body) in lists {
        let answer = Sent::new(&Method::POST, &here("inbox_members"), token).with(media, body.clone()).to(&app).await;
        assert_eq!(answer.status, 200, "{body}: {}", String::from_utf8_lossy(&answer.body));
        assert_eq!(answer.json()["payload"][0]["id"], member.get(), "{body}");
    }
    let texts = json!({ "inbox_id": inbox.to_string(), "contact_id": site.contact.to_string() });
    let answer = app.call(Method::POST, &here("conversations"), token, Some(&texts)).await.expect(200).json();
    assert_eq!(answer["inbox_id"], inbox.get());
    let list = app.call(Method::GET, &here(&format!("conversations?inbox_id={inbox}&page=1")), token, None).await;
    assert_eq!(list.expect(200).json()["data"]["payload"][0]["inbox_id"], inbox.get());
}

#[db_test]
async fn either_verb_of_an_update_reaches_the_route(app: TestApp) {
    let site = Site::new(&app).await;
    let path = format!("/api/v1/accounts/{}/contacts/{}", site.account, site.contact);
    let ask = async |method: Method| Sent::new(&method, &path, Some("unknown")).json("{}").to(&app).await.status;
    // The same answer for both: a route that is there, or is not.
    assert_eq!(ask(Method::PUT).await, ask(Method::PATCH).await);
}
