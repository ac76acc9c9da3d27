//! The configuration of a unit: `/etc/edge-agent/config.toml`.
//!
//! Every key has a default. An unknown key is an error that names the key, so that a misspelt rule does not silently
//! leave a door on its default. `deploy/config.toml` explains every key.

mod audit;
mod camera;
mod clock;
mod database;
mod door;
mod door_rules;
mod infrared;
mod lamp;
mod liveness;
mod model;
mod passages;
mod reader;
mod unit;
mod wiegand;

pub use audit::Audit;
pub use camera::{Camera, Source};
pub use clock::Clock;
pub use database::{Database, Unsigned};
pub use door::{Contacts, Door, Lights, Lock, Wiring};
pub use door_rules::{FaceAlone, LivenessChallenge, LookAlikes, Mode, PolicyRules, SeveralFaces};
pub use infrared::{Infrared, InfraredSource};
pub use lamp::{Kind as LampKind, Lamp};
pub use liveness::{Liveness, Signal, Unsure};
pub use model::Model;
pub use passages::{Direction, Passages};
pub use reader::{Keypad, Reader};
pub use unit::Unit;
pub use wiegand::WiegandTable;

use crate::gpio::Pin;
use files::read_bounded;
use policy::Rules;
use serde::Deserialize;
use shared::gallery::Gallery;
use std::path::{Path, PathBuf};
use std::str;
use terminal::{Help, ShowPath};

/// Default path of the configuration.
pub const DEFAULT_PATH: &str = "/etc/edge-agent/config.toml";

/// Help text for a missing or wrong key: the sample configuration is in the package and in the sources.
pub(crate) const WHERE_KEYS_ARE_EXPLAINED: &str =
    "every key is explained in /usr/share/doc/edge-agent/config.toml (in the sources: deploy/config.toml)";

/// Default path of the file that records which pin drives the lock.
pub const DEFAULT_LAST_LOCK: &str = "/var/lib/edge-agent/last-lock.toml";

const MAX_BYTES: u64 = 1 << 20;

/// The configuration of a unit.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Config {
    /// The unit's groups.
    pub unit: Unit,
    /// The people database.
    pub database: Database,
    /// The networks to run.
    pub model: Model,
    /// The camera.
    pub camera: Camera,
    /// The lock.
    pub door: Door,
    /// The contacts of the door.
    pub contacts: Contacts,
    /// The lights beside the door.
    pub lights: Lights,
    /// The card reader, if there is one.
    pub reader: Option<Reader>,
    /// The audit log.
    pub audit: Audit,
    /// The rules of the door.
    pub policy: PolicyRules,
    /// The lamp.
    pub lamp: Lamp,
    /// The liveness signals.
    pub liveness: Liveness,
    /// The anti-passback rule.
    pub anti_passback: Passages,
    /// The time zone and the evidence for the clock.
    pub clock: Clock,
    /// The status socket.
    pub status: Status,
    /// The control socket.
    pub control: Control,
    /// The socket of the link.
    pub link: Link,
}

/// `[status]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Status {
    /// The socket on which the unit answers `edge-agent status`, and hands its audit log to a link.
    pub socket: PathBuf,
    /// Whether a client that follows the audit log is told the names of people beside their ids.
    pub names: bool,
}

/// `[control]`
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Control {
    /// The socket for requests of root and the unit's own user; in the folder of the `[status]` socket if not set.
    pub socket: Option<PathBuf>,
}

/// `[link]`
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Link {
    /// The socket for requests of the link and for signed orders; in the folder of the `[status]` socket if not set.
    pub socket: Option<PathBuf>,
}

impl Default for Status {
    fn default() -> Self {
        Self { socket: PathBuf::from("/run/edge-agent/status.sock"), names: false }
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The text is not TOML, or has an unknown key or value.
    #[error("{0}")]
    Unreadable(#[from] toml::de::Error),
    /// A value is out of range.
    #[error("{key} = {found}: {wanted}")]
    Range {
        /// Section and key.
        key: &'static str,
        /// The value.
        found: String,
        /// The accepted values.
        wanted: &'static str,
    },
    /// A key of earlier versions was used.
    #[error("{key} is no longer supported: {instead}")]
    Removed {
        /// Section and key.
        key: &'static str,
        /// What to do instead.
        instead: &'static str,
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
    /// One pin has two uses.
    #[error("{one} and {other} are both {pin}: give each its own pin")]
    SamePin {
        /// Section and key.
        one: &'static str,
        /// The other section and key.
        other: &'static str,
        /// The pin.
        pin: Pin,
    },
    /// The rules contradict each other or are out of range.
    #[error("[policy] {0}")]
    Rules(#[from] policy::RulesError),
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// If the file cannot be read, or see [`Config::parse`].
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = path.shown();
        let bytes = read_bounded(path, MAX_BYTES).help("give it with --config FILE; the sample configuration is in /usr/share/doc/edge-agent/config.toml (in the sources: deploy/config.toml)")?;
        let text = str::from_utf8(&bytes).map_err(|error| anyhow::anyhow!("{shown} is not UTF-8 text: {error}"))?;
        Self::parse(text).map_err(|error| anyhow::anyhow!("{shown}: {error}")).help(WHERE_KEYS_ARE_EXPLAINED)
    }

    /// Parses and checks a text.
    ///
    /// # Errors
    /// [`ConfigError`] names the key that is unknown or out of range.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text)?;
        config.audit.check()?;
        config.database.check()?;
        config.model.check()?;
        config.camera.check()?;
        config.door.check()?;
        config.contacts.check()?;
        config.reader.as_ref().map_or(Ok(()), Reader::check)?;
        config.policy.check()?;
        config.lamp.check()?;
        config.liveness.check()?;
        config.require_devices_of_signals()?;
        config.clock.zone()?;
        config.anti_passback.check()?;
        config.refuse_shared_pins()?;
        Ok(config)
    }

    /// The configuration of a door without lock and reader that a face alone opens, for simulations.
    pub(crate) fn for_faces_alone() -> Self {
        let mut config = Self::default();
        config.policy.mode = Some(Mode::Face);
        config
    }

    /// The file with the report of the last drill, beside the other state of the unit.
    pub(crate) fn drill_report(&self) -> PathBuf {
        self.door.memory.with_file_name("drill.json")
    }

    /// The file with the order for a lockdown, beside the other state of the unit.
    pub(crate) fn lockdown(&self) -> PathBuf {
        self.door.memory.with_file_name("lockdown.json")
    }

    /// The file that says whether face recognition is switched off, beside the other state of the unit.
    pub(crate) fn face_recognition(&self) -> PathBuf {
        self.door.memory.with_file_name("face-recognition.json")
    }

    /// The path of the control socket.
    pub fn control_socket(&self) -> PathBuf {
        self.control.socket.clone().unwrap_or_else(|| self.status.socket.with_file_name("control.sock"))
    }

    /// The file with the last signed order, beside the other state of the unit.
    pub(crate) fn last_order(&self) -> PathBuf {
        self.door.memory.with_file_name("last-order.json")
    }

    /// The path of the socket of the link.
    pub fn link_socket(&self) -> PathBuf {
        self.link.socket.clone().unwrap_or_else(|| self.status.socket.with_file_name("link.sock"))
    }

    /// The rules of a unit with this gallery and an encoder with this threshold.
    pub fn rules_for(&self, gallery: &Gallery, encoder_threshold: f32) -> Rules {
        self.completed(self.policy.rules_for(gallery, encoder_threshold))
    }

    /// The rules of a unit, with this threshold unless one is configured.
    pub(crate) fn rules_with_threshold(&self, otherwise: f32) -> Rules {
        self.completed(self.policy.with_threshold(otherwise))
    }

    /// Adds what other sections say to the rules of `[policy]`.
    fn completed(&self, mut rules: Rules) -> Rules {
        let challenge = rules.liveness;
        rules.liveness = self.liveness.rules();
        rules.liveness.required = rules.liveness.required.and(challenge.required);
        rules.liveness.required_of_marked = rules.liveness.required_of_marked.and(challenge.required_of_marked);
        if !self.door.moves_a_lock() {
            rules.face_alone = policy::FaceAlone::Accepted;
        }
        rules.anti_passback = self.anti_passback.rule();
        rules.accepts_passes = self.door.passes;
        rules
    }

    /// All configured pins, with section and key.
    pub fn pins(&self) -> Vec<(&'static str, Pin)> {
        let (d0, d1) = match &self.reader {
            Some(Reader::Wiegand { d0_pin, d1_pin, .. }) => (Some(*d0_pin), Some(*d1_pin)),
            _ => (None, None),
        };
        let pins = [
            ("door.pin", self.door.pin),
            ("contacts.exit-pin", self.contacts.exit_pin),
            ("contacts.door-pin", self.contacts.door_pin),
            ("contacts.alarm-pin", self.contacts.alarm_pin),
            ("contacts.lockdown-pin", self.contacts.lockdown_pin),
            ("lights.green-pin", self.lights.green_pin),
            ("lights.red-pin", self.lights.red_pin),
            ("lights.buzzer-pin", self.lights.buzzer_pin),
            ("lamp.pin", self.lamp.pin),
            ("reader.d0-pin", d0),
            ("reader.d1-pin", d1),
        ];
        pins.into_iter().filter_map(|(key, pin)| Some((key, pin?))).collect()
    }

    /// A signal whose device is missing would refuse everybody.
    fn require_devices_of_signals(&self) -> Result<(), ConfigError> {
        let measured = self.rules_with_threshold(1.0).liveness.measured();
        if measured.contains(policy::Signal::Lamp) && self.lamp.pin.is_none() {
            let wanted = "the BCM number of the pin that switches the lamp, 0 to 27";
            return Err(ConfigError::Missing { key: "lamp.pin", beside: "\"lamp\" in [liveness]", wanted });
        }
        if measured.contains(policy::Signal::Infrared) && self.camera.infrared.source.is_none() {
            let (key, beside) = ("camera.infrared.source", "\"infrared\" in [liveness]");
            let wanted = "\"v4l\", a USB camera that sees infrared, or \"files\"";
            return Err(ConfigError::Missing { key, beside, wanted });
        }
        Ok(())
    }

    fn refuse_shared_pins(&self) -> Result<(), ConfigError> {
        let pins = self.pins();
        for (index, &(other, pin)) in pins.iter().enumerate() {
            if let Some(&(one, _)) = pins[..index].iter().find(|(_, taken)| *taken == pin) {
                return Err(ConfigError::SamePin { one, other, pin });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod sample_tests;
#[cfg(test)]
mod tests {
    use super::*;
    use crate::door::LockPin;
    use crate::gpio::{Board, Level};

    #[test]
    fn an_empty_configuration_is_the_default() {
        assert_eq!(Config::parse("").unwrap(), Config::default());
    }

    #[test]
    fn the_sample_explains_every_key_and_is_the_default() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/config.toml");
        assert_eq!(Config::read(&path).unwrap(), Config::default());
        let sample = std::fs::read_to_string(path).unwrap();
        let others = ["path", "socket"];
        let of_sections = [
            &door_rules::KEYS[..],
            &lamp::KEYS,
            &liveness::KEYS,
            &camera::KEYS,
            &infrared::KEYS,
            &door::KEYS,
            &reader::KEYS,
            &model::KEYS,
            &audit::KEYS,
            &clock::KEYS,
            &passages::KEYS,
            &database::KEYS,
            &unit::KEYS,
        ]
        .concat();
        let all_keys = of_sections.iter().chain(&others);
        for key in all_keys {
            let named = sample.lines().any(|line| line.trim_start_matches("# ").starts_with(&format!("{key} =")));
            assert!(named, "deploy/config.toml does not show {key}");
        }
    }

    /// Without a lock, nothing is protected. With one, a face alone needs a signal or a plain yes.
    #[test]
    fn a_lock_needs_more_than_a_face() {
        use policy::Enrolled;
        use shared::gallery::PersonId;
        let lock = "[door]\nlock = \"gpio\"\npin = 17\nlocked-level = \"low\"\n";
        let scripted = "[door]\nlock = \"scripted\"\n";
        for (door, rest, is_face_enough) in [
            ("", "", false),
            ("", "[policy]\nmode = \"face\"\n", true),
            (scripted, "[policy]\nmode = \"face\"\n", true),
            (lock, "[policy]\nmode = \"face\"\n", false),
            (lock, "[policy]\nmode = \"card-or-face\"\n", false),
            (lock, "[policy]\nmode = \"face\"\nface-alone = \"accepted\"\n", true),
            (lock, "[policy]\nmode = \"face\"\n[liveness]\nrequired = [\"head-turn\"]\n", true),
            (lock, "[policy]\nmode = \"face\"\nliveness-challenge = \"all\"\n", true),
            (lock, "[policy]\nmode = \"face\"\nliveness-challenge = \"marked\"\n", false),
            (lock, "[policy]\nface-alone = \"accepted\"\n", false),
        ] {
            let rules = Config::parse(&format!("{door}{rest}")).unwrap().rules_with_threshold(1.0);
            assert_eq!(rules.is_face_enough(&Enrolled::new(PersonId([1; 16]))), is_face_enough, "{door}{rest}");
        }
    }

    #[test]
    fn the_sections_of_the_door() {
        let text = "[door]\nlock = \"gpio\"\npin = 17\nlocked-level = \"low\"\nwiring = \"maglock\"\nboard = \"zero-2-w\"\n\
                    [contacts]\nexit-pin = 23\ndoor-pin = 24\nheld-seconds = 20.5\n\
                    [lights]\ngreen-pin = 5\non-level = \"low\"\n\
                    [reader]\nkind = \"wiegand\"\nd0-pin = 26\nd1-pin = 27\nkeep-bits = 24\n";
        let config = Config::parse(text).unwrap();
        let pin = |number| Pin::new(number).unwrap();
        assert_eq!(config.door.lock_pin(), Some(LockPin { pin: pin(17), locked: Level::Low }));
        assert_eq!((config.door.wiring, config.door.board), (Some(Wiring::Maglock), Some(Board::Zero2W)));
        assert_eq!(config.contacts.pins().exit.map(|exit| exit.pin), Some(pin(23)));
        assert_eq!(config.contacts.watch_rules().held_ms, 20_500);
        assert_eq!(config.lights.pins().map(|lights| lights.on), Some(Level::Low));
        let wiegand =
            Reader::Wiegand { d0_pin: pin(26), d1_pin: pin(27), wiegand_format: Box::default(), keep_bits: 24 };
        assert_eq!(config.reader, Some(wiegand));
        assert_eq!(config.pins().len(), 6);
    }

    #[test]
    fn unknown_keys_and_wrong_values_are_named() {
        for (text, named) in [
            ("[doors]\n", "doors"),
            ("[unit]\ngroups = [\"all\"]\n", "all"),
            ("[unit]\ngroups = [\"Büro\"]\n", "Büro"),
            ("[unit]\nid = \"a\"\n", "groups"),
            ("[database]\nunsigned = \"fine\"\n", "accepted"),
            ("[database]\nsigner = \"a\"\n", "signers"),
            ("[database]\nsigners = [\"a\"]\nunsigned = \"accepted\"\n", "database.unsigned"),
            ("[door]\nunlock_seconds = 3.0\n", "unlock_seconds"),
            ("[door]\nunlock-seconds = 0.0\n", "door.unlock-seconds"),
            ("[door]\nunlock-seconds = 3600.0\n", "door.unlock-seconds"),
            ("[door]\nunlock-seconds = nan\n", "door.unlock-seconds"),
            ("[door]\nunlock-seconds = \"5\"\n", "unlock-seconds"),
            ("[door]\nlock = \"gpio\"\npin = 28\nlocked-level = \"low\"\n", "BCM numbers go from 0 to 27"),
            ("[door]\nlock = \"magic\"\n", "magic"),
            ("[door]\nlock = \"gpio\"\n", "door.pin is required with door.lock"),
            ("[door]\nlock = \"gpio\"\npin = 17\n", "door.locked-level is required with door.lock"),
            ("[door]\npin = 17\n", "door.lock is required with door.pin"),
            ("[door]\nlock = \"scripted\"\npin = 17\n", "door.lock is required with door.pin"),
            ("[door]\npin = 17\nlocked-level = \"closed\"\n", "closed"),
            ("[door]\nwiring = \"magnet\"\n", "magnet"),
            ("[door]\nboard = \"pi-1\"\n", "pi-1"),
            (
                "[door]\nlock = \"gpio\"\npin = 17\nlocked-level = \"low\"\n[lights]\nred-pin = 17\n",
                "door.pin and lights.red-pin are both GPIO17",
            ),
            ("[contacts]\nexit-pin = 5\ndoor-pin = 5\n", "contacts.exit-pin and contacts.door-pin are both GPIO5"),
            ("[contacts]\nheld-seconds = 0.0\n", "contacts.held-seconds"),
            ("[contacts]\nleave-seconds = inf\n", "contacts.leave-seconds"),
            ("[contacts]\ndebounce-ms = 0\n", "contacts.debounce-ms"),
            ("[contacts]\nrex-pin = 5\n", "rex-pin"),
            ("[lights]\nblue-pin = 5\n", "blue-pin"),
            ("[reader]\nkind = \"nfc\"\n", "nfc"),
            ("[reader]\ndevice = \"/dev/input/event0\"\n", "kind"),
            ("[reader]\nkind = \"evdev\"\n", "device"),
            ("[reader]\nkind = \"evdev\"\ndevice = \"a\"\nd0-pin = 5\n", "d0-pin"),
            ("[reader]\nkind = \"evdev\"\ndevice = \"a\"\ndigits = \"octal\"\n", "octal"),
            ("[reader]\nkind = \"wiegand\"\nd0-pin = 5\n", "d1-pin"),
            ("[reader]\nkind = \"wiegand\"\nd0-pin = 5\nd1-pin = 5\n", "reader.d0-pin and reader.d1-pin"),
            ("[reader]\nkind = \"wiegand\"\nd0-pin = 5\nd1-pin = 6\nkeep-bits = 8\n", "reader.keep-bits"),
            ("[database]\npath = 7\n", "path"),
            ("[database]\nfile = \"a\"\n", "file"),
            ("[model]\nbundle = \"a\"\n", "bundle"),
            ("[model]\nthreads = 0\n", "nonzero"),
            ("[model]\nthreads = 65\n", "model.threads"),
            ("[audit]\nkeep = true\n", "keep"),
            ("[audit]\nmax-megabytes = 0\n", "audit.max-megabytes"),
            ("[audit]\nkeep-days = 0\n", "audit.keep-days"),
            ("[camera]\nsource = \"usb\"\n", "usb"),
            ("[camera]\nsource = \"v4l\"\ndevice = \"a\"\nusb-port = \"usb1\"\n", "not a USB port"),
            ("[camera]\nsource = \"rpicam\"\nusb-port = \"1-1\"\n", "camera.usb-port"),
            ("[reader]\nkind = \"evdev\"\ndevice = \"a\"\nusb-port = \"1\"\n", "not a USB port"),
            ("[camera]\nsource = \"v4l\"\n", "camera.device"),
            ("[camera]\nsource = \"files\"\n", "camera.files"),
            ("[camera]\nsource = \"rpicam\"\nwidth = 1001\n", "even number"),
            ("[camera]\nrpicam-arguments = [\"--out\", \"x\"]\n", "camera.rpicam-arguments"),
            ("[camera]\nrotate = 45\n", "0, 90, 180 or 270"),
            ("[camera]\npower-line-hz = 55\n", "50 or 60"),
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
            ("[camera.infrared]\nsource = \"rpicam\"\n", "rpicam"),
            ("[camera.infrared]\nexposure-us = 5\n", "exposure-us"),
            ("[camera.infrared]\nsource = \"v4l\"\n", "camera.infrared.device"),
            ("[camera.infrared]\nsource = \"files\"\n", "camera.infrared.files"),
            (
                "[camera]\nsource = \"v4l\"\ndevice = \"a\"\n[camera.infrared]\nsource = \"v4l\"\ndevice = \"a\"\n",
                "camera.infrared.device = the same as camera.device",
            ),
            ("[camera.infrared]\nwidth = 8\n", "camera.infrared.width"),
            ("[camera.infrared]\nheight = 9999\n", "camera.infrared.height"),
            ("[camera.infrared]\nframes-per-second = nan\n", "camera.infrared.frames-per-second"),
            ("[camera.infrared]\nfiles-seconds = -1.0\n", "camera.infrared.files-seconds"),
            ("[camera.infrared]\nplace = { scale = 0.0, right = 0.0, down = 0.0 }\n", "camera.infrared.place"),
            ("[camera.infrared]\nplace = { scale = 1.0 }\n", "right"),
            ("[door]\nlock = \"magic\"\n", "magic"),
            ("[status]\nport = 80\n", "port"),
            ("[control]\nmode = 438\n", "mode"),
            ("[link]\nmode = 438\n", "mode"),
            ("[policy]\ntreshold = 1.0\n", "treshold"),
            ("[policy]\nthreshold = 1.5\n", "threshold"),
            ("[policy]\nthreshold = 0.0\n", "threshold"),
            ("[policy]\nconsensus = 9\n", "consensus"),
            ("[policy]\nmode = \"faces\"\n", "faces"),
            ("[policy]\nseveral-faces = \"both\"\n", "both"),
            ("[policy]\nminimum-face = -1.0\n", "minimum-face"),
            ("[policy]\nlockout-after = 6\n", "lockout-after"),
            ("[policy]\nlockout-ms = 60000\nlockout-ceiling-ms = 30000\n", "lockout-ceiling"),
            ("[policy]\nlook-alikes = \"twins\"\n", "twins"),
            ("[policy]\nface-alone = \"refused\"\n", "accepted"),
            ("[lamp]\ndelay-frames = 1.0\n", "lamp.pin"),
            ("[lamp]\npin = 5\ndelay-frames = -1.0\n", "lamp.delay-frames"),
            ("[lamp]\npin = 5\nkind = \"red\"\n", "red"),
            ("[lamp]\npin = 16\n[lights]\nred-pin = 16\n", "lights.red-pin and lamp.pin are both GPIO16"),
            ("[liveness]\nrequired = [\"lamp\"]\n", "lamp.pin is required with \"lamp\" in [liveness]"),
            ("[liveness]\nrecorded = [\"lamp\"]\n", "lamp.pin"),
            ("[liveness]\nrequired = [\"infrared\"]\n", "camera.infrared.source is required with \"infrared\""),
            ("[liveness]\nrequired = [\"blink\"]\n", "blink"),
            ("[liveness]\nrecorded = [\"head-turn\"]\n", "liveness.recorded"),
            ("[liveness]\nif-unsure = \"open\"\n", "open"),
            ("[clock]\nzone = \"Europe/Atlantis\"\n", "clock.zone"),
            ("[anti-passback]\nseconds = 0\n", "anti-passback.seconds"),
            ("[anti-passback]\ndirection = \"up\"\n", "up"),
            ("[anti-passback]\nshared-folder = \"/run/doors\"\n", "remove the line"),
            ("[anti-passback]\ndoor-name = \"front\"\n", "remove the line"),
            ("[policy]\nattempt-ms = 2000\n", "policy.attempt-ms is no longer supported: remove the line"),
            ("a = [", "TOML"),
        ] {
            let message = Config::parse(text).unwrap_err().to_string();
            assert!(message.contains(named), "{text:?}: {message}");
        }
    }
}
