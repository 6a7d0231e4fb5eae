//! Every verdict and reason, on the smallest pair that shows it.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::{Action, Basis, Comparison, Origin, Ours, Reason, Recommendation, Verdict, compare};
use crate::money::parse_decimal;

const ACCOUNT: &str = "111122223333";

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn number(text: &str) -> Option<Decimal> {
    Some(parse_decimal(text).unwrap())
}

/// The Hub proposes to make an m5.xlarge an m5.large, saving 70 a month.
fn theirs() -> Recommendation {
    Recommendation {
        origin: Origin::CostOptimizationHub,
        file: "hub.csv".into(),
        place: "row 2".into(),
        account: text(ACCOUNT),
        region: text("eu-west-1"),
        resource: text("i-0abc"),
        resource_type: text("Ec2Instance"),
        action: Action::Rightsize,
        current: text("m5.xlarge"),
        proposed: text("m5.large"),
        plan: None,
        commitment: None,
        savings: number("70"),
        basis: Basis::AfterDiscounts,
        currency: text("USD"),
        cost: number("140"),
        effort: text("medium"),
        restart_needed: Some(true),
        rollback_possible: Some(true),
        lookback_days: Some(14),
        date: text("2026-10-30"),
    }
}

/// We say the same.
fn ours() -> Ours {
    Ours {
        id: "ec2-instance-oversized@00000001".into(),
        rule: "ec2-instance-oversized".into(),
        strategy: "rightsize".into(),
        action: "rightsize".into(),
        account: text(ACCOUNT),
        region: text("eu-west-1"),
        resource: text("i-0abc"),
        new_meter: text("AmazonEC2/BoxUsage:m5.large"),
        plan: None,
        commitment: None,
        savings: number("70.08"),
        net: number("70.08"),
        currency: text("USD"),
        standing: "chosen".into(),
        standing_reason: None,
    }
}

/// The Hub proposes 3.20 an hour of Compute Savings Plans.
fn their_plan() -> Recommendation {
    Recommendation {
        resource: None,
        region: None,
        resource_type: text("ComputeSavingsPlans"),
        action: Action::PurchaseSavingsPlans,
        current: None,
        proposed: None,
        plan: text("compute-savings-plan-1y-no-upfront"),
        commitment: number("3.2"),
        savings: number("840"),
        lookback_days: Some(60),
        ..theirs()
    }
}

fn our_plan(plan: &str, commitment: &str) -> Ours {
    Ours {
        rule: "commitments-buy".into(),
        action: "purchase-savings-plans".into(),
        region: None,
        resource: None,
        new_meter: None,
        plan: text(plan),
        commitment: number(commitment),
        savings: number("800"),
        net: number("800"),
        ..ours()
    }
}

fn nothing() -> BTreeSet<(Option<String>, String)> {
    BTreeSet::new()
}

fn compared(theirs: &[Recommendation], ours: &[Ours]) -> Vec<Comparison> {
    compare(theirs, ours, &nothing(), &nothing())
}

/// The verdict on one pair, and its sentence.
fn pair(theirs: Recommendation, ours: Ours) -> (Verdict, String) {
    let mut all = compared(&[theirs], &[ours]);
    assert_eq!(all.len(), 1, "{all:?}");
    let one = all.remove(0);
    (one.verdict, one.reason)
}

#[test]
fn the_same_change_within_a_tenth_or_a_dollar_agrees() {
    assert_eq!(pair(theirs(), ours()).0, Verdict::Agree);
    for (they, we, expected) in [
        ("100", "91", Verdict::Agree),
        ("100", "89", Verdict::Disagree(Reason::AnotherAmount)),
        ("0.10", "1.00", Verdict::Agree),
        ("0.10", "1.20", Verdict::Disagree(Reason::AnotherAmount)),
    ] {
        let theirs = Recommendation { savings: number(they), ..theirs() };
        let (verdict, reason) = pair(theirs, Ours { savings: number(we), net: number(we), ..ours() });
        assert_eq!(verdict, expected, "{they} and {we}: {reason}");
    }
}

#[test]
fn a_saving_that_is_not_stated_is_not_zero() {
    let (verdict, reason) = pair(Recommendation { savings: None, ..theirs() }, ours());
    assert_eq!(verdict, Verdict::Agree);
    assert_eq!(reason, "The same change; they state no saving, we 70.08.");
}

#[test]
fn two_currencies_are_not_compared() {
    let (verdict, reason) = pair(Recommendation { currency: text("EUR"), savings: number("9"), ..theirs() }, ours());
    assert_eq!(verdict, Verdict::Agree);
    assert!(reason.contains("two currencies"), "{reason}");
}

#[test]
fn another_size_is_another_target() {
    let (verdict, reason) = pair(theirs(), Ours { new_meter: text("AmazonEC2/BoxUsage:m6i.xlarge"), ..ours() });
    assert_eq!(verdict, Verdict::Disagree(Reason::AnotherTarget));
    assert!(reason.contains("m5.large") && reason.contains("m6i.xlarge"), "{reason}");
}

#[test]
fn on_demand_prices_are_named_where_the_export_names_them() {
    let theirs = Recommendation { savings: number("140"), basis: Basis::BeforeDiscounts, ..theirs() };
    let (verdict, reason) = pair(theirs, ours());
    assert_eq!(verdict, Verdict::Disagree(Reason::AnotherAmount));
    assert_eq!(
        reason,
        "The same change at another amount: they save 140.00 USD a month at on-demand prices, before discounts, we 70.08; ours is at the prices that the bill pays."
    );
}

#[test]
fn a_commitment_that_holds_the_saving_is_a_reason() {
    let held = "70.08 of it stays charged until 2027-03-01, when its commitment ends";
    let ours = Ours { net: number("0"), standing_reason: text(held), ..ours() };
    let (verdict, reason) = pair(theirs(), ours.clone());
    assert_eq!(verdict, Verdict::Disagree(Reason::Held));
    assert!(reason.contains("of which 0.00 USD now") && reason.contains("2027-03-01"), "{reason}");
    // When they count it too, both say the same.
    assert_eq!(pair(Recommendation { savings: number("0.4"), ..theirs() }, ours).0, Verdict::Agree);
}

#[test]
fn how_ours_stands_is_a_reason() {
    for (standing, why, expected) in [
        ("waived", Some("kept for an audit (ann, until 2027-01-01)"), Reason::Waived),
        ("outdone", Some("another change of the same resource saves more"), Reason::Outdone),
        ("unpriced", Some("no price for AmazonEC2/BoxUsage:m5.large"), Reason::NoFigure),
        ("hygiene", None, Reason::NoFigure),
        ("refused", Some("the change costs 3 more a month than today"), Reason::Refused),
    ] {
        let ours = Ours { standing: standing.into(), standing_reason: why.map(str::to_owned), ..ours() };
        let (verdict, reason) = pair(theirs(), ours);
        assert_eq!(verdict, Verdict::Disagree(expected), "{standing}");
        assert!(reason.contains(why.unwrap_or("without a figure")), "{reason}");
    }
    let (verdict, reason) = pair(theirs(), Ours { action: "investigate".into(), standing: "hygiene".into(), ..ours() });
    assert_eq!(verdict, Verdict::Disagree(Reason::NoFigure));
    assert!(reason.contains("a look"), "{reason}");
}

#[test]
fn another_kind_of_change_of_the_resource_is_a_disagreement() {
    let theirs = Recommendation { action: Action::Delete, proposed: None, ..theirs() };
    let (verdict, reason) = pair(theirs, ours());
    assert_eq!(verdict, Verdict::Disagree(Reason::AnotherAction));
    assert!(reason.starts_with("They say delete, we say rightsize"), "{reason}");
}

#[test]
fn only_theirs_says_whether_we_looked() {
    let resources = BTreeSet::from([(text(ACCOUNT), "i-0abc".to_owned())]);
    for (examined, unknown, expected) in [
        (resources.clone(), nothing(), Reason::FoundInOrder),
        (nothing(), resources.clone(), Reason::CouldNotLook),
        // In order by one rule and not to be judged by another: nobody knows.
        (resources.clone(), resources, Reason::CouldNotLook),
        (nothing(), nothing(), Reason::NotExamined),
    ] {
        let all = compare(&[theirs()], &[], &examined, &unknown);
        assert_eq!(all[0].verdict, Verdict::OnlyTheirs(expected), "{}", all[0].reason);
    }
}

#[test]
fn only_ours_is_what_we_propose_and_they_do_not() {
    let other = |standing: &str| Ours { resource: text("i-0def"), standing: standing.into(), ..ours() };
    let all = compared(&[theirs()], &[ours(), other("chosen"), other("outdone"), other("waived")]);
    let verdicts: Vec<Verdict> = all.iter().map(|c| c.verdict).collect();
    assert_eq!(verdicts, [Verdict::Agree, Verdict::OnlyOurs]);
    assert_eq!(all[1].reason, "Not in their exports; we save 70.08 USD a month.");
}

#[test]
fn accounts_and_regions_tell_resources_apart_where_both_are_known() {
    for (account, region, expected) in [
        (text(ACCOUNT), text("eu-west-1"), Verdict::Agree),
        (None, None, Verdict::Agree),
        (text("444455556666"), text("eu-west-1"), Verdict::OnlyTheirs(Reason::NotExamined)),
        (text(ACCOUNT), text("us-east-1"), Verdict::OnlyTheirs(Reason::NotExamined)),
    ] {
        let all = compared(&[Recommendation { account, region, ..theirs() }], &[ours()]);
        assert_eq!(all[0].verdict, expected);
    }
}

#[test]
fn storage_and_class_of_one_database_are_two_things() {
    let arn = "arn:aws:rds:eu-west-1:111122223333:db:orders";
    let storage = Ours { resource: text(arn), new_meter: text("AmazonRDS/RDS:GP3-Storage"), ..ours() };
    let theirs = Recommendation {
        resource: text("db:orders"),
        resource_type: text("RdsDbInstance"),
        proposed: text("db.r6g.large"),
        ..theirs()
    };
    let verdicts: Vec<Verdict> = compared(&[theirs], &[storage]).iter().map(|c| c.verdict).collect();
    assert_eq!(verdicts, [Verdict::OnlyTheirs(Reason::NotExamined), Verdict::OnlyOurs]);
}

#[test]
fn the_hub_stands_for_what_repeats_it() {
    let optimizer = Recommendation { origin: Origin::ComputeOptimizer, savings: number("90"), ..theirs() };
    let advisor = Recommendation { origin: Origin::TrustedAdvisor, account: None, resource_type: None, ..theirs() };
    let all = compared(&[advisor, optimizer, theirs()], &[ours()]);
    assert_eq!(all.len(), 1);
    assert_eq!(
        all[0].theirs.as_ref().map(|t| (t.origin, t.savings)),
        Some((Origin::CostOptimizationHub, number("70")))
    );
    assert_eq!(all[0].also, [Origin::ComputeOptimizer, Origin::TrustedAdvisor]);
}

#[test]
fn another_day_is_a_repetition_and_another_line_is_not() {
    let yesterday = Recommendation { date: text("2026-10-29"), savings: number("1"), ..theirs() };
    let all = compared(&[yesterday, theirs()], &[]);
    assert_eq!((all.len(), all[0].theirs.as_ref().and_then(|t| t.savings)), (1, number("70")));
    let other = Recommendation { proposed: text("t3.large"), ..theirs() };
    assert_eq!(compared(&[other, theirs()], &[]).len(), 2);
}

#[test]
fn the_finding_that_says_the_same_answers_before_a_better_one() {
    let better = Ours {
        id: "ec2-instance-idle@00000002".into(),
        action: "delete".into(),
        new_meter: None,
        savings: number("140"),
        ..ours()
    };
    let outdone = Ours { standing: "outdone".into(), standing_reason: None, ..ours() };
    let all = compared(&[theirs()], &[better, outdone]);
    assert_eq!(all[0].verdict, Verdict::Disagree(Reason::Outdone), "{}", all[0].reason);
    assert_eq!(all[1].verdict, Verdict::OnlyOurs);
}

#[test]
fn purchases_compare_by_plan_term_and_commitment() {
    let plan = "compute-savings-plan-1y-no-upfront";
    for (plan, commitment, expected) in [
        (plan, "3.1", Verdict::Agree),
        (plan, "1.5", Verdict::Disagree(Reason::AnotherAmount)),
        ("compute-savings-plan-3y-no-upfront", "3.2", Verdict::Disagree(Reason::AnotherTarget)),
        ("compute-savings-plan-1y-all-upfront", "3.2", Verdict::Disagree(Reason::AnotherTarget)),
    ] {
        let (verdict, reason) = pair(their_plan(), our_plan(plan, commitment));
        assert_eq!(verdict, expected, "{plan} {commitment}: {reason}");
    }
    let (_, reason) = pair(their_plan(), our_plan(plan, "1.5"));
    assert!(reason.contains("they commit 3.20 USD an hour after 60 days of history, we 1.50 USD an hour"), "{reason}");
    // Another kind of plan is another thing.
    let all = compared(&[their_plan()], &[our_plan("database-savings-plan-1y-no-upfront", "3.2")]);
    let verdicts: Vec<Verdict> = all.iter().map(|c| c.verdict).collect();
    assert_eq!(verdicts, [Verdict::OnlyTheirs(Reason::NotExamined), Verdict::OnlyOurs]);
}

#[test]
fn a_purchase_of_two_exports_is_one() {
    let explorer = Recommendation { origin: Origin::SavingsPlansPurchase, resource_type: None, ..their_plan() };
    // The list of the Hub names the kind of plan only.
    let hub = Recommendation { plan: text("compute-savings-plan"), commitment: None, ..their_plan() };
    let all = compared(&[explorer, hub], &[]);
    assert_eq!((all.len(), all[0].also.as_slice()), (1, &[Origin::SavingsPlansPurchase][..]));
}

#[test]
fn enormous_numbers_do_not_stop_a_comparison() {
    let enormous = Some(Decimal::MAX);
    let theirs = Recommendation { savings: enormous, ..theirs() };
    let ours = Ours { savings: Some(Decimal::MIN), net: Some(Decimal::MIN), ..ours() };
    assert_eq!(pair(theirs, ours).0, Verdict::Disagree(Reason::AnotherAmount));
    let plans = (Recommendation { commitment: enormous, ..their_plan() }, our_plan("compute-savings-plan", "1"));
    assert_eq!(pair(plans.0, plans.1).0, Verdict::Agree);
}
