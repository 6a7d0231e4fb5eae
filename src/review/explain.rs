//! One finding explained: its formula with the numbers put in, the prices with their sources, the rows of the bill behind it.
//!
//! Knows: the review's view of the finding, the plan's values, the baseline, the price book, the rows of the target. Decides
//! and values nothing: a figure here is one of the stages', or a sum of such figures that comes to the review's. Amounts are
//! decimal strings in the currency of the review, rounded to 12 places; months have 730 hours.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Amount, EvidenceView, FindingView, NetFrom, Period, Review, Standing};
use crate::billing::{Charges, RowsBehind};
use crate::derive::baseline::Baseline;
use crate::finding::Finding;
use crate::period::AsOf;
use crate::plan::Plan;
use crate::prices::PriceBook;
use crate::rules::Rule;
use crate::waivers::Waiver;

mod find;
mod formula;
mod sources;

pub use find::{NotFound, find};

/// Version of the explanation; changes when a field changes its meaning or goes.
pub const VERSION: &str = "surgeon.explain/1";

/// What the stages found, and what the bill holds about the target.
pub struct Inputs<'a> {
    /// The review that shows the finding.
    pub review: &'a Review,
    /// The plan.
    pub plan: &'a Plan,
    /// Accepted findings.
    pub waived: &'a [(Finding, Waiver)],
    /// Costs by target.
    pub baseline: &'a Baseline,
    /// Prices.
    pub prices: &'a PriceBook,
    /// Rules that ran.
    pub rules: &'a [Rule],
    /// As-of.
    pub as_of: AsOf,
    /// The target's rows in the aggregates.
    pub rows: &'a RowsBehind,
    /// Its charges in the window; `None`: the input is a Dataset, which holds none.
    pub charges: Option<&'a Charges>,
}

/// One finding, with everything that its figures rest on.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Explanation {
    /// `surgeon.explain/1`.
    pub version: String,
    /// Version of surgeon.
    pub tool: String,
    /// Whether this is the embedded demo company, not a bill of the reader's.
    pub demo: bool,
    /// Date: the end of the last complete day of the data.
    pub as_of: String,
    /// ISO 4217 code of every amount.
    pub currency: String,
    /// The last 7 complete days, on which run rates rest: first and last day, both inclusive.
    pub window: Period,
    /// The finding as the review shows it.
    pub finding: FindingView,
    /// How its figures come about.
    pub formula: Formula,
    /// What was seen, with units.
    pub evidence: Vec<EvidenceView>,
    /// Parameters of the rule as used.
    pub parameters: Vec<ParameterLine>,
    /// What everyone says about the price of each meter involved.
    pub prices: Vec<MeterPrices>,
    /// The target's rows of the bill, by meter and day.
    pub rows: Rows,
    /// The target's charges in the window.
    pub charges: ChargeList,
    /// Other findings on the same target.
    pub alternatives: Vec<Alternative>,
    /// The page that fired.
    pub rule: RulePage,
}

/// The formula with its numbers.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Formula {
    /// Why there is no figure; absent when there is one.
    pub note: Option<String>,
    /// What the lines cost today that a change touches, per month.
    pub today: Vec<RunRate>,
    /// How many other meters of the target no change touches.
    pub others: usize,
    /// What those cost per month, effective.
    pub others_cost: Amount,
    /// What the target costs per month, effective: all lines.
    pub cost: Amount,
    /// What changes, valued alone.
    pub changes: Vec<ChangeFormula>,
    /// From what the changes save to the figures of the review; each sum is the sum of the parts above it.
    pub ledger: Vec<LedgerLine>,
    /// What the changes cost once.
    pub once: Vec<ChangeFormula>,
    /// What is attributed to the finding in the plan; absent outside of it.
    pub share: Option<Share>,
}

/// What one meter of the target costs today, per month.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RunRate {
    /// Meter; absent when the export lost it.
    pub meter: Option<String>,
    /// Unit of the quantity.
    pub unit: Option<String>,
    /// Costs in hours: each × 730 / its hours, added up, is `effective`.
    pub parts: Vec<RunRatePart>,
    /// Why there are no parts.
    pub note: Option<String>,
    /// Effective cost.
    pub effective: Amount,
    /// List cost, where the bill has it.
    pub list: Option<Amount>,
    /// Quantity.
    pub quantity: Option<Amount>,
    /// The part of the effective cost that commitments pay.
    pub covered: Amount,
    /// When the last of those commitments ends; absent when the bill does not say.
    pub committed_until: Option<String>,
    /// What a dollar on demand of it in its account and region really costs under the commitments in force, on average over the
    /// last week: 1 where nothing covers it, 0 where what it frees would stand idle. Absent where commitments do not reach.
    pub marginal: Option<Amount>,
}

/// A part of a run rate.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RunRatePart {
    /// Effective cost.
    pub cost: Amount,
    /// Of which charges.
    pub what: String,
    /// Hours in which they were made.
    pub hours: i64,
}

/// One change of the finding, valued alone.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ChangeFormula {
    /// drop, swap, mask, add, once.
    pub verb: String,
    /// The change in words, with its meters.
    pub what: String,
    /// One for each line of the bill that it touches.
    pub steps: Vec<StepFormula>,
    /// Effective cost before: of all steps.
    pub cost: Amount,
    /// Effective cost afterwards.
    pub new_cost: Amount,
    /// cost − new_cost.
    pub saves: Amount,
    /// The same at list price, where it is known.
    pub list_saves: Option<Amount>,
}

/// How the new cost of a line comes about.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct StepFormula {
    /// Meter of the line; absent when nothing is charged today or the export lost it.
    pub meter: Option<String>,
    /// priced: quantity × price; scaled: cost × quantity / of; masked: the same for the use in the hours that stay on, of that in
    /// all hours of the week; gone: 0.
    pub how: String,
    /// Effective cost before.
    pub cost: Amount,
    /// Effective cost afterwards.
    pub new_cost: Amount,
    /// List cost before.
    pub list: Option<Amount>,
    /// List cost afterwards.
    pub new_list: Option<Amount>,
    /// Quantity afterwards.
    pub quantity: Option<Amount>,
    /// Quantity before.
    pub of: Option<Amount>,
    /// Unit of both.
    pub unit: Option<String>,
    /// What a unit costs, effective.
    pub price: Option<Amount>,
    /// What a unit costs at list price, where known.
    pub list_price: Option<Amount>,
    /// Where the price comes from.
    pub source: Option<String>,
}

/// A line of the way from the changes to the review's figures.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LedgerLine {
    /// What it is.
    pub what: String,
    /// Effective, per month; of parts, what they add.
    pub effective: Amount,
    /// At list price, where it is known.
    pub list: Option<Amount>,
    /// Whether this is the sum of the parts above it.
    pub sum: bool,
}

/// What the plan attributes to a finding.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Share {
    /// Effective.
    pub effective: Amount,
    /// List, where it is known.
    pub list: Option<Amount>,
    /// What commitments go on charging of it.
    pub committed: Amount,
    /// Net.
    pub net: Amount,
    /// When commitments end and net grows, oldest first.
    pub later: Vec<NetFrom>,
    /// The other findings of the target in the plan.
    pub with: Vec<String>,
}

/// A parameter as used.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ParameterLine {
    /// Name.
    pub name: String,
    /// Value used.
    pub value: String,
    /// Unit.
    pub unit: String,
    /// Why this value is the page's.
    pub why: String,
    /// Where that value comes from, when somebody else said so.
    pub source: Option<String>,
    /// Whether the user changed it.
    pub changed: bool,
}

/// Everything that is said about the price of a meter, on demand.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct MeterPrices {
    /// Meter.
    pub meter: String,
    /// Region.
    pub region: Option<String>,
    /// today, new, once: as what it takes part.
    pub role: String,
    /// In order of trust.
    pub candidates: Vec<CandidateLine>,
}

/// What one origin says about a price.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CandidateLine {
    /// own bill, price book, refreshed list, embedded list.
    pub origin: String,
    /// What a unit costs, effective; absent: it states none.
    pub price: Option<Amount>,
    /// What a unit costs at list price.
    pub list: Option<Amount>,
    /// Unit.
    pub unit: Option<String>,
    /// Source and date.
    pub source: Option<String>,
    /// Whether the formula uses it.
    pub taken: bool,
    /// Taken, or why not.
    pub verdict: String,
}

/// The target's rows of the aggregate by resource, meter and day.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Rows {
    /// The month of `month` lines, `YYYY-MM`: that of the last complete day.
    pub month: String,
    /// By meter, largest first.
    pub groups: Vec<RowGroup>,
    /// All groups in the last 7 complete days.
    pub window_total: RowLine,
    /// All groups in the month.
    pub month_total: RowLine,
}

/// Rows of one meter.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RowGroup {
    /// Meter; absent when the export lost it or there is none.
    pub meter: Option<String>,
    /// Usage, Purchase, Tax, Credit, Adjustment.
    pub category: Option<String>,
    /// Used: a commitment pays for it; Unused: the part of a commitment that covered nothing.
    pub commitment_status: Option<String>,
    /// Unit of the quantity.
    pub unit: Option<String>,
    /// Days of the window, and longer charges that reach into it.
    pub days: Vec<RowLine>,
    /// Their sum.
    pub window: RowLine,
    /// The sum of all days of the month.
    pub month: RowLine,
}

/// A row or a sum of rows.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct RowLine {
    /// Day on which the charges start; absent in sums.
    pub day: Option<String>,
    /// Whether the charges cover more than a day each.
    pub long: bool,
    /// Quantity, when it is known of all.
    pub quantity: Option<Amount>,
    /// Invoiced.
    pub billed: Amount,
    /// Amortized.
    pub effective: Amount,
    /// At list price, when it is known of all.
    pub list: Option<Amount>,
    /// Rows of the bill.
    pub charges: u64,
}

/// Raw charges of the target that touch the window.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ChargeList {
    /// Why none can be shown; absent when the bill was there.
    pub note: Option<String>,
    /// How many there are.
    pub in_all: Option<u64>,
    /// The files of those shown.
    pub files: Vec<String>,
    /// The largest by effective cost.
    pub shown: Vec<ChargeLine>,
}

/// One charge.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ChargeLine {
    /// Its file.
    pub file: String,
    /// Inclusive start, UTC.
    pub start: Option<String>,
    /// Exclusive end, UTC.
    pub end: Option<String>,
    /// Meter.
    pub meter: Option<String>,
    /// Usage, Purchase, Tax, Credit, Adjustment.
    pub category: Option<String>,
    /// The provider's own charge type.
    pub charge_type: Option<String>,
    /// Quantity.
    pub quantity: Option<Amount>,
    /// Its unit.
    pub unit: Option<String>,
    /// Invoiced.
    pub billed: Amount,
    /// Amortized; absent where the export does not state it.
    pub effective: Option<Amount>,
    /// Reservation or savings plan.
    pub commitment: Option<String>,
}

/// How two findings of one target go together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// Only one of the two can be done.
    Competes,
    /// Both can be done.
    Composes,
    /// The explained finding takes away what the other changes.
    Absorbs,
    /// The other takes away what the explained finding changes.
    Absorbed,
    /// One of the two changes nothing on the bill.
    Unrelated,
}

/// Another finding on the same target.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Alternative {
    /// Its id.
    pub finding: String,
    /// Title of its rule.
    pub title: String,
    /// How it stands.
    pub standing: Standing,
    /// Effective saving, alone.
    pub effective: Option<Amount>,
    /// Effective saving attributed in the plan.
    pub share: Option<Amount>,
    /// Net saving attributed in the plan.
    pub net: Option<Amount>,
    /// How the two go together.
    pub relation: Relation,
    /// The same in words.
    pub why: String,
}

/// The page of a rule.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RulePage {
    /// Rule id.
    pub id: String,
    /// Title.
    pub title: String,
    /// File of the page.
    pub file: String,
    /// Command that prints it.
    pub command: String,
}

/// Explains a finding; `None` when the review does not show it.
#[must_use]
pub fn explain(of: &Inputs<'_>, finding: &Finding) -> Option<Explanation> {
    let view = of.review.findings.iter().find(|view| view.id == finding.id.as_str())?;
    let rule = of.rules.iter().find(|rule| rule.id == finding.rule)?;
    let parameters = rule.parameters.iter().map(|p| ParameterLine {
        name: p.name.clone(),
        value: p.value.to_string(),
        unit: p.unit.clone(),
        why: p.why.clone(),
        source: p.source.clone(),
        changed: p.changed,
    });
    Some(Explanation {
        version: VERSION.into(),
        tool: of.review.tool.clone(),
        demo: of.review.demo,
        as_of: of.review.as_of.clone(),
        currency: of.review.currency.clone(),
        window: sources::window(of.as_of),
        finding: view.clone(),
        formula: formula::formula(of, finding),
        evidence: view.evidence.clone(),
        parameters: parameters.collect(),
        prices: sources::prices(of, finding),
        rows: sources::rows(of),
        charges: sources::charges(of.charges),
        alternatives: sources::alternatives(of, finding),
        rule: RulePage {
            id: rule.id.to_string(),
            title: rule.title.clone(),
            file: rule.file.clone(),
            command: format!("surgeon rules show {}", rule.id),
        },
    })
}

/// The published JSON schema of the explanation.
#[must_use]
pub fn json_schema() -> String {
    serde_json::to_string_pretty(&schemars::schema_for!(Explanation)).unwrap_or_default() + "\n"
}
