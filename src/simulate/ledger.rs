//! What came of all hours: sums by account, class and what paid, and by commitment.
//!
//! Knows: the three questions of a portfolio (how much of it is used, how much of the usage it covers, what it saves)
//! and two views of cost. Does not know: months; its sums are of the hours given.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::hour::HourBill;
use super::order::Order;
use super::portfolio::Portfolio;
use super::usage::{Hour, Usage};
use crate::money::PLACES;

/// Whose usage of what, paid by what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Position in [`Usage::accounts`].
    pub account: usize,
    /// Position in [`Usage::classes`].
    pub class: usize,
    /// Position in [`Portfolio::commitments`]; `None`: on demand.
    pub commitment: Option<usize>,
}

/// Sums of rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Paid {
    /// In units of the class.
    pub quantity: Decimal,
    /// Dollars that it would cost on demand.
    pub on_demand: Decimal,
    /// Dollars that it costs, what was paid in advance included.
    pub cost: Decimal,
}

/// What a commitment cost in its hours in force.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Held {
    /// Dollars that paid for usage.
    pub used: Decimal,
    /// Dollars that paid for nothing.
    pub unused: Decimal,
    /// The part of both that was paid in advance.
    pub upfront: Decimal,
}

impl Held {
    /// Dollars of its hours in force.
    #[must_use]
    pub fn total(&self) -> Decimal {
        self.used + self.unused
    }
}

/// The bill of all hours.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ledger {
    /// By account, class and what paid.
    pub lines: BTreeMap<Key, Paid>,
    /// By commitment, in the order of the portfolio.
    pub commitments: Vec<Held>,
    /// Dollars of the usage that no commitment pays for.
    pub on_demand: Decimal,
    /// Dollars that all usage would cost on demand.
    pub equivalent: Decimal,
}

/// What a usage costs under a portfolio.
///
/// # Panics
/// When a cell names an account or a class that the usage does not have.
#[must_use]
pub fn bill(usage: &Usage, portfolio: &Portfolio) -> Ledger {
    let order = Order::new(usage, portfolio);
    let mut ledger = Ledger { commitments: vec![Held::default(); portfolio.commitments.len()], ..Ledger::default() };
    for hour in &usage.hours {
        ledger.add(portfolio, hour, &order.bill(hour));
    }
    ledger
}

impl Ledger {
    fn add(&mut self, portfolio: &Portfolio, hour: &Hour, bill: &HourBill) {
        for row in &bill.rows {
            let cell = &hour.cells[row.cell];
            let key = Key { account: cell.account, class: cell.class, commitment: row.commitment };
            let line = self.lines.entry(key).or_default();
            line.quantity += row.quantity;
            line.on_demand += row.on_demand;
            line.cost += row.cost;
            self.equivalent += row.on_demand;
            match row.commitment {
                Some(at) => self.commitments[at].used += row.cost,
                None => self.on_demand += row.cost,
            }
        }
        for ((held, unused), commitment) in self.commitments.iter_mut().zip(&bill.unused).zip(&portfolio.commitments) {
            held.unused += *unused;
            if commitment.in_force(hour.start) {
                held.upfront += commitment.upfront_hourly;
            }
        }
    }

    /// Dollars with what was paid in advance spread over its term: the rest on demand and all commitments, used or not.
    #[must_use]
    pub fn amortised(&self) -> Decimal {
        self.on_demand + self.commitments.iter().map(Held::total).sum::<Decimal>()
    }

    /// Dollars charged in these hours: what was paid in advance is left out.
    #[must_use]
    pub fn cash(&self) -> Decimal {
        self.amortised() - self.commitments.iter().map(|held| held.upfront).sum::<Decimal>()
    }

    /// Share of a commitment that paid for usage, by cost; `None`: it costs nothing in these hours, or is not there.
    #[must_use]
    pub fn utilization(&self, commitment: usize) -> Option<Decimal> {
        let held = self.commitments.get(commitment)?;
        ratio(held.used, held.total())
    }

    /// Share of the usage that commitments pay for, in dollars on demand; `None` without usage. Of all usage given:
    /// leave out what no commitment can cover to have AWS's figure.
    #[must_use]
    pub fn coverage(&self) -> Option<Decimal> {
        ratio(self.equivalent - self.on_demand, self.equivalent)
    }

    /// 1 − cost, unused commitments included, ÷ the same usage on demand; below 0 when commitments cost more than they
    /// save, `None` without usage (FinOps Foundation: effective savings rate).
    #[must_use]
    pub fn effective_savings_rate(&self) -> Option<Decimal> {
        ratio(self.equivalent - self.amortised(), self.equivalent)
    }
}

fn ratio(part: Decimal, whole: Decimal) -> Option<Decimal> {
    part.checked_div(whole).map(|ratio| ratio.round_dp(PLACES))
}
