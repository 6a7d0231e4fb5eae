//! Metrics of what was found, by CloudWatch's GetMetricData, in as few and as cheap calls as it allows.
//!
//! Knows: which metrics each table's resources have, how many series and points one call may ask for, what it costs. Does not
//! know: which are low. What CloudWatch has no point for stays missing.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatch::types::{Dimension, Metric as Named, MetricDataQuery, MetricStat, ScanBy};
use aws_smithy_types::DateTime;
use jiff::Timestamp;
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

use super::ask::{Asked, Call, pages, time};
use super::session::Session;
use crate::money::PLACES;
use crate::table::inventory::Metric;
use crate::table::rows::Rows;

/// The operation.
pub const CALL: Call = Call { service: "cloudwatch", operation: "GetMetricData" };

/// Series of one call, and points of one call (Amazon CloudWatch API reference, GetMetricData).
const MOST_SERIES: usize = 500;
const MOST_POINTS: i64 = 100_800;

/// Price of a thousand series that are asked for (Amazon CloudWatch pricing, us-east-1: $0.01 per 1,000 metrics requested).
const DOLLARS_PER_THOUSAND: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

const SECONDS_PER_DAY: i64 = 86_400;

/// Metrics of the resources of a table.
struct Watched {
    table: &'static str,
    namespace: &'static str,
    dimension: &'static str,
    metrics: &'static [(&'static str, &'static [&'static str])],
}

/// The services' own metrics (their user guides, "Monitoring … with CloudWatch").
const WATCHED: &[Watched] = &[
    Watched {
        table: "ec2_instances",
        namespace: "AWS/EC2",
        dimension: "InstanceId",
        metrics: &[
            ("CPUUtilization", &["Average", "Maximum"]),
            ("NetworkIn", &["Sum"]),
            ("NetworkOut", &["Sum"]),
            ("CPUCreditBalance", &["Minimum"]),
            ("CPUSurplusCreditsCharged", &["Sum"]),
        ],
    },
    Watched {
        table: "ebs_volumes",
        namespace: "AWS/EBS",
        dimension: "VolumeId",
        metrics: &[
            ("VolumeReadOps", &["Sum"]),
            ("VolumeWriteOps", &["Sum"]),
            ("VolumeReadBytes", &["Sum"]),
            ("VolumeWriteBytes", &["Sum"]),
        ],
    },
    Watched {
        table: "nat_gateways",
        namespace: "AWS/NATGateway",
        dimension: "NatGatewayId",
        metrics: &[
            ("BytesOutToDestination", &["Sum"]),
            ("BytesOutToSource", &["Sum"]),
            ("ActiveConnectionCount", &["Maximum"]),
        ],
    },
];

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
    dimension: &'static str,
    metric: &'static str,
    statistic: &'static str,
}

/// Names of all metrics that can be asked for.
#[must_use]
pub fn names() -> BTreeSet<&'static str> {
    WATCHED.iter().flat_map(|watched| watched.metrics).map(|(name, _)| *name).collect()
}

/// Whether the resources of a table have metrics.
pub(super) fn watches(table: &str) -> bool {
    WATCHED.iter().any(|watched| watched.table == table)
}

/// Series of the resources of a table, of the metrics that are wanted.
pub(super) fn series(table: &str, resources: &[String], wanted: &BTreeSet<String>) -> Vec<Series> {
    let watched = WATCHED.iter().filter(|watched| watched.table == table);
    let mut all = Vec::new();
    for Watched { namespace, dimension, metrics, .. } in watched {
        for resource in resources {
            for (metric, statistics) in metrics.iter().filter(|(metric, _)| wanted.contains(*metric)) {
                all.extend(statistics.iter().map(|statistic| Series {
                    resource: resource.clone(),
                    namespace,
                    dimension,
                    metric,
                    statistic,
                }));
            }
        }
    }
    all
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
        let dimension = Dimension::builder().name(series.dimension).value(&series.resource).build();
        let metric =
            Named::builder().namespace(series.namespace).metric_name(series.metric).dimensions(dimension).build();
        let stat = MetricStat::builder().metric(metric).period(window.seconds).stat(series.statistic).build();
        MetricDataQuery::builder().id(format!("q{at}")).metric_stat(stat).return_data(true).build()
    });
    let end = window.end.as_second();
    let sent = session
        .cloudwatch
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

    #[test]
    fn a_call_asks_for_no_more_than_it_may() {
        let window = |days, seconds| Window { end: "2026-10-01T00:00:00Z".parse().unwrap(), days, seconds };
        // 14 days of five minutes are 4,032 points: 25 series. By the hour 336: 300. A day by the hour: 500 series.
        assert_eq!([window(14, 300), window(14, 3600), window(1, 3600)].map(|w| batch(&w)), [25, 300, 500]);
        assert_eq!(batch(&window(93, 60)), 1);
    }

    #[test]
    fn series_are_asked_for_by_resource_metric_and_statistic() {
        let every: BTreeSet<String> = names().into_iter().map(str::to_owned).collect();
        let of = |table, ids: &[&str], wanted| {
            series(table, &ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>(), wanted)
        };
        let all = of("nat_gateways", &["nat-1", "nat-2"], &every);
        assert_eq!(all.len(), 6);
        assert_eq!(
            (all[0].resource.as_str(), all[0].metric, all[0].statistic),
            ("nat-1", "BytesOutToDestination", "Sum")
        );
        assert!(of("ec2_addresses", &["eipalloc-1"], &every).is_empty());
        // What no rule asks is not asked for.
        let few = ["CPUUtilization".to_owned()].into();
        assert_eq!([of("ec2_instances", &["i-1"], &few).len(), of("nat_gateways", &["nat-1"], &few).len()], [2, 0]);
        assert_eq!(cost(1500).normalize().to_string(), "0.015");
    }
}
