//! How likely too much spot capacity goes at once, and how many pools keep that rare.
//!
//! A pool is one instance type in one zone, and AWS takes capacity back pool by pool. Here a pool's event takes all of its
//! capacity, which is on the safe side, and pools are independent, which is not: neighbours of one family or zone may go
//! together. The demand for an effective number of pools stands beside the probability for that reason; at the hazards that
//! AWS publishes it is the one that decides.
//!
//! Knows: shares of capacity and hazards. Does not know: which types and zones the pools are, prices.

/// Hours in which losses count as one: ten minutes (ALGORITHMS 3), in which what went is hardly replaced.
pub const WINDOW_HOURS: f64 = 1.0 / 6.0;

/// Share of the capacity of which more must not go at once (ALGORITHMS 3): the rest then carries 43 % more.
pub const LARGE_LOSS: f64 = 0.3;

/// How likely a large loss may be in an hour (ALGORITHMS 3).
pub const LARGE_LOSS_PER_HOUR: f64 = 1e-3;

/// How many equal pools the capacity must be as good as (ALGORITHMS 3).
pub const EFFECTIVE_POOLS: f64 = 4.0;

/// The most pools that [`fewest_equal`] looks at; ten types in six zones.
const MOST_POOLS: usize = 60;

/// Shares that differ by less are one; the larger stands for both, so that a loss is never made smaller. It bounds the sums
/// that are kept.
const SAME_SHARE: f64 = 1e-5;

/// What sums of shares may be off by in binary: three pools of a tenth are not more than 0.3.
const ROUNDING: f64 = 1e-9;

/// Capacity that is taken back together.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Pool {
    /// How much of the capacity it has, in any unit that all pools share.
    pub weight: f64,
    /// Interruptions per running hour ([`super::net::hazard`]).
    pub hazard: f64,
}

/// How safe capacity is against losing much of it at once.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Safety {
    /// The number of equal pools that it is as good as.
    pub effective_pools: f64,
    /// Probability in an hour of losing more than [`LARGE_LOSS`] within [`WINDOW_HOURS`].
    pub large_loss_per_hour: f64,
}

impl Safety {
    /// Whether both demands are met: [`EFFECTIVE_POOLS`] and [`LARGE_LOSS_PER_HOUR`].
    #[must_use]
    pub fn holds(&self) -> bool {
        self.effective_pools >= EFFECTIVE_POOLS - ROUNDING && self.large_loss_per_hour <= LARGE_LOSS_PER_HOUR
    }
}

/// Each pool's share of the capacity, with its hazard; pools without capacity are left out.
fn shares(pools: &[Pool]) -> Vec<(f64, f64)> {
    let with_capacity = || pools.iter().filter(|pool| pool.weight > 0.0);
    let total: f64 = with_capacity().map(|pool| pool.weight).sum();
    with_capacity().map(|pool| (pool.weight / total, pool.hazard.max(0.0))).collect()
}

/// Interruptions per running hour of an instance anywhere in the pools: `Σ w ν` over their shares `w`; 0 without capacity.
#[must_use]
pub fn mean_hazard(pools: &[Pool]) -> f64 {
    shares(pools).iter().map(|(share, hazard)| share * hazard).sum()
}

/// The number of equal pools that would be as concentrated: `1 / Σ w²` over shares `w` (the inverse of Herfindahl's index);
/// 0 without capacity.
#[must_use]
pub fn effective_pools(pools: &[Pool]) -> f64 {
    let squares: f64 = shares(pools).iter().map(|(share, _)| share * share).sum();
    if squares > 0.0 { 1.0 / squares } else { 0.0 }
}

/// Probability of losing more than `share` of the capacity, given each pool's share of it and the probability that it goes:
/// the Poisson-binomial distribution with weights, by dynamic programming over the sums of shares. Exact up to sums that lie
/// within 1e-5 of another, and never too low.
#[must_use]
pub fn loses_more_than(share: f64, pools: &[(f64, f64)]) -> f64 {
    let mut lost = 0.0_f64;
    // What is lost so far and its probability, the largest loss first; more than `share` has left the list.
    let mut sums: Vec<(f64, f64)> = vec![(0.0, 1.0)];
    for (weight, probability) in pools {
        let mut next = Vec::with_capacity(2 * sums.len());
        for (sum, so_far) in &sums {
            next.push((*sum, so_far * (1.0 - probability)));
            let more = sum + weight;
            if more > share + ROUNDING {
                lost += so_far * probability;
            } else {
                next.push((more, so_far * probability));
            }
        }
        next.sort_by(|a, b| b.0.total_cmp(&a.0));
        next.dedup_by(|smaller, kept| {
            let same = kept.0 - smaller.0 <= SAME_SHARE;
            if same {
                kept.1 += smaller.1;
            }
            same
        });
        sums = next;
    }
    lost.min(1.0)
}

/// How safe the pools are. An hour is six windows end to end, so that two pools which go within ten minutes but on either
/// side of a boundary are missed: the figure is the right order of magnitude and may be half of the truth.
#[must_use]
pub fn safe(pools: &[Pool]) -> Safety {
    let in_window: Vec<(f64, f64)> =
        shares(pools).into_iter().map(|(share, hazard)| (share, -(-hazard * WINDOW_HOURS).exp_m1())).collect();
    let window = loses_more_than(LARGE_LOSS, &in_window);
    Safety {
        effective_pools: effective_pools(pools),
        large_loss_per_hour: -((-window).ln_1p() / WINDOW_HOURS).exp_m1(),
    }
}

/// The smallest number of equal pools that is safe at a hazard and from which on more are safe too; `None`: up to 60 are not.
///
/// More pools are not always safer: two of four and two of six are both more than 0.3, and there are more pairs of six. That
/// matters above 0.02 an hour only, fifty times the highest published band.
#[must_use]
pub fn fewest_equal(hazard: f64) -> Option<usize> {
    let holds = |count: &usize| safe(&vec![Pool { weight: 1.0, hazard }; *count]).holds();
    (1..=MOST_POOLS).rev().take_while(holds).last()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::derive::spot::net::hazard;
    use crate::plan::sizing::invented::Random;

    /// The middles of the published bands.
    const MIDDLES: [f64; 5] = [0.025, 0.075, 0.125, 0.175, 0.25];

    fn equal(count: usize, hazard: f64) -> Vec<Pool> {
        vec![Pool { weight: 1.0, hazard }; count]
    }

    fn pools(weights: &[f64]) -> Vec<Pool> {
        weights.iter().map(|weight| Pool { weight: *weight, hazard: 1e-4 }).collect()
    }

    fn close(found: f64, expected: f64, tolerance: f64) -> bool {
        (found - expected).abs() <= tolerance * expected.abs() + 1e-15
    }

    /// Over all subsets of pools that may go.
    fn enumerated(share: f64, pools: &[(f64, f64)]) -> f64 {
        (0..1_usize << pools.len())
            .map(|subset| {
                let (mut lost, mut likely) = (0.0_f64, 1.0_f64);
                for (at, (weight, probability)) in pools.iter().enumerate() {
                    if (subset >> at) & 1 == 1 {
                        lost += weight;
                        likely *= probability;
                    } else {
                        likely *= 1.0 - probability;
                    }
                }
                if lost > share + 1e-9 { likely } else { 0.0 }
            })
            .sum()
    }

    /// That more than `most` of `count` go, each with the same probability.
    fn binomial(count: usize, most: usize, probability: f64) -> f64 {
        let mut term = (1.0 - probability).powi(count as i32);
        let mut sum = 0.0;
        for gone in 0..=count {
            if gone > most {
                sum += term;
            }
            term *= (count - gone) as f64 / (gone + 1) as f64 * probability / (1.0 - probability);
        }
        sum
    }

    #[test]
    fn a_large_loss_is_as_likely_as_the_subsets_that_make_one() {
        let mut random = Random::new(11);
        for count in 1..=10 {
            for _ in 0..5 {
                let weights: Vec<f64> = (0..count).map(|_| random.between(0.1, 1.0)).collect();
                let total: f64 = weights.iter().sum();
                let pools: Vec<(f64, f64)> =
                    weights.iter().map(|weight| (weight / total, random.between(0.0, 0.6))).collect();
                let (found, expected) = (loses_more_than(0.3, &pools), enumerated(0.3, &pools));
                assert!(close(found, expected, 1e-9), "{found} {expected} {pools:?}");
            }
        }
    }

    #[test]
    fn equal_pools_go_as_the_binomial_distribution_says() {
        // More than 0.3 of the capacity is more than so many of the pools.
        for (count, most) in [(1, 0), (3, 0), (4, 1), (6, 1), (7, 2), (10, 3), (20, 6), (30, 9), (50, 15)] {
            for probability in [0.001, 0.1, 0.5] {
                let pools = vec![(1.0 / count as f64, probability); count];
                let (found, expected) = (loses_more_than(0.3, &pools), binomial(count, most, probability));
                assert!(close(found, expected, 1e-9), "{count} {probability}: {found} {expected}");
            }
        }
    }

    #[test]
    fn nothing_is_lost_of_nothing_and_a_pool_without_capacity_does_not_count() {
        let none = safe(&[]);
        assert_eq!((none.effective_pools, none.large_loss_per_hour, none.holds()), (0.0, 0.0, false));
        let mut five = pools(&[1.0; 5]);
        let before = safe(&five);
        five.push(Pool { weight: 0.0, hazard: 1.0 });
        assert_eq!(safe(&five), before);
    }

    #[test]
    fn the_effective_number_is_that_of_equal_pools() {
        assert!(close(effective_pools(&pools(&[3.0; 4])), 4.0, 1e-12));
        // 0.5, 0.25, 0.25: 1 / (0.25 + 0.0625 + 0.0625).
        assert!(close(effective_pools(&pools(&[2.0, 1.0, 1.0])), 2.666_666_667, 1e-9));
        assert!(effective_pools(&pools(&[97.0, 1.0, 1.0, 1.0])) < 1.1);
    }

    #[test]
    fn the_mean_hazard_weighs_pools_by_their_capacity() {
        let pools = [Pool { weight: 3.0, hazard: 1e-4 }, Pool { weight: 1.0, hazard: 5e-4 }];
        assert!(close(mean_hazard(&pools), 2e-4, 1e-12));
    }

    #[test]
    fn an_hour_is_six_windows() {
        // One pool that goes with 0.01 an hour: 1 − exp(−0.01).
        let one = safe(&equal(1, 0.01));
        assert!(close(one.large_loss_per_hour, 0.009_950_166, 1e-6), "{one:?}");
        // Two or more of four: about 6 pairs × (0.03 / 6)² × 6 windows.
        let four = safe(&equal(4, 0.03));
        assert!(close(four.large_loss_per_hour, 8.8924e-4, 1e-3), "{four:?}");
        assert!(four.holds());
    }

    #[test]
    fn uneven_capacity_is_not_safe() {
        // Ten pools, of which one has half of the capacity: 1 / (0.25 + 9 × 0.05556²) = 3.6.
        let mut uneven = pools(&[1.0; 10]);
        uneven[0].weight = 9.0;
        let safety = safe(&uneven);
        assert!(close(safety.effective_pools, 3.6, 1e-9) && !safety.holds(), "{safety:?}");
    }

    #[test]
    fn at_published_hazards_four_equal_pools_are_safe_and_more_stay_so() {
        for hazard in MIDDLES.map(hazard) {
            assert_eq!(fewest_equal(hazard), Some(4), "{hazard}");
            for count in 1..=40 {
                assert_eq!(safe(&equal(count, hazard)).holds(), count >= 4, "{hazard} {count}");
            }
        }
    }

    #[test]
    fn ten_more_equal_pools_are_safer() {
        // Ten more take three more to be too many, whatever the number before.
        for hazard in [1e-3, 1e-2, 1e-1, 0.5] {
            for count in 1..=30 {
                let (fewer, more) = (safe(&equal(count, hazard)), safe(&equal(count + 10, hazard)));
                assert!(more.large_loss_per_hour <= fewer.large_loss_per_hour, "{hazard} {count}");
            }
        }
    }

    #[test]
    fn a_few_more_pools_may_be_less_safe_until_one_more_must_go() {
        // 0.025 an hour: pairs of four are rare enough and pairs of six are not; of seven three must go.
        let holds = |count: usize| safe(&equal(count, 0.025)).holds();
        assert!(holds(4) && !holds(6) && holds(7));
        assert_eq!(fewest_equal(0.025), Some(7));
        assert_eq!(fewest_equal(5.0), None);
    }

    #[test]
    fn a_higher_hazard_never_needs_fewer_pools() {
        let needed: Vec<usize> =
            [1e-4, 1e-3, 0.01, 0.02, 0.03, 0.1, 0.3].into_iter().filter_map(fewest_equal).collect();
        assert_eq!(needed.len(), 7);
        assert!(needed.windows(2).all(|pair| pair[0] <= pair[1]), "{needed:?}");
    }
}
