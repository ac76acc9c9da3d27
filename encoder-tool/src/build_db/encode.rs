//! Encodes the photos of people, one at a time or all of them on every core. A photo that was encoded before is answered
//! from [`KeptEncodings`].

use super::encoded::{Encoded, FaceInPhoto};
use super::kept_encodings::KeptEncodings;
use super::quality::{LeftOut, only_face, require_recognisable, require_sharp};
use crate::heif::photo_reader;
use crate::photo_folders::Photo;
use crate::portrait::Portrait;
use models::photo::{PhotoFile, PhotoReader};
use models::quarter_turns::turned;
use models::{FaceBox, Frame, ModelError, Recogniser, on_every_core};
use shared::encoding::Encoding;
use shared::gallery::PhotoDigest;
use std::io;
use terminal::Progress;

/// Encodes photos of people.
pub(crate) struct Encoder {
    reader: PhotoReader,
    kept: Option<KeptEncodings>,
    least: u32,
}

/// How a result came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// It was kept from an earlier run.
    Kept,
    /// The networks examined the photo.
    Encoded,
    /// The photo could not be examined.
    Failed,
}

impl Encoder {
    /// Encodes photos in which the shorter side of the face has `least` pixels or more. Reads and writes `kept` if
    /// there is one, which must be that of the networks that are passed to the other functions.
    pub(crate) fn new(least: u32, kept: Option<KeptEncodings>) -> Self {
        Self { reader: photo_reader(), kept, least }
    }

    /// Encodes each photo, in the given order.
    pub(crate) fn encode_all(
        &self,
        recogniser: &Recogniser,
        photos: &[Photo],
        quiet: bool,
    ) -> Vec<(Result<Encoded, LeftOut>, Origin)> {
        let progress = Progress::new("photos", photos.len(), quiet);
        let encoded = on_every_core(recogniser, photos, |recogniser, photo| {
            let (encoded, origin) = self.encode(recogniser, photo);
            let left_out = encoded.as_ref().err().map(tracing::field::display);
            tracing::debug!(photo = photo.shown, ?origin, left_out);
            match origin {
                Origin::Kept => progress.one_found(),
                Origin::Encoded | Origin::Failed => progress.one_more(),
            }
            (encoded, origin)
        });
        progress.finish();
        encoded
    }

    /// Encodes one photo. Its file is read once: what is kept belongs to the bytes that were encoded.
    pub(crate) fn encode(&self, recogniser: &mut Recogniser, photo: &Photo) -> (Result<Encoded, LeftOut>, Origin) {
        let file = match self.reader.open(&photo.path) {
            Ok(file) => file,
            Err(error) => return (Err(error.into()), Origin::Failed),
        };
        let sha256 = file.sha256();
        if let Some(known) = self.kept.as_ref().and_then(|kept| kept.read(&sha256, self.least)) {
            return (known, Origin::Kept);
        }
        let result = encode_file(recogniser, file, self.least);
        if result.as_ref().is_err_and(LeftOut::is_failure) {
            return (result, Origin::Failed);
        }
        if let Some(kept) = &self.kept {
            kept.write(&sha256, self.least, &result);
        }
        (result, Origin::Encoded)
    }

    /// Erases what is kept of photos that must not be encoded. Reads their files, but decodes none; a file that cannot be
    /// read is passed over.
    ///
    /// # Errors
    /// If an entry cannot be erased.
    pub(crate) fn erase_kept<'p>(&self, photos: impl Iterator<Item = &'p Photo>) -> io::Result<()> {
        let Some(kept) = &self.kept else { return Ok(()) };
        let digests: Vec<PhotoDigest> =
            photos.filter_map(|photo| self.reader.open(&photo.path).ok()).map(|file| file.digest()).collect();
        kept.erase(&digests)
    }

    /// What is kept of photos; `None` if nothing is.
    pub(crate) fn kept(&self) -> Option<&KeptEncodings> {
        self.kept.as_ref()
    }
}

/// Encodes one photo that is not kept. If it has no recognisable face, it may be the wrong way round: the first turn with a recognisable
/// face is used. The whole photo is in memory only in this function.
pub(crate) fn encode_file(
    recogniser: &mut Recogniser,
    file: PhotoFile<'_, '_>,
    least: u32,
) -> Result<Encoded, LeftOut> {
    let read = file.decode()?;
    drop(file);
    let is_grey = read.frame.is_grey();
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
    let EncodedFrame { encoding, is_plain, bounds, size, portrait } = result?;
    let face = FaceInPhoto { bounds, photo: size, turned: degrees };
    Ok(Encoded { digest: read.digest, encoding, is_plain, is_grey, face, portrait })
}

/// Clockwise quarter turns to try: upside down first, because it is the most common.
const OTHER_WAYS: [u8; 3] = [2, 1, 3];

struct EncodedFrame {
    encoding: Encoding,
    is_plain: bool,
    bounds: FaceBox,
    size: [u32; 2],
    portrait: Portrait,
}

fn encode_frame(recogniser: &mut Recogniser, frame: &Frame, least: u32) -> Result<EncodedFrame, LeftOut> {
    let not_encoded = |error: ModelError| LeftOut::NotEncoded(error.to_string());
    let faces = recogniser.detect_in_photo(frame).map_err(not_encoded)?;
    let face = only_face(&faces, least)?;
    let crop = recogniser.align(frame, face).map_err(not_encoded)?;
    require_sharp(&crop)?;
    let (encoding, standing) = recogniser.encode_face(face, &crop).map_err(not_encoded)?;
    require_recognisable(&standing)?;
    Ok(EncodedFrame {
        encoding,
        is_plain: standing.is_plain(),
        bounds: face.bounds,
        size: [frame.width(), frame.height()],
        portrait: Portrait::of(&crop),
    })
}
