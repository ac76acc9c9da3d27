//! `[camera.infrared]`: the second camera, which sees infrared.

use super::ConfigError;
use crate::camera::{PixelFormat, Rotation};
use crate::infrared::Place;
use crate::usb_port::UsbPort;
use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;

/// Every key of the section.
#[cfg(test)]
pub(super) const KEYS: [&str; 12] = [
    "source",
    "device",
    "usb-port",
    "format",
    "width",
    "height",
    "frames-per-second",
    "rotate",
    "mirror",
    "files",
    "files-seconds",
    "place",
];

/// The section `[camera.infrared]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Infrared {
    /// The kind of camera; no infrared camera if not set.
    pub source: Option<InfraredSource>,
    /// For `v4l`: the device file of the camera, preferably in `/dev/v4l/by-id/`.
    pub device: Option<PathBuf>,
    /// For `v4l`: the USB port that the camera must be plugged into.
    pub usb_port: Option<UsbPort>,
    /// For `v4l`: the required pixel format; the best available one if not set.
    pub format: Option<PixelFormat>,
    /// Requested width in pixels, 64 to 4096.
    pub width: u32,
    /// Requested height in pixels, 64 to 4096.
    pub height: u32,
    /// Requested frames per second, 1 to 120.
    pub frames_per_second: f64,
    /// Clockwise rotation of frames, so that people stand upright.
    pub rotate: Rotation,
    /// Whether frames are mirrored left to right after the rotation.
    pub mirror: bool,
    /// For `files`: a photo or a folder of photos.
    pub files: Option<PathBuf>,
    /// For `files`: how long each photo is shown, in seconds, 0 to 3600.
    pub files_seconds: f64,
    /// Where it sees a face that the first camera sees; `edge-agent doctor` measures it.
    pub place: Option<Place>,
}

/// The kinds of infrared cameras.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InfraredSource {
    /// Video4Linux: USB cameras.
    V4l,
    /// Photos in place of a camera.
    Files,
}

impl Default for Infrared {
    fn default() -> Self {
        Self {
            source: None,
            device: None,
            usb_port: None,
            format: None,
            width: 640,
            height: 480,
            frames_per_second: 30.0,
            rotate: Rotation::None,
            mirror: false,
            files: None,
            files_seconds: 5.0,
            place: None,
        }
    }
}

impl Infrared {
    /// How long to wait for a frame: two intervals, 50 to 300 ms.
    pub fn frame_wait(&self) -> Duration {
        Duration::from_secs_f64((2.0 / self.frames_per_second).clamp(0.05, 0.3))
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let range =
            |key, found: &dyn ToString, wanted| Err(ConfigError::Range { key, found: found.to_string(), wanted });
        for (key, side) in [("camera.infrared.width", self.width), ("camera.infrared.height", self.height)] {
            if !(64..=4096).contains(&side) {
                return range(key, &side, "pixels, 64 to 4096");
            }
        }
        if !(1.0..=120.0).contains(&self.frames_per_second) {
            let key = "camera.infrared.frames-per-second";
            return range(key, &self.frames_per_second, "frames per second, 1 to 120");
        }
        if !(0.0..=3600.0).contains(&self.files_seconds) {
            let wanted = "the time for which each photo is shown in seconds, 0 to 3600";
            return range("camera.infrared.files-seconds", &self.files_seconds, wanted);
        }
        if let Some(place) = self.place.filter(|place| !place.is_possible()) {
            let wanted = "scale 0.2 to 5, right and down -1 to 1; `edge-agent doctor` measures them";
            return range("camera.infrared.place", &place, wanted);
        }
        match self.source {
            Some(InfraredSource::V4l) if self.device.is_none() => {
                let wanted =
                    "source \"v4l\" needs the camera, such as /dev/v4l/by-id/...; `edge-agent doctor` lists them";
                range("camera.infrared.device", &"not set", wanted)
            }
            Some(InfraredSource::Files) if self.files.is_none() => {
                range("camera.infrared.files", &"not set", "source \"files\" needs a photo or a folder of photos")
            }
            _ => Ok(()),
        }
    }
}
