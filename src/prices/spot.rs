//! How often spot capacity of a type is taken back: the bands of AWS's Spot Instance Advisor.

use std::collections::HashMap;
use std::sync::LazyLock;

const BANDS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/prices/spot-interruptions.csv"));

/// Share of instances interrupted in the trailing month, as published: a band, not a number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Interruption {
    /// Below 5 %.
    Below5,
    /// 5 to 10 %.
    From5To10,
    /// 10 to 15 %.
    From10To15,
    /// 15 to 20 %.
    From15To20,
    /// Above 20 %.
    Above20,
}

impl Interruption {
    /// Lower and upper end in percent; the last band has no upper end.
    #[must_use]
    pub fn percent(self) -> (u8, Option<u8>) {
        match self {
            Interruption::Below5 => (0, Some(5)),
            Interruption::From5To10 => (5, Some(10)),
            Interruption::From10To15 => (10, Some(15)),
            Interruption::From15To20 => (15, Some(20)),
            Interruption::Above20 => (20, None),
        }
    }
}

/// The date of the bands.
#[must_use]
pub fn interruptions_date() -> &'static str {
    let dated = BANDS.lines().find_map(|line| line.strip_prefix("# date = \"")?.strip_suffix('"'));
    dated.unwrap_or_default()
}

/// The band of a type in a region, for `linux` or `windows`.
#[must_use]
pub fn interruption(instance_type: &str, os: &str, region: &str) -> Option<Interruption> {
    type Rows = HashMap<(&'static str, &'static str), &'static str>;
    static ROWS: LazyLock<(Vec<&str>, Rows)> = LazyLock::new(|| {
        let mut lines = BANDS.lines().skip_while(|line| line.starts_with('#'));
        let regions = lines.next().unwrap_or_default().split(',').skip(2).collect();
        let rows = lines.filter_map(|line| {
            let mut fields = line.splitn(3, ',');
            Some(((fields.next()?, fields.next()?), fields.next()?))
        });
        (regions, rows.collect())
    });
    let column = ROWS.0.iter().position(|name| *name == region)?;
    match ROWS.1.get(&(instance_type, os))?.split(',').nth(column)? {
        "0" => Some(Interruption::Below5),
        "1" => Some(Interruption::From5To10),
        "2" => Some(Interruption::From10To15),
        "3" => Some(Interruption::From15To20),
        "4" => Some(Interruption::Above20),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_is_found_by_type_system_and_region() {
        // Spot Instance Advisor of 2025-06-28: c6i.32xlarge, Linux, ca-west-1: 15-20 %.
        assert_eq!(interruption("c6i.32xlarge", "linux", "ca-west-1"), Some(Interruption::From15To20));
        assert_eq!(interruption("c6i.32xlarge", "linux", "atlantis-1"), None);
        assert_eq!(interruption("c6i.33xlarge", "linux", "ca-west-1"), None);
    }
}
