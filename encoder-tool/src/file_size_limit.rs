//! A limit on the size of files, as `ulimit -f` sets it. Where nothing is done about it, the write that reaches it ends
//! the program, with half a file left behind.

/// From now on such a write is refused, as on a full disk.
#[cfg(unix)]
pub(crate) fn make_it_an_error() {
    use signal_hook::consts::SIGXFSZ;
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;
    // Nobody reads the flag: that the signal is handled at all is what keeps the program alive.
    if let Err(error) = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false))) {
        tracing::warn!("a limit on the size of files would end the program: {error}");
    }
}

/// Only Unix systems have such a limit.
#[cfg(not(unix))]
pub(crate) fn make_it_an_error() {}
