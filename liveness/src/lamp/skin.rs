//! Whether the face reflects the lamp, or shines by itself.
//!
//! A surface reflects the lamp as it reflects the room: dark brows and lips stay dark in the lamp's light alone, in the
//! same places. A screen shines by itself, and its glass adds the same veil to dark and bright places: the lamp's light
//! alone shows no face. So the fine texture of the lamp's light is regressed on that of the picture without the lamp, both
//! relative to their surroundings. The slope is near 1 for skin, and near 0 for glass.

use super::least_squares::Equations;
use super::overall::{Clock, Overall};
use super::response::Response;
use super::steady::{Steady, is_on_face};
use super::view::{COLUMNS, ROWS};

/// The surroundings of a cell: this many cells to each side.
const REACH: usize = 3;

/// The number of lags at which the texture is looked for: at once, and one to four symbols later.
pub(super) const LAGS: usize = 5;

/// How the texture answers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Texture {
    /// The part that answers at once, relative to a surface that reflects.
    pub(super) at_once: f32,
    /// Its standard error.
    pub(super) error: f32,
    /// The largest part that answers later.
    pub(super) late: f32,
}

/// The mean of a picture around each cell, over usable cells of the face.
fn surroundings(picture: &[f32], used: &[bool]) -> Vec<f32> {
    let mut means = vec![0.0; picture.len()];
    for (row, column) in (0..ROWS).flat_map(|row| (0..COLUMNS).map(move |column| (row, column))) {
        let (mut sum, mut count) = (0.0, 0.0);
        for near in row.saturating_sub(REACH)..(row + REACH + 1).min(ROWS) {
            for beside in column.saturating_sub(REACH)..(column + REACH + 1).min(COLUMNS) {
                let cell = near * COLUMNS + beside;
                if used[cell] {
                    sum += picture[cell];
                    count += 1.0;
                }
            }
        }
        means[row * COLUMNS + column] = if count > 0.0 { sum / count } else { 0.0 };
    }
    means
}

impl Texture {
    /// `None` if the picture has no texture, or the frames do not determine its answer.
    pub(super) fn new(clock: &Clock, steady: &Steady, overall: &Overall, response: &Response) -> Option<Self> {
        let used: Vec<bool> = (0..COLUMNS * ROWS).map(|cell| response.usable[cell] && is_on_face(cell)).collect();
        let off = surroundings(&response.off, &used);
        let lamp = surroundings(&response.lamp, &used);
        let cells: Vec<usize> = (0..COLUMNS * ROWS).filter(|cell| used[*cell] && lamp[*cell] > 0.0).collect();
        let mut texture: Vec<(usize, f32)> =
            cells.into_iter().map(|cell| (cell, (response.off[cell] / off[cell] - 1.0).clamp(-0.8, 0.8))).collect();
        texture.retain(|(_, value)| value.is_finite());
        let power: f32 = texture.iter().map(|(_, value)| value * value).sum();
        if texture.len() < 100 || power <= 1e-4 * texture.len() as f32 {
            return None;
        }
        // The texture's strength in each frame, in units of the lamp's light on its surroundings.
        let strength = |frame: &Vec<f32>| {
            let around = surroundings(frame, &used);
            let each = texture.iter().map(|(cell, value)| {
                let relative = (frame[*cell] - around[*cell]) / lamp[*cell];
                let limit = 1.0 + off[*cell] / lamp[*cell];
                value * relative.clamp(-limit, limit)
            });
            f64::from(each.sum::<f32>() / power)
        };
        let late = overall.late_by.clamp(-0.5, 0.5);
        let hold = clock.code.hold() as f32;
        let mut equations = Equations::new([0.0, 1e-6, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3]);
        let row = |frame: usize| {
            let lights: [f64; LAGS] =
                std::array::from_fn(|lag| clock.light(frame, late + hold * lag as f32, overall.exposure));
            let [a, b, c, d, e] = lights;
            [1.0, clock.time(frame), a, b, c, d, e]
        };
        let kept = || (0..steady.frames.len()).filter(|frame| overall.kept[*frame]);
        let series: Vec<f64> = steady.frames.iter().map(strength).collect();
        let weights: Vec<f64> = overall.levels().into_iter().map(|level| level.powi(-2)).collect();
        kept().for_each(|frame| equations.add(&row(frame), series[frame], weights[frame]));
        let (solved, variances) = equations.solve()?;
        let rest: f64 = kept()
            .map(|frame| {
                let fitted: f64 = row(frame).iter().zip(solved).map(|(a, b)| a * b).sum();
                weights[frame] * (series[frame] - fitted).powi(2)
            })
            .sum();
        let freedom = (kept().count() as f64 - 7.0).max(1.0);
        let error = (variances[2] * rest / freedom).sqrt() as f32;
        let late = solved[3..].iter().copied().fold(f64::MIN, f64::max);
        Some(Self { at_once: solved[2] as f32, error, late: late as f32 })
    }
}
