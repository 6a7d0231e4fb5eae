//! The instance types on which the work of others could run too.
//!
//! Knows: what a type has. Does not know: whether it is sold as spot, prices, groups.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::table::read::{columns_of, integers, numbers};

/// A type may have so many times the processors and the memory: more is paid for and not used. Our choice; attribute-based
/// selection takes it as `VCpuCount` and `MemoryMiB`.
const MOST_TIMES: f64 = 2.0;

/// What a type has.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    vcpus: f64,
    memory_mib: f64,
    architectures: String,
    pub(super) local_gb: i64,
    accelerators: Option<String>,
    burstable: bool,
    nitro: bool,
    bare_metal: bool,
    current: bool,
}

/// The types of EC2 by name.
pub(super) fn kinds(instance_types: &DataFrame) -> BTreeMap<String, Kind> {
    let [names, architectures, accelerators, hypervisors, metal, previous] = columns_of(
        instance_types,
        ["InstanceType", "Architectures", "Accelerator", "Hypervisor", "BareMetal", "PreviousGeneration"],
    );
    let [vcpus, local, count] = ["Vcpus", "LocalStorageGB", "Accelerators"].map(|name| integers(instance_types, name));
    let [memory, credits] = ["MemoryMiB", "CpuCreditsPerHour"].map(|name| numbers(instance_types, name));
    let float = |number: Option<Decimal>| number.and_then(|number| number.to_f64());
    let mut kinds = BTreeMap::new();
    for (row, name) in names.into_iter().enumerate() {
        // Types of databases, caches and search have a word more.
        let Some(name) = name.filter(|name| name.matches('.').count() == 1) else { continue };
        let (Some(vcpus), Some(memory_mib)) = (vcpus[row], float(memory[row])) else { continue };
        let accelerators = accelerators[row].clone().map(|name| format!("{} {name}", count[row].unwrap_or(1)));
        let kind = Kind {
            vcpus: vcpus as f64,
            memory_mib,
            architectures: architectures[row].clone().unwrap_or_default(),
            local_gb: local[row].unwrap_or(0),
            accelerators,
            burstable: credits[row].is_some(),
            nitro: hypervisors[row].as_deref() == Some("nitro"),
            bare_metal: metal[row].as_deref() == Some("true"),
            current: previous[row].as_deref() == Some("false"),
        };
        kinds.insert(name, kind);
    }
    kinds
}

/// The types that have at least what each of `present` has, and at most twice that; empty: one of them is not known, or there
/// are none.
pub(super) fn alike<'a>(kinds: &'a BTreeMap<String, Kind>, present: &[&str], architecture: &str) -> Vec<&'a str> {
    let found: Vec<&Kind> = present.iter().filter_map(|name| kinds.get(*name)).collect();
    if found.len() < present.len() {
        return Vec::new();
    }
    let most = |of: fn(&Kind) -> f64| found.iter().map(|kind| of(kind)).fold(0.0, f64::max);
    let (vcpus, memory) = (most(|kind| kind.vcpus), most(|kind| kind.memory_mib));
    let within = |value: f64, least: f64| value >= least && value <= least * MOST_TIMES;
    let suits = |name: &str, to: &Kind| {
        let as_each = found.iter().all(|from| {
            to.accelerators == from.accelerators
                && to.bare_metal == from.bare_metal
                && to.nitro == from.nitro
                && to.local_gb >= from.local_gb
                && (from.burstable || !to.burstable)
        });
        let current = to.current || present.contains(&name);
        let runs = to.architectures.split(' ').any(|one| one == architecture);
        as_each && current && runs && within(to.vcpus, vcpus) && within(to.memory_mib, memory)
    };
    kinds.iter().filter(|(name, kind)| !found.is_empty() && suits(name, kind)).map(|(name, _)| name.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn like(present: &[&str]) -> Vec<String> {
        let frame = crate::prices::fact_tables(|name| name == "instance_types").unwrap().remove(0).1;
        alike(&kinds(&frame), present, "x86_64").into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn another_type_has_as_much_and_at_most_twice_of_it() {
        // m5.large has 2 vCPUs and 8 GiB.
        let like = like(&["m5.large"]);
        let has = |name: &str| like.iter().any(|one| one == name);
        // Itself, another maker's, twice the memory, twice the processors, twice of both.
        assert!(["m5.large", "m6a.large", "r6i.large", "c6i.xlarge", "m6i.xlarge"].into_iter().all(has), "{like:?}");
        // Less memory, four times the processors, another architecture, bursts, a GPU, another hypervisor, databases.
        let others = ["c6i.large", "m6i.2xlarge", "m7g.large", "t3.large", "g4dn.xlarge", "m4.large", "db.m5.large"];
        assert!(!others.into_iter().any(has), "{like:?}");
    }

    #[test]
    fn what_is_not_known_is_like_nothing() {
        assert_eq!(like(&["m5.large", "m99.large"]), Vec::<String>::new());
        assert_eq!(like(&[]), Vec::<String>::new());
    }

    #[test]
    fn burstable_work_may_run_on_both() {
        let like = like(&["t3.large"]);
        assert!(["t3.large", "t3a.large", "m6i.large"].iter().all(|name| like.iter().any(|one| one == name)));
    }
}
