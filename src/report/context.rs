//! The view as the templates see it.
//!
//! Knows: the fields of the JSON report; `chosen` and `others` are its findings in and outside the plan, those of a group as one.
//! Invisible characters are dropped here, so that no template can let one through. Adds no figure but the sum of what a
//! limit left out.

use minijinja::Value;
use rust_decimal::Decimal;
use serde_json::Value as Json;

use crate::money::parse_decimal;

use super::filters::plain_lines;
use super::groups::gathered;
use super::limit::Shape;

/// A review, ready for the templates.
pub(super) struct View {
    review: Value,
    chosen: Vec<Value>,
    others: Vec<Value>,
    /// Net savings of `chosen`.
    nets: Vec<Decimal>,
}

impl View {
    /// From the JSON report.
    pub(super) fn new(tree: &Json) -> View {
        let findings = tree["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
        let (chosen, others): (Vec<&Json>, Vec<&Json>) =
            findings.iter().partition(|finding| finding["standing"] == "chosen");
        let (chosen, others) = (gathered(&chosen), gathered(&others));
        let net = |finding: &Json| finding["net"].as_str().and_then(|net| parse_decimal(net).ok()).unwrap_or_default();
        View {
            review: value(tree),
            nets: chosen.iter().map(net).collect(),
            chosen: chosen.iter().map(value).collect(),
            others: others.iter().map(value).collect(),
        }
    }

    /// How many findings are shown.
    pub(super) fn findings(&self) -> usize {
        self.chosen.len() + self.others.len()
    }

    /// Everything, with charts.
    pub(super) fn whole(&self, charts: Value) -> Value {
        self.build(&Shape::whole(self.findings()), charts)
    }

    /// As much as `shape` says, without charts.
    pub(super) fn shaped(&self, shape: &Shape) -> Value {
        self.build(shape, Value::from(()))
    }

    fn build(&self, shape: &Shape, charts: Value) -> Value {
        let first = |from: &[Value], count: usize| from.iter().take(count).cloned().collect::<Value>();
        let all = self.chosen.iter().chain(&self.others);
        Value::from_pairs([
            ("review", self.review.clone()),
            ("chosen", first(&self.chosen, shape.rows)),
            ("others", first(&self.others, shape.rows.saturating_sub(self.chosen.len()))),
            ("detailed", all.take(shape.details).cloned().collect::<Value>()),
            // Findings of a group are one row, whatever a limit leaves out.
            ("rows_in_plan", Value::from(self.chosen.len())),
            ("chapters", Value::from(shape.chapters)),
            ("cut", self.cut(shape)),
            ("charts", charts),
        ])
    }

    /// What the closing line says; null when nothing is left out.
    fn cut(&self, shape: &Shape) -> Value {
        if !shape.is_cut() {
            return Value::from(());
        }
        let rows_cut = shape.rows < shape.findings;
        let shown = if rows_cut { shape.rows } else { shape.details };
        let net: Decimal = self.nets.iter().skip(shown).sum();
        Value::from_pairs([
            ("findings", Value::from(shape.findings - shown)),
            ("detail_only", Value::from(!rows_cut)),
            ("net", Value::from(net.to_string())),
        ])
    }
}

/// JSON as the templates see it: invisible characters dropped.
pub(super) fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::from(()),
        Json::Bool(flag) => Value::from(*flag),
        Json::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(count), _) => Value::from(count),
            (None, Some(count)) => Value::from(count),
            (None, None) => Value::from(number.to_string()),
        },
        Json::String(text) => Value::from(plain_lines(text)),
        Json::Array(items) => items.iter().map(value).collect(),
        Json::Object(fields) => Value::from_pairs(fields.iter().map(|(name, field)| (name.as_str(), value(field)))),
    }
}
