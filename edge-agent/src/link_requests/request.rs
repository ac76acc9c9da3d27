//! Requests of a link, and the replies.

use serde::{Deserialize, Serialize};
use shared::order::{MAX_ORDER_BYTES, Order};
use shared::seal::{Fingerprint, Signer};

/// The longest request in bytes, with its line feed: an order whose every character is written as two.
pub(super) const MAX_BYTES: usize = 2 * MAX_ORDER_BYTES + 64;

/// A request as a link writes it. Nothing else can be expressed: no group that may still enter, and no end.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Request {
    /// Let in nobody.
    LockDown {},
    /// Let in nobody by their face.
    TurnOffFaceRecognition {},
    /// Carry out what a workstation has signed.
    SignedOrder { order: String },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    schema: u32,
    request: Request,
}

/// What the unit is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Let in nobody.
    Lockdown,
    /// Let in nobody by their face.
    FaceRecognitionOff,
    /// An order that a trusted key has signed.
    SignedOrder {
        /// The order.
        order: Order,
        /// The key.
        signed_by: Fingerprint,
    },
}

/// The reply to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct LinkReply {
    /// Why the request was refused; `None` if it was carried out, or was in force already.
    pub(crate) refused: Option<String>,
    /// What holds now, for people.
    pub(crate) outcome: Option<String>,
}

impl Wanted {
    /// Parses a line, with or without its line feed. Only orders by one of these signers are genuine.
    ///
    /// # Errors
    /// Why it is not a request that a link may make, for people.
    pub(super) fn parse(line: &[u8], signers: &[Signer]) -> Result<Self, String> {
        match serde_json::from_slice(line) {
            Ok(Line { schema: 1, request }) => request.checked(signers),
            Ok(Line { schema, .. }) => {
                Err(format!("the request has schema {schema}, but this unit supports only schema 1"))
            }
            Err(error) => Err(format!("not a request that a link may make: {error}")),
        }
    }
}

impl Request {
    fn checked(self, signers: &[Signer]) -> Result<Wanted, String> {
        match self {
            Self::LockDown {} => Ok(Wanted::Lockdown),
            Self::TurnOffFaceRecognition {} => Ok(Wanted::FaceRecognitionOff),
            Self::SignedOrder { .. } if signers.is_empty() => {
                Err("this unit trusts no signer: name one in [database] signers".to_owned())
            }
            Self::SignedOrder { order } => match Order::verify(&order, signers) {
                Ok((order, signer)) => Ok(Wanted::SignedOrder { order, signed_by: signer.fingerprint() }),
                Err(error) => Err(error.to_string()),
            },
        }
    }
}

impl LinkReply {
    pub(crate) fn done(outcome: impl Into<String>) -> Self {
        Self { refused: None, outcome: Some(outcome.into()) }
    }

    pub(crate) fn refused(why: impl Into<String>) -> Self {
        Self { refused: Some(why.into()), outcome: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::gallery::Audience;
    use shared::order::Command;
    use shared::seal::SigningKey;

    fn key(number: u8) -> SigningKey {
        SigningKey::from_random(&[number; 32])
    }

    fn order() -> Order {
        Order::new(5, Audience::AllDoors, 9, Command::LockdownOff).unwrap()
    }

    fn line_with(order: &str) -> String {
        serde_json::json!({"schema": 1, "request": {"signed_order": {"order": order}}}).to_string() + "\n"
    }

    #[test]
    fn a_link_may_keep_people_out_and_pass_on_orders() {
        let signed = line_with(&order().sign(&key(1)));
        assert!(signed.len() <= MAX_BYTES);
        let signed_by = key(1).signer().fingerprint();
        for (line, expected) in [
            (r#"{"schema":1,"request":{"lock_down":{}}}"#, Wanted::Lockdown),
            (r#"{"request":{"turn_off_face_recognition":{}},"schema":1}"#, Wanted::FaceRecognitionOff),
            (signed.as_str(), Wanted::SignedOrder { order: order(), signed_by }),
        ] {
            let signers = [key(2).signer(), key(1).signer()];
            assert_eq!(Wanted::parse(line.as_bytes(), &signers), Ok(expected), "{line}");
        }
    }

    #[test]
    fn the_longest_order_fits() {
        let longest = line_with(&"\"".repeat(MAX_ORDER_BYTES));
        assert!(longest.len() <= MAX_BYTES, "{}", longest.len());
    }

    /// Everything that root may ask for on the control socket, and everything that would let in somebody.
    #[test]
    fn nothing_that_lets_in_more_people_can_be_expressed() {
        let unsigned = line_with(&order().sign(&key(9)));
        let no_order = line_with("lockdown_off");
        for (request, expected) in [
            (r#"{"lock_down":{"admits":"wardens"}}"#, "admits"),
            (r#"{"lock_down":{"admits":null}}"#, "admits"),
            (r#"{"end_lockdown":{}}"#, "end_lockdown"),
            (r#"{"turn_on_face_recognition":{}}"#, "turn_on_face_recognition"),
            (r#"{"turn_off_face_recognition":{"x":1}}"#, "x"),
            (r#"{"test_lock":{}}"#, "test_lock"),
            (r#"{"unlock":{}}"#, "unlock"),
            (r#"{"clear_lockouts":{"of":"all"}}"#, "clear_lockouts"),
            (r#"{"list_lockouts":{}}"#, "list_lockouts"),
            (r#"{"rollback":{"digest":"00"}}"#, "rollback"),
            (r#"{"lock_down":{},"signed_order":{"order":""}}"#, "expected"),
            (r#"{"signed_order":{}}"#, "order"),
            ("[]", "expected"),
            ("null", "expected"),
        ] {
            let line = format!(r#"{{"schema":1,"request":{request}}}"#);
            let refused = Wanted::parse(line.as_bytes(), &[key(1).signer()]).unwrap_err();
            assert!(refused.contains("not a request that a link may make") && refused.contains(expected), "{refused}");
        }
        for (line, expected) in [
            ("", "not a request"),
            ("status\n", "not a request"),
            (r#"{"schema":2,"request":{"lock_down":{}}}"#, "schema 2"),
            (r#"{"request":{"lock_down":{}}}"#, "schema"),
            (r#"{"schema":1,"request":{"lock_down":{}},"x":1}"#, "x"),
            (unsigned.as_str(), "no known key has signed"),
            (no_order.as_str(), "not a signed order"),
        ] {
            let refused = Wanted::parse(line.as_bytes(), &[key(1).signer()]).unwrap_err();
            assert!(refused.contains(expected), "{line}: {refused}");
        }
    }

    #[test]
    fn a_unit_that_trusts_no_signer_carries_out_no_order() {
        let refused = Wanted::parse(line_with(&order().sign(&key(1))).as_bytes(), &[]).unwrap_err();
        assert!(refused.contains("[database] signers"), "{refused}");
        assert_eq!(Wanted::parse(br#"{"schema":1,"request":{"lock_down":{}}}"#, &[]), Ok(Wanted::Lockdown));
    }
}
