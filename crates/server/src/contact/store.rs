//! The SQL of contacts and their sessions.

use edge::Result;
use store::{Conn, Tx, params, sql};
use types::{AccountId, ContactId, ContactInboxId, InboxId, Timestamp, Value};

use super::service::NewContact;
use super::{Contact, ContactInbox};
use crate::text::fold;

/// The columns of [`Contact`], of the table alias `k`.
macro_rules! columns {
    () => {
        concat!(
            "k.id, k.account_id, k.name, k.email, k.phone_number, k.identifier, k.additional_attributes,
             k.custom_attributes, k.blocked, k.last_activity_at, k.created_at, k.updated_at,
             (SELECT p.seen_at FROM contact_presences p WHERE p.account_id = k.account_id AND p.contact_id = k.id)
                 AS seen_at, ",
            crate::file::avatar!("k")
        )
    };
}
pub(super) use columns;

/// The contact.
pub fn find(conn: &mut Conn<'_>, account: AccountId, id: ContactId) -> Result<Option<Contact>> {
    Ok(conn.query_opt(
        sql!("SELECT ", columns!(), " FROM contacts k WHERE k.account_id = $1 AND k.id = $2 AND k.deleting_at IS NULL"),
        (account, id),
    )?)
}

/// The contacts with these ids.
pub fn list_by_ids(conn: &mut Conn<'_>, account: AccountId, mut ids: Vec<ContactId>) -> Result<Vec<Contact>> {
    ids.sort_unstable();
    ids.dedup();
    Ok(conn.query(
        sql!(
            "SELECT ",
            columns!(),
            " FROM contacts k WHERE k.account_id = $1 AND k.id = ANY($2) AND k.deleting_at IS NULL"
        ),
        (account, ids),
    )?)
}

/// Whether the contact is blocked.
pub fn is_blocked(conn: &mut Conn<'_>, account: AccountId, id: ContactId) -> Result<bool> {
    let row: Option<(bool,)> =
        conn.query_opt(sql!("SELECT blocked FROM contacts WHERE account_id = $1 AND id = $2"), (account, id))?;
    Ok(row.is_some_and(|(blocked,)| blocked))
}

/// The contact that has this identifier, else this e-mail address, else this phone number (rest.md §5.21).
pub fn find_by_identity(
    conn: &mut Conn<'_>,
    account: AccountId,
    identifier: Option<&str>,
    email: Option<&str>,
    phone_number: Option<&str>,
) -> Result<Option<Contact>> {
    Ok(conn.query_opt(
        sql!(
            "SELECT ",
            columns!(),
            " FROM contacts k WHERE k.account_id = $1 AND k.deleting_at IS NULL
              AND (k.identifier = $2 OR k.email = $3 OR (k.phone_number = $4 AND k.phone_number <> ''))
              ORDER BY CASE WHEN k.identifier = $2 THEN 0 WHEN k.email = $3 THEN 1 ELSE 2 END, k.id LIMIT 1"
        ),
        (account, identifier, email, phone_number),
    )?)
}

/// The contact, locked until the end of the transaction: the first thing every change does. What is made below it
/// need not wait.
pub fn lock(tx: &mut Tx<'_>, account: AccountId, id: ContactId) -> Result<Option<Contact>> {
    Ok(tx.query_opt(
        sql!(
            "SELECT ",
            columns!(),
            " FROM contacts k WHERE k.account_id = $1 AND k.id = $2 AND k.deleting_at IS NULL FOR NO KEY UPDATE"
        ),
        (account, id),
    )?)
}

/// What no two contacts of an account have in common.
const UNIQUE: [&str; 3] = ["email", "phone_number", "identifier"];

/// Which of `UNIQUE` a contact has already; `except` does not count.
pub fn find_taken(
    conn: &mut Conn<'_>,
    account: AccountId,
    new: &NewContact,
    except: Option<ContactId>,
) -> Result<Vec<&'static str>> {
    let (email, phone_number, identifier): (bool, bool, bool) = conn.query_one(
        sql!(
            "SELECT EXISTS (SELECT 1 FROM contacts WHERE account_id = $1 AND deleting_at IS NULL AND email = $2
                            AND (CAST($5 AS BIGINT) IS NULL OR id <> $5)),
                    EXISTS (SELECT 1 FROM contacts WHERE account_id = $1 AND deleting_at IS NULL
                            AND phone_number = $3 AND phone_number <> ''
                            AND (CAST($5 AS BIGINT) IS NULL OR id <> $5)),
                    EXISTS (SELECT 1 FROM contacts WHERE account_id = $1 AND deleting_at IS NULL AND identifier = $4
                            AND (CAST($5 AS BIGINT) IS NULL OR id <> $5))"
        ),
        (account, new.email.as_deref(), new.phone_number.as_deref(), new.identifier.as_deref(), except),
    )?;
    let taken = UNIQUE.into_iter().zip([email, phone_number, identifier]);
    Ok(taken.filter(|(_, taken)| *taken).map(|(field, _)| field).collect())
}

/// Stores a contact; `None` when another one has its e-mail, phone number or identifier.
pub fn insert(tx: &mut Tx<'_>, account: AccountId, new: &NewContact) -> Result<Option<Contact>> {
    let now = tx.now();
    Ok(tx.query_opt(
        sql!(
            "INSERT INTO contacts (account_id, name, email, phone_number, identifier, additional_attributes,
                 custom_attributes, blocked, is_resolved, sort_name, sort_company, sort_city, sort_country,
                 folded_identifier, search_text, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16)
             ON CONFLICT DO NOTHING
             RETURNING id, account_id, name, email, phone_number, identifier, additional_attributes,
                 custom_attributes, blocked, last_activity_at, created_at, updated_at,
                 CAST(NULL AS BIGINT) AS seen_at, NULL AS avatar"
        ),
        [params![account], content(new, now)].concat(),
    )?)
}

/// Stores a changed contact; gives those of `UNIQUE` that another one got at the same time, and then the transaction
/// is lost.
pub fn update(tx: &mut Tx<'_>, account: AccountId, id: ContactId, new: &NewContact) -> Result<Vec<&'static str>> {
    let now = tx.now();
    let updated = tx.execute(
        sql!(
            "UPDATE contacts SET name = $3, email = $4, phone_number = $5, identifier = $6,
                 additional_attributes = $7, custom_attributes = $8, blocked = $9, is_resolved = $10, sort_name = $11,
                 sort_company = $12, sort_city = $13, sort_country = $14, folded_identifier = $15, search_text = $16,
                 updated_at = $17
             WHERE account_id = $1 AND id = $2"
        ),
        [params![account, id], content(new, now)].concat(),
    );
    let Err(error) = updated else { return Ok(Vec::new()) };
    let taken: Vec<_> = match &error {
        // Both databases name the index or its column.
        store::Error::Duplicate(text) => UNIQUE.into_iter().filter(|field| text.contains(field)).collect(),
        _ => Vec::new(),
    };
    if taken.is_empty() { Err(error.into()) } else { Ok(taken) }
}

/// What is stored of a contact, in the order in which both statements have it.
fn content(new: &NewContact, now: Timestamp) -> Vec<Value> {
    let sorting = Sorting::of(new);
    params![
        new.name,
        new.email,
        new.phone_number,
        new.identifier,
        new.additional_attributes,
        new.custom_attributes,
        new.blocked,
        new.is_resolved(),
        sorting.name,
        sorting.company,
        sorting.city,
        sorting.country,
        sorting.identifier,
        sorting.search_text,
        now,
    ]
}

/// Counts `step` contacts more in lists.
pub fn count(tx: &mut Tx<'_>, account: AccountId, step: i64) -> Result<()> {
    tx.execute(
        sql!(
            "INSERT INTO contact_counters (account_id, resolved_count) VALUES ($1, $2)
             ON CONFLICT (account_id) DO UPDATE
             SET resolved_count = contact_counters.resolved_count + excluded.resolved_count"
        ),
        (account, step),
    )?;
    Ok(())
}

/// How many contacts lists show.
pub fn find_count(conn: &mut Conn<'_>, account: AccountId) -> Result<i64> {
    let row: Option<(i64,)> =
        conn.query_opt(sql!("SELECT resolved_count FROM contact_counters WHERE account_id = $1"), (account,))?;
    Ok(row.map_or(0, |(count,)| count))
}

/// Notes that the contact has just written.
pub fn update_activity(tx: &mut Tx<'_>, account: AccountId, id: ContactId) -> Result<()> {
    let now = tx.now();
    tx.execute(
        sql!("UPDATE contacts SET last_activity_at = $3, updated_at = $3 WHERE account_id = $1 AND id = $2"),
        (account, id, now),
    )?;
    Ok(())
}

/// The session with this id in the inbox.
pub fn find_session(
    conn: &mut Conn<'_>,
    account: AccountId,
    inbox: InboxId,
    source_id: &str,
) -> Result<Option<ContactInbox>> {
    Ok(conn.query_opt(
        sql!(
            "SELECT s.id, s.account_id, s.contact_id, s.inbox_id, s.source_id, s.hmac_verified, s.pubsub_token
             FROM contact_inboxes s JOIN contacts k ON k.id = s.contact_id
             WHERE s.account_id = $1 AND s.inbox_id = $2 AND s.source_id = $3 AND k.deleting_at IS NULL"
        ),
        (account, inbox, source_id),
    )?)
}

/// The oldest session with this id in any inbox of the account.
pub fn find_session_anywhere(conn: &mut Conn<'_>, account: AccountId, source_id: &str) -> Result<Option<ContactInbox>> {
    Ok(conn.query_opt(
        sql!(
            "SELECT s.id, s.account_id, s.contact_id, s.inbox_id, s.source_id, s.hmac_verified, s.pubsub_token
             FROM contact_inboxes s
             JOIN contacts k ON k.id = s.contact_id
             JOIN inboxes i ON i.id = s.inbox_id
             WHERE s.account_id = $1 AND s.source_id = $2 AND k.deleting_at IS NULL AND i.deleting_at IS NULL
             ORDER BY s.id LIMIT 1"
        ),
        (account, source_id),
    )?)
}

/// The sessions of these contacts, oldest first.
pub fn list_sessions(conn: &mut Conn<'_>, account: AccountId, contacts: &[ContactId]) -> Result<Vec<ContactInbox>> {
    Ok(conn.query(
        sql!(
            "SELECT s.id, s.account_id, s.contact_id, s.inbox_id, s.source_id, s.hmac_verified, s.pubsub_token
             FROM contact_inboxes s JOIN inboxes i ON i.id = s.inbox_id
             WHERE s.account_id = $1 AND s.contact_id = ANY($2) AND i.deleting_at IS NULL ORDER BY s.id"
        ),
        (account, contacts),
    )?)
}

/// Keeps contact and inbox from being deleted until the end of the transaction; false when one of them is already.
/// Whatever is made below them is made after this.
pub fn hold(tx: &mut Tx<'_>, account: AccountId, contact: ContactId, inbox: InboxId) -> Result<bool> {
    let held: Option<(ContactId,)> = tx.query_opt(
        sql!(
            "SELECT k.id FROM contacts k JOIN inboxes i ON i.account_id = k.account_id
             WHERE k.account_id = $1 AND k.id = $2 AND k.deleting_at IS NULL AND i.id = $3 AND i.deleting_at IS NULL
             FOR KEY SHARE"
        ),
        (account, contact, inbox),
    )?;
    Ok(held.is_some())
}

/// The contact, locked against everything until the end of the transaction, those that make something below it
/// included; with it whether lists show it.
pub fn lock_to_delete(tx: &mut Tx<'_>, account: AccountId, id: ContactId) -> Result<Option<(Contact, bool)>> {
    let found: Option<Contact> = tx.query_opt(
        sql!(
            "SELECT ",
            columns!(),
            " FROM contacts k WHERE k.account_id = $1 AND k.id = $2 AND k.deleting_at IS NULL FOR UPDATE"
        ),
        (account, id),
    )?;
    let Some(contact) = found else { return Ok(None) };
    let (is_resolved,): (bool,) =
        tx.query_one(sql!("SELECT is_resolved FROM contacts WHERE account_id = $1 AND id = $2"), (account, id))?;
    Ok(Some((contact, is_resolved)))
}

/// Hides the contact from every answer, and frees its e-mail address, phone number and identifier.
pub fn set_deleting(tx: &mut Tx<'_>, account: AccountId, id: ContactId) -> Result<()> {
    let now = tx.now();
    tx.execute(
        sql!("UPDATE contacts SET deleting_at = $3, updated_at = $3 WHERE account_id = $1 AND id = $2"),
        (account, id, now),
    )?;
    Ok(())
}

/// Frees the id in the inbox if its session belongs to a contact that is being deleted.
fn free_source_id(tx: &mut Tx<'_>, account: AccountId, inbox: InboxId, source_id: &str) -> Result<bool> {
    let freed = tx.execute(
        sql!(
            "UPDATE contact_inboxes SET source_id = 'deleted ' || pubsub_token
             WHERE account_id = $1 AND inbox_id = $2 AND source_id = $3 AND contact_id IN (
                 SELECT gone.id FROM contacts gone WHERE gone.account_id = $1 AND gone.deleting_at IS NOT NULL)"
        ),
        (account, inbox, source_id),
    )?;
    Ok(freed > 0)
}

store::row! {
    /// A session, and whether it has been used.
    #[derive(Debug)]
    pub(super) struct SessionUse {
        /// The inbox.
        pub inbox_id: InboxId,
        /// Its id in the inbox.
        pub source_id: String,
        /// Whether it has a conversation.
        pub has_conversation: bool,
    }
}

/// The sessions of a contact and whether they have been used, oldest first.
pub(super) fn list_sessions_by_use(
    conn: &mut Conn<'_>,
    account: AccountId,
    contact: ContactId,
) -> Result<Vec<SessionUse>> {
    Ok(conn.query(
        sql!(
            "SELECT s.inbox_id, s.source_id, EXISTS (
                 SELECT 1 FROM conversations c
                 WHERE c.account_id = s.account_id AND c.contact_inbox_id = s.id) AS has_conversation
             FROM contact_inboxes s WHERE s.account_id = $1 AND s.contact_id = $2 ORDER BY s.id"
        ),
        (account, contact),
    )?)
}

/// Stores a session; `None` when the inbox has that `source_id` already.
pub fn insert_session(
    tx: &mut Tx<'_>,
    account: AccountId,
    contact: ContactId,
    inbox: InboxId,
    source_id: &str,
) -> Result<Option<ContactInbox>> {
    match try_insert_session(tx, account, contact, inbox, source_id)? {
        None if free_source_id(tx, account, inbox, source_id)? => {
            try_insert_session(tx, account, contact, inbox, source_id)
        }
        stored => Ok(stored),
    }
}

fn try_insert_session(
    tx: &mut Tx<'_>,
    account: AccountId,
    contact: ContactId,
    inbox: InboxId,
    source_id: &str,
) -> Result<Option<ContactInbox>> {
    let now = tx.now();
    Ok(tx.query_opt(
        sql!(
            "INSERT INTO contact_inboxes (account_id, contact_id, inbox_id, source_id, hmac_verified, pubsub_token,
                 created_at, updated_at)
             VALUES ($1, $2, $3, $4, FALSE, $5, $6, $6)
             ON CONFLICT (inbox_id, source_id) DO NOTHING
             RETURNING id, account_id, contact_id, inbox_id, source_id, hmac_verified, pubsub_token"
        ),
        (account, contact, inbox, source_id, crate::token::random(), now),
    )?)
}

/// Locks the session until the end of the transaction.
pub fn lock_session(tx: &mut Tx<'_>, account: AccountId, session: ContactInboxId) -> Result<()> {
    let _: Option<(ContactInboxId,)> = tx.query_opt(
        sql!("SELECT id FROM contact_inboxes WHERE account_id = $1 AND id = $2 FOR UPDATE"),
        (account, session),
    )?;
    Ok(())
}

/// Notes that the session has proved its identity.
pub fn verify_session(tx: &mut Tx<'_>, account: AccountId, session: ContactInboxId) -> Result<()> {
    let now = tx.now();
    tx.execute(
        sql!("UPDATE contact_inboxes SET hmac_verified = TRUE, updated_at = $3 WHERE account_id = $1 AND id = $2"),
        (account, session, now),
    )?;
    Ok(())
}

/// What lists sort, filter and search by, folded here because the databases fold ASCII only.
struct Sorting {
    name: Option<String>,
    company: Option<String>,
    city: Option<String>,
    country: Option<String>,
    identifier: Option<String>,
    search_text: String,
}

impl Sorting {
    fn of(new: &NewContact) -> Self {
        let attributes: serde_json::Map<String, serde_json::Value> = new.additional_attributes.read();
        let text = |key: &str| attributes.get(key).and_then(|value| value.as_str()).map(str::to_owned);
        Self {
            name: new.name.as_deref().map(fold),
            company: text("company_name"),
            city: text("city"),
            country: text("country"),
            identifier: new.identifier.as_deref().map(fold),
            search_text: new.search_text(),
        }
    }
}
