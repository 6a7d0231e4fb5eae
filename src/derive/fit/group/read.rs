//! What the tables say of Auto Scaling groups, of their members, and of what sets the number of these.
//!
//! Knows: columns and metrics. Does not know: what fits.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use polars::prelude::{DataFrame, PolarsResult};

use crate::derive::baseline::targets;
use crate::derive::fit::ec2::{MEMORY, Volumes, volume_series};
use crate::derive::fit::measured::{by, first, full, greater, megabits, scaled};
use crate::derive::fit::need::{LEAST_COVERED, Points, quantile};
use crate::derive::fit::paid::{Paid, in_the_mean, paid};
use crate::derive::fit::processor::Processor;
use crate::derive::fit::shapes::Type;
use crate::derive::fit::{Demand, Dimension, Limits};
use crate::derive::series::{Measured, Series, each_resource};
use crate::id::Target;
use crate::table::read::{columns_of, integers};

type Tables = BTreeMap<String, DataFrame>;

const MEAN: Measured = ("CPUUtilization", "Average");
const BUSIEST: Measured = ("CPUUtilization", "Maximum");
const SAMPLES: Measured = ("CPUUtilization", "SampleCount");
const NETWORK_IN: Measured = ("NetworkIn", "Sum");
const NETWORK_OUT: Measured = ("NetworkOut", "Sum");
const IN_SERVICE: Measured = ("GroupInServiceInstances", "Average");

/// Seconds from one sample of an instance to the next: basic monitoring, and detailed (EC2 User Guide, "Monitor your instances").
const SAMPLE_SECONDS: [f64; 2] = [300.0, 60.0];
/// Share of the points in which a group is at its least size for its policies to play no part in it: nineteen of twenty.
const AT_LEAST: f64 = 0.95;
/// Half an instance: two means of numbers that are nearer are the same number.
const HALF: f64 = 0.5;
/// The busiest instance against the mean of all, from where on load is not balanced: twice.
const MOST_SKEW: f64 = 2.0;

/// What is read of a group itself.
pub(in crate::derive::fit) fn wanted() -> Vec<Measured> {
    vec![MEAN, BUSIEST, SAMPLES, NETWORK_IN, NETWORK_OUT, IN_SERVICE]
}

/// What the inventory says of a group of one type on demand, and what was measured of its members.
pub(super) struct Known {
    pub(super) instance_type: String,
    pub(super) architecture: String,
    /// Instances that it is to have: one at least.
    pub(super) desired: usize,
    /// Zones that its members are in.
    pub(super) zones: usize,
    /// What is charged for the hours of a member.
    pub(super) paid: Option<Paid>,
    least: usize,
    pub(super) most: Option<i64>,
    pub(super) policies: Option<i64>,
    schedules: Option<i64>,
    memory: Option<(Measured, Series)>,
    volumes: Volumes,
    /// Whether no member has a volume.
    pub(super) without_volumes: bool,
}

/// A member as the inventory has it.
struct Member {
    target: Target,
    architecture: Option<String>,
    zone: Option<String>,
}

/// The groups of one type on demand; `None`: nobody asked for groups.
pub(super) fn read_groups(tables: &Tables) -> PolarsResult<Option<HashMap<Target, Known>>> {
    let (Some(groups), Some(metrics)) = (tables.get("auto_scaling_groups"), tables.get("resource_metrics")) else {
        return Ok(None);
    };
    let members = tables.get("ec2_instances").map(members).unwrap_or_default();
    let charged = paid(tables.get("resource_monthly_costs"), |meter| meter.starts_with("AmazonEC2/BoxUsage:"));
    let volumes = tables.get("ebs_volumes").map(|volumes| volume_series(volumes, metrics)).transpose()?;
    let memory = if members.is_empty() { HashMap::new() } else { memory(metrics)? };
    let [names, types] = columns_of(groups, ["AutoScalingGroupName", "InstanceTypes"]);
    let [desired, least, zones, policies, schedules, mixed] =
        ["DesiredCapacity", "MinSize", "Zones", "ScalingPolicies", "ScheduledActions", "OnDemandPercentageAboveBase"]
            .map(|name| integers(groups, name));
    let [most] = ["MaxSize"].map(|name| integers(groups, name));
    let whole = |value: Option<i64>| value.and_then(|value| usize::try_from(value).ok()).unwrap_or(0);
    let mut known = HashMap::new();
    for (row, target) in targets(groups).into_iter().enumerate() {
        let (Some(name), Some(instance_type), None) = (names[row].clone(), types[row].clone(), mixed[row]) else {
            continue;
        };
        let desired_now = whole(desired[row]);
        if instance_type.contains(' ') || desired_now == 0 {
            continue;
        }
        let all =
            members.get(&Target { resource: Some(name), ..target.clone() }).map(Vec::as_slice).unwrap_or_default();
        let used: BTreeSet<&str> = all.iter().filter_map(|one| one.zone.as_deref()).collect();
        let may_use = whole(zones[row]).min(desired_now).max(1);
        let together = together(all, volumes.as_ref());
        let one = Known {
            architecture: all.iter().find_map(|one| one.architecture.clone()).unwrap_or_else(|| "x86_64".to_owned()),
            desired: desired_now,
            zones: if used.is_empty() { may_use } else { used.len() },
            paid: hours(all, &charged, &instance_type),
            least: whole(least[row]),
            most: most[row],
            policies: policies[row],
            schedules: schedules[row],
            memory: of_all(all, |one| memory.get(&one.target).cloned())
                .and_then(|series| series.into_iter().reduce(|(name, one), (_, other)| (name, greater(one, other)))),
            without_volumes: together.is_none(),
            volumes: together.unwrap_or_default(),
            instance_type,
        };
        known.insert(target, one);
    }
    Ok(Some(known))
}

/// The running members of each group, which is named by account, region and name.
fn members(instances: &DataFrame) -> HashMap<Target, Vec<Member>> {
    let [groups, states, architectures, zones] =
        columns_of(instances, ["AutoScalingGroupName", "State", "Architecture", "AvailabilityZone"]);
    let mut members: HashMap<Target, Vec<Member>> = HashMap::new();
    for (row, target) in targets(instances).into_iter().enumerate() {
        let runs = states[row].as_deref().is_none_or(|state| state == "running");
        let Some(group) = groups[row].clone().filter(|_| runs) else { continue };
        let key = Target { resource: Some(group), ..target.clone() };
        let member = Member { target, architecture: architectures[row].clone(), zone: zones[row].clone() };
        members.entry(key).or_default().push(member);
    }
    members
}

/// Memory in use of each instance that says so.
fn memory(metrics: &DataFrame) -> PolarsResult<HashMap<Target, (Measured, Series)>> {
    let mut found = HashMap::new();
    each_resource(metrics, &MEMORY, |target, series| {
        if let Some((name, series)) = first(&series, &MEMORY) {
            found.insert(target, (name, series.clone()));
        }
    })?;
    Ok(found)
}

/// What all members have; `None`: one has none, or there is no member.
fn of_all<T>(members: &[Member], of: impl Fn(&Member) -> Option<T>) -> Option<Vec<T>> {
    members.iter().map(of).collect::<Option<Vec<T>>>().filter(|all| !all.is_empty())
}

/// What is charged for the hours of those members that have the type, in the mean.
fn hours(members: &[Member], charged: &HashMap<Target, Paid>, instance_type: &str) -> Option<Paid> {
    let named = |meter: &str| {
        let kind = meter.split(':').nth(1).and_then(|rest| rest.split('/').next());
        kind == Some(instance_type)
    };
    in_the_mean(members.iter().filter_map(|one| charged.get(&one.target)).filter(|one| named(&one.meter)))
}

/// The greatest of what the volumes of each member did; nothing where those of one were not measured. `None`: none has volumes.
fn together(members: &[Member], volumes: Option<&HashMap<Target, Volumes>>) -> Option<Volumes> {
    let Some(volumes) = volumes else { return Some(Volumes::default()) };
    let all: Vec<&Volumes> = members.iter().filter_map(|one| volumes.get(&one.target)).collect();
    if all.is_empty() && !members.is_empty() {
        return None;
    }
    let most = |of: fn(&Volumes) -> Option<Series>| {
        all.iter().map(|one| of(one)).collect::<Option<Vec<_>>>()?.into_iter().reduce(greater)
    };
    Some(Volumes { bytes: most(|one| one.bytes.clone()), operations: most(|one| one.operations.clone()) })
}

/// What sets the number of instances.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Number {
    /// Somebody chose it, as the number or as the least size that policies hardly ever leave.
    Chosen,
    /// Load, a clock or somebody outside; or nobody measured it.
    Follows,
}

/// What was measured of a group.
pub(super) struct Read {
    /// In shares of what so many instances of today have.
    pub(super) demands: Vec<Demand>,
    pub(super) measured_by: BTreeMap<Dimension, String>,
    pub(super) number: Number,
    /// So many.
    pub(super) instances: usize,
    /// Whether nobody can say what it asked for: processors full, credits, load that is not balanced.
    pub(super) censored: bool,
}

/// What a group asked for. Where the number is chosen, of what that many instances have; where it follows, of those that there were.
pub(super) fn measured(known: &Known, kind: &Type, series: &BTreeMap<Measured, Series>, limits: &Limits) -> Read {
    let there = in_service(series, known.desired);
    let (number, instances, least) = number(known, there.as_ref());
    let mut read = Read {
        demands: Vec::new(),
        measured_by: BTreeMap::new(),
        number,
        instances,
        // Credits of a group are not measured.
        censored: kind.credits.is_some(),
    };
    let running = |time: i64| there.as_ref().map_or(f64::NAN, |there| at(there, time));
    // Above the least size policies do the rest, as they do today.
    let chosen = |time: i64| match least {
        Some(least) if running(time) > least as f64 + HALF => f64::NAN,
        _ => 1.0 / instances as f64,
    };
    if let (Some(mean), Some(busiest), Some(own)) = (series.get(&MEAN), series.get(&BUSIEST), kind.processor) {
        let room = own.throughput_share(limits.processor);
        read.censored |= full(mean) || !balanced(mean, busiest, own, room);
        let share = |time: i64, percent: f64| {
            let each = own.throughput_share(percent / 100.0);
            if number == Number::Follows { each } else { each * running(time) * chosen(time) }
        };
        read.add(Dimension::Processor, by(MEAN, mean), each_point(mean, share), room);
    }
    for (dimension, name) in [(Dimension::NetworkIn, NETWORK_IN), (Dimension::NetworkOut, NETWORK_OUT)] {
        let (Some(series), Some(of)) = (series.get(&name), kind.network_mbps) else { continue };
        let factor = megabits(series) / of;
        let share = |time: i64, bytes: f64| {
            bytes * factor * if number == Number::Follows { 1.0 / running(time) } else { chosen(time) }
        };
        read.add(dimension, by(name, series), each_point(series, share), limits.bandwidth);
    }
    read.of_members(known, kind, limits);
    read
}

impl Read {
    /// What the busiest member asked for at each time, taken for all, where members were there for as long as the group was measured.
    fn of_members(&mut self, known: &Known, kind: &Type, limits: &Limits) {
        let days = self.demands.first().map_or(0.0, |demand| demand.points.days());
        let long = |points: &Points| points.days() >= days * LEAST_COVERED && points.covered() >= LEAST_COVERED;
        if let Some((name, series)) = known.memory.as_ref().filter(|(_, series)| long(&series.points)) {
            self.add(Dimension::Memory, by(*name, series), scaled(series, 0.01), limits.memory);
        }
        let volumes = [
            (Dimension::EbsBandwidth, &known.volumes.bytes, kind.ebs_mbps, "VolumeReadBytes"),
            (Dimension::EbsOperations, &known.volumes.operations, kind.ebs_iops, "VolumeReadOps"),
        ];
        for (dimension, series, of, name) in volumes {
            let (Some(series), Some(of)) = (series.as_ref().filter(|series| long(&series.points)), of) else {
                continue;
            };
            let per_second = if dimension == Dimension::EbsBandwidth {
                megabits(series)
            } else {
                1.0 / series.points.seconds() as f64
            };
            self.add(dimension, by((name, "Sum"), series), scaled(series, per_second / of), limits.bandwidth);
        }
    }

    /// Of what nothing is there, nothing was measured.
    fn add(&mut self, dimension: Dimension, by: String, points: Points, room: f64) {
        if points.covered() > 0.0 {
            self.measured_by.insert(dimension, by);
            self.demands.push(Demand { dimension, points, room });
        }
    }
}

/// Instances at each time: as the group says, or by how often processors were sampled.
pub(super) fn in_service(series: &BTreeMap<Measured, Series>, desired: usize) -> Option<Series> {
    if let Some(told) = series.get(&IN_SERVICE) {
        return Some(told.clone());
    }
    let samples = series.get(&SAMPLES)?;
    let seconds = samples.points.seconds() as f64;
    let last = samples.points.values().iter().rev().copied().find(|value| !value.is_nan())?;
    // Which monitoring it is, the number of today tells.
    let instances = |every: f64| f64::from(last) * every / seconds;
    let far = |every: &f64| (instances(*every) / desired as f64).ln().abs();
    let every = SAMPLE_SECONDS.into_iter().min_by(|a, b| far(a).total_cmp(&far(b)))?;
    Some(Series { start: samples.start, points: scaled(samples, every / seconds) })
}

/// What sets the number of instances, how many it is, and the least size where that is what somebody chose.
pub(super) fn number(known: &Known, there: Option<&Series>) -> (Number, usize, Option<usize>) {
    let Some(there) = there.map(|there| there.points.sorted()).filter(|there| !there.is_empty()) else {
        return (Number::Follows, known.desired, None);
    };
    let high = |share| quantile(&there, share).unwrap_or(0.0);
    let steady = high(AT_LEAST) - high(1.0 - AT_LEAST) < HALF;
    match (known.policies, known.schedules) {
        (Some(0), Some(0)) if steady => (Number::Chosen, known.desired, None),
        (Some(1..), Some(0)) if known.least > 0 && high(AT_LEAST) <= known.least as f64 + HALF => {
            (Number::Chosen, known.least, Some(known.least))
        }
        _ => {
            let mean = there.iter().map(|value| f64::from(*value)).sum::<f64>() / there.len() as f64;
            (Number::Follows, (mean.round() as usize).max(1), None)
        }
    }
}

/// Whether all members have about as much to do when there is most. Where the busiest is within half of the limit it is of no matter: it
/// would stay within the limit on half of what it has.
fn balanced(mean: &Series, busiest: &Series, own: Processor, room: f64) -> bool {
    let Some(busy) = mean.points.quantile(0.9) else { return false };
    let seconds = mean.points.seconds();
    let then = mean.points.values().iter().zip((mean.start..).step_by(usize::try_from(seconds).unwrap_or(1).max(1)));
    let busy: Vec<(f32, f32)> = then
        .filter(|(value, _)| f64::from(**value) >= busy)
        .map(|(value, time)| (*value, at(busiest, time) as f32))
        .filter(|(_, most)| !most.is_nan())
        .collect();
    let middle = |of: fn(&(f32, f32)) -> f32| {
        let mut all: Vec<f32> = busy.iter().map(of).collect();
        all.sort_unstable_by(f32::total_cmp);
        quantile(&all, 0.5)
    };
    let (Some(mean), Some(most)) = (middle(|(mean, _)| *mean), middle(|(_, most)| *most)) else { return false };
    most <= mean * MOST_SKEW || own.throughput_share(most / 100.0) <= room / 2.0
}

/// The value at a time; not a number where there is none.
fn at(series: &Series, time: i64) -> f64 {
    let place = (time - series.start).div_euclid(series.points.seconds().max(1));
    let value = usize::try_from(place).ok().and_then(|place| series.points.values().get(place));
    value.map_or(f64::NAN, |value| f64::from(*value))
}

/// Every point as something of its time and value.
fn each_point(series: &Series, of: impl Fn(i64, f64) -> f64) -> Points {
    let seconds = series.points.seconds();
    let values = series.points.values().iter().zip(0..);
    let point = |(value, place): (&f32, i64)| of(series.start + place * seconds, f64::from(*value)) as f32;
    Points::new(seconds, values.map(point).collect())
}
