//! The demo company's truth: what is planted is found to the cent, in three formats, and nothing else fires.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use scale_surgeon::review::{BreakdownRow, FindingView, Review};

use crate::common::{FORMATS, demo_dataset, demo_file, demo_review, repository, surgeon};

/// Rule, account, region, resource.
type Key = (String, String, String, String);

/// List, effective, net, and the date until which the rest is held.
#[derive(Clone, PartialEq, Debug)]
struct Worth {
    list: Option<Decimal>,
    effective: Option<Decimal>,
    net: Option<Decimal>,
    until: Option<String>,
}

fn cents(text: &str) -> Option<Decimal> {
    (!text.is_empty()).then(|| text.parse::<Decimal>().unwrap().round_dp(2))
}

fn planted() -> BTreeMap<Key, Worth> {
    let mut reader = csv::Reader::from_path(repository("fixtures/acme/planted.csv")).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    rows.iter()
        .map(|r| {
            let key = (r[0].into(), r[1].into(), r[2].into(), r[3].into());
            let until = Some(r[7].to_owned()).filter(|u| !u.is_empty());
            (key, Worth { list: cents(&r[4]), effective: cents(&r[5]), net: cents(&r[6]), until })
        })
        .collect()
}

fn key(f: &FindingView) -> Key {
    let part = |p: &Option<String>| p.clone().unwrap_or_default();
    (f.rule.clone(), part(&f.account), part(&f.region), part(&f.resource))
}

fn found(review: &Review) -> BTreeMap<Key, Worth> {
    let worth = |f: &FindingView| Worth {
        list: f.list.map(|a| a.0.round_dp(2)),
        effective: f.effective.map(|a| a.0.round_dp(2)),
        net: f.net.map(|a| a.0.round_dp(2)),
        until: f.net_from.clone(),
    };
    review.findings.iter().map(|f| (key(f), worth(f))).collect()
}

#[test]
fn every_planted_item_is_found_to_the_cent_and_nothing_else_fires() {
    for (name, _) in FORMATS {
        let mut expected = planted();
        if name == "focus" {
            // A FOCUS export does not say when a commitment ends: the amounts hold, the date is unknown.
            expected.values_mut().for_each(|w| w.until = None);
        }
        assert_eq!(found(&demo_review(name)), expected, "{name}");
    }
}

#[test]
fn the_three_formats_agree_on_totals_breakdowns_and_plan() {
    let [legacy, cur2, focus] = FORMATS.map(|(name, _)| demo_review(name));
    for other in [&cur2, &focus] {
        assert_eq!(other.spend.as_ref().unwrap().billed, legacy.spend.as_ref().unwrap().billed);
        assert_eq!(other.spend.as_ref().unwrap().effective, legacy.spend.as_ref().unwrap().effective);
        assert_eq!(other.spend.as_ref().unwrap().effective_run_rate, legacy.spend.as_ref().unwrap().effective_run_rate);
        assert_eq!((other.plan.gross, other.plan.net), (legacy.plan.gross, legacy.plan.net));
        for (a, b) in legacy.breakdowns.iter().zip(&other.breakdowns) {
            assert_eq!(a.dimension, b.dimension);
            // CUR bills covered usage at its on-demand price, with its tags, and takes it back in a negation without tags;
            // FOCUS bills it at zero. By tag only effective cost can agree.
            let tags = a.dimension.starts_with("tag:");
            let rows = |rows: &[BreakdownRow]| -> BTreeMap<Option<String>, (Decimal, Decimal)> {
                let billed = |r: &BreakdownRow| if tags { Decimal::ZERO } else { r.billed.0 };
                rows.iter().map(|r| (r.key.clone(), (billed(r), r.effective.0))).collect()
            };
            assert_eq!(rows(&a.rows), rows(&b.rows), "{}", a.dimension);
        }
    }
    assert_eq!(cur2.unknown_cost, legacy.unknown_cost);
    // FOCUS does not say whether reservations are convertible: what those that are idle cost is unknown besides.
    let rules = |review: &Review| -> BTreeSet<String> { review.unknown.iter().map(|line| line.rule.clone()).collect() };
    let more: Vec<String> = rules(&focus).difference(&rules(&legacy)).cloned().collect();
    assert!(more.contains(&"commitments-exchangeable".to_owned()), "{more:?}");
    assert!(focus.unknown_cost.0 > legacy.unknown_cost.0);
}

#[test]
fn billed_cost_by_charge_category_is_the_same_in_three_formats() {
    let [legacy, cur2, focus] = FORMATS.map(|(name, _)| {
        let review = demo_review(name);
        review
            .spend
            .as_ref()
            .unwrap()
            .by_category
            .iter()
            .map(|l| (l.key.clone(), l.billed.0))
            .collect::<BTreeMap<_, _>>()
    });
    assert_eq!(legacy, cur2);
    assert_eq!(legacy, focus);
}

#[test]
fn without_input_the_demo_is_shown_and_said_to_be_one() {
    let (code, out, err) = surgeon(&["review", "-f", "json"]);
    let review: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, review["demo"].as_bool(), review["tie_out"]["ties"].as_bool()), (0, Some(true), Some(true)));
    assert!(err.contains("embedded demo company acme, whose bill is invented"), "{err}");
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let path = demo_file("cur2").display().to_string();
    let first = surgeon(&["review", &path, "-f", "json"]);
    assert_eq!(first, surgeon(&["review", &path, "-f", "json"]));
}

#[test]
fn an_invoice_total_must_match() {
    let path = demo_file("cur2").display().to_string();
    let (code, _, _) = surgeon(&["review", &path, "--invoice-total", "4149.12", "-o", "r.md"]);
    assert_eq!(code, 0);
    let (code, out, err) = surgeon(&["review", &path, "--invoice-total", "4155"]);
    assert_eq!((code, out.as_str()), (5, ""), "no finding before the tie-out");
    assert!(err.contains("invoice total: expected 4155, found 4149.1203056292, residual 5.8796943708"), "{err}");
}

#[test]
fn owners_get_a_section_each_and_their_net_adds_up() {
    let job = scale_surgeon::Job {
        rules: scale_surgeon::rules::builtin().unwrap(),
        by: Some("tag:team".into()),
        ..scale_surgeon::Job::default()
    };
    let bill = crate::common::aggregates(&[demo_file("cur2").to_owned()], Default::default());
    let review = scale_surgeon::review(bill, &job).unwrap();
    assert!(review.owners.len() > 3, "{:?}", review.owners);
    let sum: Decimal = review.owners.iter().map(|o| o.net.0).sum();
    assert_eq!(sum, review.plan.net.0);
}

#[test]
fn a_saved_dataset_gives_the_same_findings_without_the_bill() {
    let folder = tempfile::tempdir().unwrap();
    let saved = folder.path().join("acme").display().to_string();
    let path = demo_file("cur2").display().to_string();
    let (_, from_bill, _) = surgeon(&["review", &path, "--save-dataset", &saved, "-f", "csv"]);
    let (code, from_dataset, err) = surgeon(&["review", &saved, "-f", "csv"]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(from_bill, from_dataset);
}

#[test]
fn a_dataset_without_a_table_makes_unknown_not_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(demo_dataset()).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    std::fs::remove_file(folder.path().join("usage_profiles.parquet")).unwrap();
    let (code, out, err) = surgeon(&["review", &folder.path().display().to_string(), "-f", "json"]);
    assert_eq!(code, 0, "{err}");
    let review: serde_json::Value = serde_json::from_str(&out).unwrap();
    let rules = review["rules"].as_array().unwrap();
    let quiet = rules.iter().find(|r| r["rule"] == "ec2-instance-quiet-hours").unwrap();
    assert_eq!((&quiet["fires"], &quiet["clean"], &quiet["unknown"]), (&0.into(), &0.into(), &1.into()));
}

#[test]
fn the_gate_of_ci_closes_on_net_and_on_unknown() {
    let path = demo_dataset();
    for (condition, code) in
        [("net>500", 10), ("net>5000", 0), ("unknown>5%", 10), ("unknown>50%", 0), ("level>=high", 0)]
    {
        assert_eq!(surgeon(&["review", &path, "--fail-on", condition, "-f", "csv"]).0, code, "{condition}");
    }
    assert_eq!(surgeon(&["review", &path, "--fail-on", "gross>1"]).0, 2);
}

#[test]
fn parameters_waivers_and_unknown_settings_work_from_surgeon_toml() {
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("surgeon.toml");
    let config = settings.display().to_string();
    let path = demo_dataset();
    let run = |text: &str| {
        std::fs::write(&settings, text).unwrap();
        surgeon(&["review", &path, "--config", &config, "-f", "csv"])
    };
    let waiver = "[[waiver]]\nfinding = \"vpc-public-ipv4-idle\"\nreason = \"kept for DNS\"\nowner = \"net\"\nuntil = \"2027-01-01\"\n";
    let (_, out, _) = run(waiver);
    let line = out.lines().find(|l| l.starts_with("vpc-public-ipv4-idle@")).unwrap();
    assert!(line.contains(",waived,"), "{line}");
    let (_, out, _) = run("[rules.commitments-unused]\nmin_unused_percent = 40\n");
    assert_eq!(out.lines().filter(|l| l.starts_with("commitments-unused@")).count(), 1, "{out}");
    let (code, _, err) = run("[rules.commitments-unused]\nmin_unused_procent = 40\n");
    assert_eq!(code, 2);
    assert!(err.contains("min_unused_procent") && err.contains("min_unused_percent"), "{err}");
    let (code, _, err) = run("colour = true\n");
    assert_eq!(code, 1);
    assert!(err.contains("unknown field `colour`"), "{err}");
}
