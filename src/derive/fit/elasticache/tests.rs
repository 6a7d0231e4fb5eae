//! One cache of one or two nodes, what was measured of them, and the types that they could be.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};
use polars::prelude::Column;
use rust_decimal::Decimal;

use super::*;
use crate::derive::fit::derive;
use crate::id::Meter;
use crate::table::inventory::{CacheCluster, Metric};
use crate::table::read::{numbers, texts};
use crate::table::rows::Rows;

type Tables = BTreeMap<String, DataFrame>;

static TYPES: LazyLock<DataFrame> =
    LazyLock::new(|| crate::prices::fact_tables(|name| name == "instance_types").unwrap().remove(0).1);

/// A measurement of every hour of 14 days: metric, statistic, value.
type Hourly = (&'static str, &'static str, i64);

/// On demand, Redis OSS, eu-west-1 (prices/elasticache.csv).
const PRICES: [(&str, &str); 8] = [
    ("cache.r6g.xlarge", "0.458"),
    ("cache.r6g.large", "0.229"),
    ("cache.r6g.2xlarge", "0.915"),
    ("cache.r6gd.xlarge", "0.1"),
    ("cache.r5.xlarge", "0.48"),
    ("cache.r5.large", "0.241"),
    ("cache.m6g.xlarge", "0.327"),
    ("cache.t4g.medium", "0.068"),
];

/// A quiet cache: a fifth of one thread, a twentieth of the host, a tenth of the memory, a megabyte an hour.
const LITTLE: [Hourly; 6] = [
    ("CPUUtilization", "Maximum", 5),
    ("EngineCPUUtilization", "Maximum", 20),
    ("DatabaseMemoryUsagePercentage", "Maximum", 10),
    ("NetworkBytesIn", "Sum", 1_000_000),
    ("NetworkBytesOut", "Sum", 1_000_000),
    ("Evictions", "Sum", 0),
];

/// The quiet cache with other values of some metrics, or with more of them.
fn but(changed: &[Hourly]) -> Vec<Hourly> {
    let kept = LITTLE.into_iter().filter(|(name, ..)| changed.iter().all(|(other, ..)| other != name));
    kept.chain(changed.iter().copied()).collect()
}

fn without(name: &str) -> Vec<Hourly> {
    LITTLE.into_iter().filter(|(metric, ..)| *metric != name).collect()
}

fn id(node: usize) -> String {
    format!("arn:aws:elasticache:eu-west-1:111122223333:cluster:shop-00{node}")
}

/// The tables derived of a replication group whose nodes are so measured.
fn derived(engine: &str, kind: &str, nodes: &[Vec<Hourly>]) -> Tables {
    let place = || ("111122223333".to_owned(), "eu-west-1".to_owned());
    let end: Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
    let (mut clusters, mut metrics) = (Vec::new(), Vec::new());
    for (node, hourly) in nodes.iter().enumerate() {
        let (account, region) = place();
        clusters.push(CacheCluster {
            account,
            region,
            id: id(node),
            node_type: Some(kind.into()),
            engine: Some(engine.into()),
            group: Some("shop".into()),
            ..CacheCluster::default()
        });
        for (metric, statistic, value) in hourly {
            metrics.extend((0..14 * 24).map(|hour| {
                let (account, region) = place();
                Metric {
                    account,
                    region,
                    id: id(node),
                    metric: Some((*metric).to_owned()),
                    statistic: Some((*statistic).to_owned()),
                    start: Some(end - SignedDuration::from_hours(14 * 24 - hour)),
                    seconds: Some(3600),
                    value: Some((*value).into()),
                }
            }));
        }
    }
    let prices: HashMap<&str, Decimal> =
        PRICES.into_iter().map(|(name, price)| (name, Decimal::from_str(price).unwrap())).collect();
    let month = prices[kind] * Decimal::from(730);
    let count = nodes.len();
    let ids: Vec<String> = (0..count).map(id).collect();
    let costs = DataFrame::new_infer_height(vec![
        Column::new("SubAccountId".into(), vec!["111122223333"; count]),
        Column::new("RegionId".into(), vec!["eu-west-1"; count]),
        Column::new("ResourceId".into(), ids),
        Column::new("Meter".into(), vec![meter(kind); count]),
        Column::new("RunRateQuantity".into(), vec!["730"; count]),
        Column::new("EffectiveRunRate".into(), vec![month.to_string(); count]),
    ])
    .unwrap();
    let mut tables = Tables::from([
        ("elasticache_clusters".to_owned(), Rows::of(clusters).frame().unwrap()),
        ("resource_metrics".to_owned(), Rows::of(metrics).frame().unwrap()),
        ("resource_monthly_costs".to_owned(), costs),
    ]);
    let price = |asked: &Meter, _: Option<&str>| {
        prices.iter().find(|(name, _)| meter(name) == asked.0).map(|(_, price)| *price)
    };
    derive(&mut tables, &TYPES, &price, &Limits::default()).unwrap();
    tables
}

fn meter(kind: &str) -> String {
    format!("AmazonElastiCache/NodeUsage:{kind}/CreateCacheCluster:0002")
}

fn one(kind: &str, measured: Vec<Hourly>) -> Tables {
    derived("redis", kind, &[measured])
}

/// The types that fit, of each node.
fn fitting(tables: &Tables) -> Vec<String> {
    let mut fitting: Vec<String> = texts(&tables["fitting_shapes"], "NewInstanceType").into_iter().flatten().collect();
    fitting.sort();
    fitting
}

/// What a column says of the first row of a type.
fn says(tables: &Tables, name: &str, column: &str) -> String {
    let frame = &tables["fitting_shapes"];
    let row = texts(frame, "NewInstanceType").iter().position(|other| other.as_deref() == Some(name)).unwrap();
    match numbers(frame, column)[row] {
        Some(number) => number.round_dp(4).normalize().to_string(),
        None => texts(frame, column)[row].clone().unwrap(),
    }
}

fn censored(tables: &Tables) -> Vec<String> {
    let frame = &tables["utilization"];
    let rows = texts(frame, "Dimension").into_iter().flatten().zip(texts(frame, "Censored"));
    rows.filter(|(_, censored)| censored.as_deref() == Some("true")).map(|(dimension, _)| dimension).collect()
}

/// Half a node has 0.4966 of the memory, and 1.3 times the most that was used has to fit: 0.494 of 38 percent, 0.507 of
/// 39.
#[test]
fn memory_with_headroom_decides_whether_half_a_node_is_enough() {
    let using =
        |percent| fitting(&one("cache.r6g.xlarge", but(&[("DatabaseMemoryUsagePercentage", "Maximum", percent)])));
    assert!(using(38).contains(&"cache.r6g.large".to_owned()), "{:?}", using(38));
    assert!(!using(39).contains(&"cache.r6g.large".to_owned()));
}

/// The engine keeps its thread. The host may be at 45 percent of two processors, 0.225 of four: from 18 percent on 12
/// of 141 ratios are beyond that, and one of each direction of the network.
#[test]
fn half_a_node_takes_nothing_from_the_engine_but_from_the_host() {
    let busy = but(&[("CPUUtilization", "Maximum", 18), ("EngineCPUUtilization", "Maximum", 40)]);
    let tables = one("cache.r6g.xlarge", busy);
    let half = |column| says(&tables, "cache.r6g.large", column);
    assert_eq!([half("FitRisk"), half("RelativePrice"), half("SizeSteps")], ["0.0993", "0.5", "1"]);
    assert_eq!([half("NearestDimension"), half("Change")], ["processor", "same family"]);
    assert_eq!(half("NewMeter"), meter("cache.r6g.large"));
}

/// A thread of r6g does 1.167, one of r5 alone 1.538: its limit is at 0.531 of what it is today. Of 141 ratios 8 are
/// beyond that from 30 percent on, 11 from 40 on, and 4 beyond what the host has (0.572; 10 percent of r5 are 0.152 of
/// its work).
#[test]
fn a_slower_thread_is_less_of_an_engine_however_many_there_are() {
    let at = |percent| {
        let busy = but(&[("CPUUtilization", "Maximum", 10), ("EngineCPUUtilization", "Maximum", percent)]);
        let tables = one("cache.r5.xlarge", busy);
        ["FitRisk", "Change"].map(|column| says(&tables, "cache.r6g.xlarge", column))
    };
    assert_eq!(at(30), ["0.0851", "other architecture"]);
    assert_eq!(at(40), ["0.1064", "other architecture"]);
}

#[test]
fn a_cache_that_throws_out_is_full_or_swaps_has_use_for_all_its_memory() {
    for one_more in [
        ("Evictions", "Sum", 1),
        ("DatabaseMemoryUsagePercentage", "Maximum", 98),
        ("SwapUsage", "Maximum", 60_000_000),
    ] {
        let tables = one("cache.r6g.xlarge", but(&[one_more]));
        assert_eq!(fitting(&tables), Vec::<String>::new(), "{one_more:?}");
        assert_eq!(censored(&tables), ["memory"], "{one_more:?}");
    }
    assert!(!fitting(&one("cache.r6g.xlarge", but(&[("SwapUsage", "Maximum", 50_000_000)]))).is_empty());
}

#[test]
fn a_cache_whose_engine_host_or_network_was_full_needs_nobody_knows_how_much() {
    for (full, dimension) in [
        (("EngineCPUUtilization", "Maximum", 99), "engine thread"),
        (("CPUUtilization", "Maximum", 99), "processor"),
        (("NetworkBandwidthOutAllowanceExceeded", "Sum", 1), "network out"),
    ] {
        let tables = one("cache.r6g.xlarge", but(&[full]));
        assert_eq!(fitting(&tables), Vec::<String>::new(), "{full:?}");
        assert_eq!(censored(&tables), [dimension], "{full:?}");
    }
}

/// The primary holds 45 percent, the replica would fit into half: neither takes it. Where both would, each swaps its
/// own hours, and the price is that of both.
#[test]
fn nodes_of_a_group_are_sized_together() {
    let holds = |percent| but(&[("DatabaseMemoryUsagePercentage", "Maximum", percent)]);
    let uneven = derived("redis", "cache.r6g.xlarge", &[holds(5), holds(45)]);
    assert!(!fitting(&uneven).contains(&"cache.r6g.large".to_owned()), "{:?}", fitting(&uneven));
    let even = derived("redis", "cache.r6g.xlarge", &[holds(5), holds(38)]);
    let halves = fitting(&even).into_iter().filter(|name| name == "cache.r6g.large").count();
    assert_eq!((halves, says(&even, "cache.r6g.large", "RelativePrice")), (2, "0.5".to_owned()));
    let most = numbers(&even["utilization"], "MostShare");
    let memory = texts(&even["utilization"], "Dimension").iter().position(|name| name.as_deref() == Some("memory"));
    assert_eq!(
        most[memory.unwrap()].unwrap().round_dp(4),
        Decimal::new(38, 2),
        "of the first node, that holds 5 percent"
    );
}

#[test]
fn what_was_not_measured_of_every_node_must_not_get_less() {
    for name in ["NetworkBytesIn", "DatabaseMemoryUsagePercentage"] {
        let tables = derived("redis", "cache.r6g.xlarge", &[LITTLE.to_vec(), without(name)]);
        assert!(!fitting(&tables).contains(&"cache.r6g.large".to_owned()), "{name}");
    }
    // The engine is as fast on a smaller node of the family, and slower on r6g than on r5.
    let tables = one("cache.r5.xlarge", without("EngineCPUUtilization"));
    assert!(fitting(&tables).contains(&"cache.r5.large".to_owned()), "{:?}", fitting(&tables));
    assert!(!fitting(&tables).contains(&"cache.r6g.xlarge".to_owned()));
}

#[test]
fn data_tiering_and_memcached_are_not_judged_and_disks_are_not_named() {
    assert!(!fitting(&one("cache.r6g.xlarge", LITTLE.to_vec())).contains(&"cache.r6gd.xlarge".to_owned()));
    for tables in
        [one("cache.r6gd.xlarge", LITTLE.to_vec()), derived("memcached", "cache.r6g.xlarge", &[LITTLE.to_vec()])]
    {
        assert_eq!(tables["utilization"].height() + tables["fitting_shapes"].height(), 0);
    }
}

#[test]
fn a_burstable_node_without_credits_or_without_their_metric_is_censored() {
    for (measured, expected) in [
        (LITTLE.to_vec(), vec!["processor".to_owned()]),
        (but(&[("CPUCreditBalance", "Minimum", 0)]), vec!["processor".to_owned()]),
        (but(&[("CPUCreditBalance", "Minimum", 576)]), vec![]),
    ] {
        assert_eq!(censored(&one("cache.t4g.medium", measured)), expected);
    }
}
