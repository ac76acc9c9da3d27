//! The capture thread: opens a camera, takes its frames, and reopens it after a loss, until the slot is ended. It
//! survives any failure of drivers and their bindings, including panics.

use super::OnFrame;
use super::device::{Device, Fault};
use super::health::Health;
use super::slot::{Picture, Slot, Taken};
use crate::reports::{Allowance, since_start};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// After this many damaged frames in a row, the camera is reopened.
pub(super) const DAMAGED_IN_A_ROW: u32 = 20;

/// One in this many frames is passed on to the report that the camera works.
const REPORTED_EVERY: u64 = 100;

/// The capture thread's state.
pub(super) struct Capture<'a> {
    pub(super) slot: &'a Slot,
    pub(super) health: &'a Health,
    pub(super) on_frame: Option<OnFrame>,
    /// How long to wait after a loss before the camera is tried again.
    pub(super) pause: Duration,
}

impl Capture<'_> {
    /// Runs until the slot is ended.
    pub(super) fn run(&self, device: &mut dyn Device) {
        let mut warnings = Allowance::default();
        while !self.slot.has_ended() {
            let fault = self.stream(device);
            let closed = catch_panic(|| {
                device.close();
                Ok(())
            });
            if let Err(panicked) = closed
                && warnings.take(since_start()).is_some()
            {
                tracing::error!("while the camera was being closed: {panicked}");
            }
            let Err(fault) = fault else { break };
            self.slot.clear();
            self.health.lost(&fault);
            self.slot.pause(self.pause);
        }
    }

    /// Takes frames until the camera is lost, or until the slot is ended.
    fn stream(&self, device: &mut dyn Device) -> Result<(), Fault> {
        let opened = catch_panic(|| device.open())?;
        let mut picture = Picture::default();
        let (mut damaged, mut streaming, mut is_held) = (0, 0_u64, false);
        while !self.slot.has_ended() {
            if self.slot.holds_exposure() != is_held {
                is_held = !is_held;
                catch_panic(|| {
                    device.hold_exposure(is_held);
                    Ok(())
                })?;
            }
            picture.bytes.clear();
            match catch_panic(|| device.capture(&mut picture.bytes)) {
                Ok(layout) => {
                    // First, so that the lamp changes before the next frame is exposed.
                    let at = Instant::now();
                    let symbol = self.on_frame.as_ref().and_then(|on_frame| on_frame(at));
                    streaming += 1;
                    // Repeated from time to time, because the rate limit may have held the first report back.
                    if streaming % REPORTED_EVERY == 1 {
                        self.health.opened(&opened);
                    }
                    damaged = 0;
                    picture.taken = Some(Taken { layout, at, symbol });
                    self.health.captured(self.slot.put(&mut picture));
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
                let reason = "it cannot be decoded".to_owned();
                return Err(Fault::OnlyDamaged { pictures: DAMAGED_IN_A_ROW, reason });
            }
        }
        Ok(())
    }
}

fn catch_panic<T>(work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let message = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        Err(Fault::Panicked { message: message.unwrap_or("no reason given").to_owned() })
    })
}
