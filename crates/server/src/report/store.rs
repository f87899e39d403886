//! The figures of a scope within a range: kept ones where there are any, and what they leave over.

use std::collections::BTreeMap;

use edge::Result;
use store::Conn;
use types::AccountId;

use super::buckets::{Buckets, Group};
use super::range::Range;
use super::read::Question;
use super::scope::{self, Scope, Which};
use super::tally::{Columns, Cut, DAY};
use super::{Figure, Metric, Sums, count, tally};

/// What kept figures contain although it counts no more.
const HIDDEN: [Which; 2] = [Which::OfDeletedInboxes, Which::OfDeletedContacts];

/// The figures of the buckets that have something, by their start.
pub fn series(conn: &mut Conn<'_>, account: AccountId, question: &Question) -> Result<BTreeMap<i64, Figure>> {
    let Question { metric, scope, range, buckets, business_hours } = question;
    let kept = scope.subject().zip(Columns::of(*metric, *business_hours));
    let Some((subject, columns)) = kept else {
        let found = count::series(conn, account, question, *range, Which::Shown)?;
        return Ok(collect(*buckets, found, *metric));
    };
    let days = buckets.group != Group::Hour && buckets.offset.rem_euclid(DAY) == 0;
    let cut = Cut::of(*range, days);
    let mut found = tally::series(conn, account, subject, &cut.kept, columns, buckets.unit(), buckets.offset)?;
    for rest in cut.rest {
        found.extend(count::series(conn, account, question, rest, Which::Shown)?);
    }
    if let Some(whole) = cut.whole
        && scope::is_anything_hidden(conn, account)?
    {
        for which in HIDDEN {
            let hidden = count::series(conn, account, question, whole, which)?;
            found.extend(hidden.into_iter().map(|(units, count, sum)| (units, -count, -sum)));
        }
    }
    Ok(collect(*buckets, found, *metric))
}

/// Units of the database, put together to buckets.
pub(super) fn collect(buckets: Buckets, found: Vec<(i64, i64, f64)>, metric: Metric) -> BTreeMap<i64, Figure> {
    let mut all: BTreeMap<i64, Figure> = BTreeMap::new();
    for (units, count, sum) in found {
        let sum = if metric.is_average() { sum } else { 0.0 };
        *all.entry(buckets.start_of_unit(units)).or_default() += Figure { count, sum };
    }
    all.retain(|_, figure| figure.count != 0);
    all
}

/// The sums of a scope within a range.
pub fn sums(
    conn: &mut Conn<'_>,
    account: AccountId,
    scope: &Scope,
    range: Range,
    business_hours: bool,
) -> Result<Sums> {
    let Some(subject) = scope.subject() else {
        return count::sums(conn, account, scope, range, business_hours, Which::Shown);
    };
    let cut = Cut::of(range, true);
    let mut all = tally::sums(conn, account, subject, &cut.kept)?.sums(business_hours);
    for rest in cut.rest {
        all += count::sums(conn, account, scope, rest, business_hours, Which::Shown)?;
    }
    if let Some(whole) = cut.whole
        && scope::is_anything_hidden(conn, account)?
    {
        for which in HIDDEN {
            all += -count::sums(conn, account, scope, whole, business_hours, which)?;
        }
    }
    Ok(all)
}
