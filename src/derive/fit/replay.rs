//! How many times what a machine asked for would fit into what is not there all the time: credits, and bandwidth in bursts.
//!
//! A replay of four weeks is a chain in which each point waits for the one before; several loads side by side take hardly longer than
//! one. Knows: replays, and that more load never breaks less. Does not know: how likely so much load is.

use std::array;

use super::credits::throttles_more;
use super::need::Points;
use super::processor::FLEX_SHARE;
use super::{Bandwidth, Burst, Candidate, Demand};

/// Loads that are tried side by side.
pub(super) const WAYS: usize = 4;
/// Numbers of times the past, in ascending order.
pub(super) type Times = [f64; WAYS];

/// A machine that asks for so many times what it did fits whatever comes.
const MOST_TIMES: f64 = 64.0;
/// Steps of the first search are shares of at least this.
const LEAST_TIMES: f64 = 1.0 / 64.0;
/// A number of times is told to a fiftieth.
const ACCURACY: f64 = 0.02;
const SECONDS_PER_HOUR: f64 = 3600.0;

/// How many times the past fits, from a number of times on; to a fiftieth, and never too many. `None`: not so often.
pub(super) fn held_from(least: f64, breaks_at: impl Fn(&Times) -> [bool; WAYS]) -> Option<f64> {
    let low = least.max(LEAST_TIMES);
    let step = (MOST_TIMES / low).max(1.0).powf(1.0 / (WAYS - 1) as f64);
    let mut tried: Times = array::from_fn(|way| if way == 0 { least } else { low * step.powi(way as i32) });
    let (mut holds, mut bound) = (None, None);
    loop {
        let breaks = breaks_at(&tried).iter().position(|breaks| *breaks);
        holds = breaks.map_or(tried.last(), |at| at.checked_sub(1).map(|before| &tried[before])).copied().or(holds);
        let below = holds?;
        let Some(above) = breaks.map_or(bound, |at| Some(tried[at])) else { return Some(f64::INFINITY) };
        if above - below <= ACCURACY * above.max(LEAST_TIMES) {
            return Some(below);
        }
        bound = Some(above);
        tried = array::from_fn(|way| below + (above - below) * (way + 1) as f64 / (WAYS + 1) as f64);
    }
}

/// Whether a burstable candidate in standard mode would have throttled more of the past than the budget, had it asked for so many times as
/// much, in ascending order; it begins without credits.
pub(super) fn throttles<const N: usize>(burst: &Burst, points: &Points, times: &[f64; N], budget: f64) -> [bool; N] {
    let busy = burst.processor.busy(burst.of);
    let asked = points.values().iter().map(|share| match share.is_nan() {
        true => [f64::NAN; N],
        false => times.map(|times| busy.at(f64::from(*share) * times)),
    });
    let most = (points.measured() as f64 * budget) as usize;
    throttles_more(burst.shape, most, points.seconds() as f64 / SECONDS_PER_HOUR, asked)
}

/// Whether a bandwidth would not have carried more of the past than the budget, likewise.
pub(super) fn overrun<const N: usize>(
    bandwidth: &Bandwidth,
    demand: &Demand,
    times: &[f64; N],
    budget: f64,
) -> [bool; N] {
    let allowed = (demand.points.measured() as f64 * budget) as usize;
    bandwidth.exceeded(demand, times, allowed + 1).map(|points| points > allowed)
}

/// Whether a candidate whose full processors are not there all the time was too little for what came: its credits throttled more of
/// the points than the budget, or more than one point of twenty asked for more than is there at any time. `mean`: what the machine
/// asked of its processors, in shares of what it has.
#[must_use]
pub fn gives_out(candidate: &Candidate, mean: &Points, budget: f64) -> bool {
    let throttled = candidate.burst.is_some_and(|burst| throttles(&burst, mean, &[1.0], budget) == [true]);
    let high = candidate.steady.and_then(|_| mean.quantile(1.0 - FLEX_SHARE));
    throttled || candidate.steady.zip(high).is_some_and(|(steady, high)| high > steady)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(least: f64, limit: f64) -> Option<f64> {
        held_from(least, |times| {
            assert!(times.is_sorted(), "{times:?}");
            times.map(|times| times > limit)
        })
    }

    #[test]
    fn the_greatest_number_of_times_is_found_to_a_fiftieth() {
        for least in [0.0_f64, 0.02, 0.5, 1.0, 3.0, 40.0] {
            for step in 1..200 {
                let limit = least.max(0.016) + f64::from(step) * 0.3;
                let found = held(least, limit).unwrap();
                let reached = found <= limit && limit - found <= 0.021 * limit;
                assert!(reached || (limit >= 64.0 && found.is_infinite()), "{least} {limit}: {found}");
            }
        }
    }

    #[test]
    fn what_does_not_fit_the_least_is_none_and_what_fits_the_most_has_no_end() {
        assert_eq!(held(2.0, 1.9), None);
        assert_eq!(held(0.5, 64.1), Some(f64::INFINITY));
        assert_eq!(held(100.0, 200.0), Some(f64::INFINITY));
        assert_eq!(held(0.0, 0.0), Some(0.0));
    }
}
