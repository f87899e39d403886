//! Patterns of texts: masks of times, addresses, `<uuid>` and its like.

use std::sync::LazyLock;

use regex::Regex;

use super::vars::{Vars, plain};

static PLACEHOLDER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("<([a-z][a-z0-9_.]*)>").expect("the pattern is a constant"));

const UUID: &str = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";
const LOCAL_ADDRESS: &str = r"https?://(?:localhost|127(?:\.\d+){3}|0\.0\.0\.0|\[::1\])(?::\d+)?";

/// What the placeholders of a text stand for.
#[derive(Debug, Clone, Copy)]
pub struct Texts<'a> {
    /// The saved values, `run.id` and `hooks.base` among them.
    pub vars: &'a Vars,
    /// Our address, without a slash at the end.
    pub base: &'a str,
}

impl Texts<'_> {
    /// Whether `text` is what `pattern` describes.
    pub fn fits(&self, pattern: &str, text: &str) -> bool {
        self.regex(pattern, "^(?:", ")$").is_match(text)
    }

    /// Whether `address` is one whose last part is `pattern`.
    pub fn is_address(&self, pattern: &str, address: &str) -> bool {
        let before = if pattern.starts_with('/') { "" } else { "/" };
        let regex = self.regex(pattern, &format!("^https?://[^/?#]+(?:/.*)?{before}(?:"), ")$");
        regex.is_match(address)
    }

    /// Whether `address` is one of our server that leads to a file called `name`.
    pub fn is_file(&self, name: &str, address: &str) -> bool {
        let Ok(address) = reqwest::Url::parse(address) else { return false };
        let ours = reqwest::Url::parse(self.base).is_ok_and(|base| base.origin() == address.origin());
        let expected = reqwest::Url::parse("http://any/").and_then(|root| root.join(&escape(name)));
        let last = |url: &reqwest::Url| url.path_segments().and_then(|mut parts| parts.next_back().map(str::to_owned));
        ours && expected.is_ok_and(|expected| last(&expected) == last(&address))
    }

    fn regex(&self, pattern: &str, before: &str, after: &str) -> Regex {
        let mut regex = format!("(?s){before}");
        let mut rest = 0;
        for found in PLACEHOLDER.captures_iter(pattern) {
            let whole = found.get(0).expect("group 0 is the match itself");
            let Some(meaning) = self.meaning(&found[1]) else { continue };
            regex.push_str(&regex::escape(&pattern[rest..whole.start()]));
            regex.push_str(&meaning);
            rest = whole.end();
        }
        regex.push_str(&regex::escape(&pattern[rest..]));
        regex.push_str(after);
        Regex::new(&regex).expect("everything foreign in it is escaped")
    }

    /// The regular expression of a placeholder; `None` for plain text such as `<b>`.
    fn meaning(&self, name: &str) -> Option<String> {
        match name {
            "base" => Some(regex::escape(self.base)),
            "hooks" => Some(self.saved("hooks.base")),
            "run" => Some(self.saved("run.id")),
            "uuid" => Some(UUID.to_owned()),
            "host" => Some(LOCAL_ADDRESS.to_owned()),
            "token" => Some("[^&]+".to_owned()),
            saved if saved.contains('.') => Some(self.saved(saved)),
            _ => None,
        }
    }

    /// A saved value; what was not saved fits nothing.
    fn saved(&self, name: &str) -> String {
        const NOTHING: &str = r"[^\s\S]";
        self.vars.get(name).map_or(NOTHING.to_owned(), |value| regex::escape(&plain(&value)))
    }
}

/// The names of saved values that a text pattern uses.
pub fn saved_names(pattern: &str) -> impl Iterator<Item = &str> {
    PLACEHOLDER
        .captures_iter(pattern)
        .filter_map(|found| found.get(1).map(|name| name.as_str()))
        .filter(|name| name.contains('.'))
}

/// Whether `text` has the form of a mask such as `9999-99-99T99:99:99.3Z`.
///
/// `9` is any digit, `.3` a dot and three digits, everything else itself.
pub fn fits_mask(mask: &str, text: &str) -> bool {
    let mask = mask.replace(".3", ".999");
    mask.len() == text.len()
        && mask.bytes().zip(text.bytes()).all(|(form, byte)| match form {
            b'9' => byte.is_ascii_digit(),
            other => byte == other,
        })
}

fn escape(name: &str) -> String {
    name.replace('%', "%25").replace('/', "%2F").replace('?', "%3F").replace('#', "%23")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn vars() -> Vars {
        let mut vars = Vars::default();
        vars.save("run.id", json!("k1"));
        vars.save("source.ada", json!("a+b"));
        vars.save("hooks.base", json!("http://127.0.0.1:9"));
        vars
    }

    #[test]
    fn placeholders_stand_for_values_and_forms() {
        let vars = vars();
        let texts = Texts { vars: &vars, base: "http://localhost:3000" };
        assert!(texts.fits("mail.<run>@sample.test", "mail.k1@sample.test"));
        assert!(!texts.fits("mail.<run>@sample.test", "mail.k2@sample.test"));
        assert!(texts.fits("<source.ada>", "a+b"));
        assert!(!texts.fits("<source.bob>", "<source.bob>"));
        assert!(texts.fits("<base>/x", "http://localhost:3000/x"));
        assert!(texts.fits("<hooks>/x", "http://127.0.0.1:9/x"));
        assert!(texts.fits("<hooks.base>/x", "http://127.0.0.1:9/x"));
        assert!(texts.fits("<host>/x", "http://127.0.0.1:4000/x"));
        assert!(!texts.fits("<host>/x", "http://example.com/x"));
        assert!(texts.fits("<uuid>", "0b7c6a52-7d3e-4a61-9f2f-6a1f5f0c2d11"));
        assert!(!texts.fits("<uuid>", "0b7c6a52"));
        assert!(texts.fits("<b>bold</b>\n", "<b>bold</b>\n"));
        assert!(!texts.fits("a.c", "abc"));
    }

    #[test]
    fn addresses_end_in_what_is_asked() {
        let vars = vars();
        let texts = Texts { vars: &vars, base: "http://localhost:3000" };
        let pattern = "/app/login?email=a.<run>&sso_auth_token=<token>";
        assert!(texts.is_address(pattern, "http://desk/app/login?email=a.k1&sso_auth_token=xyz"));
        assert!(!texts.is_address(pattern, "http://desk/app/login?email=a.k1&sso_auth_token="));
        assert!(texts.is_address("x", "http://desk/a/x"));
        assert!(!texts.is_address("x", "http://desk/a/yx"));
    }

    #[test]
    fn files_are_ours_and_bear_their_name() {
        let vars = vars();
        let texts = Texts { vars: &vars, base: "http://localhost:3000" };
        assert!(texts.is_file("a b.png", "http://localhost:3000/files/9/a%20b.png?sig=1"));
        assert!(!texts.is_file("a.png", "http://elsewhere:3000/files/a.png"));
        assert!(!texts.is_file("a.png", "http://localhost:3000/files/b.png"));
    }

    #[test]
    fn a_mask_gives_the_form_of_a_time() {
        assert!(fits_mask("9999-99-99T99:99:99.3Z", "2026-01-02T03:04:05.678Z"));
        assert!(!fits_mask("9999-99-99T99:99:99.3Z", "2026-01-02T03:04:05.678901Z"));
        assert!(!fits_mask("9999-99-99 99:99:99", "2026-01-02T03:04:05"));
    }
}
