//! Checks of the computer itself: clock, disk space, power supply and temperature.

use super::finding::Finding;
use crate::clock::{NOT_BEFORE_UTC_MS, Witnesses};
use crate::status::temperatures;
use files::Directory;
use std::fs;
use std::path::Path;
use terminal::ShowPath;

/// Below, a log of a few months has no room.
const FREE_BYTES: u64 = 200 << 20;
/// A Raspberry Pi slows down from 80 °C on.
const HOT: f64 = 75.0;

/// Whether the unit would trust the clock: people's dates and hours depend on it, and the log.
pub(super) fn clock(witnesses: &Witnesses, utc_ms: i64) -> Finding {
    let remedy = "`timedatectl set-ntp true` and a network, or an RTC with a battery; people with dates or hours are refused \
                  until then";
    match witnesses.ask(utc_ms) {
        Ok(evidence) if utc_ms >= NOT_BEFORE_UTC_MS => Finding::good("clock", format!("it is trusted: {evidence}")),
        Ok(evidence) => {
            Finding::bad("clock", format!("{evidence}, and it shows a time before this program was written"), remedy)
        }
        Err(doubt) => Finding::bad("clock", format!("it is not trusted: {doubt}"), remedy),
    }
}

/// Whether a folder can be written to, and has room.
pub(super) fn storage(folder: &Path) -> Finding {
    let shown = folder.shown();
    let written = Directory::open(folder).and_then(|folder| folder.try_writing());
    if let Err(error) = written {
        let remedy = "make the folder, give it to the unit's user, and see that the disk is not mounted read-only; run \
                      this as that user";
        return Finding::bad("storage", format!("{shown} cannot be written to: {error}"), remedy);
    }
    if let Some(kind) = rustix::fs::statfs(folder).ok().and_then(|disk| fleeting(disk.f_type as u64)) {
        let remedy =
            "keep the unit's folders on the SD card or a disk: what is written here may be gone after a restart";
        return Finding::note("storage", format!("{shown} lies on {kind}"), remedy);
    }
    match rustix::fs::statvfs(folder) {
        Ok(disk) => room(&shown.to_string(), disk.f_bavail.saturating_mul(disk.f_frsize)),
        Err(error) => Finding::note("storage", format!("{shown}: its room is not known: {error}"), "look with `df`"),
    }
}

/// A file system that may forget everything when the computer is switched off; by the numbers of `linux/magic.h`.
const fn fleeting(kind: u64) -> Option<&'static str> {
    match kind {
        0x0102_1994 => Some("a tmpfs, in the computer's memory"),
        0x8584_58f6 => Some("a ramfs, in the computer's memory"),
        0x794c_7630 => Some("an overlay, whose upper layer may be in the computer's memory"),
        _ => None,
    }
}

fn room(folder: &str, free: u64) -> Finding {
    let found = format!("{folder} can be written to, {} MB are free", free >> 20);
    match free < FREE_BYTES {
        true => {
            Finding::bad("storage", found, "make room: without it nothing can be recorded, and the door stays locked")
        }
        false => Finding::good("storage", found),
    }
}

/// What a Raspberry Pi says of its power supply.
pub(super) fn power(root: &Path) -> Finding {
    let throttled = fs::read_to_string(root.join("sys/devices/platform/soc/soc:firmware/get_throttled")).ok();
    if let Some(bits) = throttled.and_then(|text| u32::from_str_radix(text.trim().trim_start_matches("0x"), 16).ok()) {
        return of_firmware(bits);
    }
    match undervoltage_alarm(root) {
        Some(true) => under_voltage("now or since the start"),
        Some(false) => Finding::good("power", "no under-voltage"),
        None => Finding::note("power", "this computer says nothing about it", "on a Raspberry Pi, use its own supply"),
    }
}

/// The bits of the firmware's `get_throttled`: 0 to 3 now, 16 to 19 since the start.
fn of_firmware(bits: u32) -> Finding {
    let any = |bit: u32| bits & (1 << bit | 1 << (bit + 16)) != 0;
    let when = |bit: u32| if bits & 1 << bit != 0 { "now" } else { "since the start" };
    if any(0) {
        return under_voltage(when(0));
    }
    match [(1, "clock limited"), (2, "throttled"), (3, "too warm")].into_iter().find(|&(bit, _)| any(bit)) {
        Some((bit, what)) => {
            let found = format!("{what} ({}), firmware says {bits:#x}", when(bit));
            Finding::bad("power", found, "give it a heat sink or a fan, and air")
        }
        None => Finding::good("power", "no under-voltage, not throttled"),
    }
}

fn under_voltage(when: &str) -> Finding {
    let remedy = "use the Raspberry Pi's own power supply and a short cable; feed the lock from another";
    Finding::bad("power", format!("under-voltage ({when})"), remedy)
}

fn undervoltage_alarm(root: &Path) -> Option<bool> {
    let chips = fs::read_dir(root.join("sys/class/hwmon")).ok()?;
    let is_voltage = |path: &Path| fs::read_to_string(path.join("name")).is_ok_and(|name| name.trim() == "rpi_volt");
    let chip = chips.filter_map(|entry| Some(entry.ok()?.path())).find(|path| is_voltage(path))?;
    Some(fs::read_to_string(chip.join("in0_lcrit_alarm")).ok()?.trim() == "1")
}

/// What the sensors say.
pub(super) fn warmth(root: &Path) -> Vec<Finding> {
    temperatures(root)
        .into_iter()
        .map(|found| {
            let said = format!("{:.1} °C, {}", found.celsius, found.sensor);
            match found.celsius > HOT {
                true => Finding::bad("temperature", said, "give it a heat sink or a fan, and air"),
                false => Finding::good("temperature", said),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level::{self, Bad, Good, Note};
    use super::*;

    fn computer(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    #[test]
    fn power_of_a_raspberry_pi_and_of_others() {
        let firmware = "sys/devices/platform/soc/soc:firmware/get_throttled";
        let (chip, alarm) = ("sys/class/hwmon/hwmon1/name", "sys/class/hwmon/hwmon1/in0_lcrit_alarm");
        for (files, level, said) in [
            (&[][..], Note, "says nothing"),
            (&[(firmware, "0\n")], Good, "not throttled"),
            (&[(firmware, "50005\n")], Bad, "under-voltage (now)"),
            (&[(firmware, "10000\n")], Bad, "under-voltage (since the start)"),
            (&[(firmware, "20000\n")], Bad, "clock limited (since the start)"),
            (&[(firmware, "80008\n")], Bad, "too warm (now)"),
            (&[(firmware, "what\n")], Note, "says nothing"),
            (&[(chip, "rpi_volt\n"), (alarm, "1\n")], Bad, "under-voltage"),
            (&[(chip, "rpi_volt\n"), (alarm, "0\n")], Good, "no under-voltage"),
            (&[(chip, "nvme\n"), (alarm, "1\n")], Note, "says nothing"),
        ] {
            let root = computer(files);
            let found = power(root.path());
            assert_eq!(found.level, level, "{files:?}: {found:?}");
            assert!(found.found.contains(said), "{files:?}: {found:?}");
        }
    }

    #[test]
    fn storage_that_can_and_cannot_be_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let found = storage(folder.path());
        let is_fleeting = found.found.contains("lies on");
        assert!(found.found.contains("can be written to") || is_fleeting, "{found:?}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert_eq!(storage(&folder.path().join("none")).level, Bad);
        assert_eq!((room("a", 100 << 20).level, room("a", 1 << 30).level), (Bad, Good));
    }

    #[test]
    fn volatile_storage_for_the_log_is_reported() {
        for (kind, said) in
            [(0x0102_1994, Some("tmpfs")), (0x794c_7630, Some("overlay")), (0x8584_58f6, Some("ramfs")), (0xef53, None)]
        {
            assert_eq!(fleeting(kind).is_some(), said.is_some(), "{kind:x}");
            assert!(fleeting(kind).is_none_or(|found| found.contains(said.unwrap())));
        }
        // Always a tmpfs, where there is one.
        if let Ok(folder) = tempfile::tempdir_in("/dev/shm") {
            let found = storage(folder.path());
            assert!(found.level == Note && found.found.contains("tmpfs"), "{found:?}");
        }
    }

    #[test]
    fn a_clock_that_is_set() {
        let root = computer(&[("run/systemd/timesync/synchronized", "")]);
        let synchronised = root.path().join("run/systemd/timesync/synchronized");
        let witnesses =
            Witnesses { timedatectl: "/nowhere".into(), ..Witnesses::of_this_computer(&synchronised, None) };
        assert_eq!(clock(&witnesses, NOT_BEFORE_UTC_MS).level, Good);
        assert_eq!(clock(&witnesses, 0).level, Bad);
        let nobody = Witnesses { set_file: "/nowhere".into(), battery_clocks: "/nowhere".into(), ..witnesses };
        assert_eq!(clock(&nobody, NOT_BEFORE_UTC_MS).level, Bad);
    }

    #[test]
    fn warm_and_hot() {
        let zone = |thousandths| computer(&[("sys/class/thermal/thermal_zone0/temp", thousandths)]);
        let levels =
            |thousandths| warmth(zone(thousandths).path()).iter().map(|found| found.level).collect::<Vec<Level>>();
        assert_eq!((levels("48000"), levels("81000"), levels("")), (vec![Good], vec![Bad], vec![]));
    }
}
