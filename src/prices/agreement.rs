//! What the user has agreed with the provider or a reseller, and the exchange rates to use.
//!
//! Knows: discounts off list, a reseller's markup, private rates, rates of exchange, each with its source. Does not know: lists,
//! bills.

use std::collections::BTreeMap;
use std::fmt;

use rust_decimal::Decimal;

use super::term::Term;
use crate::id::Meter;
use crate::money::Currency;
use crate::quantity::PricingUnit;

/// The price book: `[prices]` of `surgeon.toml`.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Agreement {
    /// Enterprise discount on everything, in percent off list (EDP, PPA).
    pub discount_percent: Option<Decimal>,
    /// Discount on a service, in percent off list, in place of the one on everything.
    pub service_discount_percent: BTreeMap<String, Decimal>,
    /// What a reseller or managed service provider adds, in percent.
    pub markup_percent: Option<Decimal>,
    /// Rates of single meters.
    pub rates: Vec<PrivateRate>,
    /// Rates of exchange.
    pub exchange: Vec<ExchangeRate>,
}

/// A rate agreed for one meter.
#[derive(Clone, PartialEq, Debug)]
pub struct PrivateRate {
    /// The meter.
    pub meter: Meter,
    /// The region; `None` is every region.
    pub region: Option<String>,
    /// On demand, or a commitment.
    pub term: Term,
    /// Price of a unit.
    pub price: Decimal,
    /// Its currency.
    pub currency: Currency,
    /// Its unit.
    pub unit: PricingUnit,
    /// The agreement it stands in.
    pub source: String,
    /// Date of the agreement.
    pub date: String,
}

/// How many units of one currency a unit of another is worth.
#[derive(Clone, PartialEq, Debug)]
pub struct ExchangeRate {
    /// Currency of the list.
    pub from: Currency,
    /// Currency of the bill.
    pub to: Currency,
    /// Units of `to` for one of `from`.
    pub rate: Decimal,
    /// Date of the rate.
    pub date: String,
    /// Who publishes it.
    pub source: String,
}

impl fmt::Display for ExchangeRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} for 1 {} ({}, {})", self.rate.normalize(), self.to, self.from, self.source, self.date)
    }
}

impl Agreement {
    /// The rate of a meter: that of the region before that of every region.
    #[must_use]
    pub fn rate(&self, meter: &Meter, region: Option<&str>, term: &Term) -> Option<&PrivateRate> {
        let of_meter = || self.rates.iter().filter(|rate| rate.meter == *meter && rate.term == *term);
        let here = of_meter().find(|rate| rate.region.is_some() && rate.region.as_deref() == region);
        here.or_else(|| of_meter().find(|rate| rate.region.is_none()))
    }

    /// The share of list that is paid for a service, with its reason; `None` when nothing is agreed.
    #[must_use]
    pub fn share(&self, service: &str) -> Option<(Decimal, String)> {
        let off = self.service_discount_percent.get(service).copied().or(self.discount_percent);
        if off.is_none() && self.markup_percent.is_none() {
            return None;
        }
        let (off, markup) = (off.unwrap_or_default(), self.markup_percent.unwrap_or_default());
        let share = (Decimal::ONE - off / Decimal::ONE_HUNDRED) * (Decimal::ONE + markup / Decimal::ONE_HUNDRED);
        let mut words = format!("{} % of list, price book: ", (share * Decimal::ONE_HUNDRED).round_dp(2).normalize());
        match (off.is_zero(), markup.is_zero()) {
            (false, true) => words.push_str(&format!("{} % off", off.normalize())),
            (true, false) => words.push_str(&format!("{} % markup", markup.normalize())),
            _ => words.push_str(&format!("{} % off, {} % markup", off.normalize(), markup.normalize())),
        }
        Some((share, words))
    }

    /// The rate from one currency to another; `None` when they are the same.
    ///
    /// # Errors
    /// The sentence that says which rate is missing.
    pub fn exchange(&self, from: Currency, to: Currency) -> Result<Option<&ExchangeRate>, String> {
        if from == to {
            return Ok(None);
        }
        let found = self.exchange.iter().find(|rate| rate.from == from && rate.to == to);
        found.map(Some).ok_or_else(|| {
            format!("listed in {from}, and no [[prices.exchange]] from {from} to {to} is stated in surgeon.toml")
        })
    }
}
