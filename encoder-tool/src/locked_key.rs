//! Keys that a passphrase locks: the file holds the key's text, encrypted by [`age_file`]. Whoever copies the file cannot
//! use it.

use crate::age_file::{self, AgeError, AgeFile, BEGIN};
use crate::passphrase;
use anyhow::{Context, bail};
use files::key_file;
use std::path::Path;
use terminal::{Help, ShowPath};
use zeroize::Zeroizing;

/// The most bytes of a locked key; it takes about 700.
const MOST: u64 = 2048;

/// Whether this is the text of a locked key.
pub(crate) fn is_locked(text: &str) -> bool {
    text.starts_with(BEGIN)
}

/// Reads the text of a secret key. For a locked one, the passphrase is asked for on the terminal, or is in the first line
/// of a file.
///
/// # Errors
/// If the key cannot be read, other users can read it, or the passphrase is another one.
pub(crate) fn read(path: &Path, passphrase_file: Option<&Path>) -> anyhow::Result<Zeroizing<String>> {
    let text = text_in(path)?;
    if !is_locked(&text) {
        return Ok(text);
    }
    let passphrase = passphrase::known(&format!("Passphrase of {}: ", path.shown()), passphrase_file)?;
    open(path, &text, &passphrase)
}

/// The text in the file of a secret key, locked or not.
///
/// # Errors
/// If it cannot be read, or other users can read it.
pub(crate) fn text_in(path: &Path) -> anyhow::Result<Zeroizing<String>> {
    key_file::read_secret_of_at_most(path, MOST)
}

/// Unlocks the text of a locked key. `path` is for messages.
///
/// # Errors
/// If the passphrase is another one, or the file is damaged.
pub(crate) fn open(path: &Path, text: &str, passphrase: &str) -> anyhow::Result<Zeroizing<String>> {
    let cannot = || format!("cannot unlock {}", path.shown());
    let opened = AgeFile::parse(text.as_bytes()).and_then(|locked| locked.open(passphrase));
    let is_wrong = matches!(opened, Err(AgeError::Passphrase));
    let opened = opened.with_context(cannot);
    let opened = if is_wrong {
        opened.help("try again: capitals, spaces, hyphens and the layout of the keyboard count")
    } else {
        opened.help("bring the key back from its backup: `encoder-tool keygen --restore FILE`")
    }?;
    // No copy of the secret is left behind: it is the same size.
    let mut text = Zeroizing::new(String::with_capacity(opened.len()));
    text.push_str(str::from_utf8(&opened).with_context(cannot)?);
    Ok(text)
}

/// Locks a key with a passphrase. `check` refuses a text that is not such a key.
///
/// # Errors
/// If it is locked already, is not such a key, or cannot be written. The file is then unchanged.
pub(crate) fn lock(
    path: &Path,
    passphrase: &str,
    work: u8,
    check: impl FnOnce(&str) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let text = text_in(path)?;
    if is_locked(&text) {
        bail!("{} is locked already: unlock it first to give it another passphrase", path.shown());
    }
    check(&text)?;
    let locked = age_file::encrypt(text.as_bytes(), passphrase, work)?;
    // What cannot be opened again must not replace a key.
    if *open(path, &locked, passphrase)? != *text {
        bail!("{} was not locked: what was encrypted is not what was read", path.shown());
    }
    key_file::write_secret(path, &locked)
}

/// Stores a locked key without a passphrase.
///
/// # Errors
/// If it is not locked, the passphrase is another one, or it cannot be written. The file is then unchanged.
pub(crate) fn unlock(path: &Path, passphrase: &str) -> anyhow::Result<()> {
    let text = text_in(path)?;
    if !is_locked(&text) {
        bail!("{} is not locked", path.shown());
    }
    key_file::write_secret(path, &open(path, &text, passphrase)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::seal::SigningKey;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    const PASSPHRASE: &str = "correct horse battery";
    /// Fast.
    const WORK: u8 = 2;

    fn check(text: &str) -> anyhow::Result<()> {
        SigningKey::from_text(text)?;
        Ok(())
    }

    fn plain() -> Zeroizing<String> {
        SigningKey::from_random(&[7; 32]).to_text()
    }

    fn folder(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("signing.key");
        key_file::write_secret(&path, text).unwrap();
        (folder, path)
    }

    #[test]
    fn a_locked_key_opens_with_its_passphrase_only() {
        let (folder, path) = folder(&plain());
        lock(&path, PASSPHRASE, WORK, check).unwrap();
        let locked = fs::read_to_string(&path).unwrap();
        assert!(is_locked(&locked) && !locked.contains("SECRET"), "{locked}");
        assert!((locked.len() as u64) < MOST / 2, "{}", locked.len());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(*open(&path, &locked, PASSPHRASE).unwrap(), *plain());
        let wrong = open(&path, &locked, "correct horse batterz").unwrap_err();
        assert!(terminal::in_words(&wrong).contains("the passphrase is wrong"), "{wrong:?}");
        assert!(terminal::in_words(&wrong).contains("help: try again"), "{wrong:?}");
        assert!(lock(&path, PASSPHRASE, WORK, check).unwrap_err().to_string().contains("locked already"));
        unlock(&path, "another one").unwrap_err();
        assert_eq!(fs::read_to_string(&path).unwrap(), locked, "a wrong passphrase changes nothing");
        unlock(&path, PASSPHRASE).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), *plain());
        assert!(unlock(&path, PASSPHRASE).unwrap_err().to_string().contains("is not locked"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_not_a_key_is_not_locked_and_what_is_damaged_is_not_opened() {
        let (_folder, path) = folder("no key");
        assert!(lock(&path, PASSPHRASE, WORK, check).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "no key");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(terminal::in_words(&read(&path, None).unwrap_err()).contains("chmod 600"));
        let locked = age_file::encrypt(plain().as_bytes(), PASSPHRASE, WORK).unwrap();
        for cut in [BEGIN.len(), locked.len() / 2, locked.trim_end().len() - 1] {
            let damaged = open(&path, &locked[..cut], PASSPHRASE).unwrap_err();
            assert!(terminal::in_words(&damaged).contains("--restore"), "{damaged:?}");
        }
    }
}
