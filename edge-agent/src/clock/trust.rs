//! Whether the unit trusts the computer's clock: from the first evidence until the unit exits. The kernel withdraws its
//! own statement some hours after the last answer of a time server, but the clock stays accurate enough.

use super::evidence::{Evidence, Witnesses};
use super::{NOT_BEFORE_UTC_MS, utc_now_ms};
use std::io;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

/// How often to check for the set-file.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// `timedatectl` is asked once in this many checks. With more than 30 seconds in between, timedated would exit, and
/// each of its starts writes three lines to the journal.
const CHECKS_PER_QUESTION: u32 = 15;

/// Whether the clock is trusted. Clones share the answer.
#[derive(Debug, Clone, Default)]
pub struct ClockSource {
    evidence: Arc<OnceLock<Evidence>>,
}

impl ClockSource {
    /// A clock that is always trusted.
    pub(super) fn trusted() -> Self {
        Self { evidence: Arc::new(OnceLock::from(Evidence::SetFile)) }
    }

    /// Asks the sources until one has evidence: those that answer immediately now, the others on a thread.
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
            for check in (0..CHECKS_PER_QUESTION).cycle() {
                let Some(evidence) = evidence.upgrade() else { return };
                let found = match check {
                    0 => witnesses.ask(utc_now_ms()).ok(),
                    _ => witnesses.ask_set_file(),
                };
                if let Some(found) = found {
                    Self { evidence }.trust(found);
                    return;
                }
                drop(evidence);
                thread::sleep(CHECK_EVERY);
            }
        })?;
        Ok(source)
    }

    /// The evidence; `None` if there is none yet.
    pub fn evidence(&self) -> Option<Evidence> {
        self.evidence.get().copied()
    }

    /// Whether a clock that shows `utc_ms` is trusted.
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
        // The kernel withdraws its statement some hours after the last answer.
        fs::remove_file(root.path().join("set")).unwrap();
        assert!(source.is_trusted(NOT_BEFORE_UTC_MS));
        assert!(!source.is_trusted(NOT_BEFORE_UTC_MS - 1), "no evidence makes an impossible time right");
    }

    #[test]
    fn a_set_file_is_evidence_before_the_first_turn() {
        let (_root, witnesses) = computer("echo no");
        fs::write(&witnesses.set_file, "").unwrap();
        assert_eq!(ClockSource::watch(witnesses).unwrap().evidence(), Some(Evidence::SetFile));
    }

    #[test]
    fn the_thread_ends_with_the_unit() {
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
