//! Mails as a program of their reader sees them.

/// A mail that was sent: enough of MIME for those of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedMail {
    /// Whom it is for.
    pub to: String,
    /// Who sent it.
    pub from: String,
    /// What it is about; words beyond ASCII stay encoded.
    pub subject: String,
    /// What it says as text.
    pub text: String,
    /// What it says as HTML.
    pub html: String,
}

impl ReceivedMail {
    /// Reads a mail with two alternatives.
    ///
    /// # Panics
    /// When it is no such mail.
    pub fn read(mail: &str) -> Self {
        let (head, body) = mail.split_once("\r\n\r\n").expect("a head and a body");
        let head = head.replace("\r\n ", " ");
        let header = |name: &str| {
            let line = head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            line.unwrap_or_else(|| panic!("no {name} in {head}")).to_owned()
        };
        let boundary = head.split_once("boundary=\"").and_then(|(_, rest)| rest.split_once('"')).expect("a boundary").0;
        let parts: Vec<&str> = body.split(&format!("--{boundary}")).collect();
        let part = |kind: &str| {
            let found = parts.iter().find(|part| part.contains(kind)).unwrap_or_else(|| panic!("no {kind} in {body}"));
            decoded(found)
        };
        Self {
            to: header("To"),
            from: header("From"),
            subject: header("Subject"),
            text: part("text/plain"),
            html: part("text/html"),
        }
    }

    /// The secret in the link of the text, behind `name=`.
    ///
    /// # Panics
    /// When there is none.
    pub fn secret(&self, name: &str) -> String {
        let (_, rest) =
            self.text.split_once(&format!("{name}=")).unwrap_or_else(|| panic!("no {name} in {}", self.text));
        rest.split_whitespace().next().unwrap_or_default().to_owned()
    }
}

fn decoded(part: &str) -> String {
    let (head, body) = part.split_once("\r\n\r\n").expect("a head and a body");
    let body = body.strip_suffix("\r\n").unwrap_or(body);
    if head.contains("base64") {
        use base64::Engine;
        let text: String = body.split_whitespace().collect();
        let bytes = base64::engine::general_purpose::STANDARD.decode(text).expect("base64");
        return String::from_utf8(bytes).expect("UTF-8");
    }
    if !head.contains("quoted-printable") {
        return body.to_owned();
    }
    let joined = body.replace("=\r\n", "");
    let mut pieces = joined.split('=');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let (code, rest) = piece.split_at(2);
        bytes.push(u8::from_str_radix(code, 16).expect("two hex digits"));
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).expect("UTF-8")
}
