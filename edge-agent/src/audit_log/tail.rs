//! Reads a log on while a unit writes it and puts files aside: each record once, in order.

use super::read::{Line, OpenFile, Place, folder_and_name, lines, open, segments_in};
use anyhow::Context;
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use terminal::ShowPath;

/// The rest of a log that grows.
pub(crate) struct Tail {
    log: PathBuf,
    /// The file that is read, oldest first, and those that come after it.
    files: VecDeque<Followed>,
}

struct Followed {
    name: String,
    file: File,
    /// How far it was read: whole lines only.
    byte: u64,
    line: usize,
}

impl Tail {
    /// Begins with the oldest record that is kept.
    ///
    /// # Errors
    /// If there is no log, or it cannot be read.
    pub(crate) fn begin(log: &Path) -> anyhow::Result<Self> {
        Self::begin_before(log, 0)
    }

    /// Begins with the file that has this record, or with the oldest one if that record is gone.
    ///
    /// # Errors
    /// If there is no log, or it cannot be read.
    pub(crate) fn begin_before(log: &Path, sequence: u64) -> anyhow::Result<Self> {
        let mut files = open(log)?;
        let is_over = |next: &OpenFile| next.first.is_some_and(|first| first <= sequence);
        while files.get(1).is_some_and(is_over) {
            files.remove(0);
        }
        let followed = |OpenFile { name, content, .. }| Followed { name, file: content, byte: 0, line: 0 };
        Ok(Self { log: log.to_owned(), files: files.into_iter().map(followed).collect() })
    }

    /// Hands over the whole lines since the last time. A line for which `take` breaks is handed over again next time.
    ///
    /// # Errors
    /// If the log cannot be read, or the error of `take`.
    pub(crate) fn read_on(
        &mut self,
        mut take: impl FnMut(Line) -> anyhow::Result<ControlFlow<()>>,
    ) -> anyhow::Result<()> {
        // What is new is looked for first: what was written before a file was put aside is then read from the old one.
        let newer = self.newer_files()?;
        self.files.extend(newer);
        while let Some(file) = self.files.front_mut() {
            if file.read_on(&mut take)?.is_break() || self.files.len() == 1 {
                break;
            }
            self.files.pop_front();
        }
        Ok(())
    }

    /// The files behind the last one that is known, if it is not the current one any more.
    fn newer_files(&self) -> anyhow::Result<Vec<Followed>> {
        let (folder, name) = folder_and_name(&self.log)?;
        let current = match fs::metadata(&self.log) {
            // Between two names.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            found => found.with_context(|| format!("cannot read {}", self.log.shown()))?,
        };
        let known = match self.files.back() {
            Some(known) => Some(known.file.metadata()?.ino()),
            None => None,
        };
        if known == Some(current.ino()) {
            return Ok(Vec::new());
        }
        let mut newer = Vec::new();
        for segment in segments_in(folder, name)?.into_iter().rev() {
            match File::open(folder.join(&segment.name)) {
                Ok(file) if Some(file.metadata()?.ino()) == known => break,
                Ok(file) => newer.push(Followed { name: segment.name, file, byte: 0, line: 0 }),
                Err(_) => break,
            }
        }
        newer.reverse();
        let file = File::open(&self.log).with_context(|| format!("cannot read {}", self.log.shown()))?;
        if file.metadata()?.ino() == current.ino() {
            newer.push(Followed { name: name.to_owned(), file, byte: 0, line: 0 });
            return Ok(newer);
        }
        // Put aside just now: looked for again next time, all at once.
        Ok(Vec::new())
    }
}

impl Followed {
    fn read_on(
        &mut self,
        take: &mut impl FnMut(Line) -> anyhow::Result<ControlFlow<()>>,
    ) -> anyhow::Result<ControlFlow<()>> {
        self.file.seek(SeekFrom::Start(self.byte))?;
        let rest = OpenFile { name: self.name.clone(), first: None, content: self.file.by_ref() };
        let (byte, line) = (self.byte, self.line);
        for read in lines(rest) {
            let Line { place, bytes } = read?;
            if !bytes.ends_with(b"\n") {
                break;
            }
            let length = bytes.len() as u64;
            let place = Place { line: line + place.line, byte: byte + place.byte, ..place };
            if take(Line { place, bytes })?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            self.byte += length;
            self.line += 1;
        }
        Ok(ControlFlow::Continue(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit_log::{AuditLog, Upkeep};
    use files::Folder;
    use policy::Now;
    use policy::audit::Event;

    fn sequences(tail: &mut Tail, until: u64) -> Vec<u64> {
        let mut seen = Vec::new();
        tail.read_on(|line| {
            let sequence = line.record().unwrap().sequence;
            seen.extend((sequence <= until).then_some(sequence));
            Ok(if sequence <= until { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })
        .unwrap();
        seen
    }

    /// A log whose files have few records, and the path of the log.
    fn log_in(folder: &Path) -> (AuditLog, PathBuf) {
        let upkeep = Upkeep { file_bytes: 600, all_bytes: 1 << 20, keep_days: 1 };
        let storage = Box::new(Folder::at(folder));
        (AuditLog::open_in(storage, "log", None, upkeep, &Now::new(0, 0)).unwrap(), folder.join("log"))
    }

    #[test]
    fn every_record_is_followed_across_rotated_files() {
        let folder = tempfile::tempdir().unwrap();
        let (mut log, path) = log_in(folder.path());
        log.append(Event::Stopped, &Now::new(0, 0)).unwrap();
        let (mut tail, mut held_up) = (Tail::begin(&path).unwrap(), Tail::begin(&path).unwrap());
        let (mut seen, mut seen_later) = (Vec::new(), Vec::new());
        // In steps of different sizes: none, one and several files are put aside between two looks.
        for step in [0_u64, 1, 2, 3, 5, 8, 13, 21, 1, 0, 2] {
            for ms in 0..step {
                log.append(Event::Stopped, &Now::new(0, ms)).unwrap();
                log.maintain(&Now::new(0, ms));
            }
            seen.extend(sequences(&mut tail, u64::MAX));
            seen_later.extend(sequences(&mut held_up, log.head().sequence.saturating_sub(4)));
        }
        seen_later.extend(sequences(&mut held_up, u64::MAX));
        let all: Vec<u64> = (1..=log.head().sequence).collect();
        assert_eq!(seen, all);
        assert_eq!(seen_later, all, "what is not taken comes again");
        assert!(segments_in(folder.path(), "log").unwrap().len() > 10);
    }

    #[test]
    fn a_later_beginning_skips_whole_files_only() {
        let folder = tempfile::tempdir().unwrap();
        let (mut log, path) = log_in(folder.path());
        for ms in 0..50 {
            log.append(Event::Stopped, &Now::new(0, ms)).unwrap();
            log.maintain(&Now::new(0, ms));
        }
        for from in [0, 1, 17, 50, 51] {
            let seen = sequences(&mut Tail::begin_before(&path, from).unwrap(), u64::MAX);
            assert!(seen[0] <= from.max(1) && from < seen[0] + 20, "{from}: {seen:?}");
            assert_eq!(seen, (seen[0]..=50).collect::<Vec<_>>());
        }
    }
}
