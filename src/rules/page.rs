//! The shape of a page: headings in their order, fences in their places, the header in TOML.
//!
//! Knows: Markdown and TOML, and on which line of the page everything stands. Does not know: SQL, tables, what a case
//! expects in its rows. What comes out is not yet a checked rule; `load` does the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag};
use serde::Deserialize;
use toml::Spanned;

use super::constants::CONSTANTS;
use super::{Action, Case, Effort, Expectation, Fence, Parameter, ParameterValue, Rule, RuleError, Strategy};
use crate::id::RuleId;
use crate::money::parse_decimal;

/// The headings of a page after its title.
const HEADINGS: [&str; 4] = ["Query", "What to do", "When to leave it", "Tests"];
const HEADINGS_HELP: &str = "headings are, in this order: ## Query, ## What to do, ## When to leave it, ## Tests";

/// What the last words of a case's heading say.
const EXPECTATIONS: &[(&str, Expectation)] = &[
    (" fires", Expectation::Fires),
    (" is clean", Expectation::Clean),
    (" is unknown", Expectation::Unknown),
    (" is not examined", Expectation::NotExamined),
];

/// The header, as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    strategy: Strategy,
    action: Action,
    effort: Effort,
    restart_needed: bool,
    rollback_possible: bool,
    #[serde(default)]
    without_bill: bool,
    yields_to: Option<String>,
    message: Spanned<String>,
    #[serde(default)]
    params: BTreeMap<String, ParameterText>,
    #[serde(default)]
    units: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ParameterText {
    value: Spanned<toml::Value>,
    unit: String,
    why: String,
    source: Option<String>,
}

/// A top-level block of the page.
struct Item {
    kind: Kind,
    range: Range<usize>,
    line: usize,
}

enum Kind {
    /// Level and text.
    Heading(usize, String),
    /// Info string and text.
    Fence(String, String),
    Prose,
}

/// Reads a page. The rule's `tables` are empty and nothing in it has been checked but its shape.
pub(super) fn read(id: RuleId, file: &str, text: &str) -> Result<Rule, RuleError> {
    let mut page = Page { file, text, items: items(file, text)?, at: 1 };
    let title = match page.items.first().map(|item| &item.kind) {
        Some(Kind::Heading(1, title)) if !title.is_empty() => title.clone(),
        _ => {
            return Err(
                RuleError::at(file, 1, "the page does not start with a title").help("write `# What is flagged`")
            );
        }
    };
    let head = page.body();
    let (header, intro) = page.header(head)?;

    let section = page.section(HEADINGS[0])?;
    let query = page.query(section)?;
    let section = page.section(HEADINGS[1])?;
    let what_to_do = page.prose(section, HEADINGS[1])?;
    let section = page.section(HEADINGS[2])?;
    let when_to_leave = page.prose(section, HEADINGS[2])?;
    page.section(HEADINGS[3])?;
    let cases = page.cases()?;

    let (header, message_line, parameters) = page.check_header(header)?;
    Ok(Rule {
        id,
        file: file.to_owned(),
        title,
        intro,
        strategy: header.strategy,
        action: header.action,
        effort: header.effort,
        restart_needed: header.restart_needed,
        rollback_possible: header.rollback_possible,
        without_bill: header.without_bill,
        yields_to: header.yields_to,
        message: header.message.into_inner(),
        message_line,
        parameters,
        units: header.units,
        query: query.text,
        query_line: query.line,
        tables: Vec::new(),
        what_to_do,
        when_to_leave,
        cases,
        page: text.to_owned(),
    })
}

/// Line of a byte of the text, 1 is the first.
fn line_at(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}

/// The top-level blocks of the page. What stands inside lists and quotes has no meaning for a rule, save that HTML is
/// refused everywhere: pages are printed into reports.
fn items(file: &str, text: &str) -> Result<Vec<Item>, RuleError> {
    let mut items: Vec<Item> = Vec::new();
    let mut depth = 0usize;
    for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
        let line = line_at(text, range.start);
        match event {
            Event::Html(_) | Event::InlineHtml(_) | Event::Start(Tag::HtmlBlock) => {
                return Err(RuleError::at(file, line, "raw HTML")
                    .help("write Markdown; put code and placeholders in backticks"));
            }
            Event::Start(tag) => {
                if depth == 0 {
                    let kind = match tag {
                        Tag::Heading { level, .. } => Kind::Heading(level as usize, String::new()),
                        Tag::CodeBlock(CodeBlockKind::Fenced(info)) => {
                            Kind::Fence(info.trim().to_owned(), String::new())
                        }
                        _ => Kind::Prose,
                    };
                    items.push(Item { kind, range, line });
                }
                depth += 1;
            }
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Rule if depth == 0 => items.push(Item { kind: Kind::Prose, range, line }),
            Event::Text(piece) | Event::Code(piece) => {
                if let Some(Item { kind: Kind::Heading(_, text) | Kind::Fence(_, text), .. }) = items.last_mut() {
                    text.push_str(&piece);
                }
            }
            _ => {}
        }
    }
    Ok(items)
}

struct Page<'a> {
    file: &'a str,
    text: &'a str,
    items: Vec<Item>,
    /// The next item.
    at: usize,
}

impl Page<'_> {
    fn error(&self, line: usize, message: impl Into<String>) -> RuleError {
        RuleError::at(self.file, line, message)
    }

    fn last_line(&self) -> usize {
        self.text.lines().count().max(1)
    }

    /// The items up to the next heading, which becomes the next item.
    fn body(&mut self) -> Range<usize> {
        let start = self.at;
        while self.items.get(self.at).is_some_and(|item| !matches!(item.kind, Kind::Heading(..))) {
            self.at += 1;
        }
        start..self.at
    }

    /// Steps over the heading `## name`; the items of its section.
    fn section(&mut self, name: &str) -> Result<Range<usize>, RuleError> {
        let Some(item) = self.items.get(self.at) else {
            return Err(self.error(self.last_line(), format!("no \"## {name}\"")).help(HEADINGS_HELP));
        };
        match &item.kind {
            Kind::Heading(2, found) if found == name => {
                self.at += 1;
                Ok(self.body())
            }
            Kind::Heading(2, found) if HEADINGS.contains(&found.as_str()) => {
                let message = format!("\"## {found}\" stands where \"## {name}\" belongs");
                Err(self.error(item.line, message).help(HEADINGS_HELP))
            }
            _ => Err(self.unknown_heading(item)),
        }
    }

    fn unknown_heading(&self, item: &Item) -> RuleError {
        match &item.kind {
            Kind::Heading(1, found) => {
                self.error(item.line, format!("second title \"# {found}\"")).help("one page is one rule")
            }
            Kind::Heading(level, found) => {
                let message = format!("unknown heading \"{} {found}\"", "#".repeat(*level));
                self.error(item.line, message).help(HEADINGS_HELP)
            }
            _ => self.error(item.line, "a heading belongs here").help(HEADINGS_HELP),
        }
    }

    /// The fences among the items, by their info strings.
    fn fences(&self, items: Range<usize>) -> Vec<(&str, Fence)> {
        self.items[items]
            .iter()
            .filter_map(|item| match &item.kind {
                Kind::Fence(info, text) => {
                    Some((info.as_str(), Fence { table: String::new(), text: text.clone(), line: item.line + 1 }))
                }
                _ => None,
            })
            .collect()
    }

    /// The introduction and the header, which ends the first part of the page.
    fn header(&self, head: Range<usize>) -> Result<(Fence, String), RuleError> {
        let end = self.items.get(head.end).map_or(self.text.len(), |next| next.range.start);
        let fences = self.fences(head.clone());
        let fence = match fences.as_slice() {
            [("toml", fence)] => fence.clone(),
            [] => return Err(self.error(line_at(self.text, end), "no toml fence before \"## Query\"")),
            [("toml", _), (info, fence), ..] | [(info, fence), ..] => {
                let message = format!("a {info:?} fence before \"## Query\"");
                return Err(self
                    .error(fence.line - 1, message)
                    .help("one toml fence stands between introduction and query"));
            }
        };
        let prose = self.items[head.clone()].iter().take_while(|item| matches!(item.kind, Kind::Prose)).count();
        if let Some(item) = self.items[head.clone()].get(prose + 1) {
            return Err(self
                .error(item.line, "text after the toml fence")
                .help("the introduction stands before the toml fence"));
        }
        let start = self.items[0].range.end;
        let intro = self.text[start..self.items[head.start + prose].range.start].trim().to_owned();
        if intro.is_empty() {
            let message = "no introduction between title and toml fence";
            return Err(self
                .error(fence.line - 1, message)
                .help("say what it is, why it costs money, what the rule does not do"));
        }
        Ok((fence, intro))
    }

    fn query(&self, section: Range<usize>) -> Result<Fence, RuleError> {
        let heading = self.items[section.start - 1].line;
        let help = "one sql fence stands in \"## Query\"";
        match self.fences(section).as_slice() {
            [("sql", fence)] => Ok(fence.clone()),
            [] => Err(self.error(heading, "no sql fence in \"## Query\"").help(help)),
            [("sql", _), (info, fence), ..] | [(info, fence), ..] => {
                Err(self.error(fence.line - 1, format!("a {info:?} fence in \"## Query\"")).help(help))
            }
        }
    }

    fn prose(&self, section: Range<usize>, name: &str) -> Result<String, RuleError> {
        let heading = &self.items[section.start - 1];
        let end = self.items.get(section.end).map_or(self.text.len(), |next| next.range.start);
        let text = self.text[heading.range.end.min(end)..end].trim();
        if text.is_empty() {
            return Err(self.error(heading.line, format!("\"## {name}\" is empty")));
        }
        Ok(text.to_owned())
    }

    /// Everything under `## Tests`.
    fn cases(&mut self) -> Result<Vec<Case>, RuleError> {
        let mut given: Vec<Fence> = Vec::new();
        let mut cases: Vec<Case> = Vec::new();
        let tests = self.items[..self.at].iter().rfind(|i| matches!(i.kind, Kind::Heading(..))).map_or(1, |i| i.line);
        let mut first = true;
        while let Some(item) = self.items.get(self.at) {
            let Kind::Heading(3, name) = &item.kind else { return Err(self.unknown_heading(item)) };
            let (name, line) = (name.clone(), item.line);
            self.at += 1;
            let body = self.body();
            if first && name == "Given" {
                given = self.given(body)?;
            } else {
                if cases.iter().any(|case| case.name == name) {
                    return Err(self.error(line, format!("second case \"{name}\"")));
                }
                cases.push(self.case(name, line, &given, body)?);
            }
            first = false;
        }
        for (words, expectation) in EXPECTATIONS.iter().take(3) {
            if !cases.iter().any(|case| case.expects == *expectation) {
                let help = format!(
                    "a page has a case that fires, one that is clean and one that is unknown: \"### …{words}\""
                );
                return Err(self.error(tests, format!("no case that ends in \"{}\"", words.trim())).help(help));
            }
        }
        Ok(cases)
    }

    fn given(&self, body: Range<usize>) -> Result<Vec<Fence>, RuleError> {
        let mut tables = Vec::new();
        for (info, fence) in self.fences(body) {
            match info.strip_prefix("csv ").map(str::trim) {
                Some(table) if table != "expect" => tables.push(Fence { table: table.to_owned(), ..fence }),
                _ => {
                    let message = format!("a {info:?} fence in \"### Given\"");
                    return Err(self.error(fence.line - 1, message).help("write ```csv TABLE"));
                }
            }
        }
        Ok(tables)
    }

    fn case(&self, name: String, line: usize, given: &[Fence], body: Range<usize>) -> Result<Case, RuleError> {
        let Some((_, expects)) = EXPECTATIONS.iter().find(|(words, _)| name.ends_with(*words)) else {
            return Err(self.error(line, format!("the case \"{name}\" does not say what it expects")).help(
                "end the heading in `fires`, `is clean`, `is unknown` or `is not examined`; the first case may be `### Given`",
            ));
        };
        let mut case = Case { name, line, expects: *expects, tables: given.to_vec(), expect: None, parameters: None };
        for (info, fence) in self.fences(body) {
            let at = fence.line - 1;
            match (info, info.strip_prefix("csv ").map(str::trim)) {
                (_, Some("expect")) if case.expect.is_none() => case.expect = Some(fence),
                ("toml", _) if case.parameters.is_none() => case.parameters = Some(fence),
                (_, Some(table)) if table != "expect" => case.tables.push(Fence { table: table.to_owned(), ..fence }),
                _ => {
                    let help = "a case has ```csv TABLE fences, at most one ```csv expect and at most one ```toml";
                    return Err(self.error(at, format!("a {info:?} fence in a case")).help(help));
                }
            }
        }
        Ok(case)
    }

    /// The header, the line of its message, and its parameters in the order of the page.
    fn check_header(&self, fence: Fence) -> Result<(Header, usize, Vec<Parameter>), RuleError> {
        let header: Header = toml::from_str(&fence.text).map_err(|error| toml_error(self.file, &fence, &error))?;
        let line = |span: Range<usize>| fence.line + line_at(&fence.text, span.start) - 1;
        let message_line = line(header.message.span());
        if header.message.get_ref().trim().is_empty() || header.message.get_ref().contains('\n') {
            return Err(self.error(message_line, "the message is not one line"));
        }
        let taken: BTreeSet<&str> = CONSTANTS.iter().map(|constant| constant.name).collect();
        let mut parameters = Vec::with_capacity(header.params.len());
        for (name, text) in &header.params {
            let at = line(text.value.span());
            let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            if !name.starts_with(|first: char| first.is_ascii_lowercase()) || !name.bytes().all(word) {
                let message = format!("{name:?} is not the name of a parameter");
                return Err(self.error(at, message).help("lower-case words joined by '_', such as min_age"));
            }
            if taken.contains(name.as_str()) {
                let message = format!("parameter {name:?} has the name of a constant");
                return Err(self.error(at, message).help("read it from the table `constants`"));
            }
            if text.why.trim().is_empty() {
                return Err(self.error(at, format!("parameter {name:?} does not say why")));
            }
            let Some(value) = parameter_value(text.value.get_ref()) else {
                let message = format!("parameter {name:?} is neither a number, a text nor true or false");
                return Err(self.error(at, message));
            };
            let parameter = Parameter {
                name: name.clone(),
                value,
                unit: text.unit.clone(),
                why: text.why.clone(),
                source: text.source.clone(),
                changed: false,
            };
            parameters.push((text.value.span().start, parameter));
        }
        parameters.sort_by_key(|(start, _)| *start);
        Ok((header, message_line, parameters.into_iter().map(|(_, parameter)| parameter).collect()))
    }
}

/// A TOML value as the value of a parameter.
pub(super) fn parameter_value(value: &toml::Value) -> Option<ParameterValue> {
    match value {
        toml::Value::Integer(number) => Some(ParameterValue::Integer(*number)),
        // The shortest text that reads back as the same number: what the author wrote.
        toml::Value::Float(number) => parse_decimal(&format!("{number:e}")).ok().map(ParameterValue::Decimal),
        toml::Value::String(text) => Some(ParameterValue::Text(text.clone())),
        toml::Value::Boolean(flag) => Some(ParameterValue::Boolean(*flag)),
        _ => None,
    }
}

/// An error inside a `toml` fence, on the page's line.
pub(super) fn toml_error(file: &str, fence: &Fence, error: &toml::de::Error) -> RuleError {
    let line = error.span().map_or(1, |span| line_at(&fence.text, span.start));
    let message: Vec<&str> = error.message().split_whitespace().collect();
    RuleError::at(file, fence.line + line - 1, message.join(" "))
}
