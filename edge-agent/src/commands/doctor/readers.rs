//! Whether the card reader is there, and which devices could be one.

use super::finding::Finding;
use crate::config::Reader;
use crate::reader::{Baud, PairingKeys, open_line, try_out};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use terminal::{ShowPath, on_one_line};

const ABOUT: &str = "reader";

/// Where a USB reader may be.
const KEYBOARDS: &[&str] = &["dev/input/by-id"];
/// Where an RS-485 adapter or hat may be.
const SERIAL: &[&str] = &["dev/serial/by-id", "dev/serial0", "dev/ttyAMA0"];

/// The finding about this reader; about devices that could be one if none is configured. The wires of a Wiegand reader
/// show nothing.
pub(super) fn finding(reader: Option<&Reader>, root: &Path) -> Option<Finding> {
    match reader {
        Some(Reader::Wiegand { .. }) => None,
        Some(Reader::Evdev { device, .. }) => Some(about_device(device, &present(KEYBOARDS, root))),
        Some(Reader::Osdp { device, .. }) if !device.exists() => Some(about_device(device, &present(SERIAL, root))),
        Some(reader @ Reader::Osdp { device, baud, address, .. }) => {
            Some(about_osdp(device, *baud, *address, reader.needed_key()))
        }
        None => {
            let found = present(KEYBOARDS, root);
            let remedy = "if one of them is a card reader, set [reader] device";
            (!found.is_empty())
                .then(|| Finding::note(ABOUT, format!("none is set; there are {}", found.join(", ")), remedy))
        }
    }
}

fn about_device(device: &Path, others: &[String]) -> Finding {
    let shown = device.shown();
    if device.exists() {
        return Finding::good(ABOUT, format!("{shown} is there"));
    }
    let others = if others.is_empty() {
        "nothing like it is there".to_owned()
    } else {
        format!("there are {}", others.join(", "))
    };
    Finding::bad(ABOUT, format!("there is no {shown}; {others}"), "plug it in, or set [reader] device")
}

/// Speaks to an OSDP reader, with the key of this file.
fn about_osdp(device: &Path, baud: Baud, address: u8, key_file: Option<&Path>) -> Finding {
    let shown = device.shown();
    let keys = match key_file.map(PairingKeys::read) {
        Some(Ok(keys)) if keys.0.is_empty() => {
            return Finding::bad(ABOUT, "it is not paired: no card is read", "run `edge-agent reader pair`");
        }
        Some(Ok(keys)) => keys,
        Some(Err(error)) => {
            let remedy = "make it readable by its owner only (chmod 600), or remove it and pair the reader again";
            return Finding::bad(ABOUT, on_one_line(&error), remedy);
        }
        None => PairingKeys(Vec::new()),
    };
    let mut line = match open_line(device, baud) {
        Ok(line) => line,
        Err(error) if error.kind() == ErrorKind::ResourceBusy => {
            let remedy = "to test the reader, stop the unit first: systemctl stop edge-agent";
            return Finding::note(ABOUT, format!("another program uses {shown}"), remedy);
        }
        Err(error) => {
            return Finding::bad(ABOUT, format!("{shown}: {error}"), "check [reader] device and who may use it");
        }
    };
    match try_out(&mut line, address, &keys) {
        Ok(identity) if keys.0.is_empty() => {
            Finding::good(ABOUT, format!("{shown} answers in clear text ({identity})"))
        }
        Ok(identity) => Finding::good(ABOUT, format!("{shown} answers through the secure channel ({identity})")),
        Err(error) => {
            let remedy =
                "check its power, both wires (A to A, B to B), [reader] baud and address, and that it is paired";
            Finding::bad(ABOUT, format!("{shown}: {error}"), remedy)
        }
    }
}

/// The devices at these places under `root`: each place is a device or a folder of devices.
fn present(places: &[&str], root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for place in places.iter().map(|place| root.join(place)) {
        match fs::read_dir(&place) {
            Ok(entries) => found.extend(entries.filter_map(Result::ok).map(|entry| entry.path())),
            Err(_) if place.exists() => found.push(place),
            Err(_) => {}
        }
    }
    found.sort();
    found.iter().map(|path| path.shown().to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn a_reader_that_is_missing_is_named_with_the_devices_that_are_there() {
        let folder = tempfile::tempdir().unwrap();
        let keyboards = folder.path().join("dev/input/by-id");
        fs::create_dir_all(&keyboards).unwrap();
        fs::write(keyboards.join("usb-RFID-event-kbd"), "").unwrap();
        let there = keyboards.join("usb-RFID-event-kbd").to_str().unwrap().to_owned();
        let reader = |kind: &str, device: &str, more: &str| {
            let text = format!("[reader]\nkind = \"{kind}\"\ndevice = \"{device}\"\n{more}");
            Config::parse(&text).unwrap().reader
        };
        for (reader, expected) in [
            (None, "none is set; there are /"),
            (reader("evdev", "/nowhere/kbd", ""), "there is no /nowhere/kbd; there are /"),
            (reader("evdev", &there, ""), "usb-RFID-event-kbd is there"),
            (reader("osdp", "/nowhere/ttyS9", ""), "there is no /nowhere/ttyS9; nothing like it is there"),
            (reader("osdp", &there, "key-file = \"/nowhere/reader.key\""), "it is not paired"),
            (reader("osdp", &there, "secure-channel = \"clear-text-accepted\""), "usb-RFID-event-kbd: "),
        ] {
            let found = finding(reader.as_ref(), folder.path()).unwrap();
            assert!(found.found.contains(expected), "{found:?} {expected}");
        }
        assert_eq!(finding(None, Path::new("/nowhere")), None);
    }
}
