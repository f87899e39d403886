//! Passwords: what they must contain, and how they are kept.

use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{self, PasswordHasher, PasswordVerifier};
use edge::{Error, Problem, Result};
use tokio::sync::Semaphore;

/// Length of a password, in characters.
const LENGTH: std::ops::RangeInclusive<usize> = 6..=128;

/// Requests that wait for their turn; who comes then is told that the server is busy.
const MAX_WAITING: usize = 64;

/// How long a request waits for its turn to hash; then the server is busy.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Hashing takes a processor and 19 MiB for some hundredths of a second: one at a time for each processor.
static QUEUE: LazyLock<Queue> =
    LazyLock::new(|| Queue::new(thread::available_parallelism().map_or(1, Into::into), MAX_WAITING));

/// Who hashes, and who waits for it.
struct Queue {
    turns: Arc<Semaphore>,
    places: Semaphore,
}

/// Stands in for the hash that an unknown user does not have, so that looking for one takes as long.
static NOBODY: LazyLock<password_hash::Result<String>> = LazyLock::new(|| hash_now(&crate::token::random()));

/// In the place of a hash: no password fits it.
pub const NONE: &str = "none";

/// How a password compares with what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// It is another one, or there is none.
    No,
    /// It is the right one.
    Yes,
    /// It is the right one, and should be stored as we hash today.
    YesButOld,
}

/// Fails unless `password` is one that a user may have (rest.md §5.4).
pub fn check_rules(password: &str) -> Result<()> {
    match problem(password) {
        Some(problem) => Err(Error::Invalid(vec![problem])),
        None => Ok(()),
    }
}

/// What is wrong with `password`: one sentence that names everything that is missing.
pub fn problem(password: &str) -> Option<Problem> {
    if password.is_empty() {
        return Some(Problem::new("password", "can't be blank"));
    }
    let length = password.chars().count();
    if !LENGTH.contains(&length) {
        let text = format!("must have {} to {} characters", LENGTH.start(), LENGTH.end());
        return Some(Problem::new("password", &text));
    }
    let has = |is_kind: fn(char) -> bool| password.chars().any(is_kind);
    let kinds = [
        ("an upper-case letter", has(char::is_uppercase)),
        ("a lower-case letter", has(char::is_lowercase)),
        ("a digit", has(|letter| letter.is_ascii_digit())),
        ("a special character", has(|letter| !letter.is_alphanumeric())),
    ];
    let missing: Vec<&str> = kinds.into_iter().filter(|(_, is_there)| !is_there).map(|(name, _)| name).collect();
    (!missing.is_empty()).then(|| Problem::new("password", &format!("must contain {}", missing.join(", "))))
}

/// Hashes `password` with argon2id and a random salt; the text carries its own parameters.
pub async fn hash(password: String) -> Result<String> {
    in_turn(move || hash_now(&password)).await
}

/// How `password` compares with a stored hash; without one it takes as long to say no.
///
/// bcrypt is what an imported installation hashed with.
pub async fn compare(password: String, hash: Option<String>) -> Result<Match> {
    in_turn(move || match hash.as_deref() {
        Some(hash) if hash.starts_with("$argon2") => compare_argon2(&password, hash),
        Some(hash) if ["$2a$", "$2b$", "$2y$"].iter().any(|start| hash.starts_with(start)) => {
            let fits = bcrypt::verify(&password, hash).unwrap_or(false);
            Ok(if fits { Match::YesButOld } else { Match::No })
        }
        _ => {
            let nobody = NOBODY.as_ref().map_err(Clone::clone)?;
            compare_argon2(&password, nobody).map(|_| Match::No)
        }
    })
    .await
}

fn hash_now(password: &str) -> password_hash::Result<String> {
    let hash: PasswordHash = Argon2::default().hash_password(password.as_bytes())?;
    Ok(hash.to_string())
}

fn compare_argon2(password: &str, hash: &str) -> password_hash::Result<Match> {
    match Argon2::default().verify_password(password.as_bytes(), hash) {
        Ok(()) => Ok(Match::Yes),
        Err(password_hash::Error::PasswordInvalid) => Ok(Match::No),
        Err(other) => Err(other),
    }
}

/// Runs `work` on a thread that may block, when its turn comes.
async fn in_turn<T, F>(work: F) -> Result<T>
where
    F: FnOnce() -> password_hash::Result<T> + Send + 'static,
    T: Send + 'static,
{
    QUEUE.run(work).await
}

impl Queue {
    /// `turns` at once, and `places` that wait.
    fn new(turns: usize, places: usize) -> Self {
        Self { turns: Arc::new(Semaphore::new(turns)), places: Semaphore::new(places) }
    }

    /// Work keeps its turn until it is done, also when nobody waits for it any more.
    async fn run<T, F>(&self, work: F) -> Result<T>
    where
        F: FnOnce() -> password_hash::Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let place = self.places.try_acquire().map_err(|_| Error::Unavailable)?;
        let turn = tokio::time::timeout(LONGEST_WAIT, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn.map_err(|_| Error::Unavailable)?.map_err(Error::internal)?;
        drop(place);
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(turn);
            result
        });
        done.await.map_err(Error::internal)?.map_err(|error| Error::internal(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Match, NONE, Queue, check_rules, compare, hash, hash_now, problem};

    #[test]
    fn a_password_needs_all_four_kinds_of_characters() {
        assert!(check_rules("Sample-Pass-2022!").is_ok());
        assert!(check_rules("aB1 xx").is_ok());
        assert!(check_rules(&format!("aB1!{}", "x".repeat(124))).is_ok());
        for bad in ["", "aB1!x", "password", "PASSWORD-1", "Password1", "Password-", &"aB1!".repeat(33)] {
            assert!(check_rules(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn one_problem_names_all_that_is_missing() {
        let problem = problem("password").unwrap();
        assert_eq!(problem.field, "password");
        assert!(problem.message.contains("upper-case"), "{}", problem.message);
        assert!(problem.message.contains("digit") && problem.message.contains("special"), "{}", problem.message);
        assert!(!problem.message.contains("lower-case"), "{}", problem.message);
    }

    #[tokio::test]
    async fn only_the_password_itself_fits_its_hash() {
        let hashed = hash("Sample-Pass-2022!".into()).await.unwrap();
        assert!(hashed.starts_with("$argon2id$"));
        assert_ne!(hash("Sample-Pass-2022!".into()).await.unwrap(), hashed);
        let cases = [
            ("Sample-Pass-2022!", Some(hashed.as_str()), Match::Yes),
            ("Sample-Pass-2023!", Some(hashed.as_str()), Match::No),
            ("Sample-Pass-2022!", Some(NONE), Match::No),
            (NONE, Some(NONE), Match::No),
            ("", Some(""), Match::No),
            ("Sample-Pass-2022!", None, Match::No),
            ("Sample-Pass-2022!", Some("$2a$04$nonsense"), Match::No),
        ];
        for (password, hash, expected) in cases {
            assert_eq!(compare(password.into(), hash.map(str::to_owned)).await.unwrap(), expected, "{hash:?}");
        }
    }

    #[tokio::test]
    async fn hashes_of_bcrypt_are_known_and_old() {
        let made = bcrypt::hash("Sample-Pass-2022!", 4).unwrap();
        for version in ["$2a$", "$2b$", "$2y$"] {
            let hash = made.replacen(&made[..4], version, 1);
            assert_eq!(compare("Sample-Pass-2022!".into(), Some(hash.clone())).await.unwrap(), Match::YesButOld);
            assert_eq!(compare("Sample-Pass-2023!".into(), Some(hash)).await.unwrap(), Match::No);
        }
    }

    #[tokio::test]
    async fn who_would_wait_too_long_hears_that_the_server_is_busy() {
        // A queue of its own: others test with the one of the server.
        let queue = Queue::new(1, 4);
        let asked = (0..40).map(|_| queue.run(|| hash_now("Sample-Pass-2022!")));
        let answers = futures_util::future::join_all(asked).await;
        let busy = answers.iter().filter(|answer| matches!(answer, Err(edge::Error::Unavailable))).count();
        assert!(busy > 0 && busy < 40, "{busy}");
    }
}
