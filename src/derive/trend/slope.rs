//! Slopes that single wrong values do not move, and how far they can be trusted.
//!
//! Knows: points of a day and a value, medians, ranks. Does not know: what a slope leads to.

/// Up to here all pairs are used (125 thousand slopes); with more points, a sample of them.
const ALL_PAIRS: usize = 500;

/// Pairs in the sample: the rank of the median is then off by 0.7 % of the slopes (one standard error, 1 / (2 √pairs)).
const SAMPLED_PAIRS: usize = 5000;

/// The seed of the sample; any will do.
const SEED: u64 = 1;

/// The level of the intervals that errors are read from.
pub(super) const LEVEL: f64 = 0.8;

/// Standard errors on each side of an interval of that level: the 90 % quantile of the standard normal distribution.
const LEVEL_REACH: f64 = 1.281_551_565_5;

/// What makes the median absolute deviation a standard deviation: 1 over the normal distribution's 75 % quantile.
const MEDIAN_DEVIATION: f64 = 1.4826;

/// The same for the mean absolute deviation, √(π/2); also how much larger a median's error is than a mean's.
pub(super) const MEAN_DEVIATION: f64 = 1.2533;

/// Below this share of the mean deviation, the median deviation is zero but for rounding: most values are the same.
const SAME: f64 = 1e-6;

/// Deviations beyond this many standard deviations are cut to it before values are compared with the next.
const CUT: f64 = 3.0;

/// Most dependence that is believed; beyond, hardly a value is new.
const MOST_DEPENDENT: f64 = 0.9;

/// A median slope and the interval around it, in units of the value per unit of the first coordinate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slope {
    /// The median of the slopes between pairs of points.
    pub median: f64,
    /// The interval's lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

impl Slope {
    /// The standard error that an interval of `LEVEL` stands for.
    pub(super) fn error(&self) -> f64 {
        (self.high - self.low) / (2.0 * LEVEL_REACH)
    }
}

/// The median slope between pairs of points (Theil 1950) with its interval at a level such as 0.8 (Sen 1968: ranks that
/// lie the normal quantile times the standard deviation of Kendall's S, corrected for ties, around the middle; as
/// `scipy.stats.theilslopes`). Points are (time, value) in any order. `None`: no two points of different times.
#[must_use]
pub fn theil_sen(values: &[(f64, f64)], level: f64) -> Option<Slope> {
    let all = values.len() <= ALL_PAIRS;
    let mut slopes = if all { every_pair(values) } else { some_pairs(values) };
    slopes.sort_unstable_by(f64::total_cmp);
    let found = slopes.len() as f64;
    let mut spread = kendall_deviation(values);
    if !all {
        // The sample's own error comes on top.
        let count = values.len() as f64;
        spread = found * (spread / (count * (count - 1.0) / 2.0)).hypot(1.0 / found.sqrt());
    }
    let reach = normal_quantile(f64::midpoint(1.0, level)) * spread;
    let low = (((found - reach) / 2.0).round_ties_even() - 1.0).max(0.0);
    let high = ((found + reach) / 2.0).round_ties_even().min(found - 1.0).max(0.0);
    Some(Slope { low: *slopes.get(low as usize)?, high: *slopes.get(high as usize)?, median: middle(&slopes) })
}

/// A line's slope and its standard error.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit {
    pub(super) slope: f64,
    pub(super) error: f64,
}

/// The Theil–Sen line, its error widened where each value resembles the one before.
pub(super) fn fit(points: &[(f64, f64)]) -> Option<Fit> {
    let slope = theil_sen(points, LEVEL)?;
    let rest: Vec<f64> = points.iter().map(|(day, value)| value - slope.median * day).collect();
    Some(Fit { slope: slope.median, error: slope.error() * dependence(&rest) })
}

/// By how much errors grow as each value resembles the one before: √((1 + r) / (1 − r)) with the correlation r of
/// neighbours (Bartlett 1946, first order), at least 1. Single wrong values are cut first.
pub(super) fn dependence(values: &[f64]) -> f64 {
    let centre = median(values.iter().copied());
    let most = CUT * deviation(values);
    let rest: Vec<f64> = values.iter().map(|value| (value - centre).max(-most).min(most)).collect();
    let squares: f64 = rest.iter().map(|one| one * one).sum();
    if squares > 0.0 {
        let products: f64 = rest.iter().zip(rest.iter().skip(1)).map(|(one, next)| one * next).sum();
        let correlation = (products / squares).clamp(0.0, MOST_DEPENDENT);
        ((1.0 + correlation) / (1.0 - correlation)).sqrt()
    } else {
        1.0
    }
}

/// The standard deviation, from the median absolute deviation, or from the mean one where most values are the same.
pub(super) fn deviation(values: &[f64]) -> f64 {
    let centre = median(values.iter().copied());
    let away: Vec<f64> = values.iter().map(|value| (value - centre).abs()).collect();
    let mean = MEAN_DEVIATION * away.iter().sum::<f64>() / away.len().max(1) as f64;
    let median = MEDIAN_DEVIATION * median(away);
    if median > SAME * mean { median } else { mean }
}

/// The median; of nothing, not a number.
pub(super) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_unstable_by(f64::total_cmp);
    middle(&values)
}

/// The median of sorted values.
fn middle(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    match (sorted.get(half), half.checked_sub(1).and_then(|before| sorted.get(before))) {
        (Some(upper), Some(lower)) if sorted.len().is_multiple_of(2) => f64::midpoint(*lower, *upper),
        (Some(middle), _) => *middle,
        (None, _) => f64::NAN,
    }
}

fn every_pair(points: &[(f64, f64)]) -> Vec<f64> {
    let mut slopes = Vec::with_capacity(points.len() * points.len().saturating_sub(1) / 2);
    let mut rest = points;
    while let Some((first, others)) = rest.split_first() {
        slopes.extend(others.iter().filter_map(|second| between(*first, *second)));
        rest = others;
    }
    slopes
}

fn some_pairs(points: &[(f64, f64)]) -> Vec<f64> {
    let mut random = Random(SEED);
    let mut pick = || points.get(random.below(points.len())).copied();
    (0..SAMPLED_PAIRS).filter_map(|_| between(pick()?, pick()?)).collect()
}

fn between(first: (f64, f64), second: (f64, f64)) -> Option<f64> {
    let slope = (second.1 - first.1) / (second.0 - first.0);
    (second.0 != first.0 && slope.is_finite()).then_some(slope)
}

/// The standard deviation of Kendall's S without a trend: its variance is (t(n) − Σ t(ties)) / 18 with
/// t(k) = k (k − 1) (2k + 5), over the ties of the times and of the values (Kendall 1970).
fn kendall_deviation(points: &[(f64, f64)]) -> f64 {
    let term = |count: usize| {
        let count = count as f64;
        count * (count - 1.0) * (2.0 * count + 5.0)
    };
    let ties = |mut values: Vec<f64>| -> f64 {
        values.sort_unstable_by(f64::total_cmp);
        values.chunk_by(|one, next| one == next).map(|run| term(run.len())).sum()
    };
    let times = ties(points.iter().map(|point| point.0).collect());
    let values = ties(points.iter().map(|point| point.1).collect());
    ((term(points.len()) - times - values) / 18.0).max(0.0).sqrt()
}

/// The quantile of the standard normal distribution to seven digits (Wichura 1988, AS 241, PPND7).
fn normal_quantile(probability: f64) -> f64 {
    let centred = probability - 0.5;
    if centred.abs() <= 0.425 {
        let r = 0.180_625 - centred * centred;
        let over = ((59.109_374_720 * r + 159.291_132_02) * r + 50.434_271_938) * r + 3.387_132_717_9;
        let under = ((67.187_563_600 * r + 78.757_757_664) * r + 17.895_169_469) * r + 1.0;
        return centred * over / under;
    }
    let tail = (-probability.min(1.0 - probability).ln()).sqrt();
    let size = if tail <= 5.0 {
        let r = tail - 1.6;
        let over = ((0.170_238_211_03 * r + 1.306_728_481_6) * r + 2.756_815_390_0) * r + 1.423_437_277_7;
        over / ((0.120_211_329_75 * r + 0.737_001_642_50) * r + 1.0)
    } else {
        let r = tail - 5.0;
        let over = ((0.017_337_203_997 * r + 0.428_682_943_37) * r + 3.081_226_386_0) * r + 6.657_905_115_0;
        over / ((0.012_258_202_635 * r + 0.241_978_942_25) * r + 1.0)
    };
    size.copysign(centred)
}

/// Numbers from a seed (SplitMix64, Steele, Lea and Flood 2014).
pub(super) struct Random(pub(super) u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    /// Evenly from 0 to below 1.
    pub(super) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Evenly among 0 to below `count`.
    pub(super) fn below(&mut self, count: usize) -> usize {
        ((self.unit() * count as f64) as usize).min(count.saturating_sub(1))
    }
}
