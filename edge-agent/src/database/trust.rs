//! Whose databases a unit takes, and the key that opens them.

use super::ledger::Past;
use crate::config::{self, Config, Lock, Unsigned};
use anyhow::Context;
use files::key_file;
use shared::gallery::DoorGroup;
use shared::seal::{Fingerprint, Identity, Signer};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use terminal::{Help, ShowPath};

/// What a database must be, beyond whole and of the unit's model. By default anything goes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trust {
    /// What is known of the file from before.
    pub(super) past: Past,
    /// It must be signed by one of these; by nobody in particular if there are none.
    pub(super) signers: Vec<Signer>,
    /// The unit's own key. It is read when it is needed, so that it may be made while the unit runs.
    identity: Option<PathBuf>,
    /// Which doors it must be for; any if no unit is meant.
    pub(super) door: Option<DoorsWanted>,
}

/// Which doors' databases are for a unit.
#[derive(Debug, Clone)]
pub(super) struct DoorsWanted {
    /// Groups of doors that it belongs to.
    pub(super) groups: Vec<DoorGroup>,
    /// It moves a lock: a database that does not say for which doors it is could be that of another door.
    pub(super) must_be_named: bool,
}

impl Trust {
    /// As the configuration says.
    ///
    /// # Errors
    /// If a signer's key cannot be read, or could have been put there by anybody; and if a lock is to be moved for a
    /// database by an unknown person, though nobody said that this is accepted.
    pub(crate) fn from_config(config: &Config) -> anyhow::Result<Self> {
        let signers = signers(&config.database)?;
        let anybodys = signers.is_empty() && config.database.unsigned != Some(Unsigned::Accepted);
        if anybodys && config.door.lock == Some(Lock::Gpio) {
            return Err(anyhow::anyhow!(
                "[database] signers: nobody is named, so that anybody who can write the database would open the door"
            ))
            .help(
                "sign it with `encoder-tool build-db --sign`, and name the public half of that key in [database] signers; \
                 or say [database] unsigned = \"accepted\"",
            );
        }
        let must_be_named = config.door.lock == Some(Lock::Gpio);
        let door = Some(DoorsWanted { groups: config.unit.groups.clone(), must_be_named });
        Ok(Self { past: Past::default(), signers, identity: Some(config.database.identity.clone()), door })
    }

    /// The same of a database for any door: where a door is only tried, and no unit in particular is meant.
    #[must_use]
    pub(crate) fn for_any_door(self) -> Self {
        Self { door: None, ..self }
    }

    /// The same of a file of which that is known.
    #[must_use]
    pub(super) fn given(&self, past: Past) -> Self {
        Self { past, ..self.clone() }
    }

    /// The unit's id, which databases name; `None` if it has no key of its own.
    ///
    /// # Errors
    /// As [`Trust::identities`].
    pub(super) fn unit(&self) -> anyhow::Result<Option<Fingerprint>> {
        Ok(self.identities()?.first().map(|identity| identity.recipient().fingerprint()))
    }

    /// The unit's own key; none if it has none.
    ///
    /// # Errors
    /// If it cannot be read, is not a key, or others can read it.
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
        Self { signers, identity, ..Self::default() }
    }

    #[cfg(test)]
    pub(super) fn at(self, groups: &[&str], must_be_named: bool) -> Self {
        let groups = groups.iter().filter_map(|group| group.parse().ok()).collect();
        Self { door: Some(DoorsWanted { groups, must_be_named }), ..self }
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
            .with_context(|| path.shown().to_string())
            .help("take the public half of the signing key, signing.key.pub, which `encoder-tool keygen` made")
    };
    config.signers.iter().map(read).collect::<anyhow::Result<_>>().context("[database] signers")
}

/// A unit's own key; `None` if it has none yet.
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

/// For `check` and `doctor`: the unit's own key in words that people compare.
///
/// # Errors
/// As [`identity`].
pub(crate) fn fingerprint(path: &Path) -> anyhow::Result<Option<Fingerprint>> {
    Ok(identity(path)?.map(|identity| identity.recipient().fingerprint()))
}
