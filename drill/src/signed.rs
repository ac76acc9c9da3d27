//! A report with the unit's signature.
//!
//! A file is one JSON object: `schema`, `report`, the public `key`, and the `signature` (Ed25519) over
//! [`CONTEXT`], a line feed, and `report` as compact JSON. A key that this version does not know is refused, because the
//! signature would not cover it.

use super::report::DrillReport;
use data_encoding::HEXLOWER;
use ed25519_dalek::{Signature, VerifyingKey};
use serde::{Deserialize, Serialize};

/// What a signature of a drill is about, so that it cannot be taken for another one by the same key.
const CONTEXT: &[u8] = b"edge-agent drill";

/// The format version that is written and read.
const SCHEMA: u32 = 1;

/// A report, the public half of the unit's key, and its signature.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedReport {
    schema: u32,
    report: DrillReport,
    key: String,
    signature: String,
}

/// Why a report cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignedError {
    /// It is not the report of a drill.
    #[error("it is not the report of a drill: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// It has a format of a later version.
    #[error("it has format {found}, but this program reads format {SCHEMA}: use a newer program")]
    Schema {
        /// The format.
        found: u32,
    },
    /// What it says is impossible.
    #[error("its {what}; no unit writes such a report")]
    Impossible {
        /// What is wrong.
        what: &'static str,
    },
    /// It was changed, or signed with another key.
    #[error("its signature is wrong: it was changed, or {key} is not the key that signed it")]
    Signature {
        /// The public key.
        key: String,
    },
}

impl SignedReport {
    /// Signs a report. `sign` makes an Ed25519 signature with the secret half of `key`, 64 hexadecimal digits.
    ///
    /// # Errors
    /// If the report has a number that JSON cannot represent.
    pub fn new(
        report: DrillReport,
        key: String,
        sign: impl FnOnce(&[u8]) -> [u8; 64],
    ) -> Result<Self, serde_json::Error> {
        let signature = HEXLOWER.encode(&sign(&signed_bytes(&report)?));
        Ok(Self { schema: SCHEMA, report, key, signature })
    }

    /// Reads a file and checks the signature. The caller decides whether it trusts the [`key`](Self::key).
    ///
    /// # Errors
    /// [`SignedError`]
    pub fn parse(text: &str) -> Result<Self, SignedError> {
        let Format { schema } = serde_json::from_str(text)?;
        if schema != SCHEMA {
            return Err(SignedError::Schema { found: schema });
        }
        let signed: Self = serde_json::from_str(text)?;
        if !signed.is_genuine()? {
            return Err(SignedError::Signature { key: signed.key });
        }
        signed.report.check().map_err(|what| SignedError::Impossible { what })?;
        Ok(signed)
    }

    /// The report.
    pub fn report(&self) -> &DrillReport {
        &self.report
    }

    /// The public half of the key that signed it, 64 hexadecimal digits.
    pub fn key(&self) -> &str {
        &self.key
    }

    fn is_genuine(&self) -> Result<bool, serde_json::Error> {
        let bytes = |text: &str| HEXLOWER.decode(text.as_bytes()).ok();
        let key = bytes(&self.key).and_then(|key| VerifyingKey::from_bytes(&key.try_into().ok()?).ok());
        let signature = bytes(&self.signature).and_then(|signature| Signature::from_slice(&signature).ok());
        let message = signed_bytes(&self.report)?;
        Ok(key.zip(signature).is_some_and(|(key, signature)| key.verify_strict(&message, &signature).is_ok()))
    }
}

/// The format version alone.
#[derive(Deserialize)]
struct Format {
    schema: u32,
}

fn signed_bytes(report: &DrillReport) -> Result<Vec<u8>, serde_json::Error> {
    Ok([CONTEXT, b"\n", &serde_json::to_vec(report)?].concat())
}

#[cfg(test)]
mod tests {
    use super::super::{Basis, Outcome, Presentations};
    use super::*;
    use ed25519_dalek::{Signer, SigningKey};
    use std::collections::BTreeMap;

    fn report() -> DrillReport {
        let mut people = Presentations::default();
        people.add(&Outcome::LetIn { after_ms: 900 });
        DrillReport {
            began_utc_ms: 1_800_000_000_000,
            ended_utc_ms: 1_800_000_600_000,
            unit_id: None,
            basis: Basis {
                version: "1".into(),
                configuration: "a".into(),
                model: "b".into(),
                pad_network: None,
                threshold: 1.05,
            },
            opens_to: "a face".to_owned(),
            required: vec!["lamp".to_owned()],
            ended_early: false,
            people,
            attacks: BTreeMap::from([("print".to_owned(), Presentations::default())]),
        }
    }

    fn signed() -> String {
        sign(report())
    }

    fn sign(report: DrillReport) -> String {
        let key = SigningKey::from_bytes(&[7; 32]);
        let public = HEXLOWER.encode(key.verifying_key().as_bytes());
        let signed = SignedReport::new(report, public, |bytes| key.sign(bytes).to_bytes()).unwrap();
        serde_json::to_string(&signed).unwrap()
    }

    #[test]
    fn a_signed_report_is_read_back() {
        let signed = SignedReport::parse(&signed()).unwrap();
        assert_eq!(signed.report(), &report());
        assert_eq!(signed.key().len(), 64);
    }

    /// Anybody can sign a report with a key of their own.
    #[test]
    fn what_no_unit_writes_is_refused() {
        type Change = fn(&mut DrillReport);
        let cases: [(Change, &str); 5] = [
            (|report| report.people.let_in = 9, "times to entry"),
            (|report| (report.people.let_in, report.people.entry_ms) = (2, vec![900, 700]), "times to entry"),
            (|report| report.people.detected = u32::MAX, "counts"),
            (|report| report.opens_to = "\u{1b}[2J".to_owned(), "text"),
            (|report| report.required.push("lamp\n".to_owned()), "text"),
        ];
        for (change, expected) in cases {
            let mut changed = report();
            change(&mut changed);
            let error = SignedReport::parse(&sign(changed)).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn every_change_is_found() {
        let text = signed();
        for (was, is, expected) in [
            ("\"let_in\":1", "\"let_in\":9", "signature"),
            ("\"signature\":\"", "\"signature\":\"00", "signature"),
            ("\"key\":\"", "\"key\":\"00", "signature"),
            ("\"schema\":1", "\"schema\":2", "format 2"),
            ("\"let_in\":1", "\"let_in\":1,\"note\":\"all is well\"", "unknown field"),
            ("{\"schema\"", "[\"schema\"", "not the report of a drill"),
        ] {
            assert!(text.contains(was), "{was}");
            let error = SignedReport::parse(&text.replacen(was, is, 1)).unwrap_err().to_string();
            assert!(error.contains(expected), "{was}: {error}");
        }
        for end in 0..text.len() {
            assert!(SignedReport::parse(&text[..end]).is_err());
        }
    }
}
