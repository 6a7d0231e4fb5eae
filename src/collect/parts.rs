//! What a survey has found so far, on disk: a part for each table of an account and region, and for each batch of metrics.
//!
//! Knows: a part is there when its label is. Does not know: what is asked, and of whom.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::ask::{Asked, Scope};
use super::metrics::{self, Window};
use super::survey::SurveyError;
use crate::dataset::GapEntry;
use crate::table;

/// Folder of parts within the Dataset's.
pub(super) const PARTS: &str = "parts";

/// What one task found.
pub(super) struct Part {
    /// Its name among the parts of an account and region.
    pub(super) name: String,
    /// Table that its rows are of.
    pub(super) table: String,
    /// Its rows.
    pub(super) frame: table::Frame,
    /// What was refused.
    pub(super) refused: Vec<GapEntry>,
    /// Actions that were refused.
    pub(super) missing: BTreeSet<String>,
}

/// What a part says beside its rows.
#[derive(Serialize, Deserialize)]
struct Label {
    table: String,
}

/// Parts on disk.
pub(super) struct Parts {
    /// Where they lie.
    pub(super) folder: PathBuf,
}

impl Parts {
    fn place(&self, scope: &Scope, name: &str) -> PathBuf {
        self.folder.join(&scope.account).join(&scope.region).join(name)
    }

    /// A part that an earlier run had done.
    pub(super) fn read(&self, scope: &Scope, name: &str) -> Result<Option<Part>, SurveyError> {
        let label = self.place(scope, name).with_extension("toml");
        let Ok(text) = std::fs::read_to_string(&label) else { return Ok(None) };
        let Ok(Label { table }) = toml::from_str(&text) else { return Ok(None) };
        let frame = crate::dataset::read_table(&self.place(scope, name).with_extension("parquet"))?;
        Ok(Some(Part { name: name.to_owned(), table, frame, refused: Vec::new(), missing: BTreeSet::new() }))
    }

    /// Keeps what was answered in full; what was not is asked again by the next run.
    pub(super) fn write(&self, scope: &Scope, name: &str, asked: Asked) -> Result<Part, SurveyError> {
        let table = asked.rows.table.name.to_owned();
        let refused: Vec<GapEntry> = asked.refused.iter().map(|refusal| refusal.gap(scope)).collect();
        let mut frame = asked.rows.frame().map_err(|error| SurveyError::Kept(error.to_string()))?;
        if refused.is_empty() {
            let place = self.place(scope, name);
            let failed = |path: &Path| {
                let path = path.display().to_string();
                move |error: std::io::Error| SurveyError::Kept(format!("{path}: {error}"))
            };
            let folder = place.parent().unwrap_or(&self.folder);
            std::fs::create_dir_all(folder).map_err(failed(folder))?;
            crate::dataset::write_table(&place.with_extension("parquet"), &mut frame)?;
            // Last: a part without its label was not finished.
            let label = place.with_extension("toml");
            let text = toml::to_string(&Label { table: table.clone() })
                .map_err(|error| SurveyError::Kept(error.to_string()))?;
            std::fs::write(&label, text).map_err(failed(&label))?;
        }
        let missing = asked.refused.iter().map(|refusal| refusal.call.action()).collect();
        Ok(Part { name: name.to_owned(), table, frame, refused, missing })
    }
}

/// Name of a batch of series: the same series and points, the same name.
pub(super) fn part_name(batch: &[metrics::Series], window: &Window) -> String {
    use sha2::{Digest, Sha256};
    let mut digest = Sha256::new();
    digest.update(format!("{window:?}\n"));
    for series in batch {
        digest.update(format!("{series:?}\n"));
    }
    let digest: String = digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("metrics-{digest}")
}
