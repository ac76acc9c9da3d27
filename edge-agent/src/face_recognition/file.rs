//! Whether somebody switched face recognition off, kept in a file so that a restart does not switch it on.
//!
//! It fails closed: a file that cannot be read or understood switches face recognition off.

use anyhow::Context;
use files::{Folder, Storage, folder_of, name_of};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;

/// The file.
pub struct FaceRecognitionFile {
    storage: Box<dyn Storage>,
    name: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    schema: u32,
    off: bool,
}

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kept {
    /// It is on.
    On,
    /// It was switched off, and not on again.
    Off,
    /// The file cannot be used, for this reason.
    Damaged(String),
}

impl FaceRecognitionFile {
    /// The file `name` in this storage.
    pub fn new(storage: Box<dyn Storage>, name: &str) -> Self {
        Self { storage, name: name.to_owned() }
    }

    /// The file at this path.
    ///
    /// # Errors
    /// If the path does not end in a file name.
    pub fn at(path: &Path) -> anyhow::Result<Self> {
        let name = name_of(path).context("[door] memory")?;
        Ok(Self::new(Box::new(Folder::at(folder_of(path))), name))
    }

    pub(super) fn read(&mut self) -> Kept {
        match self.storage.read(&self.name) {
            Ok(None) => Kept::On,
            Ok(Some(text)) => parse(&text),
            Err(error) => Kept::Damaged(format!("{} cannot be read: {error}", self.name)),
        }
    }

    /// Replaces the content of the file.
    ///
    /// # Errors
    /// If it cannot be written; the file then has the old or the new content.
    pub(super) fn save(&mut self, is_off: bool) -> io::Result<()> {
        let text = serde_json::to_vec(&Content { schema: 1, off: is_off }).map_err(io::Error::other)?;
        self.storage.replace(&self.name, &text)
    }
}

/// Parses the content of the file.
pub(super) fn parse(text: &[u8]) -> Kept {
    match serde_json::from_slice(text) {
        Ok(Content { schema: 1, off: false }) => Kept::On,
        Ok(Content { schema: 1, off: true }) => Kept::Off,
        Ok(Content { schema, .. }) => Kept::Damaged(format!("has an unknown version ({schema})")),
        Err(error) => Kept::Damaged(format!("is damaged: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use files::power_cut::{Loss, PowerCut};

    #[test]
    fn damage_is_off() {
        for text in ["", "{}", "\0", "null", r#"{"schema":2,"off":false}"#, r#"{"schema":1,"off":false,"x":1}"#] {
            assert!(matches!(parse(text.as_bytes()), Kept::Damaged(_)), "{text:?}");
        }
    }

    /// After a power cut at any operation, the file has either the old or the new content.
    #[test]
    fn the_power_is_cut_at_every_operation() {
        for (before, after) in [(false, true), (true, false)] {
            let kept = |is_off| if is_off { Kept::Off } else { Kept::On };
            let mut cuts = 0;
            for operation in 0.. {
                let disk = PowerCut::default();
                FaceRecognitionFile::new(Box::new(disk.clone()), "f").save(before).unwrap();
                disk.cut_at(operation, false);
                let mut file = FaceRecognitionFile::new(Box::new(disk.clone()), "f");
                let saved = file.save(after);
                if !disk.is_off() {
                    assert_eq!(file.read(), kept(after));
                    break;
                }
                cuts += 1;
                for loss in Loss::kinds(disk.last_append()) {
                    let found = FaceRecognitionFile::new(Box::new(disk.after(loss)), "f").read();
                    let is_whole = found == kept(after) || saved.is_err() && found == kept(before);
                    assert!(is_whole, "operation {operation}, {loss:?}: {found:?} after {saved:?}");
                }
            }
            assert!(cuts > 3, "{cuts}");
        }
    }
}
