//! Sockets on `/cable`: how soon they hear of a message, and what they cost.

pub mod desk;
mod listener;
pub mod load;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use desk::Desk;
use listener::{Ear, Heard, Listener};
use load::{Plan, Written};
use rustix::process::{Resource, getrlimit, setrlimit};
use serde::Serialize;
use server::MIGRATIONS;
use store::Store;
use tokio::task::JoinSet;

use crate::measure::{Figure, Samples, round};
use crate::process::{Data, Memory, Server};
use crate::{data, output};

/// Names in tables; the last one says from when the time is taken.
pub const HEARD: &str = "message heard by sockets, from its request";
/// See [`HEARD`].
pub const BESIDE: &str = "message heard beside a socket that never reads, from its request";
/// See [`HEARD`].
const HEARD_AFTER: &str = "message heard by sockets, from its answer";
/// See [`HEARD`].
const BESIDE_AFTER: &str = "message heard beside a socket that never reads, from its answer";
/// See [`HEARD`].
const ANSWERED: &str = "message answered while sockets listen";

/// Sockets in many accounts: what is promised.
pub const MANY: Shape = Shape { name: "500 accounts", accounts: 500, members: 10, sockets_each: 1 };
/// Sockets in one account: the shape of the comparison with the reference.
pub const ONE: Shape = Shape { name: "1 account", accounts: 1, members: 50, sockets_each: 10 };

/// Handshakes at the same time.
const OPENING: usize = 64;
/// Longer than two of the server's signs of life.
const IDLE: Duration = Duration::from_secs(8);
/// How long a message may be on its way before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(30);
/// What the system keeps for the socket that never reads; it takes twice as many bytes.
const UNREAD_BUFFER: u32 = 4 * 1024;
/// Enough to fill the buffers of both ends: the server's grows to some MiB.
const FILLING: (usize, usize) = (60, 100_000);

/// Who listens.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// As it stands in tables.
    pub name: &'static str,
    accounts: usize,
    members: usize,
    sockets_each: usize,
}

/// What sockets cost.
#[derive(Debug, Clone, Serialize)]
pub struct Cost {
    /// Where they listen.
    pub data: String,
    /// How many.
    pub sockets: usize,
    /// Milliseconds from the first handshake to the last confirmed subscription, 64 at a time.
    pub opened_ms: f64,
    /// Before there was a socket, after a message in each conversation.
    pub before: Memory,
    /// With all of them, idle.
    pub idle: Memory,
    /// KiB of the serving process for each.
    pub kib_each: f64,
    /// Percent of a core while nothing happens but signs of life.
    pub idle_percent: f64,
    /// Frames that one message brings to each socket of its account.
    pub frames_each: f64,
    /// Microseconds of the server's processor time for a frame with an event: writing the message, its share of the
    /// signs of life, everything.
    pub frame_us: f64,
    /// What became of the socket that never reads.
    pub unread: Option<Unread>,
}

/// A socket that never reads.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Unread {
    /// Whether the server had closed it when the measurement was over.
    pub is_closed: bool,
    /// Frames that were on their way to it.
    pub frames: usize,
}

/// What was found.
pub struct Found {
    /// Times.
    pub figures: Vec<Figure>,
    /// Costs.
    pub costs: Vec<Cost>,
}

/// Measures many accounts at 100 messages a second, and one account as the reference was measured.
pub async fn measure() -> Result<Found> {
    let mut found = Found { figures: Vec::new(), costs: Vec::new() };
    let rate = Plan { first: 1, count: 2_000, every: Duration::from_millis(10) };
    measure_shape(MANY, rate, true, &mut found).await?;
    measure_shape(ONE, Plan { first: 1, count: 50, every: Duration::from_millis(100) }, false, &mut found).await?;
    Ok(found)
}

async fn measure_shape(shape: Shape, plan: Plan, beside: bool, found: &mut Found) -> Result<()> {
    raise_file_limit()?;
    let data = Data::Folder(data::empty("sockets")?);
    Store::migrate(&data.options(), MIGRATIONS)?;
    let store = Store::open(data.options())?;
    let desks = Arc::new(desk::make(&store, shape.accounts, shape.members).await?);
    drop(store);
    let mut room = Room::open(shape, &data, desks).await?;
    let heard = room.phase(plan).await?;
    room.cost.frames_each = heard.frames_each();
    room.cost.frame_us = heard.frame_us();
    let mut figures = heard.figures(shape, HEARD, HEARD_AFTER);
    figures.push(heard.answers(shape));
    if beside {
        let desk = &room.desks[0];
        let unread = Listener::open(room.server.address, &desk.members[0], Some(UNREAD_BUFFER)).await?;
        load::write_long(room.server.address, desk, FILLING.0, FILLING.1).await?;
        room.quiet().await?;
        let heard = room.phase(Plan { first: plan.first + plan.count, ..plan }).await?;
        figures.extend(heard.figures(shape, BESIDE, BESIDE_AFTER));
        room.cost.unread = Some(look_at(unread).await);
    }
    for figure in &figures {
        output::line(&format!(
            "  {:<66} {} c={} {:>6.0}/s  p50 {:>6.2} ms  p99 {:>6.2} ms  {:>4.0} µs CPU",
            figure.what, figure.data, figure.callers, figure.rate, figure.p50_ms, figure.p99_ms, figure.cpu_us
        ));
    }
    output::line(&format!("  {:?}", room.cost));
    found.figures.extend(figures);
    found.costs.push(room.cost);
    room.server.stop().await
}

/// Everybody listens.
struct Room {
    server: Server,
    desks: Arc<Vec<Desk>>,
    /// Of each account.
    ears: Vec<Vec<Ear>>,
    cost: Cost,
    /// Ends them with the room.
    _listening: JoinSet<()>,
}

impl Room {
    async fn open(shape: Shape, data: &Data, desks: Arc<Vec<Desk>>) -> Result<Self> {
        let server = Server::start(data).await?;
        output::line(&format!("  sockets in {}: process {}", shape.name, server.process()));
        load::write_everywhere(server.address, &desks).await?;
        let before = server.memory();
        let begun = Instant::now();
        let mut opening = JoinSet::new();
        let places = Arc::new(tokio::sync::Semaphore::new(OPENING));
        for (number, desk) in desks.iter().enumerate() {
            for member in desk.members.iter().flat_map(|member| std::iter::repeat_n(member, shape.sockets_each)) {
                let (member, places, address) = (member.clone(), Arc::clone(&places), server.address);
                opening.spawn(async move {
                    let _place = places.acquire_owned().await?;
                    anyhow::Ok((number, Listener::open(address, &member, None).await?))
                });
            }
        }
        let mut listening = JoinSet::new();
        let mut ears = vec![Vec::new(); desks.len()];
        while let Some(opened) = opening.join_next().await {
            let (number, listener) = opened??;
            let ear = Ear::default();
            ears[number].push(ear.clone());
            listening.spawn(listener.listen(ear));
        }
        let opened_ms = round(begun.elapsed().as_secs_f64() * 1_000.0);
        let cpu = server.cpu();
        tokio::time::sleep(IDLE).await;
        let idle_percent = round(server.cpu().saturating_sub(cpu).as_secs_f64() / IDLE.as_secs_f64() * 100.0);
        let (idle, sockets) = (server.memory(), ears.iter().map(Vec::len).sum());
        let cost = Cost {
            data: shape.name.to_owned(),
            sockets,
            opened_ms,
            before,
            idle,
            kib_each: per(idle.all_kib.saturating_sub(before.all_kib), sockets),
            idle_percent,
            frames_each: 0.0,
            frame_us: 0.0,
            unread: None,
        };
        Ok(Self { server, desks, ears, cost, _listening: listening })
    }

    /// Writes messages and waits until everybody has heard each of them.
    async fn phase(&self, plan: Plan) -> Result<Phase> {
        self.take()?;
        let (begun, cpu) = (Instant::now(), self.server.cpu());
        let written = load::write(self.server.address, &self.desks, plan).await?;
        let took = begun.elapsed();
        let listeners = |number| self.ears[load::place(number, self.ears.len())].len();
        let expected: usize = written.iter().map(|message| listeners(message.number)).sum();
        let arrived = || self.ears.iter().flatten().map(Ear::arrivals).sum::<usize>();
        let waiting = Instant::now();
        while arrived() < expected {
            ensure!(waiting.elapsed() < PATIENCE, "{} of {expected} messages arrived", arrived());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let cpu = self.server.cpu().saturating_sub(cpu);
        self.quiet().await?;
        let heard = self.take()?;
        Ok(Phase { first: plan.first, written, heard, cpu, took, sockets: self.cost.sockets })
    }

    /// Waits until nothing is heard any more.
    async fn quiet(&self) -> Result<()> {
        let frames = || self.ears.iter().flatten().map(Ear::frames).sum::<usize>();
        let (waiting, mut before) = (Instant::now(), frames());
        loop {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let now = frames();
            if now == before {
                return Ok(());
            }
            ensure!(waiting.elapsed() < PATIENCE, "it does not become quiet");
            before = now;
        }
    }

    fn take(&self) -> Result<Vec<Heard>> {
        let heard: Vec<Heard> = self.ears.iter().flatten().map(Ear::take).collect();
        match heard.iter().find_map(|heard| heard.ended.as_ref()) {
            Some(why) => bail!("a socket ended: {why}"),
            None => Ok(heard),
        }
    }
}

/// What happened while messages were written.
struct Phase {
    first: usize,
    written: Vec<Written>,
    heard: Vec<Heard>,
    cpu: Duration,
    took: Duration,
    sockets: usize,
}

impl Phase {
    fn figures(&self, shape: Shape, from_request: &str, from_answer: &str) -> Vec<Figure> {
        let (mut requests, mut answers) = (Samples::new(self.took), Samples::new(self.took));
        for heard in &self.heard {
            let bytes = heard.bytes / heard.frames.max(1);
            for (number, at) in &heard.arrivals {
                let Some(written) = number.checked_sub(self.first).and_then(|index| self.written.get(index)) else {
                    continue;
                };
                requests.add(at.saturating_duration_since(written.sent), bytes);
                // What came before the answer took no time.
                answers.add(at.saturating_duration_since(written.answered), bytes);
            }
        }
        vec![
            requests.figure(from_request, shape.name, "sqlite", self.sockets, self.cpu),
            answers.figure(from_answer, shape.name, "sqlite", self.sockets, self.cpu),
        ]
    }

    fn answers(&self, shape: Shape) -> Figure {
        let mut samples = Samples::new(self.took);
        for written in &self.written {
            samples.add(written.answered - written.sent, 0);
        }
        samples.figure(ANSWERED, shape.name, "sqlite", self.sockets, self.cpu)
    }

    fn frames(&self) -> usize {
        self.heard.iter().map(|heard| heard.frames).sum()
    }

    fn frames_each(&self) -> f64 {
        let arrivals = self.heard.iter().map(|heard| heard.arrivals.len()).sum();
        per(self.frames() as u64, arrivals)
    }

    fn frame_us(&self) -> f64 {
        per(u64::try_from(self.cpu.as_micros()).unwrap_or(u64::MAX), self.frames())
    }
}

/// Reads what the socket never read.
async fn look_at(unread: Listener) -> Unread {
    let frames = Ear::default();
    let drained = tokio::time::timeout(Duration::from_secs(3), unread.listen(frames.clone())).await;
    Unread { is_closed: drained.is_ok(), frames: frames.take().frames }
}

#[expect(clippy::cast_precision_loss, reason = "some million")]
fn per(sum: u64, count: usize) -> f64 {
    (sum as f64 / count.max(1) as f64 * 100.0).round() / 100.0
}

/// Both ends of each socket are a file; the product raises its own limit.
fn raise_file_limit() -> Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).context("raising the limit of open files")
}
