//! Where mails go.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver};
use std::time::Instant;

use serde_json::json;
use store::testing::db_test;

use crate::support::{Installation, LONG, Server, mode};

/// Invites somebody on a running server.
async fn invite(installation: &Installation, server: &Server) {
    let account = installation.run(["admin", "account", "create", "Lark Bikes"]).expect_success();
    let account = account.trim_end();
    let args = ["admin", "user", "create", "--account", account, "--name", "Ada Reed", "--role", "administrator"];
    let created = installation.run(args.iter().chain(&["--email", "ada@lark.example"])).expect_success();
    let token = created.lines().find_map(|line| line.strip_prefix("token: ")).unwrap();
    let body = json!({ "name": "Mira", "email": "mira@lark.example" });
    server.post(Some(token), &format!("/api/v1/accounts/{account}/agents"), &body).await;
}

/// The first mail in the folder, which a server is about to write.
fn first_mail(installation: &Installation) -> PathBuf {
    let begun = Instant::now();
    loop {
        let files = std::fs::read_dir(installation.data().join("outbox")).into_iter().flatten();
        let mut files = files.map(|file| file.unwrap().path());
        if let Some(mail) = files.find(|file| file.extension().is_some_and(|extension| extension == "eml")) {
            return mail;
        }
        assert!(begun.elapsed() < LONG, "no mail was written");
        std::thread::yield_now();
    }
}

#[db_test]
async fn without_a_mail_server_the_mail_is_a_file_whose_link_sets_a_password(installation: Installation) {
    let server = installation.serve_with(&["--base-url", "https://desk.example.com"]).ready().await;
    invite(&installation, &server).await;
    let file = first_mail(&installation);
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    let mail = std::fs::read_to_string(file).unwrap();
    assert!(mail.contains("From: Ooctopus <ooctopus@localhost>\r\nTo: mira@lark.example\r\n"), "{mail}");
    let (_, secret) =
        mail.split_once("\r\nhttps://desk.example.com/app/auth/password/edit?reset_password_token=").unwrap();
    let secret = secret.lines().next().unwrap();
    let body = json!({ "reset_password_token": secret, "password": "Sample-Pass-2022!" });
    let answer = reqwest::Client::new().put(format!("{}/auth/password", server.url)).json(&body).send().await.unwrap();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    assert_eq!(status, 200, "{text}\n{mail}");
    let body = json!({ "email": "mira@lark.example", "password": "Sample-Pass-2022!" });
    assert_eq!(server.post(None, "/auth/sign_in", &body).await["data"]["name"], "Mira");
    let outcome = server.stop();
    assert!(!outcome.stderr.contains(secret) && !outcome.stderr.contains("mira@lark.example"), "{}", outcome.stderr);
}

/// A mail server that takes everything; the lines that it is sent.
fn mail_server() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let sender = sender.clone();
            std::thread::spawn(move || answer(stream.unwrap(), &sender));
        }
    });
    (port, lines)
}

fn answer(mut stream: TcpStream, lines: &mpsc::Sender<String>) {
    drop(stream.write_all(b"220 ready\r\n"));
    let mut is_data = false;
    for line in BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok) {
        drop(lines.send(line.clone()));
        let answer = match line.as_str() {
            "." => "250 taken\r\n",
            "DATA" => "354 go on\r\n",
            _ if is_data => "",
            _ => "250 fine\r\n",
        };
        is_data = (is_data || line == "DATA") && line != ".";
        drop(stream.write_all(answer.as_bytes()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_gets_the_mails_and_is_asked_by_doctor() {
    let installation = Installation::new();
    let (port, lines) = mail_server();
    let flags = ["--smtp-address", "127.0.0.1", "--smtp-security", "none", "--mail-sender", "Desk <desk@lark.example>"];
    let flags: Vec<&str> = flags.iter().copied().chain(["--smtp-port", port.as_str()]).collect();
    let server = installation.serve_with(&flags).ready().await;
    invite(&installation, &server).await;
    let begun = Instant::now();
    let mut sent = Vec::new();
    while sent.last().is_none_or(|line| line != ".") {
        sent.push(lines.recv_timeout(LONG.saturating_sub(begun.elapsed())).unwrap());
    }
    for line in ["MAIL FROM:<desk@lark.example>", "RCPT TO:<mira@lark.example>", "From: Desk <desk@lark.example>"] {
        assert!(sent.iter().any(|sent| sent.starts_with(line)), "{line}: {sent:#?}");
    }
    assert!(!installation.data().join("outbox").exists());
    let report = installation.run(["doctor"].iter().copied().chain(flags.iter().copied())).expect_success();
    let expected = format!("ok   mail: 127.0.0.1:{port} takes mails from Desk <desk@lark.example>");
    assert!(report.contains(&expected), "{report}");
    server.stop();
}

#[test]
fn doctor_says_what_is_wrong_with_a_mail_server() {
    let installation = Installation::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    drop(taken);
    let doctor = |more: &[&str]| {
        let flags = ["doctor", "--smtp-address", "127.0.0.1", "--smtp-port", port.as_str()];
        let report = installation.run(flags.iter().chain(more));
        assert_eq!(report.status.code(), Some(1), "{report:?}");
        report.stdout
    };
    let sender = ["--mail-sender", "desk@lark.example"];
    assert!(doctor(&[]).contains("fail mail: smtp_address needs mail_sender"));
    let half = doctor(&[sender[0], sender[1], "--smtp-password", "hunter 2"]);
    assert!(half.contains("fail mail: smtp_username and smtp_password need each other"), "{half}");
    let report = doctor(&[sender[0], sender[1], "--smtp-username", "desk", "--smtp-password", "hunter 2"]);
    assert!(report.contains(&format!("fail mail: the mail server at 127.0.0.1:{port}: ")), "{report}");
    assert!(!report.contains("hunter 2"), "{report}");
}
