//! `ooctopus listen`: what happens in an account of a server, printed or forwarded to a developer's own machine.

mod block;
mod receiver;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use outbound::{Error, Opened, Outbound, Settings};
use serde_json::Value;
use server::token;
use types::{AccountId, WebhookEvent};

use axum::http::{HeaderMap, HeaderValue, StatusCode};

use self::block::{Block, Reader};
use self::receiver::Receiver;
use crate::cli::ListenArgs;
use crate::output;
use crate::shutdown::Signals;

/// Wait before the server is called again; doubled each time, at most [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long the server may take to begin its answer.
const ANSWER: Duration = Duration::from_secs(30);
/// A stream that is silent for longer is dead: the server says three times in it that it is alive.
const SILENCE: Duration = Duration::from_secs(45);
/// Most bytes of a refusal that are read.
const MAX_REFUSAL: usize = 16 * 1024;

/// Listens until a signal says stop.
pub async fn run(args: ListenArgs) -> Result<ExitCode> {
    let mut signals = Signals::listen()?;
    let mut listener = Listener::new(args)?;
    tokio::select! {
        ended = listener.listen() => ended?,
        () = signals.next() => {}
    }
    if let Some(last) = &listener.last {
        output::tell(&format!("stopped; --since {last} goes on from here"));
    }
    Ok(ExitCode::SUCCESS)
}

struct Listener {
    client: Outbound,
    /// The stream's address.
    url: String,
    /// The server's, as it was given.
    server: String,
    account: AccountId,
    token: HeaderValue,
    receiver: Receiver,
    /// Where it goes on: up to there everything was passed on.
    last: Option<String>,
    /// Something came since the last call.
    has_heard: bool,
}

/// Why a stream is not read any more.
enum Cut {
    /// It may be opened again.
    Broken(String),
    /// Nobody reads what is printed.
    Unread,
}

impl Listener {
    fn new(args: ListenArgs) -> Result<Self> {
        // The operator says whom to call.
        let allow = ["0.0.0.0/0", "::/0"].iter().map(|range| range.parse().expect("a range")).collect();
        let mut token = HeaderValue::try_from(args.token.trim()).context("the token has letters that no token has")?;
        token.set_sensitive(true);
        let receiver = match args.forward_to {
            Some(url) => Receiver::Address { url, secret: args.secret.unwrap_or_else(new_secret) },
            None => Receiver::Output,
        };
        let server = args.url.trim_end_matches('/').to_owned();
        Ok(Self {
            client: Outbound::new(Settings { allow, ..Settings::default() }),
            url: address(&server, args.account, &args.events),
            server,
            account: args.account,
            token,
            receiver,
            last: args.since,
            has_heard: false,
        })
    }

    /// Follows the stream, and opens it again whenever it is cut, until nobody reads what is printed.
    async fn listen(&mut self) -> Result<()> {
        let mut pause = FIRST_PAUSE;
        loop {
            let Cut::Broken(cause) = self.follow().await? else { return Ok(()) };
            if std::mem::take(&mut self.has_heard) {
                pause = FIRST_PAUSE;
            }
            output::tell(&format!("{cause}; again in {} s", pause.as_secs()));
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Follows the stream until it is cut; fails when it is refused for good.
    async fn follow(&mut self) -> Result<Cut> {
        let mut headers = HeaderMap::from_iter([(TOKEN, self.token.clone())]);
        if let Some(last) = &self.last {
            headers.insert(LAST, HeaderValue::try_from(last.as_str()).context("the server's event ids are no text")?);
        }
        let mut opened = match self.client.open(&self.url, headers, ANSWER).await {
            Ok(opened) => opened,
            Err(cause @ Error::Url(_)) => bail!("{}: {cause}", self.server),
            Err(cause) => return Ok(Cut::Broken(format!("{}: {cause}", self.server))),
        };
        let status = opened.head.status;
        if status != StatusCode::OK {
            return self.refusal(status, &read_refusal(&mut opened).await);
        }
        if opened.head.content_type().is_none_or(|media| !media.starts_with("text/event-stream")) {
            bail!("{} answered with no stream of events", self.server);
        }
        output::tell(&format!("listening to account {} of {}", self.account, self.server));
        let mut reader = Reader::default();
        loop {
            let bytes = match opened.next(SILENCE).await {
                Ok(Some(bytes)) => bytes,
                Ok(None) => return Ok(Cut::Broken("the server ended the stream".into())),
                Err(cause) => return Ok(Cut::Broken(format!("the stream was cut: {cause}"))),
            };
            self.has_heard = true;
            for block in reader.push(&bytes)? {
                if !self.take(block).await? {
                    return Ok(Cut::Unread);
                }
            }
        }
    }

    /// Passes a block on, and goes on from behind it; false when nobody reads what is printed.
    async fn take(&mut self, block: Block) -> Result<bool> {
        if let Some(body) = &block.data
            && !self.receiver.take(&self.client, &block, body).await?
        {
            return Ok(false);
        }
        self.last = block.id.or(self.last.take());
        Ok(true)
    }

    /// What an answer other than a stream means.
    fn refusal(&self, status: StatusCode, text: &str) -> Result<Cut> {
        let (server, account) = (&self.server, self.account);
        let said = format!("{server} answered {}: {text}", status.as_u16());
        match status.as_u16() {
            408 | 429 | 500.. => Ok(Cut::Broken(said)),
            401 => bail!("the token is not valid: {said}"),
            403 => bail!("the token is not that of an administrator of account {account}: {said}"),
            404 => bail!("there is no account {account}, or the server is too old: {said}"),
            410 => bail!("events were missed; without --since it begins with now: {said}"),
            _ => bail!(said),
        }
    }
}

const TOKEN: axum::http::HeaderName = axum::http::HeaderName::from_static("api_access_token");
const LAST: axum::http::HeaderName = axum::http::HeaderName::from_static("last-event-id");

fn address(server: &str, account: AccountId, events: &[WebhookEvent]) -> String {
    let path = format!("{server}/api/v1/accounts/{account}/events");
    if events.is_empty() {
        return path;
    }
    let names: Vec<&str> = events.iter().map(|event| event.as_str()).collect();
    format!("{path}?subscriptions={}", names.join(","))
}

/// A secret for this run, which the developer is told.
fn new_secret() -> String {
    let secret = token::random();
    output::tell(&format!("webhooks are signed with {secret}"));
    secret
}

/// What a refusal says, in one line.
async fn read_refusal(opened: &mut Opened) -> String {
    let mut body = Vec::new();
    while body.len() < MAX_REFUSAL
        && let Ok(Some(bytes)) = opened.next(ANSWER).await
    {
        body.extend_from_slice(&bytes);
    }
    let text = match serde_json::from_slice::<Value>(&body) {
        Ok(json) => {
            let said = [&json["error"], &json["message"], &json["errors"][0]].into_iter().find_map(Value::as_str);
            said.map_or_else(|| json.to_string(), str::to_owned)
        }
        Err(_) => String::from_utf8_lossy(&body).into_owned(),
    };
    output::one_line(text.trim()).chars().take(300).collect()
}
