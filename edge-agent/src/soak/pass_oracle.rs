//! An independent oracle of which visitor may be let in, written from the rules and without the policy's code or state.

use super::visitor_passes::{Issued, is_revoked, names_key};
use policy::{ClockTrust, Now};
use shared::pass::PassId;
use std::collections::{HashMap, HashSet};

/// How long a pass may wait until it is used.
const WAITS_MS: u64 = 30_000;
/// A pass that has not been read for this long may be shown anew.
const GONE_MS: u64 = 1000;
/// After this time, everybody has gone since a pass was used.
const ALL_GONE_MS: u64 = 10 * 60_000;
/// Uses are counted until a day after the end of the pass.
const COUNTED_AFTER_MS: i64 = 24 * 3_600_000;

/// What is known about passes, over all lives.
#[derive(Debug, Default)]
pub(super) struct PassOracle {
    /// How often a pass has let somebody in, and when it ends.
    uses: HashMap<PassId, (u8, i64)>,
    /// The pass that was read last, and when.
    read: Option<(Issued, u64)>,
    /// A pass that has let somebody in, and has been in view since; and when it was read last.
    in_view: Option<(PassId, u64)>,
    /// Passes that a lock that stuck or a power cut may have cost a use.
    may_be_spent: HashSet<PassId>,
    /// When passes have let somebody in. They are refused until everybody has gone.
    admitted_ms: HashMap<PassId, u64>,
}

/// What a visit depends on beside the pass.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around {
    pub(super) now: Now,
    /// The sequence number of the database in use.
    pub(super) sequence: u64,
    pub(super) is_locked_down: bool,
    /// Whether everybody may walk in, which uses up no pass.
    pub(super) is_held_open: bool,
}

impl PassOracle {
    /// A new life or a new database: what was shown before no longer counts, but what was used is used.
    pub(super) fn start_over(&mut self) {
        (self.read, self.in_view) = (None, None);
    }

    /// Notes the time of a turn, and the pass that was read in it.
    pub(super) fn note_turn(&mut self, read: Option<&Issued>, around: &Around) {
        let (now, now_ms) = (&around.now, around.now.monotonic_ms);
        if now.clock == ClockTrust::Trusted {
            self.uses.retain(|_, (_, until_utc_ms)| *until_utc_ms + COUNTED_AFTER_MS > now.utc_ms);
        }
        self.in_view = self.in_view.filter(|(_, read_ms)| now_ms - read_ms < GONE_MS);
        // Without a key the unit ignores codes.
        let Some(read) = read.filter(|_| names_key(around.sequence)) else { return };
        self.read = Some((read.clone(), now_ms));
        if let Some((id, read_ms)) = &mut self.in_view
            && *id == read.id
        {
            *read_ms = now_ms;
        }
    }

    /// The lock or the power failed: a use of the pass that was shown may be spent.
    pub(super) fn note_fault(&mut self) {
        self.may_be_spent.extend(self.read.as_ref().map(|(pass, _)| pass.id));
    }

    /// Whether this pass must open the door.
    pub(super) fn must_open(&self, pass: &Issued, around: &Around) -> bool {
        let is_gone = |used_ms: &u64| around.now.monotonic_ms - used_ms > ALL_GONE_MS;
        let is_new = self.admitted_ms.get(&pass.id).is_none_or(is_gone) && !self.may_be_spent.contains(&pass.id);
        is_new && self.objection(pass, around).is_none()
    }

    /// A pass that was refused must be shown again.
    pub(super) fn note_refusal(&mut self, id: PassId) {
        self.read = self.read.take().filter(|(read, _)| read.id != id);
    }

    /// Why this pass opens nothing, if it does not.
    pub(super) fn objection(&self, pass: &Issued, around: &Around) -> Option<&'static str> {
        let Around { now, sequence, is_locked_down, is_held_open } = around;
        let used = self.used(pass.id);
        let objections = [
            (!pass.is_genuine || !names_key(*sequence), "is signed with a key that the database does not name"),
            (!pass.is_for_this_door, "is for another door"),
            (now.clock != ClockTrust::Trusted, "has hours, and the time is not certain"),
            (!(pass.from_utc_ms..pass.until_utc_ms).contains(&now.utc_ms), "is not valid at this time"),
            (is_revoked(pass.id, *sequence), "is revoked"),
            (*is_locked_down, "is shown in a lockdown"),
            (*is_held_open, "is not needed: the door is open for everybody"),
            (pass.uses.is_some_and(|uses| used >= uses), "is used up"),
            (self.in_view.is_some_and(|(id, _)| id == pass.id), "is still in view after it let somebody in"),
        ];
        objections.into_iter().find(|(objects, _)| *objects).map(|(_, why)| why)
    }

    /// Notes that a visitor was let in with the pass with this id. Returns why they should not have been.
    pub(super) fn admitted(&mut self, id: PassId, around: &Around) -> Option<String> {
        let now_ms = around.now.monotonic_ms;
        let read = self.read.take().filter(|(pass, read_ms)| pass.id == id && now_ms - read_ms < WAITS_MS);
        let Some((pass, read_ms)) = read else { return Some(format!("{id} was not shown")) };
        let objection = self.objection(&pass, around).map(|why| format!("{id} {why}: {pass:?}, {around:?}"));
        self.uses.entry(id).or_insert((0, pass.until_utc_ms)).0 += 1;
        self.in_view = Some((id, read_ms));
        self.admitted_ms.insert(id, now_ms);
        objection
    }

    /// How often the pass has let somebody in.
    pub(super) fn used(&self, id: PassId) -> u8 {
        self.uses.get(&id).map_or(0, |(used, _)| *used)
    }
}
