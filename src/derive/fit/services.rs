//! The resources of an account whose size can be chosen, service by service: tables `utilization` and `fitting_shapes`.
//!
//! Knows: which services there are. Does not know: what each of them has, what is advised.

use std::collections::BTreeMap;

use polars::prelude::{DataFrame, PolarsResult};

use super::frames::{fitting_shapes, utilization};
use super::paid::{Market, Price};
use super::risk::{Fleet, History};
use super::shapes::types;
use super::subject::{Kind, LESS_MEMORY, Sharing, Subject};
use super::{Limits, Machine, ec2, elasticache, fargate, group, lambda, opensearch, rds};
use crate::derive::series::{Measured, each_resource};
use crate::id::Target;
use crate::table::{FITTING_SHAPES, UTILIZATION};

type Tables = BTreeMap<String, DataFrame>;

/// Adds both tables, where there is an inventory with metrics.
///
/// # Errors
/// An engine error: a table does not have its declared columns.
pub fn derive(tables: &mut Tables, instance_types: &DataFrame, price: Price<'_>, limits: &Limits) -> PolarsResult<()> {
    let types = types(instance_types);
    let market = Market { types: &types, price, limits };
    let kinds = kinds(tables, &market)?;
    let Some(metrics) = tables.get("resource_metrics").filter(|_| !kinds.is_empty()) else { return Ok(()) };
    let fleet = fleet(&kinds, metrics, limits)?;
    let (mut used, mut fitting) = (Vec::new(), Vec::new());
    each(&kinds, metrics, |target, subject, _| {
        used.extend(subject.used(target));
        if subject.tells() {
            fitting.extend(subject.fitting(target, &fleet, limits));
        }
    })?;
    drop(kinds);
    tables.insert(UTILIZATION.name.to_owned(), utilization(&used)?);
    tables.insert(FITTING_SHAPES.name.to_owned(), fitting_shapes(&fitting)?);
    Ok(())
}

/// How all that was measured went on.
pub(super) fn fleet(kinds: &[Box<dyn Kind + '_>], metrics: &DataFrame, limits: &Limits) -> PolarsResult<Fleet> {
    let mut history = History::default();
    each(kinds, metrics, |_, subject, _| {
        if subject.counts {
            history.add(&subject.machine, limits);
        }
    })?;
    Ok(history.fleet(limits))
}

/// Every resource that was measured well enough, with what else it could be.
///
/// # Errors
/// An engine error: a table does not have its declared columns.
pub fn machines(
    tables: &Tables,
    instance_types: &DataFrame,
    price: Price<'_>,
    limits: &Limits,
) -> PolarsResult<Vec<Machine>> {
    let types = types(instance_types);
    let market = Market { types: &types, price, limits };
    let kinds = kinds(tables, &market)?;
    let mut machines = Vec::new();
    if let Some(metrics) = tables.get("resource_metrics") {
        each(&kinds, metrics, |target, subject, _| {
            if subject.tells() {
                let offers = (subject.offers)(&subject.machine);
                let id = target.resource.clone().unwrap_or_default();
                let sure = offers.into_iter().filter(|offer| offer.change != LESS_MEMORY);
                let candidates = sure.map(|offer| offer.candidate).collect();
                machines.push(Machine { id, candidates, ..subject.machine });
            }
        })?;
    }
    Ok(machines)
}

/// Tables of an inventory with the metrics that are read of their resources.
pub fn metrics() -> impl Iterator<Item = (&'static str, &'static str)> {
    let of = |table: &'static str, wanted: Vec<Measured>| wanted.into_iter().map(move |(name, _)| (table, name));
    let databases = || rds::WANTED.to_vec();
    of("ec2_instances", ec2::wanted())
        .chain(of("auto_scaling_groups", group::wanted()))
        .chain(of("rds_instances", databases()))
        .chain(of("rds_clusters", databases()))
        .chain(of("elasticache_clusters", elasticache::WANTED.to_vec()))
        .chain(of("ecs_services", fargate::WANTED.to_vec()))
        .chain(of("lambda_functions", lambda::WANTED.to_vec()))
        .chain(of("opensearch_domains", opensearch::WANTED.to_vec()))
}

/// The services of which there is anything.
pub(super) fn kinds<'a>(tables: &Tables, market: &'a Market<'a>) -> PolarsResult<Vec<Box<dyn Kind + 'a>>> {
    let mut kinds: Vec<Box<dyn Kind + 'a>> = Vec::new();
    if let Some(instances) = ec2::Instances::new(tables, market)? {
        kinds.push(Box::new(instances));
    }
    if let Some(groups) = group::Groups::new(tables, market)? {
        kinds.push(Box::new(groups));
    }
    if let Some(databases) = rds::Rds::new(tables, market)? {
        kinds.push(Box::new(databases));
    }
    if let Some(caches) = elasticache::ElastiCache::new(tables, market)? {
        kinds.push(Box::new(caches));
    }
    if let Some(domains) = opensearch::OpenSearch::new(tables, market)? {
        kinds.push(Box::new(domains));
    }
    if let Some(services) = fargate::Services::new(tables, market) {
        kinds.push(Box::new(services));
    }
    if let Some(functions) = lambda::Functions::new(tables, market) {
        kinds.push(Box::new(functions));
    }
    Ok(kinds)
}

/// Each resource that one of the kinds knows, with what was measured of it.
pub(super) fn each(
    kinds: &[Box<dyn Kind + '_>],
    metrics: &DataFrame,
    mut each: impl FnMut(&Target, Subject<'_>, Sharing),
) -> PolarsResult<()> {
    let mut wanted: Vec<Measured> = kinds.iter().flat_map(|kind| kind.wanted()).collect();
    wanted.sort_unstable();
    wanted.dedup();
    each_resource(metrics, &wanted, |target, series| {
        let known = kinds.iter().find_map(|kind| kind.subject(&target, &series).map(|subject| (kind, subject)));
        if let Some((kind, subject)) = known {
            each(&target, subject, kind.sharing(&target, &series));
        }
    })
}
