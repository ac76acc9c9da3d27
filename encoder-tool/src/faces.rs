//! The faces of a photo as encodings, without judging their quality.

use crate::photo_file;
use crate::pixel_budget::PixelBudget;
use anyhow::Context;
use models::{Crop, Face, Recogniser};
use shared::encoding::Encoding;
use std::path::Path;

/// A face with what was made of it.
pub(crate) struct EncodedFace {
    pub(crate) face: Face,
    pub(crate) crop: Crop,
    pub(crate) encoding: Encoding,
}

/// Every face of a photo, the largest first.
///
/// # Errors
/// If the photo cannot be read or the network fails.
pub(crate) fn all_faces(
    recogniser: &mut Recogniser,
    path: &Path,
    budget: &PixelBudget,
) -> anyhow::Result<Vec<EncodedFace>> {
    let cropped = crops(recogniser, path, budget, usize::MAX)?;
    cropped.into_iter().map(|(face, crop)| encoded(recogniser, path, face, crop)).collect()
}

/// The largest face of a photo; `None` if there is no face.
///
/// # Errors
/// If the photo cannot be read or the network fails.
pub(crate) fn largest_face(recogniser: &mut Recogniser, path: &Path) -> anyhow::Result<Option<EncodedFace>> {
    let budget = PixelBudget::new(photo_file::PIXELS_AT_ONCE);
    let largest = crops(recogniser, path, &budget, 1)?.pop();
    largest.map(|(face, crop)| encoded(recogniser, path, face, crop)).transpose()
}

/// The whole photo is in memory only in here.
fn crops(
    recogniser: &mut Recogniser,
    path: &Path,
    budget: &PixelBudget,
    most: usize,
) -> anyhow::Result<Vec<(Face, Crop)>> {
    let photo = photo_file::read(path, budget)?;
    let faces = recogniser.detect(&photo.frame).with_context(|| path.display().to_string())?;
    Ok(faces.into_iter().take(most).map(|face| (face, recogniser.align(&photo.frame, &face))).collect())
}

fn encoded(recogniser: &mut Recogniser, path: &Path, face: Face, crop: Crop) -> anyhow::Result<EncodedFace> {
    let encoding = recogniser.encode(&crop).with_context(|| path.display().to_string())?;
    Ok(EncodedFace { face, crop, encoding })
}
