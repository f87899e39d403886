//! Creating messages: through HTTP, and the same statements run by the store alone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use edge::Error;
use server::access::{Member, MemberOrBot};
use server::events::Actor;
use server::message::beside::Beside;
use server::message::draft::{self, Author, Draft};
use server::message::sender::Presence;
use server::message::wire::NewMessageBody;
use server::{Settings, contact, conversation, inbox, message};
use store::{Store, sql};
use types::{AccountId, MessageType, Role, UserId};

use crate::data::{ACCOUNT, agent_token, inbox_identifier};
use crate::measure::{Figure, Samples};
use crate::process::{self, Data, Server};
use crate::random::Random;
use crate::targets::{self, Target};
use crate::{client, output};

/// Names of the two loads in tables.
pub const BY_AGENT: &str = "message by an agent";
/// See [`BY_AGENT`].
pub const BY_CONTACT: &str = "message by a contact";
/// What is appended to a load's name when there is no HTTP.
pub const STORE_ONLY: &str = ", store only";

/// Measures both loads at each number of callers, over HTTP and without.
pub async fn measure(data: &Data, callers: &[usize], duration: Duration) -> Result<Vec<Figure>> {
    let store = Store::open(data.options())?;
    let everywhere = targets::sample(&store).await?;
    let open = targets::open(&store).await?;
    let mut figures = Vec::new();
    // The store of this process stays open and idle while the server writes: both run on the same file in turn.
    let server = Server::start(data).await?;
    for count in callers {
        let by_agent = targets::agent_messages(&everywhere);
        figures.push(over_http(&server, data, BY_AGENT, by_agent, *count, duration).await?);
        let by_contact = targets::contact_messages(&open);
        figures.push(over_http(&server, data, BY_CONTACT, by_contact, *count, duration).await?);
        for (what, targets) in [(BY_AGENT, &everywhere), (BY_CONTACT, &open)] {
            figures.push(alone(&store, data, what, targets, *count, duration).await?);
        }
    }
    server.stop().await?;
    Ok(figures)
}

async fn over_http(
    server: &Server,
    data: &Data,
    what: &str,
    requests: client::Requests,
    callers: usize,
    duration: Duration,
) -> Result<Figure> {
    let before = server.cpu();
    let samples = client::load(server.address, requests, callers, duration).await?;
    // The warm-up counts as well, and is a tenth of it all.
    let cpu = server.cpu().saturating_sub(before).mul_f64(duration.as_secs_f64() / (duration.as_secs_f64() + 0.3));
    Ok(told(samples.figure(what, "S", data.engine(), callers, cpu)))
}

async fn alone(
    store: &Store,
    data: &Data,
    what: &str,
    targets: &[Target],
    callers: usize,
    duration: Duration,
) -> Result<Figure> {
    let from = Instant::now() + Duration::from_millis(300);
    let until = from + duration;
    let targets = Arc::new(targets.to_vec());
    let by_agent = what == BY_AGENT;
    let before = process::cpu_of(std::process::id());
    let mut running = Vec::new();
    for number in 0..callers {
        let (store, targets) = (store.clone(), Arc::clone(&targets));
        running.push(tokio::task::spawn(async move {
            let mut random = Random::new(number as u64 + 1);
            let mut samples = Samples::new(until - from);
            loop {
                let begun = Instant::now();
                if begun >= until {
                    return Ok::<_, anyhow::Error>(samples);
                }
                let target = targets[random.below(targets.len())].clone();
                if by_agent {
                    agent_writes(&store, target).await?;
                } else {
                    contact_writes(&store, target).await?;
                }
                if begun >= from {
                    samples.add(begun.elapsed(), 0);
                }
            }
        }));
    }
    let mut samples = Samples::new(duration);
    for task in running {
        samples.merge(task.await??);
    }
    let cpu = process::cpu_of(std::process::id()).saturating_sub(before);
    let cpu = cpu.mul_f64(duration.as_secs_f64() / (duration.as_secs_f64() + 0.3));
    Ok(told(samples.figure(&format!("{what}{STORE_ONLY}"), "S", data.engine(), callers, cpu)))
}

fn told(figure: Figure) -> Figure {
    output::line(&format!(
        "  {:<34} {:>8} c={:<3} {:>8.0}/s  p50 {:>7.2} ms  p99 {:>7.2} ms  {:>6.0} µs CPU",
        figure.what, figure.engine, figure.callers, figure.rate, figure.p50_ms, figure.p99_ms, figure.cpu_us
    ));
    figure
}

/// What the handler does: the caller in one read, the message in one write.
async fn agent_writes(store: &Store, target: Target) -> Result<()> {
    let token = agent_token(target.agent());
    let member = store.read(move |conn| find_member(conn, &token)).await?;
    let body: NewMessageBody = serde_json::from_str(targets::ANSWER)?;
    let draft = draft::read(body).map_err(refused)?;
    let caller = MemberOrBot::Member(member);
    let base_url = Settings::default().base_url;
    store
        .write(move |tx| {
            let mut conversation = conversation::service::lock_visible(tx, &caller, target.display_id)?;
            let new = draft.to_new(tx, &conversation, Author::from(&caller))?;
            let actor = Actor::from(&caller);
            let message = message::service::create(tx, &mut conversation, &new, &actor, None)?;
            Beside::load(tx, conversation.account_id, &[message], Presence::Shown, &base_url)?;
            Ok::<_, Error>(())
        })
        .await
        .map_err(refused)
}

fn find_member(conn: &mut store::Conn<'_>, token: &str) -> Result<Member, store::Error> {
    let (user_id, name): (UserId, String) = conn.query_one(
        sql!(
            "SELECT u.id, COALESCE(NULLIF(u.display_name, ''), u.name) FROM access_tokens t
             LEFT JOIN users u ON u.id = t.user_id AND u.deleting_at IS NULL
             LEFT JOIN agent_bots b ON b.id = t.agent_bot_id AND (b.account_id IS NULL OR b.account_id NOT IN (
                 SELECT gone.id FROM accounts gone WHERE gone.deleting_at IS NOT NULL))
             WHERE t.token = $1 AND t.platform_app_id IS NULL"
        ),
        (token,),
    )?;
    let account_id = AccountId::new(ACCOUNT);
    let (_, role): (String, Role) = conn.query_one(
        sql!(
            "SELECT a.status, au.role FROM accounts a
             LEFT JOIN account_users au ON au.account_id = a.id AND au.user_id = $2
             WHERE a.id = $1 AND a.deleting_at IS NULL"
        ),
        (account_id, user_id),
    )?;
    Ok(Member { account_id, user_id, name, role })
}

async fn contact_writes(store: &Store, target: Target) -> Result<()> {
    let body: serde_json::Value = serde_json::from_str(targets::QUESTION)?;
    let content = body["content"].as_str().map(str::to_owned);
    let draft = Draft::text(MessageType::Incoming, content, None).map_err(refused)?;
    let base_url = Settings::default().base_url;
    let missing = || Error::NotFound("record");
    store
        .write(move |tx| {
            let inbox = inbox::store::find_by_identifier(tx, &inbox_identifier(target.inbox))?.ok_or_else(missing)?;
            let account = inbox.account_id;
            let session = contact::store::find_session(tx, account, inbox.id, &target.source_id)?;
            let session = session.ok_or_else(missing)?;
            let contact = contact::store::find(tx, account, session.contact_id)?.ok_or_else(missing)?;
            let found = conversation::store::find(tx, account, target.display_id)?.ok_or_else(missing)?;
            let mut conversation = conversation::store::lock(tx, account, found.id)?.ok_or_else(missing)?;
            let new = draft.from_contact(contact.id);
            let actor = Actor::Contact { id: contact.id };
            let message = message::service::create(tx, &mut conversation, &new, &actor, None)?;
            Beside::load(tx, account, &[message], Presence::Hidden, &base_url)?;
            Ok::<_, Error>(())
        })
        .await
        .map_err(refused)
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn refused(error: Error) -> anyhow::Error {
    anyhow::anyhow!("{error}")
}
