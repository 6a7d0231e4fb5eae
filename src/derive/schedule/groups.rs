//! Auto Scaling groups with what their hours ask for: the table `group_schedules`.
//!
//! An hour asks for the instances in service, times the share of their processors that is busy, by the share that should be: where that is
//! above one, more instances would have been better. `group.rs` makes scheduled actions of it.
//!
//! Knows: metrics of groups, bounds of their size, a time zone, holidays. Does not know: memory, requests, what Kubernetes reserves, what an
//! instance costs, what of an hour's load came in a minute of it.

use std::collections::BTreeMap;

use polars::prelude::{Column, DataFrame, IntoLazy, PolarsResult, col, lit};

use super::Calendar;
use super::calendar::cut;
use super::detect::HOURS;
use super::group::{Action, Advice, Group, RISK, Verdict, Week, advise};
use super::habits::{MOST_WEEKS, has_holiday};
use super::measured::{As, Hours, hours};
use crate::derive::baseline::targets;
use crate::derive::frame::{declared, number};
use crate::derive::series::{Measured, Series, each_resource};
use crate::id::Target;
use crate::period::{AsOf, HOURS_PER_WEEK};
use crate::table::GROUP_SCHEDULES;
use crate::table::read::{columns_of, integers};

#[cfg(test)]
mod tests;

const SECONDS: i64 = 3600;
const PERCENT: f64 = 100.0;
const MINUTES: usize = 60;
const DAYS: usize = 7;
/// Share of the processors that should be busy at most, as for sizes (`fit::Limits`).
const TARGET: f64 = 0.70;
/// Share of its instances that target tracking adds at once: it scales in proportion to the metric (EC2 Auto Scaling User Guide, target
/// tracking), and processors are never busier than all of the time.
const TRACKED: f64 = 1.0 / TARGET - 1.0;
/// Hours until an instance works, as nothing says it: the 300 seconds after which groups of the console begin to check what they started
/// (EC2 Auto Scaling User Guide, health check grace period).
const BOOT_HOURS: f64 = 300.0 / 3600.0;
/// Seconds of the longest points that show the load of an hour's busiest minutes: those of basic monitoring (EC2 User Guide).
const FINE_SECONDS: i64 = 300;
/// What ids of groups have in them, and no others (EC2 Auto Scaling User Guide, resources): most metrics are of other things.
const GROUP_ID: &str = ":autoScalingGroup:";
/// Of all processors in a group.
const BUSY: Measured = ("CPUUtilization", "Average");
/// Of the busiest instance in its busiest minutes.
const BUSIEST: Measured = ("CPUUtilization", "Maximum");
const IN_SERVICE: Measured = ("GroupInServiceInstances", "Average");
const MOST_IN_SERVICE: Measured = ("GroupInServiceInstances", "Maximum");

/// What the inventory says of a group.
struct Known {
    name: Option<String>,
    /// Instances of one whose size cannot change.
    fixed: Option<f64>,
    limits: Group,
}

struct Row {
    target: Target,
    name: Option<String>,
    habits: &'static str,
    /// Mean of instances in service.
    instances: Option<f64>,
    /// `None` where the weeks are too short.
    advice: Option<Advice>,
    weeks: usize,
}

/// The declared table `group_schedules`.
///
/// # Errors
/// An engine error: a table does not have its declared columns.
pub(in crate::derive) fn group_schedules(
    groups: &DataFrame,
    resource_metrics: &DataFrame,
    calendar: &Calendar,
    as_of: AsOf,
) -> PolarsResult<DataFrame> {
    let all = known(groups);
    let metrics =
        resource_metrics.clone().lazy().filter(col("ResourceId").str().contains_literal(lit(GROUP_ID))).collect()?;
    let mut rows = Vec::new();
    each_resource(&metrics, &[BUSY, BUSIEST, IN_SERVICE, MOST_IN_SERVICE], |target, series| {
        if let Some(known) = all.get(&target) {
            rows.extend(row(target, known, &series, calendar, as_of));
        }
    })?;
    frame(&rows, calendar)
}

/// Groups whose zones and greatest size are known.
fn known(groups: &DataFrame) -> BTreeMap<Target, Known> {
    let [names, suspended] = columns_of(groups, ["AutoScalingGroupName", "SuspendedProcesses"]);
    let [least, most, desired, instances, zones, policies] =
        ["MinSize", "MaxSize", "DesiredCapacity", "Instances", "Zones", "ScalingPolicies"]
            .map(|name| integers(groups, name));
    let one = |(row, target): (usize, Target)| {
        let at = |values: &[Option<i64>]| values.get(row).copied().flatten();
        let word = |values: &[Option<String>]| values.get(row).cloned().flatten();
        let greatest = usize::try_from(at(&most)?).ok().filter(|greatest| *greatest > 0)?;
        let zones = usize::try_from(at(&zones)?).ok()?;
        let is_fixed = at(&least) == at(&most) && at(&desired) == at(&most);
        let fixed = at(&instances).filter(|instances| is_fixed && *instances > 0).map(|instances| instances as f64);
        // What somebody suspended does not act.
        let alarms = word(&suspended).is_none_or(|processes| !processes.contains("AlarmNotification"));
        let tracks = alarms && at(&policies) != Some(0);
        let limits = Group {
            floor: zones.max(1).min(greatest),
            most: greatest,
            boot_hours: BOOT_HOURS,
            tracking: if tracks { TRACKED } else { 0.0 },
            risk: RISK,
        };
        Some((target, Known { name: word(&names), fixed, limits }))
    };
    targets(groups).into_iter().enumerate().filter_map(one).collect()
}

/// The row of a group, unless its processors or its instances are not known at all.
fn row(
    target: Target,
    known: &Known,
    series: &BTreeMap<Measured, Series>,
    calendar: &Calendar,
    as_of: AsOf,
) -> Option<Row> {
    let hourly = |measured: Measured, how: As| series.get(&measured).and_then(|series| hours(series, how));
    let load = Load {
        busy: hourly(BUSY, As::Most)?,
        busiest: hourly(BUSIEST, As::Most).filter(|_| !is_fine(series)),
        most: hourly(MOST_IN_SERVICE, As::Most),
        mean: hourly(IN_SERVICE, As::Mean),
        fixed: known.fixed,
    };
    if load.fixed.is_none() && load.most.is_none() && load.mean.is_none() {
        return None;
    }
    let end = as_of.timestamp().as_second() / SECONDS;
    let from = load.busy.first.max(end - MOST_WEEKS * HOURS_PER_WEEK);
    let values: Vec<Option<(f64, f64)>> = (from..end).map(|hour| load.at(hour)).collect();
    let both = |one: (f64, f64), other: (f64, f64)| (one.0.max(other.0), one.1.max(other.1));
    let dated = cut(from, &values, &calendar.zone, end, both);
    let asked = |week: &[Option<(f64, f64)>; HOURS]| week.map(|hour| hour.map(|(asked, _)| asked));
    let every: Vec<Week> = dated.iter().map(|(_, week)| asked(week)).collect();
    let (ordinary, served): (Vec<Week>, Vec<Vec<f64>>) = dated
        .iter()
        .filter(|(start, _)| !has_holiday(*start, calendar))
        .map(|(_, week)| (asked(week), week.iter().flatten().map(|(_, served)| *served).collect::<Vec<f64>>()))
        .unzip();
    let advice = advise(&ordinary, &known.limits);
    let is_short = advice.verdict == Verdict::TooShort;
    // With the holidays there would be enough.
    let only_holidays = is_short && advise(&every, &known.limits).verdict != Verdict::TooShort;
    let habits = if only_holidays { "weeks with holidays only" } else { word(advice.verdict) };
    let weeks = advice.weeks;
    let served = served.concat();
    let instances = (!served.is_empty()).then(|| served.iter().sum::<f64>() / served.len() as f64);
    let name = known.name.clone();
    Some(Row { target, name, habits, instances, advice: (!is_short).then_some(advice), weeks })
}

/// Whether an hour has points enough to show its busiest minutes.
fn is_fine(series: &BTreeMap<Measured, Series>) -> bool {
    series.get(&BUSY).is_some_and(|series| series.points.seconds() <= FINE_SECONDS)
}

/// What was measured of a group.
struct Load {
    busy: Hours,
    busiest: Option<Hours>,
    most: Option<Hours>,
    mean: Option<Hours>,
    fixed: Option<f64>,
}

impl Load {
    /// In an hour since the epoch: instances that were asked for, and instances in service.
    ///
    /// The mean of a whole hour hides its busiest minutes; the busiest instance in those stands for all of them, though not for more than
    /// there were: whether those were too few only the mean can tell.
    fn at(&self, hour: i64) -> Option<(f64, f64)> {
        let of = |hours: &Option<Hours>| hours.as_ref().and_then(|hours| hours.at(hour));
        let (mean, most) = (of(&self.mean), of(&self.most));
        let there = most.or(mean).or(self.fixed)?;
        let asked = |percent: f64| there * percent / PERCENT / TARGET;
        let peak = of(&self.busiest).map_or(0.0, |percent| asked(percent).min(there));
        Some((asked(self.busy.at(hour)?).max(peak), mean.unwrap_or(there)))
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Advised => "by the hour of the week",
        Verdict::Tracking => "tracking follows",
        Verdict::Constant => "the same all week",
        Verdict::TooShort => "too short",
    }
}

/// As in `45 6 * * 1-5 = 10`: a recurrence of Auto Scaling (minute, hour, any day of any month, days of the week, 0 is Sunday), and MinSize.
fn told(action: &Action) -> String {
    let (hour, minute) = (action.minute / MINUTES, action.minute % MINUTES);
    format!("{minute} {hour} * * {} = {}", days(&action.days), action.minimum)
}

/// Days of a week, Monday first, in cron's numbers: all, from one to another, or one by one.
fn days(on: &[bool; DAYS]) -> String {
    let numbers: Vec<usize> = (0..DAYS).filter(|number| on[(number + DAYS - 1) % DAYS]).collect();
    match numbers.as_slice() {
        all if all.len() == DAYS => "*".to_owned(),
        [first, .., last] if numbers.len() > 2 && last - first + 1 == numbers.len() => format!("{first}-{last}"),
        some => some.iter().map(usize::to_string).collect::<Vec<_>>().join(","),
    }
}

fn frame(rows: &[Row], calendar: &Calendar) -> PolarsResult<DataFrame> {
    let text = |name: &'static str, of: &dyn Fn(&Row) -> Option<String>| {
        Column::new(name.into(), rows.iter().map(of).collect::<Vec<_>>())
    };
    let figure = |name: &'static str, of: fn(&Advice) -> f64| {
        text(name, &|row| row.advice.as_ref().and_then(|advice| number(of(advice))))
    };
    let count = |name: &'static str, of: fn(&Advice) -> usize| {
        let counts = rows.iter().map(|row| row.advice.as_ref().map(|advice| of(advice) as i64));
        Column::new(name.into(), counts.collect::<Vec<_>>())
    };
    let actions = |row: &Row| {
        let actions = &row.advice.as_ref()?.actions;
        (!actions.is_empty()).then(|| actions.iter().map(told).collect::<Vec<_>>().join("; "))
    };
    let minimums = |row: &Row| {
        let minimums = &row.advice.as_ref()?.minimums;
        (!minimums.is_empty()).then(|| minimums.iter().map(usize::to_string).collect::<Vec<_>>().join(" "))
    };
    let zone = calendar.zone.iana_name().unwrap_or("UTC");
    let columns = vec![
        text("SubAccountId", &|row| row.target.account.clone()),
        text("RegionId", &|row| row.target.region.clone()),
        text("ResourceId", &|row| row.target.resource.clone()),
        text("AutoScalingGroupName", &|row| row.name.clone()),
        text("GroupHabits", &|row| Some(row.habits.to_owned())),
        Column::new("ObservedWeeks".into(), rows.iter().map(|row| row.weeks as i64).collect::<Vec<_>>()),
        text("InstanceHours", &|row| row.instances.and_then(|instances| number(instances * HOURS_PER_WEEK as f64))),
        figure("PlannedInstanceHours", |advice| advice.planned),
        figure("ConstantInstanceHours", |advice| advice.unscheduled),
        figure("HindsightInstanceHours", |advice| advice.hindsight),
        figure("SteepestRise", |advice| advice.steepest),
        count("HoursBeyondMaxSize", |advice| advice.beyond),
        figure("ShortHoursPerWeek", |advice| advice.violations),
        count("MostShortHours", |advice| advice.worst_violations),
        text("MinSizeActions", &actions),
        text("MinSizesOfWeek", &minimums),
        text("TimeZone", &|_| Some(zone.to_owned())),
    ];
    declared(&GROUP_SCHEDULES, columns)
}
