//! `cargo xtask COMMAND`: development tasks. The library does all the work.

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    xtask::run(&xtask::Arguments::parse())
}
