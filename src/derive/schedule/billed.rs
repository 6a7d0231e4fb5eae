//! When an instance works, told from what the bill says it ran and transferred, hour by hour.
//!
//! Knows: an hour is at work when the instance ran in it and moved a hundredth of what it moved in its busiest, or more; one in which it
//! did not run is not at work. An instance without billed transfer says nothing: unknown. Does not know: work that moves no data, and
//! whether weeks are alike (`habits`).

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::*;

use super::habits::{MOST_WEEKS, Observed};
use super::{Basis, Calendar, Row};
use crate::derive::baseline::between;
use crate::id::Target;
use crate::period::{AsOf, HOURS_PER_WEEK};
use crate::table::read::{atoms, integers};

#[cfg(test)]
mod tests;

const HOUR: i64 = 3_600_000_000;
/// An hour at work moves at least the busiest hour's transfer divided by this: agents and updates move less (an assumption).
const WORK_FACTOR: i128 = 100;

/// Account, region and id, read in place: a bill has millions of such rows.
type Key<'a> = [Option<&'a str>; 3];

/// What the bill shows of an instance, by hours since the epoch.
#[derive(Default)]
struct Instance<'a> {
    /// Its newest hour with a meter, and that.
    newest: Option<(i64, &'a str)>,
    ran: BTreeSet<i64>,
    /// In 1e-12 GB.
    moved: BTreeMap<i64, i128>,
}

/// What the bill shows of each instance that ran in the last week: over as many weeks as metrics are looked at, since what says less
/// should not rest on less.
pub(super) fn rows(
    usage_profiles: &DataFrame,
    hourly_transfers: &DataFrame,
    calendar: &Calendar,
    as_of: AsOf,
) -> PolarsResult<Vec<Row>> {
    let end = as_of.timestamp().as_microsecond() / HOUR;
    let window = |frame: &DataFrame| between(frame, (end - MOST_WEEKS * HOURS_PER_WEEK) * HOUR, end * HOUR);
    let is_machine = col("Meter").str().contains_literal(lit("/BoxUsage:"));
    let machines = window(&usage_profiles.clone().lazy().filter(is_machine).collect()?)?;
    let transfers = window(hourly_transfers)?;

    let text = |frame: &DataFrame, name: &str| Ok::<_, PolarsError>(frame.column(name)?.str()?.clone());
    let keys = |frame: &DataFrame| {
        Ok::<_, PolarsError>([text(frame, "SubAccountId")?, text(frame, "RegionId")?, text(frame, "ResourceId")?])
    };
    let (meters, machine_keys, transfer_keys) = (text(&machines, "Meter")?, keys(&machines)?, keys(&transfers)?);
    let mut instances: BTreeMap<Key<'_>, Instance<'_>> = BTreeMap::new();
    for ((key, meter), time) in each(&machine_keys).zip(meters.iter()).zip(integers(&machines, "Hour")) {
        let (Some(meter), Some(time)) = (meter, time) else { continue };
        let instance = instances.entry(key).or_default();
        instance.newest = instance.newest.max(Some((time / HOUR, meter)));
        instance.ran.insert(time / HOUR);
    }
    let moved = integers(&transfers, "Hour").into_iter().zip(atoms(&transfers, "TransferGB"));
    for (key, (time, moved)) in each(&transfer_keys).zip(moved) {
        let (Some(time), Some(moved)) = (time, moved) else { continue };
        if let Some(instance) = instances.get_mut(&key) {
            *instance.moved.entry(time / HOUR).or_default() += moved;
        }
    }
    let row = |(key, instance): (Key<'_>, Instance<'_>)| instance.row(key, calendar, end);
    Ok(instances.into_iter().filter_map(row).collect())
}

fn each(keys: &[StringChunked; 3]) -> impl Iterator<Item = Key<'_>> {
    let [accounts, regions, resources] = keys;
    let places = accounts.iter().zip(regions.iter());
    places.zip(resources.iter()).map(|((account, region), resource)| [account, region, resource])
}

impl Instance<'_> {
    /// Its row, if it ran in the week before `end`. What was before its first hour is not observed: it may not have been
    /// there.
    fn row(&self, [account, region, resource]: Key<'_>, calendar: &Calendar, end: i64) -> Option<Row> {
        let from = *self.ran.first()?;
        self.ran.range(end - HOURS_PER_WEEK..).next()?;
        let busiest = self.moved.values().copied().max().filter(|moved| *moved > 0);
        let works: Vec<Option<bool>> = (from..end)
            .map(|hour| {
                let moved = self.moved.get(&hour).copied().unwrap_or(0);
                busiest.map(|most| self.ran.contains(&hour) && moved.saturating_mul(WORK_FACTOR) >= most)
            })
            .collect();
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let id = resource.unwrap_or_default().to_owned();
        let target = Target { account: owned(account), region: owned(region), resource: Some(id) };
        let observed = Observed { from, end, works: &works };
        let row = observed.row(target, Basis::Transfer, calendar, |hour| self.ran.contains(&hour));
        Some(Row {
            meter: self.newest.map(|(_, meter)| meter.to_owned()),
            verdict: row.verdict.filter(|_| busiest.is_some()),
            lost: row.lost.filter(|_| busiest.is_some()),
            ..row
        })
    }
}
