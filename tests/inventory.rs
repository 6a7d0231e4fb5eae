//! A bill with what its accounts said: rules that no bill can answer, in the bill's dollars.

use std::path::Path;

use scale_surgeon::dataset::{AskedEntry, Dataset, GapEntry, Manifest, SCHEMA_VERSION};
use scale_surgeon::table::inventory::{Collected, Volume};
use scale_surgeon::table::rows::Rows;
use serde_json::Value;

use crate::common::{demo_file, surgeon};

/// The demo's largest volume: 2,600 GiB of gp2.
const VOLUME: (&str, &str, &str) = ("444455556666", "ap-southeast-2", "vol-0ac3e000000000231");

/// What an account said: one volume that is bound to nothing, and whether that is all.
fn inventory(folder: &Path, complete: bool) -> String {
    let (account, region, id) = VOLUME;
    let volume = Volume {
        account: account.into(),
        region: region.into(),
        id: id.into(),
        volume_type: Some("gp2".into()),
        size: Some(2600.into()),
        state: Some("available".into()),
        created: Some("2026-01-05T00:00:00Z".parse().unwrap()),
        attachments: Some(0),
        ..Volume::default()
    };
    let collected = Collected {
        account: account.into(),
        region: region.into(),
        id: account.into(),
        table: Some("ebs_volumes".into()),
        complete: Some(complete),
        missing: (!complete).then(|| "ec2:DescribeVolumes".into()),
        rows: Some(1),
        as_of: Some("2026-11-01T00:00:00Z".parse().unwrap()),
    };
    let gap = GapEntry {
        what: "could not ask ec2:DescribeVolumes: UnauthorizedOperation: You may not.".into(),
        place: format!("{account} {region}"),
        remedy: "grant ec2:DescribeVolumes".into(),
    };
    let volumes = if complete { vec![volume] } else { Vec::new() };
    let tables = [("ebs_volumes", Rows::of(volumes)), ("collected", Rows::of(vec![collected]))];
    let mut dataset = Dataset {
        manifest: Manifest {
            schema_version: SCHEMA_VERSION,
            tool_version: "0.1.0".into(),
            as_of: "2026-11-01".into(),
            bill: None,
            asked: vec![AskedEntry { account: account.into(), regions: vec![region.into()] }],
            gaps: if complete { Vec::new() } else { vec![gap] },
        },
        tables: tables.map(|(name, rows)| (name.to_owned(), rows.frame().unwrap())).into(),
    };
    dataset.save(folder).unwrap();
    folder.display().to_string()
}

/// The JSON report of the demo's bill and more.
fn reviewed(more: &[&str]) -> Value {
    let bill = demo_file("cur2").display().to_string();
    let (code, out, err) =
        surgeon(&[&["review", &bill, "-f", "json", "--only", "ebs-volume-unattached"], more].concat());
    assert_eq!(code, 0, "{err}");
    serde_json::from_str(&out).unwrap()
}

#[test]
fn what_the_account_says_is_worth_what_the_bill_says() {
    let folder = tempfile::tempdir().unwrap();
    let inventory = inventory(folder.path(), true);
    let review = reviewed(&[&inventory]);
    let findings = review["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(findings[0]["resource"], VOLUME.2);
    // 2,600 GiB × 0.12 a month in Sydney, as the bill of the last 7 days has it.
    let net: f64 = findings[0]["net"].as_str().unwrap().parse().unwrap();
    assert!((net - 312.0).abs() < 10.0, "{net}");
    // Saved together they are one input.
    let saved = tempfile::tempdir().unwrap();
    let saved = saved.path().join("both").display().to_string();
    reviewed(&[&inventory, "--save-dataset", &saved]);
    let (code, out, err) = surgeon(&["review", &saved, "-f", "json", "--only", "ebs-volume-unattached"]);
    assert_eq!(code, 0, "{err}");
    let again: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(again["findings"], review["findings"]);
}

#[test]
fn without_an_inventory_its_rules_wait_and_the_report_says_what_to_ask() {
    let review = reviewed(&[]);
    assert_eq!(
        (review["findings"].as_array().map(Vec::len), review["unknown"].as_array().map(Vec::len)),
        (Some(0), Some(0))
    );
    let asks = review["next"].as_array().unwrap();
    let ask = asks.iter().find(|ask| ask["ask"].as_str().unwrap().contains("surgeon collect")).unwrap();
    assert_eq!(ask["rules"][0], "ebs-volume-unattached");
}

#[test]
fn a_refusal_says_how_many_dollars_it_hides() {
    let folder = tempfile::tempdir().unwrap();
    let review = reviewed(&[&inventory(folder.path(), false)]);
    let gaps = review["gaps"].to_string();
    assert!(gaps.contains("could not look at 3") && gaps.contains("% of this account and region"), "{gaps}");
    assert!(gaps.contains("grant ec2:DescribeVolumes"), "{gaps}");
}

#[test]
fn an_inventory_alone_asks_for_the_bill() {
    let folder = tempfile::tempdir().unwrap();
    let (code, _, err) = surgeon(&["review", &inventory(folder.path(), true)]);
    assert!(code == 1 && err.contains("holds no bill"), "{code} {err}");
}
