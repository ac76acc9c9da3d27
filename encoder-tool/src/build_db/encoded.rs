//! What is known of a photo that can be enrolled.

use crate::portrait::Portrait;
use models::FaceBox;
use shared::encoding::Encoding;
use shared::gallery::PhotoDigest;

/// An encoded photo.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Encoded {
    pub(crate) digest: PhotoDigest,
    pub(crate) encoding: Encoding,
    /// Whether the gate found the face plain.
    pub(crate) is_plain: bool,
    /// Whether the photo is without colour.
    pub(crate) is_grey: bool,
    pub(crate) face: FaceInPhoto,
    /// The aligned face.
    pub(crate) portrait: Portrait,
}

/// Where the face is in the upright photo.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct FaceInPhoto {
    /// The detector's box in pixels of the upright photo.
    pub(crate) bounds: FaceBox,
    /// Width and height of the upright photo in pixels.
    pub(crate) photo: [u32; 2],
    /// By how many degrees clockwise the photo was turned to be upright, besides its EXIF orientation; 0 if it was not.
    pub(crate) turned: u16,
}
