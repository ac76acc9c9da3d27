//! What systemd is told: that the unit is ready, that its loop turns, how it is. Nothing, where there is no systemd.

use sd_notify::NotifyState;
use std::time::{Duration, Instant};

/// systemd hears that the loop turns, and how the unit is, no more often. A `WatchdogSec` below a few seconds would be
/// too short for a turn on a small computer anyway.
const EVERY: Duration = Duration::from_millis(500);

/// What tells systemd something.
type Tell = Box<dyn FnMut(NotifyState<'_>)>;

/// The unit as systemd knows it.
pub(super) struct Service {
    tell: Tell,
    every: Duration,
    ready: bool,
    pinged_at: Option<Instant>,
    status: String,
}

impl Service {
    /// Tells the systemd that started this program, if one did.
    pub(super) fn of_systemd() -> Self {
        let tell = |what: NotifyState<'_>| {
            if let Err(error) = sd_notify::notify(&[what]) {
                tracing::debug!("systemd does not hear: {error}");
            }
        };
        Self::heard_by(Box::new(tell), EVERY)
    }

    pub(super) fn heard_by(tell: Tell, every: Duration) -> Self {
        Self { tell, every, ready: false, pinged_at: None, status: String::new() }
    }

    /// A turn of the loop has finished: this, and nothing else, keeps the watchdog quiet.
    pub(super) fn turned(&mut self, status: impl FnOnce() -> String) {
        if !std::mem::replace(&mut self.ready, true) {
            (self.tell)(NotifyState::Ready);
        }
        if self.pinged_at.is_some_and(|at| at.elapsed() < self.every) {
            return;
        }
        self.pinged_at = Some(Instant::now());
        (self.tell)(NotifyState::Watchdog);
        let status = status();
        if status != self.status {
            (self.tell)(NotifyState::Status(&status));
            self.status = status;
        }
    }

    /// The unit goes down, and the door is locked.
    pub(super) fn stopping(&mut self) {
        (self.tell)(NotifyState::Stopping);
    }
}
