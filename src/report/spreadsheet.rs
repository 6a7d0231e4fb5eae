//! One CSV row for each finding, for a spreadsheet.
//!
//! Knows: which cells a spreadsheet would run as a formula. Amounts are exact, not rounded; what has no figure is empty,
//! and the standing says why.

use crate::money::parse_decimal;
use crate::review::{Amount, FindingView, Review, Standing};

use super::filters::plain_text;
use super::{ReportError, encode};

const HEADER: [&str; 19] = [
    "id",
    "rule",
    "title",
    "strategy",
    "action",
    "effort",
    "account",
    "region",
    "resource",
    "service",
    "standing",
    "cost",
    "list",
    "effective",
    "net",
    "net_from",
    "once",
    "currency",
    "message",
];

/// The findings as CSV, in the order of the view.
pub(super) fn write(review: &Review) -> Result<String, ReportError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADER).map_err(|error| encode("CSV", &error))?;
    for finding in &review.findings {
        writer.write_record(row(finding, &review.currency)).map_err(|error| encode("CSV", &error))?;
    }
    let bytes = writer.into_inner().map_err(|error| encode("CSV", &error))?;
    String::from_utf8(bytes).map_err(|error| encode("CSV", &error))
}

fn row(finding: &FindingView, currency: &str) -> [String; 19] {
    let text = |text: &Option<String>| text.as_deref().map(guarded).unwrap_or_default();
    [
        guarded(&finding.id),
        guarded(&finding.rule),
        guarded(&finding.title),
        guarded(&finding.strategy),
        guarded(&finding.action),
        guarded(&finding.effort),
        text(&finding.account),
        text(&finding.region),
        text(&finding.resource),
        text(&finding.service),
        standing(finding.standing).to_owned(),
        amount(finding.cost),
        amount(finding.list),
        amount(finding.effective),
        amount(finding.net),
        text(&finding.net_from),
        amount(finding.once),
        guarded(currency),
        guarded(&finding.message),
    ]
}

/// An amount, exact; empty when there is none.
pub(super) fn amount(amount: Option<Amount>) -> String {
    amount.map(|amount| amount.0.normalize().to_string()).unwrap_or_default()
}

fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Chosen => "chosen",
        Standing::Outdone => "outdone",
        Standing::Unpriced => "unpriced",
        Standing::Hygiene => "hygiene",
        Standing::Risk => "risk",
        Standing::Waived => "waived",
        Standing::Vetoed => "vetoed",
        Standing::LeftOut => "left out",
    }
}

/// A cell that no spreadsheet runs: an apostrophe before what would start a formula. Source: OWASP, "CSV Injection";
/// the full-width signs count in East Asian versions of Excel.
pub(super) fn guarded(text: &str) -> String {
    let shown = plain_text(text);
    let formula = shown.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    if (formula || text.starts_with(['\t', '\r'])) && parse_decimal(&shown).is_err() {
        format!("'{shown}")
    } else {
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_text_and_a_number_is_a_number() {
        for (text, cell) in [
            ("=HYPERLINK(\"http://x\",\"y\")", "'=HYPERLINK(\"http://x\",\"y\")"),
            ("  =1+1", "'  =1+1"),
            ("\t=1", "' =1"),
            ("\u{200b}=1", "'=1"),
            ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
            ("@SUM(1)", "'@SUM(1)"),
            ("-12.5", "-12.5"),
            ("-x", "'-x"),
            ("vol-1", "vol-1"),
        ] {
            assert_eq!(guarded(text), cell, "{text:?}");
        }
    }
}
