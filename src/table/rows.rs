//! Rows as they come, and the typed table that they make.
//!
//! Knows: cells of the declared types. Does not know: what a column means.

use jiff::Timestamp;
use polars::prelude::{Column as EngineColumn, DataFrame, PolarsResult};
use rust_decimal::Decimal;

use super::{ColumnType, DECIMAL, TIME, Table};
use crate::money::PLACES;

/// A cell; `None` is unknown.
#[derive(Clone, PartialEq, Debug)]
pub enum Cell {
    /// Text.
    Text(Option<String>),
    /// Whole number.
    Integer(Option<i64>),
    /// Exact number.
    Exact(Option<Decimal>),
    /// Time.
    Time(Option<Timestamp>),
    /// True or false.
    Boolean(Option<bool>),
}

/// A row of a declared table.
pub trait Row {
    /// The table.
    const TABLE: &'static Table;

    /// Its cells, in the order of the table's columns.
    fn cells(self) -> Vec<Cell>;
}

/// Rows of one table.
#[derive(Clone, PartialEq, Debug)]
pub struct Rows {
    /// The table.
    pub table: &'static Table,
    rows: Vec<Vec<Cell>>,
}

impl PartialEq for Table {
    fn eq(&self, other: &Table) -> bool {
        self.name == other.name
    }
}

impl Rows {
    /// Of a declared table.
    #[must_use]
    pub fn of<R: Row>(rows: Vec<R>) -> Rows {
        Rows { table: R::TABLE, rows: rows.into_iter().map(Row::cells).collect() }
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Takes in more of the same table.
    pub fn append(&mut self, mut more: Rows) {
        self.rows.append(&mut more.rows);
    }

    /// The table, its rows in the order of their cells: whoever answered first.
    ///
    /// # Errors
    /// When a cell is not of its column's type: a mistake of a declaration.
    pub fn frame(mut self) -> PolarsResult<DataFrame> {
        self.rows.sort_by_cached_key(|row| order(row));
        let height = self.rows.len();
        let mut columns: Vec<EngineColumn> = Vec::with_capacity(self.table.columns.len());
        for (at, declared) in self.table.columns.iter().enumerate() {
            let cells = self.rows.iter().map(|row| &row[at]);
            let name = declared.name.into();
            let column = match declared.kind {
                ColumnType::Text => EngineColumn::new(name, cells.map(Cell::text).collect::<Vec<_>>()),
                ColumnType::Boolean => EngineColumn::new(name, cells.map(Cell::boolean).collect::<Vec<_>>()),
                ColumnType::Integer => EngineColumn::new(name, cells.map(Cell::integer).collect::<Vec<_>>()),
                ColumnType::Time => {
                    EngineColumn::new(name, cells.map(Cell::integer).collect::<Vec<_>>()).cast(&TIME)?
                }
                ColumnType::Decimal => {
                    EngineColumn::new(name, cells.map(Cell::number).collect::<Vec<_>>()).strict_cast(&DECIMAL)?
                }
                ColumnType::Date => EngineColumn::full_null(name, height, &declared.kind.engine()),
            };
            columns.push(column);
        }
        DataFrame::new(height, columns)
    }
}

/// Cells as text, for a stable order.
fn order(row: &[Cell]) -> Vec<String> {
    row.iter().map(|cell| format!("{cell:?}")).collect()
}

impl Cell {
    fn text(&self) -> Option<&str> {
        match self {
            Cell::Text(text) => text.as_deref(),
            _ => None,
        }
    }

    fn boolean(&self) -> Option<bool> {
        match self {
            Cell::Boolean(flag) => *flag,
            _ => None,
        }
    }

    /// Microseconds of a time.
    fn integer(&self) -> Option<i64> {
        match self {
            Cell::Integer(number) => *number,
            Cell::Time(time) => time.map(Timestamp::as_microsecond),
            _ => None,
        }
    }

    /// Digits, which the engine reads exactly.
    fn number(&self) -> Option<String> {
        match self {
            Cell::Exact(number) => number.map(|number| number.round_dp(PLACES).to_string()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::TABLES;
    use crate::table::inventory::{Metric, Volume};
    use crate::table::read::{dates, integers, numbers, texts};

    #[test]
    fn rows_become_the_declared_table_in_a_stable_order() {
        let volume = |id: &str, size: &str| Volume {
            account: "111122223333".into(),
            region: "eu-west-1".into(),
            id: id.into(),
            size: Some(size.parse().unwrap()),
            created: Some("2026-10-01T12:00:00Z".parse().unwrap()),
            attachments: Some(0),
            ..Volume::default()
        };
        let table = |rows: Vec<Volume>| Rows::of(rows).frame().unwrap();
        let frame = table(vec![volume("vol-2", "8"), volume("vol-1", "100.5")]);
        assert_eq!(frame.schema().as_ref(), &Volume::TABLE.schema());
        assert_eq!(texts(&frame, "ResourceId"), [Some("vol-1".into()), Some("vol-2".into())]);
        assert_eq!(numbers(&frame, "SizeGiB")[0], Some("100.5".parse().unwrap()));
        assert_eq!(dates(&frame, "CreateTime")[0].as_deref(), Some("2026-10-01"));
        assert_eq!((integers(&frame, "Attachments")[0], texts(&frame, "InstanceId")[0].clone()), (Some(0), None));
        assert!(frame.equals_missing(&table(vec![volume("vol-1", "100.5"), volume("vol-2", "8")])));
        assert!(table(Vec::new()).equals_missing(&Volume::TABLE.empty()));
    }

    #[test]
    fn a_row_has_the_cells_of_its_table() {
        assert_eq!(Metric::default().cells().len(), Metric::TABLE.columns.len());
        assert!(TABLES.iter().any(|table| table.name == "resource_metrics"));
    }
}
