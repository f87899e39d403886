//! Filters, through HTTP and against plain values.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use edge::Error;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestRng, TestRunner};
use serde_json::{Value, json};
use store::Conn;
use store::testing::db_test;
use types::{AccountId, InboxId, Role};

use super::memory::{Record, finds};
use super::{Catalogue, Subject, read, sql};
use crate::access::Member;
use crate::contact::Contact;
use crate::contact::list::List;
use crate::contact::wire::ContactListQuery;
use crate::query::{Conditions, composed};
use crate::testing::{Caller, TestApp};
use crate::text::utc_day;

/// Random filters of one run, for each subject and database.
const TREES: usize = 1_500;
/// Contacts, and conversations, that they look through.
const RECORDS: usize = 90;

fn condition(key: &str, operator: &str, values: impl Into<Value>) -> Value {
    json!({ "attribute_key": key, "filter_operator": operator, "values": values.into(), "query_operator": null })
}

async fn define(app: &TestApp, caller: &Caller, key: &str, kind: &str, model: &str) {
    let body = json!({
        "attribute_display_name": key, "attribute_key": key, "attribute_display_type": kind, "attribute_model": model
    });
    app.post(caller, "custom_attribute_definitions", body).await.expect(200);
}

/// Names of the contacts that the conditions find, sorted.
async fn names(app: &TestApp, caller: &Caller, payload: Value) -> Vec<String> {
    let found = app.post(caller, "contacts/filter?sort=name", json!({ "payload": payload })).await.expect(200).json();
    let list = found["payload"].as_array().unwrap();
    assert_eq!(found["meta"]["count"], json!(list.len()), "{payload}");
    list.iter().map(|contact| contact["name"].as_str().unwrap().to_owned()).collect()
}

#[db_test]
async fn contacts_are_found_by_what_they_are_and_by_what_was_added(app: TestApp) {
    let account = app.account().await;
    let agent = app.agent(account).await;
    define(&app, &agent, "plan", "list", "contact_attribute").await;
    define(&app, &agent, "seats", "number", "contact_attribute").await;
    define(&app, &agent, "since", "date", "contact_attribute").await;
    define(&app, &agent, "vip", "checkbox", "contact_attribute").await;
    for body in [
        json!({ "name": "Zoë", "email": "ZOE@x.test", "phone_number": "+15551", "identifier": "Id-1",
                "custom_attributes": { "plan": "Gold", "seats": 10, "since": "2024-02-29", "vip": true },
                "additional_attributes": { "city": "Köln", "country_code": "DE" } }),
        json!({ "name": "Abe", "custom_attributes": { "plan": "", "seats": "007", "since": "soon", "vip": "false" },
                "additional_attributes": { "city": "KÖLN-Deutz" } }),
        json!({ "name": "50%_off", "phone_number": "+4915551", "custom_attributes": { "plan": null, "seats": "many" } }),
    ] {
        app.post(&agent, "contacts", body).await.expect(200);
    }
    let (zoe, abe, off) = ("Zoë", "Abe", "50%_off");
    for (given, expected) in [
        (condition("name", "equal_to", json!(["ZOË", "nobody"])), vec![zoe]),
        (condition("name", "not_equal_to", json!(["zoë"])), vec![off, abe]),
        (condition("name", "contains", "%_"), vec![off]),
        (condition("email", "is_not_present", json!([])), vec![off, abe]),
        (condition("email", "equal_to", json!(["zoe@X.test"])), vec![zoe]),
        (condition("phone_number", "equal_to", json!(["15551"])), vec![zoe]),
        (condition("phone_number", "equal_to", json!(["+15551"])), vec![zoe]),
        (condition("phone_number", "starts_with", json!([1555])), vec![zoe]),
        (condition("phone_number", "contains", json!(["15551"])), vec![off, zoe]),
        (condition("identifier", "equal_to", json!(["ID-1"])), vec![zoe]),
        (condition("city", "contains", json!(["köln"])), vec![abe, zoe]),
        (condition("country_code", "not_equal_to", json!(["us"])), vec![zoe]),
        (condition("plan", "equal_to", json!(["gold"])), vec![zoe]),
        (condition("plan", "is_present", Value::Null), vec![abe, zoe]),
        (condition("plan", "is_not_present", Value::Null), vec![off]),
        (condition("seats", "equal_to", json!(["7.0"])), vec![abe]),
        (condition("seats", "is_greater_than", json!([7])), vec![zoe]),
        (condition("seats", "is_not_present", json!([])), vec![off]),
        (condition("since", "is_less_than", json!(["2024-03-01"])), vec![zoe]),
        (condition("since", "days_before", json!([0])), vec![zoe]),
        (condition("since", "is_not_present", json!([])), vec![off, abe]),
        (condition("vip", "equal_to", json!([true])), vec![zoe]),
        (condition("vip", "not_equal_to", json!(["true"])), vec![abe]),
        (condition("blocked", "equal_to", json!([false])), vec![off, abe, zoe]),
        (condition("created_at", "is_greater_than", json!(["2026-01-04"])), vec![off, abe, zoe]),
        (condition("created_at", "is_greater_than", json!(["2026-01-05"])), vec![]),
        (condition("created_at", "days_before", json!([-1])), vec![off, abe, zoe]),
        (condition("labels", "is_not_present", json!([])), vec![off, abe, zoe]),
    ] {
        assert_eq!(names(&app, &agent, json!([given])).await, expected, "{given}");
    }
    // What was added changes with the contact.
    let all = app.post(&agent, "contacts/filter", json!([condition("name", "equal_to", "abe")])).await.expect(200);
    let path = format!("contacts/{}", all.json()["payload"][0]["id"]);
    app.call(
        http::Method::PUT,
        &agent.path(&path),
        Some(&agent.token),
        Some(&json!({ "custom_attributes": { "plan": "Gold" } })),
    )
    .await
    .expect(200);
    assert_eq!(names(&app, &agent, json!([condition("plan", "equal_to", "gold")])).await, [abe, zoe]);
    app.post(&agent, &format!("{path}/labels"), json!({ "labels": ["VIP", "new"] })).await.expect(200);
    assert_eq!(names(&app, &agent, json!([condition("labels", "equal_to", "vip")])).await, [abe]);
    assert_eq!(names(&app, &agent, json!([condition("labels", "does_not_contain", json!(["ne"]))])).await, [off, zoe]);
    // Nobody finds another account's contacts.
    let other = app.agent(app.account().await).await;
    assert_eq!(names(&app, &other, json!([])).await, Vec::<String>::new());
}

#[db_test]
async fn what_is_older_than_the_values_gets_them(app: TestApp) {
    let account = app.account().await;
    let admin = app.administrator(account).await;
    let inbox = app.api_inbox(&admin).await;
    define(&app, &admin, "plan", "text", "contact_attribute").await;
    define(&app, &admin, "plan", "text", "conversation_attribute").await;
    let old = json!({ "name": "old", "custom_attributes": { "plan": "Gold" } });
    let contact = app.post(&admin, "contacts", old).await.expect(200).json()["payload"]["contact"]["id"].clone();
    let body = json!({ "inbox_id": inbox, "contact_id": contact, "custom_attributes": { "plan": "Gold" } });
    app.post(&admin, "conversations", body).await.expect(200);
    // As a database was before the migration.
    let emptied = app.app.store.write(|tx| {
        tx.execute(store::sql!("DELETE FROM contact_values"), ())?;
        tx.execute(store::sql!("DELETE FROM conversation_values"), ())?;
        jobs::push(tx, &super::jobs::FillValues { contact: 0, conversation: 0 })
    });
    emptied.await.map_err(|error: store::Error| error).unwrap();
    let payload = json!([condition("plan", "equal_to", "gold")]);
    assert_eq!(names(&app, &admin, payload.clone()).await, Vec::<String>::new());
    assert_eq!(app.run_due_jobs().await, 1);
    assert_eq!(names(&app, &admin, payload.clone()).await, ["old"]);
    let found = app.post(&admin, "conversations/filter", payload).await.expect(200).json();
    assert_eq!(found["meta"]["all_count"], 1);
}

#[db_test]
async fn and_binds_closer_than_or(app: TestApp) {
    let account = app.account().await;
    let agent = app.agent(account).await;
    for name in ["a", "b", "c"] {
        app.post(&agent, "contacts", json!({ "name": name })).await.expect(200);
    }
    let join = |mut condition: Value, joiner: &str| {
        condition["query_operator"] = json!(joiner);
        condition
    };
    let named = |name: &str| condition("name", "equal_to", name);
    let payload = json!([join(named("a"), "or"), join(named("b"), "And"), named("c")]);
    assert_eq!(names(&app, &agent, payload).await, ["a"]);
    let payload = json!([join(named("a"), "and"), join(named("b"), "OR"), join(named("c"), "")]);
    assert_eq!(names(&app, &agent, payload).await, ["c"]);
    assert_eq!(names(&app, &agent, json!([])).await, ["a", "b", "c"]);
}

#[db_test]
async fn what_is_wrong_is_told_of_the_condition_that_has_it(app: TestApp) {
    let account = app.account().await;
    let agent = app.agent(account).await;
    define(&app, &agent, "seats", "number", "contact_attribute").await;
    define(&app, &agent, "since", "date", "contact_attribute").await;
    define(&app, &agent, "depth", "number", "conversation_attribute").await;
    let good =
        |joiner: Value| json!({ "attribute_key": "name", "filter_operator": "is_present", "query_operator": joiner });
    let after = |bad: Value| json!([good(json!("AND")), bad]);
    for (payload, says) in [
        (json!(null), "payload"),
        (json!("x"), "payload"),
        (json!([1]), "Condition 1 of payload"),
        (after(json!({ "filter_operator": "is_present" })), "Condition 2 of payload: attribute_key"),
        (after(json!({ "attribute_key": "name" })), "Condition 2 of payload: filter_operator"),
        (after(condition("shoe_size", "equal_to", "1")), "Condition 2 of payload: there is no attribute shoe_size"),
        (after(condition("depth", "equal_to", "1")), "Condition 2 of payload: there is no attribute depth"),
        (
            after(condition("name", "sounds_like", "1")),
            "Condition 2 of payload: filter_operator of name must be one of equal_to, ",
        ),
        (after(condition("name", "starts_with", "1")), "Condition 2 of payload: filter_operator of name"),
        (after(condition("name", "is_greater_than", "1")), "Condition 2 of payload: filter_operator of name"),
        (
            after(condition("created_at", "equal_to", "2024-01-01")),
            "Condition 2 of payload: filter_operator of created_at",
        ),
        (
            after(condition("created_at", "is_present", json!([]))),
            "Condition 2 of payload: filter_operator of created_at",
        ),
        (after(condition("seats", "contains", "1")), "Condition 2 of payload: filter_operator of seats"),
        (after(condition("name", "equal_to", json!([]))), "Condition 2 of payload: values of name must not be empty"),
        (after(condition("name", "equal_to", Value::Null)), "Condition 2 of payload: values of name must not be empty"),
        (after(condition("name", "equal_to", json!([{}]))), "Condition 2 of payload: values of name"),
        (
            after(condition("seats", "equal_to", json!(["1", "many"]))),
            "Condition 2 of payload: values of seats must be numbers",
        ),
        (after(condition("seats", "equal_to", "NaN")), "Condition 2 of payload: values of seats must be numbers"),
        (
            after(condition("since", "is_less_than", "2022-1-1")),
            "Condition 2 of payload: values of since must be dates",
        ),
        (
            after(condition("since", "is_less_than", "2023-02-29")),
            "Condition 2 of payload: values of since must be dates",
        ),
        (
            after(condition("since", "days_before", "1.5")),
            "Condition 2 of payload: values of since must be numbers of days",
        ),
        (
            after(condition("blocked", "equal_to", "maybe")),
            "Condition 2 of payload: values of blocked must be true or false",
        ),
        (json!([good(json!("XOR")), good(json!(null))]), "Condition 1 of payload: query_operator"),
        (json!([good(json!(null)), good(json!(null))]), "Condition 1 of payload: query_operator"),
        (json!([good(json!("AND"))]), "Condition 1 of payload: query_operator"),
        (json!([good(json!(1))]), "Condition 1 of payload: query_operator"),
        (json!(vec![good(json!("AND")); 101]), "payload has more than 100 conditions"),
        (
            after(condition("name", "equal_to", json!(vec!["x"; 1_001]))),
            "Condition 2 of payload: values of name must not be more",
        ),
    ] {
        let refused = app.post(&agent, "contacts/filter", json!({ "payload": payload })).await.expect(422).json();
        let told = refused["error"].as_str().unwrap();
        assert!(told.contains(says), "{told} for {payload}");
    }
    for (key, operator, value) in [
        ("status", "equal_to", "asleep"),
        ("priority", "equal_to", "vast"),
        ("assignee_id", "contains", "1"),
        ("display_id", "is_greater_than", "1"),
        ("campaign_id", "equal_to", "someday"),
        ("seats", "equal_to", "1"),
    ] {
        let refused = app.post(&agent, "conversations/filter", json!([condition(key, operator, value)])).await;
        assert!(refused.expect(422).json()["error"].as_str().unwrap().starts_with("Condition 1 of payload: "), "{key}");
    }
    app.post(&agent, "conversations/filter", json!({})).await.expect(422);
}

#[db_test]
async fn agents_find_the_conversations_of_their_inboxes_and_counts_are_of_all_pages(app: TestApp) {
    let account = app.account().await;
    let (admin, agent) = (app.administrator(account).await, app.agent(account).await);
    let (own, other) = (app.api_inbox(&admin).await, app.api_inbox(&admin).await);
    app.join(&admin, own, &[&agent]).await;
    for _ in 0..26 {
        app.conversation(&admin, own).await;
    }
    let hidden = app.conversation(&admin, other).await;
    app.post(&admin, &format!("conversations/{hidden}/assignments"), json!({ "assignee_id": admin.id }))
        .await
        .expect(200);
    let open = json!({ "payload": [condition("status", "equal_to", json!(["OPEN"]))] });
    let find = async |caller: &Caller, page: i64| {
        app.post(caller, &format!("conversations/filter?page={page}"), open.clone()).await.expect(200).json()
    };
    let first = find(&agent, 1).await;
    assert_eq!(first["payload"].as_array().unwrap().len(), 25);
    assert_eq!((&first["meta"]["all_count"], &first["meta"]["unassigned_count"]), (&json!(26), &json!(26)));
    assert_eq!(find(&agent, 2).await["payload"].as_array().unwrap().len(), 1);
    assert_eq!(find(&agent, 3).await["payload"], json!([]));
    let all = find(&admin, 1).await;
    assert_eq!((&all["meta"]["all_count"], &all["meta"]["mine_count"]), (&json!(27), &json!(1)));
    assert_eq!(all["payload"][0]["id"], json!(hidden));
}

/// What the random filters look through.
struct World {
    app: TestApp,
    account: AccountId,
    admin: Caller,
    contacts: BTreeMap<i64, Record>,
    conversations: BTreeMap<i64, Record>,
}

const TEXTS: [&str; 9] = ["", "alpha", "ALPHA", "Straße 7", "100%", "under_score", "ÉCLAIR", "a\\b", "O'Neil"];

fn random<T>(runner: &mut TestRunner, from: &[T]) -> T
where
    T: Clone + std::fmt::Debug + 'static,
{
    proptest::sample::select(from.to_vec()).new_tree(runner).unwrap().current()
}

/// Values of custom attributes: right, nearly right and wrong for each type.
fn any_value() -> Vec<Value> {
    let mut values = vec![json!(null), json!(10), json!(10.5), json!("007"), json!(-3), json!(true), json!("false")];
    values.extend([json!("yes"), json!("2024-02-29"), json!("2022-01-01T10:00:00Z"), json!("soon"), json!(["a"])]);
    values.extend(TEXTS.iter().map(|text| json!(text)));
    values
}

const CUSTOM: [(&str, &str); 4] =
    [("x_text", "text"), ("x_number", "currency"), ("x_day", "date"), ("x_flag", "checkbox")];
const LABELS: [&str; 4] = ["Red", "green_1", "100%", "blau"];

impl World {
    async fn new(app: TestApp, runner: &mut TestRunner) -> Self {
        let account = app.account().await;
        let (admin, agent) = (app.administrator(account).await, app.agent(account).await);
        for (key, kind) in CUSTOM {
            define(&app, &admin, key, kind, "contact_attribute").await;
            define(&app, &admin, key, kind, "conversation_attribute").await;
        }
        let inboxes = [app.api_inbox(&admin).await, app.api_inbox(&admin).await];
        for inbox in inboxes {
            app.join(&admin, inbox, &[&agent]).await;
        }
        let team = app.team(account, false, &[]).await;
        let mut world = Self { app, account, admin, contacts: BTreeMap::new(), conversations: BTreeMap::new() };
        let people = [world.admin.id, agent.id];
        for number in 0..RECORDS {
            if number % 10 == 0 {
                world.app.clock.advance(Duration::from_hours(13));
            }
            let contact = world.add_contact(runner, number).await;
            world.add_conversation(runner, contact, &inboxes, &people.map(types::Id::get), team.get()).await;
        }
        world
    }

    fn random_custom(runner: &mut TestRunner) -> serde_json::Map<String, Value> {
        let keys = CUSTOM.iter().map(|(key, _)| (*key).to_owned());
        keys.filter_map(|key| (random(runner, &[0, 1, 2]) > 0).then(|| (key, random(runner, &any_value())))).collect()
    }

    fn record(&self, custom: &serde_json::Map<String, Value>, additional: &[(&str, Value)]) -> Record {
        let mut record = Record::default();
        record.values.extend(custom.iter().map(|(key, value)| (format!("custom.{key}"), value.clone())));
        record.values.extend(additional.iter().map(|(key, value)| (format!("additional.{key}"), value.clone())));
        record.times.insert("CreatedAt".into(), self.app.app.clock.now().as_micros());
        record
    }

    async fn add_contact(&mut self, runner: &mut TestRunner, number: usize) -> i64 {
        let custom = Self::random_custom(runner);
        let additional =
            [("city", random(runner, &any_value())), ("country_code", json!("DE")), ("unknown", json!("x"))];
        let mut record = self.record(&custom, &additional);
        let mut body = json!({ "custom_attributes": custom, "additional_attributes": object(&additional) });
        let mut set = |key: &str, column: &str, value: Option<String>| {
            if let Some(value) = value {
                body[key] = json!(value);
                record.texts.insert(column.into(), value);
            }
        };
        let some = |runner: &mut TestRunner| random(runner, &[false, true]);
        // Without a name one is made up, so that there is always one.
        set("name", "Name", Some(random(runner, &TEXTS[1..]).to_owned()));
        set("email", "Email", some(runner).then(|| format!("p{number}@x.test")));
        set("phone_number", "PhoneNumber", some(runner).then(|| format!("+1555{number:03}")));
        set("identifier", "Identifier", some(runner).then(|| format!("Id-{number}")));
        let labels = Self::random_labels(runner);
        record.flags.insert("Blocked".into(), false);
        record.labels.extend(labels.iter().map(|label| (*label).to_owned()));
        let made = self.app.post(&self.admin, "contacts", body).await.expect(200).json();
        let id = made["payload"]["contact"]["id"].as_i64().unwrap();
        let path = format!("contacts/{id}/labels");
        self.app.post(&self.admin, &path, json!({ "labels": labels })).await.expect(200);
        self.contacts.insert(id, record);
        id
    }

    fn random_labels(runner: &mut TestRunner) -> BTreeSet<&'static str> {
        LABELS.iter().filter(|_| random(runner, &[0, 1, 2]) == 0).copied().collect()
    }

    async fn add_conversation(
        &mut self,
        runner: &mut TestRunner,
        contact: i64,
        inboxes: &[InboxId],
        people: &[i64],
        team: i64,
    ) {
        let custom = Self::random_custom(runner);
        let additional = [("mail_subject", random(runner, &any_value())), ("browser_language", json!("pt-BR"))];
        let mut record = self.record(&custom, &additional);
        let inbox = random(runner, inboxes);
        let status = random(runner, &["open", "resolved", "pending", "snoozed"]);
        let mut body = json!({ "inbox_id": inbox, "contact_id": contact, "status": status, "custom_attributes": custom,
            "additional_attributes": object(&additional) });
        let assignee = random(runner, &[None, Some(people[0]), Some(people[1])]);
        let given_team = random(runner, &[None, Some(team)]);
        body["assignee_id"] = json!(assignee);
        body["team_id"] = json!(given_team);
        let made = self.app.post(&self.admin, "conversations", body).await.expect(200).json();
        let number = made["id"].as_i64().unwrap();
        let priority = random(runner, &[None, Some("low"), Some("urgent")]);
        let path = format!("conversations/{number}");
        if let Some(priority) = priority {
            self.app.patch(&self.admin, &path, json!({ "priority": priority })).await.expect(200);
            record.texts.insert("Priority".into(), priority.into());
        }
        let labels = Self::random_labels(runner);
        self.app.post(&self.admin, &format!("{path}/labels"), json!({ "labels": labels })).await.expect(200);
        record.labels.extend(labels.iter().map(|label| (*label).to_owned()));
        // Assignment in turn may have given an open one away.
        let shown = self.app.get(&self.admin, &path).await.expect(200).json();
        record.texts.insert("Status".into(), status.into());
        let ids = [
            ("AssigneeId", shown["meta"]["assignee"]["id"].as_i64()),
            ("TeamId", shown["meta"]["team"]["id"].as_i64()),
            ("InboxId", Some(inbox.get())),
            ("ContactId", Some(contact)),
            ("DisplayId", Some(number)),
        ];
        record.ids.extend(ids.into_iter().filter_map(|(name, id)| id.map(|id| (name.to_owned(), id))));
        record.times.insert("LastActivityAt".into(), self.app.app.clock.now().as_micros());
        self.conversations.insert(number, record);
    }
}

fn object(pairs: &[(&str, Value)]) -> Value {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect::<serde_json::Map<_, _>>().into()
}

/// A filter as a client sends it; some are refused.
fn any_filter(subject: Subject) -> impl Strategy<Value = Value> {
    let keys: &[&str] = match subject {
        Subject::Contact => &["name", "email", "phone_number", "identifier", "blocked", "city", "country_code"],
        Subject::Conversation => &[
            "status",
            "priority",
            "assignee_id",
            "inbox_id",
            "team_id",
            "contact_id",
            "display_id",
            "campaign_id",
            "mail_subject",
            "browser_language",
        ],
    };
    let shared = ["x_text", "x_number", "x_day", "x_flag", "labels", "created_at", "last_activity_at"];
    let keys: Vec<&str> = keys.iter().copied().chain(shared).collect();
    let mut values = any_value();
    values.extend((1..6).map(|id| json!(id)));
    values.extend(
        ["open", "Pending", "all", "low", "nil", "DE", "red", "r", "p1@X.test", "1555", "+1555001", "true", "id-3"]
            .map(|text| json!(text)),
    );
    values.extend([json!("2026-01-06"), json!("2026-01-05"), json!(false), json!("3")]);
    let one = (
        proptest::sample::select(keys),
        proptest::sample::select(vec![
            "equal_to",
            "not_equal_to",
            "contains",
            "does_not_contain",
            "starts_with",
            "is_present",
            "is_not_present",
            "is_greater_than",
            "is_less_than",
            "days_before",
        ]),
        proptest::collection::vec(proptest::sample::select(values), 0..4),
        proptest::sample::select(vec!["AND", "or"]),
    );
    proptest::collection::vec(one, 1..6).prop_map(|conditions| {
        let last = conditions.len() - 1;
        let each = conditions.into_iter().enumerate().map(|(index, (key, operator, values, joiner))| {
            let mut one = condition(key, operator, values);
            if index < last {
                one["query_operator"] = json!(joiner);
            }
            one
        });
        Value::Array(each.collect())
    })
}

#[db_test]
async fn random_filters_find_what_plain_values_say(app: TestApp) {
    let seed: [u8; 32] = std::array::from_fn(|_| rand_byte());
    eprintln!("seed {seed:?}");
    let config = Config { failure_persistence: None, ..Config::default() };
    let rng = TestRng::from_seed(proptest::test_runner::RngAlgorithm::ChaCha, &seed);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let world = World::new(app, &mut runner).await;
    for subject in [Subject::Contact, Subject::Conversation] {
        let mut filters = Vec::new();
        while filters.len() < TREES {
            filters.push(any_filter(subject).new_tree(&mut runner).unwrap().current());
        }
        let records = match subject {
            Subject::Contact => world.contacts.clone(),
            Subject::Conversation => world.conversations.clone(),
        };
        let accepted = check(&world, subject, filters, records).await;
        assert!(accepted > TREES / 20, "only {accepted} of {TREES} filters were good");
    }
}

/// How many of the filters were good; each of them must find what it finds in memory.
async fn check(world: &World, subject: Subject, filters: Vec<Value>, records: BTreeMap<i64, Record>) -> usize {
    let (account, user_id) = (world.account, world.admin.id);
    let now = world.app.app.clock.now();
    let member = Member { account_id: account, user_id, name: String::new(), role: Role::Administrator };
    let checked = world.app.app.store.read(move |conn| {
        let catalogue = Catalogue::load(conn, account, subject)?;
        let mut accepted = 0;
        for filter in &filters {
            let Ok(tree) = read::read(&catalogue, Some(filter), utc_day(now)) else { continue };
            accepted += 1;
            let expected: Vec<i64> =
                records.iter().filter(|(_, record)| finds(&tree, record)).map(|(id, _)| *id).collect();
            let (text, values) = match subject {
                Subject::Contact => {
                    let found = sql::contacts(account, &tree);
                    check_page(conn, &List::filter(account, &ContactListQuery::default(), found.clone()), &expected);
                    let mut rows = Conditions::on("contacts", "k");
                    rows.and("k.account_id = $1", &[&account]);
                    rows.and_tree(match found {
                        sql::Found::Ids(ids) => composed("k.id IN ($1)", [ids]).into(),
                        sql::Found::Rows(tree) => tree,
                    });
                    rows.select("k.id", &[])
                }
                Subject::Conversation => {
                    crate::conversation::filter::conditions(conn, &member, &tree)?.select("c.display_id", &[])
                }
            };
            let mut found: Vec<i64> = conn.query_built::<(i64,)>(&text, &values)?.into_iter().map(|(id,)| id).collect();
            found.sort_unstable();
            assert_eq!(found, expected, "{filter}\n{tree:?}\n{text}\n{values:?}");
        }
        Ok::<_, Error>(accepted)
    });
    checked.await.unwrap()
}

/// The first page and the count are those of `expected`.
fn check_page(conn: &mut Conn<'_>, list: &List, expected: &[i64]) {
    let (text, values) = list.statement(conn);
    let page: Vec<Contact> = conn.query_built(&text, &values).unwrap();
    let ids: Vec<i64> = page.iter().map(|contact| contact.id.get()).collect();
    assert_eq!(ids, expected[..expected.len().min(15)], "{text}\n{values:?}");
    let (text, values) = list.counting(conn);
    let counted: Vec<(i64,)> = conn.query_built(&text, &values).unwrap();
    assert_eq!(counted, [(i64::try_from(expected.len()).unwrap(),)], "{text}\n{values:?}");
}

fn rand_byte() -> u8 {
    uuid::Uuid::new_v4().into_bytes()[0]
}
