//! The bytes of the demo's reports, and what their consumers rely on.
//!
//! `UPDATE_GOLDEN=1 cargo test golden` writes them anew; read the difference before committing it.

use crate::common::{demo_dataset, repository, surgeon};

fn compare(name: &str, arguments: &[&str]) {
    let (code, out, err) = surgeon(arguments);
    assert_eq!(code, 0, "{err}");
    let path = repository("tests/golden").join(name);
    #[expect(clippy::disallowed_methods, reason = "a developer asks for new golden files")]
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    if update {
        std::fs::write(&path, &out).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    let first = golden.lines().zip(out.lines()).position(|(a, b)| a != b);
    assert!(
        golden == out,
        "{name} differs from line {:?}; UPDATE_GOLDEN=1 cargo test golden, then read the diff",
        first.map(|l| l + 1)
    );
}

#[test]
fn text() {
    compare("acme.txt", &["review"]);
}

#[test]
fn markdown_with_owners() {
    compare("acme.md", &["review", "-f", "md", "--by", "tag:team"]);
}

#[test]
fn csv() {
    compare("acme.csv", &["review", "-f", "csv"]);
}

#[test]
fn json_keeps_its_published_schema() {
    let (_, out, _) = surgeon(&["review", "-f", "json", "--by", "tag:team"]);
    let published = std::fs::read_to_string(repository("docs/review.schema.json")).unwrap();
    let schema: serde_json::Value = serde_json::from_str(&published).unwrap();
    let review: serde_json::Value = serde_json::from_str(&out).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&review).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert_eq!(errors, Vec::<String>::new());
    let mut wrong = review;
    wrong["plan"]["net"] = serde_json::json!(12.5);
    assert!(!validator.is_valid(&wrong), "the schema accepts anything");
}

#[test]
fn html_stands_alone_and_shows_the_same_net_as_json() {
    let bill = demo_dataset();
    let (_, html, _) = surgeon(&["review", &bill, "-f", "html"]);
    for outside in ["<script", "<link", "@import", "url(http", "<iframe", "src=\"http"] {
        assert!(!html.contains(outside), "{outside}");
    }
    let (_, json, _) = surgeon(&["review", &bill, "-f", "json"]);
    let review: serde_json::Value = serde_json::from_str(&json).unwrap();
    let net: rust_decimal::Decimal = review["plan"]["net"].as_str().unwrap().parse().unwrap();
    assert!(html.contains(&net.round_dp(2).to_string()));
}

#[test]
fn a_limited_markdown_fits_a_comment() {
    let bill = demo_dataset();
    let (code, out, err) = surgeon(&["review", &bill, "-f", "md", "--limit", "4000"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.len() <= 4000 && out.contains("not shown"), "{}", out.len());
    assert_eq!(surgeon(&["review", &bill, "-f", "md", "--limit", "40", "--only", "ebs"]).0, 1);
    assert_eq!(surgeon(&["review", "-f", "html", "--limit", "4000"]).0, 2);
}

#[test]
fn a_template_of_the_user_is_used_and_its_mistakes_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display().to_string();
    std::fs::write(folder.path().join("review.md.j2"), "Net {{ review.plan.net | money }}\n").unwrap();
    let bill = demo_dataset();
    let (_, out, _) = surgeon(&["review", &bill, "-f", "md", "--templates", &path]);
    assert_eq!(out, "Net 811.67\n");
    std::fs::write(folder.path().join("review.md.j2"), "a\n{{ review.nett }}\n").unwrap();
    let (code, _, err) = surgeon(&["review", &bill, "-f", "md", "--templates", &path, "--only", "ebs"]);
    assert_eq!(code, 1);
    assert!(err.contains("review.md.j2:2"), "{err}");
}

/// The golden text is what the program prints.
#[test]
fn the_readme_shows_what_the_program_prints() {
    let readme = std::fs::read_to_string(repository("README.md")).unwrap();
    let block = readme.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    let out = std::fs::read_to_string(repository("tests/golden/acme.txt")).unwrap();
    for line in block.lines().filter(|l| !l.trim().is_empty() && !l.starts_with('$')) {
        assert!(out.contains(line.trim_end()), "the README shows {line:?}, the program does not");
    }
}
