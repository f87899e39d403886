//! Mails that are owed.

use ::jobs::{Job, JobError};
use serde::{Deserialize, Serialize};
use types::UserId;

use super::{Occasion, write};
use crate::App;
use crate::jobs::to_job_error;

/// Sends a mail to a user. What it says is what is true when it is sent; a mail that has lost its reason is not sent.
/// Run twice it may be sent twice, with another link.
#[derive(Debug, Serialize, Deserialize)]
pub struct SendMail {
    /// The user.
    pub user_id: UserId,
    /// What it is about.
    #[serde(flatten)]
    pub occasion: Occasion,
}

impl Job for SendMail {
    type Context = App;

    const NAME: &'static str = "send_mail";

    fn key(&self) -> String {
        format!("user {} {}", self.user_id, self.occasion.key())
    }

    async fn run(&self, app: &App) -> Result<(), JobError> {
        let (user, occasion, base_url) = (self.user_id, self.occasion.clone(), app.settings.base_url.clone());
        let written = app.store.write(move |tx| write(tx, &base_url, user, &occasion)).await;
        let Some(mail) = written.map_err(to_job_error)? else { return Ok(()) };
        app.settings.mailer.send(&mail, app.clock.now()).await.map_err(|failure| {
            let text = failure.to_string();
            if failure.is_permanent() { JobError::Fatal(text) } else { JobError::Retry(text) }
        })
    }
}
