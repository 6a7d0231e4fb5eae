//! How much more load: `--growth 3x`.
//!
//! Knows: the ways to write a multiple. Does not know: what it is a multiple of.

use rust_decimal::Decimal;

use crate::derive::fit::growth::MOST_GROWTH;
use crate::money::parse_decimal;

/// Load in times of today's: `3x`, `1.5x`, `2` and `150%`, which is 1.5.
///
/// # Errors
/// What else the text may be.
pub(super) fn parse(text: &str) -> Result<Decimal, String> {
    let known = |number: &str| parse_decimal(number.trim()).ok();
    let times = match (text.strip_suffix(['x', 'X', '×']), text.strip_suffix('%')) {
        (Some(times), _) => known(times),
        (None, Some(percent)) => known(percent).map(|percent| percent / Decimal::ONE_HUNDRED),
        (None, None) => known(text),
    };
    let most = Decimal::from(MOST_GROWTH as i64);
    times.filter(|times| *times > Decimal::ONE && *times <= most).ok_or_else(|| {
        format!("--growth: {text:?} is no multiple of today's load: more than 1x, at most {most}x, such as 3x or 150%")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_written_as_a_multiple_or_in_percent() {
        for (text, times) in
            [("3x", "3"), ("1.5x", "1.5"), ("2", "2"), ("150%", "1.5"), ("1.01", "1.01"), ("100X", "100")]
        {
            assert_eq!(parse(text).map(|times| times.normalize().to_string()), Ok(times.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_no_growth_says_what_one_is() {
        for text in ["", "x", "%", "1x", "0.5x", "100%", "101x", "-3x", "three", "3xx", "3x%"] {
            let why = parse(text).unwrap_err();
            assert!(why.contains("--growth") && why.contains("such as 3x or 150%"), "{text}: {why}");
        }
    }
}
