//! How advice on sizes would have done: sized by the first part of what was measured, replayed on the rest.
//!
//! Knows: what `derive::fit` says of a machine on each shape, and what other tools' rules would have taken. Does not know: tables,
//! pages; the advice judged is the cheapest shape whose risk is within what is allowed, as the pages take it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::amount;
use crate::derive::fit::need::LEAST_COVERED;
use crate::derive::fit::need::Points;
use crate::derive::fit::risk::{Calibration, Fleet, History, Observed, observed, shipped};
use crate::derive::fit::{Demand, Dimension, Limits, Machine, assess, gives_out};
use crate::money::Amount;

mod others;

use others::Other;

/// Version of the view; changes when a field changes its meaning or goes.
pub const VERSION: &str = "surgeon.backtest.rightsizing/1";

/// Parts into which machines fall when each is judged by the others' ratios.
const FOLDS: usize = 10;
/// Upper ends of the bins of promised risk.
const BINS: [f64; 5] = [0.01, 0.05, 0.10, 0.20, 0.50];
/// Risks of the frontier, in percent.
const RISKS: [usize; 9] = [1, 2, 5, 8, 10, 15, 20, 30, 50];
/// From whom the ratios come that make margins probabilities.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Calibrate {
    /// From the first part alone, its first half against its second: what a user has on the day of the advice.
    Past,
    /// From both parts of the other machines, ten folds: what is known of machines of the kind, without the time that passes.
    Others,
    /// From the ratios that come with the program.
    Default,
}

/// What is to be judged.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// Limits and budget.
    pub limits: Limits,
    /// Greatest risk that advice may have.
    pub risk: f64,
    /// Share of the time that advice may look at.
    pub cut: f64,
    /// From whom the ratios come.
    pub calibrate: Calibrate,
}

/// Why nothing can be judged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No machine was watched long and well enough.
    #[error(
        "no machine to judge: {machines} were measured, the longest for {days} days, none of them in four fifths of both parts of the time\n  help: give traces of at least some days, with a point every few minutes, or ask an account for them: surgeon collect --metrics 28 --metric-period 300 -o DIR"
    )]
    Nothing {
        /// Machines that were measured.
        machines: usize,
        /// Whole days of the longest.
        days: usize,
    },
    /// Nobody knows what any machine costs, so that nothing can be said to cost less.
    #[error(
        "no price: {machines} machines were measured, and nobody knows what any of them costs\n  help: give the files of the bill beside the Dataset, or refresh the lists: surgeon prices refresh"
    )]
    NoPrices {
        /// Machines that were measured.
        machines: usize,
    },
}

/// Advice of the past, with what would have become of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Backtest {
    /// `surgeon.backtest.rightsizing/1`.
    pub version: String,
    /// Version of surgeon.
    pub tool: String,
    /// Machines that were judged.
    pub machines: usize,
    /// Machines that were measured and not judged: gaps in one of both parts.
    pub left_out: usize,
    /// Machines that were measured and not judged: nobody knows what they cost.
    pub unpriced: usize,
    /// Days of the longest.
    pub days: Amount,
    /// Share of the time that advice looked at.
    pub cut: Amount,
    /// Utilization that is the limit of the processors, a ratio.
    pub processor_limit: Amount,
    /// Share of the points that may be over a limit, a ratio.
    pub budget: Amount,
    /// Greatest risk that ours may have, a ratio.
    pub risk: Amount,
    /// From whom the ratios come.
    pub calibrate: Calibrate,
    /// In words.
    pub basis: String,
    /// Saved by whom, at what harm.
    pub rules: Vec<Outcome>,
    /// What ours saves and harms at several risks.
    pub frontier: Vec<Allowed>,
    /// Ours beside each other rule with no more harm than that rule does.
    pub at_equal_harm: Vec<Equal>,
    /// What was promised beside what happened.
    pub reliability: Vec<Bin>,
    /// Ratios of the later part to the earlier in ascending order: a calibration for others.
    pub ratios: Vec<Amount>,
}

/// What a rule would have done to all machines.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Outcome {
    /// Whose rule.
    pub rule: String,
    /// Saved, as a share of what all machines cost.
    pub saved: Amount,
    /// Saved ÷ what hindsight saves within the budget: above 1 it breaks the budget.
    pub capture: Amount,
    /// Share of the machines that it changes.
    pub changed: Amount,
    /// Share of the changed that are over the limit in more points than the budget.
    pub harmed: Amount,
    /// Share of the points of the changed that are over the limit.
    pub points_over: Amount,
    /// Share of the hours of the changed with a point over the limit.
    pub hours_over: Amount,
    /// Share of the points of the changed in which they would have asked for more than there is.
    pub points_full: Amount,
    /// Unused share of what the changed have, in the mean: 1 − used ÷ there (the slack of Autopilot).
    pub slack: Amount,
}

/// Ours at a risk that it may promise.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Allowed {
    /// The greatest risk of any advice, a ratio.
    pub risk: Amount,
    /// Saved, as a share of what all machines cost.
    pub saved: Amount,
    /// Saved ÷ what hindsight saves.
    pub capture: Amount,
    /// Share of the changed that are over a limit in more points than the budget.
    pub harmed: Amount,
}

/// Ours with no more harm than another rule does.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Equal {
    /// The other rule.
    pub rule: String,
    /// Its capture.
    pub capture: Amount,
    /// Its harm.
    pub harmed: Amount,
    /// Greatest capture of ours at no more harm, whatever the risk; absent: none is that harmless.
    pub ours: Option<Amount>,
    /// The risk that ours is allowed for it.
    pub risk: Option<Amount>,
}

/// Machines with a shape whose promised risk lies within a range: each with the cheapest of that range.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Bin {
    /// Above this risk, a ratio.
    pub above: Amount,
    /// Up to this risk.
    pub to: Amount,
    /// Machines.
    pub machines: usize,
    /// Mean of what was promised.
    pub promised: Option<Amount>,
    /// Share of them that was over the limit in more points than the budget.
    pub realised: Option<Amount>,
    /// Standard error of the realised share if the promise holds: √(p(1 − p) ÷ machines).
    pub standard_error: Option<Amount>,
    /// Whether the realised share is at most two standard errors above the promised.
    pub kept: Option<bool>,
    /// Whether it lies within two standard errors of it, on either side.
    pub within: Option<bool>,
}

/// A machine with what it is judged by.
struct Case {
    /// As it was known at the cut.
    known: Machine,
    /// What came.
    later: Vec<Later>,
    /// What came in the mean of each point of the processors, where `later` has the greatest.
    later_mean: Option<Points>,
    /// How it went on, by demand.
    went_on: Vec<(Dimension, Observed)>,
    /// Whether what came is over a limit of each candidate in more points than the budget.
    harmed: Vec<bool>,
}

/// What came in one dimension, and the same in ascending order.
struct Later {
    demand: Demand,
    sorted: Vec<f32>,
}

impl Later {
    /// Share of the points over the room.
    fn over(&self, room: f64) -> f64 {
        let within = self.sorted.partition_point(|value| f64::from(*value) <= room);
        (self.sorted.len() - within) as f64 / self.sorted.len().max(1) as f64
    }
}

/// What one machine is moved to: the present shape is `None`.
type Choice = Option<usize>;

/// Judges ours and the others'.
///
/// # Errors
/// [`Refused`] when no machine has both parts.
pub fn backtest(machines: &[Machine], asked: &Asked) -> Result<Backtest, Refused> {
    let limits = &asked.limits;
    let priced: Vec<&Machine> = machines.iter().filter(|machine| machine.price > 0.0).collect();
    if priced.is_empty() && !machines.is_empty() {
        return Err(Refused::NoPrices { machines: machines.len() });
    }
    let days =
        priced.iter().flat_map(|machine| &machine.demands).map(|demand| demand.points.days()).fold(0.0, f64::max);
    let cases: Vec<Case> = priced.iter().filter_map(|machine| case(machine, asked)).collect();
    if cases.is_empty() {
        return Err(Refused::Nothing { machines: priced.len(), days: days as usize });
    }
    let (fleets, basis) = fleets(&cases, asked);
    let fits: Vec<Vec<(usize, f64)>> = cases
        .iter()
        .enumerate()
        .map(|(at, case)| {
            let fit = assess(&case.known, &fleets[at % fleets.len()], limits);
            fit.into_iter().map(|fit| (fit.candidate, fit.risk)).collect()
        })
        .collect();
    // Candidates are in order of price: the first within the risk is the cheapest.
    let ours = |risk: f64| -> Vec<Choice> {
        fits.iter().map(|fits| fits.iter().find(|(_, promised)| *promised <= risk).map(|(at, _)| *at)).collect()
    };
    let hindsight: Vec<Choice> = cases.iter().map(|case| cheapest(case, |at| !case.harmed[at])).collect();
    let best = saved(&cases, &hindsight);
    let outcome = |rule: &str, choices: &[Choice]| outcome(rule, &cases, choices, best, limits);
    let mut rules = vec![outcome("hindsight", &hindsight), outcome("surgeon", &ours(asked.risk))];
    let mut at_equal_harm = Vec::new();
    let sweep: Vec<(f64, f64, f64)> = (1..=99)
        .map(|step| f64::from(step) / 100.0)
        .map(|risk| {
            let choices = ours(risk);
            (risk, saved(&cases, &choices), share_harmed(&cases, &choices))
        })
        .collect();
    for other in Other::ALL {
        let choices: Vec<Choice> = cases
            .iter()
            .map(|case| cheapest(case, |at| other.takes(&case.known, &case.known.candidates[at])))
            .collect();
        let (theirs, harm) = (saved(&cases, &choices), share_harmed(&cases, &choices));
        let within = sweep.iter().filter(|(_, _, harmed)| *harmed <= harm);
        let most = within.max_by(|a, b| a.1.total_cmp(&b.1));
        at_equal_harm.push(Equal {
            rule: other.name().into(),
            capture: amount(theirs / best),
            harmed: amount(harm),
            ours: most.map(|(_, saved, _)| amount(saved / best)),
            risk: most.map(|(risk, _, _)| amount(*risk)),
        });
        rules.push(outcome(other.name(), &choices));
    }
    let frontier = RISKS.into_iter().filter_map(|percent| sweep.get(percent - 1)).map(|(risk, saved, harmed)| {
        Allowed { risk: amount(*risk), saved: amount(*saved), capture: amount(saved / best), harmed: amount(*harmed) }
    });
    let mut ratios: Vec<f64> = processor_ratios(&cases).collect();
    ratios.sort_unstable_by(f64::total_cmp);
    Ok(Backtest {
        version: VERSION.into(),
        tool: env!("CARGO_PKG_VERSION").into(),
        machines: cases.len(),
        left_out: priced.len() - cases.len(),
        unpriced: machines.len() - priced.len(),
        days: amount(days),
        cut: amount(asked.cut),
        processor_limit: amount(limits.processor),
        budget: amount(limits.budget),
        risk: amount(asked.risk),
        calibrate: asked.calibrate,
        basis,
        rules,
        frontier: frontier.collect(),
        at_equal_harm,
        reliability: reliability(&cases, &fits),
        ratios: ratios.into_iter().map(amount).collect(),
    })
}

fn case(machine: &Machine, asked: &Asked) -> Option<Case> {
    let mut known = machine.clone();
    let (mut later, mut went_on) = (Vec::new(), Vec::new());
    for demand in &mut known.demands {
        let (before, after) = demand.points.cut(asked.cut);
        if before.covered() < LEAST_COVERED || after.covered() < LEAST_COVERED {
            return None;
        }
        went_on.push((demand.dimension, observed(&before, &after, asked.limits.budget_of(demand.dimension))?));
        let sorted = after.sorted();
        later.push(Later { demand: Demand { dimension: demand.dimension, points: after, room: demand.room }, sorted });
        demand.points = before;
    }
    if later.is_empty() {
        return None;
    }
    let (mean, later_mean) = machine.mean.as_ref().map(|mean| mean.cut(asked.cut)).unzip();
    known.mean = mean;
    let mut case = Case { known, later, later_mean, went_on, harmed: Vec::new() };
    case.harmed = (0..case.known.candidates.len()).map(|at| breaks(&case, at, &asked.limits)).collect();
    Some(case)
}

/// Whether what came is over a limit in more points than the budget, or more than processors that are not there all the time gave.
fn breaks(case: &Case, choice: usize, limits: &Limits) -> bool {
    let bursts = |later: &Later| case.known.candidates.get(choice)?.bursts.get(&later.demand.dimension);
    let over = |later: &Later| {
        let for_ever = later.over(room(case, Some(choice), &later.demand));
        match bursts(later).filter(|_| for_ever > 0.0) {
            Some(burst) => {
                let [points] = burst.exceeded(&later.demand, &[1.0], usize::MAX);
                for_ever.min(points as f64 / later.sorted.len().max(1) as f64)
            }
            None => for_ever,
        }
    };
    let processors = case.later.iter().find(|later| later.demand.dimension == Dimension::Processor);
    let mean = case.later_mean.as_ref().or(processors.map(|later| &later.demand.points));
    let candidate = case.known.candidates.get(choice);
    case.later.iter().any(|later| over(later) > limits.budget_of(later.demand.dimension))
        || candidate.zip(mean).is_some_and(|(candidate, mean)| gives_out(candidate, mean, limits.budget))
}

/// The calibrations, of which the machine at place i has that at i modulo their number.
fn fleets(cases: &[Case], asked: &Asked) -> (Vec<Fleet>, String) {
    match asked.calibrate {
        Calibrate::Default => {
            let default = shipped(asked.limits.budget);
            (vec![History::default().fleet(&asked.limits)], default.basis)
        }
        Calibrate::Past => {
            let mut history = History::default();
            cases.iter().for_each(|case| history.add(&case.known, &asked.limits));
            let fleet = history.fleet(&asked.limits);
            let basis =
                cases.first().map(|case| fleet.calibration(Dimension::Processor, &case.known.strata).basis.clone());
            (vec![fleet], format!("the time before the cut, its halves; {}", basis.unwrap_or_default()))
        }
        Calibrate::Others => {
            let fold = |left_out: usize| {
                let mut by: BTreeMap<Dimension, Vec<Observed>> = BTreeMap::new();
                for (_, case) in cases.iter().enumerate().filter(|(at, _)| at % FOLDS != left_out) {
                    for (dimension, observed) in &case.went_on {
                        by.entry(*dimension).or_default().push(*observed);
                    }
                }
                Fleet::new(
                    by.into_iter()
                        .map(|(dimension, ratios)| (dimension, Calibration::new(ratios, "the other machines".into()))),
                    asked.limits.budget,
                )
            };
            let folds = FOLDS.min(cases.len());
            ((0..folds).map(fold).collect(), format!("both parts of the other machines, {folds} folds"))
        }
    }
}

fn processor_ratios(cases: &[Case]) -> impl Iterator<Item = f64> {
    let processor =
        |(dimension, one): &(Dimension, Observed)| (*dimension == Dimension::Processor).then_some(one.ratio);
    cases.iter().flat_map(move |case| case.went_on.iter().filter_map(processor))
}

/// The cheapest candidate that costs less than today and is taken.
fn cheapest(case: &Case, takes: impl Fn(usize) -> bool) -> Choice {
    let machine = &case.known;
    let cheaper = (0..machine.candidates.len()).filter(|at| machine.candidates[*at].price < machine.price);
    cheaper.filter(|at| takes(*at)).min_by(|a, b| machine.candidates[*a].price.total_cmp(&machine.candidates[*b].price))
}

/// The room of a dimension after a choice.
fn room(case: &Case, choice: Choice, demand: &Demand) -> f64 {
    let chosen = choice.and_then(|at| case.known.candidates.get(at));
    chosen.and_then(|candidate| candidate.room.get(&demand.dimension).copied()).unwrap_or(demand.room)
}

fn saved(cases: &[Case], choices: &[Choice]) -> f64 {
    let cost: f64 = cases.iter().map(|case| case.known.price).sum();
    let after: f64 = cases
        .iter()
        .zip(choices)
        .map(|(case, choice)| choice.map_or(case.known.price, |at| case.known.candidates[at].price))
        .sum();
    1.0 - after / cost
}

fn share_harmed(cases: &[Case], choices: &[Choice]) -> f64 {
    let changed: Vec<bool> =
        cases.iter().zip(choices).filter_map(|(case, choice)| choice.map(|at| case.harmed[at])).collect();
    changed.iter().filter(|harmed| **harmed).count() as f64 / changed.len().max(1) as f64
}

fn outcome(rule: &str, cases: &[Case], choices: &[Choice], best: f64, limits: &Limits) -> Outcome {
    let changed: Vec<(&Case, Choice)> =
        cases.iter().zip(choices.iter().copied()).filter(|(_, choice)| choice.is_some()).collect();
    let mean = |of: &dyn Fn(&Case, Choice) -> f64| {
        changed.iter().map(|(case, choice)| of(case, *choice)).sum::<f64>() / changed.len().max(1) as f64
    };
    let most = |case: &Case, share: &dyn Fn(&Later) -> f64| case.later.iter().map(share).fold(0.0, f64::max);
    let limit = |later: &Later| limits.of(later.demand.dimension);
    Outcome {
        rule: rule.into(),
        saved: amount(saved(cases, choices)),
        capture: amount(saved(cases, choices) / best),
        changed: amount(changed.len() as f64 / cases.len() as f64),
        harmed: amount(share_harmed(cases, choices)),
        points_over: amount(mean(&|case, choice| most(case, &|later| later.over(room(case, choice, &later.demand))))),
        hours_over: amount(mean(&|case, choice| {
            most(case, &|later| hours_over(&later.demand, room(case, choice, &later.demand)))
        })),
        points_full: amount(mean(&|case, choice| {
            most(case, &|later| later.over(room(case, choice, &later.demand) / limit(later)))
        })),
        slack: amount(mean(&|case, choice| {
            let used = most(case, &|later| {
                let there = room(case, choice, &later.demand) / limit(later);
                let used: f64 = later.sorted.iter().map(|value| f64::from(*value).min(there)).sum();
                used / later.sorted.len().max(1) as f64 / there
            });
            1.0 - used
        })),
    }
}

/// Share of the hours with a point over the room.
fn hours_over(demand: &Demand, room: f64) -> f64 {
    let an_hour = usize::try_from(3600 / demand.points.seconds().max(1)).unwrap_or(1).max(1);
    let hours = demand.points.values().chunks(an_hour);
    let (count, high) = hours.fold((0_usize, 0_usize), |(count, high), hour| {
        (count + 1, high + usize::from(hour.iter().any(|value| f64::from(*value) > room)))
    });
    high as f64 / count.max(1) as f64
}

fn reliability(cases: &[Case], fits: &[Vec<(usize, f64)>]) -> Vec<Bin> {
    let mut above = 0.0;
    let mut bins = Vec::new();
    for to in BINS {
        let chosen: Vec<(f64, bool)> = cases
            .iter()
            .zip(fits)
            .filter_map(|(case, fits)| {
                let (at, promised) = fits.iter().find(|(_, promised)| *promised > above && *promised <= to)?;
                Some((*promised, case.harmed[*at]))
            })
            .collect();
        let count = chosen.len() as f64;
        let promised = chosen.iter().map(|(promised, _)| promised).sum::<f64>() / count;
        let realised = chosen.iter().filter(|(_, harmed)| *harmed).count() as f64 / count;
        let error = (promised * (1.0 - promised) / count).sqrt();
        let any = !chosen.is_empty();
        bins.push(Bin {
            above: amount(above),
            to: amount(to),
            machines: chosen.len(),
            promised: any.then(|| amount(promised)),
            realised: any.then(|| amount(realised)),
            standard_error: any.then(|| amount(error)),
            kept: any.then_some(realised <= promised + 2.0 * error),
            within: any.then_some((realised - promised).abs() <= 2.0 * error),
        });
        above = to;
    }
    bins
}

/// The published JSON schema of the view.
#[must_use]
pub fn json_schema() -> String {
    serde_json::to_string_pretty(&schemars::schema_for!(Backtest)).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests;
