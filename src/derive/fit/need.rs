//! Points of one dimension of a machine, and the figures that stand for them.
//!
//! Knows: quantiles, bad days, what a budget asks for. Does not know: what was measured.

/// Added to a share, so that what asked for nothing has a need above zero: a ten-thousandth of what it has.
const GRAIN: f64 = 1e-4;
/// A budget from here on is judged by mean and spread, a smaller one by the height of bad days (ALGORITHMS 1.6).
const WIDE_BUDGET: f64 = 0.03;
/// Share of points that must be there for advice (ALGORITHMS 1.6: below 80 percent none).
pub const LEAST_COVERED: f64 = 0.8;
const SECONDS_PER_DAY: i64 = 86_400;
/// Points that are counted at a time.
const COUNTED: usize = 1024;
/// Slices of a history that has not so many days.
const LEAST_SLICES: usize = 6;

/// Measured shares on a grid of time, oldest first.
#[derive(Clone, PartialEq, Debug)]
pub struct Points {
    seconds: i64,
    values: Vec<f32>,
}

impl Points {
    /// One value every so many seconds; NaN where nothing was measured.
    #[must_use]
    pub fn new(seconds: i64, values: Vec<f32>) -> Points {
        Points { seconds, values }
    }

    /// Seconds of a point.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        self.seconds
    }

    /// The values, NaN where nothing was measured.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Share of the grid that was measured.
    #[must_use]
    pub fn covered(&self) -> f64 {
        self.measured() as f64 / self.values.len().max(1) as f64
    }

    /// Days from the first point to the last.
    #[must_use]
    pub fn days(&self) -> f64 {
        self.values.len() as f64 * self.seconds as f64 / SECONDS_PER_DAY as f64
    }

    /// The part before and the part from a share of the time on.
    #[must_use]
    pub fn cut(&self, share: f64) -> (Points, Points) {
        let at = ((self.values.len() as f64 * share) as usize).min(self.values.len());
        let (before, after) = self.values.split_at(at);
        (Points::new(self.seconds, before.to_vec()), Points::new(self.seconds, after.to_vec()))
    }

    /// How many points were measured.
    #[must_use]
    pub fn measured(&self) -> usize {
        self.values.iter().filter(|value| !value.is_nan()).count()
    }

    /// The greatest that was measured.
    #[must_use]
    pub fn most(&self) -> Option<f64> {
        let most = self.values.iter().copied().filter(|value| !value.is_nan()).max_by(f32::total_cmp);
        most.map(f64::from)
    }

    /// The least that was measured.
    #[must_use]
    pub fn least(&self) -> Option<f64> {
        let least = self.values.iter().copied().filter(|value| !value.is_nan()).min_by(f32::total_cmp);
        least.map(f64::from)
    }

    /// The smallest value with at least that share of the points at or below it.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<f64> {
        selected(&self.values, share)
    }

    /// How many points are over a limit.
    #[must_use]
    pub fn over(&self, limit: f64) -> usize {
        // The greatest value of the points' own kind that is not over it: many points at a time are compared so.
        let near = limit as f32;
        let limit = if f64::from(near) > limit { near.next_down() } else { near };
        let count = |part: &[f32]| part.iter().map(|value| u32::from(*value > limit)).sum::<u32>();
        self.values.chunks(COUNTED).map(|part| count(part) as usize).sum()
    }

    /// What was measured, in ascending order.
    #[must_use]
    pub fn sorted(&self) -> Vec<f32> {
        sorted(&self.values)
    }

    /// The figure that stands for what was asked: what comes is told as a multiple of it.
    ///
    /// For a budget of a few percent the mean and three standard deviations; for a smaller one the geometric mean of the
    /// 99.5th percentile of all points and the ninth of ten of the days' 99th percentiles: how high it goes, and how high on
    /// a bad day. Both were the best of 24 tried on three sets of traces (`benches/README.md`).
    #[must_use]
    pub fn statistic(&self, budget: f64) -> Option<f64> {
        if budget >= WIDE_BUDGET { self.mean_and_spread() } else { self.bad_days() }
    }

    /// The least share that all but the budget of the points are within.
    #[must_use]
    pub fn need(&self, budget: f64) -> Option<f64> {
        selected(&self.values, 1.0 - budget).map(|need| need + GRAIN)
    }

    fn mean_and_spread(&self) -> Option<f64> {
        let measured = || self.values.iter().filter(|value| !value.is_nan()).map(|value| f64::from(*value));
        let count = measured().count();
        if count == 0 {
            return None;
        }
        let mean = measured().sum::<f64>() / count as f64;
        let variance = measured().map(|value| (value - mean).powi(2)).sum::<f64>() / count as f64;
        Some(mean + 3.0 * variance.sqrt() + GRAIN)
    }

    fn bad_days(&self) -> Option<f64> {
        let high = selected(&self.values, 0.995)? + GRAIN;
        let a_day = usize::try_from(SECONDS_PER_DAY / self.seconds.max(1)).unwrap_or(1);
        let slice = a_day.min(self.values.len() / LEAST_SLICES).max(1);
        let mut days: Vec<f32> =
            self.values.chunks(slice).filter_map(|day| selected(day, 0.99)).map(|high| high as f32).collect();
        days.sort_unstable_by(f32::total_cmp);
        let bad_day = quantile(&days, 0.9)? + GRAIN;
        Some((high * bad_day).sqrt())
    }
}

fn sorted(values: &[f32]) -> Vec<f32> {
    let mut sorted: Vec<f32> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    sorted.sort_unstable_by(f32::total_cmp);
    sorted
}

/// The smallest of the sorted values with at least that share of the others at or below it.
#[must_use]
pub fn quantile(sorted: &[f32], share: f64) -> Option<f64> {
    sorted.get(place(sorted.len(), share)?).map(|value| f64::from(*value))
}

/// The same of values in any order, of which NaN are none: where one quantile is wanted, nothing else is sorted.
fn selected(values: &[f32], share: f64) -> Option<f64> {
    let mut measured: Vec<f32> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    let place = place(measured.len(), share)?;
    Some(f64::from(*measured.select_nth_unstable_by(place, f32::total_cmp).1))
}

fn place(count: usize, share: f64) -> Option<usize> {
    let last = count.checked_sub(1)?;
    Some(((share * last as f64 - 1e-9).ceil().max(0.0) as usize).min(last))
}
