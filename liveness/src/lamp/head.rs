//! The template of a head: which way each cell of the face looks, and how open it is to the room.
//!
//! The shape is our own: an ellipsoid with a jaw, and Gaussian bumps for brows, eyes, cheeks, nose, lips and chin, placed
//! by the landmarks' template and sized by eye (an adult's eyes are about 63 mm apart, a nose protrudes by 20 mm). Heights
//! and lengths are in eye distances.

use super::view::{CELL, COLUMNS, ROWS, centre};
use std::sync::LazyLock;

/// What the template says of one cell.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Patch {
    /// The mean normal: to the right, down, and towards the camera.
    pub(super) normal: [f32; 3],
    /// The share of its surroundings that a cell sees, by the horizon in eight directions.
    pub(super) open: f32,
}

/// The template, for each cell of the grid.
pub(super) fn template() -> &'static [Patch] {
    &TEMPLATE
}

static TEMPLATE: LazyLock<Vec<Patch>> = LazyLock::new(|| (0..COLUMNS * ROWS).map(patch).collect());

/// `height * exp(-((x - at)/width)^2 - ((y - at)/height)^2)`: place, widths and height. The first two rows are on the
/// middle line, the others on both sides.
const MIDDLE: [[f32; 5]; 5] = [
    [0.0, 1.06, 0.32, 0.09, 0.05],
    [0.0, 1.25, 0.28, 0.09, 0.06],
    [0.0, 1.155, 0.34, 0.035, -0.05],
    [0.0, 1.45, 0.30, 0.10, -0.05],
    [0.0, 1.75, 0.32, 0.22, 0.13],
];
const SIDES: [[f32; 5]; 6] = [
    [0.50, 0.0, 0.28, 0.20, -0.15],
    [0.52, 0.0, 0.17, 0.13, 0.06],
    [0.48, -0.32, 0.36, 0.11, 0.07],
    [0.76, 0.45, 0.30, 0.26, 0.08],
    [0.75, 1.05, 0.28, 0.32, -0.04],
    [0.19, 0.62, 0.10, 0.10, 0.09],
];
/// The ellipsoid: half width, half height, depth, the middle's height below the eyes, and the exponent.
const SKULL: [f32; 5] = [1.18, 1.90, 1.40, 0.08, 2.4];
/// How much narrower the jaw is.
const JAW: f32 = 0.22;
/// How far the nose protrudes, and how far below the eyes its tip is.
const NOSE: [f32; 2] = [0.33, 0.60];

fn height(x: f32, y: f32) -> f32 {
    let [half_width, half_height, depth, middle, exponent] = SKULL;
    let lower = ((y - 0.5) / 1.4).clamp(0.0, 1.0);
    let u = (x / (half_width * (1.0 - JAW * lower * lower))).abs();
    let v = ((y - middle) / half_height).abs();
    let rest = (1.0 - u.powf(exponent) - v.powf(exponent)).max(0.0);
    let skull = depth * (rest.powf(1.0 / exponent) - 1.0);
    let bump = |[at_x, at_y, across, along, height]: [f32; 5], x: f32| {
        height * (-((x - at_x) / across).powi(2) - ((y - at_y) / along).powi(2)).exp()
    };
    let middle: f32 = MIDDLE.iter().map(|row| bump(*row, x)).sum();
    let sides: f32 = SIDES.iter().map(|row| bump(*row, x) + bump(*row, -x)).sum();
    skull + (middle + sides + nose(x, y)) * (4.0 * rest).min(1.0)
}

/// The ridge rises from between the eyes to the tip, and falls steeply to the lip.
fn nose(x: f32, y: f32) -> f32 {
    let [height, tip] = NOSE;
    let along = if y < tip {
        ((y + 0.12) / (tip + 0.12)).clamp(0.0, 1.0).powf(1.15)
    } else {
        let fall = ((y - tip) / 0.2).clamp(0.0, 1.0);
        1.0 - fall * fall * (3.0 - 2.0 * fall)
    };
    let width = 0.15 * (0.85 + 0.55 * ((y - 0.1) / 0.5).clamp(0.0, 1.0));
    height * along * (-(x / width).powi(2) / 1.4).exp()
}

fn patch(cell: usize) -> Patch {
    let (x, y) = centre(cell);
    let mut normal = [0.0; 3];
    for (right, down) in (-1..=1).flat_map(|down| (-1..=1).map(move |right| (right as f32, down as f32))) {
        let [a, b, c] = normal_at(x + CELL / 3.0 * right, y + CELL / 3.0 * down);
        normal = [normal[0] + a, normal[1] + b, normal[2] + c];
    }
    let normal = unit(normal);
    Patch { normal, open: open(x, y, normal) }
}

fn normal_at(x: f32, y: f32) -> [f32; 3] {
    const STEP: f32 = 0.02;
    let slope_x = (height(x + STEP, y) - height(x - STEP, y)) / (2.0 * STEP);
    let slope_y = (height(x, y + STEP) - height(x, y - STEP)) / (2.0 * STEP);
    unit([-slope_x, -slope_y, 1.0])
}

fn unit([x, y, z]: [f32; 3]) -> [f32; 3] {
    let length = (x * x + y * y + z * z).sqrt();
    [x / length, y / length, z / length]
}

/// One less the mean sine of the angle by which the horizon rises above the tangent plane.
fn open(x: f32, y: f32, [nx, ny, nz]: [f32; 3]) -> f32 {
    let here = height(x, y);
    let hidden = (0..8).map(|direction| {
        let (down, right) = (std::f32::consts::FRAC_PI_4 * direction as f32).sin_cos();
        let tangent = -(nx * right + ny * down) / nz;
        let rises = [0.06, 0.12, 0.2, 0.3, 0.45].map(|far| (height(x + far * right, y + far * down) - here) / far);
        let horizon = rises.into_iter().fold(tangent, f32::max);
        (horizon.atan() - tangent.atan()).max(0.0).sin()
    });
    1.0 - hidden.sum::<f32>() / 8.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lamp::{LEFT, TOP};

    fn at(x: f32, y: f32) -> Patch {
        // Cells of the face: not negative.
        template()[((y - TOP) / CELL) as usize * COLUMNS + ((x - LEFT) / CELL) as usize]
    }

    #[test]
    fn the_template_looks_like_a_head() {
        for (x, y, right, down, place) in [
            (0.0, -0.6, 0.0, -0.2, "forehead"),
            (0.9, 0.5, 0.5, 0.0, "left cheek"),
            (-0.9, 0.5, -0.5, 0.0, "right cheek"),
            (0.14, 0.45, 0.5, -0.3, "side of the nose"),
            (0.0, 1.85, 0.0, 0.8, "below the chin"),
        ] {
            let [nx, ny, nz] = at(x, y).normal;
            assert!((nx - right).abs() < 0.3 && (ny - down).abs() < 0.35 && nz > 0.2, "{place}: {nx} {ny} {nz}");
        }
        let (mirror, other) = (at(0.52, 0.8), at(-0.52, 0.8));
        assert!((mirror.normal[0] + other.normal[0]).abs() < 1e-4);
        assert!(at(0.35, 0.05).open < at(0.3, -0.8).open, "the corner of an eye is less open than the forehead");
    }
}
