//! Questions to units, and which statements answer them.
//!
//! Only a statement with the nonce of a question of ours is believed to be no older than the question. Anybody on the broker
//! can send an older one again, and a unit also makes statements that nobody has asked for.

use crate::fleet_toml::Unit;
use fleet_messages::{MessageError, Nonce, SignedStatement, Statement, StatementError};
use shared::seal::Fingerprint;
use std::collections::{HashMap, VecDeque};
use std::io;

/// The most questions of a unit that are remembered.
const MOST_OPEN: usize = 4;

/// Questions that wait for their answer.
#[derive(Debug, Default)]
pub struct Questions {
    open: HashMap<Fingerprint, VecDeque<Nonce>>,
}

/// A statement by a unit of the fleet.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// What it states.
    pub statement: Statement,
    /// The same as the unit signed it, as a receipt.
    pub signed: SignedStatement,
    /// Whether it answers a question of ours, so that it is no older than that.
    pub is_fresh: bool,
}

/// Why a statement is not used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unheard {
    /// It cannot be read, or its signature is not by the unit's key.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// It says that it is about another unit.
    #[error("it is signed by this unit's key, but says that it is about {0:?}")]
    OtherUnit(String),
}

impl From<MessageError> for Unheard {
    fn from(error: MessageError) -> Self {
        Self::Statement(error.into())
    }
}

impl Questions {
    /// A question to a unit.
    ///
    /// # Errors
    /// If the system provides no random numbers.
    pub fn ask(&mut self, unit: Fingerprint) -> io::Result<Nonce> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        let nonce = Nonce::from_random(&bytes);
        let open = self.open.entry(unit).or_default();
        open.truncate(MOST_OPEN - 1);
        open.push_front(nonce.clone());
        Ok(nonce)
    }

    /// Reads a statement that came for this unit. It answers a question once.
    ///
    /// # Errors
    /// [`Unheard`]
    pub fn answer(&mut self, unit: &Unit, payload: &[u8]) -> Result<Heard, Unheard> {
        let signed = SignedStatement::parse(payload)?;
        let statement = signed.verify(&unit.log_key)?;
        if statement.unit != unit.id.to_string() {
            return Err(Unheard::OtherUnit(statement.unit));
        }
        let is_fresh = match self.open.get_mut(&unit.id) {
            // The questions before it are answered too.
            Some(open) => match open.iter().position(|nonce| *nonce == statement.nonce) {
                Some(place) => {
                    open.truncate(place);
                    true
                }
                None => false,
            },
            None => false,
        };
        Ok(Heard { statement, signed, is_fresh })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::fleet_toml::tests::{fleet_of, log_key};
    use ed25519_dalek::{Signer, SigningKey};

    /// A statement by the unit whose key has this number.
    pub(crate) fn statement(key: u8, unit: &str, nonce: &str, report: &str) -> Vec<u8> {
        let zeros = "0".repeat(64);
        let text = format!(
            r#"{{"schema":1,"unit":"{unit}","nonce":"{nonce}","utc_ms":5,"log_hash":"{zeros}","report":{report}}}"#
        );
        let key = SigningKey::from_bytes(&[key; 32]);
        serde_json::to_vec(&SignedStatement::new(text, |bytes| key.sign(bytes).to_bytes())).unwrap()
    }

    const ID: &str = "5f0c-8a71-0000-1111-2222";

    #[test]
    fn only_an_answer_to_a_question_is_fresh_and_only_once() {
        let fleet =
            fleet_of(&format!("[[unit]]\nname = \"a\"\nid = \"{ID}\"\nlog-key = \"{}\"\nssh = \"a\"", log_key(1)));
        let unit = &fleet.units()[0];
        let mut questions = Questions::default();
        let asked = [(); 6].map(|()| questions.ask(unit.id).unwrap());
        let mut is_fresh = |nonce: &str| {
            questions
                .answer(unit, &statement(1, ID, nonce, "{}"))
                .map(|heard| heard.is_fresh)
                .map_err(|error| error.to_string())
        };
        assert_eq!(is_fresh("ab"), Ok(false), "nobody has asked");
        assert_eq!(is_fresh(asked[1].as_str()), Ok(false), "too long ago");
        assert_eq!(is_fresh(asked[4].as_str()), Ok(true));
        assert_eq!(is_fresh(asked[4].as_str()), Ok(false), "sent again");
        assert_eq!(is_fresh(asked[3].as_str()), Ok(false), "older than an answer");
        assert_eq!(is_fresh(asked[5].as_str()), Ok(true));
        let mut refused = |payload: &[u8]| questions.answer(unit, payload).unwrap_err().to_string();
        assert!(refused(&statement(2, ID, "ab", "{}")).contains("signature is not by this unit"));
        assert!(refused(&statement(1, "ffff-8a71-0000-1111-2222", "ab", "{}")).contains("about \"ffff"));
        assert!(refused(b"{}").contains("not such a message"));
    }
}
