//! Columns of a table as ordinary values: where the engine's frames end.
//!
//! A missing column is unknown in every row, like a null. Does not know: what a column means.

use polars::prelude::{DataFrame, DataType};
use rust_decimal::Decimal;

use super::DECIMAL;
use crate::money::decimal_from_atoms;

/// A column as text; dates and numbers as the engine prints them.
#[must_use]
pub fn texts(frame: &DataFrame, name: &str) -> Vec<Option<String>> {
    let column = frame.column(name).and_then(|c| c.cast(&DataType::String));
    match column.as_ref().map(|c| c.str()) {
        Ok(Ok(texts)) => texts.iter().map(|t| t.map(str::to_owned)).collect(),
        _ => vec![None; frame.height()],
    }
}

/// Several text columns.
#[must_use]
pub fn columns_of<const N: usize>(frame: &DataFrame, names: [&str; N]) -> [Vec<Option<String>>; N] {
    names.map(|name| texts(frame, name))
}

/// Whole numbers; also days of dates and microseconds of times.
#[must_use]
pub fn integers(frame: &DataFrame, name: &str) -> Vec<Option<i64>> {
    let column = frame.column(name).and_then(|c| c.to_physical_repr().cast(&DataType::Int64));
    match column.as_ref().map(|c| c.i64()) {
        Ok(Ok(values)) => values.iter().collect(),
        _ => vec![None; frame.height()],
    }
}

/// Decimals as numbers of 1e-12 units.
#[must_use]
pub fn atoms(frame: &DataFrame, name: &str) -> Vec<Option<i128>> {
    let column = frame.column(name).and_then(|c| c.cast(&DECIMAL));
    match column.as_ref().map(|c| c.decimal()) {
        Ok(Ok(values)) => values.physical().iter().collect(),
        _ => vec![None; frame.height()],
    }
}

/// Decimals.
#[must_use]
pub fn numbers(frame: &DataFrame, name: &str) -> Vec<Option<Decimal>> {
    atoms(frame, name).into_iter().map(|a| a.and_then(|a| decimal_from_atoms(a).ok())).collect()
}

/// Times as dates, UTC.
#[must_use]
pub fn dates(frame: &DataFrame, name: &str) -> Vec<Option<String>> {
    let date = |m: i64| {
        jiff::Timestamp::from_microsecond(m).ok().map(|t| t.to_zoned(jiff::tz::TimeZone::UTC).date().to_string())
    };
    integers(frame, name).into_iter().map(|m| m.and_then(date)).collect()
}
