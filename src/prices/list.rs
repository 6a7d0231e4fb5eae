//! Price lists: files of `prices/`, of a refreshed list, or of nothing else; one form, one lookup.
//!
//! Knows: the file form (one row is one meter, term and tier; one column is one region), sources with date and licence,
//! tiers, meters that share a price. Does not know: bills, discounts, which list is trusted more.

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::LazyLock;

use rust_decimal::Decimal;
use serde::Deserialize;

use super::term::Term;
use crate::id::Meter;
use crate::money::{Currency, parse_decimal};
use crate::quantity::PricingUnit;

/// The embedded files: (name, text), by name. Made by `prices/convert.py`.
const EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/prices.rs"));

/// Why a price list cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The file is not in the form of a price list.
    #[error("{file}:{line}: {message}")]
    Malformed {
        /// File name.
        file: String,
        /// Line, from 1.
        line: usize,
        /// What is wrong, and what is expected.
        message: String,
    },
    /// The file cannot be read.
    #[error("{file}: {error}")]
    File {
        /// Path.
        file: String,
        /// Cause.
        error: std::io::Error,
    },
    /// No price list in the folder.
    #[error("{0}: no price list (*.csv made by surgeon prices refresh) in this folder")]
    Nothing(String),
}

/// Where a price was published, and when.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Publication and capture.
    pub title: String,
    /// Effective date, as exact as known: `2026-05` or `2026-05-12`.
    pub date: String,
    /// Licence of the capture.
    pub licence: String,
    /// For a figure that nobody published: how the error was measured. The title says how it is derived.
    pub derived: Option<String>,
    /// Largest error seen, in percent.
    pub error_percent: Option<f64>,
}

/// The comment at the head of a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    title: String,
    #[serde(default = "usd")]
    currency: String,
    #[serde(default)]
    source: BTreeMap<String, Source>,
}

fn usd() -> String {
    Currency::USD.to_string()
}

/// One file of prices.
#[derive(Debug)]
struct Sheet {
    name: String,
    title: String,
    text: &'static str,
    currency: Currency,
    sources: BTreeMap<String, Source>,
    regions: Vec<&'static str>,
    /// The column of services whose prices know no regions.
    global: Option<usize>,
}

/// A price of a list.
#[derive(Clone, PartialEq, Debug)]
pub struct ListPrice<'a> {
    /// (start of the tier in units per month, price of a unit), ascending; a flat price is one tier from 0.
    pub tiers: Vec<(Decimal, Decimal)>,
    /// Currency of the prices.
    pub currency: Currency,
    /// Pricing unit.
    pub unit: PricingUnit,
    /// Who says so.
    pub source: &'a Source,
}

impl ListPrice<'_> {
    /// The price of the first unit that costs something: what one more unit costs at most. Higher tiers are cheaper, and
    /// their start is counted over the whole payer, which no single resource knows. A free tier is never a price.
    #[must_use]
    pub fn unit_price(&self) -> Decimal {
        self.tiers.iter().map(|t| t.1).find(|price| !price.is_zero()).unwrap_or_default()
    }
}

/// Price lists together: the first file that has a price gives it.
#[derive(Debug)]
pub struct PriceList {
    sheets: Vec<Sheet>,
    /// Meter to its first place. Texts live as long as the program.
    index: HashMap<&'static str, Place>,
    /// The other places of meters that stand in several files (on demand in one, reserved in another).
    more: HashMap<&'static str, Vec<Place>>,
}

/// Where the rows of a meter begin: sheet, offset in its text.
type Place = (u16, u32);

/// Rows of one meter start so; the fields before the regions.
const LEADING: [&str; 5] = ["meter", "term", "from", "unit", "source"];

impl PriceList {
    /// The embedded catalogue, indexed once.
    ///
    /// # Panics
    /// Never in a build that passed its tests: they read every embedded row.
    #[must_use]
    pub fn embedded() -> &'static PriceList {
        static LIST: LazyLock<PriceList> = LazyLock::new(|| match PriceList::of(EMBEDDED.iter().copied()) {
            Ok(list) => list,
            Err(error) => unreachable!("embedded prices: {error}"),
        });
        &LIST
    }

    /// The files of a folder, such as `surgeon prices refresh` writes. They are kept until the program ends.
    ///
    /// # Errors
    /// [`ListError`] with the file and line.
    pub fn read(folder: &Path) -> Result<PriceList, ListError> {
        let failed = |path: &Path| {
            let file = path.display().to_string();
            move |error| ListError::File { file, error }
        };
        let mut texts = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(failed(folder))? {
            let path = entry.map_err(failed(folder))?.path();
            if path.extension().is_some_and(|e| e == "csv") {
                let text = std::fs::read_to_string(&path).map_err(failed(&path))?;
                texts.push((path.display().to_string(), text));
            }
        }
        if texts.is_empty() {
            return Err(ListError::Nothing(folder.display().to_string()));
        }
        texts.sort();
        let texts: Vec<(String, &'static str)> =
            texts.into_iter().map(|(name, text)| (name, &*String::leak(text))).collect();
        let list = PriceList::of(texts.iter().map(|(name, text)| (name.as_str(), *text)))?;
        list.check()?;
        Ok(list)
    }

    /// Indexes texts without reading prices.
    fn of<'a>(texts: impl Iterator<Item = (&'a str, &'static str)>) -> Result<PriceList, ListError> {
        // The embedded lists have some 22,000 meters; growing a map step by step would cost more than the map.
        let mut list = PriceList { sheets: Vec::new(), index: HashMap::with_capacity(1 << 15), more: HashMap::new() };
        for (name, text) in texts {
            list.add(name, text)?;
        }
        Ok(list)
    }

    fn add(&mut self, name: &str, text: &'static str) -> Result<(), ListError> {
        let error = |line: usize, message: String| ListError::Malformed { file: name.to_owned(), line, message };
        let mut head = String::new();
        let mut rows = 0;
        let mut lines = 1;
        for line in text.lines() {
            let Some(comment) = line.strip_prefix('#') else { break };
            head.push_str(comment.trim_start());
            head.push('\n');
            rows += line.len() + 1;
            lines += 1;
        }
        let head: Head = toml::from_str(&head)
            .map_err(|e| error(1, format!("the comment at the head of a price list is TOML: {}", e.message())))?;
        let columns = text[rows..].lines().next().unwrap_or_default();
        rows += columns.len() + 1;
        let columns: Vec<&'static str> = columns.trim_end().split(',').collect();
        let Some(regions) = columns.strip_prefix(LEADING.as_slice()) else {
            return Err(error(lines, format!("expected the columns {}, then one per region", LEADING.join(","))));
        };
        let number = u16::try_from(self.sheets.len()).map_err(|_| error(lines, "too many price lists".into()))?;
        let mut offset = rows.min(text.len());
        let mut last = "";
        while offset < text.len() {
            let rest = &text.as_bytes()[offset..];
            let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let meter = memchr::memchr(b',', &rest[..end]).map_or(&text[offset..offset], |c| &text[offset..offset + c]);
            if meter != last && !meter.is_empty() {
                let start = u32::try_from(offset).map_err(|_| error(lines, "larger than 4 GiB".into()))?;
                match self.index.entry(meter) {
                    Entry::Vacant(place) => {
                        place.insert((number, start));
                    }
                    Entry::Occupied(_) => self.more.entry(meter).or_default().push((number, start)),
                }
                last = meter;
            }
            offset += end + 1;
        }
        self.sheets.push(Sheet {
            name: name.to_owned(),
            title: head.title,
            text,
            currency: head.currency.parse().map_err(|_| error(1, format!("no currency: {:?}", head.currency)))?,
            sources: head.source,
            global: regions.iter().position(|region| *region == "global"),
            regions: regions.to_vec(),
        });
        Ok(())
    }

    /// The price of a meter in a region at a term.
    #[must_use]
    pub fn price(&self, meter: &Meter, region: Option<&str>, term: &Term) -> Option<ListPrice<'_>> {
        let term = term.to_string();
        let exact = self.exact(&meter.0, region, &term);
        exact.or_else(|| same_price(&meter.0).find_map(|name| self.exact(&name, region, &term)))
    }

    /// Every place of a meter, in the order of the files.
    fn places(&self, meter: &str) -> impl Iterator<Item = &Place> {
        let first = self.index.get(meter);
        let more = first.and_then(|_| self.more.get(meter));
        first.into_iter().chain(more.into_iter().flatten())
    }

    fn exact(&self, meter: &str, region: Option<&str>, term: &str) -> Option<ListPrice<'_>> {
        self.places(meter).find_map(|(sheet, start)| {
            let sheet = &self.sheets[usize::from(*sheet)];
            let columns = sheet.columns(region);
            let mut found: Option<ListPrice<'_>> = None;
            for row in sheet.rows(meter, *start) {
                let mut fields = row.splitn(6, ',').skip(1);
                let [row_term, from, unit, source, cells] = std::array::from_fn(|_| fields.next().unwrap_or_default());
                let Some(cell) = (row_term == term).then(|| Sheet::cell(cells, columns)).flatten() else { continue };
                let tier = (if from.is_empty() { Decimal::ZERO } else { from.parse().ok()? }, cell.parse().ok()?);
                match &mut found {
                    Some(price) => price.tiers.push(tier),
                    None => {
                        found = Some(ListPrice {
                            tiers: vec![tier],
                            currency: sheet.currency,
                            unit: PricingUnit::canonical(unit),
                            source: sheet.sources.get(source)?,
                        });
                    }
                }
            }
            if let Some(price) = &mut found {
                price.tiers.sort();
            }
            found
        })
    }

    /// The terms at which a meter is listed in a region, on demand first.
    #[must_use]
    pub fn terms(&self, meter: &Meter, region: Option<&str>) -> Vec<Term> {
        let mut out = Vec::new();
        for name in [Cow::Borrowed(meter.0.as_str())].into_iter().chain(same_price(&meter.0)) {
            for (sheet, start) in self.places(&name) {
                let sheet = &self.sheets[usize::from(*sheet)];
                let columns = sheet.columns(region);
                for row in sheet.rows(&name, *start) {
                    let mut fields = row.splitn(6, ',').skip(1);
                    let term = fields.next().unwrap_or_default().parse::<Term>();
                    if let (Ok(term), Some(cells)) = (term, fields.nth(3))
                        && Sheet::cell(cells, columns).is_some()
                    {
                        out.push(term);
                    }
                }
            }
        }
        out.sort();
        out.dedup();
        out
    }

    /// Regions in which a meter has an on-demand price, by name.
    #[must_use]
    pub fn regions(&self, meter: &Meter) -> Vec<&str> {
        let all = self.sheets.iter().flat_map(|s| s.regions.iter().copied());
        let mut regions: Vec<&str> =
            all.filter(|region| self.price(meter, Some(region), &Term::OnDemand).is_some()).collect();
        regions.sort_unstable();
        regions.dedup();
        regions
    }

    /// Every meter, by name.
    #[must_use]
    pub fn meters(&self) -> Vec<&str> {
        let mut meters: Vec<&str> = self.index.keys().copied().collect();
        meters.sort_unstable();
        meters
    }

    /// (file, what it holds, sources) of each file, for the catalogue of sources.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str, &BTreeMap<String, Source>)> {
        self.sheets.iter().map(|s| (s.name.as_str(), s.title.as_str(), &s.sources))
    }

    /// Reads every cell: what the index does not look at.
    ///
    /// # Errors
    /// [`ListError`] with the file and line of the first defect.
    pub fn check(&self) -> Result<usize, ListError> {
        let mut prices = 0;
        for sheet in &self.sheets {
            let body = sheet.text.lines().enumerate().skip_while(|(_, l)| l.starts_with('#')).skip(1);
            for (index, row) in body {
                let error =
                    |message: String| Err(ListError::Malformed { file: sheet.name.clone(), line: index + 1, message });
                let fields: Vec<&str> = row.split(',').collect();
                if fields.len() != LEADING.len() + sheet.regions.len() {
                    let expected = LEADING.len() + sheet.regions.len();
                    return error(format!("{} fields, expected {expected}", fields.len()));
                }
                if fields[1].parse::<Term>().is_err() {
                    return error(format!("{:?} is no term", fields[1]));
                }
                if PricingUnit::new(fields[3]).as_str() != fields[3] {
                    let canonical = PricingUnit::new(fields[3]);
                    return error(format!("the unit {:?} is written {canonical} in price lists", fields[3]));
                }
                if !sheet.sources.contains_key(fields[4]) {
                    return error(format!("the head of the file does not describe the source {:?}", fields[4]));
                }
                for cell in fields[5..].iter().chain(&fields[2..3]).filter(|c| !c.is_empty()) {
                    match parse_decimal(cell) {
                        Ok(price) if price >= Decimal::ZERO => prices += 1,
                        _ => return error(format!("{cell:?} is no price")),
                    }
                }
            }
        }
        Ok(prices)
    }
}

impl Sheet {
    /// The columns that hold for a region: its own, and `global` of services whose prices know no regions.
    fn columns(&self, region: Option<&str>) -> [Option<usize>; 2] {
        [region.and_then(|name| self.regions.iter().position(|r| *r == name)), self.global]
    }

    /// The first of the columns that is not empty.
    fn cell(cells: &str, columns: [Option<usize>; 2]) -> Option<&str> {
        columns.into_iter().flatten().find_map(|column| {
            let mut commas = memchr::memchr_iter(b',', cells.as_bytes());
            let start = if column == 0 { 0 } else { commas.nth(column - 1)? + 1 };
            let end = commas.next().unwrap_or(cells.len());
            Some(cells.get(start..end)?.trim_end()).filter(|cell| !cell.is_empty())
        })
    }

    /// The rows of a meter, from its first.
    fn rows<'a>(&self, meter: &'a str, start: u32) -> impl Iterator<Item = &'static str> + use<'a> {
        let text: &'static str = self.text.get(usize::try_from(start).unwrap_or(usize::MAX)..).unwrap_or_default();
        text.lines().take_while(move |row| row.split(',').next() == Some(meter))
    }
}

/// Usage types that cost what another does: (service, start of the usage type, start of the other's, who says so).
const SAME_PRICE: [(&str, &str, &str, &str); 18] = [
    (
        "AmazonEC2",
        "UnusedBox:",
        "BoxUsage:",
        "EC2 user guide: an unused capacity reservation costs what the instance would",
    ),
    ("AmazonEC2", "UnusedDed:", "DedicatedUsage:", "the same"),
    (
        "AmazonEC2",
        "ElasticIP:IdleAddress",
        "AmazonVPC/PublicIPv4:IdleAddress",
        "idle Elastic IP addresses are billed as public IPv4 addresses since 2024-02-01, at the same price",
    ),
    (
        "AmazonEC2",
        "RegionalNatGateway-Hours",
        "NatGateway-Hours",
        "VPC pricing: one price for zonal and regional NAT gateways",
    ),
    ("AmazonEC2", "RegionalNatGateway-Bytes", "NatGateway-Bytes", "the same"),
    ("AmazonRDS", "MirrorUsage:", "Multi-AZUsage:", "RDS price list: one price for Multi-AZ and SQL Server mirrors"),
    (
        "AmazonS3",
        "EarlyDelete-ByteHrs",
        "TimedStorage-GlacierByteHrs",
        "S3 pricing: a deletion charge is the storage price",
    ),
    ("AmazonS3", "EarlyDelete-SIA", "TimedStorage-SIA-ByteHrs", "the same"),
    ("AmazonS3", "EarlyDelete-ZIA", "TimedStorage-ZIA-ByteHrs", "the same"),
    ("AmazonS3", "EarlyDelete-GIR", "TimedStorage-GIR-ByteHrs", "the same"),
    (
        "AmazonS3",
        "TimedStorage-SIA-SmObjects",
        "TimedStorage-SIA-ByteHrs",
        "S3 pricing: small objects at the class's price",
    ),
    ("AmazonS3", "TimedStorage-ZIA-SmObjects", "TimedStorage-ZIA-ByteHrs", "the same"),
    ("AmazonS3", "TimedStorage-GIR-SmObjects", "TimedStorage-GIR-ByteHrs", "the same"),
    ("AWSQueueService", "Requests-RBP", "Requests-Tier1", "SQS bills name requests so in us-east-1"),
    ("AWSQueueService", "Requests-FIFO-RBP", "Requests-FIFO-Tier1", "the same"),
    (
        "AWSSecretsManager",
        "AWSSecretsManager-Secret",
        "AWSSecretsManager-Secrets",
        "bills of ap-southeast-1 name it so",
    ),
    (
        "AWSSecretsManager",
        "AWSSecretsManager-APIRequests",
        "AWSSecretsManagerAPIRequest",
        "bills of eu-west-1 name it so",
    ),
    (
        "AmazonCloudFront",
        "Lambda-Edge-",
        "AWSLambda/Lambda-Edge-",
        "Lambda@Edge is listed under Lambda, billed under CloudFront",
    ),
];

/// The meters whose price a meter shares, most alike first:
///
/// - a Windows or Red Hat licence that the user brings costs what Linux costs (EC2 user guide, AMI billing information);
/// - what [`SAME_PRICE`] says;
/// - a price that does not depend on the operation is listed with `*` for it;
/// - data transfer costs the same whichever service sends it (AWS data transfer pricing).
fn same_price(meter: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let mut parts = meter.splitn(3, '/');
    let [service, usage, operation] = std::array::from_fn(|_| parts.next().unwrap_or_default());
    let own_licence = matches!(operation, "RunInstances:0800" | "RunInstances:00g0");
    let transfer = usage.ends_with("-Bytes") && !service.is_empty() && service != "AWSDataTransfer";
    let renamed = SAME_PRICE.iter().find_map(|(of, from, to, _)| {
        // A start that ends in a mark goes on with a size; any other is the whole usage type.
        let rest = usage.strip_prefix(from).filter(|rest| rest.is_empty() || from.ends_with([':', '-']))?;
        (*of == service).then(|| {
            let service = if to.contains('/') { String::new() } else { format!("{service}/") };
            let tail = if operation.is_empty() { String::new() } else { format!("/{operation}") };
            Cow::Owned(format!("{service}{to}{rest}{tail}"))
        })
    });
    [
        own_licence.then(|| Cow::Owned(format!("{service}/{usage}"))),
        renamed,
        Some(Cow::Owned(format!("{service}/{usage}/*"))),
        transfer.then(|| Cow::Owned(format!("AWSDataTransfer/{usage}"))),
    ]
    .into_iter()
    .flatten()
}

#[cfg(test)]
mod tests;
