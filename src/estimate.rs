//! What an inventory would cost at list prices, where no bill says what it does cost.
//!
//! Knows: quantities of what is provisioned (`provisioned`), and prices. Does not know: traffic, requests, what snapshots and buckets hold,
//! licences, support, tax; discounts and commitments, but those of the agreement in `surgeon.toml`. It fills the tables that rules read of a
//! bill, so that a page reads one thing; a report says that they are estimated.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::{DataFrame, PolarsResult};
use rust_decimal::Decimal;

use crate::id::{Meter, Target, resource_type};
use crate::money::PLACES;
use crate::period::{AsOf, HOURS_PER_MONTH};
use crate::prices::{MeterPrice, PriceBook};
use crate::table::rows::{Cell, Row, Rows};
use crate::table::{COMMITMENTS, RESOURCE_MONTHLY_COSTS, RESOURCES, Table};

mod provisioned;

use provisioned::{Provisioned, Runs};

/// A resource without a price, or without a part of it: table, reason.
pub type Unpriced = BTreeMap<(String, String), usize>;

/// Adds `resource_monthly_costs` and `resources` of everything that the inventory shows, at the prices of the book, and `commitments` without
/// a row: no bill shows one. Returned is how many resources lack a price, by table and reason.
///
/// # Errors
/// An engine error: a table does not have its declared columns.
pub fn estimate(tables: &mut BTreeMap<String, DataFrame>, prices: &PriceBook, as_of: AsOf) -> PolarsResult<Unpriced> {
    let last_day = as_of.date().yesterday().unwrap_or(as_of.date());
    let month_hours = Decimal::from(24 * i64::from(last_day.days_in_month()));
    let (mut costs, mut resources, mut unpriced) = (Vec::new(), Vec::new(), Unpriced::new());
    for Provisioned { table, target, made, runs } in provisioned::all(tables) {
        let days = made.map_or(0, |made| as_of.timestamp().duration_since(made).as_hours() / 24).max(0);
        let mut missing = BTreeSet::new();
        for run in &runs {
            // As a bill would have it: what is sold by the month is charged for each hour of the calendar month.
            let (meter, quantity, held) = match run {
                Runs::Hours(meter, units) => (meter, *units * Decimal::from(HOURS_PER_MONTH), None),
                Runs::Months(meter, amount) => {
                    (meter, *amount * Decimal::from(HOURS_PER_MONTH) / month_hours, Some(*amount))
                }
                Runs::Unknown(reason) => {
                    missing.insert((*reason).to_owned());
                    continue;
                }
            };
            match prices.price(meter, target.region.as_deref()) {
                Some(price) => costs.push(Cost {
                    target: target.clone(),
                    days,
                    meter: meter.clone(),
                    quantity: quantity.round_dp(PLACES),
                    held,
                    price,
                }),
                None => {
                    missing.insert(format!("no list price of {}", kind_of(meter)));
                }
            }
        }
        let service = runs.iter().find_map(Runs::meter).map(|meter| service_of(meter).to_owned());
        resources.push(Resource { target, days, service, metered: missing.is_empty() });
        for reason in missing {
            *unpriced.entry((table.to_owned(), reason)).or_default() += 1;
        }
    }
    for rows in [Rows::of(costs), Rows::of(resources)] {
        tables.insert(rows.table.name.to_owned(), rows.frame()?);
    }
    tables.entry(COMMITMENTS.name.to_owned()).or_insert_with(|| COMMITMENTS.empty());
    Ok(unpriced)
}

/// Service code of a meter.
fn service_of(meter: &Meter) -> &str {
    meter.0.split('/').next().unwrap_or_default()
}

/// A meter without what differs from one machine to the next: `AmazonEC2/BoxUsage`.
fn kind_of(meter: &Meter) -> &str {
    let usage = meter.0.find('/').map_or(0, |slash| slash + 1);
    let end = meter.0[usage..].find([':', '/']).map_or(meter.0.len(), |end| usage + end);
    &meter.0[..end]
}

/// A row of `resource_monthly_costs`.
struct Cost {
    target: Target,
    days: i64,
    meter: Meter,
    quantity: Decimal,
    held: Option<Decimal>,
    price: MeterPrice,
}

impl Row for Cost {
    const TABLE: &'static Table = &RESOURCE_MONTHLY_COSTS;

    fn cells(self) -> Vec<Cell> {
        let Cost { target, days, meter, quantity, held, price } = self;
        let cost = |unit_price: Decimal| (quantity * unit_price).round_dp(PLACES);
        vec![
            Cell::Text(target.account),
            Cell::Text(target.region),
            Cell::Text(target.resource),
            Cell::Text(Some(service_of(&meter).to_owned())),
            Cell::Text(Some(meter.0)),
            Cell::Text(None),
            Cell::Text(Some(price.unit.to_string())),
            // Nothing of it was billed.
            Cell::Exact(Some(Decimal::ZERO)),
            Cell::Exact(Some(quantity)),
            Cell::Exact(held),
            Cell::Exact(None),
            Cell::Exact(Some(cost(price.effective))),
            Cell::Exact(price.list.map(cost)),
            Cell::Exact(Some(Decimal::ZERO)),
            Cell::Time(None),
            Cell::Integer(Some(days)),
            Cell::Boolean(Some(false)),
        ]
    }
}

/// A row of `resources`.
struct Resource {
    target: Target,
    days: i64,
    service: Option<String>,
    metered: bool,
}

impl Row for Resource {
    const TABLE: &'static Table = &RESOURCES;

    fn cells(self) -> Vec<Cell> {
        let Resource { target, days, service, metered } = self;
        let kind = target.resource.as_deref().and_then(resource_type).map(str::to_owned);
        vec![
            Cell::Text(target.account),
            Cell::Text(target.region),
            Cell::Text(target.resource),
            Cell::Text(kind),
            Cell::Text(service),
            // No day had a charge.
            Cell::Text(None),
            Cell::Text(None),
            Cell::Integer(Some(days)),
            Cell::Boolean(Some(metered)),
            Cell::Integer(None),
        ]
    }
}

#[cfg(test)]
mod tests;
