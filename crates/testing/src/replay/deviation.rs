//! Where we mean to answer otherwise than the recording, and what two recordings disagree on.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::amendment::Amendment;
use super::difference::{Difference, What};
use super::step::Step;

/// One line of `deviations.json`, `unstable.json` or a file of the project's own.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Which steps; `*` matches anything.
    step: String,
    /// Which operations; any when absent.
    op: Option<Ops>,
    /// Which kind of difference.
    what: What,
    /// Where: our status, or a path with `[]` for any item; `*` matches anything.
    at: String,
    /// What we answer instead; only deviations have it.
    serve: Option<String>,
    /// What prescribes the deviation.
    clause: Option<String>,
    /// Why the recording is no measure.
    reason: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Ops {
    One(String),
    Several(Vec<String>),
}

impl Entry {
    fn concerns(&self, step: &Step) -> bool {
        let is_op = |op: &str| match &self.op {
            None => true,
            Some(Ops::One(one)) => one == op,
            Some(Ops::Several(several)) => several.iter().any(|one| one == op),
        };
        glob(&self.step, &step.id) && is_op(step.op.as_deref().unwrap_or_default())
    }

    fn allows(&self, difference: &Difference) -> bool {
        self.what == difference.what && glob(&self.at, &difference.at) && !self.is_checked()
    }

    /// Whether what is served instead is checked, so that the entry allows nothing else.
    fn is_checked(&self) -> bool {
        let serve = self.serve.as_deref().unwrap_or_default();
        match self.at.split_once('.') {
            Some(("order", _)) => Amendment::of_order(serve).or_else(|| Amendment::of_count(serve)).is_some(),
            Some(("counts", _)) => Amendment::follows_from_order(serve) || Amendment::of_count(serve).is_some(),
            _ => false,
        }
    }
}

/// Every entry that a run may use.
#[derive(Debug, Clone, Default)]
pub struct Entries {
    entries: Vec<Entry>,
}

impl Entries {
    /// Adds further entries; each must name its clause or its reason.
    pub fn add(&mut self, entries: Vec<Entry>) -> Result<(), NoGround> {
        for entry in entries {
            if entry.clause.is_none() && entry.reason.is_none() {
                return Err(NoGround { step: entry.step, at: entry.at });
            }
            self.entries.push(entry);
        }
        Ok(())
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The status that a deviation prescribes for this step.
    pub fn prescribed_status(&self, step: &Step) -> Option<u16> {
        let is_prescription =
            |entry: &&Entry| entry.what == What::Status && entry.serve.is_some() && entry.concerns(step);
        self.entries.iter().filter(is_prescription).find_map(|entry| entry.at.parse().ok())
    }

    /// What is served instead of the recorded events of a receiver.
    pub fn amendments(&self, step: &Step, receiver: &str) -> Vec<Amendment> {
        let (order, counts) = (format!("order.{receiver}"), format!("counts.{receiver}"));
        let of_order = self.at(step, &order).filter_map(|(_, entry)| Amendment::of_order(entry.serve.as_deref()?));
        let of_count = self.at(step, &counts).filter_map(|(_, entry)| Amendment::of_count(entry.serve.as_deref()?));
        of_order.chain(of_count).collect()
    }

    /// The entries that say so, at the `order` of a receiver's events or at their `counts`.
    pub fn amending(&self, step: &Step, key: &str, receiver: &str) -> Vec<usize> {
        let place = format!("{key}.{receiver}");
        let checked = self.at(step, &place).filter(|(_, entry)| entry.is_checked());
        checked.map(|(index, _)| index).collect()
    }

    /// The entries of a step that name this place, and no pattern of places.
    fn at(&self, step: &Step, place: &str) -> impl Iterator<Item = (usize, &Entry)> {
        self.entries.iter().enumerate().filter(move |(_, entry)| entry.at == place && entry.concerns(step))
    }

    /// Takes out the differences that an entry allows, and notes which entries did.
    pub fn excuse(&self, step: &Step, differences: &mut Vec<Difference>, used: &mut BTreeSet<usize>) {
        let concerned: Vec<(usize, &Entry)> =
            self.entries.iter().enumerate().filter(|(_, entry)| entry.concerns(step)).collect();
        differences.retain(|difference| {
            let allowing = concerned.iter().find(|(_, entry)| entry.allows(difference));
            used.extend(allowing.map(|(index, _)| *index));
            allowing.is_none()
        });
    }
}

/// An entry that says neither clause nor reason.
#[derive(Debug, thiserror::Error)]
#[error("the deviation of {step} at {at} names neither clause nor reason")]
pub struct NoGround {
    step: String,
    at: String,
}

/// Whether `text` is what `pattern` says; `*` stands for anything, also nothing.
fn glob(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((before, after)) => text.strip_prefix(before).is_some_and(|rest| {
            let ends = rest.char_indices().map(|(index, _)| index).chain([rest.len()]);
            ends.into_iter().any(|index| glob(after, &rest[index..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::path::Place;
    use super::super::step::sample;
    use super::*;
    use serde_json::json;

    fn step(id: &str, op: &str) -> Step {
        sample(&json!({"id": id, "op": op}))
    }

    fn entries(value: serde_json::Value) -> Entries {
        let mut entries = Entries::default();
        entries.add(serde_json::from_value(value).unwrap()).unwrap();
        entries
    }

    fn value_at(place: &Place) -> Difference {
        Difference::at(What::Value, place, "a", "b")
    }

    #[test]
    fn a_star_stands_for_anything() {
        assert!(glob("*", ""));
        assert!(glob("contacts.*", "contacts.show.ok"));
        assert!(glob("*.imap_*", "inbox.imap_port"));
        assert!(!glob("contacts.*", "inboxes.show"));
        assert!(!glob("payload[].name", "payload[].names"));
    }

    #[test]
    fn an_entry_allows_its_kind_of_difference_at_its_place_of_its_step() {
        let entries = entries(json!([
            {"step": "a.*", "op": ["one", "two"], "what": "value", "at": "p[].n", "serve": "x", "clause": "y"}
        ]));
        let place = Place::default().key("p").item(4).key("n");
        let left = |step: &Step, difference: Difference| {
            let (mut differences, mut used) = (vec![difference], BTreeSet::new());
            entries.excuse(step, &mut differences, &mut used);
            (differences.len(), used.len())
        };
        assert_eq!(left(&step("a.b", "two"), value_at(&place)), (0, 1));
        assert_eq!(left(&step("a.b", "three"), value_at(&place)), (1, 0));
        assert_eq!(left(&step("b.b", "two"), value_at(&place)), (1, 0));
        assert_eq!(left(&step("a.b", "two"), value_at(&place.key("m"))), (1, 0));
        let missing = Difference::missing(&place, &json!(1));
        assert_eq!(left(&step("a.b", "two"), missing), (1, 0));
    }

    #[test]
    fn an_order_that_is_served_instead_is_read_and_allows_no_other() {
        let entries = entries(json!([
            {"step": "a", "what": "value", "at": "order.x", "serve": "b.c, d.e", "clause": "y"},
            {"step": "a", "what": "value", "at": "counts.x", "serve": "2: b.c, d.e", "clause": "y"},
            {"step": "a", "what": "value", "at": "order.y", "serve": "something more", "clause": "y"}
        ]));
        let step = step("a", "op");
        let instead = Amendment::Instead(vec!["b.c".to_owned(), "d.e".to_owned()]);
        assert_eq!(entries.amendments(&step, "x"), [instead]);
        assert_eq!((entries.amending(&step, "order", "x"), entries.amending(&step, "counts", "x")), (vec![0], vec![1]));
        assert_eq!(entries.amendments(&step, "y"), []);
        let order = |receiver| value_at(&Place::default().key("order").key(receiver));
        let mut differences = vec![order("x"), order("y")];
        entries.excuse(&step, &mut differences, &mut BTreeSet::new());
        assert_eq!(differences, [order("x")]);
    }

    #[test]
    fn one_event_more_is_read_from_the_count_whether_or_not_the_order_says_it_too() {
        let more = "it also receives b.c (1 instead of 0)";
        let entries = entries(json!([
            {"step": "*", "what": "value", "at": "counts.x", "serve": more, "clause": "y"},
            {"step": "a", "what": "value", "at": "order.x", "serve": more, "clause": "y"}
        ]));
        for name in ["a", "b"] {
            let step = step(name, "op");
            assert_eq!(entries.amendments(&step, "x"), [Amendment::Also("b.c".to_owned())]);
            let mut differences = vec![value_at(&Place::default().key("counts").key("x"))];
            entries.excuse(&step, &mut differences, &mut BTreeSet::new());
            assert_eq!(differences.len(), 1);
        }
        assert_eq!(entries.amending(&step("a", "op"), "order", "x"), [1]);
    }

    #[test]
    fn only_a_deviation_prescribes_a_status() {
        let entries = entries(json!([
            {"step": "a", "what": "status", "at": "404", "reason": "unstable"},
            {"step": "a", "what": "status", "at": "422", "serve": "422", "clause": "y"}
        ]));
        assert_eq!(entries.prescribed_status(&step("a", "x")), Some(422));
        assert_eq!(entries.prescribed_status(&step("b", "x")), None);
    }

    #[test]
    fn an_entry_without_a_ground_is_refused() {
        let entry = json!([{"step": "a", "what": "value", "at": "*", "serve": "x"}]);
        assert!(Entries::default().add(serde_json::from_value(entry).unwrap()).is_err());
    }
}
