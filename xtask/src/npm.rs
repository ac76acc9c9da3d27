//! Packages from npm: downloaded, compared with their checksums and unpacked. None of their scripts is run.

use crate::process::{self, command};
use crate::requirements::{self, NPM};
use crate::tools::Package;
use crate::workspace;
use anyhow::{Context, Result};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// Unpacks the package into the folder `FOLDER/NAME` of the build folder, unless this version is there. The package has no
/// dependencies, and its checksum is that of the archive.
///
/// # Errors
/// If npm is not available, or the archive is another one.
pub(crate) fn install(package: &Package, folder: &str) -> Result<()> {
    let (name, version) = package.requirement.split_once('@').unwrap_or_default();
    let installed = workspace::target().join(folder).join(name);
    if version_in(&installed).as_deref() == Some(version) {
        return Ok(());
    }
    println!("{} is missing: installing it", package.requirement);
    let download = workspace::empty_folder(&format!("{folder}/download"))?;
    let archive = download_archive(package, &download)?;
    require_digest(package, &archive)?;
    unpack(&archive, "package", &download)?;
    if installed.exists() {
        fs::remove_dir_all(&installed).with_context(|| format!("{}: cannot be removed", installed.display()))?;
    }
    let unpacked = download.join("package");
    fs::rename(&unpacked, &installed).with_context(|| format!("{}: cannot be moved", unpacked.display()))?;
    fs::remove_dir_all(&download).with_context(|| format!("{}: cannot be removed", download.display()))
}

/// Downloads the package's archive into an empty folder. Installs npm from Debian if there is none.
///
/// # Errors
/// If npm or the package is not available.
pub(crate) fn download_archive(package: &Package, folder: &Path) -> Result<PathBuf> {
    requirements::ensure(&[NPM])?;
    let mut pack = command("npm", ["pack", "--silent", package.requirement, "--pack-destination"]);
    process::run(pack.arg(folder)).with_context(|| format!("{} cannot be fetched", package.requirement))?;
    let archive = workspace::sorted_entries(folder)?.pop();
    archive.with_context(|| format!("{}: npm has downloaded nothing", package.requirement))
}

/// Unpacks one file or folder of an archive.
///
/// # Errors
/// If it is not in the archive.
pub(crate) fn unpack(archive: &Path, path: &str, folder: &Path) -> Result<()> {
    process::run(command("tar", ["-xzf"]).arg(archive).arg("-C").arg(folder).arg(path))
}

/// Compares a file with the package's checksum.
///
/// # Errors
/// If it is another file.
pub(crate) fn require_digest(package: &Package, file: &Path) -> Result<()> {
    let printed = process::answer_of(command("sha256sum", ["--binary"]).arg(file), &[0])?;
    let is_right = printed.starts_with(package.sha256);
    is_right.then_some(()).with_context(|| format!("{} is another file: {printed}", package.requirement))
}

/// The version of the package that is unpacked in this folder.
fn version_in(folder: &Path) -> Option<String> {
    let manifest: Value = serde_json::from_slice(&fs::read(folder.join("package.json")).ok()?).ok()?;
    Some(manifest["version"].as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_installed_in_one_version() {
        let folder = tempfile::tempdir().unwrap();
        for (manifest, expected) in [
            (None, None),
            (Some("{"), None),
            (Some("{}"), None),
            (Some(r#"{"name":"tool","version":"1.4.0"}"#), Some("1.4.0")),
        ] {
            if let Some(manifest) = manifest {
                fs::write(folder.path().join("package.json"), manifest).unwrap();
            }
            assert_eq!(version_in(folder.path()).as_deref(), expected, "{manifest:?}");
        }
    }

    #[test]
    fn another_file_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let package = |sha256| Package { requirement: "tool@1.4.0", sha256 };
        assert!(require_digest(&package(empty), file.path()).is_ok());
        fs::write(file.path(), "changed").unwrap();
        let error = require_digest(&package(empty), file.path()).unwrap_err();
        assert!(error.to_string().starts_with("tool@1.4.0 is another file: "), "{error}");
    }
}
