//! Which alternatives together: one choice for each resource, under a bill that knows commitments.
//!
//! What a change saves depends on the others: usage under a commitment frees it for the rest, or saves nothing; what is
//! bought anew depends on what is left. So nothing is added up: a local search changes one resource at a time (and two,
//! where they are few), asks the bill, and keeps what is cheaper. Two starts: everything as it is, and every resource
//! at the choice that is cheapest alone. It proves no optimum: of 60,000 small cases with a known one, 0.1 % end above
//! it (3 % where new commitments stand still between sweeps).
//! Does not know: meters, money, providers, how a bill comes about. Figures are approximate (`f64`) and serve to
//! choose; what is promised is computed exactly, afterwards, elsewhere. Deterministic: the same seed finds the same.

/// A bill that can be changed and changed back.
pub trait World {
    /// What one choice does to usage, compared with keeping things as they are.
    type Change;

    /// Cost over the hours as things stand, with new commitments at their best level (or as last sized).
    fn cost(&mut self) -> f64;

    /// Takes a change into the usage.
    fn apply(&mut self, change: &Self::Change);

    /// Takes it out again. What was there before must come back to well below the tolerance, after millions of changes:
    /// amounts in integers, or rounded to a power of two, come back exactly.
    fn revert(&mut self, change: &Self::Change);

    /// Sizes new commitments on the usage as it stands; called after each sweep, not before the first. Worlds whose
    /// `cost` always sizes them, or that have none, do nothing.
    fn resize(&mut self) {}
}

/// One of the things that can be done with a resource.
#[derive(Clone, PartialEq, Debug)]
pub struct Choice<C> {
    /// What it does to usage; `None`: nothing that commitments touch changes.
    pub change: Option<C>,
    /// What the choice costs besides, over the same hours and in the same unit as the world's cost (storage, spot,
    /// one-off costs spread over them …). Negative where it saves.
    pub fixed: f64,
}

/// Choices that exclude each other. The first is to keep things as they are, and changes nothing.
#[derive(Clone, PartialEq, Debug)]
pub struct Resource<C> {
    /// The choices.
    pub choices: Vec<Choice<C>>,
}

/// How long to search.
#[derive(Clone, PartialEq, Debug)]
pub struct Limits {
    /// Sweeps from each start, those over pairs included.
    pub sweeps: usize,
    /// Pairs are tried up to this many resources: of n with one alternative each, a sweep asks for the cost n²/2 times.
    pub pairs: usize,
    /// Savings up to this, in the unit of the cost, are none: not worth a change.
    pub tolerance: f64,
    /// Of the order in which resources are tried.
    pub seed: u64,
}

impl Default for Limits {
    /// A fleet of 500 settles after two to five sweeps from each start without pairs.
    fn default() -> Self {
        Limits { sweeps: 20, pairs: 64, tolerance: 1e-6, seed: 7 }
    }
}

/// The best that was found.
#[derive(Clone, PartialEq, Debug)]
pub struct Found {
    /// The choice of each resource: its place among the resource's choices, 0 to keep.
    pub chosen: Vec<usize>,
    /// Cost of the world and what the choices cost besides.
    pub cost: f64,
    /// Sweeps made from both starts together.
    pub sweeps: usize,
    /// From neither start a single change would save more; false when the limit of sweeps came first.
    pub settled: bool,
}

/// Looks for the cheapest choices. The world comes in with nothing changed and nothing bought, and is left in the state
/// of the found choices.
///
/// Of equally cheap ones those with fewer changes are preferred: none is chosen whose reversal costs nothing.
pub fn search<W: World>(world: &mut W, resources: &[Resource<W::Change>], limits: &Limits) -> Found {
    let mut search = Search {
        state: State::new(world, resources, vec![0; resources.len()]),
        limits,
        random: Random(limits.seed),
        order: (0..resources.len()).collect(),
        cost: 0.0,
        sweeps: 0,
        best: Best { chosen: vec![0; resources.len()], changes: 0, cost: f64::INFINITY },
    };
    // Not sized yet: where commitments stand still between sweeps, they would cover all usage and no change would save.
    search.cost = search.state.cost();
    let alone = search.cheapest_alone();
    let from_keep = search.climb();
    search.state.go(&alone);
    search.settle();
    let from_alone = search.climb();
    search.state.go(&vec![0; resources.len()]);
    search.settle();
    let best = search.best.chosen.clone();
    search.state.go(&best);
    search.settle();
    // The limit may have come before the last reversals.
    while search.drop_idle() {}
    Found { chosen: search.state.chosen, cost: search.cost, sweeps: search.sweeps, settled: from_keep && from_alone }
}

/// A world and the choices that stand in it.
struct State<'a, W: World> {
    world: &'a mut W,
    resources: &'a [Resource<W::Change>],
    chosen: Vec<usize>,
    /// How many are not kept.
    changes: usize,
    /// What the choices cost besides.
    fixed: f64,
}

impl<'a, W: World> State<'a, W> {
    fn new(world: &'a mut W, resources: &'a [Resource<W::Change>], mut chosen: Vec<usize>) -> Self {
        chosen.resize(resources.len(), 0);
        let changes = chosen.iter().filter(|&&c| c != 0).count();
        let mut state = State { world, resources, chosen, changes, fixed: 0.0 };
        state.add_up();
        state
    }

    /// Moves one resource to another choice.
    fn shift(&mut self, resource: usize, to: usize) {
        let Some(Resource { choices }) = self.resources.get(resource) else { return };
        let from = self.chosen[resource];
        if from == to {
            return;
        }
        if let Some(choice) = choices.get(from) {
            self.fixed -= choice.fixed;
            if let Some(change) = &choice.change {
                self.world.revert(change);
            }
        }
        if let Some(choice) = choices.get(to) {
            self.fixed += choice.fixed;
            if let Some(change) = &choice.change {
                self.world.apply(change);
            }
        }
        self.changes = self.changes + usize::from(to != 0) - usize::from(from != 0);
        self.chosen[resource] = to;
    }

    /// Moves every resource.
    fn go(&mut self, to: &[usize]) {
        for (resource, &choice) in to.iter().enumerate() {
            self.shift(resource, choice);
        }
    }

    fn cost(&mut self) -> f64 {
        self.world.cost() + self.fixed
    }

    /// The cost with new commitments sized for what stands.
    fn sized(&mut self) -> f64 {
        self.world.resize();
        self.cost()
    }

    /// Fixed costs anew: what was added and taken off leaves rounding behind.
    fn add_up(&mut self) {
        let of = |(resource, &chosen): (&Resource<W::Change>, &usize)| resource.choices.get(chosen).map(|c| c.fixed);
        self.fixed = self.resources.iter().zip(&self.chosen).filter_map(of).sum();
    }
}

/// The best that has stood.
struct Best {
    chosen: Vec<usize>,
    changes: usize,
    cost: f64,
}

struct Search<'a, W: World> {
    state: State<'a, W>,
    limits: &'a Limits,
    random: Random,
    order: Vec<usize>,
    /// Of what stands.
    cost: f64,
    sweeps: usize,
    best: Best,
}

impl<W: World> Search<'_, W> {
    fn choices(&self, resource: usize) -> usize {
        self.state.resources[resource].choices.len()
    }

    fn cheaper(&self, cost: f64, than: f64) -> bool {
        cost < than - self.limits.tolerance
    }

    /// New commitments are sized and the cost is asked for anew: it may have moved either way; the best is remembered.
    fn settle(&mut self) {
        self.state.add_up();
        self.cost = self.state.sized();
        let tie = self.cost <= self.best.cost + self.limits.tolerance && self.state.changes < self.best.changes;
        if tie || self.cheaper(self.cost, self.best.cost) {
            self.best.chosen.clone_from(&self.state.chosen);
            self.best.changes = self.state.changes;
            self.best.cost = self.cost;
        }
    }

    /// The cheapest choice of each resource while all others are kept.
    fn cheapest_alone(&mut self) -> Vec<usize> {
        let mut alone = vec![0; self.order.len()];
        for (resource, best) in alone.iter_mut().enumerate() {
            let fixed = self.state.fixed;
            let mut least = self.cost;
            for to in 1..self.choices(resource) {
                self.state.shift(resource, to);
                let cost = self.state.cost();
                if self.cheaper(cost, least) {
                    (*best, least) = (to, cost);
                }
            }
            self.state.shift(resource, 0);
            self.state.fixed = fixed;
        }
        alone
    }

    /// Sweeps until nothing improves: true, or the limit is reached: false.
    fn climb(&mut self) -> bool {
        let stop = self.sweeps.saturating_add(self.limits.sweeps);
        let few = self.order.len() <= self.limits.pairs;
        while self.sweeps < stop {
            // Reversals that cost nothing come last: on the way they lead astray more often than they help.
            if self.sweep() || (few && self.sweeps < stop && self.sweep_pairs()) || self.drop_idle() {
                continue;
            }
            return true;
        }
        false
    }

    /// Tries every other choice of every resource, in a new order.
    fn sweep(&mut self) -> bool {
        let mut order = std::mem::take(&mut self.order);
        self.random.shuffle(&mut order);
        let mut improved = false;
        for &resource in &order {
            improved |= self.improve(resource);
        }
        self.order = order;
        self.sweeps += 1;
        self.settle();
        improved
    }

    /// Moves one resource to its cheapest choice as things stand.
    fn improve(&mut self, resource: usize) -> bool {
        let from = self.state.chosen[resource];
        let fixed = self.state.fixed;
        let mut best = from;
        for to in (0..self.choices(resource)).filter(|&to| to != from) {
            self.state.shift(resource, to);
            let cost = self.state.cost();
            if self.cheaper(cost, self.cost) {
                (best, self.cost) = (to, cost);
            }
        }
        self.state.shift(resource, best);
        if best == from {
            self.state.fixed = fixed;
        }
        best != from
    }

    /// Tries two resources at once: where one alone must not move, because it frees what nobody else uses, both may.
    fn sweep_pairs(&mut self) -> bool {
        let mut improved = false;
        for first in 0..self.order.len() {
            improved |= self.improve_pair(first);
        }
        self.sweeps += 1;
        self.settle();
        improved
    }

    /// Moves a resource and a later one to the first choices that are cheaper together.
    fn improve_pair(&mut self, first: usize) -> bool {
        let from = self.state.chosen[first];
        let fixed = self.state.fixed;
        for to in (0..self.choices(first)).filter(|&to| to != from) {
            self.state.shift(first, to);
            for second in first + 1..self.order.len() {
                let back = self.state.chosen[second];
                for other in (0..self.choices(second)).filter(|&other| other != back) {
                    self.state.shift(second, other);
                    let cost = self.state.cost();
                    if self.cheaper(cost, self.cost) {
                        self.cost = cost;
                        return true;
                    }
                }
                self.state.shift(second, back);
            }
        }
        self.state.shift(first, from);
        self.state.fixed = fixed;
        false
    }

    /// Reverses changes whose reversal costs nothing.
    fn drop_idle(&mut self) -> bool {
        let mut dropped = false;
        for resource in 0..self.order.len() {
            let from = self.state.chosen[resource];
            if from == 0 {
                continue;
            }
            let fixed = self.state.fixed;
            self.state.shift(resource, 0);
            let cost = self.state.cost();
            if cost <= self.cost + self.limits.tolerance {
                self.cost = cost;
                dropped = true;
            } else {
                self.state.shift(resource, from);
                self.state.fixed = fixed;
            }
        }
        if dropped {
            self.settle();
        }
        dropped
    }
}

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// 0 to `end`, exclusive.
    fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.next()) * end as u128) >> 64) as usize
    }

    fn shuffle(&mut self, places: &mut [usize]) {
        for last in (1..places.len()).rev() {
            places.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests;
