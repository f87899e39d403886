//! Activity messages: what a change of a conversation says to its readers (semantics §2.8). Texts are free.

use types::{Priority, Status};

/// The status was set by a user.
pub fn status(user: &str, status: Status) -> String {
    match status {
        Status::Open => format!("Conversation was reopened by {user}"),
        Status::Resolved => format!("Conversation was marked as resolved by {user}"),
        Status::Pending => format!("Conversation was marked as pending by {user}"),
        Status::Snoozed => format!("Conversation was snoozed by {user}"),
    }
}

/// Nobody heard of the bot that was asked.
pub const BOT_FAILED: &str = "The bot did not answer; the conversation was handed to the team";

/// The assignee was set or removed by a user.
pub fn assignee(user: &str, is_self: bool, assignee: Option<&str>) -> String {
    match assignee {
        Some(_) if is_self => format!("{user} took over this conversation"),
        Some(assignee) => format!("{user} assigned this conversation to {assignee}"),
        None => format!("{user} removed the assignee"),
    }
}

/// The team was set by a user, perhaps with an assignee that was picked in it.
pub fn team(user: &str, team: &str, assignee: Option<&str>) -> String {
    match assignee {
        Some(assignee) => format!("{user} assigned this conversation to {assignee} of the team {team}"),
        None => format!("{user} assigned this conversation to the team {team}"),
    }
}

/// The team was removed by a user.
pub fn team_removed(user: &str, team: &str) -> String {
    format!("{user} removed this conversation from the team {team}")
}

/// Labels were added by a user.
pub fn labels_added(user: &str, labels: &[String]) -> String {
    format!("{user} added {}", labels.join(", "))
}

/// Labels were removed by a user.
pub fn labels_removed(user: &str, labels: &[String]) -> String {
    format!("{user} removed {}", labels.join(", "))
}

/// The priority was set, changed or removed by a user.
pub fn priority(user: &str, before: Option<Priority>, after: Option<Priority>) -> String {
    match (before, after) {
        (None, Some(after)) => format!("{user} set the priority to {after}"),
        (Some(before), Some(after)) => format!("{user} changed the priority from {before} to {after}"),
        (_, None) => format!("{user} removed the priority"),
    }
}

/// The conversation was muted by a user.
pub fn muted(user: &str) -> String {
    format!("{user} muted this conversation")
}

/// The conversation was unmuted by a user.
pub fn unmuted(user: &str) -> String {
    format!("{user} unmuted this conversation")
}
