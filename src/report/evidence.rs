//! Evidence that is a course and not a figure: hours of the week, and days. In words and blocks, and drawn in HTML.
//!
//! Knows: the units of such columns, the name of the one that says whose clock hours follow. Does not know: what they are evidence of; a
//! text of another form is shown as it is.

use minijinja::{Environment, Error, ErrorKind, Value};
use plotters::prelude::{PathElement, Rectangle};
use plotters::style::{Color, text_anchor::HPos};

use super::charts::{ACCENT, GRID, SECOND, figure, fill, stroke, write};
use super::filters;
use week::{Instances, Off};

mod week;

/// Units of the declared columns.
const WEEK: &str = "168 marks";
const INSTANCES: &str = "168 numbers of instances";
const DAYS: &str = "daily shares";
/// The declared column of the zone whose clock they follow.
const ZONE: &str = "TimeZone";

/// Blocks of a line of text, from low to high.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Most days that are shown.
const MOST_DAYS: usize = 400;

const LEFT: i32 = 48;
const DAYS_HEIGHT: i32 = 110;
const RIGHT: i32 = 704;

/// Adds the filters to an environment.
pub(super) fn register(environment: &mut Environment<'_>) {
    environment.add_filter("reading", reading);
    environment.add_filter("reading_unit", reading_unit);
    environment.add_filter("drawn", drawn);
    environment.add_filter("time_zone", time_zone);
}

/// The zone whose clock the hours in a finding's evidence follow; null where it states none.
fn time_zone(evidence: &Value) -> Result<Value, Error> {
    for line in evidence.try_iter()? {
        if line.get_attr("name")?.as_str() == Some(ZONE) {
            return line.get_attr("value");
        }
    }
    Ok(Value::from(()))
}

/// A value by its unit, in words: hours of the week as spans, days as blocks, a number as a figure. `zone`: whose clock hours of the week
/// follow, UTC without it. `at`: the date of a review, in whose evidence marks are in UTC; they are told by the clock of the zone then.
fn reading(value: &Value, unit: &Value, zone: Option<String>, at: Option<String>) -> Result<Value, Error> {
    let text = filters::given(value)?.unwrap_or_default();
    let (zone, at) = (zone.as_deref(), at.as_deref());
    let words = match filters::given(unit)?.as_deref() {
        Some(WEEK) => Off::parse(&text, zone, at).map(|off| match at {
            Some(_) => format!("can be off: {}", off.words()),
            None => off.words(),
        }),
        Some(INSTANCES) => Instances::parse(&text, zone).map(|instances| instances.words()),
        Some(DAYS) => shares(&text).map(|days| blocks(&days)),
        _ => return filters::figure(value),
    };
    Ok(words.map_or_else(|| value.clone(), Value::from))
}

/// The unit that follows a reading: none where it is in the reading.
fn reading_unit(unit: &Value) -> Result<Value, Error> {
    let text = filters::given(unit)?.unwrap_or_default();
    Ok(if [WEEK, INSTANCES, DAYS].contains(&text.as_str()) { Value::from("") } else { unit.clone() })
}

/// The same as a drawing; null where there is nothing to draw.
fn drawn(value: &Value, unit: &Value, zone: Option<String>, at: Option<String>) -> Result<Value, Error> {
    let text = filters::given(value)?.unwrap_or_default();
    let (zone, at) = (zone.as_deref(), at.as_deref());
    let drawing = match filters::given(unit)?.as_deref() {
        Some(WEEK) => Off::parse(&text, zone, at).map(|off| off.drawn()),
        Some(INSTANCES) => Instances::parse(&text, zone).map(|instances| instances.drawn()),
        Some(DAYS) => shares(&text).map(|days| course(&days)),
        _ => None,
    };
    let failed = |error: super::ReportError| Error::new(ErrorKind::InvalidOperation, error.to_string());
    drawing.transpose().map_err(failed).map(|drawing| drawing.unwrap_or_else(|| Value::from(())))
}

/// Shares by the day; a dash is a day without one. `None`: another text.
fn shares(text: &str) -> Option<Vec<Option<f64>>> {
    let one = |word: &str| match word {
        "-" => Some(None),
        _ => word.parse::<f64>().ok().filter(|share| share.is_finite() && *share >= 0.0).map(Some),
    };
    text.split(' ').take(MOST_DAYS).map(one).collect()
}

fn greatest(days: &[Option<f64>]) -> f64 {
    days.iter().flatten().copied().fold(0.0, f64::max)
}

/// `▂▂▇█ up to 81 %`; a full block is 100 percent.
fn blocks(days: &[Option<f64>]) -> String {
    let block = |share: &Option<f64>| match share {
        Some(share) => BLOCKS[((share.min(1.0) * 7.999) as usize).min(BLOCKS.len() - 1)],
        None => ' ',
    };
    format!("{} up to {:.0} %", days.iter().map(block).collect::<String>(), greatest(days) * 100.0)
}

/// A bar for each day, beside the line of 100 percent.
fn course(days: &[Option<f64>]) -> Result<Value, super::ReportError> {
    let most = greatest(days);
    let top = most.max(1.0) * 1.05;
    let (upper, lower) = (8, DAYS_HEIGHT - 8);
    let y = |share: f64| lower - (share / top * f64::from(lower - upper)).round() as i32;
    let width = f64::from(RIGHT - LEFT) / days.len().max(1) as f64;
    let x = |day: usize| LEFT + (day as f64 * width).round() as i32;
    let label = format!("Peaks of {} days, at most {:.0} percent; the line is 100 percent", days.len(), most * 100.0);
    figure(&label, DAYS_HEIGHT, |canvas| {
        for (day, share) in days.iter().enumerate() {
            if let Some(share) = share {
                let bar = [(x(day), y(*share)), ((x(day + 1) - 2).max(x(day) + 1), lower)];
                canvas.draw(&Rectangle::new(bar, fill(ACCENT.to_rgba())))?;
            }
        }
        canvas.draw(&PathElement::new(vec![(LEFT, lower), (RIGHT, lower)], stroke(GRID, 1)))?;
        canvas.draw(&PathElement::new(vec![(LEFT, y(1.0)), (RIGHT, y(1.0))], stroke(SECOND, 2)))?;
        write(canvas, "100%", (LEFT - 8, y(1.0).max(upper + 4)), HPos::Right)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::sample;
    use crate::report::{Format, Options, Templates, render};
    use crate::review::EvidenceView;

    #[test]
    fn days_are_blocks_up_to_a_hundred_percent() {
        let read =
            |text: &str, unit: &str| reading(&Value::from(text), &Value::from(unit), None, None).unwrap().to_string();
        assert_eq!(read("0.000 0.500 - 1.200", DAYS), "▁▄ █ up to 120 %");
        assert_eq!(read("0.123456", "ratio"), "0.1235");
    }

    /// Text that only claims to be a course is shown as text, and what is drawn holds none of it.
    #[test]
    fn what_is_no_course_is_neither_read_nor_drawn() {
        for (text, unit) in [
            ("<script>", DAYS),
            ("0.1 inf", DAYS),
            ("1011", WEEK),
            ("<script>", WEEK),
            ("1 2 3", INSTANCES),
            ("<script>", INSTANCES),
            ("", INSTANCES),
        ] {
            for at in [None, Some("2026-06-30".to_owned())] {
                let (value, unit, zone) = (Value::from(text), Value::from(unit), Some("<script>".to_owned()));
                assert_eq!(reading(&value, &unit, zone.clone(), at.clone()).unwrap().to_string(), text);
                assert!(drawn(&value, &unit, zone, at).unwrap().is_none(), "{text}");
            }
        }
        let svg =
            |text: &str, unit: &str| drawn(&Value::from(text), &Value::from(unit), None, None).unwrap().to_string();
        let days = svg("0.1 0.9", DAYS);
        assert!(days.starts_with("<svg class=\"chart\"") && days.contains("at most 90 percent"), "{days}");
        let all = svg(&"1".repeat(168), WEEK);
        assert!(all.contains("Mon–Sun all day UTC"), "{all}");
    }

    /// 7 to 19 in Berlin is 5 to 17 in UTC, in June.
    #[test]
    fn evidence_of_a_week_is_told_by_the_clock_of_the_finding() {
        let line = |name: &str, value: &str, unit: &str| EvidenceView {
            name: name.into(),
            value: Some(value.into()),
            unit: unit.into(),
        };
        let office = |hour: usize| hour < 5 * 24 && (5..17).contains(&(hour % 24));
        let marks: String = (0..168).map(|hour| if office(hour) { '0' } else { '1' }).collect();
        let numbers: Vec<&str> = (0..168).map(|hour| if office((hour + 166) % 168) { "10" } else { "2" }).collect();
        let mut review = sample();
        for finding in review.findings.iter_mut().take(2) {
            finding.evidence = vec![
                line("QuietHoursOfWeek", &marks, WEEK),
                line("MinSizesOfWeek", &numbers.join(" "), INSTANCES),
                line("TimeZone", "Europe/Berlin", ""),
            ];
        }
        let off = "can be off: Mon–Fri 00–07, 19–24; Sat–Sun all day Europe/Berlin";
        let least =
            "2 to 10 instances, hours of Europe/Berlin: Mon–Fri 00–07: 2, 07–19: 10, 19–24: 2; Sat–Sun all day: 2";
        for format in [Format::Text, Format::Markdown, Format::Html] {
            let shown = render(&review, format, &Templates::builtin(), &Options::default()).unwrap();
            for part in [off, least] {
                assert!(shown.contains(part), "{format:?}, {part}: {shown}");
            }
        }
        let page = render(&review, Format::Html, &Templates::builtin(), &Options::default()).unwrap();
        let count = |part: &str| page.matches(part).count();
        assert_eq!(
            (count("<title>Hours of the week in which"), count("<title>Mon 07–19: 10 instances</title>")),
            (2, 2)
        );
    }

    #[test]
    fn evidence_without_a_zone_has_none() {
        let evidence = |name: &str| {
            let line = [("name", Value::from(name)), ("value", Value::from("Asia/Kolkata"))];
            Value::from(vec![Value::from_pairs(line)])
        };
        assert_eq!(time_zone(&evidence(ZONE)).unwrap().as_str(), Some("Asia/Kolkata"));
        assert!(time_zone(&evidence("Zone")).unwrap().is_none());
    }
}
