//! One finding explained: the figures are the review's, the sums add up as printed, and nothing of a bill is obeyed.

use std::path::PathBuf;
use std::sync::OnceLock;

use rust_decimal::Decimal;
use scale_surgeon::review::explain::{Explanation, LedgerLine, json_schema};
use scale_surgeon::review::{FindingView, Standing};
use scale_surgeon::{Job, Judged, billing, explain, judge, rules};
use serde_json::Value;

use crate::common::{aggregates, demo_dataset, demo_file, surgeon};

/// A swap of one meter, without commitments: every figure can be checked by hand.
const SWAP: &str = "ebs-volume-gp2@0ad5f008";

/// The pages about volumes, for tests that need no other: a debug engine takes seconds for all.
fn volumes() -> Job {
    let mut rules = rules::builtin().unwrap();
    rules.retain(|rule| rule.id.as_str().starts_with("ebs-"));
    Job { rules, ..Job::default() }
}

/// Every finding of the demo's bill with its explanation.
fn explained(job: &Job) -> Vec<(FindingView, Explanation)> {
    let bill = aggregates(&[demo_file("cur2").to_owned()], billing::Options::default());
    let judged: Judged = judge(bill, job).unwrap();
    let planned = judged.plan.findings.iter().map(|planned| &planned.finding);
    let all: Vec<_> = planned.chain(judged.waived.waived.iter().map(|(finding, _)| finding)).collect();
    let view = |view: &FindingView| {
        let finding = all.iter().find(|finding| finding.id.as_str() == view.id).unwrap();
        let explanation = explain(&judged, job, finding, None).unwrap().unwrap();
        (view.clone(), explanation)
    };
    judged.review.findings.iter().map(view).collect()
}

/// The same under all pages, made once for all tests.
fn all_explained() -> &'static [(FindingView, Explanation)] {
    static ALL: OnceLock<Vec<(FindingView, Explanation)>> = OnceLock::new();
    ALL.get_or_init(|| explained(&Job { rules: rules::builtin().unwrap(), ..Job::default() }))
}

#[test]
fn a_swap_shows_its_formula_with_its_numbers_its_prices_and_its_rows() {
    let (code, out, err) = surgeon(&["explain", SWAP]);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("embedded demo company acme"), "{err}");
    for line in [
        "ebs-volume-gp2@0ad5f008: gp2 volume that would cost less as gp3\n",
        "Demo: this is the embedded demo company, not a bill of yours.",
        "200 GiB of gp2; gp3 keeps its 600 IOPS and 125 MiB/s for less.\n",
        "Target    account 777788889999, region us-east-1, resource vol-0ac3e000000000241\n",
        "Costs     19.62 USD per month, effective\n",
        "Saves     3.92 net per month; alone 3.92 effective, 3.92 at list price\n",
        "Standing  chosen\n",
        "To do     upgrade (modernize); effort very-low, no restart, can be rolled back\n",
        "Run rate today, from the last 7 complete days, 2026-10-25 to 2026-10-31\n",
        "    4.5161290272 in the last 7 complete days × 730/168 = 19.623655892\n",
        "    quantity 196.236559139 GB-Months, list 19.623655892\n",
        "  together 19.623655892\n",
        "swap AmazonEC2/EBS:VolumeUsage.gp2 → AmazonEC2/EBS:VolumeUsage.gp3\n",
        "    196.236559139 GB-Months × 0.080000000022 = 15.6989247355\n",
        "    price: own bill: average on-demand price paid in the last 7 complete days\n",
        "    saves 19.623655892 - 15.6989247355 = 3.9247311565\n",
        "       =        3.9247311565        3.9247311565  effective saving, alone\n",
        "  SizeGiB: 200 GiB\n",
        "AmazonEC2/EBS:VolumeUsage.gp2, us-east-1: charged today\n",
        "AmazonEC2/EBS:VolumeUsage.gp3, us-east-1: would be charged\n",
        "AmazonEC2/EBS:VolumeUsage.gp2, Usage, in GB-Months\n",
        "168 charges in all, the largest 20 shown, from acme (embedded demo)\n",
        "Page      rules/ebs/volume-gp2.md; to read it",
        "surgeon rules show ebs-volume-gp2\n",
    ] {
        assert!(out.contains(line), "{line:?} is not in\n{out}");
    }
    let row = |words: &[&str]| out.lines().any(|line| words.iter().all(|word| line.contains(word)));
    assert!(row(&["2026-10-25", "6.4516129032", "0.6451612896", "24"]), "a day of the bill\n{out}");
    assert!(row(&["7 days", "45.1612903224", "4.5161290272", "168"]), "the sum of seven days\n{out}");
    assert!(row(&["2026-10 ", "199.9999999992", "19.9999999776", "744"]), "the month\n{out}");
    assert!(row(&["own bill", "0.080000000022", "GB-Months", "taken"]), "the price taken\n{out}");
    assert!(row(&["embedded list", "not needed: an earlier one is trusted more"]), "the others\n{out}");
    assert!(row(&["min_days", "7 days", "the page", "Younger volumes are often short-lived"]), "{out}");
    assert!(row(&["2026-10-25 00:00", "2026-10-25 01:00", "0.268817", "0.026882"]), "a charge\n{out}");
    assert!(!out.contains("What else is proposed"), "this volume has one finding");
    assert_eq!(surgeon(&["explain", SWAP]).1, out, "same input, same bytes");
}

/// The sum of the parts above each sum is that sum.
fn add_up(ledger: &[LedgerLine], id: &str) {
    let (mut effective, mut list) = (Decimal::ZERO, Some(Decimal::ZERO));
    for line in ledger {
        if line.sum {
            assert_eq!(effective, line.effective.0, "{id}: {}", line.what);
            assert!(list.zip(line.list).is_none_or(|(a, b)| a == b.0), "{id}: {}, list", line.what);
            list = line.list.map(|list| list.0);
        } else {
            effective += line.effective.0;
            list = list.zip(line.list).map(|(sum, part)| sum + part.0);
        }
    }
}

#[test]
fn every_finding_of_the_demo_comes_to_the_figures_of_the_review() {
    let all = all_explained();
    assert!(all.len() > 20);
    for (view, e) in all {
        let (id, formula) = (&view.id, &e.formula);
        assert_eq!((&e.finding.id, e.finding.effective, e.finding.net), (id, view.effective, view.net));
        assert_eq!(formula.cost, view.cost.unwrap_or_default(), "{id}");
        let parts: Decimal = formula.today.iter().map(|line| line.effective.0).sum();
        assert_eq!(parts + formula.others_cost.0, formula.cost.0, "{id}");
        for line in &formula.today {
            // The rows of the bill give every run rate of the demo.
            assert_eq!(line.note, None, "{id}: {:?}", line.meter);
            let months = |part: &scale_surgeon::review::explain::RunRatePart| {
                part.cost.0 * Decimal::from(730) / Decimal::from(part.hours)
            };
            let sum: Decimal = line.parts.iter().map(months).sum();
            assert!((sum - line.effective.0).abs() < Decimal::new(1, 9), "{id}: {:?}", line.meter);
        }
        let sum = |what: &str| formula.ledger.iter().rfind(|line| line.sum && line.what.contains(what));
        assert_eq!(formula.note.is_none(), view.effective.is_some(), "{id}");
        let Some(effective) = view.effective else { continue };
        assert_eq!(sum("effective saving, alone").unwrap().effective, effective, "{id}");
        assert_eq!(sum("effective saving, alone").unwrap().list, view.list, "{id}");
        add_up(&formula.ledger, id);
        for change in &formula.changes {
            assert_eq!(change.saves.0, change.cost.0 - change.new_cost.0, "{id}");
        }
        if view.standing == Standing::Chosen {
            let net = formula.ledger.iter().rfind(|line| line.sum).unwrap().effective;
            assert_eq!((Some(net), Some(formula.share.as_ref().unwrap().net)), (view.net, view.net), "{id}");
        }
    }
}

#[test]
fn prices_that_are_taken_are_those_of_the_formula() {
    for (view, e) in all_explained() {
        for step in e.formula.changes.iter().flat_map(|change| &change.steps).filter(|step| step.how == "priced") {
            let taken = e.prices.iter().filter(|p| p.role == "new").flat_map(|p| &p.candidates).filter(|c| c.taken);
            let same = taken.filter(|c| c.price == step.price && c.source == step.source && c.unit == step.unit);
            assert!(same.count() >= 1, "{}: {step:?}", view.id);
        }
    }
}

#[test]
fn findings_of_one_target_say_how_they_go_together() {
    let of = |id: &str| &all_explained().iter().find(|(view, _)| view.id == id).unwrap().1;
    // Off at night and on a cheaper processor: both, and what both save is counted once.
    let graviton = of("ec2-instance-not-graviton@5c91f12e");
    let beside: Vec<&str> = graviton.alternatives.iter().map(|other| other.finding.as_str()).collect();
    assert_eq!(beside, ["ec2-instance-quiet-hours@5c91f12e"]);
    assert_eq!(serde_json::to_value(graviton.alternatives[0].relation).unwrap(), "composes");
    let ledger = &graviton.formula.ledger;
    assert!(
        ledger.iter().any(|line| line.what.contains("counted with ec2-instance-quiet-hours@5c91f12e")),
        "{ledger:?}"
    );
}

#[test]
fn a_waived_finding_has_no_figure_and_says_why() {
    let waiver = scale_surgeon::waivers::Waiver {
        finding: SWAP.into(),
        reason: "kept".into(),
        owner: "data".into(),
        until: "2027-01-01".parse().unwrap(),
    };
    let all = explained(&Job { waivers: vec![waiver], ..volumes() });
    let (view, e) = all.iter().find(|(view, _)| view.id == SWAP).unwrap();
    assert_eq!(view.standing, Standing::Waived);
    assert!(e.formula.note.as_deref().unwrap().contains("accepts"), "{:?}", e.formula.note);
    assert!(e.formula.ledger.is_empty() && !e.formula.today.is_empty());
}

#[test]
fn the_beginning_of_an_id_is_enough_and_a_wrong_one_names_what_is_near() {
    let bill = demo_dataset();
    let id = |argument: &str| {
        let (code, out, err) = surgeon(&["explain", argument, &bill, "-f", "json", "--only", "ebs"]);
        assert_eq!(code, 0, "{err}");
        serde_json::from_str::<Value>(&out).unwrap()["finding"]["id"].as_str().unwrap().to_owned()
    };
    assert_eq!(id("ebs-volume-gp2@0a"), SWAP);
    let (code, out, err) = surgeon(&["explain", "ebs-volume-gp2", &bill, "--only", "ebs"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("can be 3 findings") && err.contains(SWAP), "{err}");
    let (code, out, err) = surgeon(&["explain", "ebs-volume-gp2@0ad5f009", &bill, "--only", "ebs"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains(&format!("near it: {SWAP}")) && err.contains("surgeon review -f csv"), "{err}");
    let (code, _, err) = surgeon(&["explain", "no\u{1b}[31msuch", &bill, "--only", "ebs"]);
    assert_eq!(code, 2);
    assert!(!err.contains('\u{1b}'), "{err:?}");
    assert_eq!(surgeon(&["explain", SWAP, &bill, "-f", "html"]).0, 2);
}

#[test]
fn a_dataset_says_that_it_holds_no_charges() {
    let (code, out, err) = surgeon(&["explain", SWAP, &demo_dataset(), "--only", "ebs"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("the Dataset holds no charges; give the bill itself"), "{out}");
    assert!(out.contains("45.1612903224"), "its rows are there\n{out}");
    assert!(!out.contains("Demo:"));
}

#[test]
fn json_keeps_its_schema_and_its_charges_are_those_of_the_rows() {
    let path = demo_file("cur-legacy").display().to_string();
    let (code, out, err) = surgeon(&["explain", SWAP, &path, "--only", "ebs", "-f", "json"]);
    assert_eq!(code, 0, "{err}");
    let e: Value = serde_json::from_str(&out).unwrap();
    let schema: Value = serde_json::from_str(&json_schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&e).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(e["version"], "surgeon.explain/1");
    assert_eq!((&e["charges"]["in_all"], &e["rows"]["window_total"]["charges"]), (&168.into(), &168.into()));
    assert_eq!(e["charges"]["shown"].as_array().unwrap().len(), 20);
    assert_eq!(e["charges"]["files"].as_array().unwrap().len(), 1);
    assert_eq!(e["charges"]["shown"][0]["start"], "2026-10-25T00:00:00Z", "of equals the earliest first");
}

#[test]
fn the_largest_charges_come_first_and_the_rest_is_counted() {
    // A scope: what names no resource in an account and a region.
    let mut rules = rules::builtin().unwrap();
    rules.retain(|rule| rule.id.as_str() == "commitments-unused");
    let scopes = Job { rules, ..Job::default() };
    let bill = billing::open(&[demo_file("cur2").to_owned()], billing::Options::default(), &|_| {}).unwrap();
    let judged = judge(billing::aggregate(&bill).unwrap(), &scopes).unwrap();
    let targets = judged.plan.findings.iter().map(|p| &p.finding.target).filter(|target| target.resource.is_none());
    let window = judged.as_of.run_rate_window();
    for target in targets {
        let few = billing::charges_of(&bill, target, window.start(), window.end(), 3).unwrap();
        let all = billing::charges_of(&bill, target, window.start(), window.end(), 1_000_000).unwrap();
        assert_eq!(few.in_all, all.in_all, "{target}");
        assert_eq!(all.largest.len() as u64, all.in_all, "{target}");
        assert_eq!(few.largest, all.largest.iter().take(3).cloned().collect::<Vec<_>>(), "{target}");
        let worth: Vec<Decimal> = all.largest.iter().map(|c| c.effective.unwrap_or(c.billed)).collect();
        assert!(worth.is_sorted_by(|a, b| a >= b), "{target}");
    }
}

/// A bill in which a volume of gp2 and everything about it is hostile.
fn hostile_bill(folder: &std::path::Path, nasty: &str) -> PathBuf {
    let path = folder.join("bill.csv");
    let mut writer = csv::Writer::from_path(&path).unwrap();
    let header = "BilledCost,EffectiveCost,ListCost,BillingCurrency,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,\
        BillingPeriodStart,ProviderName,ServiceName,x_ServiceCode,x_UsageType,x_Operation,PricingQuantity,PricingUnit,\
        RegionId,SubAccountId,ResourceId,CommitmentDiscountId";
    writer.write_record(header.split(',')).unwrap();
    for day in 1..=31 {
        let start = format!("2026-10-{day:02}T00:00:00Z");
        let end = if day == 31 { "2026-11-01T00:00:00Z".into() } else { format!("2026-10-{:02}T00:00:00Z", day + 1) };
        let row = [
            "0.24",
            "0.24",
            "0.24",
            "USD",
            "Usage",
            &start,
            &end,
            "2026-10-01T00:00:00Z",
            "AWS",
            "Elastic Compute",
            "AmazonEC2",
            "EBS:VolumeUsage.gp2",
            "CreateVolume-Gp2",
            "3",
            "GB-Mo",
            "us-east-1",
            nasty,
            &format!("vol-1{nasty}"),
            nasty,
        ];
        writer.write_record(row).unwrap();
    }
    writer.flush().unwrap();
    path
}

#[test]
fn hostile_names_stay_text() {
    for nasty in ["\u{1b}[31mred\u{1b}]0;title\u{7}", "{{ 7*7 }}{% for x in y %}", "@SUM(A1:A9)\u{202e}gnp.exe\nx"] {
        let folder = tempfile::tempdir().unwrap();
        let path = hostile_bill(folder.path(), nasty).display().to_string();
        let (code, out, err) = surgeon(&["explain", "ebs-volume-gp2@", &path, "--only", "ebs-volume-gp2"]);
        assert_eq!(code, 0, "{err}");
        assert!(!out.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{out:?}");
        let shown = if nasty.contains("7*7") { "{{ 7*7 }}{% for x in y %}" } else { "vol-1" };
        assert!(out.contains(shown), "{shown} is not in\n{out}");
        assert!(out.contains("7 charges in all, all shown"), "{out}");
        let (_, out, _) = surgeon(&["explain", "ebs-volume-gp2@", &path, "--only", "ebs-volume-gp2", "-f", "json"]);
        let e: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(e["finding"]["resource"], format!("vol-1{nasty}"), "JSON keeps the exact name");
        assert!(!out.contains('\u{1b}') && !out.contains('\u{202e}'));
    }
}
