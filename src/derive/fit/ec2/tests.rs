//! One instance, what was measured of it, and the types that it could be.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use polars::prelude::Column;
use rust_decimal::Decimal;

use super::*;
use crate::derive::fit::derive;
use crate::id::Meter;
use crate::table::inventory::{Instance as Row, Metric, Volume};
use crate::table::read::{numbers, texts};
use crate::table::rows::Rows;

const ID: &str = "i-1";

/// A measurement of every hour of 14 days: metric, statistic, value.
type Hourly = (&'static str, &'static str, i64);

fn metrics(id: &str, hourly: &[Hourly]) -> Vec<Metric> {
    let end: Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
    let mut rows = Vec::new();
    for (metric, statistic, value) in hourly {
        rows.extend((0..14 * 24).map(|hour| Metric {
            account: "111122223333".into(),
            region: "eu-west-1".into(),
            id: id.to_owned(),
            metric: Some((*metric).to_owned()),
            statistic: Some((*statistic).to_owned()),
            start: Some(end - SignedDuration::from_hours(14 * 24 - hour)),
            seconds: Some(3600),
            value: Some((*value).into()),
        }));
    }
    rows
}

/// Little of everything: a tenth of the processors, a fifth of the memory, a megabyte an hour.
const LITTLE: [Hourly; 4] = [
    ("CPUUtilization", "Maximum", 10),
    ("mem_used_percent", "Maximum", 20),
    ("NetworkIn", "Sum", 1_000_000),
    ("NetworkOut", "Sum", 1_000_000),
];

/// The tables derived of one instance, which costs 0.2 an hour; a vCPU of any type costs 0.05, of a burstable one 0.01.
fn derived(kind: &str, measured: Vec<Metric>, volumes: Vec<Volume>) -> Tables {
    let place = || ("111122223333".to_owned(), "eu-west-1".to_owned());
    let (account, region) = place();
    let instance = Row {
        account,
        region,
        id: ID.into(),
        instance_type: Some(kind.into()),
        architecture: Some("x86_64".into()),
        ..Row::default()
    };
    let costs = DataFrame::new_infer_height(vec![
        Column::new("SubAccountId".into(), vec!["111122223333"]),
        Column::new("RegionId".into(), vec!["eu-west-1"]),
        Column::new("ResourceId".into(), vec![ID]),
        Column::new("Meter".into(), vec![format!("AmazonEC2/BoxUsage:{kind}")]),
        Column::new("RunRateQuantity".into(), vec!["730"]),
        Column::new("EffectiveRunRate".into(), vec!["146"]),
    ])
    .unwrap();
    let mut tables = Tables::from([
        ("ec2_instances".to_owned(), Rows::of(vec![instance]).frame().unwrap()),
        ("resource_metrics".to_owned(), Rows::of(measured).frame().unwrap()),
        ("ebs_volumes".to_owned(), Rows::of(volumes).frame().unwrap()),
        ("resource_monthly_costs".to_owned(), costs),
    ]);
    let types = crate::prices::fact_tables(|name| name == "instance_types").unwrap().remove(0).1;
    let vcpus: HashMap<String, i64> = texts(&types, "InstanceType")
        .into_iter()
        .flatten()
        .zip(crate::table::read::integers(&types, "Vcpus").into_iter().flatten())
        .collect();
    let price = |meter: &Meter, _: Option<&str>| {
        let name = meter.0.strip_prefix("AmazonEC2/BoxUsage:")?;
        let each = if name.starts_with('t') { Decimal::new(1, 2) } else { Decimal::new(5, 2) };
        Some(each * Decimal::from(*vcpus.get(name)?))
    };
    derive(&mut tables, &types, &price, &Limits::default()).unwrap();
    tables
}

fn fitting(tables: &Tables) -> Vec<String> {
    texts(&tables["fitting_shapes"], "NewInstanceType").into_iter().flatten().collect()
}

fn fits(tables: &Tables, name: &str) -> bool {
    change(tables, name).is_some_and(|change| change != LESS_MEMORY)
}

/// What kind of change it is to take that type; `None`: it does not fit.
fn change(tables: &Tables, name: &str) -> Option<String> {
    let frame = &tables["fitting_shapes"];
    let row = texts(frame, "NewInstanceType").iter().position(|one| one.as_deref() == Some(name))?;
    texts(frame, "Change")[row].clone()
}

#[test]
fn an_instance_that_uses_little_fits_into_half() {
    let tables = derived("m5.xlarge", metrics(ID, &LITTLE), Vec::new());
    assert!(fits(&tables, "m5.large"), "{:?}", fitting(&tables));
    let frame = &tables["fitting_shapes"];
    let row = texts(frame, "NewInstanceType").iter().position(|name| name.as_deref() == Some("m5.large")).unwrap();
    let of = |name: &str| texts(frame, name)[row].clone().unwrap();
    assert_eq!([of("Change"), of("NewMeter")], ["same family", "AmazonEC2/BoxUsage:m5.large"]);
    let number = |name: &str| numbers(frame, name)[row].unwrap();
    assert_eq!(number("RelativePrice"), Decimal::from_str("0.5").unwrap());
    assert_eq!(number("MinutesOver"), Decimal::ZERO);
    // A fifth of 16 GiB are 3.2 of 8, and of those 7.59 are usable, 85 percent of them within the limit.
    assert_eq!(of("NearestDimension"), "memory");
    assert_eq!(number("NearestShare").round_dp(2), Decimal::from_str("0.50").unwrap());
}

#[test]
fn what_was_not_measured_must_not_get_less() {
    let without: Vec<Hourly> = LITTLE.into_iter().filter(|(name, ..)| *name != "mem_used_percent").collect();
    let tables = derived("m5.xlarge", metrics(ID, &without), Vec::new());
    assert!(!fits(&tables, "m5.large"));
    // Measuring the memory may show that there is enough in half.
    let frame = &tables["fitting_shapes"];
    let shares = numbers(frame, "NewMemoryShare");
    let less = |row: &usize| shares[*row].unwrap() < Decimal::ONE;
    let changes: Vec<Option<String>> = texts(frame, "Change");
    let fewer: Vec<usize> = (0..frame.height()).filter(less).collect();
    assert!(!fewer.is_empty() && fewer.iter().all(|row| changes[*row].as_deref() == Some(LESS_MEMORY)));
    // i4i.large has two vCPUs and the memory of m5.xlarge.
    assert!(fits(&tables, "i4i.large"), "{:?}", fitting(&tables));
    let volume = Volume {
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        id: "vol-1".into(),
        instance: Some(ID.into()),
        ..Volume::default()
    };
    let unmeasured = derived("m5.xlarge", metrics(ID, &LITTLE), vec![volume.clone()]);
    assert!(!fits(&unmeasured, "m5.large"), "its volume may need the bandwidth of today");
    let disk =
        ["VolumeReadBytes", "VolumeWriteBytes", "VolumeReadOps", "VolumeWriteOps"].map(|name| (name, "Sum", 1000));
    let measured = [metrics(ID, &LITTLE), metrics("vol-1", &disk)].concat();
    assert!(fits(&derived("m5.xlarge", measured, vec![volume]), "m5.large"));
}

#[test]
fn memory_that_is_needed_is_kept() {
    let much: Vec<Hourly> = LITTLE
        .into_iter()
        .map(|(name, of, value)| (name, of, if name == "mem_used_percent" { 60 } else { value }))
        .collect();
    let tables = derived("m5.xlarge", metrics(ID, &much), Vec::new());
    assert!(!fits(&tables, "m5.large"));
}

#[test]
fn who_is_full_or_without_credits_needs_nobody_knows_how_much() {
    let full: Vec<Hourly> = LITTLE
        .into_iter()
        .map(|(name, of, value)| (name, of, if name == "CPUUtilization" { 99 } else { value }))
        .collect();
    let empty = [&LITTLE[..], &[("CPUCreditBalance", "Minimum", 0)][..]].concat();
    for (kind, measured) in [("m5.xlarge", full), ("t3.xlarge", empty)] {
        let tables = derived(kind, metrics(ID, &measured), Vec::new());
        assert_eq!(fitting(&tables), Vec::<String>::new());
        assert!(texts(&tables["utilization"], "Censored").contains(&Some("true".into())), "{kind}");
    }
}

/// Half of the processors for ever is more than a t3.large earns credits for (30 percent); a tenth is less.
#[test]
fn a_burstable_type_is_held_to_what_it_earns() {
    let using = |percent: i64| -> Tables {
        let some: Vec<Hourly> = LITTLE
            .into_iter()
            .map(|(name, of, value)| (name, of, if name == "CPUUtilization" { percent } else { value }))
            .collect();
        derived("m5.large", metrics(ID, &some), Vec::new())
    };
    assert!(fits(&using(4), "t3.large"), "{:?}", fitting(&using(4)));
    assert!(!fits(&using(40), "t3.large"), "{:?}", fitting(&using(40)));
}

#[test]
fn nothing_that_has_two_vcpus_gets_one() {
    let tables = derived("m5.large", metrics(ID, &LITTLE), Vec::new());
    assert!(
        fitting(&tables).iter().all(|name| !name.ends_with(".medium") || name.starts_with('t')),
        "{:?}",
        fitting(&tables)
    );
}
