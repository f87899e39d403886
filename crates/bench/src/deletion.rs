//! Writing in one account while another one, with a year of work in it, is deleted.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use server::account::{self, NewAccount};
use server::contact::service::NewContact;
use server::conversation::service::Opening;
use server::events::Actor;
use server::platform;
use server::user::{self, NewUser};
use server::{access, agent, contact, conversation, inbox};
use store::{Store, Tx, sql};
use types::{AccountId, Json, Role};

use crate::client::{self, Requests};
use crate::data::ACCOUNT;
use crate::measure::{Figure, Samples};
use crate::output;
use crate::process::{Data, Server};
use crate::targets::ANSWER;

/// Names of the two loads in tables.
pub const ALONE: &str = "message in another account, nothing beside";
/// See [`ALONE`].
pub const BESIDE: &str = "message in another account, beside the deletion of S";
/// Connections that write.
pub const CALLERS: usize = 8;

/// Conversations of the other account.
const CONVERSATIONS: usize = 200;
/// How long is measured beside the deletion, which takes longer.
const BESIDE_FOR: Duration = Duration::from_secs(4);
/// Longer than any deletion of S takes.
const PATIENCE: Duration = Duration::from_mins(10);

/// The account that stays, and the app that deletes the other one.
struct Neighbour {
    account: AccountId,
    token: String,
    platform_token: String,
    numbers: Vec<i64>,
}

/// Measures both loads on `data`, whose account is gone afterwards.
pub async fn measure(data: &Data) -> Result<Vec<Figure>> {
    let store = Store::open(data.options())?;
    let neighbour = store.write(make_neighbour).await.map_err(|error| anyhow::anyhow!("{error}"))?;
    let requests = neighbour.requests();
    let server = Server::start(data).await?;
    let alone = load(&server, data, ALONE, &requests, Duration::from_secs(3)).await?;

    let begun = Instant::now();
    let deletion = delete(&format!("/platform/api/v1/accounts/{ACCOUNT}"), &neighbour.platform_token);
    let (status, body) = client::once(server.address, &deletion).await?;
    ensure!(status == 200, "status {status}: {}", String::from_utf8_lossy(&body));
    let answered = begun.elapsed();
    let beside = load(&server, data, BESIDE, &requests, BESIDE_FOR).await?;
    ensure!(is_there(&store).await?, "the deletion was over before it was measured");
    while is_there(&store).await? {
        ensure!(begun.elapsed() < PATIENCE, "the deletion does not end");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    output::line(&format!(
        "  the deletion was answered after {:.1} ms and done after {:.1} s",
        answered.as_secs_f64() * 1_000.0,
        begun.elapsed().as_secs_f64()
    ));
    server.stop().await?;
    Ok(vec![alone, beside])
}

async fn load(server: &Server, data: &Data, what: &str, requests: &Requests, duration: Duration) -> Result<Figure> {
    let before = server.cpu();
    let samples: Samples = client::load(server.address, requests.clone(), CALLERS, duration).await?;
    let cpu = server.cpu().saturating_sub(before);
    let figure = samples.figure(what, "S", data.engine(), CALLERS, cpu);
    output::line(&format!(
        "  {:<54} {:>8} c={} {:>6.0}/s  p50 {:>6.2} ms  p99 {:>6.2} ms",
        figure.what, figure.engine, figure.callers, figure.rate, figure.p50_ms, figure.p99_ms
    ));
    Ok(figure)
}

impl Neighbour {
    fn requests(&self) -> Requests {
        let (account, token) = (self.account, Some(self.token.as_str()));
        let messages = self.numbers.iter().map(|number| {
            client::post(&format!("/api/v1/accounts/{account}/conversations/{number}/messages"), token, ANSWER)
        });
        Requests::new(messages.collect())
    }
}

fn make_neighbour(tx: &mut Tx<'_>) -> server::Result<Neighbour> {
    let actor = Actor::Operator;
    let new = NewAccount { name: "Neighbour".into(), ..NewAccount::default() };
    let account = account::service::create(tx, &new, &actor)?.id;
    let new = NewUser {
        name: "Neighbour".into(),
        email: "neighbour@bench.example".into(),
        display_name: None,
        password_hash: "nobody signs in with it".into(),
        custom_attributes: Json::object(),
        confirmed: true,
    };
    let (user, token) = user::service::create(tx, &new)?;
    agent::service::add_member(tx, account, user, Role::Administrator, &actor)?;
    let body = serde_json::json!({ "name": "Desk", "channel": { "type": "api" } });
    let body = serde_json::from_value(body).map_err(server::Error::internal)?;
    let draft = inbox::draft::read(&body, "localhost")?;
    let desk = inbox::service::create(tx, account, &draft, &actor)?;
    let mut numbers = Vec::new();
    for number in 0..CONVERSATIONS {
        let new = NewContact { identifier: Some(format!("neighbour {number}")), ..NewContact::default() };
        let person = contact::service::create(tx, account, &new, &actor)?;
        let session = contact::session::find_or_create(tx, &desk, &person, None)?;
        let opened = conversation::service::open(tx, account, &Opening::of(session), &actor)?;
        numbers.push(opened.display_id);
    }
    let (app, platform_token) = platform::service::create_app(tx, "Bench")?;
    access::grant_account(tx, app, AccountId::new(ACCOUNT))?;
    Ok(Neighbour { account, token, platform_token, numbers })
}

async fn is_there(store: &Store) -> Result<bool> {
    let found: Result<(i64,), store::Error> =
        store.read(|conn| conn.query_one(sql!("SELECT COUNT(*) FROM accounts WHERE id = $1"), (ACCOUNT,))).await;
    Ok(found.context("looking for the account")?.0 > 0)
}

fn delete(path: &str, token: &str) -> Vec<u8> {
    format!("DELETE {path} HTTP/1.1\r\nhost: bench\r\naccept: application/json\r\napi_access_token: {token}\r\n\r\n")
        .into_bytes()
}
