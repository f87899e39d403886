//! Every job of the product, in one list.

use ::jobs::{JobError, Registry, Worker};
use edge::Error;

use crate::App;
use crate::agent::removal::ClearRemovedAgent;
use crate::contact::jobs::MoveMessages;
use crate::conversation::jobs::{MarkRead, WakeConversation};
use crate::deletion::Purge;
use crate::delivery::jobs::{ReplayDeliveries, SweepDeliveries};
use crate::file::fetch::FetchAvatar;
use crate::file::jobs::{DeleteBlob, SweepFiles};
use crate::filter::jobs::FillValues;
use crate::label::jobs::CarryLabel;
use crate::mail::jobs::SendMail;

/// Every kind of job.
pub fn registry() -> Registry<App> {
    Registry::default()
        .with::<CarryLabel>()
        .with::<ClearRemovedAgent>()
        .with::<DeleteBlob>()
        .with::<FillValues>()
        .with::<FetchAvatar>()
        .with::<MarkRead>()
        .with::<MoveMessages>()
        .with::<Purge>()
        .with::<SendMail>()
        .with::<ReplayDeliveries>()
        .with::<SweepDeliveries>()
        .with::<SweepFiles>()
        .with::<WakeConversation>()
}

/// A worker for the product's jobs.
pub fn worker(app: &App) -> Worker<App> {
    Worker::new(app.store.clone(), app.clock.clone(), app.clone(), registry())
}

/// What is worth another try: a defect or a busy database; a refusal fails for good.
pub fn to_job_error(error: Error) -> JobError {
    match error {
        Error::Internal(cause) => JobError::Retry(cause.to_string()),
        Error::Unavailable => JobError::Retry("the database is busy".into()),
        refusal => JobError::Fatal(refusal.to_string()),
    }
}

/// The end of a job about a row: one that is gone, with its account or by itself, leaves nothing to do.
pub fn unless_gone(done: edge::Result<()>) -> Result<(), JobError> {
    match done {
        Ok(()) | Err(Error::NotFound(_)) => Ok(()),
        Err(error) => Err(to_job_error(error)),
    }
}
