//! The `encoder-tool` program; everything it does is in the library.

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    encoder_tool::run(&encoder_tool::Arguments::parse())
}
