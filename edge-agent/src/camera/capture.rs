//! The thread that reads a camera: opens it, takes its pictures, and when it is lost closes it and opens it again, until
//! it is told to end. Drivers and their bindings may fail in any way, panics included; this thread goes on.

use super::device::{Device, Fault};
use super::health::Health;
use super::slot::{Picture, Slot, Taken};
use crate::reports::{Allowance, since_start};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// This many damaged pictures in a row, and the camera is opened again.
pub(super) const DAMAGED_IN_A_ROW: u32 = 20;

/// Of this many pictures, one is told of to the code that reports that the camera works.
const REPORTED_EVERY: u64 = 100;

/// What the thread needs.
pub(super) struct Capture<'a> {
    pub(super) slot: &'a Slot,
    pub(super) health: &'a Health,
    /// How long after a loss the camera is tried again.
    pub(super) pause: Duration,
}

impl Capture<'_> {
    /// Runs until the slot's end.
    pub(super) fn run(&self, device: &mut dyn Device) {
        let mut warnings = Allowance::default();
        while !self.slot.has_ended() {
            let fault = self.until_lost(device);
            let closed = unpanicked(|| {
                device.close();
                Ok(())
            });
            if let Err(panicked) = closed
                && warnings.take(since_start()).is_some()
            {
                tracing::error!("while it was closed: {panicked}");
            }
            let Err(fault) = fault else { break };
            self.slot.clear();
            self.health.lost(&fault);
            self.slot.pause(self.pause);
        }
    }

    /// Ends well only at the slot's end.
    fn until_lost(&self, device: &mut dyn Device) -> Result<(), Fault> {
        let opened = unpanicked(|| device.open())?;
        let mut picture = Picture::default();
        let (mut damaged, mut streaming) = (0, 0_u64);
        while !self.slot.has_ended() {
            picture.bytes.clear();
            match unpanicked(|| device.capture(&mut picture.bytes)) {
                Ok(layout) => {
                    streaming += 1;
                    // The first, and now and then another: what could not be reported at first is then.
                    if streaming % REPORTED_EVERY == 1 {
                        self.health.opened(&opened);
                    }
                    damaged = 0;
                    picture.taken = Some(Taken { layout, at: Instant::now() });
                    self.health.captured(self.slot.leave(&mut picture));
                }
                Err(Fault::Damaged(why)) => {
                    self.health.damaged(&why);
                    damaged += 1;
                    if damaged >= DAMAGED_IN_A_ROW {
                        return Err(Fault::OnlyDamaged { pictures: damaged, reason: why.to_string() });
                    }
                }
                Err(fault) => return Err(fault),
            }
            if self.slot.take_reopen() {
                let reason = "they cannot be decoded".to_owned();
                return Err(Fault::OnlyDamaged { pictures: DAMAGED_IN_A_ROW, reason });
            }
        }
        Ok(())
    }
}

fn unpanicked<T>(work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        Err(Fault::Panicked { said: said.unwrap_or("no reason given").to_owned() })
    })
}
