//! When something will be full: the days until a daily value reaches a limit, with an interval that has been measured.
//!
//! The growth is the median of Theil–Sen slopes over the last 60, 30 and 14 values since the level last moved for good,
//! from the level of the last week. Where clean-ups make a saw-tooth, the line goes through its peaks. Growth that
//! itself grows is carried on as it is, and the interval's far end holds the case that it stops doing so.
//!
//! Measured (a Python port, on 1583 series of `trend/invented.rs` that took no part in tuning, seeds 6 to 10): median error
//! of the days 2.6 %, 80 % intervals that hold 80.5 % (lines 82, clean-ups 76, steps 78, accelerating 83, wrong values
//! 84 %). Those series keep growing as they did. Where growth bends or noise lasts for days, intervals held 63 and 67 %;
//! where the speed wanders by 3 % a day, 31 %: an interval says how well the growth is known, not whether it goes on.
//!
//! Knows: daily values and a limit in the same unit. Does not know: what is measured (give daily maxima or P95 of CPU
//! and memory, last values of disks and quotas) and which capacity counts.

mod shift;
mod slope;
#[cfg(test)]
mod invented;
#[cfg(test)]
mod tests;

pub use slope::{Slope, theil_sen};

use shift::{daily_steps, peaks, period, settle};
use slope::{Fit, MEAN_DEVIATION, dependence, deviation, fit, median};

/// Fewest values, and fewest on a level for a slope of their own: two weeks, so that weekdays even out.
const LEAST: usize = 14;

/// Values that are looked at, half a year: what was before says little about now.
const MOST: usize = 180;

/// The windows of the slopes, in values. Their median weighs what is new against noise: where growth bends, the error is
/// 18 % (with 60 alone 24 %, with 14 alone 13 %); on lines it is 0.8 % (0.5 % and 3.7 %).
const WINDOWS: [usize; 3] = [60, 30, 14];

/// Values for acceleration: the slopes of their halves.
const HALVES: usize = 60;

/// Values that give the present level: a week, so that weekdays even out.
const LEVEL_VALUES: usize = 7;

/// Standard errors that growth has to exceed to be growth: on noise alone, 2.3 % of series do.
const SURE_GROWTH: f64 = 2.0;

/// Standard errors that acceleration has to exceed: it moves dates by much, so 0.1 % of lines may.
const SURE_ACCELERATION: f64 = 3.0;

/// Below this share of the slope, acceleration is rounding.
const ROUNDING: f64 = 1e-9;

/// No date lies further ahead than so many times what has been seen.
const HISTORIES: f64 = 5.0;

/// Standard errors in an 80 % interval. Conformal: the 80 % quantile of (larger / smaller of actual and forecast − 1) ×
/// forecast / standard error, over 1564 invented series (the generator of the tests, seeds 1 to 5, 400 draws each). More
/// than the normal distribution's 1.28, as the errors are estimates too.
const REACH: f64 = 1.305;

/// The variance of when within a day a daily value was taken, in days².
const WITHIN_A_DAY: f64 = 1.0 / 12.0;

/// When a limit is reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outlook {
    /// Fewer than 14 values.
    TooShort {
        /// Days with a value.
        days: usize,
    },
    /// The present level is at or over the limit; with clean-ups, the level of the peaks.
    Full,
    /// Not within this time, or growth cannot be told from noise.
    NoCrossing {
        /// Days ahead that this holds for: the horizon asked for, at most five times the history.
        horizon_days: f64,
    },
    /// At some time.
    Crossing {
        /// Days from the last day given.
        days: f64,
        /// The earlier end of the 80 % interval, in days.
        low: f64,
        /// The later end.
        high: f64,
        /// Growth now, in the value's unit per day.
        per_day: f64,
        /// Growth itself grows: `days` holds if that goes on, `high` is no earlier than if it stops.
        accelerating: bool,
        /// The first day on the present level, counted from 0, if the level has moved for good.
        shift_day: Option<usize>,
    },
}

/// When daily values reach a limit. Values are a day apart, oldest first; days without a value are `None`. The horizon
/// is in days.
#[must_use]
pub fn crossing(daily: &[Option<f64>], limit: f64, horizon_days: f64) -> Outlook {
    let value = |(day, value): (usize, &Option<f64>)| Some((day as f64, value.filter(|value| value.is_finite())?));
    let points: Vec<(f64, f64)> = daily.iter().enumerate().filter_map(value).collect();
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Outlook::TooShort { days: 0 } };
    if points.len() < LEAST {
        return Outlook::TooShort { days: points.len() };
    }
    let horizon_days = horizon_days.min(HISTORIES * (last.0 - first.0 + 1.0));
    let settled = settle(tail(&points, MOST).to_vec());
    let today = daily.len().saturating_sub(1) as f64;
    let Some(trend) = Trend::of(&settled.points, today) else { return Outlook::NoCrossing { horizon_days } };
    if limit <= trend.level {
        return Outlook::Full;
    }
    match trend.reaches(limit) {
        Some(Reach { days, low, high }) if days <= horizon_days => Outlook::Crossing {
            days,
            low,
            high,
            per_day: trend.growth.slope,
            accelerating: trend.acceleration.is_some(),
            shift_day: settled.shift_day.map(|day| day as usize),
        },
        _ => Outlook::NoCrossing { horizon_days },
    }
}

/// Where values stand today and where they go.
struct Trend {
    level: f64,
    level_error: f64,
    /// Growth per day, today.
    growth: Fit,
    acceleration: Option<Acceleration>,
    /// Days from when the line of the peaks reaches a limit until the next peak does, at most.
    wait: f64,
}

/// Growth that grows.
#[derive(Clone, Copy)]
struct Acceleration {
    /// Growth of the growth per day, per day.
    rate: Fit,
    /// Growth in the second half of the values, without more acceleration.
    steady: Fit,
    /// The middle of that half.
    middle: f64,
}

/// Days until a limit, with their interval.
struct Reach {
    days: f64,
    low: f64,
    high: f64,
}

impl Trend {
    fn of(points: &[(f64, f64)], today: f64) -> Option<Trend> {
        let acceleration = acceleration(points);
        let peaks = peaks(points);
        let line = peaks.as_deref().unwrap_or(tail(points, WINDOWS[0]));
        let (mut growth, middle) = match (&peaks, acceleration) {
            (Some(peaks), _) => {
                let slope = theil_sen(peaks, slope::LEVEL)?;
                (Fit { slope: slope.median, error: slope.error() }, mean_day(peaks))
            }
            (None, Some(found)) => (found.steady, found.middle),
            (None, None) => (middle_slope(points)?, today),
        };
        let rate = acceleration.map_or(0.0, |found| found.rate.slope);
        if let Some(found) = acceleration {
            growth.slope += rate * (today - middle);
            growth.error = growth.error.hypot(found.rate.error * (today - middle));
        }
        // Each value as it would be today.
        let carried: Vec<f64> = line
            .iter()
            .map(|(day, value)| {
                let ago = today - day;
                value + growth.slope * ago - rate / 2.0 * ago * ago
            })
            .collect();
        let last = tail(&carried, LEVEL_VALUES);
        let alike = if peaks.is_some() { 1.0 } else { dependence(&carried) };
        let wait = peaks.as_deref().map_or(0.0, |peaks| {
            // Between clean-ups values rise faster than the peaks do, and so reach the limit before the peak's day.
            let rise = median(daily_steps(points));
            let share = if rise > 0.0 { (growth.slope / rise).min(1.0) } else { 0.0 };
            period(peaks) * (1.0 - share)
        });
        Some(Trend {
            level: median(last.iter().copied()),
            level_error: MEAN_DEVIATION * deviation(&carried) / (last.len().max(1) as f64).sqrt() * alike,
            growth,
            acceleration,
            wait,
        })
    }

    /// When a limit over the level is reached; `None`: growth is not sure. Days d solve level + growth × d + rate × d² / 2
    /// = limit; errors of the three are carried to d, and the interval is as wide as they were on invented series.
    fn reaches(&self, limit: f64) -> Option<Reach> {
        let (gap, speed) = (limit - self.level, self.growth.slope);
        if speed <= 0.0 || speed <= SURE_GROWTH * self.growth.error {
            return None;
        }
        let rate = self.acceleration.map_or(Fit { slope: 0.0, error: 0.0 }, |found| found.rate);
        let wait = self.wait / 2.0;
        let days = 2.0 * gap / (speed + (speed * speed + 2.0 * rate.slope * gap).sqrt()) + wait;
        let then = speed + rate.slope * days;
        let errors = [self.level_error, days * self.growth.error, days * days / 2.0 * rate.error];
        let variance: f64 = errors.iter().map(|error| (error / then) * (error / then)).sum();
        // A wait evenly between nothing and the whole has a variance of a twelfth of its square.
        let half = REACH * (variance + self.wait * self.wait / 12.0 + WITHIN_A_DAY).sqrt();
        let steady = self.acceleration.map_or(days, |found| gap / found.steady.slope + wait);
        Some(Reach { days, low: days * days / (days + half), high: (days + half).max(steady) })
    }
}

/// The median of the slopes over the windows.
fn middle_slope(points: &[(f64, f64)]) -> Option<Fit> {
    let mut fits: Vec<Fit> = WINDOWS.iter().filter_map(|window| fit(tail(points, *window))).collect();
    fits.sort_by(|one, other| one.slope.total_cmp(&other.slope));
    fits.get(fits.len() / 2).copied()
}

/// Acceleration, if the second half of the values grows by surely more than the first.
fn acceleration(points: &[(f64, f64)]) -> Option<Acceleration> {
    let points = tail(points, HALVES);
    let (before, after) = points.split_at(points.len() / 2);
    if before.len() < LEAST {
        return None;
    }
    let (slow, steady) = (fit(before)?, fit(after)?);
    let (more, error) = (steady.slope - slow.slope, slow.error.hypot(steady.error));
    let (middle, days) = (mean_day(after), mean_day(after) - mean_day(before));
    let sure = steady.slope > 0.0 && more > (SURE_ACCELERATION * error).max(ROUNDING * steady.slope);
    sure.then_some(Acceleration { rate: Fit { slope: more / days, error: error / days }, steady, middle })
}

/// The mean of the points' days.
fn mean_day(points: &[(f64, f64)]) -> f64 {
    points.iter().map(|point| point.0).sum::<f64>() / points.len().max(1) as f64
}

/// The last `count` of a list.
fn tail<T>(list: &[T], count: usize) -> &[T] {
    list.get(list.len().saturating_sub(count)..).unwrap_or_default()
}
