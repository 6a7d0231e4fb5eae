//! Groups with invented load: weeks, bounds and words, beside the row that comes of them.

use jiff::SignedDuration;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::*;
use crate::table::inventory::{AutoScalingGroup, Metric};
use crate::table::read::{numbers, texts};
use crate::table::rows::Rows;

/// A Monday.
const END: &str = "2026-11-02";
const WEEK: i64 = HOURS_PER_WEEK;

/// A metric, its statistic, seconds of its points, and the value at seconds before the end.
type Points<'a> = (Measured, i64, &'a dyn Fn(i64) -> Option<i64>);

fn group(name: &str) -> AutoScalingGroup {
    AutoScalingGroup {
        account: "111122223333".into(),
        region: "eu-west-1".into(),
        id: format!("arn:aws:autoscaling:eu-west-1:111122223333:autoScalingGroup:1:autoScalingGroupName/{name}"),
        group: Some(name.to_owned()),
        least: Some(10),
        most: Some(10),
        desired: Some(10),
        instances: Some(10),
        zones: Some(2),
        policies: Some(0),
        ..AutoScalingGroup::default()
    }
}

/// Points of so many weeks up to the end.
fn metrics(group: &AutoScalingGroup, weeks: i64, series: &[Points<'_>]) -> DataFrame {
    let end: Timestamp = format!("{END}T00:00:00Z").parse().unwrap();
    let mut rows = Vec::new();
    for ((metric, statistic), seconds, value) in series {
        for point in 1..=weeks * WEEK * SECONDS / seconds {
            let before = point * seconds;
            if let Some(value) = value(before) {
                rows.push(Metric {
                    account: group.account.clone(),
                    region: group.region.clone(),
                    id: group.id.clone(),
                    metric: Some((*metric).to_owned()),
                    statistic: Some((*statistic).to_owned()),
                    start: Some(end - SignedDuration::from_secs(before)),
                    seconds: Some(*seconds),
                    value: Some(value.into()),
                });
            }
        }
    }
    Rows::of(rows).frame().unwrap()
}

/// Hour of the week and of the day, from Monday 00:00, at seconds before the end.
fn clock(before: i64) -> (i64, i64) {
    let hour = (-before).div_euclid(SECONDS).rem_euclid(WEEK);
    (hour, hour % 24)
}

/// From 8 to 18 on days of work.
fn at_work(before: i64) -> bool {
    let (hour, of_day) = clock(before);
    hour < 5 * 24 && (8..18).contains(&of_day)
}

fn table(group: &AutoScalingGroup, metrics: &DataFrame, calendar: &Calendar) -> DataFrame {
    let groups = Rows::of(vec![group.clone()]).frame().unwrap();
    group_schedules(&groups, metrics, calendar, END.parse().unwrap()).unwrap()
}

/// Habits, weeks, actions, and the instance-hours planned.
fn told(group: &AutoScalingGroup, metrics: &DataFrame) -> Vec<[String; 4]> {
    let frame = table(group, metrics, &Calendar::default());
    let of = |name: &str, row: usize| texts(&frame, name)[row].clone().unwrap_or_default();
    let figure = |name: &str, row: usize| {
        numbers(&frame, name)[row].map(|number| number.normalize().to_string()).unwrap_or_default()
    };
    (0..frame.height())
        .map(|row| {
            let actions = of("MinSizeActions", row);
            [of("GroupHabits", row), of("ObservedWeeks", row), actions, figure("PlannedInstanceHours", row)]
        })
        .collect()
}

fn row(parts: [&str; 4]) -> Vec<[String; 4]> {
    vec![parts.map(str::to_owned)]
}

/// Ten from 7 to 19 on days of work, else two.
fn minimums() -> String {
    let minimum = |hour: i64| if hour < 5 * 24 && (7..19).contains(&(hour % 24)) { "10" } else { "2" };
    (0..WEEK).map(minimum).collect::<Vec<_>>().join(" ")
}

const OFFICE: &str = "45 6 * * 1-5 = 10; 0 19 * * 1-5 = 2";

/// Ten instances at 70 percent in the day, at 7 percent else.
fn office(before: i64) -> Option<i64> {
    Some(if at_work(before) { 70 } else { 7 })
}

#[test]
fn the_target_is_that_of_sizes() {
    assert_eq!(TARGET, crate::derive::fit::Limits::default().processor);
}

#[test]
fn ten_instances_of_an_office_are_two_at_night() {
    let group = group("web");
    let frame = table(&group, &metrics(&group, 4, &[(BUSY, SECONDS, &office)]), &Calendar::default());
    let figure = |name: &str| numbers(&frame, name)[0].map(|number| number.normalize().to_string());
    // 10 × 168; 108 × 2 + 60 × 10 and 5 × 8 × 15 minutes; 118 × 2 + 50 × 10.
    for (name, expected) in [
        ("InstanceHours", "1680"),
        ("PlannedInstanceHours", "826"),
        ("ConstantInstanceHours", "1680"),
        ("HindsightInstanceHours", "736"),
        ("SteepestRise", "8"),
        ("HoursBeyondMaxSize", "0"),
        ("ShortHoursPerWeek", "0"),
        ("MostShortHours", "0"),
        ("ObservedWeeks", "4"),
    ] {
        assert_eq!(figure(name).as_deref(), Some(expected), "{name}");
    }
    for (name, expected) in [
        ("AutoScalingGroupName", "web"),
        ("GroupHabits", "by the hour of the week"),
        ("MinSizeActions", OFFICE),
        ("MinSizesOfWeek", minimums().as_str()),
        ("TimeZone", "UTC"),
    ] {
        assert_eq!(texts(&frame, name)[0].as_deref(), Some(expected), "{name}");
    }
}

#[test]
fn the_busiest_instance_of_an_hour_stands_for_all_unless_points_are_short() {
    let group = group("web");
    // 10 × 35 / 70 at night; in the day there are no more than 10.
    let peak = |before: i64| Some(if at_work(before) { 100 } else { 35 });
    let hourly = metrics(&group, 3, &[(BUSY, SECONDS, &office), (BUSIEST, SECONDS, &peak)]);
    let expected = row(["by the hour of the week", "3", "45 6 * * 1-5 = 10; 0 19 * * 1-5 = 5", "1146.25"]);
    assert_eq!(told(&group, &hourly), expected);
    let short = metrics(&group, 3, &[(BUSY, 300, &office), (BUSIEST, 300, &peak)]);
    assert_eq!(told(&group, &short), row(["by the hour of the week", "3", OFFICE, "826"]));
}

#[test]
fn instances_in_service_count_where_they_are_known() {
    let scaled = AutoScalingGroup { least: Some(4), most: Some(20), policies: Some(1), ..group("web") };
    // Ten in the day, four at night; two more for a moment.
    let mean = |before: i64| Some(if at_work(before) { 10 } else { 4 });
    let most = |before: i64| Some(if at_work(before) { 12 } else { 4 });
    let series: [Points<'_>; 3] =
        [(BUSY, SECONDS, &office), (IN_SERVICE, SECONDS, &mean), (MOST_IN_SERVICE, SECONDS, &most)];
    let frame = table(&scaled, &metrics(&scaled, 3, &series), &Calendar::default());
    // 50 × 10 + 118 × 4.
    assert_eq!(
        numbers(&frame, "InstanceHours")[0].map(|number| number.normalize().to_string()).as_deref(),
        Some("972")
    );
    assert_eq!(
        texts(&frame, "MinSizeActions")[0].as_deref(),
        Some("45 6 * * 1-5 = 12; 0 19 * * 1-5 = 2"),
        "a rise of ten is more than 43 percent of two"
    );
    // Nobody knows how many there were.
    assert!(told(&scaled, &metrics(&scaled, 3, &series[..1])).is_empty());
}

#[test]
fn tracking_follows_one_more_unless_it_is_suspended() {
    let group = AutoScalingGroup { policies: Some(1), ..group("web") };
    let suspended = AutoScalingGroup { suspended: Some("AZRebalance AlarmNotification".into()), ..group.clone() };
    let none = AutoScalingGroup { policies: Some(0), ..group.clone() };
    // 10 × 21 / 70.
    let metrics = metrics(&group, 3, &[(BUSY, SECONDS, &|before| Some(if at_work(before) { 21 } else { 7 }))]);
    assert_eq!(told(&group, &metrics), row(["tracking follows", "3", "", "397.25"]));
    for group in [suspended, none] {
        let expected = row(["by the hour of the week", "3", "45 6 * * 1-5 = 3; 0 19 * * 1-5 = 2", "397.25"]);
        assert_eq!(told(&group, &metrics), expected);
    }
}

#[test]
fn a_group_keeps_one_instance_in_each_zone_and_the_same_need_has_no_actions() {
    let night = |_: i64| Some(7);
    for (zones, most, planned) in [(1, 10, "168"), (3, 10, "504"), (3, 2, "336"), (0, 10, "168")] {
        let group = AutoScalingGroup {
            zones: Some(zones),
            least: Some(most),
            most: Some(most),
            desired: Some(most),
            ..group("web")
        };
        let metrics = metrics(&group, 3, &[(BUSY, SECONDS, &night)]);
        let instances = AutoScalingGroup { instances: Some(most), ..group };
        assert_eq!(told(&instances, &metrics), row(["the same all week", "3", "", planned]), "{zones} zones");
        assert_eq!(texts(&table(&instances, &metrics, &Calendar::default()), "MinSizesOfWeek"), [None::<String>]);
    }
}

#[test]
fn groups_of_unknown_bounds_have_no_row_and_few_weeks_no_figures() {
    let group = group("web");
    let metrics_of = |weeks: i64| metrics(&group, weeks, &[(BUSY, SECONDS, &office)]);
    for unknown in [
        AutoScalingGroup { zones: None, ..group.clone() },
        AutoScalingGroup { most: None, ..group.clone() },
        AutoScalingGroup { least: Some(2), ..group.clone() },
        AutoScalingGroup { desired: None, ..group.clone() },
        AutoScalingGroup { instances: None, ..group.clone() },
    ] {
        assert!(told(&unknown, &metrics_of(3)).is_empty(), "{unknown:?}");
    }
    assert_eq!(told(&group, &metrics_of(2)), row(["too short", "2", "", ""]));
    // Without the load of its processors nothing is known.
    let alone = metrics(&group, 3, &[(IN_SERVICE, SECONDS, &|_| Some(10))]);
    assert!(told(&group, &alone).is_empty());
}

#[test]
fn weeks_with_holidays_are_left_out() {
    let group = group("web");
    let metrics = metrics(&group, 4, &[(BUSY, SECONDS, &office)]);
    for (holidays, habits, weeks) in [
        (vec!["2026-10-07"], "by the hour of the week", "3"),
        (vec!["2026-10-07", "2026-10-14"], "weeks with holidays only", "2"),
    ] {
        let holidays = holidays.into_iter().map(|day| day.parse().unwrap()).collect();
        let frame = table(&group, &metrics, &Calendar { holidays, ..Calendar::default() });
        let of = |name: &str| texts(&frame, name)[0].clone().unwrap();
        assert_eq!((of("GroupHabits").as_str(), of("ObservedWeeks").as_str()), (habits, weeks));
    }
}

#[test]
fn actions_follow_the_clock_on_the_wall() {
    let group = group("web");
    let metrics = metrics(&group, 3, &[(BUSY, SECONDS, &office)]);
    let kolkata = TimeZone::get("Asia/Kolkata").unwrap();
    let frame = table(&group, &metrics, &Calendar { zone: kolkata, ..Calendar::default() });
    let of = |name: &str| texts(&frame, name)[0].clone().unwrap();
    // Five hours and a half ahead: UTC hours from 8 to 18 begin in local ones from 13 to 23, and there is an hour on each side.
    assert_eq!(of("MinSizeActions"), "0 0 * * 2-6 = 2; 45 11 * * 1-5 = 10");
    let evening = |hour: i64| if hour < 5 * 24 && hour % 24 >= 12 { "10" } else { "2" };
    assert_eq!(of("MinSizesOfWeek"), (0..WEEK).map(evening).collect::<Vec<_>>().join(" "));
    assert_eq!((of("TimeZone").as_str(), of("ObservedWeeks").as_str()), ("Asia/Kolkata", "3"));
}

#[test]
fn days_have_the_numbers_of_cron() {
    for (monday_first, expected) in [
        ([1, 1, 1, 1, 1, 0, 0], "1-5"),
        ([1, 1, 1, 1, 0, 0, 1], "0-4"),
        ([0, 0, 0, 0, 0, 1, 1], "0,6"),
        ([0, 0, 0, 0, 1, 1, 0], "5,6"),
        ([1, 0, 1, 0, 1, 0, 0], "1,3,5"),
        ([0, 0, 0, 0, 0, 0, 1], "0"),
        ([1; 7], "*"),
    ] {
        assert_eq!(days(&monday_first.map(|on| on == 1)), expected);
    }
}
