//! Verifies a log over all its files: the chain, its signatures, removed records at its beginning, and a head that was
//! kept elsewhere. [`tail`] checks the records that are not signed yet.

mod tail;

use super::key::{PublicKey, SignedHead};
use super::read::{Line, OpenFile, Place, lines};
use policy::audit::{ChainError, Event, Head, LineHash, Record, Verifier};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Read};
use tail::Tail;

/// Maximum number of faults that are listed; further ones are only counted.
const LISTED_FAULTS: usize = 100;

/// The references to verify a log with.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Against<'a> {
    /// The key that must have signed it.
    pub(crate) key: Option<&'a PublicKey>,
    /// A head that was kept elsewhere.
    pub(crate) head: Option<&'a SignedHead>,
}

/// A fault in a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Fault {
    /// The position; `None` if something is missing.
    pub(crate) place: Option<Place>,
    pub(crate) problem: String,
}

/// The result of a verification.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Findings {
    pub(crate) files: usize,
    /// Number of whole lines without a fault.
    pub(crate) records: u64,
    pub(crate) first: Option<u64>,
    /// The last record without a fault.
    pub(crate) last: Option<Head>,
    /// Records up to this one were removed, which is recorded and signed.
    pub(crate) pruned_through: Option<u64>,
    /// Length in bytes of an incomplete last line: it is being written, or a power cut interrupted it. The door did not
    /// move for it.
    pub(crate) torn_bytes: Option<u64>,
    /// Number of signatures in the log, without those of other keys.
    pub(crate) signatures: u64,
    /// The last record covered by a signature in the log.
    pub(crate) signed_through: Option<u64>,
    /// From this record on, neither a signature in the log nor the given head covers the records. Anybody who can write
    /// the file could have written them.
    pub(crate) unsigned_from: Option<u64>,
    /// Number of these records.
    pub(crate) unsigned_records: u64,
    /// Number of grants among them.
    pub(crate) unsigned_grants: u64,
    /// Whether the signatures were checked with a key.
    pub(crate) signatures_checked: bool,
    /// The sequence number of the given head.
    pub(crate) head_sequence: Option<u64>,
    /// A signed record that was missing at a later start, as the unit itself recorded.
    pub(crate) missed: Option<u64>,
    /// The first [`LISTED_FAULTS`] faults in the order of the log. Faults of the log as a whole come last.
    pub(crate) faults: Vec<Fault>,
    /// The total number of faults.
    pub(crate) faults_found: u64,
}

impl Findings {
    /// The first fault.
    pub(crate) fn fault(&self) -> Option<&Fault> {
        self.faults.first()
    }

    fn add(&mut self, place: Option<Place>, problem: String) {
        self.faults_found += 1;
        if self.faults.len() < LISTED_FAULTS {
            self.faults.push(Fault { place, problem });
        }
    }
}

struct Verification<'a> {
    against: Against<'a>,
    verifier: Verifier,
    found: Findings,
    /// The last record of each file, because files are removed as a whole.
    ends: BTreeMap<u64, LineHash>,
    /// Removals, each with the number of the record that reports it.
    pruned: Vec<(Head, u64)>,
    tail: Tail,
    /// Whether the record of the given head is present and unchanged.
    is_head_there: bool,
}

/// Reads all files, oldest first, and calls `each` with each valid line.
///
/// # Errors
/// If a file cannot be read.
pub(crate) fn verify<R: Read>(
    files: impl IntoIterator<Item = OpenFile<R>>,
    against: Against<'_>,
    mut each: impl FnMut(&Line) -> io::Result<()>,
) -> io::Result<Findings> {
    let found = Findings {
        signatures_checked: against.key.is_some(),
        head_sequence: against.head.map(|head| head.sequence),
        ..Findings::default()
    };
    let verifier = Verifier::from_anywhere();
    let mut verification = Verification {
        against,
        verifier,
        found,
        ends: BTreeMap::new(),
        pruned: Vec::new(),
        tail: Tail::default(),
        is_head_there: false,
    };
    for file in files {
        verification.found.files += 1;
        let first = file.first;
        for line in lines(file) {
            let line = line?;
            if let Err(problem) = verification.line(&line, first) {
                verification.found.add(Some(line.place), problem);
                continue;
            }
            if verification.found.torn_bytes.is_none() {
                each(&line)?;
            }
        }
        if let Some(Head { sequence, hash }) = verification.found.last {
            verification.ends.insert(sequence, hash);
        }
    }
    for problem in [verification.removal_fault(), verification.signature_fault(), verification.truncation_fault()] {
        problem.into_iter().for_each(|problem| verification.found.add(None, problem));
    }
    Ok(verification.found)
}

impl Verification<'_> {
    fn line(&mut self, line: &Line, first_of_file: Option<u64>) -> Result<(), String> {
        let before = self.found.last;
        // A torn line that is not the last one is a fault of the next line.
        self.found.torn_bytes = None;
        self.verifier.line(&line.bytes).map_err(|ChainError { problem, .. }| problem.to_string())?;
        let Some(whole) = line.bytes.strip_suffix(b"\n") else {
            self.found.torn_bytes = Some(line.bytes.len() as u64);
            return Ok(());
        };
        let Some(head) = self.verifier.head() else { return Ok(()) };
        if let Some(first) = first_of_file.filter(|&first| line.place.line == 1 && first != head.sequence) {
            return Err(format!("the file begins with record {}, but its name says {first}", head.sequence));
        }
        // An event of a later version is still part of the chain.
        let record = Record::parse(whole).ok();
        self.tail.add(head.sequence, record.as_ref());
        if let Some(Record { event, previous, .. }) = record {
            self.event(event, Head { sequence: head.sequence.saturating_sub(1), hash: previous })?;
        }
        self.compare_with_head(before, head)?;
        self.found.records += 1;
        self.found.first = self.found.first.or(Some(head.sequence));
        self.found.last = Some(head);
        Ok(())
    }

    fn event(&mut self, event: Event, before: Head) -> Result<(), String> {
        match event {
            Event::HeadSigned { signature } => {
                if self.against.key.is_some_and(|key| !key.has_signed(&before, &signature)) {
                    return Err(
                        "its signature is not by the given key: another unit or somebody else wrote it".to_owned()
                    );
                }
                self.found.signatures += 1;
                self.found.signed_through = Some(before.sequence);
                // The record contains only that signature.
                self.tail = Tail::default();
            }
            Event::Pruned { pruned_through, pruned_hash } => {
                self.pruned
                    .push((Head { sequence: pruned_through, hash: pruned_hash }, before.sequence.saturating_add(1)));
            }
            Event::TailMissing { signed_sequence, .. } => self.found.missed = Some(signed_sequence),
            _ => {}
        }
        Ok(())
    }

    fn compare_with_head(&mut self, before: Option<Head>, head: Head) -> Result<(), String> {
        let Some(kept) = self.against.head else { return Ok(()) };
        if kept.sequence == head.sequence {
            if kept.hash != head.hash {
                return Err(format!(
                    "this record {} differs from the one that the head vouches for: the log was rewritten",
                    head.sequence
                ));
            }
            self.is_head_there = true;
            self.tail = Tail::default();
        }
        // The head may be that of the last removed record.
        let follows = self.verifier.clone().finish().follows;
        if before.is_none() && follows.is_some_and(|follows| follows == kept.head()) {
            self.is_head_there = true;
        }
        Ok(())
    }

    fn removal_fault(&mut self) -> Option<String> {
        let follows = self.verifier.clone().finish().follows.filter(|follows| *follows != Head::BEGINNING)?;
        let mut reports = self
            .pruned
            .iter()
            .filter(|(pruned, _)| self.explains(pruned, follows))
            .map(|(_, reported_by)| *reported_by);
        let missing = format!("the records before {} are missing, and", follows.sequence.saturating_add(1));
        let Some(first) = reports.next() else {
            return Some(format!("{missing} no record says that they were removed"));
        };
        if self.tail.begins_after(first) {
            self.found.pruned_through = Some(follows.sequence);
            return None;
        }
        Some(format!(
            "{missing} record {first}, which says that they were removed, is not signed: anybody could have written it"
        ))
    }

    fn signature_fault(&mut self) -> Option<String> {
        self.found.unsigned_from = self.tail.first();
        self.found.unsigned_records = self.tail.records();
        self.found.unsigned_grants = self.tail.grants();
        self.against.key?;
        if self.found.records > 0 && self.found.signatures == 0 && !self.is_head_there {
            return Some("nothing in it is signed, but a unit signs when it starts: the log was rewritten".to_owned());
        }
        self.tail.overdue_fault()
    }

    fn truncation_fault(&self) -> Option<String> {
        let kept = self.against.head.filter(|_| !self.is_head_there)?;
        if self.found.first.is_some_and(|first| kept.sequence < first) {
            return Some(format!(
                "record {}, which the head vouches for, was removed because of its age: take a newer head",
                kept.sequence
            ));
        }
        Some(format!("the log ends before record {}, which the head vouches for: its end was cut off", kept.sequence))
    }

    /// Whether a removal record explains the records missing before the first one. A power cut during a removal leaves
    /// some of its files; then the removal ends at the last record of one of them.
    fn explains(&self, pruned: &Head, follows: Head) -> bool {
        *pruned == follows
            || pruned.sequence > follows.sequence && self.ends.get(&pruned.sequence) == Some(&pruned.hash)
    }
}

#[cfg(test)]
mod tests;
