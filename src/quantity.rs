//! Amounts of usage and the units in which they are priced.
//!
//! Knows: decimal quantities and pricing units as FOCUS spells them (`GB-Mo` and `GB-Month` are one unit). Does
//! not know: prices or money totals.

use std::fmt;

use rust_decimal::Decimal;

use crate::money::Money;

/// A pricing unit in FOCUS spelling, e.g. `Hours`, `GB-Months`, `Requests`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PricingUnit(String);

impl PricingUnit {
    /// The canonical spelling of a provider's unit. An unknown unit is kept as written.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let folded = text.to_ascii_lowercase();
        let name = match folded.as_str() {
            "hrs" | "hr" | "hour" | "hours" => "Hours",
            "gb-mo" | "gb-month" | "gb-months" | "gb/month" => "GB-Months",
            "gb-hours" | "gb-hr" => "GB-Hours",
            "gb" => "GB",
            "iops-mo" | "iops-month" => "IOPS-Months",
            "gibps-mo" | "gibps-month" => "GiBps-Months",
            "requests" | "request" => "Requests",
            "vcpu-hours" | "vcpu-hour" => "vCPU-Hours",
            "quantity" | "units" => "Units",
            _ => text,
        };
        PricingUnit(name.to_owned())
    }

    /// The unit as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the unit is something held for a month (storage, provisioned IOPS): its quantity depends on how
    /// many hours the billing month has.
    #[must_use]
    pub fn is_per_month(&self) -> bool {
        self.0.ends_with("-Months")
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
        assert_eq!(PricingUnit::new("WebACL").as_str(), "WebACL");
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
