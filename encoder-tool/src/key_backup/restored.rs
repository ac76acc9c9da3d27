//! Keys of a backup, written into the folder of keys.

use super::contents::{KINDS, Key};
use crate::locked_key;
use crate::new_keys::NewKeyFolder;
use crate::workstation_keys::SIGNING;
use anyhow::Context;
use files::key_file;
use serde::Serialize;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use terminal::{Help, ShowPath, ShownPath};

/// What became of the keys.
#[derive(Debug, Serialize)]
pub(crate) struct Restored {
    keys: Vec<RestoredKey>,
}

#[derive(Debug, Serialize)]
struct RestoredKey {
    #[serde(skip)]
    name: &'static str,
    secret: ShownPath,
    public: ShownPath,
    fingerprint: String,
    /// Whether it was written; `false` if the same key was there.
    restored: bool,
    /// Whether a passphrase locks the one that was there.
    locked: bool,
}

impl Restored {
    pub(super) fn in_words(&self) -> String {
        let mut lines: Vec<String> = Vec::new();
        for RestoredKey { secret, fingerprint, restored, locked, .. } in &self.keys {
            let done = if *restored { "restored " } else { "was there" };
            let locked = if *locked { "   locked" } else { "" };
            lines.push(format!("{done}  {secret}   fingerprint {fingerprint}{locked}"));
        }
        if self.keys.iter().any(|key| key.restored && key.name == SIGNING) {
            lines.push("The restored signing key is not locked: `encoder-tool keygen --lock` locks it.".to_owned());
        }
        let last = match self.keys.iter().any(|key| key.restored) {
            true => {
                "On a unit, `edge-agent check` prints the fingerprint of the signing key that it trusts: compare them."
            }
            false => "Nothing was written: these keys are in the backup.",
        };
        lines.push(last.to_owned());
        lines.join("\n")
    }
}

/// Writes the keys that are not there. Nothing is written if another key has the name of one of them. A locked key is not
/// opened: its public half says which key it is.
///
/// # Errors
/// If another key is there, or a file cannot be read or written.
pub(super) fn restore(keys: &[Key], folder: &Path) -> anyhow::Result<Restored> {
    let found = keys.iter().map(|key| found(key, folder)).collect::<anyhow::Result<Vec<Found>>>()?;
    NewKeyFolder::create(folder, false)?;
    let mut restored = Vec::new();
    for (key, found) in keys.iter().zip(found) {
        let path = folder.join(key.name);
        let is_missing = found == Found::Missing;
        if is_missing {
            key_file::write_halves(&path, &key.secret, &key.public)?;
        }
        restored.push(RestoredKey {
            name: key.name,
            secret: path.shown(),
            public: key_file::public_path(&path).shown(),
            fingerprint: key.fingerprint.to_string(),
            restored: is_missing,
            locked: found == Found::Locked,
        });
    }
    Ok(Restored { keys: restored })
}

/// What is there of a key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    /// One half or both are missing.
    Missing,
    BothHalves,
    /// The public half, and a secret half that a passphrase locks.
    Locked,
}

/// What is there of the key.
///
/// # Errors
/// If a half of another key is there, or a locked one that could be another.
fn found(key: &Key, folder: &Path) -> anyhow::Result<Found> {
    let secret = folder.join(key.name);
    let public = key_file::public_path(&secret);
    let refuse = |path: &Path, why: &str| {
        Err(anyhow::anyhow!("{} already exists, {why}", path.shown()))
            .help("nothing was written: rename that file first, or restore into another folder with --dir")
    };
    let another = |path: &Path| refuse(path, "with another key than the backup");
    let has_secret = exists(&secret)?;
    let mut is_locked = false;
    if has_secret {
        let text = locked_key::text_in(&secret)?;
        is_locked = locked_key::is_locked(&text);
        if !is_locked && !is_the_same(&text, key) {
            return another(&secret);
        }
    }
    let has_public = exists(&public)?;
    if has_public && !key_file::read_public(&public)?.lines().eq(key.public.lines()) {
        return another(&public);
    }
    match (has_secret && has_public, is_locked) {
        (true, false) => Ok(Found::BothHalves),
        (true, true) => Ok(Found::Locked),
        (false, true) => refuse(&secret, "is locked, and without its public half nothing says which key it is"),
        (false, false) => Ok(Found::Missing),
    }
}

fn is_the_same(text: &str, key: &Key) -> bool {
    let kind = KINDS.iter().find(|kind| kind.name == key.name);
    kind.and_then(|kind| kind.key(text).ok()).is_some_and(|found| *found.secret == *key.secret)
}

fn exists(path: &Path) -> anyhow::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).with_context(|| format!("cannot look at {}", path.shown())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::age_file;
    use crate::key_backup::contents::tests::some_keys;
    use crate::workstation_keys::{PASS, SEALING};

    #[test]
    fn a_key_that_is_there_is_kept_and_another_one_stops_the_whole() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let keys = some_keys();
        let restored = |keys: &[Key]| {
            let restored = restore(keys, folder.path()).map_err(|error| terminal::in_words(&error))?;
            Ok(restored.keys.iter().map(|key| key.restored).collect::<Vec<_>>())
        };
        assert_eq!(restored(&keys[..1]), Ok(vec![true]));
        assert_eq!(restored(&keys), Ok(vec![false, true, true]));
        fs::remove_file(at("sealing.key.pub")).unwrap();
        assert_eq!(restored(&keys), Ok(vec![false, true, false]));

        let pass = fs::read_to_string(at(PASS)).unwrap();
        for (name, content) in [(SEALING, ""), (SEALING, &pass[..]), ("signing.key.pub", &pass), (SIGNING, "x")] {
            let before = fs::read(at(name)).unwrap();
            fs::write(at(name), content).unwrap();
            fs::remove_file(at(PASS)).unwrap();
            let refused: Result<_, String> = restored(&keys);
            let said = refused.unwrap_err();
            assert!(said.contains(&format!("{name} already exists")) && said.contains("--dir"), "{said}");
            assert_eq!(fs::read_to_string(at(name)).unwrap(), content);
            assert!(!at(PASS).exists(), "nothing is written");
            fs::write(at(name), before).unwrap();
            fs::write(at(PASS), &pass).unwrap();
            fs::set_permissions(at(PASS), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        }
        assert_eq!(restored(&keys), Ok(vec![false, false, false]));
    }

    /// Regression test: a key that was locked after its backup was called another key.
    #[test]
    fn a_locked_key_is_told_by_its_public_half_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let keys = some_keys();
        let first = restore(&keys, folder.path()).unwrap().in_words();
        assert!(first.contains("is not locked: `encoder-tool keygen --lock`"), "{first}");
        let locked = age_file::encrypt(keys[0].secret.as_bytes(), "correct horse battery", 2).unwrap();
        key_file::write_secret(&at(SIGNING), &locked).unwrap();
        let again = restore(&keys, folder.path()).unwrap();
        assert_eq!(again.keys.iter().map(|key| key.locked).collect::<Vec<_>>(), [true, false, false]);
        assert!(again.in_words().contains("   locked\n") && again.in_words().contains("Nothing was written"));

        let public = fs::read_to_string(at("signing.key.pub")).unwrap();
        fs::write(at("signing.key.pub"), fs::read(at("sealing.key.pub")).unwrap()).unwrap();
        let another = terminal::in_words(&restore(&keys, folder.path()).unwrap_err());
        assert!(another.contains("signing.key.pub already exists, with another key"), "{another}");
        fs::remove_file(at("signing.key.pub")).unwrap();
        let unknown = terminal::in_words(&restore(&keys, folder.path()).unwrap_err());
        assert!(unknown.contains("signing.key already exists, is locked") && unknown.contains("--dir"), "{unknown}");
        assert_eq!(fs::read_to_string(at(SIGNING)).unwrap(), locked);
        // Of a lost passphrase: renamed, and brought back.
        fs::write(at("signing.key.pub"), public).unwrap();
        fs::rename(at(SIGNING), at("forgotten")).unwrap();
        assert!(restore(&keys, folder.path()).unwrap().keys[0].restored);
        assert_eq!(fs::read_to_string(at(SIGNING)).unwrap(), *keys[0].secret);
    }
}
