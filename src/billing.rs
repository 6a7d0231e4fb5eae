//! What was charged: from files to canonical charges, proof of their totals, and the named aggregates.
//!
//! Knows: the formats of bills, what can be wrong in a file, FOCUS columns. Does not know: what anything should cost,
//! and gives no judgement. Charges are a lazy frame, never held whole; they are read only through [`aggregate`].
//!
//! Each file is read twice, on purpose. An independent pass over its bytes ([`audit`]) counts records and adds the raw
//! cost column exactly; the engine then aggregates. The engine drops rows of a malformed CSV silently under projection,
//! so its own count proves nothing; the two must agree, or the review says where they do not ([`tie_out`]).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use polars::prelude::{LazyFrame, col};

use crate::dataset::GapEntry;
use crate::money::{Currency, MoneyError};

pub mod aggregate;
pub mod audit;
mod batches;
mod azure;
mod charges_of;
mod columns;
mod cur;
pub mod delivery;
mod focus;
mod gcp;
mod kind;
pub mod lost_meter;
mod oci;
mod overlap;
pub mod source;
pub mod tie_out;

#[cfg(test)]
pub(crate) use aggregate::is_committable;
pub use aggregate::{Aggregates, aggregate};
pub use audit::{Audit, Defect};
pub use charges_of::{Charge, Charges, DayRow, RowsBehind, UnusedCost, charges_of, rows_behind};
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
    /// Size of each file before it was read, in bytes.
    sizes: Vec<(PathBuf, String, u64)>,
    /// Charges that have passed on their way into the aggregates.
    seen: Arc<AtomicU64>,
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
    /// No billing file in a folder, or none that a manifest lists.
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
    /// Two files hold the same charges of some months, and the one that would be left out holds others too.
    #[error(
        "{second} holds the charges of {shared} that {first} holds too, and those of {alone} besides\nhelp: charges would count twice; give files that do not overlap, for instance one file for each month"
    )]
    Overlap {
        /// The file that would be kept.
        first: String,
        /// The file that would be left out.
        second: String,
        /// Months in both.
        shared: String,
        /// Months only in the second.
        alone: String,
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
    /// A file has another size than when it was opened.
    #[error("{0}: changed while it was read\nhelp: wait until its delivery or download is complete, then run again")]
    Changed(String),
    /// Only headers, no charge.
    #[error("no charges in {0}")]
    Empty(String),
    /// Charges that do not say when they were made.
    #[error(
        "{0}: no charge has a start time (ChargePeriodStart, lineItem/UsageStartDate)\nhelp: export the bill with its charge periods: nothing can be said per day or month without them"
    )]
    NoTime(String),
}

/// What a long read tells of itself, for whoever waits.
#[derive(Clone, Copy, Debug)]
pub enum Progress<'a> {
    /// Bytes of all files together.
    Total(u64),
    /// A file is begun.
    File(&'a str),
    /// So many bytes more are checked.
    Bytes(u64),
}

/// Opens files, folders, archives and manifests, and checks every byte of what they hold.
///
/// # Errors
/// [`BillError`] for the first file that is not a sound bill.
pub fn open(paths: &[PathBuf], options: Options, progress: &dyn Fn(Progress<'_>)) -> Result<Bill, BillError> {
    let mut delivery = delivery::deliver(paths)?;
    let mut files = Vec::new();
    let mut audits = Vec::new();
    let mut sizes = Vec::new();
    let mut beside = Vec::new();
    for part in &delivery.parts {
        sizes.push((part.path.clone(), part.name.clone(), size(&part.path)));
    }
    progress(Progress::Total(sizes.iter().map(|(_, _, size)| size).sum()));
    for part in &delivery.parts {
        progress(Progress::File(&part.name));
        let mut file = match source::recognise(part) {
            Err(BillError::NotABill { file, found, .. }) if found == source::CONTRACTS && delivery.parts.len() > 1 => {
                beside.push(GapEntry {
                    what: format!("a file is left out: it {found}"),
                    place: file,
                    remedy: "nothing: the charges are in the other files".into(),
                });
                continue;
            }
            known => known?,
        };
        let audit = audit::audit(&file, &options.accept, progress)?;
        file.skip_blank_lines = audit.accepted.iter().any(|(defect, _)| *defect == Defect::BlankLine);
        audits.push(audit);
        files.push(file);
    }
    if files.is_empty() {
        let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        return Err(BillError::NoFiles(names.join(", ")));
    }
    delivery.gaps.extend(beside);
    let mut bill = Bill {
        files,
        audits,
        tag_keys: Vec::new(),
        other_tag_keys: Vec::new(),
        options,
        delivery,
        sizes,
        seen: Arc::default(),
    };
    overlap::resolve(&mut bill)?;
    (bill.tag_keys, bill.other_tag_keys) = columns::tag_keys(&bill.files, &bill.options)?;
    Ok(bill)
}

/// 0 for a file that is gone.
fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map(|m| m.len()).unwrap_or_default()
}

impl Bill {
    /// A file that grows or shrinks between its passes was read half in one state and half in another.
    fn unchanged(&self) -> Result<(), BillError> {
        match self.sizes.iter().find(|(path, _, before)| size(path) != *before) {
            Some((_, name, _)) => Err(BillError::Changed(name.clone())),
            None => Ok(()),
        }
    }

    /// The canonical charges of all files, lazy, in parts that are read one after the other.
    fn charges(&self) -> Result<Vec<batches::Source>, BillError> {
        let mut sources = Vec::new();
        for file in &self.files {
            let few = file.container == Container::Parquet;
            for part in file.slices(batches::BATCH.get())? {
                let seen = Arc::clone(&self.seen);
                // Counting rows as they stream costs nothing; the engine has no hook for it.
                let counted = col("BilledCost").map(
                    move |column| {
                        seen.fetch_add(column.len() as u64, Ordering::Relaxed);
                        Ok(column)
                    },
                    |_, field| Ok(field.clone()),
                );
                sources.push(batches::Source { charges: self.charges_of(&part)?.with_column(counted), few });
            }
        }
        Ok(sources)
    }

    /// How far [`aggregate`] is, from 0 to 1, while it runs in another thread.
    #[must_use]
    pub fn progress(&self) -> f64 {
        let charges: u64 = self.audits.iter().map(|audit| audit.charges).sum();
        self.seen.load(Ordering::Relaxed) as f64 / charges.max(1) as f64
    }

    /// The canonical charges of one file, lazy.
    fn charges_of(&self, file: &BillFile) -> Result<LazyFrame, BillError> {
        match file.format {
            Format::Focus(_) => focus::charges(file, self),
            Format::CurLegacy | Format::Cur2 => cur::charges(file, self),
            Format::Azure => azure::charges(file, self),
            Format::Gcp => gcp::charges(file, self),
            Format::Oci => oci::charges(file, self),
        }
    }
}
