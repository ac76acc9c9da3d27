//! `keygen`: creates the workstation's keys. A unit creates its own (`edge-agent keygen`), so its secret never leaves
//! it. Also saves the keys in a backup, and brings them back.

use crate::examples;
use crate::key_backup::BackupOptions;
use crate::locked_key::{self, PROMPT};
use crate::new_keys::{self, MadeKey, NewKeyFolder, NewKeyOptions};
use crate::passphrase::{self, PASSPHRASE_FILE};
use crate::workstation_keys::{self, A_SIGNING_KEY, SEALING, SIGNING};
use clap::Args;
use serde::Serialize;
use shared::seal::{Identity, SigningKey};
use std::path::Path;
use terminal::{Answer, Help, ShowPath, ShownPath, print, print_json};

/// Create this workstation's keys: one signs people databases, the other opens sealed ones.
///
/// Each key has a secret half, which stays here (mode 0600), and a public half in the file with .pub appended, which
/// may be shown to anybody. Compare fingerprints when you pass one on. A unit creates its own key: `edge-agent keygen`.
///
/// With --backup, it creates no keys, but writes the secret halves of all keys that exist into one encrypted file, which
/// is text, so that you can print it. With --restore, it brings them back on a new computer. The file has the format of
/// the program age: `age --decrypt FILE` shows the keys as well.
///
/// With --lock, it creates no keys either, but encrypts the file of the signing key with a passphrase: a copy of the file
/// alone can no longer sign, and commands that sign ask for the passphrase, or take --passphrase-file. If the passphrase
/// is lost, so is this file; the key is still in the backup, which opens with a passphrase of its own. Without a backup,
/// you need new keys, and every unit needs the new signing.key.pub. With --unlock, the file is plain text again.
///
/// Exit codes: 0 the keys were created, backed up, restored, locked or unlocked, 2 error.
#[derive(Debug, Args)]
#[command(after_long_help = examples::KEYGEN)]
pub(crate) struct Keygen {
    #[command(flatten)]
    new: NewKeyOptions,
    #[command(flatten)]
    backup: BackupOptions,
    /// Lock the signing key, which must exist, with a passphrase of at least 12 characters
    #[arg(long, group = "copy", conflicts_with = "replace")]
    lock: bool,
    /// Store the signing key without a passphrase again
    #[arg(long, group = "copy", conflicts_with = "replace")]
    unlock: bool,
}

/// What became of the signing key.
#[derive(Debug, Serialize)]
struct LockedOrNot {
    signing: ShownPath,
    locked: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct Made {
    signing: MadeKey,
    sealing: MadeKey,
}

/// Creates both keys, saves all keys, brings them back, or locks or unlocks the signing key.
///
/// # Errors
/// If a key exists and is not to be replaced, or a file cannot be read or written.
pub(crate) fn run(arguments: &Keygen) -> anyhow::Result<Answer> {
    if let Some(done) = arguments.backup.run(&arguments.new.path()?)? {
        match arguments.new.json {
            true => print_json(&done)?,
            false => print(&done.in_words())?,
        }
        return Ok(Answer::Yes);
    }
    if arguments.lock || arguments.unlock {
        let path = arguments.new.path()?.join(SIGNING);
        let done = lock_or_unlock(&path, arguments.lock, arguments.backup.passphrase_file())?;
        match arguments.new.json {
            true => print_json(&done)?,
            false => print(&done.in_words())?,
        }
        return Ok(Answer::Yes);
    }
    let made = make(&arguments.new.folder()?)?;
    match arguments.new.json {
        true => print_json(&made)?,
        false => print(&in_words(&made))?,
    }
    Ok(Answer::Yes)
}

/// Locks the signing key, or unlocks it.
fn lock_or_unlock(path: &Path, lock: bool, passphrase_file: Option<&Path>) -> anyhow::Result<LockedOrNot> {
    // Before anybody types a passphrase for nothing.
    locked_key::text_that_is(!lock, path).or_help(A_SIGNING_KEY)?;
    match lock {
        true => workstation_keys::lock(path, &passphrase::new(passphrase_file)?)?,
        false => locked_key::unlock(path, &passphrase::known(PROMPT, PASSPHRASE_FILE, passphrase_file)?)?,
    }
    Ok(LockedOrNot { signing: path.shown(), locked: lock })
}

impl LockedOrNot {
    fn in_words(&self) -> String {
        match self.locked {
            true => format!(
                "{} is locked: the file alone can no longer sign. Commands that sign ask for the passphrase, or take \
                 --passphrase-file FILE.\n\
                 If you forget the passphrase, rename the file, and bring the key back from its backup, which opens with a \
                 passphrase of its own. Without a backup, you need new keys, and every unit needs the new signing.key.pub.\n\
                 Earlier copies of the file are not locked.",
                self.signing
            ),
            false => {
                format!("{} is not locked any more: anybody who has a copy of the file can sign.", self.signing)
            }
        }
    }
}

/// Creates both keys in a folder.
///
/// # Errors
/// If a key exists and is not to be replaced, or a file cannot be written.
pub(crate) fn make(folder: &NewKeyFolder) -> anyhow::Result<Made> {
    folder.require_absent(
        &[SIGNING, SEALING],
        "use the existing keys, or create new ones with --replace, which keeps the old files under another name; then \
         every unit needs the new signing.key.pub",
    )?;
    let (signing, sealing) =
        (SigningKey::from_random(&*new_keys::random()?), Identity::from_random(&*new_keys::random()?));
    let (signer, recipient) = (signing.signer(), sealing.recipient());
    Ok(Made {
        signing: folder.write(SIGNING, &signing.to_text(), &signer.to_text(), signer.fingerprint())?,
        sealing: folder.write(SEALING, &sealing.to_text(), &recipient.to_text(), recipient.fingerprint())?,
    })
}

fn in_words(Made { signing, sealing }: &Made) -> String {
    let mut lines = vec![
        format!("signing key  {}   fingerprint {}", signing.secret, signing.fingerprint),
        format!("sealing key  {}   fingerprint {}", sealing.secret, sealing.fingerprint),
    ];
    lines.extend(
        [signing, sealing].into_iter().filter_map(|key| Some(format!("old key      {}", key.put_aside.as_ref()?))),
    );
    lines.push(format!(
        "Keep both secret. Without {}, no unit accepts a new database: make a backup with `encoder-tool keygen --backup \
         FILE`, and keep it in a safe.",
        signing.secret
    ));
    lines.push(format!(
        "Copy {} to every unit ([database] signers), and compare its fingerprint there.",
        signing.public
    ));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workstation_keys::Unlock;

    #[test]
    fn keys_are_made_once_and_never_lost() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("a").join("keys");
        let make = |replace| make(&NewKeyFolder::create(&folder, replace).unwrap());
        let first = make(false).unwrap();
        assert_ne!(first.signing.fingerprint, first.sealing.fingerprint);
        Unlock::default().signing_key(Path::new(&first.signing.secret.to_string())).unwrap();
        let again = make(false).unwrap_err();
        assert!(again.to_string().contains("already exists"), "{again}");
        let second = make(true).unwrap();
        assert_ne!(second.signing.fingerprint, first.signing.fingerprint);
        let aside = Unlock::default().signing_key(Path::new(&second.signing.put_aside.unwrap().to_string())).unwrap();
        assert_eq!(aside.signer().fingerprint().to_string(), first.signing.fingerprint);
        // One half is enough to be asked.
        std::fs::remove_file(folder.join(SIGNING)).unwrap();
        std::fs::remove_file(folder.join(SEALING)).unwrap();
        assert!(make(false).is_err());
    }
}
