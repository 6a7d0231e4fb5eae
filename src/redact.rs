//! Copies of a bill that can be handed to a stranger: ids and names are pseudonyms, the figures of a review are the same.
//!
//! Knows: which columns and words may pass (`redact/columns.txt`, `redact/vocabulary.txt`: lists of what passes, never of what does
//! not), the shapes of ids, and that a copy counts only after it was read again. Does not know: what a charge means, nor where the
//! key comes from.
//!
//! Pseudonyms are keyed digests: without the key, short ids cannot be guessed by trying them all.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::billing::{self, Bill, BillError, Container};
use crate::pseudonym::{self, Pseudonyms, ShortKey};

mod copy;
mod look;
mod map;
mod policy;
mod wording;

use look::Search;

/// What was written.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Redacted {
    /// The copies, in the order of the bill's files.
    pub files: Vec<PathBuf>,
    /// Records in them.
    pub records: u64,
    /// Distinct names and ids that were replaced; of very large bills, the first 200,000.
    pub replaced: usize,
    /// Columns whose values passed.
    pub passed: Vec<String>,
    /// Names that were looked for in the copies, and not found.
    pub looked_for: usize,
    /// Names that were not looked for, because they are also words of the provider's.
    pub common: usize,
}

/// Why there are no copies.
#[derive(Debug, thiserror::Error)]
pub enum RedactError {
    /// The bill, or a copy, cannot be read.
    #[error(transparent)]
    Bill(#[from] BillError),
    /// A file cannot be read or written.
    #[error("{file}: {source}")]
    Io {
        /// File.
        file: String,
        /// Cause.
        source: std::io::Error,
    },
    /// A record cannot be read or written.
    #[error("{file}: {source}\nhelp: if the bill has changed since it was checked, run again")]
    Csv {
        /// File.
        file: String,
        /// Cause.
        source: csv::Error,
    },
    /// The engine refuses a value of a Parquet file.
    #[error("{file}: {message}\nhelp: export the bill as CSV and redact that")]
    Engine {
        /// File.
        file: String,
        /// The engine's words.
        message: String,
    },
    /// The folder holds something.
    #[error(
        "{0}: is not empty\nhelp: name a folder that does not exist yet: nothing is written over, and nothing else handed on"
    )]
    NotEmpty(String),
    /// The key can be guessed.
    #[error(transparent)]
    ShortKey(#[from] ShortKey),
    /// A copy does not add up to its original. Our bug; the copies are removed.
    #[error("{file}: its copy has other records or another total\nhelp: no copy was kept; please report this")]
    Differs {
        /// The original.
        file: String,
    },
    /// A copy still holds what was replaced elsewhere. The copies are removed.
    #[error(
        "{file}: column {column} of the copy still holds a name that was replaced elsewhere\nhelp: no copy was kept; leave the column out of the export, and please report this"
    )]
    Found {
        /// The copy.
        file: String,
        /// The column.
        column: String,
    },
}

/// Writes pseudonymised copies of the files of a bill into a folder, and looks through them.
///
/// # Errors
/// [`RedactError`]; then no copy is left.
pub fn redact(bill: &Bill, key: &[u8], into: &Path, progress: &dyn Fn(&Path)) -> Result<Redacted, RedactError> {
    if key.len() < pseudonym::SHORTEST_KEY {
        return Err(ShortKey(key.len()).into());
    }
    let io = |source| RedactError::Io { file: into.display().to_string(), source };
    if into.exists() && fs::read_dir(into).map_err(io)?.next().is_some() {
        return Err(RedactError::NotEmpty(into.display().to_string()));
    }
    fs::create_dir_all(into).map_err(io)?;
    let done = fill(bill, key, into, progress);
    if done.is_err() {
        // What cannot be vouched for does not stay; that it cannot be removed either is not the first thing to say.
        let _ = fs::remove_dir_all(into);
    }
    done
}

fn fill(bill: &Bill, key: &[u8], into: &Path, progress: &dyn Fn(&Path)) -> Result<Redacted, RedactError> {
    let mut names = Pseudonyms::new(key)?;
    let mut passed = BTreeSet::new();
    let mut files = Vec::new();
    // Names of files may tell; so many digits that their order is that of the bill.
    let width = bill.files.len().to_string().len().max(4);
    for (place, file) in bill.files.iter().enumerate() {
        progress(Path::new(&file.name));
        let end = if file.container == Container::Csv { "csv" } else { "csv.gz" };
        let path = into.join(format!("part-{:0width$}.{end}", place + 1));
        passed.extend(copy::copy(file, &path, &mut names)?);
        files.push(path);
    }
    let write = |name: &str, text: String| {
        let path = into.join(name);
        fs::write(&path, text).map_err(|source| RedactError::Io { file: path.display().to_string(), source })
    };
    // One delivery: loose files would be asked whether they are the same month twice.
    let listed: Vec<String> =
        files.iter().filter_map(|path| Some(path.file_name()?.to_string_lossy().into())).collect();
    write("manifest.json", serde_json::json!({ "reportName": "redacted", "reportKeys": listed }).to_string())?;

    let copies = billing::open(&[into.to_owned()], bill.options.clone(), &|_| {})?;
    // A review breaks cost down by the first tag keys in order of their names, and pseudonyms have another order.
    let keys: Vec<String> = bill.tag_keys.iter().map(|key| format!("{:?}", names.tag_key(key))).collect();
    write("surgeon.toml", format!("[allocation]\nkeys = [{}]\n", keys.join(", ")))?;
    let search = Search::new(&names);
    if copies.files.len() != bill.files.len() {
        return Err(RedactError::Differs { file: into.display().to_string() });
    }
    let originals = bill.files.iter().zip(&bill.audits);
    for ((file, audit), (copy, again)) in originals.zip(copies.files.iter().zip(&copies.audits)) {
        progress(&copy.path);
        let sums = (audit.records, audit.cost_atoms) == (again.records, again.cost_atoms);
        if !sums || file.format != copy.format {
            return Err(RedactError::Differs { file: file.name.clone() });
        }
        search.through(copy)?;
    }
    let redacted = Redacted {
        records: bill.audits.iter().map(|audit| audit.records).sum(),
        replaced: names.replaced().count(),
        passed: passed.into_iter().collect(),
        looked_for: search.names,
        common: search.common,
        files,
    };
    write("README.txt", readme(&redacted))?;
    Ok(redacted)
}

/// What the receiver should know.
fn readme(redacted: &Redacted) -> String {
    let Redacted { files, records, replaced, passed, looked_for, .. } = redacted;
    format!(
        "Cloud bill without names, made by surgeon {}.\n\n\
         {} files with {records} records. In this folder: surgeon review .\n\
         Records and the sum of the costs of every file are those of the original, and so are the figures of its review;\n\
         surgeon.toml names the tag keys that it breaks cost down by.\n\n\
         {replaced} names and ids were replaced by pseudonyms: accounts, resources, invoices, tags with their keys, people, and every\n\
         column that is not listed below. A pseudonym is a digest under a key that is not in this folder; the same name has the\n\
         same pseudonym everywhere in it. Of descriptions only the provider's own words are left.\n\
         The copies were read again: none of {looked_for} names was found in them.\n\n\
         Columns whose values are those of the original:\n{}\n",
        env!("CARGO_PKG_VERSION"),
        files.len(),
        passed.join("\n"),
    )
}
