//! `[home-assistant]`: how the door appears there.

use super::ConfigError;
use serde::Deserialize;

/// Every key of the section.
#[cfg(test)]
pub(super) const KEYS: [&str; 4] = ["enabled", "discovery-prefix", "door-name", "area"];

/// The longest name of a door or an area, in bytes.
const MAX_NAME_BYTES: usize = 128;

/// `[home-assistant]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct HomeAssistant {
    /// Whether the door appears in Home Assistant.
    pub enabled: bool,
    /// The first level of the topics on which Home Assistant discovers devices and says that it has started.
    pub discovery_prefix: String,
    /// The name of the door; its unit's id if not set.
    pub door_name: Option<String>,
    /// The area that Home Assistant suggests for it.
    pub area: Option<String>,
}

impl HomeAssistant {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let prefix = &self.discovery_prefix;
        if fleet_messages::Topics::below(prefix).is_err() {
            let wanted = "1 to 64 letters, digits, \"-\", \"_\", and \"/\" between them";
            return Err(ConfigError::Range { key: "home-assistant.discovery-prefix", found: quoted(prefix), wanted });
        }
        let names = [("home-assistant.door-name", &self.door_name), ("home-assistant.area", &self.area)];
        for (key, name) in names.into_iter().filter_map(|(key, name)| Some((key, name.as_ref()?))) {
            if name.is_empty() || name.len() > MAX_NAME_BYTES || name.chars().any(char::is_control) {
                let wanted = "1 to 128 bytes without control characters";
                return Err(ConfigError::Range { key, found: quoted(name), wanted });
            }
        }
        Ok(())
    }
}

impl Default for HomeAssistant {
    fn default() -> Self {
        Self { enabled: false, discovery_prefix: "homeassistant".to_owned(), door_name: None, area: None }
    }
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_prefix() {
        for (text, named) in [
            ("discovery-prefix = \"ha/discovery\"\ndoor-name = \"Tür\"\narea = \"Halle\"", None),
            ("discovery-prefix = \"\"", Some("discovery-prefix")),
            ("discovery-prefix = \"a/#\"", Some("discovery-prefix")),
            ("door-name = \"\"", Some("door-name")),
            ("door-name = \"a\\nb\"", Some("door-name")),
            ("area = \"a\\u001bb\"", Some("area")),
        ] {
            let refused = toml::from_str::<HomeAssistant>(text).unwrap().check().err().map(|error| error.to_string());
            assert_eq!(refused.is_some(), named.is_some(), "{text}: {refused:?}");
            assert!(named.is_none_or(|named| refused.unwrap_or_default().contains(named)), "{text}");
        }
    }
}
