//! The configuration of a link: `/etc/edge-link/config.toml`.
//!
//! Every key has a default except the broker. An unknown key is an error that names the key. `deploy/edge-link.toml`
//! explains every key.

mod broker;
mod fleet;
mod home_assistant;
mod unit;

pub use broker::{Broker, Certificate, Login, Transport};
pub use fleet::Fleet;
pub use home_assistant::HomeAssistant;
pub use unit::Unit;

use files::read_bounded;
use fleet_messages::Addresses;
use serde::Deserialize;
use std::path::Path;
use std::str;
use terminal::{Help, ShowPath};

/// Default path of the configuration.
pub const DEFAULT_PATH: &str = "/etc/edge-link/config.toml";

/// Help text for a missing or wrong key: the sample configuration is in the package and in the sources.
pub(crate) const WHERE_KEYS_ARE_EXPLAINED: &str =
    "every key is explained in /usr/share/doc/edge-link/config.toml (in the sources: deploy/edge-link.toml)";

const MAX_BYTES: u64 = 1 << 20;

/// The configuration of a link.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Config {
    /// The unit's sockets.
    pub unit: Unit,
    /// The MQTT broker.
    pub broker: Broker,
    /// Home Assistant.
    pub home_assistant: HomeAssistant,
    /// The fleet.
    pub fleet: Fleet,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The text is not TOML, or has an unknown key or value.
    #[error("{0}")]
    Unreadable(#[from] toml::de::Error),
    /// A value is not one of the accepted ones.
    #[error("{key} = {found}: {wanted}")]
    Range {
        /// Section and key.
        key: &'static str,
        /// The value.
        found: String,
        /// The accepted values.
        wanted: &'static str,
    },
    /// A key is missing that another key requires.
    #[error("{key} is required with {beside}: {wanted}")]
    Missing {
        /// Section and key.
        key: &'static str,
        /// The key that requires it.
        beside: &'static str,
        /// The accepted values.
        wanted: &'static str,
    },
    /// Two keys contradict each other.
    #[error("{one} and {other} exclude each other: {instead}")]
    Both {
        /// Section and key.
        one: &'static str,
        /// The other section and key.
        other: &'static str,
        /// What to do.
        instead: &'static str,
    },
    /// No broker is named.
    #[error("[broker] names no broker: set broker.socket for one on this computer, or broker.address for another")]
    NoBroker,
    /// What is said would go through the network in clear text.
    #[error("broker.address is {0}: another computer is only reached with TLS: set broker.ca")]
    ClearText(Addresses),
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// If the file cannot be read, or see [`Config::parse`].
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = path.shown();
        let bytes = read_bounded(path, MAX_BYTES).help("give it with --config FILE; the sample configuration is in /usr/share/doc/edge-link/config.toml (in the sources: deploy/edge-link.toml)")?;
        let text = str::from_utf8(&bytes).map_err(|error| anyhow::anyhow!("{shown} is not UTF-8 text: {error}"))?;
        Self::parse(text).map_err(|error| anyhow::anyhow!("{shown}: {error}")).help(WHERE_KEYS_ARE_EXPLAINED)
    }

    /// Parses and checks a text.
    ///
    /// # Errors
    /// [`ConfigError`] names the key that is unknown or wrong.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text)?;
        config.broker.transport()?;
        config.broker.login()?;
        config.broker.topics()?;
        config.home_assistant.check()?;
        config.fleet.certificate()?;
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn the_sample_explains_every_key_and_is_the_default_but_for_the_broker() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/edge-link.toml");
        let mut expected = Config::default();
        expected.broker.socket = Some(PathBuf::from("/run/mosquitto/mosquitto.sock"));
        assert_eq!(Config::read(&path).unwrap(), expected);
        let sample = std::fs::read_to_string(path).unwrap();
        for key in [&unit::KEYS[..], &broker::KEYS, &home_assistant::KEYS, &fleet::KEYS].concat() {
            let named = sample.lines().any(|line| line.trim_start_matches("# ").starts_with(&format!("{key} =")));
            assert!(named, "deploy/edge-link.toml does not show {key}");
        }
    }

    #[test]
    fn unknown_keys_and_wrong_values_are_named() {
        for (text, named) in [
            ("", "names no broker"),
            ("[brokers]\n", "brokers"),
            ("[broker]\nhost = \"a\"\n", "host"),
            ("[broker]\nsocket = \"/s\"\nuser_name = \"a\"\n", "user_name"),
            ("[broker]\nsocket = \"/s\"\n[unit]\nsocket = \"/s\"\n", "socket"),
            ("[broker]\nsocket = \"/s\"\n[home-assistant]\nname = \"a\"\n", "name"),
            ("[broker]\nsocket = \"/s\"\n[fleet]\non = true\n", "on"),
        ] {
            let refused = Config::parse(text).unwrap_err().to_string();
            assert!(refused.contains(named), "{text}: {refused}");
        }
    }
}
