//! Variables that are filled into what the team writes.

use ::store::testing::{Engine, OnEngine, db_test};
use serde_json::{Value, json};

use super::Desk;

/// A conversation whose people and things have names to fill in.
struct Letter {
    desk: Desk,
    number: i64,
}

impl OnEngine for Letter {
    async fn on(engine: Engine) -> Self {
        let desk = Desk::on(engine).await;
        let body = json!({
            "name": "aino VON reed", "email": "aino@reed.example", "phone_number": "+358401112223",
            "custom_attributes": { "plan": "gold", "sly": "{{ contact.email }}", "size": 54 }
        });
        let contact = desk.app.post(&desk.agent, "contacts", body).await.expect(200).json();
        let body = json!({
            "inbox_id": desk.inbox, "contact_id": contact["payload"]["contact"]["id"],
            "custom_attributes": { "order": "A-7" }
        });
        let number = desk.app.post(&desk.agent, "conversations", body).await.expect(200).json()["id"].as_i64().unwrap();
        desk.execute(
            "UPDATE users SET name = 'Mira Okonjo', display_name = 'Mira' WHERE id = $1",
            &[desk.agent.id.get()],
        )
        .await;
        Self { desk, number }
    }
}

impl Letter {
    async fn write(&self, body: Value) -> Value {
        self.desk.write_to(self.number, body).await["content"].clone()
    }
}

#[db_test]
async fn variables_in_what_the_team_writes_are_filled_in(letter: Letter) {
    let Letter { desk, number } = &letter;
    let contact = desk.show(*number).await["meta"]["sender"]["id"].clone();
    let (agent, account, inbox) = (desk.agent.id, desk.agent.account, desk.inbox);
    let inbox_name = desk.app.get(&desk.administrator, &format!("inboxes/{inbox}")).await.json()["name"].clone();
    let inbox_name = inbox_name.as_str().unwrap();
    for (text, filled) in [
        ("{{contact.id}} {{ contact.name }}", format!("{contact} Aino Von Reed")),
        ("{{contact.first_name}} {{contact.last_name}}", "Aino Reed".to_owned()),
        ("{{contact.email}} {{contact.phone_number}}", "aino@reed.example +358401112223".to_owned()),
        ("{{contact.custom_attribute.plan}} {{contact.custom_attribute.size}}", "gold 54".to_owned()),
        ("{{agent.id}} {{agent.name}} {{agent.available_name}}", format!("{agent} Mira Okonjo Mira")),
        ("{{agent.first_name}} {{agent.last_name}}", "Mira Okonjo".to_owned()),
        ("{{conversation.id}} {{conversation.display_id}}", format!("{number} {number}")),
        ("{{conversation.contact_name}} {{conversation.custom_attribute.order}}", "Aino Von Reed A-7".to_owned()),
        ("{{inbox.id}} {{inbox.name}}", format!("{inbox} {inbox_name}")),
        ("{{account.id}}", account.to_string()),
        ("[{{nobody.knows}}{{contact.identifier}}]", "[]".to_owned()),
        ("`{{contact.id}}` {{contact.custom_attribute.plan | upcase}}", "`{{contact.id}}` GOLD".to_owned()),
        ("{% if true %}{{contact.id}}", "{% if true %}{{contact.id}}".to_owned()),
        ("{{contact.id", "{{contact.id".to_owned()),
        // What comes from a contact is not read as a template.
        ("{{contact.custom_attribute.sly}}", "{{ contact.email }}".to_owned()),
    ] {
        assert_eq!(letter.write(json!({ "content": text })).await, json!(filled), "{text}");
    }
}

#[db_test]
async fn notes_and_templates_are_filled_in_and_what_contacts_write_is_not(letter: Letter) {
    let Letter { desk, number } = &letter;
    let text = "{{contact.first_name}} {{agent.name}}";
    let write = |more: Value| {
        let mut body = json!({ "content": text });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        letter.write(body)
    };
    assert_eq!(write(json!({ "private": true })).await, "Aino Mira Okonjo");
    assert_eq!(write(json!({ "message_type": "template" })).await, "Aino ", "nobody is assigned");
    assert_eq!(write(json!({ "message_type": "incoming" })).await, text);
    assert_eq!(write(json!({ "message_type": "activity" })).await, text);
    let body = json!({ "assignee_id": desk.agent.id });
    desk.app.post(&desk.administrator, &format!("conversations/{number}/assignments"), body).await.expect(200);
    assert_eq!(write(json!({ "message_type": "template" })).await, "Aino Mira Okonjo", "else the assignee");

    let processed = json!({ "1": "{{contact.first_name}}", "body": { "a/b": ["x", "{{inbox.id}}", 7] }, "2": "{{" });
    let params = json!({ "name": "{{contact.id}}", "processed_params": processed });
    write(json!({ "template_params": params })).await;
    let kept = desk.show(*number).await["last_non_activity_message"]["additional_attributes"].clone();
    let filled = json!({ "1": "Aino", "body": { "a/b": ["x", desk.inbox.to_string(), 7] }, "2": "{{" });
    assert_eq!(kept["template_params"], json!({ "name": "{{contact.id}}", "processed_params": filled }));
}

#[db_test]
async fn the_first_message_of_a_conversation_is_filled_in_too(letter: Letter) {
    let desk = &letter.desk;
    let contact = desk.show(letter.number).await["meta"]["sender"]["id"].clone();
    let body = json!({
        "inbox_id": desk.inbox, "contact_id": contact, "message": { "content": "Dear {{ contact.first_name }}" }
    });
    let made = desk.app.post(&desk.agent, "conversations", body).await.expect(200).json();
    assert_eq!(made["messages"][0]["content"], "Dear Aino");
}

#[db_test]
async fn a_text_without_variables_costs_no_statement_more(letter: Letter) {
    let count = async |text: &str| {
        let (member, app) = (letter.desk.member(), axum::extract::State(letter.desk.app.app.clone()));
        let path = edge::Path((letter.desk.agent.account, letter.number));
        let body = crate::message::wire::NewMessageBody {
            content: Some(edge::field::Text(text.to_owned())),
            ..crate::message::wire::NewMessageBody::default()
        };
        let body = edge::BodyWithFiles { value: body, files: Vec::new() };
        let stats = ::store::QueryStats::default();
        stats
            .clone()
            .counting(crate::message::routes::create(app, member, crate::idempotency::Once::default(), path, Ok(body)))
            .await
            .unwrap();
        stats.statements()
    };
    count("the first answer").await;
    let plain = count("plain").await;
    assert_eq!(count("plain `{{ contact.name }}`").await, plain);
    assert_eq!(count("{{ broken").await, plain);
    assert_eq!(count("{{ contact.name }} {{ inbox.name }} {{ agent.name }}").await, plain + 3);
}

impl Desk {
    fn member(&self) -> crate::access::MemberOrBot {
        crate::access::MemberOrBot::Member(crate::access::Member {
            account_id: self.agent.account,
            user_id: self.agent.id,
            name: "Mira".into(),
            role: types::Role::Agent,
        })
    }
}
