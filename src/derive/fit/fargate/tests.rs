//! One service, what was measured of it, and the sizes that its tasks could have.
//!
//! Prices are those of eu-west-1: 0.04048 for an hour of a vCPU, 0.004445 for an hour of a GB.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use polars::prelude::Column;
use rust_decimal::Decimal;

use super::*;
use crate::derive::fit::derive;
use crate::id::Meter;
use crate::table::ECS_TASKS;
use crate::table::inventory::{Metric, Service, Task};
use crate::table::read::{numbers, texts};
use crate::table::rows::Rows;

const ID: &str = "arn:aws:ecs:eu-west-1:111122223333:service/shop/web";
const TASKS: [&str; 2] =
    ["arn:aws:ecs:eu-west-1:111122223333:task/shop/1", "arn:aws:ecs:eu-west-1:111122223333:task/shop/2"];

/// A measurement of every hour of 14 days: metric, statistic, value.
type Hourly = (&'static str, &'static str, i64);

fn metrics(hourly: &[Hourly]) -> Vec<Metric> {
    let end: Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
    let each = |(metric, statistic, value): &Hourly| {
        let (metric, statistic, value) = (*metric, *statistic, *value);
        (0..14 * 24).map(move |hour| Metric {
            account: "111122223333".into(),
            region: "eu-west-1".into(),
            id: ID.into(),
            metric: Some(metric.to_owned()),
            statistic: Some(statistic.to_owned()),
            start: Some(end - SignedDuration::from_hours(14 * 24 - hour)),
            seconds: Some(3600),
            value: Some(value.into()),
        })
    };
    hourly.iter().flat_map(each).collect()
}

fn using(processor: i64, memory: i64) -> Vec<Metric> {
    metrics(&[("CPUUtilization", "Maximum", processor), ("MemoryUtilization", "Maximum", memory)])
}

/// Of two tasks with a vCPU and 4 GB, without a policy.
fn service() -> Service {
    Service {
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        id: ID.into(),
        launch_type: Some("FARGATE".into()),
        cpu: Some(1024),
        memory: Some(4096),
        scaling_policies: Some(0),
        ..Service::default()
    }
}

/// Two vCPUs and eight GB for 730 hours.
fn costs(kind: &str) -> DataFrame {
    let [vcpus, memory] = ["vCPU-Hours:perCPU", "GB-Hours"].map(|usage| format!("{kind}{usage}"));
    charged(&[(ID, vcpus.as_str(), "1460", "59.1008"), (ID, memory.as_str(), "5840", "25.9588")])
}

/// Resource, usage, quantity and dollars of a month.
fn charged(rows: &[(&str, &str, &str, &str)]) -> DataFrame {
    let all = |text: &'static str| vec![text; rows.len()];
    let each = |of: fn(&(&str, &str, &str, &str)) -> String| rows.iter().map(of).collect::<Vec<String>>();
    DataFrame::new_infer_height(vec![
        Column::new("SubAccountId".into(), all("111122223333")),
        Column::new("RegionId".into(), all("eu-west-1")),
        Column::new("ResourceId".into(), each(|row| row.0.to_owned())),
        Column::new("Meter".into(), each(|row| format!("AmazonECS/{}", row.1))),
        Column::new("RunRateQuantity".into(), each(|row| row.2.to_owned())),
        Column::new("EffectiveRunRate".into(), each(|row| row.3.to_owned())),
    ])
    .unwrap()
}

/// Two tasks, of the service or of another one.
fn tasks(service: &str) -> DataFrame {
    let task = |id: &str| Task {
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        id: id.to_owned(),
        service_arn: Some(service.to_owned()),
        ..Task::default()
    };
    Rows::of(TASKS.map(task).to_vec()).frame().unwrap()
}

fn derived(service: Service, measured: Vec<Metric>, costs: DataFrame) -> Tables {
    with_tasks(service, measured, costs, ECS_TASKS.empty())
}

fn with_tasks(service: Service, measured: Vec<Metric>, costs: DataFrame, tasks: DataFrame) -> Tables {
    let mut tables = Tables::from([
        ("ecs_tasks".to_owned(), tasks),
        ("ecs_services".to_owned(), Rows::of(vec![service]).frame().unwrap()),
        ("resource_metrics".to_owned(), Rows::of(measured).frame().unwrap()),
        ("resource_monthly_costs".to_owned(), costs),
    ]);
    let price = |_: &Meter, _: Option<&str>| None::<Decimal>;
    derive(&mut tables, &DataFrame::empty(), &price, &Limits::default()).unwrap();
    tables
}

fn fitting(service: Service, measured: Vec<Metric>) -> Vec<String> {
    names(&derived(service, measured, costs("Fargate-")))
}

fn names(tables: &Tables) -> Vec<String> {
    texts(&tables["fitting_shapes"], "NewInstanceType").into_iter().flatten().collect()
}

#[test]
fn fargate_sells_74_sizes() {
    assert_eq!(Size::all().count(), 74);
    let names: Vec<String> = Size::all().map(Size::name).collect();
    for (at, name) in [(0, "0.25 vCPU, 0.5 GB"), (2, "0.25 vCPU, 2 GB"), (3, "0.5 vCPU, 1 GB"), (73, "16 vCPU, 120 GB")]
    {
        assert_eq!(names[at], name);
    }
    assert!(!names.contains(&"0.25 vCPU, 4 GB".to_owned()));
}

/// Half of the processors has room for 35 percent: a margin of (35 + 10) ÷ (15.01 + 10) = 1.80, which 7 of 140 ratios exceed; 8 of 141.
/// A task costs 0.04048 + 4 × 0.004445 = 0.05826 today, and half of both half.
#[test]
fn a_service_that_uses_little_fits_into_half() {
    let tables = derived(service(), using(15, 35), costs("Fargate-"));
    let frame = &tables["fitting_shapes"];
    let row = names(&tables).iter().position(|name| name == "0.5 vCPU, 2 GB").unwrap();
    let of = |name: &str| texts(frame, name)[row].clone().unwrap();
    assert_eq!([of("InstanceType"), of("Change")], ["1 vCPU, 4 GB", "same kind"]);
    assert_eq!([of("Meter"), of("NewMeter")], ["AmazonECS/Fargate-vCPU-Hours:perCPU"; 2].map(str::to_owned));
    assert_eq!(of("MemoryBasis"), "measured; too few machines to tell a risk, so 30 percent of headroom");
    let number = |name: &str| numbers(frame, name)[row].unwrap().normalize().to_string();
    for (name, value) in [
        ("RelativePrice", "0.5"),
        ("NewVcpuShare", "0.5"),
        ("NewMemoryShare", "0.5"),
        ("SizeSteps", "1"),
        ("FitRisk", "0.056738"),
        ("MinutesOver", "0"),
    ] {
        assert_eq!(number(name), value, "{name}");
    }
    // 35 percent of 4 GB are 82 percent of what may be used of 2.
    assert_eq!(of("NearestDimension"), "memory");
    assert_eq!(numbers(frame, "NearestShare")[row].unwrap().round_dp(2), Decimal::from_str("0.82").unwrap());
    // A vCPU and 2 GB: 0.04937 of 0.05826.
    let other = names(&tables).iter().position(|name| name == "1 vCPU, 2 GB").unwrap();
    assert_eq!(numbers(frame, "RelativePrice")[other].unwrap().round_dp(3), Decimal::from_str("0.847").unwrap());
}

/// 40 percent and 30 of a hundred more are 52 percent of 4 GB: more than 2 GB, less than 3.
#[test]
fn memory_that_is_needed_is_kept() {
    let fits = fitting(service(), using(15, 40));
    assert!(fits.contains(&"0.5 vCPU, 3 GB".to_owned()), "{fits:?}");
    assert!(fits.iter().all(|name| !name.ends_with(", 1 GB") && !name.ends_with(", 2 GB")), "{fits:?}");
    assert!(!fits.contains(&"0.25 vCPU, 4 GB".to_owned()), "nobody sells it");
}

#[test]
fn more_memory_in_use_leaves_no_more_sizes() {
    let sets = [10, 30, 40, 50, 60, 80].map(|memory| fitting(service(), using(15, memory)));
    for pair in sets.windows(2) {
        assert!(pair[1].len() <= pair[0].len(), "{pair:?}");
    }
    // At 80 percent 4 GB stay, and half of a vCPU is the only thing to save.
    assert_eq!(sets[5], ["0.5 vCPU, 4 GB"]);
}

#[test]
fn what_the_number_of_tasks_follows_must_not_get_less() {
    let scaled =
        |held: Option<&str>| Service { scaling_policies: Some(1), scales_on: held.map(str::to_owned), ..service() };
    let fits = |held| fitting(scaled(Some(held)), using(15, 35));
    assert_eq!(fits("ECSServiceAverageCPUUtilization"), ["1 vCPU, 2 GB", "1 vCPU, 3 GB"]);
    assert_eq!(fits("ECSServiceAverageMemoryUtilization"), ["0.5 vCPU, 4 GB"]);
    assert_eq!(fits("ALBRequestCountPerTarget"), fitting(service(), using(15, 35)));
    let none = Vec::<String>::new();
    assert_eq!(fits("ECSServiceAverageCPUUtilization ECSServiceAverageMemoryUtilization"), none);
    for unknown in ["StepScaling", "CustomMetric", "ALBRequestCountPerTarget StepScaling"] {
        assert_eq!(fits(unknown), none, "{unknown}");
    }
    assert_eq!(fitting(scaled(None), using(15, 35)), none);
    assert_eq!(fitting(Service { scaling_policies: None, ..service() }, using(15, 35)), none);
}

#[test]
fn what_was_not_measured_must_not_get_less() {
    let fits = fitting(service(), metrics(&[("CPUUtilization", "Maximum", 15)]));
    assert_eq!(fits, ["0.5 vCPU, 4 GB"]);
    assert_eq!(fitting(service(), metrics(&[("MemoryUtilization", "Maximum", 15)])), Vec::<String>::new());
    // The mean of all tasks hides the busiest.
    let means = metrics(&[("CPUUtilization", "Average", 15), ("MemoryUtilization", "Average", 35)]);
    assert_eq!(fitting(service(), means), Vec::<String>::new());
}

#[test]
fn who_is_full_needs_nobody_knows_how_much() {
    let tables = derived(service(), using(99, 35), costs("Fargate-"));
    assert_eq!(names(&tables), Vec::<String>::new());
    assert!(texts(&tables["utilization"], "Censored").contains(&Some("true".into())));
}

#[test]
fn graviton_has_meters_of_its_own_and_windows_and_instances_are_left_out() {
    let arm = derived(service(), using(15, 35), costs("Fargate-ARM-"));
    assert!(names(&arm).contains(&"0.5 vCPU, 2 GB".to_owned()));
    let windows = Service { operating_system: Some("WINDOWS_SERVER_2022_CORE".into()), ..service() };
    let on_instances = Service { launch_type: Some("EC2".into()), ..service() };
    for left_out in [windows, on_instances] {
        let tables = derived(left_out, using(15, 35), costs("Fargate-"));
        assert_eq!((names(&tables).len(), tables["utilization"].height()), (0, 0));
    }
}

/// Half of the first task's price of a vCPU is paid for the second, as a savings plan would: 0.03036 in the mean. With 2 GB in place of 4
/// a task costs 0.03036 + 2 × 0.004445 = 0.03925 of 0.04814.
#[test]
fn where_a_bill_names_tasks_a_task_costs_what_they_do_in_the_mean() {
    let [first, second] = TASKS;
    let costs = charged(&[
        (first, "Fargate-vCPU-Hours:perCPU", "730", "29.5504"),
        (first, "Fargate-GB-Hours", "2920", "12.9794"),
        (second, "Fargate-vCPU-Hours:perCPU", "730", "14.7752"),
        (second, "Fargate-GB-Hours", "2920", "12.9794"),
    ]);
    let tables = with_tasks(service(), using(15, 35), costs.clone(), tasks(ID));
    let row = names(&tables).iter().position(|name| name == "1 vCPU, 2 GB").unwrap();
    let relative = numbers(&tables["fitting_shapes"], "RelativePrice")[row].unwrap();
    assert_eq!(relative.round_dp(4), Decimal::from_str("0.8153").unwrap());
    assert_eq!(texts(&tables["fitting_shapes"], "Meter")[row].as_deref(), Some("AmazonECS/Fargate-vCPU-Hours:perCPU"));
    let of_another =
        with_tasks(service(), using(15, 35), costs, tasks("arn:aws:ecs:eu-west-1:111122223333:service/shop/api"));
    assert_eq!((names(&of_another).len(), of_another["utilization"].height()), (0, 2));
}

/// Of two that run one has just started, and one has nothing left on the bill.
#[test]
fn tasks_that_are_not_charged_for_do_not_lower_the_price() {
    let [first, second] = TASKS;
    let costs = |second_quantity, second_cost| {
        charged(&[
            (first, "Fargate-vCPU-Hours:perCPU", "730", "29.5504"),
            (first, "Fargate-GB-Hours", "2920", "12.9794"),
            (second, "Fargate-vCPU-Hours:perCPU", second_quantity, second_cost),
        ])
    };
    let fits = |costs| names(&with_tasks(service(), using(15, 35), costs, tasks(ID)));
    assert_eq!(fits(costs("0", "0")), fitting(service(), using(15, 35)));
    assert_eq!(fits(costs("10", "0.4048")), fitting(service(), using(15, 35)));
}

/// Spot has other meters.
#[test]
fn without_what_it_costs_nothing_is_offered() {
    let unpaid = derived(service(), using(15, 35), costs("SpotUsage-Fargate-"));
    assert_eq!((names(&unpaid).len(), unpaid["utilization"].height()), (0, 2));
}
