//! Which databases a unit trusts, and its key to open them.

use super::ledger::Past;
use crate::config::{self, Config, Lock, Unsigned};
use anyhow::Context;
use files::key_file;
use shared::gallery::DoorGroup;
use shared::seal::{Fingerprint, Identity, Signer};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use terminal::{Help, ShowPath};

/// The conditions for a database besides being whole and of the unit's model. The default accepts any.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trust {
    /// What the ledger says about the file.
    pub(super) past: Past,
    /// Keys that may sign it; any or no signature if empty.
    pub(super) signers: Vec<Signer>,
    /// Path of the unit's own key. It is read when needed, so that it can be created while the unit runs.
    identity: Option<PathBuf>,
    /// The doors it must be for; any if `None`.
    pub(super) door: Option<DoorsWanted>,
}

/// The doors of a unit, for the audience check.
#[derive(Debug, Clone)]
pub(super) struct DoorsWanted {
    /// The groups of doors that the unit belongs to.
    pub(super) groups: Vec<DoorGroup>,
    /// The unit controls a lock, so the database must say which doors it is for. Otherwise it could be that of another
    /// door.
    pub(super) must_be_named: bool,
}

impl Trust {
    /// The conditions in the configuration.
    ///
    /// # Errors
    /// If a signer's key cannot be read, or others can write it; or if the unit controls a lock, no signer is
    /// configured, and unsigned databases are not explicitly accepted.
    pub(crate) fn from_config(config: &Config) -> anyhow::Result<Self> {
        let signers = signers(&config.database)?;
        let is_unprotected = signers.is_empty() && config.database.unsigned != Some(Unsigned::Accepted);
        if is_unprotected && config.door.lock == Some(Lock::Gpio) {
            return Err(anyhow::anyhow!(
                "[database] signers is empty, so anybody who can write the database could open the door"
            ))
            .help(
                "sign it with `encoder-tool build-db --sign`, and add the public half of that key to [database] signers; \
                 or set [database] unsigned = \"accepted\"",
            );
        }
        let must_be_named = config.door.lock == Some(Lock::Gpio);
        let door = Some(DoorsWanted { groups: config.unit.groups.clone(), must_be_named });
        Ok(Self { past: Past::default(), signers, identity: Some(config.database.identity.clone()), door })
    }

    /// The same without the audience check, for simulations that are not about a particular unit.
    #[must_use]
    pub(crate) fn for_any_door(self) -> Self {
        Self { door: None, ..self }
    }

    /// The same for a file with this entry in the ledger.
    #[must_use]
    pub(super) fn given(&self, past: Past) -> Self {
        Self { past, ..self.clone() }
    }

    /// The unit's id, which databases name; `None` if the unit has no key.
    ///
    /// # Errors
    /// As [`Trust::identities`].
    pub(super) fn unit(&self) -> anyhow::Result<Option<Fingerprint>> {
        Ok(self.identities()?.first().map(|identity| identity.recipient().fingerprint()))
    }

    /// The unit's own key; empty if it has none.
    ///
    /// # Errors
    /// If it cannot be read, is not a key, or others can read it.
    pub(super) fn identities(&self) -> anyhow::Result<Vec<Identity>> {
        let Some(path) = &self.identity else { return Ok(Vec::new()) };
        Ok(identity(path)?.into_iter().collect())
    }

    /// Accepts any database that this key opens.
    pub(super) fn opened_with(identity: &Path) -> Self {
        Self { identity: Some(identity.to_owned()), ..Self::default() }
    }

    #[cfg(test)]
    pub(super) fn by(signers: Vec<Signer>, identity: Option<PathBuf>) -> Self {
        Self { signers, identity, ..Self::default() }
    }

    #[cfg(test)]
    pub(super) fn at(self, groups: &[&str], must_be_named: bool) -> Self {
        let groups = groups.iter().filter_map(|group| group.parse().ok()).collect();
        Self { door: Some(DoorsWanted { groups, must_be_named }), ..self }
    }
}

/// The keys whose databases are accepted.
///
/// # Errors
/// If a key cannot be read, is not a key, or others can change it.
pub(crate) fn signers(config: &config::Database) -> anyhow::Result<Vec<Signer>> {
    let read = |path: &PathBuf| {
        let text = key_file::read_trusted(path)?;
        Signer::from_text(&text)
            .with_context(|| path.shown().to_string())
            .help("use the public half of the signing key, signing.key.pub, made by `encoder-tool keygen`")
    };
    config.signers.iter().map(read).collect::<anyhow::Result<_>>().context("[database] signers")
}

/// The unit's own key; `None` if it does not exist yet.
///
/// # Errors
/// If it cannot be read, is not a key, or others can read it.
pub(crate) fn identity(path: &Path) -> anyhow::Result<Option<Identity>> {
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        _ => {}
    }
    let text = key_file::read_secret(path).context("[database] identity")?;
    let identity = Identity::from_text(&text).with_context(|| format!("[database] identity: {}", path.shown()))?;
    Ok(Some(identity))
}

/// The fingerprint of the unit's own key, for `check` and `doctor`.
///
/// # Errors
/// As [`identity`].
pub(crate) fn fingerprint(path: &Path) -> anyhow::Result<Option<Fingerprint>> {
    Ok(identity(path)?.map(|identity| identity.recipient().fingerprint()))
}
