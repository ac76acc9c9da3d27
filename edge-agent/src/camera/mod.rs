//! Cameras: the sources of frames.
//!
//! [`LiveCamera`] runs by itself: a thread reads a device (Video4Linux, `rpicam-vid`, photos), reopens it after a loss,
//! and passes the newest frame to the loop. [`FileFrames`] is the camera of a simulation, which shows given photos.

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
use std::time::Instant;
use terminal::ShowPath;

/// A camera or a substitute.
pub trait FrameSource {
    /// Waits for the newest frame, with a timeout.
    ///
    /// # Errors
    /// If there will be no frames without intervention.
    fn next_frame(&mut self) -> Result<Captured<'_>, CameraError>;

    /// Holds exposure, gain and white balance constant, or gives them back to the camera. Takes effect with one of the
    /// next frames. A camera that adjusts nothing ignores it.
    fn hold_exposure(&mut self, is_held: bool) {
        let _ = is_held;
    }
}

/// Called by the camera's thread as soon as it has captured a frame. The frame keeps what this returns: the index of the
/// symbol of the lamp's code that was playing while the frame arrived; `None` if no code was.
pub(crate) type OnFrame = Box<dyn Fn(Instant) -> Option<i32> + Send>;

/// The result of waiting for a frame.
#[derive(Debug)]
pub enum Captured<'a> {
    /// A frame, borrowed from the camera, so that nothing is copied; and the symbol of the lamp's code, as in
    /// `OnFrame`.
    Frame(&'a Frame, Option<i32>),
    /// No frame in time, which counts as a frame with nobody in it.
    Nothing,
}

/// Why a camera delivers no frames.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CameraError {
    /// A folder cannot be read.
    #[error("cannot read {}: {source}", path.shown())]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] ReadError),
    /// A file is not a photo.
    #[error("{} cannot be read: {source}", path.shown())]
    NoPhoto {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: PhotoError,
    },
    /// The folder has no files.
    #[error("there are no files in {}: give a photo, or a folder of photos", folder.shown())]
    NoFiles {
        /// The folder.
        folder: PathBuf,
    },
}
