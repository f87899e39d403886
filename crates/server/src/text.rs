//! Texts as they are compared and searched.

use edge::Problem;
use jiff::civil::Date;
use types::Timestamp;
pub use types::fold;

/// The day of `time` in UTC.
pub fn utc_day(time: Timestamp) -> Date {
    let moment = jiff::Timestamp::from_microsecond(time.as_micros()).unwrap_or(jiff::Timestamp::MAX);
    moment.to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// Whether `text` is an `http` or `https` address with a host.
pub fn is_web_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        !host.is_empty() && !text.chars().any(|letter| letter.is_whitespace() || letter.is_control())
    })
}

/// `text` as a value in the query of an address.
pub fn url_encoded(text: &str) -> String {
    const LITERAL: &percent_encoding::AsciiSet =
        &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    percent_encoding::utf8_percent_encode(text, LITERAL).to_string()
}

/// What is wrong with a text that must be there and have at most `most` characters.
pub fn required_problem(field: &str, text: &str, most: usize) -> Option<Problem> {
    if text.trim().is_empty() {
        return Some(Problem::new(field, "can't be blank"));
    }
    too_long_problem(field, text, most)
}

/// What is wrong with a text that may have at most `most` characters.
pub fn too_long_problem(field: &str, text: &str, most: usize) -> Option<Problem> {
    let is_longer = text.chars().nth(most).is_some();
    is_longer.then(|| Problem::new(field, &format!("is too long (maximum is {most} characters)")))
}

/// A `LIKE` pattern for "contains `text`", to be used with `ESCAPE '\'`.
pub fn contains_pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::{contains_pattern, is_web_address, url_encoded};

    #[test]
    fn a_web_address_has_a_scheme_and_a_host() {
        assert!(is_web_address("https://shop.example/cart?x=1"));
        for bad in ["not a link", "javascript:alert(1)", "https://", "ftp://x", "http://a b"] {
            assert!(!is_web_address(bad), "{bad}");
        }
    }

    #[test]
    fn a_value_in_a_query_has_no_signs_of_its_own() {
        assert_eq!(url_encoded("zoë+x@a-b.c_d~&=# "), "zo%C3%AB%2Bx%40a-b.c_d~%26%3D%23%20");
    }

    #[test]
    fn pattern_signs_are_literal() {
        assert_eq!(contains_pattern(r"50%_\"), r"%50\%\_\\%");
    }
}
