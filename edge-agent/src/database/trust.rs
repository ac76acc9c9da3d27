//! Whose databases a unit takes, and the key that opens them.

use crate::config::{self, Config, Lock, Unsigned};
use anyhow::Context;
use shared::seal::{Fingerprint, Identity, Signer};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use terminal::{Help, key_file};

/// What a database must be, beyond whole and of the unit's model. By default anything goes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trust {
    /// The lowest sequence number that is taken.
    pub(crate) least_sequence: u64,
    /// It must be signed by one of these; by nobody in particular if there are none.
    pub(super) signers: Vec<Signer>,
    /// The unit's own key. It is read when it is needed, so that it may be made while the unit runs.
    identity: Option<PathBuf>,
}

impl Trust {
    /// As the configuration says.
    ///
    /// # Errors
    /// If a signer's key cannot be read, or could have been put there by anybody; and if a lock is to be moved for a
    /// database by nobody knows whom, though nobody said that this is accepted.
    pub(crate) fn of(config: &Config) -> anyhow::Result<Self> {
        let signers = signers(&config.database)?;
        let anybodys = signers.is_empty() && config.database.unsigned != Some(Unsigned::Accepted);
        if anybodys && config.door.lock == Some(Lock::Gpio) {
            return Err(anyhow::anyhow!(
                "[database] signers: nobody is named, so that whoever can write the database would open the door"
            ))
            .help(
                "sign it with `encoder-tool build-db --sign`, and name the public half of that key in [database] signers; \
                 or say [database] unsigned = \"accepted\"",
            );
        }
        Ok(Self { least_sequence: 0, signers, identity: Some(config.database.identity.clone()) })
    }

    /// The unit's own key; none if it has none.
    ///
    /// # Errors
    /// If it cannot be read, is no key, or others can read it.
    pub(super) fn identities(&self) -> anyhow::Result<Vec<Identity>> {
        let Some(path) = &self.identity else { return Ok(Vec::new()) };
        Ok(identity(path)?.into_iter().collect())
    }

    /// Anything that this key opens.
    pub(super) fn opened_with(identity: &Path) -> Self {
        Self { identity: Some(identity.to_owned()), ..Self::default() }
    }

    #[cfg(test)]
    pub(super) fn by(signers: Vec<Signer>, identity: Option<PathBuf>) -> Self {
        Self { least_sequence: 0, signers, identity }
    }
}

/// Those whose databases are taken.
///
/// # Errors
/// If a key cannot be read, is none, or others can change it.
pub(crate) fn signers(config: &config::Database) -> anyhow::Result<Vec<Signer>> {
    let read = |path: &PathBuf| {
        let text = key_file::read_trusted(path)?;
        Signer::from_text(&text)
            .with_context(|| path.display().to_string())
            .help("take the public half of the signing key, signing.key.pub, which `encoder-tool keygen` made")
    };
    config.signers.iter().map(read).collect::<anyhow::Result<_>>().context("[database] signers")
}

/// A unit's own key; `None` if it has none yet.
///
/// # Errors
/// If it cannot be read, is no key, or others can read it.
pub(crate) fn identity(path: &Path) -> anyhow::Result<Option<Identity>> {
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        _ => {}
    }
    let text = key_file::read_secret(path).context("[database] identity")?;
    let identity = Identity::from_text(&text).with_context(|| format!("[database] identity: {}", path.display()))?;
    Ok(Some(identity))
}

/// For `check` and `doctor`: the unit's own key in words that people compare.
///
/// # Errors
/// As [`identity`].
pub(crate) fn fingerprint(path: &Path) -> anyhow::Result<Option<Fingerprint>> {
    Ok(identity(path)?.map(|identity| identity.recipient().fingerprint()))
}
