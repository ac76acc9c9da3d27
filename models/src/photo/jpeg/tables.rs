//! Pictures of cameras leave out the Huffman tables where those are the standard's (ITU-T T.81, K.3), as every picture
//! would have the same.

use super::markers::{self, START_OF_SCAN};
use std::borrow::Cow;

/// What AVI files begin such pictures with. The decoder then takes the standard's tables.
const MOTION_JPEG: &[u8] = b"\xff\xe0\0\x10AVI1\0\0\0\0\0\0\0\0\0\0";

/// A camera's JPEG as one that the decoder reads: if its header holds no Huffman tables, it is marked as one that goes by
/// the standard's.
pub fn with_standard_tables(bytes: &[u8]) -> Cow<'_, [u8]> {
    let codes: Vec<u8> = markers::header(bytes).map(|marker| marker.code).collect();
    match bytes.split_at_checked(2) {
        Some((start @ b"\xff\xd8", rest)) if codes.contains(&START_OF_SCAN) && !codes.contains(&0xc4) => {
            [start, MOTION_JPEG, rest].concat().into()
        }
        _ => bytes.into(),
    }
}
