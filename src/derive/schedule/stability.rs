//! Whether weeks are alike enough to advise that a resource be off in the hours it was not used.
//!
//! Each week is left out once: what would have been advised without it is held against what was done in it. Knows:
//! weeks of local hours, and which have a public holiday. Does not know: money, what depends on the resource, work that
//! comes less often than the weeks show, as at the end of a quarter.

use std::iter;

use super::detect::{HOURS, Week, off_hours};

/// Weeks that advice needs (ALGORITHMS 4.1).
const ENOUGH: usize = 3;
/// Weeks that allow for a remark.
const FEWEST: usize = 2;
/// Active hours a week that advice may lose, when it is tried on a week that it has not seen: the mean over the weeks …
const LOST: f64 = 1.0;
/// … or, if that is more, this share of the active hours (both ALGORITHMS 4.1) …
const LOST_SHARE: f64 = 0.01;
/// … and the most in any week, which a mean hides: work that begins an hour earlier in one week of four loses 5 hours
/// of that, and chance may cover some. Up to 4 lets 3 % of drifting series pass, up to 3 0.2 %, up to 2 none of 472.
const LOST_IN_A_WEEK: usize = 2;

/// What the weeks say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Off hours that are the same in every week.
    Advised,
    /// Nothing to switch off.
    AlwaysActive,
    /// What some weeks say is not what is done in others.
    Unstable,
    /// As far as two weeks can tell, there are off hours.
    Watch,
    /// Less than two weeks.
    TooShort,
    /// Too few weeks without a public holiday.
    OnlyHolidays,
}

/// When a resource can be off.
#[derive(Clone, Debug, PartialEq)]
pub struct Advice {
    /// What the weeks say.
    pub verdict: Verdict,
    /// The hours of the week to be off, from Monday 00:00 local time; none unless advised or watched. All of them: it
    /// never worked.
    pub off: [bool; HOURS],
    /// Weeks that it rests on.
    pub weeks: usize,
    /// Active hours a week that would be lost in weeks not seen: the mean over weeks left out one at a time.
    pub lost_hours_per_week: f64,
    /// Active hours a week, the mean.
    pub active_hours_per_week: f64,
}

/// When a resource can be off, by what it did in some weeks, in any order; `holiday` says which have a public holiday.
/// Those are left out when at least three others are there; otherwise nothing is advised. Weeks without any observation
/// do not count.
#[must_use]
pub fn advise(weeks: &[Week], holiday: &[bool]) -> Advice {
    let marks = holiday.iter().copied().chain(iter::repeat(false));
    let observed: Vec<(Week, bool)> =
        weeks.iter().copied().zip(marks).filter(|(week, _)| week.iter().any(Option::is_some)).collect();
    let ordinary: Vec<Week> = observed.iter().filter(|(_, holiday)| !holiday).map(|(week, _)| *week).collect();
    let only_holidays = ordinary.len() < observed.len() && ordinary.len() < ENOUGH;
    let weeks: Vec<Week> = if only_holidays { observed.into_iter().map(|(week, _)| week).collect() } else { ordinary };

    let count = weeks.len();
    let active_hours_per_week = mean(&weeks.iter().map(active_hours).collect::<Vec<_>>());
    let mut advice = Advice {
        verdict: Verdict::TooShort,
        off: [false; HOURS],
        weeks: count,
        lost_hours_per_week: 0.0,
        active_hours_per_week,
    };
    if count < FEWEST {
        return advice;
    }
    let off = off_hours(&weeks);
    let losses = losses(&weeks);
    advice.lost_hours_per_week = mean(&losses);
    let stable = advice.lost_hours_per_week <= LOST.max(LOST_SHARE * active_hours_per_week)
        && losses.iter().all(|lost| *lost <= LOST_IN_A_WEEK);
    advice.verdict = if !off.contains(&true) {
        Verdict::AlwaysActive
    } else if only_holidays {
        Verdict::OnlyHolidays
    } else if !stable {
        Verdict::Unstable
    } else if count < ENOUGH {
        Verdict::Watch
    } else {
        Verdict::Advised
    };
    if matches!(advice.verdict, Verdict::Advised | Verdict::Watch) {
        advice.off = off;
    }
    advice
}

/// Active hours of each week that would be lost by what the other weeks say.
fn losses(weeks: &[Week]) -> Vec<usize> {
    let lost = |(left_out, week): (usize, &Week)| {
        let others = weeks.iter().enumerate().filter(|(other, _)| *other != left_out);
        let off = off_hours(&others.map(|(_, week)| *week).collect::<Vec<_>>());
        week.iter().zip(off).filter(|(active, off)| *off && **active == Some(true)).count()
    };
    weeks.iter().enumerate().map(lost).collect()
}

fn active_hours(week: &Week) -> usize {
    week.iter().filter(|active| **active == Some(true)).count()
}

fn mean(counts: &[usize]) -> f64 {
    counts.iter().sum::<usize>() as f64 / counts.len().max(1) as f64
}
