//! Computes encodings and crops of the photos of a sample, on all cores. Each photo belongs to one known person; other
//! faces in it are ignored.

use super::cache::{Cache, Measured};
use super::colours::Colours;
use super::sample::Photo;
use models::bundle::CropGeometry;
use models::photo::{PhotoFile, PhotoReader};
use models::{Face, FaceBox, Frame, ModelError, Recogniser, align, on_every_core};
use shared::encoding::Encoded;
use terminal::Progress;

/// The measurements of one photo; `None` without a face.
pub type Outcome = Result<Option<Measured>, String>;

/// The tools for measuring photos.
#[derive(Clone, Copy)]
pub struct Measuring<'a> {
    /// The networks.
    pub recogniser: &'a Recogniser,
    /// Reads the photos.
    pub reader: &'a PhotoReader,
    /// Cache for the measurements, if wanted.
    pub cache: Option<&'a Cache>,
    /// True to show no progress.
    pub quiet: bool,
}

impl Measuring<'_> {
    /// Measures the foremost face of each photo, aligned and unaligned. The outcomes are in the order of the photos.
    pub fn measure(&self, photos: &[Photo], colours: Colours) -> Vec<Outcome> {
        let &Self { recogniser, reader, cache, quiet } = self;
        let progress = Progress::new("photos", photos.len(), quiet);
        let measured = on_every_core(recogniser, photos, |recogniser, photo: &Photo| {
            let (measured, origin) = measure(recogniser, photo, colours, cache, reader);
            match origin {
                Origin::Found => progress.one_found(),
                Origin::Measured => progress.one_more(),
            }
            measured
        });
        progress.finish();
        measured
    }
}

/// Whether the networks ran for an outcome, or not because it was cached or the photo could not be read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Found,
    Measured,
}

fn measure(
    recogniser: &mut Recogniser,
    photo: &Photo,
    colours: Colours,
    cache: Option<&Cache>,
    reader: &PhotoReader,
) -> (Outcome, Origin) {
    let file = match reader.open(&photo.path) {
        Ok(file) => file,
        Err(error) => return (Err(error.to_string()), Origin::Found),
    };
    match cache.and_then(|cache| cache.read(file.digest(), colours)) {
        Some(kept) => (Ok(kept), Origin::Found),
        None => (measure_with_networks(recogniser, &file, colours, cache), Origin::Measured),
    }
}

fn measure_with_networks(
    recogniser: &mut Recogniser,
    file: &PhotoFile<'_, '_>,
    colours: Colours,
    cache: Option<&Cache>,
) -> Outcome {
    let read = file.decode().map_err(|error| error.to_string())?;
    let frame = match colours {
        Colours::AsTaken => read.frame,
        Colours::Grey => read.frame.in_grey(),
    };
    let measured = labelled_face(recogniser, &frame).map_err(|error| error.to_string())?;
    if let Some(cache) = cache {
        cache.write(file.digest(), colours, measured.as_ref());
    }
    Ok(measured)
}

fn labelled_face(recogniser: &mut Recogniser, frame: &Frame) -> Result<Option<Measured>, ModelError> {
    let faces = recogniser.detect(frame)?;
    let Some(face) = foremost(&faces, frame) else { return Ok(None) };
    let crop = recogniser.align(frame, face)?;
    let boxed = align::align(frame, face, &unaligned(crop.side()));
    let Encoded { encoding: aligned, length } = recogniser.encode_with_length(&crop)?;
    let unaligned = recogniser.encode(&boxed)?;
    Ok(Some(Measured { aligned, unaligned, crop, length, confidence: face.confidence }))
}

/// The labelled face of a photo: large, and near the middle. Maximises the area minus twice the square of the distance
/// from the middle. The FaceNet implementation that published the network 20180402-114759 prepares its photos in this
/// way.
pub fn foremost<'f>(faces: &'f [Face], frame: &Frame) -> Option<&'f Face> {
    let middle = [frame.width(), frame.height()].map(|side| side as f32 / 2.0);
    let weight = |face: &Face| {
        let FaceBox { x, y, width, height } = face.bounds;
        let (right, down) = (x + width / 2.0 - middle[0], y + height / 2.0 - middle[1]);
        face.bounds.area() - 2.0 * (right * right + down * down)
    };
    faces.iter().max_by(|a, b| weight(a).total_cmp(&weight(b)))
}

/// The detector's box, made square.
fn unaligned(side: u32) -> CropGeometry {
    CropGeometry::Box { side, enlarge: 1.0, shift_down: 0.0, stretch: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use models::Point;

    fn face(x: f32, y: f32, side: f32) -> Face {
        let bounds = FaceBox { x, y, width: side, height: side };
        Face { bounds, landmarks: [Point { x, y }; 5], confidence: 0.9 }
    }

    #[test]
    fn the_foremost_face_is_large_and_near_the_middle() {
        let frame = Frame::from_rgb(250, 250, vec![0; 3 * 250 * 250]).unwrap();
        for (faces, foremost_one) in [
            (vec![], None),
            (vec![face(0.0, 0.0, 20.0)], Some(0)),
            // Somebody larger looks in from the side.
            (vec![face(150.0, 80.0, 100.0), face(80.0, 80.0, 90.0)], Some(1)),
            (vec![face(60.0, 60.0, 130.0), face(110.0, 110.0, 30.0)], Some(0)),
        ] {
            let found = foremost(&faces, &frame).map(|found| faces.iter().position(|face| face == found).unwrap());
            assert_eq!(found, foremost_one, "{faces:?}");
        }
    }
}
