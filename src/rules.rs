//! Rule pages: Markdown on one side, verdicts on the other.
//!
//! Knows: the shape of a page, the guard over its SQL, how its rows become verdicts and changes, how its cases are
//! run. A [`Rule`] exists only after every check that needs no data has passed. Does not know: money, prices, where
//! the tables come from, or any single rule: a rule is a page and nothing else.

use std::collections::BTreeMap;
use std::fmt;

use rust_decimal::Decimal;

use crate::id::{IdError, RuleId};
use crate::money::parse_decimal;

mod cases;
mod catalogue;
mod check;
mod constants;
mod guard;
mod page;
mod run;
#[cfg(test)]
mod tests;

pub use cases::{CaseOutcome, run_cases};
pub use catalogue::catalogue;
pub use constants::{CONSTANTS, Constant};
pub use run::{Tables, judge};

/// Pages embedded by `build.rs`: path under `rules/` and text, sorted by path.
const PAGES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// A closed set of words, spelled in kebab-case on the page.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$meaning:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, serde::Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($(#[$meaning])* $variant,)+ }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The word on the page and in reports.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word,)+ }
            }
        }
    };
}

words! {
    /// How a rule saves.
    Strategy {
        /// Nobody uses it.
        Unused = "unused",
        /// A smaller one would do.
        Rightsize = "rightsize",
        /// Needed in some hours only.
        Schedule = "schedule",
        /// Interruptible capacity would do.
        Spot = "spot",
        /// Old data in an expensive place.
        Lifecycle = "lifecycle",
        /// A newer kind does the same for less.
        Modernize = "modernize",
        /// A commitment discount.
        Commit = "commit",
        /// Not a saving: a risk to capacity or data.
        Guard = "guard",
    }
}

words! {
    /// What to do, in the words of AWS Cost Optimization Hub where it has one.
    Action {
        /// Delete the resource.
        Delete = "delete",
        /// Stop it.
        Stop = "stop",
        /// Fewer of them.
        ScaleIn = "scale-in",
        /// A smaller one.
        Rightsize = "rightsize",
        /// A newer generation or type.
        Upgrade = "upgrade",
        /// To AWS Graviton processors.
        MigrateToGraviton = "migrate-to-graviton",
        /// Savings Plans.
        PurchaseSavingsPlans = "purchase-savings-plans",
        /// Reservations.
        PurchaseReservations = "purchase-reservations",
        /// Another storage class.
        ChangeStorageClass = "change-storage-class",
        /// An end to how long data is kept.
        SetRetention = "set-retention",
        /// Off in the hours in which nobody needs it.
        Schedule = "schedule",
        /// Somebody has to look; no figure.
        Investigate = "investigate",
    }
}

words! {
    /// Implementation effort, as in AWS Cost Optimization Hub.
    Effort {
        /// Minutes, no review.
        VeryLow = "very-low",
        /// An hour.
        Low = "low",
        /// A day.
        Medium = "medium",
        /// Days, several people.
        High = "high",
        /// A project.
        VeryHigh = "very-high",
    }
}

/// The value of a parameter. Its kind is fixed by the page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ParameterValue {
    /// Whole number.
    Integer(i64),
    /// Exact number with 12 decimal places.
    Decimal(Decimal),
    /// Text.
    Text(String),
    /// True or false.
    Boolean(bool),
}

impl ParameterValue {
    /// The kind, for messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            ParameterValue::Integer(_) => "an integer",
            ParameterValue::Decimal(_) => "a decimal",
            ParameterValue::Text(_) => "a text",
            ParameterValue::Boolean(_) => "true or false",
        }
    }

    /// A value of the same kind as this one, read from text; `None` when the text is not of that kind.
    fn like(&self, text: &str) -> Option<Self> {
        Some(match self {
            ParameterValue::Integer(_) => ParameterValue::Integer(text.parse().ok()?),
            ParameterValue::Decimal(_) => ParameterValue::Decimal(parse_decimal(text).ok()?),
            ParameterValue::Text(_) => ParameterValue::Text(text.to_owned()),
            ParameterValue::Boolean(_) => ParameterValue::Boolean(text.parse().ok()?),
        })
    }
}

impl fmt::Display for ParameterValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParameterValue::Integer(value) => value.fmt(f),
            ParameterValue::Decimal(value) => value.normalize().fmt(f),
            ParameterValue::Text(value) => f.write_str(value),
            ParameterValue::Boolean(value) => value.fmt(f),
        }
    }
}

/// A threshold or a factor of a rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parameter {
    /// Column of the one-row table `params`.
    pub name: String,
    /// Its value: the page's, or what the user set.
    pub value: ParameterValue,
    /// Its unit, e.g. `days`.
    pub unit: String,
    /// Why this value.
    pub why: String,
    /// Where it comes from, when somebody else said so.
    pub source: Option<String>,
    /// Whether the user set it.
    pub changed: bool,
}

/// A fence of a case, as written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fence {
    /// The table of a `csv` fence; empty for `expect` and `toml`.
    pub table: String,
    /// What is between the fences.
    pub text: String,
    /// Line of the page on which `text` starts.
    pub line: usize,
}

/// What a case says of every target that it makes the rule examine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expectation {
    /// `… fires`
    Fires,
    /// `… is clean`
    Clean,
    /// `… is unknown`
    Unknown,
    /// `… is not examined`
    NotExamined,
}

/// One example under `## Tests`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Case {
    /// Its heading, a sentence.
    pub name: String,
    /// Line of the heading.
    pub line: usize,
    /// What the last words of the heading say.
    pub expects: Expectation,
    /// Tables, those of `### Given` first.
    pub tables: Vec<Fence>,
    /// Rows that the query must return, by the columns that the fence names.
    pub expect: Option<Fence>,
    /// Parameters set for this case only.
    pub parameters: Option<Fence>,
}

/// A checked rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    /// From the path.
    pub id: RuleId,
    /// The page, e.g. `rules/ebs/volume-gp2.md`.
    pub file: String,
    /// The first heading.
    pub title: String,
    /// What it is, why it costs money, what the rule does not do.
    pub intro: String,
    /// How it saves.
    pub strategy: Strategy,
    /// What to do.
    pub action: Action,
    /// How much work that is.
    pub effort: Effort,
    /// Whether something restarts.
    pub restart_needed: bool,
    /// Whether there is a way back.
    pub rollback_possible: bool,
    /// Whether it judges what is provisioned, so that costs estimated from an inventory do where there is no bill.
    pub without_bill: bool,
    /// The rule that knows more of the same target: where that one has judged it, this one's finding is left out.
    pub yields_to: Option<String>,
    /// Template of the sentence printed with a finding.
    pub message: String,
    /// Line of the template.
    pub message_line: usize,
    /// Parameters, in the order of the page.
    pub parameters: Vec<Parameter>,
    /// Units of evidence columns that no table declares.
    pub units: BTreeMap<String, String>,
    /// The SQL.
    pub query: String,
    /// Line of the page on which the SQL starts.
    pub query_line: usize,
    /// Declared tables that the query reads, sorted.
    pub tables: Vec<String>,
    /// How to do it and how to undo it.
    pub what_to_do: String,
    /// When it is right as it is.
    pub when_to_leave: String,
    /// The tests.
    pub cases: Vec<Case>,
    /// The whole page.
    pub page: String,
}

/// What is wrong with a page, a parameter or a selection, and what to do about it. Whose mistake: the author's of the
/// page, or the user's when there is no file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RuleError {
    /// The page; empty when it is about a setting.
    pub file: String,
    /// Line of the page, 1 is the first.
    pub line: usize,
    /// What is wrong.
    pub message: String,
    /// The remedy, where there is one.
    pub help: Option<String>,
}

impl RuleError {
    fn at(file: &str, line: usize, message: impl Into<String>) -> Self {
        RuleError { file: file.to_owned(), line, message: message.into(), help: None }
    }

    fn setting(message: impl Into<String>) -> Self {
        RuleError::at("", 0, message)
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.file.is_empty() {
            write!(f, "{}:{}: ", self.file, self.line)?;
        }
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, "\nhelp: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for RuleError {}

/// The rules that come with the program, in the order of their paths. They are read and guarded like any other; the checks
/// that run each query are left to the tests and `surgeon rules test` ([`check`]): the pages cannot change after the build, and
/// a start would run a hundred queries.
///
/// # Errors
/// Every page that cannot be read; a test keeps the list empty.
pub fn builtin() -> Result<Vec<Rule>, Vec<RuleError>> {
    let mut rules = Vec::with_capacity(PAGES.len());
    let mut errors = Vec::new();
    for (path, text) in PAGES {
        match read(path, text) {
            Ok(rule) => rules.push(rule),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(rules) } else { Err(errors) }
}

/// Reads one page and checks all that can be checked without data.
///
/// `path` is relative to the rules folder, e.g. `ebs/volume-gp2.md`.
///
/// # Errors
/// The first mistake, with its line.
pub fn load(path: &str, text: &str) -> Result<Rule, RuleError> {
    let rule = read(path, text)?;
    check(&rule)?;
    Ok(rule)
}

/// Runs a rule on empty typed tables: the columns of its result, its message, its cases' tables.
///
/// # Errors
/// The first mistake, with its line.
pub fn check(rule: &Rule) -> Result<(), RuleError> {
    check::check(rule)?;
    cases::check(rule)
}

/// Reads one page and guards its query.
fn read(path: &str, text: &str) -> Result<Rule, RuleError> {
    let file = format!("rules/{path}");
    let id = id_of(path).map_err(|error| {
        RuleError::at(&file, 1, format!("the path is not <service>/<what-is-flagged>.md: {error}"))
            .help("use lower-case words joined by '-', such as ebs/volume-gp2.md")
    })?;
    let mut rule = page::read(id, &file, text)?;
    rule.tables = guard::check(&rule.query).map_err(|refusal| {
        RuleError::at(&file, rule.query_line + refusal.line.saturating_sub(1), refusal.message).help(refusal.help)
    })?;
    Ok(rule)
}

fn id_of(path: &str) -> Result<RuleId, IdError> {
    let unfit = || IdError { text: path.to_owned(), expected: "a path such as ebs/volume-gp2.md" };
    let stem = path.strip_suffix(".md").ok_or_else(unfit)?;
    if !stem.contains('/') {
        return Err(unfit());
    }
    stem.replace('/', "-").parse()
}

/// Keeps the rules that `only` names (all when it is empty), without those that `skip` names. An entry is a rule id or
/// its first words, such as `ebs`.
///
/// # Errors
/// An entry that names no rule, with what was probably meant.
pub fn select(rules: Vec<Rule>, only: &[String], skip: &[String]) -> Result<Vec<Rule>, RuleError> {
    let names = |entry: &String, rule: &Rule| {
        let id = rule.id.as_str();
        id.strip_prefix(entry.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    for entry in only.iter().chain(skip) {
        if entry.is_empty() || !rules.iter().any(|rule| names(entry, rule)) {
            let mut known: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
            known.extend(rules.iter().filter_map(|rule| rule.id.as_str().split('-').next()));
            return Err(RuleError::setting(format!("no rule is named {entry:?}")).help(suggestion(
                entry,
                &known,
                "`surgeon rules list` shows the rules",
            )));
        }
    }
    Ok(rules
        .into_iter()
        .filter(|rule| only.is_empty() || only.iter().any(|entry| names(entry, rule)))
        .filter(|rule| !skip.iter().any(|entry| names(entry, rule)))
        .collect())
}

/// Sets a parameter: `ebs-volume-gp2.min_age=30`.
///
/// # Errors
/// Unknown rule or parameter, or a value of another kind than the page's.
pub fn set(rules: &mut [Rule], assignment: &str) -> Result<(), RuleError> {
    let unreadable = || {
        RuleError::setting(format!("{assignment:?} sets nothing"))
            .help("write rule.parameter=value, such as ebs-volume-gp2.min_age=30")
    };
    let (name, value) = assignment.split_once('=').ok_or_else(unreadable)?;
    let (id, parameter) = name.trim().split_once('.').ok_or_else(unreadable)?;
    let Some(at) = rules.iter().position(|rule| rule.id.as_str() == id) else {
        let known: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
        let help = suggestion(id, &known, "`surgeon rules list` shows the rules");
        return Err(RuleError::setting(format!("no rule is named {id:?}")).help(help));
    };
    let parameters = &mut rules[at].parameters;
    let Some(found) = parameters.iter().position(|p| p.name == parameter) else {
        let known: Vec<&str> = parameters.iter().map(|p| p.name.as_str()).collect();
        let help = suggestion(parameter, &known, "the rule has no parameters");
        return Err(RuleError::setting(format!("rule {id} has no parameter {parameter:?}")).help(help));
    };
    let found = &mut parameters[found];
    found.value = found.value.like(value.trim()).ok_or_else(|| {
        RuleError::setting(format!("{id}.{parameter} is {}, not {:?}", found.value.kind(), value.trim()))
            .help(format!("its value is {} ({})", found.value, found.unit))
    })?;
    found.changed = true;
    Ok(())
}

/// What was probably meant, or the known names, or `none` when nothing is known.
fn suggestion(word: &str, known: &[&str], none: &str) -> String {
    let mut names: Vec<&str> = known.to_vec();
    names.sort_unstable();
    names.dedup();
    let folded = word.to_lowercase();
    let near = names.iter().map(|name| (distance(&folded, &name.to_lowercase()), *name)).min();
    match near {
        Some((steps, name)) if steps <= 1 + word.chars().count() / 3 => format!("did you mean `{name}`?"),
        Some(_) if names.len() <= 40 => format!("known: {}", names.join(", ")),
        _ => none.to_owned(),
    }
}

/// Levenshtein's distance: how many letters to insert, delete or replace.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, letter) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}
