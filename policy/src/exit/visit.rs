//! Lets a visitor in with a pass, after every rule has been checked.

use crate::Policy;
use crate::observation::{Now, Observation};
use crate::permission;
use crate::reason::Reason;
use crate::visitor_pass::{Host, VisitorPass};
use shared::gallery::PersonId;
use shared::pass::PassId;

/// The permission to let in one visitor, once. Like the other grants it can be neither made nor copied outside `exit`.
///
/// ```compile_fail,E0451
/// use policy::Visit;
/// let pass = policy::VisitorPass::new(shared::pass::PassId([0; 6]), 0, 1, None);
/// let forged = Visit { pass, host: None, utc_ms: 0 };
/// ```
#[derive(Debug, PartialEq)]
#[must_use = "an ignored grant leaves a visitor standing outside"]
pub struct Visit {
    pass: VisitorPass,
    host: Option<PersonId>,
    utc_ms: i64,
}

impl Visit {
    /// The pass.
    pub fn pass(&self) -> PassId {
        self.pass.id
    }

    /// The host whose card was presented, if one was needed.
    pub fn host(&self) -> Option<PersonId> {
        self.host
    }

    /// When it was granted, milliseconds since 1970, UTC.
    pub fn utc_ms(&self) -> i64 {
        self.utc_ms
    }

    pub(crate) fn used_pass(&self) -> &VisitorPass {
        &self.pass
    }
}

impl Policy {
    /// Grants entry to the visitor with this pass if every rule allows it: no lockdown, the door accepts passes, the pass
    /// is for this door and this moment, it is not revoked, a use is left, it was not used in this approach, there is no
    /// forbidden company, and the host's card was presented if it is needed.
    pub(crate) fn let_in_visitor(
        &self,
        pass: &VisitorPass,
        observation: &Observation<'_>,
        now: &Now,
    ) -> Result<Visit, Reason> {
        if self.lockdown.is_some() {
            return Err(Reason::LockedDown);
        }
        if !self.rules.accepts_passes {
            return Err(Reason::PassesNotAccepted);
        }
        pass.check(now)?;
        if !self.approaches.may_admit(pass.id) {
            return Err(Reason::AlreadyGranted);
        }
        self.remembered.passes.check(pass)?;
        self.company.check_recent(&self.rules, now.monotonic_ms)?;
        let host = self.require_host(pass, observation, now)?;
        Ok(Visit { pass: *pass, host, utc_ms: now.utc_ms })
    }

    /// The host, whose card must have been presented, and who must be permitted to enter now.
    fn require_host(
        &self,
        pass: &VisitorPass,
        observation: &Observation<'_>,
        now: &Now,
    ) -> Result<Option<PersonId>, Reason> {
        let person = match pass.host {
            Host::NotNeeded => return Ok(None),
            Host::NotEnrolled => return Err(Reason::HostNotAllowed),
            Host::Needed(person) => person,
        };
        let host = self.passes.card_of(person).ok_or(Reason::HostNeeded)?;
        let around = self.circumstances(observation.schedules, now);
        let is_blocked = self.require_no_lockout(host.tried(), now).is_err();
        if is_blocked || permission::check_dates_and_hours(&around, &host).is_err() {
            return Err(Reason::HostNotAllowed);
        }
        Ok(Some(person))
    }
}
