//! Shows somebody who aims the camera what the unit sees: small pictures with measurements, for ten minutes at most.
//!
//! The loop gives a copy of a frame four times a second, while somebody watches, and never waits. A thread of its own
//! measures, encodes and sends, at the lowest priority that it may give itself; what it has no time for is replaced by the next
//! frame. Nobody's name, id or distance comes here, nothing is kept, and nothing here can move the lock.

mod hints;
mod look;
mod showing;
mod slot;

pub(crate) use showing::Showing;

use crate::camera::Orientation;
use fleet_messages::aim::AimEnd;
use look::Look;
use models::Frame;
use policy::{ObservedFace, Policy};
use slot::{Sighting, Slot};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The time from one picture to the next, in milliseconds.
const EVERY_MS: u64 = 250;

/// The loop's side.
#[derive(Debug, Default)]
pub(crate) struct AimDesk {
    bundles: Vec<PathBuf>,
    orientation: Orientation,
    viewer: Option<Viewer>,
}

#[derive(Debug)]
struct Viewer {
    slot: Arc<Slot>,
    /// When the next frame is due, in monotonic milliseconds.
    due_ms: u64,
}

/// A viewer who watches no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Watched {
    pub(crate) end: AimEnd,
    /// Number of pictures sent.
    pub(crate) pictures: u64,
}

impl AimDesk {
    /// The detector of these bundles looks for the rotation in which faces are upright. `orientation` is that of the frames.
    pub(crate) fn new(bundles: Vec<PathBuf>, orientation: Orientation) -> Self {
        Self { bundles, orientation, viewer: None }
    }

    /// Lets somebody watch for this long. End what somebody watched before first.
    pub(crate) fn begin(&mut self, seconds: u16) -> Showing {
        let slot = Arc::new(Slot::default());
        self.viewer = Some(Viewer { slot: Arc::clone(&slot), due_ms: 0 });
        let until = Instant::now() + Duration::from_secs(seconds.into());
        Showing::new(slot, Look::new(self.bundles.clone(), self.orientation), until)
    }

    /// Ends what somebody watches, if somebody does.
    pub(crate) fn end(&mut self, why: AimEnd) -> Option<Watched> {
        self.viewer.take().map(|viewer| viewer.slot.end(why))
    }

    /// The viewer who has watched to the end since the last call.
    pub(crate) fn take_ended(&mut self) -> Option<Watched> {
        let watched = self.viewer.as_ref()?.slot.ended()?;
        self.viewer = None;
        Some(watched)
    }

    /// Offers the frame of this turn and its faces, the largest first. Copies it only if somebody watches and it is time.
    /// `is_judged` tells whether the largest face was measured.
    pub(crate) fn offer(
        &mut self,
        frame: &Frame,
        faces: &[ObservedFace],
        (policy, is_judged): (&Policy, bool),
        now_ms: u64,
    ) {
        if let Some(viewer) = &mut self.viewer
            && now_ms >= viewer.due_ms
        {
            viewer.due_ms = now_ms + EVERY_MS;
            viewer.slot.put(frame, Sighting::new(faces, policy, is_judged));
        }
    }
}

#[cfg(test)]
mod tests;
