//! The command line with the faults switched on, so that tests can kill a function at a point.

use std::process::ExitCode;

fn main() -> ExitCode {
    local::cli::main()
}
