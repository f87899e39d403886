//! From a mail to the bytes that are sent.

use std::time::{Duration, SystemTime};

use lettre::message::header::{ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};
use types::Timestamp;
use uuid::Uuid;

use crate::{Failure, Mail, Sender};

/// Longest subject and name, in characters.
const LONGEST_LINE: usize = 200;

/// Longest line of a text that is written as it is, in bytes.
const LONGEST_BYTES: usize = 998;

/// Says that no person wrote the mail, so that no machine answers it (RFC 3834 §5).
#[derive(Debug, Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".into())
    }
}

/// How the bytes of a mail's text are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writing {
    /// As every server takes it.
    ForServers,
    /// Letter by letter where that is possible, for people who copy links out of a file.
    ForPeople,
}

/// The mail as it goes out.
pub fn message(sender: &Sender, mail: &Mail, now: Timestamp, writing: Writing) -> Result<Message, Failure> {
    let from = Mailbox::new(sender.name.as_deref().map(line), address(&sender.address)?);
    let id = format!("<{}@{}>", Uuid::new_v4(), from.email.domain());
    let plain = match writing {
        Writing::ForServers => None,
        Writing::ForPeople => letter_by_letter(&mail.text),
    };
    let plain = plain.unwrap_or_else(|| Body::new(mail.text.clone()));
    let body = MultiPart::alternative()
        .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(plain))
        .singlepart(SinglePart::builder().header(ContentType::TEXT_HTML).body(mail.html.clone()));
    Message::builder()
        .from(from)
        .to(Mailbox::new(None, address(&mail.to)?))
        .subject(line(&mail.subject))
        .date(date(now))
        .message_id(Some(id))
        .header(AutoSubmitted)
        .multipart(body)
        .map_err(|cause| Failure::permanent(format!("the mail cannot be written: {cause}")))
}

/// The text as it is, if its lines are as short as RFC 5322 §2.1.1 wants them.
fn letter_by_letter(text: &str) -> Option<Body> {
    let lines: Vec<String> = text.lines().map(|line| line.replace('\r', " ")).collect();
    let fits = lines.iter().all(|line| line.len() <= LONGEST_BYTES);
    let text: String = lines.iter().flat_map(|line| [line, "\r\n"]).collect();
    fits.then(|| Body::dangerous_pre_encoded(text.into_bytes(), ContentTransferEncoding::EightBit))
}

/// An address that mail can go to; a domain beyond ASCII is written as the net knows it.
pub fn address(text: &str) -> Result<Address, Failure> {
    let refused = || Failure::permanent("mail cannot go to this address");
    let (local, domain) = text.rsplit_once('@').ok_or_else(refused)?;
    let domain = if domain.is_ascii() {
        domain.to_owned()
    } else {
        url::Host::parse(domain).map_err(|_| refused())?.to_string()
    };
    Address::new(local, domain).map_err(|_| refused())
}

/// `text` on one line: what is no letter of a line is a blank, and what is too long is cut.
fn line(text: &str) -> String {
    let words: Vec<&str> = text.split(|letter: char| letter.is_whitespace() || letter.is_control()).collect();
    let line = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if line.chars().nth(LONGEST_LINE).is_none() {
        return line;
    }
    line.chars().take(LONGEST_LINE - 1).chain(['…']).collect()
}

fn date(now: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(u64::try_from(now.as_micros()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use types::Timestamp;

    use super::{Writing, address, line, message};
    use crate::{Mail, Sender};

    fn written(name: &str, subject: &str) -> String {
        let sender = Sender { name: Some(name.into()), address: "desk@example.com".into() };
        let mail = Mail {
            to: "ada@example.com".into(),
            subject: subject.into(),
            text: "Hello Ada".into(),
            html: "<p>Hello Ada</p>".into(),
        };
        let message =
            message(&sender, &mail, Timestamp::from_epoch_seconds(1_767_607_200), Writing::ForServers).unwrap();
        String::from_utf8(message.formatted()).unwrap()
    }

    #[test]
    fn a_mail_has_a_text_and_the_same_as_html() {
        let mail = written("Desk", "Welcome");
        for line in [
            "From: Desk <desk@example.com>\r\n",
            "To: ada@example.com\r\n",
            "Subject: Welcome\r\n",
            "Date: Mon, 05 Jan 2026 10:00:00 +0000\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "\r\nHello Ada\r\n",
            "\r\n<p>Hello Ada</p>\r\n",
        ] {
            assert!(mail.contains(line), "{line:?} is not in {mail}");
        }
        assert!(mail.contains("multipart/alternative") && mail.contains("@example.com>\r\n"), "{mail}");
    }

    #[test]
    fn no_text_begins_a_header_or_the_body() {
        let evil = "Hi\r\nBcc: eve@example.com\r\n\r\nBuy\n\tnow\u{b}\u{0}\u{85}\u{2028}!";
        for mail in [written("Desk", evil), written(evil, "Welcome"), written("\"a\" <b@c>, d", "Zoë\r\nBcc: x@y")] {
            let (head, _) = mail.split_once("\r\n\r\n").unwrap();
            let names: Vec<&str> = head
                .split("\r\n")
                .filter(|line| !line.starts_with([' ', '\t']))
                .map(|line| line.split(':').next().unwrap())
                .collect();
            assert!(!names.contains(&"Bcc"), "{head}");
            assert_eq!(names.iter().filter(|name| **name == "From").count(), 1, "{head}");
            assert!(mail.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n'])), "{mail}");
        }
    }

    #[test]
    fn long_texts_and_those_beyond_ascii_fit_into_headers() {
        let mail = written(&"Zoë 🦊 ".repeat(60), &"ありがとう".repeat(60));
        assert!(mail.is_ascii() && mail.split("\r\n").all(|line| line.len() <= 78), "{mail}");
        assert_eq!(line("  a \r\n b\t"), "a b");
        assert_eq!(line(&"é".repeat(201)).chars().count(), 200);
    }

    #[test]
    fn an_address_is_one_that_mail_can_go_to() {
        assert_eq!(address("ada@bücher.example").unwrap().to_string(), "ada@xn--bcher-kva.example");
        assert_eq!(address("zoë@example.com").unwrap().to_string(), "zoë@example.com");
        for bad in
            ["", "ada", "@example.com", "ada@", "a b@example.com", "a@b, c@d", "a@b>\r\nBcc: c@d", "<a@b", "a@ü ü"]
        {
            assert!(address(bad).is_err_and(|failure| failure.is_permanent()), "{bad:?}");
        }
    }
}
