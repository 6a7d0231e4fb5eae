//! Plans under commitments: small weeks, every choice tried.

use jiff::Timestamp;

use super::*;
use crate::derive::hourly::{Hourly, Key, Sums};
use crate::derive::in_force::InForce;
use crate::period::AsOf;
use crate::simulate::{self, Alternative, from_bill};

const M5: &str = "AmazonEC2/BoxUsage:m5.large";
const M7G: &str = "AmazonEC2/BoxUsage:m7g.large";
const T3: &str = "AmazonEC2/BoxUsage:t3.large";
const T4G: &str = "AmazonEC2/BoxUsage:t4g.large";
const READS: &str = "AmazonDynamoDB/ReadCapacityUnit-Hrs";

/// Price on demand in us-east-1.
fn price(meter: &str) -> Decimal {
    let hundred_thousandths = match meter {
        M5 => 9600,
        M7G => 8160,
        T3 => 8320,
        READS => 13,
        _ => 6720,
    };
    Decimal::new(hundred_thousandths, 5)
}

fn of(resource: usize) -> Target {
    Target { resource: Some(format!("i-{resource}")), ..target() }
}

/// Instances of one account, each of one meter, on in all hours of the week.
struct Fleet {
    meters: Vec<&'static str>,
    baseline: Baseline,
    hours: Hours,
}

impl Fleet {
    fn new(meters: &[&'static str], in_force: Vec<InForce>) -> Fleet {
        let as_of: AsOf = "2026-11-02".parse().unwrap();
        let start = as_of.run_rate_window().start();
        let mut baseline = Baseline::default();
        let mut hourly = Hourly::default();
        for (resource, meter) in meters.iter().enumerate() {
            let month = price(meter) * Decimal::from(730);
            let mut line = line(meter, 730, 0, 0);
            (line.effective, line.list, line.unit) = (month, Some(month), Some("Hours".into()));
            baseline.lines.insert(of(resource), vec![line]);
            let used = (0..168).map(|hour| (hour, Decimal::ONE)).collect();
            baseline.hours.insert((of(resource), Meter((*meter).into())), used);
        }
        for meter in [M5, M7G, T3, T4G, READS] {
            let count = Decimal::from(meters.iter().filter(|used| **used == meter).count());
            if count.is_zero() {
                continue;
            }
            let key = Key { account: target().account, region: target().region, meter: Meter(meter.into()) };
            let quantity = count * Decimal::from(168);
            let cost = quantity * price(meter);
            let (open_quantity, open_cost, list) = (quantity, cost, Some(cost));
            hourly
                .keys
                .push((key, Sums { quantity, list, effective: cost, open_quantity, open_cost, open_list: list }));
            for hour in 0..168 {
                let at: Timestamp = start + jiff::SignedDuration::from_hours(hour);
                hourly.hours.entry(at).or_default().push((hourly.keys.len() - 1, count));
            }
        }
        let history = hourly.clone();
        let hours = Hours { hourly, history, used: BTreeMap::new(), in_force, as_of };
        Fleet { meters: meters.to_vec(), baseline, hours }
    }

    fn plan(&self, findings: Vec<Finding>) -> Plan {
        let prices = prices_of(&self.baseline);
        let hours = Some(&self.hours);
        plan(findings, &Evidence { hours, ..evidence(&self.baseline, &prices) })
    }

    /// What a month saves, exactly, when some instances go or change: now, and without commitments.
    fn saves(&self, changes: &[(usize, Option<&str>)]) -> (Decimal, Decimal) {
        let prices = prices_of(&self.baseline);
        let region = target().region;
        let also = changes.iter().filter_map(|(_, to)| Some((region.clone(), Meter((*to)?.into())))).collect();
        let read = from_bill(&self.hours.hourly, &self.hours.in_force, &prices, &also);
        let place = |meter: &str| read.places[&(region.clone(), Meter(meter.into()))];
        let alternative = |(resource, to): &(usize, Option<&str>)| Alternative {
            account: 0,
            from_class: place(self.meters[*resource]),
            to: to.map(|to| (place(to), Decimal::ONE)),
            off: None,
            quantity: (0..168).map(|hour| (hour, Decimal::ONE)).collect(),
        };
        let after = simulate::apply(&read.usage, &changes.iter().map(alternative).collect::<Vec<_>>());
        let mut now = read.portfolio.clone();
        now.commitments.iter_mut().for_each(|one| (one.from, one.until) = (None, None));
        let month =
            |usage, portfolio| simulate::bill(usage, portfolio).amortised() * Decimal::from(730) / Decimal::from(168);
        let none = simulate::Portfolio::default();
        (month(&read.usage, &now) - month(&after, &now), month(&read.usage, &none) - month(&after, &none))
    }
}

/// One m5.large, reserved in this account at 0.06 an hour.
fn reserved() -> InForce {
    let hours = Decimal::from(168);
    InForce {
        id: "ri".into(),
        kind: Some("Reservation".into()),
        owner: target().account,
        region: target().region,
        meter: Some(Meter("AmazonEC2/HeavyUsage:m5.large".into())),
        until: Some("2027-02-01T00:00:00Z".parse().unwrap()),
        hours,
        bought: Some(hours),
        used: Decimal::new(6, 2) * hours,
        unused: Some(Decimal::ZERO),
        ..InForce::default()
    }
}

fn on(resource: usize, rule: &str, meter: &str, verb: Verb) -> Finding {
    let mut one = finding(rule, vec![(Some(meter), None, verb)]);
    one.target = of(resource);
    one.id = FindingId::new(&one.rule, &one.target);
    one
}

fn swap(to: &str) -> Verb {
    Verb::Swap { meter: Some(Meter(to.into())), quantity: None }
}

#[test]
fn what_a_reservation_covers_saves_the_sibling_on_demand_or_nothing() {
    let drop = || vec![on(0, "ec2-instance-idle", M5, Verb::Drop)];
    let two = Fleet::new(&[M5, M5], vec![reserved()]).plan(drop());
    assert_eq!(two.net().round_dp(6), price(M5) * Decimal::from(730), "the reservation goes to the other one");
    let one = Fleet::new(&[M5], vec![reserved()]).plan(drop());
    assert_eq!(one.net(), Decimal::ZERO);
    let later: Vec<_> = one.held_until.iter().map(|(date, more)| (date.clone(), more.round_dp(6))).collect();
    assert_eq!(later, [(Some("2027-02-01".to_owned()), price(M5) * Decimal::from(730))], "from its end on");
}

#[test]
fn a_change_that_leaves_a_reservation_idle_is_not_made() {
    // 0.096 to 0.0816 an hour looks like a saving; with the reservation idle it costs 0.0816 more.
    let plan = Fleet::new(&[M5], vec![reserved()]).plan(vec![on(0, "ec2-not-graviton", M5, swap(M7G))]);
    assert_eq!((plan.net(), plan.findings[0].standing.clone()), (Decimal::ZERO, Standing::Covered));
    // With two m5.large the reservation has the other one.
    let plan = Fleet::new(&[M5, M5], vec![reserved()]).plan(vec![on(0, "ec2-not-graviton", M5, swap(M7G))]);
    assert_eq!(plan.net().round_dp(6), Decimal::new(144, 4) * Decimal::from(730));
}

#[test]
fn plans_of_small_fleets_are_the_best_there_are() {
    let mut tried = 0;
    for meters in [[M5, M5, T3], [M5, T3, T3], [M5, M5, M5], [T3, T3, M5]] {
        for commitments in [vec![], vec![reserved()]] {
            let fleet = Fleet::new(&meters, commitments);
            let cheaper = |meter: &str| if meter == M5 { M7G } else { T4G };
            let mut findings = Vec::new();
            for (resource, meter) in meters.iter().enumerate() {
                findings.push(on(resource, "ec2-not-graviton", meter, swap(cheaper(meter))));
                if resource == 1 {
                    findings.push(on(resource, "ec2-instance-idle", meter, Verb::Drop));
                }
            }
            let best = (0..2 * 3 * 2).map(|code| {
                let mut changes = Vec::new();
                for (resource, choice) in [code % 2, code / 2 % 3, code / 6].into_iter().enumerate() {
                    match choice {
                        0 => {}
                        1 => changes.push((resource, Some(cheaper(meters[resource])))),
                        _ => changes.push((resource, None)),
                    }
                }
                fleet.saves(&changes)
            });
            let best = best.max_by_key(|(now, later)| *now + *later / Decimal::ONE_HUNDRED).unwrap();
            let plan = fleet.plan(findings);
            let found: Decimal = plan.net();
            assert!((found - best.0).abs() < Decimal::new(1, 6), "{meters:?}: {found} found, {} is the best", best.0);
            let shares: Decimal = plan.findings.iter().filter_map(|p| p.share.as_ref()).map(Value::net).sum();
            assert_eq!(shares, found, "{meters:?}");
            tried += 1;
        }
    }
    assert_eq!(tried, 8);
}

/// An offer of a page to commit to everything that a Compute Savings Plan covers.
fn offer() -> Finding {
    let term = "compute-savings-plan-1y-no-upfront".parse().unwrap();
    let mut one = finding("commitments-compute-savings-plan", vec![(None, None, Verb::Commit(term))]);
    one.target = Target { account: None, region: None, resource: None };
    one.id = FindingId::new(&one.rule, &one.target);
    one
}

#[test]
fn capacity_is_reserved_by_the_hundred() {
    let term = "reserved-1y-partial-upfront".parse().unwrap();
    let reserve = || on(0, "commitments-reserved-capacity", READS, Verb::Commit(term));
    // Units in all hours, units a reservation has, dollars an hour at AWS's 0.0000592466 a read unit of us-east-1.
    for (units, reserved, hourly) in [(250, Some(200), "0.01184932"), (100, Some(100), "0.00592466"), (99, None, "0")] {
        let fleet = Fleet::new(&vec![READS; units], vec![]);
        let plan = fleet.plan(vec![reserve()]);
        let items = plan.findings[0].purchase.as_ref().map_or_else(Vec::new, |purchase| purchase.items.clone());
        assert_eq!(items.iter().map(|item| item.count).next().flatten(), reserved.map(Decimal::from), "{units}");
        let expected: Decimal = hourly.parse().unwrap();
        assert_eq!(items.iter().map(|item| item.hourly.round_dp(8)).sum::<Decimal>(), expected, "{units}");
        let saves = (price(READS) * Decimal::from(reserved.unwrap_or_default()) - expected) * Decimal::from(730);
        assert_eq!(plan.net().round_dp(2), saves.round_dp(2), "{units}");
    }
}

/// Off in the first hours of the week.
fn off(hours: usize) -> Verb {
    let marks: String = (0..168).map(|hour| if hour < hours { '1' } else { '0' }).collect();
    Verb::Mask(OffHours::parse(&marks).unwrap())
}

fn standing(plan: &Plan, rule: &str) -> Standing {
    plan.findings.iter().find(|one| one.finding.rule.as_str() == rule).unwrap().standing.clone()
}

#[test]
fn a_change_that_saves_less_than_a_commitment_to_the_same_hours_is_not_made() {
    let schedule = |hours| on(0, "ec2-instance-quiet-hours", M5, off(hours));
    let fleet = Fleet::new(&[M5], vec![]);
    // Off for 17 of 168 hours: a tenth. The savings plan takes more off all of them.
    let alone = fleet.plan(vec![schedule(17)]);
    assert_eq!(standing(&alone, "ec2-instance-quiet-hours"), Standing::Chosen);
    let bought = fleet.plan(vec![offer()]);
    let both = fleet.plan(vec![schedule(17), offer()]);
    assert!(bought.net() > alone.net());
    assert_eq!((both.net(), standing(&both, "ec2-instance-quiet-hours")), (bought.net(), Standing::Outbid));
    // Off for 100 hours it saves more than any discount, and 68 hours are too few to commit to.
    let both = fleet.plan(vec![schedule(100), offer()]);
    assert_eq!(both.net(), fleet.plan(vec![schedule(100)]).net());
    assert_eq!(standing(&both, "commitments-compute-savings-plan"), Standing::Hygiene);
}

#[test]
fn spot_takes_what_commitments_leave() {
    const SPOT: &str = "AmazonEC2/SpotUsage:m5.large";
    let spot = |resource| on(resource, "ec2-instance-to-spot", M5, swap(SPOT));
    let fleet = |meters: &[&'static str], in_force| {
        let mut fleet = Fleet::new(meters, in_force);
        let mut line = line(SPOT, 730, 0, 0);
        line.effective = Decimal::new(35, 3) * Decimal::from(730);
        (line.list, line.unit) = (Some(line.effective), Some("Hours".into()));
        fleet.baseline.lines.insert(of(9), vec![line]);
        fleet
    };
    // One of two is reserved: the other one goes, at the difference of the two prices; both would leave the reservation idle.
    let plan = fleet(&[M5, M5], vec![reserved()]).plan(vec![spot(0), spot(1)]);
    let month = (price(M5) - Decimal::new(35, 3)) * Decimal::from(730);
    assert_eq!(plan.net().round_dp(6), month.round_dp(6));
    let standings: Vec<_> = plan.findings.iter().map(|one| one.standing.clone()).collect();
    assert_eq!(standings, [Standing::Chosen, Standing::Covered]);
    // A savings plan on offer is dearer than spot: nothing is left to commit to.
    let plan = fleet(&[M5], vec![]).plan(vec![spot(0), offer()]);
    assert_eq!(plan.net().round_dp(6), month.round_dp(6));
    let outlook = plan.outlook.unwrap();
    assert_eq!(outlook.planned.on_demand, Decimal::ZERO, "spot hours are no commitment's");
}

#[test]
fn one_more_change_or_offer_never_makes_a_plan_save_less() {
    // A savings plan is bought in tenths of a cent an hour: two plans may differ by one.
    let step = Decimal::new(1, 3) * Decimal::from(730);
    let mut tried = 0;
    for meters in [[M5, M5, T3], [M5, T3, T3], [T3, T3, M5]] {
        for commitments in [vec![], vec![reserved()]] {
            let fleet = Fleet::new(&meters, commitments);
            let cheaper = if meters[1] == M5 { M7G } else { T4G };
            let all = vec![
                on(0, "ec2-instance-quiet-hours", meters[0], off(30)),
                on(1, "ec2-instance-not-graviton", meters[1], swap(cheaper)),
                on(1, "ec2-instance-quiet-hours", meters[1], off(60)),
                on(2, "ec2-instance-quiet-hours", meters[2], off(20)),
                offer(),
            ];
            let best = fleet.plan(all.clone()).net();
            for left_out in 0..1 << all.len() {
                let some = all.iter().enumerate().filter(|(at, _)| left_out >> at & 1 == 0);
                let plan = fleet.plan(some.map(|(_, one)| one.clone()).collect());
                assert!(plan.net() <= best + step, "{meters:?} without {left_out:b}: {} and {best}", plan.net());
                let shares: Decimal = plan.findings.iter().filter_map(|p| p.share.as_ref()).map(Value::net).sum();
                assert_eq!(shares, plan.net(), "{meters:?} without {left_out:b}");
                tried += 1;
            }
        }
    }
    assert_eq!(tried, 6 * 32);
}
