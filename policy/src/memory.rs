//! State that must survive a restart: failed attempts, the schedules opened by somebody's entry, passages through the
//! door, and uses of visitor passes.

use super::credential::Credential;
use super::enrolled::Enrolled;
use super::exit::{Entry, Visit};
use super::first_in::FirstIn;
use super::guessing::Guessing;
use super::lockouts::{Failures, Lockouts, RememberedFailures};
use super::observation::Now;
use super::openings::{Opened, Openings};
use super::pass_uses::{CountedPasses, PassUses};
use super::passages::{Passage, Passages, Passed};
use super::rules::Rules;
use super::tried::{Kind, Tried};
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use shared::schedule::Schedules;

/// The state to persist. The calling program stores it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Memory {
    /// Failed attempts since the last grant, at most [`MAX_REMEMBERED`](super::MAX_REMEMBERED), and unknown cards.
    pub failures: Vec<RememberedFailures>,
    /// When schedules were opened, at most [`MAX_SCHEDULES`](shared::schedule::MAX_SCHEDULES).
    pub openings: Vec<Opened>,
    /// Passages, at most [`MAX_PASSAGES`](super::MAX_PASSAGES).
    pub passages: Vec<Passage>,
    /// Uses of visitor passes, at most [`MAX_COUNTED_PASSES`](super::MAX_COUNTED_PASSES). A file of an earlier version
    /// has none: it accepted no passes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passes: Vec<PassUses>,
    /// When the uses of passes were lost, milliseconds since 1970, UTC: passes that were valid before, and whose uses are
    /// limited, are refused. `i64::MAX` until the time is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pass_uses_lost_utc_ms: Option<i64>,
}

/// The same state, as the policy uses it.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    pub(super) lockouts: Lockouts,
    pub(super) guessing: Guessing,
    pub(super) openings: Openings,
    pub(super) passages: Passages,
    /// Not saved: after a restart, somebody must come in again.
    pub(super) first_in: FirstIn,
    pub(super) passes: CountedPasses,
    before_grant: Option<BeforeGrant>,
    before_visit: Option<CountedPasses>,
    has_changed: bool,
}

/// What the last grant replaced, to restore it if the grant is withheld.
#[derive(Debug)]
struct BeforeGrant {
    lockouts: Lockouts,
    openings: Openings,
    first_in: FirstIn,
    passage: Option<Passed>,
}

impl Remembered {
    pub(super) fn restore(memory: &Memory, rules: &Rules, now_ms: u64) -> Self {
        let unknown_cards = memory.failures.iter().find(|of| of.kind == Kind::Card).map_or(0, |of| of.failures);
        Self {
            lockouts: Lockouts::remembered(&memory.failures, rules, now_ms),
            guessing: Guessing::remembered(unknown_cards, now_ms),
            openings: Openings::new(&memory.openings),
            passages: Passages::remembered(&memory.passages, now_ms),
            first_in: FirstIn::default(),
            passes: CountedPasses::remembered(&memory.passes, memory.pass_uses_lost_utc_ms),
            before_grant: None,
            before_visit: None,
            has_changed: false,
        }
    }

    /// `None` if nothing has changed since the last call.
    pub(super) fn take_changed(&mut self) -> Option<Memory> {
        let (passes, pass_uses_lost_utc_ms) = self.passes.to_remember();
        core::mem::take(&mut self.has_changed).then(|| Memory {
            passes,
            pass_uses_lost_utc_ms,
            failures: self.lockouts.to_remember().chain(self.unknown_cards_to_remember()).collect(),
            openings: self.openings.iter().cloned().collect(),
            passages: self.passages.iter().collect(),
        })
    }

    fn unknown_cards_to_remember(&self) -> Option<RememberedFailures> {
        let failures = Some(self.guessing.unknown_cards()).filter(|cards| *cards > 0)?;
        Some(RememberedFailures { kind: Kind::Card, failures, unmatched: 0, cards: Vec::new(), database: 0 })
    }

    pub(super) fn advance_to(&mut self, now: &Now) {
        self.has_changed |= self.guessing.advance_to(now.monotonic_ms);
        self.has_changed |= self.passes.advance_to(now);
    }

    /// Handles a monotonic clock that went back.
    pub(super) fn go_back_to(&mut self, rules: &Rules, now_ms: u64) {
        self.lockouts.go_back_to(rules, now_ms);
        self.passages.go_back_to(now_ms);
    }

    /// Records a judged frame that matched nobody, and returns whether this makes a failed attempt.
    pub(super) fn note_unmatched(&mut self, tried: Tried) -> bool {
        let (has_failed, is_first) = self.lockouts.note_unmatched(tried);
        self.has_changed |= is_first;
        has_failed
    }

    pub(super) fn note_failure(&mut self, tried: Tried, rules: &Rules, now_ms: u64) {
        self.lockouts.note_failure(tried, rules, now_ms);
        self.has_changed = true;
    }

    pub(super) fn note_card(&mut self, holder: &Enrolled) {
        self.has_changed |= self.lockouts.note_card(holder.person, holder.card);
    }

    pub(super) fn note_unknown_card(&mut self, now_ms: u64) {
        self.guessing.note_unknown_card(now_ms);
        self.has_changed = true;
    }

    /// Failed attempts of all kinds.
    pub(super) fn failures(&self) -> impl Iterator<Item = Failures> {
        let unknown_cards = Failures { kind: Kind::Card, failures: self.guessing.unknown_cards() };
        self.lockouts.failures().chain(Some(unknown_cards).filter(|cards| cards.failures > 0))
    }

    /// Clears failed attempts of one kind, or of all.
    pub(super) fn clear_lockouts(&mut self, of: Option<Kind>) {
        let is_meant = |kind| of.is_none_or(|of| of == kind);
        self.has_changed |= self.lockouts.forget(is_meant);
        if is_meant(Kind::Card) {
            self.has_changed |= self.guessing.unknown_cards() > 0;
            self.guessing = Guessing::default();
        }
    }

    pub(super) fn note_grant(&mut self, grant: &Entry, rules: &Rules, schedules: &Schedules, now: &Now) {
        let person = grant.person();
        self.before_grant = Some(BeforeGrant {
            lockouts: self.lockouts.clone(),
            openings: self.openings.clone(),
            first_in: self.first_in.clone(),
            passage: self.passages.last_of(person),
        });
        self.has_changed |= match grant.credential() {
            Credential::Face => self.lockouts.forget(|kind| kind == Kind::Face),
            Credential::CardAndFace => {
                self.lockouts.forget(|kind| matches!(kind, Kind::Face) || kind == Kind::CardOf(person))
            }
            Credential::Card => false,
        };
        if !grant.opens().is_empty() {
            self.openings.note(schedules, |index| grant.opens().iter().any(|opened| opened == index), now);
            self.has_changed = true;
        }
        self.first_in.note(person, grant.holds_open(), schedules, now);
        if let Some(rule) = rules.anti_passback {
            self.passages.note(person, rule, now);
            self.has_changed = true;
        }
    }

    /// Counts a use of a pass, so that a restart does not give it back.
    pub(super) fn note_visit(&mut self, visit: &Visit) {
        self.before_visit = Some(self.passes.clone());
        self.has_changed |= self.passes.note(visit.used_pass());
    }

    /// Revokes a visit: gives back the use.
    pub(super) fn take_back_visit(&mut self) {
        if let Some(before) = self.before_visit.take() {
            self.passes = before;
            self.has_changed = true;
        }
    }

    /// Revokes a grant: restores the counts that it reset.
    pub(super) fn take_back(&mut self, grant: &Entry) {
        if let Some(BeforeGrant { lockouts, openings, first_in, passage }) = self.before_grant.take() {
            self.lockouts = lockouts;
            self.openings = openings;
            self.first_in = first_in;
            self.passages.put_back(grant.person(), passage);
            self.has_changed = true;
        }
    }
}
