//! Usage by hour, account and class, and what changes make of it.
//!
//! Knows: quantities, what a class is to a commitment, its price on demand. Does not know: commitments, what anything
//! costs in the end.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::id::Meter;
use crate::money::PLACES;
use crate::period::{OffHours, hour_of_week};

/// What one unit of usage is, as commitments see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Class {
    /// What it is charged as, e.g. `AmazonEC2/BoxUsage:m5.xlarge`.
    pub meter: Meter,
    /// `RegionId`, e.g. `us-east-1`.
    pub region: Option<String>,
    /// Availability zone, e.g. `us-east-1a`; only zonal reservations ask for it.
    pub zone: Option<String>,
    /// `m5.xlarge`, `db.r5.large`; `None` for what has no type (Fargate, Lambda).
    pub instance_type: Option<String>,
    /// `m5`, `db.r5`.
    pub family: Option<String>,
    /// What a reservation must agree on besides the type: operating system or engine, and tenancy. Empty: Linux,
    /// default tenancy.
    pub platform: String,
    /// Normalisation units of one unit of quantity (large 4, xlarge 8: `apply_ri.md`); `None`: not size-flexible.
    pub units: Option<Decimal>,
    /// Dollars of one unit of quantity on demand.
    pub on_demand: Decimal,
}

/// Quantity of one class in one account in one hour.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Position in [`Usage::accounts`].
    pub account: usize,
    /// Position in [`Usage::classes`].
    pub class: usize,
    /// In units of the class. Instances: instance-hours, pooled over the hour (four of 15 minutes are 1); a reservation
    /// pays for at most 3,600 seconds of each clock-hour, however many instances share them
    /// (`concepts-reserved-instances-application.md`).
    pub quantity: Decimal,
}

/// One clock-hour of usage.
#[derive(Clone, Debug, PartialEq)]
pub struct Hour {
    /// Start, on the hour, UTC.
    pub start: Timestamp,
    /// What was used. Of cells that stand equal before a commitment the first is served first.
    pub cells: Vec<Cell>,
}

/// Usage of an organisation over hours.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Usage {
    /// Account ids.
    pub accounts: Vec<String>,
    /// Classes.
    pub classes: Vec<Class>,
    /// Hours, in any order, each once.
    pub hours: Vec<Hour>,
}

/// One resource's usage of one class, and what becomes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Alternative {
    /// Account of the resource, position in [`Usage::accounts`].
    pub account: usize,
    /// Class of today, position in [`Usage::classes`].
    pub from_class: usize,
    /// The class afterwards and its quantity for one of today's; the same class and 1: stays. `None`: gone.
    pub to: Option<(usize, Decimal)>,
    /// Hours of the week in which it is gone, whatever `to` says; `None`: in none.
    pub off: Option<OffHours>,
    /// The resource's quantity by hour (position in [`Usage::hours`]), in units of `from_class`.
    pub quantity: Vec<(usize, Decimal)>,
}

/// Turns changes into usage: quantities leave their class and enter another, or nothing.
///
/// Never more leaves than is there, and what one alternative brings no other takes away. Cells keep their places; a
/// class that was not used in the hour is added after them.
///
/// # Panics
/// When an alternative names an hour that is not there.
#[must_use]
pub fn apply(usage: &Usage, alternatives: &[Alternative]) -> Usage {
    let mut changes: Vec<Vec<(&Alternative, Decimal)>> = vec![Vec::new(); usage.hours.len()];
    for alternative in alternatives {
        for (hour, quantity) in &alternative.quantity {
            changes[*hour].push((alternative, *quantity));
        }
    }
    let mut after = usage.clone();
    for (hour, changes) in after.hours.iter_mut().zip(&changes).filter(|(_, changes)| !changes.is_empty()) {
        change(hour, changes);
    }
    after
}

fn change(hour: &mut Hour, changes: &[(&Alternative, Decimal)]) {
    let mut places: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    for (place, cell) in hour.cells.iter().enumerate() {
        places.entry((cell.account, cell.class)).or_default().push(place);
    }
    let of_week = hour_of_week(hour.start);
    let mut arrivals: BTreeMap<(usize, usize), Decimal> = BTreeMap::new();
    for (alternative, quantity) in changes {
        let mut taken = Decimal::ZERO;
        for place in places.get(&(alternative.account, alternative.from_class)).into_iter().flatten() {
            let cell = &mut hour.cells[*place];
            let part = (*quantity - taken).min(cell.quantity).max(Decimal::ZERO);
            cell.quantity -= part;
            taken += part;
        }
        let off = alternative.off.as_ref().is_some_and(|off| off.contains(of_week));
        if let Some((class, factor)) = alternative.to.filter(|_| !off) {
            *arrivals.entry((alternative.account, class)).or_default() += (taken * factor).round_dp(PLACES);
        }
    }
    for ((account, class), quantity) in arrivals.into_iter().filter(|(_, quantity)| !quantity.is_zero()) {
        match places.get(&(account, class)).and_then(|places| places.first()) {
            Some(place) => hour.cells[*place].quantity += quantity,
            None => hour.cells.push(Cell { account, class, quantity }),
        }
    }
}
