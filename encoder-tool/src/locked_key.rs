//! Keys that a passphrase locks: the file holds the key's text, encrypted by [`age_file`]. A copy of the file alone is of no
//! use. Which keys can be locked: see `workstation_keys`.

use crate::age_file::{self, AgeError, AgeFile, BEGIN};
use crate::passphrase;
use anyhow::{Context, anyhow, bail};
use files::key_file;
use std::path::Path;
use terminal::{Help, ShowPath};
use zeroize::Zeroizing;

/// What is asked on the terminal. No other key is locked.
pub(crate) const PROMPT: &str = "Passphrase of the signing key: ";
/// The most bytes of a locked key; it takes about 700.
const MOST: u64 = 2048;

/// Whether this is the text of a locked key.
pub(crate) fn is_locked(text: &str) -> bool {
    text.starts_with(BEGIN)
}

/// Reads the text of a secret key. For a locked one, the passphrase is asked for on the terminal, or is in the first line
/// of the file that `option` names.
///
/// # Errors
/// If the key cannot be read, other users can read it, or the passphrase is another one.
pub(crate) fn read(path: &Path, option: &str, passphrase_file: Option<&Path>) -> anyhow::Result<Zeroizing<String>> {
    let text = text_in(path)?;
    if !is_locked(&text) {
        return Ok(text);
    }
    let passphrase = passphrase::known(PROMPT, option, passphrase_file)
        .with_context(|| format!("a passphrase locks {}", path.shown()))?;
    open(path, &text, &passphrase)
}

/// The text in the file of a secret key, locked or not.
///
/// # Errors
/// If it cannot be read, or other users can read it.
pub(crate) fn text_in(path: &Path) -> anyhow::Result<Zeroizing<String>> {
    key_file::read_secret_of_at_most(path, MOST)
}

/// The text in the file of a secret key that must be locked, or must not be.
///
/// # Errors
/// If it is not so, it cannot be read, or other users can read it.
pub(crate) fn text_that_is(locked: bool, path: &Path) -> anyhow::Result<Zeroizing<String>> {
    let text = text_in(path)?;
    match (is_locked(&text), locked) {
        (true, false) => Err(anyhow!("{} is locked already", path.shown()))
            .help("to choose another passphrase, unlock it first: `encoder-tool keygen --unlock`"),
        (false, true) => {
            Err(anyhow!("{} is not locked", path.shown())).help("lock it with `encoder-tool keygen --lock`")
        }
        _ => Ok(text),
    }
}

/// Unlocks the text of a locked key. `path` is for messages.
///
/// # Errors
/// If the passphrase is another one, or the file is damaged. The error is an [`AgeError`].
pub(crate) fn open(path: &Path, text: &str, passphrase: &str) -> anyhow::Result<Zeroizing<String>> {
    let cannot = || format!("cannot unlock {}", path.shown());
    let opened = AgeFile::parse(text.as_bytes()).and_then(|locked| locked.open(passphrase));
    // As a context, the cause stays visible to callers, which help hides.
    let opened = opened.or_else(|why| Err(why.clone()).help(remedy(&why)).context(why)).with_context(cannot)?;
    // No copy of the secret is left behind: it is the same size.
    let mut text = Zeroizing::new(String::with_capacity(opened.len()));
    text.push_str(str::from_utf8(&opened).with_context(cannot)?);
    Ok(text)
}

fn remedy(why: &AgeError) -> &'static str {
    match why {
        AgeError::Passphrase => {
            "try again: capitals, spaces, hyphens and the layout of the keyboard count. If the passphrase is lost, rename \
             the file, and bring the key back from its backup: `encoder-tool keygen --restore FILE`"
        }
        _ => "rename the file, and bring the key back from its backup: `encoder-tool keygen --restore FILE`",
    }
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
    let text = text_that_is(false, path)?;
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
    let text = text_that_is(true, path)?;
    key_file::write_secret(path, &open(path, &text, passphrase)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::seal::SigningKey;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

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

    fn folder(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("signing.key");
        key_file::write_secret(&path, text).unwrap();
        (folder, path)
    }

    fn said<T>(refused: anyhow::Result<T>) -> String {
        terminal::in_words(&refused.err().expect("it is refused"))
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
        assert_eq!(wrong.downcast_ref(), Some(&AgeError::Passphrase));
        assert_eq!(
            terminal::in_words(&wrong).lines().next().unwrap(),
            format!("error: cannot unlock {}: the passphrase is wrong, or the file is damaged", path.shown())
        );
        assert!(terminal::in_words(&wrong).contains("help: try again"), "{wrong:?}");
        let again = said(lock(&path, PASSPHRASE, WORK, check));
        assert!(again.contains("locked already") && again.contains("--unlock"), "{again}");
        unlock(&path, "another one").unwrap_err();
        assert_eq!(fs::read_to_string(&path).unwrap(), locked, "a wrong passphrase changes nothing");
        unlock(&path, PASSPHRASE).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), *plain());
        assert!(said(unlock(&path, PASSPHRASE)).contains("is not locked"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_not_a_key_is_not_locked_and_what_is_damaged_is_not_opened() {
        let (_folder, path) = folder("no key");
        assert!(lock(&path, PASSPHRASE, WORK, check).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "no key");
        let locked = age_file::encrypt(plain().as_bytes(), PASSPHRASE, WORK).unwrap();
        let last_line = locked.trim_end().rfind('\n').unwrap();
        let mut changed = locked.clone().into_bytes();
        changed[last_line - 8] ^= 1;
        for damaged in [
            &locked.as_bytes()[..BEGIN.len()],
            &locked.as_bytes()[..locked.len() / 2],
            &locked.as_bytes()[..last_line],
            &locked.as_bytes()[..locked.trim_end().len() - 1],
            &changed,
        ] {
            let refused = open(&path, str::from_utf8(damaged).unwrap(), PASSPHRASE).unwrap_err();
            assert!(refused.is::<AgeError>(), "{refused:?}");
            assert_ne!(refused.downcast_ref(), Some(&AgeError::Passphrase));
            assert!(terminal::in_words(&refused).contains("--restore"), "{refused:?}");
        }
        fs::write(&path, "x".repeat(MOST as usize + 1)).unwrap();
        assert!(said(text_in(&path)).contains("too large"));
    }

    #[test]
    fn others_must_not_read_a_locked_key_either() {
        let (_folder, path) = folder(&plain());
        lock(&path, PASSPHRASE, WORK, check).unwrap();
        let locked = fs::read_to_string(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let refused = [
            said(read(&path, "--passphrase-file", None)),
            said(unlock(&path, PASSPHRASE)),
            said(lock(&path, PASSPHRASE, WORK, check)),
        ];
        assert!(refused.iter().all(|refused| refused.contains("chmod 600")), "{refused:?}");
        assert_eq!(fs::read_to_string(&path).unwrap(), locked);
    }

    /// How a new file replaces the old one after a power cut: see the crate `files`. Here, the end of a program between the
    /// two left the new file half written.
    #[test]
    fn a_crash_leaves_a_key_that_works_and_its_rest_is_removed() {
        let (folder, path) = folder(&plain());
        let rest = folder.path().join(".signing.key.0123456789abcdef.part");
        fs::write(&rest, &*plain()).unwrap();
        assert_eq!(*read(&path, "--passphrase-file", None).unwrap(), *plain());
        lock(&path, PASSPHRASE, WORK, check).unwrap();
        assert!(!rest.exists(), "a plain copy would be left");
        let locked = fs::read_to_string(&path).unwrap();
        fs::write(&rest, &locked[..locked.len() / 2]).unwrap();
        assert_eq!(*open(&path, &fs::read_to_string(&path).unwrap(), PASSPHRASE).unwrap(), *plain());
        unlock(&path, PASSPHRASE).unwrap();
        assert!(!rest.exists());
        assert_eq!(*read(&path, "--passphrase-file", None).unwrap(), *plain());
    }
}
