//! Evidence from the aggregates: what each resource costs per month, what there is, when it works.
//!
//! Knows: run rates, hours of the week, shares. Does not know: what should be done about it (`rules`) and what that is
//! worth (`plan`). All functions are pure: tables and as-of in, tables or plain figures out.

use std::collections::BTreeMap;

use polars::prelude::{DataFrame, PolarsError};

use crate::period::AsOf;

pub mod baseline;
pub mod breakdown;
mod entities;
pub mod hourly;
pub mod hours;
pub mod in_force;
mod monthly_cost;
mod schedule;

/// Adds the derived tables whose aggregates are there; what cannot be derived stays missing, so that rules answer unknown.
///
/// # Errors
/// An engine error: a table does not have its declared columns. Our bug, or a changed Dataset.
pub fn derive(tables: &mut BTreeMap<String, DataFrame>, as_of: AsOf) -> Result<(), PolarsError> {
    let given = |name: &str| tables.get(name).cloned();
    let (costs, commitments) = (given("resource_costs"), given("commitment_costs"));
    let tags = given("resource_tags");
    let (profiles, transfers) = (given("usage_profiles"), given("hourly_transfers"));
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
    if let (Some(profiles), Some(transfers)) = (&profiles, &transfers) {
        add("schedules", schedule::schedules(profiles, transfers, as_of)?);
    }
    Ok(())
}
