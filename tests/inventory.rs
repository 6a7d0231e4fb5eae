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
fn an_inventory_alone_is_reviewed_at_list_prices_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let inventory = inventory(folder.path(), true);
    let (code, out, err) = surgeon(&["review", &inventory, "-f", "json"]);
    assert_eq!(code, 0, "{err}");
    let review: Value = serde_json::from_str(&out).unwrap();
    assert!(review["spend"].is_null() && review["tie_out"].is_null(), "{out}");
    // 2,600 GiB × 730/744 × 0.12, as in the demo's bill; and nothing else is known of the volume's account.
    let cents = |value: &Value| format!("{:.2}", value.as_str().unwrap().parse::<f64>().unwrap());
    let estimate = &review["estimate"];
    assert_eq!((cents(&estimate["per_month"]), estimate["resources"].as_u64()), ("306.13".into(), Some(1)));
    assert_eq!(estimate["parts"][0]["rows"][0]["key"], "AmazonEC2");
    // Two pages speak of it, and it is gone once.
    let standing = |rule: &str| {
        let findings = review["findings"].as_array().unwrap();
        findings.iter().find(|one| one["rule"] == rule).map(|one| one["standing"].as_str().unwrap().to_owned())
    };
    assert_eq!(standing("ebs-volume-unattached").as_deref(), Some("chosen"));
    assert_eq!(standing("ebs-volume-gp2").as_deref(), Some("outdone"));
    assert_eq!((cents(&review["plan"]["net"]), cents(&review["plan"]["list"])), ("306.13".into(), "306.13".into()));
    // What a bill does not charge for says nothing where there is none.
    let rules: Vec<&str> =
        review["rules"].as_array().unwrap().iter().map(|rule| rule["rule"].as_str().unwrap()).collect();
    assert!(rules.contains(&"ebs-volume-gp2") && !rules.contains(&"vpc-nat-gateway-idle"), "{rules:?}");
    let ask =
        review["next"].as_array().unwrap().iter().find(|ask| ask["ask"].as_str().unwrap().starts_with("the bill"));
    assert!(ask.unwrap()["rules"].as_array().unwrap().iter().any(|rule| rule == "vpc-nat-gateway-idle"));
    // Nobody asked for gateways: what reads them waits, and is not unknown.
    let rest =
        review["next"].as_array().unwrap().iter().find(|ask| ask["ask"].as_str().unwrap().contains("the rest of"));
    assert!(rest.unwrap()["ask"].as_str().unwrap().contains("--only nat_gateways"), "{rest:?}");
    assert!(!rules.contains(&"vpc-nat-gateway-unrouted"), "{rules:?}");
    for format in ["text", "md", "html"] {
        let (code, out, err) = surgeon(&["review", &inventory, "-f", format, "--only", "ebs-volume-unattached"]);
        assert!(code == 0 && out.contains("No bill was given") && out.contains("306.13"), "{format}: {err}\n{out}");
        assert!(!out.to_lowercase().contains("billed over") && !out.contains("ties out"), "{format}: {out}");
    }
    let (code, _, err) = surgeon(&["backtest", "commitments", &inventory]);
    assert!(code == 2 && err.contains("no bill among the inputs"), "{code} {err}");
}

#[test]
fn what_has_no_list_price_is_unpriced_and_not_worthless() {
    let folder = tempfile::tempdir().unwrap();
    let inventory = inventory(folder.path(), true);
    let mut dataset = Dataset::load(folder.path()).unwrap();
    let (account, region, id) = VOLUME;
    let volume = Volume {
        account: account.into(),
        region: region.into(),
        id: id.into(),
        volume_type: Some("gp9".into()),
        size: Some(10.into()),
        state: Some("available".into()),
        created: Some("2026-01-05T00:00:00Z".parse().unwrap()),
        attachments: Some(0),
        ..Volume::default()
    };
    dataset.tables.insert("ebs_volumes".into(), Rows::of(vec![volume]).frame().unwrap());
    dataset.save(folder.path()).unwrap();
    let (code, out, err) = surgeon(&["review", &inventory, "-f", "json", "--only", "ebs-volume-unattached"]);
    assert_eq!(code, 0, "{err}");
    let review: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(review["findings"][0]["standing"], "unpriced");
    assert_eq!(review["plan"]["net"], "0");
    assert_eq!(review["estimate"]["unpriced"][0]["why"], "no list price of AmazonEC2/EBS");
}
