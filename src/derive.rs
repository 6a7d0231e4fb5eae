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
mod monthly_cost;
mod schedule;

/// Adds the derived tables to the aggregates.
///
/// # Errors
/// An engine error: a table does not have its declared columns. Our bug, or a changed Dataset.
pub fn derive(tables: &mut BTreeMap<String, DataFrame>, as_of: AsOf) -> Result<(), PolarsError> {
    let resource_costs = table(tables, "resource_costs")?;
    let commitment_costs = table(tables, "commitment_costs")?;
    let usage_profiles = table(tables, "usage_profiles")?;
    let hourly_transfers = table(tables, "hourly_transfers")?;
    let derived = [
        ("resource_monthly_costs", monthly_cost::resource_monthly_costs(&resource_costs, &commitment_costs, as_of)?),
        ("resources", entities::resources(&resource_costs)?),
        ("commitments", entities::commitments(&commitment_costs)?),
        ("schedules", schedule::schedules(&usage_profiles, &hourly_transfers, as_of)?),
    ];
    tables.extend(derived.map(|(name, frame)| (name.to_owned(), frame)));
    Ok(())
}

fn table(tables: &BTreeMap<String, DataFrame>, name: &str) -> Result<DataFrame, PolarsError> {
    let declared = crate::table::find(name).map(crate::table::Table::empty);
    tables.get(name).cloned().or(declared).ok_or_else(|| PolarsError::ColumnNotFound(name.to_owned().into()))
}
