//! Notifies systemd of readiness, finished turns (watchdog) and status. Does nothing without systemd.

use sd_notify::NotifyState;
use std::time::{Duration, Instant};

/// The minimum interval between two watchdog or status notifications. A `WatchdogSec` below a few seconds would be
/// too short for a turn on a small computer anyway.
const EVERY: Duration = Duration::from_millis(500);

/// Sends a notification to systemd.
type Tell = Box<dyn FnMut(NotifyState<'_>)>;

/// What was last reported to systemd.
pub(super) struct Service {
    tell: Tell,
    every: Duration,
    ready: bool,
    pinged_at: Option<Instant>,
    status: String,
}

impl Service {
    /// Notifies the systemd that started this program, if any.
    pub(super) fn of_systemd() -> Self {
        let tell = |what: NotifyState<'_>| {
            if let Err(error) = sd_notify::notify(&[what]) {
                tracing::debug!("cannot notify systemd: {error}");
            }
        };
        Self::heard_by(Box::new(tell), EVERY)
    }

    pub(super) fn heard_by(tell: Tell, every: Duration) -> Self {
        Self { tell, every, ready: false, pinged_at: None, status: String::new() }
    }

    /// Notes a finished turn of the loop. Only this resets the watchdog.
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

    /// Notifies systemd that the unit is ending; the door is locked.
    pub(super) fn stopping(&mut self) {
        (self.tell)(NotifyState::Stopping);
    }
}
