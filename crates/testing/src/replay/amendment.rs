//! What a deviation serves instead of the recorded events of a receiver: read, so that it can be checked.

/// Another order of events than the recorded one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Amendment {
    /// These events instead.
    Instead(Vec<String>),
    /// Any number of this event, after all others.
    After(String),
    /// One more of this event, anywhere among the others.
    Also(String),
}

impl Amendment {
    /// Reads what the entry for an order serves; `None` for words that only people understand.
    ///
    /// Either names (`team.changed, message.created`) or `conversation.updated after the recorded events`.
    pub fn of_order(serve: &str) -> Option<Self> {
        if let Some(event) = serve.strip_suffix(" after the recorded events") {
            return is_event(event).then(|| Self::After(event.to_owned()));
        }
        let names: Vec<&str> = serve.split(", ").collect();
        names.iter().all(|name| is_event(name)).then(|| Self::Instead(names.into_iter().map(str::to_owned).collect()))
    }

    /// Reads what the entry for a count serves, where that is one event more than recorded:
    /// `the webhook also receives contact_updated (2 instead of 1)`. The entry for the order may say the same.
    pub fn of_count(serve: &str) -> Option<Self> {
        let (_, more) = serve.split_once(" also receives ")?;
        let (event, numbers) = more.strip_suffix(')')?.split_once(" (")?;
        let (ours, recorded) = numbers.split_once(" instead of ")?;
        let is_one_more = ours.parse::<usize>().ok()? == recorded.parse::<usize>().ok()? + 1;
        (is_one_more && is_event(event)).then(|| Self::Also(event.to_owned()))
    }

    /// Whether the entry for a count says only what follows from the order: a number with the events (`2: a.b, c.d`), or
    /// one more for each event of a kind.
    pub fn follows_from_order(serve: &str) -> bool {
        let number = serve.split_once(": ").map_or("", |(number, _)| number);
        number.parse::<usize>().is_ok() || serve.starts_with("one more for each ")
    }
}

fn is_event(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || matches!(byte, b'.' | b'_');
    text.bytes().all(is_part) && text.contains(['.', '_'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_what_comes_after_are_read_and_prose_is_not() {
        let names = |names: &[&str]| Some(Amendment::Instead(names.iter().map(ToString::to_string).collect()));
        assert_eq!(Amendment::of_order("message.created"), names(&["message.created"]));
        assert_eq!(Amendment::of_order("team.changed, bot_opened"), names(&["team.changed", "bot_opened"]));
        let after = Amendment::After("conversation.updated".to_owned());
        assert_eq!(Amendment::of_order("conversation.updated after the recorded events"), Some(after));
        assert_eq!(Amendment::of_order("as recorded, but later"), None);
    }

    #[test]
    fn a_count_may_follow_from_the_order() {
        assert!(Amendment::follows_from_order("1: message.created only"));
        assert!(Amendment::follows_from_order("one more for each conversation.updated that goes to sockets"));
        assert!(!Amendment::follows_from_order("the webhook also receives contact_updated (2 instead of 1)"));
    }

    #[test]
    fn a_count_may_tell_of_one_event_more() {
        let also = Some(Amendment::Also("contact_updated".to_owned()));
        assert_eq!(Amendment::of_count("the webhook, too, also receives contact_updated (2 instead of 1)"), also);
        assert_eq!(Amendment::of_count("the webhook also receives contact_updated (3 instead of 1)"), None);
        assert_eq!(Amendment::of_count("the webhook also receives more (2 instead of 1)"), None);
    }
}
