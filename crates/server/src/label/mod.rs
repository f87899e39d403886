//! Labels on conversations and contacts: names, one for each account whatever the case.

pub mod service;
pub mod store;
