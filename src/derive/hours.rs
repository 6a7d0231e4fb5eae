//! The hours that a review needs of a bill, with the commitments of the same time.
//!
//! Knows: the run-rate window, the weeks before as-of, the month on which the simulator proves itself. Does not know: what is
//! simulated with them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use jiff::civil::Date;
use polars::prelude::{DataFrame, PolarsResult};

use super::hourly::{Hourly, Used, hourly, of_targets};
use super::in_force::{InForce, in_force, latest_period};
use crate::id::Target;
use crate::period::{AsOf, HOURS_PER_WEEK, midnight};

/// Weeks of hours that show how usage varies; Cost Explorer's recommendations look back at most 60 days too.
pub const WEEKS: i64 = 8;

/// What the plan needs of a bill's hours.
#[derive(Clone, Debug)]
pub struct Hours {
    /// The hours of the run-rate window.
    pub hourly: Hourly,
    /// The hours of the weeks before as-of, the last one included: how usage varies.
    pub history: Hourly,
    /// Use of the targets that changes are about, in those weeks.
    pub used: Used,
    /// Commitments of the latest billing period.
    pub in_force: Vec<InForce>,
    /// As-of.
    pub as_of: AsOf,
}

/// A month of a bill, or what it has of one.
#[derive(Clone, Debug)]
pub struct Month {
    /// Its hours.
    pub hourly: Hourly,
    /// Its commitments.
    pub in_force: Vec<InForce>,
    /// First day.
    pub first: Date,
    /// The day after the last.
    pub end: Date,
}

type Tables = BTreeMap<String, DataFrame>;

/// The last weeks with the commitments in force; `None`: the bill has no hours. `targets`: what changes are about.
///
/// # Errors
/// An engine error: a table does not have its declared columns.
pub fn last_weeks(tables: &Tables, targets: &BTreeSet<Target>, as_of: AsOf) -> PolarsResult<Option<Hours>> {
    let Some((profiles, commitments)) = given(tables) else { return Ok(None) };
    let window = as_of.run_rate_window();
    let first = window.end() - SignedDuration::from_hours(WEEKS * HOURS_PER_WEEK);
    Ok(Some(Hours {
        hourly: hourly(profiles, window.start(), window.end())?,
        history: hourly(profiles, first, window.end())?,
        used: of_targets(profiles, first, window.end(), targets)?,
        in_force: in_force(commitments, as_of, latest_period(commitments).as_deref()),
        as_of,
    }))
}

/// The last full month of a bill that begins on `first`, else what it has of the last one; `None`: it has no hours or no commitments.
///
/// # Errors
/// An engine error: a table does not have its declared columns.
pub fn last_month(tables: &Tables, first: Date, as_of: AsOf) -> PolarsResult<Option<Month>> {
    let Some((profiles, commitments)) = given(tables) else { return Ok(None) };
    let this = as_of.date().first_of_month();
    let before = this.yesterday().unwrap_or(this).first_of_month();
    let (first, end) = if first <= before { (before, this) } else { (this, as_of.date()) };
    let in_force = in_force(commitments, as_of, Some(&first.to_string()));
    let hourly = hourly(profiles, midnight(first), midnight(end))?;
    let empty = hourly.hours.is_empty() || in_force.is_empty();
    Ok((!empty).then_some(Month { hourly, in_force, first, end }))
}

fn given(tables: &Tables) -> Option<(&DataFrame, &DataFrame)> {
    Some((tables.get("usage_profiles")?, tables.get("commitment_costs")?))
}
