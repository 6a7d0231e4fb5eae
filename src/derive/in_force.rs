//! Reservations and savings plans that the bill shows, as plain figures: what an hour of each costs and what it covered.
//!
//! Knows: one billing period of `commitment_costs`. Does not know: how benefits are applied.

use std::collections::BTreeMap;

use jiff::Timestamp;
use polars::prelude::DataFrame;
use rust_decimal::Decimal;

use super::hourly::Key;
use crate::id::Meter;
use crate::period::AsOf;
use crate::table::read::{columns_of, integers, numbers, texts};

/// A commitment with what it did in a billing period.
#[derive(Clone, Debug, Default)]
pub struct InForce {
    /// Its id (ARN).
    pub id: String,
    /// Reservation or Savings Plan, as the bill says it.
    pub kind: Option<String>,
    /// Account that pays its fee; unknown in the export of a member account that only uses it.
    pub owner: Option<String>,
    /// Region of the fee.
    pub region: Option<String>,
    /// Meter of the fee.
    pub meter: Option<Meter>,
    /// First hour of the period in which it was charged.
    pub from: Option<Timestamp>,
    /// When it ends; CUR only.
    pub until: Option<Timestamp>,
    /// Hours of the period in which it was charged.
    pub hours: Decimal,
    /// Hours bought in the period, as the fee states them (reservations: instances × hours).
    pub bought: Option<Decimal>,
    /// Effective cost that covered usage in the period.
    pub used: Decimal,
    /// Effective cost that covered nothing; `None` without its fee in the bill.
    pub unused: Option<Decimal>,
    /// What it covered in the period.
    pub covered: Vec<(Key, Covered)>,
}

/// Usage of one key under one commitment.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Covered {
    /// How much.
    pub quantity: Decimal,
    /// Its effective cost.
    pub effective: Decimal,
    /// What it would have cost on demand at list price; unknown where a charge does not state it.
    pub list: Option<Decimal>,
}

/// First day of the latest billing period of `commitment_costs`.
#[must_use]
pub fn latest_period(commitment_costs: &DataFrame) -> Option<String> {
    texts(commitment_costs, "BillingPeriodStart").into_iter().flatten().max()
}

/// Reads one billing period of `commitment_costs`, named by its first day; `None`: charges that do not name one.
#[must_use]
pub fn in_force(commitment_costs: &DataFrame, as_of: AsOf, period: Option<&str>) -> Vec<InForce> {
    let [ids, kinds, accounts, regions, meters] = columns_of(
        commitment_costs,
        ["CommitmentDiscountId", "CommitmentDiscountType", "SubAccountId", "RegionId", "Meter"],
    );
    let [categories, statuses] = columns_of(commitment_costs, ["ChargeCategory", "CommitmentDiscountStatus"]);
    let [effective, list, quantity] =
        ["EffectiveCost", "ListCost", "PricingQuantity"].map(|name| numbers(commitment_costs, name));
    let [first, last, ends] =
        ["FirstHour", "ChargePeriodEnd", "CommitmentEnd"].map(|name| integers(commitment_costs, name));
    let periods = texts(commitment_costs, "BillingPeriodStart");
    let mut all: BTreeMap<String, (InForce, Option<i64>, Option<i64>)> = BTreeMap::new();
    for (row, id) in ids.into_iter().enumerate() {
        let (Some(id), true) = (id, periods.get(row).and_then(|named| named.as_deref()) == period) else { continue };
        let word = |values: &[Option<String>]| values.get(row).cloned().flatten();
        let number = |values: &[Option<Decimal>]| values.get(row).copied().flatten();
        let moment = |values: &[Option<i64>]| values.get(row).copied().flatten();
        let (one, from, to) = all.entry(id.clone()).or_default();
        one.id = id;
        one.kind = word(&kinds).or(one.kind.take());
        *from = (*from).into_iter().chain(moment(&first)).min();
        *to = (*to).into_iter().chain(moment(&last)).max();
        let end = moment(&ends).and_then(|micros| Timestamp::from_microsecond(micros).ok());
        one.until = one.until.into_iter().chain(end).max();
        let cost = number(&effective).unwrap_or_default();
        let status = word(&statuses);
        if status.as_deref() == Some("Used") {
            one.used += cost;
            if let Some(meter) = word(&meters) {
                let key = Key { account: word(&accounts), region: word(&regions), meter: Meter(meter) };
                let covered =
                    Covered { quantity: number(&quantity).unwrap_or_default(), effective: cost, list: number(&list) };
                one.add(key, covered);
            }
        } else {
            let purchase = word(&categories).as_deref() == Some("Purchase");
            if !purchase && status.as_deref() != Some("Unused") {
                continue;
            }
            one.owner = word(&accounts).or(one.owner.take());
            one.region = word(&regions).or(one.region.take());
            one.meter = word(&meters).map(Meter).or(one.meter.take());
            let unused = if status.as_deref() == Some("Unused") { cost } else { Decimal::ZERO };
            *one.unused.get_or_insert_default() += unused;
            if let Some(hours) = number(&quantity).filter(|_| purchase) {
                *one.bought.get_or_insert_default() += hours;
            }
        }
    }
    let end = as_of.timestamp().as_microsecond();
    let hours = |from: Option<i64>, to: Option<i64>| {
        let span = to.unwrap_or(end).min(end) - from.unwrap_or(end).min(end);
        Decimal::from(span / MICROS_PER_HOUR)
    };
    let start = |from: Option<i64>| from.and_then(|micros| Timestamp::from_microsecond(micros).ok());
    all.into_values().map(|(one, from, to)| InForce { from: start(from), hours: hours(from, to), ..one }).collect()
}

const MICROS_PER_HOUR: i64 = 3_600_000_000;

impl InForce {
    fn add(&mut self, key: Key, more: Covered) {
        match self.covered.iter_mut().find(|(known, _)| *known == key) {
            Some((_, sum)) => {
                sum.quantity += more.quantity;
                sum.effective += more.effective;
                sum.list = sum.list.zip(more.list).map(|(a, b)| a + b);
            }
            None => self.covered.push((key, more)),
        }
    }

    /// What an hour of it costs, used or not; `None` when its fee is not in the bill.
    #[must_use]
    pub fn hourly(&self) -> Option<Decimal> {
        (self.used + self.unused?).checked_div(self.hours).map(|cost| cost.round_dp(crate::money::PLACES))
    }
}
