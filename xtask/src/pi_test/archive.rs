//! The archive that the kernel unpacks into memory at boot: cpio in the "newc" format (Linux, `buffer-format.rst`).

use anyhow::{Context, Result};
use cpio::NewcBuilder;
use std::collections::BTreeSet;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

const FOLDER: u32 = 0o040_755;
const PROGRAM: u32 = 0o100_755;

/// The files of the initial file system.
#[derive(Default)]
pub(super) struct Archive {
    entries: Vec<(NewcBuilder, Cursor<Vec<u8>>)>,
    folders: BTreeSet<PathBuf>,
}

impl Archive {
    /// Adds a file and its parent folders.
    pub(super) fn put(&mut self, path: &str, content: &[u8]) {
        self.put_folder_of(path);
        self.entry(path, PROGRAM, content);
    }

    /// Adds a copy of a file.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(super) fn copy(&mut self, file: &Path, path: &str) -> Result<()> {
        let content = fs::read(file).with_context(|| format!("{}: cannot be read", file.display()))?;
        self.put(path, &content);
        Ok(())
    }

    /// Adds an empty folder.
    pub(super) fn put_folder(&mut self, path: &str) {
        self.put_folder_of(&format!("{path}/x"));
    }

    /// Writes the archive.
    ///
    /// # Errors
    /// If the archive cannot be written.
    pub(super) fn finish(self) -> Result<Vec<u8>> {
        cpio::write_cpio(self.entries.into_iter(), Vec::new()).context("cannot write the cpio archive")
    }

    fn put_folder_of(&mut self, path: &str) {
        let above: Vec<&Path> = Path::new(path).ancestors().skip(1).filter(|above| *above != Path::new("")).collect();
        for folder in above.into_iter().rev() {
            if self.folders.insert(folder.to_owned()) {
                self.entry(&folder.to_string_lossy(), FOLDER, &[]);
            }
        }
    }

    fn entry(&mut self, name: &str, mode: u32, content: &[u8]) {
        self.entries.push((NewcBuilder::new(name).mode(mode), Cursor::new(content.to_vec())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cpio::NewcReader;
    use std::io::Read;

    /// Each entry: its name, mode and content.
    fn entries(mut rest: &[u8]) -> Vec<(String, u32, Vec<u8>)> {
        let mut entries = Vec::new();
        loop {
            let mut reader = NewcReader::new(rest).unwrap();
            if reader.entry().is_trailer() {
                return entries;
            }
            let mut content = Vec::new();
            reader.read_to_end(&mut content).unwrap();
            entries.push((reader.entry().name().to_owned(), reader.entry().mode(), content));
            rest = reader.finish().unwrap();
        }
    }

    #[test]
    fn folders_come_before_what_is_in_them_and_once() {
        let mut archive = Archive::default();
        archive.put("etc/a", b"12345");
        archive.put("etc/b", b"");
        archive.put_folder("var/log");
        let bytes = archive.finish().unwrap();
        assert!(bytes.len().is_multiple_of(4));
        let expected = [
            ("etc", FOLDER, &b""[..]),
            ("etc/a", PROGRAM, b"12345"),
            ("etc/b", PROGRAM, b""),
            ("var", FOLDER, b""),
            ("var/log", FOLDER, b""),
        ];
        assert_eq!(entries(&bytes), expected.map(|(name, mode, content)| (name.to_owned(), mode, content.to_vec())));
    }
}
