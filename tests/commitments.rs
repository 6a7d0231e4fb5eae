//! Commitments: the simulator's proof on the bill, savings that wait, vetoes, what to buy on what is left.

use rust_decimal::Decimal;
use scale_surgeon::review::{FindingView, Review, Standing};

use crate::common::{FORMATS, demo_dataset, demo_review, surgeon};

fn finding<'r>(review: &'r Review, rule: &str, resource: &str) -> &'r FindingView {
    let is = |f: &&FindingView| f.rule == rule && f.resource.as_deref() == Some(resource);
    review.findings.iter().find(is).unwrap_or_else(|| panic!("{rule} on {resource}"))
}

#[test]
fn the_simulator_comes_to_the_bill_in_every_format() {
    for (name, _) in FORMATS {
        let simulation = demo_review(name).simulation.unwrap();
        assert_eq!((simulation.from.as_str(), simulation.until.as_str()), ("2026-10-01", "2026-10-31"), "{name}");
        let services: Vec<_> = simulation.lines.iter().map(|line| line.service.as_deref()).collect();
        assert_eq!(services, [Some("AmazonEC2"), Some("AmazonRDS"), None], "{name}");
        for line in &simulation.lines {
            assert!(line.billed.0 > Decimal::ONE_HUNDRED, "{name}: {line:?}");
            assert!(line.residual.0.abs() < Decimal::new(1, 6), "{name}: {line:?}");
        }
        assert!(simulation.left_out.is_empty(), "{name}");
    }
}

#[test]
fn usage_that_a_plan_of_its_family_covers_waits_for_its_end() {
    let review = demo_review("cur2");
    let waits = finding(&review, "ec2-instance-quiet-hours", "i-0ac3e000000000142");
    assert_eq!((waits.standing, waits.net.unwrap().0), (Standing::Chosen, Decimal::ZERO));
    // From then on demand: 0.192 an hour × 730 × 98/168 = 81.76, less a cent that it changes of what another plan covers.
    assert_eq!(waits.standing_reason.as_deref(), Some("81.75 more a month from 2027-01-20, when a commitment ends"));
}

#[test]
fn hours_that_a_shared_plan_covers_save_what_it_covers_instead() {
    let review = demo_review("cur2");
    let freed = finding(&review, "ec2-instance-quiet-hours", "i-0ac3e000000000141");
    // Another program, in Python's fractions, comes to 70.033833 for the same week.
    assert_eq!(freed.net.unwrap().0.round_dp(4), Decimal::new(700_338, 4));
    assert!(freed.net.unwrap().0 > freed.effective.unwrap().0, "what is freed pays for dearer usage");
}

#[test]
fn a_risk_vetoes_the_schedule_of_its_resource_and_nothing_else() {
    let review = demo_review("cur2");
    let vetoed: Vec<_> = review.findings.iter().filter(|f| f.standing == Standing::Vetoed).collect();
    assert_eq!(vetoed.len(), 1);
    assert_eq!(vetoed[0].resource.as_deref(), Some("i-0ac3e000000000145"));
    let why = vetoed[0].standing_reason.as_deref().unwrap();
    assert!(why.starts_with("ec2-burstable-surplus-credits@") && why.ends_with("settle it first"), "{why}");
    assert!(review.alerts.iter().any(|alert| alert.finding.starts_with("ec2-burstable-surplus-credits@")));
}

#[test]
fn commitments_are_sized_on_what_the_plan_leaves() {
    let review = demo_review("cur2");
    let outlook = review.outlook.clone().unwrap();
    let bought: Vec<&FindingView> = review.findings.iter().filter(|f| f.purchase.is_some()).collect();
    assert!(!bought.is_empty());
    for one in &bought {
        let purchase = one.purchase.as_ref().unwrap();
        let items: Decimal = purchase.items.iter().map(|item| item.hourly.0).sum();
        assert_eq!(purchase.hourly.0, items);
        // The curve goes through the advice, and nothing on it is better.
        let advised = purchase.frontier.iter().find(|(hourly, _)| hourly.0 == items).unwrap();
        assert_eq!(advised.1.0, one.net.unwrap().0.round_dp(2), "{}", one.id);
        for item in &purchase.items {
            assert!(item.utilization.unwrap().0 >= item.break_even.0, "{}: {item:?}", one.id);
        }
    }
    assert!(outlook.over_commit.0 > Decimal::ZERO, "before the schedules more would be bought");
    assert!(outlook.planned.coverage.unwrap().0 > outlook.today.coverage.unwrap().0);
}

#[test]
fn the_plan_adds_up_to_its_findings_now_and_later() {
    for (name, _) in FORMATS {
        let review = demo_review(name);
        let chosen: Vec<_> = review.findings.iter().filter(|f| f.standing == Standing::Chosen).collect();
        let net: Decimal = chosen.iter().map(|f| f.net.unwrap().0).sum();
        assert_eq!(net, review.plan.net.0, "{name}");
        let alone: Decimal = chosen.iter().map(|f| f.effective.unwrap().0).sum();
        assert_eq!(alone, review.plan.gross.0, "{name}");
        assert_eq!(review.plan.gross.0 - review.plan.overlap.0 - review.plan.committed.0, net, "{name}");
        let stages: Decimal = review.plan.order.iter().map(|stage| stage.net.0).sum();
        assert_eq!((stages, review.plan.order.last().unwrap().so_far.0), (net, net), "{name}");
        let strategies: Decimal = review.plan.by_strategy.iter().map(|line| line.net.0).sum();
        assert_eq!(strategies, net, "{name}");
    }
}

#[test]
fn what_asks_for_more_effort_than_wanted_is_left_out_and_said() {
    let dataset = demo_dataset();
    let (code, out, _) = surgeon(&["review", &dataset, "--max-effort", "low", "-f", "json"]);
    let review: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, 0);
    let left: Vec<&serde_json::Value> =
        review["findings"].as_array().unwrap().iter().filter(|f| f["standing"] == "left-out").collect();
    assert!(!left.is_empty());
    for one in left {
        assert!(one["standing_reason"].as_str().unwrap().ends_with("more than low"), "{one}");
        assert!(one["net"].is_null(), "in no total");
    }
    let chosen = review["findings"].as_array().unwrap().iter().filter(|f| f["standing"] == "chosen");
    assert!(chosen.into_iter().all(|f| ["very-low", "low"].contains(&f["effort"].as_str().unwrap())));
    for (limit, says) in [("--max-effort", "is none of very-low, low"), ("--max-risk", "is no probability")] {
        let (code, _, err) = surgeon(&["review", &dataset, limit, "much"]);
        assert!(code == 2 && err.contains(says), "{err}");
    }
}

#[test]
fn what_may_come_is_told_and_can_be_asked_for() {
    let review = demo_review("cur2");
    let outlook = review.outlook.unwrap();
    let futures = outlook.futures.unwrap();
    assert!(futures.low.0 < futures.mean.0 && futures.loss.0 < Decimal::ONE, "{futures:?}");
    let (dataset, level) = (demo_dataset(), |mode: &str| -> f64 {
        let (code, out, err) =
            surgeon(&["review", &demo_dataset(), "--only", "commitments", "--commitment-risk", mode, "-f", "json"]);
        assert_eq!(code, 0, "{err}");
        let review: serde_json::Value = serde_json::from_str(&out).unwrap();
        let bought = review["findings"].as_array().unwrap().iter().filter_map(|f| f["purchase"]["hourly"].as_str());
        bought.map(|hourly| hourly.parse::<f64>().unwrap()).sum()
    });
    let [expected, no_regret] = ["expected", "no-regret"].map(level);
    assert!(no_regret <= expected && expected > 0.0, "{no_regret} and {expected}");
    let (code, _, err) = surgeon(&["review", &dataset, "--commitment-risk", "none"]);
    assert!(code == 2 && err.contains("expected, no-regret, worst-case"), "{err}");
}
