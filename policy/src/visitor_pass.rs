//! A visitor pass as the policy sees it, and its rules. The caller has verified the signature and looked up the rest: a pass
//! arrives here as plain data. What happens to a pass that was shown: see `passes`.

use super::observation::{ClockTrust, Now};
use super::reason::Reason;
use shared::gallery::PersonId;
use shared::pass::PassId;

/// A code that somebody showed to the camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PresentedPass {
    /// A pass with a valid signature.
    Of(VisitorPass),
    /// It has the form of a pass, but was changed, or made with a key that the database does not name.
    NotGenuine,
    /// It is something else.
    NotAPass,
}

/// A pass, as far as the decision depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct VisitorPass {
    /// Which.
    pub id: PassId,
    /// When it becomes valid, milliseconds since 1970, UTC.
    pub from_utc_ms: i64,
    /// When it is no longer valid.
    pub until_utc_ms: i64,
    /// How often it lets somebody in; `None` for any number.
    pub uses: Option<u8>,
    /// Whether it names this door.
    pub is_for_this_door: bool,
    /// Whether the database says that it is revoked.
    pub is_revoked: bool,
    /// Whose card is needed as well.
    pub host: Host,
}

/// The person who must be there with a visitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    /// Nobody must be there.
    NotNeeded,
    /// This person must present a card.
    Needed(PersonId),
    /// The host is not in the database.
    NotEnrolled,
}

impl VisitorPass {
    /// A pass for this door that is valid at these times.
    pub const fn new(id: PassId, from_utc_ms: i64, until_utc_ms: i64, uses: Option<u8>) -> Self {
        let (is_for_this_door, is_revoked, host) = (true, false, Host::NotNeeded);
        Self { id, from_utc_ms, until_utc_ms, uses, is_for_this_door, is_revoked, host }
    }

    /// Checks what depends on the pass and the time only.
    pub(super) fn check(&self, now: &Now) -> Result<(), Reason> {
        if self.is_revoked {
            return Err(Reason::PassRevoked);
        }
        if !self.is_for_this_door {
            return Err(Reason::PassForOtherDoor);
        }
        if now.clock != ClockTrust::Trusted {
            return Err(Reason::ClockUnknown);
        }
        match (self.from_utc_ms..self.until_utc_ms).contains(&now.utc_ms) {
            true => Ok(()),
            false => Err(Reason::PassOutsideHours),
        }
    }
}
