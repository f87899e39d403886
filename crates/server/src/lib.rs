//! The product: one folder per noun of a support desk. `docs` of each folder's `mod.rs` say what it is.

pub mod access;
pub mod account;
pub mod agent;
pub mod agent_bot;
pub mod app;
pub mod assignment;
pub mod auth;
pub mod automation_rule;
pub mod cable;
pub mod canned_response;
pub mod contact;
pub mod contract;
pub mod conversation;
pub mod custom_attribute;
pub mod custom_filter;
pub mod deletion;
pub mod delivery;
pub mod dispatch;
pub mod events;
pub mod file;
pub mod filter;
pub mod health;
pub mod idempotency;
pub mod inbox;
pub mod integration;
pub mod jobs;
pub mod label;
pub mod mail;
pub mod message;
pub mod migrations;
pub mod openapi;
pub mod page;
pub mod platform;
pub mod presence;
pub mod profile;
pub mod public_api;
pub mod query;
pub mod report;
pub mod reporting;
pub mod routes;
pub mod secret;
pub mod setup;
pub mod signing_secret;
pub mod survey;
pub mod swagger;
pub mod team;
pub mod text;
pub mod token;
pub mod user;
pub mod webhook;

#[cfg(test)]
mod checks;
#[cfg(test)]
mod journey;
#[cfg(test)]
mod recordings;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod testing;

pub use app::{App, Settings};
pub use blobs::{Blobs, Bucket};
pub use edge::{Error, MultipartLimit, Result, Uploads};
pub use file::base_url::BaseUrl;
pub use file::storage::Files;
pub use migrations::MIGRATIONS;
pub use realtime::Limits as SocketLimits;
pub use routes::router;
pub use secret::SecretKey;
