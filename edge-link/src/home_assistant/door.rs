//! Which door it is, and its topics.

use crate::config;
use fleet_messages::{Kind, Topics};
use shared::seal::Fingerprint;

/// A door as Home Assistant sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// The unit's id.
    pub(super) unit: Fingerprint,
    pub(super) name: String,
    pub(super) area: Option<String>,
    pub(super) discovery_prefix: String,
    /// On which the broker says whether the link is connected.
    pub(super) presence: String,
    /// The beginning of the topics of this door.
    pub(super) base: String,
}

impl Door {
    /// The door of this unit.
    pub fn new(unit: Fingerprint, topics: &Topics, config: &config::HomeAssistant) -> Self {
        Self {
            unit,
            name: config.door_name.clone().unwrap_or_else(|| format!("Door {unit}")),
            area: config.area.clone(),
            discovery_prefix: config.discovery_prefix.clone(),
            presence: topics.of(unit, Kind::Presence),
            base: format!("{}/home", topics.unit(unit)),
        }
    }

    /// One of the topics of this door.
    pub(super) fn topic(&self, name: &str) -> String {
        format!("{}/{name}", self.base)
    }

    /// On which Home Assistant says that it has started.
    pub(super) fn birth_topic(&self) -> String {
        format!("{}/status", self.discovery_prefix)
    }
}

#[cfg(test)]
pub(super) fn sample() -> Door {
    let unit = "5f0c-8a71-0000-1111-2222".parse().unwrap();
    Door::new(unit, &Topics::below("p").unwrap(), &config::HomeAssistant::default())
}
