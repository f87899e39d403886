//! What counters must say and what must be gone, read from the rows themselves.

use store::Conn;
use types::ToValue;

use crate::testing::TestApp;

/// Counters that are not what the visible conversations and contacts add up to.
pub async fn wrong_counters(app: &TestApp) -> Vec<String> {
    let read = app.app.store.read(|conn| {
        let mut wrong = Vec::new();
        // Buckets as counters have them, from rows that answers show.
        let rows = "WITH shown AS (
                SELECT c.account_id, c.inbox_id, c.status, CASE WHEN c.assignee_id IN (
                    SELECT id FROM users WHERE deleting_at IS NOT NULL) THEN NULL ELSE c.assignee_id END AS assignee_id
                FROM conversations c JOIN contacts k ON k.id = c.contact_id JOIN inboxes i ON i.id = c.inbox_id
                JOIN accounts a ON a.id = c.account_id
                WHERE k.deleting_at IS NULL AND i.deleting_at IS NULL AND a.deleting_at IS NULL
            ), places AS (
                SELECT account_id, inbox_id, status, 'all' AS bucket FROM shown
                UNION ALL SELECT account_id, inbox_id, status, COALESCE(CAST(assignee_id AS TEXT), 'unassigned') FROM shown
            ), true_counts AS (
                SELECT account_id, inbox_id, status, bucket, COUNT(*) AS n FROM places GROUP BY 1, 2, 3, 4
            ), kept AS (
                SELECT n.* FROM conversation_counters n JOIN accounts a ON a.id = n.account_id
                WHERE a.deleting_at IS NULL AND n.conversation_count <> 0
            )
            SELECT CAST(t.account_id AS TEXT) || ' ' || t.inbox_id || ' ' || t.status || ' ' || t.bucket || ': ' ||
                COALESCE(CAST(k.conversation_count AS TEXT), 'nothing') || ' instead of ' || t.n
            FROM true_counts t LEFT JOIN kept k ON k.account_id = t.account_id AND k.inbox_id = t.inbox_id
                AND k.status = t.status AND k.bucket = t.bucket
            WHERE k.conversation_count IS NULL OR k.conversation_count <> t.n
            UNION ALL
            SELECT CAST(k.account_id AS TEXT) || ' ' || k.inbox_id || ' ' || k.status || ' ' || k.bucket || ': ' ||
                k.conversation_count || ' instead of nothing'
            FROM kept k LEFT JOIN true_counts t ON k.account_id = t.account_id AND k.inbox_id = t.inbox_id
                AND k.status = t.status AND k.bucket = t.bucket
            WHERE t.n IS NULL";
        wrong.extend(conn.query_built::<(String,)>(rows, &[])?);
        let contacts = "SELECT 'contacts of ' || n.account_id || ': ' || n.resolved_count FROM contact_counters n
            JOIN accounts a ON a.id = n.account_id WHERE a.deleting_at IS NULL AND n.resolved_count <> (
                SELECT COUNT(*) FROM contacts k
                WHERE k.account_id = n.account_id AND k.is_resolved AND k.deleting_at IS NULL)";
        wrong.extend(conn.query_built::<(String,)>(contacts, &[])?);
        wrong.extend(conn.query_built::<(String,)>(&wrong_tallies(), &[])?);
        Ok::<_, store::Error>(wrong)
    });
    read.await.unwrap().into_iter().map(|(line,)| line).collect()
}

/// The statement that finds kept figures of reports that are not what the migration would fill in, and the other way
/// round. What is on its way out with a user or an account is looked at by nobody.
fn wrong_tallies() -> String {
    const COLUMNS: &str =
        "(account_id, scope, subject, span, starts_at, conversations, resolutions, incoming, outgoing,
        first_responses, first_response_time, first_response_open_time, resolved, resolution_time, resolution_open_time,
        replies, reply_time, reply_open_time)";
    let migration = include_str!("../../../../migrations/0084_report_tallies.sql");
    let statements = migration.split("INSERT INTO report_tallies").skip(1);
    let fills: Vec<&str> =
        statements.map(|rest| rest.split_once(")\n").unwrap().1.split(';').next().unwrap()).collect();
    let [quarters, days] = fills[..] else { panic!("{} statements fill the table", fills.len()) };
    let days = days.replace("FROM report_tallies", "FROM quarters");
    format!(
        "WITH quarters {COLUMNS} AS ({quarters}), days {COLUMNS} AS ({days}),
         filled AS (SELECT * FROM quarters UNION ALL SELECT * FROM days),
         kept AS (SELECT * FROM report_tallies WHERE conversations <> 0 OR resolutions <> 0 OR incoming <> 0
             OR outgoing <> 0 OR first_responses <> 0 OR first_response_time <> 0 OR first_response_open_time <> 0
             OR resolved <> 0 OR resolution_time <> 0 OR resolution_open_time <> 0 OR replies <> 0 OR reply_time <> 0
             OR reply_open_time <> 0),
         missing AS (SELECT * FROM filled EXCEPT SELECT * FROM kept),
         surplus AS (SELECT * FROM kept EXCEPT SELECT * FROM filled),
         wrong AS (SELECT 'missing' AS what, missing.* FROM missing UNION ALL SELECT 'surplus', surplus.* FROM surplus)
         SELECT what || ' figures of ' || scope || ' ' || CAST(subject AS TEXT) || ', ' || span || ' ' ||
             CAST(starts_at AS TEXT) || ': ' || CAST(conversations AS TEXT) || ' ' || CAST(resolutions AS TEXT) || ' ' ||
             CAST(incoming AS TEXT) || ' ' || CAST(outgoing AS TEXT) || ' ' || CAST(first_responses AS TEXT) || ' ' ||
             CAST(resolved AS TEXT) || ' ' || CAST(replies AS TEXT)
         FROM wrong WHERE account_id IN (SELECT id FROM accounts WHERE deleting_at IS NULL)
           AND (scope <> 'agent' OR subject IN (SELECT id FROM users WHERE deleting_at IS NULL))"
    )
}

/// Tables that still have rows of the account, with their number.
pub async fn rows_of_account(app: &TestApp, account: i64) -> Vec<String> {
    let read = app.app.store.read(move |conn| {
        let mut left = Vec::new();
        for table in tables_with_account(conn)? {
            let text = format!("SELECT COUNT(*) FROM {table} WHERE account_id = $1");
            let (count,) = conn.query_built::<(i64,)>(&text, &[account.to_value()])?[0];
            if count > 0 {
                left.push(format!("{table}: {count}"));
            }
        }
        Ok::<_, store::Error>(left)
    });
    read.await.unwrap()
}

/// Every table with a column `account_id`.
pub fn tables_with_account(conn: &mut Conn<'_>) -> store::Result<Vec<String>> {
    let text = if conn.is_postgres() {
        "SELECT CAST(table_name AS TEXT) FROM information_schema.columns
         WHERE table_schema = 'public' AND column_name = 'account_id' ORDER BY 1"
    } else {
        "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
         WHERE m.type = 'table' AND c.name = 'account_id' ORDER BY 1"
    };
    Ok(conn.query_built::<(String,)>(text, &[])?.into_iter().map(|(table,)| table).collect())
}
