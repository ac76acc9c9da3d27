//! The policy's memory, saved in a file so that a restart does not lose it.
//!
//! The file is rewritten on each change, which is rare: a failed attempt, a person whose arrival opens a schedule, a use
//! of a visitor pass, and with anti-passback each grant. If it cannot be written, the unit continues and reports that a
//! restart may forget, but lets in nobody with a pass whose uses are counted.

use crate::part_reports::PartReports;
use anyhow::Context;
use files::{Folder, Storage, folder_of, name_of};
use policy::Memory;
use policy::audit::Part;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The memory file.
pub struct MemoryFile {
    storage: Box<dyn Storage>,
    name: String,
    writing: PartReports,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    schema: u32,
    memory: Memory,
}

impl MemoryFile {
    /// The file `name` in this storage.
    pub fn new(storage: Box<dyn Storage>, name: &str) -> Self {
        Self { storage, name: name.to_owned(), writing: PartReports::new(Part::Memory) }
    }

    /// The file at this path.
    ///
    /// # Errors
    /// If the path does not end in a file name.
    pub fn at(path: &Path) -> anyhow::Result<Self> {
        let name = name_of(path).context("[door] memory")?;
        Ok(Self::new(Box::new(Folder::at(folder_of(path))), name))
    }

    /// Reads the memory. If the file cannot be read, logs an error and starts empty: then passes whose uses were counted
    /// are refused.
    pub fn read(&mut self) -> Memory {
        let Self { storage, name, .. } = self;
        let text = match storage.read(name) {
            Ok(None) => return Memory::default(),
            Ok(Some(text)) => text,
            Err(error) => {
                tracing::error!("{name} cannot be read: {error}; earlier failed attempts are forgotten");
                return lost();
            }
        };
        parse(&text).unwrap_or_else(|why| {
            tracing::error!("{name} {why}; earlier failed attempts are forgotten");
            lost()
        })
    }

    /// Replaces the content of the file. Returns whether the new content is on the disk.
    pub fn save(&mut self, memory: &Memory) -> bool {
        let content = Content { schema: 1, memory: memory.clone() };
        let kept = serde_json::to_vec(&content)
            .map_err(std::io::Error::other)
            .and_then(|text| self.storage.replace(&self.name, &text));
        let (name, is_kept) = (&self.name, kept.is_ok());
        match kept {
            Ok(()) => self.writing.still_works(&format_args!("{name} can be written again")),
            Err(error) => {
                let message = format_args!("{name} cannot be written: {error}; a restart may forget failed attempts");
                self.writing.failed("disk", None, &message)
            }
        };
        is_kept
    }

    /// The reports on writing the file, to be recorded.
    pub(crate) fn part(&self) -> PartReports {
        self.writing.clone()
    }
}

/// What is left if the file cannot be read.
fn lost() -> Memory {
    Memory { pass_uses_lost_utc_ms: Some(i64::MAX), ..Memory::default() }
}

/// Parses the content of a memory file.
///
/// # Errors
/// Why the file cannot be used.
pub(crate) fn parse(text: &[u8]) -> Result<Memory, String> {
    match serde_json::from_slice(text) {
        Ok(Content { schema: 1, memory }) => Ok(memory),
        Ok(Content { schema, .. }) => Err(format!("has an unknown version ({schema})")),
        Err(error) => Err(format!("is damaged: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use files::power_cut::{Loss, PowerCut};
    use policy::{Direction, Kind, Opened, PassUses, Passage, RememberedFailures};
    use shared::gallery::PersonId;
    use shared::pass::PassId;

    fn failed(kind: Kind, failures: u32) -> RememberedFailures {
        RememberedFailures { kind, failures, unmatched: 3, cards: vec![7], database: 9 }
    }

    #[test]
    fn a_file_of_an_earlier_version_is_read() {
        let text = r#"{"schema":1,"memory":{"failures":[{"kind":"face","failures":4}],"openings":[],"passages":
            [{"person":"01010101010101010101010101010101","direction":"in","utc_ms":5}]}}"#;
        let mut files = files::Memory::default();
        files.append("memory.json", text.as_bytes()).unwrap();
        let memory = MemoryFile::new(Box::new(files), "memory.json").read();
        assert_eq!((memory.failures[0].failures, memory.passages[0].clock_was_right), (4, false));
        assert_eq!((memory.passes.len(), memory.pass_uses_lost_utc_ms), (0, None));
    }

    fn memory(failures: u32) -> Memory {
        let ada = PersonId([1; 16]);
        Memory {
            failures: vec![failed(Kind::Face, failures), failed(Kind::CardOf(ada), 1)],
            openings: vec![Opened {
                schedule: "cleaning".to_owned(),
                utc_ms: 1_800_000_000_000,
                utc_offset_s: Some(3600),
            }],
            passages: vec![Passage {
                person: ada,
                direction: Direction::In,
                utc_ms: 1_800_000_000_000,
                clock_was_right: true,
            }],
            passes: vec![PassUses { pass: PassId([5; 6]), uses: failures as u8, until_utc_ms: 1_800_000_000_000 }],
            pass_uses_lost_utc_ms: Some(1_700_000_000_000),
        }
    }

    #[test]
    fn what_is_saved_is_read() {
        let files = files::Memory::default();
        let mut file = MemoryFile::new(Box::new(files.clone()), "memory.json");
        assert_eq!(file.read(), Memory::default());
        assert!(file.save(&memory(3)));
        assert_eq!(MemoryFile::new(Box::new(files), "memory.json").read(), memory(3));
    }

    #[test]
    fn damage_is_not_fatal() {
        for text in
            ["", "{}", "{\"schema\":2,\"memory\":{\"failures\":[],\"openings\":[],\"passages\":[]}}", "[1]", "\0"]
        {
            let mut files = files::Memory::default();
            files.append("memory.json", text.as_bytes()).unwrap();
            assert_eq!(MemoryFile::new(Box::new(files), "memory.json").read(), lost(), "{text:?}");
        }
    }

    /// After a power cut at any operation, the file has either the old or the new content; the new one, if the unit was
    /// told that it is saved. So no use of a pass is lost after the door has opened for it.
    #[test]
    fn the_power_is_cut_at_every_operation() {
        let mut cuts = 0;
        for operation in 0.. {
            let disk = PowerCut::default();
            assert!(MemoryFile::new(Box::new(disk.clone()), "m").save(&memory(1)));
            disk.cut_at(operation, false);
            let mut file = MemoryFile::new(Box::new(disk.clone()), "m");
            let is_saved = file.save(&memory(2));
            if !disk.is_off() {
                assert_eq!(file.read(), memory(2));
                break;
            }
            cuts += 1;
            for loss in Loss::kinds(disk.last_append()) {
                let found = MemoryFile::new(Box::new(disk.after(loss)), "m").read();
                assert!(found == memory(1) || found == memory(2), "operation {operation}, {loss:?}: {found:?}");
                assert!(!is_saved || found == memory(2), "operation {operation}, {loss:?}");
            }
        }
        assert!(cuts > 3, "{cuts}");
    }
}
