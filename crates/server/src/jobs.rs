//! Every job of the product, in one list.

use ::jobs::{JobError, Registry, Worker};
use edge::Error;

use crate::App;
use crate::conversation::jobs::WakeConversation;
use crate::file::jobs::{DeleteBlob, SweepFiles};

/// Every kind of job.
pub fn registry() -> Registry<App> {
    Registry::default().with::<WakeConversation>().with::<DeleteBlob>().with::<SweepFiles>()
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
