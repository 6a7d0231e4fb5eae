//! Joint levels by the linear programme of all hours, with a primal-dual interior-point method.
//!
//! Minimise rent × levels + what is uncovered, where usage of a class and hour is covered by its narrow plan, by the
//! wide one or not at all, and no plan covers more in an hour than its level. Only the levels couple the hours: each
//! step eliminates one hour after the other (scope by scope, then the wide plan) and solves a dense system of as many
//! unknowns as there are levels (long-step path following: Wright, Primal-Dual Interior-Point Methods, 1997). It starts
//! strictly inside and stays there, so the sum of value × slack is its gap at every step. Where narrow and wide rates
//! stand in one proportion within each scope, its optimum is that of the bill; elsewhere its prices and levels are good
//! ones to try. Does not know: AWS's order.

use std::collections::VecDeque;

use super::prices::Question;
use super::{Levels, work};
use hour::{ANY, Hour, Pair, Room};
use system::System;

mod hour;
mod system;

/// Class-hours above which it is not tried: each takes some 140 bytes.
const CELLS: usize = 1_000_000;

/// Multiplications of one step above which it is not tried: two cores take some 0.1 s for them.
const WORK: usize = 100_000_000;

/// Steps before it gives up; thirty are usual.
const STEPS: usize = 100;

/// Share of the way to the boundary that a step goes at most.
const BOLD: f64 = 0.995;

/// Where it was after a step.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stand {
    pub(super) levels: Levels,
    /// The wide plan's price in each hour.
    pub(super) prices: Vec<f64>,
}

/// How many of the last steps are given back: when usage is the same in many hours, rounding spoils the very last.
const LAST: usize = 3;

/// Whether the problem is small enough.
pub(super) fn feasible(question: &Question<'_>) -> bool {
    let demand = question.prepared.demand;
    let unknowns = demand.scopes + 1;
    demand.dollars.len() <= CELLS && demand.hours * unknowns * unknowns <= WORK
}

/// Solves to a relative gap, or as far as double precision goes: where its last steps led, and how many there were.
pub(super) fn solve(question: &Question<'_>, gap: f64) -> (Vec<Stand>, usize) {
    let mut stands = VecDeque::new();
    let Some(mut state) = State::start(question) else { return (Vec::new(), 0) };
    let mut steps = 0;
    let mut centring: f64 = 0.3;
    while steps < STEPS {
        let (products, count) = state.products();
        if products <= gap * state.cost() {
            break;
        }
        let Some(room) = state.step(centring * products / count as f64) else { break };
        let least = room.0.min(room.1);
        if least < 1e-6 {
            break;
        }
        // Short steps mean that the way hugs the boundary: aim more at the middle.
        centring = ((1.0 - least) * (1.0 - least)).clamp(0.03, 0.8);
        steps += 1;
        stands.push_back(state.stand());
        if stands.len() > LAST {
            stands.pop_front();
        }
    }
    (stands.into(), steps)
}

struct State {
    threads: usize,
    /// Hours, in the portions that are one task each.
    portions: Vec<Vec<Hour>>,
    /// What is bought of each level, the wide one last, beside what its rent leaves.
    levels: Vec<Pair>,
    rent: f64,
    /// Dollars that are 1 in here.
    unit: f64,
}

impl State {
    fn start(question: &Question<'_>) -> Option<State> {
        let demand = question.prepared.demand;
        let unit = demand.total() / demand.dollars.len().max(1) as f64;
        if !(unit > 0.0 && unit.is_finite()) {
            return None;
        }
        let in_force = question.in_force.plus(&Levels::default(), demand.scopes);
        let in_force: Vec<f64> = in_force.narrow.iter().chain([&in_force.wide]).map(|level| level / unit).collect();
        // Half of what leaves no slack to the levels' rent.
        let price = 0.5;
        let mut hours: Vec<Hour> = demand
            .rows(0..demand.hours)
            .map(|row| Hour::new(&demand.classes, row.iter().map(|d| d / unit), demand.scopes, price))
            .collect();
        let mut most = vec![0.0_f64; demand.scopes + 1];
        let mut paid = vec![0.0; demand.scopes + 1];
        for (scope, used) in hours.iter().flat_map(Hour::used) {
            let at = scope.unwrap_or(demand.scopes);
            most[at] = most[at].max(used);
            paid[at] += price;
        }
        // A tenth more than the most that any hour uses.
        let rent = question.hours();
        let mut levels = Vec::with_capacity(most.len());
        let mut capacity = Vec::with_capacity(most.len());
        for ((most, paid), in_force) in most.iter().zip(paid).zip(in_force) {
            let more = 0.1 * most + 1e-3;
            let bought = (most + more - in_force).max(more);
            levels.push(Pair::new(bought, rent - paid));
            capacity.push(in_force + bought);
        }
        hours.iter_mut().for_each(|hour| hour.spare(&capacity));
        let mut portions = Vec::new();
        for range in work::ranges(demand.hours).into_iter().rev() {
            portions.push(hours.split_off(range.start));
        }
        portions.reverse();
        Some(State { threads: question.prepared.threads, portions, levels, rent, unit })
    }

    /// One result a portion, in their order.
    fn each<T: Send>(&mut self, work: impl Fn(&mut [Hour]) -> T + Sync) -> Vec<T> {
        let tasks: Vec<&mut Vec<Hour>> = self.portions.iter_mut().collect();
        work::each(tasks, self.threads, |hours| work(hours))
    }

    /// Sum of value × slack, which is the gap, and how many there are.
    fn products(&mut self) -> (f64, usize) {
        let add = |sum: (f64, usize), pair: &mut Pair| (sum.0 + pair.value * pair.slack, sum.1 + 1);
        let own = self.levels.iter_mut().fold((0.0, 0), add);
        let parts = self.each(|hours| hours.iter_mut().flat_map(Hour::pairs).fold((0.0, 0), add));
        parts.into_iter().fold(own, |sum, part| (sum.0 + part.0, sum.1 + part.1))
    }

    /// What levels and uncovered usage cost.
    fn cost(&self) -> f64 {
        let uncovered: f64 = self.portions.iter().flatten().map(Hour::uncovered).sum();
        self.rent * self.levels.iter().map(|level| level.value).sum::<f64>() + uncovered
    }

    /// One step towards products that are all alike; how far it went.
    fn step(&mut self, product: f64) -> Option<Room> {
        let size = self.levels.len();
        let mut system = System::new(size);
        for part in self.each(|hours| {
            let mut system = System::new(size);
            let mut shares = Vec::with_capacity(size);
            for hour in hours {
                hour.eliminate(product);
                hour.add_to(&mut system, &mut shares);
            }
            system
        }) {
            system.plus(&part);
        }
        for (at, level) in self.levels.iter_mut().enumerate() {
            level.aim(product);
            system.add(at, 1.0 / level.ratio());
            system.side[at] += level.lead / level.ratio();
        }
        let change = system.solve()?;
        let mut room = ANY;
        let mut prices = vec![0.0; size];
        for (part, steps) in self.each(|hours| {
            let (mut room, mut prices) = (ANY, vec![0.0; size]);
            hours.iter_mut().for_each(|hour| hour.turn(&change, &mut room, &mut prices));
            (room, prices)
        }) {
            room = (room.0.min(part.0), room.1.min(part.1));
            prices.iter_mut().zip(steps).for_each(|(sum, step)| *sum += step);
        }
        for (level, price) in self.levels.iter_mut().zip(prices) {
            level.turn(-price, &mut room);
        }
        let room = ((BOLD * room.0).min(1.0), (BOLD * room.1).min(1.0));
        self.levels.iter_mut().for_each(|level| level.step(room));
        self.each(|hours| hours.iter_mut().flat_map(Hour::pairs).for_each(|pair| pair.step(room)));
        Some(room)
    }

    fn stand(&self) -> Stand {
        let mut narrow: Vec<f64> = self.levels.iter().map(|level| level.value * self.unit).collect();
        let wide = narrow.pop().unwrap_or_default();
        let prices = self.portions.iter().flatten().map(Hour::price).collect();
        Stand { levels: Levels { narrow, wide }, prices }
    }
}
