//! Checks the devices on the pins without touching them. The main question: does the door stay locked while no program
//! holds its pin?

use super::people::about_people;
use crate::config::{Config, Contacts, FaceAlone, InfraredSource, Lock, Mode, Reader, Source, Wiring};
use crate::door::LockPin;
use crate::door::boot::{self, KeptLocked, candidate_boards};
use crate::gpio::{Board, BootConfig, Released};
use crate::reader::PairingKeys;
use anyhow::Context;
use files::read_bounded;
use policy::Signal;
use serde::Serialize;
use shared::gallery::Gallery;
use std::path::Path;
use std::str;
use terminal::{Help, ShowPath};

const MAX_BOOT_CONFIG_BYTES: u64 = 1 << 20;

/// A lock that passed the checks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct CheckedLock {
    pub(super) pin: u8,
    /// `low` or `high`.
    pub(super) locked_level: String,
    pub(super) wiring: Option<Wiring>,
    /// The boards that it was checked for.
    pub(super) boards: Vec<&'static str>,
    /// What keeps it locked until the program drives it: `pull` or `config_txt`.
    pub(super) locked_at_boot_by: &'static str,
    /// What the kernel does with the pin when the unit ends: `keeps_level` or `becomes_input`; `None` on a computer
    /// that is not a Raspberry Pi.
    pub(super) when_released: Option<&'static str>,
}

/// Checks the lock; `None` if none is configured.
///
/// # Errors
/// If the door would be open while the Pi boots or after the unit has ended; the help text has the remedy.
pub(super) fn lock(config: &Config, boot_config: Option<&Path>) -> anyhow::Result<Option<CheckedLock>> {
    let Some(lock) = config.door.lock_pin() else { return Ok(None) };
    let boards = candidate_boards(config.door.board);
    let boot_config = match boot_config {
        Some(path) => Some(read_boot_config(path)?),
        // Only the unit itself has its config.txt.
        None => {
            Board::of_this_computer().filter(|board| boards == [*board]).and_then(|_| BootConfig::of_this_computer())
        }
    };
    let mut kept = KeptLocked::ByPull;
    for board in &boards {
        match boot::judge(lock, *board, boot_config.as_ref(), Released::on(*board)) {
            Ok(KeptLocked::ByFirmware) => kept = KeptLocked::ByFirmware,
            Ok(KeptLocked::ByPull) => {}
            Err(opens) => return Err(opens).context("[door] pin").help(&opens.remedy()),
        }
    }
    Ok(Some(CheckedLock {
        pin: lock.pin.number(),
        locked_level: lock.locked.to_string(),
        wiring: config.door.wiring,
        boards: boards.iter().map(|board| board.code()).collect(),
        locked_at_boot_by: match kept {
            KeptLocked::ByPull => "pull",
            KeptLocked::ByFirmware => "config_txt",
        },
        when_released: boards.iter().find_map(|board| Released::on(*board)).map(Released::code),
    }))
}

fn read_boot_config(path: &Path) -> anyhow::Result<BootConfig> {
    let bytes = read_bounded(path, MAX_BOOT_CONFIG_BYTES)?;
    let text = str::from_utf8(&bytes).with_context(|| format!("{} is not UTF-8 text", path.shown()))?;
    Ok(BootConfig::new(text))
}

/// Warnings about settings that are allowed.
pub(super) fn warnings(config: &Config, lock: Option<&CheckedLock>, gallery: &Gallery) -> Vec<String> {
    let mut warnings = Vec::new();
    match (lock, config.door.lock_pin()) {
        (Some(checked), Some(lock)) => warnings.extend(about_lock(checked, lock)),
        _ if config.door.lock == Some(Lock::Scripted) => {
            warnings.push("the lock is scripted: no door opens".to_owned());
        }
        _ => {
            warnings.push("no lock is configured, and no door opens: set [door] lock, pin and locked-level".to_owned());
        }
    }
    for (key, pin) in config.pins() {
        if let Some(use_of_it) = Board::other_use(pin) {
            warnings.push(format!("{key} is {pin}: {use_of_it}; use another pin if possible"));
        }
    }
    warnings.extend(on_at_boot(config));
    warnings.extend(about_contacts(&config.contacts));
    warnings.extend(about_rate(config));
    warnings.extend(about_device(config.reader.as_ref()));
    warnings.extend(about_formats(config.reader.as_ref()));
    warnings.extend(about_osdp(config.reader.as_ref()));
    warnings.extend(about_lamp(config));
    warnings.extend(about_infrared(config));
    warnings.extend(about_faces_alone(config));
    warnings.extend(about_people(config, gallery));
    warnings
}

fn about_rate(config: &Config) -> Option<String> {
    let rate = config.camera.frames_per_second;
    let objection = config.policy.objection_to_rate(rate)?;
    Some(format!("camera.frames-per-second = {rate}: no face is ever granted: {objection}"))
}

fn about_lock(checked: &CheckedLock, lock: LockPin) -> Vec<String> {
    let mut warnings = Vec::new();
    if checked.boards.len() > 1 {
        warnings
            .push("this is not a Raspberry Pi, and the pin was checked for every board: set [door] board".to_owned());
    }
    if checked.locked_at_boot_by == "config_txt" {
        let LockPin { pin, locked } = lock;
        warnings.push(format!(
            "{pin} is pulled {} from power-on until the firmware reads `{}`: add a resistor of 10 kΩ that pulls it {locked}, \
             to keep the door locked from power-on; the kernel must let pins keep their level when the unit ends, as \
             Raspberry Pi's own does",
            locked.other(),
            boot::config_line(lock),
        ));
    }
    warnings
}

/// Warns of lights and buzzers that are on until the program runs.
fn on_at_boot(config: &Config) -> Vec<String> {
    let boards = candidate_boards(config.door.board);
    let on_levels = [("lights.", config.lights.on_level), ("lamp.", config.lamp.on_level)];
    let lit = config.pins().into_iter().filter_map(|(key, pin)| {
        let (_, on) = on_levels.into_iter().find(|(section, _)| key.starts_with(section))?;
        let is_on = boards.iter().any(|board| board.level_at_reset(pin) == on);
        is_on.then(|| format!("{key} is {pin}, which is pulled {on} at reset: it is on while the Pi boots"))
    });
    lit.collect()
}

/// Warns of one contact without the other.
fn about_contacts(contacts: &Contacts) -> Option<String> {
    match (contacts.exit_pin, contacts.door_pin) {
        (Some(_), None) => Some("contacts.exit-pin has no effect without contacts.door-pin".to_owned()),
        (None, Some(_)) => Some(
            "contacts.door-pin is set without contacts.exit-pin: everybody who leaves is recorded as forcing the door"
                .to_owned(),
        ),
        _ => None,
    }
}

/// Warns of a reader whose device number can change.
fn about_device(reader: Option<&Reader>) -> Option<String> {
    let Some(Reader::Evdev { device, .. }) = reader else { return None };
    let moves = device.to_str().is_some_and(|path| path.starts_with("/dev/input/event"));
    moves.then(|| {
        format!(
            "reader.device is {}: this number can change when a device is plugged in, and another keyboard would be \
             read; use the reader's name in /dev/input/by-id",
            device.shown()
        )
    })
}

/// Warns of an OSDP reader that anybody at its wires can imitate, or that is not paired.
fn about_osdp(reader: Option<&Reader>) -> Option<String> {
    let Some(reader @ Reader::Osdp { .. }) = reader else { return None };
    let Some(key) = reader.needed_key() else {
        return Some(
            "reader.secure-channel is \"clear-text-accepted\": anybody who reaches the reader's wires can read card numbers \
             and send them"
                .to_owned(),
        );
    };
    match PairingKeys::read(key) {
        Ok(keys) if keys.0.is_empty() => Some(format!(
            "the card reader is not paired, so no card is read: there is no {}; run `edge-agent reader pair`",
            key.shown()
        )),
        Ok(_) => None,
        Err(error) => Some(format!("no card is read: {error:#}")),
    }
}

/// Warns of card formats in which noise on the wires makes another card's number.
fn about_formats(reader: Option<&Reader>) -> Vec<String> {
    let Some(table) = reader.and_then(Reader::wiegand_table) else { return Vec::new() };
    let warning = |name: &String| {
        format!(
            "reader.wiegand-format {name:?} has bits of the number that no parity covers: a flipped bit makes the number of \
             another card"
        )
    };
    table.uncovered().iter().map(warning).collect()
}

/// Warns of a lamp with which no trial can succeed.
fn about_lamp(config: &Config) -> Vec<String> {
    let mut warnings = Vec::new();
    if config.lamp.pin.is_none() {
        return warnings;
    }
    let (lamp, camera) = (&config.lamp, &config.camera);
    if lamp.delay_frames.is_none() {
        warnings.push(
            "[lamp] delay-frames is not set, so the lamp cannot tell who is live: `edge-agent doctor` measures it"
                .to_owned(),
        );
    }
    let is_held = camera.exposure_us.is_some() && camera.gain.is_some();
    if camera.source == Some(Source::Rpicam) && !is_held {
        warnings.push(
            "rpicam-vid cannot hold its exposure while the lamp plays its code: set [camera] exposure-us and gain to values \
             that suit the lit face"
                .to_owned(),
        );
    }
    if camera.source == Some(Source::Files) {
        warnings.push("[camera] source is \"files\": photos do not see the lamp".to_owned());
    }
    if !config.rules_with_threshold(1.0).liveness.measured().contains(Signal::Lamp) {
        warnings.push("[lamp] has no effect: list \"lamp\" in [liveness] required or recorded".to_owned());
    }
    warnings
}

/// Warns of an infrared camera that cannot tell who is live, or that nothing asks.
fn about_infrared(config: &Config) -> Vec<String> {
    let infrared = &config.camera.infrared;
    let Some(source) = infrared.source else { return Vec::new() };
    let mut warnings = Vec::new();
    if infrared.place.is_none() {
        warnings.push(
            "[camera.infrared] place is not set, so the infrared camera cannot tell who is live: `edge-agent doctor` \
             measures it"
                .to_owned(),
        );
    }
    if source == InfraredSource::Files {
        warnings.push("[camera.infrared] source is \"files\": photos do not see who is there".to_owned());
    }
    if !config.rules_with_threshold(1.0).liveness.measured().contains(Signal::Infrared) {
        warnings
            .push("[camera.infrared] has no effect: list \"infrared\" in [liveness] required or recorded".to_owned());
    }
    warnings
}

/// Warns of doors that a photo opens, and of those that need a card but have no reader. Says how to migrate the
/// configuration of an earlier version, whose default was the face alone.
fn about_faces_alone(config: &Config) -> Vec<String> {
    let rules = config.rules_with_threshold(1.0);
    let (mode, has_signal) = (config.policy.mode, !rules.liveness.required.is_empty());
    let mut warnings = Vec::new();
    if !config.door.moves_a_lock() {
        return warnings;
    }
    match (mode, config.policy.face_alone, has_signal) {
        (None | Some(Mode::CardAndFace | Mode::Card), _, _) | (_, _, true) => {}
        (_, Some(FaceAlone::Accepted), false) => warnings.push(
            "[policy] face-alone is \"accepted\" and no liveness signal is required: a photo of an enrolled person opens \
             this door"
                .to_owned(),
        ),
        (Some(_), None, false) => warnings.push(
            "[policy] mode lets a face open this door alone, but no liveness signal is required, so a card is needed as \
             well: require a signal in [liveness], or accept that a photo opens the door with [policy] face-alone = \
             \"accepted\""
                .to_owned(),
        ),
    }
    if config.reader.is_none() && mode == Some(Mode::Card) {
        warnings.push("a card is needed, but no [reader] is configured: nobody without a mode of their own can enter. Connect a reader".to_owned());
    } else if config.reader.is_none() && rules.is_card_door() {
        let why = if mode.is_none() { " (the default since version 0.3)" } else { "" };
        warnings.push(format!(
            "a card with its holder's face is needed{why}, but no [reader] is configured: nobody can enter. Connect a \
             reader; or require a liveness signal in [liveness] and set [policy] mode = \"face\"; or set mode = \"face\" \
             and face-alone = \"accepted\", after which a photo opens the door"
        ));
    }
    warnings
}

/// How to wire the lock so that the door is locked while the relay is at rest.
pub(super) const fn wiring_advice(wiring: Wiring) -> &'static str {
    match wiring {
        Wiring::Strike => {
            "use the relay's normally-open contact: a relay at rest supplies no power, and the door is locked"
        }
        Wiring::Maglock => {
            "use the relay's normally-closed contact: a relay at rest supplies the magnet, and the door is locked; the \
             exit button must interrupt the supply"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::gallery::{GalleryBuilder, ModelHash};

    fn warned(text: &str) -> Vec<String> {
        let config = Config::parse(text).unwrap();
        let lock = lock(&config, None).unwrap();
        let nobody = GalleryBuilder::new(1, ModelHash([0; 32]), 2).unwrap().build();
        warnings(&config, lock.as_ref(), &nobody)
    }

    #[test]
    fn risky_settings_give_warnings() {
        let lock = "[door]\nlock = \"gpio\"\npin = 17\nlocked-level = \"low\"\nboard = \"pi-4\"\n";
        let reader = "[reader]\nkind = \"wiegand\"\nd0-pin = 26\nd1-pin = 27\n";
        assert_eq!(warned(&format!("{lock}{reader}")), Vec::<String>::new());
        for (text, expected) in [
            ("", "no lock is configured"),
            ("[door]\nlock = \"scripted\"\n", "the lock is scripted"),
            (
                &format!("[door]\nlock = \"gpio\"\npin = 15\nlocked-level = \"low\"\nboard = \"pi-4\"\n{reader}"),
                "door.pin is GPIO15: it is the serial console",
            ),
            (
                &format!("{lock}{reader}[contacts]\nexit-pin = 3\ndoor-pin = 4\n"),
                "contacts.exit-pin is GPIO3: it has a resistor of 1.8",
            ),
            (&format!("{lock}{reader}[contacts]\nexit-pin = 23\n"), "contacts.exit-pin has no effect"),
            (
                &format!("{lock}{reader}[contacts]\ndoor-pin = 23\n"),
                "everybody who leaves is recorded as forcing the door",
            ),
            (&format!("{lock}[reader]\nkind = \"evdev\"\ndevice = \"/dev/input/event3\"\n"), "this number can change"),
            (
                &format!("{lock}{reader}[lights]\nbuzzer-pin = 5\n"),
                "lights.buzzer-pin is GPIO5, which is pulled high at reset",
            ),
            (&format!("{lock}{reader}[lights]\nred-pin = 13\non-level = \"low\"\n"), "lights.red-pin is GPIO13"),
            (&format!("{lock}{reader}[lamp]\npin = 12\ndelay-frames = 1.0\n"), "[lamp] has no effect"),
            (
                &format!("{lock}{reader}[lamp]\npin = 12\n[liveness]\nrequired = [\"lamp\"]\n"),
                "[lamp] delay-frames is not set",
            ),
            (
                &format!(
                    "{lock}{reader}[camera]\nsource = \"rpicam\"\n[lamp]\npin = 12\ndelay-frames = 2.0\n\
                     [liveness]\nrecorded = [\"lamp\"]\n"
                ),
                "rpicam-vid cannot hold its exposure",
            ),
            (
                &format!(
                    "{lock}{reader}[camera.infrared]\nsource = \"v4l\"\ndevice = \"a\"\n\
                     place = {{ scale = 1.0, right = 0.0, down = 0.0 }}\n"
                ),
                "[camera.infrared] has no effect",
            ),
            (
                &format!(
                    "{lock}{reader}[camera.infrared]\nsource = \"v4l\"\ndevice = \"a\"\n\
                     [liveness]\nrequired = [\"infrared\"]\n"
                ),
                "[camera.infrared] place is not set",
            ),
            (
                &format!(
                    "{lock}{reader}[camera.infrared]\nsource = \"files\"\nfiles = \"a\"\n\
                     place = {{ scale = 1.0, right = 0.0, down = 0.0 }}\n[liveness]\nrecorded = [\"infrared\"]\n"
                ),
                "photos do not see who is there",
            ),
            (
                &format!(
                    "{lock}[reader]\nkind = \"osdp\"\ndevice = \"/dev/serial0\"\nkey-file = \"/nowhere/reader.key\"\n"
                ),
                "the card reader is not paired",
            ),
            (
                &format!(
                    "{lock}[reader]\nkind = \"osdp\"\ndevice = \"/dev/serial0\"\n\
                     secure-channel = \"clear-text-accepted\"\n"
                ),
                "can read card numbers",
            ),
            (
                &format!("{lock}{reader}[[reader.wiegand-format]]\nname = \"own\"\nfields = \"{}\"\n", "N".repeat(32)),
                "\"own\" has bits of the number that no parity covers",
            ),
            (lock, "no [reader] is configured: nobody can enter"),
            (
                &format!("{lock}[policy]\nmode = \"face\"\nface-alone = \"accepted\"\n"),
                "a photo of an enrolled person opens this door",
            ),
            (
                &format!("{lock}{reader}[policy]\nmode = \"card-or-face\"\n"),
                "no liveness signal is required, so a card is needed",
            ),
        ] {
            let warned = warned(text);
            assert!(warned.len() == 1 && warned[0].contains(expected), "{text}: {warned:?}");
        }
    }
}
