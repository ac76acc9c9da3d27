//! Where a file of the log ends, without reading all of it.

use files::Storage;
use policy::audit::{Head, LineProblem, MAX_LINE_BYTES};
use std::io;

/// Room for a last line, the one before, and one that is torn.
const TAIL_BYTES: usize = 3 * MAX_LINE_BYTES;

/// The end of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    /// The last whole line; `None` if there is none.
    pub(super) head: Option<Head>,
    /// Bytes of whole lines.
    pub(super) whole: u64,
    /// Bytes behind them: the power went while they were written.
    pub(super) torn: u64,
}

impl End {
    pub(super) const NOTHING: Self = Self { head: None, whole: 0, torn: 0 };

    /// Reads the end of a file; of none, that it is empty.
    pub(super) fn find(storage: &mut dyn Storage, file: &str) -> io::Result<Result<Self, LineProblem>> {
        let Some(length) = storage.length(file)? else { return Ok(Ok(Self::NOTHING)) };
        let start = length.saturating_sub(TAIL_BYTES as u64);
        let tail = storage.read_from(file, start, TAIL_BYTES)?;
        Ok(Self::in_tail(&tail, start))
    }

    /// `start`: where the tail begins in the file.
    fn in_tail(tail: &[u8], start: u64) -> Result<Self, LineProblem> {
        let mut whole = after_last_feed(tail);
        // A disk may have written a line's end and not its middle. Zeros are in no line that was written.
        if whole > 0 && last_line(tail, whole).contains(&0) {
            whole = after_last_feed(&tail[..whole - 1]);
        }
        let torn = (tail.len() - whole) as u64;
        if whole == 0 {
            let head = None;
            return if start == 0 { Ok(Self { head, whole: 0, torn }) } else { Err(no_line()) };
        }
        if torn > MAX_LINE_BYTES as u64 {
            return Err(no_line());
        }
        let head = Head::at(last_line(tail, whole))?;
        Ok(Self { head: Some(head), whole: start + whole as u64, torn })
    }
}

fn after_last_feed(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1)
}

/// The line before this place, which follows a line feed, without it.
fn last_line(tail: &[u8], whole: usize) -> &[u8] {
    let lines = &tail[..whole - 1];
    &lines[after_last_feed(lines)..]
}

fn no_line() -> LineProblem {
    LineProblem::Unreadable { why: format!("there is no end of a line within {MAX_LINE_BYTES} bytes") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::audit::{BootId, Chain, Event};

    #[test]
    fn ends() {
        let line = Chain::new().next_line(0, BootId([0; 16]), Event::Stopped).unwrap().text().to_owned();
        let (one, length) = (line.as_bytes(), line.len() as u64);
        let mut holed = one.to_vec();
        holed[50] = 0;
        let filler = vec![b'x'; TAIL_BYTES];
        for (what, tail, start, expected) in [
            ("nothing", vec![], 0, Some((0, 0))),
            ("a line", one.to_vec(), 0, Some((length, 0))),
            ("half a line", one[..9].to_vec(), 0, Some((0, 9))),
            ("a line and a half", [one, &one[..9]].concat(), 0, Some((length, 9))),
            ("a line with a hole", [one, &holed].concat(), 0, Some((length, length))),
            ("only a line with a hole", holed.clone(), 0, Some((0, length))),
            ("far into the file", [b"x\n", one].concat(), 100, Some((102 + length, 0))),
            ("no line at all", filler.clone(), 100, None),
            ("more than half a line", [one, &filler].concat(), 0, None),
            ("something else", b"dear diary\n".to_vec(), 0, None),
        ] {
            let found = End::in_tail(&tail, start).ok().map(|end| (end.whole, end.torn));
            assert_eq!(found, expected, "{what}");
        }
    }
}
