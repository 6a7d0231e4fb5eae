//! Machines of traces: what they asked for beside the shapes of a file, or beside halves of what they have.
//!
//! Knows: names of metrics in traces. Does not know: AWS; vCPUs of all shapes are equally fast here.

use std::collections::BTreeMap;

use polars::prelude::{DataFrame, PolarsResult};

use super::need::Points;
use super::{Candidate, Demand, Dimension, Limits, Machine};
use crate::dataset::traces::TraceShape;
use crate::derive::series::{Measured, each_resource};

/// Names of a processor's utilization in percent.
const PROCESSOR: [Measured; 3] = [("cpu", "Average"), ("CPUUtilization", "Average"), ("cpu_percent", "Average")];
/// Names of the used share of memory in percent.
const MEMORY: [Measured; 3] = [("memory", "Average"), ("mem_used_percent", "Average"), ("memory_percent", "Average")];
/// Halvings of a machine when no shapes are given: down to a thirty-second.
const HALVINGS: i32 = 5;

/// The machines of a trace. `shapes`: what there is, the cheapest first; without any, halves of each machine at half the price. `present`: the shape of
/// each; without it the dearest.
///
/// # Errors
/// An engine error: the table does not have its declared columns.
pub fn machines(
    metrics: &DataFrame,
    shapes: &[TraceShape],
    present: &BTreeMap<String, String>,
    limits: &Limits,
) -> PolarsResult<Vec<Machine>> {
    let mut machines = Vec::new();
    let wanted: Vec<Measured> = PROCESSOR.iter().chain(&MEMORY).copied().collect();
    each_resource(metrics, &wanted, |target, mut series| {
        let mut first = |names: &[Measured]| names.iter().find_map(|name| series.remove(name));
        let (processor, memory) = (first(&PROCESSOR), first(&MEMORY));
        let share = |points: &Points| {
            Points::new(points.seconds(), points.values().iter().map(|percent| percent / 100.0).collect())
        };
        let demand = |dimension, room, series: Option<crate::derive::series::Series>| {
            series.map(|series| Demand { dimension, points: share(&series.points), room })
        };
        let demands: Vec<Demand> = [
            demand(Dimension::Processor, limits.processor, processor),
            demand(Dimension::Memory, limits.memory, memory),
        ]
        .into_iter()
        .flatten()
        .collect();
        let id = target.resource.unwrap_or_default();
        if let Some(machine) = machine(id, demands, shapes, present, limits) {
            machines.push(machine);
        }
    })?;
    Ok(machines)
}

fn machine(
    id: String,
    demands: Vec<Demand>,
    shapes: &[TraceShape],
    present: &BTreeMap<String, String>,
    limits: &Limits,
) -> Option<Machine> {
    if demands.is_empty() {
        return None;
    }
    let strata = vec!["all machines of the trace".to_owned()];
    let room = |processor: f64, memory: Option<f64>| {
        let memory = memory.map(|share| (Dimension::Memory, limits.memory * share));
        std::iter::once((Dimension::Processor, limits.processor * processor)).chain(memory).collect()
    };
    if shapes.is_empty() {
        let half = |times: i32| {
            let share = 0.5_f64.powi(times);
            let shape = format!("1/{}", 2_i32.pow(times.unsigned_abs()));
            Candidate {
                shape,
                price: share,
                room: room(share, Some(share)),
                burst: None,
                steady: None,
                bursts: BTreeMap::new(),
            }
        };
        let candidates = (1..=HALVINGS).map(half).collect();
        return Some(Machine { id, strata, shape: "1".into(), price: 1.0, demands, mean: None, candidates });
    }
    let own = match present.get(&id) {
        Some(name) => shapes.iter().find(|shape| shape.name == *name)?,
        None => shapes.last()?,
    };
    let candidate = |shape: &TraceShape| Candidate {
        shape: shape.name.clone(),
        price: shape.price,
        room: room(shape.vcpus / own.vcpus, shape.memory_gib.zip(own.memory_gib).map(|(there, here)| there / here)),
        burst: None,
        steady: None,
        bursts: BTreeMap::new(),
    };
    let candidates = shapes.iter().map(candidate).collect();
    Some(Machine { id, strata, shape: own.name.clone(), price: own.price, demands, mean: None, candidates })
}
