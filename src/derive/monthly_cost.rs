//! What each resource costs per month of 730 hours, by meter: the baseline of every saving.
//!
//! Run rate = cost of the last 7 complete days × 730/168 (one of each hour of the week). What had no charge in the last 2
//! complete days is gone and has a run rate of zero. A charge that covers more than a day (a monthly row) counts with its
//! own length: cost × 730 / hours elapsed, while its period lasts. Fees, purchases, credits and tax are not run-rated; the
//! unused part of a commitment is, over its billing period, as a cost of the scope that owns it.

use polars::prelude::*;

use crate::period::{AsOf, HOURS_PER_MONTH, HOURS_PER_WEEK, midnight};
use crate::table::{self, DECIMAL, TIME};

/// The declared table `resource_monthly_costs`.
pub(super) fn resource_monthly_costs(
    resource_costs: &DataFrame,
    commitment_costs: &DataFrame,
    as_of: AsOf,
) -> PolarsResult<DataFrame> {
    let usage = usage_lines(resource_costs, as_of)?;
    let unused = unused_lines(commitment_costs, as_of)?;
    let declared: Vec<Expr> =
        table::RESOURCE_MONTHLY_COSTS.columns.iter().map(|c| col(c.name).cast(c.kind.engine())).collect();
    let both = concat([usage.select(declared.clone()), unused.select(declared)], UnionArgs::default())?;
    let order: Vec<Expr> =
        ["SubAccountId", "RegionId", "ResourceId", "ServiceName", "Meter", "PricingUnit"].map(col).into();
    both.sort_by_exprs(order, SortMultipleOptions::default().with_nulls_last(true)).collect()
}

fn moment(as_of_micros: i64) -> Expr {
    lit(as_of_micros).cast(TIME)
}

fn usage_lines(resource_costs: &DataFrame, as_of: AsOf) -> PolarsResult<LazyFrame> {
    let micros = |t: jiff::Timestamp| t.as_microsecond();
    let end = micros(as_of.timestamp());
    let window = micros(as_of.run_rate_window().start());
    let recent = micros(as_of.recent_window().start());
    let last_day = as_of.date().yesterday().unwrap_or(as_of.date());
    let month = micros(midnight(last_day.first_of_month()));
    let month_hours = i64::from(last_day.days_in_month()) * 24;

    let start = col("Day").cast(TIME);
    let long = col("Long").fill_null(lit(false));
    // Whole hours of a long charge that have passed; at least one, so that nothing is divided by zero.
    let until = when(col("ChargePeriodEnd").lt(moment(end))).then(col("ChargePeriodEnd")).otherwise(moment(end));
    let elapsed = (until - start.clone()).dt().total_hours(false);
    let elapsed = when(elapsed.clone().gt(lit(0))).then(elapsed).otherwise(lit(1));
    let short_in = long.clone().not().and(start.clone().gt_eq(moment(window))).and(start.clone().lt(moment(end)));
    let long_in = long.clone().and(col("ChargePeriodEnd").gt(moment(recent))).and(start.clone().lt(moment(end)));
    let zero = || lit(0).cast(DECIMAL);
    // Sums first, then one division: 168 rounded thirds are not a whole.
    let per_month = |value: Expr| {
        let short = when(short_in.clone()).then(value.clone()).otherwise(zero()).sum();
        let long = when(long_in.clone()).then(value * lit(HOURS_PER_MONTH) / elapsed.clone()).otherwise(zero()).sum();
        short * lit(HOURS_PER_MONTH) / lit(HOURS_PER_WEEK) + long
    };
    let alive = long_in.clone().or(long
        .clone()
        .not()
        .and(start.clone().gt_eq(moment(recent)))
        .and(start.clone().lt(moment(end))));
    let days = when(long.clone()).then(elapsed.clone() / lit(24)).otherwise(lit(1)).cast(DataType::Int64);
    // Unknown in one counted line is unknown in the sum.
    let sum_known = |name: &str, source: Expr| {
        let in_window = short_in.clone().or(long_in.clone());
        let missing = source.clone().is_null().and(in_window).any(true);
        when(missing).then(lit(NULL).cast(DECIMAL)).otherwise(per_month(source)).alias(name)
    };
    let covered = col("CommitmentDiscountStatus").eq(lit("Used")).fill_null(lit(false));
    let covered_cost = when(covered.clone()).then(col("EffectiveCost")).otherwise(lit(0).cast(DECIMAL));
    let keys = ["SubAccountId", "RegionId", "ResourceId", "ServiceName", "Meter", "PricingUnit"].map(col);
    let grouped = resource_costs
        .clone()
        .lazy()
        .filter(col("ChargeCategory").eq(lit("Usage")))
        .filter(col("CommitmentDiscountStatus").neq(lit("Unused")).fill_null(lit(true)))
        .group_by(keys)
        .agg([
            col("MeterName").max(),
            when(start.clone().gt_eq(moment(month)).or(long_in.clone()))
                .then(col("BilledCost"))
                .otherwise(lit(0).cast(DECIMAL))
                .sum()
                .alias("BilledCost"),
            sum_known("RunRateQuantity", col("PricingQuantity")),
            per_month(col("BilledCost")).alias("BilledRunRate"),
            per_month(col("EffectiveCost")).alias("EffectiveRunRate"),
            sum_known("ListRunRate", col("ListCost")),
            per_month(covered_cost).alias("CoveredRunRate"),
            when(covered.and(short_in.clone().or(long_in.clone())))
                .then(col("CommitmentEnd"))
                .otherwise(lit(NULL).cast(TIME))
                .max()
                .alias("CommitmentEnd"),
            days.sum().alias("long_days"),
            col("Day").n_unique().cast(DataType::Int64).alias("days"),
            alive.any(true).alias("alive"),
        ]);
    let gone = col("alive").not();
    let zero_when_gone = |name: &str| when(gone.clone()).then(lit(0).cast(DECIMAL)).otherwise(col(name)).alias(name);
    let per_month_unit = col("PricingUnit").str().ends_with(lit("-Months")).fill_null(lit(false));
    Ok(grouped
        .with_columns(
            ["BilledRunRate", "EffectiveRunRate", "ListRunRate", "CoveredRunRate", "RunRateQuantity"]
                .map(zero_when_gone),
        )
        .with_columns([
            when(per_month_unit)
                .then(col("RunRateQuantity") * lit(month_hours) / lit(HOURS_PER_MONTH))
                .otherwise(lit(NULL).cast(DECIMAL))
                .alias("ProvisionedQuantity"),
            // Several lines of one day count once; a long charge counts the days it covers.
            when(col("long_days").gt(col("days")).and(col("days").eq(lit(1))))
                .then(col("long_days"))
                .otherwise(col("days"))
                .alias("DaysSeen"),
            gone.alias("Gone"),
        ]))
}

/// The unused part of commitments in the latest billing period, per month, as a cost of the scope that owns them.
fn unused_lines(commitment_costs: &DataFrame, as_of: AsOf) -> PolarsResult<LazyFrame> {
    let end = as_of.timestamp().as_microsecond();
    let next = col("BillingPeriodStart").dt().offset_by(lit("1mo")).cast(TIME);
    let until = when(next.clone().lt(moment(end))).then(next).otherwise(moment(end));
    let hours = (until - col("BillingPeriodStart").cast(TIME)).dt().total_hours(false);
    let hours = when(hours.clone().gt(lit(0))).then(hours).otherwise(lit(1));
    let per_month = |name: &str| col(name).sum() * lit(HOURS_PER_MONTH) / hours.clone().max();
    let nothing = |kind: DataType| lit(NULL).cast(kind);
    Ok(commitment_costs
        .clone()
        .lazy()
        .filter(col("CommitmentDiscountStatus").eq(lit("Unused")))
        .filter(col("BillingPeriodStart").eq(col("BillingPeriodStart").max()))
        .group_by(["SubAccountId", "RegionId", "Meter"].map(col))
        .agg([
            per_month("EffectiveCost").alias("EffectiveRunRate"),
            col("CommitmentEnd").max(),
            col("EffectiveCost").sum().alias("BilledCost"),
        ])
        .with_columns([
            nothing(DataType::String).alias("ResourceId"),
            nothing(DataType::String).alias("ServiceName"),
            nothing(DataType::String).alias("MeterName"),
            nothing(DataType::String).alias("PricingUnit"),
            nothing(DECIMAL).alias("RunRateQuantity"),
            nothing(DECIMAL).alias("ProvisionedQuantity"),
            nothing(DECIMAL).alias("BilledRunRate"),
            nothing(DECIMAL).alias("ListRunRate"),
            col("EffectiveRunRate").alias("CoveredRunRate"),
            lit(30).cast(DataType::Int64).alias("DaysSeen"),
            lit(false).alias("Gone"),
        ]))
}
