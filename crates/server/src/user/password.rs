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

/// How long a request waits for its turn to hash; then the server is busy.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Hashing takes a processor and 19 MiB for some hundredths of a second: one at a time for each processor.
static TURNS: LazyLock<Arc<Semaphore>> =
    LazyLock::new(|| Arc::new(Semaphore::new(thread::available_parallelism().map_or(1, Into::into))));

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
    in_turn(move || {
        let hash: PasswordHash = Argon2::default().hash_password(password.as_bytes())?;
        Ok(hash.to_string())
    })
    .await
}

/// Whether `password` is the one that `hash` was made of.
pub async fn verify(password: String, hash: String) -> Result<bool> {
    in_turn(move || match Argon2::default().verify_password(password.as_bytes(), hash.as_str()) {
        Ok(()) => Ok(true),
        Err(password_hash::Error::PasswordInvalid) => Ok(false),
        Err(other) => Err(other),
    })
    .await
}

/// Runs `work` on a thread that may block. It keeps its turn until it is done, also when nobody waits any more.
async fn in_turn<T, F>(work: F) -> Result<T>
where
    F: FnOnce() -> password_hash::Result<T> + Send + 'static,
    T: Send + 'static,
{
    let turn = tokio::time::timeout(LONGEST_WAIT, Arc::clone(&TURNS).acquire_owned()).await;
    let turn = turn.map_err(|_| Error::Unavailable)?.map_err(Error::internal)?;
    let done = tokio::task::spawn_blocking(move || {
        let result = work();
        drop(turn);
        result
    });
    done.await.map_err(Error::internal)?.map_err(|error| Error::internal(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::{check_rules, hash, problem, verify};

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
        assert!(verify("Sample-Pass-2022!".into(), hashed.clone()).await.unwrap());
        assert!(!verify("Sample-Pass-2023!".into(), hashed.clone()).await.unwrap());
        assert_ne!(hash("Sample-Pass-2022!".into()).await.unwrap(), hashed);
        assert!(verify("Sample-Pass-2022!".into(), "not a hash".into()).await.is_err());
    }
}
