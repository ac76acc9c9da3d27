//! `[lamp]`: the lamp that plays a code on a face.

use super::ConfigError;
use crate::gpio::{Level, Pin};
use crate::lamp::{LampPin, LampSettings};
use liveness::lamp::{LampKind, Timing};
use serde::Deserialize;

/// Every key of the section.
#[cfg(test)]
pub(super) const KEYS: [&str; 4] = ["pin", "on-level", "kind", "delay-frames"];

/// The section `[lamp]`.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Lamp {
    /// The pin that switches the lamp; no lamp if not set.
    pub pin: Option<Pin>,
    /// The level at which it is on.
    pub on_level: Level,
    /// What light it gives.
    pub kind: Kind,
    /// From the lamp's change to the first frame that shows it, in frames, 0 to 6; `edge-agent doctor` measures it.
    pub delay_frames: Option<f32>,
}

/// What light a lamp gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Visible light. Its code keeps to WCAG 2.3.1, for the sake of photosensitive people.
    #[default]
    White,
    /// Invisible light, for a camera that sees it.
    Infrared,
}

impl Default for Lamp {
    fn default() -> Self {
        Self { pin: None, on_level: Level::High, kind: Kind::White, delay_frames: None }
    }
}

impl Lamp {
    /// The pin; `None` if there is no lamp.
    pub fn pin(&self) -> Option<LampPin> {
        Some(LampPin { pin: self.pin?, on: self.on_level })
    }

    /// The settings for a camera with this frame rate.
    pub fn settings(&self, frames_per_second: f64) -> LampSettings {
        let kind = match self.kind {
            Kind::White => LampKind::White,
            Kind::Infrared => LampKind::Infrared,
        };
        let timing = self.delay_frames.map(|delay_frames| Timing { delay_frames });
        LampSettings { kind, frames_per_second, timing }
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let range = |key, found: f32, wanted| Err(ConfigError::Range { key, found: found.to_string(), wanted });
        match self.delay_frames {
            Some(found) if !(0.0..=6.0).contains(&found) => {
                range("lamp.delay-frames", found, "0 to 6 frames; `edge-agent doctor` measures it")
            }
            Some(_) if self.pin.is_none() => {
                let wanted = "the BCM number of the pin that switches the lamp, 0 to 27";
                Err(ConfigError::Missing { key: "lamp.pin", beside: "lamp.delay-frames", wanted })
            }
            _ => Ok(()),
        }
    }
}
