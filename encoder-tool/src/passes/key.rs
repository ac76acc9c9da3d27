//! The pass key: how it is made, and where it is read from.

use crate::new_keys::{self, MadeKey, NewKeyFolder, NewKeyOptions};
use crate::workstation_keys::{self, PASS};
use clap::Args;
use shared::seal::PassKey;
use std::path::PathBuf;
use terminal::{Answer, Help, print, print_json};

const MAKE_ONE: &str = "create one with `encoder-tool pass keygen`";

/// Create the key that signs visitor passes.
///
/// It is not the key that signs people databases: somebody who only issues passes needs no other one. The first pass
/// adds its public half to passes.toml, from which `build-db` puts it into the database.
///
/// Exit codes: 0 the key was created, 2 error.
#[derive(Debug, Args)]
pub(crate) struct Keygen {
    #[command(flatten)]
    new: NewKeyOptions,
}

/// The pass key to sign with.
#[derive(Clone, Debug, Args)]
pub(super) struct KeyToSignWith {
    /// The pass key, instead of ~/.config/encoder-tool/pass.key
    #[arg(long, value_name = "KEY")]
    key: Option<PathBuf>,
}

impl KeyToSignWith {
    /// # Errors
    /// If it cannot be read, is not a pass key, or other users can read it.
    pub(super) fn read(&self) -> anyhow::Result<PassKey> {
        let path = match &self.key {
            Some(path) => path.clone(),
            None => workstation_keys::folder().help("name the file with --key")?.join(PASS),
        };
        workstation_keys::secret(&path, PassKey::from_text, MAKE_ONE)
    }
}

/// Creates the key.
///
/// # Errors
/// If it exists and is not to be replaced, or cannot be written.
pub(super) fn run(arguments: &Keygen) -> anyhow::Result<Answer> {
    let made = make(&arguments.new.folder()?)?;
    match arguments.new.json {
        true => print_json(&made)?,
        false => print(&in_words(&made))?,
    }
    Ok(Answer::Yes)
}

fn make(folder: &NewKeyFolder) -> anyhow::Result<MadeKey> {
    folder.require_absent(
        &[PASS],
        "use the existing key, or create a new one with --replace, which keeps the old file under another name; passes \
         of the old key stay valid until its [[key]] is removed from passes.toml",
    )?;
    let key = PassKey::from_random(&*new_keys::random()?);
    let issuer = key.issuer();
    folder.write(PASS, &key.to_text(), &issuer.to_text(), issuer.fingerprint())
}

fn in_words(MadeKey { secret, public, fingerprint, put_aside }: &MadeKey) -> String {
    let mut lines = vec![format!("pass key  {secret}   fingerprint {fingerprint}")];
    lines.extend(put_aside.iter().map(|aside| format!("old key   {aside}")));
    lines.push(format!(
        "Keep {secret} secret: it makes passes that open doors. The public half is {public}. After the first pass, build \
         the database and ship it: until then, no unit knows this key. Back it up with `encoder-tool keygen --backup FILE`."
    ));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Regression test: a pass key of mode 0644 was refused with the advice to create one.
    #[test]
    fn a_key_that_others_can_read_is_made_private_instead_of_anew() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let made = make(&NewKeyFolder::create(folder.path(), false).unwrap()).unwrap();
        let path = PathBuf::from(made.secret.to_string());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        for (key, expected) in [(path, "chmod 600"), (folder.path().join("none.key"), MAKE_ONE)] {
            let said = terminal::in_words(&KeyToSignWith { key: Some(key) }.read().err().unwrap());
            let (_, help) = said.split_once("\nhelp: ").unwrap();
            assert!(help.contains(expected), "{said}");
        }
    }

    #[test]
    fn the_key_is_made_once_and_never_lost() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("keys");
        let make = |replace| make(&NewKeyFolder::create(&folder, replace).unwrap());
        let first = make(false).unwrap();
        let read = |path: &str| KeyToSignWith { key: Some(path.into()) }.read();
        assert_eq!(read(&first.secret.to_string()).unwrap().issuer().fingerprint().to_string(), first.fingerprint);
        assert!(make(false).unwrap_err().to_string().contains("already exists"));
        let second = make(true).unwrap();
        assert_ne!(second.fingerprint, first.fingerprint);
        let aside = read(&second.put_aside.unwrap().to_string()).unwrap();
        assert_eq!(aside.issuer().fingerprint().to_string(), first.fingerprint);
        assert!(read(&first.public.to_string()).is_err(), "the public half signs nothing");
    }
}
