//! The workstation's keys: their location, and reading them.

use crate::user_folders;
use anyhow::Context;
use clap::Args;
use files::key_file;
use shared::seal::{Identity, Recipient, SealRandomness, SigningKey};
use std::path::{Path, PathBuf};
use terminal::{Help, ShowPath};

/// The name of the signing key's secret half in the folder of keys.
pub(crate) const SIGNING: &str = "signing.key";
/// The name of the sealing key's secret half.
pub(crate) const SEALING: &str = "sealing.key";

/// Which key opens a sealed database.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct KeyChoice {
    /// The key that opens a sealed database, instead of ~/.config/encoder-tool/sealing.key
    #[arg(long, value_name = "KEY")]
    pub(crate) open_with: Option<PathBuf>,
}

impl KeyChoice {
    /// The key; `None` if none was named and there is none in its place.
    ///
    /// # Errors
    /// If it cannot be read, is no such key, or others can read it.
    pub(crate) fn identity(&self) -> anyhow::Result<Option<Identity>> {
        let path = match &self.open_with {
            Some(path) => path.clone(),
            None => match folder().map(|folder| folder.join(SEALING)) {
                Some(path) if path.exists() => path,
                _ => return Ok(None),
            },
        };
        let text = key_file::read_secret(&path)?;
        let identity = Identity::from_text(&text).with_context(|| path.shown().to_string());
        identity.map(Some).help("a sealing key, sealing.key, is made by `encoder-tool keygen`")
    }
}

/// The default folder of keys.
pub(crate) fn folder() -> Option<PathBuf> {
    user_folders::settings()
}

/// Reads the secret half of a signing key.
///
/// # Errors
/// If it cannot be read, is no such key, or others can read it.
pub(crate) fn signing_key(path: &Path) -> anyhow::Result<SigningKey> {
    let text = key_file::read_secret(path).help("a signing key, signing.key, is made by `encoder-tool keygen`")?;
    SigningKey::from_text(&text)
        .with_context(|| path.shown().to_string())
        .help("a signing key, signing.key, is made by `encoder-tool keygen`")
}

/// Reads the public half of a sealing key.
///
/// # Errors
/// If it cannot be read or is no such key.
pub(crate) fn recipient(path: &Path) -> anyhow::Result<Recipient> {
    let text = key_file::read_public(path)?;
    Recipient::from_text(&text)
        .with_context(|| path.shown().to_string())
        .help("give the public half of the unit's key: `edge-agent keygen` prints it on the unit")
}

/// Random numbers for one sealed file.
///
/// # Errors
/// If the system provides no random numbers.
pub(crate) fn seal_randomness() -> anyhow::Result<SealRandomness> {
    let mut randomness = SealRandomness { ephemeral: [0; 32], contents_key: [0; 32] };
    for bytes in [&mut randomness.ephemeral, &mut randomness.contents_key] {
        getrandom::fill(bytes).context("the system has no random numbers")?;
    }
    Ok(randomness)
}
