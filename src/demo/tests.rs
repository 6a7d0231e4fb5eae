//! The three formats are one month, and the identities of commitments hold in it.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::*;
use crate::money::parse_decimal;

/// Billed and effective, by account, region and service.
type Totals = BTreeMap<[String; 3], (Decimal, Decimal)>;

struct Table {
    header: Vec<String>,
    rows: Vec<csv::StringRecord>,
}

impl Table {
    fn of(format: BillFormat) -> Self {
        let mut bytes = Vec::new();
        let written = write_bill(DESCRIPTION, format, &mut bytes).unwrap();
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        let header = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.unwrap()).collect();
        assert_eq!(written, rows.len() as u64);
        Table { header, rows }
    }

    fn at(&self, column: &str) -> usize {
        self.header.iter().position(|name| name == column).unwrap_or_else(|| panic!("no column {column}"))
    }

    fn totals(&self, keys: [&str; 3], billed: &str, effective: impl Fn(&csv::StringRecord) -> Decimal) -> Totals {
        let keys = keys.map(|key| self.at(key));
        let billed = self.at(billed);
        let mut totals = Totals::new();
        for row in &self.rows {
            let sums = totals.entry(keys.map(|key| row[key].to_owned())).or_default();
            sums.0 += number(&row[billed]);
            sums.1 += effective(row);
        }
        totals
    }
}

fn number(text: &str) -> Decimal {
    if text.is_empty() { Decimal::ZERO } else { parse_decimal(text).unwrap() }
}

fn legacy_totals(bill: &Table) -> Totals {
    let kind = bill.at("lineItem/LineItemType");
    let [unblended, plan, total, used, reserved, unused_upfront, unused_fee] = [
        "lineItem/UnblendedCost",
        "savingsPlan/SavingsPlanEffectiveCost",
        "savingsPlan/TotalCommitmentToDate",
        "savingsPlan/UsedCommitment",
        "reservation/EffectiveCost",
        "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod",
        "reservation/UnusedRecurringFee",
    ]
    .map(|column| bill.at(column));
    let keys = ["lineItem/UsageAccountId", "product/regionCode", "lineItem/ProductCode"];
    bill.totals(keys, "lineItem/UnblendedCost", |row| match &row[kind] {
        "SavingsPlanCoveredUsage" => number(&row[plan]),
        "SavingsPlanRecurringFee" => number(&row[total]) - number(&row[used]),
        "SavingsPlanNegation" => Decimal::ZERO,
        "DiscountedUsage" => number(&row[reserved]),
        "RIFee" => number(&row[unused_upfront]) + number(&row[unused_fee]),
        _ => number(&row[unblended]),
    })
}

fn sum(totals: &Totals) -> (String, String) {
    let (mut billed, mut effective) = (Decimal::ZERO, Decimal::ZERO);
    for sums in totals.values() {
        billed += sums.0;
        effective += sums.1;
    }
    (billed.normalize().to_string(), effective.normalize().to_string())
}

#[test]
fn the_formats_are_the_same_month() {
    let legacy = Table::of(BillFormat::CurLegacy);
    let cur2 = Table::of(BillFormat::Cur2);
    let focus = Table::of(BillFormat::Focus);
    assert_eq!((legacy.rows.len(), cur2.rows.len(), focus.rows.len()), (34_477, 34_477, 32_510));

    let of_legacy = legacy_totals(&legacy);
    let effective = focus.at("EffectiveCost");
    let keys = ["SubAccountId", "RegionId", "x_ServiceCode"];
    let of_focus = focus.totals(keys, "BilledCost", |row| number(&row[effective]));
    assert_eq!(of_legacy, of_focus);
    // Computed independently, by a Python program that reads the same description.
    assert_eq!(sum(&of_legacy), ("4149.1203056292".to_owned(), "4211.9696206644".to_owned()));

    // CUR 2.0 renames and regroups columns; it has the same figures in the same rows.
    for (old, new) in [
        ("identity/LineItemId", "identity_line_item_id"),
        ("lineItem/UnblendedCost", "line_item_unblended_cost"),
        ("lineItem/ResourceId", "line_item_resource_id"),
        ("savingsPlan/UsedCommitment", "savings_plan_used_commitment"),
        ("reservation/EffectiveCost", "reservation_effective_cost"),
    ] {
        let (old, new) = (legacy.at(old), cur2.at(new));
        assert!(legacy.rows.iter().zip(&cur2.rows).all(|(a, b)| a[old] == b[new]));
    }
    let columns: BTreeSet<&String> = focus.header.iter().collect();
    assert_eq!((focus.header.len(), columns.len()), (48, 48), "the columns of AWS's FOCUS 1.0 export");
}

#[test]
fn what_a_savings_plan_costs_is_used_or_unused() {
    let bill = Table::of(BillFormat::CurLegacy);
    let [arn, kind, unblended, effective, total, used] = [
        "savingsPlan/SavingsPlanARN",
        "lineItem/LineItemType",
        "lineItem/UnblendedCost",
        "savingsPlan/SavingsPlanEffectiveCost",
        "savingsPlan/TotalCommitmentToDate",
        "savingsPlan/UsedCommitment",
    ]
    .map(|column| bill.at(column));
    let mut offset: BTreeMap<String, Decimal> = BTreeMap::new();
    let mut open: BTreeMap<String, Decimal> = BTreeMap::new();
    for row in bill.rows.iter().filter(|row| !row[arn].is_empty()) {
        let plan = row[arn].to_owned();
        match &row[kind] {
            "SavingsPlanRecurringFee" => *open.entry(plan).or_default() += number(&row[used]),
            _ => {
                *offset.entry(plan.clone()).or_default() += number(&row[unblended]);
                *open.entry(plan).or_default() -= number(&row[effective]);
            }
        }
        assert!(number(&row[used]) <= number(&row[total]));
    }
    assert_eq!(offset.len(), 3);
    assert!(offset.values().all(Decimal::is_zero), "negations take back covered usage: {offset:?}");
    assert!(open.values().all(Decimal::is_zero), "used commitment is the effective cost: {open:?}");
}

#[test]
fn what_a_reservation_costs_is_used_or_unused() {
    let bill = Table::of(BillFormat::CurLegacy);
    let [arn, unblended, effective, upfront, unused_upfront, unused_fee] = [
        "reservation/ReservationARN",
        "lineItem/UnblendedCost",
        "reservation/EffectiveCost",
        "reservation/AmortizedUpfrontFeeForBillingPeriod",
        "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod",
        "reservation/UnusedRecurringFee",
    ]
    .map(|column| bill.at(column));
    let mut open: BTreeMap<String, Decimal> = BTreeMap::new();
    for row in bill.rows.iter().filter(|row| !row[arn].is_empty()) {
        let cost = number(&row[unblended]) + number(&row[upfront]);
        let told = number(&row[effective]) + number(&row[unused_upfront]) + number(&row[unused_fee]);
        *open.entry(row[arn].to_owned()).or_default() += cost - told;
    }
    assert_eq!(open.len(), 2);
    assert!(open.values().all(Decimal::is_zero), "{open:?}");
}

#[test]
fn the_same_description_gives_the_same_bytes() {
    let write = || {
        let mut bytes = Vec::new();
        write_bill(DESCRIPTION, BillFormat::Focus, &mut bytes).unwrap();
        bytes
    };
    assert!(write() == write());
}

#[test]
fn a_wrong_description_says_where() {
    let mut out = Vec::new();
    for (right, wrong, says) in [
        ("payer = \"management\"", "payer = \"finance\"", "there is no account \"finance\""),
        ("month = \"2026-10\"", "month = \"October\"", "\"October\" is not a date"),
        ("seed = 20261001", "sead = 20261001", "unknown field `sead`"),
        ("quantity = \"0.0000041\"", "quantity = \"a few\"", "\"a few\" is not an amount"),
    ] {
        assert!(DESCRIPTION.contains(right), "{right}");
        let error = write_bill(&DESCRIPTION.replacen(right, wrong, 1), BillFormat::Focus, &mut out).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
}
