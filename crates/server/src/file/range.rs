//! Parts of a file that a client asks for (RFC 9110 §14).

use std::ops::Range;

use http::HeaderMap;
use http::header::{IF_RANGE, RANGE};

/// What of a file a client wants.
#[derive(Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All of it.
    Whole,
    /// These bytes.
    Part(Range<u64>),
    /// Bytes that it does not have.
    Nothing,
}

/// Reads the request for a file of `size` bytes with this `ETag`. Several ranges at once, other units and what cannot
/// be read give the whole, as the standard allows.
pub fn wanted(headers: &HeaderMap, size: u64, etag: &str) -> Wanted {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    // Bytes of an older file would not fit to those that the client has.
    if text(&IF_RANGE).is_some_and(|known| known != etag) {
        return Wanted::Whole;
    }
    text(&RANGE).and_then(|range| read(range, size)).unwrap_or(Wanted::Whole)
}

fn read(text: &str, size: u64) -> Option<Wanted> {
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    if last.contains(',') {
        return None;
    }
    let (first, last) = (first.trim(), last.trim());
    let range = if first.is_empty() {
        size.saturating_sub(last.parse().ok()?)..size
    } else {
        let last: u64 = if last.is_empty() { u64::MAX } else { last.parse().ok()? };
        let first: u64 = first.parse().ok()?;
        if last < first {
            return None;
        }
        first..last.saturating_add(1).min(size)
    };
    Some(if range.start < range.end { Wanted::Part(range) } else { Wanted::Nothing })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_and_nonsense_is_the_whole() {
        let wanted = |range: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RANGE, range.parse().unwrap());
            wanted(&headers, 10, "\"a\"")
        };
        for (range, part) in [
            ("bytes=0-0", 0..1),
            ("bytes=2-5", 2..6),
            ("bytes=7-", 7..10),
            ("bytes=-3", 7..10),
            ("bytes=-99", 0..10),
            ("bytes=5-99", 5..10),
        ] {
            assert_eq!(wanted(range), Wanted::Part(part), "{range}");
        }
        for range in ["bytes=10-", "bytes=99-100", "bytes=-0"] {
            assert_eq!(wanted(range), Wanted::Nothing, "{range}");
        }
        for range in
            ["bytes=5-2", "bytes=a-b", "bytes=0-1,3-4", "lines=1-2", "bytes=", "bytes=-", "bytes=99999999999999999999-"]
        {
            assert_eq!(wanted(range), Wanted::Whole, "{range}");
        }
    }

    #[test]
    fn a_part_of_another_file_is_not_wanted() {
        let mut headers = HeaderMap::new();
        headers.insert(RANGE, "bytes=0-1".parse().unwrap());
        headers.insert(IF_RANGE, "\"b\"".parse().unwrap());
        assert_eq!(wanted(&headers, 10, "\"a\""), Wanted::Whole);
        assert_eq!(wanted(&headers, 10, "\"b\""), Wanted::Part(0..2));
    }
}
