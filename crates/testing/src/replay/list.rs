//! Comparing lists: in order, in any order, paired by keys.

use serde_json::Value;

use super::difference::{Difference, What};
use super::path::Place;
use super::pattern::Rules;

/// Compares item by item; another length is one difference of the list.
pub fn ordered(rules: &Rules<'_>, place: &Place, expected: &[Value], got: &[Value]) -> Vec<Difference> {
    let items = expected
        .iter()
        .zip(got)
        .enumerate()
        .flat_map(|(index, (pattern, answer))| rules.compare_at(&place.item(index), pattern, answer));
    other_length(place, expected, got).into_iter().chain(items).collect()
}

/// Pairs the items so that as many as possible fit, then compares the pairs.
pub fn unordered(rules: &Rules<'_>, place: &Place, expected: &[Value], got: &[Value]) -> Vec<Difference> {
    let table: Vec<Vec<Vec<Difference>>> = expected
        .iter()
        .map(|pattern| {
            let compare = |(index, answer)| rules.compare_at(&place.item(index), pattern, answer);
            got.iter().enumerate().map(compare).collect()
        })
        .collect();
    let mut pairs = Pairs::fitting(&table);
    pairs.pair_the_rest(&table);
    let differences = pairs
        .of_expected
        .iter()
        .enumerate()
        .filter_map(|(index, pair)| pair.map(|answer| table[index][answer].clone()));
    other_length(place, expected, got).into_iter().chain(differences.flatten()).collect()
}

/// Pairs the items in which the named keys fit; what has no partner is missing.
pub fn aligned(
    rules: &Rules<'_>,
    place: &Place,
    keys: &[String],
    expected: &[Value],
    got: &[Value],
) -> Vec<Difference> {
    let mut free: Vec<usize> = (0..got.len()).collect();
    let mut differences: Vec<Difference> = other_length(place, expected, got).into_iter().collect();
    for (index, pattern) in expected.iter().enumerate() {
        let is_partner = |&answer: &usize| {
            keys.iter().all(|key| {
                let (Some(pattern), Some(answer)) = (pattern.get(key), got[answer].get(key)) else {
                    return false;
                };
                rules.compare_at(place, pattern, answer).is_empty()
            })
        };
        match free.iter().position(is_partner) {
            Some(position) => {
                let answer = free.remove(position);
                differences.extend(rules.compare_at(&place.item(answer), pattern, &got[answer]));
            }
            None => differences.push(Difference::missing(&place.item(index), pattern)),
        }
    }
    differences
}

fn other_length(place: &Place, expected: &[Value], got: &[Value]) -> Option<Difference> {
    let items = |count: usize| format!("{count} items");
    (expected.len() != got.len()).then(|| Difference::at(What::Value, place, items(expected.len()), items(got.len())))
}

/// Which item of the answer belongs to which expected one.
struct Pairs {
    of_expected: Vec<Option<usize>>,
    of_got: Vec<Option<usize>>,
}

impl Pairs {
    /// The largest set of pairs without a difference (augmenting paths).
    fn fitting(table: &[Vec<Vec<Difference>>]) -> Self {
        let width = table.first().map_or(0, Vec::len);
        let mut pairs = Self { of_expected: vec![None; table.len()], of_got: vec![None; width] };
        for expected in 0..table.len() {
            pairs.augment(table, expected, &mut vec![false; width]);
        }
        pairs
    }

    fn augment(&mut self, table: &[Vec<Vec<Difference>>], expected: usize, seen: &mut [bool]) -> bool {
        for got in 0..seen.len() {
            if seen[got] || !table[expected][got].is_empty() {
                continue;
            }
            seen[got] = true;
            let is_free = match self.of_got[got] {
                None => true,
                Some(other) => self.augment(table, other, seen),
            };
            if is_free {
                self.of_got[got] = Some(expected);
                self.of_expected[expected] = Some(got);
                return true;
            }
        }
        false
    }

    /// Pairs the items left over: those with the fewest differences find each other first.
    fn pair_the_rest(&mut self, table: &[Vec<Vec<Difference>>]) {
        let cells = |(expected, row): (usize, &Vec<Vec<Difference>>)| {
            row.iter().enumerate().map(|(got, found)| (found.len(), expected, got)).collect::<Vec<_>>()
        };
        let mut nearest: Vec<(usize, usize, usize)> = table.iter().enumerate().flat_map(cells).collect();
        nearest.sort_unstable();
        for (_, expected, got) in nearest {
            if self.of_expected[expected].is_none() && self.of_got[got].is_none() {
                self.of_got[got] = Some(expected);
                self.of_expected[expected] = Some(got);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::text::Texts;
    use super::super::vars::Vars;
    use super::*;
    use serde_json::json;

    fn compare(pattern: &Value, answer: &Value, unordered: &[&str], align: &[&str]) -> Vec<String> {
        let unordered: Vec<String> = unordered.iter().map(ToString::to_string).collect();
        let keys = vec!["id".to_owned()];
        let align: BTreeMap<_, _> = align.iter().map(|path| (path.to_string(), keys.clone())).collect();
        let vars = Vars::default();
        let rules = Rules {
            texts: Texts { vars: &vars, base: "http://localhost:3000" },
            unordered: &unordered,
            align: &align,
            shape_only: &[],
            volatile: &[],
        };
        let differences = rules.compare(pattern, answer);
        differences.iter().map(|found| format!("{:?} {}", found.what, found.place)).collect()
    }

    #[test]
    fn order_counts_unless_a_rule_says_otherwise() {
        let pattern = json!({"a": [1, 2]});
        let answer = json!({"a": [2, 1]});
        assert_eq!(compare(&pattern, &answer, &[], &[]), ["Value a[0]", "Value a[1]"]);
        assert!(compare(&pattern, &answer, &["a"], &[]).is_empty());
    }

    #[test]
    fn the_whole_answer_and_lists_inside_items_can_be_unordered() {
        assert!(compare(&json!([1, 2]), &json!([2, 1]), &["."], &[]).is_empty());
        let pattern = json!({"p": [{"l": [1, 2]}, {"l": [3]}]});
        let answer = json!({"p": [{"l": [2, 1]}, {"l": [3]}]});
        assert!(compare(&pattern, &answer, &["p.l"], &[]).is_empty());
        assert_eq!(compare(&pattern, &answer, &["p"], &[]).len(), 2);
    }

    #[test]
    fn vague_patterns_do_not_take_what_a_strict_one_needs() {
        let pattern = json!([{"$any": "number"}, 1]);
        assert!(compare(&pattern, &json!([1, 2]), &["."], &[]).is_empty());
        assert_eq!(compare(&pattern, &json!([3, 2]), &["."], &[]), ["Value [1]"]);
    }

    #[test]
    fn what_is_left_over_finds_what_is_nearest() {
        let pattern = json!([{"name": "gone", "v": 1, "w": 1}, {"name": "kept", "v": 1}]);
        let answer = json!([{"name": "kept", "v": 2}]);
        assert_eq!(compare(&pattern, &answer, &["."], &[]), ["Value .", "Value [0].v"]);
    }

    #[test]
    fn another_length_is_told_once() {
        assert_eq!(compare(&json!([1, 2]), &json!([1]), &[], &[]), ["Value ."]);
        assert_eq!(compare(&json!([1, 2]), &json!([2]), &["."], &[]), ["Value ."]);
    }

    #[test]
    fn aligned_items_are_paired_by_their_keys() {
        let pattern = json!([{"id": "a", "v": 1}, {"id": "b", "v": 2}]);
        let answer = json!([{"id": "x"}, {"id": "b", "v": 2}, {"id": "a", "v": 3}]);
        assert_eq!(compare(&pattern, &answer, &[], &["."]), ["Value .", "Value [2].v"]);
        assert_eq!(compare(&pattern, &json!([{"id": "b", "v": 2}, {"id": "c"}]), &[], &["."]), ["Missing [0]"]);
    }
}
