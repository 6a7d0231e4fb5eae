//! The same kind of commitment with other lengths and payments, side by side.
//!
//! Knows: the lengths and payments whose rates are known, sized each as the plan sizes its own, beside what else is bought; what
//! each saves a month like the last week and over three possible years, with one-year commitments bought anew each year for
//! the usage of then; what is earned by paying in advance. Does not know: which of them the reader may sign.

use rust_decimal::Decimal;

use super::levels::{Open, Sizes, over_three_years};
use super::{Futures, Item, Offer, commitment, error_percent, item, money, round_up, shares};
use crate::money::PLACES;
use crate::period::{HOURS_PER_MONTH, HOURS_PER_YEAR};
use crate::plan::sizing::scenarios::Risk;
use crate::plan::week::{Week, float};
use crate::prices::{Payment, PriceBook, Term};
use crate::simulate::{Portfolio, Usage};

/// A length and payment.
#[derive(Clone, PartialEq, Debug)]
pub struct TermChoice {
    /// Kind, length and payment.
    pub term: Term,
    /// Dollars an hour, upfront payments spread over the term.
    pub hourly: Decimal,
    /// Paid at once.
    pub upfront: Decimal,
    /// Saving a month like the last week.
    pub saving: Decimal,
    /// Saving a month over three possible years; `None` for reservations.
    pub futures: Option<Futures>,
    /// What paying in advance earns a year against no upfront payment for the same length; `None` where nothing is paid in advance,
    /// and where rates are derived: what lies between two of them is within their error.
    pub interest: Option<Decimal>,
    /// The one that the plan buys.
    pub taken: bool,
}

/// What is the same for all of them.
pub(super) struct Beside<'a, 'b> {
    pub(super) week: &'a Week<'b>,
    pub(super) rest: &'a Usage,
    pub(super) open: &'a Open,
    pub(super) prices: &'a PriceBook,
    /// In force, and bought before.
    pub(super) portfolio: &'a Portfolio,
    pub(super) risk: Option<Risk>,
}

/// All lengths and payments of the offers `own` among `all`, shortest and least in advance first.
pub(super) fn terms(all: &[Offer], own: &[usize], beside: &Beside<'_, '_>) -> Vec<TermChoice> {
    let Some(Term::Committed { plan, .. }) = own.first().map(|at| all[*at].term) else { return Vec::new() };
    let payments = [Payment::NoUpfront, Payment::PartialUpfront, Payment::AllUpfront];
    let lengths = [1, 3].into_iter().flat_map(|years| payments.map(|payment| Term::Committed { plan, years, payment }));
    let cost = beside.week.month_of_bill(beside.rest, beside.portfolio);
    lengths.filter_map(|term| choice(all, own, term, cost, beside)).collect()
}

fn choice(all: &[Offer], own: &[usize], term: Term, cost: Decimal, beside: &Beside<'_, '_>) -> Option<TermChoice> {
    let Beside { week, prices, .. } = *beside;
    let mut offers = all.to_vec();
    for at in own {
        let offer = &mut offers[*at];
        let known = shares(&offer.scope, offer.plan, &term, week, prices);
        // What this term has no rate for, it cannot be compared on; what nobody uses then needs none.
        let is_used = |class: &usize| beside.open.iter().flatten().any(|hour| hour[*class] > 0.0);
        if offer.shares.keys().any(|class| is_used(class) && !known.contains_key(class)) {
            return None;
        }
        (offer.term, offer.shares) = (term, known);
    }
    let levels = Sizes::levels(&offers, week, beside.open, beside.risk);
    let mut portfolio = beside.portfolio.clone();
    let (mut items, mut covered): (Vec<Item>, Vec<&Offer>) = (Vec::new(), Vec::new());
    for at in own {
        if let Some(item) = item(&offers[*at], levels[*at], week) {
            portfolio.commitments.push(commitment(&offers[*at], &item, week));
            items.push(item);
            covered.push(&offers[*at]);
        }
    }
    if beside.risk.is_none() {
        round_up(&mut items, &mut portfolio, &covered, week, beside.rest);
    }
    Some(TermChoice {
        term,
        hourly: items.iter().map(|item| item.hourly).sum(),
        upfront: items.iter().map(|item| item.upfront).sum(),
        saving: (cost - week.month_of_bill(beside.rest, &portfolio)).round_dp(PLACES),
        futures: over_three_years(&offers, &levels, own, beside.open, week),
        interest: interest(&all[own[0]], &offers[own[0]], beside),
        taken: all[own[0]].term == term,
    })
}

/// The yearly return on what is paid in advance: the rate at which the monthly payments that it replaces are worth as much on the
/// day of purchase. Payments without upfront come at the end of each month.
fn interest(of: &Offer, offer: &Offer, beside: &Beside<'_, '_>) -> Option<Decimal> {
    let Term::Committed { plan, years, payment } = offer.term else { return None };
    let advance = match payment {
        Payment::NoUpfront => return None,
        Payment::PartialUpfront => 0.5,
        Payment::AllUpfront => 1.0,
    };
    let monthly = Term::Committed { plan, years, payment: Payment::NoUpfront };
    let without = shares(&of.scope, of.plan, &monthly, beside.week, beside.prices);
    let derived = |term: &Term, class: &usize| error_percent(*class, term, beside.week, beside.prices).is_some();
    if offer.shares.keys().any(|class| derived(&offer.term, class) || derived(&monthly, class)) {
        return None;
    }
    // Of the classes that both have, at equal weight.
    let both = || offer.shares.iter().filter_map(|(class, share)| Some((float(*share), float(*without.get(class)?))));
    let (with, without) = both().fold((0.0, 0.0), |(a, b), (with, without)| (a + with, b + without));
    let hours = HOURS_PER_YEAR as f64 * f64::from(years);
    let replaced = (without - (1.0 - advance) * with) * HOURS_PER_MONTH as f64;
    let earned = yearly_return(advance * with * hours, replaced, i32::from(years) * 12)?;
    Some(money(earned).round_dp(4))
}

/// The yearly rate at which monthly payments, at the end of each of so many months, are worth an amount today; `None`: they never
/// are, or at more than twice as much a month.
fn yearly_return(upfront: f64, monthly: f64, months: i32) -> Option<f64> {
    let worth = |rate: f64| monthly * (1.0 - (1.0 + rate).powi(-months)) / rate;
    let (mut low, mut high) = (1e-6, 1.0);
    if upfront <= 0.0 || worth(low) <= upfront || worth(high) >= upfront {
        return None;
    }
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if worth(middle) > upfront { low = middle } else { high = middle }
    }
    Some((1.0 + low).powi(12) - 1.0)
}

#[cfg(test)]
mod tests {
    use super::yearly_return;

    #[test]
    fn a_return_is_the_rate_of_the_annuity() {
        // A loan of 1,000 at 1 % a month is paid back by 88.85 in each of 12 months.
        let earned = yearly_return(1000.0, 88.848_788_678, 12).unwrap();
        assert!((earned - (1.01_f64.powi(12) - 1.0)).abs() < 1e-9, "{earned}");
        assert_eq!(yearly_return(1200.0, 100.0, 12), None, "nothing is earned");
        assert_eq!(yearly_return(0.0, 100.0, 12), None, "nothing is paid");
    }
}
