//! What the tables and the metrics say of domains, and which volumes a type takes.
//!
//! Knows: columns, metrics, meters, the largest volumes. Does not know: what fits.

use std::collections::{BTreeMap, HashMap};

use polars::prelude::DataFrame;
use rust_decimal::prelude::ToPrimitive;

use super::MIB_PER_GIB;
use crate::derive::baseline::targets;
use crate::derive::fit::measured::{Read, added, asked, by, full, shares};
use crate::derive::fit::need::{Points, quantile};
use crate::derive::fit::paid::{Paid, paid};
use crate::derive::fit::processor::Processor;
use crate::derive::fit::shapes::Type;
use crate::derive::fit::{Dimension, Limits};
use crate::derive::series::{Measured, Series};
use crate::id::Target;
use crate::table::read::{columns_of, integers, numbers};

const PROCESSOR: Measured = ("CPUUtilization", "Maximum");
/// What the collector cannot throw away; the pressure on the whole heap goes up and down with the collector and is no
/// need.
const HEAP: Measured = ("OldGenJVMMemoryPressure", "Maximum");
/// Of the fullest node, in MiB.
const FREE_STORAGE: Measured = ("FreeStorageSpace", "Minimum");
pub(super) const SHARDS: Measured = ("Shards.active", "Maximum");
/// Nodes of all kinds.
pub(super) const NODES: Measured = ("Nodes", "Minimum");
/// Counted since a node started.
const REJECTED: [Measured; 2] = [("ThreadpoolSearchRejected", "Maximum"), ("ThreadpoolWriteRejected", "Maximum")];
/// Bytes a second, of the busiest node.
const BYTES: [Measured; 2] = [("ReadThroughput", "Maximum"), ("WriteThroughput", "Maximum")];
const OPERATIONS: [Measured; 2] = [("ReadIOPS", "Maximum"), ("WriteIOPS", "Maximum")];

/// What is read of a domain.
pub(in crate::derive::fit) const WANTED: [Measured; 11] = [
    PROCESSOR,
    HEAP,
    FREE_STORAGE,
    SHARDS,
    NODES,
    REJECTED[0],
    REJECTED[1],
    BYTES[0],
    BYTES[1],
    OPERATIONS[0],
    OPERATIONS[1],
];

/// Shares of the points: between them the number of nodes must not differ, or what was asked of one node was asked of
/// others as well.
const STEADY: (f64, f64) = (0.1, 0.9);
const MEGABITS_PER_BYTE: f64 = 8.0 / 1e6;

/// What the names of all types end in; those of domains from before OpenSearch end in the other.
const SUFFIX: &str = ".search";
const OLD_SUFFIX: &str = ".elasticsearch";

/// The largest volume in GiB of types that AWS lists, of gp2 and of gp3 (head of the file).
const VOLUMES: &str = include_str!("volumes.csv");
/// Of types that are not listed there, as those of later generations: the least that any listed type takes which is not
/// burstable and of a current generation. An assumption; the page has the call that tells.
const LEAST_VOLUME_GIB: f64 = 256.0;

/// A domain.
pub(super) struct Domain {
    pub(super) node_type: String,
    /// Data nodes, one at least.
    pub(super) nodes: i64,
    /// Whether others than data nodes elect.
    pub(super) masters: bool,
    /// `None`: nobody tells.
    pub(super) in_zones: Option<bool>,
    pub(super) volume_type: Option<String>,
    /// Of each data node.
    pub(super) volume_gib: Option<f64>,
    pub(super) paid: Option<Paid>,
}

/// Meter of the hours of a type's nodes.
pub(super) fn meter(node_type: &str) -> String {
    format!("AmazonES/ESInstance:{}", node_type.trim_end_matches(SUFFIX))
}

/// What is known of each domain with data nodes.
pub(super) fn domains(domains: &DataFrame, costs: Option<&DataFrame>) -> HashMap<Target, Domain> {
    let [types, in_zones, volume_types] = columns_of(domains, ["InstanceType", "MultiAZ", "VolumeType"]);
    let [nodes, masters] = ["Instances", "DedicatedMasters"].map(|name| integers(domains, name));
    let volumes = numbers(domains, "VolumeSizeGiB");
    // Masters of another type have a meter of their own beside that of the data nodes.
    let mut paid_by_type: HashMap<String, HashMap<Target, Paid>> = HashMap::new();
    let mut known = HashMap::new();
    for (row, target) in targets(domains).into_iter().enumerate() {
        let (Some(named), Some(nodes)) = (&types[row], nodes[row].filter(|nodes| *nodes > 0)) else { continue };
        let node_type = match named.strip_suffix(OLD_SUFFIX) {
            Some(name) => format!("{name}{SUFFIX}"),
            None => named.clone(),
        };
        let meter = meter(&node_type);
        let of_type = paid_by_type.entry(meter.clone()).or_insert_with(|| paid(costs, |other| other == meter));
        let one = Domain {
            paid: of_type.remove(&target),
            node_type,
            nodes,
            masters: masters[row].is_some_and(|masters| masters > 0),
            in_zones: in_zones[row].as_deref().map(|word| word == "true"),
            volume_type: volume_types[row].clone(),
            volume_gib: volumes[row].and_then(|gib| gib.to_f64()).filter(|gib| *gib > 0.0),
        };
        known.insert(target, one);
    }
    known
}

/// Whether there were as many nodes all the time, but for a tenth of it at either end.
pub(super) fn steady(nodes: &Points) -> bool {
    let sorted = nodes.sorted();
    let (few, many) = (quantile(&sorted, STEADY.0), quantile(&sorted, STEADY.1));
    few.is_some() && few == many
}

/// Whether a count that begins anew with each start of a node went up.
fn rises(count: &Points) -> bool {
    let measured = || count.values().iter().filter(|value| !value.is_nan());
    measured().zip(measured().skip(1)).any(|(before, after)| after > before)
}

/// What it asked for.
pub(super) fn measured(
    domain: &Domain,
    kind: &Type,
    own: Processor,
    series: &BTreeMap<Measured, Series>,
    limits: &Limits,
) -> Read {
    let mut read = Read::default();
    if let Some(found) = series.get(&PROCESSOR) {
        // What was refused was asked for too.
        let refused = REJECTED.iter().filter_map(|name| series.get(name)).any(|count| rises(&count.points));
        read.censor(Dimension::Processor, full(found) || refused);
        let today = own.throughput_share(limits.processor);
        read.add(Dimension::Processor, by(PROCESSOR, found), asked(found, own), today);
    }
    if let Some(found) = series.get(&HEAP) {
        let points = shares(found, |percent| percent / 100.0);
        read.add(Dimension::Heap, by(HEAP, found), points, limits.of(Dimension::Heap));
    }
    if let (Some(found), Some(volume)) = (series.get(&FREE_STORAGE), domain.volume_gib) {
        let points = shares(found, |mib| (1.0 - mib / MIB_PER_GIB / volume).max(0.0));
        read.add(Dimension::Storage, by(FREE_STORAGE, found), points, limits.of(Dimension::Storage));
    }
    // Both maxima together are more than there was at any moment.
    let both = |names: [Measured; 2]| {
        let [one, other] = names.map(|name| series.get(&name).cloned());
        Some(added(one?, other?))
    };
    if let (Some(bytes), Some(of)) = (both(BYTES), kind.ebs_mbps) {
        let points = shares(&bytes, |bytes| bytes * MEGABITS_PER_BYTE / of);
        read.add(Dimension::EbsBandwidth, by(BYTES[0], &bytes), points, limits.of(Dimension::EbsBandwidth));
    }
    if let (Some(operations), Some(of)) = (both(OPERATIONS), kind.ebs_iops) {
        let points = shares(&operations, |operations| operations / of);
        read.add(Dimension::EbsOperations, by(OPERATIONS[0], &operations), points, limits.of(Dimension::EbsOperations));
    }
    read
}

/// The largest volume that a node of a type can have, in GiB; `None`: it takes none of that kind. Provisioned
/// operations (io1) as gp2, whose successor they were listed with.
pub(super) fn volume_limit(node_type: &str, volume_type: Option<&str>) -> Option<f64> {
    let column = match volume_type? {
        "gp2" | "io1" => 1,
        "gp3" => 2,
        _ => return None,
    };
    let mut rows =
        VOLUMES.lines().filter(|line| !line.starts_with('#')).map(|line| line.split(',').collect::<Vec<_>>());
    match rows.find(|row| row.first() == Some(&node_type)) {
        Some(row) => row.get(column)?.parse().ok(),
        None => Some(LEAST_VOLUME_GIB),
    }
}
