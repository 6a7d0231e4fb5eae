//! What Cost Optimization Hub recommends, of all accounts that it sees.
//!
//! Knows: the hub's answers; its list leaves out what excludes each other. Does not know: what a recommendation is worth to us.

use aws_sdk_costoptimizationhub::types::Recommendation;
use serde_json::json;

use crate::collect::ask::{Asked, Call, Collector, pages};
use crate::collect::session::{Session, client};
use crate::id::canonical_resource_id;
use crate::table;
use crate::table::inventory::{HubRecommendation, Recommended};
use crate::table::rows::Rows;

use super::advised::{record, say_off};
use super::text;

const RECOMMENDATIONS: Call = Call { service: "cost-optimization-hub", operation: "ListRecommendations" };

/// The only region that answers (AWS General Reference, endpoints of Cost Optimization Hub).
const HOME: &str = "us-east-1";
/// Largest page (API reference, ListRecommendations, maxResults).
const PAGE: i32 = 1000;
/// The name in reports.
const ORIGIN: &str = "Cost Optimization Hub";
const REMEDY: &str =
    "enrol it in the console, or with aws cost-optimization-hub update-enrollment-status --status Active";

/// One for its table.
pub(in crate::collect) const COLLECTORS: &[Collector] =
    &[Collector::of_payer(&table::HUB_RECOMMENDATIONS, &[RECOMMENDATIONS], |session| {
        Box::pin(recommendations(session))
    })];

async fn recommendations(session: &Session) -> Asked {
    let client = client!(session.in_region(HOME), aws_sdk_costoptimizationhub);
    let sent = client.list_recommendations().into_paginator().page_size(PAGE).send();
    let (mut rows, mut refused) = (Vec::new(), Vec::new());
    pages(RECOMMENDATIONS, sent, &mut refused, |page| {
        rows.extend(page.items.unwrap_or_default().iter().map(|one| recommendation(session, one)));
    })
    .await;
    say_off(&mut refused, REMEDY);
    Asked { rows: Rows::of(rows), refused }
}

fn recommendation(session: &Session, one: &Recommendation) -> HubRecommendation {
    // Of what is to be bought some answers have this for an id.
    let id = text(one.resource_arn()).or_else(|| text(one.resource_id())).filter(|id| id != "N/A");
    HubRecommendation(Recommended {
        account: text(one.account_id()).or_else(|| Some(session.scope.account.clone())),
        region: text(one.region()),
        id: id.as_deref().and_then(canonical_resource_id),
        origin: ORIGIN.to_owned(),
        record: written(one),
    })
}

/// As the list of the interface has it, as far as it is read.
fn written(one: &Recommendation) -> String {
    record(json!({
        "items": [{
            "accountId": one.account_id(),
            "actionType": one.action_type(),
            "currencyCode": one.currency_code(),
            "currentResourceSummary": one.current_resource_summary(),
            "currentResourceType": one.current_resource_type(),
            "estimatedMonthlyCost": one.estimated_monthly_cost(),
            "estimatedMonthlySavings": one.estimated_monthly_savings(),
            "implementationEffort": one.implementation_effort(),
            "lastRefreshTimestamp": one.last_refresh_timestamp().map(|time| time.secs()),
            "recommendationLookbackPeriodInDays": one.recommendation_lookback_period_in_days(),
            "recommendedResourceSummary": one.recommended_resource_summary(),
            "recommendedResourceType": one.recommended_resource_type(),
            "region": one.region(),
            "resourceArn": one.resource_arn(),
            "resourceId": one.resource_id(),
            "restartNeeded": one.restart_needed(),
            "rollbackPossible": one.rollback_possible(),
        }],
    }))
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::DateTime;

    use super::*;
    use crate::advice::{self, Origin};

    #[test]
    fn advice_reads_what_is_written() {
        let one = Recommendation::builder()
            .account_id("111122223333")
            .action_type("Stop")
            .currency_code("USD")
            .current_resource_summary("db.r6g.large")
            .current_resource_type("RdsDbInstance")
            .estimated_monthly_cost(157.68)
            .estimated_monthly_savings(157.68)
            .implementation_effort("Low")
            .last_refresh_timestamp(DateTime::from_secs(1_793_340_000))
            .recommendation_lookback_period_in_days(14)
            .region("eu-west-1")
            .resource_arn("arn:aws:rds:eu-west-1:111122223333:db:orders")
            .resource_id("orders")
            .restart_needed(false)
            .build();
        let read = advice::answers(Origin::CostOptimizationHub, &[written(&one)]).unwrap();
        assert_eq!(read.len(), 1);
        let found = &read[0];
        assert_eq!(found.resource.as_deref(), Some("arn:aws:rds:eu-west-1:111122223333:db:orders"));
        assert_eq!((found.action.word(), found.savings), ("stop", Some("157.68".parse().unwrap())));
        assert_eq!((found.effort.as_deref(), found.restart_needed), (Some("low"), Some(false)));
        assert_eq!((found.lookback_days, found.date.as_deref()), (Some(14), Some("2026-10-30")));
        assert_eq!((found.rollback_possible, found.currency.as_deref()), (None, Some("USD")));
        assert_eq!(Origin::named(ORIGIN), Some(Origin::CostOptimizationHub));
    }
}
