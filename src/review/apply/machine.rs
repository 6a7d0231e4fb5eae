//! Single machines that are off in some hours of the week: a schedule for each time of day at which one stops or starts, on the days on
//! which it does so.
//!
//! Knows: which pages have asked the inventory whether a machine can be stopped alone, and the calls that stop and start it. Does not
//! know: members of Auto Scaling groups and of Aurora clusters, which those pages do not examine; machines of which only a bill is known.

use std::collections::BTreeMap;

use super::scheduler::{ROLE, Schedule, Value};
use super::{Commands, Days, Zone, is_name, is_region, partition_of, short};
use crate::finding::{Finding, Verb as Proposed};
use crate::id::Target;
use crate::period::{HOURS_PER_WEEK, OffHours};

/// Pages that advise hours off, and what they are about.
const PAGES: [(&str, Kind); 3] = [
    ("ec2-instance-off-hours", Kind::Instance),
    ("rds-instance-off-hours", Kind::Database),
    ("redshift-cluster-off-hours", Kind::Warehouse),
];
/// Seconds of an hour, and of a minute.
const HOUR: i64 = 3600;
const MINUTE: i64 = 60;
/// Minutes of an hour and of a day.
const MINUTES_OF_HOUR: i64 = 60;
const MINUTES_OF_DAY: i64 = 24 * 60;
/// Characters of an id in the name of a schedule: 20 of 64 are taken by `redshift-start-` before it and `-hhmm` after it.
const LONGEST: usize = 44;
/// For how long a stop is tried again; without it a day, so that one might come when there is work (RetryPolicy: 60 to 86400 seconds).
const STOP_RETRIED_SECONDS: u32 = 3600;

/// The commands that switch a machine off in some hours of the week and on after them.
pub(super) fn commands(finding: &Finding, zone: &Zone) -> Option<Commands> {
    let kind = PAGES.iter().find(|(page, _)| *page == finding.rule.as_str()).map(|(_, kind)| *kind)?;
    let machine = Machine::of(kind, &finding.target)?;
    let masks = finding.changes.iter().filter_map(|change| match &change.verb {
        Proposed::Mask(off) => Some(off.clone()),
        Proposed::Drop | Proposed::Swap { .. } | Proposed::Once(_) | Proposed::Commit(_) => None,
    });
    let off = masks.reduce(|one, other| one.union(&other))?;
    let schedules: Vec<Schedule<'_>> =
        events(&off, zone.offset_seconds).into_iter().map(|(when, days)| machine.schedule(when, days, zone)).collect();
    (!schedules.is_empty()).then(|| Commands {
        variables: vec![ROLE.to_owned()],
        shell: schedules.iter().map(Schedule::shell).collect(),
        terraform: schedules.iter().map(Schedule::terraform).collect(),
        permissions: Vec::from(kind.permissions().map(str::to_owned)),
    })
}

/// What a schedule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verb {
    Stop,
    Start,
}

/// What can be switched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Instance,
    Database,
    Warehouse,
}

impl Kind {
    /// For names.
    fn word(self) -> &'static str {
        match self {
            Kind::Instance => "ec2",
            Kind::Database => "rds",
            Kind::Warehouse => "redshift",
        }
    }

    fn operation(self, verb: Verb) -> &'static str {
        match (self, verb) {
            (Kind::Instance, Verb::Stop) => "ec2:stopInstances",
            (Kind::Instance, Verb::Start) => "ec2:startInstances",
            (Kind::Database, Verb::Stop) => "rds:stopDBInstance",
            (Kind::Database, Verb::Start) => "rds:startDBInstance",
            (Kind::Warehouse, Verb::Stop) => "redshift:pauseCluster",
            (Kind::Warehouse, Verb::Start) => "redshift:resumeCluster",
        }
    }

    fn permissions(self) -> [&'static str; 2] {
        match self {
            Kind::Instance => ["ec2:StopInstances", "ec2:StartInstances"],
            Kind::Database => ["rds:StopDBInstance", "rds:StartDBInstance"],
            Kind::Warehouse => ["redshift:PauseCluster", "redshift:ResumeCluster"],
        }
    }

    /// The operation's parameter. `Db` is no slip: Scheduler takes the names of the SDK for Java, and refuses RDS's own
    /// `DBInstanceIdentifier`.
    fn input(self, id: &str) -> (&'static str, Value<'_>) {
        match self {
            Kind::Instance => ("InstanceIds", Value::List(id)),
            Kind::Database => ("DbInstanceIdentifier", Value::Text(id)),
            Kind::Warehouse => ("ClusterIdentifier", Value::Text(id)),
        }
    }
}

/// A resource that can be switched, of checked names.
struct Machine {
    kind: Kind,
    id: String,
    region: String,
}

impl Machine {
    fn of(kind: Kind, target: &Target) -> Option<Machine> {
        let resource = target.resource.as_deref()?;
        if kind == Kind::Instance {
            let digits = resource.strip_prefix("i-")?;
            let is_id =
                (1..=LONGEST).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_alphanumeric());
            let region = target.region.as_deref().filter(|region| is_region(region))?;
            return is_id.then(|| Machine { kind, id: resource.to_owned(), region: region.to_owned() });
        }
        let parts: Vec<&str> = resource.split(':').collect();
        let ["arn", partition, service, region, account, noun, id] = parts.as_slice() else { return None };
        let is_kind = match kind {
            Kind::Instance => false,
            Kind::Database => (*service, *noun) == ("rds", "db"),
            Kind::Warehouse => (*service, *noun) == ("redshift", "cluster"),
        };
        let is_account = account.bytes().all(|byte| byte.is_ascii_digit());
        let is_checked = *partition == partition_of(region) && is_region(region) && is_account && is_name(id);
        (is_kind && is_checked).then(|| Machine { kind, id: (*id).to_owned(), region: (*region).to_owned() })
    }

    fn schedule<'a>(&'a self, when: When, days: Days, zone: &'a Zone) -> Schedule<'a> {
        let verb = if when.verb == Verb::Stop { "stop" } else { "start" };
        let (hour, minute) = (when.minute_of_day / MINUTES_OF_HOUR, when.minute_of_day % MINUTES_OF_HOUR);
        Schedule {
            region: &self.region,
            zone,
            name: format!("{}-{verb}-{}-{hour:02}{minute:02}", self.kind.word(), short(&self.id, LONGEST)),
            hour: hour as usize,
            minute: minute as usize,
            days,
            operation: self.kind.operation(when.verb),
            input: Value::Fields(vec![self.kind.input(&self.id)]),
            retried_seconds: (when.verb == Verb::Stop).then_some(STOP_RETRIED_SECONDS),
        }
    }
}

/// What happens at a time of day, local.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct When {
    pub(super) verb: Verb,
    pub(super) minute_of_day: i64,
}

/// The stops and starts of a week, those at one time of day together.
pub(super) fn events(off: &OffHours, offset_seconds: i64) -> BTreeMap<When, Days> {
    let hours = HOURS_PER_WEEK as usize;
    let mut events: BTreeMap<When, Days> = BTreeMap::new();
    for hour in 0..hours {
        let (before, now) = (off.contains((hour + hours - 1) % hours), off.contains(hour));
        if before == now {
            continue;
        }
        let verb = if now { Verb::Stop } else { Verb::Start };
        let minute = (hour as i64 * HOUR + offset_seconds).div_euclid(MINUTE).rem_euclid(7 * MINUTES_OF_DAY);
        // Monday is the first day of hours off, and the second of cron.
        let day = (minute / MINUTES_OF_DAY + 1) % 7;
        let days = events.entry(When { verb, minute_of_day: minute % MINUTES_OF_DAY }).or_default();
        if let Some(day) = days.get_mut(day as usize) {
            *day = true;
        }
    }
    events
}
