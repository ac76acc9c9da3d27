//! A file that has arrived in part: its bytes, and beside them what it is a part of.
//!
//! It survives a restart of the link. A power cut may damage it; the digest of the complete file shows that.

use files::Storage;
use fleet_messages::DatabaseNotice;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shared::gallery::DatabaseDigest;
use std::io;

/// The name of the bytes in the link's folder.
pub(super) const BYTES: &str = "people.db.fetched";
/// The name of the description beside it.
const LABEL: &str = "people.db.fetched.json";
/// How much is hashed at once, in bytes.
const CHUNK: usize = 256 << 10;

/// What the bytes are a part of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Label {
    schema: u32,
    digest: DatabaseDigest,
    bytes: u64,
    place: String,
    /// The server's validator of the file, a strong entity tag.
    validator: Option<String>,
}

/// A file that has arrived in part.
pub(super) struct Partial {
    storage: Box<dyn Storage>,
    label: Label,
    length: u64,
}

impl Partial {
    /// Goes on with what has arrived of this file from this place, or begins with nothing.
    pub(super) fn take_up(mut storage: Box<dyn Storage>, notice: &DatabaseNotice) -> io::Result<Self> {
        let label = Label {
            schema: 1,
            digest: notice.digest,
            bytes: notice.bytes,
            place: notice.place.clone(),
            validator: None,
        };
        let kept = storage.read(LABEL)?.and_then(|text| serde_json::from_slice::<Label>(&text).ok());
        let kept = kept.filter(|kept| *kept == Label { validator: kept.validator.clone(), ..label.clone() });
        let length = storage.length(BYTES)?.unwrap_or(0);
        match kept {
            Some(kept) if length <= kept.bytes => Ok(Self { storage, label: kept, length }),
            _ => {
                remove(&mut *storage)?;
                Ok(Self { storage, label, length: 0 })
            }
        }
    }

    /// The number of bytes that have arrived.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The length of the whole file in bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.label.bytes
    }

    /// Whether all bytes have arrived.
    pub(super) fn is_complete(&self) -> bool {
        self.length == self.label.bytes
    }

    /// The server's validator of what has arrived.
    pub(super) fn validator(&self) -> Option<&str> {
        self.label.validator.as_deref()
    }

    /// Drops what has arrived, and begins with nothing, of a file with this validator.
    pub(super) fn begin(&mut self, validator: Option<String>) -> io::Result<()> {
        remove(&mut *self.storage)?;
        self.length = 0;
        self.label.validator = validator;
        self.storage.replace(LABEL, &serde_json::to_vec(&self.label)?)
    }

    /// Appends bytes.
    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let appended = self.storage.append(BYTES, bytes);
        // A part of the bytes may have been appended.
        self.length = match &appended {
            Ok(()) => self.length + bytes.len() as u64,
            Err(_) => self.storage.length(BYTES)?.unwrap_or(0),
        };
        appended
    }

    /// SHA-256 of the bytes on the disk.
    pub(super) fn digest(&mut self) -> io::Result<DatabaseDigest> {
        let (mut digest, mut offset) = (Sha256::new(), 0);
        while offset < self.length {
            let read = self.storage.read_from(BYTES, offset, CHUNK)?;
            if read.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            digest.update(&read);
            offset += read.len() as u64;
        }
        Ok(DatabaseDigest(digest.finalize().into()))
    }

    /// Drops what has arrived.
    pub(super) fn discard(&mut self) -> io::Result<()> {
        self.length = 0;
        remove(&mut *self.storage)
    }
}

/// Removes what has arrived of any file.
pub(super) fn remove(storage: &mut dyn Storage) -> io::Result<()> {
    for file in [LABEL, BYTES] {
        match storage.remove(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use files::Memory;

    fn notice(digest: u8, bytes: u64, place: &str) -> DatabaseNotice {
        DatabaseNotice::new(7, DatabaseDigest([digest; 32]), bytes, place.to_owned(), 0)
    }

    fn taken_up(disk: &Memory, notice: &DatabaseNotice) -> Partial {
        Partial::take_up(Box::new(disk.clone()), notice).unwrap()
    }

    #[test]
    fn the_same_file_from_the_same_place_is_continued() {
        let wanted = notice(1, 10, "https://a/p");
        for (other, expected) in [
            (wanted.clone(), 6),
            (notice(2, 10, "https://a/p"), 0),
            (notice(1, 11, "https://a/p"), 0),
            (notice(1, 10, "https://b/p"), 0),
        ] {
            let disk = Memory::default();
            let mut partial = taken_up(&disk, &wanted);
            partial.begin(Some("\"tag\"".to_owned())).unwrap();
            partial.append(b"abc").unwrap();
            partial.append(b"def").unwrap();
            assert!(!partial.is_complete());
            let partial = taken_up(&disk, &other);
            assert_eq!(partial.length(), expected);
            assert_eq!(partial.validator(), (expected > 0).then_some("\"tag\""));
            assert_eq!(disk.used() > 0, expected > 0, "another file is removed");
        }
    }

    #[test]
    fn a_damaged_or_too_long_part_is_dropped() {
        let wanted = notice(1, 4, "https://a/p");
        for (label, bytes, expected) in
            [(None, &b"abcd"[..], 0), (Some(&b"no label"[..]), b"abcd", 0), (Some(b""), b"ab", 0)]
        {
            let mut disk = Memory::default();
            disk.append(BYTES, bytes).unwrap();
            if let Some(label) = label {
                disk.append(LABEL, label).unwrap();
            }
            assert_eq!(taken_up(&disk, &wanted).length(), expected);
        }
        let mut disk = Memory::default();
        taken_up(&disk, &wanted).begin(None).unwrap();
        disk.append(BYTES, b"abcde").unwrap();
        assert_eq!(taken_up(&disk, &wanted).length(), 0);
    }

    #[test]
    fn a_full_disk_is_told_and_what_has_arrived_stays() {
        let disk = Memory::default();
        let wanted = notice(1, 1000, "https://a/p");
        let mut partial = taken_up(&disk, &wanted);
        partial.begin(None).unwrap();
        let used = disk.used();
        disk.set_capacity(Some(used + 5));
        assert!(partial.append(b"1234567").is_err());
        assert_eq!(partial.length(), 5);
        disk.set_capacity(None);
        let mut partial = taken_up(&disk, &wanted);
        assert_eq!(partial.length(), 5);
        partial.append(b"67").unwrap();
        assert_eq!(partial.digest().unwrap(), DatabaseDigest::from_file(b"1234567"));
        partial.discard().unwrap();
        assert_eq!(disk.used(), 0);
    }
}
