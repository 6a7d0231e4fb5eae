//! AWS's published examples with their figures, and the rules around them.

use super::*;

/// Savings Plans User Guide, `sp-applying.html`, older edition: four usages and their rates.
fn older_example() -> Usage {
    let classes = vec![
        instance("c5.9xlarge", "4.00"),
        windows("c5.24xlarge", "10.00"),
        other("AmazonECS/Fargate-vCPU-Hours", "1.50"),
        other("AmazonECS/Fargate-GB-Hours", "2.00"),
    ];
    one_hour(&["a"], classes, &[(0, 0, "1"), (0, 1, "1"), (0, 2, "10"), (0, 3, "5")])
}

const OLDER_RATES: [(usize, &str); 4] = [(0, "2.00"), (1, "8.00"), (2, "1.00"), (3, "1.00")];

/// The same page, newer edition.
fn newer_example() -> Usage {
    let classes = vec![
        instance("r5.4xlarge", "1.00"),
        other("AmazonECS/Fargate-vCPU-Hours", "0.04"),
        other("AmazonECS/Fargate-GB-Hours", "0.004"),
        windows("m5.24xlarge", "10.00"),
        other("AWSLambda/Lambda-GB-Second", "0.000015"),
        other("AWSLambda/Request", "0.0000002"),
    ];
    let cells = [(0, 0, "4"), (0, 1, "400"), (0, 2, "1600"), (0, 3, "1"), (0, 4, "1500000"), (0, 5, "1000000")];
    one_hour(&["a"], classes, &cells)
}

const COMPUTE_RATES: [(usize, &str); 6] =
    [(0, "0.70"), (1, "0.03"), (2, "0.003"), (3, "8.20"), (4, "0.00001275"), (5, "0.0000002")];

/// The plan's rates also name the m5, so that only the family keeps the r5 plan from it.
const INSTANCE_RATES: [(usize, &str); 2] = [(0, "0.60"), (3, "7.80")];

#[test]
fn a_savings_plan_goes_to_the_highest_discount_first_and_then_to_the_lowest_rate() {
    // $25 covers all; $10 the GB and the c5.9xlarge at 50 %, then 3 vCPU; $7 only the first two.
    for (hourly, expected) in [("25", "25"), ("10", "30.50"), ("7", "32")] {
        let portfolio = everyone(vec![compute("a", hourly, &OLDER_RATES)]);
        assert_eq!(total(&older_example(), &portfolio), dec(expected), "{hourly}");
    }
}

#[test]
fn scenario_1_a_plan_covers_all_usage_also_that_which_saves_nothing() {
    // The page prints $47.13; the Lambda requests save 0 % and belong to it.
    let ledger = bill(&newer_example(), &everyone(vec![compute("a", "50.00", &COMPUTE_RATES)]));
    let held = &ledger.commitments[0];
    assert_eq!((held.used, held.unused, ledger.on_demand), (dec("47.125"), dec("2.875"), Decimal::ZERO));
    assert_eq!((ledger.amortised(), ledger.equivalent), (dec("50"), dec("59.10")));
    assert_eq!((ledger.utilization(0), ledger.coverage()), (Some(dec("0.9425")), Some(Decimal::ONE)));
    // (59.10 − 50) ÷ 59.10
    assert_eq!(ledger.effective_savings_rate(), Some(dec("0.153976311337")));
}

#[test]
fn scenario_2_a_plan_covers_a_part_of_one_usage() {
    // The page prints 2.9 units of the r5 covered and $56.24 on demand.
    let portfolio = everyone(vec![compute("a", "2.00", &COMPUTE_RATES)]);
    let ledger = bill(&newer_example(), &portfolio);
    assert_eq!(paid(&newer_example(), &portfolio)[0], (0, Some(0), dec("2.857142857142")));
    assert_eq!(ledger.on_demand, dec("56.242857142858"));
    assert_eq!((ledger.commitments[0].used, ledger.commitments[0].unused), (dec("2.00"), Decimal::ZERO));
}

#[test]
fn scenario_3_memory_comes_before_processors_by_its_rate() {
    let portfolio = everyone(vec![compute("a", "19.60", &COMPUTE_RATES)]);
    let ledger = bill(&newer_example(), &portfolio);
    assert_eq!((ledger.on_demand, ledger.commitments[0].unused), (dec("32.70"), Decimal::ZERO));
    // A dollar less is missing from the processors.
    let less = left(&newer_example(), &everyone(vec![compute("a", "18.60", &COMPUTE_RATES)]));
    assert_eq!((less[0], less[1], less[2]), (Decimal::ZERO, dec("33.333333333334"), Decimal::ZERO));
}

#[test]
fn scenario_4_reservations_come_before_plans() {
    // The price of the reservations is ours: the page has none.
    let portfolio = everyone(vec![compute("a", "18.20", &COMPUTE_RATES), regional("a", "1.20", "r5.4xlarge", 2)]);
    let ledger = bill(&newer_example(), &portfolio);
    assert_eq!((ledger.on_demand, ledger.amortised()), (dec("32.70"), dec("52.10")));
    assert!(ledger.commitments.iter().all(|held| held.unused.is_zero()));
    assert_eq!(paid(&newer_example(), &portfolio)[..2], [(0, Some(1), dec("2")), (0, Some(0), dec("2"))]);
}

#[test]
fn scenario_5_instance_plans_come_before_compute_plans() {
    let portfolio = everyone(vec![compute("a", "16.80", &COMPUTE_RATES), ec2("a", "3.00", "r5", &INSTANCE_RATES)]);
    let ledger = bill(&newer_example(), &portfolio);
    assert_eq!((ledger.commitments[1].used, ledger.commitments[1].unused), (dec("2.40"), dec("0.60")));
    assert_eq!((ledger.commitments[0].unused, ledger.on_demand), (Decimal::ZERO, dec("32.70")));
}

#[test]
fn ri_scenario_1_zones_sizes_and_half_an_instance() {
    // `apply_ri.md`, scenario 1. Prices are ours.
    let classes = vec![
        instance("m3.large", "0.13"),
        in_zone("us-east-1b", instance("m4.xlarge", "0.20")),
        in_zone("us-east-1c", instance("c4.xlarge", "0.20")),
    ];
    let usage = one_hour(&["a"], classes, &[(0, 0, "4"), (0, 1, "2"), (0, 2, "1")]);
    let portfolio = everyone(vec![
        zonal("a", "0.32", "m3.large", "us-east-1a", 4),
        regional("a", "0.24", "m4.large", 4),
        regional("a", "0.06", "c4.large", 1),
    ]);
    assert_eq!(left(&usage, &portfolio), [dec("0"), dec("0"), dec("0.5")]);
    assert_eq!(total(&usage, &portfolio), dec("0.72"));
}

#[test]
fn ri_scenario_2_the_smallest_size_comes_first() {
    let classes = vec![instance("m3.xlarge", "0.27"), in_zone("us-east-1b", instance("m3.large", "0.13"))];
    let usage = one_hour(&["a"], classes, &[(0, 0, "2"), (0, 1, "2")]);
    assert_eq!(left(&usage, &everyone(vec![regional("a", "0.40", "m3.2xlarge", 1)])), [dec("1"), dec("0")]);
}

#[test]
fn ri_scenario_3_the_purchasing_account_comes_first() {
    let classes = vec![
        instance("m4.xlarge", "0.20"),
        in_zone("us-east-1b", instance("m4.2xlarge", "0.40")),
        instance("c4.xlarge", "0.20"),
        in_zone("us-east-1b", instance("c4.2xlarge", "0.40")),
    ];
    // Account B's instances stand first and must wait.
    let cells = [(1, 0, "2"), (0, 0, "2"), (0, 1, "1"), (0, 2, "2"), (0, 3, "1")];
    let usage = one_hour(&["a", "b"], classes, &cells);
    let portfolio = everyone(vec![regional("a", "0.50", "m4.xlarge", 4), regional("a", "0.25", "c4.xlarge", 2)]);
    assert_eq!(left(&usage, &portfolio), [dec("2"), dec("0"), dec("0"), dec("0"), dec("1")]);
}

#[test]
fn ri_scenario_4_zonal_reservations_of_others_come_before_own_regional_ones() {
    // Account C runs nothing.
    let classes = vec![instance("m4.xlarge", "0.20"), in_zone("us-east-1b", instance("m4.xlarge", "0.20"))];
    let usage = one_hour(&["a", "b"], classes, &[(0, 0, "1"), (1, 1, "1")]);
    let portfolio =
        everyone(vec![regional("a", "0.12", "m4.xlarge", 1), zonal("c", "0.11", "m4.xlarge", "us-east-1a", 1)]);
    assert_eq!(paid(&usage, &portfolio), [(0, Some(1), dec("1")), (1, Some(0), dec("1"))]);
}

#[test]
fn a_clock_hour_of_a_reservation_is_shared_by_instances_up_to_3600_seconds() {
    // "Usage billing" of `concepts-reserved-instances-application.md`: four of 15 minutes are one hour; of four whole
    // hours one is reserved.
    let hour_of = |each: &str| {
        one_hour(&["a"], vec![instance("m4.xlarge", "0.20")], &[(0, 0, each), (0, 0, each), (0, 0, each), (0, 0, each)])
    };
    let portfolio = everyone(vec![regional("a", "0.12", "m4.xlarge", 1)]);
    assert_eq!(total(&hour_of("0.25"), &portfolio), dec("0.12"));
    assert_eq!(left(&hour_of("1"), &portfolio).iter().sum::<Decimal>(), dec("3"));
    assert_eq!(total(&hour_of("1"), &portfolio), dec("0.72"));
}

#[test]
fn a_reservation_without_size_flexibility_serves_one_type() {
    let usage = one_hour(
        &["a"],
        vec![windows("m5.large", "0.19"), windows("m5.xlarge", "0.38"), instance("m5.large", "0.10")],
        &[(0, 0, "1"), (0, 1, "1"), (0, 2, "1")],
    );
    let benefit = Benefit::Regional {
        region: "us-east-1".into(),
        family: "m5".into(),
        instance_type: "m5.large".into(),
        platform: "Windows, dedicated".into(),
        units: dec("12"),
        count: dec("3"),
        flexible: false,
    };
    let portfolio = everyone(vec![held("a", "0.30", benefit)]);
    assert_eq!(left(&usage, &portfolio), [dec("0"), dec("1"), dec("1")]);
    let bill = hour(&usage, &usage.hours[0], &portfolio);
    assert_eq!((bill.rows[0].cost, &bill.unused[..]), (dec("0.10"), &[dec("0.20")][..]));
}

#[test]
fn shares_of_a_reservation_add_up_to_its_cost() {
    // Thirds of ten cents.
    let cells = [(0, 0, "1"), (0, 0, "1"), (0, 0, "1")];
    let usage = one_hour(&["a"], vec![instance("m5.large", "0.10")], &cells);
    let rows = hour(&usage, &usage.hours[0], &everyone(vec![regional("a", "0.10", "m5.large", 3)])).rows;
    let costs: Vec<Decimal> = rows.iter().map(|row| row.cost).collect();
    assert_eq!(costs, [dec("0.033333333333"), dec("0.033333333334"), dec("0.033333333333")]);
}

#[test]
fn a_rate_above_the_price_on_demand_or_of_zero_is_not_applied() {
    let usage = one_hour(&["a"], vec![other("m", "1.00")], &[(0, 0, "1")]);
    for (rate, expected) in [("1.00", "1.00"), ("1.01", "2.00"), ("0", "2.00"), ("0.50", "1.00")] {
        assert_eq!(total(&usage, &everyone(vec![compute("a", "1.00", &[(0, rate)])])), dec(expected), "{rate}");
    }
}

#[test]
fn plans_of_one_kind_are_one_pool_of_pairs() {
    // The three-year plan saves more on both; each dollar goes where it displaces most.
    let usage = one_hour(&["a"], vec![other("x", "1.00"), other("y", "1.00")], &[(0, 0, "1"), (0, 1, "1")]);
    let one_year = compute("a", "0.70", &[(0, "0.70"), (1, "0.80")]);
    let three_years = compute("a", "0.60", &[(0, "0.65"), (1, "0.60")]);
    let portfolio = everyone(vec![one_year, three_years]);
    assert_eq!(paid(&usage, &portfolio), [(0, Some(0), dec("1")), (1, Some(1), dec("1"))]);
}

#[test]
fn sharing_decides_who_uses_what_the_owner_leaves() {
    // Account A owns and uses nothing; C stands before B.
    let usage = one_hour(&["a", "b", "c"], vec![other("x", "2.00")], &[(2, 0, "1"), (1, 0, "1")]);
    let of = |hourly: &str, sharing: Sharing| {
        left(&usage, &Portfolio { commitments: vec![compute("a", hourly, &[(0, "1.00")])], sharing })
    };
    let (none, one) = (dec("0"), dec("1"));
    assert_eq!(of("1.00", Sharing::Everyone), [none, one]);
    assert_eq!(of("1.00", Sharing::Groups(vec![group(&["a", "b"])])), [one, none], "restricted");
    assert_eq!(of("2.00", Sharing::Groups(vec![group(&["a", "b"])])), [one, none], "restricted, although half is left");
    let prioritised = Sharing::Groups(vec![group(&["a", "b"]), group(&["a", "b", "c"])]);
    assert_eq!(of("1.00", prioritised.clone()), [one, none], "prioritised");
    assert_eq!(of("2.00", prioritised), [none, none], "prioritised, and half is left");
    assert_eq!(of("2.00", Sharing::Groups(vec![group(&["b", "c"])])), [one, one], "the owner does not share");
    assert_eq!(of("2.00", Sharing::Nobody), [one, one]);
}

#[test]
fn a_commitment_does_and_costs_nothing_outside_its_term() {
    let usage = repeated(&one_hour(&["a"], vec![instance("m5.xlarge", "0.20")], &[(0, 0, "1")]), 4);
    let mut reservation = regional("a", "0.12", "m5.xlarge", 1);
    (reservation.from, reservation.until) = (Some(at(1)), Some(at(3)));
    let ledger = bill(&usage, &everyone(vec![reservation]));
    assert_eq!((ledger.commitments[0].used, ledger.commitments[0].unused), (dec("0.24"), Decimal::ZERO));
    assert_eq!((ledger.on_demand, ledger.amortised()), (dec("0.40"), dec("0.64")));
    let reserved = &ledger.lines[&Key { account: 0, class: 0, commitment: Some(0) }];
    assert_eq!((reserved.quantity, reserved.on_demand, reserved.cost), (dec("2"), dec("0.40"), dec("0.24")));
}

#[test]
fn cash_leaves_out_what_was_paid_in_advance() {
    let usage = repeated(&one_hour(&["a"], vec![other("x", "1.00")], &[(0, 0, "2")]), 3);
    let mut plan = compute("a", "0.70", &[(0, "0.70")]);
    plan.upfront_hourly = dec("0.30");
    plan.until = Some(at(2));
    let ledger = bill(&usage, &everyone(vec![plan]));
    // Two hours of 0.70 + 1.00, one of 2.00; less twice 0.30.
    assert_eq!((ledger.amortised(), ledger.cash()), (dec("5.40"), dec("4.80")));
}

#[test]
fn what_costs_nothing_has_no_ratio() {
    let ledger = bill(&Usage::default(), &everyone(vec![compute("a", "0", &[])]));
    assert_eq!((ledger.utilization(0), ledger.utilization(1)), (None, None));
    assert_eq!((ledger.coverage(), ledger.effective_savings_rate()), (None, None));
}
