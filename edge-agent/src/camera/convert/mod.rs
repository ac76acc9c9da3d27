//! Converts a camera's bytes to an RGB frame. Any input gives a frame or an error.
//!
//! Colours are those of ITU-R BT.601 in limited range (Y 16 to 235, U and V 16 to 240), in integers: 298, 409, 100, 208
//! and 516 are 256 times 255/219, 1.402*255/224, 0.344*255/224, 0.714*255/224 and 1.772*255/224. The frame's buffer is
//! reused.

use super::layout::{Layout, PixelFormat};
use models::photo::{PhotoError, with_standard_tables};
use models::{Frame, Photo, frame::FrameError};

/// Why a captured frame cannot be converted.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Damaged {
    /// The frame has fewer bytes than its layout.
    #[error("the frame has {found} bytes, but {layout} needs {expected}")]
    Truncated {
        /// The agreed layout.
        layout: Layout,
        /// The bytes of a frame with this layout.
        expected: usize,
        /// The bytes of the frame.
        found: usize,
    },
    /// The driver reports it as damaged.
    #[error("the driver marked the frame as damaged")]
    Marked,
    /// The JPEG has another size than agreed.
    #[error("the frame has {width}x{height} pixels instead of {layout}")]
    WrongSize {
        /// The agreed layout.
        layout: Layout,
        /// The width of the frame in pixels.
        width: u32,
        /// The height of the frame in pixels.
        height: u32,
    },
    /// The JPEG cannot be decoded.
    #[error("the frame cannot be decoded: {0}")]
    Jpeg(#[from] PhotoError),
    /// No frame can have this size.
    #[error(transparent)]
    NoFrame(#[from] FrameError),
    /// The layout contradicts itself.
    #[error("rows of {} bytes cannot hold {layout}", layout.stride)]
    Layout {
        /// The layout.
        layout: Layout,
    },
}

/// Converts a captured frame to RGB, reusing the buffer of the existing frame. On an error, that frame stays as it was.
///
/// # Errors
/// [`Damaged`]
pub fn into_frame(bytes: &[u8], layout: &Layout, frame: &mut Option<Frame>) -> Result<(), Damaged> {
    let (width, height) = (layout.width, layout.height);
    if layout.format == PixelFormat::Mjpg {
        let bytes = with_standard_tables(bytes);
        let photo = Photo::open(&bytes)?;
        let wrong_size = |(width, height)| Damaged::WrongSize { layout: *layout, width, height };
        // Checked before decoding: a damaged header could claim a size that fills the memory.
        if ![(width, height), (height, width)].contains(&photo.stored_size()) {
            return Err(wrong_size(photo.stored_size()));
        }
        let decoded = photo.decode()?;
        if (decoded.width(), decoded.height()) != (width, height) {
            return Err(wrong_size((decoded.width(), decoded.height())));
        }
        *frame = Some(decoded);
        return Ok(());
    }
    let expected = layout.bytes().ok_or(Damaged::Layout { layout: *layout })?;
    if bytes.len() < expected {
        return Err(Damaged::Truncated { layout: *layout, expected, found: bytes.len() });
    }
    let mut pixels = frame.take().map(Frame::into_pixels).unwrap_or_default();
    // Limited by the number of bytes received, so that a layout cannot make this large.
    pixels.resize(3 * width as usize * height as usize, 0);
    let rows = pixels.chunks_exact_mut(3 * width as usize).enumerate();
    match layout.format {
        PixelFormat::Yuyv => rows.for_each(|(y, row)| yuyv_row(&bytes[y * layout.stride..], row)),
        PixelFormat::Grey => rows.for_each(|(y, row)| grey_row(&bytes[y * layout.stride..], row)),
        PixelFormat::Y10 => rows.for_each(|(y, row)| deep_grey_row(&bytes[y * layout.stride..], 10, row)),
        PixelFormat::Y16 => rows.for_each(|(y, row)| deep_grey_row(&bytes[y * layout.stride..], 16, row)),
        PixelFormat::Rgb3 => rows.for_each(|(y, row)| {
            let from = y * layout.stride;
            row.copy_from_slice(&bytes[from..from + row.len()]);
        }),
        PixelFormat::Nv12 => {
            let chroma = &bytes[layout.stride * height as usize..];
            rows.for_each(|(y, row)| {
                let pairs = &chroma[y / 2 * layout.stride..];
                planar_row(&bytes[y * layout.stride..], |x| (at(pairs, 2 * x), at(pairs, 2 * x + 1)), row);
            });
        }
        PixelFormat::Yu12 => {
            let (stride, chroma_rows) = (layout.chroma_stride(), (height as usize).div_ceil(2));
            let (us, vs) = bytes[layout.stride * height as usize..].split_at(stride * chroma_rows);
            rows.for_each(|(y, row)| {
                let (us, vs) = (&us[y / 2 * stride..], &vs[y / 2 * stride..]);
                planar_row(&bytes[y * layout.stride..], |x| (at(us, x), at(vs, x)), row);
            });
        }
        // Decoded above.
        PixelFormat::Mjpg => {}
    }
    *frame = Some(Frame::from_rgb(width, height, pixels)?);
    Ok(())
}

/// A chroma value; grey where it is missing, in the padding of the last row or in the half pair of an odd width.
fn at(bytes: &[u8], index: usize) -> u8 {
    bytes.get(index).copied().unwrap_or(128)
}

fn yuyv_row(from: &[u8], row: &mut [u8]) {
    for (pixels, &[y0, u, y1, v]) in row.chunks_mut(6).zip(from.as_chunks::<4>().0) {
        let chroma = Chroma::new(u, v);
        for (pixel, y) in pixels.as_chunks_mut::<3>().0.iter_mut().zip([y0, y1]) {
            *pixel = chroma.with(y);
        }
    }
}

fn grey_row(from: &[u8], row: &mut [u8]) {
    for (pixel, &y) in row.as_chunks_mut::<3>().0.iter_mut().zip(from) {
        *pixel = [y; 3];
    }
}

/// A row of luma with this number of bits, 8 to 16. Keeps the upper eight, and takes a value beyond the range as white.
fn deep_grey_row(from: &[u8], bits: u32, row: &mut [u8]) {
    for (pixel, &luma) in row.as_chunks_mut::<3>().0.iter_mut().zip(from.as_chunks::<2>().0) {
        let upper = u16::from_le_bytes(luma) >> (bits - 8);
        *pixel = [u8::try_from(upper).unwrap_or(u8::MAX); 3];
    }
}

fn planar_row(luma: &[u8], chroma_of_pair: impl Fn(usize) -> (u8, u8), row: &mut [u8]) {
    for (pair, pixels) in row.chunks_mut(6).enumerate() {
        let (u, v) = chroma_of_pair(pair);
        let chroma = Chroma::new(u, v);
        for (pixel, &y) in pixels.as_chunks_mut::<3>().0.iter_mut().zip(&luma[2 * pair..]) {
            *pixel = chroma.with(y);
        }
    }
}

/// The chroma that a pair of pixels shares: 256 times the offsets from the luma.
#[derive(Clone, Copy)]
struct Chroma {
    red: i32,
    green: i32,
    blue: i32,
}

impl Chroma {
    fn new(u: u8, v: u8) -> Self {
        let (u, v) = (i32::from(u) - 128, i32::from(v) - 128);
        Self { red: 409 * v, green: -100 * u - 208 * v, blue: 516 * u }
    }

    fn with(self, y: u8) -> [u8; 3] {
        let luma = 298 * (i32::from(y) - 16) + 128;
        [self.red, self.green, self.blue].map(|colour| ((luma + colour) >> 8).clamp(0, 255) as u8)
    }
}

#[cfg(test)]
mod tests;
