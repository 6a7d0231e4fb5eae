//! Findings that their owners accept, for a stated reason and until a stated date.
//!
//! Knows: which finding is waived and which waiver waives nothing. Does not know: money.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::derive::groups::Group;
use crate::finding::Finding;
use crate::id::{RuleId, Target};
use crate::period::AsOf;

/// One accepted finding, or all of a rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Waiver {
    /// Finding id (`ebs-volume-gp2@b6c33779`) or rule id (`ebs-volume-gp2`).
    pub finding: String,
    /// Why it is accepted.
    pub reason: String,
    /// Who accepts it.
    pub owner: String,
    /// Last day on which it holds.
    pub until: Date,
}

/// Findings split by waivers, and what is wrong with the waivers.
#[derive(Clone, Debug, Default)]
pub struct Waived {
    /// To be planned.
    pub kept: Vec<Finding>,
    /// Accepted, each with its waiver.
    pub waived: Vec<(Finding, Waiver)>,
    /// Waivers that match nothing.
    pub unmatched: Vec<Waiver>,
    /// Waivers that match but have ended: their findings are planned.
    pub ended: Vec<Waiver>,
}

/// Sets waived findings aside. A finding that is shown as one with others of its group is waived with all of them.
#[must_use]
pub fn apply(findings: Vec<Finding>, waivers: &[Waiver], groups: &BTreeMap<Target, Group>, as_of: AsOf) -> Waived {
    let rule_and_group = |f: &Finding| Some((f.rule.clone(), groups.get(&f.target)?));
    let together: BTreeMap<String, (RuleId, &Group)> =
        findings.iter().filter_map(|f| Some((f.id.to_string(), rule_and_group(f)?))).collect();
    let matches = |w: &Waiver, f: &Finding| {
        let named = w.finding == f.id.as_str() || w.finding == f.rule.as_str();
        named || together.get(&w.finding).is_some_and(|one| rule_and_group(f).as_ref() == Some(one))
    };
    let mut out = Waived::default();
    for waiver in waivers {
        if !findings.iter().any(|f| matches(waiver, f)) {
            out.unmatched.push(waiver.clone());
        } else if waiver.until < as_of.date() {
            out.ended.push(waiver.clone());
        }
    }
    for finding in findings {
        match waivers.iter().find(|w| matches(w, &finding) && w.until >= as_of.date()) {
            Some(waiver) => out.waived.push((finding, waiver.clone())),
            None => out.kept.push(finding),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{FindingId, RuleId, Target};

    fn finding(resource: &str) -> Finding {
        let rule: RuleId = "ebs-volume-gp2".parse().unwrap();
        let target = Target { account: None, region: None, resource: Some(resource.into()) };
        Finding {
            id: FindingId::new(&rule, &target),
            rule,
            target,
            changes: Vec::new(),
            evidence: Vec::new(),
            message: String::new(),
            level: None,
            risk: None,
        }
    }

    fn waiver(finding: &str, until: &str) -> Waiver {
        Waiver { finding: finding.into(), reason: "r".into(), owner: "o".into(), until: until.parse().unwrap() }
    }

    #[test]
    fn a_waiver_holds_until_its_last_day_and_one_that_matches_nothing_is_said() {
        let as_of: AsOf = "2026-11-01".parse().unwrap();
        let one = finding("vol-1");
        let waivers = [waiver(one.id.as_str(), "2026-11-01"), waiver("ebs-volume-gp3", "2027-01-01")];
        let out = apply(vec![one, finding("vol-2")], &waivers, &BTreeMap::new(), as_of);
        assert_eq!((out.kept.len(), out.waived.len(), out.unmatched.len(), out.ended.len()), (1, 1, 1, 0));
        let out = apply(vec![finding("vol-1")], &[waiver("ebs-volume-gp2", "2026-10-31")], &BTreeMap::new(), as_of);
        assert_eq!((out.kept.len(), out.waived.len(), out.unmatched.len(), out.ended.len()), (1, 0, 0, 1));
    }

    #[test]
    fn a_waiver_of_one_is_a_waiver_of_its_group() {
        let as_of: AsOf = "2026-10-01".parse().unwrap();
        let all = ["i-1", "i-2", "i-3"].map(finding).to_vec();
        let web = Group { kind: "ec2_instances", place: finding("web").target };
        let groups = BTreeMap::from(["i-1", "i-2"].map(|one| (finding(one).target, web.clone())));
        let out = apply(all.clone(), &[waiver(all[0].id.as_str(), "2026-10-31")], &groups, as_of);
        let names = |all: Vec<&Finding>| all.into_iter().filter_map(|f| f.target.resource.clone()).collect::<Vec<_>>();
        assert_eq!(names(out.waived.iter().map(|(f, _)| f).collect()), ["i-1", "i-2"]);
        assert_eq!(names(out.kept.iter().collect()), ["i-3"]);
    }
}
