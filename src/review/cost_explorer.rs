//! What Cost Explorer says was spent: beside a bill as a check, and without one in its place.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Amount, Line};
use crate::derive::breakdown;
use crate::rules::Tables;
use crate::table::COST_EXPLORER_COSTS;
use crate::table::read::{columns_of, dates, numbers};

/// Costs as Cost Explorer counts them, of all accounts that the one asked pays for.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CostExplorer {
    /// First day.
    pub first: String,
    /// Last day, inclusive.
    pub last: String,
    /// ISO 4217 code of its amounts.
    pub currency: String,
    /// By month, oldest first.
    pub months: Vec<CostMonth>,
    /// Of all days, by service, account, region and tag, largest first.
    pub parts: Vec<CostPart>,
}

/// A month, or what was asked of one.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CostMonth {
    /// `2026-10`.
    pub month: String,
    /// Days asked for.
    pub days: usize,
    /// Unblended cost.
    pub billed: Amount,
    /// Amortized cost, after discounts.
    pub effective: Amount,
    /// What the bill says was billed; absent where it lacks the month, or Cost Explorer was not asked for all of it.
    pub of_bill: Option<Amount>,
    /// The bill less Cost Explorer.
    pub residual: Option<Amount>,
}

/// The costs by one dimension.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CostPart {
    /// service, account, region, or tag: and its key.
    pub dimension: String,
    /// Its values.
    pub rows: Vec<Line>,
}

/// A row of the table.
struct Cost {
    day: String,
    account: Option<String>,
    dimension: String,
    value: Option<String>,
    billed: Decimal,
    effective: Decimal,
}

/// The view; absent where it was not asked.
pub(super) fn cost_explorer(tables: &Tables) -> Option<CostExplorer> {
    let frame = tables.get(COST_EXPLORER_COSTS.name).filter(|frame| frame.height() > 0)?;
    let costs = costs(frame);
    // Each dimension has all costs: the sums are those of one.
    let by_service = || costs.iter().filter(|cost| cost.dimension == "service");
    let mut days: BTreeMap<&str, (Decimal, Decimal)> = BTreeMap::new();
    for cost in by_service() {
        let sums = days.entry(cost.day.as_str()).or_default();
        sums.0 += cost.billed;
        sums.1 += cost.effective;
    }
    let [currencies] = columns_of(frame, ["BillingCurrency"]);
    let of_bill = tables.get("charge_totals").map(|totals| breakdown::totals_by(totals, "BillingPeriodStart"));
    let billed_in = |month: &str| {
        let of_month = |key: &Option<String>| key.as_ref().is_some_and(|key| key.starts_with(month));
        let cost = of_bill.as_ref()?.iter().find(|(key, _)| of_month(key))?.1;
        Some(cost.billed)
    };
    let mut months: BTreeMap<&str, (usize, Decimal, Decimal)> = BTreeMap::new();
    for (day, (billed, effective)) in &days {
        let sums = months.entry(day.get(..7).unwrap_or(day)).or_default();
        *sums = (sums.0 + 1, sums.1 + *billed, sums.2 + *effective);
    }
    let month = |(month, (days, billed, effective)): (&str, (usize, Decimal, Decimal))| {
        let length = format!("{month}-01").parse::<jiff::civil::Date>().map_or(0, |first| first.days_in_month());
        let of_bill = billed_in(month).filter(|_| i8::try_from(days) == Ok(length));
        CostMonth {
            month: month.to_owned(),
            days,
            billed: Amount(billed),
            effective: Amount(effective),
            of_bill: of_bill.map(Amount),
            residual: of_bill.map(|of_bill| Amount(of_bill - billed)),
        }
    };
    Some(CostExplorer {
        first: (*days.keys().next()?).to_owned(),
        last: (*days.keys().next_back()?).to_owned(),
        currency: currencies.into_iter().flatten().next().unwrap_or_default(),
        months: months.into_iter().map(month).collect(),
        parts: parts(&costs),
    })
}

fn costs(frame: &DataFrame) -> Vec<Cost> {
    let [accounts, dimensions, keys, values] =
        columns_of(frame, ["SubAccountId", "Dimension", "DimensionKey", "DimensionValue"]);
    let (billed, effective) = (numbers(frame, "BilledCost"), numbers(frame, "EffectiveCost"));
    let row = |(at, day): (usize, Option<String>)| {
        let text = |column: &[Option<String>]| column.get(at).cloned().flatten();
        let number = |column: &[Option<Decimal>]| column.get(at).copied().flatten().unwrap_or_default();
        let dimension = match text(&keys) {
            Some(key) => format!("tag:{key}"),
            None => text(&dimensions)?.to_lowercase(),
        };
        let (billed, effective) = (number(&billed), number(&effective));
        Some(Cost { day: day?, account: text(&accounts), dimension, value: text(&values), billed, effective })
    };
    dates(frame, "ChargePeriodStart").into_iter().enumerate().filter_map(row).collect()
}

fn parts(costs: &[Cost]) -> Vec<CostPart> {
    let mut sums: BTreeMap<String, BTreeMap<Option<&String>, (Decimal, Decimal)>> = BTreeMap::new();
    for cost in costs {
        let mut add = |dimension: &str, value| {
            let sums = sums.entry(dimension.to_owned()).or_default().entry(value).or_default();
            *sums = (sums.0 + cost.billed, sums.1 + cost.effective);
        };
        add(&cost.dimension, cost.value.as_ref());
        if cost.dimension == "service" {
            add("account", cost.account.as_ref());
        }
    }
    let part = |(dimension, values): (String, BTreeMap<Option<&String>, (Decimal, Decimal)>)| {
        let line = |(value, (billed, effective)): (Option<&String>, (Decimal, Decimal))| Line {
            key: value.cloned().unwrap_or_else(|| "(none)".into()),
            billed: Amount(billed),
            effective: Amount(effective),
        };
        let mut rows: Vec<Line> = values.into_iter().map(line).collect();
        rows.sort_by(|a, b| b.billed.cmp(&a.billed).then_with(|| a.key.cmp(&b.key)));
        CostPart { dimension, rows }
    };
    let mut parts: Vec<CostPart> = sums.into_iter().map(part).collect();
    let order = |part: &CostPart| ["service", "account", "region"].iter().position(|word| *word == part.dimension);
    parts.sort_by_key(|part| (order(part).unwrap_or(usize::MAX), part.dimension.clone()));
    parts
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::table::inventory::DailyCost;
    use crate::table::rows::Rows;

    #[test]
    fn months_are_summed_by_one_dimension_and_set_beside_the_bill() {
        let cost = |day: &str, dimension: &str, value: &str, billed: i64| DailyCost {
            account: "111122223333".into(),
            day: Some(format!("{day}T00:00:00Z").parse().unwrap()),
            dimension: dimension.into(),
            value: Some(value.into()),
            billed: Some(billed.into()),
            effective: Some((billed * 2).into()),
            currency: Some("USD".into()),
            ..DailyCost::default()
        };
        let mut rows: Vec<DailyCost> = (1..=30)
            .flat_map(|day| {
                let day = format!("2026-09-{day:02}");
                [cost(&day, "SERVICE", "AmazonEC2", 2), cost(&day, "SERVICE", "Tax", 1), cost(&day, "REGION", "eu", 3)]
            })
            .collect();
        rows.push(cost("2026-10-01", "SERVICE", "AmazonEC2", 5));
        let mut tables = Tables::from([("cost_explorer_costs".to_owned(), Rows::of(rows).frame().unwrap())]);
        let alone = cost_explorer(&tables).unwrap();
        assert_eq!((alone.first.as_str(), alone.last.as_str()), ("2026-09-01", "2026-10-01"));
        let shown = |view: &CostExplorer| -> Vec<(String, usize, String, Option<String>)> {
            let text = |amount: &Amount| amount.0.normalize().to_string();
            let line = |m: &CostMonth| (m.month.clone(), m.days, text(&m.billed), m.residual.as_ref().map(text));
            view.months.iter().map(line).collect()
        };
        assert_eq!(shown(&alone), [("2026-09".into(), 30, "90".into(), None), ("2026-10".into(), 1, "5".into(), None)]);
        let parts: BTreeMap<&str, &str> =
            alone.parts.iter().map(|part| (part.dimension.as_str(), part.rows[0].key.as_str())).collect();
        assert_eq!(parts, [("service", "AmazonEC2"), ("account", "111122223333"), ("region", "eu")].into());
        // A bill of both months: only the whole one is compared.
        let totals = polars::df!(
            "BillingPeriodStart" => ["2026-09-01", "2026-10-01"],
            "BilledCost" => [91, 100],
            "EffectiveCost" => [91, 100],
        );
        tables.insert("charge_totals".into(), totals.unwrap());
        assert_eq!(
            shown(&cost_explorer(&tables).unwrap()),
            [("2026-09".into(), 30, "90".into(), Some("1".into())), ("2026-10".into(), 1, "5".into(), None)]
        );
        assert!(cost_explorer(&Tables::new()).is_none());
    }
}
