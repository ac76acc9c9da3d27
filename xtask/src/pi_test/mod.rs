//! `cargo xtask pi-test`: the door unit on an emulated Raspberry Pi 3B, with a camera that shows it photos and a pin that
//! is looked at from outside the machine.
//!
//! QEMU runs Debian's kernel; the kernel's `vivid` is the camera, looped from an output that is fed with photos. An
//! emulated Pi is twenty times slower than a real one: decisions are counted, never timed.

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

/// Builds everything, boots the machine, and plays all scenes.
///
/// # Errors
/// If something cannot be fetched or built, or a scene does not go as it must: which, and what the machine said.
pub(crate) fn run() -> Result<Outcome> {
    programs::build()?;
    let program = cross::edge_agent()?;
    let packages = Packages::fetch()?;
    let guest = Guest::prepare(&packages, &program)?;
    let mut machine = Machine::start(&packages, &guest)?;
    scenes::play(&mut machine)?;
    println!("The emulated Raspberry Pi did all that it should.");
    Ok(Outcome::AsExpected)
}
