//! Exact amounts of one currency.
//!
//! Knows: currencies, decimals with 12 places, and that two currencies never add. Does not know: where an
//! amount came from, what it pays for, or how it is printed (rounding lives in `report`).

use std::fmt;
use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy};
use schemars::JsonSchema;
use serde::Serialize;

/// Decimal places kept from the wire to the template. Bills carry up to 12 (AWS prints `0.0000000800`, FOCUS
/// exports 15 with trailing zeros); more are rounded half to even, row by row.
pub const PLACES: u32 = 12;

/// An ISO 4217 code: three capital letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The United States dollar, the currency of AWS list prices outside China.
    pub const USD: Currency = Currency(*b"USD");

    /// The code as text.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let unknown = || MoneyError::UnknownCurrency(text.to_owned());
        let bytes: [u8; 3] = text.as_bytes().try_into().map_err(|_| unknown())?;
        // Virtual currencies of FOCUS 1.2 ("tokens", "credits") are not money and fail here.
        if bytes.iter().all(u8::is_ascii_uppercase) && ISO_4217.contains(&text) {
            Ok(Currency(bytes))
        } else {
            Err(unknown())
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Active codes of ISO 4217 (list one, 2024), without precious metals, funds and testing codes.
const ISO_4217: &[&str] = &[
    "AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN", "BHD", "BIF",
    "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CLP", "CNY", "COP", "CRC",
    "CUP", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS",
    "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IQD", "IRR", "ISK", "JMD",
    "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL",
    "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN", "MYR", "MZN", "NAD",
    "NGN", "NIO", "NOK", "NPR", "NZD", "OMR", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RSD",
    "RUB", "RWF", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP",
    "SZL", "THB", "TJS", "TMT", "TND", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "UZS", "VED",
    "VES", "VND", "VUV", "WST", "XAF", "XCD", "XOF", "XPF", "YER", "ZAR", "ZMW", "ZWL",
];

/// Why an amount cannot be made or combined.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MoneyError {
    /// The code is not an ISO 4217 currency. The user's file or setting.
    #[error("{0:?} is not a currency code of ISO 4217 (three capital letters such as USD)")]
    UnknownCurrency(String),
    /// Two currencies met in one sum. Our mistake if it escapes `billing`, which refuses mixed input.
    #[error("{0} and {1} cannot be added: state an exchange rate or review one currency at a time")]
    Mixed(Currency, Currency),
    /// The text is not a decimal number.
    #[error("{0:?} is not an amount")]
    NotAnAmount(String),
    /// Above 7.9e16, the range of an exact amount with 12 places.
    #[error("amount {0}e-12 is too large to be exact")]
    TooLarge(i128),
}

/// An exact amount in one currency, 12 decimal places.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Money {
    amount: Decimal,
    currency: Currency,
}

impl Money {
    /// An amount; digits beyond 12 places are rounded half to even.
    #[must_use]
    pub fn new(amount: Decimal, currency: Currency) -> Self {
        Money { amount: round_wire(amount), currency }
    }

    /// Nothing, in a currency.
    #[must_use]
    pub fn zero(currency: Currency) -> Self {
        Money { amount: Decimal::ZERO, currency }
    }

    /// From the engine's `Decimal(38, 12)`: the integer number of 1e-12 units.
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`] above 7.9e16 units of currency.
    pub fn from_atoms(atoms: i128, currency: Currency) -> Result<Self, MoneyError> {
        Ok(Money { amount: decimal_from_atoms(atoms)?, currency })
    }

    /// The amount without its currency, for ratios and printing.
    #[must_use]
    pub fn amount(&self) -> Decimal {
        self.amount
    }

    /// The currency.
    #[must_use]
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// Sum of two amounts.
    ///
    /// # Errors
    /// [`MoneyError::Mixed`] when the currencies differ.
    pub fn plus(self, other: Money) -> Result<Money, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Mixed(self.currency, other.currency));
        }
        Ok(Money { amount: self.amount + other.amount, currency: self.currency })
    }

    /// Difference of two amounts.
    ///
    /// # Errors
    /// [`MoneyError::Mixed`] when the currencies differ.
    pub fn minus(self, other: Money) -> Result<Money, MoneyError> {
        self.plus(Money { amount: -other.amount, currency: other.currency })
    }

    /// The amount times a plain number (a quantity, a share), rounded to 12 places half to even.
    #[must_use]
    pub fn times(self, factor: Decimal) -> Money {
        Money::new(self.amount * factor, self.currency)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount.normalize(), self.currency)
    }
}

/// Reads a number as a bill writes it: digits, sign, point, exponent; rounded to 12 places half to even.
///
/// # Errors
/// [`MoneyError::NotAnAmount`] for anything else, blanks, separators and currency signs included.
pub fn parse_decimal(text: &str) -> Result<Decimal, MoneyError> {
    let error = || MoneyError::NotAnAmount(text.to_owned());
    let number = match text.find(['e', 'E']) {
        None => Decimal::from_str(text).map_err(|_| error())?,
        Some(at) => {
            // `Decimal::from_scientific` refuses exponents beyond its scale; 1e-40 is 0 at 12 places.
            let mantissa = Decimal::from_str(&text[..at]).map_err(|_| error())?;
            let exponent: i32 = text[at + 1..].parse().map_err(|_| error())?;
            scale_by_ten(mantissa, exponent).ok_or_else(error)?
        }
    };
    if text.starts_with(char::is_whitespace) || text.contains('_') {
        return Err(error());
    }
    Ok(round_wire(number))
}

fn scale_by_ten(mantissa: Decimal, exponent: i32) -> Option<Decimal> {
    let mut number = mantissa;
    if exponent < -40 || mantissa.is_zero() {
        return Some(Decimal::ZERO);
    }
    for _ in 0..exponent.unsigned_abs() {
        number = if exponent > 0 { number.checked_mul(Decimal::TEN)? } else { number.checked_div(Decimal::TEN)? };
    }
    Some(number)
}

/// Integer number of 1e-12 units as a decimal.
///
/// # Errors
/// [`MoneyError::TooLarge`] outside the exact range.
pub fn decimal_from_atoms(atoms: i128) -> Result<Decimal, MoneyError> {
    Decimal::try_from_i128_with_scale(atoms, PLACES).map_err(|_| MoneyError::TooLarge(atoms))
}

/// A decimal as the integer number of 1e-12 units, the engine's storage of `Decimal(38, 12)`.
#[must_use]
pub fn decimal_to_atoms(number: Decimal) -> i128 {
    let mut rounded = round_wire(number);
    rounded.rescale(PLACES);
    rounded.mantissa()
}

fn round_wire(number: Decimal) -> Decimal {
    number.round_dp_with_strategy(PLACES, RoundingStrategy::MidpointNearestEven)
}

/// An exact amount of a view, written as a decimal string: `"1234.5"`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Amount(pub Decimal);

impl Serialize for Amount {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.normalize())
    }
}

impl JsonSchema for Amount {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Amount".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$",
            "description": "Exact decimal in the currency of the review."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn usd(text: &str) -> Money {
        Money::new(parse_decimal(text).unwrap(), Currency::USD)
    }

    #[test]
    fn two_currencies_never_add() {
        let euro = Money::new(Decimal::ONE, "EUR".parse().unwrap());
        assert_eq!(usd("1").plus(euro), Err(MoneyError::Mixed(Currency::USD, euro.currency())));
    }

    #[test]
    fn a_virtual_currency_is_not_money() {
        assert_eq!("tokens".parse::<Currency>(), Err(MoneyError::UnknownCurrency("tokens".into())));
        assert_eq!("ZZZ".parse::<Currency>(), Err(MoneyError::UnknownCurrency("ZZZ".into())));
    }

    #[test]
    fn numbers_are_read_as_bills_write_them() {
        for (text, expected) in [
            ("0.0000000800", "0.00000008"),
            ("1E-9", "0.000000001"),
            ("0E-10", "0"),
            ("0E2000000000", "0"),
            ("1.5E+2", "150"),
            (".5", "0.5"),
            ("-0.25", "-0.25"),
            ("0.0000000000005", "0"),
            ("0.0000000000015", "0.000000000002"),
        ] {
            assert_eq!(parse_decimal(text).unwrap().normalize().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_a_plain_number_is_refused() {
        for text in ["", "NaN", "$1.5", "(1.5)", "1.5-", " 1.5", "1,234.56", "1.5.2", "inf", "1e"] {
            assert!(parse_decimal(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn atoms_round_trip(atoms in -10_000_000_000_000_000_000_000i128..10_000_000_000_000_000_000_000) {
            prop_assert_eq!(decimal_to_atoms(decimal_from_atoms(atoms).unwrap()), atoms);
        }

        #[test]
        fn sums_do_not_depend_on_order(a in any::<i64>(), b in any::<i64>(), c in any::<i64>()) {
            let m = |x: i64| Money::from_atoms(i128::from(x), Currency::USD).unwrap();
            let left = m(a).plus(m(b)).unwrap().plus(m(c)).unwrap();
            let right = m(c).plus(m(a)).unwrap().plus(m(b)).unwrap();
            prop_assert_eq!(left, right);
        }
    }
}
