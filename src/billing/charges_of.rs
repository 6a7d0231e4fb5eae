//! What a bill says about one target: its rows in the aggregates, and the raw charges behind them.
//!
//! Knows: which charges are a target's; of a scope (no resource) also the unused part of its commitments. Does not know: what
//! anything is worth. The charges are scanned lazily with the target as a filter; of what is found, the largest are kept
//! and the rest is counted: a scope of a bill without resource ids is the bill.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use jiff::civil::Date;
use polars::prelude::*;
use rust_decimal::Decimal;

use super::batches::BATCH;
use super::columns::{collect, failed};
use super::{Bill, BillError, Container};
use crate::id::{Meter, Target};
use crate::table::read::{columns_of, integers, numbers};
use crate::table::{DECIMAL, TIME};

/// The charges of a target in some days.
#[derive(Clone, Debug, Default)]
pub struct Charges {
    /// How many there are.
    pub in_all: u64,
    /// The largest, by effective cost.
    pub largest: Vec<Charge>,
}

/// One charge, as canonical columns give it.
#[derive(Clone, PartialEq, Debug)]
pub struct Charge {
    /// Name of its file.
    pub file: String,
    /// Inclusive start.
    pub start: Option<Timestamp>,
    /// Exclusive end.
    pub end: Option<Timestamp>,
    /// Meter; unknown when the export lost it.
    pub meter: Option<Meter>,
    /// Usage, Purchase, Tax, Credit, Adjustment.
    pub category: Option<String>,
    /// The provider's own type.
    pub kind: Option<String>,
    /// How much was priced.
    pub quantity: Option<Decimal>,
    /// Its unit.
    pub unit: Option<String>,
    /// What is invoiced.
    pub billed: Decimal,
    /// Amortized cost; unknown where the export does not state it.
    pub effective: Option<Decimal>,
    /// Reservation or savings plan that it belongs to.
    pub commitment: Option<String>,
}

impl Charge {
    /// Effective cost, or what stands in for it in the aggregates.
    fn worth(&self) -> Decimal {
        self.effective.unwrap_or(self.billed)
    }
}

/// A target's rows in the aggregates.
#[derive(Clone, Debug, Default)]
pub struct RowsBehind {
    /// Its rows of `resource_costs`, by day.
    pub days: Vec<DayRow>,
    /// What commitments of the scope did not use in the latest billing period.
    pub unused: Vec<UnusedCost>,
}

/// One row of `resource_costs`.
#[derive(Clone, PartialEq, Debug)]
pub struct DayRow {
    /// Day on which the charges start.
    pub day: Option<Date>,
    /// Meter.
    pub meter: Option<Meter>,
    /// Service.
    pub service: Option<String>,
    /// Unit of the quantity.
    pub unit: Option<String>,
    /// Usage, Purchase, Tax, Credit, Adjustment.
    pub category: Option<String>,
    /// Used, Unused; `None`: no commitment.
    pub status: Option<String>,
    /// How much was priced.
    pub quantity: Option<Decimal>,
    /// What is invoiced.
    pub billed: Decimal,
    /// Amortized.
    pub effective: Decimal,
    /// At list price.
    pub list: Option<Decimal>,
    /// Whether the charges cover more than a day each.
    pub long: bool,
    /// Latest end of the charges.
    pub end: Option<Timestamp>,
    /// Rows of the bill.
    pub charges: u64,
}

/// The unused part of commitments of one meter, in the latest billing period.
#[derive(Clone, PartialEq, Debug)]
pub struct UnusedCost {
    /// Meter of the fee.
    pub meter: Option<Meter>,
    /// First day of the billing period.
    pub period: Date,
    /// Effective cost that covered nothing.
    pub effective: Decimal,
}

/// The charges of a target that touch a period, start inclusive, end exclusive: how many, and at most `limit` of the
/// largest. The same bill gives the same charges in the same order.
///
/// # Errors
/// [`BillError`] when a file is gone, changed since it was opened, or a value does not convert.
pub fn charges_of(
    bill: &Bill,
    target: &Target,
    from: Timestamp,
    to: Timestamp,
    limit: usize,
) -> Result<Charges, BillError> {
    let wanted = of_target(target).and(touches(from, to));
    let mut out = Charges::default();
    for file in &bill.files {
        for part in file.slices(BATCH.get())? {
            let few = part.container == Container::Parquet;
            let charges = bill.charges_of(&part)?.filter(wanted.clone()).select(COLUMNS.map(col));
            let (count, frames) = largest_of(charges, few, limit).map_err(|e| failed(bill, e))?;
            out.in_all += count;
            out.largest.extend(frames.iter().flat_map(|frame| charges_in(frame, &file.name)));
            out.largest.sort_by(|a, b| b.worth().cmp(&a.worth()).then_with(|| key(a).cmp(&key(b))));
            out.largest.truncate(limit);
        }
    }
    bill.unchanged()?;
    Ok(out)
}

/// The rows of a target in `resource_costs` and, of a scope, the unused commitments in `commitment_costs`.
///
/// # Errors
/// An engine error: a table does not have its declared columns.
pub fn rows_behind(tables: &BTreeMap<String, DataFrame>, target: &Target) -> PolarsResult<RowsBehind> {
    let days = match tables.get("resource_costs") {
        Some(frame) => days_in(&frame.clone().lazy().filter(of_target(target)).collect()?),
        None => Vec::new(),
    };
    let unused = match tables.get("commitment_costs") {
        Some(frame) if target.resource.is_none() => unused_in(frame, target),
        _ => Vec::new(),
    };
    Ok(RowsBehind { days, unused })
}

/// Columns of a charge.
const COLUMNS: [&str; 10] = [
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "x_Meter",
    "ChargeCategory",
    "x_ChargeType",
    "CommitmentDiscountId",
    "PricingUnit",
    "PricingQuantity",
    "BilledCost",
    "EffectiveCost",
];

fn of_target(target: &Target) -> Expr {
    let is = |name: &str, value: &Option<String>| match value {
        Some(text) => col(name).eq(lit(text.clone())),
        None => col(name).is_null(),
    };
    let resource = match &target.resource {
        Some(_) => is("ResourceId", &target.resource),
        // What a commitment did not use is a cost of the scope that owns it, whatever the fee is called.
        None => {
            let unused = col("CommitmentDiscountStatus").eq(lit("Unused")).fill_null(lit(false));
            col("ResourceId").is_null().or(unused)
        }
    };
    is("SubAccountId", &target.account).and(is("RegionId", &target.region)).and(resource)
}

fn touches(from: Timestamp, to: Timestamp) -> Expr {
    let moment = |t: Timestamp| lit(t.as_microsecond()).cast(TIME);
    let start = col("ChargePeriodStart");
    let lasts = col("ChargePeriodEnd").gt(moment(from)).fill_null(lit(false));
    start.clone().lt(moment(to)).and(lasts.or(start.gt_eq(moment(from))))
}

/// How many charges there are, and the largest of each batch.
fn largest_of(charges: LazyFrame, few: bool, limit: usize) -> PolarsResult<(u64, Vec<DataFrame>)> {
    if few {
        let found = collect(charges)?;
        let count = found.height() as u64;
        return Ok((count, vec![largest(found, limit)?]));
    }
    let state: Arc<Mutex<(u64, Vec<DataFrame>)>> = Arc::default();
    let add = {
        let state = Arc::clone(&state);
        move |batch: DataFrame| -> PolarsResult<bool> {
            let count = batch.height() as u64;
            let kept = largest(batch, limit)?;
            // A lock is poisoned by a panic, which ends the run anyway.
            let mut found = state.lock().unwrap_or_else(PoisonError::into_inner);
            found.0 += count;
            found.1.push(kept);
            Ok(false)
        }
    };
    let add = Arc::new(add);
    let each = PlanCallback::Rust(SpecialEq::new(Arc::clone(&add) as Arc<_>));
    collect(charges.sink_batches(each, false, Some(BATCH))?)?;
    let done = std::mem::take(&mut *state.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(done)
}

/// The first rows in the order of [`key`], largest worth first.
fn largest(batch: DataFrame, limit: usize) -> PolarsResult<DataFrame> {
    let worth = coalesce(&[col("EffectiveCost"), col("BilledCost")]);
    let mut order = vec![lit(0).cast(DECIMAL) - worth];
    order.extend(COLUMNS.map(col));
    batch.lazy().sort_by_exprs(order, SortMultipleOptions::default()).limit(limit as IdxSize).collect()
}

/// Everything that tells two charges apart, in the order of [`COLUMNS`]; nothing comes before something, as in the engine.
type Key<'a> = ([Option<Timestamp>; 2], [Option<&'a str>; 5], Option<Decimal>, Decimal, Option<Decimal>, &'a str);

fn key(charge: &Charge) -> Key<'_> {
    let meter = charge.meter.as_ref().map(|meter| meter.0.as_str());
    let texts = [&charge.category, &charge.kind, &charge.commitment, &charge.unit].map(|text| text.as_deref());
    let [category, kind, commitment, unit] = texts;
    (
        [charge.start, charge.end],
        [meter, category, kind, commitment, unit],
        charge.quantity,
        charge.billed,
        charge.effective,
        charge.file.as_str(),
    )
}

fn charges_in(frame: &DataFrame, file: &str) -> Vec<Charge> {
    let [starts, ends] = ["ChargePeriodStart", "ChargePeriodEnd"].map(|name| moments(frame, name));
    let [meters, categories, kinds, commitments, units] =
        columns_of(frame, ["x_Meter", "ChargeCategory", "x_ChargeType", "CommitmentDiscountId", "PricingUnit"]);
    let [quantities, billed, effective] =
        ["PricingQuantity", "BilledCost", "EffectiveCost"].map(|name| numbers(frame, name));
    let charge = |row: usize| Charge {
        file: file.to_owned(),
        start: at(&starts, row),
        end: at(&ends, row),
        meter: at(&meters, row).map(Meter),
        category: at(&categories, row),
        kind: at(&kinds, row),
        quantity: at(&quantities, row),
        unit: at(&units, row),
        billed: at(&billed, row).unwrap_or_default(),
        effective: at(&effective, row),
        commitment: at(&commitments, row),
    };
    (0..frame.height()).map(charge).collect()
}

fn days_in(frame: &DataFrame) -> Vec<DayRow> {
    let [days, meters, services, units, categories, statuses] =
        columns_of(frame, ["Day", "Meter", "ServiceName", "PricingUnit", "ChargeCategory", "CommitmentDiscountStatus"]);
    let [quantities, billed, effective, list] =
        ["PricingQuantity", "BilledCost", "EffectiveCost", "ListCost"].map(|name| numbers(frame, name));
    let (long, charges) = (integers(frame, "Long"), integers(frame, "Charges"));
    let ends = moments(frame, "ChargePeriodEnd");
    let day = |row: usize| DayRow {
        day: at(&days, row).and_then(|day| day.parse().ok()),
        meter: at(&meters, row).map(Meter),
        service: at(&services, row),
        unit: at(&units, row),
        category: at(&categories, row),
        status: at(&statuses, row),
        quantity: at(&quantities, row),
        billed: at(&billed, row).unwrap_or_default(),
        effective: at(&effective, row).unwrap_or_default(),
        list: at(&list, row),
        long: at(&long, row) == Some(1),
        end: at(&ends, row),
        charges: at(&charges, row).unwrap_or_default().unsigned_abs(),
    };
    (0..frame.height()).map(day).collect()
}

/// The latest billing period is that of all unused commitments, as in the run rate.
fn unused_in(frame: &DataFrame, target: &Target) -> Vec<UnusedCost> {
    let [periods, meters, accounts, regions, statuses] =
        columns_of(frame, ["BillingPeriodStart", "Meter", "SubAccountId", "RegionId", "CommitmentDiscountStatus"]);
    let effective = numbers(frame, "EffectiveCost");
    let unused = |row: &usize| at(&statuses, *row).as_deref() == Some("Unused");
    let period = |row: usize| at(&periods, row).and_then(|day| day.parse::<Date>().ok());
    let Some(latest) = (0..frame.height()).filter(unused).filter_map(period).max() else { return Vec::new() };
    (0..frame.height())
        .filter(unused)
        .filter(|row| period(*row) == Some(latest))
        .filter(|row| at(&accounts, *row) == target.account && at(&regions, *row) == target.region)
        .map(|row| UnusedCost {
            meter: at(&meters, row).map(Meter),
            period: latest,
            effective: at(&effective, row).unwrap_or_default(),
        })
        .collect()
}

fn at<T: Clone>(values: &[Option<T>], row: usize) -> Option<T> {
    values.get(row).cloned().flatten()
}

fn moments(frame: &DataFrame, name: &str) -> Vec<Option<Timestamp>> {
    let moment = |micros: i64| Timestamp::from_microsecond(micros).ok();
    integers(frame, name).into_iter().map(|micros| micros.and_then(moment)).collect()
}
