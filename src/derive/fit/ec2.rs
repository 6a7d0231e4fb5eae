//! Instances of EC2 with what they asked for, and the instance types that they could be: tables `utilization` and `fitting_shapes`.
//!
//! Knows: metrics of EC2 and of CloudWatch's agent, what an instance type has, which changes of type are possible at all. Does not
//! know: what is advised; prices only rank and are asked of whoever knows them.
//!
//! What was not measured must not get less: memory without the agent, volumes without metrics. Bandwidths are held to 80 percent of what
//! a type has for ever, since what it has "up to" is not promised.

use std::collections::{BTreeMap, HashMap};

use polars::prelude::{DataFrame, PolarsResult};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::credits::Burstable;
use super::need::{LEAST_COVERED, quantile};
use super::processor::{FLEX_BASELINE, Processor, cautious};
use super::risk::{Fleet, History};
use super::{Burst, Candidate, Dimension, Limits, MOST_RISK, Machine, assess};
use crate::derive::series::each_resource;
use crate::id::{Meter, Target};
use crate::period::HOURS_PER_MONTH;
use crate::table::{FITTING_SHAPES, UTILIZATION};

mod frames;
mod read;

use frames::{Fitting, Used, fitting_shapes, utilization};
use read::{Known, Paid, Type, Volumes, instance, peaks, read_instances, types, volume_series};

/// Memory that the kernel and agents take of any machine: a quarter of a GiB and 2 percent (ALGORITHMS 1.4).
const MEMORY_TAKEN_MIB: f64 = 256.0;
const MEMORY_TAKEN_SHARE: f64 = 0.02;
/// Memory beyond the greatest measured that a smaller type must have at least: a tenth (ALGORITHMS 1.6).
const LEAST_HEADROOM: f64 = 1.10;
/// With one vCPU requests wait for each other and for what runs beside them, however fast it is: nothing that has two gets one.
const LEAST_VCPUS: f64 = 2.0;
/// Types kept for each kind of change, the cheapest first; more only where they are safer.
const KEPT: usize = 6;
const MINUTES_PER_HOUR: f64 = 60.0;

/// Stands for the metric of what no volume is there for.
const NO_VOLUMES: &str = "no volume is attached";
type Tables = BTreeMap<String, DataFrame>;
/// Price of an hour of a meter in a region.
pub type Price<'a> = &'a dyn Fn(&Meter, Option<&str>) -> Option<Decimal>;

/// Adds both tables, where instances and metrics are there.
///
/// # Errors
/// An engine error: a table does not have its declared columns.
pub fn derive(tables: &mut Tables, instance_types: &DataFrame, price: Price<'_>, limits: &Limits) -> PolarsResult<()> {
    let (Some(instances), Some(metrics)) = (tables.get("ec2_instances"), tables.get("resource_metrics")) else {
        return Ok(());
    };
    let account = Account {
        types: types(instance_types),
        instances: read_instances(instances, tables.get("resource_monthly_costs")),
        volumes: tables.get("ebs_volumes").map(|volumes| volume_series(volumes, metrics)).transpose()?,
        price,
        limits,
    };
    let mut history = History::default();
    account.each(metrics, |_, instance| history.add(&instance.machine, limits))?;
    let fleet = history.fleet(limits);
    let (mut used, mut fitting) = (Vec::new(), Vec::new());
    account.each(metrics, |target, mut instance| {
        used.extend(instance.used(target));
        if instance.measured() && !instance.censored {
            (instance.machine.candidates, instance.offered) = account.candidates(target, &instance);
            fitting.extend(instance.fitting(target, &fleet, limits));
        }
    })?;
    tables.insert(UTILIZATION.name.to_owned(), utilization(&used)?);
    tables.insert(FITTING_SHAPES.name.to_owned(), fitting_shapes(&fitting)?);
    Ok(())
}

/// What an account has and may have.
struct Account<'a> {
    types: HashMap<String, Type>,
    instances: HashMap<Target, Known>,
    /// Bytes and operations a second of the volumes of each instance; `None`: nobody asked for volumes.
    volumes: Option<HashMap<Target, Volumes>>,
    price: Price<'a>,
    limits: &'a Limits,
}

/// What a candidate changes.
#[derive(Clone, Copy)]
struct Offered {
    steps: f64,
    change: &'static str,
}

/// An instance that was measured.
struct Instance {
    machine: Machine,
    /// Of its candidates.
    offered: Vec<Offered>,
    kind: Type,
    architecture: String,
    paid: Option<Paid>,
    measured_by: BTreeMap<Dimension, String>,
    censored: bool,
}

impl Account<'_> {
    fn each(&self, metrics: &DataFrame, mut each: impl FnMut(&Target, Instance)) -> PolarsResult<()> {
        each_resource(metrics, &read::wanted(), |target, series| {
            let known = self.instances.get(&target);
            let kind = known.and_then(|known| self.types.get(&known.instance_type));
            if let (Some(known), Some(kind)) = (known, kind) {
                let volumes = self.volumes.as_ref().map(|all| all.get(&target));
                each(&target, instance(known, kind, &series, volumes, self.limits));
            }
        })
    }

    /// What an hour of a meter costs where a resource is.
    fn price(&self, meter: &str, target: &Target) -> Option<f64> {
        (self.price)(&Meter(meter.to_owned()), target.region.as_deref()).and_then(|price| price.to_f64())
    }

    /// The types that it could be, with what each has of what it has now.
    fn candidates(&self, target: &Target, instance: &Instance) -> (Vec<Candidate>, Vec<Offered>) {
        let nothing = (Vec::new(), Vec::new());
        let (from, Some(Paid { meter, .. })) = (&instance.kind, &instance.paid) else { return nothing };
        let Some(own) = from.processor else { return nothing };
        let priced = |name: &str| self.price(&meter.replacen(&from.name, name, 1), target);
        let (mut candidates, mut offered) = nothing;
        for to in self.types.values().filter(|to| possible(from, to)) {
            let Some(processor) = to.processor else { continue };
            let (Some(price), Some(room)) = (priced(&to.name), self.room(instance, own, to, processor)) else {
                continue;
            };
            let (source, there) = compared(from, own, to, processor);
            let burst = to.credits.map(|credits| Burst {
                shape: Burstable { vcpus: to.vcpus, credits_per_hour: credits },
                processor: there,
                of: source.capacity(),
            });
            let share = |utilization: f64| there.demand(utilization) / source.capacity();
            let steady = to.family().ends_with("-flex").then(|| share(FLEX_BASELINE));
            candidates.push(Candidate { shape: to.name.clone(), price, room, burst, steady });
            offered.push(Offered {
                steps: (from.vcpus / to.vcpus).log2(),
                change: change(from, to, &instance.architecture),
            });
        }
        (candidates, offered)
    }

    /// What a type has in each dimension; `None`: it has less of something that was not measured, or nobody knows how much.
    fn room(
        &self,
        instance: &Instance,
        own: Processor,
        to: &Type,
        processor: Processor,
    ) -> Option<BTreeMap<Dimension, f64>> {
        let from = &instance.kind;
        let measured = |dimension| instance.machine.demands.iter().find(|demand| demand.dimension == dimension);
        let mut room = BTreeMap::new();
        let (source, there) = compared(from, own, to, processor);
        room.insert(Dimension::Processor, there.demand(self.limits.processor) / source.capacity());
        match measured(Dimension::Memory) {
            Some(demand) => {
                let most = demand.points.sorted().last().map_or(1.0, |most| f64::from(*most));
                let usable = usable_memory(to.memory_mib) / from.memory_mib;
                if most * LEAST_HEADROOM > usable {
                    return None;
                }
                room.insert(Dimension::Memory, usable * self.limits.memory);
            }
            None if to.memory_mib < from.memory_mib => return None,
            None => {}
        }
        let mut bandwidth = |dimensions: &[Dimension], here: Option<f64>, there: Option<f64>| -> Option<()> {
            for dimension in dimensions {
                if measured(*dimension).is_some() {
                    room.insert(*dimension, there? * self.limits.bandwidth / here?);
                } else if there.unwrap_or(0.0) < here.unwrap_or(0.0) && !instance.without_volumes(*dimension) {
                    return None;
                }
            }
            Some(())
        };
        bandwidth(&[Dimension::NetworkIn, Dimension::NetworkOut], from.network_mbps, to.network_mbps)?;
        bandwidth(&[Dimension::EbsBandwidth], from.ebs_mbps, to.ebs_mbps)?;
        bandwidth(&[Dimension::EbsOperations], from.ebs_iops, to.ebs_iops)?;
        Some(room)
    }
}

/// Both processors as a risk should see them: as they are within a family, where processors are the same; otherwise as slow and as fast
/// as the benchmarks show them (ALGORITHMS 1.3 asks that of other architectures and generations; other makers are no better known).
fn compared(from: &Type, own: Processor, to: &Type, processor: Processor) -> (Processor, Processor) {
    if from.family() == to.family() { (own, processor) } else { cautious(&own, &processor) }
}

fn usable_memory(mib: f64) -> f64 {
    mib * (1.0 - MEMORY_TAKEN_SHARE) - MEMORY_TAKEN_MIB
}

/// Whether an instance can be that type at all, whatever it needs.
fn possible(from: &Type, to: &Type) -> bool {
    let local = from.local_gb == 0 || to.local_gb >= from.local_gb;
    let current = to.current || to.family() == from.family();
    to.name != from.name
        && current
        && local
        && to.accelerators == from.accelerators
        && to.bare_metal == from.bare_metal
        && to.nitro == from.nitro
        && to.vcpus >= from.vcpus.min(LEAST_VCPUS)
}

impl Instance {
    /// Whether the processors were measured long and well enough to say anything.
    fn measured(&self) -> bool {
        let processor = self.machine.demands.iter().find(|demand| demand.dimension == Dimension::Processor);
        processor.is_some_and(|demand| demand.points.covered() >= LEAST_COVERED)
    }

    /// Whether a dimension of EBS is none, since no volume is attached.
    fn without_volumes(&self, dimension: Dimension) -> bool {
        let ebs = matches!(dimension, Dimension::EbsBandwidth | Dimension::EbsOperations);
        ebs && self.measured_by.get(&dimension).is_some_and(|by| by == NO_VOLUMES)
    }

    fn used<'a>(&'a self, target: &'a Target) -> impl Iterator<Item = Used> + 'a {
        self.machine.demands.iter().map(move |demand| {
            let sorted = demand.points.sorted();
            let at = |share| quantile(&sorted, share).unwrap_or(0.0);
            let mean = sorted.iter().map(|value| f64::from(*value)).sum::<f64>() / sorted.len().max(1) as f64;
            Used {
                target: target.clone(),
                dimension: demand.dimension.word(),
                measured_by: self.measured_by.get(&demand.dimension).cloned().unwrap_or_default(),
                days: demand.points.days(),
                covered: demand.points.covered(),
                mean,
                high: at(0.995),
                most: at(1.0),
                censored: self.censored && demand.dimension == Dimension::Processor,
                peaks: peaks(&demand.points, 1.0),
            }
        })
    }

    fn fitting(&self, target: &Target, fleet: &Fleet, limits: &Limits) -> Vec<Fitting> {
        let told = fleet.tells(Dimension::Memory, &self.machine.strata).is_some();
        let basis = fleet.calibration(Dimension::Processor, &self.machine.strata).basis.clone();
        let mut found: Vec<Fitting> = Vec::new();
        for fit in assess(&self.machine, fleet, limits) {
            let candidate = &self.machine.candidates[fit.candidate];
            let Offered { steps, change } = self.offered[fit.candidate];
            let mut cheaper = found.iter().filter(|other| other.change == change);
            // Beyond the cheapest only what is safer than all of them.
            if fit.risk > MOST_RISK || (cheaper.clone().count() >= KEPT && cheaper.any(|other| other.risk <= fit.risk))
            {
                continue;
            }
            let nearest = fit.nearest.and_then(|(dimension, _)| {
                let demand = self.machine.demands.iter().find(|demand| demand.dimension == dimension)?;
                Some(peaks(&demand.points, *candidate.room.get(&dimension)?))
            });
            found.push(Fitting {
                target: target.clone(),
                from: self.kind.name.clone(),
                meter: self.paid.as_ref().map(|paid| paid.meter.clone()).unwrap_or_default(),
                to: candidate.shape.clone(),
                change,
                rank: found.len() as i64 + 1,
                price: candidate.price / self.machine.price,
                steps,
                risk: fit.risk,
                memory_risk: fit.risks.get(&Dimension::Memory).copied(),
                nearest: fit.nearest,
                minutes: fit.over * HOURS_PER_MONTH as f64 * MINUTES_PER_HOUR,
                memory: match (self.measured_by.contains_key(&Dimension::Memory), told) {
                    (true, true) => "measured",
                    (true, false) => "measured; too few machines to tell a risk, so 30 percent of headroom",
                    (false, _) => "not measured: no less than today",
                },
                basis: basis.clone(),
                peaks: nearest.unwrap_or_default(),
            });
        }
        found
    }
}

fn change(from: &Type, to: &Type, architecture: &str) -> &'static str {
    if from.family() == to.family() {
        "same family"
    } else if to.architectures.iter().any(|one| one == architecture) {
        "same architecture"
    } else {
        "other architecture"
    }
}

#[cfg(test)]
mod tests;
