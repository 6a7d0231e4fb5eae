//! What a folder of copies holds: which are complete, of which state of their object, and what does not belong.
//!
//! A complete copy has a note beside it, hidden from readers, with the size and `ETag` of its object; one that broke off has
//! none. Does not know: the network.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use object_store::ObjectMeta;

use super::answer::{BillsError, disk, usage};
use super::is_file;

/// What is noted of an object, to know it again.
pub(super) fn stamp(object: &ObjectMeta) -> String {
    let time = || object.last_modified.timestamp().to_string();
    format!("{} {}", object.size, object.e_tag.clone().unwrap_or_else(time))
}

/// A file beside another.
fn beside(path: &Path, before: &str, after: &str) -> PathBuf {
    path.with_file_name(format!("{before}{}{after}", path.file_name().unwrap_or_default().to_string_lossy()))
}

/// Where a copy is written to until it is complete.
pub(super) fn part(path: &Path) -> PathBuf {
    beside(path, "", ".part")
}

/// Where a copy's stamp is noted.
pub(super) fn note(path: &Path) -> PathBuf {
    beside(path, ".", ".surgeon")
}

/// The stamp of a copy that is complete.
pub(super) fn noted(path: &Path) -> Option<String> {
    let text = fs::read_to_string(note(path)).ok()?;
    let size: u64 = text.split_once(' ')?.0.parse().ok()?;
    (fs::metadata(path).ok()?.len() == size).then_some(text)
}

/// Takes away what S3 no longer has. A file that did not come from there would be read as a part of the bill.
pub(super) fn sweep(folder: &Path, wanted: &BTreeSet<PathBuf>) -> Result<(), BillsError> {
    // No copy yet.
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let entry = entry.map_err(disk(folder))?;
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if name.starts_with('.') {
            continue;
        }
        if entry.file_type().map_err(disk(&path))?.is_dir() {
            sweep(&path, wanted)?;
        } else if is_file(&name) && !wanted.contains(&path) {
            if !note(&path).is_file() {
                let help = "move it away, or name another folder: --cache DIR";
                return Err(usage(&path.display().to_string(), "is among the copies, but is not in S3", help));
            }
            fs::remove_file(&path).and_then(|()| fs::remove_file(note(&path))).map_err(disk(&path))?;
        }
    }
    Ok(())
}
