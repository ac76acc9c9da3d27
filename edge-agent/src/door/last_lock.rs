//! What moves the lock, written down at each good start: `edge-agent lock` drives it to its locked level though the
//! configuration may have been broken since.

use crate::door::{DoorError, LockPin, gpio};
use anyhow::Context;
use files::{Folder, ReadError, Storage, folder_of, name_of, read_bounded};
use serde::{Deserialize, Serialize};
use std::path::Path;
use terminal::ShowPath;

const MAX_BYTES: u64 = 4096;

/// A line that moves a lock, and its locked level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "lock", rename_all = "kebab-case")]
pub(crate) enum LockLine {
    /// A pin.
    Gpio(LockPin),
    /// Nothing moves.
    Scripted,
}

impl LockLine {
    /// Drives it to its locked level. Needs no grant.
    ///
    /// # Errors
    /// When the lock may not have moved.
    pub(crate) fn drive_locked(self) -> Result<(), DoorError> {
        match self {
            Self::Gpio(lock) => gpio::drive_locked(lock),
            Self::Scripted => Ok(()),
        }
    }

    /// For people.
    pub(crate) fn described(self) -> String {
        match self {
            Self::Gpio(lock) => format!("{} at its locked level, {}", lock.pin, lock.locked),
            Self::Scripted => "a scripted lock, which nothing moves".to_owned(),
        }
    }

    /// Writes it down, unless it is written down already; the file is whole or as it was.
    ///
    /// # Errors
    /// If it cannot be written.
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

    /// What was written down; `None` if nothing was.
    ///
    /// # Errors
    /// If it cannot be read or understood.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Option<Self>> {
        let bytes = match read_bounded(path, MAX_BYTES) {
            Err(ReadError::Refused { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            read => read?,
        };
        Self::parse(&bytes).map(Some).with_context(|| format!("{} says no lock", path.shown()))
    }

    /// # Errors
    /// If it is something else.
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
    fn what_is_written_is_read() {
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
