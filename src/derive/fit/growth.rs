//! What breaks first as load grows evenly, at how many times today's load and when, and what would hold it.
//!
//! A resource breaks where the figure that stands for its need (`need.rs`) reaches the room of today in some dimension. Bursts of a
//! bandwidth, credits of burstable types and the baseline of flex types are replayed as for sizes. Where policies set how many share the
//! work, their largest number is the limit. When that is, the growth of the days' peaks tells (`trend.rs`).
//!
//! Knows: needs, limits, risks, how load has grown. Does not know: why load grows, what is planned; disks that fill (`capacity.rs`); what
//! has no limit of its own (functions); limits of accounts. Memory of databases is full of pages whatever the load is, and is not judged.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::{DataFrame, PolarsResult};

use super::measured::daily;
use super::need::Points;
use super::paid::{Market, Price};
use super::processor::FLEX_SHARE;
use super::replay::{Times, WAYS, held_from, overrun, throttles};
use super::risk::Fleet;
use super::services::{each, fleet, kinds};
use super::shapes::{Service, Type, types};
use super::subject::{Number, Sharing, Subject};
use super::{Bandwidth, Candidate, Demand, Dimension, Limits};
use crate::derive::baseline::targets;
use crate::derive::trend::{Outlook, crossing};
use crate::id::Target;
use crate::table::read::{columns_of, integers};

mod hold;

pub use hold::{HOLDING_RISK, Holding, Unheld};

/// The most that may be asked for, in times of today's load: what was measured says nothing of more.
pub const MOST_GROWTH: f64 = 100.0;
/// The least that a replay tries.
const LEAST_GROWTH: f64 = 1.0 / 64.0;
/// Dates further away are none; `trend.rs` looks no further than five times what was seen.
const HORIZON_DAYS: f64 = 3650.0;
/// Days whose median is the load of today: a week, so that weekdays even out.
const LEVEL_DAYS: usize = 7;

/// Tables of what has a limit.
const TABLES: [&str; 6] = [
    "ec2_instances",
    "auto_scaling_groups",
    "rds_instances",
    "elasticache_clusters",
    "opensearch_domains",
    "ecs_services",
];
/// States of what does not run.
const RESTS: [&str; 6] = ["stopped", "stopping", "shutting-down", "terminated", "INACTIVE", "DRAINING"];

type Tables = BTreeMap<String, DataFrame>;

/// What a load of so many times today's meets.
#[derive(Clone, PartialEq, Debug)]
pub struct Growth {
    /// Load, in times of today's.
    pub times: f64,
    /// What has a limit, by what breaks first.
    pub resources: Vec<Resource>,
    /// Resources that could not be judged.
    pub unjudged: BTreeMap<Unjudged, usize>,
}

/// Why nothing can be said of a resource.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Unjudged {
    /// No metric of it, or it is of a kind that has no sizes here.
    Unseen,
    /// Not for long enough, or with too many gaps.
    NotMeasured,
    /// It asked for more than it got.
    Full,
}

/// A resource under a growing load.
#[derive(Clone, PartialEq, Debug)]
pub struct Resource {
    /// Where it is.
    pub target: Target,
    /// Its shape.
    pub shape: String,
    /// How many of it share the work, where there may be several.
    pub instances: Option<i64>,
    /// How many there may be, where policies set the number.
    pub most_instances: Option<i64>,
    /// What it runs out of first.
    pub what: &'static str,
    /// At how many times today's load.
    pub breaks_at: f64,
    /// When that is, by how its load has grown; days from as-of, growth in shares of today's load.
    pub when: Outlook,
    /// Whether its memory is among what was judged.
    pub memory: bool,
    /// What holds the load asked for; `None`: it holds as it is.
    pub holding: Option<Result<Holding, Unheld>>,
}

/// What resources that are measured meet as their load grows to `times` of today's.
///
/// # Errors
/// An engine error: a table does not have its declared columns.
pub fn derive(
    tables: &Tables,
    instance_types: &DataFrame,
    price: Price<'_>,
    limits: &Limits,
    times: f64,
) -> PolarsResult<Growth> {
    let types = types(instance_types);
    let market = Market { types: &types, price, limits };
    let kinds = kinds(tables, &market)?;
    let mut growth = Growth { times, resources: Vec::new(), unjudged: BTreeMap::new() };
    // A group is judged as a whole.
    let mut seen = members(tables);
    if let Some(metrics) = tables.get("resource_metrics") {
        let fleet = fleet(&kinds, metrics, limits)?;
        let asked = Asked { fleet: &fleet, limits, times };
        each(&kinds, metrics, |target, subject, sharing| {
            let kind = types.get(&subject.machine.shape);
            // All nodes of a cache have the same series, and the first stands for them.
            let again = !subject.counts && kind.is_some_and(|kind| kind.service == Service::Cache);
            if !seen.insert(target.clone()) || again || !subject.needs.contains(&Dimension::Processor) {
                return;
            }
            match asked.judge(target, &subject, &sharing, kind) {
                Ok(resource) => growth.resources.push(resource),
                Err(why) => *growth.unjudged.entry(why).or_default() += 1,
            }
        })?;
    }
    let unseen = unseen(tables, &seen);
    if unseen > 0 {
        growth.unjudged.insert(Unjudged::Unseen, unseen);
    }
    growth.resources.sort_by(|a, b| a.breaks_at.total_cmp(&b.breaks_at).then_with(|| a.target.cmp(&b.target)));
    Ok(growth)
}

/// Instances of Auto Scaling groups.
fn members(tables: &Tables) -> BTreeSet<Target> {
    let Some(instances) = tables.get("ec2_instances") else { return BTreeSet::new() };
    let [groups] = columns_of(instances, ["AutoScalingGroupName"]);
    targets(instances).into_iter().zip(groups).filter_map(|(target, group)| group.map(|_| target)).collect()
}

/// How many run that nobody has seen.
fn unseen(tables: &Tables, seen: &BTreeSet<Target>) -> usize {
    let of = |frame: &DataFrame| {
        let [states] = columns_of(frame, ["State"]);
        let wanted = ["DesiredCapacity", "DesiredTasks"].map(|name| integers(frame, name));
        let rests = |row: usize| {
            let none = wanted.iter().any(|column| column.get(row) == Some(&Some(0)));
            let state = states.get(row).and_then(|state| state.as_deref());
            none || state.is_some_and(|state| RESTS.contains(&state))
        };
        targets(frame).into_iter().enumerate().filter(|(row, target)| !rests(*row) && !seen.contains(target)).count()
    };
    TABLES.iter().filter_map(|name| tables.get(*name)).map(of).sum()
}

/// What is asked of each resource.
struct Asked<'a> {
    fleet: &'a Fleet,
    limits: &'a Limits,
    times: f64,
}

/// What a resource runs out of.
struct Limit<'a> {
    what: &'static str,
    /// At how many times today's load.
    times: f64,
    /// What the load was, day by day, in any unit.
    load: Option<&'a Points>,
}

impl Asked<'_> {
    fn judge(
        &self,
        target: &Target,
        subject: &Subject<'_>,
        sharing: &Sharing,
        kind: Option<&Type>,
    ) -> Result<Resource, Unjudged> {
        let today = hold::today(&subject.machine, kind);
        let first = match &sharing.number {
            Number::Follows { high, most, points } => Limit {
                what: if sharing.tasks.is_some() { "largest number of tasks" } else { "largest number of instances" },
                times: most / high.max(f64::EPSILON),
                load: points.as_ref(),
            },
            Number::Fixed | Number::UpTo(_) if !subject.censored.is_empty() => return Err(Unjudged::Full),
            Number::Fixed | Number::UpTo(_) if !subject.tells() => return Err(Unjudged::NotMeasured),
            Number::Fixed | Number::UpTo(_) => {
                self.first(subject, sharing, kind, &today).ok_or(Unjudged::NotMeasured)?
            }
        };
        let tasks = sharing.tasks.map(|tasks| tasks as i64);
        Ok(Resource {
            target: target.clone(),
            shape: subject.machine.shape.clone(),
            instances: subject.instances.or(tasks),
            most_instances: match sharing.number {
                Number::Fixed => None,
                Number::UpTo(most) | Number::Follows { most, .. } => Some(most as i64),
            },
            what: first.what,
            breaks_at: first.times,
            when: when(first.load, first.times),
            memory: subject.machine.demand(Dimension::Memory).is_some() && grows(Dimension::Memory, sharing, kind),
            holding: (first.times < self.times).then(|| self.hold(subject, &today, sharing, kind)),
        })
    }

    /// What it runs out of first.
    fn first<'b>(
        &self,
        subject: &'b Subject<'_>,
        sharing: &Sharing,
        kind: Option<&Type>,
        today: &Candidate,
    ) -> Option<Limit<'b>> {
        let (machine, limits) = (&subject.machine, self.limits);
        let more = match (&sharing.number, subject.instances) {
            (Number::UpTo(most), Some(instances)) => most / instances.max(1) as f64,
            _ => 1.0,
        };
        let mut found = Vec::new();
        for demand in machine.demands.iter().filter(|demand| grows(demand.dimension, sharing, kind)) {
            let budget = limits.budget_of(demand.dimension);
            let Some(statistic) = demand.points.statistic(budget) else { continue };
            let for_ever = demand.room / statistic;
            let times = match today.bursts.get(&demand.dimension).filter(|_| for_ever < MOST_GROWTH) {
                Some(bandwidth) => for_ever.max(in_bursts(bandwidth, demand, budget)),
                None => for_ever,
            };
            found.push(Limit { what: demand.dimension.word(), times: times * more, load: Some(&demand.points) });
        }
        let mean = machine.mean_points()?;
        if let Some(burst) = &today.burst {
            let times = held_up_to(|times| throttles(burst, mean, times, limits.budget));
            found.push(Limit { what: "processor credits", times: times * more, load: Some(mean) });
        }
        if let (Some(steady), Some(high)) = (today.steady, mean.quantile(1.0 - FLEX_SHARE)) {
            let times = steady / high.max(f64::EPSILON);
            found.push(Limit { what: "processor baseline", times: times * more, load: Some(mean) });
        }
        found.into_iter().min_by(|a, b| a.times.total_cmp(&b.times))
    }
}

/// Whether what is asked of a dimension grows with the load, and is no matter of disks.
fn grows(dimension: Dimension, sharing: &Sharing, kind: Option<&Type>) -> bool {
    match dimension {
        Dimension::Storage => false,
        // A database fills its memory with pages. Where there are more to do the work, none of them needs more.
        Dimension::Memory => {
            let pages = kind.is_some_and(|kind| kind.service == Service::Database);
            !pages && sharing.number == Number::Fixed
        }
        Dimension::Processor
        | Dimension::NetworkIn
        | Dimension::NetworkOut
        | Dimension::EbsBandwidth
        | Dimension::EbsOperations
        | Dimension::EngineThread
        | Dimension::Connections
        | Dimension::Heap => true,
    }
}

/// How many times today's load a bandwidth carries with what there is for a while.
fn in_bursts(bandwidth: &Bandwidth, demand: &Demand, budget: f64) -> f64 {
    held_up_to(|times| overrun(bandwidth, demand, times, budget))
}

/// How many times today's load fits, to a fiftieth.
fn held_up_to(breaks_at: impl Fn(&Times) -> [bool; WAYS]) -> f64 {
    held_from(LEAST_GROWTH, breaks_at).unwrap_or(LEAST_GROWTH)
}

/// When load is so many times what it is today, if it goes on growing.
fn when(load: Option<&Points>, times: f64) -> Outlook {
    if times <= 1.0 {
        return Outlook::Full;
    }
    let peaks = load.map(daily).unwrap_or_default();
    let mut last: Vec<f64> = peaks.iter().rev().flatten().copied().take(LEVEL_DAYS).collect();
    last.sort_unstable_by(f64::total_cmp);
    let level = last.get(last.len() / 2).copied().unwrap_or_default().max(f64::EPSILON);
    let of_today: Vec<Option<f64>> = peaks.iter().map(|peak| peak.map(|peak| peak / level)).collect();
    crossing(&of_today, times, HORIZON_DAYS)
}

#[cfg(test)]
mod tests;
