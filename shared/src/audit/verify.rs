//! Whether a log is the one that was written: finds the first line that does not follow from the one before it.

use super::chain::Head;
use super::record::{LineHash, LineProblem, Link};

/// The first line that is not right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
#[non_exhaustive]
pub struct ChainError {
    /// Which line of those that were shown, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: LineProblem,
}

/// A log without a fault, except that its last line may be torn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "the last line may be torn, and only a head kept elsewhere shows that the log is whole"]
#[non_exhaustive]
pub struct Summary {
    /// How many whole lines it has.
    pub lines: usize,
    /// The number of its first record.
    pub first: Option<u64>,
    /// What its first record names as the one before: its number and its hash.
    pub follows: Option<Head>,
    /// The last whole line; without one, the head that the lines were to follow, if it is known.
    pub head: Option<Head>,
    /// What follows the last line feed: the power went while it was written. No door moved for it.
    pub torn: Option<TornLine>,
}

/// The beginning of a line, at the end of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TornLine {
    /// Which line it is, counted from 1.
    pub line: usize,
    /// How many bytes of it are there.
    pub bytes: usize,
}

/// Checks a whole log from its first record on.
///
/// # Errors
/// The first line that was changed or damaged, or before which lines were removed, inserted or exchanged.
pub fn verify(log: &[u8]) -> Result<Summary, ChainError> {
    let mut verifier = Verifier::after(Head::BEGINNING);
    log.split_inclusive(|&byte| byte == b'\n').try_for_each(|line| verifier.line(line))?;
    Ok(verifier.finish())
}

/// Checks a log line by line.
#[derive(Debug, Clone)]
pub struct Verifier {
    summary: Summary,
}

impl Verifier {
    /// For the lines that follow a head: that of the file before, or [`Head::BEGINNING`].
    pub const fn after(head: Head) -> Self {
        Self { summary: Summary { lines: 0, first: None, follows: None, head: Some(head), torn: None } }
    }

    /// For lines of which nobody knows what was before: older files are gone.
    pub const fn from_anywhere() -> Self {
        Self { summary: Summary { lines: 0, first: None, follows: None, head: None, torn: None } }
    }

    /// Checks the next line, shown with its line feed; the last may lack it.
    ///
    /// # Errors
    /// When it does not follow from the line before. What comes after a fault, or after a torn line, is not checked.
    pub fn line(&mut self, line: &[u8]) -> Result<(), ChainError> {
        let number = self.summary.lines + 1;
        if let Some(torn) = self.summary.torn {
            let problem = LineProblem::Unreadable { why: "its line feed is missing".into() };
            return Err(ChainError { line: torn.line, problem });
        }
        let Some(line) = line.strip_suffix(b"\n") else {
            self.summary.torn = Some(TornLine { line: number, bytes: line.len() });
            return Ok(());
        };
        let (head, before) = follow(self.summary.head, line).map_err(|problem| ChainError { line: number, problem })?;
        self.summary.lines = number;
        self.summary.first = self.summary.first.or(Some(head.sequence));
        self.summary.follows = self.summary.follows.or(Some(before));
        self.summary.head = Some(head);
        Ok(())
    }

    /// The last line that was right; as [`Summary::head`].
    pub const fn head(&self) -> Option<Head> {
        self.summary.head
    }

    /// What was found.
    pub fn finish(self) -> Summary {
        self.summary
    }
}

/// The head at a line, and the one that the line names as that before it.
fn follow(before: Option<Head>, line: &[u8]) -> Result<(Head, Head), LineProblem> {
    let Link { sequence, previous } = Link::read(line)?;
    if let Some(before) = before {
        if before.sequence.checked_add(1) != Some(sequence) {
            return Err(LineProblem::Sequence { expected: before.sequence.saturating_add(1), found: sequence });
        }
        if previous != before.hash {
            return Err(LineProblem::Previous { expected: before.hash, found: previous });
        }
    }
    let named = Head { sequence: sequence.saturating_sub(1), hash: previous };
    Ok((Head { sequence, hash: LineHash::of(line) }, named))
}
