//! Whether work may run on spot capacity, what that saves after interruptions, and how many pools make it safe.
//!
//! Spot capacity costs a fraction and is taken back with two minutes' notice. Three questions, three files: does the workload
//! bear that (`fitness`), what is left of the discount (`net`), and can too much of it go at once (`pools`). They know plain
//! figures; `groups` asks them about Auto Scaling groups and makes the table `spot_fitness`.
//!
//! Knows: hazards, hours, shares, prices. Does not know: where prices and bands come from (`prices`), what is advised (`rules`)
//! and what the whole plan is worth (`plan`).

pub mod fitness;
pub mod groups;
pub mod net;
pub mod pools;
