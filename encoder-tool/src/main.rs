//! The `encoder-tool` program; everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    encoder_tool::run(&terminal::arguments())
}
