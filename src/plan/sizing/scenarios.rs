//! Levels for usage that is not known yet: paths that it may take, and how much may be lost on them.
//!
//! The expected cost is an average over hours of possible futures, so sizing on hours pooled from many paths minimises
//! it (the newsvendor problem under an uncertain level). A path repeats the last whole weeks of the history on a level
//! whose logarithm walks at random by month, and which a shock may lower for good. Knows: usage by hour. Does not know:
//! what else is planned for it; give usage as it will be afterwards.

use std::ops::Range;

use super::demand::{Class, Demand};
use super::invented::Random;
use super::pass::Prepared;
use super::{Levels, work};

/// Hours of a month of the walk.
const MONTH: usize = 730;

/// Hours of a week: what a path repeats.
const WEEK: usize = 168;

/// Hours of a year.
pub const YEAR: usize = 8760;

/// How the level of usage may move.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Model {
    /// Mean step of the level's logarithm, per month.
    pub drift: f64,
    /// Standard deviation of the steps, per month.
    pub sigma: f64,
    /// Share of the steps' variance that all workloads have in common; a scope is a workload, a class without one too.
    pub common: f64,
    /// Probability per year that a workload shrinks for good.
    pub shock: f64,
    /// What then remains of it: evenly between these shares.
    pub remains: (f64, f64),
    /// Hours ahead: the term of the commitment.
    pub hours: usize,
}

impl Default for Model {
    /// For one year, without a history to learn from. An assumption in the middle of what benches/commitments.rs
    /// varies, not a measurement.
    fn default() -> Model {
        Model { drift: 0.0, sigma: 0.05, common: 0.5, shock: 0.2, remains: (0.3, 0.8), hours: YEAR }
    }
}

/// Months of assumption that a history is weighed against, for the spread and for the drift. A drift is hard to tell
/// from noise (its error is sigma / √months), so it is believed later.
const PRIOR: (f64, f64) = (6.0, 24.0);

/// A model learnt from the steps between monthly medians: spread shrunk towards the default, drift towards 0. With less
/// than two months it is the default.
#[must_use]
pub fn estimate(demand: &Demand) -> Model {
    let default = Model::default();
    let workloads = workloads(demand);
    let count = workloads.iter().max().map_or(0, |most| most + 1);
    let mut series = vec![vec![0.0; demand.hours]; count + 1];
    for (hour, row) in demand.rows(0..demand.hours).enumerate() {
        for (dollars, workload) in row.iter().zip(&workloads) {
            series[*workload][hour] += dollars;
            series[count][hour] += dollars;
        }
    }
    let Some(all) = series.pop() else { return default };
    let steps = steps(&all);
    if steps.is_empty() {
        return default;
    }
    let months = steps.len() as f64;
    let shrunk = |found: f64, assumed: f64| (months * found + PRIOR.0 * assumed) / (months + PRIOR.0);
    let drift = steps.iter().sum::<f64>() / (months + PRIOR.1);
    let variance = |steps: &[f64]| steps.iter().map(|s| (s - drift) * (s - drift)).sum::<f64>() / steps.len() as f64;
    // Each workload's own variance, weighed by its dollars; and the sum of squared weights.
    let total = demand.total();
    let (mut own, mut squares, mut weights) = (0.0, 0.0, 0.0);
    for one in &series {
        let steps = self::steps(one);
        if !steps.is_empty() && total > 0.0 {
            let weight = one.iter().sum::<f64>() / total;
            own += weight * variance(&steps);
            squares += weight * weight;
            weights += weight;
        }
    }
    let own = if weights > 0.0 { own / weights } else { 0.0 };
    // A sum of workloads varies by own × (common + (1 − common) × Σ weight²).
    let common = if own > 0.0 && squares < 1.0 { (variance(&steps) / own - squares) / (1.0 - squares) } else { 1.0 };
    Model {
        drift,
        sigma: shrunk(own, default.sigma * default.sigma).sqrt(),
        common: shrunk(common.clamp(0.0, 1.0), default.common),
        ..default
    }
}

/// Steps of the logarithm between medians of whole months, where there is usage in both.
fn steps(dollars: &[f64]) -> Vec<f64> {
    let medians: Vec<f64> = dollars
        .chunks_exact(MONTH)
        .map(|month| {
            let mut month = month.to_vec();
            let middle = month.len() / 2;
            *month.select_nth_unstable_by(middle, f64::total_cmp).1
        })
        .collect();
    medians.windows(2).filter(|pair| pair[0] > 0.0 && pair[1] > 0.0).map(|pair| (pair[1] / pair[0]).ln()).collect()
}

/// Which workload each class belongs to.
fn workloads(demand: &Demand) -> Vec<usize> {
    let mut next = demand.scopes;
    let own = |next: &mut usize| {
        *next += 1;
        *next - 1
    };
    demand.classes.iter().map(|class| class.scope.unwrap_or_else(|| own(&mut next))).collect()
}

/// Possible futures as one demand: of each path every `stride`-th hour, paths one after the other and all of the same
/// number of hours. [`size`](super::size) on it gives the levels of the least expected cost.
#[must_use]
pub fn pool(demand: &Demand, model: &Model, paths: usize, stride: usize, seed: u64) -> Demand {
    let stride = stride.clamp(1, model.hours.max(1));
    let each = if demand.hours == 0 { 0 } else { model.hours / stride };
    let workloads = workloads(demand);
    let width = width(&workloads);
    let weeks = if demand.hours >= WEEK { demand.hours / WEEK * WEEK } else { demand.hours };
    let tasks: Vec<(usize, u64)> = seeds(paths, seed).into_iter().enumerate().collect();
    let threads = work::threads(0, paths * each * demand.classes.len());
    let parts = work::each(tasks, threads, |(path, seed)| {
        let walk = Walk::new(model, width, seed);
        let mut dollars = Vec::with_capacity(each * demand.classes.len());
        let mut levels = vec![0.0; width];
        for at in 0..each {
            // Paths begin at different hours, so that together they see all.
            let hour = at * stride + path % stride;
            walk.levels(hour, &mut levels);
            let row = demand.row(demand.hours - weeks + hour % weeks);
            dollars.extend(row.iter().zip(&workloads).map(|(d, workload)| d * levels[*workload]));
        }
        dollars
    });
    let dollars = parts.concat();
    Demand { classes: demand.classes.clone(), scopes: demand.scopes, hours: paths * each, dollars }
}

/// How many workloads there are.
fn width(workloads: &[usize]) -> usize {
    workloads.iter().max().map_or(0, |most| most + 1)
}

/// The seed of each path.
fn seeds(paths: usize, seed: u64) -> Vec<u64> {
    let mut random = Random::new(seed);
    (0..paths).map(|_| random.bits()).collect()
}

/// What levels save on each path when they are bought anew after every `term` hours, for the usage of that day: each level in the
/// proportion in which the dollars that it can cover have grown since the first day. The same paths as [`pool`] makes of
/// `model`, `paths` and `seed`.
#[must_use]
pub fn renewed(
    demand: &Demand,
    model: &Model,
    (paths, stride, seed): (usize, usize, u64),
    in_force: &Levels,
    levels: &Levels,
    term: usize,
) -> Vec<Outcome> {
    let pool = pool(demand, model, paths, stride, seed);
    let prepared = Prepared::new(&pool);
    let workloads = workloads(demand);
    let (each, terms) = (pool.hours / paths.max(1), model.hours.div_ceil(term.max(1)));
    let mut dollars = vec![0.0; demand.classes.len()];
    for row in demand.rows(0..demand.hours) {
        row.iter().zip(&mut dollars).for_each(|(more, sum)| *sum += more);
    }
    let tasks: Vec<(usize, u64)> = seeds(paths, seed).into_iter().enumerate().collect();
    work::each(tasks, prepared.threads, |(path, seed)| {
        let walk = Walk::new(model, width(&workloads), seed);
        let mut outcome = Outcome { saving: 0.0, without: 0.0 };
        for term_of_path in 0..terms {
            let row = |hour: usize| path * each + (hour / stride.max(1)).min(each);
            let hours = row(term_of_path * term)..row((term_of_path + 1) * term);
            let mut grown = vec![0.0; width(&workloads)];
            walk.levels(term_of_path * term, &mut grown);
            let growth = |covers: &dyn Fn(&Class) -> bool| {
                let (mut before, mut now) = (0.0, 0.0);
                for ((class, dollars), workload) in demand.classes.iter().zip(&dollars).zip(&workloads) {
                    if covers(class) {
                        before += dollars;
                        now += dollars * grown[*workload];
                    }
                }
                if before > 0.0 { now / before } else { 0.0 }
            };
            let narrow = levels.narrow.iter().enumerate();
            let bought = Levels {
                narrow: narrow.map(|(scope, level)| level * growth(&|class| class.scope == Some(scope))).collect(),
                wide: levels.wide * growth(&|class| class.wide.is_some()),
            };
            let without = prepared.on_demand(hours.clone(), &in_force.plus(&Levels::default(), demand.scopes));
            let with = prepared.on_demand(hours.clone(), &in_force.plus(&bought, demand.scopes));
            outcome.saving += without - with - hours.len() as f64 * bought.total();
            outcome.without += without;
        }
        outcome
    })
}

/// One path of each workload's level.
struct Walk {
    /// Logarithm of the level by workload and month.
    nodes: Vec<Vec<f64>>,
    /// From which hour on what share of the workload remains.
    shocks: Vec<(usize, f64)>,
}

impl Walk {
    fn new(model: &Model, workloads: usize, seed: u64) -> Walk {
        let mut random = Random::new(seed);
        let common: Vec<f64> = (0..=model.hours / MONTH).map(|_| random.normal()).collect();
        let share = model.common.clamp(0.0, 1.0);
        let (shared, own) = (share.sqrt(), (1.0 - share).sqrt());
        let mut nodes = Vec::with_capacity(workloads);
        let mut shocks = Vec::with_capacity(workloads);
        let years = model.hours as f64 / YEAR as f64;
        let shock = 1.0 - (1.0 - model.shock.clamp(0.0, 1.0)).powf(years);
        for _ in 0..workloads {
            let mut level = 0.0;
            let mut path = vec![level];
            for step in &common {
                level += model.drift + model.sigma * (shared * step + own * random.normal());
                path.push(level);
            }
            nodes.push(path);
            let happens = random.unit() < shock;
            let from = random.below(model.hours.max(1));
            let remains = random.between(model.remains.0, model.remains.1);
            shocks.push(if happens { (from, remains) } else { (model.hours, 1.0) });
        }
        Walk { nodes, shocks }
    }

    /// The levels in an hour: between the months' nodes the logarithm runs straight.
    fn levels(&self, hour: usize, levels: &mut [f64]) {
        let (month, share) = (hour / MONTH, (hour % MONTH) as f64 / MONTH as f64);
        for ((level, nodes), (from, remains)) in levels.iter_mut().zip(&self.nodes).zip(&self.shocks) {
            let logarithm = nodes[month] + share * (nodes[month + 1] - nodes[month]);
            *level = logarithm.exp() * if hour >= *from { *remains } else { 1.0 };
        }
    }
}

/// Dollars that levels save on each path of a pool, and what the path would cost without them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// Saved against buying nothing; negative: lost.
    pub saving: f64,
    /// On demand and beside what is in force.
    pub without: f64,
}

/// What levels save on each path of a pool.
#[must_use]
pub fn outcomes(pool: &Demand, paths: usize, in_force: &Levels, levels: &Levels) -> Vec<Outcome> {
    Paths::new(&Prepared::new(pool), paths, in_force).outcomes(levels)
}

/// Savings over paths, as shares of what the paths would cost without the commitment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    /// Mean.
    pub mean: f64,
    /// The fifth percentile.
    pub low: f64,
    /// Share of paths on which the levels lose money.
    pub loss: f64,
}

/// Mean, fifth percentile and probability of a loss.
#[must_use]
pub fn spread(outcomes: &[Outcome]) -> Spread {
    let mut shares: Vec<f64> =
        outcomes.iter().map(|o| if o.without > 0.0 { o.saving / o.without } else { 0.0 }).collect();
    shares.sort_by(f64::total_cmp);
    let (Some(last), count) = (shares.len().checked_sub(1), shares.len() as f64) else { return Spread::default() };
    let place = 0.05 * last as f64;
    let (below, share) = (place.floor() as usize, place.fract());
    Spread {
        mean: shares.iter().sum::<f64>() / count,
        low: shares[below] + share * (shares[last.min(below + 1)] - shares[below]),
        loss: shares.iter().filter(|s| **s < 0.0).count() as f64 / count,
    }
}

/// How much risk is taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Risk {
    /// The least expected cost.
    Expected,
    /// As much of it as loses money with at most this probability.
    NoRegret {
        /// For instance 0.05.
        loss_probability: f64,
    },
    /// As much of it as saves most on the mean of the worst paths (conditional value at risk).
    Cvar {
        /// Which share of the paths are the worst, for instance 0.05.
        alpha: f64,
    },
}

/// Levels scaled down to the risk that is taken on the paths of a pool. One factor for all levels: their proportions
/// stay those of the least expected cost.
#[must_use]
pub fn choose(pool: &Demand, paths: usize, in_force: &Levels, levels: &Levels, risk: Risk) -> Levels {
    let prepared = Prepared::new(pool);
    let paths = Paths::new(&prepared, paths, in_force);
    let factor = match risk {
        Risk::Expected => 1.0,
        Risk::NoRegret { loss_probability } => largest(|factor| {
            let outcomes = paths.outcomes(&levels.scaled(factor));
            let losses = outcomes.iter().filter(|o| o.saving < -1e-9 * o.without).count();
            losses as f64 <= loss_probability * outcomes.len() as f64
        }),
        Risk::Cvar { alpha } => highest(|factor| {
            let mut savings: Vec<f64> = paths.outcomes(&levels.scaled(factor)).iter().map(|o| o.saving).collect();
            savings.sort_by(f64::total_cmp);
            let worst = ((alpha * savings.len() as f64).ceil() as usize).clamp(1, savings.len().max(1));
            savings.iter().take(worst).sum::<f64>()
        }),
    };
    levels.scaled(factor)
}

/// The largest of 0 to 1 that is accepted, if smaller ones are too: a path's saving is concave in the factor and 0 at
/// 0, so a path that loses at a factor loses at all above.
fn largest(accepted: impl Fn(f64) -> bool) -> f64 {
    if accepted(1.0) {
        return 1.0;
    }
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..20 {
        let middle = 0.5 * (low + high);
        if accepted(middle) { low = middle } else { high = middle }
    }
    low
}

/// Where in 0 to 1 a concave function is highest (golden section).
fn highest(function: impl Fn(f64) -> f64) -> f64 {
    let golden = (5.0_f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = (0.0, 1.0);
    let (mut a, mut b) = (high - golden * (high - low), low + golden * (high - low));
    let (mut at_a, mut at_b) = (function(a), function(b));
    for _ in 0..24 {
        if at_a >= at_b {
            (high, b, at_b) = (b, a, at_a);
            a = high - golden * (high - low);
            at_a = function(a);
        } else {
            (low, a, at_a) = (a, b, at_b);
            b = low + golden * (high - low);
            at_b = function(b);
        }
    }
    [0.0, 1.0, 0.5 * (low + high)].into_iter().max_by(|x, y| function(*x).total_cmp(&function(*y))).unwrap_or_default()
}

/// A pool's paths, and what each costs without the commitment.
struct Paths<'a> {
    prepared: &'a Prepared<'a>,
    in_force: &'a Levels,
    ranges: Vec<Range<usize>>,
    without: Vec<f64>,
}

impl<'a> Paths<'a> {
    fn new(prepared: &'a Prepared<'a>, paths: usize, in_force: &'a Levels) -> Paths<'a> {
        let each = prepared.demand.hours / paths.max(1);
        let ranges: Vec<Range<usize>> = (0..paths).map(|path| path * each..(path + 1) * each).collect();
        let mut out = Paths { prepared, in_force, ranges, without: Vec::new() };
        out.without = out.on_demand(&Levels::default());
        out
    }

    fn on_demand(&self, levels: &Levels) -> Vec<f64> {
        let total = self.in_force.plus(levels, self.prepared.demand.scopes);
        work::each(self.ranges.clone(), self.prepared.threads, |hours| self.prepared.on_demand(hours, &total))
    }

    fn outcomes(&self, levels: &Levels) -> Vec<Outcome> {
        let with = self.on_demand(levels);
        let paid = self.ranges.iter().map(|hours| hours.len() as f64 * levels.total());
        let both = with.into_iter().zip(&self.without).zip(paid);
        both.map(|((with, without), paid)| Outcome { saving: without - with - paid, without: *without }).collect()
    }
}
