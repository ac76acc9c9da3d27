//! What a link may ask of a unit. The unit's socket for links understands nothing else.

use super::Unit;
use super::error::{UnitError, quoted};
use super::exchange::exchange;
use super::report::parse;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::Duration;

/// The longest text of a signed order, in bytes.
pub const MAX_ORDER_BYTES: usize = 4096;

const MAX_REPLY_BYTES: usize = 64 << 10;
/// The unit replies when its loop has carried out the request, which takes at most a minute.
const PATIENCE: Duration = Duration::from_secs(75);

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Request<'a> {
    LockDown {},
    TurnOffFaceRecognition {},
    SignedOrder { order: &'a str },
}

/// What the unit replies.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Reply {
    /// It has carried out the request.
    Done,
    /// It refuses.
    Refused {
        /// Why: the unit's message, on one line.
        why: String,
    },
}

impl Unit {
    /// Locks the unit down. Only a signed order, or somebody at the unit, can end this.
    ///
    /// # Errors
    /// [`UnitError`]
    pub async fn lock_down(&self) -> Result<Reply, UnitError> {
        self.request(&Request::LockDown {}).await
    }

    /// Turns face recognition off. Only a signed order, or somebody at the unit, can turn it on again.
    ///
    /// # Errors
    /// [`UnitError`]
    pub async fn turn_off_face_recognition(&self) -> Result<Reply, UnitError> {
        self.request(&Request::TurnOffFaceRecognition {}).await
    }

    /// Passes on a signed order, unread: the unit judges it.
    ///
    /// # Errors
    /// [`UnitError`]; [`UnitError::LongOrder`] if it has more than [`MAX_ORDER_BYTES`].
    pub async fn signed_order(&self, order: &str) -> Result<Reply, UnitError> {
        match order.len() {
            found if found > MAX_ORDER_BYTES => Err(UnitError::LongOrder { found, most: MAX_ORDER_BYTES }),
            _ => self.request(&Request::SignedOrder { order }).await,
        }
    }

    async fn request(&self, request: &Request<'_>) -> Result<Reply, UnitError> {
        let line = serde_json::json!({"schema": 1, "request": request}).to_string() + "\n";
        reply(&self.link, &exchange(&self.link, line.as_bytes(), MAX_REPLY_BYTES, PATIENCE).await?)
    }
}

/// Reads a reply.
///
/// # Errors
/// [`UnitError`]
pub(crate) fn reply(socket: &Path, line: &[u8]) -> Result<Reply, UnitError> {
    #[derive(Deserialize)]
    struct Line {
        // A reply without it must not count as a success.
        #[serde(deserialize_with = "Option::deserialize")]
        refused: Option<String>,
    }
    let Line { refused } = parse(socket, line)?;
    Ok(refused.map_or(Reply::Done, |why| Reply::Refused { why: quoted(&why) }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::scripted::ScriptedUnit;

    #[tokio::test(start_paused = true)]
    async fn requests_are_lines_that_the_unit_understands() {
        let done = r#"{"schema":1,"refused":null}"#;
        let unit = ScriptedUnit::new();
        unit.answer_link(done);
        let client = unit.client();
        assert_eq!(client.lock_down().await.unwrap(), Reply::Done);
        assert_eq!(client.turn_off_face_recognition().await.unwrap(), Reply::Done);
        assert_eq!(client.signed_order("a \"b\"\n").await.unwrap(), Reply::Done);
        let long = client.signed_order(&"x".repeat(MAX_ORDER_BYTES + 1)).await.unwrap_err().to_string();
        assert!(long.contains("4097 bytes"), "{long}");
        assert_eq!(
            unit.asked_of_link(),
            [
                r#"{"request":{"lock_down":{}},"schema":1}"#,
                r#"{"request":{"turn_off_face_recognition":{}},"schema":1}"#,
                r#"{"request":{"signed_order":{"order":"a \"b\"\n"}},"schema":1}"#,
            ]
        );
    }

    #[test]
    fn replies() {
        for (line, expected) in [
            (r#"{"schema":1,"refused":null,"lockdown":{}}"#, "Done"),
            (r#"{"schema":1,"refused":"too\nold"}"#, r"too\\u000aold"),
            (r#"{"schema":1}"#, "missing field"),
            (r#"{"schema":1,"error":"not a request"}"#, "not a request"),
            (r#"{"schema":2,"refused":null}"#, "schema 2"),
            ("", "Unreadable"),
        ] {
            let found = format!("{:?}", reply(Path::new("link.sock"), line.as_bytes()));
            assert!(found.contains(expected), "{found}");
        }
    }
}
