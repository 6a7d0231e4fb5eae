//! Databases of RDS and Aurora with what they asked for, and the classes that they could be.
//!
//! Knows: metrics of RDS, what a class has, what each engine keeps in memory, default limits of connections. Does not know: which
//! versions run on which processors (the page), parameter groups, what is advised.
//!
//! Memory is the hard part. MySQL and MariaDB keep pages in a pool of their own: as long as that was never full, what was used says all.
//! PostgreSQL leaves pages to the kernel, which calls them free: there less memory is enough only where all data fits into it, or
//! (`less_cache`) where the disks could bear what is then read again. What other engines do with less nobody can tell from outside.

use std::collections::BTreeMap;

use polars::prelude::{DataFrame, PolarsResult};

use super::ec2::LEAST_VCPUS;
use super::measured::{Read, added, asked, by, first, full, scaled, shares};
use super::paid::{Market, Paid};
use super::processor::Processor;
use super::shapes::{Service, Type, compared};
use super::subject::{Kind, Offer, Subject};
use super::{Candidate, Dimension, Limits, Machine};
use crate::derive::series::{Measured, Series};
use crate::id::Target;

mod engine;
mod read;

use engine::{Engine, Keeps};
use read::{Database, Databases};

/// Memory beyond the most used that a smaller class must have at least: a tenth (ALGORITHMS 1.6).
const LEAST_HEADROOM: f64 = 1.10;
/// Balance of burst in percent at which the class itself held back its disks: there is none left.
const NO_BALANCE: f64 = 1.0;

const PROCESSOR: [Measured; 2] = [("CPUUtilization", "Maximum"), ("CPUUtilization", "Average")];
const FREE_MEMORY: Measured = ("FreeableMemory", "Minimum");
const CONNECTIONS: Measured = ("DatabaseConnections", "Maximum");
const BYTES: [Measured; 2] = [("ReadThroughput", "Maximum"), ("WriteThroughput", "Maximum")];
const OPERATIONS: [Measured; 2] = [("ReadIOPS", "Maximum"), ("WriteIOPS", "Maximum")];
const NETWORK: [(Dimension, Measured); 2] = [
    (Dimension::NetworkIn, ("NetworkReceiveThroughput", "Maximum")),
    (Dimension::NetworkOut, ("NetworkTransmitThroughput", "Maximum")),
];
const CREDITS: Measured = ("CPUCreditBalance", "Minimum");
const BALANCES: [(Dimension, Measured); 2] = [
    (Dimension::EbsOperations, ("EBSIOBalance%", "Minimum")),
    (Dimension::EbsBandwidth, ("EBSByteBalance%", "Minimum")),
];
const FREE_STORAGE: Measured = ("FreeStorageSpace", "Minimum");

/// What is read of a database.
pub(super) const WANTED: [Measured; 15] = [
    PROCESSOR[0],
    PROCESSOR[1],
    FREE_MEMORY,
    CONNECTIONS,
    BYTES[0],
    BYTES[1],
    OPERATIONS[0],
    OPERATIONS[1],
    NETWORK[0].1,
    NETWORK[1].1,
    CREDITS,
    BALANCES[0].1,
    BALANCES[1].1,
    FREE_STORAGE,
    read::VOLUME,
];

const BYTES_PER_MIB: f64 = 1_048_576.0;
const MEGABITS_PER_BYTE: f64 = 8.0 / 1e6;

/// The databases of an account.
pub(super) struct Rds<'a> {
    market: &'a Market<'a>,
    databases: Databases,
}

impl<'a> Rds<'a> {
    /// `None`: nobody asked for databases.
    pub(super) fn new(tables: &BTreeMap<String, DataFrame>, market: &'a Market<'a>) -> PolarsResult<Option<Self>> {
        let databases = Databases::read(tables)?;
        Ok(databases.map(|databases| Rds { market, databases }))
    }
}

impl Kind for Rds<'_> {
    fn wanted(&self) -> Vec<Measured> {
        WANTED.to_vec()
    }

    fn subject<'a>(&'a self, target: &Target, series: &BTreeMap<Measured, Series>) -> Option<Subject<'a>> {
        let database = self.databases.known.get(target)?;
        let kind = self.market.types.get(&database.class)?;
        let own = kind.processor?;
        let series = self.databases.may_take_over(database, series);
        let read = measured(database, kind, own, &series, self.market.limits);
        let data = self.databases.data(database, &series);
        let used = series
            .get(&FREE_MEMORY)
            .and_then(|free| free.points.least())
            .map(|free| (1.0 - free / BYTES_PER_MIB / kind.memory_mib).max(0.0));
        let place = target.clone();
        Some(Subject {
            machine: Machine {
                id: String::new(),
                strata: vec![format!("databases: {}", database.engine_name), "databases".to_owned()],
                shape: kind.name.clone(),
                price: database.paid.as_ref().map_or(0.0, |paid| paid.hour),
                mean: series.get(&PROCESSOR[1]).map(|series| asked(series, own)),
                demands: read.demands,
                candidates: Vec::new(),
            },
            meter: database.paid.as_ref().map(|paid| paid.meter.clone()),
            instances: None,
            measured_by: read.measured_by,
            censored: read.censored,
            counts: !self.databases.follows(database),
            needs: &[Dimension::Processor],
            offers: Box::new(move |machine| {
                let of = From { database, kind, own, used, data, limits: self.market.limits };
                let offer = |to: &Type| of.offer(self.market, &place, machine, to);
                self.market.types.values().filter(|to| possible(kind, to)).filter_map(offer).collect()
            }),
        })
    }
}

/// What was measured of a database, in shares of what its class has.
fn measured(
    database: &Database,
    kind: &Type,
    own: Processor,
    series: &BTreeMap<Measured, Series>,
    limits: &Limits,
) -> Read {
    let mut read = Read::default();
    if let Some((name, found)) = first(series, &PROCESSOR) {
        read.censor(Dimension::Processor, full(found));
        let room = own.throughput_share(limits.processor);
        read.add(Dimension::Processor, by(name, found), asked(found, own), room);
    }
    let empty = |name: &Measured, most: f64| {
        series.get(name).and_then(|series| series.points.least()).is_some_and(|least| least <= most)
    };
    read.censor(Dimension::Processor, kind.credits.is_some() && empty(&CREDITS, 0.0));
    if let Some(free) = series.get(&FREE_MEMORY) {
        let share = |free: f64| (1.0 - free / BYTES_PER_MIB / kind.memory_mib).max(0.0);
        read.add(Dimension::Memory, by(FREE_MEMORY, free), shares(free, share), limits.memory);
    }
    if let (Some(open), Some(limit)) = (series.get(&CONNECTIONS), database.engine.connections(kind.memory_mib)) {
        // More than the default: somebody has set another limit, and nobody here knows which.
        if open.points.most().is_some_and(|most| most <= limit) {
            let room = limits.of(Dimension::Connections);
            read.add(Dimension::Connections, by(CONNECTIONS, open), scaled(open, 1.0 / limit), room);
        }
    }
    for (dimension, name) in NETWORK {
        if let (Some(bytes), Some(of)) = (series.get(&name), kind.network_mbps) {
            read.add(dimension, by(name, bytes), scaled(bytes, MEGABITS_PER_BYTE / of), limits.bandwidth);
        }
    }
    // The volume of an Aurora cluster is no disk of the class.
    if !database.aurora() {
        let both = |names: [Measured; 2]| {
            let [one, other] = names.map(|name| series.get(&name).cloned());
            Some(added(one?, other?))
        };
        if let (Some(bytes), Some(of)) = (both(BYTES), kind.ebs_mbps) {
            let points = scaled(&bytes, MEGABITS_PER_BYTE / of);
            read.add(Dimension::EbsBandwidth, by(BYTES[0], &bytes), points, limits.bandwidth);
        }
        if let (Some(operations), Some(of)) = (both(OPERATIONS), kind.ebs_iops) {
            let points = scaled(&operations, 1.0 / of);
            read.add(Dimension::EbsOperations, by(OPERATIONS[0], &operations), points, limits.bandwidth);
        }
        for (dimension, name) in BALANCES {
            read.censor(dimension, empty(&name, NO_BALANCE));
        }
    }
    read
}

/// Whether a database can be that class at all, whatever it needs. Classes with further words in their names (`.tpc`, `.mem`) are made
/// for one engine's licence.
fn possible(from: &Type, to: &Type) -> bool {
    to.name != from.name
        && to.service == Service::Database
        && (to.current || to.family() == from.family())
        && (from.local_gb == 0 || to.local_gb >= from.local_gb)
        && to.vcpus >= from.vcpus.min(LEAST_VCPUS)
        && to.name.matches('.').count() == 2
}

/// A database beside the classes that it could be.
struct From<'a> {
    database: &'a Database,
    kind: &'a Type,
    own: Processor,
    /// The most memory that was used, of what it has.
    used: Option<f64>,
    /// The most data that it held, in MiB.
    data: Option<f64>,
    limits: &'a Limits,
}

/// How less memory is known to be enough.
struct Memory {
    /// What there is of it, where the figure of what was used says all.
    room: Option<f64>,
    basis: &'static str,
    /// How many times as much may be read from the disks.
    reads: f64,
}

impl From<'_> {
    fn offer(&self, market: &Market<'_>, place: &Target, machine: &Machine, to: &Type) -> Option<Offer> {
        let Paid { meter, .. } = self.database.paid.as_ref()?;
        let meter = meter.replacen(&self.kind.name, &to.name, 1);
        let price = market.price(&meter, place)?;
        let (source, there) = compared(self.kind, self.own, to, to.processor?);
        let memory = self.memory(to.memory_mib)?;
        let mut room =
            BTreeMap::from([(Dimension::Processor, there.demand(self.limits.processor) / source.capacity())]);
        room.extend(memory.room.map(|room| (Dimension::Memory, room)));
        if machine.demand(Dimension::Connections).is_some() {
            let [here, there] = [self.kind, to].map(|kind| self.database.engine.connections(kind.memory_mib));
            room.insert(Dimension::Connections, self.limits.of(Dimension::Connections) * there? / here?);
        }
        let mut bandwidth = |dimension: Dimension, here: Option<f64>, there: Option<f64>, times: f64| -> Option<()> {
            if machine.demand(dimension).is_some() {
                room.insert(dimension, there? * self.limits.bandwidth / here? / times);
            } else if there.unwrap_or(0.0) < here.unwrap_or(0.0) {
                return None;
            }
            Some(())
        };
        bandwidth(Dimension::NetworkIn, self.kind.network_mbps, to.network_mbps, 1.0)?;
        bandwidth(Dimension::NetworkOut, self.kind.network_mbps, to.network_mbps, 1.0)?;
        if !self.database.aurora() {
            bandwidth(Dimension::EbsBandwidth, self.kind.ebs_mbps, to.ebs_mbps, memory.reads)?;
            bandwidth(Dimension::EbsOperations, self.kind.ebs_iops, to.ebs_iops, memory.reads)?;
        }
        let burst = to.burst(source, there);
        let architecture = self.kind.architectures.first().map_or("", String::as_str);
        let candidate = Candidate { shape: to.name.clone(), price, room, burst, steady: None, bursts: BTreeMap::new() };
        Some(Offer {
            less_cache: Some(memory.reads > 1.0),
            memory_basis: Some(memory.basis),
            ..Offer::between(self.kind, to, architecture, meter, candidate)
        })
    }

    /// Whether that much memory is enough; `None`: it is not, or nobody can tell.
    fn memory(&self, mib: f64) -> Option<Memory> {
        let share = mib / self.kind.memory_mib;
        let Engine { keeps, .. } = self.database.engine;
        let own_pool = keeps == Keeps::Pool;
        if share >= 1.0 {
            let room = (own_pool && self.used.is_some()).then_some(self.limits.memory * share);
            return Some(Memory { room, basis: "no less memory than today", reads: 1.0 });
        }
        let used = self.used.filter(|_| keeps != Keeps::Fixed)?;
        let pool = self.database.pool();
        let fits = self.data.is_some_and(|data| data <= engine::data_share(self.database.aurora()) * mib);
        if fits && (used - pool).max(0.0) <= self.limits.memory * (1.0 - pool) * share {
            return Some(Memory { room: None, basis: "all of its data fits into the memory", reads: 1.0 });
        }
        if own_pool {
            // A pool that was full has used three quarters and more, and never fits into half.
            return (used * LEAST_HEADROOM <= share).then_some(Memory {
                room: Some(self.limits.memory * share),
                basis: "measured: its pool of pages was never full",
                reads: 1.0,
            });
        }
        // As much as is used beside the kernel's pages has to fit in any case. What is read again is in proportion to the memory that
        // is gone, more cautious than the usual square root.
        let fits = !self.database.aurora() && used * LEAST_HEADROOM <= share * self.limits.memory;
        fits.then_some(Memory {
            room: None,
            basis: "less for pages that are read again, which the disks are reckoned to bear",
            reads: 1.0 / share,
        })
    }
}

#[cfg(test)]
mod tests;
