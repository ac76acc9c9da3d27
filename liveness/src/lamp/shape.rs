//! Whether the lamp shades the face as it shades a head.
//!
//! The lamp's light divided by the brightness without it, `R`, does not depend on the colour of the face or on what is
//! printed on a sheet. On a sheet it is smooth: lamp and room both light it evenly, and if it is bent, the change is along
//! one axis. On a head, the lamp beside the camera lights what looks at the camera, `n_z`, and the room lights the head
//! from elsewhere. So log R is explained by a sheet (a polynomial, and a curve along the best axis), and then by the
//! template's normals as well. How much that helps, and the size of the part that follows log n_z (1 for a head, 0 for a
//! sheet), tell them apart.
//!
//! A logistic regression joins these features into the odds of a head. Its coefficients come from the simulation:
//! `lamp-trials --train` of the test bed prints them.

use super::head::template;
use super::least_squares::Equations;
use super::response::Response;
use super::robust::median;
use super::steady::is_on_face;
use super::view::{COLUMNS, centre};
use std::f32::consts::PI;

/// The number of [`Shape::features`].
pub const FEATURES: usize = 9;

/// Fewer cells are too few to judge.
const FEWEST_CELLS: usize = 200;
/// The relative deviation of log R that the models of sheet and head leave in any case.
const MODEL_ERROR: f32 = 0.04;
/// The response curve and rounding leave this error of the brightness without the lamp, linear.
const DARK_ERROR: f32 = 0.000_6;
/// Places of the template that are tried, in cells to the right and down.
const SHIFTS: [[isize; 2]; 9] = [[0, 0], [-1, 0], [1, 0], [0, -1], [0, 1], [-1, -1], [1, -1], [-1, 1], [1, 1]];
/// The axes that are tried for a bent sheet.
const AXES: usize = 8;

/// How the face is shaded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// The features, in this order: the coefficient of log n_z; the logarithm of the ratio of unexplained squares, sheet
    /// to head; the same without brightness among the causes; the logarithm of the deviation from a sheet, and from a
    /// head; that of the noise; the coefficient of brightness; that of the template's openness; and the likeness to skin.
    pub features: [f32; FEATURES],
}

/// One cell of the face.
struct Cell {
    /// log R.
    ratio: f64,
    weight: f64,
    x: f64,
    y: f64,
    /// The logarithm of the brightness without the lamp, less its mean.
    brightness: f64,
    /// Its place in the grid.
    at: usize,
}

impl Shape {
    /// `None` if too few cells have an answer.
    pub(super) fn new(response: &Response, skin_likeness: f32) -> Option<Self> {
        let cells = cells(response);
        if cells.len() < FEWEST_CELLS {
            return None;
        }
        let axes = (0..AXES).map(|axis| (PI * axis as f32 / AXES as f32).sin_cos());
        let bent = axes.filter_map(|(sine, cosine)| {
            let axis = [f64::from(cosine), f64::from(sine)];
            Some((axis, fitted(&cells, 2, |cell| sheet(cell, axis))?))
        });
        let (axis, plain) = bent.min_by(|a, b| a.1.left.total_cmp(&b.1.left))?;
        let as_sheet = fitted(&cells, 3, |cell| with_brightness(cell, axis))?;
        // Nobody's nose is where the template has it.
        let placed = SHIFTS.into_iter().filter_map(|shift| {
            let fit = fitted(&cells, 1, |cell| join::<9, 6, 15>(with_brightness(cell, axis), head(cell, shift)))?;
            Some((shift, fit.left))
        });
        let (shift, _) = placed.min_by(|a, b| a.1.total_cmp(&b.1))?;
        let as_head = fitted(&cells, 3, |cell| join::<9, 6, 15>(with_brightness(cell, axis), head(cell, shift)))?;
        let plain_head = fitted(&cells, 3, |cell| join::<8, 6, 14>(sheet(cell, axis), head(cell, shift)))?;
        let noise = 1.0 / median(cells.iter().map(|cell| cell.weight as f32)).sqrt();
        let gain = |sheet: f64, head: f64| (sheet.max(1e-9) / head.max(1e-9)).ln().clamp(-1.0, 3.0) as f32;
        let deviation = |left: f64| (left.sqrt() + 0.02).ln() as f32;
        let features = [
            as_head.solved[9] as f32,
            gain(as_sheet.left, as_head.left),
            gain(plain.left, plain_head.left),
            deviation(as_sheet.left),
            deviation(as_head.left),
            noise.ln(),
            as_head.solved[8] as f32,
            as_head.solved[14] as f32,
            skin_likeness.clamp(-1.0, 1.5),
        ];
        Some(Self { features: features.map(|value| value.clamp(-5.0, 5.0)) })
    }

    /// The logarithm of the odds of a head against a sheet; positive for a head.
    pub(super) fn head_likeness(&self) -> f32 {
        MEANS_AND_SLOPES
            .iter()
            .zip(self.features)
            .fold(OFFSET, |sum, ([mean, slope], value)| sum + slope * (value - mean))
    }
}

/// The logarithm of the odds is `OFFSET` plus the sum of slope times (feature less mean), in the order of the features.
///
/// From `lamp-trials --train --trials 504 --seed 200 --lux 50,150,500,1000 --distance 0.4,0.6,0.8` on 2026-11-27, with
/// textures from the photos of 50 people of the Face Research Lab London Set (those with odd numbers). 2498 trials reached
/// this test: 496 of people, 1 % with negative odds, and 2002 of instruments, 1.1 % with positive odds.
const OFFSET: f32 = 0.4295;
const MEANS_AND_SLOPES: [[f32; 2]; FEATURES] = [
    [0.4140, 5.3197],
    [0.3937, 4.8058],
    [0.4062, 4.4133],
    [-2.1742, 2.7017],
    [-2.3388, 3.0412],
    [-2.7752, -0.9073],
    [-0.0374, -0.4523],
    [-0.0898, -1.6254],
    [0.9699, 4.0853],
];

fn cells(response: &Response) -> Vec<Cell> {
    let usable = |cell: &usize| {
        let (lamp, off) = (response.lamp[*cell], response.off[*cell]);
        response.usable[*cell] && is_on_face(*cell) && lamp > 2.5 * response.errors[*cell][1] && lamp > 0.0 && off > 0.0
    };
    let used: Vec<usize> = (0..response.off.len()).filter(usable).collect();
    let square = |value: f32| value * value;
    let mut cells: Vec<Cell> = used
        .into_iter()
        .map(|cell| {
            let (lamp, off, [off_error, error]) = (response.lamp[cell], response.off[cell], response.errors[cell]);
            let variance =
                square(error / lamp) + (square(off_error) + square(DARK_ERROR)) / square(off) + square(MODEL_ERROR);
            let (x, y) = centre(cell);
            Cell {
                ratio: f64::from((lamp / off).ln()),
                weight: f64::from(1.0 / variance),
                x: f64::from(x),
                y: f64::from(y - 0.35),
                brightness: f64::from(off.ln()),
                at: cell,
            }
        })
        .collect();
    let total: f64 = cells.iter().map(|cell| cell.weight).sum();
    let mean = cells.iter().map(|cell| cell.weight * cell.brightness).sum::<f64>() / total.max(1e-9);
    cells.iter_mut().for_each(|cell| cell.brightness -= mean);
    cells
}

/// The template at a cell, moved to the right and down.
fn head(cell: &Cell, [right, down]: [isize; 2]) -> [f64; 6] {
    // Cells of the face are far from the edges of the grid, which has fewer than `isize::MAX` cells.
    let patch = template()[cell.at.saturating_add_signed(-right - down * COLUMNS as isize)];
    let [nx, ny, nz] = patch.normal.map(f64::from);
    [nz.max(0.15).ln(), nx, ny, nx * nx - ny * ny, nx * ny, f64::from(patch.open.ln())]
}

/// A sheet, flat, tilted, or bent about the axis.
fn sheet(cell: &Cell, axis: [f64; 2]) -> [f64; 8] {
    let (x, y) = (cell.x, cell.y);
    let across = x * axis[0] + y * axis[1];
    [1.0, x, y, x * x, x * y, y * y, across.powi(3), across.powi(4)]
}

/// A response curve that is not the camera's makes R depend on brightness.
fn with_brightness(cell: &Cell, axis: [f64; 2]) -> [f64; 9] {
    join::<8, 1, 9>(sheet(cell, axis), [cell.brightness])
}

fn join<const A: usize, const B: usize, const N: usize>(first: [f64; A], second: [f64; B]) -> [f64; N] {
    debug_assert_eq!(A + B, N);
    std::array::from_fn(|at| if at < A { first[at] } else { second[at - A] })
}

struct Fitted<const N: usize> {
    solved: [f64; N],
    /// The weighted mean square that is left.
    left: f64,
}

/// Fits log R, `rounds` times; cells that deviate count less each time (Huber's weights at two deviations).
fn fitted<const N: usize>(cells: &[Cell], rounds: usize, row: impl Fn(&Cell) -> [f64; N]) -> Option<Fitted<N>> {
    let rows: Vec<[f64; N]> = cells.iter().map(row).collect();
    let mut weights: Vec<f64> = cells.iter().map(|cell| cell.weight).collect();
    let mut found = None;
    for _ in 0..rounds {
        let mut equations = Equations::new([1e-6; N]);
        for ((row, cell), weight) in rows.iter().zip(cells).zip(&weights) {
            equations.add(row, cell.ratio, *weight);
        }
        let (solved, _) = equations.solve()?;
        let fitted = |row: &[f64; N]| row.iter().zip(solved).map(|(a, b)| a * b).sum::<f64>();
        let rest: Vec<f64> = rows.iter().zip(cells).map(|(row, cell)| cell.ratio - fitted(row)).collect();
        let spread = 2.0 * f64::from(1.4826 * median(rest.iter().map(|rest| rest.abs() as f32))) + 1e-6;
        for ((weight, cell), rest) in weights.iter_mut().zip(cells).zip(&rest) {
            *weight = cell.weight * (spread / rest.abs().max(spread));
        }
        let total: f64 = weights.iter().sum();
        let left = weights.iter().zip(&rest).map(|(weight, rest)| weight * rest * rest).sum::<f64>() / total;
        found = Some(Fitted { solved, left });
    }
    found
}
