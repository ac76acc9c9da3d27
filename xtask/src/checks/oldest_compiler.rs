//! Checks that the oldest supported compiler (`rust-version` in Cargo.toml) still compiles the workspace.
//!
//! clippy already rejects newer parts of the standard library. Only the compiler itself rejects newer language features
//! and dependencies that need a newer compiler. rustup installs it; if it cannot, the check is skipped.

use super::step::Done;
use crate::process::{self, command, succeeds};
use crate::workspace;
use anyhow::Result;

const VERSION: &str = env!("CARGO_PKG_RUST_VERSION");

/// Uses a build folder of its own, because another compiler's artefacts cannot be reused.
pub(super) fn check() -> Result<Done> {
    if !is_there() && !is_installed()? {
        return Ok(Done::Skipped(format!("rustup cannot install Rust {VERSION}")));
    }
    let mut check = command("rustup", ["run", VERSION, "cargo", "check", "--workspace", "--all-targets", "--locked"]);
    workspace::build_apart(&mut check, "oldest");
    process::run(&mut check).map(|()| Done::Passed)
}

fn is_there() -> bool {
    succeeds(&mut command("rustup", ["run", VERSION, "rustc", "--version"]))
}

/// Asks rustup to install the compiler. `true` if that worked.
fn is_installed() -> Result<bool> {
    if !succeeds(&mut command("rustup", ["--version"])) {
        return Ok(false);
    }
    println!("Rust {VERSION} is missing: installing it");
    let mut install = command("rustup", ["toolchain", "install", VERSION, "--profile", "minimal", "--no-self-update"]);
    Ok(process::run_to_any_end(&mut install)?.success())
}
