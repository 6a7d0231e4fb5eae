//! Parse, run, exit code.

use std::process::ExitCode;

/// Columns are allocated and freed by many threads; the system's allocator keeps the holes.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    scale_surgeon::cli::main()
}
