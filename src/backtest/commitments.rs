//! How past advice to commit would have done: decided at the beginning of each month on the hours before it, judged on
//! the hours after it.
//!
//! Knows: what ran on demand hour by hour, rates of Savings Plans as shares of the on-demand price, how `plan` sizes
//! levels. Only usage is held back: prices and rates are those of the whole bill, so that the guess about usage is what
//! is judged. Does not know: tables, what was really bought. Floats inside, because levels are advice; the view has
//! decimals with 12 places. Months have 730 hours.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use crate::derive::hourly::Hourly;
use crate::money::{Amount, Currency};
use crate::period::{AsOf, HOURS_PER_WEEK, midnight};
use crate::prices::PriceBook;
use crate::simulate::from_bill;

mod judge;
mod market;
mod terms;

use market::Market;
pub use terms::Terms;

/// Version of the view; changes when a field changes its meaning or goes.
pub const VERSION: &str = "surgeon.backtest/1";

/// Weeks of hours that a decision needs before it: less says nothing about a month.
const WEEKS_BEFORE: i64 = 4;
/// Weeks of hours that it needs after it.
const WEEKS_AFTER: i64 = 1;

/// What past decisions are made and judged on.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// What ran on demand, hour by hour (`derive::hourly::open`); `None`: the bill is not hourly.
    pub open: Option<&'a Hourly>,
    /// Prices.
    pub prices: &'a PriceBook,
    /// What can be bought.
    pub terms: &'a Terms,
    /// Weeks before a decision that ours looks at: those of the review.
    pub weeks: usize,
    /// Currency of the bill.
    pub currency: Currency,
    /// End of the last complete day.
    pub as_of: AsOf,
}

/// Why nothing can be judged. The user's bill, or the price lists.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Usage is billed by the day or longer.
    #[error(
        "the bill is not hourly: what an hour does not use of a commitment is lost, so nothing can be judged by the \
         day\nhelp: export it with hourly granularity and resource ids: CUR with TIME_GRANULARITY = HOURLY and \
         INCLUDE_RESOURCES, or FOCUS with hourly charge periods"
    )]
    Daily,
    /// No hour names what was used.
    #[error(
        "no hour of the bill names a resource that Savings Plans can cover\nhelp: export it with hourly granularity \
         and resource ids: CUR with INCLUDE_RESOURCES, or FOCUS with ResourceId"
    )]
    NoResources,
    /// No month begins within the hours, with enough before and after.
    #[error(
        "too few months: a decision at the beginning of a month needs {WEEKS_BEFORE} weeks of hours before it and \
         {WEEKS_AFTER} week after it; found {first} to {last}, where no month has both\nhelp: give at least one whole \
         month and the first week of the next; each month more is one decision more"
    )]
    TooShort {
        /// First day with hours.
        first: String,
        /// Last complete day.
        last: String,
    },
    /// Nothing of what ran has a rate.
    #[error(
        "no rate is known of anything that ran on demand: {0}\nhelp: surgeon prices refresh makes a list with the \
         rates of Savings Plans; name it in surgeon.toml"
    )]
    NoRates(String),
}

/// Decisions of the past, with what became of them.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Backtest {
    /// `surgeon.backtest/1`.
    pub version: String,
    /// Version of surgeon.
    pub tool: String,
    /// ISO 4217 code of every amount.
    pub currency: String,
    /// First day with hours.
    pub first: String,
    /// Last complete day, inclusive.
    pub last: String,
    /// What could be bought: kind, length and payment.
    pub terms: Vec<String>,
    /// One for each month that begins within the bill, oldest first.
    pub decisions: Vec<Decision>,
    /// All decisions together, by policy.
    pub totals: Vec<Total>,
    /// What the figures leave out.
    pub notes: Vec<String>,
}

/// Who decides.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// As the review advises: the smaller of what the last weeks and what the last week ask for.
    Ours,
    /// As AWS advises: the best level of the last 30 days.
    AwsLike,
    /// Everything stays on demand.
    Nothing,
    /// The best level of the hours that judge: what nobody could know.
    Clairvoyant,
}

impl Policy {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Policy; 4] = [Policy::Ours, Policy::AwsLike, Policy::Nothing, Policy::Clairvoyant];
}

/// One decision by every policy.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Decision {
    /// First day of a month: the hours before it are known, those from it on judge.
    pub date: String,
    /// Hours before it, of which each policy looks at the last ones.
    pub hours_before: usize,
    /// Hours that judge: to the end of the bill, at most the term.
    pub hours_after: usize,
    /// What those hours cost when nothing is bought, per month.
    pub on_demand: Amount,
    /// By policy.
    pub outcomes: Vec<Outcome>,
}

/// What one policy bought, and what became of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Outcome {
    /// Who decided.
    pub policy: Policy,
    /// Each commitment; none: nothing is bought.
    pub bought: Vec<Bought>,
    /// Dollars an hour together.
    pub hourly: Amount,
    /// Saving per month in the hours that the decision rests on; absent for the policy that knew the future.
    pub promised: Option<Amount>,
    /// Saving per month in the hours that judge, against all on demand; negative: it cost more than it saved.
    pub saving: Amount,
    /// The saving as a share of `on_demand`: the effective savings rate, a ratio.
    pub effective_savings_rate: Option<Amount>,
    /// Share of what was bought that covered usage, a ratio; absent when nothing was bought.
    pub utilization: Option<Amount>,
    /// Utilization below which it was bound to cost more than it saves, as known at the decision, a ratio: the rate as
    /// a share of the on-demand price.
    pub break_even: Option<Amount>,
    /// Whether utilization fell below it.
    pub below_break_even: bool,
    /// Share of `on_demand` that was covered, a ratio.
    pub coverage: Option<Amount>,
    /// Saving per month that the best level would have had more.
    pub regret: Amount,
}

/// One commitment bought.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Bought {
    /// Kind, length and payment.
    pub term: String,
    /// What it is for: a family and region; empty: everything that the kind covers.
    pub scope: String,
    /// Dollars an hour, upfront payments spread over the term.
    pub hourly: Amount,
}

/// All decisions of one policy.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Total {
    /// Who decided.
    pub policy: Policy,
    /// How often.
    pub decisions: usize,
    /// Mean of what was promised, per month.
    pub promised: Option<Amount>,
    /// Mean of what was saved, per month.
    pub saving: Amount,
    /// Saved ÷ promised, a ratio; absent where nothing was promised.
    pub kept: Option<Amount>,
    /// Mean saving ÷ mean cost on demand, a ratio.
    pub effective_savings_rate: Option<Amount>,
    /// The smallest saving per month.
    pub worst: Amount,
    /// The date of that decision.
    pub worst_date: String,
    /// Mean regret per month.
    pub regret: Amount,
    /// Decisions that cost more than they saved.
    pub lost: usize,
    /// Their share, a ratio.
    pub lost_share: Amount,
}

/// Decides at the beginning of each month within the bill, and judges by what followed.
///
/// # Errors
/// [`Refused`] when there is nothing to decide on or to judge by.
pub fn backtest(inputs: &Inputs<'_>) -> Result<Backtest, Refused> {
    let open = inputs.open.ok_or(Refused::Daily)?;
    let (start, after_pause) = beginning(open).ok_or(Refused::NoResources)?;
    let end = inputs.as_of.timestamp();
    let (first, last) = (day(start).to_string(), day(end - SignedDuration::from_hours(1)).to_string());
    let dates = decision_dates(start, end);
    if dates.is_empty() {
        return Err(Refused::TooShort { first, last });
    }
    let usage = from_bill(open, &[], inputs.prices, &BTreeSet::new()).usage;
    let market = Market::new(&usage, inputs.terms, inputs.prices, (start, end));
    let terms = inputs.terms.words();
    if !market.has_rates() {
        return Err(Refused::NoRates(terms.join("; ")));
    }
    let decisions: Vec<Decision> = dates.into_iter().map(|date| judge::decision(&market, date, inputs.weeks)).collect();
    let mut notes = market.notes();
    if after_pause {
        notes.push(format!("hours before {first} are left out: nothing is known of the four weeks or more before it"));
    }
    Ok(Backtest {
        version: VERSION.into(),
        tool: env!("CARGO_PKG_VERSION").into(),
        currency: inputs.currency.to_string(),
        first,
        last,
        terms,
        totals: judge::totals(&decisions),
        decisions,
        notes,
    })
}

/// Where the hours begin that hang together up to the end, and whether others are before it. A pause of four weeks is a
/// month that was not given, and not a month without usage.
fn beginning(open: &Hourly) -> Option<(Timestamp, bool)> {
    let hours: Vec<Timestamp> = open.hours.keys().copied().collect();
    let pause = hours.windows(2).rfind(|pair| pair[1].duration_since(pair[0]) >= weeks(4));
    match pause {
        Some(pair) => Some((pair[1], true)),
        None => hours.first().map(|first| (*first, false)),
    }
}

/// First days of months with enough hours on both sides.
fn decision_dates(start: Timestamp, end: Timestamp) -> Vec<Date> {
    let mut out = Vec::new();
    let mut month = day(start);
    while let Ok(next) = month.last_of_month().tomorrow() {
        month = next;
        let at = midnight(month);
        if at + weeks(WEEKS_AFTER) > end {
            break;
        }
        if at - weeks(WEEKS_BEFORE) >= start {
            out.push(month);
        }
    }
    out
}

fn weeks(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count * HOURS_PER_WEEK)
}

fn day(moment: Timestamp) -> Date {
    moment.to_zoned(TimeZone::UTC).date()
}

/// The published JSON schema of the view.
#[must_use]
pub fn json_schema() -> String {
    serde_json::to_string_pretty(&schemars::schema_for!(Backtest)).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests;
