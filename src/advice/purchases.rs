//! Purchases that Cost Explorer proposes: savings plans and reservations.
//!
//! Knows: the answers of `get-savings-plans-purchase-recommendation` and `get-reservation-purchase-recommendation` (API
//! reference of Cost Explorer), and how a plan is named so that two of a kind can be compared. Does not know: rates,
//! usage.

use rust_decimal::Decimal;

use super::record::{Document, Record, kebab, plain};
use super::{Action, AdviceError, Origin, Recommendation};
use crate::period::HOURS_PER_MONTH;

/// The name of a price term (`compute-savings-plan-1y-no-upfront`) without the parts that are not said, and after a
/// space the family that the plan is bound to.
pub(super) fn plan_name(kind: &str, term: Option<&str>, payment: Option<&str>, scope: Option<&str>) -> String {
    let years = term.and_then(years).map(|years| format!("-{years}y")).unwrap_or_default();
    let payment = payment.and_then(payment_word).map(|word| format!("-{word}")).unwrap_or_default();
    let scope = scope.map(|scope| format!(" {scope}")).unwrap_or_default();
    format!("{kind}{years}{payment}{scope}")
}

/// `ONE_YEAR`, `1yr`, `ThreeYears`.
pub(super) fn years(term: &str) -> Option<u8> {
    let term = plain(term);
    let says = |words: [&str; 2]| words.iter().any(|word| term.contains(*word));
    if says(["three", "3"]) { Some(3) } else { says(["one", "1"]).then_some(1) }
}

fn payment_word(payment: &str) -> Option<&'static str> {
    let payment = plain(payment);
    ["no-upfront", "partial-upfront", "all-upfront"].into_iter().find(|word| payment.contains(&plain(word)))
}

/// The family to which a size-flexible commitment is bound: `m5`, `db.r6g`, `ra3`, `r6g.search`.
pub(super) fn family(kind: &str) -> String {
    let (size, end) = kind.strip_suffix(".search").map_or((kind, ""), |kind| (kind, ".search"));
    let family = size.rsplit_once('.').map_or(size, |(family, _)| family);
    format!("{family}{end}")
}

/// What a reservation costs per hour, its upfront payment spread over its life. Of the two parts, one may not be
/// stated.
pub(super) fn hourly(recurring: Option<Decimal>, upfront: Option<Decimal>, years: Option<u8>) -> Option<Decimal> {
    let month = Decimal::from(HOURS_PER_MONTH);
    let upfront = match upfront.filter(|upfront| !upfront.is_zero()) {
        // Without a term, nobody knows over what to spread it.
        Some(upfront) => Some(upfront.checked_div(month * Decimal::from(12 * i64::from(years?)))?),
        None => None,
    };
    let recurring = recurring.and_then(|recurring| recurring.checked_div(month));
    match (recurring, upfront) {
        (Some(recurring), Some(upfront)) => recurring.checked_add(upfront).map(|sum| sum.round_dp(12)),
        (one, other) => one.or(other).map(|part| part.round_dp(12)),
    }
}

/// The recommendations of an answer; nothing when it is another service's.
pub(super) fn read(document: &Document<'_>) -> Result<Option<Vec<Recommendation>>, AdviceError> {
    if let Some(plans) = document.part("SavingsPlansPurchaseRecommendation") {
        let (terms, date) = (plans.record()?, made(document)?);
        let details = plans.list("SavingsPlansPurchaseRecommendationDetails")?.unwrap_or_default();
        let found = details.iter().map(|detail| savings_plan(&detail.record()?, &terms, date.as_ref()));
        return found.collect::<Result<Vec<_>, _>>().map(Some);
    }
    let Some(groups) = document.list("Recommendations")? else { return Ok(None) };
    let date = made(document)?;
    let mut out = Vec::new();
    for group in &groups {
        let terms = group.record()?;
        for detail in group.list("RecommendationDetails")?.unwrap_or_default() {
            out.push(reservation(&detail.record()?, &terms, date.as_ref())?);
        }
    }
    Ok(Some(out))
}

fn made(document: &Document<'_>) -> Result<Option<String>, AdviceError> {
    let Some(metadata) = document.part("Metadata") else { return Ok(None) };
    Ok(metadata.record()?.date(&["generationtimestamp"]))
}

fn savings_plan(detail: &Record<'_>, terms: &Record<'_>, date: Option<&String>) -> Result<Recommendation, AdviceError> {
    let kind = match terms.text(&["savingsplanstype"]).unwrap_or_default() {
        "COMPUTE_SP" => "compute-savings-plan".to_owned(),
        "EC2_INSTANCE_SP" => "ec2-instance-savings-plan".to_owned(),
        "SAGEMAKER_SP" => "sagemaker-savings-plan".to_owned(),
        "DATABASE_SP" => "database-savings-plan".to_owned(),
        other => kebab(other),
    };
    let scope = detail.text(&["savingsplansdetailsinstancefamily"]);
    let commitment = detail.number(&["hourlycommitmenttopurchase"])?;
    let currency = detail.text(&["currencycode"]);
    let bought = |hour: Decimal| format!("{} {} an hour", hour.normalize(), currency.unwrap_or_default());
    Ok(Recommendation {
        account: detail.account(None),
        region: detail.text(&["savingsplansdetailsregion"]).map(str::to_owned),
        proposed: commitment.map(bought),
        plan: Some(plan_name(&kind, terms.text(&["terminyears"]), terms.text(&["paymentoption"]), scope)),
        commitment,
        savings: detail.number(&["estimatedmonthlysavingsamount"])?,
        currency: currency.map(str::to_owned),
        lookback_days: terms.days(&["lookbackperiodindays"])?,
        date: date.cloned(),
        ..Recommendation::blank(Origin::SavingsPlansPurchase, detail, Action::PurchaseSavingsPlans)
    })
}

fn reservation(detail: &Record<'_>, terms: &Record<'_>, date: Option<&String>) -> Result<Recommendation, AdviceError> {
    // InstanceDetails has one member, named after the service: EC2InstanceDetails, RDSInstanceDetails, …
    let of_instance = |end: &str| detail.between("instancedetails", end);
    let of_capacity = |end: &str| detail.between("reservedcapacitydetails", end);
    let class = of_instance("instanceclass").zip(of_instance("instancesize"));
    let kind = of_instance("instancetype").or_else(|| of_instance("nodetype")).map(str::to_owned);
    let kind = kind.or_else(|| class.map(|(class, size)| format!("{class}.{size}")));
    let scope = kind.as_deref().map(family).or_else(|| of_capacity("capacityunits").map(kebab));
    let offering = terms.text(&["servicespecificationec2specificationofferingclass"]).map(kebab);
    let term = terms.text(&["terminyears"]);
    let plan =
        plan_name(offering.as_deref().unwrap_or("reserved"), term, terms.text(&["paymentoption"]), scope.as_deref());
    let count = detail.text(&["recommendednumberofinstancestopurchase", "recommendednumberofcapacityunitstopurchase"]);
    // What tells one line from another of the same family: system, engine, tenancy.
    let used: Vec<&str> = ["platform", "databaseengine", "productdescription", "tenancy", "deploymentoption"]
        .into_iter()
        .filter_map(of_instance)
        .collect();
    let recurring = detail.number(&["recurringstandardmonthlycost"])?;
    let upfront = detail.number(&["upfrontcost"])?;
    Ok(Recommendation {
        account: detail.account(None),
        region: of_instance("region").or_else(|| of_capacity("region")).map(str::to_owned),
        current: (!used.is_empty()).then(|| used.join(", ")),
        proposed: count.zip(kind.as_deref().or(scope.as_deref())).map(|(count, kind)| format!("{count} × {kind}")),
        plan: Some(plan),
        commitment: hourly(recurring, upfront, term.and_then(years)),
        savings: detail.number(&["estimatedmonthlysavingsamount"])?,
        currency: detail.text(&["currencycode"]).map(str::to_owned),
        cost: detail.number(&["estimatedmonthlyondemandcost"])?,
        lookback_days: terms.days(&["lookbackperiodindays"])?,
        date: date.cloned(),
        ..Recommendation::blank(Origin::ReservationPurchase, detail, Action::PurchaseReservedInstances)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_named_as_far_as_it_is_said() {
        let all = plan_name("ec2-instance-savings-plan", Some("ONE_YEAR"), Some("NO_UPFRONT"), Some("m5"));
        assert_eq!(all, "ec2-instance-savings-plan-1y-no-upfront m5");
        assert_eq!(plan_name("standard", Some("ThreeYears"), Some("AllUpfront"), None), "standard-3y-all-upfront");
        assert_eq!(plan_name("compute-savings-plan", None, None, None), "compute-savings-plan");
    }

    #[test]
    fn a_reservation_costs_its_fee_and_its_upfront_payment_spread_over_its_life() {
        let decimal = |text: &str| Some(crate::money::parse_decimal(text).unwrap());
        // 8,760 hours in a year of 12 × 730.
        assert_eq!(hourly(decimal("73"), decimal("876"), Some(1)), decimal("0.2"));
        assert_eq!(hourly(decimal("73"), decimal("0"), None), decimal("0.1"));
        assert_eq!(hourly(None, decimal("876"), None), None);
        assert_eq!(hourly(None, None, Some(1)), None);
    }

    #[test]
    fn families_are_what_commitments_are_bound_to() {
        for (kind, expected) in
            [("m5.large", "m5"), ("db.r6g.large", "db.r6g"), ("r6g.large.search", "r6g.search"), ("dc2", "dc2")]
        {
            assert_eq!(family(kind), expected);
        }
    }
}
