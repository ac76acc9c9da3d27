//! `[door]`, `[contacts]` and `[lights]`: the devices on the GPIO pins around the door.

use super::{ConfigError, DEFAULT_LAST_LOCK};
use crate::door::contacts::{ContactPin, ContactPins};
use crate::door::{LockPin, WatchRules};
use crate::gpio::{Board, Level, Pin};
use crate::lights::LightPins;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Every key of the three sections.
#[cfg(test)]
pub(super) const KEYS: [&str; 25] = [
    "lock",
    "last-lock",
    "memory",
    "passes",
    "unlock-seconds",
    "pin",
    "locked-level",
    "wiring",
    "board",
    "exit-pin",
    "exit-pressed-level",
    "door-pin",
    "door-closed-level",
    "held-seconds",
    "leave-seconds",
    "debounce-ms",
    "alarm-pin",
    "alarm-level",
    "lockdown-pin",
    "lockdown-level",
    "lockdown-admits",
    "green-pin",
    "red-pin",
    "buzzer-pin",
    "on-level",
];

/// `[door]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Door {
    /// What drives the lock; not set by default.
    pub lock: Option<Lock>,
    /// How long a grant unlocks the door, in seconds: 0.1 to 60.
    pub unlock_seconds: f32,
    /// The file in which each successful start records the pin that `edge-agent lock` must drive.
    pub last_lock: PathBuf,
    /// The file for the state that must survive a restart: see [`policy::Memory`].
    pub memory: PathBuf,
    /// Whether visitor passes, shown to the camera, let visitors in.
    pub passes: bool,
    /// The pin that drives the lock; required for `gpio`.
    pub pin: Option<Pin>,
    /// The level at which the door is locked; required for `gpio`.
    pub locked_level: Option<Level>,
    /// What the relay switches; it affects only advice.
    pub wiring: Option<Wiring>,
    /// The board, for `check` on another computer.
    pub board: Option<Board>,
}

/// What drives the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lock {
    /// A GPIO pin.
    Gpio,
    /// Nothing: lock movements are only recorded.
    Scripted,
}

/// What the relay switches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wiring {
    /// An electric strike, locked without power.
    Strike,
    /// A magnetic lock, locked while it has power.
    Maglock,
}

/// `[contacts]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Contacts {
    /// The pin of the exit button.
    pub exit_pin: Option<Pin>,
    /// The level at which the button is pressed.
    pub exit_pressed_level: Level,
    /// The pin of the door contact.
    pub door_pin: Option<Pin>,
    /// The level at which the door is closed.
    pub door_closed_level: Level,
    /// How long the door may stay open, in seconds: 1 to 3600.
    pub held_seconds: f32,
    /// How long after the exit button the door may be opened, in seconds: 0 to 600.
    pub leave_seconds: f32,
    /// How long the level of a contact must be stable to count, in milliseconds: 1 to 1000.
    pub debounce_ms: u64,
    /// The pin of the fire alarm's output, which releases the lock without the unit.
    pub alarm_pin: Option<Pin>,
    /// The level at which the alarm is on.
    pub alarm_level: Level,
    /// The pin of the lockdown switch.
    pub lockdown_pin: Option<Pin>,
    /// The level at which the lockdown is on, and to which the pin is pulled: a broken wire is a lockdown.
    pub lockdown_level: Level,
    /// The group whose members may still enter while the switch is on; nobody if not set.
    pub lockdown_admits: Option<String>,
}

/// `[lights]`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Lights {
    /// The pin of the green light.
    pub green_pin: Option<Pin>,
    /// The pin of the red light.
    pub red_pin: Option<Pin>,
    /// The pin of the buzzer.
    pub buzzer_pin: Option<Pin>,
    /// The level at which the lights and the buzzer are on.
    pub on_level: Level,
}

impl Default for Door {
    fn default() -> Self {
        Self {
            lock: None,
            unlock_seconds: 5.0,
            last_lock: PathBuf::from(DEFAULT_LAST_LOCK),
            memory: PathBuf::from("/var/lib/edge-agent/memory.json"),
            passes: false,
            pin: None,
            locked_level: None,
            wiring: None,
            board: None,
        }
    }
}

impl Default for Contacts {
    fn default() -> Self {
        Self {
            exit_pin: None,
            exit_pressed_level: Level::Low,
            door_pin: None,
            door_closed_level: Level::Low,
            held_seconds: 30.0,
            leave_seconds: 10.0,
            debounce_ms: 30,
            alarm_pin: None,
            alarm_level: Level::Low,
            lockdown_pin: None,
            lockdown_level: Level::High,
            lockdown_admits: None,
        }
    }
}

impl Default for Lights {
    fn default() -> Self {
        Self { green_pin: None, red_pin: None, buzzer_pin: None, on_level: Level::High }
    }
}

impl Door {
    /// How long a grant unlocks the door, in milliseconds.
    pub fn unlock_ms(&self) -> u64 {
        // 100 to 60 000, checked when parsed.
        milliseconds(self.unlock_seconds)
    }

    /// The pin that drives the lock, if configured.
    pub fn lock_pin(&self) -> Option<LockPin> {
        Some(LockPin { pin: self.pin?, locked: self.locked_level? })
    }

    /// Whether a grant moves a real lock.
    pub fn moves_a_lock(&self) -> bool {
        self.lock == Some(Lock::Gpio)
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        require(
            "door.unlock-seconds",
            self.unlock_seconds,
            0.1..=60.0,
            "the time for which a grant unlocks the door in seconds, 0.1 to 60",
        )?;
        let keys = [("door.pin", self.pin.is_some()), ("door.locked-level", self.locked_level.is_some())];
        let meanings = [
            "the BCM number of the pin that drives the lock, 0 to 27",
            "\"low\" or \"high\", the level of the pin at which the door is locked; a wrong guess would open it",
        ];
        for ((key, is_set), wanted) in keys.into_iter().zip(meanings) {
            match (self.lock, is_set) {
                (Some(Lock::Gpio), false) => {
                    return Err(ConfigError::Missing { key, beside: "door.lock = \"gpio\"", wanted });
                }
                (Some(Lock::Scripted) | None, true) => {
                    let wanted = "\"gpio\", if the pin drives the lock";
                    return Err(ConfigError::Missing { key: "door.lock", beside: key, wanted });
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl Contacts {
    /// The contacts that are configured.
    pub fn pins(&self) -> ContactPins {
        let contact = |pin: Option<Pin>, active| pin.map(|pin| ContactPin { pin, active });
        ContactPins {
            exit: contact(self.exit_pin, self.exit_pressed_level),
            door: contact(self.door_pin, self.door_closed_level),
            fire_alarm: contact(self.alarm_pin, self.alarm_level),
            lockdown: contact(self.lockdown_pin, self.lockdown_level),
        }
    }

    /// The time limits of the door watch.
    pub fn watch_rules(&self) -> WatchRules {
        WatchRules { held_ms: milliseconds(self.held_seconds), leave_ms: milliseconds(self.leave_seconds) }
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        require(
            "contacts.held-seconds",
            self.held_seconds,
            1.0..=3600.0,
            "the time for which the door may stay open in seconds, 1 to 3600",
        )?;
        require(
            "contacts.leave-seconds",
            self.leave_seconds,
            0.0..=600.0,
            "the time for leaving after the exit button in seconds, 0 to 600",
        )?;
        if let (None, Some(_)) = (self.lockdown_pin, &self.lockdown_admits) {
            let wanted = "the BCM number of the pin of the lockdown switch, 0 to 27";
            return Err(ConfigError::Missing {
                key: "contacts.lockdown-pin",
                beside: "contacts.lockdown-admits",
                wanted,
            });
        }
        if (1..=1000).contains(&self.debounce_ms) {
            return Ok(());
        }
        let found = self.debounce_ms.to_string();
        Err(ConfigError::Range { key: "contacts.debounce-ms", found, wanted: "milliseconds, 1 to 1000" })
    }
}

impl Lights {
    /// The pins of the lights and the buzzer; `None` if no pin is set.
    pub fn pins(&self) -> Option<LightPins> {
        let Self { green_pin: green, red_pin: red, buzzer_pin: buzzer, on_level: on } = *self;
        (green.is_some() || red.is_some() || buzzer.is_some()).then_some(LightPins { green, red, buzzer, on })
    }
}

fn milliseconds(seconds: f32) -> u64 {
    (seconds * 1000.0).round() as u64
}

fn require(
    key: &'static str,
    found: f32,
    range: std::ops::RangeInclusive<f32>,
    wanted: &'static str,
) -> Result<(), ConfigError> {
    if range.contains(&found) { Ok(()) } else { Err(ConfigError::Range { key, found: found.to_string(), wanted }) }
}
