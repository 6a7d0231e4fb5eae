//! What a set of findings on one target is worth: the difference of two bills.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::derive::baseline::{Baseline, Line};
use crate::finding::{Change, Finding, Verb};
use crate::id::{Meter, Target};
use crate::period::OffHours;
use crate::prices::PriceBook;
use crate::quantity::PricingUnit;

/// A saving per month of 730 hours.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Value {
    /// At the price paid.
    pub effective: Decimal,
    /// At list price; `None` when a list price is missing.
    pub list: Option<Decimal>,
    /// The part of `effective` that commitments in force go on charging.
    pub covered: Decimal,
    /// That part by the date on which the commitments end; `None`: the bill does not say.
    pub held_until: BTreeMap<Option<String>, Decimal>,
    /// What the changes cost once.
    pub once: Decimal,
    /// Each change.
    pub changes: Vec<ChangeValue>,
}

/// One change, valued.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeValue {
    /// drop, swap, mask, add, once.
    pub verb: &'static str,
    /// Meter today.
    pub meter: Option<Meter>,
    /// Meter afterwards.
    pub new_meter: Option<Meter>,
    /// Effective cost today.
    pub cost: Decimal,
    /// Effective cost afterwards.
    pub new_cost: Decimal,
    /// Where the new price comes from.
    pub source: Option<String>,
}

impl Value {
    /// effective − covered: what is saved from now on.
    #[must_use]
    pub fn net(&self) -> Decimal {
        self.effective - self.covered
    }

    /// Adds another target's value; list savings are added by the plan, which counts those without one.
    pub(super) fn add(&mut self, other: &Value) {
        self.effective += other.effective;
        self.covered += other.covered;
        self.once += other.once;
    }

    /// This value less another: what one more finding contributes.
    #[must_use]
    pub fn minus(&self, before: &Value) -> Value {
        let mut held_until = self.held_until.clone();
        for (date, amount) in &before.held_until {
            *held_until.entry(date.clone()).or_default() -= *amount;
        }
        held_until.retain(|_, amount| !amount.is_zero());
        let list = if before.changes.is_empty() { self.list } else { self.list.zip(before.list).map(|(a, b)| a - b) };
        Value {
            effective: self.effective - before.effective,
            list,
            covered: self.covered - before.covered,
            held_until,
            once: self.once - before.once,
            changes: self.changes.clone(),
        }
    }
}

/// One meter's bill while changes are applied to it.
struct Meterage<'a> {
    line: &'a Line,
    effective: Decimal,
    list: Option<Decimal>,
    /// Share of today's quantity that is still used: commitments go on charging for the rest.
    kept: Decimal,
}

/// The value of findings on one target together, or the meter that has no price.
///
/// # Errors
/// The name of the first meter without a price.
pub(super) fn value(findings: &[&Finding], baseline: &Baseline, prices: &PriceBook) -> Result<Value, String> {
    let Some(target) = findings.first().map(|f| &f.target) else { return Ok(Value::default()) };
    let lines = baseline.lines.get(target).map(Vec::as_slice).unwrap_or_default();
    let mut meters: Vec<Meterage<'_>> = lines
        .iter()
        .map(|line| Meterage { line, effective: line.effective, list: line.list, kept: Decimal::ONE })
        .collect();
    let mut out = Value { list: Some(Decimal::ZERO), ..Value::default() };
    let mut added = (Decimal::ZERO, Some(Decimal::ZERO));
    let all = || findings.iter().flat_map(|f| f.changes.iter());
    // Swaps first, masks on what is left, drops last: a drop absorbs, additions to a dropped target vanish.
    let everything_goes = all().any(|c| c.verb == Verb::Drop && c.meter.is_none());
    for change in all() {
        if let Verb::Swap { meter, quantity } = &change.verb {
            if change.quantity == Some(Decimal::ZERO) {
                if !everything_goes {
                    let cost = add(change, meter.as_ref(), *quantity, target, prices)?;
                    added.0 += cost.0;
                    added.1 = added.1.zip(cost.1).map(|(a, b)| a + b);
                    out.changes.push(cost.2);
                }
            } else {
                out.changes.push(swap(change, meter.as_ref(), *quantity, &mut meters, target, prices)?);
            }
        }
    }
    for change in all() {
        match &change.verb {
            Verb::Mask(off) => out.changes.push(mask(change, off, &mut meters, target, baseline)),
            Verb::Once(quantity) => {
                let meter = change.meter.as_ref().ok_or("a one-off cost without a meter")?;
                let price = prices.price(meter, target.region.as_deref()).ok_or_else(|| meter.to_string())?;
                out.once += price.effective * *quantity;
            }
            Verb::Drop | Verb::Swap { .. } => {}
        }
    }
    for change in all().filter(|c| c.verb == Verb::Drop) {
        out.changes.push(drop_meter(change, &mut meters));
    }
    for meterage in &meters {
        let line = meterage.line;
        out.effective += line.effective - meterage.effective;
        let saved_list = line.list.zip(meterage.list).map(|(a, b)| a - b);
        let untouched = line.effective == meterage.effective && line.list == meterage.list;
        out.list = if untouched { out.list } else { out.list.zip(saved_list).map(|(a, b)| a + b) };
        let held = (line.covered * (Decimal::ONE - meterage.kept)).round_dp(12);
        if !held.is_zero() {
            out.covered += held;
            *out.held_until.entry(line.committed_until.clone()).or_default() += held;
        }
    }
    out.effective = (out.effective - added.0).round_dp(12);
    out.list = out.list.zip(added.1).map(|(a, b)| (a - b).round_dp(12));
    out.once = out.once.round_dp(12);
    Ok(out)
}

fn matches(change: &Change, line: &Line) -> bool {
    change.meter.is_none() || change.meter == line.meter
}

/// A meter that is not charged today.
fn add(
    change: &Change,
    meter: Option<&Meter>,
    quantity: Option<Decimal>,
    target: &Target,
    prices: &PriceBook,
) -> Result<(Decimal, Option<Decimal>, ChangeValue), String> {
    let meter = meter.or(change.meter.as_ref()).ok_or("an addition without a meter")?;
    let quantity = quantity.unwrap_or_default();
    let price = prices.price(meter, target.region.as_deref()).ok_or_else(|| meter.to_string())?;
    let cost = price.effective * quantity;
    let value = ChangeValue {
        verb: "add",
        meter: None,
        new_meter: Some(meter.clone()),
        cost: Decimal::ZERO,
        new_cost: cost,
        source: Some(price.source),
    };
    Ok((cost, price.list.map(|p| p * quantity), value))
}

/// Another meter or another quantity.
fn swap(
    change: &Change,
    new_meter: Option<&Meter>,
    new_quantity: Option<Decimal>,
    meters: &mut [Meterage<'_>],
    target: &Target,
    prices: &PriceBook,
) -> Result<ChangeValue, String> {
    let mut today = Decimal::ZERO;
    let mut afterwards = Decimal::ZERO;
    let mut source = None;
    let billed: Decimal = meters.iter().filter(|m| matches(change, m.line)).filter_map(|m| m.line.quantity).sum();
    let changed = new_meter.is_some_and(|m| Some(m) != change.meter.as_ref());
    for meterage in meters.iter_mut().filter(|m| matches(change, m.line)) {
        let line = meterage.line;
        let quantity = line.quantity.ok_or_else(|| "a quantity that the bill does not state".to_owned())?;
        // A page may speak of more than was billed in the window (an inventory's size); lines share by what was billed.
        let share = quantity.checked_div(billed).unwrap_or_default();
        let wanted = new_quantity.map_or(quantity, |q| match change.quantity {
            Some(stated) if !stated.is_zero() => quantity * q / stated,
            _ => q * share,
        });
        let (effective, list) = match new_meter.filter(|_| changed) {
            Some(meter) => {
                let price = prices.price(meter, target.region.as_deref()).ok_or_else(|| meter.to_string())?;
                // A quantity that the page leaves as billed is in the old meter's unit: a price per another unit is none.
                let unit = line.unit.as_deref().map(PricingUnit::new);
                if new_quantity.is_none() && unit.as_ref().is_some_and(|unit| *unit != price.unit) {
                    return Err(format!("{meter} per {}", unit.map(|u| u.to_string()).unwrap_or_default()));
                }
                let cost = (price.effective * wanted, price.list.map(|p| p * wanted));
                source = Some(price.source);
                cost
            }
            None => {
                let ratio = wanted.checked_div(quantity).unwrap_or(Decimal::ONE);
                (line.effective * ratio, line.list.map(|l| l * ratio))
            }
        };
        today += meterage.effective;
        afterwards += effective;
        meterage.effective = effective;
        meterage.list = list;
        // Usage that leaves its meter leaves the commitment that covers it.
        meterage.kept = if changed {
            Decimal::ZERO
        } else {
            wanted.checked_div(quantity).unwrap_or(Decimal::ONE).min(Decimal::ONE)
        };
    }
    Ok(ChangeValue {
        verb: "swap",
        meter: change.meter.clone(),
        new_meter: new_meter.cloned(),
        cost: today,
        new_cost: afterwards,
        source,
    })
}

/// Switched off in some hours of the week: the share of the billed hours that fall into them.
fn mask(
    change: &Change,
    off: &OffHours,
    meters: &mut [Meterage<'_>],
    target: &Target,
    baseline: &Baseline,
) -> ChangeValue {
    let mut today = Decimal::ZERO;
    let mut afterwards = Decimal::ZERO;
    for meterage in meters.iter_mut().filter(|m| matches(change, m.line)) {
        let hours = meterage.line.meter.as_ref().and_then(|m| baseline.hours.get(&(target.clone(), m.clone())));
        let (all, masked) = hours.map_or((0, 0), |h| (h.len(), h.iter().filter(|hour| off.contains(**hour)).count()));
        let kept = Decimal::from(all - masked).checked_div(Decimal::from(all)).unwrap_or(Decimal::ONE);
        today += meterage.effective;
        meterage.effective *= kept;
        meterage.list = meterage.list.map(|l| l * kept);
        meterage.kept *= kept;
        afterwards += meterage.effective;
    }
    ChangeValue {
        verb: "mask",
        meter: change.meter.clone(),
        new_meter: None,
        cost: today,
        new_cost: afterwards,
        source: None,
    }
}

/// The charge goes away.
fn drop_meter(change: &Change, meters: &mut [Meterage<'_>]) -> ChangeValue {
    let mut today = Decimal::ZERO;
    for meterage in meters.iter_mut().filter(|m| matches(change, m.line)) {
        today += meterage.effective;
        meterage.effective = Decimal::ZERO;
        meterage.list = meterage.list.map(|_| Decimal::ZERO);
        meterage.kept = Decimal::ZERO;
    }
    ChangeValue {
        verb: "drop",
        meter: change.meter.clone(),
        new_meter: None,
        cost: today,
        new_cost: Decimal::ZERO,
        source: None,
    }
}
