//! Checks the records after the last signature. A log in use always has some, and they are all that a forger without
//! the key can add. Records that the unit would have signed by now, by number or age, are forged.

use crate::audit_log::upkeep::{SIGNED_EVERY, SIGNED_WITHIN_MS};
use policy::audit::{BootId, Event, Record};

/// An upper limit, with a margin: the unit signs between two records, so its signatures are not exact to the record or
/// the second.
const MOST_RECORDS: u64 = 2 * SIGNED_EVERY;
const LONGEST_MS: u64 = 2 * SIGNED_WITHIN_MS;

/// The unsigned records.
#[derive(Debug, Clone, Default)]
pub(super) struct Tail {
    first: Option<u64>,
    records: u64,
    grants: u64,
    /// Boot id and time of the first record since the last signature or the last start of the unit.
    since: Option<(BootId, i64)>,
    /// The unit's start, which it signs before it lets anybody in.
    started: Option<u64>,
    /// The first record that the unit would not have written without a signature before it.
    overdue: Option<String>,
}

impl Tail {
    /// Adds the next record; `None` if its event is of a later version.
    pub(super) fn add(&mut self, sequence: u64, record: Option<&Record>) {
        self.first.get_or_insert(sequence);
        self.records += 1;
        let Some(Record { utc_ms, boot, event, .. }) = record else { return };
        if matches!(event, Event::Started { .. }) {
            self.started.get_or_insert(sequence);
            self.since = None;
        }
        let is_grant = matches!(event, Event::Granted { .. } | Event::PassGranted { .. });
        self.grants += u64::from(is_grant);
        let since = match self.since {
            Some((same_boot, since)) if same_boot == *boot => since,
            _ => self.since.insert((*boot, *utc_ms)).1,
        };
        if self.overdue.is_some() {
            return;
        }
        if let Some(started) = self.started.filter(|_| is_grant) {
            self.overdue = Some(format!("record {sequence} lets somebody in after the start in record {started}"));
        } else if utc_ms.abs_diff(since) > LONGEST_MS {
            let minutes = SIGNED_WITHIN_MS / 60_000;
            self.overdue = Some(format!("at record {sequence} the oldest was more than {minutes} minutes old"));
        }
    }

    /// The first unsigned record.
    pub(super) fn first(&self) -> Option<u64> {
        self.first
    }

    pub(super) fn records(&self) -> u64 {
        self.records
    }

    /// Number of grants among the unsigned records.
    pub(super) fn grants(&self) -> u64 {
        self.grants
    }

    /// Whether record `sequence` is covered by a signature.
    pub(super) fn begins_after(&self, sequence: u64) -> bool {
        self.first.is_none_or(|first| sequence < first)
    }

    /// The reason why the unit cannot have written these records; `None` if it can.
    pub(super) fn overdue_fault(&self) -> Option<String> {
        let first = self.first?;
        let overdue = self.overdue.clone();
        let why = overdue.or_else(|| (self.records > MOST_RECORDS).then(|| format!("there are {}", self.records)))?;
        Some(format!(
            "the records from {first} on are not signed, but the unit would have signed them by then ({why}): somebody else \
             wrote them, or the unit could not sign"
        ))
    }
}
