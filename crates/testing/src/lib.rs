//! Fake clock, reader of mails, HTTP client and recording player for tests. Does not know the server.

mod clock;
mod mail;
pub mod openapi;
pub mod replay;

pub use clock::FakeClock;
pub use mail::ReceivedMail;
