//! Settings, as a whole program meets them.

use crate::support::{Installation, Server, outcome_of};

#[test]
fn every_mistake_is_named_before_anything_is_made() {
    let installation = Installation::new();
    let file = installation.beside("settings.toml");
    std::fs::write(&file, "colour = \"red\"\nbody_limit = \"much\"\n").unwrap();
    let file = file.to_str().unwrap();
    let mut command = installation.command(["serve", "--request-timeout", "soon", "--config", file]);
    command.env("OOCTOPUS_LISTEN", "nowhere").env("OOCTOPUS_PORT", "tcp://10.0.0.1:3000");
    let text = outcome_of(&mut command).expect_code(1);
    for key in [
        "colour (file ",
        "body_limit (file ",
        "listen (environment variable OOCTOPUS_LISTEN)",
        "request_timeout (flag --request-timeout)",
    ] {
        assert!(text.contains(key), "{key}\n{text}");
    }
    assert!(!text.contains("OOCTOPUS_PORT"), "{text}");
    assert!(!installation.data().exists());

    let report = installation.run(["doctor", "--config", file]);
    assert_eq!(report.status.code(), Some(1));
    assert_eq!(report.stdout.matches("fail configuration: ").count(), 2, "{report:?}");
}

#[tokio::test]
async fn the_file_in_the_data_folder_is_read() {
    let installation = Installation::new();
    std::fs::create_dir(installation.data()).unwrap();
    let file = "listen = \"127.0.0.1:0\"\napi_version = \"4.1.2\"\nmail_sender = \"desk@lanternbikes.example\"\n";
    std::fs::write(installation.data().join("ooctopus.toml"), file).unwrap();
    let server = Server::start(installation.command(["serve"])).ready().await;
    assert_eq!(server.get("", "/api").await["version"], "4.1.2");
    server.stop();
}

#[test]
fn wrong_usage_has_a_code_of_its_own() {
    let installation = Installation::new();
    installation.run(["fly"]).expect_code(2);
    installation.run(["admin", "user", "create", "--account", "one"]).expect_code(2);
    let help = outcome_of(std::process::Command::new(env!("CARGO_BIN_EXE_ooctopus")).arg("--help")).expect_success();
    for word in ["serve", "demo", "migrate", "doctor", "admin", "--data-dir", "OOCTOPUS_LISTEN"] {
        assert!(help.contains(word), "{word}\n{help}");
    }
}
