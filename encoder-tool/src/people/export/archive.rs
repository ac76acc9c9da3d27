//! The files of an archive, each under a name of its own.

use anyhow::Context;
use std::collections::BTreeSet;

/// A tar archive that only its owner can unpack into readable files.
#[derive(Default)]
pub(super) struct Archive {
    files: Vec<(String, Vec<u8>)>,
    /// In lower case: some computers do not tell `A.jpg` from `a.jpg`.
    names: BTreeSet<String>,
}

impl Archive {
    /// Adds a file. If the name is taken, `photos/a.jpg` becomes `photos/a-2.jpg`.
    pub(super) fn add(&mut self, name: &str, content: Vec<u8>) {
        let mut free = name.to_owned();
        let mut number = 1;
        while !self.names.insert(free.to_lowercase()) {
            number += 1;
            free = numbered(name, number);
        }
        self.files.push((free, content));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The bytes of the archive, which begins with this file.
    ///
    /// # Errors
    /// If a name is impossible in an archive.
    pub(super) fn with_first(&self, name: &str, content: &[u8]) -> anyhow::Result<Vec<u8>> {
        let mut archive = tar::Builder::new(Vec::new());
        let others = self.files.iter().map(|(name, content)| (name.as_str(), content.as_slice()));
        for (name, content) in std::iter::once((name, content)).chain(others) {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o600);
            archive.append_data(&mut header, name, content).with_context(|| name.to_owned())?;
        }
        Ok(archive.into_inner()?)
    }
}

fn numbered(name: &str, number: usize) -> String {
    let start_of_file = name.rfind('/').map_or(0, |slash| slash + 1);
    match name.rfind('.').filter(|dot| *dot > start_of_file) {
        Some(dot) => format!("{}-{number}{}", &name[..dot], &name[dot..]),
        None => format!("{name}-{number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Regression test: two photos or logs of one name became one file when the archive was unpacked.
    #[test]
    fn no_file_hides_another() {
        let mut archive = Archive::default();
        let names =
            ["log/door.jsonl", "log/Door.jsonl", "log/door.jsonl", "log/door-2.jsonl", "a.b/log", "a.b/log", "a.b/.x"];
        names.into_iter().for_each(|name| archive.add(name, name.as_bytes().to_vec()));
        let bytes = archive.with_first("README.txt", b"read me").unwrap();
        let mut unpacked = tar::Archive::new(bytes.as_slice());
        let paths =
            unpacked.entries().unwrap().map(|entry| entry.unwrap().path().unwrap().to_str().unwrap().to_owned());
        assert_eq!(
            paths.collect::<Vec<_>>(),
            [
                "README.txt",
                "log/door.jsonl",
                "log/Door-2.jsonl",
                "log/door-3.jsonl",
                "log/door-2-2.jsonl",
                "a.b/log",
                "a.b/log-2",
                "a.b/.x"
            ]
        );
    }
}
