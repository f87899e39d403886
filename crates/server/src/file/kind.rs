//! What a file is: found by looking into it, whatever its sender says.

use types::FileType;

use super::name;

/// What nothing is known of.
pub const UNKNOWN: &str = "application/octet-stream";

/// The type of the file that begins with `head`. Name and claim only tell apart what looks the same.
pub fn of(head: &[u8], filename: &str, claimed: Option<&str>) -> String {
    let extension = name::extension(filename).unwrap_or_default();
    if let Some(markup) = text(head).and_then(markup) {
        return markup.to_owned();
    }
    match infer::get(head).map(|found| found.mime_type()) {
        Some("application/zip") => in_zip(&extension).unwrap_or("application/zip").to_owned(),
        Some("application/x-ole-storage") => in_ole(&extension).unwrap_or("application/x-ole-storage").to_owned(),
        Some(found) => sound_or_film(found, claimed).to_owned(),
        None if text(head).is_some() => plain(&extension).to_owned(),
        None => UNKNOWN.to_owned(),
    }
}

/// How clients show it (rest.md §4.8).
pub fn file_type(content_type: &str) -> FileType {
    match content_type {
        "image/jpeg" | "image/png" | "image/gif" | "image/bmp" | "image/webp" => FileType::Image,
        "video/ogg" | "video/mp4" | "video/webm" | "video/quicktime" => FileType::Video,
        other if other.starts_with("audio/") => FileType::Audio,
        _ => FileType::File,
    }
}

/// Whether browsers may show it in place: what cannot run. Everything else is saved.
pub fn is_shown_inline(content_type: &str) -> bool {
    match content_type {
        "image/jpeg" | "image/png" | "image/gif" | "image/webp" | "application/pdf" => true,
        other => matches!(file_type(other), FileType::Audio | FileType::Video),
    }
}

/// The type that the file is served with: what a browser could run, should it show it all the same, has none.
pub fn served(content_type: &str) -> &str {
    let runs = ["html", "script", "flash", "wasm", "x-msdownload"].iter().any(|word| content_type.contains(word));
    if runs || content_type.ends_with("xml") { UNKNOWN } else { content_type }
}

/// What website inboxes take beside pictures, sounds, films and newer office documents.
const TAKEN: &[&str] = &[
    "text/csv",
    "text/plain",
    "application/rtf",
    "application/json",
    "application/pdf",
    "application/zip",
    "application/x-7z-compressed",
    "application/vnd.rar",
    "application/x-tar",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.oasis.opendocument.text",
    "text/xml",
    "application/xml",
    "application/x-pkcs12",
];

/// Whether website inboxes take it (semantics §10.4).
pub fn is_taken_by_websites(content_type: &str) -> bool {
    if ["image/", "video/", "audio/"].iter().any(|kind| content_type.starts_with(kind)) {
        return true;
    }
    TAKEN.contains(&content_type) || content_type.starts_with("application/vnd.openxmlformats-officedocument.")
}

/// The text that a file begins with, if it is one.
fn text(head: &[u8]) -> Option<&str> {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // The last character may be cut.
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&head[..error.valid_up_to()]).ok()?,
        Err(_) => return None,
    };
    let is_text = !text.is_empty()
        && text.chars().all(|letter| !letter.is_control() || matches!(letter, '\t' | '\n' | '\r' | '\u{c}' | '\u{1b}'));
    is_text.then_some(text)
}

/// Texts that begin like markup: those are what browsers may run.
fn markup(text: &str) -> Option<&'static str> {
    let text = text.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}');
    if !text.starts_with('<') {
        return None;
    }
    let text = text.to_ascii_lowercase();
    let is_xml = text.starts_with("<?xml");
    if text.contains("<svg") {
        Some("image/svg+xml")
    } else if is_xml && !text.contains("<html") {
        Some("application/xml")
    } else if ["<!doctype html", "<html", "<head", "<body", "<script", "<iframe", "<img", "<a ", "<div", "<p>"]
        .iter()
        .any(|tag| text.contains(tag))
    {
        Some("text/html")
    } else {
        None
    }
}

fn in_zip(extension: &str) -> Option<&'static str> {
    Some(match extension {
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "pptx" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "odt" => "application/vnd.oasis.opendocument.text",
        _ => return None,
    })
}

fn in_ole(extension: &str) -> Option<&'static str> {
    Some(match extension {
        "doc" => "application/msword",
        "xls" => "application/vnd.ms-excel",
        "ppt" => "application/vnd.ms-powerpoint",
        _ => return None,
    })
}

/// The same container holds sounds and films; recorders say which.
fn sound_or_film<'a>(found: &'a str, claimed: Option<&str>) -> &'a str {
    let claims = |kind: &str| claimed.is_some_and(|claimed| claimed.starts_with(kind));
    match found {
        "video/webm" if claims("audio/") => "audio/webm",
        "video/mp4" if claims("audio/") => "audio/mp4",
        "audio/ogg" if claims("video/") => "video/ogg",
        other => other,
    }
}

fn plain(extension: &str) -> &'static str {
    match extension {
        "csv" => "text/csv",
        "json" => "application/json",
        "md" => "text/markdown",
        "ics" => "text/calendar",
        "vcf" => "text/vcard",
        _ => "text/plain",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

    #[test]
    fn the_content_decides_and_not_the_name_or_the_claim() {
        for (head, filename, claimed, kind) in [
            (PNG, "a.txt", Some("text/plain"), "image/png"),
            (b"GIF89a/*".as_slice(), "a.js", Some("text/javascript"), "image/gif"),
            (b"%PDF-1.7\n<html><script>", "a.html", Some("text/html"), "application/pdf"),
            (b"<!DOCTYPE html><script>1</script>", "a.png", Some("image/png"), "text/html"),
            (b"\xef\xbb\xbf \n<svg xmlns='x' onload='x()'>", "a.png", Some("image/png"), "image/svg+xml"),
            (b"<?xml version='1.0'?><a/>", "a.pdf", Some("application/pdf"), "application/xml"),
            (b"<?xml version='1.0'?><svg/>", "a.xml", None, "image/svg+xml"),
            (b"no picture", "a.png", Some("image/png"), "text/plain"),
            (b"alert(1)", "a.js", Some("text/javascript"), "text/plain"),
            (b"a,b\n1,2", "a.csv", None, "text/csv"),
            (b"\x00\x01\x02", "a.png", Some("image/png"), UNKNOWN),
            (b"", "a.png", Some("image/png"), UNKNOWN),
            (
                b"PK\x03\x04rest of it",
                "a.docx",
                None,
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            ),
            (b"PK\x03\x04rest of it", "a.png", Some("image/png"), "application/zip"),
        ] {
            assert_eq!(of(head, filename, claimed), kind, "{filename} {}", String::from_utf8_lossy(head));
        }
    }

    #[test]
    fn recorders_say_whether_a_container_holds_a_sound() {
        let head = [b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm".as_slice(), &[0; 256]].concat();
        for (claimed, kind) in
            [(Some("audio/webm;codecs=opus"), "audio/webm"), (None, "video/webm"), (Some("text/html"), "video/webm")]
        {
            assert_eq!(of(&head, "voice.webm", claimed), kind);
        }
    }

    #[test]
    fn a_text_that_is_cut_inside_of_a_letter_is_a_text() {
        assert_eq!(of(&"ä".as_bytes()[..1], "a.txt", None), UNKNOWN);
        assert_eq!(of(&"aä".as_bytes()[..2], "a.txt", None), "text/plain");
    }

    #[test]
    fn only_what_cannot_run_is_shown_in_place() {
        for kind in ["image/png", "image/webp", "audio/mpeg", "video/mp4", "application/pdf"] {
            assert!(is_shown_inline(kind), "{kind}");
        }
        for kind in ["image/svg+xml", "image/bmp", "text/html", "text/plain", "application/xml", "video/x-flv", UNKNOWN]
        {
            assert!(!is_shown_inline(kind), "{kind}");
        }
        for kind in ["text/html", "image/svg+xml", "application/xml", "text/xml", "application/javascript"] {
            assert_eq!(served(kind), UNKNOWN, "{kind}");
        }
        let word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
        assert_eq!((served(word), served("text/csv")), (word, "text/csv"));
    }
}
