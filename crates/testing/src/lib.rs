//! Fake clock, HTTP client and recording player for tests. Does not know the server.

mod clock;
pub mod openapi;
pub mod replay;

pub use clock::FakeClock;
