//! What commitments can cover, hour by hour, as plain figures.
//!
//! Knows: how much of each meter each account used in each hour, and what an hour of it cost on demand. Does not know:
//! resources (they are added up), commitments, prices that nobody was charged.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use polars::prelude::*;
use rust_decimal::Decimal;

use crate::id::{Meter, Target};
use crate::table::DECIMAL;
use crate::table::read::{columns_of, integers, numbers};

/// Usage of one meter in one account and region.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Key {
    /// Account.
    pub account: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// Meter.
    pub meter: Meter,
}

/// What the hours of one key add up to.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Sums {
    /// All of it.
    pub quantity: Decimal,
    /// At list price; unknown where a charge does not state one.
    pub list: Option<Decimal>,
    /// Amortized cost of all of it.
    pub effective: Decimal,
    /// Quantity that no commitment covered, of resources that no commitment covered in that hour.
    pub open_quantity: Decimal,
    /// Its effective cost: what is paid on demand, after discounts.
    pub open_cost: Decimal,
    /// Its list cost.
    pub open_list: Option<Decimal>,
}

/// Hours of a bill.
#[derive(Clone, Debug, Default)]
pub struct Hourly {
    /// Keys with their sums.
    pub keys: Vec<(Key, Sums)>,
    /// Each hour with its use: place in `keys`, quantity.
    pub hours: BTreeMap<Timestamp, Vec<(usize, Decimal)>>,
}

/// Reads the hours of `usage_profiles` from `from` (inclusive) to `to` (exclusive).
///
/// # Errors
/// An engine error: the table does not have its declared columns.
pub fn hourly(usage_profiles: &DataFrame, from: Timestamp, to: Timestamp) -> PolarsResult<Hourly> {
    read(usage_profiles, from, to, |all, _| all)
}

/// Reads the same hours with only what no commitment covered; an hour in which all was covered is there, with nothing.
/// The sums of the keys are those of [`hourly`].
///
/// # Errors
/// An engine error: the table does not have its declared columns.
pub fn open(usage_profiles: &DataFrame, from: Timestamp, to: Timestamp) -> PolarsResult<Hourly> {
    read(usage_profiles, from, to, |all, covered| (all - covered).max(Decimal::ZERO))
}

/// `part`: what counts of an hour's quantity, from all of it and what commitments covered.
fn read(
    usage_profiles: &DataFrame,
    from: Timestamp,
    to: Timestamp,
    part: fn(Decimal, Decimal) -> Decimal,
) -> PolarsResult<Hourly> {
    let in_hours = super::baseline::between(usage_profiles, from.as_microsecond(), to.as_microsecond())?;
    let open = col("CoveredQuantity").eq(lit(0).cast(DECIMAL)).fill_null(lit(false));
    let only = |name: &str| when(open.clone()).then(col(name)).otherwise(lit(0).cast(DECIMAL)).sum();
    let unlisted = col("ListCost").is_null();
    let keys = [col("SubAccountId"), col("RegionId"), col("Meter")];
    let by_hour = [col("Hour")].into_iter().chain(keys.clone()).collect::<Vec<_>>();
    let grouped = in_hours
        .lazy()
        .group_by(by_hour.clone())
        .agg([
            col("PricingQuantity").sum(),
            col("CoveredQuantity").sum(),
            col("ListCost").sum(),
            col("EffectiveCost").sum(),
            only("PricingQuantity").alias("OpenQuantity"),
            only("EffectiveCost").alias("OpenCost"),
            only("ListCost").alias("OpenList"),
            unlisted.sum().cast(DataType::Int64).alias("Unlisted"),
        ])
        .sort_by_exprs(by_hour, SortMultipleOptions::default().with_nulls_last(true))
        .collect()?;
    let [accounts, regions, meters] = columns_of(&grouped, ["SubAccountId", "RegionId", "Meter"]);
    let [quantity, list, effective, open_quantity, open_cost, open_list] =
        ["PricingQuantity", "ListCost", "EffectiveCost", "OpenQuantity", "OpenCost", "OpenList"]
            .map(|name| numbers(&grouped, name));
    let (hours, unlisted) = (integers(&grouped, "Hour"), integers(&grouped, "Unlisted"));
    let covered = numbers(&grouped, "CoveredQuantity");
    let mut out = Hourly::default();
    let mut places: BTreeMap<Key, usize> = BTreeMap::new();
    for (row, ((account, region), meter)) in accounts.into_iter().zip(regions).zip(meters).enumerate() {
        let at = |values: &[Option<Decimal>]| values.get(row).copied().flatten().unwrap_or_default();
        let moment = hours.get(row).copied().flatten().and_then(|m| Timestamp::from_microsecond(m).ok());
        let (Some(meter), Some(hour)) = (meter, moment) else { continue };
        let key = Key { account, region, meter: Meter(meter) };
        let place = *places.entry(key.clone()).or_insert_with(|| {
            let nothing = Some(Decimal::ZERO);
            out.keys.push((key, Sums { list: nothing, open_list: nothing, ..Sums::default() }));
            out.keys.len() - 1
        });
        if let Some((_, sums)) = out.keys.get_mut(place) {
            let listed = unlisted.get(row).copied().flatten() == Some(0);
            sums.quantity += at(&quantity);
            sums.effective += at(&effective);
            sums.open_quantity += at(&open_quantity);
            sums.open_cost += at(&open_cost);
            sums.list = sums.list.filter(|_| listed).map(|sum| sum + at(&list));
            sums.open_list = sums.open_list.filter(|_| listed).map(|sum| sum + at(&open_list));
        }
        out.hours.entry(hour).or_default().push((place, part(at(&quantity), at(&covered))));
    }
    Ok(out)
}

/// Quantity of some targets by meter and hour.
pub type Used = BTreeMap<(Target, Meter), Vec<(Timestamp, Decimal)>>;

/// Reads the hours of some targets from `from` (inclusive) to `to` (exclusive).
///
/// # Errors
/// An engine error: the table does not have its declared columns.
pub fn of_targets(
    usage_profiles: &DataFrame,
    from: Timestamp,
    to: Timestamp,
    targets: &BTreeSet<Target>,
) -> PolarsResult<Used> {
    let in_hours = super::baseline::between(usage_profiles, from.as_microsecond(), to.as_microsecond())?;
    let ids: Vec<&str> = targets.iter().filter_map(|target| target.resource.as_deref()).collect();
    let wanted = DataFrame::new_infer_height(vec![Column::new("ResourceId".into(), ids)])?.lazy();
    let wanted = wanted.unique(None, UniqueKeepStrategy::Any);
    let id = || [col("ResourceId")];
    let rows = in_hours.lazy().join(wanted, id(), id(), JoinArgs::new(JoinType::Semi)).collect()?;
    let [meters] = columns_of(&rows, ["Meter"]);
    let (hours, quantities) = (integers(&rows, "Hour"), numbers(&rows, "PricingQuantity"));
    let mut out = Used::new();
    for (row, target) in super::baseline::targets(&rows).into_iter().enumerate() {
        let moment = hours.get(row).copied().flatten().and_then(|m| Timestamp::from_microsecond(m).ok());
        let (Some(meter), Some(hour)) = (meters.get(row).cloned().flatten(), moment) else { continue };
        if targets.contains(&target) {
            let quantity = quantities.get(row).copied().flatten().unwrap_or_default();
            out.entry((target, Meter(meter))).or_default().push((hour, quantity));
        }
    }
    Ok(out)
}
