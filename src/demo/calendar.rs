//! The hours of the month of the bill, counted from 0.
//!
//! Knows: which hour of the week and of the day each is, and how it is written. Does not know: the clock.

use jiff::Span;
use jiff::civil::Date;

use super::DemoError;

const HOURS_PER_WEEK: usize = 168;

/// A month in hours.
pub(crate) struct Calendar {
    first: Date,
    hours: usize,
    labels: Vec<String>,
}

impl Calendar {
    /// The month written as `YYYY-MM`.
    pub(crate) fn new(month: &str) -> Result<Self, DemoError> {
        let first: Date = format!("{month}-01").parse().map_err(|_| DemoError::NotADate(month.to_owned()))?;
        let days = i64::from(first.days_in_month());
        let mut labels = Vec::new();
        for day in 0..=days {
            let date = first.saturating_add(Span::new().days(day));
            let hours = if day == days { 1 } else { 24 };
            labels.extend((0..hours).map(|hour| format!("{date}T{hour:02}:00:00")));
        }
        Ok(Calendar { first, hours: labels.len() - 1, labels })
    }

    /// How many hours the month has.
    pub(crate) fn hours(&self) -> usize {
        self.hours
    }

    /// The start of an hour as `2026-10-01T00:00:00`, without a zone; empty after the end of the month.
    pub(crate) fn label(&self, hour: usize) -> &str {
        self.labels.get(hour).map_or("", String::as_str)
    }

    /// The first hour of a date such as `2026-10-15`.
    pub(crate) fn hour_of(&self, date: &str) -> Result<usize, DemoError> {
        let wrong = || DemoError::NotADate(date.to_owned());
        let day: Date = date.parse().map_err(|_| wrong())?;
        let hours = day.duration_since(self.first).as_hours();
        usize::try_from(hours).ok().filter(|hour| *hour <= self.hours).ok_or_else(wrong)
    }

    /// Day of the month, from 1.
    pub(crate) fn day(&self, hour: usize) -> usize {
        hour / 24 + 1
    }

    /// Hour of the week; 0 is Monday 00:00 UTC.
    pub(crate) fn hour_of_week(&self, hour: usize) -> usize {
        let weekday = usize::from(self.first.weekday().to_monday_zero_offset().unsigned_abs());
        (weekday * 24 + hour) % HOURS_PER_WEEK
    }

    /// Complete weeks between the end of the hour and the end of the month: 0 in the last seven days.
    pub(crate) fn weeks_before_end(&self, hour: usize) -> usize {
        self.hours.saturating_sub(hour + 1) / HOURS_PER_WEEK
    }

    /// Monday to Friday 08:00 to 20:00 UTC.
    pub(crate) fn is_office(&self, hour: usize) -> bool {
        let of_week = self.hour_of_week(hour);
        of_week < 5 * 24 && (8..20).contains(&(of_week % 24))
    }
}
