//! Fake clock, reader of mails, client of sockets and recording player for tests. Does not know the server.

pub mod cable;
mod clock;
mod listener;
mod mail;
pub mod openapi;
mod random;
mod receiver;
pub mod replay;

pub use clock::FakeClock;
pub use listener::Listener;
pub use mail::ReceivedMail;
pub use random::{Random, times};
pub use receiver::{Received, Receiver, Reply};
