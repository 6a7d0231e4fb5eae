//! What changed between two readings of the same thing. So far: between two deliveries of a month.
//!
//! Knows: aggregates, natural keys. Does not know: how a bill is read or shown.
//!
//! A provider delivers a month again and again: later days are added, and days that were there are restated (a discount applied,
//! a credit, a corrected quantity). Line item ids are not stable across deliveries, so the two are compared by aggregated natural key:
//! account, region, service, meter and charge type. Every figure is in one of the parts below, and the parts add up to the
//! difference of the totals.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use crate::billing::Aggregates;
use crate::money::Amount;
use crate::table::read::{columns_of, numbers};

/// Version of the comparison; changes when a field changes its meaning or goes.
pub const VERSION: &str = "surgeon.diff/1";

/// What the provider changed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Restatement {
    /// `surgeon.diff/1`.
    pub version: String,
    /// ISO 4217 code of every amount.
    pub currency: String,
    /// The first delivery.
    pub old: Delivery,
    /// The second.
    pub new: Delivery,
    /// new − old, billed.
    pub difference: Amount,
    /// Days on or after which only the new delivery has usage: the old one's as-of.
    pub later_from: String,
    /// The parts of the difference; they add up to it.
    pub parts: Vec<Part>,
    /// Every key that differs: what was restated first, then later days, each with the largest difference first.
    pub changes: Vec<Change>,
    /// Keys that are the same in both.
    pub unchanged: usize,
}

/// One delivery.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Delivery {
    /// Its files.
    pub files: Vec<String>,
    /// Months, `YYYY-MM`.
    pub months: Vec<String>,
    /// End of its last complete day.
    pub as_of: String,
    /// Rows.
    pub charges: u64,
    /// Invoiced.
    pub billed: Amount,
    /// Amortized.
    pub effective: Amount,
}

/// How a key changed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Days that the old delivery did not have yet.
    LaterDays,
    /// Charges of days that both have, under a key that only the new one has.
    Appeared,
    /// Charges of days that both have, under a key that only the old one has.
    Gone,
    /// Another quantity on days that both have.
    Quantity,
    /// The same quantity on days that both have, at another cost.
    Rate,
    /// The same billed cost and quantity, another effective cost.
    Amortization,
}

impl Kind {
    /// In words.
    #[must_use]
    pub fn phrase(self) -> &'static str {
        match self {
            Kind::LaterDays => "days that the old delivery did not have yet",
            Kind::Appeared => "appeared on days that both have",
            Kind::Gone => "gone from days that both have",
            Kind::Quantity => "another quantity on days that both have",
            Kind::Rate => "the same quantity at another cost",
            Kind::Amortization => "amortized differently",
        }
    }
}

/// A part of the difference.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Part {
    /// How.
    pub kind: Kind,
    /// The same in words.
    pub what: String,
    /// Keys concerned.
    pub keys: usize,
    /// Difference of the billed cost.
    pub billed: Amount,
    /// Difference of the effective cost.
    pub effective: Amount,
}

/// One key that differs.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Change {
    /// How.
    pub kind: Kind,
    /// Account, subscription or project.
    pub account: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// Service.
    pub service: Option<String>,
    /// Meter.
    pub meter: Option<String>,
    /// The provider's charge type.
    pub charge_type: Option<String>,
    /// First day that differs.
    pub first_day: Option<String>,
    /// Days that differ.
    pub days: usize,
    /// Billed in the old delivery, on those days.
    pub old: Amount,
    /// In the new one.
    pub new: Amount,
    /// new − old.
    pub difference: Amount,
    /// Quantity in the old one, on those days.
    pub old_quantity: Amount,
    /// In the new one.
    pub new_quantity: Amount,
    /// Difference of the effective cost.
    pub effective_difference: Amount,
}

/// Why two deliveries cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// Amounts of two currencies.
    #[error(
        "the old delivery is in {old}, the new one in {new}\nhelp: compare deliveries of one payer, or add --currency CODE to both"
    )]
    Currencies {
        /// Of the first.
        old: String,
        /// Of the second.
        new: String,
    },
    /// Different months.
    #[error(
        "no billing period is in both: the old delivery has {old}, the new one {new}\nhelp: give two deliveries of the same month"
    )]
    Months {
        /// Of the first.
        old: String,
        /// Of the second.
        new: String,
    },
}

/// Account, region, service, meter, charge type.
type Key = [Option<String>; 5];

#[derive(Clone, Copy, Default)]
struct Sums {
    billed: Decimal,
    effective: Decimal,
    quantity: Decimal,
}

impl Sums {
    fn add(&mut self, other: Sums) {
        self.billed += other.billed;
        self.effective += other.effective;
        self.quantity += other.quantity;
    }
}

/// Compares two deliveries.
///
/// # Errors
/// [`HistoryError`] when they have no currency or no billing period in common.
pub fn restatement(old: &Aggregates, new: &Aggregates) -> Result<Restatement, HistoryError> {
    if old.currency != new.currency {
        return Err(HistoryError::Currencies { old: old.currency.to_string(), new: new.currency.to_string() });
    }
    let (before, after) = (delivery(old), delivery(new));
    if !before.months.iter().any(|month| after.months.contains(month)) {
        return Err(HistoryError::Months { old: before.months.join(", "), new: after.months.join(", ") });
    }
    let later_from = old.as_of.to_string();
    let (olds, news) = (by_key_and_day(old), by_key_and_day(new));
    let keys: BTreeSet<&Key> = olds.keys().chain(news.keys()).collect();
    let mut changes = Vec::new();
    let mut unchanged = 0;
    let none = BTreeMap::new();
    for key in keys {
        let (before, after) = (olds.get(key).unwrap_or(&none), news.get(key).unwrap_or(&none));
        let found = changes_of(key, before, after, &later_from);
        unchanged += usize::from(found.is_empty());
        changes.extend(found);
    }
    changes.sort_by(|a, b| {
        // Later days are expected; what was said of days before is not.
        let size = |c: &Change| (c.kind != Kind::LaterDays, c.difference.0.abs(), c.effective_difference.0.abs());
        size(b).cmp(&size(a)).then_with(|| (a.kind, &a.meter, &a.account).cmp(&(b.kind, &b.meter, &b.account)))
    });
    Ok(Restatement {
        version: VERSION.into(),
        currency: old.currency.to_string(),
        difference: Amount(after.billed.0 - before.billed.0),
        old: before,
        new: after,
        later_from,
        parts: parts(&changes),
        changes,
        unchanged,
    })
}

fn delivery(bill: &Aggregates) -> Delivery {
    let totals = bill.tables.get("charge_totals");
    let sum = |name: &str| Amount(totals.map(|t| numbers(t, name)).into_iter().flatten().flatten().sum());
    let periods = totals.map(|t| columns_of(t, ["BillingPeriodStart"]).concat()).unwrap_or_default();
    let months: BTreeSet<String> = periods.into_iter().flatten().map(|p| p.chars().take(7).collect()).collect();
    Delivery {
        files: bill.sources.iter().map(|source| source.name.clone()).collect(),
        months: months.into_iter().collect(),
        as_of: bill.as_of.to_string(),
        charges: bill.tie_out.as_ref().map_or(0, |tie_out| tie_out.rows_reviewed),
        billed: sum("BilledCost"),
        effective: sum("EffectiveCost"),
    }
}

fn by_key_and_day(bill: &Aggregates) -> BTreeMap<Key, BTreeMap<String, Sums>> {
    let mut out: BTreeMap<Key, BTreeMap<String, Sums>> = BTreeMap::new();
    let Some(daily) = bill.tables.get("daily_costs") else { return out };
    let names = ["SubAccountId", "RegionId", "ServiceName", "Meter", "x_ChargeType"];
    let keys = columns_of(daily, names);
    let [days] = columns_of(daily, ["Day"]);
    let [billed, effective, quantity] =
        ["BilledCost", "EffectiveCost", "PricingQuantity"].map(|name| numbers(daily, name));
    for row in 0..days.len() {
        let at = |values: &[Option<Decimal>]| values.get(row).copied().flatten().unwrap_or_default();
        let key = std::array::from_fn(|n| keys[n].get(row).cloned().flatten());
        let day = days.get(row).cloned().flatten().unwrap_or_default();
        let sums = Sums { billed: at(&billed), effective: at(&effective), quantity: at(&quantity) };
        out.entry(key).or_default().entry(day).or_default().add(sums);
    }
    out
}

/// The changes of one key: of days that both had and of later ones.
fn changes_of(key: &Key, old: &BTreeMap<String, Sums>, new: &BTreeMap<String, Sums>, later_from: &str) -> Vec<Change> {
    let (mut shared, mut later) = (Vec::new(), Vec::new());
    for day in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        let (before, after) = (old.get(day).copied(), new.get(day).copied());
        let [b, a] = [before, after].map(Option::unwrap_or_default);
        if (a.billed, a.effective, a.quantity) != (b.billed, b.effective, b.quantity) {
            // The day of a fee is the first of its period: only usage grows by days.
            let list = if before.is_none() && day.as_str() >= later_from { &mut later } else { &mut shared };
            list.push((day.clone(), before, after));
        }
    }
    let change = |days: Vec<(String, Option<Sums>, Option<Sums>)>, later: bool| {
        let first_day = days.first().map(|(day, ..)| day.clone())?;
        let (mut before, mut after) = (Sums::default(), Sums::default());
        for (_, b, a) in &days {
            before.add(b.unwrap_or_default());
            after.add(a.unwrap_or_default());
        }
        let kind = match () {
            () if later => Kind::LaterDays,
            () if days.iter().all(|(_, b, _)| b.is_none()) => Kind::Appeared,
            () if days.iter().all(|(_, _, a)| a.is_none()) => Kind::Gone,
            () if before.quantity != after.quantity => Kind::Quantity,
            () if before.billed == after.billed => Kind::Amortization,
            () => Kind::Rate,
        };
        let [account, region, service, meter, charge_type] = key.clone();
        Some(Change {
            kind,
            account,
            region,
            service,
            meter,
            charge_type,
            first_day: Some(first_day).filter(|day| !day.is_empty()),
            days: days.len(),
            old: Amount(before.billed),
            new: Amount(after.billed),
            difference: Amount(after.billed - before.billed),
            old_quantity: Amount(before.quantity),
            new_quantity: Amount(after.quantity),
            effective_difference: Amount(after.effective - before.effective),
        })
    };
    change(shared, false).into_iter().chain(change(later, true)).collect()
}

fn parts(changes: &[Change]) -> Vec<Part> {
    let mut by_kind: BTreeMap<Kind, Part> = BTreeMap::new();
    for change in changes {
        let part = by_kind.entry(change.kind).or_insert_with(|| Part {
            kind: change.kind,
            what: change.kind.phrase().into(),
            keys: 0,
            billed: Amount::default(),
            effective: Amount::default(),
        });
        part.keys += 1;
        part.billed.0 += change.difference.0;
        part.effective.0 += change.effective_difference.0;
    }
    by_kind.into_values().collect()
}

/// The published JSON schema of the comparison.
#[must_use]
pub fn json_schema() -> String {
    serde_json::to_string_pretty(&schemars::schema_for!(Restatement)).unwrap_or_default() + "\n"
}
