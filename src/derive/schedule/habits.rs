//! What the hours in which a resource worked say of its weeks, whoever saw them: metrics or a bill.
//!
//! Knows: an hour was at work, was not, or was not observed; a time zone and its holidays. Does not know: what shows work, what the
//! resource is.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

use super::calendar::{to_utc, weeks};
use super::{Basis, Calendar, Row, Verdict, Week, advise};
use crate::id::Target;
use crate::period::{HOURS_PER_WEEK, hour_of_week_since_epoch};

const SECONDS: i64 = 3600;
/// Weeks looked at: older habits are not those of today.
pub(super) const MOST_WEEKS: i64 = 8;

/// What was seen of a resource, hour by hour.
#[derive(Clone, Copy)]
pub(super) struct Observed<'a> {
    /// The first hour, since the epoch, UTC.
    pub(super) from: i64,
    /// The hour after the last: that of as-of.
    pub(super) end: i64,
    /// Whether it worked in each; `None`: not observed.
    pub(super) works: &'a [Option<bool>],
}

impl Observed<'_> {
    /// Whether it worked in an hour since the epoch; `None`: not observed.
    pub(super) fn at(&self, hour: i64) -> Option<bool> {
        usize::try_from(hour - self.from).ok().and_then(|at| self.works.get(at).copied().flatten())
    }

    /// The complete weeks up to the end, newest last, with whether each has a holiday.
    pub(super) fn weeks(&self, calendar: &Calendar) -> (Vec<Week>, Vec<bool>) {
        let dated = weeks(self.from, self.works, &calendar.zone, self.end);
        dated.into_iter().map(|(start, week)| (week, has_holiday(start, calendar))).unzip()
    }

    /// The row of the resource; `ran` says whether it did in an hour since the epoch.
    pub(super) fn row(&self, target: Target, basis: Basis, calendar: &Calendar, ran: impl Fn(i64) -> bool) -> Row {
        let (weeks, holiday) = self.weeks(calendar);
        let advice = advise(&weeks, &holiday);
        let settled = matches!(advice.verdict, Verdict::Advised | Verdict::Watch);
        let off = to_utc(&advice.off, &calendar.zone, self.end);
        let last_week = (self.end - HOURS_PER_WEEK..self.end).filter(|hour| ran(*hour)).count();
        let (mut running, mut all) = (0_i64, 0_i64);
        for hour in (self.end - advice.weeks as i64 * HOURS_PER_WEEK).max(self.from)..self.end {
            if off[hour_of_week_since_epoch(hour)] {
                all += 1;
                running += i64::from(ran(hour));
            }
        }
        Row {
            target,
            meter: None,
            basis,
            verdict: Some(advice.verdict),
            weeks: advice.weeks as i64,
            running: i64::try_from(last_week).ok(),
            quiet: settled.then(|| off.iter().filter(|off| **off).count() as i64),
            mask: settled.then(|| off.iter().map(|off| if *off { '1' } else { '0' }).collect()),
            share: Decimal::from(running).checked_div(Decimal::from(all)).filter(|_| settled),
            lost: Decimal::from_f64(advice.lost_hours_per_week).map(|lost| lost.round_dp(6)),
        }
    }
}

/// Whether one of the seven days and a part that a week touches is a holiday; `start` is in local hours since the epoch.
pub(super) fn has_holiday(start: i64, calendar: &Calendar) -> bool {
    let day = |hour: i64| Timestamp::from_second(hour * SECONDS).ok().map(|time| time.to_zoned(TimeZone::UTC).date());
    (0..HOURS_PER_WEEK)
        .step_by(24)
        .chain([HOURS_PER_WEEK - 1])
        .filter_map(|hour| day(start + hour))
        .any(|day| calendar.holidays.contains(&day))
}
