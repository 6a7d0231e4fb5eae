//! The order of modules in `src/lib.rs` is the architecture: a module uses only modules above it, engine and command-line
//! crates stay in their rooms.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Modules in the order of `src/lib.rs`.
fn modules() -> Vec<String> {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let modules: Vec<String> =
        lib.lines().filter_map(|l| l.strip_prefix("pub mod ")?.strip_suffix(';').map(str::to_owned)).collect();
    assert!(modules.len() > 10, "src/lib.rs no longer lists the modules one a line");
    modules
}

/// Source text of each module, by module.
fn sources() -> BTreeMap<String, Vec<(PathBuf, String)>> {
    let mut out = BTreeMap::new();
    for module in modules() {
        let mut files = vec![root().join(format!("src/{module}.rs"))];
        collect(&root().join("src").join(&module), &mut files);
        let texts = files.into_iter().map(|f| (f.clone(), fs::read_to_string(&f).unwrap())).collect();
        out.insert(module, texts);
    }
    out
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

/// Whether a file is a test module, which may look anywhere.
fn is_test(path: &Path) -> bool {
    path.file_stem().is_some_and(|name| name == "tests")
        || path.parent().is_some_and(|folder| folder.ends_with("tests"))
}

/// Code without comments and without test modules.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    text.lines().map(|l| l.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_module_uses_only_modules_above_it() {
    let order = modules();
    let place = |name: &str| order.iter().position(|m| m == name);
    for (module, files) in sources() {
        for (path, text) in files.into_iter().filter(|(path, _)| !is_test(path)) {
            for rest in code(&text).split("crate::").skip(1) {
                let used: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                // `crate::review(…)` is the pipeline itself, called by the command line.
                if module == "cli" || used == module {
                    continue;
                }
                if let Some(below) = place(&used) {
                    assert!(
                        below < place(&module).unwrap(),
                        "{}: {module} uses {used}, which stands below it",
                        path.display()
                    );
                }
            }
        }
    }
}

#[test]
fn crates_stay_in_their_rooms() {
    let rooms: [(&str, &[&str]); 10] = [
        ("aws_", &["collect"]),
        ("reqwest::", &["collect"]),
        ("tokio::", &["collect"]),
        ("futures::", &["collect"]),
        ("object_store::", &["collect"]),
        ("polars::", &["table", "dataset", "billing", "derive", "prices", "estimate", "redact", "rules", "review"]),
        ("clap", &["cli"]),
        ("anyhow", &["cli"]),
        ("plotters", &["report"]),
        ("sqlparser", &["rules"]),
    ];
    for (module, files) in sources() {
        for (path, text) in files {
            for (krate, allowed) in rooms {
                let uses = code(&text).lines().any(|l| {
                    l.contains(&format!("use {krate}")) || l.contains(&format!(" {krate}")) && krate.ends_with("::")
                });
                assert!(!uses || allowed.contains(&module.as_str()), "{}: {module} uses {krate}", path.display());
            }
        }
    }
}

#[test]
fn a_module_says_what_it_is_for() {
    for (_, files) in sources() {
        for (path, text) in files {
            assert!(text.starts_with("//!"), "{} does not open with its room", path.display());
        }
    }
    let stray =
        fs::read_dir(root().join("src")).unwrap().map(|e| e.unwrap().path()).filter(|p| p.ends_with("mod.rs")).count();
    assert_eq!(stray, 0, "module files are foo.rs and foo/, never mod.rs");
}
