//! One group of four members, what was measured of it, and the types and numbers that it could be.

use jiff::{SignedDuration, Timestamp};
use polars::prelude::Column;
use rust_decimal::Decimal;

use super::*;
use crate::derive::fit::derive;
use crate::id::Meter;
use crate::table::inventory::{AutoScalingGroup, Instance, Metric, Volume};
use crate::table::read::{integers, numbers, texts};
use crate::table::rows::Rows;

const GROUP: &str = "arn:aws:autoscaling:eu-west-1:111122223333:autoScalingGroup:1:autoScalingGroupName/web";
const HOURS: i64 = 14 * 24;
const MEMBERS: [(&str, &str); 4] =
    [("i-1", "eu-west-1a"), ("i-2", "eu-west-1b"), ("i-3", "eu-west-1c"), ("i-4", "eu-west-1a")];

/// A value for every hour of 14 days.
fn hourly(id: &str, metric: &str, statistic: &str, value: impl Fn(i64) -> i64) -> Vec<Metric> {
    let end: Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
    let point = |hour: i64| Metric {
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        id: id.to_owned(),
        metric: Some(metric.to_owned()),
        statistic: Some(statistic.to_owned()),
        start: Some(end - SignedDuration::from_hours(HOURS - hour)),
        seconds: Some(3600),
        value: Some(value(hour).into()),
    };
    (0..HOURS).map(point).collect()
}

/// Processors at a fifth in the mean and at 30 percent in the busiest member.
fn a_fifth() -> Vec<Metric> {
    [processors(), network()].concat()
}

fn processors() -> Vec<Metric> {
    [hourly(GROUP, "CPUUtilization", "Average", |_| 20), hourly(GROUP, "CPUUtilization", "Maximum", |_| 30)].concat()
}

fn in_service(count: impl Fn(i64) -> i64) -> Vec<Metric> {
    hourly(GROUP, "GroupInServiceInstances", "Average", count)
}

/// A megabyte an hour, in and out.
fn network() -> Vec<Metric> {
    ["NetworkIn", "NetworkOut"].map(|name| hourly(GROUP, name, "Sum", |_| 1_000_000)).concat()
}

fn memory(percent: i64) -> Vec<Metric> {
    MEMBERS.map(|(id, _)| hourly(id, "mem_used_percent", "Maximum", |_| percent)).concat()
}

/// Four m5.2xlarge that nothing changes the number of.
fn web() -> AutoScalingGroup {
    AutoScalingGroup {
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        id: GROUP.into(),
        group: Some("web".into()),
        least: Some(4),
        most: Some(8),
        desired: Some(4),
        instance_types: Some("m5.2xlarge".into()),
        zones: Some(3),
        policies: Some(0),
        schedules: Some(0),
        ..AutoScalingGroup::default()
    }
}

/// The tables derived of a group without volumes in three zones; a vCPU of any type costs 0.05 an hour.
fn derived(group: AutoScalingGroup, measured: Vec<Metric>) -> Tables {
    let member = |(id, zone): (&str, &str)| Instance {
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        id: id.into(),
        instance_type: Some("m5.2xlarge".into()),
        architecture: Some("x86_64".into()),
        zone: Some(zone.into()),
        auto_scaling_group: Some("web".into()),
        ..Instance::default()
    };
    let costs = DataFrame::new_infer_height(vec![
        Column::new("SubAccountId".into(), vec!["111122223333"; 4]),
        Column::new("RegionId".into(), vec!["eu-west-1"; 4]),
        Column::new("ResourceId".into(), MEMBERS.map(|(id, _)| id).to_vec()),
        Column::new("Meter".into(), vec!["AmazonEC2/BoxUsage:m5.2xlarge"; 4]),
        Column::new("RunRateQuantity".into(), vec!["730"; 4]),
        Column::new("EffectiveRunRate".into(), vec!["292"; 4]),
    ])
    .unwrap();
    let mut tables = Tables::from([
        ("auto_scaling_groups".to_owned(), Rows::of(vec![group]).frame().unwrap()),
        ("ec2_instances".to_owned(), Rows::of(MEMBERS.map(member).to_vec()).frame().unwrap()),
        ("ebs_volumes".to_owned(), Rows::of(Vec::<Volume>::new()).frame().unwrap()),
        ("resource_metrics".to_owned(), Rows::of(measured).frame().unwrap()),
        ("resource_monthly_costs".to_owned(), costs),
    ]);
    let types = crate::prices::fact_tables(|name| name == "instance_types").unwrap().remove(0).1;
    let vcpus: HashMap<String, i64> = texts(&types, "InstanceType")
        .into_iter()
        .flatten()
        .zip(integers(&types, "Vcpus").into_iter().flatten())
        .collect();
    let price = |meter: &Meter, _: Option<&str>| {
        let name = meter.0.strip_prefix("AmazonEC2/BoxUsage:")?;
        Some(Decimal::new(5, 2) * Decimal::from(*vcpus.get(name)?))
    };
    derive(&mut tables, &types, &price, &Limits::default()).unwrap();
    tables
}

/// What would do in place of the group: type, number, risk, price of today's.
fn fitting(tables: &Tables) -> Vec<(String, i64, Decimal, Decimal)> {
    let frame = &tables["fitting_shapes"];
    let (ids, names) = (texts(frame, "ResourceId"), texts(frame, "NewInstanceType"));
    let count = integers(frame, "NewSharedBy");
    let [risk, price] = ["FitRisk", "RelativePrice"].map(|name| numbers(frame, name));
    let row = |at: usize| (names[at].clone().unwrap(), count[at].unwrap(), risk[at].unwrap(), price[at].unwrap());
    (0..frame.height()).filter(|at| ids[*at].as_deref() == Some(GROUP)).map(row).collect()
}

fn find(tables: &Tables, name: &str, count: i64) -> Option<(String, String)> {
    let found = fitting(tables).into_iter().find(|(kind, number, ..)| kind == name && *number == count);
    found.map(|(_, _, risk, price)| (risk.round_dp(4).to_string(), price.normalize().to_string()))
}

/// 20 percent of m5 are 30.32 percent of what they can do. Three of four have 64.11 percent within the limit; a margin of 0.7411 over
/// 0.4033 is exceeded by 7 of the 140 ratios. Two would be in fewer zones than today.
#[test]
fn three_of_four_do_and_two_are_fewer_than_the_zones() {
    let tables = derived(web(), [a_fifth(), in_service(|_| 4)].concat());
    assert_eq!(find(&tables, "m5.2xlarge", 3), Some(("0.0567".into(), "0.75".into())), "{:?}", fitting(&tables));
    assert_eq!(find(&tables, "m5.2xlarge", 2), None);
    let frame = &tables["fitting_shapes"];
    let row = (0..frame.height()).find(|at| integers(frame, "NewSharedBy")[*at] == Some(3)).unwrap();
    assert_eq!(integers(frame, "SharedBy")[row], Some(4));
    assert_eq!(texts(frame, "Meter")[row].as_deref(), Some("AmazonEC2/BoxUsage:m5.2xlarge"));
    // A process does not halve with its instance.
    let memory = texts(frame, "MemoryBasis");
    assert!(memory.iter().all(|basis| basis.as_deref() == Some("not measured: each instance keeps what it has")));
    assert!(fitting(&tables).iter().all(|(name, ..)| name != "m5.xlarge"));
}

/// Three of four have three quarters of the bandwidth of today together, and nobody knows how much is needed.
#[test]
fn fewer_instances_need_a_measured_network() {
    let tables = derived(web(), [processors(), in_service(|_| 4)].concat());
    assert_eq!(find(&tables, "m5.2xlarge", 3), None, "{:?}", fitting(&tables));
}

/// Five m5.xlarge have 53.43 percent within the limit, and three that are left 12 vCPUs for the 9.70 that the mean asks for; of four,
/// two are left. A megabyte an hour is next to nothing.
#[test]
fn smaller_instances_need_a_measured_memory_and_hold_the_mean_without_a_zone() {
    let tables = derived(web(), [a_fifth(), in_service(|_| 4), memory(20)].concat());
    assert_eq!(find(&tables, "m5.xlarge", 5), Some(("0.0567".into(), "0.625".into())), "{:?}", fitting(&tables));
    assert_eq!(find(&tables, "m5.xlarge", 4), None);
    // 40 percent with 30 percent of headroom are more than the 48.2 percent of today's memory that are usable there.
    let tables = derived(web(), [a_fifth(), in_service(|_| 4), memory(40)].concat());
    assert_eq!(find(&tables, "m5.xlarge", 5), None);
    assert!(find(&tables, "m5.2xlarge", 3).is_some());
}

/// Three of four have a third more each: 60 percent become 80, and 78 with headroom are more than the 72.9 percent that are usable.
#[test]
fn fewer_instances_have_more_in_memory_each() {
    let tables = derived(web(), [a_fifth(), in_service(|_| 4), memory(60)].concat());
    assert_eq!(find(&tables, "m5.2xlarge", 3), None, "{:?}", fitting(&tables));
}

/// Between four and eight, six in the mean.
#[test]
fn where_the_number_follows_only_the_type_changes() {
    let group = AutoScalingGroup { policies: Some(1), least: Some(2), ..web() };
    let tables = derived(group, [a_fifth(), in_service(|hour| 4 + hour % 5)].concat());
    let frame = &tables["fitting_shapes"];
    assert!(!fitting(&tables).is_empty());
    assert!(fitting(&tables).iter().all(|(name, ..)| name != "m5.2xlarge"), "{:?}", fitting(&tables));
    assert!(integers(frame, "SharedBy").iter().all(|count| *count == Some(6)));
    // It has all that it had, together, in no larger pieces.
    assert!(numbers(frame, "NewVcpuShare").into_iter().flatten().all(|share| share <= Decimal::ONE));
}

/// One hour of 34 at eight.
#[test]
fn a_least_size_that_policies_hardly_ever_leave_is_chosen() {
    let group = AutoScalingGroup { policies: Some(1), ..web() };
    let tables = derived(group, [a_fifth(), in_service(|hour| if hour % 34 == 0 { 8 } else { 4 })].concat());
    assert_eq!(find(&tables, "m5.2xlarge", 3), Some(("0.0567".into(), "0.75".into())), "{:?}", fitting(&tables));
}

/// Without the group's own metrics the samples of the processors tell: twelve an hour of each instance, or sixty.
#[test]
fn the_number_is_counted_by_samples_or_unknown() {
    let counted = |samples: i64| {
        let samples = hourly(GROUP, "CPUUtilization", "SampleCount", |_| samples);
        find(&derived(web(), [a_fifth(), samples].concat()), "m5.2xlarge", 3).is_some()
    };
    assert!(counted(4 * 12) && counted(4 * 60));
    assert_eq!(find(&derived(web(), a_fifth()), "m5.2xlarge", 3), None);
}

/// At 10 percent in the mean and 28 in the busiest, half of the capacity would still hold the busiest.
#[test]
fn load_that_is_not_balanced_needs_nobody_knows_how_much() {
    let using = |mean: i64, most: i64| {
        let processors = [
            hourly(GROUP, "CPUUtilization", "Average", |_| mean),
            hourly(GROUP, "CPUUtilization", "Maximum", |_| most),
        ];
        derived(web(), [processors.concat(), in_service(|_| 4)].concat())
    };
    let skewed = using(20, 45);
    assert_eq!(fitting(&skewed), Vec::new());
    assert!(texts(&skewed["utilization"], "Censored").contains(&Some("true".into())));
    assert!(!fitting(&using(10, 28)).is_empty() && fitting(&using(10, 29)).is_empty());
}

#[test]
fn a_group_of_several_types_is_none_of_this_kind() {
    let mixed = AutoScalingGroup { instance_types: Some("m5.2xlarge m5.xlarge".into()), ..web() };
    let spot = AutoScalingGroup { on_demand_percent: Some(50), ..web() };
    for group in [mixed, spot] {
        let tables = derived(group, [a_fifth(), in_service(|_| 4)].concat());
        assert!(!texts(&tables["utilization"], "ResourceId").contains(&Some(GROUP.to_owned())));
    }
}

/// Instances today, zones, instances of the new type that do the mean at full processors: fewest.
#[test]
fn the_fewest_do_the_mean_when_a_zone_is_gone() {
    for ((of, zones, mean), least) in
        [((4, 3, 1.21), 3), ((4, 3, 2.43), 5), ((4, 2, 1.0), 2), ((4, 1, 0.5), 2), ((1, 1, 0.5), 1), ((2, 3, 0.1), 2)]
    {
        assert_eq!(fewest(of, zones, mean), least, "{of} {zones} {mean}");
        let left = if zones.min(of) > 1 { least * (zones.min(of) - 1) / zones.min(of) } else { least };
        assert!(left as f64 >= mean);
    }
}
