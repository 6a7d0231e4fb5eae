//! What was measured of each resource, on a grid of time.
//!
//! Knows: how `resource_metrics` lies, and that one metric can come in several periods. Does not know: what a metric means.

use std::collections::BTreeMap;

use polars::prelude::*;

use super::fit::need::Points;
use crate::id::Target;
use crate::table::RESOURCE_METRICS;

/// A metric and its statistic.
pub type Measured = (&'static str, &'static str);

/// Points of one metric, with the time of the first.
#[derive(Clone, PartialEq, Debug)]
pub struct Series {
    /// Seconds since the epoch of the first point's start.
    pub start: i64,
    /// The points.
    pub points: Points,
}

/// Gives the wanted series of each resource to `each`, a resource after the other in order of account, region and id. Of a metric that
/// came in several periods the shortest counts. Points that lie between two of the grid fall on the one before. Of several at one place
/// (an agent has a series for each file system) the greatest counts where the statistic is a Maximum, the least where it is a Minimum.
///
/// # Errors
/// An engine error: the table does not have its declared columns.
pub fn each_resource(
    resource_metrics: &DataFrame,
    wanted: &[Measured],
    mut each: impl FnMut(Target, BTreeMap<Measured, Series>),
) -> PolarsResult<()> {
    let names: Vec<&str> = wanted.iter().map(|(name, _)| *name).collect();
    let asked = names.iter().fold(lit(false), |any, name| any.or(col("MetricName").eq(lit(*name))));
    let order = ["SubAccountId", "RegionId", "ResourceId", "MetricName", "Statistic", "PeriodSeconds", "PeriodStart"];
    let frame = resource_metrics
        .clone()
        .lazy()
        .filter(asked.and(col("Value").is_not_null()).and(col("PeriodSeconds").gt(lit(0))))
        .with_columns([col("Value").cast(DataType::Float64), col("PeriodStart").cast(DataType::Int64)])
        .sort(order, SortMultipleOptions::default().with_maintain_order(false))
        .collect()?;
    debug_assert!(order.iter().all(|name| RESOURCE_METRICS.columns.iter().any(|column| column.name == *name)));
    let text = |name: &str| Ok::<_, PolarsError>(frame.column(name)?.str()?.clone());
    let [accounts, regions, resources, metrics, statistics] =
        [text(order[0])?, text(order[1])?, text(order[2])?, text(order[3])?, text(order[4])?];
    let whole = |name: &str| Ok::<_, PolarsError>(frame.column(name)?.i64()?.clone());
    let (periods, starts) = (whole("PeriodSeconds")?, whole("PeriodStart")?);
    let values = frame.column("Value")?.f64()?.clone();
    let key = |row: usize| (accounts.get(row), regions.get(row), resources.get(row));
    let group = |row: usize| (key(row), metrics.get(row), statistics.get(row), periods.get(row));
    let mut found: BTreeMap<Measured, Series> = BTreeMap::new();
    let mut row = 0;
    while row < frame.height() {
        let mut end = row + 1;
        while end < frame.height() && group(end) == group(row) {
            end += 1;
        }
        let named = wanted
            .iter()
            .find(|(name, statistic)| metrics.get(row) == Some(*name) && statistics.get(row) == Some(*statistic));
        if let (Some(named), Some(seconds)) = (named, periods.get(row)) {
            let point = |at: usize| Some((starts.get(at)?.div_euclid(1_000_000), values.get(at)?));
            // Shorter periods come first, and stay.
            found.entry(*named).or_insert_with(|| grid(seconds, named.1, (row..end).filter_map(point)));
        }
        if end == frame.height() || key(end) != key(row) {
            let name = |part: Option<&str>| part.map(str::to_owned);
            let (account, region, resource) = key(row);
            let target = Target { account: name(account), region: name(region), resource: name(resource) };
            each(target, std::mem::take(&mut found));
        }
        row = end;
    }
    Ok(())
}

fn grid(seconds: i64, statistic: &str, points: impl Iterator<Item = (i64, f64)>) -> Series {
    let mut start = None;
    let mut values: Vec<f32> = Vec::new();
    for (time, value) in points {
        let start = *start.get_or_insert(time);
        let Ok(at) = usize::try_from((time - start).div_euclid(seconds)) else { continue };
        if at >= values.len() {
            values.resize(at + 1, f32::NAN);
        }
        if let Some(place) = values.get_mut(at) {
            let value = value as f32;
            *place = match statistic {
                "Maximum" => place.max(value),
                "Minimum" => place.min(value),
                _ => value,
            };
        }
    }
    Series { start: start.unwrap_or_default(), points: Points::new(seconds, values) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three file systems of one instance, at one time.
    #[test]
    fn of_several_points_at_one_time_the_extreme_of_the_statistic_counts() {
        let of = |statistic| grid(60, statistic, [(0, 1.0), (0, 3.0), (0, 2.0)].into_iter()).points.values().to_vec();
        assert_eq!([of("Maximum"), of("Minimum"), of("Sum")], [vec![3.0], vec![1.0], vec![2.0]]);
    }
}
