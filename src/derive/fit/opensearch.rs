//! Domains of OpenSearch Service with what they asked for, and the types and numbers of data nodes that they could
//! have.
//!
//! Knows: metrics of a domain, how much of a node is heap, how many shards that bears, which volumes a type takes. Does
//! not know: how shards are spread, how many copies an index has, in how many zones the nodes are, the network (not
//! measured), what is advised; masters, warm and cold nodes and burstable types (whose credits are not measured).
//!
//! One step at a time: fewer nodes of the same type, or as many of another with no less than half of the processors. More
//! nodes of the same type are for growth.
//! The busiest node and the fullest stand for all. Volumes stay as large as they are. What was not measured must not
//! get less.

use std::collections::{BTreeMap, HashMap};
use std::iter::successors;

use polars::prelude::{DataFrame, PolarsResult};

use super::ec2::LEAST_VCPUS;
use super::paid::Market;
use super::processor::Processor;
use super::shapes::{Service, Type, change, compared};
use super::subject::{Kind, Offer, Subject};
use super::{Candidate, Dimension, Limits, Machine};
use crate::derive::series::{Measured, Series};
use crate::id::Target;

mod read;

pub(super) use read::WANTED;
use read::{Domain, NODES, SHARDS, domains, measured, steady, volume_limit};

/// Heap of a node: half of its memory, at most 32 GiB (OpenSearch Service developer guide, JVMMemoryPressure).
const HEAP_SHARE: f64 = 0.5;
const MOST_HEAP_MIB: f64 = 32.0 * MIB_PER_GIB;
/// Shards that a GiB of heap and that a node should have at most (the same guide, "Choosing the number of shards").
const SHARDS_PER_GIB: f64 = 25.0;
const SHARDS_PER_NODE: f64 = 1000.0;
/// Steps that are tried to more nodes: four times as many and more.
const STEPS: usize = 20;
/// Fewer data nodes cannot lose one: without dedicated masters they elect one of themselves, and two cannot outvote
/// one.
const LEAST_NODES: i64 = 3;
const LEAST_NODES_BESIDE_MASTERS: i64 = 2;
const MIB_PER_GIB: f64 = 1024.0;

/// The domains of an account.
pub(super) struct OpenSearch<'a> {
    market: &'a Market<'a>,
    known: HashMap<Target, Domain>,
}

impl<'a> OpenSearch<'a> {
    /// `None`: nobody asked for domains.
    pub(super) fn new(tables: &BTreeMap<String, DataFrame>, market: &'a Market<'a>) -> PolarsResult<Option<Self>> {
        let known = tables.get("opensearch_domains").map(|all| domains(all, tables.get("resource_monthly_costs")));
        Ok(known.map(|known| OpenSearch { market, known }))
    }
}

impl Kind for OpenSearch<'_> {
    fn wanted(&self) -> Vec<Measured> {
        WANTED.to_vec()
    }

    fn subject<'a>(&'a self, target: &Target, series: &BTreeMap<Measured, Series>) -> Option<Subject<'a>> {
        let domain = self.known.get(target)?;
        let kind = self.market.types.get(&domain.node_type)?;
        let own = kind.processor.filter(|_| kind.credits.is_none() && kind.local_gb == 0)?;
        if !steady(&series.get(&NODES)?.points) {
            return None;
        }
        let read = measured(domain, kind, own, series, self.market.limits);
        let shards = series.get(&SHARDS).and_then(|shards| shards.points.most());
        let place = target.clone();
        let offers_of = From { domain, kind, own, shards, limits: self.market.limits };
        Some(Subject {
            machine: Machine {
                id: String::new(),
                strata: vec!["search domains".to_owned()],
                shape: kind.name.clone(),
                price: domain.paid.as_ref().map_or(0.0, |paid| paid.hour * domain.nodes as f64),
                demands: read.demands,
                mean: None,
                candidates: Vec::new(),
            },
            meter: domain.paid.as_ref().map(|paid| paid.meter.clone()),
            instances: Some(domain.nodes),
            measured_by: read.measured_by,
            censored: read.censored,
            counts: true,
            needs: &[Dimension::Processor],
            offers: Box::new(move |machine| {
                let others = self.market.types.values().filter(|to| possible(kind, to));
                let other = |to: &Type| offers_of.another_type(self.market, &place, machine, to);
                others.filter_map(other).chain(offers_of.fewer(machine)).chain(offers_of.more(machine)).collect()
            }),
        })
    }
}

/// Whether the nodes of a domain can be of that type at all, whatever they need. Types with disks take no volumes.
fn possible(from: &Type, to: &Type) -> bool {
    to.name != from.name
        && to.service == Service::Search
        && (to.current || to.family() == from.family())
        && to.local_gb == 0
        && to.credits.is_none()
        && to.vcpus >= from.vcpus.min(LEAST_VCPUS)
        && to.vcpus * 2.0 >= from.vcpus
}

fn heap_mib(kind: &Type) -> f64 {
    (kind.memory_mib * HEAP_SHARE).min(MOST_HEAP_MIB)
}

/// How many nodes go at once. A domain in several zones has as many in each; whether it is in two or three nobody
/// tells, but its number may.
fn step(nodes: i64, in_zones: bool) -> Option<i64> {
    if in_zones { [6, 3, 2].into_iter().find(|zones| nodes % zones == 0) } else { Some(1) }
}

/// A domain beside what it could be.
struct From<'a> {
    domain: &'a Domain,
    kind: &'a Type,
    own: Processor,
    /// The most shards that it had.
    shards: Option<f64>,
    limits: &'a Limits,
}

impl From<'_> {
    /// As many nodes of another type.
    fn another_type(&self, market: &Market<'_>, place: &Target, machine: &Machine, to: &Type) -> Option<Offer> {
        let limit = volume_limit(&to.name, self.domain.volume_type.as_deref());
        if self.domain.volume_gib? > limit? {
            return None;
        }
        let meter = read::meter(&to.name);
        let price = market.price(&meter, place)?;
        self.domain.paid.as_ref()?;
        let processors = compared(self.kind, self.own, to, to.processor?);
        self.offer(machine, to, processors, self.domain.nodes, meter, price)
    }

    /// Fewer nodes of the same type.
    fn fewer(&self, machine: &Machine) -> Option<Offer> {
        let nodes = self.domain.nodes - step(self.domain.nodes, self.domain.in_zones?)?;
        let least = if self.domain.masters { LEAST_NODES_BESIDE_MASTERS } else { LEAST_NODES };
        let paid = self.domain.paid.as_ref().filter(|_| nodes >= least)?;
        self.offer(machine, self.kind, (self.own, self.own), nodes, paid.meter.clone(), paid.hour)
    }

    /// More nodes of the same type: a tenth or a step more each time. Their volumes are not in the price.
    fn more(&self, machine: &Machine) -> Vec<Offer> {
        let (Some(paid), Some(in_zones)) = (&self.domain.paid, self.domain.in_zones) else { return Vec::new() };
        let Some(step) = step(self.domain.nodes, in_zones) else { return Vec::new() };
        let next = |nodes: &i64| Some(nodes + (nodes / 10 / step).max(1) * step);
        let offer = |nodes| self.offer(machine, self.kind, (self.own, self.own), nodes, paid.meter.clone(), paid.hour);
        successors(next(&self.domain.nodes), next).take(STEPS).filter_map(offer).collect()
    }

    fn offer(
        &self,
        machine: &Machine,
        to: &Type,
        (source, there): (Processor, Processor),
        nodes: i64,
        meter: String,
        price: f64,
    ) -> Option<Offer> {
        let count = nodes as f64;
        let of = count / self.domain.nodes as f64;
        let memory = of * to.memory_mib / self.kind.memory_mib;
        let room = self.room(machine, to, (source, there), count, of, memory)?;
        let architecture = self.kind.architectures.first().map_or("", String::as_str);
        let heap = machine.demand(Dimension::Heap).is_some();
        Some(Offer {
            candidate: Candidate {
                shape: to.name.clone(),
                price: price * count,
                room,
                burst: None,
                steady: None,
                bursts: BTreeMap::new(),
            },
            meter,
            steps: (self.kind.vcpus / to.vcpus / of).log2(),
            change: change(self.kind, to, architecture),
            vcpus: of * to.vcpus / self.kind.vcpus,
            memory,
            instances: Some(nodes),
            // What is not heap keeps what was read from the volumes.
            less_cache: Some(memory < 1.0),
            memory_basis: Some(if heap {
                "measured: the live part of the heap"
            } else {
                "not measured: no less heap than today"
            }),
        })
    }

    /// What so many nodes of a type have in each dimension, of what the nodes of today have; `None`: less of something
    /// that was not measured, or not enough of something.
    fn room(
        &self,
        machine: &Machine,
        to: &Type,
        (source, there): (Processor, Processor),
        nodes: f64,
        of: f64,
        memory: f64,
    ) -> Option<BTreeMap<Dimension, f64>> {
        let limits = self.limits;
        let mut room = BTreeMap::new();
        room.insert(Dimension::Processor, of * there.demand(limits.processor) / source.capacity());
        // After the loss of a node the others have to do all of it, though at full processors.
        let left = of * (nodes - 1.0) / nodes * there.capacity() / source.capacity();
        if machine.demand(Dimension::Processor)?.points.need(limits.budget)? > left {
            return None;
        }
        let heap = of * heap_mib(to) / heap_mib(self.kind);
        if heap < 1.0 && self.shards? > nodes * (heap_mib(to) / MIB_PER_GIB * SHARDS_PER_GIB).min(SHARDS_PER_NODE) {
            return None;
        }
        // Nobody waits for these two: what is over the limit once is too much.
        for (dimension, share) in [(Dimension::Heap, heap), (Dimension::Storage, of)] {
            let there = limits.of(dimension) * share;
            match machine.demand(dimension) {
                Some(demand) if share < 1.0 && demand.points.most()? > there => return None,
                Some(_) => {
                    room.insert(dimension, there);
                }
                None if share < 1.0 => return None,
                None => {}
            }
        }
        // Less memory keeps less of what is read. Reads are taken to grow as it shrinks, and writes with them: the past
        // so enlarged has to fit.
        let more = (1.0 / memory).max(1.0);
        let ebs = [
            (Dimension::EbsBandwidth, self.kind.ebs_mbps, to.ebs_mbps),
            (Dimension::EbsOperations, self.kind.ebs_iops, to.ebs_iops),
        ];
        for (dimension, here, there) in ebs {
            if let Some(demand) = machine.demand(dimension) {
                let there = of * there? / here? * limits.of(dimension);
                if demand.points.most()? * more > there {
                    return None;
                }
                room.insert(dimension, there);
            } else if of * there.unwrap_or(0.0) < here.unwrap_or(0.0) * more {
                return None;
            }
        }
        Some(room)
    }
}

#[cfg(test)]
mod tests;
