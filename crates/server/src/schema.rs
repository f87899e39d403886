//! What the schema and the statements promise, checked on both databases.

use std::collections::{BTreeMap, BTreeSet};

use edge::field::Maybe;
use store::testing::{Engine, db_test};
use store::{Conn, Error, Sql, Tx};
use types::{AccountId, Role, ToValue, UserId, Value};

use crate::access::Member;
use crate::contact::wire::ContactListQuery;
use crate::conversation::wire::ListQuery;
use crate::filter::{Catalogue, Subject, Tree, read, sql};
use crate::report::Metric;
use crate::testing::TestApp;
use crate::text::utc_day;
use crate::{contact, conversation, report};

/// Columns that end in `_id` and name no row of ours.
const NO_REFERENCE: &[(&str, &str)] =
    &[("conversations", "display_id"), ("contact_inboxes", "source_id"), ("messages", "source_id")];

#[db_test]
async fn every_statement_can_be_prepared(app: TestApp) {
    let count = app
        .app
        .store
        .read(|conn| {
            let mut count = 0;
            for sql in Sql::all() {
                let checked = if conn.is_postgres() {
                    conn.query_built::<(i64,)>(&format!("PREPARE statement_{count} AS {}", sql.text()), &[])
                } else {
                    explain(conn, "EXPLAIN", sql.text(), &vec![Value::Null; placeholders(sql.text())])
                        .map(|_| Vec::new())
                };
                checked.unwrap_or_else(|error| panic!("{error}\n{}", sql.text()));
                count += 1;
            }
            Ok::<_, Error>(count)
        })
        .await
        .unwrap();
    assert!(count > 60, "only {count} statements are registered");
}

#[db_test]
async fn both_databases_have_the_same_tables_and_columns(app: TestApp) {
    let found = app.app.store.read(|conn| Ok::<_, Error>(tables(conn))).await.unwrap();
    let written = columns_of_the_migrations();
    assert_eq!(found.keys().collect::<Vec<_>>(), written.keys().collect::<Vec<_>>());
    assert_eq!(found, written);
}

#[db_test]
async fn every_reference_is_a_foreign_key(app: TestApp) {
    let missing = app
        .app
        .store
        .read(|conn| {
            let mut missing = Vec::new();
            for (table, columns) in tables(conn) {
                let keys = foreign_keys(conn, &table);
                for column in columns.iter().filter(|column| column.ends_with("_id")) {
                    let known = NO_REFERENCE.contains(&(table.as_str(), column.as_str()));
                    if !known && !keys.contains(column) {
                        missing.push(format!("{table}.{column}"));
                    }
                }
            }
            Ok::<_, Error>(missing)
        })
        .await
        .unwrap();
    assert_eq!(missing, Vec::<String>::new());
}

#[db_test]
async fn no_constraint_is_deferred(app: TestApp) {
    let deferred = app
        .app
        .store
        .read(|conn| {
            let text = if conn.is_postgres() {
                "SELECT COUNT(*) FROM pg_constraint WHERE condeferrable"
            } else {
                "SELECT COUNT(*) FROM sqlite_master WHERE upper(sql) LIKE '%DEFERR%'"
            };
            conn.query_built::<(i64,)>(text, &[])
        })
        .await
        .unwrap();
    assert_eq!(deferred, [(0,)]);
}

#[db_test]
async fn the_account_leads_an_index_of_every_table_that_has_it(app: TestApp) {
    let missing = app
        .app
        .store
        .read(|conn| {
            let with_account: Vec<String> = tables(conn)
                .into_iter()
                .filter(|(_, columns)| columns.contains("account_id"))
                .map(|(table, _)| table)
                .collect();
            Ok::<_, Error>(with_account.into_iter().filter(|table| !account_leads(conn, table)).collect::<Vec<_>>())
        })
        .await
        .unwrap();
    // Looked up by token or by what was granted, before an account is known.
    assert_eq!(missing, Vec::<String>::new());
}

#[db_test]
async fn hot_queries_use_indexes_on_a_hundred_thousand_rows(app: TestApp) {
    let account = app.account().await;
    let administrator = app.administrator(account).await;
    let agent = app.agent(account).await;
    let inbox = app.api_inbox(&administrator).await;
    app.join(&administrator, inbox, &[&agent]).await;
    let team = app.team(account, true, &[&agent]).await;
    fill(&app, account, inbox.get(), agent.id, team.get()).await;

    let member = |id: UserId, role: Role| Member { account_id: account, user_id: id, name: String::new(), role };
    let (admin, agent) = (member(administrator.id, Role::Administrator), member(agent.id, Role::Agent));
    let text = |text: &str| Some(edge::field::Text(text.to_owned()));
    let value = |given: String| Maybe::Value(edge::field::Text(given));
    let lists: Vec<(Member, ListQuery)> = vec![
        (admin.clone(), ListQuery::default()),
        (agent.clone(), ListQuery::default()),
        (admin.clone(), ListQuery { assignee_type: text("unassigned"), ..ListQuery::default() }),
        (agent.clone(), ListQuery { assignee_type: text("me"), ..ListQuery::default() }),
        (admin.clone(), ListQuery { assignee_type: text("me"), status: value("all".into()), ..ListQuery::default() }),
        (admin.clone(), ListQuery { inbox_id: value(inbox.to_string()), ..ListQuery::default() }),
        (admin.clone(), ListQuery { team_id: value(team.to_string()), ..ListQuery::default() }),
        (admin.clone(), ListQuery { status: value("all".into()), ..ListQuery::default() }),
    ];
    let contacts = ["", "name", "-last_activity_at"]
        .map(|sort| ContactListQuery { sort: text(sort), ..ContactListQuery::default() });
    let engine = app.engine;
    let now = app.app.clock.now();
    app.app
        .store
        .read(move |conn| {
            for (member, query) in &lists {
                let list = conversation::list::List::read(conn, member, query, now).unwrap();
                let (text, values) = list.statement();
                must_use_indexes(conn, engine, &text, &values);
            }
            for query in &contacts {
                let (text, values) = contact::list::List::read(account, query).statement(conn);
                must_use_indexes(conn, engine, &text, &values);
            }
            for (subject, condition, indexes) in FILTERS {
                let tree =
                    read::read(&Catalogue::load(conn, account, *subject)?, Some(&asked(condition)), utc_day(now))?;
                for (text, values) in filter_statements(conn, &admin, *subject, &tree)? {
                    must_use_indexes(conn, engine, &text, &values);
                    must_use(conn, engine, indexes, &text, &values);
                }
            }
            for (text, values) in report_edges(account) {
                must_use(conn, engine, &["_by_creation"], &text, &values);
            }
            for (index, text, values) in report_of_a_label(account) {
                must_use(conn, engine, &[index], &text, &values);
            }
            for (part, values) in static_queries(account, &admin) {
                let sql = Sql::all().find(|sql| sql.text().contains(part));
                let sql = sql.unwrap_or_else(|| panic!("no statement contains {part:?}"));
                must_use_indexes(conn, engine, sql.text(), &values);
            }
            Ok::<_, crate::Error>(())
        })
        .await
        .unwrap();
}

/// Filters that an index answers: of what, attribute, operator and value, and the indexes that may.
const FILTERS: &[(Subject, [&str; 3], &[&str])] = &[
    (Subject::Contact, ["email", "equal_to", "contact5@sample.test"], &["contacts_email"]),
    (Subject::Contact, ["phone_number", "equal_to", "+15550001"], &["contacts_phone_number"]),
    (Subject::Contact, ["identifier", "equal_to", "Customer-5"], &["contacts_folded_identifier"]),
    (Subject::Contact, ["code", "equal_to", "code 77"], &["contact_values_text"]),
    (Subject::Contact, ["rank", "equal_to", "77"], &["contact_values_number"]),
    (Subject::Contact, ["rank", "is_greater_than", "99990"], &["contact_values_number"]),
    (Subject::Conversation, ["status", "equal_to", "open"], &["conversations_listed", "conversations_of_assignee"]),
    (Subject::Conversation, ["display_id", "equal_to", "77"], &["conversations_account_id_display_id"]),
    (Subject::Conversation, ["created_at", "is_greater_than", "2000-01-01"], &["conversations_by_creation"]),
];

fn asked([key, operator, value]: &[&str; 3]) -> serde_json::Value {
    serde_json::json!([{
        "attribute_key": key, "filter_operator": operator, "values": [value], "query_operator": null
    }])
}

/// The statements of a page and of its counts.
fn filter_statements(
    conn: &mut Conn<'_>,
    member: &Member,
    subject: Subject,
    tree: &Tree,
) -> crate::Result<Vec<(String, Vec<Value>)>> {
    let account = member.account_id;
    Ok(match subject {
        Subject::Contact => {
            let found = sql::contacts(account, tree);
            let list = contact::list::List::filter(account, &ContactListQuery::default(), found);
            vec![list.statement(conn), list.counting(conn)]
        }
        Subject::Conversation => {
            let rows = conversation::filter::conditions(conn, member, tree)?;
            vec![conversation::filter::statement(&rows, 1), rows.select("COUNT(*)", &[])]
        }
    })
}

/// What a report counts row by row before its first whole quarter of an hour.
fn report_edges(account: AccountId) -> [(String, Vec<Value>); 2] {
    let range = report::range::Range { since: Some(50), until: Some(100) };
    let scope = report::scope::Scope::Account;
    [
        ("c", scope.conversations(account, report::scope::Which::Shown)),
        ("m", scope.messages(account, report::scope::Which::Shown)),
    ]
    .map(|(alias, mut rows)| {
        report::count::within(&mut rows, alias, range);
        rows.select("COUNT(*)", &[])
    })
}

/// What a report of a label counts, and the indexes that have all of it.
fn report_of_a_label(account: AccountId) -> [(&'static str, String, Vec<Value>); 2] {
    let range = report::range::Range { since: Some(0), until: Some(100) };
    let scope = report::scope::Scope::Label("rare".into());
    let which = report::scope::Which::Shown;
    [(Metric::Incoming, "messages_conversation"), (Metric::Reply, "reporting_events_conversation")].map(
        |(metric, index)| {
            let (alias, mut rows) = report::count::rows(account, metric, &scope, which);
            report::count::within(&mut rows, alias, range);
            let (text, values) = rows.select("COUNT(*)", &[]);
            (index, text, values)
        },
    )
}

/// Fails when the plan uses none of these indexes.
fn must_use(conn: &mut Conn<'_>, engine: Engine, indexes: &[&str], text: &str, values: &[Value]) {
    let word = if engine == Engine::Postgres { "EXPLAIN" } else { "EXPLAIN QUERY PLAN" };
    let plan = explain(conn, word, text, values).unwrap();
    // What a UNIQUE of the table is called on SQLite.
    let unnamed = indexes[0].ends_with("display_id").then_some("(account_id=? AND display_id=?)");
    let is_used = |line: &String| indexes.iter().copied().chain(unnamed).any(|index| line.contains(index));
    assert!(plan.iter().any(is_used), "{indexes:?}: {text}\n{}", plan.join("\n"));
}

/// Hot statements by a part of their text, with values.
fn static_queries(account: AccountId, member: &Member) -> Vec<(&'static str, Vec<Value>)> {
    let account = account.to_value();
    let ids: Value = Value::Ints((1..=25).collect());
    let number = |number: i64| Value::Int(number);
    vec![
        ("WHERE t.token = $1", vec![Value::Text("token".into())]),
        ("c.display_id = $2 AND", vec![account.clone(), number(5_000)]),
        ("c.account_id = $1 AND c.id = $2 AND k.deleting_at", vec![account.clone(), number(5_000)]),
        ("c.assignee_id = $2 AND k.deleting_at", vec![account.clone(), number(1), number(100)]),
        ("AS last_non_activity_message", vec![account.clone(), ids.clone()]),
        (
            "m.id < $3\n                  ORDER BY m.id DESC",
            vec![account.clone(), number(5), number(i64::MAX), number(20)],
        ),
        ("m.id = ANY($2) ORDER BY m.id", vec![account.clone(), ids.clone()]),
        ("WHERE k.account_id = $1 AND k.id = ANY($2)", vec![account.clone(), ids.clone()]),
        ("GROUP BY contact_id", vec![account.clone(), ids.clone()]),
        (
            "GROUP BY n.bucket",
            vec![
                account.clone(),
                Value::Texts(vec!["open".into()]),
                Value::Texts(vec!["all".into(), "unassigned".into(), member.user_id.to_string()]),
                Value::Null,
                Value::Bool(true),
                member.user_id.to_value(),
            ],
        ),
        ("s.inbox_id = $2 AND s.source_id = $3", vec![account.clone(), number(1), Value::Text("source 5000".into())]),
        (
            "k.identifier = $2 OR k.email = $3",
            vec![
                account.clone(),
                Value::Null,
                Value::Text("contact5@sample.test".into()),
                Value::Text("+15550001".into()),
            ],
        ),
        ("SELECT MIN(next_at) FROM webhook_deliveries", vec![number(1)]),
        ("d.next_at <= $2 AND d.id <> ALL($3)", vec![number(1), number(50), ids, number(4)]),
        ("AND lane = $2 AND state = 'waiting'", vec![number(1), Value::Text("conversation 7".into()), number(1)]),
        ("WHERE endpoint_id = $1 AND next_at > $2", vec![number(1), number(50), number(500)]),
        ("WHERE d.escalate_at <= $1", vec![number(50), number(50)]),
        ("SELECT MIN(escalate_at)", vec![number(50)]),
        ("WHERE ended_at < $1", vec![number(50), number(200)]),
        ("AND state = 'waiting' GROUP BY endpoint_id", vec![Value::Ints(vec![1])]),
        ("d.state = 'waiting' ORDER BY d.id", vec![number(1), number(200)]),
    ]
}

/// Fails when the plan reads one of the large tables from end to end.
fn must_use_indexes(conn: &mut Conn<'_>, engine: Engine, text: &str, values: &[Value]) {
    let word = if engine == Engine::Postgres { "EXPLAIN" } else { "EXPLAIN QUERY PLAN" };
    let plan = explain(conn, word, text, values).unwrap();
    let scans = plan.iter().any(|line| {
        ["conversations", "messages", "contacts", "contact_inboxes", "webhook_deliveries"].iter().any(|table| {
            line.contains(&format!("Seq Scan on {table}"))
                || (line.starts_with("SCAN") && !line.contains("USING") && is_alias_of(line, table))
        })
    });
    assert!(!scans, "{text}\n{}", plan.join("\n"));
}

/// SQLite names tables by their alias in this file's statements.
fn is_alias_of(line: &str, table: &str) -> bool {
    let alias = match table {
        "conversations" => "c",
        "messages" => "m",
        "contacts" => "k",
        "webhook_deliveries" => "d",
        _ => "s",
    };
    line.split_whitespace().nth(1).is_some_and(|name| name == alias || name == table)
}

fn explain(conn: &mut Conn<'_>, word: &str, text: &str, values: &[Value]) -> store::Result<Vec<String>> {
    let statement = format!("{word} {text}");
    if conn.is_postgres() {
        let rows: Vec<(String,)> = conn.query_built(&statement, values)?;
        return Ok(rows.into_iter().map(|(line,)| line).collect());
    }
    if word == "EXPLAIN" {
        let rows: Vec<(i64,)> = conn.query_built(&statement, values)?;
        return Ok(rows.iter().map(|(address,)| address.to_string()).collect());
    }
    let rows: Vec<(i64, i64, i64, String)> = conn.query_built(&statement, values)?;
    Ok(rows.into_iter().map(|(.., line)| line).collect())
}

fn placeholders(text: &str) -> usize {
    (1..=30).rev().find(|number| text.contains(&format!("${number}"))).unwrap_or(0)
}

/// 100,000 contacts, sessions, conversations and times, 200,000 messages, analysed.
async fn fill(app: &TestApp, account: AccountId, inbox: i64, agent: UserId, team: i64) {
    let inserts = [
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
         INSERT INTO contacts (account_id, name, email, identifier, additional_attributes, custom_attributes, blocked,
             is_resolved, sort_name, folded_identifier, search_text, last_activity_at, created_at, updated_at)
         SELECT $1, 'Contact ' || i, 'contact' || i || '@sample.test', 'Customer-' || i, '{}', '{}', FALSE, TRUE,
             'contact ' || i, 'customer-' || i, 'contact ' || i, i, i, i FROM n",
        "INSERT INTO contact_values (account_id, contact_id, bag, key, folded, beginning, number)
         SELECT $1, k.id, 'custom', v.column1, v.column1 || ' ' || k.id, v.column1 || ' ' || k.id,
             CASE WHEN v.column1 = 'rank' THEN k.id END
         FROM contacts k CROSS JOIN (VALUES ('code'), ('rank')) v WHERE k.account_id = $1",
        "INSERT INTO custom_attribute_definitions (account_id, attribute_model, attribute_key, attribute_display_name,
             attribute_display_type, attribute_values, created_at, updated_at)
         SELECT $1, 'contact_attribute', v.column1, v.column1, v.column2, '[]', 0, 0
         FROM (VALUES ('code', 'text'), ('rank', 'number')) v",
        "INSERT INTO contact_inboxes (account_id, contact_id, inbox_id, source_id, hmac_verified, pubsub_token,
             created_at, updated_at)
         SELECT $1, k.id, $2, 'source ' || k.id, FALSE, 'token ' || k.id, k.id, k.id
         FROM contacts k WHERE k.account_id = $1",
        "INSERT INTO conversations (account_id, display_id, uuid, inbox_id, contact_id, contact_inbox_id, assignee_id,
             team_id, status, muted, additional_attributes, custom_attributes, unread_count, last_activity_at,
             created_at, updated_at)
         SELECT $1, s.id, 'uuid ' || s.id, $2, s.contact_id, s.id,
             CASE WHEN s.id % 2 = 0 THEN CAST($3 AS BIGINT) END, CASE WHEN s.id % 3 = 0 THEN CAST($4 AS BIGINT) END,
             CASE WHEN s.id % 20 = 0 THEN 'open' ELSE 'resolved' END, FALSE, '{}', '{}', 0, s.id, s.id, s.id
         FROM contact_inboxes s WHERE s.account_id = $1",
        "INSERT INTO messages (account_id, conversation_id, inbox_id, message_type, content_type, content,
             content_attributes, private, status, additional_attributes, created_at, updated_at)
         SELECT $1, c.id, $2, 'incoming', 'text', 'Hello', '{}', FALSE, 'sent', '{}', c.created_at, c.created_at
         FROM conversations c JOIN (SELECT 1 AS one UNION ALL SELECT 2) twice ON TRUE WHERE c.account_id = $1",
        "INSERT INTO reporting_events (account_id, name, value, value_in_business_hours, inbox_id, conversation_id,
             event_start_time, event_end_time, created_at)
         SELECT $1, 'reply_time', 1, 1, $2, c.id, 0, 0, c.created_at FROM conversations c WHERE c.account_id = $1",
        "INSERT INTO tags (account_id, name, folded_name) VALUES ($1, 'rare', 'rare')",
        "INSERT INTO conversation_tags (account_id, conversation_id, tag_id, created_at)
         SELECT c.account_id, c.id, t.id, 0 FROM conversations c JOIN tags t ON t.account_id = c.account_id
         WHERE c.account_id = $1 AND c.id % 1000 = 0",
        "INSERT INTO webhook_endpoints (account_id, kind, subject, concurrency, created_at)
         VALUES ($1, 'webhook', 1, 4, 0)",
        "INSERT INTO webhook_deliveries (account_id, endpoint_id, uuid, event_key, part, event, lane, conversation_id,
             body, state, queued_at, next_at, escalate_at, created_at, ended_at)
         SELECT $1, e.id, 'uuid ' || c.id, 'event ' || c.id, 0, 'message_created', 'conversation ' || c.id, c.id, '{}',
             CASE WHEN c.id % 1000 = 0 THEN 'waiting' ELSE 'succeeded' END, c.id,
             CASE WHEN c.id % 1000 = 0 THEN c.id END, CASE WHEN c.id % 5000 = 0 THEN c.id END, c.id,
             CASE WHEN c.id % 1000 <> 0 THEN c.id END
         FROM conversations c JOIN webhook_endpoints e ON e.account_id = c.account_id WHERE c.account_id = $1",
    ];
    let values = [account.get(), inbox, agent.get(), team].map(|number| number.to_value());
    // Each in a transaction of its own: together they would take longer than one may.
    for statement in inserts.into_iter().chain(["ANALYZE"]) {
        let values = values[..placeholders(statement)].to_vec();
        let write = move |tx: &mut Tx<'_>| tx.query_built::<(i64,)>(statement, &values).map(drop);
        app.app.store.write(write).await.map_err(|error: store::Error| error).unwrap();
    }
}

fn tables(conn: &mut Conn<'_>) -> BTreeMap<String, BTreeSet<String>> {
    let text = if conn.is_postgres() {
        "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT) FROM information_schema.columns
         WHERE table_schema = 'public'"
    } else {
        "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
         WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'"
    };
    let rows: Vec<(String, String)> = conn.query_built(text, &[]).unwrap();
    let mut tables: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    // SQLite's search index is a table with tables of its own; PostgreSQL's is an index.
    let ours = |table: &str| table != "schema_migrations" && !table.starts_with("contact_search");
    for (table, column) in rows.into_iter().filter(|(table, _)| ours(table)) {
        tables.entry(table).or_default().insert(column);
    }
    tables
}

/// What the migrations for both engines say, read without an engine: one column, or one statement, a line.
fn columns_of_the_migrations() -> BTreeMap<String, BTreeSet<String>> {
    let mut tables: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for migration in crate::MIGRATIONS.iter().filter(|migration| !migration.name.ends_with(".pg.sql")) {
        let mut table = None;
        for line in migration.sql.lines() {
            let words: Vec<&str> = line.split([' ', ';']).filter(|word| !word.is_empty()).collect();
            match words[..] {
                ["CREATE", "TABLE", name, ..] => table = Some(name.to_owned()),
                ["ALTER", "TABLE", name, "ADD", "COLUMN", column, ..] => {
                    tables.get_mut(name).unwrap().insert(column.to_owned());
                }
                ["ALTER", "TABLE", name, "DROP", "COLUMN", column, ..] => {
                    assert!(tables.get_mut(name).unwrap().remove(column), "{line}");
                }
                ["ALTER", "TABLE", name, "RENAME", "TO", other] => {
                    let columns = tables.remove(name).unwrap();
                    tables.insert(other.to_owned(), columns);
                }
                ["DROP", "TABLE", name] => assert!(tables.remove(name).is_some(), "{line}"),
                [")", ..] if line.starts_with(");") => table = None,
                _ => {
                    if let (Some(table), Some(column)) = (&table, column_of(line)) {
                        tables.entry(table.clone()).or_default().insert(column);
                    }
                }
            }
        }
    }
    tables
}

fn column_of(line: &str) -> Option<String> {
    let word = line.strip_prefix("    ")?.split_whitespace().next()?;
    let is_name = word.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_');
    is_name.then(|| word.to_owned())
}

fn foreign_keys(conn: &mut Conn<'_>, table: &str) -> Vec<String> {
    let text = if conn.is_postgres() {
        format!(
            "SELECT CAST(a.attname AS TEXT) FROM pg_constraint c
             JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY(c.conkey)
             WHERE c.contype = 'f' AND c.conrelid = '{table}'::regclass"
        )
    } else {
        format!("SELECT \"from\" FROM pragma_foreign_key_list('{table}')")
    };
    let rows: Vec<(String,)> = conn.query_built(&text, &[]).unwrap();
    rows.into_iter().map(|(column,)| column).collect()
}

fn account_leads(conn: &mut Conn<'_>, table: &str) -> bool {
    let text = if conn.is_postgres() {
        format!(
            "SELECT CAST(a.attname AS TEXT) FROM pg_index i
             JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
             WHERE i.indrelid = '{table}'::regclass"
        )
    } else {
        format!(
            "SELECT c.name FROM pragma_index_list('{table}') i JOIN pragma_index_info(i.name) c WHERE c.seqno = 0
             UNION SELECT name FROM pragma_table_info('{table}') WHERE pk = 1"
        )
    };
    let rows: Vec<(String,)> = conn.query_built(&text, &[]).unwrap();
    rows.iter().any(|(column,)| column == "account_id")
}
