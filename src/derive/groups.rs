//! Which resources belong together: the instances of an Auto Scaling group, the tasks of a service of ECS, the nodes of a cache's
//! replication group.
//!
//! Knows: what the inventory says of instances, tasks and nodes. Does not know: what the group may be changed to.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::baseline::targets;
use crate::id::Target;
use crate::table::read::columns_of;
use crate::table::{EC2_INSTANCES, ECS_TASKS, ELASTICACHE_CLUSTERS};

/// What is changed as one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Group {
    /// The table of its members: groups of two kinds may have one name.
    pub kind: &'static str,
    /// Where it is, and what people call it: the group's name, or the cluster and the service, as in `shop/web`.
    pub place: Target,
}

/// The group of each instance, task and node that is in one.
#[must_use]
pub fn members(tables: &BTreeMap<String, DataFrame>) -> BTreeMap<Target, Group> {
    let mut all = BTreeMap::new();
    if let Some(instances) = tables.get(EC2_INSTANCES.name) {
        let [names] = columns_of(instances, ["AutoScalingGroupName"]);
        all.extend(named(EC2_INSTANCES.name, instances, names));
    }
    if let Some(tasks) = tables.get(ECS_TASKS.name) {
        let [clusters, services] = columns_of(tasks, ["ClusterName", "ServiceName"]);
        let name = |(cluster, service): (Option<String>, Option<String>)| Some(format!("{}/{}", cluster?, service?));
        all.extend(named(ECS_TASKS.name, tasks, clusters.into_iter().zip(services).map(name)));
    }
    if let Some(nodes) = tables.get(ELASTICACHE_CLUSTERS.name) {
        let [groups] = columns_of(nodes, ["ReplicationGroupId"]);
        all.extend(named(ELASTICACHE_CLUSTERS.name, nodes, groups));
    }
    all
}

/// Each resource whose group has a name, with its group in the same place.
fn named(
    kind: &'static str,
    resources: &DataFrame,
    names: impl IntoIterator<Item = Option<String>>,
) -> impl Iterator<Item = (Target, Group)> {
    let of = move |(resource, name): (Target, Option<String>)| {
        let group = Group { kind, place: Target { resource: Some(name?), ..resource.clone() } };
        Some((resource, group))
    };
    targets(resources).into_iter().zip(names).filter_map(of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::inventory::{CacheCluster, Instance, Task};
    use crate::table::rows::Rows;

    fn target(resource: &str) -> Target {
        let part = |text: &str| Some(text.to_owned());
        Target { account: part("111122223333"), region: part("eu-west-1"), resource: part(resource) }
    }

    #[test]
    fn instances_and_nodes_belong_to_their_group_and_tasks_to_their_service() {
        let instance = |id: &str, group: Option<&str>| Instance {
            account: "111122223333".into(),
            region: "eu-west-1".into(),
            id: id.to_owned(),
            auto_scaling_group: group.map(str::to_owned),
            ..Instance::default()
        };
        let task = |id: &str, service: Option<&str>| Task {
            account: "111122223333".into(),
            region: "eu-west-1".into(),
            id: id.to_owned(),
            cluster: Some("shop".to_owned()),
            service: service.map(str::to_owned),
            ..Task::default()
        };
        let instances = vec![instance("i-1", Some("web")), instance("i-2", None)];
        let tasks = vec![task("task/shop/1", Some("web")), task("task/shop/2", Some("web")), task("task/shop/3", None)];
        let node = CacheCluster {
            account: "111122223333".into(),
            region: "eu-west-1".into(),
            id: "sessions-001".into(),
            group: Some("sessions".into()),
            ..CacheCluster::default()
        };
        let tables = BTreeMap::from([
            (ELASTICACHE_CLUSTERS.name.to_owned(), Rows::of(vec![node]).frame().unwrap()),
            (EC2_INSTANCES.name.to_owned(), Rows::of(instances).frame().unwrap()),
            (ECS_TASKS.name.to_owned(), Rows::of(tasks).frame().unwrap()),
        ]);
        let [instances, tasks, nodes] = [EC2_INSTANCES.name, ECS_TASKS.name, ELASTICACHE_CLUSTERS.name];
        let expected = [
            (instances, "i-1", "web"),
            (tasks, "task/shop/1", "shop/web"),
            (tasks, "task/shop/2", "shop/web"),
            (nodes, "sessions-001", "sessions"),
        ];
        let group = |kind, name: &str| Group { kind, place: target(name) };
        let expected = expected.map(|(kind, one, name)| (target(one), group(kind, name)));
        assert_eq!(members(&tables), BTreeMap::from(expected));
        assert_eq!(members(&BTreeMap::new()), BTreeMap::new());
    }
}
