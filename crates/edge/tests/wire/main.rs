//! The crate's promises, through a router.

mod body;
mod errors;
mod field;
mod files;
mod headers;
mod log;
mod rewrite;
mod schema;
mod served;
mod support;
