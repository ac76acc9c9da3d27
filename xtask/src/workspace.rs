//! Paths of the workspace. All paths are relative to the workspace's folder, which [`enter`] makes the current one.

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// Data outside the repository: test photos of many people, the peers' scripts.
pub(crate) const SHARED: &str = "../shared";

/// Changes the current directory to the workspace's folder.
///
/// # Errors
/// If the folder was moved or removed since this program was built.
pub(crate) fn enter() -> Result<()> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.parent().unwrap_or(here);
    env::set_current_dir(root).with_context(|| format!("{}: cannot enter the workspace's folder", root.display()))
}

/// The folder that cargo builds in, `target` unless `CARGO_TARGET_DIR` says otherwise.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from)
}

/// Creates an empty folder of that name in the build folder. Existing content is deleted.
///
/// # Errors
/// If it cannot be emptied or created.
pub(crate) fn empty_folder(name: &str) -> Result<PathBuf> {
    let folder = target().join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("{}: cannot be emptied", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("{}: cannot be created", folder.display()))?;
    Ok(folder)
}

/// The entries of a folder, sorted by name.
///
/// # Errors
/// If the folder cannot be read.
pub(crate) fn sorted_entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let cannot_read = || format!("{}: cannot be read as a folder", folder.display());
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).with_context(cannot_read)? {
        entries.push(entry.with_context(cannot_read)?.path());
    }
    entries.sort();
    Ok(entries)
}

/// Makes cargo build into a folder of its own below the build folder, without what would make the next build faster: such a
/// folder is for one check, and that would take gigabytes.
pub(crate) fn build_apart(cargo: &mut Command, folder: &str) {
    cargo.arg("--target-dir").arg(target().join(folder)).env("CARGO_INCREMENTAL", "0");
}
