//! Commands to read side by side with the hours they are for, and what must never get into one.

use std::array;

use super::machine::{Verb, events};
use super::*;
use crate::finding::{Change, Evidence, Verb as Proposed};
use crate::id::{FindingId, Target};
use crate::period::OffHours;
use crate::plan::sizing::invented::Random;

mod desktops;
mod groups;

const INSTANCE: &str = "i-0123456789abcdef0";
const DATABASE: &str = "arn:aws:rds:eu-central-1:111122223333:db:shop";
const WAREHOUSE: &str = "arn:aws:redshift:eu-west-1:111122223333:cluster:sales";
const PAGES: [&str; 3] = ["ec2-instance-off-hours", "rds-instance-off-hours", "redshift-cluster-off-hours"];
const WINTER: &str = "2026-01-15T00:00:00Z";
const SUMMER: &str = "2026-07-15T00:00:00Z";

fn target(resource: &str) -> Target {
    let known = |text: &str| Some(text.to_owned());
    Target { account: known("111122223333"), region: known("eu-central-1"), resource: known(resource) }
}

fn finding(page: &str, target: Target, verbs: Vec<Proposed>, evidence: &[(&str, &str)]) -> Finding {
    let rule = page.parse().unwrap();
    let change = |verb: Proposed| Change { meter: None, quantity: None, verb, row: 1 };
    let evidence = evidence.iter().map(|(name, value)| Evidence {
        name: (*name).to_owned(),
        value: Some((*value).to_owned()),
        unit: String::new(),
    });
    Finding {
        id: FindingId::new(&rule, &target),
        rule,
        target,
        changes: verbs.into_iter().map(change).collect(),
        evidence: evidence.collect(),
        message: String::new(),
        level: None,
        risk: None,
    }
}

/// A finding of the page that is about such resources.
fn off_hours(target: Target, off: &OffHours, zone: &str) -> Finding {
    let resource = target.resource.clone().unwrap_or_default();
    let page = match resource.split(':').nth(2) {
        Some("rds") => PAGES[1],
        Some("redshift") => PAGES[2],
        _ => PAGES[0],
    };
    finding(page, target, vec![Proposed::Mask(off.clone())], &[("TimeZone", zone)])
}

/// The hours of the week from Monday 00:00 UTC that are off.
fn off(is_off: impl Fn(usize) -> bool) -> OffHours {
    let marks: String = (0..168).map(|hour| if is_off(hour) { '1' } else { '0' }).collect();
    OffHours::parse(&marks).unwrap()
}

/// Local hours off, an offset of whole hours ahead of UTC.
fn off_locally(ahead: usize, is_off: impl Fn(usize) -> bool) -> OffHours {
    off(|hour| is_off((hour + ahead) % 168))
}

fn outside_office(hour: usize) -> bool {
    hour / 24 >= 5 || !(7..19).contains(&(hour % 24))
}

fn made(resource: &str, off: &OffHours, zone: &str, at: &str) -> Option<Commands> {
    commands(&off_hours(target(resource), off, zone), at.parse().unwrap())
}

/// Name, cron expression and time zone of each line.
fn lines(resource: &str, off: &OffHours, zone: &str, at: &str) -> Vec<String> {
    let part = |line: &str, option: &str| {
        let after = line.split_once(option).unwrap().1;
        after.split_once(" --").unwrap().0.replace('\'', "")
    };
    let shell = made(resource, off, zone, at).unwrap().shell;
    let told = |line: &String| {
        let parts = ["--name ", "--schedule-expression ", "--schedule-expression-timezone "];
        parts.map(|option| part(line, option)).join(" ")
    };
    shell.iter().map(told).collect()
}

#[test]
fn office_hours_are_two_schedules_in_summer_as_in_winter() {
    for (ahead, at) in [(1, WINTER), (2, SUMMER)] {
        let commands = made(INSTANCE, &off_locally(ahead, outside_office), "Europe/Berlin", at).unwrap();
        assert_eq!(
            commands.shell,
            [
                r#"aws scheduler create-schedule --region eu-central-1 --name ec2-stop-i-0123456789abcdef0-1900 --schedule-expression 'cron(0 19 ? * MON-FRI *)' --schedule-expression-timezone 'Europe/Berlin' --flexible-time-window Mode=OFF --target '{"Arn":"arn:aws:scheduler:::aws-sdk:ec2:stopInstances","RoleArn":"'"$SCHEDULER_ROLE_ARN"'","Input":"{\"InstanceIds\":[\"i-0123456789abcdef0\"]}","RetryPolicy":{"MaximumEventAgeInSeconds":3600}}'"#,
                r#"aws scheduler create-schedule --region eu-central-1 --name ec2-start-i-0123456789abcdef0-0700 --schedule-expression 'cron(0 7 ? * MON-FRI *)' --schedule-expression-timezone 'Europe/Berlin' --flexible-time-window Mode=OFF --target '{"Arn":"arn:aws:scheduler:::aws-sdk:ec2:startInstances","RoleArn":"'"$SCHEDULER_ROLE_ARN"'","Input":"{\"InstanceIds\":[\"i-0123456789abcdef0\"]}"}'"#,
            ]
        );
        assert_eq!(commands.permissions, ["ec2:StopInstances", "ec2:StartInstances"]);
        assert_eq!(commands.variables, ["SCHEDULER_ROLE_ARN"]);
    }
}

#[test]
fn terraform_says_the_same() {
    let commands = made(DATABASE, &off(|hour| !(4..160).contains(&hour)), "UTC", WINTER).unwrap();
    assert_eq!(
        commands.terraform,
        [
            r#"resource "aws_scheduler_schedule" "rds_stop_shop_1600" {
  name                         = "rds-stop-shop-1600"
  schedule_expression          = "cron(0 16 ? * SUN *)"
  schedule_expression_timezone = "UTC"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = "arn:aws:scheduler:::aws-sdk:rds:stopDBInstance"
    role_arn = var.scheduler_role_arn
    input    = jsonencode({ DbInstanceIdentifier = "shop" })

    retry_policy {
      maximum_event_age_in_seconds = 3600
    }
  }
}
"#,
            r#"resource "aws_scheduler_schedule" "rds_start_shop_0400" {
  name                         = "rds-start-shop-0400"
  schedule_expression          = "cron(0 4 ? * MON *)"
  schedule_expression_timezone = "UTC"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = "arn:aws:scheduler:::aws-sdk:rds:startDBInstance"
    role_arn = var.scheduler_role_arn
    input    = jsonencode({ DbInstanceIdentifier = "shop" })
  }
}
"#
        ]
    );
}

#[test]
fn hours_off_over_sunday_midnight_are_one_night() {
    let night = off(|hour| !(4..160).contains(&hour));
    for (zone, expected) in [
        ("UTC", ["rds-stop-shop-1600 cron(0 16 ? * SUN *) UTC", "rds-start-shop-0400 cron(0 4 ? * MON *) UTC"]),
        (
            "Europe/Berlin",
            [
                "rds-stop-shop-1700 cron(0 17 ? * SUN *) Europe/Berlin",
                "rds-start-shop-0500 cron(0 5 ? * MON *) Europe/Berlin",
            ],
        ),
    ] {
        assert_eq!(lines(DATABASE, &night, zone, WINTER), expected);
    }
}

#[test]
fn half_hours_nights_and_single_days() {
    // A weekend in Kolkata, 5:30 ahead: UTC hours of which both local hours are off.
    assert_eq!(
        lines(WAREHOUSE, &off(|hour| (115..162).contains(&hour)), "Asia/Kolkata", WINTER),
        [
            "redshift-stop-sales-0030 cron(30 0 ? * SAT *) Asia/Kolkata",
            "redshift-start-sales-2330 cron(30 23 ? * SUN *) Asia/Kolkata"
        ]
    );
    // Every night in New York, 5 hours behind.
    assert_eq!(
        lines(WAREHOUSE, &off(|hour| (3..11).contains(&(hour % 24))), "America/New_York", WINTER),
        [
            "redshift-stop-sales-2200 cron(0 22 ? * * *) America/New_York",
            "redshift-start-sales-0600 cron(0 6 ? * * *) America/New_York"
        ]
    );
    let noons = off(|hour| (10..14).contains(&(hour % 24)) && [0, 2].contains(&(hour / 24)));
    assert_eq!(
        lines(INSTANCE, &noons, "UTC", WINTER),
        [
            "ec2-stop-i-0123456789abcdef0-1000 cron(0 10 ? * MON,WED *) UTC",
            "ec2-start-i-0123456789abcdef0-1400 cron(0 14 ? * MON,WED *) UTC"
        ]
    );
}

#[test]
fn days_have_the_words_of_cron() {
    for (days, expected) in [
        ([0, 1, 1, 1, 1, 1, 0], "MON-FRI"),
        ([1, 1, 1, 1, 1, 0, 0], "SUN-THU"),
        ([1, 0, 0, 0, 0, 0, 1], "SUN,SAT"),
        ([0, 0, 0, 0, 0, 1, 1], "FRI,SAT"),
        ([0, 1, 1, 1, 0, 1, 0], "MON,TUE,WED,FRI"),
        ([0, 0, 0, 0, 0, 0, 1], "SAT"),
        ([1; 7], "*"),
    ] {
        assert_eq!(words(&days.map(|on| on == 1)), expected);
    }
}

#[test]
fn always_off_and_never_off_are_no_schedule() {
    assert_eq!(made(INSTANCE, &off(|_| true), "Europe/Berlin", WINTER), None);
    assert_eq!(made(INSTANCE, &off(|_| false), "Europe/Berlin", WINTER), None);
}

#[test]
fn what_is_no_id_gives_nothing() {
    let night = off(|hour| hour % 24 < 6);
    for resource in [
        "",
        "i-",
        "i-0123'; rm -rf ~; '",
        "i-$(reboot)",
        "i-0123\n0123",
        "i-0123 --region us-east-1",
        "arn:aws:rds:eu-central-1:111122223333:db:shop'",
        "arn:aws:rds:eu-central-1:111122223333:db:shop\"]}",
        "arn:aws:rds:eu-central-1:111122223333:db:-shop",
        "arn:aws:rds:eu-central-1:111122223333:db:${path.module}",
        "arn:aws:rds:eu-central-1:111122223333:db:shöp",
        "arn:aws:rds:eu-central-1:111122223333:db:",
        "arn:aws:rds:eu-central-1:111122223333:db:shop:more",
        "arn:aws:rds:`id`:111122223333:db:shop",
        "arn:aws:rds:eu-central-1:$account:db:shop",
        "arn:aws-cn:rds:eu-central-1:111122223333:db:shop",
        "arn:aws:rds:eu-central-1:111122223333:cluster:shop",
        "arn:aws:ec2:eu-central-1:111122223333:volume:shop",
        "vol-0123456789abcdef0",
    ] {
        assert_eq!(made(resource, &night, "UTC", WINTER), None, "{resource}");
    }
    for zone in ["", "Nowhere/At_All", "UTC'", "$(id)"] {
        assert_eq!(made(INSTANCE, &night, zone, WINTER), None, "{zone}");
    }
    for region in [None, Some(""), Some("eu central 1"), Some("$(id)"), Some("--debug")] {
        let target = Target { region: region.map(str::to_owned), ..target(INSTANCE) };
        assert_eq!(commands(&off_hours(target, &night, "UTC"), WINTER.parse().unwrap()), None, "{region:?}");
    }
    let nothing = Target { resource: None, ..target("") };
    assert_eq!(commands(&off_hours(nothing, &night, "UTC"), WINTER.parse().unwrap()), None);
}

#[test]
fn only_pages_that_know_what_can_be_stopped_have_commands() {
    let night = || vec![Proposed::Mask(off(|hour| hour % 24 < 6))];
    let zone = [("TimeZone", "UTC")];
    let of = |finding: &Finding| commands(finding, WINTER.parse().unwrap()).map(|commands| commands.shell.len());
    for (page, resource, schedules) in [
        (PAGES[0], INSTANCE, Some(2)),
        (PAGES[1], DATABASE, Some(2)),
        (PAGES[2], WAREHOUSE, Some(2)),
        (PAGES[0], DATABASE, None),
        (PAGES[1], WAREHOUSE, None),
        (PAGES[2], INSTANCE, None),
        // By the bill alone: it may be of a group.
        ("ec2-instance-quiet-hours", INSTANCE, None),
    ] {
        assert_eq!(of(&finding(page, target(resource), night(), &zone)), schedules, "{page} {resource}");
    }
    assert_eq!(of(&finding(PAGES[0], target(INSTANCE), night(), &[])), None);
    assert_eq!(of(&finding(PAGES[0], target(INSTANCE), vec![Proposed::Drop], &zone)), None);
    assert_eq!(of(&finding(PAGES[0], target(INSTANCE), Vec::new(), &zone)), None);
    // Two meters of one machine, as a page may have it.
    let twice = [night(), night()].concat();
    assert_eq!(of(&finding(PAGES[0], target(INSTANCE), twice, &zone)), Some(2));
}

#[test]
fn other_partitions_have_arns_of_their_own() {
    for (region, arn) in [
        ("us-gov-west-1", "arn:aws-us-gov:scheduler:::aws-sdk:ec2:stopInstances"),
        ("cn-north-1", "arn:aws-cn:scheduler:::aws-sdk:ec2:stopInstances"),
    ] {
        let target = Target { region: Some(region.to_owned()), ..target(INSTANCE) };
        let night = off_hours(target, &off(|hour| hour < 6), "UTC");
        let commands = commands(&night, WINTER.parse().unwrap()).unwrap();
        assert!(commands.shell[0].contains(arn) && commands.terraform[0].contains(arn), "{commands:?}");
    }
}

#[test]
fn long_ids_have_names_that_differ_and_fit() {
    let name = |id: &str| {
        let resource = format!("arn:aws:redshift:eu-central-1:111122223333:cluster:{id}");
        let lines = lines(&resource, &off(|hour| (10..14).contains(&hour)), "UTC", WINTER);
        lines[1].split(' ').next().unwrap_or_default().to_owned()
    };
    let long = "a".repeat(63);
    assert_eq!(name(&long), format!("redshift-start-{}-2469b9e6-1400", "a".repeat(35)));
    assert_eq!(name(&long).len(), 64);
    assert_ne!(name(&long), name(&format!("{}b", "a".repeat(62))));
    assert_eq!(name(&"a".repeat(44)), format!("redshift-start-{}-1400", "a".repeat(44)));
}

#[test]
fn the_schedules_switch_what_the_marks_say() {
    let mut random = Random::new(3);
    for offset in [0, 3600, -18000, 19800, 45900, -34200] {
        let marks: [bool; 168] = array::from_fn(|_| random.unit() < 0.5);
        let mut switched: [Option<bool>; 168] = [None; 168];
        for (when, days) in events(&off(|hour| marks[hour]), offset) {
            for day in (0..7).filter(|day| days[*day]) {
                // Back to UTC, and Monday first.
                let minute = (day as i64 + 6) % 7 * 24 * 60 + when.minute_of_day - offset / 60;
                let minute = minute.rem_euclid(7 * 24 * 60);
                assert_eq!(minute % 60, 0);
                switched[(minute / 60) as usize] = Some(when.verb == Verb::Stop);
            }
        }
        for hour in 0..168 {
            let changes = marks[hour] != marks[(hour + 167) % 168];
            assert_eq!(switched[hour], changes.then_some(marks[hour]), "hour {hour}, {offset} s");
        }
    }
}
