//! The same charges twice: duplicate deliveries, successive snapshots of a month, the same month in two formats.
//!
//! Knows: which files hold the same payer and billing period, and how far their charges are the same. Does not know: manifests;
//! files that came with one manifest or in one archive were delivered together and are parts of one bill. Of several
//! deliveries of a month one is reviewed and the others are left out as gaps; what cannot be told apart is refused.
//!
//! Parts of a delivery look much like its duplicates: same payer, same month. They differ in the charges themselves, so those are
//! compared: a digest of each charge's natural key (who, what, where, when; never the line item id, which is not stable across
//! deliveries), of a sample that is the same in every file.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::*;

use super::columns::{collect, text};
use super::source::one_line;
use super::{Bill, BillError, BillFile, Format};
use crate::dataset::GapEntry;
use crate::table::read::{atoms, integers, texts};

/// Digests kept of the smaller of two files; some thousand tell shares to a percent.
const SAMPLE: u64 = 4096;
/// Two files are the same bill when this share of the smaller one's charges, cost included, is in the other.
const SAME_CHARGES: f64 = 0.5;
/// … or when this share of its keys is: a month whose costs were all restated.
const SAME_KEYS: f64 = 0.8;
/// Both count only where within a file at least this share of them are distinct: what repeats in a file repeats in its parts.
const DISTINCT: f64 = 0.9;
/// Two files of one format, one by the hour and one by the day, are the same bill when their totals agree so far.
const SAME_TOTAL: f64 = 0.99;

/// What one file holds of one payer's month.
#[derive(Clone, Debug)]
struct Holding {
    /// Accounts with charges, and what they are billed, in 1e-12 units.
    accounts: BTreeMap<String, i128>,
    /// Latest end of a charge, microseconds.
    until: i64,
    /// Charges that cost something and are on no invoice.
    open: i64,
    /// Charges of at most an hour, and all.
    hourly: i64,
    charges: i64,
}

/// Payer and first day of the billing period.
type Month = (String, String);

struct Candidate<'a> {
    file: &'a BillFile,
    holdings: BTreeMap<Month, Holding>,
}

#[derive(Clone, Debug, Default)]
struct Sketch {
    keys: BTreeSet<i64>,
    charges: BTreeSet<i64>,
    sampled: usize,
}

/// Leaves out what is there twice; says so in the gaps of the delivery.
///
/// # Errors
/// [`BillError::Overlap`] when files share a month in part.
pub(super) fn resolve(bill: &mut Bill) -> Result<(), BillError> {
    if units(&bill.files).len() < 2 {
        return Ok(());
    }
    let mut candidates = Vec::new();
    for file in &bill.files {
        candidates.push(Candidate { file, holdings: holdings(bill, file)? });
    }
    let mut out: BTreeMap<usize, String> = BTreeMap::new();
    let mut sketches = Sketches::default();
    let mut unclear = Vec::new();
    for (first, second) in pairs(&candidates) {
        if out.contains_key(&first) || out.contains_key(&second) {
            continue;
        }
        let shared: Vec<Month> = candidates[first]
            .holdings
            .keys()
            .filter(|m| candidates[second].holdings.contains_key(*m))
            .cloned()
            .collect();
        if shared.is_empty() {
            continue;
        }
        match same_bill(&candidates, (first, second), &shared, &mut sketches)? {
            Judgement::Same => {}
            Judgement::Other => continue,
            Judgement::Unclear => {
                unclear.push(GapEntry {
                    what: format!(
                        "a file may hold the same charges as {}: they repeat too much to tell; both are counted",
                        candidates[second].file.name
                    ),
                    place: candidates[first].file.name.clone(),
                    remedy: "give the manifest of the delivery, or an export with resource ids".into(),
                });
                continue;
            }
        }
        let (kept, left, reason) = choose(&candidates, first, second, &shared);
        let alone: Vec<&str> = candidates[left]
            .holdings
            .keys()
            .filter(|month| !candidates[kept].holdings.contains_key(*month))
            .map(|(_, period)| period.get(..7).unwrap_or(period))
            .collect();
        if !alone.is_empty() {
            return Err(BillError::Overlap {
                first: candidates[kept].file.name.clone(),
                second: candidates[left].file.name.clone(),
                shared: shared
                    .iter()
                    .map(|(_, period)| period.get(..7).unwrap_or(period))
                    .collect::<Vec<_>>()
                    .join(", "),
                alone: alone.join(", "),
            });
        }
        out.insert(left, format!("holds the same charges as {}, {reason}", candidates[kept].file.name));
    }
    let gaps = out.iter().map(|(index, reason)| GapEntry {
        what: format!("a file is left out: it {reason}"),
        place: bill.files[*index].name.clone(),
        remedy: "surgeon diff compares two deliveries; review the file alone to see it".into(),
    });
    let gaps: Vec<GapEntry> = gaps.chain(unclear).collect();
    bill.delivery.gaps.extend(gaps);
    let mut index = 0;
    bill.files.retain(|_| (!out.contains_key(&index), index += 1).0);
    index = 0;
    bill.audits.retain(|_| (!out.contains_key(&index), index += 1).0);
    Ok(())
}

/// Files delivered together count once.
fn units(files: &[BillFile]) -> BTreeSet<&str> {
    files.iter().map(|file| file.unit.as_deref().unwrap_or(&file.name)).collect()
}

fn pairs(candidates: &[Candidate<'_>]) -> Vec<(usize, usize)> {
    let unit = |index: usize| candidates[index].file.unit.as_deref();
    let all = (0..candidates.len()).flat_map(|first| (first + 1..candidates.len()).map(move |second| (first, second)));
    all.filter(|(first, second)| unit(*first).is_none() || unit(*first) != unit(*second)).collect()
}

fn failed(file: &BillFile) -> impl Fn(PolarsError) -> BillError {
    let name = file.name.clone();
    move |error| BillError::Value { file: name.clone(), message: one_line(&error.to_string()) }
}

/// What a file holds, by payer and month.
fn holdings(bill: &Bill, file: &BillFile) -> Result<BTreeMap<Month, Holding>, BillError> {
    let seconds = (col("ChargePeriodEnd") - col("ChargePeriodStart")).dt().total_seconds(false);
    let open = col("InvoiceId").is_null().and(col("BilledCost").neq(lit(0)));
    let count = |condition: Expr| condition.fill_null(lit(false)).cast(DataType::Int64).sum();
    let grouped =
        bill.charges_of(file)?.group_by(["BillingAccountId", "BillingPeriodStart", "SubAccountId"].map(col)).agg([
            col("ChargePeriodEnd").max().alias("until"),
            col("BilledCost").sum().alias("billed"),
            count(open).alias("open"),
            count(seconds.lt_eq(lit(3600))).alias("hourly"),
            len().cast(DataType::Int64).alias("charges"),
        ]);
    let frame = collect(grouped).map_err(failed(file))?;
    let [payers, periods, accounts] =
        ["BillingAccountId", "BillingPeriodStart", "SubAccountId"].map(|name| texts(&frame, name));
    let [until, open, hourly, charges] = ["until", "open", "hourly", "charges"].map(|name| integers(&frame, name));
    let billed = atoms(&frame, "billed");
    let mut out: BTreeMap<Month, Holding> = BTreeMap::new();
    for row in 0..frame.height() {
        let text = |column: &[Option<String>]| column.get(row).cloned().flatten().unwrap_or_default();
        let number = |column: &[Option<i64>]| column.get(row).copied().flatten().unwrap_or_default();
        let holding = out.entry((text(&payers), text(&periods))).or_insert_with(|| Holding {
            accounts: BTreeMap::new(),
            until: 0,
            open: 0,
            hourly: 0,
            charges: 0,
        });
        *holding.accounts.entry(text(&accounts)).or_default() += billed.get(row).copied().flatten().unwrap_or_default();
        holding.until = holding.until.max(number(&until));
        holding.open += number(&open);
        holding.hourly += number(&hourly);
        holding.charges += number(&charges);
    }
    Ok(out)
}

/// Whose words a file speaks: parts of one delivery speak the same.
fn family(file: &BillFile) -> &'static str {
    match file.format {
        Format::CurLegacy => "CUR legacy",
        Format::Cur2 => "CUR 2.0",
        Format::Focus(_) => "FOCUS",
        Format::Azure => "Azure",
        Format::Gcp => "Google Cloud",
        Format::Oci => "OCI",
    }
}

/// Whether most charges are of an hour.
fn hourly(candidate: &Candidate<'_>, months: &[Month]) -> bool {
    let held = || months.iter().filter_map(|month| candidate.holdings.get(month));
    held().map(|h| h.hourly).sum::<i64>() * 2 > held().map(|h| h.charges).sum::<i64>()
}

fn same_bill(
    candidates: &[Candidate<'_>],
    (first, second): (usize, usize),
    shared: &[Month],
    sketches: &mut Sketches,
) -> Result<Judgement, BillError> {
    let both = |month: &Month| Some((candidates[first].holdings.get(month)?, candidates[second].holdings.get(month)?));
    // What each bills to the accounts that are in both.
    let (mut billed, mut meet) = ((0_i128, 0_i128), false);
    for (one, other) in shared.iter().filter_map(both) {
        for (account, cost) in &one.accounts {
            if let Some(again) = other.accounts.get(account) {
                meet = true;
                billed = (billed.0 + cost, billed.1 + again);
            }
        }
    }
    if !meet {
        return Ok(Judgement::Other);
    }
    let (a, b) = (candidates[first].file, candidates[second].file);
    if family(a) != family(b) {
        return Ok(Judgement::Same);
    }
    // Charges per hour and per day have no key in common; those of one bill have a total in common. Services in files of
    // their own differ in both.
    if hourly(&candidates[first], shared) != hourly(&candidates[second], shared) {
        let (least, most) = (billed.0.abs().min(billed.1.abs()), billed.0.abs().max(billed.1.abs()));
        let agree = most > 0 && least as f64 / most as f64 > SAME_TOTAL;
        return Ok(if agree { Judgement::Same } else { Judgement::Other });
    }
    let rows = |index: usize| candidates[index].holdings.values().map(|h| h.charges.unsigned_abs()).sum::<u64>();
    let every = every(rows(first).min(rows(second)), rows(first).max(rows(second)));
    sketches.make(a, first, every)?;
    sketches.make(b, second, every)?;
    let (Some(a), Some(b)) = (sketches.get(first, every), sketches.get(second, every)) else {
        return Ok(Judgement::Other);
    };
    // Of each file's sample, as much as its charges of the shared months are of all its charges.
    let shared_part = |index: usize| {
        let of = |month: &Month| candidates[index].holdings.get(month).map_or(0, |h| h.charges.unsigned_abs());
        shared.iter().map(of).sum::<u64>() as f64 / rows(index).max(1) as f64
    };
    let share = |a: &BTreeSet<i64>, b: &BTreeSet<i64>| {
        let least = (a.len() as f64 * shared_part(first)).min(b.len() as f64 * shared_part(second));
        a.intersection(b).count() as f64 / least.max(1.0)
    };
    let distinct = |of: fn(&Sketch) -> usize| {
        let part = |s: &Sketch| of(s) as f64 / s.sampled.max(1) as f64;
        part(a).min(part(b)) > DISTINCT
    };
    let (keys, charges) = (share(&a.keys, &b.keys), share(&a.charges, &b.charges));
    // To the last charge and to the last digit the same.
    let twin = rows(first) == rows(second) && billed.0 == billed.1 && charges > SAME_KEYS;
    Ok(match () {
        () if twin || charges > SAME_CHARGES && distinct(|s| s.charges.len()) => Judgement::Same,
        () if keys > SAME_KEYS && distinct(|s| s.keys.len()) => Judgement::Same,
        () if charges > SAME_CHARGES => Judgement::Unclear,
        () => Judgement::Other,
    })
}

/// Whether two files hold the same charges.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Judgement {
    Same,
    Other,
    /// Many charges look alike within each file as well: without resource ids, parts of a delivery do.
    Unclear,
}

/// One digest in how many is kept: enough of the smaller file, not too many of the larger; a power of two, so that files of about one
/// size share a sample.
fn every(least: u64, most: u64) -> u64 {
    let of = |rows: u64, sample: u64| (rows / sample).max(1).next_power_of_two();
    of(least, SAMPLE).max(of(most, SAMPLE * 64))
}

/// Sketches that are made already, by file and sample.
#[derive(Default)]
struct Sketches(BTreeMap<(usize, u64), Sketch>);

impl Sketches {
    fn make(&mut self, file: &BillFile, index: usize, every: u64) -> Result<(), BillError> {
        if let Entry::Vacant(place) = self.0.entry((index, every)) {
            place.insert(sketch(file, every)?);
        }
        Ok(())
    }

    fn get(&self, index: usize, every: u64) -> Option<&Sketch> {
        self.0.get(&(index, every))
    }
}

/// Raw columns that say who, what, where and when, in the formats that have them.
const NATURAL_KEY: [&str; 44] = [
    // AWS CUR, legacy and 2.0
    "lineItem/UsageAccountId",
    "lineItem/LineItemType",
    "lineItem/UsageStartDate",
    "lineItem/UsageEndDate",
    "lineItem/ProductCode",
    "lineItem/UsageType",
    "lineItem/Operation",
    "lineItem/AvailabilityZone",
    "lineItem/ResourceId",
    "lineItem/LineItemDescription",
    "line_item_usage_account_id",
    "line_item_line_item_type",
    "line_item_usage_start_date",
    "line_item_usage_end_date",
    "line_item_product_code",
    "line_item_usage_type",
    "line_item_operation",
    "line_item_availability_zone",
    "line_item_resource_id",
    "line_item_line_item_description",
    // FOCUS
    "SubAccountId",
    "ChargeCategory",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "SkuPriceId",
    "SkuId",
    "ResourceId",
    "ChargeDescription",
    "RegionId",
    "CommitmentDiscountId",
    // Azure, Google Cloud, OCI
    "SubscriptionId",
    "SubscriptionGuid",
    "Date",
    "UsageDateTime",
    "MeterId",
    "ChargeType",
    "project.id",
    "sku.id",
    "usage_start_time",
    "resource.global_name",
    "lineItem/tenantId",
    "lineItem/intervalUsageStart",
    "cost/productSku",
    "product/resourceId",
];

/// Digests of one charge in so many.
fn sketch(file: &BillFile, every: u64) -> Result<Sketch, BillError> {
    let raw = |name: &&str| text(file, &[*name]).map(|text| coalesce(&[text, lit("")]));
    let key = concat_str(NATURAL_KEY.iter().filter_map(raw).collect::<Vec<_>>(), "\u{1f}", false);
    let cost = super::columns::number(file, file.cost_column()).cast(DataType::String);
    let digests = file.scan()?.select([
        digest(key.clone()).alias("key"),
        digest(concat_str([key, coalesce(&[cost, lit("")])], "\u{1f}", false)).alias("charge"),
    ]);
    let every = i64::try_from(every).unwrap_or(i64::MAX);
    let sampled = digests.filter((col("key") % lit(every)).eq(lit(0)));
    let frame = collect(sampled).map_err(failed(file))?;
    let keys: Vec<i64> = integers(&frame, "key").into_iter().flatten().collect();
    Ok(Sketch {
        sampled: keys.len(),
        keys: keys.into_iter().collect(),
        charges: integers(&frame, "charge").into_iter().flatten().collect(),
    })
}

/// FNV-1a of a text (Fowler, Noll, Vo), as a number that is not negative.
fn digest(text: Expr) -> Expr {
    text.map(
        |column| {
            let hash = |text: &str| {
                let hash = text
                    .bytes()
                    .fold(0xcbf2_9ce4_8422_2325_u64, |h, byte| (h ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
                (hash >> 1).cast_signed()
            };
            let digests: Int64Chunked = column.str()?.iter().map(|text| text.map(hash)).collect();
            Ok(digests.with_name(column.name().clone()).into_column())
        },
        |_, field| Ok(Field::new(field.name().clone(), DataType::Int64)),
    )
}

/// Which of two is reviewed, which is left out, and why.
fn choose(candidates: &[Candidate<'_>], first: usize, second: usize, shared: &[Month]) -> (usize, usize, &'static str) {
    let sum = |index: usize, of: fn(&Holding) -> i64| -> i64 {
        shared.iter().filter_map(|month| candidates[index].holdings.get(month)).map(of).sum()
    };
    const DAY: i64 = 86_400_000_000;
    let last_day = |index: usize| {
        shared
            .iter()
            .filter_map(|month| candidates[index].holdings.get(month))
            .map(|h| h.until / DAY)
            .max()
            .unwrap_or_default()
    };
    let hourly = |index: usize| hourly(&candidates[index], shared);
    let cash = |index: usize| !candidates[index].file.amortized;
    let rank = |index: usize| match candidates[index].file.format {
        Format::Cur2 => 3,
        Format::CurLegacy => 2,
        Format::Focus(_) => 1,
        Format::Azure | Format::Gcp | Format::Oci => 0,
    };
    let open = |index: usize| sum(index, |h| h.open);
    let rows = |index: usize| sum(index, |h| h.charges);
    let order = [
        (last_day(first).cmp(&last_day(second)), "which goes on to a later day"),
        (open(second).min(1).cmp(&open(first).min(1)), "which is invoiced"),
        (cash(first).cmp(&cash(second)), "which has what is invoiced (this one has amortized costs)"),
        (hourly(first).cmp(&hourly(second)), "which is hourly"),
        (rank(first).cmp(&rank(second)), "whose format says more"),
        (rows(first).cmp(&rows(second)), "which has more charges"),
    ];
    for (ordering, reason) in order {
        match ordering {
            std::cmp::Ordering::Greater => return (first, second, reason),
            std::cmp::Ordering::Less => return (second, first, reason),
            std::cmp::Ordering::Equal => {}
        }
    }
    (second, first, "which comes later by name")
}
