//! Which file is what: container and format are told from content, never from the name.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::read::MultiGzDecoder;
use polars::prelude::{
    HiveOptions, IdxSize, LazyCsvReader, LazyFileListReader, LazyFrame, ParquetReader, PlRefPath, ScanArgsParquet,
    Schema, SerReader,
};

use super::delivery::Part;
use super::{BillError, azure};

/// How the bytes are packed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Container {
    /// Text.
    Csv,
    /// Gzipped text.
    CsvGz,
    /// Parquet.
    Parquet,
}

/// Whose columns they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// AWS Cost and Usage Report, legacy; slash headers or the names that Athena gives them.
    CurLegacy,
    /// AWS CUR 2.0 (Data Exports).
    Cur2,
    /// FOCUS, with the highest version whose columns are there.
    Focus(&'static str),
    /// Azure cost details: actual or amortized cost, of any agreement and age.
    Azure,
    /// Google Cloud's BigQuery export, standard or detailed; nested, or flat with dots or underscores in its names.
    Gcp,
    /// Oracle Cloud's cost report.
    Oci,
}

impl Format {
    /// The name in reports.
    #[must_use]
    pub fn label(self) -> String {
        match self {
            Format::CurLegacy => "CUR legacy".into(),
            Format::Cur2 => "CUR 2.0".into(),
            Format::Focus(version) => format!("FOCUS {version}"),
            Format::Azure => "Azure cost export".into(),
            Format::Gcp => "Google Cloud billing export".into(),
            Format::Oci => "OCI cost report".into(),
        }
    }
}

/// A recognised file.
#[derive(Clone, Debug)]
pub struct BillFile {
    /// As the user gave it.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// The manifest or archive that it came with.
    pub unit: Option<String>,
    /// How it is packed.
    pub container: Container,
    /// Whose columns.
    pub format: Format,
    /// Its column names as written, in order.
    pub columns: Vec<String>,
    /// Its types: all text for CSV.
    pub schema: Arc<Schema>,
    /// Whether the user accepted blank lines, which the engine would read as records without any value.
    pub skip_blank_lines: bool,
    /// Only these rows: the first, and how many.
    pub(super) slice: Option<(usize, usize)>,
    /// Whether its costs of commitments are spread over what they cover: Azure's amortized export.
    pub amortized: bool,
}

/// Looks into a file and says what it is.
///
/// # Errors
/// [`BillError::NotABill`] with what was found and what to do.
pub fn recognise(part: &Part) -> Result<BillFile, BillError> {
    let (name, path) = (&part.name, part.path.as_path());
    let io = |source| BillError::Io { file: name.clone(), source };
    let not =
        |found: &str, help: &str| BillError::NotABill { file: name.clone(), found: found.into(), help: help.into() };
    let mut file = File::open(path).map_err(io)?;
    let mut head = Vec::new();
    Read::by_ref(&mut file).take(SNIFF).read_to_end(&mut head).map_err(io)?;
    if head.is_empty() {
        return Err(not("is empty (0 bytes)", "export it again, or leave it out: an empty part holds no charges"));
    }
    if head.starts_with(b"PAR1") {
        let mut tail = [0; 4];
        let sealed = file.seek(SeekFrom::End(-4)).is_ok() && file.read_exact(&mut tail).is_ok() && &tail == b"PAR1";
        if !sealed {
            return Err(not(
                "Parquet without its closing mark: the file was cut off",
                "copy it again and compare the sizes",
            ));
        }
        return recognise_parquet(part);
    }
    let container = if head.starts_with(&[0x1f, 0x8b]) { Container::CsvGz } else { Container::Csv };
    if container == Container::CsvGz {
        let mut text = Vec::new();
        let read = MultiGzDecoder::new(head.as_slice()).take(SNIFF).read_to_end(&mut text);
        if text.is_empty() {
            let found =
                read.map_or_else(|e| format!("gzip that cannot be inflated ({e})"), |_| "gzip of nothing".into());
            return Err(not(&found, "copy it again and compare the sizes"));
        }
        head = text;
    }
    if let Some((found, help)) = alien(&head) {
        return Err(not(found, help));
    }
    let columns = header(&head).map_err(|found| not(&found, "export the file again as comma-separated UTF-8"))?;
    let schema = Arc::new(columns.iter().map(|c| (c.as_str().into(), polars::prelude::DataType::String)).collect());
    let format = format_of(&columns).map_err(|found| not(&found, EXPECTED))?;
    Ok(BillFile::of(part, container, format, columns, schema))
}

/// Bytes looked at to recognise a file; headers of legacy CURs with thousands of tags stay below a megabyte.
const SNIFF: u64 = 1 << 20;

const EXPECTED: &str = "expected an AWS CUR (legacy or 2.0), a FOCUS export, an Azure cost export, a Google Cloud billing export or an OCI cost report, as CSV, CSV.GZ or Parquet";

fn recognise_parquet(part: &Part) -> Result<BillFile, BillError> {
    let broken = |found: String| BillError::NotABill {
        file: part.name.clone(),
        found: format!("Parquet that cannot be read ({found})"),
        help: "copy it again and compare the sizes".into(),
    };
    let schema = scan_parquet(&part.path)
        .and_then(|mut lf| lf.collect_schema())
        .map_err(|e| broken(one_line(&e.to_string())))?;
    let columns: Vec<String> = schema.iter_names().map(|n| n.to_string()).collect();
    let format = format_of(&columns).map_err(|found| BillError::NotABill {
        file: part.name.clone(),
        found,
        help: EXPECTED.into(),
    })?;
    Ok(BillFile::of(part, Container::Parquet, format, columns, schema))
}

/// What the first bytes say when they are no CSV.
fn alien(head: &[u8]) -> Option<(&'static str, &'static str)> {
    let start = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let text = start.trim_ascii_start();
    let download = "the download went wrong: fetch the file again while signed in";
    Some(match text {
        _ if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) => {
            ("is UTF-16 text", "save it as UTF-8 (in a spreadsheet: CSV UTF-8)")
        }
        [b'P', b'K', 3 | 5, ..] => ("is a ZIP archive in another", "unpack it and give the files inside"),
        [b'<', b'?', ..] => ("is XML, probably an error message of the storage service", download),
        [b'<', ..] => ("is an HTML page, not CSV", download),
        [b'{' | b'[', ..] => ("is JSON", "give the data files; a manifest lists them"),
        t if t.starts_with(b"version https://git-lfs") => ("is a Git LFS pointer", "run git lfs pull"),
        [] => ("holds only blank lines", "export it again, or leave it out"),
        _ if head.contains(&0) => ("has NUL bytes: it is binary or UTF-16 without a mark", "save it as UTF-8"),
        _ => return None,
    })
}

/// The column names of the first record.
fn header(head: &[u8]) -> Result<Vec<String>, String> {
    let start = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(start);
    let mut record = csv::ByteRecord::new();
    reader.read_byte_record(&mut record).map_err(|e| format!("has no readable header ({e})"))?;
    let mut names = Vec::new();
    for field in &record {
        let name = std::str::from_utf8(field).map_err(|_| "has a header that is not UTF-8".to_owned())?;
        names.push(name.to_owned());
    }
    if let [only] = names.as_slice() {
        for (mark, word) in [(';', "semicolons"), ('\t', "tabs"), ('|', "bars")] {
            if only.matches(mark).count() > 1 {
                return Err(format!("is separated by {word}, not commas"));
            }
        }
        if only.contains('\r') {
            return Err("ends its lines with CR alone".into());
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    if let Some(twice) = names.iter().find(|n| !seen.insert(n.as_str())) {
        if !twice.chars().any(char::is_alphabetic) {
            return Err(format!("has no header: its first record holds values ({twice:?} twice)"));
        }
        return Err(format!("has two columns named {twice:?}"));
    }
    Ok(names)
}

/// What is delivered beside a bill and is none.
pub(super) const CONTRACTS: &str = "is a FOCUS contract commitment dataset: it holds contracts, not charges";

/// Tells the format from the column names.
fn format_of(columns: &[String]) -> Result<Format, String> {
    let has = |name: &str| columns.iter().any(|c| c == name);
    if has("lineItem/UnblendedCost") {
        return Ok(Format::CurLegacy);
    }
    if has("line_item_unblended_cost") {
        let flat_tags = columns.iter().any(|c| c.starts_with("resource_tags_") || c.starts_with("cost_category_"));
        let legacy = flat_tags || (has("year") && has("month"));
        return Ok(if legacy { Format::CurLegacy } else { Format::Cur2 });
    }
    if has("BilledCost") && has("ChargeCategory") {
        return Ok(Format::Focus(match () {
            () if has("CommitmentProgramEligibilityDetails") => "1.4",
            () if has("HostProviderName") || has("AllocatedMethodId") => "1.3",
            () if has("InvoiceId") && has("PricingCurrency") => "1.2",
            () if has("SkuMeter") || has("CommitmentDiscountQuantity") => "1.1",
            () => "1.0",
        }));
    }
    if has("cost/myCost") && has("lineItem/intervalUsageStart") {
        return Ok(Format::Oci);
    }
    if has("cost") && has("usage_start_time") && (has("sku") || has("sku.id") || has("sku_id")) {
        return Ok(Format::Gcp);
    }
    // Azure's exports differ in the case of names, by agreement and year.
    let any = |names: &[&str]| names.iter().any(|name| columns.iter().any(|c| c.eq_ignore_ascii_case(name)));
    if any(&["MeterId"]) && any(&azure::COST) && any(&azure::DATE) {
        return Ok(Format::Azure);
    }
    if has("ContractCommitmentId") {
        return Err(CONTRACTS.into());
    }
    let shown = columns.iter().take(4).map(|c| c.chars().take(40).collect::<String>()).collect::<Vec<_>>().join(", ");
    Err(format!("has the columns of no bill that is known ({shown}, …)"))
}

impl BillFile {
    fn of(part: &Part, container: Container, format: Format, columns: Vec<String>, schema: Arc<Schema>) -> Self {
        let Part { name, path, unit } = part.clone();
        let (skip_blank_lines, amortized, slice) = (false, false, None);
        let file =
            BillFile { name, path, unit, container, format, columns, schema, skip_blank_lines, amortized, slice };
        BillFile { amortized: format == Format::Azure && azure::amortized(&file), ..file }
    }

    /// The file as the engine reads it: CSV as text, Parquet with its own types; raw column names.
    ///
    /// # Errors
    /// [`BillError::Value`] when the engine refuses the file.
    pub fn scan(&self) -> Result<LazyFrame, BillError> {
        let failed = |e: polars::prelude::PolarsError| BillError::Value {
            file: self.name.clone(),
            message: one_line(&e.to_string()),
        };
        match self.container {
            Container::Parquet => {
                let rows = scan_parquet(&self.path).map_err(failed)?;
                Ok(match self.slice {
                    Some((first, count)) => rows.slice(first as i64, count as IdxSize),
                    None => rows,
                })
            }
            // Nothing is inferred: every column is text, so that ids keep their zeros and numbers their digits.
            Container::Csv | Container::CsvGz => {
                let rows = LazyCsvReader::new(engine_path(&self.path))
                    .with_infer_schema_length(Some(0))
                    .with_missing_is_null(true)
                    .with_glob(false)
                    .with_raise_if_empty(false)
                    .finish()
                    .map_err(failed)?;
                // The byte pass has seen a cost in every record: only a blank line has none.
                let has_cost = polars::prelude::col(self.cost_column()).is_not_null();
                Ok(if self.skip_blank_lines { rows.filter(has_cost) } else { rows })
            }
        }
    }

    /// The file in slices of whole row groups with at least so many rows each; itself, if it is text. Row groups much larger than that
    /// are cut: to hold one would be to hold the bill.
    ///
    /// # Errors
    /// [`BillError::Io`] and [`BillError::Value`] when the file is gone or its footer cannot be read.
    pub(super) fn slices(&self, rows: usize) -> Result<Vec<BillFile>, BillError> {
        if self.container != Container::Parquet {
            return Ok(vec![self.clone()]);
        }
        let raw = File::open(&self.path).map_err(|source| BillError::Io { file: self.name.clone(), source })?;
        let mut reader = ParquetReader::new(raw);
        let footer = reader
            .get_metadata()
            .map_err(|e| BillError::Value { file: self.name.clone(), message: one_line(&e.to_string()) })?;
        let (mut slices, mut first, mut count) = (Vec::new(), 0, 0);
        for (place, group) in footer.row_groups.iter().enumerate() {
            count += group.num_rows();
            let last = place + 1 == footer.row_groups.len();
            while count >= rows || last && count > 0 {
                let taken = count.min(rows * 4);
                slices.push(BillFile { slice: Some((first, taken)), ..self.clone() });
                (first, count) = (first + taken, count - taken);
            }
        }
        if slices.is_empty() {
            slices.push(self.clone());
        }
        Ok(slices)
    }

    /// The raw column of that name, or the first of several spellings that the file has; Azure's in any case, Google's also
    /// with an underscore for a dot.
    #[must_use]
    pub fn column(&self, names: &[&str]) -> Option<&str> {
        let same = |column: &str, name: &str| match self.format {
            Format::Azure => column.eq_ignore_ascii_case(name),
            Format::Gcp => {
                let alike = |(c, n): (u8, u8)| c == n || (c == b'_' && n == b'.');
                column.len() == name.len() && column.bytes().zip(name.bytes()).all(alike)
            }
            _ => column == name,
        };
        names.iter().find_map(|name| self.columns.iter().find(|c| same(c, name))).map(String::as_str)
    }

    /// The raw cost column on which totals rest.
    #[must_use]
    pub fn cost_column(&self) -> &str {
        let names: &[&str] = match self.format {
            Format::CurLegacy | Format::Cur2 => &["lineItem/UnblendedCost", "line_item_unblended_cost"],
            Format::Focus(_) => &["BilledCost"],
            Format::Azure => &azure::COST,
            Format::Gcp => &["cost"],
            Format::Oci => &["cost/myCost"],
        };
        self.column(names).unwrap_or("BilledCost")
    }
}

fn scan_parquet(path: &Path) -> polars::prelude::PolarsResult<LazyFrame> {
    // A path such as BILLING_PERIOD=2026-10/ must not gain a column, and `[` in a name is no pattern.
    let hive_options = HiveOptions { enabled: Some(false), ..HiveOptions::default() };
    let args = ScanArgsParquet { hive_options, glob: false, ..ScanArgsParquet::default() };
    LazyFrame::scan_parquet(engine_path(path), args)
}

fn engine_path(path: &Path) -> PlRefPath {
    PlRefPath::new(path.to_string_lossy().as_ref())
}

/// An engine's message on one line, without plans and traces.
pub(super) fn one_line(text: &str) -> String {
    let first = text.split("\n\n").next().unwrap_or(text);
    first.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(400).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn formats_are_told_from_columns() {
        for (columns, format) in [
            ("identity/LineItemId,lineItem/UnblendedCost", Format::CurLegacy),
            ("line_item_unblended_cost,resource_tags_user_team", Format::CurLegacy),
            ("line_item_unblended_cost,resource_tags", Format::Cur2),
            ("BilledCost,ChargeCategory", Format::Focus("1.0")),
            ("BilledCost,ChargeCategory,SkuMeter", Format::Focus("1.1")),
            ("BilledCost,ChargeCategory,SkuMeter,InvoiceId,PricingCurrency", Format::Focus("1.2")),
            ("BilledCost,ChargeCategory,x_SkuMeterId,MeterId,Date,Cost", Format::Focus("1.0")),
            ("SubscriptionGuid,UsageDateTime,MeterId,PreTaxCost", Format::Azure),
            ("date,meterId,costInBillingCurrency", Format::Azure),
            ("billing_account_id,service,sku,usage_start_time,cost", Format::Gcp),
            ("billing_account_id,service.id,sku.id,usage_start_time,cost", Format::Gcp),
            ("lineItem/intervalUsageStart,cost/myCost", Format::Oci),
        ] {
            assert_eq!(format_of(&names(columns)), Ok(format), "{columns}");
        }
    }

    #[test]
    fn what_is_no_csv_is_named() {
        for (bytes, word) in [
            (&b"<!DOCTYPE html><html>"[..], "HTML"),
            (b"<?xml version=\"1.0\"?><Error>", "XML"),
            (b"PK\x03\x04", "ZIP"),
            (b"\xff\xfea\x00", "UTF-16"),
            (b"{\"assemblyId\": 1}", "JSON"),
            (b"version https://git-lfs.github.com/spec/v1", "LFS"),
            (b"\n\n", "blank"),
        ] {
            assert!(alien(bytes).is_some_and(|(found, _)| found.contains(word)), "{word}");
        }
        assert_eq!(alien(b"a,b\n1,2\n"), None);
    }

    #[test]
    fn a_header_must_be_unique_and_comma_separated() {
        assert_eq!(header(b"a,b,a\n").unwrap_err(), "has two columns named \"a\"");
        assert_eq!(header(b"12,x,12\n").unwrap_err(), "has no header: its first record holds values (\"12\" twice)");
        assert_eq!(header(b"a;b;c\n").unwrap_err(), "is separated by semicolons, not commas");
        assert_eq!(header(b"\xef\xbb\xbf\"a\",b\r\n").unwrap(), ["a", "b"]);
    }
}
