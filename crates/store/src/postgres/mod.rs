//! The server engine: threads that each own a connection.
//!
//! The connections are made, used and dropped on threads of our own: the blocking client brings a runtime
//! and panics inside another one.

mod bus;
mod lane;
mod migrate;
mod session;
mod value;

use std::error::Error as StdError;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use postgres::config::SslMode;
use postgres::error::SqlState;
use postgres::{Client, NoTls};

use crate::queue::Receiver;
use crate::work::{ReadWork, WriteWork};
use crate::{Database, Error, Result, Shared};
use lane::Lane;

pub(crate) use bus::{Word, start as start_bus};
pub(crate) use migrate::migrate;
pub(crate) use session::Session;
pub(crate) use value::column;

pub(crate) fn start(
    shared: &Arc<Shared>,
    writes: &Receiver<Box<dyn WriteWork>>,
    reads: &Receiver<Box<dyn ReadWork>>,
) -> Result<()> {
    let Database::Postgres { connections, .. } = &shared.options.database else {
        return Err(Error::Engine("not a PostgreSQL database".into()));
    };
    let connections = (*connections).max(1);
    let (opened, answers) = flume::bounded(2 * connections);
    for number in 0..connections {
        let lane = Lane::new(shared, writes, shared.options.write_deadline);
        let first = opened.clone();
        spawn(format!("postgres-writer-{number}"), move || lane.serve(&first))?;
        let lane = Lane::new(shared, reads, shared.options.read_deadline);
        let first = opened.clone();
        spawn(format!("postgres-reader-{number}"), move || lane.serve(&first))?;
    }
    drop(opened);
    // The first connection tells whether the address is right; the others may follow later.
    answers.recv().unwrap_or_else(|_| Err(Error::Unavailable("no connection thread started".into())))
}

fn spawn(name: String, run: impl FnOnce() + Send + 'static) -> Result<()> {
    let started = thread::Builder::new().name(name).spawn(run);
    started.map(drop).map_err(|cause| Error::Unavailable(format!("starting a connection thread: {cause}")))
}

fn connect(url: &str) -> Result<Client> {
    let mut config: postgres::Config = url.parse().map_err(|cause: postgres::Error| unreadable(url, &cause))?;
    if config.get_ssl_mode() == SslMode::Require {
        return Err(no_tls());
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(5));
    }
    // A server that vanished without a word is noticed in half a minute, not after hours.
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(Duration::from_secs(30));
        config.keepalives_idle(Duration::from_secs(30));
    }
    if config.get_application_name().is_none() {
        config.application_name("ooctopus");
    }
    Ok(config.connect(NoTls)?)
}

fn unreadable(url: &str, cause: &postgres::Error) -> Error {
    if url.contains("sslmode=verify") {
        return no_tls();
    }
    let reason = cause.source().map_or_else(|| cause.to_string(), ToString::to_string);
    Error::Unavailable(format!("the database address cannot be read: {reason}"))
}

fn no_tls() -> Error {
    let text = "the database address asks for TLS (sslmode), which Ooctopus does not speak: reach PostgreSQL over a \
                socket, a private network or a tunnel on this machine, and say sslmode=disable";
    Error::Unavailable(text.into())
}

fn is_conflict(cause: &postgres::Error) -> bool {
    cause
        .code()
        .is_some_and(|code| *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED)
}
