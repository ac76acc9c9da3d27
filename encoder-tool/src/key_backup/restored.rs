//! Keys of a backup, written into the folder of keys.

use super::contents::{KINDS, Key};
use crate::new_keys::NewKeyFolder;
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
    secret: ShownPath,
    public: ShownPath,
    fingerprint: String,
    /// Whether it was written; `false` if the same key was there.
    restored: bool,
}

impl Restored {
    pub(super) fn in_words(&self) -> String {
        let mut lines: Vec<String> = Vec::new();
        for RestoredKey { secret, fingerprint, restored, .. } in &self.keys {
            let done = if *restored { "restored " } else { "was there" };
            lines.push(format!("{done}  {secret}   fingerprint {fingerprint}"));
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

/// Writes the keys that are not there. Nothing is written if another key has the name of one of them.
///
/// # Errors
/// If another key is there, or a file cannot be read or written.
pub(super) fn restore(keys: &[Key], folder: &Path) -> anyhow::Result<Restored> {
    let found = keys.iter().map(|key| is_there(key, folder)).collect::<anyhow::Result<Vec<bool>>>()?;
    NewKeyFolder::create(folder, false)?;
    let mut restored = Vec::new();
    for (key, is_there) in keys.iter().zip(found) {
        let path = folder.join(key.name);
        if !is_there {
            key_file::write_halves(&path, &key.secret, &key.public)?;
        }
        restored.push(RestoredKey {
            secret: path.shown(),
            public: key_file::public_path(&path).shown(),
            fingerprint: key.fingerprint.to_string(),
            restored: !is_there,
        });
    }
    Ok(Restored { keys: restored })
}

/// Whether both halves of the key are there.
///
/// # Errors
/// If a half of another key is there.
fn is_there(key: &Key, folder: &Path) -> anyhow::Result<bool> {
    let secret = folder.join(key.name);
    let public = key_file::public_path(&secret);
    let another = |path: &Path| {
        Err(anyhow::anyhow!("{} already exists, with another key than the backup", path.shown()))
            .help("nothing was written: rename that file first, or restore into another folder with --dir")
    };
    let has_secret = exists(&secret)?;
    if has_secret && !is_the_same(&key_file::read_secret(&secret)?, key) {
        return another(&secret);
    }
    let has_public = exists(&public)?;
    if has_public && !key_file::read_public(&public)?.lines().eq(key.public.lines()) {
        return another(&public);
    }
    Ok(has_secret && has_public)
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
    use crate::key_backup::contents::tests::some_keys;
    use crate::workstation_keys::{PASS, SEALING, SIGNING};

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
}
