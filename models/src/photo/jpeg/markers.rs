//! Markers of a JPEG (ITU-T T.81, B.1.1): 0xff and a byte, most of them with a segment behind. Nothing is decoded.

use std::iter;

const FILL: u8 = 0xff;
pub(super) const START_OF_SCAN: u8 = 0xda;
const END_OF_IMAGE: u8 = 0xd9;

/// A marker with what its segment holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Marker<'a> {
    pub(super) code: u8,
    /// Where its 0xff lies.
    at: usize,
    /// Without the length; empty where there is no segment. Shorter than its length says if the file is cut off.
    pub(super) contents: &'a [u8],
}

/// Whether the first picture in the file has an end. Phones put others behind it, and thumbnails into segments.
///
/// The decoder makes up what a file that was cut off does not hold, and says nothing. What is missing before an end
/// marker is not noticed here either.
pub(super) fn has_end(bytes: &[u8]) -> bool {
    end_of_picture(bytes).is_some()
}

fn end_of_picture(bytes: &[u8]) -> Option<usize> {
    markers(bytes).find(|marker| marker.code == END_OF_IMAGE).map(|marker| marker.at)
}

/// Everything before the first scan, and the marker that begins it.
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

/// The first marker at or behind a place. Any number of fill bytes may precede its code.
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

/// Stuffing, restarts, the start and the end of the image have no segment behind them.
fn stands_alone(code: u8) -> bool {
    matches!(code, 0x00 | 0x01 | 0xd0..=0xd9)
}

/// At least 2: the length counts itself.
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
