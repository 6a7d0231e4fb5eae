//! Credits against AWS's examples, against the specification word for word, and against laws of the account.

use super::*;
use crate::plan::sizing::invented::Random;

const NANO: Burstable = Burstable { vcpus: 2.0, credits_per_hour: 6.0 };
const LARGE: Burstable = Burstable { vcpus: 2.0, credits_per_hour: 36.0 };
const MODES: [Mode; 2] = [Mode::Standard, Mode::Unlimited];
const FIVE_MINUTES: f64 = 1.0 / 12.0;

#[track_caller]
fn near(a: f64, b: f64) {
    assert!((a - b).abs() <= 1e-7 * b.abs().max(1.0), "{a} is not {b}");
}

/// Two days in five-minute steps that are below and above a baseline of 5 to 40 % for a while.
fn trace(random: &mut Random) -> Vec<f64> {
    let mut level = 0.0;
    (0..576)
        .map(|_| {
            if random.unit() < 0.05 {
                level = random.unit() * random.unit();
            }
            level * random.between(0.5, 1.2)
        })
        .collect()
}

fn shape(random: &mut Random) -> Burstable {
    Burstable { vcpus: 2.0, credits_per_hour: [6.0, 12.0, 24.0, 36.0][random.below(4)] }
}

#[test]
fn the_t3_nano_of_the_user_guide_has_the_balances_that_aws_prints() {
    // Hours, utilization; balance, surplus and charged credits after them. AWS prints 144, 144, 86.4, 122, 144 and 304.
    let phases = [
        (24.0, 0.0, 144.0, 0.0, 0.0),
        (12.0, 0.025, 144.0, 0.0, 0.0),
        (24.0, 0.07, 86.4, 0.0, 0.0),
        (12.0, 0.025, 122.4, 0.0, 0.0),
        (5.0, 1.0, 0.0, 144.0, 303.6),
        (13.0, 0.05, 0.0, 144.0, 303.6),
        (24.0, 0.0, 0.0, 0.0, 303.6),
    ];
    let mut account = Account::new(NANO, Mode::Unlimited, 0.0);
    for (hours, utilization, balance, surplus, charged) in phases {
        account.step(hours, utilization);
        let outcome = account.outcome();
        near(outcome.balance, balance);
        near(outcome.surplus, surplus);
        near(outcome.charged_credits, charged);
    }

    let minutes = phases.iter().flat_map(|(hours, share, ..)| vec![*share; (hours * 60.0) as usize]);
    let outcome = run(NANO, Mode::Unlimited, 0.0, 1.0 / 60.0, minutes);
    near(outcome.charged_credits, 303.6);
    near(outcome.charged_vcpu_hours(), 5.06);
    near(outcome.surplus, 0.0);
    assert_eq!((outcome.steps, outcome.throttled_steps), (6840, 0));
}

/// Utilization at which a T instance with its surcharge costs as much as another one (User Guide, "When to use unlimited
/// mode versus fixed CPU").
fn break_even(price_t: f64, price_other: f64, baseline: f64, vcpus: f64, surcharge: f64) -> f64 {
    baseline + (price_other - price_t) / (vcpus * surcharge)
}

#[test]
fn break_evens_are_those_of_the_user_guide_and_the_simulator_charges_the_difference_there() {
    // The guide's own example prices: t3.large, t3.xlarge and t3.2xlarge beside m5, 5 cents per vCPU-hour.
    for (vcpus, credits_per_hour, price_t, price_other, expected) in
        [(2.0, 36.0, 0.0835, 0.096, 0.425), (4.0, 96.0, 0.167, 0.192, 0.525), (8.0, 192.0, 0.334, 0.384, 0.525)]
    {
        let shape = Burstable { vcpus, credits_per_hour };
        let utilization = break_even(price_t, price_other, shape.baseline(), vcpus, 0.05);
        near(utilization, expected);
        // Long after the first 24 hours of borrowing.
        let charged = |hours| {
            let trace = std::iter::repeat_n(utilization, hours);
            run(shape, Mode::Unlimited, 0.0, 1.0, trace).charged_vcpu_hours()
        };
        near(price_t + 0.05 * (charged(1100) - charged(1000)) / 100.0, price_other);
    }
}

#[test]
fn baselines_are_those_of_the_credit_table() {
    for (vcpus, credits_per_hour, baseline, most) in
        [(2.0, 6.0, 0.05, 144.0), (2.0, 24.0, 0.2, 576.0), (2.0, 36.0, 0.3, 864.0), (8.0, 192.0, 0.4, 4608.0)]
    {
        let shape = Burstable { vcpus, credits_per_hour };
        near(shape.baseline(), baseline);
        near(shape.most_credits(), most);
    }
}

#[test]
fn it_agrees_with_balance_and_surplus_kept_apart() {
    // ALGORITHMS 1.5 word for word; and credits earned = spent + change of the balance + lost at the cap.
    let mut random = Random::new(5);
    for round in 0..100 {
        let (shape, mode) = (shape(&mut random), MODES[round % 2]);
        let start = random.unit() * shape.most_credits();
        let trace = trace(&mut random);
        let (mut balance, mut surplus, mut charged, mut unserved) = (start, 0.0_f64, 0.0, 0.0);
        let (mut earned, mut spent, mut lost) = (0.0, 0.0, 0.0);
        for share in &trace {
            let earns = shape.credits_per_hour * FIVE_MINUTES;
            let spends = shape.vcpus * share.min(1.0) * 60.0 * FIVE_MINUTES;
            let net = earns - spends;
            earned += earns;
            spent += spends;
            if net >= 0.0 {
                let pay = surplus.min(net);
                surplus -= pay;
                lost += (balance + net - pay - shape.most_credits()).max(0.0);
                balance = (balance + net - pay).min(shape.most_credits());
            } else {
                let rest = -net - balance.min(-net);
                balance -= balance.min(-net);
                if mode == Mode::Standard {
                    unserved += rest;
                    spent -= rest;
                } else {
                    surplus += rest;
                    charged += (surplus - shape.most_credits()).max(0.0);
                    surplus = surplus.min(shape.most_credits());
                }
            }
        }
        let outcome = run(shape, mode, start, FIVE_MINUTES, trace.into_iter());
        near(outcome.balance, balance);
        near(outcome.surplus, surplus);
        near(outcome.charged_credits, charged);
        near(outcome.unserved_vcpu_hours, unserved / 60.0);
        near(earned + outcome.surplus + outcome.charged_credits, spent + outcome.balance - start + lost);
    }
}

#[test]
fn standard_is_never_charged_and_unlimited_never_throttled() {
    let mut random = Random::new(6);
    let (mut throttled, mut charged) = (0, 0);
    for _ in 0..100 {
        let (shape, trace) = (shape(&mut random), trace(&mut random));
        let standard = run(shape, Mode::Standard, 0.0, FIVE_MINUTES, trace.iter().copied());
        let unlimited = run(shape, Mode::Unlimited, 0.0, FIVE_MINUTES, trace.iter().copied());
        assert_eq!((standard.charged_credits, standard.surplus), (0.0, 0.0));
        assert_eq!((unlimited.throttled_steps, unlimited.unserved_vcpu_hours), (0, 0.0));
        throttled += usize::from(standard.throttled_steps > 0);
        charged += usize::from(unlimited.charged_credits > 0.0);
        // What one does not get, the other pays for or still owes.
        assert!(unlimited.charged_credits + unlimited.surplus <= 60.0 * standard.unserved_vcpu_hours + 1e-7);
    }
    assert!(throttled >= 20 && charged >= 20, "{throttled} and {charged}: the traces show nothing");
}

#[test]
fn who_asks_for_more_is_left_with_no_more() {
    let mut random = Random::new(7);
    for round in 0..100 {
        let (shape, mode, less) = (shape(&mut random), MODES[round % 2], trace(&mut random));
        let more: Vec<f64> = less.iter().map(|share| share + 0.2 * random.unit()).collect();
        let less = run(shape, mode, 50.0, FIVE_MINUTES, less.into_iter());
        let more = run(shape, mode, 50.0, FIVE_MINUTES, more.into_iter());
        assert!(more.balance <= less.balance + 1e-9 && more.surplus >= less.surplus - 1e-9);
        assert!(more.charged_credits >= less.charged_credits - 1e-9);
        assert!(more.unserved_vcpu_hours >= less.unserved_vcpu_hours - 1e-9);
    }
}

#[test]
fn the_length_of_a_step_does_not_matter_when_demand_is_constant() {
    for mode in MODES {
        for utilization in [0.0, 0.1, 0.3, 0.35, 0.8, 1.0] {
            let whole = run(LARGE, mode, 100.0, 48.0, std::iter::once(utilization));
            for steps in [48_usize, 576, 2880] {
                let hours = 48.0 / steps as f64;
                let many = run(LARGE, mode, 100.0, hours, std::iter::repeat_n(utilization, steps));
                near(many.balance, whole.balance);
                near(many.surplus, whole.surplus);
                near(many.charged_credits, whole.charged_credits);
                near(many.unserved_vcpu_hours, whole.unserved_vcpu_hours);
            }
        }
    }
}

#[test]
fn the_baseline_can_be_held_for_ever_with_an_empty_balance() {
    for credits_per_hour in [3.0, 6.0, 12.0, 24.0, 36.0, 81.6] {
        let shape = Burstable { vcpus: 2.0, credits_per_hour };
        let trace = std::iter::repeat_n(shape.baseline(), 2000);
        let outcome = run(shape, Mode::Standard, 0.0, FIVE_MINUTES, trace);
        assert_eq!((outcome.steps, outcome.throttled_steps), (2000, 0));
    }
}

#[test]
fn without_credits_a_standard_instance_gives_its_baseline() {
    // A t3.large gives 30 % of 2 vCPUs; more than all of them is no more than all.
    for utilization in [1.0, 1.7] {
        let outcome = run(LARGE, Mode::Standard, 0.0, FIVE_MINUTES, std::iter::repeat_n(utilization, 12));
        assert_eq!(outcome.throttled_steps, 12);
        near(outcome.unserved_vcpu_hours, 2.0 * 0.7);
    }
    // With 84 credits an hour at full load is served: 120 are spent and 36 earned.
    let outcome = run(LARGE, Mode::Standard, 84.0, FIVE_MINUTES, std::iter::repeat_n(1.0, 12));
    assert_eq!(outcome.throttled_steps, 0);
    near(outcome.balance, 0.0);
}

#[test]
fn a_balance_ends_at_24_hours_of_earnings() {
    assert_eq!(run(NANO, Mode::Standard, 500.0, 1.0, std::iter::empty()).balance, 144.0);
    near(run(NANO, Mode::Standard, 0.0, 1.0, std::iter::repeat_n(0.0, 23)).balance, 138.0);
    near(run(NANO, Mode::Unlimited, 0.0, 1.0, std::iter::repeat_n(0.0, 240)).balance, 144.0);
}

#[test]
fn a_gap_in_the_measurements_changes_nothing() {
    let with = run(NANO, Mode::Unlimited, 10.0, 1.0, [0.5, f64::NAN, 0.0].into_iter());
    let without = run(NANO, Mode::Unlimited, 10.0, 1.0, [0.5, 0.0].into_iter());
    assert_eq!(with, without);
    assert_eq!(with.steps, 2);
}

#[test]
fn a_stop_bills_what_is_owed() {
    // An hour at full load: 120 spent, 6 earned.
    let outcome = run(NANO, Mode::Unlimited, 0.0, 1.0, std::iter::once(1.0));
    near(outcome.surplus, 114.0);
    near(outcome.charged_credits, 0.0);
    near(outcome.stopped().charged_vcpu_hours(), 1.9);
    near(outcome.stopped().surplus, 0.0);
}

/// Whether more than so many steps are throttled is what a whole run counts.
#[test]
fn stopping_early_decides_as_a_whole_run() {
    let shape = Burstable { vcpus: 2.0, credits_per_hour: 24.0 };
    let mut random = crate::plan::sizing::invented::Random::new(3);
    for _ in 0..50 {
        let trace: Vec<f64> = (0..300).map(|_| random.between(0.0, 0.6)).collect();
        let throttled = run(shape, Mode::Standard, 0.0, 1.0 / 12.0, trace.iter().copied()).throttled_steps;
        for most in [0, throttled.saturating_sub(1), throttled, throttled + 1] {
            let alone = throttles_more(shape, most, 1.0 / 12.0, trace.iter().map(|share| [*share]));
            assert_eq!(alone, [throttled > most]);
            let beside = trace.iter().map(|share| [0.5 * share, *share, (1.5 * share).min(1.0)]);
            assert_eq!(throttles_more(shape, most, 1.0 / 12.0, beside)[1], throttled > most);
        }
    }
}
