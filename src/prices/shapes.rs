//! What an instance type has: the table `instance_types`.
//!
//! Knows: the files `prices/shapes.csv` and `prices/cpu-throughput.csv`, and when a type is of a previous generation. Does not
//! know: prices, what fits a workload.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use polars::prelude::{AnyValue, DataFrame, PlSmallStr, PolarsResult, Series};
use rust_decimal::Decimal;

use crate::money::parse_decimal;
use crate::table::{ColumnType, INSTANCE_TYPES};

const SHAPES: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/prices/shapes.csv"));
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

type Row<'a> = HashMap<&'a str, &'a str>;

/// Records of one of our CSV files. Values hold no quotes or commas, except processors of two makers.
fn records(text: &'static str) -> Vec<Row<'static>> {
    let body_at = text.split_inclusive('\n').take_while(|l| l.starts_with('#')).map(str::len).sum();
    let mut lines = text.get(body_at..).unwrap_or_default().lines();
    let names: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    lines.map(|line| names.iter().copied().zip(fields(line)).collect()).collect()
}

fn fields(line: &'static str) -> Vec<&'static str> {
    let mut out = Vec::new();
    let mut rest = line;
    loop {
        let (field, tail) = match rest.strip_prefix('"').and_then(|r| r.split_once('"')) {
            Some((field, tail)) => (field, tail.strip_prefix(',')),
            None => rest.split_once(',').map_or((rest, None), |(field, tail)| (field, Some(tail))),
        };
        out.push(field);
        match tail {
            Some(tail) => rest = tail,
            None => return out,
        }
    }
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
pub fn instance_types() -> PolarsResult<DataFrame> {
    let rows = records(SHAPES);
    let throughput: HashMap<&str, Row<'_>> =
        records(THROUGHPUT).into_iter().filter_map(|row| Some((*row.get("family")?, row))).collect();
    let line = |row: &Row<'_>| {
        let family = row.get("instance_type")?.split('.').next()?;
        let (series, generation, options) = parts(family)?;
        let manufacturer = (*row.get("manufacturer").filter(|m| !m.is_empty())?).to_owned();
        Some((Line { series, manufacturer, options }, generation))
    };
    let mut generations: BTreeMap<Line, BTreeSet<u32>> = BTreeMap::new();
    for (line, generation) in rows.iter().filter_map(line) {
        generations.entry(line).or_default().insert(generation);
    }
    let columns = INSTANCE_TYPES
        .columns
        .iter()
        .map(|column| {
            let values: Vec<AnyValue<'_>> = rows
                .iter()
                .map(|row| {
                    let place = line(row);
                    let newer = place.as_ref().and_then(|(line, own)| {
                        Some(generations.get(line)?.iter().filter(|generation| *generation > own).count())
                    });
                    let family = row.get("instance_type").and_then(|t| t.split('.').next()).unwrap_or_default();
                    value(column.name, column.kind, row, throughput.get(family), place.map(|p| p.1), newer)
                })
                .collect();
            let series = Series::from_any_values_and_dtype(
                PlSmallStr::from_static(column.name),
                &values,
                &column.kind.engine(),
                true,
            )?;
            Ok(series.into())
        })
        .collect::<PolarsResult<Vec<_>>>()?;
    DataFrame::new(rows.len(), columns)
}

/// The value of one column.
fn value<'a>(
    name: &str,
    kind: ColumnType,
    row: &Row<'a>,
    throughput: Option<&Row<'a>>,
    generation: Option<u32>,
    newer: Option<usize>,
) -> AnyValue<'a> {
    let field = |key: &str| row.get(key).copied().filter(|t| !t.is_empty());
    let figure = |key: &str| throughput.and_then(|t| t.get(key)).copied().filter(|t| !t.is_empty());
    let text = match name {
        "InstanceType" => field("instance_type"),
        "Vcpus" => field("vcpu"),
        "Cores" => field("cores"),
        "MemoryMiB" => field("memory_mib"),
        "Architectures" => field("architectures"),
        "Manufacturer" => field("manufacturer"),
        "Processor" => field("processor"),
        "ClockMHz" => field("clock_mhz"),
        "NetworkBaselineMbps" => field("network_base_mbps"),
        "NetworkMaximumMbps" => field("network_max_mbps"),
        "EbsBaselineMbps" => field("ebs_base_mbps"),
        "EbsMaximumMbps" => field("ebs_max_mbps"),
        "EbsBaselineIops" => field("ebs_base_iops"),
        "EbsMaximumIops" => field("ebs_max_iops"),
        "LocalStorageGB" => field("local_storage_gb"),
        "Accelerators" => field("accelerators"),
        "Accelerator" => field("accelerator"),
        "AcceleratorMemoryMiB" => field("accelerator_memory_mib"),
        "CpuCreditsPerHour" => field("credits_per_hour"),
        "Hypervisor" => field("hypervisor"),
        "BareMetal" => field("bare_metal"),
        "VirtualizationTypes" => field("virtualization"),
        "NvmeSupport" => field("nvme"),
        "EnaSupport" => field("ena"),
        "DescribedCurrent" => field("described_current"),
        "ListedGeneration" => field("listed_generation"),
        "ThroughputPerVcpu" => figure("throughput"),
        "ThroughputPerVcpuLow" => figure("throughput_low"),
        "ThroughputPerVcpuHigh" => figure("throughput_high"),
        "HalfLoadShare" => figure("half_load_share"),
        "Generation" => return generation.map_or(AnyValue::Null, |g| AnyValue::Int64(g.into())),
        "NewerGenerations" => return newer.map_or(AnyValue::Null, |n| AnyValue::Int64(n.try_into().unwrap_or(0))),
        "PreviousGeneration" => {
            let previous = previous_generation(field("listed_generation"), field("described_current"), newer);
            return previous.map_or(AnyValue::Null, AnyValue::Boolean);
        }
        _ => None,
    };
    let Some(text) = text else { return AnyValue::Null };
    match kind {
        ColumnType::Boolean => AnyValue::Boolean(text == "true"),
        ColumnType::Integer => text.parse().map_or(AnyValue::Null, AnyValue::Int64),
        ColumnType::Decimal => {
            parse_decimal(text).ok().and_then(atoms).map_or(AnyValue::Null, |v| AnyValue::Decimal(v, 38, 12))
        }
        _ => AnyValue::String(text),
    }
}

fn atoms(value: Decimal) -> Option<i128> {
    let scale = 12_u32.checked_sub(value.scale())?;
    value.mantissa().checked_mul(10_i128.checked_pow(scale)?)
}

/// Whether a type is of a previous generation: two of three witnesses say so. No one of them is enough: in 2026
/// DescribeInstanceTypes calls m5, c5, r5 and m6i not current, which the price list and the EC2 user guide do not.
///
/// - the price list's own label;
/// - DescribeInstanceTypes' flag;
/// - at least four newer generations of its line (series, maker and options).
fn previous_generation(listed: Option<&str>, described: Option<&str>, newer: Option<usize>) -> Option<bool> {
    let witnesses =
        [listed.map(|label| label == "previous"), described.map(|current| current == "false"), newer.map(|n| n >= OLD)];
    let says = |answer: bool| witnesses.iter().filter(|w| **w == Some(answer)).count();
    match (says(true), says(false)) {
        (2.., _) => Some(true),
        (_, 2..) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
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
