//! Clusters of Kubernetes: what EKS says of them, and of their node groups.
//!
//! Knows: EKS's answers. Does not know: what any of it costs, or is used for; nodes and pods, which Kubernetes alone knows.

use aws_sdk_eks::Client;

use crate::collect::ask::{Asked, Call, Collector, Refusal, pages, time};
use crate::collect::session::{Session, client};
use crate::table;
use crate::table::inventory::Cluster;
use crate::table::rows::Rows;

use super::each::{ask, ask_pages};
use super::{count, text, word};

const fn call(operation: &'static str) -> Call {
    Call { service: "eks", operation }
}

const CLUSTERS: Call = call("ListClusters");
const CLUSTER: Call = call("DescribeCluster");
const NODE_GROUPS: Call = call("ListNodegroups");
const NODE_GROUP: Call = call("DescribeNodegroup");
const FARGATE_PROFILES: Call = call("ListFargateProfiles");

/// One for each table.
pub(in crate::collect) const COLLECTORS: &[Collector] = &[Collector::of(
    &table::EKS_CLUSTERS,
    &[CLUSTERS, CLUSTER, NODE_GROUPS, NODE_GROUP, FARGATE_PROFILES],
    |session| Box::pin(clusters(session)),
)];

async fn clusters(session: &Session) -> Asked {
    let client = client!(session, aws_sdk_eks);
    let (mut names, mut rows, mut refused) = (Vec::<String>::new(), Vec::new(), Vec::new());
    pages(CLUSTERS, client.list_clusters().into_paginator().send(), &mut refused, |page| {
        names.extend(page.clusters.unwrap_or_default());
    })
    .await;
    for name in names {
        rows.push(cluster(session, &client, name, &mut refused).await);
    }
    Asked { rows: Rows::of(rows), refused }
}

async fn cluster(session: &Session, client: &Client, name: String, refused: &mut Vec<Refusal>) -> Cluster {
    let told = ask(CLUSTER, client.describe_cluster().name(&name).send(), refused).await;
    let one = told.and_then(|answer| answer.cluster);
    let one = one.as_ref();
    let (node_groups, nodes) = node_groups(client, &name, refused).await;
    let sent = client.list_fargate_profiles().cluster_name(&name).into_paginator().send();
    let profiles = ask_pages(FARGATE_PROFILES, sent, refused).await.and_then(|pages| {
        let all: Vec<&String> = pages.iter().flat_map(|page| page.fargate_profile_names()).collect();
        count(&all)
    });
    Cluster {
        account: session.scope.account.clone(),
        region: session.scope.region.clone(),
        id: text(one.and_then(|one| one.arn())).unwrap_or_else(|| session.arn("eks", &format!("cluster/{name}"))),
        cluster: Some(name),
        status: word(one.and_then(|one| one.status())),
        version: text(one.and_then(|one| one.version())),
        support: word(one.and_then(|one| one.upgrade_policy()).and_then(|policy| policy.support_type())),
        created: time(one.and_then(|one| one.created_at())),
        node_groups,
        nodes,
        fargate_profiles: profiles,
        auto_mode: one.and_then(|one| one.compute_config()).and_then(|compute| compute.enabled()),
    }
}

/// How many node groups a cluster has, and nodes that they are to have.
async fn node_groups(client: &Client, cluster: &str, refused: &mut Vec<Refusal>) -> (Option<i64>, Option<i64>) {
    let sent = client.list_nodegroups().cluster_name(cluster).into_paginator().send();
    let Some(told) = ask_pages(NODE_GROUPS, sent, refused).await else { return (None, None) };
    let names: Vec<&String> = told.iter().flat_map(|page| page.nodegroups()).collect();
    let mut nodes = Some(0);
    for name in &names {
        let sent = client.describe_nodegroup().cluster_name(cluster).nodegroup_name(*name).send();
        let group = ask(NODE_GROUP, sent, refused).await.and_then(|answer| answer.nodegroup);
        let desired = group.as_ref().and_then(|group| group.scaling_config()?.desired_size());
        nodes = nodes.zip(desired).map(|(sum, more)| sum + i64::from(more));
    }
    (count(&names), nodes)
}
