//! The parts that manifests of every kind share: the network's file, its input, its crop and its provenance.

use super::rules::{is_sha256, require};
use serde::{Deserialize, Serialize};

/// The network's file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Network {
    /// File name beside the manifest.
    pub file: String,
    /// SHA-256 of that file, lower-case hexadecimal.
    pub sha256: String,
}

/// How 8-bit RGB pixels become the input tensor (NCHW, batch 1): `(pixel - subtract) / divide`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Input {
    /// The order of the three planes.
    pub channels: ChannelOrder,
    /// Subtracted from every value, 0 to 255.
    pub subtract: f32,
    /// Divisor of every value after the subtraction; greater than 0.
    pub divide: f32,
}

/// The order of the colour planes in an input tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChannelOrder {
    /// Red first.
    Rgb,
    /// Blue first.
    Bgr,
}

/// How the square input of an encoder or a PAD network is cut from a frame.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(tag = "align", rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum CropGeometry {
    /// The similarity transform that brings the five landmarks closest to a template.
    Landmarks {
        /// Side of the crop in pixels, 16 to 512.
        side: u32,
        /// Position of the landmarks in the crop: right eye, left eye, nose, right and left corner of the mouth.
        template: [[f32; 2]; 5],
    },
    /// The detector's box, enlarged about its centre and moved, stretched to a square.
    Box {
        /// Side of the crop in pixels, 16 to 512.
        side: u32,
        /// Factor on the box's width and height, 0.5 to 3.
        enlarge: f32,
        /// Moved downwards by this part of the box's height, -0.5 to 0.5.
        shift_down: f32,
        /// Whether the box is stretched to a square; otherwise the crop is a square of the longer side.
        stretch: bool,
    },
    /// The detector's box, enlarged about its centre, then moved into the frame and stretched to a square. A box that
    /// is larger than the frame is enlarged less, with its ratio of width to height unchanged.
    BoxInFrame {
        /// Side of the crop in pixels, 16 to 512.
        side: u32,
        /// Factor on the box's width and height, 0.5 to 5.
        enlarge: f32,
    },
}

impl CropGeometry {
    /// Side of the crop in pixels.
    pub fn side(&self) -> u32 {
        match self {
            Self::Landmarks { side, .. } | Self::Box { side, .. } | Self::BoxInFrame { side, .. } => *side,
        }
    }
}

/// Where a network comes from and under which terms.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Provenance {
    /// The network's name.
    pub name: String,
    /// SPDX identifier of its licence.
    pub licence: String,
    /// Where the imported file was obtained.
    pub source: String,
    /// SHA-256 of the imported file, lower-case hexadecimal.
    pub source_sha256: String,
}

impl Network {
    pub(super) fn check(&self) -> Result<(), String> {
        let Self { file, sha256 } = self;
        let plain = !file.is_empty() && !file.contains(['/', '\\']) && ![".", ".."].contains(&&**file);
        require(plain, "network.file must be the name of a file beside the manifest")?;
        require(is_sha256(sha256), "network.sha256 must be 64 lower-case hexadecimal digits")
    }
}

impl Input {
    pub(super) fn check(&self) -> Result<(), String> {
        require((0.0..=255.0).contains(&self.subtract), "input.subtract must be 0 to 255")?;
        require(self.divide.is_finite() && self.divide > 0.0, "input.divide must be greater than 0")
    }

    /// The channel (index into R, G, B) of each plane of the tensor.
    pub(crate) fn planes(&self) -> [usize; 3] {
        match self.channels {
            ChannelOrder::Rgb => [0, 1, 2],
            ChannelOrder::Bgr => [2, 1, 0],
        }
    }
}

impl CropGeometry {
    pub(super) fn check(&self) -> Result<(), String> {
        require((16..=512).contains(&self.side()), "crop.side must be 16 to 512")?;
        match self {
            Self::Landmarks { side, template } => {
                let inside = |v: &f32| (0.0..*side as f32).contains(v);
                let apart = template.iter().any(|point| point != &template[0]);
                require(template.iter().flatten().all(inside), "crop.template must lie inside the crop")?;
                require(apart, "crop.template must have at least two different points")
            }
            Self::Box { enlarge, shift_down, .. } => {
                require((0.5..=3.0).contains(enlarge), "crop.enlarge must be 0.5 to 3")?;
                require((-0.5..=0.5).contains(shift_down), "crop.shift-down must be -0.5 to 0.5")
            }
            Self::BoxInFrame { enlarge, .. } => require((0.5..=5.0).contains(enlarge), "crop.enlarge must be 0.5 to 5"),
        }
    }
}
