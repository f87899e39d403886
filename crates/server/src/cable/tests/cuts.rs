//! Sockets that are cut all the time, while much happens.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use store::sql;
use store::testing::db_test;
use testing::{Listener, Random, times};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::JoinSet;
use tokio::time::timeout;
use types::{AccountId, ConversationId, MessageId};

use super::{Desk, PATIENCE, Visitor};
use crate::App;
use crate::events::{Event, log};
use crate::testing::Caller;

/// Of all sockets together, if `OOCTOPUS_TEST_CUTS` does not say otherwise.
const CUTS: usize = 1_000;
/// Half of the cuts come before so many microseconds have gone: in the handshake, before the answer to a subscription,
/// while the log is replayed. The others come as soon after the answer.
const MOST_MICROS: u64 = 20_000;
/// Something is written for each so many cuts, however fast the machine is.
const CUTS_PER_WRITE: u32 = 5;

/// Somebody who listens, and everything that he heard.
struct Ear {
    is_team: bool,
    /// The contact's conversations.
    own: HashSet<ConversationId>,
    is_member: bool,
    listener: Listener,
    heard: Vec<(i64, String)>,
}

#[db_test]
async fn a_thousand_cuts_lose_nothing_and_double_nothing(desk: Desk) {
    let mut random = Random::printed();
    let conversations = [desk.conversation(&desk.contact).await, desk.conversation(&desk.other_contact).await];
    let ears = [
        Ear::of_member(&desk, &desk.admin, true).await,
        Ear::of_member(&desk, &desk.agent, true).await,
        Ear::of_member(&desk, &desk.rookie, false).await,
        Ear::of_contact(&desk, &desk.contact).await,
        Ear::of_contact(&desk, &desk.other_contact).await,
    ];
    let url = desk.app.app.settings.base_url.to_string();
    let begin = log_head(&desk.app.app, desk.account()).await;

    let pace = Arc::new(Semaphore::new(0));
    let write = async {
        let answers = answer(&desk, conversations[0], &pace);
        let first = write_as(&desk, &desk.contact, conversations[0], &pace);
        let second = write_as(&desk, &desk.other_contact, conversations[1], &pace);
        tokio::join!(answers, toggle(&desk, conversations[1], &pace), first, second)
    };
    let cut = async {
        let mut cutting = JoinSet::new();
        let cuts = times("OOCTOPUS_TEST_CUTS", CUTS) / ears.len();
        for ear in ears {
            cutting.spawn(ear.cut(url.clone(), cuts, random.split(), Arc::clone(&pace)));
        }
        let ears = cutting.join_all().await;
        pace.close();
        ears
    };
    let (ears, _) = tokio::join!(cut, write);
    desk.app.run_due_jobs().await;

    let happened = happened(&desk.app.app, desk.account(), begin).await;
    let hidden = hidden(&desk.app.app, desk.account()).await;
    for mut ear in ears {
        let expected: Vec<(i64, String)> = happened
            .iter()
            .filter(|(_, event)| ear.should_hear(event, &hidden))
            .map(|(seq, event)| (*seq, name_of(event).to_owned()))
            .collect();
        let last = expected.last().unwrap().0;
        timeout(PATIENCE, ear.hear_up_to(&url, last)).await.expect("the last event");
        assert_eq!(ear.heard, expected);
    }
    eprintln!("{} events", happened.len());
}

impl Ear {
    async fn of_member(desk: &Desk, member: &Caller, is_team: bool) -> Self {
        let profile = desk.app.call(http::Method::GET, "/api/v1/profile", Some(&member.token), None).await.json();
        let key = profile["pubsub_token"].as_str().unwrap();
        let listener = Listener::user(member.account.get(), member.id.get(), key);
        Self::new(desk, Self { is_team, own: HashSet::new(), is_member: true, listener, heard: Vec::new() }).await
    }

    async fn of_contact(desk: &Desk, contact: &Visitor) -> Self {
        let key = contact.key.clone();
        let read = move |conn: &mut store::Conn<'_>| {
            let text = sql!(
                "SELECT c.id FROM conversations c JOIN contact_inboxes s ON s.id = c.contact_inbox_id
                 WHERE s.pubsub_token = $1"
            );
            conn.query::<(ConversationId,)>(text, (&key,))
        };
        let own = desk.app.app.store.read(read).await.unwrap().into_iter().map(|(id,)| id).collect();
        let listener = Listener::contact(&contact.key);
        Self::new(desk, Self { is_team: false, own, is_member: false, listener, heard: Vec::new() }).await
    }

    /// It knows where it begins.
    async fn new(desk: &Desk, mut ear: Self) -> Self {
        assert!(ear.listener.listen(&desk.app.app.settings.base_url.to_string()).await);
        ear
    }

    /// What the contract says of who hears what (realtime.md §2.4), for what happens here.
    fn should_hear(&self, event: &Event, hidden: &HashSet<MessageId>) -> bool {
        match event {
            Event::MessageCreated(conversation, message, _) | Event::MessageUpdated(conversation, message, _) => {
                self.is_team || (self.own.contains(conversation) && !hidden.contains(message))
            }
            Event::ConversationUpdated(conversation, _) | Event::ConversationStatusChanged(conversation, ..) => {
                self.is_team || self.own.contains(conversation)
            }
            Event::FirstReplyCreated(..) | Event::AssigneeChanged(..) => self.is_team,
            Event::ContactUpdated(..) => self.is_member,
            other => panic!("{} is not meant to happen here", other.name()),
        }
    }

    /// Listens and is cut, again and again.
    async fn cut(mut self, url: String, cuts: usize, mut random: Random, pace: Arc<Semaphore>) -> Self {
        for number in 0..cuts {
            let is_answered = number % 2 == 0;
            if is_answered {
                assert!(self.listener.listen(&url).await);
            }
            let wait = Duration::from_micros(random.below(MOST_MICROS));
            // What is dropped here drops the socket as it is.
            timeout(wait, self.hear(&url, is_answered)).await.expect_err("nobody ends it");
            self.listener.cut();
            pace.add_permits(1);
        }
        self
    }

    /// Hears on and on.
    async fn hear(&mut self, url: &str, is_answered: bool) {
        assert!(is_answered || self.listener.listen(url).await);
        loop {
            self.hear_one().await;
        }
    }

    async fn hear_up_to(&mut self, url: &str, last: i64) {
        assert!(self.listener.listen(url).await);
        while self.listener.seq().is_none_or(|seq| seq < last) {
            self.hear_one().await;
        }
    }

    async fn hear_one(&mut self) {
        let message = self.listener.next().await.expect("an open socket");
        if let Some(seq) = message["seq"].as_i64() {
            self.heard.push((seq, message["event"].as_str().unwrap().to_owned()));
        }
    }
}

/// Waits until something is to be written; nothing is after the last cut.
async fn is_time(pace: &Semaphore) -> bool {
    pace.acquire_many(CUTS_PER_WRITE).await.map(SemaphorePermit::forget).is_ok()
}

/// A contact writes.
async fn write_as(desk: &Desk, contact: &Visitor, number: i64, pace: &Semaphore) {
    while is_time(pace).await {
        desk.public(contact, &format!("conversations/{number}/messages"), json!({ "content": "Hello?" })).await;
    }
}

/// The agent answers, and every other time notes something that the contact does not hear.
async fn answer(desk: &Desk, number: i64, pace: &Semaphore) {
    let path = format!("conversations/{number}/messages");
    let mut private = false;
    while is_time(pace).await {
        let body: Value = json!({ "content": "I am here.", "private": private });
        desk.app.post(&desk.agent, &path, body).await.expect(200);
        private = !private;
    }
}

/// The administrator opens and resolves, of which the contact hears but not of the activity.
async fn toggle(desk: &Desk, number: i64, pace: &Semaphore) {
    while is_time(pace).await {
        desk.app.post(&desk.admin, &format!("conversations/{number}/toggle_status"), json!({})).await.expect(200);
    }
}

/// As clients know it.
fn name_of(event: &Event) -> &'static str {
    if matches!(event, Event::FirstReplyCreated(..)) { "first.reply.created" } else { event.name() }
}

async fn log_head(app: &App, account: AccountId) -> i64 {
    app.store.read(move |conn| log::head(conn, account)).await.unwrap()
}

/// The log.
async fn happened(app: &App, account: AccountId, after: i64) -> Vec<(i64, Event)> {
    let read = app.store.read(move |conn| log::read_after(conn, account, after, i64::MAX));
    read.await.unwrap().into_iter().map(|logged| (logged.seq, logged.event.unwrap())).collect()
}

/// Messages that contacts do not hear of.
async fn hidden(app: &App, account: AccountId) -> HashSet<MessageId> {
    let read = move |conn: &mut store::Conn<'_>| {
        let text = sql!(
            "SELECT id FROM messages WHERE account_id = $1 AND (private OR message_type = 'activity') ORDER BY id"
        );
        conn.query::<(MessageId,)>(text, (account,))
    };
    app.store.read(read).await.unwrap().into_iter().map(|(id,)| id).collect()
}
