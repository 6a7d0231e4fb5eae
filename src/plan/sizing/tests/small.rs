//! Cases that can be checked by hand: AWS's examples, one plan alone, rounding, parts, break-even.

use super::*;

/// "Understanding how Savings Plans apply to your usage", Savings Plans user guide: on-demand dollars and rates of an
/// hour.
fn first_example() -> Demand {
    wide_only(&[0.5, 0.8, 1.0 / 1.5, 0.5], &[4.0, 10.0, 15.0, 10.0])
}

#[test]
fn aws_first_example_costs_what_aws_says() {
    for (committed, bill) in [(25.0, 25.0), (10.0, 30.5), (7.0, 32.0)] {
        let found = cost(&first_example(), &Levels::default(), &wide(committed));
        close(found.cost, bill, 1e-12);
        assert_eq!(found.unused, 0.0);
    }
}

#[test]
fn aws_second_example_is_covered_whole_by_the_sum_of_its_rates() {
    let demand = wide_only(&[0.7, 0.82, 0.75, 0.75, 0.85, 1.0], &[4.0, 10.0, 16.0, 6.4, 22.5, 0.2]);
    let found = cost(&demand, &Levels::default(), &wide(47.125 + 1e-9));
    close(found.cost, 47.125, 1e-9);
    close(found.on_demand, 0.0, 1e-12);
}

#[test]
fn one_plan_equals_brute_force_over_its_breakpoints() {
    let mut random = Random::new(0);
    for _ in 0..300 {
        let (classes, hours) = (1 + random.below(4), 2 + random.below(28));
        let rates: Vec<f64> = (0..classes).map(|_| random.between(0.4, 0.95)).collect();
        let dollars: Vec<f64> = (0..classes * hours).map(|_| amount(&mut random)).collect();
        let demand = wide_only(&rates, &dollars);
        let prepared = Prepared::new(&demand);
        let bill = |level: f64| prepared.cost(&Levels::default(), &wide(level)).cost;
        let mut order: Vec<usize> = (0..classes).collect();
        order.sort_by(|a, b| rates[*a].total_cmp(&rates[*b]));
        let mut least = bill(0.0);
        for row in dollars.chunks(classes) {
            let mut level = 0.0;
            for class in &order {
                level += row[*class] * rates[*class];
                least = least.min(bill(level));
            }
        }
        let found = bill(single(&demand, 0.0));
        assert!(found <= least * (1.0 + 1e-12), "{found} is more than {least}");
    }
}

#[test]
fn with_one_rate_the_level_is_the_usage_exceeded_in_that_share_of_the_hours() {
    let hours: Vec<f64> = (1..=100).map(f64::from).collect();
    // 72 of 100 hours use more than 28.
    close(single(&wide_only(&[0.72], &hours), 0.0), 0.72 * 28.0, 1e-12);
}

#[test]
fn what_is_in_force_is_not_bought_again() {
    let hours: Vec<f64> = (1..=100).map(f64::from).collect();
    let demand = wide_only(&[0.72], &hours);
    close(single(&demand, 5.0), 0.72 * 28.0 - 5.0, 1e-12);
    assert_eq!(single(&demand, 50.0), 0.0);
    close(size(&demand, &wide(5.0), &exactly()).levels.wide, 0.72 * 28.0 - 5.0, 1e-6);
    assert_eq!(size(&demand, &wide(50.0), &exactly()).levels.wide, 0.0);
}

#[test]
fn a_bracket_from_a_sample_finds_the_same_level() {
    let mut random = Random::new(9);
    let dollars: Vec<f64> = (0..(1 << 21) + 10).map(|_| random.unit()).collect();
    // So many hours are kept only near the answer; a share of the hours is enough to know it.
    let demand = wide_only(&[0.6], &dollars);
    let mut sorted = dollars;
    sorted.sort_by(f64::total_cmp);
    let hours = sorted.len() as f64;
    close(single(&demand, 0.0), 0.6 * sorted[(hours - 0.6 * hours).floor() as usize], 1e-6);
}

#[test]
fn demand_that_does_not_fit_is_refused() {
    let class = Class { scope: Some(0), narrow: 0.6, wide: Some(0.7) };
    let refused = |class: Class, scopes: usize, dollars: &[f64]| Demand::new(vec![class], scopes, 2, dollars.to_vec());
    assert!(refused(class, 1, &[1.0, 2.0]).is_ok());
    assert!(refused(class, 1, &[1.0]).unwrap_err().contains("1 amounts for 1 classes and 2 hours"));
    assert!(refused(class, 0, &[1.0, 2.0]).unwrap_err().contains("scope"));
    assert!(refused(Class { narrow: 60.0, ..class }, 1, &[1.0, 2.0]).unwrap_err().contains("rate"));
    assert!(refused(Class { wide: Some(0.0), ..class }, 1, &[1.0, 2.0]).unwrap_err().contains("rate"));
    assert!(refused(class, 1, &[1.0, f64::NAN]).unwrap_err().contains("amount 1"));
}

#[test]
fn nothing_to_cover_needs_nothing() {
    let nothing = Demand::new(Vec::new(), 0, 0, Vec::new()).unwrap();
    let idle = wide_only(&[0.7], &[0.0; 24]);
    let class = Class { scope: None, narrow: 1.0, wide: None };
    let uncoverable = Demand::new(vec![class], 0, 24, vec![1.0; 24]).unwrap();
    for (demand, costs) in [(nothing, 0.0), (idle, 0.0), (uncoverable, 24.0)] {
        let sized = size(&demand, &Levels::default(), &exactly());
        assert_eq!(sized.levels.total(), 0.0);
        close(sized.cost, costs, 1e-12);
        assert!(sized.gap() < 1e-11);
    }
}
