//! How many operations a second and how much throughput storage needs, of what it is made for: the table `fitting_performance`.
//!
//! Volumes of EBS and the storage of RDS are sold by numbers and not in shapes. So no candidates are compared: for each stated risk
//! there is the least number that holds what comes, from the same ratios as those of machines (`risk.rs`).
//!
//! A mean of an hour hides its minutes: on the traces that come with the program, what is promised to go wrong in 10 of 100 cases goes
//! wrong in 39 where the past is known by the hour. So such points have ratios of their own, hours before against five minutes
//! after (`hourly-ratios.csv`).
//!
//! The ease of a tenth (`risk.rs`) is of what is provisioned, however much that is, and errs to the safe side: the same traces on
//! machines of which they take a tenth, or three hundredths, went wrong in 5.7 and 0.7 of 100 cases where 10 were promised
//! (`benches/hourly_ratios.py`).
//!
//! Knows: metrics of EBS and RDS, what is provisioned, needs and risks. Does not know: which numbers can be bought, what is advised.
//! All ratios that come with the program are of processors: there are too few traces of disks to confirm them.

use std::collections::{BTreeMap, HashMap};

use polars::prelude::{Column, DataFrame, PolarsResult};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::measured::{by, peaks, scaled};
use super::need::{Points, quantile};
use super::risk::{Calibration, History, Observed, Ratios, times};
use super::{Demand, Dimension, Limits, Machine};
use crate::derive::baseline::targets;
use crate::derive::frame::{declared, number};
use crate::derive::series::{Measured, Series, each_resource};
use crate::id::Target;
use crate::table::FITTING_PERFORMANCE;
use crate::table::read::{columns_of, numbers};

const OPERATIONS: [Measured; 2] = [("VolumeReadOps", "Sum"), ("VolumeWriteOps", "Sum")];
const BYTES: [Measured; 2] = [("VolumeReadBytes", "Sum"), ("VolumeWriteBytes", "Sum")];
/// 1 in a minute in which an application kept asking for more than is provisioned; of volumes on Nitro instances, and not of those that are
/// attached more than once (Compute Optimizer User Guide, EBS volume metrics).
const OPERATIONS_EXCEEDED: Measured = ("VolumeIOPSExceededCheck", "Maximum");
const BYTES_EXCEEDED: Measured = ("VolumeThroughputExceededCheck", "Maximum");
/// Of databases: the busiest minute of each point, a second.
const DATABASE_OPERATIONS: [Measured; 2] = [("ReadIOPS", "Maximum"), ("WriteIOPS", "Maximum")];
const DATABASE_BYTES: [Measured; 2] = [("ReadThroughput", "Maximum"), ("WriteThroughput", "Maximum")];

/// Types whose operations are sold apart from the size; of them those that carry their data by operations.
const SOLD: [&str; 3] = ["gp3", "io1", "io2"];
const SOLD_BY_OPERATIONS: [&str; 2] = ["io1", "io2"];
/// What one operation of such storage carries at most: 256 KiB (Amazon EBS User Guide, Provisioned IOPS SSD volumes).
const OPERATION_BYTES: f64 = 262_144.0;
const BYTES_PER_MIB: f64 = 1_048_576.0;

/// Risks for which there is a number.
const RISKS: [f64; 4] = [0.20, 0.10, 0.05, 0.01];
/// Means of so many seconds are as fine as those that the ratios of machines are told from.
const FINE_SECONDS: i64 = 300;
/// Means of more seconds say nothing of a need.
const MOST_SECONDS: i64 = 3600;

type Tables = BTreeMap<String, DataFrame>;

/// Metrics that the table is made of, each with the table of its resources.
pub fn performance_metrics() -> impl Iterator<Item = (&'static str, &'static str)> {
    let volumes = OPERATIONS.into_iter().chain(BYTES).chain([OPERATIONS_EXCEEDED, BYTES_EXCEEDED]);
    let databases = DATABASE_OPERATIONS.into_iter().chain(DATABASE_BYTES);
    let of = |table: &'static str| move |(name, _): Measured| (table, name);
    volumes.map(of("ebs_volumes")).chain(databases.map(of("rds_instances")))
}

fn wanted() -> Vec<Measured> {
    let checks = [OPERATIONS_EXCEEDED, BYTES_EXCEEDED];
    [&OPERATIONS[..], &BYTES[..], &checks[..], &DATABASE_OPERATIONS[..], &DATABASE_BYTES[..]].concat()
}

/// Adds the table, where there are volumes or databases with metrics.
///
/// # Errors
/// An engine error: a table does not have its declared columns.
pub fn performance(tables: &mut Tables, limits: &Limits) -> PolarsResult<()> {
    let (Some(made), Some(metrics)) = (made(tables), tables.get("resource_metrics")) else { return Ok(()) };
    let mut history = History::default();
    let mut rows = Vec::new();
    each_resource(metrics, &wanted(), |target, series| {
        let Some(made) = made.get(&target) else { return };
        for asked in made.asked(&series) {
            rows.push(Row::of(target.clone(), asked, made, &mut history, limits));
        }
    })?;
    let (fleet, hourly) = (history.fleet(limits), hourly());
    let needs: Vec<Need<'_>> = rows
        .iter()
        .flat_map(|row| {
            let calibration = if row.hides { &hourly } else { fleet.calibration(row.dimension, &row.strata) };
            let ratios = row.statistic.map(|statistic| (calibration.like(statistic), statistic));
            let limit = limits.of(row.dimension);
            RISKS.map(|risk| {
                let share = ratios.as_ref().and_then(|(ratios, statistic)| needed(ratios, *statistic, risk, limit));
                Need { row, risk, needed: share.map(|share| share * row.made), basis: calibration.basis.clone() }
            })
        })
        .collect();
    let frame = frame(&needs)?;
    tables.insert(FITTING_PERFORMANCE.name.to_owned(), frame);
    Ok(())
}

/// The least share of what is provisioned that is enough with at most that risk; `None`: too few ratios to tell.
fn needed(ratios: &Ratios, statistic: f64, risk: f64, limit: f64) -> Option<f64> {
    let room = times(ratios.margin(risk)?, statistic) * statistic;
    Some((room / limit).max(0.0))
}

/// What storage is made for.
struct Made {
    database: bool,
    kind: String,
    iops: Option<f64>,
    mibps: Option<f64>,
}

/// Storage whose performance is provisioned; `None`: nobody asked for any.
fn made(tables: &Tables) -> Option<HashMap<Target, Made>> {
    let sources = [("ebs_volumes", "VolumeType", false), ("rds_instances", "StorageType", true)];
    if !sources.iter().any(|(table, ..)| tables.contains_key(*table)) {
        return None;
    }
    let mut all = HashMap::new();
    for (table, kind, database) in sources {
        let Some(frame) = tables.get(table) else { continue };
        let [kinds] = columns_of(frame, [kind]);
        let sold = |number: Option<Decimal>| number.and_then(|number| number.to_f64()).filter(|number| *number > 0.0);
        let of =
            targets(frame).into_iter().zip(kinds).zip(numbers(frame, "Iops")).zip(numbers(frame, "ThroughputMiBps"));
        for (((target, kind), iops), mibps) in of {
            if let Some(kind) = kind.filter(|kind| SOLD.contains(&kind.as_str())) {
                all.insert(target, Made { database, kind, iops: sold(iops), mibps: sold(mibps) });
            }
        }
    }
    Some(all)
}

/// What was asked of one dimension.
struct Asked {
    dimension: Dimension,
    measured_by: String,
    /// What is provisioned, in the unit that it is sold in.
    made: f64,
    /// In shares of that.
    points: Points,
    exceeded: bool,
}

impl Made {
    fn asked(&self, series: &BTreeMap<Measured, Series>) -> Vec<Asked> {
        if self.database { self.of_database(series).into_iter().collect() } else { self.of_volume(series) }
    }

    fn of_volume(&self, series: &BTreeMap<Measured, Series>) -> Vec<Asked> {
        let dimensions = [
            (Dimension::EbsOperations, OPERATIONS, OPERATIONS_EXCEEDED, self.iops, 1.0),
            (Dimension::EbsBandwidth, BYTES, BYTES_EXCEEDED, self.mibps, BYTES_PER_MIB),
        ];
        let asked = |(dimension, names, check, made, unit): (Dimension, [Measured; 2], Measured, Option<f64>, f64)| {
            let (made, sum) = (made?, sum(series, names)?);
            let exceeded = series.get(&check).and_then(|check| check.points.most()).is_some_and(|most| most > 0.0);
            let points = scaled(&sum, 1.0 / (sum.points.seconds() as f64 * unit * made));
            Some(Asked { dimension, measured_by: by(names[0], &sum), made, points, exceeded })
        };
        dimensions.into_iter().filter_map(asked).collect()
    }

    /// Where data are carried by operations, fewer of them carry less: what counts is the greater of both.
    fn of_database(&self, series: &BTreeMap<Measured, Series>) -> Option<Asked> {
        let (made, operations) = (self.iops?, sum(series, DATABASE_OPERATIONS)?);
        let measured_by = by(DATABASE_OPERATIONS[0], &operations);
        let asked = if SOLD_BY_OPERATIONS.contains(&self.kind.as_str()) {
            let bytes = sum(series, DATABASE_BYTES)?;
            let carried = Series { start: bytes.start, points: scaled(&bytes, 1.0 / OPERATION_BYTES) };
            both(&operations, &carried, f32::max)?
        } else {
            operations
        };
        let points = scaled(&asked, 1.0 / made);
        Some(Asked { dimension: Dimension::EbsOperations, measured_by, made, points, exceeded: false })
    }

    /// Storage of its kind, from the narrowest group to the widest.
    fn strata(&self) -> Vec<String> {
        if self.database {
            vec!["storage of databases".to_owned()]
        } else {
            vec![format!("{} volumes", self.kind), "volumes".to_owned()]
        }
    }
}

/// Reads and writes together.
fn sum(series: &BTreeMap<Measured, Series>, [reads, writes]: [Measured; 2]) -> Option<Series> {
    both(series.get(&reads)?, series.get(&writes)?, |reads, writes| reads + writes)
}

/// Two series in one, with a point where both have one; `None`: their points are not of one length.
fn both(one: &Series, other: &Series, of: impl Fn(f32, f32) -> f32) -> Option<Series> {
    let seconds = one.points.seconds();
    if other.points.seconds() != seconds {
        return None;
    }
    let start = one.start.min(other.start);
    let first = |series: &Series| usize::try_from((series.start - start) / seconds.max(1)).unwrap_or(0);
    let (one_first, other_first) = (first(one), first(other));
    let (one, other) = (one.points.values(), other.points.values());
    let value = |values: &[f32], first: usize, at: usize| {
        at.checked_sub(first).and_then(|at| values.get(at)).copied().unwrap_or(f32::NAN)
    };
    let together = |at: usize| {
        let (one, other) = (value(one, one_first, at), value(other, other_first, at));
        if one.is_nan() || other.is_nan() { f32::NAN } else { of(one, other) }
    };
    let length = (one_first + one.len()).max(other_first + other.len());
    Some(Series { start, points: Points::new(seconds, (0..length).map(together).collect()) })
}

/// What was measured of one dimension of storage.
struct Row {
    target: Target,
    dimension: Dimension,
    strata: Vec<String>,
    measured_by: String,
    seconds: i64,
    days: f64,
    covered: f64,
    made: f64,
    high: Option<f64>,
    most: Option<f64>,
    exceeded: bool,
    /// What stands for the need; `None`: nothing was measured, or its points are too long.
    statistic: Option<f64>,
    /// Whether its points are means that hide what ratios are told from.
    hides: bool,
    peaks: String,
}

impl Row {
    fn of(target: Target, asked: Asked, made: &Made, history: &mut History, limits: &Limits) -> Row {
        let (dimension, strata) = (asked.dimension, made.strata());
        let seconds = asked.points.seconds();
        let hides = !made.database && seconds > FINE_SECONDS;
        let readable = made.database || seconds <= MOST_SECONDS;
        let sorted = asked.points.sorted();
        let row = Row {
            target,
            dimension,
            strata: strata.clone(),
            measured_by: asked.measured_by,
            seconds,
            days: asked.points.days(),
            covered: asked.points.covered(),
            made: asked.made,
            high: quantile(&sorted, 0.995).map(|share| share * asked.made),
            most: quantile(&sorted, 1.0).map(|share| share * asked.made),
            exceeded: asked.exceeded,
            statistic: asked.points.statistic(limits.budget_of(dimension)).filter(|_| readable),
            hides,
            peaks: peaks(&asked.points, 1.0),
        };
        if !hides {
            let demands = vec![Demand { dimension, points: asked.points, room: limits.of(dimension) }];
            let (id, shape) = (String::new(), made.kind.clone());
            let machine = Machine { id, strata, shape, price: 0.0, demands, mean: None, candidates: Vec::new() };
            history.add(&machine, limits);
        }
        row
    }
}

const HOURLY: &str = include_str!("hourly-ratios.csv");

/// The ratios for means of an hour, of a budget of one percent.
fn hourly() -> Calibration {
    let observed = |ratio| Observed { statistic: 1.0, ratio };
    let lines = HOURLY.lines().skip_while(|line| line.starts_with('#')).skip(1);
    let ratios = lines.filter_map(|line| line.parse().ok().map(observed)).collect();
    Calibration::new(
        ratios,
        "default: 140 virtual machines of public traces, by hours before and five minutes after".to_owned(),
    )
}

/// A row with what is needed at a risk.
struct Need<'a> {
    row: &'a Row,
    risk: f64,
    needed: Option<f64>,
    basis: String,
}

/// To a tenth of an operation or a mebibyte: points have 24 bits, and what is a hair above a step must not be the next one.
fn tenth(value: f64) -> Option<String> {
    number((value * 10.0).round() / 10.0)
}

fn frame(needs: &[Need<'_>]) -> PolarsResult<DataFrame> {
    let text = |name: &'static str, of: &dyn Fn(&Need<'_>) -> Option<String>| {
        Column::new(name.into(), needs.iter().map(of).collect::<Vec<_>>())
    };
    let dimension = |need: &Need<'_>| if need.row.dimension == Dimension::EbsBandwidth { "throughput" } else { "IOPS" };
    let columns = vec![
        text("SubAccountId", &|need| need.row.target.account.clone()),
        text("RegionId", &|need| need.row.target.region.clone()),
        text("ResourceId", &|need| need.row.target.resource.clone()),
        text("Dimension", &|need| Some(dimension(need).to_owned())),
        text("FitRisk", &|need| number(need.risk)),
        text("Needed", &|need| need.needed.and_then(tenth)),
        text("Provisioned", &|need| number(need.row.made)),
        text("HighUsed", &|need| need.row.high.and_then(tenth)),
        text("MostUsed", &|need| need.row.most.and_then(tenth)),
        Column::new("Censored".into(), needs.iter().map(|need| need.row.exceeded).collect::<Vec<_>>()),
        text("MeasuredBy", &|need| Some(need.row.measured_by.clone())),
        Column::new("PeriodSeconds".into(), needs.iter().map(|need| need.row.seconds).collect::<Vec<_>>()),
        text("HistoryDays", &|need| number(need.row.days)),
        text("CoveredShare", &|need| number(need.row.covered)),
        text("RatiosOf", &|need| Some(need.basis.clone())),
        text("DailyPeaks", &|need| Some(need.row.peaks.clone())),
    ];
    declared(&FITTING_PERFORMANCE, columns)
}

#[cfg(test)]
mod tests;
