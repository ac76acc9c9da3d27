//! Makes photos of hardly recognisable faces from plain ones.

use fastrand::Rng;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{FilterType, resize, rotate90, rotate180, rotate270};
use image::{ExtendedColorType, RgbImage};
use models::{Face, FaceBox, Frame, Photo, Point};
use std::f32::consts::{SQRT_2, TAU};

/// A way to make a face hard to recognise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    UpsideDown,
    Bar,
    Mask,
    Roll45,
    Noise,
    Blur,
    Sunglasses,
    Hat,
    HalfCovered,
    Compressed,
    FewPixels,
    Roll30,
    Sideways,
}

/// Face width in pixels for which blur strengths are given.
const USUAL_WIDTH: f32 = 95.0;
const BLUR: f32 = 4.0;
const NOISE: f32 = 50.0;
const JPEG_QUALITY: u8 = 5;
const FEW_PIXELS: f32 = 14.0;

impl Kind {
    pub(super) const ALL: [Self; 13] = [
        Self::UpsideDown,
        Self::Bar,
        Self::Mask,
        Self::Roll45,
        Self::Noise,
        Self::Blur,
        Self::Sunglasses,
        Self::Hat,
        Self::HalfCovered,
        Self::Compressed,
        Self::FewPixels,
        Self::Roll30,
        Self::Sideways,
    ];

    /// The name in a table row.
    pub(super) const fn in_words(self) -> &'static str {
        match self {
            Self::UpsideDown => "upside down",
            Self::Bar => "bar over the eyes",
            Self::Mask => "mask",
            Self::Roll45 => "rolled by 45 degrees",
            Self::Noise => "noise",
            Self::Blur => "blur",
            Self::Sunglasses => "sunglasses",
            Self::Hat => "hat over the brow",
            Self::HalfCovered => "half covered",
            Self::Compressed => "JPEG quality 5",
            Self::FewPixels => "14 pixels wide",
            Self::Roll30 => "rolled by 30 degrees",
            Self::Sideways => "sideways",
        }
    }

    /// The degraded photo, or `None` if the degradation fails.
    pub(super) fn degrade(self, frame: &Frame, face: &Face, random: &mut Rng) -> Option<Frame> {
        let plain = RgbImage::from_raw(frame.width(), frame.height(), frame.pixels().to_vec())?;
        let made = match self {
            Self::UpsideDown => rotate180(&plain),
            Self::Sideways if random.bool() => rotate90(&plain),
            Self::Sideways => rotate270(&plain),
            Self::Roll45 => rolled(frame, &face.bounds, signed(45.0, random))?,
            Self::Roll30 => rolled(frame, &face.bounds, signed(30.0, random))?,
            Self::Noise => noisy(plain, random),
            Self::Blur => blurred(&plain, BLUR * face.bounds.width / USUAL_WIDTH),
            Self::Compressed => return compressed(&plain),
            Self::FewPixels => of_few_pixels(&plain, face.bounds.width),
            Self::Bar | Self::Mask | Self::Sunglasses | Self::Hat | Self::HalfCovered => {
                covered(plain, &Cover::new(self, face, random))
            }
        };
        Frame::from_rgb(made.width(), made.height(), made.into_raw()).ok()
    }
}

/// A shape of one colour that covers a part of the face.
struct Cover {
    kind: Kind,
    face: Face,
    colour: [u8; 3],
    /// Upper and lower edge, or another parameter of the shape, as a share of the face's height.
    from: f32,
    to: f32,
    right: bool,
}

impl Cover {
    fn new(kind: Kind, face: &Face, random: &mut Rng) -> Self {
        let dark = [random.u8(0..40); 3];
        let colour = match kind {
            Kind::Mask => [[150, 190, 215], [235, 235, 235], dark][random.usize(0..3)],
            Kind::Hat => [[110, 90, 60], [40, 50, 90], dark][random.usize(0..3)],
            Kind::HalfCovered => [[200, 160, 130], [128, 128, 128], dark][random.usize(0..3)],
            _ => dark,
        };
        let by = random.f32() * 0.06 - 0.03;
        let (from, to) = match kind {
            Kind::Bar => (0.26 + by, 0.5 + by),
            Kind::Mask => (0.05 + by, 1.0),
            Kind::Sunglasses => (0.17 + by, 0.0),
            _ => (0.1 + by, 0.0),
        };
        Self { kind, face: *face, colour, from, to, right: random.bool() }
    }

    fn covers(&self, x: f32, y: f32) -> bool {
        let FaceBox { x: left, y: top, width, height } = self.face.bounds;
        let [right_eye, left_eye, nose, ..] = self.face.landmarks;
        let beside = |margin: f32| x >= left - margin * width && x <= left + (1.0 + margin) * width;
        match self.kind {
            Kind::Bar => beside(0.02) && y >= top + self.from * height && y <= top + self.to * height,
            Kind::Mask => {
                let (across, down) = ((x - left) / width - 0.5, (y - top) / height - 0.5);
                y >= nose.y - self.from * height && across * across + down * down <= 0.3
            }
            Kind::Sunglasses => {
                let near = |eye: Point| (x - eye.x).hypot(1.2 * (y - eye.y)) <= self.from * width;
                let between = x >= right_eye.x && x <= left_eye.x;
                let line = right_eye.y + (left_eye.y - right_eye.y) * (x - right_eye.x) / (left_eye.x - right_eye.x);
                near(right_eye) || near(left_eye) || (between && (y - line).abs() <= 0.02 * height)
            }
            Kind::Hat => {
                let brow = right_eye.y.min(left_eye.y) - self.from * height;
                beside(0.12) && y <= brow && y >= top - 0.35 * height
            }
            _ => beside(0.05) && y >= top - 0.1 * height && y <= top + 1.1 * height && (x > nose.x) == self.right,
        }
    }
}

fn covered(mut photo: RgbImage, cover: &Cover) -> RgbImage {
    for (x, y, pixel) in photo.enumerate_pixels_mut() {
        if cover.covers(x as f32, y as f32) {
            pixel.0 = cover.colour;
        }
    }
    photo
}

fn signed(degrees: f32, random: &mut Rng) -> f32 {
    if random.bool() { degrees } else { -degrees }
}

/// The photo rotated about the middle of the face. The edge pixels are repeated beyond the photo.
fn rolled(frame: &Frame, face: &FaceBox, degrees: f32) -> Option<RgbImage> {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let middle = (face.x + face.width / 2.0, face.y + face.height / 2.0);
    let (width, height) = (frame.width(), frame.height());
    let pixels = frame.pixels().as_chunks::<3>().0;
    let at = |x: f32, y: f32| {
        let (x, y) = (x.clamp(0.0, width as f32 - 1.0), y.clamp(0.0, height as f32 - 1.0));
        pixels[y as usize * width as usize + x as usize].map(f32::from)
    };
    let mut turned = Vec::with_capacity(frame.pixels().len());
    for y in 0..height {
        for x in 0..width {
            let (right, down) = (x as f32 - middle.0, y as f32 - middle.1);
            let (x, y) = (middle.0 + cos * right + sin * down, middle.1 - sin * right + cos * down);
            let (left, top) = (x.floor(), y.floor());
            let (across, down) = (x - left, y - top);
            let [a, b, c, d] = [at(left, top), at(left + 1.0, top), at(left, top + 1.0), at(left + 1.0, top + 1.0)];
            turned.extend([0, 1, 2].map(|channel| {
                let above = a[channel] + (b[channel] - a[channel]) * across;
                let below = c[channel] + (d[channel] - c[channel]) * across;
                (above + (below - above) * down + 0.5) as u8
            }));
        }
    }
    RgbImage::from_raw(width, height, turned)
}

fn noisy(mut photo: RgbImage, random: &mut Rng) -> RgbImage {
    for value in photo.iter_mut() {
        // Box-Muller transform; 1 - u is above 0.
        let normal = (-(1.0 - random.f32()).ln()).sqrt() * SQRT_2 * (TAU * random.f32()).cos();
        *value = (f32::from(*value) + NOISE * normal).round().clamp(0.0, 255.0) as u8;
    }
    photo
}

fn blurred(photo: &RgbImage, sigma: f32) -> RgbImage {
    let reach = (3.0 * sigma).ceil() as i64;
    let kernel: Vec<f32> = (-reach..=reach).map(|at| (-(at as f32 / sigma).powi(2) / 2.0).exp()).collect();
    let sum: f32 = kernel.iter().sum();
    let pass = |from: &RgbImage, (right, down): (i64, i64)| {
        let last = (i64::from(from.width()) - 1, i64::from(from.height()) - 1);
        RgbImage::from_fn(from.width(), from.height(), |x, y| {
            let mut mean = [0.0; 3];
            for (at, weight) in (-reach..=reach).zip(&kernel) {
                let (x, y) = (i64::from(x) + at * right, i64::from(y) + at * down);
                let near = from.get_pixel(x.clamp(0, last.0) as u32, y.clamp(0, last.1) as u32).0;
                mean.iter_mut().zip(near).for_each(|(mean, value)| *mean += weight * f32::from(value) / sum);
            }
            image::Rgb(mean.map(|value| value.round() as u8))
        })
    };
    pass(&pass(photo, (1, 0)), (0, 1))
}

fn compressed(photo: &RgbImage) -> Option<Frame> {
    let mut file = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut file, JPEG_QUALITY);
    encoder.encode(photo, photo.width(), photo.height(), ExtendedColorType::Rgb8).ok()?;
    Photo::open(&file).and_then(Photo::decode).ok()
}

fn of_few_pixels(photo: &RgbImage, face: f32) -> RgbImage {
    let (width, height) = photo.dimensions();
    let small = [width, height].map(|side| ((side as f32 * FEW_PIXELS / face).round() as u32).max(1));
    resize(&resize(photo, small[0], small[1], FilterType::Triangle), width, height, FilterType::Triangle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn photo() -> (Frame, Face) {
        let pixels = (0..120 * 100).flat_map(|at| [(at % 120) as u8, (at / 120) as u8, 200]).collect();
        let bounds = FaceBox { x: 30.0, y: 20.0, width: 50.0, height: 60.0 };
        let landmarks =
            [(45.0, 42.0), (65.0, 42.0), (55.0, 52.0), (48.0, 65.0), (62.0, 65.0)].map(|(x, y)| Point { x, y });
        (Frame::from_rgb(120, 100, pixels).unwrap(), Face { bounds, landmarks, confidence: 0.9 })
    }

    #[test]
    fn each_kind_changes_the_photo_and_the_same_seed_gives_the_same() {
        let (frame, face) = photo();
        for kind in Kind::ALL {
            let made = |seed| kind.degrade(&frame, &face, &mut Rng::with_seed(seed)).unwrap();
            assert_ne!(made(1), frame, "{kind:?}");
            assert_eq!(made(1), made(1), "{kind:?}");
        }
    }

    #[test]
    fn covers_are_at_the_right_place() {
        let (frame, face) = photo();
        for (kind, covered, free) in [
            (Kind::Bar, (55, 43), (55, 60)),
            (Kind::Mask, (55, 65), (55, 40)),
            (Kind::Sunglasses, (45, 42), (55, 65)),
            (Kind::Hat, (55, 25), (55, 52)),
        ] {
            let made = kind.degrade(&frame, &face, &mut Rng::with_seed(3)).unwrap();
            let at = |frame: &Frame, (x, y): (usize, usize)| frame.pixels()[3 * (120 * y + x)..][..3].to_vec();
            assert_ne!(at(&made, covered), at(&frame, covered), "{kind:?}");
            assert_eq!(at(&made, free), at(&frame, free), "{kind:?}");
        }
    }
}
