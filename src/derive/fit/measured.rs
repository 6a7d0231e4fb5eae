//! Series of metrics as shares of what a machine has.
//!
//! Knows: grids of points, percent, bytes of a point. Does not know: which metric means what.

use std::collections::{BTreeMap, BTreeSet};

use super::need::{Points, quantile};
use super::processor::{self, Processor};
use super::{Demand, Dimension};
use crate::derive::series::{Measured, Series};

const SECONDS_PER_DAY: i64 = 86_400;
const BITS_PER_MEGABIT: f64 = 1e6;
const BITS_PER_BYTE: f64 = 8.0;

/// What was measured of a resource, in shares of what it has.
#[derive(Default)]
pub(super) struct Read {
    pub(super) demands: Vec<Demand>,
    /// Metric, statistic and seconds of a point.
    pub(super) measured_by: BTreeMap<Dimension, String>,
    /// What it asked more of than it got.
    pub(super) censored: BTreeSet<Dimension>,
}

impl Read {
    pub(super) fn add(&mut self, dimension: Dimension, by: String, points: Points, room: f64) {
        self.measured_by.insert(dimension, by);
        self.demands.push(Demand { dimension, points, room });
    }

    pub(super) fn censor(&mut self, dimension: Dimension, when: bool) {
        if when {
            self.censored.insert(dimension);
        }
    }
}

/// Whether percent of processor time were cut off at the top.
pub(super) fn full(series: &Series) -> bool {
    let shares: Vec<f64> = series.points.values().iter().map(|percent| f64::from(*percent) / 100.0).collect();
    processor::censored(&shares)
}

/// A series, each value by `of`.
pub(super) fn shares(series: &Series, of: impl Fn(f64) -> f64) -> Points {
    let values = series.points.values().iter().map(|value| of(f64::from(*value)) as f32);
    Points::new(series.points.seconds(), values.collect())
}

/// What turns the bytes of a point into megabits a second.
pub(super) fn megabits(series: &Series) -> f64 {
    BITS_PER_BYTE / BITS_PER_MEGABIT / series.points.seconds() as f64
}

/// The first of some metrics that was measured.
pub(super) fn first<'a>(series: &'a BTreeMap<Measured, Series>, names: &[Measured]) -> Option<(Measured, &'a Series)> {
    names.iter().find_map(|name| Some((*name, series.get(name)?)))
}

/// Two series of one grid, added.
pub(super) fn added(one: Series, other: Series) -> Series {
    merged(one, other, |one, other| one + other)
}

/// The greater of two series of one grid, point by point.
pub(super) fn greater(one: Series, other: Series) -> Series {
    merged(one, other, f32::max)
}

/// Two series of one grid in one; of two lengths of points the first counts.
fn merged(one: Series, other: Series, of: impl Fn(f32, f32) -> f32) -> Series {
    let seconds = one.points.seconds();
    if other.points.seconds() != seconds {
        return one;
    }
    let start = one.start.min(other.start);
    let offset = |series: &Series| usize::try_from((series.start - start) / seconds).unwrap_or(0);
    let (first, second) = (offset(&one), offset(&other));
    let length = (first + one.points.values().len()).max(second + other.points.values().len());
    let mut values = vec![f32::NAN; length];
    for (from, series) in [(first, &one), (second, &other)] {
        for (at, value) in series.points.values().iter().enumerate().filter(|(_, value)| !value.is_nan()) {
            if let Some(both) = values.get_mut(from + at) {
                *both = if both.is_nan() { *value } else { of(*both, *value) };
            }
        }
    }
    Series { start, points: Points::new(seconds, values) }
}

/// Percent of processor time as shares of all that the processors can do.
pub(super) fn asked(series: &Series, own: Processor) -> Points {
    let share = |percent: &f32| match percent.is_nan() {
        true => f32::NAN,
        false => own.throughput_share(f64::from(*percent) / 100.0) as f32,
    };
    Points::new(series.points.seconds(), series.points.values().iter().map(share).collect())
}

pub(super) fn by((name, statistic): Measured, series: &Series) -> String {
    format!("{name}, {statistic} of {} seconds", series.points.seconds())
}

pub(super) fn scaled(series: &Series, factor: f64) -> Points {
    scaled_points(&series.points, factor)
}

pub(super) fn scaled_points(points: &Points, factor: f64) -> Points {
    let values = points.values().iter().map(|value| (f64::from(*value) * factor) as f32);
    Points::new(points.seconds(), values.collect())
}

/// The 99th percentile of each day, the oldest first; nothing of a day without points.
pub(super) fn daily(points: &Points) -> Vec<Option<f64>> {
    let a_day = usize::try_from(SECONDS_PER_DAY / points.seconds().max(1)).unwrap_or(1).max(1);
    let day = |day: &[f32]| {
        let mut sorted: Vec<f32> = day.iter().copied().filter(|value| !value.is_nan()).collect();
        sorted.sort_unstable_by(f32::total_cmp);
        quantile(&sorted, 0.99)
    };
    points.values().chunks(a_day).map(day).collect()
}

/// The same as shares of `room`, joined by a space; a day without points is a dash.
pub(super) fn peaks(points: &Points, room: f64) -> String {
    let share = |high: Option<f64>| high.map_or_else(|| "-".to_owned(), |high| format!("{:.3}", high / room));
    daily(points).into_iter().map(share).collect::<Vec<_>>().join(" ")
}
