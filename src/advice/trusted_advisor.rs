//! Trusted Advisor: the cost checks of `describe-trusted-advisor-check-result`.
//!
//! Knows: that a result is bare lists of values whose columns only `describe-trusted-advisor-checks` names, and what
//! those columns say. Does not know: the order of columns by itself (the user guide lists them in another order than
//! the API), so both answers have to be in one file; checks of other categories are not about money and are left out.

use std::collections::BTreeMap;

use serde_json::Value;

use super::record::{Document, Record, plain, resource_id};
use super::{Action, AdviceError, Basis, Origin, Recommendation};

/// A check: what it is called, what it is about, and the plain names of its columns.
pub(super) struct Check {
    name: String,
    category: String,
    columns: Vec<String>,
}

/// Columns that name the resource, and what the ARN of its kind has before a bare name.
const RESOURCES: [(&str, &str); 15] = [
    ("resourcearn", ""),
    ("resourceid", ""),
    ("instanceid", ""),
    ("volumeid", ""),
    ("natgatewayid", ""),
    ("vpcendpointid", ""),
    ("functionarn", ""),
    ("networkfirewallarn", ""),
    ("endpointarn", ""),
    ("dbinstancename", "db:"),
    ("loadbalancername", "loadbalancer/"),
    ("functionname", "function:"),
    ("cluster", "cluster:"),
    ("ipaddress", ""),
    ("resource", ""),
];

/// The checks that a file describes, by id.
pub(super) fn checks(values: &[Value]) -> BTreeMap<String, Check> {
    let listed = values.iter().filter_map(|value| value.get("checks")?.as_array()).flatten();
    let check = |value: &Value| {
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let columns =
            value.get("metadata")?.as_array()?.iter().map(|column| plain(column.as_str().unwrap_or_default()));
        Some((text("id")?, Check { name: text("name")?, category: text("category")?, columns: columns.collect() }))
    };
    listed.filter_map(check).collect()
}

/// The recommendations of an answer; nothing when it is another service's.
pub(super) fn read(
    document: &Document<'_>,
    checks: &BTreeMap<String, Check>,
) -> Result<Option<Vec<Recommendation>>, AdviceError> {
    if document.value.get("checks").is_some() {
        return Ok(Some(Vec::new()));
    }
    let Some(result) = document.part("result") else { return Ok(None) };
    let Some(flagged) = result.list("flaggedResources")? else { return Ok(None) };
    let head = result.record()?;
    let id = head.required(&["checkid"])?;
    let mut out = Vec::new();
    for resource in &flagged {
        let state = resource.record()?;
        // In order, or set aside by the user.
        if state.text(&["status"]) == Some("ok") || state.flag(&["issuppressed"])? == Some(true) {
            continue;
        }
        let unnamed = || AdviceError::NoHeadings { file: document.file.to_owned(), check: id.to_owned() };
        let check = checks.get(id).ok_or_else(unnamed)?;
        if check.category == "cost_optimizing" {
            let record = named(resource, check, &state.place)?;
            out.push(recommendation(&record, &state, check, head.date(&["timestamp"]))?);
        }
    }
    Ok(Some(out))
}

/// The values of a resource under the names of the check's columns.
fn named<'a>(resource: &Document<'a>, check: &Check, place: &str) -> Result<Record<'a>, AdviceError> {
    let values = resource.value.get("metadata").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if values.len() != check.columns.len() {
        let what = format!("has {} values, and its check names {} columns", values.len(), check.columns.len());
        return Err(AdviceError::malformed(resource.file, place, what));
    }
    let texts = values.iter().map(|value| value.as_str().unwrap_or_default());
    Ok(Record::of_pairs(resource.file, place.to_owned(), check.columns.iter().zip(texts)))
}

fn recommendation(
    record: &Record<'_>,
    state: &Record<'_>,
    check: &Check,
    date: Option<String>,
) -> Result<Recommendation, AdviceError> {
    let action = record.text(&["recommendedaction"]).map_or_else(|| action(&check.name), Action::parse);
    let found = RESOURCES.iter().find_map(|(column, behind)| Some((record.text(&[*column])?, *behind)));
    let arn = found.map(|(id, _)| id);
    let stated = record.dollars(&["estimatedmonthlysavings"])?;
    let on_demand = record.dollars(&["estimatedmonthlysavingsondemand"])?;
    let cost = record.dollars(&["estimatedmonthlycost", "currentmonthlycost", "monthlystoragecost"])?;
    let dollar = [stated, on_demand, cost].into_iter().flatten().any(|(_, dollar)| dollar);
    let currency = record.text(&["estimatedmonthlysavingscurrency"]).or(dollar.then_some("USD"));
    let zone = record.text(&["regionaz"]).map(|zone| zone.trim_end_matches(|c: char| c.is_ascii_lowercase()));
    Ok(Recommendation {
        account: record.account(arn),
        region: state.region(arn).or_else(|| record.region(arn)).or_else(|| zone.map(str::to_owned)),
        resource: found.and_then(|(id, behind)| resource_id(id, behind)),
        current: record
            .text(&["currentresourcesummary", "instancetype", "volumetype", "memorysizemb", "reason"])
            .map(str::to_owned),
        proposed: record
            .text(&[
                "recommendedresourcesummary",
                "recommendedinstancetype",
                "recommendedvolumetype",
                "recommendedmemorysizemb",
            ])
            .map(str::to_owned),
        savings: stated.or(on_demand).map(|(saving, _)| saving),
        basis: if stated.is_none() && on_demand.is_some() { Basis::BeforeDiscounts } else { Basis::NotStated },
        currency: currency.map(str::to_owned),
        cost: cost.map(|(cost, _)| cost),
        lookback_days: record.days(&["lookbackperioddays"])?,
        date,
        ..Recommendation::blank(Origin::TrustedAdvisor, record, action)
    })
}

/// What a check without a column for it asks for, told from its name; the name itself where that does not say.
fn action(check: &str) -> Action {
    let name = check.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| name.contains(*word));
    match () {
        () if says(&["savings plan"]) => Action::PurchaseSavingsPlans,
        () if says(&["reserved"]) => Action::PurchaseReservedInstances,
        () if says(&["over-provisioned"]) => Action::Rightsize,
        () if says(&["low utilization"]) => Action::Stop,
        () if says(&["idle", "inactive", "unassociated", "underutilized", "unattached"]) => Action::Delete,
        () => Action::Other(check.to_owned()),
    }
}
