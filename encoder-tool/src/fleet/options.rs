//! What the commands for fleets have in common: the file, the units, a signal that ends them.

use anyhow::Context;
use clap::Args;
use fleet::fleet_toml::{Fleet, Unit};
use jiff::SignedDuration;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use terminal::{Help, ShowPath};

/// The longest time that a command may be told to take.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);

/// The file with the fleet.
#[derive(Debug, Args)]
pub(super) struct FleetFile {
    /// The file that names the units, their keys and groups
    #[arg(long = "fleet", value_name = "FILE", default_value = "fleet.toml")]
    path: PathBuf,
}

impl FleetFile {
    /// Reads it.
    ///
    /// # Errors
    /// If it cannot be read or has a mistake.
    pub(super) fn read(&self) -> anyhow::Result<Fleet> {
        let read = Fleet::read(&self.path);
        let help = read.as_ref().err().map_or("", |error| error.help());
        read.with_context(|| self.path.shown().to_string()).help(help)
    }
}

/// The units that these words name.
///
/// # Errors
/// If a word names none.
pub(super) fn chosen<'a>(fleet: &'a Fleet, words: &[String]) -> anyhow::Result<Vec<&'a Unit>> {
    let selection = fleet.select(words);
    Ok(selection.help("give a group, the name or id of a unit, or all; fleet.toml lists them")?.units)
}

/// Is set by SIGINT and SIGTERM.
///
/// # Errors
/// If the operating system refuses.
pub(super) fn stop_signal() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // A second signal ends the program at once.
        flag::register_conditional_shutdown(signal, 2, stop.clone()).context("cannot watch for signals")?;
        flag::register(signal, stop.clone()).context("cannot watch for signals")?;
    }
    Ok(stop)
}

/// Reads a duration such as `90s`, `30m` or `1h`.
///
/// # Errors
/// If it is not one, or longer than a month.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let duration = text.parse::<SignedDuration>().ok().and_then(|duration| Duration::try_from(duration).ok());
    let is_possible = |duration: &Duration| (Duration::from_secs(1)..=LONGEST).contains(duration);
    duration.filter(is_possible).ok_or_else(|| "give 1s to 720h, such as 90s, 30m or 1h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, expected) in [("90s", Some(90)), ("30m", Some(1800)), ("1h", Some(3600)), ("1h 30m", Some(5400))] {
            assert_eq!(duration(text).ok(), expected.map(Duration::from_secs), "{text}");
        }
        for text in ["", "1", "-1h", "0s", "721h", "soon"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
