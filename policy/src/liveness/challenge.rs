//! One challenge to the tracked face: the requested turn and its result.

use super::parallax::{nose_across, width_to_height};
use crate::ObservedFace;
use crate::reason::Reason;
use crate::tracking::is_same_face;
use alloc::sync::Arc;
use heapless::HistoryBuf;
use shared::encoding::Encoding;

/// How far the nose must move across the plane of eyes and mouth, in the unit of [`nose_across`]. A head that turns by 32°
/// does that: a nose stands out by 0.39 of that unit (fitted to 60 faces of Labeled Faces in the Wild), and the tangent of
/// 32° is 0.63. On a photo of them that was turned by up to 40° it seemed to move by 0.15 at most in 99 of 100.
pub const TURN: f32 = 0.25;
/// How narrow the face may become, as a part of what it was: a plane that is turned by 49° is as narrow. Beyond that the
/// detector finds the nose of a photo anywhere.
const LEAST_WIDTH: f32 = 0.66;
/// The number of consecutive frames in which the turn must be seen.
pub const TURNED_FRAMES: usize = 4;
/// The time limit for the turn, in milliseconds after the request.
pub const CHALLENGE_MS: u64 = 6000;
/// Frames before, of which the middle one says where the nose is when they look ahead.
const FRAMES_AHEAD: usize = 5;
/// How much the sharpness of a face changes from frame to frame at least, as a part of itself. Of photos before a camera it
/// was 0.011 and more; a picture that is fed in again and again has none.
const LEAST_CHANGE: f32 = 0.001;

/// The side to turn to, from the person's point of view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Their left.
    Left,
    /// Their right.
    Right,
}

impl Side {
    /// Chosen at random.
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

/// What the tracked face was asked to do, and what it did.
#[derive(Debug, Default)]
pub(crate) struct Challenge {
    /// Where the nose was in the last frames before it was asked.
    ahead: HistoryBuf<f32, FRAMES_AHEAD>,
    /// The face's width as a part of its height, when it looks ahead.
    width: Option<f32>,
    /// The encoding in the last frame before it was asked: from then on every frame must show the same face.
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

/// Whether the picture changes from frame to frame.
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

    /// Whether a frame shows another face than the one that was asked. A head that is turned so far that nothing is read from
    /// it is not looked at.
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

    /// Whether it has failed since this was last asked.
    pub(crate) fn take_failed(&mut self) -> bool {
        core::mem::take(&mut self.has_just_failed)
    }

    /// What is being asked of the face, if it has not answered yet.
    pub(crate) fn pending(&self) -> Option<Reason> {
        match &self.state {
            State::Asked(asked) => Some(asked.side.reason()),
            _ => None,
        }
    }

    /// Whether the face may be let in as far as this goes; asks it to turn if it was not asked yet.
    ///
    /// # Errors
    /// What to do, or that it was not done.
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

/// One after the other.
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

    /// A face whose nose is so far across, and which is so sharp.
    fn face(nose: f32, sharpness: f32) -> ObservedFace {
        let at = |x, y| Point { x, y };
        let landmarks = [at(0.0, 0.0), at(100.0, 0.0), at(100.0 * nose, 50.0), at(0.0, 100.0), at(100.0, 100.0)];
        let encoding = Some(Arc::new(Encoding::from_network(&[1.0]).unwrap()));
        let mut face = ObservedFace { landmarks: Some(landmarks), encoding, ..ObservedFace::default() };
        face.quality.sharpness = Some(sharpness);
        face
    }

    /// Looks ahead, is asked to turn left, and then does this, a frame each 100 ms.
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
    fn the_side_is_random_and_a_new_face_gets_a_new_challenge() {
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
