//! Embeds the rule pages and the price lists: writes `pages.rs` and `prices.rs`, lists of (path, text), sorted by path.

#![allow(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "cargo speaks so to build scripts"
)]

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    embed("rules", "md", "pages.rs", |_| true)?;
    embed("prices", "csv", "prices.rs", |text| text.lines().any(|line| line.starts_with("meter,term,")))
}

/// Writes the list of the files of a folder with an extension.
fn embed(folder: &str, extension: &str, list_name: &str, wanted: impl Fn(&str) -> bool) -> io::Result<()> {
    println!("cargo::rerun-if-changed={folder}");
    let variable =
        |name: &str| env::var_os(name).map(PathBuf::from).ok_or_else(|| io::Error::other(format!("{name} is not set")));
    let root = variable("CARGO_MANIFEST_DIR")?.join(folder);
    let mut files = Vec::new();
    if root.is_dir() {
        collect(&root, extension, &mut files)?;
    }
    files.sort();
    let mut list = String::from("&[\n");
    for file in &files {
        if !wanted(&fs::read_to_string(file)?) {
            continue;
        }
        let path = file.strip_prefix(&root).map_err(io::Error::other)?.to_string_lossy().replace('\\', "/");
        // The checkout's own place, not this one's: checkouts may share a folder of build results.
        let from_root = format!("/{folder}/{path}");
        list.push_str(&format!(
            "    ({path:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {from_root:?}))),\n"
        ));
    }
    list.push_str("]\n");
    fs::write(variable("OUT_DIR")?.join(list_name), list)
}

fn collect(folder: &Path, wanted: &str, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, wanted, files)?;
        } else if path.extension().is_some_and(|extension| extension == wanted) {
            files.push(path);
        }
    }
    Ok(())
}
