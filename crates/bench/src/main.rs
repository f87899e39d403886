//! Measures the product: `bench run` for the usual loads, `bench big` for a million conversations,
//! `bench deletion` for the deletion of an account beside another one, `bench sockets` for those who listen, `bench webhooks`
//! for what is told by HTTP, `bench one WHAT` for a single load that runs long enough to look at the server with a profiler.
//!
//! Nothing here fails because a figure is low; the report says which budget holds. See `bench/README.md`.

#![expect(clippy::disallowed_methods, reason = "the tasks of a measurement end with the process")]

mod client;
mod creates;
mod data;
mod deletion;
mod machine;
mod measure;
mod output;
mod process;
mod product;
mod random;
mod reads;
mod report;
mod sockets;
mod statements;
mod targets;
mod webhooks;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use data::{L, M, Prepared, S, Shape};
use process::{Data, Server};
use report::Run;
use server::MIGRATIONS;
use store::testing::{Engine, POSTGRES_VARIABLE, TestDatabase};
use store::{Database, Store};
use targets::Endpoint;
use types::SystemClock;

/// Callers of the writing loads.
const CALLERS: [usize; 4] = [1, 8, 16, 64];
const EACH: Duration = Duration::from_secs(3);

#[tokio::main]
async fn main() -> Result<()> {
    let mode = std::env::args().nth(1).unwrap_or_default();
    match mode.as_str() {
        "run" => run().await,
        "big" => big().await,
        "deletion" => deletion_alone().await,
        "sockets" => sockets_alone().await,
        "webhooks" => webhooks_alone().await,
        "one" => {
            let engine = std::env::args().nth(3);
            one(&std::env::args().nth(2).unwrap_or_default(), engine.as_deref() == Some("postgres")).await
        }
        _ => bail!("usage: bench run | big | deletion | sockets | webhooks | one WHAT [postgres]"),
    }
}

async fn run() -> Result<()> {
    let mut run = begin();
    let s = prepare(&mut run, S).await?;
    let m = prepare(&mut run, M).await?;
    output::line("the binary");
    run.product = Some(product::measure(&s.folder).await?);
    output::line("statements of a request");
    run.statements = statements::count(&Data::Folder(data::copy(&s.folder, "statements")?)).await?;
    output::line("creating messages");
    let copied = Data::Folder(data::copy(&s.folder, "creates")?);
    run.figures.extend(creates::measure(&copied, &CALLERS, EACH).await?);
    output::line("a deletion");
    run.figures.extend(deletion::measure(&Data::Folder(data::copy(&s.folder, "deletion")?)).await?);
    measure_sockets(&mut run).await?;
    output::line("webhooks");
    run.figures.extend(webhooks::measure().await?);
    output::line("lists and pages");
    let sets = [("S", Data::Folder(s.folder)), ("M", Data::Folder(m.folder))];
    run.figures.extend(reads::measure(&sets, &[], EACH).await?);
    if std::env::var_os(POSTGRES_VARIABLE).is_some() {
        run.figures.extend(on_postgres().await?);
    } else {
        output::line("PostgreSQL is left out: run this in scripts/with-postgres --durable");
    }
    run.publish("run")
}

async fn big() -> Result<()> {
    let mut run = begin();
    let s = prepare(&mut run, S).await?;
    let l = prepare(&mut run, L).await?;
    let sets = [("S", Data::Folder(s.folder)), ("L", Data::Folder(l.folder))];
    run.figures.extend(reads::measure(&sets, &[], EACH).await?);
    run.publish("big")
}

/// Only the deletion, on every database that there is.
async fn deletion_alone() -> Result<()> {
    let mut run = begin();
    let s = prepare(&mut run, S).await?;
    run.figures.extend(deletion::measure(&Data::Folder(data::copy(&s.folder, "deletion")?)).await?);
    if std::env::var_os(POSTGRES_VARIABLE).is_some() {
        let (database, data) = fill_postgres().await?;
        run.figures.extend(deletion::measure(&data).await?);
        tokio::task::spawn_blocking(move || drop(database)).await?;
    }
    run.publish("deletion")
}

/// Only the sockets.
async fn sockets_alone() -> Result<()> {
    let mut run = begin();
    measure_sockets(&mut run).await?;
    run.publish("sockets")
}

/// Only the webhooks.
async fn webhooks_alone() -> Result<()> {
    let mut run = begin();
    output::line("webhooks");
    run.figures.extend(webhooks::measure().await?);
    run.publish("webhooks")
}

async fn measure_sockets(run: &mut Run) -> Result<()> {
    output::line("sockets");
    let found = sockets::measure().await?;
    run.figures.extend(found.figures);
    run.sockets.extend(found.costs);
    Ok(())
}

/// One load on S for ten seconds, by its name in the tables or a part of it; `sockets` are what [`sockets::measure`] does.
async fn one(what: &str, on_postgres: bool) -> Result<()> {
    if what == "sockets" {
        return sockets::measure().await.map(drop);
    }
    let (database, data) = if on_postgres {
        let (database, data) = fill_postgres().await?;
        (Some(database), data)
    } else {
        (None, Data::Folder(data::copy(&data::prepare(S).await?.folder, "one")?))
    };
    let store = Store::open(data.options())?;
    let (sample, open) = (targets::sample(&store).await?, targets::open(&store).await?);
    let mut endpoints = targets::endpoints(&sample, &targets::names(&store).await?);
    endpoints.push(Endpoint { name: creates::BY_AGENT, requests: targets::agent_messages(&sample) });
    endpoints.push(Endpoint { name: creates::BY_CONTACT, requests: targets::contact_messages(&open) });
    drop(store);
    let Some(endpoint) = endpoints.into_iter().find(|endpoint| endpoint.name.contains(what)) else {
        bail!("there is no load named {what}")
    };
    let server = Server::start(&data).await?;
    output::line(&format!("{}: process {}", endpoint.name, server.process()));
    let callers = if endpoint.name.starts_with("message by") { 64 } else { reads::CONNECTIONS };
    let before = server.cpu();
    let samples = client::load(server.address, endpoint.requests, callers, Duration::from_secs(10)).await?;
    let cpu = server.cpu().saturating_sub(before);
    output::line(&format!("{:?}", samples.figure(endpoint.name, "S", data.engine(), callers, cpu)));
    server.stop().await?;
    Ok(tokio::task::spawn_blocking(move || drop(database)).await?)
}

fn begin() -> Run {
    Run {
        machine: machine::look(),
        made_in_s: Vec::new(),
        figures: Vec::new(),
        sockets: Vec::new(),
        statements: Vec::new(),
        product: None,
    }
}

async fn prepare(run: &mut Run, shape: Shape) -> Result<Prepared> {
    output::line(&format!("data set {}", shape.name));
    let prepared = data::prepare(shape).await?;
    if let Some(time) = prepared.made_in {
        output::line(&format!("  made in {:.1} s", time.as_secs_f64()));
        run.made_in_s.push((shape.name.to_owned(), measure::round(time.as_secs_f64())));
    }
    Ok(prepared)
}

async fn on_postgres() -> Result<Vec<measure::Figure>> {
    output::line("PostgreSQL");
    let (database, data) = fill_postgres().await?;
    let only = [targets::LIST, targets::MESSAGES, targets::META];
    let mut figures = reads::measure(&[("S", data.clone())], &only, EACH).await?;
    figures.extend(creates::measure(&data, &[8, 64], EACH).await?);
    // The last one: the data set is gone afterwards.
    figures.extend(deletion::measure(&data).await?);
    tokio::task::spawn_blocking(move || drop(database)).await?;
    Ok(figures)
}

/// The data set S on the private server.
async fn fill_postgres() -> Result<(TestDatabase, Data)> {
    let made = || TestDatabase::new(Engine::Postgres, MIGRATIONS, Arc::new(SystemClock));
    let database = tokio::task::spawn_blocking(made).await?;
    let Database::Postgres { url, .. } = database.options.database.clone() else { bail!("not PostgreSQL") };
    let data = Data::Postgres(data::empty("postgres")?, url);
    data::fill(&Store::open(data.options())?, S).await?;
    Ok((database, data))
}
