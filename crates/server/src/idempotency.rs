//! Creations that a client may safely send again: the header `Idempotency-Key` (decisions §3).
//!
//! The key, the new rows and the answer are written in one transaction: a client that did not hear the answer asks
//! again and gets it, and nothing is made twice. Keys are kept for a day. A scope is a credential, or an address that
//! only one contact knows: whoever guesses a key must not get somebody else's answer. New public contacts have no
//! scope; their `source_id` makes them once.

use std::fmt::Debug;
use std::time::Duration;

use axum::extract::{FromRequestParts, OriginalUri};
use edge::{Error, Json, Result};
use http::request::Parts;
use serde::Serialize;
use store::{Tx, sql};

use crate::App;
use crate::token::digest;

/// The header.
const HEADER: &str = "idempotency-key";
/// Longest key, in characters.
const MAX_KEY: usize = 255;
/// How long a key is kept.
const KEPT: Duration = Duration::from_hours(24);

/// The key of a request, if it has one; scoped to its credential and address.
#[derive(Debug, Clone, Default)]
pub struct Once(Option<Key>);

#[derive(Debug, Clone)]
struct Key {
    scope: String,
    client: String,
    request: String,
}

/// What a creation answers: made now, or kept from the first time.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer<T> {
    /// Made now.
    New(T),
    /// Made by an earlier request with the same key.
    Kept(types::Json),
}

impl FromRequestParts<App> for Once {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let Some(value) = parts.headers.get(HEADER) else { return Ok(Self(None)) };
        let client = value.to_str().unwrap_or_default().trim().to_owned();
        if client.is_empty() || client.len() > MAX_KEY {
            return Err(Error::Refused(format!(
                "The header Idempotency-Key must have 1 to {MAX_KEY} plain characters"
            )));
        }
        let address = OriginalUri::from_request_parts(parts, app).await.map_or_else(|_| parts.uri.clone(), |uri| uri.0);
        let credential = edge::credential(&parts.headers);
        let caller = credential.as_ref().map(edge::Credential::secret).unwrap_or_default();
        let scope = digest(&format!("{caller}\n{}\n{address}", parts.method));
        Ok(Self(Some(Key { scope, client, request: String::new() })))
    }
}

impl Once {
    /// Notes what the client asks for: the same key with something else is refused.
    #[must_use]
    pub fn about(mut self, request: &impl Debug) -> Self {
        if let Some(key) = &mut self.0 {
            key.request = digest(&format!("{request:?}"));
        }
        self
    }

    /// Runs `create` in one transaction, unless the key was used before; then gives the answer of that time.
    pub async fn write<T, F>(self, app: &App, create: F) -> Result<Json<Answer<T>>>
    where
        T: Serialize + Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let Some(key) = self.0 else { return Ok(Json(Answer::New(app.store.write(create).await?))) };
        let answer = app
            .store
            .write(move |tx| {
                // Waits for a request with the same key that is still running, then finds what it left.
                if !claim(tx, &key)? {
                    return find(tx, &key).map(Answer::Kept);
                }
                let made = create(tx)?;
                keep(tx, &key, &types::Json::of(&made))?;
                Ok(Answer::New(made))
            })
            .await?;
        Ok(Json(answer))
    }
}

fn claim(tx: &mut Tx<'_>, key: &Key) -> Result<bool> {
    let now = tx.now();
    // A few at a time: nobody waits while a day's keys go.
    tx.execute(
        sql!(
            "DELETE FROM idempotency_keys WHERE created_at < $1 AND scope IN (
                 SELECT scope FROM idempotency_keys WHERE created_at < $1
                 ORDER BY created_at LIMIT 20 FOR UPDATE SKIP LOCKED)"
        ),
        (now.minus(KEPT),),
    )?;
    let claimed = tx.execute(
        sql!(
            "INSERT INTO idempotency_keys (scope, client_key, request, answer, created_at)
             VALUES ($1, $2, $3, 'null', $4) ON CONFLICT (scope, client_key) DO NOTHING"
        ),
        (&key.scope, &key.client, &key.request, now),
    )?;
    Ok(claimed == 1)
}

fn find(tx: &mut Tx<'_>, key: &Key) -> Result<types::Json> {
    let (known, answer): (String, types::Json) = tx.query_one(
        sql!("SELECT request, answer FROM idempotency_keys WHERE scope = $1 AND client_key = $2"),
        (&key.scope, &key.client),
    )?;
    if known == key.request {
        return Ok(answer);
    }
    Err(Error::Refused("This Idempotency-Key was used for another request".into()))
}

fn keep(tx: &mut Tx<'_>, key: &Key, answer: &types::Json) -> Result<()> {
    tx.execute(
        sql!("UPDATE idempotency_keys SET answer = $3 WHERE scope = $1 AND client_key = $2"),
        (&key.scope, &key.client, answer),
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use futures_util::future::join_all;
    use http::Request;
    use serde_json::{Value, json};
    use store::testing::db_test;

    use crate::testing::{Answer, Caller, START, TestApp};

    async fn create(app: &TestApp, caller: &Caller, path: &str, key: &str, body: &Value) -> Answer {
        let request = Request::post(caller.path(path))
            .header("api_access_token", &caller.token)
            .header("content-type", "application/json")
            .header("idempotency-key", key);
        app.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    #[db_test]
    async fn the_same_key_makes_one_and_answers_the_same(app: TestApp) {
        let account = app.account().await;
        let (one, two) = (app.administrator(account).await, app.administrator(account).await);
        let body = json!({ "name": "Ada", "email": "ada@sample.test" });
        let answers = join_all((0..8).map(|_| create(&app, &one, "contacts", "k1", &body))).await;
        let first = answers[0].json();
        assert!(answers.iter().all(|answer| answer.status == 200 && answer.json() == first));
        assert_eq!(app.number("SELECT COUNT(*) FROM contacts", &[]).await, 1);

        let other = json!({ "name": "Bob" });
        let refused = create(&app, &one, "contacts", "k1", &other).await.expect(422).json();
        assert!(refused["error"].is_string());
        create(&app, &two, "contacts", "k1", &other).await.expect(200);
        create(&app, &one, "contacts", "k2", &other).await.expect(200);
        assert_eq!(app.number("SELECT COUNT(*) FROM contacts", &[]).await, 3);
    }

    #[db_test]
    async fn a_failed_creation_and_a_day_free_the_key(app: TestApp) {
        let account = app.account().await;
        let caller = app.administrator(account).await;
        create(&app, &caller, "contacts", "k", &json!({ "email": "nonsense" })).await.expect(422);
        let inbox = json!({ "name": "Desk", "channel": { "type": "api" } });
        create(&app, &caller, "inboxes", "k", &json!({ "name": "", "channel": { "type": "api" } })).await.expect(422);
        let first = create(&app, &caller, "inboxes", "k", &inbox).await.expect(200).json();
        assert_eq!(create(&app, &caller, "inboxes", "k", &inbox).await.expect(200).json(), first);
        app.clock.set(START.plus(std::time::Duration::from_hours(25)));
        assert_ne!(create(&app, &caller, "inboxes", "k", &inbox).await.expect(200).json()["id"], first["id"]);
        create(&app, &caller, "inboxes", &"x".repeat(256), &inbox).await.expect(422);
    }
}
