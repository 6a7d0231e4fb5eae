//! What to commit to, on the usage that remains once the rest of the plan is done.
//!
//! Knows: offers of pages (`offers`), the hours that commitments in force and the plan
//! leave on demand, in the bill's last weeks and in the last one. Each purchase is then valued as the difference of two exact bills of
//! the last week. Does not know: how a level is found (`sizing`), whether the money is there.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

use super::sizing::scenarios::Risk;
use super::value::{ChangeValue, Value};
use super::week::{Shift, Week, float};
use super::{Planned, Standing};
use crate::money::PLACES;
use crate::period::{HOURS_PER_MONTH, HOURS_PER_YEAR};
use crate::prices::{Payment, Plan, PriceBook, Term};
use crate::simulate::{Benefit, Commitment, Portfolio, Usage, eligible};

mod levels;
mod offers;
mod terms;

use levels::{Open, Sizes};
pub(super) use offers::{Offer, read};
use offers::{Scope, shares};
pub use terms::TermChoice;
use terms::{Beside, terms};

/// What a finding of strategy commit asks to buy.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Purchase {
    /// Each commitment.
    pub items: Vec<Item>,
    /// Dollars an hour that would be bought too much if it were bought before the rest of the plan is done.
    pub over_commit: Decimal,
    /// The saving a month if usage falls by a fifth.
    pub if_usage_falls: Decimal,
    /// What a purchase sized for that usage would save more a month.
    pub regret_if_usage_falls: Decimal,
    /// The saving a month if derived rates are as far off as they have been seen to be; `None`: no rate is derived.
    pub at_worst_rates: Option<Decimal>,
    /// Savings a month against dollars an hour, from nothing to beyond the advice.
    pub frontier: Vec<(Decimal, Decimal)>,
    /// What the last dollar an hour saves a month: the slope of the curve below the advice.
    pub last_dollar: Option<Decimal>,
    /// The same kind with other lengths and payments.
    pub terms: Vec<TermChoice>,
}

/// One commitment to buy.
#[derive(Clone, PartialEq, Debug)]
pub struct Item {
    /// Kind, term and payment.
    pub term: Term,
    /// What it is for: a family and region, a meter and region; empty: everything that it covers.
    pub scope: String,
    /// Instances, or units of capacity, of reservations.
    pub count: Option<Decimal>,
    /// Dollars an hour, upfront payments spread over the term.
    pub hourly: Decimal,
    /// Paid at once.
    pub upfront: Decimal,
    /// Share of it that covers usage of the last week.
    pub utilization: Option<Decimal>,
    /// Utilization below which it costs more than it saves: its rate as a share of the on-demand price, on average.
    pub break_even: Decimal,
    /// Months after which what is paid at once has paid for itself; `None`: nothing is, or it never does.
    pub break_even_month: Option<Decimal>,
    /// Dollars an hour to buy in each of six months, so that not all of it ends on one day; `None` for instances.
    pub monthly_part: Option<Decimal>,
}

/// What purchases save a month over possible years: a random walk of each workload's level, with its own spread where the bill is
/// long enough to tell, and workloads that go.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Futures {
    /// Mean.
    pub mean: Decimal,
    /// Of one year in twenty it is less than this.
    pub low: Decimal,
    /// Share of the years in which they lose money.
    pub loss: Decimal,
}

/// What would be bought of the offers by the open dollars of hours alone. Savings plans are not rounded to what can be bought:
/// what a step leaves open is no reason for a change.
pub(super) fn bought(offers: &[Offer], week: &Week<'_>, open: Vec<Vec<f64>>) -> Vec<Commitment> {
    let levels = Sizes::quick(offers, open, week);
    let bought = offers.iter().zip(levels).filter_map(|(offer, level)| {
        let item = item(offer, level, week)?;
        let hourly = if item.count.is_some() { item.hourly } else { money(level) };
        Some(commitment(offer, &Item { hourly, ..item }, week))
    });
    bought.collect()
}

/// What a month like the last week costs after changes, with what is then bought of the offers.
pub(super) fn month_with_bought(offers: &[Offer], week: &Week<'_>, shifts: &[&Shift], risk: Option<Risk>) -> Decimal {
    let levels = Sizes::levels(offers, week, &levels::open(week, shifts), risk);
    week.month_of_bill(&week.after(shifts), &with_levels(offers, &levels, week))
}

/// What is in force, and so much of the offers.
fn with_levels(offers: &[Offer], levels: &[f64], week: &Week<'_>) -> Portfolio {
    let mut portfolio = week.in_force().clone();
    for (offer, level) in offers.iter().zip(levels) {
        portfolio.commitments.extend(item(offer, *level, week).map(|item| commitment(offer, &item, week)));
    }
    portfolio
}

/// Sizes and values the offers `all` of findings; each finding gets its place in the plan. What is in force and what is
/// bought comes back.
pub(super) fn buy(
    offers: &mut [Planned],
    all: &[Offer],
    week: &Week<'_>,
    shifts: &[&Shift],
    prices: &PriceBook,
    risk: Option<Risk>,
) -> (Portfolio, Option<Futures>) {
    let (today, rest) = (week.usage().clone(), week.after(shifts));
    let (open_today, open): (Open, Open) = (levels::open(week, &[]), levels::open(week, shifts));
    let (before, after) = (Sizes::levels(all, week, &open_today, risk), Sizes::of(all, week, &open, risk));
    let mut portfolio = week.in_force().clone();
    let in_force = portfolio.commitments.len();
    let mut cost = week.month_of_bill(&rest, &portfolio);
    let alone_cost = week.month_of_bill(&today, week.in_force());
    for (index, planned) in offers.iter_mut().enumerate() {
        let own: Vec<usize> = (0..all.len()).filter(|at| all[*at].planned == index).collect();
        let mut purchase = Purchase::default();
        let first = portfolio.commitments.len();
        let mut covered: Vec<Offer> = Vec::new();
        // Each by itself: what is bought of one covers nothing of another.
        let too_much = |at: &usize| (money(before[*at]) - money(after.levels[*at])).max(Decimal::ZERO);
        purchase.over_commit = own.iter().map(too_much).sum::<Decimal>().round_dp(3);
        for at in &own {
            let Some(item) = item(&all[*at], after.levels[*at], week) else { continue };
            portfolio.commitments.push(commitment(&all[*at], &item, week));
            covered.push(all[*at].clone());
            purchase.items.push(item);
        }
        if risk.is_none() {
            round_up(&mut purchase.items, &mut portfolio, &covered.iter().collect::<Vec<_>>(), week, &rest);
        }
        let with = week.month_of_bill(&rest, &portfolio);
        let saving = (cost - with).round_dp(PLACES);
        let offers: Vec<Offer> = own.iter().map(|at| all[*at].clone()).collect();
        let levels = Sizes::levels(&offers, week, &open_today, risk);
        let mut alone = with_levels(&offers, &levels, week);
        if risk.is_none() {
            let sized = offers.iter().zip(&levels).filter_map(|(one, level)| Some((item(one, *level, week)?, one)));
            let (mut items, sized): (Vec<Item>, Vec<&Offer>) = sized.unzip();
            round_up(&mut items, &mut alone, &sized, week, &today);
        }
        let alone = (alone_cost - week.month_of_bill(&today, &alone)).round_dp(PLACES);
        if saving < CENT {
            portfolio.commitments.truncate(first);
            // What is covered already, or will be gone, needs no more.
            continue;
        }
        let ledger = crate::simulate::bill(&rest, &portfolio);
        for (position, item) in purchase.items.iter_mut().enumerate() {
            item.utilization = ledger.utilization(first + position);
            item.break_even_month = break_even_month(item);
        }
        let bought = &portfolio.commitments[first..];
        let before = Portfolio { commitments: portfolio.commitments[..first].to_vec(), ..portfolio.clone() };
        let beside = Beside { week, rest: &rest, open: &open, prices, portfolio: &before, risk };
        purchase.terms = terms(all, &own, &beside);
        purchase.if_usage_falls = fallen(week, &rest, &portfolio, first);
        purchase.regret_if_usage_falls = regret(all, &own, &beside, purchase.if_usage_falls);
        purchase.at_worst_rates = at_worst(week, &rest, &portfolio, first, &covered, prices);
        purchase.frontier = frontier(week, &rest, &portfolio, first);
        purchase.last_dollar = match purchase.frontier.get(9..=10) {
            Some([(less, before), (all, saves)]) => (saves - before).checked_div(all - less).map(|d| d.round_dp(2)),
            _ => None,
        };
        let monthly: Decimal = bought.iter().map(|one| one.hourly).sum::<Decimal>() * Decimal::from(HOURS_PER_MONTH);
        let change = ChangeValue {
            verb: "commit",
            meter: None,
            new_meter: None,
            cost: (monthly + saving).round_dp(PLACES),
            new_cost: monthly.round_dp(PLACES),
            source: source(&covered, week, prices),
            steps: Vec::new(),
        };
        let value = |effective: Decimal| Value {
            effective,
            once: purchase.items.iter().map(|item| item.upfront).sum(),
            changes: vec![change.clone()],
            ..Value::default()
        };
        let held_until = later(week, &rest, &portfolio.commitments[in_force..], first - in_force, saving);
        let share = Value { held_until, ..value(saving) };
        (planned.alone, planned.share, planned.standing) = (Some(value(alone)), Some(share), Standing::Chosen);
        planned.purchase = Some(purchase);
        cost = with;
    }
    (portfolio, after.futures)
}

/// What the bought from `first` on save more, or less, from each day on which something in force ends; `now`: what they save today.
fn later(
    week: &Week<'_>,
    rest: &Usage,
    bought: &[Commitment],
    first: usize,
    now: Decimal,
) -> BTreeMap<Option<String>, Decimal> {
    let (dates, in_force): (Vec<Option<String>>, Vec<&Portfolio>) = week.later().unzip();
    let with = |count: usize| {
        let all = in_force.iter().map(|left| {
            let mut all = (*left).clone();
            all.commitments.extend_from_slice(&bought[..count]);
            all
        });
        week.quick_months(rest, &all.collect::<Vec<_>>())
    };
    let mut more: BTreeMap<Option<String>, Decimal> = BTreeMap::new();
    let mut before = now;
    for ((date, without), with) in dates.into_iter().zip(with(first)).zip(with(bought.len())) {
        let saving = money(without - with).round_dp(6);
        if (saving - before).abs() >= CENT {
            *more.entry(date).or_default() += saving - before;
        }
        before = saving;
    }
    more
}

/// Dollars an hour in which savings plans are bought (AWS, Savings Plans User Guide: a commitment of $0.001 or more).
pub(super) const STEP: Decimal = Decimal::from_parts(1, 0, 0, false, 3);

const CENT: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// Where what a step leaves open is worth more than a whole step costs, one step more is bought, of one plan after the other. `items` are
/// the last in the portfolio.
fn round_up(items: &mut [Item], portfolio: &mut Portfolio, offers: &[&Offer], week: &Week<'_>, rest: &Usage) {
    let first = portfolio.commitments.len() - items.len();
    let month =
        |portfolio: &Portfolio| week.quick_months(rest, std::slice::from_ref(portfolio)).into_iter().sum::<f64>();
    let mut cost = month(portfolio);
    for (at, (one, offer)) in items.iter_mut().zip(offers).enumerate().filter(|(_, (one, _))| one.count.is_none()) {
        let Some(more) = item(offer, float(one.hourly + STEP), week) else { continue };
        let before = std::mem::replace(&mut portfolio.commitments[first + at], commitment(offer, &more, week));
        let with = month(portfolio);
        // What the quick simulator says to a millionth is less than that.
        if with < cost - 1e-6 {
            (*one, cost) = (more, with);
        } else {
            portfolio.commitments[first + at] = before;
        }
    }
}

/// What can be bought of a level: tenths of a cent an hour, whole instances, hundreds of units of capacity.
fn item(offer: &Offer, level: f64, week: &Week<'_>) -> Option<Item> {
    let Term::Committed { years, payment, .. } = offer.term else { return None };
    let level = money(level);
    let (hourly, count, scope) = match &offer.scope {
        Scope::Reserved(class) => {
            let facts = week.usage().classes.get(*class)?;
            let rate = (facts.on_demand * offer.shares.get(class)?).round_dp(PLACES);
            // A level found in floats may lie a hair below what is sold.
            let lot = Decimal::from(eligible(&facts.meter)?.lot);
            let count = (level.checked_div(rate * lot)? + Decimal::new(1, 6)).floor() * lot;
            let place = facts.region.as_deref().unwrap_or("-");
            (rate * count, Some(count), format!("{} in {place}", facts.meter))
        }
        Scope::Narrow(family, region) => (level.trunc_with_scale(3), None, format!("{family} in {region}")),
        Scope::Wide => (level.trunc_with_scale(3), None, String::new()),
    };
    let upfront = match payment {
        Payment::NoUpfront => Decimal::ZERO,
        Payment::PartialUpfront => Decimal::new(5, 1),
        Payment::AllUpfront => Decimal::ONE,
    };
    let upfront = upfront * hourly * Decimal::from(HOURS_PER_YEAR) * Decimal::from(years);
    let shares: Decimal = offer.shares.values().sum();
    let break_even = shares.checked_div(Decimal::from(offer.shares.len()))?.round_dp(4);
    // A sixth in tenths of a cent; what rounding leaves comes with the last.
    let part = (hourly / Decimal::from(PARTS)).trunc_with_scale(3);
    let monthly_part = (count.is_none() && part >= LEAST_PART).then_some(part);
    let (utilization, break_even_month) = (None, None);
    let term = offer.term;
    let item = Item { term, scope, count, hourly, upfront, utilization, break_even, break_even_month, monthly_part };
    (item.hourly > Decimal::ZERO).then_some(item)
}

/// Dollars an hour of a part that is worth a purchase of its own: about 15 a month.
const LEAST_PART: Decimal = Decimal::from_parts(2, 0, 0, false, 2);

/// Monthly parts of a purchase: six, in the middle of what is usual (4 to 12).
const PARTS: i64 = 6;

/// Upfront / (what it covers, on demand − what is still charged for it), in months.
fn break_even_month(item: &Item) -> Option<Decimal> {
    let Term::Committed { years, .. } = item.term else { return None };
    let month = |hourly: Decimal| hourly * Decimal::from(HOURS_PER_MONTH);
    let recurring = month(item.hourly) - item.upfront / Decimal::from(12 * i64::from(years));
    let covered = month(item.hourly * item.utilization?).checked_div(item.break_even)?;
    let saved = covered - recurring;
    let months = item.upfront.checked_div(saved).filter(|_| saved > Decimal::ZERO && !item.upfront.is_zero())?;
    Some(months.round_dp(1))
}

fn commitment(offer: &Offer, item: &Item, week: &Week<'_>) -> Commitment {
    let rate = |(class, share): (&usize, &Decimal)| {
        let price = week.usage().classes.get(*class).map(|class| class.on_demand).unwrap_or_default();
        (*class, (price * share).round_dp(PLACES))
    };
    let rates = offer.shares.iter().map(rate).collect();
    let benefit = match (&offer.scope, offer.plan) {
        (Scope::Reserved(class), _) => {
            let facts = &week.usage().classes[*class];
            let count = item.count.unwrap_or_default();
            Benefit::Regional {
                region: facts.region.clone().unwrap_or_default(),
                family: facts.family.clone().unwrap_or_default(),
                instance_type: facts.instance_type.clone().unwrap_or_default(),
                platform: facts.platform.clone(),
                units: facts.units.unwrap_or(Decimal::ONE) * count,
                count,
                flexible: facts.units.is_some(),
            }
        }
        (Scope::Narrow(family, region), _) => {
            Benefit::Ec2InstanceSavingsPlan { family: family.clone(), region: region.clone(), rates }
        }
        (Scope::Wide, Plan::DatabaseSavingsPlan) => Benefit::DatabaseSavingsPlan { rates },
        (Scope::Wide, _) => Benefit::ComputeSavingsPlan { rates },
    };
    let id = format!("{} {}", item.term, item.scope);
    let (owner, upfront_hourly) = (String::new(), Decimal::ZERO);
    Commitment { id, owner, from: None, until: None, hourly: item.hourly, upfront_hourly, benefit }
}

/// The saving of what is bought from `first` on, when every quantity is a fifth smaller.
fn fallen(week: &Week<'_>, rest: &Usage, portfolio: &Portfolio, first: usize) -> Decimal {
    saving(week, &less_by_a_fifth(rest), portfolio, first)
}

fn less_by_a_fifth(usage: &Usage) -> Usage {
    let mut less = usage.clone();
    let cells = less.hours.iter_mut().flat_map(|hour| &mut hour.cells);
    cells.for_each(|cell| cell.quantity = (cell.quantity * Decimal::new(8, 1)).round_dp(PLACES));
    less
}

/// What purchases sized for a fifth less would save more than these at that usage.
fn regret(all: &[Offer], own: &[usize], beside: &Beside<'_, '_>, saves: Decimal) -> Decimal {
    let Beside { week, rest, portfolio, .. } = *beside;
    let less = less_by_a_fifth(rest);
    let levels = Sizes::quick(all, week.open(week.rows(&less)), week);
    let mut sized = portfolio.clone();
    for at in own {
        sized.commitments.extend(item(&all[*at], levels[*at], week).map(|item| commitment(&all[*at], &item, week)));
    }
    (saving(week, &less, &sized, portfolio.commitments.len()) - saves).max(Decimal::ZERO)
}

fn saving(week: &Week<'_>, usage: &Usage, portfolio: &Portfolio, first: usize) -> Decimal {
    let mut without = portfolio.clone();
    without.commitments.truncate(first);
    (week.month_of_bill(usage, &without) - week.month_of_bill(usage, portfolio)).round_dp(PLACES)
}

/// The saving when each derived rate is too low by the largest error that was seen.
fn at_worst(
    week: &Week<'_>,
    rest: &Usage,
    portfolio: &Portfolio,
    first: usize,
    offers: &[Offer],
    prices: &PriceBook,
) -> Option<Decimal> {
    let mut worse = portfolio.clone();
    let mut derived = false;
    for (one, offer) in worse.commitments[first..].iter_mut().zip(offers) {
        let error = |class: &usize| {
            let percent = error_percent(*class, &offer.term, week, prices)?;
            Decimal::from_f64(1.0 + percent / 100.0)
        };
        match &mut one.benefit {
            Benefit::Ec2InstanceSavingsPlan { rates, .. }
            | Benefit::ComputeSavingsPlan { rates }
            | Benefit::DatabaseSavingsPlan { rates } => {
                for (class, rate) in rates.iter_mut() {
                    let price = week.usage().classes.get(*class).map(|class| class.on_demand).unwrap_or_default();
                    if let Some(factor) = error(class) {
                        derived = true;
                        *rate = (*rate * factor).round_dp(PLACES).min(price);
                    }
                }
            }
            _ => {
                if let Some(factor) = offer.shares.keys().next().and_then(error) {
                    derived = true;
                    one.hourly = (one.hourly * factor).round_dp(PLACES);
                }
            }
        }
    }
    derived.then(|| saving(week, rest, &worse, first))
}

/// How far off a derived rate of a class has been seen to be, in percent; `None`: the rate is listed, or there is none.
fn error_percent(class: usize, term: &Term, week: &Week<'_>, prices: &PriceBook) -> Option<f64> {
    let class = week.usage().classes.get(class)?;
    let price = prices.candidates(&class.meter, class.region.as_deref(), term).into_iter();
    price.filter_map(|candidate| candidate.price.ok()).next()?.error_percent
}

/// Savings a month of tenths of what is bought, up to one and a half times.
fn frontier(week: &Week<'_>, rest: &Usage, portfolio: &Portfolio, first: usize) -> Vec<(Decimal, Decimal)> {
    let scaled = |tenths: i64| {
        let mut scaled = portfolio.clone();
        let factor = Decimal::new(tenths, 1);
        for one in &mut scaled.commitments[first..] {
            one.hourly = (one.hourly * factor).round_dp(PLACES);
            if let Benefit::Regional { units, count, .. } = &mut one.benefit {
                (*units, *count) = (*units * factor, *count * factor);
            }
        }
        scaled
    };
    let all: Vec<Portfolio> = (0..=15).map(scaled).collect();
    let costs = week.quick_months(rest, &all);
    let nothing = costs.first().copied().unwrap_or_default();
    let point = |(portfolio, cost): (&Portfolio, &f64)| {
        let hourly: Decimal = portfolio.commitments[first..].iter().map(|one| one.hourly).sum();
        (hourly.normalize(), money(nothing - cost).round_dp(2))
    };
    all.iter().zip(&costs).map(point).collect()
}

/// Where the rates come from.
fn source(offers: &[Offer], week: &Week<'_>, prices: &PriceBook) -> Option<String> {
    let (offer, class) = offers.iter().find_map(|offer| Some((offer, offer.shares.keys().next()?)))?;
    let class = week.usage().classes.get(*class)?;
    let all = prices.candidates(&class.meter, class.region.as_deref(), &offer.term).into_iter();
    all.filter_map(|candidate| candidate.price.ok()).next().map(|price| price.source)
}

fn money(float: f64) -> Decimal {
    Decimal::from_f64(float).unwrap_or_default().round_dp(9)
}
