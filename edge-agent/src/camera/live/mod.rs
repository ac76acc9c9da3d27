//! A live camera: its own thread takes frames, and the loop gets the newest one.

use super::capture::{Capture, DAMAGED_IN_A_ROW};
use super::convert::into_frame;
use super::device::Device;
use super::health::Health;
use super::slot::{Picture, Slot, Taken};
use super::{CameraError, Captured, FrameSource, OnFrame, Orientation};
use models::Frame;
use policy::audit::Part;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// How long the loop waits for a frame.
const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// How long after a loss the camera is tried again: a camera that is back must be in use within two seconds.
const RETRY: Duration = Duration::from_millis(500);

const LONGEST_CLOSE: Duration = Duration::from_secs(2);

/// The camera.
pub struct LiveCamera {
    slot: Arc<Slot>,
    health: Health,
    picture: Picture,
    frame: Option<Frame>,
    orientation: Orientation,
    spare: Vec<u8>,
    undecodable_in_a_row: u32,
    wait: Duration,
}

impl LiveCamera {
    /// Spawns the thread, which opens the device. A device that cannot be opened is not an error: it is retried.
    ///
    /// # Errors
    /// If the thread cannot be spawned.
    pub(crate) fn start(device: Box<dyn Device>, on_frame: Option<OnFrame>) -> io::Result<Self> {
        Self::start_with(device, Part::Camera, on_frame, (RETRY, LONGEST_WAIT))
    }

    /// The same for the infrared camera. The loop waits for its frames for at most `wait`.
    ///
    /// # Errors
    /// If the thread cannot be spawned.
    pub(crate) fn start_infrared(device: Box<dyn Device>, wait: Duration) -> io::Result<Self> {
        Self::start_with(device, Part::InfraredCamera, None, (RETRY, wait))
    }

    pub(super) fn start_with(
        mut device: Box<dyn Device>,
        part: Part,
        on_frame: Option<OnFrame>,
        (pause, wait): (Duration, Duration),
    ) -> io::Result<Self> {
        let (slot, health) = (Arc::new(Slot::default()), Health::new(part));
        let (filled, reported) = (Arc::clone(&slot), health.clone());
        let name = if part == Part::InfraredCamera { "infrared" } else { "camera" };
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            Capture { slot: &filled, health: &reported, on_frame, pause }.run(&mut *device);
            filled.set_closed();
        })?;
        let picture = Picture::default();
        Ok(Self {
            slot,
            health,
            picture,
            frame: None,
            orientation: Orientation::default(),
            spare: Vec::new(),
            undecodable_in_a_row: 0,
            wait,
        })
    }

    /// Rotates and mirrors its frames like this.
    #[must_use]
    pub(crate) fn oriented(mut self, orientation: Orientation) -> Self {
        self.orientation = orientation;
        self
    }

    /// The state of the camera, which may outlive it.
    pub fn health(&self) -> Health {
        self.health.clone()
    }

    /// The last frame that was taken.
    pub(crate) fn frame(&self) -> Option<&Frame> {
        self.frame.as_ref()
    }

    /// When the last frame was captured.
    pub fn last_frame_at(&self) -> Option<Instant> {
        self.picture.taken.map(|taken| taken.at)
    }

    /// Decodes the newest captured frame. Skips frames that cannot be decoded.
    fn decode_newest(&mut self) -> bool {
        let until = Instant::now() + self.wait;
        while self.slot.take(&mut self.picture, until) {
            let Some(Taken { layout, .. }) = self.picture.taken else { continue };
            match into_frame(&self.picture.bytes, &layout, &mut self.frame) {
                Ok(()) => {
                    self.undecodable_in_a_row = 0;
                    self.frame = self.frame.take().map(|frame| self.orientation.apply(frame, &mut self.spare));
                    return true;
                }
                Err(damaged) => {
                    self.health.damaged(&damaged);
                    self.undecodable_in_a_row += 1;
                    if self.undecodable_in_a_row >= DAMAGED_IN_A_ROW {
                        self.undecodable_in_a_row = 0;
                        self.slot.ask_to_reopen();
                    }
                }
            }
        }
        false
    }
}

impl FrameSource for LiveCamera {
    /// Never fails: a lost camera returns [`Captured::Nothing`], and [`Health`] has the reason.
    fn next_frame(&mut self) -> Result<Captured<'_>, CameraError> {
        match self.decode_newest() {
            true => {
                let symbol = self.picture.taken.and_then(|taken| taken.symbol);
                Ok(self.frame.as_ref().map_or(Captured::Nothing, |frame| Captured::Frame(frame, symbol)))
            }
            false => Ok(Captured::Nothing),
        }
    }

    fn hold_exposure(&mut self, is_held: bool) {
        self.slot.hold_exposure(is_held);
    }
}

impl Drop for LiveCamera {
    fn drop(&mut self) {
        self.slot.end();
        // A driver that hangs must not keep the program from exiting.
        self.slot.wait_until_closed(LONGEST_CLOSE);
    }
}

#[cfg(test)]
mod tests;
