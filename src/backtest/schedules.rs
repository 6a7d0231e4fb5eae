//! How schedules would have done: told from the first weeks, judged by the later ones.
//!
//! Knows: which hours of the week are advised to be off and in which there was work then. Does not know: money; an hour off is an hour.

use schemars::JsonSchema;
use serde::Serialize;

use super::amount;
use crate::derive::schedule::{Calendar, Traced, Verdict, Week, advise};
use crate::money::Amount;
use crate::period::HOURS_PER_WEEK;

/// Version of the view; changes when a field changes its meaning or goes.
pub const VERSION: &str = "surgeon.backtest.schedules/1";

const HOURS: usize = HOURS_PER_WEEK as usize;
const HOURS_PER_DAY: usize = 24;
/// Machines that are listed by name.
const LISTED: usize = 20;

/// Why nothing can be judged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No machine has weeks on both sides of the cut.
    #[error(
        "no machine to judge: {machines} were measured, the longest for {days} days, none of them for a week after the cut and one before it, which takes {needed} days\n  help: give traces of five weeks or more, or ask an account for them: surgeon collect --metrics 56 -o DIR"
    )]
    Nothing {
        /// Machines that were measured.
        machines: usize,
        /// Whole days of the longest.
        days: usize,
        /// Days that are needed.
        needed: usize,
    },
}

/// Schedules of the past, with what would have become of them.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Backtest {
    /// `surgeon.backtest.schedules/1`.
    pub version: String,
    /// Version of surgeon.
    pub tool: String,
    /// Machines that were judged.
    pub machines: usize,
    /// Machines that were measured and not judged: less than a week on one side.
    pub left_out: usize,
    /// Whose clock habits follow.
    pub time_zone: String,
    /// Most weeks that schedules were told from.
    pub weeks_known: usize,
    /// Most weeks that judged them.
    pub weeks_judged: usize,
    /// By whom.
    pub rules: Vec<Outcome>,
    /// How many machines each verdict has.
    pub verdicts: Vec<Count>,
    /// The machines that lose most, and then those that save most.
    pub schedules: Vec<Schedule>,
}

/// What a rule would have done to all machines.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Outcome {
    /// Whose rule.
    pub rule: String,
    /// Machines that get a schedule.
    pub advised: usize,
    /// Their share, a ratio.
    pub advised_share: Amount,
    /// Share of the week that those are off.
    pub off: Amount,
    /// The same of what hindsight switches off of them, a ratio; absent when that is nothing.
    pub off_of_ideal: Option<Amount>,
    /// Hours of work a week in hours that are off: the mean of those.
    pub lost: Amount,
    /// The greatest of them.
    pub worst: Amount,
    /// Share of them that lose nothing.
    pub harmless: Amount,
}

/// Machines with a verdict.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Count {
    /// The verdict.
    pub verdict: String,
    /// Machines.
    pub machines: usize,
}

/// One machine with a schedule.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Schedule {
    /// What names it.
    pub machine: String,
    /// Hours of the week off, as 168 marks, 1 = off, Monday 00:00 of the time zone first.
    pub off_hours_of_week: String,
    /// How many.
    pub off: usize,
    /// Hours of work a week that were lost.
    pub lost: Amount,
    /// Hours of work a week that were to be lost, told from the weeks known.
    pub promised: Amount,
}

struct Case<'a> {
    machine: &'a Traced,
    known: Vec<Week>,
    holiday: Vec<bool>,
    later: Vec<Week>,
}

type Off = [bool; HOURS];

/// Judges ours, and every quiet hour without a second look.
///
/// # Errors
/// [`Refused`] when no machine has both parts.
pub fn backtest(machines: &[Traced], calendar: &Calendar, cut: f64) -> Result<Backtest, Refused> {
    let cases: Vec<Case<'_>> = machines.iter().filter_map(|machine| case(machine, calendar, cut)).collect();
    if cases.is_empty() {
        let hours = machines.iter().map(|machine| machine.processor.values.len()).max().unwrap_or(0);
        // A week on the shorter side.
        let needed = (HOURS as f64 / HOURS_PER_DAY as f64 / cut.min(1.0 - cut) - 1e-9).ceil() as usize;
        return Err(Refused::Nothing { machines: machines.len(), days: hours / HOURS_PER_DAY, needed });
    }
    let advice: Vec<_> = cases.iter().map(|case| advise(&case.known, &case.holiday)).collect();
    let ours: Vec<Option<Off>> =
        advice.iter().map(|advice| (advice.verdict == Verdict::Advised).then_some(advice.off)).collect();
    let quiet: Vec<Option<Off>> = cases.iter().map(|case| Some(never_active(&case.known)).filter(some_off)).collect();
    let ideal: Vec<Option<Off>> = cases.iter().map(|case| Some(never_active(&case.later)).filter(some_off)).collect();
    let mut schedules: Vec<(usize, Schedule)> = ours
        .iter()
        .enumerate()
        .filter_map(|(at, off)| Some((at, off.as_ref()?)))
        .map(|(at, off)| (at, schedule(&cases[at], off, advice[at].lost_hours_per_week)))
        .collect();
    schedules.sort_by(|(_, a), (_, b)| (b.lost, b.off, &a.machine).cmp(&(a.lost, a.off, &b.machine)));
    let verdicts = [
        (Verdict::Advised, "the same every week"),
        (Verdict::AlwaysActive, "always active"),
        (Verdict::Unstable, "differs from week to week"),
        (Verdict::Watch, "two weeks only"),
        (Verdict::TooShort, "too short"),
        (Verdict::OnlyHolidays, "weeks with holidays only"),
    ];
    let count = |(verdict, word): &(Verdict, &str)| Count {
        verdict: (*word).to_owned(),
        machines: advice.iter().filter(|advice| advice.verdict == *verdict).count(),
    };
    Ok(Backtest {
        version: VERSION.into(),
        tool: env!("CARGO_PKG_VERSION").into(),
        machines: cases.len(),
        left_out: machines.len() - cases.len(),
        time_zone: calendar.zone.iana_name().unwrap_or("UTC").to_owned(),
        weeks_known: cases.iter().map(|case| case.known.len()).max().unwrap_or(0),
        weeks_judged: cases.iter().map(|case| case.later.len()).max().unwrap_or(0),
        rules: vec![
            outcome("hindsight", &cases, &ideal, &ideal),
            outcome("surgeon", &cases, &ours, &ideal),
            outcome("every hour that was always quiet", &cases, &quiet, &ideal),
        ],
        verdicts: verdicts.iter().map(count).collect(),
        schedules: schedules.into_iter().take(LISTED).map(|(_, schedule)| schedule).collect(),
    })
}

fn case<'a>(machine: &'a Traced, calendar: &Calendar, cut: f64) -> Option<Case<'a>> {
    let (first, end) = (machine.processor.first, machine.end());
    let at = first + ((end - first) as f64 * cut) as i64;
    let (known, holiday) = machine.weeks(calendar, at);
    let (mut all, _) = machine.weeks(calendar, end);
    // What is after the cut: whole weeks, the newest last.
    let after = usize::try_from((end - at) / HOURS_PER_WEEK).unwrap_or(0).min(all.len());
    let later = all.split_off(all.len() - after);
    (!known.is_empty() && !later.is_empty()).then_some(Case { machine, known, holiday, later })
}

/// Hours without work in any of the weeks, as far as they were measured.
fn never_active(weeks: &[Week]) -> Off {
    std::array::from_fn(|hour| {
        let mut seen = weeks.iter().filter_map(|week| week[hour]).peekable();
        seen.peek().is_some() && seen.all(|active| !active)
    })
}

fn some_off(off: &Off) -> bool {
    off.iter().any(|off| *off)
}

/// Hours of work a week in the hours that are off.
fn lost(case: &Case<'_>, off: &Off) -> f64 {
    let lost = case.later.iter().map(|week| (0..HOURS).filter(|hour| off[*hour] && week[*hour] == Some(true)).count());
    lost.sum::<usize>() as f64 / case.later.len() as f64
}

fn hours(off: &Off) -> f64 {
    off.iter().filter(|off| **off).count() as f64
}

fn outcome(rule: &str, cases: &[Case<'_>], choices: &[Option<Off>], ideal: &[Option<Off>]) -> Outcome {
    let advised: Vec<(&Case<'_>, &Off, f64)> = cases
        .iter()
        .zip(choices)
        .zip(ideal)
        .filter_map(|((case, off), ideal)| Some((case, off.as_ref()?, ideal.as_ref().map_or(0.0, hours))))
        .collect();
    let count = advised.len().max(1) as f64;
    let (off, best) = advised.iter().fold((0.0, 0.0), |(off, best), one| (off + hours(one.1), best + one.2));
    let losses: Vec<f64> = advised.iter().map(|(case, off, _)| lost(case, off)).collect();
    Outcome {
        rule: rule.into(),
        advised: advised.len(),
        advised_share: amount(advised.len() as f64 / cases.len() as f64),
        off: amount(off / count / HOURS as f64),
        off_of_ideal: (best > 0.0).then(|| amount(off / best)),
        lost: amount(losses.iter().sum::<f64>() / count),
        worst: amount(losses.iter().copied().fold(0.0, f64::max)),
        harmless: amount(losses.iter().filter(|lost| **lost == 0.0).count() as f64 / count),
    }
}

fn schedule(case: &Case<'_>, off: &Off, promised: f64) -> Schedule {
    Schedule {
        machine: case.machine.id.clone(),
        off_hours_of_week: off.iter().map(|off| if *off { '1' } else { '0' }).collect(),
        off: off.iter().filter(|off| **off).count(),
        lost: amount(lost(case, off)),
        promised: amount(promised),
    }
}

/// The published JSON schema of the view.
#[must_use]
pub fn json_schema() -> String {
    serde_json::to_string_pretty(&schemars::schema_for!(Backtest)).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::derive::schedule::Hours;

    /// Six weeks from a Monday: busy at 60 percent when `works`, else at half a percent.
    fn machine(id: &str, works: impl Fn(i64) -> bool) -> Traced {
        let first = "2026-01-05T00:00:00Z".parse::<Timestamp>().unwrap().as_second() / 3600;
        let value = |hour: i64| Some(if works(hour) { 60.0 } else { 0.5 });
        let processor = Hours { first, values: (0..6 * 168).map(value).collect() };
        Traced { id: id.into(), processor, network: None, connections: None, disk: None }
    }

    fn office(hour: i64) -> bool {
        hour % 168 < 120 && (8..18).contains(&(hour % 24))
    }

    fn of(machines: &[Traced]) -> Backtest {
        backtest(machines, &Calendar::default(), 0.5).unwrap()
    }

    /// 50 hours of work; an hour on each side of a working day stays on: 108 of 118 hours.
    #[test]
    fn office_hours_are_told_and_lose_nothing() {
        let told = of(&[machine("a", office)]);
        let ours = &told.rules[1];
        assert_eq!((told.weeks_known, told.weeks_judged, ours.advised), (3, 3, 1));
        assert_eq!(ours.off_of_ideal.unwrap().0.to_string(), "0.915254");
        assert_eq!([ours.lost, ours.worst].map(|a| a.0.to_string()), ["0", "0"]);
        assert_eq!((told.schedules[0].off, told.schedules[0].machine.as_str()), (108, "a"));
    }

    /// A database whose processors are always quiet works while somebody is connected.
    #[test]
    fn connections_are_work() {
        let mut database = machine("database", |_| false);
        let connected = |hour: i64| Some(if office(hour) { 3.0 } else { 0.0 });
        let hours = Hours { first: database.processor.first, values: (0..6 * 168).map(connected).collect() };
        assert_eq!(of(std::slice::from_ref(&database)).schedules[0].off, 168);
        database.connections = Some(hours);
        assert_eq!(of(&[database]).schedules[0].off, 108);
    }

    #[test]
    fn work_that_moves_is_left_alone_where_quiet_hours_would_lose_it() {
        // A day later each week, so that each hour is quiet in most weeks.
        let wanders = |hour: i64| (hour % 168) / 24 == (hour / 168) % 7 && (8..18).contains(&(hour % 24));
        let told = of(&[machine("wanders", wanders)]);
        assert_eq!(told.rules[1].advised, 0);
        assert_eq!((told.rules[2].advised, told.rules[2].lost.0.to_string()), (1, "10".into()));
        assert_eq!(told.verdicts[2].machines, 1);
    }

    #[test]
    fn who_comes_at_night_after_the_cut_is_counted_as_lost() {
        let changes = |hour: i64| office(hour) || (hour >= 5 * 168 && (0..3).contains(&(hour % 24)));
        let told = of(&[machine("changes", changes)]);
        // Seven nights of three hours in one of three weeks.
        assert_eq!(told.rules[1].worst.0.to_string(), "7");
    }

    #[test]
    fn two_weeks_are_no_advice_and_one_machine_without_both_parts_is_refused() {
        let mut short = machine("short", office);
        short.processor.values.truncate(4 * 168);
        assert_eq!(of(&[short.clone()]).rules[1].advised, 0);
        short.processor.values.truncate(100);
        let refused = backtest(&[short], &Calendar::default(), 0.5).unwrap_err();
        assert_eq!(refused, Refused::Nothing { machines: 1, days: 4, needed: 14 });
        let refused = backtest(&[], &Calendar::default(), 0.6).unwrap_err();
        assert_eq!(refused, Refused::Nothing { machines: 0, days: 0, needed: 18 });
    }
}
