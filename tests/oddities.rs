//! Odd but legal bills are read as they are; impossible ones are refused or are a gap, with the place. Never a panic, never a
//! silent drop.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use scale_surgeon::billing::{self, Options};
use scale_surgeon::table::read::texts;

use crate::common::{ONE_RULE, aggregates, surgeon};

const HEADER: &str = "BilledCost,EffectiveCost,BillingCurrency,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,ServiceName,SubAccountId,PricingQuantity,ResourceId";

fn row(cost: &str, start: &str, end: &str, service: &str, quantity: &str) -> String {
    format!("{cost},{cost},USD,Usage,{start},{end},{service},1,{quantity},r-1")
}

fn hour(cost: &str, service: &str, quantity: &str) -> String {
    row(cost, "2026-10-01T00:00:00Z", "2026-10-01T01:00:00Z", service, quantity)
}

fn file(folder: &Path, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join("bill.csv");
    std::fs::write(&path, bytes).unwrap();
    path
}

fn review(path: &Path) -> Result<serde_json::Value, String> {
    let (code, out, err) = surgeon(&["review", &path.display().to_string(), "-f", "json", "--only", ONE_RULE]);
    if code == 0 { Ok(serde_json::from_str(&out).unwrap()) } else { Err(err) }
}

#[test]
fn odd_but_legal_text_is_read_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    for (name, body, billed) in [
        ("CRLF", format!("{HEADER}\r\n{}\r\n", hour("1.5", "S3", "1")), "1.5"),
        ("byte order mark", format!("\u{feff}{HEADER}\n{}\n", hour("1.5", "S3", "1")), "1.5"),
        ("no last line end", format!("{HEADER}\n{}", hour("1.5", "S3", "1")), "1.5"),
        ("quoted line ends", format!("{HEADER}\n{}\n", hour("1.5", "\"two\nlines, and a \"\"word\"\"\"", "1")), "1.5"),
        (
            "exotic numbers",
            format!("{HEADER}\n{}\n{}\n", hour("1.5E+2", "S3", "+3"), hour("-.5", "S3", "1e-9")),
            "149.5",
        ),
        ("negative quantities", format!("{HEADER}\n{}\n", hour("-1.5", "S3", "-7")), "-1.5"),
        ("twelve places", format!("{HEADER}\n{}\n", hour("0.000000000001", "S3", "1")), "0.000000000001"),
        ("other scripts", format!("{HEADER}\n{}\n", hour("1.5", "ストレージ", "1")), "1.5"),
    ] {
        let view = review(&file(folder.path(), body)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(view["spend"]["billed"], billed, "{name}");
        assert_eq!(view["tie_out"]["residual"], "0", "{name}");
    }
}

#[test]
fn ten_thousand_columns_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut header = String::from(
        "bill/BillingPeriodStartDate,bill/PayerAccountId,lineItem/UsageAccountId,lineItem/LineItemType,lineItem/UsageStartDate,lineItem/UsageEndDate,lineItem/CurrencyCode,lineItem/UnblendedCost",
    );
    let mut fields = String::from("2026-10-01T00:00:00Z,1,1,Usage,2026-10-01T00:00:00Z,2026-10-01T01:00:00Z,USD,2.5");
    for n in 0..10_000 {
        write!(header, ",resourceTags/user:key{n:05}").unwrap();
        write!(fields, ",{}", if n == 9_999 { "v" } else { "" }).unwrap();
    }
    let view = review(&file(folder.path(), format!("{header}\n{fields}\n"))).unwrap();
    assert_eq!(view["spend"]["billed"], "2.5");
    let gap =
        view["gaps"].as_array().unwrap().iter().any(|g| g["what"].as_str().unwrap().contains("9992 more tag keys"));
    assert!(gap, "{}", view["gaps"]);
}

#[test]
fn dates_that_no_bill_has_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (start, end, word) in [
        ("9999-12-31T00:00:00Z", "9999-12-31T01:00:00Z", "9999-12-31"),
        ("1970-01-01T00:00:00Z", "1970-01-01T01:00:00Z", "1970-01-01"),
    ] {
        let body = format!("{HEADER}\n{}\n{}\n", hour("1", "S3", "1"), row("1", start, end, "S3", "1"));
        let error = review(&file(folder.path(), body)).unwrap_err();
        assert!(error.contains(word) && error.contains("bill.csv") && error.contains("ChargePeriodStart"), "{error}");
    }
}

#[test]
fn a_charge_that_ends_before_it_starts_is_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let turned = row("1", "2026-10-01T02:00:00Z", "2026-10-01T01:00:00Z", "S3", "1");
    let view = review(&file(folder.path(), format!("{HEADER}\n{}\n{turned}\n", hour("1", "S3", "1")))).unwrap();
    let gap = view["gaps"]
        .as_array()
        .unwrap()
        .iter()
        .any(|g| g["what"].as_str().unwrap().contains("1 charges end before they start"));
    assert!(gap && view["spend"]["billed"] == "2", "{}", view["gaps"]);
}

#[test]
fn a_nul_byte_in_a_text_is_kept_and_in_a_number_refused() {
    let folder = tempfile::tempdir().unwrap();
    let error = review(&file(folder.path(), format!("{HEADER}\n{}\n", hour("1\0", "S3", "1")))).unwrap_err();
    assert!(error.contains("bill.csv"), "{error}");
    // Beyond the head of the file, where it cannot be taken for UTF-16.
    let mut body = format!("{HEADER}\n");
    for _ in 0..20_000 {
        body += &(hour("1", "S3", "1") + "\n");
    }
    body += &(hour("1", "S\0tore", "1") + "\n");
    let view = review(&file(folder.path(), body)).unwrap();
    assert_eq!(view["spend"]["billed"], "20001");
}

#[test]
fn a_file_that_cannot_be_opened_is_named() {
    let folder = tempfile::tempdir().unwrap();
    file(folder.path(), format!("{HEADER}\n{}\n", hour("1", "S3", "1")));
    #[cfg(unix)]
    std::os::unix::fs::symlink("nowhere.csv", folder.path().join("link.csv")).unwrap();
    let error = review(folder.path()).unwrap_err();
    assert!(error.contains("link.csv"), "{error}");
    let error = review(Path::new("missing.csv")).unwrap_err();
    assert!(error.contains("missing.csv"), "{error}");
}

#[test]
fn a_file_that_changes_while_it_is_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), format!("{HEADER}\n{}\n", hour("1", "S3", "1")));
    let bill = billing::open(std::slice::from_ref(&path), Options::default(), &|_| {}).unwrap();
    let grown = std::fs::read_to_string(&path).unwrap() + &hour("1", "S3", "1") + "\n";
    std::fs::write(&path, grown).unwrap();
    let error = billing::aggregate(&bill).unwrap_err().to_string();
    assert!(error.contains("bill.csv") && error.contains("changed while it was read"), "{error}");
    assert!(aggregates(&[path], Options::default()).tie_out.as_ref().unwrap().ties());
}

/// Columns that come and go between months, as exports do when somebody changes their settings.
#[test]
fn columns_that_change_between_months_are_joined() {
    let folder = tempfile::tempdir().unwrap();
    let cur = "bill/BillingPeriodStartDate,bill/PayerAccountId,lineItem/UsageAccountId,lineItem/LineItemType,lineItem/UsageStartDate,lineItem/UsageEndDate,lineItem/CurrencyCode,lineItem/UnblendedCost";
    let month =
        |m: u32| format!("2026-{m:02}-01T00:00:00Z,1,1,Usage,2026-{m:02}-01T00:00:00Z,2026-{m:02}-01T01:00:00Z,USD,2");
    std::fs::write(folder.path().join("09.csv"), format!("{cur},resourceTags/user:team\n{},web\n", month(9))).unwrap();
    std::fs::write(
        folder.path().join("10.csv"),
        format!("{cur},resourceTags/user:owner,lineItem/NetUnblendedCost\n{},ops,1.5\n", month(10)),
    )
    .unwrap();
    let view = review(folder.path()).unwrap();
    assert_eq!((&view["spend"]["billed"], &view["spend"]["effective"]), (&"4".into(), &"3.5".into()));
    let keys: Vec<&str> = view["tag_coverage"].as_array().unwrap().iter().map(|t| t["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["team", "owner"]);
}

/// FOCUS 1.3 names two providers instead of one, 1.4 drops the old name; Google's first FOCUS view wrote categories in lower case.
#[test]
fn focus_of_other_versions_is_read_alike() {
    let folder = tempfile::tempdir().unwrap();
    let charge = |provider: &str, category: &str, more: &str, value: &str| {
        let header =
            HEADER.replace("ChargeCategory", &format!("{provider}{more},x_ServiceCode,x_UsageType,ChargeCategory"));
        let row = hour("2", "Elastic Compute", "1")
            .replace("Usage", &format!("AWS{value},AmazonEC2,BoxUsage:m5.large,{category}"));
        aggregates(&[file(folder.path(), format!("{header}\n{row}\n"))], Options::default())
    };
    for (provider, category, more, value, format) in [
        ("ProviderName", "Usage", "", "", "FOCUS 1.0"),
        ("ProviderName", "usage", "", "", "FOCUS 1.0"),
        ("ServiceProviderName", "Usage", ",HostProviderName", ",AWS", "FOCUS 1.3"),
        ("ServiceProviderName", "Usage", ",CommitmentProgramEligibilityDetails", ",{}", "FOCUS 1.4"),
    ] {
        let bill = charge(provider, category, more, value);
        assert!(bill.tie_out.as_ref().unwrap().ties(), "{}", bill.tie_out.as_ref().unwrap().explain());
        assert_eq!(bill.sources[0].format, format);
        let costs = &bill.tables["resource_costs"];
        let text = |name: &str| texts(costs, name)[0].clone().unwrap_or_default();
        assert_eq!((text("Meter"), text("ChargeCategory")), ("AmazonEC2/BoxUsage:m5.large".into(), "Usage".into()));
    }
}
