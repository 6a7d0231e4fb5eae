//! Metrics of what was found, by CloudWatch's GetMetricData, in as few and as cheap calls as it allows.
//!
//! Knows: how many series and points one call may ask for, what it costs, and that some series have to be looked up. Does not
//! know: which are low. What CloudWatch has no point for stays missing.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatch::types::{Dimension, Metric as Named, MetricDataQuery, MetricStat, ScanBy};
use aws_smithy_types::DateTime;
use jiff::Timestamp;
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

use super::ask::{Asked, Call, Refusal, pages, time};
use super::session::{Session, client};
use crate::money::PLACES;
use crate::table::Frame;
use crate::table::inventory::Metric;
use crate::table::read::texts;
use crate::table::rows::Rows;

mod watched;

use watched::{LOOKED_UP, LookedUp, Value, WATCHED, Watched};

/// The operations.
pub const CALL: Call = Call { service: "cloudwatch", operation: "GetMetricData" };
pub(super) const LIST: Call = Call { service: "cloudwatch", operation: "ListMetrics" };

/// Series of one call, and points of one call (Amazon CloudWatch API reference, GetMetricData).
const MOST_SERIES: usize = 500;
const MOST_POINTS: i64 = 100_800;

/// Price of a thousand series that are asked for (Amazon CloudWatch pricing, us-east-1: $0.01 per 1,000 metrics requested).
const DOLLARS_PER_THOUSAND: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

const SECONDS_PER_DAY: i64 = 86_400;

/// What is to be asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// End, exclusive.
    pub end: Timestamp,
    /// Days before it.
    pub days: i64,
    /// Seconds of a point: CloudWatch keeps 300 for 63 days, 3600 for 455.
    pub seconds: i32,
}

/// One series.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Series {
    /// Resource.
    pub resource: String,
    namespace: &'static str,
    dimensions: Vec<(String, String)>,
    metric: &'static str,
    statistic: &'static str,
}

/// A table, and the name of a metric of its resources.
pub type Wanted = (&'static str, &'static str);

/// All metrics that can be asked for.
#[must_use]
pub fn known() -> BTreeSet<Wanted> {
    let named = |watched: &'static Watched| watched.metrics.iter().map(|(name, _)| (watched.table, *name));
    WATCHED.iter().chain(LOOKED_UP.iter().map(|one| &one.watched)).flat_map(named).collect()
}

/// Whether the resources of a table have metrics that are wanted.
pub(super) fn watches(table: &str, wanted: &BTreeSet<Wanted>) -> bool {
    wanted.iter().any(|(of, _)| *of == table)
}

/// Whether something that is wanted of the resources of a table has to be looked up.
pub(super) fn looks_up(table: &str, wanted: &BTreeSet<Wanted>) -> bool {
    let asked = |watched: &Watched| watched.metrics.iter().any(|(name, _)| wanted.contains(&(watched.table, *name)));
    LOOKED_UP.iter().any(|one| one.watched.table == table && asked(&one.watched))
}

/// Series of the resources of a table, of the metrics that are wanted.
pub(super) fn series(account: &str, table: &str, rows: &Frame, wanted: &BTreeSet<Wanted>) -> Vec<Series> {
    let ids = texts(rows, "ResourceId");
    let mut all = Vec::new();
    for watched in WATCHED.iter().filter(|watched| watched.table == table) {
        let named: Vec<_> =
            watched.metrics.iter().filter(|(name, _)| wanted.contains(&(watched.table, *name))).collect();
        if named.is_empty() {
            continue;
        }
        let kinds = watched.of.map(|(column, kinds)| (texts(rows, column), kinds));
        let columns: Vec<(&str, Vec<Option<String>>)> =
            watched.dimensions.iter().map(|(name, value)| (*name, values(*value, account, &ids, rows))).collect();
        for (row, id) in ids.iter().enumerate() {
            let Some(resource) = id else { continue };
            let fits = |(column, kinds): &(Vec<Option<String>>, &[&str])| {
                column[row].as_deref().is_some_and(|kind| kinds.contains(&kind))
            };
            let dimensions: Option<Vec<(String, String)>> =
                columns.iter().map(|(name, values)| Some(((*name).to_owned(), values[row].clone()?))).collect();
            // A row that does not say what its metrics are named by has none.
            let Some(dimensions) = dimensions.filter(|_| kinds.as_ref().is_none_or(fits)) else { continue };
            for (metric, statistics) in &named {
                all.extend(statistics.iter().map(|statistic| Series {
                    resource: resource.clone(),
                    namespace: watched.namespace,
                    dimensions: dimensions.clone(),
                    metric,
                    statistic,
                }));
            }
        }
    }
    all
}

fn values(value: Value, account: &str, ids: &[Option<String>], rows: &Frame) -> Vec<Option<String>> {
    match value {
        Value::Id => ids.to_vec(),
        Value::IdAfter(start) => {
            let after = |id: &String| id.split_once(start).map(|(_, rest)| rest.to_owned());
            ids.iter().map(|id| id.as_ref().and_then(after)).collect()
        }
        Value::Column(name) => texts(rows, name),
        Value::Account => vec![Some(account.to_owned()); ids.len()],
    }
}

/// Series of the resources of a table that are there only where somebody measures them, as CloudWatch names them.
pub(super) async fn looked_up(
    session: &Session,
    table: &str,
    rows: &Frame,
    wanted: &BTreeSet<Wanted>,
) -> (Vec<Series>, Vec<Refusal>) {
    let (mut all, mut refused) = (Vec::new(), Vec::new());
    for one in LOOKED_UP.iter().filter(|one| one.watched.table == table) {
        let watched = &one.watched;
        let known = by_name(watched, &session.scope.account, rows);
        for (metric, statistics) in watched.metrics.iter().filter(|(name, _)| wanted.contains(&(watched.table, *name)))
        {
            let sent = client!(session, aws_sdk_cloudwatch)
                .list_metrics()
                .namespace(watched.namespace)
                .metric_name(*metric)
                .into_paginator()
                .send();
            pages(LIST, sent, &mut refused, |page| {
                for found in page.metrics.unwrap_or_default() {
                    let pair = |one: &Dimension| Some((one.name()?.to_owned(), one.value()?.to_owned()));
                    let dimensions: Vec<(String, String)> = found.dimensions().iter().filter_map(pair).collect();
                    let Some(resource) = resource_of(one, &dimensions, &known) else { continue };
                    all.extend(statistics.iter().map(|statistic| Series {
                        resource: resource.clone(),
                        namespace: watched.namespace,
                        dimensions: dimensions.clone(),
                        metric,
                        statistic,
                    }));
                }
            })
            .await;
        }
    }
    (all, refused)
}

/// Ids of resources by the value of their first dimension.
fn by_name(watched: &Watched, account: &str, rows: &Frame) -> BTreeMap<String, String> {
    let ids = texts(rows, "ResourceId");
    let names = watched.dimensions.first().map(|(_, value)| values(*value, account, &ids, rows)).unwrap_or_default();
    names.into_iter().zip(ids).filter_map(|(name, id)| name.zip(id)).collect()
}

/// Whose series this is, of those that are known.
fn resource_of(one: &LookedUp, dimensions: &[(String, String)], known: &BTreeMap<String, String>) -> Option<String> {
    let (first, _) = one.watched.dimensions.first()?;
    let (_, value) = dimensions.iter().find(|(name, _)| name == first)?;
    let counts = one.further || dimensions.len() == one.watched.dimensions.len();
    known.get(value).filter(|_| counts).cloned()
}

/// How many series one call may ask for.
pub(super) fn batch(window: &Window) -> usize {
    let points = (window.days * SECONDS_PER_DAY / i64::from(window.seconds.max(1))).max(1);
    usize::try_from(MOST_POINTS / points).unwrap_or(1).clamp(1, MOST_SERIES)
}

/// What asking for so many series costs, in dollars.
#[must_use]
pub fn cost(series: usize) -> Decimal {
    Decimal::from(series) * DOLLARS_PER_THOUSAND / Decimal::ONE_THOUSAND
}

/// Asks for one batch of series.
pub(super) async fn ask(session: &Session, batch: &[Series], window: &Window) -> Asked {
    let queries = batch.iter().enumerate().map(|(at, series)| {
        let dimension = |(name, value): &(String, String)| Dimension::builder().name(name).value(value).build();
        let metric = Named::builder()
            .namespace(series.namespace)
            .metric_name(series.metric)
            .set_dimensions(Some(series.dimensions.iter().map(dimension).collect()))
            .build();
        let stat = MetricStat::builder().metric(metric).period(window.seconds).stat(series.statistic).build();
        MetricDataQuery::builder().id(format!("q{at}")).metric_stat(stat).return_data(true).build()
    });
    let end = window.end.as_second();
    let sent = client!(session, aws_sdk_cloudwatch)
        .get_metric_data()
        .set_metric_data_queries(Some(queries.collect()))
        .start_time(DateTime::from_secs(end - window.days * SECONDS_PER_DAY))
        .end_time(DateTime::from_secs(end))
        .scan_by(ScanBy::TimestampAscending)
        .into_paginator()
        .send();
    let by_id: BTreeMap<String, &Series> =
        batch.iter().enumerate().map(|(at, series)| (format!("q{at}"), series)).collect();
    let (mut rows, mut refused) = (Vec::new(), Vec::new());
    pages(CALL, sent, &mut refused, |page| {
        for found in page.metric_data_results.unwrap_or_default() {
            let Some(series) = found.id().and_then(|id| by_id.get(id)) else { continue };
            for (moment, value) in found.timestamps().iter().zip(found.values()) {
                rows.push(Metric {
                    account: session.scope.account.clone(),
                    region: session.scope.region.clone(),
                    id: series.resource.clone(),
                    metric: Some(series.metric.to_owned()),
                    statistic: Some(series.statistic.to_owned()),
                    start: time(Some(moment)),
                    seconds: Some(i64::from(window.seconds)),
                    value: Decimal::from_f64(*value).map(|value| value.round_dp(PLACES)),
                });
            }
        }
    })
    .await;
    Asked { rows: Rows::of(rows), refused }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::inventory::{Function, LoadBalancer, NatGateway};

    #[test]
    fn a_call_asks_for_no_more_than_it_may() {
        let window = |days, seconds| Window { end: "2026-10-01T00:00:00Z".parse().unwrap(), days, seconds };
        // 14 days of five minutes are 4,032 points: 25 series. By the hour 336: 300. A day by the hour: 500 series.
        assert_eq!([window(14, 300), window(14, 3600), window(1, 3600)].map(|w| batch(&w)), [25, 300, 500]);
        assert_eq!(batch(&window(93, 60)), 1);
    }

    #[test]
    fn series_are_named_as_the_service_names_them() {
        let gateway = |id: &str| NatGateway { id: id.into(), ..NatGateway::default() };
        let gateways = Rows::of(vec![gateway("nat-1"), gateway("nat-2")]).frame().unwrap();
        let of = |table, rows: &Frame, wanted: &BTreeSet<Wanted>| series("111122223333", table, rows, wanted);
        let all = of("nat_gateways", &gateways, &known());
        assert_eq!(all.len(), 6);
        assert_eq!(all[0].dimensions, [("NatGatewayId".to_owned(), "nat-1".to_owned())]);
        assert!(of("ec2_addresses", &gateways, &known()).is_empty());
        // What no rule asks is not asked for.
        let few = [("nat_gateways", "ActiveConnectionCount")].into();
        assert_eq!(of("nat_gateways", &gateways, &few).len(), 2);
        assert_eq!(cost(1500).normalize().to_string(), "0.015");
        // Balancers of each kind have their own; one that does not say its kind has none.
        let balancer = |id: &str, kind: Option<&str>| LoadBalancer {
            id: format!("arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/{id}"),
            balancer: Some(id.into()),
            balancer_type: kind.map(str::to_owned),
            ..LoadBalancer::default()
        };
        let kinds = [("app/shop/1", Some("application")), ("old", Some("classic")), ("x", None)];
        let balancers = Rows::of(kinds.map(|(id, kind)| balancer(id, kind)).into()).frame().unwrap();
        let named = of("load_balancers", &balancers, &[("load_balancers", "RequestCount")].into());
        let named: Vec<_> = named.iter().map(|one| (one.namespace, one.dimensions[0].1.as_str())).collect();
        assert_eq!(named, [("AWS/ApplicationELB", "app/shop/1"), ("AWS/ELB", "old")]);
    }

    #[test]
    fn what_is_looked_up_is_taken_of_what_is_known_and_once() {
        let of = |table: &str| LOOKED_UP.iter().find(|one| one.watched.table == table).unwrap();
        let named = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let arn = "arn:aws:lambda:eu-west-1:111122223333:function:orders";
        let rows = vec![Function { id: arn.into(), function: Some("orders".into()), ..Function::default() }];
        let known = by_name(&of("lambda_functions").watched, "111122223333", &Rows::of(rows).frame().unwrap());
        let function = |pairs: &[(&str, &str)]| resource_of(of("lambda_functions"), &named(pairs), &known);
        assert_eq!(function(&[("function_name", "orders")]).as_deref(), Some(arn));
        assert_eq!(function(&[("function_name", "orders"), ("version", "7")]), None);
        assert_eq!(function(&[("function_name", "another")]), None);
        let known = BTreeMap::from([("i-1".to_owned(), "i-1".to_owned())]);
        let further = named(&[("ImageId", "ami-1"), ("InstanceId", "i-1")]);
        assert_eq!(resource_of(of("ec2_instances"), &further, &known).as_deref(), Some("i-1"));
        // Only where it is wanted.
        let wanted = [("lambda_functions", "used_memory_max")].into();
        assert!(looks_up("lambda_functions", &wanted) && !looks_up("ec2_instances", &wanted));
    }
}
