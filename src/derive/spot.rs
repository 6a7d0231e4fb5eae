//! Whether work may run on spot capacity, what that saves after interruptions, and how many pools make it safe.
//!
//! Spot capacity costs a fraction and is taken back with two minutes' notice. Three questions, three files: does the workload
//! bear that (`fitness`), what is left of the discount (`net`), and can too much of it go at once (`pools`).
//!
//! Knows: hazards, hours, shares, prices as plain figures. Does not know: tables, where prices and bands come from (`prices`),
//! what is advised (`rules`) and what the whole plan is worth (`plan`).

pub mod fitness;
pub mod net;
pub mod pools;
