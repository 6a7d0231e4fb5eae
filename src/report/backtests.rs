//! Backtests, rendered: text, Markdown, HTML and JSON.
//!
//! Knows: the views of past advice, their templates, which of their figures are drawn against each other. Does not know: how advice
//! is given or judged.

use minijinja::Value;
use rust_decimal::prelude::ToPrimitive;
use serde_json::Value as Json;

use super::plane::{Axis, Mark, Plane, Unit, Whose};
use super::{Format, Options, ReportError, Templates, context, encode, fill, json, terminal};
use crate::backtest::commitments::Policy;
use crate::backtest::{commitments, rightsizing, schedules};
use crate::money::Amount;

/// Names of the templates of a backtest: for the terminal, Markdown, HTML.
type Names = [&'static str; 3];

pub(super) const COMMITMENTS: Names = ["backtest.txt.j2", "backtest.md.j2", "backtest.html.j2"];
pub(super) const RIGHTSIZING: Names =
    ["backtest-rightsizing.txt.j2", "backtest-rightsizing.md.j2", "backtest-rightsizing.html.j2"];
pub(super) const SCHEDULES: Names =
    ["backtest-schedules.txt.j2", "backtest-schedules.md.j2", "backtest-schedules.html.j2"];

/// The templates.
pub(super) const SOURCES: [(&str, &str); 9] = [
    (COMMITMENTS[0], include_str!("../../report-templates/backtest.txt.j2")),
    (COMMITMENTS[1], include_str!("../../report-templates/backtest.md.j2")),
    (COMMITMENTS[2], include_str!("../../report-templates/backtest.html.j2")),
    (RIGHTSIZING[0], include_str!("../../report-templates/backtest-rightsizing.txt.j2")),
    (RIGHTSIZING[1], include_str!("../../report-templates/backtest-rightsizing.md.j2")),
    (RIGHTSIZING[2], include_str!("../../report-templates/backtest-rightsizing.html.j2")),
    (SCHEDULES[0], include_str!("../../report-templates/backtest-schedules.txt.j2")),
    (SCHEDULES[1], include_str!("../../report-templates/backtest-schedules.md.j2")),
    (SCHEDULES[2], include_str!("../../report-templates/backtest-schedules.html.j2")),
];

/// The style sheet of the three pages; a template can include nothing.
const STYLE: &str = include_str!("../../report-templates/backtest.css");

/// Who of the rules compared is surgeon, and who knew the future.
const OURS: &str = "surgeon";
const HINDSIGHT: &str = "hindsight";

/// A view of past advice, which has templates of its own.
pub trait Backtested: serde::Serialize {
    /// Names of the templates: for the terminal, Markdown, HTML.
    const TEMPLATES: [&'static str; 3];

    /// Its charts by name, each null when there is nothing to draw.
    ///
    /// # Errors
    /// [`ReportError::Chart`].
    fn charts(&self) -> Result<Value, ReportError>;
}

impl Backtested for commitments::Backtest {
    const TEMPLATES: [&'static str; 3] = COMMITMENTS;

    fn charts(&self) -> Result<Value, ReportError> {
        let bought = |decision: &commitments::Decision| {
            let date = decision.date.clone();
            let outcomes = decision.outcomes.clone().into_iter();
            outcomes.filter_map(move |outcome| {
                let (whose, who) = match outcome.policy {
                    Policy::Ours => (Whose::Ours, "ours"),
                    Policy::AwsLike => (Whose::Other, "AWS-like"),
                    Policy::Nothing | Policy::Clairvoyant => return None,
                };
                let (x, y) = (number(outcome.promised?), number(outcome.saving));
                let said = [x, y].map(|value| Unit::Amount.word(value));
                let spoken = format!("{who}, {date}: promised {}, saved {}", said[0], said[1]);
                Some(Mark { label: String::new(), spoken, x, y, whose })
            })
        };
        let marks: Vec<Mark> = self.decisions.iter().flat_map(bought).collect();
        let plane = promises("Promised a month", "Saved a month", Unit::Amount, marks);
        Ok(Value::from_pairs([("promises", plane.draw("Saved against promised, each decision")?)]))
    }
}

impl Backtested for rightsizing::Backtest {
    const TEMPLATES: [&'static str; 3] = RIGHTSIZING;

    fn charts(&self) -> Result<Value, ReportError> {
        let rules = self.rules.iter().map(|rule| (rule.rule.as_str(), number(rule.harmed), number(rule.saved)));
        let marks = compared(rules, |harmed, saved| {
            format!("harmed {}, saved {}", Unit::Percent.word(harmed), Unit::Percent.word(saved))
        });
        let line: Vec<(f64, f64)> = self.frontier.iter().map(|one| (number(one.harmed), number(one.saved))).collect();
        let each = || marks.iter().map(|mark| (mark.x, mark.y)).chain(line.iter().copied());
        let x = Axis::over("Harmed, of the changed", Unit::Percent, each().map(|(x, _)| x));
        let y = Axis::over("Saved, of the cost", Unit::Percent, each().map(|(_, y)| y));
        let rules = Plane { x, y, diagonal: false, line, spans: Vec::new(), marks };
        Ok(Value::from_pairs([
            ("rules", rules.draw("Saved against harmed, by rule")?),
            ("reliability", reliability(&self.reliability)?),
        ]))
    }
}

/// What happened against what was promised, with two standard errors around the promise.
fn reliability(bins: &[rightsizing::Bin]) -> Result<Value, ReportError> {
    let known: Vec<(f64, f64, f64)> = bins
        .iter()
        .filter_map(|bin| Some((number(bin.promised?), number(bin.realised?), number(bin.standard_error?))))
        .collect();
    let mark = |(promised, realised, _): &(f64, f64, f64)| Mark {
        label: String::new(),
        spoken: format!("promised {}, happened {}", Unit::Percent.word(*promised), Unit::Percent.word(*realised)),
        x: *promised,
        y: *realised,
        whose: Whose::Ours,
    };
    let ends = |least: f64| {
        let mut steps: Vec<f64> = std::iter::once(0.0).chain(bins.iter().map(|bin| number(bin.to))).collect();
        if steps.last().is_some_and(|last| *last < least) {
            steps.push(1.0);
        }
        steps
    };
    let most = known.iter().map(|(promised, realised, error)| realised.max(promised + 2.0 * error)).fold(0.0, f64::max);
    let plane = Plane {
        x: Axis::of_roots("Promised risk", Unit::Percent, ends(0.0)),
        y: Axis::of_roots("Happened", Unit::Percent, ends(most)),
        diagonal: true,
        line: Vec::new(),
        spans: known.iter().map(|(p, _, error)| (*p, (p - 2.0 * error).max(0.0), p + 2.0 * error)).collect(),
        marks: known.iter().map(mark).collect(),
    };
    plane.draw("What happened against what was promised, by range of risk")
}

impl Backtested for schedules::Backtest {
    const TEMPLATES: [&'static str; 3] = SCHEDULES;

    fn charts(&self) -> Result<Value, ReportError> {
        let rules = self.rules.iter().map(|rule| (rule.rule.as_str(), number(rule.lost), number(rule.off)));
        let marks = compared(rules, |lost, off| {
            format!("lost {} a week, off {} of it", Unit::Hours.word(lost), Unit::Percent.word(off))
        });
        let rules = Plane {
            x: Axis::over("Hours of work lost a week", Unit::Hours, marks.iter().map(|mark| mark.x)),
            y: Axis::over("Off, of the week", Unit::Percent, marks.iter().map(|mark| mark.y)),
            diagonal: false,
            line: Vec::new(),
            spans: Vec::new(),
            marks,
        };
        let machine = |one: &schedules::Schedule| {
            let (x, y) = (number(one.promised), number(one.lost));
            let said = [x, y].map(|value| Unit::Hours.word(value));
            let spoken = format!("{}: promised {}, lost {}", one.machine, said[0], said[1]);
            Mark { label: String::new(), spoken, x, y, whose: Whose::Ours }
        };
        let machines: Vec<Mark> = self.schedules.iter().map(machine).collect();
        let promises = promises("Promised to lose, a week", "Lost a week", Unit::Hours, machines);
        Ok(Value::from_pairs([
            ("rules", rules.draw("Off against hours lost, by rule")?),
            ("promises", promises.draw("Hours lost against hours promised to be lost, each machine")?),
        ]))
    }
}

/// What came against what was promised, on two axes of one length.
fn promises(promised: &'static str, came: &'static str, unit: Unit, marks: Vec<Mark>) -> Plane {
    let both = || marks.iter().flat_map(|mark| [mark.x, mark.y]);
    let (x, y) = (Axis::over(promised, unit, both()), Axis::over(came, unit, both()));
    Plane { x, y, diagonal: true, line: Vec::new(), spans: Vec::new(), marks }
}

/// Rules in the order of the table beside the chart, by whose numbers they are named; ours and hindsight by their names too.
fn compared<'a>(rules: impl Iterator<Item = (&'a str, f64, f64)>, said: impl Fn(f64, f64) -> String) -> Vec<Mark> {
    let mark = |(at, (rule, x, y)): (usize, (&str, f64, f64))| {
        let number = at + 1;
        let label = if rule == OURS || rule == HINDSIGHT { format!("{number} {rule}") } else { number.to_string() };
        let whose = if rule == OURS { Whose::Ours } else { Whose::Other };
        Mark { label, spoken: format!("{number} {rule}: {}", said(x, y)), x, y, whose }
    };
    rules.enumerate().map(mark).collect()
}

fn number(amount: Amount) -> f64 {
    amount.0.to_f64().unwrap_or_default()
}

/// Renders a backtest, as text, Markdown, HTML or JSON.
///
/// # Errors
/// [`ReportError::NoSuchBacktest`] for another format, [`ReportError::Template`] when the template does not fit.
pub fn render_backtest<B: Backtested>(
    backtest: &B,
    format: Format,
    templates: &Templates,
    options: &Options,
) -> Result<String, ReportError> {
    let [text, markdown, html] = B::TEMPLATES;
    let tree = || serde_json::to_value(backtest).map_err(|error| encode("JSON", &error));
    match format {
        Format::Json => json(backtest),
        Format::Text => {
            let text = fill(text, templates, options, &view(&tree()?, Value::from(())))?;
            Ok(if options.colour { text } else { terminal::uncontrolled(&text) })
        }
        Format::Markdown => fill(markdown, templates, options, &view(&tree()?, Value::from(()))),
        Format::Html => fill(html, templates, options, &view(&tree()?, backtest.charts()?)),
        Format::Csv => Err(ReportError::NoSuchBacktest),
    }
}

fn view(tree: &Json, charts: Value) -> Value {
    let style = Value::from_safe_string(STYLE.to_owned());
    Value::from_pairs([("backtest", context::value(tree)), ("charts", charts), ("style", style)])
}

#[cfg(test)]
mod tests;
