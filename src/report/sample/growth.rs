//! Growth for the tests of the report.

use super::amount;
use crate::review::{Filling, GrowthLine, GrowthView, HoldingView, NotJudged};

/// Three times the load: an instance that breaks and what holds it, a group for which nothing is named, a disk that fills.
pub(super) fn growth() -> GrowthView {
    let instance = GrowthLine {
        account: Some("111122223333".into()),
        region: Some("eu-central-1".into()),
        resource: Some("i-0fedcba9876543210".into()),
        shape: "m6i.2xlarge".into(),
        instances: None,
        most_instances: None,
        first: "processor".into(),
        breaks_at: amount("1.4"),
        breaks: true,
        when: "2027-03-01 (2027-01-10 to 2027-06-20)".into(),
        date: Some("2027-03-01".into()),
        earliest: Some("2027-01-10".into()),
        latest: Some("2027-06-20".into()),
        growth_per_day: Some(amount("0.0031")),
        holding: Some(HoldingView {
            shape: "m6i.8xlarge".into(),
            instances: None,
            cost: amount("840.96"),
            risk: Some(amount("0.064")),
        }),
        not_held: None,
        note: Some("memory is not judged: no less than today".into()),
    };
    let group = GrowthLine {
        resource: Some("web".into()),
        instances: Some(4),
        most_instances: Some(8),
        first: "largest number of instances".into(),
        breaks_at: amount("2"),
        when: "no growth measured that gets there in 140 days".into(),
        date: None,
        earliest: None,
        latest: None,
        growth_per_day: None,
        holding: None,
        not_held: Some("what it costs today is not known".into()),
        note: None,
        ..instance.clone()
    };
    let holds = GrowthLine {
        resource: Some("i-1".into()),
        breaks_at: amount("7"),
        breaks: false,
        holding: None,
        ..instance.clone()
    };
    GrowthView {
        times: amount("3"),
        risk: amount("0.1"),
        judged: 3,
        breaks: 2,
        not_held: 1,
        cost: amount("840.96"),
        resources: vec![instance, group, holds],
        filling: vec![Filling {
            account: Some("111122223333".into()),
            region: Some("eu-central-1".into()),
            resource: Some("orders".into()),
            metric: "FreeStorageSpace".into(),
            used: amount("0.69"),
            days: amount("26"),
            days_between: Some((amount("24.5"), amount("28"))),
            days_then: amount("8.666667"),
            days_then_between: Some((amount("8.166667"), amount("9.333333"))),
        }],
        not_judged: vec![NotJudged {
            resources: 2,
            why: "nothing was measured, or the kind has no sizes here".into(),
            remedy: "collect with cloudwatch:GetMetricData, and look at these by hand".into(),
        }],
    }
}
