//! Setting up an installation: the first account and its administrator, by a link that only the operator has.

mod page;
pub mod routes;
pub mod service;
mod store;
#[cfg(test)]
mod tests;
mod wire;
