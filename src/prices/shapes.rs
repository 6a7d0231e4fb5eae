//! What an instance type has: the table `instance_types`.
//!
//! Knows: the files `prices/shapes.csv` and `prices/cpu-throughput.csv`, and when a type is of a previous generation. Does not
//! know: prices, what fits a workload.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use polars::prelude::{AnyValue, DataFrame, PolarsResult};

use super::facts::{Row, frame, records, written};
use crate::table::INSTANCE_TYPES;

pub(super) const SHAPES: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/prices/shapes.csv"));
const THROUGHPUT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/prices/cpu-throughput.csv"));

/// A type with so many newer generations in its line is old, whatever one flag says (see [`Line`]).
const OLD: usize = 4;

/// A type's name, taken apart: `c7gd.xlarge` is series `c`, generation 7, maker letter `g`, options `d`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Line {
    series: String,
    manufacturer: String,
    options: String,
}

/// Series, generation and options of a family such as `m6idn` or `m7i-flex`.
fn parts(family: &str) -> Option<(String, u32, String)> {
    let series: String = family.chars().take_while(char::is_ascii_alphabetic).collect();
    let rest = &family[series.len()..];
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let attributes = &rest[digits.len()..];
    // The maker's letter is no option: m6i, m6a and m6g are of one line each by their manufacturer.
    let options: BTreeSet<char> =
        attributes.split('-').next().unwrap_or_default().chars().filter(|c| !['i', 'a', 'g'].contains(c)).collect();
    let flex = if attributes.ends_with("-flex") { "-flex" } else { "" };
    Some((series, digits.parse().ok()?, options.into_iter().collect::<String>() + flex))
}

/// The declared table `instance_types`.
///
/// # Errors
/// When the declaration and this module disagree: our bug, caught by a test.
pub(super) fn instance_types() -> PolarsResult<DataFrame> {
    let rows = records(SHAPES);
    let throughput: HashMap<&str, Row> =
        records(THROUGHPUT).into_iter().filter_map(|row| Some((*row.get("Family")?, row))).collect();
    let mut generations: BTreeMap<Line, BTreeSet<u32>> = BTreeMap::new();
    for (line, generation) in rows.iter().filter_map(line) {
        generations.entry(line).or_default().insert(generation);
    }
    let newer = |row: &Row| {
        let (line, own) = line(row)?;
        Some(generations.get(&line)?.iter().filter(|generation| **generation > own).count())
    };
    frame(&INSTANCE_TYPES, &rows, |column, row| match column.name {
        "Generation" => line(row).map_or(AnyValue::Null, |(_, generation)| AnyValue::Int64(generation.into())),
        "NewerGenerations" => newer(row).map_or(AnyValue::Null, |n| AnyValue::Int64(n.try_into().unwrap_or(0))),
        "PreviousGeneration" => previous_generation(row, newer(row)).map_or(AnyValue::Null, AnyValue::Boolean),
        name if name.starts_with("Throughput") || name == "HalfLoadShare" => {
            throughput.get(family(row)).map_or(AnyValue::Null, |figures| written(column, figures))
        }
        _ => written(column, row),
    })
}

fn family(row: &Row) -> &'static str {
    row.get("InstanceType").and_then(|name| name.split('.').next()).unwrap_or_default()
}

/// The line of a type and its generation in it.
fn line(row: &Row) -> Option<(Line, u32)> {
    let (series, generation, options) = parts(family(row))?;
    let manufacturer = (*row.get("Manufacturer").filter(|m| !m.is_empty())?).to_owned();
    Some((Line { series, manufacturer, options }, generation))
}

/// Whether a type is of a previous generation: two of three witnesses say so. No one of them is enough: in 2026
/// DescribeInstanceTypes calls m5, c5, r5 and m6i not current, which the price list and the EC2 user guide do not.
///
/// - the price list's own label;
/// - DescribeInstanceTypes' flag;
/// - at least four newer generations of its line (series, maker and options).
fn previous_generation(row: &Row, newer: Option<usize>) -> Option<bool> {
    let said = |name: &str, old: &str| row.get(name).filter(|text| !text.is_empty()).map(|text| *text == old);
    let witnesses = [said("ListedGeneration", "previous"), said("DescribedCurrent", "false"), newer.map(|n| n >= OLD)];
    let says = |answer: bool| witnesses.iter().filter(|w| **w == Some(answer)).count();
    match (says(true), says(false)) {
        (2.., _) => Some(true),
        (_, 2..) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::*;
    use crate::table::read::{integers, numbers, texts};

    fn of(name: &str) -> BTreeMap<&'static str, String> {
        let frame = instance_types().unwrap();
        let row = texts(&frame, "InstanceType").iter().position(|t| t.as_deref() == Some(name)).unwrap();
        let one =
            |column: &crate::table::Column| (column.name, texts(&frame, column.name)[row].clone().unwrap_or_default());
        INSTANCE_TYPES.columns.iter().map(one).collect()
    }

    #[test]
    fn a_type_has_its_limits() {
        let m5 = of("m5.large");
        let asked = [
            "Vcpus",
            "MemoryMiB",
            "Architectures",
            "NetworkBaselineMbps",
            "NetworkMaximumMbps",
            "EbsBaselineMbps",
            "EbsMaximumIops",
            "Hypervisor",
            "Generation",
        ];
        assert_eq!(
            asked.map(|c| m5[c].as_str()),
            ["2", "8192.000000000000", "x86_64", "750", "10000", "650", "18750", "nitro", "5"]
        );
        assert_eq!(of("t3.micro")["CpuCreditsPerHour"], "12.000000000000");
        assert_eq!(of("p4d.24xlarge")["Accelerator"], "a100");
    }

    /// DescribeInstanceTypes is wrong on m5, c5, r5 and m6i; m4 has four successors; m3 is called previous everywhere.
    #[test]
    fn previous_is_not_one_flag() {
        let previous = |name: &str| of(name)["PreviousGeneration"].clone();
        assert_eq!(
            ["m5.large", "c5.large", "r5.large", "m6i.large", "t3.micro", "m8g.large"].map(previous),
            ["false"; 6]
        );
        assert_eq!(["m3.large", "m4.large", "c4.large", "r4.large", "c3.large", "m1.small"].map(previous), ["true"; 6]);
        assert_eq!(of("m5.large")["DescribedCurrent"], "false");
    }

    #[test]
    fn every_type_has_processors_and_memory() {
        let frame = instance_types().unwrap();
        assert!(frame.height() > 1900, "{}", frame.height());
        assert!(integers(&frame, "Vcpus").iter().all(|v| v.is_some_and(|v| v > 0)));
        assert!(numbers(&frame, "MemoryMiB").iter().all(|m| m.is_some_and(|m| m > Decimal::ZERO)));
        let names = texts(&frame, "InstanceType");
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    }
}
