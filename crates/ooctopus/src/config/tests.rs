//! How settings are found and read.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::value::Setting;
use super::{ByteSize, Config, Environment, FILE_NAME, Flags, KEYS, LogFormat, MailAddress, Mistakes, sample};

/// A data folder and the sources around it.
struct Sources {
    folder: tempfile::TempDir,
    environment: Environment,
    file: Option<PathBuf>,
}

impl Sources {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), environment: Environment::new(), file: None }
    }

    fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    fn with_file(self, content: &str) -> Self {
        std::fs::write(self.folder.path().join(FILE_NAME), content).unwrap();
        self
    }

    fn load<const N: usize>(&self, flags: [(&'static str, &str); N]) -> Result<Config, Mistakes> {
        let folder = self.folder.path().to_str().unwrap().to_owned();
        let mut environment = self.environment.clone();
        environment.entry("OOCTOPUS_DATA_DIR".into()).or_insert(folder);
        Config::load(&Flags::from(flags), self.file.as_deref(), &environment)
    }
}

#[test]
fn defaults_give_way_to_the_file_the_environment_and_flags_in_this_order() {
    let listen = |sources: &Sources| sources.load([]).unwrap().listen.port();
    let sources = Sources::new();
    assert_eq!(listen(&sources), 3000);
    let sources = sources.with_file("listen = \"127.0.0.1:3001\"");
    assert_eq!(listen(&sources), 3001);
    let sources = sources.with_variable("OOCTOPUS_LISTEN", "127.0.0.1:3002");
    assert_eq!(listen(&sources), 3002);
    assert_eq!(sources.load([("listen", "localhost:3003")]).unwrap().listen.port(), 3003);
}

#[test]
fn a_named_file_is_read_instead_of_the_one_in_the_folder() {
    let mut sources = Sources::new().with_file("listen = \"127.0.0.1:3001\"");
    let other = sources.folder.path().join("other.toml");
    std::fs::write(&other, "database_connections = 3").unwrap();
    sources.file = Some(other);
    let config = sources.load([]).unwrap();
    assert_eq!((config.listen.port(), config.database_connections.get()), (3000, 3));

    sources.file = Some("/no/such/file.toml".into());
    let mistakes = sources.load([]).unwrap_err().to_string();
    assert!(mistakes.contains("file /no/such/file.toml: cannot be read"), "{mistakes}");
}

#[test]
fn every_mistake_is_named_with_its_key_and_source() {
    let sources = Sources::new()
        .with_file("colour = \"red\"\nbody_limit = \"much\"\nlog_format = [1]\nrequest_timeout = 30")
        .with_variable("OOCTOPUS_LISTEN", "nowhere")
        .with_variable("DATABASE_URL", "mysql://root:hunter2@localhost");
    let text = sources.load([("shutdown_grace", "soon")]).unwrap_err().to_string();
    let file = sources.folder.path().join(FILE_NAME).display().to_string();
    for expected in [
        format!("colour (file {file}): there is no such setting"),
        format!("body_limit (file {file}): \"much\" is no size"),
        format!("log_format (file {file}): must be a text"),
        format!("request_timeout (file {file}): \"30\" is no time"),
        "listen (environment variable OOCTOPUS_LISTEN): \"nowhere\" is no IP address".into(),
        "database_url (environment variable DATABASE_URL): does not begin with postgres://".into(),
        "shutdown_grace (flag --shutdown-grace): \"soon\" is no time".into(),
    ] {
        assert!(text.contains(&expected), "{expected}\n{text}");
    }
    assert_eq!(text.lines().count(), 8, "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn a_file_that_is_no_toml_is_a_mistake_with_its_line() {
    let text = Sources::new().with_file("listen = \"127.0.0.1:1\"\nbody_limit = 1MB").load([]).unwrap_err().to_string();
    assert!(text.contains("line 2:"), "{text}");
}

#[test]
fn unknown_variables_are_not_ours() {
    let sources = Sources::new()
        .with_variable("OOCTOPUS_PORT", "tcp://10.0.0.1:3000")
        .with_variable("OOCTOPUS_SERVICE_HOST", "10.0.0.1")
        .with_variable("OOCTOPUS_LISTEN", "");
    assert_eq!(sources.load([]).unwrap().listen.port(), 3000);
}

#[test]
fn the_database_has_two_variables_and_ours_wins() {
    let sources = Sources::new().with_variable("DATABASE_URL", "postgres://a/b");
    assert_eq!(sources.load([]).unwrap().database_url.unwrap().reveal(), "postgres://a/b");
    let sources = sources.with_variable("OOCTOPUS_DATABASE_URL", "postgresql://c/d");
    assert_eq!(sources.load([]).unwrap().database_url.unwrap().reveal(), "postgresql://c/d");
    assert_eq!(sources.load([("database_url", "")]).unwrap().database_url, None);
}

#[test]
fn secrets_are_not_printed() {
    let config = Sources::new().with_variable("DATABASE_URL", "postgres://u:hunter2@h/d").load([]).unwrap();
    let text = format!("{config:?}");
    assert!(text.contains("***") && !text.contains("hunter2"), "{text}");
}

#[test]
fn values_have_units() {
    let time = |text: &str| Duration::read(text).ok();
    assert_eq!(time("500ms"), Some(Duration::from_millis(500)));
    assert_eq!(time("30 s"), Some(Duration::from_secs(30)));
    assert_eq!(time("5m"), Some(Duration::from_mins(5)));
    assert_eq!(time("1h"), Some(Duration::from_hours(1)));
    for text in ["", "30", "s", "-1s", "1.5h", "1d", "99999999999999999999s", "18446744073709551615h"] {
        assert_eq!(time(text), None, "{text}");
    }
    let size = |text: &str| ByteSize::read(text).ok().map(|size| size.0);
    assert_eq!(size("10B"), Some(10));
    assert_eq!(size("512kB"), Some(512 * 1024));
    assert_eq!(size("1MB"), Some(1024 * 1024));
    assert_eq!(size("2GiB"), Some(2 * 1024 * 1024 * 1024));
    for text in ["", "10", "MB", "0B", "1TB", "99999999999GB"] {
        assert_eq!(size(text), None, "{text}");
    }
}

#[test]
fn addresses_are_checked_and_trimmed() {
    let sources = Sources::new();
    let flags =
        [("base_url", "https://desk.example/"), ("mail_sender", "Desk <desk@example.com>"), ("log_format", "json")];
    let config = sources.load(flags).unwrap();
    assert_eq!(config.base_url.unwrap().0, "https://desk.example");
    assert_eq!(config.mail_sender, Some(MailAddress("Desk <desk@example.com>".into())));
    assert_eq!(config.log_format, LogFormat::Json);
    let ranges = sources.with_variable("OOCTOPUS_OUTBOUND_ALLOW", "127.0.0.0/8, fd00::/8,10.1.2.3").load([]).unwrap();
    let ranges: Vec<_> = ranges.outbound_allow.0.iter().map(ToString::to_string).collect();
    assert_eq!(ranges, ["127.0.0.0/8", "fd00::/8", "10.1.2.3/32"]);
    let sources = Sources::new();
    for (key, text) in [
        ("base_url", "desk.example"),
        ("base_url", "https://desk.example/?x"),
        ("mail_sender", "Desk <desk>"),
        ("mail_sender", "desk"),
        ("smtp_security", "ssl"),
        ("smtp_port", "0"),
        ("smtp_address", "two words"),
        ("log_filter", "a=b=c"),
        ("database_connections", "0"),
        ("inbound_mail_domain", "two words"),
        ("outbound_allow", "10.0.0.0/33"),
        ("outbound_allow", "localhost"),
        ("listen", "127.0.0.1"),
        ("data_dir", ""),
    ] {
        assert!(sources.load([(key, text)]).is_err(), "{key} {text}");
    }
}

#[test]
fn the_sample_file_is_fresh_and_loads() {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/ooctopus.sample.toml"));
    let text = sample::text();
    if std::env::var_os("OOCTOPUS_WRITE_SAMPLE").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(written, text, "write it anew: OOCTOPUS_WRITE_SAMPLE=1 cargo test -p ooctopus sample");

    let defaults = format!("{:?}", Sources::new().with_variable("OOCTOPUS_DATA_DIR", "./data").load([]).unwrap());
    let mut sources = Sources::new();
    sources.file = Some(path.to_owned());
    let sources = sources.with_variable("OOCTOPUS_DATA_DIR", "./data");
    assert_eq!(format!("{:?}", sources.load([]).unwrap()), defaults);

    // A setting follows its # at once, a sentence after a blank.
    let all: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix('#'))
        .filter(|line| line.starts_with(char::is_alphabetic))
        .collect();
    assert_eq!(all.len(), KEYS.len());
    let file = sources.folder.path().join("all.toml");
    std::fs::write(&file, all.join("\n")).unwrap();
    let sources = Sources { file: Some(file), ..Sources::new() }.with_variable("OOCTOPUS_DATA_DIR", "./data");
    assert_eq!(format!("{:?}", sources.load([]).unwrap()), defaults);
}
