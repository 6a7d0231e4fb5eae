//! From a billing file to its copy: CSV record by record, Parquet in batches as the text that the CSV exports have.
//!
//! Knows: how Parquet spells maps, times and numbers, so that the copy reads the same. Does not know: what may pass.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use polars::prelude::{DataFrame, DataType, Engine, Expr, Field, IdxSize, TimeUnit, col, element, lit};

use super::RedactError;
use super::policy::{Column, Context, Policy, plain};
use crate::billing::{BillFile, Container, Format};
use crate::pseudonym::Pseudonyms;
use crate::table::read::{atoms, integers, texts};
use crate::table::{DECIMAL, TIME};

/// Rows of a Parquet file held at once.
const BATCH: IdxSize = 50_000;
/// Between the parts of a list while they pass through the engine.
const BETWEEN: &str = "\u{1f}";

/// Writes the copy of a file; the names of the columns that passed.
pub(super) fn copy(file: &BillFile, path: &Path, names: &mut Pseudonyms) -> Result<Vec<String>, RedactError> {
    let io = |source| RedactError::Io { file: path.display().to_string(), source };
    let out = BufWriter::new(File::create(path).map_err(io)?);
    if file.container == Container::Csv {
        let (mut out, passed) = rows(file, path, out, names)?;
        out.flush().map_err(io)?;
        return Ok(passed);
    }
    let (out, passed) = rows(file, path, GzEncoder::new(out, Compression::default()), names)?;
    out.finish().and_then(|mut out| out.flush()).map_err(io)?;
    Ok(passed)
}

/// The bytes of a CSV file, inflated.
pub(super) fn inflated(path: &Path, container: Container) -> std::io::Result<Box<dyn Read>> {
    let raw = BufReader::new(File::open(path)?);
    let bytes: Box<dyn Read> = match container {
        Container::CsvGz => Box::new(MultiGzDecoder::new(raw)),
        _ => Box::new(raw),
    };
    Ok(bytes)
}

fn rows<W: Write>(
    file: &BillFile,
    path: &Path,
    out: W,
    names: &mut Pseudonyms,
) -> Result<(W, Vec<String>), RedactError> {
    let unwritten = |source| RedactError::Csv { file: path.display().to_string(), source };
    let sources = sources(file);
    let headers: Vec<&str> = match file.container {
        Container::Parquet => sources.iter().map(|source| source.header.as_str()).collect(),
        _ => file.columns.iter().map(String::as_str).collect(),
    };
    let mut rows = Rows::new(&headers, names, out);
    rows.head().map_err(unwritten)?;
    match file.container {
        Container::Parquet => {
            let selected: Vec<Expr> =
                sources.iter().enumerate().flat_map(|(place, source)| source.select(place)).collect();
            let mut from = 0_i64;
            loop {
                let batch = file.scan()?.slice(from, BATCH).select(selected.clone());
                let frame = batch.collect_with_engine(Engine::Streaming).map(|result| result.unwrap_single());
                let frame = frame.map_err(|e| {
                    let message = e.to_string().lines().next().unwrap_or_default().to_owned();
                    RedactError::Engine { file: file.name.clone(), message }
                })?;
                let columns: Vec<Vec<String>> =
                    sources.iter().enumerate().map(|(place, source)| source.texts(&frame, place)).collect();
                for row in 0..frame.height() {
                    let field = |place: usize| columns.get(place).and_then(|c| c.get(row)).map_or("", String::as_str);
                    rows.write(field).map_err(unwritten)?;
                }
                if frame.height() < BATCH as usize {
                    break;
                }
                from += i64::from(BATCH);
            }
        }
        container => {
            let unread = |source| RedactError::Csv { file: file.name.clone(), source };
            let bytes = inflated(&file.path, container).map_err(|e| unread(e.into()))?;
            // The byte pass has counted fields: a shorter record was accepted, and its missing fields are empty.
            let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
            let mut record = csv::StringRecord::new();
            while reader.read_record(&mut record).map_err(unread)? {
                rows.write(|place| record.get(place).unwrap_or_default()).map_err(unwritten)?;
            }
        }
    }
    let passed = rows.columns.iter().filter(|column| column.policy == Policy::Pass);
    let passed = passed.map(|column| column.header.clone()).collect();
    let out = rows.out.into_inner().map_err(|e| unwritten(e.into_error().into()))?;
    Ok((out, passed))
}

/// What is written, row by row.
struct Rows<'a, W: Write> {
    columns: Vec<Column>,
    provider: Option<usize>,
    service: Option<usize>,
    region: Option<usize>,
    names: &'a mut Pseudonyms,
    out: csv::Writer<W>,
}

impl<'a, W: Write> Rows<'a, W> {
    fn new(headers: &[&str], names: &'a mut Pseudonyms, out: W) -> Self {
        let place = |wanted: &[&str]| wanted.iter().find_map(|name| headers.iter().position(|header| header == name));
        Rows {
            provider: place(&["ProviderName", "ServiceProviderName", "HostProviderName", "PublisherName"]),
            service: place(&["ServiceName", "product/ProductName", "product_product_name"]),
            region: place(&["RegionId", "product/regionCode", "product_region_code"]),
            columns: headers.iter().map(|header| Column::new(header, names)).collect(),
            names,
            out: csv::Writer::from_writer(out),
        }
    }

    fn head(&mut self) -> csv::Result<()> {
        self.out.write_record(self.columns.iter().map(|column| column.header.as_str()))
    }

    fn write<'r>(&mut self, field: impl Fn(usize) -> &'r str) -> csv::Result<()> {
        let at = |place: Option<usize>| place.map_or("", &field);
        // CUR has no provider: it is AWS's own.
        let aws = self.provider.is_none_or(|place| {
            let provider = field(place);
            provider.starts_with("AWS") || provider == "Amazon Web Services"
        });
        let row = Context { aws, service: at(self.service), region: at(self.region) };
        for (place, column) in self.columns.iter_mut().enumerate() {
            self.out.write_field(column.redact(field(place), &row, self.names))?;
        }
        self.out.write_record(None::<&[u8]>)
    }
}

/// A column of the copy of a Parquet file.
struct Source {
    header: String,
    value: Expr,
    reading: Reading,
}

/// How its values become text.
enum Reading {
    Text,
    /// A number that is an account: its zeros come back.
    Account,
    Number,
    /// The type in which its microseconds are counted.
    Time(DataType),
    /// A list of records: entries of a map, or credits.
    Records(Vec<Field>),
    /// A record as a map of its fields.
    Object(Vec<Field>),
}

/// The columns of a file. Records of Google's exports are flat in CSV, with dots in their names.
fn sources(file: &BillFile) -> Vec<Source> {
    let mut sources = Vec::new();
    for name in &file.columns {
        match file.schema.get(name) {
            Some(DataType::Struct(fields)) if file.format == Format::Gcp => {
                sources.extend(fields.iter().map(|field| {
                    let value = col(name.as_str()).struct_().field_by_name(field.name());
                    Source::new(format!("{name}.{}", field.name()), value, field.dtype())
                }));
            }
            Some(kind) => sources.push(Source::new(name.clone(), col(name.as_str()), kind)),
            None => {}
        }
    }
    sources
}

impl Source {
    fn new(header: String, value: Expr, kind: &DataType) -> Self {
        let reading = match kind {
            kind if kind.is_float() || kind.is_decimal() => Reading::Number,
            kind if kind.is_integer() && plain(&header).ends_with("accountid") => Reading::Account,
            DataType::Datetime(_, zone) => Reading::Time(DataType::Datetime(TimeUnit::Microseconds, zone.clone())),
            DataType::Date => Reading::Time(TIME),
            DataType::Struct(fields) => Reading::Object(fields.clone()),
            DataType::List(inner) => match inner.as_ref() {
                DataType::Struct(fields) => Reading::Records(fields.clone()),
                _ => Reading::Text,
            },
            _ => Reading::Text,
        };
        Source { header, value, reading }
    }

    /// What the engine is asked for.
    fn select(&self, place: usize) -> Vec<Expr> {
        let value = || self.value.clone();
        let parts: Vec<Expr> = match &self.reading {
            Reading::Text | Reading::Account => vec![value().strict_cast(DataType::String)],
            Reading::Number => vec![value().strict_cast(DECIMAL)],
            Reading::Time(kind) => vec![value().cast(kind.clone())],
            Reading::Object(fields) => {
                let field = |field: &Field| value().struct_().field_by_name(field.name());
                fields.iter().map(|one| field(one).strict_cast(DataType::String)).collect()
            }
            Reading::Records(fields) => {
                let part = |field: &Field| {
                    let part = element().struct_().field_by_name(field.name());
                    // As the totals are proved: exact before it is text.
                    let part = if field.dtype().is_float() { part.strict_cast(DECIMAL) } else { part };
                    let part = part.cast(DataType::String).fill_null(lit(""));
                    value().list().eval(part).list().join(lit(BETWEEN), true)
                };
                fields.iter().map(part).collect()
            }
        };
        parts.into_iter().enumerate().map(|(part, expr)| expr.alias(format!("{place}.{part}"))).collect()
    }

    /// Its values in a batch.
    fn texts(&self, frame: &DataFrame, place: usize) -> Vec<String> {
        let first = format!("{place}.0");
        let all = |count: usize| -> Vec<Vec<Option<String>>> {
            (0..count).map(|part| texts(frame, &format!("{place}.{part}"))).collect()
        };
        match &self.reading {
            Reading::Text => texts(frame, &first).into_iter().map(Option::unwrap_or_default).collect(),
            Reading::Account => {
                let account = |id: Option<String>| id.map(|id| format!("{id:0>12}")).unwrap_or_default();
                texts(frame, &first).into_iter().map(account).collect()
            }
            Reading::Number => {
                atoms(frame, &first).into_iter().map(|number| number.map(decimal).unwrap_or_default()).collect()
            }
            Reading::Time(_) => {
                let time = |micros: i64| Timestamp::from_microsecond(micros).ok().map(|time| time.to_string());
                integers(frame, &first).into_iter().map(|micros| micros.and_then(time).unwrap_or_default()).collect()
            }
            Reading::Object(fields) => {
                let columns = all(fields.len());
                (0..frame.height()).map(|row| object(fields, &columns, row)).collect()
            }
            Reading::Records(fields) => {
                let columns = all(fields.len());
                (0..frame.height()).map(|row| records(fields, &columns, row)).collect()
            }
        }
    }
}

/// A number of 1e-12 units as its shortest exact text.
fn decimal(atoms: i128) -> String {
    const ONE: u128 = 1_000_000_000_000;
    let (whole, part) = (atoms.unsigned_abs() / ONE, atoms.unsigned_abs() % ONE);
    let text = format!("{}{whole}.{part:012}", if atoms < 0 { "-" } else { "" });
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A record as a map of the fields that have a value; nothing when none has.
fn object(fields: &[Field], columns: &[Vec<Option<String>>], row: usize) -> String {
    let entries = fields.iter().zip(columns).filter_map(|(field, column)| {
        let value = column.get(row)?.as_deref()?;
        Some(format!("{}:{}", json(field.name()), json(value)))
    });
    let entries: Vec<String> = entries.collect();
    if entries.is_empty() { String::new() } else { format!("{{{}}}", entries.join(",")) }
}

/// A list of records: of keys and values as a map, else as a list.
fn records(fields: &[Field], columns: &[Vec<Option<String>>], row: usize) -> String {
    let parts = columns.iter().map(|column| Some(column.get(row)?.as_deref()?.split(BETWEEN).collect::<Vec<&str>>()));
    let Some(parts) = parts.collect::<Option<Vec<_>>>() else { return String::new() };
    let names: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
    let map = names == ["key", "value"];
    let none = parts.iter().all(|part| part.as_slice() == [""]);
    let count = if none { 0 } else { parts.first().map_or(0, Vec::len) };
    let at =
        |part: usize, record: usize| parts.get(part).and_then(|part| part.get(record)).copied().unwrap_or_default();
    let record = |record: usize| {
        if map {
            return format!("{}:{}", json(at(0, record)), json(at(1, record)));
        }
        let values = names.iter().enumerate().map(|(part, name)| {
            let value = at(part, record);
            format!("{}:{}", json(name), if value.is_empty() { "null".to_owned() } else { json(value) })
        });
        format!("{{{}}}", values.collect::<Vec<_>>().join(","))
    };
    let records = (0..count).map(record).collect::<Vec<_>>().join(",");
    if map { format!("{{{records}}}") } else { format!("[{records}]") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_exact() {
        for (atoms, text) in [
            (0, "0"),
            (1, "0.000000000001"),
            (-1_500_000_000_000, "-1.5"),
            (100_000_000_000_000, "100"),
            (123_456_789_000_000_000_000_000_000_000, "123456789000000000"),
        ] {
            assert_eq!(decimal(atoms), text);
        }
    }

    #[test]
    fn lists_of_records_are_maps_or_lists() {
        let field = |name: &str| Field::new(name.into(), DataType::String);
        let column = |text: Option<&str>| vec![text.map(str::to_owned)];
        let entries = [field("key"), field("value")];
        let pairs = |keys, values| records(&entries, &[column(keys), column(values)], 0);
        assert_eq!(pairs(Some("team\u{1f}env"), Some("web\u{1f}")), r#"{"team":"web","env":""}"#);
        assert_eq!((pairs(Some(""), Some("")).as_str(), pairs(None, None).as_str()), ("{}", ""));
        let credits = [field("name"), field("amount"), field("type")];
        let columns = [column(Some("say \"x\"\u{1f}b")), column(Some("-2.5\u{1f}1")), column(Some("\u{1f}PROMOTION"))];
        assert_eq!(
            records(&credits, &columns, 0),
            r#"[{"name":"say \"x\"","amount":"-2.5","type":null},{"name":"b","amount":"1","type":"PROMOTION"}]"#
        );
        assert_eq!(object(&entries, &[column(Some("a")), column(None)], 0), r#"{"key":"a"}"#);
    }
}
