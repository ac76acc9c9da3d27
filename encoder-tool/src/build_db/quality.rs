//! Checks whether a photo is good enough for enrolment. No I/O.

use models::gate::Standing;
use models::photo::PhotoFileError;
use models::quality::sharpness;
use models::{Crop, Face};
use std::fmt;

/// The shorter side of a face box, in pixels of the photo, below which a face is too small to be a person's only one:
/// more than half of the 112 pixels that encoders use are then interpolated, and the distances of that person grow.
pub(super) const SMALL_FACE_PIXELS: f32 = 40.0;

/// The second face's area as a share of the largest face's, above which the photo is ambiguous.
pub(crate) const MAX_SECOND_SHARE: f32 = 0.5;

/// The sharpness below which a face is blurred.
pub(crate) const MIN_SHARPNESS: f32 = 20.0;

/// Why a photo is left out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum LeftOut {
    /// It cannot be read as a photo; holds the error message.
    Unreadable(String),
    /// It is HEIC or AVIF and cannot be decoded; holds the error message with advice.
    Heif(String),
    NoFace,
    SeveralFaces {
        /// The second largest face's area as a share of the largest face's, 0 to 1.
        second_share: f32,
    },
    FaceTooSmall {
        /// Shorter side of the box in pixels.
        pixels: f32,
        /// The smallest accepted size.
        least: u32,
    },
    Blurred {
        /// [`sharpness`] of the crop.
        sharpness: f32,
    },
    /// The gate refuses the face, whichever way round the photo is held.
    HardlyAFace,
    /// Strangers with hardly recognisable faces would falsely match this face.
    LikeManyOthers,
    /// The network did not run.
    NotEncoded(String),
    /// The same file exists under an earlier name.
    SameAs(String),
    /// The same file exists for another person, so one of the two is wrong.
    AlsoOf(String),
    /// The person has as many encodings as a database allows.
    TooMany {
        /// The largest number of encodings.
        most: usize,
    },
}

impl LeftOut {
    /// Whether the photo could not be examined; another run may have more success.
    pub(super) fn is_failure(&self) -> bool {
        matches!(self, Self::Unreadable(_) | Self::Heif(_) | Self::NotEncoded(_))
    }
}

impl From<PhotoFileError> for LeftOut {
    fn from(error: PhotoFileError) -> Self {
        match error {
            PhotoFileError::Heif { source, .. } => Self::Heif(source.to_string()),
            PhotoFileError::Photo { source, .. } => Self::Unreadable(source.to_string()),
            PhotoFileError::File(error) => Self::Unreadable(error.to_string()),
            other => Self::Unreadable(other.to_string()),
        }
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(why) => write!(f, "unreadable: {why}"),
            Self::Heif(how) => f.write_str(how),
            Self::NoFace => write!(f, "no face"),
            Self::SeveralFaces { second_share } => {
                write!(f, "several faces of similar size (the second has {:.0} % of the largest)", 100.0 * second_share)
            }
            Self::FaceTooSmall { pixels, least } => {
                write!(f, "face too small ({pixels:.0} pixels, at least {least})")
            }
            Self::Blurred { sharpness } => {
                write!(f, "blurred (sharpness {sharpness:.2}, at least {MIN_SHARPNESS:.2})")
            }
            Self::HardlyAFace => {
                f.write_str("hardly recognisable: take a sharp photo from the front, with nothing covering the face")
            }
            Self::LikeManyOthers => {
                f.write_str("strangers with covered faces would match this face: take another photo, with nothing covering the face")
            }
            Self::NotEncoded(why) => write!(f, "not encoded: {why}"),
            Self::SameAs(other) => write!(f, "the same photo as {other}"),
            Self::AlsoOf(other) => {
                write!(f, "the same photo as {other}, which is of another person: remove the wrong one")
            }
            Self::TooMany { most } => write!(f, "more than {most} photos of one person"),
        }
    }
}

/// The shorter side of a face's box, in pixels of the photo.
fn size(face: &Face) -> f32 {
    face.bounds.width.min(face.bounds.height)
}

/// The main face of the photo; its [`size`] must be `least` or more.
///
/// # Errors
/// [`LeftOut::NoFace`], [`LeftOut::SeveralFaces`] or [`LeftOut::FaceTooSmall`].
pub(super) fn only_face(faces: &[Face], least: u32) -> Result<&Face, LeftOut> {
    let mut by_area: Vec<&Face> = faces.iter().collect();
    by_area.sort_by(|a, b| b.bounds.area().total_cmp(&a.bounds.area()));
    let largest = by_area.first().ok_or(LeftOut::NoFace)?;
    if let Some(second) = by_area.get(1) {
        let second_share = second.bounds.area() / largest.bounds.area();
        if second_share > MAX_SECOND_SHARE {
            return Err(LeftOut::SeveralFaces { second_share });
        }
    }
    match size(largest) {
        pixels if pixels < least as f32 => Err(LeftOut::FaceTooSmall { pixels, least }),
        _ => Ok(largest),
    }
}

/// Refuses a blurred crop.
///
/// # Errors
/// [`LeftOut::Blurred`]
pub(super) fn require_sharp(crop: &Crop) -> Result<(), LeftOut> {
    let sharpness = sharpness(crop);
    if sharpness < MIN_SHARPNESS { Err(LeftOut::Blurred { sharpness }) } else { Ok(()) }
}

/// Refuses a face that the door would not judge either, and a face that strangers with covered faces would match.
///
/// # Errors
/// [`LeftOut::HardlyAFace`] or [`LeftOut::LikeManyOthers`]
pub(super) fn require_recognisable(standing: &Standing) -> Result<(), LeftOut> {
    match standing.is_recognisable() {
        Some(false) => Err(LeftOut::HardlyAFace),
        _ if standing.is_crowded() => Err(LeftOut::LikeManyOthers),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use models::{FaceBox, Point};

    fn face(width: f32, height: f32) -> Face {
        let bounds = FaceBox { x: 0.0, y: 0.0, width, height };
        Face { bounds, landmarks: [Point { x: 0.0, y: 0.0 }; 5], confidence: 1.0 }
    }

    #[test]
    fn one_face_that_is_large_enough() {
        for (sizes, expected) in [
            (&[(100.0, 120.0)][..], Ok(100.0)),
            (&[(40.0, 40.0)], Ok(40.0)),
            (&[(100.0, 100.0), (50.0, 100.0)], Ok(100.0)),
            (&[(50.0, 100.0), (200.0, 100.0)], Ok(200.0)),
            (&[], Err(LeftOut::NoFace)),
            (&[(39.0, 80.0)], Err(LeftOut::FaceTooSmall { pixels: 39.0, least: 40 })),
            (&[(100.0, 100.0), (51.0, 100.0)], Err(LeftOut::SeveralFaces { second_share: 0.51 })),
            (&[(20.0, 20.0), (20.0, 20.0)], Err(LeftOut::SeveralFaces { second_share: 1.0 })),
        ] {
            let faces: Vec<Face> = sizes.iter().map(|&(width, height)| face(width, height)).collect();
            assert_eq!(only_face(&faces, 40).map(|face| face.bounds.width), expected, "{sizes:?}");
        }
    }

    fn crop(side: u32, value: impl Fn(u32, u32) -> u8) -> Crop {
        let pixels = (0..side).flat_map(|y| (0..side).map(move |x| (x, y))).flat_map(|(x, y)| [value(x, y); 3]);
        Crop::from_rgb(side, pixels.collect()).unwrap()
    }

    #[test]
    fn an_even_crop_is_blurred() {
        assert!(matches!(require_sharp(&crop(112, |_, _| 128)), Err(LeftOut::Blurred { .. })));
        assert_eq!(require_sharp(&crop(112, |x, y| ((x * 37 + y * 91) % 256) as u8)), Ok(()));
    }
}
