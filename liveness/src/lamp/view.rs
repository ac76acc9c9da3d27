//! The measurement of one frame: a grid of mean light over the face and what is beside it.
//!
//! The grid moves with the face: it is aligned by rotation, scale and shift to the five landmarks, like the encoder's
//! crop. Lengths are in eye distances, from the middle between the eyes, to the right and down.

use models::{Frame, Point};
use std::sync::LazyLock;

/// Columns of the grid.
pub const COLUMNS: usize = 28;
/// Rows of the grid.
pub const ROWS: usize = 36;
/// The side of a cell, in eye distances: about 7 mm.
pub const CELL: f32 = 0.115;
/// The left edge of the grid, in eye distances.
pub const LEFT: f32 = -1.61;
/// The upper edge of the grid, in eye distances.
pub const TOP: f32 = -1.60;

/// The mean positions of right eye, left eye, nose, right and left corner of the mouth (as seen in the picture: from the
/// left), in eye distances from the middle between the eyes. These are the encoder's template (ArcFace, Deng et al.
/// 2019, in a crop of 112 pixels), divided by its eye distance of 35.24 pixels.
pub const TEMPLATE: [[f32; 2]; 5] = [[-0.5, 0.0], [0.5, 0.0], [0.004, 0.570], [-0.408, 1.159], [0.424, 1.154]];

/// A cell with a larger share of samples at the end of the range is left out.
const MAX_SATURATED: f32 = 0.04;
/// From this byte on, a channel counts as saturated.
const SATURATED: u8 = 250;
/// A cell must be brighter than this, linear: below, the response curve and compression say more than the light.
const BLACK: f32 = 0.0012;

/// Where the face was in the frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// The middle between the eyes, in eye distances from the left and upper edge of the frame.
    pub x: f32,
    /// See `x`.
    pub y: f32,
    /// The rotation in radians.
    pub roll: f32,
    /// The distance between the eyes divided by the width of the frame.
    pub eye_share: f32,
}

/// One frame's measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    cells: Vec<f32>,
    usable: Vec<bool>,
    place: Place,
}

impl View {
    /// Measures a frame. The landmarks are those of [`models::Face`]. `None` if they are not finite, or the eyes are less
    /// than 12 pixels apart.
    pub fn of(frame: &Frame, landmarks: &[Point; 5]) -> Option<Self> {
        let grid = Grid::between(landmarks)?;
        if grid.scale < 12.0 {
            return None;
        }
        let (width, height) = (frame.width() as usize, frame.height() as usize);
        let samples = (grid.scale * CELL).round().clamp(2.0, 8.0) as usize;
        let offset = |index: usize| (index as f32 + 0.5) / samples as f32;
        let mut cells = Vec::with_capacity(COLUMNS * ROWS);
        let mut usable = Vec::with_capacity(COLUMNS * ROWS);
        for (row, column) in (0..ROWS).flat_map(|row| (0..COLUMNS).map(move |column| (row, column))) {
            let (mut sum, mut inside, mut saturated) = (0.0, 0, 0);
            for (down, right) in (0..samples).flat_map(|down| (0..samples).map(move |right| (down, right))) {
                let x = LEFT + CELL * (column as f32 + offset(right));
                let y = TOP + CELL * (row as f32 + offset(down));
                let (x, y) = grid.apply(x, y);
                if x < 0.0 || y < 0.0 {
                    continue;
                }
                // Not negative, so the cast rounds to the nearest.
                let (x, y) = ((x + 0.5) as usize, (y + 0.5) as usize);
                if x >= width || y >= height {
                    continue;
                }
                let at = 3 * (y * width + x);
                let [red, green, blue] = [0, 1, 2].map(|channel| frame.pixels()[at + channel]);
                sum += luma(red, green, blue);
                inside += 1;
                saturated += usize::from(red.max(green).max(blue) >= SATURATED);
            }
            let mean = if inside > 0 { sum / inside as f32 } else { 0.0 };
            cells.push(mean);
            let is_whole = 2 * inside > samples * samples;
            usable.push(is_whole && saturated as f32 <= MAX_SATURATED * inside as f32 && mean > BLACK);
        }
        Some(Self { cells, usable, place: grid.place(width as f32) })
    }

    /// Takes a measurement that was made elsewhere: `COLUMNS * ROWS` values of linear light, 0 to 1, row by row. A cell
    /// is left out if it is `NaN`, darker than any camera resolves, or at least 1. `None` for any other number of cells.
    pub fn from_grid(cells: &[f32], place: Place) -> Option<Self> {
        if cells.len() != COLUMNS * ROWS {
            return None;
        }
        let usable = cells.iter().map(|value| *value > BLACK && *value < 1.0).collect();
        let cells = cells.iter().map(|value| if value.is_finite() { *value } else { 0.0 }).collect();
        Some(Self { cells, usable, place })
    }

    /// Mean linear light of each cell, 0 to 1, row by row.
    pub fn cells(&self) -> &[f32] {
        &self.cells
    }

    /// Whether each cell lies within the frame, and is neither saturated nor black.
    pub fn usable(&self) -> &[bool] {
        &self.usable
    }

    /// Where the face was.
    pub fn place(&self) -> Place {
        self.place
    }
}

/// The centre of a cell, in eye distances.
pub(super) fn centre(cell: usize) -> (f32, f32) {
    let (row, column) = (cell / COLUMNS, cell % COLUMNS);
    (LEFT + CELL * (column as f32 + 0.5), TOP + CELL * (row as f32 + 0.5))
}

/// Linear light of a byte, 0 to 1: the inverse curve of sRGB (IEC 61966-2-1).
pub fn linear(byte: u8) -> f32 {
    LINEAR[usize::from(byte)]
}

static LINEAR: LazyLock<[f32; 256]> = LazyLock::new(|| {
    std::array::from_fn(|byte| {
        let value = byte as f32 / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    })
});

/// Linear luma of sRGB's primaries (ITU-R BT.709).
fn luma(red: u8, green: u8, blue: u8) -> f32 {
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

/// Maps the grid's coordinates, in eye distances, to pixels: rotation, scale and shift.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    x: f32,
    y: f32,
    cosine: f32,
    sine: f32,
    scale: f32,
}

impl Grid {
    /// The closest map from the [`TEMPLATE`] to the landmarks (Umeyama 1991), as in the encoder's alignment. `None` if the
    /// landmarks are not finite or coincide.
    pub fn between(landmarks: &[Point; 5]) -> Option<Self> {
        let mean = |at: &dyn Fn(usize) -> (f32, f32)| {
            let (x, y) = (0..5).map(at).fold((0.0, 0.0), |(x, y), point| (x + point.0, y + point.1));
            (x / 5.0, y / 5.0)
        };
        let template = |index: usize| (TEMPLATE[index][0], TEMPLATE[index][1]);
        let landmark = |index: usize| (landmarks[index].x, landmarks[index].y);
        let (from, to) = (mean(&template), mean(&landmark));
        let (mut real, mut imaginary, mut spread) = (0.0, 0.0, 0.0);
        for index in 0..5 {
            let (px, py) = (template(index).0 - from.0, template(index).1 - from.1);
            let (qx, qy) = (landmark(index).0 - to.0, landmark(index).1 - to.1);
            real += px * qx + py * qy;
            imaginary += px * qy - py * qx;
            spread += px * px + py * py;
        }
        let (a, d) = (real / spread, imaginary / spread);
        let scale = a.hypot(d);
        let x = to.0 - a * from.0 + d * from.1;
        let y = to.1 - d * from.0 - a * from.1;
        let is_a_map = scale > 0.0 && scale.is_finite() && x.is_finite() && y.is_finite();
        is_a_map.then(|| Self { x, y, cosine: a / scale, sine: d / scale, scale })
    }

    /// The pixel of a point in eye distances.
    pub fn apply(&self, x: f32, y: f32) -> (f32, f32) {
        let (a, d) = (self.cosine * self.scale, self.sine * self.scale);
        (a * x - d * y + self.x, d * x + a * y + self.y)
    }

    /// The distance between the eyes, in pixels.
    pub fn eye_distance(&self) -> f32 {
        self.scale
    }

    /// The face's place in a frame that is `width` pixels wide.
    pub fn place(&self, width: f32) -> Place {
        let Self { x, y, cosine, sine, scale } = *self;
        Place { x: x / scale, y: y / scale, roll: sine.atan2(cosine), eye_share: scale / width }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn landmarks(scale: f32, x: f32, y: f32, roll: f32) -> [Point; 5] {
        let (sine, cosine) = roll.sin_cos();
        TEMPLATE.map(|[u, v]| Point { x: x + scale * (cosine * u - sine * v), y: y + scale * (sine * u + cosine * v) })
    }

    #[test]
    fn the_grid_lies_on_the_face_and_is_linear() {
        // 80 pixels between the eyes at (320, 200): dark above the eyes, brighter below, and white to the right.
        let pixel = |x: usize, y: usize| {
            if x >= 400 {
                255
            } else if y < 200 {
                60
            } else {
                120
            }
        };
        let pixels = (0..480).flat_map(|y| (0..640).flat_map(move |x| [pixel(x, y); 3])).collect();
        let frame = Frame::from_rgb(640, 480, pixels).unwrap();
        let view = View::of(&frame, &landmarks(80.0, 320.0, 200.0, 0.0)).unwrap();
        for (row, column, byte, usable) in [(2, 3, 60, true), (30, 10, 120, true), (30, 25, 255, false)] {
            let at = row * COLUMNS + column;
            assert!((view.cells()[at] - linear(byte)).abs() < 1e-4, "row {row}, column {column}: {}", view.cells()[at]);
            assert_eq!(view.usable()[at], usable, "row {row}, column {column}");
        }
        let Place { x, y, roll, eye_share } = view.place();
        assert!((x - 4.0).abs() < 1e-3 && (y - 2.5).abs() < 1e-3 && roll.abs() < 1e-3);
        assert!((eye_share - 0.125).abs() < 1e-4);
    }

    #[test]
    fn the_grid_turns_with_the_face() {
        let pixels = (0..600).flat_map(|y| (0..600).flat_map(move |_| [(y / 3) as u8; 3])).collect();
        let frame = Frame::from_rgb(600, 600, pixels).unwrap();
        let upright = View::of(&frame, &landmarks(60.0, 300.0, 300.0, 0.0)).unwrap();
        let turned = View::of(&frame, &landmarks(60.0, 300.0, 300.0, std::f32::consts::FRAC_PI_2)).unwrap();
        let row = |view: &View, at: usize| view.cells()[at * COLUMNS + 3] / view.cells()[at * COLUMNS + 24];
        assert!((row(&upright, 10) - 1.0).abs() < 0.01);
        assert!(row(&turned, 10) < 0.5, "the left of a face on its side is above its right");
        assert!((turned.place().roll - std::f32::consts::FRAC_PI_2).abs() < 1e-3);
    }

    #[test]
    fn cells_beyond_the_frame_are_left_out() {
        let frame = Frame::from_rgb(200, 200, vec![90; 3 * 200 * 200]).unwrap();
        let view = View::of(&frame, &landmarks(60.0, 20.0, 100.0, 0.0)).unwrap();
        assert!(!view.usable()[18 * COLUMNS]);
        assert!(view.usable()[18 * COLUMNS + 20]);
    }

    #[test]
    fn a_picture_without_a_face_gives_no_view() {
        let frame = Frame::from_rgb(64, 64, vec![90; 3 * 64 * 64]).unwrap();
        for bad in [[Point { x: 5.0, y: 5.0 }; 5], [Point { x: f32::NAN, y: 0.0 }; 5], landmarks(8.0, 30.0, 30.0, 0.0)]
        {
            assert!(View::of(&frame, &bad).is_none());
        }
        assert!(View::from_grid(&[0.5; 7], Place { x: 0.0, y: 0.0, roll: 0.0, eye_share: 0.1 }).is_none());
    }
}
