//! Where frames come from.
//!
//! [`LiveCamera`] is a camera that runs by itself, whatever it is: a thread of its own reads a device (Video4Linux,
//! `rpicam-vid`, photos), opens it again when it is lost, and leaves the newest picture for the loop. [`FileFrames`] is
//! the camera of a simulation, which shows what it is told to.

mod capture;
mod convert;
mod device;
mod files;
mod health;
mod layout;
mod live;
mod orientation;
mod photos;
mod power_line;
mod rpicam;
#[cfg(test)]
mod scripted;
mod slot;
mod v4l;

pub use convert::{Damaged, into_frame};
pub(crate) use device::Device;
pub use device::Fault;
pub use files::FileFrames;
pub use health::{CameraReport, CameraState, Health};
pub use layout::{Layout, PixelFormat};
pub use live::LiveCamera;
pub use orientation::{Orientation, Rotation};
pub(crate) use photos::PhotoCamera;
pub use power_line::PowerLine;
pub(crate) use rpicam::{RpicamCamera, Settings as RpicamSettings, configured_size, refuse_argument};
pub(crate) use v4l::{Adjustments, V4lCamera, Wanted, may_be_renumbered};

use ::files::ReadError;
use models::Frame;
use models::photo::PhotoError;
use std::path::PathBuf;
use terminal::ShowPath;

/// A camera, or what stands in for one.
pub trait FrameSource {
    /// Waits for the newest frame, but not for ever.
    ///
    /// # Errors
    /// When there will be no frames without something being done about it.
    fn next_frame(&mut self) -> Result<Captured<'_>, CameraError>;
}

/// What a camera gave.
#[derive(Debug)]
pub enum Captured<'a> {
    /// A frame; it stays the camera's own, so that nothing is copied.
    Frame(&'a Frame),
    /// No frame in time: the camera shows nobody, as far as anyone knows.
    Nothing,
}

/// Why a camera gives no frames.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CameraError {
    /// A folder cannot be read.
    #[error("cannot read {}: {source}", path.shown())]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is not what can be read.
    #[error(transparent)]
    File(#[from] ReadError),
    /// A file is not a photo.
    #[error("{} cannot be shown: {source}", path.shown())]
    NoPhoto {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: PhotoError,
    },
    /// There is nothing to show.
    #[error("there are no files in {}: give a photo, or a folder of photos", folder.shown())]
    NoFiles {
        /// The folder.
        folder: PathBuf,
    },
}
