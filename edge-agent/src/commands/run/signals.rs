//! Catches every signal that would otherwise end or stop the process, locks the door and ends the unit.
//!
//! An uncaught signal would end the process and leave its pins unchanged: an unlocked door would stay unlocked. A
//! stopped process (Ctrl-Z) would not relock in time. Therefore all of these signals end the unit like SIGTERM, after
//! locking the door. Signals that cannot be caught (SIGKILL, SIGSTOP) or must not be caught because the program is
//! broken (SIGSEGV and similar) are left to systemd: its watchdog kills a stopped process, and its `ExecStopPost` runs
//! `edge-agent lock`.

use crate::door::Latch;
use anyhow::Context;
use rustix::process::Signal;
use signal_hook::iterator::Signals;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// The caught signals. SIGPIPE is one of them: the reader of the unit's messages is gone, as when a terminal hangs up.
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

/// The real-time signals that Linux leaves to programs. Uncaught, each ends the process.
const REAL_TIME: std::ops::RangeInclusive<i32> = 34..=64;

/// The installed signal handlers: while they exist, no caught signal ends or stops the process.
pub(crate) struct EndingSignals {
    signals: Signals,
}

impl EndingSignals {
    /// Installs the handlers.
    ///
    /// # Errors
    /// If a handler cannot be registered.
    pub(crate) fn install() -> anyhow::Result<Self> {
        let signals = Signals::new(ENDING.map(Signal::as_raw)).context("cannot register the signal handlers")?;
        for signal in REAL_TIME {
            // An emulated processor has fewer real-time signals.
            if let Err(error) = signals.add_signal(signal) {
                tracing::debug!("signal {signal} cannot be caught: {error}");
            }
        }
        Ok(Self { signals })
    }

    /// Spawns a thread that, at the first signal (also one received before), locks the door for good, independently of
    /// the loop, and then sets the returned flag.
    ///
    /// # Errors
    /// If the thread cannot be spawned.
    pub(super) fn lock_on_signal(mut self, latch: Latch) -> io::Result<Arc<AtomicBool>> {
        let end = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&end);
        let wait = move || {
            for signal in self.signals.forever() {
                latch.lock_for_good();
                if !flag.swap(true, Ordering::Relaxed) {
                    tracing::info!("signal {signal}: the door is locked and the unit ends");
                }
            }
        };
        thread::Builder::new().name("signals".to_owned()).spawn(wait)?;
        Ok(end)
    }
}
