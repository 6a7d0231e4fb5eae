//! When an instance works, told from what the bill says it transferred, hour by hour.
//!
//! Over up to four complete weeks before as-of. An hour of the week is quiet when in every observed week the instance moved
//! less than a hundredth of what it moved in its busiest hour. An instance without billed transfer says nothing: unknown.

use std::collections::BTreeMap;

use polars::prelude::*;
use rust_decimal::Decimal;

use super::{Basis, Row};
use crate::derive::baseline::between;
use crate::id::Target;
use crate::period::{AsOf, HOURS_PER_WEEK, hour_of_week_since_epoch as of_week};
use crate::table::read::{atoms, columns_of, integers, texts};

const HOUR: i64 = 3_600_000_000;
const WEEK: usize = HOURS_PER_WEEK as usize;
/// Weeks looked at: long enough to see every weekday several times, short enough to follow a change of habits.
const MAX_WEEKS: i64 = 4;
/// A quiet hour moves less than the busiest hour divided by this.
const QUIET_FACTOR: i64 = 100;

#[derive(Default)]
struct Instance {
    meter: Option<String>,
    running: BTreeMap<i64, i128>,
    moved: BTreeMap<i64, i128>,
}

/// What the bill shows of each instance that ran in the last week.
pub(super) fn rows(usage_profiles: &DataFrame, hourly_transfers: &DataFrame, as_of: AsOf) -> PolarsResult<Vec<Row>> {
    let end = as_of.timestamp().as_microsecond() / HOUR;
    let first_hour = integers(usage_profiles, "Hour").into_iter().flatten().min().map_or(end, |m| m / HOUR);
    let weeks = ((end - first_hour) / HOURS_PER_WEEK).min(MAX_WEEKS);
    // Text is read out only for the weeks and meters that are looked at.
    let from = (end - weeks.max(1) * HOURS_PER_WEEK) * HOUR;
    let machines =
        usage_profiles.clone().lazy().filter(col("Meter").str().contains_literal(lit("/BoxUsage:"))).collect()?;
    let usage_profiles = &between(&machines, from, end * HOUR)?;
    let ids = [col("SubAccountId"), col("RegionId"), col("ResourceId")];
    let known = usage_profiles.clone().lazy().select(ids.clone()).unique(None, UniqueKeepStrategy::Any);
    let moved = between(hourly_transfers, from, end * HOUR)?.lazy();
    let same = JoinArgs { nulls_equal: true, ..JoinArgs::new(JoinType::Semi) };
    let hourly_transfers = &moved.join(known, ids.clone(), ids, same).collect()?;
    let mut instances: BTreeMap<Target, Instance> = BTreeMap::new();
    let meters = texts(usage_profiles, "Meter");
    let hours = integers(usage_profiles, "Hour");
    for (row, key) in keys(usage_profiles).into_iter().enumerate() {
        let Some(hour) = hours.get(row).copied().flatten().map(|m| m / HOUR) else { continue };
        let Some(meter) = meters.get(row).cloned().flatten() else { continue };
        let instance = instances.entry(key).or_default();
        instance.meter = Some(meter);
        *instance.running.entry(hour).or_default() += 1;
    }
    let transfer_hours = integers(hourly_transfers, "Hour");
    let moved = atoms(hourly_transfers, "TransferGB");
    for (row, key) in keys(hourly_transfers).into_iter().enumerate() {
        let (Some(hour), Some(gb)) = (transfer_hours.get(row).copied().flatten(), moved.get(row).copied().flatten())
        else {
            continue;
        };
        if let Some(instance) = instances.get_mut(&key) {
            *instance.moved.entry(hour / HOUR).or_default() += gb;
        }
    }
    Ok(instances.into_iter().filter_map(|(key, instance)| row(key, &instance, weeks, end)).collect())
}

fn keys(frame: &DataFrame) -> Vec<Target> {
    let [accounts, regions, resources] = columns_of(frame, ["SubAccountId", "RegionId", "ResourceId"]);
    let named = |((account, region), id): ((_, _), Option<String>)| Target {
        account,
        region,
        resource: Some(id.unwrap_or_default()),
    };
    accounts.into_iter().zip(regions).zip(resources).map(named).collect()
}

fn row(target: Target, instance: &Instance, weeks: i64, end: i64) -> Option<Row> {
    let last_week = instance.running.range(end - HOURS_PER_WEEK..end).count() as i64;
    if last_week == 0 {
        return None;
    }
    let from = end - weeks * HOURS_PER_WEEK;
    let peak = instance.moved.range(from..end).map(|(_, gb)| *gb).max().unwrap_or(0);
    let mut found = Row {
        target,
        meter: instance.meter.clone(),
        basis: Basis::Transfer,
        verdict: None,
        weeks,
        running: Some(last_week),
        quiet: None,
        mask: None,
        share: None,
        lost: None,
    };
    if peak <= 0 || weeks == 0 {
        return Some(found);
    }
    let mut quiet = [true; WEEK];
    for (hour, gb) in instance.moved.range(from..end) {
        if gb * i128::from(QUIET_FACTOR) >= peak {
            quiet[of_week(*hour)] = false;
        }
    }
    let count = quiet.iter().filter(|q| **q).count() as i64;
    let ran = instance.running.range(from..end).filter(|(hour, _)| quiet[of_week(**hour)]).count() as i64;
    found.quiet = Some(count);
    found.mask = Some(quiet.iter().map(|q| if *q { '1' } else { '0' }).collect());
    found.share = Decimal::from(ran).checked_div(Decimal::from(count * weeks));
    Some(found)
}
