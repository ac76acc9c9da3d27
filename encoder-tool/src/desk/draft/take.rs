//! Turns a picture with a face into a photo that a build will accept: cut out around the face, compressed, and encoded from
//! exactly the bytes that will be stored.

use crate::build_db::encode::encode_file;
use crate::build_db::encoded::Encoded;
use crate::build_db::quality::LeftOut;
use crate::desk::pictures::as_jpeg;
use models::photo::PhotoReader;
use models::quarter_turns::turned;
use models::{Face, Frame, Recogniser};
use std::path::Path;

/// The side of the part that is kept, in sides of the face's box.
const AROUND: f32 = 2.4;
/// The same if another face is near.
const TIGHT: f32 = 1.5;
/// The longer side of a stored photo, in pixels: more detail is not used.
const SIDE: u32 = 800;
/// Of JPEG, 1 to 100.
const QUALITY: u8 = 92;
/// Faces smaller than this share of the largest one's area stand in the background.
const BACKGROUND: f32 = 0.2;
/// The most faces of a photo to choose from.
const MOST_FACES: usize = 8;
/// Clockwise quarter turns to try.
const WAYS: [u8; 4] = [0, 2, 1, 3];

/// A photo that can be stored.
pub(in crate::desk) struct Taken {
    pub(in crate::desk) jpeg: Vec<u8>,
    pub(in crate::desk) encoded: Encoded,
}

/// Takes the photo of one face. Faces have at least `least` pixels.
///
/// # Errors
/// [`LeftOut`] if a build would leave it out.
pub(in crate::desk) fn take(
    recogniser: &mut Recogniser,
    reader: &PhotoReader,
    frame: &Frame,
    face: &Face,
    least: u32,
) -> Result<Taken, LeftOut> {
    let of = |recogniser: &mut Recogniser, around| {
        let cut = cut_out(frame, face, around).ok_or(LeftOut::NoFace)?;
        let jpeg = as_jpeg(&cut, SIDE, QUALITY).ok_or(LeftOut::NoFace)?;
        let encoded = encode_file(recogniser, reader.of_bytes(Path::new("photo"), jpeg.clone()), least)?;
        Ok(Taken { jpeg, encoded })
    };
    match of(recogniser, AROUND) {
        Err(LeftOut::SeveralFaces { .. }) => of(recogniser, TIGHT),
        other => other,
    }
}

/// The photos of all faces in a photo, the largest first. The photo is turned until a face can be used.
///
/// # Errors
/// [`LeftOut`] of the largest face if no face can be used.
pub(in crate::desk) fn take_all(
    recogniser: &mut Recogniser,
    reader: &PhotoReader,
    frame: &Frame,
    least: u32,
) -> Result<Vec<Taken>, LeftOut> {
    let mut refused = None;
    for quarters in WAYS {
        let turned = if quarters == 0 { None } else { Some(turned(frame, quarters)) };
        let frame = turned.as_ref().unwrap_or(frame);
        let found = recogniser.detect_in_photo(frame).map_err(|error| LeftOut::NotEncoded(error.to_string()))?;
        let mut faces: Vec<&Face> = found.iter().collect();
        faces.sort_by(|a, b| b.bounds.area().total_cmp(&a.bounds.area()));
        let largest = faces.first().map_or(0.0, |face| face.bounds.area());
        faces.retain(|face| face.bounds.area() >= BACKGROUND * largest);
        let mut taken = Vec::new();
        for face in faces.into_iter().take(MOST_FACES) {
            match take(recogniser, reader, frame, face, least) {
                Ok(photo) => taken.push(photo),
                Err(why) => {
                    refused.get_or_insert(why);
                }
            }
        }
        if !taken.is_empty() {
            return Ok(taken);
        }
    }
    Err(refused.unwrap_or(LeftOut::NoFace))
}

/// The part of a picture around a face; `None` if the face is outside.
fn cut_out(frame: &Frame, face: &Face, around: f32) -> Option<Frame> {
    let (width, height) = (frame.width() as f32, frame.height() as f32);
    let bounds = face.bounds;
    let middle = (bounds.x + bounds.width / 2.0, bounds.y + bounds.height / 2.0);
    let half = bounds.width.max(bounds.height) * around / 2.0;
    let left = (middle.0 - half).clamp(0.0, width) as u32;
    let top = (middle.1 - half).clamp(0.0, height) as u32;
    let right = (middle.0 + half).clamp(0.0, width).ceil() as u32;
    let bottom = (middle.1 + half).clamp(0.0, height).ceil() as u32;
    let (cut_width, cut_height) = (right.checked_sub(left)?, bottom.checked_sub(top)?);
    let row = 3 * frame.width() as usize;
    let mut pixels = Vec::with_capacity(3 * cut_width as usize * cut_height as usize);
    for y in top..bottom {
        let from = y as usize * row + 3 * left as usize;
        pixels.extend_from_slice(frame.pixels().get(from..from + 3 * cut_width as usize)?);
    }
    Frame::from_rgb(cut_width, cut_height, pixels).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use models::{FaceBox, Point};

    fn face(left: f32, top: f32, width: f32, height: f32) -> Face {
        Face {
            bounds: FaceBox { x: left, y: top, width, height },
            landmarks: [Point { x: 0.0, y: 0.0 }; 5],
            confidence: 1.0,
        }
    }

    #[test]
    fn the_part_around_a_face_lies_in_the_picture() {
        let frame = Frame::from_rgb(200, 100, vec![7; 60_000]).unwrap();
        for (face, expected) in [
            (face(90.0, 40.0, 20.0, 20.0), Some((40, 40))),
            (face(-10.0, -10.0, 20.0, 20.0), Some((20, 20))),
            (face(150.0, 0.0, 100.0, 100.0), Some((100, 100))),
            (face(500.0, 500.0, 20.0, 20.0), None),
        ] {
            let cut = cut_out(&frame, &face, 2.0).map(|cut| (cut.width(), cut.height()));
            assert_eq!(cut, expected, "{face:?}");
        }
    }
}
