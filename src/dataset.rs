//! A Dataset: tables with a manifest that says what they are, as of when, from where, and what is missing.
//!
//! Knows: the folder (`manifest.toml` and one Parquet file for each table). Does not know: how tables are made or what
//! they mean.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use polars::prelude::{DataFrame, ParquetReader, ParquetWriter, SerReader};
use serde::{Deserialize, Serialize};

use crate::table;

pub mod traces;

/// Version of the folder's shape and of the declared columns.
pub const SCHEMA_VERSION: u32 = 3;

/// What a Dataset says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`SCHEMA_VERSION`] when written.
    pub schema_version: u32,
    /// Version of surgeon that wrote it.
    pub tool_version: String,
    /// End of the last complete day, `YYYY-MM-DD`.
    pub as_of: String,
    /// The bill that it holds; absent: none.
    pub bill: Option<BillEntry>,
    /// The accounts that were asked.
    #[serde(default)]
    pub asked: Vec<AskedEntry>,
    /// What could not be collected or read.
    #[serde(default)]
    pub gaps: Vec<GapEntry>,
}

/// A bill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BillEntry {
    /// ISO 4217 code of every amount.
    pub currency: String,
    /// First day with a charge.
    pub first: String,
    /// Last day with a charge.
    pub last: String,
    /// Whether usage is billed by the hour.
    pub hourly: bool,
    /// Allocation tag keys, columns `Tag_<key>`.
    pub tag_keys: Vec<String>,
    /// Where the data came from.
    pub sources: Vec<SourceEntry>,
}

/// An account that was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedEntry {
    /// Account.
    pub account: String,
    /// Regions.
    pub regions: Vec<String>,
}

/// One source file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceEntry {
    /// Name as given.
    pub name: String,
    /// Format, e.g. `CUR 2.0`.
    pub format: String,
    /// Charges counted over its bytes: its records, of Google's export one more for each with credits.
    pub rows: u64,
    /// Exact sum of its raw cost column, a decimal.
    pub total: String,
}

/// Something missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GapEntry {
    /// What.
    pub what: String,
    /// Where.
    pub place: String,
    /// What would close it.
    pub remedy: String,
}

/// Tables with their manifest.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// What it says about itself.
    pub manifest: Manifest,
    /// Declared tables by name; a missing one is unknown, not empty.
    pub tables: BTreeMap<String, DataFrame>,
}

/// Why a Dataset cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// Disk or path.
    #[error("{path}: {source}")]
    Io {
        /// Where.
        path: String,
        /// Cause.
        source: std::io::Error,
    },
    /// The manifest is not ours.
    #[error("{path}: {message}\nhelp: a Dataset folder is written by surgeon; write it again with this version")]
    Manifest {
        /// Where.
        path: String,
        /// What is wrong.
        message: String,
    },
    /// A table file is damaged or of another shape.
    #[error("{path}: {message}\nhelp: the file was damaged or changed: write the Dataset again")]
    Table {
        /// Where.
        path: String,
        /// What is wrong.
        message: String,
    },
}

impl Dataset {
    /// Whether a folder is a Dataset.
    #[must_use]
    pub fn is_at(folder: &Path) -> bool {
        folder.join("manifest.toml").is_file()
    }

    /// Writes the folder.
    ///
    /// # Errors
    /// [`DatasetError`] naming the file that could not be written.
    pub fn save(&mut self, folder: &Path) -> Result<(), DatasetError> {
        let io = |path: &Path| {
            let path = path.display().to_string();
            move |source| DatasetError::Io { path, source }
        };
        fs::create_dir_all(folder).map_err(io(folder))?;
        for (name, frame) in &mut self.tables {
            write_table(&folder.join(format!("{name}.parquet")), frame)?;
        }
        let path = folder.join("manifest.toml");
        let text = toml::to_string_pretty(&self.manifest)
            .map_err(|e| DatasetError::Manifest { path: path.display().to_string(), message: e.to_string() })?;
        fs::write(&path, text).map_err(io(&path))
    }

    /// Reads the folder. Unknown columns and files are ignored; a declared column that is missing is an error.
    ///
    /// # Errors
    /// [`DatasetError`] naming the file.
    pub fn load(folder: &Path) -> Result<Self, DatasetError> {
        let path = folder.join("manifest.toml");
        let text = fs::read_to_string(&path)
            .map_err(|source| DatasetError::Io { path: path.display().to_string(), source })?;
        let wrong = |message: String| DatasetError::Manifest { path: path.display().to_string(), message };
        let manifest: Manifest = toml::from_str(&text).map_err(|e| wrong(e.to_string()))?;
        if manifest.schema_version != SCHEMA_VERSION {
            return Err(wrong(format!(
                "schema version {}, this surgeon reads {SCHEMA_VERSION}",
                manifest.schema_version
            )));
        }
        let mut tables = BTreeMap::new();
        for declared in table::TABLES {
            let path = folder.join(format!("{}.parquet", declared.name));
            if !path.is_file() {
                continue;
            }
            let frame = read_table(&path)?;
            for column in declared.columns {
                let found = frame.column(column.name).map(|c| c.dtype().clone()).map_err(|e| broken(&path, &e))?;
                if found != column.kind.engine() {
                    let message = format!("column {} is {found}, declared {}", column.name, column.kind.word());
                    return Err(DatasetError::Table { path: path.display().to_string(), message });
                }
            }
            tables.insert(declared.name.to_owned(), frame);
        }
        Ok(Dataset { manifest, tables })
    }
}

/// Writes one table.
///
/// # Errors
/// [`DatasetError`] naming the file.
pub fn write_table(path: &Path, frame: &mut DataFrame) -> Result<(), DatasetError> {
    let file = File::create(path).map_err(|source| DatasetError::Io { path: path.display().to_string(), source })?;
    ParquetWriter::new(file).finish(frame).map_err(|e| broken(path, &e))?;
    Ok(())
}

/// Reads one table.
///
/// # Errors
/// [`DatasetError`] naming the file.
pub fn read_table(path: &Path) -> Result<DataFrame, DatasetError> {
    let file = File::open(path).map_err(|source| DatasetError::Io { path: path.display().to_string(), source })?;
    ParquetReader::new(file).finish().map_err(|e| broken(path, &e))
}

fn broken(path: &Path, error: &polars::prelude::PolarsError) -> DatasetError {
    DatasetError::Table {
        path: path.display().to_string(),
        message: error.to_string().lines().next().unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest {
            schema_version: SCHEMA_VERSION,
            tool_version: "0.1.0".into(),
            as_of: "2026-11-01".into(),
            bill: Some(BillEntry {
                currency: "USD".into(),
                first: "2026-10-01".into(),
                last: "2026-10-31".into(),
                hourly: true,
                tag_keys: vec!["team".into()],
                sources: vec![SourceEntry {
                    name: "a.csv".into(),
                    format: "CUR 2.0".into(),
                    rows: 3,
                    total: "1.5".into(),
                }],
            }),
            asked: vec![AskedEntry { account: "111122223333".into(), regions: vec!["eu-west-1".into()] }],
            gaps: Vec::new(),
        }
    }

    #[test]
    fn a_saved_dataset_loads_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let tables = table::TABLES.iter().map(|t| (t.name.to_owned(), t.empty())).collect();
        let mut dataset = Dataset { manifest: manifest(), tables };
        dataset.save(folder.path()).unwrap();
        let loaded = Dataset::load(folder.path()).unwrap();
        assert_eq!(loaded.manifest, dataset.manifest);
        assert_eq!(loaded.tables.len(), table::TABLES.len());
        for (name, frame) in &loaded.tables {
            assert!(frame.equals_missing(&dataset.tables[name]), "{name}");
        }
    }

    #[test]
    fn another_schema_version_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let mut dataset = Dataset { manifest: Manifest { schema_version: 99, ..manifest() }, tables: BTreeMap::new() };
        dataset.save(folder.path()).unwrap();
        let error = Dataset::load(folder.path()).unwrap_err().to_string();
        assert!(error.contains("schema version 99, this surgeon reads 3"), "{error}");
    }
}
