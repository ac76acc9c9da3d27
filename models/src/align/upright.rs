//! Fast sampling without rotation: interpolates each row of the frame horizontally once, then mixes two rows for each
//! row of the picture. The result is bit-identical to the general algorithm.

use super::neighbours;
use super::transform::Transform;
use crate::Frame;

/// Samples a picture of `side` x `side` pixels, with one sample for each pixel. The transform must not rotate.
pub(super) fn sampled_upright(frame: &Frame, to_frame: &Transform, side: u32) -> Vec<u8> {
    let columns: Vec<(u32, u32, f32)> =
        (0..side).map(|x| neighbours(to_frame.apply(x as f32, 0.0).x, frame.width())).collect();
    let mut lines = [Line::default(), Line::default()];
    let mut pixels = Vec::with_capacity(3 * (side * side) as usize);
    for y in 0..side {
        let (upper, lower, part) = neighbours(to_frame.apply(0.0, y as f32).y, frame.height());
        if lines[0].row != Some(upper) {
            lines.swap(0, 1);
        }
        for (line, row) in lines.iter_mut().zip([upper, lower]) {
            line.provide(frame, row, &columns);
        }
        let [above, below] = &lines;
        let mixed = above.numbers.iter().zip(&below.numbers).map(|(above, below)| above + (below - above) * part);
        pixels.extend(mixed.map(|value| (value + 0.5) as u8));
    }
    pixels
}

/// A row of the frame, interpolated at every column of the picture; three numbers for each column.
#[derive(Default)]
struct Line {
    row: Option<u32>,
    numbers: Vec<f32>,
}

impl Line {
    fn provide(&mut self, frame: &Frame, row: u32, columns: &[(u32, u32, f32)]) {
        if self.row == Some(row) {
            return;
        }
        let pixels = frame.row(row as usize).as_chunks::<3>().0;
        self.row = Some(row);
        self.numbers.clear();
        for &(left, right, part) in columns {
            let (from, to) = (pixels[left as usize].map(f32::from), pixels[right as usize].map(f32::from));
            self.numbers.extend([0, 1, 2].map(|channel| from[channel] + (to[channel] - from[channel]) * part));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sampled;
    use super::*;
    use crate::FaceBox;

    #[test]
    fn an_upright_crop_equals_the_general_one() {
        let pixels = (0..3 * 90 * 70u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let frame = Frame::from_rgb(90, 70, pixels).unwrap();
        for (x, y, side) in [(20.0, 15.0, 30.0), (-12.3, -7.9, 41.7), (60.1, 50.2, 55.5), (200.0, 300.0, 10.0)] {
            let bounds = FaceBox { x, y, width: side, height: side * 1.1 };
            for (size, enlarge) in [(64, 1.0), (33, 1.37), (160, 2.2)] {
                let transform = Transform::of_box(&bounds, size, enlarge, 0.0, false);
                let expected = sampled(&frame, &transform, size, 1);
                assert!(sampled_upright(&frame, &transform, size) == expected, "{bounds:?} {size} {enlarge}");
            }
        }
    }
}
