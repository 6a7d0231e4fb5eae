//! What the tables say of databases.
//!
//! Knows: columns, who belongs to which cluster. Does not know: what fits.

use std::collections::{BTreeMap, HashMap};

use polars::prelude::{DataFrame, PolarsResult};

use super::engine::Engine;
use super::{BYTES_PER_MIB, FREE_STORAGE, WANTED};
use crate::derive::baseline::targets;
use crate::derive::fit::measured::greater;
use crate::derive::fit::paid::{Paid, paid};
use crate::derive::series::{Measured, Series, each_resource};
use crate::id::Target;
use crate::table::read::{columns_of, integers, texts};

/// Bytes that a cluster of Aurora holds: of the cluster, not of its instances.
pub(super) const VOLUME: Measured = ("VolumeBytesUsed", "Maximum");

/// What the inventory says of a database.
pub(super) struct Database {
    pub(super) class: String,
    pub(super) engine: Engine,
    pub(super) engine_name: String,
    cluster: Option<Cluster>,
    writes: bool,
    storage_gib: Option<f64>,
    pub(super) paid: Option<Paid>,
}

/// Account, region and name.
type Cluster = (Option<String>, Option<String>, String);

impl Database {
    pub(super) fn aurora(&self) -> bool {
        self.engine.aurora
    }

    pub(super) fn pool(&self) -> f64 {
        self.engine.pool()
    }
}

/// The databases that have a class of their own to choose.
pub(super) struct Databases {
    pub(super) known: HashMap<Target, Database>,
    /// What the writer of each cluster was measured to do.
    writers: HashMap<Cluster, BTreeMap<Measured, Series>>,
    /// MiB that each cluster holds.
    volumes: HashMap<Cluster, f64>,
}

impl Databases {
    /// `None`: nobody asked for them, or for metrics.
    pub(super) fn read(tables: &BTreeMap<String, DataFrame>) -> PolarsResult<Option<Self>> {
        let (Some(frame), Some(metrics)) = (tables.get("rds_instances"), tables.get("resource_metrics")) else {
            return Ok(None);
        };
        let hours = |meter: &str| {
            let usage = ["InstanceUsage:", "InstanceUsageIOOptimized:", "Multi-AZUsage:"];
            meter.strip_prefix("AmazonRDS/").is_some_and(|meter| usage.iter().any(|usage| meter.starts_with(usage)))
        };
        let mut paid = paid(tables.get("resource_monthly_costs"), hours);
        let [classes, engines, clusters] = columns_of(frame, ["DBInstanceClass", "Engine", "DBClusterIdentifier"]);
        let writers = texts(frame, "ClusterWriter");
        let storage = integers(frame, "AllocatedStorageGiB");
        let mut databases = Databases { known: HashMap::new(), writers: HashMap::new(), volumes: HashMap::new() };
        let mut writes: HashMap<Target, Cluster> = HashMap::new();
        for (row, target) in targets(frame).into_iter().enumerate() {
            let (Some(class), Some(engine_name)) = (classes[row].clone(), engines[row].clone()) else { continue };
            let Some(engine) = Engine::of(&engine_name) else { continue };
            let cluster = clusters[row].clone().map(|name| (target.account.clone(), target.region.clone(), name));
            // Three instances that change together: a Multi-AZ cluster.
            if cluster.is_some() != engine.aurora {
                continue;
            }
            let writer = writers[row].as_deref() == Some("true");
            if let Some(cluster) = cluster.clone().filter(|_| writer) {
                writes.insert(target.clone(), cluster);
            }
            let storage_gib = storage[row].map(|gib| gib as f64);
            let paid = paid.remove(&target);
            let database = Database { class, engine, engine_name, cluster, writes: writer, storage_gib, paid };
            databases.known.insert(target, database);
        }
        if !writes.is_empty() {
            each_resource(metrics, &WANTED, |target, series| {
                if let Some(cluster) = writes.get(&target) {
                    databases.writers.insert(cluster.clone(), series);
                }
            })?;
            databases.volumes = volumes(tables, metrics)?;
        }
        Ok(Some(databases))
    }

    /// The greater of what it did and what the writer did that it may have to stand in for.
    pub(super) fn may_take_over(
        &self,
        database: &Database,
        series: &BTreeMap<Measured, Series>,
    ) -> BTreeMap<Measured, Series> {
        let writer = database.cluster.as_ref().and_then(|cluster| self.writers.get(cluster));
        let mut both = series.clone();
        for (name, of_writer) in writer.into_iter().flatten() {
            // Of what is free the least counts, and that is its own class's business.
            if let Some(own) = both.get(name).filter(|_| name.1 != "Minimum").cloned() {
                both.insert(*name, greater(own, of_writer.clone()));
            }
        }
        both
    }

    /// Whether it is measured by a writer beside it.
    pub(super) fn follows(&self, database: &Database) -> bool {
        !database.writes && database.cluster.as_ref().is_some_and(|cluster| self.writers.contains_key(cluster))
    }

    /// The most data that it held, in MiB.
    pub(super) fn data(&self, database: &Database, series: &BTreeMap<Measured, Series>) -> Option<f64> {
        match &database.cluster {
            Some(cluster) => self.volumes.get(cluster).copied(),
            None => {
                let free = series.get(&FREE_STORAGE)?.points.least()? / BYTES_PER_MIB;
                Some((database.storage_gib? * 1024.0 - free).max(0.0))
            }
        }
    }
}

fn volumes(tables: &BTreeMap<String, DataFrame>, metrics: &DataFrame) -> PolarsResult<HashMap<Cluster, f64>> {
    let mut found = HashMap::new();
    let Some(frame) = tables.get("rds_clusters") else { return Ok(found) };
    let names: HashMap<Target, String> = targets(frame)
        .into_iter()
        .zip(texts(frame, "DBClusterIdentifier"))
        .filter_map(|(target, name)| Some((target, name?)))
        .collect();
    each_resource(metrics, &[VOLUME], |target, series| {
        let bytes = series.get(&VOLUME).and_then(|series| series.points.most());
        if let (Some(name), Some(bytes)) = (names.get(&target), bytes) {
            let cluster = (target.account.clone(), target.region.clone(), name.clone());
            found.insert(cluster, bytes / BYTES_PER_MIB);
        }
    })?;
    Ok(found)
}
