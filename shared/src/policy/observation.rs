//! What was seen in one frame, and when: everything that the policy judges by.

use crate::gallery::{Gallery, Mode, Nearest, Person, PersonId};

/// Where a face is, in frame pixels.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bounds {
    /// Left edge.
    pub x: f32,
    /// Upper edge.
    pub y: f32,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
}

impl Bounds {
    /// The shorter side; 0 if a side is not a number.
    pub fn shorter_side(&self) -> f32 {
        if self.width.is_nan() || self.height.is_nan() { 0.0 } else { self.width.min(self.height).max(0.0) }
    }

    /// Width times height; 0 if a side is not a number.
    pub fn area(&self) -> f32 {
        if self.shorter_side() > 0.0 { self.width * self.height } else { 0.0 }
    }
}

/// A point in frame pixels.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Landmark {
    /// To the right.
    pub x: f32,
    /// Downwards.
    pub y: f32,
}

/// What was measured on a face's picture; `None` where it was not. Not measured what a rule asks for means refused.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Quality {
    /// Variance of the Laplacian of the aligned crop's luma (0 to 255); larger is sharper.
    pub sharpness: Option<f32>,
    /// Mean luma of the aligned crop, 0 to 255.
    pub brightness: Option<f32>,
}

/// An enrolled person at a distance from a face, with what the database says about their permission.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Candidate {
    /// Who.
    pub person: PersonId,
    /// L2 distance from the face to the person's nearest encoding.
    pub distance: f32,
    /// What the person must show.
    pub mode: Mode,
    /// First second at which the person may enter, Unix time.
    pub valid_from: Option<i64>,
    /// First second at which the person may no longer enter, Unix time.
    pub valid_until: Option<i64>,
}

impl Candidate {
    /// Somebody about whom the database says nothing special.
    pub const fn new(person: PersonId, distance: f32) -> Self {
        Self { person, distance, mode: Mode::Default, valid_from: None, valid_until: None }
    }

    /// A person of the database.
    pub const fn of(person: &Person, distance: f32) -> Self {
        Self {
            person: person.id,
            distance,
            mode: person.details.mode,
            valid_from: person.details.valid_from,
            valid_until: person.details.valid_until,
        }
    }
}

/// Whom a face resembles most, and whom of the others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resemblance {
    /// The nearest person.
    pub best: Candidate,
    /// The nearest other person; `None` if nobody else is enrolled.
    pub runner_up: Option<Candidate>,
}

impl Resemblance {
    /// Puts people to what [`Gallery::nearest_two`] found in the same gallery. `None` if it is of another gallery.
    pub fn of(gallery: &Gallery, nearest: &Nearest) -> Option<Self> {
        let best = Candidate::of(gallery.people().get(nearest.best.person)?, nearest.best.distance);
        let runner_up = match &nearest.runner_up {
            Some(other) => Some(Candidate::of(gallery.people().get(other.person)?, other.distance)),
            None => None,
        };
        Some(Self { best, runner_up })
    }
}

/// One face in a frame.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct ObservedFace {
    /// Where it is.
    pub bounds: Bounds,
    /// Right eye, left eye, nose, right and left corner of the mouth (the person's own right and left).
    pub landmarks: Option<[Landmark; 5]>,
    /// What was measured on its picture.
    pub quality: Quality,
    /// Whom it resembles; `None` if nobody is enrolled or the face was not encoded.
    pub resembles: Option<Resemblance>,
}

impl ObservedFace {
    /// A face of which only the place is known so far.
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, ..Self::default() }
    }
}

/// What one frame showed.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Observation<'a> {
    /// Every face found, in any order.
    pub faces: &'a [ObservedFace],
}

impl<'a> Observation<'a> {
    /// A frame with these faces; none for a frame that shows nobody.
    pub const fn new(faces: &'a [ObservedFace]) -> Self {
        Self { faces }
    }
}

/// How far the clock is to be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ClockTrust {
    /// Not set since the unit started, or set to a time that cannot be.
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
    /// Milliseconds on a clock that only runs forward; for every duration.
    pub monotonic_ms: u64,
    /// Whether `utc_ms` may decide about dates.
    pub clock: ClockTrust,
}

impl Now {
    /// A time on a clock of unknown trust: people whose permission depends on the date are refused.
    pub const fn new(utc_ms: i64, monotonic_ms: u64) -> Self {
        Self { utc_ms, monotonic_ms, clock: ClockTrust::Unknown }
    }

    /// A time on a clock that is right.
    pub const fn trusted(utc_ms: i64, monotonic_ms: u64) -> Self {
        Self { utc_ms, monotonic_ms, clock: ClockTrust::Trusted }
    }
}
