//! Proof of the simulator on the bill itself: the same hours under the same commitments must cost what was charged.
//!
//! Knows: billed against simulated by service, with the residual. Does not know: why a residual is there.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::from_bill::{FromBill, service};
use super::{Ledger, bill};
use crate::derive::hourly::Hourly;
use crate::derive::in_force::InForce;

/// Billed against simulated.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Replay {
    /// By service, in order of name.
    pub lines: Vec<Line>,
    /// The part of commitments that covered nothing.
    pub unused: Line,
}

/// One comparison, effective cost over the hours that were replayed.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Line {
    /// Service code; empty for the unused part of commitments.
    pub service: String,
    /// What the bill says.
    pub billed: Decimal,
    /// What the simulator says.
    pub simulated: Decimal,
}

impl Line {
    /// simulated − billed.
    #[must_use]
    pub fn residual(&self) -> Decimal {
        self.simulated - self.billed
    }
}

impl Replay {
    /// The largest residual of a service as a share of what it was billed.
    #[must_use]
    pub fn worst(&self) -> Decimal {
        let share = |line: &Line| line.residual().abs().checked_div(line.billed);
        self.lines.iter().filter_map(share).max().unwrap_or_default()
    }
}

/// Replays the hours of a bill.
#[must_use]
pub fn replay(hourly: &Hourly, in_force: &[InForce], read: &FromBill) -> (Replay, Ledger) {
    let ledger = bill(&read.usage, &read.portfolio);
    let mut lines: BTreeMap<String, Line> = BTreeMap::new();
    let line = |name: &str| Line { service: name.to_owned(), ..Line::default() };
    for (key, sums) in &hourly.keys {
        if read.places.contains_key(&(key.region.clone(), key.meter.clone())) {
            let name = service(&key.meter);
            lines.entry(name.to_owned()).or_insert_with(|| line(name)).billed += sums.effective;
        }
    }
    for (key, sums) in &ledger.lines {
        if let Some(class) = read.usage.classes.get(key.class) {
            let name = service(&class.meter);
            lines.entry(name.to_owned()).or_insert_with(|| line(name)).simulated += sums.cost;
        }
    }
    let simulated = |one: &&InForce| read.portfolio.commitments.iter().any(|commitment| commitment.id == one.id);
    let unused = Line {
        service: String::new(),
        billed: in_force.iter().filter(simulated).filter_map(|one| one.unused).sum(),
        simulated: ledger.commitments.iter().map(|sums| sums.unused).sum(),
    };
    (Replay { lines: lines.into_values().collect(), unused }, ledger)
}
