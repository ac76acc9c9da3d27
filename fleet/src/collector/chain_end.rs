//! The end of a collected chain: which line may follow, and how far the unit has signed it.
//!
//! A unit signs its log from time to time: a record contains its signature over the head before it, and so over everything
//! up to there. What comes after is believed for its hashes alone, which anybody can make. So that much, and no more, can
//! be forged by somebody between unit and collector; `unit_log` replaces it when the unit has signed something else.

use ed25519_dalek::{Signature, VerifyingKey};
use policy::audit::{Event, Head, HeadSignature, LineProblem, Record, Verifier};

/// The most records after the last signature. A unit signs after 256 records at the latest; the rest is a margin, as in
/// `edge-agent audit verify`.
pub(crate) const MOST_UNSIGNED: u32 = 512;

/// Where a chain begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// With the first record of the log.
    Beginning,
    /// With this record, because those before it are gone.
    At(u64),
}

/// The end of a chain in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChainEnd {
    /// Its length in bytes.
    pub(crate) bytes: u64,
    /// The last record; `None` before the first.
    pub(crate) head: Option<Head>,
    /// The last record that a signature of the unit covers.
    pub(crate) signed: Option<SignedEnd>,
    /// Number of records after that one.
    pub(crate) unsigned: u32,
}

/// A place in a chain up to which the unit has signed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SignedEnd {
    pub(crate) head: Head,
    /// The length of the chain up to there, in bytes.
    pub(crate) bytes: u64,
}

/// Why a line is not the next one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unfit {
    /// The chain has a record of this number already.
    #[error("record {0} is known")]
    Old(u64),
    /// Records before it are missing.
    #[error("record {found} instead of record {expected}")]
    Later { expected: u64, found: u64 },
    /// It does not belong to this chain.
    #[error("record {sequence} does not follow the collected record before it")]
    Strange { sequence: u64 },
    /// It is not a record.
    #[error("{0}")]
    Damaged(LineProblem),
    /// It contains a signature that the unit has not made.
    #[error("the signature in record {sequence} is not by the unit's log-key")]
    Signature { sequence: u64 },
    /// The unit would have signed by now.
    #[error("none of the {MOST_UNSIGNED} records before record {sequence} is signed, but a unit signs more often")]
    Unsigned { sequence: u64 },
}

/// What a line adds to a chain.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Followed {
    pub(crate) end: ChainEnd,
    /// `None` if the event is of a later version.
    pub(crate) record: Option<Record>,
}

impl ChainEnd {
    /// A chain without records.
    pub(crate) const EMPTY: Self = Self { bytes: 0, head: None, signed: None, unsigned: 0 };

    /// The chain up to where the unit has signed it.
    pub(crate) fn signed_part(&self) -> Self {
        match self.signed {
            Some(SignedEnd { head, bytes }) => Self { bytes, head: Some(head), signed: self.signed, unsigned: 0 },
            None => Self::EMPTY,
        }
    }

    /// The number of the record that comes next.
    pub(crate) fn next(&self, origin: Origin) -> u64 {
        match (self.head, origin) {
            (Some(head), _) => head.sequence.saturating_add(1),
            (None, Origin::Beginning) => 1,
            (None, Origin::At(first)) => first,
        }
    }

    /// The chain with one more line, given with its line feed.
    ///
    /// # Errors
    /// [`Unfit`]
    pub(crate) fn with(&self, line: &[u8], origin: Origin, key: &VerifyingKey) -> Result<Followed, Unfit> {
        let expected = self.next(origin);
        let mut verifier = match (self.head, origin) {
            (Some(head), _) => Verifier::after(head),
            (None, Origin::Beginning) => Verifier::after(Head::BEGINNING),
            (None, Origin::At(_)) => Verifier::from_anywhere(),
        };
        verifier.line(line).map_err(|fault| self.unfit(fault.problem, line, expected))?;
        let whole = line.strip_suffix(b"\n");
        let (Some(head), Some(whole)) = (verifier.head(), whole) else {
            return Err(Unfit::Damaged(LineProblem::Unreadable { why: "its line feed is missing".to_owned() }));
        };
        match head.sequence {
            found if found < expected => return Err(Unfit::Old(found)),
            found if found > expected => return Err(Unfit::Later { expected, found }),
            _ => {}
        }
        let record = Record::parse(whole).ok();
        let mut end = Self { bytes: self.bytes + line.len() as u64, head: Some(head), ..*self };
        match &record {
            Some(Record { event: Event::HeadSigned { signature }, .. }) => {
                let named = record.as_ref().map(|record| Head { sequence: head.sequence - 1, hash: record.previous });
                if !named.is_some_and(|before| has_signed(key, &before, signature)) {
                    return Err(Unfit::Signature { sequence: head.sequence });
                }
                end.signed = self.head.map(|head| SignedEnd { head, bytes: self.bytes });
                // Of the signature's own record, only the signature is certain.
                end.unsigned = 1;
            }
            _ if self.unsigned >= MOST_UNSIGNED => return Err(Unfit::Unsigned { sequence: head.sequence }),
            _ => end.unsigned += 1,
        }
        Ok(Followed { end, record })
    }

    fn unfit(&self, problem: LineProblem, line: &[u8], expected: u64) -> Unfit {
        match problem {
            LineProblem::Sequence { found, .. } if found != 0 && found < expected => {
                let is_other = self.head.is_some_and(|head| {
                    head.sequence == found && Head::at(line.strip_suffix(b"\n").unwrap_or(line)) != Ok(head)
                });
                if is_other { Unfit::Strange { sequence: found } } else { Unfit::Old(found) }
            }
            LineProblem::Sequence { found, .. } if found > expected => Unfit::Later { expected, found },
            LineProblem::Previous { .. } => Unfit::Strange { sequence: expected },
            problem => Unfit::Damaged(problem),
        }
    }
}

fn has_signed(key: &VerifyingKey, head: &Head, signature: &HeadSignature) -> bool {
    key.verify_strict(&head.signed_bytes(), &Signature::from_bytes(&signature.0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collector::sample_log::SampleLog;

    fn followed(log: &SampleLog, lines: &[Vec<u8>]) -> Result<ChainEnd, Unfit> {
        let key = log.public();
        lines.iter().try_fold(ChainEnd::EMPTY, |end, line| Ok(end.with(line, Origin::Beginning, &key)?.end))
    }

    #[test]
    fn a_chain_is_followed_and_its_signatures_are_known() {
        let mut log = SampleLog::new(1);
        log.stopped(3);
        log.sign();
        log.stopped(2);
        let end = followed(&log, log.lines()).unwrap();
        let upto = |count: usize| log.lines()[..count].iter().map(|line| line.len() as u64).sum::<u64>();
        assert_eq!((end.bytes, end.head, end.unsigned), (upto(6), Some(log.head_at(6)), 3));
        assert_eq!(end.signed, Some(SignedEnd { head: log.head_at(3), bytes: upto(3) }));
        let signed = end.signed_part();
        assert_eq!((signed.bytes, signed.head, signed.unsigned), (upto(3), Some(log.head_at(3)), 0));
    }

    #[test]
    fn what_does_not_follow_is_told_apart() {
        let mut log = SampleLog::new(1);
        log.stopped(4);
        let end = followed(&log, &log.lines()[..2]).unwrap();
        let mut other = SampleLog::new(2);
        other.started();
        other.stopped(2);
        other.sign();
        let line = |log: &SampleLog, index: usize| log.lines()[index].clone();
        let damaged = [&b"x"[..], &line(&log, 2)].concat();
        for (line, expected) in [
            (line(&log, 0), "record 1 is known"),
            (line(&log, 1), "record 2 is known"),
            (line(&log, 3), "record 4 instead of record 3"),
            (line(&other, 1), "record 2 does not follow"),
            (line(&other, 2), "record 3 does not follow"),
            (damaged, "checksum"),
            (b"\n".to_vec(), "not an audit record"),
            (line(&log, 2)[..9].to_vec(), "line feed is missing"),
        ] {
            let refused = end.with(&line, Origin::Beginning, &log.public()).unwrap_err().to_string();
            assert!(refused.contains(expected), "{expected}: {refused}");
        }
        let of_other = followed(&other, &other.lines()[..3]).unwrap();
        let refused = of_other.with(&line(&other, 3), Origin::Beginning, &log.public()).unwrap_err();
        assert_eq!(refused, Unfit::Signature { sequence: 4 });
    }

    #[test]
    fn a_chain_begins_where_it_is_said_to_begin() {
        let mut log = SampleLog::new(1);
        log.stopped(4);
        let at = |first| ChainEnd::EMPTY.with(&log.lines()[2], Origin::At(first), &log.public());
        assert_eq!(at(3).unwrap().end.head, Some(log.head_at(3)));
        assert_eq!(at(2).unwrap_err(), Unfit::Later { expected: 2, found: 3 });
        assert_eq!(at(4).unwrap_err(), Unfit::Old(3));
        let from_the_beginning = ChainEnd::EMPTY.with(&log.lines()[2], Origin::Beginning, &log.public());
        assert_eq!(from_the_beginning.unwrap_err(), Unfit::Later { expected: 1, found: 3 });
    }

    #[test]
    fn nobody_can_make_an_endless_chain_without_signatures() {
        let mut log = SampleLog::new(1);
        log.stopped(1);
        log.sign();
        log.stopped(MOST_UNSIGNED as usize + 1);
        let refused = followed(&log, log.lines()).unwrap_err();
        assert!(matches!(refused, Unfit::Unsigned { .. }), "{refused}");
        let most = &log.lines()[..log.lines().len() - 2];
        assert_eq!(followed(&log, most).unwrap().unsigned, MOST_UNSIGNED);
    }
}
