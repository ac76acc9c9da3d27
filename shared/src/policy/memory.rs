//! What must not be forgotten when the unit is switched off and on again: failed attempts, whose entry has opened which
//! hours, and who went through the door.

use super::decision::{Credential, Grant};
use super::lockout::{Failures, Kind, Lockouts};
use super::observation::Now;
use super::passages::{Passage, Passages};
use super::rules::Rules;
use crate::schedule::{MAX_SCHEDULES, Schedules};
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// All of it, to be kept by whoever can keep things.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Memory {
    /// Failed attempts that no match has followed, at most [`MAX_REMEMBERED`](super::MAX_REMEMBERED).
    pub failures: Vec<Failures>,
    /// When schedules were opened, at most [`MAX_SCHEDULES`].
    pub openings: Vec<Opened>,
    /// Passages, at most [`MAX_PASSAGES`](super::MAX_PASSAGES).
    pub passages: Vec<Passage>,
}

/// Somebody was let in who opens a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// The schedule's name, which is the same in the next database.
    pub schedule: String,
    /// When, milliseconds since 1970, UTC.
    pub utc_ms: i64,
}

/// When schedules were last opened.
#[derive(Debug, Clone, Default)]
pub(super) struct Openings(Vec<Opened>);

impl Openings {
    pub(super) fn of(openings: &[Opened]) -> Self {
        Self(openings.iter().take(MAX_SCHEDULES).cloned().collect())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Opened> {
        self.0.iter()
    }

    /// Schedules that are not there any more make room.
    pub(super) fn note(&mut self, schedules: &Schedules, opened: impl Fn(usize) -> bool, utc_ms: i64) {
        self.0.retain(|known| schedules.iter().any(|schedule| schedule.name == known.schedule));
        for (_, schedule) in schedules.iter().enumerate().filter(|(index, _)| opened(*index)) {
            match self.0.iter_mut().find(|known| known.schedule == schedule.name) {
                Some(known) => known.utc_ms = utc_ms,
                None => self.0.push(Opened { schedule: schedule.name.clone(), utc_ms }),
            }
        }
    }

    /// How many whole minutes ago; `None` if never, or at a time that is still to come: then the clock was wrong.
    pub(super) fn minutes_ago(&self, schedules: &Schedules, index: usize, utc_ms: i64) -> Option<u64> {
        let name = &schedules.iter().nth(index)?.name;
        let opened = self.0.iter().find(|known| known.schedule == *name)?;
        u64::try_from(utc_ms.saturating_sub(opened.utc_ms)).ok().map(|ms| ms / 60_000)
    }
}

/// The same, as the policy uses it.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    pub(super) lockouts: Lockouts,
    pub(super) openings: Openings,
    pub(super) passages: Passages,
    before_grant: Option<BeforeGrant>,
    has_changed: bool,
}

/// What the last grant took the place of, in case the person is not let in after all.
#[derive(Debug)]
struct BeforeGrant {
    openings: Openings,
    passage: Option<Passage>,
}

impl Remembered {
    pub(super) fn of(memory: &Memory, rules: &Rules, now_ms: u64) -> Self {
        Self {
            lockouts: Lockouts::remembered(&memory.failures, rules, now_ms),
            openings: Openings::of(&memory.openings),
            passages: Passages::of(&memory.passages),
            before_grant: None,
            has_changed: false,
        }
    }

    /// `None` if nothing has changed since this was last asked.
    pub(super) fn take_changed(&mut self) -> Option<Memory> {
        core::mem::take(&mut self.has_changed).then(|| Memory {
            failures: self.lockouts.failures().collect(),
            openings: self.openings.iter().cloned().collect(),
            passages: self.passages.iter().collect(),
        })
    }

    pub(super) fn let_time_pass(&mut self, rules: &Rules, now_ms: u64) {
        self.has_changed |= self.lockouts.let_time_pass(rules, now_ms);
    }

    pub(super) fn note_failure(&mut self, kind: Kind, rules: &Rules, now_ms: u64) {
        self.lockouts.note_failure(kind, rules, now_ms);
        self.has_changed = true;
    }

    /// Forgets failed attempts of one kind, or of all.
    pub(super) fn clear_lockouts(&mut self, of: Option<Kind>) {
        self.has_changed |= self.lockouts.forget(|kind| of.is_none_or(|of| of == kind));
    }

    pub(super) fn note_grant(&mut self, grant: &Grant, rules: &Rules, schedules: &Schedules, now: &Now) {
        let person = grant.person();
        self.has_changed |= match grant.credential() {
            Credential::Face => self.lockouts.forget(|kind| kind == Kind::Face),
            Credential::CardAndFace => self.lockouts.forget(|kind| !matches!(kind, Kind::CardOf(of) if of != person)),
            Credential::Card => false,
        };
        self.before_grant =
            Some(BeforeGrant { openings: self.openings.clone(), passage: self.passages.last_of(person) });
        if !grant.opens().is_empty() {
            self.openings.note(schedules, |index| grant.opens().iter().any(|opened| opened == index), now.utc_ms);
            self.has_changed = true;
        }
        if let Some(rule) = rules.anti_passback {
            self.passages.hear_of(&Passage { person, direction: rule.direction, utc_ms: now.utc_ms });
            self.has_changed = true;
        }
    }

    pub(super) fn take_back(&mut self, grant: &Grant) {
        if let Some(BeforeGrant { openings, passage }) = self.before_grant.take() {
            self.openings = openings;
            self.passages.put_back(grant.person(), passage);
            self.has_changed = true;
        }
    }

    pub(super) fn hear_of(&mut self, passage: &Passage) {
        self.passages.hear_of(passage);
        self.has_changed = true;
    }
}
