//! Facts beside prices that rules may read: what instance types have, what storage classes ask.
//!
//! Knows: the files, whose columns are named as the tables declare them. Does not know: prices, rules.

use std::collections::HashMap;

use polars::prelude::{AnyValue, DataFrame, PlSmallStr, PolarsResult, Series};
use rust_decimal::Decimal;

use super::shapes;
use crate::money::parse_decimal;
use crate::table::{Column, ColumnType, INSTANCE_TYPES, STORAGE_CLASSES, Table};

const STORAGE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/prices/storage-classes.csv"));

/// One record: column to text.
pub(super) type Row = HashMap<&'static str, &'static str>;

/// The tables `instance_types` and `storage_classes`, by name, as far as they are wanted.
///
/// # Errors
/// When a declaration and its file disagree: our bug, caught by a test.
pub fn fact_tables(wanted: impl Fn(&str) -> bool) -> PolarsResult<Vec<(String, DataFrame)>> {
    let mut tables = Vec::new();
    if wanted(INSTANCE_TYPES.name) {
        tables.push((INSTANCE_TYPES.name.into(), shapes::instance_types()?));
    }
    if wanted(STORAGE_CLASSES.name) {
        tables.push((STORAGE_CLASSES.name.into(), frame(&STORAGE_CLASSES, &records(STORAGE), written)?));
    }
    Ok(tables)
}

/// Records of one of our CSV files, comments left out. A field with a comma is quoted; none holds a quote.
pub(super) fn records(text: &'static str) -> Vec<Row> {
    let body_at = text.split_inclusive('\n').take_while(|l| l.starts_with('#')).map(str::len).sum();
    let mut lines = text.get(body_at..).unwrap_or_default().lines();
    let names: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    lines.map(|line| names.iter().copied().zip(fields(line)).collect()).collect()
}

fn fields(line: &'static str) -> Vec<&'static str> {
    let mut out = Vec::new();
    let mut rest = line;
    loop {
        let (field, tail) = match rest.strip_prefix('"').and_then(|r| r.split_once('"')) {
            Some((field, tail)) => (field, tail.strip_prefix(',')),
            None => rest.split_once(',').map_or((rest, None), |(field, tail)| (field, Some(tail))),
        };
        out.push(field);
        match tail {
            Some(tail) => rest = tail,
            None => return out,
        }
    }
}

/// A declared table from records, with each value by `value`.
pub(super) fn frame(
    table: &Table,
    rows: &[Row],
    value: impl Fn(&Column, &Row) -> AnyValue<'static>,
) -> PolarsResult<DataFrame> {
    let columns = table.columns.iter().map(|column| {
        let values: Vec<AnyValue<'_>> = rows.iter().map(|row| value(column, row)).collect();
        let name = PlSmallStr::from_static(column.name);
        Ok(Series::from_any_values_and_dtype(name, &values, &column.kind.engine(), true)?.into())
    });
    DataFrame::new(rows.len(), columns.collect::<PolarsResult<Vec<_>>>()?)
}

/// The value as it is written; empty is unknown.
pub(super) fn written(column: &Column, row: &Row) -> AnyValue<'static> {
    let Some(text) = row.get(column.name).copied().filter(|text| !text.is_empty()) else { return AnyValue::Null };
    match column.kind {
        ColumnType::Boolean => AnyValue::Boolean(text == "true"),
        ColumnType::Integer => text.parse().map_or(AnyValue::Null, AnyValue::Int64),
        ColumnType::Decimal => {
            parse_decimal(text).ok().and_then(atoms).map_or(AnyValue::Null, |v| AnyValue::Decimal(v, 38, 12))
        }
        _ => AnyValue::String(text),
    }
}

fn atoms(value: Decimal) -> Option<i128> {
    let scale = 12_u32.checked_sub(value.scale())?;
    value.mantissa().checked_mul(10_i128.checked_pow(scale)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prices::{PriceList, Term};
    use crate::table::read::{integers, texts};

    #[test]
    fn storage_classes_have_their_minimum_and_a_price() {
        let (_, frame) = fact_tables(|name| name == "storage_classes")
            .unwrap()
            .into_iter()
            .find(|(name, _)| name == "storage_classes")
            .unwrap();
        let days: Vec<(String, i64)> = texts(&frame, "StorageClass")
            .into_iter()
            .flatten()
            .zip(integers(&frame, "MinimumDays").into_iter().flatten())
            .filter(|(_, days)| *days > 0)
            .collect();
        let expected = [
            ("Standard-IA", 30),
            ("One Zone-IA", 30),
            ("Glacier Instant Retrieval", 90),
            ("Glacier Flexible Retrieval", 90),
            ("Glacier Deep Archive", 180),
        ];
        assert_eq!(days, expected.map(|(class, days)| (class.to_owned(), days)));
        for meter in texts(&frame, "Meter").into_iter().flatten() {
            let price =
                PriceList::embedded().price(&crate::id::Meter(meter.clone()), Some("eu-west-1"), &Term::OnDemand);
            assert!(price.is_some(), "{meter} has no price");
        }
    }

    #[test]
    fn every_file_has_the_columns_of_its_table() {
        for (table, text) in [(&STORAGE_CLASSES, STORAGE), (&INSTANCE_TYPES, shapes::SHAPES)] {
            let head = text.lines().find(|line| !line.starts_with('#')).unwrap();
            for name in head.split(',') {
                assert!(table.columns.iter().any(|column| column.name == name), "{}: {name}", table.name);
            }
        }
    }
}
