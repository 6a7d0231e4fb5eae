//! Risks as a naive program finds them, and the laws of margins.

use super::*;
use crate::derive::fit::risk::{Calibration, Observed, shipped};

fn machine(points: Vec<f32>, shapes: &[(&str, f64, f64)]) -> Machine {
    let candidate = |(shape, share, price): &(&str, f64, f64)| Candidate {
        shape: (*shape).to_owned(),
        price: *price,
        room: BTreeMap::from([(Dimension::Processor, 0.7 * share)]),
        burst: None,
        steady: None,
        bursts: BTreeMap::new(),
    };
    Machine {
        id: "m".into(),
        strata: vec!["all".into()],
        shape: "now".into(),
        price: 1.0,
        demands: vec![Demand { dimension: Dimension::Processor, points: Points::new(300, points), room: 0.7 }],
        mean: None,
        candidates: shapes.iter().map(candidate).collect(),
    }
}

fn fleet(ratios: Vec<f64>) -> Fleet {
    let observed = ratios.into_iter().map(|ratio| Observed { statistic: 1.0, ratio }).collect();
    Fleet::new([(Dimension::Processor, Calibration::new(observed, "test".into()))], 0.01)
}

#[test]
fn candidates_are_those_that_cost_less_in_order_of_price() {
    let machine =
        machine(vec![0.1; 600], &[("dear", 0.5, 2.0), ("b", 0.5, 0.5), ("a", 0.5, 0.5), ("cheap", 0.25, 0.25)]);
    let names: Vec<&str> = assess(&machine, &fleet(vec![1.0]), &Limits::default())
        .iter()
        .map(|fit| machine.candidates[fit.candidate].shape.as_str())
        .collect();
    assert_eq!(names, ["cheap", "a", "b"]);
}

/// Constant use of 20 percent: half a machine has 35 percent within the limit, a margin of (35 + 10) ÷ (20 + 10) = 1.5, which one of
/// four ratios exceeds; (1 + 1) of (4 + 1).
#[test]
fn a_risk_is_the_share_of_ratios_beyond_the_margin() {
    let machine = machine(vec![0.2; 600], &[("half", 0.5, 0.5)]);
    let fit = &assess(&machine, &fleet(vec![0.9, 1.0, 1.2, 2.5]), &Limits::default())[0];
    assert!((fit.risk - 0.4).abs() < 1e-12, "{}", fit.risk);
    assert_eq!(fit.over, 0.0);
    let (dimension, used) = fit.nearest.unwrap();
    assert_eq!((dimension, (used * 100.0).round()), (Dimension::Processor, 57.0));
}

#[test]
fn a_dimension_that_loses_nothing_adds_no_risk() {
    let same = machine(vec![0.6; 600], &[("same processors for less", 1.0, 0.9)]);
    assert_eq!(assess(&same, &fleet(vec![9.0]), &Limits::default())[0].risk, 0.0);
}

/// Every choice and risk as a naive program finds it: all shapes, no sorting, no histogram (ALGORITHMS 1.8).
#[test]
fn risks_and_replays_equal_enumeration() {
    let ratios: Vec<f64> = (1..60).map(|k| 0.6 + f64::from(k * k) / 900.0).collect();
    let fleet = fleet(ratios.clone());
    for seed in 1..20_u32 {
        let points: Vec<f32> = (0..200_u32).map(|at| ((at * at * seed + 17 * at) % 97) as f32 / 200.0).collect();
        let shapes: Vec<(String, f64, f64)> =
            (1..12).map(|k| (format!("s{k:02}"), f64::from(k) / 12.0, f64::from(k) / 12.0)).collect();
        let borrowed: Vec<(&str, f64, f64)> = shapes.iter().map(|(n, s, p)| (n.as_str(), *s, *p)).collect();
        let machine = machine(points.clone(), &borrowed);
        for fit in assess(&machine, &fleet, &Limits::default()) {
            let room = 0.7 * shapes[fit.candidate].1;
            let over = points.iter().filter(|point| f64::from(**point) > room).count() as f64 / 200.0;
            assert_eq!(fit.over, over);
            let mut sorted = points.clone();
            sorted.sort_by(f32::total_cmp);
            // Of 200 points the 99.5th percentile is the last but one of its grid; six slices of 33 and a rest of 2.
            let high = f64::from(sorted[199]) + 1e-4;
            let mut days: Vec<f32> = points.chunks(33).map(|day| day.iter().copied().fold(0.0, f32::max)).collect();
            days.sort_by(f32::total_cmp);
            let statistic = (high * (f64::from(days[6]) + 1e-4)).sqrt();
            let margin = (room + 0.1) / (statistic + 0.1);
            let beyond = ratios.iter().filter(|ratio| **ratio > margin).count();
            let out_of_reach = margin > 2.0 * ratios.last().unwrap();
            let risk = if out_of_reach { 0.0 } else { (1 + beyond) as f64 / 60.0 };
            assert!((fit.risk - risk).abs() < 1e-12, "{seed} {}: {} for {risk}", fit.candidate, fit.risk);
        }
    }
}

#[test]
fn less_room_is_never_less_risk() {
    let shipped = shipped(0.01).like(0.3);
    let risks: Vec<f64> = (1..400).map(|step| shipped.exceeding(f64::from(step) / 20.0)).collect();
    assert!(risks.windows(2).all(|pair| pair[0] >= pair[1]));
    assert_eq!((risks[0], shipped.count()), (1.0, 140));
}

/// The margin of a risk is exceeded with that risk, and no smaller ratio is.
#[test]
fn a_margin_is_the_inverse_of_a_risk() {
    let shipped = shipped(0.05).like(0.3);
    for risk in [0.02, 0.05, 0.1, 0.2, 0.5] {
        let margin = shipped.margin(risk).unwrap();
        assert!(shipped.exceeding(margin) <= risk + 1e-12);
        assert!(shipped.exceeding(margin * 0.999_999) > risk - 1.0 / 141.0 - 1e-12);
    }
    assert_eq!(shipped.margin(0.001), None);
}

/// A promise holds for machines that are like those it comes from: 200 fleets of 100 machines, each with one more.
#[test]
fn promised_risk_is_realised_where_machines_are_exchangeable() {
    let mut state = 7_u64;
    let mut unit = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let (mut beyond, rounds) = (0, 2000);
    for _ in 0..rounds {
        let ratios: Vec<f64> = (0..60).map(|_| (-unit().ln()).powi(2)).collect();
        let margin = Ratios::new(ratios).margin(0.05).unwrap();
        beyond += usize::from((-unit().ln()).powi(2) > margin);
    }
    // 5 percent and less by what 61 places round; two standard errors of 2,000 rounds are one percent.
    let realised = beyond as f64 / f64::from(rounds);
    assert!((0.039..=0.060).contains(&realised), "{realised}");
}

#[test]
fn a_fleet_has_ratios_of_its_own_from_fifty_machines_on() {
    let many = |count: usize| -> Vec<Machine> {
        (0..count).map(|at| machine(vec![0.1 + at as f32 / 1000.0; 600], &[])).collect()
    };
    let limits = Limits::default();
    let basis =
        |count| Fleet::of(&many(count), &limits).calibration(Dimension::Processor, &["all".into()]).basis.clone();
    assert_eq!(basis(49), "default: 140 virtual machines of public traces");
    assert_eq!(basis(50), "50 of your own: all");
}

#[test]
fn halves_with_gaps_give_no_ratio() {
    let gaps: Vec<f32> = (0..600).map(|at| if at % 4 == 0 { f32::NAN } else { 0.1 }).collect();
    let full = Points::new(300, vec![0.1; 600]);
    assert_eq!(risk::observed(&Points::new(300, gaps), &full, 0.01), None);
    assert_eq!(risk::observed(&full, &full, 0.01).map(|one| (one.ratio * 1e6).round()), Some(1e6));
}

/// Of 900 machines the 300 whose statistics are nearest; the idle ones here grow, the busy ones do not.
#[test]
fn a_machine_is_compared_with_those_that_use_as_much() {
    let one = |at: u32| Observed { statistic: f64::from(at + 1) / 1000.0, ratio: if at < 450 { 3.0 } else { 1.0 } };
    let calibration = Calibration::new((0..900).map(one).collect(), String::new());
    let risk = |statistic| calibration.like(statistic).exceeding(2.0);
    assert_eq!((risk(0.01), risk(0.85), calibration.like(0.5).count()), (1.0, 1.0 / 301.0, 300));
}

/// 260 idle machines with the same statistic and 40 busy ones: the 200 nearest to a busy one are the 40 and 160 of the idle.
#[test]
fn many_machines_with_one_statistic_do_not_hide_the_nearer_ones() {
    let one = |at: u32| match at {
        0..260 => Observed { statistic: 0.001, ratio: 1.0 },
        _ => Observed { statistic: 0.5, ratio: 3.0 },
    };
    let risk = Calibration::new((0..300).map(one).collect(), String::new()).like(0.5).exceeding(2.0);
    assert!((risk - 41.0 / 201.0).abs() < 1e-12, "{risk}");
}
