//! The platform API: what applications of the installation's operator may do (rest.md §2.6, §5.1, §5.2, §5.4).

pub mod audit;
pub mod routes;
pub mod service;
mod store;
#[cfg(test)]
mod tests;
