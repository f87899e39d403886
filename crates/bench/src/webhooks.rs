//! Webhooks: how soon a message is told, and whether one that hangs delays others.

use std::collections::HashMap;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::extract::{Path, Request, State};
use server::MIGRATIONS;
use store::Store;
use tokio::net::TcpListener;

use crate::client::Connection;
use crate::measure::{Figure, Samples};
use crate::process::{Data, Server};
use crate::sockets::desk::{self, Desk};
use crate::sockets::load::{self, Plan, Written};
use crate::{data, output};

/// Names in tables; the last part says from when the time is taken.
pub const TOLD: &str = "message told to webhooks, from its answer to the first byte";
/// See [`TOLD`].
pub const BESIDE: &str = "message told beside a webhook that hangs, from its answer to the first byte";
/// See [`TOLD`].
const TOLD_FROM_REQUEST: &str = "message told to webhooks, from its request to the first byte";
/// See [`TOLD`].
const ANSWERED: &str = "message answered while webhooks are told";

/// How many webhooks there are in the comparison.
pub const MANY: usize = 100;
/// A message of the one, and of the many.
const ONE_PLAN: Plan = Plan { first: 1, count: 400, every: Duration::from_millis(25) };
const MANY_PLAN: Plan = Plan { first: 1, count: 60, every: Duration::from_millis(500) };
/// How long a message may be on its way before it counts as lost.
const PATIENCE: Duration = Duration::from_mins(1);
/// The longest body that is read, in bytes.
const LONGEST: usize = 1024 * 1024;
/// The last part of the address that never answers.
const HANGS: usize = 0;

/// When a message was first told to which webhook.
type Arrivals = Arc<Mutex<HashMap<(usize, usize), Instant>>>;

/// Measures one webhook at 40 messages a second, and a hundred at two, without and with one that hangs.
pub async fn measure() -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    figures.extend(phase(1, ONE_PLAN, false).await?);
    figures.extend(phase(MANY, MANY_PLAN, false).await?);
    figures.extend(phase(MANY, MANY_PLAN, true).await?);
    for figure in &figures {
        output::line(&format!(
            "  {:<72} c={} {:>6.0}/s  p50 {:>6.2} ms  p99 {:>6.2} ms  {:>4.0} µs CPU",
            figure.what, figure.callers, figure.rate, figure.p50_ms, figure.p99_ms, figure.cpu_us
        ));
    }
    Ok(figures)
}

async fn phase(webhooks: usize, plan: Plan, one_hangs: bool) -> Result<Vec<Figure>> {
    let arrivals = Arrivals::default();
    let receiver = receive(Arc::clone(&arrivals)).await?;
    let data = Data::Folder(data::empty("webhooks")?);
    Store::migrate(&data.options(), MIGRATIONS)?;
    let store = Store::open(data.options())?;
    let desks: Arc<Vec<Desk>> = Arc::new(desk::make(&store, 1, 1).await?);
    drop(store);
    let server = Server::start(&data).await?;
    let mut connection = Connection::open(server.address).await?;
    let first = usize::from(!one_hangs);
    for number in first..first + webhooks {
        let status = connection.exchange(&desks[0].webhook(&format!("http://{receiver}/{number}"))).await?;
        ensure!(status == 200, "a webhook could not be made: {status}");
    }
    load::write_everywhere(server.address, &desks).await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    arrivals.lock().unwrap_or_else(PoisonError::into_inner).clear();
    let (before, begun) = (server.cpu(), Instant::now());
    let written = load::write(server.address, &desks, plan).await?;
    let expected = plan.count * (first + webhooks - 1);
    wait(&arrivals, expected).await?;
    let (cpu, took) = (server.cpu().saturating_sub(before), begun.elapsed());
    server.stop().await?;
    let arrivals = arrivals.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let samples = |from: fn(&Written) -> Instant| {
        let mut samples = Samples::new(took);
        for message in &written {
            for number in 1..first + webhooks {
                let told = arrivals.get(&(message.number, number)).context("a message was not told")?;
                // It may be told before its answer was read.
                samples.add(told.saturating_duration_since(from(message)), 0);
            }
        }
        anyhow::Ok(samples)
    };
    let after = samples(|message| message.answered)?;
    if one_hangs {
        return Ok(vec![after.figure(BESIDE, "1 account", "sqlite", webhooks, cpu)]);
    }
    let mut answers = Samples::new(took);
    for message in &written {
        answers.add(message.answered - message.sent, 0);
    }
    Ok(vec![
        after.figure(TOLD, "1 account", "sqlite", webhooks, cpu),
        samples(|message| message.sent)?.figure(TOLD_FROM_REQUEST, "1 account", "sqlite", webhooks, cpu),
        answers.figure(ANSWERED, "1 account", "sqlite", webhooks, cpu),
    ])
}

async fn receive(arrivals: Arrivals) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let router = Router::new().route("/{number}", axum::routing::post(note)).with_state(arrivals);
    tokio::task::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

async fn note(State(arrivals): State<Arrivals>, Path(webhook): Path<usize>, request: Request) {
    let at = Instant::now();
    if webhook == HANGS {
        pending::<()>().await;
    }
    let body = axum::body::to_bytes(request.into_body(), LONGEST).await.unwrap_or_default();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let number = body["content"].as_str().and_then(|text| text.strip_prefix("bench-")?.split(':').next()?.parse().ok());
    if let Some(number) = number {
        arrivals.lock().unwrap_or_else(PoisonError::into_inner).entry((number, webhook)).or_insert(at);
    }
}

async fn wait(arrivals: &Arrivals, count: usize) -> Result<()> {
    let begun = Instant::now();
    while arrivals.lock().unwrap_or_else(PoisonError::into_inner).len() < count {
        ensure!(begun.elapsed() < PATIENCE, "messages were not told in time");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}
