//! From the photos in a person's folder to encodings, by every core.

use super::quality::{LeftOut, only_face, require_sharp};
use crate::photo_file;
use crate::photo_folders::Photo;
use crate::pixel_budget::PixelBudget;
use crate::progress::Progress;
use crate::workers::on_every_core;
use models::{Crop, Recogniser};
use shared::encoding::Encoding;
use shared::gallery::PhotoDigest;

/// What a photo gave.
#[derive(Clone, Debug)]
pub(super) struct Encoded {
    pub(super) digest: PhotoDigest,
    pub(super) encoding: Encoding,
    /// Kept only to be shown.
    pub(super) crop: Option<Crop>,
}

/// Encodes each photo, in the order in which they are given. Crops are kept if they will be shown.
pub(super) fn encode_all(
    recogniser: &Recogniser,
    photos: &[Photo],
    keep_crops: bool,
    quiet: bool,
) -> Vec<Result<Encoded, LeftOut>> {
    let budget = PixelBudget::new(photo_file::PIXELS_AT_ONCE);
    let progress = Progress::new(photos.len(), quiet);
    let encoded = on_every_core(recogniser, photos, |recogniser, photo| {
        let mut encoded = encode(recogniser, photo, &budget);
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

fn encode(recogniser: &mut Recogniser, photo: &Photo, budget: &PixelBudget) -> Result<Encoded, LeftOut> {
    let (digest, crop) = crop_of_only_face(recogniser, photo, budget)?;
    require_sharp(&crop)?;
    let encoding = recogniser.encode(&crop).map_err(|error| LeftOut::NotEncoded(error.to_string()))?;
    Ok(Encoded { digest, encoding, crop: Some(crop) })
}

/// The whole photo is in memory only in here.
fn crop_of_only_face(
    recogniser: &mut Recogniser,
    photo: &Photo,
    budget: &PixelBudget,
) -> Result<(PhotoDigest, Crop), LeftOut> {
    let read = photo_file::read(&photo.path, budget)?;
    let faces = recogniser.detect(&read.frame).map_err(|error| LeftOut::NotEncoded(error.to_string()))?;
    let face = only_face(&faces)?;
    Ok((read.digest, recogniser.align(&read.frame, face)))
}
