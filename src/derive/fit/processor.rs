//! What a percentage of CPU is worth on another processor.
//!
//! Two corrections to "twice the vCPUs, half the percentage" (ALGORITHMS 1.3). Processors differ in speed: throughput per vCPU
//! relative to m5. And where two vCPUs are two threads of one core (SMT), half of them busy is far more than half of the work,
//! because each has its core for itself. So halving such an instance at 35 % CPU does not give 70 % but saturation, and 70 %
//! after it is what a straight line calls 56 % (both at γ = 0.76, m5's measured share).
//!
//! Knows: utilizations and processors. Does not know: families and architectures, whose file says what (`prices`).

/// Share of its full throughput that an SMT processor gives with half of its threads busy, where no figure is usable: with
/// the second threads it does 1 / 0.8 = 1.25 times as much, in the middle of the usual 1.15 to 1.35 (ALGORITHMS 1.3).
pub const HALF_LOAD_SMT: f64 = 0.80;

/// The same without SMT: a straight line.
pub const HALF_LOAD_LINEAR: f64 = 0.50;

/// The greatest share that is reckoned with: at 1 nothing could be told apart above half load.
pub const HALF_LOAD_MOST: f64 = 0.98;

/// Measured shares up to this are of processors without SMT: 0.501 to 0.505 in `prices/cpu-throughput.csv`.
const NO_SMT: f64 = 0.52;

/// Measured shares above this say that the benchmark shares one unit of the core, not what SMT gives to other work.
const SATURATED: f64 = 0.90;

/// A point this busy may have asked for more than there was.
pub const CLIPPED: f64 = 0.97;

/// A trace with a greater share of such points is censored.
pub const CLIPPED_SHARE: f64 = 0.005;

/// Utilization that a flex type (M7i-flex, C7i-flex …) gives at any time: its baseline (ALGORITHMS 1.5, from memory).
pub const FLEX_BASELINE: f64 = 0.40;

/// Share of the time in which it may be asked for more. AWS promises full CPU for 95 % of the time, so much more than this is
/// cautious (ALGORITHMS 1.5: P95 at most at the baseline).
pub const FLEX_SHARE: f64 = 0.05;

/// The processors of an instance.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Processor {
    /// Its vCPUs.
    pub vcpus: f64,
    /// φ: throughput per vCPU when all are busy, relative to m5; `ThroughputPerVcpu` of `prices/cpu-throughput.csv`.
    pub throughput: f64,
    /// The least of its benchmarks.
    pub throughput_low: f64,
    /// The greatest of its benchmarks.
    pub throughput_high: f64,
    /// γ: share of its full throughput with half of its threads busy (see [`usable_half_load`]); 0.5: a straight line. Reckoned
    /// with between 0.5 and [`HALF_LOAD_MOST`].
    pub half_load: f64,
}

impl Processor {
    /// g(u): share of its full throughput that it gives at a utilization, both 0 to 1. Two straight lines that meet at half
    /// load: u·γ/0.5 up to there, then γ + (u − 0.5)(1 − γ)/0.5.
    #[must_use]
    pub fn throughput_share(&self, utilization: f64) -> f64 {
        let (half, u) = (self.share_at_half(), utilization.clamp(0.0, 1.0));
        if u <= 0.5 { u * half / 0.5 } else { half + (u - 0.5) * (1.0 - half) / 0.5 }
    }

    /// The inverse of g: utilization at which it gives a share of its full throughput, both 0 to 1.
    #[must_use]
    pub fn utilization(&self, throughput_share: f64) -> f64 {
        self.busy(self.capacity()).at(throughput_share)
    }

    /// How busy it is when it does shares of `work`, which is in the unit of [`Processor::capacity`].
    #[must_use]
    pub fn busy(&self, work: f64) -> Busy {
        let (half, scale) = (self.share_at_half(), work / self.capacity());
        let steep = 0.5 / (1.0 - half);
        Busy { flat: scale * 0.5 / half, steep: scale * steep, shift: 0.5 - half * steep }
    }

    /// n·φ·g(u): the work that it does at a utilization of 0 to 1, in vCPUs of a fully busy m5.
    #[must_use]
    pub fn demand(&self, utilization: f64) -> f64 {
        self.capacity() * self.throughput_share(utilization)
    }

    /// n·φ: the most that it can do.
    #[must_use]
    pub fn capacity(&self) -> f64 {
        self.vcpus * self.throughput
    }

    fn share_at_half(&self) -> f64 {
        self.half_load.clamp(HALF_LOAD_LINEAR, HALF_LOAD_MOST)
    }
}

/// The greater of two numbers. `f64::max` looks for NaN too, and a replay takes twice as long.
pub(super) fn greater(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

/// The lesser of two numbers, likewise.
pub(super) fn lesser(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

/// Utilization by shares of some work: the two straight lines of the inverse of g, of which the greater counts, since the second is the
/// steeper.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Busy {
    flat: f64,
    steep: f64,
    shift: f64,
}

impl Busy {
    /// Utilization at a share of the work, 0 to 1.
    #[must_use]
    pub fn at(&self, share: f64) -> f64 {
        lesser(greater(greater(share * self.flat, share * self.steep + self.shift), 0.0), 1.0)
    }
}

/// Utilization at which `target` does so much work (see [`Processor::demand`]). Above 1 it is saturated, and the figure is the
/// work as a multiple of all that it can do.
#[must_use]
pub fn utilization_on(demand: f64, target: &Processor) -> f64 {
    if demand <= 0.0 {
        return 0.0;
    }
    let share = demand / target.capacity();
    if share <= 1.0 { target.utilization(share) } else { share }
}

/// φ_low(target) ÷ φ_high(source): how much faster a vCPU of the target is at least. For the risk of moves to another
/// architecture, or to fewer vCPUs of another generation; their expected value, and all other moves, go by φ itself.
#[must_use]
pub fn cautious_factor(source: &Processor, target: &Processor) -> f64 {
    target.throughput_low / source.throughput_high
}

/// Source and target for which demand and utilization give what [`cautious_factor`] says: the one as fast as it may be, the
/// other as slow.
#[must_use]
pub fn cautious(source: &Processor, target: &Processor) -> (Processor, Processor) {
    let source = Processor { throughput: source.throughput_high, ..*source };
    let target = Processor { throughput: target.throughput_low, ..*target };
    (source, target)
}

/// γ to use where `HalfLoadShare` of `prices/cpu-throughput.csv` says `measured` (`None`: not measured), with `smt` for the
/// SMT processors whose figure is not usable ([`HALF_LOAD_SMT`] unless set otherwise).
///
/// Figures near 0.5 (Graviton, m7a, m8a, t2) mean one core per vCPU: a straight line. Those of 0.68 to 0.85 (m4, m5, c5, r5, t3,
/// i3 …) are used as they are. Those near 1 (m5a, m6a, m6i to m8i, flex) are not: the benchmark divides integers (stress-ng
/// `div16`), its two threads wait for the one divider of their core, so one thread does all the work of two. Other work gains
/// from the second thread there as it does elsewhere. Where nothing is measured and there is a core for each vCPU, say
/// [`HALF_LOAD_LINEAR`] without asking here.
#[must_use]
pub fn usable_half_load(measured: Option<f64>, smt: f64) -> f64 {
    match measured {
        Some(share) if share <= NO_SMT => HALF_LOAD_LINEAR,
        Some(share) if share <= SATURATED => share,
        _ => smt,
    }
}

/// Whether a trace was cut off at the top: busy at 97 % or more in more than 0.5 % of its points. Then nobody knows how much it
/// would have asked for: never make it smaller, maybe it should be larger. A NaN is no point.
#[must_use]
pub fn censored(utilizations: &[f64]) -> bool {
    let (count, clipped) = count(utilizations, |u| u >= CLIPPED);
    clipped as f64 > CLIPPED_SHARE * count as f64
}

/// Points, and those of which something is true.
fn count(utilizations: &[f64], is: impl Fn(f64) -> bool) -> (usize, usize) {
    let points = utilizations.iter().copied().filter(|u| !u.is_nan());
    points.fold((0, 0), |(count, those), u| (count + 1, those + usize::from(is(u))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::sizing::invented::Random;

    /// Figures of `prices/cpu-throughput.csv`.
    const M5: Processor =
        Processor { vcpus: 4.0, throughput: 1.0, throughput_low: 1.0, throughput_high: 1.0, half_load: 0.758 };
    const M7G: Processor =
        Processor { vcpus: 4.0, throughput: 1.916, throughput_low: 1.693, throughput_high: 2.149, half_load: 0.502 };

    fn with(half_load: f64) -> Processor {
        Processor { half_load, ..M5 }
    }

    fn half(of: Processor) -> Processor {
        Processor { vcpus: of.vcpus / 2.0, ..of }
    }

    #[track_caller]
    fn near(a: f64, b: f64, within: f64) {
        assert!((a - b).abs() <= within, "{a} is not {b}");
    }

    #[test]
    fn half_of_the_threads_give_more_than_half_of_the_work() {
        for (half_load, utilization, share) in [
            (0.5, 0.3, 0.3),
            (0.5, 0.9, 0.9),
            (0.76, 0.0, 0.0),
            (0.76, 0.25, 0.38),
            (0.76, 0.5, 0.76),
            (0.76, 0.75, 0.88),
            (0.76, 1.0, 1.0),
        ] {
            near(with(half_load).throughput_share(utilization), share, 1e-12);
            near(with(half_load).utilization(share), utilization, 1e-12);
        }
    }

    #[test]
    fn shares_and_utilizations_are_each_others_inverse_and_rise_without_a_jump() {
        for half_load in [0.5, 0.502, 0.677, 0.76, 0.8, 0.98] {
            let processor = with(half_load);
            let (mut share, mut utilization) = (-1.0, -1.0);
            for step in 0..=1000 {
                let at = f64::from(step) / 1000.0;
                near(processor.utilization(processor.throughput_share(at)), at, 1e-12);
                near(processor.throughput_share(processor.utilization(at)), at, 1e-12);
                assert!(processor.throughput_share(at) > share && processor.utilization(at) > utilization);
                (share, utilization) = (processor.throughput_share(at), processor.utilization(at));
            }
            near(processor.throughput_share(0.5 - 1e-9), processor.throughput_share(0.5 + 1e-9), 1e-8);
            near(processor.utilization(half_load - 1e-9), processor.utilization(half_load + 1e-9), 1e-6);
        }
    }

    #[test]
    fn shares_that_cannot_be_inverted_are_taken_as_the_nearest_that_can() {
        assert_eq!(with(1.001).throughput_share(0.3), with(0.98).throughput_share(0.3));
        assert_eq!(with(0.3).utilization(0.7), with(0.5).utilization(0.7));
        near(with(1.001).utilization(with(1.001).throughput_share(0.9)), 0.9, 1e-12);
    }

    #[test]
    fn thirty_five_percent_on_an_smt_processor_do_not_fit_on_half_of_it() {
        // A straight line says 70 %.
        near(utilization_on(with(0.5).demand(0.35), &half(with(0.5))), 0.70, 1e-12);
        // 0.35 × 0.76 / 0.5 = 0.532 of all that it can do: more than half.
        near(utilization_on(with(0.76).demand(0.35), &half(with(0.76))), 1.064, 1e-12);
        assert!(utilization_on(M5.demand(0.35), &half(M5)) > 1.0);
    }

    #[test]
    fn seventy_percent_on_the_target_is_a_straight_lines_fifty_six() {
        let source = with(0.76).utilization(with(0.76).throughput_share(0.70) / 2.0);
        near(2.0 * source, 0.56, 0.005);
        near(utilization_on(with(0.76).demand(source), &half(with(0.76))), 0.70, 1e-12);
    }

    #[test]
    fn an_m5_at_thirty_percent_is_an_m7g_at_twenty_four() {
        // 4 × 1 × 0.3 × 0.758 / 0.5 = 1.8192 vCPUs of m5, of the 4 × 1.916 of m7g.
        near(M5.demand(0.30), 1.8192, 1e-12);
        near(utilization_on(M5.demand(0.30), &M7G), 0.2364, 1e-4);
        // Cautiously only 1.693 times as fast.
        near(cautious_factor(&M5, &M7G), 1.693, 1e-12);
        let (source, target) = cautious(&M5, &M7G);
        near(utilization_on(source.demand(0.30), &target), 0.2675, 1e-4);
        // And back: m5 is at least 1 / 2.149 as fast.
        near(cautious_factor(&M7G, &M5), 0.46533, 1e-5);
    }

    #[test]
    fn saturation_is_a_multiple_of_all_that_the_target_can_do() {
        near(utilization_on(8.0, &M5), 2.0, 1e-12);
        near(utilization_on(4.0, &M5), 1.0, 1e-12);
        assert_eq!(utilization_on(0.0, &M5), 0.0);
        assert_eq!(utilization_on(1.0, &Processor { vcpus: 0.0, ..M5 }), f64::INFINITY);
    }

    #[test]
    fn the_same_processor_gives_the_same_and_more_of_it_never_more_utilization() {
        let mut random = Random::new(9);
        for _ in 0..1000 {
            let low = random.between(0.6, 2.0);
            let high = low * random.between(1.0, 1.5);
            let source = Processor {
                vcpus: 2.0 * (1 + random.below(16)) as f64,
                throughput: random.between(low, high),
                throughput_low: low,
                throughput_high: high,
                half_load: random.between(0.45, 1.05),
            };
            let utilization = random.unit();
            let demand = source.demand(utilization);
            near(utilization_on(demand, &source), utilization, 1e-9);
            let more = Processor { vcpus: source.vcpus * random.between(1.0, 3.0), ..source };
            assert!(utilization_on(demand, &more) <= utilization + 1e-9);
            let (as_source, as_target) = cautious(&source, &more);
            let expected = utilization_on(demand, &more);
            assert!(utilization_on(as_source.demand(utilization), &as_target) >= expected - 1e-9);
        }
    }

    #[test]
    fn measured_shares_are_used_where_they_say_something() {
        for (measured, used) in [
            (Some(0.502), 0.5),
            (Some(0.505), 0.5),
            (Some(0.677), 0.677),
            (Some(0.758), 0.758),
            (Some(0.844), 0.844),
            (Some(0.938), 0.8),
            (Some(0.978), 0.8),
            (Some(1.001), 0.8),
            (None, 0.8),
        ] {
            assert_eq!(usable_half_load(measured, HALF_LOAD_SMT), used);
        }
        assert_eq!(usable_half_load(Some(1.0), 0.75), 0.75);
    }

    #[test]
    fn a_trace_that_touches_the_top_too_often_is_censored() {
        // Of 1000 points 5 may.
        let trace = |clipped: usize| [vec![0.97; clipped], vec![0.96; 1000 - clipped], vec![f64::NAN; 500]].concat();
        assert!(!censored(&trace(5)));
        assert!(censored(&trace(6)));
        assert!(!censored(&[]));
    }
}
