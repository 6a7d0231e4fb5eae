//! The simulator in binary floats, for searching: what an hour leaves to on-demand prices, a million times a minute.
//!
//! Knows: the order of application as one list of steps over a fixed set of cells. Does not know: exact money; figures that
//! are printed come from [`super::bill`].

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::order::Order;
use super::{Portfolio, Usage};

/// One account's use of one class: positions in [`Usage::accounts`] and [`Usage::classes`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    /// Account.
    pub account: usize,
    /// Class.
    pub class: usize,
}

/// A commitment pays for a cell as far as it can.
#[derive(Clone, Copy, Debug)]
struct Step {
    commitment: usize,
    cell: usize,
    /// What one unit takes from the commitment's capacity; above 0.
    weight: f64,
}

/// The order of application over a fixed set of cells, all of the portfolio in force.
#[derive(Clone, Debug)]
pub struct Quick {
    steps: Vec<Step>,
    /// What each commitment can give in an hour.
    capacity: Vec<f64>,
    /// Price on demand, by cell.
    prices: Vec<f64>,
}

/// Working space: what is left of an hour.
#[derive(Clone, Debug, Default)]
pub struct Rest {
    /// Quantity that nothing covers, by cell.
    pub quantities: Vec<f64>,
    /// What is left of each commitment.
    pub capacity: Vec<f64>,
}

impl Quick {
    /// The steps of a portfolio on these cells.
    ///
    /// # Panics
    /// When a cell names an account or a class that the usage does not have.
    #[must_use]
    pub fn new(usage: &Usage, portfolio: &Portfolio, cells: &[Place]) -> Self {
        let number = |decimal: Decimal| decimal.to_f64().unwrap_or_default();
        let order = Order::new(usage, portfolio);
        let mut of_class: Vec<Vec<usize>> = vec![Vec::new(); usage.classes.len()];
        cells.iter().enumerate().for_each(|(position, cell)| of_class[cell.class].push(position));
        let mut steps = Vec::new();
        for round in &order.rounds {
            let circle = &order.circles[round.circle];
            for pair in &round.pairs {
                let may = |cell: &&usize| circle[pair.commitment][cells[**cell].account];
                let step =
                    |cell: &usize| Step { commitment: pair.commitment, cell: *cell, weight: number(pair.weight) };
                steps.extend(of_class[pair.class].iter().filter(may).map(step));
            }
        }
        Quick {
            steps,
            capacity: portfolio.commitments.iter().map(|one| number(one.capacity())).collect(),
            prices: cells.iter().map(|cell| number(usage.classes[cell.class].on_demand)).collect(),
        }
    }

    /// Whether some commitment can pay for a cell.
    #[must_use]
    pub fn reaches(&self, cell: usize) -> bool {
        self.steps.iter().any(|step| step.cell == cell)
    }

    /// Dollars on demand of an hour after all commitments.
    #[must_use]
    pub fn remainder(&self, quantities: &[f64], rest: &mut Rest) -> f64 {
        self.apply(quantities, rest);
        rest.quantities.iter().zip(&self.prices).map(|(quantity, price)| quantity * price).sum()
    }

    /// Leaves in `rest` what no commitment pays for.
    pub fn apply(&self, quantities: &[f64], rest: &mut Rest) {
        rest.quantities.clear();
        rest.quantities.extend_from_slice(quantities);
        rest.capacity.clear();
        rest.capacity.extend_from_slice(&self.capacity);
        for step in &self.steps {
            let (room, left) = (&mut rest.capacity[step.commitment], &mut rest.quantities[step.cell]);
            if *room <= 0.0 || *left <= 0.0 {
                continue;
            }
            let need = *left * step.weight;
            if need <= *room {
                *room -= need;
                *left = 0.0;
            } else {
                *left -= *room / step.weight;
                *room = 0.0;
            }
        }
    }

    /// Dollars on demand of an hour without any commitment.
    #[must_use]
    pub fn on_demand(&self, quantities: &[f64]) -> f64 {
        quantities.iter().zip(&self.prices).map(|(quantity, price)| quantity * price).sum()
    }
}
