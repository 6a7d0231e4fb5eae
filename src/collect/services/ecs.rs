//! Services of containers: what ECS says of them, and how they are scaled.
//!
//! Knows: ECS's answers, what a task of a service is made of, and which tasks of it run. Does not know: what any of it costs, or is used
//! for; tasks that run by themselves.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_applicationautoscaling::types::ServiceNamespace;
use aws_sdk_ecs::Client;
use aws_sdk_ecs::types::{DesiredStatus, Service as Told, TaskDefinition};

use crate::collect::ask::{Asked, Call, Collector, Failure, Refusal, pages, time};
use crate::collect::session::{Session, client};
use crate::table;
use crate::table::inventory::{Service, Task};
use crate::table::rows::Rows;

use super::each::{ask, closed, joined};
use super::scaling::{POLICIES, TARGETS, scaled};
use super::{count, place, text, word};

const fn call(operation: &'static str) -> Call {
    Call { service: "ecs", operation }
}

const CLUSTERS: Call = call("ListClusters");
const SERVICES: Call = call("ListServices");
const DESCRIBE: Call = call("DescribeServices");
const DEFINITION: Call = call("DescribeTaskDefinition");
const TASKS: Call = call("ListTasks");

/// Largest page of services and of tasks, and most services of one question (Amazon ECS API reference, ListServices, ListTasks and
/// DescribeServices).
const PAGE: i32 = 100;
const MOST: usize = 10;
/// What is said of a service that was deleted since it was listed (ListTasks, errors).
const DELETED: &str = "ServiceNotFoundException";

/// One for each table.
pub(in crate::collect) const COLLECTORS: &[Collector] = &[
    Collector::of(&table::ECS_SERVICES, &[CLUSTERS, SERVICES, DESCRIBE, DEFINITION, TARGETS, POLICIES], |session| {
        Box::pin(services(session))
    }),
    Collector::of(&table::ECS_TASKS, &[CLUSTERS, SERVICES, TASKS], |session| Box::pin(tasks(session))),
];

async fn services(session: &Session) -> Asked {
    let client = client!(session, aws_sdk_ecs);
    let (mut found, mut refused) = (Vec::new(), Vec::new());
    for cluster in clusters(&client, &mut refused).await {
        found.append(&mut of_cluster(session, &client, &cluster, &mut refused).await);
    }
    let mut rows = with_tasks(&client, found, &mut refused).await;
    if !rows.is_empty()
        && let Some(known) = scaled(session, ServiceNamespace::Ecs, &mut refused).await
    {
        for row in &mut rows {
            let (Some(cluster), Some(service)) = (&row.cluster, &row.service) else { continue };
            let one = known.get(&format!("service/{cluster}/{service}"));
            row.scaling_policies = Some(one.map_or(0, |one| one.policies));
            row.scales_on = one.and_then(|one| joined(one.held.iter().map(String::as_str)));
            row.least = one.and_then(|one| one.least);
            row.most = one.and_then(|one| one.most);
        }
    }
    Asked { rows: Rows::of(rows), refused }
}

/// The tasks of services. What has no service is not asked for: nobody would know what it belongs to.
async fn tasks(session: &Session) -> Asked {
    let client = client!(session, aws_sdk_ecs);
    let (mut rows, mut refused) = (Vec::new(), Vec::new());
    for cluster in clusters(&client, &mut refused).await {
        for service in listed(&client, &cluster, &mut refused).await {
            rows.append(&mut of_service(session, &client, &cluster, &service, &mut refused).await);
        }
    }
    Asked { rows: Rows::of(rows), refused }
}

/// ARNs of all clusters.
async fn clusters(client: &Client, refused: &mut Vec<Refusal>) -> Vec<String> {
    let mut clusters = Vec::<String>::new();
    pages(CLUSTERS, client.list_clusters().into_paginator().send(), refused, |page| {
        clusters.extend(page.cluster_arns.unwrap_or_default());
    })
    .await;
    clusters
}

/// ARNs of the services of a cluster.
async fn listed(client: &Client, cluster: &str, refused: &mut Vec<Refusal>) -> Vec<String> {
    let mut listed = Vec::<String>::new();
    if !closed(SERVICES, refused) {
        let sent = client.list_services().cluster(cluster).into_paginator().page_size(PAGE).send();
        pages(SERVICES, sent, refused, |page| listed.extend(page.service_arns.unwrap_or_default())).await;
    }
    listed
}

/// Tasks of a service that are to run.
async fn of_service(
    session: &Session,
    client: &Client,
    cluster: &str,
    service: &str,
    refused: &mut Vec<Refusal>,
) -> Vec<Task> {
    let Some(name) = last(service).filter(|_| !closed(TASKS, refused)) else { return Vec::new() };
    let mut running = Vec::<String>::new();
    let one = client.list_tasks().cluster(cluster).service_name(name).desired_status(DesiredStatus::Running);
    let sent = one.into_paginator().page_size(PAGE).send();
    pages(TASKS, sent, refused, |page| running.extend(page.task_arns.unwrap_or_default())).await;
    refused.retain(|refusal| refusal.code.as_deref() != Some(DELETED));
    running.iter().filter_map(|arn| task(session, cluster, service, arn)).collect()
}

fn task(session: &Session, cluster: &str, service: &str, arn: &str) -> Option<Task> {
    let (account, region, id) = place(session, Some(arn))?;
    let service_arn = text(Some(service));
    Some(Task { account, region, id, service_arn, service: last(service), cluster: last(cluster) })
}

/// A service, and the name of its task definition.
type Found = (Service, Option<String>);

/// Services of a cluster; those that could not be described are no more than their names.
async fn of_cluster(session: &Session, client: &Client, cluster: &str, refused: &mut Vec<Refusal>) -> Vec<Found> {
    let (listed, mut found) = (listed(client, cluster, refused).await, Vec::<Found>::new());
    for some in listed.chunks(MOST) {
        let sent = client.describe_services().cluster(cluster).set_services(Some(some.to_vec())).send();
        let Some(told) = ask(DESCRIBE, sent, refused).await else {
            found.extend(some.iter().filter_map(|arn| Some((named(session, cluster, arn)?, None))));
            continue;
        };
        // What is missing was deleted since it was listed.
        for failure in told.failures().iter().filter(|failure| failure.reason() != Some("MISSING")) {
            found.extend(failure.arn().and_then(|arn| Some((named(session, cluster, arn)?, None))));
            let message = failure.detail().unwrap_or("it gave no reason").to_owned();
            refused.push(Refusal { call: DESCRIBE, failure: Failure::Other, code: text(failure.reason()), message });
        }
        found.extend(told.services().iter().filter_map(|one| service(session, cluster, one)));
    }
    found
}

/// What follows the last slash of an ARN.
fn last(arn: &str) -> Option<String> {
    text(arn.rsplit('/').next())
}

/// A service of which no more is known than its ARN.
fn named(session: &Session, cluster: &str, arn: &str) -> Option<Service> {
    let (account, region, id) = place(session, Some(arn))?;
    Some(Service { account, region, id, service: last(arn), cluster: last(cluster), ..Service::default() })
}

fn service(session: &Session, cluster: &str, one: &Told) -> Option<Found> {
    let row = named(session, one.cluster_arn().unwrap_or(cluster), one.service_arn()?)?;
    let deployment = one.deployments().iter().find(|deployment| deployment.status() == Some("PRIMARY"));
    let providers = one.capacity_provider_strategy().iter().map(|item| item.capacity_provider());
    let row = Service {
        service: text(one.service_name()).or(row.service),
        status: text(one.status()),
        launch_type: word(one.launch_type()),
        providers: joined(providers),
        desired: Some(i64::from(one.desired_count())),
        running: Some(i64::from(one.running_count())),
        created: time(one.created_at()),
        deployed: deployment.and_then(|deployment| time(deployment.created_at())),
        target_groups: count(one.load_balancers()),
        ..row
    };
    Some((row, text(one.task_definition())))
}

/// Services with what their tasks are made of: each definition is asked for once.
async fn with_tasks(client: &Client, found: Vec<Found>, refused: &mut Vec<Refusal>) -> Vec<Service> {
    let wanted: BTreeSet<String> = found.iter().filter_map(|(_, definition)| definition.clone()).collect();
    let mut known: BTreeMap<String, TaskDefinition> = BTreeMap::new();
    for definition in wanted {
        let sent = client.describe_task_definition().task_definition(&definition).send();
        if let Some(told) = ask(DEFINITION, sent, refused).await.and_then(|answer| answer.task_definition) {
            known.insert(definition, told);
        }
    }
    let with_task = |(row, definition): Found| match definition.and_then(|definition| known.get(&definition)) {
        Some(task) => Service {
            cpu: number(task.cpu()),
            memory: number(task.memory()),
            architecture: word(task.runtime_platform().and_then(|platform| platform.cpu_architecture())),
            operating_system: word(task.runtime_platform().and_then(|platform| platform.operating_system_family())),
            ..row
        },
        None => row,
    };
    found.into_iter().map(with_task).collect()
}

/// ECS writes numbers of tasks as text: `1024`.
fn number(value: Option<&str>) -> Option<i64> {
    value?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_read_from_text() {
        let arn = "arn:aws:ecs:eu-west-1:111122223333:service/shop/web";
        assert_eq!(last(arn).as_deref(), Some("web"));
        // As services were named before 2021.
        assert_eq!(last("arn:aws:ecs:eu-west-1:111122223333:service/web").as_deref(), Some("web"));
        assert_eq!(last("web").as_deref(), Some("web"));
        assert_eq!([Some("1024"), Some("1 vCPU"), None].map(number), [Some(1024), None, None]);
    }
}
