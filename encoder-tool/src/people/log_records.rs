//! The records of exported audit logs. Only the workstation's questions are answered here; `edge-agent audit` reads logs
//! for a unit.

use anyhow::Context;
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use terminal::{ShowPath, counted};

/// The longest line that is read. Records are shorter.
const MAX_LINE_BYTES: u64 = 64 * 1024;

/// Calls `see` with each record of a log. Lines that are no JSON object are skipped, and counted.
///
/// # Errors
/// If the file cannot be read.
pub(super) fn each_record(log: &Path, mut see: impl FnMut(Value)) -> anyhow::Result<u64> {
    let mut lines = BufReader::new(File::open(log).with_context(|| log.shown().to_string())?);
    let mut skipped = 0;
    loop {
        let mut line = Vec::new();
        let read = lines.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line);
        if read.with_context(|| log.shown().to_string())? == 0 {
            return Ok(skipped);
        }
        match serde_json::from_slice::<Value>(&line) {
            Ok(record) if record.is_object() => see(record),
            _ => skipped += 1,
        }
    }
}

/// A warning about skipped lines; `None` if there are none.
pub(super) fn skipped_in_words(skipped: u64) -> Option<String> {
    let what = counted(skipped, "damaged line");
    (skipped > 0).then(|| {
        format!(
            "the logs have {what}, so records may be missing: run `edge-agent audit verify` on the unit, and export its log \
             again"
        )
    })
}
