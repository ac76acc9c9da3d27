//! Runs a target under libFuzzer and decides which panics are findings.

use crate::Answer;
use std::panic::{self, AssertUnwindSafe};
use std::process::abort;
use std::sync::{Mutex, Once, PoisonError};

static INSTALLED: Once = Once::new();
static LAST_PANIC: Mutex<String> = Mutex::new(String::new());

/// Runs a target for libFuzzer. A panic that leaves the target ends the process, which is a finding. A panic that the
/// code under test catches, from tract or an image decoder, is not.
pub fn driven(target: fn(&[u8]) -> Answer, bytes: &[u8]) {
    INSTALLED.call_once(|| {
        // libFuzzer's own hook would end the process at any panic.
        panic::set_hook(Box::new(|panic| *last_panic() = panic.to_string()));
    });
    if panic::catch_unwind(AssertUnwindSafe(|| target(bytes))).is_err() {
        eprintln!("{}", last_panic());
        abort();
    }
}

fn last_panic() -> std::sync::MutexGuard<'static, String> {
    LAST_PANIC.lock().unwrap_or_else(PoisonError::into_inner)
}
