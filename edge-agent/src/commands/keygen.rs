//! `keygen`: creates the unit's own key on the unit, so that the secret half never leaves it.

use crate::config::{self, Config};
use crate::database::trust;
use crate::folders;
use anyhow::Context;
use clap::Args;
use files::{folder_of, key_file};
use jiff::Timestamp;
use serde::Serialize;
use shared::seal::Identity;
use std::path::{Path, PathBuf};
use terminal::{Answer, ShowPath, ShownPath, print, print_json, say};
use zeroize::Zeroizing;

/// Create this unit's own key, for which people databases are sealed, or show the existing key.
///
/// Prints the public half for `encoder-tool build-db --encrypt-to`; it is safe to send by mail. Its fingerprint is the
/// unit's id, for `encoder-tool build-db --for`. Only the unit's user can read the secret half; if root runs this, the
/// unit's user is the owner of the folder.
///
/// Exit codes: 0 if there is a key now, 2 if not.
#[derive(Debug, Args)]
pub(crate) struct Keygen {
    /// The configuration with the path of the key; the defaults if the file does not exist
    #[arg(long, value_name = "FILE", default_value = config::DEFAULT_PATH)]
    config: PathBuf,
    /// Create a new key and rename the old one: databases sealed for the old key can no longer be opened
    #[arg(long)]
    replace: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Made {
    /// `false` if the key existed already.
    made: bool,
    /// The file of the secret half.
    identity: ShownPath,
    /// The file of the public half.
    public: ShownPath,
    /// The public half, as text.
    public_key: String,
    /// The fingerprint of the public half: this unit's id.
    fingerprint: String,
    /// The new path of the previous key.
    put_aside: Option<ShownPath>,
}

/// Creates or shows the key.
///
/// # Errors
/// If it cannot be read or created.
pub(crate) fn run(arguments: &Keygen) -> anyhow::Result<Answer> {
    let config = match arguments.config.exists() {
        true => Config::read(&arguments.config)?,
        false => Config::default(),
    };
    folders::step_down(&[folder_of(&config.database.identity)])?;
    let made = make_or_find(&config.database.identity, arguments.replace)?;
    if arguments.json {
        print_json(&made)?;
        return Ok(Answer::Yes);
    }
    if let Some(aside) = &made.put_aside {
        say(&format!(
            "the previous key was renamed to {aside}; databases that are sealed for it or name the previous id of this \
             unit are no longer accepted"
        ));
    }
    let word = if made.made { "created" } else { "exists already:" };
    say(&format!(
        "{word} {}; this unit's id, for `encoder-tool build-db --for`, is {}; this is its public half, {}:",
        made.identity, made.fingerprint, made.public
    ));
    print(made.public_key.trim_end())?;
    Ok(Answer::Yes)
}

fn make_or_find(path: &Path, replace: bool) -> anyhow::Result<Made> {
    if !replace && let Some(there) = trust::identity(path)? {
        return Ok(described(&there, path, false));
    }
    let put_aside = match replace {
        true => Some(key_file::put_aside(path, &Timestamp::now().strftime(".old-%Y%m%dT%H%M%SZ").to_string())?),
        false => None,
    };
    key_file::require_absent(path)?;
    let mut random = Zeroizing::new([0; 32]);
    getrandom::fill(&mut random[..]).context("the operating system provides no random numbers")?;
    let identity = Identity::from_random(&random);
    key_file::write_halves(path, &identity.to_text(), &identity.recipient().to_text())?;
    let put_aside = put_aside.filter(|aside| aside.exists()).map(|aside| aside.shown());
    Ok(Made { put_aside, ..described(&identity, path, true) })
}

fn described(identity: &Identity, path: &Path, made: bool) -> Made {
    let recipient = identity.recipient();
    Made {
        made,
        identity: path.shown(),
        public: key_file::public_path(path).shown(),
        public_key: recipient.to_text(),
        fingerprint: recipient.fingerprint().to_string(),
        put_aside: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_created_once_and_replaced_on_request() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("device.key");
        let first = make_or_find(&path, false).unwrap();
        assert!(first.made && first.put_aside.is_none());
        let again = make_or_find(&path, false).unwrap();
        assert_eq!((again.made, &again.fingerprint), (false, &first.fingerprint));
        let public = std::fs::read_to_string(key_file::public_path(&path)).unwrap();
        assert_eq!(public, first.public_key);
        assert!(!public.contains("secret") && !public.contains("SECRET"));
        let second = make_or_find(&path, true).unwrap();
        assert!(second.made && second.fingerprint != first.fingerprint);
        let aside = trust::identity(Path::new(&second.put_aside.unwrap().to_string())).unwrap().unwrap();
        assert_eq!(aside.recipient().fingerprint().to_string(), first.fingerprint, "the previous key is kept");
    }
}
