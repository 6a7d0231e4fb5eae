//! How long instances lived, and how many ended, by the hours of a bill.
//!
//! Knows: first and last hour of each instance, what the beginning of a bill hides. Does not know: which instances are whose.
//! Counted as `rules/ec2/instance-to-spot.md` counts: an instance without an hour for two days has ended.

use std::collections::BTreeMap;

use polars::prelude::*;

use crate::derive::baseline::targets;
use crate::id::Target;
use crate::period::AsOf;
use crate::table::TIME;
use crate::table::read::{integers, texts};

const MICROS_PER_HOUR: i64 = 3_600_000_000;
const HOURS_PER_DAY: i64 = 24;
/// Without an hour for so long an instance has ended: charges come up to a day late, and what is stopped for a night comes
/// back.
const SETTLED_HOURS: i64 = 48;
/// The days in which ends are counted (ALGORITHMS 3).
const WINDOW_HOURS: i64 = 30 * HOURS_PER_DAY;
/// So many ends are a habit however short the bill is (ALGORITHMS 3); fewer on a bill shorter than the window say nothing.
const HABIT: u32 = 5;
/// What is older than this before a bill begins is not short-lived (ALGORITHMS 3), however old it really was.
const LONG_DAYS: f64 = 7.0;

/// An instance of a bill.
pub(super) struct Life {
    pub(super) target: Target,
    /// One of its meters.
    pub(super) meter: Option<String>,
    first: i64,
    last: i64,
}

/// All instances of an hourly bill.
pub(super) struct Lives {
    all: Vec<Life>,
    /// First hour of each account.
    begins: BTreeMap<Option<String>, i64>,
    /// Last hour of the bill.
    end: i64,
}

/// How instances of one owner come and go.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Habit {
    /// Days that half of those that ended in 30 days did not outlive.
    pub(super) median_days: Option<f64>,
    /// How many ended in 30 days.
    pub(super) ended: Option<u32>,
}

/// The instances of `usage_profiles`.
///
/// # Errors
/// An engine error: the table does not have its declared columns.
pub(super) fn lives(usage_profiles: &DataFrame, as_of: AsOf) -> PolarsResult<Lives> {
    let end = lit(as_of.timestamp().as_microsecond()).cast(TIME);
    let frame = usage_profiles
        .clone()
        .lazy()
        .filter(col("ResourceId").str().starts_with(lit("i-")).and(col("Hour").lt(end)))
        .group_by(["SubAccountId", "RegionId", "ResourceId"].map(col))
        .agg([col("Hour").min().alias("First"), col("Hour").max().alias("Last"), col("Meter").max()])
        .collect()?;
    let (firsts, lasts) = (integers(&frame, "First"), integers(&frame, "Last"));
    let whole = firsts.into_iter().zip(lasts).zip(texts(&frame, "Meter")).zip(targets(&frame));
    let all: Vec<Life> = whole
        .filter_map(|(((first, last), meter), target)| {
            let hour = |micros: i64| micros.div_euclid(MICROS_PER_HOUR);
            Some(Life { target, meter, first: hour(first?), last: hour(last?) })
        })
        .collect();
    let mut begins: BTreeMap<Option<String>, i64> = BTreeMap::new();
    for life in &all {
        let begin = begins.entry(life.target.account.clone()).or_insert(life.first);
        *begin = life.first.min(*begin);
    }
    let end = all.iter().map(|life| life.last).max().unwrap_or_default();
    Ok(Lives { all, begins, end })
}

impl Lives {
    /// How the instances of an account that are `mine` come and go; one that was there in the first hour of its account may
    /// be older than it looks.
    pub(super) fn habit(&self, account: Option<&String>, mine: impl Fn(&Life) -> bool) -> Habit {
        let Some(begin) = self.begins.get(&account.cloned()).copied() else { return Habit::default() };
        let ended = |life: &&Life| life.last <= self.end - SETTLED_HOURS && life.last > self.end - WINDOW_HOURS;
        let own = self.all.iter().filter(|life| life.target.account.as_ref() == account && mine(life));
        // Days, and whether the first hour is the real one; the others count as long.
        let mut lived: Vec<(bool, i64)> =
            own.filter(ended).map(|life| (life.first == begin, life.last - life.first + 1)).collect();
        lived.sort_unstable();
        let median = lived.get(lived.len().saturating_sub(1) / 2).and_then(|(cut, hours)| {
            let days = *hours as f64 / HOURS_PER_DAY as f64;
            (!cut || days >= LONG_DAYS).then_some(days)
        });
        let count = u32::try_from(lived.len()).unwrap_or(u32::MAX);
        let whole = self.end - begin + 1 >= WINDOW_HOURS;
        Habit { median_days: median, ended: (whole || count >= HABIT).then_some(count) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bill whose last hour is 1000: first and last hour of each instance.
    fn bill(begin: i64, spans: &[(i64, i64)]) -> Lives {
        let life = |(first, last): &(i64, i64)| Life {
            target: Target { account: None, region: None, resource: None },
            meter: None,
            first: *first,
            last: *last,
        };
        Lives { all: spans.iter().map(life).collect(), begins: BTreeMap::from([(None, begin)]), end: 1000 }
    }

    fn habit(begin: i64, spans: &[(i64, i64)]) -> Habit {
        bill(begin, spans).habit(None, |_| true)
    }

    #[test]
    fn half_of_what_ended_did_not_outlive_the_median() {
        // 24, 48 and 240 hours; what runs until the end has not ended.
        let spans = [(500, 523), (600, 647), (700, 939), (900, 1000)];
        assert_eq!(habit(1, &spans), Habit { median_days: Some(2.0), ended: Some(3) });
        // Of two it is the shorter one: half of them did not outlive it.
        assert_eq!(habit(1, &spans[..2]), Habit { median_days: Some(1.0), ended: Some(2) });
    }

    #[test]
    fn an_end_counts_from_two_days_ago_to_thirty() {
        let spans = [(940, 952), (940, 953), (200, 281), (200, 280)];
        assert_eq!(habit(1, &spans).ended, Some(2));
    }

    #[test]
    fn few_ends_of_a_short_bill_say_nothing_and_five_do() {
        assert_eq!(habit(281, &[(500, 523)]).ended, Some(1), "720 hours are 30 days");
        assert_eq!(habit(282, &[(500, 523)]).ended, None);
        assert_eq!(habit(282, &[(500, 523); 5]).ended, Some(5));
    }

    #[test]
    fn what_a_bill_begins_with_may_be_older() {
        // One day, and who knows how many before; eight days are long however many there were.
        assert_eq!(habit(400, &[(400, 423); 5]), Habit { median_days: None, ended: Some(5) });
        assert_eq!(habit(400, &[(400, 591); 5]).median_days, Some(8.0));
        assert_eq!(bill(1, &[]).habit(None, |_| true), Habit { median_days: None, ended: Some(0) });
        assert_eq!(bill(1, &[]).habit(Some(&"111122223333".to_owned()), |_| true), Habit::default());
    }
}
