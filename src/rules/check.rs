//! What can be checked of a rule without data, by running it on empty typed tables.
//!
//! Knows: the contract's columns and their types, that the message renders. Does not know: the shape of the page and
//! what its SQL may name, which `page` and `guard` have checked before.

use std::collections::BTreeMap;

use polars::prelude::DataType;

use super::{Rule, RuleError, Strategy, run, suggestion};
use crate::table;

/// What a column of the contract may hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Boolean,
    Number,
}

/// The contract: name, kind, required.
const CONTRACT: &[(&str, Kind, bool)] = &[
    ("SubAccountId", Kind::Text, true),
    ("RegionId", Kind::Text, true),
    ("ResourceId", Kind::Text, true),
    ("Fires", Kind::Boolean, true),
    ("Meter", Kind::Text, false),
    ("Quantity", Kind::Number, false),
    ("NewMeter", Kind::Text, false),
    ("NewQuantity", Kind::Number, false),
    ("OffHours", Kind::Text, false),
    ("Once", Kind::Number, false),
    ("Commit", Kind::Text, false),
    ("Risk", Kind::Number, false),
    ("Level", Kind::Text, false),
];

/// Whether a column of the result is evidence: not one of the contract.
pub(super) fn is_evidence(column: &str) -> bool {
    !CONTRACT.iter().any(|(name, ..)| *name == column)
}

/// Checks the columns of the query's result and the message.
pub(super) fn check(rule: &Rule) -> Result<(), RuleError> {
    let result = run::execute(rule, &run::Tables::new())?;
    let mut columns: BTreeMap<&str, &DataType> = BTreeMap::new();
    for column in result.columns() {
        columns.insert(column.name().as_str(), column.dtype());
    }
    contract(rule, &columns)?;
    units(rule, &columns)?;
    message(rule, &columns)
}

fn error(rule: &Rule, message: String) -> RuleError {
    RuleError::at(&rule.file, rule.query_line, message)
}

fn number(kind: &DataType) -> bool {
    kind.is_integer() || kind.is_float() || kind.is_decimal()
}

fn printable(kind: &DataType) -> bool {
    let other = matches!(kind, DataType::String | DataType::Boolean | DataType::Date | DataType::Datetime(..));
    other || number(kind) || kind.is_null()
}

fn contract(rule: &Rule, columns: &BTreeMap<&str, &DataType>) -> Result<(), RuleError> {
    for (name, kind, required) in CONTRACT {
        let Some(found) = columns.get(name) else {
            if *required {
                return Err(error(rule, format!("the result has no column {name}"))
                    .help("it needs SubAccountId, RegionId, ResourceId and Fires"));
            }
            continue;
        };
        let (fits, expected) = match kind {
            Kind::Text => (**found == DataType::String || found.is_null(), "text"),
            Kind::Boolean => (**found == DataType::Boolean, "true, false or null"),
            Kind::Number => (number(found) || found.is_null(), "a number"),
        };
        if !fits {
            return Err(error(rule, format!("column {name} is {found}, not {expected}")));
        }
    }
    match (rule.strategy == Strategy::Guard, columns.contains_key("Level")) {
        (true, false) => Err(error(rule, "a guard page without column Level".to_owned())
            .help("give 'critical', 'high', 'medium' or 'low' AS Level")),
        (false, true) => Err(error(rule, "column Level on a page that is no guard".to_owned())
            .help("savings have no level: they are ranked by money")),
        _ => match columns.iter().find(|(name, kind)| is_evidence(name) && !printable(kind)) {
            Some((name, kind)) => Err(error(rule, format!("evidence {name} is {kind}"))
                .help("evidence is a text, a number, true or false, a date or a time")),
            None => Ok(()),
        },
    }
}

fn units(rule: &Rule, columns: &BTreeMap<&str, &DataType>) -> Result<(), RuleError> {
    for name in rule.units.keys() {
        if !is_evidence(name) || !columns.contains_key(name.as_str()) {
            let evidence: Vec<&str> = columns.keys().copied().filter(|name| is_evidence(name)).collect();
            return Err(RuleError::at(
                &rule.file,
                rule.message_line,
                format!("[units] names {name}, which is no evidence"),
            )
            .help(suggestion(name, &evidence, "the query returns no evidence")));
        }
        if table::unit_of(name).is_some() {
            return Err(RuleError::at(
                &rule.file,
                rule.message_line,
                format!("[units] names {name}, whose unit is declared"),
            )
            .help("its unit comes from the data dictionary"));
        }
    }
    Ok(())
}

/// The message renders against the query's own columns and the parameters.
fn message(rule: &Rule, columns: &BTreeMap<&str, &DataType>) -> Result<(), RuleError> {
    let mut values: BTreeMap<String, minijinja::Value> = BTreeMap::new();
    for parameter in &rule.parameters {
        values.insert(parameter.name.clone(), run::parameter_in_message(&parameter.value));
    }
    for (name, kind) in columns {
        let dummy = if number(kind) {
            minijinja::Value::from(1)
        } else if **kind == DataType::Boolean {
            minijinja::Value::from(true)
        } else {
            minijinja::Value::from("text")
        };
        values.insert((*name).to_owned(), dummy);
    }
    let known: Vec<&str> = values.keys().map(String::as_str).collect();
    if let Some(word) = run::unknown_in_message(rule, &known)? {
        return Err(RuleError::at(&rule.file, rule.message_line, format!("the message names {word}"))
            .help(suggestion(&word, &known, "it can name the query's columns and the parameters")));
    }
    run::message(rule, values).map(|_| ())
}
