//! What could not be judged: by rule and what is missing, each resource counted once, warnings apart from savings.
//!
//! Knows: which rules could save and which only warn, and what each unknown lacks. Does not know: how a rule judges.

use std::collections::{BTreeMap, BTreeSet};

use super::next::Need;
use super::{Amount, Settles, Unknown};
use crate::derive::baseline::Baseline;
use crate::finding::Verdicts;
use crate::id::Target;
use crate::rules::{Rule, Strategy};

/// What could not be judged.
pub(super) struct Unjudged {
    /// Rules that could save first, most money first.
    pub(super) lines: Vec<Unknown>,
    /// Cost per month of what some rule that could save could not judge, each resource once.
    pub(super) cost: Amount,
    /// Cost per month of what only guards could not judge, each resource once.
    pub(super) guard_cost: Amount,
    /// What would judge the most of `cost`.
    pub(super) most: Option<Settles>,
}

/// Of the verdicts of all rules; `need` says what is missing for a rule to judge a target. What other rules judge by what it does
/// ([`Need::Nothing`]) is not unjudged.
pub(super) fn unjudged(
    verdicts: &[Verdicts],
    rules: &[Rule],
    baseline: &Baseline,
    need: impl Fn(&Rule, &Target) -> Need,
) -> Unjudged {
    let cost = |targets: &BTreeSet<&Target>| Amount(targets.iter().map(|target| baseline.cost_of(target)).sum());
    let mut lines = Vec::new();
    let mut saving: BTreeSet<&Target> = BTreeSet::new();
    let mut warning: BTreeSet<&Target> = BTreeSet::new();
    let mut settled: BTreeMap<Need, BTreeSet<&Target>> = BTreeMap::new();
    for of_rule in verdicts {
        let Some(rule) = rules.iter().find(|rule| rule.id == of_rule.rule) else { continue };
        let guard = rule.strategy == Strategy::Guard;
        let mut missing: BTreeMap<Need, BTreeSet<&Target>> = BTreeMap::new();
        for target in &of_rule.unknown {
            missing.entry(need(rule, target)).or_default().insert(target);
        }
        for (need, targets) in missing.into_iter().filter(|(need, _)| *need != Need::Nothing) {
            lines.push(Unknown {
                rule: rule.id.to_string(),
                title: rule.title.clone(),
                guard,
                resources: targets.len(),
                cost: cost(&targets),
                remedy: need.short().to_owned(),
            });
            if guard {
                warning.extend(targets.iter().copied());
            } else {
                saving.extend(targets.iter().copied());
                settled.entry(need).or_default().extend(targets.iter().copied());
            }
        }
    }
    lines.sort_by(|a, b| {
        let dearest = || b.cost.cmp(&a.cost).then_with(|| a.rule.cmp(&b.rule));
        a.guard.cmp(&b.guard).then_with(dearest).then_with(|| a.remedy.cmp(&b.remedy))
    });
    let settles = settled.into_iter().map(|(need, targets)| Settles {
        remedy: need.short().to_owned(),
        resources: targets.len(),
        cost: cost(&targets),
    });
    Unjudged {
        lines,
        cost: cost(&saving),
        guard_cost: cost(&warning.difference(&saving).copied().collect()),
        most: settles.max_by(|a, b| (a.cost, a.resources).cmp(&(b.cost, b.resources))),
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::*;
    use crate::derive::baseline::Line;
    use crate::rules::builtin;

    fn target(id: &str) -> Target {
        Target { account: Some("111122223333".into()), region: Some("eu-west-1".into()), resource: Some(id.into()) }
    }

    fn line(cost: i64) -> Vec<Line> {
        vec![Line {
            meter: None,
            service: None,
            unit: None,
            quantity: None,
            effective: cost.into(),
            list: None,
            covered: Decimal::ZERO,
            committed_until: None,
        }]
    }

    /// i-1 (100), i-2 (50) and vol-1 (20): two rules that could save, one that only warns.
    fn verdicts() -> Vec<Verdicts> {
        let unknown = |rule: &str, ids: &[&str]| Verdicts {
            rule: rule.parse().unwrap(),
            findings: Vec::new(),
            clean: Vec::new(),
            unknown: ids.iter().map(|id| target(id)).collect(),
        };
        vec![
            unknown("ec2-disk-filling", &["i-1", "i-2"]),
            unknown("ec2-instance-idle", &["i-1"]),
            unknown("ec2-instance-oversized", &["i-1"]),
            unknown("ebs-volume-oversized", &["vol-1"]),
        ]
    }

    fn found(need: impl Fn(&Rule, &Target) -> Need) -> Unjudged {
        let costs = [("i-1", 100), ("i-2", 50), ("vol-1", 20)];
        let lines = costs.map(|(id, cost)| (target(id), line(cost))).into();
        let baseline = Baseline { lines, ..Baseline::default() };
        unjudged(&verdicts(), &builtin().unwrap(), &baseline, need)
    }

    fn whole(amount: Amount) -> String {
        amount.0.normalize().to_string()
    }

    #[test]
    fn a_resource_counts_once_and_what_only_a_guard_lacks_counts_apart() {
        let found = found(|_, _| Need::Rest);
        assert_eq!((whole(found.cost), whole(found.guard_cost)), ("120".into(), "50".into()));
        let lines: Vec<_> =
            found.lines.iter().map(|one| (one.rule.as_str(), one.guard, one.resources, whole(one.cost))).collect();
        assert_eq!(
            lines,
            [
                ("ec2-instance-idle", false, 1, "100".to_owned()),
                ("ec2-instance-oversized", false, 1, "100".to_owned()),
                ("ebs-volume-oversized", false, 1, "20".to_owned()),
                ("ec2-disk-filling", true, 2, "150".to_owned()),
            ]
        );
    }

    #[test]
    fn what_would_judge_the_most_is_named_with_its_cost() {
        let need = |rule: &Rule, _: &Target| match rule.id.as_str() {
            "ec2-instance-idle" | "ec2-instance-oversized" => Need::Points,
            _ => Need::Agent,
        };
        let most = found(need).most.unwrap();
        assert_eq!((most.remedy.as_str(), most.resources, whole(most.cost)), (Need::Points.short(), 1, "100".into()));
    }

    #[test]
    fn what_a_rule_lacks_of_different_resources_are_different_lines() {
        let need = |_: &Rule, of: &Target| if *of == target("i-2") { Need::Agent } else { Need::Points };
        let lines = found(need).lines;
        let filling = lines.iter().filter(|one| one.rule == "ec2-disk-filling");
        let remedies: Vec<&str> = filling.map(|one| one.remedy.as_str()).collect();
        assert_eq!(remedies, [Need::Points.short(), Need::Agent.short()]);
    }

    #[test]
    fn what_other_rules_judge_is_not_unjudged() {
        let found = found(|_, _| Need::Nothing);
        assert!(found.lines.is_empty() && found.most.is_none());
        assert_eq!((whole(found.cost), whole(found.guard_cost)), ("0".into(), "0".into()));
    }
}
