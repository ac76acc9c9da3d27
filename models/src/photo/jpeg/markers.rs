//! Finds the markers of a JPEG (ITU-T T.81, B.1.1): 0xff and a code, most of them followed by a segment. Decodes
//! nothing.

use std::iter;

const FILL: u8 = 0xff;
pub(super) const START_OF_SCAN: u8 = 0xda;
const END_OF_IMAGE: u8 = 0xd9;

/// A marker with the contents of its segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Marker<'a> {
    pub(super) code: u8,
    /// Position of its 0xff.
    at: usize,
    /// The segment without its length field; empty if there is no segment. Shorter than its length if the file is
    /// truncated.
    pub(super) contents: &'a [u8],
}

/// Whether the first picture in the file has an end marker. Phones append more pictures, and put thumbnails into
/// segments.
///
/// The decoder silently fills in the missing part of a truncated file. Data missing before an end marker is not
/// detected here either.
pub(super) fn has_end(bytes: &[u8]) -> bool {
    end_of_picture(bytes).is_some()
}

fn end_of_picture(bytes: &[u8]) -> Option<usize> {
    markers(bytes).find(|marker| marker.code == END_OF_IMAGE).map(|marker| marker.at)
}

/// All markers before the first scan, and the marker that begins the scan.
pub(super) fn header(bytes: &[u8]) -> impl Iterator<Item = Marker<'_>> {
    let mut over = false;
    markers(bytes).take_while(move |marker| {
        let taken = !over && marker.code != END_OF_IMAGE;
        over |= marker.code == START_OF_SCAN;
        taken
    })
}

fn markers(bytes: &[u8]) -> impl Iterator<Item = Marker<'_>> {
    let mut next = 0;
    iter::from_fn(move || {
        let marker = marker_from(bytes, next)?;
        let behind = marker.at + 2;
        next = match stands_alone(marker.code) {
            true => behind,
            false => segment_length(&bytes[behind..]).map_or(bytes.len(), |length| behind + length),
        };
        Some(marker)
    })
}

/// The first marker at or after a position. Any number of fill bytes may precede its code.
fn marker_from(bytes: &[u8], place: usize) -> Option<Marker<'_>> {
    let mut at = place + bytes.get(place..)?.iter().position(|&byte| byte == FILL)?;
    while *bytes.get(at + 1)? == FILL {
        at += 1;
    }
    let code = bytes[at + 1];
    let contents = match segment_length(&bytes[at + 2..]) {
        Some(length) if !stands_alone(code) => &bytes[at + 4..(at + 2 + length).min(bytes.len())],
        _ => &[],
    };
    Some(Marker { code, at, contents })
}

/// Whether a segment follows the code. None follows byte stuffing, restarts, and the start and end of the image.
fn stands_alone(code: u8) -> bool {
    matches!(code, 0x00 | 0x01 | 0xd0..=0xd9)
}

/// The length of a segment, at least 2: it includes the length field.
fn segment_length(segment: &[u8]) -> Option<usize> {
    segment.first_chunk().map(|&length| u16::from_be_bytes(length).max(2).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_where_the_markers_lead() {
        let scan = b"\xff\xda\0\x04\x01\x02";
        let with_thumbnail = b"\xff\xd8\xff\xe1\0\x06\xff\xd8\xff\xd9";
        for (bytes, expected) in [
            (&b"\xff\xd8\xff\xd9"[..], Some(2)),
            (&[b"\xff\xd8", &scan[..], b"data\xff\0data\xff\xd0data\xff\xd9"].concat(), Some(24)),
            (&[b"\xff\xd8", &scan[..], b"data\xff\xd9behind"].concat(), Some(12)),
            (&[b"\xff\xd8", &scan[..], b"data", scan, b"data\xff\xff\xd9"].concat(), Some(23)),
            (&[with_thumbnail, &scan[..], b"data\xff\xd9"].concat(), Some(20)),
            (&[with_thumbnail, &scan[..], b"data"].concat(), None),
            (with_thumbnail, None),
            (b"\xff\xd8\xff\xe1\0\0\xff\xd9", Some(6)),
            (b"\xff\xd8\xff\xe1\xff\xff\xff\xd9", None),
            (b"\xff\xd8\xff\xe1\0", None),
            (b"\xff\xd8\xff", None),
            (b"\xff\xd8", None),
            (b"", None),
        ] {
            assert_eq!(end_of_picture(bytes), expected, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn the_header_ends_with_the_first_scan() {
        let bytes = b"\xff\xd8\xff\xff\xc0\0\x05abc\xff\xda\0\x03sdata\xff\xda\0\x03t\xff\xd9";
        let found: Vec<(u8, &[u8])> = header(bytes).map(|marker| (marker.code, marker.contents)).collect();
        assert_eq!(found, [(0xd8, &b""[..]), (0xc0, b"abc"), (0xda, b"s")]);
        let cut: Vec<(u8, &[u8])> =
            header(b"\xff\xd8\xff\xc0\0\x09ab").map(|marker| (marker.code, marker.contents)).collect();
        assert_eq!(cut, [(0xd8, &b""[..]), (0xc0, b"ab")]);
    }
}
