//! `audit verify`: checks that the log is unchanged.

use super::args::Verify;
use crate::audit_log::read::open;
use crate::audit_log::verify::{Against, Fault, Findings, verify};
use crate::audit_log::{PublicKey, SignedHead};
use anyhow::{Context, ensure};
use serde::Serialize;
use terminal::{Answer, ShowPath, counted, print, print_json};

#[derive(Serialize)]
struct Verified<'a> {
    whole: bool,
    /// The first of `faults`.
    fault: Option<&'a Fault>,
    #[serde(flatten)]
    found: &'a Findings,
}

/// Checks a log. Returns yes if it is whole.
///
/// # Errors
/// If the log, the head or the key cannot be read, or the head is not signed by the key.
pub(super) fn run(arguments: &Verify) -> anyhow::Result<Answer> {
    let log = arguments.place.log()?;
    let key = arguments.key.as_deref().map(PublicKey::read).transpose()?;
    let head = arguments.head.as_deref().map(SignedHead::read).transpose()?;
    if let (Some(key), Some(head), Some(path)) = (&key, &head, &arguments.head) {
        ensure!(head.is_by(key), "{} is not signed by the given key and proves nothing", path.shown());
    }
    let against = Against { key: key.as_ref(), head: head.as_ref() };
    let found = verify(open(&log)?, against, |_| Ok(())).with_context(|| format!("cannot read {}", log.shown()))?;
    let whole = found.faults.is_empty() && found.missed.is_none();
    if arguments.json {
        print_json(&Verified { whole, fault: found.fault(), found: &found })?;
    } else {
        print(&in_words(&found))?;
    }
    Ok(Answer::yes_if(whole))
}

pub(super) fn in_words(found: &Findings) -> String {
    let mut lines = vec![match (found.fault(), found.first, found.last) {
        (Some(fault), ..) => format!("NOT WHOLE: {}", fault_in_words(fault)),
        (None, Some(first), Some(last)) if found.missed.is_some() => {
            format!("NOT WHOLE: records {first} to {} follow from each other, but others are missing", last.sequence)
        }
        (None, Some(first), Some(last)) => match found.unsigned_from.filter(|_| found.signatures_checked) {
            Some(from) => {
                format!("whole from record {first} on as far as it is signed; UNSIGNED from record {from} on")
            }
            None => format!("whole: records {first} to {}, each follows from the previous one", last.sequence),
        },
        (None, ..) => "whole: no records".to_owned(),
    }];
    lines.extend(found.faults.iter().skip(1).map(|fault| format!("           {}", fault_in_words(fault))));
    let unlisted = found.faults_found.saturating_sub(found.faults.len() as u64);
    if unlisted > 0 {
        lines.push(format!("           and {}", counted(unlisted, "more fault")));
    }
    lines.push(format!("files          {}", found.files));
    if let Some(through) = found.pruned_through {
        lines.push(format!("removed        records up to {through}, as recorded"));
    }
    if let Some(bytes) = found.torn_bytes {
        lines.push(format!(
            "last line      {}, incomplete: it is being written, or the power failed while it was",
            counted(bytes, "byte")
        ));
    }
    if let Some(missed) = found.missed {
        lines.push(format!(
            "missing        record {missed}, which was signed; the unit did not find it when it started"
        ));
    }
    let through = found.signed_through.map_or("none".to_owned(), |through| format!("up to record {through}"));
    lines.push(match found.signatures_checked {
        true => format!("signed         {through}, by the given key"),
        false => format!("signed         {through}; the signer was not checked (--key)"),
    });
    if let Some(from) = found.unsigned_from {
        let records = counted(found.unsigned_records, "record");
        let grants = counted(found.unsigned_grants, "grant");
        lines.push(format!(
            "unsigned       from record {from} on: {records}, with {grants}; anybody who can write the file may have added \
             them"
        ));
    }
    lines.push(match found.head_sequence {
        Some(sequence) if found.faults.is_empty() => format!("head           record {sequence} is unchanged"),
        Some(sequence) => format!("head           of record {sequence}"),
        None => "head           none given (--head): a truncated log is not detected".to_owned(),
    });
    lines.join("\n")
}

fn fault_in_words(Fault { place, problem }: &Fault) -> String {
    place.as_ref().map_or(problem.clone(), |place| format!("{place}: {problem}"))
}
