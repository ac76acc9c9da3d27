//! Encodes the photos of all people, on every core.

use super::quality::{LeftOut, only_face, require_recognisable, require_sharp, size};
use crate::heif::photo_reader;
use crate::photo_folders::Photo;
use models::photo::PhotoReader;
use models::quarter_turns::turned;
use models::{Crop, Frame, ModelError, Recogniser, on_every_core};
use shared::encoding::Encoding;
use shared::gallery::PhotoDigest;
use terminal::Progress;

/// An encoded photo.
#[derive(Clone, Debug)]
pub(super) struct Encoded {
    pub(super) digest: PhotoDigest,
    pub(super) encoding: Encoding,
    /// Whether the gate found the face plain.
    pub(super) is_plain: bool,
    /// By how many degrees clockwise the photo was turned; 0 if it was not.
    pub(super) turned: u16,
    /// The shorter side of the face's box, in pixels of the photo.
    pub(super) face_pixels: f32,
    /// Whether the photo is without colour.
    pub(super) is_grey: bool,
    /// Kept only for the HTML page.
    pub(super) crop: Option<Crop>,
}

/// Encodes each photo, in the given order, if the shorter side of its face has `least` pixels or more. Keeps the crops
/// if `keep_crops` is set.
pub(super) fn encode_all(
    recogniser: &Recogniser,
    photos: &[Photo],
    least: u32,
    keep_crops: bool,
    quiet: bool,
) -> Vec<Result<Encoded, LeftOut>> {
    let reader = photo_reader();
    let progress = Progress::new("photos", photos.len(), quiet);
    let encoded = on_every_core(recogniser, photos, |recogniser, photo| {
        let mut encoded = encode(recogniser, photo, least, &reader);
        if let Ok(encoded) = &mut encoded {
            encoded.crop.take_if(|_| !keep_crops);
        }
        tracing::debug!(photo = photo.shown, left_out = encoded.as_ref().err().map(tracing::field::display));
        progress.one_more();
        encoded
    });
    progress.finish();
    encoded
}

/// Encodes one photo. If it has no recognisable face, it may be the wrong way round: the first turn with a recognisable
/// face is used. The whole photo is in memory only in this function.
fn encode(recogniser: &mut Recogniser, photo: &Photo, least: u32, reader: &PhotoReader) -> Result<Encoded, LeftOut> {
    let read = reader.read(&photo.path)?;
    let digest = read.digest;
    let mut result = encode_frame(recogniser, &read.frame, least);
    let mut degrees = 0;
    let may_be_turned = matches!(result, Err(LeftOut::NoFace | LeftOut::HardlyAFace));
    if may_be_turned && recogniser.gate().is_some() {
        for quarters in OTHER_WAYS {
            if let Ok(found) = encode_frame(recogniser, &turned(&read.frame, quarters), least) {
                (result, degrees) = (Ok(found), 90 * u16::from(quarters));
                break;
            }
        }
    }
    let EncodedFrame { encoding, is_plain, face_pixels, crop } = result?;
    let is_grey = read.frame.is_grey();
    Ok(Encoded { digest, encoding, is_plain, turned: degrees, face_pixels, is_grey, crop: Some(crop) })
}

/// Clockwise quarter turns to try: upside down first, because it is the most common.
const OTHER_WAYS: [u8; 3] = [2, 1, 3];

struct EncodedFrame {
    encoding: Encoding,
    is_plain: bool,
    face_pixels: f32,
    crop: Crop,
}

fn encode_frame(recogniser: &mut Recogniser, frame: &Frame, least: u32) -> Result<EncodedFrame, LeftOut> {
    let not_encoded = |error: ModelError| LeftOut::NotEncoded(error.to_string());
    let faces = recogniser.detect_in_photo(frame).map_err(not_encoded)?;
    let face = only_face(&faces, least)?;
    let crop = recogniser.align(frame, face).map_err(not_encoded)?;
    require_sharp(&crop)?;
    let (encoding, standing) = recogniser.encode_face(face, &crop).map_err(not_encoded)?;
    require_recognisable(&standing)?;
    Ok(EncodedFrame { encoding, is_plain: standing.is_plain(), face_pixels: size(face), crop })
}
