//! Auto Scaling groups with what they asked for, and the types and numbers of instances that they could be.
//!
//! A group is one machine: its demand is what its instances do together, and a candidate is a type with a number. Fewest instances: one
//! for each zone in use, two where there are two, and as many as do the mean of the work when one zone is gone. Memory, network and
//! volumes of an instance that nobody measured must not get less, since a process does not halve with its instance; where it was measured,
//! fewer instances have more of it each. Where the number follows the load, only the type changes, and all of it together keeps what it has.
//!
//! Knows: metrics of groups and of their members, which changes are possible at all. Does not know: what is advised; what tags say, who
//! else sets the number, policies beyond how many there are. Burstable types and accelerators are left out: nobody measures them by group.

use std::collections::{BTreeMap, HashMap};

use polars::prelude::{DataFrame, PolarsResult};

use super::ec2::{LEAST_HEADROOM, bursts, possible, usable_memory};
use super::need::Points;
use super::paid::{Market, Paid};
use super::processor::{FLEX_BASELINE, Processor};
use super::shapes::{Type, change, compared};
use super::subject::{self, Kind, Offer, Sharing, Subject};
use super::{Bandwidth, Candidate, Dimension, Limits, Machine};
use crate::derive::series::{Measured, Series};
use crate::id::Target;

mod read;

pub(super) use read::wanted;
use read::{Known, Number, in_service, measured, number, read_groups};

/// Instances that a group keeps that has them: one can always be replaced while the other works.
const LEAST_INSTANCES: usize = 2;
/// Numbers tried of each type: from the fewest on, a tenth or one more each time, up to four times the first and more. From there on
/// hardly any risk is left to lose.
const NUMBERS: usize = 20;
/// How high a number goes: as far up as the statistic of a need looks.
const HIGH: f64 = 0.995;
/// What rounding may add to a number of instances: a ratio, times what it was a ratio of.
const ROUNDING: f64 = 1e-9;

type Tables = BTreeMap<String, DataFrame>;

/// The groups of an account.
pub(super) struct Groups<'a> {
    market: &'a Market<'a>,
    known: HashMap<Target, Known>,
}

impl<'a> Groups<'a> {
    /// `None`: nobody asked for groups.
    pub(super) fn new(tables: &Tables, market: &'a Market<'a>) -> PolarsResult<Option<Self>> {
        Ok(read_groups(tables)?.map(|known| Groups { market, known }))
    }
}

impl Kind for Groups<'_> {
    fn wanted(&self) -> Vec<Measured> {
        wanted()
    }

    fn subject<'a>(&'a self, target: &Target, series: &BTreeMap<Measured, Series>) -> Option<Subject<'a>> {
        let known = self.known.get(target)?;
        let kind = self.market.types.get(&known.instance_type).filter(|kind| kind.accelerators.is_none())?;
        let read = measured(known, kind, series, self.market.limits);
        let (number, instances, place) = (read.number, read.instances, target.clone());
        Some(Subject {
            machine: Machine {
                id: String::new(),
                strata: vec!["Auto Scaling groups".to_owned()],
                shape: kind.name.clone(),
                price: known.paid.as_ref().map_or(0.0, |paid| paid.hour * instances as f64),
                demands: read.demands,
                mean: None,
                candidates: Vec::new(),
            },
            meter: known.paid.as_ref().map(|paid| paid.meter.clone()),
            instances: Some(instances as i64),
            measured_by: read.measured_by,
            censored: read.censored.then_some(Dimension::Processor).into_iter().collect(),
            counts: true,
            needs: &[Dimension::Processor],
            offers: Box::new(move |machine| {
                let Some(work) = Work::of(machine, self.market.limits) else { return Vec::new() };
                self.market
                    .types
                    .values()
                    .filter(|to| to.name == kind.name || possible(kind, to))
                    .filter_map(|to| Swap::new(known, (kind, instances), to, number))
                    .flat_map(|swap| self.offers(&place, known, machine, &work, &swap))
                    .collect()
            }),
        })
    }

    fn sharing(&self, target: &Target, series: &BTreeMap<Measured, Series>) -> Sharing {
        self.known.get(target).map(|known| sharing(known, series)).unwrap_or_default()
    }
}

/// How the number goes with the load: as policies have it, up to the largest size.
fn sharing(known: &Known, series: &BTreeMap<Measured, Series>) -> Sharing {
    let (Some(1..), Some(most)) = (known.policies, known.most) else { return Sharing::default() };
    let most = most as f64;
    let there = in_service(series, known.desired);
    let number = match number(known, there.as_ref()) {
        (Number::Chosen, ..) => subject::Number::UpTo(most),
        (Number::Follows, ..) => {
            let points = there.map(|there| there.points);
            let high = points.as_ref().and_then(|points| points.quantile(HIGH));
            subject::Number::Follows { high: high.unwrap_or(known.desired as f64), most, points }
        }
    };
    Sharing { number, tasks: None }
}

/// The figures that decide of many candidates, in shares of what the instances of today have.
struct Work {
    mean: f64,
    /// What stands for the need.
    high: f64,
    /// The greatest memory, where it was measured.
    memory: Option<f64>,
}

impl Work {
    fn of(machine: &Machine, limits: &Limits) -> Option<Self> {
        let points = &machine.demand(Dimension::Processor)?.points;
        let memory = machine.demand(Dimension::Memory).map(|demand| demand.points.most().unwrap_or(1.0));
        Some(Work { mean: mean(points), high: points.statistic(limits.budget)?, memory })
    }
}

/// Another type in place of today's, or the same in another number.
struct Swap<'a> {
    from: &'a Type,
    /// Instances today.
    of: usize,
    to: &'a Type,
    /// The processors of both, as a risk should see them.
    source: Processor,
    there: Processor,
    number: Number,
}

impl<'a> Swap<'a> {
    /// `None`: the type is not judged here. What follows the load in larger steps has more instances than today's steps would.
    fn new(known: &Known, (from, of): (&'a Type, usize), to: &'a Type, number: Number) -> Option<Self> {
        let judged = to.credits.is_none() && (number == Number::Chosen || to.vcpus <= from.vcpus);
        let (own, processor) = (from.processor?, to.processor.filter(|_| judged && known.paid.is_some())?);
        let (source, there) = compared(from, own, to, processor);
        Some(Swap { from, of, to, source, there, number })
    }

    /// What so many of the new type have, of what those of today have.
    fn share(&self, count: usize, here: f64, there: f64) -> f64 {
        there * count as f64 / (here * self.of as f64)
    }

    /// What so many of it have for a while beyond their baselines.
    fn bursts(&self, count: usize) -> BTreeMap<Dimension, Bandwidth> {
        let all = |one: f64| one * count as f64 / self.of as f64;
        bursts(self.from, self.to)
            .into_iter()
            .map(|(dimension, one)| (dimension, Bandwidth { baseline: all(one.baseline), maximum: all(one.maximum) }))
            .collect()
    }

    /// Numbers that could do, from the fewest on.
    fn numbers(&self, zones: usize, work: &Work, limits: &Limits) -> Vec<usize> {
        let needed = |share: f64| share * self.source.capacity() * self.of as f64 / self.there.capacity();
        let fewest = fewest(self.of, zones, needed(work.mean));
        if self.number == Number::Follows {
            return vec![fewest.max((needed(1.0) - ROUNDING).ceil() as usize)];
        }
        // With fewer the past itself does not fit.
        let within = needed(work.high) / self.there.throughput_share(limits.processor);
        let first = fewest.max(within as usize);
        std::iter::successors(Some(first), |count| Some(count + (count / 10).max(1))).take(NUMBERS).collect()
    }

    /// What so many of it have in each dimension; `None`: less of something that was not measured, or nobody knows how much.
    fn room(
        &self,
        count: usize,
        machine: &Machine,
        memory: Option<f64>,
        limits: &Limits,
        without_volumes: bool,
    ) -> Option<BTreeMap<Dimension, f64>> {
        let (from, to) = (self.from, self.to);
        let mut room = BTreeMap::new();
        let processors = self.share(count, self.source.capacity(), self.there.capacity());
        room.insert(Dimension::Processor, self.there.throughput_share(limits.processor) * processors);
        match memory {
            Some(most) => {
                let each = (count as f64 / self.of as f64).min(1.0);
                let usable = usable_memory(to.memory_mib) / from.memory_mib * each;
                if most * LEAST_HEADROOM > usable {
                    return None;
                }
                room.insert(Dimension::Memory, usable * limits.memory);
            }
            None if to.memory_mib < from.memory_mib => return None,
            None => {}
        }
        for (dimension, here, there) in [
            (Dimension::NetworkIn, from.network_mbps, to.network_mbps),
            (Dimension::NetworkOut, from.network_mbps, to.network_mbps),
            (Dimension::EbsBandwidth, from.ebs_mbps, to.ebs_mbps),
            (Dimension::EbsOperations, from.ebs_iops, to.ebs_iops),
        ] {
            let volumes = matches!(dimension, Dimension::EbsBandwidth | Dimension::EbsOperations);
            if machine.demand(dimension).is_some() {
                room.insert(dimension, self.share(count, here?, there?) * limits.bandwidth);
            } else if !(volumes && without_volumes) {
                // Neither each of them nor all together may have less.
                let (here, there) = (here.unwrap_or(0.0), there.unwrap_or(0.0));
                if there < here || there * (count as f64) < here * self.of as f64 {
                    return None;
                }
            }
        }
        Some(room)
    }
}

impl Groups<'_> {
    /// A type in all numbers that cost less.
    fn offers(&self, target: &Target, known: &Known, machine: &Machine, work: &Work, swap: &Swap<'_>) -> Vec<Offer> {
        let Some(Paid { meter, hour }) = &known.paid else { return Vec::new() };
        let (from, to, limits) = (swap.from, swap.to, self.market.limits);
        let meter = meter.replacen(&from.name, &to.name, 1);
        let price = if to.name == from.name { Some(*hour) } else { self.market.price(&meter, target) };
        let Some(price) = price else { return Vec::new() };
        let offer = |count: usize| {
            let room = swap.room(count, machine, work.memory, limits, known.without_volumes)?;
            let baseline = swap.share(count, swap.source.capacity(), swap.there.demand(FLEX_BASELINE));
            Some(Offer {
                candidate: Candidate {
                    shape: to.name.clone(),
                    price: price * count as f64,
                    room,
                    burst: None,
                    steady: to.family().ends_with("-flex").then_some(baseline),
                    bursts: swap.bursts(count),
                },
                meter: meter.clone(),
                steps: swap.share(count, from.vcpus, to.vcpus).recip().log2(),
                change: change(from, to, &known.architecture),
                vcpus: to.vcpus / from.vcpus,
                memory: to.memory_mib / from.memory_mib,
                instances: Some(count as i64),
                less_cache: None,
                memory_basis: work.memory.is_none().then_some("not measured: each instance keeps what it has"),
            })
        };
        swap.numbers(known.zones, work, limits)
            .into_iter()
            .take_while(|count| price * (*count as f64) < machine.price)
            .filter_map(offer)
            .collect()
    }
}

/// The fewest instances in place of so many: those for each zone, and as many as do the work of `mean` full instances without one zone.
fn fewest(of: usize, zones: usize, mean: f64) -> usize {
    let zones = zones.min(of);
    let left = ((mean - ROUNDING).ceil() as usize).max(1);
    let without_one = if zones > 1 { (left * zones).div_ceil(zones - 1) } else { left };
    without_one.max(zones).max(of.min(LEAST_INSTANCES))
}

fn mean(points: &Points) -> f64 {
    let measured: Vec<f64> =
        points.values().iter().filter(|value| !value.is_nan()).map(|value| f64::from(*value)).collect();
    measured.iter().sum::<f64>() / measured.len().max(1) as f64
}

#[cfg(test)]
mod tests;
