//! Whether a log is the one that was written, over all its files: the chain, the signatures in it, what was removed at
//! its beginning, and a head that was kept elsewhere.

use super::key::{PublicKey, SignedHead};
use super::read::{Line, OpenFile, Place, lines};
use serde::Serialize;
use shared::audit::{ChainError, Event, Head, LineHash, Record, Verifier};
use std::collections::BTreeMap;
use std::io::{self, Read};

/// What a log is held against.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Against<'a> {
    /// Who must have signed it.
    pub(crate) key: Option<&'a PublicKey>,
    /// A head that was kept elsewhere.
    pub(crate) head: Option<&'a SignedHead>,
}

/// What is wrong with a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Fault {
    /// Where; `None` if it is about what is not there.
    pub(crate) place: Option<Place>,
    pub(crate) problem: String,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Findings {
    pub(crate) files: usize,
    /// Whole lines without a fault, from the first on.
    pub(crate) records: u64,
    pub(crate) first: Option<u64>,
    /// The last record without a fault.
    pub(crate) last: Option<Head>,
    /// Records up to this one were removed, and that is recorded.
    pub(crate) pruned_through: Option<u64>,
    /// Bytes of a last line that is not whole: it is being written, or the power went. No door moved for it.
    pub(crate) torn_bytes: Option<u64>,
    /// Signatures in the log.
    pub(crate) signatures: u64,
    /// The last record that is signed in the log.
    pub(crate) signed_through: Option<u64>,
    /// Whether the signatures were held against a key.
    pub(crate) signatures_checked: bool,
    /// The record of the head that was given.
    pub(crate) head_sequence: Option<u64>,
    /// A record that the unit had signed and did not find at a later start; it wrote that down itself.
    pub(crate) missed: Option<u64>,
    /// The first fault; what comes after it was not looked at.
    pub(crate) fault: Option<Fault>,
}

struct Verification<'a> {
    against: Against<'a>,
    verifier: Verifier,
    found: Findings,
    /// The last record of each file: files are removed as a whole.
    ends: BTreeMap<u64, LineHash>,
    pruned: Vec<Head>,
    /// Whether the record of the head that was given is there as it was.
    is_head_there: bool,
}

/// Reads all files, oldest first, and shows each record that is right to whoever wants it.
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
    let mut verification =
        Verification { against, verifier, found, ends: BTreeMap::new(), pruned: Vec::new(), is_head_there: false };
    for file in files {
        verification.found.files += 1;
        let first = file.first;
        for line in lines(file) {
            let line = line?;
            if let Err(problem) = verification.line(&line, first) {
                verification.found.fault = Some(Fault { place: Some(line.place), problem });
                return Ok(verification.found);
            }
            if verification.found.torn_bytes.is_none() {
                each(&line)?;
            }
        }
        if let Some(Head { sequence, hash }) = verification.found.last {
            verification.ends.insert(sequence, hash);
        }
    }
    let fault = verification.what_is_missing().map(|problem| Fault { place: None, problem });
    Ok(Findings { fault, ..verification.found })
}

impl Verification<'_> {
    fn line(&mut self, line: &Line, first_of_file: Option<u64>) -> Result<(), String> {
        let before = self.found.last;
        self.verifier.line(&line.bytes).map_err(|ChainError { problem, .. }| problem.to_string())?;
        let Some(whole) = line.bytes.strip_suffix(b"\n") else {
            self.found.torn_bytes = Some(line.bytes.len() as u64);
            return Ok(());
        };
        let Some(head) = self.verifier.head() else { return Ok(()) };
        if let Some(first) = first_of_file.filter(|&first| line.place.line == 1 && first != head.sequence) {
            return Err(format!("the file begins with record {}, its name says {first}", head.sequence));
        }
        // An event of a later program is part of the chain all the same.
        if let Ok(Record { event, previous, .. }) = Record::parse(whole) {
            self.event(event, Head { sequence: head.sequence.saturating_sub(1), hash: previous })?;
        }
        self.hold_against_head(before, head)?;
        self.found.records += 1;
        self.found.first = self.found.first.or(Some(head.sequence));
        self.found.last = Some(head);
        Ok(())
    }

    fn event(&mut self, event: Event, before: Head) -> Result<(), String> {
        match event {
            Event::HeadSigned { signature } => {
                if self.against.key.is_some_and(|key| !key.has_signed(&before, &signature)) {
                    return Err("its signature is not by the key that was given: it was written by another unit, or \
                                by somebody else"
                        .to_owned());
                }
                self.found.signatures += 1;
                self.found.signed_through = Some(before.sequence);
            }
            Event::Pruned { pruned_through, pruned_hash } => {
                self.pruned.push(Head { sequence: pruned_through, hash: pruned_hash });
            }
            Event::TailMissing { signed_sequence, .. } => self.found.missed = Some(signed_sequence),
            _ => {}
        }
        Ok(())
    }

    fn hold_against_head(&mut self, before: Option<Head>, head: Head) -> Result<(), String> {
        let Some(kept) = self.against.head else { return Ok(()) };
        if kept.sequence == head.sequence {
            if kept.hash != head.hash {
                return Err(format!(
                    "this record {} is not the one that the head vouches for: the log was written anew",
                    head.sequence
                ));
            }
            self.is_head_there = true;
        }
        // The head may be that of the last record which was removed.
        let follows = self.verifier.clone().finish().follows;
        if before.is_none() && follows.is_some_and(|follows| follows == kept.head()) {
            self.is_head_there = true;
        }
        Ok(())
    }

    fn what_is_missing(&mut self) -> Option<String> {
        let summary = self.verifier.clone().finish();
        if let Some(follows) = summary.follows
            && follows != Head::BEGINNING
        {
            if !self.pruned.iter().any(|pruned| self.explains(pruned, follows)) {
                return Some(format!(
                    "the records before {} are missing, and no record says that they were removed",
                    follows.sequence.saturating_add(1)
                ));
            }
            self.found.pruned_through = Some(follows.sequence);
        }
        if self.against.key.is_some() && self.found.records > 0 && self.found.signatures == 0 {
            return Some("nothing in it is signed, and a unit signs when it starts: it was written anew".to_owned());
        }
        let kept = self.against.head.filter(|_| !self.is_head_there)?;
        if self.found.first.is_some_and(|first| kept.sequence < first) {
            return Some(format!(
                "record {}, for which the head vouches, was removed as too old: take a newer head",
                kept.sequence
            ));
        }
        Some(format!("the log ends before record {}, for which the head vouches: its end was cut off", kept.sequence))
    }

    /// Whether the record of a removal is that of what is missing before the first record. A removal that was cut short
    /// by a power cut leaves some of its files, and ends with one of them.
    fn explains(&self, pruned: &Head, follows: Head) -> bool {
        *pruned == follows
            || pruned.sequence > follows.sequence && self.ends.get(&pruned.sequence) == Some(&pruned.hash)
    }
}

#[cfg(test)]
mod tests;
