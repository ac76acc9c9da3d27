//! The configuration of a unit: `/etc/edge-agent/config.toml`.
//!
//! Every key has a default, and a key that is not known is refused by name, so that a misspelt rule does not silently
//! leave a door on its default. What the keys mean is explained in `deploy/config.toml`.

mod camera;
mod rules;

pub use camera::{Camera, Source};
pub use rules::{Mode, PolicyRules, SeveralFaces};

use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::str;
use terminal::{Help, read_bounded};

/// Where a unit's configuration lies if nothing else is said.
pub const DEFAULT_PATH: &str = "/etc/edge-agent/config.toml";

/// Where a unit writes down what moves its lock if nothing else is said.
pub const DEFAULT_LAST_LOCK: &str = "/var/lib/edge-agent/last-lock.toml";

const MAX_BYTES: u64 = 1 << 20;

/// The configuration of a unit.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Config {
    /// Who is enrolled.
    pub database: Database,
    /// Which networks are run.
    pub model: Model,
    /// What the unit looks through.
    pub camera: Camera,
    /// The door.
    pub door: Door,
    /// What is kept of decisions.
    pub audit: Audit,
    /// Who is let in.
    pub policy: PolicyRules,
    /// Where the unit says how it is.
    pub status: Status,
}

/// `[database]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Database {
    /// The people database.
    pub path: PathBuf,
}

/// `[model]`
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Model {
    /// Folders of bundles, at most one of each kind, instead of the networks that are compiled in.
    pub bundles: Vec<PathBuf>,
}

/// `[door]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Door {
    /// What moves the lock; a unit that runs must have one.
    pub lock: Option<Lock>,
    /// How long a grant unlocks the door, in seconds: 0.1 to 60.
    pub unlock_seconds: f32,
    /// Where each good start writes down what `edge-agent lock` must drive.
    pub last_lock: PathBuf,
}

/// What moves the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lock {
    /// Nothing: its movements are only written down.
    Scripted,
}

/// `[audit]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Audit {
    /// The log, one line for each approach.
    pub path: PathBuf,
}

/// `[status]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Status {
    /// The socket on which the unit answers `edge-agent status`.
    pub socket: PathBuf,
}

impl Default for Status {
    fn default() -> Self {
        Self { socket: PathBuf::from("/run/edge-agent/status.sock") }
    }
}

impl Default for Database {
    fn default() -> Self {
        Self { path: PathBuf::from("/var/lib/edge-agent/people.db") }
    }
}

impl Default for Door {
    fn default() -> Self {
        Self { lock: None, unlock_seconds: 5.0, last_lock: PathBuf::from(DEFAULT_LAST_LOCK) }
    }
}

impl Default for Audit {
    fn default() -> Self {
        Self { path: PathBuf::from("/var/log/edge-agent/audit.jsonl") }
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// It is not TOML, or has a key or a value that is not known.
    #[error("{0}")]
    Unreadable(#[from] toml::de::Error),
    /// A value is out of its range.
    #[error("{key} = {found}: {wanted}")]
    Range {
        /// Section and key.
        key: &'static str,
        /// The value.
        found: String,
        /// What it may be.
        wanted: &'static str,
    },
    /// The rules make no sense.
    #[error("[policy] {0}")]
    Rules(#[from] shared::policy::RulesError),
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// If it cannot be read, or as [`Config::parse`].
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let bytes = read_bounded(path, MAX_BYTES).help("deploy/config.toml is a configuration to start from")?;
        let text = str::from_utf8(&bytes).map_err(|error| anyhow::anyhow!("{shown} is not UTF-8 text: {error}"))?;
        Self::parse(text)
            .map_err(|error| anyhow::anyhow!("{shown}: {error}"))
            .help("deploy/config.toml explains every key")
    }

    /// Parses and checks a text.
    ///
    /// # Errors
    /// [`ConfigError`] names the key that is not known or out of range.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text)?;
        config.camera.check()?;
        config.door.check()?;
        config.policy.check()?;
        Ok(config)
    }
}

impl Door {
    /// How long a grant unlocks the door, in milliseconds.
    pub fn unlock_ms(&self) -> u64 {
        // 100 to 60 000: parsing has checked the range.
        (self.unlock_seconds * 1000.0).round() as u64
    }

    fn check(&self) -> Result<(), ConfigError> {
        if (0.1..=60.0).contains(&self.unlock_seconds) {
            return Ok(());
        }
        let found = self.unlock_seconds.to_string();
        Err(ConfigError::Range { key: "door.unlock-seconds", found, wanted: "how long a grant lasts, 0.1 to 60" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_said_is_the_default() {
        assert_eq!(Config::parse("").unwrap(), Config::default());
    }

    #[test]
    fn the_sample_explains_every_key_and_is_the_default() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/config.toml");
        assert_eq!(Config::read(&path).unwrap(), Config::default());
        let sample = std::fs::read_to_string(path).unwrap();
        let others = ["path", "bundles", "lock", "unlock-seconds", "last-lock", "socket"];
        let all_keys = rules::KEYS.iter().chain(&camera::KEYS).chain(&others);
        for key in all_keys {
            let named = sample.lines().any(|line| line.trim_start_matches("# ").starts_with(&format!("{key} =")));
            assert!(named, "deploy/config.toml does not show {key}");
        }
    }

    #[test]
    fn what_is_not_known_or_out_of_range_is_named() {
        for (text, named) in [
            ("[doors]\n", "doors"),
            ("[door]\nunlock_seconds = 3.0\n", "unlock_seconds"),
            ("[door]\nunlock-seconds = 0.0\n", "door.unlock-seconds"),
            ("[door]\nunlock-seconds = 3600.0\n", "door.unlock-seconds"),
            ("[door]\nunlock-seconds = nan\n", "door.unlock-seconds"),
            ("[door]\nunlock-seconds = \"5\"\n", "unlock-seconds"),
            ("[database]\npath = 7\n", "path"),
            ("[database]\nfile = \"a\"\n", "file"),
            ("[model]\nbundle = \"a\"\n", "bundle"),
            ("[audit]\nkeep = true\n", "keep"),
            ("[camera]\nsource = \"usb\"\n", "usb"),
            ("[camera]\nsource = \"v4l\"\n", "camera.device"),
            ("[camera]\nsource = \"files\"\n", "camera.files"),
            ("[camera]\nsource = \"rpicam\"\nwidth = 1000\n", "multiple of 64"),
            ("[camera]\nsource = \"rpicam\"\nheight = 721\n", "even number"),
            ("[camera]\nformat = \"h264\"\n", "h264"),
            ("[camera]\nwidth = 8\n", "camera.width"),
            ("[camera]\nheight = 9999\n", "camera.height"),
            ("[camera]\nfps = 15\n", "fps"),
            ("[camera]\nframes-per-second = 0.5\n", "camera.frames-per-second"),
            ("[camera]\nbuffers = 5\n", "camera.buffers"),
            ("[camera]\nexposure-us = 0\n", "camera.exposure-us"),
            ("[camera]\ngain = -1.0\n", "camera.gain"),
            ("[camera]\nfocus = nan\n", "camera.focus"),
            ("[camera]\nfiles-seconds = -1.0\n", "camera.files-seconds"),
            ("[door]\nlock = \"magic\"\n", "magic"),
            ("[status]\nport = 80\n", "port"),
            ("[policy]\ntreshold = 1.0\n", "treshold"),
            ("[policy]\nthreshold = 1.5\n", "threshold"),
            ("[policy]\nthreshold = 0.0\n", "threshold"),
            ("[policy]\nconsensus = 9\n", "consensus"),
            ("[policy]\nmode = \"faces\"\n", "faces"),
            ("[policy]\nseveral-faces = \"both\"\n", "both"),
            ("[policy]\nminimum-face = -1.0\n", "minimum-face"),
            ("a = [", "TOML"),
        ] {
            let message = Config::parse(text).unwrap_err().to_string();
            assert!(message.contains(named), "{text:?}: {message}");
        }
    }
}
