//! The interface of a camera device, and its faults.

use super::convert::Damaged;
use super::layout::Layout;
use crate::usb_port::UsbPort;
use std::io;
use std::path::{Path, PathBuf};
use terminal::ShowPath;

/// A camera, a program that reads one, or a scripted camera.
pub(crate) trait Device: Send {
    /// Opens the camera, starts its stream, and returns its description.
    ///
    /// # Errors
    /// [`Fault`]
    fn open(&mut self) -> Result<Opened, Fault>;

    /// Waits for the next frame, with a timeout, and appends its bytes to the empty `picture`.
    ///
    /// # Errors
    /// [`Fault`]. After [`Fault::Damaged`] the next frame may be good; after any other fault the device must be
    /// reopened.
    fn capture(&mut self, picture: &mut Vec<u8>) -> Result<Layout, Fault>;

    /// Holds exposure, gain and white balance constant, or gives them back to the camera. The camera is open. A camera
    /// that adjusts nothing, or cannot be told while it runs, ignores it.
    fn hold_exposure(&mut self, is_held: bool) {
        let _ = is_held;
    }

    /// Stops the stream and closes the camera. May be called when it is not open.
    fn close(&mut self);
}

/// A camera that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Opened {
    /// The device and its format, for people.
    pub(crate) description: String,
    /// The USB port; `None` if it is not on USB.
    pub(crate) usb_port: Option<UsbPort>,
}

/// Why a camera delivers no frames. The unit recovers from each of these without a restart.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// There is no such device.
    #[error("{} does not exist: plug in the camera; `edge-agent doctor` lists the connected ones", place.shown())]
    NotThere {
        /// The path of the device.
        place: PathBuf,
    },
    /// The unit's user has no permission.
    #[error("no permission to open {}: add the unit's user to the group `video`", place.shown())]
    PermissionDenied {
        /// The path of the device.
        place: PathBuf,
    },
    /// Another program uses it.
    #[error("{} is in use: stop the other program that uses it", place.shown())]
    Busy {
        /// The path of the device.
        place: PathBuf,
    },
    /// It is at another USB port than the configured one.
    #[error(
        "{} is at {}, but its usb-port is configured as {}: this is another camera, or it was plugged in elsewhere",
        place.shown(),
        found.as_ref().map_or_else(|| "no USB port".to_owned(), |found| format!("USB port {}", found.as_str())),
        wanted.as_str()
    )]
    OtherPort {
        /// The path of the device.
        place: PathBuf,
        /// Its USB port; `None` if it is not on USB.
        found: Option<UsbPort>,
        /// The configured port.
        wanted: UsbPort,
    },
    /// It was unplugged.
    #[error("the camera was unplugged")]
    Unplugged,
    /// No frame arrived in time.
    #[error("the camera delivered no frame for {waited_ms} ms")]
    Stalled {
        /// How long the unit waited, in milliseconds.
        waited_ms: u64,
    },
    /// A frame could not be decoded.
    #[error("{0}")]
    Damaged(#[from] Damaged),
    /// Too many frames in a row could not be decoded.
    #[error("{pictures} damaged frames in a row; the last one: {reason}")]
    OnlyDamaged {
        /// How many frames.
        pictures: u32,
        /// What was wrong with the last one.
        reason: String,
    },
    /// The frames do not have the requested size.
    #[error("the camera delivers {found}, not {wanted}")]
    WrongSize {
        /// The requested format.
        wanted: String,
        /// The format of the frames.
        found: String,
    },
    /// It cannot be used as a camera.
    #[error("{} cannot be used as a camera: {reason}", place.shown())]
    Unusable {
        /// The path of the device.
        place: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The program that reads it has exited.
    #[error("{program} exited ({status}): {message}")]
    Ended {
        /// The program.
        program: String,
        /// The exit status.
        status: String,
        /// Its last message.
        message: String,
    },
    /// Another error of the operating system.
    #[error("the camera failed: {0}")]
    System(#[source] io::Error),
    /// The driver's binding panicked.
    #[error("the camera driver's binding panicked: {message}")]
    Panicked {
        /// The panic message.
        message: String,
    },
}

impl Fault {
    /// The stable code in `snake_case`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotThere { .. } => "not_there",
            Self::PermissionDenied { .. } => "permission_denied",
            Self::Busy { .. } => "busy",
            Self::OtherPort { .. } => "other_port",
            Self::Unplugged => "unplugged",
            Self::Stalled { .. } => "stalled",
            Self::Damaged(_) | Self::OnlyDamaged { .. } => "damaged",
            Self::WrongSize { .. } => "wrong_size",
            Self::Unusable { .. } => "unusable",
            Self::Ended { .. } => "ended",
            Self::System(_) => "system",
            Self::Panicked { .. } => "panicked",
        }
    }

    /// The USB port of the refused device.
    pub(super) fn usb_port(&self) -> Option<&UsbPort> {
        match self {
            Self::OtherPort { found, .. } => found.as_ref(),
            _ => None,
        }
    }

    /// The fault for an error of the operating system on the device at `place`.
    pub(super) fn from_io(error: io::Error, place: &Path) -> Self {
        let place = place.to_owned();
        let no_device = [rustix::io::Errno::NODEV, rustix::io::Errno::NXIO].map(|errno| Some(errno.raw_os_error()));
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotThere { place },
            io::ErrorKind::PermissionDenied => Self::PermissionDenied { place },
            io::ErrorKind::ResourceBusy => Self::Busy { place },
            _ if no_device.contains(&error.raw_os_error()) => Self::Unplugged,
            _ => Self::System(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::io::Errno;

    #[test]
    fn system_errors_become_faults() {
        for (errno, code) in [
            (Errno::NOENT, "not_there"),
            (Errno::ACCESS, "permission_denied"),
            (Errno::PERM, "permission_denied"),
            (Errno::BUSY, "busy"),
            (Errno::NODEV, "unplugged"),
            (Errno::NXIO, "unplugged"),
            (Errno::IO, "system"),
        ] {
            let fault = Fault::from_io(errno.into(), Path::new("/dev/video7"));
            assert_eq!(fault.code(), code);
            assert_eq!(
                fault.to_string().contains("/dev/video7"),
                ["not_there", "permission_denied", "busy"].contains(&code)
            );
        }
    }
}
