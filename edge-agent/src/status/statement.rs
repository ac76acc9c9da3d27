//! The report with the unit's signature, for somebody who does not trust the link that passes it on.

use super::report::Report;
use crate::audit_log::LogKey;
use fleet_messages::{Nonce, SignedStatement};
use policy::audit::LineHash;
use serde::Serialize;
use terminal::to_json;

/// What the unit states: [`fleet_messages::Statement`] with the whole report.
#[derive(Debug, Serialize)]
struct Stated<'a> {
    unit: &'a str,
    nonce: &'a Nonce,
    utc_ms: i64,
    log_hash: LineHash,
    report: &'a Report,
}

/// Signs a report. `log_hash` is the hash of the last record that it counts.
///
/// # Errors
/// Why the unit can state nothing, for people.
pub(super) fn signed(
    report: &Report,
    log_hash: LineHash,
    nonce: &Nonce,
    utc_ms: i64,
    key: Option<&LogKey>,
) -> anyhow::Result<SignedStatement> {
    let key = key.ok_or_else(|| anyhow::anyhow!("the unit has no key that signs its log"))?;
    let Some(unit) = report.unit_id.as_deref() else {
        anyhow::bail!("the unit has no id: make its key with `edge-agent keygen`")
    };
    let statement = to_json(&Stated { unit, nonce, utc_ms, log_hash, report })?;
    Ok(SignedStatement::new(statement, |bytes| key.sign_statement(bytes)))
}

#[cfg(test)]
mod tests {
    use super::super::sample_report;
    use super::*;
    use ed25519_dalek::VerifyingKey;
    use fleet_messages::Statement;

    #[test]
    fn what_a_unit_states_is_read_with_its_key_alone() {
        let (key, other) = (LogKey::from_seed(&[1; 32]), LogKey::from_seed(&[2; 32]));
        let nonce = Nonce::from_random(&[5; 16]);
        let report = sample_report();
        let signed = signed(&report, LineHash([7; 32]), &nonce, 99, Some(&key)).unwrap();
        let sent = SignedStatement::parse(&serde_json::to_vec(&signed).unwrap()).unwrap();
        let public = |key: &LogKey| VerifyingKey::from_bytes(&key.public().to_bytes()).unwrap();
        let Statement { unit, nonce: found, utc_ms, log_hash, report: read, .. } = sent.verify(&public(&key)).unwrap();
        assert_eq!((Some(unit), found, utc_ms, log_hash), (report.unit_id, nonce, 99, LineHash([7; 32])));
        // What a link and a workstation use of the report is there under the same keys.
        assert_eq!((read.door, read.clock), (report.door, report.clock));
        assert_eq!((read.database.sequence, read.database.people), (7, 2));
        assert_eq!(read.database.refused.unwrap().reason, "too old");
        assert_eq!((read.audit.sequence, read.audit.signed), (12, 9));
        assert_eq!(read.contacts.unwrap().alarm.as_deref(), Some("held"));
        assert_eq!(read.lockouts[0].kind, "face");
        assert_eq!(read.access.lockdown.unwrap().locked_by, ["switch"]);
        assert_eq!((read.camera.state.as_str(), read.self_test.unwrap().state.as_str()), ("streaming", "passed"));
        assert_eq!((read.decisions[0].decision.as_str(), read.temperatures[0].celsius), ("deny", 51.5));
        assert!(sent.verify(&public(&other)).is_err());
    }

    #[test]
    fn a_unit_without_a_key_or_an_id_says_so() {
        let nonce = Nonce::from_random(&[5; 16]);
        let state = |report: &Report, key| signed(report, LineHash([0; 32]), &nonce, 0, key).unwrap_err().to_string();
        let key = LogKey::from_seed(&[1; 32]);
        assert!(state(&sample_report(), None).contains("no key"));
        let nameless = Report { unit_id: None, ..sample_report() };
        assert!(state(&nameless, Some(&key)).contains("edge-agent keygen"));
    }
}
