//! Messages at a rate, whatever the server does.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::desk::Desk;
use super::listener;
use crate::client::Connection;
use crate::random::Random;

/// Connections that write in turn.
const WRITERS: usize = 16;
/// One message of so many goes to the first account, the others anywhere.
const SHARE_OF_FIRST: usize = 10;

/// Messages to be written.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// The number of the first one.
    pub first: usize,
    /// How many.
    pub count: usize,
    /// Time from one to the next.
    pub every: Duration,
}

/// A message that was written.
#[derive(Debug, Clone, Copy)]
pub struct Written {
    /// Its number.
    pub number: usize,
    /// When its request was sent.
    pub sent: Instant,
    /// When its answer was there.
    pub answered: Instant,
}

/// The account to which the message `number` goes, of `desks`.
pub fn place(number: usize, desks: usize) -> usize {
    if number.is_multiple_of(SHARE_OF_FIRST) { 0 } else { Random::new(number as u64).below(desks) }
}

/// Writes the messages, each at its time; by number.
pub async fn write(address: SocketAddr, desks: &Arc<Vec<Desk>>, plan: Plan) -> Result<Vec<Written>> {
    let begin = Instant::now();
    let mut running = Vec::new();
    for writer in 0..WRITERS {
        let desks = Arc::clone(desks);
        running.push(tokio::task::spawn(async move {
            let mut connection = Connection::open(address).await?;
            let mut written = Vec::new();
            for step in (writer..plan.count).step_by(WRITERS) {
                let number = plan.first + step;
                let request = desks[place(number, desks.len())].message(number, &listener::content(number));
                tokio::time::sleep_until((begin + plan.every * u32::try_from(step)?).into()).await;
                written.push(send(&mut connection, number, &request).await?);
            }
            anyhow::Ok(written)
        }));
    }
    let mut written = Vec::new();
    for task in running {
        written.extend(task.await??);
    }
    written.sort_unstable_by_key(|message| message.number);
    Ok(written)
}

/// Writes a message into every conversation, so that none is new, and its rows have been read.
pub async fn write_everywhere(address: SocketAddr, desks: &[Desk]) -> Result<()> {
    let mut connection = Connection::open(address).await?;
    for desk in desks {
        for conversation in 0..desk.conversations() {
            send(&mut connection, 0, &desk.message(conversation, "Good morning")).await?;
        }
    }
    Ok(())
}

/// Writes `count` messages of so many bytes in one account.
pub async fn write_long(address: SocketAddr, desk: &Desk, count: usize, bytes: usize) -> Result<()> {
    let mut connection = Connection::open(address).await?;
    let content = "x".repeat(bytes);
    for number in 0..count {
        send(&mut connection, number, &desk.message(number, &content)).await?;
    }
    Ok(())
}

async fn send(connection: &mut Connection, number: usize, request: &[u8]) -> Result<Written> {
    let sent = Instant::now();
    let status = connection.exchange(request).await?;
    let answered = Instant::now();
    ensure!(status == 200, "status {status}: {}", String::from_utf8_lossy(connection.body()));
    Ok(Written { number, sent, answered })
}
