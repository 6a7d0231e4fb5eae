//! What the next dollar is really worth: how the bill moves when a little usage goes.
//!
//! Knows: one hour. Does not know: how far a price reaches; a larger change needs two bills.

use rust_decimal::Decimal;

use super::order::Order;
use super::portfolio::Portfolio;
use super::usage::{Hour, Usage};
use crate::money::PLACES;

/// Marginal effective price by cell: dollars that the bill falls by when a little of the cell goes, per dollar on
/// demand of what goes. 1: uncovered. 0: inside a commitment that has slack. Between: a commitment pays, and what is
/// freed goes to other usage. Above 1: it goes to usage that saves more (the owner's usage came first). Cells without
/// usage or price are left out.
///
/// A step of the application ends in one of two ways: the usage is used up, or the commitment is. Backwards from the
/// last step, a unit of usage costs what it takes from a commitment that outlasted it, and a unit of a commitment is
/// worth the usage at which it ended. That is the derivative of the bill, chains from one commitment to the next
/// included.
///
/// By hour of the usage: cell of the hour, and its price.
///
/// # Panics
/// When a cell names an account or a class that the usage does not have.
#[must_use]
pub fn marginal(usage: &Usage, portfolio: &Portfolio) -> Vec<Vec<(usize, Decimal)>> {
    let order = Order::new(usage, portfolio);
    usage.hours.iter().map(|hour| of_hour(&order, hour)).collect()
}

fn of_hour(order: &Order<'_>, hour: &Hour) -> Vec<(usize, Decimal)> {
    let applied = order.apply(hour);
    let price = |cell: usize| order.usage.classes[hour.cells[cell].class].on_demand;
    let mut cost: Vec<Decimal> = (0..hour.cells.len()).map(price).collect();
    let mut worth = vec![Decimal::ZERO; order.portfolio.commitments.len()];
    for step in applied.steps.iter().rev() {
        if step.exhausted {
            worth[step.commitment] = cost[step.cell].checked_div(step.weight).unwrap_or_default();
        } else {
            cost[step.cell] = worth[step.commitment] * step.weight;
        }
    }
    let used = (0..hour.cells.len()).filter(|cell| !hour.cells[*cell].quantity.is_zero());
    used.filter_map(|cell| Some((cell, cost[cell].checked_div(price(cell))?.round_dp(PLACES)))).collect()
}
