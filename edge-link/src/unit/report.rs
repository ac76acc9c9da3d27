//! What a unit says about itself: its report, and statements that it signs.

use super::Unit;
use super::error::UnitError;
use super::exchange::exchange;
use fleet_messages::{MAX_STATEMENT_BYTES, Nonce, SignedStatement, UnitReport};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::path::Path;
use std::time::Duration;

/// The longest report, in bytes.
const MAX_REPORT_BYTES: usize = 1 << 20;
/// A unit that does not answer within this is stuck.
const PATIENCE: Duration = Duration::from_secs(5);
/// For an answer that the unit signs.
const PATIENCE_FOR_SIGNATURE: Duration = Duration::from_secs(10);

impl Unit {
    /// What the unit reports now.
    ///
    /// # Errors
    /// [`UnitError`]
    pub async fn report(&self) -> Result<UnitReport, UnitError> {
        parse(&self.status, &exchange(&self.status, b"status\n", MAX_REPORT_BYTES, PATIENCE).await?)
    }

    /// A statement of the unit with this nonce: the payload of a message, as the unit sent it. The link cannot check the
    /// signature, because it does not know which units the receiver trusts.
    ///
    /// # Errors
    /// [`UnitError`]
    pub async fn signed_statement(&self, nonce: &Nonce) -> Result<Vec<u8>, UnitError> {
        let request = format!("signed-status {nonce}\n");
        let line = exchange(&self.status, request.as_bytes(), MAX_STATEMENT_BYTES, PATIENCE_FOR_SIGNATURE).await?;
        refusal(&self.status, &line)?;
        SignedStatement::parse(&line).map_err(|error| UnitError::unreadable(&self.status, error))?;
        Ok(line)
    }
}

/// Reads an answer after its `schema`.
pub(crate) fn parse<T: DeserializeOwned>(socket: &Path, line: &[u8]) -> Result<T, UnitError> {
    refusal(socket, line)?;
    serde_json::from_slice(line).map_err(|error| UnitError::unreadable(socket, error))
}

/// The error in an answer, if there is one, or another schema than 1.
fn refusal(socket: &Path, line: &[u8]) -> Result<(), UnitError> {
    #[derive(Deserialize)]
    struct Format {
        schema: u32,
        #[serde(default)]
        error: Option<String>,
    }
    let format = serde_json::from_slice(line).map_err(|error| UnitError::unreadable(socket, error))?;
    match format {
        Format { schema: 1, error: None } => Ok(()),
        Format { schema: 1, error: Some(why) } => Err(UnitError::refused(socket, &why)),
        Format { schema, .. } => Err(UnitError::unreadable(socket, format!("it has schema {schema}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::scripted::ScriptedUnit;

    #[tokio::test(start_paused = true)]
    async fn reports_and_statements_are_read_and_anything_else_is_an_error() {
        let statement = r#"{"schema":1,"statement":"{}","signature":"00"}"#;
        let long = "x".repeat(2 << 20);
        let nested = format!("{{\"schema\":1,\"drill\":{}", "[".repeat(100_000));
        for (answer, expected) in [
            (Some(r#"{"schema":1,"door":"locked","audit":{"sequence":7},"later":1}"#), "locked"),
            (Some(r#"{"schema":2,"door":"locked"}"#), "schema 2"),
            (Some(r#"{"schema":1,"error":"the requests are"}"#), "answers: the requests are"),
            (Some(r#"{"door":"locked"}"#), "cannot be read"),
            (Some("\u{0}\u{1b}"), "cannot be read"),
            (Some(""), "cannot be read"),
            (Some(&nested), "cannot be read"),
            (Some(&long), "more than 1048576 bytes"),
            (None, "gave no answer for 5 s"),
        ] {
            let unit = ScriptedUnit::new();
            unit.answer_status("status\n", answer);
            let found = match unit.client().report().await {
                Ok(report) => report.door,
                Err(error) => error.to_string(),
            };
            assert!(found.contains(expected), "{found}");
        }
        let nonce: Nonce = "ab".parse().unwrap();
        for (answer, expected) in [
            (Some(statement), statement),
            (Some(r#"{"schema":1,"error":"no key"}"#), "answers: no key"),
            (Some(r#"{"schema":1}"#), "cannot be read"),
            (Some(&long), "more than 262144 bytes"),
            (None, "gave no answer for 10 s"),
        ] {
            let unit = ScriptedUnit::new();
            unit.answer_status("signed-status ab\n", answer);
            let found = match unit.client().signed_statement(&nonce).await {
                Ok(payload) => String::from_utf8(payload).unwrap(),
                Err(error) => error.to_string(),
            };
            assert!(found.contains(expected), "{found}");
        }
    }

    #[tokio::test]
    async fn a_missing_unit_is_told() {
        let nowhere = Path::new("/nowhere/status.sock");
        let refused = Unit::at(nowhere, nowhere, nowhere).report().await.unwrap_err().to_string();
        assert!(refused.contains("no unit answers on /nowhere/status.sock"), "{refused}");
    }
}
