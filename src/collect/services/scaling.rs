//! What Application Auto Scaling changes by itself, by the id of what it scales: for tables and for services.
//!
//! Knows: targets, how many policies each has, and what they hold level. Does not know: what a target is, or whether a policy ever acts.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_applicationautoscaling::types::{ScalableTarget, ScalingPolicy, ServiceNamespace};

use crate::collect::ask::{Call, Refusal, pages};
use crate::collect::session::{Session, client};

const fn call(operation: &'static str) -> Call {
    Call { service: "application-autoscaling", operation }
}

pub(super) const TARGETS: Call = call("DescribeScalableTargets");
pub(super) const POLICIES: Call = call("DescribeScalingPolicies");

/// How one resource is scaled, in all its dimensions together.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Scaled {
    /// Least capacity: the smallest of its dimensions'.
    pub(super) least: Option<i64>,
    /// Most: the largest.
    pub(super) most: Option<i64>,
    /// Policies of all dimensions.
    pub(super) policies: i64,
    /// What they hold level.
    pub(super) held: BTreeSet<String>,
}

impl Scaled {
    /// Takes in another dimension.
    fn widen(&mut self, target: &ScalableTarget) {
        let (least, most) = (i64::from(target.min_capacity()), i64::from(target.max_capacity()));
        self.least = Some(self.least.map_or(least, |known| known.min(least)));
        self.most = Some(self.most.map_or(most, |known| known.max(most)));
    }
}

/// What a policy holds level, where that is one metric that AWS names; else `CustomMetric`, or the kind of the policy.
fn held(policy: &ScalingPolicy) -> String {
    let tracked = policy.target_tracking_scaling_policy_configuration();
    match (tracked.and_then(|tracked| tracked.predefined_metric_specification()), tracked) {
        (Some(metric), _) => metric.predefined_metric_type().as_str().to_owned(),
        (None, Some(_)) => "CustomMetric".to_owned(),
        (None, None) => policy.policy_type().as_str().to_owned(),
    }
}

/// All that is scaled of a service, by resource id: `table/orders`, `service/CLUSTER/NAME`; `None`: not all could be asked.
pub(super) async fn scaled(
    session: &Session,
    namespace: ServiceNamespace,
    refused: &mut Vec<Refusal>,
) -> Option<BTreeMap<String, Scaled>> {
    let client = client!(session, aws_sdk_applicationautoscaling);
    let before = refused.len();
    let mut all: BTreeMap<String, Scaled> = BTreeMap::new();
    let sent = client.describe_scalable_targets().service_namespace(namespace.clone()).into_paginator().send();
    pages(TARGETS, sent, refused, |page| {
        for target in page.scalable_targets.unwrap_or_default() {
            all.entry(target.resource_id().to_owned()).or_default().widen(&target);
        }
    })
    .await;
    // A policy is always one of a target.
    if !all.is_empty() && refused.len() == before {
        let sent = client.describe_scaling_policies().service_namespace(namespace).into_paginator().send();
        pages(POLICIES, sent, refused, |page| {
            for policy in page.scaling_policies.unwrap_or_default() {
                if let Some(one) = all.get_mut(policy.resource_id()) {
                    one.policies += 1;
                    one.held.insert(held(&policy));
                }
            }
        })
        .await;
    }
    (refused.len() == before).then_some(all)
}

#[cfg(test)]
mod tests {
    use aws_sdk_applicationautoscaling::types::builders::TargetTrackingScalingPolicyConfigurationBuilder;
    use aws_sdk_applicationautoscaling::types::{
        CustomizedMetricSpecification, MetricType, PolicyType, PredefinedMetricSpecification, ScalableDimension,
        TargetTrackingScalingPolicyConfiguration,
    };
    use aws_smithy_types::DateTime;

    use super::*;

    fn target(dimension: ScalableDimension, least: i32, most: i32) -> ScalableTarget {
        ScalableTarget::builder()
            .service_namespace(ServiceNamespace::Dynamodb)
            .resource_id("table/orders")
            .scalable_dimension(dimension)
            .min_capacity(least)
            .max_capacity(most)
            .role_arn("arn:aws:iam::111122223333:role/scaling")
            .creation_time(DateTime::from_secs(0))
            .build()
            .unwrap()
    }

    #[test]
    fn dimensions_of_one_resource_are_taken_together() {
        let mut orders = Scaled::default();
        orders.widen(&target(ScalableDimension::DynamoDbTableReadCapacityUnits, 5, 100));
        orders.widen(&target(ScalableDimension::DynamoDbTableWriteCapacityUnits, 2, 50));
        assert_eq!(orders, Scaled { least: Some(2), most: Some(100), ..Scaled::default() });
    }

    #[test]
    fn a_policy_names_what_it_holds_level_or_its_kind() {
        let policy = |kind: PolicyType, tracked: Option<TargetTrackingScalingPolicyConfigurationBuilder>| {
            ScalingPolicy::builder()
                .policy_arn("arn:aws:autoscaling:eu-west-1:111122223333:scalingPolicy:1")
                .policy_name("level")
                .service_namespace(ServiceNamespace::Ecs)
                .resource_id("service/shop/web")
                .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
                .policy_type(kind)
                .set_target_tracking_scaling_policy_configuration(tracked.map(|one| one.build().unwrap()))
                .creation_time(DateTime::from_secs(0))
                .build()
                .unwrap()
        };
        let tracking = || TargetTrackingScalingPolicyConfiguration::builder().target_value(50.0);
        let named = PredefinedMetricSpecification::builder()
            .predefined_metric_type(MetricType::EcsServiceAverageCpuUtilization)
            .build()
            .unwrap();
        let own = CustomizedMetricSpecification::builder().metric_name("queue").build();
        for (kind, tracked, expected) in [
            (
                PolicyType::TargetTrackingScaling,
                Some(tracking().predefined_metric_specification(named)),
                "ECSServiceAverageCPUUtilization",
            ),
            (PolicyType::TargetTrackingScaling, Some(tracking().customized_metric_specification(own)), "CustomMetric"),
            (PolicyType::StepScaling, None, "StepScaling"),
        ] {
            assert_eq!(held(&policy(kind, tracked)), expected);
        }
    }
}
