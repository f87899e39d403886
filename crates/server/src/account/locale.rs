//! The languages that an account can have.

/// The language of an account that was given none.
pub const DEFAULT: &str = "en";

/// Every code, in the order of the contract (semantics §1.1).
const CODES: [&str; 40] = [
    "en", "ar", "nl", "fr", "de", "it", "ja", "ko", "pt", "ru", "es", "ml", "ca", "el", "pt_BR", "ro", "ta", "fa",
    "zh_TW", "vi", "da", "tr", "cs", "fi", "id", "sv", "hu", "no", "zh_CN", "pl", "sk", "uk", "th", "lv", "is", "he",
    "lt", "sr", "bg", "et",
];

/// The code that `text` is, letter by letter.
pub fn find(text: &str) -> Option<&'static str> {
    CODES.into_iter().find(|code| *code == text)
}

#[cfg(test)]
mod tests {
    use super::{CODES, DEFAULT, find};

    #[test]
    fn codes_are_found_as_they_are_written() {
        assert_eq!(find("pt_BR"), Some("pt_BR"));
        assert_eq!(find("et"), Some("et"));
        assert_eq!(find(DEFAULT), Some("en"));
        for text in ["", "EN", "pt-BR", "hi", "zh", "tlh"] {
            assert_eq!(find(text), None, "{text}");
        }
    }

    #[test]
    fn no_code_is_listed_twice() {
        let mut codes = CODES.to_vec();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), CODES.len());
    }
}
