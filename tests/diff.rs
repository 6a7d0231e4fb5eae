//! Two deliveries of a month: what was added, what was restated, and that the parts add up.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use rust_decimal::Decimal;
use scale_surgeon::billing::Options;
use scale_surgeon::history::{Kind, Restatement, restatement};

use crate::common::{aggregates, surgeon};

const HEADER: &str = "bill/BillingPeriodStartDate,bill/PayerAccountId,lineItem/UsageAccountId,lineItem/LineItemType,lineItem/UsageStartDate,lineItem/UsageEndDate,lineItem/ProductCode,lineItem/UsageType,lineItem/UsageAmount,lineItem/CurrencyCode,lineItem/UnblendedCost,identity/LineItemId";

/// A day of usage: day of October, usage type, quantity, cost.
fn delivery(folder: &Path, name: &str, charges: &[(u32, &str, &str, &str)]) -> PathBuf {
    let mut text = format!("{HEADER}\n");
    for (n, (day, usage, quantity, cost)) in charges.iter().enumerate() {
        let next = if *day == 31 { "2026-11-01".into() } else { format!("2026-10-{:02}", day + 1) };
        writeln!(
            text,
            "2026-10-01T00:00:00Z,111122223333,111122223333,Usage,2026-10-{day:02}T00:00:00Z,{next}T00:00:00Z,AmazonEC2,{usage},{quantity},USD,{cost},{name}-{n}"
        )
        .unwrap();
    }
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn compared(folder: &Path, old: &[(u32, &str, &str, &str)], new: &[(u32, &str, &str, &str)]) -> Restatement {
    let read = |path: PathBuf| aggregates(&[path], Options::default());
    restatement(&read(delivery(folder, "old.csv", old)), &read(delivery(folder, "new.csv", new))).unwrap()
}

#[test]
fn each_difference_is_in_one_part_and_the_parts_add_up() {
    let folder = tempfile::tempdir().unwrap();
    let old = [
        (1, "BoxUsage:a", "24", "2.4"),
        (2, "BoxUsage:a", "24", "2.4"),
        (1, "BoxUsage:b", "24", "1"),
        (1, "BoxUsage:c", "24", "5"),
        (1, "BoxUsage:same", "1", "1"),
    ];
    let new = [
        // The same quantity for less; another quantity; gone; appeared; a day more.
        (1, "BoxUsage:a", "24", "2.0"),
        (2, "BoxUsage:a", "24", "2.4"),
        (1, "BoxUsage:b", "20", "0.8"),
        (1, "BoxUsage:d", "1", "7"),
        (3, "BoxUsage:a", "24", "2.2"),
        (1, "BoxUsage:same", "1", "1"),
    ];
    let diff = compared(folder.path(), &old, &new);
    let found: Vec<(Kind, String, Option<&str>)> = diff
        .changes
        .iter()
        .map(|c| (c.kind, c.difference.0.normalize().to_string(), c.meter.as_deref().map(|m| &m[19..])))
        .collect();
    assert_eq!(
        found,
        [
            (Kind::Appeared, "7".into(), Some("d")),
            (Kind::Gone, "-5".into(), Some("c")),
            (Kind::Rate, "-0.4".into(), Some("a")),
            (Kind::Quantity, "-0.2".into(), Some("b")),
            (Kind::LaterDays, "2.2".into(), Some("a")),
        ]
    );
    assert_eq!(diff.parts.iter().map(|p| p.billed.0).sum::<Decimal>(), diff.difference.0);
    assert_eq!((diff.difference.0.normalize().to_string().as_str(), diff.unchanged), ("3.6", 1));
}

#[test]
fn other_line_item_ids_and_another_order_are_no_difference() {
    let folder = tempfile::tempdir().unwrap();
    let charges = [(1, "BoxUsage:a", "24", "2.4"), (2, "BoxUsage:a", "24", "2.4")];
    let mut turned = charges;
    turned.reverse();
    let diff = compared(folder.path(), &charges, &turned);
    assert!(diff.changes.is_empty() && diff.difference.0.is_zero());
}

#[test]
fn the_command_prints_every_format_and_refuses_other_months() {
    let folder = tempfile::tempdir().unwrap();
    let old = delivery(folder.path(), "old.csv", &[(1, "BoxUsage:a", "24", "2.4")]);
    let new = delivery(folder.path(), "new.csv", &[(1, "BoxUsage:a", "24", "2.0"), (1, "=1+1", "1", "1")]);
    let run = |more: &[&str]| {
        let (old, new) = (old.display().to_string(), new.display().to_string());
        surgeon(&[&["diff", &old, &new], more].concat())
    };
    let (code, text, _) = run(&[]);
    assert!(code == 0 && text.contains("the same quantity at another cost") && text.contains("0.60 billed"), "{text}");
    assert!(run(&["-f", "md"]).1.contains("| the same quantity at another cost | 1 | -0.40 |"));
    assert!(run(&["-f", "csv"]).1.contains("appeared on days that both have,111122223333"));
    let json: serde_json::Value = serde_json::from_str(&run(&["-f", "json"]).1).unwrap();
    assert_eq!((json["version"].as_str(), json["difference"].as_str()), (Some("surgeon.diff/1"), Some("0.6")));
    let schema: serde_json::Value = serde_json::from_str(&scale_surgeon::history::json_schema()).unwrap();
    assert!(jsonschema::validator_for(&schema).unwrap().is_valid(&json));

    let text = std::fs::read_to_string(&new).unwrap().replace("2026-10-0", "2026-09-0");
    std::fs::write(&new, text).unwrap();
    let (code, _, error) = run(&[]);
    assert!(code == 2 && error.contains("no billing period is in both"), "{error}");
}

#[test]
fn text_of_a_bill_is_inert_in_a_comparison() {
    let folder = tempfile::tempdir().unwrap();
    let charge = |name: &str, cost: &str| {
        let path = delivery(folder.path(), name, &[(1, "BoxUsage:a|<b>", "24", cost)]);
        let text = std::fs::read_to_string(&path).unwrap();
        let hostile =
            text.replace(",111122223333,Usage", ",=1+1,\u{1b}[31mUs*age").replace("AmazonEC2", "Am`a\u{202e}zon");
        std::fs::write(&path, hostile).unwrap();
        path.display().to_string()
    };
    let (old, new) = (charge("old.csv", "1"), charge("new.csv", "2"));
    let print = |format: &str| {
        let (code, out, err) = surgeon(&["diff", &old, &new, "-f", format]);
        assert_eq!(code, 0, "{err}");
        assert!(!out.contains(['\u{1b}', '\u{202e}']), "{format}: {out}");
        out
    };
    print("text");
    print("json");
    assert!(print("csv").contains(",'=1+1,"), "a spreadsheet would compute");
    assert!(!print("md").contains("a|<b>"), "a cell ends");
}
