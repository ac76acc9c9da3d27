//! Verifies the integrity of a log: finds the lines that do not follow from the previous one.

use super::chain::Head;
use super::line_hash::LineHash;
use super::record::{LineProblem, Link};

/// A line that fails verification.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
#[non_exhaustive]
pub struct ChainError {
    /// Number of the line, from 1.
    pub line: usize,
    /// The problem.
    pub problem: LineProblem,
}

/// The result for a log without a fault; its last line may be torn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "the last line may be torn, and only a head kept elsewhere shows that the log is whole"]
#[non_exhaustive]
pub struct Summary {
    /// Number of whole lines, including faulty ones.
    pub lines: usize,
    /// The number of the first readable record.
    pub first: Option<u64>,
    /// The predecessor according to the first record: number and hash. `None` if lines before it cannot be read.
    pub follows: Option<Head>,
    /// The last whole line, or else the head that the lines should follow, if it is known.
    pub head: Option<Head>,
    /// The incomplete line after the last line feed: the power failed while it was written, before any door was
    /// unlocked.
    pub torn: Option<TornLine>,
}

/// An incomplete line at the end of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TornLine {
    /// Number of the line, from 1.
    pub line: usize,
    /// Number of its bytes.
    pub bytes: usize,
}

/// Checks a whole log from its first record on.
///
/// # Errors
/// The first line that was changed or damaged, or that follows removed, inserted or reordered lines.
pub fn verify(log: &[u8]) -> Result<Summary, ChainError> {
    let mut verifier = Verifier::after(Head::BEGINNING);
    log.split_inclusive(|&byte| byte == b'\n').try_for_each(|line| verifier.line(line))?;
    Ok(verifier.finish())
}

/// Checks a log line by line, and continues after a fault.
#[derive(Debug, Clone)]
pub struct Verifier {
    summary: Summary,
    /// Number of unreadable lines after the head. Each replaces a record or was inserted.
    unreadable: u64,
}

impl Verifier {
    /// Checks lines that follow a head: the head of the previous file, or [`Head::BEGINNING`].
    pub const fn after(head: Head) -> Self {
        Self::new(Some(head))
    }

    /// Checks lines whose predecessors are unknown because older files are gone.
    pub const fn from_anywhere() -> Self {
        Self::new(None)
    }

    const fn new(head: Option<Head>) -> Self {
        Self { summary: Summary { lines: 0, first: None, follows: None, head, torn: None }, unreadable: 0 }
    }

    /// Checks the next line, given with its line feed; the last line may lack it.
    ///
    /// # Errors
    /// If it does not follow from the previous line, or that line is torn. The next line is then checked against this
    /// one, if it can be read, so that one change is reported as one fault.
    pub fn line(&mut self, line: &[u8]) -> Result<(), ChainError> {
        let torn = self.summary.torn.take();
        self.unreadable += u64::from(torn.is_some());
        let number = self.summary.lines + 1;
        let Some(line) = line.strip_suffix(b"\n") else {
            self.summary.torn = Some(TornLine { line: number, bytes: line.len() });
            return torn.map_or(Ok(()), |torn| Err(Self::not_the_last(torn)));
        };
        self.summary.lines = number;
        let followed = self.follow(line).map_err(|problem| ChainError { line: number, problem });
        torn.map_or(followed, |torn| Err(Self::not_the_last(torn)))
    }

    fn not_the_last(torn: TornLine) -> ChainError {
        ChainError { line: torn.line, problem: LineProblem::Unreadable { why: "its line feed is missing".into() } }
    }

    fn follow(&mut self, line: &[u8]) -> Result<(), LineProblem> {
        let link = Link::read(line).inspect_err(|_| self.unreadable += 1)?;
        let head = Head { sequence: link.sequence, hash: LineHash::from_line(line) };
        let named = Head { sequence: link.sequence.saturating_sub(1), hash: link.previous };
        let unreadable = core::mem::take(&mut self.unreadable);
        let before = self.summary.head.replace(head);
        if self.summary.first.is_none() {
            self.summary.first = Some(head.sequence);
            self.summary.follows = (unreadable == 0).then_some(named);
        }
        before.map_or(Ok(()), |before| follows(before, unreadable, &link))
    }

    /// The last readable line, like [`Summary::head`].
    pub const fn head(&self) -> Option<Head> {
        self.summary.head
    }

    /// The result.
    pub fn finish(self) -> Summary {
        self.summary
    }
}

/// Whether a line follows a head, with this many unreadable lines between them.
fn follows(before: Head, unreadable: u64, link: &Link) -> Result<(), LineProblem> {
    let Link { sequence, previous } = *link;
    let next = before.sequence.checked_add(1);
    if unreadable > 0 && next.and_then(|next| next.checked_add(unreadable)) == Some(sequence) {
        return Ok(());
    }
    if next != Some(sequence) {
        return Err(LineProblem::Sequence { expected: before.sequence.saturating_add(1), found: sequence });
    }
    if previous != before.hash {
        return Err(LineProblem::Previous { expected: before.hash, found: previous });
    }
    Ok(())
}
