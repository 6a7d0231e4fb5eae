//! Spend along dimensions: service, account, region, tag; month over month; how much of it carries a tag.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::DataFrame;
use rust_decimal::Decimal;

use crate::table::read::{numbers, texts};

/// Billed and effective cost.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Cost {
    /// Invoiced.
    pub billed: Decimal,
    /// Amortized.
    pub effective: Decimal,
}

impl std::ops::AddAssign for Cost {
    fn add_assign(&mut self, other: Cost) {
        self.billed += other.billed;
        self.effective += other.effective;
    }
}

/// Cost by key and month (`2026-10`). A null key is a charge without one.
pub type ByKeyAndMonth = BTreeMap<Option<String>, BTreeMap<String, Cost>>;

/// Cost of `daily_costs` by a column, for each month.
#[must_use]
pub fn by(daily_costs: &DataFrame, column: &str) -> ByKeyAndMonth {
    let mut out = ByKeyAndMonth::new();
    for ((key, day), cost) in
        texts(daily_costs, column).into_iter().zip(texts(daily_costs, "Day")).zip(costs(daily_costs))
    {
        let month = day.map(|d| d.chars().take(7).collect()).unwrap_or_default();
        *out.entry(key).or_default().entry(month).or_default() += cost;
    }
    out
}

/// Cost of each day of usage.
#[must_use]
pub fn by_day(daily_costs: &DataFrame) -> BTreeMap<String, Cost> {
    let mut out: BTreeMap<String, Cost> = BTreeMap::new();
    let usage = texts(daily_costs, "ChargeCategory");
    for ((category, day), cost) in usage.into_iter().zip(texts(daily_costs, "Day")).zip(costs(daily_costs)) {
        if let (Some("Usage"), Some(day)) = (category.as_deref(), day) {
            *out.entry(day).or_default() += cost;
        }
    }
    out
}

/// Cost of `charge_totals` by one of its columns.
#[must_use]
pub fn totals_by(charge_totals: &DataFrame, column: &str) -> BTreeMap<Option<String>, Cost> {
    let mut out: BTreeMap<Option<String>, Cost> = BTreeMap::new();
    for (key, cost) in texts(charge_totals, column).into_iter().zip(costs(charge_totals)) {
        *out.entry(key).or_default() += cost;
    }
    out
}

/// The keys under which some charge that costs something has nothing in `column`.
#[must_use]
pub fn without(charge_totals: &DataFrame, key: &str, column: &str) -> BTreeSet<Option<String>> {
    let rows = texts(charge_totals, key).into_iter().zip(texts(charge_totals, column)).zip(costs(charge_totals));
    rows.filter(|((_, value), cost)| value.is_none() && !cost.billed.is_zero()).map(|((key, _), _)| key).collect()
}

/// List cost of all usage, or nothing when any usage has none.
#[must_use]
pub fn list_total(charge_totals: &DataFrame) -> Option<Decimal> {
    let categories = texts(charge_totals, "ChargeCategory");
    let types = texts(charge_totals, "x_ChargeType");
    let mut sum = Decimal::ZERO;
    for ((category, kind), list) in categories.into_iter().zip(types).zip(numbers(charge_totals, "ListCost")) {
        // Negations and discounts change what is paid, not what it would cost at list price.
        let adjusts = kind.is_some_and(|k| k.ends_with("Negation") || k.ends_with("Discount") || k.ends_with("Unused"));
        if category.as_deref() == Some("Usage") && !adjusts {
            sum += list?;
        }
    }
    Some(sum)
}

/// How much of usage carries a tag.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Coverage {
    /// Effective cost of usage with a value.
    pub tagged: Decimal,
    /// Effective cost of usage without.
    pub untagged: Decimal,
    /// Distinct values.
    pub values: usize,
}

/// Coverage of one tag column over all usage.
#[must_use]
pub fn coverage(daily_costs: &DataFrame, tag_column: &str) -> Coverage {
    let mut out = Coverage::default();
    let mut values = BTreeSet::new();
    let categories = texts(daily_costs, "ChargeCategory");
    for ((category, value), cost) in categories.into_iter().zip(texts(daily_costs, tag_column)).zip(costs(daily_costs))
    {
        if category.as_deref() != Some("Usage") {
            continue;
        }
        match value {
            Some(value) => {
                out.tagged += cost.effective;
                values.insert(value);
            }
            None => out.untagged += cost.effective,
        }
    }
    out.values = values.len();
    out
}

fn costs(frame: &DataFrame) -> Vec<Cost> {
    let pairs = numbers(frame, "BilledCost").into_iter().zip(numbers(frame, "EffectiveCost"));
    let cost = |(billed, effective): (Option<Decimal>, Option<Decimal>)| Cost {
        billed: billed.unwrap_or_default(),
        effective: effective.unwrap_or_default(),
    };
    pairs.map(cost).collect()
}
