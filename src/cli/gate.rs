//! `--fail-on`: conditions under which CI should stop.

use rust_decimal::Decimal;

use crate::finding::Level;
use crate::money::parse_decimal;
use crate::review::Review;

/// One condition.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Condition {
    /// Net saving per month above this.
    Net(Decimal),
    /// Unknown cost above this share of the effective run rate, in percent.
    Unknown(Decimal),
    /// An alert of at least this level.
    Level(Level),
}

/// Reads `net>500`, `unknown>10%`, `level>=high`.
pub(super) fn parse(text: &str) -> Result<Condition, String> {
    let tight: String = text.split_whitespace().collect();
    let number = |t: &str| parse_decimal(t).map_err(|_| format!("{t:?} in {text:?} is not a number"));
    if let Some(amount) = tight.strip_prefix("net>") {
        return number(amount).map(Condition::Net);
    }
    if let Some(percent) = tight.strip_prefix("unknown>").and_then(|t| t.strip_suffix('%')) {
        return number(percent).map(Condition::Unknown);
    }
    if let Some(level) = tight.strip_prefix("level>=").and_then(Level::parse) {
        return Ok(Condition::Level(level));
    }
    Err(format!("{text:?} is no condition: write net>500, unknown>10% or level>=high"))
}

/// Why the gate is closed, if it is.
pub(super) fn closed(condition: &Condition, review: &Review) -> Option<String> {
    match condition {
        Condition::Net(limit) => {
            let net = review.plan.net.0;
            (net > *limit).then(|| format!("net saving {} is above {limit}", net.round_dp(2)))
        }
        Condition::Unknown(limit) => {
            let share = review.unknown_cost.0.checked_div(review.run_rate().0)? * Decimal::ONE_HUNDRED;
            (share > *limit)
                .then(|| format!("{} % of the run rate could not be judged, above {limit} %", share.round_dp(1)))
        }
        Condition::Level(limit) => {
            let worst = review.alerts.iter().filter_map(|a| Level::parse(&a.level)).max()?;
            (worst >= *limit).then(|| format!("an alert of level {}", worst.word()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_read_or_refused_with_examples() {
        assert_eq!(parse("net > 500"), Ok(Condition::Net(Decimal::from(500))));
        assert_eq!(parse("unknown>10%"), Ok(Condition::Unknown(Decimal::TEN)));
        assert_eq!(parse("level>=high"), Ok(Condition::Level(Level::High)));
        assert!(parse("gross>1").unwrap_err().contains("write net>500"));
    }
}
