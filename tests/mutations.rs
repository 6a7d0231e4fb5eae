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

use crate::common::demo_file;

/// The head of a demo bill: its header and the first charges, and some from the middle with other charge types.
fn bill(format: &str) -> &'static [u8] {
    static BILLS: [OnceLock<Vec<u8>>; 3] = [const { OnceLock::new() }; 3];
    let place = ["cur-legacy", "cur2", "focus"].iter().position(|name| *name == format).unwrap();
    BILLS[place].get_or_init(|| {
        let text = fs::read_to_string(demo_file(format)).unwrap();
        let step = text.lines().count() / 24;
        let lines = text.lines().enumerate().filter(|(n, _)| *n < 8 || n % step == 0).map(|(_, line)| line);
        (lines.collect::<Vec<_>>().join("\n") + "\n").into_bytes()
    })
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

/// Records and total of the cost column, by a reader that shares nothing with ours; `None` when it cannot say.
fn oracle(bytes: &[u8]) -> Option<(u64, Decimal)> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let names = ["lineItem/UnblendedCost", "line_item_unblended_cost", "BilledCost"];
    let cost = reader.headers().ok()?.iter().position(|name| names.contains(&name))?;
    let (mut records, mut total) = (0, Decimal::ZERO);
    for record in reader.records() {
        let text = record.ok()?.get(cost)?.to_owned();
        let amount = if ["", "NULL", "None"].contains(&text.as_str()) {
            Decimal::ZERO
        } else {
            Decimal::from_str(&text).or_else(|_| Decimal::from_scientific(&text)).ok()?
        };
        total = total.checked_add(amount.round_dp(12))?;
        records += 1;
    }
    Some((records, total))
}

/// Rows and billed total of every aggregate that has them, or the error.
fn read(path: &Path) -> Result<Vec<(u64, Decimal)>, BillError> {
    let bill = billing::open(&[path.to_owned()], billing::Options::default(), &|_| {})?;
    let records: u64 = bill.audits.iter().map(|audit| audit.records).sum();
    let aggregates = billing::aggregate(&bill)?;
    if !aggregates.tie_out.ties() {
        // A difference that is reported: no finding is shown.
        return Err(BillError::Empty(aggregates.tie_out.explain()));
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
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_bill_is_refused_or_adds_up(
        format in prop::sample::select(vec!["cur-legacy", "cur2", "focus"]),
        damages in prop::collection::vec(damage(), 1..4),
    ) {
        check(format, &damages)?;
    }
}

#[test]
fn an_undamaged_bill_adds_up() {
    for format in ["cur-legacy", "cur2", "focus"] {
        check(format, &[]).unwrap();
        check(format, &[Damage::Crlf, Damage::ByteOrderMark]).unwrap();
        assert!(oracle(bill(format)).unwrap().0 > 20);
    }
}
