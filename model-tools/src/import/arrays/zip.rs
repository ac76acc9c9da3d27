//! Reads zip archives of weights: stored or deflated files, in a single-part archive. The format is defined in PKWARE's
//! APPNOTE.TXT (6.3.10), sections 4.3 and 4.4.
//!
//! The crate `zip` (9.8.2) is not used, because tract would be compiled again. Even with `deflate-flate2` alone, which
//! leaves flate2 as it is, it adds features to `memchr`, `syn` and `zeroize`, and tract is built from all three.

use anyhow::{Context, Result, bail, ensure};
use flate2::{Crc, read::DeflateDecoder};
use std::io::Read;

const FILE: &[u8] = b"PK\x03\x04";
const ENTRY: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
/// Size of the end-of-directory record, without its comment.
const END_BYTES: usize = 22;
const ENTRY_BYTES: usize = 46;
const FILE_BYTES: usize = 30;
const MAX_COMMENT_BYTES: usize = 0xffff;
/// Bit 0 of an entry's flags: the file is encrypted.
const ENCRYPTED: u16 = 1;

/// Calls `take` for each file whose name has that ending, with the last part of its name, in the order of the archive.
///
/// # Errors
/// If the archive is damaged or of an unsupported kind, if those files have more than `limit` bytes together, or if
/// `take` fails.
pub(super) fn each_file(
    archive: &[u8],
    ending: &str,
    limit: u64,
    mut take: impl FnMut(&str, Vec<u8>) -> Result<()>,
) -> Result<()> {
    let mut left = limit;
    for entry in entries(archive)? {
        let name = entry.name.rsplit('/').next().unwrap_or_default();
        if name.ends_with(ending) {
            left = left.checked_sub(entry.size as u64).with_context(|| format!("it unpacks to over {limit} bytes"))?;
            let content = content(archive, &entry).with_context(|| format!("`{}` in the archive", entry.name))?;
            take(name, content)?;
        }
    }
    Ok(())
}

struct Entry<'a> {
    name: &'a str,
    encrypted: bool,
    method: u16,
    crc: u32,
    stored_size: usize,
    size: usize,
    place: usize,
}

/// Reads the archive's directory.
fn entries(archive: &[u8]) -> Result<Vec<Entry<'_>>> {
    let last = archive.len().checked_sub(END_BYTES).context("it is not a zip archive")?;
    let first = last.saturating_sub(MAX_COMMENT_BYTES);
    let end = (first..=last).rev().find(|&at| archive[at..].starts_with(END)).context("its directory is missing")?;
    let count = u16_at(archive, end + 10)?;
    let mut at = u32_at(archive, end + 16)?;
    ensure!(count != u16::MAX && at != u32::MAX as usize, "it is a zip64 archive, which is not read");
    let mut entries = Vec::new();
    for _ in 0..count {
        let fixed = archive.get(at..at.saturating_add(ENTRY_BYTES)).filter(|bytes| bytes.starts_with(ENTRY));
        let fixed = fixed.context("its directory is damaged")?;
        let length = |at| u16_at(fixed, at).map(usize::from);
        let name_from = at + ENTRY_BYTES;
        let name_to = name_from + length(28)?;
        let name = archive.get(name_from..name_to).and_then(|name| str::from_utf8(name).ok());
        entries.push(Entry {
            name: name.context("its directory has a name that is not text")?,
            encrypted: u16_at(fixed, 8)? & ENCRYPTED != 0,
            method: u16_at(fixed, 10)?,
            crc: u32_at(fixed, 16)? as u32,
            stored_size: u32_at(fixed, 20)?,
            size: u32_at(fixed, 24)?,
            place: u32_at(fixed, 42)?,
        });
        at = name_to + length(30)? + length(32)?;
    }
    Ok(entries)
}

fn content(archive: &[u8], entry: &Entry<'_>) -> Result<Vec<u8>> {
    ensure!(!entry.encrypted, "it is encrypted");
    let start =
        archive.get(entry.place..).filter(|bytes| bytes.starts_with(FILE)).context("it is not at its position")?;
    let from = FILE_BYTES + usize::from(u16_at(start, 26)?) + usize::from(u16_at(start, 28)?);
    let stored = start.get(from..from + entry.stored_size).context("it is cut off")?;
    let content = match entry.method {
        0 => stored.to_vec(),
        8 => inflated(stored, entry.size)?,
        method => bail!("it is packed by method {method}; 0 (stored) and 8 (deflated) are read"),
    };
    let mut crc = Crc::new();
    crc.update(&content);
    ensure!(content.len() == entry.size && crc.sum() == entry.crc, "it is damaged");
    Ok(content)
}

/// Decompresses at most one byte more than expected.
fn inflated(stored: &[u8], size: usize) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    DeflateDecoder::new(stored).take(size as u64 + 1).read_to_end(&mut content).context("it is damaged")?;
    Ok(content)
}

fn u16_at(bytes: &[u8], at: usize) -> Result<u16> {
    let found = bytes.get(at..).and_then(|rest| rest.first_chunk::<2>()).context("it is cut off")?;
    Ok(u16::from_le_bytes(*found))
}

fn u32_at(bytes: &[u8], at: usize) -> Result<usize> {
    let found = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()).context("it is cut off")?;
    Ok(u32::from_le_bytes(*found) as usize)
}

#[cfg(test)]
mod tests {
    use super::super::testing::zip;
    use super::*;

    fn archive() -> Vec<u8> {
        let files = [("a.npy", "one"), ("folder/b.npy", "two, two, two, two, two"), ("readme.txt", "three")];
        zip(&files.map(|(name, content)| (name.to_owned(), content.as_bytes().to_vec())))
    }

    fn read(archive: &[u8], limit: u64) -> Result<Vec<(String, Vec<u8>)>> {
        let mut files = Vec::new();
        each_file(archive, ".npy", limit, |name, content| {
            files.push((name.to_owned(), content));
            Ok(())
        })?;
        Ok(files)
    }

    #[test]
    fn files_are_found_stored_and_deflated() {
        let expected = [("a.npy", &b"one"[..]), ("b.npy", b"two, two, two, two, two")];
        let expected = expected.map(|(name, content)| (name.to_owned(), content.to_vec()));
        assert_eq!(read(&archive(), 26).unwrap(), expected);
        let with_comment = {
            let mut archive = archive();
            let length = archive.len() - 2;
            archive[length] = 7;
            [&archive[..], b"comment"].concat()
        };
        assert_eq!(read(&with_comment, 26).unwrap(), expected);
        assert!(read(&archive(), 25).unwrap_err().to_string().contains("over 25 bytes"));
    }

    #[test]
    fn a_damaged_archive_is_refused() {
        let whole = archive();
        for end in 0..whole.len() {
            assert!(read(&whole[..end], 1000).is_err(), "{end} bytes");
        }
        let directory = whole.windows(4).position(|bytes| bytes == ENTRY).unwrap();
        for (at, value, named) in [
            (directory + 8, 1, "encrypted"),
            (directory + 10, 12, "method 12"),
            (directory + 16, 0, "damaged"),
            (directory + 42, 1, "not at its position"),
            (whole.len() - 12, 0xff, "directory"),
        ] {
            let mut damaged = whole.clone();
            damaged[at] = value;
            let message = format!("{:#}", read(&damaged, 1000).unwrap_err());
            assert!(message.contains(named), "{named}: {message}");
        }
    }
}
