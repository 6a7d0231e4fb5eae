//! What changes save: differences of two bills, where sums of prices would mislead (ALGORITHMS 7.6), and marginal
//! prices.

use super::*;
use crate::period::OffHours;

/// One instance, or a unit of anything, of account 0 in so many hours.
fn one(from_class: usize, to: Option<(usize, Decimal)>, hours: usize) -> Alternative {
    let quantity = (0..hours).map(|hour| (hour, Decimal::ONE)).collect();
    Alternative { account: 0, from_class, to, off: None, quantity }
}

fn gone(from_class: usize) -> Alternative {
    one(from_class, None, 1)
}

#[test]
fn a_reservation_flows_from_a_smaller_instance_to_its_sibling() {
    let classes = || vec![instance("m5.2xlarge", "0.40"), instance("m5.xlarge", "0.20")];
    let portfolio = everyone(vec![regional("a", "0.24", "m5.2xlarge", 1)]);
    let halved = [one(0, Some((1, Decimal::ONE)), 1)];
    let alone = one_hour(&["a"], classes(), &[(0, 0, "1")]);
    assert_eq!(saved(&alone, &portfolio, &halved), Decimal::ZERO);
    let with_sibling = one_hour(&["a"], classes(), &[(0, 0, "1"), (0, 1, "1")]);
    assert_eq!(saved(&with_sibling, &portfolio, &halved), dec("0.20"));
}

#[test]
fn an_exhausted_plan_flows_on_and_one_with_slack_does_not() {
    let usage = one_hour(&["a"], vec![other("x", "1.00"), other("y", "1.00")], &[(0, 0, "1"), (0, 1, "1")]);
    let of = |hourly: &str| everyone(vec![compute("a", hourly, &[(0, "0.70"), (1, "0.80")])]);
    // 0.70 freed covers 0.875 of y.
    assert_eq!(saved(&usage, &of("0.70"), &[gone(0)]), dec("0.875"));
    assert_eq!(saved(&usage, &of("1.50"), &[gone(0)]), Decimal::ZERO);
    assert_eq!(saved(&usage, &everyone(vec![]), &[gone(0)]), dec("1.00"));
}

#[test]
fn terminating_and_committing_to_the_same_usage_do_not_add_up() {
    let usage = one_hour(&["a"], vec![other("x", "1.00")], &[(0, 0, "1")]);
    let nothing = everyone(vec![]);
    let plan = everyone(vec![compute("a", "0.70", &[(0, "0.70")])]);
    let today = total(&usage, &nothing);
    let after = apply(&usage, &[gone(0)]);
    assert_eq!(today - total(&after, &nothing), dec("1.00"));
    assert_eq!(today - total(&usage, &plan), dec("0.30"));
    // Both: not 1.30.
    assert_eq!(today - total(&after, &plan), dec("0.30"));
}

#[test]
fn usage_under_a_reservation_saves_nothing_until_it_ends_and_all_after() {
    // Twelve hours for twelve months, three of them reserved.
    let usage = repeated(&one_hour(&["a"], vec![instance("m5.xlarge", "0.20")], &[(0, 0, "1")]), 12);
    let mut reservation = regional("a", "0.12", "m5.xlarge", 1);
    reservation.until = Some(at(3));
    let portfolio = everyone(vec![reservation]);
    assert_eq!(saved(&usage, &portfolio, &[one(0, None, 12)]), dec("1.80"));
    assert_eq!(saved(&usage, &portfolio, &[one(0, None, 3)]), Decimal::ZERO);
}

#[test]
fn hours_switched_off_are_gone_and_the_others_become_another_class() {
    let classes = vec![other("x", "1.00"), other("y", "0.25")];
    let usage = repeated(&one_hour(&["a"], classes, &[(0, 0, "3")]), 48);
    // Off in the first 12 hours of Monday; else one of three x becomes two y.
    let mut change = one(0, Some((1, Decimal::TWO)), 48);
    change.off = OffHours::parse(&("1".repeat(12) + &"0".repeat(156)));
    let after = apply(&usage, &[change]);
    let cells = |hour: usize| -> Vec<(usize, Decimal)> {
        after.hours[hour].cells.iter().map(|cell| (cell.class, cell.quantity)).collect()
    };
    for hour in 0..48 {
        let expected = if hour < 12 { vec![(0, dec("2"))] } else { vec![(0, dec("2")), (1, dec("2"))] };
        assert_eq!(cells(hour), expected, "{hour}");
    }
}

#[test]
fn no_more_leaves_than_is_there_and_arrivals_stay() {
    let classes = vec![other("x", "1.00"), other("y", "0.50")];
    let usage = one_hour(&["a"], classes, &[(0, 0, "0.5"), (0, 0, "0.25"), (0, 1, "1")]);
    // Both say 1; the first finds 0.75. The second finds the 1 that was there, not the 0.75 that comes.
    let changes = [one(0, Some((1, Decimal::ONE)), 1), one(1, None, 1)];
    let after = apply(&usage, &changes);
    let quantities: Vec<Decimal> = after.hours[0].cells.iter().map(|cell| cell.quantity).collect();
    assert_eq!(quantities, [dec("0"), dec("0"), dec("0.75")]);
}

fn prices(usage: &Usage, portfolio: &Portfolio) -> Vec<Decimal> {
    marginal(usage, portfolio)[0].iter().map(|(_, price)| *price).collect()
}

#[test]
fn a_marginal_price_is_1_uncovered_0_with_slack_and_between_when_commitment_moves_on() {
    let usage = one_hour(&["a"], vec![other("x", "1.00"), other("y", "1.00")], &[(0, 0, "1"), (0, 1, "1")]);
    let of = |hourly: &str| everyone(vec![compute("a", hourly, &[(0, "0.70"), (1, "0.80")])]);
    assert_eq!(prices(&usage, &everyone(vec![])), [dec("1"), dec("1")]);
    assert_eq!(prices(&usage, &of("2.00")), [dec("0"), dec("0")]);
    assert_eq!(prices(&usage, &of("0.70")), [dec("0.875"), dec("1")]);
}

#[test]
fn a_marginal_price_follows_chains_of_commitments() {
    // An instance plan is spent on x, a compute plan on y and half of z. An x less lets the instance plan pay for y,
    // and the compute plan for z: 0.5 ÷ 0.6 of (0.75 ÷ 0.8) (ALGORITHMS 7.4).
    let classes = vec![instance("m5.large", "1.00"), instance("m5.xlarge", "2.00"), other("z", "1.00")];
    let usage = one_hour(&["a"], classes, &[(0, 0, "1"), (0, 1, "1"), (0, 2, "1")]);
    let instance_plan = ec2("a", "0.50", "m5", &[(0, "0.50"), (1, "1.20")]);
    let compute_plan = compute("a", "1.90", &[(0, "0.70"), (1, "1.50"), (2, "0.80")]);
    let portfolio = everyone(vec![instance_plan, compute_plan]);
    assert_eq!(prices(&usage, &portfolio), [dec("0.78125"), dec("0.9375"), dec("1")]);
}

#[test]
fn the_owners_dollar_can_cost_more_than_a_dollar() {
    // The plan must pay for its owner's x (saves 10 %) before B's y (saves 50 %).
    let usage = one_hour(&["a", "b"], vec![other("x", "1.00"), other("y", "1.00")], &[(0, 0, "1"), (1, 1, "2")]);
    let portfolio = everyone(vec![compute("a", "0.90", &[(0, "0.90"), (1, "0.50")])]);
    assert_eq!(prices(&usage, &portfolio), [dec("1.8"), dec("1")]);
    assert_eq!(saved(&usage, &portfolio, &[gone(0)]), dec("1.80"));
}

#[test]
fn a_cell_without_usage_has_no_marginal_price() {
    let usage =
        one_hour(&["a"], vec![other("x", "1.00"), other("free", "0")], &[(0, 0, "0"), (0, 1, "1"), (0, 0, "1")]);
    assert_eq!(marginal(&usage, &everyone(vec![]))[0], [(2, Decimal::ONE)]);
}
