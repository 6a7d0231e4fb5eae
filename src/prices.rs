//! What a unit costs, and where that figure comes from.
//!
//! Order of trust: the user's own bill, then the embedded list prices (`prices/`). A price of a new meter is its list price
//! times the discount that the bill realises on the same service. Missing is unpriced, never zero. Does not know: what
//! should be bought or changed.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::derive::baseline::Baseline;
use crate::id::Meter;
use crate::money::{Currency, Money, parse_decimal};
use crate::quantity::{PricingUnit, UnitPrice};
use crate::ratio::Ratio;

/// The embedded list prices: one file per subject, with source and date in its first lines.
const EMBEDDED: [(&str, &str); 2] =
    [("prices/ebs.csv", include_str!("../prices/ebs.csv")), ("prices/vpc.csv", include_str!("../prices/vpc.csv"))];

/// Prices of one bill.
#[derive(Clone, Debug)]
pub struct PriceBook {
    currency: Currency,
    own: OwnPrices,
    embedded: BTreeMap<(Meter, String), EmbeddedPrice>,
    discounts: BTreeMap<String, Ratio>,
}

/// Prices paid, by meter and region.
type OwnPrices = BTreeMap<(Meter, Option<String>), OwnPrice>;

#[derive(Clone, Debug)]
struct OwnPrice {
    effective: Decimal,
    list: Option<Decimal>,
    unit: PricingUnit,
}

#[derive(Clone, Debug)]
struct EmbeddedPrice {
    price: UnitPrice,
    source: String,
}

/// A price with its origin.
#[derive(Clone, PartialEq, Debug)]
pub struct MeterPrice {
    /// What is paid for a unit.
    pub effective: Decimal,
    /// What a unit costs on the public list, where known.
    pub list: Option<Decimal>,
    /// Pricing unit.
    pub unit: PricingUnit,
    /// Where it comes from, for the reader.
    pub source: String,
}

/// Why the embedded prices cannot be read: our bug, caught by a test.
#[derive(Debug, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct PriceError {
    file: &'static str,
    line: usize,
    message: String,
}

impl PriceBook {
    /// The prices of a bill, from what it was charged and the embedded list.
    ///
    /// # Errors
    /// [`PriceError`] when an embedded file is malformed.
    pub fn new(baseline: &Baseline, currency: Currency) -> Result<Self, PriceError> {
        let mut embedded = BTreeMap::new();
        for (file, text) in EMBEDDED {
            read_embedded(file, text, &mut embedded)?;
        }
        let (own, discounts) = own_prices(baseline);
        Ok(PriceBook { currency, own, embedded, discounts })
    }

    /// The price of a meter in a region; `None` is unpriced.
    #[must_use]
    pub fn price(&self, meter: &Meter, region: Option<&str>) -> Option<MeterPrice> {
        if let Some(own) = self.own.get(&(meter.clone(), region.map(str::to_owned))) {
            let source = "own bill: average on-demand price paid in the last 7 complete days".into();
            return Some(MeterPrice { effective: own.effective, list: own.list, unit: own.unit.clone(), source });
        }
        let found = self.embedded.get(&(meter.clone(), region?.to_owned()))?;
        // A price in another currency is no price until an exchange rate is stated.
        if found.price.price.currency() != self.currency {
            return None;
        }
        let list = found.price.price.amount();
        let service = meter.0.split('/').next().unwrap_or_default();
        let paid = self.discounts.get(service).map_or(Decimal::ONE, Ratio::fraction);
        let source = if paid == Decimal::ONE {
            found.source.clone()
        } else {
            format!(
                "{} × {} of list, as the bill pays for {service}",
                found.source,
                (paid * Decimal::ONE_HUNDRED).round_dp(2)
            )
        };
        Some(MeterPrice { effective: list * paid, list: Some(list), unit: found.price.per.clone(), source })
    }
}

/// Unit prices paid on demand in the run-rate window, by meter and region; and what is paid of list, by service.
fn own_prices(baseline: &Baseline) -> (OwnPrices, BTreeMap<String, Ratio>) {
    #[derive(Default)]
    struct Sums {
        quantity: Decimal,
        effective: Decimal,
        list: Option<Decimal>,
        unit: Option<String>,
        mixed: bool,
    }
    let mut sums: BTreeMap<(Meter, Option<String>), Sums> = BTreeMap::new();
    let mut services: BTreeMap<String, (Decimal, Decimal)> = BTreeMap::new();
    for (target, line) in baseline.lines.iter().flat_map(|(t, lines)| lines.iter().map(move |l| (t, l))) {
        // What a commitment pays for, and what a free tier gives, say nothing about the price of the next unit.
        let paid = line.covered.is_zero() && line.effective > Decimal::ZERO;
        let (Some(meter), Some(quantity), true) = (&line.meter, line.quantity, paid) else {
            continue;
        };
        let entry = sums.entry((meter.clone(), target.region.clone())).or_insert_with(|| Sums {
            list: Some(Decimal::ZERO),
            unit: line.unit.clone(),
            ..Sums::default()
        });
        entry.mixed |= entry.unit != line.unit;
        entry.quantity += quantity;
        entry.effective += line.effective;
        entry.list = entry.list.zip(line.list).map(|(a, b)| a + b);
        if let (Some(service), Some(list)) = (&line.service, line.list) {
            let (paid, listed) = services.entry(service.clone()).or_default();
            *paid += line.effective;
            *listed += list;
        }
    }
    let own = sums
        .into_iter()
        .filter(|(_, s)| !s.mixed && s.quantity > Decimal::ZERO)
        .filter_map(|(key, s)| {
            let effective = s.effective.checked_div(s.quantity)?;
            let list = s.list.and_then(|l| l.checked_div(s.quantity));
            Some((key, OwnPrice { effective, list, unit: PricingUnit::new(&s.unit?) }))
        })
        .collect();
    let discounts = services
        .into_iter()
        .filter_map(|(service, (paid, listed))| Ratio::of(paid, listed).map(|r| (service, r)))
        // AWS states list cost at the highest tier; a ratio above one or of nothing is no discount.
        .filter(|(_, ratio)| ratio.fraction() > Decimal::ZERO && ratio.fraction() < Decimal::ONE)
        .collect();
    (own, discounts)
}

fn read_embedded(
    file: &'static str,
    text: &str,
    into: &mut BTreeMap<(Meter, String), EmbeddedPrice>,
) -> Result<(), PriceError> {
    let note = |key: &str| text.lines().find_map(|l| l.strip_prefix(&format!("# {key}: "))).unwrap_or_default();
    let source = format!("{}, {}", note("source"), note("date"));
    for (index, row) in text.lines().enumerate().filter(|(_, l)| !l.starts_with('#') && !l.starts_with("meter,")) {
        let error = |message: &str| PriceError { file, line: index + 1, message: message.into() };
        let [meter, region, unit, price, currency] = row.split(',').collect::<Vec<_>>()[..] else {
            return Err(error("expected meter,region,unit,price,currency"));
        };
        let currency = currency.parse().map_err(|_| error("unknown currency"))?;
        let price = parse_decimal(price).map_err(|_| error("not a price"))?;
        let price = UnitPrice { price: Money::new(price, currency), per: PricingUnit::new(unit) };
        into.insert((Meter(meter.into()), region.into()), EmbeddedPrice { price, source: source.clone() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::derive::baseline::Line;
    use crate::id::Target;

    fn bill(quantity: i64, effective: i64, list: i64) -> Baseline {
        let target = Target { account: None, region: Some("eu-west-1".into()), resource: Some("vol-1".into()) };
        let line = Line {
            meter: Some(Meter("AmazonEC2/EBS:VolumeUsage.gp2".into())),
            service: Some("AmazonEC2".into()),
            unit: Some("GB-Months".into()),
            quantity: Some(quantity.into()),
            effective: effective.into(),
            list: Some(list.into()),
            covered: Decimal::ZERO,
            committed_until: None,
        };
        Baseline { lines: [(target, vec![line])].into(), ..Baseline::default() }
    }

    fn book(baseline: &Baseline, currency: &str) -> PriceBook {
        PriceBook::new(baseline, currency.parse().unwrap()).unwrap()
    }

    #[test]
    fn the_own_bill_comes_before_the_list() {
        let meter = Meter("AmazonEC2/EBS:VolumeUsage.gp2".into());
        let price = book(&bill(100, 9, 10), "USD").price(&meter, Some("eu-west-1")).unwrap();
        assert_eq!((price.effective, price.list), (Decimal::new(9, 2), Some(Decimal::new(10, 2))));
    }

    #[test]
    fn a_new_meter_costs_its_list_price_times_the_realised_discount() {
        let meter = Meter("AmazonEC2/EBS:VolumeUsage.gp3".into());
        let price = book(&bill(100, 9, 10), "USD").price(&meter, Some("us-east-1")).unwrap();
        assert_eq!((price.effective, price.list), (Decimal::new(72, 3), Some(Decimal::new(8, 2))));
    }

    #[test]
    fn a_price_in_another_currency_is_no_price() {
        let meter = Meter("AmazonEC2/EBS:VolumeUsage.gp3".into());
        assert_eq!(book(&Baseline::default(), "EUR").price(&meter, Some("us-east-1")), None);
    }

    #[test]
    fn what_a_free_tier_gives_is_no_price() {
        let meter = Meter("AmazonEC2/EBS:VolumeUsage.gp2".into());
        assert_eq!(
            book(&bill(30, 0, 0), "USD").price(&meter, Some("eu-west-1")).map(|p| p.effective),
            Some(Decimal::new(11, 2))
        );
    }

    #[test]
    fn an_unknown_meter_is_unpriced_not_free() {
        assert_eq!(
            book(&Baseline::default(), "USD").price(&Meter("AmazonEC2/Nothing".into()), Some("us-east-1")),
            None
        );
    }
}
