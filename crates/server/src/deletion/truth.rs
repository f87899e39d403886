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
        Ok::<_, store::Error>(wrong)
    });
    read.await.unwrap().into_iter().map(|(line,)| line).collect()
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
