//! Whether a JPEG is whole. The decoder makes up what a file that was cut off does not hold, and says nothing.
//!
//! Markers are 0xff and a byte (ITU-T T.81, B.1.1): this walks over them to the one that ends the picture, and decodes
//! nothing. What is missing before an end marker is not noticed.

const FILL: u8 = 0xff;
const END_OF_IMAGE: u8 = 0xd9;

/// Whether the first picture in the file has an end. Phones put others behind it, and thumbnails into segments.
pub(super) fn has_end(bytes: &[u8]) -> bool {
    end_of_picture(bytes).is_some()
}

fn end_of_picture(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += bytes.get(at..)?.iter().position(|&byte| byte == FILL)?;
        at = match *bytes.get(at + 1)? {
            END_OF_IMAGE => return Some(at),
            FILL => at + 1,
            marker if stands_alone(marker) => at + 2,
            _ => at + 2 + segment_length(&bytes[at + 2..])?,
        };
    }
}

/// Stuffing, restarts and the start of the image have no segment behind them.
fn stands_alone(marker: u8) -> bool {
    matches!(marker, 0x00 | 0x01 | 0xd0..=0xd8)
}

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
}
