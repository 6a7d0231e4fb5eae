//! Which other shapes would hold what a machine needs, and how likely they go on doing so.
//!
//! A machine is what it asked for, dimension by dimension, and the shapes that it could have; both are shares of what it has
//! now, so that nothing here knows vCPUs or gigabytes. A candidate's risk is the probability that in the weeks to come more
//! points than the budget allows are over its limit: split-conformal, from how much other machines asked for after they had
//! asked for so much (`risk.rs`).
//!
//! Knows: needs, limits, risks. Does not know: what is advised (`rules`) and what that is worth (`plan`); a price only ranks.

use std::collections::BTreeMap;

mod bucket;
pub mod credits;
mod ec2;
mod elasticache;
mod fargate;
mod frames;
mod group;
pub mod growth;
mod lambda;
mod measured;
pub mod need;
mod opensearch;
mod paid;
pub mod processor;
mod rds;
mod replay;
pub mod risk;
mod services;
mod shapes;
mod subject;
pub mod trace;
mod volume;

pub use paid::Price;
pub use replay::gives_out;
pub use services::{derive, machines, metrics};
pub use volume::{performance, performance_metrics};

use credits::Burstable;
use need::Points;
use processor::{FLEX_SHARE, Processor};
use replay::{Times, WAYS, held_from, overrun, throttles};
use risk::{Fleet, Ratios};

/// What a machine can run out of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Dimension {
    /// Processor time.
    Processor,
    /// Memory.
    Memory,
    /// Bytes received.
    NetworkIn,
    /// Bytes sent; AWS keeps an allowance of its own for each direction.
    NetworkOut,
    /// Bytes to and from EBS.
    EbsBandwidth,
    /// Operations on EBS.
    EbsOperations,
    /// The one thread of a cache that runs all commands.
    EngineThread,
    /// Connections to a database.
    Connections,
    /// What a search engine's collector cannot throw away.
    Heap,
    /// Disks of a search engine.
    Storage,
}

impl Dimension {
    /// The word in tables and reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Dimension::Processor => "processor",
            Dimension::Memory => "memory",
            Dimension::NetworkIn => "network in",
            Dimension::NetworkOut => "network out",
            Dimension::EbsBandwidth => "EBS bandwidth",
            Dimension::EbsOperations => "EBS operations",
            Dimension::EngineThread => "engine thread",
            Dimension::Connections => "connections",
            Dimension::Heap => "heap",
            Dimension::Storage => "storage",
        }
    }

    /// Whether work ends when there is none left, where of others it waits. How it goes on is its own too: ratios of processors say
    /// nothing of it.
    #[must_use]
    pub fn cannot_wait(self) -> bool {
        matches!(self, Dimension::Memory | Dimension::Heap | Dimension::Storage)
    }
}

/// Share of the heap that lives, and of the disks, of a search engine: the largest that is below AWS's alarms (old generation
/// 80 percent, 25 percent of the disks free; OpenSearch Service developer guide, recommended CloudWatch alarms).
const SEARCH_LIMIT: f64 = 0.75;

/// What counts as too much, and for how long.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Limits {
    /// Utilization of the processors above which answers get slow: the seed's 70 percent for five minutes.
    pub processor: f64,
    /// Utilization of memory above which there is no room: the seed's 85 percent.
    pub memory: f64,
    /// Share of a bandwidth's baseline that may be used: excursions come on top (ALGORITHMS 1.4).
    pub bandwidth: f64,
    /// Share of the points that may be over a limit: one percent is 7.3 hours a month.
    pub budget: f64,
    /// The same for memory, which cannot wait.
    pub memory_budget: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { processor: 0.70, memory: 0.85, bandwidth: 0.80, budget: 0.01, memory_budget: 0.001 }
    }
}

impl Limits {
    /// Share of the points of a dimension that may be over its limit.
    #[must_use]
    pub fn budget_of(&self, dimension: Dimension) -> f64 {
        if dimension.cannot_wait() { self.memory_budget } else { self.budget }
    }

    /// Share of what there is that may be used.
    #[must_use]
    pub fn of(&self, dimension: Dimension) -> f64 {
        match dimension {
            Dimension::Processor | Dimension::EngineThread => self.processor,
            Dimension::Memory => self.memory,
            Dimension::Heap | Dimension::Storage => SEARCH_LIMIT,
            _ => self.bandwidth,
        }
    }
}

/// What a machine asked for, in shares of what it has.
#[derive(Clone, Debug)]
pub struct Demand {
    /// What it asked for.
    pub dimension: Dimension,
    /// The points.
    pub points: Points,
    /// The greatest share that is within the limit today.
    pub room: f64,
}

/// Another shape.
#[derive(Clone, PartialEq, Debug)]
pub struct Candidate {
    /// Its name.
    pub shape: String,
    /// What an hour costs, in any unit that all candidates share: it ranks.
    pub price: f64,
    /// The greatest share of what the machine has today that is within the limit on it. A dimension that is not there holds
    /// whatever is asked.
    pub room: BTreeMap<Dimension, f64>,
    /// What it can hold when it is burstable.
    pub burst: Option<Burst>,
    /// The greatest share of what the machine has that 19 of 20 points may ask for: of types whose full processors are there for
    /// a part of the time only.
    pub steady: Option<f64>,
    /// Bandwidths of which there is more for a while than `room` says.
    pub bursts: BTreeMap<Dimension, Bandwidth>,
}

/// A bandwidth that is given "up to" a maximum, in shares of what the machine has today.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Bandwidth {
    /// What there is all the time.
    pub baseline: f64,
    /// What there is for a while (`bucket.rs`).
    pub maximum: f64,
}

impl Bandwidth {
    /// Points in which it does not carry so many times what was asked of it, for each of some numbers of times in ascending order;
    /// when there are `enough` of the first, none is counted further.
    #[must_use]
    pub fn exceeded<const N: usize>(&self, demand: &Demand, times: &[f64; N], enough: usize) -> [usize; N] {
        let seconds = demand.points.seconds() as f64;
        let asked = demand.points.values().iter().copied().map(f64::from);
        match demand.dimension {
            Dimension::NetworkIn | Dimension::NetworkOut => {
                bucket::network_exceeded(asked, times, seconds, self.baseline, self.maximum, enough)
            }
            _ => bucket::ebs_exceeded(asked, times, seconds, self.baseline, self.maximum, enough),
        }
    }
}

/// A burstable candidate.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Burst {
    /// Its credits.
    pub shape: Burstable,
    /// Its processors.
    pub processor: Processor,
    /// All that the machine's processors can do today, in the unit of [`Processor::capacity`].
    pub of: f64,
}

/// A machine and what it could be.
#[derive(Clone, Debug)]
pub struct Machine {
    /// What names it.
    pub id: String,
    /// Machines of its kind, from the narrowest group to the widest: whose ratios say how its own need may grow.
    pub strata: Vec<String>,
    /// Its shape.
    pub shape: String,
    /// What an hour of it costs.
    pub price: f64,
    /// What it asked for.
    pub demands: Vec<Demand>,
    /// What it asked of its processors in the mean of each point, where `demands` has the greatest: credits go by the mean.
    pub mean: Option<Points>,
    /// What it could be, whatever the price.
    pub candidates: Vec<Candidate>,
}

impl Machine {
    /// What it asked for of a dimension, where that was measured.
    #[must_use]
    pub fn demand(&self, dimension: Dimension) -> Option<&Demand> {
        self.demands.iter().find(|demand| demand.dimension == dimension)
    }

    /// What it asked of its processors in the mean of each point; where nobody measured that, what it asked for at most.
    #[must_use]
    pub fn mean_points(&self) -> Option<&Points> {
        self.mean.as_ref().or_else(|| self.demand(Dimension::Processor).map(|demand| &demand.points))
    }
}

/// How a candidate would do.
#[derive(Clone, PartialEq, Debug)]
pub struct Fit {
    /// Place of the candidate in its machine.
    pub candidate: usize,
    /// Probability that it does not hold what comes, at most 1: the sum over dimensions (union bound).
    pub risk: f64,
    /// By dimension: those in which it has less room than the machine has now; memory is not among them where nobody can tell its risk.
    pub risks: BTreeMap<Dimension, f64>,
    /// Share of the points of the past that would have been over a limit: the greatest of its dimensions.
    pub over: f64,
    /// Greatest need beside the room: 1 is the limit; the dimension that is nearest to it.
    pub nearest: Option<(Dimension, f64)>,
}

/// How each candidate would do that costs less than the machine does, in order of price and then of name.
#[must_use]
pub fn assess(machine: &Machine, fleet: &Fleet, limits: &Limits) -> Vec<Fit> {
    let known: Vec<Known<'_>> =
        machine.demands.iter().filter_map(|demand| Known::of(demand, machine, fleet, limits)).collect();
    let mut order: Vec<usize> = (0..machine.candidates.len()).collect();
    order.retain(|at| machine.candidates[*at].price < machine.price);
    order.sort_by(|a, b| {
        let (a, b) = (&machine.candidates[*a], &machine.candidates[*b]);
        a.price.total_cmp(&b.price).then_with(|| a.shape.cmp(&b.shape))
    });
    let mean = Mean::of(machine);
    order.into_iter().map(|at| fit(at, &machine.candidates[at], &known, mean.as_ref())).collect()
}

/// Memory beyond the greatest measured that there must be where no fleet tells a risk: 30 percent, the largest headroom that Compute
/// Optimizer offers for memory.
const HEADROOM: f64 = 1.30;
/// Candidates with more risk are not looked at further.
pub const MOST_RISK: f64 = 0.20;

/// What is known of one dimension of a machine.
struct Known<'a> {
    demand: &'a Demand,
    measured: usize,
    most: f64,
    statistic: f64,
    /// `None`: nobody knows how memory of such machines goes on, and its headroom decides.
    ratios: Option<Ratios>,
    limit: f64,
    budget: f64,
}

impl<'a> Known<'a> {
    fn of(demand: &'a Demand, machine: &Machine, fleet: &Fleet, limits: &Limits) -> Option<Self> {
        let budget = limits.budget_of(demand.dimension);
        let statistic = demand.points.statistic(budget)?;
        let ratios = fleet.tells(demand.dimension, &machine.strata).map(|calibration| calibration.like(statistic));
        Some(Known {
            demand,
            measured: demand.points.measured(),
            most: demand.points.most()?,
            statistic,
            ratios,
            limit: limits.of(demand.dimension),
            budget,
        })
    }

    fn over(&self, room: f64) -> f64 {
        let points = if room < self.most { self.demand.points.over(room) } else { 0 };
        points as f64 / self.measured.max(1) as f64
    }

    /// Probability that it asks for more than there is room; `None`: nobody can tell, and there is headroom.
    fn exceeding(&self, room: f64) -> Option<f64> {
        match &self.ratios {
            Some(ratios) => Some(ratios.exceeding(risk::margin(room, self.statistic))),
            None => (self.most * HEADROOM > room / self.limit).then_some(1.0),
        }
    }
}

/// What a machine asked of its processors in the mean of each point.
struct Mean<'a> {
    points: &'a Points,
    /// What 19 of 20 points are within.
    high: f64,
}

impl<'a> Mean<'a> {
    fn of(machine: &'a Machine) -> Option<Self> {
        let points = machine.mean_points()?;
        Some(Mean { points, high: points.quantile(1.0 - FLEX_SHARE)? })
    }
}

fn fit(at: usize, candidate: &Candidate, known: &[Known<'_>], mean: Option<&Mean<'_>>) -> Fit {
    let mut out = Fit { candidate: at, risk: 0.0, risks: BTreeMap::new(), over: 0.0, nearest: None };
    let mut bursting = Vec::new();
    for one in known {
        let dimension = one.demand.dimension;
        let Some(room) = candidate.room.get(&dimension).copied() else { continue };
        let (used, over) = (one.statistic / room, one.over(room));
        // Where nothing is taken away, the change harms nobody.
        let risk = if room < one.demand.room { one.exceeding(room) } else { None };
        if let Some((bandwidth, risk)) = candidate.bursts.get(&dimension).zip(risk.filter(|risk| *risk > 0.0)) {
            bursting.push((one, bandwidth, Held { used, over, risk }));
            continue;
        }
        out.near(dimension, used, over);
        out.risks.extend(risk.map(|risk| (dimension, risk)));
    }
    for (one, bandwidth, for_ever) in bursting {
        let most = MOST_RISK - out.risks.values().sum::<f64>();
        // A replay is dear: not where others have said no.
        let held = if most > 0.0 { held_in_bursts(bandwidth, one, most, for_ever) } else { for_ever };
        out.near(one.demand.dimension, held.used, held.over);
        out.risks.insert(one.demand.dimension, held.risk);
    }
    out.risk = out.risks.values().sum::<f64>().min(1.0);
    let processor = known.iter().find(|one| one.demand.dimension == Dimension::Processor);
    if let Some((processor, mean)) = processor.filter(|_| out.risk <= MOST_RISK).zip(mean) {
        let most = MOST_RISK - out.risk;
        out.risk = (out.risk + held_for_long(candidate, processor, mean, most)).min(1.0);
    }
    out
}

impl Fit {
    fn near(&mut self, dimension: Dimension, used: f64, over: f64) {
        if self.nearest.is_none_or(|(_, most)| used > most) {
            self.nearest = Some((dimension, used));
        }
        self.over = self.over.max(over);
    }
}

/// How a bandwidth holds what is asked of it.
#[derive(Clone, Copy)]
struct Held {
    /// What stands for the need, of the limit.
    used: f64,
    /// Share of the points of the past that it does not hold.
    over: f64,
    risk: f64,
}

/// The same with what there is in bursts, where that holds more.
fn held_in_bursts(bandwidth: &Bandwidth, one: &Known<'_>, most: f64, for_ever: Held) -> Held {
    let Some(times) = most_times(one, most, |times| overrun(bandwidth, one.demand, times, one.budget)) else {
        return for_ever;
    };
    let risk = one.exceeding(one.statistic * times).unwrap_or(1.0);
    let [points] = bandwidth.exceeded(one.demand, &[1.0], usize::MAX);
    let over = points as f64 / one.measured.max(1) as f64;
    if risk < for_ever.risk { Held { used: 1.0 / times, over, risk } } else { for_ever }
}

/// Probability that a candidate whose full processors are not there all the time cannot hold what comes; 1 where it is more than `most`.
fn held_for_long(candidate: &Candidate, processor: &Known<'_>, mean: &Mean<'_>, most: f64) -> f64 {
    let exceeding = |times: f64| processor.exceeding(processor.statistic * times).unwrap_or(1.0);
    let steady = candidate.steady.map_or(0.0, |steady| exceeding(steady / mean.high.max(f64::EPSILON)));
    let credits = candidate.burst.map_or(0.0, |burst| {
        let throttled = |times: &Times| throttles(&burst, mean.points, times, processor.budget);
        most_times(processor, most - steady, throttled).map_or(1.0, exceeding)
    });
    steady + credits
}

/// How many times the past fits, to a fiftieth; `None`: not so often that the risk is at most that.
fn most_times(one: &Known<'_>, most: f64, breaks_at: impl Fn(&Times) -> [bool; WAYS]) -> Option<f64> {
    // It has to fit so often that the risk is small enough: most do not, and are done.
    let margin = one.ratios.as_ref().and_then(|ratios| ratios.margin(most))?;
    let least = risk::times(margin, one.statistic).max(0.0);
    held_from(least, breaks_at)
}

#[cfg(test)]
mod tests;
