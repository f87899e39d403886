//! Sending the steps in order and judging what comes back.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use reqwest::Client;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::answer::Answer;
use super::deviation::Entries;
use super::difference::{Difference, What, shorten};
use super::ears::{Ears, HearingError};
use super::golden::{Golden, Recording};
use super::heard::Tally;
use super::hooks::Hooks;
use super::need::Need;
use super::observation::Observation;
use super::path::{Place, look_up};
use super::pattern::Rules;
use super::plan::{BadNeeds, Plan, Verdict};
use super::policy::Policy;
use super::report::{Failure, FileReport, Outcome, Report};
use super::request::{self, RequestError};
use super::step::{Expected, Request, Step};
use super::text::Texts;
use super::vars::Vars;

/// Pause between two questions for an awaited effect.
const POLL: Duration = Duration::from_millis(50);
/// How long an awaited effect is asked for, by default.
const PATIENCE: Duration = Duration::from_secs(12);
/// How long nothing comes when everything has been heard, by default.
const SILENCE: Duration = Duration::from_millis(1500);
/// Limits of one request.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(30);
/// Nobody listens there.
const NO_HOOKS: &str = "http://127.0.0.1:9";
/// Longest part of an answer that a report shows, in characters.
const SHOWN: usize = 400;

/// The server that is asked, and the values given from the start.
#[derive(Debug, Clone)]
pub struct Stage {
    /// Address of the server, such as `http://127.0.0.1:3000`.
    pub base_url: String,
    /// Token of the platform app.
    pub platform_token: String,
    /// Any eight letters and digits.
    pub run_id: String,
    /// The server's time, in seconds since the epoch.
    pub now_seconds: i64,
}

impl Stage {
    fn vars(&self, hooks_url: &str) -> Vars {
        const DAY: i64 = 86_400;
        let mut vars = Vars::default();
        vars.save("run.id", json!(self.run_id));
        vars.save("run.now", json!(self.now_seconds));
        vars.save("run.today", json!(self.now_seconds - self.now_seconds.rem_euclid(DAY)));
        for (name, days) in [("week_ago", -7), ("yesterday", -1), ("today", 0), ("tomorrow", 1)] {
            let seconds = self.now_seconds + days * DAY;
            let day = jiff::Timestamp::from_second(seconds).map(|time| time.strftime("%Y-%m-%d").to_string());
            vars.save(format!("day.{name}"), json!(day.unwrap_or_default()));
        }
        vars.save("token.platform", json!(self.platform_token));
        vars.save("hooks.base", json!(hooks_url));
        vars
    }
}

type Settle = Box<dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;
type Check = Box<dyn Fn(&str, &str, u16, &Value) -> Result<(), String> + Send + Sync>;

/// A run of recordings against one server.
pub struct Replay {
    stage: Stage,
    files: Vec<Recording>,
    pub(super) policy: Policy,
    pub(super) entries: Entries,
    needs: Vec<Need>,
    hooks: Option<Hooks>,
    pub(super) settle: Option<Settle>,
    check: Check,
    patience: Duration,
    pub(super) silence: Duration,
}

/// Why a run could not go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The list of needs does not fit the policy.
    #[error(transparent)]
    Needs(#[from] BadNeeds),
    /// No connection to the server.
    #[error("step {step} could not be sent: {source}")]
    Unreachable {
        /// The step.
        step: String,
        /// What went wrong.
        source: reqwest::Error,
    },
    /// The HTTP client could not be made.
    #[error("no HTTP client: {0}")]
    Client(reqwest::Error),
    /// A receiver can hear nothing more.
    #[error("step {step}: {source}")]
    Hearing {
        /// The step.
        step: String,
        /// What went wrong.
        source: HearingError,
    },
}

impl Replay {
    /// A run of `golden` on `stage`.
    pub fn new(mut stage: Stage, golden: Golden) -> Self {
        stage.base_url.truncate(stage.base_url.trim_end_matches('/').len());
        let Golden { files, entries, needs, policy } = golden;
        Self {
            stage,
            files,
            policy,
            entries,
            needs,
            hooks: None,
            settle: None,
            check: Box::new(|_, _, _, _| Ok(())),
            patience: PATIENCE,
            silence: SILENCE,
        }
    }

    /// How to let background work end; nothing is done by default.
    ///
    /// Called before steps that ask for it, before every try of a step that awaits something, and before it is looked at
    /// what was heard: everything that happened must then have been sent to the sockets, and every webhook have answered.
    #[must_use]
    pub fn settle<F, Ended>(mut self, settle: F) -> Self
    where
        F: Fn() -> Ended + Send + Sync + 'static,
        Ended: Future<Output = ()> + Send + 'static,
    {
        self.settle = Some(Box::new(move || Box::pin(settle())));
        self
    }

    /// Who is called by webhooks: `hooks.base` is then its address, and what it is told is heard. By default nobody
    /// listens at `hooks.base`.
    #[must_use]
    pub fn hear(mut self, hooks: Hooks) -> Self {
        self.hooks = Some(hooks);
        self
    }

    /// How to check every JSON answer, given method, path, status and body.
    #[must_use]
    pub fn check<F>(mut self, check: F) -> Self
    where
        F: Fn(&str, &str, u16, &Value) -> Result<(), String> + Send + Sync + 'static,
    {
        self.check = Box::new(check);
        self
    }

    /// How long an awaited effect is asked for; 12 s by default.
    #[must_use]
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// How long nothing may come until everything has been heard; 1.5 s by default, as when it was recorded.
    ///
    /// Only without `settle`: with it nobody waits.
    #[must_use]
    pub const fn silence(mut self, silence: Duration) -> Self {
        self.silence = silence;
        self
    }

    /// Sends all steps and tells what came of them.
    pub async fn run(&self) -> Result<Report, RunError> {
        let plan = Plan::new(&self.files, &self.policy, &self.needs)?;
        let mut session = Session::start(self)?;
        let mut report = Report { entries_known: self.entries.len(), ..Report::default() };
        for file in &self.files {
            let mut part = FileReport::new(&file.name);
            for step in &file.steps {
                let outcome = session.play(step, plan.verdict(&step.id)).await?;
                part.add(&step.id, outcome);
            }
            part.tally = std::mem::take(&mut session.tally);
            report.files.push(part);
        }
        report.entries_used = session.used.len();
        Ok(report)
    }
}

/// A run under way.
pub(super) struct Session<'a> {
    pub(super) replay: &'a Replay,
    client: Client,
    pub(super) vars: Vars,
    pub(super) used: BTreeSet<usize>,
    pub(super) ears: Ears<'a>,
    /// Whether nothing was done since everything was heard.
    pub(super) is_quiet: bool,
    pub(super) tally: Tally,
    /// What every step expects, for twins.
    expected: BTreeMap<&'a str, &'a Expected>,
}

/// One answer and in what it differs.
pub(super) struct Try {
    pub(super) answer: String,
    pub(super) differences: Vec<Difference>,
    pub(super) deviates: bool,
}

impl<'a> Session<'a> {
    fn start(replay: &'a Replay) -> Result<Self, RunError> {
        let client = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(RunError::Client)?;
        let steps = replay.files.iter().flat_map(|file| &file.steps);
        let expected = steps.map(|step| (step.id.as_str(), &step.answer)).collect();
        let hooks = replay.hooks.as_ref();
        let vars = replay.stage.vars(hooks.map_or(NO_HOOKS, Hooks::base_url));
        let ears = Ears::new(&replay.stage.base_url, hooks);
        let (used, tally) = (BTreeSet::new(), Tally::default());
        Ok(Self { replay, client, vars, used, ears, is_quiet: true, tally, expected })
    }

    async fn play(&mut self, step: &Step, verdict: &Verdict) -> Result<Outcome, RunError> {
        let hearing = |source| RunError::Hearing { step: step.id.clone(), source };
        if let (Some(seen), Verdict::Compare) = (Observation::of(step), verdict) {
            return self.observe(step, seen).await.map_err(hearing);
        }
        let (Some(request), false) = (&step.request, matches!(verdict, Verdict::Skip(_))) else {
            return Ok(match verdict {
                Verdict::Skip(skip) | Verdict::SendOnly(skip) => Outcome::Skipped(skip.clone()),
                Verdict::Compare => Outcome::NotGiven,
            });
        };
        self.listen_from_here(step).await.map_err(hearing)?;
        self.is_quiet = false;
        let end = Instant::now() + self.replay.patience;
        let mut tried = self.try_once(step, request, verdict).await?;
        while step.awaits && !tried.differences.is_empty() && Instant::now() < end {
            tokio::time::sleep(POLL).await;
            tried = self.try_once(step, request, verdict).await?;
        }
        Ok(outcome(step, format!("{} {}", request.method, request.path), verdict, tried))
    }

    async fn try_once(&mut self, step: &Step, request: &Request, verdict: &Verdict) -> Result<Try, RunError> {
        if let (Some(settle), true) = (&self.replay.settle, step.settle || step.awaits) {
            settle().await;
        }
        let base = &self.replay.stage.base_url;
        let built = match request::build(&self.client, base, step, request, &self.vars) {
            Ok(built) => built,
            Err(error) => return Ok(Try::not_sent(&error)),
        };
        let method = built.method().to_string();
        let path = built.url().path().to_owned();
        let answer = match self.send(built).await {
            Ok(answer) => answer,
            Err(source) if source.is_connect() => {
                return Err(RunError::Unreachable { step: step.id.clone(), source });
            }
            Err(error) => return Ok(Try::unanswered(&error)),
        };
        let missing = self.save(step, &answer);
        let shown = format!("{} {}", answer.status, shorten(&answer.text, SHOWN));
        let mut tried = if *verdict == Verdict::Compare {
            self.excused(step, self.judge(step, &answer), shown)
        } else {
            Try { answer: shown, differences: answer.judge_crash(), deviates: false }
        };
        tried.differences.splice(..0, missing);
        tried.differences.extend(self.check(&method, &path, &answer));
        Ok(tried)
    }

    /// What is left of the differences when those are taken out that an entry allows.
    pub(super) fn excused(&mut self, step: &Step, mut differences: Vec<Difference>, answer: String) -> Try {
        let before = differences.len();
        self.replay.entries.excuse(step, &mut differences, &mut self.used);
        let deviates = differences.len() < before;
        Try { answer, differences, deviates }
    }

    async fn send(&self, request: reqwest::Request) -> Result<Answer, reqwest::Error> {
        let response = self.client.execute(request).await?;
        let text = |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = response.headers().iter().map(|(name, value)| (name.to_string(), text(value)));
        Ok(Answer {
            status: response.status().as_u16(),
            headers: headers.collect(),
            text: String::from_utf8_lossy(&response.bytes().await?).into_owned(),
        })
    }

    /// Keeps the values that a step saves; one that is not there is a difference.
    fn save(&mut self, step: &Step, answer: &Answer) -> Vec<Difference> {
        let json = answer.json().unwrap_or_default();
        let mut missing = Vec::new();
        for (name, path) in &step.save {
            let found = match path.strip_prefix("header:") {
                Some(header) => answer.headers.get(header).map(|value| json!(value)),
                None => look_up(&json, path).filter(|value| !value.is_null()).cloned(),
            };
            match found {
                Some(value) => self.vars.save(name, value),
                None => missing.push(Difference::at(
                    What::Save,
                    &Place::default().key(path),
                    format!("the value {name}"),
                    "nothing",
                )),
            }
        }
        missing
    }

    /// The differences from the step's own answer, or none if its twin's answer fits.
    fn judge(&self, step: &Step, answer: &Answer) -> Vec<Difference> {
        let rules = self.rules(step);
        let refusal = self.replay.policy.refusal_status(step.op.as_deref());
        let judge = |expected: &Expected| answer.judge(expected, step.kind, refusal, &rules);
        if let Some(status) = self.prescribed_status(step) {
            return prescribed(step, status, answer.status);
        }
        let own = judge(&step.answer);
        let twin = step.twin.as_deref().and_then(|twin| self.expected.get(twin));
        match twin.filter(|twin| is_given(twin)) {
            Some(twin) if !own.is_empty() && judge(twin).is_empty() => Vec::new(),
            _ => own,
        }
    }

    /// How the step's answer is compared.
    pub(super) fn rules<'s>(&'s self, step: &'s Step) -> Rules<'s> {
        Rules {
            texts: Texts { vars: &self.vars, base: &self.replay.stage.base_url },
            unordered: &step.unordered,
            align: &step.align,
            shape_only: &step.shape_only,
            volatile: &step.volatile,
        }
    }

    /// The status that a deviation demands instead of the recorded one.
    fn prescribed_status(&self, step: &Step) -> Option<u16> {
        let prescribed = self.replay.entries.prescribed_status(step)?;
        match &step.answer {
            Expected::NotGiven | Expected::Differs { .. } => None,
            Expected::Content { status, .. } if *status == prescribed => None,
            _ => Some(prescribed),
        }
    }

    fn check(&self, method: &str, path: &str, answer: &Answer) -> Option<Difference> {
        let problem = (self.replay.check)(method, path, answer.status, &answer.json()?).err()?;
        Some(Difference::at(What::Schema, &Place::default(), "the documented schema", problem))
    }
}

impl Try {
    fn not_sent(error: &RequestError) -> Self {
        let differences = vec![Difference::body("a request that can be sent", error)];
        Self { answer: "nothing: it was not sent".to_owned(), differences, deviates: false }
    }

    fn unanswered(error: &reqwest::Error) -> Self {
        let differences = vec![Difference::body("an answer", error)];
        Self { answer: "nothing".to_owned(), differences, deviates: false }
    }
}

fn is_given(expected: &Expected) -> bool {
    matches!(expected, Expected::Content { .. })
}

/// With the demanded status only the entry for it is left to meet; any other fails.
fn prescribed(step: &Step, demanded: u16, got: u16) -> Vec<Difference> {
    let recorded = match &step.answer {
        Expected::Content { status, .. } => status.to_string(),
        _ => "another".to_owned(),
    };
    if got == demanded {
        return vec![Difference::status(recorded, got)];
    }
    vec![Difference::status(format!("{demanded}, by a deviation from the recorded {recorded}"), got)]
}

/// What came of a step; `request` says to readers what was asked.
pub(super) fn outcome(step: &Step, request: String, verdict: &Verdict, tried: Try) -> Outcome {
    let Try { answer, differences, deviates } = tried;
    if !differences.is_empty() {
        let may_differ = |found: &Difference| !matches!(found.what, What::Schema | What::Save);
        let is_informational = step.informational && differences.iter().all(may_differ);
        let failure = Failure { step: step.id.clone(), request, answer, differences };
        return if is_informational { Outcome::Informational(failure) } else { Outcome::Failed(failure) };
    }
    match (verdict, &step.answer) {
        (Verdict::SendOnly(skip) | Verdict::Skip(skip), _) => Outcome::SentOnly(skip.clone()),
        (Verdict::Compare, Expected::NotGiven) => Outcome::NotGiven,
        (Verdict::Compare, _) if deviates => Outcome::PassedWithDeviation,
        (Verdict::Compare, _) => Outcome::Passed,
    }
}
