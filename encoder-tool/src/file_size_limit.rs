//! Handles the limit on the size of files that `ulimit -f` sets. By default, a write that exceeds the limit kills the
//! program and leaves half a file behind.

/// Turns such a write into an error, as on a full disk.
#[cfg(unix)]
pub(crate) fn make_it_an_error() {
    use signal_hook::consts::SIGXFSZ;
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;
    // The flag is never read: a handler for the signal is enough to keep the program alive.
    if let Err(error) = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false))) {
        tracing::warn!("cannot handle SIGXFSZ, so a write beyond the file size limit will kill the program: {error}");
    }
}

/// Only Unix systems have such a limit.
#[cfg(not(unix))]
pub(crate) fn make_it_an_error() {}
