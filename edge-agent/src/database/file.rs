//! Reads database files from the unit's disk with a limit on their size. Files that are too large or not databases are
//! not read into memory.

use super::read::Refused;
use files::Storage;
use sha2::{Digest, Sha256};
use shared::gallery::{BEGINNING_BYTES, DatabaseDigest, MAX_DATABASE_BYTES, require_beginning, require_size};
use std::io::{self, ErrorKind};

const CHUNK_BYTES: usize = 64 << 10;

/// Reads a whole file; `None` if it does not exist.
///
/// # Errors
/// If it cannot be read, is larger than a people database may be, or has the wrong magic bytes.
pub(super) fn read(storage: &mut dyn Storage, file: &str) -> Result<Option<Vec<u8>>, Refused> {
    let Some(length) = storage.length(file)? else { return Ok(None) };
    require_size(length).map_err(Refused::Damaged)?;
    require_beginning(&storage.read_from(file, 0, BEGINNING_BYTES)?).map_err(Refused::Damaged)?;
    // The file may have grown since the check.
    let bytes = storage.read_from(file, 0, MAX_DATABASE_BYTES as usize + 1)?;
    require_size(bytes.len() as u64).map_err(Refused::Damaged)?;
    Ok(Some(bytes))
}

/// The SHA-256 of a file, read in pieces; `None` if it does not exist.
///
/// # Errors
/// If it cannot be read, or is larger than a people database may be.
pub(super) fn digest(storage: &mut dyn Storage, file: &str) -> io::Result<Option<DatabaseDigest>> {
    let Some(length) = storage.length(file)? else { return Ok(None) };
    let too_large = |error| io::Error::new(ErrorKind::FileTooLarge, error);
    require_size(length).map_err(too_large)?;
    let mut digest = Sha256::new();
    let mut offset = 0;
    loop {
        let chunk = storage.read_from(file, offset, CHUNK_BYTES)?;
        if chunk.is_empty() {
            return Ok(Some(DatabaseDigest(digest.finalize().into())));
        }
        digest.update(&chunk);
        offset += chunk.len() as u64;
        require_size(offset).map_err(too_large)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use files::Folder;
    use std::fs::File;

    #[test]
    fn junk_and_oversized_files_are_not_read_as_databases() {
        let folder = tempfile::tempdir().unwrap();
        let mut storage = Folder::at(folder.path());
        assert!(read(&mut storage, "none").unwrap().is_none());
        let mut file = |name: &str, beginning: &[u8], length: u64| {
            storage.create(name, beginning).unwrap();
            File::options().write(true).open(folder.path().join(name)).unwrap().set_len(length).unwrap();
            (read(&mut storage, name).map(|bytes| bytes.map(|bytes| bytes.len() as u64)), digest(&mut storage, name))
        };
        let (junk, hashed) = file("junk", b"junk", MAX_DATABASE_BYTES);
        assert!(junk.unwrap_err().to_string().contains("not a people database"));
        assert!(hashed.unwrap().is_some());
        let beginning = *b"PEOPLEDB\x01\0\0\0\0\0\0\0\0\0";
        let (largest, _) = file("largest", &beginning, MAX_DATABASE_BYTES);
        assert_eq!(largest.unwrap(), Some(MAX_DATABASE_BYTES));
        let (larger, hashed) = file("larger", &beginning, 512 << 20);
        assert!(larger.unwrap_err().to_string().contains("at most 67100000 bytes"));
        assert!(hashed.is_err());
    }
}
