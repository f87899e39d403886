//! What came of a run.

use std::collections::BTreeMap;
use std::fmt;

use super::difference::Difference;
use super::heard::Tally;
use super::plan::Skip;

/// What came of a run.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// One part for each file, in order.
    pub files: Vec<FileReport>,
    /// How many deviations and unstable places were met.
    pub entries_used: usize,
    /// How many there are.
    pub entries_known: usize,
}

/// What came of one file.
#[derive(Debug, Clone, Default)]
pub struct FileReport {
    /// Name of the file.
    pub name: String,
    /// Steps whose answer fits.
    pub passed: usize,
    /// Steps whose answer fits but for deviations.
    pub passed_with_deviation: usize,
    /// Steps whose answer is not given; they were sent and did not fail.
    pub not_given: usize,
    /// Steps that were sent but not compared, with the reason.
    pub sent_only: Vec<(String, Skip)>,
    /// Steps that were not sent, with the reason.
    pub skipped: Vec<(String, Skip)>,
    /// Differences that are no failures.
    pub informational: Vec<Failure>,
    /// Steps whose answer does not fit.
    pub failures: Vec<Failure>,
    /// Deliveries that were compared, and the others.
    pub tally: Tally,
}

/// A step whose answer does not fit.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Name of the step.
    pub step: String,
    /// Method and path.
    pub request: String,
    /// What came back, shortened, or why nothing did.
    pub answer: String,
    /// In what it differs.
    pub differences: Vec<Difference>,
}

/// What came of one step.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The answer fits.
    Passed,
    /// The answer fits but for deviations.
    PassedWithDeviation,
    /// The answer is not given.
    NotGiven,
    /// It was sent but not compared.
    SentOnly(Skip),
    /// It was not sent.
    Skipped(Skip),
    /// It differs, which is no failure.
    Informational(Failure),
    /// It differs.
    Failed(Failure),
}

/// How many differences of one step are shown.
const SHOWN: usize = 12;

impl Report {
    /// Whether no step failed.
    pub fn is_success(&self) -> bool {
        self.files.iter().all(|file| file.failures.is_empty())
    }
}

impl FileReport {
    /// An empty part for a file.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Takes note of what came of a step.
    pub fn add(&mut self, step: &str, outcome: Outcome) {
        match outcome {
            Outcome::Passed => self.passed += 1,
            Outcome::PassedWithDeviation => self.passed_with_deviation += 1,
            Outcome::NotGiven => self.not_given += 1,
            Outcome::SentOnly(skip) => self.sent_only.push((step.to_owned(), skip)),
            Outcome::Skipped(skip) => self.skipped.push((step.to_owned(), skip)),
            Outcome::Informational(failure) => self.informational.push(failure),
            Outcome::Failed(failure) => self.failures.push(failure),
        }
    }

    /// The steps left out for one reason or another: reason, number, number by subject.
    fn left_out(list: &[(String, Skip)]) -> Vec<String> {
        let mut reasons: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
        for (_, skip) in list {
            *reasons.entry(skip.reason()).or_default().entry(skip.subject()).or_default() += 1;
        }
        let line = |(reason, subjects): (&str, BTreeMap<&str, usize>)| {
            let count: usize = subjects.values().sum();
            let named = subjects.iter().filter(|(subject, _)| !subject.is_empty());
            let named: Vec<String> = named.map(|(subject, count)| format!("{subject} {count}")).collect();
            if named.is_empty() {
                format!("{count} {reason}")
            } else {
                format!("{count} {reason} ({})", named.join(", "))
            }
        };
        reasons.into_iter().map(line).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for file in &self.files {
            write!(f, "{file}")?;
        }
        let failed: usize = self.files.iter().map(|file| file.failures.len()).sum();
        let Self { entries_used, entries_known, .. } = self;
        writeln!(f, "{failed} failed; {entries_used} of {entries_known} deviations and unstable places met")
    }
}

impl fmt::Display for FileReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: {} passed, {} passed with deviation, {} sent (answer not given), {} sent (answer not compared), {} failed, {} skipped",
            self.name,
            self.passed,
            self.passed_with_deviation,
            self.not_given,
            self.sent_only.len(),
            self.failures.len(),
            self.skipped.len(),
        )?;
        for line in Self::left_out(&self.skipped) {
            writeln!(f, "  skipped: {line}")?;
        }
        for line in Self::left_out(&self.sent_only) {
            writeln!(f, "  not compared: {line}")?;
        }
        if self.tally != Tally::default() {
            write!(f, "{}", self.tally)?;
        }
        for failure in &self.informational {
            write!(f, "  informational {failure}")?;
        }
        for failure in &self.failures {
            write!(f, "  FAILED {failure}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { compared, besides, not_given, left_out } = self;
        writeln!(
            f,
            "  deliveries: {compared} compared, {besides} besides by a deviation, {not_given} heard (answer not given)"
        )?;
        for (name, count) in left_out {
            writeln!(f, "  deliveries left out: {name} {count}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.step, self.request)?;
        writeln!(f, "    got {}", self.answer)?;
        for difference in self.differences.iter().take(SHOWN) {
            writeln!(f, "    {difference}")?;
        }
        match self.differences.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => writeln!(f, "    and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_counts_and_shows() {
        let mut file = FileReport::new("01-a.jsonl");
        file.add("a", Outcome::Passed);
        file.add("b", Outcome::Skipped(Skip::LaterOperation("later".to_owned())));
        file.add("c", Outcome::Skipped(Skip::LaterOperation("later".to_owned())));
        file.add(
            "d",
            Outcome::Failed(Failure {
                step: "d".to_owned(),
                request: "GET /x".to_owned(),
                answer: "500 oops".to_owned(),
                differences: vec![Difference::status(200, 500)],
            }),
        );
        let report = Report { files: vec![file], entries_used: 1, entries_known: 2 };
        assert!(!report.is_success());
        let text = report.to_string();
        assert!(text.contains("01-a.jsonl: 1 passed, 0 passed with deviation"), "{text}");
        assert!(
            text.contains("1 failed, 2 skipped\n  skipped: 2 operation that is not served yet (later 2)\n"),
            "{text}"
        );
        assert!(text.contains("FAILED d: GET /x\n    got 500 oops\n    status : expected 200, got 500\n"), "{text}");
        assert!(text.ends_with("1 failed; 1 of 2 deviations and unstable places met\n"), "{text}");
    }
}
