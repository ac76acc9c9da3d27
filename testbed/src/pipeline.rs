//! Trials through the real pipeline: pictures rendered in full, compressed, decoded, searched for a face and measured.

use crate::experiment::Experiment;
use anyhow::{Context, Result};
use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;
use liveness::lamp::{Sample, Trial, View};
use models::{Frame, Photo, Recogniser};
use rayon::prelude::*;

/// The size of the pictures.
pub const SIZE: [f32; 2] = [640.0, 480.0];

/// The quality of the JPEG, 1 to 100.
const QUALITY: u8 = 85;

impl Experiment {
    /// Films the trial. Frames without a face are missing, as at a door.
    ///
    /// # Errors
    /// If a picture cannot be compressed or decoded, or the detector cannot run.
    pub fn film(&self, recogniser: &mut Recogniser, seed: u64) -> Result<Trial> {
        let mut trial = self.trial();
        for symbol in self.frames.clone() {
            let frame = self.rendered(symbol, seed)?;
            let faces = recogniser.detect(&frame)?;
            let view = faces.first().and_then(|face| View::of(&frame, &face.landmarks));
            if let Some(view) = view {
                trial.add(Sample { symbol, view });
            }
        }
        Ok(trial)
    }

    /// One picture, after compression.
    ///
    /// # Errors
    /// If it cannot be compressed or decoded.
    pub fn rendered(&self, symbol: i32, seed: u64) -> Result<Frame> {
        let shot = self.shot(symbol);
        let mean = self.mean(&shot);
        let (width, height) = (self.camera.width as u32, self.camera.height as u32);
        let row = |y: u32| {
            let mut chance =
                crate::chance::Chance::new(seed ^ u64::from(y) << 32 ^ u64::from(symbol.unsigned_abs()) << 16);
            let mut bytes = Vec::with_capacity(3 * width as usize);
            let lights = self.lights(&shot, y as f32);
            for x in 0..width {
                let seen = self.scene.seen(&shot.pose, self.direction(x as f32, y as f32), shot.blinks);
                let radiance = lights.on(&seen);
                // Rounded to the nearest; the level is 0 to 255.
                bytes.extend(radiance.map(|value| (self.camera.shot(value, mean, 2.0, &mut chance) + 0.5) as u8));
            }
            bytes
        };
        let pixels: Vec<u8> = (0..height).into_par_iter().flat_map_iter(row).collect();
        let mut bytes = Vec::new();
        let encoder = JpegEncoder::new_with_quality(&mut bytes, QUALITY);
        let mut encoder = encoder;
        encoder.encode(&pixels, width, height, ExtendedColorType::Rgb8).context("a picture cannot be compressed")?;
        Photo::open(&bytes).context("a picture cannot be read back")?.decode().context("a picture cannot be decoded")
    }
}
