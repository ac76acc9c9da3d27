//! `[camera]`: the camera of the unit.

use super::{ConfigError, Infrared, InfraredSource};
use crate::camera::{Orientation, PixelFormat, PowerLine, Rotation, refuse_argument};
use crate::usb_port::UsbPort;
use serde::Deserialize;
use std::path::PathBuf;

/// Every key of the section.
#[cfg(test)]
pub(super) const KEYS: [&str; 19] = [
    "source",
    "device",
    "usb-port",
    "format",
    "width",
    "height",
    "frames-per-second",
    "buffers",
    "exposure-us",
    "gain",
    "focus",
    "power-line-hz",
    "rotate",
    "mirror",
    "rpicam-program",
    "rpicam-camera",
    "rpicam-arguments",
    "files",
    "files-seconds",
];

/// The section `[camera]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Camera {
    /// The kind of camera; `edge-agent run` needs one.
    pub source: Option<Source>,
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
    /// For `v4l`: the number of frames the driver may fill in advance, 2 to 4.
    pub buffers: u32,
    /// Exposure time of a frame in microseconds.
    pub exposure_us: Option<u32>,
    /// Gain: for `v4l` in the camera's own unit, for `rpicam` a factor.
    pub gain: Option<f32>,
    /// Focus: for `v4l` in the camera's own unit, for `rpicam` in dioptres.
    pub focus: Option<f32>,
    /// The mains frequency, at which lamps flicker.
    pub power_line_hz: Option<PowerLine>,
    /// Clockwise rotation of frames, so that people stand upright.
    pub rotate: Rotation,
    /// Whether frames are mirrored left to right after the rotation.
    pub mirror: bool,
    /// For `rpicam`: the program.
    pub rpicam_program: PathBuf,
    /// For `rpicam`: the number of the camera, from 0.
    pub rpicam_camera: Option<u32>,
    /// For `rpicam`: additional arguments for the program.
    pub rpicam_arguments: Vec<String>,
    /// For `files`: a photo or a folder of photos.
    pub files: Option<PathBuf>,
    /// For `files`: how long each photo is shown, in seconds, 0 to 3600.
    pub files_seconds: f64,
    /// The second camera, which sees infrared.
    pub infrared: Infrared,
}

/// The kinds of cameras.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Video4Linux: USB cameras.
    V4l,
    /// The Raspberry Pi's camera modules, through `rpicam-vid`.
    Rpicam,
    /// Photos in place of a camera.
    Files,
}

impl Default for Camera {
    fn default() -> Self {
        Self {
            source: None,
            device: None,
            usb_port: None,
            format: None,
            width: 1280,
            height: 720,
            frames_per_second: 15.0,
            buffers: 3,
            exposure_us: None,
            gain: None,
            focus: None,
            power_line_hz: None,
            rotate: Rotation::None,
            mirror: false,
            rpicam_program: PathBuf::from("rpicam-vid"),
            rpicam_camera: None,
            rpicam_arguments: Vec::new(),
            files: None,
            files_seconds: 5.0,
            infrared: Infrared::default(),
        }
    }
}

impl Camera {
    /// The rotation and mirroring applied to every frame.
    pub const fn orientation(&self) -> Orientation {
        Orientation { rotation: self.rotate, mirror: self.mirror }
    }

    /// The infrared camera's settings as those of a camera; `None` if there is none.
    pub fn second(&self) -> Option<Self> {
        let second = self.infrared.clone();
        let source = match second.source? {
            InfraredSource::V4l => Source::V4l,
            InfraredSource::Files => Source::Files,
        };
        Some(Self {
            source: Some(source),
            device: second.device,
            usb_port: second.usb_port,
            format: second.format,
            width: second.width,
            height: second.height,
            frames_per_second: second.frames_per_second,
            rotate: second.rotate,
            mirror: second.mirror,
            files: second.files,
            files_seconds: second.files_seconds,
            ..Self::default()
        })
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let range =
            |key, found: &dyn ToString, wanted| Err(ConfigError::Range { key, found: found.to_string(), wanted });
        let sides = 64..=4096;
        if !sides.contains(&self.width) {
            return range("camera.width", &self.width, "pixels, 64 to 4096");
        }
        if !sides.contains(&self.height) {
            return range("camera.height", &self.height, "pixels, 64 to 4096");
        }
        if !(1.0..=120.0).contains(&self.frames_per_second) {
            return range("camera.frames-per-second", &self.frames_per_second, "frames per second, 1 to 120");
        }
        if !(2..=4).contains(&self.buffers) {
            return range("camera.buffers", &self.buffers, "the number of frames captured in advance, 2 to 4");
        }
        if self.exposure_us.is_some_and(|us| !(1..=10_000_000).contains(&us)) {
            let found = self.exposure_us.unwrap_or_default();
            return range("camera.exposure-us", &found, "microseconds, 1 to 10000000");
        }
        for (key, value) in [("camera.gain", self.gain), ("camera.focus", self.focus)] {
            if let Some(value) = value.filter(|value| !(0.0..=1e6).contains(value)) {
                return range(key, &value, "a number, 0 or greater");
            }
        }
        if !(0.0..=3600.0).contains(&self.files_seconds) {
            return range(
                "camera.files-seconds",
                &self.files_seconds,
                "the time for which each photo is shown in seconds, 0 to 3600",
            );
        }
        let refused = self.rpicam_arguments.iter().find_map(|argument| Some((argument, refuse_argument(argument)?)));
        if let Some((argument, wanted)) = refused {
            return range("camera.rpicam-arguments", argument, wanted);
        }
        if self.usb_port.is_some() && self.source != Some(Source::V4l) {
            return range("camera.usb-port", &"set", "only source \"v4l\" has a USB port");
        }
        self.infrared.check()?;
        if self.source == Some(Source::V4l) && self.device.is_some() && self.device == self.infrared.device {
            let wanted = "a second camera, which sees infrared";
            return range("camera.infrared.device", &"the same as camera.device", wanted);
        }
        match self.source {
            Some(Source::V4l) if self.device.is_none() => {
                let wanted =
                    "source \"v4l\" needs the camera, such as /dev/v4l/by-id/...; `edge-agent doctor` lists them";
                range("camera.device", &"not set", wanted)
            }
            Some(Source::Files) if self.files.is_none() => {
                range("camera.files", &"not set", "source \"files\" needs a photo or a folder of photos")
            }
            Some(Source::Rpicam) if !self.width.is_multiple_of(2) => {
                range("camera.width", &self.width, "source \"rpicam\" needs an even number, such as 1280")
            }
            Some(Source::Rpicam) if !self.height.is_multiple_of(2) => {
                range("camera.height", &self.height, "source \"rpicam\" needs an even number, such as 720")
            }
            _ => Ok(()),
        }
    }
}
