//! Damaged bills: whatever happens to the bytes, a review fails with the file's name, or its totals are the file's.
//!
//! The oracle is another reader of CSV, which adds the raw cost column of what is left after the damage.

use std::fs;
use std::path::Path;
use std::str::FromStr;
use std::sync::OnceLock;

use proptest::prelude::*;
use rust_decimal::Decimal;
use scale_surgeon::billing::{self, BillError};
use scale_surgeon::table::read::numbers;

use crate::common::{demo_file, repository};

const FORMATS: [&str; 7] = ["cur-legacy", "cur2", "focus", "azure-focus", "azure", "google", "oracle"];

/// A small bill of each format: of the demo its header, the first charges, and some from the middle with other charge types; of
/// the other clouds invented ones.
fn bill(format: &str) -> &'static [u8] {
    static BILLS: [OnceLock<Vec<u8>>; FORMATS.len()] = [const { OnceLock::new() }; FORMATS.len()];
    let place = FORMATS.iter().position(|name| *name == format).unwrap();
    BILLS[place].get_or_init(|| {
        let text = match format {
            "azure-focus" => fs::read_to_string(repository("fixtures/clouds/azure.csv")).unwrap(),
            "azure" => {
                AZURE.to_owned()
                    + &days(|day| {
                        format!("10/{day:02}/2026,{day}.25,s-1,Usage,USD,m-1,\"\"\"team\"\": \"\"web\"\"\"\n")
                    })
            }
            "google" => GOOGLE.to_owned() + &days(google),
            "oracle" => {
                ORACLE.to_owned()
                    + &days(|day| {
                        format!("2026-10-{day:02}T00:00Z,2026-10-{day:02}T01:00Z,t-1,B1,{day}.5,1E-3,USD,false\n")
                    })
            }
            demo => fs::read_to_string(demo_file(demo)).unwrap(),
        };
        let step = (text.lines().count() / 24).max(1);
        let lines = text.lines().enumerate().filter(|(n, _)| *n < 8 || n % step == 0).map(|(_, line)| line);
        (lines.collect::<Vec<_>>().join("\n") + "\n").into_bytes()
    })
}

const AZURE: &str = "Date,CostInBillingCurrency,SubscriptionId,ChargeType,BillingCurrencyCode,MeterId,Tags\n";
const GOOGLE: &str =
    "cost,currency,service.id,sku.id,usage_start_time,usage_end_time,project.id,invoice.month,cost_type,credits\n";
const ORACLE: &str = "lineItem/intervalUsageStart,lineItem/intervalUsageEnd,lineItem/tenantId,cost/productSku,cost/myCost,usage/billedQuantity,cost/currencyCode,lineItem/isCorrection\n";

fn days(line: impl Fn(u32) -> String) -> String {
    (1..=24).map(line).collect()
}

/// Every third record has credits.
fn google(day: u32) -> String {
    let credits = match day % 3 {
        0 => format!("\"[{{'name': 'trial', 'amount': -0.{day}, 'type': 'PROMOTION'}}]\""),
        _ => "[]".into(),
    };
    format!(
        "{day}e-1,USD,s,k,2026-10-{day:02} 00:00:00+00:00,2026-10-{day:02} 01:00:00+00:00,p,202610,regular,{credits}\n"
    )
}

/// One thing that goes wrong with a file.
#[derive(Clone, Debug)]
enum Damage {
    Cut(usize, usize),
    Insert(usize, &'static str),
    Replace(usize, u8),
    Truncate(usize),
    RepeatLine(usize),
    DropLine(usize),
    Crlf,
    ByteOrderMark,
}

fn damage() -> impl Strategy<Value = Damage> {
    let texts = prop::sample::select(vec![
        "\"", ",", "\n", "\r", "\r\n", "\0", "-", "0", "9", ".", "e5", "E-30", "\u{feff}", "ä", "\n\n", "\",\"",
        "NULL", "1e400", "=1+1", "\t",
    ]);
    prop_oneof![
        (any::<usize>(), 1..40_usize).prop_map(|(at, length)| Damage::Cut(at, length)),
        (any::<usize>(), texts).prop_map(|(at, text)| Damage::Insert(at, text)),
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Damage::Replace(at, byte)),
        any::<usize>().prop_map(Damage::Truncate),
        any::<usize>().prop_map(Damage::RepeatLine),
        any::<usize>().prop_map(Damage::DropLine),
        Just(Damage::Crlf),
        Just(Damage::ByteOrderMark),
    ]
}

fn apply(bytes: &mut Vec<u8>, damage: &Damage) {
    let within = |at: usize, length: usize| if length == 0 { 0 } else { at % length };
    match damage {
        Damage::Cut(at, length) => {
            let start = within(*at, bytes.len());
            let end = (start + length).min(bytes.len());
            bytes.drain(start..end);
        }
        Damage::Insert(at, text) => {
            let at = within(*at, bytes.len());
            bytes.splice(at..at, text.bytes());
        }
        Damage::Replace(at, byte) => {
            let at = within(*at, bytes.len());
            if let Some(there) = bytes.get_mut(at) {
                *there = *byte;
            }
        }
        Damage::Truncate(at) => bytes.truncate(within(*at, bytes.len())),
        Damage::RepeatLine(at) | Damage::DropLine(at) => {
            let mut lines: Vec<Vec<u8>> = bytes.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
            if lines.is_empty() {
                // An earlier damage left nothing of it.
                return;
            }
            let at = within(*at, lines.len());
            match damage {
                Damage::RepeatLine(_) => lines.insert(at, lines[at].clone()),
                _ => drop(lines.remove(at)),
            }
            *bytes = lines.concat();
        }
        Damage::Crlf => *bytes = String::from_utf8_lossy(bytes).replace('\n', "\r\n").into_bytes(),
        Damage::ByteOrderMark => drop(bytes.splice(0..0, "\u{feff}".bytes())),
    }
}

/// Charges and total of the cost column, by a reader that shares nothing with ours; `None` when it cannot say.
fn oracle(bytes: &[u8]) -> Option<(u64, Decimal)> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let names = [
        "lineItem/UnblendedCost",
        "line_item_unblended_cost",
        "BilledCost",
        "CostInBillingCurrency",
        "cost",
        "cost/myCost",
    ];
    let place = |header: &csv::StringRecord, names: &[&str]| header.iter().position(|name| names.contains(&name));
    let header = reader.headers().ok()?.clone();
    let (cost, credits) = (place(&header, &names)?, place(&header, &["credits"]));
    let amount = |text: &str| {
        let exact = Decimal::from_str(text).or_else(|_| Decimal::from_scientific(text)).ok();
        // A decimal has no exponents below -28: what is far below the last place is nothing.
        let tiny = || text.parse::<f64>().is_ok_and(|number| number.abs() < 1e-13).then_some(Decimal::ZERO);
        Some(exact.or_else(tiny)?.round_dp(12))
    };
    let (mut charges, mut total) = (0, Decimal::ZERO);
    for record in reader.records() {
        let record = record.ok()?;
        let text = record.get(cost)?;
        if !["", "NULL", "None"].contains(&text) {
            total = total.checked_add(amount(text)?)?;
        }
        charges += 1;
        let list = credits.and_then(|credits| record.get(credits)).unwrap_or_default().replace('\'', "\"");
        let list: Vec<serde_json::Value> =
            if list.is_empty() { Vec::new() } else { serde_json::from_str(&list).ok()? };
        for credit in &list {
            total = total.checked_add(amount(&credit["amount"].to_string())?)?;
        }
        charges += u64::from(!list.is_empty());
    }
    Some((charges, total))
}

/// Rows and billed total of every aggregate that has them, or the error.
fn read(path: &Path) -> Result<Vec<(u64, Decimal)>, BillError> {
    let bill = billing::open(&[path.to_owned()], billing::Options::default(), &|_| {})?;
    let records: u64 = bill.audits.iter().map(|audit| audit.charges).sum();
    let aggregates = billing::aggregate(&bill)?;
    if !aggregates.tie_out.as_ref().unwrap().ties() {
        // A difference that is reported: no finding is shown.
        return Err(BillError::Empty(aggregates.tie_out.as_ref().unwrap().explain()));
    }
    let totals = ["charge_totals", "daily_costs", "resource_costs"].map(|table| {
        let frame = &aggregates.tables[table];
        (records, numbers(frame, "BilledCost").into_iter().flatten().sum())
    });
    Ok(totals.to_vec())
}

fn check(format: &str, damages: &[Damage]) -> Result<(), TestCaseError> {
    let mut bytes = bill(format).to_vec();
    damages.iter().for_each(|damage| apply(&mut bytes, damage));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.csv");
    fs::write(&path, &bytes).unwrap();
    match read(&path) {
        Err(error) => {
            let text = error.to_string();
            let said = matches!(error, BillError::Empty(_) | BillError::MixedCurrencies { .. });
            prop_assert!(said || text.contains("damaged.csv"), "an error that does not name the file: {text}");
        }
        Ok(totals) => {
            let expected = oracle(&bytes);
            for total in totals {
                prop_assert_eq!(Some(total), expected, "totals are not those of the file");
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_bill_is_refused_or_adds_up(
        format in prop::sample::select(FORMATS.to_vec()),
        damages in prop::collection::vec(damage(), 1..4),
    ) {
        check(format, &damages)?;
    }
}

#[test]
fn an_undamaged_bill_adds_up() {
    for format in FORMATS {
        check(format, &[]).unwrap();
        check(format, &[Damage::Crlf, Damage::ByteOrderMark]).unwrap();
        assert!(oracle(bill(format)).unwrap().0 > 20);
    }
}
