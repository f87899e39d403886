//! Events into the log and back.

use serde_json::json;
use store::testing::db_test;
use types::{ContactId, ConversationId, Json, MessageId, Status, TeamId, UserId};

use super::{Actor, Changes, Event, Moved, log, record};
use crate::testing::TestApp;

#[db_test]
async fn events_come_back_from_the_log_as_they_went_in(app: TestApp) {
    let account = app.account().await;
    let before = app.app.store.read(move |conn| log::head(conn, account)).await.unwrap();
    let (conversation, message) = (ConversationId::new(3), MessageId::new(4));
    let all = move || {
        let user = UserId::new(9);
        let team = Moved { before: Some(TeamId::new(1)), after: None };
        let changes = Changes::default().with("priority", &None, &Some("high"));
        vec![
            Event::AccountCreated,
            Event::AgentAdded(user),
            Event::ConversationStatusChanged(
                conversation,
                Moved { before: Status::Open, after: Status::Resolved },
                Changes::default().with("status", &Status::Open, &Status::Resolved),
            ),
            Event::AssigneeChanged(conversation, Moved { before: None, after: Some(user) }),
            Event::TeamChanged(conversation, team),
            Event::MessageCreated(conversation, message, Some("echo".into())),
            Event::MessageCreated(conversation, message, None),
            Event::ContactDeleted(ContactId::new(5), Json::of(&json!({ "name": "Ada" }))),
            Event::ContactMerged(ContactId::new(5), ContactId::new(6)),
            // Whenever it is recorded, it comes last.
            Event::ConversationUpdated(conversation, changes),
        ]
    };
    let actor = Actor::User { id: UserId::new(7), name: "Mira".into() };
    app.app
        .store
        .write(move |tx| {
            all().iter().rev().take(1).chain(all().iter().take(9)).for_each(|event| record(tx, account, &actor, event));
            Ok::<_, edge::Error>(())
        })
        .await
        .unwrap();
    let read = app.app.store.read(move |conn| log::read_after(conn, account, before, 100)).await.unwrap();
    assert_eq!(read.iter().map(|logged| logged.seq - before).collect::<Vec<_>>(), (1..=10).collect::<Vec<_>>());
    assert!(read.iter().all(|logged| logged.user() == Some(UserId::new(7))));
    let text = |event: &Event| format!("{event:?}");
    let read: Vec<String> = read.iter().map(|logged| text(logged.event.as_ref().unwrap())).collect();
    assert_eq!(read, all().iter().map(text).collect::<Vec<_>>());
    let reaches =
        async |after: i64| app.app.store.read(move |conn| log::reaches_back_to(conn, account, after)).await.unwrap();
    assert!(reaches(before).await && reaches(before + 10).await && !reaches(before + 11).await);
}
