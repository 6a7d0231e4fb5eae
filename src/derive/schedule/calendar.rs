//! Weeks of local hours cut out of an hourly UTC series, and local hours of the week turned back into UTC ones.
//!
//! Habits follow the clock on the wall, metrics and bills follow UTC. Knows: a time zone with its summer time. Does not
//! know: whose zone it is, public holidays.

use std::array;
use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::detect::{HOURS, Week};
use crate::period::{HOURS_PER_WEEK, hour_of_week_since_epoch};

/// Seconds of an hour.
const SECONDS: i64 = 3600;

/// The weeks of a series up to `end`, each of 168 local hours, newest last; with each the local hour since the epoch in which it begins.
/// `first_hour` and `end` are hours since the epoch, UTC; `active` has an entry for each hour from the first. A UTC hour counts in the
/// local hour in which it begins; a local hour that comes twice is active when one of both is, one that is skipped is `None`.
pub(super) fn weeks(first_hour: i64, active: &[Option<bool>], zone: &TimeZone, end: i64) -> Vec<(i64, Week)> {
    cut(first_hour, active, zone, end, |one, other| one || other)
}

/// The same of anything that is known by the hour; `both` makes one of the two of a local hour that comes twice.
pub(super) fn cut<T: Copy>(
    first_hour: i64,
    values: &[Option<T>],
    zone: &TimeZone,
    end: i64,
    both: impl Fn(T, T) -> T,
) -> Vec<(i64, [Option<T>; HOURS])> {
    let stop = end.min(first_hour + values.len() as i64);
    let (begun, ended) = (local(first_hour, zone), local(stop, zone));
    let mut weeks: BTreeMap<i64, [Option<T>; HOURS]> = BTreeMap::new();
    for (hour, value) in (first_hour..stop).zip(values) {
        let local = local(hour, zone);
        let start = ended + (local - ended).div_euclid(HOURS_PER_WEEK) * HOURS_PER_WEEK;
        if start < begun {
            continue;
        }
        let week = weeks.entry(start).or_insert([None; HOURS]);
        if let (Some(kept), Some(value)) = (week.get_mut(hour_of_week_since_epoch(local)), *value) {
            *kept = Some(kept.map_or(value, |other| both(other, value)));
        }
    }
    weeks.into_iter().collect()
}

/// Local hours of the week as UTC hours of the week, both from Monday 00:00, with the offset of the zone at an hour
/// since the epoch. Where that is not of whole hours, a UTC hour is off only if both local hours that it touches are.
pub(super) fn to_utc(off: &[bool; HOURS], zone: &TimeZone, at: i64) -> [bool; HOURS] {
    let offset = offset(at, zone);
    array::from_fn(|hour| {
        let start = hour as i64 * SECONDS + offset;
        let is_off = |second: i64| off[second.div_euclid(SECONDS).rem_euclid(HOURS_PER_WEEK) as usize];
        is_off(start) && is_off(start + SECONDS - 1)
    })
}

/// The local hour since the epoch in which an hour since the epoch begins.
fn local(hour: i64, zone: &TimeZone) -> i64 {
    (hour * SECONDS + offset(hour, zone)).div_euclid(SECONDS)
}

/// Seconds that local time is ahead of UTC when an hour since the epoch begins; 0 outside of all calendars.
fn offset(hour: i64, zone: &TimeZone) -> i64 {
    Timestamp::from_second(hour * SECONDS).map_or(0, |time| i64::from(zone.to_offset(time).seconds()))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Rules of 2026, so that the tests need no files of the machine.
    const BERLIN: &str = "CET-1CEST,M3.5.0,M10.5.0/3";
    const NEW_YORK: &str = "EST5EDT,M3.2.0,M11.1.0";
    const KOLKATA: &str = "IST-5:30";

    fn zone(rules: &str) -> TimeZone {
        TimeZone::posix(rules).unwrap()
    }

    fn hour(time: &str) -> i64 {
        time.parse::<Timestamp>().unwrap().as_second() / SECONDS
    }

    fn hours_with(week: &Week, what: Option<bool>) -> Vec<usize> {
        (0..HOURS).filter(|hour| week[*hour] == what).collect()
    }

    #[test]
    fn the_hour_that_spring_skips_is_not_observed() {
        for (rules, monday, next, skipped) in [
            (BERLIN, "2026-03-22T23:00:00Z", "2026-03-29T22:00:00Z", 6 * 24 + 2),
            (NEW_YORK, "2026-03-02T05:00:00Z", "2026-03-09T04:00:00Z", 6 * 24 + 2),
        ] {
            let (zone, monday, next) = (zone(rules), hour(monday), hour(next));
            let active = [Some(true); 167];
            let found = weeks(monday, &active, &zone, next);
            assert_eq!(found.len(), 1, "{rules}");
            assert_eq!(hours_with(&found[0].1, None), [skipped], "{rules}");
            // An hour less on either side, and the week is not complete.
            assert!(weeks(monday, &active, &zone, next - 1).is_empty());
            assert!(weeks(monday + 1, &active, &zone, next).is_empty());
        }
    }

    #[test]
    fn the_hour_that_autumn_repeats_is_active_when_one_of_both_is() {
        for (rules, monday, next, twice, local) in [
            (BERLIN, "2026-10-18T22:00:00Z", "2026-10-25T23:00:00Z", "2026-10-25T00:00:00Z", 6 * 24 + 2),
            (NEW_YORK, "2026-10-26T04:00:00Z", "2026-11-02T05:00:00Z", "2026-11-01T05:00:00Z", 6 * 24 + 1),
        ] {
            let (zone, monday, next) = (zone(rules), hour(monday), hour(next));
            for once in [hour(twice), hour(twice) + 1] {
                let active: Vec<_> = (monday..next).map(|hour| Some(hour == once)).collect();
                assert_eq!(active.len(), 169);
                let found = weeks(monday, &active, &zone, next);
                assert_eq!(found.len(), 1, "{rules}");
                assert_eq!(hours_with(&found[0].1, Some(true)), [local], "{rules}");
                assert!(hours_with(&found[0].1, None).is_empty(), "{rules}");
            }
        }
    }

    #[test]
    fn with_a_half_hour_an_hour_counts_where_it_begins() {
        // 19:00 UTC is 00:30 on Monday.
        let monday = hour("2026-01-04T19:00:00Z");
        let active: Vec<_> = (0..168).map(|hour| Some(hour == 0)).collect();
        let found = weeks(monday, &active, &zone(KOLKATA), monday + 168);
        assert_eq!(found.len(), 1);
        assert_eq!(hours_with(&found[0].1, Some(true)), [0]);
        assert!(weeks(monday, &active, &zone(KOLKATA), monday + 167).is_empty());
    }

    #[test]
    fn weeks_end_where_the_series_ends_and_the_newest_is_last() {
        let wednesday = hour("2026-01-07T00:00:00Z");
        let active: Vec<_> =
            (wednesday..wednesday + 21 * 24).map(|at| Some(at >= hour("2026-01-21T00:00:00Z"))).collect();
        let found: Vec<Week> =
            weeks(wednesday, &active, &TimeZone::UTC, wednesday + 21 * 24).into_iter().map(|(_, week)| week).collect();
        assert_eq!(found, [[Some(false); HOURS], [Some(false); HOURS], [Some(true); HOURS]]);
        let until = |end: &str| weeks(wednesday, &active, &TimeZone::UTC, hour(end)).len();
        assert_eq!((until("2026-01-21T00:00:00Z"), until("2026-01-20T23:00:00Z")), (2, 1));
        assert!(weeks(wednesday, &[], &TimeZone::UTC, wednesday + 999).is_empty());
    }

    #[test]
    fn a_weekend_off_in_utc() {
        let weekend = array::from_fn(|hour| hour >= 5 * 24);
        for (rules, at, expected) in [
            (BERLIN, "2026-01-15T00:00:00Z", (119..167).collect::<Vec<usize>>()),
            (BERLIN, "2026-07-15T00:00:00Z", (118..166).collect()),
            (NEW_YORK, "2026-01-15T00:00:00Z", (0..5).chain(125..168).collect()),
            // 5:30 ahead: an hour less, as the first and the last touch Friday and Monday.
            (KOLKATA, "2026-01-15T00:00:00Z", (115..162).collect()),
        ] {
            let off = to_utc(&weekend, &zone(rules), hour(at));
            assert_eq!((0..HOURS).filter(|hour| off[*hour]).collect::<Vec<_>>(), expected, "{rules} {at}");
        }
    }
}
