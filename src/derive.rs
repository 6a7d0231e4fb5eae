//! Evidence: what each resource costs per month, what there is, when it works, what it needs, when it will be full.
//!
//! Knows: run rates, hours of the week, shares, probabilities. Does not know: what should be done about it (`rules`) and what that is
//! worth (`plan`). All functions are pure: tables and as-of in, tables or plain figures out.

use std::collections::BTreeMap;

use polars::prelude::{DataFrame, PolarsError};

use crate::period::AsOf;

pub mod baseline;
pub mod breakdown;
mod capacity;
mod entities;
pub mod fit;
mod frame;
pub mod groups;
pub mod hourly;
pub mod hours;
pub mod in_force;
mod monthly_cost;
pub mod schedule;
pub mod series;
pub mod spot;
pub mod trend;

/// Adds the derived tables whose aggregates are there; what cannot be derived stays missing, so that rules answer unknown.
///
/// # Errors
/// An engine error: a table does not have its declared columns. Our bug, or a changed Dataset.
pub fn derive(
    tables: &mut BTreeMap<String, DataFrame>,
    as_of: AsOf,
    calendar: &schedule::Calendar,
) -> Result<(), PolarsError> {
    let given = |name: &str| tables.get(name).cloned();
    let (costs, commitments) = (given("resource_costs"), given("commitment_costs"));
    let tags = given("resource_tags");
    let (profiles, transfers) = (given("usage_profiles"), given("hourly_transfers"));
    let metrics = given("resource_metrics");
    let groups = given("auto_scaling_groups");
    if let Some(metrics) = &metrics {
        let risks = capacity::capacity_risks(tables, metrics, as_of)?;
        tables.insert("capacity_risks".to_owned(), risks);
    }
    let mut add = |name: &str, frame: DataFrame| tables.insert(name.to_owned(), frame);
    if let Some(costs) = &costs {
        add("resources", entities::resources(costs, tags.as_ref())?);
    }
    if let Some(commitments) = &commitments {
        add("commitments", entities::commitments(commitments, as_of)?);
    }
    if let (Some(costs), Some(commitments)) = (&costs, &commitments) {
        add("resource_monthly_costs", monthly_cost::resource_monthly_costs(costs, commitments, as_of)?);
    }
    let billed = profiles.as_ref().zip(transfers.as_ref());
    if billed.is_some() || metrics.is_some() {
        add("schedules", schedule::schedules(billed, metrics.as_ref(), calendar, as_of)?);
    }
    if let (Some(groups), Some(metrics)) = (&groups, &metrics) {
        add("group_schedules", schedule::group_schedules(groups, metrics, calendar, as_of)?);
    }
    Ok(())
}
