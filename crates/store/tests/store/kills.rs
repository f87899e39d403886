//! A process is killed between its commits and its answers.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;

use store::testing::{Engine, TestDatabase, db_test};
use store::{Database, Options, Store};
use types::SystemClock;

use crate::support::{MIGRATIONS, names, write_item};

/// Tells the child where its database is, and that it is the child.
const VARIABLE: &str = "OOCTOPUS_TEST_CHILD";
/// Acknowledged rows after which the child is killed.
const ENOUGH: usize = 300;

#[db_test]
async fn acknowledged_rows_survive_a_kill(engine: Engine) {
    if let Ok(address) = std::env::var(VARIABLE) {
        return write_until_killed(engine, &address).await;
    }
    let database = TestDatabase::new(engine, MIGRATIONS, Arc::new(SystemClock));
    let acknowledged = run_child(engine, &database);
    assert!(acknowledged.len() >= ENOUGH);
    let store = database.open();
    let kept = names(&store).await;
    for name in acknowledged {
        assert!(kept.contains(&name), "{name} was acknowledged and is lost");
    }
    write_item(store, "afterwards").await.unwrap();
}

fn run_child(engine: Engine, database: &TestDatabase) -> Vec<String> {
    let (address, test) = match (&database.options.database, engine) {
        (Database::Sqlite { path, .. }, _) => (path.display().to_string(), "sqlite"),
        (Database::Postgres { url, .. }, _) => (url.clone(), "postgres"),
    };
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("kills::acknowledged_rows_survive_a_kill::{test}"), "--nocapture"])
        .env(VARIABLE, address)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut acknowledged = Vec::new();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for line in lines.map_while(Result::ok) {
        if let Some(name) = line.strip_prefix("row ").and_then(|line| line.strip_suffix(" is safe")) {
            acknowledged.push(name.to_owned());
        }
        if acknowledged.len() == ENOUGH {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    acknowledged
}

async fn write_until_killed(engine: Engine, address: &str) {
    let database = match engine {
        Engine::Sqlite => Database::Sqlite { path: address.into(), durable: true },
        Engine::Postgres => Database::Postgres { url: address.to_owned(), connections: 4 },
    };
    let store = Store::open(Options::new(database)).unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..16 {
        let store = store.clone();
        tasks.spawn(async move {
            for number in 0.. {
                let name = format!("{task}-{number}");
                write_item(store.clone(), name.as_str()).await.unwrap();
                let mut output = std::io::stdout();
                writeln!(output, "row {name} is safe").unwrap();
            }
        });
    }
    tasks.join_all().await;
}
