//! `ooctopus listen`: what happens, printed or forwarded.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

use axum::http::HeaderName;
use serde_json::{Value, json};
use server::delivery::signed_headers;
use store::testing::db_test;
use testing::Receiver;
use types::Timestamp;

use crate::support::{Installation, Outcome, Server, outcome_of, value_of};

/// A running `ooctopus listen`.
struct Listening {
    child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: BufReader<ChildStderr>,
}

impl Listening {
    fn spawn(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self { child, stdout, stderr }
    }

    /// Starts it, and waits until it listens.
    fn start(command: Command) -> Self {
        let mut listening = Self::spawn(command);
        listening.wait_for("listening to account 1");
        listening
    }

    /// Waits until it says so; gives the line.
    fn wait_for(&mut self, words: &str) -> String {
        let mut said = String::new();
        loop {
            let mut line = String::new();
            assert_ne!(self.stderr.read_line(&mut line).unwrap(), 0, "{words} is never said: {said}");
            if line.contains(words) {
                return line;
            }
            said.push_str(&line);
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line
    }

    fn lines(&mut self, count: usize) -> Vec<Value> {
        (0..count).map(|_| serde_json::from_str(&self.line()).unwrap()).collect()
    }

    /// Ends it as Ctrl-C does; what it said last.
    fn interrupt(mut self) -> String {
        let sent = Command::new("kill").arg("-INT").arg(self.child.id().to_string()).status();
        assert!(sent.unwrap().success());
        let mut said = String::new();
        self.stderr.read_to_string(&mut said).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "{said}");
        said
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        // Only a failing test leaves it running; it may also have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The command, with the demo's administrator in its environment.
fn listen(installation: &Installation, server: &Server, token: &str, args: &[&str]) -> Command {
    let mut command = installation.command(["listen", "--account", "1"].iter().chain(args));
    command.env("OOCTOPUS_URL", &server.url).env("OOCTOPUS_TOKEN", token);
    command
}

async fn write(server: &Server, token: &str, content: &str) {
    let path = "/api/v1/accounts/1/conversations/1/messages";
    server.post(Some(token), path, &json!({ "content": content })).await;
}

#[db_test]
async fn what_happens_is_printed_also_what_happened_while_the_server_was_away(installation: Installation) {
    let server = installation.serve_with(&["--demo"]).ready().await;
    let token = value_of(&server.demo, "ADMINISTRATOR_TOKEN");
    let address = server.address().to_owned();
    let mut listening =
        Listening::start(listen(&installation, &server, &token, &["--events", "message_created,contact_created"]));
    write(&server, &token, "first").await;
    let first = listening.lines(1).remove(0);
    assert_eq!((&first["event"], &first["content"]), (&json!("message_created"), &json!("first")));
    server.kill();
    listening.wait_for("again in 1 s");
    // What happened meanwhile is heard afterwards: it is written at another address.
    let server = installation.serve().ready().await;
    write(&server, &token, "meanwhile").await;
    server.stop();
    let server = Server::start(installation.command(["serve", "--listen", address.as_str()])).ready().await;
    write(&server, &token, "last").await;
    let contents: Vec<Value> = listening.lines(2).into_iter().map(|body| body["content"].clone()).collect();
    assert_eq!(contents, ["meanwhile", "last"]);
    let said = listening.interrupt();
    let last = said.split("--since ").nth(1).unwrap_or_else(|| panic!("{said}")).split(' ').next().unwrap();

    // Where it ended another one goes on.
    write(&server, &token, "unheard").await;
    let mut again = Listening::start(listen(&installation, &server, &token, &["--since", last]));
    loop {
        let body = again.lines(1).remove(0);
        assert_ne!(body["content"], "last");
        if body["content"] == "unheard" {
            break;
        }
    }
    again.interrupt();
    server.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_forwarded_signed_as_webhooks_are() {
    let installation = Installation::new();
    let server = installation.serve_with(&["--demo"]).ready().await;
    let token = value_of(&server.demo, "ADMINISTRATOR_TOKEN");
    let hook = Receiver::with(|before, _| testing::Reply::Status(if before == 0 { 503 } else { 200 })).await;
    let address = format!("{}/hook", hook.url());
    let args = ["--events", "message_created", "--forward-to", &address];
    let mut listening = Listening::spawn(listen(&installation, &server, &token, &args));
    let secret = listening.wait_for("webhooks are signed with ").split("with ").nth(1).unwrap().trim().to_owned();
    listening.wait_for("listening to account 1");
    for content in ["one", "two"] {
        write(&server, &token, content).await;
    }
    let lines = [listening.line(), listening.line()];
    assert!(lines[0].starts_with("message_created 503 ") && lines[0].ends_with(" ms\n"), "{lines:?}");
    assert!(lines[1].starts_with("message_created 200 "), "{lines:?}");
    let received = hook.received();
    assert_eq!(received.iter().map(|one| one.json()["content"].clone()).collect::<Vec<_>>(), ["one", "two"]);
    for request in &received {
        assert_eq!(request.path, "/hook");
        let at = Timestamp::from_epoch_seconds(request.headers["webhook-timestamp"].parse().unwrap());
        let (uuid, id) = (&request.headers["x-chatwoot-delivery"], &request.headers["webhook-id"]);
        let expected = signed_headers(uuid, id, at, &request.body, &[&secret]);
        for name in ["x-chatwoot-signature", "x-chatwoot-timestamp", "webhook-signature", "content-type"] {
            assert_eq!(request.headers[name], expected[HeaderName::from_static(name)], "{name}");
        }
    }
    listening.interrupt();

    // With a secret of the developer's, and nobody there.
    drop(hook);
    let mut command = listen(&installation, &server, &token, &["--since", "0", "--forward-to", &address]);
    command.env("OOCTOPUS_WEBHOOK_SECRET", "known");
    let mut failing = Listening::start(command);
    assert!(failing.line().contains(" failed "));
    failing.interrupt();
    server.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_get_better_ends_it() {
    let installation = Installation::new();
    let server = installation.serve_with(&["--demo"]).ready().await;
    let token = value_of(&server.demo, "ADMINISTRATOR_TOKEN");
    let agent = value_of(&server.demo, "AGENT_TOKEN");
    let end = |token: &str, args: &[&str]| -> Outcome { outcome_of(&mut listen(&installation, &server, token, args)) };
    for (token, args, words) in [
        ("wrong", vec![], "the token is not valid"),
        (agent.as_str(), vec![], "not that of an administrator"),
        (&token, vec!["--since", "999999"], "events were missed"),
        (&token, vec!["--url", "ftp://127.0.0.1"], "begins with neither"),
    ] {
        let said = end(token, &args).expect_code(1);
        assert!(said.contains(words) && said.lines().count() == 1, "{said}");
        assert!(!said.contains(&token[..token.len().min(8)]) || token == "wrong", "{said}");
    }
    for args in [["--events", "nothing"], ["--since", "yesterday"]] {
        end(&token, &args).expect_code(2);
    }
    let mut other = installation.command(["listen", "--account", "77"]);
    other.env("OOCTOPUS_URL", &server.url).env("OOCTOPUS_TOKEN", &token);
    assert!(outcome_of(&mut other).expect_code(1).contains("there is no account 77"));
    server.stop();
}
