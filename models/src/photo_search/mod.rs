//! Detects the faces in a photo, which may be much larger or much smaller than a camera frame.
//!
//! A photo of the size of a camera frame is searched once as a whole, like a frame
//! ([`Recogniser::detect`](crate::Recogniser::detect)). If this finds no large face in a larger photo, the photo is
//! searched again in tiles, at finer and finer levels. A smaller photo is enlarged first. The caller decides which face
//! to use.

mod level;
mod tiles;

use crate::detect::overlapping;
use crate::{Face, Frame, ModelError};
use level::Level;

/// Photos with a longer side than this, the longest side of Full HD cameras, may be searched in tiles.
const CAMERA_SIDE: u32 = 1920;
/// Photos whose longest side is shorter than this are enlarged to [`ENLARGED_SIDE`].
const SMALL_SIDE: u32 = 160;
/// The longest side of an enlarged photo, in pixels. The lowest detector confidence of 18 faces, each in a photo of
/// 96x96 pixels, is 0.885 without enlargement, 0.92 at 320 or 384, and 0.82 at 640. Photos of 250x250 pixels are not
/// enlarged: landmarks are the mean of two searches, and the second, at twice the size of the photo, would no longer
/// see the face much larger than the first.
const ENLARGED_SIDE: u32 = 320;
/// The search stops at the level where the shorter side of a face has at least this many pixels. The landmarks of a
/// smaller face are more accurate at a finer level.
const LARGE_ENOUGH: f32 = 40.0;
/// The longest sides of the levels that are searched in tiles, in pixels. The last is for [`VERY_LARGE`] photos.
const LEVELS: [u32; 3] = [1280, 2560, 4000];
/// Photos whose longest side is longer than this are searched at the last level too.
const VERY_LARGE: u32 = 5000;
/// Two boxes with a larger intersection over union belong to the same face.
const SAME_FACE: f32 = 0.3;

/// Detects all faces in a photo, largest first, in photo pixels. `detect` detects the faces in one frame, which it
/// scales down to a longest side of `working_size` pixels.
///
/// # Errors
/// The errors of `detect`.
pub(crate) fn faces_of(
    photo: &Frame,
    working_size: u32,
    mut detect: impl FnMut(&Frame) -> Result<Vec<Face>, ModelError>,
) -> Result<Vec<Face>, ModelError> {
    let longest = photo.width().max(photo.height());
    if longest < SMALL_SIDE {
        let level = Level::new(photo, ENLARGED_SIDE);
        let faces = detect(&level.enlarged(photo))?;
        return Ok(faces.iter().map(|face| level.in_photo(face, (0, 0))).collect());
    }
    let mut faces = detect(photo)?;
    let mut searched = working_size.min(longest);
    for side in levels(longest) {
        if has_large_face(&faces, searched as f32 / longest as f32) {
            break;
        }
        faces.extend(faces_in_tiles(photo, &Level::new(photo, side), working_size, &mut detect)?);
        faces = overlapping(faces, SAME_FACE);
        searched = side;
    }
    faces.sort_by(|a, b| b.bounds.area().total_cmp(&a.bounds.area()));
    Ok(faces)
}

/// The longest sides of the levels at which a photo with this longest side may be searched in tiles.
fn levels(longest: u32) -> impl Iterator<Item = u32> {
    let levels = if longest > VERY_LARGE {
        &LEVELS[..]
    } else if longest > CAMERA_SIDE {
        &LEVELS[..2]
    } else {
        &LEVELS[..0]
    };
    levels.iter().map(move |&level| level.min(longest))
}

fn has_large_face(faces: &[Face], scale: f32) -> bool {
    faces.iter().any(|face| face.bounds.width.min(face.bounds.height) * scale >= LARGE_ENOUGH)
}

fn faces_in_tiles(
    photo: &Frame,
    level: &Level,
    most: u32,
    detect: &mut impl FnMut(&Frame) -> Result<Vec<Face>, ModelError>,
) -> Result<Vec<Face>, ModelError> {
    let mut faces = Vec::new();
    for tile in tiles::over(level.size(), most) {
        let found = detect(&level.part(photo, &tile))?;
        let whole = found.iter().filter(|face| tile.has_whole(&face.bounds, level.size()));
        faces.extend(whole.map(|face| level.in_photo(face, (tile.x, tile.y))));
    }
    Ok(faces)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FaceBox, Point};

    fn face(x: f32, y: f32, side: f32) -> Face {
        let bounds = FaceBox { x, y, width: side, height: side };
        Face { bounds, landmarks: [Point { x, y }; 5], confidence: 0.9 }
    }

    /// A white square on black, which the detector of [`squares`] reports as a face.
    fn photo(width: u32, height: u32, (left, top, side): (u32, u32, u32)) -> Frame {
        let mut pixels = vec![0; 3 * (width * height) as usize];
        for y in top..top + side {
            let start = 3 * (y * width + left) as usize;
            pixels[start..start + 3 * side as usize].fill(255);
        }
        Frame::from_rgb(width, height, pixels).unwrap()
    }

    /// Finds the box around all light pixels, if its shorter side has at least this many pixels in a frame scaled to
    /// 640.
    fn squares(least: f32) -> impl Fn(&Frame) -> Result<Vec<Face>, ModelError> {
        move |frame| {
            let light = |x: u32, y: u32| frame.row(y as usize)[3 * x as usize] > 127;
            let places = || (0..frame.height()).flat_map(|y| (0..frame.width()).map(move |x| (x, y)));
            let lit: Vec<(u32, u32)> = places().filter(|&(x, y)| light(x, y)).collect();
            let span = |of: fn(&(u32, u32)) -> u32| {
                let (first, last) = (lit.iter().map(of).min()?, lit.iter().map(of).max()?);
                Some((first as f32, (last + 1 - first) as f32))
            };
            let Some(((x, width), (y, height))) = span(|place| place.0).zip(span(|place| place.1)) else {
                return Ok(Vec::new());
            };
            let scale = (640.0 / frame.width().max(frame.height()) as f32).min(1.0);
            let found = width.min(height) * scale >= least;
            let bounds = FaceBox { x, y, width, height };
            Ok(found.then_some(Face { bounds, ..face(x, y, width) }).into_iter().collect())
        }
    }

    #[test]
    fn a_face_is_found_at_the_first_level_that_shows_it_and_where_it_is() {
        for (what, (width, height), square, passes) in [
            ("a camera frame: one pass, whatever it shows", (1920, 1080), (700, 300, 30), 1),
            ("a large face", (4000, 3000), (700, 300, 400), 1),
            ("a face that the first pass shows small", (4000, 3000), (700, 300, 200), 1 + 6),
            ("a small face", (4000, 3000), (1700, 900, 60), 1 + 6 + 20),
            ("upright", (3000, 4000), (1700, 900, 60), 1 + 6 + 20),
            ("at the edge of the photo", (4000, 3000), (3940, 2940, 60), 1 + 6 + 20),
            ("across the edges of tiles", (4000, 3000), (1290, 1200, 100), 1 + 6 + 20),
        ] {
            let photo = photo(width, height, square);
            let mut counted = 0;
            let detect = squares(20.0);
            let found = faces_of(&photo, 640, |frame: &Frame| {
                counted += 1;
                detect(frame)
            });
            let found = found.unwrap();
            assert_eq!(counted, passes, "{what}");
            let expected = face(square.0 as f32, square.1 as f32, square.2 as f32);
            match width.max(height) {
                0..=CAMERA_SIDE => assert_eq!(found, detect(&photo).unwrap(), "{what}"),
                _ => {
                    assert_eq!(found.len(), 1, "{what}: one face, found at several levels and in several tiles");
                    let overlap = found[0].bounds.overlap(&expected.bounds);
                    assert!(overlap > 0.85, "{what}: {:?}", found[0].bounds);
                }
            }
        }
    }

    #[test]
    fn a_small_photo_is_enlarged() {
        let photo = photo(96, 72, (20, 30, 30));
        let mut sizes = Vec::new();
        let found = faces_of(&photo, 640, |frame: &Frame| {
            sizes.push((frame.width(), frame.height()));
            squares(90.0)(frame)
        });
        assert_eq!(sizes, [(320, 240)]);
        let overlap = found.unwrap()[0].bounds.overlap(&face(20.0, 30.0, 30.0).bounds);
        assert!(overlap > 0.95, "{overlap}");
    }

    #[test]
    fn levels_of_photos() {
        for (longest, expected) in [
            (320, &[][..]),
            (1920, &[]),
            (1921, &[1280, 1921]),
            (4000, &[1280, 2560]),
            (5000, &[1280, 2560]),
            (8000, &[1280, 2560, 4000]),
            (65536, &[1280, 2560, 4000]),
        ] {
            assert_eq!(levels(longest).collect::<Vec<_>>(), expected, "{longest}");
        }
    }
}
