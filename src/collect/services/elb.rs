//! Balancers: what both of Elastic Load Balancing's interfaces say of them, and of what is behind them.
//!
//! Knows: both interfaces' answers, and which targets answer. Does not know: what any of it costs, or is used for; rules of
//! listeners beside their default actions.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_elasticloadbalancing::types::{InstanceState, LoadBalancerDescription as Classic};
use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, Listener, LoadBalancer as Told, TargetHealthDescription, TargetHealthReasonEnum,
    TargetHealthStateEnum,
};

use crate::collect::ask::{Asked, Call, Collector, Refusal, pages, time};
use crate::collect::session::{Session, client};
use crate::table;
use crate::table::inventory::LoadBalancer;
use crate::table::rows::Rows;

use super::each::{ask, ask_pages};
use super::{count, place, text, word};

const fn call(operation: &'static str) -> Call {
    Call { service: "elasticloadbalancing", operation }
}

/// Of both interfaces: one action allows both.
const BALANCERS: Call = call("DescribeLoadBalancers");
const LISTENERS: Call = call("DescribeListeners");
const TARGET_GROUPS: Call = call("DescribeTargetGroups");
const TARGET_HEALTH: Call = call("DescribeTargetHealth");
const INSTANCE_HEALTH: Call = call("DescribeInstanceHealth");

/// One for each table.
pub(in crate::collect) const COLLECTORS: &[Collector] = &[Collector::of(
    &table::LOAD_BALANCERS,
    &[BALANCERS, LISTENERS, TARGET_GROUPS, TARGET_HEALTH, INSTANCE_HEALTH],
    |session| Box::pin(balancers(session)),
)];

async fn balancers(session: &Session) -> Asked {
    let mut refused = Vec::new();
    let mut rows = newer(session, &mut refused).await;
    rows.append(&mut classic(session, &mut refused).await);
    Asked { rows: Rows::of(rows), refused }
}

/// Targets of a group; `None`: they could not be asked.
type Targets = Option<Vec<TargetHealthDescription>>;

/// Application, Network and Gateway Load Balancers.
async fn newer(session: &Session, refused: &mut Vec<Refusal>) -> Vec<LoadBalancer> {
    let client = client!(session, aws_sdk_elasticloadbalancingv2);
    let mut rows: Vec<LoadBalancer> = Vec::new();
    pages(BALANCERS, client.describe_load_balancers().into_paginator().send(), refused, |page| {
        rows.extend(page.load_balancers.unwrap_or_default().iter().filter_map(|one| balancer(session, one)));
    })
    .await;
    if rows.is_empty() {
        return rows;
    }
    let groups = groups(&client, refused).await;
    for row in &mut rows {
        let sent = client.describe_listeners().load_balancer_arn(&row.id).into_paginator().send();
        if let Some(told) = ask_pages(LISTENERS, sent, refused).await {
            let all: Vec<&Listener> = told.iter().flat_map(|page| page.listeners()).collect();
            row.listeners = count(&all);
            row.redirects = redirects(&all);
        }
        if let Some(groups) = &groups {
            fill(row, groups.get(&row.id).map(Vec::as_slice).unwrap_or_default());
        }
    }
    rows
}

fn balancer(session: &Session, one: &Told) -> Option<LoadBalancer> {
    let (account, region, id) = place(session, one.load_balancer_arn())?;
    Some(LoadBalancer {
        account,
        region,
        id,
        balancer: text(one.load_balancer_name()),
        balancer_type: word(one.r#type()),
        scheme: word(one.scheme()),
        state: word(one.state().and_then(|state| state.code())),
        created: time(one.created_time()),
        vpc: text(one.vpc_id()),
        zones: count(one.availability_zones()),
        ..LoadBalancer::default()
    })
}

/// Target groups of each balancer, by its ARN; `None`: not all groups could be asked.
async fn groups(client: &Client, refused: &mut Vec<Refusal>) -> Option<BTreeMap<String, Vec<Targets>>> {
    let sent = client.describe_target_groups().into_paginator().send();
    let told = ask_pages(TARGET_GROUPS, sent, refused).await?;
    let mut all: BTreeMap<String, Vec<Targets>> = BTreeMap::new();
    for group in told.into_iter().flat_map(|page| page.target_groups.unwrap_or_default()) {
        if group.load_balancer_arns().is_empty() {
            continue;
        }
        let Some(arn) = group.target_group_arn() else { continue };
        let sent = client.describe_target_health().target_group_arn(arn).send();
        let answer = ask(TARGET_HEALTH, sent, refused).await;
        let targets = answer.map(|answer| answer.target_health_descriptions.unwrap_or_default());
        for balancer in group.load_balancer_arns() {
            all.entry(balancer.clone()).or_default().push(targets.clone());
        }
    }
    Some(all)
}

/// Takes in what is behind a balancer.
fn fill(row: &mut LoadBalancer, groups: &[Targets]) {
    row.target_groups = count(groups);
    let known: Option<Vec<&[TargetHealthDescription]>> = groups.iter().map(|group| group.as_deref()).collect();
    if let Some(known) = known {
        let targets: Vec<&TargetHealthDescription> = known.into_iter().flatten().collect();
        row.targets = count(&targets);
        row.healthy = healthy(targets.iter().map(|target| answers(target)));
        row.target_zones = zones(&targets);
    }
}

/// How many surely answer; `None`: none does, and of some it is not known.
fn healthy(answers: impl Iterator<Item = Option<bool>>) -> Option<i64> {
    let (mut yes, mut unknown) = (0, false);
    for answer in answers {
        match answer {
            Some(answers) => yes += i64::from(answers),
            None => unknown = true,
        }
    }
    (yes > 0 || !unknown).then_some(yes)
}

/// Whether a target answers its checks, or is not checked; `None`: it is not known, or not yet.
fn answers(target: &TargetHealthDescription) -> Option<bool> {
    let health = target.target_health()?;
    if health.reason() == Some(&TargetHealthReasonEnum::HealthCheckDisabled) {
        return Some(true);
    }
    match health.state()? {
        TargetHealthStateEnum::Healthy => Some(true),
        TargetHealthStateEnum::Initial | TargetHealthStateEnum::Unavailable => None,
        _ => Some(false),
    }
}

/// Zones of targets; `None`: one of them does not say its own, as instances do not.
fn zones(targets: &[&TargetHealthDescription]) -> Option<i64> {
    let named: Option<BTreeSet<&str>> = targets.iter().map(|one| one.target()?.availability_zone()).collect();
    // What is outside of the VPC is in "all", which is no zone.
    let zones = named?.into_iter().filter(|zone| *zone != "all").count();
    i64::try_from(zones).ok().filter(|zones| *zones > 0)
}

/// Whether every default action ends a request without a target; `None`: there is no listener.
fn redirects(listeners: &[&Listener]) -> Option<bool> {
    let ends =
        |action: &Action| matches!(action.r#type(), Some(ActionTypeEnum::Redirect | ActionTypeEnum::FixedResponse));
    (!listeners.is_empty()).then(|| listeners.iter().all(|listener| listener.default_actions().iter().any(ends)))
}

/// Classic Load Balancers.
async fn classic(session: &Session, refused: &mut Vec<Refusal>) -> Vec<LoadBalancer> {
    let client = client!(session, aws_sdk_elasticloadbalancing);
    let mut rows: Vec<LoadBalancer> = Vec::new();
    pages(BALANCERS, client.describe_load_balancers().into_paginator().send(), refused, |page| {
        let all = page.load_balancer_descriptions.unwrap_or_default();
        rows.extend(all.iter().filter_map(|one| classic_balancer(session, one)));
    })
    .await;
    for row in &mut rows {
        let Some(name) = &row.balancer else { continue };
        let sent = client.describe_instance_health().load_balancer_name(name).send();
        if let Some(answer) = ask(INSTANCE_HEALTH, sent, refused).await {
            row.healthy = healthy(answer.instance_states().iter().map(serves));
        }
    }
    rows
}

fn classic_balancer(session: &Session, one: &Classic) -> Option<LoadBalancer> {
    let name = text(one.load_balancer_name())?;
    let arn = session.arn("elasticloadbalancing", &format!("loadbalancer/{name}"));
    let (account, region, id) = place(session, Some(&arn))?;
    Some(LoadBalancer {
        account,
        region,
        id,
        balancer: Some(name),
        balancer_type: Some("classic".to_owned()),
        scheme: text(one.scheme()),
        created: time(one.created_time()),
        vpc: text(one.vpc_id()),
        zones: count(one.availability_zones()),
        listeners: count(one.listener_descriptions()),
        // It has none: instances are registered with it itself.
        target_groups: Some(0),
        targets: one.instances.as_deref().and_then(count),
        ..LoadBalancer::default()
    })
}

/// Whether an instance answers its checks; `None`: it is not known.
fn serves(instance: &InstanceState) -> Option<bool> {
    match instance.state()? {
        "InService" => Some(true),
        "OutOfService" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_elasticloadbalancingv2::types::{TargetDescription, TargetHealth};

    use super::*;

    fn target(state: TargetHealthStateEnum, zone: Option<&str>) -> TargetHealthDescription {
        let target = TargetDescription::builder().id("10.0.0.5").set_availability_zone(zone.map(str::to_owned)).build();
        let health = TargetHealth::builder().state(state).build();
        TargetHealthDescription::builder().target(target).target_health(health).build()
    }

    #[test]
    fn what_is_behind_a_balancer_is_counted_over_its_groups() {
        let (healthy, sick) = (TargetHealthStateEnum::Healthy, TargetHealthStateEnum::Unhealthy);
        let first = vec![target(healthy.clone(), Some("eu-west-1a")), target(sick, Some("eu-west-1b"))];
        let second = vec![target(healthy, Some("all"))];
        let filled = |groups: &[Targets]| {
            let mut row = LoadBalancer::default();
            fill(&mut row, groups);
            (row.target_groups, row.targets, row.healthy, row.target_zones)
        };
        assert_eq!(filled(&[Some(first.clone()), Some(second)]), (Some(2), Some(3), Some(2), Some(2)));
        // One group could not be asked.
        assert_eq!(filled(&[Some(first), None]), (Some(2), None, None, None));
        assert_eq!(filled(&[]), (Some(0), Some(0), Some(0), None));
        assert_eq!(filled(&[Some(Vec::new())]), (Some(1), Some(0), Some(0), None));
    }

    #[test]
    fn a_target_that_is_not_checked_counts_as_healthy_and_one_that_is_not_checked_yet_as_neither() {
        let of = |state| healthy([answers(&target(state, None))].into_iter());
        assert_eq!(of(TargetHealthStateEnum::Healthy), Some(1));
        assert_eq!(of(TargetHealthStateEnum::Unused), Some(0));
        assert_eq!(of(TargetHealthStateEnum::Initial), None);
        let disabled = TargetHealth::builder()
            .state(TargetHealthStateEnum::Unavailable)
            .reason(TargetHealthReasonEnum::HealthCheckDisabled)
            .build();
        assert_eq!(answers(&TargetHealthDescription::builder().target_health(disabled).build()), Some(true));
        assert_eq!(healthy([None, Some(true), Some(false)].into_iter()), Some(1));
        assert_eq!(healthy([None, Some(false)].into_iter()), None);
    }

    #[test]
    fn a_balancer_only_redirects_when_all_of_its_listeners_do() {
        let listener = |kind| Listener::builder().default_actions(Action::builder().r#type(kind).build()).build();
        let (redirect, forward) = (listener(ActionTypeEnum::Redirect), listener(ActionTypeEnum::Forward));
        let fixed = listener(ActionTypeEnum::FixedResponse);
        assert_eq!(redirects(&[&redirect, &fixed]), Some(true));
        assert_eq!(redirects(&[&redirect, &forward]), Some(false));
        assert_eq!(redirects(&[]), None);
    }
}
