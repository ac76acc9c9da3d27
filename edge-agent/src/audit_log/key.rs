//! The key that signs a unit's audit log, and the signed head: the log up to one record.
//!
//! The key is created at the first start and never leaves the unit. The public half is in a file next to it, to be
//! copied elsewhere. An attacker who has taken over the unit has the key too; then only heads that were copied
//! elsewhere before reveal a change.

use anyhow::Context;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use files::{key_file, read_bounded};
use policy::audit::{Head, HeadSignature, LineHash};
use rustix::fs::{Access, access};
use serde::{Deserialize, Serialize};
use std::fmt::{self, Write};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::str::FromStr;
use terminal::{Help, ShowPath};
use zeroize::{Zeroize, Zeroizing};

const MAX_HEAD_BYTES: u64 = 4096;

/// The secret half of the key.
///
/// It is held at one place in memory, which is overwritten on drop.
pub struct LogKey {
    signing: Box<SigningKey>,
}

/// The public half of the key; its text form is 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// A head with a unit's signature. A copy kept elsewhere shows whether the log has been changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedHead {
    /// The sequence number of the record.
    pub sequence: u64,
    /// The hash of the record's line.
    pub hash: LineHash,
    /// The public half of the signing key.
    pub key: String,
    /// The signature over [`Head::signed_bytes`].
    pub signature: HeadSignature,
}

impl LogKey {
    /// Reads the key, or creates one with its public half next to it.
    ///
    /// # Errors
    /// If the key is readable by others, or cannot be created.
    pub fn read_or_create(path: &Path) -> anyhow::Result<Self> {
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Self::create(path),
            _ => Self::read(path),
        }
    }

    /// Reads the key.
    ///
    /// # Errors
    /// If it cannot be read, is not a key, has another owner, or is readable by others.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = path.shown();
        let text = key_file::read_secret(path)?;
        let seed = parse_digits(text.as_bytes()).map(Zeroizing::new);
        let seed = seed.with_context(|| format!("{shown} is not the key of an audit log"))?;
        Ok(Self::from_seed(&seed))
    }

    /// Checks that the key can be read or created. Writes nothing.
    ///
    /// # Errors
    /// As [`LogKey::read_or_create`].
    pub(crate) fn require_possible(path: &Path) -> anyhow::Result<()> {
        if !matches!(fs::symlink_metadata(path), Err(error) if error.kind() == ErrorKind::NotFound) {
            return Self::read(path).map(drop);
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        access(folder, Access::WRITE_OK | Access::EXEC_OK)
            .with_context(|| format!("cannot write {}", path.shown()))
            .context("the key of the audit log")
    }

    fn create(path: &Path) -> anyhow::Result<Self> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(&mut seed[..]).context("no random numbers are available")?;
        let key = Self::from_seed(&seed);
        key_file::write_halves(path, &in_digits(&seed), &format!("{}\n", key.public()))
            .context("the key of the audit log")?;
        Ok(key)
    }

    pub(crate) fn from_seed(seed: &[u8; 32]) -> Self {
        Self { signing: Box::new(SigningKey::from_bytes(seed)) }
    }

    /// The public half of the key.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.signing.verifying_key())
    }

    pub(crate) fn sign(&self, head: &Head) -> HeadSignature {
        HeadSignature(self.signing.sign(&head.signed_bytes()).to_bytes())
    }

    /// Signs the report of a drill, whose bytes begin with their own context.
    pub(crate) fn sign_drill(&self, bytes: &[u8]) -> [u8; 64] {
        self.signing.sign(bytes).to_bytes()
    }

    /// Signs a statement of the unit, whose bytes begin with a label of their own.
    pub(crate) fn sign_statement(&self, bytes: &[u8]) -> [u8; 64] {
        self.signing.sign(bytes).to_bytes()
    }

    /// Signs a head.
    pub fn signed(&self, head: &Head) -> SignedHead {
        let Head { sequence, hash } = *head;
        SignedHead { sequence, hash, key: self.public().to_string(), signature: self.sign(head) }
    }
}

impl PublicKey {
    /// Reads a file with 64 hexadecimal digits.
    ///
    /// # Errors
    /// If it cannot be read or is not a public key.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = key_file::read_public(path)?;
        text.trim()
            .parse()
            .with_context(|| format!("{} is not the public key of a unit", path.shown()))
            .help("a unit's public key is next to its [audit] key and ends in .pub")
    }

    /// Its 32 bytes (RFC 8032).
    #[cfg(test)]
    pub(crate) fn to_bytes(self) -> [u8; 32] {
        self.0.to_bytes()
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
    /// Reads a signed head from a file.
    ///
    /// # Errors
    /// If it cannot be read or is not a head of the log.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let bytes = read_bounded(path, MAX_HEAD_BYTES)?;
        Self::parse(&bytes).with_context(|| format!("{} is not the head of an audit log", path.shown()))
    }

    pub(crate) fn parse(bytes: &[u8]) -> anyhow::Result<Self> {
        Ok(serde_json::from_slice(bytes)?)
    }

    /// The head without its signature.
    pub fn head(&self) -> Head {
        Head { sequence: self.sequence, hash: self.hash }
    }

    /// Whether this key made the signature.
    #[must_use]
    pub fn is_by(&self, key: &PublicKey) -> bool {
        key.has_signed(&self.head(), &self.signature)
    }
}

/// Hexadecimal digits, as for all other 32-byte values in the log.
fn digits(bytes: &[u8; 32]) -> String {
    LineHash(*bytes).to_string()
}

/// The same for a secret, with a line feed. Leaves no copy in memory.
fn in_digits(secret: &[u8; 32]) -> Zeroizing<String> {
    let mut line = Zeroizing::new(String::with_capacity(2 * secret.len() + 1));
    let mut shown = LineHash(*secret);
    // A String leaves copies behind when it grows.
    writeln!(line, "{shown}").ok();
    shown.0.zeroize();
    line
}

fn parse_digits(text: &[u8]) -> anyhow::Result<[u8; 32]> {
    Ok(str::from_utf8(text)?.trim().parse::<LineHash>()?.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use files::key_file::public_path;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    const HEAD: Head = Head { sequence: 7, hash: LineHash([5; 32]) };

    #[test]
    fn a_key_is_made_once_and_signs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.key");
        let made = LogKey::read_or_create(&path).unwrap();
        let read = LogKey::read_or_create(&path).unwrap();
        assert_eq!(made.public(), read.public());
        assert_eq!(PublicKey::read(&public_path(&path)).unwrap(), read.public());
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);

        let signed = made.signed(&HEAD);
        let stored = serde_json::to_vec(&signed).unwrap();
        let signed = SignedHead::parse(&stored).unwrap();
        assert!(signed.is_by(&read.public()));
        assert!(!SignedHead { sequence: 8, ..signed.clone() }.is_by(&read.public()));
        let other = LogKey::read_or_create(&folder.path().join("other.key")).unwrap();
        assert!(!signed.is_by(&other.public()));
    }

    #[test]
    fn a_key_is_overwritten_when_it_is_dropped() {
        fn is_overwritten<T: zeroize::ZeroizeOnDrop>(_: &T) {}
        is_overwritten(&*LogKey::from_seed(&[7; 32]).signing);
        assert_eq!(in_digits(&[0xab; 32]).as_str(), format!("{}\n", "ab".repeat(32)));
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.key");
        LogKey::read_or_create(&path).unwrap();
        for mode in [0o640, 0o604, 0o620] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let refusal = LogKey::read_or_create(&path).map(drop).unwrap_err().to_string();
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
