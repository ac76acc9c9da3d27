//! `keygen --backup` and `--restore`: the workstation's secret keys in one file that a passphrase opens.

mod contents;
mod restored;

pub(crate) use restored::Restored;

use crate::age_file::{self, AgeError, AgeFile, MAX_FILE, WORK};
use crate::locked_key;
use crate::passphrase::{self, PASSPHRASE_FILE};
use crate::workstation_keys;
use anyhow::Context;
use clap::Args;
use contents::{KINDS, Key};
use files::Access;
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};
use terminal::{Help, ShowPath, ShownPath};

const WRONG_PASSPHRASE: &str = "try again: capitals, spaces, hyphens and the layout of the keyboard count. If the \
                                passphrase is lost, so is the backup: make a new one where the keys still are, or \
                                create new keys with `encoder-tool keygen` and let every unit trust the new \
                                signing.key.pub";

const ONLY_WORKING: &str = "only keys that work are backed up";

/// Whether keys are saved or brought back, instead of made.
#[derive(Debug, Args)]
pub(crate) struct BackupOptions {
    /// Write the keys that exist, also pass.key, into this new file; a passphrase opens it
    #[arg(long, value_name = "FILE", group = "copy", conflicts_with = "replace")]
    backup: Option<PathBuf>,
    /// Bring back the keys in a backup; a key that exists stays as it is
    #[arg(long, value_name = "FILE", group = "copy", conflicts_with = "replace")]
    restore: Option<PathBuf>,
    /// Read the passphrase from the first line of this file, which only you can read, instead of the terminal
    #[arg(long, value_name = "FILE", requires = "copy")]
    passphrase_file: Option<PathBuf>,
    /// With --backup, and if the signing key is locked: read its own passphrase from the first line of this file
    #[arg(long, value_name = "FILE", requires = "backup", conflicts_with_all = ["restore", "lock", "unlock"])]
    key_passphrase_file: Option<PathBuf>,
}

/// What was done.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Done {
    BackedUp(BackedUp),
    Restored(Restored),
}

/// A backup that was written.
#[derive(Debug, Serialize)]
pub(crate) struct BackedUp {
    backup: ShownPath,
    keys: Vec<SavedKey>,
    /// Keys that the workstation does not have.
    missing: Vec<&'static str>,
    /// Where the keys are, if that is not the default folder.
    #[serde(skip)]
    other_folder: Option<ShownPath>,
}

#[derive(Debug, Serialize)]
struct SavedKey {
    name: &'static str,
    fingerprint: String,
}

impl BackupOptions {
    /// The file with the passphrase, if one was given.
    pub(crate) fn passphrase_file(&self) -> Option<&Path> {
        self.passphrase_file.as_deref()
    }

    /// Does what the options ask for, if they do.
    ///
    /// # Errors
    /// If a file cannot be read or written, or the passphrase does not open the backup.
    pub(crate) fn run(&self, folder: &Path) -> anyhow::Result<Option<Done>> {
        let passphrase_file = self.passphrase_file.as_deref();
        match (&self.backup, &self.restore) {
            (Some(file), _) => {
                let keys = keys_in(folder, self.key_passphrase_file.as_deref())?;
                require_new(file)?;
                let passphrase = passphrase::new(passphrase_file)?;
                back_up(&keys, folder, file, &passphrase, WORK).map(Done::BackedUp).map(Some)
            }
            (None, Some(file)) => {
                let encrypted = read(file)?;
                let passphrase = passphrase::known("Passphrase of the backup: ", PASSPHRASE_FILE, passphrase_file)?;
                restored::restore(&keys_of(file, encrypted, &passphrase)?, folder).map(Done::Restored).map(Some)
            }
            (None, None) => Ok(None),
        }
    }
}

impl Done {
    /// The answer for a person.
    pub(crate) fn in_words(&self) -> String {
        match self {
            Self::BackedUp(backed_up) => backed_up.in_words(),
            Self::Restored(restored) => restored.in_words(),
        }
    }
}

impl BackedUp {
    fn in_words(&self) -> String {
        let Self { backup, keys, missing, other_folder } = self;
        let saved = keys.iter().map(|key| format!("backed up  {:11}   fingerprint {}", key.name, key.fingerprint));
        let missing = missing.iter().map(|name| format!("not there  {name}"));
        let mut lines: Vec<String> = saved.chain(missing).collect();
        let dir = other_folder.iter().map(|folder| format!(" --dir {folder}")).collect::<String>();
        lines.push(format!(
            "The backup is {backup}. Try it now, which changes nothing: encoder-tool keygen --restore {backup}{dir}\n\
             Then keep it away from this computer, and its passphrase in a third place: without the passphrase, nobody \
             can open it. In the backup, the signing key has no passphrase of its own."
        ));
        lines.join("\n")
    }
}

/// The keys in a folder. A locked one is unlocked: the backup has a passphrase of its own.
fn keys_in(folder: &Path, key_passphrase_file: Option<&Path>) -> anyhow::Result<Vec<Key>> {
    let mut keys = Vec::new();
    for kind in &KINDS {
        let path = folder.join(kind.name);
        // A link or a folder of this name is refused when it is read.
        if fs::symlink_metadata(&path).is_ok() {
            let text = locked_key::read(&path, "--key-passphrase-file", key_passphrase_file).or_help(ONLY_WORKING)?;
            keys.push(kind.key(&text).with_context(|| path.shown().to_string()).help(ONLY_WORKING)?);
        }
    }
    if keys.is_empty() {
        return Err(anyhow::anyhow!("there are no keys in {}", folder.shown()))
            .help("create them with `encoder-tool keygen`, or name their folder with --dir");
    }
    Ok(keys)
}

fn require_new(file: &Path) -> anyhow::Result<()> {
    if fs::symlink_metadata(file).is_ok() {
        return Err(anyhow::anyhow!("{} already exists", file.shown()))
            .help("choose another name: a backup replaces no file");
    }
    files::require_replaceable(file).help("choose another file with --backup")
}

fn back_up(keys: &[Key], folder: &Path, file: &Path, passphrase: &str, work: u8) -> anyhow::Result<BackedUp> {
    let contents = contents::write(keys);
    let text = age_file::encrypt(contents.as_bytes(), passphrase, work)?;
    // It may have appeared while the passphrase was typed.
    require_new(file)?;
    files::replace(file, Access::Private, text.as_bytes())?;
    let is_default = workstation_keys::folder().is_ok_and(|default| default == folder);
    let is_missing = |name: &&str| keys.iter().all(|key| key.name != *name);
    Ok(BackedUp {
        backup: file.shown(),
        keys: keys.iter().map(|key| SavedKey { name: key.name, fingerprint: key.fingerprint.to_string() }).collect(),
        missing: KINDS.iter().map(|kind| kind.name).filter(is_missing).collect(),
        other_folder: (!is_default).then(|| folder.shown()),
    })
}

fn read(file: &Path) -> anyhow::Result<AgeFile> {
    let bytes = files::read_bounded(file, MAX_FILE)?;
    AgeFile::parse(&bytes).with_context(|| format!("cannot open {}", file.shown()))
}

fn keys_of(file: &Path, encrypted: AgeFile, passphrase: &str) -> anyhow::Result<Vec<Key>> {
    let opened = encrypted.open(passphrase);
    let is_wrong = matches!(opened, Err(AgeError::Passphrase));
    let opened = opened.with_context(|| format!("cannot open {}", file.shown()));
    let contents = if is_wrong { opened.help(WRONG_PASSPHRASE) } else { opened }?;
    let contents: Option<&str> = str::from_utf8(&contents).ok();
    let parsed = contents.ok_or(contents::ContentsError::NotKeys).and_then(contents::parse);
    parsed.with_context(|| format!("{} cannot be used", file.shown()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    const PASSPHRASE: &str = "correct horse battery";

    fn folder_with_keys(folder: &Path) -> Vec<Key> {
        let keys = contents::tests::some_keys();
        for key in &keys {
            files::key_file::write_halves(&folder.join(key.name), &key.secret, &key.public).unwrap();
        }
        keys
    }

    #[test]
    fn keys_come_back_from_their_backup() {
        let outer = tempfile::tempdir().unwrap();
        let (old, new, file) = (outer.path().join("old"), outer.path().join("new"), outer.path().join("keys.age"));
        fs::create_dir(&old).unwrap();
        folder_with_keys(&old);
        let backed_up = back_up(&keys_in(&old, None).unwrap(), &old, &file, PASSPHRASE, 2).unwrap();
        assert!(backed_up.keys.len() == 3 && backed_up.missing.is_empty(), "{backed_up:?}");
        assert!(backed_up.in_words().contains(&format!("--restore {} --dir {}", file.shown(), old.shown())));
        let said = terminal::in_words(&require_new(&file).unwrap_err());
        assert!(said.contains("already exists"), "{said}");

        let text = fs::read_to_string(&file).unwrap();
        assert!(!text.contains("SECRET") && (text.len() as u64) < MAX_FILE / 2, "{}", text.len());
        let again = back_up(&keys_in(&old, None).unwrap(), &old, &file, PASSPHRASE, 2).unwrap_err();
        assert!(terminal::in_words(&again).contains("already exists"), "{again:?}");
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let keys = |passphrase| keys_of(&file, read(&file).unwrap(), passphrase);
        let wrong = terminal::in_words(&keys("correct horse batterz").err().unwrap());
        assert!(wrong.contains("the passphrase is wrong") && wrong.contains("help: try again"), "{wrong}");
        restored::restore(&keys(PASSPHRASE).unwrap(), &new).unwrap();
        for entry in fs::read_dir(&old).unwrap() {
            let name = entry.unwrap().file_name();
            let [before, after] = [&old, &new].map(|folder| {
                let path = folder.join(&name);
                (fs::read_to_string(&path).unwrap(), fs::metadata(path).unwrap().permissions().mode())
            });
            assert_eq!(before, after, "{name:?}");
        }
    }

    #[test]
    fn the_keys_that_exist_are_backed_up_and_damaged_ones_are_reported() {
        let folder = tempfile::tempdir().unwrap();
        let nothing = terminal::in_words(&keys_in(folder.path(), None).err().unwrap());
        assert!(nothing.contains("there are no keys in") && nothing.contains("keygen"), "{nothing}");
        folder_with_keys(folder.path());
        fs::remove_file(folder.path().join("pass.key")).unwrap();
        let file = folder.path().join("keys.age");
        let two = back_up(&keys_in(folder.path(), None).unwrap(), folder.path(), &file, PASSPHRASE, 2).unwrap();
        assert!(two.keys.len() == 2 && two.missing == ["pass.key"], "{two:?}");
        fs::write(folder.path().join("sealing.key"), "nothing").unwrap();
        let damaged = terminal::in_words(&keys_in(folder.path(), None).err().unwrap());
        assert!(damaged.contains("sealing.key"), "{damaged}");
    }
}
