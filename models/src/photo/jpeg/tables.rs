//! Adds a marker to JPEGs without Huffman tables. Cameras omit the tables if they are those of the standard (ITU-T
//! T.81, K.3).

use super::markers::{self, START_OF_SCAN};
use std::borrow::Cow;

/// The marker of such pictures in AVI files. With it, the decoder uses the standard tables.
const MOTION_JPEG: &[u8] = b"\xff\xe0\0\x10AVI1\0\0\0\0\0\0\0\0\0\0";

/// Makes a camera's JPEG readable for the decoder: if its header has no Huffman tables, adds the marker for the
/// standard tables.
pub fn with_standard_tables(bytes: &[u8]) -> Cow<'_, [u8]> {
    let codes: Vec<u8> = markers::header(bytes).map(|marker| marker.code).collect();
    match bytes.split_at_checked(2) {
        Some((start @ b"\xff\xd8", rest)) if codes.contains(&START_OF_SCAN) && !codes.contains(&0xc4) => {
            [start, MOTION_JPEG, rest].concat().into()
        }
        _ => bytes.into(),
    }
}
