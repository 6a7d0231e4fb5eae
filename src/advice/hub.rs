//! Cost Optimization Hub: what `list-recommendations` and `get-recommendation` print, and the table of Data Exports.
//!
//! Knows: their fields, which have the same plain names (API reference; Data Exports table dictionary,
//! COST_OPTIMIZATION_RECOMMENDATIONS). Does not know: what is said about the same thing elsewhere.

use rust_decimal::Decimal;

use super::purchases::{family, hourly, plan_name, years};
use super::record::{Document, Record, kebab, plain, resource_id};
use super::{Action, AdviceError, Basis, Origin, Recommendation};

/// Where the export writes the proposed configuration, as the text of a JSON object.
pub(super) const DETAILS: &str = "recommendedresourcedetails";

/// What the ARN of a resource has before its name, for answers that have the name only.
const BEHIND: [(&str, &str); 4] = [
    ("rdsdbinstance", "db:"),
    ("rdsdbinstancestorage", "db:"),
    ("auroradbclusterstorage", "cluster:"),
    ("lambdafunction", "function:"),
];

/// The recommendations of an answer; nothing when it is another service's.
pub(super) fn read(document: &Document<'_>) -> Result<Option<Vec<Recommendation>>, AdviceError> {
    // One alone: get-recommendation, or an element of a list that was cut out.
    if document.value.get("actionType").is_some() {
        return Ok(Some(vec![recommendation(&document.record()?)?]));
    }
    let Some(items) = document.list("items")? else { return Ok(None) };
    items.iter().map(|item| recommendation(&item.record()?)).collect::<Result<Vec<_>, _>>().map(Some)
}

/// One recommendation.
pub(super) fn recommendation(record: &Record<'_>) -> Result<Recommendation, AdviceError> {
    let action = Action::parse(record.required(&["actiontype"])?);
    let resource_type = record.text(&["currentresourcetype", "recommendedresourcetype"]);
    let arn = record.text(&["resourcearn"]);
    // What is bought is no resource yet.
    let buys = matches!(action, Action::PurchaseSavingsPlans | Action::PurchaseReservedInstances);
    let kind = resource_type.map(plain).unwrap_or_default();
    let behind = BEHIND.iter().find(|(known, _)| *known == kind.as_str()).map_or("", |found| found.1);
    let id = arn.or_else(|| record.text(&["resourceid"])).filter(|_| !buys);
    // The export has both amounts, that after discounts where it is known; the API has one and does not say which.
    let after = record.number(&["estimatedmonthlysavingsafterdiscount"])?;
    let before = record.number(&["estimatedmonthlysavingsbeforediscount"])?;
    let (savings, basis, cost) = match (after, before) {
        (Some(_), _) => (after, Basis::AfterDiscounts, "estimatedmonthlycostafterdiscount"),
        (None, Some(_)) => (before, Basis::BeforeDiscounts, "estimatedmonthlycostbeforediscount"),
        (None, None) => (record.number(&["estimatedmonthlysavings"])?, Basis::NotStated, "estimatedmonthlycost"),
    };
    Ok(Recommendation {
        account: record.account(arn),
        // Of a purchase, the details may know it: savingsPlansRegion, reservedInstancesRegion.
        region: record.region(arn).or_else(|| record.between(DETAILS, "region").map(str::to_owned)),
        resource: id.and_then(|id| resource_id(id, behind)),
        resource_type: resource_type.map(str::to_owned),
        current: record.text(&["currentresourcesummary"]).map(str::to_owned),
        proposed: record.text(&["recommendedresourcesummary"]).map(str::to_owned),
        plan: buys.then(|| plan(record, &kind)),
        commitment: if buys { commitment(record)? } else { None },
        savings,
        basis,
        currency: record.text(&["currencycode"]).map(str::to_owned),
        cost: record.number(&[cost])?,
        effort: record.text(&["implementationeffort"]).map(kebab),
        restart_needed: record.flag(&["restartneeded"])?,
        rollback_possible: record.flag(&["rollbackpossible"])?,
        lookback_days: record.days(&["recommendationlookbackperiodindays"])?,
        date: record.date(&["lastrefreshtimestamp"]),
        ..Recommendation::blank(Origin::CostOptimizationHub, record, action)
    })
}

/// What to buy: its kind, and what the details say of term, payment and family. The list of the API has no details.
fn plan(record: &Record<'_>, kind: &str) -> String {
    let detail = |end: &str| record.between(DETAILS, end);
    let offering = detail("configurationofferingclass").map(kebab);
    let kind = match kind {
        "computesavingsplans" => "compute-savings-plan",
        "ec2instancesavingsplans" => "ec2-instance-savings-plan",
        "sagemakersavingsplans" => "sagemaker-savings-plan",
        "databasesavingsplans" => "database-savings-plan",
        _ => offering.as_deref().unwrap_or("reserved"),
    };
    let scope = detail("configurationinstancetype").map(family);
    let scope = scope.or_else(|| detail("configurationinstancefamily").map(str::to_owned));
    plan_name(kind, detail("configurationterm"), detail("configurationpaymentoption"), scope.as_deref())
}

/// Per hour: stated for savings plans, of reservations what they cost.
fn commitment(record: &Record<'_>) -> Result<Option<Decimal>, AdviceError> {
    let stated = record.number_between(DETAILS, "configurationhourlycommitment")?;
    let recurring = record.number_between(DETAILS, "configurationmonthlyrecurringcost")?;
    let upfront = record.number_between(DETAILS, "configurationupfrontcost")?;
    let years = record.between(DETAILS, "configurationterm").and_then(years);
    Ok(stated.or_else(|| hourly(recurring, upfront, years)))
}
