//! An independent pass over the bytes of a file: records, fields per record, and the exact sum of the raw cost column.
//!
//! It shares nothing with the engine that reads the charges, so it can prove that nothing was lost there. Quotes toggle,
//! commas and line ends count only outside them; a quote must open right after a separator and close right before one.
//! Google's credits are money too: the amounts in that column are found and added here once more, and a record that has any is
//! two charges.

use std::fs::File;
use std::io::Read;

use flate2::read::MultiGzDecoder;
use polars::prelude::{DataType, ExplodeOptions, ParquetReader, SerReader, col, lit};

use super::source::one_line;
use super::{BillError, BillFile, Container, Format, Progress, columns, gcp};
use crate::money::{decimal_to_atoms, parse_decimal};
use crate::table::DECIMAL;
use crate::table::read::{atoms, integers};

/// What the pass found in a sound file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Audit {
    /// Data records, the header not counted.
    pub records: u64,
    /// Charges that they give: one each, and one more for the credits of a record that has some.
    pub charges: u64,
    /// Sum of the raw cost column and of credits, in 1e-12 units of the currency.
    pub cost_atoms: i128,
    /// Bytes of content, inflated.
    pub bytes: u64,
    /// Defects that the user accepted, with their number.
    pub accepted: Vec<(Defect, u64)>,
}

/// What can be wrong with a record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Defect {
    /// Fewer fields than the header.
    TooFewFields,
    /// More fields than the header.
    TooManyFields,
    /// A line with nothing on it.
    BlankLine,
    /// A quote inside an unquoted field, or text after a closing quote.
    StrayQuote,
    /// The file ends inside quotes.
    OpenQuote,
    /// A carriage return inside an unquoted field, which some readers take for the end of the record.
    StrayReturn,
    /// The cost is not a number.
    NoCost,
    /// The header occurs again.
    RepeatedHeader,
    /// Bytes that are not UTF-8.
    NotUtf8,
}

impl Defect {
    /// The word for `--accept`: these lose nothing when accepted (missing fields are unknown, blank lines hold none).
    #[must_use]
    pub fn kind(self) -> Option<&'static str> {
        match self {
            Defect::TooFewFields => Some("short-rows"),
            Defect::BlankLine => Some("blank-lines"),
            _ => None,
        }
    }

    /// The defect in words.
    #[must_use]
    pub fn phrase(self) -> &'static str {
        match self {
            Defect::TooFewFields => "too few fields",
            Defect::TooManyFields => "too many fields",
            Defect::BlankLine => "a blank line",
            Defect::StrayQuote => "a stray quote",
            Defect::OpenQuote => "a quote that is never closed",
            Defect::StrayReturn => "a carriage return inside a field",
            Defect::NoCost => "a cost that is not a number",
            Defect::RepeatedHeader => "the header again",
            Defect::NotUtf8 => "bytes that are not UTF-8",
        }
    }

    fn help(self) -> &'static str {
        match self {
            Defect::TooFewFields => {
                "the file may be cut off or edited: export it again; if the missing fields are known to be empty, add --accept short-rows"
            }
            Defect::TooManyFields | Defect::StrayQuote | Defect::OpenQuote | Defect::StrayReturn => {
                "a text with a comma or quote is not quoted: export the file again, do not edit it in a spreadsheet"
            }
            Defect::BlankLine => {
                "the file was edited or joined by hand: give the original; if its blank lines hold nothing, add --accept blank-lines"
            }
            Defect::RepeatedHeader => "files were joined by hand: give the original files, as many as there are",
            Defect::NoCost => "correct the value or export the file again",
            Defect::NotUtf8 => "save the file as UTF-8",
        }
    }
}

/// A file whose bytes are told as they are read.
struct Told<'a> {
    file: File,
    progress: &'a dyn Fn(Progress<'_>),
}

impl Read for Told<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let bytes = self.file.read(buffer)?;
        (self.progress)(Progress::Bytes(bytes as u64));
        Ok(bytes)
    }
}

struct Found {
    defect: Defect,
    first_record: u64,
    detail: String,
    count: u64,
}

/// Reads every byte of a file.
///
/// # Errors
/// [`BillError::Damaged`] with the kind, number and first record of each defect that is not accepted.
pub fn audit(file: &BillFile, accept: &[String], progress: &dyn Fn(Progress<'_>)) -> Result<Audit, BillError> {
    let io = |source| BillError::Io { file: file.name.clone(), source };
    if file.container == Container::Parquet {
        let audit = audit_parquet(file)?;
        progress(Progress::Bytes(audit.bytes));
        return Ok(audit);
    }
    let raw = Told { file: File::open(&file.path).map_err(io)?, progress };
    let place = |name: &str| file.columns.iter().position(|c| c == name);
    let cost = place(file.cost_column()).unwrap_or(0);
    let credits = place(gcp::CREDITS).filter(|_| file.format == Format::Gcp);
    let mut scanner = Scanner::new(file.columns.len(), cost, file.cost_column(), credits);
    let outcome = match file.container {
        Container::CsvGz => scanner.run(MultiGzDecoder::new(std::io::BufReader::with_capacity(1 << 18, raw))),
        _ => scanner.run(raw),
    };
    outcome.map_err(|e| BillError::Damaged {
        file: file.name.clone(),
        defects: format!("cannot be inflated after record {}: {e}", scanner.audit.records),
        help: "the file was cut off or damaged: copy it again and compare the sizes".into(),
    })?;
    scanner.finish();
    let (accepted, refused): (Vec<Found>, Vec<Found>) =
        scanner.found.into_iter().partition(|f| f.defect.kind().is_some_and(|kind| accept.iter().any(|a| a == kind)));
    if let Some(first) = refused.first() {
        let defects = refused
            .iter()
            .map(|f| format!("record {} has {}{} ({} in all)", f.first_record, f.defect.phrase(), f.detail, f.count))
            .collect::<Vec<_>>()
            .join("; ");
        return Err(BillError::Damaged { file: file.name.clone(), defects, help: first.defect.help().into() });
    }
    scanner.audit.accepted = accepted.into_iter().map(|f| (f.defect, f.count)).collect();
    Ok(scanner.audit)
}

/// Parquet says its rows in the footer; the cost column is decoded alone and added exactly.
fn audit_parquet(file: &BillFile) -> Result<Audit, BillError> {
    let damaged = |e: polars::prelude::PolarsError| BillError::Damaged {
        file: file.name.clone(),
        defects: format!("Parquet that cannot be decoded: {}", one_line(&e.to_string())),
        help: "copy it again and compare the sizes".into(),
    };
    let raw = File::open(&file.path).map_err(|source| BillError::Io { file: file.name.clone(), source })?;
    let bytes = raw.metadata().map(|m| m.len()).unwrap_or_default();
    let records = ParquetReader::new(raw).num_rows().map_err(damaged)? as u64;
    let cost = file.cost_column();
    let number = columns::number(file, cost);
    let frame = columns::collect(
        file.scan()?.select([number.clone().sum().alias("sum"), col(cost).null_count().alias("nulls")]),
    )
    .map_err(damaged)?;
    let sum: i128 = atoms(&frame, "sum").into_iter().flatten().sum();
    let nulls: i64 = integers(&frame, "nulls").into_iter().flatten().sum();
    if nulls > 0 {
        return Err(BillError::Damaged {
            file: file.name.clone(),
            defects: format!("{nulls} rows have no {cost}"),
            help: Defect::NoCost.help().into(),
        });
    }
    let (with_credits, credits) = if file.format == Format::Gcp { parquet_credits(file)? } else { (0, 0) };
    Ok(Audit { records, charges: records + with_credits, cost_atoms: sum + credits, bytes, accepted: Vec::new() })
}

/// Records with credits, and the sum of these; the list is taken apart, not read as the charges are.
fn parquet_credits(file: &BillFile) -> Result<(u64, i128), BillError> {
    let value = |e: polars::prelude::PolarsError| BillError::Value {
        file: file.name.clone(),
        message: one_line(&e.to_string()),
    };
    let (rows, amounts) = match file.schema.get(gcp::CREDITS) {
        Some(DataType::List(_)) => {
            let each = ExplodeOptions { empty_as_null: true, keep_nulls: true };
            let amount = col(gcp::CREDITS).struct_().field_by_name("amount").strict_cast(DECIMAL);
            (
                file.scan()?.select([col(gcp::CREDITS).list().len().gt(lit(0)).alias("some")]),
                file.scan()?.select([col(gcp::CREDITS).explode(each)]).select([amount.alias("amount")]),
            )
        }
        _ => {
            let Some(credits) = gcp::credits(file) else { return Ok((0, 0)) };
            let sums = file.scan()?.select([credits.all.alias("amount")]);
            (sums.clone().select([col("amount").is_not_null().alias("some")]), sums)
        }
    };
    let count = col("some").fill_null(lit(false)).sum().cast(DataType::Int64).alias("count");
    let rows = columns::collect(rows.select([count])).map_err(value)?;
    let sum = columns::collect(amounts.select([col("amount").sum()])).map_err(value)?;
    let count: i64 = integers(&rows, "count").into_iter().flatten().sum();
    Ok((count.unsigned_abs(), atoms(&sum, "amount").into_iter().flatten().sum()))
}

struct Scanner {
    fields: usize,
    cost: usize,
    credits: Option<usize>,
    cost_name: Vec<u8>,
    audit: Audit,
    found: Vec<Found>,
    // Where we are: record 0 is the header.
    record: u64,
    field: usize,
    field_start: u64,
    record_start: u64,
    quoted: bool,
    closed_at: Option<u64>,
    position: u64,
    cost_bytes: Vec<u8>,
    credit_bytes: Vec<u8>,
    partial_utf8: Vec<u8>,
    last: u8,
}

impl Scanner {
    fn new(fields: usize, cost: usize, cost_name: &str, credits: Option<usize>) -> Self {
        Scanner {
            fields,
            cost,
            credits,
            cost_name: cost_name.as_bytes().to_vec(),
            audit: Audit::default(),
            found: Vec::new(),
            record: 0,
            field: 0,
            field_start: 0,
            record_start: 0,
            quoted: false,
            closed_at: None,
            position: 0,
            cost_bytes: Vec::new(),
            credit_bytes: Vec::new(),
            partial_utf8: Vec::new(),
            last: b'\n',
        }
    }

    fn run(&mut self, mut reader: impl Read) -> std::io::Result<()> {
        let mut buffer = vec![0; 1 << 20];
        let mut first = true;
        loop {
            let mut filled = 0;
            while filled < buffer.len() {
                let read = reader.read(&mut buffer[filled..])?;
                if read == 0 {
                    break;
                }
                filled += read;
            }
            if filled == 0 {
                return Ok(());
            }
            let mut chunk = &buffer[..filled];
            if first {
                chunk = chunk.strip_prefix(b"\xef\xbb\xbf").unwrap_or(chunk);
                first = false;
            }
            self.chunk(chunk);
        }
    }

    fn chunk(&mut self, chunk: &[u8]) {
        self.check_utf8(chunk);
        let base = self.position;
        let mut collected = 0;
        // Where the part of the field that lies in this chunk begins.
        let mut part = 0;
        for at in memchr::memchr3_iter(b',', b'\n', b'"', chunk) {
            let here = base + at as u64;
            match chunk[at] {
                b'"' if self.quoted => {
                    self.quoted = false;
                    self.closed_at = Some(here);
                }
                b'"' if here == self.field_start => self.quoted = true,
                // Two quotes in a row inside quotes are one quote of the text.
                b'"' if self.closed_at == Some(here.wrapping_sub(1)) => self.quoted = true,
                b'"' => self.defect(Defect::StrayQuote, String::new()),
                _ if self.quoted => {}
                byte => {
                    let text = chunk.get(part..at).unwrap_or_default();
                    let text = if byte == b'\n' { text.strip_suffix(b"\r").unwrap_or(text) } else { text };
                    self.check_returns(text, part == 0 && (byte != b'\n' || at > 0));
                    part = at + 1;
                    self.keep(&chunk[collected..at]);
                    let before = if at > 0 { chunk[at - 1] } else { self.last };
                    self.end_field(here, before);
                    if byte == b'\n' {
                        self.end_record(here, before);
                    } else {
                        self.field += 1;
                    }
                    self.field_start = here + 1;
                    collected = at + 1;
                }
            }
        }
        self.keep(&chunk[collected..]);
        if !self.quoted {
            // A return at the very end may belong to a line end that is still to come.
            let rest = chunk.get(part..).unwrap_or_default();
            self.check_returns(rest.strip_suffix(b"\r").unwrap_or(rest), part == 0 && !rest.is_empty());
        }
        self.position = base + chunk.len() as u64;
        self.audit.bytes += chunk.len() as u64;
        self.last = chunk.last().copied().unwrap_or(self.last);
    }

    /// Only fields that are added up are kept.
    fn keep(&mut self, part: &[u8]) {
        if self.field == self.cost {
            self.cost_bytes.extend_from_slice(part);
        } else if self.credits == Some(self.field) {
            self.credit_bytes.extend_from_slice(part);
        }
    }

    /// A return in an unquoted field; `goes_on` when the chunk before ended in this field.
    fn check_returns(&mut self, text: &[u8], goes_on: bool) {
        let quoted = self.closed_at.is_some();
        let before = goes_on && self.last == b'\r' && self.position > 0;
        if !quoted && (before || memchr::memchr(b'\r', text).is_some()) {
            self.defect(Defect::StrayReturn, String::new());
        }
    }

    fn end_field(&mut self, here: u64, before: u8) {
        if let Some(closed) = self.closed_at.take() {
            let tail = here - closed - 1;
            if tail > 1 || (tail == 1 && before != b'\r') {
                self.defect(Defect::StrayQuote, String::new());
            }
        }
    }

    fn end_record(&mut self, here: u64, before: u8) {
        let length = here - self.record_start - u64::from(before == b'\r' && here > self.record_start);
        self.close_record(length);
        self.record_start = here + 1;
    }

    fn close_record(&mut self, length: u64) {
        let fields = self.field + 1;
        let header = self.record == 0;
        if !header {
            self.audit.records += u64::from(length > 0);
            self.audit.charges += u64::from(length > 0);
            if length == 0 {
                self.defect(Defect::BlankLine, String::new());
            } else if fields != self.fields {
                let defect = if fields < self.fields { Defect::TooFewFields } else { Defect::TooManyFields };
                self.defect(defect, format!(", {fields} instead of {}", self.fields));
                if fields > self.cost {
                    self.add_cost();
                } else {
                    self.defect(Defect::NoCost, ": the record ends before it".into());
                }
            } else {
                self.add_cost();
            }
            self.add_credits();
        }
        self.cost_bytes.clear();
        self.credit_bytes.clear();
        self.record += 1;
        self.field = 0;
    }

    fn add_cost(&mut self) {
        let bytes = std::mem::take(&mut self.cost_bytes);
        let text = bytes.trim_ascii_end();
        let text = text.strip_prefix(b"\"").and_then(|t| t.strip_suffix(b"\"")).unwrap_or(text);
        match std::str::from_utf8(text).ok().and_then(|t| parse_decimal(t).ok()) {
            Some(number) => self.audit.cost_atoms += decimal_to_atoms(number),
            None if text == self.cost_name => self.defect(Defect::RepeatedHeader, String::new()),
            None => {
                let shown: String =
                    String::from_utf8_lossy(text).chars().take(40).flat_map(char::escape_default).collect();
                self.defect(Defect::NoCost, format!(": \"{shown}\""));
            }
        }
        self.cost_bytes = bytes;
    }

    fn add_credits(&mut self) {
        let bytes = std::mem::take(&mut self.credit_bytes);
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim();
        let unquoted = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).map(|t| t.replace("\"\"", "\""));
        let amounts = amounts(unquoted.as_deref().unwrap_or(text));
        self.audit.charges += u64::from(!amounts.is_empty());
        for amount in amounts {
            match parse_decimal(amount) {
                Ok(number) => self.audit.cost_atoms += decimal_to_atoms(number),
                Err(_) => {
                    let shown: String = amount.chars().take(40).flat_map(char::escape_default).collect();
                    self.defect(Defect::NoCost, format!(" among its credits: \"{shown}\""));
                }
            }
        }
    }

    fn finish(&mut self) {
        if self.quoted {
            self.defect(Defect::OpenQuote, String::new());
        }
        if self.position > self.record_start {
            // No final line end: legal, unless the record is short, which then reads as a cut.
            let here = self.position;
            self.end_field(here, self.last);
            self.close_record(here - self.record_start);
        }
        if !self.partial_utf8.is_empty() {
            self.defect(Defect::NotUtf8, String::new());
        }
    }

    fn check_utf8(&mut self, chunk: &[u8]) {
        let joined;
        let bytes = if self.partial_utf8.is_empty() {
            chunk
        } else {
            joined = [self.partial_utf8.as_slice(), chunk].concat();
            self.partial_utf8.clear();
            joined.as_slice()
        };
        if let Err(error) = std::str::from_utf8(bytes) {
            match error.error_len() {
                // A character that goes on in the next chunk.
                None => self.partial_utf8 = bytes[error.valid_up_to()..].to_vec(),
                Some(_) => {
                    let lines = memchr::memchr_iter(b'\n', &bytes[..error.valid_up_to()]).count();
                    self.defect(Defect::NotUtf8, format!(" near line {}", self.record + lines as u64 + 1));
                }
            }
        }
    }

    fn defect(&mut self, defect: Defect, detail: String) {
        match self.found.iter_mut().find(|f| f.defect == defect) {
            Some(known) => known.count += 1,
            None => self.found.push(Found { defect, first_record: self.record, detail, count: 1 }),
        }
    }
}

/// The values of the key `amount` in a list of credits, JSON or Python: what stands between its colon and the next comma or
/// bracket. Only whole quoted words are keys, so that a name with the word in it is none.
fn amounts(credits: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = credits;
    while let Some(at) = rest.find(['\'', '"']) {
        let (quote, word) = rest[at..].split_at(1);
        let mut escaped = false;
        let closes = |c: char| {
            let closes = !escaped && quote.starts_with(c);
            escaped = !escaped && c == '\\';
            closes
        };
        let Some(end) = word.find(closes) else { break };
        rest = &word[end + 1..];
        if &word[..end] == "amount"
            && let Some(value) = rest.trim_start().strip_prefix(':')
        {
            let value = value.split([',', ']', '}']).next().unwrap_or_default();
            found.push(value.trim().trim_matches(['\'', '"']));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::decimal_from_atoms;
    use proptest::prelude::*;

    fn scan(text: &[u8]) -> (u64, String, Vec<(Defect, u64, u64)>) {
        let mut scanner = Scanner::new(3, 1, "cost", Some(2));
        scanner.run(text).unwrap();
        scanner.finish();
        let found = scanner.found.iter().map(|f| (f.defect, f.first_record, f.count)).collect();
        (scanner.audit.records, decimal_from_atoms(scanner.audit.cost_atoms).unwrap().normalize().to_string(), found)
    }

    #[test]
    fn quoted_commas_and_line_ends_are_text() {
        let (records, sum, found) = scan(b"a,cost,b\r\n\"x, \"\"y\"\"\nz\",1.5,\"\"\r\nq,\"2\",r");
        assert_eq!((records, sum.as_str(), found), (2, "3.5", vec![]));
    }

    #[test]
    fn each_defect_is_found_where_it_is() {
        for (text, defect) in [
            (&b"a,cost,b\nx,1\n"[..], (Defect::TooFewFields, 1, 1)),
            (b"a,cost,b\nx,1,y,z\n", (Defect::TooManyFields, 1, 1)),
            (b"a,cost,b\nx,1,y\n\nx,1,y\n", (Defect::BlankLine, 2, 1)),
            (b"a,cost,b\nx\"q,1,y\n", (Defect::StrayQuote, 1, 1)),
            (b"a,cost,b\n\"x\"q,1,y\n", (Defect::StrayQuote, 1, 1)),
            (b"a,cost,b\nx,1,\"y\n", (Defect::OpenQuote, 1, 1)),
            (b"a,cost,b\nx\rz,1,y\n", (Defect::StrayReturn, 1, 1)),
            (b"a,cost,b\nx,1,y\r\r\n", (Defect::StrayReturn, 1, 1)),
            (b"a,cost,b\nx,,y\n", (Defect::NoCost, 1, 1)),
            (b"a,cost,b\nx,1,y\na,cost,b\n", (Defect::RepeatedHeader, 2, 1)),
            (b"a,cost,b\nx,1,\xff\n", (Defect::NotUtf8, 0, 1)),
        ] {
            let (_, _, found) = scan(text);
            assert!(found.contains(&defect), "{:?} gives {found:?}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn credits_are_charges_of_their_own() {
        let text = "a,cost,credits\nx,1,[]\nx,1,\"[{'name': \"\"a, 'amount': 7\"\", 'amount': -5e-06}, {'amount': -0.25}]\"\r\nx,1,\"[{\"\"amount\"\":-0.5}]\"";
        let mut scanner = Scanner::new(3, 1, "cost", Some(2));
        scanner.run(text.as_bytes()).unwrap();
        scanner.finish();
        assert_eq!((scanner.audit.records, scanner.audit.charges, scanner.found.len()), (3, 5, 0));
        assert_eq!(decimal_from_atoms(scanner.audit.cost_atoms).unwrap().normalize().to_string(), "2.249995");
        let (_, _, found) = scan(b"a,cost,credits\nx,1,[{'amount': None}]\n");
        assert_eq!(found, [(Defect::NoCost, 1, 1)]);
    }

    proptest! {
        #[test]
        fn agrees_with_an_independent_reader(rows in prop::collection::vec(("[a-z,\"\n ]{0,8}", -999i64..999, "[a-zé,]{0,6}"), 0..20)) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(["a", "cost", "b"]).unwrap();
            for (a, cost, b) in &rows {
                writer.write_record([a, &cost.to_string(), b]).unwrap();
            }
            let (records, sum, found) = scan(&writer.into_inner().unwrap());
            prop_assert_eq!(records, rows.len() as u64);
            prop_assert_eq!(sum, rows.iter().map(|r| r.1).sum::<i64>().to_string());
            prop_assert_eq!(found, vec![]);
        }
    }
}
