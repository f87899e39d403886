//! Steps whose answer shows what a skipped step would have done.

use std::collections::BTreeSet;

use serde::Deserialize;

/// One line of `needs.json`: an answer that shows the effect of another step.
///
/// Honoured only while that step is skipped; it must be deleted once it is not.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// The step that looks.
    pub step: String,
    /// The step whose effect it sees.
    pub needs: String,
    /// What it sees.
    pub why: String,
    /// Whether the request is sent all the same, because later steps use what it makes.
    #[serde(default)]
    pub sent: bool,
}

/// Which needs a plan has used.
#[derive(Debug)]
pub struct Needs<'a> {
    list: &'a [Need],
    used: BTreeSet<usize>,
}

impl<'a> Needs<'a> {
    /// Nothing used yet.
    pub const fn new(list: &'a [Need]) -> Self {
        Self { list, used: BTreeSet::new() }
    }

    /// The need of `step` that keeps its answer from being compared.
    pub fn of(&mut self, step: &str, is_skipped: impl Fn(&str) -> bool) -> Option<&'a Need> {
        let fits = |need: &Need| need.step == step && is_skipped(&need.needs);
        let index = self.list.iter().position(fits)?;
        self.used.insert(index);
        self.list.get(index)
    }

    /// The entries that were not used, each with the reason.
    pub fn unused(&self, is_known: impl Fn(&str) -> bool, is_skipped: impl Fn(&str) -> bool) -> Vec<String> {
        let problem = |need: &Need| {
            let Need { step, needs, .. } = need;
            if !is_known(step) || !is_known(needs) {
                return format!("{step} needs {needs}: there is no such step");
            }
            if !is_skipped(needs) {
                return format!("{step} needs {needs}: that step is not skipped before it");
            }
            format!("{step} needs {needs}: the step is skipped without this entry")
        };
        let unused = self.list.iter().enumerate().filter(|(index, _)| !self.used.contains(index));
        unused.map(|(_, need)| problem(need)).collect()
    }
}
