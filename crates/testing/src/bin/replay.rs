//! Plays the recordings of a folder against a running server: `replay BASE_URL PLATFORM_TOKEN DIR [events]`.
//!
//! With `events` it plays the recording of who hears what, which wants a fresh server of its own. Webhooks are heard on this
//! machine, which the server must be allowed to call.

use std::error::Error;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use testing::replay::{Golden, Hooks, Replay, Stage};
use types::{Clock as _, SystemClock};

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (base_url, platform_token, golden) = match arguments.as_slice() {
        [base_url, token, folder] => (*base_url, *token, Golden::read(Path::new(folder))?),
        [base_url, token, folder, "events"] => (*base_url, *token, Golden::read_events(Path::new(folder))?),
        _ => return Err("usage: replay BASE_URL PLATFORM_TOKEN DIR [events]".into()),
    };
    let now_seconds = SystemClock.now().epoch_seconds();
    let stage = Stage {
        base_url: base_url.to_owned(),
        platform_token: platform_token.to_owned(),
        run_id: format!("{:08x}", now_seconds & 0xffff_ffff),
        now_seconds,
    };
    let report = Replay::new(stage, golden).hear(Hooks::listen().await?).run().await?;
    write!(std::io::stdout(), "{report}")?;
    Ok(if report.is_success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
