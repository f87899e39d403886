//! How many statements a request runs, as the log says it: the same number whatever the page.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, ensure};
use axum::body::Body;
use http::Request;
use serde::Serialize;
use server::{App, Blobs, Files, Settings};
use store::Store;
use tower::ServiceExt;
use tracing::field::{Field, Visit};
use tracing::instrument::WithSubscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};

use crate::creates::{BY_AGENT, BY_CONTACT};
use crate::data::{ADMINISTRATOR_TOKEN, agent_token, inbox_identifier};
use crate::output;
use crate::process::Data;
use crate::targets::{self, ANSWER, Longest, QUESTION, Target};

/// The statements of one endpoint.
#[derive(Debug, Clone, Serialize)]
pub struct Statements {
    /// The endpoint.
    pub what: String,
    /// Statements of each request that was tried.
    pub counts: Vec<u64>,
    /// Whether the requests differ only in the page, so that the number must be one.
    pub only_pages: bool,
}

/// Counts on the data set S, in this process.
pub async fn count(data: &Data) -> Result<Vec<Statements>> {
    let store = Store::open(data.options())?;
    let everywhere = targets::sample(&store).await?;
    let open = targets::open(&store).await?;
    // Nothing of what is counted touches a file.
    let files = Files::new(Blobs::in_folder(&std::env::temp_dir().join("ooctopus-bench-files"))?);
    let app = App::new(store, files, Arc::new(types::SystemClock), Settings::default());
    let service = server::router(app.clone());
    let mut counted = Vec::new();
    let longest = targets::longest(&app.store).await?;
    for (what, only_pages, requests) in requests(&everywhere, &open, &longest) {
        let mut counts = Vec::new();
        for request in requests {
            let seen = Seen::default();
            let subscriber = tracing_subscriber::registry().with(seen.clone());
            let answer = service.clone().oneshot(request.build()?).with_subscriber(subscriber).await?;
            ensure!(answer.status().is_success(), "{what}: {}", answer.status());
            counts.push(seen.queries());
        }
        output::line(&format!("  {what:<46} {counts:?}"));
        counted.push(Statements { what: what.to_owned(), counts, only_pages });
    }
    Ok(counted)
}

struct Call {
    path: String,
    token: Option<String>,
    body: Option<&'static str>,
}

impl Call {
    fn build(self) -> Result<Request<Body>> {
        let mut request = Request::builder().uri(self.path);
        if let Some(token) = self.token {
            request = request.header("api_access_token", token);
        }
        Ok(match self.body {
            None => request.body(Body::empty())?,
            Some(body) => request.method("POST").header("content-type", "application/json").body(Body::from(body))?,
        })
    }
}

fn requests(everywhere: &[Target], open: &[Target], longest: &Longest) -> Vec<(&'static str, bool, Vec<Call>)> {
    let get = |path: &str| Call {
        path: format!("{}/{path}", targets::root()),
        token: Some(ADMINISTRATOR_TOKEN.to_owned()),
        body: None,
    };
    let pages = |path: &str, pages: &[&str]| pages.iter().map(|page| get(&format!("{path}page={page}"))).collect();
    let by_agents = |path: &str| {
        let call = |agent| Call { token: Some(agent_token(agent)), ..get(path) };
        (0..4).map(|agent| call(agent * 11)).collect()
    };
    let of_conversation = |target: &Target, path: &str| format!("conversations/{}/{path}", target.display_id);
    let by_agent = |target: &Target| Call {
        token: Some(agent_token(target.agent())),
        body: Some(ANSWER),
        ..get(&of_conversation(target, "messages"))
    };
    let by_contact = |target: &Target| {
        let inbox = inbox_identifier(target.inbox);
        let (source, number) = (&target.source_id, target.display_id);
        let path = format!("/public/api/v1/inboxes/{inbox}/contacts/{source}/conversations/{number}/messages");
        Call { path, token: None, body: Some(QUESTION) }
    };
    let before = longest.messages.iter().rev().step_by(20).take(4);
    let message_pages =
        before.map(|id| get(&format!("conversations/{}/messages?before={id}", longest.display_id))).collect();
    let some = || everywhere.iter().step_by(everywhere.len() / 6 + 1);
    vec![
        (
            "conversation list, pages 1, 2, 10, 100, 400",
            true,
            pages("conversations?status=all&", &["1", "2", "10", "100", "400"]),
        ),
        ("conversation list, agents", true, by_agents("conversations")),
        ("meta, open and all", true, vec![get("conversations/meta"), get("conversations/meta?status=all")]),
        ("meta, agents", true, by_agents("conversations/meta")),
        ("messages, pages 1 to 4 of the longest conversation", true, message_pages),
        ("messages, conversations of all kinds", false, {
            some().map(|target| get(&of_conversation(target, "messages"))).collect()
        }),
        ("contact search, pages 1, 2, 5", true, pages("contacts/search?q=li&", &["1", "2", "5"])),
        ("contact list, pages 1, 2, 100", true, pages("contacts?", &["1", "2", "100"])),
        (BY_AGENT, false, some().map(by_agent).collect()),
        (BY_CONTACT, false, open.iter().take(6).map(by_contact).collect()),
    ]
}

/// Reads `queries` from the log line of a request.
#[derive(Debug, Clone, Default)]
struct Seen(Arc<Mutex<u64>>);

impl Seen {
    fn queries(&self) -> u64 {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: tracing::Subscriber> Layer<S> for Seen {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        event.record(&mut self.clone());
    }
}

impl Visit for Seen {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "queries" {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = value;
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}
