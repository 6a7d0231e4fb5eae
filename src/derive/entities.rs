//! Things that the bill shows: resources and commitments.

use polars::prelude::*;

use crate::id::resource_type;
use crate::period::AsOf;
use crate::table::{self, DECIMAL, TIME, Table};

/// The declared table `resources`.
pub(super) fn resources(resource_costs: &DataFrame, tags: Option<&DataFrame>) -> PolarsResult<DataFrame> {
    let last = when(col("Long").fill_null(lit(false)))
        .then(
            (col("ChargePeriodEnd") - lit(1_000_000).cast(DataType::Duration(TimeUnit::Microseconds)))
                .cast(DataType::Date),
        )
        .otherwise(col("Day"));
    let usage = resource_costs
        .clone()
        .lazy()
        .filter(col("ResourceId").is_not_null().and(col("ChargeCategory").eq(lit("Usage"))))
        .with_column(last.alias("LastDay"));
    let target = ["SubAccountId", "RegionId", "ResourceId"].map(col);
    // The service with most of the cost; ties by name, so that the answer does not depend on order.
    let services = usage
        .clone()
        .group_by(["SubAccountId", "RegionId", "ResourceId", "ServiceName"].map(col))
        .agg([col("EffectiveCost").sum().alias("cost")])
        .sort_by_exprs(
            [col("cost"), col("ServiceName")],
            SortMultipleOptions::default().with_order_descending_multi([true, false]),
        )
        .group_by_stable(target.clone())
        .agg([col("ServiceName").first()]);
    let joined = usage
        .group_by(target.clone())
        .agg([
            col("Day").min().alias("FirstDay"),
            col("LastDay").max(),
            col("Day").n_unique().cast(DataType::Int64).alias("DaysSeen"),
            col("Meter").is_not_null().all(true).alias("Metered"),
        ])
        .join(services, target.clone(), target.clone(), JoinArgs { nulls_equal: true, ..JoinArgs::new(JoinType::Left) })
        .with_column(
            col("ResourceId")
                .map(
                    |ids| {
                        let kinds: StringChunked = ids.str()?.iter().map(|id| id.and_then(resource_type)).collect();
                        Ok(kinds.with_name(ids.name().clone()).into_column())
                    },
                    |_, field| Ok(Field::new(field.name().clone(), DataType::String)),
                )
                .alias("ResourceType"),
        )
        .join(tags_seen(tags), target.clone(), target, JoinArgs { nulls_equal: true, ..JoinArgs::new(JoinType::Left) });
    declared(&table::RESOURCES, joined, &["SubAccountId", "RegionId", "ResourceId"])
}

/// How many allocation tags each target carries; nothing is known where no charge of the bill has one.
fn tags_seen(tags: Option<&DataFrame>) -> LazyFrame {
    let frame = tags.cloned().unwrap_or_else(|| table::RESOURCE_TAGS.empty());
    let keys: Vec<Expr> = frame
        .columns()
        .iter()
        .filter(|column| column.name().starts_with("Tag_") && column.null_count() < column.len())
        .map(|column| col(column.name().clone()).is_not_null().cast(DataType::Int64))
        .collect();
    let seen = keys.into_iter().reduce(|sum, one| sum + one).unwrap_or_else(|| lit(NULL).cast(DataType::Int64));
    frame.lazy().select([col("SubAccountId"), col("RegionId"), col("ResourceId"), seen.alias("TagsSeen")])
}

/// The declared table `commitments`: the latest billing period.
pub(super) fn commitments(commitment_costs: &DataFrame, as_of: AsOf) -> PolarsResult<DataFrame> {
    let status = |word: &str| col("CommitmentDiscountStatus").eq(lit(word.to_owned())).fill_null(lit(false));
    // The owner pays the fee: purchases, and the unused part.
    let fee = status("Unused").or(col("ChargeCategory").eq(lit("Purchase")).fill_null(lit(false)));
    let none = lit(NULL).cast(DECIMAL);
    let of_owner =
        |name: &str| when(fee.clone()).then(col(name)).otherwise(lit(NULL).cast(DataType::String)).max().alias(name);
    let cost = |word: &str| when(status(word)).then(col("EffectiveCost")).otherwise(lit(0).cast(DECIMAL)).sum();
    let grouped = commitment_costs
        .clone()
        .lazy()
        .filter(col("BillingPeriodStart").eq(col("BillingPeriodStart").max()).fill_null(lit(true)))
        .group_by([col("CommitmentDiscountId")])
        .agg([
            col("CommitmentDiscountType").max(),
            of_owner("SubAccountId"),
            of_owner("RegionId"),
            of_owner("Meter"),
            cost("Used").alias("UsedCost"),
            // Without its fee in the bill (a member account's export) nobody can say what was unused.
            when(fee.clone().any(true)).then(cost("Unused")).otherwise(none.clone()).alias("UnusedCost"),
            col("OfferingClass").max(),
            col("CommitmentStart").max(),
            col("CommitmentEnd").max(),
            (col("ChargePeriodEnd").max() - col("FirstHour").min()).dt().total_hours(false).alias("Hours"),
        ]);
    let total = col("UsedCost") + col("UnusedCost");
    // The engine divides before it chooses: nothing must not be a divisor.
    let divisor = when(total.clone().gt(lit(0))).then(total).otherwise(none);
    let now = lit(as_of.timestamp().as_microsecond()).cast(TIME);
    // Whole days, rounded down: what ended an hour ago has -1.
    let days = |span: Expr| {
        let (seconds, day) = (span.dt().total_seconds(false), lit(86_400_i64));
        (seconds.clone() - (seconds % day.clone() + day.clone()) % day.clone()) / day
    };
    let month = |moment: Expr| moment.dt().truncate(lit("1mo"));
    let hours = when(col("Hours").gt(lit(0))).then(col("Hours")).otherwise(lit(NULL)).cast(DECIMAL);
    let with_ratio = grouped.with_columns([
        (col("UsedCost") / divisor).alias("Utilization"),
        ((col("UsedCost") + col("UnusedCost")) / hours).alias("HourlyCost"),
        days(now.clone() - col("CommitmentStart")).alias("DaysHeld"),
        month(col("CommitmentStart")).eq(month(now.clone())).alias("BegunThisMonth"),
        days(col("CommitmentEnd") - now).alias("DaysLeft"),
    ]);
    declared(&table::COMMITMENTS, with_ratio, &["CommitmentDiscountId"])
}

fn declared(table: &Table, frame: LazyFrame, order: &[&str]) -> PolarsResult<DataFrame> {
    let columns: Vec<Expr> = table.columns.iter().map(|c| col(c.name).cast(c.kind.engine())).collect();
    let order: Vec<Expr> = order.iter().map(|name| col(*name)).collect();
    frame.select(columns).sort_by_exprs(order, SortMultipleOptions::default().with_nulls_last(true)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One savings plan of one month: charged in 48 hours.
    fn bill(begun: &str) -> DataFrame {
        let time = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_microsecond();
        let row = |name: &str, text: Option<&str>| Column::new(name.into(), [text]);
        let columns = vec![
            row("CommitmentDiscountId", Some("sp-1")),
            row("CommitmentDiscountType", Some("Savings Plan")),
            row("CommitmentDiscountStatus", Some("Unused")),
            row("ChargeCategory", Some("Purchase")),
            row("SubAccountId", Some("111122223333")),
            row("RegionId", None),
            row("Meter", Some("ComputeSavingsPlans/ComputeSP:1yrNoUpfront")),
            row("OfferingClass", None),
        ];
        let money = Column::new("EffectiveCost".into(), [96_i64]).cast(&DECIMAL).unwrap();
        let times = [
            ("FirstHour", begun),
            ("ChargePeriodEnd", "2026-11-05T00:00:00Z"),
            ("CommitmentStart", begun),
            ("CommitmentEnd", "2027-11-03T00:00:00Z"),
        ];
        let times = times.map(|(name, text)| Column::new(name.into(), [time(text)]).cast(&TIME).unwrap());
        let period = Column::new("BillingPeriodStart".into(), [20_000_i32]).cast(&DataType::Date).unwrap();
        let all: Vec<Column> = columns.into_iter().chain([money, period]).chain(times).collect();
        DataFrame::new(1, all).unwrap()
    }

    #[test]
    fn a_commitment_says_how_long_it_is_held_and_what_an_hour_costs() {
        let of = |begun: &str, as_of: &str| {
            let table = commitments(&bill(begun), as_of.parse().unwrap()).unwrap();
            let text = |name: &str| table.column(name).unwrap().get(0).unwrap().to_string();
            ["DaysHeld", "BegunThisMonth", "HourlyCost", "DaysLeft"].map(text)
        };
        assert_eq!(of("2026-11-03T00:00:00Z", "2026-11-05"), ["2", "true", "2.000000000000", "363"]);
        // Whole days; the month is over at midnight.
        assert_eq!(of("2026-10-30T09:00:00Z", "2026-11-01")[..2], ["1", "false"]);
    }
}
