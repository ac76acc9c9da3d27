//! Lets an installer see the lock move.

use super::Unit;
use crate::audit_log::AuditError;
use crate::door::DoorError;
use policy::audit::Event;

/// Why the lock was not tried.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LockNotTried {
    /// The policy refuses.
    #[error("{}", .0.in_words())]
    Refused(policy::Reason),
    /// It cannot be recorded.
    #[error("it cannot be recorded: {0}")]
    NotRecorded(#[from] AuditError),
    /// The lock did not move.
    #[error(transparent)]
    Door(#[from] DoorError),
}

impl Unit {
    /// Unlocks the door for a moment, once that is recorded.
    ///
    /// # Errors
    /// [`LockNotTried`]; the door is locked then.
    pub(crate) fn test_lock(&mut self, by_uid: u32) -> Result<(), LockNotTried> {
        let now = self.clock.now();
        let test = self.policy.test_lock(&now).map_err(LockNotTried::Refused)?;
        self.audit.append(Event::LockTested { by_uid }, &now)?;
        self.unlock(test, &now)?;
        self.peripherals.note_unlocked(self.latch.locks_at_ms(), now.monotonic_ms);
        Ok(())
    }
}
