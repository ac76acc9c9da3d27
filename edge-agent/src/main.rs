//! The `edge-agent` program; everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    edge_agent::run(&terminal::arguments())
}
