//! How advice would have done: given on the first part of what is known, judged by the rest.
//!
//! Knows: what was advised and what would have come of it, beside what others' rules would have said. Does not know: tables.

pub mod commitments;
pub mod rightsizing;
pub mod schedules;

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

use crate::money::Amount;

/// What a Dataset lacks, so that nothing can be replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lacking {
    /// It has no metrics.
    #[error(
        "nothing was measured: the Dataset has no metrics\n  help: surgeon collect --metrics 56 -o DIR asks CloudWatch for eight weeks of them, hour by hour; --metrics 28 --metric-period 300 for four weeks by five minutes"
    )]
    Metrics,
    /// It names none of the resources that could be judged.
    #[error(
        "none of what was measured is a machine: the Dataset has no instance or database with metrics of its processors\n  help: collect without --only, or with the tables that hold them: surgeon collect --only ec2_instances --only rds_instances -o DIR"
    )]
    Machines,
}

/// Places of shares in the views.
const PLACES: u32 = 6;

/// A share of a view.
fn amount(value: f64) -> Amount {
    Amount(Decimal::from_f64(value).unwrap_or_default().round_dp(PLACES))
}
