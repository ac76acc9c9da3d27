//! The signing key: whether it is there, whether a passphrase locks it, and new keys. A passphrase is used once and not kept.

use crate::desk::texts::Texts;
use crate::keygen;
use crate::new_keys::NewKeyFolder;
use crate::passphrase::FEWEST_CHARACTERS;
use crate::workstation_keys::{self, SEALING, SIGNING};
use anyhow::{Context, bail};
use files::key_file;
use shared::seal::SigningKey;
use std::fs;
use std::path::Path;
use terminal::{Help, ShowPath};

/// What there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signing {
    NoKey,
    /// A passphrase unlocks it.
    Locked,
    /// It needs no passphrase.
    Open,
}

/// # Errors
/// If the file cannot be read.
pub(super) fn state(path: &Path) -> anyhow::Result<Signing> {
    if !path.try_exists().with_context(|| path.shown().to_string())? {
        return Ok(Signing::NoKey);
    }
    Ok(if workstation_keys::is_locked(path)? { Signing::Locked } else { Signing::Open })
}

/// Unlocks the key.
///
/// # Errors
/// If there is none, or the passphrase is wrong.
pub(super) fn unlock(path: &Path, passphrase: &str, t: &Texts) -> anyhow::Result<SigningKey> {
    if state(path)? == Signing::NoKey {
        bail!("{}", t.no_key_yet);
    }
    workstation_keys::signing_key_with(path, passphrase)
}

/// Creates the signing key and the sealing key. With a passphrase, the signing key is locked.
///
/// # Errors
/// If there are keys, the passphrase is too short, or a file cannot be written.
pub(super) fn create(path: &Path, passphrase: &str, t: &Texts) -> anyhow::Result<()> {
    if !passphrase.is_empty() && passphrase.chars().count() < FEWEST_CHARACTERS {
        bail!("{}", t.passphrase_too_short);
    }
    let folder = path.parent().context("the signing key has no folder")?;
    // Elsewhere first: a key that is to be locked is never in its place without its passphrase.
    NewKeyFolder::create(folder, false)?;
    let unfinished = tempfile::Builder::new().prefix(".new-keys-").tempdir_in(folder)?;
    keygen::make(&NewKeyFolder::create(unfinished.path(), false)?)?;
    let made = unfinished.path().join(SIGNING);
    if !passphrase.is_empty() {
        workstation_keys::lock(&made, passphrase)?;
    }
    let sealing = folder.join(SEALING);
    key_file::require_absent(path).help("use the key that is there")?;
    if !sealing.exists() {
        put(&unfinished.path().join(SEALING), &sealing)?;
    }
    put(&made, path)
}

/// Moves a key into its place, the public half first.
fn put(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::rename(key_file::public_path(from), key_file::public_path(to))?;
    fs::rename(from, to).with_context(|| format!("cannot write {}", to.shown()))
}
