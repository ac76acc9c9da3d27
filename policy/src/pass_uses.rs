//! Counts the uses of visitor passes. The counts survive restarts, and are kept until the pass has expired.

use super::observation::{ClockTrust, Now};
use super::reason::Reason;
use super::visitor_pass::VisitorPass;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use shared::pass::PassId;

/// Largest number of passes whose uses are counted at the same time. Further ones are refused.
pub const MAX_COUNTED_PASSES: usize = 1000;
/// How long a count is kept after the end of its pass, for a clock that is set back: a day.
const KEPT_AFTER_THE_END_MS: i64 = 24 * 3600 * 1000;

/// How often a pass has let somebody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassUses {
    /// Which pass.
    pub pass: PassId,
    /// How often.
    pub uses: u8,
    /// When it is no longer valid, milliseconds since 1970, UTC.
    pub until_utc_ms: i64,
}

/// What is known about uses after a restart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct CountedPasses {
    counts: Vec<PassUses>,
    lost_utc_ms: Option<i64>,
}

impl CountedPasses {
    /// `lost_utc_ms`: see [`Memory::pass_uses_lost_utc_ms`](super::Memory::pass_uses_lost_utc_ms).
    pub(super) fn remembered(counts: &[PassUses], lost_utc_ms: Option<i64>) -> Self {
        Self { counts: counts.iter().take(MAX_COUNTED_PASSES).copied().collect(), lost_utc_ms }
    }

    pub(super) fn to_remember(&self) -> (Vec<PassUses>, Option<i64>) {
        (self.counts.clone(), self.lost_utc_ms)
    }

    /// Once the time is known, dates the loss of counts, and forgets those that are no longer needed. Returns whether
    /// anything changed.
    pub(super) fn advance_to(&mut self, now: &Now) -> bool {
        if now.clock != ClockTrust::Trusted {
            return false;
        }
        let is_undated = self.lost_utc_ms == Some(i64::MAX);
        if is_undated {
            self.lost_utc_ms = Some(now.utc_ms);
        }
        let before = self.counts.len();
        self.counts.retain(|count| count.until_utc_ms.saturating_add(KEPT_AFTER_THE_END_MS) > now.utc_ms);
        is_undated || self.counts.len() < before
    }

    /// Checks that a use is left.
    ///
    /// # Errors
    /// If none is, or if that is not known.
    pub(super) fn check(&self, pass: &VisitorPass) -> Result<(), Reason> {
        let Some(uses) = pass.uses else { return Ok(()) };
        let found = self.counts.iter().find(|count| count.pass == pass.id);
        let used = found.map_or(0, |count| count.uses);
        let is_lost = self.lost_utc_ms.is_some_and(|lost| pass.from_utc_ms <= lost);
        let has_room = found.is_some() || self.counts.len() < MAX_COUNTED_PASSES;
        match (used < uses, is_lost || !has_room) {
            (false, _) => Err(Reason::PassUsedUp),
            (true, true) => Err(Reason::PassUsesUnknown),
            (true, false) => Ok(()),
        }
    }

    /// Counts a use. Returns whether anything changed.
    pub(super) fn note(&mut self, pass: &VisitorPass) -> bool {
        if pass.uses.is_none() {
            return false;
        }
        match self.counts.iter_mut().find(|count| count.pass == pass.id) {
            Some(count) => count.uses = count.uses.saturating_add(1),
            None => self.counts.push(PassUses { pass: pass.id, uses: 1, until_utc_ms: pass.until_utc_ms }),
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pass(id: u16, uses: Option<u8>, until_utc_ms: i64) -> VisitorPass {
        let [high, low] = id.to_be_bytes();
        VisitorPass::new(PassId([0, 0, 0, 0, high, low]), 1000, until_utc_ms, uses)
    }

    #[test]
    fn uses_are_counted_and_forgotten_a_day_after_the_end() {
        const DAY: i64 = 24 * 3600 * 1000;
        let mut counted = CountedPasses::default();
        let (once, twice, any) = (pass(1, Some(1), 5000), pass(2, Some(2), 9 * DAY), pass(3, None, 5000));
        for (pass, before, after) in [
            (&once, Ok(()), Err(Reason::PassUsedUp)),
            (&twice, Ok(()), Ok(())),
            (&twice, Ok(()), Err(Reason::PassUsedUp)),
            (&any, Ok(()), Ok(())),
        ] {
            assert_eq!(counted.check(pass), before, "{pass:?}");
            counted.note(pass);
            let (counts, lost) = counted.to_remember();
            counted = CountedPasses::remembered(&counts, lost);
            assert_eq!(counted.check(pass), after, "{pass:?}");
        }
        for (now, kept) in
            [(Now::new(5000 + DAY, 0), 2), (Now::trusted(4999 + DAY, 0), 2), (Now::trusted(5000 + DAY, 0), 1)]
        {
            let mut counted = counted.clone();
            assert_eq!((counted.advance_to(&now), counted.to_remember().0.len()), (kept == 1, kept), "{now:?}");
        }
    }

    #[test]
    fn the_number_of_counts_is_limited() {
        let mut counted = CountedPasses::default();
        for id in 0..MAX_COUNTED_PASSES as u16 {
            counted.note(&pass(id, Some(2), 5000));
        }
        assert_eq!(counted.check(&pass(5, Some(2), 5000)), Ok(()));
        assert_eq!(counted.check(&pass(1000, Some(2), 5000)), Err(Reason::PassUsesUnknown));
        assert_eq!(counted.check(&pass(1000, None, 5000)), Ok(()));
        assert!(counted.advance_to(&Now::trusted(5000 + KEPT_AFTER_THE_END_MS, 0)));
        assert_eq!(counted.check(&pass(1000, Some(2), i64::MAX)), Ok(()), "a full table empties by itself");
    }

    /// A damaged file must not give back the uses of passes that were valid before.
    #[test]
    fn after_a_loss_only_later_passes_are_counted_from_zero() {
        let mut counted = CountedPasses::remembered(&[], Some(i64::MAX));
        let (early, late) = (pass(1, Some(1), 9000), VisitorPass { from_utc_ms: 2001, ..pass(2, Some(1), 9000) });
        for (now, changes, of_late) in [
            (Now::new(2000, 0), false, Err(Reason::PassUsesUnknown)),
            (Now::trusted(2000, 0), true, Ok(())),
            (Now::trusted(3000, 0), false, Ok(())),
        ] {
            assert_eq!(counted.advance_to(&now), changes);
            assert_eq!(counted.check(&early), Err(Reason::PassUsesUnknown), "{now:?}");
            assert_eq!(counted.check(&late), of_late, "{now:?}");
            assert_eq!(counted.check(&pass(3, None, 9000)), Ok(()), "nothing is counted");
        }
    }
}
