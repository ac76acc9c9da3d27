//! What can be asked, and what is answered.

use serde::{Deserialize, Serialize};
use shared::gallery::DatabaseDigest;

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
}

/// What a unit says to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reply {
    /// Why it was not done; `None` if it was.
    pub(crate) refused: Option<String>,
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
    /// In words, why it is no request that this unit knows.
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
        }
    }
}

impl Reply {
    pub(crate) fn done() -> Self {
        Self { refused: None }
    }

    pub(crate) fn refused(why: impl Into<String>) -> Self {
        Self { refused: Some(why.into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for (request, code) in [(Request::Rollback { digest: DatabaseDigest([7; 32]) }, "rollback")] {
            let line = request.to_line().unwrap();
            assert!(line.ends_with('\n') && line.len() <= MAX_BYTES, "{line}");
            assert_eq!((Request::parse(line.as_bytes()), request.code()), (Ok(request.clone()), code));
        }
    }

    #[test]
    fn anything_else_is_refused_in_words() {
        let digest = "07".repeat(32);
        for (line, expected) in [
            (String::new(), "no request"),
            ("status".to_owned(), "no request"),
            (format!(r#"{{"schema":2,"request":{{"rollback":{{"digest":"{digest}"}}}}}}"#), "schema 2"),
            (format!(r#"{{"request":{{"rollback":{{"digest":"{digest}"}}}}}}"#), "schema"),
            (format!(r#"{{"schema":1,"request":{{"rollback":{{"digest":"{digest}","x":1}}}}}}"#), "x"),
            (format!(r#"{{"schema":1,"request":{{"rollback":{{"digest":"{digest}"}}}},"x":1}}"#), "x"),
            (r#"{"schema":1,"request":{"unlock":{}}}"#.to_owned(), "unlock"),
            (r#"{"schema":1,"request":{"rollback":{}}}"#.to_owned(), "digest"),
            (r#"{"schema":1,"request":{"rollback":{"digest":"07"}}}"#.to_owned(), "2 characters"),
            (format!(r#"{{"schema":1,"request":{{"rollback":{{"digest":"{digest}"}}}}}} {{}}"#), "trailing"),
        ] {
            let refused = Request::parse(line.as_bytes()).unwrap_err();
            assert!(refused.contains(expected), "{line}: {refused}");
        }
    }
}
