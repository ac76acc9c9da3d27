//! Scaled versions of a photo, whole or in parts, and the conversion of faces found there to photo coordinates.

use super::tiles::Tile;
use crate::letterbox::{Share, shares};
use crate::{Face, FaceBox, Frame, Point};

/// A scaled size of a photo.
pub(super) struct Level {
    width: u32,
    height: u32,
    /// Photo pixels for each pixel of the level, in x and y.
    step: (f32, f32),
}

impl Level {
    /// The level at which the photo's longest side is `longest` pixels.
    pub(super) fn new(photo: &Frame, longest: u32) -> Self {
        let from = photo.width().max(photo.height());
        let side = |length: u32| {
            let scaled = f64::from(length) * f64::from(longest) / f64::from(from);
            (scaled.round() as u32).max(1)
        };
        let (width, height) = (side(photo.width()), side(photo.height()));
        let step = (photo.width() as f32 / width as f32, photo.height() as f32 / height as f32);
        Self { width, height, step }
    }

    /// Width and height in pixels.
    pub(super) fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// Scales down a part of the photo. Each pixel is the area-weighted mean of the photo pixels under it.
    pub(super) fn part(&self, photo: &Frame, tile: &Tile) -> Frame {
        let columns = shares(photo.width() as usize, self.width as usize);
        let rows = shares(photo.height() as usize, self.height as usize);
        let columns = &columns[tile.x as usize..][..tile.width as usize];
        let rows = &rows[tile.y as usize..][..tile.height as usize];
        let (first, end) = match columns {
            [] => (0, 0),
            [first, .., last] => (first.first, last.last + 1),
            [only] => (only.first, only.last + 1),
        };
        let mut sums = vec![0.0f32; 3 * (end - first)];
        let mut pixels = Vec::with_capacity(3 * columns.len() * rows.len());
        for share in rows {
            sums.fill(0.0);
            for (row, weight) in share.weights() {
                for (sum, &byte) in sums.iter_mut().zip(&photo.row(row)[3 * first..3 * end]) {
                    *sum += f32::from(byte) * weight;
                }
            }
            let sums = sums.as_chunks::<3>().0;
            let mean = |share: &Share| share.from(first).mean_of(sums).map(|value| value.round() as u8);
            pixels.extend(columns.iter().flat_map(mean));
        }
        Frame::of_parts(tile.width, tile.height, pixels)
    }

    /// Scales up the whole photo by bilinear interpolation. Beyond the centres of the outermost pixels, their values
    /// repeat.
    pub(super) fn enlarged(&self, photo: &Frame) -> Frame {
        let columns = between(photo.width(), self.width);
        let mut pixels = Vec::with_capacity(3 * self.width as usize * self.height as usize);
        for (upper, lower, down) in between(photo.height(), self.height) {
            let (upper, lower) = (photo.row(upper).as_chunks::<3>().0, photo.row(lower).as_chunks::<3>().0);
            for &(left, right, across) in &columns {
                pixels.extend((0..3).map(|channel| {
                    let along = |row: &[[u8; 3]]| mixed(row[left][channel].into(), row[right][channel].into(), across);
                    mixed(along(upper), along(lower), down).round() as u8
                }));
            }
        }
        Frame::of_parts(self.width, self.height, pixels)
    }

    /// Converts a face found in the part that begins at `start` to photo pixels.
    pub(super) fn in_photo(&self, face: &Face, start: (u32, u32)) -> Face {
        let (x_step, y_step) = self.step;
        let place = |x: f32, y: f32| Point { x: (x + start.0 as f32) * x_step, y: (y + start.1 as f32) * y_step };
        let FaceBox { x, y, width, height } = face.bounds;
        let corner = place(x, y);
        let bounds = FaceBox { x: corner.x, y: corner.y, width: width * x_step, height: height * y_step };
        Face { bounds, landmarks: face.landmarks.map(|point| place(point.x, point.y)), ..*face }
    }
}

fn mixed(a: f32, b: f32, share: f32) -> f32 {
    a + (b - a) * share
}

/// For each of `target` pixels, the two source pixels around its centre, and the weight of the second.
fn between(source: u32, target: u32) -> Vec<(usize, usize, f32)> {
    let step = source as f32 / target as f32;
    let last = source.saturating_sub(1);
    (0..target)
        .map(|index| {
            let place = ((index as f32 + 0.5) * step - 0.5).clamp(0.0, last as f32);
            let below = place as usize;
            (below, (below + 1).min(last as usize), place.fract())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(width: u32, height: u32) -> Frame {
        let pixels = (0..3 * width * height).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        Frame::from_rgb(width, height, pixels).unwrap()
    }

    #[test]
    fn parts_are_cut_from_the_whole_level() {
        let photo = noise(150, 90);
        let level = Level::new(&photo, 100);
        let (width, height) = level.size();
        assert_eq!((width, height), (100, 60));
        let whole = level.part(&photo, &Tile { x: 0, y: 0, width, height });
        for tile in [Tile { x: 37, y: 20, width: 32, height: 40 }, Tile { x: 99, y: 59, width: 1, height: 1 }] {
            let part = level.part(&photo, &tile);
            for y in 0..tile.height {
                let start = 3 * tile.x as usize;
                let row = &whole.row((tile.y + y) as usize)[start..start + 3 * tile.width as usize];
                assert_eq!(part.row(y as usize), row, "{tile:?} row {y}");
            }
        }
    }

    #[test]
    fn scaled_down_to_half_each_pixel_is_a_mean_of_four() {
        let photo = Frame::from_rgb(2, 2, [0, 100, 40, 20].iter().flat_map(|&value| [value; 3]).collect()).unwrap();
        let level = Level::new(&photo, 1);
        assert_eq!(level.part(&photo, &Tile { x: 0, y: 0, width: 1, height: 1 }).pixels(), [40; 3]);
    }

    #[test]
    fn an_enlarged_ramp_is_a_ramp() {
        let photo = Frame::from_rgb(3, 1, [0, 100, 200].iter().flat_map(|&value| [value; 3]).collect()).unwrap();
        let large = Level::new(&photo, 6).enlarged(&photo);
        assert_eq!((large.width(), large.height()), (6, 2));
        let row: Vec<u8> = large.row(1).as_chunks::<3>().0.iter().map(|pixel| pixel[0]).collect();
        assert_eq!(row, [0, 25, 75, 125, 175, 200]);
    }

    #[test]
    fn faces_are_found_at_their_place_in_the_photo() {
        let photo = noise(200, 100);
        let bounds = FaceBox { x: 5.0, y: 10.0, width: 20.0, height: 30.0 };
        let face = Face { bounds, landmarks: [Point { x: 7.0, y: 12.0 }; 5], confidence: 0.9 };
        let moved = Level::new(&photo, 100).in_photo(&face, (30, 15));
        assert_eq!(moved.bounds, FaceBox { x: 70.0, y: 50.0, width: 40.0, height: 60.0 });
        assert_eq!(moved.landmarks, [Point { x: 74.0, y: 54.0 }; 5]);
    }
}
