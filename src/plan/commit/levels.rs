//! Levels of offers: how much, in dollars an hour, on the hours that are open.
//!
//! Knows: the bill's weeks and the last one, both after the plan; plans of everything that are in force; possible years. Does
//! not know: what can be bought of a level, and what it is worth exactly.

use std::collections::BTreeMap;

use super::{Futures, Offer, Scope, money};
use crate::period::HOURS_PER_MONTH;
use crate::plan::sizing::scenarios::{self, Model, Outcome, Risk};
use crate::plan::sizing::{self, Demand, Levels};
use crate::plan::week::{Shift, Week, float};
use crate::prices::{Plan, Term};
use crate::simulate::Pool;

/// Dollars an hour of each offer.
pub(super) struct Sizes {
    pub(super) levels: Vec<f64>,
    /// What those of the Compute pool save over possible years.
    pub(super) futures: Option<Futures>,
}

impl Sizes {
    /// On the bill's weeks and the last one, both after the plan, or on possible years made of them.
    pub(super) fn of(offers: &[Offer], week: &Week<'_>, open: &Open, risk: Option<Risk>) -> Self {
        sizes(offers, open.clone(), week, &Years::Looked(risk))
    }

    /// The same levels, without what they save over possible years.
    pub(super) fn levels(offers: &[Offer], week: &Week<'_>, open: &Open, risk: Option<Risk>) -> Vec<f64> {
        let years = if risk.is_some() { Years::Looked(risk) } else { Years::Ignored };
        sizes(offers, open.clone(), week, &years).levels
    }

    /// On open dollars by hour and class alone: for searching.
    pub(super) fn quick(offers: &[Offer], open: Vec<Vec<f64>>, week: &Week<'_>) -> Vec<f64> {
        sizes(offers, vec![open], week, &Years::Ignored).levels
    }
}

/// Open dollars on demand by hour and class, of the bill's weeks and of the last one.
pub(super) type Open = Vec<Vec<Vec<f64>>>;

/// After changes.
pub(super) fn open(week: &Week<'_>, shifts: &[&Shift]) -> Open {
    vec![week.open_history(shifts), week.open_week(shifts)]
}

/// Whether possible years are looked at.
enum Years {
    Looked(Option<Risk>),
    Ignored,
}

/// Levels on open on-demand dollars by hour and class, of each of several stretches of time. Reservations first, as the
/// provider applies them; then the plans of each pool, those of a family and those of everything together, beside the plans of
/// everything that are in force.
fn sizes(offers: &[Offer], mut open: Open, week: &Week<'_>, years: &Years) -> Sizes {
    let mut out = vec![0.0; offers.len()];
    let mut futures = None;
    for (at, offer) in offers.iter().enumerate() {
        let (Scope::Reserved(class), Some(share)) = (&offer.scope, offer.shares.values().next()) else { continue };
        let share = float(*share);
        let level = |hours: &Vec<Vec<f64>>| {
            let classes = vec![sizing::Class { scope: None, narrow: 1.0, wide: Some(share) }];
            let dollars = hours.iter().map(|hour| hour[*class]).collect();
            sizing::single(&Demand { classes, scopes: 0, hours: hours.len(), dollars }, 0.0)
        };
        out[at] = open.iter().map(level).reduce(f64::min).unwrap_or_default();
        for hour in open.iter_mut().flatten() {
            hour[*class] = (hour[*class] - out[at] / share).max(0.0);
        }
    }
    for pool in [Pool::Compute, Pool::Database] {
        let plans: Vec<usize> = (0..offers.len()).filter(|at| pool_of(&offers[*at]) == Some(pool)).collect();
        if !plans.is_empty() {
            let (levels, saved) = pooled(offers, &plans, &open, week.wide_in_force(pool), years);
            plans.iter().zip(levels).for_each(|(at, level)| out[*at] = level);
            futures = futures.or(saved);
        }
    }
    Sizes { levels: out, futures }
}

/// Possible terms that are looked at.
const YEARS: usize = 100;

/// Hours apart that are looked at of each: about 240 of any term. Both meet every hour of the week.
fn stride(model: &Model) -> usize {
    if model.hours > scenarios::YEAR { 109 } else { 37 }
}

/// The same years in every run.
const SEED: u64 = 7;

/// The plans of a pool as the sizing sees them.
struct Pooled<'a> {
    offers: &'a [Offer],
    /// Places of the plans among the offers: those of a family, and the one of everything.
    narrow: Vec<usize>,
    wide: Option<usize>,
    in_force: Levels,
    /// The lowest rate of plans of everything in force, by class.
    rates: BTreeMap<usize, f64>,
}

impl<'a> Pooled<'a> {
    fn new(offers: &'a [Offer], plans: &[usize], (in_force, rates): (f64, BTreeMap<usize, f64>)) -> Self {
        let narrow: Vec<usize> = plans.iter().copied().filter(|at| offers[*at].scope != Scope::Wide).collect();
        let wide = plans.iter().copied().find(|at| offers[*at].scope == Scope::Wide);
        let in_force = Levels { wide: in_force, ..Levels::none(narrow.len()) };
        Pooled { offers, narrow, wide, in_force, rates }
    }

    /// Open dollars as demand for these plans.
    fn demand(&self, hours: &[Vec<f64>]) -> Demand {
        let covers = |class: usize, at: usize| self.offers[at].shares.contains_key(&class);
        let plans = self.narrow.iter().chain(&self.wide).copied();
        let count = hours.first().map_or(0, Vec::len);
        let known = |class: usize| self.rates.contains_key(&class) || plans.clone().any(|at| covers(class, at));
        let places: Vec<usize> = (0..count).filter(|class| known(*class)).collect();
        let class = |class: &usize| {
            let scope = self.narrow.iter().position(|at| covers(*class, *at));
            let share = |at: usize| self.offers[at].shares.get(class).copied().map(float);
            sizing::Class {
                scope,
                narrow: scope.and_then(|scope| share(self.narrow[scope])).unwrap_or(1.0),
                wide: self.wide.and_then(share).or_else(|| self.rates.get(class).copied()),
            }
        };
        Demand {
            classes: places.iter().map(class).collect(),
            scopes: self.narrow.len(),
            hours: hours.len(),
            dollars: hours.iter().flat_map(|hour| places.iter().map(|place| hour[*place])).collect(),
        }
    }

    /// The best levels on a demand.
    fn sized(&self, demand: &Demand) -> Levels {
        let mut levels = sizing::size(demand, &self.in_force, &sizing::Limits::default()).levels;
        // Nothing is offered that covers everything.
        levels.wide = if self.wide.is_some() { levels.wide } else { 0.0 };
        levels
    }

    /// What each stretch of time, and what all of them ask for is tried on all; the one is taken whose smallest saving is the
    /// largest: the weeks know how usage varies, the last week what is still there.
    fn best(&self, demands: &[Demand]) -> Levels {
        let nothing = Levels::none(self.narrow.len());
        let mut candidates: Vec<Levels> = demands.iter().map(|demand| self.sized(demand)).collect();
        let least = |a: Levels, b: &Levels| Levels {
            narrow: a.narrow.iter().zip(&b.narrow).map(|(a, b)| a.min(*b)).collect(),
            wide: a.wide.min(b.wide),
        };
        candidates.extend(candidates.first().cloned().map(|first| candidates.iter().fold(first, least)));
        candidates.rotate_right(1);
        let saving = |levels: &Levels| {
            let one = |demand: &Demand| {
                let cost = |levels: &Levels| sizing::cost(demand, &self.in_force, levels).cost;
                (cost(&nothing) - cost(levels)) / demand.hours.max(1) as f64
            };
            demands.iter().map(one).fold(f64::INFINITY, f64::min)
        };
        candidates.into_iter().max_by(|a, b| saving(a).total_cmp(&saving(b))).unwrap_or(nothing)
    }

    /// How usage may move over the longest term of the plans.
    fn model(&self, demand: &Demand) -> Model {
        let years = self.narrow.iter().chain(&self.wide).map(|at| years(&self.offers[*at].term)).max();
        Model { hours: scenarios::YEAR * years.unwrap_or(1), ..scenarios::estimate(demand) }
    }

    /// By plan in the order of `plans`.
    fn by_plan(&self, plans: &[usize], levels: &Levels) -> Vec<f64> {
        let level = |at: &usize| match self.narrow.iter().position(|of| of == at) {
            Some(place) => levels.narrow[place],
            None => levels.wide,
        };
        plans.iter().map(level).collect()
    }
}

/// Levels of the plans of a pool, and what they save over possible years.
fn pooled(
    offers: &[Offer],
    plans: &[usize],
    open: &[Vec<Vec<f64>>],
    in_force: (f64, BTreeMap<usize, f64>),
    years: &Years,
) -> (Vec<f64>, Option<Futures>) {
    let pooled = Pooled::new(offers, plans, in_force);
    let demands: Vec<Demand> = open.iter().map(|hours| pooled.demand(hours)).collect();
    let mut best = pooled.best(&demands);
    let mut saved = None;
    if let (Years::Looked(risk), Some(weeks)) = (years, demands.first()) {
        let model = pooled.model(weeks);
        let years = scenarios::pool(weeks, &model, YEARS, stride(&model), SEED);
        if let Some(risk) = risk {
            best = scenarios::choose(&years, YEARS, &pooled.in_force, &pooled.sized(&years), *risk);
        }
        let outcomes = || scenarios::outcomes(&years, YEARS, &pooled.in_force, &best);
        saved = (best.total() > 0.0).then(|| futures(&outcomes(), years.hours));
    }
    (pooled.by_plan(plans, &best), saved)
}

/// Years of a comparison of terms.
const HORIZON: usize = 3;

/// What the plans of a finding save over three possible years, bought anew when their term ends, beside other plans at their
/// levels; `None` for reservations.
pub(super) fn over_three_years(
    offers: &[Offer],
    levels: &[f64],
    own: &[usize],
    open: &Open,
    week: &Week<'_>,
) -> Option<Futures> {
    let first = &offers[*own.first()?];
    let pool = pool_of(first)?;
    let plans: Vec<usize> = (0..offers.len()).filter(|at| pool_of(&offers[*at]) == Some(pool)).collect();
    let pooled = Pooled::new(offers, &plans, week.wide_in_force(pool));
    let weeks = pooled.demand(open.first()?);
    let model = Model { hours: scenarios::YEAR * HORIZON, ..scenarios::estimate(&weeks) };
    let part = |of_own: bool| {
        let level = |at: &usize| if own.contains(at) == of_own { levels[*at] } else { 0.0 };
        Levels { narrow: pooled.narrow.iter().map(level).collect(), wide: pooled.wide.as_ref().map_or(0.0, level) }
    };
    let (bought, mut beside) = (part(true), part(false));
    beside.wide += pooled.in_force.wide;
    let term = scenarios::YEAR * years(&first.term);
    let outcomes = scenarios::renewed(&weeks, &model, (YEARS, stride(&model), SEED), &beside, &bought, term);
    (bought.total() > 0.0).then(|| futures(&outcomes, model.hours / stride(&model) * YEARS))
}

/// Years of a term.
pub(super) fn years(term: &Term) -> usize {
    match term {
        Term::Committed { years, .. } => usize::from(*years),
        Term::OnDemand => 0,
    }
}

/// What levels save a month over possible years.
fn futures(outcomes: &[Outcome], hours: usize) -> Futures {
    let per_month = HOURS_PER_MONTH as f64 * YEARS as f64 / hours.max(1) as f64;
    let mut savings: Vec<f64> = outcomes.iter().map(|outcome| outcome.saving * per_month).collect();
    savings.sort_by(f64::total_cmp);
    let count = savings.len().max(1);
    Futures {
        mean: money(savings.iter().sum::<f64>() / count as f64).round_dp(2),
        low: money(savings.get(count / 20).copied().unwrap_or_default()).round_dp(2),
        loss: money(savings.iter().filter(|saving| **saving < 0.0).count() as f64 / count as f64).round_dp(4),
    }
}

fn pool_of(offer: &Offer) -> Option<Pool> {
    match offer.plan {
        Plan::ComputeSavingsPlan | Plan::Ec2InstanceSavingsPlan => Some(Pool::Compute),
        Plan::DatabaseSavingsPlan => Some(Pool::Database),
        _ => None,
    }
}
