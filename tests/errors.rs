//! Bad input ends with a clear error: which file, which row or column, what to do. Nothing is skipped silently.

use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use polars::prelude::*;

use crate::common::{ONE_RULE, surgeon};

const HEADER: &str = "BilledCost,EffectiveCost,BillingCurrency,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,ServiceName,SubAccountId";

fn row(cost: &str, currency: &str) -> String {
    format!("{cost},{cost},{currency},Usage,2026-10-01T00:00:00Z,2026-10-01T01:00:00Z,Compute,1")
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Folder(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

fn review(paths: &[&Path], more: &[&str]) -> (i32, String, String) {
    let paths: Vec<String> = paths.iter().map(|p| p.display().to_string()).collect();
    let format = if more.contains(&"json") { "json" } else { "csv" };
    let mut arguments = vec!["review", "-f", format, "--only", ONE_RULE];
    arguments.extend(paths.iter().map(String::as_str));
    arguments.extend(more.iter().filter(|m| **m != "json"));
    surgeon(&arguments)
}

/// The error names the file and holds these words; nothing is printed as a result.
fn refused(path: &Path, code: i32, words: &[&str]) {
    let (found, out, err) = review(&[path], &[]);
    assert_eq!((found, out.as_str()), (code, ""), "{err}");
    assert!(err.contains(&path.display().to_string()), "no file name in {err}");
    for word in words {
        assert!(err.contains(word), "{word:?} is not in {err}");
    }
}

fn gz(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn damaged_records_are_named_by_number_and_kind() {
    let folder = Folder::new();
    for (name, body, words) in [
        (
            "short.csv",
            format!("{HEADER}\n{}\n1,1,USD\n", row("1", "USD")),
            ["record 2 has too few fields, 3 instead of 8", "--accept short-rows"],
        ),
        (
            "long.csv",
            format!("{HEADER}\n{},x\n", row("1", "USD")),
            ["record 1 has too many fields, 9 instead of 8", "help:"],
        ),
        (
            "blank.csv",
            format!("{HEADER}\n{}\n\n{}\n", row("1", "USD"), row("1", "USD")),
            ["record 2 has a blank line", "--accept blank-lines"],
        ),
        (
            "quote.csv",
            format!("{HEADER}\n{}\n", row("1", "USD").replace("Compute", "Com\"pute")),
            ["record 1 has a stray quote", "help:"],
        ),
        (
            "open.csv",
            format!("{HEADER}\n{}\n", row("1", "USD").replace("Compute", "\"Compute")),
            ["quote that is never closed", "help:"],
        ),
        (
            "cost.csv",
            format!("{HEADER}\n{}\n", row("$1.50", "USD")),
            ["record 1 has a cost that is not a number: \"$1.50\"", "help:"],
        ),
        (
            "nocost.csv",
            format!("{HEADER}\n{}\n", row("", "USD")),
            ["record 1 has a cost that is not a number: \"\"", "help:"],
        ),
        (
            "header.csv",
            format!("{HEADER}\n{}\n{HEADER}\n", row("1", "USD")),
            ["record 2 has the header again", "joined by hand"],
        ),
        ("cut.csv", format!("{HEADER}\n{}\n1,1,US", row("1", "USD")), ["record 2 has too few fields", "cut off"]),
    ] {
        refused(&folder.file(name, body.as_bytes()), 1, &words);
    }
}

#[test]
fn a_value_that_does_not_convert_names_column_and_value() {
    let folder = Folder::new();
    let body = format!("{HEADER}\n{}\n", row("1", "USD").replace("2026-10-01T00:00:00Z", "01/10/2026"));
    refused(&folder.file("time.csv", body.as_bytes()), 1, &["ChargePeriodStart", "\"01/10/2026\" is not a time"]);
    let body = format!("{HEADER}\n1,abc,USD,Usage,2026-10-01,2026-10-02,Compute,1\n");
    refused(&folder.file("effective.csv", body.as_bytes()), 1, &["EffectiveCost", "abc"]);
}

#[test]
fn what_is_no_bill_is_told_apart() {
    let folder = Folder::new();
    for (name, bytes, words) in [
        ("empty.csv", &b""[..], ["is empty (0 bytes)", "help:"]),
        ("page.csv", b"<!DOCTYPE html><html><body>Sign in</body></html>", ["is an HTML page, not CSV", "signed in"]),
        (
            "error.csv",
            b"<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>",
            ["is XML", "fetch the file again"],
        ),
        ("bill.zip", b"PK\x03\x04rest", ["is a ZIP archive that cannot be read", "unpack it"]),
        ("wide.csv", b"\xff\xfeB\x00i\x00", ["is UTF-16", "UTF-8"]),
        ("semi.csv", b"BilledCost;ChargeCategory;x\n1;Usage;2\n", ["separated by semicolons", "comma-separated"]),
        ("other.csv", b"name,age\nx,1\n", ["columns of no bill that is known (name, age, ", "FOCUS"]),
        ("contract.csv", b"ContractCommitmentId,ContractId\nx,1\n", ["contract commitment dataset", "help:"]),
        (
            "twice.csv",
            b"BilledCost,ChargeCategory,BilledCost\n1,Usage,1\n",
            ["two columns named \"BilledCost\"", "help:"],
        ),
        ("gone.parquet", b"PAR1 cut off", ["without its closing mark", "compare the sizes"]),
        ("nothing.csv.gz", &gz(b""), ["gzip of nothing", "help:"]),
    ] {
        refused(&folder.file(name, bytes), 1, &words);
    }
    let missing = folder.0.path().join("nowhere.csv");
    refused(&missing, 1, &["No such file"]);
}

#[test]
fn latin_1_text_is_not_guessed_at() {
    let folder = Folder::new();
    let mut body = format!("{HEADER}\n").into_bytes();
    body.extend(row("1", "USD").replace("Compute", "Caf~").bytes().map(|b| if b == b'~' { 0xe9 } else { b }));
    body.push(b'\n');
    refused(&folder.file("latin.csv", &body), 1, &["not UTF-8 near line 2", "save the file as UTF-8"]);
}

#[test]
fn a_truncated_gzip_is_named_with_the_record_reached() {
    let folder = Folder::new();
    let rows: String = (0..5000).map(|i| row(&format!("0.{i:04}"), "USD") + "\n").collect();
    let whole = gz(format!("{HEADER}\n{rows}").as_bytes());
    refused(
        &folder.file("cut.csv.gz", &whole[..whole.len() / 2]),
        1,
        &["cannot be inflated after record", "compare the sizes"],
    );
    refused(&folder.file("trailer.csv.gz", &whole[..whole.len() - 4]), 1, &["cannot be inflated", "copy it again"]);
}

#[test]
fn a_damaged_parquet_is_an_error_with_its_name() {
    let folder = Folder::new();
    let path = folder.0.path().join("bill.parquet");
    let costs: Vec<f64> = (0..1000).map(f64::from).collect();
    let mut frame =
        df!("BilledCost" => costs, "ChargeCategory" => vec!["Usage"; 1000], "BillingCurrency" => vec!["USD"; 1000])
            .unwrap();
    ParquetWriter::new(std::fs::File::create(&path).unwrap()).finish(&mut frame).unwrap();
    let whole = std::fs::read(&path).unwrap();
    refused(&folder.file("cut.parquet", &whole[..whole.len() - 3]), 1, &["without its closing mark"]);
    let mut zeroed = whole.clone();
    zeroed[4..200].fill(0);
    refused(&folder.file("zeroed.parquet", &zeroed), 1, &["Parquet that cannot be"]);
}

#[test]
fn currencies_are_known_stated_and_not_mixed() {
    let folder = Folder::new();
    refused(
        &folder.file("tokens.csv", format!("{HEADER}\n{}\n", row("1", "TOK")).as_bytes()),
        1,
        &["\"TOK\" is not a currency code"],
    );
    let without = HEADER.replace("BillingCurrency", "x");
    let bare = folder.file("bare.csv", format!("{without}\n{}\n", row("1", "USD")).as_bytes());
    refused(&bare, 1, &["no currency column (BillingCurrency)", "--currency USD"]);
    assert_eq!(review(&[&bare], &["--currency", "EUR"]).0, 0);
    let mixed = folder.file("mixed.csv", format!("{HEADER}\n{}\n{}\n", row("1", "USD"), row("2", "EUR")).as_bytes());
    let (code, _, err) = review(&[&mixed], &[]);
    assert_eq!(code, 1);
    assert!(err.contains("mixes currencies: EUR 2.00, USD 1.00") && err.contains("--currency CODE"), "{err}");
    // One of them can be reviewed; the rest is a gap that says its number.
    let (code, out, err) = review(&[&mixed], &["--currency", "EUR", "json"]);
    assert_eq!(code, 0, "{err}");
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((json["tie_out"]["file_total"].as_str(), json["spend"]["billed"].as_str()), (Some("2"), Some("2")));
    assert!(json["gaps"][0]["what"].as_str().unwrap().contains("1 charges in other currencies"), "{json}");
}

#[test]
fn short_rows_can_be_accepted_and_are_then_a_gap() {
    let folder = Folder::new();
    let header = format!("{HEADER},Tags");
    let path = folder.file("short.csv", format!("{header}\n{}\n", row("1", "USD")).as_bytes());
    assert_eq!(review(&[&path], &[]).0, 1);
    let (code, _, _) = review(&[&path], &["--accept", "short-rows", "-o", "x.md"]);
    assert_eq!(code, 0);
    let (code, _, err) = review(&[&path], &["--accept", "short-rows", "--strict"]);
    assert_eq!(code, 4, "{err}");
}

#[test]
fn blank_lines_can_be_accepted_and_hold_nothing() {
    let folder = Folder::new();
    let body = format!("{HEADER}\r\n{}\r\n\r\n{}\r\n\r\n", row("1", "USD"), row("2", "USD"));
    let path = folder.file("blank.csv", body.as_bytes());
    assert_eq!(review(&[&path], &[]).0, 1);
    let (code, out, err) = review(&[&path], &["--accept", "blank-lines", "json"]);
    assert_eq!(code, 0, "{err}");
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((json["tie_out"]["rows_reviewed"].as_u64(), json["spend"]["billed"].as_str()), (Some(2), Some("3")));
}

#[test]
fn a_bill_without_times_says_so() {
    let folder = Folder::new();
    let body = "BilledCost,BillingCurrency,ChargeCategory\n1,USD,Usage\n";
    refused(&folder.file("timeless.csv", body.as_bytes()), 1, &["no charge has a start time", "ChargePeriodStart"]);
}

#[test]
fn nothing_to_look_at_has_its_own_code() {
    let folder = Folder::new();
    let path = folder.file("bill.csv", format!("{HEADER}\n").as_bytes());
    assert_eq!(review(&[&path], &[]).0, 3);
    assert_eq!(review(&[folder.0.path().join("..").as_path(), &path], &["--only", "nothing-here"]).0, 2);
}

#[test]
fn the_same_file_twice_is_not_counted_twice() {
    let folder = Folder::new();
    let path = folder.file("bill.csv", format!("{HEADER}\n{}\n", row("1", "USD")).as_bytes());
    let (code, _, err) = review(&[&path, &path], &[]);
    assert_eq!(code, 2);
    assert!(err.contains("are the same file"), "{err}");
}

#[test]
fn usage_errors_name_the_remedy() {
    for (arguments, word) in [
        (&["review", "-f", "pdf"][..], "\"pdf\" is no format: text, md, html, json or csv"),
        (&["review", "--by", "team"], "tag:KEY, account, region or service"),
        (&["review", "--set", "ebs-volume-gp2.min_ages=1"], "min_ages"),
        (&["review", "--only", "ebs-volume-gp4"], "ebs-volume-gp2"),
        (&["review", "--as-of", "yesterday"], "is not a date"),
    ] {
        let (code, _, err) = surgeon(arguments);
        assert_eq!(code, 2, "{err}");
        assert!(err.contains(word), "{word:?} is not in {err}");
    }
}

#[test]
fn a_bad_rule_page_of_the_user_is_named_by_line() {
    let folder = Folder::new();
    std::fs::create_dir(folder.0.path().join("ebs")).unwrap();
    let good = std::fs::read_to_string(crate::common::repository("rules/ebs/volume-gp2.md")).unwrap();
    let rules = folder.0.path().display().to_string();
    let bad = good.replace("FROM resources", "FROM read_csv('/etc/passwd')");
    std::fs::write(folder.0.path().join("ebs/volume-old.md"), &bad).unwrap();
    let (code, _, err) = surgeon(&["review", "--rules", &rules]);
    assert_eq!(code, 1);
    let line = bad.lines().position(|l| l.contains("read_csv")).map_or(0, |l| l + 1);
    assert!(err.contains(&format!("rules/ebs/volume-old.md:{line}: ")), "expected line {line} in {err}");
    // A sound page of the user runs beside the built-in ones.
    std::fs::write(folder.0.path().join("ebs/volume-old.md"), &good).unwrap();
    let (code, out, err) = surgeon(&["rules", "list", "--rules", &rules]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("ebs-volume-old"), "{out}");
}

#[test]
fn covered_usage_without_its_negation_does_not_tie_out() {
    let folder = Folder::new();
    let header = "lineItem/LineItemType,lineItem/UnblendedCost,lineItem/CurrencyCode,lineItem/UsageStartDate,lineItem/UsageEndDate,bill/BillingPeriodStartDate,savingsPlan/SavingsPlanARN,savingsPlan/SavingsPlanEffectiveCost";
    let times = "USD,2026-10-01T00:00:00Z,2026-10-01T01:00:00Z,2026-10-01T00:00:00Z,arn:aws:savingsplans::111122223333:savingsplan/1";
    let covered = format!("SavingsPlanCoveredUsage,10,{times},7");
    let negation = format!("SavingsPlanNegation,-10,{times},");
    let whole = folder.file("whole.csv", format!("{header}\n{covered}\n{negation}\n").as_bytes());
    assert_eq!(review(&[&whole], &[]).0, 0);
    let cut = folder.file("cut.csv", format!("{header}\n{covered}\n").as_bytes());
    let (code, out, err) = review(&[&cut], &[]);
    assert_eq!((code, out.as_str()), (5, ""), "{err}");
    assert!(
        err.contains("savingsplan/1, 2026-10-01: covered usage = negation: expected 10, found 0, residual 10"),
        "{err}"
    );
}
