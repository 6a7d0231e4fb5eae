//! The named aggregates: the only way in which charges are read.
//!
//! All are computed in one pass over the bill, batch by batch ([`batches`]). Text keys are grouped as categoricals (half the memory), then
//! turned back to text and sorted, so that the same input gives the same bytes. Rows that an aggregate does not describe are kept in
//! one group until the tie-out has seen them: every aggregate accounts for every charge.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use polars::prelude::*;

use super::batches::{self, Grouping};
use super::columns::{collect, failed, mapped, nothing};
use super::tie_out::{self, RawTotals, TieOut};
use super::{Bill, BillError};
use crate::dataset::{BillEntry, Dataset, GapEntry, Manifest, SCHEMA_VERSION, SourceEntry};
use crate::money::Currency;
use crate::period::AsOf;
use crate::table::read::{atoms, integers, texts};
use crate::table::{self, DECIMAL, TIME, Table};

/// The aggregates of a bill, with the proof of their totals.
#[derive(Clone, Debug)]
pub struct Aggregates {
    /// Tables by name.
    pub tables: BTreeMap<String, DataFrame>,
    /// Allocation keys.
    pub tag_keys: Vec<String>,
    /// The one currency.
    pub currency: Currency,
    /// First day with a charge.
    pub first: Date,
    /// Last day with a charge, inclusive.
    pub last: Date,
    /// End of the last complete day of usage.
    pub as_of: AsOf,
    /// Whether usage is billed by the hour.
    pub hourly: bool,
    /// The files.
    pub sources: Vec<SourceEntry>,
    /// What could not be read or stands in for something missing.
    pub gaps: Vec<GapEntry>,
    /// The proof; `None`: no bill was given, the tables are those of an inventory alone.
    pub tie_out: Option<TieOut>,
}

impl Aggregates {
    /// As a Dataset, to be saved.
    #[must_use]
    pub fn to_dataset(&self) -> Dataset {
        Dataset {
            manifest: Manifest {
                schema_version: SCHEMA_VERSION,
                tool_version: env!("CARGO_PKG_VERSION").into(),
                as_of: self.as_of.to_string(),
                bill: self.tie_out.is_some().then(|| BillEntry {
                    currency: self.currency.to_string(),
                    first: self.first.to_string(),
                    last: self.last.to_string(),
                    hourly: self.hourly,
                    tag_keys: self.tag_keys.clone(),
                    sources: self.sources.clone(),
                }),
                asked: Vec::new(),
                gaps: self.gaps.clone(),
            },
            tables: self.tables.clone(),
        }
    }

    /// Takes in what accounts said.
    ///
    /// # Errors
    /// What does not fit: a second bill, or tables of another shape.
    pub fn join(&mut self, dataset: Dataset) -> Result<(), String> {
        for (name, frame) in dataset.tables {
            if !table::find(&name).is_some_and(Table::is_inventory) {
                return Err("it holds a bill, and so do the other inputs; give one of them".into());
            }
            match self.tables.get_mut(&name) {
                Some(known) => {
                    known.vstack_mut(&frame).map_err(|error| format!("{name}: {error}"))?;
                }
                None => {
                    self.tables.insert(name, frame);
                }
            }
        }
        self.gaps.extend(dataset.manifest.gaps);
        Ok(())
    }

    /// From a saved Dataset; ties its tables out to the totals of its sources, where it holds a bill.
    ///
    /// # Errors
    /// The field of the manifest that cannot be read.
    pub fn from_dataset(dataset: Dataset) -> Result<Self, String> {
        let Manifest { as_of, bill, gaps, .. } = dataset.manifest;
        let as_of: AsOf = as_of.parse().map_err(|e| format!("as_of: {e}"))?;
        let Some(BillEntry { currency, first, last, hourly, tag_keys, sources }) = bill else {
            let last = as_of.date().yesterday().unwrap_or(as_of.date());
            return Ok(Aggregates {
                tables: dataset.tables,
                tag_keys: Vec::new(),
                currency: Currency::USD,
                first: last,
                last,
                as_of,
                hourly: false,
                sources: Vec::new(),
                gaps,
                tie_out: None,
            });
        };
        let tie_out = Some(tie_out::of_dataset(&sources, &dataset.tables, as_of)?);
        let date = |text: &str| text.parse::<Date>().map_err(|_| format!("{text:?} is not a date"));
        Ok(Aggregates {
            currency: currency.parse().map_err(|e| format!("currency: {e}"))?,
            first: date(&first)?,
            last: date(&last)?,
            as_of,
            tables: dataset.tables,
            tag_keys,
            hourly,
            sources,
            gaps,
            tie_out,
        })
    }
}

/// Meters of hours of instances and of capacity, which reservations and savings plans can cover, by the start of their usage type.
const ELIGIBLE: [&str; 15] = [
    "BoxUsage:",
    "DedicatedUsage:",
    "HostUsage:",
    "InstanceUsage:",
    "InstanceUsageIOOptimized:",
    "Multi-AZUsage:",
    "Multi-AZClusterUsage:",
    "NodeUsage:",
    "ESInstance:",
    "Node:",
    "Fargate-",
    "Lambda-GB-Second",
    "Lambda-Provisioned-",
    "ReadCapacityUnit-Hrs",
    "WriteCapacityUnit-Hrs",
];

/// Whether the hours of a usage type are kept: what commitments can cover. SageMaker's begin with what the instance does.
#[must_use]
pub(crate) fn is_committable(usage: &str) -> bool {
    ELIGIBLE.iter().any(|start| usage.starts_with(start)) || usage.contains(":ml.")
}

/// No cloud sold before, and no charge starts so far ahead: a date outside these years is a mistake of the file, and run rates and
/// months rest on the first and the last.
const EARLIEST: i16 = 2000;
const LATEST: i16 = 2100;

/// Computes the aggregates and ties them out.
///
/// # Errors
/// [`BillError`] when a value does not convert, a currency is unknown, or currencies mix.
pub fn aggregate(bill: &Bill) -> Result<Aggregates, BillError> {
    let done = aggregates(bill);
    // Whatever came of it: a file that changed meanwhile is the better reason.
    bill.unchanged()?;
    done
}

fn aggregates(bill: &Bill) -> Result<Aggregates, BillError> {
    let charges = bill.charges()?;
    let tags: Vec<String> = bill.tag_keys.iter().map(|key| format!("Tag_{key}")).collect();
    let aggregates = [
        (&table::CHARGE_TOTALS, charge_totals(), None),
        (&table::DAILY_COSTS, daily_costs(&tags), None),
        (&table::RESOURCE_COSTS, resource_costs(), None),
        (&table::USAGE_PROFILES, usage_profiles(), Some("Hour")),
        (&table::HOURLY_TRANSFERS, hourly_transfers(), Some("Hour")),
        (&table::COMMITMENT_COSTS, commitment_costs(), Some("CommitmentDiscountId")),
        (&table::RESOURCE_TAGS, resource_tags(&tags), None),
    ];
    let mut groupings: Vec<Grouping> = aggregates.iter().map(|(_, grouping, _)| grouping.clone()).collect();
    groupings.push(extent());
    let mut frames = batches::group(charges, &groupings).map_err(|e| failed(bill, e))?.into_iter();
    let mut next = || frames.next().unwrap_or_else(DataFrame::empty);
    let mut all = BTreeMap::new();
    let mut sums = Vec::new();
    let mut currency = Currency::USD;
    // Each result is shaped and let go before the next: two of them can be large.
    for (table, _, key) in &aggregates {
        let frame = known(next()).map_err(|e| failed(bill, e))?;
        if table.name == table::CHARGE_TOTALS.name {
            currency = one_currency(bill, &frame)?;
        }
        sums.push(tie_out::AggregateSum::of(table.name, &frame));
        let shaped = shape(table, frame, *key, &tags).map_err(|e| failed(bill, e))?;
        all.insert(table.name.to_owned(), shaped);
    }
    let extent = &next();
    let raw = |file| collect(tie_out::raw_totals(file, &bill.options)?).map_err(|e| failed(bill, e));
    let raw: Vec<DataFrame> = bill.files.iter().map(raw).collect::<Result<_, _>>()?;
    let raw = RawTotals::of(&raw).map_err(|e| failed(bill, e))?;
    let moment = |name: &str| {
        integers(extent, name).first().copied().flatten().and_then(|m| Timestamp::from_microsecond(m).ok())
    };
    let names: Vec<&str> = bill.files.iter().map(|f| f.name.as_str()).collect();
    let (Some(first), Some(last)) = (moment("first"), moment("last")) else {
        return Err(BillError::NoTime(names.join(", ")));
    };
    let end = moment("usage_end").or_else(|| moment("end")).unwrap_or(last);
    let date = |t: Timestamp| t.to_zoned(jiff::tz::TimeZone::UTC).date();
    if let Some(odd) = [first, last].map(date).into_iter().find(|day| !(EARLIEST..LATEST).contains(&day.year())) {
        let message = format!("column ChargePeriodStart: {odd} lies outside the years {EARLIEST} to {LATEST}");
        return Err(BillError::Value { file: names.join(", "), message });
    }
    let as_of = AsOf::at_day(end);
    let tie_out = tie_out::compare(bill, currency, &raw, &sums, &all, as_of);
    let count = |name: &str| integers(extent, name).first().copied().flatten().unwrap_or(0);
    Ok(Aggregates {
        tables: all,
        tag_keys: bill.tag_keys.clone(),
        currency,
        first: date(first),
        last: date(last),
        as_of,
        hourly: count("hourly") > 0,
        sources: sources(bill),
        gaps: gaps(bill, count("without_effective"), count("turned"), &tie_out),
        tie_out: Some(tie_out),
    })
}

fn sources(bill: &Bill) -> Vec<SourceEntry> {
    let total =
        |atoms: i128| crate::money::decimal_from_atoms(atoms).map(|d| d.normalize().to_string()).unwrap_or_default();
    let entry = |(file, audit): (&super::BillFile, &super::Audit)| SourceEntry {
        name: file.name.clone(),
        format: file.format.label(),
        rows: audit.charges,
        total: total(audit.cost_atoms),
    };
    bill.files.iter().zip(&bill.audits).map(entry).collect()
}

fn gaps(bill: &Bill, without_effective: i64, turned: i64, tie_out: &TieOut) -> Vec<GapEntry> {
    let mut gaps = bill.delivery.gaps.clone();
    let mut gap =
        |what: String, place: String, remedy: &str| gaps.push(GapEntry { what, place, remedy: remedy.into() });
    let names = bill.files.iter().map(|f| f.name.as_str()).collect::<Vec<_>>().join(", ");
    if without_effective > 0 {
        gap(
            format!("{without_effective} charges have no effective cost; their billed cost stands in"),
            names.clone(),
            "export the amortized columns too",
        );
    }
    if turned > 0 {
        gap(
            format!("{turned} charges end before they start; they count with their start"),
            names.clone(),
            "export the file again; report it to the provider if it is the same",
        );
    }
    if tie_out.left_out_rows > 0 {
        let what = format!("{} charges in other currencies are left out", tie_out.left_out_rows);
        gap(what, names, "review each currency with --currency");
    }
    for (file, audit) in bill.files.iter().zip(&bill.audits) {
        for (defect, count) in &audit.accepted {
            let what = format!("{count} records with {}, accepted by --accept", defect.phrase());
            gap(what, file.name.clone(), "export the file again");
        }
    }
    if !bill.other_tag_keys.is_empty() {
        let what = format!(
            "{} more tag keys are not broken down: {}",
            bill.other_tag_keys.len(),
            bill.other_tag_keys.join(", ")
        );
        gap(what, "tags".into(), "name the keys you allocate by: allocation.keys in surgeon.toml");
    }
    gaps
}

fn categorical(name: &str) -> Expr {
    col(name).cast(DataType::from_categories(Categories::global()))
}

fn day() -> Expr {
    col("ChargePeriodStart").cast(DataType::Date).alias("Day")
}

/// Sum, and how many charges have no value.
fn sum_and_missing(name: &str) -> [Expr; 2] {
    [col(name).sum(), col(name).is_null().cast(DataType::Int64).sum().alias(missing(name))]
}

const MISSING: &str = " missing";

fn missing(name: &str) -> String {
    format!("{name}{MISSING}")
}

/// A sum that leaves some charges out is unknown.
fn known(grouped: DataFrame) -> PolarsResult<DataFrame> {
    let sums: Vec<String> =
        grouped.columns().iter().filter_map(|c| c.name().strip_suffix(MISSING).map(str::to_owned)).collect();
    let known = |name: &String| {
        let sum = col(name.as_str());
        when(col(missing(name)).eq(lit(0))).then(sum).otherwise(nothing(DECIMAL)).alias(name.as_str())
    };
    grouped.lazy().with_columns(sums.iter().map(known).collect::<Vec<_>>()).collect()
}

fn money() -> Vec<Expr> {
    [
        col("BilledCost").sum(),
        coalesce(&[col("EffectiveCost"), col("BilledCost")]).sum().alias("EffectiveCost"),
        len().cast(DataType::Int64).alias("Charges"),
    ]
    .into_iter()
    .chain(sum_and_missing("ListCost"))
    .collect()
}

/// Before discounts; where that is not stated, what stands in for the effective cost.
fn amortized() -> Expr {
    coalesce(&[col("x_AmortizedCost"), col("EffectiveCost"), col("BilledCost")]).sum().alias("AmortizedCost")
}

fn charge_totals() -> Grouping {
    let mut keys = vec![col("BillingPeriodStart")];
    for key in [
        "BillingAccountId",
        "SubAccountId",
        "BillingCurrency",
        "ChargeCategory",
        "x_ChargeType",
        "x_ChargeKind",
        "InvoiceId",
    ] {
        keys.push(categorical(key));
    }
    let mut sums = money();
    sums.push(amortized());
    Grouping { keys, values: sums, least: &[] }
}

fn daily_costs(tags: &[String]) -> Grouping {
    let mut keys = vec![day(), categorical("x_Meter").alias("Meter")];
    for key in ["SubAccountId", "RegionId", "ServiceName", "ChargeCategory", "x_ChargeType"] {
        keys.push(categorical(key));
    }
    keys.extend(tags.iter().map(|tag| categorical(tag)));
    let mut sums = money();
    sums.push(col("PricingQuantity").sum());
    Grouping { keys, values: sums, least: &[] }
}

fn resource_costs() -> Grouping {
    let mut keys = vec![day(), categorical("x_Meter").alias("Meter")];
    for key in [
        "SubAccountId",
        "RegionId",
        "ResourceId",
        "ServiceName",
        "PricingUnit",
        "ChargeCategory",
        "CommitmentDiscountStatus",
    ] {
        keys.push(categorical(key));
    }
    let seconds = (col("ChargePeriodEnd") - col("ChargePeriodStart")).dt().total_seconds(false);
    keys.push(seconds.gt(lit(86_400)).fill_null(lit(false)).alias("Long"));
    let mut sums = money();
    sums.push(col("ChargePeriodEnd").max());
    sums.extend(sum_and_missing("PricingQuantity"));
    sums.push(col("x_MeterName").max().alias("MeterName"));
    sums.push(col("x_CommitmentEnd").max().alias("CommitmentEnd"));
    Grouping { keys, values: sums, least: &[] }
}

/// Only charges of at most an hour say in which hour something was used.
fn hourly() -> Expr {
    (col("ChargePeriodEnd") - col("ChargePeriodStart")).dt().total_seconds(false).lt_eq(lit(3600))
}

fn only(condition: &Expr, name: &str) -> Expr {
    when(condition.clone()).then(categorical(name)).otherwise(nothing(DataType::from_categories(Categories::global())))
}

fn by_hour(meter_is: fn(&str) -> bool, with_meter: bool) -> Vec<Expr> {
    let marked = mapped(col("x_Meter"), move |m| meter_is(m.split('/').nth(1).unwrap_or(m)).then(|| m.to_owned()));
    let wanted = marked.is_not_null().and(col("ResourceId").is_not_null()).and(hourly()).fill_null(lit(false));
    let hour = when(wanted.clone()).then(col("ChargePeriodStart").dt().truncate(lit("1h"))).otherwise(nothing(TIME));
    let mut keys = vec![hour.alias("Hour")];
    for key in ["SubAccountId", "RegionId", "ResourceId"] {
        keys.push(only(&wanted, key).alias(key));
    }
    if with_meter {
        keys.push(only(&wanted, "x_Meter").alias("Meter"));
    }
    keys
}

fn usage_profiles() -> Grouping {
    let keys = by_hour(is_committable, true);
    let mut sums = money();
    sums.push(col("PricingQuantity").sum());
    let used = col("CommitmentDiscountStatus").eq(lit("Used")).fill_null(lit(false));
    sums.push(when(used).then(col("PricingQuantity")).otherwise(lit(0).cast(DECIMAL)).sum().alias("CoveredQuantity"));
    Grouping { keys, values: sums, least: &[] }
}

fn hourly_transfers() -> Grouping {
    let keys = by_hour(|usage| usage.contains("DataTransfer") || usage.ends_with("-Bytes"), false);
    let mut sums = money();
    sums.push(col("PricingQuantity").sum().alias("TransferGB"));
    Grouping { keys, values: sums, least: &[] }
}

fn commitment_costs() -> Grouping {
    let wanted = col("CommitmentDiscountId").is_not_null();
    let period = when(wanted.clone()).then(col("BillingPeriodStart")).otherwise(nothing(DataType::Date));
    let mut keys = vec![period.alias("BillingPeriodStart"), only(&wanted, "x_Meter").alias("Meter")];
    for key in [
        "CommitmentDiscountId",
        "CommitmentDiscountType",
        "SubAccountId",
        "RegionId",
        "ChargeCategory",
        "x_ChargeType",
        "CommitmentDiscountStatus",
    ] {
        keys.push(only(&wanted, key).alias(key));
    }
    let mut sums = money();
    sums.push(amortized());
    sums.push(col("x_CommitmentTotal").sum().alias("CommitmentTotal"));
    sums.push(col("x_CommitmentUsed").sum().alias("CommitmentUsed"));
    sums.push(col("x_CommitmentStart").max().alias("CommitmentStart"));
    sums.push(col("x_CommitmentEnd").max().alias("CommitmentEnd"));
    sums.push(col("x_OfferingClass").max().alias("OfferingClass"));
    sums.extend(sum_and_missing("PricingQuantity"));
    sums.push(col("ChargePeriodStart").min().alias("FirstHour"));
    sums.push(col("ChargePeriodEnd").max());
    Grouping { keys, values: sums, least: &["FirstHour"] }
}

fn resource_tags(tags: &[String]) -> Grouping {
    let keys: Vec<Expr> = ["SubAccountId", "RegionId", "ResourceId"].into_iter().map(categorical).collect();
    let mut values: Vec<Expr> = tags.iter().map(|tag| col(tag.as_str()).max()).collect();
    values.push(len().cast(DataType::Int64).alias("Charges"));
    values.push(col("BilledCost").sum());
    Grouping { keys, values, least: &[] }
}

fn extent() -> Grouping {
    let seconds = (col("ChargePeriodEnd") - col("ChargePeriodStart")).dt().total_seconds(false);
    let usage = col("ChargeCategory").eq(lit("Usage"));
    let within_day = usage.clone().and(seconds.clone().lt_eq(lit(86_400)));
    let values = vec![
        col("ChargePeriodStart").min().alias("first"),
        col("ChargePeriodStart").max().alias("last"),
        col("ChargePeriodEnd").max().alias("end"),
        when(within_day).then(col("ChargePeriodEnd")).otherwise(nothing(TIME)).max().alias("usage_end"),
        seconds.clone().lt(lit(0)).fill_null(lit(false)).sum().cast(DataType::Int64).alias("turned"),
        usage.and(seconds.lt_eq(lit(3600))).fill_null(lit(false)).sum().cast(DataType::Int64).alias("hourly"),
        col("EffectiveCost").null_count().cast(DataType::Int64).alias("without_effective"),
    ];
    Grouping { keys: Vec::new(), values, least: &["first"] }
}

/// Declared columns in declared order, then tags; text keys as text; sorted by everything that is a key.
fn shape(table: &Table, frame: DataFrame, drop_null: Option<&str>, tags: &[String]) -> PolarsResult<DataFrame> {
    let frame = match drop_null {
        Some(key) => frame.lazy().filter(col(key).is_not_null()).collect()?,
        None => frame,
    };
    let mut columns = Vec::new();
    let mut order = Vec::new();
    for declared in table.columns {
        columns.push(col(declared.name).cast(declared.kind.engine()));
        if !matches!(declared.kind, table::ColumnType::Decimal | table::ColumnType::Integer) {
            order.push(col(declared.name));
        }
    }
    for tag in tags.iter().filter(|tag| frame.column(tag.as_str()).is_ok()) {
        columns.push(col(tag.as_str()).cast(DataType::String));
        order.push(col(tag.as_str()));
    }
    // Categoricals sort by their text; sorted before they become text again, they take a quarter of the memory.
    let options = SortMultipleOptions::default().with_nulls_last(true);
    frame.lazy().sort_by_exprs(order, options).select(columns).collect()
}

/// The one currency of the bill.
fn one_currency(bill: &Bill, totals: &DataFrame) -> Result<Currency, BillError> {
    let names: Vec<&str> = bill.files.iter().map(|f| f.name.as_str()).collect();
    let mut found: BTreeMap<String, i128> = BTreeMap::new();
    for (code, cost) in texts(totals, "BillingCurrency").into_iter().zip(atoms(totals, "BilledCost")) {
        *found.entry(code.unwrap_or_default()).or_default() += cost.unwrap_or_default();
    }
    let mut codes = Vec::new();
    for code in found.keys() {
        codes.push(code.parse::<Currency>().map_err(|source| BillError::Currency {
            file: names.join(", "),
            source,
            help: "the billing currency column must hold codes such as USD; correct it or leave the file out".into(),
        })?);
    }
    match codes.as_slice() {
        [] => Err(BillError::Empty(names.join(", "))),
        [one] => Ok(*one),
        _ => {
            let each = found.iter().map(|(code, atoms)| {
                let total =
                    crate::money::decimal_from_atoms(*atoms).map(|d| d.round_dp(2).to_string()).unwrap_or_default();
                format!("{code} {total}")
            });
            Err(BillError::MixedCurrencies { found: each.collect::<Vec<_>>().join(", ") })
        }
    }
}
