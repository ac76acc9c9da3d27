//! The thread that sends: one for each viewer.

use super::look::Look;
use super::slot::{Next, Slot};
use crate::socket;
use fleet_messages::aim::{AimEnd, AimMessage};
use rustix::process::setpriority_process;
use std::io::{self, ErrorKind};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// After this time without a frame, the viewer is told that there is none.
const LONGEST_SILENCE: Duration = Duration::from_secs(1);
/// A viewer that takes nothing for this long is cut off.
const TAKES_WITHIN: Duration = Duration::from_secs(10);
/// The lowest priority (setpriority(2)).
const LOWEST: i32 = 19;

/// What somebody is to be shown. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Showing {
    slot: Arc<Slot>,
    look: Look,
    until: Instant,
}

impl Showing {
    pub(super) fn new(slot: Arc<Slot>, look: Look, until: Instant) -> Self {
        Self { slot, look, until }
    }

    /// Sends pictures until the end, and why they end. Lowers the priority of the calling thread for good.
    pub(crate) fn send_to(mut self, mut client: UnixStream) {
        if let Err(error) = setpriority_process(None, LOWEST) {
            tracing::debug!("the pictures for a viewer are made with the priority of the loop: {error}");
        }
        let end = self.send(&mut client);
        let watched = self.slot.end(end);
        // The viewer may have gone.
        send(&mut client, &AimMessage::Ended(watched.end), LONGEST_SILENCE).ok();
    }

    fn send(&mut self, client: &mut UnixStream) -> AimEnd {
        loop {
            let next = self.slot.next(self.until.min(Instant::now() + LONGEST_SILENCE));
            let left = self.until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return AimEnd::TimeOver;
            }
            let (message, frame) = match next {
                Next::End(end) => return end,
                Next::Nothing => (AimMessage::NoPicture, None),
                Next::Frame(frame, seen) => match self.look.picture(&frame, &seen, seconds(left)) {
                    Ok(picture) => (AimMessage::Picture(picture), Some(frame)),
                    Err(error) => {
                        tracing::warn!("a picture for a viewer cannot be encoded: {error}");
                        (AimMessage::NoPicture, None)
                    }
                },
            };
            match send(client, &message, TAKES_WITHIN) {
                Ok(()) => drop(frame.map(|frame| self.slot.sent(frame))),
                Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock) => {
                    return AimEnd::ViewerStalled;
                }
                Err(_) => return AimEnd::ViewerGone,
            }
        }
    }
}

impl Drop for Showing {
    fn drop(&mut self) {
        self.slot.end(AimEnd::ViewerGone);
    }
}

fn send(client: &mut UnixStream, message: &AimMessage, patience: Duration) -> io::Result<()> {
    let mut bytes = Vec::new();
    message.write(&mut bytes)?;
    socket::write_all(client, &bytes, Instant::now() + patience)
}

/// Whole seconds, rounded up.
fn seconds(left: Duration) -> u16 {
    u16::try_from(left.as_millis().div_ceil(1000)).unwrap_or(u16::MAX)
}
