//! The `edge-link` program; everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    edge_link::run(&terminal::arguments())
}
