//! Where everything is: the folder of photos, the database, the list of doors, the key.

use crate::args::Desk;
use crate::workstation_keys::{self, SIGNING};
use anyhow::{Context, bail};
use std::fs::{self, DirBuilder};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use terminal::{Help, ShowPath};

/// The name of the database, and of the list of doors, beside the folder of photos.
const DATABASE: &str = "people.db";
const DOORS: &str = "doors.toml";

/// The paths, all absolute.
#[derive(Clone, Debug)]
pub(super) struct Places {
    pub(super) photos: PathBuf,
    pub(super) database: PathBuf,
    /// The list of doors, beside the database.
    pub(super) doors: PathBuf,
    /// The signing key.
    pub(super) signing: PathBuf,
}

impl Places {
    /// Makes the folder of photos if it is not there.
    ///
    /// # Errors
    /// If the folder cannot be used.
    pub(super) fn of(arguments: &Desk) -> anyhow::Result<Self> {
        let photos = existing_folder(&arguments.photos)?;
        let database = match &arguments.db {
            Some(path) => std::path::absolute(path)?,
            None => photos.parent().unwrap_or(&photos).join(DATABASE),
        };
        let doors = database.parent().unwrap_or(Path::new("/")).join(DOORS);
        let signing = match &arguments.sign {
            Some(path) => std::path::absolute(path)?,
            None => workstation_keys::folder()?.join(SIGNING),
        };
        Ok(Self { photos, database, doors, signing })
    }
}

fn existing_folder(path: &Path) -> anyhow::Result<PathBuf> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            return Err(error)
                .with_context(|| format!("cannot make the folder {}", path.shown()))
                .help("give a folder that exists, or one in a folder that exists");
        }
        _ => {}
    }
    let path = fs::canonicalize(path).with_context(|| format!("cannot use {}", path.shown()))?;
    if !path.is_dir() {
        bail!("{} is not a folder", path.shown());
    }
    Ok(path)
}
