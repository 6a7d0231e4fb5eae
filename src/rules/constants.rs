//! The one-row table `constants`: factors that are facts, so that no page writes them.
//!
//! Knows: names, values, sources. A value that somebody could want otherwise is a parameter of a page, not a constant.

use crate::period::{HOURS_PER_MONTH, HOURS_PER_WEEK};

/// A factor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Constant {
    /// Column of the table `constants`.
    pub name: &'static str,
    /// Its value.
    pub value: i64,
    /// Its unit.
    pub unit: &'static str,
    /// What it is for.
    pub doc: &'static str,
    /// Who says so.
    pub source: &'static str,
}

const fn constant(
    name: &'static str,
    value: i64,
    unit: &'static str,
    doc: &'static str,
    source: &'static str,
) -> Constant {
    Constant { name, value, unit, doc, source }
}

/// Every constant, in the order of the catalogue.
pub const CONSTANTS: &[Constant] = &[
    constant(
        "hours_per_month",
        HOURS_PER_MONTH,
        "hours",
        "The month of every figure.",
        "AWS Pricing Calculator: 730 hours in a month",
    ),
    constant("hours_per_week", HOURS_PER_WEEK, "hours", "Marks of OffHours.", "7 × 24"),
    constant("hours_per_day", 24, "hours", "Hours to days.", "ISO 8601"),
    constant("days_per_week", 7, "days", "Days to weeks.", "ISO 8601"),
    constant("days_per_year", 365, "days", "Days to years; the year behind 730 hours a month.", "365 × 24 / 12 = 730"),
    constant("months_per_year", 12, "months", "Months to years.", "ISO 8601"),
    constant("seconds_per_hour", 3600, "seconds", "Rates per second to rates per hour.", "ISO 8601"),
    constant("kib_per_mib", 1024, "KiB", "Binary units.", "IEC 80000-13"),
    constant("mib_per_gib", 1024, "MiB", "Binary units.", "IEC 80000-13"),
    constant("gib_per_tib", 1024, "GiB", "Binary units.", "IEC 80000-13"),
    constant("bytes_per_kib", 1024, "bytes", "Binary units.", "IEC 80000-13"),
    constant("bytes_per_mib", 1_048_576, "bytes", "Binary units.", "IEC 80000-13"),
    constant(
        "bytes_per_gib",
        1_073_741_824,
        "bytes",
        "Binary units; AWS storage is billed by it and calls it GB.",
        "IEC 80000-13; S3 pricing page",
    ),
    constant("bytes_per_gb", 1_000_000_000, "bytes", "Decimal units.", "SI Brochure"),
    constant("percent", 100, "percent", "Shares to percent.", "Definition"),
    constant("thousand", 1_000, "", "Prices per thousand requests.", "Definition"),
    constant("million", 1_000_000, "", "Prices per million requests.", "Definition"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_constant_has_one_value_and_a_source() {
        let names: BTreeSet<&str> = CONSTANTS.iter().map(|c| c.name).collect();
        assert_eq!(names.len(), CONSTANTS.len());
        assert!(CONSTANTS.iter().all(|c| !c.source.is_empty() && !c.doc.is_empty()));
    }
}
