//! `[anti-passback]`: refuses the same face or card a second time within a set period.

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
    /// The seconds during which a person cannot pass in the same direction again; no limit if not set.
    pub seconds: Option<u32>,
    /// The direction in which this door leads.
    pub direction: Direction,
    /// No longer supported.
    #[serde(rename = "shared-folder")]
    removed_shared_folder: Option<IgnoredAny>,
    /// No longer supported.
    #[serde(rename = "door-name")]
    removed_door_name: Option<IgnoredAny>,
}

/// The direction in which a door leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Into the protected area.
    #[default]
    In,
    /// Out of the protected area.
    Out,
}

impl Passages {
    /// The anti-passback rule of this door; `None` if not set.
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
                wanted: "1 to 86400; remove the line for no limit",
            });
        }
        let removed = |key| ConfigError::Removed {
            key,
            instead: "remove the line; each unit now counts only passages through its own door",
        };
        match (&self.removed_shared_folder, &self.removed_door_name) {
            (Some(_), _) => Err(removed("anti-passback.shared-folder")),
            (None, Some(_)) => Err(removed("anti-passback.door-name")),
            (None, None) => Ok(()),
        }
    }
}
