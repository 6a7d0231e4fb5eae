//! When a resource works, told from its metrics.
//!
//! Knows: which metrics are signs of work, and that an hour without any point is an hour in which the resource was stopped or not
//! measured. Does not know: what the resource is.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::{DataFrame, PolarsResult};

use super::activity::{Signals, active};
use super::detect::HOURS;
use super::habits::{MOST_WEEKS, Observed};
use super::{Basis, Calendar, Row, Week};
use crate::derive::baseline::targets;
use crate::derive::series::{Measured, Series, each_resource};
use crate::id::Target;
use crate::period::{AsOf, HOURS_PER_WEEK};
use crate::table::{EC2_INSTANCES, RDS_INSTANCES, RESOURCE_METRICS};

const SECONDS: i64 = 3600;

const PROCESSOR: &[Measured] = &[("CPUUtilization", "Average")];
const NETWORK: &[Measured] = &[("NetworkIn", "Sum"), ("NetworkOut", "Sum")];
const CONNECTIONS: &[Measured] =
    &[("DatabaseConnections", "Maximum"), ("CurrConnections", "Maximum"), ("UserConnected", "Maximum")];
/// Names in traces.
const TRACED_PROCESSOR: &[Measured] = &[("cpu", "Average"), ("CPUUtilization", "Average"), ("cpu_percent", "Average")];
const TRACED_NETWORK: &[Measured] = &[("network", "Average"), ("NetworkIn", "Average"), ("NetworkOut", "Average")];
const DISK: &[Measured] = &[("ReadIOPS", "Average"), ("WriteIOPS", "Average")];

/// Hours of one signal, from the first hour on.
#[derive(Clone, PartialEq, Debug)]
pub struct Hours {
    /// The first hour, since the epoch.
    pub first: i64,
    /// What was measured in each.
    pub values: Vec<Option<f64>>,
}

impl Hours {
    /// What was measured in an hour since the epoch.
    pub(super) fn at(&self, hour: i64) -> Option<f64> {
        usize::try_from(hour - self.first).ok().and_then(|at| self.values.get(at).copied().flatten())
    }
}

/// How points become an hour.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum As {
    Mean,
    Sum,
    Most,
    /// Of something per second.
    PerSecond,
}

/// What traces say of one machine.
#[derive(Clone, PartialEq, Debug)]
pub struct Traced {
    /// What names it.
    pub id: String,
    /// Percent of its processors.
    pub processor: Hours,
    /// Bytes, where they were measured.
    pub network: Option<Hours>,
    /// Most connections at a time, where they were measured.
    pub connections: Option<Hours>,
    /// Operations on disks, where they were measured.
    pub disk: Option<Hours>,
}

impl Traced {
    /// The hour after the last, since the epoch.
    #[must_use]
    pub fn end(&self) -> i64 {
        self.processor.first + self.processor.values.len() as i64
    }

    /// The weeks up to an hour, newest last, with whether each has a holiday; habits are told from what is before that hour alone.
    #[must_use]
    pub fn weeks(&self, calendar: &Calendar, end: i64) -> (Vec<Week>, Vec<bool>) {
        let signs = [
            (Some(&self.processor), Sign::Processor),
            (self.network.as_ref(), Sign::Network),
            (self.connections.as_ref(), Sign::Connections),
            (self.disk.as_ref(), Sign::Disk),
        ];
        let from = self.processor.first;
        Observed { from, end, works: &worked(&signs, from, end) }.weeks(calendar)
    }
}

/// The machines of traces.
///
/// # Errors
/// An engine error: the table does not have its declared columns.
pub fn traced(metrics: &DataFrame) -> PolarsResult<Vec<Traced>> {
    let wanted: Vec<Measured> = [TRACED_PROCESSOR, TRACED_NETWORK].concat();
    let mut machines = Vec::new();
    each_resource(metrics, &wanted, |target, series| {
        let processor = TRACED_PROCESSOR.iter().find_map(|name| hours(series.get(name)?, As::Mean));
        let network = TRACED_NETWORK.iter().filter_map(|name| hours(series.get(name)?, As::Sum)).reduce(added);
        if let (Some(id), Some(processor)) = (target.resource, processor) {
            machines.push(Traced { id, processor, network, connections: None, disk: None });
        }
    })?;
    Ok(machines)
}

/// Instances and databases of an account whose processors were measured, with all signs of work that schedules are told from.
///
/// # Errors
/// An engine error: a table does not have its declared columns.
pub fn of_account(tables: &BTreeMap<String, DataFrame>) -> PolarsResult<Vec<Traced>> {
    let Some(metrics) = tables.get(RESOURCE_METRICS.name) else { return Ok(Vec::new()) };
    let scheduled = [EC2_INSTANCES.name, RDS_INSTANCES.name];
    let resources: BTreeSet<Target> = scheduled.iter().filter_map(|name| tables.get(*name)).flat_map(targets).collect();
    let mut machines = Vec::new();
    each_resource(metrics, &wanted(), |target, series| {
        if !resources.contains(&target) {
            return;
        }
        let [processor, network, connections, disk] = signs(&series);
        if let (Some(id), Some(processor)) = (target.resource, processor) {
            machines.push(Traced { id, processor, network, connections, disk });
        }
    })?;
    Ok(machines)
}

/// What signs of work are read from.
fn wanted() -> Vec<Measured> {
    [PROCESSOR, NETWORK, CONNECTIONS, DISK].concat()
}

/// Processors, network, connections and disks by the hour.
fn signs(series: &BTreeMap<Measured, Series>) -> [Option<Hours>; 4] {
    let together = |names: &[Measured], how: As| {
        let each = names.iter().filter_map(|name| hours(series.get(name)?, how));
        each.reduce(added)
    };
    [
        together(PROCESSOR, As::Mean),
        together(NETWORK, As::Sum),
        together(CONNECTIONS, As::Most),
        together(DISK, As::PerSecond),
    ]
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Processor,
    Network,
    Connections,
    Disk,
}

/// Whether it worked in each hour from `from` to `end`.
fn worked(signs: &[(Option<&Hours>, Sign)], from: i64, end: i64) -> Vec<Option<bool>> {
    let length = usize::try_from(end - from).unwrap_or(0);
    let aligned = |sign: Sign| -> Option<Vec<Option<f64>>> {
        let hours = signs.iter().find(|(_, of)| *of == sign)?.0?;
        let at = |hour: usize| usize::try_from(from + hour as i64 - hours.first).ok();
        Some((0..length).map(|hour| hours.values.get(at(hour)?).copied().flatten()).collect())
    };
    let [cpu, network, connections, disk] =
        [Sign::Processor, Sign::Network, Sign::Connections, Sign::Disk].map(aligned);
    active(&Signals {
        cpu: cpu.as_deref(),
        network: network.as_deref(),
        connections: connections.as_deref(),
        disk: disk.as_deref(),
    })
}

/// A row for each resource with a sign of work.
pub(super) fn rows(resource_metrics: &DataFrame, calendar: &Calendar, as_of: AsOf) -> PolarsResult<Vec<Row>> {
    let end = as_of.timestamp().as_second() / SECONDS;
    let mut rows = Vec::new();
    each_resource(resource_metrics, &wanted(), |target, series| {
        let [processor, network, connections, disk] = signs(&series);
        // Bytes and operations alone say nothing of what has no processor of its own, such as a gateway or a volume.
        if processor.is_none() && connections.is_none() {
            return;
        }
        let borrowed = [
            (processor.as_ref(), Sign::Processor),
            (network.as_ref(), Sign::Network),
            (connections.as_ref(), Sign::Connections),
            (disk.as_ref(), Sign::Disk),
        ];
        let first = borrowed.iter().filter_map(|(hours, _)| *hours).map(|hours| hours.first).min().unwrap_or(end);
        let from = first.max(end - MOST_WEEKS * HOURS_PER_WEEK);
        let works = worked(&borrowed, from, end);
        let observed = Observed { from, end, works: &works };
        // What ran has a point.
        rows.push(observed.row(target, Basis::Metrics, calendar, |hour| observed.at(hour).is_some()));
    })?;
    Ok(rows)
}

/// A series by the hour; `None`: its points are longer.
pub(super) fn hours(series: &Series, how: As) -> Option<Hours> {
    let seconds = series.points.seconds();
    if seconds > SECONDS {
        return None;
    }
    let mut by: BTreeMap<i64, (f64, f64, usize)> = BTreeMap::new();
    for (at, value) in series.points.values().iter().enumerate().filter(|(_, value)| !value.is_nan()) {
        let hour = (series.start + at as i64 * seconds).div_euclid(SECONDS);
        let (sum, most, count) = by.entry(hour).or_insert((0.0, f64::MIN, 0));
        *sum += f64::from(*value);
        *most = most.max(f64::from(*value));
        *count += 1;
    }
    let (first, last) = (*by.keys().next()?, *by.keys().next_back()?);
    let value = |(sum, most, count): &(f64, f64, usize)| match how {
        As::Mean => sum / *count as f64,
        As::Sum => *sum,
        As::Most => *most,
        As::PerSecond => sum / *count as f64 * SECONDS as f64,
    };
    Some(Hours { first, values: (first..=last).map(|hour| by.get(&hour).map(value)).collect() })
}

/// Two signals of one kind, added where one of both was measured.
fn added(one: Hours, other: Hours) -> Hours {
    let first = one.first.min(other.first);
    let end = (one.first + one.values.len() as i64).max(other.first + other.values.len() as i64);
    let sum = |hour: i64| match (one.at(hour), other.at(hour)) {
        (Some(a), Some(b)) => Some(a + b),
        (a, b) => a.or(b),
    };
    Hours { first, values: (first..end).map(sum).collect() }
}

const _: () = assert!(HOURS as i64 == HOURS_PER_WEEK);
