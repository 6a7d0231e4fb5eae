//! The demo companies "acme" and "orchard": an invented month of each as CUR legacy, CUR 2.0 and FOCUS 1.0 as AWS exports it.
//!
//! Knows: how AWS writes usage, reservations, savings plans, credits, tax and fees in the three formats, so that the
//! totals by account, region and service agree to the last digit. Does not know: rules, savings, or any real
//! company. `fixtures/acme/acme.toml` says what acme runs, `fixtures/fleet/fleet.toml` what orchard does; the same description
//! gives the same bytes, always.

use std::io::Write;

mod calendar;
mod charges;
mod cur;
mod description;
mod focus;
mod organisation;
mod random;
#[cfg(test)]
mod tests;

use charges::Bill;
use description::Description;

/// What acme runs, at which prices, and what of it is waste.
pub const DESCRIPTION: &str = include_str!("../fixtures/acme/acme.toml");

/// The same of orchard, whose accounts and metrics (`fixtures/fleet/server.jsonl`) show sizes, schedules and Spot.
pub const ORCHARD: &str = include_str!("../fixtures/fleet/fleet.toml");

/// The formats in which AWS delivers a bill.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum BillFormat {
    /// Cost and Usage Report, slash headers (`lineItem/UnblendedCost`).
    CurLegacy,
    /// Data Exports, snake case and maps (`line_item_unblended_cost`, `resource_tags`).
    Cur2,
    /// FOCUS 1.0 with the `x_` columns of AWS.
    Focus,
}

/// Why a description gives no bill. All are mistakes in the description, except the last two.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// Not TOML, an unknown key, or a wrong type.
    #[error("the description cannot be read: {0}")]
    Description(#[from] toml::de::Error),
    /// Not a month or a date in it.
    #[error("{0:?} is not a date of the bill (months are YYYY-MM, dates YYYY-MM-DD)")]
    NotADate(String),
    /// A name that nothing has.
    #[error("there is no {kind} {name:?}")]
    Unknown {
        /// What was looked for.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// A meter without a price where it is used.
    #[error("meter {meter:?} has no price in {region}")]
    NoPrice {
        /// Name of the meter.
        meter: String,
        /// Where it is used.
        region: String,
    },
    /// Not exactly one of the three ways to say how much.
    #[error("charge {0:?} needs exactly one of quantity, held and between")]
    HowMuch(String),
    /// The output does not take a row.
    #[error("cannot write the bill: {0}")]
    Row(#[from] csv::Error),
    /// The output does not take the last bytes.
    #[error("cannot write the bill: {0}")]
    Output(#[from] std::io::Error),
}

/// Writes the bill of a description as CSV with a header, and says how many rows follow the header.
///
/// # Errors
/// [`DemoError`] when the description contradicts itself or the output fails.
pub fn write_bill(description: &str, format: BillFormat, out: &mut dyn Write) -> Result<u64, DemoError> {
    let description: Description = toml::from_str(description)?;
    let bill = Bill::new(&description)?;
    let mut table = csv::Writer::from_writer(out);
    let rows = match format {
        BillFormat::CurLegacy => cur::write(&bill, cur::Dialect::Legacy, &mut table)?,
        BillFormat::Cur2 => cur::write(&bill, cur::Dialect::Cur2, &mut table)?,
        BillFormat::Focus => focus::write(&bill, &mut table)?,
    };
    table.flush()?;
    Ok(rows)
}
