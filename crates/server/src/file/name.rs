//! Names of files, as they are stored and served.

/// Longest name, in bytes: what file systems take.
const LONGEST: usize = 255;
/// Longest extension that a name keeps when it is cut, in bytes, with its point.
const LONGEST_EXTENSION: usize = 16;
/// What a file without a usable name is called.
const NAMELESS: &str = "file";

/// `name` without folders, control characters and marks that turn the direction of writing, which would let
/// `gpj.exe` look like a picture; at most 255 bytes, with its extension.
pub fn clean(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last.chars().filter(|letter| !letter.is_control() && !turns_direction(*letter)).collect();
    let kept = kept.trim();
    if kept.chars().all(|letter| letter == '.') {
        return NAMELESS.to_owned();
    }
    shortened(kept)
}

/// Direction marks of Unicode (UAX 9), line separators and the byte order mark.
fn turns_direction(letter: char) -> bool {
    matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn shortened(name: &str) -> String {
    if name.len() <= LONGEST {
        return name.to_owned();
    }
    let at = name.rfind('.').filter(|at| *at > 0 && name.len() - at <= LONGEST_EXTENSION).unwrap_or(name.len());
    let (stem, extension) = name.split_at(at);
    let mut end = LONGEST - extension.len();
    while !stem.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{extension}", &stem[..end])
}

/// What stands behind the last point, in lower case; `None` without one.
pub fn extension(name: &str) -> Option<String> {
    let (stem, extension) = name.rsplit_once('.')?;
    (!stem.is_empty() && !extension.is_empty()).then(|| extension.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_does_harm_and_keep_what_people_write() {
        for (given, kept) in [
            ("photo.png", "photo.png"),
            ("../../etc/passwd", "passwd"),
            ("..\\..\\boot.ini", "boot.ini"),
            ("a\0b\r\nc.txt", "abc.txt"),
            ("invoice\u{202e}gpj.exe", "invoicegpj.exe"),
            ("Zoë 漢字 👩\u{200d}👧.jpg", "Zoë 漢字 👩\u{200d}👧.jpg"),
            ("", "file"),
            ("..", "file"),
            (" . ", "file"),
            ("dir/", "file"),
            (".htaccess", ".htaccess"),
        ] {
            assert_eq!(clean(given), kept, "{given:?}");
        }
    }

    #[test]
    fn long_names_are_cut_before_their_extension() {
        let cut = clean(&format!("{}.jpeg", "ä".repeat(300)));
        assert!(cut.len() <= 255 && cut.len() > 250 && cut.ends_with("ä.jpeg"), "{cut}");
        assert_eq!(clean(&"x".repeat(300)).len(), 255);
        assert_eq!(clean(&format!("x.{}", "y".repeat(300))).len(), 255);
    }

    #[test]
    fn an_extension_needs_a_stem() {
        assert_eq!(extension("a.TAR.Gz").as_deref(), Some("gz"));
        assert_eq!((extension("a"), extension(".env"), extension("a.")), (None, None, None));
    }
}
