//! Columns of evidence as a declared table.
//!
//! Knows: declared types. Does not know: what a figure means.

use polars::prelude::{Column, DataFrame, Expr, IntoLazy, PolarsResult, col};
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

use crate::table::Table;

/// Places of shares, days and probabilities.
const PLACES: u32 = 6;

/// The columns in the order and with the types of the declaration.
pub(super) fn declared(table: &Table, columns: Vec<Column>) -> PolarsResult<DataFrame> {
    let typed: Vec<Expr> = table.columns.iter().map(|c| col(c.name).strict_cast(c.kind.engine())).collect();
    DataFrame::new_infer_height(columns)?.lazy().select(typed).collect()
}

/// A figure as an exact number, written as text, which the engine reads without loss.
pub(super) fn number(value: f64) -> Option<String> {
    Decimal::from_f64(value).map(|value| value.round_dp(PLACES).to_string())
}
