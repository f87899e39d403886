//! The names of what clients keep lists of, as stamps have them; stored: never use one for something else.

/// Labels.
pub const LABEL: &str = "label";
/// Inboxes, and who is in them.
pub const INBOX: &str = "inbox";
/// Teams, and who is in them.
pub const TEAM: &str = "team";
