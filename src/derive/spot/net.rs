//! What an hour on spot capacity saves once its interruptions are paid for.
//!
//! The discount is not the saving: an interruption loses the work since the last checkpoint and the time until a new instance
//! works, checkpoints take time of their own, and hours without spot capacity cost the on-demand price. All of it is first
//! order in the hazard, which is enough: the highest published band is 4e-4 an hour.
//!
//! Knows: how often capacity is taken back, what that loses, what an hour costs now. Does not know: whether the work bears it
//! (`fitness`), whether all of it can go at once (`pools`), where prices come from.

use crate::period::HOURS_PER_MONTH;

/// Hours between AWS's notice and the interruption: two minutes (EC2 User Guide, Spot Instance interruption notices).
pub const NOTICE_HOURS: f64 = 2.0 / 60.0;

/// Share of hours without spot capacity, where no history tells: ALGORITHMS 3. An assumption, not a measurement.
pub const FALLBACK_SHARE: f64 = 0.05;

/// Percent that stands for "above 20": ALGORITHMS 3. An assumption, the band has no upper end.
const OPEN_BAND_PERCENT: f64 = 25.0;

/// The probability of an interruption within a month, from a band of AWS's Spot Instance Advisor in percent: its middle.
/// Without an upper end it is 25 %, or the lower end if that is more.
#[must_use]
pub fn monthly_probability(low_percent: u8, high_percent: Option<u8>) -> f64 {
    let low = f64::from(low_percent);
    let middle = high_percent.map_or(low.max(OPEN_BAND_PERCENT), |high| (low + f64::from(high)) / 2.0);
    middle / 100.0
}

/// Interruptions per running hour: `−ln(1 − p) / 730`, of the probability within a month of 730 hours.
///
/// AWS publishes how often capacity was taken back in the trailing month. This reads it as of instances that run all month;
/// where they run for less, the true hazard is higher.
#[must_use]
pub fn hazard(monthly_probability: f64) -> f64 {
    -(-monthly_probability.clamp(0.0, 1.0)).ln_1p() / HOURS_PER_MONTH as f64
}

/// What an interruption loses of the work.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Work {
    /// Requests, which other instances answer. Nothing is lost when they end within [`NOTICE_HOURS`]; else as much is done
    /// again as takes `drain_hours`.
    Stateless {
        /// Hours until the last request is answered.
        drain_hours: f64,
    },
    /// A job that goes on from its last checkpoint. One without checkpoints has the hours of the whole job between them, at a
    /// cost of 0.
    Checkpointed {
        /// Hours of work between checkpoints; `None`: as [`checkpoint_interval`] says.
        every_hours: Option<f64>,
        /// Hours that writing a checkpoint takes, in which no work is done.
        cost_hours: f64,
    },
}

/// What runs on spot capacity.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Interruptible {
    /// Hours from an interruption until a new instance works: boot, setup, reading the checkpoint.
    pub restart_hours: f64,
    /// What is lost of the work.
    pub work: Work,
    /// Dollars that an interruption costs the owner beside machine time, by their own figure.
    pub cost_per_event: f64,
    /// Share of hours without spot capacity, which on-demand capacity serves; 0 to 1, by default [`FALLBACK_SHARE`].
    pub fallback_share: f64,
}

/// Dollars per instance-hour.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Prices {
    /// What the hour really costs now: the marginal effective price (ALGORITHMS 7.4). 0 for usage that a commitment pays for
    /// whether it is there or not.
    pub effective: f64,
    /// On spot capacity.
    pub spot: f64,
    /// On demand.
    pub on_demand: f64,
}

/// What an hour saves, in dollars per instance-hour, by parts. All but `gross` are losses and at least 0.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Net {
    /// What the hour costs now less the spot price; negative where a commitment pays for it anyway.
    pub gross: f64,
    /// Work that is done a second time.
    pub lost_work: f64,
    /// New instances until they work.
    pub restarts: f64,
    /// Writing checkpoints.
    pub checkpoints: f64,
    /// What interruptions cost the owner.
    pub events: f64,
    /// Hours on demand for lack of spot capacity.
    pub fallback: f64,
}

impl Net {
    /// What remains; not above 0: spot capacity saves nothing here.
    #[must_use]
    pub fn saving(&self) -> f64 {
        self.gross - self.lost_work - self.restarts - self.checkpoints - self.events - self.fallback
    }
}

/// Hours of work between checkpoints that lose least: `sqrt(2 C / ν)` (Young, A first order approximation to the optimum
/// checkpoint interval, Communications of the ACM 17(9), 1974; the first order of Daly, A higher order estimate of the
/// optimum checkpoint interval for restart dumps, Future Generation Computer Systems 22(3), 2006). Infinite without hazard.
#[must_use]
pub fn checkpoint_interval(cost_hours: f64, hazard: f64) -> f64 {
    if hazard > 0.0 { (2.0 * cost_hours.max(0.0) / hazard).sqrt() } else { f64::INFINITY }
}

/// Share of the working time that checkpoints take: `C / τ`.
#[must_use]
pub fn writing(every_hours: f64, cost_hours: f64) -> f64 {
    if cost_hours > 0.0 { cost_hours / every_hours } else { 0.0 }
}

/// Share of the working time that is done again: `ν τ / 2`, since an interruption falls anywhere between two checkpoints.
#[must_use]
pub fn repeating(every_hours: f64, hazard: f64) -> f64 {
    if hazard > 0.0 { hazard * every_hours / 2.0 } else { 0.0 }
}

/// What an hour of `workload` saves on spot capacity with so many interruptions per running hour. ALGORITHMS 3:
/// `Δ = (P_eff − P_spot) − ν (t_restart P_spot + W P_spot + c_event) − φ (P_od − P_spot)`, less the time that checkpoints
/// take, without which the optimal interval would not be one.
///
/// Hours on demand are counted as if they were interrupted too, which is on the safe side by φ times the losses; and spot
/// capacity dearer than on demand makes them no gain.
#[must_use]
pub fn net(workload: &Interruptible, prices: &Prices, hazard: f64) -> Net {
    let (repeated, written) = match workload.work {
        Work::Stateless { drain_hours } if drain_hours <= NOTICE_HOURS => (0.0, 0.0),
        Work::Stateless { drain_hours } => (hazard * drain_hours, 0.0),
        Work::Checkpointed { every_hours, cost_hours } => {
            let every = every_hours.unwrap_or_else(|| checkpoint_interval(cost_hours, hazard));
            (repeating(every, hazard), writing(every, cost_hours))
        }
    };
    Net {
        gross: prices.effective - prices.spot,
        lost_work: repeated * prices.spot,
        restarts: hazard * workload.restart_hours * prices.spot,
        checkpoints: written * prices.spot,
        events: hazard * workload.cost_per_event,
        fallback: workload.fallback_share.clamp(0.0, 1.0) * (prices.on_demand - prices.spot).max(0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::sizing::invented::Random;

    /// The middles of the published bands.
    const MIDDLES: [f64; 5] = [0.025, 0.075, 0.125, 0.175, 0.25];

    const PRICES: Prices = Prices { effective: 0.192, spot: 0.07, on_demand: 0.192 };

    fn batch() -> Interruptible {
        let work = Work::Checkpointed { every_hours: None, cost_hours: 0.05 };
        Interruptible { restart_hours: 0.1, work, cost_per_event: 0.5, fallback_share: FALLBACK_SHARE }
    }

    fn web() -> Interruptible {
        Interruptible { restart_hours: 0.05, work: Work::Stateless { drain_hours: 0.01 }, ..batch() }
    }

    fn close(found: f64, expected: f64, tolerance: f64) -> bool {
        (found - expected).abs() <= tolerance * expected.abs()
    }

    #[test]
    fn a_band_is_its_middle_and_the_open_one_25_percent() {
        let bands = [(0, Some(5)), (5, Some(10)), (10, Some(15)), (15, Some(20)), (20, None)];
        for ((low, high), middle) in bands.into_iter().zip(MIDDLES) {
            assert!(close(monthly_probability(low, high), middle, 1e-12), "{low}");
        }
    }

    #[test]
    fn a_hazard_gives_its_monthly_probability_back() {
        for probability in MIDDLES {
            let survives = (-hazard(probability) * 730.0).exp();
            assert!(close(survives, 1.0 - probability, 1e-12), "{probability}");
        }
        assert!(close(hazard(0.025), 3.468_193e-5, 1e-6));
        assert!(close(hazard(0.25), 3.940_850e-4, 1e-6));
        assert_eq!(hazard(0.0), 0.0);
        assert_eq!(hazard(1.0), f64::INFINITY);
    }

    #[test]
    fn the_parts_of_an_hour_of_batch_work() {
        // Every sqrt(2 × 0.05 / 3.94085e-4) = 15.929606 h; written and repeated take 0.31388 % each.
        let net = net(&batch(), &PRICES, hazard(0.25));
        assert!(close(net.gross, 0.122, 1e-9));
        assert!(close(net.lost_work, 2.197_167e-4, 1e-5), "{net:?}");
        assert!(close(net.checkpoints, net.lost_work, 1e-9), "{net:?}");
        assert!(close(net.restarts, 2.758_595e-6, 1e-5), "{net:?}");
        assert!(close(net.events, 1.970_425e-4, 1e-5), "{net:?}");
        assert!(close(net.fallback, 0.0061, 1e-9), "{net:?}");
        assert!(close(net.saving(), 0.115_260_766, 1e-6), "{net:?}");
    }

    #[test]
    fn stateless_work_loses_nothing_within_the_notice_and_its_drain_beyond() {
        let ends = |seconds: f64| Interruptible { work: Work::Stateless { drain_hours: seconds / 3600.0 }, ..web() };
        assert_eq!(net(&ends(120.0), &PRICES, 1e-3).lost_work, 0.0);
        let beyond = net(&ends(360.0), &PRICES, 1e-3);
        assert!(close(beyond.lost_work, 1e-3 * 0.1 * 0.07, 1e-9));
        assert_eq!(beyond.checkpoints, 0.0);
    }

    #[test]
    fn without_hazard_only_the_hours_on_demand_are_lost() {
        let net = net(&batch(), &PRICES, 0.0);
        assert_eq!((net.lost_work, net.restarts, net.checkpoints, net.events), (0.0, 0.0, 0.0, 0.0));
        assert!(close(net.saving(), 0.122 - 0.05 * 0.122, 1e-12));
    }

    #[test]
    fn the_checkpoint_interval_loses_least() {
        for hazard in MIDDLES.map(hazard) {
            for cost in [0.005, 0.05, 0.5] {
                let share = |every: f64| writing(every, cost) + repeating(every, hazard);
                let best = checkpoint_interval(cost, hazard);
                assert!(close(share(best), (2.0 * cost * hazard).sqrt(), 1e-12));
                for factor in [0.2, 0.5, 0.9, 0.99, 1.01, 1.1, 2.0, 5.0] {
                    assert!(share(best * factor) > share(best), "{hazard} {cost} {factor}");
                }
            }
        }
        // Checkpoints that cost nothing are written always, and lose nothing.
        assert_eq!(checkpoint_interval(0.0, 1e-3), 0.0);
        assert_eq!(checkpoint_interval(0.05, 0.0), f64::INFINITY);
    }

    #[test]
    fn a_saving_falls_with_hazard_restart_time_events_and_hours_on_demand() {
        let steps = [0.0, 0.1, 0.2, 0.5, 1.0];
        for base in [web(), batch()] {
            let by_hazard = steps.map(|step| net(&base, &PRICES, step * 1e-2).saving());
            let saving = |workload: Interruptible| net(&workload, &PRICES, hazard(0.25)).saving();
            let by_restart = steps.map(|step| saving(Interruptible { restart_hours: step, ..base }));
            let by_event = steps.map(|step| saving(Interruptible { cost_per_event: step, ..base }));
            let by_fallback = steps.map(|step| saving(Interruptible { fallback_share: step, ..base }));
            for savings in [by_hazard, by_restart, by_event, by_fallback] {
                assert!(savings.windows(2).all(|pair| pair[1] < pair[0]), "{savings:?}");
            }
        }
    }

    #[test]
    fn what_a_commitment_pays_for_saves_nothing_on_spot() {
        for workload in [web(), batch()] {
            for probability in [0.0, 0.025, 0.25] {
                for fallback_share in [0.0, 0.05, 1.0] {
                    let workload = Interruptible { fallback_share, ..workload };
                    let covered = net(&workload, &Prices { effective: 0.0, ..PRICES }, hazard(probability));
                    assert!(covered.saving() <= -PRICES.spot, "{covered:?}");
                }
            }
        }
    }

    /// Dollars of an hour of work, and the part of them that interruptions cost, over so many runs of `hours` of work each.
    /// A run is on demand with the fallback's probability; else the time to each interruption is exponential, the work since
    /// the last checkpoint is lost, and checkpoints are written and restarts waited for at the spot price.
    fn simulated(workload: &Interruptible, hazard: f64, (runs, hours, seed): (usize, f64, u64)) -> (f64, f64) {
        let mut random = Random::new(seed);
        let (every, cost) = match workload.work {
            Work::Checkpointed { every_hours, cost_hours } => {
                (every_hours.unwrap_or_else(|| checkpoint_interval(cost_hours, hazard)), cost_hours)
            }
            Work::Stateless { .. } => (0.0, 0.0),
        };
        let (mut dollars, mut interruptions) = (0.0, 0.0);
        for _ in 0..runs {
            if random.unit() < workload.fallback_share {
                dollars += hours * PRICES.on_demand;
                continue;
            }
            let (mut left, mut running, mut events) = (hours, 0.0, 0.0);
            loop {
                let until = -(1.0 - random.unit()).ln() / hazard;
                let needed = if every > 0.0 { left + (left / every).floor() * cost } else { left };
                if until >= needed {
                    running += needed;
                    break;
                }
                let kept = if every > 0.0 { (until / (every + cost)).floor() * every } else { until };
                left -= kept.min(left);
                running += until + workload.restart_hours;
                events += 1.0;
            }
            dollars += running * PRICES.spot + events * workload.cost_per_event;
            interruptions += (running - hours) * PRICES.spot + events * workload.cost_per_event;
        }
        let all = runs as f64 * hours;
        (dollars / all, interruptions / all)
    }

    #[test]
    fn the_closed_form_is_what_exponential_interruptions_cost() {
        let hourly = Work::Checkpointed { every_hours: Some(1.0), cost_hours: 0.01 };
        let hourly = Interruptible { work: hourly, ..batch() };
        for (workload, probability) in [(batch(), 0.25), (web(), 0.25), (hourly, 0.125), (batch(), 0.025)] {
            let hazard = hazard(probability);
            let formula = net(&workload, &PRICES, hazard);
            let (dollars, interruptions) = simulated(&workload, hazard, (40_000, 730.0, 7));
            let saving = PRICES.effective - dollars;
            assert!(close(saving, formula.saving(), 0.01), "{saving} {formula:?}");
            // The discount is most of a saving, so its losses are looked at apart; runs on demand have none.
            let losses = formula.lost_work + formula.restarts + formula.checkpoints + formula.events;
            let expected = losses * (1.0 - workload.fallback_share);
            assert!(close(interruptions, expected, 0.03), "{interruptions} {expected}");
        }
    }
}
