//! How the face as a whole follows the code: how late, and how exactly.
//!
//! The brightness of the face gives the time: how much later than calibrated it follows, for how long the camera exposes,
//! and how much later lower rows are read (rolling shutter).

use super::code::Code;
use super::least_squares::Equations;
use super::robust::deviation;
use super::steady::{Steady, is_on_face};
use super::view::{COLUMNS, ROWS, centre};

/// The middle of the face, in eye distances below the eyes.
const MIDDLE: f32 = 0.35;
/// Lags that are searched, in frames.
const EARLIEST: f32 = -1.0;
const LATEST: f32 = 5.6;
const STEP: f32 = 0.05;
/// Rolling shutter: how much later one eye distance further down may be read, in frames.
const SKEWS: [f32; 5] = [0.0, 0.025, 0.05, 0.075, 0.1];
/// Durations of an exposure that are tried, in frames.
const EXPOSURES: [f32; 7] = [0.05, 0.15, 0.3, 0.45, 0.6, 0.8, 1.0];
/// Times that leave this much more than the best one are as good.
const ALIKE: f32 = 1.1;
/// The brightness, relative to the brightest frame, below which frames are not more exact.
const DARKEST: f64 = 0.01;
/// A frame whose brightness deviates more from the fit, in standard deviations, is left out.
const OUTLIER: f32 = 4.5;

/// Which symbol each frame of a trial shows.
pub(super) struct Clock<'a> {
    pub(super) code: &'a Code,
    pub(super) delay: f32,
    pub(super) symbols: Vec<i32>,
}

impl Clock<'_> {
    /// The lamp's light in a frame, if it is seen `late` frames later than calibrated and exposed for this part of a
    /// frame.
    pub(super) fn light(&self, frame: usize, late: f32, exposure: f32) -> f64 {
        let middle = self.symbols[frame] as f32 - self.delay - late + 0.5;
        f64::from(self.code.light_between(middle - exposure / 2.0, middle + exposure / 2.0))
    }

    /// The time of a frame, about -1 to 1 over the code.
    pub(super) fn time(&self, frame: usize) -> f64 {
        2.0 * f64::from(self.symbols[frame]) / self.code.symbols().len() as f64 - 1.0
    }
}

/// How the whole face follows.
#[derive(Clone, Debug)]
pub(super) struct Overall {
    /// How much later than calibrated, in frames.
    pub(super) late_by: f32,
    /// How much later each eye distance further down, in frames.
    skew: f32,
    /// The duration of an exposure, in frames.
    pub(super) exposure: f32,
    /// The share of the change in brightness that the code explains.
    pub(super) explained: f32,
    /// How much the brightness deviates from a slow drift, relative to its mean.
    pub(super) changes: f32,
    /// The lamp's light divided by the unexplained deviation.
    pub(super) signal_to_noise: f32,
    /// Whether each frame is used.
    pub(super) kept: Vec<bool>,
    /// The brightness of each frame, relative to the mean.
    brightness: Vec<f32>,
}

impl Overall {
    /// The brightness of each frame relative to the brightest. What moves and flickers deviates in proportion to it, so
    /// dark frames are the more exact ones, down to a hundredth.
    pub(super) fn levels(&self) -> Vec<f64> {
        let brightest = self.brightness.iter().copied().fold(1e-6, f32::max);
        self.brightness.iter().map(|brightness| f64::from(brightness / brightest).max(0.0) + DARKEST).collect()
    }

    /// How much later than calibrated a row is read whose middle is at this height of the grid, in frames.
    pub(super) fn late_at(&self, y: f32) -> f32 {
        self.late_by + self.skew * (y - MIDDLE)
    }

    /// `None` if the frames do not determine it.
    pub(super) fn new(clock: &Clock, steady: &Steady) -> Option<Self> {
        let bands = bands(steady);
        let mut kept = vec![true; steady.frames.len()];
        let (mut found, mut explained) = (None, f32::INFINITY);
        for _ in 0..2 {
            let (late_by, exposure, skew) = timed(clock, &bands, &kept)?;
            let (fit, residuals) = fit(clock, &bands[BANDS], [late_by, exposure], &kept)?;
            let used = || residuals.iter().zip(&kept).filter(|(_, kept)| **kept).map(|(residual, _)| *residual);
            let spread = deviation(used(), 0.0).max(1e-4);
            let rest: f32 = used().map(|residual| residual * residual).sum();
            let freedom = used().count().saturating_sub(4).max(1) as f32;
            let noise = (rest / freedom).sqrt().max(1e-5);
            // Of all frames: leaving out those in which another code differs would make it fit.
            explained = f32::min(explained, 1.0 - rest / fit.without_code.max(1e-12));
            let changes = (fit.without_code / freedom).sqrt();
            found = Some(Self {
                late_by,
                skew,
                exposure,
                explained,
                changes,
                signal_to_noise: fit.lamp / noise,
                kept: kept.clone(),
                brightness: bands[BANDS].series.clone(),
            });
            for (kept, residual) in kept.iter_mut().zip(&residuals) {
                *kept &= residual.abs() <= OUTLIER * spread.max(0.02 * fit.lamp.abs());
            }
        }
        found
    }
}

/// Bands of rows over the face, and after them the whole face.
const BANDS: usize = 4;

struct Band {
    /// The middle, in eye distances below the middle of the face.
    below: f32,
    /// The brightness of each frame, relative to the mean.
    series: Vec<f32>,
}

fn bands(steady: &Steady) -> Vec<Band> {
    let band_of = |cell: usize| {
        let (_, y) = centre(cell);
        (((y + 1.1) / 2.9 * BANDS as f32).max(0.0) as usize).min(BANDS - 1)
    };
    (0..=BANDS)
        .map(|band| {
            let cells: Vec<usize> = (0..COLUMNS * ROWS)
                .filter(|cell| is_on_face(*cell) && steady.usable[*cell])
                .filter(|cell| band == BANDS || band_of(*cell) == band)
                .collect();
            let brightness = |frame: &Vec<f32>| {
                cells.iter().map(|cell| frame[*cell] / steady.mean[*cell]).sum::<f32>() / cells.len().max(1) as f32
            };
            let below = cells.iter().map(|cell| centre(*cell).1 - MIDDLE).sum::<f32>() / cells.len().max(1) as f32;
            Band { below, series: steady.frames.iter().map(brightness).collect() }
        })
        .collect()
}

/// The lag, the exposure and the skew that leave least.
fn timed(clock: &Clock, bands: &[Band], kept: &[bool]) -> Option<(f32, f32, f32)> {
    let steps = ((LATEST - EARLIEST) / STEP) as usize;
    let lags = (0..=steps).map(|step| EARLIEST + STEP * step as f32);
    let times = lags.flat_map(|late| EXPOSURES.map(|exposure| [late, exposure]));
    let rest = |time: [f32; 2]| fit(clock, &bands[BANDS], time, kept).map(|(fit, _)| fit.rest);
    let tried: Vec<([f32; 2], f32)> = times.filter_map(|time| Some((time, rest(time)?))).collect();
    let least = tried.iter().map(|(_, rest)| *rest).fold(f32::MAX, f32::min);
    // A short exposure shows the same symbols at different times: the nearest to the calibrated one counts.
    let alike = tried.iter().filter(|(_, rest)| *rest <= ALIKE * least + 1e-9);
    let (best, _) = alike.min_by(|(a, x), (b, y)| a[0].abs().total_cmp(&b[0].abs()).then(x.total_cmp(y)))?;
    let [late_by, exposure] = *best;
    let skewed = |skew: f32| -> Option<f32> {
        let each = bands[..BANDS].iter().map(|band| fit(clock, band, [late_by + skew * band.below, exposure], kept));
        each.map(|fit| fit.map(|(fit, _)| fit.rest)).sum()
    };
    let skews = SKEWS.into_iter().filter_map(|skew| Some((skew, skewed(skew)?)));
    let (skew, _) = skews.min_by(|a, b| a.1.total_cmp(&b.1))?;
    Some((late_by, exposure, skew))
}

struct Fit {
    lamp: f32,
    rest: f32,
    without_code: f32,
}

/// Fits a band's brightness; returns the residual of each frame as well.
fn fit(clock: &Clock, band: &Band, [late, exposure]: [f32; 2], kept: &[bool]) -> Option<(Fit, Vec<f32>)> {
    let row = |frame: usize| {
        let time = clock.time(frame);
        [1.0, time, time * time, clock.light(frame, late, exposure)]
    };
    let mut equations = Equations::new([0.0, 1e-6, 1e-2, 1e-6]);
    let mut plain = Equations::new([0.0, 1e-6, 1e-2]);
    for frame in (0..band.series.len()).filter(|frame| kept[*frame]) {
        let ([one, time, square, light], value) = (row(frame), f64::from(band.series[frame]));
        equations.add(&[one, time, square, light], value, 1.0);
        plain.add(&[one, time, square], value, 1.0);
    }
    let (solved, _) = equations.solve()?;
    let (unlit, _) = plain.solve()?;
    let sum = |row: &[f64], solved: &[f64]| row.iter().zip(solved).map(|(a, b)| a * b).sum::<f64>() as f32;
    let residuals: Vec<f32> =
        (0..band.series.len()).map(|frame| band.series[frame] - sum(&row(frame), &solved)).collect();
    let square = |value: f32| value * value;
    let used = || (0..residuals.len()).filter(|frame| kept[*frame]);
    let rest = used().map(|frame| square(residuals[frame])).sum();
    let without_code = used().map(|frame| square(band.series[frame] - sum(&row(frame)[..3], &unlit))).sum();
    Some((Fit { lamp: solved[3] as f32, rest, without_code }, residuals))
}
