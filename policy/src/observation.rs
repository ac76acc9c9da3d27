//! What one frame shows, and when: the complete input to a decision.

use super::enrolled::{Claimed, Resemblance};
use super::signals::{LampReport, Report};
use alloc::sync::Arc;
use shared::encoding::Encoding;
use shared::face::{FaceBox, Point};
use shared::schedule::{LocalTime, Schedules};

/// Quality measurements of a face's picture; `None` where not measured. If a rule needs a missing value, the face is
/// refused.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Quality {
    /// Variance of the Laplacian of the aligned crop's luma (0 to 255); larger is sharper.
    pub sharpness: Option<f32>,
    /// Mean luma of the aligned crop, 0 to 255.
    pub brightness: Option<f32>,
    /// Whether the face passes the recognisability gate; `None` before it is encoded, or without a gate.
    pub recognisable: Option<bool>,
}

/// One face in a frame.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct ObservedFace {
    /// The bounding box.
    pub bounds: FaceBox,
    /// Right eye, left eye, nose, right and left corner of the mouth (the person's own right and left).
    pub landmarks: Option<[Point; 5]>,
    /// The quality of its picture.
    pub quality: Quality,
    /// The people that it resembles; `None` if nobody is enrolled or the face was not encoded.
    pub resembles: Option<Resemblance>,
    /// How it compares with the holder of the presented card; `None` without a card, or if the face was not encoded.
    pub claimed: Option<Claimed>,
    /// The output of the PAD network, 0 to 1, where 1 is a live person; `None` if it was not asked or gave none.
    pub bona_fide: Option<f32>,
    /// Its encoding, to check whether the next frame shows the same face; `None` if it was not encoded.
    pub encoding: Option<Arc<Encoding>>,
}

impl ObservedFace {
    /// A face with only its bounds.
    pub fn new(bounds: FaceBox) -> Self {
        Self { bounds, ..Self::default() }
    }

    /// Offset of the nose from the midpoint of the eyes, along the line through the eyes, as a fraction of the distance
    /// between them; positive towards the person's own left. `None` without landmarks, or if they cannot be those of a
    /// face.
    pub fn yaw(&self) -> Option<f32> {
        let [right_eye, left_eye, nose, ..] = self.landmarks?;
        let eyes = (left_eye.x - right_eye.x, left_eye.y - right_eye.y);
        let beside = (nose.x - (left_eye.x + right_eye.x) / 2.0, nose.y - (left_eye.y + right_eye.y) / 2.0);
        let yaw = (beside.0 * eyes.0 + beside.1 * eyes.1) / (eyes.0 * eyes.0 + eyes.1 * eyes.1);
        yaw.is_finite().then_some(yaw)
    }

    /// Offset of the nose from its position in a frontal face, along the line from the midpoint of the eyes to that of
    /// the mouth, as a fraction of its length; negative is up, positive is down. `None` without landmarks, or if they
    /// cannot be those of a face.
    pub fn pitch(&self) -> Option<f32> {
        let [right_eye, left_eye, nose, right_corner, left_corner] = self.landmarks?;
        let middle = |a: Point, b: Point| ((a.x + b.x) / 2.0, (a.y + b.y) / 2.0);
        let (eyes, mouth) = (middle(right_eye, left_eye), middle(right_corner, left_corner));
        let down = (mouth.0 - eyes.0, mouth.1 - eyes.1);
        let nose = (nose.x - eyes.0, nose.y - eyes.1);
        let pitch = (nose.0 * down.0 + nose.1 * down.1) / (down.0 * down.0 + down.1 * down.1) - LEVEL_NOSE;
        pitch.is_finite().then_some(pitch)
    }
}

/// Position of the nose in a frontal face between the midpoint of the eyes (0) and of the mouth (1), from the five
/// reference points of face alignment (ArcFace, Deng et al. 2019, `insightface`'s `arcface_dst`).
const LEVEL_NOSE: f32 = 0.495;

/// The contents of one frame.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Observation<'a> {
    /// Every face found, in any order.
    pub faces: &'a [ObservedFace],
    /// Whether the picture has no colour, so that [`Rules::grey_threshold`](super::Rules::grey_threshold) applies.
    pub is_grey: bool,
    /// The schedules of the database. A person restricted by a missing schedule may not enter.
    pub schedules: &'a Schedules,
    /// An unpredictable number, for random choices.
    pub chance: u64,
    /// The lamp's report on the nearest face, if a trial has just ended.
    pub lamp: Option<&'a LampReport>,
    /// The infrared camera's report on the nearest face.
    pub infrared: Option<&'a Report>,
}

/// The schedules of a database without schedules.
static NO_SCHEDULES: Schedules = Schedules::NONE;

impl<'a> Observation<'a> {
    /// A frame with these faces, or without a face.
    pub const fn new(faces: &'a [ObservedFace]) -> Self {
        Self { faces, is_grey: false, schedules: &NO_SCHEDULES, chance: 0, lamp: None, infrared: None }
    }

    /// Sets whether the picture has no colour.
    pub const fn in_grey(self, is_grey: bool) -> Self {
        Self { is_grey, ..self }
    }

    /// Sets the schedules of the database.
    pub const fn with_schedules(self, schedules: &'a Schedules) -> Self {
        Self { schedules, ..self }
    }

    /// Sets the unpredictable number, which the liveness challenge needs.
    pub const fn with_chance(self, chance: u64) -> Self {
        Self { chance, ..self }
    }

    /// Sets the report of the lamp's last trial.
    pub const fn with_lamp(self, lamp: Option<&'a LampReport>) -> Self {
        Self { lamp, ..self }
    }

    /// Sets the infrared camera's report on this frame.
    pub const fn with_infrared(self, infrared: Option<&'a Report>) -> Self {
        Self { infrared, ..self }
    }

    /// The nearest face, which is the one that is judged, and its index: the largest, or the first of equally large
    /// ones.
    pub fn nearest(&self) -> Option<(usize, &'a ObservedFace)> {
        self.faces.iter().enumerate().rev().max_by(|(_, a), (_, b)| a.bounds.area().total_cmp(&b.bounds.area()))
    }
}

/// Whether the wall clock can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ClockTrust {
    /// Not set since the unit started, or set to an impossible time.
    #[default]
    Unknown,
    /// Set by a time server or a battery-backed clock.
    Trusted,
}

/// When the frame was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Now {
    /// Milliseconds since 1970, UTC; for the record and for dates.
    pub utc_ms: i64,
    /// Milliseconds on a monotonic clock; used for every duration.
    pub monotonic_ms: u64,
    /// Current offset of local time from UTC, in seconds.
    pub utc_offset_s: i32,
    /// Whether `utc_ms` can be used to check dates and hours.
    pub clock: ClockTrust,
}

impl Now {
    /// A time in UTC on an untrusted clock: people whose permission depends on the time are refused.
    pub const fn new(utc_ms: i64, monotonic_ms: u64) -> Self {
        Self { utc_ms, monotonic_ms, utc_offset_s: 0, clock: ClockTrust::Unknown }
    }

    /// A time in UTC on a trusted clock.
    pub const fn trusted(utc_ms: i64, monotonic_ms: u64) -> Self {
        Self { clock: ClockTrust::Trusted, ..Self::new(utc_ms, monotonic_ms) }
    }

    /// Sets how many seconds local time is ahead of UTC.
    pub const fn ahead_of_utc(self, utc_offset_s: i32) -> Self {
        Self { utc_offset_s, ..self }
    }

    /// The local time.
    pub fn local(&self) -> LocalTime {
        LocalTime::from_utc(self.utc_ms, self.utc_offset_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaw_is_the_nose_beside_the_eyes_at_any_roll() {
        let face = |points: [(f32, f32); 3]| {
            let [right_eye, left_eye, nose] = points.map(|(x, y)| Point { x, y });
            ObservedFace {
                landmarks: Some([right_eye, left_eye, nose, Point::default(), Point::default()]),
                ..ObservedFace::default()
            }
        };
        let cases = [
            ([(10.0, 10.0), (30.0, 10.0), (20.0, 22.0)], Some(0.0)),
            ([(10.0, 10.0), (30.0, 10.0), (25.0, 22.0)], Some(0.25)),
            ([(10.0, 10.0), (30.0, 10.0), (10.0, 22.0)], Some(-0.5)),
            ([(10.0, 10.0), (10.0, 30.0), (0.0, 25.0)], Some(0.25)),
            ([(10.0, 10.0), (10.0, 10.0), (10.0, 10.0)], None),
            ([(10.0, 10.0), (30.0, f32::NAN), (20.0, 22.0)], None),
            ([(10.0, 10.0), (30.0, 10.0), (f32::INFINITY, 22.0)], None),
        ];
        for (points, expected) in cases {
            assert_eq!(face(points).yaw(), expected, "{points:?}");
        }
        assert_eq!(ObservedFace::default().yaw(), None);
    }

    #[test]
    fn pitch_is_the_nose_between_eyes_and_mouth_at_any_roll() {
        let face = |points: [(f32, f32); 5]| ObservedFace {
            landmarks: Some(points.map(|(x, y)| Point { x, y })),
            ..ObservedFace::default()
        };
        let cases = [
            ([(0.0, 0.0), (20.0, 0.0), (10.0, 9.9), (2.0, 20.0), (18.0, 20.0)], Some(0.0)),
            ([(0.0, 0.0), (20.0, 0.0), (13.0, 4.9), (2.0, 20.0), (18.0, 20.0)], Some(-0.25)),
            ([(0.0, 0.0), (20.0, 0.0), (10.0, 14.9), (2.0, 20.0), (18.0, 20.0)], Some(0.25)),
            ([(0.0, 0.0), (0.0, 20.0), (-14.9, 10.0), (-20.0, 2.0), (-20.0, 18.0)], Some(0.25)),
            ([(0.0, 0.0), (20.0, 0.0), (10.0, 9.9), (0.0, 0.0), (20.0, 0.0)], None),
            ([(0.0, 0.0), (20.0, 0.0), (10.0, f32::NAN), (2.0, 20.0), (18.0, 20.0)], None),
        ];
        for (points, expected) in cases {
            let pitch = face(points).pitch();
            let is_near =
                pitch.zip(expected).is_some_and(|(pitch, expected): (f32, f32)| (pitch - expected).abs() < 1e-6);
            assert!(is_near || pitch == expected, "{points:?}: {pitch:?}");
        }
        assert_eq!(ObservedFace::default().pitch(), None);
    }

    #[test]
    fn the_largest_face_is_the_nearest() {
        let cases: [(&[f32], Option<usize>); 6] = [
            (&[], None),
            (&[40.0], Some(0)),
            (&[40.0, 60.0, 50.0], Some(1)),
            (&[60.0, 60.0], Some(0)),
            (&[f32::INFINITY, 40.0, f32::NAN], Some(1)),
            (&[f32::NAN], Some(0)),
        ];
        for (sides, expected) in cases {
            let faces: std::vec::Vec<_> = sides
                .iter()
                .map(|&side| ObservedFace::new(FaceBox { x: 0.0, y: 0.0, width: side, height: side }))
                .collect();
            let nearest = Observation::new(&faces).nearest();
            assert_eq!(nearest.map(|(index, _)| index), expected, "{sides:?}");
        }
    }
}
