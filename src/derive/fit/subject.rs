//! A resource whose size can be chosen, and the rows that say how it did and what else would do.
//!
//! Knows: a machine, what it could be, risks of both. Does not know: which service it is of, what is advised.

use std::collections::{BTreeMap, BTreeSet};

use super::frames::{Fitting, Used};
use super::measured::peaks;
use super::need::{LEAST_COVERED, Points, quantile};
use super::risk::Fleet;
use super::shapes::{Type, change};
use super::{Candidate, Dimension, Limits, MOST_RISK, Machine, assess};
use crate::derive::series::{Measured, Series};
use crate::id::Target;
use crate::period::HOURS_PER_MONTH;

/// Shapes kept for each kind of change and number of halvings, the cheapest first; more only where they are safer.
const KEPT: usize = 4;
const MINUTES_PER_HOUR: f64 = 60.0;

/// A kind of resource whose size can be chosen.
pub(super) trait Kind {
    /// What is read of each.
    fn wanted(&self) -> Vec<Measured>;

    /// One of them with what was measured of it; `None`: it is none, or nothing can be said of it.
    fn subject<'a>(&'a self, target: &Target, series: &BTreeMap<Measured, Series>) -> Option<Subject<'a>>;

    /// How many share its work, and what sets that number.
    fn sharing(&self, _target: &Target, _series: &BTreeMap<Measured, Series>) -> Sharing {
        Sharing::default()
    }
}

/// How many share the work of a resource.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Sharing {
    pub(super) number: Number,
    /// Tasks that run, where the machine is one of them and its price that of one.
    pub(super) tasks: Option<f64>,
}

/// What sets how many share the work.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) enum Number {
    /// Nothing that follows the load.
    #[default]
    Fixed,
    /// Policies add to those that are there, up to so many.
    UpTo(f64),
    /// Policies alone.
    Follows {
        /// How many there were when there were many.
        high: f64,
        /// How many there may be.
        most: f64,
        /// How many there were.
        points: Option<Points>,
    },
}

/// The change to a shape with less of a memory that nobody has measured: what it would save says what measuring is worth.
pub(super) const LESS_MEMORY: &str = "less memory";

/// Another shape, and what it means to take it.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Offer {
    pub(super) candidate: Candidate,
    /// Meter of its hours.
    pub(super) meter: String,
    /// How often the processors are halved.
    pub(super) steps: f64,
    /// same family, same architecture, other architecture; of sizes without a family: same kind; [`LESS_MEMORY`].
    pub(super) change: &'static str,
    /// Its processors, of those that there are today.
    pub(super) vcpus: f64,
    /// Its memory, likewise.
    pub(super) memory: f64,
    /// How many of it, where several share the work.
    pub(super) instances: Option<i64>,
    /// Whether what is kept in memory to be read again may be less; `None`: there is no such memory.
    pub(super) less_cache: Option<bool>,
    /// How it is known that the memory is enough, where that is not measured or measured in a way of its own.
    pub(super) memory_basis: Option<&'static str>,
}

impl Offer {
    /// One instance of another type in place of one; `architecture`: what runs there today.
    pub(super) fn between(from: &Type, to: &Type, architecture: &str, meter: String, candidate: Candidate) -> Offer {
        Offer {
            candidate,
            meter,
            steps: (from.vcpus / to.vcpus).log2(),
            change: change(from, to, architecture),
            vcpus: to.vcpus / from.vcpus,
            memory: to.memory_mib / from.memory_mib,
            instances: None,
            less_cache: None,
            memory_basis: None,
        }
    }
}

/// What a machine could be.
pub(super) type Offers<'a> = Box<dyn Fn(&Machine) -> Vec<Offer> + 'a>;

/// A resource that was measured.
pub(super) struct Subject<'a> {
    /// What it asked for; its candidates are what it offers.
    pub(super) machine: Machine,
    /// Meter of its hours.
    pub(super) meter: Option<String>,
    /// How many share the work, where they are sized together.
    pub(super) instances: Option<i64>,
    /// Metric, statistic and seconds of a point.
    pub(super) measured_by: BTreeMap<Dimension, String>,
    /// In which it asked for more than it got, so that nobody knows how much it needs.
    pub(super) censored: BTreeSet<Dimension>,
    /// Whether how it goes on tells of others: one of several with the same series, and not each.
    pub(super) counts: bool,
    /// Without these nothing can be said.
    pub(super) needs: &'static [Dimension],
    /// What else it could be, whatever the price.
    pub(super) offers: Offers<'a>,
}

impl Subject<'_> {
    /// Whether what has to be was measured long and well enough to say anything, and is all that it asked for.
    pub(super) fn tells(&self) -> bool {
        let measured = |need: &Dimension| {
            self.machine.demand(*need).is_some_and(|demand| demand.points.covered() >= LEAST_COVERED)
        };
        self.needs.iter().all(measured) && self.censored.is_empty()
    }

    pub(super) fn used<'b>(&'b self, target: &'b Target) -> impl Iterator<Item = Used> + 'b {
        self.machine.demands.iter().map(move |demand| {
            let sorted = demand.points.sorted();
            let at = |share| quantile(&sorted, share).unwrap_or(0.0);
            let mean = sorted.iter().map(|value| f64::from(*value)).sum::<f64>() / sorted.len().max(1) as f64;
            Used {
                target: target.clone(),
                dimension: demand.dimension.word(),
                measured_by: self.measured_by.get(&demand.dimension).cloned().unwrap_or_default(),
                days: demand.points.days(),
                covered: demand.points.covered(),
                mean,
                high: at(0.995),
                most: at(1.0),
                censored: self.censored.contains(&demand.dimension),
                peaks: peaks(&demand.points, 1.0),
            }
        })
    }

    /// The shapes that cost less and would hold what it needs, the cheapest first.
    pub(super) fn fitting(mut self, target: &Target, fleet: &Fleet, limits: &Limits) -> Vec<Fitting> {
        let offers = (self.offers)(&self.machine);
        self.machine.candidates = offers.iter().map(|offer| offer.candidate.clone()).collect();
        let told = fleet.tells(Dimension::Memory, &self.machine.strata).is_some();
        let basis = fleet
            .calibration(self.needs.first().copied().unwrap_or(Dimension::Processor), &self.machine.strata)
            .basis
            .clone();
        let mut found: Vec<Fitting> = Vec::new();
        for fit in assess(&self.machine, fleet, limits) {
            let offer = &offers[fit.candidate];
            let alike = |other: &&Fitting| other.change == offer.change && other.steps.round() == offer.steps.round();
            let mut cheaper = found.iter().filter(alike);
            // Beyond the cheapest only what is safer than all of them.
            if fit.risk > MOST_RISK || (cheaper.clone().count() >= KEPT && cheaper.any(|other| other.risk <= fit.risk))
            {
                continue;
            }
            let nearest = fit.nearest.and_then(|(dimension, _)| {
                let demand = self.machine.demand(dimension)?;
                Some(peaks(&demand.points, *offer.candidate.room.get(&dimension)?))
            });
            let memory = match (self.measured_by.contains_key(&Dimension::Memory), told) {
                (true, true) => "measured",
                (true, false) => "measured; too few machines to tell a risk, so 30 percent of headroom",
                (false, _) => "not measured: no less than today",
            };
            found.push(Fitting {
                target: target.clone(),
                from: self.machine.shape.clone(),
                meter: self.meter.clone().unwrap_or_default(),
                to: offer.candidate.shape.clone(),
                new_meter: offer.meter.clone(),
                change: offer.change,
                rank: found.len() as i64 + 1,
                price: offer.candidate.price / self.machine.price,
                steps: offer.steps,
                vcpus: offer.vcpus,
                memory_share: offer.memory,
                instances: self.instances.zip(offer.instances),
                risk: fit.risk,
                memory_risk: fit.risks.get(&Dimension::Memory).copied(),
                nearest: fit.nearest,
                minutes: fit.over * HOURS_PER_MONTH as f64 * MINUTES_PER_HOUR,
                memory: offer.memory_basis.unwrap_or(memory),
                less_cache: offer.less_cache,
                basis: basis.clone(),
                peaks: nearest.unwrap_or_default(),
            });
        }
        found
    }
}
