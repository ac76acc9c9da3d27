//! Key files. Only its owner can read a secret key, and it is written once. Nobody else can change a file that decides
//! who is trusted.
//!
//! The programs define the contents.

use crate::owner::as_owner_of;
use crate::storage::{Folder, exchange, remove_parts};
use crate::{Directory, folder_of, name_of, read_bounded};
use anyhow::{Context, bail, ensure};
use nix::unistd::Uid;
use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use terminal::{Help, ShowPath};
use zeroize::Zeroizing;

const MAX_KEY_BYTES: u64 = 1024;

/// Reads a secret key of the programs. Requires that only its owner can read or change the file. Root may read the keys of
/// all users.
///
/// # Errors
/// If it cannot be read, or if others can read it; the help is then the command that fixes the permissions.
pub fn read_secret(path: &Path) -> anyhow::Result<Zeroizing<String>> {
    read_secret_of_at_most(path, MAX_KEY_BYTES)
}

/// The same for a secret of at most this many bytes.
///
/// # Errors
/// See [`read_secret`].
pub fn read_secret_of_at_most(path: &Path, most: u64) -> anyhow::Result<Zeroizing<String>> {
    let shown = path.shown();
    let (mut file, found) = open_itself(path)?;
    let mode = found.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(anyhow::anyhow!("other users can read or change the key {shown}: its mode is {mode:04o}"))
            .help(&format!("chmod 600 {shown}, and make a new key if somebody could have read it"));
    }
    require_ours(path, found.uid(), false)?;
    // Allocated at full capacity: a reallocation would leave a copy of the secret in memory.
    let mut text = Zeroizing::new(String::with_capacity(most as usize + 1));
    (&mut file).take(most + 1).read_to_string(&mut text).with_context(|| format!("cannot read {shown}"))?;
    ensure!(text.len() as u64 <= most, "{shown} is too large for a key");
    Ok(text)
}

/// Reads a file that decides who is trusted. Requires that only its owner or root can change it.
///
/// # Errors
/// If it cannot be read, or if others can change it; the help is then the command that fixes the permissions.
pub fn read_trusted(path: &Path) -> anyhow::Result<String> {
    let shown = path.shown();
    let found = fs::metadata(path).with_context(|| format!("cannot read {shown}"))?;
    let mode = found.mode() & 0o777;
    if mode & 0o022 != 0 {
        return Err(anyhow::anyhow!(
            "other users can change {shown}, which decides who is trusted: its mode is {mode:04o}"
        ))
        .help(&format!("chmod 644 {shown}, and check that it contains the right key"));
    }
    require_ours(path, found.uid(), true)?;
    read_public(path)
}

/// Reads a public key.
///
/// # Errors
/// If it cannot be read or is not text.
pub fn read_public(path: &Path) -> anyhow::Result<String> {
    let bytes = read_bounded(path, MAX_KEY_BYTES)?;
    String::from_utf8(bytes).ok().with_context(|| format!("{} is not a key: it is not text", path.shown()))
}

/// Checks that neither half of the key exists.
///
/// # Errors
/// If one of the paths exists.
pub fn require_absent(secret_path: &Path) -> anyhow::Result<()> {
    for path in [secret_path, &public_path(secret_path)] {
        if fs::symlink_metadata(path).is_ok() {
            bail!("{} already exists", path.shown());
        }
    }
    Ok(())
}

/// Writes the two halves of a key and replaces existing files. The public half is written first, so that every secret
/// half has a public one. Only its owner can read the secret half: the current user, or the folder's owner if the
/// current user is root.
///
/// # Errors
/// If one of the files cannot be written.
pub fn write_halves(secret_path: &Path, secret: &str, public: &str) -> anyhow::Result<()> {
    let write = || {
        write(&public_path(secret_path), 0o644, public)?;
        write(secret_path, 0o600, secret)
    };
    let written = as_owner_of(&[folder_of(secret_path)], write)?;
    written.with_context(|| format!("cannot write the key {} completely", secret_path.shown()))
}

/// Writes a secret key without a public half, and replaces an existing file. Only its owner can read it: the current user,
/// or the folder's owner if the current user is root.
///
/// # Errors
/// If the file cannot be written.
pub fn write_secret(path: &Path, secret: &str) -> anyhow::Result<()> {
    let written = as_owner_of(&[folder_of(path)], || write(path, 0o600, secret))?;
    written.with_context(|| format!("cannot write the key {}", path.shown()))
}

/// Removes a secret key that [`write_secret`] wrote. It may be missing.
///
/// # Errors
/// If it cannot be removed.
pub fn remove_secret(path: &Path) -> anyhow::Result<()> {
    let remove = || {
        let folder = Directory::open(folder_of(path))?;
        match folder.remove(name_of(path)?) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed.and_then(|()| folder.sync()),
        }
    };
    let removed = as_owner_of(&[folder_of(path)], remove)?;
    removed.with_context(|| format!("cannot remove the key {}", path.shown()))
}

/// Renames both halves of a key by appending `ending`, and returns the new path of the secret half. Missing files are
/// skipped.
///
/// # Errors
/// If a new name already exists, or a file cannot be renamed.
pub fn put_aside(secret_path: &Path, ending: &str) -> anyhow::Result<PathBuf> {
    let aside = with_ending(secret_path, ending);
    require_absent(&aside)?;
    let put_aside = || -> io::Result<()> {
        let folder = Directory::open(folder_of(secret_path))?;
        for (from, to) in [(secret_path, &aside), (&public_path(secret_path), &public_path(&aside))] {
            match folder.rename(name_of(from)?, name_of(to)?) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                renamed => renamed?,
            }
        }
        folder.sync()
    };
    let done = as_owner_of(&[folder_of(secret_path)], put_aside)?;
    done.with_context(|| format!("cannot rename the key {}", secret_path.shown()))?;
    Ok(aside)
}

/// The path of the public half of a key.
pub fn public_path(secret_path: &Path) -> PathBuf {
    with_ending(secret_path, ".pub")
}

/// Opens the file without following a link, and returns the metadata of the opened file.
fn open_itself(path: &Path) -> anyhow::Result<(File, fs::Metadata)> {
    let open = || {
        let file = Directory::open(folder_of(path))?.file(name_of(path)?)?;
        let opened = file.metadata()?;
        Ok::<_, io::Error>((file, opened))
    };
    open().with_context(|| format!("cannot read {}", path.shown()))
}

fn require_ours(path: &Path, owner: u32, or_roots: bool) -> anyhow::Result<()> {
    let user = Uid::effective().as_raw();
    if owner == user || user == 0 || (or_roots && owner == 0) {
        return Ok(());
    }
    let shown = path.shown();
    Err(anyhow::anyhow!("{shown} belongs to user {owner}, but this process runs as user {user}"))
        .help(&format!("chown {user} {shown}, if you know where it comes from"))
}

fn write(path: &Path, mode: u32, text: &str) -> io::Result<()> {
    let (mut folder, name) = (Folder::at(folder_of(path)), name_of(path)?);
    remove_parts(&mut folder, name)?;
    exchange(&mut folder, name, |folder, part| {
        let mut file = folder.directory()?.new_file(part, 0o600)?;
        file.write_all(text.as_bytes())?;
        file.set_permissions(Permissions::from_mode(mode))
    })
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal<T>(result: anyhow::Result<T>) -> String {
        terminal::in_words(&result.err().expect("it is refused"))
    }

    #[test]
    fn a_key_is_written_for_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("unit.key");
        require_absent(&path).unwrap();
        write_halves(&path, "secret\n", "public\n").unwrap();
        assert_eq!(read_secret(&path).unwrap().as_str(), "secret\n");
        assert_eq!(read_trusted(&public_path(&path)).unwrap(), "public\n");
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!((mode(&path), mode(&public_path(&path))), (0o600, 0o644));
        assert!(refusal(require_absent(&path)).contains("unit.key already exists"));
        let aside = put_aside(&path, ".old").unwrap();
        require_absent(&path).unwrap();
        assert_eq!(read_secret(&aside).unwrap().as_str(), "secret\n");
        write_halves(&path, "new\n", "new\n").unwrap();
        assert!(refusal(put_aside(&path, ".old")).contains("unit.key.old already exists"), "nothing is lost");
        fs::remove_file(&path).unwrap();
        assert!(refusal(require_absent(&path)).contains("unit.key.pub already exists"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "nothing is left beside");
    }

    #[test]
    fn a_secret_that_others_can_read_is_refused_with_a_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("unit.key");
        write_halves(&path, "secret\n", "public\n").unwrap();
        for mode in [0o640, 0o604, 0o620, 0o666, 0o610] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let refusal = refusal(read_secret(&path));
            assert!(refusal.contains(&format!("{mode:04o}")) && refusal.contains("chmod 600"), "{refusal}");
        }
        fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
        read_secret(&path).unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(refusal(read_secret(&link)).contains("cannot read"));
        assert!(refusal(read_secret(folder.path())).contains("cannot read"));
        assert!(refusal(read_secret(&folder.path().join("none"))).contains("cannot read"));
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "x".repeat(1025)).unwrap();
        assert!(refusal(read_secret(&path)).contains("too large"));
    }

    #[test]
    fn files_that_others_can_change_are_not_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("office.pub");
        fs::write(&path, "public").unwrap();
        for (mode, is_trusted) in [(0o644, true), (0o444, true), (0o664, false), (0o646, false)] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            match read_trusted(&path) {
                Ok(_) => assert!(is_trusted, "{mode:o}"),
                refused => assert!(!is_trusted && refusal(refused).contains("chmod 644"), "{mode:o}"),
            }
        }
        fs::write(&path, [0xff]).unwrap();
        assert!(refusal(read_public(&path)).contains("is not a key"));
    }
}
