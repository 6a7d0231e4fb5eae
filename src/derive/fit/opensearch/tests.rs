//! One domain, what was measured of it, and what else it could be.

use std::str::FromStr;
use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};
use polars::prelude::Column;
use rust_decimal::Decimal;

use super::*;
use crate::derive::fit::derive;
use crate::id::Meter;
use crate::table::inventory::{Metric, SearchDomain};
use crate::table::read::{numbers, texts};
use crate::table::rows::Rows;

type Tables = BTreeMap<String, DataFrame>;

static TYPES: LazyLock<DataFrame> =
    LazyLock::new(|| crate::prices::fact_tables(|name| name == "instance_types").unwrap().remove(0).1);

/// A measurement of every hour of 14 days: metric, statistic, value.
type Hourly = (&'static str, &'static str, i64);

const ID: &str = "arn:aws:es:eu-west-1:111122223333:domain/logs";

/// On demand, eu-west-1 (prices/opensearch.csv).
const PRICES: [(&str, &str); 6] = [
    ("r6g.2xlarge", "0.749"),
    ("r6g.xlarge", "0.374"),
    ("r6g.large", "0.187"),
    ("m6g.large", "0.143"),
    ("r6gd.large", "0.01"),
    ("t3.medium", "0.078"),
];

/// Four nodes of 16 GiB of heap and 500 GiB of disk: a fifth of the busiest node's processors, 22.4 GiB of live heap,
/// disks at 45 percent, 100 shards, hardly any reads and writes.
const DOMAIN: [Hourly; 9] = [
    ("CPUUtilization", "Maximum", 20),
    ("OldGenJVMMemoryPressure", "Maximum", 35),
    ("FreeStorageSpace", "Minimum", 281_600),
    ("Shards.active", "Maximum", 100),
    ("Nodes", "Minimum", 4),
    ("ReadThroughput", "Maximum", 1_000_000),
    ("WriteThroughput", "Maximum", 1_000_000),
    ("ReadIOPS", "Maximum", 10),
    ("WriteIOPS", "Maximum", 10),
];

fn but(changed: Hourly) -> Vec<Hourly> {
    let kept = DOMAIN.into_iter().filter(|(name, ..)| *name != changed.0);
    kept.chain([changed]).collect()
}

fn without(name: &str) -> Vec<Hourly> {
    DOMAIN.into_iter().filter(|(metric, ..)| *metric != name).collect()
}

fn four() -> SearchDomain {
    SearchDomain {
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        id: ID.into(),
        instance_type: Some("r6g.xlarge.search".into()),
        instances: Some(4),
        masters: Some(0),
        multi_zone: Some(false),
        volume_type: Some("gp3".into()),
        volume: Some(Decimal::from(500)),
        ..SearchDomain::default()
    }
}

/// Points of every hour: the value, or what `at` makes of the hour.
fn metrics(hourly: &[Hourly], at: impl Fn(&str, i64, i64) -> i64) -> Vec<Metric> {
    let end: Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
    let mut rows = Vec::new();
    for &(metric, statistic, value) in hourly {
        rows.extend((0..14 * 24).map(|hour| Metric {
            account: "111122223333".into(),
            region: "eu-west-1".into(),
            id: ID.into(),
            metric: Some(metric.to_owned()),
            statistic: Some(statistic.to_owned()),
            start: Some(end - SignedDuration::from_hours(14 * 24 - hour)),
            seconds: Some(3600),
            value: Some(at(metric, hour, value).into()),
        }));
    }
    rows
}

/// The tables derived of a domain. It has masters of another type on the bill, of more hours than its data nodes.
fn derived(domain: SearchDomain, metrics: Vec<Metric>) -> Tables {
    let kind = domain.instance_type.clone().unwrap();
    let meters = [meter(kind.trim_end_matches(".search")), meter("m7g.large")];
    let price_of = |name: &str| PRICES.into_iter().find(|(other, _)| *other == name).map(|(_, price)| price);
    let own = Decimal::from_str(price_of(kind.trim_end_matches(".search")).unwrap()).unwrap() * Decimal::from(2920);
    let costs = DataFrame::new_infer_height(vec![
        Column::new("SubAccountId".into(), vec!["111122223333"; 2]),
        Column::new("RegionId".into(), vec!["eu-west-1"; 2]),
        Column::new("ResourceId".into(), vec![ID; 2]),
        Column::new("Meter".into(), meters.to_vec()),
        Column::new("RunRateQuantity".into(), vec!["2920", "3650"]),
        Column::new("EffectiveRunRate".into(), vec![own.to_string(), "1".to_owned()]),
    ])
    .unwrap();
    let mut tables = Tables::from([
        ("opensearch_domains".to_owned(), Rows::of(vec![domain]).frame().unwrap()),
        ("resource_metrics".to_owned(), Rows::of(metrics).frame().unwrap()),
        ("resource_monthly_costs".to_owned(), costs),
    ]);
    let price = |asked: &Meter, _: Option<&str>| {
        let name = asked.0.strip_prefix("AmazonES/ESInstance:")?;
        Decimal::from_str(price_of(name)?).ok()
    };
    derive(&mut tables, &TYPES, &price, &Limits::default()).unwrap();
    tables
}

fn meter(kind: &str) -> String {
    format!("AmazonES/ESInstance:{kind}")
}

/// What fits: type, number, relative price, risk.
fn fitting(tables: &Tables) -> Vec<[String; 4]> {
    let frame = &tables["fitting_shapes"];
    let (names, numbers_of) = (texts(frame, "NewInstanceType"), texts(frame, "NewSharedBy"));
    let exact = |name: &str, row: usize| numbers(frame, name)[row].unwrap().round_dp(4).normalize().to_string();
    let row = |row: usize| {
        [
            names[row].clone().unwrap(),
            numbers_of[row].clone().unwrap(),
            exact("RelativePrice", row),
            exact("FitRisk", row),
        ]
    };
    (0..frame.height()).map(row).collect()
}

fn fits(tables: &Tables, name: &str, nodes: &str) -> bool {
    fitting(tables).iter().any(|[other, number, ..]| other == name && number == nodes)
}

fn of(domain: SearchDomain, hourly: &[Hourly]) -> Tables {
    derived(domain, metrics(hourly, |_, _, value| value))
}

/// Three quarters of the processors are at their limit at 0.525 of what there is, halves at 0.35: of 141 ratios 6 and 8
/// are beyond that from 20 percent on, and one more of each of two figures of the disks. m6g.large has too little heap.
#[test]
fn a_domain_can_have_a_node_less_or_half_the_type() {
    let tables = of(four(), &DOMAIN);
    let expected = [["r6g.large.search", "4", "0.5", "0.0709"], ["r6g.xlarge.search", "3", "0.75", "0.0567"]];
    assert_eq!(fitting(&tables), expected.map(|row| row.map(str::to_owned)));
    let frame = &tables["fitting_shapes"];
    assert_eq!(texts(frame, "NewMeter"), [Some(meter("r6g.large")), Some(meter("r6g.xlarge"))]);
    assert_eq!(texts(frame, "SharedBy"), [Some("4".to_owned()), Some("4".to_owned())]);
}

/// 40 percent are 25.6 GiB of live heap: 0.80 of four times eight, 0.53 of three times sixteen.
#[test]
fn live_heap_must_fit() {
    let tables = of(four(), &but(("OldGenJVMMemoryPressure", "Maximum", 40)));
    assert!(
        !fits(&tables, "r6g.large.search", "4") && fits(&tables, "r6g.xlarge.search", "3"),
        "{:?}",
        fitting(&tables)
    );
    let unmeasured = of(four(), &without("OldGenJVMMemoryPressure"));
    assert_eq!(fitting(&unmeasured), Vec::<[String; 4]>::new());
}

/// Volumes of 500 GiB with 225 used are 0.60 of three; with 290 used they are 0.77, and type by type nothing is lost.
#[test]
fn disks_must_bear_fewer_nodes() {
    let tables = of(four(), &but(("FreeStorageSpace", "Minimum", 210 * 1024)));
    assert!(
        !fits(&tables, "r6g.xlarge.search", "3") && fits(&tables, "r6g.large.search", "4"),
        "{:?}",
        fitting(&tables)
    );
}

/// gp3 of r6g.large ends at 2 TiB.
#[test]
fn volumes_larger_than_a_type_takes_keep_the_type() {
    let large = SearchDomain { volume: Some(Decimal::from(2049)), ..four() };
    let tables = of(large, &but(("FreeStorageSpace", "Minimum", 1500 * 1024)));
    assert!(
        !fits(&tables, "r6g.large.search", "4") && fits(&tables, "r6g.xlarge.search", "3"),
        "{:?}",
        fitting(&tables)
    );
    let limits = [
        volume_limit("r6g.large.search", Some("gp3")),
        volume_limit("r6g.large.search", Some("io1")),
        volume_limit("r9x.large.search", Some("gp2")),
        volume_limit("c4.large.search", Some("gp3")),
        volume_limit("r6g.large.search", Some("standard")),
        volume_limit("r6g.large.search", None),
    ];
    assert_eq!(limits, [Some(2048.0), Some(1024.0), Some(256.0), None, None, None]);
}

/// 25 to a GiB: 1,200 on three times 16 GiB, 800 on four times 8.
#[test]
fn shards_must_have_heap() {
    let with = |shards| of(four(), &but(("Shards.active", "Maximum", shards)));
    let fit = |tables: &Tables| [fits(tables, "r6g.xlarge.search", "3"), fits(tables, "r6g.large.search", "4")];
    assert_eq!(fit(&with(800)), [true, true]);
    assert_eq!(fit(&with(1200)), [true, false]);
    assert_eq!(fit(&with(1201)), [false, false]);
    assert_eq!(fit(&of(four(), &without("Shards.active"))), [false, false]);
}

#[test]
fn disks_that_were_not_measured_get_no_less_bandwidth() {
    assert_eq!(fitting(&of(four(), &without("WriteThroughput"))), Vec::<[String; 4]>::new());
    assert_eq!(fitting(&of(four(), &without("FreeStorageSpace"))).len(), 1, "the smaller type, with the same volumes");
}

/// Three need not become two unless others elect. In zones as many go as there are zones: of four two, of nine three,
/// and of five nobody knows.
#[test]
fn nodes_go_by_zones_and_never_below_what_elects() {
    let domain = |nodes, masters, zones| SearchDomain {
        instances: Some(nodes),
        masters: Some(masters),
        multi_zone: zones,
        volume: Some(Decimal::from(5000)),
        ..four()
    };
    let quiet: Vec<Hourly> = DOMAIN
        .into_iter()
        .map(|(name, statistic, value)| match name {
            "CPUUtilization" => (name, statistic, 5),
            "OldGenJVMMemoryPressure" => (name, statistic, 10),
            "FreeStorageSpace" => (name, statistic, 4900 * 1024),
            _ => (name, statistic, value),
        })
        .collect();
    for (nodes, masters, zones, then) in [
        (3, 0, Some(false), None),
        (3, 3, Some(false), Some("2")),
        (4, 3, Some(true), Some("2")),
        (4, 0, Some(true), None),
        (9, 0, Some(true), Some("6")),
        (12, 0, Some(true), Some("6")),
        (5, 0, Some(true), None),
        (5, 0, None, None),
        (5, 0, Some(false), Some("4")),
    ] {
        let fewer: Vec<String> = fitting(&of(domain(nodes, masters, zones), &quiet))
            .into_iter()
            .filter(|[name, ..]| name == "r6g.xlarge.search")
            .map(|[_, number, ..]| number)
            .collect();
        let expected: Vec<String> = then.into_iter().map(str::to_owned).collect();
        assert_eq!(fewer, expected, "{nodes} nodes, {masters} masters, zones {zones:?}");
    }
}

/// 55 percent of four are 73 of three, and after a loss 110 of two.
#[test]
fn the_nodes_that_are_left_after_a_loss_must_bear_it() {
    let tables = of(four(), &but(("CPUUtilization", "Maximum", 55)));
    assert_eq!(fitting(&tables), Vec::<[String; 4]>::new());
}

#[test]
fn who_refused_work_or_was_full_needs_nobody_knows_how_much() {
    let refusing = [&DOMAIN[..], &[("ThreadpoolSearchRejected", "Maximum", 0)][..]].concat();
    let rising = derived(
        four(),
        metrics(&refusing, |name, hour, value| match (name, hour) {
            ("ThreadpoolSearchRejected", 100..) => 7,
            _ => value,
        }),
    );
    // A node that was replaced counts anew.
    let falling = derived(
        four(),
        metrics(&refusing, |name, hour, value| match (name, hour) {
            ("ThreadpoolSearchRejected", ..100) => 7,
            _ => value,
        }),
    );
    let full = of(four(), &but(("CPUUtilization", "Maximum", 99)));
    for (tables, censored) in [(rising, true), (falling, false), (full, true)] {
        assert_eq!(texts(&tables["utilization"], "Censored").contains(&Some("true".into())), censored);
        assert_eq!(fitting(&tables).is_empty(), censored);
    }
}

/// What the nodes of another number did says nothing, nor does a domain whose number nobody measured; a day of a change
/// is no matter.
#[test]
fn a_domain_whose_number_of_nodes_changed_is_not_judged() {
    let at = |from: i64| {
        let changing = metrics(&DOMAIN, |name, hour, value| if name == "Nodes" && hour < from { 6 } else { value });
        derived(four(), changing)["utilization"].height()
    };
    assert_eq!([at(24), at(100), of(four(), &without("Nodes"))["utilization"].height()], [5, 0, 0]);
}

#[test]
fn burstable_types_and_disks_of_the_instance_are_neither_judged_nor_named() {
    for kind in ["t3.medium.search", "r6gd.large.search"] {
        let domain = SearchDomain { instance_type: Some(kind.into()), ..four() };
        assert_eq!(of(domain, &DOMAIN)["utilization"].height(), 0, "{kind}");
        assert!(!fits(&of(four(), &DOMAIN), kind, "4"), "{kind}");
    }
}
