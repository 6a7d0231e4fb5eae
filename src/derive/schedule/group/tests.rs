//! Minimums by hour: against brute force on small weeks, laws, a promise kept on weeks not seen, and office hours to look at.

use std::array;

use super::cheapest::Cheapest;
use super::*;
use crate::plan::sizing::invented::Random;

const GROUP: Group = Group { floor: 2, most: 20, boot_hours: 0.05, tracking: 3.0, risk: RISK };
const WORK: [bool; 7] = [true, true, true, true, true, false, false];

/// By day, Monday is 0, and hour.
fn week(demand: impl Fn(usize, usize) -> f64) -> Week {
    array::from_fn(|hour| Some(demand(hour / 24, hour % 24)))
}

/// Ten instances from 8 to 18 on days of work, else two.
fn office() -> Week {
    week(|day, hour| if day < 5 && (8..18).contains(&hour) { 10.0 } else { 2.0 })
}

fn limits(floor: usize, risk: f64) -> Limits {
    Limits::new(&Group { floor, most: 1_000_000, boot_hours: 0.0, tracking: 0.0, risk })
}

fn slices<const N: usize>(weeks: &[[Option<f64>; N]]) -> Vec<&[Option<f64>]> {
    weeks.iter().map(|week| &week[..]).collect()
}

fn changes(minimums: &[usize]) -> usize {
    minimums.iter().zip(minimums.iter().cycle().skip(1)).filter(|(now, next)| now != next).count()
}

fn covers(minimums: &[usize], needs: &[usize]) -> bool {
    minimums.len() == needs.len() && minimums.iter().zip(needs).all(|(minimum, need)| minimum >= need)
}

fn near(found: f64, expected: f64) -> bool {
    (found - expected).abs() < 1e-6
}

#[test]
fn two_actions_make_office_hours() {
    let advice = advise(&[office(); 4], &GROUP);
    // The hours beside work are covered too: from 7, less 3 minutes to boot and 10 to spare, to 19.
    let expected =
        [Action { minute: 6 * 60 + 47, days: WORK, minimum: 10 }, Action { minute: 19 * 60, days: WORK, minimum: 2 }];
    assert_eq!((advice.verdict, advice.actions.as_slice()), (Verdict::Advised, expected.as_slice()));
    // 108 × 2 + 60 × 10, and five times 8 instances for 13 minutes; eight changes a week would come to 918.9.
    assert!(near(advice.planned, 824.666_666_667), "{}", advice.planned);
    assert_eq!((advice.weeks, advice.unscheduled), (4, 1680.0));
    // 118 × 2 + 50 × 10.
    assert!(near(advice.hindsight, 736.0), "{}", advice.hindsight);
    assert_eq!(advice.steepest, 8.0);
    assert_eq!((advice.violations, advice.worst_violations, advice.beyond), (0.0, 0, 0));
}

#[test]
fn a_rise_comes_earlier_by_the_time_to_boot() {
    for (boot_hours, minute) in [(0.0, 6 * 60 + 50), (0.75, 6 * 60 + 5), (2.5, 4 * 60 + 20)] {
        let advice = advise(&[office(); 4], &Group { boot_hours, ..GROUP });
        assert_eq!(advice.actions.iter().map(|action| action.minute).min(), Some(minute), "{boot_hours} hours");
        assert_eq!(advice.violations, 0.0);
    }
}

#[test]
fn what_tracking_follows_needs_no_schedule() {
    // Eight beside two.
    for (tracking, verdict) in [(0.0, Verdict::Advised), (3.9, Verdict::Advised), (4.0, Verdict::Tracking)] {
        let advice = advise(&[office(); 4], &Group { tracking, ..GROUP });
        assert_eq!((advice.verdict, advice.actions.is_empty()), (verdict, verdict == Verdict::Tracking));
        assert!(near(advice.planned, 824.666_666_667));
    }
}

#[test]
fn one_instance_more_is_always_followed_and_nothing_is_where_nothing_tracks() {
    let weeks = [week(|day, hour| if day < 5 && (8..18).contains(&hour) { 3.0 } else { 2.0 }); 3];
    for (tracking, verdict) in [(0.0, Verdict::Advised), (0.1, Verdict::Tracking)] {
        let advice = advise(&weeks, &Group { tracking, ..GROUP });
        assert_eq!((advice.verdict, advice.steepest), (verdict, 1.0));
    }
}

#[test]
fn the_same_need_all_week_has_no_schedule() {
    let advice = advise(&[week(|_, _| 4.2); 3], &GROUP);
    assert_eq!((advice.verdict, advice.unscheduled, advice.planned), (Verdict::Constant, 840.0, 840.0));
    assert!(near(advice.hindsight, 840.0));
}

/// As 2.1 / 0.7 is more than 3 for a computer.
#[test]
fn a_whole_number_of_instances_is_enough_for_itself() {
    let weeks = [office().map(|demand| demand.map(|demand| if demand > 2.0 { 2.1 / 0.7 } else { 2.0 })); 3];
    let advice = advise(&weeks, &GROUP);
    assert_eq!((advice.violations, advice.unscheduled), (0.0, 3.0 * 168.0));
}

#[test]
fn the_most_is_never_exceeded_and_what_is_beyond_it_is_counted() {
    let advice = advise(&[office(); 4], &Group { most: 6, ..GROUP });
    assert_eq!((advice.unscheduled, advice.beyond, advice.violations), (1008.0, 60, 0.0));
}

#[test]
fn days_that_differ_have_actions_of_their_own() {
    let by_day = |day: usize| [4.0, 10.0, 6.0][day % 3];
    let advice = advise(&[week(|day, hour| if (8..18).contains(&hour) { by_day(day) } else { 2.0 }); 3], &GROUP);
    let days = |kind: usize| array::from_fn(|day| day % 3 == kind);
    let expected = [
        Action { minute: 407, days: days(0), minimum: 4 },
        Action { minute: 407, days: days(2), minimum: 6 },
        Action { minute: 407, days: days(1), minimum: 10 },
        Action { minute: 1140, days: [true; 7], minimum: 2 },
    ];
    assert_eq!(advice.actions, expected);
}

#[test]
fn a_week_unlike_the_others_shows_as_hours_that_lacked_instances() {
    let mut weeks = [office(); 4];
    // An evening of work on one Tuesday, until midnight.
    weeks[2][44..48].fill(Some(10.0));
    let advice = advise(&weeks, &GROUP);
    assert_eq!((advice.violations, advice.worst_violations), (1.0, 4));
    assert!(near(advice.hindsight, 744.0), "{}", advice.hindsight);
}

#[test]
fn few_weeks_and_unknown_hours_are_too_short() {
    let mut hole = [office(); 4];
    hole.iter_mut().for_each(|week| week[30] = None);
    let mut sparse = [office(); 3];
    sparse[0][..34].fill(None);
    let mut dense = [office(); 3];
    dense[0][..33].fill(None);
    let cases: [(&[Week], Verdict, usize); 6] = [
        (&[], Verdict::TooShort, 0),
        (&[office(); 2], Verdict::TooShort, 2),
        (&hole, Verdict::TooShort, 4),
        (&sparse, Verdict::TooShort, 2),
        (&dense, Verdict::Advised, 3),
        (&[week(|_, _| f64::NAN); 4], Verdict::TooShort, 0),
    ];
    for (weeks, verdict, count) in cases {
        let advice = advise(weeks, &GROUP);
        assert_eq!((advice.verdict, advice.weeks), (verdict, count));
    }
}

/// Values of numpy.percentile.
#[test]
fn quantiles_are_those_of_numpy() {
    let values = [1.0, 2.0, 4.0, 8.0, 16.0];
    for (share, expected) in [(0.0, 1.0), (0.5, 4.0), (0.95, 14.4), (1.0, 16.0)] {
        let found = quantile(&values, share);
        assert!(found.is_some_and(|found| near(found, expected)), "{share}: {found:?}");
    }
    assert_eq!((quantile(&[], 0.95), quantile(&[3.0], 0.95)), (None, Some(3.0)));
}

/// Values of numpy.percentile over the hour and those beside it, of all weeks.
#[test]
fn an_hour_is_seen_with_those_beside_it() {
    let known = |week: [f64; 4]| week.map(Some);
    let mut weeks = [known([1.0, 2.0, 3.0, 4.0]), known([1.0, 2.0, 3.0, 8.0]), known([1.0, 2.0, 3.0, 4.0])];
    weeks[2][0] = None;
    for (found, expected) in upper(&slices(&weeks)).into_iter().zip([6.6, 3.0, 6.4, 6.6]) {
        assert!(found.is_some_and(|found| near(found, expected)), "{found:?}, not {expected}");
    }
}

#[test]
fn the_factor_is_what_weeks_left_out_fall_short_by() {
    let mut weeks = [[Some(10.0); 4]; 4];
    weeks[3][3] = Some(15.0);
    // One of 16 ratios is 1.5, the others are at most 1: (1 + 1) / 17 is 11.8 %, 1 / 17 is 5.9 %.
    for (floor, risk, expected) in
        [(1, 0.05, f64::INFINITY), (1, 0.06, 1.5), (1, 0.12, 1.0), (14, 0.06, 1.5), (15, 0.06, 1.0)]
    {
        assert_eq!(factor(&slices(&weeks), &limits(floor, risk)), expected, "floor {floor}, risk {risk}");
    }
}

/// Independent hours, as the promise assumes: 79 of 1680 exceeded, 84 promised.
#[test]
fn the_promised_risk_is_kept_in_the_week_after() {
    let mut exceeded = 0;
    for seed in 100..110 {
        let mut random = Random::new(seed);
        let weeks: [Week; 7] = array::from_fn(|_| array::from_fn(|_| Some(4.0 * (0.5 * random.normal()).exp())));
        let (known, next) = (slices(&weeks[..6]), weeks[6]);
        let factor = factor(&known, &limits(1, 0.05));
        for (upper, came) in upper(&known).into_iter().zip(next) {
            exceeded += usize::from(came > upper.map(|upper| (factor * upper).max(1.0)));
        }
    }
    assert!((77..=81).contains(&exceeded), "{exceeded}");
}

/// Every choice of changes and levels.
fn brute_force(needs: &[usize], early: usize, most: usize) -> usize {
    let hours = needs.len();
    let mut levels = needs.to_vec();
    levels.sort_unstable();
    levels.dedup();
    let mut least = cost(&vec![levels[levels.len() - 1]; hours], early);
    for chosen in 0_u32..1 << hours {
        let at: Vec<usize> = (0..hours).filter(|hour| (chosen >> hour) & 1 == 1).collect();
        if !(2..=most).contains(&at.len()) {
            continue;
        }
        for code in 0..levels.len().pow(at.len() as u32) {
            let level = |change: usize| levels[code / levels.len().pow(change as u32) % levels.len()];
            // The last change that has come, round the circle.
            let minimums: Vec<usize> = (0..hours)
                .map(|hour| level((at.partition_point(|at| *at <= hour) + at.len() - 1) % at.len()))
                .collect();
            if covers(&minimums, needs) {
                least = least.min(cost(&minimums, early));
            }
        }
    }
    least
}

#[test]
fn minimums_are_as_cheap_as_brute_force_finds() {
    let mut random = Random::new(11);
    for case in 0..12 {
        let needs: Vec<usize> = (0..12).map(|_| 1 + random.below(4)).collect();
        let early = [0, 15, 59][case % 3];
        let cheapest = Cheapest::new(&needs, early, 3);
        for most in 0..=3 {
            let minimums = cheapest.minimums(most);
            assert!(covers(&minimums, &needs) && changes(&minimums) <= most, "{needs:?} {most}: {minimums:?}");
            assert_eq!(cost(&minimums, early), brute_force(&needs, early, most), "{needs:?}, {most}, {early}");
        }
    }
}

#[test]
fn with_changes_enough_the_minimums_are_the_needs() {
    let needs = [1, 3, 2, 3, 1, 1, 5, 2, 2, 4, 1, 2];
    let cheapest = Cheapest::new(&needs, 0, 12);
    assert_eq!(cheapest.minimums(12), needs);
    assert_eq!(cheapest.minimums(3), [3, 3, 3, 3, 1, 1, 5, 5, 5, 5, 3, 3]);
    assert_eq!(cheapest.minimums(2), [3, 3, 3, 3, 3, 3, 5, 5, 5, 5, 3, 3]);
    assert_eq!(cheapest.minimums(1), [5; 12]);
    assert!(Cheapest::new(&[], 0, 3).minimums(3).is_empty());
}

#[test]
fn laws_of_needs() {
    let mut random = Random::new(5);
    for case in 0..6 {
        let needs: Vec<usize> = (0..HOURS).map(|_| 1 + random.below(6)).collect();
        let (early, before) = ([0, 13, 59][case % 3], case % 3);
        let cheapest = Cheapest::new(&needs, early, 20);
        let costs: Vec<usize> = (0..=20).map(|changes| cost(&cheapest.minimums(changes), early)).collect();
        // More changes never cost more, and more need never costs less.
        assert!(costs.is_sorted_by(|fewer, more| more <= fewer), "{costs:?}");
        let more: Vec<usize> = needs.iter().map(|need| need + random.below(2)).collect();
        let dearer = Cheapest::new(&more, early, 20);
        assert!([0, 4, 8, 20].into_iter().all(|changes| cost(&dearer.minimums(changes), early) >= costs[changes]));
        // Actions cost no more than as many changes, and cover the same.
        let minimums = scheduled(&needs, early, MOST_ACTIONS);
        assert!(covers(&minimums, &needs) && cost(&minimums, early) <= costs[MOST_ACTIONS]);
        assert!(actions(&minimums, early).len() <= MOST_ACTIONS);
        // Instances work when they are needed, however long they take to start.
        let ahead = scheduled(&super::early(&needs, before), early, MOST_ACTIONS);
        assert!(covers(&in_service(&ahead, before), &needs));
    }
}

#[test]
fn actions_carried_out_give_the_minimums() {
    let mut random = Random::new(7);
    for early in [0, 13, 59] {
        let minimums: Vec<usize> = (0..HOURS).map(|_| 1 + random.below(4)).collect();
        let mut carried_out: Vec<(usize, usize)> = Vec::new();
        for action in actions(&minimums, early) {
            let days = (0..7).filter(|day| action.days[*day]);
            carried_out.extend(days.map(|day| (day * 24 * 60 + action.minute, action.minimum)));
        }
        carried_out.sort_unstable();
        assert!(carried_out.is_sorted_by(|one, next| one.0 < next.0), "two actions at one time");
        for (hour, minimum) in minimums.iter().enumerate() {
            let come = carried_out.partition_point(|(minute, _)| *minute <= hour * 60);
            let last = carried_out[(come + carried_out.len() - 1) % carried_out.len()];
            assert_eq!(last.1, *minimum, "hour {hour}, {early} minutes early");
        }
    }
}

#[test]
fn more_demand_never_takes_fewer_instance_hours() {
    let mut random = Random::new(1);
    let weeks: [Week; 4] = array::from_fn(|_| office().map(|demand| demand.map(|d| d * random.between(0.9, 1.1))));
    let mut before = 0.0;
    for times in [1.0, 1.2, 1.5, 3.0] {
        let more = weeks.map(|week| week.map(|demand| demand.map(|demand| demand * times)));
        let advice = advise(&more, &Group { most: 100, ..GROUP });
        assert!(advice.planned >= before && advice.hindsight <= advice.planned, "{advice:?}");
        assert!(advice.planned <= advice.unscheduled && advice.actions.len() <= MOST_ACTIONS, "{advice:?}");
        before = advice.planned;
    }
}
