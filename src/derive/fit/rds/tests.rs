//! One database, what was measured of it, and the classes that it could be.

use jiff::{SignedDuration, Timestamp};
use polars::prelude::Column;
use rust_decimal::Decimal;

use super::*;
use crate::derive::fit::derive;
use crate::id::Meter;
use crate::table::inventory::{DatabaseInstance, Metric};
use crate::table::read::{integers, numbers, texts};
use crate::table::rows::Rows;

type Tables = BTreeMap<String, DataFrame>;

const GIB: i64 = 1024 * 1024 * 1024;

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

fn database(id: &str, class: &str, engine: &str) -> DatabaseInstance {
    DatabaseInstance {
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        id: id.into(),
        instance_class: Some(class.into()),
        engine: Some(engine.into()),
        storage: Some(200),
        ..DatabaseInstance::default()
    }
}

/// Little of everything: a tenth of the processors, twenty connections, nothing of the network and the disks.
fn little(free_gib: i64, free_storage_gib: i64) -> Vec<Hourly> {
    let mut all: Vec<Hourly> = vec![
        ("CPUUtilization", "Maximum", 10),
        ("DatabaseConnections", "Maximum", 20),
        ("FreeableMemory", "Minimum", free_gib * GIB),
        ("FreeStorageSpace", "Minimum", free_storage_gib * GIB),
    ];
    for name in ["NetworkReceiveThroughput", "NetworkTransmitThroughput", "ReadThroughput", "WriteThroughput"] {
        all.push((name, "Maximum", 1000));
    }
    all.extend([("ReadIOPS", "Maximum", 10), ("WriteIOPS", "Maximum", 10)]);
    all
}

fn with(hourly: Vec<Hourly>, name: &str, value: i64) -> Vec<Hourly> {
    hourly.into_iter().map(|(metric, of, old)| (metric, of, if metric == name { value } else { old })).collect()
}

/// The tables derived of some databases; a vCPU of any class costs 0.05 an hour, whatever the engine, and in Multi-AZ twice that.
fn derived(databases: Vec<DatabaseInstance>, measured: Vec<Metric>, usage: &str) -> Tables {
    let types = crate::prices::fact_tables(|name| name == "instance_types").unwrap().remove(0).1;
    let vcpus: BTreeMap<String, i64> = texts(&types, "InstanceType")
        .into_iter()
        .flatten()
        .zip(integers(&types, "Vcpus").into_iter().flatten())
        .collect();
    let price = |meter: &Meter, _: Option<&str>| {
        let (usage, rest) = meter.0.strip_prefix("AmazonRDS/")?.split_once(':')?;
        let each = if usage.starts_with("Multi-AZ") { Decimal::new(1, 1) } else { Decimal::new(5, 2) };
        Some(each * Decimal::from(*vcpus.get(rest.split_once('/')?.0)?))
    };
    let meters: Vec<String> = databases
        .iter()
        .map(|one| format!("AmazonRDS/{usage}:{}/CreateDBInstance:0014", one.instance_class.clone().unwrap()))
        .collect();
    let paid: Vec<String> = meters
        .iter()
        .map(|meter| (price(&Meter(meter.clone()), None).unwrap() * Decimal::from(730)).to_string())
        .collect();
    let same = |value: &'static str| vec![value; databases.len()];
    let costs = DataFrame::new_infer_height(vec![
        Column::new("SubAccountId".into(), same("111122223333")),
        Column::new("RegionId".into(), same("eu-west-1")),
        Column::new("ResourceId".into(), databases.iter().map(|one| one.id.clone()).collect::<Vec<_>>()),
        Column::new("Meter".into(), meters),
        Column::new("RunRateQuantity".into(), same("730")),
        Column::new("EffectiveRunRate".into(), paid),
    ])
    .unwrap();
    let mut tables = Tables::from([
        ("rds_instances".to_owned(), Rows::of(databases).frame().unwrap()),
        ("resource_metrics".to_owned(), Rows::of(measured).frame().unwrap()),
        ("resource_monthly_costs".to_owned(), costs),
    ]);
    derive(&mut tables, &types, &price, &Limits::default()).unwrap();
    tables
}

fn one(class: &str, engine: &str, hourly: &[Hourly]) -> Tables {
    derived(vec![database("orders", class, engine)], metrics("orders", hourly), "InstanceUsage")
}

/// How that class would do: risk in percent to two places, memory, whether less is read again from memory.
fn fit(tables: &Tables, id: &str, class: &str) -> Option<(String, String, Option<String>)> {
    let frame = &tables["fitting_shapes"];
    let row = texts(frame, "NewInstanceType")
        .into_iter()
        .zip(texts(frame, "ResourceId"))
        .position(|(name, of)| name.as_deref() == Some(class) && of.as_deref() == Some(id))?;
    let risk = numbers(frame, "FitRisk")[row].unwrap() * Decimal::from(100);
    let text = |name: &str| texts(frame, name)[row].clone();
    Some((risk.round_dp(2).normalize().to_string(), text("MemoryBasis").unwrap(), text("LessCache")))
}

const POOL: &str = "measured: its pool of pages was never full";

/// db.r6g.xlarge has 32 GiB: 22 of them free are 10 used, times 1.3 of 30 percent headroom are 13 of the 16 of large; 19 free are 16.9.
#[test]
fn a_pool_that_was_never_full_says_how_much_memory_is_needed() {
    let of = |free: i64| fit(&one("db.r6g.xlarge", "mysql", &little(free, 10)), "orders", "db.r6g.large");
    assert_eq!(of(22).map(|(_, basis, less)| (basis, less)), Some((POOL.into(), Some("false".into()))));
    assert_eq!(of(19), None);
}

/// 200 GiB of storage, of which all but 10, or all but 190, are free.
#[test]
fn postgres_gets_less_memory_where_its_data_fits_or_its_disks_bear_the_reading() {
    let of = |free_storage: i64, engine: &str| {
        fit(&one("db.r6g.xlarge", engine, &little(28, free_storage)), "orders", "db.r6g.large")
            .map(|(_, basis, less)| (basis, less.unwrap()))
    };
    let fits = "all of its data fits into the memory".to_owned();
    let less = "less for pages that are read again, which the disks are reckoned to bear".to_owned();
    assert_eq!(of(190, "postgres"), Some((fits, "false".into())));
    assert_eq!(of(10, "postgres"), Some((less, "true".into())));
    // What others do with less nobody can tell; the same memory with fewer processors they may have.
    assert_eq!(of(190, "oracle-ee"), None);
    // Twice as many operations would be read: 2 × 2,000 of the 3,600 that it has all the time.
    let busy = with(little(28, 10), "ReadIOPS", 2000);
    assert_eq!(fit(&one("db.r6g.xlarge", "postgres", &busy), "orders", "db.r6g.large"), None);
}

/// Half of 32 GiB allows 1,802 connections in place of 3,604: 1,400 are 78 percent of them, 1,000 are 55.
#[test]
fn connections_have_to_fit_into_the_limit_of_the_class() {
    let of = |open: i64| {
        let hourly = with(little(28, 190), "DatabaseConnections", open);
        fit(&one("db.r6g.xlarge", "postgres", &hourly), "orders", "db.r6g.large").map(|(risk, ..)| risk)
    };
    let risk = |open: i64| of(open).map(|risk| risk.parse::<f64>().unwrap());
    assert!(risk(20) < risk(1000) && risk(1000) < Some(20.0), "{:?} {:?}", of(20), of(1000));
    assert!(risk(1400).is_none_or(|high| Some(high) > risk(1000)), "{:?}", of(1400));
    // More than the default: somebody has set the limit by hand, and it stays what it is.
    assert!(risk(4000) < risk(20));
}

#[test]
fn the_meter_keeps_its_deployment_and_its_engine() {
    let tables = derived(
        vec![database("orders", "db.r6g.xlarge", "postgres")],
        metrics("orders", &little(28, 190)),
        "Multi-AZUsage",
    );
    let frame = &tables["fitting_shapes"];
    let row = texts(frame, "NewInstanceType").iter().position(|name| name.as_deref() == Some("db.r6g.large")).unwrap();
    assert_eq!(
        texts(frame, "NewMeter")[row].as_deref(),
        Some("AmazonRDS/Multi-AZUsage:db.r6g.large/CreateDBInstance:0014")
    );
    let number = |name: &str| numbers(frame, name)[row].unwrap().normalize().to_string();
    assert_eq!([number("RelativePrice"), number("NewVcpuShare"), number("NewMemoryShare")], ["0.5", "0.5", "0.5"]);
}

/// The reader is idle; whoever writes is at 60 percent, and the reader is what takes over.
#[test]
fn a_reader_must_hold_what_the_writer_needs() {
    let member = |id: &str, writer: bool| DatabaseInstance {
        cluster: Some("shop".into()),
        writer: Some(writer),
        ..database(id, "db.r6g.xlarge", "aurora-mysql")
    };
    let of = |percent: i64| {
        let busy = with(little(28, 0), "CPUUtilization", percent);
        let measured = [metrics("reader", &little(28, 0)), metrics("writer", &busy)].concat();
        let tables = derived(vec![member("reader", false), member("writer", true)], measured, "InstanceUsage");
        ["reader", "writer"].map(|id| fit(&tables, id, "db.r6g.large").is_some())
    };
    assert_eq!([of(10), of(60)], [[true, true], [false, false]]);
}

#[test]
fn three_in_a_cluster_serverless_and_other_engines_are_not_sized() {
    let clustered =
        DatabaseInstance { cluster: Some("three".into()), ..database("orders", "db.r6gd.xlarge", "postgres") };
    let of = |row: DatabaseInstance| {
        let tables = derived(vec![row], metrics("orders", &little(28, 190)), "InstanceUsage");
        tables["utilization"].height()
    };
    assert_eq!([of(clustered), of(database("orders", "db.r6g.xlarge", "docdb"))], [0, 0]);
    assert!(of(database("orders", "db.r6g.xlarge", "postgres")) > 0);
}

#[test]
fn what_was_held_back_by_its_class_needs_nobody_knows_how_much() {
    let held = |name: &'static str, value: i64, class: &str| {
        let hourly = [little(28, 190), vec![(name, "Minimum", value)]].concat();
        one(class, "postgres", &hourly)["fitting_shapes"].height()
    };
    assert_eq!([held("EBSIOBalance%", 0, "db.r6g.xlarge"), held("CPUCreditBalance", 0, "db.t4g.xlarge")], [0, 0]);
    assert!(held("EBSIOBalance%", 40, "db.r6g.xlarge") > 0);
}

#[test]
fn what_was_not_measured_must_not_get_less() {
    let without = |gone: &str| {
        let hourly: Vec<Hourly> = little(28, 190).into_iter().filter(|(name, ..)| *name != gone).collect();
        fit(&one("db.r6g.xlarge", "postgres", &hourly), "orders", "db.r6g.large").is_some()
    };
    assert_eq!(["FreeableMemory", "NetworkReceiveThroughput", "ReadIOPS"].map(without), [false, false, false]);
}
