//! The workstation's keys: where they are, and how to read them.

use crate::age_file::WORK;
use crate::locked_key;
use crate::passphrase::PASSPHRASE_FILE;
use crate::user_folders;
use anyhow::Context;
use clap::Args;
use files::key_file;
use shared::seal::{Identity, KeyTextError, Recipient, SealRandomness, SigningKey};
use std::path::{Path, PathBuf};
use terminal::{Help, ShowPath};

/// File name of the signing key's secret half.
pub(crate) const SIGNING: &str = "signing.key";
/// File name of the sealing key's secret half.
pub(crate) const SEALING: &str = "sealing.key";
/// File name of the pass key's secret half.
pub(crate) const PASS: &str = "pass.key";

/// What to do without a signing key.
pub(crate) const A_SIGNING_KEY: &str = "use a signing key: `encoder-tool keygen` creates signing.key";

/// The key that opens a sealed database.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct KeyChoice {
    /// The key that opens a sealed database, instead of ~/.config/encoder-tool/sealing.key
    #[arg(long, value_name = "KEY")]
    pub(crate) open_with: Option<PathBuf>,
}

impl KeyChoice {
    /// Reads the key; `None` if no key was given and the default file does not exist.
    ///
    /// # Errors
    /// If it cannot be read, is not a sealing key, or other users can read it.
    pub(crate) fn identity(&self) -> anyhow::Result<Option<Identity>> {
        let path = match &self.open_with {
            Some(path) => path.clone(),
            None => match folder().map(|folder| folder.join(SEALING)) {
                Ok(path) if path.exists() => path,
                _ => return Ok(None),
            },
        };
        secret(&path, Identity::from_text, "use a sealing key: `encoder-tool keygen` creates sealing.key").map(Some)
    }
}

/// The default folder of keys.
///
/// # Errors
/// If the user has none.
pub(crate) fn folder() -> anyhow::Result<PathBuf> {
    user_folders::settings().context("neither XDG_CONFIG_HOME nor HOME is set")
}

/// How a locked signing key is unlocked.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Unlock {
    /// If the signing key is locked: read its passphrase from the first line of this file, which only you can read, instead
    /// of the terminal
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

impl Unlock {
    /// Reads the signing key that was given, if one was.
    ///
    /// # Errors
    /// As for [`Self::signing_key`].
    pub(crate) fn signing_key_of(&self, path: Option<&Path>) -> anyhow::Result<Option<SigningKey>> {
        path.map(|path| self.signing_key(path)).transpose()
    }

    /// Reads the secret half of a signing key. A locked one asks for its passphrase.
    ///
    /// # Errors
    /// If it cannot be read, is not a signing key, other users can read it, or the passphrase is another one.
    pub(crate) fn signing_key(&self, path: &Path) -> anyhow::Result<SigningKey> {
        let text = locked_key::read(path, PASSPHRASE_FILE, self.passphrase_file.as_deref()).or_help(A_SIGNING_KEY)?;
        SigningKey::from_text(&text).with_context(|| path.shown().to_string()).help(A_SIGNING_KEY)
    }
}

/// Whether a passphrase locks the signing key.
///
/// # Errors
/// If it cannot be read, or other users can read it.
pub(crate) fn is_locked(path: &Path) -> anyhow::Result<bool> {
    Ok(locked_key::is_locked(&locked_key::text_in(path).or_help(A_SIGNING_KEY)?))
}

/// Reads the secret half of a signing key. A locked one is unlocked with this passphrase.
///
/// # Errors
/// As for [`Unlock::signing_key`]. If the passphrase is wrong, the error is an `AgeError::Passphrase`.
pub(crate) fn signing_key_with(path: &Path, passphrase: &str) -> anyhow::Result<SigningKey> {
    let mut text = locked_key::text_in(path).or_help(A_SIGNING_KEY)?;
    if locked_key::is_locked(&text) {
        text = locked_key::open(path, &text, passphrase)?;
    }
    SigningKey::from_text(&text).with_context(|| path.shown().to_string()).help(A_SIGNING_KEY)
}

/// Locks the signing key with a passphrase.
///
/// # Errors
/// If it is locked already, is not a signing key, or cannot be written.
pub(crate) fn lock(path: &Path, passphrase: &str) -> anyhow::Result<()> {
    locked_key::lock(path, passphrase, WORK, |text| {
        SigningKey::from_text(text).map(drop).with_context(|| path.shown().to_string()).help(A_SIGNING_KEY)
    })
}

/// Reads a secret key. `help` says which key to use.
///
/// # Errors
/// If it cannot be read, is not such a key, or other users can read it.
pub(crate) fn secret<K>(
    path: &Path,
    from_text: impl FnOnce(&str) -> Result<K, KeyTextError>,
    help: &str,
) -> anyhow::Result<K> {
    // Wrong permissions have a remedy of their own.
    let text = key_file::read_secret(path).or_help(help)?;
    from_text(&text).with_context(|| path.shown().to_string()).help(help)
}

/// Reads the public half of a sealing key.
///
/// # Errors
/// If it cannot be read or is not such a key.
pub(crate) fn recipient(path: &Path) -> anyhow::Result<Recipient> {
    let text = key_file::read_public(path)?;
    Recipient::from_text(&text)
        .with_context(|| path.shown().to_string())
        .help("use the public half of the unit's key: run `edge-agent keygen` on the unit to print it")
}

/// Draws the random numbers for one sealed file.
///
/// # Errors
/// If the system provides no random numbers.
pub(crate) fn seal_randomness() -> anyhow::Result<SealRandomness> {
    let mut randomness = SealRandomness { ephemeral: [0; 32], contents_key: [0; 32] };
    for bytes in [&mut randomness.ephemeral, &mut randomness.contents_key] {
        getrandom::fill(bytes).context("cannot get random numbers from the system")?;
    }
    Ok(randomness)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::age_file::{self, AgeError};
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    /// Regression test: `--sign` with a key of mode 0644 advised to create another key.
    #[test]
    fn a_caller_with_a_passphrase_reads_both_kinds_of_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("signing.key");
        let key = SigningKey::from_random(&[7; 32]);
        assert!(terminal::in_words(&is_locked(&path).unwrap_err()).contains("help: use a signing key"));
        key_file::write_secret(&path, &key.to_text()).unwrap();
        assert!(!is_locked(&path).unwrap());
        let fingerprint = |passphrase: &str| Ok(signing_key_with(&path, passphrase)?.signer().fingerprint());
        let read: anyhow::Result<_> = fingerprint("");
        assert_eq!(read.unwrap(), key.signer().fingerprint());

        let locked = age_file::encrypt(key.to_text().as_bytes(), "correct horse battery", 2).unwrap();
        key_file::write_secret(&path, &locked).unwrap();
        assert!(is_locked(&path).unwrap());
        assert_eq!(fingerprint("correct horse battery").unwrap(), key.signer().fingerprint());
        for wrong in ["", "correct horse batterz"] {
            let refused = fingerprint(wrong).unwrap_err();
            assert_eq!(refused.downcast_ref(), Some(&AgeError::Passphrase), "{refused:?}");
        }
        let other = age_file::encrypt(b"no key", "correct horse battery", 2).unwrap();
        key_file::write_secret(&path, &other).unwrap();
        let refused = fingerprint("correct horse battery").unwrap_err();
        assert!(refused.downcast_ref::<AgeError>().is_none(), "{refused:?}");
    }

    #[test]
    fn each_fault_of_a_key_has_its_own_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("signing.key");
        let key = SigningKey::from_random(&[7; 32]);
        for (text, mode, expected) in [
            (Some(key.to_text().to_string()), 0o644, "chmod 600"),
            (Some("no key".to_owned()), 0o600, "keygen"),
            (None, 0o600, "keygen"),
        ] {
            match &text {
                Some(text) => key_file::write_halves(&path, text, "public\n").unwrap(),
                None => fs::remove_file(&path).unwrap(),
            }
            if text.is_some() {
                fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            }
            let said = terminal::in_words(&Unlock::default().signing_key(&path).err().unwrap());
            let (_, help) = said.split_once("\nhelp: ").unwrap();
            assert!(help.contains(expected), "{said}");
        }
    }
}
