//! In which hours a resource works, told from its metrics.
//!
//! A series says so by itself when the logarithms of its values fall into two groups that lie far apart (Otsu 1979); a
//! series of one group is work all the time, unless all of it is next to nothing. An hour is at work when one of the
//! signals says so. Knows: series by hour. Does not know: weeks, local time, why an hour has no point.

use std::f64::consts::SQRT_2;

/// Percent of CPU that is work on any machine. Compute Optimizer calls an instance idle when its CPU stays below.
const CPU_WORK: f64 = 5.0;
/// Percent of CPU that is next to nothing: what an operating system and its agents take (an assumption).
const CPU_NOTHING: f64 = 1.0;
/// Bytes an hour that are next to nothing. Compute Optimizer calls an instance idle below 5 MB a day.
const NETWORK_NOTHING: f64 = 5e6 / 24.0;
/// Disk operations an hour that are next to nothing: one a second, as logs and agents make them (an assumption).
const DISK_NOTHING: f64 = 3600.0;
/// Added before the logarithm, as a share of next to nothing: differences far below do not count, and 0 has one.
const OFFSET: f64 = 0.1;
/// Ashman's D (Ashman, Bird and Zepf 1994) from which two groups are two. Cut in the best place a normal distribution
/// has 2.65, an even one 3.46, a sine wave as of day and night 4.0 to 4.2; on and off, as invented in tests.rs, has at
/// least 5.2.
const SEPARATE: f64 = 4.5;
/// Hours that a group must have at least, so that a few odd ones are none.
const FEWEST: usize = 5;

/// Metrics of one resource: series of one length, an entry for each hour; `None` where the hour has no point.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Signals<'a> {
    /// Percent of CPU, the mean of the hour.
    pub(super) cpu: Option<&'a [Option<f64>]>,
    /// Bytes an hour, in and out.
    pub(super) network: Option<&'a [Option<f64>]>,
    /// Most connections at a time within the hour.
    pub(super) connections: Option<&'a [Option<f64>]>,
    /// Operations an hour.
    pub(super) disk: Option<&'a [Option<f64>]>,
}

/// Where work begins in one series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Threshold {
    /// Values above are work, in the unit of the series; `None`: every value is.
    pub(super) above: Option<f64>,
    /// Ashman's D of its two groups, without a unit; `None`: it cannot be split, or need not be.
    pub(super) separation: Option<f64>,
}

impl Threshold {
    fn is_work(self, value: f64) -> bool {
        self.above.is_none_or(|above| value > above)
    }
}

/// Where work begins in each signal; `None`: the signal has no point.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Thresholds {
    /// Percent of CPU.
    pub(super) cpu: Option<Threshold>,
    /// Bytes an hour.
    pub(super) network: Option<Threshold>,
    /// Connections: any is work.
    pub(super) connections: Option<Threshold>,
    /// Operations an hour.
    pub(super) disk: Option<Threshold>,
}

/// In which hours the resource works; `None` where no signal has a point: it was stopped or not measured.
pub(super) fn active(signals: &Signals<'_>) -> Vec<Option<bool>> {
    let thresholds = thresholds(signals);
    let series = [
        (signals.cpu, thresholds.cpu),
        (signals.network, thresholds.network),
        (signals.connections, thresholds.connections),
        (signals.disk, thresholds.disk),
    ];
    let hours = series.iter().filter_map(|(points, _)| points.map(<[Option<f64>]>::len)).max().unwrap_or(0);
    (0..hours)
        .map(|hour| {
            let works = series.iter().filter_map(|(points, threshold)| {
                let value = (*points)?.get(hour).copied().and_then(measured)?;
                Some((*threshold)?.is_work(value))
            });
            works.reduce(|one, other| one || other)
        })
        .collect()
}

/// The thresholds of the signals, as evidence of [`active`].
pub(super) fn thresholds(signals: &Signals<'_>) -> Thresholds {
    let most = |split: f64| split.min(CPU_WORK);
    let least = |nothing: f64| move |split: f64| split.max(nothing);
    Thresholds {
        cpu: signals.cpu.and_then(|points| threshold(points, CPU_NOTHING, most)),
        network: signals.network.and_then(|points| threshold(points, NETWORK_NOTHING, least(NETWORK_NOTHING))),
        connections: signals
            .connections
            .filter(|points| points.iter().copied().any(|point| measured(point).is_some()))
            .map(|_| Threshold { above: Some(0.0), separation: None }),
        disk: signals.disk.and_then(|points| threshold(points, DISK_NOTHING, least(DISK_NOTHING))),
    }
}

/// The threshold of a series; `limited` keeps what splits its two groups within sense.
fn threshold(points: &[Option<f64>], nothing: f64, limited: impl Fn(f64) -> f64) -> Option<Threshold> {
    let values: Vec<f64> = points.iter().copied().filter_map(measured).collect();
    if values.is_empty() {
        return None;
    }
    let split = split(&values, nothing * OFFSET);
    let separation = split.map(|(_, separation)| separation);
    let above = match split {
        Some((level, separation)) if separation >= SEPARATE => Some(limited(level)),
        _ => values.iter().all(|value| *value < nothing).then_some(nothing),
    };
    Some(Threshold { above, separation })
}

/// Otsu's split of the logarithms, which leaves the most variance between two groups: the value halfway between them,
/// and Ashman's D = √2 (μ₂ − μ₁) / √(σ₁² + σ₂²). `None`: no two groups of at least [`FEWEST`] different values.
fn split(values: &[f64], offset: f64) -> Option<(f64, f64)> {
    let mut logarithms: Vec<f64> = values.iter().map(|value| (value.max(0.0) + offset).ln()).collect();
    logarithms.sort_unstable_by(f64::total_cmp);
    let count = logarithms.len();
    let total: f64 = logarithms.iter().sum();
    let mut below = 0.0;
    let mut best: Option<(f64, usize)> = None;
    for (index, pair) in logarithms.windows(2).enumerate() {
        let &[low, high] = pair else { continue };
        below += low;
        let under = index + 1;
        let over = count - under;
        if under < FEWEST || over < FEWEST || high <= low {
            continue;
        }
        let apart = (total - below) / over as f64 - below / under as f64;
        let between = under as f64 * over as f64 * apart * apart;
        if best.is_none_or(|(most, _)| between > most) {
            best = Some((between, under));
        }
    }
    let (_, under) = best?;
    let (low, high) = logarithms.split_at(under);
    let level = f64::midpoint(*low.last()?, *high.first()?).exp() - offset;
    let ((low, low_variance), (high, high_variance)) = (moments(low), moments(high));
    Some((level, SQRT_2 * (high - low) / (low_variance + high_variance).sqrt()))
}

/// Mean and variance.
fn moments(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    (mean, values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / count)
}

/// A point that is a number.
fn measured(point: Option<f64>) -> Option<f64> {
    point.filter(|value| value.is_finite())
}
