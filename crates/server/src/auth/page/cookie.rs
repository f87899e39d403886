//! The cookie in which the dashboard keeps the headers of its session. No API takes it as a credential: a page of
//! another site that a browser sends it along with gains nothing.

use edge::Session;
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use percent_encoding::percent_decode_str;
use types::Timestamp;

use crate::BaseUrl;
use crate::auth::session::Opened;
use crate::text::url_encoded;

/// As dashboards name it; scripts read it, and send its values as headers.
const NAME: &str = "cw_d_session_info";

/// Sets the cookie for as long as the session lasts.
pub fn keep(session: &Opened, base_url: &BaseUrl, now: Timestamp) -> HeaderValue {
    cookie(&url_encoded(&session.to_json().to_string()), session.expires_at().since(now).as_secs(), base_url)
}

/// Takes the cookie away.
pub fn drop(base_url: &BaseUrl) -> HeaderValue {
    cookie("", 0, base_url)
}

fn cookie(value: &str, seconds: u64, base_url: &BaseUrl) -> HeaderValue {
    let secure = if base_url.starts_with("https://") { "; Secure" } else { "" };
    let text = format!("{NAME}={value}; Path=/; Max-Age={seconds}; SameSite=Lax{secure}");
    HeaderValue::try_from(text).expect("letters, digits and signs")
}

/// The session in the cookie, if there is one.
pub fn session_of(headers: &HeaderMap) -> Option<Session> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let value =
        lines.flat_map(|line| line.split(';')).find_map(|pair| pair.trim().strip_prefix(NAME)?.strip_prefix('='));
    let text = percent_decode_str(value?.trim_matches('"')).decode_utf8().ok()?;
    serde_json::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use http::header::COOKIE;

    use super::session_of;

    fn read(lines: &[&str]) -> Option<(String, String, String)> {
        let headers: HeaderMap = lines.iter().map(|line| (COOKIE, line.parse().unwrap())).collect();
        session_of(&headers).map(|session| (session.token, session.client, session.uid))
    }

    #[test]
    fn a_session_is_read_as_scripts_and_as_we_write_it() {
        let found = Some(("t".into(), "c".into(), "u@sample.test".into()));
        let ours = "cw_d_session_info=%7B%22access-token%22%3A%22t%22%2C%22client%22%3A%22c%22%2C%22uid%22%3A%22u%40sample.test%22%7D";
        let scripts = r"{%22access-token%22:%22t%22%2C%22client%22:%22c%22%2C%22uid%22:%22u@sample.test%22}";
        assert_eq!(read(&[ours]), found);
        assert_eq!(read(&[&format!("theme=dark; cw_d_session_info={scripts}; x=y")]), found);
        assert_eq!(read(&["a=b", ours]), found);
    }

    #[test]
    fn whatever_else_is_there_is_no_session() {
        for line in ["", "cw_d_session_info", "cw_d_session_info=", "cw_d_session_info=%ff", "cw_d_session_info=[1"] {
            assert_eq!(read(&[line]), None, "{line}");
        }
        assert_eq!(read(&["cw_d_session_infos=%7B%7D", "xcw_d_session_info=%7B%7D"]), None);
    }
}
