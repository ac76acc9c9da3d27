//! Whether the oldest compiler that Cargo.toml promises (`rust-version`) still compiles everything.
//!
//! clippy refuses what the standard library got later, in every run. A newer language, or a dependency that wants a newer
//! compiler, only that compiler itself refuses. rustup brings it; where it cannot, the check is skipped.

use super::step::Done;
use crate::process::{self, command, succeeds};
use crate::workspace;
use anyhow::Result;

const VERSION: &str = env!("CARGO_PKG_RUST_VERSION");

/// In a build folder of its own, as nothing that another compiler has made is of use to it.
pub(super) fn check() -> Result<Done> {
    if !is_there() && !is_installed()? {
        return Ok(Done::Skipped(format!("rustup cannot install Rust {VERSION}")));
    }
    let mut check = command("rustup", ["run", VERSION, "cargo", "check", "--workspace", "--all-targets", "--locked"]);
    check.arg("--target-dir").arg(workspace::target().join("oldest"));
    process::run(&mut check).map(|()| Done::Passed)
}

fn is_there() -> bool {
    succeeds(&mut command("rustup", ["run", VERSION, "rustc", "--version"]))
}

/// Whether it is, after rustup was asked to.
fn is_installed() -> Result<bool> {
    if !succeeds(&mut command("rustup", ["--version"])) {
        return Ok(false);
    }
    println!("Rust {VERSION} is missing: installing it");
    let mut install = command("rustup", ["toolchain", "install", VERSION, "--profile", "minimal", "--no-self-update"]);
    Ok(process::run_to_any_end(&mut install)?.success())
}
