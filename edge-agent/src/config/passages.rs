//! `[anti-passback]`: the same face or card does not let in twice in a short while.

use super::ConfigError;
use policy::AntiPassback;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// Every key of the section.
#[cfg(test)]
pub(super) const KEYS: [&str; 2] = ["seconds", "direction"];

/// The section `[anti-passback]`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Passages {
    /// For how long nobody goes the same way again; not at all if it is not said.
    pub seconds: Option<u32>,
    /// Where this door leads.
    pub direction: Direction,
    /// No longer a key.
    #[serde(rename = "shared-folder")]
    removed_shared_folder: Option<IgnoredAny>,
    /// No longer a key.
    #[serde(rename = "door-name")]
    removed_door_name: Option<IgnoredAny>,
}

/// Where a door leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Into what it protects.
    #[default]
    In,
    /// Out of it.
    Out,
}

impl Passages {
    /// The rule of this door.
    pub fn rule(&self) -> Option<AntiPassback> {
        let direction = match self.direction {
            Direction::In => policy::Direction::In,
            Direction::Out => policy::Direction::Out,
        };
        self.seconds.map(|seconds| AntiPassback { direction, for_ms: u64::from(seconds) * 1000 })
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if let Some(seconds) = self.seconds.filter(|seconds| !(1..=86_400).contains(seconds)) {
            return Err(ConfigError::Range {
                key: "anti-passback.seconds",
                found: seconds.to_string(),
                wanted: "1 to 86400; leave it out to let people in as often as they come",
            });
        }
        let removed = |key| ConfigError::Removed {
            key,
            instead: "remove the line; each unit now knows only who went through its own door",
        };
        match (&self.removed_shared_folder, &self.removed_door_name) {
            (Some(_), _) => Err(removed("anti-passback.shared-folder")),
            (None, Some(_)) => Err(removed("anti-passback.door-name")),
            (None, None) => Ok(()),
        }
    }
}
