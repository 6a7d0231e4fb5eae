//! Two deliveries compared, rendered: text, Markdown, JSON, CSV.
//!
//! Knows: the comparison. Does not know: bills. A page of HTML adds nothing to a table that people sort and filter: that is CSV.

use minijinja::Value;

use super::spreadsheet::{amount, guarded};
use super::{Format, Options, ReportError, Templates, context, encode, fill, json, terminal};
use crate::history::Restatement;

pub(super) const TEXT: &str = "diff.txt.j2";
pub(super) const MARKDOWN: &str = "diff.md.j2";

/// Renders a comparison; text and Markdown show the `top` largest changes.
///
/// # Errors
/// [`ReportError::NoSuchDiff`] for HTML; [`ReportError::Template`] when a template does not fit.
pub fn render_diff(
    diff: &Restatement,
    format: Format,
    templates: &Templates,
    options: &Options,
    top: usize,
) -> Result<String, ReportError> {
    let view = || {
        let tree = serde_json::to_value(diff).map_err(|error| encode("JSON", &error))?;
        Ok(Value::from_pairs([("diff", context::value(&tree)), ("top", Value::from(top))]))
    };
    match format {
        Format::Text => {
            let text = fill(TEXT, templates, options, &view()?)?;
            Ok(if options.colour { text } else { terminal::uncontrolled(&text) })
        }
        Format::Markdown => fill(MARKDOWN, templates, options, &view()?),
        Format::Json => json(diff),
        Format::Csv => csv(diff),
        Format::Html => Err(ReportError::NoSuchDiff),
    }
}

const HEADER: [&str; 15] = [
    "kind",
    "account",
    "region",
    "service",
    "meter",
    "charge_type",
    "first_day",
    "days",
    "old",
    "new",
    "difference",
    "effective_difference",
    "old_quantity",
    "new_quantity",
    "currency",
];

fn csv(diff: &Restatement) -> Result<String, ReportError> {
    let failed = |error: csv::Error| encode("CSV", &error);
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADER).map_err(failed)?;
    for change in &diff.changes {
        let text = |text: &Option<String>| text.as_deref().map(guarded).unwrap_or_default();
        let row: [String; 15] = [
            change.kind.phrase().to_owned(),
            text(&change.account),
            text(&change.region),
            text(&change.service),
            text(&change.meter),
            text(&change.charge_type),
            text(&change.first_day),
            change.days.to_string(),
            amount(Some(change.old)),
            amount(Some(change.new)),
            amount(Some(change.difference)),
            amount(Some(change.effective_difference)),
            amount(Some(change.old_quantity)),
            amount(Some(change.new_quantity)),
            guarded(&diff.currency),
        ];
        writer.write_record(row).map_err(failed)?;
    }
    let bytes = writer.into_inner().map_err(|error| encode("CSV", &error))?;
    String::from_utf8(bytes).map_err(|error| encode("CSV", &error))
}
