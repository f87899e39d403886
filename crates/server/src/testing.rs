//! A running product for tests: the real router and SQL over a throwaway database, with a clock that tests move.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use edge::rewrite::Rewrite;
use http::{HeaderValue, Method, Request, StatusCode};
use mailer::Mailer;
use serde_json::{Value, json};
use store::testing::{Engine, OnEngine, TestDatabase};
use testing::{FakeClock, ReceivedMail};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use types::{AccountId, AgentBotId, Availability, InboxId, Json, Role, TeamId, Timestamp, ToValue, UserId};

use crate::events::Actor;
use crate::{
    App, BaseUrl, Blobs, Files, MIGRATIONS, SecretKey, Settings, account, agent, auth, cable, platform, team, user,
};

/// 2026-01-05 10:00 UTC, a Monday.
pub const START: Timestamp = Timestamp::from_epoch_seconds(1_767_607_200);

/// The product over a fresh database.
pub struct TestApp {
    /// What handlers reach.
    pub app: App,
    /// The clock.
    pub clock: Arc<FakeClock>,
    /// Which database.
    pub engine: Engine,
    service: Rewrite,
    /// Blobs, and uploads on their way.
    folder: tempfile::TempDir,
    /// Mails that were sent.
    outbox: tempfile::TempDir,
    /// Dropped last: the database goes with it.
    _database: TestDatabase,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: http::HeaderMap,
    /// Body.
    pub body: Vec<u8>,
}

/// A part of a multipart form.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// The field.
    pub name: &'a str,
    /// The name of a file; texts have none.
    pub filename: Option<&'a str>,
    /// What the client says that the file is.
    pub media: &'a str,
    /// The text or the bytes.
    pub content: &'a [u8],
}

impl<'a> Part<'a> {
    /// A text.
    pub fn text(name: &'a str, text: &'a str) -> Self {
        Self { name, filename: None, media: "", content: text.as_bytes() }
    }

    /// A file.
    pub fn file(name: &'a str, filename: &'a str, media: &'a str, content: &'a [u8]) -> Self {
        Self { name, filename: Some(filename), media, content }
    }
}

/// Somebody who calls: a token, and who it belongs to.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The user.
    pub id: UserId,
    /// The account.
    pub account: AccountId,
    /// API key.
    pub token: String,
}

impl OnEngine for TestApp {
    async fn on(engine: Engine) -> Self {
        // Tables of requests sign in thousands of times.
        Self::with_settings(engine, Settings { sign_in_limits: false, enable_signup: true, ..Settings::default() })
            .await
    }
}

impl TestApp {
    /// The product with these settings.
    pub async fn with_settings(engine: Engine, settings: Settings) -> Self {
        let clock = Arc::new(FakeClock::new(START));
        let moved = Arc::clone(&clock);
        let database = tokio::task::spawn_blocking(move || TestDatabase::new(engine, MIGRATIONS, moved)).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let uploads = folder.path().join("uploads");
        std::fs::create_dir(&uploads).unwrap();
        let outbox = tempfile::tempdir().unwrap();
        let sender = "Desk <desk@sample.test>".parse().unwrap();
        let mailer = Mailer::into_folder(sender, outbox.path());
        let settings = Settings { uploads: settings.uploads.clone().in_folder(uploads), mailer, ..settings };
        let files = Files::new(Blobs::in_folder(&folder.path().join("files")).unwrap());
        let app = App::new(database.open(), files, Arc::clone(&clock) as _, settings);
        let service = crate::router(app.clone());
        Self { app, clock, engine, service, folder, outbox, _database: database }
    }

    /// The service, as a server would run it.
    pub fn service(&self) -> Rewrite {
        self.service.clone()
    }

    /// The product on a port of this machine, where addresses in answers lead; serves while the test runs.
    pub async fn listening(engine: Engine) -> Self {
        Self::listening_with(engine, Settings::default()).await
    }

    /// The same, with these settings.
    #[expect(clippy::disallowed_methods, reason = "the test's runtime ends the tasks")]
    pub async fn listening_with(engine: Engine, settings: Settings) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let base_url = BaseUrl::new(url, &SecretKey::new([0; 32]));
        let app = Self::with_settings(engine, Settings { base_url, ..settings }).await;
        let service = app.service().into_make_service();
        tokio::task::spawn(async move { axum::serve(listener, service).await });
        tokio::task::spawn(cable::tail(&app.app).run(CancellationToken::new()));
        app
    }

    /// Sends a request.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.service.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Sends JSON with a token; either may be missing.
    pub async fn call(&self, method: Method, path: &str, token: Option<&str>, body: Option<&Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("accept", "application/json");
        if let Some(token) = token {
            request = request.header("api_access_token", token);
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.send(request.body(body).unwrap()).await
    }

    /// GET with a token.
    pub async fn get(&self, caller: &Caller, path: &str) -> Answer {
        self.call(Method::GET, &caller.path(path), Some(&caller.token), None).await
    }

    /// POST of JSON with a token.
    pub async fn post(&self, caller: &Caller, path: &str, body: Value) -> Answer {
        self.call(Method::POST, &caller.path(path), Some(&caller.token), Some(&body)).await
    }

    /// Sends a multipart form; texts have no file name.
    pub async fn send_form(&self, method: Method, path: &str, token: Option<&str>, parts: &[Part<'_>]) -> Answer {
        let mut body = Vec::new();
        for part in parts {
            body.extend_from_slice(b"--edge\r\nContent-Disposition: form-data; name=\"");
            body.extend_from_slice(part.name.as_bytes());
            body.push(b'"');
            if let Some(filename) = part.filename {
                let escaped = filename.replace('\\', "\\\\").replace('"', "\\\"");
                body.extend_from_slice(format!("; filename=\"{escaped}\"\r\nContent-Type: {}", part.media).as_bytes());
            }
            body.extend_from_slice(b"\r\n\r\n");
            body.extend_from_slice(part.content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--edge--\r\n");
        let mut request = Request::builder().method(method).uri(path);
        request = request.header("content-type", "multipart/form-data; boundary=edge");
        if let Some(token) = token {
            request = request.header("api_access_token", token);
        }
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// GET of a page, as browsers do.
    pub async fn page(&self, path: &str) -> Answer {
        self.page_with(path, "").await
    }

    /// GET of a page, with cookies.
    pub async fn page_with(&self, path: &str, cookies: &str) -> Answer {
        let request = Request::builder().uri(path).header("accept", "text/html,*/*;q=0.8").header("cookie", cookies);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// POST of a page's form, urlencoded, with cookies.
    pub async fn send_page(&self, path: &str, form: &str, cookies: &str) -> Answer {
        let request = Request::post(path)
            .header("accept", "text/html,*/*;q=0.8")
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("cookie", cookies);
        self.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    /// PATCH of JSON with a token.
    pub async fn patch(&self, caller: &Caller, path: &str, body: Value) -> Answer {
        self.call(Method::PATCH, &caller.path(path), Some(&caller.token), Some(&body)).await
    }

    /// DELETE with a token.
    pub async fn delete(&self, caller: &Caller, path: &str) -> Answer {
        self.call(Method::DELETE, &caller.path(path), Some(&caller.token), None).await
    }

    /// A token of a new platform app.
    pub async fn platform_app(&self) -> String {
        self.app.store.write(|tx| platform::service::create_app(tx, "Test")).await.map(|(_, token)| token).unwrap()
    }

    /// A new account.
    pub async fn account(&self) -> AccountId {
        let new = account::NewAccount { name: format!("Account {}", next_number()), ..account::NewAccount::default() };
        self.app.store.write(move |tx| account::service::create(tx, &new, &Actor::Operator)).await.unwrap().id
    }

    /// A new member of `account`.
    pub async fn member(&self, account: AccountId, role: Role) -> Caller {
        let number = next_number();
        let new = user::NewUser {
            name: format!("User {number}"),
            email: format!("user{number}@sample.test"),
            display_name: None,
            password_hash: "not a hash: nobody signs in with it".into(),
            custom_attributes: Json::object(),
            confirmed: true,
        };
        self.app
            .store
            .write(move |tx| {
                let (id, token) = user::service::create(tx, &new)?;
                agent::service::add_member(tx, account, id, role, &Actor::Operator)?;
                Ok::<_, crate::Error>(Caller { id, account, token })
            })
            .await
            .unwrap()
    }

    /// The headers of a new session of the user.
    pub async fn session(&self, caller: &Caller) -> Vec<(&'static str, HeaderValue)> {
        let id = caller.id;
        let opened = self.app.store.write(move |tx| auth::service::open_session(tx, id)).await.unwrap();
        let headers = opened.session.headers();
        ["access-token", "token-type", "client", "expiry", "uid"].map(|name| (name, headers[name].clone())).to_vec()
    }

    /// A new agent of `account`.
    pub async fn agent(&self, account: AccountId) -> Caller {
        self.member(account, Role::Agent).await
    }

    /// A new administrator of `account`.
    pub async fn administrator(&self, account: AccountId) -> Caller {
        self.member(account, Role::Administrator).await
    }

    /// Makes the member count as online for assignment.
    pub async fn set_online(&self, caller: &Caller) {
        let (account, id) = (caller.account, caller.id);
        self.app
            .store
            .write(move |tx| {
                agent::service::set_availability(tx, account, id, Availability::Online, false, &Actor::Operator)
            })
            .await
            .unwrap();
    }

    /// A new API inbox.
    pub async fn api_inbox(&self, administrator: &Caller) -> InboxId {
        let name = format!("Desk {}", next_number());
        let body = json!({ "name": name, "channel": { "type": "api" } });
        let answer = self.post(administrator, "inboxes", body).await.expect(200).json();
        InboxId::new(answer["id"].as_i64().unwrap())
    }

    /// Adds members to an inbox.
    pub async fn join(&self, administrator: &Caller, inbox: InboxId, members: &[&Caller]) {
        let ids: Vec<UserId> = members.iter().map(|member| member.id).collect();
        let body = json!({ "inbox_id": inbox, "user_ids": ids });
        self.post(administrator, "inbox_members", body).await.expect(200);
    }

    /// A new contact with an e-mail address.
    pub async fn contact(&self, member: &Caller) -> i64 {
        let number = next_number();
        let body = json!({ "name": format!("Contact {number}"), "email": format!("contact{number}@sample.test") });
        self.post(member, "contacts", body).await.expect(200).json()["payload"]["contact"]["id"].as_i64().unwrap()
    }

    /// A new conversation of a new contact; gives its number.
    pub async fn conversation(&self, member: &Caller, inbox: InboxId) -> i64 {
        let contact = self.contact(member).await;
        let body = json!({ "inbox_id": inbox, "contact_id": contact });
        self.post(member, "conversations", body).await.expect(200).json()["id"].as_i64().unwrap()
    }

    /// A new team with members.
    pub async fn team(&self, account: AccountId, allow_auto_assign: bool, members: &[&Caller]) -> TeamId {
        let members: Vec<UserId> = members.iter().map(|member| member.id).collect();
        let draft =
            team::Draft { name: format!("their team {}", next_number()), allow_auto_assign, ..team::Draft::default() };
        self.app
            .store
            .write(move |tx| {
                let made = team::service::create(tx, account, &draft, &Actor::Operator)?;
                team::service::add_members(tx, account, made.id, &members, &Actor::Operator)?;
                Ok::<_, crate::Error>(made.id)
            })
            .await
            .unwrap()
    }

    /// A bot connected to the inbox, and its token.
    pub async fn bot(&self, account: AccountId, inbox: InboxId) -> (AgentBotId, String) {
        let token = crate::token::random();
        let key = token.clone();
        let id = self
            .app
            .store
            .write(move |tx| {
                let now = tx.now();
                let (id,): (AgentBotId,) = tx.query_one(
                    store::sql!(
                        "INSERT INTO agent_bots (account_id, name, bot_type, bot_config, secret, created_at, updated_at)
                         VALUES ($1, 'Bot', 'webhook', '{}', $3, $2, $2) RETURNING id"
                    ),
                    (account, now, crate::token::random()),
                )?;
                tx.execute(
                    store::sql!("INSERT INTO access_tokens (token, agent_bot_id, created_at) VALUES ($1, $2, $3)"),
                    (&key, id, now),
                )?;
                tx.execute(
                    store::sql!(
                        "INSERT INTO agent_bot_inboxes (account_id, inbox_id, agent_bot_id, status, created_at)
                         VALUES ($1, $2, $3, 'active', $4)"
                    ),
                    (account, inbox, id, now),
                )?;
                Ok::<_, store::Error>(id)
            })
            .await
            .unwrap();
        (id, token)
    }

    /// Name and changes of the account's last event.
    pub async fn last_event(&self, account: AccountId) -> (String, Value) {
        let (name, changes): (String, String) = self
            .app
            .store
            .read(move |conn| {
                conn.query_one(
                    store::sql!("SELECT name, changes FROM events WHERE account_id = $1 ORDER BY seq DESC LIMIT 1"),
                    (account,),
                )
            })
            .await
            .map_err(|error: store::Error| error)
            .unwrap();
        (name, serde_json::from_str(&changes).unwrap())
    }

    /// The names of all blobs, and of uploads on their way.
    pub fn stored_files(&self) -> Vec<String> {
        let mut folders = vec![self.folder.path().to_owned()];
        let mut names = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()) {
                if entry.file_type().unwrap().is_dir() {
                    folders.push(entry.path());
                } else {
                    names.push(entry.file_name().into_string().unwrap());
                }
            }
        }
        names
    }

    /// Every mail that was sent and not looked at; those of one moment in any order.
    pub fn take_mails(&self) -> Vec<ReceivedMail> {
        let mut files: Vec<_> =
            std::fs::read_dir(self.outbox.path()).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        let read = |file: std::path::PathBuf| {
            let mail = ReceivedMail::read(&std::fs::read_to_string(&file).unwrap());
            std::fs::remove_file(file).unwrap();
            mail
        };
        files.into_iter().map(read).collect()
    }

    /// The only mail that was sent and not looked at.
    #[track_caller]
    pub fn only_mail(&self) -> ReceivedMail {
        let mut mails = self.take_mails();
        assert_eq!(mails.len(), 1, "{mails:#?}");
        mails.remove(0)
    }

    /// Runs every job that is due; gives the number of runs.
    pub async fn run_due_jobs(&self) -> usize {
        crate::jobs::worker(&self.app).run_due().await
    }

    /// Names of the account's events, in order.
    pub async fn event_names(&self, account: AccountId) -> Vec<String> {
        let rows: Vec<(String,)> = self
            .app
            .store
            .read(move |conn| {
                conn.query(store::sql!("SELECT name FROM events WHERE account_id = $1 ORDER BY seq"), (account,))
            })
            .await
            .unwrap();
        rows.into_iter().map(|(name,)| name).collect()
    }

    /// The number of rows of every table, for "nothing was stored".
    pub async fn row_counts(&self) -> Vec<(String, i64)> {
        let tables = match self.engine {
            Engine::Sqlite => {
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY 1"
            }
            Engine::Postgres => {
                "SELECT CAST(tablename AS TEXT) FROM pg_catalog.pg_tables WHERE schemaname = 'public' ORDER BY 1"
            }
        };
        self.app
            .store
            .read(move |conn| {
                let tables: Vec<(String,)> = conn.query_built(tables, &[])?;
                let counts = tables.iter().map(|(table,)| format!("SELECT '{table}', COUNT(*) FROM {table}"));
                conn.query_built(&counts.collect::<Vec<_>>().join(" UNION ALL "), &[])
            })
            .await
            .map_err(|error: store::Error| error)
            .unwrap()
    }

    /// One number from a statement with numbers as parameters.
    pub async fn number(&self, text: &'static str, params: &[i64]) -> i64 {
        let params: Vec<_> = params.iter().map(ToValue::to_value).collect();
        let rows: Vec<(i64,)> = self
            .app
            .store
            .read(move |conn| conn.query_built(text, &params))
            .await
            .map_err(|error: store::Error| error)
            .unwrap();
        rows[0].0
    }
}

impl Caller {
    /// `path` below the caller's account; one that begins with a slash stays.
    pub fn path(&self, path: &str) -> String {
        if path.starts_with('/') { path.to_owned() } else { format!("/api/v1/accounts/{}/{path}", self.account) }
    }
}

impl Answer {
    /// The answer, which must have this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", String::from_utf8_lossy(&self.body));
        self
    }

    /// The body as text.
    #[track_caller]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }
}

fn next_number() -> u64 {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    NUMBER.fetch_add(1, Ordering::Relaxed)
}
