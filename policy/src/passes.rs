//! The visitor pass that was shown last, and the card of the visitor's host, until they expire or are used.
//!
//! A pass counts as a card that is enough by itself. No face of the visitor is stored, so there is none to compare. `exit`
//! makes the grant; `pass_uses` counts.

use super::credential::Credential;
use super::decision::Refusal;
use super::enrolled::Enrolled;
use super::exit::Entry;
use super::reason::Reason;
use super::visitor_pass::{Host, PresentedPass, VisitorPass};
use shared::gallery::PersonId;

/// For how many milliseconds a pass waits for the host's card, and the host's card for a pass.
pub const HOST_MS: u64 = 30_000;
/// How long the refusal of a pass is displayed, in milliseconds.
const NOTICE_MS: u64 = 2000;

/// The last pass and the last card, until they expire or are used.
#[derive(Debug, Default)]
pub(super) struct Passes {
    standing: Option<Standing>,
    card: Option<(Enrolled, u64)>,
}

#[derive(Debug)]
struct Standing {
    meaning: ShownPass,
    since_ms: u64,
    for_ms: u64,
}

/// The effect of a pass.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum ShownPass {
    /// It may let in a visitor.
    Pass(VisitorPass),
    /// It opens nothing, for this reason.
    Notice(Refusal),
}

impl Passes {
    /// Replaces the previous pass with this one, or with a later reading of the same code.
    pub(super) fn present(&mut self, pass: &PresentedPass, now_ms: u64) {
        let (meaning, for_ms) = match pass {
            PresentedPass::Of(pass) => (ShownPass::Pass(*pass), HOST_MS),
            PresentedPass::NotGenuine => (ShownPass::Notice(Refusal::new(Reason::PassNotGenuine)), NOTICE_MS),
            PresentedPass::NotAPass => (ShownPass::Notice(Refusal::new(Reason::NotAPass)), NOTICE_MS),
        };
        self.standing = Some(Standing { meaning, since_ms: now_ms, for_ms });
    }

    /// Remembers whose card was presented last.
    pub(super) fn note_card(&mut self, holder: &Enrolled, now_ms: u64) {
        self.card = Some((*holder, now_ms));
    }

    /// Discards what has expired, or was presented in the future because the clock went back.
    pub(super) fn end_at(&mut self, now_ms: u64) {
        let counts = |since_ms: u64, for_ms| now_ms >= since_ms && now_ms - since_ms < for_ms;
        self.standing = self.standing.take().filter(|pass| counts(pass.since_ms, pass.for_ms));
        self.card = self.card.take().filter(|(_, since_ms)| counts(*since_ms, HOST_MS));
    }

    pub(super) fn shown(&self) -> Option<ShownPass> {
        self.standing.as_ref().map(|pass| pass.meaning)
    }

    /// Whether a pass waits for this person's card.
    pub(super) fn waits_for(&self, person: PersonId) -> bool {
        matches!(self.shown(), Some(ShownPass::Pass(pass)) if pass.host == Host::Needed(person))
    }

    /// Whether a pass waits.
    pub(super) fn is_waiting(&self) -> bool {
        matches!(self.shown(), Some(ShownPass::Pass(_)))
    }

    /// The holder of the last card, if it is this person.
    pub(super) fn card_of(&self, person: PersonId) -> Option<Enrolled> {
        self.card.map(|(holder, _)| holder).filter(|holder| holder.person == person)
    }

    /// Uses up the card that let in its holder: it no longer counts for a visitor.
    pub(super) fn note_grant(&mut self, grant: &Entry) {
        let is_used = |holder: &Enrolled| grant.credential() != Credential::Face && grant.person() == holder.person;
        self.card = self.card.take().filter(|(holder, _)| !is_used(holder));
    }

    /// Uses up the pass and the host's card: they open once for each time that both are presented.
    pub(super) fn note_visit(&mut self) {
        (self.standing, self.card) = (None, None);
    }

    /// Turns the pass into a refusal, unless only the host's card is missing.
    pub(super) fn note_refusal(&mut self, refusal: &Refusal, now_ms: u64) {
        if self.is_waiting() && refusal.reason != Reason::HostNeeded {
            self.standing =
                Some(Standing { meaning: ShownPass::Notice(*refusal), since_ms: now_ms, for_ms: NOTICE_MS });
        }
    }
}
