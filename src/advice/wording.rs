//! How a comparison is said: one plain sentence with the figures.
//!
//! Knows: amounts and words of both sides. Does not know: how a verdict is reached. Amounts are rounded to cents here,
//! in prose only; the exact ones stay in the records.

use rust_decimal::Decimal;

use super::{Basis, Ours, Recommendation};

/// Characters of an export's text that a sentence takes.
const LONGEST: usize = 80;

/// Both savings: "they save 12.00 USD a month before discounts, we 10.00".
pub(super) fn both(theirs: &Recommendation, ours: &Ours) -> String {
    let we = match ours.savings {
        Some(savings) => format!("we {}", cents(savings)),
        None => "we have no figure".into(),
    };
    format!("{}, {we}", they(theirs))
}

/// Their saving.
pub(super) fn they(theirs: &Recommendation) -> String {
    let Some(savings) = theirs.savings else { return "they state no saving".into() };
    let basis = match theirs.basis {
        Basis::AfterDiscounts => " after discounts",
        Basis::BeforeDiscounts => " at on-demand prices, before discounts",
        Basis::NotStated => "",
    };
    format!("they save {} a month{basis}", amount(savings, theirs.currency.as_deref()))
}

/// An amount with its currency.
pub(super) fn amount(number: Decimal, currency: Option<&str>) -> String {
    match currency {
        Some(currency) => format!("{} {}", cents(number), short(currency)),
        None => cents(number),
    }
}

/// Two places, always.
fn cents(number: Decimal) -> String {
    let mut number = number.round_dp(2);
    number.rescale(2);
    number.to_string()
}

/// Text of an export as part of a sentence: whatever its length, the sentence stays one.
pub(super) fn short(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// What they want instead.
pub(super) fn their_target(theirs: &Recommendation) -> String {
    short(theirs.plan.as_deref().or(theirs.proposed.as_deref()).unwrap_or_else(|| theirs.action.word()))
}

/// What we want instead.
pub(super) fn our_target(ours: &Ours) -> &str {
    ours.plan.as_deref().or(ours.new_meter.as_deref()).unwrap_or(&ours.action)
}

/// Both commitments per hour, as far as they are stated.
pub(super) fn both_commitments(theirs: &Recommendation, ours: &Ours) -> String {
    let currency = theirs.currency.as_deref();
    let hour = |number: Option<Decimal>| match number {
        Some(number) => format!("{} an hour", amount(number, currency)),
        None => "an amount that is not stated".into(),
    };
    let history = theirs.lookback_days.map(|days| format!(" after {days} days of history")).unwrap_or_default();
    format!("they commit {}{history}, we {}", hour(theirs.commitment), hour(ours.commitment))
}
