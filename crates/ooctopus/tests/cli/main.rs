//! The binary, as people and scripts run it.

mod admin;
mod config;
mod deliveries;
mod demo;
mod durability;
mod folder;
mod kills;
mod life;
mod listen;
mod load;
mod mail;
mod nodes;
mod setup;
mod support;
