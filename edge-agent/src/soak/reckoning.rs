//! An independent reckoning of who may be let in: written from what the rules say, plainly, with another memory than the
//! policy's. It is looser in what it does not follow (lockouts, margins), and strict in what it does.

use super::people::{self, FROM_MINUTE, Passer, UNTIL_MINUTE, has_hours, mode_of, number_of};
use crate::unit::Granted;
use shared::gallery::Mode;
use shared::policy::{Credential, LONGEST_CARD_PAUSE_MS};
use std::collections::VecDeque;

/// A card waits for a face for ten seconds, and after cards that are nobody's for half a minute to be looked at.
const CARD_MS: u64 = 10_000 + LONGEST_CARD_PAUSE_MS;
const MINIMUM_SIDE: f32 = 40.0;

/// What was seen lately.
#[derive(Debug, Default)]
pub(super) struct Reckoning {
    /// Who was nearest in the last frames with a face that is large enough, oldest first.
    nearest: VecDeque<Option<u8>>,
    /// The last card that was somebody's, and when.
    card: Option<(u8, u64)>,
    people: u8,
}

impl Reckoning {
    /// From now on these people are enrolled; nothing that was seen before counts.
    pub(super) fn people(&mut self, sequence: u64) {
        *self = Self { people: people::people_in(sequence), ..Self::default() };
    }

    pub(super) fn see(&mut self, passers: &[Passer]) {
        let largest = passers.iter().max_by(|a, b| a.side().total_cmp(&b.side()));
        if let Some(passer) = largest.filter(|passer| passer.side() >= MINIMUM_SIDE) {
            self.nearest.push_back(passer.number.filter(|number| *number < self.people));
        }
        while self.nearest.len() > 5 {
            self.nearest.pop_front();
        }
    }

    /// Where the face is enough, a card says nothing; one that is nobody's takes the place of the one before.
    pub(super) fn card(&mut self, number: Option<u8>, now_ms: u64) {
        let holder = number.filter(|number| *number < self.people);
        if holder.is_none_or(|number| mode_of(number) != Mode::Face) {
            self.card = holder.map(|number| (number, now_ms));
        }
    }

    /// Why somebody should not have been let in.
    pub(super) fn objection(&self, granted: &Granted, minute: u16, now_ms: u64) -> Option<String> {
        let number = number_of(granted.person);
        let mode = mode_of(number);
        let seen = self.nearest.iter().filter(|nearest| **nearest == Some(number)).count();
        let card_ms_ago = self.card.filter(|(of, _)| *of == number).map(|(_, at)| now_ms.saturating_sub(at));
        let objections = [
            (number >= self.people, "is not enrolled"),
            (has_hours(number) && !(FROM_MINUTE..UNTIL_MINUTE).contains(&minute), "comes outside their hours"),
            (granted.credential != Credential::Card && seen < 3, "was not seen in three of the last five frames"),
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
