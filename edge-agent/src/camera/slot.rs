//! The slot that passes the newest frame from the capture thread to the loop. Three buffers are reused: one is
//! written, one waits, one is read.

use super::layout::Layout;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A captured frame, not decoded.
#[derive(Debug, Default)]
pub(super) struct Picture {
    pub(super) bytes: Vec<u8>,
    /// `None` until the first frame.
    pub(super) taken: Option<Taken>,
}

/// The metadata of a frame.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    pub(super) layout: Layout,
    /// When its last byte arrived.
    pub(super) at: Instant,
    /// The symbol of the lamp's code that was playing meanwhile.
    pub(super) symbol: Option<i32>,
}

#[derive(Debug, Default)]
pub(super) struct Slot {
    inside: Mutex<Inside>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Inside {
    newest: Picture,
    /// Whether it has not been taken yet.
    fresh: bool,
    reopen: bool,
    holds_exposure: bool,
    ended: bool,
    closed: bool,
}

impl Slot {
    /// Puts a frame into the slot, and returns a buffer for the next in its place. True if an untaken frame was
    /// dropped.
    pub(super) fn put(&self, picture: &mut Picture) -> bool {
        let mut inside = self.inside();
        std::mem::swap(&mut inside.newest, picture);
        let dropped = std::mem::replace(&mut inside.fresh, true);
        drop(inside);
        self.changed.notify_all();
        dropped
    }

    /// Takes the newest frame, waiting for one until `until`. False if none came.
    pub(super) fn take(&self, picture: &mut Picture, until: Instant) -> bool {
        let inside = self.inside();
        let wait = until.saturating_duration_since(Instant::now());
        let (mut inside, _) = self
            .changed
            .wait_timeout_while(inside, wait, |inside| !inside.fresh)
            .unwrap_or_else(PoisonError::into_inner);
        if inside.fresh {
            std::mem::swap(&mut inside.newest, picture);
        }
        std::mem::take(&mut inside.fresh)
    }

    /// Drops the frame in the slot.
    pub(super) fn clear(&self) {
        self.inside().fresh = false;
    }

    /// Asks the capture thread to reopen the camera.
    pub(super) fn ask_to_reopen(&self) {
        self.inside().reopen = true;
    }

    /// Whether a reopen was requested since the last call.
    pub(super) fn take_reopen(&self) -> bool {
        std::mem::take(&mut self.inside().reopen)
    }

    /// Asks the capture thread to hold the camera's exposure, or to release it.
    pub(super) fn hold_exposure(&self, is_held: bool) {
        self.inside().holds_exposure = is_held;
    }

    pub(super) fn holds_exposure(&self) -> bool {
        self.inside().holds_exposure
    }

    /// Stops the capture thread.
    pub(super) fn end(&self) {
        self.inside().ended = true;
        self.changed.notify_all();
    }

    /// Notes that the camera is closed for good.
    pub(super) fn set_closed(&self) {
        self.inside().closed = true;
        self.changed.notify_all();
    }

    /// Waits until the camera is closed for good, for at most `longest`.
    pub(super) fn wait_until_closed(&self, longest: Duration) {
        let inside = self.inside();
        let waited = self.changed.wait_timeout_while(inside, longest, |inside| !inside.closed);
        drop(waited);
    }

    pub(super) fn has_ended(&self) -> bool {
        self.inside().ended
    }

    /// Sleeps for `pause`, or until the thread is stopped.
    pub(super) fn pause(&self, pause: Duration) {
        let inside = self.inside();
        let ended = self.changed.wait_timeout_while(inside, pause, |inside| !inside.ended);
        drop(ended);
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
