//! Hours of a week in words and drawn: those in which something can be off, and how many instances there have to be in each.
//!
//! Knows: marks and numbers of 168 hours, whose clock they follow. Does not know: what they are evidence of; a text of another form is
//! neither.

use jiff::tz::TimeZone;
use minijinja::Value;
use plotters::prelude::{RGBAColor, RGBColor, Rectangle};
use plotters::style::{Color, text_anchor::HPos};

use crate::period::{AsOf, OffHours};
use crate::report::ReportError;
use crate::report::charts::{ACCENT, Canvas, Drawn, GRID, INK, figure, fill, stroke, write};

#[cfg(test)]
mod tests;

const NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
/// Hours of a day and of a week.
const DAY: usize = 24;
const WEEK: usize = 7 * DAY;
const SECONDS: i64 = 3600;
const UTC: &str = "UTC";
/// Digits of a number of instances: no group has more.
const MOST_DIGITS: usize = 6;

/// Pixels of the drawing, where a narrow screen makes its letters large.
const LEFT: i32 = 48;
const TOP: i32 = 4;
const CELL_WIDTH: i32 = 27;
const CELL_HEIGHT: i32 = 24;
const GAP: i32 = 2;
const LINE: i32 = 26;
const SQUARE: i32 = 14;
const LETTER: i32 = 14;
/// How much of the colour the least and the most have: letters on both can be read, by day and by night.
const FAINT: f64 = 0.1;
const FULL: f64 = 0.45;

/// Hours in which something can be off.
pub(super) struct Off {
    hours: Vec<bool>,
    zone: String,
}

impl Off {
    /// From 168 marks. With a date they begin in UTC, and are told by the clock of the zone as it is then; without one they follow it.
    pub(super) fn parse(text: &str, zone: Option<&str>, at: Option<&str>) -> Option<Off> {
        let marks = OffHours::parse(text)?;
        let (zone, ahead) = match at {
            Some(at) => ahead(zone, at).unwrap_or_else(|| (UTC.to_owned(), 0)),
            None => (zone.unwrap_or(UTC).to_owned(), 0),
        };
        let hours = (0..WEEK).map(|hour| marks.contains((hour + WEEK - ahead) % WEEK)).collect();
        Some(Off { hours, zone })
    }

    /// `Mon–Fri 00–08, 19–24; Sat–Sun all day UTC`.
    pub(super) fn words(&self) -> String {
        let told = |(days, spans): &(String, Vec<Span<bool>>)| {
            let off: Vec<String> = spans.iter().filter(|span| span.value).map(Span::hours).collect();
            (!off.is_empty()).then(|| format!("{days} {}", off.join(", ")))
        };
        let days: Vec<String> = alike(&self.hours).iter().filter_map(told).collect();
        if days.is_empty() { "none".to_owned() } else { format!("{} {}", days.join("; "), self.zone) }
    }

    /// Seven days of 24 hours; filled: off.
    pub(super) fn drawn(&self) -> Result<Value, ReportError> {
        let label = format!("Hours of the week in which it can be off: {}", self.words());
        let key = [(ACCENT.to_rgba(), "can be off".to_owned()), (ACCENT.mix(0.0), "on".to_owned())];
        frame(&label, &key, &format!("Hours of {}", self.zone), |canvas| {
            for (hour, off) in self.hours.iter().enumerate() {
                let (left, top) = place(hour / DAY, hour % DAY);
                let cell = [(left, top), (left + CELL_WIDTH - GAP, top + CELL_HEIGHT - GAP)];
                let style = if *off { fill(ACCENT.to_rgba()) } else { stroke(GRID, 1) };
                canvas.draw(&Rectangle::new(cell, style))?;
            }
            Ok(())
        })
    }
}

/// Instances that there have to be at least.
pub(super) struct Instances {
    hours: Vec<u32>,
    zone: Option<String>,
}

impl Instances {
    /// From 168 whole numbers, joined by a space, that follow the clock of the zone.
    pub(super) fn parse(text: &str, zone: Option<&str>) -> Option<Instances> {
        let hours: Vec<u32> = text.split(' ').take(WEEK + 1).map(whole).collect::<Option<_>>()?;
        (hours.len() == WEEK).then(|| Instances { hours, zone: known(zone).map(|(name, _)| name) })
    }

    /// `2 to 10 instances, hours of UTC: Mon–Fri 00–07: 2, 07–19: 10, 19–24: 2; Sat–Sun all day: 2`.
    pub(super) fn words(&self) -> String {
        let told = |(days, spans): &(String, Vec<Span<u32>>)| {
            let each = spans.iter().map(|span| format!("{}: {}", span.hours(), span.value));
            format!("{days} {}", each.collect::<Vec<_>>().join(", "))
        };
        let (least, most) = self.bounds();
        let bounds = if least == most { instances(most) } else { format!("{least} to {}", instances(most)) };
        let zone = self.zone.as_ref().map_or_else(String::new, |zone| format!(", hours of {zone}"));
        let days: Vec<String> = alike(&self.hours).iter().map(told).collect();
        format!("{bounds}{zone}: {}", days.join("; "))
    }

    /// Seven days of 24 hours; the fuller, the more. Hours of one number in a row are one cell, which tells them when it is pointed at.
    pub(super) fn drawn(&self) -> Result<Value, ReportError> {
        let label = format!("Instances at least by hour of the week, {}", self.words());
        let (least, most) = self.bounds();
        let mut key = vec![(ACCENT.mix(self.shade(least)), instances(least))];
        if least < most {
            key.push((ACCENT.mix(self.shade(most)), instances(most)));
        }
        let note = self.zone.as_ref().map_or_else(|| "Local hours".to_owned(), |zone| format!("Hours of {zone}"));
        let svg = frame(&label, &key, &note, |_| Ok(()))?.to_string();
        let cells = self.hours.chunks(DAY).enumerate().flat_map(|(day, hours)| {
            spans(hours).into_iter().map(move |span| self.cell(day, &span)).collect::<Vec<String>>()
        });
        let body = svg.trim_end().trim_end_matches("</svg>");
        Ok(Value::from_safe_string(format!("{body}{}</svg>\n", cells.collect::<Vec<String>>().concat())))
    }

    fn bounds(&self) -> (u32, u32) {
        let (least, most) = (self.hours.iter().min(), self.hours.iter().max());
        (least.copied().unwrap_or(0), most.copied().unwrap_or(0))
    }

    fn shade(&self, value: u32) -> f64 {
        let (least, most) = self.bounds();
        let share = f64::from(value.saturating_sub(least)) / f64::from(most.saturating_sub(least).max(1));
        FAINT + (FULL - FAINT) * share
    }

    /// Of digits and of names that are written here, so that there is nothing to escape.
    fn cell(&self, day: usize, span: &Span<u32>) -> String {
        let (left, top) = place(day, span.from);
        let (width, height) = ((span.to - span.from) as i32 * CELL_WIDTH - GAP, CELL_HEIGHT - GAP);
        let number = span.value.to_string();
        let fits = number.len() as i32 * LETTER <= width;
        let text = format!(
            "<text class=\"on\" x=\"{}\" y=\"{}\" dy=\"0.5ex\" text-anchor=\"middle\" font-size=\"13\" fill=\"{}\">{number}</text>",
            left + width / 2,
            top + height / 2,
            hex(INK)
        );
        format!(
            "<g><title>{} {}: {}</title><rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" fill=\"{}\" fill-opacity=\"{:.2}\" stroke=\"{}\"/>{}</g>\n",
            name(day),
            span.hours(),
            instances(span.value),
            hex(ACCENT),
            self.shade(span.value),
            hex(GRID),
            if fits { text.as_str() } else { "" }
        )
    }
}

/// A zone of the database by its name there, with the zone; what names none is not repeated.
fn known(zone: Option<&str>) -> Option<(String, TimeZone)> {
    let zone = TimeZone::get(zone?).ok()?;
    let name = zone.iana_name()?.to_owned();
    Some((name, zone))
}

/// A zone by its name, and the hours that it is ahead of UTC at a date, around the week. `None`: there is no such zone or date, or hours of
/// the zone begin within those of UTC, which can then not be turned into them.
fn ahead(zone: Option<&str>, at: &str) -> Option<(String, usize)> {
    let (name, zone) = known(zone)?;
    let seconds = i64::from(zone.to_offset(at.parse::<AsOf>().ok()?.timestamp()).seconds());
    let hours = (seconds / SECONDS).rem_euclid(WEEK as i64);
    (seconds % SECONDS == 0).then_some((name, hours as usize))
}

/// A number of few digits, and of nothing else.
fn whole(text: &str) -> Option<u32> {
    let digits = text.len() <= MOST_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

fn instances(number: u32) -> String {
    format!("{number} {}", if number == 1 { "instance" } else { "instances" })
}

/// Hours of a day in a row that are the same.
#[derive(PartialEq)]
struct Span<T> {
    from: usize,
    to: usize,
    value: T,
}

impl<T> Span<T> {
    fn hours(&self) -> String {
        if (self.from, self.to) == (0, DAY) {
            "all day".to_owned()
        } else {
            format!("{:02}–{:02}", self.from, self.to)
        }
    }
}

fn spans<T: Copy + PartialEq>(day: &[T]) -> Vec<Span<T>> {
    let mut spans: Vec<Span<T>> = Vec::new();
    for (hour, value) in day.iter().enumerate() {
        match spans.last_mut() {
            Some(span) if span.value == *value => span.to = hour + 1,
            _ => spans.push(Span { from: hour, to: hour + 1, value: *value }),
        }
    }
    spans
}

/// The spans of the days of a week, days in a row that are alike together.
fn alike<T: Copy + PartialEq>(week: &[T]) -> Vec<(String, Vec<Span<T>>)> {
    let mut groups: Vec<(usize, usize, Vec<Span<T>>)> = Vec::new();
    for (day, hours) in week.chunks(DAY).enumerate() {
        let spans = spans(hours);
        match groups.last_mut() {
            Some((_, last, same)) if *same == spans => *last = day,
            _ => groups.push((day, day, spans)),
        }
    }
    let days = |first: usize, last: usize| {
        if first == last { name(first).to_owned() } else { format!("{}–{}", name(first), name(last)) }
    };
    groups.into_iter().map(|(first, last, spans)| (days(first, last), spans)).collect()
}

fn name(day: usize) -> &'static str {
    NAMES.get(day).copied().unwrap_or_default()
}

/// The upper left corner of an hour of a day.
fn place(day: usize, hour: usize) -> (i32, i32) {
    (LEFT + hour as i32 * CELL_WIDTH, TOP + day as i32 * CELL_HEIGHT)
}

fn hex(color: RGBColor) -> String {
    format!("#{:02X}{:02X}{:02X}", color.0, color.1, color.2)
}

/// Cells with the names of days and the hours beside them, and below what the colours say, and a note.
fn frame(
    label: &str,
    key: &[(RGBAColor, String)],
    note: &str,
    cells: impl Fn(&Canvas<'_>) -> Drawn,
) -> Result<Value, ReportError> {
    let below = TOP + NAMES.len() as i32 * CELL_HEIGHT;
    figure(label, below + 3 * LINE, |canvas| {
        for (day, name) in NAMES.into_iter().enumerate() {
            let (left, top) = place(day, 0);
            write(canvas, name, (left - 8, top + CELL_HEIGHT / 2), HPos::Right)?;
        }
        cells(canvas)?;
        for hour in (0..=DAY).step_by(6) {
            let (left, _) = place(0, hour);
            write(canvas, &format!("{hour:02}"), (left, below + LINE / 2), HPos::Center)?;
        }
        let (mut left, middle) = (LEFT, below + LINE + LINE / 2);
        for (color, words) in key {
            let square = [(left, middle - SQUARE / 2), (left + SQUARE, middle + SQUARE / 2)];
            canvas.draw(&Rectangle::new(square, fill(*color)))?;
            canvas.draw(&Rectangle::new(square, stroke(GRID, 1)))?;
            write(canvas, words, (left + SQUARE + 8, middle), HPos::Left)?;
            left += SQUARE + 8 + words.chars().count() as i32 * LETTER + LINE;
        }
        write(canvas, note, (LEFT, middle + LINE), HPos::Left)
    })
}
