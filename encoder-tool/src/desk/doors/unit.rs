//! Runs `edge-agent` on a unit, over ssh, without questions on the terminal: the desk has none.

use super::doors_file::Door;
use anyhow::{Context, anyhow};
use fleet::ssh::SshError;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use terminal::Help;

/// The most bytes of an answer.
const MOST: u64 = 8 << 20;
const LIMIT: Duration = Duration::from_secs(60);
/// The most units that are asked at a time: the others of the server's connections stay free.
const MOST_AT_ONCE: usize = 8;
static ASKED: AtomicUsize = AtomicUsize::new(0);

/// A place among those that are asked.
struct Place;

impl Place {
    fn take() -> Option<Self> {
        let taken = ASKED.fetch_update(Relaxed, Relaxed, |asked| (asked < MOST_AT_ONCE).then_some(asked + 1));
        taken.is_ok().then_some(Self)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        ASKED.fetch_sub(1, Relaxed);
    }
}

/// What the unit printed. Whether it says yes or no (exit code 0 or 1), it is an answer.
///
/// # Errors
/// If the unit cannot be reached, or the command fails there.
pub(in crate::desk) fn ask(door: &Door, words: &str) -> anyhow::Result<String> {
    ask_yes_or_no(door, words).map(|(text, _)| text)
}

/// What the unit printed, and whether it says yes.
///
/// # Errors
/// Those of [`ask`].
pub(super) fn ask_yes_or_no(door: &Door, words: &str) -> anyhow::Result<(String, bool)> {
    let Some(_place) = Place::take() else {
        return Err(anyhow!("other units are being asked")).help("wait a moment, and load the page again");
    };
    let permission = match door.sudo {
        true => "give the ssh user a sudo rule for this command as edge-agent",
        false => "switch sudo on for this door",
    };
    let failed = |error: SshError| -> anyhow::Result<(String, bool)> {
        let help = error.help(permission);
        Err(error).with_context(|| format!("ssh to {}", door.host)).help(help)
    };
    let said = match door.without_questions().run(&door.line(words), Vec::new(), MOST, LIMIT) {
        Ok(said) => said,
        Err(error) => return failed(error),
    };
    // 1 is the answer no; a shell that cannot run the command says nothing on stdout.
    match (said.code, said.stdout.is_empty()) {
        (Some(code @ (0 | 1)), is_silent) if code == 0 || !is_silent || said.stderr.is_empty() => {
            Ok((String::from_utf8_lossy(&said.stdout).trim_end().to_owned(), code == 0))
        }
        _ => failed(SshError::from_said(&said)),
    }
}
