//! Signing in: sessions, the secrets in links, and what holds off those who guess (superset §1, semantics §9).

pub mod limits;
pub mod link;
pub mod page;
pub mod routes;
pub mod service;
pub mod session;
pub mod sign_up;
mod store;
#[cfg(test)]
mod tests;
pub mod wire;
