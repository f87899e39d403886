//! What came of sending a delivery, and when it is tried again (decisions §4).

use std::time::Duration;

use http::{HeaderMap, header};
use outbound::{Excess, Limits, Response};
use tokio::time::Instant;
use types::Timestamp;

use crate::App;

/// The longest answer that is kept, in bytes.
const LONGEST_ANSWER: u64 = 2_048;
/// The first try again; each next one takes twice as long.
const FIRST_DELAY: Duration = Duration::from_secs(5);
/// The longest time between two tries.
const LONGEST_DELAY: Duration = Duration::from_hours(1);
/// How long a delivery is tried.
pub const GIVEN_UP_AFTER: Duration = Duration::from_hours(72);
/// How long the others in its lane wait for a delivery.
pub const KEEPS_ORDER_FOR: Duration = Duration::from_mins(15);

/// One try.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// When it began.
    pub at: Timestamp,
    /// How long it took.
    pub duration: Duration,
    /// The answer's status, if there was one.
    pub status: Option<u16>,
    /// Why there was none.
    pub error: Option<String>,
    /// The beginning of the answer's body.
    pub answer: String,
    /// What follows from it.
    pub verdict: Verdict,
}

/// What follows from an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It was taken.
    Taken,
    /// It may be taken later; not before, if the receiver said when.
    Again(Option<Duration>),
    /// It will never be taken.
    Refused,
}

impl Attempt {
    /// The attempt that began at `at` and ended so.
    fn new(at: Timestamp, duration: Duration, ended: Result<Response, outbound::Error>) -> Self {
        match ended {
            Ok(response) => Self {
                at,
                duration,
                status: Some(response.status.as_u16()),
                error: None,
                answer: text_of(&response.body),
                verdict: verdict(response.status.as_u16(), &response.headers),
            },
            Err(cause) => Self {
                at,
                duration,
                status: None,
                error: Some(cause.to_string()),
                answer: String::new(),
                verdict: if cause.is_transient() { Verdict::Again(None) } else { Verdict::Refused },
            },
        }
    }

    /// Sends `body` to `url`, which has to answer within `time`.
    pub async fn make(app: &App, url: &str, headers: HeaderMap, body: String, time: Duration) -> Self {
        let limits = Limits { time, bytes: LONGEST_ANSWER, excess: Excess::Cut };
        let (at, began) = (app.clock.now(), Instant::now());
        let ended = app.webhooks.post(url, headers, body, limits).await;
        Self::new(at, began.elapsed(), ended)
    }

    /// What went wrong, in words; `None` when nothing did.
    pub fn failure(&self) -> Option<String> {
        match (self.verdict, self.status, &self.error) {
            (Verdict::Taken, ..) => None,
            (_, Some(status), _) => Some(format!("the receiver answered {status}")),
            (_, None, error) => Some(error.clone().unwrap_or_default()),
        }
    }
}

/// Redirects are not followed: who moves says so for good, by another address.
fn verdict(status: u16, headers: &HeaderMap) -> Verdict {
    match status {
        200..300 => Verdict::Taken,
        300..400 | 408 | 425 | 429 | 500.. => Verdict::Again(retry_after(headers)),
        _ => Verdict::Refused,
    }
}

/// The seconds that a receiver asked for, as far as anybody waits between two tries.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_DELAY))
}

/// A database holds no zero bytes in texts.
fn text_of(body: &[u8]) -> String {
    String::from_utf8_lossy(body).replace('\0', "\u{fffd}")
}

/// How long a delivery that failed `tries` times waits: twice as long each time, `jitter` (0 to 1) spreads those that
/// failed together.
pub fn delay(tries: i64, jitter: f64) -> Duration {
    let doublings = u32::try_from((tries - 1).clamp(0, 16)).unwrap_or(0);
    let delay = (FIRST_DELAY * 2_u32.pow(doublings)).min(LONGEST_DELAY);
    delay.mul_f64(1.0 - 0.2 * jitter)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::{HeaderMap, HeaderValue};

    use super::{Verdict, delay, verdict};

    #[test]
    fn answers_are_taken_refused_or_asked_for_again() {
        let none = HeaderMap::new();
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(verdict(status, &none), Verdict::Taken, "{status}");
        }
        for status in [301, 302, 307, 308, 408, 425, 429, 500, 502, 503, 504, 599] {
            assert_eq!(verdict(status, &none), Verdict::Again(None), "{status}");
        }
        for status in [100, 400, 401, 403, 404, 405, 410, 413, 422] {
            assert_eq!(verdict(status, &none), Verdict::Refused, "{status}");
        }
        let asks = |text: &'static str| {
            HeaderMap::from_iter([("retry-after".parse().unwrap(), HeaderValue::from_static(text))])
        };
        assert_eq!(verdict(503, &asks("90")), Verdict::Again(Some(Duration::from_secs(90))));
        assert_eq!(verdict(429, &asks("999999999")), Verdict::Again(Some(Duration::from_hours(1))));
        assert_eq!(verdict(429, &asks("Wed, 21 Oct 2026 07:28:00 GMT")), Verdict::Again(None));
    }

    #[test]
    fn delays_double_up_to_an_hour() {
        let seconds: Vec<u64> = (1..=12).map(|tries| delay(tries, 0.0).as_secs()).collect();
        assert_eq!(seconds, [5, 10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600, 3_600]);
        assert_eq!(delay(i64::MAX, 0.0), Duration::from_hours(1));
        assert!(delay(1, 1.0) >= Duration::from_secs(4));
    }
}
