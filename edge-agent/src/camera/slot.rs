//! Where the capture thread leaves the newest picture and the loop takes it. Three buffers go round: one is written, one
//! waits, one is read.

use super::layout::Layout;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A picture as it came.
#[derive(Debug, Default)]
pub(super) struct Picture {
    pub(super) bytes: Vec<u8>,
    /// `None` until there was a picture.
    pub(super) taken: Option<Taken>,
}

/// What is known of a picture beside its bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    pub(super) layout: Layout,
    /// When its last byte was there.
    pub(super) at: Instant,
}

#[derive(Debug, Default)]
pub(super) struct Slot {
    inside: Mutex<Inside>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Inside {
    newest: Picture,
    /// Nobody has taken it yet.
    fresh: bool,
    reopen: bool,
    ended: bool,
    closed: bool,
}

impl Slot {
    /// Leaves a picture, and takes a buffer for the next. True if one that nobody took had to make way.
    pub(super) fn leave(&self, picture: &mut Picture) -> bool {
        let mut inside = self.inside();
        std::mem::swap(&mut inside.newest, picture);
        let dropped = std::mem::replace(&mut inside.fresh, true);
        drop(inside);
        self.changed.notify_all();
        dropped
    }

    /// Takes the newest picture, or waits for one until then. False if none came.
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

    /// What was left before is not shown any more.
    pub(super) fn clear(&self) {
        self.inside().fresh = false;
    }

    /// Asks the capture thread to open the camera again.
    pub(super) fn ask_to_reopen(&self) {
        self.inside().reopen = true;
    }

    /// Whether that was asked since the last time.
    pub(super) fn take_reopen(&self) -> bool {
        std::mem::take(&mut self.inside().reopen)
    }

    /// Tells the capture thread to end.
    pub(super) fn end(&self) {
        self.inside().ended = true;
        self.changed.notify_all();
    }

    /// Tells that the camera is closed for good.
    pub(super) fn tell_closed(&self) {
        self.inside().closed = true;
        self.changed.notify_all();
    }

    /// Waits until then, but no longer than so long.
    pub(super) fn wait_until_closed(&self, longest: Duration) {
        let inside = self.inside();
        let waited = self.changed.wait_timeout_while(inside, longest, |inside| !inside.closed);
        drop(waited);
    }

    pub(super) fn has_ended(&self) -> bool {
        self.inside().ended
    }

    /// Waits so long, unless the end comes before.
    pub(super) fn pause(&self, pause: Duration) {
        let inside = self.inside();
        let ended = self.changed.wait_timeout_while(inside, pause, |inside| !inside.ended);
        drop(ended);
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
