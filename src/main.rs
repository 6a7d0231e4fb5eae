//! Parse, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    scale_surgeon::cli::main()
}
