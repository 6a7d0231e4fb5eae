//! Usage that can be followed by hand: a dollar an hour on demand, 0.72 under a Compute Savings Plan, 0.6 under an EC2
//! Instance Savings Plan.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::*;
use crate::derive::baseline::Baseline;
use crate::derive::hourly::{Key, Sums};
use crate::id::Meter;
use crate::prices::{PriceList, Term, Terms as Stated};

const METER: &str = "AmazonEC2/BoxUsage:m5.large";
const LIST: &str = "# title = \"Test\"\n# [source.a]\n# title = \"List\"\n# date = \"2026-05\"\n# licence = \"facts\"\n\
    meter,term,from,unit,source,us-east-1\n\
    AmazonEC2/BoxUsage:m5.large,,,Hours,a,1\n\
    AmazonEC2/BoxUsage:m5.large,compute-savings-plan-1y-no-upfront,,Hours,a,0.72\n\
    AmazonEC2/BoxUsage:m5.large,ec2-instance-savings-plan-1y-no-upfront,,Hours,a,0.6\n";
const COMPUTE: &str = "compute-savings-plan-1y-no-upfront";
const INSTANCE: &str = "ec2-instance-savings-plan-1y-no-upfront";
/// Days from the first of January 2026 to the first of March.
const MARCH: usize = 59;
const DAY: usize = 24;

fn prices() -> PriceBook {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("list.csv"), LIST).unwrap();
    let refreshed = Some(Arc::new(PriceList::read(folder.path()).unwrap()));
    let stated = Stated { refreshed, ..Stated::default() };
    PriceBook::new(&Baseline::default(), Currency::USD, jiff::civil::date(2026, 6, 1), stated)
}

fn at(hour: usize) -> Timestamp {
    midnight(jiff::civil::date(2026, 1, 1)) + SignedDuration::from_hours(hour as i64)
}

/// Instances of a meter by hour from the first of January 2026.
fn open_of(meter: &str, hours: usize, instances: impl Fn(usize) -> u32) -> Hourly {
    let key =
        Key { account: Some("111122223333".into()), region: Some("us-east-1".into()), meter: Meter(meter.into()) };
    let hours: std::collections::BTreeMap<_, _> =
        (0..hours).map(|hour| (at(hour), vec![(0, Decimal::from(instances(hour)))])).collect();
    let all: Decimal = hours.values().flatten().map(|(_, quantity)| *quantity).sum();
    let sums = Sums {
        quantity: all,
        list: Some(all),
        effective: all,
        open_quantity: all,
        open_cost: all,
        open_list: Some(all),
    };
    Hourly { keys: vec![(key, sums)], hours }
}

fn open(days: usize, instances: impl Fn(usize) -> u32) -> Hourly {
    open_of(METER, days * DAY, instances)
}

fn judged(open: Option<&Hourly>, days: usize, terms: &[&str]) -> Result<Backtest, Refused> {
    let terms: Vec<Term> = terms.iter().map(|term| term.parse().unwrap()).collect();
    let (prices, terms) = (prices(), Terms::new(&terms).unwrap());
    let as_of = AsOf::at_day(at(days * DAY));
    backtest(&Inputs { open, prices: &prices, terms: &terms, weeks: 8, currency: Currency::USD, as_of })
}

fn of(open: &Hourly, days: usize) -> Backtest {
    judged(Some(open), days, &[COMPUTE]).unwrap()
}

fn outcome(decision: &Decision, policy: Policy) -> &Outcome {
    decision.outcomes.iter().find(|outcome| outcome.policy == policy).unwrap()
}

fn total(backtest: &Backtest, policy: Policy) -> &Total {
    backtest.totals.iter().find(|total| total.policy == policy).unwrap()
}

/// An amount as it is printed in full.
fn text(amount: Amount) -> String {
    amount.0.normalize().to_string()
}

/// Hourly, promised, saving, savings rate, utilization, coverage, regret.
fn figures(outcome: &Outcome) -> [String; 7] {
    let any = |amount: Option<Amount>| amount.map_or("-".to_owned(), text);
    [
        text(outcome.hourly),
        any(outcome.promised),
        text(outcome.saving),
        any(outcome.effective_savings_rate),
        any(outcome.utilization),
        any(outcome.coverage),
        text(outcome.regret),
    ]
}

fn dates(backtest: &Backtest) -> Vec<&str> {
    backtest.decisions.iter().map(|decision| decision.date.as_str()).collect()
}

#[test]
fn constant_usage_keeps_every_promise() {
    let backtest = of(&open(120, |_| 1000), 120);
    assert_eq!(dates(&backtest), ["2026-02-01", "2026-03-01", "2026-04-01"]);
    assert_eq!((backtest.first.as_str(), backtest.last.as_str()), ("2026-01-01", "2026-04-30"));
    for decision in &backtest.decisions {
        assert_eq!(text(decision.on_demand), "730000");
        // 1,000 dollars an hour for 720: 280 × 730.
        for policy in [Policy::Ours, Policy::AwsLike] {
            let found = outcome(decision, policy);
            assert_eq!(figures(found), ["720", "204400", "204400", "0.28", "1", "1", "0"], "{policy:?}");
            assert_eq!((found.break_even.map(text).as_deref(), found.below_break_even), (Some("0.72"), false));
        }
        let nothing = figures(outcome(decision, Policy::Nothing));
        assert_eq!(nothing, ["0", "0", "0", "0", "-", "0", "204400"]);
        let hindsight = figures(outcome(decision, Policy::Clairvoyant));
        assert_eq!(hindsight, ["720", "-", "204400", "0.28", "1", "1", "0"]);
    }
    let ours = total(&backtest, Policy::Ours);
    assert_eq!((ours.decisions, ours.lost, text(ours.lost_share).as_str()), (3, 0, "0"));
    assert_eq!((ours.kept.map(text).as_deref(), text(ours.worst).as_str()), (Some("1"), "204400"));
    assert_eq!(total(&backtest, Policy::Nothing).kept, None, "nothing was promised");
    assert_eq!(backtest.notes, Vec::<String>::new());
}

#[test]
fn usage_that_halves_after_the_decision_loses_what_can_be_computed_by_hand() {
    let backtest = of(&open(90, |hour| if hour < MARCH * DAY { 1000 } else { 500 }), 90);
    assert_eq!(dates(&backtest), ["2026-02-01", "2026-03-01"]);
    let march = outcome(&backtest.decisions[1], Policy::Ours);
    // 720 an hour cover 500 on demand: 220 lost. The best is 360 an hour, which save 140.
    assert_eq!(figures(march), ["720", "204400", "-160600", "-0.44", "0.5", "1", "262800"]);
    assert!(march.below_break_even);
    assert_eq!(text(outcome(&backtest.decisions[1], Policy::Clairvoyant).hourly), "360");
    // From February on 28 days of 59 save 280 and 31 lose 220: too few for 720 to be the best level.
    let february = outcome(&backtest.decisions[0], Policy::Ours);
    let by_hand = Decimal::from((28 * 280 - 31 * 220) * 730) / Decimal::from(59);
    assert!((february.saving.0 - by_hand).abs() < Decimal::new(1, 6), "{february:?}");
    assert_eq!(text(outcome(&backtest.decisions[0], Policy::Clairvoyant).saving), "102200");
    let ours = total(&backtest, Policy::Ours);
    assert_eq!((ours.lost, text(ours.lost_share).as_str()), (1, "0.5"));
    assert_eq!((text(ours.worst).as_str(), ours.worst_date.as_str()), ("-160600", "2026-03-01"));
    let mean = (by_hand - Decimal::from(160_600)) / Decimal::TWO;
    assert!((ours.saving.0 - mean).abs() < Decimal::new(1, 6), "{ours:?}");
    assert!(ours.kept.unwrap().0 < Decimal::ZERO, "the promise is not kept, and it says so");
}

#[test]
fn usage_that_grows_is_regretted_but_loses_nothing() {
    let backtest = of(&open(90, |hour| if hour < MARCH * DAY { 1000 } else { 2000 }), 90);
    let march = outcome(&backtest.decisions[1], Policy::Ours);
    assert_eq!(figures(march), ["720", "204400", "204400", "0.14", "1", "0.5", "204400"]);
    assert!(!march.below_break_even);
    assert_eq!(text(outcome(&backtest.decisions[1], Policy::Clairvoyant).hourly), "1440");
    assert_eq!(total(&backtest, Policy::Ours).lost, 0);
}

#[test]
fn a_decision_never_sees_what_follows_it() {
    let before = |hour: usize| 700 + (hour * 37 % 300) as u32;
    let decided = |after: fn(usize) -> u32| {
        let backtest = of(&open(90, |hour| if hour < MARCH * DAY { before(hour) } else { after(hour) }), 90);
        let hourly = |decision: &Decision| {
            [Policy::Ours, Policy::AwsLike].map(|policy| {
                let outcome = outcome(decision, policy);
                (outcome.hourly, outcome.promised, outcome.break_even)
            })
        };
        backtest.decisions.iter().map(hourly).collect::<Vec<_>>()
    };
    let gone = decided(|_| 0);
    assert!(gone[1][0].0.0 > Decimal::ZERO);
    assert_eq!(gone, decided(|hour| 5000 + (hour % 7) as u32));
}

#[test]
fn usage_that_ends_saves_nothing_and_has_no_rate() {
    let backtest = of(&open(90, |hour| if hour < MARCH * DAY { 1000 } else { 0 }), 90);
    // 720 an hour for nothing: 525,600 a month.
    let march = figures(outcome(&backtest.decisions[1], Policy::Ours));
    assert_eq!(march, ["720", "204400", "-525600", "-", "0", "-", "525600"]);
}

#[test]
fn on_usage_that_repeats_aws_advises_the_same() {
    // Three quarters of the hours are high, more than 72 %.
    let backtest = of(&open(120, |hour| if hour % DAY < 18 { 1500 } else { 1000 }), 120);
    for decision in &backtest.decisions {
        let [ours, aws] = [Policy::Ours, Policy::AwsLike].map(|policy| figures(outcome(decision, policy)));
        assert_eq!(ours, aws);
        assert_eq!((ours[0].as_str(), ours[6].as_str()), ("1080", "0"));
    }
}

#[test]
fn ours_is_the_smaller_of_the_weeks_and_the_last_week() {
    // Eight days before March half of it goes: still the level of most of the 30 days, and of the eight weeks.
    let backtest = of(&open(90, |hour| if hour < (MARCH - 8) * DAY { 1000 } else { 500 }), 90);
    let [ours, aws] = [Policy::Ours, Policy::AwsLike].map(|policy| figures(outcome(&backtest.decisions[1], policy)));
    assert_eq!(ours, ["360", "102200", "102200", "0.28", "1", "1", "0"]);
    assert_eq!((aws[0].as_str(), aws[2].as_str()), ("720", "-160600"));
}

#[test]
fn plans_of_a_family_are_bought_where_they_are_cheaper() {
    let steady = open(120, |_| 1000);
    let backtest = judged(Some(&steady), 120, &[COMPUTE, INSTANCE]).unwrap();
    assert_eq!(backtest.terms.len(), 2);
    let ours = outcome(&backtest.decisions[0], Policy::Ours);
    let bought: Vec<(&str, String)> = ours.bought.iter().map(|one| (one.scope.as_str(), text(one.hourly))).collect();
    assert_eq!(bought, [("m5 in us-east-1", "600".to_owned())]);
    assert_eq!(text(ours.saving), "292000");
    let alone = judged(Some(&steady), 120, &[INSTANCE]).unwrap();
    assert_eq!(figures(outcome(&alone.decisions[0], Policy::Ours)), figures(ours));
}

#[test]
fn terms_are_one_of_each_kind() {
    let terms = |texts: &[&str]| {
        let terms: Vec<Term> = texts.iter().map(|text| text.parse().unwrap()).collect();
        Terms::new(&terms)
    };
    assert_eq!(terms(&[INSTANCE, "compute-savings-plan-3y-no-upfront"]).unwrap().hours(), 8760);
    assert_eq!(terms(&["compute-savings-plan-3y-all-upfront"]).unwrap().hours(), 26_280);
    for (texts, says) in [
        (&[][..], "needs a term"),
        (&[COMPUTE, "compute-savings-plan-3y-no-upfront"][..], "second term"),
        (&["standard-1y-no-upfront"][..], "cannot be backtested"),
        (&["on-demand"][..], "cannot be backtested"),
    ] {
        let error = terms(texts).unwrap_err();
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn what_cannot_be_judged_is_refused() {
    let refused = |open: Option<&Hourly>, days: usize| judged(open, days, &[COMPUTE]).unwrap_err();
    assert_eq!(refused(None, 120), Refused::Daily);
    assert_eq!(refused(Some(&Hourly::default()), 120), Refused::NoResources);
    let steady = open(120, |_| 1000);
    // Four weeks before the first of February, but six days after it; a week is enough.
    let error = refused(Some(&steady), 37);
    assert_eq!(error, Refused::TooShort { first: "2026-01-01".into(), last: "2026-02-06".into() });
    assert!(error.to_string().contains("needs 4 weeks of hours before it and 1 week after it"), "{error}");
    assert_eq!(dates(&of(&steady, 38)), ["2026-02-01"]);
    // Of what is no instance, no list has a rate.
    let unknown = open_of("AmazonECS/Fargate-Unheard-Of", 120 * DAY, |_| 1000);
    assert!(matches!(refused(Some(&unknown), 120), Refused::NoRates(_)));
}

#[test]
fn a_month_that_was_not_given_is_no_month_without_usage() {
    let mut steady = open(120, |_| 1000);
    steady.hours.retain(|hour, _| !(at(31 * DAY)..at(MARCH * DAY)).contains(hour));
    let backtest = of(&steady, 120);
    assert_eq!((backtest.first.as_str(), dates(&backtest)), ("2026-03-01", vec!["2026-04-01"]));
    assert!(backtest.notes.iter().any(|note| note.starts_with("hours before 2026-03-01 are left out")));
}

#[test]
fn usage_without_a_rate_stays_on_demand_and_is_said() {
    let mut mixed = open(120, |_| 1000);
    let (mut key, sums) = mixed.keys[0].clone();
    key.meter = Meter("AmazonECS/Fargate-Unheard-Of".into());
    mixed.keys.push((key, sums));
    mixed.hours.values_mut().for_each(|hour| hour.push((1, Decimal::from(250))));
    let backtest = of(&mixed, 120);
    assert_eq!(backtest.notes, ["20.0 % of the dollars on demand have no known rate: they stay on demand"]);
    // 720 an hour cover 1,000 of 1,250.
    let ours = figures(outcome(&backtest.decisions[0], Policy::Ours));
    assert_eq!(ours, ["720", "204400", "204400", "0.224", "1", "0.8", "0"]);
}

#[test]
fn the_same_hours_give_the_same_bytes() {
    let bumpy = open(120, |hour| 500 + (hour * 7919 % 613) as u32);
    let bytes = || serde_json::to_string(&judged(Some(&bumpy), 120, &[COMPUTE, INSTANCE]).unwrap()).unwrap();
    assert_eq!(bytes(), bytes());
}
