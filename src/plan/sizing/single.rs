//! One plan type alone, exact.
//!
//! A dollar of commitment displaces 1/rate dollars of the class it covers, so covering the highest saving first is the
//! best use of any level (fractional knapsack), and the cost is convex and piecewise linear in the level. It is least
//! at the first breakpoint at which a further dollar an hour displaces no more than a dollar an hour on average. With
//! one rate this is the newsvendor law: cover the usage that is exceeded in a share `rate` of the hours.

use super::demand::Demand;
use super::pass::Prepared;
use super::{Levels, work};

/// Above this many breakpoints, those far from a sample's answer are counted and not kept.
const KEEP: usize = 1 << 21;

/// A breakpoint: the level, and how much less a dollar is worth beyond it.
pub(super) type Breakpoint = (f64, f64);

/// The smallest of 0 and the breakpoints at which the worth of a dollar, summed over the breakpoints above it, is at
/// most the target. A weighted order statistic, in linear time.
pub(super) fn threshold(points: &mut [Breakpoint], target: f64) -> f64 {
    if points.iter().map(|p| p.1).sum::<f64>() <= target {
        return 0.0;
    }
    let mut target = target;
    let mut points = points;
    while points.len() > 1 {
        let middle = points.len() / 2;
        points.select_nth_unstable_by(middle, |a, b| a.0.total_cmp(&b.0));
        let (below, above) = points.split_at_mut(middle);
        let worth: f64 = above.iter().map(|p| p.1).sum();
        if worth <= target {
            target -= worth;
            points = below;
        } else {
            points = above;
        }
    }
    points.first().map_or(0.0, |p| p.0)
}

/// The level of the wide plan that costs least when there is no other, beyond what is in force. Scopes and narrow rates
/// do not matter.
#[must_use]
pub fn single(demand: &Demand, in_force: f64) -> f64 {
    let nothing = Levels { narrow: vec![0.0; demand.scopes], wide: 0.0 };
    (best_wide(&Prepared::new(demand), &nothing) - in_force).max(0.0)
}

/// The level of the wide plan, what is in force included, that costs least beside given narrow levels.
pub(super) fn best_wide(prepared: &Prepared<'_>, narrow: &Levels) -> f64 {
    let hours = prepared.demand.hours;
    let target = hours as f64;
    if hours * prepared.wide_classes() > KEEP {
        // The answer on a sixteenth of the hours, give or take; if it lies elsewhere, all are kept after all.
        let few: Vec<_> = (0..hours).step_by(17).collect();
        let share = few.len() as f64;
        let mut points: Vec<Breakpoint> = collect(prepared, narrow, few, (0.0, f64::INFINITY)).1;
        let bracket = (threshold(&mut points, share * 1.03), threshold(&mut points, share * 0.97));
        let (above, mut points) = collect(prepared, narrow, (0..hours).collect(), bracket);
        let inside: f64 = points.iter().map(|p| p.1).sum();
        if above <= target && target < above + inside {
            return threshold(&mut points, target - above);
        }
    }
    threshold(&mut collect(prepared, narrow, (0..hours).collect(), (0.0, f64::INFINITY)).1, target)
}

/// Breakpoints within the bracket, and the worth of a dollar just above it.
fn collect(prepared: &Prepared<'_>, narrow: &Levels, hours: Vec<usize>, bracket: (f64, f64)) -> (f64, Vec<Breakpoint>) {
    let tasks: Vec<Vec<usize>> = work::ranges(hours.len()).into_iter().map(|r| hours[r].to_vec()).collect();
    let found = work::each(tasks, prepared.threads, |hours| {
        let mut bench = prepared.bench();
        let mut above = 0.0;
        let mut points = Vec::new();
        for hour in hours {
            prepared.cover_narrow(prepared.demand.row(hour), narrow, &mut bench);
            prepared.breakpoints(&bench.left, |level, drop| {
                if level > bracket.1 {
                    above += drop;
                } else if level > bracket.0 && drop > 0.0 {
                    points.push((level, drop));
                }
            });
        }
        (above, points)
    });
    let mut out = (0.0, Vec::with_capacity(found.iter().map(|f| f.1.len()).sum()));
    for (above, points) in found {
        out.0 += above;
        out.1.extend(points);
    }
    out
}
