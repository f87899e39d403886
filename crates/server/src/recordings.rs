//! The recordings of the reference, played against the product on both databases (`golden/README.md`).

use std::borrow::Cow;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use store::testing::{Engine, OnEngine, db_test};
use testing::openapi::Validator;
use testing::replay::{Golden, Hooks, Replay, Stage};

use crate::testing::TestApp;
use crate::{App, Settings};

/// The product where the player reaches it.
struct Listening(TestApp);

impl OnEngine for Listening {
    async fn on(engine: Engine) -> Self {
        // The receivers of webhooks are on this machine.
        let outbound_allow = vec!["127.0.0.0/8".parse().unwrap()];
        Self(TestApp::listening_with(engine, Settings { outbound_allow, ..Settings::default() }).await)
    }
}

#[db_test]
async fn the_recorded_answers_are_given(Listening(app): Listening) {
    play(app, Golden::read(folder()).unwrap()).await;
}

#[db_test]
async fn random_questions_are_answered_as_we_mean_to(Listening(app): Listening) {
    // Some filters look for days so and so long before today.
    app.clock.advance(Duration::from_hours(24 * 230));
    play(app, Golden::read_alone(folder(), "queries.jsonl").unwrap()).await;
}

#[db_test]
async fn what_happens_is_heard_as_recorded(Listening(app): Listening) {
    let (product, clock) = (app.app.clone(), app.clock.clone());
    let replay = replay(&app, Golden::read_events(folder()).unwrap()).await;
    let replay = replay.hear(Hooks::listen().await.unwrap());
    let looks = AtomicUsize::new(0);
    let settle = move || {
        clock.advance(pace(looks.fetch_add(1, Ordering::Relaxed)));
        dispatched(product.clone())
    };
    succeeds(&replay.settle(settle)).await;
}

/// How long the recorder waited at a look, as far as the recording tells it by who was still there: the administrator is
/// when its contact gives a sign of life (look 9), and gone right after; the agent is until it has been assigned.
const fn pace(look: usize) -> Duration {
    match look {
        0..9 => Duration::from_secs(1),
        9 => Duration::from_millis(15_400),
        _ => Duration::from_millis(250),
    }
}

/// Returns when whatever has happened was sent to those who hear of it.
async fn dispatched(app: App) {
    crate::jobs::worker(&app).run_due().await;
    crate::delivery::run_due(&app).await.unwrap();
    crate::cable::dispatched(&app).await;
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../golden"))
}

async fn play(app: TestApp, golden: Golden) {
    succeeds(&replay(&app, golden).await).await;
}

/// A run of a recording, in which every answer is checked against the document.
async fn replay(app: &TestApp, golden: Golden) -> Replay {
    let stage = Stage {
        base_url: app.app.settings.base_url.to_string(),
        platform_token: app.platform_app().await,
        run_id: "recorded".into(),
        now_seconds: app.app.clock.now().epoch_seconds(),
    };
    let clock = app.clock.clone();
    let document = serde_json::to_value(crate::routes::document()).unwrap();
    let validator = Validator::new(document);
    Replay::new(stage, golden).check(move |method, path, status, body| {
        // Time goes on between two requests, as it did for the recording.
        clock.advance(Duration::from_millis(1));
        let path = documented(path);
        validator.check(documented_verb(&validator, method, &path), &path, status, body)
    })
}

async fn succeeds(replay: &Replay) {
    let report = replay.run().await.unwrap();
    // Shown with `--nocapture`, and always when something deviates.
    eprintln!("{report}");
    assert!(report.is_success(), "{report}");
}

/// The verb as the document has it: it names one of the two that update (rest.md §1.1).
fn documented_verb<'m>(validator: &Validator, method: &'m str, path: &str) -> &'m str {
    match method {
        "PATCH" if !validator.has("PATCH", path) => "PUT",
        "PUT" if !validator.has("PUT", path) => "PATCH",
        _ => method,
    }
}

/// The path as the document has it: the seed prints some without their prefix (rest.md §1.1).
fn documented(path: &str) -> Cow<'_, str> {
    if path == "/profile" || path.starts_with("/accounts/") { format!("/api/v1{path}").into() } else { path.into() }
}
