//! A camera's bytes to a frame: any bytes in, RGB or a reason out.
//!
//! Colours are those of ITU-R BT.601 in limited range (Y 16 to 235, U and V 16 to 240), in integers: 298, 409, 100, 208
//! and 516 are 256 times 255/219, 1.402*255/224, 0.344*255/224, 0.714*255/224 and 1.772*255/224. The frame's buffer is
//! filled again and again.

use super::layout::{Layout, PixelFormat};
use models::photo::{PhotoError, with_standard_tables};
use models::{Frame, Photo, frame::FrameError};

/// Why bytes are not a picture.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Damaged {
    /// Fewer bytes than the layout asks for.
    #[error("a picture of {found} bytes came, {layout} has {expected}")]
    Truncated {
        /// What was agreed on.
        layout: Layout,
        /// Bytes of such a picture.
        expected: usize,
        /// Bytes that came.
        found: usize,
    },
    /// The driver itself says so.
    #[error("the driver marks the picture as damaged")]
    Marked,
    /// A JPEG of another size than the one agreed on.
    #[error("a picture of {width}x{height} pixels came, {layout} was agreed on")]
    WrongSize {
        /// What was agreed on.
        layout: Layout,
        /// Pixels that came, across.
        width: u32,
        /// Pixels that came, down.
        height: u32,
    },
    /// A JPEG that cannot be decoded.
    #[error("a picture cannot be decoded: {0}")]
    Jpeg(#[from] PhotoError),
    /// A layout that no frame can have.
    #[error(transparent)]
    NoFrame(#[from] FrameError),
    /// A layout that contradicts itself.
    #[error("rows of {} bytes cannot hold {layout}", layout.stride)]
    Layout {
        /// The layout.
        layout: Layout,
    },
}

/// Makes a frame of a picture, in the buffer of the frame that is there. If it fails, that one stays as it was.
///
/// # Errors
/// [`Damaged`]
pub fn into_frame(bytes: &[u8], layout: &Layout, frame: &mut Option<Frame>) -> Result<(), Damaged> {
    let (width, height) = (layout.width, layout.height);
    if layout.format == PixelFormat::Mjpg {
        let bytes = with_standard_tables(bytes);
        let photo = Photo::open(&bytes)?;
        let wrong_size = |(width, height)| Damaged::WrongSize { layout: *layout, width, height };
        // Before it is decoded: a damaged header may promise a picture that fills the memory.
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
    // As many as there are bytes for: a layout cannot make this large.
    pixels.resize(3 * width as usize * height as usize, 0);
    let rows = pixels.chunks_exact_mut(3 * width as usize).enumerate();
    match layout.format {
        PixelFormat::Yuyv => rows.for_each(|(y, row)| yuyv_row(&bytes[y * layout.stride..], row)),
        PixelFormat::Grey => rows.for_each(|(y, row)| grey_row(&bytes[y * layout.stride..], row)),
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
        // It has been decoded above.
        PixelFormat::Mjpg => {}
    }
    *frame = Some(Frame::from_rgb(width, height, pixels)?);
    Ok(())
}

/// The last row's padding may be missing, and an odd width has half a pair at its end: grey, then.
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

fn planar_row(luma: &[u8], chroma_of_pair: impl Fn(usize) -> (u8, u8), row: &mut [u8]) {
    for (pair, pixels) in row.chunks_mut(6).enumerate() {
        let (u, v) = chroma_of_pair(pair);
        let chroma = Chroma::new(u, v);
        for (pixel, &y) in pixels.as_chunks_mut::<3>().0.iter_mut().zip(&luma[2 * pair..]) {
            *pixel = chroma.with(y);
        }
    }
}

/// What a pair of pixels shares: 256 times what is added to the luma.
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
