//! Volumes that ask for the same all the time, and what they need.

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::table::inventory::{DatabaseInstance, Metric, Volume};
use crate::table::read::texts;
use crate::table::rows::Rows;

const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-west-1";

/// Points of two days up to the first of November.
fn points(id: &str, (metric, statistic): Measured, seconds: i64, value: impl Fn(i64) -> i64) -> Vec<Metric> {
    let end: Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
    let count = 2 * 86_400 / seconds;
    let row = |at: i64| Metric {
        account: ACCOUNT.into(),
        region: REGION.into(),
        id: id.to_owned(),
        metric: Some(metric.to_owned()),
        statistic: Some(statistic.to_owned()),
        start: Some(end - SignedDuration::from_secs(seconds * (count - at))),
        seconds: Some(seconds),
        value: Some(value(at).into()),
    };
    (0..count).map(row).collect()
}

/// Reads and writes of so many operations a second, half of each.
fn operations(id: &str, seconds: i64, iops: i64) -> Vec<Metric> {
    OPERATIONS.into_iter().flat_map(|name| points(id, name, seconds, |_| iops * seconds / 2)).collect()
}

fn volume(id: &str, kind: &str, iops: i64, mibps: Option<i64>) -> Volume {
    Volume {
        account: ACCOUNT.into(),
        region: REGION.into(),
        id: id.to_owned(),
        volume_type: Some(kind.to_owned()),
        iops: Some(iops.into()),
        throughput: mibps.map(Decimal::from),
        ..Volume::default()
    }
}

fn derived(volumes: Vec<Volume>, metrics: Vec<Metric>) -> DataFrame {
    let mut tables = Tables::from([
        ("ebs_volumes".to_owned(), Rows::of(volumes).frame().unwrap()),
        ("resource_metrics".to_owned(), Rows::of(metrics).frame().unwrap()),
    ]);
    performance(&mut tables, &Limits::default()).unwrap();
    tables.remove("fitting_performance").unwrap()
}

/// What is needed at 20, 10, 5 and 1 percent; "-": nobody can tell.
fn needs(frame: &DataFrame) -> Vec<String> {
    let told = |number: Option<Decimal>| number.map_or_else(|| "-".to_owned(), |number| number.normalize().to_string());
    numbers(frame, "Needed").into_iter().map(told).collect()
}

#[test]
fn less_risk_needs_more() {
    for (asked, needed) in
        [(600, ["761.1", "926.5", "2126.3", "5833"]), (1500, ["1893.9", "2183.2", "4282.5", "10767.9"])]
    {
        let frame = derived(vec![volume("vol-1", "io1", 6000, None)], operations("vol-1", 300, asked));
        assert_eq!(needs(&frame), needed, "{asked} of 6,000");
        let risks: Vec<String> =
            numbers(&frame, "FitRisk").into_iter().flatten().map(|r| r.normalize().to_string()).collect();
        assert_eq!(risks, ["0.2", "0.1", "0.05", "0.01"]);
    }
}

/// Twice as much of twice as much.
#[test]
fn needs_scale_with_what_is_provisioned() {
    let frame = derived(vec![volume("vol-1", "io2", 12_000, None)], operations("vol-1", 300, 1200));
    assert_eq!(needs(&frame), ["1522.2", "1853", "4252.7", "11666.1"]);
}

#[test]
fn means_of_an_hour_hide_minutes_and_need_more() {
    let frame = derived(vec![volume("vol-1", "io1", 6000, None)], operations("vol-1", 3600, 600));
    assert_eq!(needs(&frame), ["1237.6", "1596.6", "3066.1", "6014.6"]);
    assert!(texts(&frame, "RatiosOf")[0].as_ref().unwrap().contains("by hours before"));
}

#[test]
fn points_of_more_than_an_hour_say_nothing_of_a_need() {
    let frame = derived(vec![volume("vol-1", "io1", 6000, None)], operations("vol-1", 21_600, 600));
    assert_eq!(needs(&frame), ["-", "-", "-", "-"]);
    assert_eq!(numbers(&frame, "MostUsed")[0], Some(Decimal::from(600)));
}

/// 52,428,800 bytes a second are 50 MiB: a tenth of 500, as 600 are of 6,000.
#[test]
fn throughput_is_told_apart_from_operations() {
    let bytes = BYTES.into_iter().flat_map(|name| points("vol-1", name, 300, |_| 150 * 52_428_800));
    let metrics = operations("vol-1", 300, 600).into_iter().chain(bytes).collect();
    let frame = derived(vec![volume("vol-1", "gp3", 6000, Some(500))], metrics);
    let of: Vec<String> = texts(&frame, "Dimension").into_iter().flatten().collect();
    assert_eq!(of, [["IOPS"; 4], ["throughput"; 4]].concat());
    assert_eq!(needs(&frame), ["761.1", "926.5", "2126.3", "5833", "63.4", "77.2", "177.2", "486.1"]);
}

/// A check of operations says nothing of throughput.
#[test]
fn a_minute_at_the_limit_is_told() {
    let check = points("vol-1", OPERATIONS_EXCEEDED, 300, |at| i64::from(at == 7));
    let bytes = BYTES.into_iter().flat_map(|name| points("vol-1", name, 300, |_| 1000));
    let metrics = operations("vol-1", 300, 600).into_iter().chain(bytes).chain(check).collect();
    let frame = derived(vec![volume("vol-1", "gp3", 6000, Some(500))], metrics);
    let censored: Vec<String> = texts(&frame, "Censored").into_iter().flatten().collect();
    assert_eq!(censored, [["true"; 4], ["false"; 4]].concat());
}

#[test]
fn without_reads_or_writes_there_is_no_row_and_a_point_without_one_of_them_is_none() {
    let reads = points("vol-1", OPERATIONS[0], 3600, |_| 3600);
    let some_writes = points("vol-1", OPERATIONS[1], 3600, |_| 3600).into_iter().skip(12);
    let kinds = || vec![volume("vol-1", "io1", 100, None), volume("vol-2", "gp2", 100, None)];
    assert_eq!(derived(kinds(), reads.clone()).height(), 0);
    let frame = derived(kinds(), [reads, some_writes.collect(), operations("vol-2", 3600, 10)].concat());
    assert_eq!(frame.height(), 4, "gp2 is made for what its size gives");
    assert_eq!(numbers(&frame, "CoveredShare")[0], Some(Decimal::new(75, 2)));
    assert_eq!(numbers(&frame, "MostUsed")[0], Some(Decimal::from(2)));
}

/// 262,144,000 bytes a second are 1,000 operations of 256 KiB: more than the 600 that were counted, where data are carried by operations.
#[test]
fn few_and_large_operations_of_a_database_count_by_their_data() {
    for (kind, most) in [("io1", 1000), ("gp3", 600)] {
        let database = DatabaseInstance {
            account: ACCOUNT.into(),
            region: REGION.into(),
            id: "db".into(),
            storage_type: Some(kind.into()),
            iops: Some(10_000.into()),
            ..DatabaseInstance::default()
        };
        let of = |names: [Measured; 2], each: i64| {
            names.into_iter().flat_map(move |name| points("db", name, 3600, move |_| each))
        };
        let metrics: Vec<Metric> = of(DATABASE_OPERATIONS, 300).chain(of(DATABASE_BYTES, 131_072_000)).collect();
        let mut tables = Tables::from([
            ("rds_instances".to_owned(), Rows::of(vec![database]).frame().unwrap()),
            ("resource_metrics".to_owned(), Rows::of(metrics).frame().unwrap()),
        ]);
        performance(&mut tables, &Limits::default()).unwrap();
        let frame = &tables["fitting_performance"];
        assert_eq!(numbers(frame, "MostUsed")[0], Some(Decimal::from(most)), "{kind}");
        // The busiest minute of an hour hides nothing.
        assert!(!texts(frame, "RatiosOf")[0].as_ref().unwrap().contains("hours"), "{kind}");
    }
}

/// Fifty volumes that all ask for a tenth more in the second day than in the first.
#[test]
fn volumes_of_ones_own_have_their_own_ratios() {
    let (mut volumes, mut metrics) = (Vec::new(), Vec::new());
    for at in 0..50 {
        let id = format!("vol-{at:02}");
        volumes.push(volume(&id, "io1", 6000, None));
        for name in OPERATIONS {
            metrics.extend(points(&id, name, 300, |point| if point < 288 { 150 * 1000 } else { 150 * 1100 }));
        }
    }
    let frame = derived(volumes, metrics);
    assert_eq!(texts(&frame, "RatiosOf")[0].as_deref(), Some("50 of your own: io1 volumes"));
    assert_eq!(needs(&frame)[..4], ["1508.6", "1508.6", "1508.6", "-"], "fifty cannot tell one in a hundred");
}

#[test]
fn without_volumes_and_databases_there_is_no_table() {
    let metrics = Rows::of(operations("vol-1", 3600, 1)).frame().unwrap();
    let mut tables = Tables::from([("resource_metrics".to_owned(), metrics)]);
    performance(&mut tables, &Limits::default()).unwrap();
    assert!(!tables.contains_key("fitting_performance"));
}

#[test]
fn shipped_ratios_for_hours_are_those_of_the_file() {
    assert_eq!(hourly().machines(), 140);
    let ratios = hourly().like(0.1);
    assert_eq!(RISKS.map(|risk| ratios.margin(risk)), [1.3244, 1.5636, 2.5428, 4.5075].map(Some));
}
