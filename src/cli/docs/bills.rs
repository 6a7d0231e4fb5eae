//! The page of bills that were tried: every file of a folder, reviewed or refused, with its totals.
//!
//! The files are not part of the repository, so the page is written where they are and only read elsewhere.

use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::billing::{self, Aggregates, BillError, Options};
use crate::money::Currency;

/// An argument, and what it does.
type Help = (&'static str, fn(&mut Options));

/// What a user would add after reading an error, tried in this order.
const HELPED: [Help; 3] = [
    ("--accept short-rows", |options| options.accept.push("short-rows".into())),
    ("--accept blank-lines", |options| options.accept.push("blank-lines".into())),
    ("--currency USD", |options| options.currency = Some(Currency::USD)),
];

/// The page.
pub(super) fn page(folders: &[PathBuf]) -> anyhow::Result<String> {
    let mut rows = Vec::new();
    for folder in folders {
        let mut files = Vec::new();
        collect(folder, &mut files).with_context(|| folder.display().to_string())?;
        files.sort();
        let root = folder.parent().unwrap_or(folder);
        rows.extend(files.iter().map(|file| row(root, file)));
    }
    let count = |words: &str| rows.iter().filter(|row| row.contains(words)).count();
    let (reviewed, none) = (count("| reviewed"), count("the columns of no bill"));
    Ok(format!(
        "# Bills that were tried\n\n\
         Every billing file at hand, real ones and synthetic ones, read by itself: reviewed with the residual against its own bytes, or\n\
         refused with the reason. {reviewed} of {} are reviewed; {none} are lists that lie beside bills and are told apart.\n\n\
         Written by `surgeon docs --bills FOLDER…` where the files are; they are not part of the repository.\n\n\
         | File | Format | Rows | Billed | Residual | Result |\n|:--|:--|--:|--:|--:|:--|\n{}\n",
        rows.len(),
        rows.join("\n")
    ))
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
        if path.is_dir() {
            collect(&path, into)?;
        } else if [".csv", ".csv.gz", ".parquet", ".zip"].iter().any(|end| name.ends_with(end))
            || name.contains("manifest") && name.ends_with(".json")
        {
            into.push(path);
        }
    }
    Ok(())
}

fn row(root: &Path, file: &Path) -> String {
    let name = file.strip_prefix(root).unwrap_or(file).display().to_string();
    let mut options = Options::default();
    let mut added = Vec::new();
    loop {
        match read(file, &options) {
            Ok(bill) => return reviewed(&name, &bill, &added),
            Err(error) => {
                let text = error.to_string();
                let next = HELPED.iter().find(|(word, _)| {
                    let helps = text.contains(word) || *word == "--currency USD" && text.contains("--currency CODE");
                    helps && !added.contains(word)
                });
                let Some((word, add)) = next else {
                    let said = text.lines().next().unwrap_or_default();
                    let said = said.replace(&format!("{}: ", file.display()), "");
                    let said = said.replace(&format!("{}/", root.display()), "").replace('|', "\\|");
                    return format!("| {name} | | | | | refused: {said} |");
                };
                add(&mut options);
                added.push(word);
            }
        }
    }
}

fn read(file: &Path, options: &Options) -> Result<Aggregates, BillError> {
    billing::aggregate(&billing::open(&[file.to_owned()], options.clone(), &|_| {})?)
}

fn reviewed(name: &str, bill: &Aggregates, added: &[&str]) -> String {
    let Some(tie) = &bill.tie_out else { return String::new() };
    let residual = (tie.file_total - tie.reviewed_total).normalize();
    let formats: std::collections::BTreeSet<&str> = bill.sources.iter().map(|s| s.format.as_str()).collect();
    let mut result = if tie.ties() { "reviewed".to_owned() } else { "refused: does not tie out".to_owned() };
    if !added.is_empty() {
        result += &format!(", with {}", added.join(" "));
    }
    if tie.left_out_rows > 0 {
        result += &format!(", {} charges in other currencies left out", tie.left_out_rows);
    }
    format!(
        "| {name} | {} | {} of {} | {} {} | {residual} | {result} |",
        formats.into_iter().collect::<Vec<_>>().join(", "),
        tie.rows_reviewed,
        tie.rows_in_files,
        tie.reviewed_total.normalize(),
        bill.currency
    )
}
