//! Groups of machines: what Auto Scaling says of them.
//!
//! Knows: Auto Scaling's answers, and which policies act by themselves. Does not know: what any of it costs, or is used for.

use std::collections::BTreeMap;

use aws_sdk_autoscaling::types::{
    AutoScalingGroup as Told, Instance, LifecycleState, PredictiveScalingMode, ScalingPolicy,
};

use crate::collect::ask::{Asked, Call, Collector, pages, time};
use crate::collect::session::{Session, client};
use crate::table;
use crate::table::inventory::AutoScalingGroup;
use crate::table::rows::Rows;

use super::each::{ask_pages, joined};
use super::{count, place, text};

const fn call(operation: &'static str) -> Call {
    Call { service: "autoscaling", operation }
}

const GROUPS: Call = call("DescribeAutoScalingGroups");
const POLICIES: Call = call("DescribePolicies");
const SCHEDULES: Call = call("DescribeScheduledActions");

/// Largest page (Amazon EC2 Auto Scaling API reference, MaxRecords).
const PAGE: i32 = 100;

/// One for each table.
pub(in crate::collect) const COLLECTORS: &[Collector] =
    &[Collector::of(&table::AUTO_SCALING_GROUPS, &[GROUPS, POLICIES, SCHEDULES], |session| Box::pin(groups(session)))];

async fn groups(session: &Session) -> Asked {
    let client = client!(session, aws_sdk_autoscaling);
    let (mut rows, mut refused) = (Vec::<AutoScalingGroup>::new(), Vec::new());
    let sent = client.describe_auto_scaling_groups().into_paginator().page_size(PAGE).send();
    pages(GROUPS, sent, &mut refused, |page| {
        rows.extend(page.auto_scaling_groups.unwrap_or_default().iter().filter_map(|one| group(session, one)));
    })
    .await;
    if !rows.is_empty() {
        let sent = client.describe_policies().into_paginator().page_size(PAGE).send();
        if let Some(told) = ask_pages(POLICIES, sent, &mut refused).await {
            let all = told.iter().flat_map(|page| page.scaling_policies()).filter(|policy| acts(policy));
            let policies = by_group(all.filter_map(|policy| policy.auto_scaling_group_name()));
            rows.iter_mut().for_each(|row| row.policies = of_group(&policies, row));
        }
        let sent = client.describe_scheduled_actions().into_paginator().page_size(PAGE).send();
        if let Some(told) = ask_pages(SCHEDULES, sent, &mut refused).await {
            let all = told.iter().flat_map(|page| page.scheduled_update_group_actions());
            let schedules = by_group(all.filter_map(|action| action.auto_scaling_group_name()));
            rows.iter_mut().for_each(|row| row.schedules = of_group(&schedules, row));
        }
    }
    Asked { rows: Rows::of(rows), refused }
}

/// How often each group is named.
fn by_group<'a>(names: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, i64> {
    let mut all: BTreeMap<&str, i64> = BTreeMap::new();
    names.for_each(|name| *all.entry(name).or_default() += 1);
    all
}

fn of_group(all: &BTreeMap<&str, i64>, row: &AutoScalingGroup) -> Option<i64> {
    Some(all.get(row.group.as_deref()?).copied().unwrap_or(0))
}

/// Whether a policy changes a group by itself: steps wait for an alarm, and a forecast may be for looking at only.
fn acts(policy: &ScalingPolicy) -> bool {
    let acts = match policy.policy_type() {
        Some("SimpleScaling" | "StepScaling") => !policy.alarms().is_empty(),
        Some("PredictiveScaling") => {
            let forecast = policy.predictive_scaling_configuration();
            forecast.and_then(|forecast| forecast.mode()) == Some(&PredictiveScalingMode::ForecastAndScale)
        }
        _ => true,
    };
    acts && policy.enabled() != Some(false)
}

fn group(session: &Session, one: &Told) -> Option<AutoScalingGroup> {
    let (account, region, id) = place(session, one.auto_scaling_group_arn())?;
    let works = |one: &&Instance| {
        one.lifecycle_state() == Some(&LifecycleState::InService) && one.health_status() == Some("Healthy")
    };
    let distribution = one.mixed_instances_policy().and_then(|policy| policy.instances_distribution());
    let name = one.tags().iter().find(|tag| tag.key() == Some("Name"));
    Some(AutoScalingGroup {
        account,
        region,
        id,
        group: text(one.auto_scaling_group_name()),
        created: time(one.created_time()),
        least: one.min_size().map(i64::from),
        most: one.max_size().map(i64::from),
        desired: one.desired_capacity().map(i64::from),
        instances: one.instances.as_deref().and_then(count),
        in_service: one.instances.as_deref().and_then(|all| i64::try_from(all.iter().filter(works).count()).ok()),
        instance_types: joined(one.instances().iter().filter_map(|one| one.instance_type())),
        zones: count(one.availability_zones()),
        policies: None,
        schedules: None,
        target_groups: i64::try_from(one.target_group_arns().len() + one.load_balancer_names().len()).ok(),
        on_demand_percent: distribution
            .and_then(|distribution| distribution.on_demand_percentage_above_base_capacity())
            .map(i64::from),
        suspended: joined(one.suspended_processes().iter().filter_map(|process| process.process_name())),
        name: name.and_then(|tag| text(tag.value())),
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_autoscaling::types::{Alarm, PredictiveScalingConfiguration};

    use super::*;

    #[test]
    fn a_policy_that_nothing_starts_does_not_count() {
        let policy = |kind: &str| ScalingPolicy::builder().policy_type(kind);
        let forecast = |mode| PredictiveScalingConfiguration::builder().mode(mode).build();
        let predictive = |mode| policy("PredictiveScaling").predictive_scaling_configuration(forecast(mode)).build();
        assert!(acts(&policy("TargetTrackingScaling").build()));
        assert!(!acts(&policy("TargetTrackingScaling").enabled(false).build()));
        assert!(acts(&policy("StepScaling").alarms(Alarm::builder().build()).build()));
        assert!(!acts(&policy("StepScaling").build()) && !acts(&policy("SimpleScaling").build()));
        assert!(acts(&predictive(PredictiveScalingMode::ForecastAndScale)));
        assert!(!acts(&predictive(PredictiveScalingMode::ForecastOnly)));
    }

    #[test]
    fn a_group_that_no_policy_names_has_none() {
        let policies = by_group(["web", "web", "jobs"].into_iter());
        let row = |name: &str| AutoScalingGroup { group: Some(name.into()), ..AutoScalingGroup::default() };
        assert_eq!(["web", "jobs", "old"].map(|name| of_group(&policies, &row(name))), [Some(2), Some(1), Some(0)]);
        assert_eq!(of_group(&policies, &AutoScalingGroup::default()), None);
    }
}
