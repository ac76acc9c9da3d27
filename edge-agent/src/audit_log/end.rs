//! Finds the end of a log file without reading the whole file.

use files::Storage;
use policy::audit::{Head, LineProblem, MAX_LINE_BYTES};
use std::io;

/// Space for the last line, the line before it, and a torn line.
const TAIL_BYTES: usize = 3 * MAX_LINE_BYTES;

/// The end of a log file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    /// The head of the last whole line; `None` if there is none.
    pub(super) head: Option<Head>,
    /// Number of bytes in whole lines.
    pub(super) whole: u64,
    /// Number of bytes after them, from a write that a power cut interrupted.
    pub(super) torn: u64,
}

impl End {
    pub(super) const NOTHING: Self = Self { head: None, whole: 0, torn: 0 };

    /// Reads the end of a file. A missing file counts as empty.
    pub(super) fn find(storage: &mut dyn Storage, file: &str) -> io::Result<Result<Self, LineProblem>> {
        let Some(length) = storage.length(file)? else { return Ok(Ok(Self::NOTHING)) };
        let start = length.saturating_sub(TAIL_BYTES as u64);
        let tail = storage.read_from(file, start, TAIL_BYTES)?;
        Ok(Self::in_tail(&tail, start))
    }

    /// Finds the end in the last bytes of the file, which start at offset `start`.
    fn in_tail(tail: &[u8], start: u64) -> Result<Self, LineProblem> {
        let mut whole = after_last_feed(tail);
        // After a power cut, a line's end may be on the disk and its middle not. A written line never contains zero
        // bytes.
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

/// The last line before `whole`, which is the offset behind a line feed; without the line feed.
fn last_line(tail: &[u8], whole: usize) -> &[u8] {
    let lines = &tail[..whole - 1];
    &lines[after_last_feed(lines)..]
}

fn no_line() -> LineProblem {
    LineProblem::Unreadable { why: format!("there is no line feed within {MAX_LINE_BYTES} bytes") }
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
