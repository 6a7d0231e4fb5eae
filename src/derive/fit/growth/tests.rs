//! Small machines of which break, date and holding shape follow by hand: linear processors of one speed, 0.05 an hour for a vCPU.

use jiff::{SignedDuration, Timestamp};
use polars::prelude::Column;
use rust_decimal::Decimal;

use super::*;
use crate::id::Meter;
use crate::table::inventory::{AutoScalingGroup, Instance, Metric, Service as Tasks};
use crate::table::rows::Rows;

const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-west-1";
const INSTANCE: &str = "i-1";
const GROUP: &str = "arn:aws:autoscaling:eu-west-1:111122223333:autoScalingGroup:1:autoScalingGroupName/web";
const TASKS: &str = "arn:aws:ecs:eu-west-1:111122223333:service/shop/web";
/// Type, vCPUs, credits an hour.
const TYPES: [(&str, i64, Option<&str>); 6] = [
    ("x1.large", 2, None),
    ("x1.xlarge", 4, None),
    ("x1.2xlarge", 8, None),
    ("x1.4xlarge", 16, None),
    ("x1.8xlarge", 32, None),
    // Earns what two fifths of its four vCPUs spend.
    ("t9.xlarge", 4, Some("96")),
];

/// A value for every hour of so many days.
fn hourly(id: &str, metric: &str, statistic: &str, days: i64, value: impl Fn(i64) -> i64) -> Vec<Metric> {
    let end: Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
    let point = |hour: i64| Metric {
        account: ACCOUNT.into(),
        region: REGION.into(),
        id: id.to_owned(),
        metric: Some(metric.to_owned()),
        statistic: Some(statistic.to_owned()),
        start: Some(end - SignedDuration::from_hours(days * 24 - hour)),
        seconds: Some(3600),
        value: Some(value(hour).into()),
    };
    (0..days * 24).map(point).collect()
}

fn processor(percent: i64) -> Vec<Metric> {
    hourly(INSTANCE, "CPUUtilization", "Maximum", 28, |_| percent)
}

fn types() -> DataFrame {
    let whole = |of: fn(i64) -> i64| TYPES.map(|(_, vcpus, _)| of(vcpus)).to_vec();
    DataFrame::new_infer_height(vec![
        Column::new("InstanceType".into(), TYPES.map(|(name, ..)| name).to_vec()),
        Column::new("Vcpus".into(), whole(|vcpus| vcpus)),
        Column::new("Cores".into(), whole(|vcpus| vcpus)),
        Column::new("MemoryMiB".into(), TYPES.map(|(_, vcpus, _)| (vcpus * 4096).to_string()).to_vec()),
        Column::new("NetworkBaselineMbps".into(), whole(|_| 1000)),
        Column::new("ThroughputPerVcpu".into(), vec!["1"; TYPES.len()]),
        Column::new("CpuCreditsPerHour".into(), TYPES.map(|(.., credits)| credits).to_vec()),
        Column::new("Architectures".into(), vec!["x86_64"; TYPES.len()]),
        Column::new("PreviousGeneration".into(), vec!["false"; TYPES.len()]),
    ])
    .unwrap()
}

fn instance(id: &str, kind: &str) -> Instance {
    Instance {
        account: ACCOUNT.into(),
        region: REGION.into(),
        id: id.into(),
        instance_type: Some(kind.into()),
        architecture: Some("x86_64".into()),
        state: Some("running".into()),
        ..Instance::default()
    }
}

/// What runs all month: resource, meter, quantity, cost.
fn costs(rows: &[(&str, &str, &str, &str)]) -> DataFrame {
    let column = |name: &'static str, of: fn(&(&str, &str, &str, &str)) -> String| {
        Column::new(name.into(), rows.iter().map(of).collect::<Vec<String>>())
    };
    DataFrame::new_infer_height(vec![
        column("SubAccountId", |_| ACCOUNT.to_owned()),
        column("RegionId", |_| REGION.to_owned()),
        column("ResourceId", |row| row.0.to_owned()),
        column("Meter", |row| row.1.to_owned()),
        column("RunRateQuantity", |row| row.2.to_owned()),
        column("EffectiveRunRate", |row| row.3.to_owned()),
    ])
    .unwrap()
}

fn at(times: f64, tables: &Tables) -> Growth {
    let price = |meter: &Meter, _: Option<&str>| {
        let name = meter.0.strip_prefix("AmazonEC2/BoxUsage:")?;
        let (_, vcpus, _) = TYPES.iter().find(|(kind, ..)| *kind == name)?;
        Some(Decimal::new(5, 2) * Decimal::from(*vcpus))
    };
    derive(tables, &types(), &price, &Limits::default(), times).unwrap()
}

fn tables(instances: Vec<Instance>, metrics: Vec<Metric>, costs: DataFrame) -> Tables {
    Tables::from([
        ("ec2_instances".to_owned(), Rows::of(instances).frame().unwrap()),
        ("resource_metrics".to_owned(), Rows::of(metrics).frame().unwrap()),
        ("resource_monthly_costs".to_owned(), costs),
    ])
}

/// An instance of four vCPUs for 0.2 an hour.
fn one(kind: &str, metrics: Vec<Metric>) -> Tables {
    let meter = format!("AmazonEC2/BoxUsage:{kind}");
    tables(vec![instance(INSTANCE, kind)], metrics, costs(&[(INSTANCE, meter.as_str(), "730", "146")]))
}

fn only(growth: &Growth) -> &Resource {
    assert_eq!(growth.resources.len(), 1, "{growth:?}");
    &growth.resources[0]
}

#[track_caller]
fn near(a: f64, b: f64, within: f64) {
    assert!((a - b).abs() <= within, "{a} is not {b}");
}

/// Named shape, number and cost a month in cents.
fn held(resource: &Resource) -> (String, Option<i64>, f64) {
    let holding = resource.holding.clone().unwrap().unwrap();
    (holding.shape, holding.instances, (holding.additional * 100.0).round() / 100.0)
}

/// 35 percent of four vCPUs, of 70: 0.7 ÷ 0.3501. Three times that is 105 percent of four. Eight have 140 within the limit: a margin of
/// (140 ÷ 3 + 10) ÷ (35.01 + 10) = 1.259, which 10 of the 140 ratios exceed; 11 of 141. Eight cost 0.2 an hour more.
#[test]
fn a_machine_breaks_at_its_limit_over_its_need_and_the_cheapest_that_bears_the_load_is_named() {
    let growth = at(3.0, &one("x1.xlarge", processor(35)));
    let found = only(&growth);
    assert_eq!((found.what, found.memory), ("processor", false));
    near(found.breaks_at, 0.7 / 0.3501, 1e-6);
    assert_eq!(held(found), ("x1.2xlarge".into(), None, 146.0));
    near(found.holding.clone().unwrap().unwrap().risk.unwrap(), 11.0 / 141.0, 1e-9);
    // It stands still, and 28 days tell of no more than 140.
    assert_eq!(found.when, Outlook::NoCrossing { horizon_days: 140.0 });
}

/// Four times 140 percent of four vCPUs: eight have 35 beside a need of 35 (37 of 141), sixteen a margin of 1.777 (8 of 141).
#[test]
fn more_load_never_breaks_fewer_and_never_costs_less_to_hold() {
    let tables = one("x1.xlarge", processor(35));
    let cost =
        |times: f64| at(times, &tables).resources[0].holding.clone().map(|held| held.unwrap().additional.round());
    let costs = [1.01, 1.5, 1.99, 2.0, 3.0, 4.0, 6.0, 8.0].map(cost);
    assert_eq!(costs[..3], [None; 3]);
    assert_eq!(costs[3..], [146.0, 146.0, 438.0, 438.0, 1022.0].map(Some));
    for percent in [5, 20, 50, 69] {
        let tables = one("x1.xlarge", processor(percent));
        let mut before = -1.0;
        for times in [1.001, 1.2, 1.7, 2.5, 3.5, 5.0, 7.0, 10.0] {
            let costs = match &at(times, &tables).resources[0].holding {
                None => 0.0,
                Some(Ok(holding)) => holding.additional,
                // What nothing holds costs whatever is asked.
                Some(Err(_)) => f64::INFINITY,
            };
            assert!(costs >= before, "{percent} percent, {times} times: {costs} after {before}");
            before = costs;
        }
    }
}

#[test]
fn nothing_within_its_limits_breaks_without_growth() {
    for percent in [1, 35, 69] {
        assert_eq!(only(&at(1.0, &one("x1.xlarge", processor(percent)))).holding, None, "{percent}");
    }
    let over = at(1.0, &one("x1.xlarge", processor(80)));
    assert!(only(&over).holding.is_some() && only(&over).when == Outlook::Full);
}

#[test]
fn what_nothing_bears_or_has_no_price_says_so() {
    let unheld = |times: f64, tables: &Tables| at(times, tables).resources[0].holding.clone().unwrap().unwrap_err();
    let mut tables = one("x1.xlarge", processor(35));
    assert_eq!(unheld(100.0, &tables), Unheld::NothingLargeEnough);
    tables.remove("resource_monthly_costs");
    assert_eq!(unheld(3.0, &tables), Unheld::NoPrice);
}

/// 20 percent on the first day, 47 on the 28th. The need is √(47.01 × 45.01), so that it breaks at 1.5218 times today's load. Today is
/// the median of the last week, 44 percent, and a day adds one: (1.5218 × 44 − 47) days.
#[test]
fn a_machine_that_grows_has_a_date() {
    let rising = hourly(INSTANCE, "CPUUtilization", "Maximum", 28, |hour| 20 + hour / 24);
    let growth = at(3.0, &one("x1.xlarge", rising));
    let found = only(&growth);
    near(found.breaks_at, 0.7 / (0.4701_f64 * 0.4501).sqrt(), 1e-5);
    let Outlook::Crossing { days, low, high, per_day, .. } = found.when else { panic!("{:?}", found.when) };
    near(days, 19.96, 0.05);
    near(per_day, 1.0 / 44.0, 1e-4);
    assert!(low < days && days < high && high - low < 1.0, "{low} {high}");
}

/// Credits of two fifths are gone at 1.33 times 30 percent, long before processors are at 70.
#[test]
fn a_burstable_machine_breaks_when_it_has_no_credits_left() {
    let mean = hourly(INSTANCE, "CPUUtilization", "Average", 28, |_| 30);
    let growth = at(1.2, &one("t9.xlarge", [processor(30), mean].concat()));
    let found = only(&growth);
    assert_eq!(found.what, "processor credits");
    near(found.breaks_at, 4.0 / 3.0, 0.03);
    assert_eq!(found.holding, None);
}

#[test]
fn memory_that_was_measured_grows_with_the_load() {
    let memory = hourly(INSTANCE, "mem_used_percent", "Maximum", 28, |_| 60);
    let growth = at(1.5, &one("x1.xlarge", [processor(35), memory].concat()));
    let found = only(&growth);
    assert_eq!((found.what, found.memory), ("memory", true));
    near(found.breaks_at, 0.85 / 0.6001, 1e-5);
    // 30 percent more than 90 of 16 GiB: 18.7 of the 31 that are usable.
    assert_eq!(held(found), ("x1.2xlarge".into(), None, 146.0));
}

/// Four of four vCPUs for 0.2 an hour each.
fn group(least: i64, policies: i64, in_service: impl Fn(i64) -> i64) -> Tables {
    let group = AutoScalingGroup {
        account: ACCOUNT.into(),
        region: REGION.into(),
        id: GROUP.into(),
        group: Some("web".into()),
        least: Some(least),
        most: Some(6),
        desired: Some(4),
        instance_types: Some("x1.xlarge".into()),
        zones: Some(1),
        policies: Some(policies),
        schedules: Some(0),
        ..AutoScalingGroup::default()
    };
    let names = ["i-1", "i-2", "i-3", "i-4"];
    let member = |id| Instance { auto_scaling_group: Some("web".into()), ..instance(id, "x1.xlarge") };
    let metrics = [
        hourly(GROUP, "CPUUtilization", "Average", 28, |_| 35),
        hourly(GROUP, "CPUUtilization", "Maximum", 28, |_| 40),
        hourly(GROUP, "GroupInServiceInstances", "Average", 28, in_service),
        processor(35),
    ];
    let paid = names.map(|id| (id, "AmazonEC2/BoxUsage:x1.xlarge", "730", "146"));
    let mut tables = tables(names.map(member).to_vec(), metrics.concat(), costs(&paid));
    tables.insert("auto_scaling_groups".into(), Rows::of(vec![group]).frame().unwrap());
    tables
}

/// Two or four of six: 1.5 times today's load. Three in the mean, so three times as many cost 6 × 0.2 × 730 more.
#[test]
fn a_group_that_follows_the_load_breaks_at_its_largest_number() {
    let growth = at(3.0, &group(1, 1, |hour| 2 + 2 * (hour % 2)));
    let found = only(&growth);
    assert_eq!((found.what, found.most_instances), ("largest number of instances", Some(6)));
    near(found.breaks_at, 1.5, 1e-9);
    assert_eq!(held(found), ("x1.xlarge".into(), Some(12), 876.0));
}

/// Policies may add two to the four: 1.5 × 0.7 ÷ 0.3501. Seven of today's have 122.5 percent of four within the limit, a margin of
/// (122.5 ÷ 3 + 10) ÷ 45.01 = 1.129, which 12 ratios exceed: 13 of 141. Three of those cost 438 a month.
#[test]
fn a_group_whose_number_is_chosen_has_what_policies_may_add() {
    let added = at(3.0, &group(4, 1, |_| 4));
    let found = only(&added);
    assert_eq!((found.what, found.instances), ("processor", Some(4)));
    near(found.breaks_at, 1.5 * 0.7 / 0.3501, 1e-5);
    assert_eq!(held(found), ("x1.xlarge".into(), Some(7), 438.0));
    // Without policies there is nothing beyond the four.
    let fixed = at(3.0, &group(4, 0, |_| 4));
    near(only(&fixed).breaks_at, 0.7 / 0.3501, 1e-5);
    assert_eq!((held(only(&fixed)).1, only(&fixed).most_instances), (Some(7), None));
}

fn service(policies: i64) -> Tables {
    let service = Tasks {
        account: ACCOUNT.into(),
        region: REGION.into(),
        id: TASKS.into(),
        launch_type: Some("FARGATE".into()),
        cpu: Some(1024),
        memory: Some(4096),
        running: Some(2),
        most: Some(5),
        scaling_policies: Some(policies),
        scales_on: Some("ECSServiceAverageCPUUtilization".into()),
        ..Tasks::default()
    };
    let metrics = ["CPUUtilization", "MemoryUtilization"].map(|name| hourly(TASKS, name, "Maximum", 28, |_| 35));
    Tables::from([
        ("ecs_services".to_owned(), Rows::of(vec![service]).frame().unwrap()),
        ("resource_metrics".to_owned(), Rows::of(metrics.concat()).frame().unwrap()),
        (
            "resource_monthly_costs".to_owned(),
            costs(&[
                (TASKS, "AmazonECS/Fargate-vCPU-Hours:perCPU", "1460", "59.1008"),
                (TASKS, "AmazonECS/Fargate-GB-Hours", "5840", "25.9588"),
            ]),
        ),
    ])
}

/// Twice the vCPU has the margin of 1.259; 6 GB have 35 percent of 4 GB three times with 30 percent to spare, 5 GB do not. A task costs
/// 0.10763 an hour then and 0.05826 today; four tasks of today's size would cost more.
#[test]
fn tasks_become_larger_or_more_whichever_costs_less() {
    let growth = at(3.0, &service(0));
    let found = only(&growth);
    assert_eq!((found.what, found.instances, found.most_instances), ("processor", Some(2), None));
    near(found.breaks_at, 0.7 / 0.3501, 1e-5);
    assert_eq!(held(found), ("2 vCPU, 6 GB".into(), Some(2), 72.08));
}

/// Two tasks of five. Four more cost 4 × 0.05826 × 730.
#[test]
fn a_service_that_follows_the_load_breaks_at_its_largest_number_of_tasks() {
    let growth = at(3.0, &service(1));
    let found = only(&growth);
    assert_eq!((found.what, found.most_instances), ("largest number of tasks", Some(5)));
    near(found.breaks_at, 2.5, 1e-9);
    assert_eq!(held(found), ("1 vCPU, 4 GB".into(), Some(6), 170.12));
}

#[test]
fn what_cannot_be_judged_is_counted_with_its_reason() {
    let rests = Instance { state: Some("stopped".into()), ..instance("i-4", "x1.xlarge") };
    let all = ["i-1", "i-2", "i-3"].map(|id| instance(id, "x1.xlarge")).into_iter().chain([rests]).collect();
    // One is full, one has a point in every third hour.
    let gaps = hourly("i-2", "CPUUtilization", "Maximum", 28, |_| 35).into_iter().step_by(3);
    let tables = tables(all, processor(99).into_iter().chain(gaps).collect(), costs(&[]));
    let growth = at(3.0, &tables);
    assert_eq!(growth.resources, Vec::new());
    let expected = [(Unjudged::Unseen, 1), (Unjudged::NotMeasured, 1), (Unjudged::Full, 1)];
    assert_eq!(growth.unjudged, BTreeMap::from(expected));
    assert_eq!(at(3.0, &Tables::new()), Growth { times: 3.0, resources: Vec::new(), unjudged: BTreeMap::new() });
}

#[test]
fn what_breaks_first_comes_first() {
    let busy = hourly("i-2", "CPUUtilization", "Maximum", 28, |_| 60);
    let all = ["i-1", "i-2"].map(|id| instance(id, "x1.xlarge")).to_vec();
    let growth = at(3.0, &tables(all, [processor(35), busy].concat(), costs(&[])));
    let order: Vec<&str> = growth.resources.iter().filter_map(|one| one.target.resource.as_deref()).collect();
    assert_eq!(order, ["i-2", "i-1"]);
}
