//! An independent reckoning of who may be let in: written from what the rules say, plainly, with another memory than the
//! policy's. It is looser in what it does not follow (margins, lookalikes), and strict in what it does.

use super::passers::Passer;
use super::people::{self, FROM_MINUTE, UNTIL_MINUTE, has_hours, is_challenged, mode_of, number_of};
use crate::turn::Granted;
use policy::{ClockTrust, Credential, LONGEST_CARD_PAUSE_MS, Now, Side};
use shared::face::FaceBox;
use shared::gallery::Mode;
use std::collections::VecDeque;

/// A card waits for a face for ten seconds, and after cards that are nobody's for half a minute to be looked at.
const CARD_MS: u64 = 10_000 + LONGEST_CARD_PAUSE_MS;
const MINIMUM_SIDE: f32 = 40.0;
/// A person who must turn their head moves their nose by this much, in this many frames one after the other.
const TURN: f32 = 0.25;
const TURNED_FRAMES: u32 = 4;

/// What was seen lately.
#[derive(Debug, Default)]
pub(super) struct Reckoning {
    /// Who was nearest in the last frames with a face that is large enough, oldest first.
    nearest: VecDeque<Option<u8>>,
    /// The last card that was somebody's, and when.
    card: Option<(u8, u64)>,
    people: u8,
    turning: Turning,
}

/// What the face before the camera was asked, and whether it did that.
#[derive(Debug, Clone, Copy, Default)]
struct Turning {
    face: Option<FaceBox>,
    is_photo: bool,
    asked: Option<Side>,
    frames: u32,
    has_turned: bool,
}

impl Reckoning {
    /// From now on these people are enrolled; nothing that was seen before counts.
    pub(super) fn people(&mut self, sequence: u64) {
        *self = Self { people: people::people_in(sequence), ..Self::default() };
    }

    pub(super) fn see(&mut self, passers: &[Passer]) {
        let largest = passers.iter().max_by(|a, b| a.side().total_cmp(&b.side()));
        largest.inspect(|passer| self.turning.see(passer));
        if let Some(passer) = largest.filter(|passer| passer.side() >= MINIMUM_SIDE) {
            self.nearest.push_back(passer.number.filter(|number| *number < self.people));
        }
        while self.nearest.len() > 5 {
            self.nearest.pop_front();
        }
    }

    /// The face before the camera was asked to turn to this side. Whether that is new.
    pub(super) fn asked(&mut self, side: Side) -> bool {
        let is_new = self.turning.asked != Some(side);
        if is_new {
            self.turning = Turning { asked: Some(side), frames: 0, has_turned: false, ..self.turning };
        }
        is_new
    }

    /// Whether the face before the camera has done what it was asked.
    pub(super) fn has_turned(&self) -> bool {
        self.turning.has_turned
    }

    /// Somebody was let in: next time they must turn again.
    pub(super) fn note_grant(&mut self) {
        self.turning = Turning::default();
    }

    /// Where the face is enough, a card says nothing; one that is nobody's takes the place of the one before.
    pub(super) fn card(&mut self, number: Option<u8>, now_ms: u64) {
        let holder = number.filter(|number| *number < self.people);
        if holder.is_none_or(|number| mode_of(number) != Mode::Face) {
            self.card = holder.map(|number| (number, now_ms));
        }
    }

    /// Why somebody should not have been let in.
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
            (granted.credential == Credential::Face && mode == Mode::CardAndFace, "must show a card"),
            (granted.credential == Credential::Card && mode != Mode::CardOrFace, "must show their face"),
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
    fn see(&mut self, passer: &Passer) {
        if self.face != Some(passer.bounds) {
            *self = Self { face: Some(passer.bounds), is_photo: passer.is_photo, ..Self::default() };
        }
        let turned = match self.asked {
            Some(Side::Left) => passer.turn() >= TURN,
            Some(Side::Right) => passer.turn() <= -TURN,
            None => false,
        };
        self.frames = if turned { self.frames + 1 } else { 0 };
        self.has_turned |= self.frames >= TURNED_FRAMES;
    }
}
