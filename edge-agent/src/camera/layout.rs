//! The memory layout of a frame, as the camera describes it.

use serde::Deserialize;
use std::fmt;

/// The supported pixel formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PixelFormat {
    /// Two pixels in four bytes: Y, U, Y, V.
    Yuyv,
    /// A plane of Y, then a plane of interleaved U and V, one pair for every 2x2 pixels.
    Nv12,
    /// A plane of Y, then planes of U and of V, one value for every 2x2 pixels.
    Yu12,
    /// Luma only, 0 to 255: infrared cameras.
    Grey,
    /// Luma only, 10 bits in two bytes, the lower byte first: infrared cameras.
    Y10,
    /// Luma only, 16 bits in two bytes, the lower byte first: infrared cameras.
    Y16,
    /// R, G, B.
    Rgb3,
    /// One JPEG per frame.
    Mjpg,
}

impl PixelFormat {
    /// Every format.
    pub const ALL: [Self; 8] =
        [Self::Yuyv, Self::Nv12, Self::Yu12, Self::Grey, Self::Y10, Self::Y16, Self::Rgb3, Self::Mjpg];

    /// The FourCC of Video4Linux.
    pub const fn fourcc(self) -> &'static [u8; 4] {
        match self {
            Self::Yuyv => b"YUYV",
            Self::Nv12 => b"NV12",
            Self::Yu12 => b"YU12",
            Self::Grey => b"GREY",
            Self::Y10 => b"Y10 ",
            Self::Y16 => b"Y16 ",
            Self::Rgb3 => b"RGB3",
            Self::Mjpg => b"MJPG",
        }
    }

    /// The format with this FourCC. Some drivers report Motion JPEG as JPEG.
    pub fn from_fourcc(fourcc: &[u8; 4]) -> Option<Self> {
        let fourcc = if fourcc == b"JPEG" { b"MJPG" } else { fourcc };
        Self::ALL.into_iter().find(|format| format.fourcc() == fourcc)
    }

    /// Bytes per row of the first plane, without padding; `None` for JPEG.
    pub const fn row_bytes(self, width: u32) -> Option<usize> {
        let width = width as usize;
        match self {
            Self::Yuyv => Some(width.div_ceil(2) * 4),
            Self::Nv12 | Self::Yu12 | Self::Grey => Some(width),
            Self::Y10 | Self::Y16 => Some(2 * width),
            Self::Rgb3 => Some(3 * width),
            Self::Mjpg => None,
        }
    }
}

impl fmt::Display for PixelFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(str::from_utf8(self.fourcc()).unwrap_or("?").trim_end())
    }
}

/// The layout of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// The pixel format.
    pub format: PixelFormat,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Bytes from one row of the first plane to the next; unused for JPEG.
    pub stride: usize,
}

impl Layout {
    /// The layout without padding.
    pub const fn packed(format: PixelFormat, width: u32, height: u32) -> Self {
        let stride = match format.row_bytes(width) {
            Some(bytes) => bytes,
            None => 0,
        };
        Self { format, width, height, stride }
    }

    /// The least size of a frame in bytes; `None` for JPEG, whose size varies, and for an impossible layout.
    pub fn bytes(&self) -> Option<usize> {
        let row = self.format.row_bytes(self.width)?;
        if self.width == 0 || self.height == 0 || self.stride < row {
            return None;
        }
        let height = self.height as usize;
        let chroma_rows = height.div_ceil(2);
        match self.format {
            PixelFormat::Nv12 => self.stride.checked_mul(height.checked_add(chroma_rows)?),
            PixelFormat::Yu12 => {
                let chroma = self.chroma_stride().checked_mul(chroma_rows)?.checked_mul(2)?;
                self.stride.checked_mul(height)?.checked_add(chroma)
            }
            _ => self.stride.checked_mul(height - 1)?.checked_add(row),
        }
    }

    /// Bytes from one row of the U or V plane of [`PixelFormat::Yu12`] to the next.
    pub(super) const fn chroma_stride(&self) -> usize {
        self.stride.div_ceil(2)
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}x{}", self.format, self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use PixelFormat::{Grey, Mjpg, Nv12, Rgb3, Y16, Yu12, Yuyv};

    #[test]
    fn formats_have_distinct_codes() {
        for format in PixelFormat::ALL {
            assert_eq!(PixelFormat::from_fourcc(format.fourcc()), Some(format));
        }
        assert_eq!(PixelFormat::from_fourcc(b"JPEG"), Some(Mjpg));
        assert_eq!(PixelFormat::from_fourcc(b"pRAA"), None);
    }

    #[test]
    fn bytes_of_a_picture() {
        for (format, width, height, stride, expected) in [
            (Yuyv, 1280, 720, 2560, Some(1_843_200)),
            (Yuyv, 3, 2, 8, Some(16)),
            (Nv12, 1280, 720, 1280, Some(1_382_400)),
            (Nv12, 3, 3, 4, Some(20)),
            (Yu12, 640, 480, 640, Some(460_800)),
            (Yu12, 3, 3, 3, Some(17)),
            (Grey, 4, 2, 8, Some(12)),
            (Y16, 4, 2, 8, Some(16)),
            (Y16, 4, 2, 7, None),
            (Rgb3, 2, 2, 6, Some(12)),
            (Rgb3, 2, 2, 5, None),
            (Grey, 0, 2, 8, None),
            (Grey, 2, 0, 8, None),
            (Mjpg, 2, 2, 0, None),
            (Nv12, u32::MAX, u32::MAX, usize::MAX, None),
        ] {
            let layout = Layout { format, width, height, stride };
            assert_eq!(layout.bytes(), expected, "{layout:?}");
        }
        assert_eq!(Layout::packed(Yuyv, 3, 2).bytes(), Some(16));
    }
}
