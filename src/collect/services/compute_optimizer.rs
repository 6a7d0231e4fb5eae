//! What Compute Optimizer recommends for the resources of an account and region.
//!
//! Knows: its answers, and that its first option is the one to take. Does not know: what is recommended elsewhere. The SDK says 0 where an
//! answer leaves out a size or a number of days: there is none of 0.

use aws_sdk_computeoptimizer::types::{
    AutoScalingGroupRecommendation, DbStorageConfiguration, EcsServiceRecommendation, IdleRecommendation,
    InstanceRecommendation, LambdaFunctionRecommendation, PlatformDifference, RdsdbRecommendation, VolumeConfiguration,
    VolumeRecommendation,
};
use aws_smithy_types::DateTime;
use serde_json::{Value, json};

use crate::collect::ask::{Asked, Call, Collector, Purpose, Refusal};
use crate::collect::session::{Session, client};
use crate::id::canonical_resource_id;
use crate::table;
use crate::table::inventory::{ComputeOptimizerRecommendation, Recommended};
use crate::table::rows::Rows;

use super::advised::{is_off, record, say_off};
use super::each::ask;

const fn call(operation: &'static str) -> Call {
    Call { service: "compute-optimizer", operation }
}

const INSTANCES: Call = call("GetEC2InstanceRecommendations");
const GROUPS: Call = call("GetAutoScalingGroupRecommendations");
const VOLUMES: Call = call("GetEBSVolumeRecommendations");
const FUNCTIONS: Call = call("GetLambdaFunctionRecommendations");
const SERVICES: Call = call("GetECSServiceRecommendations");
const DATABASES: Call = call("GetRDSDatabaseRecommendations");
const IDLE: Call = call("GetIdleRecommendations");

/// Largest page, and that of what is idle (API reference, maxResults).
const PAGE: i32 = 1000;
const PAGE_IDLE: i32 = 100;
/// The name in reports.
const ORIGIN: &str = "Compute Optimizer";
const REMEDY: &str = "opt in in the console, or with aws compute-optimizer update-enrollment-status --status Active";
/// What names the resource, by list.
const NAMES: [&str; 7] =
    ["instanceArn", "autoScalingGroupArn", "volumeArn", "functionArn", "serviceArn", "resourceArn", "resourceId"];

/// One for its table.
pub(in crate::collect) const COLLECTORS: &[Collector] = &[Collector::of(
    &table::COMPUTE_OPTIMIZER_RECOMMENDATIONS,
    &[INSTANCES, GROUPS, VOLUMES, FUNCTIONS, SERVICES, DATABASES, IDLE],
    |session| Box::pin(recommendations(session)),
)
.for_purpose(Purpose::Advice)
.needing(NEEDS)];

/// What it reads of the resources in the name of whoever asks (Compute Optimizer user guide, controlling access).
const NEEDS: &[Call] = &[
    Call { service: "autoscaling", operation: "DescribeAutoScalingGroups" },
    Call { service: "ec2", operation: "DescribeInstances" },
    Call { service: "ec2", operation: "DescribeVolumes" },
    Call { service: "ecs", operation: "ListClusters" },
    Call { service: "ecs", operation: "ListServices" },
    Call { service: "lambda", operation: "ListFunctions" },
    Call { service: "lambda", operation: "ListProvisionedConcurrencyConfigs" },
    Call { service: "rds", operation: "DescribeDBClusters" },
    Call { service: "rds", operation: "DescribeDBInstances" },
];

/// All pages of one kind: for most of them the SDK has no stream. Who has not opted in is asked once.
macro_rules! all {
    ($into:ident, $refused:ident, $session:ident, $call:expr, $request:expr, $items:ident, $list:literal, $written:expr) => {
        let mut token: Option<String> = None;
        while !$refused.iter().any(is_off) {
            let sent = $request.clone().set_next_token(token.clone()).send();
            let Some(page) = ask($call, sent, &mut $refused).await else { break };
            $into.extend(page.$items().iter().map(|one| row($session, $list, $written(one))));
            // One that repeats itself would never end.
            let next = page.next_token().filter(|next| !next.is_empty() && Some(*next) != token.as_deref());
            token = next.map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
    };
}

async fn recommendations(session: &Session) -> Asked {
    let client = client!(session, aws_sdk_computeoptimizer);
    let (mut rows, mut refused) = (Vec::new(), Vec::<Refusal>::new());
    let asked = client.get_ec2_instance_recommendations().max_results(PAGE);
    all!(rows, refused, session, INSTANCES, asked, instance_recommendations, "instanceRecommendations", instance);
    let asked = client.get_auto_scaling_group_recommendations().max_results(PAGE);
    all!(
        rows,
        refused,
        session,
        GROUPS,
        asked,
        auto_scaling_group_recommendations,
        "autoScalingGroupRecommendations",
        group
    );
    let asked = client.get_ebs_volume_recommendations().max_results(PAGE);
    all!(rows, refused, session, VOLUMES, asked, volume_recommendations, "volumeRecommendations", volume);
    let asked = client.get_lambda_function_recommendations().max_results(PAGE);
    all!(
        rows,
        refused,
        session,
        FUNCTIONS,
        asked,
        lambda_function_recommendations,
        "lambdaFunctionRecommendations",
        function
    );
    let asked = client.get_ecs_service_recommendations().max_results(PAGE);
    all!(rows, refused, session, SERVICES, asked, ecs_service_recommendations, "ecsServiceRecommendations", service);
    let asked = client.get_rds_database_recommendations().max_results(PAGE);
    all!(rows, refused, session, DATABASES, asked, rds_db_recommendations, "rdsDBRecommendations", database);
    let asked = client.get_idle_recommendations().max_results(PAGE_IDLE);
    all!(rows, refused, session, IDLE, asked, idle_recommendations, "idleRecommendations", idle);
    say_off(&mut refused, REMEDY);
    Asked { rows: Rows::of(rows), refused }
}

/// A row of one element of a list.
fn row(session: &Session, list: &str, one: Value) -> ComputeOptimizerRecommendation {
    let said = |name: &str| one.get(name).and_then(Value::as_str);
    let account = said("accountId").unwrap_or(&session.scope.account).to_owned();
    let id = NAMES.iter().find_map(|name| said(name)).and_then(canonical_resource_id);
    ComputeOptimizerRecommendation(Recommended {
        account: Some(account),
        region: Some(session.scope.region.clone()),
        id,
        origin: ORIGIN.to_owned(),
        record: record(json!({ list: [one] })),
    })
}

/// What is saved: each kind of recommendation has types of its own for the same.
macro_rules! saving {
    ($saving:expr) => {
        $saving.and_then(|saving| saving.estimated_monthly_savings()).map(|amount| {
            json!({
                "estimatedMonthlySavings": {
                    "currency": amount.currency().map(|currency| currency.as_str()),
                    "value": amount.value(),
                },
            })
        })
    };
}

/// Whose prices it is at.
macro_rules! mode {
    ($one:expr) => {
        $one.effective_recommendation_preferences()
            .and_then(|preferences| preferences.savings_estimation_mode())
            .and_then(|mode| mode.source())
            .map(|source| json!({ "savingsEstimationMode": { "source": source.as_str() } }))
    };
}

/// Seconds since 1970, as the interface has them.
fn seconds(time: Option<&DateTime>) -> Option<i64> {
    time.map(DateTime::secs)
}

fn days(days: f64) -> Option<f64> {
    (days > 0.0).then_some(days)
}

fn size(size: i32) -> Option<i32> {
    (size > 0).then_some(size)
}

fn instance(one: &InstanceRecommendation) -> Value {
    let option = one.recommendation_options().first().map(|option| {
        json!([{
            "instanceType": option.instance_type(),
            "migrationEffort": option.migration_effort().map(|effort| effort.as_str()),
            "platformDifferences": differences(option.platform_differences()),
            "savingsOpportunity": saving!(option.savings_opportunity()),
            "savingsOpportunityAfterDiscounts": saving!(option.savings_opportunity_after_discounts()),
        }])
    });
    json!({
        "accountId": one.account_id(),
        "currentInstanceType": one.current_instance_type(),
        "effectiveRecommendationPreferences": mode!(one),
        "finding": one.finding().map(|finding| finding.as_str()),
        "instanceArn": one.instance_arn(),
        "lastRefreshTimestamp": seconds(one.last_refresh_timestamp()),
        "lookBackPeriodInDays": days(one.look_back_period_in_days()),
        "recommendationOptions": option,
    })
}

fn differences(all: &[PlatformDifference]) -> Vec<&str> {
    all.iter().map(PlatformDifference::as_str).collect()
}

fn group(one: &AutoScalingGroupRecommendation) -> Value {
    let option = one.recommendation_options().first().map(|option| {
        let proposed = option.configuration().map(|made| json!({ "instanceType": made.instance_type() }));
        json!([{
            "configuration": proposed,
            "migrationEffort": option.migration_effort().map(|effort| effort.as_str()),
            "savingsOpportunity": saving!(option.savings_opportunity()),
            "savingsOpportunityAfterDiscounts": saving!(option.savings_opportunity_after_discounts()),
        }])
    });
    let current = one.current_configuration().map(|made| json!({ "instanceType": made.instance_type() }));
    json!({
        "accountId": one.account_id(),
        "autoScalingGroupArn": one.auto_scaling_group_arn(),
        "currentConfiguration": current,
        "effectiveRecommendationPreferences": mode!(one),
        "finding": one.finding().map(|finding| finding.as_str()),
        "lastRefreshTimestamp": seconds(one.last_refresh_timestamp()),
        "lookBackPeriodInDays": days(one.look_back_period_in_days()),
        "recommendationOptions": option,
    })
}

fn disk(made: &VolumeConfiguration) -> Value {
    json!({ "volumeSize": size(made.volume_size()), "volumeType": made.volume_type() })
}

fn volume(one: &VolumeRecommendation) -> Value {
    let option = one.volume_recommendation_options().first().map(|option| {
        json!([{
            "configuration": option.configuration().map(disk),
            "savingsOpportunity": saving!(option.savings_opportunity()),
            "savingsOpportunityAfterDiscounts": saving!(option.savings_opportunity_after_discounts()),
        }])
    });
    json!({
        "accountId": one.account_id(),
        "currentConfiguration": one.current_configuration().map(disk),
        "effectiveRecommendationPreferences": mode!(one),
        "finding": one.finding().map(|finding| finding.as_str()),
        "lastRefreshTimestamp": seconds(one.last_refresh_timestamp()),
        "lookBackPeriodInDays": days(one.look_back_period_in_days()),
        "volumeArn": one.volume_arn(),
        "volumeRecommendationOptions": option,
    })
}

fn function(one: &LambdaFunctionRecommendation) -> Value {
    let option = one.memory_size_recommendation_options().first().map(|option| {
        json!([{
            "memorySize": size(option.memory_size()),
            "savingsOpportunity": saving!(option.savings_opportunity()),
            "savingsOpportunityAfterDiscounts": saving!(option.savings_opportunity_after_discounts()),
        }])
    });
    json!({
        "accountId": one.account_id(),
        "currentMemorySize": size(one.current_memory_size()),
        "effectiveRecommendationPreferences": mode!(one),
        "finding": one.finding().map(|finding| finding.as_str()),
        "functionArn": one.function_arn(),
        "lastRefreshTimestamp": seconds(one.last_refresh_timestamp()),
        "lookbackPeriodInDays": days(one.lookback_period_in_days()),
        "memorySizeRecommendationOptions": option,
    })
}

fn service(one: &EcsServiceRecommendation) -> Value {
    let option = one.service_recommendation_options().first().map(|option| {
        json!([{
            "cpu": option.cpu(),
            "memory": option.memory(),
            "savingsOpportunity": saving!(option.savings_opportunity()),
            "savingsOpportunityAfterDiscounts": saving!(option.savings_opportunity_after_discounts()),
        }])
    });
    let current = one.current_service_configuration();
    json!({
        "accountId": one.account_id(),
        "currentServiceConfiguration": current.map(|made| json!({ "cpu": made.cpu(), "memory": made.memory() })),
        "effectiveRecommendationPreferences": mode!(one),
        "finding": one.finding().map(|finding| finding.as_str()),
        "lastRefreshTimestamp": seconds(one.last_refresh_timestamp()),
        "lookbackPeriodInDays": days(one.lookback_period_in_days()),
        "serviceArn": one.service_arn(),
        "serviceRecommendationOptions": option,
    })
}

fn storage(made: &DbStorageConfiguration) -> Value {
    json!({ "allocatedStorage": size(made.allocated_storage()), "storageType": made.storage_type() })
}

fn database(one: &RdsdbRecommendation) -> Value {
    let class = one.instance_recommendation_options().first().map(|option| {
        json!([{
            "dbInstanceClass": option.db_instance_class(),
            "savingsOpportunity": saving!(option.savings_opportunity()),
            "savingsOpportunityAfterDiscounts": saving!(option.savings_opportunity_after_discounts()),
        }])
    });
    let room = one.storage_recommendation_options().first().map(|option| {
        json!([{
            "savingsOpportunity": saving!(option.savings_opportunity()),
            "savingsOpportunityAfterDiscounts": saving!(option.savings_opportunity_after_discounts()),
            "storageConfiguration": option.storage_configuration().map(storage),
        }])
    });
    json!({
        "accountId": one.account_id(),
        "currentDBInstanceClass": one.current_db_instance_class(),
        "currentStorageConfiguration": one.current_storage_configuration().map(storage),
        "effectiveRecommendationPreferences": mode!(one),
        "instanceFinding": one.instance_finding().map(|finding| finding.as_str()),
        "instanceRecommendationOptions": class,
        "lastRefreshTimestamp": seconds(one.last_refresh_timestamp()),
        "lookbackPeriodInDays": days(one.lookback_period_in_days()),
        "resourceArn": one.resource_arn(),
        "storageFinding": one.storage_finding().map(|finding| finding.as_str()),
        "storageRecommendationOptions": room,
    })
}

fn idle(one: &IdleRecommendation) -> Value {
    json!({
        "accountId": one.account_id(),
        "finding": one.finding().map(|finding| finding.as_str()),
        "lastRefreshTimestamp": seconds(one.last_refresh_timestamp()),
        "lookBackPeriodInDays": days(one.look_back_period_in_days()),
        "resourceArn": one.resource_arn(),
        "resourceId": one.resource_id(),
        "resourceType": one.resource_type().map(|kind| kind.as_str()),
        "savingsOpportunity": saving!(one.savings_opportunity()),
        "savingsOpportunityAfterDiscounts": saving!(one.savings_opportunity_after_discounts()),
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_computeoptimizer::types::{
        Currency, EffectiveRecommendationPreferences, EstimatedMonthlySavings, Finding, IdleEstimatedMonthlySavings,
        IdleFinding, IdleRecommendationResourceType, IdleSavingsOpportunity, InstanceEstimatedMonthlySavings,
        InstanceRecommendationOption, InstanceSavingsEstimationMode, InstanceSavingsEstimationModeSource,
        InstanceSavingsOpportunityAfterDiscounts, MigrationEffort, SavingsOpportunity,
    };

    use super::*;
    use crate::advice::{self, Origin, Recommendation};

    fn read(list: &str, one: Value) -> Vec<Recommendation> {
        advice::answers(Origin::ComputeOptimizer, &[record(json!({ list: [one] }))]).unwrap()
    }

    #[test]
    fn advice_reads_an_instance_after_discounts_and_its_first_option_alone() {
        let option = |kind: &str, before: f64, after: f64| {
            let before = EstimatedMonthlySavings::builder().currency(Currency::Usd).value(before).build();
            let after = InstanceEstimatedMonthlySavings::builder().currency(Currency::Usd).value(after).build();
            InstanceRecommendationOption::builder()
                .instance_type(kind)
                .migration_effort(MigrationEffort::VeryLow)
                .savings_opportunity(SavingsOpportunity::builder().estimated_monthly_savings(before).build())
                .savings_opportunity_after_discounts(
                    InstanceSavingsOpportunityAfterDiscounts::builder().estimated_monthly_savings(after).build(),
                )
        };
        let one = |source: InstanceSavingsEstimationModeSource| {
            let mode = InstanceSavingsEstimationMode::builder().source(source).build();
            InstanceRecommendation::builder()
                .account_id("111122223333")
                .instance_arn("arn:aws:ec2:eu-west-1:111122223333:instance/i-0abc")
                .current_instance_type("m5.xlarge")
                .finding(Finding::OverProvisioned)
                .look_back_period_in_days(14.0)
                .last_refresh_timestamp(DateTime::from_secs(1_793_340_000))
                .effective_recommendation_preferences(
                    EffectiveRecommendationPreferences::builder().savings_estimation_mode(mode).build(),
                )
                .recommendation_options(
                    option("m7g.large", 78.11, 56.21).platform_differences(PlatformDifference::Architecture).build(),
                )
                .recommendation_options(option("t3.large", 85.05, 61.2).build())
                .build()
        };
        let found =
            read("instanceRecommendations", instance(&one(InstanceSavingsEstimationModeSource::CostOptimizationHub)));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].resource.as_deref(), found[0].region.as_deref()), (Some("i-0abc"), Some("eu-west-1")));
        assert_eq!((found[0].current.as_deref(), found[0].proposed.as_deref()), (Some("m5.xlarge"), Some("m7g.large")));
        assert_eq!((found[0].action.word(), found[0].savings), ("migrate-to-graviton", Some("56.21".parse().unwrap())));
        assert_eq!((found[0].effort.as_deref(), found[0].lookback_days), (Some("very-low"), Some(14)));
        assert_eq!((found[0].date.as_deref(), found[0].basis), (Some("2026-10-30"), advice::Basis::AfterDiscounts));
        let public =
            read("instanceRecommendations", instance(&one(InstanceSavingsEstimationModeSource::PublicPricing)));
        assert_eq!(
            (public[0].savings, public[0].basis),
            (Some("78.11".parse().unwrap()), advice::Basis::BeforeDiscounts)
        );
    }

    #[test]
    fn a_size_that_was_not_told_is_not_written() {
        let volume =
            volume(&VolumeRecommendation::builder().volume_arn("arn:aws:ec2:eu-west-1:1:volume/vol-1").build());
        assert_eq!(record(volume), r#"{"volumeArn":"arn:aws:ec2:eu-west-1:1:volume/vol-1"}"#);
    }

    #[test]
    fn advice_reads_what_is_idle() {
        let saved = IdleEstimatedMonthlySavings::builder().currency(Currency::Usd).value(8.8).build();
        let one = IdleRecommendation::builder()
            .account_id("111122223333")
            .resource_arn("arn:aws:ec2:eu-west-1:111122223333:volume/vol-0abc")
            .resource_id("vol-0abc")
            .resource_type(IdleRecommendationResourceType::EbsVolume)
            .finding(IdleFinding::Unattached)
            .savings_opportunity(IdleSavingsOpportunity::builder().estimated_monthly_savings(saved).build())
            .build();
        let found = read("idleRecommendations", idle(&one));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].resource.as_deref(), found[0].action.word()), (Some("vol-0abc"), "delete"));
        assert_eq!((found[0].savings, found[0].lookback_days), (Some("8.8".parse().unwrap()), None));
        assert_eq!(Origin::named(ORIGIN), Some(Origin::ComputeOptimizer));
    }
}
