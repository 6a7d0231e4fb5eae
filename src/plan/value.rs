//! What a set of findings on one target is worth: the difference of two bills.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::derive::baseline::{Baseline, Line};
use crate::finding::{Change, Finding, Verb};
use crate::id::{Meter, Target};
use crate::period::{HOURS_PER_MONTH, HOURS_PER_WEEK, OffHours};
use crate::prices::{MeterPrice, PriceBook};
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
    /// What `once` is made of.
    pub once_changes: Vec<ChangeValue>,
    /// Each meter of the target that changes.
    pub moves: Vec<Move>,
}

/// What becomes of one meter of a target, all changes together.
#[derive(Clone, Debug, PartialEq)]
pub struct Move {
    /// Meter today; unknown when the export lost it.
    pub meter: Option<Meter>,
    /// Meter afterwards and its quantity for one of today's; `None`: gone.
    pub to: Option<(Meter, Decimal)>,
    /// Hours of the week in which it is off.
    pub off: Vec<OffHours>,
    /// Its part of the saving at the price paid, additions left out.
    pub effective: Decimal,
    /// Its part of what commitments go on charging.
    pub covered: Decimal,
    /// Date on which those end.
    pub committed_until: Option<String>,
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
    /// The same for each line of the bill that it touches.
    pub steps: Vec<Step>,
}

/// How one line of the target's bill comes to its new cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Place of the line in the baseline of the target; `None`: nothing is charged today.
    pub line: Option<usize>,
    /// Effective cost before this change.
    pub cost: Decimal,
    /// Effective cost afterwards.
    pub new_cost: Decimal,
    /// List cost before, where the bill has it.
    pub list: Option<Decimal>,
    /// List cost afterwards.
    pub new_list: Option<Decimal>,
    /// Why it is that.
    pub how: How,
}

/// Why a new cost is what it is.
#[derive(Clone, Debug, PartialEq)]
pub enum How {
    /// So much at this price.
    Priced {
        /// Quantity.
        quantity: Decimal,
        /// Of a unit.
        price: MeterPrice,
    },
    /// The cost of today in the proportion of two quantities.
    Scaled {
        /// Afterwards.
        quantity: Decimal,
        /// Today.
        of: Decimal,
    },
    /// The cost before in the proportion of what a week uses in the hours that stay on.
    Masked {
        /// In the hours that stay on.
        quantity: Decimal,
        /// In all hours: as charged, or 168 where hours are not known and it runs all the time; zero: not known, and nothing is saved.
        of: Decimal,
    },
    /// The charge goes away.
    Gone,
}

impl ChangeValue {
    /// A change, from what becomes of each line.
    fn of(verb: &'static str, meter: Option<&Meter>, new_meter: Option<&Meter>, steps: Vec<Step>) -> Self {
        let source = |step: &Step| match &step.how {
            How::Priced { price, .. } => Some(price.source.clone()),
            _ => None,
        };
        ChangeValue {
            verb,
            meter: meter.cloned(),
            new_meter: new_meter.cloned(),
            cost: steps.iter().map(|step| step.cost).sum(),
            new_cost: steps.iter().map(|step| step.new_cost).sum(),
            source: steps.iter().rev().find_map(source),
            steps,
        }
    }
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
            once_changes: self.once_changes.clone(),
            moves: Vec::new(),
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
    /// Another meter, and its quantity for one of today's.
    to: Option<(Meter, Decimal)>,
    gone: bool,
    off: Vec<OffHours>,
}

impl Meterage<'_> {
    fn of(line: &Line) -> Meterage<'_> {
        let (effective, list) = (line.effective, line.list);
        Meterage { line, effective, list, kept: Decimal::ONE, to: None, gone: false, off: Vec::new() }
    }

    /// Sets what it costs from now on.
    fn becomes(&mut self, line: usize, new_cost: Decimal, new_list: Option<Decimal>, how: How) -> Step {
        let step = Step { line: Some(line), cost: self.effective, new_cost, list: self.list, new_list, how };
        (self.effective, self.list) = (new_cost, new_list);
        step
    }

    /// What becomes of it; nothing when no change touches it.
    fn moved(&self) -> Option<Move> {
        let stays = || self.line.meter.clone().map(|meter| (meter, Decimal::ONE));
        let touched = self.gone || self.to.is_some() || !self.off.is_empty();
        touched.then(|| Move {
            meter: self.line.meter.clone(),
            to: if self.gone { None } else { self.to.clone().or_else(stays) },
            off: self.off.clone(),
            effective: self.line.effective - self.effective,
            covered: (self.line.covered * (Decimal::ONE - self.kept)).round_dp(12),
            committed_until: self.line.committed_until.clone(),
        })
    }
}

/// The value of findings on one target together, or the meter that has no price.
///
/// # Errors
/// The name of the first meter without a price.
pub(super) fn value(findings: &[&Finding], baseline: &Baseline, prices: &PriceBook) -> Result<Value, String> {
    let Some(target) = findings.first().map(|f| &f.target) else { return Ok(Value::default()) };
    let lines = baseline.lines.get(target).map(Vec::as_slice).unwrap_or_default();
    let mut meters: Vec<Meterage<'_>> = lines.iter().map(Meterage::of).collect();
    let mut out = Value { list: Some(Decimal::ZERO), ..Value::default() };
    let mut added = (Decimal::ZERO, Some(Decimal::ZERO));
    let all = || findings.iter().flat_map(|f| f.changes.iter());
    // Swaps first, masks on what is left, drops last: a drop absorbs, additions to a dropped target vanish.
    let everything_goes = all().any(|c| c.verb == Verb::Drop && c.meter.is_none());
    for change in all() {
        if let Verb::Swap { meter, quantity } = &change.verb {
            if change.quantity == Some(Decimal::ZERO) {
                if !everything_goes {
                    let (step, value) = add(change, meter.as_ref(), *quantity, target, prices)?;
                    added.0 += step.new_cost;
                    added.1 = added.1.zip(step.new_list).map(|(a, b)| a + b);
                    out.changes.push(value);
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
                let step = priced(*quantity, price);
                out.once += step.new_cost;
                out.once_changes.push(ChangeValue::of("once", None, Some(meter), vec![step]));
            }
            Verb::Drop | Verb::Swap { .. } | Verb::Commit(_) => {}
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
        if let Some(moved) = meterage.moved() {
            if !moved.covered.is_zero() {
                out.covered += moved.covered;
                *out.held_until.entry(moved.committed_until.clone()).or_default() += moved.covered;
            }
            out.moves.push(moved);
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

/// So much of a meter that is not charged today.
fn priced(quantity: Decimal, price: MeterPrice) -> Step {
    Step {
        line: None,
        cost: Decimal::ZERO,
        new_cost: price.effective * quantity,
        list: Some(Decimal::ZERO),
        new_list: price.list.map(|list| list * quantity),
        how: How::Priced { quantity, price },
    }
}

/// A meter that is not charged today.
fn add(
    change: &Change,
    meter: Option<&Meter>,
    quantity: Option<Decimal>,
    target: &Target,
    prices: &PriceBook,
) -> Result<(Step, ChangeValue), String> {
    let meter = meter.or(change.meter.as_ref()).ok_or("an addition without a meter")?;
    let price = prices.price(meter, target.region.as_deref()).ok_or_else(|| meter.to_string())?;
    let step = priced(quantity.unwrap_or_default(), price);
    Ok((step.clone(), ChangeValue::of("add", None, Some(meter), vec![step])))
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
    let mut steps = Vec::new();
    let billed: Decimal = meters.iter().filter(|m| matches(change, m.line)).filter_map(|m| m.line.quantity).sum();
    let changed = new_meter.is_some_and(|m| Some(m) != change.meter.as_ref());
    for (place, meterage) in meters.iter_mut().enumerate().filter(|(_, m)| matches(change, m.line)) {
        let line = meterage.line;
        let quantity = line.quantity.ok_or_else(|| "a quantity that the bill does not state".to_owned())?;
        // A page may speak of more than was billed in the window (an inventory's size); lines share by what was billed.
        let share = quantity.checked_div(billed).unwrap_or_default();
        let wanted = new_quantity.map_or(quantity, |q| match change.quantity {
            Some(stated) if !stated.is_zero() => quantity * q / stated,
            _ => q * share,
        });
        let (effective, list, how) = match new_meter.filter(|_| changed) {
            Some(meter) => {
                let price = prices.price(meter, target.region.as_deref()).ok_or_else(|| meter.to_string())?;
                // A quantity that the page leaves as billed is in the old meter's unit: a price per another unit is none.
                let unit = line.unit.as_deref().map(PricingUnit::new);
                if new_quantity.is_none() && unit.as_ref().is_some_and(|unit| *unit != price.unit) {
                    return Err(format!("{meter} per {}", unit.map(|u| u.to_string()).unwrap_or_default()));
                }
                let (cost, list) = (price.effective * wanted, price.list.map(|p| p * wanted));
                (cost, list, How::Priced { quantity: wanted, price })
            }
            None => {
                let ratio = wanted.checked_div(quantity).unwrap_or(Decimal::ONE);
                (line.effective * ratio, line.list.map(|l| l * ratio), How::Scaled { quantity: wanted, of: quantity })
            }
        };
        steps.push(meterage.becomes(place, effective, list, how));
        let factor = wanted.checked_div(quantity).unwrap_or(Decimal::ONE);
        meterage.to = new_meter.or(line.meter.as_ref()).map(|meter| (meter.clone(), factor));
        // Usage that leaves its meter leaves the commitment that covers it.
        meterage.kept = if changed {
            Decimal::ZERO
        } else {
            wanted.checked_div(quantity).unwrap_or(Decimal::ONE).min(Decimal::ONE)
        };
    }
    Ok(ChangeValue::of("swap", change.meter.as_ref(), new_meter, steps))
}

/// Switched off in some hours of the week: the share of the billed hours that fall into them.
fn mask(
    change: &Change,
    off: &OffHours,
    meters: &mut [Meterage<'_>],
    target: &Target,
    baseline: &Baseline,
) -> ChangeValue {
    let mut steps = Vec::new();
    for (place, meterage) in meters.iter_mut().enumerate().filter(|(_, m)| matches(change, m.line)) {
        let hours = meterage.line.meter.as_ref().and_then(|m| baseline.hours.get(&(target.clone(), m.clone())));
        let sum = |wanted: bool| -> Decimal {
            let used = hours.into_iter().flatten();
            used.filter(|(hour, _)| wanted || !off.contains(*hour)).map(|(_, quantity)| *quantity).sum()
        };
        let whole_week = Decimal::from(HOURS_PER_WEEK);
        let (on, all) = match hours {
            // Not known by the hour: what runs all the time runs in all of them, and of anything else nothing is saved.
            None if always_on(meterage.line) => (whole_week - Decimal::from(off.count()), whole_week),
            _ => (sum(false), sum(true)),
        };
        let kept = on.checked_div(all).unwrap_or(Decimal::ONE);
        let (effective, list) = (meterage.effective * kept, meterage.list.map(|l| l * kept));
        steps.push(meterage.becomes(place, effective, list, How::Masked { quantity: on, of: all }));
        meterage.kept *= kept;
        meterage.off.push(off.clone());
    }
    ChangeValue::of("mask", change.meter.as_ref(), None, steps)
}

/// Whether so many hours are charged that hardly any is missing: a twentieth at most, for days that come late.
fn always_on(line: &Line) -> bool {
    let hourly = line.unit.as_deref().is_some_and(|unit| PricingUnit::new(unit) == PricingUnit::new("Hours"));
    let most = Decimal::from(HOURS_PER_MONTH) * Decimal::new(95, 2);
    hourly && line.quantity.is_some_and(|quantity| quantity >= most)
}

/// The charge goes away.
fn drop_meter(change: &Change, meters: &mut [Meterage<'_>]) -> ChangeValue {
    let mut steps = Vec::new();
    for (place, meterage) in meters.iter_mut().enumerate().filter(|(_, m)| matches(change, m.line)) {
        let list = meterage.list.map(|_| Decimal::ZERO);
        steps.push(meterage.becomes(place, Decimal::ZERO, list, How::Gone));
        meterage.kept = Decimal::ZERO;
        meterage.gone = true;
    }
    ChangeValue::of("drop", change.meter.as_ref(), None, steps)
}
