//! Nodes of ElastiCache (Redis OSS and Valkey) with what they asked for, and the node types that they could be.
//!
//! Knows: metrics of ElastiCache, that all nodes of a replication group have one type, that one thread runs all
//! commands. Does not know: cluster mode, parameter groups, which types a version or a global data store takes, what is
//! advised; Memcached, which does not report its memory and cannot change its type; data tiering, whose disks are not
//! measured.
//!
//! A type is chosen for a whole replication group: each need is the greatest of all its nodes, since a replica takes
//! over. What was not measured must not get less. A cache that throws out what it holds has use for any memory: nobody
//! knows how much it needs.

use std::collections::BTreeMap;

use polars::prelude::{DataFrame, PolarsResult};

use super::ec2::LEAST_VCPUS;
use super::measured::{Read, asked, by, first, full, megabits, scaled};
use super::paid::{Market, Paid};
use super::processor::Processor;
use super::shapes::{Service, Type, compared};
use super::subject::{Kind, Offer, Subject};
use super::{Candidate, Dimension, Limits, Machine};
use crate::derive::series::{Measured, Series};
use crate::id::Target;

mod read;

use read::{Cache, Caches, Node};

/// Memory beyond the greatest measured that a smaller type must have at least: a tenth (ALGORITHMS 1.6).
const LEAST_HEADROOM: f64 = 1.10;
/// A cache that is so full has whatever memory there is: the limit of the page elasticache-memory-high.
const FULL: f64 = 0.98;
/// Bytes of swap above which a node has too little memory already (ElastiCache user guide, "Which metrics should I
/// monitor?": 50 MB).
const MOST_SWAP: f64 = 50e6;
/// Of nodes with fewer vCPUs than four the host's processors say whether the engine has enough: nine tenths of one of
/// them (the same page: 90 percent over the number of cores, 45 percent of two).
const ENGINE_ON_HOST: f64 = 0.90;
const FEW_VCPUS: f64 = 4.0;
/// Utilization of two threads of which one has a core for itself.
const ONE_OF_TWO: f64 = 0.5;

const PROCESSOR: [Measured; 2] = [("CPUUtilization", "Maximum"), ("CPUUtilization", "Average")];
const ENGINE: [Measured; 2] = [("EngineCPUUtilization", "Maximum"), ("EngineCPUUtilization", "Average")];
const MEMORY: [Measured; 2] =
    [("DatabaseMemoryUsagePercentage", "Maximum"), ("DatabaseMemoryUsagePercentage", "Average")];
const EVICTIONS: Measured = ("Evictions", "Sum");
const SWAP: Measured = ("SwapUsage", "Maximum");
/// By direction the bytes, and the packets that were held back or dropped because there was no bandwidth left.
const NETWORK: [(Dimension, Measured, Measured); 2] = [
    (Dimension::NetworkIn, ("NetworkBytesIn", "Sum"), ("NetworkBandwidthInAllowanceExceeded", "Sum")),
    (Dimension::NetworkOut, ("NetworkBytesOut", "Sum"), ("NetworkBandwidthOutAllowanceExceeded", "Sum")),
];
const CREDITS: Measured = ("CPUCreditBalance", "Minimum");

/// What is read of a node.
pub(super) const WANTED: [Measured; 13] = [
    PROCESSOR[0],
    PROCESSOR[1],
    ENGINE[0],
    ENGINE[1],
    MEMORY[0],
    MEMORY[1],
    EVICTIONS,
    SWAP,
    NETWORK[0].1,
    NETWORK[0].2,
    NETWORK[1].1,
    NETWORK[1].2,
    CREDITS,
];

/// The caches of an account.
pub(super) struct ElastiCache<'a> {
    market: &'a Market<'a>,
    caches: Caches,
}

impl<'a> ElastiCache<'a> {
    /// `None`: nobody asked for caches.
    pub(super) fn new(tables: &BTreeMap<String, DataFrame>, market: &'a Market<'a>) -> PolarsResult<Option<Self>> {
        let (Some(clusters), Some(metrics)) = (tables.get("elasticache_clusters"), tables.get("resource_metrics"))
        else {
            return Ok(None);
        };
        let caches = Caches::read(clusters, tables.get("resource_monthly_costs"), metrics)?;
        Ok(Some(ElastiCache { market, caches }))
    }
}

impl Kind for ElastiCache<'_> {
    fn wanted(&self) -> Vec<Measured> {
        WANTED.to_vec()
    }

    fn subject<'a>(&'a self, target: &Target, _: &BTreeMap<Measured, Series>) -> Option<Subject<'a>> {
        let node = self.caches.nodes.get(target)?;
        let cache = self.caches.caches.get(&node.cache)?;
        let kind = self.market.types.get(cache.node_type.as_ref()?)?;
        let own = kind.processor?;
        // How full the disks of data tiering are is not measured here.
        if kind.local_gb > 0 {
            return None;
        }
        let read = measured(cache, kind, own, self.market.limits);
        let place = target.clone();
        let offers_of = From { node, cache, kind, own, limits: self.market.limits };
        Some(Subject {
            machine: Machine {
                id: String::new(),
                strata: vec![format!("caches: {}", node.engine), "caches".to_owned()],
                shape: kind.name.clone(),
                price: cache.hour,
                demands: read.demands,
                mean: cache.series.get(&PROCESSOR[1]).map(|series| asked(series, own)),
                candidates: Vec::new(),
            },
            meter: node.paid.as_ref().map(|paid| paid.meter.clone()),
            instances: None,
            measured_by: read.measured_by,
            censored: read.censored,
            counts: node.first,
            needs: &[Dimension::Processor],
            offers: Box::new(move |machine| {
                let offer = |to: &Type| offers_of.offer(self.market, &place, machine, to);
                self.market.types.values().filter(|to| possible(kind, to)).filter_map(offer).collect()
            }),
        })
    }
}

/// What was measured of a cache, in shares of what a node has.
fn measured(cache: &Cache, kind: &Type, own: Processor, limits: &Limits) -> Read {
    let mut read = Read::default();
    let series = &cache.series;
    let above = |name: &Measured, limit: f64| {
        series.get(name).and_then(|series| series.points.most()).is_some_and(|most| most > limit)
    };
    if let Some((name, series)) = first(series, &PROCESSOR) {
        read.censor(Dimension::Processor, full(series));
        let room = own.throughput_share(host_limit(kind, limits));
        read.add(Dimension::Processor, by(name, series), asked(series, own), room);
    }
    // They run in standard mode: without credits a node got its baseline. Of T2 there is no such metric.
    read.censor(Dimension::Processor, kind.credits.is_some() && cache.least_credits.is_none_or(|least| least <= 0.0));
    if let Some((name, series)) = first(series, &ENGINE) {
        read.censor(Dimension::EngineThread, full(series));
        let room = limits.of(Dimension::EngineThread);
        read.add(Dimension::EngineThread, by(name, series), scaled(series, 0.01), room);
    }
    if let Some((name, series)) = first(series, &MEMORY) {
        let points = scaled(series, 0.01);
        let holds = points.most().is_some_and(|most| most >= FULL) || above(&EVICTIONS, 0.0) || above(&SWAP, MOST_SWAP);
        read.censor(Dimension::Memory, holds);
        read.add(Dimension::Memory, by(name, series), points, limits.memory);
    }
    for (dimension, bytes, held_back) in NETWORK {
        if let (Some(series), Some(of)) = (series.get(&bytes), kind.network_mbps) {
            read.censor(dimension, above(&held_back, 0.0));
            read.add(dimension, by(bytes, series), scaled(series, megabits(series) / of), limits.bandwidth);
        }
    }
    read
}

/// Utilization of all processors of a node up to which its engine has enough of them.
fn host_limit(kind: &Type, limits: &Limits) -> f64 {
    let engine = if kind.vcpus < FEW_VCPUS { ENGINE_ON_HOST / kind.vcpus } else { 1.0 };
    limits.processor.min(engine)
}

/// What one thread does alone, in vCPUs of a fully busy m5: φ·γ/0.5. Where two vCPUs are two threads of a core, one of
/// them alone does more than half of what both do. The families as their benchmarks have them, not as slow and as fast
/// as they might be: those ranges are of whole machines.
fn alone(processor: Processor) -> f64 {
    processor.throughput * processor.throughput_share(ONE_OF_TWO) / ONE_OF_TWO
}

/// Whether a node can be that type at all, whatever it needs. Types with disks are for data tiering, which a group has
/// from its first day.
fn possible(from: &Type, to: &Type) -> bool {
    to.name != from.name
        && to.service == Service::Cache
        && (to.current || to.family() == from.family())
        && to.local_gb == from.local_gb
        && to.vcpus >= from.vcpus.min(LEAST_VCPUS)
}

/// A node beside the types that its cache could have.
struct From<'a> {
    node: &'a Node,
    cache: &'a Cache,
    kind: &'a Type,
    own: Processor,
    limits: &'a Limits,
}

impl From<'_> {
    fn offer(&self, market: &Market<'_>, place: &Target, machine: &Machine, to: &Type) -> Option<Offer> {
        let Paid { meter, .. } = self.node.paid.as_ref().filter(|paid| paid.meter.contains(&self.kind.name))?;
        let meter = meter.replacen(&self.kind.name, &to.name, 1);
        let price = market.price(&meter, place)? * self.cache.paid;
        let (source, there) = compared(self.kind, self.own, to, to.processor?);
        let room = self.room(machine, to, (source, there))?;
        let burst = to.burst(source, there);
        let architecture = self.kind.architectures.first().map_or("", String::as_str);
        let candidate = Candidate { shape: to.name.clone(), price, room, burst, steady: None, bursts: BTreeMap::new() };
        // All that it holds fits.
        Some(Offer { less_cache: Some(false), ..Offer::between(self.kind, to, architecture, meter, candidate) })
    }

    /// What a type has in each dimension; `None`: it has less of something that was not measured, or nobody knows how
    /// much.
    fn room(
        &self,
        machine: &Machine,
        to: &Type,
        (source, there): (Processor, Processor),
    ) -> Option<BTreeMap<Dimension, f64>> {
        let mut room = BTreeMap::new();
        room.insert(Dimension::Processor, there.demand(host_limit(to, self.limits)) / source.capacity());
        let thread = alone(to.processor?) / alone(self.own);
        if machine.demand(Dimension::EngineThread).is_some() {
            room.insert(Dimension::EngineThread, self.limits.of(Dimension::EngineThread) * thread);
        } else if thread < 1.0 {
            return None;
        }
        // The share that is reserved for copies is the same of all types (a quarter, in the default parameter groups),
        // so that it cancels.
        let memory = to.memory_mib / self.kind.memory_mib;
        match machine.demand(Dimension::Memory) {
            Some(demand) if demand.points.most().unwrap_or(1.0) * LEAST_HEADROOM > memory => return None,
            Some(_) => {
                room.insert(Dimension::Memory, self.limits.memory * memory);
            }
            None if memory < 1.0 => return None,
            None => {}
        }
        for (dimension, ..) in NETWORK {
            if machine.demand(dimension).is_some() {
                room.insert(dimension, to.network_mbps? * self.limits.bandwidth / self.kind.network_mbps?);
            } else if to.network_mbps.unwrap_or(0.0) < self.kind.network_mbps.unwrap_or(0.0) {
                return None;
            }
        }
        Some(room)
    }
}

#[cfg(test)]
mod tests;
