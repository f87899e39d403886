//! Running the binary on throwaway folders and databases.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;
use store::sql;
use store::testing::{Engine, OnEngine, TestDatabase, temporary_folder};
use tempfile::TempDir;
use types::SystemClock;

/// Longer than anything takes on a busy machine; only a failing test waits that long.
pub const LONG: Duration = Duration::from_mins(1);

/// An installation: a data folder that is not there yet and, on PostgreSQL, an empty database.
pub struct Installation {
    folder: TempDir,
    database: Option<Arc<TestDatabase>>,
}

/// Which process sends deliveries, and how often that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub holder: String,
    pub epoch: i64,
}

/// What a command did.
#[derive(Debug)]
pub struct Outcome {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

/// A server that has said where it listens.
pub struct Server {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// What was logged so far; a thread reads it, so that the server never waits for us.
    log: Arc<Mutex<String>>,
    logging: Option<JoinHandle<()>>,
    /// `http://127.0.0.1:port`.
    pub url: String,
    /// What `--demo` printed.
    pub demo: String,
}

impl OnEngine for Installation {
    async fn on(engine: Engine) -> Self {
        let database = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => {
                let made = tokio::task::spawn_blocking(move || TestDatabase::new(engine, &[], Arc::new(SystemClock)));
                Some(Arc::new(made.await.unwrap()))
            }
        };
        Self { folder: temporary_folder(), database }
    }
}

impl Installation {
    /// One on SQLite, for what has nothing to do with the database.
    pub fn new() -> Self {
        Self { folder: temporary_folder(), database: None }
    }

    /// Another machine on the same database, with the same key in a data folder of its own.
    pub fn node(&self) -> Self {
        let node = Self { folder: temporary_folder(), database: self.database.clone() };
        std::fs::DirBuilder::new().mode(0o700).create(node.data()).unwrap();
        std::fs::copy(self.data().join("secret.key"), node.data().join("secret.key")).unwrap();
        node
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A path beside the data folder.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A command on this installation, in an environment without settings but its database.
    pub fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ooctopus"));
        command.env_clear().args(args).arg("--data-dir").arg(self.data());
        if let Some(database) = &self.database {
            let store::Database::Postgres { url, .. } = &database.options.database else { unreachable!() };
            command.env("DATABASE_URL", url);
        }
        command
    }

    /// Runs a command.
    pub fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Outcome {
        outcome_of(&mut self.command(args))
    }

    /// The database, as another program opens it.
    pub async fn store(&self) -> store::Store {
        let database = match &self.database {
            Some(database) => database.options.database.clone(),
            None => store::Database::Sqlite { path: self.data().join("ooctopus.db"), durable: true },
        };
        let opened = tokio::task::spawn_blocking(move || store::Store::open(store::Options::new(database)));
        opened.await.unwrap().unwrap()
    }

    /// Which process sends deliveries, or did as the last one.
    pub async fn lease(&self) -> Lease {
        let store = self.store().await;
        let read = store.read(|conn| {
            let row: (String, i64) =
                conn.query_one(sql!("SELECT holder, epoch FROM leases WHERE name = 'dispatch'"), ())?;
            Ok::<_, store::Error>(row)
        });
        let (holder, epoch) = read.await.unwrap();
        Lease { holder, epoch }
    }

    /// Whether its process sends deliveries, or did as the last one. Without other processes it does: nobody looks into a
    /// file that a kill has left.
    pub async fn was_sending(&self) -> bool {
        self.database.is_none() || self.lease().await.holder == self.name()
    }

    /// Serves on a free port.
    pub fn serve(&self) -> Server {
        self.serve_with(&[])
    }

    /// Serves on a free port, with more arguments. Receivers on this machine may be called.
    pub fn serve_with(&self, args: &[&str]) -> Server {
        let args = ["serve", "--listen", "127.0.0.1:0"].iter().chain(args);
        let mut command = self.command(args);
        command.env("OOCTOPUS_OUTBOUND_ALLOW", "127.0.0.0/8");
        Server::start(command)
    }

    /// What its process is called.
    pub fn name(&self) -> String {
        std::fs::read_to_string(self.data().join("node")).unwrap()
    }
}

/// Runs a command to its end.
pub fn outcome_of(command: &mut Command) -> Outcome {
    let output = command.stdin(Stdio::null()).output().unwrap();
    Outcome {
        status: output.status,
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs a command with this standard input.
pub fn outcome_with_input(command: &mut Command, input: &str) -> Outcome {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    Outcome {
        status: output.status,
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Outcome {
    /// What it printed; it must have succeeded.
    #[track_caller]
    pub fn expect_success(self) -> String {
        assert!(self.status.success(), "{self:?}");
        self.stdout
    }

    /// What it said on the standard error; it must have ended with this code.
    #[track_caller]
    pub fn expect_code(self, code: i32) -> String {
        assert_eq!(self.status.code(), Some(code), "{self:?}");
        self.stderr
    }
}

impl Server {
    /// Starts a `serve` and waits until it is ready.
    #[track_caller]
    pub fn start(mut command: Command) -> Self {
        let has_demo = command.get_args().any(|arg| arg == "--demo");
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (log, logging) = collect(child.stderr.take().unwrap());
        let mut server = Self { child, stdout, log, logging: Some(logging), url: String::new(), demo: String::new() };
        let first = server.read_line();
        let Some(url) = first.trim_end().strip_prefix("# Ooctopus listens on ") else {
            panic!("{first}{:?}", server.end());
        };
        url.clone_into(&mut server.url);
        if has_demo {
            // The text ends with an empty line.
            while !server.demo.ends_with("\n\n") {
                let line = server.read_line();
                assert_ne!(line, "", "the demo's text has no end");
                server.demo.push_str(&line);
            }
        }
        server
    }

    fn read_line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line
    }

    /// What follows `marker` in the log, up to the next blank or quote.
    pub fn logged_after(&self, marker: &str) -> String {
        let begun = Instant::now();
        loop {
            let log = self.log.lock().unwrap().clone();
            if let Some((_, rest)) = log.split_once(marker)
                && let Some(end) = rest.find([' ', '"', '\n'])
            {
                return rest[..end].to_owned();
            }
            assert!(begun.elapsed() < LONG, "{marker} is not logged\n{log}");
            std::thread::yield_now();
        }
    }

    /// The address without its scheme.
    pub fn address(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    /// Waits until the server says that it is ready.
    pub async fn ready(self) -> Self {
        let begun = Instant::now();
        while !is_ready(&self.url).await {
            assert!(begun.elapsed() < LONG, "the server does not get ready");
            tokio::task::yield_now().await;
        }
        self
    }

    /// Sends a signal: `TERM`, `INT`, `KILL`.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(status.unwrap().success());
    }

    /// Waits for the end; gives the status and everything that was printed.
    pub fn wait(mut self) -> Outcome {
        self.end()
    }

    fn end(&mut self) -> Outcome {
        let mut stdout = String::new();
        self.stdout.read_to_string(&mut stdout).unwrap();
        let status = self.child.wait().unwrap();
        if let Some(logging) = self.logging.take() {
            logging.join().unwrap();
        }
        Outcome { status, stdout, stderr: self.log.lock().unwrap().clone() }
    }

    /// Stops it in good order.
    pub fn stop(self) -> Outcome {
        self.signal("TERM");
        let outcome = self.wait();
        assert_eq!(outcome.status.code(), Some(0), "{outcome:?}");
        outcome
    }

    /// Kills it.
    pub fn kill(self) {
        self.signal("KILL");
        assert_eq!(self.wait().status.signal(), Some(9));
    }

    /// GET with a token.
    pub async fn get(&self, token: &str, path: &str) -> Value {
        let request = reqwest::Client::new().get(format!("{}{path}", self.url)).header("api_access_token", token);
        expect_json(request).await
    }

    /// POST of JSON, with a token if there is one.
    pub async fn post(&self, token: Option<&str>, path: &str, body: &Value) -> Value {
        let mut request = reqwest::Client::new().post(format!("{}{path}", self.url)).json(body);
        if let Some(token) = token {
            request = request.header("api_access_token", token);
        }
        expect_json(request).await
    }

    /// PUT of JSON with a token.
    pub async fn put(&self, token: &str, path: &str, body: &Value) -> Value {
        let request = reqwest::Client::new().put(format!("{}{path}", self.url)).json(body);
        expect_json(request.header("api_access_token", token)).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Only a failing test leaves it running; it may also have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Reads the log line by line on a thread of its own.
fn collect(stderr: ChildStderr) -> (Arc<Mutex<String>>, JoinHandle<()>) {
    let log = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&log);
    let thread = std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines() {
            let line = line.unwrap();
            let mut log = kept.lock().unwrap();
            log.push_str(&line);
            log.push('\n');
        }
    });
    (log, thread)
}

async fn is_ready(url: &str) -> bool {
    matches!(reqwest::get(format!("{url}/readyz")).await, Ok(answer) if answer.status() == 200)
}

async fn expect_json(request: reqwest::RequestBuilder) -> Value {
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let text = answer.text().await.unwrap();
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).unwrap()
}

/// The value of a line `NAME='value'` of the demo's text.
pub fn value_of(text: &str, name: &str) -> String {
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name}='")));
    line.and_then(|rest| rest.split('\'').next()).unwrap_or_else(|| panic!("no {name} in\n{text}")).to_owned()
}

/// The permission bits of a file.
pub fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}
