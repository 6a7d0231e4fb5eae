//! Folders, archives and manifests: which files are a bill, what is left out, and that it is said.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::common::{ONE_RULE, surgeon};

/// A small legacy CUR: one usage row of so much a day.
fn cur(cost: &str) -> String {
    format!(
        "identity/LineItemId,bill/BillingPeriodStartDate,bill/PayerAccountId,lineItem/UsageAccountId,lineItem/LineItemType,\
         lineItem/UsageStartDate,lineItem/UsageEndDate,lineItem/ProductCode,lineItem/UsageType,lineItem/Operation,\
         lineItem/ResourceId,lineItem/UsageAmount,lineItem/CurrencyCode,lineItem/UnblendedCost,product/region,pricing/unit\n\
         1,2026-10-01T00:00:00Z,111122223333,111122223333,Usage,2026-10-01T00:00:00Z,2026-10-02T00:00:00Z,AmazonEC2,\
         BoxUsage:m5.large,RunInstances,i-1,24,USD,{cost},us-east-1,Hrs\n"
    )
}

fn write(path: &Path, bytes: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn zipped(entries: &[(&str, &str)]) -> Vec<u8> {
    use std::io::Write;
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in entries {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// What a gap is, and where.
type Gap = (String, String);

/// Billed total and gaps of a review, or exit code and error.
fn reviewed(input: &Path) -> Result<(String, Vec<Gap>), (i32, String)> {
    let (code, out, err) = surgeon(&["review", &input.display().to_string(), "-f", "json", "--only", ONE_RULE]);
    if code != 0 {
        return Err((code, err));
    }
    let view: serde_json::Value = serde_json::from_str(&out).unwrap();
    let gaps = view["gaps"].as_array().unwrap().iter().map(|gap| {
        let text = |field: &str| gap[field].as_str().unwrap().to_owned();
        (text("what"), text("place"))
    });
    Ok((view["spend"]["billed"].as_str().unwrap().to_owned(), gaps.collect()))
}

fn left_out(gaps: &[Gap]) -> Vec<&str> {
    gaps.iter()
        .filter(|(what, _)| what.contains("left out"))
        .map(|(_, place)| place.rsplit('/').next().unwrap())
        .collect()
}

#[test]
fn a_zip_is_read_with_every_file_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report-1.csv.zip");
    write(&path, zipped(&[("a.csv", &cur("2")), ("../b.csv", &cur("3"))]));
    assert_eq!(reviewed(&path).unwrap().0, "5");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is unpacked beside it");
    write(&path, &zipped(&[("a.csv", &cur("2"))])[..60]);
    let (code, error) = reviewed(&path).unwrap_err();
    assert!(code == 1 && error.contains("report-1.csv.zip: is a ZIP archive that cannot be read"), "{error}");
}

#[test]
fn a_zip_that_swells_beyond_reason_is_refused() {
    use std::io::Write;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bomb.zip");
    let mut writer = zip::ZipWriter::new(fs::File::create(&path).unwrap());
    writer.start_file("bomb.csv", zip::write::SimpleFileOptions::default()).unwrap();
    let block = vec![b'0'; 1 << 20];
    for _ in 0..80 {
        writer.write_all(&block).unwrap();
    }
    writer.finish().unwrap();
    let (code, error) = reviewed(&path).unwrap_err();
    assert!(code == 1 && error.contains("swells to more than 500 times its size"), "{error}");
}

#[test]
fn a_manifest_says_which_files_are_the_delivery() {
    let root = tempfile::tempdir().unwrap();
    let at = |path: &str| root.path().join(path);
    let manifest = json!({"exportArn": "arn:aws:bcm-data-exports:us-east-1:1:export/e", "executionId": "x",
        "dataFiles": ["s3://bucket/prefix/e/data/BILLING_PERIOD=2026-10/e-00001.csv"]});
    write(&at("e/metadata/BILLING_PERIOD=2026-10/e-Manifest.json"), manifest.to_string());
    write(&at("e/data/BILLING_PERIOD=2026-10/e-00001.csv"), cur("2"));
    // Overwriting deliveries can leave a part of an earlier, larger one.
    write(&at("e/data/BILLING_PERIOD=2026-10/e-00002.csv"), cur("9"));
    // A file that no manifest knows is a bill of its own.
    write(&at("other/bill.csv"), cur("4").replace("i-1", "i-2"));
    let (billed, gaps) = reviewed(root.path()).unwrap();
    assert_eq!((billed.as_str(), left_out(&gaps)), ("6", vec!["e-00002.csv"]));
    let (billed, gaps) = reviewed(&at("e/metadata/BILLING_PERIOD=2026-10/e-Manifest.json")).unwrap();
    assert_eq!((billed.as_str(), left_out(&gaps).len()), ("2", 0));
    fs::remove_file(at("e/data/BILLING_PERIOD=2026-10/e-00001.csv")).unwrap();
    let (code, error) = reviewed(root.path()).unwrap_err();
    assert!(code == 1 && error.contains("e-Manifest.json: lists s3://bucket/prefix/e/data/"), "{error}");
}

#[test]
fn of_several_deliveries_of_a_month_the_newest_is_read() {
    let root = tempfile::tempdir().unwrap();
    for (execution, cost) in [("2026-10-05T00:00:00Z-aaa", "2"), ("2026-10-09T00:00:00Z-bbb", "3")] {
        let data = format!("data/BILLING_PERIOD=2026-10/{execution}/e-00001.csv");
        let manifest = json!({"reportName": "e", "executionId": execution, "dataFiles": [format!("s3://b/e/{data}")]});
        write(&root.path().join("e").join(&data), cur(cost));
        let path = format!("e/metadata/BILLING_PERIOD=2026-10/{execution}/e-Manifest.json");
        write(&root.path().join(path), manifest.to_string());
    }
    let (billed, gaps) = reviewed(root.path()).unwrap();
    assert_eq!(billed, "3");
    assert!(gaps.iter().any(|(what, _)| what.contains("an earlier delivery of e 2026-10")), "{gaps:?}");
}

/// The report's own manifest and that of its current assembly are the same delivery; an earlier assembly is not.
#[test]
fn a_legacy_report_is_read_once() {
    let root = tempfile::tempdir().unwrap();
    let month = "report/20261001-20261101";
    for (assembly, cost) in [("old", "2"), ("new", "3")] {
        let manifest = json!({"assemblyId": assembly, "reportName": "report",
            "billingPeriod": {"start": "20261001T000000.000Z", "end": "20261101T000000.000Z"},
            "reportKeys": [format!("prefix/{month}/{assembly}/report-1.csv.zip")]});
        let folder = root.path().join(month).join(assembly);
        write(&folder.join("report-1.csv.zip"), zipped(&[("report-1.csv", &cur(cost))]));
        write(&folder.join("report-Manifest.json"), manifest.to_string());
        if assembly == "new" {
            write(&root.path().join(month).join("report-Manifest.json"), manifest.to_string());
        }
    }
    let (billed, gaps) = reviewed(root.path()).unwrap();
    assert_eq!((billed.as_str(), left_out(&gaps).len()), ("3", 1), "{gaps:?}");
}

#[test]
fn folders_are_read_whole_and_loops_end() {
    let root = tempfile::tempdir().unwrap();
    write(&root.path().join("2026/10/bill.csv"), cur("2"));
    write(&root.path().join("notes.json"), "{\"hello\": 1}");
    write(&root.path().join(".trash/bill.csv"), cur("9"));
    #[cfg(unix)]
    std::os::unix::fs::symlink(root.path(), root.path().join("2026/loop")).unwrap();
    assert_eq!(reviewed(root.path()).unwrap().0, "2");
    let empty = tempfile::tempdir().unwrap();
    let (code, error) = reviewed(empty.path()).unwrap_err();
    assert!(code == 3 && error.contains("no .csv, .csv.gz, .parquet or .zip file in this folder"), "{error}");
}

/// A month of hourly usage of some instances: the first hours, at a price, in an account.
fn month(hours: std::ops::Range<u32>, cost: &str, account: &str) -> String {
    let head = cur("1").lines().next().unwrap().to_owned();
    let mut text = format!("{head}\n");
    for hour in hours {
        let at = |h: u32| format!("2026-10-{:02}T{:02}:00:00Z", 1 + h / 24, h % 24);
        for instance in ["i-1", "i-2", "i-3"] {
            text += &format!(
                "x{hour},2026-10-01T00:00:00Z,111122223333,{account},Usage,{},{},AmazonEC2,BoxUsage:m5.large,RunInstances,\
                 {instance},1,USD,{cost},us-east-1,Hrs\n",
                at(hour),
                at(hour + 1)
            );
        }
    }
    text
}

/// The same month by the day: three instances, at so much a day.
fn month_of_days(days: u32, cost: &str, usage: &str) -> String {
    let one = month(0..1, cost, "111122223333").replace("BoxUsage:m5.large", usage);
    let (head, hour) = one.split_once('\n').unwrap();
    let day = |d: u32| {
        let (from, to) = (format!("2026-10-{:02}T00:00:00Z", 1 + d), format!("2026-10-{:02}T00:00:00Z", 2 + d));
        let end = hour.replace(",2026-10-01T01:00:00Z,", &format!(",{to},"));
        end.replace(",Usage,2026-10-01T00:00:00Z,", &format!(",Usage,{from},"))
    };
    format!("{head}\n{}", (0..days).map(day).collect::<String>())
}

#[test]
fn of_files_with_the_same_charges_one_is_read_and_it_is_said() {
    for (name, second, billed, reason) in [
        // Twice the same, under another name.
        ("again", month(0..48, "0.5", "111122223333"), "72", "comes later by name"),
        // A later delivery of the running month.
        ("later", month(0..72, "0.5", "111122223333"), "108", "goes on to a later day"),
        // The same month with every cost restated.
        ("restated", month(0..48, "0.4", "111122223333"), "57.6", "comes later by name"),
        // Parts of one delivery: other charges of the same payer and month.
        ("part", month(48..96, "0.5", "111122223333"), "144", ""),
        // The same by the day instead of by the hour.
        ("daily", month_of_days(2, "12", "BoxUsage:m5.large"), "72", "which is hourly"),
        // Another service, by the day, in a file of its own.
        ("service", month_of_days(2, "3", "TimedStorage-ByteHrs"), "90", ""),
        // Another account.
        ("account", month(0..48, "0.5", "444455556666"), "144", ""),
    ] {
        let root = tempfile::tempdir().unwrap();
        write(&root.path().join("a.csv"), month(0..48, "0.5", "111122223333"));
        write(&root.path().join("b.csv"), &second);
        let (found, gaps) = reviewed(root.path()).unwrap();
        let said = gaps.iter().find(|(what, _)| what.contains("holds the same charges"));
        assert_eq!(found, billed, "{name}: {gaps:?}");
        assert_eq!(said.is_some(), !reason.is_empty(), "{name}: {gaps:?}");
        assert!(said.is_none_or(|(what, _)| what.contains(reason)), "{name}: {gaps:?}");
    }
}

/// Without resource ids charges look alike within a file; parts of a delivery then share most of them, and must not be dropped.
#[test]
fn what_repeats_within_a_file_is_not_called_the_same() {
    let nameless =
        |hours| ["i-1", "i-2", "i-3"].iter().fold(month(hours, "0.5", "111122223333"), |m, i| m.replace(i, ""));
    for (second, billed, said) in [
        (nameless(0..48), "72", "holds the same charges"),
        (nameless(0..40), "132", "they repeat too much to tell; both are counted"),
        (nameless(48..90), "135", ""),
    ] {
        let root = tempfile::tempdir().unwrap();
        write(&root.path().join("a.csv"), nameless(0..48));
        write(&root.path().join("b.csv"), second);
        let (found, gaps) = reviewed(root.path()).unwrap();
        let words = gaps.iter().any(|(what, _)| !said.is_empty() && what.contains(said));
        assert_eq!((found.as_str(), words), (billed, !said.is_empty()), "{gaps:?}");
    }
}

#[test]
fn the_same_month_in_two_formats_is_read_once() {
    let root = tempfile::tempdir().unwrap();
    for format in ["cur-legacy", "cur2", "focus"] {
        fs::copy(crate::common::demo_file(format), root.path().join(format!("{format}.csv"))).unwrap();
    }
    let (billed, gaps) = reviewed(root.path()).unwrap();
    assert_eq!(billed, "4149.1203056292");
    let mut left: Vec<&str> = left_out(&gaps);
    left.sort_unstable();
    assert_eq!(left, ["cur-legacy.csv", "focus.csv"], "{gaps:?}");
}

#[test]
fn a_month_that_is_there_twice_only_in_part_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let september = month(0..48, "0.5", "111122223333").replace("2026-10-", "2026-09-");
    let october = month(0..48, "0.5", "111122223333");
    write(&root.path().join("both.csv"), format!("{september}{}", october.split_once('\n').unwrap().1));
    write(&root.path().join("october.csv"), month(0..72, "0.5", "111122223333"));
    let (code, error) = reviewed(root.path()).unwrap_err();
    assert!(code == 1 && error.contains("holds the charges of 2026-10") && error.contains("2026-09"), "{error}");
}

/// A dataset of contracts lies beside the charges: alone it is no bill, with one it is left out.
#[test]
fn contracts_beside_the_charges_are_left_out() {
    let root = tempfile::tempdir().unwrap();
    write(&root.path().join("contracts.csv"), "ContractCommitmentId,ContractId\nc-1,k-1\n");
    let (code, error) = reviewed(root.path()).unwrap_err();
    assert!(code == 1 && error.contains("contract commitment dataset"), "{error}");
    write(&root.path().join("cur.csv"), cur("2"));
    let (billed, gaps) = reviewed(root.path()).unwrap();
    assert_eq!((billed.as_str(), left_out(&gaps)), ("2", vec!["contracts.csv"]));
}

/// Azure exports a month twice: what is invoiced, and the same with reservations spread over what they cover.
#[test]
fn of_actual_and_amortized_costs_the_actual_ones_are_read() {
    let root = tempfile::tempdir().unwrap();
    let head = "Date,CostInBillingCurrency,SubscriptionId,ChargeType,BillingCurrencyCode,MeterId,ResourceId,ReservationId,Quantity\n";
    let row = |n: u32, cost: &str, kind: &str, reservation: &str| {
        format!("10/{n:02}/2026,{cost},s-1,{kind},USD,m-1,/subscriptions/s-1/vm-{n},{reservation},24\n")
    };
    let on_demand: String = (1..=9).map(|n| row(n, "2", "Usage", "")).collect();
    write(
        &root.path().join("actual.csv"),
        format!("{head}{on_demand}{}{}", row(10, "0", "Usage", "r-1"), row(1, "5", "Purchase", "r-1")),
    );
    write(&root.path().join("amortized.csv"), format!("{head}{on_demand}{}", row(10, "5", "Usage", "r-1")));
    let (billed, gaps) = reviewed(root.path()).unwrap();
    assert_eq!((billed.as_str(), left_out(&gaps)), ("23", vec!["amortized.csv"]), "{gaps:?}");
    assert!(gaps.iter().any(|(what, _)| what.contains("which has what is invoiced")), "{gaps:?}");
}
