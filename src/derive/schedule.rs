//! When a resource works: hours of the week in which it could be off, the table `schedules`.
//!
//! Metrics say it best (`measured.rs`); an hourly bill shows what was transferred (`billed.rs`), with less confidence. Both need at least
//! three weeks and are tried on weeks left out (`habits.rs`). Knows: habits by hour of week, a time zone, holidays. Does not know: what
//! is switched off, what that saves.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use polars::prelude::{Column, DataFrame, PolarsResult};
use rust_decimal::Decimal;

use super::frame::declared;
use crate::id::Target;
use crate::period::AsOf;
use crate::table::SCHEDULES;

mod activity;
mod billed;
mod calendar;
mod detect;
mod group;
mod groups;
mod habits;
mod measured;
mod stability;
#[cfg(test)]
mod tests;

pub use detect::Week;
pub(super) use groups::group_schedules;
pub use measured::{Hours, Traced, of_account, traced};
pub use stability::{Advice, Verdict, advise};

/// Whose clock habits follow.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// The time zone of those who work.
    pub zone: TimeZone,
    /// Days on which they do not.
    pub holidays: BTreeSet<Date>,
}

impl Default for Calendar {
    fn default() -> Self {
        Calendar { zone: TimeZone::UTC, holidays: BTreeSet::new() }
    }
}

/// What a row rests on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Basis {
    Metrics,
    Transfer,
}

struct Row {
    target: Target,
    meter: Option<String>,
    basis: Basis,
    verdict: Option<Verdict>,
    weeks: i64,
    running: Option<i64>,
    quiet: Option<i64>,
    mask: Option<String>,
    share: Option<Decimal>,
    lost: Option<Decimal>,
}

/// The declared table `schedules`: of each resource what its metrics say, where they show three weeks or nothing else is there; else what
/// the bill shows.
pub(super) fn schedules(
    billed: Option<(&DataFrame, &DataFrame)>,
    resource_metrics: Option<&DataFrame>,
    calendar: &Calendar,
    as_of: AsOf,
) -> PolarsResult<DataFrame> {
    let mut rows: BTreeMap<Target, Row> = BTreeMap::new();
    if let Some((profiles, transfers)) = billed {
        rows.extend(
            billed::rows(profiles, transfers, calendar, as_of)?.into_iter().map(|row| (row.target.clone(), row)),
        );
    }
    if let Some(metrics) = resource_metrics {
        for mut row in measured::rows(metrics, calendar, as_of)? {
            let settled = !matches!(row.verdict, Some(Verdict::TooShort | Verdict::Watch | Verdict::OnlyHolidays));
            let shown = rows.get(&row.target);
            if settled || shown.is_none() {
                row.meter = shown.and_then(|shown| shown.meter.clone());
                rows.insert(row.target.clone(), row);
            }
        }
    }
    frame(rows.into_values().collect(), calendar)
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Advised => "the same every week",
        Verdict::AlwaysActive => "always active",
        Verdict::Unstable => "differs from week to week",
        Verdict::Watch => "two weeks only",
        Verdict::TooShort => "too short",
        Verdict::OnlyHolidays => "weeks with holidays only",
    }
}

fn frame(rows: Vec<Row>, calendar: &Calendar) -> PolarsResult<DataFrame> {
    let text = |f: fn(&Row) -> Option<String>| rows.iter().map(f).collect::<Vec<_>>();
    let number = |f: fn(&Row) -> Option<i64>| rows.iter().map(f).collect::<Vec<_>>();
    let exact = |value: Option<Decimal>| value.map(|value| value.round_dp(12).to_string());
    let zone = calendar.zone.iana_name().unwrap_or("UTC");
    let columns = vec![
        Column::new("SubAccountId".into(), text(|r| r.target.account.clone())),
        Column::new("RegionId".into(), text(|r| r.target.region.clone())),
        Column::new("ResourceId".into(), text(|r| r.target.resource.clone())),
        Column::new("Meter".into(), text(|r| r.meter.clone())),
        Column::new(
            "HabitsBy".into(),
            text(|r| Some(if r.basis == Basis::Metrics { "metrics" } else { "billed transfer" }.to_owned())),
        ),
        Column::new("Habits".into(), text(|r| r.verdict.map(|verdict| word(verdict).to_owned()))),
        Column::new("ObservedWeeks".into(), number(|r| Some(r.weeks))),
        Column::new("RunningHours".into(), number(|r| r.running)),
        Column::new("QuietHours".into(), number(|r| r.quiet)),
        Column::new("QuietHoursOfWeek".into(), text(|r| r.mask.clone())),
        Column::new("RunningShareWhenQuiet".into(), rows.iter().map(|r| exact(r.share)).collect::<Vec<_>>()),
        Column::new("LostHoursPerWeek".into(), rows.iter().map(|r| exact(r.lost)).collect::<Vec<_>>()),
        Column::new("TimeZone".into(), vec![zone; rows.len()]),
    ];
    declared(&SCHEDULES, columns)
}
