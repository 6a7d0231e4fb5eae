//! Evidence that is a course and not a figure: hours of the week, and days. In words and blocks, and drawn in HTML.
//!
//! Knows: the units of such columns. Does not know: what they are evidence of; a text of another form is shown as it is.

use minijinja::{Environment, Error, ErrorKind, Value};
use plotters::prelude::{PathElement, Rectangle};
use plotters::style::{Color, text_anchor::HPos};

use super::charts::{ACCENT, GRID, SECOND, figure, fill, stroke, write};
use super::filters;
use crate::period::OffHours;

/// Units of the declared columns.
const WEEK: &str = "168 marks";
const DAYS: &str = "daily shares";

const NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const HOURS: usize = 24;
/// Blocks of a line of text, from low to high.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Most days that are shown.
const MOST_DAYS: usize = 400;

const LEFT: i32 = 48;
const CELL_WIDTH: i32 = 27;
const CELL_HEIGHT: i32 = 16;
const DAYS_HEIGHT: i32 = 110;
const RIGHT: i32 = 704;

/// Adds the filters to an environment.
pub(super) fn register(environment: &mut Environment<'_>) {
    environment.add_filter("reading", reading);
    environment.add_filter("reading_unit", reading_unit);
    environment.add_filter("drawn", drawn);
}

/// A value by its unit, in words: hours of the week as spans, days as blocks, a number as a figure. `zone`: of the hours, UTC without it.
fn reading(value: &Value, unit: &Value, zone: Option<String>) -> Result<Value, Error> {
    let text = filters::given(value)?.unwrap_or_default();
    match filters::given(unit)?.as_deref() {
        Some(WEEK) => {
            Ok(OffHours::parse(&text).map_or_else(|| value.clone(), |off| Value::from(words(&off, zone.as_deref()))))
        }
        Some(DAYS) => Ok(shares(&text).map_or_else(|| value.clone(), |days| Value::from(blocks(&days)))),
        _ => filters::figure(value),
    }
}

/// The unit that follows a reading: none where it is in the reading.
fn reading_unit(unit: &Value) -> Result<Value, Error> {
    let text = filters::given(unit)?.unwrap_or_default();
    Ok(if text == WEEK || text == DAYS { Value::from("") } else { unit.clone() })
}

/// The same as a drawing; null where there is nothing to draw.
fn drawn(value: &Value, unit: &Value, zone: Option<String>) -> Result<Value, Error> {
    let text = filters::given(value)?.unwrap_or_default();
    let drawing = match filters::given(unit)?.as_deref() {
        Some(WEEK) => OffHours::parse(&text).map(|off| week(&off, zone.as_deref())),
        Some(DAYS) => shares(&text).map(|days| course(&days)),
        _ => None,
    };
    let failed = |error: super::ReportError| Error::new(ErrorKind::InvalidOperation, error.to_string());
    drawing.transpose().map_err(failed).map(|drawing| drawing.unwrap_or_else(|| Value::from(())))
}

/// From an hour of a day to another.
type Span = (usize, usize);

/// `Mon–Fri 00–08, 19–24; Sat–Sun all day UTC`.
fn words(off: &OffHours, zone: Option<&str>) -> String {
    let day = |day: usize| -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        for hour in (0..HOURS).filter(|hour| off.contains(day * HOURS + hour)) {
            match spans.last_mut() {
                Some((_, end)) if *end == hour => *end = hour + 1,
                _ => spans.push((hour, hour + 1)),
            }
        }
        spans
    };
    let span = |(from, to): &Span| {
        if (*from, *to) == (0, HOURS) { "all day".to_owned() } else { format!("{from:02}–{to:02}") }
    };
    let mut groups: Vec<(usize, usize, Vec<Span>)> = Vec::new();
    for at in 0..NAMES.len() {
        let spans = day(at);
        match groups.last_mut() {
            Some((_, last, same)) if *same == spans => *last = at,
            _ => groups.push((at, at, spans)),
        }
    }
    let name = |(first, last, spans): &(usize, usize, Vec<Span>)| {
        let hours = spans.iter().map(span).collect::<Vec<_>>().join(", ");
        let days =
            if first == last { NAMES[*first].to_owned() } else { format!("{}–{}", NAMES[*first], NAMES[*last]) };
        format!("{days} {hours}")
    };
    let off: Vec<String> = groups.iter().filter(|(_, _, spans)| !spans.is_empty()).map(name).collect();
    if off.is_empty() { "none".to_owned() } else { format!("{} {}", off.join("; "), zone.unwrap_or("UTC")) }
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

/// Seven days of 24 hours; filled: off.
fn week(off: &OffHours, zone: Option<&str>) -> Result<Value, super::ReportError> {
    let label = format!("Hours of the week in which it can be off: {}", words(off, zone));
    let days = NAMES.len() as i32;
    figure(&label, 24 + days * CELL_HEIGHT, |canvas| {
        for (day, name) in (0..).zip(NAMES) {
            let top = 4 + day * CELL_HEIGHT;
            write(canvas, name, (LEFT - 8, top + CELL_HEIGHT / 2), HPos::Right)?;
            for hour in 0..HOURS as i32 {
                let left = LEFT + hour * CELL_WIDTH;
                let cell = [(left, top), (left + CELL_WIDTH - 2, top + CELL_HEIGHT - 2)];
                let is_off = off.contains(day as usize * HOURS + hour as usize);
                let style = if is_off { fill(ACCENT.to_rgba()) } else { stroke(GRID, 1) };
                canvas.draw(&Rectangle::new(cell, style))?;
            }
        }
        for hour in (0..=HOURS as i32).step_by(6) {
            let at = (LEFT + hour * CELL_WIDTH, 14 + days * CELL_HEIGHT);
            write(canvas, &format!("{hour:02}"), at, HPos::Center)?;
        }
        Ok(())
    })
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

    fn off(text: &str) -> OffHours {
        OffHours::parse(text).unwrap()
    }

    #[test]
    fn hours_of_the_week_are_spans_of_alike_days() {
        let working = "111111110000000000011111";
        let weekend = "1".repeat(24);
        let office = off(&format!("{}{}", working.repeat(5), weekend.repeat(2)));
        assert_eq!(words(&office, None), "Mon–Fri 00–08, 19–24; Sat–Sun all day UTC");
        assert_eq!(words(&office, Some("Asia/Kolkata")), "Mon–Fri 00–08, 19–24; Sat–Sun all day Asia/Kolkata");
        let one_night = format!("{}{}{}", "0".repeat(24), "1111".to_owned() + &"0".repeat(20), "0".repeat(120));
        assert_eq!(words(&off(&one_night), None), "Tue 00–04 UTC");
        assert_eq!(words(&off(&"0".repeat(168)), None), "none");
    }

    #[test]
    fn days_are_blocks_up_to_a_hundred_percent() {
        let read = |text: &str, unit: &str| reading(&Value::from(text), &Value::from(unit), None).unwrap().to_string();
        assert_eq!(read("0.000 0.500 - 1.200", DAYS), "▁▄ █ up to 120 %");
        assert_eq!(read("0.123456", "ratio"), "0.1235");
    }

    /// Text that only claims to be a course is shown as text, and what is drawn holds none of it.
    #[test]
    fn what_is_no_course_is_neither_read_nor_drawn() {
        for (text, unit) in [("<script>", DAYS), ("0.1 inf", DAYS), ("1011", WEEK), ("<script>", WEEK)] {
            assert_eq!(reading(&Value::from(text), &Value::from(unit), None).unwrap().to_string(), text);
            assert!(drawn(&Value::from(text), &Value::from(unit), None).unwrap().is_none(), "{text}");
        }
        let svg = drawn(&Value::from("0.1 0.9"), &Value::from(DAYS), None).unwrap().to_string();
        assert!(svg.starts_with("<svg class=\"chart\"") && svg.contains("at most 90 percent"), "{svg}");
        let all = drawn(&Value::from("1".repeat(168)), &Value::from(WEEK), None).unwrap().to_string();
        assert!(all.contains("Mon–Sun all day UTC"), "{all}");
    }
}
