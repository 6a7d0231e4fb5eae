//! Embeds the rule pages: writes `pages.rs`, the list of (path under `rules/`, text), sorted by path.

#![allow(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "cargo speaks so to build scripts"
)]

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=rules");
    let variable =
        |name: &str| env::var_os(name).map(PathBuf::from).ok_or_else(|| io::Error::other(format!("{name} is not set")));
    let root = variable("CARGO_MANIFEST_DIR")?.join("rules");
    let mut pages = Vec::new();
    if root.is_dir() {
        collect(&root, &mut pages)?;
    }
    pages.sort();
    let mut list = String::from("&[\n");
    for page in &pages {
        let path = page.strip_prefix(&root).map_err(io::Error::other)?.to_string_lossy().replace('\\', "/");
        // The checkout's own place, not this one's: checkouts may share a folder of build results.
        let from_root = format!("/rules/{path}");
        list.push_str(&format!(
            "    ({path:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {from_root:?}))),\n"
        ));
    }
    list.push_str("]\n");
    fs::write(variable("OUT_DIR")?.join("pages.rs"), list)
}

fn collect(folder: &Path, pages: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, pages)?;
        } else if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
    Ok(())
}
