//! What was seen in one frame, and when: everything that the policy judges by.

use super::decision::Neighbour;
use super::liveness::CHALLENGED_GROUP;
use super::lockouts::CardIssue;
use alloc::sync::Arc;
use shared::card::CardNumber;
use shared::encoding::Encoding;
use shared::gallery::{Gallery, Match, Mode, Nearest, Person, PersonId};
use shared::matching::DotsOfRows;
use shared::schedule::{Hours, LocalTime, ScheduleSet};

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
    /// Whether they say where something is: four finite numbers.
    pub fn is_finite(&self) -> bool {
        [self.x, self.y, self.width, self.height].iter().all(|number| number.is_finite())
    }

    /// The shorter side; 0 if the bounds are not finite.
    pub fn shorter_side(&self) -> f32 {
        if self.is_finite() { self.width.min(self.height).max(0.0) } else { 0.0 }
    }

    /// Width times height; 0 if the bounds are not finite.
    pub fn area(&self) -> f32 {
        if self.shorter_side() > 0.0 { self.width * self.height } else { 0.0 }
    }

    /// What two places share as a part of what they cover together (intersection over union), 0 to 1.
    pub fn overlap(&self, other: &Self) -> f32 {
        let width = (self.x + self.width).min(other.x + other.width) - self.x.max(other.x);
        let height = (self.y + self.height).min(other.y + other.height) - self.y.max(other.y);
        let (one, another) = (self.area(), other.area());
        if one > 0.0 && another > 0.0 && width > 0.0 && height > 0.0 {
            let shared = width * height;
            shared / (one + another - shared)
        } else {
            0.0
        }
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
    /// Whether the face passes the gate for faces that are hardly recognisable; `None` before it is encoded, or without a
    /// gate.
    pub recognisable: Option<bool>,
}

/// An enrolled person at a distance from a face, with what the database says about their permission.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Candidate {
    /// Who.
    pub person: PersonId,
    /// L2 distance from the face to the person.
    pub distance: f32,
    /// What the person must show.
    pub mode: Mode,
    /// First second at which the person may enter, Unix time.
    pub valid_from: Option<i64>,
    /// First second at which the person may no longer enter, Unix time.
    pub valid_until: Option<i64>,
    /// Which schedules bind the person, and which open when they come.
    pub hours: Hours,
    /// Whether somebody else enrolled looks so alike that the face alone does not tell them apart.
    pub has_double: bool,
    /// Whether the person is marked for the liveness challenge.
    pub is_challenged: bool,
    /// Whether the face is nearer to the person than to faces that are hardly recognisable, by what the gate asks for.
    pub is_clear: bool,
}

impl Candidate {
    /// Somebody of the database with no rules of their own.
    pub const fn new(person: PersonId, distance: f32) -> Self {
        let hours = Hours { bound_by: ScheduleSet::NONE, opens: ScheduleSet::NONE };
        Self {
            person,
            distance,
            mode: Mode::Default,
            valid_from: None,
            valid_until: None,
            hours,
            has_double: false,
            is_challenged: false,
            is_clear: true,
        }
    }

    /// Somebody of a gallery's people; `None` if there is no such person.
    pub fn of(gallery: &Gallery, person: usize, distance: f32) -> Option<Self> {
        let Person { id, details, .. } = gallery.people().get(person)?;
        Some(Self {
            person: *id,
            distance,
            mode: details.mode,
            valid_from: details.valid_from,
            valid_until: details.valid_until,
            hours: gallery.hours_of(person),
            has_double: gallery.has_double(person),
            is_challenged: details.groups.iter().any(|group| group == CHALLENGED_GROUP),
            is_clear: true,
        })
    }

    /// The same person, at no distance.
    pub const fn holder(&self) -> CardHolder {
        let Self { person, mode, valid_from, valid_until, hours, has_double, is_challenged, .. } = *self;
        let card = CardIssue { database: 0, tag: 0 };
        CardHolder { person, mode, valid_from, valid_until, hours, has_double, is_challenged, card }
    }
}

/// The person whose card was presented, with what the database says about their permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CardHolder {
    /// Who.
    pub person: PersonId,
    /// What the person must show.
    pub mode: Mode,
    /// First second at which the person may enter, Unix time.
    pub valid_from: Option<i64>,
    /// First second at which the person may no longer enter, Unix time.
    pub valid_until: Option<i64>,
    /// Which schedules bind the person, and which open when they come.
    pub hours: Hours,
    /// Whether somebody else enrolled looks so alike that the face alone does not tell them apart.
    pub has_double: bool,
    /// Whether the person is marked for the liveness challenge.
    pub is_challenged: bool,
    /// Which of the person's cards was presented.
    pub card: CardIssue,
}

impl CardHolder {
    /// Somebody of a gallery's people; `None` if there is no such person.
    pub fn of(gallery: &Gallery, person: usize) -> Option<Self> {
        let card = CardIssue { database: gallery.header().sequence, tag: 0 };
        Some(Self { card, ..Candidate::of(gallery, person, 0.0)?.holder() })
    }

    /// The same, who has presented this card.
    #[must_use]
    pub fn with(self, card: CardNumber) -> Self {
        Self { card: CardIssue { tag: card.tag(&self.person), ..self.card }, ..self }
    }
}

/// How a face compares with the person that a card claims to be there, and with all others.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Claimed {
    /// Who is claimed to be there.
    pub person: PersonId,
    /// L2 distance from the face to the person.
    pub distance: f32,
    /// The nearest of all others but those who are on record as looking like the person; `None` if there is none.
    pub other: Option<Neighbour>,
    /// As [`Candidate::is_clear`].
    pub is_clear: bool,
}

impl Claimed {
    /// At this distance, with nobody else enrolled.
    pub const fn new(person: PersonId, distance: f32) -> Self {
        Self { person, distance, other: None, is_clear: true }
    }

    /// The same, with this nearest other person.
    #[must_use]
    pub const fn beside(self, other: Neighbour) -> Self {
        Self { other: Some(other), ..self }
    }

    /// Compares a face with all people of a gallery; `None` if the claimed person is not one of them.
    pub fn of(gallery: &Gallery, person: PersonId, encoding: &Encoding, dots_of_rows: DotsOfRows) -> Option<Self> {
        let holder = gallery.person_by_id(&person)?;
        let distance = gallery.nearest_of(holder, encoding, dots_of_rows)?.distance;
        let is_other = |other: usize| other != holder && !gallery.are_look_alikes(other, holder);
        let other = gallery.nearest_where(encoding, dots_of_rows, is_other);
        let other = other.and_then(|found| Some((gallery.people().get(found.person)?.id, found.distance)));
        let other = other.map(|(person, distance)| Neighbour { person, distance });
        Some(Self { person, distance, other, is_clear: true })
    }
}

/// Who a face resembles most, and which of the others.
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
        let candidate = |found: &Match| Candidate::of(gallery, found.person, found.distance);
        let runner_up = match &nearest.runner_up {
            Some(other) => Some(candidate(other)?),
            None => None,
        };
        Some(Self { best: candidate(&nearest.best)?, runner_up })
    }
}

/// One face in a frame.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct ObservedFace {
    /// Where it is.
    pub bounds: Bounds,
    /// Right eye, left eye, nose, right and left corner of the mouth (the person's own right and left).
    pub landmarks: Option<[Landmark; 5]>,
    /// What was measured on its picture.
    pub quality: Quality,
    /// Who it resembles; `None` if nobody is enrolled or the face was not encoded.
    pub resembles: Option<Resemblance>,
    /// How it compares with the person that a card claims to be there; `None` if no card does or the face was not encoded.
    pub claimed: Option<Claimed>,
    /// Its encoding, to tell whether the next frame shows the same face; `None` if it was not encoded.
    pub encoding: Option<Arc<Encoding>>,
}

impl ObservedFace {
    /// A face of which only the place is known so far.
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, ..Self::default() }
    }

    /// How far the nose lies beside the middle of the eyes, along the line through them, as a part of the distance
    /// between the eyes; above 0 towards the person's own left. `None` without landmarks, or with ones that no face has.
    pub fn turn(&self) -> Option<f32> {
        let [right_eye, left_eye, nose, ..] = self.landmarks?;
        let eyes = (left_eye.x - right_eye.x, left_eye.y - right_eye.y);
        let beside = (nose.x - (left_eye.x + right_eye.x) / 2.0, nose.y - (left_eye.y + right_eye.y) / 2.0);
        let turn = (beside.0 * eyes.0 + beside.1 * eyes.1) / (eyes.0 * eyes.0 + eyes.1 * eyes.1);
        turn.is_finite().then_some(turn)
    }

    /// How far the nose lies above (below 0) or below (above 0) where it lies in a face that looks straight ahead, along
    /// the line from the middle of the eyes to that of the mouth, as a part of its length. `None` without landmarks, or with
    /// ones that no face has.
    pub fn nod(&self) -> Option<f32> {
        let [right_eye, left_eye, nose, right_corner, left_corner] = self.landmarks?;
        let middle = |a: Landmark, b: Landmark| ((a.x + b.x) / 2.0, (a.y + b.y) / 2.0);
        let (eyes, mouth) = (middle(right_eye, left_eye), middle(right_corner, left_corner));
        let down = (mouth.0 - eyes.0, mouth.1 - eyes.1);
        let nose = (nose.x - eyes.0, nose.y - eyes.1);
        let nod = (nose.0 * down.0 + nose.1 * down.1) / (down.0 * down.0 + down.1 * down.1) - LEVEL_NOSE;
        nod.is_finite().then_some(nod)
    }
}

/// Where the nose of a face that looks straight ahead lies between the middle of the eyes (0) and of the mouth (1): of the
/// five points at which faces are aligned (ArcFace, Deng et al. 2019, `insightface`'s `arcface_dst`).
const LEVEL_NOSE: f32 = 0.495;

/// What one frame showed.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Observation<'a> {
    /// Every face found, in any order.
    pub faces: &'a [ObservedFace],
    /// Whether the picture is without colour, so that [`Rules::grey_threshold`](super::Rules::grey_threshold) holds.
    pub is_grey: bool,
    /// A number that nobody can foresee, for what is left to chance.
    pub chance: u64,
}

impl<'a> Observation<'a> {
    /// A frame with these faces; none for a frame that shows nobody.
    pub const fn new(faces: &'a [ObservedFace]) -> Self {
        Self { faces, is_grey: false, chance: 0 }
    }

    /// The same of a picture that is without colour, or is not.
    pub const fn in_grey(self, is_grey: bool) -> Self {
        Self { is_grey, ..self }
    }

    /// The same with a number that nobody can foresee, as the liveness challenge needs one.
    pub const fn with_chance(self, chance: u64) -> Self {
        Self { chance, ..self }
    }

    /// The nearest face, which is the one that is judged: the largest, the first of equally large ones; and which of
    /// the faces it is.
    pub fn nearest(&self) -> Option<(usize, &'a ObservedFace)> {
        self.faces.iter().enumerate().rev().max_by(|(_, a), (_, b)| a.bounds.area().total_cmp(&b.bounds.area()))
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
    /// How many seconds clocks on the wall are ahead of UTC, now and here.
    pub utc_offset_s: i32,
    /// Whether `utc_ms` may decide about dates.
    pub clock: ClockTrust,
}

impl Now {
    /// A time on a clock of unknown trust, in UTC: people whose permission depends on the time are refused.
    pub const fn new(utc_ms: i64, monotonic_ms: u64) -> Self {
        Self { utc_ms, monotonic_ms, utc_offset_s: 0, clock: ClockTrust::Unknown }
    }

    /// A time on a clock that is right, in UTC.
    pub const fn trusted(utc_ms: i64, monotonic_ms: u64) -> Self {
        Self { clock: ClockTrust::Trusted, ..Self::new(utc_ms, monotonic_ms) }
    }

    /// The same moment where clocks on the wall are this many seconds ahead of UTC.
    pub const fn ahead_of_utc(self, utc_offset_s: i32) -> Self {
        Self { utc_offset_s, ..self }
    }

    /// What clocks on the wall show.
    pub fn local(&self) -> LocalTime {
        LocalTime::of(self.utc_ms, self.utc_offset_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::encoding::Encoding;
    use shared::gallery::{GalleryBuilder, ModelHash};

    fn bounds(x: f32, y: f32, width: f32, height: f32) -> Bounds {
        Bounds { x, y, width, height }
    }

    #[test]
    fn overlap_is_shared_area_as_a_part_of_all() {
        let cases = [
            (bounds(0.0, 0.0, 10.0, 10.0), 1.0),
            (bounds(5.0, 0.0, 10.0, 10.0), 1.0 / 3.0),
            (bounds(0.0, 0.0, 10.0, 5.0), 0.5),
            (bounds(10.0, 0.0, 10.0, 10.0), 0.0),
            (bounds(-30.0, 0.0, 10.0, 10.0), 0.0),
            (bounds(0.0, 0.0, 0.0, 10.0), 0.0),
            (bounds(12.0, 12.0, -10.0, -10.0), 0.0),
            (bounds(f32::NAN, 0.0, 10.0, 10.0), 0.0),
            (bounds(0.0, 0.0, f32::INFINITY, 10.0), 0.0),
        ];
        let place = bounds(0.0, 0.0, 10.0, 10.0);
        for (other, expected) in cases {
            let overlap = place.overlap(&other);
            assert!((overlap - expected).abs() < 1e-6, "{other:?}: {overlap}");
            assert_eq!(overlap, other.overlap(&place), "{other:?}");
        }
    }

    #[test]
    fn turn_is_the_nose_beside_the_eyes_at_any_roll() {
        let face = |points: [(f32, f32); 3]| {
            let [right_eye, left_eye, nose] = points.map(|(x, y)| Landmark { x, y });
            ObservedFace {
                landmarks: Some([right_eye, left_eye, nose, Landmark::default(), Landmark::default()]),
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
            assert_eq!(face(points).turn(), expected, "{points:?}");
        }
        assert_eq!(ObservedFace::default().turn(), None);
    }

    #[test]
    fn nod_is_the_nose_between_eyes_and_mouth_at_any_roll() {
        let face = |points: [(f32, f32); 5]| ObservedFace {
            landmarks: Some(points.map(|(x, y)| Landmark { x, y })),
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
            let nod = face(points).nod();
            let is_near = nod.zip(expected).is_some_and(|(nod, expected): (f32, f32)| (nod - expected).abs() < 1e-6);
            assert!(is_near || nod == expected, "{points:?}: {nod:?}");
        }
        assert_eq!(ObservedFace::default().nod(), None);
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
            let faces: std::vec::Vec<_> =
                sides.iter().map(|&side| ObservedFace::new(bounds(0.0, 0.0, side, side))).collect();
            let nearest = Observation::new(&faces).nearest();
            assert_eq!(nearest.map(|(index, _)| index), expected, "{sides:?}");
        }
    }

    #[test]
    fn a_match_of_another_gallery_resembles_nobody() {
        let gallery = GalleryBuilder::new(1, ModelHash([0; 32]), 2).unwrap().build();
        assert_eq!(gallery.nearest_two(&Encoding::from_network(&[1.0, 0.0]).unwrap(), kernels::dots_of_rows), None);
        let elsewhere = Match { person: 0, encoding: 0, distance: 0.1 };
        let nearest = Nearest { best: elsewhere, runner_up: Some(elsewhere) };
        assert_eq!(Resemblance::of(&gallery, &nearest), None);
    }
}
