//! Photo files to frames: JPEG, PNG and WebP, turned the way their EXIF data says.
//!
//! Content decides what a file is, its name is not known here. [`Photo::open`] reads the header alone, so that a caller
//! can make room before [`Photo::decode`]. A photo is decoded whole or refused: half a picture is not searched for
//! faces. A JPEG of a kind that the decoder does not show as it is, is refused by the name of its kind. Colour profiles
//! are not applied.

mod error;
#[cfg(feature = "photo-files")]
mod file;
mod format;
mod jpeg;
#[cfg(feature = "photo-files")]
mod pixel_budget;
mod rgb;
#[cfg(test)]
mod tests;

pub use error::PhotoError;
#[cfg(feature = "photo-files")]
pub use file::{HeifDecoder, PhotoFile, PhotoFileError, PhotoReader, ReadPhoto};
pub use format::PhotoFormat;
pub use jpeg::with_standard_tables;

use crate::frame::MAX_SIDE;
use crate::unpanicked::unpanicked;
use crate::{Frame, frame};
use image::codecs::{jpeg::JpegDecoder, png::PngDecoder, webp::WebPDecoder};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageResult, Limits, RgbImage};
use std::io::Cursor;

/// The most pixels of a photo; one that has more is refused before any is decoded.
pub const MAX_PIXELS: u64 = 200_000_000;

/// The most bytes of a photo file that are worth reading.
pub const MAX_FILE_BYTES: u64 = 256 << 20;

/// The most memory in bytes for what a PNG holds beside its picture.
const MAX_BYTES_BESIDE: u64 = 64 << 20;

/// A photo whose header has been read.
pub struct Photo<'a> {
    format: PhotoFormat,
    decoder: Box<dyn ImageDecoder + 'a>,
}

impl<'a> Photo<'a> {
    /// Reads the header of a photo file.
    ///
    /// # Errors
    /// [`PhotoError`] if the bytes are not a photo that can be decoded, or one of more than [`MAX_PIXELS`].
    pub fn open(bytes: &'a [u8]) -> Result<Self, PhotoError> {
        let format = PhotoFormat::of(bytes)?;
        if format == PhotoFormat::Jpeg {
            jpeg::require_ordinary(bytes)?;
        }
        let photo = Self { format, decoder: answered(format, || decoder_of(format, bytes))? };
        let (width, height) = photo.decoder.dimensions();
        if !(1..=MAX_SIDE).contains(&width) || !(1..=MAX_SIDE).contains(&height) {
            return Err(frame::FrameError::Size { width, height }.into());
        }
        if photo.pixels() > MAX_PIXELS {
            return Err(PhotoError::TooManyPixels { width, height });
        }
        if format == PhotoFormat::Jpeg {
            jpeg::require_end(bytes)?;
        }
        Ok(photo)
    }

    /// Width and height in pixels as they are stored, before the photo is turned.
    pub fn stored_size(&self) -> (u32, u32) {
        self.decoder.dimensions()
    }

    /// Width times height, 1 to [`MAX_PIXELS`]. Decoding takes 3 bytes for each, 6 while the photo is turned, and up
    /// to 8 if it has an alpha channel or 16 bits a colour, 9 if it is a progressive JPEG.
    pub fn pixels(&self) -> u64 {
        let (width, height) = self.decoder.dimensions();
        u64::from(width) * u64::from(height)
    }

    /// The same as [`Photo::decode`] for a photo whose pixels are stored as they are seen, whatever its EXIF data says:
    /// programs that turn a photo may leave that as it was.
    ///
    /// # Errors
    /// As for [`Photo::decode`].
    pub fn decode_as_stored(self) -> Result<Frame, PhotoError> {
        self.decoded(|_| Ok(Orientation::NoTransforms))
    }

    /// The photo as it is seen, in 8-bit RGB: turned, 16 bits rounded to 8, grey in all three colours, and white where
    /// it is transparent. Of an animation it is the first picture.
    ///
    /// # Errors
    /// [`PhotoError`] if the photo is damaged or cut off.
    pub fn decode(self) -> Result<Frame, PhotoError> {
        self.decoded(orientation)
    }

    fn decoded(
        mut self,
        orientation: impl Fn(&mut dyn ImageDecoder) -> ImageResult<Orientation>,
    ) -> Result<Frame, PhotoError> {
        let ((width, height), colour) = (self.decoder.dimensions(), self.decoder.color_type());
        let (orientation, samples) = answered(self.format, || {
            let orientation = orientation(&mut *self.decoder)?;
            let mut samples = vec![0; self.decoder.total_bytes() as usize];
            self.decoder.read_image_boxed(&mut samples)?;
            Ok((orientation, samples))
        })?;
        let picture = rgb::from_samples(samples, colour).and_then(|pixels| RgbImage::from_raw(width, height, pixels));
        let mut picture = DynamicImage::from(picture.ok_or_else(|| PhotoError::Unsupported {
            format: self.format,
            reason: format!("its colours are {colour:?}"),
        })?);
        picture.apply_orientation(orientation);
        Ok(Frame::from_rgb(picture.width(), picture.height(), picture.into_rgb8().into_raw())?)
    }
}

fn decoder_of<'a>(format: PhotoFormat, bytes: &'a [u8]) -> ImageResult<Box<dyn ImageDecoder + 'a>> {
    let bytes = Cursor::new(bytes);
    Ok(match format {
        PhotoFormat::Jpeg => Box::new(JpegDecoder::new(bytes)?),
        PhotoFormat::Png => {
            let mut limits = Limits::no_limits();
            limits.max_alloc = Some(MAX_BYTES_BESIDE);
            Box::new(PngDecoder::with_limits(bytes, limits)?)
        }
        PhotoFormat::WebP => Box::new(WebPDecoder::new(bytes)?),
    })
}

fn orientation(decoder: &mut dyn ImageDecoder) -> ImageResult<Orientation> {
    let exif = decoder.exif_metadata()?.unwrap_or_default();
    // In a JPEG this prefix is part of the segment; some programs write it in WebP as well.
    let tiff = exif.strip_prefix(b"Exif\0\0").unwrap_or(&exif);
    Ok(Orientation::from_exif_chunk(tiff).unwrap_or(Orientation::NoTransforms))
}

/// A decoder's answer. The decoders hold foreign bytes in many hands; should one panic, the photo is damaged.
fn answered<T>(format: PhotoFormat, work: impl FnOnce() -> ImageResult<T>) -> Result<T, PhotoError> {
    match unpanicked(work) {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(ImageError::IoError(error))) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Err(PhotoError::CutOff { format })
        }
        Ok(Err(ImageError::Unsupported(error))) => Err(PhotoError::Unsupported { format, reason: error.to_string() }),
        Ok(Err(error)) => Err(PhotoError::Damaged { format, reason: error.to_string() }),
        Err(said) => Err(PhotoError::Damaged { format, reason: format!("its decoder gave up: {said}") }),
    }
}
