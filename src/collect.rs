//! What is asked of AWS over the network; everything after it is a pure function.
//!
//! Knows: where AWS publishes, how to ask, how it fails. Does not know: what the answers are worth, what is in a bill,
//! rules. Calls only read.

pub mod bills;
pub mod price_list;
