//! The binary, as people and scripts run it.

mod admin;
mod config;
mod demo;
mod durability;
mod folder;
mod kills;
mod life;
mod mail;
mod nodes;
mod setup;
mod support;
