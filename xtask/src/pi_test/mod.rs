//! `cargo xtask pi-test`: runs the door unit on an emulated Raspberry Pi 3B. The camera shows photos, and the lock pin
//! is read from outside the machine.
//!
//! QEMU runs Debian's kernel. The kernel's `vivid` driver is the camera; it loops back an output that plays photos. An
//! emulated Pi is twenty times slower than a real one, so the scenes count decisions and do not measure time.

mod archive;
mod frames;
mod guest;
mod machine;
mod modules;
mod packages;
mod pins;
mod scenes;

use crate::{Outcome, cross, programs};
use anyhow::Result;
use guest::Guest;
use machine::Machine;
use packages::Packages;

/// Builds everything, boots the machine and plays all scenes.
///
/// # Errors
/// If something cannot be downloaded or built, or if a scene fails; the error has the scene and the machine's output.
pub(crate) fn run() -> Result<Outcome> {
    programs::build()?;
    let program = cross::edge_agent()?;
    let packages = Packages::fetch()?;
    let guest = Guest::prepare(&packages, &program)?;
    let mut machine = Machine::start(&packages, &guest)?;
    scenes::play(&mut machine)?;
    println!("All scenes on the emulated Raspberry Pi passed.");
    Ok(Outcome::AsExpected)
}
