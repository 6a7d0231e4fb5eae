//! Warehouses: what Redshift says of its clusters, and of what pauses them.
//!
//! Knows: Redshift's answers. Does not know: what any of it costs, or is used for; serverless workgroups.

use std::collections::BTreeMap;

use aws_sdk_redshift::types::{Cluster, ScheduledAction, ScheduledActionState, ScheduledActionTypeValues};
use jiff::Timestamp;

use crate::collect::ask::{Asked, Call, Collector, pages, time};
use crate::collect::session::{Session, client};
use crate::table;
use crate::table::inventory::Warehouse;
use crate::table::rows::Rows;

use super::{place, text};

const fn call(operation: &'static str) -> Call {
    Call { service: "redshift", operation }
}

const CLUSTERS: Call = call("DescribeClusters");
const ACTIONS: Call = call("DescribeScheduledActions");

/// One for each table.
pub(in crate::collect) const COLLECTORS: &[Collector] =
    &[Collector::of(&table::REDSHIFT_CLUSTERS, &[CLUSTERS, ACTIONS], |session| Box::pin(clusters(session)))];

async fn clusters(session: &Session) -> Asked {
    let client = client!(session, aws_sdk_redshift);
    let (mut rows, mut refused) = (Vec::<Warehouse>::new(), Vec::new());
    pages(CLUSTERS, client.describe_clusters().into_paginator().send(), &mut refused, |page| {
        rows.extend(page.clusters.unwrap_or_default().iter().filter_map(|one| cluster(session, one)));
    })
    .await;
    if !rows.is_empty() {
        let mut pauses: BTreeMap<String, i64> = BTreeMap::new();
        let mut unread = Vec::new();
        let kind = ScheduledActionTypeValues::PauseCluster;
        let sent = client.describe_scheduled_actions().target_action_type(kind).into_paginator().send();
        pages(ACTIONS, sent, &mut unread, |page| {
            for action in page.scheduled_actions.unwrap_or_default() {
                if let Some(cluster) = paused(session.as_of, &action) {
                    *pauses.entry(cluster).or_default() += 1;
                }
            }
        })
        .await;
        if unread.is_empty() {
            for row in &mut rows {
                let actions = row.cluster.as_ref().and_then(|name| pauses.get(name));
                row.pauses = Some(actions.copied().unwrap_or(0));
            }
        }
        refused.append(&mut unread);
    }
    Asked { rows: Rows::of(rows), refused }
}

/// The cluster that an action pauses; `None`: none, or not any more.
fn paused(as_of: Timestamp, action: &ScheduledAction) -> Option<String> {
    let off = action.state() == Some(&ScheduledActionState::Disabled);
    let over = time(action.end_time()).is_some_and(|end| end <= as_of);
    let pause = action.target_action()?.pause_cluster().filter(|_| !off && !over)?;
    text(pause.cluster_identifier())
}

fn cluster(session: &Session, one: &Cluster) -> Option<Warehouse> {
    // The answer has no ARN of the cluster, only one of its namespace.
    let name = text(one.cluster_identifier())?;
    let (account, region, id) = place(session, Some(&session.arn("redshift", &format!("cluster:{name}"))))?;
    let tag = one.tags().iter().find(|tag| tag.key() == Some("Name"));
    Some(Warehouse {
        account,
        region,
        id,
        cluster: Some(name),
        node_type: text(one.node_type()),
        nodes: one.number_of_nodes().map(i64::from),
        status: text(one.cluster_status()),
        created: time(one.cluster_create_time()),
        snapshot_days: one.automated_snapshot_retention_period().map(i64::from),
        pauses: None,
        name: tag.and_then(|tag| tag.value().map(str::to_owned)),
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_redshift::types::builders::ScheduledActionBuilder;
    use aws_sdk_redshift::types::{PauseClusterMessage, ResumeClusterMessage, ScheduledActionType};
    use aws_smithy_types::DateTime;

    use super::*;

    #[test]
    fn an_action_pauses_its_cluster_until_it_is_off_or_over() {
        let as_of: Timestamp = "2026-10-01T00:00:00Z".parse().unwrap();
        let pause = PauseClusterMessage::builder().cluster_identifier("warehouse").build();
        let night = || {
            ScheduledAction::builder()
                .target_action(ScheduledActionType::builder().pause_cluster(pause.clone()).build())
        };
        let cluster = |action: ScheduledActionBuilder| paused(as_of, &action.build());
        let day = |days: i64| DateTime::from_secs(as_of.as_second() + days * 86_400);
        assert_eq!(cluster(night()).as_deref(), Some("warehouse"));
        assert_eq!(cluster(night().end_time(day(1))).as_deref(), Some("warehouse"));
        assert_eq!(cluster(night().end_time(day(-1))), None);
        assert_eq!(cluster(night().state(ScheduledActionState::Active)).as_deref(), Some("warehouse"));
        assert_eq!(cluster(night().state(ScheduledActionState::Disabled)), None);
        let resume = ResumeClusterMessage::builder().cluster_identifier("warehouse").build();
        let morning = ScheduledActionType::builder().resume_cluster(resume).build();
        assert_eq!(cluster(ScheduledAction::builder().target_action(morning)), None);
    }
}
