//! What was charged: from files to canonical charges, proof of their totals, and the named aggregates.
//!
//! Knows: the formats of bills, what can be wrong in a file, FOCUS columns. Does not know: what anything should cost,
//! and gives no judgement. Charges are a lazy frame, never held whole; they are read only through [`aggregate`].
//!
//! Each file is read twice, on purpose. An independent pass over its bytes ([`audit`]) counts records and adds the raw
//! cost column exactly; the engine then aggregates. The engine drops rows of a malformed CSV silently under projection,
//! so its own count proves nothing; the two must agree, or the review says where they do not ([`tie_out`]).

use std::path::{Path, PathBuf};

use polars::prelude::LazyFrame;

use crate::money::{Currency, MoneyError};

pub mod aggregate;
pub mod audit;
mod columns;
mod cur;
pub mod delivery;
mod focus;
pub mod lost_meter;
pub mod source;
pub mod tie_out;

pub use aggregate::{Aggregates, aggregate};
pub use audit::{Audit, Defect};
pub use source::{BillFile, Container, Format};

/// How to read.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Currency of files that have no currency column; also the one to keep when files mix several.
    pub currency: Option<Currency>,
    /// Tag keys to allocate by; empty: every key of the bill, up to [`MAX_TAG_KEYS`].
    pub tag_keys: Vec<String>,
    /// Defects that the user accepts, by their [`Defect::kind`].
    pub accept: Vec<String>,
}

/// How many tag keys are broken down when the user names none: each is one more column of `daily_costs`.
pub const MAX_TAG_KEYS: usize = 8;

/// A bill: its files, checked byte by byte, ready to be aggregated.
#[derive(Clone, Debug)]
pub struct Bill {
    /// The files in the order given.
    pub files: Vec<BillFile>,
    /// What the byte pass found in each.
    pub audits: Vec<Audit>,
    /// Tag keys present as columns `Tag_<key>` of the charges.
    pub tag_keys: Vec<String>,
    /// Tag keys found and not broken down, because there are too many.
    pub other_tag_keys: Vec<String>,
    /// Options used.
    pub options: Options,
    /// Where the files come from, and what was left out.
    pub delivery: delivery::Delivery,
}

/// Why a bill cannot be read. Each names the file, the place and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum BillError {
    /// The file cannot be opened or read. The user's path, or the disk.
    #[error("{file}: {source}")]
    Io {
        /// File.
        file: String,
        /// Cause.
        source: std::io::Error,
    },
    /// The content is no bill that we know. The user's file.
    #[error("{file}: {found}\nhelp: {help}")]
    NotABill {
        /// File.
        file: String,
        /// What was found instead.
        found: String,
        /// What to do.
        help: String,
    },
    /// Records are damaged.
    #[error("{file}: {defects}\nhelp: {help}")]
    Damaged {
        /// File.
        file: String,
        /// What and where.
        defects: String,
        /// What to do.
        help: String,
    },
    /// A currency is unknown or missing.
    #[error("{file}: {source}\nhelp: {help}")]
    Currency {
        /// File.
        file: String,
        /// What is wrong.
        source: MoneyError,
        /// What to do.
        help: String,
    },
    /// A file has no currency column.
    #[error("{file}: no currency column ({column})\nhelp: say which currency it is in: --currency USD")]
    NoCurrency {
        /// File.
        file: String,
        /// The column that is missing.
        column: String,
    },
    /// The files are in several currencies.
    #[error(
        "the input mixes currencies: {found}\nhelp: amounts of two currencies are never added; review one at a time with --currency CODE"
    )]
    MixedCurrencies {
        /// Each with its total.
        found: String,
    },
    /// A value cannot be read.
    #[error("{file}: {message}\nhelp: correct the value or export the file again; nothing was skipped")]
    Value {
        /// File or files.
        file: String,
        /// The engine's words, with column and value.
        message: String,
    },
    /// No billing file in a folder.
    #[error("{0}: no .csv, .csv.gz, .parquet or .zip file in this folder, and no manifest that lists one")]
    NoFiles(String),
    /// The same file, named twice.
    #[error("{first} and {second} are the same file")]
    Twice {
        /// As named first.
        first: String,
        /// As named again.
        second: String,
    },
    /// A manifest lists a file that is not there.
    #[error(
        "{manifest}: lists {missing}, which is not beside it nor in the folders above it\nhelp: download the whole delivery, or give the data files themselves if you know that they are complete"
    )]
    Incomplete {
        /// The manifest.
        manifest: String,
        /// The file as it is listed.
        missing: String,
    },
    /// Only headers, no charge.
    #[error("no charges in {0}")]
    Empty(String),
    /// Charges that do not say when they were made.
    #[error(
        "{0}: no charge has a start time (ChargePeriodStart, lineItem/UsageStartDate)\nhelp: export the bill with its charge periods: nothing can be said per day or month without them"
    )]
    NoTime(String),
}

/// Opens files, folders, archives and manifests, and checks every byte of what they hold.
///
/// # Errors
/// [`BillError`] for the first file that is not a sound bill.
pub fn open(paths: &[PathBuf], options: Options, progress: &dyn Fn(&Path)) -> Result<Bill, BillError> {
    let delivery = delivery::deliver(paths)?;
    let mut files = Vec::new();
    let mut audits = Vec::new();
    for part in &delivery.parts {
        progress(Path::new(&part.name));
        let mut file = source::recognise(part)?;
        let audit = audit::audit(&file, &options.accept)?;
        file.skip_blank_lines = audit.accepted.iter().any(|(defect, _)| *defect == Defect::BlankLine);
        audits.push(audit);
        files.push(file);
    }
    let (tag_keys, other_tag_keys) = columns::tag_keys(&files, &options)?;
    Ok(Bill { files, audits, tag_keys, other_tag_keys, options, delivery })
}

impl Bill {
    /// The canonical charges of all files, lazy.
    ///
    /// # Errors
    /// [`BillError`] when a needed column is missing.
    pub fn charges(&self) -> Result<LazyFrame, BillError> {
        columns::concat(self.files.iter().map(|file| self.charges_of(file)).collect::<Result<_, _>>()?)
    }

    /// The canonical charges of one file, lazy.
    fn charges_of(&self, file: &BillFile) -> Result<LazyFrame, BillError> {
        match file.format {
            Format::Focus(_) => focus::charges(file, self),
            Format::CurLegacy | Format::Cur2 => cur::charges(file, self),
        }
    }
}
