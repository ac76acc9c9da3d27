//! Measures how late a camera shows the lamp, with a known code and a still scene.

use super::code::Code;
use super::least_squares::Equations;
use super::robust::median;

/// The delays that are tried, in frames.
const LATEST: f32 = 6.0;
const STEP: f32 = 0.02;
/// Durations of an exposure that are tried, in frames.
const EXPOSURES: [f32; 5] = [0.1, 0.3, 0.5, 0.75, 1.0];
/// Times that leave this much more than the best one are as good.
const ALIKE: f64 = 1.1;
/// Less light of the lamp, relative to the light without it, is not seen.
const LEAST_SHARE: f64 = 0.005;

/// A delay of the camera.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeasuredDelay {
    /// From the lamp's change to the first frame that shows it, in frames: a frame shows the lamp from `delay` frames
    /// before it arrives to `delay - 1` frames before, or the middle of this time if the exposure is shorter.
    pub frames: f32,
    /// The standard error of `frames`.
    pub error: f32,
    /// The lamp's light divided by the light without it, over the whole picture.
    pub lamp_share: f32,
    /// The share of the picture's change in brightness that the code explains, 0 to 1.
    pub explained: f32,
}

/// Why a delay could not be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DelayError {
    /// Fewer than 12 frames, or the code has no change in them.
    #[error("too few frames were seen while the lamp played its code: at least 12 are needed")]
    TooFewFrames,
    /// The brightness does not follow the code.
    #[error("the camera does not see the lamp: its light is too weak, or the lamp is dark")]
    NotSeen,
}

/// Measures the delay from the brightness of the frames: for each, the index of the symbol that was playing while it
/// arrived, as in [`Sample::symbol`](super::Sample), and the mean linear light of the whole picture.
///
/// # Errors
/// [`DelayError`] if there are too few frames, or they do not follow the code.
pub fn measure_delay(code: &Code, frames: &[(i32, f32)]) -> Result<MeasuredDelay, DelayError> {
    if frames.len() < 12 {
        return Err(DelayError::TooFewFrames);
    }
    let mean = median(frames.iter().map(|(_, light)| *light));
    let spread: f64 = frames.iter().map(|(_, light)| f64::from(light - mean).powi(2)).sum();
    let delays = (0..=(LATEST / STEP) as u32).map(|step| step as f32 * STEP);
    let fits = delays.flat_map(|delay| EXPOSURES.map(|exposure| fit(code, frames, delay, exposure)));
    let fits: Vec<Fit> = fits.flatten().collect();
    let best = fits.iter().min_by(|a, b| a.residual.total_cmp(&b.residual)).ok_or(DelayError::TooFewFrames)?;
    let explained = 1.0 - best.residual / spread.max(1e-12);
    if explained < 0.8 || best.lamp <= LEAST_SHARE * best.without {
        return Err(DelayError::NotSeen);
    }
    // A short exposure shows the same symbols at different times: the middle of them is the delay.
    let alike = || fits.iter().filter(|fit| fit.residual <= ALIKE * best.residual + 1e-4 * spread).map(|fit| fit.delay);
    let (first, last) = (alike().fold(f32::MAX, f32::min), alike().fold(0.0, f32::max));
    // The residual grows by (lamp^2 * changes * shift^2) as the delay shifts: the curvature gives the error.
    let changes = (-1..=code.symbols().len() as i32).filter(|at| code.is_on(*at) != code.is_on(at + 1)).count();
    let deviation = (best.residual / (frames.len() as f64 - 4.0)).sqrt();
    let error = (deviation / (best.lamp * (changes.max(1) as f64).sqrt())) as f32;
    // That of a uniform distribution from the first to the last.
    let error = error.hypot((last - first) / 12_f32.sqrt());
    let lamp_share = (best.lamp / best.without.max(1e-9)) as f32;
    Ok(MeasuredDelay { frames: f32::midpoint(first, last), error, lamp_share, explained: explained as f32 })
}

struct Fit {
    delay: f32,
    lamp: f64,
    without: f64,
    residual: f64,
}

/// A constant, a slope and the code, `delay` frames late and exposed for a part of a frame.
fn fit(code: &Code, frames: &[(i32, f32)], delay: f32, exposure: f32) -> Option<Fit> {
    let length = code.symbols().len() as f64;
    let row = |symbol: i32| {
        let middle = symbol as f32 - delay + 0.5;
        let light = code.light_between(middle - exposure / 2.0, middle + exposure / 2.0);
        [1.0, f64::from(symbol) / length - 0.5, f64::from(light)]
    };
    let mut equations = Equations::new([0.0, 1e-9, 1e-9]);
    frames.iter().for_each(|(symbol, light)| equations.add(&row(*symbol), f64::from(*light), 1.0));
    let (solved, _) = equations.solve()?;
    let error = |(symbol, light): &(i32, f32)| {
        let fitted: f64 = row(*symbol).iter().zip(solved).map(|(a, b)| a * b).sum();
        (f64::from(*light) - fitted).powi(2)
    };
    let residual = frames.iter().map(error).sum();
    Some(Fit { delay, lamp: solved[2], without: solved[0], residual })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lamp::LampKind;

    fn brightness(code: &Code, delay: f32, exposure: f32, lamp: f32, noise: f32) -> Vec<(i32, f32)> {
        let mut state = 1_u32;
        let mut random = move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32 - 0.5
        };
        let mut light = |symbol: i32| {
            let middle = symbol as f32 - delay + 0.5;
            0.2 + lamp * code.light_between(middle - exposure / 2.0, middle + exposure / 2.0) + noise * random()
        };
        (-4..code.symbols().len() as i32 + 6).map(|symbol| (symbol, light(symbol))).collect()
    }

    #[test]
    fn the_delay_is_found_with_its_error() {
        for kind in [LampKind::White, LampKind::Infrared] {
            for (delay, exposure, noise, error) in
                [(0.5, 1.0, 0.0, 0.03), (0.4, 1.0, 0.002, 0.03), (2.7, 1.0, 0.005, 0.1), (1.0, 0.3, 0.002, 0.3)]
            {
                let code = Code::random(kind, 15.0, || 1 << 62);
                let found = measure_delay(&code, &brightness(&code, delay, exposure, 0.05, noise)).unwrap();
                assert!((found.frames - delay).abs() <= 0.02 + 2.0 * found.error, "{delay}: {found:?}");
                assert!(found.error <= error, "{delay}: {found:?}");
                assert!((found.lamp_share - 0.25).abs() < 0.03, "{found:?}");
            }
        }
    }

    #[test]
    fn a_lamp_that_is_not_seen_has_no_delay() {
        let code = Code::random(LampKind::White, 15.0, || 77);
        for (lamp, noise) in [(0.0, 0.01), (0.0, 0.0), (0.001, 0.02), (-0.05, 0.0)] {
            assert_eq!(
                measure_delay(&code, &brightness(&code, 1.0, 1.0, lamp, noise)),
                Err(DelayError::NotSeen),
                "{lamp}"
            );
        }
        let few = &brightness(&code, 1.0, 1.0, 0.05, 0.0)[..11];
        assert_eq!(measure_delay(&code, few), Err(DelayError::TooFewFrames));
    }
}
