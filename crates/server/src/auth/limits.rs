//! What holds off those who guess passwords and addresses (rest.md §1.9).
//!
//! Exact: never more than the allowed number in any stretch of the window's length. Kept in memory, with a bound; a
//! restart forgets it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use edge::{Error, Result};
use types::Timestamp;

/// How often something may be tried within a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rule {
    name: &'static str,
    most: usize,
    window: Duration,
}

/// Sign-ins from one address.
pub const SIGN_IN_BY_ADDRESS: Rule = Rule::new("sign_in address", 5, Duration::from_mins(5));
/// Sign-ins of one user.
pub const SIGN_IN_BY_EMAIL: Rule = Rule::new("sign_in email", 10, Duration::from_mins(15));
/// Tries of a signed-in user to change the password by the one of today.
pub const CURRENT_PASSWORD_BY_USER: Rule = Rule::new("current_password user", 10, Duration::from_mins(15));
/// Mails about passwords that are asked for, from one address.
pub const PASSWORD_BY_ADDRESS: Rule = Rule::new("password address", 5, Duration::from_mins(30));
/// Mails about passwords to one user.
pub const PASSWORD_BY_EMAIL: Rule = Rule::new("password email", 5, Duration::from_hours(1));
/// Mails about confirmations that are asked for, from one address.
pub const CONFIRMATION_BY_ADDRESS: Rule = Rule::new("confirmation address", 5, Duration::from_mins(30));
/// Mails about confirmations to one user.
pub const CONFIRMATION_BY_EMAIL: Rule = Rule::new("confirmation email", 5, Duration::from_hours(1));
/// Other addresses that a user asks for: each costs a mail to somebody else.
pub const NEW_ADDRESS_BY_USER: Rule = Rule::new("new_address user", 5, Duration::from_hours(1));
/// Links from mails that are used, from one address; a form may have to be corrected a few times.
pub const LINK_BY_ADDRESS: Rule = Rule::new("link address", 20, Duration::from_mins(15));
/// Sign-ups from one address.
pub const SIGN_UP_BY_ADDRESS: Rule = Rule::new("sign_up address", 5, Duration::from_mins(30));
/// Forms of the set-up page from one address; a form may have to be corrected a few times.
pub const SETUP_BY_ADDRESS: Rule = Rule::new("setup address", 20, Duration::from_mins(15));

/// Counters that are kept at most; the ones that were quiet longest give way.
const MAX_COUNTERS: usize = 50_000;

impl Rule {
    const fn new(name: &'static str, most: usize, window: Duration) -> Self {
        Self { name, most, window }
    }
}

/// The times of the tries, by rule and by whom it is about.
type Counters = HashMap<(Rule, [u8; 16]), VecDeque<Timestamp>>;

/// The tries of the last hour.
#[derive(Debug, Default)]
pub struct Limits {
    counters: Mutex<Counters>,
}

impl Limits {
    /// Counts a try under every rule; when one allows none, the try is refused and counts for nothing.
    pub fn count(&self, now: Timestamp, rules: &[(Rule, &str)]) -> Result<()> {
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let keys: Vec<_> = rules.iter().map(|(rule, who)| (*rule, key(who))).collect();
        let mut wait = Duration::ZERO;
        for (rule, who) in &keys {
            let Some(tries) = counters.get_mut(&(*rule, *who)) else { continue };
            while tries.front().is_some_and(|first| now.since(*first) >= rule.window) {
                tries.pop_front();
            }
            if let Some(first) = tries.front().filter(|_| tries.len() >= rule.most) {
                wait = wait.max(rule.window.saturating_sub(now.since(*first)));
            }
        }
        if !wait.is_zero() {
            return Err(Error::RateLimited { retry_after: wait });
        }
        if counters.len() + keys.len() > MAX_COUNTERS {
            make_room(&mut counters, now);
        }
        for key in keys {
            counters.entry(key).or_default().push_back(now);
        }
        Ok(())
    }
}

/// Drops what counts no more; if that is little, the tenth that was quiet longest.
fn make_room(counters: &mut Counters, now: Timestamp) {
    counters.retain(|(rule, _), tries| tries.back().is_some_and(|last| now.since(*last) < rule.window));
    if counters.len() > MAX_COUNTERS * 9 / 10 {
        let mut lasts: Vec<Timestamp> = counters.values().filter_map(|tries| tries.back().copied()).collect();
        let (_, limit, _) = lasts.select_nth_unstable(MAX_COUNTERS / 10);
        let limit = *limit;
        counters.retain(|_, tries| tries.back().is_some_and(|last| *last > limit));
    }
}

/// However long the name is, its counter is small.
fn key(who: &str) -> [u8; 16] {
    use sha2::{Digest, Sha256};
    let hash = Sha256::digest(who);
    std::array::from_fn(|at| hash[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule::new("test", 3, Duration::from_mins(1));

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_epoch_seconds(1_000_000 + seconds)
    }

    fn wait(result: Result<()>) -> Option<u64> {
        match result {
            Ok(()) => None,
            Err(Error::RateLimited { retry_after }) => Some(retry_after.as_secs()),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn no_stretch_of_time_has_more_tries_than_allowed() {
        let limits = Limits::default();
        let ask = |seconds| wait(limits.count(at(seconds), &[(RULE, "ada")]));
        assert_eq!([ask(0), ask(10), ask(59)], [None; 3]);
        assert_eq!([ask(59), ask(59)], [Some(1), Some(1)]);
        assert_eq!([ask(60), ask(60), ask(70)], [None, Some(10), None]);
        assert_eq!(wait(limits.count(at(70), &[(RULE, "bob")])), None, "others are not held up");
    }

    #[test]
    fn a_refused_try_counts_under_no_rule() {
        let limits = Limits::default();
        for _ in 0..3 {
            limits.count(at(0), &[(RULE, "one")]).unwrap();
        }
        assert_eq!(wait(limits.count(at(1), &[(RULE, "one"), (RULE, "two")])), Some(59));
        for _ in 0..3 {
            limits.count(at(1), &[(RULE, "two")]).unwrap();
        }
    }

    #[test]
    fn memory_is_bounded() {
        let limits = Limits::default();
        for number in 0..120_000 {
            limits.count(at(number / 10_000), &[(RULE, &number.to_string())]).unwrap();
        }
        assert!(limits.counters.lock().unwrap().len() <= MAX_COUNTERS);
        assert_eq!(wait(limits.count(at(12), &[(RULE, "119999")])), None);
    }
}
