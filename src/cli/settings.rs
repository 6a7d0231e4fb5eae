//! `surgeon.toml`: parameters of rules, allocation keys, waivers, prices. Unknown keys are errors.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde::Deserialize;

use crate::derive::schedule::Calendar;
use crate::id::Meter;
use crate::money::{Currency, parse_decimal};
use crate::prices::{Agreement, ExchangeRate, PriceList, PrivateRate, Terms};
use crate::quantity::PricingUnit;
use crate::waivers::Waiver;

/// The file as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    /// Currency of files without a currency column.
    pub(super) currency: Option<String>,
    #[serde(default)]
    pub(super) allocation: Allocation,
    /// `[rules.ebs-volume-gp2]` with `parameter = value`.
    #[serde(default)]
    pub(super) rules: BTreeMap<String, BTreeMap<String, toml::Value>>,
    #[serde(default)]
    calendar: CalendarEntry,
    #[serde(default)]
    prices: PricesEntry,
    #[serde(default, rename = "waiver")]
    waivers: Vec<WaiverEntry>,
    /// Folder of the file, where relative paths in it begin.
    #[serde(skip)]
    folder: PathBuf,
}

/// `[calendar]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct CalendarEntry {
    time_zone: Option<String>,
    #[serde(default)]
    holidays: Vec<String>,
}

/// `[prices]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct PricesEntry {
    refreshed: Option<PathBuf>,
    discount_percent: Option<toml::Value>,
    #[serde(default)]
    service_discount_percent: BTreeMap<String, toml::Value>,
    markup_percent: Option<toml::Value>,
    #[serde(default, rename = "rate")]
    rates: Vec<RateEntry>,
    #[serde(default, rename = "exchange")]
    exchange: Vec<ExchangeEntry>,
}

/// `[[prices.rate]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RateEntry {
    meter: String,
    region: Option<String>,
    #[serde(default)]
    term: String,
    price: toml::Value,
    currency: String,
    unit: String,
    source: String,
    date: String,
}

/// `[[prices.exchange]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExchangeEntry {
    from: String,
    to: String,
    rate: toml::Value,
    date: String,
    source: String,
}

/// `[allocation]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Allocation {
    /// Tag keys by which cost is broken down.
    #[serde(default)]
    pub(super) keys: Vec<String>,
}

/// `[[waiver]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WaiverEntry {
    finding: String,
    reason: String,
    owner: String,
    until: String,
}

/// Reads the named file, or `surgeon.toml` of the working folder when it exists.
pub(super) fn read(path: Option<&Path>) -> anyhow::Result<Settings> {
    let default = Path::new("surgeon.toml");
    let path = match path {
        Some(path) => path,
        None if default.is_file() => default,
        None => return Ok(Settings::default()),
    };
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let mut settings: Settings = toml::from_str(&text).with_context(|| format!("{} cannot be used", path.display()))?;
    settings.folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
    Ok(settings)
}

impl Settings {
    /// Whose clock habits follow, and on which days nobody works.
    pub(super) fn calendar(&self) -> anyhow::Result<Calendar> {
        let name = self.calendar.time_zone.as_deref().unwrap_or("UTC");
        let zone = TimeZone::get(name).map_err(|_| {
            anyhow::anyhow!("surgeon.toml: calendar.time_zone: {name:?} is no time zone\n  help: names are those of IANA, such as Europe/Berlin")
        })?;
        let day = |text: &String| {
            text.parse::<Date>()
                .map_err(|_| anyhow::anyhow!("surgeon.toml: calendar.holidays: {text:?} is no date such as 2026-12-25"))
        };
        Ok(Calendar { zone, holidays: self.calendar.holidays.iter().map(day).collect::<anyhow::Result<_>>()? })
    }
}

/// An exact number, written as a number or as text.
fn number(field: &str, value: &toml::Value) -> anyhow::Result<Decimal> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    parse_decimal(&text).map_err(|_| anyhow::anyhow!("surgeon.toml: {field}: {text:?} is not a number"))
}

fn percent(field: &str, value: &toml::Value) -> anyhow::Result<Decimal> {
    let percent = number(field, value)?;
    anyhow::ensure!(
        percent >= Decimal::ZERO && percent <= Decimal::ONE_HUNDRED,
        "surgeon.toml: {field}: {percent} is not a percentage from 0 to 100"
    );
    Ok(percent)
}

fn currency(field: &str, code: &str) -> anyhow::Result<Currency> {
    code.parse().map_err(|e| anyhow::anyhow!("surgeon.toml: {field}: {e}"))
}

fn date(field: &str, text: &str) -> anyhow::Result<String> {
    let date: Result<Date, _> = text.parse();
    date.map(|d| d.to_string())
        .map_err(|_| anyhow::anyhow!("surgeon.toml: {field}: {text:?} is not a date (YYYY-MM-DD)"))
}

impl Settings {
    /// The waivers, checked.
    pub(super) fn waivers(&self) -> anyhow::Result<Vec<Waiver>> {
        self.waivers
            .iter()
            .map(|w| {
                for (field, text) in [("finding", &w.finding), ("reason", &w.reason), ("owner", &w.owner)] {
                    anyhow::ensure!(!text.trim().is_empty(), "surgeon.toml: a waiver needs a {field}");
                }
                let until: Date = w.until.parse().map_err(|_| {
                    anyhow::anyhow!(
                        "surgeon.toml: waiver of {}: until {:?} is not a date (YYYY-MM-DD)",
                        w.finding,
                        w.until
                    )
                })?;
                Ok(Waiver { finding: w.finding.clone(), reason: w.reason.clone(), owner: w.owner.clone(), until })
            })
            .collect()
    }

    /// What is stated about prices, checked; the refreshed list is read.
    pub(super) fn prices(&self) -> anyhow::Result<Terms> {
        let entry = &self.prices;
        let optional = |field: &str, value: &Option<toml::Value>| {
            value.as_ref().map(|v| percent(&format!("prices.{field}"), v)).transpose()
        };
        let services = entry.service_discount_percent.iter().map(|(service, value)| {
            Ok((service.clone(), percent(&format!("prices.service_discount_percent.{service}"), value)?))
        });
        let rates = entry.rates.iter().map(|rate| {
            let field = format!("prices.rate of {}", rate.meter);
            let price = number(&field, &rate.price)?;
            anyhow::ensure!(price >= Decimal::ZERO, "surgeon.toml: {field}: a price is not negative");
            anyhow::ensure!(!rate.source.trim().is_empty(), "surgeon.toml: {field}: a rate needs its source");
            anyhow::ensure!(
                rate.meter.contains('/'),
                "surgeon.toml: {field}: a meter is SERVICE/USAGE-TYPE, as surgeon prices coverage prints it"
            );
            Ok(PrivateRate {
                meter: Meter(rate.meter.clone()),
                region: rate.region.clone(),
                term: rate.term.parse().map_err(|e| anyhow::anyhow!("surgeon.toml: {field}: {e}"))?,
                price,
                currency: currency(&field, &rate.currency)?,
                unit: PricingUnit::new(&rate.unit),
                source: rate.source.clone(),
                date: date(&field, &rate.date)?,
            })
        });
        let exchange = entry.exchange.iter().map(|rate| {
            let field = format!("prices.exchange {} to {}", rate.from, rate.to);
            let value = number(&field, &rate.rate)?;
            anyhow::ensure!(value > Decimal::ZERO, "surgeon.toml: {field}: a rate of exchange is above 0");
            anyhow::ensure!(!rate.source.trim().is_empty(), "surgeon.toml: {field}: a rate needs its source");
            Ok(ExchangeRate {
                from: currency(&field, &rate.from)?,
                to: currency(&field, &rate.to)?,
                rate: value,
                date: date(&field, &rate.date)?,
                source: rate.source.clone(),
            })
        });
        let agreement = Agreement {
            discount_percent: optional("discount_percent", &entry.discount_percent)?,
            service_discount_percent: services.collect::<anyhow::Result<_>>()?,
            markup_percent: optional("markup_percent", &entry.markup_percent)?,
            rates: rates.collect::<anyhow::Result<_>>()?,
            exchange: exchange.collect::<anyhow::Result<_>>()?,
        };
        let refreshed = entry.refreshed.as_ref().map(|folder| PriceList::read(&self.folder.join(folder))).transpose();
        Ok(Terms { agreement, refreshed: refreshed.context("surgeon.toml: prices.refreshed")?.map(Arc::new) })
    }

    /// Parameters as `rule.parameter=value`, the form of `--set`.
    pub(super) fn assignments(&self) -> Vec<String> {
        let text = |value: &toml::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let of = |(rule, parameters): (&String, &BTreeMap<String, toml::Value>)| {
            parameters.iter().map(|(name, value)| format!("{rule}.{name}={}", text(value))).collect::<Vec<_>>()
        };
        self.rules.iter().flat_map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_an_error_that_names_it() {
        let error = toml::from_str::<Settings>("[alocation]\nkeys = []\n").unwrap_err().to_string();
        assert!(error.contains("unknown field `alocation`"), "{error}");
    }

    #[test]
    fn a_waiver_needs_reason_owner_and_end() {
        assert!(
            toml::from_str::<Settings>("[[waiver]]\nfinding = \"a-b\"\nreason = \"r\"\nuntil = \"2027-01-01\"\n")
                .is_err()
        );
        let text = "[[waiver]]\nfinding = \"a-b\"\nreason = \"r\"\nowner = \"o\"\nuntil = \"soon\"\n";
        let error = toml::from_str::<Settings>(text).unwrap().waivers().unwrap_err().to_string();
        assert!(error.contains("\"soon\" is not a date"), "{error}");
    }

    #[test]
    fn a_price_book_is_exact_and_checked() {
        let prices = |text: &str| toml::from_str::<Settings>(text).unwrap().prices();
        let rate = "meter = \"AmazonEC2/BoxUsage:m5.large\"\nprice = \"0.0812\"\ncurrency = \"USD\"\nunit = \"Hrs\"\n\
                    source = \"addendum\"\n";
        let good = format!("[prices]\ndiscount_percent = 9.5\n[[prices.rate]]\n{rate}date = \"2026-01-31\"\n");
        let agreement = prices(&good).unwrap().agreement;
        assert_eq!(agreement.discount_percent, Some(Decimal::new(95, 1)));
        assert_eq!((agreement.rates[0].price, agreement.rates[0].unit.as_str()), (Decimal::new(812, 4), "Hours"));
        for (text, error) in [
            ("[prices]\ndiscount_percent = 120\n".to_owned(), "120 is not a percentage"),
            (format!("[[prices.rate]]\n{rate}date = \"soon\"\n"), "\"soon\" is not a date"),
            ("[[prices.exchange]]\nfrom = \"USD\"\nto = \"EURO\"\nrate = 0.9\ndate = \"2026-10-31\"\nsource = \"ECB\"\n".to_owned(), "\"EURO\" is not a currency code"),
            ("[prices]\nrefreshed = \"nowhere\"\n".to_owned(), "prices.refreshed"),
        ] {
            let message = format!("{:#}", prices(&text).unwrap_err());
            assert!(message.contains(error), "{message}");
        }
    }

    #[test]
    fn parameters_are_assignments() {
        let text = "[rules.ebs-volume-gp2]\nmin_age = 14\nname = \"x\"\n";
        assert_eq!(
            toml::from_str::<Settings>(text).unwrap().assignments(),
            ["ebs-volume-gp2.min_age=14", "ebs-volume-gp2.name=x"]
        );
    }
}
