//! The lock of the last good start, kept in a file. `edge-agent lock` drives it to its locked level even if the
//! configuration has been broken since.

use crate::door::{DoorError, LockPin, gpio};
use anyhow::Context;
use files::{Folder, ReadError, Storage, folder_of, name_of, read_bounded};
use serde::{Deserialize, Serialize};
use std::path::Path;
use terminal::ShowPath;

const MAX_BYTES: u64 = 4096;

/// The output that drives a lock, and its locked level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "lock", rename_all = "kebab-case")]
pub(crate) enum LockLine {
    /// A GPIO pin.
    Gpio(LockPin),
    /// A scripted lock, which moves nothing.
    Scripted,
}

impl LockLine {
    /// Drives the lock to its locked level. Needs no grant.
    ///
    /// # Errors
    /// If the lock may not have moved.
    pub(crate) fn drive_locked(self) -> Result<(), DoorError> {
        match self {
            Self::Gpio(lock) => gpio::drive_locked(lock),
            Self::Scripted => Ok(()),
        }
    }

    /// A description for people.
    pub(crate) fn described(self) -> String {
        match self {
            Self::Gpio(lock) => format!("{} at its locked level, {}", lock.pin, lock.locked),
            Self::Scripted => "a scripted lock, which nothing moves".to_owned(),
        }
    }

    /// Writes the file, unless it has this content already. An interrupted write leaves the old file.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn save(self, path: &Path) -> anyhow::Result<()> {
        if Self::read(path).is_ok_and(|saved| saved == Some(self)) {
            return Ok(());
        }
        let text = format!(
            "# Written by edge-agent at its last good start, for `edge-agent lock`.\n{}",
            toml::to_string(&self)?
        );
        let name = name_of(path).context("[door] last-lock")?;
        let written = Folder::at(folder_of(path)).replace(name, text.as_bytes());
        written.with_context(|| path.shown().to_string())
    }

    /// Reads the file; `None` if there is none.
    ///
    /// # Errors
    /// If the file cannot be read or is not valid.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Option<Self>> {
        let bytes = match read_bounded(path, MAX_BYTES) {
            Err(ReadError::Refused { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            read => read?,
        };
        Self::parse(&bytes).map(Some).with_context(|| format!("{} does not name a lock", path.shown()))
    }

    /// Parses the content of the file.
    ///
    /// # Errors
    /// If it is not valid.
    pub(crate) fn parse(text: &[u8]) -> anyhow::Result<Self> {
        Ok(toml::from_slice(text)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpio::Level;
    use std::fs;

    #[test]
    fn a_saved_lock_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("last-lock.toml");
        assert_eq!(LockLine::read(&path).unwrap(), None);
        let pin = LockLine::Gpio(LockPin { pin: serde_json::from_str("17").unwrap(), locked: Level::Low });
        for line in [pin, pin, LockLine::Scripted] {
            line.save(&path).unwrap();
            assert_eq!(LockLine::read(&path).unwrap(), Some(line));
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        for damaged in ["", "lock = \"magic\"\n", "\u{0}"] {
            fs::write(&path, damaged).unwrap();
            let refusal = LockLine::read(&path).unwrap_err().to_string();
            assert!(refusal.contains("last-lock.toml"), "{damaged:?}: {refusal}");
            LockLine::Scripted.save(&path).unwrap();
            assert_eq!(LockLine::read(&path).unwrap(), Some(LockLine::Scripted), "{damaged:?}");
        }
    }
}
