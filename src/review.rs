//! The one view of a review, versioned: everything that a report shows, and nothing that it must compute.
//!
//! Knows: spend, tie-out, plan, findings, unknowns, breakdowns, as inert data. Does not know: tables, rules, templates.
//! The JSON report is this struct; its schema is published in `docs/review.schema.json`. Amounts are decimal strings in
//! the currency of the review, exact; periods include their start and exclude their end.

use schemars::JsonSchema;
use serde::Serialize;

mod advice;
pub mod apply;
mod assemble;
mod commitments;
mod cost_explorer;
mod estimate;
pub mod explain;
mod growth;
mod next;
mod unjudged;
mod unseen;

pub use crate::money::Amount;
pub(crate) use advice::asked;
pub use advice::{Advice, AdviceFile, AdviceState, ComparisonView, Given};
pub use assemble::{Inputs, assemble};
pub use commitments::{
    Expiry, Figures, FuturesView, ItemView, Outlook, PurchaseView, Simulation, SimulationLine, TermView,
};
pub use cost_explorer::{CostExplorer, CostMonth, CostPart};
pub use estimate::{Estimate, EstimateLine, EstimateParts, UnpricedLine};
pub use growth::{Filling, GrowthLine, GrowthView, HoldingView, NotJudged, growth};
pub(crate) use unseen::unseen;

/// Version of the view; changes when a field changes its meaning or goes.
pub const VERSION: &str = "surgeon.review/1";

/// A whole review.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Review {
    /// `surgeon.review/1`.
    pub version: String,
    /// Version of surgeon.
    pub tool: String,
    /// Whether this is the embedded demo company, not a bill of the reader's.
    pub demo: bool,
    /// Date: the end of the last complete day of the data.
    pub as_of: String,
    /// ISO 4217 code of every amount.
    pub currency: String,
    /// First and last day (inclusive) of the charges; without a bill the day as of which the inventory was asked.
    pub period: Period,
    /// The files read.
    pub sources: Vec<Source>,
    /// What was spent; absent without a bill.
    pub spend: Option<Spend>,
    /// Whether our totals are the bill's; absent without a bill.
    pub tie_out: Option<TieOut>,
    /// What the inventory costs at list prices: present where no bill was given. Then every amount is one of list prices.
    pub estimate: Option<Estimate>,
    /// What Cost Explorer says was spent; absent where it was not asked.
    pub cost_explorer: Option<CostExplorer>,
    /// What can be saved.
    pub plan: PlanView,
    /// Chosen and other findings, most money first.
    pub findings: Vec<FindingView>,
    /// What the provider itself recommends, beside our findings; absent when no file of it was given.
    pub advice: Option<Advice>,
    /// What could not be judged, by rule and what is missing: rules that could save first, then guards; most money first.
    pub unknown: Vec<Unknown>,
    /// Cost of everything that some rule that could save could not judge, each resource counted once, per month.
    pub unknown_cost: Amount,
    /// Cost of everything that only guards could not judge, each resource counted once, per month; not in `unknown_cost`.
    pub unknown_guard_cost: Amount,
    /// What would judge the most of `unknown_cost`; absent where rules that could save judged everything.
    pub unknown_most: Option<Settles>,
    /// Files and permissions that would turn unknown dollars into known ones, most dollars first.
    pub next: Vec<Ask>,
    /// What breaks first as load grows, when, and what holding it would cost; absent where nobody asked (`--growth`).
    pub growth: Option<GrowthView>,
    /// Each rule that ran.
    pub rules: Vec<RuleLine>,
    /// Capacity and data-loss risks, highest level first.
    pub alerts: Vec<Alert>,
    /// Reservations and savings plans in the bill.
    pub commitments: Vec<CommitmentView>,
    /// How well commitments fit, today and after the plan, and what their ends will cost; absent without hourly usage.
    pub outlook: Option<Outlook>,
    /// The simulator's proof on the bill; absent without hourly usage or commitments.
    pub simulation: Option<Simulation>,
    /// Spend by service, account, region and tag.
    pub breakdowns: Vec<Breakdown>,
    /// How much of the spend carries each tag key.
    pub tag_coverage: Vec<TagCoverage>,
    /// Cost of each day.
    pub days: Vec<DayCost>,
    /// One section for each value of `--by`.
    pub owners: Vec<Owner>,
    /// The `--by` argument, e.g. `tag:team`.
    pub by: Option<String>,
    /// What could not be read or was left out.
    pub gaps: Vec<Gap>,
}

impl Review {
    /// Effective cost per month: of the bill, or estimated.
    #[must_use]
    pub fn run_rate(&self) -> Amount {
        let of_bill = self.spend.as_ref().map(|spend| spend.effective_run_rate);
        of_bill.or(self.estimate.as_ref().map(|estimate| estimate.per_month)).unwrap_or_default()
    }
}

/// Days covered.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Period {
    /// First day.
    pub first: String,
    /// Last day, inclusive.
    pub last: String,
}

/// A file that was read.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Source {
    /// Name as given.
    pub name: String,
    /// CUR legacy, CUR 2.0, FOCUS.
    pub format: String,
    /// Charges in the file, counted over its bytes or its footer: records, of Google's export one more for each with credits.
    pub rows: u64,
    /// Sum of its raw cost column.
    pub total: Amount,
}

/// What was spent.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Spend {
    /// Invoiced over the files.
    pub billed: Amount,
    /// Amortized over the files.
    pub effective: Amount,
    /// Amortized over the files, before discounts that net columns state.
    pub amortized: Amount,
    /// At list price, usage only; absent when the bill has no list cost.
    pub list: Option<Amount>,
    /// Billed cost of usage in the last 7 complete days × 730/168.
    pub billed_run_rate: Amount,
    /// Effective cost of the same, per month.
    pub effective_run_rate: Amount,
    /// By charge category, largest first.
    pub by_category: Vec<Line>,
    /// By charge type, largest first.
    pub by_type: Vec<Line>,
    /// The account: every kind of charge in three views. The lines add up to the totals, in rows and in money.
    pub account: Vec<AccountLine>,
    /// By billing period, oldest first.
    pub by_month: Vec<MonthLine>,
}

/// One line of the account.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AccountLine {
    /// Usage on demand, savings plan negation, tax, …
    pub kind: String,
    /// Rows of the bill.
    pub charges: u64,
    /// Cash: as invoiced.
    pub cash: Amount,
    /// Amortized: upfront and recurring fees spread over the usage they cover, before discounts that net columns state.
    pub amortized: Amount,
    /// Amortized, after discounts: the effective cost.
    pub net: Amount,
}

/// One billing period.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct MonthLine {
    /// First day of the period; absent when the export does not say.
    pub key: Option<String>,
    /// Invoiced.
    pub billed: Amount,
    /// Amortized.
    pub effective: Amount,
    /// Whether the provider is done with it.
    pub state: MonthState,
}

/// Whether a billing period can still change.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MonthState {
    /// As-of lies within it.
    InProgress,
    /// Over, and charges have no invoice number yet: they may change.
    NotFinal,
    /// Over, and all charges of it are on an invoice.
    Invoiced,
    /// Over; this format does not state invoices.
    Over,
}

/// A key with billed and effective cost.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Line {
    /// Category, type or month.
    pub key: String,
    /// Invoiced.
    pub billed: Amount,
    /// Amortized.
    pub effective: Amount,
}

/// The proof that our totals are the bill's.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TieOut {
    /// Whether every residual is at most 0.01.
    pub ties: bool,
    /// Sum of the raw cost columns of the files.
    pub file_total: Amount,
    /// Our total.
    pub reviewed_total: Amount,
    /// file_total − reviewed_total.
    pub residual: Amount,
    /// Records counted in the files.
    pub rows_in_files: u64,
    /// Records that reached the totals.
    pub rows_reviewed: u64,
    /// Each aggregate against the files.
    pub aggregates: Vec<TieOutLine>,
    /// Each key of each dimension (payer, account, currency, billing period, charge category, invoice).
    pub dimensions: Vec<TieOutLine>,
    /// Commitment identities (covered + negation = 0, used + unused = commitment).
    pub identities: Vec<TieOutLine>,
    /// FOCUS commitments over their life: effective usage = billed purchases. Upfront payments break it in a month, so a
    /// difference is shown and does not close the gate.
    pub life_identities: Vec<TieOutLine>,
    /// The invoice total given by the user, against ours.
    pub invoice: Option<TieOutLine>,
}

/// One comparison.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TieOutLine {
    /// What is compared, e.g. `daily_costs` or `account 111122223333`.
    pub what: String,
    /// From the raw file (or the left side of an identity).
    pub expected: Amount,
    /// Ours (or the right side).
    pub found: Amount,
    /// Difference.
    pub residual: Amount,
    /// Whether it is at most 0.01.
    pub ties: bool,
}

/// What can be saved, per month of 730 hours.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PlanView {
    /// The chosen actions, each valued alone at the effective price.
    pub gross: Amount,
    /// What they would count twice.
    pub overlap: Amount,
    /// What commitments in force keep charging.
    pub committed: Amount,
    /// gross − overlap − committed: the promise, from now.
    pub net: Amount,
    /// The joint saving at list price, of the chosen findings that have one.
    pub list: Amount,
    /// Chosen findings that have no list price, such as the fee of a commitment.
    pub without_list: usize,
    /// The joint saving at effective price (gross − overlap).
    pub effective: Amount,
    /// One-off costs of the actions.
    pub once: Amount,
    /// When commitments end and net grows, oldest first; the last has everything datable.
    pub net_from: Vec<NetFrom>,
    /// Chosen findings.
    pub chosen: usize,
    /// Findings that fire and are judged but have no price.
    pub unpriced: usize,
    /// Findings that fire and save nothing by themselves.
    pub hygiene: usize,
    /// Risks that fire: they have a level, and are among the alerts.
    pub risks: usize,
    /// Net saving by strategy, largest first.
    pub by_strategy: Vec<StrategyLine>,
    /// In which order to work: quick wins, other changes, then commitments, then what waits for an end of commitments.
    pub order: Vec<Stage>,
}

/// A stage of the work.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Stage {
    /// Quick wins, Changes, Commitments, Later.
    pub name: String,
    /// Ids of its findings, most net saving first.
    pub findings: Vec<String>,
    /// Their net saving.
    pub net: Amount,
    /// Their net saving and that of the stages before.
    pub so_far: Amount,
}

/// Net from a date on.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct NetFrom {
    /// Date; absent when the export does not say when a commitment ends.
    pub date: Option<String>,
    /// Additional net saving from then, per month.
    pub adds: Amount,
}

/// Savings of one strategy.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct StrategyLine {
    /// unused, modernize, schedule, …
    pub strategy: String,
    /// Findings chosen.
    pub findings: usize,
    /// Attributed effective saving.
    pub effective: Amount,
    /// Attributed net saving.
    pub net: Amount,
}

/// How a finding stands in the plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// In the plan.
    Chosen,
    /// Another change of the same resource is worth more, or to leave it as it is.
    Outdone,
    /// Judged, but no price.
    Unpriced,
    /// Fires, saves nothing by itself, in no total.
    Hygiene,
    /// Fires, warns of capacity or loss, saves nothing; it is among the alerts.
    Risk,
    /// Fires, accepted by its owner.
    Waived,
    /// A risk on the same resource forbids it.
    Vetoed,
    /// More effort or risk than the reader asked for.
    LeftOut,
}

/// One finding.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FindingView {
    /// `rule@hash`.
    pub id: String,
    /// Rule id.
    pub rule: String,
    /// The rule's title.
    pub title: String,
    /// Strategy word.
    pub strategy: String,
    /// Action word.
    pub action: String,
    /// Effort word.
    pub effort: String,
    /// Whether a restart is needed.
    pub restart_needed: bool,
    /// Whether it can be undone.
    pub rollback_possible: bool,
    /// Account.
    pub account: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// Resource; absent for a scope.
    pub resource: Option<String>,
    /// The Auto Scaling group that it is one of, the service of ECS (cluster/service), or the replication group of a cache: all of
    /// its resources are changed together.
    pub group: Option<String>,
    /// Service with most of its cost.
    pub service: Option<String>,
    /// The sentence.
    pub message: String,
    /// How it stands.
    pub standing: Standing,
    /// Why it is not in the plan; for a chosen one, what commitments hold back and until when.
    pub standing_reason: Option<String>,
    /// What the target's meters cost today, effective, per month.
    pub cost: Option<Amount>,
    /// Saving at list price.
    pub list: Option<Amount>,
    /// Saving at effective price, valued alone.
    pub effective: Option<Amount>,
    /// Saving net of commitments, from now, attributed in the plan.
    pub net: Option<Amount>,
    /// When the rest of `effective` arrives: date of the commitment's end.
    pub net_from: Option<String>,
    /// Whether commitments hold back part of it.
    pub committed: bool,
    /// What to buy, of a finding that asks for commitments.
    pub purchase: Option<PurchaseView>,
    /// One-off cost.
    pub once: Option<Amount>,
    /// Meters and their change, with prices and sources.
    pub changes: Vec<ChangeView>,
    /// Evidence.
    pub evidence: Vec<EvidenceView>,
    /// Parameters of the rule.
    pub parameters: Vec<ParameterView>,
    /// Values of the allocation tags of the resource.
    pub tags: Vec<TagValue>,
    /// What to do: Markdown of the page.
    pub what_to_do: String,
    /// When to leave it: Markdown of the page.
    pub when_to_leave: String,
    /// Probability of harm.
    pub risk: Option<Amount>,
    /// What carries it out, ready to be run, of a schedule on things whose names may stand in a command.
    pub apply: Option<apply::Commands>,
}

/// One changed meter.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ChangeView {
    /// drop, swap, mask, add, once.
    pub verb: String,
    /// Meter today.
    pub meter: Option<String>,
    /// Meter afterwards.
    pub new_meter: Option<String>,
    /// Whether the meter stays, and less of it is charged.
    pub less: bool,
    /// Effective cost today.
    pub cost: Option<Amount>,
    /// Effective cost afterwards.
    pub new_cost: Option<Amount>,
    /// Where the new price comes from.
    pub price_source: Option<String>,
}

/// A piece of evidence.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct EvidenceView {
    /// Column.
    pub name: String,
    /// Value; absent is unknown.
    pub value: Option<String>,
    /// Unit.
    pub unit: String,
}

/// A parameter of a rule as used.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ParameterView {
    /// Name.
    pub name: String,
    /// Value used.
    pub value: String,
    /// Unit.
    pub unit: String,
    /// Why.
    pub why: String,
    /// Whether the user changed it.
    pub changed: bool,
}

/// A tag of a resource.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TagValue {
    /// Key.
    pub key: String,
    /// Value.
    pub value: String,
}

/// What would judge the most that rules that could save could not.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Settles {
    /// What is missing.
    pub remedy: String,
    /// Resources that lack it.
    pub resources: usize,
    /// What they cost per month, effective.
    pub cost: Amount,
}

/// Resources that a rule could not judge for want of one thing.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Unknown {
    /// Rule id.
    pub rule: String,
    /// Title of the rule.
    pub title: String,
    /// Whether the rule only warns and never saves.
    pub guard: bool,
    /// How many resources.
    pub resources: usize,
    /// What they cost per month, effective.
    pub cost: Amount,
    /// What would settle it.
    pub remedy: String,
}

/// Something to ask the owner of the bill for.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Ask {
    /// The file or the permission.
    pub ask: String,
    /// What is missing without it.
    pub why: String,
    /// Cost per month of what rules that could save would judge with it, each resource once; absent where only guards wait for it,
    /// and where it cannot be said.
    pub cost: Option<Amount>,
    /// The rules that wait for it.
    pub rules: Vec<String>,
}

/// A rule that ran.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RuleLine {
    /// Rule id.
    pub rule: String,
    /// Title.
    pub title: String,
    /// Strategy word.
    pub strategy: String,
    /// Resources examined.
    pub examined: usize,
    /// Of these fire.
    pub fires: usize,
    /// Of these are clean.
    pub clean: usize,
    /// Of these are unknown.
    pub unknown: usize,
    /// Net saving attributed in the plan.
    pub net: Amount,
}

/// A risk.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Alert {
    /// critical, high, medium, low.
    pub level: String,
    /// Finding id.
    pub finding: String,
    /// Title.
    pub title: String,
    /// Account.
    pub account: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// Resource; absent for a scope.
    pub resource: Option<String>,
    /// Sentence.
    pub message: String,
}

/// A commitment.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CommitmentView {
    /// Id.
    pub id: String,
    /// Reservation or Savings Plan.
    pub kind: String,
    /// Owner account.
    pub account: Option<String>,
    /// Effective cost that covered usage, over the bill.
    pub used: Amount,
    /// Effective cost that covered nothing.
    pub unused: Amount,
    /// used / (used + unused), a ratio; absent when both are zero.
    pub utilization: Option<Amount>,
    /// End date.
    pub ends: Option<String>,
}

/// Spend along one dimension.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Breakdown {
    /// service, account, region, tag:team.
    pub dimension: String,
    /// The month of the rows, `YYYY-MM`: the latest with complete days.
    pub month: String,
    /// Rows, largest first.
    pub rows: Vec<BreakdownRow>,
}

/// One key of a breakdown, in its month.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BreakdownRow {
    /// Key; absent: the charge has none.
    pub key: Option<String>,
    /// Billed in the month.
    pub billed: Amount,
    /// Effective in the month.
    pub effective: Amount,
    /// Billed in the month before, when the files have it.
    pub previous: Option<Amount>,
    /// billed − previous.
    pub change: Option<Amount>,
    /// Share of the total effective cost, a ratio.
    pub share: Option<Amount>,
}

/// Coverage of one tag key.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TagCoverage {
    /// Key.
    pub key: String,
    /// Effective cost of usage with a value.
    pub tagged: Amount,
    /// Effective cost of usage without.
    pub untagged: Amount,
    /// tagged / (tagged + untagged), a ratio.
    pub coverage: Option<Amount>,
    /// Distinct values.
    pub values: usize,
}

/// Cost of one day.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct DayCost {
    /// Date.
    pub day: String,
    /// Billed usage.
    pub billed: Amount,
    /// Effective usage.
    pub effective: Amount,
}

/// One owner of `--by`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Owner {
    /// Value of the tag; absent: no owner.
    pub name: Option<String>,
    /// Effective cost in the latest month.
    pub effective: Amount,
    /// Net saving of its findings.
    pub net: Amount,
    /// Ids of its findings.
    pub findings: Vec<String>,
}

/// Something that could not be read or was left out.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Gap {
    /// What.
    pub what: String,
    /// Where.
    pub place: String,
    /// Remedy.
    pub remedy: String,
}

/// The published JSON schema of the view.
#[must_use]
pub fn json_schema() -> String {
    let schema = schemars::schema_for!(Review);
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}
