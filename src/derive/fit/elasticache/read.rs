//! What the tables say of caches: nodes, the groups that are sized together, what all nodes of a group asked for at
//! most.
//!
//! Knows: columns and metrics. Does not know: what fits.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use polars::prelude::{DataFrame, PolarsResult};

use super::{CREDITS, WANTED};
use crate::derive::baseline::targets;
use crate::derive::fit::measured::greater;
use crate::derive::fit::paid::{Paid, paid};
use crate::derive::series::{Measured, Series, each_resource};
use crate::id::Target;
use crate::table::read::columns_of;

/// Engines whose memory is measured, and which can change their type in place.
const ENGINES: [&str; 2] = ["redis", "valkey"];

/// A node.
pub(super) struct Node {
    pub(super) engine: String,
    /// What names its cache.
    pub(super) cache: Target,
    pub(super) paid: Option<Paid>,
    /// Whether it is the first of its cache.
    pub(super) first: bool,
}

/// Nodes that have one type: a replication group, or a node alone.
pub(super) struct Cache {
    /// `None`: its nodes have several types, as in the midst of a change.
    pub(super) node_type: Option<String>,
    /// What is paid for an hour of all nodes that are on the bill, and how many those are.
    pub(super) hour: f64,
    pub(super) paid: f64,
    /// Point by point the greatest of all nodes, of the metrics that were measured of each.
    pub(super) series: BTreeMap<Measured, Series>,
    /// The fewest credits that any node had; `None`: not measured of each.
    pub(super) least_credits: Option<f64>,
}

/// The caches of an account.
pub(super) struct Caches {
    pub(super) nodes: HashMap<Target, Node>,
    pub(super) caches: BTreeMap<Target, Cache>,
}

#[derive(Default)]
struct Gathered {
    types: BTreeSet<Option<String>>,
    nodes: usize,
    hour: f64,
    paid: usize,
    /// Of so many nodes.
    series: BTreeMap<Measured, (usize, Series)>,
    least_credits: Option<f64>,
}

impl Caches {
    /// What is known of each.
    pub(super) fn read(clusters: &DataFrame, costs: Option<&DataFrame>, metrics: &DataFrame) -> PolarsResult<Self> {
        let mut paid = paid(costs, |meter| meter.starts_with("AmazonElastiCache/NodeUsage:"));
        let [types, engines, groups] = columns_of(clusters, ["CacheNodeType", "Engine", "ReplicationGroupId"]);
        let mut nodes = HashMap::new();
        let mut gathered: BTreeMap<Target, Gathered> = BTreeMap::new();
        for (row, target) in targets(clusters).into_iter().enumerate() {
            let Some(engine) = engines[row].clone().filter(|engine| ENGINES.contains(&engine.as_str())) else {
                continue;
            };
            let cache = match &groups[row] {
                Some(group) => Target { resource: Some(format!("group {group}")), ..target.clone() },
                None => target.clone(),
            };
            let all = gathered.entry(cache.clone()).or_default();
            let node = Node { engine, cache, paid: paid.remove(&target), first: all.nodes == 0 };
            all.nodes += 1;
            all.types.insert(types[row].clone());
            if let Some(paid) = &node.paid {
                all.hour += paid.hour;
                all.paid += 1;
            }
            nodes.insert(target, node);
        }
        each_resource(metrics, &WANTED, |target, series| {
            let Some(node) = nodes.get(&target) else { return };
            if let Some(cache) = gathered.get_mut(&node.cache) {
                cache.add(series);
            }
        })?;
        let caches = gathered.into_iter().map(|(name, gathered)| (name, gathered.done())).collect();
        Ok(Caches { nodes, caches })
    }
}

impl Gathered {
    /// What was measured of one of its nodes.
    fn add(&mut self, series: BTreeMap<Measured, Series>) {
        for (name, one) in series {
            if name == CREDITS {
                let fewest = one.points.least();
                self.least_credits = self.least_credits.into_iter().chain(fewest).reduce(f64::min);
            }
            let both = match self.series.remove(&name) {
                Some((nodes, other)) => (nodes + 1, greater(other, one)),
                None => (1, one),
            };
            self.series.insert(name, both);
        }
    }

    fn done(self) -> Cache {
        let of_all = self.series.into_iter().filter(|(_, (nodes, _))| *nodes == self.nodes);
        let series: BTreeMap<Measured, Series> = of_all.map(|(name, (_, series))| (name, series)).collect();
        let mut types = self.types.into_iter();
        Cache {
            node_type: types.next().flatten().filter(|_| types.next().is_none()),
            hour: self.hour,
            paid: self.paid as f64,
            least_credits: self.least_credits.filter(|_| series.contains_key(&CREDITS)),
            series,
        }
    }
}
