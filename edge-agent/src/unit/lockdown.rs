//! Locks the unit down, and ends it: by orders and by the switch.
//!
//! A lockdown takes effect first and is recorded then, because it can only keep people out. Its end is recorded first.

use super::Unit;
use crate::audit_log::AuditError;
use crate::lockdown::{Lockdowns, Ordered, Source};
use policy::Now;
use policy::audit::Event;

/// Why a lockdown did not end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StaysLockedDown {
    /// The end could not be recorded.
    #[error("the end cannot be recorded: {0}")]
    NotRecorded(#[from] AuditError),
    /// The end could not be saved.
    #[error("the end cannot be saved: {0}")]
    NotSaved(#[from] std::io::Error),
}

impl Unit {
    /// Restores the lockdown from before the restart.
    pub fn set_lockdowns(&mut self, lockdowns: Lockdowns) {
        self.lockdowns = lockdowns;
        self.apply_lockdowns();
    }

    /// What locks the unit down now.
    pub(crate) fn lockdowns(&self) -> &Lockdowns {
        &self.lockdowns
    }

    /// Locks the door and lets in nobody from now on, except members of a group. The order is in force even if this
    /// fails.
    ///
    /// # Errors
    /// If a restart may end it.
    pub(crate) fn lock_down(&mut self, ordered: Ordered) -> std::io::Result<()> {
        let saved = self.lockdowns.order(ordered.clone());
        self.begin_lockdown(Source::Command, ordered.admits.as_deref());
        saved
    }

    /// Ends the lockdown that was ordered. The switch may still lock the unit down. Returns whether there was an order.
    ///
    /// # Errors
    /// If that cannot be recorded or saved; the lockdown then stays in force.
    pub(crate) fn end_lockdown(&mut self) -> Result<bool, StaysLockedDown> {
        let now = self.clock.now();
        let Some((source, _)) = self.lockdowns.ordered() else { return Ok(false) };
        self.audit.append(Event::lockdown_ended(source.code()), &now)?;
        self.lockdowns.end_order()?;
        self.apply_lockdowns();
        self.audit.maintain(&now);
        Ok(true)
    }

    /// Follows the lockdown switch. If its release cannot be recorded, the lockdown stays in force until the next turn.
    pub(super) fn follow_lockdown_switch(&mut self, is_on: bool, now: &Now) {
        let was_on = self.lockdowns.is_switch_on();
        if is_on && !was_on {
            self.lockdowns.set_switch(true);
            let admits = self.lockdowns.switch_admits().map(str::to_owned);
            self.begin_lockdown(Source::Switch, admits.as_deref());
        }
        if was_on && !is_on && self.audit.append(Event::lockdown_ended(Source::Switch.code()), now).is_ok() {
            self.lockdowns.set_switch(false);
            self.apply_lockdowns();
        }
    }

    /// Tells the policy which people of the database are still admitted.
    pub(super) fn apply_lockdowns(&mut self) {
        self.policy.set_lockdown(self.lockdowns.for_people(&self.gallery));
    }

    /// Records the lockdowns that are in force at the start.
    pub(super) fn record_lockdowns(&mut self, now: &Now) {
        let in_force = self.lockdowns.in_force();
        let events: Vec<Event> =
            in_force.map(|(source, ordered)| Event::lockdown_began(source.code(), ordered.admits.as_deref())).collect();
        events.into_iter().for_each(|event| self.record(event, now));
    }

    fn begin_lockdown(&mut self, source: Source, admits: Option<&str>) {
        self.latch.lock();
        self.apply_lockdowns();
        let now = self.clock.now();
        self.record(Event::lockdown_began(source.code(), admits), &now);
        self.audit.maintain(&now);
    }
}
