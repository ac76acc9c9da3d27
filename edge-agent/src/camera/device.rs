//! What the capture thread asks of a camera, and everything that can go wrong with one.

use super::convert::Damaged;
use super::layout::Layout;
use crate::usb_port::UsbPort;
use std::io;
use std::path::{Path, PathBuf};
use terminal::ShowPath;

/// A camera, a program that reads one, or a script.
pub(crate) trait Device: Send {
    /// Opens it and starts its stream; says what will come.
    ///
    /// # Errors
    /// [`Fault`]
    fn open(&mut self) -> Result<Opened, Fault>;

    /// Waits for the next picture, but not for ever, and puts its bytes into the empty `picture`.
    ///
    /// # Errors
    /// [`Fault`]: after [`Fault::Damaged`] the next picture may be whole; after any other the device is closed.
    fn capture(&mut self, picture: &mut Vec<u8>) -> Result<Layout, Fault>;

    /// Stops and closes it; also called when it is not open.
    fn close(&mut self);
}

/// A camera that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Opened {
    /// What it is and what it gives, for people.
    pub(crate) description: String,
    /// Where it is plugged in; `None` if it is not on USB.
    pub(crate) usb_port: Option<UsbPort>,
}

/// Why a camera gives no pictures. All of them may pass without anybody starting the unit again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// There is nothing at its place.
    #[error("{} is not there: plug the camera in; `edge-agent doctor` lists those that are", place.shown())]
    NotThere {
        /// Where it should be.
        place: PathBuf,
    },
    /// The unit's user may not open it.
    #[error("{} may not be opened: the unit's user must be in the group `video`", place.shown())]
    PermissionDenied {
        /// Where it is.
        place: PathBuf,
    },
    /// Another program has it.
    #[error("{} is in use: end the other program that reads it", place.shown())]
    Busy {
        /// Where it is.
        place: PathBuf,
    },
    /// It is plugged in where the configuration does not want it.
    #[error(
        "{} is at {}, and [camera] usb-port wants {}: somebody has plugged in another camera, or this one elsewhere",
        place.shown(),
        found.as_ref().map_or_else(|| "no USB port".to_owned(), |found| format!("USB port {}", found.as_str())),
        wanted.as_str()
    )]
    OtherPort {
        /// Where it is.
        place: PathBuf,
        /// Where it is plugged in; `None` if it is not on USB.
        found: Option<UsbPort>,
        /// Where it should be.
        wanted: UsbPort,
    },
    /// It was there, and is gone.
    #[error("the camera was unplugged")]
    Unplugged,
    /// No picture came in time.
    #[error("the camera gave no picture for {waited_ms} ms")]
    Stalled {
        /// How long was waited.
        waited_ms: u64,
    },
    /// One picture was none.
    #[error("{0}")]
    Damaged(#[from] Damaged),
    /// Picture after picture was none.
    #[error("{pictures} pictures in a row were damaged, the last because {reason}")]
    OnlyDamaged {
        /// How many.
        pictures: u32,
        /// What was wrong with the last.
        reason: String,
    },
    /// It gives other pictures than those asked for.
    #[error("the camera gives {found}, not {wanted}")]
    WrongSize {
        /// What was asked for.
        wanted: String,
        /// What it gives.
        found: String,
    },
    /// It can do nothing that is understood.
    #[error("{} is no camera that can be used: {reason}", place.shown())]
    Unusable {
        /// Where it is.
        place: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The program that reads it ended.
    #[error("{program} ended ({status}): {said}")]
    Ended {
        /// The program.
        program: String,
        /// How it ended.
        status: String,
        /// The last that it said.
        said: String,
    },
    /// Anything else that the system says.
    #[error("the camera failed: {0}")]
    System(#[source] io::Error),
    /// The driver's binding gave up.
    #[error("the camera's driver gave up: {said}")]
    Panicked {
        /// What it said.
        said: String,
    },
}

impl Fault {
    /// A stable code, in snake_case.
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

    /// Where the device is plugged in that was refused.
    pub(super) fn usb_port(&self) -> Option<&UsbPort> {
        match self {
            Self::OtherPort { found, .. } => found.as_ref(),
            _ => None,
        }
    }

    /// What the system's refusal means for the camera at that place.
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
    fn what_the_system_says_becomes_what_to_do() {
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
