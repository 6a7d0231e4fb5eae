//! What may not be done: what a risk on the resource forbids, and what the reader does not want.
//!
//! Knows: a guard page's finding vetoes rightsizing, schedules and spot on its resource and on what is changed as
//! one with it, and nothing else; a page that yields to another
//! says nothing of what that one has judged. Does not know: money.

use std::collections::BTreeMap;

use super::{Evidence, Planned, Standing, is_offer};
use crate::derive::groups::Group;
use crate::finding::Verdicts;
use crate::id::Target;
use crate::rules::{Rule, Strategy};

/// Takes findings out of the choice that a risk vetoes or that go beyond the limits.
pub(super) fn keep_out(planned: &mut [Planned], evidence: &Evidence<'_>) {
    let rules: BTreeMap<&str, &Rule> = evidence.rules.iter().map(|rule| (rule.id.as_str(), rule)).collect();
    let strategy = |one: &Planned| rules.get(one.finding.rule.as_str()).map(|rule| rule.strategy);
    let risks = planned.iter().filter(|one| strategy(one) == Some(Strategy::Guard));
    let risks: BTreeMap<Target, String> =
        risks.map(|one| (one.finding.target.clone(), one.finding.id.to_string())).collect();
    // What is changed as one waits as one.
    let of_groups: BTreeMap<&Group, &String> =
        risks.iter().filter_map(|(target, risk)| Some((evidence.groups.get(target)?, risk))).collect();
    let risk_of = |target: &Target| risks.get(target).or_else(|| of_groups.get(evidence.groups.get(target)?).copied());
    let proposed = |one: &&mut Planned| one.standing == Standing::Chosen || is_offer(&one.finding);
    for one in planned.iter_mut().filter(proposed) {
        let Some(rule) = rules.get(one.finding.rule.as_str()) else { continue };
        let less = matches!(rule.strategy, Strategy::Rightsize | Strategy::Schedule | Strategy::Spot);
        if let Some(risk) = risk_of(&one.finding.target).filter(|_| less) {
            let of = if risks.contains_key(&one.finding.target) { "this resource" } else { "another of this group" };
            one.standing = Standing::Vetoed(format!("{risk} is a risk on {of}; settle it first"));
        } else if let Some(other) = judged_by(rule, &one.finding.target, evidence.verdicts) {
            one.standing = Standing::LeftOut(format!("{other} knows more of this resource, and has judged it"));
        } else if let Some(most) = evidence.limits.max_effort.filter(|most| rule.effort > *most) {
            one.standing =
                Standing::LeftOut(format!("its effort is {}, more than {}", rule.effort.word(), most.word()));
        } else if let Some((risk, most)) =
            one.finding.risk.zip(evidence.limits.max_risk).filter(|(risk, most)| risk > most)
        {
            one.standing = Standing::LeftOut(format!("its risk is {risk}, more than {most}"));
        }
    }
}

/// The rule that this one yields to, where it has judged the target.
fn judged_by<'a>(rule: &'a Rule, target: &Target, verdicts: &[Verdicts]) -> Option<&'a str> {
    let other = rule.yields_to.as_deref()?;
    let said = verdicts.iter().find(|verdicts| verdicts.rule.as_str() == other)?;
    let judged = said.clean.contains(target) || said.findings.iter().any(|finding| finding.target == *target);
    judged.then_some(other)
}
