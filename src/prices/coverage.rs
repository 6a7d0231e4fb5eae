//! How much of a bill the price lists price: the share of billed usage whose meter is listed.
//!
//! Own prices are left out here: what a bill says of itself proves nothing. Does not know: how a coverage is printed.

use std::collections::BTreeMap;

use polars::prelude::*;
use rust_decimal::Decimal;

use super::{Origin, PriceBook, Term};
use crate::id::Meter;
use crate::quantity::PricingUnit;
use crate::table::read::{columns_of, numbers};

/// What the lists know of a bill.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Coverage {
    /// Billed usage, credits and corrections left out.
    pub billed: Decimal,
    /// The part whose meter has a list price in the unit of the bill.
    pub priced: Decimal,
    /// Each meter and region, most money first.
    pub meters: Vec<MeterCoverage>,
}

/// One meter in one region.
#[derive(Clone, PartialEq, Debug)]
pub struct MeterCoverage {
    /// Service as the bill names it.
    pub service: Option<String>,
    /// The meter; `None`: the export lost it.
    pub meter: Option<Meter>,
    /// Region.
    pub region: Option<String>,
    /// Unit of the bill.
    pub unit: Option<String>,
    /// What was billed.
    pub billed: Decimal,
    /// The public on-demand rate that the bill states: list cost of a unit, averaged over its tiers.
    pub bill_rate: Option<Decimal>,
    /// How much was priced at that rate.
    pub quantity: Decimal,
    /// The list price that lies nearest to it: of several tiers one.
    pub listed: Option<Decimal>,
    /// Whether the rate lies between two tiers of the list: an average of what was used in them.
    pub between_tiers: bool,
    /// Why there is no list price.
    pub reason: Option<String>,
}

impl MeterCoverage {
    /// Whether the list price is the bill's public rate; `None` when one of them is not known. A rate of few units is known
    /// only roughly, because bills round list costs: what makes less than a millionth of a unit of currency is no difference.
    #[must_use]
    pub fn reproduced(&self) -> Option<bool> {
        let (rate, listed) = (self.bill_rate?, self.listed?);
        let apart = (rate - listed).abs();
        let rounding = apart <= listed * Decimal::new(1, 4) || apart * self.quantity < Decimal::new(1, 6);
        Some(rounding || self.between_tiers)
    }
}

impl Coverage {
    /// Priced over billed, in percent; `None` when nothing was billed.
    #[must_use]
    pub fn percent(&self) -> Option<Decimal> {
        (self.priced * Decimal::ONE_HUNDRED).checked_div(self.billed).map(|p| p.round_dp(2))
    }
}

/// Compares a bill's aggregate `resource_costs` with the lists of a price book.
///
/// # Errors
/// When the table is not the declared one.
pub fn coverage(resource_costs: &DataFrame, prices: &PriceBook) -> PolarsResult<Coverage> {
    let keys = ["ServiceName", "Meter", "RegionId", "PricingUnit"];
    let zero = || lit(0).cast(crate::table::DECIMAL);
    let paid = col("BilledCost").gt(zero());
    let grouped = resource_costs
        .clone()
        .lazy()
        .filter(col("ChargeCategory").eq(lit("Usage")))
        .filter(col("CommitmentDiscountStatus").neq(lit("Unused")).fill_null(lit(true)))
        .group_by(keys.map(col))
        .agg([
            when(paid).then(col("BilledCost")).otherwise(zero()).sum().alias("BilledCost"),
            when(col("ListCost").is_not_null()).then(col("PricingQuantity")).otherwise(zero()).sum().alias("Quantity"),
            col("ListCost").sum().alias("ListCost"),
        ])
        .sort(keys, SortMultipleOptions::default().with_nulls_last(true))
        .collect()?;
    let [services, meters, regions, units] = columns_of(&grouped, keys);
    let [billed, quantity, list] = ["BilledCost", "Quantity", "ListCost"].map(|name| numbers(&grouped, name));
    let mut out = Coverage::default();
    let mut merged: BTreeMap<usize, MeterCoverage> = BTreeMap::new();
    for row in 0..grouped.height() {
        let at = |column: &[Option<String>]| column.get(row).cloned().flatten();
        let number = |column: &[Option<Decimal>]| column.get(row).copied().flatten().unwrap_or_default();
        let rate = number(&list).checked_div(number(&quantity)).filter(|r| *r > Decimal::ZERO);
        let mut one = MeterCoverage {
            service: at(&services),
            meter: at(&meters).map(Meter),
            region: at(&regions),
            unit: at(&units),
            billed: number(&billed),
            bill_rate: rate.map(|r| r.round_dp(12)),
            quantity: number(&quantity),
            listed: None,
            between_tiers: false,
            reason: None,
        };
        match listed(&one, prices) {
            Ok((price, between_tiers)) => {
                out.priced += one.billed;
                (one.listed, one.between_tiers) = (Some(price), between_tiers);
            }
            Err(reason) => one.reason = Some(reason),
        }
        out.billed += one.billed;
        merged.insert(row, one);
    }
    out.meters = merged.into_values().collect();
    out.meters.sort_by_key(|one| std::cmp::Reverse(one.billed));
    Ok(out)
}

/// The list price of a meter: of tiers, the one nearest to the bill's own rate, and whether that lies between two.
fn listed(one: &MeterCoverage, prices: &PriceBook) -> Result<(Decimal, bool), String> {
    let meter = one.meter.as_ref().ok_or("the export has lost its meter")?;
    // Software of third parties is metered so, under a product code of their own.
    if meter.0.split('/').nth(1).is_some_and(|usage| usage.starts_with("SoftwareUsage")) {
        return Err("sold on AWS Marketplace: AWS lists no price".into());
    }
    let lists = prices.candidates(meter, one.region.as_deref(), &Term::OnDemand);
    let mut reason = String::from("not listed");
    for candidate in lists.into_iter().filter(|c| matches!(c.origin, Origin::Refreshed | Origin::Embedded)) {
        let price = match candidate.price {
            Ok(price) => price,
            Err(why) if candidate.origin == Origin::Embedded => {
                reason = why;
                continue;
            }
            Err(_) => continue,
        };
        if let Some(unit) = &one.unit
            && !PricingUnit::new(unit).same_measure(&price.unit)
        {
            reason = format!("billed per {unit}, listed per {}", price.unit);
            continue;
        }
        let tiers = candidate.tiers.iter().map(|t| t.1).chain(price.list);
        let near = tiers.min_by_key(|tier| (tier - one.bill_rate.unwrap_or(*tier)).abs());
        let paid = || candidate.tiers.iter().map(|t| t.1).filter(|tier| !tier.is_zero());
        let between = one.bill_rate.is_some_and(|rate| paid().any(|t| t < rate) && paid().any(|t| t > rate));
        return Ok((near.unwrap_or(price.effective), between));
    }
    Err(reason)
}
