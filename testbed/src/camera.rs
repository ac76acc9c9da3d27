//! A camera: exposure, response curve, noise, compression, rolling shutter, and when it shows the lamp.

use crate::chance::Chance;
use liveness::lamp::Code;

/// How a sensor's linear light becomes a level.
#[derive(Clone, Copy, Debug)]
enum Curve {
    Srgb,
    Power(f32),
    /// sRGB with more contrast in the middle.
    Steep(f32),
}

/// A camera with its exposure settled and locked.
#[derive(Clone, Debug)]
pub(crate) struct Camera {
    pub(crate) width: f32,
    pub(crate) height: f32,
    pub(crate) frames_per_second: f32,
    /// Pixels of a direction of 45 degrees.
    pub(crate) focal: f32,
    /// From a symbol to the frame that shows it, in frames.
    pub(crate) delay: f32,
    /// The duration of an exposure, in frames.
    pub(crate) exposure: f32,
    /// The time from the first to the last row, in frames.
    readout: f32,
    /// Linear light, 1 at the end of the range, of a radiance of 1 cd/m^2.
    sensitivity: f32,
    gain: f32,
    curve: Curve,
    /// The share of a picture's mean light that the lens scatters over it.
    flare: f32,
}

/// Lux seconds that bring a face to the middle of the range at a gain of 1: 200 lux for a thirtieth of a second.
const LUX_SECONDS: f32 = 200.0 / 30.0;

/// Electrons at the end of the range at a gain of 1, and electrons of noise when a pixel is read: small sensors.
const FULL_WELL: f32 = 8000.0;
const READ_NOISE: f32 = 3.0;

impl Camera {
    /// A camera whose exposure brings `radiance`, cd/m^2, to a random part of the range. `lux` is the face's illuminance
    /// by the room and the lamp.
    pub(crate) fn random(width: f32, height: f32, radiance: f32, lux: f32, chance: &mut Chance) -> Self {
        let frames_per_second = 15.0;
        let seconds = LUX_SECONDS / lux;
        let (shortest, longest) = (0.000_1, 1.0 / 30.0);
        let mut exposure = seconds.clamp(shortest, longest);
        if exposure > 0.01 && chance.happens(0.7) {
            // Whole periods of the mains hide its flicker.
            exposure = (exposure * 100.0).floor() / 100.0;
        }
        let curve = match chance.below(3) {
            0 => Curve::Srgb,
            1 => Curve::Power(chance.between(1.8, 2.4)),
            _ => Curve::Steep(chance.between(0.1, 0.5)),
        };
        Self {
            width,
            height,
            frames_per_second,
            focal: width / (2.0 * 31_f32.to_radians().tan()),
            delay: chance.between(0.0, 2.0),
            exposure: exposure * frames_per_second,
            readout: chance.between(0.15, 0.45),
            sensitivity: chance.between(0.12, 0.26) / radiance,
            gain: (seconds / exposure).max(1.0),
            curve,
            flare: chance.between(0.0, 0.02),
        }
    }

    /// When a row is read, in frames, relative to the middle of the picture.
    pub(crate) fn row_offset(&self, y: f32) -> f32 {
        self.readout * (y / self.height - 0.5)
    }

    /// The mean of a light that is on as a code says, during the exposure of a row: `frame` counts symbols.
    pub(crate) fn light(&self, code: &Code, frame: f32, y: f32) -> f32 {
        let middle = frame + 0.5 - self.delay + self.row_offset(y);
        code.light_between(middle - self.exposure / 2.0, middle + self.exposure / 2.0)
    }

    /// The level, 0 to 1, of linear light.
    fn level(&self, light: f32) -> f32 {
        let light = light.clamp(0.0, 1.0);
        let srgb =
            |light: f32| if light <= 0.003_130_8 { 12.92 * light } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 };
        match self.curve {
            Curve::Srgb => srgb(light),
            Curve::Power(gamma) => light.powf(1.0 / gamma),
            Curve::Steep(part) => {
                let level = srgb(light);
                level + part * (level * level * (3.0 - 2.0 * level) - level)
            }
        }
    }

    /// A pixel's level, 0 to 255 and not rounded, with the sensor's noise. `pixels` is the number of pixels whose mean
    /// is taken; neighbours share a filter's colours, so half of them are independent.
    pub(crate) fn shot(&self, radiance: f32, mean: f32, pixels: f32, chance: &mut Chance) -> f32 {
        let light = self.sensitivity * (radiance + self.flare * mean);
        let read = READ_NOISE * self.gain / FULL_WELL;
        let variance = light.max(0.0) * self.gain / FULL_WELL + read * read;
        let noise = chance.normal((variance / (0.5 * pixels).max(1.0)).sqrt());
        255.0 * self.level(light + noise)
    }

    /// Whether a radiance is beyond the range.
    pub(crate) fn is_saturated(&self, radiance: f32, mean: f32) -> bool {
        255.0 * self.level(self.sensitivity * (radiance + self.flare * mean)) >= 250.0
    }

    /// The level that compression and rounding leave of the mean of `pixels` pixels. A JPEG of quality 85 keeps the mean
    /// of a block to 0.6 levels and low frequencies about as well, so a mean over a block deviates by about 0.35.
    pub(crate) fn compressed(&self, level: f32, pixels: f32, chance: &mut Chance) -> f32 {
        let rounding = 0.29 / pixels.max(1.0).sqrt();
        (level + chance.normal(0.35f32.hypot(rounding))).clamp(0.0, 255.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_exposure_shows_one_symbol_and_a_delay_shifts_it() {
        let mut camera = Camera::random(1280.0, 720.0, 100.0, 5000.0, &mut Chance::new(1));
        (camera.delay, camera.readout, camera.exposure) = (0.0, 0.0, 0.5);
        let code = Code::from_symbols(vec![false, true, false]);
        let seen = |camera: &Camera, frame: f32| camera.light(&code, frame, 0.0);
        assert_eq!([-1.0, 0.0, 1.0, 2.0, 3.0].map(|frame| seen(&camera, frame)), [1.0, 0.0, 1.0, 0.0, 1.0]);
        camera.delay = 1.0;
        assert!((seen(&camera, 2.0) - 1.0).abs() < 1e-4);
        camera.delay = 0.5;
        assert!((seen(&camera, 1.0) - 0.5).abs() < 1e-4);
    }

    #[test]
    fn more_pixels_have_less_noise() {
        let mut chance = Chance::new(2);
        let camera = Camera::random(1280.0, 720.0, 100.0, 300.0, &mut chance);
        let mut spread = |pixels: f32| {
            let levels: Vec<f32> = (0..400).map(|_| camera.shot(100.0, 100.0, pixels, &mut chance)).collect();
            let mean = levels.iter().sum::<f32>() / 400.0;
            (levels.iter().map(|level| (level - mean).powi(2)).sum::<f32>() / 400.0).sqrt()
        };
        let (one, many) = (spread(1.0), spread(100.0));
        assert!(one > 3.0 * many && one > 0.5, "{one} {many}");
    }
}
