//! What can be asked, and what is answered.

use policy::{Credential, Failures, Kind, Locked, LockoutEnd};
use serde::{Deserialize, Serialize};
use shared::gallery::{DatabaseDigest, PersonId};

/// The most bytes of a request with its line feed.
pub(super) const MAX_BYTES: usize = 1024;

/// What a unit can be asked to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Request {
    /// To go back to the previous people database, which is named so that no other one is meant.
    Rollback {
        /// SHA-256 of its file.
        digest: DatabaseDigest,
    },
    /// To say what is refused after too many failed attempts.
    ListLockouts {},
    /// To forgive failed attempts.
    ClearLockouts {
        /// Whose.
        of: LockoutsOf,
    },
}

/// Whose failed attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LockoutsOf {
    All,
    /// Those of faces without a card.
    Face,
    /// Those of cards that are nobody's.
    Card,
    /// Those of faces with the card of this person.
    Person(PersonId),
}

/// What a unit says to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reply {
    /// Why it was not done; `None` if it was.
    pub(crate) refused: Option<String>,
    /// What is refused now, or was forgiven.
    #[serde(default)]
    pub(crate) lockouts: Vec<Lockout>,
}

/// Failed attempts of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lockout {
    /// `face`, `card`, or `card_and_face` for the face that belongs to the card of one person.
    pub(crate) tried: String,
    /// Whose card it is, in the last case.
    pub(crate) person_id: Option<String>,
    /// How many attempts failed.
    pub(crate) failures: u32,
    /// For how many seconds it is still refused; `None` if only an administrator ends that.
    pub(crate) seconds_left: Option<u64>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    schema: u32,
    request: Request,
}

impl Request {
    /// From a line, with or without its line feed.
    ///
    /// # Errors
    /// In words, why it is not a request that this unit knows.
    pub(crate) fn parse(line: &[u8]) -> Result<Self, String> {
        match serde_json::from_slice(line) {
            Ok(Line { schema: 1, request }) => Ok(request),
            Ok(Line { schema, .. }) => Err(format!("a request of schema {schema}, and this unit knows schema 1")),
            Err(error) => Err(format!("no request that this unit knows: {error}")),
        }
    }

    /// As a line.
    ///
    /// # Errors
    /// None: every request is JSON.
    pub(super) fn to_line(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string(&Line { schema: 1, request: self.clone() })? + "\n")
    }

    /// The stable code, for the audit log.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Rollback { .. } => "rollback",
            Self::ListLockouts {} => "list_lockouts",
            Self::ClearLockouts { .. } => "clear_lockouts",
        }
    }
}

impl LockoutsOf {
    /// As the policy counts them; `None` for all.
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
    /// What is refused now.
    pub(crate) fn now(locked: &Locked) -> Self {
        let seconds_left = match locked.ends {
            LockoutEnd::InMs(ms) => Some(ms.div_ceil(1000)),
            _ => None,
        };
        Self { seconds_left, ..Self::forgiven(&locked.after) }
    }

    /// What is refused no more.
    pub(crate) fn forgiven(failed: &Failures) -> Self {
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
        Self { refused: None, lockouts }
    }

    pub(crate) fn done() -> Self {
        Self { refused: None, lockouts: Vec::new() }
    }

    pub(crate) fn refused(why: impl Into<String>) -> Self {
        Self { refused: Some(why.into()), lockouts: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for (request, code) in [
            (Request::Rollback { digest: DatabaseDigest([7; 32]) }, "rollback"),
            (Request::ListLockouts {}, "list_lockouts"),
            (Request::ClearLockouts { of: LockoutsOf::All }, "clear_lockouts"),
            (Request::ClearLockouts { of: LockoutsOf::Person(PersonId([1; 16])) }, "clear_lockouts"),
        ] {
            let line = request.to_line().unwrap();
            assert!(line.ends_with('\n') && line.len() <= MAX_BYTES, "{line}");
            assert_eq!((Request::parse(line.as_bytes()), request.code()), (Ok(request.clone()), code));
        }
    }

    #[test]
    fn anything_else_is_refused_in_words() {
        for (line, expected) in [
            ("", "no request"),
            ("status", "no request"),
            (r#"{"schema":2,"request":{"list_lockouts":{}}}"#, "schema 2"),
            (r#"{"request":{"list_lockouts":{}}}"#, "schema"),
            (r#"{"schema":1,"request":{"list_lockouts":{"x":1}}}"#, "x"),
            (r#"{"schema":1,"request":{"list_lockouts":{}},"x":1}"#, "x"),
            (r#"{"schema":1,"request":{"unlock":{}}}"#, "unlock"),
            (r#"{"schema":1,"request":{"rollback":{}}}"#, "digest"),
            (r#"{"schema":1,"request":{"rollback":{"digest":"07"}}}"#, "2 characters"),
            (r#"{"schema":1,"request":{"clear_lockouts":{"of":"everybody"}}}"#, "everybody"),
            (r#"{"schema":1,"request":{"list_lockouts":{}}}{"schema":1}"#, "trailing"),
        ] {
            let refused = Request::parse(line.as_bytes()).unwrap_err();
            assert!(refused.contains(expected), "{line}: {refused}");
        }
    }
}
