//! The signals that end a unit: every one that would otherwise end or stop the process and that a program may catch.
//!
//! Ended by a signal that nobody catches, a process leaves its pins as they are: an unlocked door would stay unlocked.
//! Stopped (Ctrl-Z), it would not lock in time. So all of these end the unit like SIGTERM, the door first. What cannot
//! be caught (SIGKILL, SIGSTOP) or must not be, because the program is broken (SIGSEGV and the like), is left to systemd:
//! its watchdog ends a process that was stopped, and its `ExecStopPost` runs `edge-agent lock`.

use crate::door::Latch;
use anyhow::Context;
use rustix::process::Signal;
use signal_hook::iterator::Signals;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// SIGPIPE is among them: the reader of the unit's messages is gone, as with a terminal that hangs up.
const ENDING: [Signal; 18] = [
    Signal::TERM,
    Signal::INT,
    Signal::HUP,
    Signal::QUIT,
    Signal::PIPE,
    Signal::ALARM,
    Signal::USR1,
    Signal::USR2,
    Signal::XCPU,
    Signal::XFSZ,
    Signal::VTALARM,
    Signal::PROF,
    Signal::IO,
    Signal::POWER,
    Signal::STKFLT,
    Signal::TSTP,
    Signal::TTIN,
    Signal::TTOU,
];

/// The real-time signals that Linux leaves to programs; unheard, each ends the process.
const REAL_TIME: std::ops::RangeInclusive<i32> = 34..=64;

/// Heard from now on: none of them ends or stops the process any more.
pub(crate) struct EndingSignals {
    signals: Signals,
}

impl EndingSignals {
    /// # Errors
    /// If the system lets them not be heard.
    pub(crate) fn hear() -> anyhow::Result<Self> {
        let signals = Signals::new(ENDING.map(Signal::as_raw)).context("the system lets no signals be heard")?;
        for signal in REAL_TIME {
            // An emulated processor has fewer of them.
            if let Err(error) = signals.add_signal(signal) {
                tracing::debug!("signal {signal} cannot be heard: {error}");
            }
        }
        Ok(Self { signals })
    }

    /// When one comes, or has come, the door is locked for good, whatever the loop is doing; then the flag is set.
    ///
    /// # Errors
    /// If the thread cannot be spawned.
    pub(super) fn lock_at_the_end(mut self, latch: Latch) -> io::Result<Arc<AtomicBool>> {
        let end = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&end);
        let wait = move || {
            for signal in self.signals.forever() {
                latch.lock_for_good();
                if !flag.swap(true, Ordering::Relaxed) {
                    tracing::info!("signal {signal}: the door is locked, and the unit ends");
                }
            }
        };
        thread::Builder::new().name("signals".to_owned()).spawn(wait)?;
        Ok(end)
    }
}
