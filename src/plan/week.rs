//! The last week under the commitments in force, and what changes do to it.
//!
//! Knows: which meters commitments reach, what the week would cost after changes, now and after each expiry. Does not know:
//! which changes are worth taking, and what no commitment reaches: there the saving is the price paid.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::joint::World;
use super::value::{Move, Value};
use crate::derive::baseline::Baseline;
use crate::derive::hourly::Used;
use crate::derive::hours::Hours;
use crate::id::{Meter, Target};
use crate::period::{HOURS_PER_MONTH, HOURS_PER_WEEK, OffHours, hour_of_week};
use crate::prices::PriceBook;
use crate::simulate::{
    self, Alternative, Benefit, ClassKey, FromBill, Place, Pool, Portfolio, Quick, Rest, Usage, from_bill,
};

/// A time from which the same commitments are in force.
struct Epoch {
    /// Its first day; `None`: now, or a day that the bill does not state.
    from: Option<String>,
    portfolio: Portfolio,
    quick: Quick,
}

/// The week.
pub(super) struct Week<'a> {
    baseline: &'a Baseline,
    usage: Usage,
    classes: BTreeMap<ClassKey, usize>,
    accounts: BTreeMap<String, usize>,
    /// Position in the usage of each hour of the week.
    hours: Vec<Option<usize>>,
    epochs: Vec<Epoch>,
    cells: BTreeMap<Place, usize>,
    /// Classes that a commitment in force can pay for.
    reached: BTreeSet<usize>,
    /// The weeks: quantity by hour and cell.
    history: BTreeMap<Timestamp, Vec<f64>>,
    used: &'a Used,
    /// Quantity by hour and cell, as things stand.
    quantities: Vec<Vec<f64>>,
    /// Cost by hour, as things stand: now, and a hundredth of what it would be without commitments.
    costs: Vec<f64>,
    dirty: BTreeSet<usize>,
    total: f64,
    rest: Rest,
}

/// What changes do to the week.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Shift {
    /// Position of the hour, of the cell, and what is added there: where commitments in force reach.
    deltas: Vec<(usize, usize, f64)>,
    /// The same where only new commitments could.
    open: Vec<(usize, usize, f64)>,
    /// The same for the exact simulator.
    alternatives: Vec<Alternative>,
    /// What commitments could reach: what else is left for new ones.
    others: Vec<Alternative>,
    /// Both, for the weeks before.
    weeks: Vec<Moved>,
}

/// What becomes of a meter of a target in the weeks before.
#[derive(Clone, Debug, PartialEq)]
struct Moved {
    key: (Target, Meter),
    left: usize,
    entered: Option<(usize, Decimal)>,
    off: Option<OffHours>,
}

impl Shift {
    /// What two shifts do together.
    pub(super) fn and(mut self, other: Shift) -> Shift {
        self.deltas.extend(other.deltas);
        self.open.extend(other.open);
        self.alternatives.extend(other.alternatives);
        self.others.extend(other.others);
        self.weeks.extend(other.weeks);
        self
    }

    /// Whether commitments in force reach some of it.
    pub(super) fn is_simulated(&self) -> bool {
        !self.alternatives.is_empty()
    }

    /// Position of the hour, of the cell, and what is added there.
    pub(super) fn deltas(&self) -> impl Iterator<Item = &(usize, usize, f64)> {
        self.deltas.iter().chain(&self.open)
    }
}

/// Later savings decide only between equals: what is not saved now may never be.
pub(super) const LATER: f64 = 0.01;

impl<'a> Week<'a> {
    /// The week of a bill; `None` when nothing was used that commitments know. `arrivals`: accounts, regions and meters that
    /// changes would bring.
    pub(super) fn new(
        hours: &'a Hours,
        baseline: &'a Baseline,
        prices: &PriceBook,
        arrivals: &BTreeSet<(Option<String>, ClassKey)>,
    ) -> Option<Self> {
        let now = hours.as_of.timestamp();
        let also = arrivals.iter().map(|(_, key)| key.clone()).collect();
        let FromBill { usage, mut portfolio, places: classes, .. } =
            from_bill(&hours.hourly, &hours.in_force, prices, &also);
        portfolio.commitments.retain(|one| one.until.is_none_or(|until| until > now));
        if usage.hours.is_empty() || usage.classes.is_empty() {
            return None;
        }
        let accounts: BTreeMap<String, usize> =
            usage.accounts.iter().enumerate().map(|(place, account)| (account.clone(), place)).collect();
        let mut places: BTreeSet<Place> = BTreeSet::new();
        for cell in usage.hours.iter().flat_map(|hour| &hour.cells) {
            places.insert(Place { account: cell.account, class: cell.class });
        }
        for (account, key) in arrivals {
            if let (Some(account), Some(class)) =
                (accounts.get(account.as_deref().unwrap_or_default()), classes.get(key))
            {
                places.insert(Place { account: *account, class: *class });
            }
        }
        let list: Vec<Place> = places.iter().copied().collect();
        let cells: BTreeMap<Place, usize> =
            list.iter().enumerate().map(|(position, place)| (*place, position)).collect();
        let epochs = epochs(&usage, &portfolio, &list);
        let reached = list.iter().enumerate();
        let reached =
            reached.filter(|(cell, _)| epochs[0].quick.reaches(*cell)).map(|(_, place)| place.class).collect();
        let mut of_week = vec![None; HOURS_PER_WEEK as usize];
        let mut quantities = vec![vec![0.0; list.len()]; usage.hours.len()];
        for (position, hour) in usage.hours.iter().enumerate() {
            of_week[hour_of_week(hour.start)] = Some(position);
            for cell in &hour.cells {
                let place = Place { account: cell.account, class: cell.class };
                quantities[position][cells[&place]] += float(cell.quantity);
            }
        }
        let mut history: BTreeMap<Timestamp, Vec<f64>> = BTreeMap::new();
        for (start, used) in &hours.history.hours {
            let row = history.entry(*start).or_insert_with(|| vec![0.0; list.len()]);
            for (key, quantity) in used.iter().filter_map(|(at, q)| Some((&hours.history.keys.get(*at)?.0, *q))) {
                // What nobody used in the last week is gone.
                let account = accounts.get(key.account.as_deref().unwrap_or_default());
                let class = classes.get(&(key.region.clone(), key.meter.clone()));
                let place = account.zip(class).map(|(account, class)| Place { account: *account, class: *class });
                if let Some(cell) = place.and_then(|place| cells.get(&place)) {
                    row[*cell] += float(quantity);
                }
            }
        }
        let dirty = (0..usage.hours.len()).collect();
        let costs = vec![0.0; usage.hours.len()];
        let mut week = Week {
            baseline,
            usage,
            classes,
            accounts,
            hours: of_week,
            epochs,
            cells,
            reached,
            history,
            used: &hours.used,
            quantities,
            costs,
            dirty,
            total: 0.0,
            rest: Rest::default(),
        };
        week.cost();
        Some(week)
    }

    /// Whether the hours of a meter are known.
    pub(super) fn is_hourly(&self, target: &Target, one: &Move) -> bool {
        one.meter.as_ref().is_some_and(|meter| {
            self.classes.contains_key(&(target.region.clone(), meter.clone()))
                && self.baseline.hours.contains_key(&(target.clone(), meter.clone()))
        })
    }

    /// Whether what becomes of a meter is simulated: its hours are known, and commitments reach it before or after.
    pub(super) fn simulates(&self, target: &Target, one: &Move) -> bool {
        let reached = |meter: &Meter| {
            let class = self.class(&(target.region.clone(), meter.clone()));
            class.is_some_and(|class| self.reached.contains(&class))
        };
        let known =
            one.to.as_ref().is_none_or(|(meter, _)| self.class(&(target.region.clone(), meter.clone())).is_some());
        let meters = one.meter.iter().chain(one.to.as_ref().map(|(meter, _)| meter));
        self.is_hourly(target, one) && known && meters.into_iter().any(reached)
    }

    /// What a value does to the week; nothing when commitments could reach none of its meters.
    pub(super) fn shift(&self, target: &Target, value: &Value) -> Option<Shift> {
        let account = *self.accounts.get(target.account.as_deref().unwrap_or_default())?;
        let mut shift = Shift::default();
        for one in value.moves.iter().filter(|one| self.is_hourly(target, one)) {
            let meter = one.meter.as_ref()?;
            let class = |meter: &Meter| self.class(&(target.region.clone(), meter.clone()));
            let cell = |class: usize| self.cells.get(&Place { account, class }).copied();
            let (from_class, left) = (class(meter)?, cell(class(meter)?)?);
            // To what commitments do not know, it is gone.
            let to = one.to.as_ref().and_then(|(meter, factor)| Some((class(meter)?, *factor)));
            let entered = to.and_then(|(class, factor)| Some((cell(class)?, factor)));
            let off = one.off.iter().cloned().reduce(|all, more| all.union(&more));
            let simulated = self.simulates(target, one);
            let key = (target.clone(), meter.clone());
            let mut quantity = Vec::new();
            for (of_week, amount) in self.baseline.hours.get(&key)? {
                let Some(hour) = self.hours.get(*of_week).copied().flatten() else { continue };
                quantity.push((hour, *amount));
                let deltas = if simulated { &mut shift.deltas } else { &mut shift.open };
                deltas.push((hour, left, -float(*amount)));
                let on = off.as_ref().is_none_or(|off| !off.contains(*of_week));
                if let Some((cell, factor)) = entered.filter(|_| on) {
                    deltas.push((hour, cell, float(*amount * factor)));
                }
            }
            let alternative = Alternative { account, from_class, to, off: off.clone(), quantity };
            if simulated { &mut shift.alternatives } else { &mut shift.others }.push(alternative);
            shift.weeks.push(Moved { key, left, entered, off });
        }
        (!shift.weeks.is_empty()).then_some(shift)
    }

    /// Position of a class.
    pub(super) fn class(&self, key: &ClassKey) -> Option<usize> {
        self.classes.get(key).copied()
    }

    /// The week as it was used.
    pub(super) fn usage(&self) -> &Usage {
        &self.usage
    }

    /// The week after changes.
    pub(super) fn after(&self, shifts: &[&Shift]) -> Usage {
        let all = shifts.iter().flat_map(|shift| shift.alternatives.iter().chain(&shift.others));
        simulate::apply(&self.usage, &all.cloned().collect::<Vec<_>>())
    }

    /// Commitments in force now.
    pub(super) fn in_force(&self) -> &Portfolio {
        &self.epochs[0].portfolio
    }

    /// What a dollar on demand really costs under the commitments in force, by account, region and meter: the mean of the week.
    pub(super) fn marginal(&self) -> BTreeMap<(String, ClassKey), Decimal> {
        let mut sums: BTreeMap<Place, (Decimal, Decimal)> = BTreeMap::new();
        let prices = simulate::marginal(&self.usage, self.in_force());
        for (hour, prices) in self.usage.hours.iter().zip(prices) {
            for (cell, price) in prices {
                let cell = &hour.cells[cell];
                let place = Place { account: cell.account, class: cell.class };
                let dollars = cell.quantity * self.usage.classes[cell.class].on_demand;
                let (paid, on_demand) = sums.entry(place).or_default();
                *paid += dollars * price;
                *on_demand += dollars;
            }
        }
        let named = sums.into_iter().filter_map(|(place, (paid, on_demand))| {
            let class = self.usage.classes.get(place.class)?;
            let key = (self.usage.accounts.get(place.account)?.clone(), (class.region.clone(), class.meter.clone()));
            Some((key, paid.checked_div(on_demand)?.round_dp(4)))
        });
        named.collect()
    }

    /// Plans of everything in force in a pool: dollars an hour together, and the lowest rate of each class as a share of its price on
    /// demand.
    pub(super) fn wide_in_force(&self, pool: Pool) -> (f64, BTreeMap<usize, f64>) {
        let mut hourly = 0.0;
        let mut shares: BTreeMap<usize, f64> = BTreeMap::new();
        for one in &self.in_force().commitments {
            let Some((_, rates)) = wide(&one.benefit).filter(|(of, _)| *of == pool) else { continue };
            hourly += float(one.hourly);
            for (class, rate) in rates {
                let price = self.usage.classes.get(*class).map(|class| float(class.on_demand)).unwrap_or_default();
                let share = float(*rate) / price;
                if share > 0.0 && share <= 1.0 {
                    shares.entry(*class).and_modify(|least| *least = least.min(share)).or_insert(share);
                }
            }
        }
        (hourly, shares)
    }

    /// What a month like a week costs under commitments, exactly.
    pub(super) fn month_of_bill(&self, usage: &Usage, portfolio: &Portfolio) -> Decimal {
        let week = simulate::bill(usage, portfolio).amortised();
        week * Decimal::from(HOURS_PER_MONTH) / Decimal::from(usage.hours.len())
    }

    /// Dollars on demand after changes, by hour of the week and class, that reservations and plans of one family in force leave
    /// open: what new ones would take before plans of everything.
    pub(super) fn open_week(&self, shifts: &[&Shift]) -> Vec<Vec<f64>> {
        self.open(self.rows(&self.after(shifts)))
    }

    /// Accounts and classes that are looked at.
    pub(super) fn cells(&self) -> Vec<Place> {
        self.cells.keys().copied().collect()
    }

    /// Quantities by hour and cell.
    pub(super) fn rows(&self, usage: &Usage) -> Vec<Vec<f64>> {
        let mut rows = vec![vec![0.0; self.cells.len()]; usage.hours.len()];
        for (row, hour) in rows.iter_mut().zip(&usage.hours) {
            for cell in &hour.cells {
                if let Some(at) = self.cells.get(&Place { account: cell.account, class: cell.class }) {
                    row[*at] += float(cell.quantity);
                }
            }
        }
        rows
    }

    /// What a month like a week costs under each of several portfolios, by the quick simulator: for curves.
    pub(super) fn quick_months(&self, usage: &Usage, portfolios: &[Portfolio]) -> Vec<f64> {
        let rows = self.rows(usage);
        let cells: Vec<Place> = self.cells.keys().copied().collect();
        let mut rest = Rest::default();
        let month = |portfolio: &Portfolio| {
            let quick = Quick::new(usage, portfolio, &cells);
            let open: f64 = rows.iter().map(|row| quick.remainder(row, &mut rest)).sum();
            let fees: Decimal = portfolio.commitments.iter().map(|one| one.hourly).sum();
            open * self.per_month() + float(fees * Decimal::from(HOURS_PER_MONTH))
        };
        portfolios.iter().map(month).collect()
    }

    /// The same by hour of the weeks before.
    pub(super) fn open_history(&self, shifts: &[&Shift]) -> Vec<Vec<f64>> {
        let mut rows = self.history.clone();
        for moved in shifts.iter().flat_map(|shift| &shift.weeks) {
            for (start, amount) in self.used.get(&moved.key).into_iter().flatten() {
                let Some(row) = rows.get_mut(start) else { continue };
                row[moved.left] -= float(*amount);
                let of_week = hour_of_week(*start);
                let on = moved.off.as_ref().is_none_or(|off| !off.contains(of_week));
                if let Some((cell, factor)) = moved.entered.filter(|_| on) {
                    row[cell] += float(*amount * factor);
                }
            }
        }
        self.open(rows.into_values().collect())
    }

    /// The same of quantities by hour and cell.
    pub(super) fn open(&self, rows: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
        let mut rest = Rest::default();
        let mut first = self.in_force().clone();
        first.commitments.retain(|one| wide(&one.benefit).is_none());
        let quick = Quick::new(&self.usage, &first, &self.cells.keys().copied().collect::<Vec<_>>());
        let places: Vec<&Place> = self.cells.keys().collect();
        let open = |row: Vec<f64>| {
            quick.apply(&row, &mut rest);
            let mut dollars = vec![0.0; self.usage.classes.len()];
            for (place, quantity) in places.iter().zip(&rest.quantities) {
                let price = self.usage.classes.get(place.class).map(|class| float(class.on_demand));
                dollars[place.class] += quantity.max(0.0) * price.unwrap_or_default();
            }
            dollars
        };
        rows.into_iter().map(open).collect()
    }

    /// First days of the times with other commitments than now.
    pub(super) fn dates(&self) -> Vec<Option<String>> {
        self.epochs.iter().skip(1).map(|epoch| epoch.from.clone()).collect()
    }

    /// The times with other commitments than now: first day, what is in force then.
    pub(super) fn later(&self) -> impl Iterator<Item = (Option<String>, &Portfolio)> {
        self.epochs.iter().skip(1).map(|epoch| (epoch.from.clone(), &epoch.portfolio))
    }

    /// What a month costs as things stand, now and in each later time, by the quick simulator.
    pub(super) fn months(&mut self) -> Vec<f64> {
        let mut rest = std::mem::take(&mut self.rest);
        let month = |epoch: &Epoch, rest: &mut Rest| -> f64 {
            self.quantities.iter().map(|hour| epoch.quick.remainder(hour, rest)).sum::<f64>() * self.per_month()
        };
        let all = self.epochs.iter().map(|epoch| month(epoch, &mut rest)).collect();
        self.rest = rest;
        all
    }

    /// What the shifts together save in a month, now and in each later time, exactly.
    pub(super) fn exact(&self, shifts: &[&Shift]) -> Vec<Decimal> {
        let alternatives: Vec<Alternative> =
            shifts.iter().flat_map(|shift| shift.alternatives.iter().cloned()).collect();
        let after = simulate::apply(&self.usage, &alternatives);
        let saved = |epoch: &Epoch| {
            let cost = |usage: &Usage| simulate::bill(usage, &epoch.portfolio).amortised();
            let week = cost(&self.usage) - cost(&after);
            week * Decimal::from(HOURS_PER_MONTH) / Decimal::from(self.usage.hours.len())
        };
        self.epochs.iter().map(saved).collect()
    }

    pub(super) fn per_month(&self) -> f64 {
        HOURS_PER_MONTH as f64 / self.usage.hours.len() as f64
    }

    fn shift_by(&mut self, shift: &Shift, sign: f64) {
        for (hour, cell, delta) in &shift.deltas {
            if let Some(quantity) = self.quantities.get_mut(*hour).and_then(|hour| hour.get_mut(*cell)) {
                *quantity += sign * delta;
                self.dirty.insert(*hour);
            }
        }
    }
}

impl World for Week<'_> {
    type Change = Shift;

    fn cost(&mut self) -> f64 {
        for hour in std::mem::take(&mut self.dirty) {
            let quick = &self.epochs[0].quick;
            let now = quick.remainder(&self.quantities[hour], &mut self.rest);
            let cost = now + LATER * quick.on_demand(&self.quantities[hour]);
            self.total += cost - self.costs[hour];
            self.costs[hour] = cost;
        }
        self.total
    }

    fn apply(&mut self, change: &Shift) {
        self.shift_by(change, 1.0);
    }

    fn revert(&mut self, change: &Shift) {
        self.shift_by(change, -1.0);
    }
}

/// The pool and the rates of a plan of everything.
fn wide(benefit: &Benefit) -> Option<(Pool, &BTreeMap<usize, Decimal>)> {
    match benefit {
        Benefit::ComputeSavingsPlan { rates } => Some((Pool::Compute, rates)),
        Benefit::DatabaseSavingsPlan { rates } => Some((Pool::Database, rates)),
        Benefit::SageMakerSavingsPlan { rates } => Some((Pool::MachineLearning, rates)),
        _ => None,
    }
}

/// Now, and the times after each end of a commitment; one whose end is not known ends last, on no date.
fn epochs(usage: &Usage, portfolio: &Portfolio, cells: &[Place]) -> Vec<Epoch> {
    let epoch = |from: Option<String>, after: Option<jiff::Timestamp>, keep_undated: bool| {
        let mut left = portfolio.clone();
        left.commitments.retain(|one| match (one.until, after) {
            (Some(until), Some(after)) => until > after,
            (Some(_), None) => keep_undated,
            (None, _) => keep_undated,
        });
        for one in &mut left.commitments {
            (one.from, one.until) = (None, None);
        }
        let quick = Quick::new(usage, &left, cells);
        Epoch { from, portfolio: left, quick }
    };
    let mut all = vec![epoch(None, None, true)];
    let ends: BTreeSet<jiff::Timestamp> = portfolio.commitments.iter().filter_map(|one| one.until).collect();
    for end in ends {
        let date = end.to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
        all.push(epoch(Some(date), Some(end), true));
    }
    if portfolio.commitments.iter().any(|one| one.until.is_none()) {
        all.push(epoch(None, None, false));
    }
    all
}

pub(super) fn float(number: Decimal) -> f64 {
    number.to_f64().unwrap_or_default()
}
