//! How much machines asked for after they had asked for so much: the ratios that make a margin a probability.
//!
//! A ratio is the need of a later stretch of time (all but the budget of its points) over the statistic of the stretch before, a tenth
//! of what the machine has added to both: what was nearly idle can grow tenfold and still ask for little.
//! Machines of a kind are taken as exchangeable: the share of them whose ratio exceeds a margin, counted as (1 + those) of (1 +
//! all), is a valid probability that the next one exceeds it (split conformal prediction: Vovk, Gammerman and Shafer 2005;
//! ALGORITHMS 1.6). Over time that is only approximate, so a backtest shows what was promised beside what happened.

use std::collections::BTreeMap;

use super::need::{LEAST_COVERED, Points};
use super::{Dimension, Limits, Machine};

/// Machines that a stratum needs for ratios of its own: fewer cannot tell one in twenty.
pub const LEAST_MACHINES: usize = 50;
/// A margin of so many times the greatest ratio ever seen is out of reach: it adds nothing to a sum of risks.
const OUT_OF_REACH: f64 = 2.0;
/// Added to needs, statistics and room, as a share of what the machine has: the best of 0, 1, 3, 5, 10 and 20 percent on three sets of
/// traces, by capture and by how the promise held for what was nearly idle.
const EASE: f64 = 0.1;
/// Machines that a machine is compared with at least, where there are more.
const NEIGHBOURS: usize = 200;
/// Where there are many, the nearest part of them: a third (the promise held best in 2, 3 and 5 parts of PlanetLab).
const NEIGHBOUR_PART: usize = 3;
/// The stratum of all.
const EVERY: &str = "";

/// How one machine went on.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Observed {
    /// Its statistic of the earlier time.
    pub statistic: f64,
    /// Its need of the later time over that.
    pub ratio: f64,
}

/// How many machines went on.
#[derive(Clone, PartialEq, Debug)]
pub struct Calibration {
    /// By statistic.
    observed: Vec<Observed>,
    /// The logarithms of the statistics.
    logarithms: Vec<f64>,
    /// Places among the observed, by ratio.
    by_ratio: Vec<usize>,
    /// Whose ratios these are.
    pub basis: String,
    shipped: bool,
}

impl Calibration {
    /// From machines in any order.
    #[must_use]
    pub fn new(mut observed: Vec<Observed>, basis: String) -> Calibration {
        observed.sort_unstable_by(|a, b| a.statistic.total_cmp(&b.statistic).then(a.ratio.total_cmp(&b.ratio)));
        let logarithms = observed.iter().map(|one| one.statistic.ln()).collect();
        let mut by_ratio: Vec<usize> = (0..observed.len()).collect();
        by_ratio.sort_unstable_by(|a, b| observed[*a].ratio.total_cmp(&observed[*b].ratio));
        Calibration { observed, logarithms, by_ratio, basis, shipped: false }
    }

    /// Machines behind it.
    #[must_use]
    pub fn machines(&self) -> usize {
        self.observed.len()
    }

    /// The ratios of machines like one with this statistic: of all where they are few, else of those whose statistics are
    /// nearest, since what is nearly idle has more room to grow than what is busy.
    #[must_use]
    pub fn like(&self, statistic: f64) -> Ratios {
        let count = self.observed.len().min(NEIGHBOURS.max(self.observed.len() / NEIGHBOUR_PART));
        let own = statistic.ln();
        // The nearest are side by side. Sums and not distances: of equal statistics below its own those above are nearer all the same.
        let is_further = |first: usize| self.logarithms[first] + self.logarithms[first + count] < 2.0 * own;
        let (mut from, mut end) = (0, self.observed.len() - count);
        while from < end {
            let middle = usize::midpoint(from, end);
            if is_further(middle) { from = middle + 1 } else { end = middle }
        }
        let near = self.by_ratio.iter().filter(|place| (from..from + count).contains(*place));
        Ratios(near.map(|place| self.observed[*place].ratio).collect())
    }
}

/// Ratios in ascending order.
#[derive(Clone, PartialEq, Debug)]
pub struct Ratios(Vec<f64>);

impl Ratios {
    /// From ratios in any order.
    #[must_use]
    pub fn new(mut ratios: Vec<f64>) -> Ratios {
        ratios.sort_unstable_by(f64::total_cmp);
        Ratios(ratios)
    }

    /// Probability that a machine asks for more than `margin` times its statistic.
    #[must_use]
    pub fn exceeding(&self, margin: f64) -> f64 {
        let Some(greatest) = self.0.last() else { return 1.0 };
        if margin > greatest * OUT_OF_REACH {
            return 0.0;
        }
        let within = self.0.partition_point(|ratio| *ratio <= margin);
        (1 + self.0.len() - within) as f64 / (self.0.len() + 1) as f64
    }

    /// The least margin that is exceeded with at most that probability; `None`: too few ratios to tell.
    #[must_use]
    pub fn margin(&self, risk: f64) -> Option<f64> {
        let place = ((self.0.len() + 1) as f64 * (1.0 - risk) - 1e-9).ceil() as usize;
        place.checked_sub(1).and_then(|at| self.0.get(at)).copied()
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

/// Calibrations of the strata of a fleet.
#[derive(Clone, Debug)]
pub struct Fleet {
    by: BTreeMap<(Dimension, String), Calibration>,
    default: Calibration,
}

impl Fleet {
    /// Of machines that are watched long enough: the first half of their time against the second.
    #[must_use]
    pub fn of(machines: &[Machine], limits: &Limits) -> Fleet {
        let mut history = History::default();
        for machine in machines {
            history.add(machine, limits);
        }
        history.fleet(limits)
    }

    /// One calibration a dimension, whatever the stratum; a dimension without one has the default.
    #[must_use]
    pub fn new(by: impl IntoIterator<Item = (Dimension, Calibration)>, budget: f64) -> Fleet {
        let by = by.into_iter().map(|(dimension, calibration)| ((dimension, EVERY.to_owned()), calibration)).collect();
        Fleet { by, default: shipped(budget) }
    }

    /// The ratios of the narrowest stratum that has enough; else the default ones.
    #[must_use]
    pub fn calibration(&self, dimension: Dimension, strata: &[String]) -> &Calibration {
        let of = |stratum: &str| self.by.get(&(dimension, stratum.to_owned()));
        strata.iter().map(String::as_str).chain([EVERY]).find_map(of).unwrap_or(&self.default)
    }

    /// The same where it tells of the dimension: the default ratios are of processors, and what cannot wait goes on in another way.
    #[must_use]
    pub fn tells(&self, dimension: Dimension, strata: &[String]) -> Option<&Calibration> {
        let calibration = self.calibration(dimension, strata);
        (!dimension.cannot_wait() || !calibration.shipped).then_some(calibration)
    }
}

/// What is gathered, a machine after the other.
#[derive(Clone, Debug, Default)]
pub struct History {
    by: BTreeMap<(Dimension, String), Vec<Observed>>,
}

impl History {
    /// Adds those of a machine to all of its strata.
    pub fn add(&mut self, machine: &Machine, limits: &Limits) {
        for demand in &machine.demands {
            let (before, after) = demand.points.cut(0.5);
            let Some(observed) = observed(&before, &after, limits.budget_of(demand.dimension)) else { continue };
            for stratum in &machine.strata {
                self.by.entry((demand.dimension, stratum.clone())).or_default().push(observed);
            }
        }
    }

    /// The strata that have enough.
    #[must_use]
    pub fn fleet(self, limits: &Limits) -> Fleet {
        let enough = self.by.into_iter().filter(|(_, machines)| machines.len() >= LEAST_MACHINES);
        let named = |((dimension, stratum), machines): ((Dimension, String), Vec<Observed>)| {
            let basis = format!("{} of your own: {stratum}", machines.len());
            ((dimension, stratum), Calibration::new(machines, basis))
        };
        Fleet { by: enough.map(named).collect(), default: shipped(limits.budget) }
    }
}

/// How a machine went on from one stretch of time to the next; `None` where one of both has gaps.
#[must_use]
pub fn observed(before: &Points, after: &Points, budget: f64) -> Option<Observed> {
    let watched = before.covered() >= LEAST_COVERED && after.covered() >= LEAST_COVERED;
    if !watched {
        return None;
    }
    let statistic = before.statistic(budget)?;
    Some(Observed { statistic, ratio: margin(after.need(budget)?, statistic) })
}

/// How many times a statistic fits into a room, both eased.
#[must_use]
pub fn margin(room: f64, statistic: f64) -> f64 {
    (room + EASE) / (statistic + EASE)
}

/// How many times a statistic has to fit for a margin: the inverse.
#[must_use]
pub fn times(margin: f64, statistic: f64) -> f64 {
    (margin * (statistic + EASE) - EASE) / statistic
}

const SHIPPED: &str = include_str!("default-ratios.csv");

/// The ratios that come with the program, of the budget that is nearest to the one asked for: 14 days against the 14 after
/// them of 140 virtual machines of two public traces (head of the file).
#[must_use]
pub fn shipped(budget: f64) -> Calibration {
    let mut lines = SHIPPED.lines().skip_while(|line| line.starts_with('#'));
    let budgets: Vec<f64> =
        lines.next().unwrap_or_default().split(',').filter_map(|name| name.parse::<f64>().ok()).collect();
    let far = |at: &usize| (budgets[*at].ln() - budget.max(1e-6).ln()).abs();
    let column = (0..budgets.len()).min_by(|a, b| far(a).total_cmp(&far(b))).unwrap_or(0);
    // So few are not told apart by their statistics.
    let observed = |ratio| Observed { statistic: 1.0, ratio };
    let ratios = lines.filter_map(|line| line.split(',').nth(column)?.parse().ok().map(observed)).collect();
    let shipped = Calibration::new(ratios, "default: 140 virtual machines of public traces".into());
    Calibration { shipped: true, ..shipped }
}
