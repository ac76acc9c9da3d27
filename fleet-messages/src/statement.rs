//! A unit's report with its signature, for somebody who does not trust the way in between.
//!
//! The unit signs the text of the statement with the key of its audit log (Ed25519, RFC 8032), after a label that no other
//! signature by that key begins with. The text contains the nonce of the question, so that an old statement cannot be
//! sent again, and the head of the log, so that a log that was rewritten or cut off later is found.

use super::{MAX_NONCE_BYTES, MessageError, Nonce, SCHEMA, UnitReport, read};
use data_encoding::HEXLOWER;
use ed25519_dalek::{Signature, VerifyingKey};
use policy::audit::LineHash;
use serde::{Deserialize, Serialize};

/// The largest statement with its signature, in bytes.
pub const MAX_STATEMENT_BYTES: usize = 256 << 10;

/// What a signature of a statement is about.
const LABEL: &[u8] = b"edge-agent statement 1\n";

const _: () = assert!(MAX_NONCE_BYTES < MAX_STATEMENT_BYTES);

/// The text of a statement, and the unit's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedStatement {
    schema: u32,
    statement: String,
    signature: String,
}

/// What a unit states.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Statement {
    /// The unit's id.
    pub unit: String,
    /// The nonce of the question.
    pub nonce: Nonce,
    /// When it was made, milliseconds since 1970, UTC, by the unit's clock.
    pub utc_ms: i64,
    /// The hash of the last record's line; its number is in the report. Zeros before the first record.
    pub log_hash: LineHash,
    /// The report.
    pub report: UnitReport,
}

/// Why a statement cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StatementError {
    /// It cannot be read.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// It was changed, or another unit made it.
    #[error("its signature is not by this unit: it was changed, or another unit made it")]
    Signature,
}

impl SignedStatement {
    /// Signs a statement's text. `sign` makes an Ed25519 signature with the unit's key.
    pub fn new(statement: String, sign: impl FnOnce(&[u8]) -> [u8; 64]) -> Self {
        let signature = HEXLOWER.encode(&sign(&labelled(&statement)));
        Self { schema: SCHEMA, statement, signature }
    }

    /// Reads a payload. Nothing in it can be used before its signature is checked.
    ///
    /// # Errors
    /// [`MessageError`]
    pub fn parse(payload: &[u8]) -> Result<Self, MessageError> {
        read(payload, MAX_STATEMENT_BYTES)
    }

    /// What the owner of this key states.
    ///
    /// # Errors
    /// [`StatementError`]
    pub fn verify(&self, key: &VerifyingKey) -> Result<Statement, StatementError> {
        let bytes = HEXLOWER.decode(self.signature.as_bytes()).map_err(|_| StatementError::Signature)?;
        let signature = Signature::from_slice(&bytes).map_err(|_| StatementError::Signature)?;
        key.verify_strict(&labelled(&self.statement), &signature).map_err(|_| StatementError::Signature)?;
        Ok(read(self.statement.as_bytes(), MAX_STATEMENT_BYTES)?)
    }
}

fn labelled(statement: &str) -> Vec<u8> {
    [LABEL, statement.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer, SigningKey};

    fn text() -> String {
        let zeros = "0".repeat(64);
        format!(
            r#"{{"schema":1,"unit":"5f0c-8a71-0000-1111-2222","nonce":"ab","utc_ms":5,"log_hash":"{zeros}","report":{{"schema":1,"door":"locked","later":7}}}}"#
        )
    }

    #[test]
    fn a_statement_is_only_read_with_the_units_signature() {
        let (unit, other) = (SigningKey::from_bytes(&[1; 32]), SigningKey::from_bytes(&[2; 32]));
        let signed = SignedStatement::new(text(), |bytes| unit.sign(bytes).to_bytes());
        let read = SignedStatement::parse(&serde_json::to_vec(&signed).unwrap()).unwrap();
        let statement = read.verify(&unit.verifying_key()).unwrap();
        assert_eq!((statement.nonce.as_str(), statement.report.door.as_str()), ("ab", "locked"));
        assert!(matches!(read.verify(&other.verifying_key()), Err(StatementError::Signature)));
        let changed = SignedStatement { statement: text().replace("locked", "opened"), ..read.clone() };
        assert!(matches!(changed.verify(&unit.verifying_key()), Err(StatementError::Signature)));
        let unlabelled = SignedStatement::new(text(), |bytes| unit.sign(&bytes[LABEL.len()..]).to_bytes());
        assert!(matches!(unlabelled.verify(&unit.verifying_key()), Err(StatementError::Signature)));
        let unsigned = SignedStatement { signature: String::new(), ..read };
        assert!(matches!(unsigned.verify(&unit.verifying_key()), Err(StatementError::Signature)));
    }
}
