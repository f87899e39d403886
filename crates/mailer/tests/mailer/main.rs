//! What leaves, and what is told when nothing does: against a small server, and into a folder.

mod folder;
mod server;
mod smtp;

use mailer::{Mail, Sender};
use types::Timestamp;

/// 2026-01-05 10:00 UTC.
const NOW: Timestamp = Timestamp::from_epoch_seconds(1_767_607_200);

fn sender() -> Sender {
    "Desk <desk@example.com>".parse().unwrap()
}

fn mail(to: &str) -> Mail {
    Mail {
        to: to.into(),
        subject: "Welcome, Zoë".into(),
        text: "Hello,\n.\n..your link: https://desk.example.com/?a=b\n".into(),
        html: "<p>Hello Zoë</p>".into(),
    }
}
