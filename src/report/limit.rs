//! A Markdown report that fits a comment.
//!
//! Knows: in which order a report gives things up. Does not know: what they say. First goes the detail of the least
//! valuable findings, then the chapters after the findings, then table rows; the summary and the closing line stay.

use super::ReportError;

/// How much of a report is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// Findings there are.
    pub(super) findings: usize,
    /// Findings in the tables, most valuable first.
    pub(super) rows: usize,
    /// Findings with a section of their own.
    pub(super) details: usize,
    /// Whether the chapters after the findings are shown.
    pub(super) chapters: bool,
}

impl Shape {
    /// Everything.
    pub(super) fn whole(findings: usize) -> Shape {
        Shape { findings, rows: findings, details: findings, chapters: true }
    }

    /// Whether something is left out.
    pub(super) fn is_cut(&self) -> bool {
        *self != Shape::whole(self.findings)
    }
}

/// The longest report of at most `limit` bytes.
pub(super) fn fit(
    findings: usize,
    limit: usize,
    draw: impl Fn(&Shape) -> Result<String, ReportError>,
) -> Result<String, ReportError> {
    let whole = Shape::whole(findings);
    let text = draw(&whole)?;
    if text.len() <= limit {
        return Ok(text);
    }
    if let Longest::Fits(text) = longest(findings, limit, |details| draw(&Shape { details, ..whole.clone() }))? {
        return Ok(text);
    }
    let bare = |rows| draw(&Shape { findings, rows, details: 0, chapters: false });
    match longest(findings, limit, bare)? {
        Longest::Fits(text) => Ok(text),
        Longest::Needs(minimum) => Err(ReportError::LimitTooSmall { limit, minimum }),
    }
}

enum Longest {
    Fits(String),
    Needs(usize),
}

/// The largest of `0..=most` whose text fits, by halving: a text grows with its number.
fn longest(
    most: usize,
    limit: usize,
    draw: impl Fn(usize) -> Result<String, ReportError>,
) -> Result<Longest, ReportError> {
    let mut best = draw(0)?;
    if best.len() > limit {
        return Ok(Longest::Needs(best.len()));
    }
    let (mut low, mut high) = (0, most);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        let text = draw(middle)?;
        if text.len() <= limit {
            (low, best) = (middle, text);
        } else {
            high = middle - 1;
        }
    }
    Ok(Longest::Fits(best))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 10 bytes of summary, 1 a row, 10 a detail, 50 of chapters.
    fn draw(shape: &Shape) -> Result<String, ReportError> {
        let chapters = if shape.chapters { 50 } else { 0 };
        Ok("x".repeat(10 + shape.rows + 10 * shape.details + chapters))
    }

    #[test]
    fn detail_goes_first_then_chapters_then_rows() {
        for (limit, length) in [(200, 115), (115, 115), (114, 105), (70, 65), (64, 15), (14, 14), (10, 10)] {
            assert_eq!(fit(5, limit, draw).unwrap().len(), length, "{limit}");
        }
    }

    #[test]
    fn a_limit_below_the_summary_names_the_least() {
        let error = fit(5, 9, draw).unwrap_err().to_string();
        assert!(error.contains("takes 10") && error.contains("--limit 10"), "{error}");
    }
}
