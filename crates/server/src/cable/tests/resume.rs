//! Catching up (an extension of ours: `since` and `seq`).

use serde_json::{Value, json};
use store::testing::db_test;
use store::{Tx, sql};

use super::{Desk, Ear, identifier};

async fn write(desk: &Desk, number: i64, content: &str) {
    desk.public(&desk.contact, &format!("conversations/{number}/messages"), json!({ "content": content })).await;
}

fn contents(heard: &[Value]) -> Vec<&str> {
    heard.iter().filter_map(|message| message["data"]["content"].as_str()).collect()
}

#[db_test]
async fn a_client_that_was_away_hears_what_it_missed_and_nothing_twice(desk: Desk) {
    let number = desk.conversation(&desk.contact).await;
    let text = identifier(&desk.app, &desk.agent).await;
    let mut ear = Ear::open(&desk.app).await;
    let confirmed = ear.subscribe(&text, Some(Value::Null)).await;
    let mut last = confirmed["seq"].as_i64().unwrap();
    write(&desk, number, "first").await;
    desk.app.run_due_jobs().await;
    crate::cable::dispatched(&desk.app.app).await;
    let heard = ear.flush().await;
    let seqs: Vec<i64> = heard.iter().map(|message| message["seq"].as_i64().unwrap()).collect();
    assert!(seqs.is_sorted() && seqs[0] > last, "{seqs:?} after {last}");
    assert_eq!(contents(&heard), ["first"]);
    last = *seqs.last().unwrap();
    drop(ear);
    for number_of in 0..130 {
        write(&desk, number, &format!("away {number_of}")).await;
    }
    // In the command, or in the identifier for clients whose library leaves no room there.
    let mut said: Value = serde_json::from_str(&text).unwrap();
    said["since"] = json!(last);
    for (identifier, since) in [(text.clone(), Some(json!(last))), (said.to_string(), None)] {
        let mut ear = Ear::open(&desk.app).await;
        let confirmed = ear.subscribe(&identifier, since).await;
        assert_eq!(confirmed, json!({ "identifier": identifier, "type": "confirm_subscription", "seq": last }));
        write(&desk, number, "back").await;
        desk.app.run_due_jobs().await;
        crate::cable::dispatched(&desk.app.app).await;
        let heard = ear.flush().await;
        let seqs: Vec<i64> = heard.iter().map(|message| message["seq"].as_i64().unwrap()).collect();
        assert!(seqs.windows(2).all(|pair| pair[0] < pair[1]), "{seqs:?}");
        let contents = contents(&heard);
        let away: Vec<String> = (0..130).map(|number| format!("away {number}")).collect();
        assert_eq!(contents[..130], away);
        assert!(contents[130..].iter().all(|content| *content == "back"));
    }
    // An old word of where it is does not bring the whole log to somebody who may not hear it.
    let text = identifier(&desk.app, &desk.rookie).await;
    let mut ear = Ear::open(&desk.app).await;
    ear.subscribe(&text, Some(json!(0))).await;
    let heard = ear.flush().await;
    let names: Vec<&str> = heard.iter().filter_map(|message| message["event"].as_str()).collect();
    let allowed = ["contact.created", "contact.updated", "account.cache_invalidated"];
    assert!(names.iter().all(|name| allowed.contains(name)), "{names:?}");
    assert!(names.contains(&"contact.created"));
}

/// Takes the events after `after` and before `before` out of the log, and their numbers if they are the last ones.
async fn trim(desk: &Desk, after: i64, before: i64) {
    let account = desk.account();
    let trim = move |tx: &mut Tx<'_>| {
        tx.execute(
            sql!("DELETE FROM events WHERE account_id = $1 AND seq > $2 AND seq < $3"),
            (account, after, before),
        )?;
        tx.execute(
            sql!(
                "UPDATE account_counters SET event_seq =
                     (SELECT MAX(e.seq) FROM events e WHERE e.account_id = account_counters.account_id)
                 WHERE account_id = $1"
            ),
            (account,),
        )
    };
    desk.app.app.store.write(trim).await.map_err(|error: store::Error| error).unwrap();
}

#[db_test]
async fn a_log_that_does_not_reach_back_says_so(desk: Desk) {
    let number = desk.conversation(&desk.contact).await;
    write(&desk, number, "old").await;
    let account = desk.account().get();
    trim(&desk, 0, 3).await;
    let text = identifier(&desk.app, &desk.agent).await;
    let last = desk.app.number("SELECT event_seq FROM account_counters WHERE account_id = $1", &[account]).await;
    for since in [0, 1, last + 1, -5] {
        let mut ear = Ear::open(&desk.app).await;
        ear.subscribe(&text, Some(json!(since))).await;
        let heard = ear.flush().await;
        let trimmed = json!({ "event": "log.trimmed", "data": { "account_id": account }, "seq": last });
        assert_eq!(heard, [trimmed], "since {since}");
        write(&desk, number, "new").await;
        desk.app.run_due_jobs().await;
        crate::cable::dispatched(&desk.app.app).await;
        assert_eq!(contents(&ear.flush().await), ["new"]);
        trim(&desk, last, i64::MAX).await;
    }
    let mut ear = Ear::open(&desk.app).await;
    ear.subscribe(&text, Some(json!(last))).await;
    assert_eq!(ear.flush().await, Vec::<Value>::new());
}
