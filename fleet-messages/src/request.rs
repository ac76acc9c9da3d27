//! What a workstation asks a link for.

use super::{MAX_SMALL_BYTES, MessageError, SCHEMA, read};
use policy::audit::LineHash;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The longest nonce, in bytes.
pub const MAX_NONCE_BYTES: usize = 64;

/// The record that a collector wants next. The link sends from there on, even what it has sent before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Want {
    schema: u32,
    /// The sequence number of that record.
    pub next: u64,
    /// The hash of the record before, as the collector has it; `None` if it has none.
    pub previous: Option<LineHash>,
}

/// Asks a unit for a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    schema: u32,
    /// Comes back in the statement, which is therefore no older than the question.
    pub nonce: Nonce,
}

/// A text that somebody chose at random: 1 to [`MAX_NONCE_BYTES`] lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Nonce(String);

/// Why a text is not a nonce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a nonce has 1 to {MAX_NONCE_BYTES} lower-case hexadecimal digits")]
pub struct NotANonce;

impl Want {
    /// Wants this record, after one with this hash.
    pub fn new(next: u64, previous: Option<LineHash>) -> Self {
        Self { schema: SCHEMA, next, previous }
    }

    /// Reads a payload.
    ///
    /// # Errors
    /// [`MessageError`]
    pub fn parse(payload: &[u8]) -> Result<Self, MessageError> {
        read(payload, MAX_SMALL_BYTES)
    }
}

impl Ask {
    /// Asks with this nonce.
    pub fn new(nonce: Nonce) -> Self {
        Self { schema: SCHEMA, nonce }
    }

    /// Reads a payload.
    ///
    /// # Errors
    /// [`MessageError`]
    pub fn parse(payload: &[u8]) -> Result<Self, MessageError> {
        read(payload, MAX_SMALL_BYTES)
    }
}

impl Nonce {
    /// A nonce of these random bytes.
    pub fn from_random(bytes: &[u8; 16]) -> Self {
        Self(data_encoding::HEXLOWER.encode(bytes))
    }

    /// Its digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Nonce {
    type Err = NotANonce;

    fn from_str(text: &str) -> Result<Self, NotANonce> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        match (1..=MAX_NONCE_BYTES).contains(&text.len()) && text.bytes().all(is_digit) {
            true => Ok(Self(text.to_owned())),
            false => Err(NotANonce),
        }
    }
}

impl TryFrom<String> for Nonce {
    type Error = NotANonce;

    fn try_from(text: String) -> Result<Self, NotANonce> {
        text.parse()
    }
}

impl From<Nonce> for String {
    fn from(nonce: Nonce) -> Self {
        nonce.0
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for want in [Want::new(1, None), Want::new(u64::MAX, Some(LineHash([7; 32])))] {
            assert_eq!(Want::parse(&serde_json::to_vec(&want).unwrap()).unwrap(), want);
        }
        let ask = Ask::new(Nonce::from_random(&[0xab; 16]));
        assert_eq!(Ask::parse(&serde_json::to_vec(&ask).unwrap()).unwrap(), ask);
    }

    #[test]
    fn anything_else_is_refused_with_a_reason() {
        let long = format!(r#"{{"schema":1,"nonce":"{}"}}"#, "a".repeat(65));
        for (payload, expected) in [
            ("", "EOF"),
            ("{}", "schema"),
            (r#"{"schema":2,"nonce":"ab"}"#, "schema 2"),
            (r#"{"schema":1}"#, "nonce"),
            (r#"{"schema":1,"nonce":""}"#, "hexadecimal"),
            (r#"{"schema":1,"nonce":"AB"}"#, "hexadecimal"),
            (long.as_str(), "hexadecimal"),
            (&" ".repeat(MAX_SMALL_BYTES + 1), "at most 4096"),
        ] {
            let refused = Ask::parse(payload.as_bytes()).unwrap_err().to_string();
            assert!(refused.contains(expected), "{payload}: {refused}");
        }
        assert!(Want::parse(br#"{"schema":1,"next":-1,"previous":null}"#).is_err());
    }
}
