//! The response of each cell to the code: its brightness without the lamp, the lamp's light alone, and their errors.
//!
//! Each cell is fitted with a constant, a slow drift and the code at the time at which the face as a whole follows it.

use super::least_squares::Equations;
use super::overall::{Clock, Overall};
use super::robust::median;
use super::steady::Steady;
use super::view::{COLUMNS, ROWS, centre};

/// The response of each cell.
pub(super) struct Response {
    /// The brightness without the lamp, linear.
    pub(super) off: Vec<f32>,
    /// The lamp's light alone, linear.
    pub(super) lamp: Vec<f32>,
    /// The standard errors of `off` and of `lamp`.
    pub(super) errors: Vec<[f32; 2]>,
    /// Whether the cell is usable, and brighter than black without the lamp.
    pub(super) usable: Vec<bool>,
}

impl Response {
    pub(super) fn new(clock: &Clock, steady: &Steady, overall: &Overall) -> Self {
        let cells = COLUMNS * ROWS;
        let mut response = Self {
            off: vec![0.0; cells],
            lamp: vec![0.0; cells],
            errors: vec![[0.0; 2]; cells],
            usable: vec![false; cells],
        };
        let levels = overall.levels();
        for row in 0..ROWS {
            let late = overall.late_at(centre(row * COLUMNS).1);
            let rows: Vec<[f64; 3]> = (0..steady.frames.len())
                .map(|frame| [1.0, clock.time(frame) * levels[frame], clock.light(frame, late, overall.exposure)])
                .collect();
            for cell in (row * COLUMNS..(row + 1) * COLUMNS).filter(|cell| steady.usable[*cell]) {
                response.fit(cell, steady, &rows, &levels, &overall.kept);
            }
        }
        response
    }

    /// Fits twice; the second time, frames that deviate count less.
    fn fit(&mut self, cell: usize, steady: &Steady, rows: &[[f64; 3]], levels: &[f64], kept: &[bool]) {
        let trust: Vec<f64> =
            kept.iter().zip(levels).map(|(kept, level)| if *kept { level.powi(-2) } else { 0.0 }).collect();
        let mut weights = trust.clone();
        for _ in 0..2 {
            let mut equations = Equations::new([0.0, 1e-3, 1e-9]);
            for (frame, row) in rows.iter().enumerate() {
                equations.add(row, f64::from(steady.frames[frame][cell]), weights[frame]);
            }
            let Some((solved, variances)) = equations.solve() else { return };
            let residual = |frame: usize| {
                let fitted: f64 = rows[frame].iter().zip(solved).map(|(a, b)| a * b).sum();
                f64::from(steady.frames[frame][cell]) - fitted
            };
            let used = || (0..rows.len()).filter(|frame| kept[*frame]);
            let relative = |frame: usize| (residual(frame) / levels[frame]).abs();
            let spread = 1.4826 * f64::from(median(used().map(|frame| relative(frame) as f32)));
            let rest: f64 = used().map(|frame| weights[frame] * residual(frame).powi(2)).sum();
            let freedom = (used().count() as f64 - 3.0).max(1.0);
            self.off[cell] = solved[0] as f32;
            self.lamp[cell] = solved[2] as f32;
            self.errors[cell] = [variances[0], variances[2]].map(|variance| (variance * rest / freedom).sqrt() as f32);
            self.usable[cell] = self.off[cell] > 5e-4;
            let limit = 2.5 * spread.max(1e-7);
            for frame in used() {
                weights[frame] = trust[frame] * (limit / relative(frame).max(limit)).powi(2);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Code, LampKind, Place, Sample, View};
    use super::*;

    /// Every cell: 0.1 without the lamp, 0.05 by the lamp, slowly brighter; one frame is a blink of the whole picture.
    #[test]
    fn a_cell_is_taken_apart() {
        let code = Code::random(LampKind::White, 15.0, || 1 << 60);
        let place = Place { x: 5.0, y: 3.0, roll: 0.0, eye_share: 0.09 };
        let symbols: Vec<i32> = (-3..code.symbols().len() as i32 + 3).collect();
        let light = |symbol: i32| code.light_between(symbol as f32, symbol as f32 + 1.0);
        let samples: Vec<Sample> = symbols
            .iter()
            .map(|symbol| {
                let drift = 0.0005 * *symbol as f32;
                let blink = if *symbol == 6 { 0.04 } else { 0.0 };
                let ripple = |cell: usize| if (cell as i32 + symbol) % 2 == 0 { 1e-4 } else { -1e-4 };
                let value = 0.1 + 0.05 * light(*symbol) + drift + blink;
                let cells: Vec<f32> = (0..COLUMNS * ROWS).map(|cell| value + ripple(cell)).collect();
                Sample { symbol: *symbol, view: View::from_grid(&cells, place).unwrap() }
            })
            .collect();
        let clock = Clock { code: &code, delay: 0.0, symbols };
        let steady = Steady::new(&samples.iter().collect::<Vec<_>>());
        let overall = Overall::new(&clock, &steady).unwrap();
        assert!(!overall.kept[9], "the blink is left out");
        assert_eq!(overall.kept.iter().filter(|kept| !**kept).count(), 1);
        assert!(overall.late_by.abs() < 1e-6 && overall.explained > 0.5);
        let response = Response::new(&clock, &steady, &overall);
        for cell in [300, 500, 700] {
            let (off, lamp, [_, error]) = (response.off[cell], response.lamp[cell], response.errors[cell]);
            // The drift is 0.0045 in the middle of the code, where the constant is.
            assert!((off - 0.1045).abs() < 5e-4, "{off}");
            assert!((lamp - 0.05).abs() < 5e-4 && error < 5e-4, "{lamp} {error}");
        }
    }
}
