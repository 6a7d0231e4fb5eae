//! The baseline of every saving as plain figures: what each target is charged per month, by meter.
//!
//! `plan` sees these, never a table.

use std::collections::BTreeMap;

use polars::prelude::{BooleanChunked, DataFrame, PolarsResult};
use rust_decimal::Decimal;

use crate::id::{Meter, Target};
use crate::period::{AsOf, hour_of_week_since_epoch};
use crate::table::read::{columns_of, dates, integers, numbers};

/// What one meter of one target costs per month of 730 hours.
#[derive(Clone, PartialEq, Debug)]
pub struct Line {
    /// What the price is for; unknown when the export lost it.
    pub meter: Option<Meter>,
    /// Service.
    pub service: Option<String>,
    /// Pricing unit.
    pub unit: Option<String>,
    /// Quantity per 730 hours.
    pub quantity: Option<Decimal>,
    /// Effective cost.
    pub effective: Decimal,
    /// List cost, where the bill has it.
    pub list: Option<Decimal>,
    /// The part of `effective` that commitments pay.
    pub covered: Decimal,
    /// Date on which the last of those commitments ends.
    pub committed_until: Option<String>,
}

/// Every target's lines.
#[derive(Clone, Debug, Default)]
pub struct Baseline {
    /// Lines by target, in order of meter.
    pub lines: BTreeMap<Target, Vec<Line>>,
    /// Whether what has no line may still cost something: it was estimated, not charged.
    pub estimated: bool,
    /// Hours of the last complete week in which a meter of a target was charged: hour of the week, quantity.
    pub hours: BTreeMap<(Target, Meter), Vec<(usize, Decimal)>>,
}

impl Baseline {
    /// What a target costs per month, effective.
    #[must_use]
    pub fn cost_of(&self, target: &Target) -> Decimal {
        self.lines.get(target).into_iter().flatten().map(|line| line.effective).sum()
    }

    /// The service with most of a target's cost.
    #[must_use]
    pub fn service_of(&self, target: &Target) -> Option<String> {
        let lines = self.lines.get(target)?;
        lines.iter().max_by_key(|line| line.effective).and_then(|line| line.service.clone())
    }
}

/// Reads the baseline from the derived tables.
#[must_use]
pub fn baseline(tables: &BTreeMap<String, DataFrame>, as_of: AsOf) -> Baseline {
    let mut out = Baseline::default();
    if let Some(frame) = tables.get("resource_monthly_costs") {
        let [meters, services, units] = columns_of(frame, ["Meter", "ServiceName", "PricingUnit"]);
        let [quantity, effective, list, covered] =
            ["RunRateQuantity", "EffectiveRunRate", "ListRunRate", "CoveredRunRate"].map(|name| numbers(frame, name));
        let ends = dates(frame, "CommitmentEnd");
        for (row, target) in targets(frame).into_iter().enumerate() {
            let at = |values: &[Option<Decimal>]| values.get(row).copied().flatten();
            let word = |values: &[Option<String>]| values.get(row).cloned().flatten();
            out.lines.entry(target).or_default().push(Line {
                meter: word(&meters).map(Meter),
                service: word(&services),
                unit: word(&units),
                quantity: at(&quantity),
                effective: at(&effective).unwrap_or_default(),
                list: at(&list),
                covered: at(&covered).unwrap_or_default(),
                committed_until: ends.get(row).cloned().flatten(),
            });
        }
    }
    if let Some(frame) = tables.get("usage_profiles").and_then(|all| last_week(all, as_of).ok()) {
        let [meters] = columns_of(&frame, ["Meter"]);
        let (hours, quantities) = (integers(&frame, "Hour"), numbers(&frame, "PricingQuantity"));
        for (row, target) in targets(&frame).into_iter().enumerate() {
            if let (Some(meter), Some(hour)) = (meters.get(row).cloned().flatten(), hours.get(row).copied().flatten()) {
                let quantity = quantities.get(row).copied().flatten().unwrap_or_default();
                let used = (hour_of_week_since_epoch(hour / MICROS_PER_HOUR), quantity);
                out.hours.entry((target, Meter(meter))).or_default().push(used);
            }
        }
    }
    out
}

const MICROS_PER_HOUR: i64 = 3_600_000_000;

/// The rows of the 168 hours before as-of.
fn last_week(profiles: &DataFrame, as_of: AsOf) -> PolarsResult<DataFrame> {
    let window = as_of.run_rate_window();
    between(profiles, window.start().as_microsecond(), window.end().as_microsecond())
}

/// The rows of hours in a window, start inclusive, end exclusive, in microseconds.
pub(super) fn between(frame: &DataFrame, start: i64, end: i64) -> PolarsResult<DataFrame> {
    let hours = frame.column("Hour")?.to_physical_repr();
    let mask: BooleanChunked = hours.i64()?.iter().map(|h| h.is_some_and(|h| (start..end).contains(&h))).collect();
    frame.filter(&mask)
}

pub(crate) fn targets(frame: &DataFrame) -> Vec<Target> {
    let [accounts, regions, resources] = columns_of(frame, ["SubAccountId", "RegionId", "ResourceId"]);
    accounts
        .into_iter()
        .zip(regions)
        .zip(resources)
        .map(|((account, region), resource)| Target { account, region, resource })
        .collect()
}
