//! What else there is to say about levels: rounded to what can be bought, less commitment for less saving, less usage.
//!
//! Knows: costs of levels, the search. Does not know: how usage will move; that is `scenarios`.

use super::demand::Demand;
use super::pass::Prepared;
use super::prices::{Question, Search};
use super::{Levels, Limits, Sized, size};

/// Neighbours that rounding tries at most.
const NEIGHBOURS: usize = 40;

/// Levels in multiples of a step (Savings Plans: 0.001 dollars per hour): the nearest, then their neighbours where the
/// cost falls most steeply, kept when it falls.
#[must_use]
pub fn round(demand: &Demand, in_force: &Levels, levels: &Levels, step: f64) -> Levels {
    if step <= 0.0 {
        return levels.clone();
    }
    let demand = demand.collapse();
    let prepared = Prepared::new(&demand);
    // Steps are counted, so that a level is the multiple nearest to it and no sum of roundings.
    let mut counts: Vec<f64> = levels.narrow.iter().chain([&levels.wide]).map(|x| (x / step).round()).collect();
    let of = |counts: &[f64]| {
        let mut narrow: Vec<f64> = counts.iter().map(|count| count * step).collect();
        let wide = narrow.pop().unwrap_or_default();
        Levels { narrow, wide }
    };
    let start = prepared.cost(in_force, &of(&counts));
    let mut least = start.cost;
    let mut slopes: Vec<(usize, f64)> =
        start.gradient.narrow.iter().take(levels.narrow.len()).copied().enumerate().collect();
    slopes.push((counts.len() - 1, start.gradient.wide));
    slopes.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    for (at, slope) in slopes.into_iter().take(NEIGHBOURS) {
        let before = counts[at];
        counts[at] = (before - slope.signum()).max(0.0);
        let cost = prepared.cost(in_force, &of(&counts)).cost;
        if cost < least {
            least = cost;
        } else {
            counts[at] = before;
        }
    }
    of(&counts)
}

/// A commitment, and what it saves.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Share of the best levels' commitment.
    pub share: f64,
    /// Dollars committed per hour.
    pub commitment: f64,
    /// Dollars saved per hour against buying nothing.
    pub saving: f64,
    /// On-demand dollars that its last dollar displaces.
    pub hurdle: f64,
    /// The levels.
    pub levels: Levels,
}

/// Savings against commitment, from nothing to the best levels. Each point costs least for its commitment: the last
/// dollar must displace a hurdle that falls from the greatest that any rate allows to 1.
#[must_use]
pub fn pareto(demand: &Demand, in_force: &Levels, sized: &Sized, points: usize) -> Vec<Point> {
    let demand = demand.collapse();
    let prepared = Prepared::new(&demand);
    let hours = demand.hours.max(1) as f64;
    let most = sized.levels.total();
    let nothing = prepared.cost(in_force, &Levels::none(demand.scopes)).cost;
    let point = |levels: Levels, hurdle: f64| Point {
        share: if most > 0.0 { levels.total() / most } else { 0.0 },
        commitment: levels.total(),
        saving: (nothing - prepared.cost(in_force, &levels).cost) / hours,
        hurdle,
        levels,
    };
    let rates = demand.classes.iter().flat_map(|class| class.scope.map(|_| class.narrow).into_iter().chain(class.wide));
    let highest = rates.fold(1.0_f64, |highest, rate| highest.max(1.0 / rate));
    let mut out = vec![point(Levels::none(demand.scopes), highest)];
    let steps = points.saturating_sub(1);
    for step in 1..steps {
        let hurdle = highest - (highest - 1.0) * step as f64 / steps as f64;
        let question = Question { prepared: &prepared, in_force, hurdle };
        let mut search = Search::start(&question);
        search.run(&question, 0.001, 8);
        out.push(point(search.best.levels, hurdle));
    }
    if steps > 0 {
        out.push(point(sized.levels.clone(), 1.0));
    }
    // The search stops within its gap: a point that commits more for less is none.
    let mut best = f64::NEG_INFINITY;
    out.retain(|point| {
        let better = point.saving > best;
        best = best.max(point.saving);
        better
    });
    out.sort_by(|a, b| a.commitment.total_cmp(&b.commitment));
    out
}

/// Dollars per hour that the next dollar per hour saves where it saves most; about 0 or less at the best levels.
#[must_use]
pub fn marginal_value(demand: &Demand, in_force: &Levels, levels: &Levels) -> f64 {
    // Best levels lie on kinks, met up to rounding: a hair above counts as there.
    let gradient = Prepared::new(demand).cost(in_force, &levels.scaled(1.0 + 1e-6)).gradient;
    let steepest = gradient.narrow.iter().fold(gradient.wide, |least, slope| least.min(*slope));
    -steepest / demand.hours.max(1) as f64
}

/// What levels are worth when usage is not what it was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Regret {
    /// Dollars per hour that the levels save at that usage; negative: they cost more than they save.
    pub saving: f64,
    /// Dollars per hour that the best levels at that usage would save.
    pub best: f64,
    /// Share of the commitment, in force and bought, that is used; 1 when there is none.
    pub utilisation: f64,
}

impl Regret {
    /// Dollars per hour lost for not having known.
    #[must_use]
    pub fn regret(&self) -> f64 {
        self.best - self.saving
    }
}

/// What levels are worth when usage falls (or rises) to a factor of what it was.
#[must_use]
pub fn regret(demand: &Demand, in_force: &Levels, levels: &Levels, factor: f64) -> Regret {
    let demand = demand.collapse().scaled(factor);
    let prepared = Prepared::new(&demand);
    let hours = demand.hours.max(1) as f64;
    let nothing = prepared.cost(in_force, &Levels::none(demand.scopes)).cost;
    let these = prepared.cost(in_force, levels);
    let best = size(&demand, in_force, &Limits::default()).cost.min(these.cost);
    let committed = (in_force.total() + levels.total()) * hours;
    Regret {
        saving: (nothing - these.cost) / hours,
        best: (nothing - best) / hours,
        utilisation: if committed > 0.0 { 1.0 - these.unused / committed } else { 1.0 },
    }
}

/// Months after which a payment in advance has paid for itself: upfront / (on demand − recurring); `None`: never.
#[must_use]
pub fn break_even_month(upfront: f64, monthly_on_demand: f64, monthly_recurring: f64) -> Option<f64> {
    let saved = monthly_on_demand - monthly_recurring;
    (saved > 0.0).then(|| upfront.max(0.0) / saved)
}
