//! Whether the computer's clock is right, from the unit's point of view: not until somebody has spoken for it, and from then
//! on until the unit ends, since the kernel's own word lapses some hours after the last answer of a time server, while the
//! clock goes on well enough.

use super::evidence::{Evidence, Witnesses};
use super::{NOT_BEFORE_UTC_MS, utc_now_ms};
use std::io;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

/// The file is looked for so often.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// `timedatectl` is asked once in this many looks. More seldom than every 30 seconds, timedated would end in between, and each of
/// its starts is three lines in the journal.
const LOOKS_PER_QUESTION: u32 = 15;

/// The unit's opinion of the clock; a copy is the same opinion.
#[derive(Debug, Clone, Default)]
pub struct ClockSource {
    evidence: Arc<OnceLock<Evidence>>,
}

impl ClockSource {
    /// A clock of which it is known that it is right.
    pub(super) fn certain() -> Self {
        Self { evidence: Arc::new(OnceLock::from(Evidence::SetFile)) }
    }

    /// Asks these until one speaks for the clock, those that answer at once now, the others by a thread of its own.
    ///
    /// # Errors
    /// If the thread cannot be spawned.
    pub fn watch(witnesses: Witnesses) -> io::Result<Self> {
        let source = Self::default();
        if let Some(evidence) = witnesses.ask_files(utc_now_ms()) {
            source.trust(evidence);
            return Ok(source);
        }
        let evidence = Arc::downgrade(&source.evidence);
        thread::Builder::new().name("clock".to_owned()).spawn(move || {
            for look in (0..LOOKS_PER_QUESTION).cycle() {
                let Some(evidence) = evidence.upgrade() else { return };
                let found = match look {
                    0 => witnesses.ask(utc_now_ms()).ok(),
                    _ => witnesses.ask_set_file(),
                };
                if let Some(found) = found {
                    Self { evidence }.trust(found);
                    return;
                }
                drop(evidence);
                thread::sleep(LOOK_AGAIN);
            }
        })?;
        Ok(source)
    }

    /// What speaks for the clock; `None` if nothing does yet.
    pub fn evidence(&self) -> Option<Evidence> {
        self.evidence.get().copied()
    }

    /// Whether the clock is right that shows this time.
    pub(super) fn is_trusted(&self, utc_ms: i64) -> bool {
        utc_ms >= NOT_BEFORE_UTC_MS && self.evidence().is_some()
    }

    fn trust(&self, evidence: Evidence) {
        if self.evidence.set(evidence).is_ok() {
            tracing::info!("the clock is trusted: {evidence}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::evidence::tests::computer;
    use super::*;
    use std::fs;

    #[test]
    fn a_clock_is_trusted_once_a_time_server_has_set_it() {
        let (root, witnesses) = computer("test -e \"$(dirname \"$0\")/set\" && echo yes || echo no");
        assert_eq!(ClockSource::watch(witnesses.clone()).unwrap().evidence(), None);
        fs::write(root.path().join("set"), "").unwrap();
        let source = ClockSource::watch(witnesses).unwrap();
        while source.evidence().is_none() {
            thread::yield_now();
        }
        assert_eq!(source.evidence(), Some(Evidence::TimeServer));
        // The kernel takes it back some hours after the last answer.
        fs::remove_file(root.path().join("set")).unwrap();
        assert!(source.is_trusted(NOT_BEFORE_UTC_MS));
        assert!(!source.is_trusted(NOT_BEFORE_UTC_MS - 1), "whatever is said, it cannot be then");
    }

    #[test]
    fn a_file_is_believed_before_the_first_turn() {
        let (_root, witnesses) = computer("echo no");
        fs::write(&witnesses.set_file, "").unwrap();
        assert_eq!(ClockSource::watch(witnesses).unwrap().evidence(), Some(Evidence::SetFile));
    }

    #[test]
    fn nobody_is_asked_for_a_unit_that_has_ended() {
        let (root, witnesses) = computer("echo asked >> \"$(dirname \"$0\")/asked\"; echo no");
        let source = ClockSource::watch(witnesses).unwrap();
        let thread = Arc::downgrade(&source.evidence);
        while !root.path().join("asked").exists() {
            thread::yield_now();
        }
        drop(source);
        while thread.strong_count() > 0 {
            thread::yield_now();
        }
    }
}
