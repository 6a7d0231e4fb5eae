//! Which hours of the week a resource is not needed, told from the hours of some weeks in which it worked.
//!
//! Knows: weeks of 168 local hours, all alike. Does not know: whether the weeks are alike enough to trust this
//! (`stability`), what an hour costs.

use std::array;
use std::f64::consts::PI;

use crate::period::HOURS_PER_WEEK;

/// Hours of a week.
pub(super) const HOURS: usize = HOURS_PER_WEEK as usize;

/// In which hours of a week a resource worked, from Monday 00:00 local time; `None`: not observed.
pub type Week = [Option<bool>; HOURS];

/// The share of weeks in which an hour is at work is, before any is seen, Beta(0.05, 0.95): the weight of one week, and
/// most hours are either never at work or always (ALGORITHMS 4.1).
const PRIOR: f64 = 0.05;
/// An hour is off when this share of weeks is not exceeded …
const SHARE: f64 = 0.35;
/// … with this probability. Both from ALGORITHMS 4.1: no active week in any number seen, or one of at least six.
const CONFIDENCE: f64 = 0.9;
/// Weeks in which an hour that is off may have been at work.
const ODD_WEEKS: usize = 1;
/// Work is regular in an hour from this many weeks …
const REGULAR_WEEKS: usize = 2;
/// … and from this share of them.
const REGULAR_SHARE: f64 = 0.3;
/// Hours next to regular work that stay on: time to start, and people who come early or leave late. On invented office
/// hours that vary by half an hour a day, one on both sides loses 0.24 active hours a week, none after work 0.72.
const GUARD: usize = 1;
/// Hours that are worth a stop and a start at least.
const SHORTEST: usize = 4;

/// The hours of the week in which the resource can be off, from Monday 00:00 local time. An hour observed in less than
/// half of the weeks is not.
pub(super) fn off_hours(weeks: &[Week]) -> [bool; HOURS] {
    let seen: [Seen; HOURS] = array::from_fn(|hour| Seen::new(weeks, hour));
    let regular = seen.map(Seen::is_regular);
    let near_work = |hour: usize| {
        (1..=GUARD).any(|hours| regular[(hour + hours) % HOURS] || regular[(hour + HOURS - hours) % HOURS])
    };
    let quiet = seen.map(|seen| seen.weeks > 0 && 2 * seen.weeks >= weeks.len() && seen.is_quiet());
    long_runs(&array::from_fn(|hour| quiet[hour] && !near_work(hour)))
}

/// How often an hour of the week was observed.
#[derive(Clone, Copy)]
struct Seen {
    weeks: usize,
    active: usize,
}

impl Seen {
    fn new(weeks: &[Week], hour: usize) -> Seen {
        weeks.iter().filter_map(|week| week[hour]).fold(Seen { weeks: 0, active: 0 }, |seen, active| Seen {
            weeks: seen.weeks + 1,
            active: seen.active + usize::from(active),
        })
    }

    fn is_regular(self) -> bool {
        self.active >= REGULAR_WEEKS && self.active as f64 >= REGULAR_SHARE * self.weeks as f64
    }

    /// The 90 % quantile of the posterior is below the share, asked the other way round.
    fn is_quiet(self) -> bool {
        self.active <= ODD_WEEKS && probability(self.active, self.weeks) > CONFIDENCE
    }
}

/// Probability that work takes less than [`SHARE`] of the weeks, when it took `active` of `weeks`: the distribution
/// function of Beta(a, b) with a = 0.05 + active and b = 0.95 + weeks − active, by the series of DLMF 8.17.8,
/// `x^a (1 − x)^b / (a B(a, b)) Σ (a + b)…(a + b + k − 1) / ((a + 1)…(a + k)) x^k`. As a + b = weeks + 1, the
/// reflection of the gamma function (DLMF 5.5.3) gives `B(a, b) = π / sin(πa) × (1 − a)(2 − a)…(weeks − a) / weeks!`.
fn probability(active: usize, weeks: usize) -> f64 {
    let a = PRIOR + active as f64;
    let b = 1.0 - PRIOR + (weeks - active) as f64;
    let beta: f64 = (1..=weeks).map(|week| (week as f64 - a) / week as f64).product::<f64>() * PI / (PI * a).sin();
    let (mut term, mut sum, mut next) = (1.0, 0.0, 0.0);
    // The terms fall at last by the factor 0.35.
    while term > sum * f64::EPSILON {
        sum += term;
        term *= (a + b + next) / (a + 1.0 + next) * SHARE;
        next += 1.0;
    }
    SHARE.powf(a) * (1.0 - SHARE).powf(b) / (a * beta) * sum
}

/// The runs that are long enough; the week is a circle.
fn long_runs(off: &[bool; HOURS]) -> [bool; HOURS] {
    let Some(on) = off.iter().position(|off| !off) else { return *off };
    let mut kept = [false; HOURS];
    let mut length = 0;
    for hour in (on + 1..=on + HOURS).map(|hour| hour % HOURS) {
        if off[hour] {
            length += 1;
            continue;
        }
        if length >= SHORTEST {
            for back in 1..=length {
                kept[(hour + HOURS - back) % HOURS] = true;
            }
        }
        length = 0;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of scipy.stats.beta.cdf(0.35, 0.05 + active, 0.95 + weeks - active).
    #[test]
    fn the_posterior_is_the_one_of_scipy() {
        for (active, weeks, expected) in [
            (0, 1, 0.978873782336299),
            (0, 4, 0.9971317739830898),
            (1, 2, 0.5494625436816254),
            (1, 5, 0.8725739549182706),
            (1, 6, 0.9166095475169435),
            (1, 52, 0.999999999772778),
        ] {
            let found = probability(active, weeks);
            assert!((found - expected).abs() < 1e-12, "{active} of {weeks}: {found}");
        }
    }

    #[test]
    fn one_odd_week_is_forgiven_from_six_on() {
        let quiet = |active, weeks| Seen { weeks, active }.is_quiet();
        assert!((1..=60).all(|weeks| quiet(0, weeks)));
        assert!((1..=60).all(|weeks| quiet(1, weeks) == (weeks >= 6)));
        assert!((2..=60).all(|weeks| !quiet(2, weeks)));
    }
}
