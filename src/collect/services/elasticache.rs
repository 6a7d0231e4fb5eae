//! Caches: what ElastiCache says of its clusters.
//!
//! Knows: ElastiCache's answers. Does not know: what any of it costs, or is used for; serverless caches, which have no nodes.

use crate::collect::ask::{Asked, Call, Collector, time};
use crate::collect::session::{Session, client};
use crate::table;
use crate::table::inventory::CacheCluster;

use super::{asked, place, text};

const CLUSTERS: Call = Call { service: "elasticache", operation: "DescribeCacheClusters" };

/// One for each table.
pub(in crate::collect) const COLLECTORS: &[Collector] =
    &[Collector::of(&table::ELASTICACHE_CLUSTERS, &[CLUSTERS], |session| Box::pin(clusters(session)))];

async fn clusters(session: &Session) -> Asked {
    let sent = client!(session, aws_sdk_elasticache).describe_cache_clusters().into_paginator().send();
    asked!(session, CLUSTERS, sent, cache_clusters, cluster)
}

fn cluster(session: &Session, one: &aws_sdk_elasticache::types::CacheCluster) -> Option<CacheCluster> {
    let (account, region, id) = place(session, one.arn())?;
    Some(CacheCluster {
        account,
        region,
        id,
        cluster: text(one.cache_cluster_id()),
        node_type: text(one.cache_node_type()),
        engine: text(one.engine()),
        version: text(one.engine_version()),
        status: text(one.cache_cluster_status()),
        nodes: one.num_cache_nodes().map(i64::from),
        group: text(one.replication_group_id()),
        created: time(one.cache_cluster_create_time()),
        zone: text(one.preferred_availability_zone()),
        snapshot_days: one.snapshot_retention_limit().map(i64::from),
    })
}
