//! Two figures against each other, as inline SVG: points in a plane, with axes.
//!
//! Knows: axes, points, pixels. Does not know: what the figures are, nor colours on screen (`charts.rs`).

use minijinja::Value;
use plotters::prelude::{Circle, Color, PathElement};
use plotters::style::text_anchor::HPos;
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

use super::ReportError;
use super::charts::{ACCENT, Canvas, Drawn, GRID, SECOND, figure, fill, stroke, write};
use super::filters::{plain_text, rounded};

const LEFT: i32 = 84;
const RIGHT: i32 = 690;
const UPPER: i32 = 44;
const LOWER: i32 = 268;
const HEIGHT: i32 = 330;
/// Radius of a point, and of one of ours that nothing names.
const LARGE: i32 = 6;
const SMALL: i32 = 4;
/// What a letter of a label takes, about.
const LETTER: i32 = 9;
const LINE: i32 = 18;
/// Steps of an axis, about.
const STEPS: f64 = 4.0;

/// What an axis counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unit {
    /// A ratio, shown in percent.
    Percent,
    /// Hours.
    Hours,
    /// Money.
    Amount,
}

impl Unit {
    /// A value in words.
    pub(super) fn word(self, value: f64) -> String {
        match self {
            // A tenth of a percent is read out of a chart at most.
            Unit::Percent => format!("{} %", (value * 1000.0).round() / 10.0),
            Unit::Hours => format!("{} h", (value * 100.0).round() / 100.0),
            Unit::Amount => {
                let places = if value != 0.0 && value.abs() < 10.0 { 2 } else { 0 };
                rounded(Decimal::from_f64(value).unwrap_or_default(), places)
            }
        }
    }
}

/// An axis from its first step to its last.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Axis {
    title: &'static str,
    unit: Unit,
    steps: Vec<f64>,
    /// Whether lengths are those of square roots, so that small values have room.
    roots: bool,
}

impl Axis {
    /// Over values and zero.
    pub(super) fn over(title: &'static str, unit: Unit, values: impl Iterator<Item = f64>) -> Axis {
        let (least, greatest) =
            values.fold((0.0_f64, 0.0_f64), |(least, greatest), value| (least.min(value), greatest.max(value)));
        Axis { title, unit, steps: steps(least, greatest), roots: false }
    }

    /// Of square roots; the first step is zero.
    pub(super) fn of_roots(title: &'static str, unit: Unit, steps: Vec<f64>) -> Axis {
        Axis { title, unit, steps, roots: true }
    }

    fn ends(&self) -> (f64, f64) {
        let ends = (self.steps.first().copied(), self.steps.last().copied());
        (ends.0.unwrap_or(0.0), ends.1.unwrap_or(1.0))
    }

    /// The pixel of a value, between that of the first step and that of the last.
    fn pixel(&self, value: f64, from: i32, to: i32) -> i32 {
        let (low, high) = self.ends();
        let share = ((value - low) / (high - low)).clamp(0.0, 1.0);
        let share = if self.roots { share.sqrt() } else { share };
        from + (share * f64::from(to - from)).round() as i32
    }
}

/// Even steps of 1, 2 or 5 times a power of ten, with zero, over both values.
fn steps(least: f64, greatest: f64) -> Vec<f64> {
    let span = greatest - least;
    if !span.is_finite() || span <= 0.0 {
        return vec![0.0, 1.0];
    }
    let rough = span / STEPS;
    let unit = 10.0_f64.powf(rough.log10().floor());
    // What is a step but for rounding is one.
    let little = 1e-9;
    let step = [1.0, 2.0, 5.0].map(|times| times * unit).into_iter().find(|step| *step >= rough * (1.0 - little));
    let step = step.unwrap_or(10.0 * unit);
    let (first, last) = ((least / step + little).floor() as i64, (greatest / step - little).ceil() as i64);
    (first..=last).map(|at| at as f64 * step).collect()
}

/// Whose a point is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Whose {
    /// Ours.
    Ours,
    /// Another's.
    Other,
}

/// A point.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Mark {
    /// What names it in the chart; empty: nothing.
    pub(super) label: String,
    /// What is said of it to whom the chart is read.
    pub(super) spoken: String,
    /// Right.
    pub(super) x: f64,
    /// Up.
    pub(super) y: f64,
    /// Whose it is.
    pub(super) whose: Whose,
}

/// What is drawn.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Plane {
    /// To the right.
    pub(super) x: Axis,
    /// Upwards.
    pub(super) y: Axis,
    /// Whether there is a line on which both are the same.
    pub(super) diagonal: bool,
    /// Points of ours that are joined.
    pub(super) line: Vec<(f64, f64)>,
    /// From one height to another, each at its place to the right.
    pub(super) spans: Vec<(f64, f64, f64)>,
    /// The points.
    pub(super) marks: Vec<Mark>,
}

impl Plane {
    /// As a drawing; null without a point.
    pub(super) fn draw(&self, label: &str) -> Result<Value, ReportError> {
        if self.marks.is_empty() {
            return Ok(Value::from(()));
        }
        let spoken: Vec<&str> = self.marks.iter().map(|mark| mark.spoken.as_str()).collect();
        figure(&format!("{label}: {}", spoken.join("; ")), HEIGHT, |canvas| {
            self.axes(canvas)?;
            if self.diagonal {
                let ((a, b), (c, d)) = (self.x.ends(), self.y.ends());
                let same = [a.max(c), b.min(d)].map(|value| self.place(value, value));
                canvas.draw(&PathElement::new(same.to_vec(), stroke(SECOND, 1)))?;
            }
            for (x, from, to) in &self.spans {
                self.span(canvas, *x, *from, *to)?;
            }
            if self.line.len() > 1 {
                let line: Vec<(i32, i32)> = self.line.iter().map(|(x, y)| self.place(*x, *y)).collect();
                canvas.draw(&PathElement::new(line, stroke(ACCENT, 2)))?;
            }
            let places: Vec<(i32, i32)> = self.marks.iter().map(|mark| self.place(mark.x, mark.y)).collect();
            // Where both lie on one place, ours is seen within the other's.
            for (whose, colour) in [(Whose::Other, SECOND), (Whose::Ours, ACCENT)] {
                for (mark, place) in self.marks.iter().zip(&places).filter(|(mark, _)| mark.whose == whose) {
                    let small = mark.label.is_empty() && whose == Whose::Ours;
                    let radius = if small { SMALL } else { LARGE };
                    canvas.draw(&Circle::new(*place, radius, fill(colour.to_rgba())))?;
                }
            }
            let labels: Vec<String> = self.marks.iter().map(|mark| plain_text(&mark.label)).collect();
            for (label, (at, side)) in labels.iter().zip(beside(&places, &labels)) {
                if !label.is_empty() {
                    write(canvas, label, at, side)?;
                }
            }
            Ok(())
        })
    }

    fn place(&self, x: f64, y: f64) -> (i32, i32) {
        (self.x.pixel(x, LEFT, RIGHT), self.y.pixel(y, LOWER, UPPER))
    }

    fn axes(&self, canvas: &Canvas<'_>) -> Drawn {
        for step in &self.y.steps {
            let at = self.y.pixel(*step, LOWER, UPPER);
            canvas.draw(&PathElement::new(vec![(LEFT, at), (RIGHT, at)], stroke(GRID, 1)))?;
            write(canvas, &self.y.unit.word(*step), (LEFT - 8, at), HPos::Right)?;
        }
        for step in &self.x.steps {
            let at = self.x.pixel(*step, LEFT, RIGHT);
            canvas.draw(&PathElement::new(vec![(at, LOWER), (at, LOWER + 5)], stroke(GRID, 1)))?;
            write(canvas, &self.x.unit.word(*step), (at, LOWER + 18), HPos::Center)?;
        }
        write(canvas, self.y.title, (4, 14), HPos::Left)?;
        write(canvas, self.x.title, (RIGHT, HEIGHT - 14), HPos::Right)
    }

    fn span(&self, canvas: &Canvas<'_>, x: f64, from: f64, to: f64) -> Drawn {
        let ((at, low), (_, high)) = (self.place(x, from), self.place(x, to));
        canvas.draw(&PathElement::new(vec![(at, low), (at, high)], stroke(SECOND, 2)))?;
        for end in [low, high] {
            canvas.draw(&PathElement::new(vec![(at - 5, end), (at + 5, end)], stroke(SECOND, 2)))?;
        }
        Ok(())
    }
}

/// Left, upper, right and lower end.
type Area = [i32; 4];

/// Where each label stands: right of its point, or where it hides no point and no label before it.
fn beside(points: &[(i32, i32)], labels: &[String]) -> Vec<((i32, i32), HPos)> {
    let around = |(x, y): (i32, i32), radius: i32| -> Area { [x - radius, y - radius, x + radius, y + radius] };
    let mut taken: Vec<(usize, Area)> =
        points.iter().enumerate().map(|(at, point)| (at, around(*point, LARGE - 1))).collect();
    let mut places = Vec::new();
    for (own, ((x, y), label)) in points.iter().zip(labels).enumerate() {
        let width = i32::try_from(label.chars().count()).unwrap_or(i32::MAX / LETTER) * LETTER;
        let area = |at: (i32, i32), side: HPos| -> Area {
            let left = match side {
                HPos::Left => at.0,
                HPos::Center => at.0 - width / 2,
                HPos::Right => at.0 - width,
            };
            [left, at.1 - LINE / 2, left + width, at.1 + LINE / 2]
        };
        let sides = [
            ((x + LARGE + 4, *y), HPos::Left),
            ((x - LARGE - 4, *y), HPos::Right),
            ((*x, y - LINE), HPos::Center),
            ((*x, y + LINE), HPos::Center),
        ];
        let free = |(at, side): &((i32, i32), HPos)| {
            let area = area(*at, *side);
            let within = area[0] >= LEFT && area[2] <= RIGHT + 24;
            within && taken.iter().all(|(of, other)| *of == own || apart(&area, other))
        };
        let (at, side) = sides.iter().find(|place| free(place)).copied().unwrap_or(sides[0]);
        // A label is nobody's own: those after it keep off.
        taken.push((usize::MAX, area(at, side)));
        places.push((at, side));
    }
    places
}

fn apart(one: &Area, other: &Area) -> bool {
    one[2] <= other[0] || other[2] <= one[0] || one[3] <= other[1] || other[3] <= one[1]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(label: &str, x: f64, y: f64) -> Mark {
        Mark { label: label.into(), spoken: format!("{label} of {x}"), x, y, whose: Whose::Ours }
    }

    fn plane(marks: Vec<Mark>) -> Plane {
        let (x, y) = (marks.iter().map(|mark| mark.x), marks.iter().map(|mark| mark.y));
        Plane {
            x: Axis::over("right", Unit::Percent, x),
            y: Axis::over("up", Unit::Amount, y),
            diagonal: true,
            line: Vec::new(),
            spans: Vec::new(),
            marks,
        }
    }

    #[test]
    fn an_axis_goes_by_even_steps_over_its_values_and_zero() {
        let told = |least: f64, greatest: f64| {
            steps(least, greatest).iter().map(|step| format!("{:.3}", step + 0.0)).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(told(0.0, 0.083), "0.000 0.050 0.100");
        assert_eq!(told(0.0, 0.2), "0.000 0.050 0.100 0.150 0.200");
        assert_eq!(told(-321.2, 408.8), "-400.000 -200.000 0.000 200.000 400.000 600.000");
        assert_eq!(told(0.0, 0.0), "0.000 1.000");
        assert_eq!(told(0.0, f64::INFINITY), "0.000 1.000");
    }

    #[test]
    fn values_are_placed_between_the_ends() {
        let axis = Axis::over("", Unit::Percent, [0.2].into_iter());
        assert_eq!([0.0, 0.05, 0.2, 0.9, -1.0].map(|value| axis.pixel(value, 100, 200)), [100, 125, 200, 200, 100]);
        let roots = Axis::of_roots("", Unit::Percent, vec![0.0, 0.01, 0.25]);
        assert_eq!([0.0, 0.01, 0.25].map(|value| roots.pixel(value, 0, 100)), [0, 20, 100]);
    }

    #[test]
    fn values_are_said_by_their_unit() {
        assert_eq!(
            [0.0, 0.005, 0.125, 1.0].map(|value| Unit::Percent.word(value)),
            ["0 %", "0.5 %", "12.5 %", "100 %"]
        );
        assert_eq!([0.0, 0.333].map(|value| Unit::Hours.word(value)), ["0 h", "0.33 h"]);
        assert_eq!([-321.2, 0.5].map(|value| Unit::Amount.word(value)), ["-321", "0.50"]);
    }

    #[test]
    fn labels_of_points_that_lie_together_do_not() {
        let points = [(300, 100), (300, 100), (300, 100)];
        let at = |points: &[(i32, i32)], labels: &[&str]| {
            let labels: Vec<String> = labels.iter().map(|label| (*label).to_owned()).collect();
            beside(points, &labels).into_iter().map(|(at, _)| at).collect::<Vec<_>>()
        };
        assert_eq!(at(&points, &["1", "2", "3"]), [(310, 100), (290, 100), (300, 82)]);
        // No room to the right.
        assert_eq!(at(&[(RIGHT, 100)], &["surgeon"]), [(RIGHT - 10, 100)]);
    }

    #[test]
    fn a_plane_without_points_is_not_drawn_and_hostile_names_are_text() {
        assert!(plane(Vec::new()).draw("nothing").unwrap().is_none());
        let svg = plane(vec![mark("\"><script>", 0.1, 5.0), mark("", 0.2, -3.0)]).draw("<b>").unwrap().to_string();
        assert!(svg.starts_with("<svg class=\"chart\"") && svg.contains("role=\"img\""), "{svg}");
        assert!(!svg.contains("<script") && !svg.contains("<b>"), "{svg}");
        assert_eq!(svg.matches("<circle").count(), 2);
    }
}
