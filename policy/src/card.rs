//! What a card that was presented means until a face or the time has settled it.

use super::decision::Refusal;
use super::enrolled::Enrolled;
use super::exit::Grant;
use super::permission::{CardUse, card_use};
use super::reason::Reason;
use super::rules::Rules;

/// For this many milliseconds a card that opens nothing is spoken of, whatever else is seen.
const NOTICE_MS: u64 = 2000;

/// A card that somebody presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PresentedCard {
    /// Somebody's.
    Of(Enrolled),
    /// Nobody's.
    Unknown,
}

/// The last card, as long as it counts.
#[derive(Debug, Default)]
pub(super) struct Cards {
    standing: Option<Standing>,
    /// The next one, which is looked at when the reader has waited.
    waiting: Option<PresentedCard>,
}

#[derive(Debug)]
struct Standing {
    meaning: Meaning,
    since_ms: u64,
    for_ms: u64,
}

/// What a card is good for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Meaning {
    /// It says who somebody is; their face must say so too.
    Claim(Enrolled),
    /// It is enough.
    Pass(Enrolled),
    /// Nothing, for this reason.
    Notice(Refusal),
}

impl Cards {
    /// Takes a card up in place of the one before; `None`, and nothing changes, where its holder needs none.
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

    /// Keeps a card until the reader has waited, in place of the one before.
    pub(super) fn wait(&mut self, card: &PresentedCard, for_ms: u64, now_ms: u64) {
        let meaning = Meaning::Notice(Refusal::of_card(Reason::CardPause, None));
        self.standing = Some(Standing { meaning, since_ms: now_ms, for_ms });
        self.waiting = Some(*card);
    }

    pub(super) fn take_waiting(&mut self) -> Option<PresentedCard> {
        self.waiting.take()
    }

    /// Forgets a card whose time is over, or that is of a time to come: the clock went back.
    pub(super) fn end_at(&mut self, now_ms: u64) {
        let counts = |card: &Standing| now_ms >= card.since_ms && now_ms - card.since_ms < card.for_ms;
        self.standing = self.standing.take().filter(counts);
    }

    pub(super) fn meaning(&self) -> Option<Meaning> {
        self.standing.as_ref().map(|card| card.meaning)
    }

    /// Who the last card says to be there, as long as their face has not settled it.
    pub(super) fn claimed(&self) -> Option<Enrolled> {
        match self.meaning() {
            Some(Meaning::Claim(holder)) => Some(holder),
            _ => None,
        }
    }

    /// A card opens once.
    pub(super) fn note_grant(&mut self, grant: &Grant) {
        let of_person = |meaning: Meaning| match meaning {
            Meaning::Claim(holder) | Meaning::Pass(holder) => holder.person == grant.person(),
            Meaning::Notice(_) => true,
        };
        if self.meaning().is_some_and(of_person) {
            self.standing = None;
        }
    }

    /// A card that was enough is not, for this reason.
    pub(super) fn note_refusal(&mut self, refusal: &Refusal, now_ms: u64) {
        if let Some(Meaning::Pass(_)) = self.meaning() {
            self.standing = Some(Standing { meaning: Meaning::Notice(*refusal), since_ms: now_ms, for_ms: NOTICE_MS });
        }
    }
}
