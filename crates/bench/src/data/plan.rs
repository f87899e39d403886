//! Contacts, conversations and messages in the order in which a year brings them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};

use anyhow::Result;
use types::{Status, ToValue, Value, fold};

use super::bulk::{Bulk, Table};
use super::fixed::{self, BEGIN, LABELS, TEAMS, id, source_id, user_of};
use super::{INBOXES, Shape, words};
use crate::random::Random;

const YEAR: i64 = 365 * 86_400 * 1_000_000;
/// Longest conversation.
const MOST: usize = 2_000;

const CONTACTS: Table = Table {
    name: "contacts",
    columns: "id, account_id, name, email, phone_number, identifier, additional_attributes, custom_attributes, \
              blocked, last_activity_at, is_resolved, sort_name, sort_company, sort_city, sort_country, \
              folded_identifier, search_text, created_at, updated_at",
    row: "?, 1, ?, ?, ?, ?, ?, ?, FALSE, ?, TRUE, ?, ?, ?, ?, ?, ?, ?, ?",
};
const SESSIONS: Table = Table {
    name: "contact_inboxes",
    columns: "id, account_id, contact_id, inbox_id, source_id, hmac_verified, pubsub_token, created_at, updated_at",
    row: "?, 1, ?, ?, ?, FALSE, ?, ?, ?",
};
const CONVERSATIONS: Table = Table {
    name: "conversations",
    columns: "id, account_id, display_id, uuid, inbox_id, contact_id, contact_inbox_id, assignee_id, team_id, status, \
              priority, muted, additional_attributes, custom_attributes, snoozed_until, waiting_since, \
              first_reply_created_at, agent_last_seen_at, assignee_last_seen_at, contact_last_seen_at, unread_count, \
              last_activity_at, created_at, updated_at",
    row: "?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, FALSE, '{}', ?, NULL, ?, ?, ?, ?, NULL, ?, ?, ?, ?",
};
const CONVERSATION_TAGS: Table =
    Table { name: "conversation_tags", columns: "account_id, conversation_id, tag_id, created_at", row: "1, ?, ?, ?" };
const MESSAGES: Table = Table {
    name: "messages",
    columns: "id, account_id, conversation_id, inbox_id, message_type, content_type, content, content_attributes, \
              private, status, user_id, contact_id, additional_attributes, created_at, updated_at",
    row: "?, 1, ?, ?, ?, 'text', ?, '{}', ?, 'sent', ?, ?, '{}', ?, ?",
};
const TIMES: Table = Table {
    name: "reporting_events",
    columns: "account_id, name, value, value_in_business_hours, inbox_id, user_id, conversation_id, event_start_time, \
              event_end_time, created_at",
    row: "1, ?, ?, 0, ?, ?, ?, ?, ?, ?",
};
const CONTACT_VALUES: Table = Table {
    name: "contact_values",
    columns: "account_id, contact_id, bag, key, folded, beginning",
    row: "1, ?, ?, ?, ?, ?",
};
const CONVERSATION_VALUES: Table = Table {
    name: "conversation_values",
    columns: "account_id, conversation_id, bag, key, folded, beginning, number",
    row: "1, ?, 'custom', 'order', ?, ?, ?",
};
const NUMBERS: Table = Table { name: "conversation_numbers", columns: "account_id, last_number", row: "1, ?" };
const CONTACT_COUNTERS: Table = Table { name: "contact_counters", columns: "account_id, resolved_count", row: "1, ?" };
const COUNTERS: Table = Table {
    name: "conversation_counters",
    columns: "account_id, status, bucket, inbox_id, conversation_count",
    row: "1, ?, ?, ?, ?",
};

/// What one message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Incoming,
    Outgoing,
    Note,
    Activity,
}

/// A conversation whose messages are not all written yet.
struct Running {
    inbox: i64,
    contact: i64,
    user: i64,
    /// Newest first.
    left: Vec<(i64, Kind)>,
}

struct Contact {
    inbox: i64,
}

struct Writer<'a> {
    bulk: &'a mut Bulk,
    random: Random,
    contacts: Vec<Contact>,
    counters: BTreeMap<(&'static str, String, i64), i64>,
    running: HashMap<usize, Running>,
    next: BinaryHeap<Reverse<(i64, usize)>>,
    messages: usize,
    agents: Vec<Vec<usize>>,
}

/// Writes them.
pub(super) async fn write(bulk: &mut Bulk, shape: Shape) -> Result<()> {
    bulk.order(&[
        CONTACTS,
        CONTACT_VALUES,
        SESSIONS,
        CONVERSATIONS,
        CONVERSATION_VALUES,
        CONVERSATION_TAGS,
        TIMES,
        MESSAGES,
        NUMBERS,
        CONTACT_COUNTERS,
        COUNTERS,
    ]);
    let mut random = Random::new(20_260_105);
    let lengths = lengths(shape, &mut random);
    let mut writer = Writer {
        bulk,
        random,
        contacts: Vec::new(),
        counters: BTreeMap::new(),
        running: HashMap::new(),
        next: BinaryHeap::new(),
        messages: 0,
        agents: (1..=INBOXES).map(|inbox| fixed::agents_of(id(inbox))).collect(),
    };
    let step = YEAR / id(shape.conversations);
    for (index, length) in lengths.into_iter().enumerate() {
        let at = BEGIN + step * id(index);
        writer.write_messages_before(at).await?;
        // The newest fifth holds most of the open ones: 5 % of all.
        let newest = index * 5 >= shape.conversations * 4;
        writer.begin(index, at, length, if newest { 0.20 } else { 0.0125 }).await?;
    }
    writer.write_messages_before(i64::MAX).await?;
    writer.count(shape).await
}

impl Writer<'_> {
    async fn begin(&mut self, index: usize, at: i64, length: usize, open: f64) -> Result<()> {
        let contact = self.contact(at).await?;
        let inbox = self.contacts[usize::try_from(contact - 1)?].inbox;
        let status = self.status(open);
        let agents = &self.agents[usize::try_from(inbox - 1)?];
        let user = user_of(self.random.of(agents));
        let is_assigned = self.random.happens(if status == Status::Resolved { 0.95 } else { 0.7 });
        let assignee = is_assigned.then_some(user);
        let messages = self.timeline(at, length, status);
        let seen = Seen::of(&messages, status);
        let number = id(index + 1);
        let team = self.random.happens(0.3).then(|| id(self.random.below(TEAMS) + 1));
        let priority = self.random.happens(0.2).then(|| self.random.of(&["low", "medium", "high", "urgent"]));
        let order = 1_000 + self.random.below(9_000);
        self.bulk
            .push(
                &CONVERSATIONS,
                [
                    number.to_value(),
                    number.to_value(),
                    Value::Text(format!("00000000-0000-4000-9000-{number:012}")),
                    inbox.to_value(),
                    contact.to_value(),
                    contact.to_value(),
                    assignee.to_value(),
                    team.to_value(),
                    status.to_value(),
                    priority.to_value(),
                    Value::Text(format!(r#"{{"order":{order}}}"#)),
                    seen.waiting_since.to_value(),
                    seen.first_reply.to_value(),
                    seen.agent.to_value(),
                    seen.agent.filter(|_| is_assigned).to_value(),
                    seen.unread.to_value(),
                    seen.last.to_value(),
                    at.to_value(),
                    seen.last.to_value(),
                ],
            )
            .await?;
        for bucket in ["all".to_owned(), assignee.map_or_else(|| "unassigned".to_owned(), |user| user.to_string())] {
            *self.counters.entry((status.as_str(), bucket, inbox)).or_default() += 1;
        }
        if self.random.happens(0.3) {
            let tag = id(self.random.below(LABELS) + 1);
            self.bulk.push(&CONVERSATION_TAGS, [number.to_value(), tag.to_value(), at.to_value()]).await?;
        }
        let digits = Value::Text(order.to_string());
        let value = [number.to_value(), digits.clone(), digits, Value::Real(f64::from(u32::try_from(order)?))];
        self.bulk.push(&CONVERSATION_VALUES, value).await?;
        self.times(number, inbox, assignee, &messages, status).await?;
        let left: Vec<_> = messages.into_iter().rev().collect();
        if let Some((first, _)) = left.last() {
            self.next.push(Reverse((*first, index)));
            self.running.insert(index, Running { inbox, contact, user, left });
        }
        Ok(())
    }

    /// What reports measure: the first answer, every other one, the resolution.
    #[expect(clippy::cast_precision_loss, reason = "a year of microseconds fits 53 bits")]
    async fn times(
        &mut self,
        conversation: i64,
        inbox: i64,
        assignee: Option<i64>,
        messages: &[(i64, Kind)],
        status: Status,
    ) -> Result<()> {
        let (Some((begin, _)), Some((end, _))) = (messages.first(), messages.last()) else { return Ok(()) };
        let mut waiting = None;
        let mut is_answered = false;
        let mut found = Vec::new();
        for (at, kind) in messages {
            match kind {
                Kind::Incoming => drop(waiting.get_or_insert(*at)),
                Kind::Outgoing if !is_answered => {
                    found.push(("first_response", *begin, *at));
                    (is_answered, waiting) = (true, None);
                }
                Kind::Outgoing => found.extend(waiting.take().map(|since| ("reply_time", since, *at))),
                Kind::Note | Kind::Activity => {}
            }
        }
        if status == Status::Resolved {
            found.push(("conversation_resolved", *begin, *end));
        }
        for (name, since, at) in found {
            let row = [
                Value::Text(name.to_owned()),
                Value::Real((at - since) as f64 / 1e6),
                inbox.to_value(),
                assignee.to_value(),
                conversation.to_value(),
                since.to_value(),
                at.to_value(),
                at.to_value(),
            ];
            self.bulk.push(&TIMES, row).await?;
        }
        Ok(())
    }

    /// Four of five conversations are of a new contact.
    async fn contact(&mut self, at: i64) -> Result<i64> {
        if !self.contacts.is_empty() && self.random.happens(0.2) {
            return Ok(id(self.random.below(self.contacts.len()) + 1));
        }
        let number = id(self.contacts.len() + 1);
        let inbox = id(self.random.below(INBOXES) + 1);
        self.contacts.push(Contact { inbox });
        let (first, last) = words::name(&mut self.random);
        let (company, city, country) = words::place(&mut self.random);
        let name = format!("{first} {last}");
        let email = fold(&format!("{first}.{last}{number}@{company}.example"));
        let phone = self.random.happens(0.5).then(|| format!("+358{number:09}"));
        let identifier = self.random.happens(0.3).then(|| format!("customer-{number}"));
        let search = [Some(&name), Some(&email), phone.as_ref(), identifier.as_ref()]
            .map(|field| fold(field.map_or("", String::as_str)))
            .join("\n");
        let additional =
            format!(r#"{{"company_name":"{company}","city":"{city}","country":"{country}","country_code":"XX"}}"#);
        let plan = self.random.of(&["free", "team", "business"]);
        let custom = format!(r#"{{"plan":"{plan}"}}"#);
        self.bulk
            .push(
                &CONTACTS,
                [
                    number.to_value(),
                    Value::Text(name.clone()),
                    Value::Text(email),
                    phone.to_value(),
                    identifier.to_value(),
                    Value::Text(additional),
                    Value::Text(custom),
                    at.to_value(),
                    Value::Text(fold(&name)),
                    Value::Text(company.to_owned()),
                    Value::Text(city.to_owned()),
                    Value::Text(country.to_owned()),
                    identifier.to_value(),
                    Value::Text(search),
                    at.to_value(),
                    at.to_value(),
                ],
            )
            .await?;
        let added = [("company_name", company), ("city", city), ("country", country), ("country_code", "XX")];
        let values = added.into_iter().map(|(key, value)| ("additional", key, value)).chain([("custom", "plan", plan)]);
        for (bag, key, value) in values {
            let folded = Value::Text(fold(value));
            let row = [number.to_value(), Value::Text(bag.into()), Value::Text(key.into()), folded.clone(), folded];
            self.bulk.push(&CONTACT_VALUES, row).await?;
        }
        let key = format!("benchContactToken{number:012}");
        let session = [
            number.to_value(),
            number.to_value(),
            inbox.to_value(),
            Value::Text(source_id(number)),
            Value::Text(key),
            at.to_value(),
            at.to_value(),
        ];
        self.bulk.push(&SESSIONS, session).await?;
        Ok(number)
    }

    fn status(&mut self, open: f64) -> Status {
        let dice = self.random.unit();
        if dice < open {
            Status::Open
        } else if dice < open + 0.01 {
            Status::Pending
        } else if dice < open + 0.02 {
            Status::Snoozed
        } else {
            Status::Resolved
        }
    }

    /// Times and kinds of a conversation's messages, oldest first.
    #[expect(clippy::cast_possible_truncation, reason = "a pause is some minutes long")]
    fn timeline(&mut self, begin: i64, length: usize, status: Status) -> Vec<(i64, Kind)> {
        let mut at = begin;
        let mut messages = Vec::with_capacity(length);
        for number in 0..length {
            let dice = self.random.unit();
            let kind = if number == 0 {
                Kind::Incoming
            } else if number + 1 == length && status == Status::Resolved {
                Kind::Activity
            } else if dice < 0.50 {
                Kind::Incoming
            } else if dice < 0.92 {
                Kind::Outgoing
            } else if dice < 0.95 {
                Kind::Note
            } else {
                Kind::Activity
            };
            messages.push((at, kind));
            let pause = -self.random.unit().max(1e-9).ln() * 20.0 * 60e6;
            at += pause as i64 + 1_000;
        }
        messages
    }

    async fn write_messages_before(&mut self, limit: i64) -> Result<()> {
        while let Some(Reverse((at, index))) = self.next.peek().copied() {
            if at >= limit {
                break;
            }
            self.next.pop();
            let Some(running) = self.running.get_mut(&index) else { continue };
            let Some((at, kind)) = running.left.pop() else { continue };
            let (inbox, contact, user) = (running.inbox, running.contact, running.user);
            match running.left.last() {
                Some((after, _)) => self.next.push(Reverse((*after, index))),
                None => drop(self.running.remove(&index)),
            }
            self.messages += 1;
            let row = self.message(id(self.messages), id(index + 1), inbox, contact, user, at, kind);
            self.bulk.push(&MESSAGES, row).await?;
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "a row has that many columns")]
    fn message(
        &mut self,
        number: i64,
        conversation: i64,
        inbox: i64,
        contact: i64,
        user: i64,
        at: i64,
        kind: Kind,
    ) -> [Value; 10] {
        let (message_type, sender_user, sender_contact) = match kind {
            Kind::Incoming => ("incoming", None, Some(contact)),
            Kind::Outgoing | Kind::Note => ("outgoing", Some(user), None),
            Kind::Activity => ("activity", None, None),
        };
        let content = match kind {
            Kind::Activity => format!("Conversation was marked resolved by Agent {user}"),
            _ => words::sentence(&mut self.random),
        };
        [
            number.to_value(),
            conversation.to_value(),
            inbox.to_value(),
            Value::Text(message_type.to_owned()),
            Value::Text(content),
            Value::Bool(kind == Kind::Note),
            sender_user.to_value(),
            sender_contact.to_value(),
            at.to_value(),
            at.to_value(),
        ]
    }

    async fn count(self, shape: Shape) -> Result<()> {
        self.bulk.push(&NUMBERS, [id(shape.conversations).to_value()]).await?;
        self.bulk.push(&CONTACT_COUNTERS, [id(self.contacts.len()).to_value()]).await?;
        for ((status, bucket, inbox), count) in self.counters {
            let row = [Value::Text(status.to_owned()), Value::Text(bucket), inbox.to_value(), count.to_value()];
            self.bulk.push(&COUNTERS, row).await?;
        }
        Ok(())
    }
}

/// What the conversation keeps of its messages.
struct Seen {
    last: i64,
    agent: Option<i64>,
    unread: i64,
    waiting_since: Option<i64>,
    first_reply: Option<i64>,
}

impl Seen {
    fn of(messages: &[(i64, Kind)], status: Status) -> Self {
        let last = messages.last().map_or(0, |(at, _)| *at);
        let answered = messages.iter().rev().find(|(_, kind)| *kind == Kind::Outgoing).map(|(at, _)| *at);
        let agent = if status == Status::Resolved { Some(last) } else { answered };
        let since = |from: Option<i64>| {
            messages.iter().filter(move |(at, kind)| *kind == Kind::Incoming && from.is_none_or(|from| *at > from))
        };
        Self {
            last,
            agent,
            unread: id(since(agent).count()),
            waiting_since: since(answered).next().map(|(at, _)| *at).filter(|_| status != Status::Resolved),
            first_reply: messages.iter().find(|(_, kind)| *kind == Kind::Outgoing).map(|(at, _)| *at),
        }
    }
}

/// Messages of each conversation: log-normal, so that a few are very long; together as many as the shape has.
#[expect(clippy::cast_precision_loss, reason = "data sets are small beside 53 bits")]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "cut to the longest conversation")]
fn lengths(shape: Shape, random: &mut Random) -> Vec<usize> {
    let weights: Vec<f64> = (0..shape.conversations).map(|_| (1.2 * random.normal()).exp()).collect();
    let scale = shape.messages as f64 / weights.iter().sum::<f64>();
    let mut lengths: Vec<usize> = weights.iter().map(|weight| ((weight * scale) as usize).clamp(1, MOST)).collect();
    let mut sum: usize = lengths.iter().sum();
    let mut index = 0;
    while sum != shape.messages {
        let length = &mut lengths[index % shape.conversations];
        if sum < shape.messages && *length < MOST {
            *length += 1;
            sum += 1;
        } else if sum > shape.messages && *length > 1 {
            *length -= 1;
            sum -= 1;
        }
        index += 1;
    }
    lengths
}
