//! The developer's own commands: `cargo xtask COMMAND`. Everything they do is in the library.

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    xtask::run(&xtask::Arguments::parse())
}
