//! The signing key: whether it is there, and new keys.

use crate::desk::texts::Texts;
use crate::keygen;
use crate::new_keys::NewKeyFolder;
use crate::workstation_keys;
use anyhow::{Context, bail};
use shared::seal::SigningKey;
use std::path::Path;

/// Reads the key.
///
/// # Errors
/// If there is none, or it cannot be read.
pub(super) fn read(path: &Path, t: &Texts) -> anyhow::Result<SigningKey> {
    if !path.exists() {
        bail!("{}", t.no_key_yet);
    }
    workstation_keys::signing_key(path)
}

/// Creates the signing key and the sealing key.
///
/// # Errors
/// If there are keys, or a file cannot be written.
pub(super) fn create(path: &Path) -> anyhow::Result<()> {
    let folder = path.parent().context("the signing key has no folder")?;
    keygen::make(&NewKeyFolder::create(folder, false)?)?;
    Ok(())
}
