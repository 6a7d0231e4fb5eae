//! Rows of the tables `utilization` and `fitting_shapes`.
//!
//! Knows: the declared columns. Does not know: how a figure came about.

use polars::prelude::{Column, DataFrame, PolarsResult};

use crate::derive::fit::Dimension;
use crate::derive::frame::{declared, number};
use crate::id::Target;
use crate::table::{FITTING_SHAPES, UTILIZATION};

/// A row of `utilization`.
pub(super) struct Used {
    pub(super) target: Target,
    pub(super) dimension: &'static str,
    pub(super) measured_by: String,
    pub(super) days: f64,
    pub(super) covered: f64,
    pub(super) mean: f64,
    pub(super) high: f64,
    pub(super) most: f64,
    pub(super) censored: bool,
    pub(super) peaks: String,
}

/// A row of `fitting_shapes`.
pub(super) struct Fitting {
    pub(super) target: Target,
    pub(super) from: String,
    pub(super) meter: String,
    pub(super) to: String,
    pub(super) new_meter: String,
    pub(super) change: &'static str,
    pub(super) rank: i64,
    pub(super) price: f64,
    pub(super) steps: f64,
    pub(super) vcpus: f64,
    pub(super) memory_share: f64,
    pub(super) instances: Option<(i64, i64)>,
    pub(super) risk: f64,
    pub(super) memory_risk: Option<f64>,
    pub(super) nearest: Option<(Dimension, f64)>,
    pub(super) minutes: f64,
    pub(super) memory: &'static str,
    pub(super) less_cache: Option<bool>,
    pub(super) basis: String,
    pub(super) peaks: String,
}

fn ids<'a>(targets: impl Iterator<Item = &'a Target> + Clone) -> Vec<Column> {
    let part = |name: &'static str, of: fn(&Target) -> Option<String>| {
        Column::new(name.into(), targets.clone().map(of).collect::<Vec<_>>())
    };
    vec![
        part("SubAccountId", |target| target.account.clone()),
        part("RegionId", |target| target.region.clone()),
        part("ResourceId", |target| target.resource.clone()),
    ]
}

pub(super) fn utilization(rows: &[Used]) -> PolarsResult<DataFrame> {
    let text = |name: &'static str, of: fn(&Used) -> Option<String>| {
        Column::new(name.into(), rows.iter().map(of).collect::<Vec<_>>())
    };
    let mut columns = ids(rows.iter().map(|row| &row.target));
    columns.extend([
        text("Dimension", |row| Some(row.dimension.to_owned())),
        text("MeasuredBy", |row| Some(row.measured_by.clone())),
        text("HistoryDays", |row| number(row.days)),
        text("CoveredShare", |row| number(row.covered)),
        text("MeanShare", |row| number(row.mean)),
        text("HighShare", |row| number(row.high)),
        text("MostShare", |row| number(row.most)),
        Column::new("Censored".into(), rows.iter().map(|row| row.censored).collect::<Vec<_>>()),
        text("DailyPeaks", |row| Some(row.peaks.clone())),
    ]);
    declared(&UTILIZATION, columns)
}

pub(super) fn fitting_shapes(rows: &[Fitting]) -> PolarsResult<DataFrame> {
    let text = |name: &'static str, of: fn(&Fitting) -> Option<String>| {
        Column::new(name.into(), rows.iter().map(of).collect::<Vec<_>>())
    };
    let whole = |name: &'static str, of: fn(&Fitting) -> Option<i64>| {
        Column::new(name.into(), rows.iter().map(of).collect::<Vec<_>>())
    };
    let mut columns = ids(rows.iter().map(|row| &row.target));
    columns.extend([
        text("InstanceType", |row| Some(row.from.clone())),
        text("Meter", |row| Some(row.meter.clone())),
        text("NewInstanceType", |row| Some(row.to.clone())),
        text("NewMeter", |row| Some(row.new_meter.clone())),
        text("Change", |row| Some(row.change.to_owned())),
        Column::new("PriceRank".into(), rows.iter().map(|row| row.rank).collect::<Vec<_>>()),
        text("RelativePrice", |row| number(row.price)),
        text("SizeSteps", |row| number(row.steps)),
        text("NewVcpuShare", |row| number(row.vcpus)),
        text("NewMemoryShare", |row| number(row.memory_share)),
        whole("SharedBy", |row| row.instances.map(|(today, _)| today)),
        whole("NewSharedBy", |row| row.instances.map(|(_, then)| then)),
        text("FitRisk", |row| number(row.risk)),
        text("MemoryRisk", |row| row.memory_risk.and_then(number)),
        text("NearestDimension", |row| row.nearest.map(|(dimension, _)| dimension.word().to_owned())),
        text("NearestShare", |row| row.nearest.and_then(|(_, share)| number(share))),
        text("MinutesOver", |row| number(row.minutes)),
        text("MemoryBasis", |row| Some(row.memory.to_owned())),
        Column::new("LessCache".into(), rows.iter().map(|row| row.less_cache).collect::<Vec<_>>()),
        text("RatiosOf", |row| Some(row.basis.clone())),
        text("PeaksOfLimit", |row| Some(row.peaks.clone())),
    ]);
    declared(&FITTING_SHAPES, columns)
}
