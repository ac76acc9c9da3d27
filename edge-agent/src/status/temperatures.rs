//! The temperatures of the computer.

use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;

/// The reading of one sensor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Temperature {
    /// Its name, such as `cpu-thermal`.
    pub(crate) sensor: String,
    pub(crate) celsius: f64,
}

/// All sensors in `/sys/class/thermal` below `root` (normally `/`), in the order of their numbers. Empty if there are
/// none.
pub(crate) fn temperatures(root: &Path) -> Vec<Temperature> {
    let Ok(entries) = fs::read_dir(root.join("sys/class/thermal")) else { return Vec::new() };
    let zones = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let mut zones: Vec<_> = zones.filter(|path| path.to_string_lossy().contains("thermal_zone")).collect();
    zones.sort();
    zones.iter().filter_map(|zone| of_zone(zone)).collect()
}

fn of_zone(zone: &Path) -> Option<Temperature> {
    let thousandths: f64 = fs::read_to_string(zone.join("temp")).ok()?.trim().parse().ok()?;
    let sensor = fs::read_to_string(zone.join("type")).unwrap_or_default().trim().to_owned();
    Some(Temperature { sensor, celsius: thousandths / 1000.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_readable_sensor_is_listed() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(temperatures(root.path()), []);
        for (zone, kind, temp) in [
            ("thermal_zone0", "cpu-thermal\n", "48312\n"),
            ("thermal_zone1", "acpitz\n", "-5000"),
            ("thermal_zone2", "broken", "?"),
            ("cooling_device0", "Fan", "1"),
        ] {
            let folder = root.path().join("sys/class/thermal").join(zone);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("type"), kind).unwrap();
            fs::write(folder.join("temp"), temp).unwrap();
        }
        let named = |sensor: &str, celsius| Temperature { sensor: sensor.to_owned(), celsius };
        assert_eq!(temperatures(root.path()), [named("cpu-thermal", 48.312), named("acpitz", -5.0)]);
    }
}
