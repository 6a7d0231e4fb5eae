//! Where the level has moved for good, and the points since then; and clean-ups, after which it grows again.
//!
//! Knows: points of a day and a value, in order. Does not know: limits.

use super::slope::{LEVEL, deviation, median, theil_sen};
use super::{LEAST, tail};

type Point = (f64, f64);

/// Values on each side whose medians are compared: two wrong ones in five change neither. Also the days that clean-ups
/// are apart at least; what comes and goes faster is noise.
const NEAR: usize = 5;

/// A change counts from so many standard deviations of the daily steps, so that noise seldom does.
const CLEAR: f64 = 4.0;

/// A shift has to explain this much: two lines leave at most this share of the one line's deviations. Clean-ups and
/// single wrong values leave more than that. The same shifts are found from 0.5 to 0.7.
const EXPLAINED: f64 = 0.6;

/// Shifts that are looked for, a guard against a search without end.
const MOST_SHIFTS: usize = 8;

/// Below this share of the range, a change is rounding.
const ROUNDING: f64 = 1e-9;

/// Clean-ups from which on they are a pattern; fewer give no slope with an error.
const FEWEST_CLEANUPS: usize = 3;

/// And there has to be one in so many values: twice a month is a habit, less is chance.
const VALUES_PER_CLEANUP: usize = 20;

/// The last peaks that are used: of weekly clean-ups, two months.
const LAST_PEAKS: usize = 8;

/// Points on the present level.
pub(super) struct Settled {
    pub(super) points: Vec<Point>,
    /// The first day on the present level; `None`: it never moved.
    pub(super) shift_day: Option<f64>,
}

/// The points after the last lasting shift. After one of the last days there are too few to tell a slope from: then the
/// points before are moved to the present level.
pub(super) fn settle(mut points: Vec<Point>) -> Settled {
    let mut shift_day: Option<f64> = None;
    for _ in 0..MOST_SHIFTS {
        let Some(at) = last_shift(&points) else { break };
        let (before, after) = points.split_at(at);
        let Some(day) = after.first().map(|point| point.0) else { break };
        shift_day = Some(shift_day.map_or(day, |known| known.max(day)));
        if after.len() >= LEAST {
            points = after.to_vec();
        } else {
            let slope = theil_sen(before, LEVEL).map_or(0.0, |slope| slope.median);
            let level = |part: &[Point]| median(part.iter().map(|(day, value)| value - slope * day));
            let jump = level(after) - level(tail(before, LEAST));
            points = before.iter().map(|(day, value)| (*day, value + jump)).chain(after.iter().copied()).collect();
        }
    }
    Settled { points, shift_day }
}

/// The place of the largest jump between the medians of neighbouring values, less what the usual daily step explains,
/// if it is clear and explains the deviations.
fn last_shift(points: &[Point]) -> Option<usize> {
    if points.len() < LEAST + NEAR {
        return None;
    }
    let steps = daily_steps(points);
    let usual = median(steps.iter().copied());
    let mut largest = clear_step(points, &steps);
    let mut near = None;
    for (start, window) in points.windows(2 * NEAR).enumerate() {
        let (before, after) = window.split_at(NEAR);
        let days = median(after.iter().map(|point| point.0)) - median(before.iter().map(|point| point.0));
        let change = median(after.iter().map(|point| point.1)) - median(before.iter().map(|point| point.1));
        let jump = (change - usual * days).abs();
        if jump > largest {
            (largest, near) = (jump, Some(start + NEAR));
        }
    }
    // Medians place a jump to within two values; the largest single step tells which.
    let near = near?;
    let last = points.len() - NEAR;
    let (mut at, mut largest) = (near, -1.0);
    for place in near.saturating_sub(2).max(1)..=(near + 2).min(last) {
        let (Some(before), Some(after)) = (points.get(place - 1), points.get(place)) else { continue };
        let step = (after.1 - before.1).abs();
        if step > largest {
            (at, largest) = (place, step);
        }
    }
    let (before, after) = points.split_at(at);
    (from_line(before) + from_line(after) <= EXPLAINED * from_line(points)).then_some(at)
}

/// The sum of the deviations from the points' line.
fn from_line(points: &[Point]) -> f64 {
    let slope = theil_sen(points, LEVEL).map_or(0.0, |slope| slope.median);
    let rest: Vec<f64> = points.iter().map(|(day, value)| value - slope * day).collect();
    let centre = median(rest.iter().copied());
    rest.iter().map(|value| (value - centre).abs()).sum()
}

/// The last values before clean-ups, on which alone a saw-tooth reaches its limit; `None`: there is no such pattern. A
/// clean-up is a clear fall without a clear rise on the day before or after, as a single wrong value has.
pub(super) fn peaks(points: &[Point]) -> Option<Vec<Point>> {
    let steps = daily_steps(points);
    let usual = median(steps.iter().copied());
    let clear = clear_step(points, &steps);
    let quiet = |step: Option<&f64>| step.is_none_or(|step| step - usual < clear);
    let peaks: Vec<Point> = (1..steps.len())
        .filter(|at| steps.get(*at).is_some_and(|step| step - usual < -clear))
        .filter(|at| quiet(steps.get(at - 1)) && quiet(steps.get(at + 1)))
        .filter_map(|at| points.get(at).copied())
        .collect();
    let last = tail(&peaks, LAST_PEAKS);
    let pattern = peaks.len() >= FEWEST_CLEANUPS.max(points.len() / VALUES_PER_CLEANUP) && period(last) >= NEAR as f64;
    pattern.then(|| last.to_vec())
}

/// Days between peaks, the median.
pub(super) fn period(peaks: &[Point]) -> f64 {
    median(peaks.windows(2).filter_map(|pair| Some(pair.last()?.0 - pair.first()?.0)))
}

/// Change per day from each value to the next.
pub(super) fn daily_steps(points: &[Point]) -> Vec<f64> {
    points.iter().zip(points.iter().skip(1)).map(|(one, next)| (next.1 - one.1) / (next.0 - one.0)).collect()
}

/// The change that is no noise.
fn clear_step(points: &[Point], steps: &[f64]) -> f64 {
    let low = points.iter().map(|point| point.1).fold(f64::INFINITY, f64::min);
    let high = points.iter().map(|point| point.1).fold(f64::NEG_INFINITY, f64::max);
    (CLEAR * deviation(steps)).max(ROUNDING * (high - low))
}
