//! The description of a company as its TOML page says it.
//!
//! Knows: the words of `fixtures/acme/acme.toml`; unknown keys are errors. Does not know: what it adds up to.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Deserialize;

use super::DemoError;
use crate::money::{MoneyError, parse_decimal};

/// An exact number, written as text in the page.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Amount(pub Decimal);

impl TryFrom<String> for Amount {
    type Error = MoneyError;

    fn try_from(text: String) -> Result<Self, MoneyError> {
        parse_decimal(&text).map(Amount)
    }
}

/// One month of a company.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Description {
    pub month: String,
    pub seed: u64,
    /// Key of the account that pays.
    pub payer: String,
    pub invoice: String,
    pub marketplace_invoice: String,
    pub accounts: Vec<Account>,
    pub regions: Vec<Region>,
    pub services: Vec<Service>,
    pub meters: Vec<Meter>,
    pub resources: Vec<Resource>,
    #[serde(default)]
    pub reservations: Vec<Reservation>,
    #[serde(default)]
    pub savings_plans: Vec<SavingsPlan>,
    #[serde(default)]
    pub once: Vec<Once>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Account {
    /// How the page refers to it.
    pub key: String,
    pub id: String,
    pub name: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Region {
    pub id: String,
    pub name: String,
    /// What usage types start with there.
    pub prefix: String,
    /// The same for services that name every region.
    pub named_prefix: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Service {
    pub code: String,
    pub name: String,
    /// FOCUS service category.
    pub category: String,
    /// Who sells it on AWS Marketplace; absent for AWS itself.
    pub seller: Option<String>,
}

/// What a price is for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Meter {
    pub name: String,
    pub service: String,
    pub usage_type: String,
    pub operation: String,
    /// As CUR writes it.
    pub unit: String,
    #[serde(default)]
    pub prefix: Prefix,
    pub family: String,
    #[serde(default)]
    pub instance_type: String,
    pub text: String,
    /// By region.
    pub price: BTreeMap<String, Amount>,
}

/// How a usage type names its region.
#[derive(Clone, Copy, Default, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Prefix {
    #[default]
    Plain,
    Named,
    Region,
}

impl Prefix {
    /// The usage type as the bill of a region writes it.
    pub(crate) fn apply(self, region: &Region, usage_type: &str) -> String {
        match self {
            Prefix::Plain => format!("{}{usage_type}", region.prefix),
            Prefix::Named => format!("{}{usage_type}", region.named_prefix),
            Prefix::Region => format!("{}-{usage_type}", region.id),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Resource {
    /// Empty for charges that belong to no resource.
    #[serde(default)]
    pub id: String,
    pub account: String,
    pub region: String,
    #[serde(default)]
    pub zone: String,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// First day; absent: the first of the month.
    pub from: Option<String>,
    /// The day after the last; absent: the end of the month.
    pub until: Option<String>,
    pub charges: Vec<Line>,
}

/// How often and how much a resource uses of one meter.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    pub meter: String,
    pub when: When,
    quantity: Option<Amount>,
    held: Option<Amount>,
    between: Option<[Amount; 2]>,
    /// Quantity of the hours outside the pattern; absent: no row.
    pub otherwise: Option<Amount>,
    /// Days of the month, for `on-days`.
    #[serde(default)]
    pub days: Vec<usize>,
}

/// How much one row has.
#[derive(Clone, Copy, Debug)]
pub(crate) enum HowMuch {
    Quantity(Decimal),
    /// Over the whole month, shared out by the hour.
    Held(Decimal),
    /// Drawn.
    Between(Decimal, Decimal),
}

impl Line {
    /// The one way in which the line says how much.
    pub(crate) fn how_much(&self) -> Result<HowMuch, DemoError> {
        match (self.quantity, self.held, self.between) {
            (Some(quantity), None, None) => Ok(HowMuch::Quantity(quantity.0)),
            (None, Some(held), None) => Ok(HowMuch::Held(held.0)),
            (None, None, Some([low, high])) => Ok(HowMuch::Between(low.0, high.0)),
            _ => Err(DemoError::HowMuch(self.meter.clone())),
        }
    }
}

/// In which hours a line has a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum When {
    /// Every hour.
    Always,
    /// Monday to Friday 08:00 to 20:00 UTC.
    Office,
    /// One row a day.
    Daily,
    /// 00:00, 06:00, 12:00 and 18:00.
    #[serde(rename = "every-6-hours")]
    EverySixHours,
    /// Office hours, and every other hour of the week in exactly one of the last four weeks.
    Bursts,
    /// 03:00 on the listed days.
    OnDays,
}

/// Reserved instances, one-year term.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reservation {
    pub arn: String,
    pub account: String,
    pub region: String,
    /// Name of the meter whose hours it covers.
    pub meter: String,
    pub count: u32,
    pub hourly_fee: Amount,
    /// Paid for each at the start.
    pub upfront: Amount,
    pub payment: String,
    pub start: String,
    pub end: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SavingsPlan {
    pub arn: String,
    pub account: String,
    /// Absent: everywhere.
    pub region: Option<String>,
    #[serde(default)]
    pub family: String,
    pub offering: String,
    pub usage_type: String,
    /// For an hour.
    pub commitment: Amount,
    pub start: String,
    pub end: String,
    pub rates: Vec<Rate>,
}

/// What a savings plan charges for an hour of a meter in a region.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rate {
    pub meter: String,
    pub region: String,
    pub rate: Amount,
}

/// A charge that is not for usage.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Once {
    #[serde(rename = "type")]
    pub kind: OnceKind,
    pub account: String,
    pub region: Option<String>,
    pub service: String,
    #[serde(default)]
    pub usage_type: String,
    pub text: String,
    pub amount: Amount,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
pub(crate) enum OnceKind {
    Fee,
    Credit,
    Refund,
    Tax,
}

/// The entry of a list that has a name.
pub(crate) fn find<'a, T>(
    list: &'a [T],
    kind: &'static str,
    name: &str,
    name_of: impl Fn(&T) -> &str,
) -> Result<&'a T, DemoError> {
    list.iter().find(|entry| name_of(entry) == name).ok_or_else(|| DemoError::Unknown { kind, name: name.to_owned() })
}
