//! Covers a picture with overlapping tiles.

use crate::FaceBox;
use crate::letterbox::SIDE_MULTIPLE;

/// Neighbouring tiles overlap by at least this many pixels, so a face up to this size is complete in one of them.
const OVERLAP: u32 = 96;

/// A part of a picture, in its pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tile {
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) width: u32,
    pub(super) height: u32,
}

impl Tile {
    /// Whether a face, in the tile's pixels, is complete: not cut off by an edge inside the picture. Faces that are cut
    /// off are found in another tile or at a coarser level.
    pub(super) fn has_whole(&self, face: &FaceBox, (width, height): (u32, u32)) -> bool {
        let within = |from: f32, length: f32, start: u32, side: u32, whole: u32| {
            (start == 0 || from > 0.0) && (start + side == whole || from + length < side as f32)
        };
        within(face.x, face.width, self.x, self.width, width)
            && within(face.y, face.height, self.y, self.height, height)
    }
}

/// The tiles that cover a picture of this width and height. All have the same size; their sides are at most `most`
/// pixels.
pub(super) fn over((width, height): (u32, u32), most: u32) -> impl Iterator<Item = Tile> {
    let (columns, tile_width) = along(width, most);
    let (rows, tile_height) = along(height, most);
    rows.into_iter().flat_map(move |y| columns.clone().into_iter().map(move |x| (x, y))).map(move |(x, y)| Tile {
        x,
        y,
        width: tile_width,
        height: tile_height,
    })
}

/// The starts of tiles along a side of `length` pixels, and the length of each tile: as few tiles as possible, then as
/// short as possible.
fn along(length: u32, most: u32) -> (Vec<u32>, u32) {
    let most = most.max(2 * OVERLAP);
    if length <= most {
        return (vec![0], length);
    }
    let count = (length - OVERLAP).div_ceil(most - OVERLAP);
    let side = (length + (count - 1) * OVERLAP).div_ceil(count).next_multiple_of(SIDE_MULTIPLE as u32).min(most);
    let start = |index: u32| (u64::from(index) * u64::from(length - side) / u64::from(count - 1)) as u32;
    ((0..count).map(start).collect(), side)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_cover_a_side_and_overlap() {
        for (length, most) in [
            (1, 640),
            (640, 640),
            (641, 640),
            (960, 640),
            (1280, 640),
            (2560, 640),
            (4000, 640),
            (3001, 320),
            (900, 32),
        ] {
            let (starts, side) = along(length, most);
            assert!(side <= most.max(2 * OVERLAP) && side <= length, "{length}: {side}");
            assert_eq!((starts[0], starts[starts.len() - 1] + side), (0, length), "{length}");
            for pair in starts.windows(2) {
                assert!(pair[0] < pair[1] && pair[0] + side >= pair[1] + OVERLAP, "{length}: {starts:?} of {side}");
            }
        }
    }

    #[test]
    fn how_many_tiles_a_photo_has() {
        for (size, count, tile) in
            [((1280, 960), 6, (512, 544)), ((2560, 1920), 20, (608, 576)), ((4000, 3000), 48, (608, 608))]
        {
            let tiles: Vec<Tile> = over(size, 640).collect();
            assert_eq!((tiles.len(), (tiles[0].width, tiles[0].height)), (count, tile), "{size:?}");
        }
    }

    #[test]
    fn a_face_is_cut_off_by_an_edge_only_within_the_picture() {
        let face = |x: f32, y: f32| FaceBox { x, y, width: 50.0, height: 50.0 };
        let tile = |x: u32, y: u32| Tile { x, y, width: 600, height: 600 };
        for (tile, face, whole) in [
            (tile(0, 0), face(100.0, 100.0), true),
            (tile(0, 0), face(-10.0, -10.0), true),
            (tile(400, 0), face(-10.0, 100.0), false),
            (tile(0, 400), face(100.0, -10.0), false),
            (tile(0, 0), face(560.0, 100.0), false),
            (tile(400, 400), face(560.0, 570.0), true),
        ] {
            assert_eq!(tile.has_whole(&face, (1000, 1000)), whole, "{tile:?} {face:?}");
        }
    }
}
