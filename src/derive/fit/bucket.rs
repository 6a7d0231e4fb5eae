//! How often a bandwidth that is given only for a while is not enough: network, and EBS of an instance.
//!
//! Types "up to" a bandwidth have a baseline and a maximum. The network earns credits for what stays below the baseline, and
//! its bursts last "typically 5 to 60 minutes" (EC2 User Guide, "Amazon EC2 instance network bandwidth"), if at all: they are
//! given as there is room. EBS gives its maximum "for 30 minutes at least once every 24 hours" ("Amazon EBS-optimized instance
//! types"). AWS publishes neither bucket; sizes and margins here are those of ALGORITHMS 1.4. Where baseline and maximum are
//! equal, there is no burst. Both directions of the network have buckets of their own, so ask for each; throughput and
//! operations of EBS likewise.
//!
//! Knows: rates, in any one unit per second. Does not know: what the unit is, what becomes of demand that has to wait.

use std::array;
use std::collections::VecDeque;

use super::processor::{greater, lesser};

/// Share of a baseline that may be used without a burst; the rest is for growth and for peaks within a step (ALGORITHMS 1.4).
const USABLE_BASELINE: f64 = 0.80;

/// Share of an EBS maximum that a burst may use (ALGORITHMS 1.4).
const USABLE_MAXIMUM: f64 = 0.90;

/// How long a full bucket gives the network's maximum on top of the baseline: a cautious one of the 5 to 60 minutes that AWS
/// names (ALGORITHMS 1.4).
const NETWORK_BURST_SECONDS: f64 = 15.0 * 60.0;

/// How long EBS gives its maximum in any 24 hours, as AWS promises.
const EBS_BURST_SECONDS: f64 = 30.0 * 60.0;

const DAY_SECONDS: f64 = 24.0 * 3600.0;

/// A step is over when more than this share of what it asks for is missing; less is rounding.
const ROUNDING: f64 = 1e-9;

/// Steps in which the network does not carry what is asked: more than the maximum, or more than 80 % of the baseline when the
/// bucket does not cover the rest of it.
///
/// The bucket holds (maximum − baseline) × 15 minutes and begins empty, because nothing is known of the time before. It is
/// reckoned against 80 % of the baseline, not all of it: it fills more slowly and empties faster than AWS's own. A NaN is no
/// measurement: the bucket stays as it is.
///
/// So many times the demand go side by side, in ascending order: at `enough` steps of the first none is counted further.
#[must_use]
pub(super) fn network_exceeded<const N: usize>(
    demand: impl Iterator<Item = f64>,
    times: &[f64; N],
    seconds_per_step: f64,
    baseline: f64,
    maximum: f64,
    enough: usize,
) -> [usize; N] {
    let level = USABLE_BASELINE * baseline;
    let full = (maximum - baseline).max(0.0) * NETWORK_BURST_SECONDS;
    let mut saved = [0.0_f64; N];
    let (enough, mut over) = (enough as f64, [0.0_f64; N]);
    for demand in demand {
        if demand.is_nan() {
            continue;
        }
        for ((over, saved), times) in over.iter_mut().zip(&mut saved).zip(times) {
            let asked = demand * times;
            let left = *saved + (level - lesser(asked, maximum)) * seconds_per_step;
            // Said so that an unknown baseline counts as over.
            let holds = asked <= maximum && left >= -ROUNDING * asked * seconds_per_step;
            *over += if holds { 0.0 } else { 1.0 };
            *saved = lesser(greater(left, 0.0), full);
        }
        if over[0] >= enough {
            break;
        }
    }
    over.map(|steps| steps as usize)
}

/// Steps in which EBS does not give what is asked: more than 90 % of the maximum, or more than 80 % of the baseline when that
/// was so for more than 30 minutes of the 24 hours that end with the step.
///
/// Every step above 80 % of the baseline counts as a burst, served or not. Steps longer than 30 minutes cannot show that a
/// burst was short enough: each above is over. Nothing is known of the 24 hours before the first step: they count as quiet. A
/// NaN is no measurement: time passes. So many times the demand go side by side as in [`network_exceeded`].
#[must_use]
pub(super) fn ebs_exceeded<const N: usize>(
    demand: impl Iterator<Item = f64>,
    times: &[f64; N],
    seconds_per_step: f64,
    baseline: f64,
    maximum: f64,
    enough: usize,
) -> [usize; N] {
    let level = USABLE_BASELINE * baseline;
    let allowed = if maximum > baseline { whole(EBS_BURST_SECONDS / seconds_per_step) } else { 0 };
    let day = whole(DAY_SECONDS / seconds_per_step).max(1);
    let mut bursts: [VecDeque<usize>; N] = array::from_fn(|_| VecDeque::new());
    let mut over = [0; N];
    let most = times.last().copied().unwrap_or_default();
    for (now, demand) in demand.enumerate() {
        if demand * most <= level || demand.is_nan() {
            continue;
        }
        for ((over, bursts), times) in over.iter_mut().zip(&mut bursts).zip(times) {
            let asked = demand * times;
            if asked <= level {
                continue;
            }
            while bursts.front().is_some_and(|first| now - *first >= day) {
                bursts.pop_front();
            }
            bursts.push_back(now);
            let holds = asked <= USABLE_MAXIMUM * maximum && bursts.len() <= allowed;
            *over += usize::from(!holds);
        }
        if over[0] >= enough {
            break;
        }
    }
    over
}

/// Whole steps in a time.
fn whole(steps: f64) -> usize {
    (steps + ROUNDING).floor() as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::sizing::invented::Random;

    const FIVE_MINUTES: f64 = 300.0;

    fn network_alone(
        demand: impl Iterator<Item = f64>,
        seconds: f64,
        baseline: f64,
        maximum: f64,
        enough: usize,
    ) -> usize {
        network_exceeded(demand, &[1.0], seconds, baseline, maximum, enough)[0]
    }

    fn ebs_alone(demand: impl Iterator<Item = f64>, seconds: f64, baseline: f64, maximum: f64, enough: usize) -> usize {
        ebs_exceeded(demand, &[1.0], seconds, baseline, maximum, enough)[0]
    }

    /// Levels one after the other, each for a number of steps.
    fn series(runs: &[(f64, usize)]) -> Vec<f64> {
        runs.iter().flat_map(|(level, steps)| vec![*level; *steps]).collect()
    }

    /// A baseline of 1 and a maximum of 5: a bucket of 4 × 15 minutes, which is 12 of a step's 300 seconds.
    fn network(runs: &[(f64, usize)]) -> usize {
        network_alone(series(runs).into_iter(), FIVE_MINUTES, 1.0, 5.0, usize::MAX)
    }

    fn ebs(runs: &[(f64, usize)]) -> usize {
        ebs_alone(series(runs).into_iter(), FIVE_MINUTES, 100.0, 1000.0, usize::MAX)
    }

    #[test]
    fn the_network_carries_eighty_percent_of_the_baseline_for_ever() {
        assert_eq!(network(&[(0.8, 5000)]), 0);
        assert_eq!(network(&[(0.81, 100)]), 100);
    }

    #[test]
    fn a_network_burst_lasts_as_long_as_the_bucket() {
        // Fifteen idle steps save up 15 × 0.8 = 12, which is full; at 4.8 a step takes 4 of it.
        assert_eq!(network(&[(0.0, 15), (4.8, 3)]), 0);
        assert_eq!(network(&[(0.0, 15), (4.8, 4)]), 1);
        // More time does not make it fuller.
        assert_eq!(network(&[(0.0, 1000), (4.8, 4)]), 1);
        // Half as long a rest, half as long a burst.
        assert_eq!(network(&[(0.0, 10), (4.8, 2)]), 0);
        assert_eq!(network(&[(0.0, 10), (4.8, 3)]), 1);
    }

    #[test]
    fn a_network_bucket_begins_empty_and_fills_again() {
        assert_eq!(network(&[(4.8, 3)]), 3);
        assert_eq!(network(&[(0.0, 15), (4.8, 3), (0.0, 15), (4.8, 3)]), 0);
        assert_eq!(network(&[(0.0, 15), (4.8, 3), (0.0, 4), (4.8, 3)]), 3);
    }

    #[test]
    fn more_than_the_maximum_is_over_with_a_full_bucket() {
        assert_eq!(network(&[(0.0, 100), (5.0, 1)]), 0);
        assert_eq!(network(&[(0.0, 100), (5.1, 1)]), 1);
        // It takes no more out of the bucket than the maximum does: 12 − 4.2 leaves 7.8.
        assert_eq!(network(&[(0.0, 100), (50.0, 1), (4.7, 2)]), 1);
    }

    #[test]
    fn equal_baseline_and_maximum_leave_no_burst() {
        let demand = series(&[(0.0, 500), (80.0, 10), (81.0, 7)]);
        assert_eq!(network_alone(demand.iter().copied(), FIVE_MINUTES, 100.0, 100.0, usize::MAX), 7);
        assert_eq!(ebs_alone(demand.iter().copied(), FIVE_MINUTES, 100.0, 100.0, usize::MAX), 7);
    }

    #[test]
    fn ebs_gives_eighty_percent_of_the_baseline_for_ever_and_more_for_half_an_hour() {
        assert_eq!(ebs(&[(80.0, 1000)]), 0);
        assert_eq!(ebs(&[(900.0, 6), (80.0, 1000)]), 0);
        assert_eq!(ebs(&[(81.0, 7)]), 1);
        assert_eq!(ebs(&[(900.0, 10)]), 4);
    }

    #[test]
    fn ebs_bursts_no_higher_than_ninety_percent_of_the_maximum() {
        assert_eq!(ebs(&[(0.0, 10), (900.0, 1), (901.0, 2)]), 2);
    }

    #[test]
    fn the_half_hour_is_of_any_24_hours() {
        // A step is 1/288 day: 6 in the first hour, then 282 quiet ones, and the same time of the next day is free again.
        assert_eq!(ebs(&[(500.0, 6), (0.0, 282), (500.0, 6), (0.0, 282), (500.0, 6)]), 0);
        // One step earlier the first burst still counts, once.
        assert_eq!(ebs(&[(500.0, 6), (0.0, 281), (500.0, 6)]), 6);
        // Each of them comes one step too early, always.
        assert_eq!(ebs(&[(500.0, 3), (0.0, 100), (500.0, 3), (0.0, 100), (500.0, 3)]), 3);
        // What was refused counts too: who never stops bursting gets half an hour once.
        assert_eq!(ebs(&[(500.0, 1000)]), 994);
    }

    #[test]
    fn the_length_of_a_step_is_reckoned_with() {
        let minutes = series(&[(500.0, 31)]);
        assert_eq!(ebs_alone(minutes.iter().copied(), 60.0, 100.0, 1000.0, usize::MAX), 1);
        assert_eq!(ebs_alone([500.0, 50.0, 500.0].into_iter(), 3600.0, 100.0, 1000.0, usize::MAX), 2);
        let minutes = series(&[(0.0, 75), (4.8, 16)]);
        assert_eq!(network_alone(minutes.iter().copied(), 60.0, 1.0, 5.0, usize::MAX), 1);
    }

    #[test]
    fn the_unit_does_not_matter_and_more_room_never_hurts() {
        let mut random = Random::new(8);
        for _ in 0..30 {
            let demand: Vec<f64> = (0..1000).map(|_| 14.0 * random.unit().powi(4)).collect();
            let counts = |factor: f64, baseline: f64, maximum: f64| {
                let demand = || demand.iter().map(move |asked| asked * factor);
                let (baseline, maximum) = (factor * baseline, factor * maximum);
                (
                    network_alone(demand(), FIVE_MINUTES, baseline, maximum, usize::MAX),
                    ebs_alone(demand(), FIVE_MINUTES, baseline, maximum, usize::MAX),
                )
            };
            let (narrow, wide) = (counts(1.0, 3.0, 14.0), counts(1.0, 4.0, 15.0));
            assert_eq!(narrow, counts(1024.0, 3.0, 14.0));
            assert!(narrow.0 > 0 && narrow.1 > 0, "{narrow:?}: the demand shows nothing");
            assert!(wide.0 <= narrow.0 && wide.1 <= narrow.1, "{wide:?} with more room, {narrow:?} with less");
        }
    }

    #[test]
    fn a_gap_is_never_over_and_an_unknown_baseline_always() {
        assert_eq!(network(&[(f64::NAN, 3), (0.8, 2)]), 0);
        assert_eq!(ebs(&[(f64::NAN, 30), (500.0, 6)]), 0);
        assert_eq!(network_alone([0.5, 0.5].into_iter(), FIVE_MINUTES, f64::NAN, 5.0, usize::MAX), 2);
        assert_eq!(ebs_alone([0.5, 0.5].into_iter(), FIVE_MINUTES, f64::NAN, 5.0, usize::MAX), 2);
    }
}
