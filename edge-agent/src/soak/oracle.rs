//! An independent oracle of who may be let in, written from the rules and without the policy's code or state. It does
//! not check margins and look-alikes; everything else it checks strictly.

use super::people::{
    self, FROM_MINUTE, NIGHT, OPEN, UNTIL_MINUTE, has_hours, has_key, is_challenged, is_warden, mode_of, number_of,
};
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
    /// The last card of somebody whose mode is the door's, and who may have needed none.
    other_card: Option<(u8, u64)>,
    /// The local day on which somebody with a key came in, in the hours for that, without an interruption since.
    opened_on: Option<i32>,
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
        *self = Self { people: people::person_count(sequence), opened_on: self.opened_on, ..Self::default() };
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
    pub(super) fn note_grant(&mut self, granted: &Granted, now: &Now) {
        self.turning = Turning::default();
        if has_key(number_of(granted.person)) && is_in(OPEN, now) {
            self.opened_on = Some(now.local().day);
        }
    }

    /// Notes that a visitor was let in: the next grant needs a new challenge.
    pub(super) fn note_visit(&mut self) {
        self.turning = Turning::default();
    }

    /// Notes what a turn finds: without a known time, or in a lockdown, nobody has opened the door for the others.
    pub(super) fn note_turn(&mut self, now: &Now, is_locked_down: bool) {
        if now.clock != ClockTrust::Trusted || is_locked_down {
            self.opened_on = None;
        }
    }

    /// Whether the door may be held open now.
    pub(super) fn may_be_held_open(&self, now: &Now) -> bool {
        is_in(OPEN, now) && self.opened_on == Some(now.local().day)
    }

    /// Notes a card. The card of somebody who needs only their face is ignored; one that is not enrolled replaces the
    /// last.
    pub(super) fn note_card(&mut self, number: Option<u8>, now_ms: u64) {
        let holder = number.filter(|number| *number < self.people);
        match holder.map(mode_of) {
            Some(Mode::Face) => {}
            Some(Mode::Default) => self.other_card = holder.map(|number| (number, now_ms)),
            _ => self.card = holder.map(|number| (number, now_ms)),
        }
    }

    /// Why this grant is wrong, if it is. `admitted` is who may enter.
    pub(super) fn objection(&self, granted: &Granted, now: &Now, admitted: Admitted) -> Option<String> {
        let (minute, now_ms) = (now.local().minute, now.monotonic_ms);
        let by_face = granted.credential != Credential::Card;
        let must_turn = by_face && is_challenged(number_of(granted.person));
        let number = number_of(granted.person);
        let mode = mode_at(number, now);
        let door_decides = mode_of(number) == Mode::Default;
        let seen = self.nearest.iter().filter(|nearest| **nearest == Some(number)).count();
        let of_person = |card: &(u8, u64)| card.0 == number;
        let card = self.card.filter(of_person).max(self.other_card.filter(of_person));
        let card_ms_ago = card.map(|(_, at)| now_ms.saturating_sub(at));
        let objections = [
            (number >= self.people, "is not enrolled"),
            (!admitted.includes(number), "comes during a lockdown"),
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
            // A card that was presented at the end of the night is still used.
            (
                granted.credential == Credential::CardAndFace && mode != Mode::CardAndFace && !door_decides,
                "needs no card",
            ),
            (
                granted.credential != Credential::Face && card_ms_ago.is_none_or(|ago| ago >= CARD_MS),
                "has presented no card for forty seconds",
            ),
        ];
        let found = objections.iter().find(|(objects, _)| *objects);
        found.map(|(_, why)| format!("person {number} {why}: {granted:?}, minute {minute}, {self:?}"))
    }
}

/// Who may enter at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admitted {
    Everybody,
    Wardens,
    Nobody,
}

impl Admitted {
    fn includes(self, number: u8) -> bool {
        match self {
            Self::Everybody => true,
            Self::Wardens => is_warden(number),
            Self::Nobody => false,
        }
    }
}

/// What somebody must show at this time.
fn mode_at(number: u8, now: &Now) -> Mode {
    match mode_of(number) {
        Mode::Default if now.clock != ClockTrust::Trusted || is_in(NIGHT, now) => Mode::CardAndFace,
        Mode::Default => Mode::Face,
        own => own,
    }
}

/// Whether it is known to be in these minutes of the day.
fn is_in((from, until): (u16, u16), now: &Now) -> bool {
    let minute = now.local().minute;
    let is_in = if from < until { (from..until).contains(&minute) } else { minute >= from || minute < until };
    now.clock == ClockTrust::Trusted && is_in
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
