//! `audit follow`: prints each record as it is written, across log rotation.

use super::args::Follow;
use super::show::{Form, Printer};
use super::words::Detail;
use crate::audit_log::read::{Line, OpenFile, Place, folder_and_name, lines, open, segments_in};
use anyhow::Context;
use signal_hook::consts::{SIGINT, SIGTERM};
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use terminal::{Answer, ShowPath, Verbosity};

const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// Shows the last records and all new ones, until SIGINT or SIGTERM.
///
/// # Errors
/// If the log cannot be read.
pub(super) fn run(arguments: &Follow, verbosity: Verbosity) -> anyhow::Result<Answer> {
    let log = arguments.place.log()?;
    let form = if arguments.json { Form::Json } else { Form::Words(Detail::wanted(verbosity)) };
    let printer = Printer::new(&arguments.filters, &arguments.place, &log, form)?;
    let end = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT] {
        signal_hook::flag::register(signal, Arc::clone(&end)).context("cannot register the signal handlers")?;
    }
    let mut tail = Tail::begin(&log)?;
    let wanted = |line: &Line| line.record().is_some_and(|record| printer.wants(&record));
    let mut last = VecDeque::new();
    for line in tail.new_lines()? {
        if wanted(&line) {
            last.push_back(line);
            if last.len() > arguments.last {
                last.pop_front();
            }
        }
    }
    for line in last {
        printer.show(&line)?;
    }
    while !end.load(Ordering::Relaxed) {
        thread::sleep(LOOK_AGAIN);
        for line in tail.new_lines()? {
            printer.show(&line)?;
        }
    }
    Ok(Answer::Yes)
}

/// The end of a log that grows.
struct Tail {
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
    fn begin(log: &Path) -> anyhow::Result<Self> {
        let followed = |OpenFile { name, content, .. }| Followed { name, file: content, byte: 0, line: 0 };
        Ok(Self { log: log.to_owned(), files: open(log)?.into_iter().map(followed).collect() })
    }

    /// The whole lines that came since the last time.
    fn new_lines(&mut self) -> anyhow::Result<Vec<Line>> {
        // What is new is looked for first: what was written before a file was put aside is then read from the old one.
        let newer = self.newer_files()?;
        self.files.extend(newer);
        let mut found = Vec::new();
        for file in &mut self.files {
            file.read_on(&mut found)?;
        }
        while self.files.len() > 1 {
            self.files.pop_front();
        }
        Ok(found)
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
    fn read_on(&mut self, found: &mut Vec<Line>) -> anyhow::Result<()> {
        self.file.seek(SeekFrom::Start(self.byte))?;
        let rest = OpenFile { name: self.name.clone(), first: None, content: self.file.by_ref() };
        let (byte, line) = (self.byte, self.line);
        for read in lines(rest) {
            let Line { place, bytes } = read?;
            if !bytes.ends_with(b"\n") {
                break;
            }
            self.byte += bytes.len() as u64;
            self.line += 1;
            let place = Place { line: line + place.line, byte: byte + place.byte, ..place };
            found.push(Line { place, bytes });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit_log::{AuditLog, Upkeep};
    use files::Folder;
    use policy::Now;
    use policy::audit::Event;

    #[test]
    fn every_record_is_followed_across_rotated_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let upkeep = Upkeep { file_bytes: 600, all_bytes: 1 << 20, keep_days: 1 };
        let storage = Box::new(Folder::at(folder.path()));
        let mut log = AuditLog::open_in(storage, "log", None, upkeep, &Now::new(0, 0)).unwrap();
        log.append(Event::Stopped, &Now::new(0, 0)).unwrap();
        let mut tail = Tail::begin(&path).unwrap();
        let mut seen = Vec::new();
        // In steps of different sizes: none, one and several files are put aside between two looks.
        for step in [0_u64, 1, 2, 3, 5, 8, 13, 21, 1, 0, 2] {
            for ms in 0..step {
                log.append(Event::Stopped, &Now::new(0, ms)).unwrap();
                log.maintain(&Now::new(0, ms));
            }
            seen.extend(tail.new_lines().unwrap().iter().map(|line| line.record().unwrap().sequence));
        }
        let all: Vec<u64> = (1..=log.head().sequence).collect();
        assert_eq!(seen, all);
        assert!(segments_in(folder.path(), "log").unwrap().len() > 10);
    }
}
