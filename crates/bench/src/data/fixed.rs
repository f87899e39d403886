//! What every data set has: the account, its members, its inboxes.

use anyhow::Result;
use types::{ToValue, Value};

use super::bulk::{Bulk, Table};
use super::{AGENTS, INBOXES};

/// The account.
pub const ACCOUNT: i64 = 1;
/// API key of the administrator, user 1.
pub const ADMINISTRATOR_TOKEN: &str = "benchAdministratorToken1";
/// Teams of the account.
pub const TEAMS: usize = 3;
/// Labels of the account.
pub const LABELS: usize = 10;
/// 2025-01-01 00:00 UTC in microseconds: when the account was made.
pub const BEGIN: i64 = 1_735_689_600_000_000;

const ACCOUNTS: Table = Table {
    name: "accounts",
    columns: "id, name, locale, settings_flags, feature_flags, limits, custom_attributes, status, created_at, updated_at",
    row: "?, 'Bench', 'en', 0, 0, '{}', '{}', 'active', ?, ?",
};
const USERS: Table = Table {
    name: "users",
    columns: "id, name, email, password_hash, confirmed_at, pubsub_token, ui_settings, custom_attributes, created_at, \
              updated_at",
    row: "?, ?, ?, 'nobody signs in with it', ?, ?, '{}', '{}', ?, ?",
};
const MEMBERS: Table = Table {
    name: "account_users",
    columns: "id, account_id, user_id, role, availability, auto_offline, created_at, updated_at",
    row: "?, 1, ?, ?, 'online', TRUE, ?, ?",
};
const TOKENS: Table = Table { name: "access_tokens", columns: "id, token, user_id, created_at", row: "?, ?, ?, ?" };
const CHANNELS: Table = Table {
    name: "channels",
    columns: "id, account_id, kind, identifier, hmac_token, hmac_mandatory, settings, created_at, updated_at",
    row: "?, 1, 'Channel::Api', ?, ?, FALSE, '{}', ?, ?",
};
const INBOX_ROWS: Table = Table {
    name: "inboxes",
    columns: "id, account_id, channel_id, name, greeting_enabled, working_hours_enabled, timezone, \
              enable_email_collect, csat_survey_enabled, csat_config, enable_auto_assignment, auto_assignment_config, \
              allow_messages_after_resolved, lock_to_single_conversation, sender_name_type, created_at, updated_at",
    row: "?, 1, ?, ?, FALSE, FALSE, 'UTC', TRUE, FALSE, '{}', TRUE, '{}', TRUE, FALSE, 'friendly', ?, ?",
};
const HOURS: Table = Table {
    name: "working_hours",
    columns: "account_id, inbox_id, day_of_week, slot, closed_all_day, open_all_day, open_hour, open_minutes, close_hour, \
              close_minutes",
    row: "1, ?, ?, 0, FALSE, FALSE, 9, 0, 17, 0",
};
const INBOX_MEMBERS: Table =
    Table { name: "inbox_members", columns: "account_id, inbox_id, user_id, turn, created_at", row: "1, ?, ?, ?, ?" };
const QUEUES: Table = Table { name: "assignment_queues", columns: "account_id, inbox_id, turn", row: "1, ?, 1000" };
const TEAM_ROWS: Table = Table {
    name: "teams",
    columns: "id, account_id, name, allow_auto_assign, created_at, updated_at",
    row: "?, 1, ?, TRUE, ?, ?",
};
const ATTRIBUTES: Table = Table {
    name: "custom_attribute_definitions",
    columns: "account_id, attribute_model, attribute_key, attribute_display_name, attribute_display_type, \
              attribute_values, created_at, updated_at",
    row: "1, ?, ?, ?, ?, '[]', ?, ?",
};
const LABEL_ROWS: Table = Table {
    name: "labels",
    columns: "id, account_id, title, color, created_at, updated_at",
    row: "?, 1, ?, '#3f51d8', ?, ?",
};
const TAGS: Table = Table { name: "tags", columns: "id, account_id, name, folded_name", row: "?, 1, ?, ?" };

/// API key of an agent, from 0; its user id is two more.
pub fn agent_token(agent: usize) -> String {
    format!("benchAgentToken{agent:09}")
}

/// The name of an inbox in the Public API; its id from 1.
pub fn inbox_identifier(inbox: i64) -> String {
    format!("benchInbox{inbox:014}")
}

/// The id of a contact's session in its inbox.
pub fn source_id(contact: i64) -> String {
    format!("00000000-0000-4000-8000-{contact:012}")
}

/// The inboxes of an agent: 5 of 20.
pub fn inboxes_of(agent: usize) -> impl Iterator<Item = i64> {
    (0..5).map(move |step| id((agent + step * 7) % INBOXES + 1))
}

/// The agents of an inbox.
pub fn agents_of(inbox: i64) -> Vec<usize> {
    (0..AGENTS).filter(|agent| inboxes_of(*agent).any(|known| known == inbox)).collect()
}

/// The user id of an agent.
pub fn user_of(agent: usize) -> i64 {
    id(agent + 2)
}

/// A number as a database id.
pub fn id(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) async fn write(bulk: &mut Bulk) -> Result<()> {
    let at = BEGIN.to_value();
    let both = || [BEGIN.to_value(), BEGIN.to_value()];
    bulk.order(&[
        ACCOUNTS,
        USERS,
        MEMBERS,
        TOKENS,
        CHANNELS,
        INBOX_ROWS,
        HOURS,
        INBOX_MEMBERS,
        QUEUES,
        TEAM_ROWS,
        ATTRIBUTES,
        LABEL_ROWS,
        TAGS,
    ]);
    let [made, changed] = both();
    bulk.push(&ACCOUNTS, [ACCOUNT.to_value(), made, changed]).await?;
    for user in 1..=AGENTS + 1 {
        let number = id(user).to_value();
        let (role, token) = match user {
            1 => ("administrator", ADMINISTRATOR_TOKEN.to_owned()),
            _ => ("agent", agent_token(user - 2)),
        };
        let (name, email) = (format!("Agent {user}"), format!("agent{user}@bench.example"));
        let key = format!("benchPubsubToken{user:08}");
        let row = [number.clone(), text(&name), text(&email), at.clone(), text(&key), at.clone(), at.clone()];
        bulk.push(&USERS, row).await?;
        bulk.push(&MEMBERS, [number.clone(), number.clone(), text(role), at.clone(), at.clone()]).await?;
        bulk.push(&TOKENS, [number.clone(), text(&token), number, at.clone()]).await?;
    }
    for inbox in (1..=INBOXES).map(id) {
        let number = inbox.to_value();
        let key = format!("benchHmacToken{inbox:010}");
        let channel = [number.clone(), text(&inbox_identifier(inbox)), text(&key), at.clone(), at.clone()];
        bulk.push(&CHANNELS, channel).await?;
        let row = [number.clone(), number.clone(), text(&format!("Inbox {inbox}")), at.clone(), at.clone()];
        bulk.push(&INBOX_ROWS, row).await?;
        for day in 0..7 {
            bulk.push(&HOURS, [number.clone(), i64::from(day).to_value()]).await?;
        }
        for agent in agents_of(inbox) {
            let user = user_of(agent).to_value();
            bulk.push(&INBOX_MEMBERS, [number.clone(), user.clone(), user, at.clone()]).await?;
        }
        bulk.push(&QUEUES, [number]).await?;
    }
    for team in 1..=TEAMS {
        bulk.push(&TEAM_ROWS, [id(team).to_value(), text(&format!("team {team}")), at.clone(), at.clone()]).await?;
    }
    for (model, key, kind) in [("contact_attribute", "plan", "text"), ("conversation_attribute", "order", "number")] {
        let row = [text(model), text(key), text(key), text(kind), at.clone(), at.clone()];
        bulk.push(&ATTRIBUTES, row).await?;
    }
    for label in 1..=LABELS {
        let name = format!("label-{label}");
        bulk.push(&LABEL_ROWS, [id(label).to_value(), text(&name), at.clone(), at.clone()]).await?;
        bulk.push(&TAGS, [id(label).to_value(), text(&name), text(&name)]).await?;
    }
    Ok(())
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}
