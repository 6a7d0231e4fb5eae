//! Whether two sides speak of the same thing.
//!
//! Knows: how ids, plans and targets are written in exports and in findings. Does not know: amounts, verdicts.

use std::collections::{BTreeMap, BTreeSet};

use super::{Ours, Recommendation};

/// Volume types, which tell a change of storage from a change of the machine on one database.
const VOLUMES: [&str; 6] = ["gp2", "gp3", "io1", "io2", "st1", "sc1"];
const SIZES: [&str; 6] = ["nano", "micro", "small", "medium", "large", "metal"];
const YEARS: [&str; 2] = ["-1y", "-3y"];
const PAYMENTS: [&str; 3] = ["-no-upfront", "-partial-upfront", "-all-upfront"];
/// Kinds of reservations; the first is said where the class of an EC2 reservation is not.
const RESERVATIONS: [&str; 3] = ["reserved", "standard", "convertible"];

/// Whether two may be equal: what one side does not say is open.
pub(super) fn meets<T: PartialEq>(one: Option<T>, other: Option<T>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    }
}

/// Whether two ids are one resource's: equal, or one is the end of the other's ARN.
pub(super) fn same_resource(one: &str, other: &str) -> bool {
    let ends = |arn: &str, end: &str| {
        arn.starts_with("arn:") && end.contains([':', '/']) && arn.strip_suffix(end).is_some_and(|a| a.ends_with(':'))
    };
    one == other || ends(one, other) || ends(other, one)
}

/// What all spellings of a resource's id share: its last part.
fn last_part(id: &str) -> &str {
    id.rsplit([':', '/']).next().unwrap_or(id)
}

struct Entry<'a> {
    account: Option<&'a str>,
    region: Option<&'a str>,
    id: &'a str,
    place: usize,
}

/// Resources, found by id, account and region.
pub(super) struct Index<'a>(BTreeMap<&'a str, Vec<Entry<'a>>>);

impl<'a> Index<'a> {
    /// The resources of findings.
    pub(super) fn of_findings(ours: &'a [Ours]) -> Self {
        let named = ours.iter().enumerate().filter_map(|(place, ours)| {
            let (account, region) = (ours.account.as_deref(), ours.region.as_deref());
            Some(Entry { account, region, id: ours.resource.as_deref()?, place })
        });
        Index::new(named)
    }

    /// A set of resources.
    pub(super) fn of_resources(resources: &'a BTreeSet<(Option<String>, String)>) -> Self {
        let named = resources.iter().enumerate().map(|(place, (account, id))| Entry {
            account: account.as_deref(),
            region: None,
            id: id.as_str(),
            place,
        });
        Index::new(named)
    }

    fn new(entries: impl Iterator<Item = Entry<'a>>) -> Self {
        let mut by_name: BTreeMap<&str, Vec<Entry<'_>>> = BTreeMap::new();
        for entry in entries {
            by_name.entry(last_part(entry.id)).or_default().push(entry);
        }
        Index(by_name)
    }

    /// Places of the resource that a recommendation is about.
    pub(super) fn find(&self, theirs: &Recommendation) -> Vec<usize> {
        let Some(id) = theirs.resource.as_deref() else { return Vec::new() };
        let entries = self.0.get(last_part(id)).map(Vec::as_slice).unwrap_or_default();
        let found = entries.iter().filter(|entry| {
            same_resource(entry.id, id)
                && meets(entry.account, theirs.account.as_deref())
                && meets(entry.region, theirs.region.as_deref())
        });
        found.map(|entry| entry.place).collect()
    }
}

/// Whether two recommendations repeat each other: one thing, one action, as far as both say.
pub(super) fn repeats(one: &Recommendation, other: &Recommendation) -> bool {
    let kind = |r: &Recommendation| r.resource_type.as_deref().map(super::plain);
    let same = match (&one.resource, &other.resource) {
        (Some(one), Some(other)) => same_resource(one, other),
        // Purchases have no resource, but a plan.
        (None, None) => match (&one.plan, &other.plan) {
            (Some(one), Some(other)) => same_plan(one, other) && same_terms(one, other),
            _ => false,
        },
        _ => false,
    };
    same && one.action == other.action
        && meets(one.account.as_ref(), other.account.as_ref())
        && meets(one.region.as_ref(), other.region.as_ref())
        && (one.resource.is_none() || meets(kind(one), kind(other)))
}

/// A bucket that all recommendations that may repeat each other share.
pub(super) fn bucket(theirs: &Recommendation) -> (&str, &str) {
    (theirs.resource.as_deref().map(last_part).unwrap_or_default(), theirs.action.word())
}

/// Kind, years, payment and family of a plan's name.
fn plan_parts(plan: &str) -> (String, Option<&'static str>, Option<&'static str>, Option<&str>) {
    let (name, scope) = match plan.split_once(' ') {
        Some((name, scope)) => (name, Some(scope)),
        None => (plan, None),
    };
    let said = |words: &[&'static str]| words.iter().copied().find(|word| name.contains(*word));
    let (years, payment) = (said(&YEARS), said(&PAYMENTS));
    let kind = [years, payment].into_iter().flatten().fold(name.to_owned(), |kind, part| kind.replace(part, ""));
    (kind, years, payment, scope)
}

/// Whether two plans are of one kind and for the same family.
pub(super) fn same_plan(one: &str, other: &str) -> bool {
    let ((one, .., family), (other, .., other_family)) = (plan_parts(one), plan_parts(other));
    let open = |kind: &str, than: &str| kind == RESERVATIONS[0] && RESERVATIONS.contains(&than);
    (one == other || open(&one, &other) || open(&other, &one)) && meets(family, other_family)
}

/// Whether two plans of one kind have the same term and payment.
pub(super) fn same_terms(one: &str, other: &str) -> bool {
    let ((_, years, payment, _), (_, other_years, other_payment, _)) = (plan_parts(one), plan_parts(other));
    meets(years, other_years) && meets(payment, other_payment)
}

/// Instance types and volume types named in a text, in lower case: `m5.large`, `db.r6g.xlarge`, `gp3`.
pub(super) fn shapes(text: &str) -> BTreeSet<String> {
    let text = text.to_lowercase();
    let mut out = BTreeSet::new();
    for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '.') {
        let parts: Vec<&str> = word.split('.').collect();
        // `volumeusage.gp3` is the volume type behind a name.
        out.extend(parts.iter().filter(|part| VOLUMES.contains(part)).map(|part| (*part).to_owned()));
        let size = |part: &&str| SIZES.contains(part) || part.ends_with("xlarge");
        if parts.iter().skip(1).any(size) {
            out.insert(word.to_owned());
        }
    }
    out
}

/// What of a resource a text is about, as far as it says: its storage, or the machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Facet {
    /// Disks.
    Storage,
    /// Processors and memory.
    Machine,
}

/// The facet of the shapes that a text names.
pub(super) fn facet(shapes: &BTreeSet<String>) -> Option<Facet> {
    let volume = |shape: &String| VOLUMES.contains(&shape.as_str());
    match (shapes.iter().any(volume), shapes.is_empty()) {
        (true, _) => Some(Facet::Storage),
        (false, false) => Some(Facet::Machine),
        (false, true) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_end_of_its_arn_and_of_no_other_kind() {
        let arn = "arn:aws:rds:eu-west-1:111122223333:db:orders";
        for (one, other, expected) in [
            ("i-0abc", "i-0abc", true),
            (arn, "db:orders", true),
            ("db:orders", arn, true),
            (arn, "cluster:orders", false),
            (arn, "orders", false),
            (arn, "db:rders", false),
            ("arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/shop", "loadbalancer/shop", true),
        ] {
            assert_eq!(same_resource(one, other), expected, "{one} and {other}");
        }
    }

    #[test]
    fn what_a_plan_does_not_say_is_open() {
        let all = "compute-savings-plan-1y-no-upfront";
        assert!(same_plan(all, "compute-savings-plan") && same_terms(all, "compute-savings-plan"));
        assert!(same_plan(all, "compute-savings-plan-3y-no-upfront"));
        assert!(!same_terms(all, "compute-savings-plan-3y-no-upfront"));
        assert!(!same_terms(all, "compute-savings-plan-1y-all-upfront"));
        assert!(!same_plan(all, "database-savings-plan-1y-no-upfront"));
        assert!(!same_plan("ec2-instance-savings-plan-1y-no-upfront m5", "ec2-instance-savings-plan-1y-no-upfront c5"));
        assert!(same_plan("reserved m5", "convertible-1y-no-upfront m5"));
        assert!(!same_plan("standard m5", "convertible-1y-no-upfront m5"));
    }

    #[test]
    fn shapes_are_found_in_meters_and_in_sentences() {
        for (text, expected) in [
            ("AmazonEC2/BoxUsage:m6i.large/RunInstances:0002", vec!["m6i.large"]),
            ("AmazonEC2/EBS:VolumeUsage.gp3", vec!["gp3"]),
            ("AmazonRDS/RDS:GP3-Storage", vec!["gp3"]),
            ("AmazonRDS/InstanceUsage:db.r6g.xlarge/CreateDBInstance:0014", vec!["db.r6g.xlarge"]),
            ("gp3, 500 GiB", vec!["gp3"]),
            ("512 MB", vec![]),
        ] {
            assert_eq!(shapes(text).into_iter().collect::<Vec<_>>(), expected, "{text}");
        }
    }
}
