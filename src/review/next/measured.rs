//! What was measured of each resource, told from the points that came: what an inventory lacks for a rule.
//!
//! Knows: which metrics have a point, which places were asked, which rules read what is made of metrics. Does not know: how a rule
//! judges.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::{DataFrame, IntoLazy, UniqueKeepStrategy, col};

use super::Need;
use crate::derive::baseline::targets;
use crate::finding::Verdicts;
use crate::id::Target;
use crate::rules::{Rule, Strategy, Tables};
use crate::table;
use crate::table::read::{columns_of, texts};

/// Tables that are made of metrics.
const MADE_OF_METRICS: [&str; 6] = [
    table::RESOURCE_METRICS.name,
    table::UTILIZATION.name,
    table::FITTING_SHAPES.name,
    table::FITTING_PERFORMANCE.name,
    table::CAPACITY_RISKS.name,
    table::GROUP_SCHEDULES.name,
];

/// What CloudWatch's agent measures inside of an instance (`collect::metrics::watched`).
const OF_AGENT: [&str; 4] =
    ["mem_used_percent", "Memory % Committed Bytes In Use", "disk_used_percent", "LogicalDisk % Free Space"];

/// What Lambda Insights measures inside of a function (`collect::metrics::watched`).
const OF_INSIGHTS: &str = "used_memory_max";

/// Account and region.
type Place = (Option<String>, Option<String>);

/// What is known of what was measured.
pub(in crate::review) struct Measured<'a> {
    /// Names of the metrics that have a value, by resource.
    metrics: BTreeMap<Target, BTreeSet<String>>,
    /// What is measured in place of it: the instance of a volume, the service of a task.
    instead: BTreeMap<Target, String>,
    /// Places that an inventory was asked of.
    asked: BTreeSet<Place>,
    /// What rules that read metrics, and could save, have judged.
    judged: BTreeSet<&'a Target>,
}

impl<'a> Measured<'a> {
    /// Of all tables, and of what the rules said.
    pub(in crate::review) fn of(tables: &Tables, rules: &[Rule], verdicts: &'a [Verdicts]) -> Measured<'a> {
        let table = |name: &str| tables.get(name);
        let reads: BTreeSet<&str> = rules
            .iter()
            .filter(|rule| rule.strategy != Strategy::Guard && reads_metrics(rule))
            .map(|rule| rule.id.as_str())
            .collect();
        let mut judged: BTreeSet<&Target> = BTreeSet::new();
        for of_rule in verdicts.iter().filter(|of_rule| reads.contains(of_rule.rule.as_str())) {
            judged.extend(of_rule.clean.iter());
            judged.extend(of_rule.findings.iter().map(|finding| &finding.target));
        }
        Measured {
            metrics: table(table::RESOURCE_METRICS.name).map(metrics).unwrap_or_default(),
            instead: [(&table::EBS_VOLUMES, "InstanceId"), (&table::ECS_TASKS, "ServiceArn")]
                .into_iter()
                .filter_map(|(of, column)| Some(instead(table(of.name)?, column)))
                .flatten()
                .collect(),
            asked: table(table::COLLECTED.name).map(places).unwrap_or_default(),
            judged,
        }
    }

    /// Whether an inventory was asked where it is.
    pub(super) fn asked(&self, target: &Target) -> bool {
        self.asked.contains(&(target.account.clone(), target.region.clone()))
    }

    /// Whether a rule that reads metrics, and could save, has judged it.
    pub(super) fn judged(&self, target: &Target) -> bool {
        self.judged.contains(target)
    }

    /// What a rule that reads an inventory lacks of a target.
    pub(super) fn lacks(&self, rule: &Rule, target: &Target) -> Need {
        let reads = |name: &str| rule.tables.iter().any(|table| table == name);
        // Instances of a group are judged by what the group does.
        if !reads_metrics(rule) || reads(table::AUTO_SCALING_GROUPS.name) {
            return Need::Rest;
        }
        let other = self.instead.get(target).map(|id| Target { resource: Some(id.clone()), ..target.clone() });
        let inside = self.metrics.get(other.as_ref().unwrap_or(target));
        let has = |name: &str| inside.is_some_and(|names| names.contains(name));
        let named: Vec<&str> = OF_AGENT.into_iter().filter(|name| rule.query.contains(name)).collect();
        match () {
            () if !named.is_empty() && !named.iter().any(|name| has(name)) => Need::Agent,
            // A function's memory is seen by Insights alone.
            () if reads(table::LAMBDA_FUNCTIONS.name) && reads(table::UTILIZATION.name) && !has(OF_INSIGHTS) => {
                Need::Insights
            }
            () if inside.is_none() => Need::Points,
            () => Need::Rest,
        }
    }
}

fn reads_metrics(rule: &Rule) -> bool {
    rule.tables.iter().any(|table| MADE_OF_METRICS.contains(&table.as_str()))
}

/// Names with a value, by resource; a table without the columns has none.
fn metrics(resource_metrics: &DataFrame) -> BTreeMap<Target, BTreeSet<String>> {
    let names = ["SubAccountId", "RegionId", "ResourceId", "MetricName"];
    let with_value = resource_metrics.clone().lazy().filter(col("Value").is_not_null());
    let once = with_value.select(names.map(col)).unique(None, UniqueKeepStrategy::Any).collect().unwrap_or_default();
    let mut all: BTreeMap<Target, BTreeSet<String>> = BTreeMap::new();
    for (target, name) in targets(&once).into_iter().zip(texts(&once, "MetricName")) {
        all.entry(target).or_default().extend(name);
    }
    all
}

fn instead(frame: &DataFrame, column: &str) -> BTreeMap<Target, String> {
    targets(frame).into_iter().zip(texts(frame, column)).filter_map(|(one, id)| Some((one, id?))).collect()
}

fn places(collected: &DataFrame) -> BTreeSet<Place> {
    let [accounts, regions] = columns_of(collected, ["SubAccountId", "RegionId"]);
    accounts.into_iter().zip(regions).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::builtin;
    use crate::table::inventory::{Collected, Metric, Volume};
    use crate::table::rows::Rows;

    fn target(id: &str) -> Target {
        Target { account: Some("111122223333".into()), region: Some("eu-west-1".into()), resource: Some(id.into()) }
    }

    fn point(id: &str, metric: &str, value: Option<i64>) -> Metric {
        Metric {
            account: "111122223333".into(),
            region: "eu-west-1".into(),
            id: id.into(),
            metric: Some(metric.into()),
            statistic: Some("Average".into()),
            start: Some("2026-10-01T00:00:00Z".parse().unwrap()),
            seconds: Some(3600),
            value: value.map(Into::into),
        }
    }

    /// i-1 with the agent, i-2 without it and a volume of each; a function with and one without Insights; i-3 with an empty point.
    fn tables() -> Tables {
        let volume = |id: &str, instance: &str| Volume {
            account: "111122223333".into(),
            region: "eu-west-1".into(),
            id: id.into(),
            instance: Some(instance.into()),
            ..Volume::default()
        };
        let points = vec![
            point("i-1", "CPUUtilization", Some(5)),
            point("i-1", "disk_used_percent", Some(40)),
            point("i-2", "CPUUtilization", Some(5)),
            point("i-3", "CPUUtilization", None),
            point("f-1", "Duration", Some(100)),
            point("f-1", "used_memory_max", Some(100)),
            point("f-2", "Duration", Some(100)),
        ];
        let collected = Collected {
            account: "111122223333".into(),
            region: "eu-west-1".into(),
            id: "111122223333".into(),
            table: Some("ec2_instances".into()),
            complete: Some(true),
            missing: None,
            rows: Some(3),
            as_of: Some("2026-11-01T00:00:00Z".parse().unwrap()),
        };
        let frames = [
            Rows::of(points).frame().unwrap(),
            Rows::of(vec![volume("vol-1", "i-1"), volume("vol-2", "i-2")]).frame().unwrap(),
            Rows::of(vec![collected]).frame().unwrap(),
        ];
        [table::RESOURCE_METRICS.name, table::EBS_VOLUMES.name, table::COLLECTED.name]
            .map(str::to_owned)
            .into_iter()
            .zip(frames)
            .collect()
    }

    #[test]
    fn what_is_lacked_is_told_from_the_points_that_came() {
        let rules = builtin().unwrap();
        let (tables, verdicts) = (tables(), Vec::new());
        let measured = Measured::of(&tables, &rules, &verdicts);
        let lacks = |rule: &str, id: &str| {
            let rule = rules.iter().find(|one| one.id.as_str() == rule).unwrap();
            measured.lacks(rule, &target(id))
        };
        for (rule, id, need) in [
            ("ec2-disk-filling", "i-1", Need::Rest),
            ("ec2-disk-filling", "i-2", Need::Agent),
            // The disks of a volume are those of its instance.
            ("ebs-volume-oversized", "vol-1", Need::Rest),
            ("ebs-volume-oversized", "vol-2", Need::Agent),
            ("ec2-instance-oversized", "i-2", Need::Rest),
            // A point without a value is none.
            ("ec2-instance-oversized", "i-3", Need::Points),
            ("lambda-memory-oversized", "f-1", Need::Rest),
            ("lambda-memory-oversized", "f-2", Need::Insights),
            // What a group does is measured of the group.
            ("autoscaling-group-oversized", "i-3", Need::Rest),
        ] {
            assert_eq!(lacks(rule, id), need, "{rule} {id}");
        }
        assert!(measured.asked(&target("i-9")));
        assert!(!measured.asked(&Target { region: Some("us-east-1".into()), ..target("i-9") }));
    }

    #[test]
    fn a_guard_that_judges_leaves_savings_unjudged() {
        let rules = builtin().unwrap();
        let clean = |rule: &str| Verdicts {
            rule: rule.parse().unwrap(),
            findings: Vec::new(),
            clean: vec![target("i-1")],
            unknown: Vec::new(),
        };
        let by = |rule: &str| Measured::of(&Tables::new(), &rules, &[clean(rule)]).judged(&target("i-1"));
        assert!(by("ec2-instance-idle") && !by("ec2-instance-cpu-high"));
    }
}
