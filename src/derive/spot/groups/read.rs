//! What the tables say of Auto Scaling groups and their instances.
//!
//! Knows: columns, and which tags and names tell who owns a group. Does not know: what follows for spot capacity.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::DataFrame;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::derive::baseline::targets;
use crate::derive::spot::fitness::Owner;
use crate::id::Target;
use crate::table::read::{columns_of, integers, numbers, texts};

/// On-demand hours. Spot and dedicated ones have other meters.
const HOURS: &str = "AmazonEC2/BoxUsage:";
/// Usage type of what is sold through the marketplace by the hour of an instance.
const SOFTWARE: &str = "SoftwareUsage";
/// Without these a group does not replace an instance that ended (EC2 Auto Scaling User Guide, Suspend and resume processes).
const REPLACING: [&str; 3] = ["Launch", "HealthCheck", "ReplaceUnhealthy"];

/// A group that Auto Scaling keeps.
pub(super) struct Group {
    pub(super) target: Target,
    pub(super) name: String,
    pub(super) label: Option<String>,
    pub(super) zones: Option<usize>,
    pub(super) target_groups: Option<i64>,
    pub(super) on_demand_percent: Option<i64>,
    suspended: String,
    /// Instances that run.
    pub(super) members: Vec<Member>,
}

/// An instance of a group.
pub(super) struct Member {
    pub(super) target: Target,
    pub(super) kind: Option<String>,
    pub(super) spot: bool,
    pub(super) architecture: Option<String>,
    pub(super) tenancy: Option<String>,
    pub(super) platform: Option<String>,
    pub(super) name: Option<String>,
}

/// Instances that run, by account, region and name of their group; of those outside of groups the name is empty.
pub(super) type Members = BTreeMap<(Option<String>, Option<String>, String), Vec<Member>>;

/// The instances of `ec2_instances` that run.
pub(super) fn members(ec2_instances: &DataFrame) -> Members {
    let names = ["InstanceType", "State", "Lifecycle", "Architecture", "Tenancy", "PlatformDetails"];
    let [kinds, states, lifecycles, architectures, tenancies, platforms] = columns_of(ec2_instances, names);
    let [groups, labels] = columns_of(ec2_instances, ["AutoScalingGroupName", "Name"]);
    let mut members = Members::new();
    for (row, target) in targets(ec2_instances).into_iter().enumerate() {
        let of = |column: &[Option<String>]| column.get(row).cloned().flatten();
        if of(&states).is_some_and(|state| state != "running" && state != "pending") {
            continue;
        }
        let key = (target.account.clone(), target.region.clone(), of(&groups).unwrap_or_default());
        let member = Member {
            target,
            kind: of(&kinds),
            spot: of(&lifecycles).is_some(),
            architecture: of(&architectures),
            tenancy: of(&tenancies),
            platform: of(&platforms),
            name: of(&labels),
        };
        members.entry(key).or_default().push(member);
    }
    members
}

/// The groups of `auto_scaling_groups` that run on-demand instances; their members leave `members`.
pub(super) fn groups(auto_scaling_groups: &DataFrame, members: &mut Members) -> Vec<Group> {
    let [names, suspended, labels] =
        columns_of(auto_scaling_groups, ["AutoScalingGroupName", "SuspendedProcesses", "Name"]);
    let [zones, fills, percents] =
        ["Zones", "TargetGroups", "OnDemandPercentageAboveBase"].map(|name| integers(auto_scaling_groups, name));
    let mut groups = Vec::new();
    for (row, target) in targets(auto_scaling_groups).into_iter().enumerate() {
        let of = |column: &[Option<String>]| column.get(row).cloned().flatten();
        let whole = |column: &[Option<i64>]| column.get(row).copied().flatten();
        let Some(name) = of(&names) else { continue };
        let key = (target.account.clone(), target.region.clone(), name.clone());
        let Some(members) = members.remove(&key).filter(|all| all.iter().any(|member| !member.spot)) else { continue };
        groups.push(Group {
            target,
            name,
            label: of(&labels),
            zones: whole(&zones).and_then(|zones| usize::try_from(zones).ok()),
            target_groups: whole(&fills),
            on_demand_percent: whole(&percents),
            suspended: of(&suspended).unwrap_or_default(),
            members,
        });
    }
    groups
}

impl Group {
    /// Its members on demand.
    pub(super) fn on_demand(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| !member.spot)
    }

    /// Who starts and replaces its instances, by names and tags that services set: EKS names its groups `eks-…` and tags
    /// nodes `eks:nodegroup-name`, other Kubernetes `kubernetes.io/cluster/…`; Batch names them `AWSBatch…` and tags
    /// `AWSBatchServiceTag`; ECS tags `AmazonECSManaged`. A group that may not launch replaces nothing.
    pub(super) fn owner(&self, tags: &[(String, String)]) -> Owner {
        let tagged = |word: &str| tags.iter().any(|(key, _)| letters(key).contains(word));
        let named = |start: &str| self.name.starts_with(start);
        if self.suspended.split(' ').any(|process| REPLACING.contains(&process)) {
            Owner::Alone
        } else if named("AWSBatch") || named("aws-batch-") || tagged("awsbatchservicetag") {
            Owner::Batch
        } else if named("eks-") || tagged("eksnodegroupname") || tagged("kubernetesiocluster") {
            Owner::Eks
        } else if tagged("amazonecsmanaged") {
            Owner::Ecs
        } else {
            Owner::Group
        }
    }
}

/// The letters and digits of a key: exports write `aws:autoscaling:groupName` in several ways.
fn letters(key: &str) -> String {
    key.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Tags of instances, and of which group they are by their tags.
pub(super) struct Tags {
    of: BTreeMap<Target, Vec<(String, String)>>,
    groups: Option<BTreeMap<Target, String>>,
}

/// The tags of `resource_tags`.
pub(super) fn tags(resource_tags: Option<&DataFrame>) -> Tags {
    let mut read = Tags { of: BTreeMap::new(), groups: None };
    let Some(frame) = resource_tags else { return read };
    let all = targets(frame);
    let machine = |target: &Target| target.resource.as_ref().is_some_and(|id| id.starts_with("i-"));
    let names = frame.columns().iter().filter_map(|column| column.name().strip_prefix("Tag_").map(str::to_owned));
    for key in names.collect::<Vec<String>>() {
        let values = texts(frame, &format!("Tag_{key}"));
        let set = all.iter().zip(&values).filter_map(|(target, value)| Some((target, value.as_ref()?)));
        let set: Vec<(&Target, &String)> = set.filter(|(target, _)| machine(target)).collect();
        if letters(&key).ends_with("autoscalinggroupname") {
            let groups = set.iter().map(|(target, value)| ((*target).clone(), (*value).clone()));
            read.groups = Some(groups.collect());
        }
        for (target, value) in set {
            read.of.entry(target.clone()).or_default().push((key.clone(), value.clone()));
        }
    }
    read
}

impl Tags {
    /// The tags of a group's instances, each once.
    pub(super) fn of(&self, group: &Group) -> Vec<(String, String)> {
        let all = group.members.iter().filter_map(|member| self.of.get(&member.target)).flatten();
        all.cloned().collect::<BTreeSet<(String, String)>>().into_iter().collect()
    }

    /// The name of the group of an instance that the bill shows; `None`: the bill has no such tags at all.
    pub(super) fn group_of(&self, instance: &Target) -> Option<Option<&String>> {
        self.groups.as_ref().map(|groups| groups.get(instance))
    }
}

/// Whether the volumes of each instance all go with it.
pub(super) fn volumes(ebs_volumes: &DataFrame) -> BTreeMap<Target, Option<bool>> {
    let [instances, ends] = columns_of(ebs_volumes, ["InstanceId", "DeleteOnTermination"]);
    let mut volumes: BTreeMap<Target, Option<bool>> = BTreeMap::new();
    for ((volume, instance), ends) in targets(ebs_volumes).into_iter().zip(instances).zip(ends) {
        let Some(instance) = instance else { continue };
        let ends = ends.map(|ends| ends == "true");
        let so_far = volumes.entry(Target { resource: Some(instance), ..volume }).or_insert(Some(true));
        *so_far = match (*so_far, ends) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        };
    }
    volumes
}

/// What the bill says of an instance a month.
#[derive(Clone, Default)]
pub(super) struct Paid {
    /// Effective cost of its hours on demand, the part that commitments pay, and the list price of all.
    effective: f64,
    covered: Option<f64>,
    list: Option<f64>,
    pub(super) software: bool,
}

/// The instances of `resource_monthly_costs` that run on demand.
pub(super) fn paid(costs: &DataFrame) -> BTreeMap<Target, Paid> {
    let [meters, gone] = columns_of(costs, ["Meter", "Gone"]);
    let money = |name: &str| -> Vec<Option<f64>> {
        let float = |number: Option<Decimal>| number.and_then(|number| number.to_f64());
        numbers(costs, name).into_iter().map(float).collect()
    };
    let [effective, covered, list] = ["EffectiveRunRate", "CoveredRunRate", "ListRunRate"].map(money);
    let mut paid: BTreeMap<Target, Paid> = BTreeMap::new();
    let mut software: BTreeSet<Target> = BTreeSet::new();
    for (row, target) in targets(costs).into_iter().enumerate() {
        let of = |column: &[Option<f64>]| column.get(row).copied().flatten();
        let Some(meter) = meters.get(row).and_then(Option::as_ref) else { continue };
        let ended = gone.get(row).and_then(Option::as_deref) == Some("true");
        if meter.contains(SOFTWARE) {
            software.insert(target);
        } else if let Some(effective) = of(&effective).filter(|_| meter.starts_with(HOURS) && !ended) {
            let none = Paid { covered: Some(0.0), list: Some(0.0), ..Paid::default() };
            let sum = paid.entry(target).or_insert(none);
            sum.effective += effective;
            sum.covered = sum.covered.zip(of(&covered)).map(|(sum, more)| sum + more);
            sum.list = sum.list.zip(of(&list)).map(|(sum, more)| sum + more);
        }
    }
    for target in software {
        paid.entry(target).or_default().software = true;
    }
    paid
}

/// The share of hours that commitments pay for: what is left to pay on demand, of the list price of all hours, is the other
/// part. Where the bill has no list prices, the covered share of the cost, which is lower, since covered hours cost less.
/// `None`: the bill does not show the instances.
pub(super) fn covered_share<'a>(members: impl Iterator<Item = &'a Paid>) -> Option<f64> {
    let sum = members.fold(Paid { covered: Some(0.0), list: Some(0.0), ..Paid::default() }, |sum, one| Paid {
        effective: sum.effective + one.effective,
        covered: sum.covered.zip(one.covered).map(|(sum, more)| sum + more),
        list: sum.list.zip(one.list).map(|(sum, more)| sum + more),
        software: false,
    });
    let covered = sum.covered.filter(|_| sum.effective > 0.0)?;
    if covered <= 0.0 {
        return Some(0.0);
    }
    let share = match sum.list.filter(|list| *list > 0.0) {
        Some(list) => 1.0 - (sum.effective - covered) / list,
        None => covered / sum.effective,
    };
    Some(share.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paid(effective: f64, covered: f64, list: Option<f64>) -> Paid {
        Paid { effective, covered: Some(covered), list, software: false }
    }

    #[test]
    fn the_covered_share_is_of_hours_and_not_of_dollars() {
        // Two of four hours covered at 0.06 instead of 0.10: 0.32 paid, 0.12 of it by commitments, 0.40 at list price.
        let close = |found: Option<f64>, expected: f64| (found.unwrap() - expected).abs() < 1e-12;
        assert!(close(covered_share([paid(0.32, 0.12, Some(0.40))].iter()), 0.5));
        assert!(close(covered_share([paid(0.32, 0.12, None)].iter()), 0.375));
        // One of two instances, all of its hours.
        assert!(close(covered_share([paid(0.06, 0.06, Some(0.1)), paid(0.1, 0.0, Some(0.1))].iter()), 0.5));
        // A discount is no commitment.
        assert_eq!(covered_share([paid(0.36, 0.0, Some(0.40))].iter()), Some(0.0));
        assert_eq!(covered_share([].iter()), None);
        assert_eq!(covered_share([Paid { covered: None, ..paid(1.0, 0.0, None) }].iter()), None);
    }

    #[test]
    fn keys_of_tags_are_known_however_an_export_writes_them() {
        for key in ["aws:autoscaling:groupName", "aws_autoscaling_group_name", "aws:autoscaling:group_name"] {
            assert!(letters(key).ends_with("autoscalinggroupname"), "{key}");
        }
    }
}
