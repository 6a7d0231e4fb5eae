//! How past advice would have done, through the command: the table, the view, and what is refused.

use std::fmt::Write as _;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use scale_surgeon::dataset::{Dataset, Manifest, SCHEMA_VERSION};
use scale_surgeon::table::Frame;
use scale_surgeon::table::inventory::{DatabaseInstance, Instance, Metric, Volume};
use scale_surgeon::table::rows::{Row, Rows};
use serde_json::Value;

use crate::common::surgeon;

const HEADER: &str = "BilledCost,EffectiveCost,ListCost,BillingCurrency,ChargeCategory,ChargePeriodStart,\
    ChargePeriodEnd,BillingPeriodStart,ProviderName,ServiceName,x_ServiceCode,x_UsageType,x_Operation,\
    PricingQuantity,PricingUnit,RegionId,SubAccountId,ResourceId,CommitmentDiscountStatus";

/// A list on which an hour costs a dollar, and 0.72 under a Compute Savings Plan.
const LIST: &str = "# title = \"Test\"\n# [source.a]\n# title = \"List\"\n# date = \"2026-05\"\n# licence = \"facts\"\n\
    meter,term,from,unit,source,us-east-1\n\
    AmazonEC2/BoxUsage:m5.large,,,Hours,a,1\n\
    AmazonEC2/BoxUsage:m5.large,compute-savings-plan-1y-no-upfront,,Hours,a,0.72\n";

/// FOCUS with a charge every `step` hours of each instance from the first of January 2026; an instance is id and days.
fn bill(folder: &Path, step: i64, instances: &[(&str, i64)]) -> String {
    let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let mut text = format!("{HEADER}\n");
    for (id, days) in instances {
        for hour in (0..days * 24).step_by(step as usize) {
            let at = |hour: i64| (start + SignedDuration::from_hours(hour)).to_string();
            let (from, to) = (at(hour), at(hour + step));
            let month = &from[..7];
            writeln!(
                text,
                "{step},{step},{step},USD,Usage,{from},{to},{month}-01T00:00:00Z,AWS,Elastic Compute,AmazonEC2,\
                 BoxUsage:m5.large,RunInstances,{step},Hrs,us-east-1,111122223333,{id},"
            )
            .unwrap();
        }
    }
    let path = folder.join("bill.csv");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// Settings that name the list.
fn settings(folder: &Path) -> String {
    std::fs::create_dir(folder.join("list")).unwrap();
    std::fs::write(folder.join("list/prices.csv"), LIST).unwrap();
    let path = folder.join("surgeon.toml");
    std::fs::write(&path, "[prices]\nrefreshed = \"list\"\n").unwrap();
    path.display().to_string()
}

/// Ten weeks of two instances, of which one stops at the end of February.
#[test]
fn decisions_of_a_bill_are_judged_by_its_later_months() {
    let folder = tempfile::tempdir().unwrap();
    let bill = bill(folder.path(), 1, &[("i-1", 70), ("i-2", 59)]);
    let config = settings(folder.path());
    let arguments = ["backtest", "commitments", bill.as_str(), "--config", config.as_str()];
    let (code, out, err) = surgeon(&arguments);
    assert_eq!(code, 0, "{err}");
    let row = |words: &[&str]| out.lines().any(|line| words.iter().all(|word| line.contains(word)));
    assert!(out.contains("Compute Savings Plan, 1 year, no upfront"), "{out}");
    assert!(out.contains("2026-01-01 to 2026-03-11"), "{out}");
    // Two dollars an hour for 1.44 save 0.56 × 730; in March one of them is left: 1 − 1.44.
    for policy in ["ours", "AWS-like"] {
        assert!(row(&["2026-02-01", policy, "1.44", "408.80", "202.90", "1.50"]), "{out}");
        let march = ["2026-03-01", policy, "1.44", "408.80", "-321.20", "-44.0 %", "50.0 % < 72.0 %", "525.60"];
        assert!(row(&march), "{out}");
    }
    assert!(row(&["2026-03-01", "nothing", "0.00", "204.40"]), "{out}");
    assert!(row(&["2026-03-01", "hindsight", "0.72", "204.40", "100.0 % ≥ 72.0 %"]), "{out}");
    // 202.90 and −321.20 together.
    assert!(row(&["ours", "408.80", "-59.15", "-14.5 %", "-321.20", "2026-03-01", "1 of 2"]), "{out}");
    assert_eq!(surgeon(&arguments).1, out, "same input, same bytes");
}

#[test]
fn json_keeps_its_schema() {
    let folder = tempfile::tempdir().unwrap();
    let bill = bill(folder.path(), 1, &[("i-1", 40)]);
    let config = settings(folder.path());
    let (code, out, err) = surgeon(&["backtest", "commitments", &bill, "--config", &config, "-f", "json"]);
    assert_eq!(code, 0, "{err}");
    let view: Value = serde_json::from_str(&out).unwrap();
    let schema: Value = serde_json::from_str(&scale_surgeon::backtest::commitments::json_schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&view).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(view["version"], "surgeon.backtest/1");
    let ours = &view["decisions"][0]["outcomes"][0];
    assert_eq!((&ours["policy"], &ours["hourly"], &ours["saving"]), (&"ours".into(), &"0.72".into(), &"204.4".into()));
    assert_eq!((&ours["utilization"], &ours["below_break_even"]), (&"1".into(), &false.into()));
    assert_eq!(ours["bought"][0]["term"], "Compute Savings Plan, 1 year, no upfront");
}

#[test]
fn what_cannot_be_judged_says_what_is_needed() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |arguments: &[&str], code: i32, words: &[&str]| {
        let all: Vec<&str> = ["backtest", "commitments"].iter().chain(arguments).copied().collect();
        let (found, out, err) = surgeon(&all);
        assert_eq!((found, out.as_str()), (code, ""), "{err}");
        words.iter().for_each(|word| assert!(err.contains(word), "{word:?} is not in {err}"));
    };
    // The demo is one month.
    refused(&[], 3, &["too few months", "4 weeks of hours before it", "2026-10-01 to 2026-10-31", "help: "]);
    let daily = bill(folder.path(), 24, &[("i-1", 90)]);
    refused(&[&daily], 3, &["not hourly", "TIME_GRANULARITY = HOURLY", "INCLUDE_RESOURCES"]);
    let nameless = bill(folder.path(), 1, &[("", 40)]);
    refused(&[&nameless], 3, &["names a resource", "INCLUDE_RESOURCES"]);
    refused(&["--term", "standard-1y-no-upfront"], 2, &["Standard reservation", "cannot be backtested"]);
    refused(&["--term", "forever"], 2, &["is no term"]);
    refused(&["-f", "csv"], 2, &["a backtest is text, md, html or json"]);
}

/// Traces of twenty machines by five minutes over two days: a tenth of each is used, one of them doubles in the second day.
fn traces(folder: &Path, name: &str) -> String {
    let mut text = String::from("resource,time,metric,value\n");
    for machine in 0..20 {
        for point in 0..576_i64 {
            let used = if machine == 7 && point >= 288 { 30 } else { 10 };
            writeln!(text, "m{machine:02},{},cpu,{used}", 1_760_000_100 + 300 * point).unwrap();
        }
    }
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn sizes_of_traces_are_judged_beside_other_rules() {
    let folder = tempfile::tempdir().unwrap();
    let traces = traces(folder.path(), "traces.csv");
    let shapes = folder.path().join("shapes.csv");
    std::fs::write(&shapes, "shape,vcpus,memory_gib,price_per_hour\nlarge,4,16,0.2\nsmall,1,4,0.05\nmiddle,2,8,0.1\n")
        .unwrap();
    let shapes = shapes.display().to_string();
    let arguments = ["backtest", "rightsizing", &traces, "--shapes", &shapes, "--calibrate", "others", "--risk", "20"];
    let (code, out, err) = surgeon(&arguments);
    assert_eq!(code, 0, "{err}");
    for line in ["20 judged", "1.0 % of the points", "hindsight", "Compute Optimizer", "KRR", "Promised risk"] {
        assert!(out.contains(line), "{line}: {out}");
    }
    let (code, out, err) = surgeon(&[&arguments[..], &["-f", "json"]].concat());
    assert_eq!(code, 0, "{err}");
    let view: Value = serde_json::from_str(&out).unwrap();
    let schema: Value = serde_json::from_str(&scale_surgeon::backtest::rightsizing::json_schema()).unwrap();
    let errors: Vec<String> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(&view).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
    // One of four vCPUs holds 17.5 percent of them: all but the one that doubled.
    let ours = &view["rules"][1];
    assert_eq!([&ours["rule"], &ours["saved"], &ours["harmed"]], ["surgeon", "0.75", "0.05"]);
    assert_eq!(view["rules"][0]["saved"], "0.7375");
    // The format is told from the file's name.
    let page = folder.path().join("sizes.html").display().to_string();
    let (code, out, err) = surgeon(&[&arguments[..], &["-o", &page]].concat());
    assert_eq!((code, out.as_str()), (0, ""), "{err}");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.contains("75.0 % <small>of what all machines cost"), "{page}");
    let (code, out, err) = surgeon(&[&arguments[..], &["-f", "md"]].concat());
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("| surgeon | 75.0 % | 101.7 % | 100.0 % | 5.0 % |"), "{out}");
}

#[test]
fn schedules_of_traces_are_judged_by_the_weeks_that_follow() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::from("resource,time,metric,value\n");
    let start: Timestamp = "2026-01-05T00:00:00Z".parse().unwrap();
    for hour in 0..6 * 168_i64 {
        let works = hour % 168 < 120 && (8..18).contains(&(hour % 24));
        writeln!(text, "office,{},cpu,{}", start + SignedDuration::from_hours(hour), if works { 60.0 } else { 0.5 })
            .unwrap();
        writeln!(text, "always,{},cpu,60", start + SignedDuration::from_hours(hour)).unwrap();
    }
    let path = folder.path().join("traces.csv");
    std::fs::write(&path, text).unwrap();
    let path = path.display().to_string();
    let (code, out, err) = surgeon(&["backtest", "schedules", &path]);
    assert_eq!(code, 0, "{err}");
    for line in ["1 the same every week; 1 always active", "64.3 %", "91.5 %", "office"] {
        assert!(out.contains(line), "{line}: {out}");
    }
    // Work from 8 to 18 in Kolkata's clock is from 2:30 on in UTC; whose clock it is changes no hour that is off.
    let settings = folder.path().join("surgeon.toml");
    std::fs::write(&settings, "[calendar]\ntime_zone = \"Asia/Kolkata\"\nholidays = [\"2026-01-26\"]\n").unwrap();
    let settings = settings.display().to_string();
    let (code, out, err) = surgeon(&["backtest", "schedules", &path, "--config", &settings, "-f", "json"]);
    assert_eq!(code, 0, "{err}");
    let view: Value = serde_json::from_str(&out).unwrap();
    assert_eq!([&view["time_zone"], &view["rules"][1]["lost"]], ["Asia/Kolkata", "0"]);
}

#[test]
fn traces_that_are_none_are_refused_with_file_and_row() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let refused = |arguments: &[&str], code: i32, says: &[&str]| {
        let all: Vec<&str> = ["backtest"].iter().chain(arguments).copied().collect();
        let (got, out, err) = surgeon(&all);
        assert_eq!(got, code, "{out}{err}");
        for text in says {
            assert!(err.contains(text), "{text}: {err}");
        }
    };
    let columns = file("columns.csv", "machine,time,metric,value\nm,1,cpu,1\n");
    refused(&["rightsizing", &columns], 1, &["columns.csv: no column resource; it has machine, time", "help"]);
    let value = file("value.csv", "resource,time,metric,value\nm,1760000000,cpu,1\nm,1760000300,cpu,much\n");
    refused(&["rightsizing", &value], 1, &["value.csv: row 2: value is much, not a number"]);
    let time = file("time.csv", "resource,time,metric,value\nm,yesterday,cpu,1\n");
    refused(&["schedules", &time], 1, &["time.csv: row 1: time is yesterday, not a time such as"]);
    let short = file("short.csv", "resource,time,metric,value\nm,1760000000,cpu,1\nm,1760000300,cpu,2\n");
    refused(&["schedules", &short], 3, &["no machine to judge: 1 were measured"]);
    refused(&["rightsizing", &short, "--budget", "0"], 2, &["--budget 0: not between 0 and 100 percent"]);
    refused(&["rightsizing", "nowhere.csv"], 1, &["nowhere.csv"]);
    let shapes = file("shapes.csv", "shape,vcpus,memory_gib,price_per_hour\nlarge,0,16,0.2\n");
    refused(&["rightsizing", &short, "--shapes", &shapes], 1, &["shapes.csv: row 1: vcpus is 0, not above zero"]);
    let zone = file("surgeon.toml", "[calendar]\ntime_zone = \"Middle/Earth\"\n");
    refused(&["schedules", &short, "--config", &zone], 1, &["calendar.time_zone: \"Middle/Earth\" is no time zone"]);
}

/// A measurement of every hour: metric, statistic, value of an hour.
type Hourly<'a> = (&'a str, &'a str, &'a dyn Fn(i64) -> i64);

/// What CloudWatch says of a resource in so many days from 5 January 2026 on, a Monday.
fn hourly(id: &str, days: i64, measured: &[Hourly<'_>]) -> Vec<Metric> {
    let start: Timestamp = "2026-01-05T00:00:00Z".parse().unwrap();
    let point = |(metric, statistic, value): &Hourly<'_>, hour: i64| Metric {
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        id: id.to_owned(),
        metric: Some((*metric).to_owned()),
        statistic: Some((*statistic).to_owned()),
        start: Some(start + SignedDuration::from_hours(hour)),
        seconds: Some(3600),
        value: Some(Decimal::new(value(hour), 1)),
    };
    measured.iter().flat_map(|one| (0..24 * days).map(move |hour| point(one, hour))).collect()
}

fn instance(id: &str) -> Instance {
    Instance {
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        id: id.to_owned(),
        instance_type: Some("m5.xlarge".into()),
        architecture: Some("x86_64".into()),
        state: Some("running".into()),
        operation: Some("RunInstances".into()),
        tenancy: Some("default".into()),
        ..Instance::default()
    }
}

fn table<R: Row>(rows: Vec<R>) -> (String, Frame) {
    (R::TABLE.name.to_owned(), Rows::of(rows).frame().unwrap())
}

/// What surgeon collect would have written.
fn dataset(folder: &Path, tables: Vec<(String, Frame)>) -> String {
    let manifest = Manifest {
        schema_version: SCHEMA_VERSION,
        tool_version: "0.1.0".into(),
        as_of: "2026-02-16".into(),
        bill: None,
        asked: Vec::new(),
        gaps: Vec::new(),
    };
    let path = folder.join("data");
    Dataset { manifest, tables: tables.into_iter().collect() }.save(&path).unwrap();
    path.display().to_string()
}

/// Three instances of which each asks for little, the same in both weeks: half of each costs half, and holds what comes.
#[test]
fn sizes_of_an_account_are_judged_beside_what_it_could_have() {
    let folder = tempfile::tempdir().unwrap();
    let little = |id: &str| {
        let measured: [Hourly<'_>; 5] = [
            ("CPUUtilization", "Maximum", &|_| 100),
            ("CPUUtilization", "Average", &|_| 80),
            ("mem_used_percent", "Maximum", &|_| 200),
            ("NetworkIn", "Sum", &|_| 10_000_000),
            ("NetworkOut", "Sum", &|_| 10_000_000),
        ];
        hourly(id, 14, &measured)
    };
    let ids = ["i-1", "i-2", "i-3"];
    let tables = vec![
        table(ids.map(instance).to_vec()),
        table(Vec::<Volume>::new()),
        table(ids.iter().flat_map(|id| little(id)).collect::<Vec<Metric>>()),
    ];
    let data = dataset(folder.path(), tables);
    let (code, out, err) = surgeon(&["backtest", "rightsizing", &data, "--risk", "20", "-f", "json"]);
    assert_eq!(code, 0, "{err}");
    let view: Value = serde_json::from_str(&out).unwrap();
    assert_eq!([&view["machines"], &view["left_out"], &view["unpriced"]], [3, 0, 0]);
    assert_eq!(view["days"], "14");
    let figure = |rule: usize, name: &str| view["rules"][rule][name].as_str().unwrap().parse::<Decimal>().unwrap();
    assert!(figure(1, "saved") >= Decimal::new(5, 1) && figure(0, "saved") >= figure(1, "saved"), "{out}");
    assert_eq!([figure(1, "changed"), figure(1, "harmed")], [Decimal::ONE, Decimal::ZERO]);
    let refused = |arguments: &[&str], says: &str| {
        let (code, out, err) = surgeon(&[&["backtest", "rightsizing", &data][..], arguments].concat());
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        assert!(err.contains(says), "{says}: {err}");
    };
    let shapes = folder.path().join("shapes.csv");
    std::fs::write(&shapes, "shape,vcpus,memory_gib,price_per_hour\nlarge,4,16,0.2\n").unwrap();
    refused(&["--shapes", &shapes.display().to_string()], "--shapes is for traces");
    refused(&[&traces(folder.path(), "traces.csv")], "traces.csv: traces beside a Dataset");
}

/// Work of an instance shows in its processors, of a database in who is connected.
#[test]
fn schedules_of_an_account_are_judged_by_all_signs_of_work() {
    let folder = tempfile::tempdir().unwrap();
    let office = |hour: i64| hour % 168 < 120 && (8..18).contains(&(hour % 24));
    let nasty = "i-<script>alert(1)</script>";
    let tables = vec![
        table(vec![instance(nasty)]),
        table(vec![DatabaseInstance {
            account: "111122223333".into(),
            region: "eu-west-1".into(),
            id: "arn:aws:rds:eu-west-1:111122223333:db:orders".into(),
            ..DatabaseInstance::default()
        }]),
        table(
            [
                hourly(nasty, 42, &[("CPUUtilization", "Average", &|hour| if office(hour) { 600 } else { 5 })]),
                hourly(
                    "arn:aws:rds:eu-west-1:111122223333:db:orders",
                    42,
                    &[
                        ("CPUUtilization", "Average", &|_| 5),
                        ("DatabaseConnections", "Maximum", &|hour| if office(hour) { 30 } else { 0 }),
                    ],
                ),
                // What the inventory does not name is no machine.
                hourly("nat-1", 42, &[("CPUUtilization", "Average", &|_| 5)]),
            ]
            .concat(),
        ),
    ];
    let data = dataset(folder.path(), tables);
    let (code, out, err) = surgeon(&["backtest", "schedules", &data, "-f", "json"]);
    assert_eq!(code, 0, "{err}");
    let view: Value = serde_json::from_str(&out).unwrap();
    assert_eq!([&view["machines"], &view["rules"][1]["advised"]], [2, 2]);
    assert_eq!([&view["rules"][1]["off_of_ideal"], &view["rules"][1]["lost"]], ["0.915254", "0"]);
    assert_eq!([&view["schedules"][0]["off"], &view["schedules"][1]["off"]], [108, 108]);
    let (code, page, err) = surgeon(&["backtest", "schedules", &data, "-f", "html"]);
    assert_eq!(code, 0, "{err}");
    assert!(!page.contains("<script") && page.contains("i-&lt;script&gt;"), "{page}");
}

#[test]
fn a_dataset_that_lacks_what_is_needed_says_how_to_collect_it() {
    let refused = |tables: Vec<(String, Frame)>, command: &str, code: i32, says: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        let data = dataset(folder.path(), tables);
        let (found, out, err) = surgeon(&["backtest", command, &data]);
        assert_eq!((found, out.as_str()), (code, ""), "{err}");
        says.iter().for_each(|text| assert!(err.contains(text), "{text}: {err}"));
    };
    let quiet = |id: &str| hourly(id, 14, &[("CPUUtilization", "Average", &|_| 5)]);
    for command in ["rightsizing", "schedules"] {
        let lacks = ["the Dataset has no metrics", "surgeon collect --metrics 56 -o DIR"];
        refused(vec![table(vec![instance("i-1")])], command, 3, &lacks);
        refused(
            vec![table(quiet("i-1"))],
            command,
            3,
            &["the Dataset has no instance or database", "--only ec2_instances"],
        );
    }
    let short = vec![table(vec![instance("i-1")]), table(quiet("i-1"))];
    let days = ["1 were measured, the longest for 14 days", "which takes 18 days", "surgeon collect --metrics 56"];
    refused(short, "schedules", 3, &days);
    let folder = tempfile::tempdir().unwrap();
    let (code, _, err) = surgeon(&["backtest", "schedules", &folder.path().display().to_string()]);
    assert_eq!((code, err.contains("a folder without manifest.toml is no Dataset")), (2, true), "{err}");
}
