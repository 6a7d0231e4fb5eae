//! What the tables say of instances, types and volumes, as the calculation needs it.
//!
//! Knows: columns and metrics. Does not know: what fits.

use std::collections::{BTreeMap, HashMap};

use polars::prelude::{DataFrame, PolarsResult};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::NO_VOLUMES;
use crate::derive::baseline::targets;
use crate::derive::fit::need::{Points, quantile};
use crate::derive::fit::processor::{self, HALF_LOAD_LINEAR, HALF_LOAD_SMT, Processor, usable_half_load};
use crate::derive::fit::{Demand, Dimension, Limits, Machine};
use crate::derive::series::{Measured, Series, each_resource};
use crate::id::Target;
use crate::table::read::{columns_of, integers, numbers, texts};

const PROCESSOR: [Measured; 2] = [("CPUUtilization", "Maximum"), ("CPUUtilization", "Average")];
const MEMORY: [Measured; 4] = [
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
const BITS_PER_MEGABIT: f64 = 1e6;
const BITS_PER_BYTE: f64 = 8.0;
const SECONDS_PER_DAY: i64 = 86_400;

/// What is read of an instance itself.
pub(super) fn wanted() -> Vec<Measured> {
    [&PROCESSOR[..], &MEMORY[..], &[NETWORK_IN, NETWORK_OUT, CREDITS][..]].concat()
}

/// A type as the calculation needs it.
#[derive(Clone, Debug)]
pub(super) struct Type {
    pub(super) name: String,
    pub(super) processor: Option<Processor>,
    pub(super) vcpus: f64,
    pub(super) memory_mib: f64,
    pub(super) architectures: Vec<String>,
    pub(super) network_mbps: Option<f64>,
    pub(super) ebs_mbps: Option<f64>,
    pub(super) ebs_iops: Option<f64>,
    pub(super) local_gb: i64,
    pub(super) accelerators: Option<String>,
    pub(super) credits: Option<f64>,
    pub(super) nitro: bool,
    pub(super) bare_metal: bool,
    pub(super) current: bool,
}

impl Type {
    pub(super) fn family(&self) -> &str {
        self.name.split('.').next().unwrap_or_default()
    }
}

/// What is charged for the hours of an instance.
#[derive(Clone, Debug)]
pub(super) struct Paid {
    pub(super) meter: String,
    /// An hour, as it is paid: commitments and discounts in it.
    pub(super) hour: f64,
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
pub(super) struct Volumes {
    pub(super) bytes: Option<Series>,
    pub(super) operations: Option<Series>,
}

/// The types by name.
pub(super) fn types(frame: &DataFrame) -> HashMap<String, Type> {
    let [names, architectures, accelerators, hypervisors] =
        columns_of(frame, ["InstanceType", "Architectures", "Accelerator", "Hypervisor"]);
    let whole = |name: &str| integers(frame, name);
    let [vcpus, cores, network, ebs, iops] =
        ["Vcpus", "Cores", "NetworkBaselineMbps", "EbsBaselineMbps", "EbsBaselineIops"].map(whole);
    let [local, count] = ["LocalStorageGB", "Accelerators"].map(whole);
    let exact = |name: &str| -> Vec<Option<f64>> {
        numbers(frame, name).into_iter().map(|number| number.and_then(|number| number.to_f64())).collect()
    };
    let [memory, credits] = ["MemoryMiB", "CpuCreditsPerHour"].map(exact);
    let [throughput, low, high, half] =
        ["ThroughputPerVcpu", "ThroughputPerVcpuLow", "ThroughputPerVcpuHigh", "HalfLoadShare"].map(exact);
    let [metal, previous] = ["BareMetal", "PreviousGeneration"].map(|name| texts(frame, name));
    let mut types = HashMap::new();
    for (row, name) in names.into_iter().enumerate() {
        let (Some(name), Some(vcpus), Some(memory_mib)) = (name, vcpus[row], memory[row]) else { continue };
        let linear = cores[row] == Some(vcpus);
        let half_load =
            if half[row].is_none() && linear { HALF_LOAD_LINEAR } else { usable_half_load(half[row], HALF_LOAD_SMT) };
        let vcpus = vcpus as f64;
        let processor = throughput[row].map(|throughput| Processor {
            vcpus,
            throughput,
            throughput_low: low[row].unwrap_or(throughput),
            throughput_high: high[row].unwrap_or(throughput),
            half_load,
        });
        let of = |values: &[Option<i64>]| values[row].map(|value| value as f64);
        let accelerators = accelerators[row].clone().map(|name| format!("{} {name}", count[row].unwrap_or(1)));
        types.insert(
            name.clone(),
            Type {
                name,
                processor,
                vcpus,
                memory_mib,
                architectures: architectures[row]
                    .as_deref()
                    .unwrap_or_default()
                    .split(' ')
                    .map(str::to_owned)
                    .collect(),
                network_mbps: of(&network),
                ebs_mbps: of(&ebs),
                ebs_iops: of(&iops),
                local_gb: local[row].unwrap_or(0),
                accelerators,
                credits: credits[row],
                nitro: hypervisors[row].as_deref() == Some("nitro"),
                bare_metal: metal[row].as_deref() == Some("true"),
                current: previous[row].as_deref() == Some("false"),
            },
        );
    }
    types
}

/// Instances that run on demand and are shared with nobody's rules: by target.
pub(super) fn read_instances(instances: &DataFrame, costs: Option<&DataFrame>) -> HashMap<Target, Known> {
    let mut meters: HashMap<Target, (Decimal, Paid)> = HashMap::new();
    if let Some(costs) = costs {
        let [meter] = columns_of(costs, ["Meter"]);
        let [quantity, effective] = ["RunRateQuantity", "EffectiveRunRate"].map(|name| numbers(costs, name));
        for (row, (target, meter)) in targets(costs).into_iter().zip(meter).enumerate() {
            let (Some(meter), Some(quantity), Some(effective)) = (meter, quantity[row], effective[row]) else {
                continue;
            };
            let most = meters.get(&target).is_none_or(|(most, _)| quantity > *most);
            if meter.starts_with("AmazonEC2/BoxUsage:") && most {
                let hour = effective.checked_div(quantity).and_then(|price| price.to_f64()).unwrap_or_default();
                meters.insert(target, (quantity, Paid { meter, hour }));
            }
        }
    }
    let [types, architectures, groups] =
        columns_of(instances, ["InstanceType", "Architecture", "AutoScalingGroupName"]);
    let known = |(row, target): (usize, Target)| {
        let known = Known {
            instance_type: types[row].clone()?,
            architecture: architectures[row].clone().unwrap_or_else(|| "x86_64".to_owned()),
            grouped: groups[row].is_some(),
            paid: meters.get(&target).map(|(_, paid)| paid.clone()),
        };
        Some((target, known))
    };
    targets(instances).into_iter().enumerate().filter_map(known).collect()
}

/// What the volumes of each instance did together.
pub(super) fn volume_series(volumes: &DataFrame, metrics: &DataFrame) -> PolarsResult<HashMap<Target, Volumes>> {
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

/// Two series of one grid, added; of two lengths of points the first counts.
fn added(one: Series, other: Series) -> Series {
    let seconds = one.points.seconds();
    if other.points.seconds() != seconds {
        return one;
    }
    let start = one.start.min(other.start);
    let offset = |series: &Series| usize::try_from((series.start - start) / seconds).unwrap_or(0);
    let (first, second) = (offset(&one), offset(&other));
    let length = (first + one.points.values().len()).max(second + other.points.values().len());
    let mut values = vec![f32::NAN; length];
    for (from, series) in [(first, &one), (second, &other)] {
        for (at, value) in series.points.values().iter().enumerate().filter(|(_, value)| !value.is_nan()) {
            if let Some(sum) = values.get_mut(from + at) {
                *sum = if sum.is_nan() { *value } else { *sum + value };
            }
        }
    }
    Series { start, points: Points::new(seconds, values) }
}

/// An instance with what it asked for, in shares of what it has. `volumes`: `None` where nobody asked for volumes, `Some(None)` where it has
/// none.
pub(super) fn instance(
    known: &Known,
    kind: &Type,
    series: &BTreeMap<Measured, Series>,
    volumes: Option<Option<&Volumes>>,
    limits: &Limits,
) -> super::Instance {
    let mut demands: Vec<Demand> = Vec::new();
    let mut measured_by = BTreeMap::new();
    let mut add = |dimension: Dimension, by: String, points: Points, room: f64| {
        measured_by.insert(dimension, by);
        demands.push(Demand { dimension, points, room });
    };
    let first = |names: &[Measured]| names.iter().find_map(|name| Some((*name, series.get(name)?)));
    let (mut censored, mut mean) = (false, None);
    // What nobody states a bandwidth of cannot be compared with anything.
    let comparable = kind.processor.filter(|_| kind.network_mbps.is_some());
    if let (Some((name, series)), Some(own)) = (first(&PROCESSOR), comparable) {
        let shares: Vec<f64> = series.points.values().iter().map(|percent| f64::from(*percent) / 100.0).collect();
        censored = processor::censored(&shares);
        let points = asked(series, own);
        add(Dimension::Processor, by(name, series), points, own.throughput_share(limits.processor));
    }
    if let (Some(series), Some(own)) = (series.get(&PROCESSOR[1]), kind.processor) {
        mean = Some(asked(series, own));
    }
    // Without credits it got its baseline, and nobody knows what it asked for.
    let empty = series.get(&CREDITS).and_then(|series| series.points.sorted().first().copied());
    censored |= kind.credits.is_some() && empty.is_some_and(|least| least <= 0.0);
    if let Some((name, series)) = first(&MEMORY) {
        add(Dimension::Memory, by(name, series), scaled(series, 0.01), limits.memory);
    }
    let megabits = |series: &Series| BITS_PER_BYTE / BITS_PER_MEGABIT / series.points.seconds() as f64;
    for (dimension, name) in [(Dimension::NetworkIn, NETWORK_IN), (Dimension::NetworkOut, NETWORK_OUT)] {
        if let (Some(series), Some(of)) = (series.get(&name), kind.network_mbps) {
            add(dimension, by(name, series), scaled(series, megabits(series) / of), limits.bandwidth);
        }
    }
    match volumes {
        Some(Some(volumes)) => {
            if let (Some(bytes), Some(of)) = (&volumes.bytes, kind.ebs_mbps) {
                let points = scaled(bytes, megabits(bytes) / of);
                add(Dimension::EbsBandwidth, by(VOLUME_BYTES[0], bytes), points, limits.bandwidth);
            }
            if let (Some(operations), Some(of)) = (&volumes.operations, kind.ebs_iops) {
                let points = scaled(operations, 1.0 / operations.points.seconds() as f64 / of);
                add(Dimension::EbsOperations, by(VOLUME_OPERATIONS[0], operations), points, limits.bandwidth);
            }
        }
        Some(None) => {
            measured_by.insert(Dimension::EbsBandwidth, NO_VOLUMES.to_owned());
            measured_by.insert(Dimension::EbsOperations, NO_VOLUMES.to_owned());
        }
        None => {}
    }
    let stratum = if known.grouped { "members of Auto Scaling groups" } else { "single instances" };
    super::Instance {
        machine: Machine {
            id: String::new(),
            strata: vec![stratum.to_owned(), "all instances".to_owned()],
            shape: kind.name.clone(),
            price: known.paid.as_ref().map_or(0.0, |paid| paid.hour),
            demands,
            mean,
            candidates: Vec::new(),
        },
        offered: Vec::new(),
        kind: kind.clone(),
        architecture: known.architecture.clone(),
        paid: known.paid.clone(),
        measured_by,
        censored,
    }
}

/// Percent of processor time as shares of all that the processors can do.
fn asked(series: &Series, own: Processor) -> Points {
    let share = |percent: &f32| match percent.is_nan() {
        true => f32::NAN,
        false => own.throughput_share(f64::from(*percent) / 100.0) as f32,
    };
    Points::new(series.points.seconds(), series.points.values().iter().map(share).collect())
}

fn by((name, statistic): Measured, series: &Series) -> String {
    format!("{name}, {statistic} of {} seconds", series.points.seconds())
}

fn scaled(series: &Series, factor: f64) -> Points {
    let values = series.points.values().iter().map(|value| (f64::from(*value) * factor) as f32);
    Points::new(series.points.seconds(), values.collect())
}

/// The 99th percentile of each day as a share of `room`, the oldest first, joined by a space; a day without points is a dash.
pub(super) fn peaks(points: &Points, room: f64) -> String {
    let a_day = usize::try_from(SECONDS_PER_DAY / points.seconds().max(1)).unwrap_or(1).max(1);
    let day = |day: &[f32]| {
        let mut sorted: Vec<f32> = day.iter().copied().filter(|value| !value.is_nan()).collect();
        sorted.sort_unstable_by(f32::total_cmp);
        quantile(&sorted, 0.99).map_or_else(|| "-".to_owned(), |high| format!("{:.3}", high / room))
    };
    points.values().chunks(a_day).map(day).collect::<Vec<_>>().join(" ")
}
