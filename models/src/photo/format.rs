//! Detects the format of a file by its first bytes.

use super::PhotoError;
use std::fmt;

/// The supported photo formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PhotoFormat {
    /// JPEG, baseline or progressive.
    Jpeg,
    /// PNG.
    Png,
    /// WebP, lossy or lossless.
    WebP,
}

impl PhotoFormat {
    /// Detects the format by the first bytes.
    ///
    /// # Errors
    /// [`PhotoError::Empty`], [`PhotoError::Heif`] or [`PhotoError::UnknownFormat`].
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, PhotoError> {
        match bytes {
            [] => Err(PhotoError::Empty),
            [0xff, 0xd8, 0xff, ..] => Ok(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Ok(Self::Png),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Ok(Self::WebP),
            _ => Err(heif_kind(bytes).map_or(PhotoError::UnknownFormat, |kind| PhotoError::Heif { kind })),
        }
    }
}

impl fmt::Display for PhotoFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::WebP => "WebP",
        })
    }
}

/// Detects HEIC and AVIF by the first box of an ISO base media file: `size "ftyp" brand version brand...` (ISO/IEC
/// 14496-12), with the brands of HEIF (ISO/IEC 23008-12) and AVIF. Videos have other brands.
fn heif_kind(bytes: &[u8]) -> Option<&'static str> {
    let (size, rest) = bytes.split_first_chunk::<4>()?;
    let brands = rest.strip_prefix(b"ftyp")?;
    let size = (u32::from_be_bytes(*size) as usize).saturating_sub(8).min(brands.len());
    brands[..size].as_chunks::<4>().0.iter().find_map(|brand| match brand {
        b"avif" | b"avis" => Some("AVIF"),
        b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"hevm" | b"hevs" => Some("HEIC"),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides() {
        let heif = |kind| Err(PhotoError::Heif { kind });
        for (bytes, expected) in [
            (&b"\xff\xd8\xff\xe0"[..], Ok(PhotoFormat::Jpeg)),
            (b"\x89PNG\r\n\x1a\n\0", Ok(PhotoFormat::Png)),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Ok(PhotoFormat::WebP)),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", heif("HEIC")),
            (b"\0\0\0\x1cftypmif1\0\0\0\0mif1heicmiaf", heif("HEIC")),
            (b"\0\0\0\x1cftypavif\0\0\0\0mif1avifmiaf", heif("AVIF")),
            (b"\xff\xff\xff\xffftypheic", heif("HEIC")),
            (b"\0\0\0\x14ftypqt  \0\0\0\0qt  heic", Err(PhotoError::UnknownFormat)),
            (b"\0\0\0\0ftypheic", Err(PhotoError::UnknownFormat)),
            (b"\0\0\0\x18ftyp", Err(PhotoError::UnknownFormat)),
            (b"RIFF\x10\0\0\0WAVEfmt ", Err(PhotoError::UnknownFormat)),
            (b"\xff\xd8", Err(PhotoError::UnknownFormat)),
            (b"GIF89a", Err(PhotoError::UnknownFormat)),
            (b"Dear Sir,", Err(PhotoError::UnknownFormat)),
            (b"", Err(PhotoError::Empty)),
        ] {
            assert_eq!(PhotoFormat::from_bytes(bytes), expected, "{}", bytes.escape_ascii());
        }
    }
}
