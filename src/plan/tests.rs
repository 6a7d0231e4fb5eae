//! One target, two or three findings, figures that can be checked by eye.

use super::*;
use crate::derive::baseline::Line;
use crate::finding::Change;
use crate::id::{Meter, RuleId};
use crate::money::Currency;
use crate::period::OffHours;
use crate::prices::Terms;
use proptest::prelude::*;

mod week;

fn target() -> Target {
    Target { account: Some("111122223333".into()), region: Some("us-east-1".into()), resource: Some("x-1".into()) }
}

fn line(meter: &str, quantity: i64, effective: i64, covered: i64) -> Line {
    Line {
        meter: Some(Meter(meter.into())),
        service: Some("AmazonEC2".into()),
        unit: Some("GB-Months".into()),
        quantity: Some(quantity.into()),
        effective: effective.into(),
        list: Some(effective.into()),
        covered: covered.into(),
        committed_until: (covered > 0).then(|| "2027-03-01".into()),
    }
}

fn baseline(lines: Vec<Line>) -> Baseline {
    Baseline { lines: [(target(), lines)].into(), ..Baseline::default() }
}

fn prices_of(baseline: &Baseline) -> PriceBook {
    PriceBook::new(baseline, Currency::USD, jiff::civil::date(2026, 9, 1), Terms::default())
}

fn finding(rule: &str, changes: Vec<(Option<&str>, Option<i64>, Verb)>) -> Finding {
    let rule: RuleId = rule.parse().unwrap();
    let changes = changes
        .into_iter()
        .enumerate()
        .map(|(i, (meter, quantity, verb))| Change {
            meter: meter.map(|m| Meter(m.into())),
            quantity: quantity.map(Decimal::from),
            verb,
            row: i + 1,
        })
        .collect();
    Finding {
        id: FindingId::new(&rule, &target()),
        rule,
        target: target(),
        changes,
        evidence: Vec::new(),
        message: String::new(),
        level: None,
        risk: None,
    }
}

fn planned(findings: Vec<Finding>, lines: Vec<Line>) -> Plan {
    let baseline = baseline(lines);
    let prices = prices_of(&baseline);
    plan(findings, &evidence(&baseline, &prices))
}

static NO_GROUPS: BTreeMap<Target, Group> = BTreeMap::new();

fn evidence<'a>(baseline: &'a Baseline, prices: &'a PriceBook) -> Evidence<'a> {
    Evidence { baseline, prices, rules: &[], hours: None, limits: Limits::default(), verdicts: &[], groups: &NO_GROUPS }
}

const GP2: &str = "AmazonEC2/EBS:VolumeUsage.gp2";
const GP3: &str = "AmazonEC2/EBS:VolumeUsage.gp3";
const IOPS: &str = "AmazonEC2/EBS:VolumeP-IOPS.gp3";

fn gp3() -> Verb {
    Verb::Swap { meter: Some(Meter(GP3.into())), quantity: None }
}

#[test]
fn a_swap_with_an_addition_is_the_difference_of_two_bills() {
    // 1000 GB gp2 at 0.10 = 100; gp3 at 0.08 = 80, and 500 IOPS at 0.005 = 2.50. Saves 17.50.
    let add = Verb::Swap { meter: None, quantity: Some(500.into()) };
    let plan = planned(
        vec![finding("ebs-volume-gp2", vec![(Some(GP2), None, gp3()), (Some(IOPS), Some(0), add)])],
        vec![line(GP2, 1000, 100, 0)],
    );
    assert_eq!((plan.gross, plan.overlap(), plan.net()), (Decimal::new(175, 1), Decimal::ZERO, Decimal::new(175, 1)));
    assert_eq!((plan.list, plan.without_list), (Decimal::new(175, 1), 0));
}

/// Of 1000 GB at 0.10 rule a saves 10 on the first and 2 on the second, rule b 4 and 5: alone each would take its best, 10 + 5.
/// Together a is worth 12 and b 11. The third has nothing of a, and is left alone.
#[test]
fn what_is_one_group_changes_as_one() {
    let of = |name: &str| Target { resource: Some(name.into()), ..target() };
    let less = |rule: &str, name: &str, left: i64| {
        let fewer = Verb::Swap { meter: None, quantity: Some(left.into()) };
        let mut one = finding(rule, vec![(Some(GP2), None, fewer)]);
        (one.target, one.id) = (of(name), FindingId::new(&one.rule, &of(name)));
        one
    };
    let names = ["x-1", "x-2", "x-3"];
    let lines = names.map(|name| (of(name), vec![line(GP2, 1000, 100, 0)])).into();
    let baseline = Baseline { lines, ..Baseline::default() };
    let web = Group { kind: "ec2_instances", place: of("web") };
    let groups: BTreeMap<Target, Group> = names.map(|name| (of(name), web.clone())).into();
    let findings = || {
        let all = [
            ("ebs-a", "x-1", 900),
            ("ebs-a", "x-2", 980),
            ("ebs-b", "x-1", 960),
            ("ebs-b", "x-2", 950),
            ("ebs-b", "x-3", 980),
        ];
        all.map(|(rule, name, left)| less(rule, name, left)).to_vec()
    };
    let prices = prices_of(&baseline);
    let alone = plan(findings(), &evidence(&baseline, &prices));
    let together = plan(findings(), &Evidence { groups: &groups, ..evidence(&baseline, &prices) });
    let chosen = |plan: &Plan| {
        let chosen = plan.findings.iter().filter(|one| one.standing == Standing::Chosen);
        chosen
            .map(|one| (one.finding.rule.to_string(), one.finding.target.resource.clone().unwrap()))
            .collect::<Vec<_>>()
    };
    let named = |all: &[(&str, &str)]| all.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>();
    assert_eq!(
        (chosen(&alone), alone.net()),
        (named(&[("ebs-a", "x-1"), ("ebs-b", "x-2"), ("ebs-b", "x-3")]), 17.into())
    );
    assert_eq!((chosen(&together), together.net()), (named(&[("ebs-a", "x-1"), ("ebs-a", "x-2")]), 12.into()));
    let left = together.findings.iter().find(|one| one.finding.target == of("x-3")).unwrap();
    assert_eq!(left.standing, Standing::Outdone);
}

#[test]
fn a_drop_absorbs_a_swap() {
    let plan = planned(
        vec![
            finding("ebs-volume-unattached", vec![(None, None, Verb::Drop)]),
            finding("ebs-volume-gp2", vec![(Some(GP2), None, gp3())]),
        ],
        vec![line(GP2, 1000, 100, 0)],
    );
    let standings: Vec<_> = plan.findings.iter().map(|p| (p.finding.rule.as_str(), p.standing.clone())).collect();
    assert_eq!(standings, [("ebs-volume-unattached", Standing::Chosen), ("ebs-volume-gp2", Standing::Outdone)]);
    assert_eq!(plan.net(), Decimal::from(100));
}

#[test]
fn a_mask_and_a_swap_compose_and_the_overlap_is_printed() {
    // Off half of the time (50 of 100) and a fifth cheaper (20 of 100) together save 60, not 70.
    let half: String = "10".repeat(84);
    let mask = Verb::Mask(OffHours::parse(&half).unwrap());
    let mut base = baseline(vec![line(GP2, 1000, 100, 0)]);
    base.hours.insert((target(), Meter(GP2.into())), (0..168).map(|hour| (hour, Decimal::ONE)).collect());
    let prices = prices_of(&base);
    let plan = plan(
        vec![
            finding("ec2-instance-quiet", vec![(Some(GP2), None, mask)]),
            finding("ebs-volume-gp2", vec![(Some(GP2), None, gp3())]),
        ],
        &evidence(&base, &prices),
    );
    assert_eq!((plan.gross, plan.overlap(), plan.net()), (70.into(), 10.into(), 60.into()));
    let shares: Decimal = plan.findings.iter().filter_map(|p| p.share.as_ref()).map(Value::net).sum();
    assert_eq!(shares, plan.net(), "attribution sums exactly");
}

/// Without hours 84 of 168 off is half of what runs 730 hours a month; what runs less may be off in those hours already.
#[test]
fn without_hours_a_mask_counts_on_what_runs_all_the_time() {
    let hours =
        |quantity: i64| Line { unit: Some("Hrs".into()), ..line("AmazonEC2/BoxUsage:m5.large", quantity, 100, 0) };
    let saved = |quantity: i64| {
        let mask = Verb::Mask(OffHours::parse(&"10".repeat(84)).unwrap());
        planned(vec![finding("ec2-instance-quiet", vec![(None, None, mask)])], vec![hours(quantity)]).net()
    };
    assert_eq!([saved(730), saved(694), saved(693), saved(365)], [50, 50, 0, 0].map(Decimal::from));
}

#[test]
fn two_swaps_of_one_meter_compete() {
    let smaller = Verb::Swap { meter: None, quantity: Some(400.into()) };
    let plan = planned(
        vec![
            finding("ebs-volume-large", vec![(Some(GP2), Some(1000), smaller)]),
            finding("ebs-volume-gp2", vec![(Some(GP2), None, gp3())]),
        ],
        vec![line(GP2, 1000, 100, 0)],
    );
    assert_eq!(plan.net(), Decimal::from(60));
    assert_eq!(plan.findings[0].finding.rule.as_str(), "ebs-volume-large");
    assert_eq!(plan.findings[1].standing, Standing::Outdone);
}

#[test]
fn usage_under_a_commitment_saves_nothing_until_it_ends() {
    let plan = planned(
        vec![finding("ec2-instance-idle", vec![(None, None, Verb::Drop)])],
        vec![line("AmazonEC2/BoxUsage:m5.large", 730, 100, 80)],
    );
    assert_eq!((plan.gross, plan.net()), (100.into(), 20.into()));
    assert_eq!(plan.held_until, [(Some("2027-03-01".to_owned()), Decimal::from(80))].into());
}

#[test]
fn a_missing_price_is_not_a_free_one() {
    let swap = Verb::Swap { meter: Some(Meter("azure/none".into())), quantity: None };
    let plan = planned(vec![finding("azure-machine-old", vec![(Some(GP2), None, swap)])], vec![line(GP2, 10, 1, 0)]);
    assert_eq!(plan.findings[0].standing, Standing::Unpriced("azure/none".into()));
    assert_eq!(plan.net(), Decimal::ZERO);
}

#[test]
fn a_price_per_another_unit_is_no_price() {
    let hours = "AmazonEC2/NatGateway-Hours";
    let swap = Verb::Swap { meter: Some(Meter(hours.into())), quantity: None };
    let plan = planned(vec![finding("ebs-volume-gp2", vec![(Some(GP2), None, swap)])], vec![line(GP2, 10, 1, 0)]);
    assert_eq!(plan.findings[0].standing, Standing::Unpriced(format!("{hours} per GB-Months")));
}

#[test]
fn a_change_that_costs_more_than_today_is_refused_by_name_and_row() {
    let more = Verb::Swap { meter: None, quantity: Some(2000.into()) };
    let plan =
        planned(vec![finding("ebs-volume-small", vec![(Some(GP2), Some(1000), more)])], vec![line(GP2, 1000, 100, 0)]);
    let expected = "ebs-volume-small, result row 1: the change costs 100 more a month than today";
    assert_eq!(plan.findings[0].standing, Standing::Refused(expected.into()));
}

#[test]
fn an_investigation_is_in_no_total() {
    let plan = planned(vec![finding("logs-group-hot", vec![])], vec![line(GP2, 10, 1, 0)]);
    assert_eq!((plan.findings[0].standing.clone(), plan.gross), (Standing::Hygiene, Decimal::ZERO));
}

proptest! {
    /// Whatever is found on a target, net ≤ effective ≤ gross, nothing saves more than the target costs, shares add up.
    #[test]
    fn a_plan_never_promises_more_than_the_bill(
        costs in prop::collection::vec((1i64..500, 1i64..500, 0i64..100), 1..4),
        picks in prop::collection::vec((0usize..4, 0u8..4, 1i64..400), 0..5),
    ) {
        let names = [GP2, "AmazonEC2/A", "AmazonEC2/B"];
        let lines: Vec<Line> = costs
            .iter()
            .zip(names)
            .map(|((quantity, cost, percent), name)| line(name, *quantity, *cost, cost * percent / 100))
            .collect();
        let findings = picks
            .iter()
            .enumerate()
            .map(|(i, (at, verb, n))| {
                let meter = names.get(*at).copied();
                let verb = match verb {
                    0 => Verb::Drop,
                    1 => Verb::Mask(OffHours::parse(&"1100".repeat(42)).unwrap()),
                    _ => Verb::Swap { meter: None, quantity: Some(Decimal::from(*n)) },
                };
                finding(&format!("rule-{i}"), vec![(meter, None, verb)])
            })
            .collect();
        let mut base = baseline(lines);
        for name in names {
            base.hours.insert((target(), Meter(name.into())), (0..168).map(|hour| (hour, Decimal::ONE)).collect());
        }
        let prices = prices_of(&base);
        let plan = plan(findings, &evidence(&base, &prices));
        prop_assert!(plan.net() <= plan.joint.effective);
        prop_assert!(plan.joint.effective <= base.cost_of(&target()) + CENT);
        prop_assert!(plan.net() >= Decimal::ZERO);
        let shares: Decimal = plan.findings.iter().filter_map(|p| p.share.as_ref()).map(|v| v.effective).sum();
        prop_assert_eq!(shares, plan.joint.effective);
    }
}

#[test]
fn a_page_says_nothing_of_what_the_one_it_yields_to_has_judged() {
    let rules = crate::rules::builtin().unwrap();
    let yields: Vec<&Rule> = rules.iter().filter(|rule| rule.yields_to.is_some()).collect();
    let known = |name: &str| rules.iter().any(|rule| rule.id.as_str() == name);
    assert!(!yields.is_empty() && yields.iter().all(|rule| rule.yields_to.as_deref().is_some_and(known)));
    let of = |clean: Vec<Target>| {
        let baseline = baseline(vec![line(GP2, 100, 10, 0)]);
        let prices = prices_of(&baseline);
        let rule: RuleId = yields[0].yields_to.as_deref().unwrap().parse().unwrap();
        let verdicts = [Verdicts { rule, findings: Vec::new(), clean, unknown: vec![target()] }];
        let evidence = Evidence { rules: &rules, verdicts: &verdicts, ..evidence(&baseline, &prices) };
        let found = finding(yields[0].id.as_str(), vec![(Some(GP2), None, Verb::Drop)]);
        plan(vec![found], &evidence).findings[0].standing.clone()
    };
    // Unknown to the other is not judged.
    assert_eq!(of(Vec::new()), Standing::Chosen);
    assert!(matches!(of(vec![target()]), Standing::LeftOut(why) if why.contains("knows more of this resource")));
}
