//! Makes the picture that is sent, and measures in it.

use super::hints;
use super::slot::Sighting;
use crate::camera::{Orientation, Rotation};
use crate::sight::light::middle;
use crate::sight::upright;
use fleet_messages::aim::{
    AimBox, AimFace, AimLight, AimPicture, AimSharpness, AimView, MAX_AIM_BOXES, MAX_AIM_SIDE, Measured,
};
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageBuffer, ImageError, Rgb, imageops};
use models::bundle::Bundles;
use models::detect::Detector;
use models::{Frame, ModelError, quality};
use shared::face::FaceBox;
use std::borrow::Cow;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The quality of the JPEG, 1 to 100.
const QUALITY: u8 = 75;
/// The side of the square in the middle whose sharpness is measured while there is no face, in pixels of the frame.
const MIDDLE_SIDE: u32 = 480;
/// The least time between two searches in all rotations, and how many times as long as a search it is at least: a slow
/// computer must not be busy with it.
const SEARCH_EVERY: Duration = Duration::from_secs(2);
const REST_AFTER_SEARCH: u32 = 10;

/// Looks at frames for one viewer.
pub(super) struct Look {
    bundles: Vec<PathBuf>,
    orientation: Orientation,
    detector: Option<Detector>,
    /// When to search in all rotations; `None` if the detector cannot be used.
    search_at: Option<Instant>,
    rotate: Option<u16>,
    /// The best sharpness of a face and of the middle.
    best: [f32; 2],
}

impl Look {
    pub(super) fn new(bundles: Vec<PathBuf>, orientation: Orientation) -> Self {
        Self { bundles, orientation, detector: None, search_at: Some(Instant::now()), rotate: None, best: [0.0; 2] }
    }

    /// The message for a frame.
    ///
    /// # Errors
    /// None in practice: the picture has a size that a JPEG can have.
    pub(super) fn picture(
        &mut self,
        frame: &Frame,
        seen: &Sighting,
        seconds_left: u16,
    ) -> Result<AimPicture, ImageError> {
        self.follow_rotation(frame);
        let (small, jpeg) = encoded(frame)?;
        let boxes: Vec<AimBox> = seen.boxes.iter().filter_map(|face| in_picture(face, frame, &small)).collect();
        let face = seen.boxes.first().map(|largest| {
            let (pixels, minimum) = (largest.shorter_side(), seen.minimum_face);
            let brightness = seen.largest.and_then(|largest| largest.brightness);
            AimFace { pixels, minimum, is_too_small: pixels < minimum, brightness }
        });
        let light = light(&small, face.and_then(|face| face.brightness));
        let view = AimView {
            width: small.width(),
            height: small.height(),
            boxes: boxes.into_iter().take(MAX_AIM_BOXES).collect(),
            face,
            light,
            sharpness: self.sharpness(frame, seen),
            gate: hints::gate(seen),
            rotate: self.rotate,
            seconds_left,
        };
        Ok(AimPicture { view, jpeg })
    }

    fn sharpness(&mut self, frame: &Frame, seen: &Sighting) -> AimSharpness {
        let of_face = seen.largest.and_then(|largest| largest.sharpness);
        let (of, now) = match of_face {
            Some(sharpness) => (Measured::Face, sharpness),
            None => (Measured::Middle, middle(frame, MIDDLE_SIDE).as_ref().map_or(0.0, quality::sharpness)),
        };
        let best = &mut self.best[usize::from(of == Measured::Middle)];
        *best = best.max(now);
        let minimum = seen.minimum_sharpness.filter(|_| of == Measured::Face);
        AimSharpness { of, now, best: *best, words: hints::focus(now, *best, minimum).to_owned() }
    }

    /// Searches in all rotations, if it is time.
    fn follow_rotation(&mut self, frame: &Frame) {
        let started = Instant::now();
        if self.search_at.is_none_or(|at| started < at) {
            return;
        }
        match self.searched(frame) {
            Ok(turn) => {
                let turned = turn.filter(|turn| *turn != Rotation::None);
                self.rotate = turned.map(|turn| self.orientation.turned_further(turn).degrees());
                let ended = Instant::now();
                self.search_at = Some(ended + SEARCH_EVERY.max(REST_AFTER_SEARCH * (ended - started)));
            }
            Err(error) => {
                tracing::warn!("a viewer is not told whether faces are upright: {error}");
                (self.rotate, self.search_at) = (None, None);
            }
        }
    }

    /// The rotation in which faces are upright.
    fn searched(&mut self, frame: &Frame) -> Result<Option<Rotation>, ModelError> {
        let detector = match &mut self.detector {
            Some(detector) => detector,
            // On one thread: the cores are the door's.
            None => self.detector.insert(Detector::new(&Bundles::open(&self.bundles)?.detector)?),
        };
        let mut failed = None;
        let seen = upright(frame, |turned| {
            detector.detect(turned).unwrap_or_else(|error| {
                failed = Some(error);
                Vec::new()
            })
        });
        failed.map_or(Ok(seen.map(|seen| seen.rotation)), Err)
    }
}

impl std::fmt::Debug for Look {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Look").finish_non_exhaustive()
    }
}

/// The frame in the size in which it is sent, and its JPEG.
fn encoded(frame: &Frame) -> Result<(Cow<'_, Frame>, Vec<u8>), ImageError> {
    let small = shrunken(frame);
    let mut jpeg = Vec::new();
    let encoder = &mut JpegEncoder::new_with_quality(&mut jpeg, QUALITY);
    encoder.encode(small.pixels(), small.width(), small.height(), ExtendedColorType::Rgb8)?;
    Ok((small, jpeg))
}

fn shrunken(frame: &Frame) -> Cow<'_, Frame> {
    let (width, height) = (frame.width(), frame.height());
    let longest = width.max(height);
    let side = |side: u32| (u64::from(side) * u64::from(MAX_AIM_SIDE) / u64::from(longest)).max(1) as u32;
    let source = ImageBuffer::<Rgb<u8>, &[u8]>::from_raw(width, height, frame.pixels());
    let Some(source) = source.filter(|_| longest > MAX_AIM_SIDE) else { return Cow::Borrowed(frame) };
    let small = imageops::thumbnail(&source, side(width), side(height));
    let (width, height) = small.dimensions();
    // Always succeeds: each side is 1 to `MAX_AIM_SIDE`.
    Frame::from_rgb(width, height, small.into_raw()).map_or(Cow::Borrowed(frame), Cow::Owned)
}

/// A box in whole pixels of the picture; `None` if nothing of it is in view.
fn in_picture(face: &FaceBox, frame: &Frame, small: &Frame) -> Option<AimBox> {
    if !face.is_finite() {
        return None;
    }
    let span = |from: f32, length: f32, whole: u32, shown: u32| {
        let scale = shown as f32 / whole as f32;
        let inside = |at: f32| (at * scale).round().clamp(0.0, shown as f32);
        let (begin, end) = (inside(from), inside(from + length));
        (end > begin).then_some((begin, end - begin))
    };
    let (x, width) = span(face.x, face.width, frame.width(), small.width())?;
    let (y, height) = span(face.y, face.height, frame.height(), small.height())?;
    Some(AimBox { x, y, width, height })
}

fn light(picture: &Frame, face: Option<f32>) -> AimLight {
    let (mut sum, mut white) = (0_u64, 0_u64);
    let pixels = picture.pixels().as_chunks::<3>().0;
    for &[red, green, blue] in pixels {
        // Luma by ITU-R BT.601.
        let luma = (299 * u64::from(red) + 587 * u64::from(green) + 114 * u64::from(blue)) / 1000;
        sum += luma;
        white += u64::from(luma >= hints::WHITE);
    }
    let of_all = |part: u64| (part as f64 / pixels.len().max(1) as f64) as f32;
    let (brightness, clipped) = (of_all(sum), of_all(white));
    AimLight { brightness, clipped, words: hints::light(brightness, clipped, face).to_owned() }
}
