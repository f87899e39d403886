//! Sends what is to be refused, and keeps what was wrong with the answers.

use testing::openapi::Validator;

use super::field::Field;
use super::site::Site;
use super::value::Expected;
use super::{Operation, Sent, check_document, check_refusal, document, is_sign_up, sample};
use crate::testing::{Answer, TestApp};

/// What is sent to find fault, and what was found.
pub struct Trial<'a> {
    /// The product.
    pub app: &'a TestApp,
    /// Where the requests go.
    pub site: Site,
    platform_token: String,
    validator: Validator,
    /// Grows with every body, so that no two are the same.
    pub number: usize,
    sent: usize,
    /// Sent once and refused: sending them again must not change a row.
    refused: Vec<Sent>,
    /// What was wrong.
    pub problems: Vec<String>,
}

impl<'a> Trial<'a> {
    /// A new account to try things on.
    pub async fn new(app: &'a TestApp) -> Self {
        let site = Site::new(app).await;
        let platform_token = site.granted_app(app).await;
        let validator = Validator::new(document());
        Self { app, site, platform_token, validator, number: 0, sent: 0, refused: Vec::new(), problems: Vec::new() }
    }

    /// A request to `operation` by somebody who may, without body.
    pub fn request(&self, operation: &Operation, path: &str) -> Sent {
        let token = match operation.path.split('/').nth(1) {
            // A stranger's, so that what is about the user is looked at.
            _ if operation.id == "signUp" => None,
            Some("platform") => Some(self.platform_token.as_str()),
            Some("api") => Some(self.site.administrator.token.as_str()),
            _ => None,
        };
        Sent::new(&operation.method, path, token)
    }

    /// The same with a good body, where the operation has one.
    pub fn good(&mut self, operation: &Operation, path: &str) -> Sent {
        self.number += 1;
        let sent = self.request(operation, path);
        match sample::body(operation, &self.site, self.number) {
            Some(body) => sent.json(body.to_string()),
            None => sent,
        }
    }

    /// Sends a request whose answer must be as expected; one for `field` must name it.
    pub async fn send(&mut self, sent: Sent, expected: Expected, field: Option<&Field>) -> Answer {
        let answer = sent.to(self.app).await;
        self.sent += 1;
        if let Err(problem) = check(&sent, &answer, expected, field) {
            let label = field.map(|field| field.keys.join(".")).unwrap_or_default();
            self.problems.push(format!("{label}: {sent}: {problem} (expected {expected:?})"));
        }
        if let Err(problem) = check_document(&self.validator, &sent, &answer) {
            self.problems.push(format!("{sent}: {problem}"));
        }
        if answer.status.is_client_error() {
            self.refused.push(sent);
        }
        answer
    }

    /// Sends what was refused once more, now between two counts of all rows.
    pub async fn expect_nothing_stored(&mut self) {
        let refused = std::mem::take(&mut self.refused);
        let before = self.app.row_counts().await;
        for sent in &refused {
            sent.to(self.app).await;
        }
        if self.app.row_counts().await == before {
            return;
        }
        for sent in refused {
            let before = self.app.row_counts().await;
            sent.to(self.app).await;
            let after = self.app.row_counts().await;
            let changed: Vec<_> = after.into_iter().filter(|count| !before.contains(count)).collect();
            if !changed.is_empty() {
                self.problems.push(format!("refused, but stored {changed:?}: {sent}"));
            }
        }
    }

    /// Fails if anything was wrong, or if fewer requests than `least` were sent.
    pub async fn finish(mut self, least: usize) {
        self.expect_nothing_stored().await;
        // Shown with `--nocapture`.
        eprintln!("{} requests", self.sent);
        let count = self.problems.len();
        self.problems.truncate(60);
        assert!(self.problems.is_empty(), "{count} problems: {:#?}", self.problems);
        assert!(self.sent >= least, "only {} requests were tried", self.sent);
    }
}

fn check(sent: &Sent, answer: &Answer, expected: Expected, field: Option<&Field>) -> Result<(), String> {
    let text = || String::from_utf8_lossy(&answer.body).chars().take(300).collect::<String>();
    // The 200 of some deletions (rest.md §1.7).
    let status = if answer.status == 204 { 200 } else { answer.status.as_u16() };
    // Of live figures without a type (rest.md §5.17).
    let is_bare = status == 422 && answer.body.is_empty() && sent.path.contains("/reports/conversations");
    if status != 200 && !is_bare {
        check_refusal(&sent.path, answer)?;
    }
    let named = || field.is_none_or(|field| field.is_named(&answer.json()));
    // A proof of identity is right or wrong.
    let is_proof = field.is_some_and(|field| field.name() == "identifier_hash") || sent.path.starts_with("/auth/");
    // Of links from mails, each of which is good once.
    let is_bad_link = status == 422 && sent.path.starts_with("/auth/") && answer.json().get("redirect_url").is_some();
    // Of people who may not sign up (superset §2).
    let is_unwelcome = status == 403 && is_sign_up(sent.path.as_str());
    let is_right = match expected {
        Expected::Anything => true,
        Expected::Status(200) if is_bad_link => true,
        Expected::Status(expected) => status == expected,
        Expected::Named => status == 422 && named(),
        Expected::FineOrNamed if is_unwelcome => true,
        Expected::FineOrNamed if is_proof => matches!(status, 200 | 401 | 422),
        Expected::FineOrNamed => matches!(status, 200 | 404) || (status == 422 && named()),
    };
    if is_right { Ok(()) } else { Err(format!("{status} {}", text())) }
}
