//! Requests and replies.

use crate::lockdown::LockdownReport;
use fleet_messages::aim::MAX_AIM_SECONDS;
use policy::{Credential, Failures, Kind, Locked, LockoutEnd};
use serde::{Deserialize, Serialize};
use shared::gallery::{DatabaseDigest, PersonId};

/// The longest request in bytes, with its line feed.
pub(super) const MAX_BYTES: usize = 1024;

/// A request to a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Request {
    /// Go back to the previous people database, named so that no other one is used by mistake.
    Rollback {
        /// SHA-256 of the database file.
        digest: DatabaseDigest,
    },
    /// List the lockouts after too many failed attempts.
    ListLockouts {},
    /// Clear failed attempts.
    ClearLockouts {
        /// Which ones.
        of: LockoutsOf,
    },
    /// Lock the unit down.
    LockDown {
        /// The group whose members may still enter; nobody if `None`.
        admits: Option<String>,
    },
    /// End the lockdown that was ordered.
    EndLockdown {},
    /// Let in nobody by their face.
    TurnOffFaceRecognition {},
    /// Recognise faces again.
    TurnOnFaceRecognition {},
    /// Unlock for two seconds, for an installer at the door.
    TestLock {},
    /// Send pictures after the reply, to somebody who aims the camera.
    Aim {
        /// For how long.
        seconds: AimSeconds,
    },
}

/// For how long pictures are sent: 1 to [`MAX_AIM_SECONDS`] seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub(crate) struct AimSeconds(u16);

impl TryFrom<u16> for AimSeconds {
    type Error = String;

    fn try_from(seconds: u16) -> Result<Self, String> {
        match (1..=MAX_AIM_SECONDS).contains(&seconds) {
            true => Ok(Self(seconds)),
            false => Err(format!("pictures are sent for 1 to {MAX_AIM_SECONDS} seconds, not {seconds}")),
        }
    }
}

impl From<AimSeconds> for u16 {
    fn from(AimSeconds(seconds): AimSeconds) -> Self {
        seconds
    }
}

/// Which failed attempts a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LockoutsOf {
    All,
    /// Faces without a card.
    Face,
    /// Cards that are not enrolled.
    Card,
    /// Faces with the card of this person.
    Person(PersonId),
}

/// The reply to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reply {
    /// Why the request was refused; `None` if it was carried out.
    pub(crate) refused: Option<String>,
    /// The current lockouts, or those that were cleared.
    #[serde(default)]
    pub(crate) lockouts: Vec<Lockout>,
    /// The lockdown now; `None` if there is none, or if the request was not about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lockdown: Option<LockdownReport>,
    /// Why a restart may switch face recognition on; `None` if it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) face_recognition_not_saved: Option<String>,
}

/// Failed attempts of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lockout {
    /// `face`, `card`, or `card_and_face` for faces with the card of one person.
    pub(crate) tried: String,
    /// The card holder, for `card_and_face`.
    pub(crate) person_id: Option<String>,
    /// The number of failed attempts.
    pub(crate) failures: u32,
    /// How many seconds the lockout still lasts; `None` if only an administrator can end it.
    pub(crate) seconds_left: Option<u64>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    schema: u32,
    request: Request,
}

impl Request {
    /// Parses a line, with or without its line feed.
    ///
    /// # Errors
    /// Why it is not a known request, for people.
    pub(crate) fn parse(line: &[u8]) -> Result<Self, String> {
        match serde_json::from_slice(line) {
            Ok(Line { schema: 1, request }) => Ok(request),
            Ok(Line { schema, .. }) => {
                Err(format!("the request has schema {schema}, but this unit supports only schema 1"))
            }
            Err(error) => Err(format!("not a request that this unit supports: {error}")),
        }
    }

    /// Formats the request as a line.
    ///
    /// # Errors
    /// Never in practice: every request can be written as JSON.
    pub(super) fn to_line(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string(&Line { schema: 1, request: self.clone() })? + "\n")
    }

    /// The stable code for the audit log.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Rollback { .. } => "rollback",
            Self::ListLockouts {} => "list_lockouts",
            Self::ClearLockouts { .. } => "clear_lockouts",
            Self::LockDown { .. } => "lockdown_on",
            Self::EndLockdown {} => "lockdown_off",
            Self::TurnOffFaceRecognition {} => "face_recognition_off",
            Self::TurnOnFaceRecognition {} => "face_recognition_on",
            Self::TestLock {} => "test_lock",
            Self::Aim { .. } => "aim",
        }
    }
}

impl LockoutsOf {
    /// The kind that the policy counts; `None` for all.
    pub(crate) fn kind(self) -> Option<Kind> {
        match self {
            Self::All => None,
            Self::Face => Some(Kind::Face),
            Self::Card => Some(Kind::Card),
            Self::Person(person) => Some(Kind::CardOf(person)),
        }
    }
}

impl Lockout {
    /// A current lockout.
    pub(crate) fn now(locked: &Locked) -> Self {
        let seconds_left = match locked.ends {
            LockoutEnd::InMs(ms) => Some(ms.div_ceil(1000)),
            _ => None,
        };
        Self { seconds_left, ..Self::cleared(&locked.after) }
    }

    /// Failed attempts that were cleared.
    pub(crate) fn cleared(failed: &Failures) -> Self {
        let (tried, person) = match failed.kind {
            Kind::Face => (Credential::Face, None),
            Kind::Card => (Credential::Card, None),
            Kind::CardOf(person) => (Credential::CardAndFace, Some(person)),
        };
        Self {
            tried: tried.code().to_owned(),
            person_id: person.map(|person| person.to_string()),
            failures: failed.failures,
            seconds_left: None,
        }
    }
}

impl Reply {
    pub(crate) fn lockouts(lockouts: Vec<Lockout>) -> Self {
        Self { refused: None, lockouts, lockdown: None, face_recognition_not_saved: None }
    }

    pub(crate) fn done() -> Self {
        Self::lockouts(Vec::new())
    }

    pub(crate) fn lockdown(lockdown: Option<LockdownReport>) -> Self {
        Self { lockdown, ..Self::done() }
    }

    pub(crate) fn refused(why: impl Into<String>) -> Self {
        Self { refused: Some(why.into()), ..Self::done() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_request_is_read() {
        for (request, code) in [
            (Request::Rollback { digest: DatabaseDigest([7; 32]) }, "rollback"),
            (Request::ListLockouts {}, "list_lockouts"),
            (Request::ClearLockouts { of: LockoutsOf::All }, "clear_lockouts"),
            (Request::LockDown { admits: None }, "lockdown_on"),
            (Request::LockDown { admits: Some("wardens".to_owned()) }, "lockdown_on"),
            (Request::EndLockdown {}, "lockdown_off"),
            (Request::TurnOffFaceRecognition {}, "face_recognition_off"),
            (Request::TurnOnFaceRecognition {}, "face_recognition_on"),
            (Request::TestLock {}, "test_lock"),
            (Request::Aim { seconds: AimSeconds(600) }, "aim"),
            (Request::ClearLockouts { of: LockoutsOf::Person(PersonId([1; 16])) }, "clear_lockouts"),
        ] {
            let line = request.to_line().unwrap();
            assert!(line.ends_with('\n') && line.len() <= MAX_BYTES, "{line}");
            assert_eq!((Request::parse(line.as_bytes()), request.code()), (Ok(request.clone()), code));
        }
    }

    #[test]
    fn anything_else_is_refused_with_an_explanation() {
        for (line, expected) in [
            ("", "not a request"),
            ("status", "not a request"),
            (r#"{"schema":2,"request":{"list_lockouts":{}}}"#, "schema 2"),
            (r#"{"request":{"list_lockouts":{}}}"#, "schema"),
            (r#"{"schema":1,"request":{"list_lockouts":{"x":1}}}"#, "x"),
            (r#"{"schema":1,"request":{"list_lockouts":{}},"x":1}"#, "x"),
            (r#"{"schema":1,"request":{"unlock":{}}}"#, "unlock"),
            (r#"{"schema":1,"request":{"rollback":{}}}"#, "digest"),
            (r#"{"schema":1,"request":{"rollback":{"digest":"07"}}}"#, "2 characters"),
            (r#"{"schema":1,"request":{"aim":{"seconds":0}}}"#, "1 to 600 seconds, not 0"),
            (r#"{"schema":1,"request":{"aim":{"seconds":601}}}"#, "not 601"),
            (r#"{"schema":1,"request":{"clear_lockouts":{"of":"everybody"}}}"#, "everybody"),
            (r#"{"schema":1,"request":{"list_lockouts":{}}}{"schema":1}"#, "trailing"),
        ] {
            let refused = Request::parse(line.as_bytes()).unwrap_err();
            assert!(refused.contains(expected), "{line}: {refused}");
        }
    }
}
