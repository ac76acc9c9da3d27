//! The lockdown that somebody ordered, kept in a file so that a restart does not end it.
//!
//! It fails closed: a file that cannot be read or understood is a lockdown that admits nobody.

use super::Ordered;
use anyhow::Context;
use files::{Folder, Storage, folder_of, name_of};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;

/// The file.
pub struct LockdownFile {
    storage: Box<dyn Storage>,
    name: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    schema: u32,
    lockdown: Option<Written>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    admits: Option<String>,
}

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kept {
    /// No lockdown was ordered.
    Nothing,
    /// A lockdown was ordered, and not ended.
    Lockdown(Ordered),
    /// It cannot be used, for this reason.
    Damaged(String),
}

impl LockdownFile {
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
            Ok(None) => Kept::Nothing,
            Ok(Some(text)) => parse(&text),
            Err(error) => Kept::Damaged(format!("{} cannot be read: {error}", self.name)),
        }
    }

    /// Replaces the content of the file.
    ///
    /// # Errors
    /// If it cannot be written; the file then has the old or the new content.
    pub(super) fn save(&mut self, ordered: Option<&Ordered>) -> io::Result<()> {
        let lockdown = ordered.map(|Ordered { admits }| Written { admits: admits.clone() });
        let text = serde_json::to_vec(&Content { schema: 1, lockdown }).map_err(io::Error::other)?;
        self.storage.replace(&self.name, &text)
    }
}

/// Parses the content of the file.
pub(super) fn parse(text: &[u8]) -> Kept {
    match serde_json::from_slice(text) {
        Ok(Content { schema: 1, lockdown: None }) => Kept::Nothing,
        Ok(Content { schema: 1, lockdown: Some(Written { admits }) }) => Kept::Lockdown(Ordered { admits }),
        Ok(Content { schema, .. }) => Kept::Damaged(format!("has an unknown version ({schema})")),
        Err(error) => Kept::Damaged(format!("is damaged: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use files::power_cut::{Loss, PowerCut};

    fn ordered(admits: Option<&str>) -> Ordered {
        Ordered { admits: admits.map(str::to_owned) }
    }

    #[test]
    fn what_is_saved_is_read() {
        let files = files::Memory::default();
        let mut file = LockdownFile::new(Box::new(files.clone()), "lockdown.json");
        assert_eq!(file.read(), Kept::Nothing);
        for admits in [None, Some("wardens")] {
            file.save(Some(&ordered(admits))).unwrap();
            let mut restarted = LockdownFile::new(Box::new(files.clone()), "lockdown.json");
            assert_eq!(restarted.read(), Kept::Lockdown(ordered(admits)));
        }
        file.save(None).unwrap();
        assert_eq!(LockdownFile::new(Box::new(files), "lockdown.json").read(), Kept::Nothing);
    }

    #[test]
    fn damage_is_a_lockdown() {
        for text in ["", "{}", "\0", "null", r#"{"schema":2,"lockdown":null}"#, r#"{"schema":1,"lockdown":{"x":1}}"#] {
            assert!(matches!(parse(text.as_bytes()), Kept::Damaged(_)), "{text:?}");
        }
    }

    /// After a power cut at any operation, the file has either the old or the new content.
    #[test]
    fn the_power_is_cut_at_every_operation() {
        let states = [None, Some(ordered(Some("wardens")))];
        for (before, after) in [(&states[0], &states[1]), (&states[1], &states[0])] {
            let kept = |ordered: &Option<Ordered>| ordered.clone().map_or(Kept::Nothing, Kept::Lockdown);
            let mut cuts = 0;
            for operation in 0.. {
                let disk = PowerCut::default();
                LockdownFile::new(Box::new(disk.clone()), "l").save(before.as_ref()).unwrap();
                disk.cut_at(operation, false);
                let mut file = LockdownFile::new(Box::new(disk.clone()), "l");
                let saved = file.save(after.as_ref());
                if !disk.is_off() {
                    assert_eq!(file.read(), kept(after));
                    break;
                }
                cuts += 1;
                for loss in Loss::kinds(disk.last_append()) {
                    let found = LockdownFile::new(Box::new(disk.after(loss)), "l").read();
                    let is_whole = found == kept(after) || saved.is_err() && found == kept(before);
                    assert!(is_whole, "operation {operation}, {loss:?}: {found:?} after {saved:?}");
                }
            }
            assert!(cuts > 3, "{cuts}");
        }
    }
}
