//! `[anti-passback]`: the same face or card does not let in twice in a short while, at this door or another one.

use super::ConfigError;
use serde::Deserialize;
use shared::policy::AntiPassback;
use std::path::PathBuf;

/// Every key of the section.
#[cfg(test)]
pub(super) const KEYS: [&str; 4] = ["seconds", "direction", "shared-folder", "door-name"];

/// The section `[anti-passback]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Passages {
    /// For how long nobody goes the same way again; not at all if it is not said.
    pub seconds: Option<u32>,
    /// Where this door leads.
    pub direction: Direction,
    /// A folder in which the units of one computer tell each other who went through their doors.
    pub shared_folder: Option<PathBuf>,
    /// What this door is called there.
    pub door_name: Option<String>,
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
            Direction::In => shared::policy::Direction::In,
            Direction::Out => shared::policy::Direction::Out,
        };
        self.seconds.map(|seconds| AntiPassback { direction, for_ms: u64::from(seconds) * 1000 })
    }

    /// Where other doors are heard of, and what this one is called there.
    pub fn shared(&self) -> Option<(&PathBuf, &str)> {
        self.shared_folder.as_ref().zip(self.door_name.as_deref())
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if let Some(seconds) = self.seconds.filter(|seconds| !(1..=86_400).contains(seconds)) {
            return Err(ConfigError::Range {
                key: "anti-passback.seconds",
                found: seconds.to_string(),
                wanted: "1 to 86400; leave it out to let people in as often as they come",
            });
        }
        let missing = |key, beside, wanted| Err(ConfigError::Missing { key, beside, wanted });
        match (&self.shared_folder, &self.door_name) {
            (Some(_), None) => missing(
                "anti-passback.door-name",
                "anti-passback.shared-folder",
                "a name for this door that no other door in that folder has",
            ),
            (None, Some(_)) => missing(
                "anti-passback.shared-folder",
                "anti-passback.door-name",
                "the folder that the units of this computer share",
            ),
            (Some(_), Some(name)) if !is_file_name(name) => Err(ConfigError::Range {
                key: "anti-passback.door-name",
                found: format!("{name:?}"),
                wanted: "1 to 32 letters, digits and hyphens",
            }),
            _ => Ok(()),
        }
    }
}

fn is_file_name(name: &str) -> bool {
    (1..=32).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
