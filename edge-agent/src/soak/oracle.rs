//! An independent oracle of who may be let in, written from the rules and without the policy's code or state. It does
//! not check margins and look-alikes; everything else it checks strictly.

use super::people::{self, FROM_MINUTE, UNTIL_MINUTE, has_hours, is_challenged, mode_of, number_of};
use super::visitors::Visitor;
use crate::loop_turn::Granted;
use policy::{ClockTrust, Credential, LONGEST_CARD_PAUSE_MS, Now, Side};
use shared::face::FaceBox;
use shared::gallery::Mode;
use std::collections::VecDeque;

/// A card waits ten seconds for a face, and may wait half a minute before that, after cards that are not enrolled.
const CARD_MS: u64 = 10_000 + LONGEST_CARD_PAUSE_MS;
const MINIMUM_SIDE: f32 = 40.0;
/// How far the nose must have moved, and in how many consecutive frames, for a turned head.
const YAW: f32 = 0.25;
const TURNED_FRAMES: u32 = 4;

/// What the oracle has seen recently.
#[derive(Debug, Default)]
pub(super) struct Oracle {
    /// The nearest person in the last frames with a large enough face, oldest first.
    nearest: VecDeque<Option<u8>>,
    /// The last enrolled card, and when it was presented.
    card: Option<(u8, u64)>,
    people: u8,
    turning: Turning,
}

/// The liveness challenge of the face in front of the camera, and its answer.
#[derive(Debug, Clone, Copy, Default)]
struct Turning {
    face: Option<FaceBox>,
    is_photo: bool,
    asked: Option<Side>,
    frames: u32,
    has_turned: bool,
}

impl Oracle {
    /// Sets who is enrolled; nothing that was seen before counts.
    pub(super) fn set_people(&mut self, sequence: u64) {
        *self = Self { people: people::person_count(sequence), ..Self::default() };
    }

    pub(super) fn see(&mut self, visitors: &[Visitor]) {
        let largest = visitors.iter().max_by(|a, b| a.side().total_cmp(&b.side()));
        largest.inspect(|visitor| self.turning.see(visitor));
        if let Some(visitor) = largest.filter(|visitor| visitor.side() >= MINIMUM_SIDE) {
            self.nearest.push_back(visitor.number.filter(|number| *number < self.people));
        }
        while self.nearest.len() > 5 {
            self.nearest.pop_front();
        }
    }

    /// Notes that the face in front of the camera was asked to turn to this side. Returns whether that is a new
    /// challenge.
    pub(super) fn note_challenge(&mut self, side: Side) -> bool {
        let is_new = self.turning.asked != Some(side);
        if is_new {
            self.turning = Turning { asked: Some(side), frames: 0, has_turned: false, ..self.turning };
        }
        is_new
    }

    /// Whether the face in front of the camera has met the challenge.
    pub(super) fn has_turned(&self) -> bool {
        self.turning.has_turned
    }

    /// Notes a grant: the next one needs a new challenge.
    pub(super) fn note_grant(&mut self) {
        self.turning = Turning::default();
    }

    /// Notes a card. The card of somebody who needs only their face is ignored; one that is not enrolled replaces the
    /// last.
    pub(super) fn note_card(&mut self, number: Option<u8>, now_ms: u64) {
        let holder = number.filter(|number| *number < self.people);
        if holder.is_none_or(|number| mode_of(number) != Mode::Face) {
            self.card = holder.map(|number| (number, now_ms));
        }
    }

    /// Why this grant is wrong, if it is.
    pub(super) fn objection(&self, granted: &Granted, now: &Now) -> Option<String> {
        let (minute, now_ms) = (now.local().minute, now.monotonic_ms);
        let by_face = granted.credential != Credential::Card;
        let must_turn = by_face && is_challenged(number_of(granted.person));
        let number = number_of(granted.person);
        let mode = mode_of(number);
        let seen = self.nearest.iter().filter(|nearest| **nearest == Some(number)).count();
        let card_ms_ago = self.card.filter(|(of, _)| *of == number).map(|(_, at)| now_ms.saturating_sub(at));
        let objections = [
            (number >= self.people, "is not enrolled"),
            (has_hours(number) && !(FROM_MINUTE..UNTIL_MINUTE).contains(&minute), "comes outside their hours"),
            (has_hours(number) && now.clock != ClockTrust::Trusted, "has hours, and the time is not certain"),
            (must_turn && self.turning.is_photo, "is a photo"),
            (must_turn && !self.turning.has_turned, "has not turned their head when they were asked"),
            (by_face && seen < 3, "was not seen in three of the last five frames"),
            (
                granted.credential == Credential::Face && matches!(mode, Mode::CardAndFace | Mode::Card),
                "must show a card",
            ),
            (
                granted.credential == Credential::Card && !matches!(mode, Mode::CardOrFace | Mode::Card),
                "must show their face",
            ),
            (granted.credential == Credential::CardAndFace && mode != Mode::CardAndFace, "needs no card"),
            (
                granted.credential != Credential::Face && card_ms_ago.is_none_or(|ago| ago >= CARD_MS),
                "has presented no card for forty seconds",
            ),
        ];
        let found = objections.iter().find(|(objects, _)| *objects);
        found.map(|(_, why)| format!("person {number} {why}: {granted:?}, minute {minute}, {self:?}"))
    }
}

impl Turning {
    fn see(&mut self, visitor: &Visitor) {
        if self.face != Some(visitor.bounds) {
            *self = Self { face: Some(visitor.bounds), is_photo: visitor.is_photo, ..Self::default() };
        }
        let turned = match self.asked {
            Some(Side::Left) => visitor.yaw() >= YAW,
            Some(Side::Right) => visitor.yaw() <= -YAW,
            None => false,
        };
        self.frames = if turned { self.frames + 1 } else { 0 };
        self.has_turned |= self.frames >= TURNED_FRAMES;
    }
}
