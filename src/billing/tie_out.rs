//! The proof that our totals are the bill's.
//!
//! Left side: the byte pass (records, exact sum of the raw cost column) and raw columns grouped before any mapping.
//! Right side: every aggregate. Commitments: what covered usage plus what covered nothing is the commitment, and savings
//! plan negations cancel what they cover (BILLING identities). A residual above [`TOLERANCE`] closes the gate.

use std::collections::BTreeMap;

use jiff::civil::Date;
use polars::prelude::*;
use rust_decimal::Decimal;

use super::columns::{self, text};
use super::{Bill, BillError, BillFile, Format, Options, azure, gcp, oci};
use crate::dataset::SourceEntry;
use crate::money::{Currency, Money, decimal_from_atoms, parse_decimal};
use crate::period::AsOf;
use crate::table::read::{atoms, integers, texts};

/// The largest residual that still ties: one hundredth of the currency.
pub const TOLERANCE: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// One comparison.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// What is compared.
    pub what: String,
    /// From the raw file, or the left side of an identity.
    pub expected: Decimal,
    /// Ours, or the right side.
    pub found: Decimal,
}

impl Line {
    /// expected − found.
    #[must_use]
    pub fn residual(&self) -> Decimal {
        self.expected - self.found
    }

    /// Whether it is small enough.
    #[must_use]
    pub fn ties(&self) -> bool {
        self.residual().abs() <= TOLERANCE
    }
}

/// All comparisons.
#[derive(Clone, Debug, Default)]
pub struct TieOut {
    /// Sum of the raw cost columns of the files, by the byte pass.
    pub file_total: Decimal,
    /// Our total.
    pub reviewed_total: Decimal,
    /// Charges of the files, by the byte pass.
    pub rows_in_files: u64,
    /// Records in our totals.
    pub rows_reviewed: u64,
    /// Charges of other currencies that the user left out, and their number.
    pub left_out_rows: u64,
    /// Each aggregate; cost and rows.
    pub aggregates: Vec<Line>,
    /// Each key of each dimension.
    pub dimensions: Vec<Line>,
    /// Commitment identities of a month, which must hold.
    pub identities: Vec<Line>,
    /// FOCUS: effective usage = billed purchases of a commitment. It holds over the commitment's life, and an upfront payment
    /// breaks it in any one month: a difference is shown and closes nothing.
    pub life_identities: Vec<Line>,
    /// Row counts that differ: (aggregate, rows).
    pub lost_rows: Vec<(String, u64)>,
    /// The user's invoice total.
    pub invoice: Option<Line>,
}

impl TieOut {
    /// Whether everything ties.
    #[must_use]
    pub fn ties(&self) -> bool {
        self.lost_rows.is_empty() && self.lines().all(Line::ties)
    }

    /// Every comparison.
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        self.aggregates.iter().chain(&self.dimensions).chain(&self.identities).chain(&self.invoice)
    }

    /// Where it does not tie, for the reader.
    #[must_use]
    pub fn explain(&self) -> String {
        let mut text = format!(
            "the bill does not tie out: files {} ({} rows), reviewed {} ({} rows)\n",
            self.file_total.normalize(),
            self.rows_in_files,
            self.reviewed_total.normalize(),
            self.rows_reviewed
        );
        for (name, rows) in &self.lost_rows {
            text.push_str(&format!("  {name}: {rows} of {} rows\n", self.rows_in_files));
        }
        for line in self.lines().filter(|line| !line.ties()) {
            let residual = line.residual().normalize();
            text.push_str(&format!(
                "  {}: expected {}, found {}, residual {residual}\n",
                line.what,
                line.expected.normalize(),
                line.found.normalize()
            ));
        }
        text.push_str("help: no finding is shown until it does. A commitment whose owner's or users' accounts are not all in the files breaks its identity; else report this as a bug");
        text
    }

    /// Compares our total with an invoice.
    pub fn check_invoice(&mut self, total: Money) {
        self.invoice =
            Some(Line { what: "invoice total".into(), expected: total.amount(), found: self.reviewed_total });
    }
}

/// Total and rows of one aggregate.
#[derive(Clone, Debug)]
pub(super) struct AggregateSum {
    name: &'static str,
    billed: i128,
    rows: u64,
}

impl AggregateSum {
    pub(super) fn of(name: &'static str, frame: &DataFrame) -> Self {
        AggregateSum {
            name,
            billed: atoms(frame, "BilledCost").into_iter().flatten().sum(),
            rows: integers(frame, "Charges").into_iter().flatten().sum::<i64>().unsigned_abs(),
        }
    }
}

/// What dimensions are compared: name, raw columns, column of `charge_totals`.
const DIMENSIONS: [(&str, &[&str], &str); 6] = [
    (
        "payer",
        &[
            "bill/PayerAccountId",
            "bill_payer_account_id",
            "BillingAccountId",
            "billing_account_id",
            "cost/subscriptionId",
        ],
        "BillingAccountId",
    ),
    (
        "account",
        &[
            "lineItem/UsageAccountId",
            "line_item_usage_account_id",
            "SubAccountId",
            "SubscriptionId",
            "SubscriptionGuid",
            "project.id",
            "lineItem/tenantId",
        ],
        "SubAccountId",
    ),
    (
        "currency",
        &[
            "lineItem/CurrencyCode",
            "line_item_currency_code",
            "BillingCurrency",
            "BillingCurrencyCode",
            "currency",
            "cost/currencyCode",
        ],
        "BillingCurrency",
    ),
    (
        "billing period",
        &[
            "bill/BillingPeriodStartDate",
            "bill_billing_period_start_date",
            "BillingPeriodStart",
            "BillingPeriodStartDate",
            "invoice.month",
        ],
        "BillingPeriodStart",
    ),
    (
        "charge",
        &["lineItem/LineItemType", "line_item_line_item_type", "ChargeCategory", "ChargeType", "cost_type"],
        "ChargeCategory",
    ),
    ("invoice", &["bill/InvoiceId", "bill_invoice_id", "InvoiceId"], "InvoiceId"),
];

/// Stands before the day of a charge where no billing period is stated: the period is then its month.
const MONTH_OF: &str = "month of ";

/// The raw billing period. Oracle's reports have none, and some of Azure's rows neither.
fn period(file: &BillFile, names: &[&str]) -> Option<Expr> {
    let day = match file.format {
        Format::Azure => text(file, &azure::DATE),
        Format::Oci => text(file, &["lineItem/intervalUsageStart"]),
        _ => None,
    };
    let month = day.map(|day| concat_str([lit(MONTH_OF), day], "", false));
    let known: Vec<Expr> = [text(file, names), month].into_iter().flatten().collect();
    (!known.is_empty()).then(|| coalesce(&known))
}

/// The raw cost column of a file, grouped by raw columns before any mapping; Google's credits as charges of their own.
pub(super) fn raw_totals(file: &BillFile, options: &Options) -> Result<LazyFrame, BillError> {
    let mut keys = Vec::new();
    for (dimension, names, _) in DIMENSIONS {
        let raw = match dimension {
            "payer" | "account" => columns::account(file, names),
            "billing period" => period(file, names),
            "charge" if file.format == Format::Oci => Some(oci::charge_type(file)),
            _ => text(file, names),
        };
        keys.push(raw.unwrap_or_else(|| columns::nothing(DataType::String)).alias(dimension));
    }
    let mut selected = keys.clone();
    selected.push(columns::number(file, file.cost_column()).alias("cost"));
    let costs = file.scan()?.select(selected);
    let frame = match gcp::credits(file).filter(|_| file.format == Format::Gcp) {
        Some(credits) => {
            keys.push(credits.all.alias("cost"));
            let credits = file.scan()?.select(keys).filter(col("cost").is_not_null());
            columns::concat(vec![costs, credits.with_column(lit("credit").alias("charge"))])?
        }
        None => costs,
    };
    let frame = match (options.currency, file.column(DIMENSIONS[2].1)) {
        (Some(given), None) => frame.with_column(lit(given.code().to_owned()).alias("currency")),
        _ => frame,
    };
    // Which vocabulary the charge column speaks: line item types or charge categories.
    let focus = matches!(file.format, Format::Focus(_));
    let keys: Vec<Expr> = DIMENSIONS.iter().map(|(name, _, _)| col(*name)).collect();
    Ok(frame
        .group_by(keys)
        .agg([col("cost").sum(), len().cast(DataType::Int64).alias("Charges")])
        .with_column(lit(focus).alias("focus")))
}

/// Raw totals by dimension and key.
pub(super) struct RawTotals {
    by_key: BTreeMap<(&'static str, String, String), i128>,
    rows: BTreeMap<String, u64>,
    total: BTreeMap<String, i128>,
}

impl RawTotals {
    pub(super) fn of(frames: &[DataFrame]) -> PolarsResult<Self> {
        let mut by_key = BTreeMap::new();
        let mut rows: BTreeMap<String, u64> = BTreeMap::new();
        let mut total: BTreeMap<String, i128> = BTreeMap::new();
        for frame in frames {
            let costs = atoms(frame, "cost");
            let currencies = texts(frame, "currency");
            let counts = integers(frame, "Charges");
            let focus = frame.column("focus")?.bool()?.get(0).unwrap_or(false);
            for (row, cost) in costs.iter().enumerate() {
                let currency = currencies.get(row).cloned().flatten().unwrap_or_default();
                let cost = cost.unwrap_or_default();
                *total.entry(currency.clone()).or_default() += cost;
                *rows.entry(currency).or_default() +=
                    counts.get(row).copied().flatten().unwrap_or_default().unsigned_abs();
            }
            for (dimension, _, _) in DIMENSIONS {
                let name = if dimension == "charge" && !focus { "charge type" } else { dimension };
                for (row, key) in texts(frame, dimension).into_iter().enumerate() {
                    let currency = currencies.get(row).cloned().flatten().unwrap_or_default();
                    let cost = costs.get(row).copied().flatten().unwrap_or_default();
                    *by_key.entry((name, currency, shown(dimension, key))).or_default() += cost;
                }
            }
        }
        Ok(RawTotals { by_key, rows, total })
    }
}

/// A raw key as the charges write it.
fn shown(dimension: &str, key: Option<String>) -> String {
    let key = key.unwrap_or_else(|| "(none)".into());
    match dimension {
        "billing period" => first_day(&key),
        "charge" => super::focus::category(&key),
        _ => key,
    }
}

/// The first day of a billing period, however it is spelled: as a time, of which the first ten characters are the date, as
/// Azure's month/day/year, as Google's `202011`.
fn first_day(period: &str) -> String {
    let (day, whole_month) = match period.strip_prefix(MONTH_OF) {
        Some(day) => (day, true),
        None => (period, false),
    };
    let date = match day.split('/').collect::<Vec<_>>().as_slice() {
        [month, day, year] => format!("{year}-{month:0>2}-{day:0>2}"),
        _ if day.len() == 6 && day.bytes().all(|b| b.is_ascii_digit()) => format!("{}-{}-01", &day[..4], &day[4..]),
        _ => day.chars().take(10).collect(),
    };
    if whole_month { date.chars().take(8).chain("01".chars()).collect() } else { date }
}

/// The proof of a saved Dataset: its tables against the totals that its manifest states for the sources.
///
/// # Errors
/// A total in the manifest that is not a number.
pub(super) fn of_dataset(
    sources: &[SourceEntry],
    tables: &BTreeMap<String, DataFrame>,
    as_of: AsOf,
) -> Result<TieOut, String> {
    let mut expected = Decimal::ZERO;
    for source in sources {
        expected += parse_decimal(&source.total).map_err(|e| format!("source {}: {e}", source.name))?;
    }
    let rows: u64 = sources.iter().map(|s| s.rows).sum();
    let mut out = TieOut { file_total: expected, rows_in_files: rows, ..TieOut::default() };
    // Only these tables hold every charge; the others keep what they describe.
    for name in ["charge_totals", "daily_costs", "resource_costs"] {
        let Some(frame) = tables.get(name) else { continue };
        let sum = AggregateSum::of(name, frame);
        let found = decimal_from_atoms(sum.billed).map_err(|e| e.to_string())?;
        if name == "charge_totals" {
            out.reviewed_total = found;
            out.rows_reviewed = sum.rows;
        }
        if sum.rows != rows {
            out.lost_rows.push((name.into(), sum.rows));
        }
        out.aggregates.push(Line { what: name.into(), expected, found });
    }
    if let Some(commitments) = tables.get("commitment_costs") {
        out.identities = identities(commitments, as_of);
        out.life_identities = life_identities(commitments);
    }
    Ok(out)
}

/// Compares the files with the aggregates.
pub(super) fn compare(
    bill: &Bill,
    currency: Currency,
    raw: &RawTotals,
    sums: &[AggregateSum],
    tables: &BTreeMap<String, DataFrame>,
    as_of: AsOf,
) -> TieOut {
    let dec = |a: i128| decimal_from_atoms(a).unwrap_or(Decimal::MAX);
    let code = currency.code().to_owned();
    let rows_in_files: u64 = bill.audits.iter().map(|a| a.charges).sum();
    let audited: i128 = bill.audits.iter().map(|a| a.cost_atoms).sum();
    // With --currency, what other currencies hold is taken off the byte pass by the raw groups.
    let others: i128 = raw.total.iter().filter(|(c, _)| **c != code).map(|(_, a)| a).sum();
    let left_out_rows: u64 = raw.rows.iter().filter(|(c, _)| **c != code).map(|(_, n)| n).sum();
    let expected = audited - others;
    let expected_rows = rows_in_files.saturating_sub(left_out_rows);
    let mut out = TieOut {
        file_total: dec(expected),
        reviewed_total: sums.first().map_or(Decimal::ZERO, |s| dec(s.billed)),
        rows_in_files: expected_rows,
        rows_reviewed: sums.first().map_or(0, |s| s.rows),
        left_out_rows,
        ..TieOut::default()
    };
    let raw_total: i128 = raw.total.get(&code).copied().unwrap_or_default();
    out.aggregates.push(Line { what: "raw cost column".into(), expected: dec(expected), found: dec(raw_total) });
    for sum in sums {
        out.aggregates.push(Line { what: sum.name.into(), expected: dec(expected), found: dec(sum.billed) });
        if sum.rows != expected_rows {
            out.lost_rows.push((sum.name.into(), sum.rows));
        }
    }
    if let Some(totals) = tables.get("charge_totals") {
        out.dimensions = dimensions(raw, &code, totals);
    }
    if let Some(commitments) = tables.get("commitment_costs") {
        out.identities = identities(commitments, as_of);
        out.life_identities = life_identities(commitments);
    }
    out
}

fn dimensions(raw: &RawTotals, code: &str, totals: &DataFrame) -> Vec<Line> {
    let dec = |a: i128| decimal_from_atoms(a).unwrap_or(Decimal::MAX);
    let costs = atoms(totals, "BilledCost");
    let mut ours: BTreeMap<(&str, String), i128> = BTreeMap::new();
    for (dimension, _, column) in DIMENSIONS {
        let columns: &[(&str, &str)] = if dimension == "charge" {
            &[("charge", "ChargeCategory"), ("charge type", "x_ChargeType")]
        } else {
            &[(dimension, column)]
        };
        for (name, column) in columns {
            for (key, cost) in texts(totals, column).into_iter().zip(&costs) {
                *ours.entry((name, shown(dimension, key))).or_default() += cost.unwrap_or_default();
            }
        }
    }
    let mut lines = Vec::new();
    for ((name, currency, key), expected) in &raw.by_key {
        if currency == code {
            let found = ours.remove(&(*name, key.clone())).unwrap_or_default();
            let word = if *name == "charge" { "charge category" } else { name };
            lines.push(Line { what: format!("{word} {key}"), expected: dec(*expected), found: dec(found) });
        }
    }
    // A key of ours that no file has is a residual too; the vocabulary that no file speaks is not compared.
    for ((name, key), found) in ours {
        if raw.by_key.keys().any(|(n, c, _)| *n == name && c == code) {
            lines.push(Line { what: format!("{name} {key}"), expected: Decimal::ZERO, found: dec(found) });
        }
    }
    lines
}

/// Commitment identities of each billing period; CUR only, FOCUS has no column that states the commitment. The fee of a
/// reservation is charged for the whole month on its first day: while the month runs there is nothing to compare it with.
fn identities(commitments: &DataFrame, as_of: AsOf) -> Vec<Line> {
    #[derive(Default)]
    struct Sums {
        used: i128,
        unused: i128,
        total: i128,
        covered: i128,
        negation: i128,
        fee_seen: bool,
        month_seen: bool,
        negation_seen: bool,
    }
    let running = |period: &str| period.parse::<Date>().is_ok_and(|first| as_of.date() <= first.last_of_month());
    let dec = |a: i128| decimal_from_atoms(a).unwrap_or(Decimal::MAX);
    let mut by_id: BTreeMap<(String, String), Sums> = BTreeMap::new();
    let ids = texts(commitments, "CommitmentDiscountId");
    let periods = texts(commitments, "BillingPeriodStart");
    let kinds = texts(commitments, "x_ChargeType");
    let billed = atoms(commitments, "BilledCost");
    // Before discounts: a commitment's total is stated only so.
    let effective = atoms(commitments, "AmortizedCost");
    let totals = atoms(commitments, "CommitmentTotal");
    for (row, id) in ids.into_iter().enumerate() {
        let at = |values: &[Option<i128>]| values.get(row).copied().flatten().unwrap_or_default();
        let period = periods.get(row).cloned().flatten().unwrap_or_default();
        let sums = by_id.entry((id.unwrap_or_default(), period)).or_default();
        let kind = kinds.get(row).and_then(|k| k.as_deref()).unwrap_or_default();
        match kind {
            "DiscountedUsage" => sums.used += at(&effective),
            "SavingsPlanCoveredUsage" => {
                sums.used += at(&effective);
                sums.covered += at(&billed);
            }
            "SavingsPlanNegation" => {
                sums.negation += at(&billed);
                sums.negation_seen = true;
            }
            "RIFee" | "SavingsPlanRecurringFee" => {
                sums.unused += at(&effective);
                sums.total += at(&totals);
                sums.fee_seen = true;
                sums.month_seen |= kind == "RIFee";
            }
            _ => {}
        }
    }
    let mut lines = Vec::new();
    for ((id, period), sums) in by_id {
        // A file of one member account may hold usage under a commitment that another account owns: nothing to compare.
        if sums.fee_seen && !(sums.month_seen && running(&period)) {
            let what = format!("commitment {id}, {period}: used + unused = committed");
            lines.push(Line { what, expected: dec(sums.total), found: dec(sums.used + sums.unused) });
        }
        if sums.negation_seen || sums.covered != 0 {
            let what = format!("commitment {id}, {period}: covered usage = negation");
            lines.push(Line { what, expected: dec(sums.covered), found: dec(-sums.negation) });
        }
    }
    lines
}

/// FOCUS states no commitment; it says that a commitment's usage costs, over its life, what its purchases were billed.
/// Only commitments with both in the files are compared.
fn life_identities(commitments: &DataFrame) -> Vec<Line> {
    let dec = |a: i128| decimal_from_atoms(a).unwrap_or(Decimal::MAX);
    let mut by_id: BTreeMap<String, (Option<i128>, Option<i128>)> = BTreeMap::new();
    let categories = texts(commitments, "ChargeCategory");
    let kinds = texts(commitments, "x_ChargeType");
    let (billed, effective) = (atoms(commitments, "BilledCost"), atoms(commitments, "EffectiveCost"));
    for (row, id) in texts(commitments, "CommitmentDiscountId").into_iter().enumerate() {
        let kind = kinds.get(row).and_then(|k| k.as_deref()).unwrap_or_default();
        let at = |values: &[Option<i128>]| values.get(row).copied().flatten().unwrap_or_default();
        let (purchases, usage) = by_id.entry(id.unwrap_or_default()).or_default();
        match categories.get(row).and_then(|c| c.as_deref()) {
            Some("Purchase") if kind.starts_with("Purchase") => *purchases.get_or_insert_default() += at(&billed),
            Some("Usage") if kind.starts_with("Usage ") => *usage.get_or_insert_default() += at(&effective),
            _ => {}
        }
    }
    let line = |(id, (purchases, usage)): (String, (Option<i128>, Option<i128>))| {
        let what = format!("commitment {id}: effective usage = billed purchases");
        Some(Line { what, expected: dec(purchases?), found: dec(usage?) })
    };
    by_id.into_iter().filter_map(line).collect()
}
