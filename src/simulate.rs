//! What a usage costs under a portfolio of commitments, hour by hour, in the provider's own order.
//!
//! Knows: usage by account and class, reservations, savings plans, who shares them, the order in which AWS applies
//! them, what is left unused. Does not know: bills, prices' origin, rules. It never optimises and never forecasts: what
//! a plan saves is `bill(usage) − bill(apply(usage, changes))`, and nothing else is.
//!
//! Exact: quantities and dollars have [`crate::money::PLACES`] places; floats are in `quick` alone, for searching. Left out: free tiers,
//! prices that fall with volume, credits, discounts of the whole bill; they come before or after commitments, not among
//! them.
//!
//! Sources: Amazon EC2 User Guide, "How Reserved Instances are applied" and "How you are billed"
//! (awsdocs/amazon-ec2-user-guide at 0965564, `apply_ri.md`, `concepts-reserved-instances-application.md`); Savings
//! Plans User Guide, `sp-applying.html`; AWS Billing User Guide, `ri-turn-off.html`. Files name them by page.

mod usage;
mod portfolio;
mod order;
mod hour;
mod ledger;
mod marginal;
mod quick;
// A bill as input, and the proof on it.
mod eligible;
mod from_bill;
mod replay;

pub use eligible::{Eligible, Pool, eligible, units};
pub use from_bill::{ClassKey, FromBill, from_bill, service};
pub use hour::{HourBill, Row, hour};
pub use ledger::{Held, Key, Ledger, Paid, bill};
pub use marginal::marginal;
pub use portfolio::{Benefit, Commitment, Portfolio, Sharing};
pub use quick::{Place, Quick, Rest};
pub use replay::{Line as ReplayLine, Replay, replay};
pub use usage::{Alternative, Cell, Class, Hour, Usage, apply};

#[cfg(test)]
mod tests;
