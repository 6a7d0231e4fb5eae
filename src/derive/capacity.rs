//! When something that fills will be full: the table `capacity_risks`.
//!
//! Knows: which metrics say how full something is, and of what. Does not know: what is urgent. The dates are `trend.rs`'s.

use std::collections::{BTreeMap, HashMap};

use polars::prelude::{Column, DataFrame, PolarsResult};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::baseline::targets;
use super::frame::{declared, number};
use super::series::{Measured, Series, each_resource};
use super::trend::{Outlook, crossing};
use crate::id::Target;
use crate::period::AsOf;
use crate::table::CAPACITY_RISKS;
use crate::table::read::numbers;

/// Full: what is above is needed to write at all, to clean up, to grow.
const LIMIT: f64 = 0.95;
/// Dates further away are none.
const HORIZON_DAYS: f64 = 365.0;
const SECONDS_PER_DAY: i64 = 86_400;
const PERCENT: f64 = 100.0;
const BYTES_PER_GIB: f64 = 1_073_741_824.0;
const MIB_PER_GIB: f64 = 1024.0;

/// What a value says of the used share.
#[derive(Clone, Copy)]
enum Says {
    /// Percent that is used.
    Used,
    /// Percent that is free.
    Free,
    /// Bytes that are free, of gibibytes that the inventory states.
    FreeBytes,
    /// Mebibytes that are free on the fullest node, likewise.
    FreeMebibytes,
}

type Tables = BTreeMap<String, DataFrame>;

/// Metrics that say how full something is. One of RDS and OpenSearch have the same name and not the same unit.
const FILLS: [(Measured, Says); 6] = [
    (("disk_used_percent", "Maximum"), Says::Used),
    (("LogicalDisk % Free Space", "Minimum"), Says::Free),
    (("PercentageDiskSpaceUsed", "Maximum"), Says::Used),
    (("DatabaseMemoryUsagePercentage", "Maximum"), Says::Used),
    (("FreeStorageSpace", "Minimum"), Says::FreeBytes),
    (("FreeStorageSpace", "Minimum"), Says::FreeMebibytes),
];

/// A thing that can be full.
struct Row {
    target: Target,
    metric: &'static str,
    days: usize,
    used: f64,
    outlook: Outlook,
}

/// The declared table, of what has a value on some day.
///
/// # Errors
/// An engine error: a table does not have its declared columns.
pub(super) fn capacity_risks(tables: &Tables, resource_metrics: &DataFrame, as_of: AsOf) -> PolarsResult<DataFrame> {
    let databases = sizes(tables, "rds_instances", "AllocatedStorageGiB");
    let domains = sizes(tables, "opensearch_domains", "VolumeSizeGiB");
    let wanted: Vec<Measured> = FILLS.iter().map(|(measured, _)| *measured).collect();
    let mut rows = Vec::new();
    each_resource(resource_metrics, &wanted, |target, series| {
        for (measured, says) in FILLS {
            let Some(series) = series.get(&measured) else { continue };
            let share: Box<dyn Fn(f64) -> f64> = match (says, databases.get(&target), domains.get(&target)) {
                (Says::Used, ..) => Box::new(|percent| percent / PERCENT),
                (Says::Free, ..) => Box::new(|percent| 1.0 - percent / PERCENT),
                (Says::FreeBytes, Some(gib), _) => {
                    let all = gib * BYTES_PER_GIB;
                    Box::new(move |free| 1.0 - free / all)
                }
                (Says::FreeMebibytes, _, Some(gib)) => {
                    let all = gib * MIB_PER_GIB;
                    Box::new(move |free| 1.0 - free / all)
                }
                _ => continue,
            };
            rows.extend(row(target.clone(), measured.0, series, &share, as_of));
        }
    })?;
    frame(&rows)
}

/// Gibibytes of each resource of a table.
fn sizes(tables: &Tables, table: &str, column: &str) -> HashMap<Target, f64> {
    let Some(frame) = tables.get(table) else { return HashMap::new() };
    let size = |(target, size): (Target, Option<Decimal>)| Some((target, size?.to_f64().filter(|gib| *gib > 0.0)?));
    targets(frame).into_iter().zip(numbers(frame, column)).filter_map(size).collect()
}

/// The last value of each day is what counts of what fills: it is the fullest of the day, whichever way it is measured.
fn row(target: Target, metric: &'static str, series: &Series, share: &dyn Fn(f64) -> f64, as_of: AsOf) -> Option<Row> {
    let end = as_of.timestamp().as_second();
    let mut by: BTreeMap<i64, f64> = BTreeMap::new();
    let seconds = series.points.seconds();
    for (at, value) in series.points.values().iter().enumerate().filter(|(_, value)| !value.is_nan()) {
        let time = series.start + at as i64 * seconds;
        if time < end {
            let used = share(f64::from(*value));
            let most = by.entry(time.div_euclid(SECONDS_PER_DAY)).or_insert(f64::MIN);
            *most = most.max(used);
        }
    }
    let (first, last) = (*by.keys().next()?, *by.keys().next_back()?);
    // Days count from as-of, also when the last ones have no value.
    let today = (end - 1).div_euclid(SECONDS_PER_DAY).max(last);
    let daily: Vec<Option<f64>> = (first..=today).map(|day| by.get(&day).copied()).collect();
    Some(Row { target, metric, days: by.len(), used: *by.get(&last)?, outlook: crossing(&daily, LIMIT, HORIZON_DAYS) })
}

fn frame(rows: &[Row]) -> PolarsResult<DataFrame> {
    let text = |name: &'static str, of: &dyn Fn(&Row) -> Option<String>| {
        Column::new(name.into(), rows.iter().map(of).collect::<Vec<_>>())
    };
    let crossing = |of: fn(f64, f64, f64, f64) -> f64| {
        move |row: &Row| match row.outlook {
            Outlook::Crossing { days, low, high, per_day, .. } => number(of(days, low, high, per_day)),
            _ => None,
        }
    };
    let word = |row: &Row| {
        let word = match row.outlook {
            Outlook::TooShort { .. } => "too short",
            Outlook::Full => "full",
            Outlook::NoCrossing { .. } => "does not fill",
            Outlook::Crossing { .. } => "fills",
        };
        Some(word.to_owned())
    };
    let accelerating: Vec<Option<bool>> = rows
        .iter()
        .map(|row| match row.outlook {
            Outlook::Crossing { accelerating, .. } => Some(accelerating),
            _ => None,
        })
        .collect();
    let columns = vec![
        text("SubAccountId", &|row| row.target.account.clone()),
        text("RegionId", &|row| row.target.region.clone()),
        text("ResourceId", &|row| row.target.resource.clone()),
        text("MetricName", &|row| Some(row.metric.to_owned())),
        Column::new("DaysWithValue".into(), rows.iter().map(|row| row.days as i64).collect::<Vec<_>>()),
        text("UsedShare", &|row| number(row.used)),
        text("ShareGrowthPerDay", &crossing(|_, _, _, per_day| per_day)),
        text("Outlook", &word),
        text("DaysToFull", &crossing(|days, _, _, _| days)),
        text("EarliestDays", &crossing(|_, low, _, _| low)),
        text("LatestDays", &crossing(|_, _, high, _| high)),
        Column::new("Accelerating".into(), accelerating),
    ];
    declared(&CAPACITY_RISKS, columns)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::table::inventory::{DatabaseInstance, Metric};
    use crate::table::read::texts;
    use crate::table::rows::Rows;

    /// Resource, metric, statistic, and the value of a day.
    type Daily<'a> = (&'a str, &'static str, &'static str, &'a dyn Fn(i64) -> i64);

    /// Twenty days up to the first of November, a point a day.
    fn metrics(series: &[Daily<'_>]) -> DataFrame {
        let end: Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
        let mut rows = Vec::new();
        for (id, metric, statistic, value) in series {
            for day in 0..20_i64 {
                rows.push(Metric {
                    account: "111122223333".into(),
                    region: "eu-west-1".into(),
                    id: (*id).to_owned(),
                    metric: Some((*metric).to_owned()),
                    statistic: Some((*statistic).to_owned()),
                    start: Some(end - jiff::SignedDuration::from_hours(24 * (20 - day))),
                    seconds: Some(86_400),
                    value: Some(value(day).into()),
                });
            }
        }
        Rows::of(rows).frame().unwrap()
    }

    fn risks(tables: &Tables, metrics: &DataFrame) -> Vec<[String; 4]> {
        let frame = capacity_risks(tables, metrics, "2026-11-01".parse().unwrap()).unwrap();
        let columns = ["ResourceId", "Outlook", "UsedShare", "DaysToFull"].map(|name| texts(&frame, name));
        let short = |text: &Option<String>| text.clone().unwrap_or_default().chars().take(6).collect::<String>();
        (0..frame.height())
            .map(|row| {
                [0, 1, 2, 3].map(|at| if at < 2 { columns[at][row].clone().unwrap() } else { short(&columns[at][row]) })
            })
            .collect()
    }

    /// From 50 percent by one a day: 69 on the last of 20 days, 26 before 95.
    #[test]
    fn a_disk_that_grows_by_a_percent_a_day_has_a_date() {
        let frame = metrics(&[("i-1", "disk_used_percent", "Maximum", &|day| 50 + day)]);
        assert_eq!(risks(&Tables::new(), &frame), [["i-1", "fills", "0.6900", "26.000"].map(str::to_owned)]);
    }

    #[test]
    fn what_is_free_counts_the_other_way_and_what_stands_still_has_no_date() {
        let frame = metrics(&[
            ("i-1", "LogicalDisk % Free Space", "Minimum", &|day| 50 - day),
            ("i-2", "disk_used_percent", "Maximum", &|_| 40),
            ("i-3", "disk_used_percent", "Maximum", &|_| 97),
        ]);
        let told: Vec<[String; 2]> =
            risks(&Tables::new(), &frame).into_iter().map(|[id, outlook, ..]| [id, outlook]).collect();
        assert_eq!(
            told,
            [["i-1", "fills"], ["i-2", "does not fill"], ["i-3", "full"]].map(|row| row.map(str::to_owned))
        );
    }

    /// Bytes are of no use without the size that the inventory states.
    #[test]
    fn free_bytes_are_a_share_of_the_stated_size() {
        let frame = metrics(&[("db", "FreeStorageSpace", "Minimum", &|day| (50 - day) * 1_073_741_824)]);
        assert_eq!(risks(&Tables::new(), &frame), Vec::<[String; 4]>::new());
        let database = DatabaseInstance {
            account: "111122223333".into(),
            region: "eu-west-1".into(),
            id: "db".into(),
            storage: Some(100),
            ..DatabaseInstance::default()
        };
        let tables = Tables::from([("rds_instances".to_owned(), Rows::of(vec![database]).frame().unwrap())]);
        assert_eq!(risks(&tables, &frame), [["db", "fills", "0.6900", "26.000"].map(str::to_owned)]);
    }
}
