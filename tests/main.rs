//! Table of contents of the integration tests: one binary.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

/// Modules use only modules above them; crates stay in their rooms.
mod architecture;
/// Bills of other clouds, by FOCUS.
mod clouds;
/// What several subjects need: the demo's bill in every format, a run of the binary.
mod common;
/// Folders, archives and manifests.
mod deliveries;
/// The demo's planted truth, in three formats.
mod demo;
/// Bad input: which file, where, what to do.
mod errors;
/// Bytes of the demo's reports.
mod golden;
/// Text from a bill is inert in every output.
mod hostile;
/// Laws that hold for every rule page, whatever it says.
mod laws;
/// Damaged bills are refused or add up.
mod mutations;
/// What a unit costs, who says so, and fresh lists.
mod prices;
/// Readers: packings, columns that differ, Parquet types.
mod readers;
