//! Figures that are kept: what reports of the account, an inbox or an agent add up, by quarters of an hour and by days.
//!
//! Whatever stores, changes or takes away a row that counts says so here, in its transaction. The rows are written once,
//! at its end, since everybody's messages meet in the account's.

use std::collections::BTreeMap;
use std::ops::{AddAssign, Neg};

use edge::Result;
use store::{Conn, Deferred, Tx, params, row, sql};
use types::{AccountId, InboxId, MessageType, Status, Timestamp, UserId};

use super::range::Range;
use super::{Figure, Metric, Sums};
use crate::conversation::Conversation;
use crate::query::Conditions;

/// Seconds of a quarter of an hour.
pub const QUARTER: i64 = 900;
/// Seconds of a day.
pub const DAY: i64 = 86_400;

const MICROS: i64 = 1_000_000;

/// Where and when something counts.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// The account.
    pub account_id: AccountId,
    /// The inbox.
    pub inbox_id: InboxId,
    /// Whose it is: the assignee, or who sent the message.
    pub agent_id: Option<UserId>,
    /// The row's time.
    pub at: Timestamp,
}

row! {
    /// Figures, or what is added to them.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct Step {
        conversations: i64,
        resolutions: i64,
        incoming: i64,
        outgoing: i64,
        first_responses: i64,
        first_response_time: i64,
        first_response_open_time: i64,
        resolved: i64,
        resolution_time: i64,
        resolution_open_time: i64,
        replies: i64,
        reply_time: i64,
        reply_open_time: i64,
    }
}

impl Step {
    /// A conversation.
    pub fn conversation(status: Status) -> Self {
        Self { conversations: 1, resolutions: i64::from(status == Status::Resolved), ..Self::default() }
    }

    /// A message.
    pub fn message(message_type: MessageType) -> Self {
        match message_type {
            MessageType::Incoming => Self { incoming: 1, ..Self::default() },
            MessageType::Outgoing => Self { outgoing: 1, ..Self::default() },
            MessageType::Activity | MessageType::Template => Self::default(),
        }
    }

    /// A recorded time of this name: its seconds, and those within opening hours.
    pub fn time(name: &str, seconds: f64, open_seconds: f64) -> Self {
        let (time, open_time) = (micros(seconds), micros(open_seconds));
        match name {
            "first_response" => Self {
                first_responses: 1,
                first_response_time: time,
                first_response_open_time: open_time,
                ..Self::default()
            },
            "conversation_resolved" => {
                Self { resolved: 1, resolution_time: time, resolution_open_time: open_time, ..Self::default() }
            }
            "reply_time" => Self { replies: 1, reply_time: time, reply_open_time: open_time, ..Self::default() },
            _ => Self::default(),
        }
    }

    /// As sums of a report.
    pub fn sums(self, business_hours: bool) -> Sums {
        let figure =
            |count, time, open_time| Figure { count, sum: seconds(if business_hours { open_time } else { time }) };
        Sums {
            conversations: self.conversations,
            resolutions: self.resolutions,
            incoming: self.incoming,
            outgoing: self.outgoing,
            first_response: figure(self.first_responses, self.first_response_time, self.first_response_open_time),
            resolution: figure(self.resolved, self.resolution_time, self.resolution_open_time),
            reply: figure(self.replies, self.reply_time, self.reply_open_time),
        }
    }
}

impl AddAssign for Step {
    fn add_assign(&mut self, other: Self) {
        self.conversations += other.conversations;
        self.resolutions += other.resolutions;
        self.incoming += other.incoming;
        self.outgoing += other.outgoing;
        self.first_responses += other.first_responses;
        self.first_response_time += other.first_response_time;
        self.first_response_open_time += other.first_response_open_time;
        self.resolved += other.resolved;
        self.resolution_time += other.resolution_time;
        self.resolution_open_time += other.resolution_open_time;
        self.replies += other.replies;
        self.reply_time += other.reply_time;
        self.reply_open_time += other.reply_open_time;
    }
}

impl Neg for Step {
    type Output = Self;

    fn neg(self) -> Self {
        Self {
            conversations: -self.conversations,
            resolutions: -self.resolutions,
            incoming: -self.incoming,
            outgoing: -self.outgoing,
            first_responses: -self.first_responses,
            first_response_time: -self.first_response_time,
            first_response_open_time: -self.first_response_open_time,
            resolved: -self.resolved,
            resolution_time: -self.resolution_time,
            resolution_open_time: -self.resolution_open_time,
            replies: -self.replies,
            reply_time: -self.reply_time,
            reply_open_time: -self.reply_open_time,
        }
    }
}

/// Adds `step` to the figures of a place.
pub fn add(tx: &mut Tx<'_>, place: Place, step: Step) {
    let quarter = place.at.epoch_seconds().div_euclid(QUARTER);
    let key = (place.account_id, quarter, place.inbox_id, place.agent_id);
    *tx.deferred::<Tally>().0.entry(key).or_default() += step;
}

/// Counts a conversation as it is now; `before` is what it was, `None` that it is new.
pub fn move_conversation(tx: &mut Tx<'_>, before: Option<&Conversation>, after: &Conversation) {
    let place = |conversation: &Conversation| Place {
        account_id: conversation.account_id,
        inbox_id: conversation.inbox_id,
        agent_id: conversation.assignee_id,
        at: conversation.created_at,
    };
    if let Some(before) = before {
        add(tx, place(before), -Step::conversation(before.status));
    }
    add(tx, place(after), Step::conversation(after.status));
}

/// Forgets what this transaction has counted: the account and all its figures are on their way out.
pub fn discard(tx: &mut Tx<'_>) {
    tx.deferred::<Tally>().0.clear();
}

/// What a transaction adds, by the quarter of an hour since the epoch, in an order in which all lock their rows.
#[derive(Default)]
struct Tally(BTreeMap<(AccountId, i64, InboxId, Option<UserId>), Step>);

impl Deferred for Tally {
    fn write(self, tx: &mut Tx<'_>) -> store::Result<()> {
        for ((account, quarter, inbox, agent), step) in self.0 {
            if step == Step::default() {
                continue;
            }
            let starts_at = quarter * QUARTER * MICROS;
            let day = starts_at.div_euclid(DAY * MICROS) * DAY * MICROS;
            tx.execute(
                sql!(
                    "INSERT INTO report_tallies (account_id, scope, subject, span, starts_at, conversations, resolutions,
                         incoming, outgoing, first_responses, first_response_time, first_response_open_time, resolved,
                         resolution_time, resolution_open_time, replies, reply_time, reply_open_time)
                     SELECT $1, s.column1, s.column2, p.column1, p.column2,
                         CAST($6 AS BIGINT), CAST($7 AS BIGINT), CAST($8 AS BIGINT), CAST($9 AS BIGINT),
                         CAST($10 AS BIGINT), CAST($11 AS BIGINT), CAST($12 AS BIGINT), CAST($13 AS BIGINT),
                         CAST($14 AS BIGINT), CAST($15 AS BIGINT), CAST($16 AS BIGINT), CAST($17 AS BIGINT),
                         CAST($18 AS BIGINT)
                     FROM (VALUES ('account', 0), ('agent', CAST($2 AS BIGINT)), ('inbox', CAST($3 AS BIGINT))) s
                     CROSS JOIN (VALUES ('day', CAST($4 AS BIGINT)), ('quarter', CAST($5 AS BIGINT))) p
                     WHERE s.column2 IS NOT NULL
                     ON CONFLICT (account_id, scope, subject, span, starts_at) DO UPDATE SET
                         conversations = report_tallies.conversations + excluded.conversations,
                         resolutions = report_tallies.resolutions + excluded.resolutions,
                         incoming = report_tallies.incoming + excluded.incoming,
                         outgoing = report_tallies.outgoing + excluded.outgoing,
                         first_responses = report_tallies.first_responses + excluded.first_responses,
                         first_response_time = report_tallies.first_response_time + excluded.first_response_time,
                         first_response_open_time =
                             report_tallies.first_response_open_time + excluded.first_response_open_time,
                         resolved = report_tallies.resolved + excluded.resolved,
                         resolution_time = report_tallies.resolution_time + excluded.resolution_time,
                         resolution_open_time = report_tallies.resolution_open_time + excluded.resolution_open_time,
                         replies = report_tallies.replies + excluded.replies,
                         reply_time = report_tallies.reply_time + excluded.reply_time,
                         reply_open_time = report_tallies.reply_open_time + excluded.reply_open_time"
                ),
                params![
                    account,
                    agent,
                    inbox,
                    day,
                    starts_at,
                    step.conversations,
                    step.resolutions,
                    step.incoming,
                    step.outgoing,
                    step.first_responses,
                    step.first_response_time,
                    step.first_response_open_time,
                    step.resolved,
                    step.resolution_time,
                    step.resolution_open_time,
                    step.replies,
                    step.reply_time,
                    step.reply_open_time,
                ],
            )?;
        }
        Ok(())
    }
}

/// Whose figures: the word and the number that their rows have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject(pub &'static str, pub i64);

/// The sums of whole quarters and days of a range.
pub fn sums(conn: &mut Conn<'_>, account: AccountId, subject: Subject, spans: &[Span]) -> Result<Step> {
    let mut all = Step::default();
    for span in spans {
        all += conn.query_one(
            sql!(
                "SELECT CAST(COALESCE(SUM(conversations), 0) AS BIGINT) AS conversations,
                     CAST(COALESCE(SUM(resolutions), 0) AS BIGINT) AS resolutions,
                     CAST(COALESCE(SUM(incoming), 0) AS BIGINT) AS incoming,
                     CAST(COALESCE(SUM(outgoing), 0) AS BIGINT) AS outgoing,
                     CAST(COALESCE(SUM(first_responses), 0) AS BIGINT) AS first_responses,
                     CAST(COALESCE(SUM(first_response_time), 0) AS BIGINT) AS first_response_time,
                     CAST(COALESCE(SUM(first_response_open_time), 0) AS BIGINT) AS first_response_open_time,
                     CAST(COALESCE(SUM(resolved), 0) AS BIGINT) AS resolved,
                     CAST(COALESCE(SUM(resolution_time), 0) AS BIGINT) AS resolution_time,
                     CAST(COALESCE(SUM(resolution_open_time), 0) AS BIGINT) AS resolution_open_time,
                     CAST(COALESCE(SUM(replies), 0) AS BIGINT) AS replies,
                     CAST(COALESCE(SUM(reply_time), 0) AS BIGINT) AS reply_time,
                     CAST(COALESCE(SUM(reply_open_time), 0) AS BIGINT) AS reply_open_time
                 FROM report_tallies
                 WHERE account_id = $1 AND scope = $2 AND subject = $3 AND span = $4
                   AND starts_at >= $5 AND starts_at < $6"
            ),
            (account, subject.0, subject.1, span.word(), span.from(), span.to()),
        )?;
    }
    Ok(all)
}

/// The figures of whole quarters and days of a range, by units of `unit` seconds, `offset` seconds ahead of UTC.
pub fn series(
    conn: &mut Conn<'_>,
    account: AccountId,
    subject: Subject,
    spans: &[Span],
    columns: Columns,
    unit: i64,
    offset: i64,
) -> Result<Vec<(i64, i64, f64)>> {
    let mut all = Vec::new();
    for span in spans {
        let mut rows = Conditions::on("report_tallies", "t");
        rows.and(
            "t.account_id = $1 AND t.scope = $2 AND t.subject = $3 AND t.span = $4
             AND t.starts_at >= $5 AND t.starts_at < $6",
            &[&account, &subject.0, &subject.1, &span.word(), &span.from(), &span.to()],
        );
        let Columns { count, time } = columns;
        let columns = format!(
            "(t.starts_at + CAST($1 AS BIGINT)) / CAST($2 AS BIGINT), CAST(SUM(t.{count}) AS BIGINT),
             CAST(SUM(t.{time}) AS BIGINT)"
        );
        let (text, values) = rows.select(&columns, &[&(offset * MICROS), &(unit * MICROS)]);
        let found: Vec<(i64, i64, i64)> = conn.query_built(&format!("{text} GROUP BY 1"), &values)?;
        all.extend(found.into_iter().map(|(units, count, time)| (units, count, seconds(time))));
    }
    Ok(all)
}

/// The columns that a metric is made of.
#[derive(Debug, Clone, Copy)]
pub struct Columns {
    count: &'static str,
    /// Microseconds; for a metric that is no mean whatever.
    time: &'static str,
}

impl Columns {
    /// Those of the metric; `None` when it is not kept.
    pub fn of(metric: Metric, business_hours: bool) -> Option<Self> {
        let (count, time, open_time) = match metric {
            Metric::Conversations => ("conversations", "conversations", "conversations"),
            Metric::Resolutions => ("resolutions", "resolutions", "resolutions"),
            Metric::Incoming => ("incoming", "incoming", "incoming"),
            Metric::Outgoing => ("outgoing", "outgoing", "outgoing"),
            Metric::FirstResponse => ("first_responses", "first_response_time", "first_response_open_time"),
            Metric::Resolution => ("resolved", "resolution_time", "resolution_open_time"),
            Metric::Reply => ("replies", "reply_time", "reply_open_time"),
            Metric::BotResolutions | Metric::BotHandoffs => return None,
        };
        Some(Self { count, time: if business_hours { open_time } else { time } })
    }
}

/// A part of a range that is kept in rows of one length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// Quarters from this second up to that.
    Quarters(i64, i64),
    /// Days from this second up to that.
    Days(i64, i64),
}

impl Span {
    fn word(self) -> &'static str {
        match self {
            Self::Quarters(..) => "quarter",
            Self::Days(..) => "day",
        }
    }

    fn from(self) -> i64 {
        let (Self::Quarters(from, _) | Self::Days(from, _)) = self;
        from.saturating_mul(MICROS)
    }

    fn to(self) -> i64 {
        let (Self::Quarters(_, to) | Self::Days(_, to)) = self;
        to.saturating_mul(MICROS)
    }
}

/// A range cut where kept figures begin and end.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Cut {
    /// What is kept, as it is asked for.
    pub kept: Vec<Span>,
    /// The same as one range.
    pub whole: Option<Range>,
    /// What is left at both ends: to be counted row by row.
    pub rest: Vec<Range>,
}

impl Cut {
    /// Cuts a range; without `days` into quarters alone.
    pub fn of(range: Range, days: bool) -> Self {
        let (since, until) = (range.since.unwrap_or(i64::MIN), range.until.unwrap_or(i64::MAX));
        if since >= until {
            return Self::default();
        }
        let (from, to) = (round_up(since, QUARTER), round_down(until, QUARTER));
        if from >= to {
            return Self { rest: vec![range], ..Self::default() };
        }
        let mut cut = Self { whole: Some(bounds(from, to)), ..Self::default() };
        cut.rest = [(since, from), (to, until)].into_iter().filter(|(a, b)| a < b).map(|(a, b)| bounds(a, b)).collect();
        let (first, last) = (round_up(from, DAY), round_down(to, DAY));
        cut.kept = if days && first < last {
            vec![Span::Quarters(from, first), Span::Days(first, last), Span::Quarters(last, to)]
        } else {
            vec![Span::Quarters(from, to)]
        };
        cut.kept.retain(|span| span.from() < span.to());
        cut
    }
}

fn bounds(from: i64, to: i64) -> Range {
    Range { since: (from > i64::MIN).then_some(from), until: (to < i64::MAX).then_some(to) }
}

/// The next multiple; an open bound stays one.
fn round_up(seconds: i64, unit: i64) -> i64 {
    if seconds == i64::MIN {
        seconds
    } else {
        seconds.div_euclid(unit) * unit + if seconds.rem_euclid(unit) == 0 { 0 } else { unit }
    }
}

/// The last multiple; an open bound stays one.
fn round_down(seconds: i64, unit: i64) -> i64 {
    if seconds == i64::MAX { seconds } else { seconds.div_euclid(unit) * unit }
}

#[expect(clippy::cast_possible_truncation, reason = "times of conversations are far below 2^63 microseconds")]
fn micros(seconds: f64) -> i64 {
    (seconds * 1e6).round() as i64
}

#[expect(clippy::cast_precision_loss, reason = "rounds sums beyond 285 years to a microsecond or more")]
fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(since: Option<i64>, until: Option<i64>) -> Cut {
        Cut::of(Range { since, until }, true)
    }

    fn range(since: Option<i64>, until: Option<i64>) -> Range {
        Range { since, until }
    }

    #[test]
    fn whole_days_are_read_as_days() {
        let found = cut(Some(DAY), Some(3 * DAY));
        assert_eq!((found.kept, found.rest), (vec![Span::Days(DAY, 3 * DAY)], vec![]));
    }

    #[test]
    fn a_range_is_cut_into_rows_quarters_days_quarters_and_rows() {
        let found = cut(Some(DAY - QUARTER - 1), Some(2 * DAY + 2 * QUARTER + 1));
        let days = Span::Days(DAY, 2 * DAY);
        let kept = vec![Span::Quarters(DAY - QUARTER, DAY), days, Span::Quarters(2 * DAY, 2 * DAY + 2 * QUARTER)];
        assert_eq!(found.kept, kept);
        let ends = [DAY - QUARTER - 1, DAY - QUARTER, 2 * DAY + 2 * QUARTER, 2 * DAY + 2 * QUARTER + 1].map(Some);
        assert_eq!(found.rest, [range(ends[0], ends[1]), range(ends[2], ends[3])]);
        assert_eq!(found.whole, Some(range(ends[1], ends[2])));
    }

    #[test]
    fn open_bounds_stay_open() {
        let found = cut(None, Some(DAY + 5));
        assert_eq!(found.kept, [Span::Days(i64::MIN, DAY)]);
        assert_eq!(found.rest, [range(Some(DAY), Some(DAY + 5))]);
        assert_eq!(cut(None, None).kept, [Span::Days(i64::MIN, i64::MAX)]);
        assert_eq!(cut(None, None).whole, Some(Range::default()));
    }

    #[test]
    fn a_range_within_a_quarter_is_counted_row_by_row() {
        assert_eq!(cut(Some(5), Some(9)), Cut { rest: vec![range(Some(5), Some(9))], ..Cut::default() });
        assert_eq!(cut(Some(QUARTER - 1), Some(QUARTER + 1)).kept, []);
        assert_eq!(cut(Some(9), Some(9)), Cut::default());
        assert_eq!(cut(Some(9), Some(5)), Cut::default());
    }
}
