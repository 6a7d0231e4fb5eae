//! Joint levels by prices: the wide plan names a price for its dollar in each hour, every scope answers on its own.
//!
//! All that couples the scopes is the wide plan's level in each hour. Give a dollar of it a price in each hour (a
//! Lagrange multiplier), and usage that it could cover costs `min(1, rate × price)` instead of 1; then what a scope
//! costs depends on its own plan's level alone, and the best level is an order statistic. Whatever the prices, as long
//! as they sum to no more than the hours, those optima together are at most what any levels cost (weak duality): a
//! certified lower bound. It bounds the bill in AWS's order, whatever the rates: what a narrow plan leaves in that
//! order is a function of its level, and covering the rest by highest saving is the best that the wide plan can do. The
//! answers, with the wide level exact beside them, are a candidate; its hours' prices, averaged into those before, are
//! the next offer (successive averages, as in fictitious play). With hundreds of hours two or three rounds suffice.
//!
//! Does not know: how to close the last of the gap in small cases; that is `interior`.

use super::demand::Class;
use super::pass::{Prepared, Price};
use super::single::{Breakpoint, best_wide, threshold};
use super::{Levels, work};

/// What is to be sized.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) prepared: &'a Prepared<'a>,
    pub(super) in_force: &'a Levels,
}

/// Levels bought, and what they cost: hours × levels + on demand.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) levels: Levels,
    pub(super) cost: f64,
}

impl Question<'_> {
    pub(super) fn hours(&self) -> f64 {
        self.prepared.demand.hours as f64
    }

    /// The cost of levels, and the hours' prices of the wide plan.
    pub(super) fn value(&self, bought: &Levels, prices: bool) -> (f64, Vec<Price>) {
        let (cost, prices) = self.prepared.priced(self.in_force, bought, prices);
        (cost.cost, prices)
    }

    /// Narrow levels with the wide level that is best beside them.
    pub(super) fn beside(&self, narrow: Vec<f64>) -> Levels {
        let levels = Levels { narrow, wide: 0.0 };
        let total = self.in_force.plus(&levels, self.prepared.demand.scopes);
        let wide = (best_wide(self.prepared, &total) - self.in_force.wide).max(0.0);
        Levels { wide, ..levels }
    }

    /// The lower bound under hourly prices, and the scopes' answers to them.
    pub(super) fn answer(&self, prices: &[f64]) -> Candidate {
        let demand = self.prepared.demand;
        let tasks: Vec<(usize, Vec<usize>)> = self.prepared.members().enumerate().collect();
        let answers =
            work::each(tasks, self.prepared.threads, |(scope, members)| self.answer_of(scope, &members, prices));
        let sunk = self.in_force.wide * prices.iter().sum::<f64>();
        let mut cost = 0.0;
        for (row, price) in demand.rows(0..demand.hours).zip(prices) {
            for class in &self.prepared.never_narrow {
                cost += row[*class] * worth(&demand.classes[*class], *price);
            }
        }
        let mut narrow = Vec::with_capacity(answers.len());
        for (level, least) in answers {
            narrow.push(level);
            cost += least;
        }
        // Lowered by more than rounding can have added.
        let cost = cost - sunk - 1e-12 * (cost + sunk);
        Candidate { levels: Levels { narrow, wide: 0.0 }, cost }
    }

    /// One scope's best level under prices, and what it then costs. `members` in AWS's order.
    fn answer_of(&self, scope: usize, members: &[usize], prices: &[f64]) -> (f64, f64) {
        let demand = self.prepared.demand;
        let in_force = self.in_force.narrow.get(scope).copied().unwrap_or_default();
        let mut points: Vec<Breakpoint> = Vec::with_capacity(members.len() * demand.hours);
        let mut convex = true;
        for (row, price) in demand.rows(0..demand.hours).zip(prices) {
            // What a dollar of the plan displaces at a level, class after class.
            let (mut level, mut displaced) = (0.0, 0.0);
            for member in members {
                let class = &demand.classes[*member];
                let dollars = row[*member];
                if dollars > 0.0 {
                    let next = worth(class, *price) / class.narrow;
                    let drop: f64 = displaced - next;
                    if level == 0.0 {
                        displaced = next;
                    } else if drop.abs() > 1e-13 * displaced {
                        convex &= drop > 0.0;
                        points.push((level, drop));
                        displaced = next;
                    }
                    level += dollars * class.narrow;
                }
            }
            if displaced > 0.0 {
                points.push((level, displaced));
            }
        }
        let rent = self.hours();
        let level =
            if convex { threshold(&mut points, rent).max(in_force) } else { lowest(&mut points, rent, in_force) };
        let uncovered: f64 = points.iter().map(|(at, drop)| drop * (at - level).max(0.0)).sum();
        (level - in_force, rent * (level - in_force) + uncovered)
    }

    /// Prices that sum to what the wide level's owner pays: between the two sides of each hour's kink, if that is
    /// possible, else scaled. A sum below stands only where no wide plan is bought.
    pub(super) fn fit(&self, prices: &[Price], wide: f64) -> Vec<f64> {
        let rent = self.hours();
        let more: f64 = prices.iter().map(|p| p.more).sum();
        let less: f64 = prices.iter().map(|p| p.less).sum();
        let share = if less > more { ((rent - more) / (less - more)).clamp(0.0, 1.0) } else { 0.0 };
        let mut out: Vec<f64> = prices.iter().map(|p| p.more + share * (p.less - p.more)).collect();
        scale(&mut out, rent, wide > 0.0);
        out
    }
}

/// The level from `least` on at which rent and uncovered worth together are lowest, when the worth of a dollar also
/// rises.
fn lowest(points: &mut [Breakpoint], rent: f64, least: f64) -> f64 {
    points.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    let Some(top) = points.first().map(|p| p.0).filter(|top| *top > least) else { return least };
    let (mut best, mut at, mut cost, mut slope) = ((0.0, top), top, 0.0, rent);
    for (level, drop) in points.iter().copied().chain([(least, 0.0)]) {
        let level = level.max(least);
        cost -= slope * (at - level);
        at = level;
        slope -= drop;
        if cost < best.0 {
            best = (cost, at);
        }
    }
    best.1
}

/// Makes prices sum to at most the rent, or exactly to it.
pub(super) fn scale(prices: &mut [f64], rent: f64, exactly: bool) {
    let sum: f64 = prices.iter().sum();
    if sum > rent || exactly && sum > 0.0 {
        let factor = rent / sum;
        prices.iter_mut().for_each(|p| *p *= factor);
    }
}

/// What covering a dollar of on-demand usage saves when the wide plan could cover it at this price.
fn worth(class: &Class, price: f64) -> f64 {
    class.wide.map_or(1.0, |rate| (rate * price).min(1.0))
}

/// The search by prices: the best candidate so far, and the best bound.
#[derive(Clone, Debug)]
pub(super) struct Search {
    pub(super) best: Candidate,
    pub(super) bound: f64,
    /// Rounds of offers made.
    pub(super) rounds: usize,
    /// The prices of the next offer.
    offer: Vec<f64>,
}

/// Rounds without a tenth less gap after which the search says that it goes no further.
const PATIENCE: usize = 6;

impl Search {
    /// Begins with the wide plan alone.
    pub(super) fn start(question: &Question<'_>) -> Search {
        let levels = question.beside(vec![0.0; question.prepared.demand.scopes]);
        let (cost, kinks) = question.value(&levels, true);
        let offer = question.fit(&kinks, levels.wide);
        Search { best: Candidate { levels, cost }, bound: 0.0, rounds: 0, offer }
    }

    /// Share of the cost that is not certified to be needed.
    pub(super) fn gap(&self) -> f64 {
        if self.best.cost > 0.0 { (self.best.cost - self.bound).max(0.0) / self.best.cost } else { 0.0 }
    }

    /// Offers prices and hears answers until the gap is met or it no longer helps.
    pub(super) fn run(&mut self, question: &Question<'_>, gap: f64, rounds: usize) {
        let mut mark = (f64::INFINITY, self.rounds);
        while self.rounds < rounds && self.gap() > gap {
            let new = self.ask(question);
            self.rounds += 1;
            if self.gap() < 0.9 * mark.0 {
                mark = (self.gap(), self.rounds);
            } else if self.rounds >= mark.1 + PATIENCE {
                break;
            }
            let weight = 2.0 / (self.rounds as f64 + 2.0);
            for (price, new) in self.offer.iter_mut().zip(&new) {
                *price += weight * (new - *price);
            }
        }
    }

    /// Takes levels and prices from elsewhere; later offers start from these prices.
    pub(super) fn take(&mut self, question: &Question<'_>, levels: Levels, mut prices: Vec<f64>) {
        scale(&mut prices, question.hours(), false);
        self.offer = prices;
        self.ask(question);
        let beside = question.beside(levels.narrow.clone());
        for levels in [levels, beside] {
            self.consider(question, levels);
        }
    }

    /// One offer: its bound, its answers as a candidate, and the prices that these would pay.
    fn ask(&mut self, question: &Question<'_>) -> Vec<f64> {
        let answer = question.answer(&self.offer);
        self.bound = self.bound.max(answer.cost);
        let levels = question.beside(answer.levels.narrow);
        let wide = levels.wide;
        question.fit(&self.consider(question, levels), wide)
    }

    fn consider(&mut self, question: &Question<'_>, levels: Levels) -> Vec<Price> {
        let (cost, kinks) = question.value(&levels, true);
        if cost < self.best.cost {
            self.best = Candidate { levels, cost };
        }
        kinks
    }
}
