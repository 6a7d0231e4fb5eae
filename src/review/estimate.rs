//! What stands in place of spend and tie-out where no bill was given: the inventory at list prices.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::DataFrame;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use super::Amount;
use crate::estimate::Unpriced;
use crate::table::read::{columns_of, numbers};

/// What an inventory costs at list prices, without discounts and commitments, traffic and requests.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Estimate {
    /// Everything that has a price, per month of 730 hours.
    pub per_month: Amount,
    /// Resources with a price.
    pub resources: usize,
    /// By service code, account and region, largest first.
    pub parts: Vec<EstimateParts>,
    /// What has no price, or not of all its parts, by table and reason.
    pub unpriced: Vec<UnpricedLine>,
}

/// The estimate by one dimension.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct EstimateParts {
    /// service, account, region.
    pub dimension: String,
    /// Its parts.
    pub rows: Vec<EstimateLine>,
}

/// One part of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct EstimateLine {
    /// Service code, account or region.
    pub key: Option<String>,
    /// Resources.
    pub resources: usize,
    /// Per month.
    pub per_month: Amount,
}

/// Resources without a price, or without a part of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct UnpricedLine {
    /// Table of the inventory.
    pub table: String,
    /// Why.
    pub why: String,
    /// How many.
    pub resources: usize,
}

/// The view of `resource_monthly_costs` and of what is not in it.
pub(super) fn estimate(costs: &DataFrame, unpriced: &Unpriced) -> Estimate {
    let amounts: Vec<Decimal> = numbers(costs, "EffectiveRunRate").into_iter().map(Option::unwrap_or_default).collect();
    let [services, accounts, regions, ids] =
        columns_of(costs, ["ServiceName", "SubAccountId", "RegionId", "ResourceId"]);
    let targets = || accounts.iter().zip(&regions).zip(&ids);
    let parts = |dimension: &str, keys: &[Option<String>]| {
        let mut by_key: BTreeMap<&Option<String>, (Decimal, BTreeSet<_>)> = BTreeMap::new();
        for ((key, target), amount) in keys.iter().zip(targets()).zip(&amounts) {
            let (sum, seen) = by_key.entry(key).or_default();
            *sum += *amount;
            seen.insert(target);
        }
        let line = |(key, (sum, seen)): (&Option<String>, (Decimal, BTreeSet<_>))| EstimateLine {
            key: key.clone(),
            resources: seen.len(),
            per_month: Amount(sum),
        };
        let mut rows: Vec<EstimateLine> = by_key.into_iter().map(line).collect();
        rows.sort_by(|a, b| b.per_month.cmp(&a.per_month).then_with(|| a.key.cmp(&b.key)));
        EstimateParts { dimension: dimension.into(), rows }
    };
    let mut unpriced: Vec<UnpricedLine> = unpriced
        .iter()
        .map(|((table, why), resources)| UnpricedLine { table: table.clone(), why: why.clone(), resources: *resources })
        .collect();
    unpriced.sort_by_key(|line| std::cmp::Reverse(line.resources));
    Estimate {
        per_month: Amount(amounts.iter().sum()),
        resources: targets().collect::<BTreeSet<_>>().len(),
        parts: vec![parts("service", &services), parts("account", &accounts), parts("region", &regions)],
        unpriced,
    }
}
