//! The store's promises, kept on both engines.

mod batches;
mod constraints;
mod embedded;
mod events;
mod kills;
mod lifetime;
mod migrations;
mod races;
mod reads;
mod server;
mod support;
mod values;
