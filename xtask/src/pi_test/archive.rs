//! The archive that the kernel unpacks into memory at boot: cpio in its "newc" form (Linux, `buffer-format.rst`).

use anyhow::{Context, Result};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const FOLDER: u32 = 0o040_755;
const PROGRAM: u32 = 0o100_755;

/// Files that will be there when the machine boots.
#[derive(Default)]
pub(super) struct Archive {
    bytes: Vec<u8>,
    folders: BTreeSet<PathBuf>,
    entries: u32,
}

impl Archive {
    /// Puts a file there, with the folders that it lies in.
    pub(super) fn put(&mut self, path: &str, content: &[u8]) {
        self.put_folder_of(path);
        self.entry(path, PROGRAM, content);
    }

    /// Copies a file there.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) fn copy(&mut self, file: &Path, path: &str) -> Result<()> {
        let content = fs::read(file).with_context(|| format!("{}: cannot be read", file.display()))?;
        self.put(path, &content);
        Ok(())
    }

    /// Makes an empty folder.
    pub(super) fn put_folder(&mut self, path: &str) {
        self.put_folder_of(&format!("{path}/x"));
    }

    /// The whole archive.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.entry("TRAILER!!!", 0, &[]);
        self.bytes
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
        self.entries += 1;
        let links = 1;
        let name_bytes = name.len() + 1;
        let fields = [self.entries, mode, 0, 0, links, 0, content.len() as u32, 0, 0, 0, 0, name_bytes as u32, 0];
        self.bytes.extend(b"070701");
        fields.iter().for_each(|field| self.bytes.extend(format!("{field:08x}").bytes()));
        self.bytes.extend(name.bytes().chain([0]));
        self.align();
        self.bytes.extend(content);
        self.align();
    }

    fn align(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_come_before_what_is_in_them_and_once() {
        let mut archive = Archive::default();
        archive.put("etc/a", b"12345");
        archive.put("etc/b", b"");
        archive.put_folder("var/log");
        let bytes = archive.finish();
        let text = String::from_utf8_lossy(&bytes);
        let at = |name: &str| text.find(name).unwrap();
        assert!(at("etc\0") < at("etc/a\0") && at("etc/a\0") < at("etc/b\0") && at("var\0") < at("var/log\0"));
        assert_eq!(text.matches("etc\0").count(), 1);
        assert!(text.contains("TRAILER!!!") && bytes.len().is_multiple_of(4));
    }
}
