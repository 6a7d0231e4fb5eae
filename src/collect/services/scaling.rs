//! What Application Auto Scaling changes by itself, by the id of what it scales: for tables and for services.
//!
//! Knows: targets, and how many policies each has. Does not know: what a target is, or whether a policy ever acts.

use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::types::{ScalableTarget, ServiceNamespace};

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
}

impl Scaled {
    /// Takes in another dimension.
    fn widen(&mut self, target: &ScalableTarget) {
        let (least, most) = (i64::from(target.min_capacity()), i64::from(target.max_capacity()));
        self.least = Some(self.least.map_or(least, |known| known.min(least)));
        self.most = Some(self.most.map_or(most, |known| known.max(most)));
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
                }
            }
        })
        .await;
    }
    (refused.len() == before).then_some(all)
}

#[cfg(test)]
mod tests {
    use aws_sdk_applicationautoscaling::types::ScalableDimension;
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
        assert_eq!(orders, Scaled { least: Some(2), most: Some(100), policies: 0 });
    }
}
