//! How much to commit: the levels of overlapping Savings Plans that cost least on an hourly demand, with a certified
//! gap.
//!
//! Narrow plans (EC2 Instance Savings Plans) cover one scope each, the wide one (Compute Savings Plan) what they leave
//! of all; both are dollars per hour, lost where an hour does not use them. [`size`] searches by hourly prices
//! (`prices`) and, where that leaves a gap, by the linear programme of all hours (`interior`). Every cost is the bill
//! under AWS's own order (`pass`), and the bound beside it holds for that bill.
//!
//! Amounts are f64: levels are advice, rounded to what can be bought; bills stay exact elsewhere. Everything is a
//! function of its arguments, whatever the number of threads. Does not know: accounts, prices in dollars, terms,
//! payment options.

mod demand;
mod interior;
pub mod invented;
mod pass;
mod prices;
pub mod scenarios;
mod single;
mod work;

pub use demand::{Class, Demand};
pub use pass::{Cost, Prepared, cost};
pub use single::single;

use prices::{Question, Search};

/// Dollars per hour: of each narrow plan, and of the wide one.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Levels {
    /// By scope; scopes beyond the end have none.
    pub narrow: Vec<f64>,
    /// Of the wide plan.
    pub wide: f64,
}

impl Levels {
    /// No commitment.
    #[must_use]
    pub fn none(scopes: usize) -> Levels {
        Levels { narrow: vec![0.0; scopes], wide: 0.0 }
    }

    /// All of it.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.narrow.iter().sum::<f64>() + self.wide
    }

    /// Every level times a factor.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Levels {
        Levels { narrow: self.narrow.iter().map(|x| x * factor).collect(), wide: self.wide * factor }
    }

    /// Both together, for so many scopes.
    fn plus(&self, other: &Levels, scopes: usize) -> Levels {
        let at = |levels: &Levels, scope: usize| levels.narrow.get(scope).copied().unwrap_or_default();
        let narrow = (0..scopes).map(|scope| at(self, scope) + at(other, scope)).collect();
        Levels { narrow, wide: self.wide + other.wide }
    }
}

/// When to stop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Share of the cost that may remain uncertified.
    pub gap: f64,
    /// Rounds of the search.
    pub iterations: usize,
    /// Threads at most; 0: as many as the machine has. No result depends on it.
    pub threads: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { gap: 0.0005, iterations: 60, threads: 0 }
    }
}

/// Levels, and how sure it is that there are no better ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Sized {
    /// What to buy.
    pub levels: Levels,
    /// What that costs.
    pub cost: f64,
    /// What any levels cost at least.
    pub lower_bound: f64,
    /// Rounds and steps of the search.
    pub iterations: usize,
    /// Narrow and wide rates stand in one proportion within each scope: the bill is convex, and the bound can reach it.
    /// Elsewhere the bound holds as well, but some of the gap is its own: little with hundreds of hours, up to percents
    /// with a dozen.
    pub exact_ratios: bool,
}

impl Sized {
    /// Share of the cost that is not certified to be needed.
    #[must_use]
    pub fn gap(&self) -> f64 {
        if self.cost > 0.0 { (self.cost - self.lower_bound) / self.cost } else { 0.0 }
    }
}

/// The levels to buy beside what is in force, and how much better any others could be.
#[must_use]
pub fn size(demand: &Demand, in_force: &Levels, limits: &Limits) -> Sized {
    let demand = demand.collapse();
    let prepared = Prepared::with_threads(&demand, limits.threads);
    let question = Question { prepared: &prepared, in_force };
    let mut search = Search::start(&question);
    search.run(&question, limits.gap, limits.iterations);
    let mut steps = 0;
    if search.gap() > limits.gap && interior::feasible(&question) {
        // A tenth of the gap, so that the certificate has room for what prices lose to rounding.
        let (stands, count) = interior::solve(&question, (0.1 * limits.gap).max(1e-9));
        steps = count;
        for stand in stands {
            search.take(&question, stand.levels, stand.prices);
        }
        search.run(&question, limits.gap, limits.iterations);
    }
    Sized {
        lower_bound: search.bound.min(search.best.cost),
        cost: search.best.cost,
        levels: search.best.levels,
        iterations: search.rounds + steps,
        exact_ratios: prepared.exact_ratios(),
    }
}

#[cfg(test)]
mod tests;
