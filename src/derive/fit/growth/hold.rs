//! The cheapest shape that holds a load of so many times today's.
//!
//! That load on a shape is today's load on one that has so many times less: all that is known of how machines go on is of their load of
//! today, and the risk is that of sizes. Here every dimension counts, also those in which a shape has no less than there is today.
//!
//! Knows: shapes, risks, prices. Does not know: other architectures, which ask for other programs; shapes that cost less than
//! today's, which are savings.

use std::iter::successors;

use super::{Asked, grows};
use crate::derive::fit::credits::Burstable;
use crate::derive::fit::ec2::{LEAST_HEADROOM, bursts};
use crate::derive::fit::measured::scaled_points;
use crate::derive::fit::processor::FLEX_BASELINE;
use crate::derive::fit::shapes::{Service, Type};
use crate::derive::fit::subject::{LESS_MEMORY, Number, Sharing, Subject};
use crate::derive::fit::{Burst, Candidate, Demand, Dimension, Known, Limits, Machine, Mean, fit};
use crate::period::HOURS_PER_MONTH;

/// The most risk with which a shape holds a growth: what the pages of sizes take (`max_risk_percent`).
pub const HOLDING_RISK: f64 = 0.10;
/// The word of `shapes.rs` for what asks for other programs.
const OTHER_ARCHITECTURE: &str = "other architecture";
/// Numbers are tried up to so many times what growth in proportion would ask for.
const MOST_FURTHER: f64 = 4.0;
/// What rounding may add to a number: a quantile, times what load grows by.
const ROUNDING: f64 = 1e-6;

/// What holds a load.
#[derive(Clone, PartialEq, Debug)]
pub struct Holding {
    /// Its shape.
    pub shape: String,
    /// How many of it.
    pub instances: Option<i64>,
    /// What it costs more than today a month of 730 hours, in the currency of the prices.
    pub additional: f64,
    /// Probability that it is too small all the same; `None`: policies see to it.
    pub risk: Option<f64>,
}

/// Why nothing is named that holds a load.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unheld {
    /// Nobody knows what is paid today.
    NoPrice,
    /// No other shape that it could have has a price.
    NothingElse,
    /// All that there are have more risk.
    NothingLargeEnough,
}

impl Asked<'_> {
    /// The cheapest that holds the load, today's included.
    pub(super) fn hold(
        &self,
        subject: &Subject<'_>,
        today: &Candidate,
        sharing: &Sharing,
        kind: Option<&Type>,
    ) -> Result<Holding, Unheld> {
        let (machine, times) = (&subject.machine, self.times);
        if machine.price <= 0.0 {
            return Err(Unheld::NoPrice);
        }
        let month = |price: f64| price * sharing.tasks.unwrap_or(1.0) * HOURS_PER_MONTH as f64;
        if let Number::Follows { high, .. } = sharing.number {
            return Ok(Holding {
                shape: machine.shape.clone(),
                instances: Some((high * times - ROUNDING).ceil() as i64),
                additional: month(machine.price) * (times - 1.0),
                risk: None,
            });
        }
        let judged = Machine {
            demands: machine
                .demands
                .iter()
                .filter(|demand| grows(demand.dimension, sharing, kind))
                .map(|demand| Demand { room: f64::INFINITY, ..demand.clone() })
                .collect(),
            ..machine.clone()
        };
        let known: Vec<Known<'_>> =
            judged.demands.iter().filter_map(|demand| Known::of(demand, &judged, self.fleet, self.limits)).collect();
        let others = self.others(subject, judged.demand(Dimension::Memory).is_none());
        // Nodes of a domain go by zones, and are offered.
        let members = subject.instances.filter(|_| kind.is_some_and(|kind| kind.service == Service::Instance));
        let several = sharing.tasks.or(members.map(|count| count as f64));
        let further = several.map(|count| further(today, count, times)).unwrap_or_default();
        let instances = subject.instances.or(sharing.tasks.map(|tasks| tasks as i64));
        let none = others.is_empty() && further.is_empty();
        let mut all = vec![(under(today, times, 1.0), instances)];
        // What is offered without a number is as many as there are.
        all.extend(others.into_iter().map(|(other, number)| (other, number.or(instances))).chain(further));
        all.sort_by(|(a, one), (b, other)| {
            a.price.total_cmp(&b.price).then_with(|| a.shape.cmp(&b.shape)).then_with(|| one.cmp(other))
        });
        let mean = Mean::of(&judged);
        for (candidate, instances) in all.iter().filter(|(candidate, _)| has_headroom(&judged, candidate, self.limits))
        {
            let risk = fit(0, candidate, &known, mean.as_ref()).risk;
            if risk <= HOLDING_RISK {
                return Ok(Holding {
                    shape: candidate.shape.clone(),
                    instances: *instances,
                    additional: month(candidate.price) - month(machine.price),
                    risk: Some(risk),
                });
            }
        }
        Err(if none { Unheld::NothingElse } else { Unheld::NothingLargeEnough })
    }

    /// What else it could be that costs no less, under the load; `memory_kept`: with no less memory each, as nobody knows how much it
    /// needs.
    fn others(&self, subject: &Subject<'_>, memory_kept: bool) -> Vec<(Candidate, Option<i64>)> {
        let (machine, times) = (&subject.machine, self.times);
        // How many are needed is told from the load. Memory of each is looked at here.
        let grown = |demand: &Demand| {
            let factor = if demand.dimension.cannot_wait() { 1.0 } else { times };
            Demand { points: scaled_points(&demand.points, factor), ..demand.clone() }
        };
        let grown =
            Machine { price: f64::INFINITY, demands: machine.demands.iter().map(grown).collect(), ..machine.clone() };
        let of = subject.instances.unwrap_or(1).max(1) as f64;
        (subject.offers)(&grown)
            .into_iter()
            .filter(|offer| ![OTHER_ARCHITECTURE, LESS_MEMORY].contains(&offer.change))
            .filter(|offer| offer.candidate.price >= machine.price)
            .filter(|offer| !memory_kept || offer.memory >= 1.0)
            .map(|offer| {
                let each = offer.instances.map_or(1.0, |count| count as f64 / of);
                (under(&offer.candidate, times, each), offer.instances)
            })
            .collect()
    }
}

/// The shape of today as a candidate, with what it has for a while.
pub(super) fn today(machine: &Machine, kind: Option<&Type>) -> Candidate {
    let instance = kind.filter(|kind| kind.service == Service::Instance);
    let flex = instance.filter(|kind| kind.family().ends_with("-flex"));
    let burst = |kind: &Type| {
        let (processor, credits) = (kind.processor?, kind.credits?);
        let shape = Burstable { vcpus: kind.vcpus, credits_per_hour: credits };
        Some(Burst { shape, processor, of: processor.capacity() })
    };
    Candidate {
        shape: machine.shape.clone(),
        price: machine.price,
        room: machine.demands.iter().map(|demand| (demand.dimension, demand.room)).collect(),
        burst: kind.and_then(burst),
        steady: flex.and_then(|kind| kind.processor).map(|processor| processor.throughput_share(FLEX_BASELINE)),
        bursts: instance.map(|kind| bursts(kind, kind)).unwrap_or_default(),
    }
}

/// A candidate under so many times the load: what it has of each of them is so much less. `each`: how many share the work, of those that
/// there are today. With more of them each does less, but needs no less memory than today.
fn under(candidate: &Candidate, times: f64, each: f64) -> Candidate {
    let mut out = candidate.clone();
    for (dimension, room) in &mut out.room {
        *room *= match dimension {
            Dimension::Memory => (each / times).min(1.0) / each.min(1.0),
            _ => 1.0 / times,
        };
    }
    if let Some(burst) = &mut out.burst {
        burst.of *= times;
    }
    out.steady = out.steady.map(|steady| steady / times);
    for bandwidth in out.bursts.values_mut() {
        bandwidth.baseline /= times;
        bandwidth.maximum /= times;
    }
    out
}

/// More of the shape of today where there are `of`: a tenth or one more each time.
fn further(today: &Candidate, of: f64, times: f64) -> Vec<(Candidate, Option<i64>)> {
    let most = (of * times * MOST_FURTHER) as i64;
    let next = |count: &i64| Some(count + (count / 10).max(1));
    let more = |count: i64| {
        let each = count as f64 / of;
        let mut candidate = today.clone();
        candidate.price *= each;
        candidate.steady = candidate.steady.map(|steady| steady * each);
        for (dimension, room) in &mut candidate.room {
            *room *= if *dimension == Dimension::Memory { 1.0 } else { each };
        }
        for bandwidth in candidate.bursts.values_mut() {
            bandwidth.baseline *= each;
            bandwidth.maximum *= each;
        }
        (under(&candidate, times, each), Some(count))
    };
    successors(next(&(of as i64)), next).take_while(|count| *count <= most).map(more).collect()
}

/// Whether there is a tenth more than the greatest measured of what cannot wait.
fn has_headroom(machine: &Machine, candidate: &Candidate, limits: &Limits) -> bool {
    machine.demands.iter().filter(|demand| demand.dimension.cannot_wait()).all(|demand| {
        let Some(room) = candidate.room.get(&demand.dimension) else { return true };
        demand.points.most().unwrap_or(1.0) * LEAST_HEADROOM * limits.of(demand.dimension) <= *room
    })
}
