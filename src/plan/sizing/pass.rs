//! What demand costs under given levels, hour by hour in AWS's order of application.
//!
//! Narrow plans (EC2 Instance Savings Plans) cover their scope first, the wide one (Compute Savings Plan) what is left;
//! within a plan the highest saving comes first, until usage or commitment is exhausted; commitment that an hour does
//! not use is lost ("How Savings Plans apply to your usage", Savings Plans user guide). Beside the cost the pass gives
//! its gradient and the price of the wide plan's last dollar in each hour. Does not know: which levels would be better.

use std::ops::Range;

use super::demand::Demand;
use super::{Levels, work};

/// What an hourly pass found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cost {
    /// Hours × levels bought, plus what stays on demand, over all hours. What is in force is paid anyway and not in it.
    pub cost: f64,
    /// What stays on demand, over all hours.
    pub on_demand: f64,
    /// Commitment, in force and bought, that no usage took, over all hours.
    pub unused: f64,
    /// Change of the cost by each level: a subgradient where the cost has a kink (the derivative to more).
    pub gradient: Levels,
}

/// One class in the order in which a plan covers it.
#[derive(Clone, Copy, Debug)]
struct Step {
    class: usize,
    rate: f64,
}

/// Demand with its orders of application, sorted once.
pub struct Prepared<'a> {
    pub(super) demand: &'a Demand,
    pub(super) threads: usize,
    /// Classes of each scope, highest saving first.
    narrow: Vec<Step>,
    /// Where each scope stands in `narrow`.
    scopes: Vec<Range<usize>>,
    /// Classes that the wide plan covers, highest saving first.
    wide: Vec<Step>,
    /// Classes that it does not.
    never_wide: Vec<usize>,
    /// Classes that no narrow plan covers.
    pub(super) never_narrow: Vec<usize>,
}

/// An hour's work space.
pub(super) struct Bench {
    /// Dollars that narrow plans leave, by class.
    pub(super) left: Vec<f64>,
    /// The class of each scope at which its plan was exhausted; `NONE` when it was not.
    marginal: Vec<usize>,
}

const NONE: usize = usize::MAX;

/// Price of the wide plan's last dollar in an hour: on-demand dollars that one more would displace (`more`) and that
/// one less would bring back (`less`). They differ where usage and commitment meet exactly.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Price {
    pub(super) more: f64,
    pub(super) less: f64,
}

/// A range of hours, added up.
struct Tally {
    on_demand: f64,
    unused: f64,
    narrow: Vec<f64>,
    wide: f64,
    prices: Vec<Price>,
}

impl<'a> Prepared<'a> {
    /// Sorts the orders of application.
    #[must_use]
    pub fn new(demand: &'a Demand) -> Prepared<'a> {
        Prepared::with_threads(demand, 0)
    }

    /// The same on so many threads; 0: as many as the machine has. No result depends on it.
    #[must_use]
    pub fn with_threads(demand: &'a Demand, threads: usize) -> Prepared<'a> {
        let classes = &demand.classes;
        let mut narrow: Vec<(usize, Step)> = Vec::new();
        let mut wide = Vec::new();
        for (index, class) in classes.iter().enumerate() {
            if let Some(scope) = class.scope {
                narrow.push((scope, Step { class: index, rate: class.narrow }));
            }
            if let Some(rate) = class.wide {
                wide.push(Step { class: index, rate });
            }
        }
        // Equal savings: AWS takes the lower rate first, in dollars, which are not known here. The class that the wide
        // plan would cover best comes first, which is never the cheaper order.
        let other = |step: &Step| classes[step.class].wide.unwrap_or(f64::INFINITY);
        narrow.sort_by(|(a, x), (b, y)| a.cmp(b).then(x.rate.total_cmp(&y.rate)).then(other(x).total_cmp(&other(y))));
        wide.sort_by(|a, b| a.rate.total_cmp(&b.rate));
        let start = |scope: usize| narrow.partition_point(|(s, _)| *s < scope);
        let scopes = (0..demand.scopes).map(|scope| start(scope)..start(scope + 1)).collect();
        let threads = work::threads(threads, demand.dollars.len());
        Prepared {
            demand,
            threads,
            scopes,
            narrow: narrow.into_iter().map(|(_, step)| step).collect(),
            wide,
            never_wide: (0..classes.len()).filter(|c| classes[*c].wide.is_none()).collect(),
            never_narrow: (0..classes.len()).filter(|c| classes[*c].scope.is_none()).collect(),
        }
    }

    /// Cost under levels that are in force (capacity without cost) and bought.
    #[must_use]
    pub fn cost(&self, in_force: &Levels, bought: &Levels) -> Cost {
        self.priced(in_force, bought, false).0
    }

    /// The cost, and each hour's price of the wide plan when asked for.
    pub(super) fn priced(&self, in_force: &Levels, bought: &Levels, prices: bool) -> (Cost, Vec<Price>) {
        let hours = self.demand.hours as f64;
        let total = in_force.plus(bought, self.demand.scopes);
        let tallies = work::each(work::ranges(self.demand.hours), self.threads, |r| self.tally(r, &total, prices));
        let mut gradient = Levels { narrow: vec![hours; self.demand.scopes], wide: hours };
        let mut cost = Cost::default();
        let mut all = Vec::new();
        for tally in tallies {
            cost.on_demand += tally.on_demand;
            cost.unused += tally.unused;
            gradient.wide -= tally.wide;
            for (sum, part) in gradient.narrow.iter_mut().zip(&tally.narrow) {
                *sum -= part;
            }
            all.extend(tally.prices);
        }
        cost.cost = hours * bought.total() + cost.on_demand;
        cost.gradient = gradient;
        (cost, all)
    }

    /// What stays on demand in a range of hours.
    pub(super) fn on_demand(&self, hours: Range<usize>, total: &Levels) -> f64 {
        self.tally(hours, total, false).on_demand
    }

    pub(super) fn bench(&self) -> Bench {
        Bench { left: vec![0.0; self.demand.classes.len()], marginal: vec![NONE; self.demand.scopes] }
    }

    /// Narrow plans' part of an hour: fills the bench, gives back what of them is unused.
    pub(super) fn cover_narrow(&self, row: &[f64], total: &Levels, bench: &mut Bench) -> f64 {
        let mut unused = 0.0;
        for class in &self.never_narrow {
            bench.left[*class] = row[*class];
        }
        for ((range, level), marginal) in self.scopes.iter().zip(&total.narrow).zip(&mut bench.marginal) {
            let mut capacity = *level;
            *marginal = NONE;
            let mut steps = self.narrow[range.clone()].iter();
            for step in steps.by_ref() {
                let dollars = row[step.class];
                let need = dollars * step.rate;
                if need <= capacity {
                    capacity -= need;
                    bench.left[step.class] = 0.0;
                } else {
                    bench.left[step.class] = dollars - capacity / step.rate;
                    *marginal = step.class;
                    capacity = 0.0;
                    break;
                }
            }
            for step in steps {
                bench.left[step.class] = row[step.class];
            }
            unused += capacity;
        }
        unused
    }

    /// Breakpoints of the wide plan in an hour: level at which a class is covered, and how much less a dollar is worth
    /// beyond it. The worth of a dollar at a level is the sum over breakpoints above it.
    pub(super) fn breakpoints(&self, left: &[f64], mut found: impl FnMut(f64, f64)) {
        let mut level = 0.0;
        let mut worth = 0.0;
        for step in &self.wide {
            let dollars = left[step.class];
            if dollars > 0.0 {
                if worth > 0.0 {
                    found(level, worth - 1.0 / step.rate);
                }
                level += dollars * step.rate;
                worth = 1.0 / step.rate;
            }
        }
        if worth > 0.0 {
            found(level, worth);
        }
    }

    /// Classes of each scope, in the order in which its plan covers them.
    pub(super) fn members(&self) -> impl Iterator<Item = Vec<usize>> {
        self.scopes.iter().map(|range| self.narrow[range.clone()].iter().map(|step| step.class).collect())
    }

    /// Whether narrow and wide rates stand in one proportion within each scope.
    pub(super) fn exact_ratios(&self) -> bool {
        let classes = &self.demand.classes;
        let ratio = |class: &usize| classes[*class].wide.map(|wide| wide / classes[*class].narrow);
        self.members().all(|members| {
            let Some(first) = members.first().map(ratio) else { return true };
            members.iter().map(ratio).all(|other| match (first, other) {
                (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a,
                (a, b) => a == b,
            })
        })
    }

    /// How many breakpoints there can be.
    pub(super) fn wide_classes(&self) -> usize {
        self.wide.len()
    }

    fn tally(&self, hours: Range<usize>, total: &Levels, prices: bool) -> Tally {
        let mut bench = self.bench();
        let mut out = Tally {
            on_demand: 0.0,
            unused: 0.0,
            narrow: vec![0.0; self.demand.scopes],
            wide: 0.0,
            prices: Vec::with_capacity(if prices { hours.len() } else { 0 }),
        };
        for row in self.demand.rows(hours) {
            out.unused += self.cover_narrow(row, total, &mut bench);
            let price = self.cover_wide(total.wide, &bench.left, &mut out);
            out.wide += price.more;
            for (sum, marginal) in out.narrow.iter_mut().zip(&bench.marginal) {
                if let Some(class) = self.demand.classes.get(*marginal) {
                    // One more dollar of the narrow plan covers 1/rate of its marginal class. If the wide plan covered
                    // that, its dollars go to its own marginal class instead.
                    *sum += class.wide.map_or(1.0, |k| (k * price.more).min(1.0)) / class.narrow;
                }
            }
            if prices {
                out.prices.push(price);
            }
        }
        out
    }

    fn cover_wide(&self, level: f64, left: &[f64], out: &mut Tally) -> Price {
        let mut capacity = level;
        let mut price = Price::default();
        let mut steps = self.wide.iter();
        for step in steps.by_ref() {
            let dollars = left[step.class];
            let need = dollars * step.rate;
            if need <= capacity {
                capacity -= need;
                if capacity <= level * 1e-12 && price.less == 0.0 && need > 0.0 {
                    price.less = 1.0 / step.rate;
                }
            } else {
                price.more = 1.0 / step.rate;
                out.on_demand += dollars - capacity / step.rate;
                capacity = 0.0;
                break;
            }
        }
        for step in steps {
            out.on_demand += left[step.class];
        }
        for class in &self.never_wide {
            out.on_demand += left[*class];
        }
        out.unused += capacity;
        price.less = price.less.max(price.more);
        price
    }
}

/// Cost of demand under levels in force and bought, in one pass. Many passes over one demand: [`Prepared`].
#[must_use]
pub fn cost(demand: &Demand, in_force: &Levels, bought: &Levels) -> Cost {
    Prepared::new(demand).cost(in_force, bought)
}
