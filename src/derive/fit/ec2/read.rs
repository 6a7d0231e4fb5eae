//! What the tables say of instances and volumes, as the calculation needs it.
//!
//! Knows: columns and metrics. Does not know: what fits.

use std::collections::{BTreeMap, HashMap};

use polars::prelude::{DataFrame, PolarsResult};

use crate::derive::baseline::targets;
use crate::derive::fit::measured::{Read, added, asked, by, first, full, megabits, scaled};
use crate::derive::fit::need::Points;
use crate::derive::fit::paid::{Paid, paid};
use crate::derive::fit::shapes::Type;
use crate::derive::fit::{Dimension, Limits};
use crate::derive::series::{Measured, Series, each_resource};
use crate::id::Target;
use crate::table::read::columns_of;

const PROCESSOR: [Measured; 2] = [("CPUUtilization", "Maximum"), ("CPUUtilization", "Average")];
/// Memory that is in use, as CloudWatch's agent says.
pub(in crate::derive::fit) const MEMORY: [Measured; 4] = [
    ("mem_used_percent", "Maximum"),
    ("mem_used_percent", "Average"),
    ("Memory % Committed Bytes In Use", "Maximum"),
    ("Memory % Committed Bytes In Use", "Average"),
];
const NETWORK_IN: Measured = ("NetworkIn", "Sum");
const NETWORK_OUT: Measured = ("NetworkOut", "Sum");
const CREDITS: Measured = ("CPUCreditBalance", "Minimum");
const VOLUME_BYTES: [Measured; 2] = [("VolumeReadBytes", "Sum"), ("VolumeWriteBytes", "Sum")];
const VOLUME_OPERATIONS: [Measured; 2] = [("VolumeReadOps", "Sum"), ("VolumeWriteOps", "Sum")];

/// What is read of an instance itself.
pub(in crate::derive::fit) fn wanted() -> Vec<Measured> {
    [&PROCESSOR[..], &MEMORY[..], &[NETWORK_IN, NETWORK_OUT, CREDITS][..]].concat()
}

/// What the inventory says of an instance.
pub(super) struct Known {
    pub(super) instance_type: String,
    pub(super) architecture: String,
    pub(super) grouped: bool,
    pub(super) paid: Option<Paid>,
}

/// What the volumes of an instance did together; `None`: of some there is no point.
#[derive(Default)]
pub(in crate::derive::fit) struct Volumes {
    pub(in crate::derive::fit) bytes: Option<Series>,
    pub(in crate::derive::fit) operations: Option<Series>,
}

/// What is known of each instance.
pub(super) fn read_instances(instances: &DataFrame, costs: Option<&DataFrame>) -> HashMap<Target, Known> {
    let mut paid = paid(costs, |meter| meter.starts_with("AmazonEC2/BoxUsage:"));
    let [types, architectures, groups] =
        columns_of(instances, ["InstanceType", "Architecture", "AutoScalingGroupName"]);
    let mut known = HashMap::new();
    for (row, target) in targets(instances).into_iter().enumerate() {
        let Some(instance_type) = types[row].clone() else { continue };
        let one = Known {
            instance_type,
            architecture: architectures[row].clone().unwrap_or_else(|| "x86_64".to_owned()),
            grouped: groups[row].is_some(),
            paid: paid.remove(&target),
        };
        known.insert(target, one);
    }
    known
}

/// What the volumes of each instance did together.
pub(in crate::derive::fit) fn volume_series(
    volumes: &DataFrame,
    metrics: &DataFrame,
) -> PolarsResult<HashMap<Target, Volumes>> {
    let [instances] = columns_of(volumes, ["InstanceId"]);
    let mut attached: HashMap<Target, Target> = HashMap::new();
    let mut count: HashMap<Target, usize> = HashMap::new();
    for (volume, instance) in targets(volumes).into_iter().zip(instances) {
        let Some(instance) = instance else { continue };
        let owner = Target { resource: Some(instance), ..volume.clone() };
        *count.entry(owner.clone()).or_default() += 1;
        attached.insert(volume, owner);
    }
    let mut sums: HashMap<Target, (usize, Volumes)> = HashMap::new();
    let wanted: Vec<Measured> = [VOLUME_BYTES, VOLUME_OPERATIONS].concat();
    each_resource(metrics, &wanted, |volume, series| {
        let Some(owner) = attached.get(&volume) else { return };
        let (measured, sum) = sums.entry(owner.clone()).or_default();
        let together = |names: &[Measured]| names.iter().filter_map(|name| series.get(name).cloned()).reduce(added);
        let (bytes, operations) = (together(&VOLUME_BYTES), together(&VOLUME_OPERATIONS));
        if bytes.is_some() && operations.is_some() {
            *measured += 1;
        }
        sum.bytes = sum.bytes.take().into_iter().chain(bytes).reduce(added);
        sum.operations = sum.operations.take().into_iter().chain(operations).reduce(added);
    })?;
    // Where one of the volumes was not measured, the sum says too little.
    Ok(count
        .into_iter()
        .map(|(owner, all)| {
            let known = sums.remove(&owner).filter(|(measured, _)| *measured == all);
            (owner, known.map(|(_, sum)| sum).unwrap_or_default())
        })
        .collect())
}

/// What an instance asked of its processors in the mean of each point.
pub(super) fn mean(kind: &Type, series: &BTreeMap<Measured, Series>) -> Option<Points> {
    Some(asked(series.get(&PROCESSOR[1])?, kind.processor?))
}

/// What an instance asked for, in shares of what it has. `volumes`: `None` where nobody asked for volumes, `Some(None)` where it has none.
pub(super) fn measured(
    kind: &Type,
    series: &BTreeMap<Measured, Series>,
    volumes: Option<Option<&Volumes>>,
    limits: &Limits,
) -> Read {
    let mut read = Read::default();
    // What nobody states a bandwidth of cannot be compared with anything.
    let comparable = kind.processor.filter(|_| kind.network_mbps.is_some());
    if let (Some((name, series)), Some(own)) = (first(series, &PROCESSOR), comparable) {
        read.censor(Dimension::Processor, full(series));
        let room = own.throughput_share(limits.processor);
        read.add(Dimension::Processor, by(name, series), asked(series, own), room);
    }
    // Without credits it got its baseline, and nobody knows what it asked for.
    let empty = series.get(&CREDITS).and_then(|series| series.points.least());
    read.censor(Dimension::Processor, kind.credits.is_some() && empty.is_some_and(|least| least <= 0.0));
    if let Some((name, series)) = first(series, &MEMORY) {
        read.add(Dimension::Memory, by(name, series), scaled(series, 0.01), limits.memory);
    }
    for (dimension, name) in [(Dimension::NetworkIn, NETWORK_IN), (Dimension::NetworkOut, NETWORK_OUT)] {
        if let (Some(series), Some(of)) = (series.get(&name), kind.network_mbps) {
            read.add(dimension, by(name, series), scaled(series, megabits(series) / of), limits.bandwidth);
        }
    }
    if let Some(Some(volumes)) = volumes {
        if let (Some(bytes), Some(of)) = (&volumes.bytes, kind.ebs_mbps) {
            let points = scaled(bytes, megabits(bytes) / of);
            read.add(Dimension::EbsBandwidth, by(VOLUME_BYTES[0], bytes), points, limits.bandwidth);
        }
        if let (Some(operations), Some(of)) = (&volumes.operations, kind.ebs_iops) {
            let points = scaled(operations, 1.0 / operations.points.seconds() as f64 / of);
            read.add(Dimension::EbsOperations, by(VOLUME_OPERATIONS[0], operations), points, limits.bandwidth);
        }
    }
    read
}
