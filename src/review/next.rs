//! What to ask for next: the files and permissions that would turn unknown dollars into known ones.
//!
//! Knows: what a rule reads, what a target's charges lack, what the bill as a whole lacks. Does not know: how a rule judges.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::DataFrame;
use rust_decimal::Decimal;

use super::{Amount, Ask, Inputs, MonthLine, MonthState};
use crate::derive::baseline::Line;
use crate::id::Target;
use crate::rules::{Rule, Strategy};
use crate::table::read::{numbers, texts};
use crate::table::{self, Table};

mod measured;

pub(super) use measured::Measured;

/// Fewer days than this say little about what a resource usually does: two whole weeks.
const SHORT_HISTORY_DAYS: i64 = 14;

/// What is missing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Need {
    /// What the charges are for.
    UsageTypes,
    /// Which resources they are for.
    ResourceIds,
    /// In which hours.
    Hours,
    /// Earlier days.
    History,
    /// Tags of any kind.
    Tags,
    /// The account that pays for a commitment.
    Owner,
    /// When commitments end.
    Ends,
    /// The invoice.
    FinalBill,
    /// What the resources do.
    Metrics,
    /// Nothing: their metrics are there, and rules that read those judge them.
    Nothing,
    /// What the resources are.
    Inventory,
    /// What runs in the instances: memory and disks.
    Agent,
    /// What runs in the functions: memory.
    Insights,
    /// Points of the services' own metrics.
    Points,
    /// What an inventory lacks.
    Rest,
    /// The bill.
    Bill,
}

impl Need {
    /// What would settle that a rule could not judge a target.
    pub(super) fn of(rule: &Rule, target: &Target, inputs: &Inputs<'_>, measured: &Measured<'_>) -> Need {
        let reads = |tables: &[&str]| rule.tables.iter().any(|table| tables.contains(&table.as_str()));
        let lines = inputs.baseline.lines.get(target).map(Vec::as_slice).unwrap_or_default();
        let days = inputs.as_of.date().since(inputs.first).map_or(0, |span| i64::from(span.get_days()));
        let asked = |name: &String| table::find(name).is_some_and(Table::is_inventory);
        match () {
            () if lines.iter().any(|line| line.meter.is_none()) => Need::UsageTypes,
            () if rule.tables.iter().any(asked) => measured.lacks(rule, target),
            () if inputs.tag_keys.is_empty() && rule.query.contains("TagsSeen") => Need::Tags,
            () if !inputs.hourly && reads(&["schedules", "usage_profiles"]) => Need::Hours,
            () if rule.query.contains("DaysLeft") && lines.is_empty() && !inputs.says_ends() => Need::Ends,
            // What an export states with the end: class and start.
            () if ["OfferingClass", "CommitmentStart"].iter().any(|name| rule.query.contains(name))
                && !inputs.says_ends() =>
            {
                Need::Ends
            }
            // What a commitment would be for is in the hours: more of them, not what the machines did.
            () if rule.strategy == Strategy::Commit && reads(&["usage_profiles", "resource_costs"]) => Need::History,
            () if days < SHORT_HISTORY_DAYS => Need::History,
            () if reads(&["commitments"]) => Need::Owner,
            () if measured.judged(target) => Need::Nothing,
            () if measured.asked(target) => Need::Points,
            () => Need::Metrics,
        }
    }

    /// What to ask for; `services` and `provider` are those of the resources concerned.
    pub(super) fn ask(self, provider: &str, services: &[String]) -> String {
        let named = if services.is_empty() { "the resources".to_owned() } else { services.join(", ") };
        match (self, provider) {
            (Need::UsageTypes, "aws") => {
                "a CUR 2.0 export of the same months (AWS Data Exports, with line_item_usage_type and line_item_operation)".into()
            }
            (Need::UsageTypes, _) => "an export of the same months that names the meter or SKU of each charge".into(),
            (Need::ResourceIds, "aws") => "the same export with resource ids (INCLUDE_RESOURCES)".into(),
            (Need::ResourceIds, _) => "the same export at the level of resources (detailed usage cost)".into(),
            (Need::Hours, "aws") => "the same export with hourly granularity (TIME_GRANULARITY = HOURLY)".into(),
            (Need::Hours, _) => "the same export with hourly charge periods".into(),
            (Need::History, _) => "the exports of the months before".into(),
            (Need::Tags, "aws") => {
                "cost allocation tags: the payer activates them (Billing console, Cost allocation tags), then the next export"
                    .into()
            }
            (Need::Tags, _) => "an export with tags or labels".into(),
            (Need::Owner, _) => "the export of the payer account, which holds the fees of the commitments".into(),
            (Need::Ends, _) => "a CUR 2.0 export of the same months, which states class, start and end of each commitment".into(),
            (Need::FinalBill, _) => "the export again when the invoice is issued".into(),
            (Need::Metrics, "aws") => format!(
                "read access to the accounts for the metrics of {named}: cloudwatch:GetMetricData, cloudwatch:ListMetrics, and the services' Describe actions"
            ),
            (Need::Metrics, "azure") => format!("the Reader and Monitoring Reader roles for the metrics of {named}"),
            (Need::Metrics, "gcp") => format!("roles/monitoring.viewer and roles/viewer for the metrics of {named}"),
            (Need::Metrics, _) => format!("usage metrics of {named}"),
            (Need::Nothing, _) => "nothing".into(),
            (Need::Agent, _) => {
                "CloudWatch's agent in the instances, with the memory and the disks that it measures, then surgeon collect --metrics 28 after four weeks"
                    .into()
            }
            (Need::Insights, _) => {
                "Lambda Insights in the functions, then surgeon collect --metrics 28 after four weeks".into()
            }
            (Need::Points, _) => format!(
                "four weeks of the metrics of {named}: surgeon collect --metrics 28, with cloudwatch:GetMetricData and cloudwatch:ListMetrics"
            ),
            (Need::Rest, _) => {
                "the inventory again: with the actions that its gaps name, and metrics of four weeks (surgeon collect --metrics 28)"
                    .into()
            }
            (Need::Bill, _) => {
                "the bill: a CUR 2.0 or FOCUS export with resource ids, hourly, of the last months (AWS Data Exports), then surgeon review BILL with the inventory"
                    .into()
            }
            (Need::Inventory, _) => {
                "an inventory of the accounts: surgeon collect -o DIR (surgeon permissions prints the policy), then surgeon review DIR with the bill"
                    .into()
            }
        }
    }

    /// The same in a few words, for a line of a table.
    pub(super) fn short(self) -> &'static str {
        match self {
            Need::UsageTypes => "an export with usage types: CUR 2.0 (see what to ask for next)",
            Need::ResourceIds => "an export with resource ids",
            Need::Hours => "an export with hourly granularity",
            Need::History => "the exports of the months before",
            Need::Tags => "cost allocation tags",
            Need::Owner => "the export of the payer account",
            Need::Ends => "a CUR 2.0 export, which states class, start and end of commitments",
            Need::FinalBill => "the final bill",
            Need::Metrics => "usage metrics of these resources",
            Need::Inventory => "an inventory of the accounts",
            Need::Nothing => "nothing: rules that read its metrics judge it",
            Need::Agent => "memory and disk metrics of CloudWatch's agent in the instances",
            Need::Insights => "memory metrics of Lambda Insights",
            Need::Points => "four weeks of CloudWatch metrics of these resources",
            Need::Rest => "the inventory in full, with four weeks of metrics",
            Need::Bill => "the bill",
        }
    }

    fn why(self) -> &'static str {
        match self {
            Need::UsageTypes => "this export lost the usage types, and SKU and description do not name them",
            Need::ResourceIds => "no charge names a resource: nothing can be said about a single one",
            Need::Hours => "charges per day or month do not say in which hours something was used",
            Need::History => "the files do not go back far enough for what these rules ask",
            Need::Tags => "no charge carries a tag: nobody can be named as its owner",
            Need::Owner => "the files hold usage under commitments, and not what the commitments cost",
            Need::Ends => "this export does not state when commitments begin and end, nor of which class they are",
            Need::FinalBill => "until then the provider may change what it charges",
            Need::Metrics => "the bill says that these are paid for, not whether they are used",
            Need::Nothing => "rules that read their metrics judge them",
            Need::Agent => {
                "CloudWatch does not look into an instance: its memory and its disks are known to the agent alone"
            }
            Need::Insights => "Lambda does not say how much memory its runs use: the extension does",
            Need::Points => "the inventory has not one point of their metrics",
            Need::Rest => "something of these was not answered, or not measured for long enough, or was at its limit",
            Need::Bill => {
                "list prices are not what is paid: discounts, commitments, traffic, requests and stored blocks are known to the bill alone"
            }
            Need::Inventory => "some rules ask what a resource is bound to and what it does, which no bill says",
        }
    }
}

/// What waits for one answer.
#[derive(Default)]
struct Waiting<'a> {
    targets: BTreeSet<&'a Target>,
    /// Of these, what a rule that could save waits for.
    saving: BTreeSet<&'a Target>,
    rules: BTreeSet<String>,
}

/// Everything to ask for, the most dollars first.
pub(super) fn asks(inputs: &Inputs<'_>, measured: &Measured<'_>, months: &[MonthLine]) -> Vec<Ask> {
    let mut by_need: BTreeMap<(Need, &str), Waiting<'_>> = BTreeMap::new();
    for verdicts in inputs.verdicts {
        let Some(rule) = inputs.rules.iter().find(|rule| rule.id == verdicts.rule) else { continue };
        for target in &verdicts.unknown {
            let need = Need::of(rule, target, inputs, measured);
            if need == Need::Nothing {
                continue;
            }
            // Some are asked for in the same words of every provider.
            let provider = match need {
                Need::History | Need::Owner | Need::Ends | Need::FinalBill => "",
                Need::Agent | Need::Insights | Need::Points | Need::Rest => "",
                _ => provider(inputs, target),
            };
            let waiting = by_need.entry((need, provider)).or_default();
            waiting.targets.insert(target);
            if rule.strategy != Strategy::Guard {
                waiting.saving.insert(target);
            }
            waiting.rules.insert(rule.id.to_string());
        }
    }
    let mut asks: Vec<Ask> = by_need
        .into_iter()
        .map(|((need, provider), Waiting { targets, saving, rules })| Ask {
            ask: need.ask(provider, &services(inputs, &targets)),
            why: need.why().into(),
            cost: (!saving.is_empty())
                .then(|| Amount(saving.iter().map(|target| inputs.baseline.cost_of(target)).sum())),
            rules: rules.into_iter().collect(),
        })
        .collect();
    asks.extend(of_waiting(inputs));
    for ask in of_the_bill(inputs, months) {
        if !asks.iter().any(|known| known.ask == ask.ask) {
            asks.push(ask);
        }
    }
    asks.sort_by(|a, b| b.cost.cmp(&a.cost).then_with(|| a.ask.cmp(&b.ask)));
    asks
}

/// What rules wait for that could not look at all: tables that nobody asked an account for, or the bill.
fn of_waiting(inputs: &Inputs<'_>) -> Vec<Ask> {
    let not_asked = |rule: &Rule| -> BTreeSet<String> {
        let missing = |name: &&String| {
            table::find(name).is_some_and(Table::is_inventory) && !inputs.tables.contains_key(name.as_str())
        };
        rule.tables.iter().filter(missing).cloned().collect()
    };
    let (of_account, of_bill): (Vec<&Rule>, Vec<&Rule>) =
        inputs.waiting.iter().copied().partition(|rule| !not_asked(rule).is_empty());
    let ids = |rules: &[&Rule]| rules.iter().map(|rule| rule.id.to_string()).collect();
    let mut asks = Vec::new();
    if !of_bill.is_empty() {
        let (ask, why) = (Need::Bill.ask("", &[]), Need::Bill.why().into());
        asks.push(Ask { ask, why, cost: None, rules: ids(&of_bill) });
    }
    if !of_account.is_empty() {
        let (ask, why) = if inputs.tables.contains_key(table::COLLECTED.name) {
            let missing: BTreeSet<String> = of_account.iter().flat_map(|rule| not_asked(rule)).collect();
            let only = missing.into_iter().map(|name| format!(" --only {name}")).collect::<String>();
            let why = "the inventory was asked for other tables than these rules read".to_owned();
            (format!("the rest of the inventory: surgeon collect{only} -o DIR, and DIR beside the other inputs"), why)
        } else {
            (Need::Inventory.ask("", &[]), Need::Inventory.why().into())
        };
        asks.push(Ask { ask, why, cost: None, rules: ids(&of_account) });
    }
    asks
}

/// What the bill lacks, whatever the rules say.
fn of_the_bill(inputs: &Inputs<'_>, months: &[MonthLine]) -> Vec<Ask> {
    let empty = DataFrame::empty();
    let table = |name: &str| inputs.tables.get(name).unwrap_or(&empty);
    let mut asks = Vec::new();
    let mut ask = |need: Need, provider: &str, cost: Option<Decimal>| {
        let (ask, why) = (need.ask(provider, &[]), need.why().into());
        asks.push(Ask { ask, why, cost: cost.map(Amount), rules: Vec::new() });
    };
    let costs = table("resource_monthly_costs");
    let run_rate: Decimal = numbers(costs, "EffectiveRunRate").into_iter().flatten().sum();
    let meter = texts(costs, "Meter").into_iter().flatten().next().unwrap_or_default();
    if costs.height() > 0 && texts(costs, "ResourceId").iter().all(Option::is_none) {
        ask(Need::ResourceIds, word(&meter), Some(run_rate));
    }
    if costs.height() > 0 && inputs.tag_keys.is_empty() && inputs.tie_out.is_some() {
        ask(Need::Tags, word(&meter), Some(run_rate));
    }
    let commitments = table("commitments");
    let unowned = numbers(commitments, "UnusedCost").into_iter().zip(numbers(commitments, "UsedCost"));
    let used: Decimal = unowned.filter(|(unused, _)| unused.is_none()).filter_map(|(_, used)| used).sum();
    if !used.is_zero() {
        ask(Need::Owner, "", None);
    }
    if months.iter().any(|month| month.state == MonthState::NotFinal) {
        ask(Need::FinalBill, "", None);
    }
    asks
}

/// The services of the targets, the dearest first, at most four.
fn services(inputs: &Inputs<'_>, targets: &BTreeSet<&Target>) -> Vec<String> {
    let mut costs: BTreeMap<String, Decimal> = BTreeMap::new();
    for target in targets {
        if let Some(service) = inputs.baseline.service_of(target) {
            *costs.entry(service).or_default() += inputs.baseline.cost_of(target);
        }
    }
    let mut all: Vec<(String, Decimal)> = costs.into_iter().collect();
    all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    all.into_iter().take(4).map(|(service, _)| service).collect()
}

fn provider<'a>(inputs: &'a Inputs<'_>, target: &Target) -> &'a str {
    let lines: &[Line] = inputs.baseline.lines.get(target).map(Vec::as_slice).unwrap_or_default();
    lines.iter().find_map(|line| line.meter.as_ref()).map_or("aws", |meter| word(&meter.0))
}

/// The provider's word of a meter; AWS's meters begin with a service code.
fn word(meter: &str) -> &str {
    match meter.split('/').next() {
        Some(word @ ("azure" | "gcp" | "oci")) => word,
        _ => "aws",
    }
}
