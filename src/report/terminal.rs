//! Tables and colour for the terminal.
//!
//! Knows: columns, widths, ANSI colours. Does not know: which columns there are; the template says so.

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{Cell, CellAlignment, Color, ColumnConstraint, ContentArrangement, LineStyle, Table};
use minijinja::{Environment, Error, ErrorKind, Value};

use super::filters::{given, money, percent, plain_text, whole};

/// Narrower than this, a table with three amounts cannot be read.
const MIN_WIDTH: u16 = 60;

/// Adds `table` and `paint` to an environment.
///
/// `rows | table([["Finding", "text", "id", "message"], ["Net", "money", "net"]])` prints one row for each item: a
/// header, a kind (`text`, `money`, `money-if-any`, `percent`, `count`) and the fields, one per line of the cell.
pub(super) fn register(environment: &mut Environment<'_>, width: u16, colour: bool) {
    environment.add_filter("table", move |rows: Vec<Value>, columns: Vec<Value>| -> Result<Value, Error> {
        let columns = columns.iter().map(Column::new).collect::<Result<Vec<_>, Error>>()?;
        draw(&rows, &columns, width.max(MIN_WIDTH), colour).map(Value::from_safe_string)
    });
    environment.add_filter("paint", move |text: String, style: String| -> Result<Value, Error> {
        let code = match style.as_str() {
            "bold" => "1",
            "good" => "1;32",
            "bad" => "1;31",
            "faint" => "2",
            _ => return Err(misuse("paint knows bold, good, bad and faint")),
        };
        let text = plain_text(&text);
        Ok(Value::from_safe_string(if colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text }))
    });
}

/// Text without control characters, its lines kept.
pub(super) fn uncontrolled(text: &str) -> String {
    text.chars().filter(|c| *c == '\n' || !c.is_control()).collect()
}

fn misuse(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Money,
    MoneyIfAny,
    Percent,
    Count,
}

struct Column {
    header: String,
    kind: Kind,
    fields: Vec<String>,
}

impl Column {
    fn new(value: &Value) -> Result<Column, Error> {
        let mut words = value.try_iter()?.map(|word| word.to_string());
        let header = words.next().ok_or_else(|| misuse("a column of a table has a header"))?;
        let kind = match words.next().as_deref() {
            Some("text") => Kind::Text,
            Some("money") => Kind::Money,
            Some("money-if-any") => Kind::MoneyIfAny,
            Some("percent") => Kind::Percent,
            Some("count") => Kind::Count,
            _ => return Err(misuse("a column of a table is text, money, money-if-any, percent or count")),
        };
        Ok(Column { header, kind, fields: words.collect() })
    }

    /// The fields of one row, a line each; fields that are null take no line.
    fn cell(&self, row: &Value) -> Result<String, Error> {
        let mut lines = Vec::new();
        for field in &self.fields {
            let value = row.get_attr(field)?;
            let text = given(&value)?;
            match self.kind {
                Kind::Text => lines.extend(text.map(|text| plain_text(&text))),
                Kind::Money => lines.push(money(&value)?),
                Kind::MoneyIfAny => lines.push(if text.is_some() { money(&value)? } else { "-".to_owned() }),
                Kind::Percent => lines.push(percent(&value)?),
                Kind::Count => lines.push(whole(&value)?),
            }
        }
        lines.retain(|line| !line.trim().is_empty());
        Ok(if lines.is_empty() { "-".to_owned() } else { lines.join("\n") })
    }
}

/// A table of plain texts: headers with whether their column is a number, and the rows.
pub(super) fn grid(headers: &[(&str, bool)], rows: &[Vec<String>], width: u16) -> String {
    let mut table = Table::new();
    let style = UTF8_HORIZONTAL_ONLY.header_separator(LineStyle::none().fill('─').junction('─'));
    table.load_style(style.row_separator(LineStyle::none()));
    table.force_no_tty().set_width(width.max(MIN_WIDTH)).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(headers.iter().map(|(header, _)| *header).collect::<Vec<_>>());
    for row in rows {
        table.add_row(row.iter().map(|text| plain_text(text)).collect::<Vec<String>>());
    }
    for (index, (_, number)) in headers.iter().enumerate() {
        if let Some(column) = table.column_mut(index).filter(|_| *number) {
            column.set_cell_alignment(CellAlignment::Right);
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    table.trim_fmt()
}

fn draw(rows: &[Value], columns: &[Column], width: u16, colour: bool) -> Result<String, Error> {
    let mut table = Table::new();
    let tall = columns.iter().any(|column| column.fields.len() > 1);
    let style = UTF8_HORIZONTAL_ONLY.header_separator(LineStyle::none().fill('─').junction('─'));
    table.load_style(if tall { style } else { style.row_separator(LineStyle::none()) });
    table.force_no_tty().set_width(width).set_content_arrangement(ContentArrangement::Dynamic);
    if colour {
        table.enforce_styling();
    }
    table.set_header(columns.iter().map(|column| plain_text(&column.header)).collect::<Vec<String>>());
    for row in rows {
        let mut cells = Vec::with_capacity(columns.len());
        for column in columns {
            let text = column.cell(row)?;
            let unpriced = text == "unpriced";
            let cell = Cell::new(text);
            cells.push(match column.kind {
                Kind::Money if unpriced => cell.fg(Color::Yellow),
                Kind::Money => cell.fg(Color::Green),
                _ => cell,
            });
        }
        table.add_row(cells);
    }
    for (index, column) in columns.iter().enumerate() {
        if let Some(drawn) = table.column_mut(index).filter(|_| column.kind != Kind::Text) {
            drawn.set_cell_alignment(CellAlignment::Right);
            drawn.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    Ok(table.trim_fmt())
}
