//! How fast sizes are judged: 10,000 machines of 28 days by five minutes in eight series, against 60 types each.
//! `cargo bench --bench fit` prints seconds and the peak of memory. The series cycle through 200 made ones, so that reading and
//! making them is not in the figure.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark prints what it measured"
)]

use std::collections::BTreeMap;
use std::time::Instant;

use scale_surgeon::derive::fit::credits::Burstable;
use scale_surgeon::derive::fit::need::Points;
use scale_surgeon::derive::fit::processor::Processor;
use scale_surgeon::derive::fit::risk::History;
use scale_surgeon::derive::fit::{Bandwidth, Burst, Candidate, Demand, Dimension, Limits, Machine, assess};
use scale_surgeon::plan::sizing::invented::Random;

const MACHINES: usize = 10_000;
const MADE: usize = 200;
const POINTS: usize = 28 * 288;
const DIMENSIONS: [Dimension; 7] = [
    Dimension::Processor,
    Dimension::Memory,
    Dimension::NetworkIn,
    Dimension::NetworkOut,
    Dimension::EbsBandwidth,
    Dimension::EbsOperations,
    Dimension::Connections,
];

fn main() {
    let mut random = Random::new(7);
    let machines: Vec<Machine> = (0..MADE).map(|_| machine(&mut random)).collect();
    let limits = Limits::default();
    let begun = Instant::now();
    let mut history = History::default();
    for at in 0..MACHINES {
        history.add(&machines[at % MADE], &limits);
    }
    let fleet = history.fleet(&limits);
    let calibrated = begun.elapsed();
    let mut fits = 0;
    for at in 0..MACHINES {
        fits += assess(&machines[at % MADE], &fleet, &limits).iter().filter(|fit| fit.risk <= 0.10).count();
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM: unknown").to_owned();
    println!(
        "{MACHINES} machines, {POINTS} points in {} series each: ratios {:.1} s, risks {:.1} s, together {:.1} s on one core; {} fits; {peak}",
        DIMENSIONS.len() + 1,
        calibrated.as_secs_f64(),
        (begun.elapsed() - calibrated).as_secs_f64(),
        begun.elapsed().as_secs_f64(),
        fits,
    );
}

/// A machine with a rhythm of days, noise and bursts, and types from a sixteenth to all of it, of which a third are burstable.
fn machine(random: &mut Random) -> Machine {
    let base = random.between(0.01, 0.3);
    let mut series = || -> Points {
        let (day, noise) = (random.between(0.0, 1.0), random.between(0.05, 0.6));
        let value = |at: usize, random: &mut Random| {
            let rhythm = 1.0 + day * (at as f64 / 288.0 * std::f64::consts::TAU).sin();
            (base * rhythm * random.gamma(1.0 / noise)).min(1.0) as f32
        };
        Points::new(300, (0..POINTS).map(|at| value(at, random)).collect())
    };
    let demands: Vec<Demand> =
        DIMENSIONS.iter().map(|dimension| Demand { dimension: *dimension, points: series(), room: 0.7 }).collect();
    let mean = Some(series());
    let candidate = |at: usize| {
        let share = 1.0 / f64::from(1 << (at % 5));
        let processor =
            Processor { vcpus: 2.0, throughput: share, throughput_low: share, throughput_high: share, half_load: 0.8 };
        let burst = at.is_multiple_of(3).then_some(Burst {
            shape: Burstable { vcpus: 2.0, credits_per_hour: 24.0 },
            processor,
            of: 2.0,
        });
        let room: BTreeMap<Dimension, f64> = DIMENSIONS.iter().map(|dimension| (*dimension, 0.7 * share)).collect();
        // Half of the types have bandwidths "up to" three times their baseline.
        let bandwidth = Bandwidth { baseline: share, maximum: 3.0 * share };
        let bursts = DIMENSIONS[2..6].iter().filter(|_| at.is_multiple_of(2)).map(|one| (*one, bandwidth)).collect();
        Candidate { shape: format!("type{at}"), price: share * 0.9, room, burst, steady: None, bursts }
    };
    Machine {
        id: String::new(),
        strata: vec!["all".into()],
        shape: "now".into(),
        price: 1.0,
        demands,
        mean,
        candidates: (0..60).map(candidate).collect(),
    }
}
