//! Lists and searches of contacts (rest.md §5.9).

use std::collections::HashMap;

use edge::field::Maybe;
use edge::{Error, Result};
use sea_query::Expr;
use store::Conn;
use types::{AccountId, ContactId, ToValue, Value};

use super::wire::{ContactInboxJson, ContactJson, ContactListJson, ContactListMeta, ContactListQuery};
use super::{Contact, search, store as rows};
use crate::BaseUrl;
use crate::filter::sql::Found;
use crate::inbox;
use crate::inbox::wire::{InboxJson, InboxView};
use crate::query::{Conditions, composed, expression, placeholders, select_one};
use crate::text;

/// The folded name, as the index has it.
macro_rules! by_name {
    () => {
        "COALESCE(k.sort_name, '\u{10FFFF}')"
    };
}

/// Contacts on a page.
const PAGE: i64 = 15;

/// The order that no `sort` asks for another one.
const BY_ID: &str = "k.id ASC";

/// What a list shows, read from its query.
#[derive(Debug, Clone)]
pub struct List {
    account: AccountId,
    /// Folded; contained in one of the searched fields.
    text: Option<String>,
    labels: Option<Vec<String>>,
    /// What a filter looks for, among all contacts.
    filter: Option<Found>,
    order: String,
    page: i64,
    with_sessions: bool,
}

impl List {
    /// All contacts that lists show.
    pub fn read(account: AccountId, query: &ContactListQuery) -> Self {
        Self {
            account,
            text: None,
            filter: None,
            labels: match &query.labels {
                Maybe::Absent => None,
                Maybe::Null => Some(Vec::new()),
                Maybe::Value(labels) => Some(labels.0.iter().map(|label| text::fold(label)).collect()),
            },
            order: order(query.sort.as_ref().map_or("", |text| text.0.as_str())),
            page: read_page(query.page.as_ref().map_or("", |text| text.0.as_str())),
            with_sessions: query
                .include_contact_inboxes
                .as_ref()
                .is_none_or(|text| text.0.is_empty() || text.0 == "true"),
        }
    }

    /// Those that contain `q`, which must not be blank.
    pub fn search(account: AccountId, query: &ContactListQuery) -> Result<Self> {
        let text = query.q.as_ref().map(|text| text.0.trim()).filter(|text| !text.is_empty());
        let text = text.ok_or_else(|| Error::Refused("Specify what to search for with parameter q".into()))?;
        Ok(Self { text: Some(search::folded(text)), ..Self::read(account, query) })
    }

    /// Those that `filter` finds, anonymous ones included (decisions §2).
    pub fn filter(account: AccountId, query: &ContactListQuery, filter: Found) -> Self {
        Self { filter: Some(filter), labels: None, ..Self::read(account, query) }
    }

    /// The page, with the count over all pages.
    pub fn load(&self, conn: &mut Conn<'_>, view: InboxView, base_url: &BaseUrl) -> Result<ContactListJson> {
        let contacts = self.rows(conn)?;
        let count = self.count(conn)?;
        let ids: Vec<ContactId> = contacts.iter().map(|contact| contact.id).collect();
        let conversations = count_conversations(conn, self.account, &ids)?;
        let mut sessions =
            if self.with_sessions { Some(load_sessions(conn, self.account, &ids, view, base_url)?) } else { None };
        let now = conn.now();
        let payload = contacts.iter().map(|contact| {
            let sessions = sessions.as_mut().map(|sessions| sessions.remove(&contact.id).unwrap_or_default());
            ContactJson {
                conversations_count: Some(conversations.get(&contact.id).copied().unwrap_or_default()),
                contact_inboxes: sessions,
                ..contact.to_json(base_url, now)
            }
        });
        let shown = (self.page - 1).saturating_mul(PAGE).saturating_add(PAGE);
        let has_more = self.text.as_ref().map(|_| count > shown);
        Ok(ContactListJson {
            meta: ContactListMeta { count, current_page: self.page, has_more },
            payload: payload.collect(),
        })
    }

    fn rows(&self, conn: &mut Conn<'_>) -> Result<Vec<Contact>> {
        let (text, values) = self.statement(conn);
        Ok(conn.query_built(&text, &values)?)
    }

    /// The statement of the page, and its values.
    pub(crate) fn statement(&self, conn: &Conn<'_>) -> (String, Vec<Value>) {
        let offset = (self.page - 1).saturating_mul(PAGE);
        match &self.filter {
            // No other row than those of the page is read.
            Some(Found::Ids(ids)) if self.order == BY_ID => {
                let mut rows = Conditions::on("contacts", "k");
                let page = [self.shown(ids), expression("$1", &[&PAGE]), expression("$1", &[&offset])];
                rows.and("k.account_id = $1", &[&self.account]);
                rows.and_tree(composed("k.id IN ($1 ORDER BY 1 LIMIT $2 OFFSET $3)", page));
                rows.page(rows::columns!(), &self.order, PAGE, 0)
            }
            _ => self.conditions(conn).page(rows::columns!(), &self.order, PAGE, offset),
        }
    }

    fn count(&self, conn: &mut Conn<'_>) -> Result<i64> {
        if self.text.is_none() && self.labels.is_none() && self.filter.is_none() {
            return rows::find_count(conn, self.account);
        }
        let (text, values) = self.counting(conn);
        let counted: Vec<(i64,)> = conn.query_built(&text, &values)?;
        Ok(counted.first().map_or(0, |(count,)| *count))
    }

    /// The statement of the count over all pages, and its values.
    pub(crate) fn counting(&self, conn: &Conn<'_>) -> (String, Vec<Value>) {
        match &self.filter {
            // An order lets SQLite put sets together as it reads them.
            Some(Found::Ids(ids)) => {
                select_one(composed("(SELECT COUNT(*) FROM ($1 ORDER BY 1) found)", [self.shown(ids)]))
            }
            _ => self.conditions(conn).select("COUNT(*)", &[]),
        }
    }

    /// Without those that are on their way out.
    fn shown(&self, ids: &Expr) -> Expr {
        let gone = "SELECT gone.id FROM contacts gone WHERE gone.account_id = $1 AND gone.deleting_at IS NOT NULL";
        composed("$1 EXCEPT $2", [ids.clone(), expression(gone, &[&self.account])])
    }

    fn conditions(&self, conn: &Conn<'_>) -> Conditions {
        let mut rows = Conditions::on("contacts", "k");
        rows.and("k.account_id = $1 AND k.deleting_at IS NULL", &[&self.account]);
        match &self.filter {
            Some(Found::Rows(tree)) => rows.and_tree(tree.clone()),
            Some(Found::Ids(ids)) => rows.and_tree(composed("k.id IN ($1)", [ids.clone()])),
            None => rows.and("k.is_resolved", &[]),
        }
        if let Some(searched) = &self.text {
            rows.and("k.search_text LIKE $1 ESCAPE '\\'", &[&text::contains_pattern(searched)]);
            if let Some((narrow, value)) = search::condition(conn, self.account, searched) {
                rows.and(narrow, &[&value]);
            }
        }
        if let Some(labels) = &self.labels {
            let values: Vec<&dyn ToValue> = labels.iter().map(|label| label as &dyn ToValue).collect();
            rows.and(
                &format!(
                    "EXISTS (SELECT 1 FROM contact_tags ct JOIN tags t ON t.id = ct.tag_id
                     WHERE ct.account_id = k.account_id AND ct.contact_id = k.id AND t.folded_name IN {})",
                    placeholders(1, labels.len())
                ),
                &values,
            );
        }
        rows
    }
}

/// The sessions of contacts, with their inboxes.
pub fn load_sessions(
    conn: &mut Conn<'_>,
    account: AccountId,
    contacts: &[ContactId],
    view: InboxView,
    base_url: &BaseUrl,
) -> Result<HashMap<ContactId, Vec<ContactInboxJson>>> {
    if contacts.is_empty() {
        return Ok(HashMap::new());
    }
    let sessions = rows::list_sessions(conn, account, contacts)?;
    let mut inbox_ids: Vec<_> = sessions.iter().map(|session| session.inbox_id).collect();
    inbox_ids.sort_unstable();
    inbox_ids.dedup();
    let inboxes = inbox::store::list_by_ids(conn, account, &inbox_ids)?;
    let inboxes: HashMap<_, _> =
        InboxJson::load(conn, inboxes, view, base_url)?.into_iter().map(|inbox| (inbox.id, inbox)).collect();
    let mut out: HashMap<ContactId, Vec<ContactInboxJson>> = HashMap::new();
    for session in sessions {
        if let Some(inbox) = inboxes.get(&session.inbox_id) {
            let json = ContactInboxJson { source_id: session.source_id, inbox: inbox.clone() };
            out.entry(session.contact_id).or_default().push(json);
        }
    }
    Ok(out)
}

fn count_conversations(
    conn: &mut Conn<'_>,
    account: AccountId,
    contacts: &[ContactId],
) -> Result<HashMap<ContactId, i64>> {
    let rows: Vec<(ContactId, i64)> = conn.query(
        store::sql!(
            "SELECT contact_id, COUNT(*) FROM conversations
             WHERE account_id = $1 AND contact_id = ANY($2) AND inbox_id NOT IN (
                 SELECT gone.id FROM inboxes gone WHERE gone.account_id = $1 AND gone.deleting_at IS NOT NULL)
             GROUP BY contact_id"
        ),
        (account, contacts),
    )?;
    Ok(rows.into_iter().collect())
}

/// A page that is no positive number counts as the first (rest.md §1.6).
fn read_page(text: &str) -> i64 {
    text.trim().parse().ok().filter(|page| *page > 0).unwrap_or(1)
}

/// Sort keys in their fixed order, whatever their order in `sort` (recorded, rest.md §5.9).
fn order(sort: &str) -> String {
    // `email` and `phone_number` keep nulls where PostgreSQL has them: last ascending, first descending. So does
    // the name; as its index has it, what stands for null is above every name.
    const KEYS: &[(&str, &str, &str)] = &[
        ("email", "k.email ASC NULLS LAST", "k.email DESC NULLS FIRST"),
        ("name", concat!(by_name!(), " ASC"), concat!(by_name!(), " DESC")),
        ("phone_number", "k.phone_number ASC NULLS LAST", "k.phone_number DESC NULLS FIRST"),
        ("last_activity_at", "k.last_activity_at ASC NULLS LAST", "COALESCE(k.last_activity_at, -1) DESC"),
        ("company", "k.sort_company ASC NULLS LAST", "k.sort_company DESC NULLS LAST"),
        ("city", "k.sort_city ASC NULLS LAST", "k.sort_city DESC NULLS LAST"),
        ("country", "k.sort_country ASC NULLS LAST", "k.sort_country DESC NULLS LAST"),
        ("created_at", "k.created_at ASC", "k.created_at DESC"),
    ];
    let wanted: HashMap<&str, bool> = sort
        .split(',')
        .map(str::trim)
        .map(|key| key.strip_prefix('-').map_or((key, false), |key| (key, true)))
        .map(|(key, descending)| (if key == "company_name" { "company" } else { key }, descending))
        .collect();
    let mut order = String::new();
    for (key, ascending, descending) in KEYS {
        if let Some(is_descending) = wanted.get(key) {
            order.push_str(if *is_descending { descending } else { ascending });
            order.push_str(", ");
        }
    }
    if order.is_empty() { BY_ID.into() } else { order + "k.id DESC" }
}

#[cfg(test)]
mod tests {
    use super::{order, read_page};

    #[test]
    fn keys_are_applied_in_a_fixed_order() {
        assert_eq!(order("city,name"), order("name,city"));
        assert_eq!(order("-email"), "k.email DESC NULLS FIRST, k.id DESC");
        assert_eq!(order("last_activity_at"), "k.last_activity_at ASC NULLS LAST, k.id DESC");
        assert_eq!(order("unknown; DROP TABLE contacts"), "k.id ASC");
    }

    #[test]
    fn a_page_that_is_no_positive_number_is_the_first() {
        assert_eq!(["", "abc", "0", "-3", "2"].map(read_page), [1, 1, 1, 1, 2]);
    }
}
