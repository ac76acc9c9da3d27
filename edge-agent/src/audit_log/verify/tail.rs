//! The records behind the last signature. A log that is being written always has some; a forger who cannot sign can write
//! no others. What the unit would have signed at once, or long ago, is not the unit's.

use crate::audit_log::upkeep::{SIGNED_EVERY, SIGNED_WITHIN_MS};
use policy::audit::{BootId, Event, Record};

/// The unit looks at what is due between two records: not to the record, and not to the second.
const MOST_RECORDS: u64 = 2 * SIGNED_EVERY;
const LONGEST_MS: u64 = 2 * SIGNED_WITHIN_MS;

/// What nobody has signed.
#[derive(Debug, Clone, Default)]
pub(super) struct Tail {
    first: Option<u64>,
    records: u64,
    grants: u64,
    /// When its first record was written, or its first since the unit was started last.
    since: Option<(BootId, i64)>,
    /// Since the unit was started, which it signs before anybody is let in.
    started: Option<u64>,
    /// The first record that would not be there without a signature before it.
    overdue: Option<String>,
}

impl Tail {
    /// The next record; `None` if it is of a later version of the program.
    pub(super) fn add(&mut self, sequence: u64, record: Option<&Record>) {
        self.first.get_or_insert(sequence);
        self.records += 1;
        let Some(Record { utc_ms, boot, event, .. }) = record else { return };
        if matches!(event, Event::Started { .. }) {
            self.started.get_or_insert(sequence);
            self.since = None;
        }
        let is_grant = matches!(event, Event::Granted { .. });
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
            self.overdue = Some(format!("at record {sequence} it was older than {minutes} minutes"));
        }
    }

    /// Its first record.
    pub(super) fn first(&self) -> Option<u64> {
        self.first
    }

    pub(super) fn records(&self) -> u64 {
        self.records
    }

    /// How many records let somebody in.
    pub(super) fn grants(&self) -> u64 {
        self.grants
    }

    /// Whether that record is signed.
    pub(super) fn begins_after(&self, sequence: u64) -> bool {
        self.first.is_none_or(|first| sequence < first)
    }

    /// Why it cannot be what the unit wrote, if that is so.
    pub(super) fn what_the_unit_would_have_signed(&self) -> Option<String> {
        let first = self.first?;
        let overdue = self.overdue.clone();
        let why = overdue.or_else(|| (self.records > MOST_RECORDS).then(|| format!("they are {}", self.records)))?;
        Some(format!(
            "the records from {first} on are not signed, and the unit would have signed them by then ({why}): somebody else \
             wrote them, or the unit could not sign"
        ))
    }
}
