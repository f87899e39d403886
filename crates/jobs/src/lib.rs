//! The job queue: pushed in a transaction, claimed by a lease, run at least once. Knows no feature.
//!
//! A job may run twice, early or late: its payload is ids, and the row it is about decides what is left to do.

mod job;
mod operator;
mod queue;
#[cfg(test)]
mod tests;
mod worker;

pub use job::{Job, JobError};
pub use operator::{JobRow, Wish, drop_dead, find, list, retry};
pub use queue::{Counts, cancel, counts, push, push_at, push_unless_waiting};
pub use worker::{Registry, Worker};
