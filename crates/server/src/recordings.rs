//! The recordings of the reference, played against the product on both databases (`golden/README.md`).

use std::borrow::Cow;
use std::path::Path;

use store::testing::{Engine, OnEngine, db_test};
use testing::openapi::Validator;
use testing::replay::{Golden, Replay, Stage};

use crate::testing::{START, TestApp};

/// The product where the player reaches it.
struct Listening(TestApp);

impl OnEngine for Listening {
    async fn on(engine: Engine) -> Self {
        Self(TestApp::listening(engine).await)
    }
}

#[db_test]
async fn the_recorded_answers_are_given(Listening(app): Listening) {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../golden"));
    let golden = Golden::read(folder).unwrap();
    let stage = Stage {
        base_url: app.app.settings.base_url.to_string(),
        platform_token: app.platform_app().await,
        hooks_url: "http://127.0.0.1:9/hooks".into(),
        run_id: "recorded".into(),
        now_seconds: START.epoch_seconds(),
    };
    let document = serde_json::to_value(crate::routes::document()).unwrap();
    let validator = Validator::new(document);
    let report = Replay::new(stage, golden)
        .check(move |method, path, status, body| {
            let path = documented(path);
            validator.check(documented_verb(&validator, method, &path), &path, status, body)
        })
        .run()
        .await
        .unwrap();
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
