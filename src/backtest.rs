//! How advice would have done: given on the first part of what is known, judged by the rest.
//!
//! Knows: what was advised and what would have come of it, beside what others' rules would have said. Does not know: tables.

pub mod commitments;
pub mod rightsizing;
pub mod schedules;

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

use crate::money::Amount;

/// Places of shares in the views.
const PLACES: u32 = 6;

/// A share of a view.
fn amount(value: f64) -> Amount {
    Amount(Decimal::from_f64(value).unwrap_or_default().round_dp(PLACES))
}
