//! The report of a drill.

use crate::Answer;
use data_encoding::HEXLOWER;
use drill::{DrillReport, SignedReport};
use ed25519_dalek::{Signer, SigningKey};
use encoder_tool::fuzz_entry_points::drill_page;
use serde_json::Value;

/// Opens what claims to be a signed report. Whatever `report` it holds is also signed with a key of this target, as by
/// somebody who made the whole file: it is read back as it was signed and shown, or refused. No text of it starts a line
/// or an element of the page.
pub fn drill_report(bytes: &[u8]) -> Answer {
    let Ok(text) = str::from_utf8(bytes) else { return Answer::Refused };
    if let Ok(signed) = SignedReport::parse(text) {
        show(&signed);
        return Answer::Accepted;
    }
    let report = || serde_json::from_value(serde_json::from_str::<Value>(text).ok()?.get("report")?.clone()).ok();
    let Some(report) = report() else { return Answer::Refused };
    match resigned(report) {
        Some(signed) => {
            show(&signed);
            Answer::Accepted
        }
        None => Answer::Refused,
    }
}

fn resigned(report: DrillReport) -> Option<SignedReport> {
    let key = SigningKey::from_bytes(&[7; 32]);
    let public = HEXLOWER.encode(key.verifying_key().as_bytes());
    let signed = SignedReport::new(report.clone(), public, |bytes| key.sign(bytes).to_bytes()).ok()?;
    let read = SignedReport::parse(&serde_json::to_string(&signed).ok()?).ok()?;
    assert_eq!(read.report(), &report, "it is read back as it was signed");
    Some(read)
}

fn show(signed: &SignedReport) {
    let report = signed.report();
    let lines = report.in_words().lines().count();
    let refused = |kind: &drill::Presentations| kind.refused.len();
    let of_kinds: usize = report.attacks.values().map(|kind| 3 + refused(kind)).sum();
    assert_eq!(lines, 5 + refused(&report.people) + of_kinds + usize::from(report.ended_early));
    if let Ok(page) = drill_page(signed) {
        assert!(!page.contains("<script") && !page.contains("<img"), "text of the report is markup");
    }
}
