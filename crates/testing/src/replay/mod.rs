//! Playing recorded requests against a server and comparing its answers.
//!
//! The rules stand in `golden/README.md`. Nothing here knows the server: it gets an address, a
//! platform token and a folder.

mod amendment;
mod answer;
mod deviation;
mod difference;
mod ears;
mod golden;
mod heard;
mod hooks;
mod list;
mod listening;
mod need;
mod observation;
mod path;
mod pattern;
mod plan;
mod policy;
mod report;
mod request;
mod run;
mod shape;
mod step;
mod text;
mod vars;

#[cfg(test)]
mod event_tests;
#[cfg(test)]
mod tests;

pub use deviation::{Entries, Entry, NoGround};
pub use difference::{Difference, What};
pub use ears::HearingError;
pub use golden::{Golden, GoldenError, Recording};
pub use heard::Tally;
pub use hooks::{Call, Hooks};
pub use need::Need;
pub use plan::{BadNeeds, Plan, Skip, Verdict};
pub use policy::{Feature, Policy};
pub use report::{Failure, FileReport, Report};
pub use run::{Replay, RunError, Stage};
pub use step::{Body, Expected, Kind, Raw, Request, Step};
