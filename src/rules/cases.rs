//! The cases of a page: its tests, and the examples that its reader sees.
//!
//! Knows: how a `csv` fence becomes a typed table, how verdicts are compared with what a heading says. Does not know:
//! how verdicts are made; a case takes the same road as real data.

use std::collections::{BTreeMap, BTreeSet};

use csv::{ReaderBuilder, StringRecord, Trim};
use jiff::civil::Date;
use polars::prelude::{AnyValue, DataFrame, PolarsResult, TimeUnit};

use super::page::{parameter_value, toml_error};
use super::run::{self, Cell, Tables};
use super::{Case, Expectation, Fence, ParameterValue, Rule, RuleError, suggestion};
use crate::finding::Verdicts;
use crate::id::Target;
use crate::money::parse_decimal;
use crate::period::{midnight, parse_time};
use crate::table::{self, ColumnType, Table};

/// How a case went.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CaseOutcome {
    /// The case.
    pub name: String,
    /// Line of its heading.
    pub line: usize,
    /// Whether it says what the rule does.
    pub passed: bool,
    /// What was expected and what came; empty when it passed.
    pub detail: String,
}

/// Runs every case of a rule, in the order of the page.
#[must_use]
pub fn run_cases(rule: &Rule) -> Vec<CaseOutcome> {
    rule.cases
        .iter()
        .map(|case| {
            let detail = match outcome(rule, case) {
                Ok(None) => String::new(),
                Ok(Some(difference)) => difference,
                Err(error) => error.to_string(),
            };
            CaseOutcome { name: case.name.clone(), line: case.line, passed: detail.is_empty(), detail }
        })
        .collect()
}

/// Checks that the fences of all cases can be read.
pub(super) fn check(rule: &Rule) -> Result<(), RuleError> {
    // The columns of a result are the query's: the same for every case.
    let mut columns = None;
    for case in &rule.cases {
        with_parameters(rule, case)?;
        tables(rule, case)?;
        if let Some(fence) = &case.expect {
            let columns = match &columns {
                Some(known) => known,
                None => columns.insert(run::rows(rule, &empty_tables(rule))?.columns),
            };
            expected(rule, fence, columns)?;
        }
    }
    Ok(())
}

/// What differs from what the case says; `None` when nothing does.
fn outcome(rule: &Rule, case: &Case) -> Result<Option<String>, RuleError> {
    let set = with_parameters(rule, case)?;
    let tables = tables(rule, case)?;
    let verdicts = run::judge(&set, &tables)?;
    if let Some(difference) = difference(case.expects, &verdicts) {
        return Ok(Some(difference));
    }
    let Some(fence) = &case.expect else { return Ok(None) };
    let result = run::rows(&set, &tables)?;
    let (at, mut expected) = expected(rule, fence, &result.columns)?;
    let cell_at = |row: &run::Row, at: &usize| row.cells.get(*at).and_then(Cell::text).unwrap_or_default();
    let mut got: Vec<Vec<String>> =
        result.rows.iter().map(|row| at.iter().map(|at| cell_at(row, at)).collect()).collect();
    for (place, at) in at.iter().enumerate() {
        // An expected number may be written in another way: 0.50 is 0.5.
        if result.rows.iter().any(|row| matches!(row.cells.get(*at), Some(Cell::Number(_)))) {
            for text in expected.iter_mut().filter_map(|row| row.get_mut(place)) {
                if let Ok(number) = parse_decimal(text) {
                    *text = number.normalize().to_string();
                }
            }
        }
    }
    expected.sort();
    got.sort();
    let print = |rows: &[Vec<String>]| rows.iter().map(|row| row.join(",")).collect::<Vec<_>>().join(" | ");
    Ok((expected != got).then(|| format!("expected rows {}; got {}", print(&expected), print(&got))))
}

fn difference(expects: Expectation, verdicts: &Verdicts) -> Option<String> {
    let firing: Vec<&Target> = verdicts.findings.iter().map(|finding| &finding.target).collect();
    let clean: Vec<&Target> = verdicts.clean.iter().collect();
    let unknown: Vec<&Target> = verdicts.unknown.iter().collect();
    let (word, wanted, others) = match expects {
        Expectation::Fires => ("to fire", firing.len(), clean.len() + unknown.len()),
        Expectation::Clean => ("to be clean", clean.len(), firing.len() + unknown.len()),
        Expectation::Unknown => ("to be unknown", unknown.len(), firing.len() + clean.len()),
        Expectation::NotExamined => ("not to be examined", 1, firing.len() + clean.len() + unknown.len()),
    };
    if wanted > 0 && others == 0 {
        return None;
    }
    let print = |targets: &[&Target]| targets.iter().map(|target| target.to_string()).collect::<Vec<_>>().join(", ");
    Some(format!(
        "expected every target {word}; firing: [{}], clean: [{}], unknown: [{}]",
        print(&firing),
        print(&clean),
        print(&unknown)
    ))
}

/// The rule with the parameters of the case.
fn with_parameters(rule: &Rule, case: &Case) -> Result<Rule, RuleError> {
    let mut rule = rule.clone();
    let Some(fence) = &case.parameters else { return Ok(rule) };
    let values: toml::Table = toml::from_str(&fence.text).map_err(|error| toml_error(&rule.file, fence, &error))?;
    for (name, value) in &values {
        let line = fence.line + fence.text.lines().position(|line| line.trim_start().starts_with(name)).unwrap_or(0);
        let known: Vec<&str> = rule.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        let Some(at) = known.iter().position(|known| known == name) else {
            let help = suggestion(name, &known, "the page has no parameters");
            return Err(RuleError::at(&rule.file, line, format!("no parameter {name:?}")).help(help));
        };
        let fitting = match (&rule.parameters[at].value, parameter_value(value)) {
            (ParameterValue::Decimal(_), Some(ParameterValue::Integer(number))) => {
                Some(ParameterValue::Decimal(number.into()))
            }
            (old, Some(new)) if old.kind() == new.kind() => Some(new),
            _ => None,
        };
        let kind = rule.parameters[at].value.kind();
        rule.parameters[at].value =
            fitting.ok_or_else(|| RuleError::at(&rule.file, line, format!("parameter {name:?} is {kind}")))?;
        rule.parameters[at].changed = true;
    }
    Ok(rule)
}

fn empty_tables(rule: &Rule) -> Tables {
    rule.tables.iter().filter_map(|name| table::find(name)).map(|t| (t.name.to_owned(), t.empty())).collect()
}

/// The tables of a case: what it gives, all others empty.
pub(super) fn tables(rule: &Rule, case: &Case) -> Result<Tables, RuleError> {
    let mut tables = empty_tables(rule);
    for fence in &case.tables {
        let Some(declared) = table::find(&fence.table).filter(|t| t.in_rules) else {
            let known: Vec<&str> = table::TABLES.iter().filter(|t| t.in_rules).map(|t| t.name).collect();
            return Err(RuleError::at(&rule.file, fence.line - 1, format!("unknown table {:?}", fence.table))
                .help(suggestion(&fence.table, &known, "`surgeon tables list` shows the tables")));
        };
        let Some(so_far) = tables.get(declared.name) else {
            return Err(RuleError::at(
                &rule.file,
                fence.line - 1,
                format!("the query does not read {}", declared.name),
            )
            .help(format!("it reads: {}", rule.tables.join(", "))));
        };
        let rows = typed(&rule.file, fence, declared)?;
        let all = so_far.vstack(&rows).map_err(|failure| {
            RuleError::at(&rule.file, fence.line, format!("rows of {} do not fit: {failure}", declared.name))
        })?;
        tables.insert(declared.name.to_owned(), all);
    }
    Ok(tables)
}

/// A header, and records with their lines.
type Records = (Vec<String>, Vec<(usize, StringRecord)>);

/// Header and records of a fence, with the page's line of each record.
fn records(file: &str, fence: &Fence) -> Result<Records, RuleError> {
    let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(fence.text.as_bytes());
    let line = |position: Option<&csv::Position>| {
        fence.line + position.map_or(0, |p| usize::try_from(p.line()).unwrap_or(1).saturating_sub(1))
    };
    let broken = |error: &csv::Error| {
        let message = match error.kind() {
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                format!("{len} cells under {expected_len} columns")
            }
            _ => error.to_string(),
        };
        RuleError::at(file, line(error.position()), message)
    };
    let header: Vec<String> = reader.headers().map_err(|e| broken(&e))?.iter().map(str::to_owned).collect();
    let names: BTreeSet<&String> = header.iter().collect();
    if names.len() != header.len() || header.is_empty() {
        return Err(RuleError::at(file, fence.line, "the first line does not name each column once"));
    }
    let mut records = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| broken(&e))?;
        records.push((line(record.position()), record));
    }
    Ok((header, records))
}

/// A `csv` fence as a typed table: absent columns and empty cells are null.
fn typed(file: &str, fence: &Fence, declared: &Table) -> Result<DataFrame, RuleError> {
    let (header, records) = records(file, fence)?;
    let mut cells: BTreeMap<&str, Vec<AnyValue<'static>>> = BTreeMap::new();
    for (at, name) in header.iter().enumerate() {
        let Some(column) = declared.column(name) else {
            let known: Vec<&str> = declared.columns.iter().map(|c| c.name).collect();
            return Err(RuleError::at(file, fence.line, format!("table {} has no column {name:?}", declared.name))
                .help(suggestion(name, &known, "`surgeon tables show` lists the columns of each table")));
        };
        let mut values = Vec::with_capacity(records.len());
        for (line, record) in &records {
            let text = record.get(at).unwrap_or_default();
            values.push(value(text, column.kind).ok_or_else(|| {
                RuleError::at(file, *line, format!("{name} is {text:?}, not {}", column.kind.word()))
            })?);
        }
        cells.insert(column.name, values);
    }
    let build = || -> PolarsResult<DataFrame> {
        let mut columns = Vec::with_capacity(declared.columns.len());
        for column in declared.columns {
            let nulls = || vec![AnyValue::Null; records.len()];
            let values = cells.get(column.name).cloned().unwrap_or_else(nulls);
            columns.push(run::column(column.name, &values, &column.kind.engine())?);
        }
        DataFrame::new(records.len(), columns)
    };
    build().map_err(|failure| RuleError::at(file, fence.line, format!("table {}: {failure}", declared.name)))
}

/// A cell as a value of the column's type; `None` when it is of another.
fn value(text: &str, kind: ColumnType) -> Option<AnyValue<'static>> {
    if text.is_empty() {
        return Some(AnyValue::Null);
    }
    Some(match kind {
        ColumnType::Text => AnyValue::StringOwned(text.into()),
        ColumnType::Integer => AnyValue::Int64(text.parse().ok()?),
        ColumnType::Decimal => run::decimal_value(parse_decimal(text).ok()?),
        ColumnType::Boolean => AnyValue::Boolean(text.parse().ok()?),
        ColumnType::Date => {
            let days = midnight(text.parse::<Date>().ok()?).as_second().div_euclid(86_400);
            AnyValue::Date(i32::try_from(days).ok()?)
        }
        ColumnType::Time => AnyValue::Datetime(parse_time(text)?.as_microsecond(), TimeUnit::Microseconds, None),
    })
}

/// The columns that a `csv expect` fence names, by their places in the result, and its rows.
fn expected(rule: &Rule, fence: &Fence, columns: &[String]) -> Result<(Vec<usize>, Vec<Vec<String>>), RuleError> {
    let (header, records) = records(&rule.file, fence)?;
    let mut at = Vec::with_capacity(header.len());
    for name in &header {
        let Some(place) = columns.iter().position(|column| column == name) else {
            let known: Vec<&str> = columns.iter().map(String::as_str).collect();
            return Err(RuleError::at(&rule.file, fence.line, format!("the query returns no column {name:?}"))
                .help(suggestion(name, &known, "the query returns no columns")));
        };
        at.push(place);
    }
    let rows = records.iter().map(|(_, record)| record.iter().map(str::to_owned).collect()).collect();
    Ok((at, rows))
}
