//! The camera that is being aimed: one at a time, and only while its page is open.

use fleet_messages::aim::AimView;
use std::time::{Duration, Instant};

/// A page that has not asked for this long is closed.
const GONE: Duration = Duration::from_secs(5);

/// What is being watched.
#[derive(Default)]
pub(super) struct Aiming {
    pub(super) door: String,
    /// Changes with each start, so that an earlier thread ends.
    pub(super) turn: u64,
    pub(super) is_running: bool,
    pub(super) picture: Option<Seen>,
    pub(super) pictures: u64,
    /// Why it ended.
    pub(super) end: Option<String>,
    pub(super) asked: Option<Instant>,
}

/// The newest picture, and what the unit sees in it.
pub(super) struct Seen {
    pub(super) jpeg: Vec<u8>,
    pub(super) view: AimView,
}

impl Aiming {
    /// Ends it.
    pub(super) fn end(&mut self) {
        self.turn += 1;
        self.is_running = false;
        self.picture = None;
    }

    /// Whether this start is the newest, and its page still asks.
    pub(super) fn is_of(&self, turn: u64) -> bool {
        self.turn == turn && self.asked.is_some_and(|asked| asked.elapsed() < GONE)
    }
}
