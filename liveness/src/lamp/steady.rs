//! Removes the small movements that the landmarks' noise leaves: the grid follows the face only to a fifth of a cell.
//!
//! Each frame is compared with the mean of all. To first order, a shift, rotation or scale adds a mixture of the mean's
//! gradients (Lucas and Kanade 1981), which is fitted and subtracted.

use super::least_squares::Equations;
use super::sample::Sample;
use super::view::{CELL, COLUMNS, ROWS, centre};

/// A cell must be usable in all frames but this share.
const MAY_LACK: f32 = 0.15;

/// The frames of a trial on one grid, with small movements removed.
pub(super) struct Steady {
    /// For each frame, the linear light of each cell.
    pub(super) frames: Vec<Vec<f32>>,
    /// Whether each cell was usable in nearly all frames.
    pub(super) usable: Vec<bool>,
    /// The mean of each cell.
    pub(super) mean: Vec<f32>,
}

/// Whether a cell lies on the face, without its rim: the part that every head has.
pub(super) fn is_on_face(cell: usize) -> bool {
    let (x, y) = centre(cell);
    let (u, v) = (x / 1.0, (y - 0.35) / 1.45);
    u * u + v * v < 1.0
}

impl Steady {
    pub(super) fn new(samples: &[&Sample]) -> Self {
        let cells = COLUMNS * ROWS;
        let mut frames: Vec<Vec<f32>> = samples.iter().map(|sample| sample.view.cells().to_vec()).collect();
        let lack = |cell: usize| samples.iter().filter(|sample| !sample.view.usable()[cell]).count() as f32;
        let usable: Vec<bool> = (0..cells).map(|cell| lack(cell) <= MAY_LACK * samples.len() as f32).collect();
        let mut mean = mean_of(samples, &frames);
        for _ in 0..2 {
            let patterns = Patterns::new(&mean, &usable);
            for (frame, sample) in frames.iter_mut().zip(samples) {
                if let Some(movement) = patterns.fitted(frame, sample.view.usable()) {
                    patterns.subtract(frame, movement);
                }
            }
            mean = mean_of(samples, &frames);
        }
        Self { frames, usable, mean }
    }
}

fn mean_of(samples: &[&Sample], frames: &[Vec<f32>]) -> Vec<f32> {
    let cells = COLUMNS * ROWS;
    let mut sums = vec![(0.0_f32, 0.0_f32); cells];
    for (frame, sample) in frames.iter().zip(samples) {
        for cell in (0..cells).filter(|cell| sample.view.usable()[*cell]) {
            sums[cell].0 += frame[cell];
            sums[cell].1 += 1.0;
        }
    }
    sums.into_iter().map(|(sum, count)| if count > 0.0 { sum / count } else { 0.0 }).collect()
}

/// How each cell changes with shift to the right and down, rotation and scale.
struct Patterns<'a> {
    mean: &'a [f32],
    changes: Vec<[f64; 4]>,
    used: Vec<bool>,
}

impl<'a> Patterns<'a> {
    fn new(mean: &'a [f32], usable: &[bool]) -> Self {
        let mut changes = vec![[0.0; 4]; mean.len()];
        let mut used = vec![false; mean.len()];
        for (row, column) in (1..ROWS - 1).flat_map(|row| (1..COLUMNS - 1).map(move |column| (row, column))) {
            let cell = row * COLUMNS + column;
            let around = [cell - 1, cell + 1, cell - COLUMNS, cell + COLUMNS, cell];
            if !around.iter().all(|cell| usable[*cell]) {
                continue;
            }
            let right = f64::from(mean[cell + 1] - mean[cell - 1]) / 2.0;
            let down = f64::from(mean[cell + COLUMNS] - mean[cell - COLUMNS]) / 2.0;
            let (x, y) = centre(cell);
            let (x, y) = (f64::from(x / CELL), f64::from(y / CELL) - 5.0);
            changes[cell] = [right, down, x * down - y * right, x * right + y * down];
            used[cell] = is_on_face(cell);
        }
        Self { mean, changes, used }
    }

    /// The movement of a frame in cells, cells, radians and relative size.
    fn fitted(&self, frame: &[f32], usable: &[bool]) -> Option<[f64; 4]> {
        let mut equations = Equations::new([1e-9; 6]);
        for cell in (0..frame.len()).filter(|cell| self.used[*cell] && usable[*cell]) {
            let mean = f64::from(self.mean[cell]);
            let [right, down, roll, scale] = self.changes[cell];
            equations.add(&[mean, 1.0, right, down, roll, scale], f64::from(frame[cell]), 1.0 / (mean * mean + 1e-6));
        }
        let ([gain, _, right, down, roll, scale], _) = equations.solve()?;
        // The patterns are scaled with the brightness of the frame.
        let gain = if gain.abs() > 0.2 { gain } else { 1.0 };
        let limit = |value: f64, most: f64| value.clamp(-most, most);
        Some([limit(right, 1.5), limit(down, 1.5), limit(roll, 0.1), limit(scale, 0.1)]).filter(|_| gain.is_finite())
    }

    fn subtract(&self, frame: &mut [f32], movement: [f64; 4]) {
        for (value, change) in frame.iter_mut().zip(&self.changes) {
            let moved: f64 = change.iter().zip(movement).map(|(change, movement)| change * movement).sum();
            *value -= moved as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lamp::{Place, View};

    /// Two bright spots, moved a little in each frame.
    #[test]
    fn small_movements_are_removed() {
        let place = Place { x: 5.0, y: 3.0, roll: 0.0, eye_share: 0.09 };
        let value = |cell: usize, moved: f32| {
            let (x, y) = centre(cell);
            let spot =
                |at_x: f32, at_y: f32| (-((x - moved - at_x) / 0.35).powi(2) - ((y - at_y) / 0.35).powi(2)).exp();
            0.2 + 0.3 * spot(-0.4, 0.0) + 0.2 * spot(0.4, 0.8)
        };
        let moves = [-0.02, 0.01, 0.015, -0.01, 0.0, 0.005];
        let samples: Vec<Sample> = moves
            .iter()
            .map(|moved| {
                let cells: Vec<f32> = (0..COLUMNS * ROWS).map(|cell| value(cell, *moved)).collect();
                Sample { symbol: 0, view: View::from_grid(&cells, place).unwrap() }
            })
            .collect();
        let samples: Vec<&Sample> = samples.iter().collect();
        let spread = |frames: &[Vec<f32>]| {
            let cells = (0..COLUMNS * ROWS).filter(|cell| is_on_face(*cell));
            let apart = |cell: usize| {
                let values = frames.iter().map(|frame| frame[cell]);
                values.clone().fold(f32::MIN, f32::max) - values.fold(f32::MAX, f32::min)
            };
            cells.map(apart).fold(0.0, f32::max)
        };
        let before: Vec<Vec<f32>> = samples.iter().map(|sample| sample.view.cells().to_vec()).collect();
        let after = Steady::new(&samples);
        assert!(spread(&after.frames) < 0.1 * spread(&before), "{} {}", spread(&after.frames), spread(&before));
        assert!(after.usable.iter().all(|usable| *usable));
    }
}
