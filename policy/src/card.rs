//! The state of a presented card, until a face resolves it or it expires.

use super::decision::Refusal;
use super::enrolled::Enrolled;
use super::exit::Entry;
use super::permission::{CardUse, card_use};
use super::reason::Reason;
use super::rules::Rules;
use shared::gallery::PersonId;

/// How long the refusal of a card is displayed, in milliseconds.
const NOTICE_MS: u64 = 2000;

/// A card that somebody presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PresentedCard {
    /// A card of an enrolled person.
    Of(Enrolled),
    /// A card that is not in the database.
    Unknown,
}

/// The last card, until it expires or is used.
#[derive(Debug, Default)]
pub(super) struct Cards {
    standing: Option<Standing>,
    /// The next card, evaluated once the reader's pause is over.
    waiting: Option<PresentedCard>,
}

#[derive(Debug)]
struct Standing {
    meaning: Meaning,
    since_ms: u64,
    for_ms: u64,
}

/// The effect of a card.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Meaning {
    /// The card claims an identity, which the face must confirm.
    Claim(Enrolled),
    /// The card is enough.
    Pass(Enrolled),
    /// The card opens nothing, for this reason.
    Notice(Refusal),
}

impl Cards {
    /// Replaces the previous card with this one. Returns `None` and changes nothing if its holder needs no card.
    pub(super) fn present(&mut self, card: &PresentedCard, rules: &Rules, now_ms: u64) -> Option<Meaning> {
        let (meaning, for_ms) = match card {
            PresentedCard::Unknown => (Meaning::Notice(Refusal::of_card(Reason::CardNotKnown, None)), NOTICE_MS),
            PresentedCard::Of(holder) => match card_use(rules, holder) {
                CardUse::WithFace => (Meaning::Claim(*holder), rules.card_window_ms),
                CardUse::Alone => (Meaning::Pass(*holder), rules.card_window_ms),
                CardUse::None => return None,
            },
        };
        self.standing = Some(Standing { meaning, since_ms: now_ms, for_ms });
        Some(meaning)
    }

    /// Holds a card until the reader's pause is over, and replaces a card held before.
    pub(super) fn wait(&mut self, card: &PresentedCard, for_ms: u64, now_ms: u64) {
        let meaning = Meaning::Notice(Refusal::of_card(Reason::CardPause, None));
        self.standing = Some(Standing { meaning, since_ms: now_ms, for_ms });
        self.waiting = Some(*card);
    }

    pub(super) fn take_waiting(&mut self) -> Option<PresentedCard> {
        self.waiting.take()
    }

    /// Discards a card that has expired, or that was presented in the future because the clock went back.
    pub(super) fn end_at(&mut self, now_ms: u64) {
        let counts = |card: &Standing| now_ms >= card.since_ms && now_ms - card.since_ms < card.for_ms;
        self.standing = self.standing.take().filter(counts);
    }

    pub(super) fn meaning(&self) -> Option<Meaning> {
        self.standing.as_ref().map(|card| card.meaning)
    }

    /// The holder of the last card, until their face has confirmed the claim.
    pub(super) fn claimed(&self) -> Option<Enrolled> {
        match self.meaning() {
            Some(Meaning::Claim(holder)) => Some(holder),
            _ => None,
        }
    }

    /// Uses up the card: it opens once.
    pub(super) fn note_grant(&mut self, grant: &Entry) {
        let of_person = |meaning: Meaning| match meaning {
            Meaning::Claim(holder) | Meaning::Pass(holder) => holder.person == grant.person(),
            Meaning::Notice(_) => true,
        };
        if self.meaning().is_some_and(of_person) {
            self.standing = None;
        }
    }

    /// Uses up this person's card: it was needed for a visitor.
    pub(super) fn end_of(&mut self, person: PersonId) {
        let is_theirs =
            |meaning| matches!(meaning, Meaning::Claim(holder) | Meaning::Pass(holder) if holder.person == person);
        if self.meaning().is_some_and(is_theirs) {
            self.standing = None;
        }
    }

    /// Turns a card that would have been enough into a refusal for this reason.
    pub(super) fn note_refusal(&mut self, refusal: &Refusal, now_ms: u64) {
        if let Some(Meaning::Pass(_)) = self.meaning() {
            self.standing = Some(Standing { meaning: Meaning::Notice(*refusal), since_ms: now_ms, for_ms: NOTICE_MS });
        }
    }
}
