//! Laws that hold for every rule page, whatever it says: on its own cases and on the demo. New pages get them free.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use polars::prelude::*;
use rust_decimal::Decimal;
use scale_surgeon::finding::Verdicts;
use scale_surgeon::id::Target;
use scale_surgeon::money::Currency;
use scale_surgeon::period::AsOf;
use scale_surgeon::rules::{self, Rule, Tables};
use scale_surgeon::{billing, derive, plan, prices, table};

use crate::common::{aggregates, demo_file};

fn pages() -> Vec<Rule> {
    static PAGES: OnceLock<Vec<Rule>> = OnceLock::new();
    let rules = PAGES.get_or_init(|| rules::builtin().unwrap()).clone();
    assert!(rules.len() >= 8, "the built-in pages are gone");
    rules
}

/// The demo's tables.
fn acme() -> (Tables, AsOf) {
    static ACME: OnceLock<(Tables, AsOf)> = OnceLock::new();
    let made = ACME.get_or_init(|| {
        let mut bill = aggregates(&[demo_file("cur2").to_owned()], billing::Options::default());
        derive::derive(&mut bill.tables, bill.as_of, &derive::schedule::Calendar::default()).unwrap();
        (bill.tables, bill.as_of)
    });
    made.clone()
}

fn verdicts(rule: &Rule, tables: &Tables) -> Verdicts {
    rules::judge(rule, tables).unwrap()
}

fn fired(v: &Verdicts) -> BTreeSet<Target> {
    v.findings.iter().map(|f| f.target.clone()).collect()
}

fn set(targets: &[Target]) -> BTreeSet<Target> {
    targets.iter().cloned().collect()
}

#[test]
fn every_page_proves_itself() {
    for rule in pages() {
        for case in rules::run_cases(&rule) {
            assert!(case.passed, "{}: {}: {}", rule.file, case.name, case.detail);
        }
    }
}

#[test]
fn empty_tables_give_nothing() {
    let empty: Tables = table::TABLES.iter().map(|t| (t.name.to_owned(), t.empty())).collect();
    for rule in pages() {
        let v = verdicts(&rule, &empty);
        assert!(v.findings.is_empty() && v.clean.is_empty() && v.unknown.is_empty(), "{}", rule.id);
    }
}

#[test]
fn a_missing_table_makes_unknown_never_clean() {
    let (tables, _) = acme();
    for rule in pages() {
        for name in &rule.tables {
            let mut fewer = tables.clone();
            fewer.remove(name);
            let v = verdicts(&rule, &fewer);
            assert!(v.clean.is_empty() && !v.unknown.is_empty(), "{} without {name}", rule.id);
        }
    }
}

#[test]
fn a_lost_meter_never_makes_what_fired_clean() {
    let (tables, _) = acme();
    let mut lost = tables.clone();
    for (name, frame) in &mut lost {
        if table::find(name).is_some_and(|t| t.column("Meter").is_some()) {
            let nothing = lit(NULL).cast(DataType::String).alias("Meter");
            *frame = frame.clone().lazy().with_column(nothing).collect().unwrap();
        }
        if name == "resources" {
            *frame = frame.clone().lazy().with_column(lit(false).alias("Metered")).collect().unwrap();
        }
    }
    for rule in pages() {
        let before = verdicts(&rule, &tables);
        let after = verdicts(&rule, &lost);
        let clean = set(&after.clean);
        for target in fired(&before) {
            assert!(!clean.contains(&target), "{} calls {target} clean without its meter", rule.id);
        }
    }
}

#[test]
fn the_order_of_rows_is_irrelevant() {
    let (tables, _) = acme();
    let reversed: Tables = tables.iter().map(|(n, f)| (n.clone(), f.reverse())).collect();
    for rule in pages() {
        let (a, b) = (verdicts(&rule, &tables), verdicts(&rule, &reversed));
        assert_eq!(a.findings, b.findings, "{}", rule.id);
        assert_eq!((set(&a.clean), set(&a.unknown)), (set(&b.clean), set(&b.unknown)), "{}", rule.id);
    }
}

#[test]
fn disjoint_accounts_add() {
    let (tables, _) = acme();
    // The same company once more under other account ids.
    let renamed: Tables = tables
        .iter()
        .map(|(name, frame)| {
            let mut lazy = frame.clone().lazy();
            if frame.column("SubAccountId").is_ok() {
                lazy = lazy.with_column((lit("9") + col("SubAccountId").str().tail(lit(11))).alias("SubAccountId"));
            }
            (name.clone(), lazy.collect().unwrap())
        })
        .collect();
    let both: Tables = tables
        .iter()
        .map(|(name, frame)| {
            let frames = [frame.clone().lazy(), renamed[name].clone().lazy()];
            (name.clone(), concat(frames, UnionArgs::default()).unwrap().collect().unwrap())
        })
        .collect();
    for rule in pages() {
        let union: BTreeSet<Target> =
            fired(&verdicts(&rule, &tables)).union(&fired(&verdicts(&rule, &renamed))).cloned().collect();
        assert_eq!(fired(&verdicts(&rule, &both)), union, "{}", rule.id);
    }
}

/// Every finding of the demo, planned.
fn planned(tables: &Tables, as_of: AsOf, factor: i64) -> plan::Plan {
    let mut baseline = derive::baseline::baseline(tables, as_of);
    for line in baseline.lines.values_mut().flatten() {
        line.effective *= Decimal::from(factor);
        line.covered *= Decimal::from(factor);
        line.list = line.list.map(|l| l * Decimal::from(factor));
    }
    let prices =
        prices::PriceBook::new(&baseline, Currency::USD, jiff::civil::date(2026, 9, 1), prices::Terms::default());
    let findings = pages().iter().flat_map(|r| verdicts(r, tables).findings).collect();
    let limits = plan::Limits::default();
    plan::plan(
        findings,
        &plan::Evidence {
            baseline: &baseline,
            prices: &prices,
            rules: &[],
            hours: None,
            limits,
            verdicts: &[],
            groups: &BTreeMap::new(),
        },
    )
}

#[test]
fn doubled_prices_double_every_saving_that_rests_on_the_own_bill() {
    let (tables, as_of) = acme();
    let (once, twice) = (planned(&tables, as_of, 1), planned(&tables, as_of, 2));
    let by_id = |p: &plan::Plan| -> BTreeMap<String, Option<Decimal>> {
        let own = |f: &&plan::Planned| {
            let listed = |c: &plan::ChangeValue| c.source.as_deref().is_some_and(|s| !s.starts_with("own bill"));
            !f.alone.as_ref().is_some_and(|v| v.changes.iter().any(listed))
        };
        let effective = |f: &plan::Planned| f.alone.as_ref().map(|v| v.effective.round_dp(6));
        p.findings.iter().filter(own).map(|f| (f.id().to_string(), effective(f))).collect()
    };
    let (once, twice) = (by_id(&once), by_id(&twice));
    assert!(once.len() >= 9, "{once:?}");
    for (id, effective) in &once {
        let doubled = effective.map(|e| e * Decimal::TWO);
        let off = doubled.zip(twice[id]).map_or(Decimal::ZERO, |(a, b)| (a - b).abs());
        assert!(
            doubled.is_some() == twice[id].is_some() && off <= Decimal::new(1, 5),
            "{id}: {doubled:?} and {:?}",
            twice[id]
        );
    }
}

#[test]
fn no_saving_exceeds_what_the_resource_costs_and_no_page_is_refused() {
    let (tables, as_of) = acme();
    let baseline = derive::baseline::baseline(&tables, as_of);
    let plan = planned(&tables, as_of, 1);
    for finding in &plan.findings {
        assert!(!matches!(finding.standing, plan::Standing::Refused(_)), "{:?}", finding.standing);
        let saved = finding.alone.as_ref().map(|v| v.effective).unwrap_or_default();
        assert!(saved <= baseline.cost_of(&finding.finding.target) + Decimal::new(1, 2), "{}", finding.id());
        assert!(saved >= Decimal::ZERO, "{}", finding.id());
    }
}
