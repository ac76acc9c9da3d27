//! Decodes photo files (JPEG, PNG and WebP) to frames, and applies the EXIF orientation.
//!
//! The format is detected from the content, not from the file name. [`Photo::open`] reads only the header, so that a
//! caller can reserve memory before [`Photo::decode`]. A photo is decoded completely or refused; incomplete pictures
//! are not searched for faces. JPEG variants that the decoder does not decode correctly are refused with the name of
//! the variant. Colour profiles are not applied.

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

/// The most pixels of a photo; a larger photo is refused before decoding.
pub const MAX_PIXELS: u64 = 200_000_000;

/// The largest photo file that is read, in bytes.
pub const MAX_FILE_BYTES: u64 = 256 << 20;

/// The most memory in bytes for the metadata of a PNG.
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
    /// [`PhotoError`] if the bytes are not a supported photo, or if the photo has more than [`MAX_PIXELS`].
    pub fn open(bytes: &'a [u8]) -> Result<Self, PhotoError> {
        let format = PhotoFormat::from_bytes(bytes)?;
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

    /// Stored width and height in pixels, before rotation.
    pub fn stored_size(&self) -> (u32, u32) {
        self.decoder.dimensions()
    }

    /// Width times height, 1 to [`MAX_PIXELS`]. For each pixel, decoding takes 3 bytes, 6 while the photo is rotated,
    /// up to 8 with an alpha channel or 16 bits a channel, and 9 for a progressive JPEG.
    pub fn pixels(&self) -> u64 {
        let (width, height) = self.decoder.dimensions();
        u64::from(width) * u64::from(height)
    }

    /// Like [`Photo::decode`], but ignores the EXIF orientation. For photos whose pixels are already rotated: some
    /// programs do not update the EXIF data.
    ///
    /// # Errors
    /// As for [`Photo::decode`].
    pub fn decode_as_stored(self) -> Result<Frame, PhotoError> {
        self.decoded(|_| Ok(Orientation::NoTransforms))
    }

    /// Decodes the photo to 8-bit RGB: applies the orientation, rounds 16 bits to 8, copies grey to all three channels,
    /// and blends transparency with white. For an animation, decodes the first picture.
    ///
    /// # Errors
    /// [`PhotoError`] if the photo is damaged or truncated.
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
            reason: format!("its colour type is {colour:?}"),
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
    // In a JPEG this prefix is part of the segment; some programs also write it to WebP files.
    let tiff = exif.strip_prefix(b"Exif\0\0").unwrap_or(&exif);
    Ok(Orientation::from_exif_chunk(tiff).unwrap_or(Orientation::NoTransforms))
}

/// Runs a decoder. The decoders parse untrusted bytes; a panic is reported as a damaged photo.
fn answered<T>(format: PhotoFormat, work: impl FnOnce() -> ImageResult<T>) -> Result<T, PhotoError> {
    match unpanicked(work) {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(ImageError::IoError(error))) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Err(PhotoError::CutOff { format })
        }
        Ok(Err(ImageError::Unsupported(error))) => Err(PhotoError::Unsupported { format, reason: error.to_string() }),
        Ok(Err(error)) => Err(PhotoError::Damaged { format, reason: error.to_string() }),
        Err(said) => Err(PhotoError::Damaged { format, reason: format!("its decoder panicked: {said}") }),
    }
}
