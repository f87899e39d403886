//! Liquid variables in what the team writes: `Hello {{ contact.first_name | default: "there" }}` (semantics §10.7).
//!
//! Variables and filters only: there are no tags, hence no loops, and no filter that multiplies its input. What is
//! wrong or too much leaves the whole text as it was written.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use liquid::model::{DisplayCow, KStringCow, ScalarCow, State, Value};
use liquid::{ObjectView, Parser, ParserBuilder, ValueView};
use liquid_lib::stdlib;

use super::content::MAX_CONTENT;

/// Most expressions of one message: with the limits below they keep the work of any text to milliseconds.
pub const MAX_EXPRESSIONS: usize = 200;
/// Longest expression, in bytes.
const MAX_EXPRESSION: usize = 500;
/// Most filters of an expression.
const MAX_FILTERS: usize = 10;
/// Deepest nesting of look-ups: `a[b[c]]`; the library follows them by recursion.
const MAX_BRACKETS: usize = 8;
/// Longest number: the library panics at those that do not fit 64 bits.
const MAX_DIGITS: usize = 15;
/// Longest text that a variable may stand for, in bytes; a longer one counts as unknown.
const MAX_VALUE: usize = 10_000;

/// The language: no tags, and only filters that are linear in their input and cannot fail by arithmetic.
static PARSER: LazyLock<Option<Parser>> = LazyLock::new(|| {
    ParserBuilder::new()
        .filter(stdlib::Append)
        .filter(stdlib::Capitalize)
        .filter(stdlib::Default)
        .filter(stdlib::Downcase)
        .filter(stdlib::Escape)
        .filter(stdlib::EscapeOnce)
        .filter(stdlib::First)
        .filter(stdlib::Last)
        .filter(stdlib::Lstrip)
        .filter(stdlib::NewlineToBr)
        .filter(stdlib::Prepend)
        .filter(stdlib::Remove)
        .filter(stdlib::RemoveFirst)
        .filter(stdlib::ReplaceFirst)
        .filter(stdlib::Rstrip)
        .filter(stdlib::Size)
        .filter(stdlib::Slice)
        .filter(stdlib::Split)
        .filter(stdlib::Strip)
        .filter(stdlib::StripNewlines)
        .filter(stdlib::Truncate)
        .filter(stdlib::TruncateWords)
        .filter(stdlib::Upcase)
        .filter(stdlib::UrlDecode)
        .filter(stdlib::UrlEncode)
        .build()
        .ok()
});

/// A text with variables to be filled in.
#[derive(Clone)]
pub struct Template(Arc<[Piece]>);

enum Piece {
    Text(String),
    Expression(liquid::Template),
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Template").field(&self.expressions()).finish()
    }
}

impl Template {
    /// Reads `text`; `None` when it has nothing to fill in, or something that is wrong or not allowed.
    pub fn parse(text: &str) -> Option<Self> {
        if !text.contains("{{") {
            return None;
        }
        let mut pieces = Vec::new();
        for part in parts(text) {
            match part {
                Part::Code(code) => pieces.push(Piece::Text(code.to_owned())),
                Part::Prose(prose) => read_prose(prose, &mut pieces)?,
            }
        }
        let template = Self(pieces.into());
        (template.expressions() > 0).then_some(template)
    }

    /// How many expressions it has.
    pub fn expressions(&self) -> usize {
        self.0.iter().filter(|piece| matches!(piece, Piece::Expression(_))).count()
    }

    /// The text with its variables filled in; `None` when a filter fails or the text grows too long.
    pub fn render(&self, variables: &Variable) -> Option<String> {
        let mut text = String::new();
        for piece in self.0.iter() {
            match piece {
                Piece::Text(fixed) => text.push_str(fixed),
                Piece::Expression(expression) => text.push_str(&expression.render(variables).ok()?),
            }
        }
        (text.len() <= MAX_CONTENT || text.chars().count() <= MAX_CONTENT).then_some(text)
    }
}

/// Text between backticks, fences included, stays as it is.
enum Part<'a> {
    Code(&'a str),
    Prose(&'a str),
}

/// Takes `text` apart at its code: what a run of backticks opens ends with the next run of the same length.
fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let (mut start, mut at) = (0, 0);
    while let Some(open) = text[at..].find('`').map(|offset| at + offset) {
        let fence = run_length(&text[open..]);
        match find_run(text, open + fence, fence) {
            Some(end) => {
                parts.push(Part::Prose(&text[start..open]));
                parts.push(Part::Code(&text[open..end]));
                (start, at) = (end, end);
            }
            None => at = open + fence,
        }
    }
    parts.push(Part::Prose(&text[start..]));
    parts
}

fn run_length(text: &str) -> usize {
    text.bytes().take_while(|byte| *byte == b'`').count()
}

/// The end of the next run of exactly `length` backticks.
fn find_run(text: &str, mut at: usize, length: usize) -> Option<usize> {
    while let Some(offset) = text[at..].find('`') {
        let found = run_length(&text[at + offset..]);
        at += offset + found;
        if found == length {
            return Some(at);
        }
    }
    None
}

/// Adds the pieces of a text outside of code; a hyphen beside the braces takes the blanks on its side away.
fn read_prose(mut prose: &str, pieces: &mut Vec<Piece>) -> Option<()> {
    if prose.contains("{%") {
        return None;
    }
    while let Some((before, rest)) = prose.split_once("{{") {
        let (inner, after) = rest.split_once("}}")?;
        let (inner, before) = inner.strip_prefix('-').map_or((inner, before), |inner| (inner, before.trim_end()));
        let (inner, after) = inner.strip_suffix('-').map_or((inner, after), |inner| (inner, after.trim_start()));
        pieces.push(Piece::Text(before.to_owned()));
        if !inner.trim().is_empty() {
            pieces.push(Piece::Expression(read_expression(inner)?));
        }
        if pieces.len() > 2 * MAX_EXPRESSIONS + 2 {
            return None;
        }
        prose = after;
    }
    pieces.push(Piece::Text(prose.to_owned()));
    Some(())
}

fn read_expression(inner: &str) -> Option<liquid::Template> {
    let is_small = inner.len() <= MAX_EXPRESSION
        && inner.matches('|').count() <= MAX_FILTERS
        && inner.matches('[').count() <= MAX_BRACKETS
        && inner.split(|letter: char| !letter.is_ascii_digit()).all(|digits| digits.len() <= MAX_DIGITS);
    if !is_small {
        return None;
    }
    PARSER.as_ref()?.parse(&format!("{{{{ {} }}}}", inner.trim())).ok()
}

/// What a variable stands for, and its fields. One that is not known is empty, and so are its fields.
#[derive(Debug, Default)]
pub struct Variable {
    value: Value,
    fields: BTreeMap<String, Variable>,
}

static UNKNOWN: Variable = Variable { value: Value::Nil, fields: BTreeMap::new() };

impl Variable {
    /// A variable with these fields.
    pub fn with_fields<const N: usize>(fields: [(&str, Variable); N]) -> Self {
        let fields = fields.into_iter().map(|(name, field)| (name.to_owned(), field));
        Self { value: Value::Nil, fields: fields.collect() }
    }

    /// A text, if there is one.
    pub fn text(text: Option<&str>) -> Self {
        text.map_or_else(Self::default, |text| serde_json::Value::from(text).into())
    }

    /// A number.
    pub fn number(number: i64) -> Self {
        serde_json::Value::from(number).into()
    }
}

impl From<serde_json::Value> for Variable {
    fn from(json: serde_json::Value) -> Self {
        use serde_json::Value as Json;
        let plain = |value: Value| Self { value, fields: BTreeMap::new() };
        match json {
            Json::Null => Self::default(),
            Json::Bool(flag) => plain(Value::scalar(flag)),
            Json::Number(number) => match number.as_i64() {
                Some(number) => plain(Value::scalar(number)),
                None => plain(Value::scalar(number.to_string())),
            },
            Json::String(text) if text.len() > MAX_VALUE => Self::default(),
            Json::String(text) => plain(Value::scalar(text)),
            Json::Array(items) => {
                let fields = items.into_iter().take(MAX_EXPRESSION).enumerate();
                let fields: BTreeMap<_, Self> = fields.map(|(at, item)| (at.to_string(), item.into())).collect();
                Self { value: Value::Nil, fields }
            }
            Json::Object(fields) => {
                Self { value: Value::Nil, fields: fields.into_iter().map(|(key, field)| (key, field.into())).collect() }
            }
        }
    }
}

impl ValueView for Variable {
    fn as_debug(&self) -> &dyn fmt::Debug {
        self
    }

    fn render(&self) -> DisplayCow<'_> {
        self.value.render()
    }

    fn source(&self) -> DisplayCow<'_> {
        self.value.source()
    }

    fn type_name(&self) -> &'static str {
        self.value.type_name()
    }

    fn query_state(&self, state: State) -> bool {
        self.value.query_state(state)
    }

    fn to_kstr(&self) -> KStringCow<'_> {
        self.value.to_kstr()
    }

    fn to_value(&self) -> Value {
        self.value.clone()
    }

    fn as_scalar(&self) -> Option<ScalarCow<'_>> {
        self.value.as_scalar()
    }

    fn as_object(&self) -> Option<&dyn ObjectView> {
        Some(self)
    }

    fn is_nil(&self) -> bool {
        self.value.is_nil()
    }
}

impl ObjectView for Variable {
    fn as_value(&self) -> &dyn ValueView {
        self
    }

    fn size(&self) -> i64 {
        i64::try_from(self.fields.len()).unwrap_or(i64::MAX)
    }

    fn keys<'k>(&'k self) -> Box<dyn Iterator<Item = KStringCow<'k>> + 'k> {
        Box::new(self.fields.keys().map(|key| KStringCow::from_ref(key)))
    }

    fn values<'k>(&'k self) -> Box<dyn Iterator<Item = &'k dyn ValueView> + 'k> {
        Box::new(self.fields.values().map(|field| field as &dyn ValueView))
    }

    fn iter<'k>(&'k self) -> Box<dyn Iterator<Item = (KStringCow<'k>, &'k dyn ValueView)> + 'k> {
        Box::new(self.fields.iter().map(|(key, field)| (KStringCow::from_ref(key), field as &dyn ValueView)))
    }

    fn contains_key(&self, _: &str) -> bool {
        true
    }

    fn get<'s>(&'s self, index: &str) -> Option<&'s dyn ValueView> {
        Some(self.fields.get(index).unwrap_or(&UNKNOWN))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use serde_json::json;

    use super::{Template, Variable};

    fn variables() -> Variable {
        let contact = json!({
            "id": 7,
            "name": "Aino Reed",
            "sly": "{{ contact.id }}",
            "amount": 12.5,
            "vip": true,
            "no": null,
            "long": "x".repeat(9_000),
            "endless": "x".repeat(10_001),
            "sizes": ["54 cm", "58 cm"],
            "custom_attribute": { "plan": "gold", "two words": "yes" },
        });
        json!({ "contact": contact }).into()
    }

    /// What becomes of `text`: itself when nothing is filled in.
    fn fill(text: &str) -> String {
        Template::parse(text).and_then(|template| template.render(&variables())).unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn variables_are_filled_in_and_filtered() {
        for (text, filled) in [
            ("Hi {{contact.name}}!", "Hi Aino Reed!"),
            ("{{ contact.id }}/{{contact.id}}", "7/7"),
            ("{{ contact.custom_attribute.plan | upcase }}", "GOLD"),
            ("{{ contact['custom_attribute']['two words'] }}", "yes"),
            ("{{ contact.name | split: ' ' | first }}", "Aino"),
            ("{{ contact.name | truncate: 7 | append: '!' }}", "Aino...!"),
            ("{{ contact.amount }} {{ contact.vip }}", "12.5 true"),
            ("{{ contact.sizes[1] }}", "58 cm"),
            ("{{ 'literal' }} {{ 5 }}", "literal 5"),
            ("a {{- contact.id -}} b", "a7b"),
        ] {
            assert_eq!(fill(text), filled, "{text}");
        }
    }

    #[test]
    fn unknown_variables_are_empty() {
        for text in ["{{ nobody }}", "{{ contact.nope.deeper[3] }}", "{{ contact.no }}", "{{ contact }}", "{{ }}"] {
            assert_eq!(fill(&format!("[{text}]{{{{ contact.id }}}}")), "[]7", "{text}");
        }
        assert_eq!(fill("{{ contact.nope | default: 'friend' }}"), "friend");
        assert_eq!(fill("{{ contact.endless }}{{ contact.sizes[9] }}"), "");
    }

    #[test]
    fn code_stays_as_it_is() {
        for (text, filled) in [
            ("`{{ contact.id }}` {{ contact.id }}", "`{{ contact.id }}` 7"),
            ("```\n{{ contact.id }} ` {% if %}\n```\n{{ contact.id }}", "```\n{{ contact.id }} ` {% if %}\n```\n7"),
            ("`` {{ a }} ` {{ b }} `` {{ contact.id }}", "`` {{ a }} ` {{ b }} `` 7"),
            ("it`s {{ contact.id }}", "it`s 7"),
            ("`only {{ code }}`", "`only {{ code }}`"),
        ] {
            assert_eq!(fill(text), filled, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_or_not_allowed_leaves_the_text_as_it_is() {
        for text in [
            "{{ contact.id",
            "{{ contact.id }} {{ contact.name ! }}",
            "{{ contact.id }} {{ contact.name | shout }}",
            "{{ contact.id }} {{ contact.name | truncate: 'many' }}",
            "{{ contact.id }} {% assign x = 1 %}",
            "{% for i in (1..100000000) %}x{% endfor %}",
            "{{ contact.id }} {{ (1..100000000) }}",
            "{{ 99999999999999999999 }}",
            "{{ 'a' | replace: 'a', 'aa' }}",
            "{{ contact.id | times: 9 }}",
            "} }} {",
            "",
        ] {
            assert_eq!(fill(text), text);
        }
    }

    #[test]
    fn what_is_filled_in_is_not_read_again() {
        assert_eq!(fill("{{ contact.sly }}"), "{{ contact.id }}");
        assert_eq!(fill("{{ '{' }}{ contact.id }}"), "{{ contact.id }}");
    }

    #[test]
    fn no_text_takes_long() {
        let deep = format!("{{{{ {}contact{} }}}}", "contact[".repeat(100), "]".repeat(100));
        let filters = " | append: contact.long".repeat(10);
        for text in [
            "{{ ".repeat(50_000),
            "{{ 'a".repeat(30_000),
            "{{ contact.id }}".repeat(9_000),
            "{{ contact.long }}".repeat(200),
            format!("{{{{ contact.long{filters} | size }}}}").repeat(200),
            format!("{{{{ contact.long{filters} }}}}").repeat(200),
            format!("{{{{ contact.id{} }}}}", "|upcase".repeat(20_000)),
            (1..540).map(|length| "`".repeat(length) + " {{ contact.id }} ").collect(),
            " ".repeat(150_000) + "{{ contact.id",
            deep,
        ] {
            let start = Instant::now();
            let filled = fill(&text);
            assert!(start.elapsed() < Duration::from_secs(20), "{:?} for {}…", start.elapsed(), &text[..40]);
            assert!(filled == text || filled.chars().count() <= 150_000);
        }
        let most = "{{ contact.long }}".repeat(16);
        assert_eq!(fill(&most).len(), 144_000);
        let more = "{{ contact.long }}".repeat(17);
        assert_eq!(fill(&more), more);
    }
}
