//! Schedules on invented series of eight kinds, their laws, and what each number in the method does.

use std::array;
use std::f64::consts::PI;

use super::activity::{Signals, Threshold, active, thresholds};
use super::detect::{HOURS, Week, off_hours};
use super::stability::{Verdict, advise};
use crate::plan::sizing::invented::Random;

/// Weeks of an invented series: the first ones are looked at, the rest is what comes then.
const WEEKS: usize = 6;
const LOOKED_AT: usize = 4;

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Monday to Friday, from an hour between 6 and 9 to one between 16 and 20.
    Office,
    /// Such office hours with a day off.
    Holiday,
    Night,
    Weekdays,
    Always,
    /// Office hours and one other hour in a hundred.
    Noisy,
    /// Office hours that begin 0, 1, 2 hours earlier and end 0, 1 hours later in turn.
    Drifting,
    /// Work of 1 to 5 hours, four times a week, at any time.
    Irregular,
}

const KINDS: [Kind; 8] = [
    Kind::Office,
    Kind::Holiday,
    Kind::Night,
    Kind::Weekdays,
    Kind::Always,
    Kind::Noisy,
    Kind::Drifting,
    Kind::Irregular,
];

fn works(kind: Kind, random: &mut Random) -> Vec<bool> {
    let (start, end, free) = (6 + random.below(4), 16 + random.below(5), random.below(30));
    let mut works: Vec<bool> = (0..WEEKS * HOURS)
        .map(|time| {
            let (week, day, hour) = (time / HOURS, time / 24 % 7, time % 24);
            let office = |start: usize, end: usize| day < 5 && (start..end).contains(&hour);
            match kind {
                Kind::Office | Kind::Noisy => office(start, end),
                Kind::Holiday => office(start, end) && time / 24 != free,
                Kind::Drifting => office(start - week % 3, end + week % 2),
                Kind::Night => !(6..22).contains(&hour),
                Kind::Weekdays => day < 5,
                Kind::Always => true,
                Kind::Irregular => false,
            }
        })
        .collect();
    match kind {
        Kind::Noisy => works.iter_mut().for_each(|works| *works |= random.unit() < 0.01),
        Kind::Irregular => {
            for _ in 0..4 * WEEKS {
                let from = random.below(WEEKS * HOURS - 6);
                let hours = 1 + random.below(5);
                works[from..from + hours].fill(true);
            }
        }
        _ => {}
    }
    works
}

/// Percent of CPU and bytes an hour in the weeks looked at; without work the CPU now and then does a little.
fn metrics(works: &[bool], random: &mut Random) -> (Vec<Option<f64>>, Vec<Option<f64>>) {
    let idle = random.between(0.3, 2.5);
    let mut hour = |works: bool| {
        if works {
            return (Some((4.0 + 24.0 * random.gamma(4.0)).min(100.0)), Some(3.6e6 * random.gamma(3.0)));
        }
        let (percent, bytes) = (idle * random.gamma(8.0), 4e4 * random.gamma(5.0));
        let more = if random.unit() < 0.004 { random.between(2.0, 6.0) } else { 0.0 };
        (Some(percent + more), Some(bytes))
    };
    works.iter().take(LOOKED_AT * HOURS).map(|works| hour(*works)).unzip()
}

fn cut(active: &[Option<bool>]) -> Vec<Week> {
    active.chunks_exact(HOURS).map(|week| week.try_into().unwrap()).collect()
}

#[test]
fn stable_series_are_advised_without_a_loss_and_others_are_not() {
    // Of 40 series each: how many are advised, and of those the hours of the week off, the ones never used in six
    // weeks, and the active hours lost in the two weeks that follow.
    let expected: [(usize, usize, usize, usize); KINDS.len()] = [
        (39, 3958, 4402, 0),
        (37, 3797, 4246, 0),
        (37, 3533, 4144, 0),
        (40, 1813, 1920, 0),
        (0, 0, 0, 0),
        (11, 1100, 1221, 18),
        (0, 0, 0, 0),
        (0, 0, 0, 0),
    ];
    let mut found = [(0, 0, 0, 0); KINDS.len()];
    let mut random = Random::new(1);
    for _ in 0..40 {
        for (kind, found) in KINDS.into_iter().zip(&mut found) {
            let works = works(kind, &mut random);
            let (cpu, network) = metrics(&works, &mut random);
            let signals = Signals { cpu: Some(&cpu), network: Some(&network), ..Signals::default() };
            let advice = advise(&cut(&active(&signals)), &[]);
            if advice.verdict == Verdict::Advised {
                found.0 += 1;
                found.1 += advice.off.iter().filter(|off| **off).count();
                let used = |hour: usize| works.iter().skip(hour).step_by(HOURS).any(|works| *works);
                found.2 += (0..HOURS).filter(|hour| !used(*hour)).count();
                let then = works.iter().skip(LOOKED_AT * HOURS).zip(advice.off.iter().cycle());
                found.3 += then.filter(|(works, off)| **works && **off).count();
            }
        }
    }
    assert_eq!(found, expected);
    for &(advised, off, ideal, lost) in &found[..4] {
        assert!(advised >= 36 && 100 * off >= 85 * ideal && lost == 0);
    }
}

/// Monday to Friday within these hours.
fn office(start: usize, end: usize) -> Week {
    array::from_fn(|hour| Some(hour / 24 < 5 && (start..end).contains(&(hour % 24))))
}

fn with(mut week: Week, active: &[usize]) -> Week {
    active.iter().for_each(|hour| week[*hour] = Some(true));
    week
}

/// The hours at which it is switched off and on.
fn switches(off: &[bool; HOURS]) -> Vec<usize> {
    (0..HOURS).filter(|hour| off[*hour] != off[(hour + HOURS - 1) % HOURS]).collect()
}

const OFFICE: [usize; 10] = [7, 19, 31, 43, 55, 67, 79, 91, 103, 115];

#[test]
fn a_guard_hour_stays_on_at_both_ends_and_runs_go_over_midnight_and_sunday() {
    assert_eq!(switches(&off_hours(&[office(8, 18); 4])), OFFICE);
    let night: Week = array::from_fn(|hour| Some(!(6..22).contains(&(hour % 24))));
    let off = off_hours(&[night; 4]);
    assert!(off.iter().enumerate().all(|(hour, off)| *off == (7..21).contains(&(hour % 24))));
}

#[test]
fn an_odd_hour_stays_on_and_what_it_leaves_of_a_run_below_four_hours_too() {
    let weeks = |odd: usize, count: usize| {
        let mut weeks = vec![office(8, 18); count];
        weeks[0] = with(weeks[0], &[odd]);
        off_hours(&weeks)
    };
    assert_eq!(switches(&weeks(50, 4)), [7, 19, 31, 43, 50, 51, 55, 67, 79, 91, 103, 115]);
    assert_eq!(switches(&weeks(52, 4)), [7, 19, 31, 43, 52, 67, 79, 91, 103, 115]);
    // Once in six weeks is forgiven.
    assert_eq!(switches(&weeks(50, 6)), OFFICE);
}

#[test]
fn an_hour_seen_in_less_than_half_of_the_weeks_is_not_off() {
    let mut partly = office(8, 18);
    partly[..24].fill(None);
    let full = office(8, 18);
    assert_eq!(switches(&off_hours(&[partly, partly, full, full])), OFFICE);
    let off = off_hours(&[partly, partly, partly, full]);
    assert!(off[..24].iter().all(|off| !off));
    assert_eq!(off_hours(&[[None; HOURS]; 4]), [false; HOURS]);
    assert_eq!(off_hours(&[]), [false; HOURS]);
}

#[test]
fn verdicts() {
    let (usual, idle, busy) = (office(8, 18), [Some(false); HOURS], [Some(true); HOURS]);
    let weekend = |hours: usize| with(usual, &[130, 131, 132, 133][..hours]);
    type Case<'a> = (&'a str, Vec<Week>, &'a [bool], Verdict, f64);
    let cases: [Case<'_>; 15] = [
        ("alike", vec![usual; 4], &[], Verdict::Advised, 0.0),
        ("a week off", vec![usual, usual, usual, idle], &[], Verdict::Advised, 0.0),
        ("an hour earlier, within the guard", vec![usual, usual, usual, office(7, 18)], &[], Verdict::Advised, 0.0),
        ("two hours earlier", vec![usual, usual, usual, office(6, 18)], &[], Verdict::Unstable, 1.25),
        ("drifting", vec![usual, office(7, 18), office(6, 18), usual], &[], Verdict::Unstable, 1.25),
        ("two odd hours", vec![usual, usual, usual, weekend(2)], &[], Verdict::Advised, 0.5),
        ("three in one week", vec![usual, usual, usual, weekend(3)], &[], Verdict::Unstable, 0.75),
        ("never at work", vec![idle; 3], &[], Verdict::Advised, 0.0),
        ("always", vec![busy; 3], &[], Verdict::AlwaysActive, 0.0),
        ("two weeks", vec![usual; 2], &[], Verdict::Watch, 0.0),
        ("one week", vec![usual], &[], Verdict::TooShort, 0.0),
        ("one week observed", vec![usual, [None; HOURS]], &[], Verdict::TooShort, 0.0),
        ("a holiday among four weeks", vec![usual; 4], &[true], Verdict::Advised, 0.0),
        ("a holiday among three", vec![usual; 3], &[false, true, false], Verdict::OnlyHolidays, 0.0),
        ("always, on holidays too", vec![busy; 3], &[true; 3], Verdict::AlwaysActive, 0.0),
    ];
    for (name, weeks, holiday, verdict, lost) in cases {
        let advice = advise(&weeks, holiday);
        assert_eq!((advice.verdict, advice.lost_hours_per_week), (verdict, lost), "{name}");
        let off = advice.off.contains(&true);
        assert_eq!(off, matches!(verdict, Verdict::Advised | Verdict::Watch), "{name}");
    }
}

#[test]
fn weeks_with_holidays_are_left_out_of_the_evidence() {
    let mut free = office(8, 18);
    free[..24].fill(Some(false));
    let advice = advise(&[office(8, 18), free, office(8, 18), office(8, 18)], &[false, true, false, false]);
    assert_eq!((advice.weeks, advice.active_hours_per_week), (3, 50.0));
    assert_eq!(switches(&advice.off), OFFICE);
}

/// Office hours, of which a few are otherwise and a few are not observed.
fn some_weeks(random: &mut Random) -> Vec<Week> {
    let (start, end, count) = (6 + random.below(4), 16 + random.below(5), 2 + random.below(7));
    let mut week = || {
        office(start, end).map(|works| match random.unit() {
            share if share < 0.004 => works.map(|works| !works),
            share if share < 0.04 => None,
            _ => works,
        })
    };
    (0..count).map(|_| week()).collect()
}

#[test]
fn more_activity_never_adds_off_hours() {
    let mut random = Random::new(2);
    for _ in 0..100 {
        let mut weeks = some_weeks(&mut random);
        let before = off_hours(&weeks);
        for _ in 0..5 {
            let week = random.below(weeks.len());
            if let Some(works) = &mut weeks[week][random.below(HOURS)] {
                *works = true;
            }
        }
        assert!(off_hours(&weeks).iter().zip(before).all(|(after, before)| before || !after));
    }
}

#[test]
fn weeks_moved_by_some_hours_move_the_off_hours() {
    let mut random = Random::new(3);
    for _ in 0..100 {
        let mut weeks = some_weeks(&mut random);
        let hours = random.below(HOURS);
        let mut expected = off_hours(&weeks);
        expected.rotate_right(hours);
        weeks.iter_mut().for_each(|week| week.rotate_right(hours));
        assert_eq!(off_hours(&weeks), expected);
    }
}

#[test]
fn the_order_of_weeks_changes_nothing() {
    let mut random = Random::new(4);
    for _ in 0..100 {
        let mut weeks = some_weeks(&mut random);
        let advice = advise(&weeks, &[]);
        let some = random.below(weeks.len());
        weeks.rotate_left(some);
        assert_eq!(advise(&weeks, &[]), advice);
        weeks.reverse();
        assert_eq!(advise(&weeks, &[]), advice);
    }
}

/// A day of 14 quiet hours and 10 of work.
fn day(quiet: f64, work: f64) -> Vec<Option<f64>> {
    (0..24).map(|hour| Some(if hour < 14 { quiet } else { work })).collect()
}

#[test]
fn thresholds_lie_between_two_groups_within_sense() {
    let above = |threshold: Option<Threshold>| threshold.unwrap().above;
    let cpu = |quiet, work| above(thresholds(&Signals { cpu: Some(&day(quiet, work)), ..Signals::default() }).cpu);
    let network =
        |quiet, work| above(thresholds(&Signals { network: Some(&day(quiet, work)), ..Signals::default() }).network);
    let disk = |quiet, work| above(thresholds(&Signals { disk: Some(&day(quiet, work)), ..Signals::default() }).disk);
    let close = |found: Option<f64>, expected: f64| assert!((found.unwrap() - expected).abs() < 1e-6 * expected);
    // √(1.1 × 20.1) − 0.1: halfway by the logarithms.
    close(cpu(1.0, 20.0), 4.602_127_178);
    // 22 % would be halfway.
    close(cpu(8.0, 60.0), 5.0);
    close(network(1e4, 1e7), 535_022.488_3);
    // Both next to nothing.
    close(network(1e3, 1e5), 5e6 / 24.0);
    close(disk(100.0, 1e6), 21_091.470_81);
    // One group: work, unless next to nothing.
    assert_eq!(cpu(2.0, 2.0), None);
    assert_eq!(cpu(0.5, 0.5), Some(1.0));
}

#[test]
fn day_and_night_of_a_server_that_is_always_used_are_one_group() {
    let sine: Vec<Option<f64>> =
        (0..HOURS).map(|hour| Some(20.0 * (1.0 + 0.8 * (hour as f64 * PI / 12.0).sin()))).collect();
    let even: Vec<Option<f64>> = (0..HOURS).map(|hour| Some(10.0 * (hour as f64 / 50.0).exp())).collect();
    for (points, expected) in [(sine, 3.9926), (even, 3.4657)] {
        let signals = Signals { cpu: Some(&points), ..Signals::default() };
        let threshold = thresholds(&signals).cpu.unwrap();
        assert!((threshold.separation.unwrap() - expected).abs() < 1e-3, "{threshold:?}");
        assert!(active(&signals).iter().all(|works| *works == Some(true)));
    }
}

#[test]
fn an_hour_works_when_one_signal_says_so_and_is_unknown_without_any() {
    let cpu = [day(0.2, 0.2), vec![None, Some(f64::NAN), Some(0.2)]].concat();
    let connections = [day(0.0, 3.0), vec![None, None, Some(1.0)]].concat();
    let works = active(&Signals { cpu: Some(&cpu), connections: Some(&connections), ..Signals::default() });
    let expected: Vec<_> = (0..24).map(|hour| Some(hour >= 14)).chain([None, None, Some(true)]).collect();
    assert_eq!(works, expected);
    assert!(active(&Signals::default()).is_empty());
}
