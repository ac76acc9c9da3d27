//! What systemd is told: that the unit is ready, that its loop turns, how it is. Nothing, where there is no systemd.

use sd_notify::NotifyState;
use std::time::{Duration, Instant};

/// The text is sent again when it changed, but not more often.
const STATUS_EVERY: Duration = Duration::from_secs(1);

/// What was told so far.
#[derive(Default)]
pub(super) struct Service {
    ready: bool,
    status: String,
    status_at: Option<Instant>,
}

impl Service {
    /// A turn of the loop has finished: this, and nothing else, keeps the watchdog quiet.
    pub(super) fn turned(&mut self, status: impl FnOnce() -> String) {
        if !std::mem::replace(&mut self.ready, true) {
            tell(&[NotifyState::Ready]);
        }
        tell(&[NotifyState::Watchdog]);
        if self.status_at.is_none_or(|at| at.elapsed() >= STATUS_EVERY) {
            self.status_at = Some(Instant::now());
            let status = status();
            if status != self.status {
                tell(&[NotifyState::Status(&status)]);
                self.status = status;
            }
        }
    }

    /// The unit goes down, and the door is locked.
    pub(super) fn stopping() {
        tell(&[NotifyState::Stopping]);
    }
}

fn tell(what: &[NotifyState]) {
    if let Err(error) = sd_notify::notify(what) {
        tracing::debug!("systemd does not hear: {error}");
    }
}
