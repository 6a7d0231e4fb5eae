//! Shares and percentages that cannot be confused.
//!
//! A `Ratio` is made from a fraction or from percent by name, so 20 and 0.2 never meet.

use std::fmt;

use rust_decimal::Decimal;

/// A share of something; 1 is the whole.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Ratio(Decimal);

impl Ratio {
    /// `part / whole`, or nothing when the whole is zero: there is no share of nothing.
    #[must_use]
    pub fn of(part: Decimal, whole: Decimal) -> Option<Self> {
        part.checked_div(whole).map(|r| Ratio(r.round_dp(12)))
    }

    /// From percent: `Ratio::percent(20)` is one fifth.
    #[must_use]
    pub fn percent(percent: Decimal) -> Self {
        Ratio(percent / Decimal::ONE_HUNDRED)
    }

    /// The fraction, 1 being the whole.
    #[must_use]
    pub fn fraction(&self) -> Decimal {
        self.0
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", (self.0 * Decimal::ONE_HUNDRED).round_dp(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_nothing_is_no_share() {
        assert_eq!(Ratio::of(Decimal::ONE, Decimal::ZERO), None);
    }

    #[test]
    fn percent_and_fraction_agree() {
        assert_eq!(Ratio::percent(Decimal::from(25)), Ratio::of(Decimal::ONE, Decimal::from(4)).unwrap());
        assert_eq!(Ratio::percent(Decimal::from(25)).to_string(), "25.0 %");
    }
}
