//! Auto Scaling groups that run on demand: whether they bear spot capacity, and how many of their instances. Table
//! `spot_fitness`.
//!
//! Knows: what inventory and bill tell of a group's owner, state, lives and names; which pools it could use; how many
//! instances stay on demand. Does not know: prices, what is advised. Types and bands of interruptions come from outside.
//!
//! Boot times are in no table, so that their points are never earned. Sentences cite no names, as `fitness` promises.
//! A target group counts as health checks of a balancer: it decides who serves, and EC2 itself says who was interrupted.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::{Column, DataFrame, PolarsResult};
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

use super::fitness::{Facts, Fitness, Owner, fitness};
use super::net::{FALLBACK_SHARE, Interruptible, Prices, Work, hazard, monthly_probability, net};
use super::pools::{Pool, Safety, mean_hazard, safe};
use crate::derive::frame::{declared, number};
use crate::id::Target;
use crate::period::{AsOf, HOURS_PER_MONTH};
use crate::table::SPOT_FITNESS;

mod lives;
mod read;
mod types;

use lives::{Habit, Life, Lives};
use read::{Group, Member, Members, Paid, Tags, covered_share};
use types::{Kind, alike};

/// Hours until a new instance works. An assumption: no table has boot times, and three minutes are quick (ALGORITHMS 3).
const RESTART_HOURS: f64 = 1.0 / 6.0;
/// Hours of a job without checkpoints. An assumption: no table has their lengths.
const JOB_HOURS: f64 = 1.0;
/// Most pools that are told apart; ten types in six zones.
const MOST_POOLS: usize = 60;
/// What a share of instances may exceed a whole number by and still be that.
const ROUNDING: f64 = 1e-6;
/// Places of figures per hour, as many as the tables hold.
const PLACES: u32 = 12;
const UNITS: Prices = Prices { effective: 1.0, spot: 1.0, on_demand: 1.0 };

type Tables = BTreeMap<String, DataFrame>;
/// The band of interruptions in a month of a type in a region, in percent: lower and upper end; the last has no upper one.
pub type Band<'a> = &'a dyn Fn(&str, &str) -> Option<(u8, Option<u8>)>;

/// Adds the table, where groups and instances are there.
///
/// # Errors
/// An engine error: a table does not have its declared columns.
pub fn derive(tables: &mut Tables, instance_types: &DataFrame, band: Band<'_>, as_of: AsOf) -> PolarsResult<()> {
    let (Some(groups), Some(instances)) = (tables.get("auto_scaling_groups"), tables.get("ec2_instances")) else {
        return Ok(());
    };
    let mut members = read::members(instances);
    let users = users(&members);
    let account = Account {
        users,
        kinds: types::kinds(instance_types),
        tags: read::tags(tables.get("resource_tags")),
        volumes: tables.get("ebs_volumes").map(read::volumes),
        paid: tables.get("resource_monthly_costs").map(read::paid),
        lives: tables.get("usage_profiles").map(|profiles| lives::lives(profiles, as_of)).transpose()?,
        band,
    };
    let rows: Vec<Row> = read::groups(groups, &mut members).into_iter().map(|group| account.row(group)).collect();
    tables.insert(SPOT_FITNESS.name.to_owned(), frame(&rows)?);
    Ok(())
}

/// Which groups run a type, by account, region and type; instances outside of groups count as one more.
type Users = BTreeMap<(Option<String>, Option<String>, String), BTreeSet<String>>;

fn users(members: &Members) -> Users {
    let mut users = Users::new();
    for ((account, region, group), all) in members {
        for kind in all.iter().filter_map(|member| member.kind.clone()) {
            users.entry((account.clone(), region.clone(), kind)).or_default().insert(group.clone());
        }
    }
    users
}

/// What is known besides the groups themselves; `None`: nobody asked, or there is no bill.
struct Account<'a> {
    users: Users,
    kinds: BTreeMap<String, Kind>,
    tags: Tags,
    volumes: Option<BTreeMap<Target, Option<bool>>>,
    paid: Option<BTreeMap<Target, Paid>>,
    lives: Option<Lives>,
    band: Band<'a>,
}

/// A row of the table.
struct Row {
    group: Group,
    fitness: Fitness,
    best: u8,
    on_demand: usize,
    kept: Option<usize>,
    may_go: Option<usize>,
    pools: Option<usize>,
    safety: Option<Safety>,
    hazard: Option<f64>,
    lost: Option<f64>,
}

impl Account<'_> {
    fn row(&self, group: Group) -> Row {
        let usable = self.usable(&group);
        let pools = group.zones.map(|zones| usable.len() * zones).filter(|pools| *pools > 0);
        let facts = self.facts(&group, pools);
        let mut fitness = fitness(&facts);
        let best = self::fitness(&best(facts.clone())).score;
        let on_demand = group.on_demand().count();
        let covered = self.covered(&group, on_demand);
        let kept = covered.zip(group.zones).map(|(covered, zones)| covered.max(zones.min(on_demand)));
        let may_go = kept.map(|kept| on_demand - kept);
        let hazard = pools.map(|_| mean_hazard(&usable));
        let spot = may_go.map(|more| group.members.len() - on_demand + more).filter(|spot| *spot > 0);
        let safety = spot.zip(pools).zip(kept.zip(hazard)).map(|((spot, pools), (kept, hazard))| {
            let mut all = spread(spot, pools, hazard);
            all.extend(spread(kept, kept, 0.0));
            safe(&all)
        });
        let open = [
            (covered.is_none(), "What commitments pay of its hours is not known: a bill would tell."),
            (group.zones.is_none(), "In how many zones it may run is not known: its subnets would tell."),
            (
                usable.is_empty(),
                "How often its capacity is taken back is not known: a published band of a type like its own would tell.",
            ),
        ];
        fitness.unknown.extend(open.into_iter().filter(|(open, _)| *open).map(|(_, sentence)| sentence.to_owned()));
        let lost = hazard.map(|hazard| lost_share(&facts, hazard));
        Row { group, fitness, best, on_demand, kept, may_go, pools, safety, hazard, lost }
    }

    /// The types that it could run on, each with its hazard. Advice is for the work, so that a group of one type today has
    /// more than that.
    fn usable(&self, group: &Group) -> Vec<Pool> {
        let present: Option<BTreeSet<&str>> = group.members.iter().map(|member| member.kind.as_deref()).collect();
        let present: Vec<&str> = present.unwrap_or_default().into_iter().collect();
        let architecture = group.members.iter().find_map(|member| member.architecture.as_deref()).unwrap_or("x86_64");
        let region = group.target.region.as_deref().unwrap_or_default();
        let bands = alike(&self.kinds, &present, architecture).into_iter().filter_map(|kind| (self.band)(kind, region));
        bands.map(|(low, high)| Pool { weight: 1.0, hazard: hazard(monthly_probability(low, high)) }).collect()
    }

    fn facts(&self, group: &Group, pools: Option<usize>) -> Facts {
        let tags = self.tags.of(group);
        let owner = group.owner(&tags);
        let kinds: BTreeSet<&str> = group.members.iter().filter_map(|member| member.kind.as_deref()).collect();
        let labels = group.members.iter().filter_map(|member| member.name.as_ref()).chain(&group.label);
        let names: BTreeSet<&String> = labels.chain([&group.name]).collect();
        let habit = self.habit(group, &kinds);
        let whole = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Facts {
            owner: Some(owner),
            instances: Some(whole(group.members.len())),
            // What ECS and Kubernetes run is often registered by its address, and not by the group.
            load_balancer_health: match (group.target_groups, owner) {
                (Some(0), Owner::Ecs | Owner::Eks) => None,
                (fills, _) => fills.map(|fills| fills > 0),
            },
            keeps_state: self.keeps_state(group),
            licence_bound: self.licence_bound(group),
            median_life_days: habit.median_days,
            ended_in_30_days: habit.ended,
            several_types: Some(group.on_demand_percent.is_some() || kinds.len() > 1),
            pools: pools.map(whole),
            boot_seconds: None,
            names: names.into_iter().cloned().collect(),
            tags,
        }
    }

    /// Volumes that outlive an instance are kept for something; a group whose volumes all go with it and whose types have no
    /// local disks has nothing to keep.
    fn keeps_state(&self, group: &Group) -> Option<bool> {
        let volumes = self.volumes.as_ref()?;
        let of: Vec<Option<bool>> =
            group.members.iter().filter_map(|member| volumes.get(&member.target).copied()).collect();
        if of.contains(&Some(false)) {
            return Some(true);
        }
        let diskless = |member: &Member| {
            member.kind.as_ref().and_then(|kind| self.kinds.get(kind)).is_some_and(|kind| kind.local_gb == 0)
        };
        let all_go = !of.is_empty() && !of.contains(&None) && group.members.iter().all(diskless);
        all_go.then_some(false)
    }

    /// A dedicated host and a licence of one's own bind; software of the marketplace may. Without a bill nobody knows of it.
    fn licence_bound(&self, group: &Group) -> Option<bool> {
        let bound = |member: &Member| {
            member.tenancy.as_deref() == Some("host")
                || member.platform.as_ref().is_some_and(|platform| platform.contains("BYOL"))
        };
        if group.members.iter().any(bound) {
            return Some(true);
        }
        let paid = self.paid.as_ref()?;
        let bills: Vec<&Paid> = group.members.iter().filter_map(|member| paid.get(&member.target)).collect();
        let shared = |member: &Member| member.tenancy.as_deref() == Some("default") && member.platform.is_some();
        let free = !bills.is_empty() && !bills.iter().any(|one| one.software) && group.members.iter().all(shared);
        free.then_some(false)
    }

    /// Whose ended instances were is told by the tag that Auto Scaling sets, or by a type that nothing else runs.
    fn habit(&self, group: &Group, kinds: &BTreeSet<&str>) -> Habit {
        let Some(lives) = &self.lives else { return Habit::default() };
        let Target { account, region, .. } = &group.target;
        let alone = |kind: &&str| {
            let users = self.users.get(&(account.clone(), region.clone(), (*kind).to_owned()));
            users.is_some_and(|users| users.len() == 1)
        };
        let by_type = !kinds.is_empty() && kinds.iter().all(alone);
        let tagged = self.tags.group_of(&group.target).is_some();
        if !tagged && !by_type {
            return Habit::default();
        }
        let mine = |life: &Life| {
            life.target.region == *region
                && match self.tags.group_of(&life.target) {
                    Some(name) => name == Some(&group.name),
                    None => kind_of(life.meter.as_deref()).is_some_and(|kind| kinds.contains(kind)),
                }
        };
        lives.habit(account.as_ref(), mine)
    }

    /// Instances whose hours commitments pay.
    fn covered(&self, group: &Group, on_demand: usize) -> Option<usize> {
        let paid = self.paid.as_ref()?;
        let share = covered_share(group.on_demand().filter_map(|member| paid.get(&member.target)))?;
        let whole = (share * on_demand as f64 - ROUNDING).ceil().max(0.0);
        Some((whole as usize).min(on_demand))
    }
}

/// The type of a meter such as `AmazonEC2/BoxUsage:m5.large/RunInstances:0002`.
fn kind_of(meter: Option<&str>) -> Option<&str> {
    meter?.split(':').nth(1)?.split('/').next()
}

/// The same with all that is not known, and that something could tell, as it would have to be. How long instances take to start nothing
/// here can: lifecycle events are in no table.
fn best(facts: Facts) -> Facts {
    let mut tags = facts.tags;
    // One more environment: where names speak of production it earns nothing.
    tags.push(("environment".to_owned(), "test".to_owned()));
    Facts {
        load_balancer_health: facts.load_balancer_health.or(Some(true)),
        keeps_state: facts.keeps_state.or(Some(false)),
        licence_bound: facts.licence_bound.or(Some(false)),
        median_life_days: facts.median_life_days.or(Some(0.0)),
        ended_in_30_days: facts.ended_in_30_days.or(Some(u32::MAX)),
        pools: facts.pools.or(Some(u32::MAX)),
        tags,
        ..facts
    }
}

/// Instances spread over pools as evenly as they can be.
fn spread(instances: usize, pools: usize, hazard: f64) -> Vec<Pool> {
    let count = pools.min(instances).min(MOST_POOLS);
    let weight = |at: usize| (instances / count + usize::from(at < instances % count)) as f64;
    (0..count).map(|at| Pool { weight: weight(at), hazard }).collect()
}

/// Spot hours in which nothing is done or what is done was done before, of an hour of work.
fn lost_share(facts: &Facts, hazard: f64) -> f64 {
    let work = match facts.load_balancer_health {
        Some(true) => Work::Stateless { drain_hours: 0.0 },
        _ => Work::Checkpointed { every_hours: Some(JOB_HOURS), cost_hours: 0.0 },
    };
    let workload =
        Interruptible { restart_hours: RESTART_HOURS, work, cost_per_event: 0.0, fallback_share: FALLBACK_SHARE };
    let net = net(&workload, &UNITS, hazard);
    net.lost_work + net.restarts
}

fn frame(rows: &[Row]) -> PolarsResult<DataFrame> {
    let text = |name: &'static str, of: &dyn Fn(&Row) -> Option<String>| {
        Column::new(name.into(), rows.iter().map(of).collect::<Vec<_>>())
    };
    let whole = |name: &'static str, of: &dyn Fn(&Row) -> Option<usize>| {
        let values = rows.iter().map(|row| of(row).and_then(|count| i64::try_from(count).ok()));
        Column::new(name.into(), values.collect::<Vec<_>>())
    };
    let exact = |value: f64| Decimal::from_f64(value).map(|value| value.round_dp(PLACES).to_string());
    let flag = |name: &'static str, of: &dyn Fn(&Row) -> Option<bool>| {
        Column::new(name.into(), rows.iter().map(of).collect::<Vec<_>>())
    };
    let joined = |all: Vec<String>| (!all.is_empty()).then(|| all.join(" "));
    let per_month = |hazard: f64| -(-hazard * HOURS_PER_MONTH as f64).exp_m1();
    let columns = vec![
        text("SubAccountId", &|row| row.group.target.account.clone()),
        text("RegionId", &|row| row.group.target.region.clone()),
        text("ResourceId", &|row| row.group.target.resource.clone()),
        text("AutoScalingGroupName", &|row| Some(row.group.name.clone())),
        whole("FitnessScore", &|row| Some(usize::from(row.fitness.score))),
        whole("BestScore", &|row| Some(usize::from(row.best))),
        text("Vetoes", &|row| joined(row.fitness.vetoes.iter().map(|veto| veto.sentence.clone()).collect())),
        flag("VetoesSettled", &|row| Some(!row.fitness.unsettled)),
        text("Reasons", &|row| {
            joined(row.fitness.reasons.iter().map(|(points, why)| format!("{points} points: {why}")).collect())
        }),
        text("NotKnown", &|row| joined(row.fitness.unknown.clone())),
        whole("OnDemandPercentageAboveBase", &|row| row.group.on_demand_percent.and_then(|p| usize::try_from(p).ok())),
        whole("OnDemandInstances", &|row| Some(row.on_demand)),
        whole("SpotInstances", &|row| Some(row.group.members.len() - row.on_demand)),
        whole("KeptOnDemand", &|row| row.kept),
        whole("MayBeSpot", &|row| row.may_go),
        whole("UsablePools", &|row| row.pools),
        text("EffectivePools", &|row| row.safety.and_then(|safety| number(safety.effective_pools))),
        text("LargeLossPerHour", &|row| row.safety.and_then(|safety| exact(safety.large_loss_per_hour))),
        flag("Diversified", &|row| row.safety.map(|safety| safety.holds())),
        text("InterruptedPerMonth", &|row| row.hazard.and_then(|hazard| number(per_month(hazard)))),
        text("InterruptionsPerHour", &|row| row.hazard.and_then(exact)),
        text("LostShare", &|row| row.lost.and_then(exact)),
        text("FallbackShare", &|_| number(FALLBACK_SHARE)),
    ];
    declared(&SPOT_FITNESS, columns)
}

#[cfg(test)]
mod tests;
