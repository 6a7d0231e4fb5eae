//! One function, what was measured of it, and how much memory it could have.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use polars::prelude::Column;
use rust_decimal::Decimal;

use super::*;
use crate::derive::fit::derive;
use crate::id::Meter;
use crate::table::inventory::{Function, Metric};
use crate::table::read::{numbers, texts};
use crate::table::rows::Rows;

const ID: &str = "arn:aws:lambda:eu-west-1:111122223333:function:orders";
const HOURS: i64 = 14 * 24;

/// What was measured in an hour, of which there are 336.
type Hourly = fn(i64) -> Option<i64>;

/// 300 of 1024 MB, 200 ms a run with 30 of them of processors, ten runs an hour.
const QUIET: [(Measured, Hourly); 6] = [
    (USED, |_| Some(300)),
    (HAD, |_| Some(1024)),
    (BUSY, |_| Some(30)),
    (DURATION, |_| Some(200)),
    (LONGEST, |_| Some(900)),
    (RUNS, |_| Some(10)),
];

/// The quiet function, but for this.
fn but(other: &[(Measured, Hourly)]) -> Vec<(Measured, Hourly)> {
    let of = |name: Measured, quiet: Hourly| other.iter().find(|(one, _)| *one == name).map_or(quiet, |(_, of)| *of);
    QUIET.into_iter().map(|(name, quiet)| (name, of(name, quiet))).collect()
}

fn metrics(hourly: &[(Measured, Hourly)]) -> Vec<Metric> {
    let end: Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
    let mut rows = Vec::new();
    for ((metric, statistic), of) in hourly {
        rows.extend((0..HOURS).filter_map(|hour| Some((hour, of(hour)?))).map(|(hour, value)| Metric {
            account: "111122223333".into(),
            region: "eu-west-1".into(),
            id: ID.into(),
            metric: Some((*metric).to_owned()),
            statistic: Some((*statistic).to_owned()),
            start: Some(end - SignedDuration::from_hours(HOURS - hour)),
            seconds: Some(3600),
            value: Some(value.into()),
        }));
    }
    rows
}

fn function(memory: i64) -> Function {
    Function {
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        id: ID.into(),
        runtime: Some("python3.13".into()),
        memory: Some(memory),
        timeout: Some(30),
        ..Function::default()
    }
}

fn derived(function: Function, hourly: &[(Measured, Hourly)], meter: &str) -> Tables {
    let costs = DataFrame::new_infer_height(vec![
        Column::new("SubAccountId".into(), vec!["111122223333"]),
        Column::new("RegionId".into(), vec!["eu-west-1"]),
        Column::new("ResourceId".into(), vec![ID]),
        Column::new("Meter".into(), vec![meter]),
        Column::new("RunRateQuantity".into(), vec!["100000"]),
        Column::new("EffectiveRunRate".into(), vec!["1.66667"]),
    ])
    .unwrap();
    let mut tables = Tables::from([
        ("lambda_functions".to_owned(), Rows::of(vec![function]).frame().unwrap()),
        ("resource_metrics".to_owned(), Rows::of(metrics(hourly)).frame().unwrap()),
        ("resource_monthly_costs".to_owned(), costs),
    ]);
    let price = |_: &Meter, _: Option<&str>| None::<Decimal>;
    derive(&mut tables, &DataFrame::empty(), &price, &Limits::default()).unwrap();
    tables
}

const METER: &str = "AWSLambda/Lambda-GB-Second";

fn names(tables: &Tables) -> Vec<String> {
    texts(&tables["fitting_shapes"], "NewInstanceType").into_iter().flatten().collect()
}

fn fitting(function: Function, other: &[(Measured, Hourly)]) -> Vec<String> {
    names(&derived(function, &but(other), METER))
}

fn number(tables: &Tables, table: &str, name: &str, row: usize) -> Decimal {
    numbers(&tables[table], name)[row].unwrap().normalize()
}

fn is(text: &str) -> Decimal {
    Decimal::from_str(text).unwrap()
}

/// Milliseconds of a run and of its processors; megabytes before and after; one thread; milliseconds and price of a run then.
#[test]
fn a_run_takes_longer_by_the_processors_that_it_loses() {
    for (duration, busy, from, to, one_thread, then, price) in [
        (200.0, 30.0, 1024.0, 512.0, true, 251.8262, 0.6296),
        (200.0, 100.0, 1024.0, 512.0, true, 372.7539, 0.9319),
        // All of it was processor time: half of the memory is twice as long, and saves nothing.
        (200.0, 190.0, 1024.0, 512.0, true, 400.0, 1.0),
        // One thread loses nothing above a vCPU; several may.
        (200.0, 150.0, 3008.0, 1769.0, true, 200.0, 0.5881),
        (200.0, 150.0, 3008.0, 1769.0, false, 261.7852, 0.7698),
        // More processor time than one thread has: there were several.
        (200.0, 300.0, 3008.0, 1769.0, true, 323.5705, 0.9515),
    ] {
        let new = Run { duration, busy, longest: 0.0 }.with(from, to, one_thread);
        assert!((new - then).abs() < 1e-3, "{new} {then}");
        assert!((to * new / (from * duration) - price).abs() < 1e-4, "{new} {price}");
    }
}

#[test]
fn less_memory_never_makes_a_run_shorter_or_dearer_than_it_is() {
    for busy in [0.0, 50.0, 150.0, 200.0, 400.0] {
        for one_thread in [true, false] {
            let run = Run { duration: 200.0, busy, longest: 0.0 };
            for (at, from) in SIZES.into_iter().enumerate() {
                for to in SIZES.into_iter().take(at) {
                    let new = run.with(from, to, one_thread);
                    assert!(new >= 200.0 - 1e-9 && to * new <= from * 200.0 + 1e-6, "{from} {to} {busy} {new}");
                }
            }
        }
    }
}

/// 300 MB and 30 of a hundred more are 390: more than 384.
#[test]
fn a_function_that_uses_little_gets_less_and_its_runs_take_longer() {
    let tables = derived(function(1024), &QUIET, METER);
    assert_eq!(names(&tables), ["512 MB", "768 MB"]);
    let of = |name: &str| texts(&tables["fitting_shapes"], name)[0].clone().unwrap();
    assert_eq!([of("InstanceType"), of("Meter"), of("NewMeter")], ["1024 MB", METER, METER].map(str::to_owned));
    assert_eq!(of("MemoryBasis"), "measured; too few machines to tell a risk, so 30 percent of headroom");
    // Half of the memory for 251.8 ms in place of 200.
    assert_eq!(number(&tables, "fitting_shapes", "RelativePrice", 0).round_dp(4), is("0.6296"));
    assert_eq!(number(&tables, "fitting_shapes", "RelativePrice", 1).round_dp(4), is("0.8148"));
    for (name, value) in [("NewMemoryShare", "0.5"), ("NewVcpuShare", "0.5"), ("SizeSteps", "1"), ("FitRisk", "0")] {
        assert_eq!(number(&tables, "fitting_shapes", name, 0), is(value), "{name}");
    }
    // 300 of 435 MB, 85 percent of 512.
    assert_eq!(number(&tables, "fitting_shapes", "NearestShare", 0).round_dp(2), is("0.69"));
}

#[test]
fn memory_that_is_needed_is_kept() {
    assert_eq!(fitting(function(1024), &[(USED, |_| Some(500))]), ["768 MB"]);
    let once: Hourly = |hour| Some(if hour == 100 { 700 } else { 300 });
    assert_eq!(fitting(function(1024), &[(USED, once)]), Vec::<String>::new());
}

#[test]
fn without_lambda_insights_or_a_price_nothing_is_offered() {
    let without = derived(function(1024), &QUIET[3..], METER);
    assert_eq!((names(&without).len(), without["utilization"].height()), (0, 0));
    let unpaid = derived(function(1024), &QUIET, "AWSLambda/Request");
    assert_eq!((names(&unpaid).len(), unpaid["utilization"].height()), (0, 1));
    assert_eq!(fitting(Function { timeout: None, ..function(1024) }, &[]), Vec::<String>::new());
}

#[test]
fn hours_before_it_got_its_memory_say_nothing() {
    let halved: [(Measured, Hourly); 3] = [
        (HAD, |hour| Some(if hour < 240 { 2048 } else { 1024 })),
        (USED, |hour| Some(if hour < 240 { 900 } else { 300 })),
        (DURATION, |hour| Some(if hour < 240 { 2000 } else { 200 })),
    ];
    let tables = derived(function(1024), &but(&halved), METER);
    assert_eq!(number(&tables, "utilization", "HistoryDays", 0), is("4"));
    assert_eq!(number(&tables, "utilization", "MostShare", 0).round_dp(3), is("0.293"));
    assert_eq!(number(&tables, "fitting_shapes", "RelativePrice", 0).round_dp(4), is("0.6296"));
}

#[test]
fn a_function_that_runs_at_night_is_measured_all_day() {
    let at_night: [Hourly; 6] = [
        |hour| (hour % 24 == 3).then_some(300),
        |hour| (hour % 24 == 3).then_some(1024),
        |hour| (hour % 24 == 3).then_some(30),
        |hour| (hour % 24 == 3).then_some(200),
        |hour| (hour % 24 == 3).then_some(900),
        |hour| (hour % 24 == 3).then_some(10),
    ];
    let nightly: Vec<(Measured, Hourly)> = QUIET.into_iter().map(|(name, _)| name).zip(at_night).collect();
    let tables = derived(function(1024), &nightly, METER);
    assert_eq!(number(&tables, "utilization", "CoveredShare", 0), is("1"));
    assert_eq!(number(&tables, "utilization", "HistoryDays", 0), is("13.041667"));
    assert_eq!(names(&tables), ["512 MB", "768 MB"]);
    // By day it runs too, and nobody measured that.
    let always: Hourly = |_| Some(10);
    let all_day = |(name, of): (Measured, Hourly)| (name, if name == RUNS { always } else { of });
    let unseen: Vec<(Measured, Hourly)> = nightly.into_iter().map(all_day).collect();
    assert_eq!(names(&derived(function(1024), &unseen, METER)), Vec::<String>::new());
}

#[test]
fn the_longest_run_still_ends_in_time_were_it_all_processor_time() {
    let short = || Function { timeout: Some(3), ..function(1024) };
    // Twice 1,600 ms are more than three seconds, four thirds of it are less.
    assert_eq!(fitting(short(), &[(LONGEST, |_| Some(1600))]), ["768 MB"]);
    assert_eq!(fitting(short(), &[(LONGEST, |_| Some(1500))]), ["512 MB", "768 MB"]);
    // What was ended says nothing of what was not.
    let ended: Hourly = |hour| Some(if hour % 24 == 0 { 3000 } else { 900 });
    assert_eq!(fitting(short(), &[(LONGEST, ended)]), ["512 MB", "768 MB"]);
}

#[test]
fn a_runtime_of_several_threads_may_lose_more_than_a_thread() {
    let busy: [(Measured, Hourly); 3] = [(HAD, |_| Some(3008)), (USED, |_| Some(700)), (BUSY, |_| Some(150))];
    for (runtime, relative) in [("python3.13", "0.5881"), ("java21", "0.7698")] {
        let one = Function { runtime: Some(runtime.into()), ..function(3008) };
        let tables = derived(one, &but(&busy), METER);
        let row = names(&tables).iter().position(|name| name == "1769 MB").unwrap();
        assert_eq!(number(&tables, "fitting_shapes", "RelativePrice", row).round_dp(4), is(relative), "{runtime}");
    }
}
