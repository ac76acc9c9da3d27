//! The USB port that a device is plugged into, which stays the same when another device of the same name takes its
//! place.

use serde::Deserialize;
use std::fs;
use std::os::fd::{AsRawFd, RawFd};
use std::os::linux::fs::MetadataExt;
use std::path::Path;
use std::str::FromStr;

/// A port as Linux names it: the bus, then the port of each hub on the way, such as `1-1.3`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct UsbPort(String);

/// The text is not the name of a USB port.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a USB port such as \"1-1.3\"; the audit log and the journal name the port of each device")]
pub struct UsbPortError(String);

impl UsbPort {
    /// As in the configuration.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The port of an open device, even if another device has taken its name since; `None` if it is not on USB.
    pub(crate) fn from_device(device: &impl AsRawFd) -> Option<Self> {
        Self::from_descriptor(device.as_raw_fd())
    }

    /// [`from_device`](Self::from_device) by the number of the file descriptor.
    pub(crate) fn from_descriptor(device: RawFd) -> Option<Self> {
        let number = fs::metadata(format!("/proc/self/fd/{device}")).ok()?.st_rdev();
        let (major, minor) = (rustix::fs::major(number), rustix::fs::minor(number));
        Self::below(Path::new("/sys/dev/char"), major, minor)
    }

    fn below(devices: &Path, major: u32, minor: u32) -> Option<Self> {
        let device = fs::canonicalize(devices.join(format!("{major}:{minor}"))).ok()?;
        // The last hub in the path is the nearest.
        device.iter().rev().find_map(|name| name.to_str()?.parse().ok())
    }
}

impl FromStr for UsbPort {
    type Err = UsbPortError;

    fn from_str(text: &str) -> Result<Self, UsbPortError> {
        let is_number = |digits: &str| (1..=3).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        let is_port = text.len() <= 32
            && text.split_once('-').is_some_and(|(bus, ports)| is_number(bus) && ports.split('.').all(is_number));
        if is_port { Ok(Self(text.to_owned())) } else { Err(UsbPortError(text.to_owned())) }
    }
}

impl TryFrom<String> for UsbPort {
    type Error = UsbPortError;

    fn try_from(text: String) -> Result<Self, UsbPortError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_device_is_at_the_port_of_the_nearest_hub() {
        let root = tempfile::tempdir().unwrap();
        let numbers = root.path().join("dev/char");
        fs::create_dir_all(&numbers).unwrap();
        for (minor, device, port) in [
            (0, "devices/pci0/usb1/1-1/1-1.3/1-1.3:1.0/video4linux/video0", Some("1-1.3")),
            (1, "devices/pci0/usb3/3-2/3-2:1.0/0003:1234:5678.0001/input/input5/event3", Some("3-2")),
            (2, "devices/platform/axi/1f00110000.csi/video4linux/video2", None),
        ] {
            fs::create_dir_all(root.path().join(device)).unwrap();
            symlink(root.path().join(device), numbers.join(format!("81:{minor}"))).unwrap();
            let found = UsbPort::below(&numbers, 81, minor);
            assert_eq!(found.as_ref().map(UsbPort::as_str), port, "{device}");
        }
        assert_eq!(UsbPort::below(&numbers, 81, 9), None);
        assert_eq!(UsbPort::from_device(&fs::File::open("/dev/null").unwrap()), None);
    }

    #[test]
    fn port_names() {
        for (text, is_port) in [
            ("1-1", true),
            ("1-1.3", true),
            ("10-1.2.3.4", true),
            ("", false),
            ("usb1", false),
            ("1-", false),
            ("1-1.", false),
            ("1-1.3:1.0", false),
            ("../1-1", false),
        ] {
            assert_eq!(text.parse::<UsbPort>().is_ok(), is_port, "{text}");
        }
    }
}
