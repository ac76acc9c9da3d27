//! One challenge to the tracked face: the requested turn and its result.
//!
//! A person is asked to turn their head to a random side, and their nose must move across the plane of eyes and mouth,
//! which only a protruding nose does. It stops a sheet of paper and a still picture on a screen, but cannot distinguish
//! a video, a mask or a sheet with an attached nose from a live person. `docs/liveness.md` has the measurements.

use super::parallax::{nose_across, width_to_height};
use crate::ObservedFace;
use crate::reason::Reason;
use crate::signals::{Report, Signal};
use crate::tracking::is_same_face;
use alloc::sync::Arc;
use heapless::HistoryBuf;
use shared::encoding::Encoding;

/// How far the nose must move across the plane of eyes and mouth, in the unit of [`nose_across`]. A turn of the head by
/// 32° is enough: a nose protrudes by 0.39 of that unit (fitted to 60 faces of Labeled Faces in the Wild), and the
/// tangent of 32° is 0.63. On photos of these faces turned by up to 40°, the nose seemed to move by at most 0.15 in 99
/// of 100 cases.
pub const TURN: f32 = 0.25;
/// How narrow the face may become, as a fraction of its frontal width. A plane turned by 49° is as narrow. Beyond that,
/// the detector places the nose of a photo anywhere.
const LEAST_WIDTH: f32 = 0.66;
/// The number of consecutive frames in which the turn must be seen.
pub const TURNED_FRAMES: usize = 4;
/// The time limit for the turn, in milliseconds after the request.
pub const CHALLENGE_MS: u64 = 6000;
/// Number of frames before the request. The median of the nose's position in them is its frontal position.
const FRAMES_AHEAD: usize = 5;
/// Smallest relative change of a live face's sharpness from frame to frame. Photos in front of a camera changed by at
/// least 0.011; a picture that is fed in repeatedly does not change.
const LEAST_CHANGE: f32 = 0.001;

/// The side to turn to, from the person's point of view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The person's left.
    Left,
    /// The person's right.
    Right,
}

impl Side {
    /// Chooses a side at random.
    pub const fn by(chance: u64) -> Self {
        if chance.is_multiple_of(2) { Self::Left } else { Self::Right }
    }

    /// A turn to the person's left increases the nose's coordinate.
    const fn sign(self) -> f32 {
        match self {
            Self::Left => 1.0,
            Self::Right => -1.0,
        }
    }

    const fn reason(self) -> Reason {
        match self {
            Self::Left => Reason::TurnLeft,
            Self::Right => Reason::TurnRight,
        }
    }
}

/// The state of the tracked face's challenge.
#[derive(Debug, Default)]
pub(crate) struct Challenge {
    /// Position of the nose in the last frames before the request.
    ahead: HistoryBuf<f32, FRAMES_AHEAD>,
    /// The ratio of the frontal face's width to its height.
    width: Option<f32>,
    /// The encoding in the last frame before the request. All later frames must show the same face.
    looks: Option<Arc<Encoding>>,
    sharpness: Changes,
    state: State,
    has_just_failed: bool,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    NotAsked,
    Asked(Asked),
    Passed,
    Failed,
}

#[derive(Debug)]
struct Asked {
    side: Side,
    since_ms: u64,
    ahead: f32,
    turned: usize,
    turned_away: usize,
}

/// Counts the changes of the picture from frame to frame.
#[derive(Debug, Default)]
struct Changes {
    last: Option<f32>,
    changed: usize,
}

impl Changes {
    fn see(&mut self, now: f32) {
        let is_change = self.last.is_some_and(|last| libm::fabsf(now - last) > LEAST_CHANGE * last);
        self.changed += usize::from(is_change);
        self.last = Some(now);
    }
}

impl Challenge {
    /// Resets the challenge when another face or no face is tracked.
    pub(crate) fn start_over(&mut self) {
        *self = Self::default();
    }

    /// Processes the tracked face in the next frame.
    pub(crate) fn see(&mut self, face: &ObservedFace, now_ms: u64) {
        if let Some(sharpness) = face.quality.sharpness {
            self.sharpness.see(sharpness);
        }
        let nose = face.landmarks.as_ref().and_then(nose_across);
        let width = face.landmarks.as_ref().and_then(width_to_height);
        match &mut self.state {
            State::NotAsked => {
                self.ahead.extend(nose);
                self.width = width.or(self.width);
                self.looks = face.encoding.clone().or(self.looks.take());
            }
            State::Asked(asked) => {
                let is_wide_enough = width.zip(self.width).is_some_and(|(now, ahead)| now >= LEAST_WIDTH * ahead);
                let is_seen = is_wide_enough && is_same_face(face.encoding.as_ref(), self.looks.as_ref());
                let moved = nose.filter(|_| is_seen).map(|nose| (nose - asked.ahead) * asked.side.sign());
                asked.turned = count(asked.turned, moved.is_some_and(|moved| moved >= TURN));
                asked.turned_away = count(asked.turned_away, moved.is_some_and(|moved| moved <= -TURN));
                let is_late = now_ms.saturating_sub(asked.since_ms) >= CHALLENGE_MS;
                if asked.turned >= TURNED_FRAMES {
                    let stands_still = self.sharpness.changed < TURNED_FRAMES;
                    self.state = if stands_still { State::Failed } else { State::Passed };
                    self.has_just_failed = stands_still;
                } else if asked.turned_away >= TURNED_FRAMES || is_late {
                    self.state = State::Failed;
                    self.has_just_failed = true;
                }
            }
            State::Passed | State::Failed => {}
        }
    }

    /// Whether a frame shows another face than the one that was asked. Frames in which the head is turned too far to be
    /// measured are ignored.
    pub(crate) fn is_of_another(&self, face: &ObservedFace) -> bool {
        let width = face.landmarks.as_ref().and_then(width_to_height);
        let is_turned_far = width.zip(self.width).is_none_or(|(now, ahead)| now < LEAST_WIDTH * ahead);
        let must_be_same = match self.state {
            State::NotAsked => false,
            State::Asked(_) => face.encoding.is_some() && !is_turned_far,
            State::Passed | State::Failed => face.encoding.is_some(),
        };
        must_be_same && !is_same_face(face.encoding.as_ref(), self.looks.as_ref())
    }

    /// Whether the challenge has failed since the last call.
    pub(crate) fn take_failed(&mut self) -> bool {
        core::mem::take(&mut self.has_just_failed)
    }

    /// The finding; `None` if nobody was asked, or the answer is awaited.
    pub(crate) fn report(&self) -> Option<Report> {
        match &self.state {
            State::Passed => Some(Report::live(Signal::HeadTurn)),
            State::Failed => Some(Report::not_live(Signal::HeadTurn, "not_turned")),
            State::NotAsked | State::Asked(_) => None,
        }
    }

    /// The request in progress.
    pub(crate) fn pending(&self) -> Option<Reason> {
        match &self.state {
            State::Asked(asked) => Some(asked.side.reason()),
            _ => None,
        }
    }

    /// Requires that the challenge was passed, and begins it if it was not requested yet.
    ///
    /// # Errors
    /// The turn to make, or that the challenge failed.
    pub(crate) fn require(&mut self, chance: u64, now_ms: u64) -> Result<(), Reason> {
        match &self.state {
            State::Passed => Ok(()),
            State::Failed => Err(Reason::LivenessFailed),
            State::Asked(asked) => Err(asked.side.reason()),
            State::NotAsked => {
                let Some(ahead) = middle(&self.ahead) else { return Err(Reason::TurnedAway) };
                let side = Side::by(chance);
                self.state = State::Asked(Asked { side, since_ms: now_ms, ahead, turned: 0, turned_away: 0 });
                Err(side.reason())
            }
        }
    }
}

/// Counts consecutive frames.
const fn count(so_far: usize, goes_on: bool) -> usize {
    if goes_on { so_far + 1 } else { 0 }
}

fn middle(ahead: &HistoryBuf<f32, FRAMES_AHEAD>) -> Option<f32> {
    let mut sorted: heapless::Vec<f32, FRAMES_AHEAD> = ahead.oldest_ordered().copied().collect();
    sorted.sort_unstable_by(f32::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::face::Point;

    /// A face with this position of the nose and this sharpness.
    fn face(nose: f32, sharpness: f32) -> ObservedFace {
        let at = |x, y| Point { x, y };
        let landmarks = [at(0.0, 0.0), at(100.0, 0.0), at(100.0 * nose, 50.0), at(0.0, 100.0), at(100.0, 100.0)];
        let encoding = Some(Arc::new(Encoding::from_network(&[1.0]).unwrap()));
        let mut face = ObservedFace { landmarks: Some(landmarks), encoding, ..ObservedFace::default() };
        face.quality.sharpness = Some(sharpness);
        face
    }

    /// A face that looks ahead, is asked to turn left, and then moves its nose like this, one frame every 100 ms.
    fn answered(noses: &[f32], sharpness: impl Fn(u64) -> f32) -> Result<(), Reason> {
        let mut challenge = Challenge::default();
        for frame in 0..5 {
            challenge.see(&face(0.5, sharpness(frame)), frame * 100);
        }
        assert_eq!(challenge.require(0, 500), Err(Reason::TurnLeft));
        for (nose, frame) in noses.iter().zip(6..) {
            challenge.see(&face(*nose, sharpness(frame)), frame * 100);
        }
        challenge.require(1, 10_000)
    }

    #[test]
    fn answers() {
        let lively = |frame: u64| 100.0 + 5.0 * (frame % 3) as f32;
        let still = |_: u64| 100.0;
        let ahead = [0.5; 70];
        type Answer = Result<(), Reason>;
        let cases: [(&str, &[f32], bool, Answer); 9] = [
            ("turned", &[0.5, 0.6, 0.7, 0.76, 0.8, 0.8, 0.8], true, Ok(())),
            ("not yet", &[0.5, 0.76, 0.8], true, Err(Reason::TurnLeft)),
            ("not far enough", &[0.74; 50], true, Err(Reason::TurnLeft)),
            ("in flickers", &[0.8, 0.5, 0.8, 0.8, 0.8, 0.5, 0.8], true, Err(Reason::TurnLeft)),
            ("to the other side", &[0.5, 0.2, 0.2, 0.2, 0.2, 0.8, 0.8, 0.8, 0.8], true, Err(Reason::LivenessFailed)),
            ("too late", &ahead, true, Err(Reason::LivenessFailed)),
            ("nothing moves", &[0.8, 0.8, 0.8, 0.8], false, Err(Reason::LivenessFailed)),
            ("no nose", &[f32::NAN; 4], true, Err(Reason::TurnLeft)),
            ("once passed, it is passed", &[0.8, 0.8, 0.8, 0.8, 0.2, 0.2, 0.2, 0.2], true, Ok(())),
        ];
        for (what, noses, is_lively, expected) in cases {
            let result = if is_lively { answered(noses, lively) } else { answered(noses, still) };
            assert_eq!(result, expected, "{what}");
        }
    }

    #[test]
    fn the_side_is_random_and_another_face_is_challenged_again() {
        let mut challenge = Challenge::default();
        assert_eq!(challenge.require(0, 0), Err(Reason::TurnedAway), "nothing is known of its nose");
        challenge.see(&face(0.5, 1.0), 0);
        assert_eq!(challenge.require(7, 0), Err(Reason::TurnRight));
        assert_eq!(challenge.require(8, 0), Err(Reason::TurnRight), "one question for each approach");
        challenge.start_over();
        challenge.see(&face(0.5, 1.0), 0);
        assert_eq!(challenge.require(8, 0), Err(Reason::TurnLeft));
    }
}
