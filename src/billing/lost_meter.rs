//! The meter of an AWS charge whose export has lost the usage type (FOCUS 1.2, some FOCUS 1.0 conversions).
//!
//! Knows: which SKU is which meter (`prices/skus.csv`), and AWS's own wording of charges (`prices/descriptions.csv`). Does not
//! know: prices; a description names a meter and never decides what it costs. What neither tells stays unknown.

use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

use regex::Regex;

const SKUS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/prices/skus.csv"));
const DESCRIPTIONS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/prices/descriptions.csv"));

/// CloudFront bills by area of the edge. Where the text does not name it, the region that FOCUS gives the area does
/// (FOCUS sample data 1.0).
const EDGES: [(&str, &str); 6] = [
    ("us-east-1", "US"),
    ("eu-west-1", "EU"),
    ("ca-central-1", "CA"),
    ("ap-south-1", "IN"),
    ("sa-east-1", "SA"),
    ("me-south-1", "ME"),
];

/// One wording: the service it belongs to, what it looks like, and the meter with the named groups in braces.
struct Wording {
    service: usize,
    pattern: String,
    compiled: OnceLock<Option<Regex>>,
    meter: String,
}

/// Patterns of service names, each once, and the wordings in order: the first that fits is taken.
struct Wordings {
    services: Vec<Option<Regex>>,
    rows: Vec<Wording>,
}

/// A pattern that must fit the whole text. Patterns are ours: one that does not compile fits nothing and fails a test.
fn whole(pattern: &str) -> Option<Regex> {
    Regex::new(&format!("^(?:{pattern})$")).ok()
}

fn wordings() -> &'static Wordings {
    static WORDINGS: LazyLock<Wordings> = LazyLock::new(|| {
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut out = Wordings { services: Vec::new(), rows: Vec::new() };
        for record in csv::Reader::from_reader(DESCRIPTIONS.as_bytes()).records().flatten() {
            let [service, pattern, meter] = std::array::from_fn(|i| record.get(i).unwrap_or_default().to_owned());
            let service = *places.entry(service.clone()).or_insert_with(|| {
                out.services.push(whole(&service));
                out.services.len() - 1
            });
            out.rows.push(Wording { service, pattern, compiled: OnceLock::new(), meter });
        }
        out
    });
    &WORDINGS
}

/// The meter, from the SKU id if it is known, else from the description; `None` when neither tells.
#[must_use]
pub fn recover(service: &str, sku: &str, description: &str, region: &str) -> Option<String> {
    static BY_SKU: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
        let lines = SKUS.lines().skip(1).filter_map(|line| line.split_once(','));
        lines.flat_map(|(meter, skus)| skus.split(' ').map(move |sku| (sku, meter))).collect()
    });
    if let Some(meter) = BY_SKU.get(sku) {
        return Some((*meter).to_owned());
    }
    let wordings = wordings();
    let fits: Vec<bool> = wordings.services.iter().map(|s| s.as_ref().is_some_and(|s| s.is_match(service))).collect();
    let of_service = wordings.rows.iter().filter(|row| fits.get(row.service) == Some(&true));
    let meter = of_service.into_iter().find_map(|row| {
        let pattern = row.compiled.get_or_init(|| whole(&row.pattern)).as_ref()?;
        let found = pattern.captures(description)?;
        let mut meter = row.meter.clone();
        for name in pattern.capture_names().flatten() {
            meter = meter.replace(&format!("{{{name}}}"), found.name(name).map_or("", |m| m.as_str()));
        }
        Some(meter)
    })?;
    let edge = meter
        .strip_prefix("AmazonCloudFront/")
        .filter(|usage| ["DataTransfer-Out-", "Requests-"].iter().any(|kind| usage.starts_with(kind)));
    match edge {
        Some(usage) => {
            let area = EDGES.iter().find(|(code, _)| *code == region)?.1;
            Some(format!("AmazonCloudFront/{area}-{usage}"))
        }
        None => Some(meter),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        let wordings = wordings();
        assert!(wordings.rows.len() > 400);
        assert!(wordings.services.iter().all(Option::is_some));
        for row in &wordings.rows {
            let pattern = whole(&row.pattern).unwrap_or_else(|| panic!("{}", row.pattern));
            let names: Vec<String> = pattern.capture_names().flatten().map(|n| format!("{{{n}}}")).collect();
            let left = names.iter().fold(row.meter.clone(), |meter, name| meter.replace(name, ""));
            assert!(!left.contains('{') && left.contains('/'), "{}: {}", row.pattern, row.meter);
        }
    }

    /// Two real CUR bills have both the description and the usage type; the FOCUS sample's meters were read by hand.
    #[test]
    fn real_descriptions_name_their_meter() {
        let fixture = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/prices/descriptions.csv"));
        let mut seen = 0;
        for record in csv::Reader::from_reader(fixture.as_bytes()).records() {
            let record = record.unwrap();
            let meter = recover(&record[1], "", &record[2], "");
            // CloudFront needs the region as well, which the fixture does not have.
            let expected =
                (!record[3].starts_with("AmazonCloudFront/") || meter.is_some()).then(|| record[3].to_owned());
            assert_eq!(meter, expected, "{}", &record[2]);
            seen += 1;
        }
        assert!(seen > 300, "{seen}");
    }

    #[test]
    fn a_sku_comes_before_the_text_and_an_edge_needs_its_region() {
        let text = "$0.085 per GB - first 10 TB / month data transfer out";
        let meter = |region: &str| recover("Amazon CloudFront", "", text, region);
        assert_eq!(meter("eu-west-1").as_deref(), Some("AmazonCloudFront/EU-DataTransfer-Out-Bytes"));
        assert_eq!(meter("eu-north-1"), None);
        let (named, skus) = SKUS.lines().nth(1).unwrap().split_once(',').unwrap();
        assert_eq!(recover("", skus.split(' ').next().unwrap(), "", "").as_deref(), Some(named));
        assert_eq!(recover("Amazon Elastic Compute Cloud", "", "something else", "us-east-1"), None);
    }
}
