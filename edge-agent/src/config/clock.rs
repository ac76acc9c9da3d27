//! `[clock]`: the time zone, and how the unit knows that its clock is right.

use super::ConfigError;
use crate::clock::Witnesses;
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::path::PathBuf;

/// Every key of the section.
#[cfg(test)]
pub(super) const KEYS: [&str; 2] = ["zone", "set-file"];

/// The section `[clock]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Clock {
    /// The IANA time zone of people's hours, such as `Europe/Berlin`; the computer's time zone if not set.
    pub zone: Option<String>,
    /// A file that exists once a time server has set the clock, in a folder that is emptied at each boot.
    pub set_file: PathBuf,
}

impl Default for Clock {
    fn default() -> Self {
        Self { zone: None, set_file: PathBuf::from("/run/systemd/timesync/synchronized") }
    }
}

impl Clock {
    /// The time zone.
    ///
    /// # Errors
    /// If there is no time zone of that name.
    pub fn zone(&self) -> Result<TimeZone, ConfigError> {
        let Some(name) = &self.zone else { return Ok(TimeZone::system()) };
        TimeZone::get(name).map_err(|_| ConfigError::Range {
            key: "clock.zone",
            found: format!("{name:?}"),
            wanted: "the name of a time zone that this computer knows, such as \"Europe/Berlin\"; see \
                     `timedatectl list-timezones`",
        })
    }

    /// The sources of evidence about the clock, given the last time that the unit recorded.
    pub fn witnesses(&self, recorded_utc_ms: Option<i64>) -> Witnesses {
        Witnesses::of_this_computer(&self.set_file, recorded_utc_ms)
    }
}
