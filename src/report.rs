//! The view, rendered: text for the terminal, Markdown, HTML, JSON and CSV.
//!
//! Knows: the review, the templates, and how to make every string of a bill inert in each format. Does not know: tables,
//! rules, prices, files, the clock. Computes nothing: a figure that a report shows is a field of the view; rounding
//! happens in [`filters`] and nowhere else.

use std::collections::BTreeMap;

use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value, syntax::SyntaxConfig};

use crate::review::Review;
use crate::review::explain::Explanation;

mod backtests;
pub use backtests::{Backtested, render_backtest};
mod charts;
mod context;
mod difference;
mod evidence;
mod filters;
mod groups;
pub use difference::render_diff;
pub use filters::plain_lines;
mod limit;
mod page;
mod plane;
mod spreadsheet;
mod terminal;

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;

/// Terminal width assumed when none is known, in columns.
const DEFAULT_WIDTH: u16 = 120;

/// What a report is written as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// For a terminal.
    Text,
    /// For a ticket, a wiki, a pull-request comment.
    Markdown,
    /// One self-contained page.
    Html,
    /// The view itself.
    Json,
    /// One row for each finding.
    Csv,
}

impl Format {
    /// The format of a `-f` argument: `text`, `md`, `html`, `json`, `csv`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Format> {
        match text {
            "text" => Some(Format::Text),
            "md" => Some(Format::Markdown),
            "html" => Some(Format::Html),
            "json" => Some(Format::Json),
            "csv" => Some(Format::Csv),
            _ => None,
        }
    }

    /// The format named, or told from the name of the file to write; text without either.
    ///
    /// # Errors
    /// A word that is no format, with those that are.
    pub fn choose(named: Option<&str>, output: Option<&std::path::Path>, known: &str) -> Result<Format, String> {
        let extension = output.and_then(std::path::Path::extension).and_then(std::ffi::OsStr::to_str);
        let word = named.or(extension.map(|e| if e == "txt" { "text" } else { e })).unwrap_or("text");
        Format::parse(word).ok_or_else(|| format!("{word:?} is no format: {known}"))
    }
}

/// How a report is written.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Most bytes of a Markdown report; detail is dropped, the summary never.
    pub limit: Option<usize>,
    /// Whether the text report is coloured.
    pub colour: bool,
    /// Columns of the terminal; 120 when absent.
    pub width: Option<u16>,
}

/// The sources of the report templates, by file name.
#[derive(Clone, Debug)]
pub struct Templates {
    sources: BTreeMap<&'static str, String>,
}

const TEXT: &str = "review.txt.j2";
const MARKDOWN: &str = "review.md.j2";
const HTML: &str = "review.html.j2";
const EXPLANATION: &str = "explain.txt.j2";

impl Templates {
    /// The templates of `report-templates/`, embedded.
    #[must_use]
    pub fn builtin() -> Self {
        let sources = [
            (TEXT, include_str!("../report-templates/review.txt.j2")),
            (MARKDOWN, include_str!("../report-templates/review.md.j2")),
            (HTML, include_str!("../report-templates/review.html.j2")),
            (difference::TEXT, include_str!("../report-templates/diff.txt.j2")),
            (difference::MARKDOWN, include_str!("../report-templates/diff.md.j2")),
            (EXPLANATION, include_str!("../report-templates/explain.txt.j2")),
        ];
        let sources = sources.into_iter().chain(backtests::SOURCES);
        Templates { sources: sources.map(|(name, source)| (name, source.to_owned())).collect() }
    }

    /// The names that can be overridden.
    #[must_use]
    pub fn names() -> &'static [&'static str] {
        use backtests::{COMMITMENTS, RIGHTSIZING, SCHEDULES};
        const NAMES: &[&str] = &[
            TEXT,
            MARKDOWN,
            HTML,
            difference::TEXT,
            difference::MARKDOWN,
            EXPLANATION,
            COMMITMENTS[0],
            COMMITMENTS[1],
            COMMITMENTS[2],
            RIGHTSIZING[0],
            RIGHTSIZING[1],
            RIGHTSIZING[2],
            SCHEDULES[0],
            SCHEDULES[1],
            SCHEDULES[2],
        ];
        NAMES
    }

    /// Replaces one template by the user's own.
    ///
    /// # Errors
    /// [`ReportError::UnknownTemplate`] for a name that no report uses, [`ReportError::Template`] for a syntax error.
    pub fn with_override(mut self, name: &str, source: String) -> Result<Self, ReportError> {
        let Some(known) = Templates::names().iter().find(|known| **known == name) else {
            let known = Templates::names().join(", ");
            return Err(ReportError::UnknownTemplate { name: name.to_owned(), known });
        };
        let check = Environment::new().template_from_named_str(known, &source).map(|_| ());
        check.map_err(|error| template_error(known, &error))?;
        self.sources.insert(known, source);
        Ok(self)
    }

    fn source(&self, name: &str) -> &str {
        self.sources.get(name).map_or("", String::as_str)
    }
}

/// Why a report cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The user names a template that no report uses.
    #[error("no report uses a template named {name:?}\n  help: the templates are {known}")]
    UnknownTemplate {
        /// The name given.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A template is wrong; the user's, unless it is a built-in one.
    #[error("{template}:{line}: {detail}\n  help: {remedy}")]
    Template {
        /// File name of the template.
        template: String,
        /// Line, from 1; 0 when unknown.
        line: usize,
        /// What is wrong.
        detail: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A chart could not be drawn: our mistake.
    #[error(
        "a chart could not be drawn: {0}\n  help: this is a mistake of surgeon; -f md and -f json work without charts"
    )]
    Chart(String),
    /// The view could not be encoded: our mistake.
    #[error(
        "the review could not be written as {format}: {detail}\n  help: this is a mistake of surgeon; please report it"
    )]
    Encode {
        /// JSON or CSV.
        format: &'static str,
        /// What the encoder said.
        detail: String,
    },
    /// Not even the summary fits.
    #[error(
        "a limit of {limit} bytes is too small: the summary alone takes {minimum}\n  help: give --limit {minimum} or more"
    )]
    LimitTooSmall {
        /// The limit given.
        limit: usize,
        /// The least that works.
        minimum: usize,
    },
    /// A comparison has no HTML.
    #[error("a comparison is not written as HTML\n  help: add -f text, md, json or csv")]
    NoSuchDiff,
    /// An explanation is read on a terminal, or by a program.
    #[error("an explanation is text or JSON\n  help: add -f text or -f json")]
    NoSuchExplanation,
    /// A backtest has no rows for a spreadsheet.
    #[error("a backtest is not written as CSV\n  help: add -f text, md, html or json")]
    NoSuchBacktest,
    /// Only Markdown can be shortened without breaking it.
    #[error("a limit works with Markdown only\n  help: add -f md or leave --limit out")]
    LimitNeedsMarkdown,
}

/// Renders a review.
///
/// # Errors
/// [`ReportError::Template`] when a template does not fit the view, [`ReportError::LimitTooSmall`] when the limit of
/// `options` leaves no room for the summary, [`ReportError::LimitNeedsMarkdown`] for a limit on another format.
pub fn render(
    review: &Review,
    format: Format,
    templates: &Templates,
    options: &Options,
) -> Result<String, ReportError> {
    if options.limit.is_some() && format != Format::Markdown {
        return Err(ReportError::LimitNeedsMarkdown);
    }
    let tree = || serde_json::to_value(review).map_err(|error| encode("JSON", &error));
    match format {
        Format::Json => json(review),
        Format::Csv => spreadsheet::write(review),
        Format::Text => {
            let view = context::View::new(&tree()?);
            let text = fill(TEXT, templates, options, &view.whole(Value::from(())))?;
            // The templates let nothing through; this holds for a user's own template too.
            Ok(if options.colour { text } else { terminal::uncontrolled(&text) })
        }
        Format::Html => {
            let view = context::View::new(&tree()?);
            fill(HTML, templates, options, &view.whole(charts::all(review)?))
        }
        Format::Markdown => {
            let view = context::View::new(&tree()?);
            let draw = |shape: &limit::Shape| fill(MARKDOWN, templates, options, &view.shaped(shape));
            match options.limit {
                None => draw(&limit::Shape::whole(view.findings())),
                Some(limit) => limit::fit(view.findings(), limit, draw),
            }
        }
    }
}

/// Renders an explanation, as text or JSON.
///
/// # Errors
/// [`ReportError::NoSuchExplanation`] for another format, [`ReportError::Template`] when the template does not fit.
pub fn render_explanation(
    explanation: &Explanation,
    format: Format,
    templates: &Templates,
    options: &Options,
) -> Result<String, ReportError> {
    match format {
        Format::Json => json(explanation),
        Format::Text => {
            let tree = serde_json::to_value(explanation).map_err(|error| encode("JSON", &error))?;
            let view = Value::from_pairs([("explanation", context::value(&tree))]);
            let text = fill(EXPLANATION, templates, options, &view)?;
            Ok(if options.colour { text } else { terminal::uncontrolled(&text) })
        }
        Format::Markdown | Format::Html | Format::Csv => Err(ReportError::NoSuchExplanation),
    }
}

/// A table for the terminal, outside a review: headers with whether their column is a number, and the rows. Texts of a bill
/// are made inert.
#[must_use]
pub fn grid(headers: &[(&str, bool)], rows: &[Vec<String>], options: &Options) -> String {
    terminal::uncontrolled(&terminal::grid(headers, rows, options.width.unwrap_or(DEFAULT_WIDTH)))
}

/// An amount as a report prints it, with two places: `1,234.57`.
#[must_use]
pub fn amount(value: rust_decimal::Decimal) -> String {
    filters::rounded(value, 2)
}

/// The view as JSON. Control, bidirectional and invisible characters are written as escapes, which JSON reads back as
/// the same text and a terminal does not obey.
fn json(view: &impl serde::Serialize) -> Result<String, ReportError> {
    let text = serde_json::to_string_pretty(view).map_err(|error| encode("JSON", &error))?;
    let mut out = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        if c != '\n' && filters::invisible(c) {
            let mut units = [0u16; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    out.push('\n');
    Ok(out)
}

/// Fills one template. There is no loader, so a template can include nothing, and what is undefined is an error.
fn fill(name: &'static str, templates: &Templates, options: &Options, view: &Value) -> Result<String, ReportError> {
    let failed = |error: minijinja::Error| template_error(name, &error);
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|name| match name.ends_with(".html.j2") {
        true => AutoEscape::Html,
        false => AutoEscape::None,
    });
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
    environment.set_syntax(syntax.map_err(failed)?);
    filters::register(&mut environment);
    page::register(&mut environment);
    terminal::register(&mut environment, options.width.unwrap_or(DEFAULT_WIDTH), options.colour);
    environment.add_template(name, templates.source(name)).map_err(failed)?;
    environment.get_template(name).and_then(|template| template.render(view.clone())).map_err(failed)
}

fn encode(format: &'static str, error: &dyn std::error::Error) -> ReportError {
    ReportError::Encode { format, detail: error.to_string() }
}

/// A template error with its place and what to do about it.
fn template_error(template: &str, error: &minijinja::Error) -> ReportError {
    let mut innermost = error;
    while let Some(inner) =
        std::error::Error::source(innermost).and_then(|source| source.downcast_ref::<minijinja::Error>())
    {
        innermost = inner;
    }
    let detail = match innermost.detail() {
        Some(detail) => format!("{}: {detail}", innermost.kind()),
        None => innermost.kind().to_string(),
    };
    let remedy = match innermost.kind() {
        ErrorKind::UndefinedError => "the fields of the view are those of docs/review.schema.json",
        ErrorKind::UnknownFilter => {
            "the filters are Jinja's and money, amount6, percent, whole, plain, md, cell, page_html, page_md, table, paint"
        }
        ErrorKind::SyntaxError => "the syntax is that of Jinja templates",
        ErrorKind::TemplateNotFound | ErrorKind::BadInclude => "a report template cannot include other files",
        _ => "compare it with the built-in template of the same name",
    };
    ReportError::Template {
        template: template.to_owned(),
        line: innermost.line().or(error.line()).unwrap_or(0),
        detail,
        remedy,
    }
}
