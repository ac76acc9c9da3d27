//! The `edge-agent` program; everything it does is in the library.

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    edge_agent::run(&edge_agent::Arguments::parse())
}
