//! What a unit costs, and where that figure comes from.
//!
//! Order of trust: the user's own bill, the agreement in `surgeon.toml`, a refreshed list, the embedded catalogue
//! (`prices/`). A price of a new meter is its list price less what is agreed, else times the discount that the bill realises
//! on the same service. Missing is unpriced, never zero. Does not know: what should be bought or changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::derive::baseline::Baseline;
use crate::id::Meter;
use crate::money::Currency;
use crate::quantity::PricingUnit;
use crate::ratio::Ratio;

mod agreement;
pub mod check;
mod coverage;
mod facts;
mod list;
mod offer;
mod shapes;
mod spot;
mod term;

pub use agreement::{Agreement, ExchangeRate, PrivateRate};
pub use coverage::{Coverage, MeterCoverage, coverage};
pub use facts::fact_tables;
pub use list::{ListError, ListPrice, PriceList, Source};
pub use offer::{OfferError, Refreshed};
pub use spot::{Interruption, interruption, interruptions_date};
pub use term::{Payment, Plan, Relation, Term, TermError, relation};

/// What the user states about prices, besides the bill.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// `[prices]` of `surgeon.toml`.
    pub agreement: Agreement,
    /// A list made by `surgeon prices refresh`.
    pub refreshed: Option<Arc<PriceList>>,
}

/// Prices of one bill.
#[derive(Clone, Debug)]
pub struct PriceBook {
    currency: Currency,
    as_of: Date,
    own: OwnPrices,
    discounts: BTreeMap<String, Ratio>,
    terms: Terms,
}

/// Prices paid, by meter and region.
type OwnPrices = BTreeMap<(Meter, Option<String>), OwnPrice>;

#[derive(Clone, Debug)]
struct OwnPrice {
    effective: Decimal,
    list: Option<Decimal>,
    unit: PricingUnit,
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
    /// Where it comes from and how old it is, for the reader.
    pub source: String,
    /// Largest error, in percent, of a figure that nobody published; `None`: paid, agreed or listed.
    pub error_percent: Option<f64>,
}

/// Where a price can come from, in order of trust.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Origin {
    /// Paid on the bill under review.
    OwnBill,
    /// A private rate of the agreement.
    Agreement,
    /// The refreshed list.
    Refreshed,
    /// The embedded catalogue.
    Embedded,
}

impl Origin {
    /// The origin in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Origin::OwnBill => "own bill",
            Origin::Agreement => "price book",
            Origin::Refreshed => "refreshed list",
            Origin::Embedded => "embedded list",
        }
    }
}

/// What one origin says about a meter: a price, or why there is none.
#[derive(Clone, PartialEq, Debug)]
pub struct Candidate {
    /// Who.
    pub origin: Origin,
    /// The price, or the reason why there is none.
    pub price: Result<MeterPrice, String>,
    /// Tiers of a list price: (start, price), when there is more than one.
    pub tiers: Vec<(Decimal, Decimal)>,
}

impl PriceBook {
    /// The prices of a bill: what it was charged, and what is stated beside it. Ages are counted to `as_of`.
    #[must_use]
    pub fn new(baseline: &Baseline, currency: Currency, as_of: Date, terms: Terms) -> Self {
        let (own, discounts) = own_prices(baseline);
        PriceBook { currency, as_of, own, discounts, terms }
    }

    /// The price of a meter in a region, on demand; `None` is unpriced.
    #[must_use]
    pub fn price(&self, meter: &Meter, region: Option<&str>) -> Option<MeterPrice> {
        let origins = [Origin::OwnBill, Origin::Agreement, Origin::Refreshed, Origin::Embedded];
        origins.into_iter().find_map(|origin| self.candidate(origin, meter, region, &Term::OnDemand).price.ok())
    }

    /// What a commitment's rate is of the on-demand price, both from the public lists; `None`: not both are known.
    #[must_use]
    pub fn committed_share(&self, meter: &Meter, region: Option<&str>, term: &Term) -> Option<Decimal> {
        let listed = |term: &Term| {
            [Origin::Refreshed, Origin::Embedded]
                .into_iter()
                .find_map(|origin| self.candidate(origin, meter, region, term).price.ok()?.list)
        };
        let share = listed(term)?.checked_div(listed(&Term::OnDemand)?)?;
        Some(share.round_dp(crate::money::PLACES))
    }

    /// What every origin says, in order of trust: the first price is the one taken.
    #[must_use]
    pub fn candidates(&self, meter: &Meter, region: Option<&str>, term: &Term) -> Vec<Candidate> {
        let origins = [Origin::OwnBill, Origin::Agreement, Origin::Refreshed, Origin::Embedded];
        origins.into_iter().map(|origin| self.candidate(origin, meter, region, term)).collect()
    }

    fn candidate(&self, origin: Origin, meter: &Meter, region: Option<&str>, term: &Term) -> Candidate {
        let mut tiers = Vec::new();
        let price = match origin {
            Origin::OwnBill => self.own_price(meter, region, term),
            Origin::Agreement => self.private_rate(meter, region, term),
            Origin::Refreshed => match &self.terms.refreshed {
                Some(list) => self.listed(list, meter, region, term, &mut tiers),
                None => Err("not given; surgeon prices refresh makes one".into()),
            },
            Origin::Embedded => self.listed(PriceList::embedded(), meter, region, term, &mut tiers),
        };
        Candidate { origin, price, tiers }
    }

    fn own_price(&self, meter: &Meter, region: Option<&str>, term: &Term) -> Result<MeterPrice, String> {
        if *term != Term::OnDemand {
            return Err("bills state rates of what was bought, not of what could be".into());
        }
        let key = (meter.clone(), region.map(str::to_owned));
        let own = self.own.get(&key).ok_or("not charged on demand in the last 7 complete days")?;
        let source = "own bill: average on-demand price paid in the last 7 complete days".into();
        Ok(MeterPrice { effective: own.effective, list: own.list, unit: own.unit.clone(), source, error_percent: None })
    }

    fn private_rate(&self, meter: &Meter, region: Option<&str>, term: &Term) -> Result<MeterPrice, String> {
        let rate = self.terms.agreement.rate(meter, region, term).ok_or("no rate for it in [[prices.rate]]")?;
        let convert = self.terms.agreement.exchange(rate.currency, self.currency)?;
        let public = self.list_price(meter, region, term).map(|price| price.0);
        let source = format!(
            "price book: {}{}{}",
            rate.source,
            self.age(&rate.date),
            convert.as_ref().map(|c| format!(", at {c}")).unwrap_or_default()
        );
        let effective = rate.price * convert.map_or(Decimal::ONE, |c| c.rate);
        Ok(MeterPrice { effective, list: public, unit: rate.unit.clone(), source, error_percent: None })
    }

    /// The public price in the bill's currency, from the first list that has it.
    fn list_price(&self, meter: &Meter, region: Option<&str>, term: &Term) -> Option<(Decimal, PricingUnit)> {
        let lists = self.terms.refreshed.as_deref().into_iter().chain([PriceList::embedded()]);
        lists.into_iter().find_map(|list| {
            let price = list.price(meter, region, term)?;
            let convert = self.terms.agreement.exchange(price.currency, self.currency).ok()?;
            Some((price.unit_price() * convert.map_or(Decimal::ONE, |c| c.rate), price.unit))
        })
    }

    fn listed(
        &self,
        list: &PriceList,
        meter: &Meter,
        region: Option<&str>,
        term: &Term,
        tiers: &mut Vec<(Decimal, Decimal)>,
    ) -> Result<MeterPrice, String> {
        let (price, derived) = match list.price(meter, region, term) {
            Some(price) => (price, None),
            None => match relation(&meter.0, term)
                .and_then(|relation| Some((list.price(meter, region, &relation.from)?, Some(relation))))
            {
                Some(found) => found,
                None => {
                    let regions = list.regions(meter);
                    return Err(match (regions.len(), region) {
                        (0, _) => "not listed".into(),
                        (_, None) => "listed by region, and no region is known".into(),
                        (_, Some(region)) if regions.contains(&region) => "not listed at this term".into(),
                        (n, Some(region)) => format!("not listed in {region}, listed in {n} other regions"),
                    });
                }
            },
        };
        let convert = self.terms.agreement.exchange(price.currency, self.currency)?;
        let factor = derived.map_or(Decimal::ONE, |r| Decimal::new(i64::from(r.millionths), 6))
            * convert.as_ref().map_or(Decimal::ONE, |c| c.rate);
        if price.tiers.len() > 1 {
            tiers.extend(price.tiers.iter().map(|(from, tier)| (*from, (tier * factor).round_dp(12))));
        }
        let unit_price = (price.unit_price() * factor).round_dp(12);
        if unit_price.is_zero() && !price.tiers.iter().all(|t| t.1.is_zero()) {
            return Err("only a free tier is listed".into());
        }
        let mut source = format!("{}{}", price.source.title, self.age(&price.source.date));
        if let Some(error) = price.source.error_percent {
            source.push_str(&format!(", error up to {error} %"));
        }
        if let Some(relation) = derived {
            source.push_str(&format!(", derived: {} (error up to {} %)", relation.evidence, relation.error_percent));
        }
        if price.tiers.len() > 1 {
            source.push_str(&format!(", first paid tier of {}", price.tiers.len()));
        }
        if let Some(convert) = &convert {
            source.push_str(&format!(", at {convert}"));
        }
        let service = meter.0.split('/').next().unwrap_or_default();
        let (paid, why) = self.paid_share(service);
        if let Some(why) = why {
            source.push_str(&format!(" × {why}"));
        }
        let effective = (unit_price * paid).round_dp(12);
        let error_percent = derived.map(|r| r.error_percent).or(price.source.error_percent);
        Ok(MeterPrice { effective, list: Some(unit_price), unit: price.unit, source, error_percent })
    }

    /// The share of list that is paid for a new unit of a service, and who says so.
    fn paid_share(&self, service: &str) -> (Decimal, Option<String>) {
        if let Some((share, words)) = self.terms.agreement.share(service) {
            return (share, Some(words));
        }
        match self.discounts.get(service) {
            Some(ratio) => {
                let percent = (ratio.fraction() * Decimal::ONE_HUNDRED).round_dp(2);
                (ratio.fraction(), Some(format!("{} % of list, as the bill pays for {service}", percent.normalize())))
            }
            None => (Decimal::ONE, None),
        }
    }

    /// `, 2025-06 (17 months old)`.
    fn age(&self, date: &str) -> String {
        let full = match date.len() {
            4 => format!("{date}-01-01"),
            7 => format!("{date}-01"),
            _ => date.to_owned(),
        };
        let months = full.parse::<Date>().ok().map(|from| {
            let years = i32::from(self.as_of.year()) - i32::from(from.year());
            years * 12 + i32::from(self.as_of.month()) - i32::from(from.month())
        });
        match months {
            _ if date.is_empty() => String::new(),
            Some(1) => format!(", {date} (1 month old)"),
            Some(months) if months > 0 => format!(", {date} ({months} months old)"),
            _ => format!(", {date}"),
        }
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

#[cfg(test)]
mod tests;
