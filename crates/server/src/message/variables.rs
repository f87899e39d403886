//! What the variables in a message stand for (semantics §10.7), and where they are filled in.

use ::store::Conn;
use edge::{Error, Result};
use serde_json::{Map, Value};
use types::UserId;

use super::liquid::{MAX_EXPRESSIONS, Template, Variable};
use super::{Sender, store};
use crate::conversation::Conversation;
use crate::{contact, user};

/// The texts of a message that have variables.
#[derive(Debug, Clone, Default)]
pub struct Filling {
    content: Option<Template>,
    /// Texts of the template's parameters, each under its JSON pointer.
    params: Vec<(String, Template)>,
}

impl Filling {
    /// Finds the variables in a message's content and in the parameters of its template.
    pub fn find(content: Option<&str>, template_params: Option<&Value>) -> Self {
        let mut params = Vec::new();
        if let Some(processed) = template_params.and_then(|params| params.get("processed_params")) {
            find_in_json(processed, "/processed_params", &mut params);
        }
        let filling = Self { content: content.and_then(Template::parse), params };
        let templates = filling.content.iter().chain(filling.params.iter().map(|(_, template)| template));
        if templates.map(Template::expressions).sum::<usize>() > MAX_EXPRESSIONS { Self::default() } else { filling }
    }

    /// Whether there is nothing to fill in.
    pub fn is_empty(&self) -> bool {
        self.content.is_none() && self.params.is_empty()
    }

    /// The content filled in; `None` when it stays as it is.
    pub fn content(&self, variables: &Variable) -> Option<String> {
        self.content.as_ref()?.render(variables)
    }

    /// Fills in the texts of a template's parameters.
    pub fn fill_params(&self, params: &mut Value, variables: &Variable) {
        for (pointer, template) in &self.params {
            if let (Some(text), Some(filled)) = (params.pointer_mut(pointer), template.render(variables)) {
                *text = filled.into();
            }
        }
    }
}

fn find_in_json(json: &Value, pointer: &str, found: &mut Vec<(String, Template)>) {
    match json {
        Value::String(text) => found.extend(Template::parse(text).map(|template| (pointer.to_owned(), template))),
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                find_in_json(item, &format!("{pointer}/{at}"), found);
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields {
                let key = key.replace('~', "~0").replace('/', "~1");
                find_in_json(field, &format!("{pointer}/{key}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The variables of a message that `sender` writes into `conversation`.
pub fn load(conn: &mut Conn<'_>, conversation: &Conversation, sender: Sender) -> Result<Variable> {
    let account = conversation.account_id;
    let contact = contact::store::find(conn, account, conversation.contact_id)?.ok_or(Error::NotFound("contact"))?;
    let agent = match sender {
        Sender::User(user) => Some(user),
        Sender::None | Sender::Contact(_) | Sender::Bot(_) => conversation.assignee_id,
    };
    let agent = load_agent(conn, agent)?;
    let (inbox_name, account_name) = store::find_names(conn, account, conversation.inbox_id)?;
    let contact_name = contact.name.as_deref().map(capitalized);
    let contact_name = contact_name.as_deref();
    let custom = |json: &types::Json| Variable::from(Value::Object(json.read::<Map<String, Value>>()));
    Ok(Variable::with_fields([
        (
            "contact",
            Variable::with_fields([
                ("id", Variable::number(contact.id.get())),
                ("name", Variable::text(contact_name)),
                ("first_name", Variable::text(contact_name.and_then(first_word))),
                ("last_name", Variable::text(contact_name.and_then(last_word))),
                ("email", Variable::text(contact.email.as_deref())),
                ("phone_number", Variable::text(contact.phone_number.as_deref())),
                ("custom_attribute", custom(&contact.custom_attributes)),
            ]),
        ),
        ("agent", agent),
        (
            "conversation",
            Variable::with_fields([
                ("id", Variable::number(conversation.display_id)),
                ("display_id", Variable::number(conversation.display_id)),
                ("contact_name", Variable::text(contact_name)),
                ("custom_attribute", custom(&conversation.custom_attributes)),
            ]),
        ),
        (
            "inbox",
            Variable::with_fields([
                ("id", Variable::number(conversation.inbox_id.get())),
                ("name", Variable::text(Some(&inbox_name))),
            ]),
        ),
        (
            "account",
            Variable::with_fields([
                ("id", Variable::number(account.get())),
                ("name", Variable::text(Some(&account_name))),
            ]),
        ),
    ]))
}

fn load_agent(conn: &mut Conn<'_>, agent: Option<UserId>) -> Result<Variable> {
    let Some(agent) = agent else { return Ok(Variable::default()) };
    let Some(user) = user::store::find(conn, agent)? else { return Ok(Variable::default()) };
    let shown = user.display_name.as_deref().filter(|name| !name.is_empty()).unwrap_or(&user.name);
    Ok(Variable::with_fields([
        ("id", Variable::number(user.id.get())),
        ("name", Variable::text(Some(&user.name))),
        ("first_name", Variable::text(first_word(&user.name))),
        ("last_name", Variable::text(last_word(&user.name))),
        ("available_name", Variable::text(Some(shown))),
        ("email", Variable::text(Some(&user.email))),
    ]))
}

/// Every word with a capital first letter and small ones after it.
fn capitalized(name: &str) -> String {
    let words = name.split_whitespace().map(|word| {
        let mut letters = word.chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        first.chain(letters.as_str().to_lowercase().chars()).collect::<String>()
    });
    words.collect::<Vec<_>>().join(" ")
}

fn first_word(name: &str) -> Option<&str> {
    name.split_whitespace().next()
}

/// The last word of at least two.
fn last_word(name: &str) -> Option<&str> {
    name.split_whitespace().skip(1).last()
}

#[cfg(test)]
mod tests {
    use super::{capitalized, first_word, last_word};

    #[test]
    fn names_are_capitalized_word_by_word() {
        assert_eq!(capitalized("  aino  VON reed "), "Aino Von Reed");
        assert_eq!(capitalized("élodie ßam"), "Élodie SSam");
        assert_eq!(capitalized(""), "");
    }

    #[test]
    fn a_last_name_needs_two_words() {
        assert_eq!((first_word("Aino Von Reed"), last_word("Aino Von Reed")), (Some("Aino"), Some("Reed")));
        assert_eq!((first_word("Aino"), last_word("Aino")), (Some("Aino"), None));
        assert_eq!((first_word(" "), last_word(" ")), (None, None));
    }
}
