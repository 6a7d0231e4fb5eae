//! What breaks first as load grows, as the reports show it.
//!
//! Knows: what was judged of each resource, dates from days, the table `capacity_risks`. Does not know: how a limit was found.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use polars::prelude::DataFrame;
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Amount, Gap};
use crate::derive::fit::growth::{Growth, HOLDING_RISK, Holding, Resource, Unheld, Unjudged};
use crate::derive::trend::Outlook;
use crate::period::AsOf;
use crate::table::read::{columns_of, numbers};

/// Places of multiples and shares, and of money that comes from prices of hours.
const PLACES: u32 = 6;
/// Dates further ahead than a hundred years are none.
const MOST_DAYS: f64 = 36_500.0;
/// Greater multiples are as good as none.
const MOST_TIMES: f64 = 1e6;

/// What a load of so many times today's meets.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct GrowthView {
    /// Load, in times of today's.
    pub times: Amount,
    /// Probability up to which a shape counts as holding, a ratio.
    pub risk: Amount,
    /// Resources whose limits are known.
    pub judged: usize,
    /// Of these break before that load.
    pub breaks: usize,
    /// Of these nothing is named for that would hold it.
    pub not_held: usize,
    /// What holding all others costs more than today, per month of 730 hours.
    pub cost: Amount,
    /// What is judged, by what breaks first.
    pub resources: Vec<GrowthLine>,
    /// What fills with time, by what is full first.
    pub filling: Vec<Filling>,
    /// What could not be judged.
    pub not_judged: Vec<NotJudged>,
}

/// A resource under a growing load.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct GrowthLine {
    /// Account.
    pub account: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// Resource.
    pub resource: Option<String>,
    /// Its shape.
    pub shape: String,
    /// How many of it share the work, where there may be several.
    pub instances: Option<i64>,
    /// How many there may be, where policies set the number.
    pub most_instances: Option<i64>,
    /// What it runs out of first: processor, memory, network in, …
    pub first: String,
    /// Load at which it does, in times of today's.
    pub breaks_at: Amount,
    /// Whether that is before the load asked for.
    pub breaks: bool,
    /// When that is if it goes on growing as it did, in words.
    pub when: String,
    /// The same as a date; absent where there is none.
    pub date: Option<String>,
    /// Earlier end of the interval that holds the date in 80 of 100 cases.
    pub earliest: Option<String>,
    /// Later end.
    pub latest: Option<String>,
    /// Growth of the days' peaks, of today's load per day; a ratio.
    pub growth_per_day: Option<Amount>,
    /// What holds the load asked for; absent where it holds as it is, or nothing is named.
    pub holding: Option<HoldingView>,
    /// Why nothing is named.
    pub not_held: Option<String>,
    /// What is not in the judgement.
    pub note: Option<String>,
}

/// What holds a load.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct HoldingView {
    /// Shape; today's, where more of it are enough.
    pub shape: String,
    /// How many of it, where there may be several.
    pub instances: Option<i64>,
    /// What it costs more than today, per month of 730 hours.
    pub cost: Amount,
    /// Probability that it is too small all the same, a ratio; absent where policies see to it.
    pub risk: Option<Amount>,
}

/// Something that fills with time.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Filling {
    /// Account.
    pub account: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// Resource.
    pub resource: Option<String>,
    /// What was measured.
    pub metric: String,
    /// Used today, of all there is; a ratio.
    pub used: Amount,
    /// Days until 95 percent at the pace of today; 0: it is full.
    pub days: Amount,
    /// Earlier and later end of the interval that holds them in 80 of 100 cases; absent where it is full.
    pub days_between: Option<(Amount, Amount)>,
    /// Days at so many times that pace.
    pub days_then: Amount,
    /// Their interval.
    pub days_then_between: Option<(Amount, Amount)>,
}

/// Resources that could not be judged for one reason.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct NotJudged {
    /// How many.
    pub resources: usize,
    /// Why.
    pub why: String,
    /// What would settle it.
    pub remedy: String,
}

/// The view of what was found for a load of `times` of today's.
#[must_use]
pub fn growth(found: &Growth, tables: &BTreeMap<String, DataFrame>, times: Decimal, as_of: AsOf) -> GrowthView {
    let resources: Vec<GrowthLine> = found.resources.iter().map(|one| line(one, as_of)).collect();
    let cost = resources.iter().filter_map(|line| line.holding.as_ref()).map(|holding| holding.cost.0).sum();
    GrowthView {
        times: Amount(times),
        risk: rounded(HOLDING_RISK),
        judged: resources.len(),
        breaks: resources.iter().filter(|line| line.breaks).count(),
        not_held: resources.iter().filter(|line| line.not_held.is_some()).count(),
        cost: Amount(cost),
        resources,
        filling: tables.get("capacity_risks").map(|risks| filling(risks, times)).unwrap_or_default(),
        not_judged: found.unjudged.iter().map(|(why, resources)| not_judged(*why, *resources)).collect(),
    }
}

impl GrowthView {
    /// What could not be judged.
    pub(crate) fn gaps(&self) -> Vec<Gap> {
        let place = format!("--growth {}x", self.times.0.normalize());
        let gap = |one: &NotJudged| Gap {
            what: format!("how much load {} bear is unknown: {}", counted(one.resources), one.why),
            place: place.clone(),
            remedy: one.remedy.clone(),
        };
        let nothing = self.judged == 0 && self.not_judged.is_empty();
        let none = nothing.then(|| Gap {
            what: "how much load anything bears is unknown: there is no inventory with metrics".into(),
            place: place.clone(),
            remedy: "review what surgeon collect wrote beside the bill".into(),
        });
        self.not_judged.iter().map(gap).chain(none).collect()
    }
}

fn counted(resources: usize) -> String {
    if resources == 1 { "1 resource would".to_owned() } else { format!("{resources} resources would") }
}

fn not_judged(why: Unjudged, resources: usize) -> NotJudged {
    let (why, remedy) = match why {
        Unjudged::Unseen => (
            "nothing was measured, or the kind has no sizes here",
            "collect with cloudwatch:GetMetricData, and look at these by hand",
        ),
        Unjudged::NotMeasured => (
            "processors were not measured for long enough, or with too many gaps",
            "collect again after two weeks: surgeon collect --metrics 28",
        ),
        Unjudged::Full => (
            "more was asked for than there was, so nobody knows how much is needed today",
            "take a larger shape and measure again",
        ),
    };
    NotJudged { resources, why: why.into(), remedy: remedy.into() }
}

fn line(one: &Resource, as_of: AsOf) -> GrowthLine {
    let (date, earliest, latest, per_day) = match one.when {
        Outlook::Crossing { days, low, high, per_day, .. } => {
            (day(as_of, days.round()), day(as_of, low.floor()), day(as_of, high.ceil()), Some(per_day))
        }
        Outlook::TooShort { .. } | Outlook::Full | Outlook::NoCrossing { .. } => (None, None, None, None),
    };
    let holding = one.holding.as_ref();
    GrowthLine {
        account: one.target.account.clone(),
        region: one.target.region.clone(),
        resource: one.target.resource.clone(),
        shape: one.shape.clone(),
        instances: one.instances,
        most_instances: one.most_instances,
        first: one.what.into(),
        breaks_at: rounded(one.breaks_at.min(MOST_TIMES)),
        breaks: one.holding.is_some(),
        when: when(one.when, [&date, &earliest, &latest]),
        date,
        earliest,
        latest,
        growth_per_day: per_day.map(rounded),
        holding: holding.and_then(|found| found.as_ref().ok()).map(holding_view),
        not_held: holding.and_then(|found| found.as_ref().err()).map(|why| unheld(*why).into()),
        note: (!one.memory && one.most_instances.is_none() && one.what != "heap")
            .then(|| "memory is not judged: no less than today".into()),
    }
}

fn holding_view(holding: &Holding) -> HoldingView {
    HoldingView {
        shape: holding.shape.clone(),
        instances: holding.instances,
        cost: rounded(holding.additional),
        risk: holding.risk.map(rounded),
    }
}

fn unheld(why: Unheld) -> &'static str {
    match why {
        Unheld::NoPrice => "what it costs today is not known",
        Unheld::NothingElse => "no other type that it could be has a price",
        Unheld::NothingLargeEnough => "no type that it could be is large enough",
    }
}

fn when(outlook: Outlook, [date, earliest, latest]: [&Option<String>; 3]) -> String {
    match outlook {
        Outlook::Full => "today".into(),
        Outlook::TooShort { days } => format!("not known: measured on {days} days, of 14 that a trend needs"),
        Outlook::NoCrossing { horizon_days } => format!("no growth measured that gets there in {horizon_days:.0} days"),
        Outlook::Crossing { .. } => {
            let or_later = |date: &Option<String>| date.clone().unwrap_or_else(|| "later".into());
            format!("{} ({} to {})", or_later(date), or_later(earliest), or_later(latest))
        }
    }
}

/// The day so many days after as-of.
fn day(as_of: AsOf, days: f64) -> Option<String> {
    let days = (0.0..=MOST_DAYS).contains(&days).then_some(days as i64)?;
    let then = as_of.timestamp().checked_add(SignedDuration::from_hours(24 * days)).ok()?;
    Some(AsOf::at_day(then).to_string())
}

fn rounded(value: f64) -> Amount {
    Amount(Decimal::from_f64(value).unwrap_or_default().round_dp(PLACES))
}

/// What is full or has a date, the first at first. At so many times the pace it takes so many times fewer days.
fn filling(risks: &DataFrame, times: Decimal) -> Vec<Filling> {
    let [accounts, regions, resources, metrics, outlooks] =
        columns_of(risks, ["SubAccountId", "RegionId", "ResourceId", "MetricName", "Outlook"]);
    let [used, days, earliest, latest] =
        ["UsedShare", "DaysToFull", "EarliestDays", "LatestDays"].map(|name| numbers(risks, name));
    let then = |days: Decimal| Amount(days.checked_div(times).unwrap_or_default().round_dp(PLACES));
    let mut all: Vec<Filling> = Vec::new();
    for (row, outlook) in outlooks.iter().enumerate() {
        let at = |values: &[Option<Decimal>]| values.get(row).copied().flatten();
        let word = |values: &[Option<String>]| values.get(row).cloned().flatten();
        let full = outlook.as_deref() == Some("full");
        let to_full = if full { Some(Decimal::ZERO) } else { at(&days) };
        let Some(to_full) = to_full else { continue };
        let between = at(&earliest).zip(at(&latest)).filter(|_| !full);
        all.push(Filling {
            account: word(&accounts),
            region: word(&regions),
            resource: word(&resources),
            metric: word(&metrics).unwrap_or_default(),
            used: Amount(at(&used).unwrap_or_default()),
            days: Amount(to_full),
            days_between: between.map(|(low, high)| (Amount(low), Amount(high))),
            days_then: then(to_full),
            days_then_between: between.map(|(low, high)| (then(low), then(high))),
        });
    }
    all.sort_by(|a, b| a.days.cmp(&b.days).then_with(|| a.resource.cmp(&b.resource)));
    all
}

#[cfg(test)]
mod tests;
