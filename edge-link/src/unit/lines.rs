//! Reads lines of a limited length. A caller that stops waiting loses nothing: it can go on later.

use std::io::{self, ErrorKind};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// How much is read at once, in bytes.
const CHUNK: usize = 8 << 10;

/// The lines of a source.
#[derive(Debug)]
pub(super) struct Lines<R> {
    source: BufReader<R>,
    /// The beginning of a line whose end has not arrived.
    begun: Vec<u8>,
    most: usize,
}

/// Why there is no line.
#[derive(Debug)]
pub(super) enum NoLine {
    /// The source has ended.
    Ended,
    /// The line is longer than allowed.
    TooLong,
    /// The source cannot be read.
    Failed(io::Error),
}

impl<R: AsyncRead + Unpin> Lines<R> {
    /// The lines of a source, each of at most `most` bytes with its line feed.
    pub(super) fn of(source: R, most: usize) -> Self {
        Self { source: BufReader::with_capacity(CHUNK, source), begun: Vec::new(), most }
    }

    /// The next line, without its line feed. Loses nothing if it is dropped before it is ready.
    ///
    /// # Errors
    /// [`NoLine`]
    pub(super) async fn next(&mut self) -> Result<Vec<u8>, NoLine> {
        loop {
            let (used, is_complete) = {
                let arrived = match self.source.fill_buf().await {
                    Ok([]) => return Err(NoLine::Ended),
                    Ok(arrived) => arrived,
                    Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                    Err(error) => return Err(NoLine::Failed(error)),
                };
                let end = arrived.iter().position(|byte| *byte == b'\n');
                let line = &arrived[..end.unwrap_or(arrived.len())];
                if self.begun.len() + line.len() >= self.most {
                    return Err(NoLine::TooLong);
                }
                self.begun.extend_from_slice(line);
                (line.len() + usize::from(end.is_some()), end.is_some())
            };
            self.source.consume(used);
            if is_complete {
                return Ok(std::mem::take(&mut self.begun));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt;

    async fn all(bytes: &[u8], most: usize) -> (Vec<Vec<u8>>, NoLine) {
        let mut lines = Lines::of(bytes, most);
        let mut found = Vec::new();
        loop {
            match lines.next().await {
                Ok(line) => found.push(line),
                Err(end) => return (found, end),
            }
        }
    }

    #[tokio::test]
    async fn lines_end_at_line_feeds_and_are_not_longer_than_allowed() {
        let long = [vec![b'x'; 20_000], vec![b'\n']].concat();
        for (bytes, most, expected, is_too_long) in [
            (&b""[..], 10, vec![], false),
            (b"a\n\nbc\n", 10, vec![&b"a"[..], b"", b"bc"], false),
            (b"a\ncut", 10, vec![b"a"], false),
            (b"123\n1234\n", 4, vec![b"123"], true),
            (b"1234", 4, vec![], true),
            (&long, 20_001, vec![&long[..20_000]], false),
            (&long, 20_000, vec![], true),
        ] {
            let (found, end) = all(bytes, most).await;
            assert_eq!(found, expected);
            assert_eq!(matches!(end, NoLine::TooLong), is_too_long, "{end:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_stops_waiting_loses_nothing() {
        let (mut writer, reader) = tokio::io::duplex(64);
        let mut lines = Lines::of(reader, 100);
        writer.write_all(b"one li").await.unwrap();
        let second = std::time::Duration::from_secs(1);
        assert!(tokio::time::timeout(second, lines.next()).await.is_err());
        writer.write_all(b"ne\n").await.unwrap();
        assert_eq!(lines.next().await.unwrap(), b"one line");
    }
}
