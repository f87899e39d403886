//! Who mails come from.

use std::str::FromStr;

/// The sender of all mails: an address, and a name before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// What people see.
    pub name: Option<String>,
    /// The address.
    pub address: String,
}

impl Sender {
    /// What stands behind the last `@` of the address.
    pub fn domain(&self) -> &str {
        self.address.rsplit('@').next().unwrap_or_default()
    }
}

/// Reads `desk@example.com`, `Desk <desk@example.com>` and `"Desk" <desk@example.com>`.
impl FromStr for Sender {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const PROBLEM: &str = "is no mail address such as desk@example.com or Desk <desk@example.com>";
        let (name, address) = match text.rsplit_once('<') {
            Some((name, address)) => (name.trim(), address.trim_end().strip_suffix('>').ok_or(PROBLEM)?),
            None => ("", text.trim()),
        };
        if text.chars().any(char::is_control) || crate::compose::address(address).is_err() {
            return Err(PROBLEM);
        }
        let name = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name).trim();
        Ok(Self { name: (!name.is_empty()).then(|| name.to_owned()), address: address.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::Sender;

    fn read(text: &str) -> Option<(Option<String>, String)> {
        text.parse::<Sender>().ok().map(|sender| (sender.name, sender.address))
    }

    #[test]
    fn a_sender_has_an_address_and_may_have_a_name() {
        let named = |name: &str| Some((Some(name.to_owned()), "desk@example.com".to_owned()));
        assert_eq!(read("desk@example.com"), Some((None, "desk@example.com".into())));
        assert_eq!(read("Desk <desk@example.com>"), named("Desk"));
        assert_eq!(read("\"Desk, the <good> one\" <desk@example.com>"), named("Desk, the <good> one"));
        for bad in ["", "desk", "Desk <desk>", "Desk <desk@example.com", "a@b\r\nBcc: c@d", "@example.com", "a@b@c"] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }
}
