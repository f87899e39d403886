//! The addresses that people give: what of them may be called.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Uri};
use percent_encoding::percent_decode_str;
use url::{Host, Url};

use crate::Error;

/// Longest address, in bytes.
const MAX_LENGTH: usize = 8 * 1024;

/// Ports of well-known services that do not speak HTTP but might be talked into something by it. All are on the list
/// of ports that browsers refuse (Fetch §2.9).
const REFUSED_PORTS: [u16; 38] = [
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 79, 110, 111, 119, 123, 135, 137, 139, 143,
    161, 179, 389, 465, 514, 587, 636, 993, 995, 6667,
];

/// An address that may be tried. Where its name leads is found out when it is connected to.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    url: Url,
}

impl Target {
    /// Reads an address.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::check(read(text)?)
    }

    /// Reads an address that may say who calls: the name and the password go into a header of their own.
    pub fn parse_with_login(text: &str) -> Result<(Self, Option<HeaderValue>), Error> {
        let mut url = read(text)?;
        let name = percent_decode_str(url.username()).collect::<Vec<u8>>();
        let password = url.password().map(|password| percent_decode_str(password).collect::<Vec<u8>>());
        let login = (!name.is_empty() || password.is_some()).then(|| [name, password.unwrap_or_default()].join(&b':'));
        let basic = login.map(|login| HeaderValue::try_from(format!("Basic {}", STANDARD.encode(login))));
        let basic = basic.transpose().map_err(|_| Error::Url("has a name that cannot be sent"))?;
        if url.set_username("").and_then(|()| url.set_password(None)).is_err() && basic.is_some() {
            return Err(Error::Url("names no server"));
        }
        Ok((Self::check(url)?, basic))
    }

    /// Where a `Location` leads from here.
    pub fn follow(&self, location: &str) -> Result<Self, Error> {
        let url = self.url.join(location).map_err(|_| Error::Redirect("to what is no address"))?;
        if self.url.scheme() == "https" && url.scheme() == "http" {
            return Err(Error::Redirect("to an unencrypted address"));
        }
        if url.as_str().len() > MAX_LENGTH {
            return Err(Error::Redirect("to an address that is too long"));
        }
        Self::check(url).map_err(|_| Error::Redirect("to an address that may not be called"))
    }

    fn check(mut url: Url) -> Result<Self, Error> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Error::Url("begins with neither http:// nor https://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Error::Url("has a name or a password in it"));
        }
        if url.port_or_known_default().is_none_or(|port| REFUSED_PORTS.contains(&port)) {
            return Err(Error::Url("has a port that is not for the web"));
        }
        match url.host() {
            Some(Host::Domain(name)) if !name.trim_end_matches('.').is_empty() => {}
            Some(Host::Ipv4(_) | Host::Ipv6(_)) => {}
            _ => return Err(Error::Url("names no server")),
        }
        url.set_fragment(None);
        Ok(Self { url })
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    /// The address as the client takes it.
    pub fn uri(&self) -> Result<Uri, Error> {
        self.url.as_str().parse().map_err(|_| Error::Url("is none of the web"))
    }

    /// Whose calls are counted together: the name and the port.
    pub fn host(&self) -> String {
        self.url[url::Position::BeforeHost..url::Position::AfterPort].to_owned()
    }
}

fn read(text: &str) -> Result<Url, Error> {
    if text.len() > MAX_LENGTH {
        return Err(Error::Url("is too long"));
    }
    if text.contains(|letter: char| letter.is_control() || letter.is_whitespace()) {
        return Err(Error::Url("has blanks in it"));
    }
    Url::parse(text).map_err(|_| Error::Url("is none of the web"))
}
