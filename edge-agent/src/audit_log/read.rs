//! Reads a log, also while a unit writes it. All files are opened before the first is read, so that rotation and
//! removal cannot hide a file.

use super::log_files::{Segment, segments_among};
use anyhow::{Context, ensure};
use files::{Directory, folder_of, name_of};
use policy::audit::{MAX_LINE_BYTES, Record};
use serde::Serialize;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;
use terminal::ShowPath;

/// Maximum number of attempts to list and open the files without a rotation in between.
const ATTEMPTS: usize = 10;

/// An open file of a log.
pub(crate) struct OpenFile<R = File> {
    pub(crate) name: String,
    /// Sequence number of its first record, from the file name; `None` for the current file.
    pub(crate) first: Option<u64>,
    pub(crate) content: R,
}

/// The position of a line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Place {
    pub(crate) file: String,
    /// Counted from 1.
    pub(crate) line: usize,
    /// Byte offset of the line, counted from 0.
    pub(crate) byte: u64,
}

/// A line, including its line feed if it has one.
pub(crate) struct Line {
    pub(crate) place: Place,
    pub(crate) bytes: Vec<u8>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, byte } = self;
        write!(f, "{file}, line {line} (byte {byte})")
    }
}

impl Line {
    /// The record, if the line is whole and this version knows its event.
    pub(crate) fn record(&self) -> Option<Record> {
        Record::parse(self.bytes.strip_suffix(b"\n")?).ok()
    }
}

/// The folder of a log and the log's file name in it.
pub(crate) fn folder_and_name(path: &Path) -> anyhow::Result<(&Path, &str)> {
    Ok((folder_of(path), name_of(path).with_context(|| path.shown().to_string())?))
}

/// Opens all files of a log, oldest first.
///
/// # Errors
/// If there are no files, or they cannot be opened.
pub(crate) fn open(path: &Path) -> anyhow::Result<Vec<OpenFile>> {
    let (folder, name) = folder_and_name(path)?;
    let list = || segments_in(folder, name).with_context(|| format!("cannot read {}", folder.shown()));
    for _ in 0..ATTEMPTS {
        let segments = list()?;
        let mut files = Vec::new();
        for Segment { name, first } in &segments {
            files.extend(open_one(folder, name, Some(*first))?);
        }
        files.extend(open_one(folder, name, None)?);
        // Missing files were removed in the meantime. A new file was still the current one when it should have been
        // opened.
        if list()?.last() == segments.last() {
            ensure!(!files.is_empty(), "there is no audit log {}", path.shown());
            return Ok(files);
        }
    }
    anyhow::bail!("{} is rotated too often while it is being read", path.shown())
}

pub(crate) fn segments_in(folder: &Path, log: &str) -> io::Result<Vec<Segment>> {
    let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().into_string().unwrap_or_default()));
    Ok(segments_among(log, names.collect::<io::Result<Vec<String>>>()?))
}

fn open_one(folder: &Path, name: &str, first: Option<u64>) -> anyhow::Result<Option<OpenFile>> {
    let file = match Directory::open(folder).and_then(|folder| folder.file(name)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.with_context(|| format!("cannot read {}", folder.join(name).shown()))?,
    };
    Ok(Some(OpenFile { name: name.to_owned(), first, content: file }))
}

/// Time of the last readable record by the unit's clock, in milliseconds since 1970; `None` if there is none.
pub(crate) fn last_recorded_utc_ms(path: &Path) -> Option<i64> {
    let last = |file: OpenFile| last_record(file.content).ok().flatten();
    open(path).ok()?.into_iter().rev().find_map(last).map(|record| record.utc_ms)
}

fn last_record(mut file: File) -> io::Result<Option<Record>> {
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(3 * MAX_LINE_BYTES as u64)))?;
    let mut tail = Vec::new();
    file.take(3 * MAX_LINE_BYTES as u64).read_to_end(&mut tail)?;
    Ok(tail.split(|&byte| byte == b'\n').rev().find_map(|line| Record::parse(line).ok()))
}

/// The lines of one file. A line longer than any record is split into pieces, none of which parses as a record.
pub(crate) fn lines<R: Read>(file: OpenFile<R>) -> impl Iterator<Item = io::Result<Line>> {
    let OpenFile { name, content, .. } = file;
    let mut content = BufReader::new(content);
    let (mut line, mut byte) = (0, 0);
    std::iter::from_fn(move || {
        let mut bytes = Vec::new();
        let read = content.by_ref().take(MAX_LINE_BYTES as u64).read_until(b'\n', &mut bytes);
        match read {
            Ok(0) => None,
            Ok(length) => {
                line += 1;
                let place = Place { file: name.clone(), line, byte };
                byte += length as u64;
                Some(Ok(Line { place, bytes }))
            }
            Err(error) => Some(Err(error)),
        }
    })
}

/// The lines of all files of a log, oldest first.
///
/// # Errors
/// See [`open`].
pub(crate) fn lines_of(path: &Path) -> anyhow::Result<impl Iterator<Item = io::Result<Line>>> {
    Ok(open(path)?.into_iter().flat_map(lines))
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::audit::{BootId, Chain, Event};

    #[test]
    fn the_time_of_the_last_record_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        assert_eq!(last_recorded_utc_ms(&path), None);
        let mut chain = Chain::new();
        let mut line = |utc_ms| {
            let line = chain.next_line(utc_ms, BootId([0; 16]), Event::Stopped).unwrap();
            let text = line.text().to_owned();
            line.commit();
            text
        };
        let (older, newer) = ((0..50).map(&mut line).collect::<String>(), line(99));
        fs::write(folder.path().join("log.0000000001"), older).unwrap();
        fs::write(&path, "").unwrap();
        assert_eq!(last_recorded_utc_ms(&path), Some(49), "the current file is still empty");
        fs::write(&path, format!("{newer}{}", &newer[..40])).unwrap();
        assert_eq!(last_recorded_utc_ms(&path), Some(99), "the last line is torn");
    }
}
