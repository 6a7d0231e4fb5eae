//! Bills of invented instances: what ran and what moved in each hour, beside the row that comes of it.

use jiff::tz::TimeZone;

use super::super::schedules;
use super::*;
use crate::period::hour_of_week_since_epoch as of_week;
use crate::table::read::{numbers, texts};

/// A Monday.
const END: &str = "2026-11-02";
const METER: &str = "AmazonEC2/BoxUsage:m5.large";
const WEEK: i64 = HOURS_PER_WEEK;
/// As in `calendar.rs`: rules of 2026.
const BERLIN: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

/// What it moved in an hour, in GB; `None`: it did not run.
type Moved<'a> = &'a dyn Fn(i64) -> Option<i64>;

fn end_of(as_of: &str) -> i64 {
    as_of.parse::<AsOf>().unwrap().timestamp().as_second() / 3600
}

fn frame(hours: &[i64], account: &str, more: Vec<Column>) -> DataFrame {
    let same = |text: &str| vec![text.to_owned(); hours.len()];
    let times: Vec<i64> = hours.iter().map(|hour| hour * HOUR).collect();
    let key = vec![
        Column::new("Hour".into(), times),
        Column::new("SubAccountId".into(), same(account)),
        Column::new("RegionId".into(), same("eu-west-1")),
        Column::new("ResourceId".into(), same("i-1")),
    ];
    DataFrame::new_infer_height([key, more].concat()).unwrap()
}

/// Usage and transfer of an instance over so many weeks before the end, by hours since the epoch.
fn bill(account: &str, weeks: i64, end: i64, moved: Moved<'_>) -> (DataFrame, DataFrame) {
    let ran: Vec<i64> = (end - weeks * WEEK..end).filter(|hour| moved(*hour).is_some()).collect();
    let busy: Vec<i64> = ran.iter().copied().filter(|hour| moved(*hour) > Some(0)).collect();
    let moved: Vec<String> = busy.iter().filter_map(|hour| moved(*hour)).map(|moved| moved.to_string()).collect();
    let meters = Column::new("Meter".into(), vec![METER; ran.len()]);
    (frame(&ran, account, vec![meters]), frame(&busy, account, vec![Column::new("TransferGB".into(), moved)]))
}

fn table((usage, transfers): &(DataFrame, DataFrame), calendar: &Calendar, as_of: &str) -> DataFrame {
    schedules(Some((usage, transfers)), None, calendar, as_of.parse().unwrap()).unwrap()
}

const COLUMNS: [&str; 6] =
    ["Habits", "ObservedWeeks", "RunningHours", "QuietHours", "RunningShareWhenQuiet", "LostHoursPerWeek"];

/// The columns of the first row; nothing for null.
fn row(table: &DataFrame) -> [String; 6] {
    COLUMNS.map(|name| match name {
        "RunningShareWhenQuiet" | "LostHoursPerWeek" => {
            numbers(table, name)[0].map(|number| number.normalize().to_string()).unwrap_or_default()
        }
        _ => texts(table, name)[0].clone().unwrap_or_default(),
    })
}

fn told(weeks: i64, moved: Moved<'_>) -> [String; 6] {
    row(&table(&bill("111122223333", weeks, end_of(END), moved), &Calendar::default(), END))
}

/// The hours of the week, UTC, at which it is switched off and on.
fn switches(table: &DataFrame) -> Vec<usize> {
    let marks = texts(table, "QuietHoursOfWeek")[0].clone().unwrap();
    let off: Vec<bool> = marks.chars().map(|mark| mark == '1').collect();
    (0..off.len()).filter(|hour| off[*hour] != off[(hour + off.len() - 1) % off.len()]).collect()
}

/// Monday to Friday within these hours of the day.
fn office(hour: usize, from: usize, until: usize) -> bool {
    hour < 5 * 24 && (from..until).contains(&(hour % 24))
}

/// From 8 to 18 UTC.
fn at_work(hour: i64) -> bool {
    office(of_week(hour), 8, 18)
}

/// Complete weeks between an hour and the end.
fn weeks_before(hour: i64) -> i64 {
    (end_of(END) - 1 - hour) / WEEK
}

const SAME: &str = "the same every week";
const OFFICE: [usize; 10] = [7, 19, 31, 43, 55, 67, 79, 91, 103, 115];

#[test]
fn office_hours_have_a_guard_hour_on_both_sides() {
    let bill = bill("111122223333", 4, end_of(END), &|hour| Some(i64::from(at_work(hour))));
    let table = table(&bill, &Calendar::default(), END);
    assert_eq!(row(&table), [SAME, "4", "168", "108", "1", "0"]);
    assert_eq!(switches(&table), OFFICE);
    let text = |name: &str| texts(&table, name)[0].clone().unwrap();
    assert_eq!(["HabitsBy", "Meter", "TimeZone"].map(text), ["billed transfer", METER, "UTC"]);
}

#[test]
fn an_hour_is_at_work_from_a_hundredth_of_the_busiest_on() {
    let with = |night: i64| told(4, &move |hour| Some(if at_work(hour) { 1000 } else { night }));
    assert_eq!(with(9), [SAME, "4", "168", "108", "1", "0"]);
    assert_eq!(with(10), ["always active", "4", "168", "", "", "0"]);
}

#[test]
fn what_is_off_at_night_already_does_not_run_in_its_quiet_hours() {
    // The first week is not complete: nobody knows whether it was there before its first hour.
    assert_eq!(told(4, &|hour| at_work(hour).then_some(1)), [SAME, "3", "50", "108", "0", "0"]);
    // In one week of three it ran through: 108 of 324.
    let once = |hour: i64| (at_work(hour) || weeks_before(hour) == 1).then(|| i64::from(at_work(hour)));
    assert_eq!(told(4, &once), [SAME, "3", "50", "108", "0.333333333333", "0"]);
}

#[test]
fn irregular_work_gets_no_advice() {
    // Every hour of the week has work in one of four weeks.
    let bursts = |hour: i64| Some(i64::from(at_work(hour) || of_week(hour) as i64 % 4 == weeks_before(hour)));
    assert_eq!(told(4, &bursts), ["always active", "4", "168", "", "", "0"]);
    // Two hours earlier in one week of four, as in `tests.rs`.
    let earlier = |hour: i64| Some(i64::from(at_work(hour) || weeks_before(hour) == 2 && office(of_week(hour), 6, 8)));
    assert_eq!(told(4, &earlier), ["differs from week to week", "4", "168", "", "", "1.25"]);
}

#[test]
fn one_odd_hour_in_eight_weeks_is_forgiven_and_nothing_older_is_looked_at() {
    let odd = |week: i64| {
        told(9, &move |hour| Some(i64::from(at_work(hour) || weeks_before(hour) == week && of_week(hour) == 50)))
    };
    assert_eq!(odd(7), [SAME, "8", "168", "108", "1", "0.125"]);
    assert_eq!(odd(8), [SAME, "8", "168", "108", "1", "0"]);
}

#[test]
fn less_than_three_weeks_advise_nothing() {
    let of = |weeks: i64| told(weeks, &|hour| Some(i64::from(at_work(hour))));
    assert_eq!(of(3), [SAME, "3", "168", "108", "1", "0"]);
    assert_eq!(of(2), ["two weeks only", "2", "168", "108", "1", "0"]);
    assert_eq!(of(1), ["too short", "1", "168", "", "", "0"]);
    // Ten days old on a bill of eight weeks.
    let young = |hour: i64| (hour >= end_of(END) - 240).then(|| i64::from(at_work(hour)));
    assert_eq!(told(8, &young), ["too short", "1", "168", "", "", "0"]);
}

#[test]
fn without_billed_transfer_nothing_is_told() {
    assert_eq!(told(4, &|_| Some(0)), ["", "0", "168", "", "", ""]);
    // Stopped for a week: no row.
    let bill = bill("111122223333", 4, end_of(END), &|hour| (weeks_before(hour) > 0).then_some(1));
    assert_eq!(table(&bill, &Calendar::default(), END).height(), 0);
}

#[test]
fn habits_follow_the_clock_over_the_end_of_summer_time() {
    // 8 to 18 in Berlin: 6 to 16 UTC until 25 October, then 7 to 17. Two Mondays later; five weeks hold four of local hours.
    let (as_of, change) = ("2026-11-09", end_of("2026-10-25") + 1);
    let work = |hour: i64| if hour < change { office(of_week(hour), 6, 16) } else { office(of_week(hour), 7, 17) };
    let bill = bill("111122223333", 5, end_of(as_of), &|hour| Some(i64::from(work(hour))));
    let zone = TimeZone::posix(BERLIN).unwrap();
    let table_in = |zone: TimeZone| table(&bill, &Calendar { zone, ..Calendar::default() }, as_of);
    let local = table_in(zone);
    assert_eq!(row(&local), [SAME, "4", "168", "108", "1", "0"]);
    // 7 to 19 in Berlin, by its offset in November.
    assert_eq!(switches(&local), OFFICE.map(|hour| hour - 1));
    // By UTC both are kept: 5 to 18.
    let utc = table_in(TimeZone::UTC);
    assert_eq!(row(&utc), [SAME, "5", "168", "103", "1", "0"]);
    assert_eq!(switches(&utc)[..2], [5, 18]);
}

#[test]
fn weeks_with_holidays_are_left_out() {
    // The Monday of the week before last.
    let holiday: jiff::civil::Date = "2026-10-19".parse().unwrap();
    let day = end_of("2026-10-19");
    let calendar = Calendar { holidays: [holiday].into(), ..Calendar::default() };
    let of = |weeks: i64| {
        let work = |hour: i64| Some(i64::from(at_work(hour) && !(day..day + 24).contains(&hour)));
        row(&table(&bill("111122223333", weeks, end_of(END), &work), &calendar, END))
    };
    assert_eq!(of(4), [SAME, "3", "168", "108", "1", "0"]);
    assert_eq!(of(3), ["weeks with holidays only", "3", "168", "", "", "0"]);
}

#[test]
fn an_id_in_two_accounts_is_two_instances_and_the_newest_meter_is_the_one_of_today() {
    let end = end_of(END);
    let work = |hour: i64| Some(i64::from(at_work(hour)));
    let ((_, transfers), (always, moved)) =
        (bill("111122223333", 4, end, &work), bill("444455556666", 4, end, &|_| Some(1)));
    let hours: Vec<i64> = (end - 4 * WEEK..end).collect();
    let meters: Vec<&str> =
        (0..4 * WEEK).map(|hour| if hour < 2 * WEEK { "AmazonEC2/BoxUsage:z1d.large" } else { METER }).collect();
    let changed = frame(&hours, "111122223333", vec![Column::new("Meter".into(), meters)]);
    let (usage, transfers) = (changed.vstack(&always).unwrap(), transfers.vstack(&moved).unwrap());
    let table = table(&(usage, transfers), &Calendar::default(), END);
    let column = |name: &str| texts(&table, name).into_iter().flatten().collect::<Vec<_>>();
    assert_eq!(column("SubAccountId"), ["111122223333", "444455556666"]);
    assert_eq!(column("Habits"), [SAME, "always active"]);
    assert_eq!(column("Meter"), [METER, METER]);
}
