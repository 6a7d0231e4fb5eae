//! The last week when commitments on offer can be bought as well.
//!
//! Knows: offers, how much of each the usage as it stands asks for, what the week then costs. Does not know: the weeks before,
//! possible years, what is bought in the end (`commit`).

use std::collections::BTreeSet;

use super::commit::{self, Offer};
use super::joint::World;
use super::value::Move;
use super::week::{LATER, Shift, Week, float};
use crate::id::{Meter, Target};
use crate::simulate::{Place, Portfolio, Quick, Rest};

/// A week whose usage changes and whose new commitments follow it.
pub(super) struct Market<'a, 'b> {
    week: &'a Week<'b>,
    offers: &'a [Offer],
    cells: Vec<Place>,
    /// Quantity by hour and cell, as things stand.
    rows: Vec<Vec<f64>>,
    /// In force and bought.
    quick: Quick,
    /// Bought: what is left when all that is in force has ended.
    later: Quick,
    /// Dollars of the week for what is bought.
    fees: f64,
    /// Cost by hour: now, and a hundredth of what it would be without the commitments that are in force.
    costs: Vec<f64>,
    dirty: BTreeSet<usize>,
    rest: Rest,
}

impl<'a, 'b> Market<'a, 'b> {
    /// The week as it was used, with nothing bought.
    pub(super) fn new(week: &'a Week<'b>, offers: &'a [Offer]) -> Self {
        let (cells, rows) = (week.cells(), week.rows(week.usage()));
        let quick = Quick::new(week.usage(), week.in_force(), &cells);
        let later = Quick::new(week.usage(), &Portfolio::default(), &cells);
        let (costs, dirty) = (vec![0.0; rows.len()], (0..rows.len()).collect());
        Market { week, offers, cells, rows, quick, later, fees: 0.0, costs, dirty, rest: Rest::default() }
    }

    /// Whether commitments in force or on offer can pay for a meter before or after a change.
    pub(super) fn decides(&self, target: &Target, one: &Move) -> bool {
        let class = |meter: &Meter| self.week.class(&(target.region.clone(), meter.clone()));
        let offered =
            |meter: &Meter| class(meter).is_some_and(|class| self.offers.iter().any(|offer| offer.covers(class)));
        let meters = one.meter.iter().chain(one.to.as_ref().map(|(meter, _)| meter));
        self.week.simulates(target, one) || self.week.is_hourly(target, one) && meters.into_iter().any(offered)
    }

    fn shift_by(&mut self, shift: &Shift, sign: f64) {
        for (hour, cell, delta) in shift.deltas() {
            if let Some(quantity) = self.rows.get_mut(*hour).and_then(|hour| hour.get_mut(*cell)) {
                *quantity += sign * delta;
                self.dirty.insert(*hour);
            }
        }
    }
}

impl World for Market<'_, '_> {
    type Change = Shift;

    fn cost(&mut self) -> f64 {
        for hour in std::mem::take(&mut self.dirty) {
            let now = self.quick.remainder(&self.rows[hour], &mut self.rest);
            self.costs[hour] = now + LATER * self.later.remainder(&self.rows[hour], &mut self.rest);
        }
        self.costs.iter().sum::<f64>() + self.fees
    }

    fn apply(&mut self, change: &Shift) {
        self.shift_by(change, 1.0);
    }

    fn revert(&mut self, change: &Shift) {
        self.shift_by(change, -1.0);
    }

    fn resize(&mut self) {
        let rows = self.rows.iter().map(|row| row.iter().map(|quantity| quantity.max(0.0)).collect());
        let bought = commit::bought(self.offers, self.week, self.week.open(rows.collect()));
        self.fees = bought.iter().map(|one| float(one.hourly)).sum::<f64>() * self.rows.len() as f64;
        let mut portfolio = Portfolio { commitments: bought, ..self.week.in_force().clone() };
        self.later = Quick::new(self.week.usage(), &portfolio, &self.cells);
        portfolio.commitments.splice(0..0, self.week.in_force().commitments.iter().cloned());
        self.quick = Quick::new(self.week.usage(), &portfolio, &self.cells);
        self.dirty = (0..self.rows.len()).collect();
    }
}
