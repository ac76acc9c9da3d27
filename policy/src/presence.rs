//! Applies the liveness signals to the face that is about to let somebody in: when they begin, and whether they allow a
//! grant. What each of them reports is in `liveness`.

use super::credential::{Credential, Shown};
use super::observation::Now;
use super::reason::Reason;
use super::signals::{LampUse, Reports, Signal};
use super::{Policy, permission};
use shared::schedule::Schedules;

impl Policy {
    /// The lamp is lit while somebody is at the door that a face may open: passers-by at a door for cards stay in the
    /// dark.
    pub(super) fn lamp_without_trial(&self) -> LampUse {
        let can_open = self.cards.claimed().is_some() || !self.rules.is_card_door();
        let is_measured = self.rules.liveness.measured().contains(Signal::Lamp);
        if is_measured && can_open && self.approaches.is_in_progress() { LampUse::Light } else { LampUse::Off }
    }

    /// Begins to measure the signals of a person who will be let in if enough frames agree. So the signals need no time
    /// of their own.
    pub(super) fn begin_signals(&mut self, shown: &Shown, schedules: &Schedules, now: &Now) {
        let is_permitted = permission::check_shown(&self.rules, shown).is_ok()
            && permission::check_moment(&self.circumstances(schedules, now), shown.holder()).is_ok();
        if is_permitted && shown.credential() != Credential::Card {
            self.evidence.ask(self.rules.liveness.measured_of(shown.holder().is_challenged), now.monotonic_ms);
        }
    }

    /// Requires the signals of a person who would otherwise be let in by their face. Returns the reports.
    pub(super) fn require_liveness(&mut self, shown: &Shown, chance: u64, now: &Now) -> Result<Reports, Reason> {
        if shown.credential() == Credential::Card {
            return Ok(Reports::new());
        }
        let (rules, is_marked) = (self.rules.liveness, shown.holder().is_challenged);
        let mut reports = self.evidence.require(&rules, (shown.credential(), is_marked), now.monotonic_ms)?;
        if rules.required_of(is_marked).contains(Signal::HeadTurn) {
            if let Err(reason) = self.challenge.require(chance, now.monotonic_ms) {
                // After the turn, the face must be recognised as the same person again.
                self.consensus.start_over();
                return Err(reason);
            }
            reports.extend(self.challenge.report());
        }
        Ok(reports)
    }
}
