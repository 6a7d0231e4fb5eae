//! Which files make up a bill: single files, folders, ZIP archives, and manifests that list what a delivery consists of.
//!
//! Knows: how AWS lays a delivery out (legacy CUR: `report-Manifest.json` with `reportKeys`; Data Exports: `…-Manifest.json` with
//! `dataFiles`), and that a folder may hold leftovers. Does not know: what is in a file. Nothing is left out silently: each
//! file that is not read is a gap with its reason.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use tempfile::TempDir;

use super::BillError;
use crate::dataset::{Dataset, GapEntry};

/// The files of a bill.
#[derive(Clone, Debug, Default)]
pub struct Delivery {
    /// Each file with the name to show for it, in order of name.
    pub parts: Vec<Part>,
    /// What was left out, and why.
    pub gaps: Vec<GapEntry>,
    /// Where archives are unpacked; goes with the last copy of this.
    scratch: Option<Arc<TempDir>>,
}

/// One file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    /// As the user knows it: a path, or `archive.zip/entry.csv`.
    pub name: String,
    /// Where its bytes are.
    pub path: PathBuf,
    /// The manifest or archive that it came with: what comes together was delivered together.
    pub unit: Option<String>,
}

/// A file found, and the manifest that lists it.
type Found = (PathBuf, Option<String>);

/// What both kinds of manifests say, as far as it is needed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    report_name: Option<String>,
    export_arn: Option<String>,
    assembly_id: Option<String>,
    execution_id: Option<String>,
    billing_period: Option<Period>,
    report_keys: Option<Vec<String>>,
    data_files: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct Period {
    start: String,
}

/// A manifest with the place where it stands.
struct Listing {
    path: PathBuf,
    /// Which report and month it is a delivery of.
    subject: (String, String),
    /// Which delivery of it.
    delivery: String,
    keys: Vec<String>,
}

/// Deeper folders are a mistake, or a loop.
const DEEPEST: usize = 16;
/// A bill compresses 20 to 50 times; what swells more than this, past the first 64 MiB, is no bill.
const MOST_SWELLING: u64 = 500;
const SWELLING_COUNTS_FROM: u64 = 64 << 20;

/// The files behind what the user names: files as they are, folders with everything in them, manifests with what they list.
///
/// # Errors
/// [`BillError`] for a path that cannot be read, a listed file that is missing, a file named twice, and nothing at all.
pub fn deliver(inputs: &[PathBuf]) -> Result<Delivery, BillError> {
    let mut out = Delivery::default();
    let mut taken: BTreeMap<PathBuf, Found> = BTreeMap::new();
    for input in inputs {
        if Dataset::is_at(input) {
            let help = "a Dataset is reviewed alone: surgeon review FOLDER".into();
            return Err(BillError::NotABill { file: shown(input), found: "is a Dataset folder".into(), help });
        }
        let found = if input.is_dir() { folder(input, &mut out.gaps)? } else { single(input, &mut out.gaps)? };
        for (path, unit) in found {
            // The same file twice would be counted twice.
            if let Some((first, _)) = taken.insert(real(&path), (path.clone(), unit)) {
                return Err(BillError::Twice { first: shown(&first), second: shown(&path) });
            }
        }
    }
    for (path, unit) in taken.into_values() {
        if is_zip(&path)? {
            out.unpack(&path, unit)?;
        } else {
            out.parts.push(Part { name: shown(&path), path, unit });
        }
    }
    Ok(out)
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn io(path: &Path) -> impl Fn(std::io::Error) -> BillError {
    let file = shown(path);
    move |source| BillError::Io { file: file.clone(), source }
}

/// A file that is named: a manifest stands for what it lists, anything else for itself.
fn single(path: &Path, gaps: &mut Vec<GapEntry>) -> Result<Vec<Found>, BillError> {
    match manifest(path)? {
        Some(listing) => {
            let files = listed(&listing)?;
            gaps.extend(nothing_listed(&listing, &files));
            Ok(files.into_iter().map(|file| (file, Some(shown(path)))).collect())
        }
        None => Ok(vec![(path.to_owned(), None)]),
    }
}

/// Everything in a folder: of each report and month the newest manifest's files, and files that no manifest governs.
fn folder(root: &Path, gaps: &mut Vec<GapEntry>) -> Result<Vec<Found>, BillError> {
    let mut files = Vec::new();
    walk(root, 0, &mut BTreeSet::new(), &mut files)?;
    files.sort();
    let mut listings: BTreeMap<(String, String), Vec<Listing>> = BTreeMap::new();
    let mut data = Vec::new();
    for path in files {
        if path.extension().is_some_and(|e| e == "json") {
            if let Some(listing) = manifest(&path)? {
                listings.entry(listing.subject.clone()).or_default().push(listing);
            }
        } else {
            data.push(path);
        }
    }
    let mut wanted: BTreeMap<PathBuf, String> = BTreeMap::new();
    let mut governed: BTreeMap<PathBuf, String> = BTreeMap::new();
    for ((report, month), mut deliveries) in listings {
        // A legacy report keeps its current manifest above those of its assemblies; Data Exports name each execution's folder by
        // its time. So: the shallowest, then the last by name.
        deliveries.sort_by_key(|l| (l.path.components().count(), std::cmp::Reverse(l.path.clone())));
        let newest = deliveries.remove(0);
        let files = listed(&newest)?;
        gaps.extend(nothing_listed(&newest, &files));
        govern(
            &files,
            &format!("not in the manifest {}: left over from an earlier delivery", shown(&newest.path)),
            &mut governed,
        );
        for older in deliveries.into_iter().filter(|older| older.delivery != newest.delivery) {
            let reason = format!("an earlier delivery of {report} {month}; {} is the newest", shown(&newest.path));
            // What is gone of an earlier delivery is not missed.
            govern(&listed(&older).unwrap_or_default(), &reason, &mut governed);
        }
        wanted.extend(files.into_iter().map(|file| (file, shown(&newest.path))));
    }
    let mut out = Vec::new();
    for path in data {
        let folder = path.parent().map(real).unwrap_or_default();
        match (wanted.get(&real(&path)), governed.get(&folder)) {
            (None, Some(reason)) => gaps.push(GapEntry {
                what: format!("a file is left out: {reason}"),
                place: shown(&path),
                remedy: "name the file itself to review it".into(),
            }),
            (unit, _) => out.push((path, unit.cloned())),
        }
    }
    if out.is_empty() {
        return Err(BillError::NoFiles(shown(root)));
    }
    Ok(out)
}

fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// The folders of listed files belong to their manifest.
fn govern(files: &[PathBuf], reason: &str, governed: &mut BTreeMap<PathBuf, String>) {
    for folder in files.iter().filter_map(|file| file.parent()) {
        governed.entry(folder.to_owned()).or_insert_with(|| reason.to_owned());
    }
}

/// Data files and JSON below a folder. A folder that was seen already (a link to one above) is not entered again.
fn walk(folder: &Path, depth: usize, seen: &mut BTreeSet<PathBuf>, files: &mut Vec<PathBuf>) -> Result<(), BillError> {
    if depth > DEEPEST || !seen.insert(real(folder)) {
        return Ok(());
    }
    for entry in std::fs::read_dir(folder).map_err(io(folder))? {
        let path = entry.map_err(io(folder))?.path();
        let name = path.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            walk(&path, depth + 1, seen, files)?;
        } else if [".csv", ".csv.gz", ".parquet", ".zip", ".json"].iter().any(|end| name.ends_with(end)) {
            files.push(path);
        }
    }
    Ok(())
}

/// The manifest that a file is; `None` when it is something else.
fn manifest(path: &Path) -> Result<Option<Listing>, BillError> {
    /// Manifests list columns and files; larger JSON is data.
    const LARGEST: u64 = 16 << 20;
    let mut file = File::open(path).map_err(io(path))?;
    let mut start = [0; 1];
    if file.read(&mut start).map_err(io(path))? == 0 || start != *b"{" {
        return Ok(None);
    }
    let mut text = start.to_vec();
    file.take(LARGEST).read_to_end(&mut text).map_err(io(path))?;
    let Ok(manifest) = serde_json::from_slice::<Manifest>(&text) else { return Ok(None) };
    let Some(keys) = manifest.data_files.or(manifest.report_keys) else { return Ok(None) };
    let period = |key: &String| {
        let part = key.split('/').find_map(|part| part.strip_prefix("BILLING_PERIOD="));
        part.map(str::to_owned)
    };
    let month = manifest.billing_period.map(|p| p.start).or_else(|| keys.iter().find_map(period));
    let report = manifest.export_arn.or(manifest.report_name);
    Ok(Some(Listing {
        path: path.to_owned(),
        subject: (report.unwrap_or_else(|| shown(path)), month.unwrap_or_default()),
        delivery: manifest.execution_id.or(manifest.assembly_id).unwrap_or_else(|| shown(path)),
        keys,
    }))
}

/// The files that a manifest lists, found beside it or in the folders above it under the tail of their key.
fn listed(listing: &Listing) -> Result<Vec<PathBuf>, BillError> {
    let mut files = Vec::new();
    for key in &listing.keys {
        let tail = key.split_once("://").map_or(key.as_str(), |(_, rest)| rest);
        let parts: Vec<&str> = tail.split('/').filter(|part| !part.is_empty()).collect();
        // A key never leads out of the folders that are looked into.
        let plain = Path::new(tail).components().all(|c| matches!(c, Component::Normal(_) | Component::RootDir));
        let place = listing.path.ancestors().skip(1).take(DEEPEST).find_map(|above| {
            (0..parts.len()).find_map(|cut| {
                let path = parts[cut..].iter().fold(above.to_owned(), |path, part| path.join(part));
                path.is_file().then_some(path)
            })
        });
        match place.filter(|_| plain) {
            Some(path) => files.push(real(&path)),
            None => return Err(BillError::Incomplete { manifest: shown(&listing.path), missing: key.clone() }),
        }
    }
    Ok(files)
}

fn nothing_listed(listing: &Listing, files: &[PathBuf]) -> Option<GapEntry> {
    files.is_empty().then(|| GapEntry {
        what: "a manifest lists no files: the delivery is empty".into(),
        place: shown(&listing.path),
        remedy: "wait for the next delivery, or give the data files themselves".into(),
    })
}

fn is_zip(path: &Path) -> Result<bool, BillError> {
    let mut start = [0; 4];
    let read = File::open(path).and_then(|mut file| file.read(&mut start)).map_err(io(path))?;
    Ok(start.get(..read).is_some_and(|head| head.starts_with(b"PK\x03\x04")))
}

impl Delivery {
    /// Unpacks the files of an archive. Their names are shown, never used as paths.
    fn unpack(&mut self, path: &Path, unit: Option<String>) -> Result<(), BillError> {
        let damaged = |defects: String| BillError::Damaged {
            file: shown(path),
            defects,
            help: "copy it again and compare the sizes, or unpack it and give the files inside".into(),
        };
        let scratch = match &self.scratch {
            Some(scratch) => Arc::clone(scratch),
            None => {
                let made = Arc::new(tempfile::tempdir().map_err(io(path))?);
                self.scratch = Some(Arc::clone(&made));
                made
            }
        };
        let file = File::open(path).map_err(io(path))?;
        let mut archive =
            zip::ZipArchive::new(file).map_err(|e| damaged(format!("is a ZIP archive that cannot be read ({e})")))?;
        let before = self.parts.len();
        for index in 0..archive.len() {
            let mut entry =
                archive.by_index(index).map_err(|e| damaged(format!("entry {} cannot be read ({e})", index + 1)))?;
            if entry.is_dir() {
                continue;
            }
            let inner = entry.name().map_or_else(|_| format!("entry {}", index + 1), std::borrow::Cow::into_owned);
            let name = format!("{}/{inner}", shown(path));
            let target = scratch.path().join(format!("{}-{index}", self.parts.len()));
            let mut out = File::create(&target).map_err(io(&target))?;
            let limit = (entry.compressed_size().saturating_mul(MOST_SWELLING)).max(SWELLING_COUNTS_FROM);
            let written = std::io::copy(&mut Read::by_ref(&mut entry).take(limit + 1), &mut out)
                .map_err(|e| damaged(format!("{name} cannot be inflated ({e})")))?;
            out.flush().map_err(io(&target))?;
            if written > limit {
                return Err(damaged(format!(
                    "{name} swells to more than {MOST_SWELLING} times its size: that is no bill"
                )));
            }
            let unit = unit.clone().unwrap_or_else(|| shown(path));
            self.parts.push(Part { name, path: target, unit: Some(unit) });
        }
        if self.parts.len() == before {
            return Err(damaged("is a ZIP archive without files".into()));
        }
        Ok(())
    }
}
