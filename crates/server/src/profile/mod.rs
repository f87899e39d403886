//! What users see and change of themselves (rest.md §5.16, superset §3).

mod change;
pub mod routes;
mod service;
#[cfg(test)]
mod tests;
pub mod wire;
