//! Lists of conversations: which, in what order, how many (rest.md §5.10, semantics §6).

use edge::field::{Maybe, Text};
use edge::{Error, Result};
use store::{Conn, sql};
use types::{AccountId, InboxId, Status, TeamId, Timestamp, ToValue, UserId, Value};

use super::Conversation;
use super::counters;
use super::view::columns;
use super::wire::{Counts, ListQuery};
use crate::access::Member;
use crate::query::{Conditions, placeholders};
use crate::{team, text};

/// By urgency, conversations without priority last.
macro_rules! by_priority {
    ($direction:literal, $then:literal) => {
        concat!(
            "CASE c.priority WHEN 'low' THEN 0 WHEN 'medium' THEN 1 WHEN 'high' THEN 2 WHEN 'urgent' THEN 3 END ",
            $direction,
            " NULLS LAST, ",
            $then
        )
    };
}
/// Users who are being deleted: nearly always nobody.
macro_rules! deleting_users {
    () => {
        "(SELECT gone.id FROM users gone WHERE gone.deleting_at IS NOT NULL)"
    };
}

/// Conversations on a page.
pub(super) const PAGE: i64 = 25;
/// Has no conversations.
const NO_INBOX: InboxId = InboxId::new(0);
/// Conversations of an answer that is not paged.
pub(super) const UNPAGED: i64 = 1000;

/// What a list shows, read from its query.
#[derive(Debug, Clone)]
pub struct List {
    scope: Scope,
    statuses: Vec<Status>,
    assignee: Assignee,
    narrow: Narrow,
    order: Order,
    page: i64,
    /// Conversations of users who are being deleted are unassigned. Looked at before, for the sake of the plan.
    counts_deleting: bool,
}

/// Who looks, and thereby which inboxes are seen.
#[derive(Debug, Clone, Copy)]
struct Scope {
    account: AccountId,
    user: UserId,
    sees_all: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Assignee {
    Me,
    Unassigned,
    Assigned,
    All,
}

/// Conditions for which no counters are kept.
#[derive(Debug, Clone, Default)]
struct Narrow {
    /// An inbox that cannot be read is [`NO_INBOX`].
    inbox: Option<InboxId>,
    team: Option<TeamId>,
    labels: Option<Vec<String>>,
    text: Option<String>,
    kind: Option<Kind>,
    source_id: Option<String>,
    updated_after: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Mention,
    Participating,
    Unattended,
    /// `reply_status=unattended` of 2.10: without first reply.
    WithoutReply,
}

/// The order of a list; ties by id, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order(&'static str);

impl Order {
    /// The order of this name; the default one when it is not known (semantics §6.2).
    fn named(name: &str) -> Self {
        Self(match name {
            "last_activity_at_asc" => "c.last_activity_at ASC",
            "sort_on_created_at" | "created_at_asc" => "c.created_at ASC",
            "created_at_desc" => "c.created_at DESC",
            "last_user_message_at" => LAST_MESSAGE,
            "priority_desc" | "sort_on_priority" => by_priority!("DESC", "c.last_activity_at DESC"),
            "priority_asc" => by_priority!("ASC", "c.last_activity_at DESC"),
            "priority_desc_created_at_asc" => by_priority!("DESC", "c.created_at ASC"),
            "waiting_since_asc" | "sort_on_waiting_since" => "c.waiting_since ASC NULLS LAST, c.created_at ASC",
            "waiting_since_desc" => "c.waiting_since DESC NULLS LAST, c.created_at ASC",
            _ => "c.last_activity_at DESC",
        })
    }

    /// Conversations without messages have no place in this order (recorded).
    fn needs_messages(self) -> bool {
        self.0 == LAST_MESSAGE
    }
}

/// By type of the last message of any kind, then its time.
const LAST_MESSAGE: &str = "(SELECT CASE m.message_type WHEN 'incoming' THEN 0 WHEN 'outgoing' THEN 1
     WHEN 'activity' THEN 2 ELSE 3 END FROM messages m WHERE m.account_id = c.account_id AND m.conversation_id = c.id
     ORDER BY m.id DESC LIMIT 1) ASC, c.last_activity_at ASC";

impl List {
    /// Reads a query. A team that is not there is 404, even before a bad status (recorded).
    pub fn read(conn: &mut Conn<'_>, member: &Member, query: &ListQuery, now: Timestamp) -> Result<Self> {
        let team = match &query.team_id {
            Maybe::Absent => None,
            given => Some(find_team(conn, member.account_id, given)?),
        };
        let text = query.q.as_ref().map(|text| text.0.trim().to_owned()).filter(|text| !text.is_empty());
        let statuses = if text.is_some() { Status::ALL.to_vec() } else { read_statuses(&query.status)? };
        let word = |text: &Option<Text>| text.as_ref().map(|text| text.0.clone()).unwrap_or_default();
        let assignee = match word(&query.assignee_type).as_str() {
            "me" => Assignee::Me,
            "unassigned" => Assignee::Unassigned,
            "assigned" => Assignee::Assigned,
            _ => Assignee::All,
        };
        Ok(Self {
            counts_deleting: assignee == Assignee::Unassigned && is_deleting_users(conn)?,
            scope: Scope { account: member.account_id, user: member.user_id, sees_all: member.is_administrator() },
            statuses,
            assignee,
            narrow: Narrow {
                inbox: match &query.inbox_id {
                    Maybe::Absent => None,
                    Maybe::Null => Some(NO_INBOX),
                    Maybe::Value(text) => Some(text.0.trim().parse().map_or(NO_INBOX, InboxId::new)),
                },
                team,
                labels: match &query.labels {
                    Maybe::Absent => None,
                    Maybe::Null => Some(Vec::new()),
                    Maybe::Value(labels) => Some(labels.0.iter().map(|label| text::fold(label)).collect()),
                },
                text,
                kind: match (word(&query.conversation_type).as_str(), word(&query.reply_status).as_str()) {
                    ("mention", _) => Some(Kind::Mention),
                    ("participating", _) => Some(Kind::Participating),
                    ("unattended", _) => Some(Kind::Unattended),
                    (_, "unattended") => Some(Kind::WithoutReply),
                    _ => None,
                },
                source_id: query.source_id.as_ref().map(|text| text.0.clone()),
                updated_after: query.updated_within.as_ref().map(|seconds| {
                    now.minus(std::time::Duration::from_secs(u64::try_from(seconds.get()).unwrap_or(0)))
                }),
            },
            order: Order::named(&word(&query.sort_by)),
            page: word(&query.page).trim().parse().ok().filter(|page| *page > 0).unwrap_or(1),
        })
    }

    /// The counts before `assignee_type` and paging.
    pub fn count(&self, conn: &mut Conn<'_>) -> Result<Counts> {
        let narrow = &self.narrow;
        let is_counted = narrow.team.is_none()
            && narrow.labels.is_none()
            && narrow.text.is_none()
            && narrow.kind.is_none()
            && narrow.source_id.is_none()
            && narrow.updated_after.is_none();
        let (all, unassigned, mine) = if is_counted { self.read_counters(conn)? } else { self.count_rows(conn)? };
        Ok(Counts { mine_count: mine, assigned_count: all - unassigned, unassigned_count: unassigned, all_count: all })
    }

    /// The conversations of the page.
    pub fn rows(&self, conn: &mut Conn<'_>) -> Result<Vec<Conversation>> {
        let (text, values) = self.statement();
        Ok(conn.query_built(&text, &values)?)
    }

    /// The statement of the page, and its values.
    pub(crate) fn statement(&self) -> (String, Vec<Value>) {
        let mut rows = self.conditions();
        match self.assignee {
            Assignee::Me => rows.and("c.assignee_id = $1", &[&self.scope.user]),
            Assignee::Unassigned if self.counts_deleting => {
                rows.and(concat!("(c.assignee_id IS NULL OR c.assignee_id IN ", deleting_users!(), ")"), &[]);
            }
            Assignee::Unassigned => rows.and("c.assignee_id IS NULL", &[]),
            Assignee::Assigned => {
                rows.and(concat!("c.assignee_id IS NOT NULL AND c.assignee_id NOT IN ", deleting_users!()), &[]);
            }
            Assignee::All => {}
        }
        if self.order.needs_messages() {
            rows.and(
                "EXISTS (SELECT 1 FROM messages m WHERE m.account_id = c.account_id AND m.conversation_id = c.id)",
                &[],
            );
        }
        let (limit, offset) = match self.narrow.updated_after {
            Some(_) => (UNPAGED, 0),
            None => (PAGE, (self.page - 1).saturating_mul(PAGE)),
        };
        rows.page(columns(), &format!("{}, c.id DESC", self.order.0), limit, offset)
    }

    fn read_counters(&self, conn: &mut Conn<'_>) -> Result<(i64, i64, i64)> {
        let statuses: Vec<String> = self.statuses.iter().map(|status| status.as_str().to_owned()).collect();
        let mine = counters::bucket(Some(self.scope.user));
        let buckets = vec!["all".to_owned(), "unassigned".to_owned(), mine.clone()];
        let inbox = self.narrow.inbox;
        let rows: Vec<(String, i64)> = conn.query(
            sql!(
                "SELECT n.bucket, CAST(SUM(n.conversation_count) AS BIGINT) FROM conversation_counters n
                 WHERE n.account_id = $1 AND n.status = ANY($2) AND n.bucket = ANY($3)
                   AND (CAST($4 AS BIGINT) IS NULL OR n.inbox_id = $4)
                   AND (CAST($5 AS BOOLEAN) OR n.inbox_id IN (
                       SELECT im.inbox_id FROM inbox_members im WHERE im.account_id = $1 AND im.user_id = $6))
                 GROUP BY n.bucket"
            ),
            (self.scope.account, statuses, buckets, inbox, self.scope.sees_all, self.scope.user),
        )?;
        let of = |bucket: &str| rows.iter().find(|(name, _)| name == bucket).map_or(0, |(_, count)| *count);
        Ok((of("all"), of("unassigned"), of(&mine)))
    }

    fn count_rows(&self, conn: &mut Conn<'_>) -> Result<(i64, i64, i64)> {
        count(conn, &self.conditions(), self.scope.user)
    }

    /// Everything but `assignee_type`.
    fn conditions(&self) -> Conditions {
        let scope = self.scope;
        let narrow = &self.narrow;
        let mut rows = Conditions::on("conversations", "c");
        rows.and("c.account_id = $1", &[&scope.account]);
        if let [status] = self.statuses.as_slice() {
            rows.and("c.status = $1", &[status]);
        }
        must_be_shown(&mut rows, scope.account);
        // Who takes part in a conversation sees it there whatever the inbox (semantics §6.4).
        if narrow.kind != Some(Kind::Participating) {
            if !scope.sees_all {
                must_be_seen(&mut rows, scope.account, scope.user);
            }
            if let Some(inbox) = narrow.inbox {
                rows.and("c.inbox_id = $1", &[&inbox]);
            }
        }
        if let Some(team) = narrow.team {
            rows.and("c.team_id = $1", &[&team]);
        }
        if let Some(labels) = &narrow.labels {
            let values: Vec<&dyn ToValue> = labels.iter().map(|label| label as &dyn ToValue).collect();
            rows.and(
                &format!(
                    "EXISTS (SELECT 1 FROM conversation_tags ct JOIN tags t ON t.id = ct.tag_id
                     WHERE ct.account_id = c.account_id AND ct.conversation_id = c.id AND t.folded_name IN {})",
                    placeholders(1, labels.len())
                ),
                &values,
            );
        }
        if let Some(text) = &narrow.text {
            rows.and(
                "EXISTS (SELECT 1 FROM messages m WHERE m.account_id = c.account_id AND m.conversation_id = c.id
                 AND m.message_type IN ('incoming', 'outgoing') AND fold(m.content) LIKE $1 ESCAPE '\\')",
                &[&text::contains_pattern(&text::fold(text))],
            );
        }
        if let Some(kind) = narrow.kind {
            self.must_be_of(&mut rows, kind);
        }
        if let Some(source_id) = &narrow.source_id {
            rows.and(
                "c.contact_inbox_id IN (SELECT ci.id FROM contact_inboxes ci
                 WHERE ci.account_id = $1 AND ci.source_id = $2)",
                &[&scope.account, source_id],
            );
        }
        if let Some(after) = narrow.updated_after {
            rows.and("c.updated_at > $1", &[&after]);
        }
        rows
    }

    fn must_be_of(&self, rows: &mut Conditions, kind: Kind) {
        let table = match kind {
            Kind::Mention => "mentions",
            Kind::Participating => "conversation_participants",
            Kind::Unattended => {
                return rows.and("(c.first_reply_created_at IS NULL OR c.waiting_since IS NOT NULL)", &[]);
            }
            Kind::WithoutReply => return rows.and("c.first_reply_created_at IS NULL", &[]),
        };
        rows.and(
            &format!(
                "EXISTS (SELECT 1 FROM {table} p
                 WHERE p.account_id = c.account_id AND p.conversation_id = c.id AND p.user_id = $1)"
            ),
            &[&self.scope.user],
        );
    }
}

/// Conversations on their way out are not shown: those of contacts and inboxes that are being deleted.
pub(crate) fn must_be_shown(rows: &mut Conditions, account: AccountId) {
    for (column, table) in [("contact_id", "contacts"), ("inbox_id", "inboxes")] {
        let condition = format!(
            "c.{column} NOT IN (SELECT gone.id FROM {table} gone
             WHERE gone.account_id = $1 AND gone.deleting_at IS NOT NULL)"
        );
        rows.and(&condition, &[&account]);
    }
}

/// An agent sees the conversations of the inboxes it belongs to.
pub(super) fn must_be_seen(rows: &mut Conditions, account: AccountId, user: UserId) {
    rows.and(
        "c.inbox_id IN (SELECT im.inbox_id FROM inbox_members im WHERE im.account_id = $1 AND im.user_id = $2)",
        &[&account, &user],
    );
}

/// How many conversations there are, how many without assignee and how many of `user`.
pub(super) fn count(conn: &mut Conn<'_>, rows: &Conditions, user: UserId) -> Result<(i64, i64, i64)> {
    let (text, values) = rows.select(
        concat!(
            "COUNT(*), COUNT(*) FILTER (WHERE c.assignee_id IS NULL OR c.assignee_id IN ",
            deleting_users!(),
            "), COUNT(*) FILTER (WHERE c.assignee_id = $1)"
        ),
        &[&user],
    );
    let counts: Vec<(i64, i64, i64)> = conn.query_built(&text, &values)?;
    Ok(counts.first().copied().unwrap_or_default())
}

pub(super) fn is_deleting_users(conn: &mut Conn<'_>) -> Result<bool> {
    let row: Option<(UserId,)> =
        conn.query_opt(sql!("SELECT id FROM users WHERE deleting_at IS NOT NULL LIMIT 1"), ())?;
    Ok(row.is_some())
}

fn find_team(conn: &mut Conn<'_>, account: AccountId, given: &Maybe<Text>) -> Result<TeamId> {
    let id = match given {
        Maybe::Value(text) => text.0.trim().parse().ok().map(TeamId::new),
        Maybe::Absent | Maybe::Null => None,
    };
    let id = id.ok_or(Error::NotFound("team"))?;
    Ok(team::store::find(conn, account, id)?.ok_or(Error::NotFound("team"))?.id)
}

/// A word, its position, or `all`; empty is `open` (decisions §3).
fn read_statuses(given: &Maybe<Text>) -> Result<Vec<Status>> {
    let Maybe::Value(Text(word)) = given else { return Ok(vec![Status::Open]) };
    Ok(match word.as_str() {
        "" => vec![Status::Open],
        "all" => Status::ALL.to_vec(),
        word => vec![super::service::read_status(word)?],
    })
}
