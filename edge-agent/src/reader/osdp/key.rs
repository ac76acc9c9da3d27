//! The keys of a pairing (SCBK), and the file that holds them.
//!
//! The file has one key, or two while a pairing is in progress: the new one first. Both are tried, so that a power cut
//! between the file and the reader never separates them.

use anyhow::{Context, ensure};
use data_encoding::HEXLOWER_PERMISSIVE;
use files::key_file;
use osdp::secure::SCBK_D;
use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use terminal::{Help, ShowPath};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

const KEY_BYTES: usize = 16;
const MAX_KEYS: usize = 2;

/// The secret that a unit and its reader share.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub(crate) struct ReaderKey([u8; KEY_BYTES]);

/// The keys of a pairing; the first is the newest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PairingKeys(pub(crate) Vec<ReaderKey>);

impl ReaderKey {
    /// A key of these bytes; `None` for those that everybody knows.
    pub(crate) fn new(bytes: [u8; KEY_BYTES]) -> Option<Self> {
        (bytes != SCBK_D && bytes != [0; KEY_BYTES]).then_some(Self(bytes))
    }

    /// A random key.
    ///
    /// # Errors
    /// If the operating system has no random numbers.
    pub(crate) fn random() -> anyhow::Result<Self> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        getrandom::fill(bytes.as_mut()).context("the operating system provides no random numbers")?;
        Self::new(*bytes).context("the operating system's random numbers are not random")
    }

    pub(super) const fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

impl fmt::Debug for ReaderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReaderKey(not shown)")
    }
}

impl PairingKeys {
    /// Reads the file; no keys if it does not exist.
    ///
    /// # Errors
    /// If others can read it, or it is not a file of keys.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self(Vec::new())),
            _ => {}
        }
        let text = key_file::read_secret(path)?;
        Self::parse(&text).with_context(|| format!("{} is not the key of a paired reader", path.shown())).help(
            &format!(
                "remove {}, reset the reader to its factory settings, then run `edge-agent reader pair`",
                path.shown()
            ),
        )
    }

    /// Writes the file durably, readable only by its owner; removes it if there are no keys.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        if self.0.is_empty() {
            return key_file::remove_secret(path);
        }
        // Large enough from the start: a String leaves copies behind when it grows.
        let mut text = Zeroizing::new(String::with_capacity(MAX_KEYS * (2 * KEY_BYTES + 1)));
        for ReaderKey(bytes) in &self.0 {
            HEXLOWER_PERMISSIVE.encode_append(bytes, &mut text);
            text.push('\n');
        }
        key_file::write_secret(path, &text)
    }

    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let keys = text.lines().map(parse_key).collect::<anyhow::Result<Vec<_>>>()?;
        ensure!((1..=MAX_KEYS).contains(&keys.len()), "it has {} keys instead of 1 or {MAX_KEYS}", keys.len());
        Ok(Self(keys))
    }
}

fn parse_key(line: &str) -> anyhow::Result<ReaderKey> {
    let (line, mut bytes) = (line.trim().as_bytes(), Zeroizing::new([0; KEY_BYTES]));
    let is_key = line.len() == 2 * KEY_BYTES && HEXLOWER_PERMISSIVE.decode_mut(line, bytes.as_mut()).is_ok();
    ensure!(is_key, "a line is not {} hexadecimal digits", 2 * KEY_BYTES);
    ReaderKey::new(*bytes).context("it contains a key that everybody knows, such as the default key (SCBK-D)")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn keys_are_written_for_their_owner_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("reader.key");
        assert_eq!(PairingKeys::read(&path).unwrap(), PairingKeys(vec![]));
        let key = |byte| ReaderKey::new([byte; 16]).unwrap();
        for keys in [vec![key(1)], vec![key(2), key(1)]] {
            let keys = PairingKeys(keys);
            keys.write(&path).unwrap();
            assert_eq!(PairingKeys::read(&path).unwrap(), keys);
            assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        }
        PairingKeys(vec![]).write(&path).unwrap();
        assert!(!path.exists());
        assert_eq!(format!("{:?}", key(1)), "ReaderKey(not shown)");
    }

    #[test]
    fn files_without_a_secret_key_are_refused() {
        let one = "01".repeat(16);
        for (text, named) in [
            (String::new(), "0 keys"),
            (format!("{one}\n{one}\n{one}\n"), "3 keys"),
            (one[1..].to_owned(), "32 hexadecimal digits"),
            ("zz".repeat(16), "32 hexadecimal digits"),
            ("303132333435363738393a3b3c3d3e3f".to_owned(), "everybody knows"),
            (format!("{one}\n303132333435363738393A3B3C3D3E3F"), "everybody knows"),
            ("00".repeat(16), "everybody knows"),
        ] {
            let refusal = PairingKeys::parse(&text).unwrap_err().to_string();
            assert!(refusal.contains(named), "{text}: {refusal}");
        }
    }
}
