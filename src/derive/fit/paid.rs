//! What is paid for the hours of each resource, and what another meter would cost.
//!
//! Knows: meters of a bill or an estimate, a function of prices. Does not know: where prices come from, what a meter is of.

use std::collections::HashMap;

use polars::prelude::DataFrame;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::Limits;
use super::shapes::Type;
use crate::derive::baseline::targets;
use crate::id::{Meter, Target};
use crate::table::read::{columns_of, numbers};

/// Price of an hour of a meter in a region.
pub type Price<'a> = &'a dyn Fn(&Meter, Option<&str>) -> Option<Decimal>;

/// What there is to choose from, and within which limits.
pub(super) struct Market<'a> {
    /// All types by name.
    pub(super) types: &'a HashMap<String, Type>,
    pub(super) price: Price<'a>,
    pub(super) limits: &'a Limits,
}

impl Market<'_> {
    /// What an hour of a meter costs where a resource is.
    pub(super) fn price(&self, meter: &str, target: &Target) -> Option<f64> {
        (self.price)(&Meter(meter.to_owned()), target.region.as_deref()).and_then(|price| price.to_f64())
    }
}

/// What is charged for the hours of a resource.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Paid {
    pub(super) meter: String,
    /// An hour, as it is paid: commitments and discounts in it.
    pub(super) hour: f64,
}

/// What is paid for an hour in the mean of those with the meter of the first; `None`: there are none.
pub(super) fn in_the_mean<'a>(all: impl IntoIterator<Item = &'a Paid>) -> Option<Paid> {
    let all: Vec<&Paid> = all.into_iter().collect();
    let meter = all.first()?.meter.clone();
    let same: Vec<f64> = all.iter().filter(|one| one.meter == meter).map(|one| one.hour).collect();
    Some(Paid { meter, hour: same.iter().sum::<f64>() / same.len() as f64 })
}

/// By resource the meter of its hours; of several the one with the most of them.
pub(super) fn paid(costs: Option<&DataFrame>, of_hours: impl Fn(&str) -> bool) -> HashMap<Target, Paid> {
    let Some(costs) = costs else { return HashMap::new() };
    let mut found: HashMap<Target, (Decimal, Paid)> = HashMap::new();
    let [meter] = columns_of(costs, ["Meter"]);
    let [quantity, effective] = ["RunRateQuantity", "EffectiveRunRate"].map(|name| numbers(costs, name));
    for (row, (target, meter)) in targets(costs).into_iter().zip(meter).enumerate() {
        let (Some(meter), Some(quantity), Some(effective)) = (meter, quantity[row], effective[row]) else { continue };
        let most = found.get(&target).is_none_or(|(most, _)| quantity > *most);
        if of_hours(&meter) && most {
            let hour = effective.checked_div(quantity).and_then(|price| price.to_f64()).unwrap_or_default();
            found.insert(target, (quantity, Paid { meter, hour }));
        }
    }
    found.into_iter().map(|(target, (_, paid))| (target, paid)).collect()
}
