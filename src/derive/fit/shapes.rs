//! What a type has: of instances, and of the classes that databases, caches and search engines run on.
//!
//! Knows: the table `instance_types`. Does not know: prices, what fits.

use std::collections::HashMap;

use polars::prelude::DataFrame;
use rust_decimal::prelude::ToPrimitive;

use super::Burst;
use super::credits::Burstable;
use super::processor::{HALF_LOAD_LINEAR, HALF_LOAD_SMT, Processor, cautious, usable_half_load};
use crate::table::read::{columns_of, integers, numbers, texts};

/// What a type is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Service {
    /// EC2.
    Instance,
    /// RDS and Aurora: `db.`.
    Database,
    /// ElastiCache: `cache.`.
    Cache,
    /// OpenSearch: `.search`.
    Search,
}

/// The service of a type, and the name of the instance type that it is.
fn service_of(name: &str) -> (Service, &str) {
    if let Some(name) = name.strip_prefix("db.") {
        (Service::Database, name)
    } else if let Some(name) = name.strip_prefix("cache.") {
        (Service::Cache, name)
    } else if let Some(name) = name.strip_suffix(".search") {
        (Service::Search, name)
    } else {
        (Service::Instance, name)
    }
}

/// A type as the calculation needs it.
#[derive(Clone, Debug)]
pub(super) struct Type {
    pub(super) name: String,
    pub(super) service: Service,
    pub(super) processor: Option<Processor>,
    pub(super) vcpus: f64,
    pub(super) memory_mib: f64,
    pub(super) architectures: Vec<String>,
    pub(super) network_mbps: Option<f64>,
    pub(super) ebs_mbps: Option<f64>,
    pub(super) ebs_iops: Option<f64>,
    /// What there is for a while: network and EBS in Mbit/s, operations of EBS.
    pub(super) most: [Option<f64>; 3],
    pub(super) local_gb: i64,
    pub(super) accelerators: Option<String>,
    pub(super) credits: Option<f64>,
    pub(super) nitro: bool,
    pub(super) bare_metal: bool,
    pub(super) current: bool,
}

impl Type {
    /// What stands before the size: m5 of m5.large and of db.m5.large.
    pub(super) fn family(&self) -> &str {
        let (_, name) = service_of(&self.name);
        name.split('.').next().unwrap_or_default()
    }

    /// Its credits, where it is burstable: of what `own` can do today, by processors as [`compared`] sees both.
    pub(super) fn burst(&self, own: Processor, processor: Processor) -> Option<Burst> {
        let shape = Burstable { vcpus: self.vcpus, credits_per_hour: self.credits? };
        Some(Burst { shape, processor, of: own.capacity() })
    }
}

/// Both processors as a risk should see them: as they are within a family, where processors are the same; otherwise as slow and as fast
/// as the benchmarks show them (ALGORITHMS 1.3 asks that of other architectures and generations; other makers are no better known).
pub(super) fn compared(from: &Type, own: Processor, to: &Type, processor: Processor) -> (Processor, Processor) {
    if from.family() == to.family() { (own, processor) } else { cautious(&own, &processor) }
}

/// What kind of change it is to take another type; `architecture`: what runs there today.
pub(super) fn change(from: &Type, to: &Type, architecture: &str) -> &'static str {
    if from.family() == to.family() {
        "same family"
    } else if to.architectures.iter().any(|one| one == architecture) {
        "same architecture"
    } else {
        "other architecture"
    }
}

/// The types by name. What runs a database, a cache or a search engine is the instance type of the same name with what that has; its
/// memory and its vCPUs are its own. That it also has the bandwidths of that type is taken for granted: AWS lists them for EC2 alone.
pub(super) fn types(frame: &DataFrame) -> HashMap<String, Type> {
    let [names, architectures, accelerators, hypervisors] =
        columns_of(frame, ["InstanceType", "Architectures", "Accelerator", "Hypervisor"]);
    let whole = |name: &str| integers(frame, name);
    let [vcpus, cores, network, ebs, iops] =
        ["Vcpus", "Cores", "NetworkBaselineMbps", "EbsBaselineMbps", "EbsBaselineIops"].map(whole);
    let [most_network, most_ebs, most_iops] = ["NetworkMaximumMbps", "EbsMaximumMbps", "EbsMaximumIops"].map(whole);
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
        let (service, _) = service_of(&name);
        types.insert(
            name.clone(),
            Type {
                name,
                service,
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
                most: [of(&most_network), of(&most_ebs), of(&most_iops)],
                local_gb: local[row].unwrap_or(0),
                accelerators,
                credits: credits[row],
                nitro: hypervisors[row].as_deref() == Some("nitro"),
                bare_metal: metal[row].as_deref() == Some("true"),
                current: previous[row].as_deref() == Some("false"),
            },
        );
    }
    let instances: HashMap<String, Type> =
        types.iter().filter(|(_, one)| one.service == Service::Instance).map(|(k, v)| (k.clone(), v.clone())).collect();
    for one in types.values_mut().filter(|one| one.service != Service::Instance) {
        let Some(twin) = instances.get(service_of(&one.name).1) else { continue };
        *one = Type {
            name: one.name.clone(),
            service: one.service,
            vcpus: one.vcpus,
            memory_mib: one.memory_mib,
            ..twin.clone()
        };
    }
    types
}
