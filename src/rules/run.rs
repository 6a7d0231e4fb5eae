//! From tables to verdicts: runs the query and reads its rows.
//!
//! Knows: the engine, three-valued `Fires`, how a row becomes a change. Does not know: which tables exist (it takes
//! what it is given) and what anything costs.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use minijinja::value::ValueKind;
use minijinja::{Environment, UndefinedBehavior, Value};
use polars::prelude::{AnyValue, Column, DataFrame, DataType, IntoLazy, PolarsError, PolarsResult, Series, TimeUnit};
use polars::sql::SQLContext;
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

use super::check::is_evidence;
use super::constants::CONSTANTS;
use super::{ParameterValue, Rule, RuleError, suggestion};
use crate::finding::{Change, Evidence, Finding, Level, Verb, Verdicts};
use crate::id::{FindingId, Meter, Target, canonical_resource_id};
use crate::money::{PLACES, decimal_to_atoms, parse_decimal};
use crate::period::OffHours;
use crate::prices::Term;
use crate::table;

/// Tables by name. One that is absent is unknown, which is not the same as empty.
pub type Tables = BTreeMap<String, DataFrame>;

/// A value of the result.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Cell {
    Null,
    Boolean(bool),
    Number(Decimal),
    Text(String),
}

impl Cell {
    /// The value as printed; `None` is unknown.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Cell::Null => None,
            Cell::Boolean(flag) => Some(flag.to_string()),
            Cell::Number(number) => Some(number.normalize().to_string()),
            Cell::Text(text) => Some(text.clone()),
        }
    }
}

/// The rows of a result, sorted by target and then by all columns, so that the engine's order does not matter.
pub(super) struct Rows {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Row>,
}

pub(super) struct Row {
    target: Target,
    pub(super) cells: Vec<Cell>,
    /// Its place after sorting, 1 is the first.
    number: usize,
}

/// Judges everything that the rule's query examines.
///
/// A table that the rule needs and that is absent makes the scope unknown: nobody could look.
///
/// # Errors
/// The query fails on these tables, or a row breaks the contract; the error names page and row.
pub fn judge(rule: &Rule, tables: &Tables) -> Result<Verdicts, RuleError> {
    let mut verdicts = Verdicts { rule: rule.id.clone(), findings: Vec::new(), clean: Vec::new(), unknown: Vec::new() };
    if rule.tables.iter().any(|name| !tables.contains_key(name)) {
        verdicts.unknown.push(Target { account: None, region: None, resource: None });
        return Ok(verdicts);
    }
    let result = rows(rule, tables)?;
    let mut by_target: BTreeMap<&Target, Vec<&Row>> = BTreeMap::new();
    for row in &result.rows {
        by_target.entry(&row.target).or_default().push(row);
    }
    for (target, rows) in by_target {
        let says = |row: &&Row| result.cell(row, "Fires").cloned().unwrap_or(Cell::Null);
        let firing: Vec<&Row> = rows.iter().copied().filter(|row| says(row) == Cell::Boolean(true)).collect();
        // Corrections can outweigh what was used: what is less than nothing today cannot be judged.
        let corrected = |row: &&Row| result.number(row, "Quantity").is_some_and(|q| q < Decimal::ZERO);
        if firing.iter().any(corrected) {
            verdicts.unknown.push(target.clone());
        } else if !firing.is_empty() {
            verdicts.findings.push(finding(rule, &result, target, &firing)?);
        } else if rows.iter().any(|row| says(row) == Cell::Null) {
            verdicts.unknown.push(target.clone());
        } else {
            verdicts.clean.push(target.clone());
        }
    }
    Ok(verdicts)
}

/// Runs the query and reads its rows.
pub(super) fn rows(rule: &Rule, tables: &Tables) -> Result<Rows, RuleError> {
    let frame = execute(rule, tables)?;
    let columns: Vec<String> = frame.columns().iter().map(|column| column.name().to_string()).collect();
    let mut rows = Vec::with_capacity(frame.height());
    for index in 0..frame.height() {
        let mut cells = Vec::with_capacity(columns.len());
        for column in frame.columns() {
            let value = column.get(index).map_err(|failure| refused(rule, &failure))?;
            cells.push(cell(&value).ok_or_else(|| {
                let message = format!(
                    "row {} of the result: {} is {value}, which no exact number can hold",
                    index + 1,
                    column.name()
                );
                RuleError::at(&rule.file, rule.query_line, message)
            })?);
        }
        let part = |name: &str| {
            let at = columns.iter().position(|column| column == name)?;
            cells[at].text().filter(|text| !text.is_empty())
        };
        let target = Target {
            account: part("SubAccountId"),
            region: part("RegionId"),
            resource: part("ResourceId").and_then(|id| canonical_resource_id(&id)),
        };
        rows.push(Row { target, cells, number: 0 });
    }
    rows.sort_by_cached_key(|row| (row.target.clone(), row.cells.iter().map(Cell::text).collect::<Vec<_>>()));
    for (index, row) in rows.iter_mut().enumerate() {
        row.number = index + 1;
    }
    Ok(Rows { columns, rows })
}

impl Rows {
    fn cell<'r>(&self, row: &'r Row, name: &str) -> Option<&'r Cell> {
        self.columns.iter().position(|column| column == name).and_then(|at| row.cells.get(at))
    }

    fn text(&self, row: &Row, name: &str) -> Option<String> {
        self.cell(row, name).and_then(Cell::text)
    }

    fn number(&self, row: &Row, name: &str) -> Option<Decimal> {
        match self.cell(row, name) {
            Some(Cell::Number(number)) => Some(*number),
            _ => None,
        }
    }
}

fn finding(rule: &Rule, result: &Rows, target: &Target, firing: &[&Row]) -> Result<Finding, RuleError> {
    let mut changes = Vec::new();
    let mut level: Option<Level> = None;
    let mut risk: Option<Decimal> = None;
    for row in firing {
        changes_of(rule, result, row, &mut changes)?;
        if result.columns.iter().any(|column| column == "Level") {
            let word = result.text(row, "Level").unwrap_or_default();
            let found = Level::parse(&word)
                .ok_or_else(|| wrong(rule, row, format!("Level is {word:?}, not critical, high, medium or low")))?;
            level = level.max(Some(found));
        }
        if let Some(probability) = result.number(row, "Risk") {
            if probability < Decimal::ZERO || probability > Decimal::ONE {
                return Err(wrong(rule, row, format!("Risk is {}, not between 0 and 1", probability.normalize())));
            }
            risk = risk.max(Some(probability));
        }
    }
    let mut evidence = Vec::new();
    let mut values: BTreeMap<String, Value> = BTreeMap::new();
    for parameter in &rule.parameters {
        values.insert(parameter.name.clone(), parameter_in_message(&parameter.value));
    }
    if let Some(first) = firing.first() {
        for (name, cell) in result.columns.iter().zip(&first.cells) {
            values.insert(name.clone(), in_message(cell));
            if is_evidence(name) {
                let unit = match rule.units.get(name) {
                    Some(unit) => unit.as_str(),
                    None => table::unit_of(name).unwrap_or_default(),
                };
                evidence.push(Evidence { name: name.clone(), value: cell.text(), unit: unit.to_owned() });
            }
        }
    }
    Ok(Finding {
        id: FindingId::new(&rule.id, target),
        rule: rule.id.clone(),
        target: target.clone(),
        changes,
        evidence,
        message: message(rule, values)?,
        level,
        risk,
    })
}

fn wrong(rule: &Rule, row: &Row, message: String) -> RuleError {
    RuleError::at(&rule.file, rule.query_line, format!("row {} of the result ({}): {message}", row.number, row.target))
}

/// One row is one verb; a one-off cost beside it is a change of its own.
fn changes_of(rule: &Rule, result: &Rows, row: &Row, changes: &mut Vec<Change>) -> Result<(), RuleError> {
    let meter = result.text(row, "Meter").map(Meter);
    let quantity = result.number(row, "Quantity");
    let new_meter = result.text(row, "NewMeter").map(Meter);
    let new_quantity = result.number(row, "NewQuantity");
    let off_hours = result.text(row, "OffHours");
    let once = result.number(row, "Once");
    for (name, amount) in [("NewQuantity", new_quantity), ("Once", once)] {
        if let Some(amount) = amount.filter(|amount| *amount < Decimal::ZERO) {
            return Err(wrong(rule, row, format!("{name} is {}, less than nothing", amount.normalize())));
        }
    }
    if let Some(text) = result.text(row, "Commit") {
        let term: Term = text.parse().map_err(|e| wrong(rule, row, format!("Commit: {e}")))?;
        if term == Term::OnDemand || new_meter.is_some() || new_quantity.is_some() || off_hours.is_some() {
            let why = "Commit is on demand, or beside NewMeter, NewQuantity or OffHours: one row is one verb";
            return Err(wrong(rule, row, why.to_owned()));
        }
        changes.push(Change { meter, quantity, verb: Verb::Commit(term), row: row.number });
        return Ok(());
    }
    let gone = new_meter.is_none() && new_quantity.is_some_and(|amount| amount.is_zero());
    let nothing_today = quantity.is_some_and(|amount| amount.is_zero());
    let verb = if let Some(marks) = off_hours {
        if new_meter.is_some() || new_quantity.is_some() {
            return Err(wrong(rule, row, "OffHours beside NewMeter or NewQuantity: one row is one verb".to_owned()));
        }
        let hours = OffHours::parse(&marks).ok_or_else(|| {
            wrong(rule, row, format!("OffHours has {} marks, not 168 of 0 and 1", marks.chars().count()))
        })?;
        Some(Verb::Mask(hours))
    } else if gone && nothing_today {
        // An addition of nothing, such as IOPS above what is included when there are none.
        None
    } else if gone {
        Some(Verb::Drop)
    } else if new_meter.is_some() || new_quantity.is_some() {
        if meter.is_none() {
            return Err(wrong(rule, row, "NewMeter or NewQuantity without Meter".to_owned()));
        }
        Some(Verb::Swap { meter: new_meter, quantity: new_quantity })
    } else {
        None
    };
    if let Some(verb) = verb {
        changes.push(Change { meter: meter.clone(), quantity, verb, row: row.number });
    }
    if let Some(amount) = once.filter(|amount| !amount.is_zero()) {
        if meter.is_none() {
            return Err(wrong(rule, row, "Once without Meter".to_owned()));
        }
        changes.push(Change { meter, quantity: None, verb: Verb::Once(amount), row: row.number });
    }
    Ok(())
}

/// The engine plans by recursion: a page with many steps needs more than the 2 MiB that a thread has by default.
const STACK_BYTES: usize = 64 << 20;

/// Runs the query. Tables that are not given are empty.
pub(super) fn execute(rule: &Rule, tables: &Tables) -> Result<DataFrame, RuleError> {
    let failed = |what: &str| RuleError::at(&rule.file, rule.query_line, format!("the query {what}"));
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().stack_size(STACK_BYTES);
        let thread =
            builder.spawn_scoped(scope, || run(rule, tables)).map_err(|e| failed(&format!("has no thread: {e}")))?;
        thread.join().unwrap_or_else(|_| Err(failed("makes the engine panic")))
    })
}

fn run(rule: &Rule, tables: &Tables) -> Result<DataFrame, RuleError> {
    let mut context = SQLContext::new();
    for name in &rule.tables {
        let frame = match (tables.get(name), table::find(name)) {
            (Some(frame), _) => frame.clone(),
            (None, Some(declared)) => declared.empty(),
            (None, None) => continue,
        };
        context.register(name, frame.lazy());
    }
    collect(rule, &mut context).map_err(|failure| refused(rule, &failure))
}

fn collect(rule: &Rule, context: &mut SQLContext) -> PolarsResult<DataFrame> {
    context.register("params", parameters(rule)?.lazy());
    context.register("constants", constants()?.lazy());
    context.execute(&rule.query)?.collect()
}

fn parameters(rule: &Rule) -> PolarsResult<DataFrame> {
    let mut columns = Vec::with_capacity(rule.parameters.len());
    for parameter in &rule.parameters {
        let (value, kind) = match &parameter.value {
            ParameterValue::Integer(number) => (AnyValue::Int64(*number), DataType::Int64),
            ParameterValue::Decimal(number) => (decimal_value(*number), DataType::Decimal(38, PLACES as usize)),
            ParameterValue::Text(text) => (AnyValue::StringOwned(text.as_str().into()), DataType::String),
            ParameterValue::Boolean(flag) => (AnyValue::Boolean(*flag), DataType::Boolean),
        };
        columns.push(column(&parameter.name, &[value], &kind)?);
    }
    if columns.is_empty() {
        // A table of one row has a column, and a page may join `params` out of habit.
        columns.push(column("x_no_parameters", &[AnyValue::Boolean(true)], &DataType::Boolean)?);
    }
    DataFrame::new(1, columns)
}

fn constants() -> PolarsResult<DataFrame> {
    let mut columns = Vec::with_capacity(CONSTANTS.len());
    for constant in CONSTANTS {
        columns.push(column(constant.name, &[AnyValue::Int64(constant.value)], &DataType::Int64)?);
    }
    DataFrame::new(1, columns)
}

/// A column of values that already have its type, or are null.
pub(super) fn column(name: &str, values: &[AnyValue], kind: &DataType) -> PolarsResult<Column> {
    Series::from_any_values_and_dtype(name.into(), values, kind, true).map(Column::from)
}

/// A decimal as the engine stores it.
pub(super) fn decimal_value(number: Decimal) -> AnyValue<'static> {
    AnyValue::Decimal(decimal_to_atoms(number), 38, PLACES as usize)
}

/// The engine's error in one line, with the page's line where the engine names a column.
fn refused(rule: &Rule, failure: &PolarsError) -> RuleError {
    let text = failure.to_string();
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut line = words.join(" ");
    if let Some((cut, _)) = line.char_indices().nth(240) {
        line.truncate(cut);
        line.push('…');
    }
    let names =
        |quote: char| text.split(quote).nth(1).filter(|name| name.chars().all(|c| c.is_alphanumeric() || c == '_'));
    let name = names('"').or_else(|| names('\'')).filter(|name| !name.is_empty());
    let at = name.and_then(|name| rule.query.lines().position(|line| line.contains(name))).unwrap_or(0);
    let error = RuleError::at(&rule.file, rule.query_line + at, format!("the query fails: {line}"));
    let mut known: Vec<&str> =
        rule.tables.iter().filter_map(|name| table::find(name)).flat_map(|t| t.columns).map(|c| c.name).collect();
    known.extend(rule.parameters.iter().map(|parameter| parameter.name.as_str()));
    known.extend(CONSTANTS.iter().map(|constant| constant.name));
    match name {
        Some(name) if !known.contains(&name) => {
            error.help(suggestion(name, &known, "`surgeon tables show` lists the columns of each table"))
        }
        _ => error.help("the engine is polars 0.55.2; `surgeon tables show` lists the columns and types of each table"),
    }
}

/// A value of the engine; `None` when it is not an exact number within range.
fn cell(value: &AnyValue) -> Option<Cell> {
    let float = |number: f64| parse_decimal(&format!("{number:e}")).ok();
    Some(match value {
        AnyValue::Null => Cell::Null,
        AnyValue::Boolean(flag) => Cell::Boolean(*flag),
        AnyValue::String(text) => Cell::Text((*text).to_owned()),
        AnyValue::StringOwned(text) => Cell::Text(text.to_string()),
        AnyValue::UInt8(number) => Cell::Number(Decimal::from(*number)),
        AnyValue::UInt16(number) => Cell::Number(Decimal::from(*number)),
        AnyValue::UInt32(number) => Cell::Number(Decimal::from(*number)),
        AnyValue::UInt64(number) => Cell::Number(Decimal::from(*number)),
        AnyValue::Int8(number) => Cell::Number(Decimal::from(*number)),
        AnyValue::Int16(number) => Cell::Number(Decimal::from(*number)),
        AnyValue::Int32(number) => Cell::Number(Decimal::from(*number)),
        AnyValue::Int64(number) => Cell::Number(Decimal::from(*number)),
        AnyValue::Int128(number) => Cell::Number(Decimal::try_from_i128_with_scale(*number, 0).ok()?),
        AnyValue::Float32(number) => Cell::Number(float(f64::from(*number))?),
        AnyValue::Float64(number) => Cell::Number(float(*number)?),
        AnyValue::Decimal(atoms, _, scale) => {
            Cell::Number(Decimal::try_from_i128_with_scale(*atoms, u32::try_from(*scale).ok()?).ok()?)
        }
        AnyValue::Date(days) => Cell::Text(
            Timestamp::from_second(i64::from(*days) * 86_400).ok()?.to_zoned(TimeZone::UTC).date().to_string(),
        ),
        AnyValue::Datetime(moment, unit, _) => Cell::Text(time(*moment, *unit)?),
        AnyValue::DatetimeOwned(moment, unit, _) => Cell::Text(time(*moment, *unit)?),
        other => Cell::Text(other.to_string()),
    })
}

fn time(moment: i64, unit: TimeUnit) -> Option<String> {
    let stamp = match unit {
        TimeUnit::Nanoseconds => Timestamp::from_microsecond(moment.div_euclid(1000)),
        TimeUnit::Microseconds => Timestamp::from_microsecond(moment),
        TimeUnit::Milliseconds => Timestamp::from_millisecond(moment),
    };
    stamp.ok().map(|stamp| stamp.to_string())
}

fn in_message(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::from(()),
        Cell::Boolean(flag) => Value::from(*flag),
        Cell::Number(number) => number_in_message(*number),
        Cell::Text(text) => Value::from(text.as_str()),
    }
}

/// A parameter's value for the message.
pub(super) fn parameter_in_message(value: &ParameterValue) -> Value {
    match value {
        ParameterValue::Integer(number) => Value::from(*number),
        ParameterValue::Decimal(number) => number_in_message(*number),
        ParameterValue::Text(text) => Value::from(text.as_str()),
        ParameterValue::Boolean(flag) => Value::from(*flag),
    }
}

/// Only for a sentence that people read: no figure is computed from it.
fn number_in_message(number: Decimal) -> Value {
    match number.normalize() {
        whole if whole.scale() == 0 => whole.to_i64().map_or_else(|| Value::from(whole.to_string()), Value::from),
        broken => broken.to_f64().map_or_else(|| Value::from(broken.to_string()), Value::from),
    }
}

/// Templates that read nothing but what they are given: no loader, no escaping, unknown names are errors. Numbers have
/// at most two places, null is `unknown`.
fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.set_formatter(|out, state, value| {
        if value.is_none() {
            return out.write_str("unknown").map_err(minijinja::Error::from);
        }
        if value.kind() == ValueKind::Number
            && let Ok(number) = parse_decimal(&value.to_string())
        {
            let rounded = number.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero).normalize();
            return out.write_str(&rounded.to_string()).map_err(minijinja::Error::from);
        }
        minijinja::escape_formatter(out, state, value)
    });
    environment
}

fn unrendered(rule: &Rule, failure: &minijinja::Error) -> RuleError {
    let words = failure.to_string();
    let words: Vec<&str> = words.split_whitespace().collect();
    RuleError::at(&rule.file, rule.message_line, format!("the message does not render: {}", words.join(" ")))
        .help("it is a template: {{ Column }} and {{ parameter }}")
}

/// A name in the message that is not known.
pub(super) fn unknown_in_message(rule: &Rule, known: &[&str]) -> Result<Option<String>, RuleError> {
    let environment = environment();
    let template = environment.template_from_str(&rule.message).map_err(|failure| unrendered(rule, &failure))?;
    let named: BTreeSet<String> = template.undeclared_variables(false).into_iter().collect();
    Ok(named.into_iter().find(|name| !known.contains(&name.as_str())))
}

/// Renders the rule's message.
pub(super) fn message(rule: &Rule, values: BTreeMap<String, Value>) -> Result<String, RuleError> {
    let environment = environment();
    let template = environment.template_from_str(&rule.message).map_err(|failure| unrendered(rule, &failure))?;
    let text = template.render(values).map_err(|failure| unrendered(rule, &failure))?;
    // Names and tags come from the cloud and may hold line breaks.
    Ok(text.split_whitespace().collect::<Vec<_>>().join(" "))
}
