//! What is asked of AWS over the network; everything after it is a pure function.
//!
//! Knows: where AWS publishes, how to ask, how it fails. Does not know: what the answers are worth, what is in a bill,
//! rules. Calls only read.

#[cfg(feature = "aws")]
pub mod ask;
pub mod bills;
#[cfg(feature = "aws")]
pub mod metrics;
#[cfg(feature = "aws")]
mod parts;
pub mod price_list;
#[cfg(feature = "aws")]
pub mod recording;
#[cfg(feature = "aws")]
mod services;
#[cfg(feature = "aws")]
pub mod session;
#[cfg(feature = "aws")]
pub mod survey;
