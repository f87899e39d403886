//! Which messages one answer carries (rest.md §5.15).

use ::store::Conn;
use edge::Result;
use edge::field::Text;

use super::Message;
use super::store::{self, Kinds};
use super::wire::MessageListQuery;
use crate::conversation::Conversation;

/// Messages of one answer without `after`.
pub const PAGE: i64 = 20;
const PAGE_AFTER: i64 = 100;
const PAGE_BETWEEN: i64 = 1000;

/// A window of a conversation's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    span: Span,
    kinds: Kinds,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Span {
    /// The newest below this id.
    Before(i64),
    /// The oldest above this id.
    After(i64),
    /// The oldest from the first id on and below the second.
    Between(i64, i64),
}

impl Window {
    /// The newest messages below `before`, without those that the contact may not see.
    pub fn public_before(before: Option<&Text>) -> Self {
        Self { span: Span::Before(cursor(before).unwrap_or(i64::MAX)), kinds: Kinds::WithoutInternal }
    }

    /// Reads a query: an empty cursor is none, one that is no positive number finds nothing.
    pub fn read(query: &MessageListQuery) -> Self {
        let internal = query.filter_internal_messages.as_ref().is_some_and(|text| !text.0.trim().is_empty());
        let span = match (cursor(query.after.as_ref()), cursor(query.before.as_ref())) {
            (None, before) => Span::Before(before.unwrap_or(i64::MAX)),
            (Some(after), None) => Span::After(after),
            (Some(after), Some(before)) => Span::Between(after, before),
        };
        Self { span, kinds: if internal { Kinds::WithoutInternal } else { Kinds::All } }
    }

    /// The messages of the window, oldest first.
    pub fn list(self, conn: &mut Conn<'_>, conversation: &Conversation) -> Result<Vec<Message>> {
        let (account, id) = (conversation.account_id, conversation.id);
        match self.span {
            Span::Before(before) => {
                let mut messages = store::list_before(conn, account, id, before, self.kinds, PAGE)?;
                messages.reverse();
                Ok(messages)
            }
            Span::After(after) => {
                store::list_from(conn, account, id, after.saturating_add(1)..i64::MAX, self.kinds, PAGE_AFTER)
            }
            Span::Between(after, before) => {
                store::list_from(conn, account, id, after..before, self.kinds, PAGE_BETWEEN)
            }
        }
    }
}

fn cursor(text: Option<&Text>) -> Option<i64> {
    let text = text?.0.trim();
    if text.is_empty() {
        return None;
    }
    Some(text.parse::<i64>().map_or(0, |id| id.max(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(before: &str, after: &str) -> Span {
        let text = |text: &str| Some(Text(text.to_owned()));
        Window::read(&MessageListQuery { before: text(before), after: text(after), ..Default::default() }).span
    }

    #[test]
    fn an_empty_cursor_is_none_and_a_bad_one_finds_nothing() {
        assert_eq!(window("", ""), Span::Before(i64::MAX));
        assert_eq!(window("abc", ""), Span::Before(0));
        assert_eq!(window("-4", ""), Span::Before(0));
        assert_eq!(window("7", ""), Span::Before(7));
        assert_eq!(window("", "5"), Span::After(5));
        assert_eq!(window("7", "5"), Span::Between(5, 7));
    }
}
