//! Amounts of usage and the units in which they are priced.
//!
//! Knows: decimal quantities and pricing units as FOCUS spells them (`GB-Mo` and `GB-Month` are one unit). Does
//! not know: prices or money totals.

use std::borrow::Cow;
use std::fmt;

use rust_decimal::Decimal;

use crate::money::Money;

/// A pricing unit in FOCUS spelling, e.g. `Hours`, `GB-Months`, `Requests`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PricingUnit(Cow<'static, str>);

impl PricingUnit {
    /// The canonical spelling of a provider's unit. An unknown unit is kept as written.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let folded = text.to_ascii_lowercase();
        let name = match folded.as_str() {
            "hrs" | "hr" | "hour" | "hours" | "hourly" => "Hours",
            "gb-mo" | "gb-month" | "gb-months" | "gb/month" => "GB-Months",
            "gb-hours" | "gb-hour" | "gb-hr" => "GB-Hours",
            "gb" | "gigabytes" => "GB",
            // AWS Lambda: price lists say Lambda-GB-Second or Second, FOCUS exports Seconds; gigabyte-seconds all of them.
            "gb-seconds" | "gb-second" | "gb-s" | "lambda-gb-second" | "lambda-gb-seconds" => "GB-Seconds",
            "iops-mo" | "iops-month" | "iops-months" => "IOPS-Months",
            "gibps-mo" | "gibps-month" | "gibps-months" | "gib/second-months" => "GiBps-Months",
            "mbps-mo" | "mibps-mo" | "mibps-month" | "mibps-months" | "mib/second-months" => "MiBps-Months",
            "requests" | "request" | "api requests" | "api calls" | "api request" => "Requests",
            "vcpu-hours" | "vcpu-hour" | "vcpu-hr" => "vCPU-Hours",
            "vcpu-mo" | "vcpu-month" | "vcpu-months" => "vCPU-Months",
            "acu-hr" | "acu-hour" | "acu-hours" => "ACU-Hours",
            "lcu-hrs" | "lcu-hour" | "lcu-hours" => "LCU-Hours",
            "quantity" | "units" => "Units",
            "mo" | "month" | "months" => "Months",
            _ => return PricingUnit(Cow::Owned(with_long_suffix(text))),
        };
        PricingUnit(Cow::Borrowed(name))
    }

    /// A unit that is in canonical spelling already, as in price lists.
    #[must_use]
    pub fn canonical(text: &'static str) -> Self {
        PricingUnit(Cow::Borrowed(text))
    }

    /// The unit as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a price per this unit is a price per the other: the same unit, or two words for single things. Providers
    /// write one count as `Requests`, `Events` or `Metrics`; times, sizes and blocks (`1M`) are never mixed.
    #[must_use]
    pub fn same_measure(&self, other: &PricingUnit) -> bool {
        let seconds =
            |unit: &PricingUnit| matches!(unit.0.to_ascii_lowercase().as_str(), "seconds" | "second" | "gb-seconds");
        self == other || (self.is_count() && other.is_count()) || (seconds(self) && seconds(other))
    }

    fn is_count(&self) -> bool {
        const MEASURES: [&str; 14] =
            ["hour", "hr", "second", "minute", "day", "month", "mo", "year", "gb", "gib", "tb", "mib", "kb", "byte"];
        let folded = self.0.to_ascii_lowercase();
        let mut words = folded.split(|c: char| !c.is_ascii_alphabetic());
        let measured = words.any(|w| MEASURES.iter().any(|m| w == *m || w.strip_suffix('s') == Some(m)));
        !measured && !folded.bytes().any(|b| b.is_ascii_digit())
    }

    /// Whether the unit is something held for a month (storage, provisioned IOPS): its quantity depends on how
    /// many hours the billing month has.
    #[must_use]
    pub fn is_per_month(&self) -> bool {
        self.0.ends_with("-Months")
    }
}

/// `NCU-Hr` and `CR-hrs` as `NCU-Hours` and `CR-Hours`, `Alarm-Mo` as `Alarm-Months`.
fn with_long_suffix(text: &str) -> String {
    let Some((what, per)) = text.rsplit_once('-') else { return text.to_owned() };
    match per.to_ascii_lowercase().as_str() {
        "hr" | "hrs" | "hour" | "hours" => format!("{what}-Hours"),
        "mo" | "month" | "months" => format!("{what}-Months"),
        _ => text.to_owned(),
    }
}

impl fmt::Display for PricingUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How much of a pricing unit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Quantity {
    /// The number of units.
    pub amount: Decimal,
    /// The unit.
    pub unit: PricingUnit,
}

/// Price of one pricing unit, e.g. 0.08 USD per GB-Month.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnitPrice {
    /// What one unit costs.
    pub price: Money,
    /// The unit.
    pub per: PricingUnit,
}

impl UnitPrice {
    /// Cost of a quantity, or nothing when the units differ: a price per hour says nothing about gigabytes.
    #[must_use]
    pub fn cost(&self, quantity: &Quantity) -> Option<Money> {
        (self.per == quantity.unit).then(|| self.price.times(quantity.amount))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    #[test]
    fn one_unit_has_one_spelling() {
        assert_eq!(PricingUnit::new("GB-Mo"), PricingUnit::new("GB-Month"));
        assert_eq!(PricingUnit::new("Hrs").as_str(), "Hours");
        assert_eq!(PricingUnit::new("NCU-Hr").as_str(), "NCU-Hours");
        assert_eq!(PricingUnit::new("MBPS-Mo"), PricingUnit::new("MiBps-Mo"));
        assert_eq!(PricingUnit::new("WebACL").as_str(), "WebACL");
    }

    #[test]
    fn counts_are_one_measure_and_nothing_else_is() {
        let same = |a: &str, b: &str| PricingUnit::new(a).same_measure(&PricingUnit::new(b));
        assert!(same("API Requests", "Requests") && same("Keys", "Units") && same("Lambda-GB-Second", "Seconds"));
        assert!(!same("Requests", "1M Requests") && !same("Hrs", "LCU-Hrs") && !same("GB", "GB-Mo"));
        assert!(!same("MiBps-Mo", "GiBps-mo") && !same("Alarms", "Hours") && !same("vCPU-Hours", "Hours"));
    }

    #[test]
    fn a_price_says_nothing_about_another_unit() {
        let price = UnitPrice { price: Money::new(Decimal::new(8, 2), Currency::USD), per: PricingUnit::new("GB-Mo") };
        let gigabytes = Quantity { amount: Decimal::from(100), unit: PricingUnit::new("GB-Month") };
        let hours = Quantity { amount: Decimal::from(100), unit: PricingUnit::new("Hrs") };
        assert_eq!(price.cost(&gigabytes).map(|m| m.to_string()), Some("8 USD".into()));
        assert_eq!(price.cost(&hours), None);
    }
}
