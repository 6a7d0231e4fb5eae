//! One hour: commitments are applied in their order, the rest is paid on demand.
//!
//! Knows: how much of a cell a commitment pays for, and what that costs. Does not know: other hours. What an hour
//! leaves of a commitment is lost.

use rust_decimal::Decimal;

use super::order::{Order, Pair};
use super::portfolio::Portfolio;
use super::usage::{Cell, Hour, Usage};
use crate::money::PLACES;

/// The bill of one hour.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HourBill {
    /// Every cell's quantity, split by what pays for it: by cell, first the commitments in the order of their
    /// application, last the rest on demand.
    pub rows: Vec<Row>,
    /// Dollars of each commitment that paid for nothing; 0 of those not in force.
    pub unused: Vec<Decimal>,
}

/// A part of one cell that one thing pays for.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Position in [`Hour::cells`].
    pub cell: usize,
    /// Position in [`Portfolio::commitments`]; `None`: on demand.
    pub commitment: Option<usize>,
    /// In units of the class.
    pub quantity: Decimal,
    /// Dollars that the quantity would cost on demand.
    pub on_demand: Decimal,
    /// Dollars that it costs, what was paid in advance included.
    pub cost: Decimal,
}

impl HourBill {
    /// Dollars of the hour: all rows, and the commitments in force as far as they were not used.
    #[must_use]
    pub fn amortised(&self) -> Decimal {
        self.rows.iter().map(|row| row.cost).sum::<Decimal>() + self.unused.iter().sum::<Decimal>()
    }
}

/// What an hour costs. For many hours of one usage ask [`super::bill`], which sorts once.
///
/// # Panics
/// When a cell names an account or a class that the usage does not have.
#[must_use]
pub fn hour(usage: &Usage, hour: &Hour, portfolio: &Portfolio) -> HourBill {
    Order::new(usage, portfolio).bill(hour)
}

/// A commitment met a cell with usage left.
pub(super) struct Step {
    /// Position in the portfolio.
    pub(super) commitment: usize,
    /// Position in the hour.
    pub(super) cell: usize,
    /// What one unit takes from the commitment's capacity; above 0.
    pub(super) weight: Decimal,
    /// What it pays for, in units of the class; 0 when nothing was left of it.
    quantity: Decimal,
    /// What that takes from its capacity.
    taken: Decimal,
    /// Whether the commitment ended here, else the usage did.
    pub(super) exhausted: bool,
}

/// What happened in an hour.
pub(super) struct Applied {
    /// In order.
    pub(super) steps: Vec<Step>,
    /// Quantity left to on-demand prices, by cell.
    left: Vec<Decimal>,
}

impl Order<'_> {
    /// Applies the commitments in force to the hour's usage.
    pub(super) fn apply(&self, hour: &Hour) -> Applied {
        let in_hour = ByClass::new(self.usage.classes.len(), &hour.cells);
        let mut left: Vec<Decimal> = hour.cells.iter().map(|cell| cell.quantity).collect();
        let commitments = &self.portfolio.commitments;
        let mut room: Vec<Option<Decimal>> =
            commitments.iter().map(|c| c.in_force(hour.start).then(|| c.capacity())).collect();
        let mut steps = Vec::new();
        for round in &self.rounds {
            let circle = &self.circles[round.circle];
            for pair in &round.pairs {
                for &cell in in_hour.of(pair.class) {
                    let Some(spare) = room[pair.commitment] else { break };
                    if left[cell] <= Decimal::ZERO || !circle[pair.commitment][hour.cells[cell].account] {
                        continue;
                    }
                    let step = meet(pair, cell, left[cell], spare);
                    left[cell] -= step.quantity;
                    room[pair.commitment] = (!step.exhausted).then(|| spare - step.taken);
                    steps.push(step);
                }
            }
        }
        Applied { steps, left }
    }

    /// The hour's bill.
    pub(super) fn bill(&self, hour: &Hour) -> HourBill {
        let applied = self.apply(hour);
        let commitments = &self.portfolio.commitments;
        let price = |cell: usize| self.usage.classes[hour.cells[cell].class].on_demand;
        let mut used = vec![Decimal::ZERO; commitments.len()];
        let mut spent = vec![Decimal::ZERO; commitments.len()];
        let mut rows = Vec::with_capacity(applied.steps.len() + hour.cells.len());
        for step in applied.steps.iter().filter(|step| !step.quantity.is_zero()) {
            let at = step.commitment;
            // Rounded sums, not sums of rounded rows: whatever the rows, used and unused add up to the hourly cost.
            used[at] += step.taken;
            let so_far = commitments[at].cost_of(used[at]);
            rows.push(Row {
                cell: step.cell,
                commitment: Some(at),
                quantity: step.quantity,
                on_demand: (step.quantity * price(step.cell)).round_dp(PLACES),
                cost: so_far - spent[at],
            });
            spent[at] = so_far;
        }
        for (cell, quantity) in applied.left.iter().enumerate().filter(|(_, quantity)| !quantity.is_zero()) {
            let cost = (*quantity * price(cell)).round_dp(PLACES);
            rows.push(Row { cell, commitment: None, quantity: *quantity, on_demand: cost, cost });
        }
        rows.sort_by_key(|row| row.cell);
        let unused = commitments.iter().zip(&spent).map(|(c, spent)| {
            let hourly = if c.in_force(hour.start) { c.hourly } else { Decimal::ZERO };
            hourly - *spent
        });
        HourBill { rows, unused: unused.collect() }
    }
}

/// A commitment pays for all that is left of a cell, or for as much as it can: then pro rata (`apply_ri.md`, scenario
/// 1: half a c4.xlarge), cut to 12 places, and all that was left of it is spent.
fn meet(pair: &Pair, cell: usize, left: Decimal, room: Decimal) -> Step {
    let Pair { commitment, weight, .. } = *pair;
    let need = (left * weight).round_dp(PLACES);
    if need <= room {
        return Step { commitment, cell, weight, quantity: left, taken: need, exhausted: false };
    }
    let quantity = room.checked_div(weight).unwrap_or_default().trunc_with_scale(PLACES).min(left);
    // Too little for 1e-12 of a unit stays unused.
    let taken = if quantity.is_zero() { Decimal::ZERO } else { room };
    Step { commitment, cell, weight, quantity, taken, exhausted: true }
}

/// Positions of an hour's cells by class, in the order of the hour.
struct ByClass {
    /// Where each class begins in `cells`; one more than there are classes.
    starts: Vec<usize>,
    cells: Vec<usize>,
}

impl ByClass {
    fn new(classes: usize, cells: &[Cell]) -> Self {
        let mut starts = vec![0; classes + 1];
        for cell in cells {
            starts[cell.class + 1] += 1;
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut next = starts.clone();
        let mut sorted = vec![0; cells.len()];
        for (position, cell) in cells.iter().enumerate() {
            sorted[next[cell.class]] = position;
            next[cell.class] += 1;
        }
        ByClass { starts, cells: sorted }
    }

    fn of(&self, class: usize) -> &[usize] {
        &self.cells[self.starts[class]..self.starts[class + 1]]
    }
}
