//! Instances of EC2 with what they asked for, and the instance types that they could be.
//!
//! Knows: metrics of EC2 and of CloudWatch's agent, what an instance type has, which changes of type are possible at all. Does not
//! know: what is advised; prices only rank and are asked of whoever knows them.
//!
//! What was not measured must not get less: memory without the agent, volumes without metrics. Bandwidths are held to 80 percent of what
//! a type has for ever, since what it has "up to" is not promised.

use std::collections::{BTreeMap, HashMap};

use polars::prelude::{DataFrame, PolarsResult};

use super::paid::{Market, Paid};
use super::processor::{FLEX_BASELINE, Processor};
use super::shapes::{Service, Type, compared};
use super::subject::{Kind, LESS_MEMORY, Offer, Subject};
use super::{Bandwidth, Candidate, Dimension, Limits, Machine};
use crate::derive::series::{Measured, Series};
use crate::id::Target;

mod read;

use read::{Known, mean, measured, read_instances};
pub(super) use read::{MEMORY, Volumes, volume_series, wanted};

/// Memory that the kernel and agents take of any machine: a quarter of a GiB and 2 percent (ALGORITHMS 1.4).
const MEMORY_TAKEN_MIB: f64 = 256.0;
const MEMORY_TAKEN_SHARE: f64 = 0.02;
/// Memory beyond the greatest measured that a smaller type must have at least: a tenth (ALGORITHMS 1.6).
pub(super) const LEAST_HEADROOM: f64 = 1.10;
/// With one vCPU requests wait for each other and for what runs beside them, however fast it is: nothing that has two gets one.
pub(super) const LEAST_VCPUS: f64 = 2.0;

type Tables = BTreeMap<String, DataFrame>;

/// The instances of an account.
pub(super) struct Instances<'a> {
    market: &'a Market<'a>,
    known: HashMap<Target, Known>,
    /// Bytes and operations a second of the volumes of each instance; `None`: nobody asked for volumes.
    volumes: Option<HashMap<Target, Volumes>>,
}

impl<'a> Instances<'a> {
    /// `None`: nobody asked for instances.
    pub(super) fn new(tables: &Tables, market: &'a Market<'a>) -> PolarsResult<Option<Self>> {
        let (Some(instances), Some(metrics)) = (tables.get("ec2_instances"), tables.get("resource_metrics")) else {
            return Ok(None);
        };
        Ok(Some(Instances {
            market,
            known: read_instances(instances, tables.get("resource_monthly_costs")),
            volumes: tables.get("ebs_volumes").map(|volumes| volume_series(volumes, metrics)).transpose()?,
        }))
    }
}

impl Kind for Instances<'_> {
    fn wanted(&self) -> Vec<Measured> {
        wanted()
    }

    fn subject<'a>(&'a self, target: &Target, series: &BTreeMap<Measured, Series>) -> Option<Subject<'a>> {
        let known = self.known.get(target)?;
        let kind = self.market.types.get(&known.instance_type)?;
        let volumes = self.volumes.as_ref().map(|all| all.get(target));
        let read = measured(kind, series, volumes, self.market.limits);
        let stratum = if known.grouped { "members of Auto Scaling groups" } else { "single instances" };
        let without_volumes = volumes.is_some_and(|volumes| volumes.is_none());
        let place = target.clone();
        Some(Subject {
            machine: Machine {
                id: String::new(),
                strata: vec![stratum.to_owned(), "all instances".to_owned()],
                shape: kind.name.clone(),
                price: known.paid.as_ref().map_or(0.0, |paid| paid.hour),
                demands: read.demands,
                mean: mean(kind, series),
                candidates: Vec::new(),
            },
            meter: known.paid.as_ref().map(|paid| paid.meter.clone()),
            instances: None,
            measured_by: read.measured_by,
            censored: read.censored,
            counts: true,
            needs: &[Dimension::Processor],
            offers: Box::new(move |machine| self.offers(&place, known, kind, machine, without_volumes)),
        })
    }
}

impl Instances<'_> {
    /// The types that it could be, with what each has of what it has now.
    fn offers(
        &self,
        target: &Target,
        known: &Known,
        from: &Type,
        machine: &Machine,
        without_volumes: bool,
    ) -> Vec<Offer> {
        let (Some(Paid { meter, .. }), Some(own)) = (&known.paid, from.processor) else { return Vec::new() };
        let offer = |to: &Type| {
            let processor = to.processor?;
            let meter = meter.replacen(&from.name, &to.name, 1);
            let price = self.market.price(&meter, target)?;
            let (source, there) = compared(from, own, to, processor);
            let less = machine.demand(Dimension::Memory).is_none() && to.memory_mib < from.memory_mib;
            let room = room(machine, from, to, (source, there), self.market.limits, without_volumes)?;
            let burst = to.burst(source, there);
            let share = |utilization: f64| there.demand(utilization) / source.capacity();
            let steady = to.family().ends_with("-flex").then(|| share(FLEX_BASELINE));
            let candidate = Candidate { shape: to.name.clone(), price, room, burst, steady, bursts: bursts(from, to) };
            let offer = Offer::between(from, to, &known.architecture, meter, candidate);
            match offer.change {
                // What measuring the memory might show to be enough.
                "same family" | "same architecture" if less => Some(Offer {
                    change: LESS_MEMORY,
                    memory_basis: Some("not measured: only if it is enough"),
                    ..offer
                }),
                _ if less => None,
                _ => Some(offer),
            }
        };
        self.market.types.values().filter(|to| possible(from, to)).filter_map(offer).collect()
    }
}

/// What a type has in each dimension; `None`: it has less of something that was not measured, or nobody knows how much. Memory is no
/// part of it where it was not measured.
fn room(
    machine: &Machine,
    from: &Type,
    to: &Type,
    (source, there): (Processor, Processor),
    limits: &Limits,
    without_volumes: bool,
) -> Option<BTreeMap<Dimension, f64>> {
    let mut room = BTreeMap::new();
    room.insert(Dimension::Processor, there.demand(limits.processor) / source.capacity());
    if let Some(demand) = machine.demand(Dimension::Memory) {
        let usable = usable_memory(to.memory_mib) / from.memory_mib;
        if demand.points.most().unwrap_or(1.0) * LEAST_HEADROOM > usable {
            return None;
        }
        room.insert(Dimension::Memory, usable * limits.memory);
    }
    let ebs = |dimension| matches!(dimension, Dimension::EbsBandwidth | Dimension::EbsOperations);
    let mut bandwidth = |dimensions: &[Dimension], here: Option<f64>, there: Option<f64>| -> Option<()> {
        for dimension in dimensions {
            if machine.demand(*dimension).is_some() {
                room.insert(*dimension, there? * limits.bandwidth / here?);
            } else if there.unwrap_or(0.0) < here.unwrap_or(0.0) && !(without_volumes && ebs(*dimension)) {
                return None;
            }
        }
        Some(())
    };
    bandwidth(&[Dimension::NetworkIn, Dimension::NetworkOut], from.network_mbps, to.network_mbps)?;
    bandwidth(&[Dimension::EbsBandwidth], from.ebs_mbps, to.ebs_mbps)?;
    bandwidth(&[Dimension::EbsOperations], from.ebs_iops, to.ebs_iops)?;
    Some(room)
}

/// What a type has for a while beyond its baselines, in shares of the baselines of today.
pub(super) fn bursts(from: &Type, to: &Type) -> BTreeMap<Dimension, Bandwidth> {
    let here = [from.network_mbps, from.ebs_mbps, from.ebs_iops];
    let there = [to.network_mbps, to.ebs_mbps, to.ebs_iops];
    let of = |at: usize| {
        let (here, baseline, maximum) = (here[at]?, there[at]?, to.most[at]?);
        (maximum > baseline).then_some(Bandwidth { baseline: baseline / here, maximum: maximum / here })
    };
    let dimensions = [
        (Dimension::NetworkIn, 0),
        (Dimension::NetworkOut, 0),
        (Dimension::EbsBandwidth, 1),
        (Dimension::EbsOperations, 2),
    ];
    dimensions.into_iter().filter_map(|(dimension, at)| Some((dimension, of(at)?))).collect()
}

/// Memory that is left to work.
pub(super) fn usable_memory(mib: f64) -> f64 {
    mib * (1.0 - MEMORY_TAKEN_SHARE) - MEMORY_TAKEN_MIB
}

/// Whether an instance can be that type at all, whatever it needs.
pub(super) fn possible(from: &Type, to: &Type) -> bool {
    let local = from.local_gb == 0 || to.local_gb >= from.local_gb;
    let current = to.current || to.family() == from.family();
    to.name != from.name
        && to.service == Service::Instance
        && current
        && local
        && to.accelerators == from.accelerators
        && to.bare_metal == from.bare_metal
        && to.nitro == from.nitro
        && to.vcpus >= from.vcpus.min(LEAST_VCPUS)
}

#[cfg(test)]
mod tests;
