//! Time as bills use it: charge periods, the month of 730 hours, the as-of date, the 168 hours of a week.
//!
//! Knows: UTC, start inclusive, end exclusive. Does not know: the clock; the analysis never asks what time it is.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use rust_decimal::Decimal;

use crate::money::Money;

/// Hours in a month, 365 × 24 / 12: the convention of AWS's own calculators and of Cost Optimization Hub.
pub const HOURS_PER_MONTH: i64 = 730;
/// Hours in a week; also the length of the run-rate window.
pub const HOURS_PER_WEEK: i64 = 168;
/// Hours of a year of commitments: 365 × 24.
pub const HOURS_PER_YEAR: i64 = 8760;

/// Start inclusive, end exclusive, UTC. `start < end` always holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ChargePeriod {
    start: Timestamp,
    end: Timestamp,
}

/// Why a period or a date is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PeriodError {
    /// The end is not after the start.
    #[error("a period must end after it starts: {start} to {end}")]
    Empty {
        /// Start as given.
        start: Timestamp,
        /// End as given.
        end: Timestamp,
    },
    /// Not a date.
    #[error("{0:?} is not a date (YYYY-MM-DD) or a UTC time (YYYY-MM-DDThh:mm:ssZ)")]
    NotADate(String),
}

impl ChargePeriod {
    /// A period.
    ///
    /// # Errors
    /// [`PeriodError::Empty`] unless `start < end`.
    pub fn new(start: Timestamp, end: Timestamp) -> Result<Self, PeriodError> {
        if start < end { Ok(ChargePeriod { start, end }) } else { Err(PeriodError::Empty { start, end }) }
    }

    /// Inclusive start.
    #[must_use]
    pub fn start(&self) -> Timestamp {
        self.start
    }

    /// Exclusive end.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.end
    }

    /// What a cost over this period is per month of 730 hours.
    #[must_use]
    pub fn per_month(&self, cost: Money) -> MonthlyCost {
        let seconds = self.end.duration_since(self.start).as_secs();
        MonthlyCost(Money::new(
            cost.amount() * Decimal::from(HOURS_PER_MONTH * 3600) / Decimal::from(seconds),
            cost.currency(),
        ))
    }
}

/// Money per month of 730 hours. The sum of a 31-day bill is *not* a `MonthlyCost`; see
/// [`ChargePeriod::per_month`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MonthlyCost(pub Money);

/// The end of the last complete day of the data, or the date given by the user; never the clock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct AsOf(Timestamp);

impl AsOf {
    /// As of this moment, cut to the start of its UTC day: only complete days count.
    #[must_use]
    pub fn at_day(moment: Timestamp) -> Self {
        AsOf(midnight(moment.to_zoned(TimeZone::UTC).date()))
    }

    /// The moment, midnight UTC.
    #[must_use]
    pub fn timestamp(&self) -> Timestamp {
        self.0
    }

    /// The 168 hours before as-of, on which the run rate rests.
    #[must_use]
    pub fn run_rate_window(&self) -> ChargePeriod {
        ChargePeriod { start: self.0 - SignedDuration::from_hours(HOURS_PER_WEEK), end: self.0 }
    }

    /// The two days before as-of: what has no charge there is gone.
    #[must_use]
    pub fn recent_window(&self) -> ChargePeriod {
        ChargePeriod { start: self.0 - SignedDuration::from_hours(48), end: self.0 }
    }

    /// The calendar date of as-of, e.g. `2026-11-01` when October is complete.
    #[must_use]
    pub fn date(&self) -> Date {
        self.0.to_zoned(TimeZone::UTC).date()
    }
}

impl FromStr for AsOf {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        parse_time(text).map(AsOf::at_day).ok_or_else(|| PeriodError::NotADate(text.to_owned()))
    }
}

impl fmt::Display for AsOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.date().fmt(f)
    }
}

/// The hours of a week in which something is switched off; hour 0 is Monday 00:00 UTC.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OffHours([bool; HOURS_PER_WEEK as usize]);

impl OffHours {
    /// From 168 characters `0` (on) and `1` (off), Monday 00:00 UTC first; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: &[u8; HOURS_PER_WEEK as usize] = text.as_bytes().try_into().ok()?;
        bytes.iter().all(|b| matches!(b, b'0' | b'1')).then(|| OffHours(bytes.map(|b| b == b'1')))
    }

    /// Whether the hour of the week is off.
    #[must_use]
    pub fn contains(&self, hour_of_week: usize) -> bool {
        self.0.get(hour_of_week).copied().unwrap_or(false)
    }

    /// Off in one or the other.
    #[must_use]
    pub fn union(&self, other: &OffHours) -> OffHours {
        OffHours(std::array::from_fn(|hour| self.contains(hour) || other.contains(hour)))
    }

    /// How many of the 168 hours are off.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.iter().filter(|off| **off).count()
    }
}

/// The hour of the week in which a time lies; hour 0 is Monday 00:00 UTC.
#[must_use]
pub fn hour_of_week(time: Timestamp) -> usize {
    hour_of_week_since_epoch(time.as_second().div_euclid(3600))
}

/// Hours since the epoch, which was a Thursday, as the hour of the week from Monday 00:00 UTC.
#[must_use]
pub fn hour_of_week_since_epoch(hours: i64) -> usize {
    (hours + 3 * 24).rem_euclid(HOURS_PER_WEEK) as usize
}

/// Midnight UTC of a date.
#[must_use]
pub fn midnight(date: Date) -> Timestamp {
    date.to_zoned(TimeZone::UTC).map_or(Timestamp::MIN, |zoned| zoned.timestamp())
}

/// Reads the spellings of UTC times that providers use: `2026-10-01`, `2026-10-01T00:00:00Z`,
/// `2026-10-01 00:00:00`, `2026-10-01 00:00:00+00:00`, with or without fractions of a second.
#[must_use]
pub fn parse_time(text: &str) -> Option<Timestamp> {
    if let Ok(stamp) = text.parse::<Timestamp>() {
        return Some(stamp);
    }
    let civil = text.parse::<DateTime>().ok().or_else(|| text.parse::<Date>().ok().map(|d| d.at(0, 0, 0, 0)))?;
    civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    #[test]
    fn a_week_of_seven_dollars_is_thirty_dollars_forty_two_a_month() {
        let as_of: AsOf = "2026-11-01".parse().unwrap();
        let seven = Money::new(Decimal::from(7), Currency::USD);
        // 7 × 730 / 168
        assert_eq!(as_of.run_rate_window().per_month(seven).0.to_string(), "30.416666666667 USD");
    }

    #[test]
    fn a_period_has_length() {
        let t = Timestamp::UNIX_EPOCH;
        assert_eq!(ChargePeriod::new(t, t), Err(PeriodError::Empty { start: t, end: t }));
    }

    #[test]
    fn providers_spell_times_in_many_ways() {
        let expected: Timestamp = "2026-10-01T00:00:00Z".parse().unwrap();
        for text in [
            "2026-10-01",
            "2026-10-01T00:00:00Z",
            "2026-10-01T00:00:00.000Z",
            "2026-10-01 00:00:00",
            "2026-10-01 00:00:00.000",
            "2026-10-01 00:00:00+00:00",
            "2026-10-01T00:00:00",
        ] {
            assert_eq!(parse_time(text), Some(expected), "{text}");
        }
        assert_eq!(parse_time("01/10/2026"), None);
    }

    #[test]
    fn as_of_counts_complete_days_only() {
        let as_of: AsOf = "2026-10-31T17:00:00Z".parse().unwrap();
        assert_eq!(as_of.to_string(), "2026-10-31");
    }

    #[test]
    fn off_hours_are_168_marks() {
        let nights = "1".repeat(8) + &"0".repeat(160);
        assert_eq!(OffHours::parse(&nights).map(|o| (o.count(), o.contains(7), o.contains(8))), Some((8, true, false)));
        assert_eq!(OffHours::parse("101"), None);
    }

    #[test]
    fn the_week_starts_on_monday() {
        // 2026-11-02 is a Monday.
        for (time, hour) in [("2026-11-02T00:00:00Z", 0), ("2026-11-01T23:00:00Z", 167), ("2026-11-03T05:00:00Z", 29)] {
            assert_eq!(hour_of_week(parse_time(time).unwrap()), hour, "{time}");
        }
    }
}
