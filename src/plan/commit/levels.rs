//! Levels of offers: how much, in dollars an hour, on the hours that are open.
//!
//! Knows: the bill's weeks and the last one, both after the plan; plans of everything that are in force; possible years. Does
//! not know: what can be bought of a level, and what it is worth exactly.

use std::collections::BTreeMap;

use super::{Futures, Offer, Scope, money};
use crate::period::HOURS_PER_MONTH;
use crate::plan::sizing::scenarios::{self, Risk};
use crate::plan::sizing::{self, Demand, Levels};
use crate::plan::week::{Shift, Week, float};
use crate::prices::Plan;
use crate::simulate::Pool;

/// Dollars an hour of each offer.
pub(super) struct Sizes {
    pub(super) levels: Vec<f64>,
    /// What those of the Compute pool save over possible years.
    pub(super) futures: Option<Futures>,
}

impl Sizes {
    pub(super) fn of(offers: &[Offer], week: &Week<'_>, shifts: &[&Shift], risk: Option<Risk>) -> Self {
        let open = [week.open_history(shifts), week.open_week(shifts)];
        levels(offers, open, week, risk)
    }
}

/// Levels on open on-demand dollars by hour and class, of the bill's weeks and of the last one. Reservations first, as the
/// provider applies them; then the plans of each pool, those of a family and those of everything together, beside the plans of
/// everything that are in force.
fn levels(offers: &[Offer], mut open: [Vec<Vec<f64>>; 2], week: &Week<'_>, risk: Option<Risk>) -> Sizes {
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
        out[at] = level(&open[0]).min(level(&open[1]));
        for hour in open.iter_mut().flatten() {
            hour[*class] = (hour[*class] - out[at] / share).max(0.0);
        }
    }
    for pool in [Pool::Compute, Pool::Database] {
        let plans: Vec<usize> = (0..offers.len()).filter(|at| pool_of(&offers[*at]) == Some(pool)).collect();
        if !plans.is_empty() {
            let (levels, years) = pooled(offers, &plans, &open, week.wide_in_force(pool), risk);
            plans.iter().zip(levels).for_each(|(at, level)| out[*at] = level);
            futures = futures.or(years);
        }
    }
    Sizes { levels: out, futures }
}

/// Possible years, and hours apart that are looked at of each: every 37th meets every hour of the week.
const YEARS: usize = 100;
const STRIDE: usize = 37;
/// The same years in every run.
const SEED: u64 = 7;

/// Levels of the plans of a pool. What the weeks, what the last week, and what both ask for is tried on both; the one is taken
/// whose smaller saving of the two is the largest: the weeks know how usage varies, the last week what is still there.
fn pooled(
    offers: &[Offer],
    plans: &[usize],
    open: &[Vec<Vec<f64>>; 2],
    (in_force, rates): (f64, BTreeMap<usize, f64>),
    risk: Option<Risk>,
) -> (Vec<f64>, Option<Futures>) {
    let narrow: Vec<usize> = plans.iter().copied().filter(|at| offers[*at].scope != Scope::Wide).collect();
    let wide = plans.iter().copied().find(|at| offers[*at].scope == Scope::Wide);
    let known =
        |class: usize| rates.contains_key(&class) || plans.iter().any(|at| offers[*at].shares.contains_key(&class));
    let count = open[1].first().map_or(0, Vec::len);
    let places: Vec<usize> = (0..count).filter(|class| known(*class)).collect();
    let class = |class: &usize| {
        let scope = narrow.iter().position(|at| offers[*at].shares.contains_key(class));
        let share = |at: usize| offers[at].shares.get(class).copied().map(float);
        sizing::Class {
            scope,
            narrow: scope.and_then(|scope| share(narrow[scope])).unwrap_or(1.0),
            wide: wide.and_then(share).or_else(|| rates.get(class).copied()),
        }
    };
    let demand = |hours: &Vec<Vec<f64>>| Demand {
        classes: places.iter().map(class).collect(),
        scopes: narrow.len(),
        hours: hours.len(),
        dollars: hours.iter().flat_map(|hour| places.iter().map(|place| hour[*place])).collect(),
    };
    let demands = [demand(&open[0]), demand(&open[1])];
    let nothing = Levels::none(narrow.len());
    let in_force = Levels { wide: in_force, ..nothing.clone() };
    let sized = |demand: &Demand| {
        let mut levels = sizing::size(demand, &in_force, &sizing::Limits::default()).levels;
        // Nothing is offered that covers everything.
        levels.wide = if wide.is_some() { levels.wide } else { 0.0 };
        levels
    };
    let [weeks, week] = demands.each_ref().map(sized);
    let both = Levels {
        narrow: weeks.narrow.iter().zip(&week.narrow).map(|(a, b)| a.min(*b)).collect(),
        wide: weeks.wide.min(week.wide),
    };
    let saving = |levels: &Levels| {
        let one = |demand: &Demand| {
            let cost = |levels: &Levels| sizing::cost(demand, &in_force, levels).cost;
            (cost(&nothing) - cost(levels)) / demand.hours.max(1) as f64
        };
        demands.each_ref().map(one).into_iter().fold(f64::INFINITY, f64::min)
    };
    let candidates = [both, weeks, week].into_iter();
    let mut best = candidates.max_by(|a, b| saving(a).total_cmp(&saving(b))).unwrap_or_else(|| nothing.clone());
    let model = scenarios::estimate(&demands[0]);
    let years = scenarios::pool(&demands[0], &model, YEARS, STRIDE, SEED);
    if let Some(risk) = risk {
        best = scenarios::choose(&years, YEARS, &in_force, &sized(&years), risk);
    }
    let futures = (best.total() > 0.0).then(|| futures(&years, &in_force, &best));
    let level = |at: &usize| match narrow.iter().position(|of| of == at) {
        Some(place) => best.narrow[place],
        None => best.wide,
    };
    (plans.iter().map(level).collect(), futures)
}

/// What levels save a month over possible years.
fn futures(years: &Demand, in_force: &Levels, levels: &Levels) -> Futures {
    let per_month = HOURS_PER_MONTH as f64 * YEARS as f64 / years.hours.max(1) as f64;
    let outcomes = scenarios::outcomes(years, YEARS, in_force, levels);
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
