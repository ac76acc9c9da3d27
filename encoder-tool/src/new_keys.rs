//! Writes new keys into a folder, and keeps the keys that they replace. Which keys there are: see `keygen` and
//! `passes/key`.

use crate::workstation_keys;
use anyhow::Context;
use clap::Args;
use files::key_file;
use jiff::Timestamp;
use serde::Serialize;
use shared::seal::Fingerprint;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use terminal::{Help, ShowPath, ShownPath};
use zeroize::Zeroizing;

/// Where new keys go, and what happens to existing ones.
#[derive(Debug, Args)]
pub(crate) struct NewKeyOptions {
    /// Folder of the keys, instead of ~/.config/encoder-tool
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Create new keys, and rename existing ones to NAME.old-TIME
    #[arg(long)]
    replace: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

impl NewKeyOptions {
    /// The folder; it exists then.
    ///
    /// # Errors
    /// If there is no default folder, or it cannot be created.
    pub(crate) fn folder(&self) -> anyhow::Result<NewKeyFolder> {
        NewKeyFolder::create(&self.path()?, self.replace)
    }

    /// The path of the folder, which may not exist.
    ///
    /// # Errors
    /// If there is no default folder.
    pub(crate) fn path(&self) -> anyhow::Result<PathBuf> {
        match &self.dir {
            Some(path) => Ok(path.clone()),
            None => workstation_keys::folder().help("name a folder with --dir"),
        }
    }
}

/// A folder for new keys.
pub(crate) struct NewKeyFolder {
    path: PathBuf,
    replace: bool,
    /// The ending of the names of replaced keys.
    old: String,
}

/// A key that was written.
#[derive(Debug, Serialize)]
pub(crate) struct MadeKey {
    pub(crate) secret: ShownPath,
    pub(crate) public: ShownPath,
    pub(crate) fingerprint: String,
    /// The new path of the replaced key; `null` if there was none.
    pub(crate) put_aside: Option<ShownPath>,
}

impl NewKeyFolder {
    /// Creates the folder if it does not exist. Only its owner can use it then.
    ///
    /// # Errors
    /// If it cannot be created.
    pub(crate) fn create(path: &Path, replace: bool) -> anyhow::Result<Self> {
        let mut private = DirBuilder::new();
        private.recursive(true).mode(0o700).create(path).with_context(|| format!("cannot create {}", path.shown()))?;
        let old = Timestamp::now().strftime(".old-%Y%m%dT%H%M%SZ").to_string();
        Ok(Self { path: path.to_owned(), replace, old })
    }

    /// Checks that none of these keys exists, unless they are to be replaced.
    ///
    /// # Errors
    /// If one exists. `help` says what to do.
    pub(crate) fn require_absent(&self, names: &[&str], help: &str) -> anyhow::Result<()> {
        match self.replace {
            true => Ok(()),
            false => names.iter().try_for_each(|name| key_file::require_absent(&self.path.join(name))).help(help),
        }
    }

    /// Writes both halves of a key, and renames the existing ones.
    ///
    /// # Errors
    /// If a file cannot be renamed or written.
    pub(crate) fn write(
        &self,
        name: &str,
        secret: &str,
        public: &str,
        fingerprint: Fingerprint,
    ) -> anyhow::Result<MadeKey> {
        let path = self.path.join(name);
        let aside = key_file::put_aside(&path, &self.old)?;
        key_file::write_halves(&path, secret, public)?;
        Ok(MadeKey {
            secret: path.shown(),
            public: key_file::public_path(&path).shown(),
            fingerprint: fingerprint.to_string(),
            put_aside: aside.exists().then(|| aside.shown()),
        })
    }
}

/// The random numbers of a new key.
///
/// # Errors
/// If the system provides none.
pub(crate) fn random() -> anyhow::Result<Zeroizing<[u8; 32]>> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut bytes[..]).context("cannot get random numbers from the system")?;
    Ok(bytes)
}
