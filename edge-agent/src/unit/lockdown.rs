//! Locks the unit down, and ends it: by orders and by the switch.
//!
//! What can only keep people out takes effect first and is recorded then. What may let in more people, such as the end
//! of a lockdown or an order that replaces another, is recorded and saved first.

use super::Unit;
use crate::audit_log::AuditError;
use crate::lockdown::{Lockdowns, Ordered, Source};
use policy::Now;
use policy::audit::Event;

/// Why everything is as it was before an order.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OrderNotTaken {
    /// The order could not be recorded.
    #[error("the order cannot be recorded: {0}")]
    NotRecorded(#[from] AuditError),
    /// The order could not be saved.
    #[error("the order cannot be saved: {0}")]
    NotSaved(#[from] std::io::Error),
}

/// What is wrong with an order to lock down.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OrderError {
    /// It is in force, and could not be saved.
    #[error("the unit is locked down, but a restart may end that: {0}")]
    MayEnd(std::io::Error),
    /// It is not in force, but the order before it is.
    #[error("the lockdown that was ordered before stays in force: {0}")]
    Unchanged(#[from] OrderNotTaken),
}

impl Unit {
    /// Restores the lockdown from before the restart.
    pub fn set_lockdowns(&mut self, lockdowns: Lockdowns) {
        self.lockdowns = lockdowns;
        self.take_switch();
    }

    /// What locks the unit down now.
    pub(crate) fn lockdowns(&self) -> &Lockdowns {
        &self.lockdowns
    }

    /// Takes the state of the lockdown switch, before the first turn follows it.
    pub(super) fn take_switch(&mut self) {
        self.lockdowns.set_switch(self.peripherals.is_lockdown_switch_on());
        self.apply_lockdowns();
    }

    /// Locks the door and lets in nobody from now on, except members of a group, for this source.
    ///
    /// # Errors
    /// [`OrderError`], which says whether the order is in force.
    pub(crate) fn lock_down(&mut self, ordered: Ordered, by: Source) -> Result<(), OrderError> {
        if !self.lockdowns.only_tightens(&ordered) {
            return Ok(self.replace_order(ordered, by)?);
        }
        self.latch.lock();
        let saved = self.lockdowns.order(ordered.clone(), by);
        self.begin_lockdown(by, ordered.admits.as_deref());
        saved.map_err(OrderError::MayEnd)
    }

    fn replace_order(&mut self, ordered: Ordered, by: Source) -> Result<(), OrderNotTaken> {
        let now = self.clock.now();
        self.audit.append(Event::lockdown_began(by.code(), ordered.admits.as_deref()), &now)?;
        if let Err(error) = self.lockdowns.replace_order(ordered, by) {
            self.record_lockdowns(&now);
            return Err(error.into());
        }
        self.latch.lock();
        self.apply_lockdowns();
        self.audit.maintain(&now);
        Ok(())
    }

    /// Ends the lockdown that was ordered. The switch may still lock the unit down. Returns whether there was an order.
    ///
    /// # Errors
    /// If that cannot be recorded or saved; the lockdown then stays in force.
    pub(crate) fn end_lockdown(&mut self) -> Result<bool, OrderNotTaken> {
        let now = self.clock.now();
        let Some((source, _)) = self.lockdowns.ordered() else { return Ok(false) };
        self.audit.append(Event::lockdown_ended(source.code()), &now)?;
        if let Err(error) = self.lockdowns.end_order() {
            self.record_lockdowns(&now);
            return Err(error.into());
        }
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

    /// Records the lockdowns that are in force: at the start, and after a record of a change that did not happen.
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
