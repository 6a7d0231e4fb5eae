//! Services of ECS on Fargate with what their tasks asked for, and the sizes that a task could have.
//!
//! Knows: the sizes that Fargate sells, the meters of processors and of memory, and by what a service changes its number of tasks. Does
//! not know: what is advised, and what the containers of a task reserve inside of it.
//!
//! All tasks of a service have one size, so what the busiest asks for counts for each. A size keeps the kind of its processors; what an
//! hour of a task costs is the sum of two meters, as they are paid: by the service where it is estimated, by its tasks on a bill, which
//! names no services.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use polars::prelude::DataFrame;

use super::measured::{by, scaled};
use super::paid::{Market, Paid, in_the_mean, paid};
use super::processor::censored;
use super::subject::{Kind, Number, Offer, Sharing, Subject};
use super::{Candidate, Demand, Dimension, Limits, Machine};
use crate::derive::baseline::targets;
use crate::derive::series::{Measured, Series};
use crate::id::Target;
use crate::table::read::{columns_of, integers};

/// Percent of what a task has, of its busiest task (CloudWatch metrics of ECS, service utilization: Maximum).
const PROCESSOR: Measured = ("CPUUtilization", "Maximum");
const MEMORY: Measured = ("MemoryUtilization", "Maximum");
/// What is read of a service.
pub(super) const WANTED: [Measured; 2] = [PROCESSOR, MEMORY];

/// Starts of the meters of Linux tasks on demand: a vCPU or a GB for an hour. Windows has a licence beside them, Spot another price.
const VCPU_METERS: [&str; 2] = ["AmazonECS/Fargate-vCPU-Hours", "AmazonECS/Fargate-ARM-vCPU-Hours"];
const MEMORY_METERS: [&str; 2] = ["AmazonECS/Fargate-GB-Hours", "AmazonECS/Fargate-ARM-GB-Hours"];

/// Memory beyond the greatest measured that a smaller task must have at least: a tenth (ALGORITHMS 1.6).
const LEAST_HEADROOM: f64 = 1.10;
/// CPU units of a vCPU, and MiB of a GB, as tasks have them.
const UNITS: f64 = 1024.0;

/// CPU units of a task, its least and its most memory in MiB, and the step between (ECS developer guide, task definition parameters for
/// Fargate: task size).
const SIZES: [(i64, i64, i64, i64); 8] = [
    (256, 512, 512, 512),
    (256, 1024, 2048, 1024),
    (512, 1024, 4096, 1024),
    (1024, 2048, 8192, 1024),
    (2048, 4096, 16_384, 1024),
    (4096, 8192, 30_720, 1024),
    (8192, 16_384, 61_440, 4096),
    (16_384, 32_768, 122_880, 8192),
];

type Tables = BTreeMap<String, DataFrame>;

/// The size of a task.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Size {
    /// CPU units.
    processor: i64,
    /// MiB.
    memory: i64,
}

impl Size {
    /// All that there are.
    fn all() -> impl Iterator<Item = Size> {
        SIZES.into_iter().flat_map(|(processor, least, most, step)| {
            (least / step..=most / step).map(move |steps| Size { processor, memory: steps * step })
        })
    }

    fn vcpus(self) -> f64 {
        self.processor as f64 / UNITS
    }

    fn gigabytes(self) -> f64 {
        self.memory as f64 / UNITS
    }

    fn name(self) -> String {
        format!("{} vCPU, {} GB", self.vcpus(), self.gigabytes())
    }
}

/// What is paid for an hour of a vCPU and of a GB.
struct Rates {
    vcpu: Paid,
    memory: Paid,
}

impl Rates {
    fn price(&self, size: Size) -> f64 {
        size.vcpus() * self.vcpu.hour + size.gigabytes() * self.memory.hour
    }
}

/// What the inventory says of a service.
struct Known {
    size: Size,
    /// What the number of its tasks follows, so that each task must not have less of it: they would only become more. `None`: nobody
    /// knows what it follows.
    follows: Option<BTreeSet<Dimension>>,
    rates: Option<Rates>,
    sharing: Sharing,
}

/// The services of an account.
pub(super) struct Services<'a> {
    limits: &'a Limits,
    known: HashMap<Target, Known>,
}

impl<'a> Services<'a> {
    /// `None`: nobody asked for services.
    pub(super) fn new(tables: &Tables, market: &Market<'a>) -> Option<Self> {
        let known = known(tables.get("ecs_services")?, tables.get("ecs_tasks"), tables.get("resource_monthly_costs"));
        Some(Services { limits: market.limits, known })
    }
}

fn known(services: &DataFrame, tasks: Option<&DataFrame>, costs: Option<&DataFrame>) -> HashMap<Target, Known> {
    let of = |starts: [&'static str; 2]| paid(costs, move |meter| starts.iter().any(|start| meter.starts_with(*start)));
    let (vcpus, memories, tasks) = (of(VCPU_METERS), of(MEMORY_METERS), tasks.map(tasks_of).unwrap_or_default());
    let [launch_types, systems, held] = columns_of(services, ["LaunchType", "OperatingSystemFamily", "ScalesOn"]);
    let [processor, memory, policies] =
        ["TaskCpuUnits", "TaskMemoryMiB", "ScalingPolicies"].map(|name| integers(services, name));
    let [running, most] = ["RunningTasks", "MaxTasks"].map(|name| integers(services, name));
    let mut known = HashMap::new();
    for (row, target) in targets(services).into_iter().enumerate() {
        let (Some(processor), Some(memory)) = (processor[row], memory[row]) else { continue };
        let windows = systems[row].as_deref().is_some_and(|system| system.starts_with("WINDOWS"));
        if launch_types[row].as_deref() != Some("FARGATE") || windows || processor <= 0 || memory <= 0 {
            continue;
        }
        let one = Known {
            size: Size { processor, memory },
            follows: follows(policies[row], held[row].as_deref()),
            rates: rates(&target, tasks.get(&target).map(Vec::as_slice).unwrap_or_default(), &vcpus, &memories),
            sharing: sharing(running[row], policies[row], most[row]),
        };
        known.insert(target, one);
    }
    known
}

/// The running tasks of each service.
fn tasks_of(tasks: &DataFrame) -> HashMap<Target, Vec<Target>> {
    let [services] = columns_of(tasks, ["ServiceArn"]);
    let mut all: HashMap<Target, Vec<Target>> = HashMap::new();
    for (task, service) in targets(tasks).into_iter().zip(services) {
        if let Some(service) = service {
            all.entry(Target { resource: Some(service), ..task.clone() }).or_default().push(task);
        }
    }
    all
}

/// What is charged for a service; else for its tasks, in the mean of those that are charged for.
fn rates(
    service: &Target,
    tasks: &[Target],
    vcpus: &HashMap<Target, Paid>,
    memories: &HashMap<Target, Paid>,
) -> Option<Rates> {
    let of = |charged: &HashMap<Target, Paid>| {
        let of_tasks = tasks.iter().filter_map(|task| charged.get(task)).filter(|paid| paid.hour > 0.0);
        charged.get(service).cloned().or_else(|| in_the_mean(of_tasks))
    };
    Some(Rates { vcpu: of(vcpus)?, memory: of(memories)? })
}

/// How the number of tasks goes with the load: as policies have it, up to the most that they may start.
fn sharing(running: Option<i64>, policies: Option<i64>, most: Option<i64>) -> Sharing {
    let tasks = running.filter(|tasks| *tasks > 0).map(|tasks| tasks as f64);
    let number = match (policies, tasks, most) {
        (Some(1..), Some(high), Some(most)) => Number::Follows { high, most: most as f64, points: None },
        _ => Number::Fixed,
    };
    Sharing { number, tasks }
}

/// What the number of tasks follows. Requests for each task are the same however large it is, and so is what they need.
fn follows(policies: Option<i64>, held: Option<&str>) -> Option<BTreeSet<Dimension>> {
    if policies? == 0 {
        return Some(BTreeSet::new());
    }
    let dimension = |word: &str| {
        if word.starts_with("ECSServiceAverageCPUUtilization") {
            Some(Some(Dimension::Processor))
        } else if word.starts_with("ECSServiceAverageMemoryUtilization") {
            Some(Some(Dimension::Memory))
        } else {
            (word == "ALBRequestCountPerTarget").then_some(None)
        }
    };
    let all: Vec<Option<Dimension>> = held?.split(' ').map(dimension).collect::<Option<_>>()?;
    Some(all.into_iter().flatten().collect())
}

impl Kind for Services<'_> {
    fn wanted(&self) -> Vec<Measured> {
        WANTED.to_vec()
    }

    fn subject<'a>(&'a self, target: &Target, series: &BTreeMap<Measured, Series>) -> Option<Subject<'a>> {
        let known = self.known.get(target)?;
        let (mut demands, mut measured_by, mut full) = (Vec::new(), BTreeMap::new(), BTreeSet::new());
        for (dimension, name) in [(Dimension::Processor, PROCESSOR), (Dimension::Memory, MEMORY)] {
            let Some(series) = series.get(&name) else { continue };
            let points = scaled(series, 0.01);
            let shares: Vec<f64> = points.values().iter().map(|share| f64::from(*share)).collect();
            // Work waits for processors that are full. A task without memory ends, and nothing smaller would hold it.
            if dimension == Dimension::Processor && censored(&shares) {
                full.insert(dimension);
            }
            measured_by.insert(dimension, by(name, series));
            demands.push(Demand { dimension, points, room: self.limits.of(dimension) });
        }
        Some(Subject {
            machine: Machine {
                id: String::new(),
                strata: vec!["services on Fargate".to_owned()],
                shape: known.size.name(),
                price: known.rates.as_ref().map_or(0.0, |rates| rates.price(known.size)),
                demands,
                mean: None,
                candidates: Vec::new(),
            },
            meter: known.rates.as_ref().map(|rates| rates.vcpu.meter.clone()),
            instances: None,
            measured_by,
            censored: full,
            counts: true,
            needs: &[Dimension::Processor],
            offers: Box::new(move |machine| self.offers(known, machine)),
        })
    }

    fn sharing(&self, target: &Target, _: &BTreeMap<Measured, Series>) -> Sharing {
        self.known.get(target).map(|known| known.sharing.clone()).unwrap_or_default()
    }
}

impl Services<'_> {
    /// The sizes that its tasks could have.
    fn offers(&self, known: &Known, machine: &Machine) -> Vec<Offer> {
        let (Some(rates), Some(follows)) = (&known.rates, &known.follows) else { return Vec::new() };
        let offer = |size: Size| {
            let vcpus = size.vcpus() / known.size.vcpus();
            let memory = size.gigabytes() / known.size.gigabytes();
            let less = |dimension, share: f64| share < 1.0 && follows.contains(&dimension);
            if less(Dimension::Processor, vcpus) || less(Dimension::Memory, memory) {
                return None;
            }
            Some(Offer {
                candidate: Candidate {
                    shape: size.name(),
                    price: rates.price(size),
                    room: room(machine, vcpus, memory, self.limits)?,
                    burst: None,
                    steady: None,
                    bursts: BTreeMap::new(),
                },
                // Both meters stay: there is less of them.
                meter: rates.vcpu.meter.clone(),
                steps: (1.0 / vcpus).log2(),
                change: "same kind",
                vcpus,
                memory,
                instances: None,
                less_cache: None,
                memory_basis: None,
            })
        };
        Size::all().filter(|size| *size != known.size).filter_map(offer).collect()
    }
}

/// What there is of what a task has now; `None`: less memory than was measured, or nothing was.
fn room(machine: &Machine, vcpus: f64, memory: f64, limits: &Limits) -> Option<BTreeMap<Dimension, f64>> {
    let mut room = BTreeMap::from([(Dimension::Processor, limits.processor * vcpus)]);
    match machine.demand(Dimension::Memory) {
        Some(demand) => {
            if memory < 1.0 && demand.points.most().unwrap_or(1.0) * LEAST_HEADROOM > memory {
                return None;
            }
            room.insert(Dimension::Memory, limits.memory * memory);
        }
        None if memory < 1.0 => return None,
        None => {}
    }
    Some(room)
}

#[cfg(test)]
mod tests;
