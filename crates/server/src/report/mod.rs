//! Reports: figures over time, sums, and what is open now (rest.md §5.17, semantics §7, decisions §2).

pub mod buckets;
pub mod count;
pub mod live;
pub mod range;
pub mod read;
pub mod routes;
pub mod scope;
pub mod store;
pub mod tally;
#[cfg(test)]
mod tests;
pub mod wire;

use std::ops::{AddAssign, Neg};

/// What is counted or averaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Conversations that were made.
    Conversations,
    /// Messages of contacts.
    Incoming,
    /// Messages of the team, its bots and its rules, private notes included.
    Outgoing,
    /// Conversations that were made and are resolved now.
    Resolutions,
    /// Conversations that a bot resolved alone.
    BotResolutions,
    /// Conversations that a bot handed over.
    BotHandoffs,
    /// Seconds to the first answer.
    FirstResponse,
    /// Seconds to the resolution.
    Resolution,
    /// Seconds to every other answer.
    Reply,
}

impl Metric {
    /// The metric of this name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "conversations_count" => Self::Conversations,
            "incoming_messages_count" => Self::Incoming,
            "outgoing_messages_count" => Self::Outgoing,
            "resolutions_count" => Self::Resolutions,
            "bot_resolutions_count" => Self::BotResolutions,
            "bot_handoffs_count" => Self::BotHandoffs,
            "avg_first_response_time" => Self::FirstResponse,
            "avg_resolution_time" => Self::Resolution,
            "reply_time" => Self::Reply,
            _ => return None,
        })
    }

    /// Whether it is a mean of seconds.
    pub fn is_average(self) -> bool {
        matches!(self, Self::FirstResponse | Self::Resolution | Self::Reply)
    }

    /// The recorded event that it looks at, if it does.
    fn event(self) -> Option<&'static str> {
        match self {
            Self::FirstResponse => Some("first_response"),
            Self::Resolution => Some("conversation_resolved"),
            Self::Reply => Some("reply_time"),
            Self::BotResolutions => Some("conversation_bot_resolved"),
            Self::BotHandoffs => Some("conversation_bot_handoff"),
            Self::Conversations | Self::Incoming | Self::Outgoing | Self::Resolutions => None,
        }
    }
}

/// A number of things, and for averages their seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Figure {
    /// How many.
    pub count: i64,
    /// Their seconds.
    pub sum: f64,
}

impl Figure {
    /// The mean; 0 of nothing.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    pub fn mean(self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sum / self.count as f64 }
    }
}

impl AddAssign for Figure {
    fn add_assign(&mut self, other: Self) {
        self.count += other.count;
        self.sum += other.sum;
    }
}

impl Neg for Figure {
    type Output = Self;

    fn neg(self) -> Self {
        Self { count: -self.count, sum: -self.sum }
    }
}

/// All figures of a summary.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sums {
    /// Conversations that were made.
    pub conversations: i64,
    /// Those of them that are resolved now.
    pub resolutions: i64,
    /// Messages of contacts.
    pub incoming: i64,
    /// Messages of the team.
    pub outgoing: i64,
    /// Times to the first answer.
    pub first_response: Figure,
    /// Times to the resolution.
    pub resolution: Figure,
    /// Times to every other answer.
    pub reply: Figure,
}

impl AddAssign for Sums {
    fn add_assign(&mut self, other: Self) {
        self.conversations += other.conversations;
        self.resolutions += other.resolutions;
        self.incoming += other.incoming;
        self.outgoing += other.outgoing;
        self.first_response += other.first_response;
        self.resolution += other.resolution;
        self.reply += other.reply;
    }
}

impl Neg for Sums {
    type Output = Self;

    fn neg(self) -> Self {
        Self {
            conversations: -self.conversations,
            resolutions: -self.resolutions,
            incoming: -self.incoming,
            outgoing: -self.outgoing,
            first_response: -self.first_response,
            resolution: -self.resolution,
            reply: -self.reply,
        }
    }
}
