//! The key with which a unit signs its log, and what it signs: a head, that is the log up to a record.
//!
//! It is made at the first start and never leaves the unit; the public half lies beside it, to be taken elsewhere. Whoever
//! has taken over the unit has the key too: then only heads that were taken away before show what was changed.

use anyhow::{Context, ensure};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use shared::audit::{Head, HeadSignature, LineHash};
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use terminal::{Help, read_bounded};
use zeroize::Zeroizing;

const MAX_KEY_BYTES: u64 = 1024;
const MAX_HEAD_BYTES: u64 = 4096;

/// The secret half.
pub struct LogKey {
    signing: SigningKey,
}

/// The public half: as text 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// A head with a unit's signature. Kept elsewhere, it shows whether the log still is what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedHead {
    /// The record's number.
    pub sequence: u64,
    /// The hash of its line.
    pub hash: LineHash,
    /// The public half of the key that signed it.
    pub key: String,
    /// Over [`Head::signed_bytes`].
    pub signature: HeadSignature,
}

impl LogKey {
    /// Reads the key, or makes one, with its public half beside it.
    ///
    /// # Errors
    /// If there is one that others may read, or none can be written.
    pub fn read_or_make(path: &Path) -> anyhow::Result<Self> {
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Self::make(path),
            _ => Self::read(path),
        }
    }

    /// Reads the key.
    ///
    /// # Errors
    /// If it cannot be read, is no key, belongs to somebody else, or others may read it.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        require_private(path)?;
        let bytes = Zeroizing::new(read_bounded(path, MAX_KEY_BYTES)?);
        let seed = parse_digits(&bytes).with_context(|| format!("{shown} is not the key of an audit log"))?;
        Ok(Self { signing: SigningKey::from_bytes(&Zeroizing::new(seed)) })
    }

    fn make(path: &Path) -> anyhow::Result<Self> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(&mut seed[..]).context("the system has no random numbers")?;
        let key = Self { signing: SigningKey::from_bytes(&seed) };
        let write = || {
            // First the public half: a key that is there has one.
            write_beside(&public_path(path), 0o644, &format!("{}\n", key.public()))?;
            write_beside(path, 0o600, &Zeroizing::new(format!("{}\n", digits(&seed))))
        };
        write().with_context(|| format!("cannot make the key of the audit log, {}", path.display()))?;
        Ok(key)
    }

    #[cfg(test)]
    pub(crate) fn from_seed(seed: &[u8; 32]) -> Self {
        Self { signing: SigningKey::from_bytes(seed) }
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.signing.verifying_key())
    }

    pub(crate) fn sign(&self, head: &Head) -> HeadSignature {
        HeadSignature(self.signing.sign(&head.signed_bytes()).to_bytes())
    }

    /// Vouches for the log up to this head.
    pub fn signed(&self, head: &Head) -> SignedHead {
        let Head { sequence, hash } = *head;
        SignedHead { sequence, hash, key: self.public().to_string(), signature: self.sign(head) }
    }
}

impl PublicKey {
    /// Reads a file with 64 hexadecimal digits.
    ///
    /// # Errors
    /// If it cannot be read or is no public key.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let bytes = read_bounded(path, MAX_KEY_BYTES)?;
        let text = str::from_utf8(&bytes).unwrap_or_default().trim();
        text.parse()
            .with_context(|| format!("{} is not the public key of a unit", path.display()))
            .help("a unit's public key lies beside its [audit] key and ends in .pub")
    }

    /// Whether the key's owner signed this head.
    #[must_use]
    pub fn has_signed(&self, head: &Head, signature: &HeadSignature) -> bool {
        self.0.verify_strict(&head.signed_bytes(), &Signature::from_bytes(&signature.0)).is_ok()
    }
}

impl FromStr for PublicKey {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        Ok(Self(VerifyingKey::from_bytes(&parse_digits(text.as_bytes())?)?))
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&digits(self.0.as_bytes()))
    }
}

impl SignedHead {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read or is no head.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let bytes = read_bounded(path, MAX_HEAD_BYTES)?;
        Self::parse(&bytes).with_context(|| format!("{} is not the head of an audit log", path.display()))
    }

    pub(crate) fn parse(bytes: &[u8]) -> anyhow::Result<Self> {
        Ok(serde_json::from_slice(bytes)?)
    }

    /// The head itself.
    pub fn head(&self) -> Head {
        Head { sequence: self.sequence, hash: self.hash }
    }

    /// Whether this key signed it.
    #[must_use]
    pub fn is_by(&self, key: &PublicKey) -> bool {
        key.has_signed(&self.head(), &self.signature)
    }
}

/// Where the public half of a key lies.
pub fn public_path(key: &Path) -> PathBuf {
    let mut name = key.as_os_str().to_owned();
    name.push(".pub");
    name.into()
}

/// A secret is no secret if others may read it, or have put it there.
fn require_private(path: &Path) -> anyhow::Result<()> {
    let shown = path.display();
    let found = fs::symlink_metadata(path).with_context(|| format!("cannot read {shown}"))?;
    ensure!(found.is_file(), "{shown} is not a file");
    let mode = found.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(anyhow::anyhow!("{shown} is a key that others may read or change: its mode is {mode:04o}"))
            .help(&format!("chmod 600 {shown}, and make a new key if somebody may have read it"));
    }
    // The owner of this process's own entry is the user that it runs as.
    let user = fs::metadata("/proc/self").context("cannot find out which user this is")?.uid();
    if found.uid() != user && user != 0 {
        return Err(anyhow::anyhow!("{shown} belongs to another user ({}, this is {user})", found.uid()))
            .help(&format!("chown {user} {shown}, if you know where it comes from"));
    }
    Ok(())
}

fn write_beside(path: &Path, mode: u32, text: &str) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let beside = PathBuf::from(beside);
    match fs::remove_file(&beside) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        removed => removed?,
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// The same form as every other 32 bytes in the log.
fn digits(bytes: &[u8; 32]) -> String {
    LineHash(*bytes).to_string()
}

fn parse_digits(text: &[u8]) -> anyhow::Result<[u8; 32]> {
    Ok(str::from_utf8(text)?.trim().parse::<LineHash>()?.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    const HEAD: Head = Head { sequence: 7, hash: LineHash([5; 32]) };

    #[test]
    fn a_key_is_made_once_and_signs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.key");
        let made = LogKey::read_or_make(&path).unwrap();
        let read = LogKey::read_or_make(&path).unwrap();
        assert_eq!(made.public(), read.public());
        assert_eq!(PublicKey::read(&public_path(&path)).unwrap(), read.public());
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);

        let signed = made.signed(&HEAD);
        let stored = serde_json::to_vec(&signed).unwrap();
        let signed = SignedHead::parse(&stored).unwrap();
        assert!(signed.is_by(&read.public()));
        assert!(!SignedHead { sequence: 8, ..signed.clone() }.is_by(&read.public()));
        let other = LogKey::read_or_make(&folder.path().join("other.key")).unwrap();
        assert!(!signed.is_by(&other.public()));
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.key");
        LogKey::read_or_make(&path).unwrap();
        for mode in [0o640, 0o604, 0o620] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let refusal = LogKey::read_or_make(&path).map(drop).unwrap_err().to_string();
            assert!(refusal.contains(&format!("{mode:04o}")), "{refusal}");
        }
        fs::write(&path, "short").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(LogKey::read(&path).map(drop).unwrap_err().to_string().contains("not the key"));
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(LogKey::read(&link).is_err());
    }
}
