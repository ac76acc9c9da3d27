//! The faces of a photo as encodings, without judging their quality.

use crate::heif::photo_reader;
use anyhow::Context;
use models::gate::Standing;
use models::photo::PhotoReader;
use models::{Crop, Face, FaceBox, Recogniser};
use serde::Serialize;
use shared::encoding::Encoding;
use shared::gallery::Gallery;
use std::path::Path;
use terminal::ShowPath;

/// A face with its crop and encoding.
pub(crate) struct EncodedFace {
    pub(crate) face: Face,
    pub(crate) crop: Crop,
    pub(crate) encoding: Encoding,
    pub(crate) standing: Standing,
    /// Whether the photo is without colour.
    pub(crate) is_grey: bool,
}

impl EncodedFace {
    /// Whether the face must not match anybody, even if it is near a person of the gallery (`near`, by index): it is
    /// hardly recognisable, or no nearer to that person than hardly recognisable faces are to each other.
    pub(crate) fn is_hardly_a_face(&self, gallery: &Gallery, near: Option<usize>) -> bool {
        let is_refused = self.standing.is_recognisable() == Some(false);
        is_refused || near.is_some_and(|person| !self.standing.is_clear_of_background(gallery, person))
    }
}

/// Detects and encodes every face in a photo, the largest first.
///
/// # Errors
/// If the photo cannot be read or the network fails.
pub(crate) fn all_faces(
    recogniser: &mut Recogniser,
    path: &Path,
    reader: &PhotoReader,
) -> anyhow::Result<Vec<EncodedFace>> {
    let (cropped, is_grey) = crops(recogniser, path, reader)?;
    cropped.into_iter().map(|(face, crop)| encoded(recogniser, path, face, crop, is_grey)).collect()
}

/// As [`all_faces`], with its own photo reader.
///
/// # Errors
/// If the photo cannot be read or the network fails.
pub(crate) fn faces_of(recogniser: &mut Recogniser, path: &Path) -> anyhow::Result<Vec<EncodedFace>> {
    all_faces(recogniser, path, &photo_reader())
}

/// A face in JSON output.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct FaceReport {
    /// Left, top, width, height in pixels of the upright photo.
    #[serde(rename = "box")]
    pub(crate) bounds: [f32; 4],
    /// L2 distance to the face or person that it is compared with; `null` if there is none.
    pub(crate) distance: Option<f32>,
}

/// The face box, rounded to a tenth of a pixel.
pub(crate) fn rounded(bounds: &FaceBox) -> [f32; 4] {
    [bounds.x, bounds.y, bounds.width, bounds.height].map(|length| (10.0 * length).round() / 10.0)
}

/// The note that only one of several faces was judged; empty for a single face.
pub(crate) fn largest_of(faces: usize) -> String {
    if faces > 1 { format!("the largest of {faces} faces") } else { String::new() }
}

/// The faces with their crops, and whether the photo is without colour. The whole photo is in memory only in this
/// function.
fn crops(recogniser: &mut Recogniser, path: &Path, reader: &PhotoReader) -> anyhow::Result<(Vec<(Face, Crop)>, bool)> {
    let photo = reader.read(path)?;
    let faces = recogniser.detect_in_photo(&photo.frame).with_context(|| path.shown())?;
    let cut = |face: Face| Ok((face, recogniser.align(&photo.frame, &face).with_context(|| path.shown())?));
    let cropped = faces.into_iter().map(cut).collect::<anyhow::Result<_>>()?;
    Ok((cropped, photo.frame.is_grey()))
}

fn encoded(
    recogniser: &mut Recogniser,
    path: &Path,
    face: Face,
    crop: Crop,
    is_grey: bool,
) -> anyhow::Result<EncodedFace> {
    let (encoding, standing) = recogniser.encode_face(&face, &crop).with_context(|| path.shown())?;
    Ok(EncodedFace { face, crop, encoding, standing, is_grey })
}
