//! Databases of RDS, Aurora, DocumentDB and Neptune, and their snapshots: one interface answers for all of them.
//!
//! Knows: RDS's answers. Does not know: what any of it costs, or is used for.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_rds::types::{DbCluster, DbClusterSnapshot, DbInstance, DbSnapshot};
use rust_decimal::Decimal;

use crate::collect::ask::{Asked, Call, Collector, Scope, pages, time};
use crate::collect::session::{Session, client};
use crate::table;
use crate::table::inventory::{DatabaseCluster, DatabaseInstance, DatabaseSnapshot, exact};
use crate::table::rows::Rows;

use super::{asked, count, place, text};

const fn call(operation: &'static str) -> Call {
    Call { service: "rds", operation }
}

const INSTANCES: Call = call("DescribeDBInstances");
const CLUSTERS: Call = call("DescribeDBClusters");
const SNAPSHOTS: Call = call("DescribeDBSnapshots");
const CLUSTER_SNAPSHOTS: Call = call("DescribeDBClusterSnapshots");

/// Snapshots that stay until somebody deletes them; the others end with what keeps them.
const BY_HAND: &str = "manual";

/// One for each table. Pages are as large as they can be when nobody says how large.
pub(in crate::collect) const COLLECTORS: &[Collector] = &[
    Collector::of(&table::RDS_INSTANCES, &[INSTANCES, CLUSTERS], |session| Box::pin(instances(session))),
    Collector::of(&table::RDS_CLUSTERS, &[CLUSTERS], |session| Box::pin(clusters(session))),
    Collector::of(&table::RDS_SNAPSHOTS, &[SNAPSHOTS, CLUSTER_SNAPSHOTS, INSTANCES, CLUSTERS], |session| {
        Box::pin(snapshots(session))
    }),
];

async fn instances(session: &Session) -> Asked {
    let client = client!(session, aws_sdk_rds);
    let (mut rows, mut refused) = (Vec::<DatabaseInstance>::new(), Vec::new());
    pages(INSTANCES, client.describe_db_instances().into_paginator().send(), &mut refused, |page| {
        rows.extend(page.db_instances.unwrap_or_default().iter().filter_map(|one| instance(session, one)));
    })
    .await;
    if rows.iter().any(|row| row.cluster.is_some()) {
        let mut writers: BTreeMap<String, bool> = BTreeMap::new();
        pages(CLUSTERS, client.describe_db_clusters().into_paginator().send(), &mut refused, |page| {
            for cluster in page.db_clusters.unwrap_or_default() {
                let members = cluster.db_cluster_members().iter();
                writers.extend(members.filter_map(|member| {
                    Some((member.db_instance_identifier()?.to_owned(), member.is_cluster_writer()?))
                }));
            }
        })
        .await;
        for row in &mut rows {
            row.writer = row.identifier.as_ref().and_then(|name| writers.get(name)).copied();
        }
    }
    Asked { rows: Rows::of(rows), refused }
}

fn instance(session: &Session, one: &DbInstance) -> Option<DatabaseInstance> {
    let (account, region, id) = place(session, one.db_instance_arn())?;
    // RDS tells 0 for types of storage that are not made for any.
    let made_for = |number: Option<i32>| exact(number.filter(|number| *number > 0));
    let replicas = one.read_replica_db_instance_identifiers.as_deref().and_then(count);
    let source = one.read_replica_source_db_instance_identifier();
    Some(DatabaseInstance {
        account,
        region,
        id,
        identifier: text(one.db_instance_identifier()),
        instance_class: text(one.db_instance_class()),
        engine: text(one.engine()),
        version: text(one.engine_version()),
        status: text(one.db_instance_status()),
        created: time(one.instance_create_time()),
        multi_zone: one.multi_az(),
        storage_type: text(one.storage_type()),
        storage: one.allocated_storage().map(i64::from),
        storage_limit: one.max_allocated_storage().map(i64::from),
        iops: made_for(one.iops()),
        throughput: made_for(one.storage_throughput()),
        cluster: text(one.db_cluster_identifier()),
        writer: None,
        replica_of: text(source).or_else(|| text(one.read_replica_source_db_cluster_identifier())),
        // Clusters that replicate it are told only where there are some.
        replicas: replicas.and_then(|replicas| Some(replicas + count(one.read_replica_db_cluster_identifiers())?)),
        backup_days: one.backup_retention_period().map(i64::from),
        insights_days: one
            .performance_insights_retention_period()
            .filter(|_| one.performance_insights_enabled() != Some(false))
            .map(i64::from),
        zone: text(one.availability_zone()),
        licence: text(one.license_model()),
    })
}

async fn clusters(session: &Session) -> Asked {
    let sent = client!(session, aws_sdk_rds).describe_db_clusters().into_paginator().send();
    asked!(session, CLUSTERS, sent, db_clusters, cluster)
}

fn cluster(session: &Session, one: &DbCluster) -> Option<DatabaseCluster> {
    let (account, region, id) = place(session, one.db_cluster_arn())?;
    let units = |units: f64| Decimal::try_from(units).ok();
    let capacity = one.serverless_v2_scaling_configuration();
    Some(DatabaseCluster {
        account,
        region,
        id,
        identifier: text(one.db_cluster_identifier()),
        engine: text(one.engine()),
        mode: text(one.engine_mode()),
        version: text(one.engine_version()),
        status: text(one.status()),
        created: time(one.cluster_create_time()),
        storage_type: text(one.storage_type()),
        members: one.db_cluster_members.as_deref().and_then(count),
        zones: one.availability_zones.as_deref().and_then(count),
        least: capacity.and_then(|capacity| capacity.min_capacity()).and_then(units),
        most: capacity.and_then(|capacity| capacity.max_capacity()).and_then(units),
        pause_seconds: capacity.and_then(|capacity| capacity.seconds_until_auto_pause()).map(i64::from),
        backup_days: one.backup_retention_period().map(i64::from),
    })
}

/// Names of instances or of clusters that are there.
#[derive(Default)]
struct Sources {
    names: BTreeSet<String>,
    /// Whether all could be asked.
    complete: bool,
}

impl Sources {
    /// Whether it is there.
    fn have(&self, name: Option<&str>) -> Option<bool> {
        let found = self.names.contains(name?);
        (found || self.complete).then_some(found)
    }
}

async fn snapshots(session: &Session) -> Asked {
    let client = client!(session, aws_sdk_rds);
    let (mut single, mut clustered) = (Vec::<DbSnapshot>::new(), Vec::<DbClusterSnapshot>::new());
    let mut refused = Vec::new();
    let sent = client.describe_db_snapshots().snapshot_type(BY_HAND).into_paginator().send();
    pages(SNAPSHOTS, sent, &mut refused, |page| single.extend(page.db_snapshots.unwrap_or_default())).await;
    let sent = client.describe_db_cluster_snapshots().snapshot_type(BY_HAND).into_paginator().send();
    pages(CLUSTER_SNAPSHOTS, sent, &mut refused, |page| {
        clustered.extend(page.db_cluster_snapshots.unwrap_or_default());
    })
    .await;
    let (mut instances, mut clusters) = (Sources::default(), Sources::default());
    if !single.is_empty() {
        let before = refused.len();
        pages(INSTANCES, client.describe_db_instances().into_paginator().send(), &mut refused, |page| {
            let all = page.db_instances.unwrap_or_default().into_iter();
            instances.names.extend(all.filter_map(|one| one.db_instance_identifier));
        })
        .await;
        instances.complete = refused.len() == before;
    }
    if !clustered.is_empty() {
        let before = refused.len();
        pages(CLUSTERS, client.describe_db_clusters().into_paginator().send(), &mut refused, |page| {
            let all = page.db_clusters.unwrap_or_default().into_iter();
            clusters.names.extend(all.filter_map(|one| one.db_cluster_identifier));
        })
        .await;
        clusters.complete = refused.len() == before;
    }
    let mut rows: Vec<DatabaseSnapshot> = single.iter().filter_map(|one| snapshot(session, one, &instances)).collect();
    rows.extend(clustered.iter().filter_map(|one| cluster_snapshot(session, one, &clusters)));
    Asked { rows: Rows::of(rows), refused }
}

/// Whether an ARN is not of this account and region: whether the source of a copy from there is still there, nobody here knows.
fn elsewhere(scope: &Scope, arn: &str) -> bool {
    let mut parts = arn.split(':').skip(3);
    parts.next() != Some(scope.region.as_str()) || parts.next() != Some(scope.account.as_str())
}

fn snapshot(session: &Session, one: &DbSnapshot, sources: &Sources) -> Option<DatabaseSnapshot> {
    let (account, region, id) = place(session, one.db_snapshot_arn())?;
    let source = one.db_instance_identifier();
    let copied = one.source_db_snapshot_identifier().is_some_and(|arn| elsewhere(&session.scope, arn));
    Some(DatabaseSnapshot {
        account,
        region,
        id,
        of_cluster: Some(false),
        source: text(source),
        source_exists: sources.have(source.filter(|_| !copied)),
        engine: text(one.engine()),
        storage: one.allocated_storage().map(i64::from),
        created: time(one.snapshot_create_time()),
        status: text(one.status()),
    })
}

fn cluster_snapshot(session: &Session, one: &DbClusterSnapshot, sources: &Sources) -> Option<DatabaseSnapshot> {
    let (account, region, id) = place(session, one.db_cluster_snapshot_arn())?;
    let source = one.db_cluster_identifier();
    let copied = one.source_db_cluster_snapshot_arn().is_some_and(|arn| elsewhere(&session.scope, arn));
    Some(DatabaseSnapshot {
        account,
        region,
        id,
        of_cluster: Some(true),
        source: text(source),
        source_exists: sources.have(source.filter(|_| !copied)),
        engine: text(one.engine()),
        storage: one.allocated_storage().map(i64::from),
        created: time(one.snapshot_create_time()),
        status: text(one.status()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_gone_only_when_all_were_asked() {
        let sources = |complete| Sources { names: BTreeSet::from(["shop".to_owned()]), complete };
        assert_eq!(sources(true).have(Some("shop")), Some(true));
        assert_eq!(sources(true).have(Some("old")), Some(false));
        assert_eq!(sources(false).have(Some("shop")), Some(true));
        assert_eq!(sources(false).have(Some("old")), None);
        assert_eq!(sources(true).have(None), None);
    }

    #[test]
    fn a_copy_from_another_account_or_region_has_its_source_elsewhere() {
        let scope = Scope { account: "111122223333".to_owned(), region: "eu-west-1".to_owned() };
        let of = |place: &str| elsewhere(&scope, &format!("arn:aws:rds:{place}:snapshot:nightly"));
        assert!(!of("eu-west-1:111122223333"));
        assert!(of("us-east-1:111122223333"));
        assert!(of("eu-west-1:444455556666"));
        // Without a place it says nothing.
        assert!(elsewhere(&scope, "nightly"));
    }
}
