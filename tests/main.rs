//! Table of contents of the integration tests: one binary.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

/// Every kind of charge in three views; what to ask for next.
mod account;
/// The demo company's accounts, joined with its bill.
mod acme;
/// What the provider recommends, beside our findings.
mod advice;
/// Modules use only modules above them; crates stay in their rooms.
mod architecture;
/// How past advice would have done on what followed.
mod backtest;
/// Bills of other clouds, by FOCUS.
mod clouds;
/// What an account says, asked of a stand-in for AWS.
mod collect;
/// What several subjects need: the demo's bill in every format, a run of the binary.
mod common;
/// Folders, archives and manifests.
mod deliveries;
/// The demo's planted truth, in three formats.
mod demo;
/// The simulator on the bill, savings that wait, what to buy.
mod commitments;
/// Two deliveries of a month compared.
mod diff;
/// Bad input: which file, where, what to do.
mod errors;
/// Sizes, schedules and Spot on the bill and metrics of another company.
mod fleet;
/// One finding explained: formula, prices, rows of the bill.
mod explain;
/// Bytes of the demo's reports.
mod golden;
/// Text from a bill is inert in every output.
mod hostile;
/// A bill with what its accounts said.
mod inventory;
/// Laws that hold for every rule page, whatever it says.
mod laws;
/// Damaged bills are refused or add up.
mod mutations;
/// Native exports of Azure, Google Cloud and Oracle Cloud.
mod native;
/// Odd but legal, and impossible: read, refused, or a gap.
mod oddities;
/// What a unit costs, who says so, and fresh lists.
mod prices;
/// Readers: packings, columns that differ, Parquet types.
mod readers;
/// Answers on disk: no name in them, and the same again.
mod recordings;
/// Copies without names: the same figures, nothing said.
mod redact;
/// Bills in S3: copies, caches, refusals.
mod s3;
