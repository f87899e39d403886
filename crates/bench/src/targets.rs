//! What is called: requests over the conversations of a data set.

use std::sync::Arc;

use anyhow::{Result, ensure};
use store::{Store, sql};

use crate::client::{self, Requests};
use crate::data::{self, ACCOUNT, ADMINISTRATOR_TOKEN, agent_token, inbox_identifier};

/// Conversations that are called; enough that pages of the database are not always the same ones.
const SAMPLE: i64 = 2_000;

/// A conversation that requests go to.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its number.
    pub display_id: i64,
    /// Its inbox.
    pub inbox: i64,
    /// The contact's session.
    pub source_id: String,
}

impl Target {
    /// An agent who sees the inbox.
    pub fn agent(&self) -> usize {
        usize::try_from(self.inbox - 1).unwrap_or_default()
    }
}

/// Conversations from all over the year.
pub async fn sample(store: &Store) -> Result<Vec<Target>> {
    let rows: Vec<(i64, i64, String)> = store
        .read(|conn| {
            let last: (i64,) =
                conn.query_one(sql!("SELECT last_number FROM conversation_numbers WHERE account_id = $1"), (ACCOUNT,))?;
            let step = (last.0 / SAMPLE).max(1);
            let numbers: Vec<i64> = (0..SAMPLE).map(|number| number * step + 1).collect();
            conn.query(
                sql!(
                    "SELECT c.display_id, c.inbox_id, s.source_id FROM conversations c
                     JOIN contact_inboxes s ON s.id = c.contact_inbox_id
                     WHERE c.account_id = $1 AND c.display_id = ANY($2)"
                ),
                (ACCOUNT, numbers),
            )
        })
        .await
        .map_err(|error: store::Error| error)?;
    targets(rows)
}

/// Open conversations, in which contacts write.
pub async fn open(store: &Store) -> Result<Vec<Target>> {
    let rows: Vec<(i64, i64, String)> = store
        .read(|conn| {
            conn.query(
                sql!(
                    "SELECT c.display_id, c.inbox_id, s.source_id FROM conversations c
                     JOIN contact_inboxes s ON s.id = c.contact_inbox_id
                     WHERE c.account_id = $1 AND c.status = 'open' ORDER BY c.id DESC LIMIT $2"
                ),
                (ACCOUNT, SAMPLE),
            )
        })
        .await
        .map_err(|error: store::Error| error)?;
    targets(rows)
}

/// The conversation with the most messages.
#[derive(Debug)]
pub struct Longest {
    /// Its number.
    pub display_id: i64,
    /// Its messages, oldest first.
    pub messages: Vec<i64>,
}

/// Looks for the longest conversation.
pub async fn longest(store: &Store) -> Result<Longest> {
    let (display_id, rows): (i64, Vec<(i64,)>) = store
        .read(|conn| {
            let (id, display_id): (i64, i64) = conn.query_one(
                sql!(
                    "SELECT c.id, c.display_id FROM conversations c WHERE c.account_id = $1 AND c.id =
                     (SELECT m.conversation_id FROM messages m WHERE m.account_id = $1
                      GROUP BY m.conversation_id ORDER BY COUNT(*) DESC LIMIT 1)"
                ),
                (ACCOUNT,),
            )?;
            let messages = conn.query(
                sql!("SELECT id FROM messages WHERE account_id = $1 AND conversation_id = $2 ORDER BY id"),
                (ACCOUNT, id),
            )?;
            Ok::<_, store::Error>((display_id, messages))
        })
        .await?;
    Ok(Longest { display_id, messages: rows.into_iter().map(|(id,)| id).collect() })
}

/// Local parts of contacts' mail addresses: each finds one contact.
pub async fn names(store: &Store) -> Result<Vec<String>> {
    let rows: Vec<(String,)> = store
        .read(|conn| {
            let numbers: Vec<i64> = (1..=50).map(|number| number * 151).collect();
            conn.query(
                sql!("SELECT k.email FROM contacts k WHERE k.account_id = $1 AND k.id = ANY($2)"),
                (ACCOUNT, numbers),
            )
        })
        .await
        .map_err(|error: store::Error| error)?;
    let locals = rows.iter().filter_map(|(email,)| email.split_once('@'));
    Ok(locals.map(|(local, _)| local.replace('ë', "%C3%AB").replace('é', "%C3%A9").replace('ö', "%C3%B6")).collect())
}

fn targets(rows: Vec<(i64, i64, String)>) -> Result<Vec<Target>> {
    ensure!(!rows.is_empty(), "the data set has no conversations");
    Ok(rows.into_iter().map(|(display_id, inbox, source_id)| Target { display_id, inbox, source_id }).collect())
}

/// What an agent writes.
pub const ANSWER: &str =
    r#"{"content":"Thanks for waiting: the parcel has left our warehouse today and will be with you tomorrow."}"#;
/// What a contact writes.
pub const QUESTION: &str =
    r#"{"content":"Hello, could you please tell me where my parcel is? The tracking page shows nothing new."}"#;

/// A message by an agent in each conversation.
pub fn agent_messages(targets: &[Target]) -> Requests {
    requests(targets.iter().map(|target| {
        let path = format!("{}/conversations/{}/messages", root(), target.display_id);
        client::post(&path, Some(&agent_token(target.agent())), ANSWER)
    }))
}

/// A message by the contact in each conversation.
pub fn contact_messages(targets: &[Target]) -> Requests {
    requests(targets.iter().map(|target| {
        let inbox = inbox_identifier(target.inbox);
        let (source, number) = (&target.source_id, target.display_id);
        let path = format!("/public/api/v1/inboxes/{inbox}/contacts/{source}/conversations/{number}/messages");
        client::post(&path, None, QUESTION)
    }))
}

/// Names in tables that budgets refer to.
pub const LIST: &str = "conversation list, administrator";
/// See [`LIST`].
pub const META: &str = "meta, administrator";
/// See [`LIST`].
pub const MESSAGES: &str = "messages page";
/// See [`LIST`].
pub const SEARCH: &str = "contact search, one hit";

/// Conditions that an index answers.
pub const CONTACT_FILTER: &str = "contact filter, indexed";
/// See [`CONTACT_FILTER`].
pub const CONVERSATION_FILTER: &str = "conversation filter, indexed";
/// Conditions that need a look at many rows.
pub const OTHER_FILTER: &str = "conversation filter, any other";
/// Over the year of the data set.
pub const SUMMARY: &str = "report summary of a year";
/// By day, in a zone that is no whole hours from UTC.
pub const SERIES: &str = "report of a year by day, UTC+5:30";
/// What is counted row by row.
pub const LABEL_SUMMARY: &str = "report summary of a year, label and team";
/// What is open now.
pub const LIVE: &str = "live report";

/// Pairs of attribute, operator and value, joined by AND.
type Conditions = &'static [(&'static str, &'static str, &'static str)];

const CONTACT_FILTERS: [Conditions; 4] = [
    &[("email", "equal_to", "\"nobody@bench.example\"")],
    &[("city", "equal_to", "\"Helsinki\""), ("plan", "equal_to", "\"team\"")],
    &[("plan", "equal_to", "\"business\"")],
    &[("phone_number", "equal_to", "\"+358000000151\"")],
];
const CONVERSATION_FILTERS: [Conditions; 5] = [
    &[("status", "equal_to", "\"open\"")],
    &[("status", "equal_to", "\"open\""), ("assignee_id", "equal_to", "7")],
    &[("order", "equal_to", "4711")],
    &[("labels", "equal_to", "\"label-3\""), ("status", "equal_to", "\"open\"")],
    &[("inbox_id", "equal_to", "4"), ("status", "equal_to", "\"pending\"")],
];
const OTHER_FILTERS: [Conditions; 3] = [
    &[("labels", "not_equal_to", "\"label-3\"")],
    &[("order", "is_greater_than", "5000"), ("priority", "is_not_present", "")],
    &[("status", "not_equal_to", "\"open\""), ("assignee_id", "is_not_present", "")],
];

/// A filter request for each list of conditions.
fn filters(what: &str, all: &[Conditions]) -> Requests {
    requests(all.iter().map(|conditions| {
        let last = conditions.len() - 1;
        let conditions: Vec<String> = conditions
            .iter()
            .enumerate()
            .map(|(index, (key, operator, value))| {
                let joiner = if index == last { "null" } else { "\"AND\"" };
                format!(
                    r#"{{"attribute_key":"{key}","filter_operator":"{operator}","values":[{value}],"query_operator":{joiner}}}"#
                )
            })
            .collect();
        let body = format!(r#"{{"payload":[{}]}}"#, conditions.join(","));
        client::post(&format!("{}/{what}/filter", root()), Some(ADMINISTRATOR_TOKEN), &body)
    }))
}

/// Where reports begin.
fn report_root() -> String {
    format!("/api/v2/accounts/{ACCOUNT}/reports")
}

/// Reports over the year of the data set.
fn reports(scopes: &[(&str, i64)], what: &str) -> Requests {
    let (since, until) = (data::BEGIN / 1_000_000, data::BEGIN / 1_000_000 + 365 * 86_400);
    let joiner = if what.contains('?') { '&' } else { '?' };
    requests(scopes.iter().map(|(kind, id)| {
        let path = format!("{}{what}{joiner}type={kind}&id={id}&since={since}&until={until}", report_root());
        client::get(&path, ADMINISTRATOR_TOKEN)
    }))
}

/// A reading endpoint.
pub struct Endpoint {
    /// Its name in tables.
    pub name: &'static str,
    /// What is sent.
    pub requests: Requests,
}

/// Every reading endpoint over these conversations.
pub fn endpoints(targets: &[Target], names: &[String]) -> Vec<Endpoint> {
    let administrator = |path: String| client::get(&path, ADMINISTRATOR_TOKEN);
    let by_agents = |path: &'static str| {
        requests((0..data::AGENTS).map(move |agent| client::get(&format!("{}{path}", root()), &agent_token(agent))))
    };
    let one = |path: &str| requests([administrator(format!("{}{path}", root()))]);
    let messages =
        targets.iter().map(|target| administrator(format!("{}/conversations/{}/messages", root(), target.display_id)));
    let search = |word: &str| administrator(format!("{}/contacts/search?q={word}", root()));
    vec![
        Endpoint { name: LIST, requests: one("/conversations") },
        Endpoint { name: "conversation list, agents (5 of 20 inboxes)", requests: by_agents("/conversations") },
        Endpoint {
            name: "conversation list, mine, all states",
            requests: by_agents("/conversations?assignee_type=me&status=all"),
        },
        Endpoint { name: "conversation list, page 10", requests: one("/conversations?page=10") },
        Endpoint { name: META, requests: one("/conversations/meta") },
        Endpoint { name: "meta, agents", requests: by_agents("/conversations/meta") },
        Endpoint { name: MESSAGES, requests: requests(messages) },
        Endpoint { name: SEARCH, requests: requests(names.iter().map(|name| search(name))) },
        Endpoint { name: "contact search, many hits", requests: requests(MANY_HITS.iter().map(|word| search(word))) },
        Endpoint { name: CONTACT_FILTER, requests: filters("contacts", &CONTACT_FILTERS) },
        Endpoint { name: CONVERSATION_FILTER, requests: filters("conversations", &CONVERSATION_FILTERS) },
        Endpoint { name: OTHER_FILTER, requests: filters("conversations", &OTHER_FILTERS) },
        Endpoint {
            name: SUMMARY,
            requests: reports(&[("account", 0), ("agent", 2), ("agent", 17), ("inbox", 3)], "/summary"),
        },
        Endpoint {
            name: SERIES,
            requests: reports(&[("account", 0), ("agent", 2), ("inbox", 3)], "?metric=reply_time&timezone_offset=5.5"),
        },
        Endpoint { name: LABEL_SUMMARY, requests: reports(&[("label", 1), ("team", 1)], "/summary") },
        Endpoint {
            name: LIVE,
            requests: requests([
                administrator(format!("{}/conversations?type=account", report_root())),
                administrator(format!("{}/conversations?type=agent", report_root())),
            ]),
        },
        Endpoint { name: "contact list", requests: one("/contacts?sort=-last_activity_at") },
    ]
}

/// Names and companies: one contact in forty, or in ten.
const MANY_HITS: [&str; 6] = ["Lindqvist", "harbour", "Aino", "okafor", "zielinski", "Chiara"];

/// Where the account's API begins.
pub fn root() -> String {
    format!("/api/v1/accounts/{ACCOUNT}")
}

fn requests(all: impl IntoIterator<Item = Vec<u8>>) -> Requests {
    Arc::new(all.into_iter().collect())
}
