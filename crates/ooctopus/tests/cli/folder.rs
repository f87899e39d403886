//! The data folder, and what `doctor` says of an installation.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use store::testing::db_test;

use crate::support::Installation;

#[tokio::test]
async fn a_key_that_others_can_read_is_refused() {
    let installation = Installation::new();
    installation.serve().ready().await.stop();
    let key = installation.data().join("secret.key");
    std::fs::set_permissions(&key, Permissions::from_mode(0o640)).unwrap();
    let refusal = installation.run(["serve", "--listen", "127.0.0.1:0"]).expect_code(1);
    assert!(refusal.contains(&format!("chmod 600 {}", key.display())), "{refusal}");
    let report = installation.run(["doctor"]);
    assert_eq!(report.status.code(), Some(1));
    assert!(report.stdout.contains("fail secret key: others can read"), "{report:?}");
    std::fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    installation.serve().ready().await.stop();
}

#[tokio::test]
async fn a_key_that_is_none_is_refused() {
    let installation = Installation::new();
    installation.serve().ready().await.stop();
    std::fs::write(installation.data().join("secret.key"), "abc").unwrap();
    let refusal = installation.run(["serve", "--listen", "127.0.0.1:0"]).expect_code(1);
    assert!(refusal.contains("does not hold 64 hex digits"), "{refusal}");
}

#[db_test]
async fn doctor_is_content_with_a_server_in_order(installation: Installation) {
    let server = installation.serve().ready().await;
    let report = installation.run(["doctor"]).expect_success();
    let names: Vec<&str> = report.lines().map(|line| line[5..].split(':').next().unwrap()).collect();
    let expected =
        ["configuration", "data folder", "secret key", "disk space", "files", "database version", "migrations", "mail"];
    assert_eq!(names, expected, "{report}");
    assert!(!report.contains("fail "), "{report}");
    let outbox = installation.data().join("outbox");
    let mail = format!("warn mail: smtp_address is not set: each mail is written as a file into {}", outbox.display());
    assert!(report.contains(&mail), "{report}");
    server.stop();
}

#[tokio::test]
async fn doctor_looks_at_the_folder_of_files() {
    let installation = Installation::new();
    installation.serve().ready().await.stop();
    let files = installation.data().join("files");
    let report = installation.run(["doctor"]).expect_success();
    assert!(report.contains(&format!("files: {} can be written to, ", files.display())), "{report}");
    std::fs::remove_dir_all(&files).unwrap();
    let report = installation.run(["doctor"]).expect_success();
    assert!(report.contains("warn files: ") && report.contains("is not there yet"), "{report}");
    std::fs::write(&files, "").unwrap();
    let report = installation.run(["doctor"]);
    assert_eq!(report.status.code(), Some(1));
    assert!(report.stdout.contains("fail files: ") && report.stdout.contains("is not a folder"), "{report:?}");
}

/// A server with a bucket, as far as a probe goes; what was asked of it, in order.
#[expect(clippy::disallowed_methods, reason = "the test's runtime ends the task")]
async fn bucket() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (noted, kept) = (Arc::clone(&asked), Arc::new(Mutex::new(Bytes::new())));
    let answer = async move |head: axum::http::request::Parts, body: Bytes| {
        noted.lock().unwrap().push(format!("{} {}", head.method, head.uri.path()));
        if head.method == axum::http::Method::PUT {
            *kept.lock().unwrap() = body;
        }
        let headers = [("last-modified", "Mon, 05 Jan 2026 10:00:00 GMT"), ("etag", "\"x\"")];
        (headers, kept.lock().unwrap().clone())
    };
    let router = axum::Router::new().fallback(answer);
    tokio::task::spawn(async move { axum::serve(listener, router).await });
    (address, asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_probes_a_bucket() {
    let installation = Installation::new();
    let (address, asked) = bucket().await;
    let flags = ["--s3-bucket", "pictures", "--s3-access-key", "we", "--s3-secret-key", "hunter2", "--s3-endpoint"];
    let doctor = |address: &str| {
        let flags: Vec<&str> = ["doctor"].into_iter().chain(flags).chain([address]).collect();
        installation.run(flags)
    };
    let report = doctor(&address).expect_success();
    assert!(report.contains("ok   files: a probe was written to the bucket pictures, read and deleted"), "{report}");
    let asked = asked.lock().unwrap().clone();
    let methods: Vec<&str> = asked.iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(methods, ["PUT", "GET", "DELETE"]);
    assert!(asked.iter().all(|line| line.contains(" /pictures/") && line.contains(".probe")), "{asked:?}");

    let report = doctor("http://127.0.0.1:1");
    assert_eq!(report.status.code(), Some(1));
    assert!(report.stdout.contains("fail files: the bucket pictures: writing a probe: "), "{report:?}");
    assert!(!report.stdout.contains("hunter2"), "{report:?}");
    let report = installation.run(["doctor", "--s3-bucket", "pictures"]);
    assert!(report.stdout.contains("fail files: s3_bucket needs s3_access_key and s3_secret_key"), "{report:?}");
}

#[db_test]
async fn doctor_changes_nothing_before_the_first_start(installation: Installation) {
    let report = installation.run(["doctor"]).expect_success();
    assert!(report.contains("warn data folder:"), "{report}");
    assert!(report.contains("the first start"), "{report}");
    assert!(!installation.data().exists());
}

#[db_test]
async fn doctor_counts_the_migrations_that_are_missing(installation: Installation) {
    installation.run(["migrate"]).expect_success();
    let report = installation.run(["doctor"]).expect_success();
    assert!(report.contains("ok   migrations: all "), "{report}");
}

#[tokio::test]
async fn doctor_says_that_a_database_cannot_be_reached() {
    let installation = Installation::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    drop(taken);
    let url = format!("postgres://desk:hunter2@{address}/desk");
    let report = installation.run(["doctor", "--database-url", &url]);
    assert_eq!(report.status.code(), Some(1));
    assert!(report.stdout.contains("fail database: opening the database: "), "{report:?}");
    assert!(!report.stdout.contains("hunter2"), "{report:?}");
    let refusal = installation.run(["migrate", "--database-url", &url]).expect_code(1);
    assert!(refusal.starts_with("ooctopus: bringing the database up to date: "), "{refusal}");
    assert_eq!(refusal.lines().count(), 1, "{refusal}");
}
