//! Weeks of marks and of numbers beside what is said and drawn of them, and texts that are neither.

use super::*;

const WINTER: &str = "2026-01-15";
const SUMMER: &str = "2026-07-15";

/// Marks of local hours outside of 8 to 19 on days of work, the zone so many hours ahead.
fn office(ahead: usize) -> String {
    let is_off = |hour: usize| hour / DAY >= 5 || !(8..19).contains(&(hour % DAY));
    (0..WEEK).map(|hour| if is_off((hour + ahead) % WEEK) { '1' } else { '0' }).collect()
}

/// Numbers of a week of days of work and days of the weekend, by hour of the day.
fn numbers(work: impl Fn(usize) -> u32, weekend: impl Fn(usize) -> u32) -> String {
    let number = |hour: usize| if hour < 5 * DAY { work(hour % DAY) } else { weekend(hour % DAY) };
    (0..WEEK).map(|hour| number(hour).to_string()).collect::<Vec<_>>().join(" ")
}

fn web() -> String {
    numbers(|hour| if (7..19).contains(&hour) { 10 } else { 2 }, |_| 2)
}

#[test]
fn hours_of_the_week_are_spans_of_alike_days() {
    let words = |text: &str, zone: Option<&str>| Off::parse(text, zone, None).unwrap().words();
    assert_eq!(words(&office(0), None), "Mon–Fri 00–08, 19–24; Sat–Sun all day UTC");
    assert_eq!(words(&office(0), Some("Asia/Kolkata")), "Mon–Fri 00–08, 19–24; Sat–Sun all day Asia/Kolkata");
    let one_night = format!("{}{}{}", "0".repeat(24), "1111", "0".repeat(140));
    assert_eq!(words(&one_night, None), "Tue 00–04 UTC");
    assert_eq!(words(&"0".repeat(168), None), "none");
}

#[test]
fn marks_in_utc_are_told_by_the_clock_on_the_wall() {
    for (zone, at, ahead) in [
        ("Europe/Berlin", WINTER, 1),
        ("Europe/Berlin", SUMMER, 2),
        ("America/New_York", WINTER, WEEK - 5),
        ("Pacific/Auckland", WINTER, 13),
        ("UTC", SUMMER, 0),
    ] {
        let off = Off::parse(&office(ahead), Some(zone), Some(at)).unwrap();
        assert_eq!(off.words(), format!("Mon–Fri 00–08, 19–24; Sat–Sun all day {zone}"), "{at}");
    }
}

/// Half hours would make other hours of them, and what names no zone is not repeated.
#[test]
fn where_the_clock_cannot_be_turned_marks_stay_in_utc() {
    for (zone, at) in [
        (Some("Asia/Kolkata"), WINTER),
        (Some("Nowhere/At_All"), WINTER),
        (Some("<script>"), WINTER),
        (Some(""), WINTER),
        (None, WINTER),
        (Some("Europe/Berlin"), "<script>"),
    ] {
        let off = Off::parse(&office(0), zone, Some(at)).unwrap();
        assert_eq!(off.words(), "Mon–Fri 00–08, 19–24; Sat–Sun all day UTC", "{zone:?} {at}");
    }
}

#[test]
fn numbers_of_the_week_are_runs_of_alike_days() {
    let words = |text: &str, zone: Option<&str>| Instances::parse(text, zone).unwrap().words();
    assert_eq!(
        words(&web(), Some("europe/berlin")),
        "2 to 10 instances, hours of Europe/Berlin: Mon–Fri 00–07: 2, 07–19: 10, 19–24: 2; Sat–Sun all day: 2"
    );
    assert_eq!(words(&numbers(|_| 1, |_| 1), Some("UTC'")), "1 instance: Mon–Sun all day: 1");
    assert_eq!(
        words(&numbers(|_| 3, |hour| hour as u32), Some("UTC")).split("; ").last().unwrap().matches(": ").count(),
        DAY
    );
}

#[test]
fn what_is_not_168_whole_numbers_is_none() {
    assert!(Instances::parse(&web(), None).is_some());
    let with = |number: &str| numbers(|_| 2, |_| 2).replacen('2', number, 1);
    assert!(Instances::parse(&with("999999"), None).is_some());
    for number in ["1000000", "-1", "+1", "1.5", "", " 2", "2 2", "٢", "<script>", "1e3", "99999999999999999999"] {
        assert!(Instances::parse(&with(number), None).is_none(), "{number}");
    }
    for text in ["", "2", &web().replace(' ', ","), &format!("{} ", web()), &web().repeat(2)] {
        assert!(Instances::parse(text, None).is_none(), "{text}");
    }
}

#[test]
fn a_week_off_is_drawn_with_what_filled_means() {
    let svg = Off::parse(&office(2), Some("Europe/Berlin"), Some(SUMMER)).unwrap().drawn().unwrap().to_string();
    for part in ["can be off\n", "\non\n", "Hours of Europe/Berlin\n", "Mon–Fri 00–08, 19–24; Sat–Sun"] {
        assert!(svg.contains(part), "{part}: {svg}");
    }
    // 5 × 13 and 48 hours and a square of the key; 55 hours, and the edges of both squares.
    assert_eq!((svg.matches("fill=\"#0B6E5B\"").count(), svg.matches("stroke=\"#D5DAE0\"").count()), (114, 57));
}

#[test]
fn numbers_are_drawn_the_fuller_the_more_and_told_when_pointed_at() {
    let svg = Instances::parse(&web(), Some("UTC")).unwrap().drawn().unwrap().to_string();
    for part in [
        "<g><title>Mon 07–19: 10 instances</title><rect x=\"237\" y=\"4\" width=\"322\" height=\"22\" fill=\"#0B6E5B\" fill-opacity=\"0.45\" stroke=\"#D5DAE0\"/><text class=\"on\" x=\"398\" y=\"15\"",
        "<g><title>Sun all day: 2 instances</title><rect x=\"48\" y=\"148\" width=\"646\" height=\"22\" fill=\"#0B6E5B\" fill-opacity=\"0.10\"",
        "\n2 instances\n",
        "\n10 instances\n",
        "Hours of UTC\n",
    ] {
        assert!(svg.contains(part), "{part}: {svg}");
    }
    assert_eq!((svg.matches("<g>").count(), svg.matches("</g>").count(), svg.matches("</svg>").count()), (17, 17, 1));
    assert!(svg.starts_with("<svg class=\"chart\"") && svg.trim_end().ends_with("</g>\n</svg>"), "{svg}");
}

#[test]
fn a_number_that_has_no_room_is_told_when_pointed_at() {
    let alternating = numbers(|hour| if hour % 2 == 0 { 100 } else { 7 }, |_| 7);
    let svg = Instances::parse(&alternating, None).unwrap().drawn().unwrap().to_string();
    assert!(svg.contains("<title>Mon 00–01: 100 instances</title>") && !svg.contains(">100</text>"), "{svg}");
    assert!(svg.contains(">7</text>") && svg.contains("Local hours\n"), "{svg}");
}
