//! Findings that their owners accept, for a stated reason and until a stated date.
//!
//! Knows: which finding is waived and which waiver waives nothing. Does not know: money.

use jiff::civil::Date;

use crate::finding::Finding;
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

/// Sets waived findings aside.
#[must_use]
pub fn apply(findings: Vec<Finding>, waivers: &[Waiver], as_of: AsOf) -> Waived {
    let matches = |w: &Waiver, f: &Finding| w.finding == f.id.as_str() || w.finding == f.rule.as_str();
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
        let out = apply(vec![one, finding("vol-2")], &waivers, as_of);
        assert_eq!((out.kept.len(), out.waived.len(), out.unmatched.len(), out.ended.len()), (1, 1, 1, 0));
        let out = apply(vec![finding("vol-1")], &[waiver("ebs-volume-gp2", "2026-10-31")], as_of);
        assert_eq!((out.kept.len(), out.waived.len(), out.unmatched.len(), out.ended.len()), (1, 0, 0, 1));
    }
}
