//! Functions of Lambda with the memory that they used, and how much of it they could have.
//!
//! Knows: what Lambda Insights measures inside of a function, the processors that come with memory, and how much longer a run takes with
//! less of them. Does not know: what is advised, and how long a run may take before somebody minds.
//!
//! Memory is the one thing that a function runs out of; less processor makes its runs longer, and a longer run costs more. So the price
//! of a size is that of a run on it. Hours before the function got the memory that it has say nothing of it and are left out.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use polars::prelude::DataFrame;

use super::measured::by;
use super::need::Points;
use super::paid::{Market, Paid, paid};
use super::subject::{Kind, Offer, Subject};
use super::{Candidate, Demand, Dimension, Limits, Machine};
use crate::derive::baseline::targets;
use crate::derive::series::{Measured, Series};
use crate::id::Target;
use crate::table::read::{columns_of, integers};

/// Megabytes that a run used at most, and those that the function had (CloudWatch user guide, metrics collected by Lambda Insights).
const USED: Measured = ("used_memory_max", "Maximum");
const HAD: Measured = ("total_memory", "Maximum");
/// Milliseconds of processors in the mean of the runs.
const BUSY: Measured = ("cpu_total_time", "Average");
/// Milliseconds that a run took.
const DURATION: Measured = ("Duration", "Average");
const LONGEST: Measured = ("Duration", "Maximum");
const RUNS: Measured = ("Invocations", "Sum");
/// What is read of a function.
pub(super) const WANTED: [Measured; 6] = [USED, HAD, BUSY, DURATION, LONGEST, RUNS];

/// Megabytes with which a function has one vCPU; with more or fewer it has as many more or fewer (Lambda developer guide, configuring
/// memory).
const ONE_VCPU: f64 = 1769.0;
/// Sizes that are looked at: any whole number from 128 to 10,240 may be set.
const SIZES: [f64; 19] = [
    128.0, 192.0, 256.0, 384.0, 512.0, 768.0, 1024.0, 1280.0, 1536.0, 1769.0, 2048.0, 2560.0, 3008.0, 4096.0, 5120.0,
    6144.0, 7168.0, 8192.0, 10_240.0,
];
/// Starts of runtimes that run one thread of their language at a time: CPython and CRuby hold a lock, Node.js has one loop.
const ONE_THREAD: [&str; 3] = ["nodejs", "python", "ruby"];
/// Starts of the meters of what runs; what is kept ready has another.
const METERS: [&str; 2] = ["AWSLambda/Lambda-GB-Second", "AWSLambda/Lambda-Provisioned-GB-Second"];
/// Memory beyond the greatest measured that there must be at least: a tenth (ALGORITHMS 1.6).
const LEAST_HEADROOM: f64 = 1.10;
const MEGABYTES_PER_GIGABYTE: f64 = 1024.0;
const MILLISECONDS: f64 = 1000.0;

type Tables = BTreeMap<String, DataFrame>;

/// What the inventory says of a function.
struct Known {
    /// Megabytes.
    memory: f64,
    /// Milliseconds after which a run is ended.
    timeout: Option<f64>,
    one_thread: bool,
    paid: Option<Paid>,
}

/// The functions of an account.
pub(super) struct Functions<'a> {
    limits: &'a Limits,
    known: HashMap<Target, Known>,
}

impl<'a> Functions<'a> {
    /// `None`: nobody asked for functions.
    pub(super) fn new(tables: &Tables, market: &Market<'a>) -> Option<Self> {
        let known = known(tables.get("lambda_functions")?, tables.get("resource_monthly_costs"));
        Some(Functions { limits: market.limits, known })
    }
}

fn known(functions: &DataFrame, costs: Option<&DataFrame>) -> HashMap<Target, Known> {
    let mut paid = paid(costs, |meter| METERS.iter().any(|start| meter.starts_with(*start)));
    let [runtimes] = columns_of(functions, ["Runtime"]);
    let [memory, timeout] = ["MemorySizeMiB", "TimeoutSeconds"].map(|name| integers(functions, name));
    let mut known = HashMap::new();
    for (row, target) in targets(functions).into_iter().enumerate() {
        let Some(memory) = memory[row].filter(|memory| *memory > 0) else { continue };
        let runtime = runtimes[row].as_deref().unwrap_or_default();
        let one = Known {
            memory: memory as f64,
            timeout: timeout[row].map(|seconds| seconds as f64 * MILLISECONDS),
            one_thread: ONE_THREAD.iter().any(|start| runtime.starts_with(*start)),
            paid: paid.remove(&target),
        };
        known.insert(target, one);
    }
    known
}

/// A run in the mean.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Run {
    /// Milliseconds that it takes.
    duration: f64,
    /// Milliseconds of processors in them.
    busy: f64,
    /// Milliseconds of the longest that was not ended.
    longest: f64,
}

impl Run {
    /// Milliseconds that it takes with other memory.
    ///
    /// Waiting takes as long as before, and processor time is stretched by the share of a vCPU that a thread gets, which is one at most.
    /// What may run several threads may have used all of its vCPUs, so it is stretched by those too, whichever is more. More than all of
    /// the run cannot be stretched.
    fn with(self, from: f64, to: f64, one_thread: bool) -> f64 {
        let (before, after) = (from / ONE_VCPU, to / ONE_VCPU);
        let stretched = |before: f64, after: f64| self.duration + self.busy * (1.0 / after - 1.0 / before);
        let one = stretched(before.min(1.0), after.min(1.0));
        let several = !one_thread || self.busy > self.duration * before.min(1.0);
        let duration = if several { one.max(stretched(before, after)) } else { one };
        duration.min(self.duration * before / after)
    }
}

/// What was measured of a function as long as it had the memory that it has.
struct Read {
    /// The most that was used, as a share of it. Where nothing ran, what the last run used stands.
    used: Points,
    run: Option<Run>,
}

fn read(known: &Known, series: &BTreeMap<Measured, Series>) -> Option<Read> {
    let used = series.get(&USED)?;
    let seconds = used.points.seconds();
    let counted = series.get(&RUNS).is_some_and(|runs| runs.points.seconds() == seconds);
    let (mut shares, mut last) = (Vec::new(), f32::NAN);
    let (mut count, mut duration, mut busy, mut longest) = (0.0, 0.0, 0.0, 0.0_f64);
    for (place, megabytes) in used.points.values().iter().enumerate() {
        let time = used.start + place as i64 * seconds;
        let of = |name: Measured| series.get(&name).and_then(|series| at(series, time, seconds));
        let present = of(HAD).is_some_and(|had| (had - known.memory).abs() < 0.5);
        if !present && shares.is_empty() {
            continue;
        }
        let runs = of(RUNS).filter(|runs| *runs > 0.0);
        shares.push(match present && !megabytes.is_nan() {
            true => (f64::from(*megabytes) / known.memory) as f32,
            // Runs are counted wherever there are any.
            false if counted && runs.is_none() => last,
            false => f32::NAN,
        });
        last = shares.last().copied().filter(|share| !share.is_nan()).unwrap_or(last);
        if let (true, Some(runs), Some(each), Some(processor)) = (present, runs, of(DURATION), of(BUSY)) {
            (count, duration, busy) = (count + runs, duration + runs * each, busy + runs * processor);
        }
        let ended = |longest: &f64| known.timeout.is_some_and(|timeout| *longest >= timeout);
        longest = of(LONGEST).filter(|longest| present && !ended(longest)).unwrap_or(0.0).max(longest);
    }
    let run = (count > 0.0).then(|| Run { duration: duration / count, busy: busy / count, longest });
    Some(Read { used: Points::new(seconds, shares), run })
}

/// The point of a series at a time.
fn at(series: &Series, time: i64, seconds: i64) -> Option<f64> {
    let place = usize::try_from((time - series.start).div_euclid(seconds)).ok()?;
    let value = series.points.values().get(place).filter(|value| !value.is_nan())?;
    (series.points.seconds() == seconds).then(|| f64::from(*value))
}

impl Kind for Functions<'_> {
    fn wanted(&self) -> Vec<Measured> {
        WANTED.to_vec()
    }

    fn subject<'a>(&'a self, target: &Target, series: &BTreeMap<Measured, Series>) -> Option<Subject<'a>> {
        let known = self.known.get(target)?;
        let read = read(known, series).filter(|read| !read.used.values().is_empty())?;
        let measured_by = series.get(&USED).map(|series| (Dimension::Memory, by(USED, series)));
        let price = known.paid.as_ref().zip(read.run).map(|(paid, run)| price(paid, known.memory, run.duration));
        let run = read.run;
        Some(Subject {
            machine: Machine {
                id: String::new(),
                strata: vec!["functions".to_owned()],
                shape: name(known.memory),
                price: price.unwrap_or(0.0),
                demands: vec![Demand {
                    dimension: Dimension::Memory,
                    points: read.used,
                    room: self.limits.of(Dimension::Memory),
                }],
                mean: None,
                candidates: Vec::new(),
            },
            meter: known.paid.as_ref().map(|paid| paid.meter.clone()),
            instances: None,
            measured_by: measured_by.into_iter().collect(),
            censored: BTreeSet::new(),
            counts: true,
            needs: &[Dimension::Memory],
            offers: Box::new(move |machine| self.offers(known, run, machine)),
        })
    }
}

impl Functions<'_> {
    /// The smaller sizes that it could have.
    fn offers(&self, known: &Known, run: Option<Run>, machine: &Machine) -> Vec<Offer> {
        let (Some(paid), Some(run), Some(timeout)) = (&known.paid, run, known.timeout) else { return Vec::new() };
        let used = machine.demand(Dimension::Memory).and_then(|demand| demand.points.most()).unwrap_or(1.0);
        let offer = |to: f64| {
            let share = to / known.memory;
            // The longest run must still end in time, were it all processor time.
            if used * LEAST_HEADROOM > share || run.longest / share > timeout {
                return None;
            }
            Some(Offer {
                candidate: Candidate {
                    shape: name(to),
                    price: price(paid, to, run.with(known.memory, to, known.one_thread)),
                    room: BTreeMap::from([(Dimension::Memory, self.limits.memory * share)]),
                    burst: None,
                    steady: None,
                    bursts: BTreeMap::new(),
                },
                // The same seconds of fewer gigabytes.
                meter: paid.meter.clone(),
                steps: (1.0 / share).log2(),
                change: "same kind",
                vcpus: share,
                memory: share,
                instances: None,
                less_cache: None,
                memory_basis: None,
            })
        };
        SIZES.into_iter().filter(|to| *to < known.memory).filter_map(offer).collect()
    }
}

/// What a run costs.
fn price(paid: &Paid, megabytes: f64, milliseconds: f64) -> f64 {
    paid.hour * megabytes / MEGABYTES_PER_GIGABYTE * milliseconds / MILLISECONDS
}

fn name(megabytes: f64) -> String {
    format!("{megabytes} MB")
}

#[cfg(test)]
mod tests;
