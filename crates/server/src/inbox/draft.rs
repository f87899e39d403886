//! What a client sends to make or change an inbox, read and checked.

use edge::field::{Flag, Maybe, Text};
use edge::{Error, Problem, Result};
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::Inbox;
use super::body::InboxBody;
use super::channel::Channel;
use crate::events::Changes;

/// Longest name, in characters.
const MAX_NAME: usize = 255;
/// Longest automatic answer, in characters (rest.md §5.13).
const MAX_ANSWER: usize = 10_000;
/// What a name cannot have: these have a meaning in mail headers (decisions §2).
const NOT_IN_NAMES: [char; 5] = ['<', '>', '/', '\\', '@'];

/// An inbox before it is stored.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "switches of the contract")]
pub struct Draft {
    /// Its name.
    pub name: String,
    /// Whether new conversations are greeted.
    pub greeting_enabled: bool,
    /// The greeting.
    pub greeting_message: Option<String>,
    /// Whether the opening hours count.
    pub working_hours_enabled: bool,
    /// The answer outside of the opening hours.
    pub out_of_office_message: Option<String>,
    /// The time zone of the opening hours, as the tz database names it.
    pub timezone: String,
    /// Whether contacts are asked for their e-mail address.
    pub enable_email_collect: bool,
    /// Whether contacts are asked for a rating when a conversation is resolved.
    pub csat_survey_enabled: bool,
    /// How they are asked.
    pub csat_config: Map<String, Value>,
    /// Whether open conversations are given to members in turn.
    pub enable_auto_assignment: bool,
    /// Whether the widget takes messages in a resolved conversation.
    pub allow_messages_after_resolved: bool,
    /// Whether a contact has one conversation that reopens.
    pub lock_to_single_conversation: bool,
    /// `friendly` or `professional`.
    pub sender_name_type: String,
    /// The name of the business in mails.
    pub business_name: Option<String>,
    /// The transport.
    pub channel: Channel,
}

/// Reads the body of a new inbox; everything that is wrong is told at once.
pub fn read(body: &InboxBody, inbound_mail_domain: &str) -> Result<Draft> {
    let Some(channel) = &body.channel else { return Err(Error::Refused("parameter missing: channel".into())) };
    let word = channel.r#type.as_ref().map_or("", Text::as_str);
    let channel = Channel::of_type(word, inbound_mail_domain);
    let channel = channel.ok_or_else(|| Error::invalid("channel", "is not of a type that can be created"))?;
    let mut draft = Draft::new("", channel);
    draft.apply(body)?;
    Ok(draft)
}

impl Draft {
    /// An inbox with nothing chosen but its name and channel (rest.md §4.4).
    pub fn new(name: &str, channel: Channel) -> Self {
        Self {
            name: name.to_owned(),
            greeting_enabled: false,
            greeting_message: None,
            working_hours_enabled: false,
            out_of_office_message: None,
            timezone: "UTC".into(),
            enable_email_collect: true,
            csat_survey_enabled: false,
            csat_config: Map::new(),
            enable_auto_assignment: true,
            allow_messages_after_resolved: true,
            lock_to_single_conversation: false,
            sender_name_type: "friendly".into(),
            business_name: None,
            channel,
        }
    }

    /// What is stored of `inbox`.
    pub fn of(inbox: &Inbox) -> Self {
        Self {
            name: inbox.name.clone(),
            greeting_enabled: inbox.greeting_enabled,
            greeting_message: inbox.greeting_message.clone(),
            working_hours_enabled: inbox.working_hours_enabled,
            out_of_office_message: inbox.out_of_office_message.clone(),
            timezone: inbox.timezone.clone(),
            enable_email_collect: inbox.enable_email_collect,
            csat_survey_enabled: inbox.csat_survey_enabled,
            csat_config: inbox.csat_config.read(),
            enable_auto_assignment: inbox.enable_auto_assignment,
            allow_messages_after_resolved: inbox.allow_messages_after_resolved,
            lock_to_single_conversation: inbox.lock_to_single_conversation,
            sender_name_type: inbox.sender_name_type.clone(),
            business_name: inbox.business_name.clone(),
            channel: Channel::of(inbox),
        }
    }

    /// What is different in `other`; of secrets only that they are.
    pub fn changes_to(&self, other: &Self) -> Changes {
        let changes = Changes::default()
            .with("name", &self.name, &other.name)
            .with("greeting_enabled", &self.greeting_enabled, &other.greeting_enabled)
            .with("greeting_message", &self.greeting_message, &other.greeting_message)
            .with("working_hours_enabled", &self.working_hours_enabled, &other.working_hours_enabled)
            .with("out_of_office_message", &self.out_of_office_message, &other.out_of_office_message)
            .with("timezone", &self.timezone, &other.timezone)
            .with("enable_email_collect", &self.enable_email_collect, &other.enable_email_collect)
            .with("csat_survey_enabled", &self.csat_survey_enabled, &other.csat_survey_enabled)
            .with("csat_config", &self.csat_config, &other.csat_config)
            .with("enable_auto_assignment", &self.enable_auto_assignment, &other.enable_auto_assignment)
            .with(
                "allow_messages_after_resolved",
                &self.allow_messages_after_resolved,
                &other.allow_messages_after_resolved,
            )
            .with("lock_to_single_conversation", &self.lock_to_single_conversation, &other.lock_to_single_conversation)
            .with("sender_name_type", &self.sender_name_type, &other.sender_name_type)
            .with("business_name", &self.business_name, &other.business_name);
        self.channel.changes_to(&other.channel, changes)
    }

    /// Takes over what `body` says, its channel's type aside: absent keeps, null clears (decisions §3).
    pub fn apply(&mut self, body: &InboxBody) -> Result<()> {
        let mut problems = Vec::new();
        set_text(&mut self.name, &body.name, "");
        set_flag(&mut self.greeting_enabled, body.greeting_enabled, false);
        set_optional_text(&mut self.greeting_message, &body.greeting_message);
        set_flag(&mut self.working_hours_enabled, body.working_hours_enabled, false);
        set_optional_text(&mut self.out_of_office_message, &body.out_of_office_message);
        set_text(&mut self.timezone, &body.timezone, "UTC");
        set_flag(&mut self.enable_email_collect, body.enable_email_collect, true);
        set_flag(&mut self.csat_survey_enabled, body.csat_survey_enabled, false);
        set_flag(&mut self.enable_auto_assignment, body.enable_auto_assignment, true);
        set_flag(&mut self.allow_messages_after_resolved, body.allow_messages_after_resolved, true);
        set_flag(&mut self.lock_to_single_conversation, body.lock_to_single_conversation, false);
        set_text(&mut self.sender_name_type, &body.sender_name_type, "friendly");
        set_optional_text(&mut self.business_name, &body.business_name);
        match &body.csat_config {
            Maybe::Absent => {}
            Maybe::Null => self.csat_config.clear(),
            Maybe::Value(config) => self.csat_config.clone_from(&config.0),
        }
        if let Some(channel) = &body.channel {
            self.channel.apply(channel, &mut problems);
        }
        self.check(&mut problems);
        if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
    }

    fn check(&mut self, problems: &mut Vec<Problem>) {
        self.channel.check(problems);
        problems.extend(name_problem(&self.name));
        match zone_name(&self.timezone) {
            Some(name) => self.timezone = name,
            None => problems.push(Problem::new("timezone", "is not included in the list")),
        }
        if !["friendly", "professional"].contains(&self.sender_name_type.as_str()) {
            problems.push(Problem::new("sender_name_type", "is not included in the list"));
        }
        let answers =
            [("greeting_message", &self.greeting_message), ("out_of_office_message", &self.out_of_office_message)];
        for (field, answer) in answers {
            if answer.as_ref().is_some_and(|answer| answer.chars().count() > MAX_ANSWER) {
                problems.push(Problem::new(field, "is too long"));
            }
        }
    }
}

fn name_problem(name: &str) -> Option<Problem> {
    if name.trim().is_empty() {
        return Some(blank("name"));
    }
    if name.contains(NOT_IN_NAMES) {
        return Some(Problem::new("name", "must not contain < > / \\ @"));
    }
    (name.chars().count() > MAX_NAME).then(|| Problem::new("name", "is too long"))
}

/// The zone's name as the tz database writes it.
fn zone_name(name: &str) -> Option<String> {
    let zone = TimeZone::get(name).ok().filter(|zone| !zone.is_unknown())?;
    zone.iana_name().map(str::to_owned)
}

/// The problem of a field that must be there.
pub(super) fn blank(field: &str) -> Problem {
    Problem::new(field, "can't be blank")
}

/// Absent keeps, null clears to `default`.
pub(super) fn set_flag(slot: &mut bool, given: Maybe<Flag>, default: bool) {
    match given {
        Maybe::Absent => {}
        Maybe::Null => *slot = default,
        Maybe::Value(flag) => *slot = flag.get(),
    }
}

/// Absent keeps, null clears to `default`.
pub(super) fn set_text(slot: &mut String, given: &Maybe<Text>, default: &str) {
    match given {
        Maybe::Absent => {}
        Maybe::Null => default.clone_into(slot),
        Maybe::Value(text) => text.as_str().clone_into(slot),
    }
}

/// Absent keeps, null clears; so does the text `null`, since forms have no other (rest.md §1.2).
pub(super) fn set_optional_text(slot: &mut Option<String>, given: &Maybe<Text>) {
    match given {
        Maybe::Absent => {}
        Maybe::Value(text) if text.as_str() != "null" => *slot = Some(text.as_str().to_owned()),
        Maybe::Null | Maybe::Value(_) => *slot = None,
    }
}

#[cfg(test)]
mod tests {
    use edge::{Error, Result};
    use serde_json::{Value, json};

    use super::{Draft, read};

    fn draft(body: Value) -> Result<Draft> {
        read(&serde_json::from_value(body).unwrap(), "in.example")
    }

    /// The fields that are wrong in an API inbox with `more`.
    fn wrong_fields(more: &Value) -> Vec<String> {
        let mut body = json!({"name": "Desk", "channel": {"type": "api"}});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        match draft(body) {
            Ok(_) => Vec::new(),
            Err(Error::Invalid(problems)) => problems.into_iter().map(|problem| problem.field).collect(),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn an_inbox_needs_a_channel_that_can_be_made() {
        assert!(matches!(draft(json!({"name": "Desk"})), Err(Error::Refused(_))));
        for channel in [json!({}), json!({"type": "pigeon"}), json!({"type": "telegram"})] {
            let result = draft(json!({"name": "Desk", "channel": channel}));
            assert!(matches!(result, Err(Error::Invalid(problems)) if problems[0].field == "channel"));
        }
    }

    #[test]
    fn names_refuse_five_letters_only() {
        for name in ["Bad <Name>", "a>b", "a/b", "a\\b", "a@b", "", "  ", "null\u{0}@"] {
            assert_eq!(wrong_fields(&json!({ "name": name })), ["name"], "{name}");
        }
        for name in ["!Desk!", "Büro · 1", "-", "null"] {
            assert!(wrong_fields(&json!({ "name": name })).is_empty(), "{name}");
        }
    }

    #[test]
    fn time_zones_are_those_of_the_tz_database() {
        assert_eq!(wrong_fields(&json!({"timezone": "Mars/Olympus"})), ["timezone"]);
        let berlin = draft(json!({"name": "Desk", "timezone": "europe/berlin", "channel": {"type": "api"}})).unwrap();
        assert_eq!(berlin.timezone, "Europe/Berlin");
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let wrong = wrong_fields(&json!({"name": "", "timezone": "x", "sender_name_type": "rude"}));
        assert_eq!(wrong, ["name", "timezone", "sender_name_type"]);
    }

    #[test]
    fn a_change_keeps_what_is_absent_and_clears_what_is_null() {
        let mut inbox = draft(json!({
            "name": "Desk", "greeting_message": "Hello", "business_name": "Shop", "channel": {"type": "api"}
        }))
        .unwrap();
        let change = json!({"greeting_message": null, "enable_auto_assignment": false, "channel": {"type": "email"}});
        inbox.apply(&serde_json::from_value(change).unwrap()).unwrap();
        assert_eq!((inbox.name.as_str(), inbox.greeting_message, inbox.enable_auto_assignment), ("Desk", None, false));
        assert_eq!(inbox.business_name.as_deref(), Some("Shop"));
        assert_eq!(inbox.channel.kind(), types::ChannelKind::Api);
    }
}
